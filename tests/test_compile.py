"""What a query means: missing values, texts that act as numbers, time, order, and the names that stages make."""

from __future__ import annotations

import pytest
import sqlglot

from rejectkit.errors import BinCapWarning, QueryError, UnknownFieldWarning, UnsupportedError
from rejectkit.insights import Column, Table, compile_query, parse
from rejectkit.records import LogFormat, field_type
from tests.events import ask

TEN = 1_767_261_600_000  # 2026-01-01 10:00:00 UTC

FLOWS = [
    {"@timestamp": TEN, "srcAddr": "10.0.0.9", "dstPort": "22", "bytes": "40", "action": "REJECT", "logStatus": "OK"},
    {
        "@timestamp": TEN + 1000,
        "srcAddr": "10.0.0.10",
        "dstPort": "443",
        "bytes": "60",
        "action": "ACCEPT",
        "logStatus": "OK",
    },
    {"@timestamp": TEN + 61_000, "srcAddr": "-", "dstPort": "-", "bytes": "-", "action": "-", "logStatus": "NODATA"},
]

BOTH = pytest.mark.parametrize("typed", [False, True], ids=["texts", "typed"])

# CWL_QuerySyntax-Filter, and the rows of choices.py; each as the flows it keeps (0, 1: records, 2: NODATA).
KEPT = [
    ("dstPort = 22", [0]), ('dstPort = "22"', [0]), ("dstPort == 22", [0]), ("22 = dstPort", [0]),
    ("dstPort != 22", [1, 2]), ("not (dstPort = 22)", [1, 2]), ('dstPort = "-"', [2]), ('dstPort != "-"', [0, 1]),
    ("dstPort < 1000", [0, 1]), ("dstPort >= 22", [0, 1]), ("22 < dstPort", [1]), ("not (dstPort < 1000)", [2]),
    ("dstPort in [22, 80]", [0]), ('dstPort in ["22", "-"]', [0, 2]), ("dstPort not in [22]", [1, 2]),
    ('action = "REJECT"', [0]), ('action != "REJECT"', [1, 2]), ('action in ["ACCEPT", "REJECT"]', [0, 1]),
    ("action < 5", []), ('action > "B"', [0]), ("dstPort like 2", None),
    ('srcAddr like "10.0."', [0, 1]), ('srcAddr not like "10.0."', [2]), ("srcAddr like /^10[.]0[.]0[.]9$/", [0]),
    ('dstPort like "4"', [1]), ("nothing = 1", []), ("nothing != 1", []), ("not (nothing = 1)", []),
    ("nothing in [1]", []), ("nothing not in [1]", []), ('nothing not like "x"', []),
    ("ispresent(nothing)", []), ("not ispresent(nothing)", [0, 1, 2]), ("ispresent(dstPort)", [0, 1, 2]),
    ("nothing = 1 or dstPort = 22", [0]), ("isNumeric(bytes)", [0, 1]), ("bytes", [0, 1]), ("bytes - 40", [1]),
    ("strlen(nothing) > 0", []), ("isempty(nothing) and dstPort = 22", [0]), ("bytes / 0 = 1", []),
    ("dstPort = bytes", [2]), ("dstPort != bytes", [0, 1]), ("dstPort < bytes", [0]), ("1 = 1", [0, 1, 2]),
    ('isIpv4InSubnet(srcAddr, "10.0.0.8/30")', [0, 1]), ('not isIpv4InSubnet(srcAddr, "10.0.0.8/31")', [1, 2]),
    ("logStatus != action", [0, 1, 2]), ('concat(dstPort, "x") = "-x"', [2]),
]  # fmt: skip


@BOTH
@pytest.mark.parametrize(("condition", "kept"), [row for row in KEPT if row[1] is not None])
def test_what_a_filter_keeps(condition: str, kept: list[int], typed: bool) -> None:
    """A condition keeps the same flows whether the store holds texts or typed columns."""
    rows = (
        ask(f"fields @timestamp as t | filter {condition} | sort t asc", FLOWS, typed=typed)
        if "nothing" not in condition
        else _quiet(condition, typed)
    )
    assert [_index(row) for row in rows] == kept


