"""DuckDB's rows as a pandas table: whole numbers whole, also where some are missing."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Return DuckDB's rows with whole numbers whole, also where some are missing."""
    columns: dict[int, pd.Series[Any]] = {}
    for at, column in enumerate(table.columns):
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64()) if column.type.scale else _whole(column)
        if pa.types.is_integer(column.type):
            columns[at] = pd.Series(column.to_pandas(integer_object_nulls=True), dtype="Int64")
        else:
            columns[at] = column.to_pandas()
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:  # a sum beyond 64 bits
        return column.cast(pa.float64())
