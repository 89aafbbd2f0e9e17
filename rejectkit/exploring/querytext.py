"""Query text out of values: names are checked, values quoted, periods held under the service's caps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypedDict, Unpack

from rejectkit.errors import ArgumentError
from rejectkit.exploring.networks import network
from rejectkit.exploring.services import PROTOCOLS
from rejectkit.records import ACTIONS, by_column, by_name

Texts = str | Iterable[str]
Ports = int | Iterable[int]

MAX_ROWS = 100_000
_SYSTEM = ("@timestamp", "@ingestionTime", "@message", "@logStream", "@log")
_IDENTIFIER = re.compile(r"@?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_PERIOD = re.compile(r"([0-9]+)\s*([A-Za-z]+)")
# Source: "Boolean, comparison, numeric, datetime, and other functions" of the CloudWatch Logs guide: the
# spellings of each unit, and the largest number the service takes without quietly cutting it.
_UNITS: tuple[tuple[str, tuple[str, ...], int | None, float], ...] = (
    ("ms", ("ms", "msec", "millisecond"), 1000, 0.001),
    ("s", ("s", "sec", "second"), 60, 1),
    ("m", ("m", "min", "minute"), 60, 60),
    ("h", ("h", "hr", "hour"), 24, 3600),
    ("d", ("d", "day"), None, 86400),
    ("w", ("w", "week"), None, 604800),
    ("mo", ("mo", "mon", "month"), None, 0),
    ("q", ("q", "qtr", "quarter"), None, 0),
    ("y", ("y", "yr", "year"), None, 0),
)
_UNIT = {word: row for row in _UNITS for stem in row[1] for word in (stem, stem + "s" if len(stem) > 1 else stem)}


class Exactly(str):
    """An address out of a log, to be compared as it is: with a slash in it it is still no network."""


class Narrow(TypedDict, total=False):
    """What every question can be narrowed to; each keyword takes one value or several.

    Keywords
    --------
    interface : interface ids
    port : destination ports, 0 to 65535
    source_port : source ports
    protocol : IANA numbers or names such as `"tcp"`
    source, destination : addresses or networks such as `"10.0.0.0/16"`
    direction : `"ingress"` or `"egress"`; needs `flow-direction` in the log format
    outside : True for sources that are not in the private IPv4 ranges only

    Examples
    --------
    >>> narrow: Narrow = {"port": [22, 3389], "source": "10.0.0.0/8"}
    >>> print(condition("REJECT", **narrow))
    action = "REJECT" and isIpv4InSubnet(srcAddr, "10.0.0.0/8") and dstPort in [22, 3389]
    """

    interface: Texts | None
    port: Ports | None
    source_port: Ports | None
    protocol: int | str | Iterable[int | str] | None
    source: Texts | None
    destination: Texts | None
    direction: str | None
    outside: bool


def condition(action: str | None = "REJECT", **narrow: Unpack[Narrow]) -> str:
    """Return the condition of a question's `filter`, to put into a query of one's own.

    Raises
    ------
    ArgumentError
        If the action or a narrowing cannot be used.

    Examples
    --------
    >>> condition("ACCEPT", port=[22, 3389], protocol="tcp")
    'action = "ACCEPT" and dstPort in [22, 3389] and protocol = 6'
    """
    if action is None:
        first = "action in [" + ", ".join(literal(word) for word in ACTIONS) + "]"
    elif action in ACTIONS:
        first = f"action = {literal(action)}"
    else:
        raise ArgumentError(f"action is {action!r}; it is 'REJECT', 'ACCEPT' or None for both")
    return " and ".join([first, *narrowed(narrow)])


def literal(value: str | int) -> str:
    r"""Return a value as it is written in a query: numbers bare, text quoted so that it stays text.

    Text goes between the quotes it does not contain, because an escaped double quote is nowhere documented;
    with both kinds in it, between single quotes with `\'`, which is known to work. A backslash is doubled.

    Examples
    --------
    >>> print(literal(22), literal("eni-1"), literal('a" or 1 = 1 #'))
    22 "eni-1" 'a" or 1 = 1 #'
    """
    if isinstance(value, int):
        return str(value)
    text = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    if '"' not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "\\'") + "'"


def narrowed(narrow: Narrow) -> list[str]:
    """Return the conditions of the narrowing keywords, in a fixed order."""
    unknown = [name for name in narrow if name not in Narrow.__annotations__]
    if unknown:
        near = get_close_matches(unknown[0], Narrow.__annotations__, 1, 0.4)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(Narrow.__annotations__)}"
        raise ArgumentError(f"a question cannot be narrowed by {unknown[0]!r}; {hint}")
    found: list[str] = []
    interface, direction = narrow.get("interface"), narrow.get("direction")
    if interface is not None:
        found.append(_one_of("interfaceId", _texts(interface, "interface")))
    if direction is not None:
        if direction not in ("ingress", "egress"):
            raise ArgumentError(f"direction is {direction!r}; it is 'ingress' or 'egress', as the interface sees it")
        found.append(f"flowDirection = {literal(direction)}")
    if narrow.get("outside"):
        found.append("not isPrivateIP(srcAddr)")
    for column, addresses in (("srcAddr", narrow.get("source")), ("dstAddr", narrow.get("destination"))):
        if addresses is not None:
            found.append(_address(column, _texts(addresses, column)))
    for column, ports in (("srcPort", narrow.get("source_port")), ("dstPort", narrow.get("port"))):
        if ports is not None:
            numbers = [ports] if isinstance(ports, (int, str)) else list(ports)
            found.append(_one_of(column, [whole(port, "port", 0, 65535) for port in numbers]))
    protocol = narrow.get("protocol")
    if protocol is not None:
        words = [protocol] if isinstance(protocol, (int, str)) else list(protocol)
        found.append(_one_of("protocol", [_protocol(word) for word in words]))
    return found


def query(wanted: str, *stages: str) -> str:
    """Return a query of a condition, where there is one, and stages; empty stages are left out."""
    return "\n| ".join(stage for stage in (f"filter {wanted}" if wanted else "", *stages) if stage)


def _one_of(column: str, values: list[str] | list[int]) -> str:
    if not values:
        raise ArgumentError(f"there is no {column} to narrow to: the list is empty; leave the keyword out for all")
    if len(values) == 1:
        return f"{column} = {literal(values[0])}"
    return f"{column} in [{', '.join(literal(value) for value in values)}]"


def _address(column: str, texts: list[str]) -> str:
    """Return the condition that an address is one of these or in one of these networks."""
    alone = [text for text in texts if "/" not in text or isinstance(text, Exactly)]
    nets = [network(text) for text in texts if "/" in text and not isinstance(text, Exactly)]
    tests = [f"isIpv{net.version}InSubnet({column}, {literal(str(net))})" for net in nets]
    if alone or not texts:
        tests.insert(0, _one_of(column, alone))
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def _texts(value: Texts, name: str) -> list[str]:
    texts = [value] if isinstance(value, str) else list(value)
    for text in texts:
        if not isinstance(text, str):
            raise ArgumentError(f"{name} is {text!r}; give it as text, or as a list of texts")
    return texts


def whole(value: int | str, name: str, low: int, high: int) -> int:
    """Return a whole number in a range; digits in a text are one too."""
    try:
        number = int(value)
        if isinstance(value, bool) or (number != value and not isinstance(value, str)):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"{name} is {value!r}, which is not a whole number") from None
    if not low <= number <= high:
        raise ArgumentError(f"{name} is {number:,}; it is a whole number from {low:,} to {high:,}")
    return number


def _protocol(value: int | str) -> int:
    if isinstance(value, str) and not value.isdecimal():
        numbers = {name.lower(): number for number, name in PROTOCOLS.items()}
        if value.lower() not in numbers:
            near = get_close_matches(value.lower(), numbers, 1, 0.4)
            hint = f"did you mean {near[0]!r}?" if near else "give its IANA number"
            raise ArgumentError(f"protocol {value!r} is not in the table; {hint}")
        return numbers[value.lower()]
    return whole(value, "protocol", 0, 255)


def limit(n: int | None) -> str:
    """Return the `limit` stage for `n` rows, or nothing."""
    return "" if n is None else f"limit {whole(n, 'n', 1, MAX_ROWS)}"


def known_field(name: str) -> str:
    """Return a column name that may stand in a query; a slip of a known one is refused with the right one."""
    if not isinstance(name, str):
        raise ArgumentError(f"a field is named by a text such as 'dstPort', not by {name!r}")
    if name in by_column or name in _SYSTEM:
        return name
    known = {column.lower(): column for column in (*by_column, *_SYSTEM)}
    if name in by_name:
        raise ArgumentError(f"{name!r} is the field's name in a log format; queries call it {by_name[name].column!r}")
    near = get_close_matches(name.lower(), known, 1, 0.8)
    if near or not _IDENTIFIER.fullmatch(name):
        near = near or get_close_matches(name.lower(), known, 1, 0.0)
        raise ArgumentError(f"{name!r} is not a field of flow logs; the nearest is {known[near[0]]!r}")
    return name


def capped_period(text: str) -> str:
    """Return a period as `bin` takes it, or say how to write it."""
    match = _PERIOD.fullmatch(text.strip()) if isinstance(text, str) else None
    row = _UNIT.get(match[2].lower()) if match else None
    if match is None or row is None or int(match[1]) < 1:
        raise ArgumentError(f"period is {text!r}; write a number and a unit, for example '30s', '5m', '1h' or '1d'")
    number, (unit, _, cap, seconds) = int(match[1]), row
    if cap is not None and number > cap:
        raise ArgumentError(
            f"period {number}{unit} is over the service's cap of {cap}{unit}, which it would use in silence; "
            f"write {_instead(number * seconds)}"
        )
    return f"{number}{unit}"


def _instead(seconds: float) -> str:
    """Return the periods nearest to a length that are under their cap: `5m`, or `1m or 2m`."""
    for unit, _, cap, size in _UNITS[1:6]:
        if cap is None or seconds <= cap * size:
            low = int(seconds // size)
            exact = low and low * size == seconds
            return f"{low}{unit}" if exact else f"{max(low, 1)}{unit} or {low + 1 if low else 2}{unit}"
    raise AssertionError("days have a cap of None, so the loop returns")
