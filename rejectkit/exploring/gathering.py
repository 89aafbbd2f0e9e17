"""What a summary reads from a source: counts, the refused flows, and the accepted ones that bear on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from rejectkit.exploring import questions
from rejectkit.exploring.evidence import relevant
from rejectkit.exploring.flows import Flows, need
from rejectkit.exploring.rules import insiders
from rejectkit.exploring.sharing import Share
from rejectkit.sources.base import Source, Watch
from rejectkit.window import Window

READ_AT_ONCE = 500_000
"""Accepted flows read in one piece."""

_NEEDED = (
    "interfaceId",
    "srcAddr",
    "dstAddr",
    "srcPort",
    "dstPort",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "tcpFlags",
    "flowDirection",
    "pktSrcAddr",
    "pktSrcAwsService",
)
_SERVED = ("srcAddr", "dstAddr", "dstPort", "protocol", "interfaceId")
_SPAN = "stats min(toMillis(@timestamp)) as first, max(toMillis(@timestamp)) as last"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records there are of each kind, and the time they span.

    Attributes
    ----------
    accepted, refused, nodata, skipdata : int
        Records.
    span : Window or None
        From the first record to just after the last one began; None if there is no record.
    """

    accepted: int
    refused: int
    nodata: int
    skipdata: int
    span: Window | None

    @property
    def flows(self) -> int:
        """Accepted and refused ones together."""
        return self.accepted + self.refused


def counts(source: Source, window: Window | None, watch: Watch) -> Counts:
    """Count a window's records by status and action.

    Raises
    ------
    ArgumentError
        If the source's records lack a field that judging needs.
    """
    need(source.fields)
    status = "logStatus" in source.fields
    query = questions.status_counts() if status else "stats count(*) as flows by action\n| sort action"
    found = source.run(query, window, all_rows=True, watch=Share(watch, 0.0, 0.5))
    number = found["flows"].astype("int64")
    ends = source.run(_SPAN, window, watch=Share(watch, 0.5, 1.0))
    span = None
    if len(ends) and ends["first"].notna().all():
        first, last = (pd.Timestamp(int(ends[name].iloc[0]), unit="ms", tz="UTC") for name in ("first", "last"))
        span = Window(first.to_pydatetime(), (last + pd.Timedelta(seconds=1)).floor("s").to_pydatetime())

    def total(column: str, value: str) -> int:
        return int(number[(found[column] == value).fillna(False).astype(bool)].sum())

    return Counts(
        accepted=total("action", "ACCEPT"),
        refused=total("action", "REJECT"),
        nodata=total("logStatus", "NODATA") if status else 0,
        skipdata=total("logStatus", "SKIPDATA") if status else 0,
        span=span,
    )


def flows(
    source: Source, window: Window | None, found: Counts, most: int, watch: Watch, piece: int = READ_AT_ONCE
) -> pd.DataFrame:
    """Return the refused flows of a window, and of the accepted ones those that bear on them.

    Accepted flows are read in pieces of some `piece`, and not at all if there are more than `most`.
    """
    refused = source.records(window, "REJECT", watch=Share(watch, 0.0, 0.3))
    refused = refused[["@timestamp", *(name for name in _NEEDED if name in refused)]]
    if not len(refused) or not found.accepted or found.accepted > most or found.span is None:
        return refused
    names = [name for name in _NEEDED if name in source.fields]
    query = f"fields @timestamp, {', '.join(names)}\n| filter {questions.condition('ACCEPT')}"
    parts = [refused]
    pieces = list(_pieces(found, piece))
    for number, part in enumerate(pieces):
        watch.check()
        share = Share(watch, 0.3 + 0.7 * number / len(pieces), 0.3 + 0.7 * (number + 1) / len(pieces))
        accepted = source.run(query, part, all_rows=True, watch=Share(share, 0.0, 0.5))
        share.report(0.5, "looking for what accepted flows say")
        both = pd.concat([refused, accepted.reindex(columns=refused.columns)], ignore_index=True)
        judging = Flows.of(both)
        outside = ~insiders(judging, judging.own(*judging.sides()))
        kept = judging.row[relevant(judging, outside) & ~judging.reject]
        parts.append(both.iloc[kept])
    return pd.concat(parts, ignore_index=True)


def served(source: Source, window: Window | None, hosts: list[str], watch: Watch) -> pd.DataFrame:
    """Return who is let in where on some hosts, and by which interface: how often, from when to when.

    One row per source, destination, port, protocol and interface, with `flows`, `first` and `last` (seconds since
    the epoch). A client's own interface accepts what the server's then refuses, so the interface matters. Ports
    from 32768 up are left out, as clients' own.
    """
    parts: list[pd.DataFrame] = []
    for begin in range(0, len(hosts), 200):
        wanted = questions.condition("ACCEPT", destination=hosts[begin : begin + 200])
        query = (
            f"filter {wanted} and dstPort < 32768\n| stats count(*) as flows, min(toMillis(@timestamp)) as first, "
            "max(toMillis(@timestamp)) as last by srcAddr, dstAddr, dstPort, protocol, interfaceId"
        )
        share = Share(watch, begin / len(hosts), min(1.0, (begin + 200) / len(hosts)))
        parts.append(source.run(query, window, all_rows=True, watch=share))
    if not parts:
        return pd.DataFrame(columns=[*_SERVED, "flows", "first", "last"])
    table = pd.concat(parts, ignore_index=True).dropna(subset=["dstPort", "protocol"])
    for name in ("first", "last"):
        table[name] = table[name] // 1000
    return table.sort_values(["flows", *_SERVED], ascending=False, ignore_index=True)


def _pieces(found: Counts, size: int) -> Iterator[Window]:
    """Cut the time of the records into equal windows, so many that each has some `size` accepted flows."""
    assert found.span is not None, "the caller has looked"
    number = -(-found.accepted // size)
    step = timedelta(seconds=max(1, -(-int(found.span.seconds) // number)))
    start = found.span.start
    while start < found.span.end:
        end = min(start + step, found.span.end)
        yield Window(start, end)
        start = end
