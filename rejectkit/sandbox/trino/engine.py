"""Runs translated queries: DuckDB, taught Trino's functions, over what a table's objects hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import duckdb

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.kinds import Type, duck
from rejectkit.sandbox.trino.queries import Translated
from rejectkit.sandbox.trino.scope import Scan, quoted
from rejectkit.sandbox.trino.udfs import MARK, equip

_MARKED = re.compile(rf"{MARK}\|(\w+)\|(.*)\|", re.DOTALL)
_OVERFLOW = re.compile(r"Overflow in (\w+) of (INT\d+|DECIMAL\S*) \((.*)\)")
_WIDTHS = {"INT64": "bigint", "INT32": "integer", "INT16": "smallint", "INT8": "tinyint"}
_VALUE = re.compile(r"(?:value|string) '?([^ ']+)'?.* (?:type|to) (INT\d+)")

Row = tuple[str | None, ...]


class Engine:
    """One DuckDB, in memory."""

    def __init__(self) -> None:
        """Start one, with Trino's functions."""
        self.connection = duckdb.connect(":memory:", config={"threads": 2})
        self.connection.execute("SET TimeZone = 'UTC'")
        equip(self.connection)

    def run(self, made: Translated) -> list[Row]:
        """Return the rows of a query, whose tables are there under their names.

        Raises
        ------
        TrinoError
            If it fails.
        """
        try:
            return self.connection.execute(made.text).fetchall()
        except duckdb.Error as error:
            raise refused(error) from error

    def kept(
        self, scan: Scan, names: Sequence[str], values: Sequence[Sequence[str]], kinds: Mapping[str, Type]
    ) -> list[int]:
        """Return which of several partitions a query's conditions let pass; one that cannot be judged passes.

        Parameters
        ----------
        scan : Scan
            The table, with its conditions; those on other columns than `names` are left aside.
        names : sequence of str
            Partition columns.
        values : sequence of sequence of str
            For each partition their values.
        kinds : mapping of str to str
            Their types.
        """
        tests = [text for columns, text in scan.conditions if columns <= set(names)]
        if not tests or not values:
            return list(range(len(values)))
        listed = ", ".join(
            f"CAST(unnest(CAST(? AS VARCHAR[])) AS {duck(kinds[name])}) AS {quoted(name)}" for name in names
        )
        columns = [[row[at] for row in values] for at in range(len(names))]
        where = " AND ".join(f"coalesce({test}, FALSE)" for test in tests)
        rows = f"SELECT {listed}, unnest(range({len(values)})) AS nth"
        text = f"SELECT nth FROM ({rows}) AS {quoted(scan.alias)} WHERE {where}"
        try:
            return [int(row[0]) for row in self.connection.execute(text, columns).fetchall()]
        except duckdb.Error:
            return list(range(len(values)))


def refused(error: duckdb.Error) -> TrinoError:
    """Return an error of DuckDB's as Trino's."""
    text = str(error)
    if found := _MARKED.search(text):
        return TrinoError(found[1], found[2])
    if "Division by zero" in text:
        return TrinoError("DIVISION_BY_ZERO", "Division by zero")
    if found := _OVERFLOW.search(text):
        kind = _WIDTHS.get(found[2], found[2].lower())
        return TrinoError("NUMERIC_VALUE_OUT_OF_RANGE", f"{kind} {found[1]} overflow: {found[3]}")
    if "must appear in the GROUP BY clause" in text:
        named = re.search(r'column "(.*?)" must', text)
        what = f"'{named[1]}'" if named else "an expression"
        return TrinoError(
            "EXPRESSION_NOT_AGGREGATE", f"{what} must be an aggregate expression or appear in GROUP BY clause"
        )
    if isinstance(error, duckdb.ConversionException):
        if found := _VALUE.search(text):
            kind = _WIDTHS.get(found[2], "bigint")
            if found[1].lstrip("-") in ("nan", "inf"):
                return TrinoError("INVALID_CAST_ARGUMENT", f"Cannot cast double {found[1]} to {kind}")
            return TrinoError("NUMERIC_VALUE_OUT_OF_RANGE", f"Out of range for {kind}: {found[1]}")
        return TrinoError("INVALID_CAST_ARGUMENT", text.splitlines()[0].partition(": ")[2])
    if isinstance(error, duckdb.OutOfRangeException):
        return TrinoError("NUMERIC_VALUE_OUT_OF_RANGE", text.splitlines()[0].partition(": ")[2])
    if "More than one row returned by a subquery" in text:
        return TrinoError("SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows")
    return TrinoError("GENERIC_INTERNAL_ERROR", f"The sandbox could not run it: {text.splitlines()[0]}")
