"""Find out a file's shape from its first bytes: the kind of text, and the log format."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from rejectkit.errors import FormatError
from rejectkit.records import LogFormat, is_header
from rejectkit.sources.files.blocks import open_file, pieces
from rejectkit.sources.files.events import CONTROL_TEXT, csv_columns
from rejectkit.sources.files.layouts import LogFile
from rejectkit.sources.files.shapes import FileKind, Shape
from rejectkit.sources.files.tables import PARQUET_MAGIC, parquet_shape

HEAD_BYTES = 64 << 10
_SAMPLE = 200
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)(\s|$)")
_EVENTS = re.compile(r'"(logEvents|events)"\s*:')
_MESSAGE = re.compile(r'"message"\s*:\s*("(?:[^"\\]|\\.)*")')
_SAY = "say the format: FileSource(path, format='${version} ${account-id} …'), as the flow log's own settings show it"


def shape_of(file: LogFile, given: LogFormat | None = None) -> Shape | None:
    """Return how a file is to be read, or None if it is empty.

    The format is the one that is given, else the header's, else Parquet's own, else the default one if most
    of the first lines fit it.

    Parameters
    ----------
    file : LogFile
        The file.
    given : LogFormat, optional
        Format of files that do not say theirs.

    Raises
    ------
    FormatError
        If the format is not told, or the header tells another one than the one given.
    UnreadableError
        If the file is damaged.
    """
    if file.store is not None and file.path.lower().endswith(".parquet"):  # its ends are at hand, or soon will be
        with open(file.local, "rb") as mirror:
            if mirror.read(4) == PARQUET_MAGIC:
                return parquet_shape(file)
    with open_file(file) as handle:
        parquet = handle.read(4) == PARQUET_MAGIC
        handle.seek(0)
        head = b"" if parquet else _first(pieces(handle, file.path))
    if parquet:
        return parquet_shape(file)
    lines = [line for line in head.decode("utf-8", "replace").lstrip("\ufeff").splitlines() if line.strip()]
    if not lines:
        return None
    kind = _kind(lines[0])
    headed = _headed(lines[0]) if kind == "text" else None
    if headed is not None:
        if given is not None and given.columns != headed.format.columns:
            raise FormatError(
                f"{file.path} says in its header that its format is {str(headed.format)!r}, and the format given is "
                f"{str(given)!r}; leave the format out for this file, or give the header's"
            )
        return headed
    if given is not None:
        return Shape(kind, given)
    if len(head) >= HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1]  # it may be cut
    sample = _messages(kind, lines)[:_SAMPLE]
    if not sample and kind == "events" and not any(_EVENTS.search(line) for line in lines):
        raise FormatError(
            f"{file.path} is JSON, but without CloudWatch log events: it has no logEvents with a message; "
            "leave it out, for example by a glob such as 'logs/*.gz'"
        )
    return Shape(kind, _default_if_it_fits(file.path, sample))


def _first(chunks: Iterator[bytes]) -> bytes:
    """Return a file's first text that is not blank, about `HEAD_BYTES` of it."""
    head = b""
    for piece in chunks:
        head = (head + piece).lstrip()
        if len(head) >= HEAD_BYTES:
            break
    return head[:HEAD_BYTES]


def _kind(line: str) -> FileKind:
    if line.lstrip()[:1] in ("{", "["):
        return "events"
    if csv_columns(line) is not None:
        return "csv"
    return "stamped" if _STAMP.match(line) else "text"


@lru_cache(256)  # a folder of deliveries has thousands of files and one header
def _headed(line: str) -> Shape | None:
    """Return the shape that a header line tells, or None if the line is no header."""
    return Shape("text", LogFormat.from_header(line)) if is_header(line) else None


def _messages(kind: FileKind, lines: list[str]) -> list[str]:
    """Return the log lines among the first lines of a file."""
    if kind == "stamped":
        return [line.partition(" ")[2] for line in lines]
    if kind == "csv":
        at = (csv_columns(lines[0]) or {})["message"]
        return [row[at] for row in csv.reader(lines[1:]) if len(row) > at]
    if kind == "events":
        texts = (_spelled(match[1]) for match in islice(_MESSAGE.finditer("\n".join(lines)), _SAMPLE))
        return [text for text in texts if not text.startswith(CONTROL_TEXT)]
    return lines


def _spelled(literal: str) -> str:
    try:
        return str(json.loads(literal))
    except ValueError:
        return literal


def _default_if_it_fits(path: str, sample: list[str]) -> LogFormat:
    default = LogFormat.default()
    misfits: list[tuple[str, FormatError]] = []
    for line in sample:
        try:
            default.parse_line(line)
        except FormatError as error:
            misfits.append((line, error))
    if 2 * len(misfits) > len(sample):
        line, reason = misfits[0]
        raise FormatError(
            f"{path} has no header line and its lines are not in the default format: {line[:160]!r} has {reason}; "
            f"{_SAY}"
        )
    return default
