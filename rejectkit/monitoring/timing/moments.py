"""Moments as CloudWatch writes them: in its JSON, in its reason texts, and as seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime

from rejectkit.errors import ArgumentError


def epoch(moment: datetime | float) -> float:
    """Return an aware time, or seconds since the epoch, as seconds since the epoch.

    Raises
    ------
    ArgumentError
        If a time has no zone.
    """
    if not isinstance(moment, datetime):
        return float(moment)
    if moment.utcoffset() is None:
        raise ArgumentError(f"{moment} has no time zone; give one, for example datetime(2026, 11, 1, tzinfo=UTC)")
    return moment.timestamp()


def stamp(moment: datetime | float) -> str:
    """Return a moment as the service's JSON has it: UTC, milliseconds, `+0000`.

    Examples
    --------
    >>> stamp(1795422666.3)
    '2026-11-23T08:31:06.300+0000'
    """
    return f"{_utc(moment).isoformat(timespec='milliseconds').removesuffix('+00:00')}+0000"


def short(moment: datetime | float) -> str:
    """Return a moment as a state reason has it: UTC, day first, two digits of the year.

    Examples
    --------
    >>> short(1795422240)
    '23/11/26 08:24:00'
    """
    return _utc(moment).strftime("%d/%m/%y %H:%M:%S")


def parse_stamp(text: str) -> datetime:
    """Return the moment that a text made by `stamp` names."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def _utc(moment: datetime | float) -> datetime:
    return datetime.fromtimestamp(round(epoch(moment) * 1000) / 1000, UTC)
