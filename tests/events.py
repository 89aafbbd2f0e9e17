"""A query asked of a few events held in memory, by the engine itself."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from rejectkit.insights import Column, Compiled, Table, compile_query, parse
from rejectkit.records import field_type

_SQL = {"int": "BIGINT", "text": "VARCHAR", "time": "BIGINT"}


def ask(
    query: str, events: Sequence[Mapping[str, Any]], *, typed: bool = False, **options: Any
) -> list[dict[str, Any]]:
    """Return the answer's rows, a missing value left out.

    An event's fields are texts, as the service keeps them; with `typed`, a flow-log number is held as one and `-` as
    null, as a store of flow logs does.
    """
    names = sorted({name for event in events for name in event} | {"@timestamp", "@message"})
    columns = {name: _column(name, typed) for name in names}
    plan = compile_query(parse(query), Table("events", columns), output="text", **options)
    with duckdb.connect() as connection:
        spelled = ", ".join(f'"{name}" {_SQL[columns[name].type]}' for name in names)
        connection.execute(f"CREATE TABLE events ({spelled})")
        for event in events:
            values = [_held(event.get(name), columns[name]) for name in names]
            connection.execute(f"INSERT INTO events VALUES ({', '.join('?' * len(names))})", values)
        rows = connection.execute(plan.sql).fetchall()
    for warning in plan.warnings:
        warnings.warn(warning, stacklevel=2)
    return [named(plan, row) for row in rows]


def named(plan: Compiled, row: Sequence[Any]) -> dict[str, Any]:
    """Return one row by column name, missing values left out."""
    return {column.name: value for column, value in zip(plan.answer.columns, row, strict=True) if value is not None}


def _column(name: str, typed: bool) -> Column:
    if name == "@timestamp":
        return Column('"@timestamp"', "time")
    number = typed and field_type(name) == "int"
    return Column(f'"{name}"', "int" if number else "text", dash=typed and not name.startswith("@"))


def _held(value: Any, column: Column) -> Any:
    return None if column.dash and value == "-" else value
