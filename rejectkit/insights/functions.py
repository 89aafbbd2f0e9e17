"""The functions of the language: one row each, with its name, arity, type and SQL.

A row's `build` is given a `Site` (dialect, window, how to refuse an argument) and its arguments' values, and
returns the call's value. Functions of a missing argument are missing, but for those that say otherwise.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from rejectkit.insights import syntax as s
from rejectkit.insights.dialects import WHITE_SPACE, Dialect
from rejectkit.insights.regex import RegexError, check
from rejectkit.insights.timing import YEARS, ceil_time, floor_time
from rejectkit.insights.value import Kind, Value, number_value

Argument = Value | s.Period


@dataclass(frozen=True, slots=True)
class Site:
    """Where a call stands: what its SQL is for, and how to refuse its arguments."""

    d: Dialect
    refuse: Callable[[str, int], NoReturn]
    now: float
    window: tuple[int, int] | None
    timestamp: Callable[[], Value]
    cap: Callable[[s.Period], int]


@dataclass(frozen=True, slots=True)
class Function:
    """One function: `least` and `most` arguments (`most` None: any number)."""

    name: str
    least: int
    most: int | None
    build: Callable[[Site, list[Argument]], Value]
    gives: str


def _values(arguments: list[Argument]) -> list[Value]:
    return [argument for argument in arguments if isinstance(argument, Value)]


def _text(template: str, kind: Kind = Kind.TEXT) -> Callable[[Site, list[Argument]], Value]:
    """Return a build that puts the arguments' texts into a template."""

    def build(site: Site, arguments: list[Argument]) -> Value:
        return Value(kind, template.format(*(value.as_text(site.d) for value in _values(arguments))))

    return build


def _number(template: str, kind: Kind = Kind.NUMBER) -> Callable[[Site, list[Argument]], Value]:
    """Return a build that puts the arguments' numbers, as doubles, into a template."""

    def build(site: Site, arguments: list[Argument]) -> Value:
        return Value(kind, template.format(*(site.d.double(value.as_number(site.d)) for value in _values(arguments))))

    return build


def _of_double(word: Callable[[Dialect, str], str]) -> Callable[[Site, list[Argument]], Value]:
    """Return a build that says a word of the dialect about the argument's number, a double."""
    return lambda site, arguments: Value(
        Kind.NUMBER, word(site.d, site.d.double(_values(arguments)[0].as_number(site.d)))
    )


def _of_texts(word: Callable[..., str], kind: Kind = Kind.TEXT) -> Callable[[Site, list[Argument]], Value]:
    """Return a build that says a word of the dialect about the arguments' texts."""
    return lambda site, arguments: Value(kind, word(site.d, *(one.as_text(site.d) for one in _values(arguments))))


def _extreme(name: str) -> Callable[[Site, list[Argument]], Value]:
    def build(site: Site, arguments: list[Argument]) -> Value:
        numbers = [site.d.double(value.as_number(site.d)) for value in _values(arguments)]
        known = " AND ".join(f"{number} IS NOT NULL" for number in numbers)
        found = f"{name}({', '.join(numbers)})" if len(numbers) > 1 else numbers[0]  # Spark takes no single one
        return Value(Kind.NUMBER, f"CASE WHEN {known} THEN {found} END")

    return build


def _log(site: Site, arguments: list[Argument]) -> Value:
    x = site.d.double(_values(arguments)[0].as_number(site.d))
    return Value(Kind.NUMBER, f"CASE WHEN {x} > 0 THEN ln({x}) END")


def _sqrt(site: Site, arguments: list[Argument]) -> Value:
    x = site.d.double(_values(arguments)[0].as_number(site.d))
    return Value(Kind.NUMBER, f"CASE WHEN {x} >= 0 THEN sqrt({x}) END")


def _round(site: Site, arguments: list[Argument]) -> Value:
    values = _values(arguments)
    x = site.d.double(values[0].as_number(site.d))
    if len(values) == 1:
        return Value(Kind.NUMBER, site.d.round(x, 0))
    digits = values[1].number
    if not isinstance(digits, int):
        site.refuse("round takes a whole number of digits", 1)
    return Value(Kind.NUMBER, site.d.round(x, digits))


def _present(site: Site, arguments: list[Argument]) -> Value:
    return Value(Kind.BOOL, _values(arguments)[0].present())


def _is_numeric(site: Site, arguments: list[Argument]) -> Value:
    value = _values(arguments)[0]
    return Value(Kind.BOOL, f"({value.as_number(site.d)} IS NOT NULL)")


def _is_empty(site: Site, arguments: list[Argument]) -> Value:
    return Value(Kind.BOOL, f"coalesce({_values(arguments)[0].as_text(site.d)} = '', TRUE)")


