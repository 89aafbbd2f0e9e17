"""Rows of several sources as one table, with what a query needs to know of its columns.

A typed answer shows the value `-` and a missing field alike, as null; the language does not. So each row also says
which of its fields it has, as a text of ones and noughts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rejectkit.insights import Column
from rejectkit.records import NULL, field_type

TIMES = ("@timestamp", "@ingestionTime")


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one source.

    Attributes
    ----------
    frame : DataFrame
        A column for each of `names`, by that name.
    names : tuple of str
        Those the source has.
    presence : Series or None
        Of each row, for each field in `names` that is one of the record, 1 if it is there and 0 if not.
    """

    frame: pd.DataFrame
    names: tuple[str, ...]
    presence: pd.Series[Any] | None = None

    def there(self, name: str) -> npt.NDArray[np.bool_]:
        """Return which rows have a field."""
        if name not in self.names:
            return np.zeros(len(self.frame), dtype=bool)
        if self.presence is None:
            return np.ones(len(self.frame), dtype=bool)
        place = [one for one in self.names if not one.startswith("@")].index(name)
        codes, kinds = pd.factorize(self.presence)
        return np.array([str(kind)[place] == "1" for kind in kinds], dtype=bool)[codes]


@dataclass(frozen=True, slots=True)
class Stack:
    """Rows of all sources.

    Attributes
    ----------
    rows : pyarrow.Table
        Columns `k0`, `k1` …
    columns : dict of str to Column
        What a query may name.
    partial : tuple of str
        Fields that only some of the rows have: there `-` is a text.
    """

    rows: pa.Table
    columns: dict[str, Column]
    partial: tuple[str, ...]


def stack(parts: Sequence[Part], names: Sequence[str]) -> Stack:
    """Return the rows of parts below each other, in columns of one type each."""
    arrays: list[pa.ChunkedArray] = []
    columns: dict[str, Column] = {}
    partial: list[str] = []
    for at, name in enumerate(names):
        sql = f'"k{at}"'
        if name in TIMES:
            arrays.append(_chunked([_times(part, name) for part in parts], pa.int64()))
            columns[name] = Column(sql, "time")
        elif name.startswith("@"):
            arrays.append(_chunked([_texts(part, name) for part in parts], pa.large_string()))
            columns[name] = Column(sql, "text")
        else:
            there = [part.there(name) for part in parts]
            whole = field_type(name) == "int"
            if all(rows.all() for rows in there):
                number = all(pd.api.types.is_integer_dtype(part.frame[name]) for part in parts if name in part.names)
                make, kind = (_numbers, pa.int64()) if whole and number else (_values, pa.large_string())
                arrays.append(_chunked([make(part, name) for part in parts], kind))
                columns[name] = Column(sql, "int" if kind == pa.int64() else "text", dash=True, whole=whole)
            else:
                spelled = [_spelled(part, name, rows) for part, rows in zip(parts, there, strict=True)]
                arrays.append(_chunked(spelled, pa.large_string()))
                columns[name] = Column(sql, "text", whole=whole)
                partial.append(name)
    return Stack(pa.table({f"k{at}": array for at, array in enumerate(arrays)}), columns, tuple(partial))


def _chunked(arrays: list[pa.Array], kind: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array(arrays, type=kind)


def _nothing(part: Part, kind: pa.DataType) -> pa.Array:
    return pa.nulls(len(part.frame), kind)


def _times(part: Part, name: str) -> pa.Array:
    """Return milliseconds since the epoch."""
    if name not in part.names:
        return _nothing(part, pa.int64())
    moments = part.frame[name]
    if not isinstance(moments.dtype, pd.DatetimeTZDtype):
        moments = pd.to_datetime(moments, utc=True)
    values = moments.dt.tz_convert(None).to_numpy().astype("datetime64[ms]")
    return pa.array(values.astype(np.int64), mask=np.isnat(values))


def _numbers(part: Part, name: str) -> pa.Array:
    if name not in part.names:
        return _nothing(part, pa.int64())
    return pa.array(part.frame[name].astype("Int64"), type=pa.int64(), from_pandas=True)


def _texts(part: Part, name: str) -> pa.Array:
    if name not in part.names:
        return _nothing(part, pa.large_string())
    values = pa.array(part.frame[name], from_pandas=True)
    return values.cast(pa.large_string())


def _values(part: Part, name: str) -> pa.Array:
    """Return texts, `-` as null."""
    texts = _texts(part, name)
    return pc.if_else(pc.equal(texts, NULL), pa.scalar(None, pa.large_string()), texts)


def _spelled(part: Part, name: str, there: npt.NDArray[np.bool_]) -> pa.Array:
    """Return texts, null where a row has not the field."""
    texts = pc.fill_null(_texts(part, name), NULL)
    return pc.if_else(pa.array(there), texts, pa.scalar(None, pa.large_string()))
