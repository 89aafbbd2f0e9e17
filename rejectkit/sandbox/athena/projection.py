"""Partition projection: the values of a partition column, and the place of a partition, from a table's properties.

Source: Athena user guide, Partition projection with Amazon Athena; Supported types for partition projection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from rejectkit.sandbox.trino.errors import TrinoError

_NOW = re.compile(r"NOW(?:\s*([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?")
_SPANS = {
    "WEEK": timedelta(weeks=1),
    "DAY": timedelta(days=1),
    "HOUR": timedelta(hours=1),
    "MINUTE": timedelta(minutes=1),
    "SECOND": timedelta(seconds=1),
}
_FINEST = (("s", "SECOND"), ("m", "MINUTE"), ("H", "HOUR"), ("h", "HOUR"), ("d", "DAY"), ("M", "MONTH"), ("y", "YEAR"))
_LETTERS = {"y": "%Y", "u": "%Y", "M": "%m", "d": "%d", "H": "%H", "m": "%M", "s": "%S"}
_RUN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']")


def _bad(words: str) -> TrinoError:
    return TrinoError("INVALID_TABLE_PROPERTY", words)


def values(properties: Mapping[str, str], name: str, pinned: set[str] | None, now: float) -> list[str]:
    """Return the values that a partition column may have.

    Parameters
    ----------
    properties : mapping of str to str
        The table's.
    name : str
        The column.
    pinned : set of str, optional
        The values that the query says it is one of, which an injected column needs.
    now : float
        Seconds since the epoch.

    Raises
    ------
    TrinoError
        If the properties do not make sense, or an injected column is not given by equality.
    """

    def of(key: str, default: str | None = None) -> str:
        found = properties.get(f"projection.{name}.{key}", default)
        if found is None:
            raise _bad(f"Table has partition projection enabled but lacks the property projection.{name}.{key}")
        return found

    kind = of("type").lower()
    if kind == "enum":
        return [value.strip() for value in of("values").split(",")]
    if kind == "integer":
        low, high = (int(part) for part in of("range").split(","))
        width = int(of("digits", "0"))
        return [f"{number:0{width}d}" for number in range(low, high + 1, int(of("interval", "1")))]
    if kind == "date":
        return _dates(of("range"), of("format"), of("interval", ""), of("interval.unit", ""), now)
    if kind == "injected":
        if not pinned:
            words = (
                f"For the injected projected partition column {name}, the WHERE clause must contain only static "
                "equality conditions, and at least one such condition must be present."
            )
            raise TrinoError("CONSTRAINT_VIOLATION", words)
        return sorted(pinned)
    raise _bad(f"projection.{name}.type is {kind!r}; it is enum, integer, date or injected")


def _spelled(pattern: str) -> str:
    """Return a Java pattern of a time as strftime's."""
    out = []
    for run in _RUN.finditer(pattern):
        if run[1] is not None:
            out.append(run[1].replace("''", "'").replace("%", "%%") or "'")
        elif run[2]:
            width = len(run[0])
            if run[2] not in _LETTERS or (run[2] in "yu" and width != 4) or (run[2] not in "yu" and width != 2):
                raise _bad(f"the sandbox reads no {run[0]!r} in the date format {pattern!r}")
            out.append(_LETTERS[run[2]])
        else:
            out.append(run[0].replace("%", "%%"))
    return "".join(out)


def _dates(span: str, pattern: str, interval: str, unit: str, now: float) -> list[str]:
    spelled = _spelled(pattern)
    unit = unit.upper().removesuffix("S")
    if not unit:
        letters = re.sub(r"'(?:[^']|'')*'", "", pattern)
        unit = next(name for letter, name in _FINEST if letter in letters)
        if interval == "" and unit not in ("DAY", "MONTH"):
            raise _bad("an interval has to be given for a date column that is not of single days or months")
    step = int(interval or 1)
    low, high = (_moment(part.strip(), spelled, now) for part in span.split(",", 1))
    at, out = low, []
    while at <= high:
        out.append(at.strftime(spelled))
        at = _later(at, step, unit)
    return out


def _moment(text: str, spelled: str, now: float) -> datetime:
    if found := _NOW.fullmatch(text):
        at = datetime.fromtimestamp(now, UTC)
        if found[1]:
            at = _later(at, int(found[2]) * (-1 if found[1] == "-" else 1), found[3])
        return at
    try:
        return datetime.strptime(text, spelled).replace(tzinfo=UTC)
    except ValueError as error:
        raise _bad(f"the projection's range has {text!r}, which is not of its format") from error


def _later(at: datetime, count: int, unit: str) -> datetime:
    if unit in _SPANS:
        return at + count * _SPANS[unit]
    months = at.year * 12 + at.month - 1 + count * (12 if unit == "YEAR" else 1)
    for day in (at.day, 30, 29, 28):
        try:
            return at.replace(year=months // 12, month=months % 12 + 1, day=day)
        except ValueError:
            continue
    raise AssertionError(at)


def location(properties: Mapping[str, str], table: str, names: Sequence[str], row: Sequence[str]) -> str:
    """Return where a partition's objects are: by the template, or by Hive's way under the table's location."""
    template = properties.get("storage.location.template")
    if template is None:
        return table.rstrip("/") + "/" + "".join(f"{name}={value}/" for name, value in zip(names, row, strict=True))
    for name, value in zip(names, row, strict=True):
        if f"${{{name}}}" not in template:
            raise _bad(f"storage.location.template lacks ${{{name}}}: {template}")
        template = template.replace(f"${{{name}}}", value)
    return template
