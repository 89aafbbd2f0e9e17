"""A query's whole result from the file that Athena writes to S3, or from its pages where the file cannot be had.

Athena's file is CSV in UTF-8: every value in quotes, a missing one nothing at all. Source: Athena User Guide, "Work
with query results and recent queries"; what it does not say is *inferred*.

It is read here by Arrow, not by awswrangler or PyAthena: a million rows of 8 columns take 0.4 s here, 1.0 s and 0.5 s
there, and neither of those keeps a null apart from an empty text (the first makes both null, the second both empty),
ends at a deadline, or stops at a cost. `benchmarks/athena_bench.py` measures it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from rejectkit.aws import Service, download, place_of
from rejectkit.errors import (
    AccessDeniedError,
    ArgumentError,
    ConnectionLostError,
    MissingResourceError,
    RefusedError,
    UnreadableError,
)
from rejectkit.insights.answer import Answer
from rejectkit.pacing import Check
from rejectkit.sources.athena.running import Execution
from rejectkit.sources.cloudwatch import celltypes

PAGE: Final = 1000  # rows; the most there are in one. Source: GetQueryResults
IN_MEMORY: Final = 16 << 20  # bytes of a result above which it lies in a temporary file while it is read
_TYPES: Final = {"int": pa.int64(), "number": pa.float64(), "text": pa.string(), "time": pa.int64()}
_NOT_TO_BE_HAD = (AccessDeniedError, MissingResourceError, RefusedError, ArgumentError)


def fetch(athena: Service, s3: Service, execution: Execution, answer: Answer, check: Check = lambda: None) -> pa.Table:
    """Return the result of a query that succeeded.

    Parameters
    ----------
    athena, s3 : Service
        Athena and S3.
    execution : Execution
        The query.
    answer : Answer
        What its columns are; the SQL names them `c0`, `c1` and so on.
    check : callable
        Called between pieces; what it raises ends the work.

    Returns
    -------
    pyarrow.Table
        Columns `c0`, `c1` …: whole numbers and times int64, numbers float64, text string. As for `typed`.

    Raises
    ------
    UnreadableError
        If the result is not that of the query.
    AwsError
        If it cannot be had.
    """
    if execution.output and execution.plain:
        try:
            return _from_file(s3, execution.output, answer, check)
        except _NOT_TO_BE_HAD:  # no right to read it, or it is elsewhere: Athena hands it out too
            pass
    return _from_pages(athena, execution.id, answer, check)


def typed(table: pa.Table, answer: Answer) -> pd.DataFrame:
    """Return a result as the answer to the query: named, typed, cut at its limit."""
    columns = {at: celltypes.series(cells) for at, cells in enumerate(table.columns)}
    return answer.typed(pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False))


def read_csv(source: Any, answer: Answer) -> pa.Table:
    """Return what a result file holds.

    Parameters
    ----------
    source : path, buffer or file
        The file, as Athena wrote it.
    answer : Answer
        What its columns are.

    Raises
    ------
    UnreadableError
        If it is not the result of a query with these columns.
    """
    names = _names(answer)
    kinds = {name: _TYPES[column.type] for name, column in zip(names, answer.columns, strict=True)}
    try:
        found = _read(source, kinds)
    except pa.ArrowInvalid:  # a number beyond 64 bits, in an unusual spelling, or bytes that are not UTF-8
        try:
            found = _read(source, dict.fromkeys(kinds, pa.binary()))
        except pa.ArrowInvalid as error:
            raise _unreadable(str(error)) from error
        _check_names(found.column_names, names)
        return _converted([_text(cells) for cells in found.columns], answer)
    _check_names(found.column_names, names)
    return _finite(found)


def _from_file(s3: Service, output: str, answer: Answer, check: Check) -> pa.Table:
    bucket, key = place_of(output)
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        download(s3, bucket, key, file, check=check)
        return read_csv(file, answer)


def _from_pages(athena: Service, name: str, answer: Answer, check: Check) -> pa.Table:
    """Return a result from pages; of a SELECT the first row of the first page is the names of the columns."""
    names = _names(answer)
    more: dict[str, Any] = {"QueryExecutionId": name, "MaxResults": PAGE}
    pages: list[list[pa.Array]] = []
    tokens: set[str] = set()
    while True:
        told = athena.call("GetQueryResults", check=check, **more)
        rows = told.get("ResultSet", {}).get("Rows", [])
        if not pages:
            _check_names([cell.get("VarCharValue") for cell in rows[0].get("Data", [])] if rows else [], names)
            rows = rows[1:]
        pages.append(_turned(rows, len(names)))
        token = told.get("NextToken")
        if not token:
            break
        if token in tokens:
            raise ConnectionLostError(
                "athena.GetQueryResults gives the same page again: run the query again",
                operation="athena.GetQueryResults",
            )
        tokens.add(token)
        more["NextToken"] = token
    columns = [pa.chunked_array([page[at] for page in pages], pa.string()) for at in range(len(names))]
    return _converted(columns, answer)


def _read(source: Any, kinds: dict[str, pa.DataType]) -> pa.Table:
    if hasattr(source, "seek"):
        source.seek(0)
    return pyarrow.csv.read_csv(
        source,
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=kinds, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )


def _turned(rows: Iterable[dict[str, Any]], width: int) -> list[pa.Array]:
    values = [[cell.get("VarCharValue") for cell in row.get("Data", [])] for row in rows]
    odd = next((one for one in values if len(one) != width), None)
    if odd is not None:
        raise _unreadable(f"a row has {len(odd)} values, not {width}")
    return [pa.array([one[at] for one in values], pa.string()) for at in range(width)]


def _text(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return bytes as text; what is not UTF-8 becomes the replacement character."""
    try:
        return cells.cast(pa.string())
    except pa.ArrowInvalid:
        texts = [None if one is None else one.decode("utf-8", "replace") for one in cells.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])


def _converted(columns: Sequence[pa.ChunkedArray], answer: Answer) -> pa.Table:
    made = [
        celltypes.converted(cells, column.type, column.name, dash=False)
        for cells, column in zip(columns, answer.columns, strict=True)
    ]
    return pa.table(dict(zip(_names(answer), made, strict=True)))


def _finite(table: pa.Table) -> pa.Table:
    """Return a table in which a number that is not finite is null, as in every source."""
    for at, cells in enumerate(table.columns):
        if pa.types.is_floating(cells.type):
            table = table.set_column(at, table.field(at).name, celltypes.without(cells, pc.invert(pc.is_finite(cells))))
    return table


def _names(answer: Answer) -> list[str]:
    return [f"c{at}" for at in range(len(answer.columns))]


def _check_names(found: Sequence[Any], expected: Sequence[str]) -> None:
    if list(found) != list(expected):
        raise _unreadable(f"its columns are {', '.join(map(str, found)) or 'none'}, not {', '.join(expected)}")


def _unreadable(told: str) -> UnreadableError:
    return UnreadableError(f"the result that Athena gave cannot be read: {told}; run the query again")
