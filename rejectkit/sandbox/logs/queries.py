"""The Logs Insights queries of one region: what each found, and how far it is by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from rejectkit.insights import syntax as s
from rejectkit.insights.localquery import LocalAnswer, LocalTables, QueryFailedError, Span
from rejectkit.insights.localtable import LocalTable
from rejectkit.records import LogFormat
from rejectkit.sandbox.logs.logstore import EVENT_OVERHEAD, LogGroup, LogStore, LogStream
from rejectkit.window import Window

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

KEPT_SECONDS = 7 * 86400.0  # Source: StartQuery, results are kept for seven days
SCHEDULED_SHARE = 0.1  # of a query's time, before it runs (our choice)
LAST_SECOND = 253_402_300_798  # of the year 9999, less one
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """What a query has found: its answer, and what it read."""

    answer: LocalAnswer
    scanned: int
    bytes: int


_NOTHING = Found(LocalAnswer((), pd.DataFrame(), 0), 0, 0)


@dataclass(slots=True)
class Running:
    """One query.

    Attributes
    ----------
    id : str
        Its id.
    text : str
        Query text as it was asked, with the `limit` of the request appended.
    groups : tuple of LogGroup
        What it reads.
    start, end : int
        Whole seconds since the epoch, both inside.
    created : int
        When it was started, milliseconds since the epoch.
    began, duration : float
        When it was started by the clock's stopwatch, and how many seconds it takes.
    outcome : str
        The status it ends with.
    full : Found
        What it finds when it is complete.
    stopped : float or None
        When it was stopped, by the stopwatch.
    """

    id: str
    text: str
    query: s.Query
    groups: tuple[LogGroup, ...]
    start: int
    end: int
    created: int
    began: float
    duration: float
    timeout: float
    outcome: str
    spans: tuple[Span, ...]
    window: Window
    full: Found
    stopped: float | None = None
    part: tuple[float, Found] | None = None

    def status(self, now: float) -> str:
        """Return its status at a time of the stopwatch."""
        passed = now - self.began
        if self.stopped is not None:
            return "Cancelled"
        if self.duration > self.timeout and passed >= self.timeout:
            return "Timeout"
        if passed >= self.duration:
            return self.outcome
        return "Scheduled" if passed < SCHEDULED_SHARE * self.duration else "Running"

    def share(self, now: float) -> float:
        """Return how much of the events it has read, from 0 to 1; it reads no more once it ended badly."""
        status = self.status(now)
        if status == "Complete":
            return 1.0
        if status == "Running":
            return (now - self.began) / self.duration
        if self.stopped is not None:
            return (self.stopped - self.began) / self.duration
        return self.timeout / self.duration if status == "Timeout" and self.duration > self.timeout else 0.0

    def ended(self, now: float) -> bool:
        """Tell whether it goes on no more."""
        return self.status(now) not in ("Scheduled", "Running")


@dataclass(slots=True)
class _Held:
    """A group's table, and the streams it has events of."""

    group: LogGroup
    table: LocalTable
    streams: dict[str, LogStream] = field(default_factory=dict)

    def current(self, group: LogGroup, log_format: LogFormat | None) -> bool:
        """Tell whether it is of this group as it is now: none of its streams was deleted."""
        same = self.group is group and self.table.format == log_format
        return same and all(group.streams.get(name) is one for name, one in self.streams.items())


