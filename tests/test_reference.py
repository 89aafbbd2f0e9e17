"""The second opinion itself: its rules by example, what its generator makes, and what its comparer lets pass."""

from __future__ import annotations

import dataclasses
from random import Random

import pandas as pd
import pytest

from rejectkit.errors import QueryError, UnsupportedError
from rejectkit.insights import parse
from rejectkit.insights.syntax import Call, Field, Period, Query, Stats
from tests.reference import functions, times
from tests.reference.compare import disagreement
from tests.reference.generator import Case, make_case
from tests.reference.interpreter import Answer, evaluate
from tests.reference.records import RecordSet, record_sets
from tests.reference.refusals import OUTSIDE, REFUSED
from tests.reference.shrinking import shrink
from tests.reference.values import sort_key, time_text

NOON = 1_767_268_800_000  # 2026-01-01 12:00:00 UTC


def rows(query: str, *events: dict[str, object]) -> list[dict[str, str]]:
    """Return the printed rows of a query over events; each has a moment of its own unless it says which."""
    stamped = [{"@timestamp": NOON + i, "@message": "x", **event} for i, event in enumerate(events or ({},))]
    return evaluate(parse(query), stamped).texts()


def value(expression: str, **event: object) -> str | None:
    """Return what an expression prints over one event; None where it is missing."""
    return rows(f"fields {expression} as r", event)[0].get("r")


# From the CWL_QuerySyntax pages, and the choices the project names where AWS's pages are silent.
VALUES = [
    ("1 = 1", "1"), ("1 = 2", "0"), ("nothing = 1", None), ("nothing != 1", None), ("not (nothing = 1)", None),
    ("nothing not in [1]", None), ('nothing not like "x"', None), ("nothing = 1 or 1 = 1", "1"), ("nothing = 1 and 1 = 2", "0"),
    ("nothing = 1 and 1 = 1", None), ('"10" = 10.0', "1"), ('"010" = 10', "0"), ('"1.50" = 1.5', "1"), ('"a" < "b"', "1"),
    ('"a" < 5', "0"), ('not ("a" < 5)', "1"), ('"9" < "10"', "1"), ('"-" < "10"', "0"), ("7 / 2", "3.5"), ("8 / 2", "4"),
    ("7 % 4", "3"), ("-7 % 4", "-3"), ("1 / 0", None), ("1 % 0", None), ("2 ^ 10", "1024"), ("2 ^ 0.5", "1.4142135623730951"),
    ('"5" + 1', "6"), ('"x" + 1', None), ("nothing + 1", None), ("10 - 2 - 3", "5"), ("2 + 3 * 4", "14"), ("sqrt(2) * 0", "0"),
    ("log(0)", None), ("log(1)", "0"), ("sqrt(-1)", None), ("abs(-3)", "3"), ("round(2.5)", "3"), ("round(-2.5)", "-3"),
    ('greatest(1, "3", 2)', "3"), ('least(1, "x")', None), ('isempty("")', "1"), ("isempty(nothing)", "1"), ('isempty(" ")', "0"),
    ("isblank(nothing)", "1"), ('isblank(" \\t")', "1"), ("ispresent(nothing)", "0"), ('ispresent("")', "1"),
    ('isNumeric("1.5")', "1"), ('isNumeric("01")', "0"), ('concat("a", nothing)', None), ('concat("a", 1 + 1)', "a2"),
    ('coalesce(nothing, "b")', "b"), ('if(nothing, "y", "n")', "n"), ('case(1 = 2, "a")', None), ('strlen("é\U0001f600")', "2"),
    ('substr("abc", -1, 2)', "ab"), ('substr("abc", 1, 9)', "bc"), ('substr("abc", 9)', ""), ('trim("  a ")', "a"),
    ('replace("a.b.c", ".", "")', "abc"), ('regexReplace("10.2", "([0-9])[.]", "<$1>")', "1<0>2"), ('toupper("aé")', "AÉ"),
    ('isIpv4InSubnet("10.0.0.1", "10.0.0.0/8")', "1"), ('isIpv4InSubnet("-", "0.0.0.0/0")', "0"),
    ('isIpv4InSubnet("::1", "0.0.0.0/0")', "0"), ('isIpInSubnet("fd00::1", "fc00::/7")', "1"),
    ('isIpv6InSubnet("::ffff:10.0.0.1", "::/0")', "1"), ('isValidIpV4("10.0.0.01")', "0"), ('isValidIp("fe80::1%eth0")', "0"),
    ('isPrivateIP("172.31.0.1")', "1"), ('isPrivateIP("172.32.0.1")', "0"), ('isReservedIP("100.64.0.1")', "1"),
    ('isPublicIP("8.8.8.8")', "1"), ('isPublicIP("x")', "0"), ("isPublicIP(nothing)", None), ('ipv4ToNumber("0.0.1.2")', "258"),
    ('ipv4ToNumber("::1")', None), ("toMillis(@timestamp)", str(NOON)), ("@timestamp", "2026-01-01 12:00:00.000"),
    ("@timestamp > 5", "1"), ("bin(300s)", "2026-01-01 12:00:00.000"), ("fromMillis(1500)", "1970-01-01 00:00:01.500"),
    ('toMillis("2026-01-01")', None), ("dateceil(@timestamp, 1h)", "2026-01-01 12:00:00.000"),
    ("dateceil(@timestamp, 1d)", "2026-01-02 00:00:00.000"), ('"x" like /(?i)X$/', "1"), ('"ab" like "b"', "1"), ('"a%" like "%"', "1"),
    ('"10.0.0.1" like /^10[.]/', "1"), ('not "x"', None), ('not "0"', "1"), ('"x" or 1', "1"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "printed"), VALUES, ids=[row[0] for row in VALUES])
