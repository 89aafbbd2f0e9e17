"""Scalar functions of the query language: one row each, with how many arguments it takes.

Source: docs.aws.amazon.com CWL_QuerySyntax-operations-functions; where the page is silent, the choice
the project names. A missing argument makes the answer missing, but for the functions of `SPECIAL`, which
the interpreter works out itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.reference import addresses, patterns
from tests.reference.values import Value, as_number, as_text, number

WHITE = " \t\n\r\f\v"
AGGREGATES = {
    "count": (0, 1), "count_distinct": (1, 1), "countdistinct": (1, 1), "sum": (1, 1), "avg": (1, 1), "min": (1, 1),
    "max": (1, 1), "pct": (2, 2), "stddev": (1, 1), "variance": (1, 1), "earliest": (1, 1), "latest": (1, 1),
    "sortsfirst": (1, 1), "sortslast": (1, 1),
}  # fmt: skip
SPECIAL = {
    "bin": (1, 1), "datefloor": (2, 2), "dateceil": (2, 2), "frommillis": (1, 1), "tomillis": (1, 1),
    "ispresent": (1, 1), "isempty": (1, 1), "isblank": (1, 1), "coalesce": (1, None), "if": (3, 3), "case": (2, 21),
}  # fmt: skip
# Known to CloudWatch, outside the language that every source answers.
ELSEWHERE = frozenset({
    "base64decode", "base64encode", "count_over_time", "countovertime", "dectohex", "formatdate", "haversine",
    "hextoascii", "hextodec", "histogram", "jsonarraycontains", "jsonarraysize", "jsonparse", "jsonstringify",
    "messagesize", "parsedate", "queryendtime", "querystarttime", "querytimerange", "rate", "split", "strftime",
    "sum_over_time", "sumovertime", "todouble", "toint", "tolong", "topk", "urldecode", "urlencode", "values",
})  # fmt: skip


def text(function: Callable[..., Value]) -> Callable[..., Value]:
    """Hand a function its arguments as the text they print as."""
    return lambda *args: function(*(as_text(arg) for arg in args))


def numeric(function: Callable[..., float | None]) -> Callable[..., Value]:
    """Hand a function its arguments as numbers; one that is not makes the answer missing."""

    def call(*args: Value) -> Value:
        numbers = [as_number(arg) for arg in args]
        if any(n is None for n in numbers):
            return None
        result = function(*numbers)
        return None if result is None else number(float(result))

    return call


def check(function: Callable[..., bool]) -> Callable[..., Value]:
    """Make 1 or 0 of a test on text."""
    return text(lambda *args: float(function(*args)))


def concat(*values: str) -> str:
    """Return the texts joined."""
    return "".join(values)


def substr(value: Value, start: Value, length: Value = "0", *, to_end: bool = False) -> Value:
    """Return a part of a text from a 0-based start; a start below 0 is 0, and the part ends where the text does."""
    begin, count = as_number(start), as_number(length)
    if begin is None or count is None:
        return None
    rest = as_text(value)[max(0, int(begin)) :]
    return rest if to_end else rest[: max(0, int(count))]


def rounded(x: float, digits: float = 0) -> float:
    """Return a number rounded, halves away from zero."""
    scale = 10.0 ** int(digits)
    return math.copysign(math.floor(abs(x) * scale + 0.5), x) / scale


def replace(value: str, find: str, by: str) -> str:
    """Return a text with every occurrence replaced; nothing occurs nowhere."""
    return value.replace(find, by) if find else value


SCALARS: dict[str, tuple[int, int | None, Callable[..., Value]]] = {
    # numbers
    "abs": (1, 1, numeric(abs)),
    "ceil": (1, 1, numeric(math.ceil)),
    "floor": (1, 1, numeric(math.floor)),
    "round": (1, 2, numeric(rounded)),
    "greatest": (1, None, numeric(lambda *all_of: max(all_of))),
    "least": (1, None, numeric(lambda *all_of: min(all_of))),
    "log": (1, 1, numeric(lambda x: math.log(x) if x > 0 else None)),
    "sqrt": (1, 1, numeric(lambda x: math.sqrt(x) if x >= 0 else None)),
    "tonumber": (1, 1, as_number),
    "isnumeric": (1, 1, lambda x: float(as_number(x) is not None)),
    # text
    "concat": (1, None, text(concat)),
    "strlen": (1, 1, text(lambda s: float(len(s)))),
    "toupper": (1, 1, text(str.upper)),
    "tolower": (1, 1, text(str.lower)),
    "trim": (1, 2, text(lambda s, chars=WHITE: s.strip(chars))),
    "ltrim": (1, 2, text(lambda s, chars=WHITE: s.lstrip(chars))),
    "rtrim": (1, 2, text(lambda s, chars=WHITE: s.rstrip(chars))),
    "substr": (2, 3, lambda *args: substr(*args, to_end=len(args) == 2)),
    "replace": (3, 3, text(replace)),
    "regexreplace": (3, 3, text(lambda s, find, by: patterns.replace_all(find, s, by))),
    "regex_replace": (3, 3, text(lambda s, find, by: patterns.replace_all(find, s, by))),
    "strcontains": (2, 2, check(lambda s, part: part in s)),
    "startswith": (2, 2, check(str.startswith)),
    "endswith": (2, 2, check(str.endswith)),
    # addresses
    "isvalidip": (1, 1, check(lambda s: addresses.is_valid(s, (4, 6)))),
    "isvalidipv4": (1, 1, check(lambda s: addresses.is_valid(s, (4,)))),
    "isvalidipv6": (1, 1, check(lambda s: addresses.is_valid(s, (6,)))),
    "isipinsubnet": (2, 2, check(lambda s, block: addresses.in_subnet(s, block, (4, 6)))),
    "isipv4insubnet": (2, 2, check(lambda s, block: addresses.in_subnet(s, block, (4,)))),
    "isipv6insubnet": (2, 2, check(lambda s, block: addresses.in_subnet(s, block, (6,)))),
    "isprivateip": (1, 1, check(addresses.is_private)),
    "isreservedip": (1, 1, check(addresses.is_reserved)),
    "ispublicip": (1, 1, check(addresses.is_public)),
    "ipv4tonumber": (1, 1, text(addresses.ipv4_number)),
}


def call(name: str, args: list[Value]) -> Value:
    """Return a scalar function's answer; missing where an argument is, but for isNumeric, which says no."""
    if any(arg is None for arg in args):
        return 0.0 if name == "isnumeric" else None
    return SCALARS[name][2](*args)
