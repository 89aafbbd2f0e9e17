"""A query over a table in memory, answered by DuckDB."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from rejectkit.errors import RejectkitError
from rejectkit.insights import syntax as s
from rejectkit.insights.answer import Answer
from rejectkit.insights.compile import Column, Table, compile_query
from rejectkit.window import Window

RELATION = "rejectkit_frame"
OnCancel = Callable[[Callable[[], None]], Callable[[], None]]


def query_frame(
    query: s.Query,
    rows: Any,
    columns: Mapping[str, Column],
    *,
    window: Window | None = None,
    all_rows: bool = False,
    on_cancel: OnCancel | None = None,
) -> tuple[pd.DataFrame, Answer]:
    """Answer a query over a table in memory.

    Parameters
    ----------
    query : Query
        From `parse`.
    rows : DataFrame or pyarrow.Table
        One row an event; times in milliseconds since the epoch.
    columns : mapping of str to Column
        What a query may name, and the SQL of it over the columns of `rows`.
    window : Window, optional
        Keeps the rows stamped in it.
    all_rows : bool
        Lift the language's limit of 10,000 rows where the query sets none.
    on_cancel : callable, optional
        Is given what stops the work, and returns what takes that back, as `Watch.on_cancel` does.

    Returns
    -------
    DataFrame, Answer
        The typed answer, and its shape.

    Raises
    ------
    QueryError
        If the query is not allowed; UnsupportedError if it is not answered here.
    RejectkitError
        If DuckDB could not answer it, or was stopped.

    Examples
    --------
    >>> from rejectkit.insights import parse
    >>> frame = pd.DataFrame({"port": [22, 22, 443]})
    >>> query_frame(parse("stats count(*) as n by dstPort"), frame, {"dstPort": Column("port", "int")})[0]
       dstPort  n
    0       22  2
    1      443  1
    """
    compiled = compile_query(query, Table(RELATION, columns), window=window, all_rows=all_rows)
    spill = os.path.join(tempfile.gettempdir(), "rejectkit-duckdb")
    with duckdb.connect(":memory:", config={"temp_directory": spill}) as con:
        con.execute("SET enable_progress_bar = false")
        con.register(RELATION, rows)
        forget = on_cancel(con.interrupt) if on_cancel is not None else None
        try:
            found = _fetched(con, compiled.sql)
        except duckdb.Error as error:
            raise RejectkitError(f"DuckDB could not answer the query: {error}") from error
        finally:
            if forget is not None:
                forget()
    return compiled.answer.typed(_frame(found)), compiled.answer


def _fetched(con: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    """Return the columns of an answer; in a thread, as DuckDB does not look for an interrupt from the keyboard."""
    with ThreadPoolExecutor(1, thread_name_prefix="rejectkit-query") as pool:
        try:
            return pool.submit(lambda: con.execute(sql).fetchnumpy()).result()
        except BaseException:
            con.interrupt()
            raise


def _frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return DuckDB's columns with whole numbers whole, also where some are missing."""
    out: dict[int, Any] = {}
    for at, values in enumerate(columns.values()):
        gone = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
        plain = np.ma.getdata(values) if gone is not None else values
        if isinstance(plain, np.ndarray) and plain.dtype.kind == "i":
            mask = gone if gone is not None else np.zeros(len(plain), dtype=bool)
            out[at] = pd.arrays.IntegerArray(plain.astype(np.int64), mask)
        elif gone is not None:
            out[at] = pd.Series(plain).mask(gone)
        else:
            out[at] = values
    return pd.DataFrame(out)
