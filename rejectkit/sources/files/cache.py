"""Parsed files kept for the next question: in the user's cache folder, bounded, safe to share, removed by one call."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs
from isal import isal_zlib

from rejectkit.errors import ArgumentError, FormatError
from rejectkit.records import LogFormat
from rejectkit.sources.files.layouts import LogFile
from rejectkit.sources.files.shapes import Shape

READER_VERSION = 1
"""Raised whenever the same file would be stored differently: older entries are then not found."""

DEFAULT_LIMIT_BYTES = 4 << 30
ENVIRONMENT = "REJECTKIT_CACHE"
_MANIFEST = "manifest.json"
_SKIPPED = "skipped.parquet"
_PACKS, _WORK, _SEEN, _NOTES, _OBJECTS = "packs", "work", "seen", "notes", "objects"
_STALE_SECONDS = 86_400
_FORGOTTEN_SECONDS = 90 * 86_400

_verified: set[tuple[str, int, int]] = set()  # entries whose bytes this process has compared with their sums
_verified_lock = threading.Lock()


def default_folder() -> Path:
    """Return the cache folder: that of the variable REJECTKIT_CACHE, else one in the user's cache folder."""
    return Path(os.environ.get(ENVIRONMENT) or platformdirs.user_cache_dir("rejectkit"))


def clear(folder: str | os.PathLike[str] | None = None) -> int:
    """Remove every file that was kept, and return how many bytes that freed.

    Queries that run go on: they hold on to what they read.

    Parameters
    ----------
    folder : path, optional
        The cache folder; the default one where it is left out.
    """
    return Cache(folder).clear()


@dataclass(frozen=True, slots=True)
class Entry:
    """A pack of files as it is kept.

    Attributes
    ----------
    folder : Path
        Where its files are.
    shapes : tuple of (Shape, file name)
        For each shape in it, the Parquet file with its records.
    skipped : str or None
        Name of the Parquet file with the lines that did not fit, if there are any.
    """

    folder: Path
    shapes: tuple[tuple[Shape, str], ...]
    skipped: str | None