def _is_blank(site: Site, arguments: list[Argument]) -> Value:
    text = _values(arguments)[0].as_text(site.d)
    return Value(Kind.BOOL, f"coalesce({site.d.strip(text, site.d.literal(WHITE_SPACE), True, True)} = '', TRUE)")


def _choose(values: list[Value], d: Dialect, sql: Callable[[list[str]], str]) -> Value:
    """Return one of several values: a number where all are, else text."""
    kinds = {value.kind for value in values}
    if len(kinds) == 1 and kinds != {Kind.TEXT} and not any(value.dash for value in values):
        return Value(kinds.pop(), sql([value.sql for value in values]))
    if all(value.kind in (Kind.INT, Kind.NUMBER) and not value.dash for value in values):
        return Value(Kind.NUMBER, sql([d.double(value.sql) for value in values]))
    return Value(Kind.TEXT, sql([value.as_text(d) for value in values]))


def _coalesce(site: Site, arguments: list[Argument]) -> Value:
    return _choose(_values(arguments), site.d, lambda texts: f"coalesce({', '.join(texts)})")


def _case(site: Site, arguments: list[Argument]) -> Value:
    values = _values(arguments)
    if len(values) > 21:
        site.refuse("case takes ten branches at most", 20)
    conditions = [value.condition(site.d) for value in values[0 : len(values) - 1 : 2]]
    results = values[1::2] + ([values[-1]] if len(values) % 2 else [])

    def sql(texts: list[str]) -> str:
        branches = " ".join(f"WHEN {when} THEN {then}" for when, then in zip(conditions, texts, strict=False))
        last = f" ELSE {texts[-1]}" if len(values) % 2 else ""
        return f"CASE {branches}{last} END"

    return _choose(results, site.d, sql)


def _concat(site: Site, arguments: list[Argument]) -> Value:
    return Value(Kind.TEXT, "(" + " || ".join(value.as_text(site.d) for value in _values(arguments)) + ")")


def _strip(left: bool, right: bool) -> Callable[[Site, list[Argument]], Value]:
    def build(site: Site, arguments: list[Argument]) -> Value:
        values = _values(arguments)
        characters = values[1].as_text(site.d) if len(values) > 1 else site.d.literal(WHITE_SPACE)
        return Value(Kind.TEXT, site.d.strip(values[0].as_text(site.d), characters, left, right))

    return build


_FAR = 10**9  # characters: further than any text is long


def _whole(site: Site, value: Value) -> str:
    number = site.d.double(value.as_number(site.d))
    return f"CAST(least(greatest({site.d.truncate(number)}, 0), {_FAR}) AS BIGINT)"


def _substr(site: Site, arguments: list[Argument]) -> Value:
    values = _values(arguments)
    numbers = [value.as_number(site.d) for value in values[1:]]
    known = " AND ".join(f"{number} IS NOT NULL" for number in numbers)
    length = f", {_whole(site, values[2])}" if len(values) > 2 else ""
    call = f"substr({values[0].as_text(site.d)}, {_whole(site, values[1])} + 1{length})"
    return Value(Kind.TEXT, f"CASE WHEN {known} THEN {call} END")


def _word(site: Site, arguments: list[Argument], index: int, what: str) -> str:
    argument = arguments[index]
    word = argument.word if isinstance(argument, Value) else None
    if word is None:
        site.refuse(f"this has to be {what} in quotes", index)
    return word


def _regex_replace(site: Site, arguments: list[Argument]) -> Value:
    pattern, by = (
        _word(site, arguments, 1, "a regular expression"),
        _word(site, arguments, 2, "the replacement"),
    )
    try:
        checked = check(pattern)
    except RegexError as error:
        site.refuse(str(error), 1)
    for number in re.findall(r"\$([0-9])", by):
        if int(number) > checked.count:
            site.refuse(f"${number} names a group, and the regular expression has {checked.count}", 2)
    return Value(Kind.TEXT, site.d.replace_all(_values(arguments)[0].as_text(site.d), checked.plain, by))


def _contains(site: Site, arguments: list[Argument]) -> Value:
    values = _values(arguments)
    if len(values) > 2:
        site.refuse("the third argument has no effect in the service; use like /(?i)…/ to ignore case", 2)
    return Value(Kind.BOOL, site.d.contains(values[0].as_text(site.d), values[1].as_text(site.d)))


