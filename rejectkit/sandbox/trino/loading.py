"""Objects of a table, loaded into DuckDB as Trino's readers of Hive tables take them.

Text as LazySimpleSerDe has it: fields by their place, what does not fit its type is null, missing ones are null and
surplus ones dropped. Parquet by the names of its columns. Source: Athena user guide, Lazy Simple SerDe, Handle schema
updates; a value that does not fit: Hive's LazyPrimitive classes.
"""

from __future__ import annotations

import gzip
import shutil
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import numpy as np
import pandas as pd

from rejectkit.sandbox.athena.objects import Object
from rejectkit.sandbox.athena.tables import Table
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.kinds import Type, duck, is_decimal, is_whole
from rejectkit.sandbox.trino.scope import quoted

Read = Callable[[Object], bytes]
Part = tuple[Object, tuple[str, ...]]
_KEPT = 24  # loaded relations
_FITS: dict[str, tuple[str, ...]] = {
    "tinyint": ("TINYINT",),
    "smallint": ("TINYINT", "SMALLINT", "INTEGER"),
    "integer": ("TINYINT", "SMALLINT", "INTEGER", "USMALLINT", "UTINYINT"),
    "bigint": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UINTEGER", "USMALLINT", "UTINYINT"),
    "double": ("DOUBLE", "FLOAT"),
    "real": ("FLOAT",),
    "varchar": ("VARCHAR", "BLOB"),
    "boolean": ("BOOLEAN",),
    "date": ("DATE",),
    "timestamp(3)": ("TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP_NS"),
}


