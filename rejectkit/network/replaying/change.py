"""What a change is: a network, edits, advice, or several of them; and the network that comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol, cast

from rejectkit.errors import ArgumentError
from rejectkit.network.edits import AddRule
from rejectkit.network.model import Edit, Interface, Network


class Suggested(Protocol):
    """What carries changes, as advice does."""

    @property
    def edits(self) -> Iterable[Edit]:
        """The changes."""


Changed = Network | Edit | Suggested | Iterable[Edit | Suggested]
"""Every form in which a change may be told."""


def changed_network(network: Network, changed: Changed) -> Network:
    """Return the network as it would be.

    A change that is told twice, by two pieces of advice, is made once.

    Raises
    ------
    ArgumentError
        If it is no change, or cannot be made.
    """
    if isinstance(changed, Network):
        return changed
    made: dict[object, Edit] = {}
    for edit in _edits(changed):
        made.setdefault(edit.rule.key if isinstance(edit, AddRule) else edit, edit)
    return network.changed(*made.values())


def everywhere(network: Network, after: Network) -> Network:
    """Return the network with the interfaces that only the other one has, so that their own addresses are known."""
    new: list[Interface] = [one for one in after.interfaces if one.id not in network.interface_of]
    return replace(network, interfaces=(*network.interfaces, *new)) if new else network


def _edits(changed: object) -> Iterator[Edit]:
    if callable(getattr(changed, "applied", None)):
        yield cast(Edit, changed)
    elif hasattr(changed, "edits"):
        yield from _each(changed.edits)
    else:
        yield from _each(changed)


def _each(several: object) -> Iterator[Edit]:
    if isinstance(several, str) or not isinstance(several, Iterable):
        raise ArgumentError(
            f"{several!r} is no change; give edits like AddRule and RemoveRule, what suggest returns, or the whole "
            "Network as it would be"
        )
    for one in several:
        if isinstance(one, Network):
            raise ArgumentError("a whole Network is among the changes; give it alone, it says all there is")
        yield from _edits(one)