def _quiet(condition: str, typed: bool) -> list[dict[str, str]]:
    with pytest.warns(UnknownFieldWarning, match="'nothing'"):
        return ask(f"fields @timestamp as t | filter {condition} | sort t asc", FLOWS, typed=typed)


def _index(row: dict[str, str]) -> int:
    return ["2026-01-01 10:00:00.000", "2026-01-01 10:00:01.000", "2026-01-01 10:01:01.000"].index(row["t"])


@BOTH
def test_aggregates_take_numbers_only(typed: bool) -> None:
    """`-` is counted by count(f) and count_distinct, and takes no part in sums, averages, extremes and percentiles."""
    query = (
        "stats count(*), count(bytes), count_distinct(bytes), sum(bytes), avg(bytes), min(bytes), max(bytes), "
        "pct(bytes, 50), stddev(bytes)"
    )
    (row,) = ask(query, FLOWS, typed=typed)
    assert list(row.values()) == ["3", "3", "3", "100", "50", "40", "60", "40", "10"]


def test_a_group_without_a_value_leaves_the_column_out() -> None:
    """An aggregate over nothing is missing, but for counts; a missing key is a group of its own."""
    rows = ask(
        "stats sum(x) as s, count(x) as c by k | sort k", [{"k": "a", "x": "1"}, {"x": "q"}, {"k": "a", "x": "2.5"}]
    )
    assert rows == [{"k": "a", "s": "3.5", "c": "2"}, {"c": "1"}]


def test_stats_over_nothing() -> None:
    """Without keys there is one row, with keys none."""
    assert ask("stats count(*) as n, sum(@message) as s", []) == [{"n": "0"}]
    assert ask("filter x = 2 | stats count(*) as n by x", [{"x": "1"}]) == []


@BOTH
def test_earliest_and_latest_follow_time(typed: bool) -> None:
    """The value of the first and last event by time; of a time, in milliseconds."""
    (row,) = ask("stats earliest(dstPort) as e, latest(action) as l, latest(@timestamp) as t", FLOWS, typed=typed)
    assert row == {"e": "22", "l": "-", "t": str(TEN + 61_000)}


def test_keys_come_before_aggregates() -> None:
    """A grouped row has its keys first, in their order, then the aggregates in theirs."""
    (first, *_) = ask("stats count(*) as n, sum(bytes) as b by dstPort, action", FLOWS[:2])
    assert list(first) == ["dstPort", "action", "n", "b"]


def test_items_may_use_the_items_before_them() -> None:
    """Arithmetic over aggregates, and over earlier items of the same stats."""
    assert ask("stats sum(bytes) as b, count(bytes) as n, b / n as each, max(bytes) - min(bytes)", FLOWS[:2]) == [
        {"b": "100", "n": "2", "each": "50", "max(bytes) - min(bytes)": "20"}
    ]


@BOTH
def test_text_sorts_naturally(typed: bool) -> None:
    """Addresses sort by their numbers; `-` sorts before numbers; missing values sort last both ways."""
    assert [row["srcAddr"] for row in ask("fields srcAddr | sort srcAddr asc", FLOWS, typed=typed)] == [
        "-",
        "10.0.0.9",
        "10.0.0.10",
    ]
    assert [row["dstPort"] for row in ask("fields dstPort | sort dstPort desc", FLOWS, typed=typed)] == [
        "443",
        "22",
        "-",
    ]
    events = [{"v": "b"}, {"u": "1"}, {"v": "a"}]
    assert [row.get("v") for row in ask("fields v | sort v desc", events)] == ["b", "a", None]
    assert [row.get("v") for row in ask("fields v | sort v asc", events)] == ["a", "b", None]


