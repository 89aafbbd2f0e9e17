"""Files on this machine's disk with those bytes of a remote one that were fetched so far, in their places."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rejectkit.errors import RejectkitError
from rejectkit.sources.files.cache import bytes_on_disk
from rejectkit.sources.files.layouts import LogFile

Span = tuple[int, int]
"""Bytes of a file: from, and up to."""

Fetch = Callable[[LogFile, int, int], bytes]
"""Returns bytes of a file, from a place on, so many."""

GAP = 64 << 10
"""Bytes between two wanted parts that are fetched along rather than asked twice."""

_SPARE = 512 << 20  # bytes that stay free on the disk


class Mirror:
    """Such files, in a folder. Safe to use from several threads; other processes may use the same folder.

    Parameters
    ----------
    folder : Path or None
        Where they are; None for one of its own, which goes when it is no longer used.
    """

    def __init__(self, folder: Path | None) -> None:
        """Make nothing before something is fetched."""
        self.kept = folder is not None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="rejectkit-objects-"))
        if folder is None:
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._lock = threading.Lock()
        self._there: dict[LogFile, list[Span]] = {}

    def path(self, file: LogFile) -> Path:
        """Return where a file is, or will be."""
        identity = json.dumps([file.path, file.size, file.mtime_ns, file.etag])
        return self.folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:40]}.parquet"

    def missing(self, file: LogFile, wanted: Iterable[Span]) -> list[Span]:
        """Return the bytes that are wanted and not there, put together where little is between them."""
        there = self._spans(file)
        out: list[Span] = []
        for first, end in joined(wanted, GAP):
            out += _without((first, end), there)
        return joined(out, GAP)

    def bring(self, file: LogFile, wanted: Iterable[Span], fetch: Fetch) -> None:
        """Fetch bytes that are not there.

        Raises
        ------
        RejectkitError
            If the disk has no room for them.
        """
        missing = self.missing(file, wanted)
        if not missing:
            return
        path = self.path(file)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            need, free = sum(end - first for first, end in missing), shutil.disk_usage(self.folder).free
            if need + _SPARE > free:
                raise OSError(f"{free >> 20:,} MiB are free, and {need >> 20:,} MiB of {file.path} are to be kept")
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        except OSError as error:
            raise RejectkitError(
                f"parts of files in S3 cannot be kept in {str(self.folder)!r} while they are read ({error}); make "
                "room, ask a smaller window, or set REJECTKIT_CACHE to a folder with room"
            ) from error
        try:
            with os.fdopen(handle, "r+b") as disk:
                if os.fstat(disk.fileno()).st_size != file.size:
                    disk.truncate(file.size)
                for first, end in missing:
                    disk.seek(first)
                    disk.write(fetch(file, first, end - first))
        except OSError as error:
            if isinstance(error, RejectkitError):
                raise
            raise RejectkitError(f"parts of {file.path} could not be written to {str(path)!r}: {error}") from error
        self._note(file, missing)

    def trim(self, limit: int, spared: Iterable[LogFile]) -> None:
        """Remove what was used longest ago until the rest is within a bound of bytes; what is spared stays."""
        names = {self.path(file).name for file in spared}
        found = []
        with contextlib.suppress(OSError):
            for path in self.folder.glob("*.parquet"):
                with contextlib.suppress(OSError):
                    status = path.stat()
                    found.append((path.name in names, status.st_mtime, bytes_on_disk(status), path))
        total = sum(size for _, _, size, _ in found)
        for used, _, size, path in sorted(found):
            if total <= limit or used:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                path.with_suffix(".json").unlink()
            total -= size

    def _spans(self, file: LogFile) -> list[Span]:
        path = self.path(file)
        with self._lock:
            known = self._there.get(file)
        try:
            if path.stat().st_size != file.size:
                return []
            if known is None:
                known = [(int(first), int(end)) for first, end in json.loads(path.with_suffix(".json").read_text())]
        except (OSError, ValueError, TypeError):
            return []
        with self._lock:
            return self._there.setdefault(file, known)

    def _note(self, file: LogFile, more: Sequence[Span]) -> None:
        there = joined([*self._spans(file), *more], 0)
        with self._lock:
            self._there[file] = there
        if self.kept:
            path = self.path(file).with_suffix(".json")
            draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            with contextlib.suppress(OSError):
                draft.write_text(json.dumps(there))
                os.replace(draft, path)


def joined(spans: Iterable[Span], gap: int) -> list[Span]:
    """Return spans in order, those put together that have no more than a gap between them.

    Examples
    --------
    >>> joined([(10, 20), (0, 4), (5, 8)], 1)
    [(0, 8), (10, 20)]
    """
    out: list[Span] = []
    for first, end in sorted(spans):
        if out and first - out[-1][1] <= gap:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((first, end))
    return out


def _without(span: Span, there: Iterable[Span]) -> list[Span]:
    """Return the parts of a span that no other one covers."""
    first, end = span
    out: list[Span] = []
    for low, high in there:
        if low >= end or high <= first:
            continue
        if low > first:
            out.append((first, low))
        first = max(first, high)
    return [*out, (first, end)] if first < end else out
