"""Columns of the service's text to typed columns, whole columns at a time.

What is not spelled as its type is null, as `-` is in a flow log. Numbers may have an exponent (*inferred* from the
service's own statistics, such as `7.1185346E7`); one that is not finite is null, as in the local engine.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rejectkit.errors import UnreadableError
from rejectkit.insights.answer import ColumnType
from rejectkit.insights.dialects import CANONICAL_NUMBER

_WHOLE = r"\A-?[0-9]+\z"
_CANONICAL_WHOLE = r"\A-?(0|[1-9][0-9]*)\z"
_CANONICAL = rf"\A({CANONICAL_NUMBER})\z"
_NUMBER = r"\A[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\z"
_TIME = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?\z"
_PRINTED_TIME = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}\z"
_MOMENT = pa.timestamp("ms")
_NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(na_value=float("nan")),  # `str`, without a Python object for each text
}
_LAST = 250 * 10**12  # milliseconds since the epoch: the year 9892
_GREATEST = float(2**63)
_GUESSES: tuple[tuple[str, ColumnType, pa.DataType], ...] = (
    (_CANONICAL_WHOLE, "int", pa.int64()),
    (_CANONICAL, "number", pa.float64()),
    (_PRINTED_TIME, "time", _MOMENT),
)


def converted(cells: pa.ChunkedArray, kind: ColumnType, name: str, *, dash: bool) -> pa.ChunkedArray:
    """Return a column of text as its type.

    Parameters
    ----------
    cells : pyarrow.ChunkedArray
        Text.
    kind : {"int", "number", "text", "time"}
        Becomes 64-bit integers, doubles, text, and times in milliseconds since the epoch.
    name : str
        Of the column, for the error.
    dash : bool
        The text `-` is null in a column of text too.

    Raises
    ------
    UnreadableError
        If a whole number does not fit in 64 bits.
    """
    if kind == "text":
        return without(cells, pc.equal(cells, "-")) if dash else cells
    return {"int": _whole, "number": _number, "time": _time}[kind](cells, name)


def series(cells: pa.ChunkedArray) -> pd.Series[Any]:
    """Return a column for pandas, numbers in types that have nulls."""
    found: pd.Series[Any] = cells.to_pandas(types_mapper=_NULLABLE.get)
    return found


def guess(cells: pa.ChunkedArray) -> ColumnType:
    """Return the narrowest type that every text of a column spells as the service prints it."""
    if cells.null_count == len(cells):
        return "text"
    for pattern, kind, as_type in _GUESSES:
        if _all(pc.match_substring_regex(cells, pattern)):
            try:
                cells.cast(as_type)
            except pa.ArrowInvalid:  # beyond 64 bits, or the 30th of February
                return "text"
            return kind
    return "text"


def without(cells: pa.ChunkedArray, mask: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column with null where the mask is true."""
    return pc.if_else(mask, pa.scalar(None, cells.type), cells)


def _all(mask: pa.ChunkedArray) -> bool:
    return bool(pc.all(mask, min_count=0).as_py())


def _spelled(cells: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    """Return the texts that a pattern matches, null elsewhere."""
    return pc.if_else(pc.match_substring_regex(cells, pattern), cells, pa.scalar(None, cells.type))


def _whole(cells: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    cells = without(cells, pc.equal(cells, "-"))
    if not _all(pc.ascii_is_decimal(cells)):
        rest = without(cells, pc.match_substring_regex(cells, _WHOLE))
        truth = pc.if_else(pc.equal(rest, "true"), "1", pc.if_else(pc.equal(rest, "false"), "0", rest))
        number = _number(truth, name)
        if number.null_count < len(number):  # 1.2E9 is whole, 1.5 is not
            number = without(number, pc.not_equal(pc.floor(number), number))
            beyond = pc.filter(cells, pc.fill_null(pc.greater_equal(pc.abs(number), _GREATEST), False))
            if len(beyond):
                raise _too_great(beyond[0].as_py(), name)
            return pc.coalesce(_cast_whole(_spelled(cells, _WHOLE), name), number.cast(pa.int64(), safe=False))
        cells = _spelled(cells, _WHOLE)
    return _cast_whole(cells, name)


def _cast_whole(cells: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    try:
        return cells.cast(pa.int64())
    except pa.ArrowInvalid as error:
        about = cells.cast(pa.float64())
        first = pc.index(pc.equal(pc.abs(about), pc.max(pc.abs(about))), True).as_py()
        raise _too_great(cells[first].as_py(), name) from error


def _too_great(text: str, name: str) -> UnreadableError:
    return UnreadableError(
        f"the answer's column {name!r} has {text}, which is too great for 64 bits; "
        "divide it in the query, such as `/ 1000000`, and it comes as a number with a fraction"
    )


def _number(cells: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    number = _spelled(cells, _NUMBER).cast(pa.float64())
    return without(number, pc.invert(pc.is_finite(number)))


def _time(cells: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    millis = pc.match_substring_regex(cells, _WHOLE)
    if _all(millis):
        return _millis(cells, name)
    try:
        moment = _spelled(cells, _TIME).cast(_MOMENT).cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise UnreadableError(f"the answer's column {name!r} has a time that is none: {error}") from error
    if moment.null_count == cells.null_count:
        return moment
    return pc.coalesce(moment, _millis(pc.if_else(millis, cells, pa.scalar(None, cells.type)), name))


def _millis(cells: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    found = _cast_whole(cells, name)
    beyond = pc.filter(cells, pc.fill_null(pc.greater(pc.abs(found), _LAST), False))
    if len(beyond):
        raise UnreadableError(f"the answer's column {name!r} has a time that is none: {beyond[0].as_py()} milliseconds")
    return found
