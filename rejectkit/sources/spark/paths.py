"""Which files of some paths a window needs, as Spark lists them: names are looked at, nothing is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any
from urllib.parse import unquote

from rejectkit.errors import FormatError, SourceNotFoundError
from rejectkit.sources.partitions import days, ends, may_hold
from rejectkit.sources.spark.failures import translated
from rejectkit.window import Window

_BELOW = ("AWSLogs", "*", "vpcflowlogs", "*")
_OF_AWS = re.compile(r"/(vpcflowlogs|aws-service=vpcflowlogs)/")
_GLOB = re.compile(r"[][{}*?\\]")
_MANY_DAYS = 400  # a glob of more days is longer than a listing


@dataclass(frozen=True, slots=True)
class Files:
    """Files as Spark names them.

    Attributes
    ----------
    kept : tuple of str
        Those that can hold records of the window.
    first : str
        One that shows what all are like.
    known : int
        How many were looked at.
    addresses : tuple of str
        The kept files as Spark is to be given them: folders where all of their files are kept.
    """

    kept: tuple[str, ...]
    first: str
    known: int
    addresses: tuple[str, ...]

    @property
    def parquet(self) -> bool:
        """Whether they are Parquet, by their names."""
        return self.first.endswith(".parquet")


def find(spark: Any, paths: Sequence[str], window: Window | None, overlap: float | str) -> Files:
    """Return the files of some paths.

    Parameters
    ----------
    spark : SparkSession
        Lists the folders.
    paths : sequence of str
        Files, folders (to any depth) and globs, of any file system that Spark has. Where AWS's own layout is among
        them, only flow logs in it count. Of a path with the folder `AWSLogs` in it, only the window's days are listed.
    window : Window or None
        None: all.
    overlap : float or str
        As of `may_hold`.

    Raises
    ------
    SourceNotFoundError
        If there is no file.
    FormatError
        If some are Parquet and some are text.
    """
    found: dict[str, str] = {}  # each file, and the folder below which everything was listed
    for path in paths:
        dated = days_of(path, window, overlap) if window is not None else None
        listed = _listed(spark, dated) if dated is not None else []
        if listed:
            found |= {file: _folder(file) for file in listed}
            continue
        listed = _listed(spark, path, must=True)
        one = _GLOB.search(path) or (len(listed) == 1 and unquote(listed[0]).endswith(path.rstrip("/")))
        top = "" if one else _common(listed)
        found |= {file: top for file in listed}
    known = sorted([path for path in found if _OF_AWS.search(path)] or found)
    if not known:
        raise SourceNotFoundError(f"there is no file at {', '.join(map(repr, paths))}")
    odd = [path for path in known if path.endswith(".parquet") != known[0].endswith(".parquet")]
    if odd:
        raise FormatError(
            f"some files are Parquet and some are text: {known[0]} and {odd[0]}; make a source for each, and put them "
            "together by Combined"
        )
    kept = tuple(path for path in known if may_hold(unquote(path), window, overlap))
    return Files(kept, kept[0] if kept else known[0], len(known), tuple(map(address, _folded(kept, found))))


def _folded(kept: Sequence[str], found: Mapping[str, str]) -> list[str]:
    """Return files as folders where these hold no other file: a few paths are listed sooner than many."""
    mixed: set[str] = set()
    for path in found.keys() - set(kept):
        while path not in mixed and "/" in path:
            mixed.add(path)
            path = _folder(path)
    out: dict[str, None] = {}
    for path in kept:
        top, best = found[path], path
        while best != top and best.startswith(f"{top}/") and top and _folder(best) not in mixed:
            best = _folder(best)
        out.setdefault(best)
    return list(out)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _common(paths: Sequence[str]) -> str:
    """Return the deepest folder that all of some files are in; empty of none."""
    parts = [_folder(path).split("/") for path in paths]
    same = takewhile(lambda names: len(set(names)) == 1, zip(*parts, strict=False))
    return "/".join(names[0] for names in same)


def days_of(path: str, window: Window, overlap: float | str) -> str | None:
    """Return a glob of the folders of AWS's layouts that hold a window's days; None where the path does not tell.

    Examples
    --------
    >>> print(days_of("s3://logs/AWSLogs/123456789012", Window.parse("2026-11-02", "2026-11-03"), 0))
    s3://logs/AWSLogs/123456789012/{vpcflowlogs/*/2026/11/02,aws-service=vpcflowlogs/aws-region=*/year=2026/month=11/day=02}
    """
    parts = path.rstrip("/").split("/")
    if "AWSLogs" not in parts or _GLOB.search(path):
        return None
    deep = len(parts) - 1 - parts.index("AWSLogs")
    if deep > 3:
        return None
    first, end = ends(window, overlap)
    touched = list(_days(first, end))
    if not touched:
        return None
    hive = ("aws-account-id=*", "aws-service=vpcflowlogs", "aws-region=*")[deep:]
    plain = _BELOW[1:][deep:]
    globs = ["/".join((*plain, day.strftime("%Y/%m/%d"))) for day in touched]
    globs += ["/".join((*hive, day.strftime("year=%Y/month=%m/day=%d"))) for day in touched]
    return f"{path.rstrip('/')}/{{{','.join(globs)}}}"


def _days(first: int, end: int) -> list[datetime]:
    return [] if end - first > _MANY_DAYS * 86400 else [day.astimezone(UTC) for day in days(first, end)]


def address(path: str) -> str:
    r"""Return a file as Spark lists it, a URI, as a path that Spark reads back.

    Examples
    --------
    >>> print(address("file:///logs/a%20b/c[1].log"))
    file:///logs/a b/c\[1\].log
    """
    return _GLOB.sub(lambda char: f"\\{char[0]}", unquote(path))


def _listed(spark: Any, path: str, *, must: bool = False) -> list[str]:
    """Return the files at a path, as URIs; those whose names begin with `_` or `.` are Spark's own."""
    try:
        with translated():
            frame = spark.read.format("text").option("recursiveFileLookup", "true").load(path)
            return list(frame.inputFiles())
    except SourceNotFoundError:
        if must:
            raise
        return []
