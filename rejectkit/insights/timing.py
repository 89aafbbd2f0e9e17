"""Periods and the borders of time: `bin`, `datefloor`, `dateceil`.

Up to a day, borders are multiples since the epoch; weeks begin on Monday, months, quarters and years follow the
UTC calendar (*inferred*, see `choices.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from rejectkit.insights.dialects import Dialect

# The service cuts a larger count to these without a word (doc: operations-functions).
CAPS = {"ms": 1000, "s": 60, "m": 60, "h": 24}
MILLIS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
MONTHS = {"mo": 1, "q": 3, "y": 12}
YEARS = (-62_135_596_800_000, 253_402_300_799_999)  # milliseconds from the first day of year 1 to the last of 9999
_SHORT = 100  # characters of SQL that may be written several times
_MONDAY = 3 * MILLIS["d"]  # the epoch was a Thursday


def capped(count: int, unit: str) -> int:
    """Return a period's count as the service takes it."""
    return max(1, min(count, CAPS.get(unit, count)))


def meant(count: int, unit: str) -> str:
    """Return the period a capped one was probably meant to be, in the next unit up where it divides."""
    up = {"ms": ("s", 1000), "s": ("m", 60), "m": ("h", 60), "h": ("d", 24)}
    while unit in up and count % up[unit][1] == 0:
        unit, count = up[unit][0], count // up[unit][1]
    return f"{count}{unit}"


def _bound(d: Dialect, ms: str, build: Callable[[str], str]) -> str:
    """Return what is built on a time; one of many words is computed, and written, once."""
    return build(ms) if len(ms) <= _SHORT else d.let("m", ms, build("m"))


def floor_time(d: Dialect, ms: str, count: int, unit: str) -> str:
    """Return SQL of the border at or before a time."""
    return _bound(d, ms, lambda m: _floor(d, m, count, unit))


def ceil_time(d: Dialect, ms: str, count: int, unit: str) -> str:
    """Return SQL of the border at or after a time."""
    return _bound(d, ms, lambda m: _ceil(d, m, count, unit))


def _floor(d: Dialect, ms: str, count: int, unit: str) -> str:
    if unit in MONTHS:
        return d.month_start(f"({d.months_of(ms)} - {d.months_of(ms)} % {count * MONTHS[unit]})")
    step = count * MILLIS[unit]
    if unit == "w":
        return f"({d.floor_step(f'({ms}) + {_MONDAY}', step)} - {_MONDAY})"
    return d.floor_step(ms, step)


def _ceil(d: Dialect, ms: str, count: int, unit: str) -> str:
    floor = _floor(d, ms, count, unit)
    if unit in MONTHS:
        months = count * MONTHS[unit]
        after = d.month_start(f"({d.months_of(ms)} - {d.months_of(ms)} % {months} + {months})")
    else:
        after = f"({floor} + {count * MILLIS[unit]})"
    return f"CASE WHEN {floor} = ({ms}) THEN {floor} ELSE {after} END"
