"""Selection: which of the refused flows one looks at; as query text, as a filter, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.exploring.querytext import literal
from rejectkit.exploring.services import protocol_name
from rejectkit.insights.syntax import spell
from rejectkit.widgets.kinds import one_of
from rejectkit.window import Window

Bools = npt.NDArray[np.bool_]
Direction = Literal["in", "out"]
ROW_CHOICES = (100, 1_000, 10_000)
QUERY_CHARACTERS = 10_000  # the longest query text CloudWatch takes (boto3 issue 3450)


@dataclass(frozen=True, slots=True)
class Known:
    """What a window's records taught, without which two of the choices cannot be put in a query.

    Attributes
    ----------
    fields : tuple of str
        Column names of the source's records.
    kinds : mapping of str to str
        A kind to the condition that picks its flows; one that is not there has none.
    own : mapping of str to tuple of str
        An interface to the addresses that are its own.
    """

    fields: tuple[str, ...]
    kinds: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which refused flows one looks at. None is "any", everywhere.

    Attributes
    ----------
    window : Window or None
        Records that start in it; None for all the source has.
    interface, source : str or None
        Network interface id; source address.
    direction : {"in", "out"} or None
        As seen from the interface.
    port, protocol : int or None
        Destination port; IANA protocol number.
    kind : str or None
        What the flow is, as `rk.classify.records` says.
    rows : int
        How many records, newest first, the query answers.

    Examples
    --------
    >>> print(Selection(port=22).query(Known(("srcAddr", "dstPort", "action"))))
    fields @timestamp, srcAddr, dstPort, action
    | filter action = "REJECT"
        and dstPort = 22
    | sort @timestamp desc
    | limit 1000
    """

    window: Window | None = None
    interface: str | None = None
    direction: Direction | None = None
    port: int | None = None
    source: str | None = None
    protocol: int | None = None
    kind: str | None = None
    rows: int = 1_000

    def query(self, known: Known) -> str:
        """Return the Logs Insights query that answers with these records, newest first."""
        usual, *chosen = self._conditions(known)
        conditions = "\n    and ".join([usual, *chosen])
        return "\n| ".join(
            [
                f"fields @timestamp, {', '.join(map(spell, known.fields))}",
                f"filter {conditions}",
                "sort @timestamp desc",
                f"limit {self.rows}",
            ]
        )

    def _conditions(self, known: Known) -> list[str]:
        found = ['action = "REJECT"' + (' and logStatus = "OK"' if "logStatus" in known.fields else "")]
        if self.interface is not None:
            found.append(f"interfaceId = {literal(self.interface)}")
        if self.port is not None:
            found.append(f"dstPort = {self.port}")
        if self.protocol is not None:
            found.append(f"protocol = {self.protocol}")
        if self.source is not None:
            found.append(f"srcAddr = {literal(self.source)}")
        if self.direction is not None:
            found.append(_direction_condition(self.direction, self.interface, known))
        if self.kind is not None:
            found.append(known.kinds.get(self.kind, one_of("srcAddr", ())))
        return found

    def mask(self, records: pd.DataFrame) -> pd.Series[bool]:
        """Return which of the records are chosen.

        Parameters
        ----------
        records : DataFrame
            As `Source.records` gives them, with the columns `kind` and `direction` where those are asked for.
        """
        chosen = pd.Series(True, index=records.index)
        if self.window is not None:
            times = records["@timestamp"]
            chosen &= (times >= self.window.start) & (times < self.window.end)
        wanted = {
            "interfaceId": self.interface,
            "dstPort": self.port,
            "protocol": self.protocol,
            "srcAddr": self.source,
            "direction": self.direction,
            "kind": self.kind,
        }
        for column, value in wanted.items():
            if value is not None:
                chosen &= (records[column] == value).fillna(False).astype(bool)
        return chosen

    def describe(self) -> str:
        """Return the choices in words, without the window; empty where there are none."""
        parts = [
            f"kind {self.kind}" if self.kind else "",
            f"source {self.source}" if self.source else "",
            f"interface {self.interface}" if self.interface else "",
            {"in": "inbound", "out": "outbound"}[self.direction] if self.direction else "",
            f"destination port {self.port}" if self.port is not None else "",
            protocol_name(self.protocol) if self.protocol is not None else "",
        ]
        return ", ".join(part for part in parts if part)


def parse_port(text: str) -> int | None:
    """Return the port that a text such as `"22"` or `"22 ssh"` begins with; None for an empty one.

    Raises
    ------
    ArgumentError
        If it does not begin with a number from 0 to 65535.
    """
    words = text.split()
    if not words:
        return None
    if not (words[0].isascii() and words[0].isdigit() and int(words[0]) <= 65_535):
        raise ArgumentError(
            f"{text.strip()!r} is not a port; write a number from 0 to 65535, or leave it empty for any"
        )
    return int(words[0])


def own_addresses(records: pd.DataFrame, ingress: Bools, egress: Bools) -> dict[str, tuple[str, ...]]:
    """Return each interface's own addresses: where what comes in goes to, and what goes out comes from.

    Parameters
    ----------
    records : DataFrame
        With `interfaceId`, `srcAddr` and `dstAddr`.
    ingress, egress : array of bool
        What is told of each record's direction.
    """
    sides = [
        records.loc[which, ["interfaceId", side]].rename(columns={side: "address"})
        for which, side in ((ingress, "dstAddr"), (egress, "srcAddr"))
    ]
    pairs = pd.concat(sides).dropna().drop_duplicates().sort_values(["interfaceId", "address"])
    return {str(name): tuple(group) for name, group in pairs.groupby("interfaceId")["address"]}


def directions(records: pd.DataFrame, own: Mapping[str, Iterable[str]]) -> pd.Series[str]:
    """Return `"in"`, `"out"` or missing for each record, as seen from its interface.

    The `flow-direction` field is taken where there is one; else the side on which the interface's own
    address stands tells, which a query can ask for as well.
    """
    if "flowDirection" in records:
        return records["flowDirection"].map({"ingress": "in", "egress": "out"}).astype("str")
    told = pd.Series(None, index=records.index, dtype="str")
    pairs = pd.MultiIndex.from_tuples([(eni, a) for eni, all_of_it in own.items() for a in all_of_it] or [("", "")])
    for side, word in (("srcAddr", "out"), ("dstAddr", "in")):
        keys = pd.MultiIndex.from_frame(records[["interfaceId", side]].fillna("-"))
        told = told.mask(keys.isin(pairs), word)
    return told


def _direction_condition(direction: Direction, interface: str | None, known: Known) -> str:
    if "flowDirection" in known.fields:
        return f"flowDirection = {literal({'in': 'ingress', 'out': 'egress'}[direction])}"
    side = {"in": "dstAddr", "out": "srcAddr"}[direction]
    if interface is not None:
        return one_of(side, known.own.get(interface, ()))
    each = [f"(interfaceId = {literal(eni)} and {one_of(side, addresses)})" for eni, addresses in known.own.items()]
    return "(" + " or ".join(each) + ")" if each else one_of(side, ())
