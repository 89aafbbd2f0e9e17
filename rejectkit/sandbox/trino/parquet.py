"""Records as the Parquet files that AWS delivers: its column names and types, gzip inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

_TYPES = {"int32": "INTEGER", "int64": "BIGINT", "string": "VARCHAR"}


def parquet_body(lines: Sequence[str], columns: Mapping[str, str]) -> bytes:
    """Return a Parquet file of records; `-` is null where a column is a number, and a text else.

    Parameters
    ----------
    lines : sequence of str
        Records, a word for each column.
    columns : mapping of str to str
        Names, and `int32`, `int64` or `string`.
    """
    fields = ", ".join(
        f"CAST(nullif(w[{at}], '-') AS {_TYPES[kind]}) AS \"{name}\"" if kind != "string" else f'w[{at}] AS "{name}"'
        for at, (name, kind) in enumerate(columns.items(), 1)
    )
    with TemporaryDirectory(prefix="rejectkit-sandbox-") as folder, duckdb.connect(":memory:") as connection:
        connection.register("given", pd.DataFrame({"line": pd.Series(list(lines), dtype=object)}))
        path = Path(folder, "made.parquet")
        source = "SELECT regexp_split_to_array(line, '\\s+') AS w FROM given"
        quoted = str(path).replace("'", "''")
        connection.execute(f"COPY (SELECT {fields} FROM ({source})) TO '{quoted}' (FORMAT parquet, COMPRESSION gzip)")
        return path.read_bytes()