class Loader:
    """Loads relations, and keeps the latest for queries that read the same."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Load into a connection."""
        self.connection = connection
        self._loaded: OrderedDict[object, str] = OrderedDict()
        self._count = 0
        self._folder: Path | None = None
        self._parquet: dict[tuple[str, str, str], tuple[Path, dict[str, str], dict[str, int]]] = {}

    def load(self, table: Table, parts: Sequence[Part], read: Read, name: str) -> None:
        """Make a relation of a table's objects, under a name."""
        key = (
            tuple(table.columns.items()),
            tuple(table.keys.items()),
            (table.parquet, table.delimiter, table.header),
            tuple((one.uri, one.tag, values) for one, values in parts),
        )
        held = self._loaded.get(key)
        if held is None:
            self._count += 1
            held = f"loaded{self._count}"
            (self._from_parquet if table.parquet else self._from_text)(table, parts, read, held)
            self._loaded[key] = held
            if len(self._loaded) > _KEPT:
                self.connection.execute(f"DROP TABLE {self._loaded.popitem(last=False)[1]} CASCADE")
        self._loaded.move_to_end(key)
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS SELECT * FROM {held}")

    def scanned(self, table: Table, parts: Sequence[Part], used: set[str], read: Read) -> int:
        """Return the bytes that are read: of text all, of Parquet those of the columns that are used."""
        if not table.parquet:
            return sum(one.size for one, _ in parts)
        total = 0
        for one, _ in parts:
            _, _, sizes = self._file(one, read)
            total += sum(size for column, size in sizes.items() if column in used)
        return total

    # text

    def _from_text(self, table: Table, parts: Sequence[Part], read: Read, name: str) -> None:
        lines: list[str] = []
        counts = []
        for one, _ in parts:
            mine = _lines(one, read(one))[table.header :]
            lines += mine
            counts.append(len(mine))
        at = np.repeat(np.arange(len(parts)), counts) if parts else np.array([], np.int64)
        frame = pd.DataFrame({"line": pd.Series(lines, dtype=object), "nth": at})
        fields = [
            f"{_field(f'w[{number}]', kind)} AS {quoted(column)}"
            for number, (column, kind) in enumerate(table.columns.items(), 1)
        ]
        split = "string_split(line, ?)"
        self._create(name, table, parts, fields, f"(SELECT {split} AS w, nth FROM given)", frame, [table.delimiter])

    def _create(
        self, name: str, table: Table, parts: Sequence[Part], fields: list[str], source: str,
        frame: pd.DataFrame | None, parameters: list[object],
    ) -> None:  # fmt: skip
        keys = []
        values: list[object] = []
        for at, (column, kind) in enumerate(table.keys.items()):
            keys.append(f"CAST(list_extract(CAST(? AS VARCHAR[]), nth + 1) AS {duck(kind)}) AS {quoted(column)}")
            values.append([row[at] for _, row in parts])
        keys.append('list_extract(CAST(? AS VARCHAR[]), nth + 1) AS "$path"')
        values.append([one.uri for one, _ in parts])
        if frame is not None:
            self.connection.register("given", frame)
        try:
            self.connection.execute(
                f"CREATE TABLE {name} AS SELECT {', '.join([*fields, *keys])} FROM {source}", [*values, *parameters]
            )
        finally:
            if frame is not None:
                self.connection.unregister("given")

    # Parquet

    def _file(self, one: Object, read: Read) -> tuple[Path, dict[str, str], dict[str, int]]:
        """Return an object's file, with the types and the sizes of its columns."""
        key = one.bucket, one.key, one.tag
        if key not in self._parquet:
            if self._folder is None:
                self._folder = Path(mkdtemp(prefix="rejectkit-sandbox-"))
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            path = self._folder / f"{len(self._parquet)}.parquet"
            path.write_bytes(read(one))
            try:
                told = self.connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
                sizes = self.connection.execute(
                    "SELECT lower(path_in_schema), sum(total_compressed_size) FROM parquet_metadata(?) GROUP BY 1",
                    [str(path)],
                ).fetchall()
            except duckdb.Error as error:
                words = f"{one.uri} is not a valid Parquet File"
                raise TrinoError("HIVE_CURSOR_ERROR", words) from error
            kinds = {str(row[0]).lower(): str(row[1]) for row in told}
            self._parquet[key] = path, kinds, {str(row[0]): int(row[1]) for row in sizes}
        return self._parquet[key]

    def _from_parquet(self, table: Table, parts: Sequence[Part], read: Read, name: str) -> None:
        selects = []
        for at, (one, _) in enumerate(parts):
            path, kinds, _ = self._file(one, read)
            columns = []
            for column, kind in table.columns.items():
                if column not in kinds:
                    columns.append(f"CAST(NULL AS {duck(kind)}) AS {quoted(column)}")
                    continue
                if kinds[column] not in _FITS.get(kind, ()) and not (is_decimal(kind) and "DECIMAL" in kinds[column]):
                    words = (
                        f"Field {column}'s type {kinds[column]} in parquet file {one.uri} is incompatible with type "
                        f"{kind} defined in table schema"
                    )
                    raise TrinoError("HIVE_BAD_DATA", words)
                columns.append(f"CAST({quoted(column)} AS {duck(kind)}) AS {quoted(column)}")
            path_text = str(path).replace("'", "''")
            selects.append(f"SELECT {', '.join([*columns, f'{at} AS nth'])} FROM read_parquet('{path_text}')")
        if not selects:
            empty = ", ".join(f"CAST(NULL AS {duck(kind)}) AS {quoted(c)}" for c, kind in table.columns.items())
            selects = [f"SELECT {empty}, 0 AS nth WHERE FALSE"]
        fields = [quoted(column) for column in table.columns]
        self._create(name, table, parts, fields, f"({' UNION ALL '.join(selects)})", None, [])


def _lines(one: Object, body: bytes) -> list[str]:
    """Return an object's lines; by its name it is compressed or not."""
    if one.key.endswith(".gz"):
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            raise TrinoError("HIVE_CURSOR_ERROR", f"Failed to read file at {one.uri}: {error}") from error
    text = body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return text.removesuffix("\n").split("\n") if text else []


def _field(word: str, kind: Type) -> str:
    """Return a word of a line as a type has it."""
    if kind == "varchar":
        return f"nullif({word}, '\\N')"
    if is_whole(kind):
        return f"CASE WHEN regexp_full_match({word}, '[+-]?[0-9]+') THEN TRY_CAST({word} AS {duck(kind)}) END"
    if kind == "boolean":
        return f"CASE lower({word}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
    return f"TRY_CAST({word} AS {duck(kind)})"