# addresses

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
RESERVED = (
    "0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "::1/128", "fe80::/10", "ff00::/8", "2001:db8::/32",
)  # fmt: skip

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _inside(site: Site, networks: list[Network]) -> str:
    """Return SQL that tells whether the text `s` is an address in one of the networks."""
    v4 = [f"n BETWEEN {int(net[0])} AND {int(net[-1])}" for net in networks if net.version == 4]
    v6 = [f"h BETWEEN '{int(net[0]):032x}' AND '{int(net[-1]):032x}'" for net in networks if net.version == 6]
    tests = []
    if v4:
        tests.append(f"coalesce({site.d.let('n', site.d.ipv4_number('s'), ' OR '.join(v4))}, FALSE)")
    if v6:
        tests.append(f"coalesce({site.d.let('h', site.d.ipv6_hex('s'), ' OR '.join(v6))}, FALSE)")
    return "(" + " OR ".join(tests) + ")"


def _address(site: Site, value: Value, test: str) -> Value:
    """Return a test of the text `s`; missing where the value is."""
    text = value.as_text(site.d)
    return Value(Kind.BOOL, site.d.let("s", text, f"CASE WHEN s IS NOT NULL THEN {test} END"))


def _in_subnet(versions: tuple[int, ...]) -> Callable[[Site, list[Argument]], Value]:
    def build(site: Site, arguments: list[Argument]) -> Value:
        block = _word(site, arguments, 1, "a CIDR block")
        try:
            network = ipaddress.ip_network(block.strip(), strict=False)
        except ValueError:
            site.refuse(f"{block!r} is not a CIDR block such as 10.0.0.0/8 or 2001:db8::/32", 1)
        if network.version not in versions:
            site.refuse(f"{block} is an IPv{network.version} block; this function takes IPv{versions[0]}", 1)
        return _address(site, _values(arguments)[0], _inside(site, [network]))

    return build


def _valid(site: Site, versions: tuple[int, ...]) -> str:
    tests = {4: site.d.is_ipv4("s"), 6: f"({site.d.ipv6_hex('s')} IS NOT NULL)"}
    return "(" + " OR ".join(tests[version] for version in versions) + ")"


def _is_valid(versions: tuple[int, ...]) -> Callable[[Site, list[Argument]], Value]:
    return lambda site, arguments: _address(site, _values(arguments)[0], _valid(site, versions))


def _is_among(blocks: tuple[str, ...]) -> Callable[[Site, list[Argument]], Value]:
    networks = [ipaddress.ip_network(block) for block in blocks]
    return lambda site, arguments: _address(site, _values(arguments)[0], _inside(site, networks))


def _is_public(site: Site, arguments: list[Argument]) -> Value:
    others = _inside(site, [ipaddress.ip_network(block) for block in PRIVATE + RESERVED])
    return _address(site, _values(arguments)[0], f"({_valid(site, (4, 6))} AND NOT {others})")


def _ipv4_number(site: Site, arguments: list[Argument]) -> Value:
    return Value(Kind.INT, site.d.ipv4_number(_values(arguments)[0].as_text(site.d)))


# time


def _bin(site: Site, arguments: list[Argument]) -> Value:
    return _floor(site, [site.timestamp(), _period(site, arguments, 0)])


def _period(site: Site, arguments: list[Argument], index: int) -> s.Period:
    argument = arguments[index]
    if not isinstance(argument, s.Period):
        site.refuse("this has to be a period such as 5m or 1h", index)
    return argument


def _moment(site: Site, value: Value) -> str:
    """Return SQL of a value as milliseconds since the epoch, missing outside the years 1 to 9999."""
    if value.kind is Kind.TIME:
        return value.sql
    number = site.d.double(value.as_number(site.d))
    return site.d.let(
        "m", number, f"CASE WHEN m BETWEEN {YEARS[0]} AND {YEARS[1]} THEN CAST({site.d.truncate('m')} AS BIGINT) END"
    )


def _floor(site: Site, arguments: list[Argument]) -> Value:
    period = _period(site, arguments, len(arguments) - 1)
    moment = _moment(site, _values(arguments)[0])
    return Value(Kind.TIME, floor_time(site.d, moment, site.cap(period), period.unit))


def _ceil(site: Site, arguments: list[Argument]) -> Value:
    period = _period(site, arguments, 1)
    moment = _moment(site, _values(arguments)[0])
    return Value(Kind.TIME, ceil_time(site.d, moment, site.cap(period), period.unit))


def _from_millis(site: Site, arguments: list[Argument]) -> Value:
    return Value(Kind.TIME, _moment(site, _values(arguments)[0]))


def _to_millis(site: Site, arguments: list[Argument]) -> Value:
    value = _values(arguments)[0]
    return Value(Kind.INT if value.kind is Kind.TIME else Kind.NUMBER, value.as_number(site.d))


def _now(site: Site, arguments: list[Argument]) -> Value:
    return number_value(int(site.now), str(int(site.now)))