class Insights:
    """The queries of one region.

    Attributes
    ----------
    queries : dict of str to Running
        By id, oldest first; those of the last seven days.
    bytes_scanned : int
        By all queries that were ever started.
    """

    def __init__(self, world: World, region: str) -> None:
        """Start with no query."""
        self.world, self.region = world, region
        self.queries: dict[str, Running] = {}
        self.bytes_scanned = 0
        self.tables = LocalTables()
        self._held: dict[str, _Held] = {}

    def active(self) -> int:
        """Return how many queries are scheduled or running."""
        now = self.world.clock.stopwatch
        return sum(not one.ended(now) for one in self.queries.values())

    def forget(self) -> None:
        """Let go of queries that are older than seven days."""
        limit = self.world.clock.stopwatch - KEPT_SECONDS
        self.queries = {name: one for name, one in self.queries.items() if one.began > limit}

    def table(self, group: LogGroup) -> LocalTable:
        """Return a group's events, with all that have arrived."""
        told = self.world.region(self.region).of(LogStore).log_format_of(group)
        log_format: LogFormat | None = told or LogFormat.default()
        if not self.world.limits.discovers_custom_formats and log_format != LogFormat.default():
            log_format = None
        held = self._held.get(group.name)
        if held is None or not held.current(group, log_format):
            held = _Held(group, self.tables.table(f"{self.world.account}:{group.name}", log_format))
            self._held[group.name] = held
        known = held.table.count
        if known < len(group.messages):
            streams = group.streams_of[known:]
            held.table.extend(group.times[known:], group.ingested[known:], streams, group.messages[known:])
            held.streams |= {name: group.streams[name] for name in set(streams) if name in group.streams}
        return held.table

    def floor(self, group: LogGroup) -> int:
        """Return the first millisecond of a group that queries reach. Source: AnalyzingLogData."""
        kept = self.world.clock.millis - group.retention * 86_400_000 if group.retention else 0
        return max(kept, 0 if self.world.limits.queries_before_creation else group.created)

    def start(
        self, name: str, text: str, query: s.Query, groups: tuple[LogGroup, ...], start: int, end: int
    ) -> Running:
        """Start a query, which sees what has arrived by now.

        Raises
        ------
        QueryError
            If the query is not allowed, or not answered here.
        """
        world, limits = self.world, self.world.limits
        spans = tuple(Span(table, table.count, self.floor(one)) for one in groups for table in [self.table(one)])
        window = _window(start, end)
        outcome = world.outcomes.popleft() if world.outcomes else "Complete"
        try:
            full = self._find(query, spans, window, world.clock.seconds)
        except QueryFailedError:
            full, outcome = _NOTHING, "Failed"
        self.bytes_scanned += full.bytes
        made = Running(
            id=name,
            text=text,
            query=query,
            groups=groups,
            start=start,
            end=end,
            created=world.clock.millis,
            began=world.clock.stopwatch,
            duration=limits.query_seconds + full.bytes / limits.query_bytes_per_second,
            timeout=limits.query_timeout,
            outcome=outcome,
            spans=spans,
            window=window,
            full=full,
        )
        self.queries[name] = made
        return made

    def found(self, one: Running) -> Found:
        """Return what a query has found by now: while it runs, in the part of the events that it has read."""
        share = one.share(self.world.clock.stopwatch)
        if share >= 1:
            return one.full
        if one.full is _NOTHING or (not share and one.ended(self.world.clock.stopwatch)):
            return _NOTHING
        if one.part is None or one.part[0] != share:
            spans = []
            for span in one.spans:
                _, _, low, high = self._measure(span, one.window)
                spans.append(Span(span.table, low + int(share * (high - low)), span.floor))
            one.part = share, self._find(one.query, tuple(spans), one.window, one.created / 1000)
        return one.part[1]

    def _find(self, query: s.Query, spans: tuple[Span, ...], window: Window, now: float) -> Found:
        answer = self.tables.run(query, spans, window, now=now, rows=self.world.limits.default_rows)
        read = [self._measure(span, window) for span in spans]
        records = sum(row[0] for row in read)
        return Found(answer, records, sum(row[1] for row in read) + records * EVENT_OVERHEAD)

    def _measure(self, span: Span, window: Window) -> tuple[int, int, int, int]:
        first, end = window.millis
        return span.table.measure(span.taken, max(first, span.floor), end - 1)

    def fields(self, group: LogGroup, first: int, last: int) -> Mapping[str, int]:
        """Return the percentage of a group's events in a range of milliseconds, ends inside, that have each field."""
        table = self.table(group)
        events, fitting = table.fitting(max(first, self.floor(group)), last)
        if not events:
            return {}
        always = dict.fromkeys(("@timestamp", "@message", "@logStream", "@log", "@ingestionTime", "@ptr"), 100)
        return always | (dict.fromkeys(table.columns, round(100 * fitting / events)) if fitting else {})


def _window(start: int, end: int) -> Window:
    """Return the half-open window of whole seconds, both inside; the calendar ends with the year 9999."""
    low, high = min(start, LAST_SECOND), min(end, LAST_SECOND)
    return Window(_EPOCH + timedelta(seconds=low), _EPOCH + timedelta(seconds=high + 1))
