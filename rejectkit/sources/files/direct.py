"""Which Parquet files DuckDB may read by itself, since it finds in them what reading them row by row would find.

That is so where every number is stored as a whole one and none is below zero, every text as text, every action and
status is one there is, and no text has blanks around it. Footers tell the first, with their least values; the rest
is looked up once in each column that a question needs, and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from rejectkit.records import ACTIONS, LOG_STATUSES, NULL, LogFormat, by_name, is_header
from rejectkit.sources.files.layouts import LogFile
from rejectkit.sources.files.shapes import Shape
from rejectkit.sources.files.tables import log_name

Ask = Callable[[str], pa.Table]
"""What answers a query of DuckDB's."""

WORDS = "words"
"""Stands among proven columns for: every action and every status is one that there is."""

AT_ONCE = 4096
"""Files whose footers are asked for in one query."""

_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_MAGIC = frozenset("*?[")  # DuckDB takes them for a pattern
_KNOWN = {"action": ACTIONS, "log-status": LOG_STATUSES}


class DirectError(Exception):
    """DuckDB cannot read files by itself: one is damaged, or gone, or not what it was taken for."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of a Parquet file.

    Attributes
    ----------
    shape : Shape or None
        What it holds, if it may be read directly; None if not.
    proven : frozenset of str
        Stored columns in which no text has blanks around it, and `WORDS`.
    """

    shape: Shape | None
    proven: frozenset[str] = field(default=frozenset())


