"""What a SparkSource is made of - a table, a frame, or paths - opened for one question."""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rejectkit.errors import ArgumentError, FormatError
from rejectkit.insights.dialects import Spark
from rejectkit.records import LogFormat, is_header
from rejectkit.sources.athena.choices import Chosen
from rejectkit.sources.spark.failures import translated
from rejectkit.sources.spark.keys import condition, keys_of_files, keys_of_table, registered
from rejectkit.sources.spark.paths import Files, address, find
from rejectkit.sources.spark.relation import Relation, misfits, of_columns, of_lines
from rejectkit.window import Window

_PART = re.compile(r"`(?:[^`]|``)+`|[^.`\s][^.`]*")
_SAMPLE = 200
_spark = Spark()


@dataclass(frozen=True, slots=True)
class Opened:
    """What one question runs on.

    Attributes
    ----------
    relation : Relation
        Its table, in Spark's SQL.
    condition : str
        On the partition keys; empty where all are read.
    files : tuple of str or None
        Files that are read, where these were chosen by their names.
    known : int or None
        How many there are.
    """

    relation: Relation
    condition: str = ""
    files: tuple[str, ...] | None = None
    known: int | None = None


@dataclass(slots=True)
class Given:
    """What the user gave: exactly one of a table's name, a frame and paths.

    Attributes
    ----------
    spark : SparkSession
        Whose they are.
    table : str
        As Spark SQL has it, quoted; empty where it is none.
    frame : DataFrame or None
        A frame of Spark's.
    paths : tuple of str
        Paths.
    format : LogFormat or None
        Of the records.
    overlap : float or str
        The longest record, seconds.
    chosen : mapping or None
        Partition keys, and what they shall be.
    """

    spark: Any
    table: str
    frame: Any
    paths: tuple[str, ...]
    format: LogFormat | None
    overlap: float | str
    chosen: Chosen | None
    _formats: dict[str, LogFormat] = field(default_factory=dict)

    @contextlib.contextmanager
    def opened(self, window: Window | None) -> Iterator[Opened]:
        """Give what a question over a window runs on; views that it needs are taken away afterwards."""
        views: list[str] = []
        try:
            if self.paths:
                yield self._of_paths(window, views)
            elif self.table:
                yield self._of_table(window)
            else:
                yield self._of_frame(window, views)
        finally:
            self._dropped(views)

    @contextlib.contextmanager
    def skipped(self) -> Iterator[Any]:
        """Give a frame of the lines of text that do not fit: `file`, `value`; None where nothing is text."""
        files = find(self.spark, self.paths, None, self.overlap) if self.paths else None
        if files is None or files.parquet:
            yield None
            return
        views: list[str] = []
        lines = self._lines(files).selectExpr("_metadata.file_path AS file", "value")
        try:
            view = self._viewed(lines, views)
            with translated():
                frame = self.spark.sql(misfits(view, self._format_of(files)))
            yield frame
        finally:
            self._dropped(views)

    def _dropped(self, views: Iterable[str]) -> None:
        for view in views:
            with contextlib.suppress(Exception):  # the session may be gone
                self.spark.catalog.dropTempView(view)

    def _of_table(self, window: Window | None) -> Opened:
        with translated():
            columns = _columns(self.spark.table(self.table))
        keys = keys_of_table(self.spark, self.table)
        kinds = [(name, kind) for name, kind in columns if name in keys]
        partitions = registered(self.spark, self.table, keys) if window is not None else registered(self.spark, "", ())
        pruned = condition(self.table, kinds, partitions, window, self.overlap, self.chosen)
        return Opened(of_columns(self.table, columns, self.format, keys=keys, pruned=pruned), pruned)

    def _of_frame(self, window: Window | None, views: list[str]) -> Opened:
        with translated():
            columns = _columns(self.frame)
            files = self.frame.inputFiles()
        keys, partitions = keys_of_files(files, [name for name, _ in columns])
        kinds = [(name, kind) for name, kind in columns if name in keys]
        pruned = condition("the frame", kinds, partitions, window, self.overlap, self.chosen)
        view = self._viewed(self.frame, views)
        return Opened(of_columns(view, columns, self.format, keys=keys, pruned=pruned), pruned)

    def _of_paths(self, window: Window | None, views: list[str]) -> Opened:
        if self.chosen:
            raise ArgumentError("partitions is for tables and frames: a path has none; narrow the path instead")
        files = find(self.spark, self.paths, window, self.overlap)
        if files.parquet:
            with translated():
                frame = self._reader.parquet(*(files.addresses or (address(files.first),)))
            frame = frame if files.kept else frame.limit(0)
            relation = of_columns(self._viewed(frame, views), _columns(frame), self.format)
        else:
            log_format = self._format_of(files)
            frame = self._lines(files) if files.kept else self.spark.sql("SELECT '' AS value WHERE FALSE")
            relation = of_lines(self._viewed(frame, views), log_format)
        return Opened(relation, "", files.kept, files.known)

    def _lines(self, files: Files) -> Any:
        with translated():
            return self._reader.text(list(files.addresses))

    @property
    def _reader(self) -> Any:
        return self.spark.read.option("recursiveFileLookup", "true")

    def _viewed(self, frame: Any, views: list[str]) -> str:
        views.append(_name())
        with translated():
            frame.createOrReplaceTempView(views[-1])
        return views[-1]

    def _format_of(self, files: Files) -> LogFormat:
        """Return the format of text: as its header tells, else as given, else the default one if lines fit it."""
        if files.first in self._formats:
            return self._formats[files.first]
        with translated():
            first = self._reader.text(address(files.first))
            lines = [row[0] for row in first.limit(_SAMPLE).collect()]
        lines = [line.strip() for line in lines if line.strip()]
        headed = LogFormat.from_header(lines[0]) if lines and is_header(lines[0]) else None
        if headed is not None and self.format is not None and headed.columns != self.format.columns:
            raise FormatError(
                f"{files.first} says in its header that its format is {str(headed)!r}, and the format given is "
                f"{str(self.format)!r}; leave the format out, or give the header's"
            )
        found = headed or self.format or _default(files.first, lines)
        if lines:
            self._formats[files.first] = found
        return found


