"""What a FileSource holds: its files in packs, their shapes, what is kept of them and what did not fit."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from rejectkit.errors import FormatError, RejectkitError, UnreadableError
from rejectkit.records import LogFormat
from rejectkit.sources.base import Watch
from rejectkit.sources.files.cache import Cache, Entry
from rejectkit.sources.files.direct import Ask, columns_of
from rejectkit.sources.files.footers import Footers, Groups
from rejectkit.sources.files.keeping import kept_skipped, write_pack
from rejectkit.sources.files.layouts import LogFile, Look, Sample, find_files, is_remote, packs
from rejectkit.sources.files.pipeline import SKIPPED_SCHEMA, Progress, Tally, read_files
from rejectkit.sources.files.relations import Union
from rejectkit.sources.files.s3store import S3Store
from rejectkit.sources.files.shapes import Shape
from rejectkit.sources.files.sniffing import shape_of
from rejectkit.sources.partitions import LONGEST, may_hold, stamp_of
from rejectkit.window import Window

_KEPT_SHARE = {".gz": 2.0, ".parquet": 2.0}  # an upper estimate of bytes kept for a byte on disk
_KEPT_SHARE_OF_TEXT = 0.5


@dataclass(slots=True)
class Pack:
    """Files that are kept together, those of them that a question needs, and their entry in the cache if any."""

    key: str
    files: tuple[LogFile, ...]
    entry: Entry | None = None
    needed: tuple[LogFile, ...] = ()

    def __post_init__(self) -> None:
        """Need all files where nothing else is said."""
        self.needed = self.needed or self.files


@dataclass(slots=True)
class Found:
    """The files that a question needs.

    Attributes
    ----------
    packs : list of Pack
        Those that are read by ourselves, or were.
    direct : dict of Shape to list of LogFile
        Parquet files that DuckDB reads by itself.
    told : tuple of Shape
        Shapes of files outside of the window: their fields are fields too.
    files, left : int
        Files that were found, and of them those that the window leaves out.
    folders : int
        Folders that the window left unopened.
    """

    packs: list[Pack]
    direct: Groups = field(default_factory=dict)
    told: tuple[Shape, ...] = ()
    files: int = 0
    left: int = 0
    folders: int = 0


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
    paths : sequence of paths
        As for `find_files`; addresses `s3://…` too.
    given : LogFormat or None
        Format of files that do not say theirs.
    cache : Cache or None
        Where parsed files are kept.
    overlap : float or str
        The longest record, seconds: what a window reads beyond its end.
    store : S3Store, optional
        Where the files of addresses are.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]],
        given: LogFormat | None,
        cache: Cache | None,
        overlap: float | str = LONGEST,
        store: S3Store | None = None,
    ) -> None:
        """Remember what is asked for; `found` looks."""
        self.store = store
        self.paths, self.given, self.cache, self.overlap = paths, given, cache, overlap
        self.footers = Footers(cache)
        self._told: tuple[Shape, ...] | None = None
        self._keys = cache or Cache()
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._shapes: dict[LogFile, Shape | None] = {}
        self._asked: set[str] = set()
        self._skipped: dict[LogFile, list[pa.RecordBatch]] = {}

    def packs(self) -> list[Pack]:
        """Return the files that there are now, in packs, as if none could be read directly."""
        return [self._pack(files) for files in packs(self.find())]

    def find(self, look: Look | None = None) -> tuple[LogFile, ...]:
        """Return the files that there are now, as `find_files`; those of addresses too."""
        look = look or Look()
        local = [path for path in self.paths if not is_remote(path)]
        if len(local) == len(self.paths):
            return find_files(local, look)
        found = {file.path: file for file in find_files(local, look)} if local else {}
        for path in self.paths:
            if is_remote(path) and self.store is not None:
                found |= {file.path: file for file in self.store.find(str(path), look)}
        return tuple(found[path] for path in sorted(found))

    def sample(self) -> tuple[LogFile, ...]:
        """Return some of the files, of folders named by dates those in the first and the last; all if these have none.

        Raises
        ------
        SourceNotFoundError
            If there is none at all.
        """
        return self.find(Sample()) or self.find()

    def _pack(self, files: tuple[LogFile, ...], needed: tuple[LogFile, ...] = ()) -> Pack:
        key = self._keys.key(files, self.given)
        return Pack(key, files, self.cache.find(key) if self.cache is not None else None, needed)

    def found(self, window: Window | None, ask: Ask, watch: Watch) -> Found:
        """Return the files that there are now for a window; Parquet's footers are looked at by `ask`."""
        look = Look(window, self.overlap)
        files = self.find(look)
        needed = [file for file in files if may_hold(file.path, window, self.overlap)] if window else list(files)
        parquet = [file for file in needed if _is_parquet(file)]
        if self.store is not None:
            self.store.footers([file for file in parquet if file.store is not None], watch)
        direct, others = self.footers.groups(parquet, ask)
        wanted = set(needed)
        out = [
            self._pack(pack, tuple(file for file in pack if file in wanted))
            for pack in packs([file for file in files if not _is_parquet(file)])
            if wanted.intersection(pack)
        ]
        out += [self._pack(pack) for pack in packs(others)]
        told = self._told_outside() if look.left or look.partly or len(needed) < len(files) else ()
        return Found(out, direct, told, len(files), len(files) - len(needed), look.left)

    def prove(self, found: Found, wanted: Mapping[Shape, Sequence[str]], ask: Ask, watch: Watch) -> None:
        """See that reading these stored columns directly gives what reading row by row would; fetch them first."""
        if self.store is not None:
            for shape, files in found.direct.items():
                remote = [file for file in files if file.store is not None]
                if remote:
                    self.store.bring(remote, columns_of(shape, wanted[shape]), watch)
        self.set_aside(found, self.footers.prove(found.direct, wanted, ask))

    def set_aside(self, found: Found, files: Sequence[LogFile]) -> None:
        """Read files by ourselves that are not to be read directly after all."""
        out = set(files)
        for shape in list(found.direct):
            found.direct[shape] = [file for file in found.direct[shape] if file not in out]
            if not found.direct[shape]:
                del found.direct[shape]
        found.packs += [self._pack(pack) for pack in packs(files)]

    def fields(self) -> tuple[str, ...]:
        """Return the column names of the records; of AWS's deliveries, by one file of each flow log."""
        shapes = [self._shape(file) for file in _representatives(self.sample())]
        return self._union([shape for shape in shapes if shape is not None]).fields

    def _told_outside(self) -> tuple[Shape, ...]:
        """Return the shapes of all flow logs that AWS delivers here; found out once."""
        if self._told is None:
            shapes: list[Shape | None] = []
            for file in _representatives(self.sample()):
                with contextlib.suppress(FormatError, UnreadableError):  # outside of the window it does no harm
                    shapes.append(self._shape(file))
            self._told = tuple(dict.fromkeys(shape for shape in shapes if shape is not None))
        return self._told

    def union(self, found: Found) -> Union:
        """Return the relation of all files; of no record at all, it has the format given or the default one."""
        shapes = list(found.direct)
        for pack in found.packs:
            shapes += [shape for shape, _ in (pack.entry.shapes if pack.entry else self.grouped(pack.needed))]
        return self._union([*shapes, *found.told])

    def _union(self, shapes: Sequence[Shape]) -> Union:
        return Union(tuple(dict.fromkeys(shapes)) or (Shape("text", self.given or LogFormat.default()),))

    def grouped(self, files: Sequence[LogFile]) -> list[tuple[Shape, list[LogFile]]]:
        """Return files by shape; empty files have none."""
        groups: Groups = {}
        if self.store is not None:
            self.store.heads([file for file in files if file.store is not None and file not in self._shapes])
        for file in files:
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
            for shape, files in self.grouped(pack.needed):
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
        again = [pack for pack in found if pack.entry is None and self._is_kept_now(self.cache, pack)]
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

    def _is_kept_now(self, cache: Cache, pack: Pack) -> bool:
        """Tell whether a pack is to be kept: what was asked before, and what has to be fetched."""
        return any(file.store is not None for file in pack.files) or self._asked_before(cache, pack)

    def trim(self, found: Found) -> None:
        """Keep no more parts of files in S3 than there is room for."""
        if self.store is not None and self.cache is not None:
            files = [file for files in found.direct.values() for file in files]
            self.store.trim(self.cache.limit_bytes, files)

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
                    write_pack(draft, self.grouped(pack.files), progress)
            except RejectkitError:
                raise
            except OSError:  # the folder cannot be written to, or the disk is full
                return
            pack.entry = cache.find(pack.key)


def _is_parquet(file: LogFile) -> bool:
    return file.path.lower().endswith(".parquet")


def _representatives(files: Sequence[LogFile]) -> list[LogFile]:
    """Return the last file of each flow log that AWS delivers, whose format never changes, and all other files."""
    last: dict[str, LogFile] = {}
    for file in files:
        name = file.path.replace("\\", "/").rpartition("/")[2]
        words = name.split("_")
        last[f"{words[:4]} {_is_parquet(file)}" if stamp_of(name) else file.path] = file
    return list(last.values())


def _expected_bytes(file: LogFile) -> float:
    return _KEPT_SHARE.get(os.path.splitext(file.path)[1], _KEPT_SHARE_OF_TEXT) * file.size
