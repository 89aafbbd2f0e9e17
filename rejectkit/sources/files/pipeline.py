"""Files to one stream of Arrow batches, in order, by several threads; what did not fit is counted on the way."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa

from rejectkit.errors import UnreadableError
from rejectkit.records import LogFormat
from rejectkit.sources.base import Watch
from rejectkit.sources.files.blocks import Block, Buffers, blocks
from rejectkit.sources.files.events import wrapped_lines
from rejectkit.sources.files.layouts import LogFile
from rejectkit.sources.files.reading import FormatChange, LineReader, Misfit, Parsed
from rejectkit.sources.files.shapes import Shape
from rejectkit.sources.files.tables import parquet_batches, read_rows

WORKERS = max(2, min(8, os.cpu_count() or 2))  # one inflates while the others parse
_AHEAD = 8  # parts that wait for whoever takes them: about two row groups, each of which is written in one go
_LARGEST = 31 << 20  # of glibc's limit, 32 MiB
SKIPPED_SCHEMA = pa.schema(
    [("file", pa.dictionary(pa.int32(), pa.string())), ("line", pa.int64()), ("reason", pa.string())]
)


@dataclass(slots=True)
class Progress:
    """How many bytes on disk are read, of how many in all."""

    watch: Watch
    total: int
    what: str = "reading"
    before: int = 0

    def at(self, position: int) -> None:
        """Say that so many bytes of the present file are read, and stop here if that is wished."""
        self.watch.check()
        self.watch.report((self.before + position) / max(1, self.total), self.what)


@dataclass(slots=True)
class Tally:
    """What was read and what was not.

    Attributes
    ----------
    records : int
        Records read.
    skipped : list of RecordBatch
        Lines that did not fit: `file`, `line` (from 1), `reason`.
    """

    records: int = 0
    skipped: list[pa.RecordBatch] = field(default_factory=list)

    def add(self, path: str, misfits: Sequence[Misfit], base: int) -> None:
        """Keep lines that did not fit; `base` lines of the file come before their part."""
        if misfits:
            columns = [
                pa.array([path] * len(misfits), SKIPPED_SCHEMA.field("file").type),
                pa.array([base + misfit.line + 1 for misfit in misfits], pa.int64()),
                pa.array([misfit.reason for misfit in misfits], pa.string()),
            ]
            self.skipped.append(pa.RecordBatch.from_arrays(columns, schema=SKIPPED_SCHEMA))


def _keep_freed_memory() -> None:
    """Free a large piece of memory, untouched: from then on glibc keeps freed pieces up to that size for later.

    It would hand those of each block back to the system, and fresh pages cost more than the arithmetic on them.
    """
    np.empty(_LARGEST, np.uint8)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a file that is still to be parsed."""

    file: LogFile
    position: int
    parse: Callable[[], Parsed]


def read_files(
    files: Sequence[LogFile], shape: Shape, tally: Tally, progress: Progress, wanted: Sequence[str] | None = None
) -> Generator[pa.RecordBatch]:
    """Yield the records of files of one shape, file after file, line after line.

    Parameters
    ----------
    files : sequence of LogFile
        Files to read.
    shape : Shape
        What each of them looks like.
    tally : Tally
        Grows as the files are read; whole when the iterator ends.
    progress : Progress
        Told after each part.
    wanted : sequence of str, optional
        Stored columns to return; what is checked does not depend on it.

    Raises
    ------
    UnreadableError
        If a file is damaged, changes its format, or more than half of its lines do not fit.
    QueryCancelledError
        If the watch is cancelled.
    """
    _keep_freed_memory()
    reader = LineReader(shape, wanted)
    account: _Account | None = None
    for part, future in _in_order(_parts(files, reader)):
        if account is None or account.file is not part.file:
            if account is not None:
                account.close(progress)
            account = _Account(part.file, shape)
        progress.at(part.position)
        try:
            parsed = future.result()
        except FormatChange as change:
            raise UnreadableError(
                f"{part.file.path} changes its log format: line {account.lines + change.line + 1} is the header "
                f"{change.text!r}; split the file there and give both parts"
            ) from None
        tally.add(part.file.path, parsed.misfits, account.lines)
        tally.records += parsed.records
        account.add(parsed)
        yield from parsed.batches
    if account is not None:
        account.close(progress)


