"""Writing the space-delimited pattern of a log format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from itertools import pairwise

from rejectkit.errors import ArgumentError, FormatError
from rejectkit.monitoring.patterns.parsing import LONGEST
from rejectkit.records import NULL, LogFormat, by_column, parse_value

_MOST_BLOCKS = 16
_BARE = re.compile(r"[\w.:*]+", re.ASCII)
_SAID = "a pattern compares addresses as texts, so it can say 10.*, 10.1.* or 10.1.2.*, and 10.0.0.0/8 or 10.0.0.0/12"

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""The private IPv4 networks of RFC 1918, to be given for an address."""

Value = int | str | IPv4Address | IPv6Address | IPv4Network | IPv6Network | None


@dataclass(frozen=True, slots=True)
class Only:
    """What a field may be.

    Parameters
    ----------
    values : tuple
        Any one of these: a number, a text with or without `*` at its ends, None for null, an address, a network.
        Empty: anything.
    but : tuple
        None of these.
    least, most : int, optional
        Bounds, both inside; a field that is null is never within.

    Examples
    --------
    Addresses inside, without two scanners of one's own:

    >>> Only(PRIVATE, but=("10.0.5.9", "10.0.6.*"))  # doctest: +ELLIPSIS
    Only(values=('10.0.0.0/8', ...), but=('10.0.5.9', '10.0.6.*'), least=None, most=None)
    """

    values: tuple[Value, ...] = ()
    but: tuple[Value, ...] = ()
    least: int | None = None
    most: int | None = None

    def __post_init__(self) -> None:
        """Take a single value for a tuple of one."""
        for name in ("values", "but"):
            given = getattr(self, name)
            several = isinstance(given, Sequence) and not isinstance(given, str)
            object.__setattr__(self, name, tuple(given) if several else (given,))


Allowed = Value | Only | Sequence[Value]


def unlike(*values: Value) -> Only:
    """Return the condition that a field is none of these; a field that is null passes.

    Examples
    --------
    >>> unlike("10.*", "192.168.*").but
    ('10.*', '192.168.*')
    """
    return Only(but=values)


def between(least: int | None = None, most: int | None = None) -> Only:
    """Return the condition that a number is within bounds, both of them inside; None leaves a side open.

    Examples
    --------
    >>> between(1024, 65535)
    Only(values=(), but=(), least=1024, most=65535)
    """
    return Only(least=least, most=most)


def write(fmt: LogFormat, conditions: Mapping[str, Allowed]) -> str:
    """Return the pattern's text; `FilterPattern.for_format` says how it is made."""
    if not isinstance(fmt, LogFormat):
        raise ArgumentError(f"the format is {fmt!r}; give a LogFormat, for example LogFormat.default()")
    for column in conditions:
        if column not in fmt.columns:
            raise _lacking(fmt, column)
    names = _names(fmt.columns)
    cells = [
        _cell(column, name, conditions[column]) if column in conditions else name
        for column, name in zip(fmt.columns, names, strict=True)
    ]
    tests = [at for at, column in enumerate(fmt.columns) if column in conditions]
    layouts = _layouts(cells, tests)
    text = next((text for text in layouts if len(text) <= LONGEST), None)
    if text is None:
        least = min(map(len, layouts))
        raise ArgumentError(
            f"the pattern would have {least:,} characters at least, and CloudWatch Logs takes {LONGEST:,}; give fewer "
            f"values for {', '.join(conditions)}, wildcards in place of many values, or make a filter for each part"
        )
    return text


def _layouts(cells: list[str], tests: list[int]) -> list[str]:
    """Return the ways to write the fields, the fullest first."""
    last = len(cells) - 1
    if tests and tests[-1] == last:
        ways = [[*cells, "..."]]
    else:
        ways = [cells]
        if tests:
            ways.append([*cells[: tests[-1] + 1], "..."])
    edges = [-1, *tests, len(cells)]
    gaps = [(a + 1, b) for a, b in pairwise(edges) if b > a + 1]
    if gaps:
        start, end = max(gaps, key=lambda gap: len(", ".join(cells[gap[0] : gap[1]])))
        ways.append([*cells[:start], "...", *cells[end:]])
    return [f"[{', '.join(way)}]" for way in ways]


