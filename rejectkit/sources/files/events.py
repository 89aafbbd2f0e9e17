"""Log lines that come wrapped: the CloudWatch console's CSV, and JSON with log events (subscriptions, exports)."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from rejectkit.errors import UnreadableError, WindowError
from rejectkit.sources.files.blocks import Buffers, blocks, open_file, pieces
from rejectkit.sources.files.layouts import LogFile
from rejectkit.sources.files.shapes import Shape
from rejectkit.window import epoch_millis, parse_time

MAX_DOCUMENT = 64 << 20
CONTROL_TEXT = "CWL CONTROL MESSAGE"  # what a subscription sends to try its destination; not a log line
_CHUNK = 8192
_CSV_NAMES = {
    "timestamp": "time",
    "message": "message",
    "ingestiontime": "ingestion",
    "logstream": "stream",
    "logstreamname": "stream",
    "log": "log",
}


@dataclass(frozen=True, slots=True)
class Wrapped:
    """Log lines, and what was around each.

    Attributes
    ----------
    lines : list of bytes
        The messages; empty where a line of the file holds none (a CSV's header).
    around : RecordBatch
        Columns `time`, `ingestion`, `stream`, `log`, one row for each line.
    position : int
        Bytes of the file on disk read so far.
    """

    lines: list[bytes]
    around: pa.RecordBatch
    position: int


def wrapped_lines(file: LogFile, shape: Shape, buffers: Buffers) -> Iterator[Wrapped]:
    """Yield the messages of a CSV export or of JSON with log events, some thousands at a time."""
    schema = pa.schema([shape.schema.field(name) for name in shape.extras])
    rows = csv_rows(file, buffers) if shape.kind == "csv" else event_rows(file)
    chunk: list[dict[str, Any]] = []
    position = 0
    for row, position in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield _wrapped(chunk, schema, position)
            chunk = []
    if chunk:
        yield _wrapped(chunk, schema, position)


def _wrapped(rows: Sequence[dict[str, Any]], schema: pa.Schema, position: int) -> Wrapped:
    lines = [row["message"].encode("utf-8", "surrogateescape").rstrip(b"\r\n") for row in rows]
    columns = [pa.array([row.get(item.name) for row in rows], item.type) for item in schema]
    return Wrapped(lines, pa.RecordBatch.from_arrays(columns, schema=schema), position)


# the console's CSV


def csv_columns(header: str) -> dict[str, int] | None:
    """Return where a CSV header has `time`, `message` and the others; None if it is not such an export."""
    words = next(csv.reader([header.lstrip("\ufeff")]), [])
    keys = [word.strip().lstrip("@").replace("_", "").lower() for word in words]
    found = {_CSV_NAMES[key]: at for at, key in enumerate(keys) if key in _CSV_NAMES}
    return found if {"time", "message"} <= found.keys() else None


def csv_rows(file: LogFile, buffers: Buffers) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield a CSV export's rows; a header's row has an empty message."""
    columns: dict[str, int] | None = None
    for block in blocks(file, buffers):
        text = bytes(memoryview(block.data)[: block.length]).decode("utf-8", "surrogateescape")
        position = block.position
        block.release()
        try:
            for words in csv.reader(text.removesuffix("\n").split("\n")):
                names = bool(words) and words[0].lstrip("\ufeff@").lower() in _CSV_NAMES
                if names or not words:
                    columns = csv_columns(",".join(words)) if names else columns
                    yield {"message": ""}, position
                    continue
                yield _csv_row(words, columns or {}), position
        except csv.Error as error:
            raise UnreadableError(f"{file.path} is not the console's CSV export: {error}") from error


def _csv_row(words: list[str], columns: dict[str, int]) -> dict[str, Any]:
    cells = {name: words[at] for name, at in columns.items() if at < len(words)}
    row: dict[str, Any] = {"message": cells.get("message") or ",".join(words) or "-"}
    row |= {name: _millis(cells[name]) for name in ("time", "ingestion") if name in cells}
    return row | {name: cells[name] or None for name in ("stream", "log") if name in cells}


def _millis(value: Any) -> int | None:
    """Return a time as milliseconds since the epoch: a number is that already, a text is UTC."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value if abs(value) < 1 << 62 else None
    text = str(value).strip()
    if text.isascii() and text.isdigit():
        return int(text) if len(text) < 19 else None
    try:
        return epoch_millis(parse_time(text))
    except WindowError:
        return None


# JSON


def event_rows(file: LogFile) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the log events of a file's JSON documents, whether on a line each, in a list, or run together."""
    for document, position in documents(file):
        for row in _events(document, file.path):
            yield row, position


def documents(file: LogFile) -> Iterator[tuple[Any, int]]:
    """Yield each JSON document of a file.

    Raises
    ------
    UnreadableError
        If the text is not JSON, ends in the middle, or one document is over 64 MiB.
    """
    decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
    read = json.JSONDecoder().raw_decode
    text, tried = "", 0
    with open_file(file) as handle:
        for piece in _and_end(pieces(handle, file.path)):
            text += decode(piece or b"", final=piece is None)
            if piece is not None and len(text) < 2 * tried:  # a document is longer: wait until there is much more
                continue
            at = 0
            while (at := _next_document(text, at)) < len(text):
                try:
                    document, at = read(text, at)
                except ValueError as error:
                    if piece is None:
                        raise UnreadableError(
                            f"{file.path} is not whole JSON: {error}, at {text[at : at + 60]!r}; fetch the file again"
                        ) from error
                    break
                yield document, handle.tell()
            text = text[at:]
            tried = len(text)
            if tried > MAX_DOCUMENT:
                raise UnreadableError(f"{file.path} has a JSON document of over {MAX_DOCUMENT >> 20} MiB; split it")


def _and_end(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    yield from chunks
    yield None


def _next_document(text: str, at: int) -> int:
    while at < len(text) and (text[at].isspace() or text[at] in ",\ufeff\x1e"):
        at += 1
    return at


def _events(document: Any, path: str) -> Iterator[dict[str, Any]]:
    if isinstance(document, list):
        for part in document:
            yield from _events(part, path)
        return
    if not isinstance(document, dict):
        raise UnreadableError(f"{path} is JSON, but not of CloudWatch log events: it holds {str(document)[:60]!r}")
    if document.get("messageType") == "CONTROL_MESSAGE":
        return
    inside = document.get("logEvents", document.get("events"))
    if isinstance(inside, list):
        group, owner = document.get("logGroup"), document.get("owner")
        log = f"{owner}:{group}" if owner and group else group
        for event in inside:
            yield _event(event, document.get("logStream"), log)
    elif "message" in document:
        yield _event(document, document.get("logStream"), document.get("logGroup"))
    else:
        raise UnreadableError(
            f"{path} is JSON, but not of CloudWatch log events: a document has "
            f"{', '.join(list(document)[:5]) or 'nothing'} and no logEvents"
        )


def _event(event: Any, stream: Any, log: Any) -> dict[str, Any]:
    message = event.get("message") if isinstance(event, dict) else None
    if not isinstance(message, str) or not isinstance(event, dict):
        return {"message": json.dumps(event)}
    stream = event.get("logStreamName", stream)
    return {
        "message": message or "-",
        "time": _millis(event.get("timestamp")),
        "ingestion": _millis(event.get("ingestionTime")),
        "stream": stream if isinstance(stream, str) else None,
        "log": log if isinstance(log, str) else None,
    }
