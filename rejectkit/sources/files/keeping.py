"""Write packs of files into the cache, and read back what was kept of the lines that did not fit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rejectkit.sources.files.cache import Draft
from rejectkit.sources.files.layouts import LogFile
from rejectkit.sources.files.pipeline import SKIPPED_SCHEMA, Progress, Tally, read_files
from rejectkit.sources.files.shapes import Shape

ROW_GROUP = 122_880  # DuckDB's own, the unit in which its threads share work
Grouped = Sequence[tuple[Shape, Sequence[LogFile]]]


def write_pack(draft: Draft, groups: Grouped, progress: Progress) -> None:
    """Read files and write them into an entry's folder: a Parquet file for each shape, and the skipped lines."""
    tally = Tally()
    for number, (shape, files) in enumerate(groups):
        name = f"{number}.parquet"
        with contextlib.closing(read_files(files, shape, tally, progress)) as batches:
            _write(draft.folder / name, shape.schema, batches, _timed(shape))
        draft.shapes.append((shape, name))
    if tally.skipped:
        _write(draft.skipped, SKIPPED_SCHEMA, tally.skipped, [])


def _write(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], bounded: list[str]) -> None:
    """Write a Parquet file; of the `bounded` columns it says the least and greatest value, for windows.

    It is not compressed: dictionaries do most of that, and it is written while a person waits.
    """
    options = {"compression": "none", "write_statistics": bounded, "store_schema": False}
    with pq.ParquetWriter(path, schema, **options) as writer:
        for table in _row_groups(schema, batches):
            writer.write_table(table, row_group_size=ROW_GROUP)


def _timed(shape: Shape) -> list[str]:
    """Return the stored columns that tell a record's time."""
    starts = [f"c{at}" for at, name in enumerate(shape.format.fields) if name == "start"]
    return [*starts, *(name for name in shape.extras if name == "time")]


def _row_groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP:
            yield pa.Table.from_batches(held, schema).unify_dictionaries()
            held, rows = [], 0
    if held:
        yield pa.Table.from_batches(held, schema).unify_dictionaries()


def kept_skipped(path: Path) -> pa.Table:
    """Return the lines that did not fit, as an entry keeps them."""
    return pq.read_table(path, use_threads=False).cast(SKIPPED_SCHEMA)