# CWL_QuerySyntax-Sort: chunks of digits by length and value, others by code point; numbers after all.
def test_natural_order_compares_chunk_by_chunk() -> None:
    """A chunk that ends sorts before one that goes on; 01 is a number, as are decimals; -3 is not."""
    wanted = ["-3", "a1", "a2", "a10", "a01", "ab", "ab1", "ab!", "0", "01", "1", "1.5", "2", "10"]
    events = [{"v": v} for v in sorted(wanted)]
    got = [row["v"] for row in ask("fields v | sort v asc", events)]
    assert got[-6:] == ["0", "01", "1", "1.5", "2", "10"]
    assert got[0] == "-3"
    assert [v for v in got if v.startswith("ab")] == ["ab", "ab1", "ab!"]
    assert [v for v in got if v.startswith("a") and v[1:].isdigit()] == ["a1", "a2", "a01", "a10"]
    assert [row["v"] for row in ask("fields v | sort v desc", events)] == got[::-1]


def test_rows_come_newest_first_without_sort() -> None:
    """Events come newest first, ten thousand at most unless the query says so."""
    assert [row["dstPort"] for row in ask("fields dstPort", FLOWS)] == ["-", "443", "22"]
    plan = compile_query(
        parse("fields a"), Table("t", {"@timestamp": Column('"ts"', "time"), "a": Column('"a"', "text")})
    )
    assert plan.answer.cap == 10_000
    assert plan.sql.endswith("LIMIT 10001")
    everything = compile_query(parse("fields a"), Table("t", {"a": Column('"a"', "text")}), all_rows=True)
    assert everything.answer.cap is None
    assert "LIMIT" not in everything.sql


def test_dedup_keeps_the_first_of_each() -> None:
    """The newest of each combination; rows without one of the values are all kept."""
    events = [{"@timestamp": t, "a": a, "n": str(t)} for t, a in enumerate(["x", "y", "x"])] + [
        {"@timestamp": 7, "n": "7"},
        {"@timestamp": 8, "n": "8"},
    ]
    assert [row["n"] for row in ask("fields n | dedup a", events)] == ["8", "7", "2", "1"]
    assert [row["n"] for row in ask("fields n | sort n asc | dedup a | limit 2", events)] == ["0", "1"]


# CWL_QuerySyntax-operations-functions, date and time.
PERIODS = [
    ("10ms", 1_767_261_612_345, "2026-01-01 10:00:12.340", "2026-01-01 10:00:12.350"),
    ("40m", 1_767_261_612_345, "2026-01-01 10:00:00.000", "2026-01-01 10:40:00.000"),
    ("1d", 1_767_261_612_345, "2026-01-01 00:00:00.000", "2026-01-02 00:00:00.000"),
    ("1w", 1_767_261_612_345, "2025-12-29 00:00:00.000", "2026-01-05 00:00:00.000"),
    ("1mo", 1_767_261_612_345, "2026-01-01 00:00:00.000", "2026-02-01 00:00:00.000"),
    ("1q", 1_763_000_000_000, "2025-10-01 00:00:00.000", "2026-01-01 00:00:00.000"),
    ("1y", 1_763_000_000_000, "2025-01-01 00:00:00.000", "2026-01-01 00:00:00.000"),
    ("1y", 1_767_225_600_000, "2026-01-01 00:00:00.000", "2026-01-01 00:00:00.000"),
    ("1h", 1_767_261_600_000, "2026-01-01 10:00:00.000", "2026-01-01 10:00:00.000"),
]


@pytest.mark.parametrize(("period", "moment", "floor", "ceil"), PERIODS)
def test_borders_of_time(period: str, moment: int, floor: str, ceil: str) -> None:
    """Functions bin and datefloor go down to a border, dateceil up; a time on a border stays."""
    query = f"fields datefloor(@timestamp, {period}) as f, dateceil(@timestamp, {period}) as c, bin({period}) as b"
    assert ask(query, [{"@timestamp": moment}]) == [{"f": floor, "c": ceil, "b": floor}]


