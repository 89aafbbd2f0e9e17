"""The compiled language over a table of events in memory: what a source does, less the reading of files."""

from __future__ import annotations

import duckdb
import pandas as pd
import pyarrow as pa

from rejectkit.insights import Column, Table, compile_query, parse
from rejectkit.window import Window
from tests.reference.records import NUMBERS, RecordSet


class _Events:
    """Events in a table of DuckDB; `typed` keeps flow-log numbers as such and `-` as null, as a store of flow logs does."""

    def __init__(self, records: RecordSet, *, typed: bool) -> None:
        self.fields = records.fields
        self.connection = duckdb.connect()
        names = ("@timestamp", "@message", *self.fields)
        kinds = {name: "int" if typed and name in NUMBERS else "text" for name in names} | {"@timestamp": "time"}
        events = records.events()
        texts = {name: [_kept(event.get(name), typed=typed) for event in events] for name in names}
        arrow = pa.table({name: pa.array(column, pa.string()) for name, column in texts.items()})
        columns = ", ".join(
            f'"{name}"::{"VARCHAR" if kinds[name] == "text" else "BIGINT"} AS "{name}"' for name in names
        )
        self.connection.register("lines", arrow)
        self.connection.execute(f"CREATE TABLE events AS SELECT {columns} FROM lines")
        dashed = {name: typed and not name.startswith("@") for name in names}
        self.table = Table("events", {name: Column(f'"{name}"', kinds[name], dash=dashed[name]) for name in names})


def _kept(value: object, *, typed: bool) -> str | None:
    return None if value is None or (typed and value == "-") else str(value)


class TypedTable(_Events):
    """Answers with typed columns, as a source of flow logs does."""

    def __init__(self, records: RecordSet) -> None:
        """Load the events of a record set."""
        super().__init__(records, typed=True)

    def run(self, query: str, window: Window | None = None, *, all_rows: bool = False) -> pd.DataFrame:
        """Answer a query."""
        plan = compile_query(parse(query), self.table, window=window, all_rows=all_rows)
        return plan.answer.typed(self.connection.execute(plan.sql).df())


class PrintedTable(_Events):
    """Answers with every value as the service prints it; its events may lack fields."""

    def __init__(self, records: RecordSet) -> None:
        """Load the events of a record set."""
        super().__init__(records, typed=False)

    def run(self, query: str, window: Window | None = None, *, all_rows: bool = False) -> pd.DataFrame:
        """Answer a query."""
        plan = compile_query(parse(query), self.table, window=window, all_rows=all_rows, output="text")
        rows = self.connection.execute(plan.sql).fetchall()
        cap = len(rows) if plan.answer.cap is None else plan.answer.cap
        return pd.DataFrame(rows[:cap], columns=[column.name for column in plan.answer.columns], dtype="str")
