"""Which partition keys of a table tell the time, and which of their values a span of time needs; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from rejectkit.sources.athena.clauses import KeyType
from rejectkit.sources.athena.datepatterns import DAY, HOUR, MONTH, SECONDS, YEAR, DatePattern, guessed
from rejectkit.sources.athena.glue import SAMPLES, Existing, Partitions
from rejectkit.sources.athena.spans import TimeKey, least, units
from rejectkit.sources.partitions import folder_span

_LISTED: Final = 5000  # values of a key that are listed at most
_WIDTHS: Final = (4, 2, 2, 2, 2, 2)
_PARTS: Final = {
    **dict.fromkeys(("year", "yr", "yyyy"), YEAR),
    **dict.fromkeys(("month", "mon", "mm"), MONTH),
    **dict.fromkeys(("day", "dd"), DAY),
    **dict.fromkeys(("hour", "hr", "hh"), HOUR),
}
# Names of keys whose values are tried as dates (inferred, from public tables).
_DATES: Final = frozenset((
    "date", "day", "dt", "ds", "datestr", "date_str", "dateint", "datehour", "date_hour", "day_hour", "month",
    "year_month", "log_date", "logdate", "event_date", "eventdate", "flow_date", "partition_date", "partition_day",
    "datetime", "ymd", "ymdh",
))  # fmt: skip
_INTS: Final = ("tinyint", "smallint", "int", "integer", "bigint")
_UNITS: Final = {"year": YEAR, "month": MONTH, "week": DAY, "day": DAY, "hour": HOUR, "minute": 4, "second": 5}


def recognised(existing: Existing, partitions: Partitions) -> tuple[TimeKey, ...]:
    """Return the keys of a table that tell the time, coarse to fine; none where that cannot be told.

    Parameters
    ----------
    existing : Existing
        The table.
    partitions : Partitions
        Some that are registered, for tables without projection.
    """
    made = _projected(existing) if existing.projected else _registered(existing, partitions)
    kept: list[TimeKey] = []
    told: set[int] = set()
    for one in sorted(made, key=lambda key: (key.unit, key.pattern.parts)):
        parts = set(one.pattern.parts)
        if (told | parts) != set(range(max(told | parts) + 1)):
            break  # a day without its month, say
        if not parts <= told:
            kept.append(one)
        told |= parts
    if not existing.projected and not _agree(kept, existing, partitions):
        return ()
    return tuple(kept)


def _projected(existing: Existing) -> Iterator[TimeKey]:
    """Yield the time keys of a table with projection, by its properties."""
    for key, kind in existing.partition_keys:
        compared, told = compared_as(kind), projection(existing, key)
        projected = told.get("type", "").strip().lower()
        if compared is None:
            continue
        if projected == "date":
            pattern = DatePattern.parse(told.get("format", ""))
            if pattern is not None and _may_be(compared, pattern):
                yield TimeKey(key, compared, pattern, _step(told, pattern))
        elif projected in ("integer", "enum") and compared != "date":
            yield from _numbered(key, compared, told)


def projection(existing: Existing, key: str) -> dict[str, str]:
    """Return what a table's properties say of a key: `type`, `range`, `interval.unit` …, in lower case."""
    start = f"projection.{key}.".lower()
    found = ((name.lower(), value) for name, value in existing.parameters.items())
    return {name.removeprefix(start): value for name, value in found if name.startswith(start)}


def _may_be(compared: KeyType, pattern: DatePattern) -> bool:
    """Tell whether texts of a pattern can be literals of a type."""
    if compared == "date":
        return pattern.text == "yyyy-MM-dd"
    return compared == "text" or all(part is not None and width != 3 for part, width, _ in pattern.tokens)


def _interval(told: Mapping[str, str]) -> int:
    word = told.get("interval", "").strip()
    return int(word) if word.isdigit() else 1


def _step(told: Mapping[str, str], pattern: DatePattern) -> int:
    """Return the seconds that a projected date stands for, 0 where these are what its pattern tells.

    Where there is no interval it is the pattern's own. Source: "Supported types for partition projection".
    """
    own, unit = pattern.parts[-1], told.get("interval.unit", "").strip().lower().removesuffix("s")
    named = _UNITS.get(unit, own if not unit else YEAR)
    length = 7 * SECONDS[DAY] if unit == "week" else SECONDS[named]
    return 0 if named == own and _interval(told) == 1 and unit != "week" else _interval(told) * length


def _numbered(key: str, compared: KeyType, told: Mapping[str, str]) -> Iterator[TimeKey]:
    """Yield the time key whose values are numbers: a part of a date by its name, or a date of eight digits."""
    integer = told["type"].strip().lower() == "integer"
    values = [one.strip() for one in told.get("range" if integer else "values", "").split(",")]
    digits, widths = told.get("digits", "").strip(), {len(one) for one in values}
    part = _PARTS.get(key.lower())
    if part is not None and all(one.isdigit() and len(one) <= _WIDTHS[part] for one in values):
        known = (int(digits) if digits.isdigit() else 1) if integer else min(widths) if len(widths) == 1 else None
        made = _part(key, compared, part, known)
        yield replace(made, step=_interval(told) * least(part)) if integer else made
    elif key.lower() in _DATES and (pattern := guessed(values)) is not None and DAY in pattern.parts:
        yield TimeKey(key, compared, pattern)


