"""Record sets as Parquet: typed as AWS delivers them, for the contract of sources and for tests of reading them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import rejectkit as rk
from tests.reference.records import NUMBERS, RecordSet

SHORT_NUMBERS = {"version", "srcport", "dstport", "tcp-flags", "traffic-path"}  # the others are of 64 bits


def typed(records: RecordSet) -> pa.Table:
    """Return a record set's lines as a table: whole numbers, text, underscores in names; `-` is null, or itself."""
    rows = [line.split(" ") for line in records.lines]
    columns: dict[str, pa.Array] = {}
    for at, (log, name) in enumerate(zip(records.log_names, records.fields, strict=True)):
        words = [row[at] for row in rows]
        if name in NUMBERS:
            kind = pa.int32() if log in SHORT_NUMBERS else pa.int64()
            values = pa.array([None if word == "-" else int(word) for word in words], kind)
        else:  # every second one as null
            values = pa.array(
                [None if word == "-" and row % 2 else word for row, word in enumerate(words)], pa.string()
            )
        columns[log.replace("-", "_")] = values
    return pa.table(columns)


def parquet_files(records: RecordSet, folder: Path) -> rk.FileSource:
    """Load a record set as a Parquet file, or as two of several row groups if it is told its format."""
    table = typed(records)
    cut = len(table) // 2 if records.told and len(table) > 1 else len(table)
    pq.write_table(table.slice(0, cut), folder / "a.log.parquet", compression="gzip", row_group_size=7)
    if cut < len(table):
        pq.write_table(table.slice(cut), folder / "b.log.parquet", compression="snappy")
    return rk.FileSource(folder)