def test_a_period_over_the_cap_is_cut_with_a_warning() -> None:
    """`bin(300s)` counts as 60 s, as in the service; the warning says what was meant."""
    with pytest.warns(BinCapWarning, match="300s counts as 60s.*write 5m"):
        rows = ask("stats count(*) as n by bin(300s) as t | sort t", FLOWS)
    assert [row["t"] for row in rows] == ["2026-01-01 10:00:00.000", "2026-01-01 10:01:00.000"]


PARSED = [
    ('parse @message "user=*, n=*" as user, n', "x user=ann, n=5 6", {"user": "ann", "n": "5 6"}),
    ('parse @message "user=*" as user', "nothing here", {}),
    ('parse @message "* *" as a, b', "one two three", {"a": "one", "b": "two three"}),
    ('parse @message "[*]" as a', "a [b] c]", {"a": "b"}),
    ('parse @message "a.c*" as x', "abc1", {}),
    ("parse @message /n=(?<n>\\d+)/", "n=12", {"n": "12"}),
    (
        'parse @message "* * * * * * * * * * *" as a, b, c, d, e, f, g, h, i, j, k',
        "1 2 3 4 5 6 7 8 9 10 11",
        dict(zip("abcdefghijk", map(str, range(1, 12)), strict=True)),
    ),
    ("parse @message /(?<a>x)?y(?<b>z)/", "yz", {"a": "", "b": "z"}),
    ("parse @message /(?i)(?:USER)=(?<u>\\S+)/", "user=ann b", {"u": "ann"}),
]


@pytest.mark.parametrize(("stage", "line", "made"), PARSED)
def test_parse(stage: str, line: str, made: dict[str, str]) -> None:
    """A glob's stars are as short as can be, its last takes the rest; no match keeps the row."""
    (row,) = ask(f"fields @message | {stage}", [{"@message": line}])
    assert {name: value for name, value in row.items() if name != "@message"} == made


def test_parsed_text_counts_as_a_number() -> None:
    """What parse makes compares and sums as a number when it looks like one."""
    events = [{"@message": f"n={n}"} for n in ("5", "12", "x")]
    assert ask('parse @message "n=*" as n | filter n > 4 | stats sum(n) as s, max(n) as m', events) == [
        {"s": "17", "m": "12"}
    ]


