"""Values of the query language: text, numbers, times, and how they compare, print and sort."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CANONICAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_SORTS_AS_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_CHUNK = re.compile(r"[0-9]+|[^0-9]+")


@dataclass(frozen=True)
class Time:
    """A moment in epoch milliseconds; `digits` says that it prints as that number."""

    ms: int
    digits: bool = False


# None is a missing value; every number is a double; a truth value is 1.0 or 0.0.
Value = str | float | Time | None


def number(x: float) -> float | None:
    """Return a computed number, or None where it is not finite; there is one zero."""
    return x + 0.0 if math.isfinite(x) else None


def as_number(value: Value) -> float | None:
    """Return what a value is as a number, or None if it does not look like one."""
    if isinstance(value, Time):
        return float(value.ms)
    if isinstance(value, str):
        return float(value) if _CANONICAL.fullmatch(value) else None
    return value


def time_text(ms: int) -> str:
    """Return a moment as the service prints it."""
    moment = EPOCH + timedelta(milliseconds=ms)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def number_text(x: float) -> str:
    """Return a number as it prints: shortest that reads back the same, whole numbers without a point."""
    return str(int(x)) if x == int(x) and abs(x) < 1e18 else repr(x)


def as_text(value: str | float | Time) -> str:
    """Return what a present value prints as."""
    if isinstance(value, Time):
        return str(value.ms) if value.digits else time_text(value.ms)
    return value if isinstance(value, str) else number_text(value)


def truth(value: Value) -> bool | None:
    """Return whether a value, used as a condition, holds; None where that is not known."""
    n = as_number(value)
    return None if n is None else n != 0


def flag(condition: bool | None) -> float | None:
    """Return a truth value as the number it is."""
    return None if condition is None else float(condition)


def equal(a: Value, b: Value) -> bool | None:
    """Return `a = b`: as numbers if both are, else as text; None if either is missing."""
    if a is None or b is None:
        return None
    x, y = as_number(a), as_number(b)
    if x is not None and y is not None:
        return x == y
    return _plain(a) == _plain(b)


def ordered(op: str, a: Value, b: Value) -> bool | None:
    """Return `a op b` for `<`, `<=`, `>` or `>=`; false for a number against other text."""
    if a is None or b is None:
        return None
    x, y = as_number(a), as_number(b)
    if (x is None) != (y is None):
        return False
    left, right = (x, y) if x is not None and y is not None else (_plain(a), _plain(b))
    if op == "<":
        return left < right
    if op == "<=":
        return left <= right
    if op == ">":
        return left > right
    return left >= right


def _plain(value: str | float | Time) -> str:
    return str(value.ms) if isinstance(value, Time) else as_text(value)


def sort_key(value: str | float | Time) -> tuple[object, ...]:
    """Return a key by which present values sort ascending, in the language's natural order.

    Source: docs.aws.amazon.com CWL_QuerySyntax-Sort. Values that are not numbers come first, compared
    chunk by chunk: runs of digits by length, then value, everything else by code point.
    """
    if isinstance(value, Time):
        return (1, float(value.ms), "")
    if isinstance(value, float):
        return (1, value, number_text(value))
    if _SORTS_AS_NUMBER.fullmatch(value):
        return (1, float(value), value)
    return (0, tuple(_chunk_key(chunk) for chunk in _CHUNK.findall(value)))


def _chunk_key(chunk: str) -> tuple[int, int, str]:
    if chunk[0] in "0123456789":
        return (1, len(chunk), chunk)
    return (0 if chunk[0] < "0" else 2, 0, chunk)