@dataclass(slots=True)
class _Account:
    """How one file fares."""

    file: LogFile
    shape: Shape
    lines: int = 0
    records: int = 0
    misfits: int = 0
    example: Misfit | None = None

    def add(self, parsed: Parsed) -> None:
        if parsed.misfits and self.example is None:
            first = parsed.misfits[0]
            self.example = Misfit(self.lines + first.line + 1, first.reason, first.text)
        self.lines += parsed.lines
        self.records += parsed.records
        self.misfits += len(parsed.misfits)

    def close(self, progress: Progress) -> None:
        """Refuse the file if most of it did not fit."""
        progress.before += self.file.size
        if self.misfits > self.records and self.example is not None:
            lines = "rows" if self.shape.kind == "parquet" else "lines"
            fmt = self.shape.format
            name = "the default format" if fmt == LogFormat.default() else f"the format {str(fmt)!r}"
            raise UnreadableError(
                f"{self.file.path}: {self.misfits:,} of {self.misfits + self.records:,} {lines} cannot be read in "
                f"{name}; for example {lines[:-1]} {self.example.line}, {self.example.text!r}: {self.example.reason}. "
                "Say the format, FileSource(path, format='${version} …'), or leave the file out"
            )


def _parts(files: Sequence[LogFile], reader: LineReader) -> Iterator[_Part]:
    """Yield the parts of files; inflating is done here, parsing in the part's own call."""
    shape, wanted = reader.shape, reader.schema.names
    buffers = Buffers()
    for file in files:
        if shape.kind == "parquet":
            for batch, share in parquet_batches(file, shape):
                yield _Part(file, int(share * file.size), partial(read_rows, batch, shape, wanted))
        elif shape.kind in ("csv", "events"):
            for chunk in wrapped_lines(file, shape, buffers):
                yield _Part(file, chunk.position, partial(reader.read_lines, chunk.lines, chunk.around))
        else:
            for block in blocks(file, buffers):
                yield _Part(file, block.position, partial(_read_block, reader, block))


def _read_block(reader: LineReader, block: Block) -> Parsed:
    parsed = reader.read_text(block.data, block.length)
    block.release()
    return parsed


def _in_order(parts: Iterator[_Part], workers: int = WORKERS) -> Iterator[tuple[_Part, Future[Parsed]]]:
    """Parse parts in threads and yield them in their order, a few ahead of whoever takes them.

    Each thread takes the next part itself (one at a time, as inflating goes on from where it was) and then
    parses it, so that no thread only waits.
    """
    source = iter(parts)
    turn = threading.Lock()
    done: dict[int, tuple[_Part, Future[Parsed]]] = {}
    taken = 0
    stop = False

    def step() -> None:
        nonlocal taken
        with turn:
            if stop:
                return
            part = next(source, None)
            if part is None:
                return
            outcome: Future[Parsed] = Future()
            done[taken] = part, outcome
            taken += 1
        try:
            outcome.set_result(part.parse())
        except BaseException as error:  # noqa: BLE001  # handed on to whoever takes the part
            outcome.set_exception(error)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="rejectkit-read")
    try:
        ahead = [pool.submit(step) for _ in range(workers + _AHEAD)]
        number = 0
        while ahead:
            ahead.pop(0).result()
            while number in done:
                part, outcome = done.pop(number)
                ahead.append(pool.submit(step))
                number += 1
                yield part, outcome
    finally:
        stop = True
        pool.shutdown(wait=True, cancel_futures=True)
        if hasattr(source, "close"):
            source.close()
