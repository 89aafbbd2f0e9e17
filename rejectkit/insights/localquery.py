"""Queries over one or several local tables of log events, answered as the service prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import duckdb
import pandas as pd

from rejectkit.insights import syntax as s
from rejectkit.insights.compile import Column, Table, compile_query
from rejectkit.insights.localtable import LocalTable
from rejectkit.records import LogFormat
from rejectkit.window import Window

POINTER = "@ptr"
_PLACES = 1 << 40  # events of one table that the number of a pointer tells apart
_POINTER_ITEM = s.Item(s.Field(POINTER), None, POINTER)
_DEFAULT_ITEMS = tuple(s.Item(s.Field(name), None, name) for name in ("@timestamp", "@message"))
_COUNT = s.Stats((s.Item(s.Call("count", star=True), "@matched", "count(*)"),))
_SYSTEM: Mapping[str, Column] = {
    "@timestamp": Column('"ts"', "time"),
    "@message": Column('"message"', "text"),
    "@logStream": Column('"stream"', "text"),
    "@log": Column('"log"', "text"),
    "@ingestionTime": Column('"arrived"', "time"),
    POINTER: Column('"ptr"', "int"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """Which events of a table a query reads: the first `taken`, of them those from `floor` on, in milliseconds."""

    table: LocalTable
    taken: int
    floor: int = 0


@dataclass(frozen=True, slots=True)
class LocalAnswer:
    """The answer to a query, as the service prints it.

    Attributes
    ----------
    columns : tuple of str
        Names in order; `@ptr` is the last one where rows are events.
    frame : DataFrame
        A column of text for each, a missing value null. The text of `@ptr` is a number, see `place_of`.
    matched : int
        Events that passed the filters before any `stats`.
    """

    columns: tuple[str, ...]
    frame: pd.DataFrame
    matched: int


def place_of(pointer: str) -> tuple[int, int]:
    """Return which of a query's tables the text of a `@ptr` means, and which place in it."""
    return divmod(int(pointer), _PLACES)


class QueryFailedError(Exception):
    """A query that is allowed was not finished, for a value it came upon; the sandbox tells it as status Failed."""


class LocalTables:
    """Tables of log events in one engine. No two threads may use them at once."""

    def __init__(self) -> None:
        """Start with none."""
        self.connection = duckdb.connect()
        self._numbers = count()

    def table(self, log: str, log_format: LogFormat | None) -> LocalTable:
        """Return a new table: `log` is the `@log` of its events, account and group."""
        return LocalTable(self.connection, f"events_{next(self._numbers)}", log, log_format)

    def run(self, query: s.Query, spans: Sequence[Span], window: Window, *, now: float, rows: int) -> LocalAnswer:
        """Answer a query.

        Parameters
        ----------
        query : Query
            From `parse`.
        spans : sequence of Span
            What it reads.
        window : Window
            Keeps the events stamped in it.
        now : float
            Seconds since the epoch that `now()` gives.
        rows : int
            Limit of a query that sets none.

        Raises
        ------
        QueryError
            If the query is not allowed; UnsupportedError if it is not answered here.
        QueryFailedError
            If it is allowed and the engine cannot finish it.
        """
        table = joined(spans)
        stages = pointed(query.stages)
        if not any(isinstance(stage, s.Limit) for stage in stages):
            stages = (*stages, s.Limit(rows))
        plan = compile_query(s.Query(stages, query.text), table, window=window, output="text", now=now)
        counted = compile_query(s.Query(matching(query.stages), query.text), table, window=window, now=now)
        try:
            frame = self.connection.execute(plan.sql).df()
            ((matched,),) = self.connection.execute(counted.sql).fetchall()
        except duckdb.Error as error:
            raise QueryFailedError(str(error)) from error
        names = [column.name for column in plan.answer.columns]
        if POINTER in names:
            order = [*(at for at, name in enumerate(names) if name != POINTER), names.index(POINTER)]
            names, frame = [names[at] for at in order], frame.iloc[:, order]
        return LocalAnswer(tuple(names), frame, int(matched))

    def record(self, table: LocalTable, place: int) -> Mapping[str, str]:
        """Return the fields of one event as text, its times in milliseconds; what it has not is absent."""
        printed = {
            "@timestamp": "CAST(ts AS VARCHAR)",
            "@message": "message",
            "@logStream": "stream",
            "@ingestionTime": "CAST(arrived AS VARCHAR)",
            **{column: table.sql(column, text=True) for column in table.columns},
        }
        sql = f"SELECT {', '.join(printed.values())} FROM {table.name} WHERE pos = ?"
        found = next(iter(self.connection.execute(sql, [place]).fetchall()), None)
        if not found:
            return {}
        named = {**dict(zip(printed, found, strict=True)), "@log": table.log}
        return {name: value for name, value in named.items() if value is not None}


def joined(spans: Sequence[Span]) -> Table:
    """Return the table a query runs on: the events of all spans, with the fields that any of them has."""
    names = list(dict.fromkeys(name for span in spans for name in span.table.columns))
    columns: dict[str, Column] = {}
    texts: dict[str, bool] = {}
    for at, name in enumerate(names):
        traits = [span.table.traits(name) for span in spans]
        whole, (dash, odd, missing) = all(one[0] for one in traits), (any(one[i] for one in traits) for i in (1, 2, 3))
        texts[name] = not whole or odd or (dash and missing)  # a null cannot be both the text `-` and missing
        columns[name] = Column(f'"field{at}"', "text" if texts[name] else "int", dash=dash and not texts[name])
    parts = []
    for number, span in enumerate(spans):
        table = span.table
        fields = "".join(f", {table.sql(name, text=texts[name])} AS field{at}" for at, name in enumerate(names))
        log = table.log.replace("'", "''")
        kept = [f"pos < {span.taken}"] if span.taken < table.count else []
        kept += [f"ts >= {span.floor}"] if span.floor else []
        parts.append(
            f"SELECT pos + {number * _PLACES} AS ptr, ts, arrived, stream, message, '{log}' AS log{fields} "
            f"FROM {table.name}" + (f" WHERE {' AND '.join(kept)}" if kept else "")
        )
    return Table(f"({' UNION ALL '.join(parts)}) AS events", {**_SYSTEM, **columns})


def pointed(stages: tuple[s.Stage, ...]) -> tuple[s.Stage, ...]:
    """Return stages that also show each event's `@ptr`; rows of `stats` are no events."""
    if any(isinstance(stage, s.Stats) for stage in stages):
        return stages
    displays = [at for at, stage in enumerate(stages) if isinstance(stage, s.Display)]
    if displays:
        at, last = displays[-1], stages[displays[-1]]
        if isinstance(last, s.Display) and not any(item.name == POINTER for item in last.items):
            return (*stages[:at], s.Display((*last.items, _POINTER_ITEM), last.span), *stages[at + 1 :])
        return stages
    listed = any(isinstance(stage, s.Fields) for stage in stages)
    return (s.Fields((*(() if listed else _DEFAULT_ITEMS), _POINTER_ITEM)), *stages)


def matching(stages: tuple[s.Stage, ...]) -> tuple[s.Stage, ...]:
    """Return stages that count the events which a query's filters leave, before any `stats`."""
    first = next((at for at, stage in enumerate(stages) if isinstance(stage, s.Stats)), len(stages))
    kept = [stage for stage in stages[:first] if isinstance(stage, s.Filter | s.Fields | s.Display | s.Parse)]
    filters = [at for at, stage in enumerate(kept) if isinstance(stage, s.Filter)]
    return (*kept[: filters[-1] + 1 if filters else 0], _COUNT)
