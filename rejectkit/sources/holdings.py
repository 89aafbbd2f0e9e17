"""What a FileSource holds: its files in packs, their shapes, what is kept of them and what did not fit."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from rejectkit.errors import RejectkitError
from rejectkit.records import LogFormat
from rejectkit.sources.base import Watch
from rejectkit.sources.cache import Cache, Entry
from rejectkit.sources.keeping import kept_skipped, write_pack
from rejectkit.sources.layouts import LogFile, Paths, find_files, packs
from rejectkit.sources.pipeline import SKIPPED_SCHEMA, Progress, Tally, read_files
from rejectkit.sources.relations import Union
from rejectkit.sources.shapes import Shape
from rejectkit.sources.sniffing import shape_of

_KEPT_SHARE = {".gz": 2.0, ".parquet": 2.0}  # an upper estimate of bytes kept for a byte on disk
_KEPT_SHARE_OF_TEXT = 0.5


@dataclass(slots=True)
class Pack:
    """Files that are kept together, and their entry in the cache if there is one."""

    key: str
    files: tuple[LogFile, ...]
    entry: Entry | None = None


@dataclass(slots=True)
class Stream:
    """Files of one shape that are read while a query runs."""

    shape: Shape
    files: list[LogFile] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    error: BaseException | None = None
    batches: Generator[pa.RecordBatch] | None = None
    stopped: bool = False

    def open(self, wanted: Sequence[str], progress: Progress) -> pa.RecordBatchReader:
        """Return the records as they come; an error is remembered, as DuckDB passes on only its text."""
        self.batches = self._guarded(wanted, progress)
        schema = pa.schema([item for item in self.shape.schema if item.name in set(wanted)])
        return pa.RecordBatchReader.from_batches(schema, self.batches)

    def _guarded(self, wanted: Sequence[str], progress: Progress) -> Generator[pa.RecordBatch]:
        try:
            with contextlib.closing(read_files(self.files, self.shape, self.tally, progress, wanted)) as batches:
                for batch in batches:
                    if self.stopped:
                        return
                    yield batch
        except GeneratorExit:
            raise
        except BaseException as error:
            self.error = error
            raise

    def finish(self) -> None:
        """Read on to the end: a query that has enough rows stops early, its lines are checked all the same."""
        for _ in self.batches or ():
            pass

    def close(self) -> None:
        """Stop reading; wait for a thread of DuckDB that an interrupt left in the middle of it."""
        self.stopped = True
        while self.batches is not None:
            try:
                self.batches.close()
                return
            except ValueError:  # the generator is being executed
                time.sleep(0.005)


class Holdings:
    """The files behind some paths, looked up anew for each question.

    Parameters
    ----------
    paths : path or iterable of paths
        As for `find_files`.
    given : LogFormat or None
        Format of files that do not say theirs.
    cache : Cache or None
        Where parsed files are kept.
    """

    def __init__(self, paths: Paths, given: LogFormat | None, cache: Cache | None) -> None:
        """Remember what is asked for; `packs` looks."""
        self.paths, self.given, self.cache = paths, given, cache
        self._keys = cache or Cache()
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._shapes: dict[LogFile, Shape | None] = {}
        self._asked: set[str] = set()
        self._skipped: dict[LogFile, list[pa.RecordBatch]] = {}

    def packs(self) -> list[Pack]:
        """Return the files that there are now, in packs."""
        found = [Pack(self._keys.key(files, self.given), files) for files in packs(find_files(self.paths))]
        for pack in found:
            pack.entry = self.cache.find(pack.key) if self.cache is not None else None
        return found

    def union(self, found: Sequence[Pack]) -> Union:
        """Return the relation of all packs; of no record at all, it has the format given or the default one."""
        shapes: list[Shape] = []
        for pack in found:
            shapes += [shape for shape, _ in (pack.entry.shapes if pack.entry else self.grouped(pack))]
        return Union(tuple(dict.fromkeys(shapes)) or (Shape("text", self.given or LogFormat.default()),))

    def grouped(self, pack: Pack) -> list[tuple[Shape, list[LogFile]]]:
        """Return a pack's files by shape; empty files have none."""
        groups: dict[Shape, list[LogFile]] = {}
        for file in pack.files:
            shape = self._shape(file)
            if shape is not None:
                groups.setdefault(shape, []).append(file)
        return list(groups.items())

    def _shape(self, file: LogFile) -> Shape | None:
        with self._lock:
            if file in self._shapes:
                return self._shapes[file]
        shape = shape_of(file, self.given)
        with self._lock:
            self._shapes[file] = shape
        return shape

    def streams(self, found: Sequence[Pack]) -> list[Stream]:
        """Return what has to be read as it is, the files of one shape in one stream."""
        streams: dict[Shape, Stream] = {}
        for pack in found:
            for shape, files in self.grouped(pack):
                streams.setdefault(shape, Stream(shape)).files.extend(files)
        return list(streams.values())

    # lines that did not fit

    def note(self, stream: Stream) -> None:
        """Remember which lines of a stream's files did not fit."""
        by_file: dict[str, list[pa.RecordBatch]] = {file.path: [] for file in stream.files}
        for batch in stream.tally.skipped:
            by_file[batch.column(0)[0].as_py()].append(batch)
        with self._lock:
            self._skipped |= {file: by_file[file.path] for file in stream.files}

    def skipped(self, pack: Pack) -> pa.Table:
        """Return the lines of a pack that did not fit; its files are read if they were not yet."""
        if pack.entry is not None and self.cache is not None:
            with self.cache.held([pack.entry]) as held:
                if held is not None:
                    name = pack.entry.skipped
                    return kept_skipped(held[pack.entry.folder, name]) if name else SKIPPED_SCHEMA.empty_table()
        for stream in self.streams([pack]):
            if not all(file in self._skipped for file in stream.files):
                progress = Progress(Watch(), sum(file.size for file in stream.files))
                stream.open(["c0"], progress)
                stream.finish()
                self.note(stream)
        batches = [batch for file in pack.files for batch in self._skipped.get(file, ())]
        return pa.Table.from_batches(batches, SKIPPED_SCHEMA)

    # keeping

    def keep(self, found: Sequence[Pack], watch: Watch) -> None:
        """Keep the packs that were asked about before, if all of the files have room."""
        if self.cache is None:
            return
        again = [pack for pack in found if pack.entry is None and self._asked_before(self.cache, pack)]
        expected = sum(_expected_bytes(file) for pack in found for file in pack.files)
        if not again or expected > self.cache.limit_bytes:
            return
        while not self._building.acquire(timeout=0.05):
            watch.check()
        try:
            for pack in again:
                pack.entry = self.cache.find(pack.key)  # another thread may have been faster
            self.build(self.cache, [pack for pack in again if pack.entry is None], watch)
            self.cache.trim({pack.key for pack in found})
        finally:
            self._building.release()

    def _asked_before(self, cache: Cache, pack: Pack) -> bool:
        with self._lock:
            asked = pack.key in self._asked
            self._asked.add(pack.key)
        return cache.was_seen(pack.key) or asked

    def build(self, cache: Cache, wanted: Sequence[Pack], watch: Watch) -> None:
        """Write packs into a cache; where that is not possible they stay without an entry."""
        progress = Progress(watch, sum(file.size for pack in wanted for file in pack.files), "reading and keeping")
        for pack in wanted:
            try:
                with cache.writing(pack.key) as draft:
                    write_pack(draft, self.grouped(pack), progress)
            except RejectkitError:
                raise
            except OSError:  # the folder cannot be written to, or the disk is full
                return
            pack.entry = cache.find(pack.key)


def _expected_bytes(file: LogFile) -> float:
    return _KEPT_SHARE.get(os.path.splitext(file.path)[1], _KEPT_SHARE_OF_TEXT) * file.size
