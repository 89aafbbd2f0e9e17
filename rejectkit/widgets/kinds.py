"""Kinds in a query: the condition that picks the flows of one kind out of a window's refused flows.

A query knows no kinds, only what is in the records. Most sources are of one kind, and their addresses name
it. Where a source's flows are of several, a field that tells them apart is named too: `dstPort in [587]`
for a host's refused calls, where its refused replies have `srcPort = 8443`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rejectkit.exploring.querytext import literal

APART = ("dstPort", "srcPort", "dstAddr", "protocol", "tcpFlags", "interfaceId", "packets", "bytes", "start")
ABREAST = 6  # values of a list on one line


@dataclass(frozen=True, slots=True)
class KindCondition:
    """A condition of `filter`, and how many flows of other kinds it lets through because nothing tells them apart."""

    text: str
    others: int = 0


def condition(records: pd.DataFrame, kind: str) -> KindCondition:
    """Return the condition for the flows of a kind among a window's refused flows.

    Parameters
    ----------
    records : DataFrame
        With `srcAddr` and each flow's `kind`.
    kind : str
        One of `classify.KINDS`; where no flow is of it, the condition fits none.

    Examples
    --------
    >>> frame = pd.DataFrame({"srcAddr": ["10.0.0.5", "192.0.2.1"], "kind": ["inside", "scanner"]})
    >>> condition(frame, "inside").text
    'srcAddr = "10.0.0.5"'
    """
    its = (records["kind"] == kind).fillna(False).astype(bool)
    inside, outside = (set(records["srcAddr"][which].dropna().unique()) for which in (its, ~its))
    both = records[records["srcAddr"].isin(inside & outside)]
    parts = [_Part.of(str(source), own, its[own.index]) for source, own in both.groupby("srcAddr")]
    others = sum(part.others for part in parts)
    named = " or ".join([one_of("srcAddr", inside - outside), *(part.taken for part in parts)])
    left = " and ".join([one_of("srcAddr", outside - inside, negate=True), *(part.left for part in parts)])
    if not inside:
        return KindCondition(one_of("srcAddr", ()))
    if not inside - outside:
        named = " or ".join(part.taken for part in parts)
    if not outside - inside:
        left = " and ".join(part.left for part in parts) or "ispresent(srcAddr)"
    text = named if len(named) <= len(left) else left
    return KindCondition(f"({text})" if parts else text, others)


@dataclass(frozen=True, slots=True)
class _Part:
    """A source whose flows are of several kinds: the condition that takes those of one, and that leaves the rest."""

    taken: str
    left: str
    others: int

    @classmethod
    def of(cls, source: str, records: pd.DataFrame, its: pd.Series[bool]) -> _Part:
        """Tell apart a source's records, of which some are of the kind."""
        wanted, rest = records[its], records[~its]
        best: tuple[int, int, str] | None = None
        for name in APART:
            if name not in records or wanted[name].isna().any():
                continue
            values = wanted[name].unique().tolist()
            mixed = int(rest[name].isin(values).sum())
            text = one_of(name, values)
            if best is None or (mixed, len(text)) < best[:2]:
                best = (mixed, len(text), text)
        mixed, _, text = best or (len(rest), 0, "ispresent(srcAddr)")
        here = literal(source)
        return cls(f"(srcAddr = {here} and {text})", f"(srcAddr != {here} or {text})", mixed)


def one_of(column: str, values: Iterable[Any], *, negate: bool = False) -> str:
    """Return a condition that is true of the values; with none of them, of no record.

    Examples
    --------
    >>> one_of("dstPort", [443, 22]), one_of("srcAddr", [])
    ('dstPort in [22, 443]', 'srcAddr = ""')
    """
    words = [literal(value) for value in sorted(values)] or ['""']
    if len(words) == 1:
        return f"{column} {'!=' if negate else '='} {words[0]}"
    lines = [", ".join(words[first : first + ABREAST]) for first in range(0, len(words), ABREAST)]
    listed = ",\n      ".join(lines)
    return f"{column} {'not in' if negate else 'in'} [{listed}]"
