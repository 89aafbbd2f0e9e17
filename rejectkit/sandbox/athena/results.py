"""A query's result: the file that Athena puts in S3, and the pages of GetQueryResults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rejectkit.sandbox.athena.store import Execution
from rejectkit.sandbox.trino.engine import Row
from rejectkit.sandbox.trino.kinds import digits, is_decimal

MOST_ROWS = 1000  # Source: GetQueryResults, MaxResults
_PRECISION = {"bigint": 19, "integer": 10, "smallint": 5, "tinyint": 3, "double": 17, "real": 9, "varchar": 2147483647}


def file(one: Execution) -> bytes:
    """Return the result file: CSV with a header line; every value in quotation marks, null nothing at all.

    Source: Athena user guide, Working with query results. What is no query has a text file, a line a row.
    """
    if one.statement != "DML":
        return "".join("\t".join(cell or "" for cell in row) + "\n" for row in one.rows).encode()
    header = ",".join(_quoted(name) for name, _ in one.columns)
    return "\n".join([header, *(",".join(map(_quoted, row)) for row in one.rows), ""]).encode()


def _quoted(value: str | None) -> str:
    return "" if value is None else f'"{value.replace(chr(34), chr(34) * 2)}"'


def page(one: Execution, first: int, most: int) -> tuple[bytes, int | None]:
    """Return one page of GetQueryResults, and where the next begins; a query's first row is its header."""
    header: list[Row] = [tuple(name for name, _ in one.columns)] if one.statement == "DML" else []
    rows = [*header, *one.rows]
    last = min(first + most, len(rows))
    told: dict[str, Any] = {
        "UpdateCount": 0,
        "ResultSet": {
            "Rows": [{"Data": [_cell(value) for value in row]} for row in rows[first:last]],
            "ResultSetMetadata": {"ColumnInfo": list(_columns(one))},
        },
    }
    if last < len(rows):
        told["NextToken"] = f"{one.id}/{last}"
    return json.dumps(told).encode(), last if last < len(rows) else None


def _cell(value: str | None) -> Mapping[str, str]:
    return {} if value is None else {"VarCharValue": value}


def _columns(one: Execution) -> Iterable[Mapping[str, Any]]:
    for name, kind in one.columns:
        precision, scale = digits(kind) if is_decimal(kind) else (_PRECISION.get(kind, 0), 0)
        base = kind.partition("(")[0] + (" with time zone" if kind.endswith("zone") else "")
        yield {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": name,
            "Label": name,
            "Type": base,
            "Precision": precision if not base.startswith("timestamp") else 3,
            "Scale": scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": base == "varchar",
        }
