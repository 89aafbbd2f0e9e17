"""A record set as Spark has flow logs: text files, Parquet as AWS types it, a table of texts, a frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq

import rejectkit as rk
from rejectkit.sources.spark import SparkSource
from tests.reference.records import FORMATS, NUMBERS, RecordSet


def on_spark(spark: Any) -> Callable[[RecordSet, Path], SparkSource]:
    """Return what loads a record set into a session's reach, in one of four ways; which one, its name says."""
    ways = (_text, _parquet, _table, _frame)

    def load(records: RecordSet, folder: Path) -> SparkSource:
        return ways[crc32(records.name.encode()) % len(ways)](spark, records, folder)

    return load


def _text(spark: Any, records: RecordSet, folder: Path) -> SparkSource:
    lines = records.text().splitlines(keepends=True)
    cut = len(lines) // 2 if records.told and len(lines) > 1 else len(lines)
    for name, part in (("a.log", lines[:cut]), ("b.log", lines[cut:])):
        if part or name == "a.log":
            (folder / name).write_text("".join(part), encoding="utf-8")
    return SparkSource(folder, spark, format=rk.LogFormat(records.log_names) if records.told else None)


def _parquet(spark: Any, records: RecordSet, folder: Path) -> SparkSource:
    """Load it as Parquet with AWS's names; numbers of 32 bits where they have room, no number is null."""
    kinds = {name: (pa.int64() if name in ("start", "end", "bytes", "packets") else pa.int32()) for name in NUMBERS}
    columns = {
        log.replace("-", "_"): pa.array(
            [(None if word == "-" else int(word)) if name in NUMBERS else word for word in _words(records, at)],
            kinds.get(name, pa.string()),
        )
        for at, (log, name) in enumerate(FORMATS[records.format])
    }
    pq.write_table(pa.table(columns), folder / "a.parquet")
    return SparkSource(str(folder), spark)


def _table(spark: Any, records: RecordSet, folder: Path) -> SparkSource:
    """Load it as a table whose every column is text, as a table over text files may be."""
    name = f"logs_{crc32(str(folder).encode()):08x}"
    columns = ", ".join(f"`{log.replace('-', '_')}` STRING" for log in records.log_names)
    (folder / "t").mkdir()
    (folder / "t" / "part.txt").write_text("".join(f"{line}\n" for line in records.lines), encoding="utf-8")
    spark.sql(f"DROP TABLE IF EXISTS {name}")
    spark.sql(
        f"CREATE TABLE {name} ({columns}) USING csv OPTIONS (sep ' ', quote '', escape '', path '{folder / 't'}')"
    )
    return SparkSource(name, spark)


def _frame(spark: Any, records: RecordSet, folder: Path) -> SparkSource:
    """Load it as a frame with the names of Logs Insights, read from several files."""
    columns = {name: pa.array(_words(records, at), pa.string()) for at, name in enumerate(records.fields)}
    rows = pa.table(columns)
    cut = rows.num_rows // 2
    for at, part in enumerate((rows.slice(0, cut), rows.slice(cut))):
        pq.write_table(part, folder / f"{at}.parquet")
    return SparkSource(spark.read.parquet(str(folder)))


def _words(records: RecordSet, at: int) -> list[str]:
    return [line.split(" ")[at] for line in records.lines]
