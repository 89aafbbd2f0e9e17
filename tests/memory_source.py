"""A Source over a table in memory, for tests: the language's own engine on DuckDB, and no files."""

from __future__ import annotations

import warnings

import duckdb
import pandas as pd

from rejectkit.errors import UnknownFieldWarning
from rejectkit.exploring.story import MAX_QUERY
from rejectkit.findings import Finding
from rejectkit.insights import Column, Table, compile_query, parse
from rejectkit.records import field_type
from rejectkit.sources.base import Watch, records_query
from rejectkit.window import Window


class MemorySource:
    """Answers queries over a table with `@timestamp` and flow-log columns; `asked` has the queries it was sent."""

    def __init__(self, records: pd.DataFrame, skipped: pd.DataFrame | None = None) -> None:
        """Take the records as they are."""
        self.fields = tuple(str(name) for name in records.columns if name != "@timestamp")
        self.skipped = skipped if skipped is not None else pd.DataFrame(columns=["file", "line", "reason"])
        self.asked: list[str] = []
        rows = records.copy()
        rows["@timestamp"] = pd.to_datetime(rows["@timestamp"], utc=True).dt.as_unit("ms").astype("int64")
        self._rows = rows
        columns = {name: Column(f'"{name}"', field_type(name), dash=True) for name in self.fields}
        columns["@timestamp"] = Column('"@timestamp"', "time")
        self._table = Table("rows", columns)

    def run(
        self, query: str, window: Window | None = None, *, all_rows: bool = False, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Answer a query."""
        if watch is not None:
            watch.check()
            watch.report(0.0, "running")
            watch.report(1.0, "done")
        self.asked.append(query)
        compiled = compile_query(parse(query), self._table, window=window, all_rows=all_rows)
        for warning in compiled.warnings:
            warnings.warn(warning, stacklevel=2)
        with duckdb.connect() as db:
            db.register("rows", self._rows)
            return compiled.answer.typed(db.execute(compiled.sql).df())

    def records(
        self, window: Window | None = None, action: str | None = "REJECT", *, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Return whole records, oldest first."""
        with warnings.catch_warnings():
            warnings.simplefilter("error", UnknownFieldWarning)
            return self.run(records_query(self.fields, action), window, all_rows=True, watch=watch)


def shown(source: MemorySource, finding: Finding) -> None:
    """Assert that the finding's query is text the service takes, and that its rows have all that is spoken of."""
    assert finding.query is not None
    assert len(finding.query) <= MAX_QUERY
    answer = source.run(finding.query, all_rows=True)
    assert len(answer) > 0, finding.query
    if finding.data is None or "srcAddr" not in finding.data or "srcAddr" not in answer:
        return
    keys = [name for name in ("srcAddr", "dstAddr", "dstPort", "protocol") if name in answer]
    told = finding.data.groupby(keys)["flows"].sum()
    there = answer.groupby(keys)["flows"].sum()
    assert (there.reindex(told.index).fillna(0) >= told).all(), finding.query