COMPUTED = [
    ("2 ^ 3", "8"), ("10 % 3", "1"), ("7 / 2", "3.5"), ("1 / 0", None), ("5 % 0", None), ("-2 - -3", "1"), ("1 = 1", "1"),
    ("1 = 2", "0"), ('"a" < "b"', "1"), ('"a" < 5', "0"), ('"10" > "9"', "1"), ('"012" = 12', "0"), ("log(0)", None),
    ("sqrt(-1)", None), ("(-8) ^ 0.5", None), ("round(2.346, 2)", "2.35"), ("ceil(-0.5)", "0"), ("abs(-3)", "3"),
    ("greatest(1, 7, 3)", "7"), ("least(1, nothing)", None), ('concat("a", 1, 2.50)', "a12.5"), ('concat("a", nothing)', None),
    ('substr("hello", 1, 3)', "ell"), ('substr("hello", 9)', ""), ('substr("hello", 9223372036854775807)', ""), ('substr("hello", -2, 2)', "he"), ('strlen("héé")', "3"),
    ('trim("  x ")', "x"), ('ltrim("xyZa", "Zyx")', "a"), ('replace("a.b.c", ".", "$1")', "a$1b$1c"),
    ('regexReplace("a1b22", "([0-9]+)", "<$1>")', "a<1>b<22>"), ('regexReplace("a", "a", "\\\\")', "\\"),
    ('tolower("ÀB")', "àb"), ('startsWith("abc", "ab")', "1"), ('endsWith("abc", "abcd")', "0"), ('strcontains("abc", "d")', "0"),
    ("coalesce(nothing, 5)", "5"), ('if(nothing = 1, "y", "n")', "n"), ('case(1 = 2, "a")', None), ('case(1 = 2, 1, 2 = 2, 2.5)', "2.5"),
    ("isempty(nothing)", "1"), ('isblank(" ")', "1"), ('isempty(" ")', "0"), ("ispresent(nothing)", "0"),
    ("toMillis(fromMillis(5))", "5"), ("fromMillis(0)", "1970-01-01 00:00:00.000"), ('toMillis("x")', None),
    ("0.1 + 0.2", "0.30000000000000004"), ("1000000 * 1000000", "1000000000000"), ("now()", "1700000000"), ("1600000 * 1000000000", "1600000000000000"), ("fromMillis(1500.7)", "1970-01-01 00:00:01.500"),
    ("fromMillis(253402300800000)", None), ("datefloor(10 ^ 30, 1h)", None), ("isNumeric(nothing)", "0"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:no record has a field 'nothing'")
@pytest.mark.parametrize(("expression", "result"), COMPUTED)
def test_expressions(expression: str, result: str | None) -> None:
    """Functions and operators give what the pages and choices say; None is a missing value."""
    (row,) = ask(f"fields {expression} as r", [{"@message": "x"}], now=1_700_000_000.9)
    assert row.get("r") == result


# CWL_QuerySyntax-operations-functions, IP addresses: true only for a valid address of that family.
ADDRESSES = [
    ('isValidIp("10.0.0.1")', 1), ('isValidIp("10.0.0.256")', 0), ('isValidIp("010.0.0.1")', 0), ('isValidIp("1.2.3")', 0),
    ('isValidIpV6("::")', 1), ('isValidIpV6("2001:db8::1")', 1), ('isValidIpV6("1:2:3:4:5:6:7:8")', 1), ('isValidIpV6("1::2::3")', 0),
    ('isValidIpV6("1:2:3:4:5:6:7:8:9")', 0), ('isValidIpV6("1:2:3:4:5:6:7::")', 1), ('isValidIpV6("::ffff:10.0.0.1")', 1),
    ('isValidIpV6("::ffff:10.0.0.999")', 0), ('isValidIpV6("1:2:3:4::5:6:7:8")', 0), ('isValidIpV6("12345::")', 0), ('isValidIpV6("10.0.0.1")', 0), ('isValidIpV4("::1")', 0),
    ('isIpv6InSubnet("2001:DB8:0:0::1", "2001:db8::/32")', 1), ('isIpv6InSubnet("::ffff:1.2.3.4", "::ffff:0:0/96")', 1),
    ('isIpv6InSubnet("2001:db9::", "2001:db8::/32")', 0), ('isIpInSubnet("10.1.2.3", "10.0.0.0/8")', 1),
    ('isIpInSubnet("::a", "10.0.0.0/8")', 0), ('isIpv4InSubnet("-", "0.0.0.0/0")', 0), ('isPrivateIP("172.31.255.255")', 1),
    ('isPrivateIP("172.32.0.0")', 0), ('isPrivateIP("fd00::1")', 1), ('isPublicIP("8.8.8.8")', 1), ('isPublicIP("169.254.1.1")', 0),
    ('isPublicIP("2600::1")', 1), ('isPublicIP("x")', 0), ('isReservedIP("224.0.0.1")', 1), ('ipv4ToNumber("1.0.0.1")', 16777217),
]  # fmt: skip


@pytest.mark.parametrize(("call", "result"), ADDRESSES)
def test_addresses(call: str, result: int) -> None:
    """Address functions know both families, short and mixed spellings, and what is no address."""
    assert ask(f"fields {call} as r", [{"@message": "x"}]) == [{"r": str(result)}]


# CWL_QuerySyntax-Stats, -Dedup, and error texts recorded from the live service.
REFUSED = [
    ("parse @message '*' as a | fields a", "Ephemeral field is already defined: a ([33,33])", 33),
    ("fields b as a | stats avg(a) as a", "Ephemeral field is already defined: a ([22,32])", 22),
    ("stats count(*) as n by b | stats max(n) as n", "Ephemeral field is already defined: n ([33,43])", 33),
    ("stats count(*) as n | sort b", "Unknown symbols found in or after stats: b", 27),
    ("stats count(*) by b | filter @message like 'x'", "Unknown symbols found in or after stats: @message", 29),
    ("stats count(*) by b | stats count(*) by bin(5m)", "Unknown symbols found in or after stats: @timestamp", 40),
    ("stats b", "Unknown symbols found in or after stats: b", 6),
    ("sort b | stats count(*)", "sort may not stand before the last stats", 0),
    ("limit 5 | stats count(*)", "limit may not stand before the last stats", 0),
    ("dedup b | sort b", "unexpected symbol found sort at line 1 and position 10", 10),
    ("fields fooo(b)", "there is no function fooo", 7),
    ("fields strlen()", "strlen takes 1 argument, not 0", 7),
    ("fields sum(b)", "sum is an aggregate", 7),
    ("stats sum(max(b))", "max is an aggregate", 10),
    ("stats sum(*)", "only count takes *", 6),
    ("stats pct(b, 101)", "pct takes a percentage from 0 to 100", 13),
    ("fields 5m", "the period 5m stands only inside bin", 7),
    ("fields bin(5)", "this has to be a period such as 5m", 11),
    ("fields isIpv4InSubnet(b, 'x')", "'x' is not a CIDR block", 25),
    ("fields isIpv4InSubnet(b, b)", "this has to be a CIDR block in quotes", 25),
    ("fields regexReplace(b, '(', 'x')", "it is not a regular expression", 23),
    ("fields strcontains(b, 'x', true)", "the third argument has no effect", 27),
    ("fields queryStartTime()", "this needs a window", 7),
    ("stats pct(b, '50')", "pct takes a percentage from 0 to 100", 13),
    ('fields regexReplace(b, "(x)", "$2")', "$2 names a group, and the regular expression has 1", 30),
    ("fields bin(0m)", "a period of 0m has no length", 11),
]  # fmt: skip


@pytest.mark.parametrize(("query", "message", "offset"), REFUSED)
def test_refusals(query: str, message: str, offset: int) -> None:
    """What the service refuses is refused, in its words where they are known, at its place."""
    with pytest.raises(QueryError) as caught:
        ask(query, [{"b": "1"}])
    assert caught.value.message.startswith(message)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "query",
    [
        "pattern @message",
        "fields jsonParse(@message) as j",
        "stats topk(3, b)",
        "fields split(b, ',')",
        "parse @message logfmt as l",
    ],
)
def test_what_only_cloudwatch_answers_is_refused_by_name(query: str) -> None:
    """A command or function of the service that is not answered here is named."""
    with pytest.raises(UnsupportedError, match="is not answered by this engine"):
        ask(query, [{"b": "1"}])


def test_eleven_stats_are_too_many() -> None:
    """A query has ten stats commands at most."""
    stages = " | ".join(f"stats count(*) as n{i}" for i in range(11))
    with pytest.raises(QueryError, match="10 stats"):
        ask(stages, [])


def test_an_unknown_field_is_empty_and_the_nearest_is_named() -> None:
    """A field no record has is missing everywhere; the warning names the nearest."""
    with pytest.warns(UnknownFieldWarning, match=r"'srcaddr'.*did you mean srcAddr\?"):
        assert ask("fields srcaddr, dstPort | limit 1", FLOWS) == [{"dstPort": "-"}]


@pytest.mark.parametrize("name", ["startTime", "start"])
def test_both_names_of_the_start(name: str) -> None:
    """The pages say startTime, captures say start: both are known."""
    assert ask(f"fields {name} as s", [{"start": "5"}]) == [{"s": "5"}]


def test_hostile_text_stays_text() -> None:
    """Quotes, backslashes and SQL in names and texts are data."""
    evil = "x'; DROP TABLE events; --\\\""
    events = [{"a": evil}]
    quoted = evil.replace("\\", "\\\\").replace('"', '\\"')
    assert ask(f'filter a = "{quoted}" | fields a as `b"; c`', events) == [{'b"; c': evil}]


FLOW_TABLE = Table(
    "logs",
    {column: Column(f'"{column}"', field_type(column), dash=True) for column in LogFormat.default().columns}
    | {"@timestamp": Column('"start" * 1000', "time"), "@message": Column('"message"', "text")},
    seconds='"start"',
)


@pytest.mark.parametrize("query", [f"filter {condition}" for condition, kept in KEPT if kept is not None and "nothing" not in condition] + [f"fields {call} as r" for call, _ in ADDRESSES] + [
    "stats count_distinct(srcAddr), pct(bytes, 95), earliest(dstPort), sortsLast(srcAddr), max(srcAddr), stddev(bytes) by bin(1mo), dateceil(@timestamp, 1w) as w | sort w desc",
    "parse @message /(?<a>x)(?<b>y)/ | parse @message '* *' as c, d | dedup a, c | limit 3",
    'fields regexReplace(srcAddr, "(a)", "$1-\\\\") as x, trim(srcAddr, "x") as y, endsWith(srcAddr, "z") as z | sort x, y desc',
])  # fmt: skip
def test_athena_sql_parses_as_athena_sql(query: str) -> None:
    """Every construct compiles for Athena to SQL that Athena's grammar takes."""
    plan = compile_query(parse(query), FLOW_TABLE, engine="athena")
    assert sqlglot.parse_one(plan.sql, read="athena").find(sqlglot.exp.Select) is not None
    assert "regexp_matches" not in plan.sql
    assert "lambda" not in plan.sql.lower()


def test_a_window_is_plain_seconds_where_the_table_has_them() -> None:
    """The window is half-open on the record's whole-second start, in a form engines prune by."""
    from rejectkit.window import Window

    window = Window.parse("2026-11-01", "2026-11-02")
    plan = compile_query(parse("fields action"), FLOW_TABLE, window=window)
    assert 'WHERE "start" >= 1793491200 AND "start" < 1793577600' in plan.sql


@pytest.mark.parametrize(
    ("query", "dashed"),
    [
        ("fields srcAddr, dstPort, @timestamp", ["srcAddr", "dstPort"]),
        ("fields srcAddr as a, concat(srcAddr, dstPort) as b, toupper(srcAddr) as c, dstPort * 1 as d", ["a"]),
        ("stats count(*) as n by srcAddr, dstPort, bin(5m)", ["srcAddr", "dstPort"]),
        ("stats min(dstPort) as low, max(srcAddr) as high, latest(srcAddr) as l by action", ["action", "low"]),
        ("stats min(dstPort) as low, latest(dstPort) as last, sum(dstPort) as s", []),
        ("stats count(*) as n by srcAddr as a | stats sum(n) as s by a", ["a"]),
        ('parse @message "* *" as x, y | display x, srcAddr', ["srcAddr"]),
    ],
)
def test_which_columns_print_a_dash_for_null(query: str, dashed: list[str]) -> None:
    """Fields of the flow log do, as they are or as keys, and what picks one of their numbers; no other text does."""
    columns = {"@timestamp": Column("ts", "time"), "@message": Column("message", "text")}
    columns |= {name: Column(name, field_type(name), dash=True) for name in ("srcAddr", "dstPort", "action")}
    table = Table("flows", columns)
    assert [column.name for column in compile_query(parse(query), table).answer.columns if column.dash] == dashed
    printed = compile_query(parse(query), table, output="text").answer.columns
    assert not any(column.dash for column in printed)  # there `-` is the text it is
