"""From a span of time to the values of partition keys that hold it: as few comparisons as may be; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rejectkit.sources.athena.clauses import Alternative, Comparison, KeyType
from rejectkit.sources.athena.datepatterns import DAY, HOUR, MONTH, SECONDS, YEAR, DatePattern
from rejectkit.sources.partitions import DAY as DAY_SECONDS

_LISTED: Final = 5000  # values of a key that a condition lists at most; the key is then left out


@dataclass(frozen=True, slots=True)
class TimeKey:
    """A partition key that tells the time, or a part of it.

    Attributes
    ----------
    key : str
        Its name.
    type : {"text", "int", "date"}
        What its values are compared as.
    pattern : DatePattern
        How they are written.
    step : int
        Seconds that a value stands for, where these are more than its pattern tells; else 0.
    loose : bool
        Whether it is not known how many digits a number has, so that `2` and `02` are both asked for.
    """

    key: str
    type: KeyType
    pattern: DatePattern
    step: int = 0
    loose: bool = False

    @property
    def unit(self) -> int:
        """The finest part of a date that it tells."""
        return self.pattern.parts[-1]

    @property
    def ordered(self) -> bool:
        """Whether values between two of a span are of that span."""
        single = len(self.pattern.parts) == 1
        return (self.type == "int" and single) or (self.pattern.ordered and not self.loose)

    def spelled(self, moment: datetime) -> tuple[str, ...]:
        """Return the texts that a moment's value may have."""
        text = self.pattern.format(moment)
        return tuple(dict.fromkeys((text, str(int(text))))) if self.loose else (text,)


def alternatives(keys: Sequence[TimeKey], first: int, end: int) -> list[Alternative]:
    """Return what has to be asked of the keys so that no record of a span is left out, and little else is read.

    Parameters
    ----------
    keys : sequence of TimeKey
        As from `recognised`.
    first, end : int
        Seconds since the epoch, half-open.
    """
    return _cover(keys, first, end, first - _reach(keys[0]) if keys else first)


def moments(keys: Sequence[TimeKey], first: int, end: int) -> Iterator[tuple[datetime, int]]:
    """Yield the folders of a span: their moments and the part of a date that each stands for, whole days as days."""
    finest = keys[-1].unit
    for start, _ in units(finest, first - _reach(keys[-1]), end):
        day = start - start % DAY_SECONDS
        whole = finest == HOUR and day >= first and day + DAY_SECONDS <= end
        if start == day or not whole:
            yield datetime.fromtimestamp(start, UTC), DAY if whole else finest


def units(unit: int, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the years, months, days … that a span of seconds since the epoch touches, each with its start and end."""
    if unit >= DAY:
        step = SECONDS[unit]
        yield from ((at, at + step) for at in range(max(first, 0) // step * step, end, step))
        return
    moment = datetime.fromtimestamp(max(first, 0), UTC)
    year, month = moment.year, moment.month if unit == MONTH else 1
    while True:
        start = int(datetime(year, month, 1, tzinfo=UTC).timestamp())
        if start >= end:
            return
        year, month = (year + 1, 1) if unit == YEAR or month == 12 else (year, month + 1)
        if year > 9999:
            yield start, end
            return
        yield start, int(datetime(year, month, 1, tzinfo=UTC).timestamp())


def least(unit: int) -> int:
    """Return the seconds of a part of a date, at least."""
    return {YEAR: 365 * DAY_SECONDS, MONTH: 28 * DAY_SECONDS}.get(unit, SECONDS[unit])


def _reach(key: TimeKey) -> int:
    """Return how long before a span a value may begin that stands for a part of it, beyond its own unit."""
    return max(0, key.step - least(key.unit))


def _cover(keys: Sequence[TimeKey], first: int, end: int, since: int) -> list[Alternative]:
    """Return alternatives for keys below others; `since` is where values may begin that reach into the span."""
    if not keys:
        return [()]
    key, deeper = keys[0], keys[1:]
    if not deeper and key.ordered:
        return [(_between(key, max(since, 0), end - 1),)]
    groups: dict[tuple[Alternative, ...], list[int]] = {}
    for count, (start, after) in enumerate(units(key.unit, since, end)):
        if count >= _LISTED and not key.ordered:
            return [()]
        low, high = max(first, start), min(end, after)
        if low >= high or (low, high) == (start, after):
            below: tuple[Alternative, ...] = ((),)
        else:
            reach = _reach(deeper[0]) if deeper else 0
            below = tuple(_cover(deeper, low, high, max(start, low - reach)))
        groups.setdefault(below, []).append(start)
    return [(_listed(key, starts), *rest) for below, starts in groups.items() for rest in below]


def _between(key: TimeKey, low: int, high: int) -> Comparison:
    ends = [key.spelled(datetime.fromtimestamp(at, UTC))[0] for at in (low, high)]
    return Comparison(key.key, key.type, tuple(ends), between=True)


def _listed(key: TimeKey, starts: Sequence[int]) -> Comparison:
    spelled = [key.spelled(datetime.fromtimestamp(at, UTC)) for at in starts]
    if key.ordered and len(starts) > 2 and len(list(units(key.unit, starts[0], starts[-1] + 1))) == len(starts):
        return Comparison(key.key, key.type, (spelled[0][0], spelled[-1][0]), between=True)
    return Comparison(key.key, key.type, tuple(dict.fromkeys(text for texts in spelled for text in texts)))
