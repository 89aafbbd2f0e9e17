"""Periods of the query language: the caps, and the borders at or around a moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from rejectkit.insights.syntax import Period
from tests.reference.values import EPOCH

CAPS = {"ms": 1000, "s": 60, "m": 60, "h": 24}
_STEP = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_MONTHS = {"mo": 1, "q": 3, "y": 12}
_FIRST_MONDAY = -3 * 86_400_000  # 1969-12-29, of the week in which the epoch began


def capped(period: Period) -> int:
    """Return the number of units that counts: the service cuts it silently (CWL_QuerySyntax-operations-functions)."""
    return min(period.count, CAPS.get(period.unit, period.count))


def floor(ms: int, period: Period) -> int:
    """Return the last border at or before a moment: steps from the epoch, weeks from Monday, months by the calendar."""
    count = capped(period)
    if period.unit in _MONTHS:
        months = count * _MONTHS[period.unit]
        return _month_start(_month_of(ms) // months * months)
    origin = _FIRST_MONDAY if period.unit == "w" else 0
    step = count * _STEP[period.unit]
    return (ms - origin) // step * step + origin


def ceil(ms: int, period: Period) -> int:
    """Return the first border at or after a moment."""
    low = floor(ms, period)
    if low == ms:
        return ms
    count = capped(period)
    if period.unit in _MONTHS:
        return _month_start(_month_of(low) + count * _MONTHS[period.unit])
    return low + count * _STEP[period.unit]


def _month_of(ms: int) -> int:
    moment = EPOCH + timedelta(milliseconds=ms)
    return moment.year * 12 + moment.month - 1


def _month_start(month: int) -> int:
    start = datetime(month // 12, month % 12 + 1, 1, tzinfo=EPOCH.tzinfo)
    return (start - EPOCH) // timedelta(milliseconds=1)