class Cache:
    """A folder of parsed files.

    Parameters
    ----------
    folder : path, optional
        Where; `default_folder()` if it is left out.
    limit_bytes : int
        Most bytes to keep; what was used longest ago goes first.

    Notes
    -----
    An entry is written under another name and then renamed, so nobody sees half of one, and two processes may
    use one folder. A query reads through links of its own, which outlive an entry that is removed meanwhile.
    A folder that cannot be written to is no error: nothing is kept then.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        """Name the folder; nothing is made before something is kept."""
        if not isinstance(limit_bytes, int) or limit_bytes < 0:
            raise ArgumentError(f"limit_bytes is {limit_bytes!r}; give a number of bytes, for example {4 << 30}")
        self.folder = Path(folder) if folder is not None else default_folder()
        self.limit_bytes = limit_bytes

    @property
    def objects(self) -> Path:
        """The folder of the parts of Parquet files in S3 that were fetched."""
        return self.folder / _OBJECTS

    def __repr__(self) -> str:
        """Name the folder and its bound."""
        return f"Cache({str(self.folder)!r}, limit_bytes={self.limit_bytes})"

    def key(self, files: Sequence[LogFile], given: LogFormat | None) -> str:
        """Return the name under which a pack is kept: of the files' identity, the format given and the reader."""
        identity = [
            [file.path, file.size, file.mtime_ns, file.inode, *([file.etag] if file.etag else [])] for file in files
        ]
        text = json.dumps([READER_VERSION, str(given) if given else None, identity])
        return hashlib.sha256(text.encode()).hexdigest()[:40]

    def find(self, key: str) -> Entry | None:
        """Return an entry that is whole, or None; one that was damaged is removed."""
        folder = self.folder / _PACKS / key
        try:
            manifest = json.loads((folder / _MANIFEST).read_text())
            if not _is_whole(folder, manifest["files"]):
                raise ValueError("damaged")
            shapes = tuple(
                (Shape(kind, LogFormat(tuple(fields)), tuple(names)), name)
                for kind, fields, names, name in manifest["shapes"]
            )
            os.utime(folder / _MANIFEST)
        except (OSError, ValueError, KeyError, TypeError, FormatError):
            shutil.rmtree(folder, ignore_errors=True)  # most often there is none
            return None
        return Entry(folder, shapes, _SKIPPED if _SKIPPED in manifest["files"] else None)

    def was_seen(self, key: str) -> bool:
        """Tell whether a pack was read before without being kept, and remember that it now is."""
        mark = self.folder / _SEEN / key
        try:
            if mark.exists():
                return True
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        except OSError:
            pass
        return False

    def noted(self, key: str) -> Any:
        """Return what was noted under a name, as from JSON; None if nothing was, or it is damaged."""
        path = self.folder / _NOTES / f"{key}.json"
        try:
            found = json.loads(path.read_text())
            os.utime(path)
        except (OSError, ValueError):
            return None
        return found

    def note(self, key: str, what: Any) -> None:
        """Note what can be found out again; a folder that cannot be written to is no error."""
        path = self.folder / _NOTES / f"{key}.json"
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{key[:8]}-")
            try:
                with os.fdopen(handle, "w") as file:
                    json.dump(what, file)
                os.replace(draft, path)
            except OSError:
                os.unlink(draft)
                raise

    @contextlib.contextmanager
    def writing(self, key: str) -> Iterator[Draft]:
        """Give a folder to write an entry into; it is kept when the block ends without an error.

        Raises
        ------
        OSError
            If it cannot be written; nothing is left behind.
        """
        work = self.folder / _WORK
        work.mkdir(parents=True, exist_ok=True)
        draft = Draft(Path(tempfile.mkdtemp(prefix=f"{key[:8]}-", dir=work)))
        try:
            yield draft
            draft.close()
            target = self.folder / _PACKS / key
            target.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError):  # somebody else kept the same meanwhile: theirs is as good
                draft.folder.rename(target)
            with contextlib.suppress(OSError):
                (self.folder / _SEEN / key).unlink()
        finally:
            shutil.rmtree(draft.folder, ignore_errors=True)

    @contextlib.contextmanager
    def held(self, entries: Iterable[Entry]) -> Iterator[dict[tuple[Path, str], Path] | None]:
        """Give paths of the entries' files that stay whatever becomes of the entries; None if one is gone."""
        paths: dict[tuple[Path, str], Path] = {}
        work = self.folder / _WORK
        own: Path | None = None
        try:
            for entry in entries:
                for name in [*(name for _, name in entry.shapes), *([entry.skipped] if entry.skipped else [])]:
                    own = own or Path(tempfile.mkdtemp(prefix="held-", dir=work))
                    link = own / f"{len(paths)}.parquet"
                    os.link(entry.folder / name, link)
                    paths[entry.folder, name] = link
            held: dict[tuple[Path, str], Path] | None = paths
        except FileNotFoundError:
            held = None
        except OSError:  # a disk without links
            held = {(e.folder, n): e.folder / n for e in entries for n in [*(n for _, n in e.shapes), e.skipped] if n}
        try:
            yield held
        finally:
            if own is not None:
                shutil.rmtree(own, ignore_errors=True)

    def trim(self, keep: Iterable[str] = ()) -> None:
        """Remove what was used longest ago until the rest is within the bound; `keep` goes last."""
        spared = set(keep)
        entries = sorted(self._entries(), key=lambda entry: (entry[0] in spared, entry[1]))
        total = sum(size for _, _, size in entries)
        for key, _, size in entries:
            if total <= self.limit_bytes:
                break
            shutil.rmtree(self.folder / _PACKS / key, ignore_errors=True)
            total -= size
        self._sweep()

    def drop(self, entry: Entry) -> None:
        """Remove one entry."""
        shutil.rmtree(entry.folder, ignore_errors=True)

    def size(self) -> int:
        """Return the bytes that are kept."""
        kept = sum(size for _, _, size in self._entries())
        with contextlib.suppress(OSError):
            kept += sum(bytes_on_disk(item.stat()) for item in self.objects.iterdir())
        return kept

    def clear(self) -> int:
        """Remove everything that is kept, and return how many bytes that freed."""
        freed = self.size()
        for name in (_PACKS, _SEEN, _NOTES, _OBJECTS):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self._sweep()
        return freed

    def _entries(self) -> list[tuple[str, float, int]]:
        """Return each entry's key, time of last use and bytes."""
        found: list[tuple[str, float, int]] = []
        with contextlib.suppress(OSError):
            for folder in (self.folder / _PACKS).iterdir():
                with contextlib.suppress(OSError):
                    sizes = [item.stat().st_size for item in folder.iterdir()]
                    found.append((folder.name, (folder / _MANIFEST).stat().st_mtime, sum(sizes)))
        return found

    def _sweep(self) -> None:
        """Remove what a process that ended badly left behind long ago."""
        for name, age in ((_WORK, _STALE_SECONDS), (_SEEN, _STALE_SECONDS), (_NOTES, _FORGOTTEN_SECONDS)):
            with contextlib.suppress(OSError):
                for item in (self.folder / name).iterdir():
                    with contextlib.suppress(OSError):
                        if time.time() - item.stat().st_mtime > age:
                            shutil.rmtree(item) if item.is_dir() else item.unlink()


@dataclass(slots=True)
class Draft:
    """An entry that is being written.

    Attributes
    ----------
    folder : Path
        Where its files go.
    shapes : list of (Shape, file name)
        To be filled by whoever writes the Parquet files.
    """

    folder: Path
    shapes: list[tuple[Shape, str]] = field(default_factory=list)

    @property
    def skipped(self) -> Path:
        """Where the lines that did not fit go."""
        return self.folder / _SKIPPED

    def close(self) -> None:
        """Write down what is there, with its sums."""
        files = {path.name: [path.stat().st_size, _sum(path)] for path in sorted(self.folder.iterdir())}
        shapes = [[s.kind, list(s.format.fields), list(s.names), name] for s, name in self.shapes]
        (self.folder / _MANIFEST).write_text(json.dumps({"files": files, "shapes": shapes}))


def bytes_on_disk(status: os.stat_result) -> int:
    """Return the bytes that a file takes; it may have holes."""
    return 512 * status.st_blocks if hasattr(status, "st_blocks") else status.st_size


def _is_whole(folder: Path, files: dict[str, Any]) -> bool:
    """Tell whether an entry's files have the bytes they were written with; they are read once in a process."""
    for name, (size, total) in files.items():
        path = folder / name
        status = path.stat()
        mark = (str(path), status.st_ino, status.st_mtime_ns)
        if status.st_size != size:
            return False
        with _verified_lock:
            known = mark in _verified
        if not known:
            if _sum(path) != total:
                return False
            with _verified_lock:
                _verified.add(mark)
    return True


def _sum(path: Path) -> int:
    total = 0
    with path.open("rb") as handle:
        while data := handle.read(1 << 20):
            total = isal_zlib.crc32(data, total)
    return total
