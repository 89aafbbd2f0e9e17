"""Figures in plain English: counts with separators, spans of time, moments, lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> count(1, "flow"), count(1234, "flow"), count(2, "retry", "retries")
    ('1 flow', '1,234 flows', '2 retries')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def moment(seconds: float) -> str:
    """Return seconds since the epoch as a UTC time to the minute.

    Examples
    --------
    >>> moment(1793521440)
    '2026-11-01 08:24 UTC'
    """
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def span(seconds: float) -> str:
    """Return a length of time in its two largest units.

    Examples
    --------
    >>> span(7800), span(59.6), span(0)
    ('2 h 10 min', '1 min', '0 s')
    """
    left = max(0, round(seconds))
    if left >= 3600:
        left = round(left / 60) * 60
    if left >= 86400:
        left = round(left / 3600) * 3600
    parts: list[str] = []
    for size, unit in _UNITS:
        number, left = divmod(left, size)
        if number or (parts and len(parts) < 2):
            parts.append(f"{number} {unit}")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if not part.startswith("0 ")) or "0 s"


def pace(seconds: float) -> str:
    """Return how often something comes that is this far apart.

    Examples
    --------
    >>> pace(60), pace(651)
    ('about one a minute', 'about one every 10 min 51 s')
    """
    apart = span(seconds)
    whole = {"1 d": "a day", "1 h": "an hour", "1 min": "a minute", "1 s": "a second"}
    return f"about one {whole[apart]}" if apart in whole else f"about one every {apart}"


def listing(items: Iterable[str], most: int = 3) -> str:
    """Return items as a list in a sentence; beyond `most` the rest are counted, not named.

    Examples
    --------
    >>> listing(["a"]), listing(["a", "b"]), listing("abcde"), listing("abcd")
    ('a', 'a and b', 'a, b, c and 2 more', 'a, b, c and d')
    """
    names = list(items)
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def share(part: int, whole: int) -> str:
    """Return a part of a whole in per cent, never rounded to nothing or to all.

    Examples
    --------
    >>> share(1, 3), share(1, 4000), share(3999, 4000), share(4, 4)
    ('33 %', 'under 1 %', 'over 99 %', '100 %')
    """
    if not whole or part == whole:
        return "100 %" if whole else "0 %"
    percent = 100 * part / whole
    if part and percent < 1:
        return "under 1 %"
    return "over 99 %" if percent > 99 else f"{percent:.0f} %"
