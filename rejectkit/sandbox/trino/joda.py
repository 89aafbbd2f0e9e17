"""Times as Trino prints them: Joda's patterns of `format_datetime`, MySQL's of `date_format`, and plain texts.

Source: Trino documentation, Date and time functions; Joda-Time, DateTimeFormat.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from rejectkit.sandbox.trino.errors import TrinoError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RUN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
_MYSQL = {
    "Y": "%Y", "m": "%m", "d": "%d", "H": "%H", "i": "%M", "s": "%S", "S": "%S", "f": "%f", "M": "%B", "b": "%b",
    "a": "%a", "W": "%A", "y": "%y", "j": "%j", "p": "%p", "T": "%H:%M:%S", "h": "%I", "I": "%I", "%": "%%",
}  # fmt: skip
_BARE = {"e": "day", "c": "month", "k": "hour"}


def moment(millis: int) -> datetime:
    """Return a time in UTC.

    Raises
    ------
    TrinoError
        If it is beyond the years that the sandbox prints, 1 to 9999.
    """
    try:
        return _EPOCH + timedelta(milliseconds=millis)
    except OverflowError as error:
        raise TrinoError("NOT_SUPPORTED", f"The sandbox prints the years 1 to 9999, not {millis} ms") from error


def joda(millis: int, pattern: str) -> str:
    """Return a time, UTC, in one of Joda's patterns.

    Raises
    ------
    TrinoError
        If the pattern is none, or has what the sandbox lacks.
    """
    at, out, end = moment(millis), [], 0
    for run in _RUN.finditer(pattern):
        if run.start() != end:
            break
        end = run.end()
        if run[1] is not None:
            out.append(run[1].replace("''", "'") or "'")
        elif run[2]:
            out.append(_field(at, run[2], len(run[0])))
        else:
            out.append(run[0])
    if end != len(pattern):
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"Invalid format pattern: {pattern}")
    return "".join(out)


def _field(at: datetime, letter: str, width: int) -> str:
    if letter in "yYx":
        year = at.isocalendar().year if letter == "x" else at.year
        return f"{year % 100:02d}" if width == 2 else f"{year:0{width}d}"
    if letter == "M" and width > 2:
        return at.strftime("%B" if width > 3 else "%b")
    if letter == "E":
        return at.strftime("%A" if width > 3 else "%a")
    if letter == "a":
        return at.strftime("%p")
    if letter == "S":
        return f"{at.microsecond // 1000:03d}".ljust(width, "0")[:width]
    if letter == "Z":
        return "UTC" if width > 2 else "+00:00" if width == 2 else "+0000"
    if letter == "z":
        return "Coordinated Universal Time" if width > 3 else "UTC"
    numbers = {
        "M": at.month,
        "d": at.day,
        "D": at.timetuple().tm_yday,
        "H": at.hour,
        "k": at.hour or 24,
        "h": at.hour % 12 or 12,
        "K": at.hour % 12,
        "m": at.minute,
        "s": at.second,
        "e": at.isoweekday(),
        "w": at.isocalendar().week,
    }
    if letter not in numbers:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"Illegal pattern component: {letter * width}")
    return f"{numbers[letter]:0{width}d}"


def mysql(millis: int, pattern: str) -> str:
    """Return a time, UTC, in a format of MySQL's."""
    at = moment(millis)

    def one(found: re.Match[str]) -> str:
        letter = found[1]
        if letter in _BARE:
            return str(getattr(at, _BARE[letter]))
        if letter == "l":
            return str(at.hour % 12 or 12)
        if letter == "r":
            return at.strftime("%I:%M:%S %p")
        if letter in _MYSQL:
            return at.strftime(_MYSQL[letter])
        if letter in "DUuVwX":
            raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"%{letter} not supported in date format string")
        return letter

    return re.sub(r"%(.)", one, pattern)


def zone_of(text: str) -> tuple[str, str]:
    """Return a timestamp's text without its zone, and the zone."""
    found = re.fullmatch(
        r"(\d{4,}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?) ?([A-Za-z+].*|-\d\d:\d\d)?", text
    )
    return (found[1], found[2] or "") if found else (text, "")
