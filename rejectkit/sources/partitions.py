"""Which files, folders and S3 prefixes of a layout can hold the records that start in a window; pure, nothing is read.

AWS names a file by the five minutes in which its records end, and files it in the folder of that moment, UTC
(Source: "Flow log files"; that the folder is of the same moment is inferred). A window is of starts, so what is
read are the stamps from the window's start to its end and the longest record more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Final
from urllib.parse import unquote

from rejectkit.errors import ArgumentError
from rejectkit.window import Window, duration

AGGREGATION: Final = 600
"""Seconds of the longest aggregation interval. Source: "Flow log records"."""
TOLERANCE: Final = 60
"""Seconds by which `start` and `end` may each be off. Source: "Flow log records"."""
LONGEST: Final = AGGREGATION + 2 * TOLERANCE
"""Seconds from a record's start to its end that are taken as the longest (*inferred* from the two above)."""
FILE_SPAN: Final = 300
"""Seconds of record ends in a file of AWS's, from its stamp on. Source: "Flow log files"."""

HOUR: Final = 3600
DAY: Final = 86400
_LAST: Final = 253402300800  # the end of year 9999, where the calendar ends

_NAME = re.compile(
    r"\d{12}_vpcflowlogs_[a-z]{2}(?:-[a-z]+)+-\d+_fl-[0-9a-f]{8,17}_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_[0-9A-Za-z]+\.log\.(?:gz|parquet)"
)
_PLAIN = re.compile(r"/vpcflowlogs/[a-z]{2}(?:-[a-z]+)+-\d+/(\d{4})/(\d\d)/(\d\d)(?:/(\d\d))?/")
_TREE = re.compile(r"/year=(\d{4})(?:/month=(\d\d?)(?:/day=(\d\d?)(?:/hour=(\d\d?))?)?)?/", re.IGNORECASE)
_DATED = re.compile(
    r"/(?:date|day|dt|ds|datehour)=(\d{4})([-_/]?)(\d\d)\2(\d\d)(?:[-_/T ]?(\d\d))?/(?:(?:hour|hr)=(\d\d?)/)?",
    re.IGNORECASE,
)
_OF_AWS = "/aws-service=vpcflowlogs/"


@dataclass(frozen=True, slots=True)
class Layout:
    """How AWS lays flow logs out below a folder.

    Attributes
    ----------
    base : str
        The folder `AWSLogs`, with a slash or without: `s3://bucket/prefix/AWSLogs`.
    accounts, regions : tuple of str
        Whose and where.
    hive, per_hour : bool
        The options `HiveCompatiblePartitions` and `PerHourPartition` of the flow log.
    """

    base: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    hive: bool = False
    per_hour: bool = False

    def folder(self, account: str, region: str) -> str:
        """Return the folder of an account and region, above its dates; it ends with a slash.

        Source: "Flow log files".
        """
        base = self.base.rstrip("/")
        if self.hive:
            return f"{base}/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/"
        return f"{base}/{account}/vpcflowlogs/{region}/"

    def dated(self, moment: datetime, *, hour: bool) -> str:
        """Return the part of a folder that tells a day, or an hour; it ends with a slash."""
        if self.hive:
            return moment.strftime("year=%Y/month=%m/day=%d/" + ("hour=%H/" if hour else ""))
        return moment.strftime("%Y/%m/%d/" + ("%H/" if hour else ""))


def overlap_seconds(overlap: float | str) -> float:
    """Return an overlap, as seconds or as a span such as `"12m"`, in seconds.

    Raises
    ------
    ArgumentError
        If it is not a number of seconds from 0 on, or no span of time.

    Examples
    --------
    >>> overlap_seconds("12m"), overlap_seconds(0)
    (720.0, 0.0)
    """
    if isinstance(overlap, str):
        return duration(overlap)
    if isinstance(overlap, bool) or not isinstance(overlap, int | float) or not 0 <= overlap < float("inf"):
        raise ArgumentError(f"overlap is {overlap!r}; give seconds from 0 on, or a span such as '12m'")
    return float(overlap)


def ends(window: Window, overlap: float | str = LONGEST) -> tuple[int, int]:
    """Return the span in which the records end that start in a window: whole seconds since the epoch, half-open.

    Examples
    --------
    >>> first, end = ends(Window.parse("2026-11-02", "2026-11-03"))
    >>> end - first
    87120
    """
    return _ends(window, overlap_seconds(overlap))


@lru_cache(maxsize=16)  # asked for each of many files
def _ends(window: Window, overlap: float) -> tuple[int, int]:
    first, end = window.millis
    return first // 1000, min(-(-end // 1000) + -int(-overlap // 1), _LAST)


