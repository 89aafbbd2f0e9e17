"""The records behind an alarm's transitions, fetched from a source: only spans that matter, in few queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import (
    AccessDeniedError,
    AwsError,
    CostError,
    CredentialsError,
    DeadlineError,
    IncompleteError,
    OverfullError,
    QueryEndedError,
    QueryError,
)
from rejectkit.exploring.sharing import Share
from rejectkit.insights import parse
from rejectkit.insights import syntax as s
from rejectkit.monitoring.monitor import LOG_ALARM, Monitor
from rejectkit.monitoring.replaying.delays import ARRIVAL, TIMESTAMP, instants
from rejectkit.monitoring.replaying.events import MESSAGE
from rejectkit.monitoring.timing.changes import Transition
from rejectkit.sources.base import Source, Watch
from rejectkit.window import Window

PARTIES: Final = ("interfaceId", "srcAddr", "dstAddr", "dstPort", "protocol")
TIMES: Final = ("start", "end")
AROUND: Final = (3_600, 21_600)
"""Seconds before and after a record from which records of its interface are taken, to pin its interval: the shorter
span first, the longer one where that is not enough."""

_APART: Final = 300  # seconds between two spans that are still one query
_LONGEST: Final = 43_200  # seconds of a query for intervals, whose answer has 10,000 rows at most
_FATAL: Final = (AccessDeniedError, CredentialsError)
_UNREAD: Final = (
    AwsError,
    CostError,
    DeadlineError,
    IncompleteError,
    OverfullError,
    QueryEndedError,
    QueryError,
)  # of a source: what is known without it is told all the same; QueryError is of spans that have expired, too
_MONOTONE: Final = ("Sum", "Maximum", "")  # statistics that what does not match leaves as they are

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unread:
    """A span (milliseconds since the epoch, half-open) whose records could not be read, and why."""

    first: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Records:
    """Records by time, those of one time by their parties; times in milliseconds since the epoch.

    Attributes
    ----------
    frame : DataFrame
        `PARTIES` and `TIMES`, as far as the source has them.
    times, arrived : ndarray of int64
        Timestamp and arrival; those without an arrival are not among them.
    matches : ndarray of bool
        Which match the monitor's filter or query.
    unread : tuple of Unread
        Spans that could not be read.
    """

    frame: pd.DataFrame
    times: Ints
    arrived: Ints
    matches: Bools
    unread: tuple[Unread, ...] = ()

    def within(self, first: int, end: int) -> Records:
        """Return those stamped in `[first, end)`."""
        low, high = np.searchsorted(self.times, (first, end))
        return Records(self.frame.iloc[low:high], self.times[low:high], self.arrived[low:high], self.matches[low:high])


def asked(monitor: Monitor, fields: Sequence[str], statistics: Iterable[str]) -> tuple[str, bool] | None:
    """Return the query for a monitor's records, and whether its pattern is yet to be compared with their lines.

    None where they cannot be had: a query of the monitor's own that returns no records.

    Parameters
    ----------
    monitor : Monitor
        Whose records.
    fields : sequence of str
        The source's columns.
    statistics : iterable of str
        Those that the alarm was judged by: an Average counts what does not match, too.
    """
    wanted = [TIMESTAMP, ARRIVAL, *(name for name in (*PARTIES, *TIMES) if name in fields)]
    if monitor.design == LOG_ALARM and monitor.query is not None:
        if not _returns_records(monitor.query):
            return None
        return f"{monitor.query.rstrip()}\n| fields {', '.join(wanted)}\n| sort @timestamp asc", False
    alone = all(one in _MONOTONE for one in statistics)
    if alone and monitor.choices is not None:
        condition = monitor.choices.condition()
        return f"fields {', '.join(wanted)}\n| filter {condition}\n| sort @timestamp asc", False
    return f"fields {', '.join([*wanted, MESSAGE])}\n| sort @timestamp asc", True


def _returns_records(query: str) -> bool:
    try:
        stages = parse(query).stages
    except QueryError:
        return False
    return all(isinstance(stage, s.Fields | s.Filter | s.Parse) for stage in stages)


def fetched(
    source: Source,
    query: str,
    compares: bool,
    monitor: Monitor,
    spans: Sequence[tuple[int, int]],
    watch: Watch,
) -> Records:
    """Return the records stamped in any of some spans (milliseconds since the epoch, half-open), by time and parties.

    Spans near one another are one query.
    """
    unread: list[Unread] = []
    parts = list(_answers(source, query, merged(spans, 1000 * _APART), unread, watch, all_rows=True))
    frame = _together(parts, (TIMESTAMP, ARRIVAL, MESSAGE))
    times, _ = instants(frame, TIMESTAMP)
    arrived, known = instants(frame, ARRIVAL)
    matches = np.ones(len(frame), dtype=bool)
    if compares:
        matches = monitor.pattern.matching([str(line) for line in frame[MESSAGE].tolist()])
    columns = [name for name in (*PARTIES, *TIMES) if name in frame]
    # The service leaves open in which order records of one second come; here it is always the same.
    ordered = frame[columns].assign(**{TIMESTAMP: times}).sort_values([TIMESTAMP, *columns], kind="stable")
    order = ordered.index.to_numpy()
    order = order[known[order]]
    kept = frame[columns].iloc[order].reset_index(drop=True)
    return Records(kept, times[order], arrived[order], matches[order], tuple(unread))


def intervals(
    source: Source, found: Sequence[tuple[str, int]], around: int, watch: Watch
) -> tuple[pd.DataFrame, list[Unread]]:
    """Return first and last packet of the records of some interfaces, around some moments.

    Parameters
    ----------
    source : Source
        With `interfaceId`, `start` and `end`.
    found : sequence of (str, int)
        An interface, and when (seconds since the epoch).
    around : int
        Seconds before and after.
    watch : Watch
        Progress and cancel.

    Returns
    -------
    DataFrame, list of Unread
        `interfaceId`, `start`, `end` (seconds, Int64): each pair once in a query; and what could not be read.
    """
    parts: list[pd.DataFrame] = []
    unread: list[Unread] = []
    wanted = merged([(at - around, at + around + 1) for _, at in found], 0)
    pieces = [piece for span in wanted for piece in _pieces(*span)]
    for done, (first, end) in enumerate(pieces):
        names = sorted({name for name, at in found if at - around < end and at + around >= first})
        listed = ", ".join(f'"{name}"' for name in names)
        query = (
            f"filter interfaceId in [{listed}]\n| stats count(*) as records by interfaceId, start, end\n| limit 10000"
        )
        share = Share(watch, done / len(pieces), (done + 1) / len(pieces))
        parts += _answers(source, query, [(1000 * first, 1000 * end)], unread, share)
    return _together(parts, ("interfaceId", *TIMES))[["interfaceId", *TIMES]].dropna(), unread


def merged(spans: Iterable[tuple[int, int]], apart: int) -> list[tuple[int, int]]:
    """Return spans in order, those that overlap or are not further apart put together.

    Examples
    --------
    >>> merged([(10, 12), (0, 5), (6, 7)], 1)
    [(0, 7), (10, 12)]
    """
    found: list[tuple[int, int]] = []
    for first, end in sorted(spans):
        if found and first <= found[-1][1] + apart:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((first, end))
    return found


def _answers(
    source: Source,
    query: str,
    spans: Sequence[tuple[int, int]],
    unread: list[Unread],
    watch: Watch,
    all_rows: bool = False,
) -> Iterator[pd.DataFrame]:
    """Yield the answers over spans; what cannot be read is noted, and nothing more is asked where nothing may be."""
    refusal = ""
    for at, (first, end) in enumerate(spans):
        if not refusal:
            share = Share(watch, at / len(spans), (at + 1) / len(spans))
            try:
                yield source.run(query, _window(first, end), all_rows=all_rows, watch=share)
                continue
            except _FATAL as error:
                refusal = why = str(error)
            except _UNREAD as error:
                why = error.message if isinstance(error, QueryError) else str(error)
        unread.append(Unread(first, end, (refusal or why).rstrip(".")))


def _together(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Return answers as one, with some columns even where there is nothing in them."""
    frame = pd.concat([one for one in parts if len(one)] or [*parts[:1], pd.DataFrame()], ignore_index=True)
    frame.attrs = {}
    for name in columns:
        if name not in frame:
            empty = "datetime64[ms, UTC]" if name in (TIMESTAMP, ARRIVAL) else "Int64" if name in TIMES else "str"
            frame[name] = pd.Series(index=frame.index, dtype=empty)
    return frame


def spans(transitions: Iterable[Transition]) -> list[tuple[int, int]]:
    """Return what the datapoints behind transitions count, each span once."""
    return sorted({(one.start, one.end) for each in transitions for one in each.datapoints})


def _pieces(first: int, end: int) -> Iterable[tuple[int, int]]:
    for low in range(first, end, _LONGEST):
        yield low, min(low + _LONGEST, end)


def _window(first: int, end: int) -> Window:
    return Window(datetime.fromtimestamp(first / 1000, UTC), datetime.fromtimestamp(end / 1000, UTC))
