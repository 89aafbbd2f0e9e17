"""Which files a path means: single files, folders (both S3 layouts, nested) and globs; and how they are packed."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from rejectkit.errors import ArgumentError, SourceNotFoundError
from rejectkit.sources.partitions import HOUR, LONGEST, may_hold, stamp_of
from rejectkit.window import Window

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

PACK_BYTES = 64 << 20
"""Files of one folder are read and cached together up to about so many bytes."""

LOG_SUFFIXES = ("", ".log", ".txt", ".csv", ".json", ".jsonl", ".ndjson", ".parquet")
_LEFT_ALONE = ("aws-logs-write-test",)  # CloudWatch puts it beside an export, to try its rights
_FLOW_LOGS = re.compile(r"(^|[/\\])(vpcflowlogs|aws-service=vpcflowlogs)[/\\]")
_OF_A_DATE = re.compile(r"\d{2}|\d{4}|(year|month|day|hour|date|dt|ds|datehour|hr)=[^/]*", re.IGNORECASE)
_ANY_SERVICE = re.compile(r"(^|[/\\])AWSLogs[/\\]")


class Store(Protocol):
    """Where files are that are not on this machine's disk."""

    def open(self, file: LogFile) -> BinaryIO:
        """Open a file to read its bytes from the first to the last."""
        ...

    def local(self, file: LogFile) -> str:
        """Return the path on this machine of what of a Parquet file was fetched so far: its footer at least."""
        ...

    def whole(self, file: LogFile) -> str:
        """Return the path on this machine of a file, all of it fetched."""
        ...


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file as it was found: two with equal values hold the same bytes.

    Attributes
    ----------
    path : str
        Absolute path, or address as `s3://bucket/key`.
    size : int
        Bytes on disk.
    mtime_ns, inode : int
        Time of the last change in nanoseconds since the epoch, and the file's number on its disk.
    etag : str
        What tells an object's bytes in S3; empty for others.
    store : Store or None
        Where it is, if not on this machine's disk.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    etag: str = ""
    store: Store | None = field(default=None, compare=False, repr=False)

    @property
    def local(self) -> str:
        """Path on this machine's disk; of a remote file, of its Parquet that was fetched so far."""
        return self.path if self.store is None else self.store.local(self)


@dataclass(slots=True)
class Look:
    """How to look through folders, and what came of it.

    Attributes
    ----------
    window : Window or None
        Folders that cannot hold a record that starts in it are not opened.
    overlap : float or str
        The longest record, seconds.
    left : int
        Folders that were not opened.
    partly : bool
        Whether there may be more folders, which were not even looked for.
    """

    window: Window | None = None
    overlap: float | str = LONGEST
    left: int = 0
    partly: bool = False

    def choose(self, folders: list[str]) -> list[str]:
        """Return those folders, of one folder, that are to be opened; the others are counted."""
        chosen = [folder for folder in folders if may_hold(folder + "/", self.window, self.overlap)]
        self.left += len(folders) - len(chosen)
        return chosen


@dataclass(slots=True)
class Sample(Look):
    """Opens of folders that are named by dates the first and the last: what is in all of them, by a few."""

    def choose(self, folders: list[str]) -> list[str]:
        """Return the first and the last folder of dates, and all others."""
        dated = [folder for folder in folders if _OF_A_DATE.fullmatch(os.path.basename(folder))]
        spared = set(dated[1:-1])
        self.partly = self.partly or bool(spared)
        return [folder for folder in folders if folder not in spared]


def find_files(paths: Paths, look: Look | None = None) -> tuple[LogFile, ...]:
    """Return the files that paths mean, each once, in order of their paths.

    Parameters
    ----------
    paths : path or iterable of paths
        A file, a folder (searched to any depth), a glob (`**` crosses folders), or several of these. In a
        folder, files named `*.log`, `.txt`, `.csv`, `.json`, `.jsonl`, `.ndjson`, `.parquet` (each also
        `.gz`) or without a suffix are taken; under an `AWSLogs` folder, only those of VPC flow logs.
    look : Look, optional
        Which folders below a folder to open; all of them where it is left out.

    Raises
    ------
    SourceNotFoundError
        If a path leads to no file.
    ArgumentError
        If no path is given.
    """
    wanted = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not wanted:
        raise ArgumentError("no path is given; give a file, a folder or a glob such as 'logs/**/*.log.gz'")
    look = look or Look()
    found: dict[str, LogFile] = {}
    for path in wanted:
        for file in _files_of(os.fspath(path), look):
            found.setdefault(file.path, file)
    return tuple(found[path] for path in sorted(found))


def is_remote(path: object) -> bool:
    """Tell whether a path is an address."""
    return isinstance(path, str) and "://" in path


def _files_of(path: str, look: Look) -> Iterator[LogFile]:
    """Yield the files of one path; raise if there is none."""
    whole = os.path.abspath(os.path.expanduser(path))
    if os.path.isfile(whole):
        yield _seen(whole)
        return
    if os.path.isdir(whole):
        yield from _in_folder(whole, look)
        return
    if not glob.has_magic(path):
        raise SourceNotFoundError(f"there is no file or folder {path!r} (looked for {whole}); {_nearest(whole)}")
    matches = sorted(glob.glob(whole, recursive=True))
    files = [match for match in matches if os.path.isfile(match)]
    if not files and not matches:
        raise SourceNotFoundError(f"no file matches {path!r} (looked for {whole}); {_nearest(whole)}")
    yield from (_seen(file) for file in files)
    if not files:
        for folder in matches:
            yield from _in_folder(folder, look)