def _lacking(fmt: LogFormat, column: str) -> Exception:
    """Return the error for a column that the format does not have."""
    spec = by_column.get(column)
    if spec is not None:
        return FormatError(
            f"the log format has no {spec.name} (column {column}); it has {', '.join(fmt.columns)}. Leave the "
            f"condition out, or use a flow log whose format has ${{{spec.name}}}"
        )
    near = get_close_matches(column, [*fmt.columns, *by_column], 1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    return ArgumentError(f"there is no column {column!r}; this format has {', '.join(fmt.columns)}{hint}")


def _names(columns: Sequence[str]) -> list[str]:
    """Return a valid name for each column: the column's own, unless it has characters that a pattern refuses."""
    names: list[str] = []
    for column in columns:
        name = plain = re.sub(r"\W", "_", column, flags=re.ASCII)
        if not name[:1].isalpha():
            name = plain = f"f_{plain}"
        count = 1
        while name in names or (name != column and name in columns):
            count += 1
            name = f"{plain}_{count}"
        names.append(name)
    return names


def _cell(column: str, name: str, allowed: Allowed) -> str:
    """Return a field with its conditions; `&&` binds tighter than `||`, so what must hold is said in each way."""
    if isinstance(allowed, Sequence) and not isinstance(allowed, str):
        if not allowed:
            raise ArgumentError(f"{column} is given no values; leave it out to allow any")
        allowed = Only(tuple(allowed))
    elif not isinstance(allowed, Only):
        allowed = Only((allowed,))
    likes: list[str | None] = [text for value in allowed.values for text in _texts(column, value)]
    buts = list(dict.fromkeys(text for value in allowed.but for text in _texts(column, value)))
    if allowed.least is not None and allowed.most is not None and allowed.least > allowed.most:
        raise ArgumentError(f"{column} is between {allowed.least} and {allowed.most}, which no number is; swap them")
    bounds = [(">=", _bound(column, allowed.least)), ("<=", _bound(column, allowed.most))]
    everywhere = [f"{name}{sign}{number}" for sign, number in bounds if number is not None]
    if not likes and not buts and not everywhere:
        raise ArgumentError(f"{column} is given a condition that says nothing; leave it out to allow any value")
    ways = [
        " && ".join(
            ([f"{name}={_literal(like)}"] if like is not None else [])
            + everywhere
            + [f"{name}!={_literal(but)}" for but in buts if like is None or _may_meet(like, but)]
        )
        for like in dict.fromkeys(likes or [None])
    ]
    return " || ".join(ways)


def _may_meet(like: str, but: str) -> bool:
    """Tell whether one value could be like both texts; only a difference at their beginnings rules it out."""
    one, other = like.split("*")[0], but.split("*")[0]
    if "*" not in like and "*" not in but:
        return like == but
    if "*" not in like:
        return one.startswith(other)
    if "*" not in but:
        return other.startswith(one)
    return one.startswith(other) or other.startswith(one)


def _bound(column: str, value: int | None) -> int | None:
    """Return a bound, which must be a whole number."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ArgumentError(f"a bound of {column} is {value!r}; give a whole number, for example 1024")
    return value


def _literal(text: str) -> str:
    """Return a text as a pattern has it: numbers and wildcards bare, as in the pages' examples, else in quotes."""
    if (text.isdecimal() and text.isascii()) or ("*" in text and _BARE.fullmatch(text)):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _texts(column: str, value: Value) -> list[str]:
    """Return the texts, with `*` at their ends or without, that a value is in a line."""
    if value is None:
        return [NULL]
    if isinstance(value, bool | float) or not isinstance(
        value, int | str | IPv4Address | IPv6Address | IPv4Network | IPv6Network
    ):
        raise ArgumentError(
            f"{column} is given {value!r}; give a text, a whole number, None for null, or a list of these"
        )
    text = str(value)
    if "/" in text and column.endswith("Addr"):
        return _blocks(column, text)
    if not text or any(c.isspace() for c in text):
        raise ArgumentError(f"{column} is given {text!r}; values of a flow log have no blanks and are never empty")
    if "*" in text.strip("*"):
        raise ArgumentError(
            f"{column} is given {text!r}; a * stands for any characters at the ends of a text only, as in '10.0.*'"
        )
    if "*" not in text and column in by_column:
        try:
            parse_value(by_column[column].name, text)
        except FormatError as error:
            raise ArgumentError(f"{column} is given {text!r}: {error}") from None
    return [text]


def _blocks(column: str, text: str) -> list[str]:
    """Return the texts that say a network: one where it ends with an octet, else up to 16."""
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ArgumentError(f"{column} is given the network {text!r}: {error}; {_SAID}") from None
    if network.prefixlen == network.max_prefixlen:
        return [str(network.network_address)]
    if isinstance(network, IPv6Network):
        raise ArgumentError(
            f"{column} is given the network {text!r}; IPv6 addresses are shortened in a line, so no text with * says "
            "which are in it; give single addresses, or a text such as '2001:db8:*' where the lines show it to be right"
        )
    octets = -(-network.prefixlen // 8)
    count = 2 ** (8 * octets - network.prefixlen)
    if count > _MOST_BLOCKS or not network.prefixlen:
        raise ArgumentError(
            f"{column} is given the network {text!r}; {_SAID}, which is up to {_MOST_BLOCKS} texts, but this one "
            f"{f'would be {count}' if network.prefixlen else 'is every address'}; give a wider or a narrower network"
        )
    parts = (str(block.network_address).split(".")[:octets] for block in network.subnets(new_prefix=8 * octets))
    return [".".join(part) + (".*" if octets < 4 else "") for part in parts]
