"""Aggregates of the query language over the values of one group.

Source: docs.aws.amazon.com CWL_QuerySyntax-Stats; where the page is silent, the choice the project names:
`pct` is the nearest rank, `stddev` is of the population, a group without a number has no sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from tests.reference.values import Time, Value, as_number, as_text, number, number_text, sort_key

Moment = int
Pairs = list[tuple[Moment, Value]]  # an event's @timestamp beside its value


def count(values: list[Value]) -> Value:
    """Return how many values are present."""
    return float(len(present(values)))


def count_distinct(values: list[Value]) -> Value:
    """Return how many different values are present."""
    return float(len({value.ms if isinstance(value, Time) else as_text(value) for value in present(values)}))


def total(values: list[Value]) -> Value:
    """Return the sum of the numbers."""
    found = numbers(values)
    return number(math.fsum(found)) if found else None


def mean(values: list[Value]) -> Value:
    """Return the mean of the numbers."""
    found = numbers(values)
    return number(math.fsum(found) / len(found)) if found else None


def variance(values: list[Value]) -> Value:
    """Return the population variance of the numbers."""
    found = numbers(values)
    if not found:
        return None
    middle = math.fsum(found) / len(found)
    return number(math.fsum((x - middle) ** 2 for x in found) / len(found))


def stddev(values: list[Value]) -> Value:
    """Return the population standard deviation of the numbers."""
    spread = variance(values)
    return None if spread is None else math.sqrt(spread)


def percentile(values: list[Value], percent: Fraction) -> Value:
    """Return the number at the nearest rank: the smallest that at least `percent` of the numbers do not exceed."""
    found = sorted(numbers(values))
    return found[max(1, math.ceil(percent / 100 * len(found))) - 1] if found else None


def extreme(values: list[Value], choose: Callable[..., Value]) -> Value:
    """Return the least or greatest number, or of text where there is no number; of a time, its epoch milliseconds."""
    there = present(values)
    with_number = [value for value in there if as_number(value) is not None]
    if not with_number:
        return choose(there, key=sort_key) if there else None
    best = choose(with_number, key=as_number)
    return number_text(float(best)) if isinstance(best, str) else told(best)


def first_or_last(pairs: Pairs, *, last: bool) -> Value:
    """Return the value of the earliest or latest event that has it.

    Events of the same moment: the naturally smallest value is the earliest, the greatest the latest.
    """
    there = [(moment, value) for moment, value in pairs if value is not None]
    if not there:
        return None
    choose = max if last else min
    _, value = choose(there, key=lambda pair: (pair[0], sort_key(pair[1])))
    return told(value)


def sorts_at(values: list[Value], choose: Callable[..., Value]) -> Value:
    """Return the value that sorts first or last in natural order."""
    there = present(values)
    return told(choose(there, key=sort_key)) if there else None


def told(value: str | float | Time) -> Value:
    """Return a value as an aggregate gives it: a time prints as epoch milliseconds, and is still a time."""
    return Time(value.ms, digits=True) if isinstance(value, Time) else value


def present(values: list[Value]) -> list[str | float | Time]:
    """Return the values that are there."""
    return [value for value in values if value is not None]


def numbers(values: list[Value]) -> list[float]:
    """Return the values that are numbers or look like one."""
    return [n for n in map(as_number, values) if n is not None]


PLAIN: dict[str, Callable[[list[Value]], Value]] = {
    "count": count,
    "count_distinct": count_distinct,
    "countdistinct": count_distinct,
    "sum": total,
    "avg": mean,
    "stddev": stddev,
    "variance": variance,
    "min": lambda values: extreme(values, min),
    "max": lambda values: extreme(values, max),
    "sortsfirst": lambda values: sorts_at(values, min),
    "sortslast": lambda values: sorts_at(values, max),
}