def _part(key: str, compared: KeyType, part: int, digits: int | None) -> TimeKey:
    """Return the key of a year, month, day or hour alone; `digits` is None where it is not known."""
    letter = "yMdH"[part]
    if part == YEAR:
        return TimeKey(key, compared, _pattern("yyyy"))
    if compared == "int" or digits == 1:
        return TimeKey(key, compared, _pattern(letter), loose=False)
    return TimeKey(key, compared, _pattern(letter * 2), loose=digits is None)


def _registered(existing: Existing, partitions: Partitions) -> Iterator[TimeKey]:
    """Yield the time keys of a table without projection, by names, types and registered values."""
    names = [key.lower() for key, _ in existing.partition_keys]
    of_aws = "aws-service" in names
    crawled = _crawled(existing, partitions)
    for at, (key, kind) in enumerate(existing.partition_keys):
        compared, values = compared_as(kind), partitions.values(at)
        part = _PARTS.get(names[at], crawled.get(at))
        if compared is None:
            continue
        if compared == "date":
            yield TimeKey(key, compared, _pattern("yyyy-MM-dd"))
        elif part is not None and all(one.isdigit() and len(one) <= _WIDTHS[part] for one in values):
            widths = {len(one) for one in values}
            known = 2 if of_aws or at in crawled or (widths == {2} and min(values) < "10") else None
            if part == DAY and MONTH not in (_PARTS.get(one, crawled.get(i)) for i, one in enumerate(names)):
                continue
            yield _part(key, compared, part, known)
        elif names[at] in _DATES and values:
            pattern = guessed(values)
            if pattern is not None and pattern.parts[0] == YEAR:
                yield TimeKey(key, compared, pattern)


def _crawled(existing: Existing, partitions: Partitions) -> dict[int, int]:
    """Return which keys that a crawler named `partition_3` and such are year, month, day and hour of AWS's layout."""
    names = [key for key, _ in existing.partition_keys]
    at_service = [at for at, name in enumerate(names) if partitions.values(at) == ("vpcflowlogs",)]
    if at_service:
        first = at_service[0] + 2
    elif "/vpcflowlogs/" in existing.location.rstrip("/") + "/":
        below = existing.location.partition("/vpcflowlogs")[2].strip("/").split("/")
        if len(below) > 1:
            return {}
        first = {"": 1}.get(below[0], 0)
    else:
        return {}
    found = {}
    for part, at in enumerate(range(first, min(len(names), first + 4))):
        if not names[at].startswith("partition_"):
            return {}
        found[at] = part
    return found


def _agree(keys: Sequence[TimeKey], existing: Existing, partitions: Partitions) -> bool:
    """Tell whether the folders of registered partitions are of the time that their keys tell, where they tell one."""
    places = {key: at for at, (key, _) in enumerate(existing.partition_keys)}
    for row in partitions.rows[:SAMPLES] if keys else ():
        told = folder_span(row.location.rstrip("/") + "/") if row.location else None
        if told is None:
            continue
        moment = _moment(keys, [row.values[places[one.key]] for one in keys])
        if moment is None:
            return False
        at, unit = int(moment.timestamp()), max(one.unit for one in keys)
        after = next(units(unit, at, at + 1))[1]
        if not (at <= told[0] and told[1] <= after):
            return False
    return True


def _moment(keys: Sequence[TimeKey], values: Sequence[str]) -> datetime | None:
    """Return the moment at which a partition begins, by the values of its time keys."""
    told: dict[int, int] = {}
    for key, value in zip(keys, values, strict=True):
        read = key.pattern.read(value.zfill(2) if key.loose or key.type == "int" else value)
        if read is None:
            return None
        numbers = (read.year, read.month, read.day, read.hour, read.minute, read.second)
        told |= {part: numbers[part] for part in key.pattern.parts}
    try:
        return datetime(told[YEAR], *(told.get(part, 1 if part <= DAY else 0) for part in range(1, 6)), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None


def compared_as(kind: str) -> KeyType | None:
    """Return what the values of a Hive type are compared as; None where that is not known."""
    base = kind.partition("(")[0]
    if base in _INTS:
        return "int"
    if base in ("string", "varchar", "char"):
        return "text"
    return "date" if base == "date" else None


def _pattern(text: str) -> DatePattern:
    made = DatePattern.parse(text)
    if made is None:
        raise AssertionError(text)  # the patterns above are all known
    return made


def values_of(existing: Existing, key: str) -> tuple[str, ...] | None:
    """Return the values that projection lists of a key; None where it lists none."""
    told = projection(existing, key)
    kind = told.get("type", "").strip().lower()
    if kind == "enum":
        return tuple(told.get("values", "").split(","))
    if kind == "integer":
        low, _, high = (one.strip() for one in told.get("range", "").partition(","))
        digits = told.get("digits", "").strip()
        if low.isdigit() and high.isdigit() and int(high) - int(low) < _LISTED:
            width = int(digits) if digits.isdigit() else 0
            return tuple(str(number).zfill(width) for number in range(int(low), int(high) + 1))
    return None
