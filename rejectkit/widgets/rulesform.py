"""RulesForm: which records and rules, whom to let in, what of the answer to show, and where the undo file goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ipywidgets as w

from rejectkit.errors import ArgumentError
from rejectkit.widgets.loggroup import chosen_group, group_box
from rejectkit.widgets.pieces import field, grid
from rejectkit.widgets.windowform import WindowForm
from rejectkit.window import Window

EVERY: Final = "all of the region"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which records and rules, and what advice is to be held to.

    Attributes
    ----------
    log_group : str
        Empty where a source was given.
    vpc : str or None
        None: all VPCs of the region.
    window : Window or None
        None: not known yet.
    sources : tuple of str
        Addresses or networks that are to pass although they are not inside.
    widest : int
        Shortest prefix of an IPv4 CIDR that is proposed.
    """

    log_group: str
    vpc: str | None
    window: Window | None
    sources: tuple[str, ...]
    widest: int


class RulesForm:
    """The choices, one widget each; every one has a label and can be used from the keyboard.

    Attributes
    ----------
    log_group, vpc : Combobox
        Where the records and the rules are.
    time : WindowForm
        The window.
    sources, widest : Text, BoundedIntText
        What advice is held to.
    find : Text
        Which refused records to show.
    undo : Text
        Path of the undo file.
    where, which, safety : Box
        The widgets by subject, for display.
    """

    def __init__(
        self,
        on_change: Callable[[], None],
        on_find: Callable[[], None],
        *,
        vpc: str = "",
        own_source: bool,
        own_rules: bool,
        whole: bool,
    ) -> None:
        """Make the widgets.

        Parameters
        ----------
        on_change, on_find : callable
            Called when the user, or code, has changed what is asked for; what is looked for.
        vpc : str
            Id of the VPC that is shown at first.
        own_source, own_rules : bool
            Whether records, or rules, were given, so that nobody need say where they are.
        whole : bool
            Whether the window is at first all that the source has.
        """
        self._own_source, self._own_rules = own_source, own_rules
        self._change = on_change
        self.log_group = group_box()
        self.vpc = w.Combobox(value=vpc, description="VPC", placeholder=EVERY, continuous_update=False)
        self.time = WindowForm(on_change, whole=whole)
        self.sources = field("Let in besides", "addresses or CIDRs outside")
        self.widest = w.BoundedIntText(value=24, min=8, max=32, description="Widest IPv4 CIDR: /")
        self.find = field("Show only", "address, CIDR, port, interface, group, ACL, layer or kind")
        self.undo = field("Undo file", "in the current folder")
        self.find.add_class("rejectkit-wide")
        self.undo.add_class("rejectkit-wide")
        places = ([] if own_source else [self.log_group]) + ([] if own_rules else [self.vpc])
        self.where = grid(*places, *self.time.boxes, self.sources, self.widest)
        self.which, self.safety = grid(self.find), grid(self.undo)
        for each in (*places, self.sources, self.widest):
            each.observe(lambda _: on_change(), "value")
        self.find.observe(lambda _: on_find(), "value")

    def read(self) -> Asked:
        """Return what is asked for.

        Raises
        ------
        RejectkitError
            If no log group is chosen, or a time is none.
        """
        group = "" if self._own_source else chosen_group(self.log_group)
        words = self.vpc.value.split()
        vpc = None if self._own_rules or not words else words[0]
        if vpc is not None and not vpc.startswith("vpc-"):
            raise ArgumentError(f"the VPC is {vpc!r}; give its id, such as vpc-0123, or nothing for {EVERY}")
        sources = tuple(self.sources.value.replace(",", " ").split())
        return Asked(group, vpc, self.time.window, sources, int(self.widest.value))

    @property
    def undo_file(self) -> Path | None:
        """Where the undo file is to go; None for the plan's own choice."""
        given = self.undo.value.strip()
        return Path(given).expanduser() if given else None

    def offer(self, log_groups: Iterable[str], first: str, vpcs: Iterable[str]) -> None:
        """Offer log groups, one of them as chosen where there is none yet, and VPCs."""
        self.log_group.options, self.vpc.options = tuple(log_groups), tuple(vpcs)
        if first and not self.log_group.value:
            self.log_group.value = first
        self._change()