def test_expressions(expression: str, printed: str | None) -> None:
    """An expression prints what the rules say."""
    assert value(expression) == printed


def test_natural_order() -> None:
    """Texts come before numbers, runs of digits by length and value, decimals by value; AWS's own example among them."""
    ascending = ["", "!:", "#", "*%04", "-", "-3", "-10", "0#", "5A", "9.9.9.9", "10.0.0.2", "10.0.0.10", "111A", "2345_", "@", "@_",
                 "A", "A9876fghj", "a12345hfh", "0", "01", "1", "1.5", "2", "3"]  # fmt: skip
    shuffled = Random(3).sample(ascending, len(ascending))
    assert sorted(shuffled, key=sort_key) == ascending


@pytest.mark.parametrize(
    ("moment", "count", "unit", "low", "high"),
    [
        ("2026-01-01 12:34:56.789", 5, "m", "2026-01-01 12:30:00.000", "2026-01-01 12:35:00.000"),
        ("2026-01-01 12:34:56.789", 300, "s", "2026-01-01 12:34:00.000", "2026-01-01 12:35:00.000"),
        ("2026-01-01 12:34:56.789", 36, "h", "2026-01-01 00:00:00.000", "2026-01-02 00:00:00.000"),
        ("2026-01-01 12:34:56.789", 1, "w", "2025-12-29 00:00:00.000", "2026-01-05 00:00:00.000"),
        ("2024-02-29 12:00:00.000", 1, "mo", "2024-02-01 00:00:00.000", "2024-03-01 00:00:00.000"),
        ("2024-02-29 12:00:00.000", 1, "q", "2024-01-01 00:00:00.000", "2024-04-01 00:00:00.000"),
        ("2024-12-31 23:59:59.999", 1, "y", "2024-01-01 00:00:00.000", "2025-01-01 00:00:00.000"),
        ("2024-01-01 00:00:00.000", 1, "y", "2024-01-01 00:00:00.000", "2024-01-01 00:00:00.000"),
    ],
)
def test_periods(moment: str, count: int, unit: str, low: str, high: str) -> None:
    """Steps are aligned to the epoch and capped by unit; weeks begin on Monday, months and longer by the calendar."""
    ms = pd.Timestamp(moment, tz="UTC").value // 1_000_000
    period = Period(count, unit)
    assert (time_text(times.floor(ms, period)), time_text(times.ceil(ms, period))) == (low, high)


def test_aggregates() -> None:
    """Aggregates count what is present, compute with what is a number, and are missing where there is none."""
    query = """stats count(*) as n, count(a) as there, sum(a) as s, avg(a) as m, pct(a, 50) as p, stddev(a) as d,
      min(a) as low, max(a) as high, count_distinct(a) as kinds, sortsFirst(a) as f, sortsLast(a) as l, sum(nothing) as z"""
    got = rows(query, {"a": "10"}, {"a": "-"}, {"a": "40"}, {}, {"a": "10"}, {"a": "x"})
    assert got == [{"n": "6", "there": "5", "s": "60", "m": "20", "p": "10", "d": "14.142135623730951",
                    "low": "10", "high": "40", "kinds": "4", "f": "-", "l": "40"}]  # fmt: skip


@pytest.mark.parametrize(("percent", "rank"), [(0, 1), (7, 7), (7.01, 8), (50, 50), (99, 99), (99.9, 100), (100, 100)])
def test_percentile_is_the_nearest_rank(percent: float, rank: int) -> None:
    """Of the numbers 1 to 100 it is the smallest that at least the percentage of them do not exceed."""
    events = [{"a": str(i)} for i in range(1, 101)]
    assert rows(f"stats pct(a, {percent}) as p", *events) == [{"p": str(rank)}]


