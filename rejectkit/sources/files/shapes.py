"""What a file's records look like: which kind of text it is, its log format, and the columns it is stored in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from rejectkit.records import LogFormat, by_name

FileKind = Literal["text", "stamped", "csv", "events", "parquet"]

EVENT_COLUMNS = ("time", "ingestion", "stream", "log")
_EXTRAS: dict[str, tuple[str, ...]] = {"stamped": ("time",), "csv": EVENT_COLUMNS, "events": EVENT_COLUMNS}
_WORD = pa.dictionary(pa.int32(), pa.string())
_MANY_VALUES = {"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"}


@dataclass(frozen=True, slots=True)
class Shape:
    """How to read a file.

    Its records are stored under names that no log field can have: `c0`, `c1` … for the format's columns in
    their order; `time`, `ingestion` (milliseconds since the epoch), `stream` and `log` of a CloudWatch event;
    and `raw`, the line itself where its values do not spell it.

    Attributes
    ----------
    kind : {"text", "stamped", "csv", "events", "parquet"}
        Plain lines; lines behind a time (CloudWatch export to S3); the console's CSV; JSON with log events
        (subscriptions); Parquet.
    format : LogFormat
        The fields of a line.
    names : tuple of str
        Of Parquet: the file's own column names, in the format's order.
    """

    kind: FileKind
    format: LogFormat
    names: tuple[str, ...] = ()
    schema: pa.Schema = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work the stored columns out."""
        stored = [(f"c{number}", stored_type(name)) for number, name in enumerate(self.format.fields)]
        extras = [(name, pa.string() if name in ("stream", "log") else pa.int64()) for name in self.extras]
        object.__setattr__(self, "schema", pa.schema([*stored, *extras, ("raw", pa.string())]))

    @property
    def extras(self) -> tuple[str, ...]:
        """Columns that come from around the line."""
        return _EXTRAS.get(self.kind, ())


def stored_type(name: str) -> pa.DataType:
    """Return the Arrow type in which a log field is stored."""
    spec = by_name.get(name)
    if spec is not None and spec.type == "int":
        return pa.int64()
    return pa.string() if spec is None or name in _MANY_VALUES else _WORD


def batch_of(schema: pa.Schema, columns: Mapping[str, pa.Array], rows: int) -> pa.RecordBatch:
    """Return columns as a batch; those that are not there are null."""
    arrays = [_sound(columns.get(item.name), item.type, rows) for item in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _sound(column: pa.Array | None, kind: pa.DataType, rows: int) -> pa.Array:
    """Return a column of nulls for none, and a word into a dictionary that has none: DuckDB 1.4 crashes on it."""
    if not pa.types.is_dictionary(kind):
        return pa.nulls(rows, kind) if column is None else column
    if column is not None and len(column.dictionary):
        return column
    return pa.DictionaryArray.from_arrays(pa.nulls(rows, kind.index_type), pa.array([""]))