def _in_folder(folder: str, look: Look) -> Iterator[LogFile]:
    listing = Listing(look.choose)
    listing.read(folder)
    names = flow_logs_among(listing.names, listing.delivered)
    if not names and not listing.closed:
        others = sorted([*listing.others, *listing.names])
        there = f"it holds {len(others)} other files, for example {Path(others[0]).name!r}" if others else "it is empty"
        raise SourceNotFoundError(
            f"there is no flow-log file in the folder {folder!r}: {there}; files named *.log, *.txt, *.csv, *.json, "
            "*.parquet (also .gz), or without a suffix, are looked for; name others by a glob"
        )
    yield from (listing.names[name] for name in names)


class Listing:
    """What is below a folder, to any depth; a folder that is not to be opened counts as `closed`.

    Parameters
    ----------
    choose : callable
        Returns of the folders in a folder those that are opened.

    Attributes
    ----------
    names : dict of str to LogFile
        Files that are named as logs are.
    others : list of str
        Other files.
    delivered : bool
        Whether AWS delivers flow logs to a folder here, be it opened or not.
    closed : int
        Folders that were not opened.
    """

    def __init__(self, choose: Callable[[list[str]], list[str]]) -> None:
        """Start with nothing."""
        self.choose = choose
        self.names: dict[str, LogFile] = {}
        self.others: list[str] = []
        self.delivered, self.closed = False, 0
        self._been: set[tuple[int, int]] = set()  # a link may lead back up

    def read(self, folder: str) -> None:
        """Look through a folder, and those in it that are opened."""
        try:
            status = os.stat(folder)
            with os.scandir(folder) as entries:
                items = list(entries)
        except OSError:  # gone, or not ours to read: as os.walk has it
            return
        if (status.st_dev, status.st_ino) in self._been:
            return
        self._been.add((status.st_dev, status.st_ino))
        self.delivered = self.delivered or _FLOW_LOGS.search(folder + os.sep) is not None
        folders: list[str] = []
        for item in items:
            try:
                if item.is_dir():
                    folders += [] if item.name.startswith((".", "_")) else [item.path]
                elif not is_log_name(item.name):
                    self.others.append(item.path)
                elif item.is_file():
                    found = item.stat()
                    self.names[item.path] = LogFile(item.path, found.st_size, found.st_mtime_ns, found.st_ino)
            except OSError as error:
                raise SourceNotFoundError(f"{item.path!r} cannot be looked at: {error.strerror}") from error
        chosen = self.choose(sorted(folders))
        for path in set(folders).difference(chosen):
            self.closed += 1
            self.delivered = self.delivered or _FLOW_LOGS.search(path + os.sep) is not None
        for path in chosen:
            self.read(path)


def flow_logs_among(names: Iterable[str], delivered: bool = False) -> list[str]:
    """Return the names of flow logs, sorted; where AWS delivers them, tables beside its files are none."""
    names = sorted(names)
    if delivered or any(_FLOW_LOGS.search(name) for name in names):
        return [name for name in names if _FLOW_LOGS.search(name) or not _is_foreign(name)]
    return names


def _is_foreign(name: str) -> bool:
    """Tell whether a file among AWS's deliveries is another service's, or a table or document of somebody's."""
    return bool(_ANY_SERVICE.search(name)) or name.removesuffix(".gz").lower().endswith((".csv", ".json"))


def is_log_name(name: str) -> bool:
    """Tell whether a file's name, without its folders, is one that logs have."""
    if name.startswith((".", "_")) or name in _LEFT_ALONE:
        return False
    _, suffix = os.path.splitext(name.removesuffix(".gz"))
    return suffix.lower() in LOG_SUFFIXES or suffix[1:].isdigit()


def _nearest(path: str) -> str:
    """Say how far a path does exist."""
    parent = Path(path).parent
    while not parent.exists():
        parent = parent.parent
    return f"the folder {str(parent)!r} exists"


def _seen(path: str) -> LogFile:
    try:
        status = os.stat(path)
    except OSError as error:
        raise SourceNotFoundError(f"{path!r} cannot be looked at: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise SourceNotFoundError(f"{path!r} is not a regular file")
    return LogFile(path, status.st_size, status.st_mtime_ns, status.st_ino)


def packs(files: Sequence[LogFile], limit: int = PACK_BYTES) -> list[tuple[LogFile, ...]]:
    """Return files in groups to be read and kept together: of one folder, and of about `limit` bytes at most.

    A new delivery changes only the last group of its folder. Of remote files, only those of one hour are together, as
    a group is fetched whole.
    """
    groups: list[tuple[LogFile, ...]] = []
    group: list[LogFile] = []
    size = 0
    for file in files:
        if group and (size + file.size > limit or _place(file) != _place(group[-1])):
            groups.append(tuple(group))
            group, size = [], 0
        group.append(file)
        size += file.size
    return [*groups, tuple(group)] if group else groups


def _place(file: LogFile) -> tuple[str, int]:
    stamp = stamp_of(file.path) if file.store is not None else None
    return os.path.dirname(file.path), stamp[0] // HOUR if stamp else 0