def test_earliest_and_latest() -> None:
    """They take the value of the first and last event that has one; of a time they print milliseconds."""
    a, b = {"@timestamp": NOON, "a": "2"}, {"@timestamp": NOON, "a": "10"}
    query = "stats earliest(a) as e, latest(a) as l, latest(@timestamp) as t, max(@timestamp) as m"
    assert rows(query, a, b, {"@timestamp": NOON + 1}) == [
        {"e": "2", "l": "10", "t": str(NOON + 1), "m": str(NOON + 1)}
    ]
    assert rows("stats max(@timestamp) as t by @message | stats count(*) as n by datefloor(t, 1d) as day", a) == [
        {"day": "2026-01-01 00:00:00.000", "n": "1"}
    ]


def test_groups() -> None:
    """A missing key is a group of its own; without events there is a row only where there is no key."""
    got = rows("stats count(*) as n by a", {"a": "1"}, {}, {})
    assert sorted(got, key=str) == [{"a": "1", "n": "1"}, {"n": "2"}]
    nobody = parse("stats count(*) as n, sum(a) as s"), parse("stats count(*) as n by a")
    assert [evaluate(query, []).texts() for query in nobody] == [[{"n": "0"}], []]


def test_parse() -> None:
    """Stars are lazy, the last takes the rest, a pattern that does not match leaves its names missing."""
    assert rows('fields a | parse a "* *=*" as x, y, z', {"a": "u v w=1=2"}) == [
        {"a": "u v w=1=2", "x": "u", "y": "v w", "z": "1=2"}
    ]
    assert rows('fields a | parse a "*;" as x', {"a": "u"}) == [{"a": "u"}]
    assert rows("fields a | parse a /(?<x>u)(?<y>v)?/", {"a": "u"}) == [{"a": "u", "x": "u", "y": ""}]


def test_ties_may_come_in_any_order() -> None:
    """Rows with equal sort keys are free, a limit among them too, and a dedup among them takes any."""
    events = [{"@timestamp": NOON, "@message": "x", "a": a, "b": b} for a, b in (("1", "p"), ("1", "q"), ("2", "r"))]
    sort, limit, dedup = (f"fields a, b | sort a asc{tail}" for tail in ("", " | limit 1", " | dedup a"))

    def check(query: str, *got: tuple[str, str]) -> bool:
        return (
            disagreement(evaluate(parse(query), events), pd.DataFrame(list(got), columns=["a", "b"], dtype="str"))
            is None
        )

    assert check(sort, ("1", "q"), ("1", "p"), ("2", "r"))
    assert not check(sort, ("1", "q"), ("2", "r"), ("1", "p"))
    assert not check(sort, ("1", "q"), ("1", "q"), ("2", "r"))
    assert check(limit, ("1", "q"))
    assert not check(limit, ("2", "r"))
    assert check(dedup, ("1", "q"), ("2", "r"))
    assert not check(dedup, ("1", "r"), ("2", "r"))


def test_limit_among_ties_makes_later_stages_vague() -> None:
    """A filter after a limit that cut among equals could see any of them; the comparer is told."""
    events = [{"@timestamp": NOON, "@message": str(i)} for i in range(3)]
    assert evaluate(parse('fields @message | limit 1 | filter @message = "1"'), events).vague
    assert not evaluate(parse('fields @message | limit 3 | filter @message = "1"'), events).vague


@pytest.mark.parametrize(("query", "message"), REFUSED, ids=[row[0][:60] for row in REFUSED])
def test_refusals(query: str, message: str | None) -> None:
    """What the language does not allow is refused, in the service's words where they are recorded."""
    with pytest.raises(QueryError) as caught:
        evaluate(parse(query), [])
    assert message is None or caught.value.message == message


@pytest.mark.parametrize("query", OUTSIDE)
def test_outside_the_language(query: str) -> None:
    """What CloudWatch has and the offline language has not is refused as such."""
    with pytest.raises(UnsupportedError):
        evaluate(parse(query), [])


def cases(count: int) -> list[tuple[RecordSet, Case]]:
    """Return generated queries beside the record sets they are made for."""
    sets = record_sets(11, 25)
    return [(sets[i % 25], make_case(f"11 {i}", sets[i % 25])) for i in range(count)]


def test_generated_queries_are_mostly_legal_and_mostly_find_something() -> None:
    """A generator of refusals and empty answers would prove nothing; neither would one of a single kind of query."""
    found = legal = 0
    seen: set[type] = set()
    total = cases(1000)
    for records, case in total:
        seen.update(type(stage) for stage in case.query.stages)
        try:
            answer = evaluate(case.query, records.events())
        except QueryError:
            continue
        legal += 1
        found += any(answer.texts())
    assert legal >= 0.99 * len(total)
    assert found >= 0.80 * len(total)
    assert len(seen) == 8


