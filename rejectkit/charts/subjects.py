"""What can be on a chart: for each column its words in a title, its nouns, and how a value is labelled."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial

from rejectkit.charts.portkeys import port_name
from rejectkit.charts.text import NOTHING, plain
from rejectkit.exploring.services import protocol_name


@dataclass(frozen=True, slots=True)
class Subject:
    """The categories of one column.

    Attributes
    ----------
    key : str
        The column.
    title : str
        "destination port", as after "by".
    one, more : str
        The noun for one category, and for several.
    label : callable
        Category to label; a null is None.
    always : tuple
        Categories that have a bar even where nothing was counted.
    """

    key: str
    title: str
    one: str
    more: str
    label: Callable[[Hashable], str] = plain
    always: tuple[Hashable, ...] = ()


def _named(names: dict[Hashable, str], value: Hashable) -> str:
    return names[value] if value in names else plain(value)


def _protocol(value: Hashable) -> str:
    return protocol_name(value) if isinstance(value, int) else plain(value)


_DIRECTIONS: dict[Hashable, str] = {
    "ingress": "inbound (ingress)",
    "egress": "outbound (egress)",
    None: f"{NOTHING} (cannot tell)",
}

SUBJECTS: dict[str, Subject] = {
    subject.key: subject
    for subject in (
        Subject("dstPort", "destination port", "port", "ports", port_name),
        Subject("srcAddr", "source address", "source", "sources"),
        Subject("dstAddr", "destination address", "destination", "destinations"),
        Subject("interfaceId", "network interface", "interface", "interfaces"),
        Subject(
            "flowDirection",
            "direction",
            "direction",
            "directions",
            partial(_named, _DIRECTIONS),
            ("ingress", "egress"),
        ),
        Subject("protocol", "protocol", "protocol", "protocols", _protocol),
        Subject("kind", "kind", "kind", "kinds", partial(_named, {None: f"{NOTHING} (no kind)"})),
    )
}


def subject_of(column: str) -> Subject:
    """Return what a chart says of a column; a column it does not know goes by its name.

    Examples
    --------
    >>> subject_of("dstPort").label(22 * 512 + 511), subject_of("vpcId").title
    ('22 SSH', 'vpcId')
    """
    known = SUBJECTS.get(column)
    return known if known else Subject(column, plain(column), "value", "values")