def literal(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def ident(name: str) -> str:
    """Return a column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def listed(files: Sequence[LogFile]) -> str:
    """Return files as a list in SQL."""
    return f"[{', '.join(literal(file.local) for file in files)}]"


def survey(files: Sequence[LogFile], ask: Ask) -> dict[LogFile, Knowledge]:
    """Return what the footers of Parquet files tell, of all files.

    Parameters
    ----------
    files : sequence of LogFile
        Parquet files.
    ask : callable
        Answers a query; what it raises, of a damaged footer, goes through.
    """
    known: dict[LogFile, Knowledge] = {}
    for at in range(0, len(files), AT_ONCE):
        part = [file for file in files[at : at + AT_ONCE] if not _MAGIC.intersection(file.local)]
        by_path = {file.local: file for file in part}
        if not part:
            continue
        columns = ask(
            "SELECT text, list(file_name) AS files FROM (SELECT file_name, string_agg(concat_ws(chr(31), name, "
            "coalesce(duckdb_type, ''), coalesce(converted_type, ''), coalesce(CAST(num_children AS VARCHAR), ''), "
            "coalesce(repetition_type, '')), "
            f"chr(30) ORDER BY column_id) AS text FROM parquet_schema({listed(part)}) GROUP BY file_name) GROUP BY text"
        )
        for text, paths in zip(*(columns.column(name).to_pylist() for name in ("text", "files")), strict=True):
            shape = _shape([line.split("\x1f") for line in text.split("\x1e")])
            known |= {by_path[path]: Knowledge(shape) for path in paths}
        for path in _below_zero(part, {one.shape for one in known.values() if one.shape}, ask):
            known[by_path[path]] = Knowledge(None)
    return {file: known.get(file, Knowledge(None)) for file in files}


def _shape(columns: list[list[str]]) -> Shape | None:
    """Return the shape of a file with such columns, the first being its root; None if it is not to be read directly."""
    if any(len(column) != 5 for column in columns):
        return None  # a name with such characters in it
    rest = [column for column in columns[1:] if not column[0].startswith("@")]
    names = tuple(column[0] for column in rest)
    fields = tuple(log_name(name) for name in names)
    if len({column[0].lower() for column in columns[1:]}) < len(columns) - 1 or not is_header(" ".join(fields)):
        return None
    for (_, kind, converted, children, repeated), name in zip(rest, fields, strict=True):
        spec = by_name.get(name)
        number = spec is not None and spec.type == "int"
        fits = kind in _WHOLE if number else (kind, converted) == ("VARCHAR", "UTF8")
        if not fits or children not in ("", "0") or repeated == "REPEATED":
            return None
    if any(children not in ("", "0") for *_, children, _ in columns[1:]):
        return None
    try:
        return Shape("parquet", LogFormat(fields), names)
    except ValueError:
        return None


def _below_zero(files: Sequence[LogFile], shapes: Collection[Shape], ask: Ask) -> list[str]:
    """Return the files whose footers do not say that no number is below zero."""
    numbers = {name for shape in shapes for at, name in enumerate(shape.names) if _is_number(shape, at)}
    if not numbers:
        return []
    found = ask(
        f"SELECT DISTINCT file_name FROM parquet_metadata({listed(files)}) "
        f"WHERE path_in_schema IN ({', '.join(map(literal, sorted(numbers)))}) "
        "AND coalesce(stats_null_count, -1) <> num_values "
        "AND coalesce(TRY_CAST(coalesce(stats_min_value, stats_min) AS HUGEINT), -1) < 0"
    )
    return list(found.column(0).to_pylist())


def _is_number(shape: Shape, at: int) -> bool:
    return bool(pa.types.is_int64(shape.schema.field(f"c{at}").type))


def columns_of(shape: Shape, wanted: Collection[str]) -> set[str]:
    """Return the file's own columns that are read for wanted stored ones, those that are looked through along with."""
    fields = zip(shape.names, shape.format.fields, strict=True)
    return {name for at, (name, field_) in enumerate(fields) if f"c{at}" in wanted or field_ in _KNOWN}


def to_prove(shape: Shape, wanted: Collection[str]) -> frozenset[str]:
    """Return what has to be proven of a file before these stored columns are read directly."""
    texts = [
        f"c{at}" for at, name in enumerate(shape.format.fields) if name not in _KNOWN and not _is_number(shape, at)
    ]
    known = {WORDS} if _KNOWN.keys() & set(shape.format.fields) else set()
    return frozenset(known.union(column for column in texts if column in wanted))


def unfit(files: Sequence[LogFile], shape: Shape, proving: Collection[str], ask: Ask) -> list[LogFile]:
    """Return the files of a shape in which a column is not what it has to be (see `to_prove`)."""
    tests: list[str] = []
    for at, (name, field_) in enumerate(zip(shape.names, shape.format.fields, strict=True)):
        column = ident(name)
        if field_ in _KNOWN and WORDS in proving:
            tests.append(f"{column} NOT IN ({', '.join(map(literal, (*_KNOWN[field_], NULL)))})")
        elif f"c{at}" in proving:  # ASCII with no blank before or behind; an empty text is no value
            tests.append(
                f"({column} <> '' AND ({column} < '!' OR {column}[-1] < '!' OR strlen({column}) <> length({column})))"
            )
    by_path = {file.local: file for file in files}
    if not tests:
        return []
    relation = f"read_parquet({listed(files)}, filename = true, hive_partitioning = false)"
    if "filename" in {name.lower() for name in shape.names}:
        relation = f"read_parquet({listed(files)}, filename = 'rejectkit_file', hive_partitioning = false)"
    found = ask(f"SELECT DISTINCT {_file_column(shape)} FROM {relation} WHERE {' OR '.join(tests)}")
    return [by_path[path] for path in found.column(0).to_pylist()]


def _file_column(shape: Shape) -> str:
    return "rejectkit_file" if "filename" in {name.lower() for name in shape.names} else "filename"


def relation(files: Sequence[LogFile], shape: Shape, wanted: Sequence[str]) -> str:
    """Return SQL of the wanted stored columns of files that are read directly."""
    columns = []
    for name in wanted:
        if name not in shape.schema.names or not name.startswith("c"):
            columns.append(f"CAST(NULL AS VARCHAR) AS {ident(name)}")
            continue
        column, at = ident(shape.names[int(name[1:])]), int(name[1:])
        known = shape.format.fields[at] in _KNOWN
        value = f"nullif({column}, '{NULL}')" if known else f"nullif(nullif({column}, '{NULL}'), '')"
        columns.append(f"{f'CAST({column} AS BIGINT)' if _is_number(shape, at) else value} AS {ident(name)}")
    chosen = ", ".join(columns) or "1 AS one"
    return f"(SELECT {chosen} FROM read_parquet({listed(files)}, hive_partitioning = false))"