def test_every_function_is_generated() -> None:
    """No function of the language is left out of the contract."""
    used = {name.lower() for _, case in cases(3000) for name in _nodes(case.query, Call)}
    assert set(functions.SCALARS) | set(functions.SPECIAL) | set(functions.AGGREGATES) <= used


def test_seed_reproduces_the_case() -> None:
    """The same seed gives the same records and query, so that a disagreement can be had again."""
    again = dict.fromkeys(range(2))
    for i in again:
        again[i] = [(records.text(), case.text) for records, case in cases(30)]
    assert again[0] == again[1]


def test_parser_reads_what_was_meant() -> None:
    """Text written from syntax in many ways parses to that syntax: precedence, names, literals, spelling."""
    for _, case in cases(1500):
        assert parse(case.text) == case.query, case.text


def test_text_of_a_query_parses_to_it() -> None:
    """The text that a parsed query gives of itself means the same."""
    for _, case in cases(500):
        query = parse(case.text)
        assert parse(str(query)) == query, case.text


PLANTED = {
    "a row more": lambda frame: pd.concat([frame, frame.tail(1)], ignore_index=True),
    "a row less": lambda frame: frame.head(len(frame) - 1),
    "a value changed": lambda frame: frame.assign(n=frame["n"] + 1),
    "a value a little off": lambda frame: frame.assign(m=frame["m"] * (1 + 1e-7)),
    "a value lost": lambda frame: frame.assign(k=frame["k"].where(frame["k"] != "b")),
    "a text changed": lambda frame: frame.assign(k=frame["k"].str.upper()),
    "a time off by a millisecond": lambda frame: frame.assign(t=frame["t"] + pd.Timedelta("1ms")),
    "order": lambda frame: frame.iloc[::-1],
    "columns": lambda frame: frame[["n", "k", "m", "t"]],
    "types": lambda frame: frame.assign(n=frame["n"].astype("int32")),
}


def right() -> tuple[Answer, pd.DataFrame]:
    """Return an answer and the table that is right for it."""
    events = [
        {"@timestamp": NOON, "@message": "x", "k": k, "v": v}
        for k, v in (("a", "1"), ("b", "2"), ("b", "5"), ("c", "-"))
    ]
    query = "stats count(*) as n, avg(v) / 3 as m, max(@timestamp) as t by k | sort k asc"
    table = {
        "k": pd.Series(["a", "b", "c"], dtype="str"),
        "n": pd.Series([1, 2, 1], dtype="Int64"),
        "m": pd.Series([1 / 3, 3.5 / 3, None], dtype="Float64"),
        "t": pd.Series(pd.to_datetime([NOON] * 3, unit="ms", utc=True)).astype("datetime64[ms, UTC]"),
    }
    return evaluate(parse(query), events), pd.DataFrame(table)


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_comparer_sees_a_planted_error(plant: object) -> None:
    """The right table passes, and with an error planted in it it does not."""
    expected, frame = right()
    assert disagreement(expected, frame) is None
    assert disagreement(expected, plant(frame)) is not None


def test_shrinking_keeps_the_failure() -> None:
    """A case that fails for one stage and one line comes down to them."""
    records = next(s for s in record_sets(1, 12) if len(s.lines) > 20)
    line = records.lines[7]
    case = parse(
        "fields srcAddr, dstAddr as d | filter bytes > 1 | stats count(*) as n, sum(bytes) as s by d | sort n | limit 3"
    )

    def fails(query: Query, records: RecordSet) -> bool:
        return line in records.lines and any(isinstance(stage, Stats) for stage in query.stages)

    query, left = shrink(case, records, fails)
    assert [type(stage) for stage in query.stages] == [Stats]
    assert set(left.lines) == {line}
    assert len(query.stages[0].items) == 1


def test_generated_names_are_read() -> None:
    """Generated queries read fields that the records have, not only literals."""
    used = {name for _, case in cases(300) for name in _nodes(case.query, Field)}
    assert {"srcAddr", "dstPort", "bytes", "@timestamp", "tcpFlags", "note"} <= used


def _nodes(node: object, kind: type) -> set[str]:
    """Return the names of all nodes of a kind in a tree."""
    names = {node.name} if isinstance(node, kind) else set()
    if isinstance(node, tuple):
        return names.union(*(_nodes(part, kind) for part in node))
    if dataclasses.is_dataclass(node):
        return names.union(*(_nodes(getattr(node, field.name), kind) for field in dataclasses.fields(node)))
    return names
