"""Parquet files: flow logs delivered by AWS, or written by somebody's own tool, with numbers as text and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rejectkit.errors import FormatError, UnreadableError
from rejectkit.records import NULL, LogFormat, Scalar, by_column, by_name, is_header, parse_value
from rejectkit.sources.files.layouts import LogFile
from rejectkit.sources.files.reading import Misfit, Parsed
from rejectkit.sources.files.shapes import Shape, batch_of

PARQUET_MAGIC = b"PAR1"
ACCOUNT_DIGITS = 12
_ROWS = 32_768
_MAX_INT = 2**63 - 1
_NO_VALUE = ("None", "nan", "NaN", "null", "NULL", "<NA>")  # what programs write into text for a number that is missing


def parquet_shape(file: LogFile) -> Shape:
    """Return the shape of a Parquet file: its columns by their log names.

    Raises
    ------
    FormatError
        If its columns are not those of flow logs.
    UnreadableError
        If it is damaged.
    """
    with _opened(file, file.local) as parquet:
        names = tuple(name for name in parquet.schema_arrow.names if not name.startswith("@"))
    fields = tuple(log_name(name) for name in names)
    if not is_header(" ".join(fields)):
        raise FormatError(
            f"{file.path} is not of flow logs: its columns are {', '.join(names[:6])}; "
            "flow logs have names such as srcaddr, dstport and action"
        )
    return Shape("parquet", LogFormat(fields), names)


def log_name(name: str) -> str:
    """Return a column's log name: Athena's spelling has underscores, Insights' is in camelCase."""
    hyphened = name.replace("_", "-")
    if hyphened in by_name or name not in by_column:
        return hyphened if hyphened in by_name else "-".join(name.split())
    return by_column[name].name


def _opened(file: LogFile, path: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"{file.path} is damaged: it is not whole Parquet ({error}); fetch it again") from error


def parquet_batches(file: LogFile, shape: Shape) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Yield a Parquet file's rows in parts, each with the share of the file read so far."""
    path = file.path if file.store is None else file.store.whole(file)
    with _opened(file, path) as parquet:
        done, total = 0, max(1, parquet.metadata.num_rows)
        try:
            for batch in parquet.iter_batches(_ROWS, columns=list(shape.names), use_threads=False):
                done += batch.num_rows
                yield batch, done / total
        except (pa.ArrowException, OSError) as error:
            raise UnreadableError(
                f"{file.path} is damaged: its rows cannot be read past number {done:,} ({error}); nothing of it "
                "was kept; fetch it again"
            ) from error


def read_rows(batch: pa.RecordBatch, shape: Shape, wanted: Sequence[str]) -> Parsed:
    """Read a part of a Parquet file; all columns are checked, the wanted ones returned."""
    made: dict[str, pa.Array] = {}
    reasons: dict[int, str] = {}
    for number, (name, field) in enumerate(zip(shape.names, shape.format.fields, strict=True)):
        column = f"c{number}"
        stored = shape.schema.field(column).type
        source = batch.column(batch.schema.get_field_index(name))
        made[column] = _converted(source, field, stored, reasons)
    schema = pa.schema([item for item in shape.schema if item.name in set(wanted)])
    rows = batch.num_rows
    out = batch_of(schema, made, rows)
    misfits = [Misfit(row, reasons[row], _row_text(batch, row)) for row in sorted(reasons)]
    if misfits:
        keep = [row for row in range(rows) if row not in reasons]
        out = out.take(pa.array(keep, pa.int64()))
    return Parsed([out] if out.num_rows else [], rows, misfits)


def _converted(source: pa.Array, field: str, stored: pa.DataType, reasons: dict[int, str]) -> pa.Array:
    """Return a column as it is stored; rows that cannot be get a reason and null."""
    if pa.types.is_int64(stored) and pa.types.is_integer(source.type) and not pa.types.is_uint64(source.type):
        whole = source.cast(pa.int64())
        least = pc.min(whole).as_py()
        if least is None or least >= 0:
            return whole
    encoded = source if pa.types.is_dictionary(source.type) else source.dictionary_encode()
    values: list[Scalar] = []
    bad: dict[int, str] = {}
    for code, value in enumerate(encoded.dictionary.to_pylist()):
        try:
            values.append(stored_value(field, value))
        except FormatError as error:
            values.append(None)
            bad[code] = str(error)
    words = pa.array(values, pa.int64() if pa.types.is_int64(stored) else pa.string())
    if bad:
        for row, code in enumerate(encoded.indices.to_pylist()):
            if code in bad:
                reasons.setdefault(row, bad[code])
    taken = words.take(encoded.indices)
    return taken.cast(stored) if not pa.types.is_dictionary(stored) else taken.dictionary_encode()


def stored_value(field: str, value: Any) -> Scalar:
    """Return one cell as a record holds it: an `int`, a `str`, or None for `-`.

    An account id that was kept as a number gets its leading zeros back.

    Raises
    ------
    FormatError
        With the reason, if it cannot be a value of the field.
    """
    if value is None:
        return None
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError as error:
            raise FormatError(f"{field} is not UTF-8 text") from error
    spec = by_name.get(field)
    number = spec is not None and spec.type == "int"
    if isinstance(value, str):
        return parse_value(field, NULL if not value.strip() or (number and value in _NO_VALUE) else value.strip())
    if isinstance(value, datetime):
        value = int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not number:
        digits = ACCOUNT_DIGITS if field.endswith("account-id") and isinstance(value, int) else 0
        return parse_value(field, str(value).zfill(digits))
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_INT:
        raise FormatError(f"{field} is {value!r}, not a whole number")
    return value


def _row_text(batch: pa.RecordBatch, row: int) -> str:
    text: Callable[[Any], str] = lambda value: NULL if value is None else str(value)  # noqa: E731  # one use, below
    return " ".join(text(column[row].as_py()) for column in batch.columns)[:200]
