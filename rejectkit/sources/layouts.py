"""Which files a path means: single files, folders (both S3 layouts, nested) and globs; and how they are packed."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rejectkit.errors import ArgumentError, SourceNotFoundError

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

PACK_BYTES = 64 << 20
"""Files of one folder are read and cached together up to about so many bytes."""

LOG_SUFFIXES = ("", ".log", ".txt", ".csv", ".json", ".jsonl", ".ndjson", ".parquet")
_LEFT_ALONE = ("aws-logs-write-test",)  # CloudWatch puts it beside an export, to try its rights
_FLOW_LOGS = re.compile(r"(^|[/\\])(vpcflowlogs|aws-service=vpcflowlogs)[/\\]")
_ANY_SERVICE = re.compile(r"(^|[/\\])AWSLogs[/\\]")


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file as it was found: two with equal values hold the same bytes.

    Attributes
    ----------
    path : str
        Absolute path.
    size : int
        Bytes on disk.
    mtime_ns, inode : int
        Time of the last change in nanoseconds since the epoch, and the file's number on its disk.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int


def find_files(paths: Paths) -> tuple[LogFile, ...]:
    """Return the files that paths mean, each once, in order of their paths.

    Parameters
    ----------
    paths : path or iterable of paths
        A file, a folder (searched to any depth), a glob (`**` crosses folders), or several of these. In a
        folder, files named `*.log`, `.txt`, `.csv`, `.json`, `.jsonl`, `.ndjson`, `.parquet` (each also
        `.gz`) or without a suffix are taken; under an `AWSLogs` folder, only those of VPC flow logs.

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
    found: dict[str, LogFile] = {}
    for path in wanted:
        for file in _files_of(os.fspath(path)):
            found.setdefault(file.path, file)
    return tuple(found[path] for path in sorted(found))


def _files_of(path: str) -> Iterator[LogFile]:
    """Yield the files of one path; raise if there is none."""
    if "://" in path:
        raise SourceNotFoundError(
            f"{path!r} is not on this machine: FileSource reads local files; copy them first, for example with "
            f"'aws s3 sync {path} logs/'"
        )
    whole = os.path.abspath(os.path.expanduser(path))
    if os.path.isfile(whole):
        yield _seen(whole)
        return
    if os.path.isdir(whole):
        yield from _in_folder(whole)
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
            yield from _in_folder(folder)


def _in_folder(folder: str) -> Iterator[LogFile]:
    others: list[str] = []
    names: list[str] = []
    been: set[tuple[int, int]] = set()  # a link may lead back up
    for parent, folders, files in os.walk(folder, followlinks=True):
        status = os.stat(parent)
        if (status.st_dev, status.st_ino) in been:
            folders[:] = []
            continue
        been.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(files):
            (names if _is_log_name(name) else others).append(os.path.join(parent, name))
    if any(_FLOW_LOGS.search(name) for name in names):  # AWS delivers here: tables beside its files are no logs
        flow_logs = [name for name in names if _FLOW_LOGS.search(name) or not _is_foreign(name)]
        others += [name for name in names if name not in set(flow_logs)]
        names = flow_logs
    files_found = [_seen(name) for name in names if os.path.isfile(name)]
    if not files_found:
        there = f"it holds {len(others)} other files, for example {Path(others[0]).name!r}" if others else "it is empty"
        raise SourceNotFoundError(
            f"there is no flow-log file in the folder {folder!r}: {there}; files named *.log, *.txt, *.csv, *.json, "
            "*.parquet (also .gz), or without a suffix, are looked for; name others by a glob"
        )
    yield from files_found


def _is_foreign(name: str) -> bool:
    """Tell whether a file among AWS's deliveries is another service's, or a table or document of somebody's."""
    return bool(_ANY_SERVICE.search(name)) or name.removesuffix(".gz").lower().endswith((".csv", ".json"))


def _is_log_name(name: str) -> bool:
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

    A new delivery changes only the last group of its folder.
    """
    groups: list[tuple[LogFile, ...]] = []
    group: list[LogFile] = []
    size = 0
    for file in files:
        if group and (size + file.size > limit or os.path.dirname(file.path) != os.path.dirname(group[-1].path)):
            groups.append(tuple(group))
            group, size = [], 0
        group.append(file)
        size += file.size
    return [*groups, tuple(group)] if group else groups