def _edge(index: int) -> Callable[[Site, list[Argument]], Value]:
    def build(site: Site, arguments: list[Argument]) -> Value:
        if site.window is None:
            site.refuse("this needs a window: give run() one", 0)
        return number_value(site.window[index], str(site.window[index]))

    return build


_ROWS = (
    Function("abs", 1, 1, _number("abs({0})"), "number"),
    Function("ceil", 1, 1, _of_double(lambda d, x: d.ceil(x)), "number"),
    Function("floor", 1, 1, _of_double(lambda d, x: d.floor(x)), "number"),
    Function("greatest", 1, None, _extreme("greatest"), "number"),
    Function("least", 1, None, _extreme("least"), "number"),
    Function("log", 1, 1, _log, "number"),
    Function("sqrt", 1, 1, _sqrt, "number"),
    Function("round", 1, 2, _round, "number"),
    Function("toNumber", 1, 1, _number("{0}"), "number"),
    Function("ispresent", 1, 1, _present, "1 or 0"),
    Function("isNumeric", 1, 1, _is_numeric, "1 or 0"),
    Function("coalesce", 1, None, _coalesce, "any"),
    Function("if", 3, 3, _case, "any"),
    Function("case", 2, None, _case, "any"),
    Function("now", 0, 0, _now, "seconds since the epoch"),
    Function("queryStartTime", 0, 0, _edge(0), "milliseconds since the epoch"),
    Function("queryEndTime", 0, 0, _edge(1), "milliseconds since the epoch"),
    Function("bin", 1, 1, _bin, "time"),
    Function("datefloor", 2, 2, _floor, "time"),
    Function("dateceil", 2, 2, _ceil, "time"),
    Function("fromMillis", 1, 1, _from_millis, "time"),
    Function("toMillis", 1, 1, _to_millis, "milliseconds since the epoch"),
    Function("isempty", 1, 1, _is_empty, "1 or 0"),
    Function("isblank", 1, 1, _is_blank, "1 or 0"),
    Function("concat", 1, None, _concat, "text"),
    Function("strlen", 1, 1, _text("length({0})", Kind.INT), "number"),
    Function("toupper", 1, 1, _text("upper({0})"), "text"),
    Function("tolower", 1, 1, _text("lower({0})"), "text"),
    Function("trim", 1, 2, _strip(True, True), "text"),
    Function("ltrim", 1, 2, _strip(True, False), "text"),
    Function("rtrim", 1, 2, _strip(False, True), "text"),
    Function("substr", 2, 3, _substr, "text"),
    Function("replace", 3, 3, _of_texts(lambda d, x, old, new: d.replace(x, old, new)), "text"),
    Function("regexReplace", 3, 3, _regex_replace, "text"),
    Function("strcontains", 2, 3, _contains, "1 or 0"),
    Function("startsWith", 2, 2, _of_texts(lambda d, x, start: d.starts_with(x, start), Kind.BOOL), "1 or 0"),
    Function("endsWith", 2, 2, _of_texts(lambda d, x, end: d.ends_with(x, end), Kind.BOOL), "1 or 0"),
    Function("isValidIp", 1, 1, _is_valid((4, 6)), "1 or 0"),
    Function("isValidIpV4", 1, 1, _is_valid((4,)), "1 or 0"),
    Function("isValidIpV6", 1, 1, _is_valid((6,)), "1 or 0"),
    Function("isIpInSubnet", 2, 2, _in_subnet((4, 6)), "1 or 0"),
    Function("isIpv4InSubnet", 2, 2, _in_subnet((4,)), "1 or 0"),
    Function("isIpv6InSubnet", 2, 2, _in_subnet((6,)), "1 or 0"),
    Function("ipv4ToNumber", 1, 1, _ipv4_number, "number"),
    Function("isPrivateIP", 1, 1, _is_among(PRIVATE), "1 or 0"),
    Function("isReservedIP", 1, 1, _is_among(RESERVED), "1 or 0"),
    Function("isPublicIP", 1, 1, _is_public, "1 or 0"),
)

FUNCTIONS = {row.name.lower(): row for row in _ROWS}
FUNCTIONS["regex_replace"] = FUNCTIONS["regexreplace"]

# Known to the service, not answered here.
_ELSEWHERE = """
split haversine toInt toLong toDouble messageSize queryTimeRange parseDate formatDate strftime urlencode urldecode
base64encode base64decode hexToAscii hexToDec decToHex jsonParse jsonStringify jsonArraySize jsonArrayContains
md5 sha1 sha256 sha512 values topk rate count_over_time countOverTime sum_over_time sumOverTime histogram
"""
ELSEWHERE = frozenset(_ELSEWHERE.lower().split())