def quoted(name: str) -> str:
    """Return a table's name as Spark SQL takes it, each part quoted.

    Raises
    ------
    ArgumentError
        If it is no such name.

    Examples
    --------
    >>> print(quoted("logs.vpc-flow"))
    `logs`.`vpc-flow`
    """
    parts = _PART.findall(name)
    if not parts or ".".join(parts) != name:
        raise ArgumentError(f"{name!r} is no name of a table; write it as 'database.table' or 'catalog.database.table'")
    plain = (part[1:-1].replace("``", "`") if part.startswith("`") else part for part in parts)
    return ".".join(_spark.ident(part) for part in plain)


def given_paths(given: Any) -> tuple[str, ...]:
    """Return paths where that is what was given: one with a slash, a path object, or several of them."""
    if isinstance(given, str):
        return (given,) if re.search(r"[/\\]", given) and "`" not in given else ()
    if isinstance(given, os.PathLike):
        return (os.path.abspath(os.fspath(given)),)
    if isinstance(given, Sequence) and given and all(isinstance(one, str | os.PathLike) for one in given):
        return tuple(one if isinstance(one, str) else os.path.abspath(os.fspath(one)) for one in given)
    return ()


def _columns(frame: Any) -> list[tuple[str, str]]:
    return [(one.name, one.dataType.simpleString()) for one in frame.schema.fields]


def _name() -> str:
    return f"rejectkit_{uuid.uuid4().hex}"


def _default(path: str, lines: Sequence[str]) -> LogFormat:
    default = LogFormat.default()
    bad = [line for line in lines if not _fits(default, line)]
    if 2 * len(bad) > len(lines):
        raise FormatError(
            f"{path} has no header line and its lines are not in the default format: {bad[0][:160]!r}; say the format: "
            "SparkSource(path, format='${version} ${account-id} …'), as the flow log's own settings show it"
        )
    return default


def _fits(log_format: LogFormat, line: str) -> bool:
    try:
        log_format.parse_line(line)
    except FormatError:
        return False
    return True
