"""Pages of the service's rows to a table: parsed, turned and typed column by column, never row by row.

The service answers a query with rows of `{field, value}`, every value a text and a missing one left out.
Source: GetQueryResults.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from rejectkit.errors import UnreadableError
from rejectkit.insights.answer import Answer, AnswerColumn
from rejectkit.sources.cloudwatch import celltypes

POINTER = "@ptr"
STATISTICS = (
    "recordsMatched",
    "recordsScanned",
    "estimatedRecordsSkipped",
    "bytesScanned",
    "estimatedBytesSkipped",
    "logGroupsScanned",
    "resultCount",
)
_ROWS = pa.list_(pa.list_(pa.struct([("field", pa.string()), ("value", pa.string())])))
_SCHEMA = pa.schema(
    [
        ("status", pa.string()),
        ("nextToken", pa.string()),
        ("statistics", pa.struct([(name, pa.float64()) for name in STATISTICS])),
        ("results", _ROWS),
    ]
)
_AFTER_NULL = re.compile(rb"\}\s*null")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of GetQueryResults.

    Attributes
    ----------
    status : str
        Such as `Running` or `Complete`; empty where the answer has none.
    statistics : mapping of str to float
        Those the answer has, such as `bytesScanned`.
    next_token : str or None
        Of the page after this one.
    rows : pyarrow.ListArray
        A list of `{field, value}` for each row.
    """

    status: str
    statistics: Mapping[str, float]
    next_token: str | None
    rows: pa.Array


def read_page(body: bytes) -> Page:
    """Return what the body of an answer of GetQueryResults says; members it does not know are left out.

    Half of a surrogate pair and bytes that are not UTF-8 become the replacement character.

    Raises
    ------
    UnreadableError
        If it is not such an answer.

    Examples
    --------
    >>> page = read_page(b'{"status": "Complete", "results": [[{"field": "dstPort", "value": "22"}]]}')
    >>> page.status, page.rows.to_pylist()
    ('Complete', [[{'field': 'dstPort', 'value': '22'}]])
    """
    try:
        parsed = _parsed(body if _plain(body) else _mended(body))
    except pa.ArrowInvalid:
        try:
            parsed = _parsed(_mended(body))
        except pa.ArrowInvalid as error:
            told = str(error).removeprefix("JSON parse error: ").removesuffix(" in row 0")
            raise _unreadable(told) from error
    (told,) = parsed.select(["status", "nextToken", "statistics"]).to_pylist()
    statistics = {name: value for name, value in (told["statistics"] or {}).items() if value is not None}
    rows = parsed.column("results").combine_chunks().flatten()
    return Page(told["status"] or "", statistics, told["nextToken"], rows)


def table(pages: Iterable[Page], names: Iterable[str] | None = None) -> pa.Table:
    """Return the rows of pages as a table of text.

    Parameters
    ----------
    pages : iterable of Page
        In order; each is let go of once it is turned.
    names : iterable of str, optional
        Fields to have, in order; a field that no row has is null. Without them: all that the rows have, in the
        order they come up, but for `@ptr`.

    Returns
    -------
    pyarrow.Table
        A column of text for each name, null where a row lacks the field. Of a field that a row has twice,
        the later value counts.
    """
    wanted = None if names is None else list(dict.fromkeys(names))
    turned = [_turned(page.rows, wanted) for page in pages]
    if wanted is None:
        wanted = [name for name in dict.fromkeys(name for _, columns in turned for name in columns) if name != POINTER]
    if not wanted:
        rows = pa.nulls(sum(count for count, _ in turned), pa.struct([]))
        return pa.Table.from_batches([pa.RecordBatch.from_struct_array(rows)])
    parts = {
        name: [columns[name] if name in columns else pa.nulls(count, pa.string()) for count, columns in turned]
        for name in wanted
    }
    return pa.table({name: pa.chunked_array(part, pa.string()) for name, part in parts.items()})


def typed(table: pa.Table, answer: Answer, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a table of the service's text as the answer to a query: named, typed, cut at its limit.

    Parameters
    ----------
    table : pyarrow.Table
        From `table`.
    answer : Answer
        Of the query as the user wrote it.
    names : sequence of str, optional
        For each column of the answer, the service's name of it; its own name without them.

    Returns
    -------
    DataFrame
        As `Answer.typed`; a column the service did not send is null. Whole numbers, numbers and times are null
        where the text is none, and a text of a dashed column where it is `-`.

    Raises
    ------
    UnreadableError
        If a whole number does not fit in 64 bits.
    """
    columns: dict[int, pd.Series[Any]] = {}
    for at, (column, name) in enumerate(
        zip(answer.columns, names or [one.name for one in answer.columns], strict=True)
    ):
        if name in table.column_names:
            cells = table.column(name)
        else:
            cells = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
        columns[at] = celltypes.series(celltypes.converted(cells, column.type, column.name, dash=column.dash))
    return answer.typed(pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows)))


def guessed(table: pa.Table) -> pd.DataFrame:
    """Return a table of the service's text typed by what it looks like, for answers whose columns are not known.

    Returns
    -------
    DataFrame
        A column is `Int64` or `Float64` if every value in it spells a number canonically (and, where whole, fits in
        64 bits), `datetime64[ms, UTC]` if every one is a time as the service prints it, else `str`.
    """
    cells = zip(table.column_names, table.columns, strict=True)
    columns = tuple(AnswerColumn(name, celltypes.guess(column)) for name, column in cells)
    return typed(table, Answer(columns, "rows", None))


def _turned(rows: pa.Array, wanted: list[str] | None) -> tuple[int, dict[str, pa.Array]]:
    """Return how many rows there are, and a column of text for each wanted field they have."""
    lengths = pc.fill_null(pc.list_value_length(rows), 0).to_numpy()
    fields, values = rows.flatten().flatten()
    coded = fields.dictionary_encode()
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    row_of = np.repeat(np.arange(len(rows)), lengths)
    columns: dict[str, pa.Array] = {}
    for code, name in enumerate(coded.dictionary.to_pylist()):
        if wanted is not None and name not in wanted:
            continue
        places = np.flatnonzero(codes == code)
        taken = np.full(len(rows), -1)
        taken[row_of[places]] = places
        columns[name] = values.take(pa.array(taken, mask=taken < 0))
    return len(rows), columns


def _parsed(body: bytes) -> pa.Table:
    parsed = pj.read_json(
        pa.BufferReader(body),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(body) + 1),
        parse_options=pj.ParseOptions(
            explicit_schema=_SCHEMA, newlines_in_values=True, unexpected_field_behavior="ignore"
        ),
    )
    if parsed.num_rows != 1:
        raise _unreadable(f"there are {parsed.num_rows} JSON objects in it, not one")
    return parsed


def _plain(body: bytes) -> bool:
    """Tell whether Arrow may have a body as it is: it does not look whether it is UTF-8, and a null row ends it."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            return False
    if b"null" in body and _AFTER_NULL.search(body):
        return False
    return body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}"


def _mended(body: bytes) -> bytes:
    """Return a body said again in the strictest spelling, where Python can read it."""
    try:
        told = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"it is not JSON: {error}" if body.strip() else "it is empty") from error
    if not isinstance(told, dict):
        raise _unreadable(f"it is a JSON {type(told).__name__}, not an object")
    text = json.dumps(told, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _unreadable(told: str) -> UnreadableError:
    return UnreadableError(f"an answer of GetQueryResults cannot be read: {told}; send the query again")
