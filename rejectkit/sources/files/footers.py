"""What is known of Parquet files that DuckDB may read by itself: found out once, and noted for later questions."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from rejectkit.errors import FormatError
from rejectkit.records import LogFormat
from rejectkit.sources.files.cache import READER_VERSION, Cache
from rejectkit.sources.files.direct import Ask, DirectError, Knowledge, survey, to_prove, unfit
from rejectkit.sources.files.layouts import LogFile
from rejectkit.sources.files.shapes import Shape

Groups = dict[Shape, list[LogFile]]
_NO = Knowledge(None)


class Footers:
    """What is known of Parquet files. Safe to use from several threads.

    Parameters
    ----------
    cache : Cache or None
        Where it is noted, one note for each folder; None: for this object's life only.
    """

    def __init__(self, cache: Cache | None) -> None:
        """Know nothing."""
        self._cache = cache
        self._lock = threading.Lock()
        self._known: dict[LogFile, Knowledge] = {}
        self._read: set[str] = set()

    def groups(self, files: Sequence[LogFile], ask: Ask) -> tuple[Groups, list[LogFile]]:
        """Return the files that may be read directly, by shape, and the others; what is not known is found out."""
        self._recall(files)
        missing = [file for file in files if file not in self._known]
        unsure: set[LogFile] = set()
        if missing:
            try:
                self._learn(survey(missing, ask))
            except DirectError:  # a damaged footer, or a file that is gone: who reads it row by row says which
                unsure = set(missing)
        groups: Groups = {}
        others: list[LogFile] = []
        with self._lock:
            for file in files:
                shape = _NO.shape if file in unsure else self._known[file].shape
                if shape is None:
                    others.append(file)
                else:
                    groups.setdefault(shape, []).append(file)
        return groups, others

    def prove(self, groups: Groups, wanted: Mapping[Shape, Collection[str]], ask: Ask) -> list[LogFile]:
        """Look through the columns that a question needs where that was not done; take out what may not be read so.

        Parameters
        ----------
        groups : dict of Shape to list of LogFile
            Files that may be read directly as far as is known; those that may not are removed.
        wanted : mapping of Shape to collection of str
            Stored columns that the question needs.
        ask : callable
            Answers a query of DuckDB's.

        Returns
        -------
        list of LogFile
            Those that were removed.
        """
        removed: list[LogFile] = []
        for shape in list(groups):
            parts: dict[frozenset[str], list[LogFile]] = {}
            needed = to_prove(shape, wanted[shape])
            with self._lock:
                for file in groups[shape]:
                    parts.setdefault(needed - self._known[file].proven, []).append(file)
            for proving, files in parts.items():
                if not proving:
                    continue
                try:
                    odd = unfit(files, shape, proving, ask)
                except DirectError:  # damaged, or gone: who reads them row by row says which
                    removed += files
                    continue
                out = set(odd)
                found = {file: _NO if file in out else self._with(file, proving) for file in files}
                removed += odd
                self._learn(found)
            spared = set(removed)
            groups[shape] = [file for file in groups[shape] if file not in spared]
            if not groups[shape]:
                del groups[shape]
        return sorted(removed, key=lambda file: file.path)

    def give_up(self, files: Iterable[LogFile]) -> None:
        """Remember that files may not be read directly, until they change."""
        self._learn(dict.fromkeys(files, _NO))

    def _with(self, file: LogFile, proven: frozenset[str]) -> Knowledge:
        known = self._known[file]
        return Knowledge(known.shape, known.proven | proven)

    def _learn(self, found: dict[LogFile, Knowledge]) -> None:
        with self._lock:
            self._known |= found
            if self._cache is not None:
                folders = {_folder(file.path) for file in found}
                noted: dict[str, list[LogFile]] = {folder: [] for folder in folders}
                for file in self._known:
                    if _folder(file.path) in folders:
                        noted[_folder(file.path)].append(file)
                for folder, files in noted.items():
                    self._cache.note(_key(folder), _as_note({file: self._known[file] for file in files}))

    def _recall(self, files: Iterable[LogFile]) -> None:
        """Read the notes on the folders of files."""
        if self._cache is None:
            return
        by_folder: dict[str, list[LogFile]] = {}
        for file in files:
            by_folder.setdefault(_folder(file.path), []).append(file)
        for folder in by_folder.keys() - self._read:
            note = self._cache.noted(_key(folder))
            self._read.add(folder)
            found = _from_note(note, by_folder[folder]) if note is not None else {}
            with self._lock:
                self._known = found | self._known


def _folder(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[0]


def _key(folder: str) -> str:
    return hashlib.sha256(f"{READER_VERSION} {folder}".encode()).hexdigest()[:40]


def _identity(file: LogFile) -> list[Any]:
    return [file.size, file.mtime_ns, file.inode, file.etag]


def _as_note(known: dict[LogFile, Knowledge]) -> dict[str, Any]:
    kinds = list(dict.fromkeys(known.values()))
    places = {kind: at for at, kind in enumerate(kinds)}
    return {
        "kinds": [
            [list(kind.shape.format.fields), list(kind.shape.names), sorted(kind.proven)] if kind.shape else None
            for kind in kinds
        ],
        "files": {file.path.rpartition("/")[2]: [*_identity(file), places[kind]] for file, kind in known.items()},
    }


def _from_note(note: Any, files: Iterable[LogFile]) -> dict[LogFile, Knowledge]:
    """Return what a note says of files that have not changed since; nothing where it is damaged."""
    try:
        kinds = [
            Knowledge(Shape("parquet", LogFormat(tuple(kind[0])), tuple(kind[1])), frozenset(kind[2])) if kind else _NO
            for kind in note["kinds"]
        ]
        found = {}
        for file in files:
            told = note["files"].get(file.path.rpartition("/")[2])
            if told is not None and told[:4] == _identity(file):
                found[file] = kinds[told[4]]
        return found
    except (KeyError, TypeError, IndexError, AttributeError, FormatError):
        return {}