def around(window: Window, overlap: float | str = LONGEST) -> tuple[int, int]:
    """Return a window widened by the overlap on both sides: for folders of which it is not known what they are of."""
    first, end = ends(window, overlap)
    return max(0, first + int(-overlap_seconds(overlap) // 1)), end


def stamp_of(path: str) -> tuple[int, int] | None:
    """Return the span of record ends in a file that AWS delivered, by its name; None where it has no such name.

    Parameters
    ----------
    path : str
        Of any kind; its last part counts.

    Returns
    -------
    tuple of int or None
        Seconds since the epoch, half-open. Source: "Flow log files".

    Examples
    --------
    >>> stamp_of("123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_fe123456.log.gz")
    (1529511600, 1529511900)
    """
    name = path.replace("\\", "/").rpartition("/")[2]
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        stamp = int(datetime(*map(int, found.groups()), tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    return (stamp, stamp + FILE_SPAN) if stamp % FILE_SPAN == 0 else None


def folder_span(path: str) -> tuple[int, int, bool] | None:
    """Return the span that the folders of a path name, and whether it is AWS's, of record ends.

    Parameters
    ----------
    path : str
        Of a file or, ending with a slash, of a folder. Known are AWS's layouts, and the folders of somebody's own:
        `year=…/month=…/day=…/hour=…`, `date=`, `day=`, `dt=`, `ds=` or `datehour=` with a date, taken as UTC.

    Returns
    -------
    tuple or None
        Start and end in seconds since the epoch, half-open, and True for a folder of AWS's; None where the folders
        tell no time.
    """
    folders = "/" + path.replace("\\", "/").rpartition("/")[0] + "/"
    plain = _PLAIN.search(folders)
    if plain:
        return _told(plain.groups(), of_aws=True)
    if "=" not in folders:
        return None
    tree = _TREE.search(folders)
    if tree:
        return _told(tree.groups(), of_aws=_OF_AWS in folders)
    dated = _DATED.search(unquote(folders))
    if dated:
        year, _, month, day, *hours = dated.groups()
        return _told((year, month, day, hours[0] or hours[1]), of_aws=False)
    return None


def may_hold(path: str, window: Window | None, overlap: float | str = LONGEST) -> bool:
    """Tell whether a file, or a folder, can hold records that start in a window; True where its path does not say.

    Parameters
    ----------
    path : str
        Of a file, or of a folder where it ends with a slash; of S3 or of a disk.
    window : Window or None
        None: any time.
    overlap : float or str
        The longest record, seconds. What somebody laid out by dates of their own is taken with so much on both sides.

    Examples
    --------
    >>> window = Window.parse("2026-11-02", "2026-11-03")
    >>> path = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/{}/a.log.gz"
    >>> [may_hold(path.format(day), window) for day in ("01", "02", "03", "04")]
    [False, True, True, False]
    """
    if window is None:
        return True
    stamp = stamp_of(path)
    if stamp is None:
        told = folder_span(path)
        if told is None:
            return True
        first, end = ends(window, overlap) if told[2] else around(window, overlap)
        return told[0] < end and told[1] > first
    first, end = ends(window, overlap)
    return stamp[0] < end and stamp[1] > first


def prefixes(layout: Layout, window: Window, overlap: float | str = LONGEST) -> tuple[str, ...]:
    """Return the folders of a layout that can hold the records of a window, in order of account, region and time.

    A day whose every hour is read is one folder, also where the layout has folders of hours.

    Examples
    --------
    >>> logs = Layout("s3://logs/AWSLogs", ("123456789012",), ("eu-west-1",), per_hour=True)
    >>> [path[43:] for path in prefixes(logs, Window.parse("2026-11-02 22:00", "2026-11-02 23:30"))]
    ['eu-west-1/2026/11/02/22/', 'eu-west-1/2026/11/02/23/']
    """
    first, end = ends(window, overlap)
    times = [
        layout.dated(moment, hour=hour)
        for moment, hour in (_folders_of(first, end) if layout.per_hour else ((day, False) for day in days(first, end)))
    ]
    places = [layout.folder(account, region) for account, region in product(layout.accounts, layout.regions)]
    return tuple(place + time for place in places for time in times)


def days(first: float, end: float) -> Iterator[datetime]:
    """Yield the days, UTC, that a half-open span of seconds since the epoch touches."""
    return _steps(first, end, DAY)


def hours(first: float, end: float) -> Iterator[datetime]:
    """Yield the hours, UTC, that a half-open span of seconds since the epoch touches."""
    return _steps(first, end, HOUR)


def hours_of_days(first: float, end: float) -> Iterator[tuple[datetime, tuple[int, ...]]]:
    """Yield the days that a half-open span of seconds touches, and the hours of each that it touches."""
    for day in days(first, end):
        start = day.timestamp()
        low, high = max(first, start), min(end, start + DAY)
        yield day, tuple(moment.hour for moment in hours(low, high))


def _folders_of(first: float, end: float) -> Iterator[tuple[datetime, bool]]:
    """Yield the folders that hold a span: whole days, and hours of others."""
    for day, touched in hours_of_days(first, end):
        if len(touched) == DAY // HOUR:
            yield day, False
        else:
            yield from ((day + timedelta(hours=hour), True) for hour in touched)


def _steps(first: float, end: float, step: int) -> Iterator[datetime]:
    at = int(first // step) * step
    while at < min(end, _LAST):
        yield datetime.fromtimestamp(at, UTC)
        at += step


def _told(parts: Iterable[str | None], *, of_aws: bool) -> tuple[int, int, bool] | None:
    """Return the span of a year, month, day or hour, given from the year on; None if there is no such time."""
    numbers = [int(part) for part in parts if part is not None]
    whole = (*numbers, *(1, 1, 1, 0)[len(numbers) :])
    try:
        start = datetime(*whole, tzinfo=UTC)  # type: ignore[misc, arg-type]  # four whole numbers
    except ValueError:
        return None
    span = {1: timedelta(366), 2: timedelta(31), 3: timedelta(1), 4: timedelta(hours=1)}[len(numbers)]
    first = int(start.timestamp())
    after = first + int(span.total_seconds())
    if len(numbers) < 3:  # a month or a year ends where the next begins
        later = datetime.fromtimestamp(min(after, _LAST - 1), UTC)
        begin = later.replace(day=1, hour=0) if len(numbers) == 2 else later.replace(month=1, day=1, hour=0)
        after = int(begin.timestamp()) if begin > start else after
    return first, after, of_aws
