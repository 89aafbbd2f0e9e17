"""Queries as they are sent to CloudWatch: what is parsed from the line, under which name, and that answers stay the same."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from random import Random

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from rejectkit.errors import QueryError
from rejectkit.insights import Column, Table, compile_query, parse
from rejectkit.insights.rewrite import Rewritten, rewrite
from rejectkit.records import LogFormat
from rejectkit.window import Window
from tests.reference.compare import disagreement
from tests.reference.generator import make_case
from tests.reference.interpreter import evaluate
from tests.reference.records import RecordSet, record_sets
from tests.test_contract import a_window, verdict

CASES = int(os.environ.get("REJECTKIT_REWRITE_CASES", "10"))
SETS = 25
SHORT = LogFormat.parse("${dstport} ${srcaddr} ${start} ${action}")
TWINS = {"start": "startTime", "end": "endTime"}
HEAD = r"parse @message /^\s*"
BOTH_ENDS = rf"{HEAD}\S+\s+(?<rk_srcAddr>\S+)(?:\s+\S+){{2}}\s*$/"
PORT = rf"{HEAD}(?<rk_dstPort>\S+)(?:\s+\S+){{3}}\s*$/"
PORT_AND_ADDRESS = rf"{HEAD}(?<rk_dstPort>\S+)\s+(?<rk_srcAddr>\S+)(?:\s+\S+){{2}}\s*$/"
START = rf"{HEAD}(?:\S+\s+){{2}}(?<rk_start>\S+)\s+\S+\s*$/"


def sent(text: str, **options: object) -> Rewritten:
    """Return a query as it is sent, for lines of four fields unless told otherwise."""
    return rewrite(parse(text), **{"log_format": SHORT, **options})


RULES = [
    # where a field stands: each place is given the new name
    ("stats count(*) as n by srcAddr", rf"{BOTH_ENDS}{{}}stats count(*) as n by rk_srcAddr", {"srcAddr": "rk_srcAddr"}),
    ("display srcAddr", rf"{BOTH_ENDS}{{}}display rk_srcAddr", {"srcAddr": "rk_srcAddr"}),
    ("sort srcAddr desc", rf"{BOTH_ENDS}{{}}sort rk_srcAddr desc", {}),
    ("dedup srcAddr, @timestamp", rf"{BOTH_ENDS}{{}}dedup rk_srcAddr, @timestamp", {}),
    ('parse srcAddr "*.*" as a, b', rf'{BOTH_ENDS}{{}}parse rk_srcAddr "*.*" as a, b', {}),
    ("fields srcAddr as x", rf"{BOTH_ENDS}{{}}fields rk_srcAddr as x", {"x": "x"}),
    ('filter srcAddr like "10." or not ispresent(`srcAddr`)',
     rf'{BOTH_ENDS}{{}}filter rk_srcAddr like "10." or not ispresent(rk_srcAddr)', {}),
    ("filter srcAddr in ['a'] and -dstPort < 1", rf"{PORT_AND_ADDRESS}{{}}filter rk_srcAddr in ['a'] and -rk_dstPort < 1", {}),
    ('filter isIpv4InSubnet(tolower(srcAddr), "10.0.0.0/8")',
     rf'{BOTH_ENDS}{{}}filter isIpv4InSubnet(tolower(rk_srcAddr), "10.0.0.0/8")', {}),
    # what the first parse makes is shown by it: a bare name in `fields` would make it again
    ("fields srcAddr", rf"{BOTH_ENDS}{{}}fields @timestamp", {"srcAddr": "rk_srcAddr"}),
    ("fields @message, srcAddr", rf"{BOTH_ENDS}{{}}fields @message", {"@message": "@message", "srcAddr": "rk_srcAddr"}),
    ("fields srcAddr, @message", rf"{BOTH_ENDS}{{}}fields @message", {"srcAddr": "rk_srcAddr", "@message": "@message"}),
    ("fields srcAddr, dstPort, 1 as a, dstPort, 2 as b, srcAddr , dstPort | limit 3",
     rf"{PORT_AND_ADDRESS}{{}}fields 1 as a, 2 as b | limit 3",
     {"srcAddr": "rk_srcAddr", "dstPort": "rk_dstPort", "a": "a", "b": "b"}),
    ("fields srcAddr | fields srcAddr", rf"{BOTH_ENDS}{{}}fields @timestamp | fields @timestamp", {"srcAddr": "rk_srcAddr"}),
    ("fields bin(1h) as @timestamp | fields srcAddr | limit 3", rf"{BOTH_ENDS}{{}}fields bin(1h) as @timestamp | limit 3",
     {"@timestamp": "@timestamp", "srcAddr": "rk_srcAddr"}),
    ("stats count(*) by srcAddr | fields srcAddr # again\n | limit 3",
     rf"{BOTH_ENDS}{{}}stats count(*) by rk_srcAddr # again" "\n | limit 3",
     {"srcAddr": "rk_srcAddr", "count(*)": "count(*)"}),
    # columns without an alias are called what is written, here and in later stages
    ("stats sum(dstPort), count(*)", rf"{PORT}{{}}stats sum(rk_dstPort), count(*)",
     {"sum(dstPort)": "sum(rk_dstPort)", "count(*)": "count(*)"}),
    ("fields strlen( srcAddr ) | sort `strlen( srcAddr )`",
     rf"{BOTH_ENDS}{{}}fields strlen( rk_srcAddr ) | sort `strlen( rk_srcAddr )`",
     {"strlen( srcAddr )": "strlen( rk_srcAddr )"}),
    ("stats sum(dstPort) by srcAddr | stats max(`sum(dstPort)`) by srcAddr",
     rf"{PORT_AND_ADDRESS}{{}}stats sum(rk_dstPort) by rk_srcAddr | stats max(`sum(rk_dstPort)`) by rk_srcAddr",
     {"srcAddr": "rk_srcAddr", "max(`sum(dstPort)`)": "max(`sum(rk_dstPort)`)"}),
    ("stats count(*) as n by dstPort | filter dstPort = 22 | sort dstPort | display dstPort",
     rf"{PORT}{{}}stats count(*) as n by rk_dstPort | filter rk_dstPort = 22 | sort rk_dstPort | display rk_dstPort",
     {"dstPort": "rk_dstPort"}),
    ("stats count(*) as n by dstPort | filter srcAddr = 1", rf"{PORT}{{}}stats count(*) as n by rk_dstPort | filter srcAddr = 1", {}),
    ("stats max(dstPort) + dstPort by dstPort", rf"{PORT}{{}}stats max(rk_dstPort) + rk_dstPort by rk_dstPort",
     {"dstPort": "rk_dstPort", "max(dstPort) + dstPort": "max(rk_dstPort) + rk_dstPort"}),
    # what the query itself makes hides the field from there on
    ("fields strlen(srcAddr) as dstPort | filter dstPort > 1",
     rf"{BOTH_ENDS}{{}}fields strlen(rk_srcAddr) as dstPort | filter dstPort > 1", {"dstPort": "dstPort"}),
    ('filter srcAddr = "a" | parse srcAddr "*.*" as srcAddr, b | filter srcAddr = "c"',
     rf'{BOTH_ENDS}{{}}filter rk_srcAddr = "a" | parse rk_srcAddr "*.*" as srcAddr, b | filter srcAddr = "c"',
     {"srcAddr": "srcAddr"}),
    ("fields dstPort as srcAddr, strlen(srcAddr) as n",
     rf"{PORT_AND_ADDRESS}{{}}fields rk_dstPort as srcAddr, strlen(rk_srcAddr) as n", {"srcAddr": "srcAddr", "n": "n"}),
    ("stats sum(dstPort) as dstPort by srcAddr | filter dstPort > 1",
     rf"{PORT_AND_ADDRESS}{{}}stats sum(rk_dstPort) as dstPort by rk_srcAddr | filter dstPort > 1",
     {"srcAddr": "rk_srcAddr", "dstPort": "dstPort"}),
    ("stats max(dstPort) as srcAddr, srcAddr * 2 as n, min(srcAddr) as s",
     rf"{PORT_AND_ADDRESS}{{}}stats max(rk_dstPort) as srcAddr, srcAddr * 2 as n, min(rk_srcAddr) as s", {}),
    # names that clash with nothing
    ("fields 1 as rk_srcAddr | filter srcAddr = 'a'",
     rf"{HEAD}\S+\s+(?<rk_srcAddr_>\S+)(?:\s+\S+){{2}}\s*$/{{}}fields 1 as rk_srcAddr | filter rk_srcAddr_ = 'a'", {}),
    # start and startTime are one field
    ("filter startTime > start", rf"{START}{{}}filter rk_start > rk_start", {}),
    # what no line and no service has stays as it is
    ("filter nosuch = 1", "filter nosuch = 1", {}),
    ("stats count(*) by @logStream", "stats count(*) by @logStream", {"@logStream": "@logStream"}),
    # commands that only CloudWatch knows are passed on; SOURCE stays the first
    ("fields srcAddr as a | pattern @message | sort @sampleCount desc",
     rf"{BOTH_ENDS}{{}}fields rk_srcAddr as a | pattern @message | sort @sampleCount desc", {"a": "a"}),
    ("SOURCE logGroups() | fields srcAddr as a", rf"SOURCE logGroups() | {BOTH_ENDS}{{}}fields rk_srcAddr as a", {"a": "a"}),
    ("stats values(srcAddr) as v | fillmissing with 0 for v", rf"{BOTH_ENDS}{{}}stats values(rk_srcAddr) as v | fillmissing with 0 for v", {}),
    # comments
    ("# mine\nfilter srcAddr = 'a' # that one", "# mine\n" rf"{BOTH_ENDS}{{}}filter rk_srcAddr = 'a' # that one" "\n", {}),
    ("filter srcAddr = '#'", rf"{BOTH_ENDS}{{}}filter rk_srcAddr = '#'", {}),
    ("fields dstPort, # the port\n srcAddr as a, # the source\n dstPort", rf"{PORT_AND_ADDRESS}{{}}fields rk_srcAddr as a", {"a": "a"}),
    ("limit 3 # few", "limit 3 # few\n", {"@timestamp": "@timestamp", "@message": "@message"}),
    ("limit 3 # few\n", "limit 3 # few\n", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "names"), RULES, ids=[text for text, _, _ in RULES])
def test_each_place_that_means_a_field_is_given_its_name(text: str, expected: str, names: dict[str, str]) -> None:
    """A field is parsed once, first, and named anew wherever it is meant; everything else stays as written."""
    got = sent(text)
    assert got.text == expected.replace("{}", "\n| ")
    assert {name: got.names[name] for name in names} == names
    parse(got.text)


def test_names_are_the_whole_answer_in_order() -> None:
    """`names` has each column of the user's answer, in order, and none of those that are there for a filter only."""
    got = sent("fields @timestamp, srcAddr as a, dstPort | filter action = 'REJECT'")
    assert list(got.names.items()) == [("@timestamp", "@timestamp"), ("a", "a"), ("dstPort", "rk_dstPort")]
    assert list(sent('parse @message "* *" as a, b').names) == ["@timestamp", "@message", "a", "b"]
    assert list(sent("display srcAddr | display dstPort, 1 as n").names) == ["dstPort", "n"]
    assert list(sent("fields srcAddr | stats count(*) by bin(1h)").names) == ["bin(1h)", "count(*)"]


def test_a_discovered_field_is_not_parsed() -> None:
    """What the service has is asked of the service; the rest is parsed, by the place it has in the line."""
    got = sent("stats count(*) as n by srcAddr, dstPort", discovered=["srcAddr", "@timestamp"])
    assert got.text == f"{PORT}\n| stats count(*) as n by srcAddr, rk_dstPort"
    text = "stats count(*) as n by srcAddr"
    assert sent(text, discovered=["srcAddr"]).text == text
    assert sent(text, log_format=None).text == text


def test_a_name_that_the_service_has_already_is_not_taken() -> None:
    """A discovered name is as little to be made again as one of the query."""
    assert "(?<rk_srcAddr__>" in sent("display srcAddr, rk_srcAddr_", discovered=["rk_srcAddr"]).text


@pytest.mark.parametrize(
    ("text", "discovered", "expected"),
    [
        ("filter start > 1", ["startTime"], "filter startTime > 1"),
        ("filter startTime > 1", ["start"], "filter start > 1"),
        ("sort end", ["endTime"], "sort endTime"),
        ("sort endTime", ["end"], "sort end"),
        ("sort endTime", ["end", "endTime"], "sort endTime"),
        ("sort endTime", ["srcAddr"], "sort endTime"),
        ("fields 1 as start | filter start > 1", ["startTime"], "fields 1 as start | filter start > 1"),
    ],
)
def test_the_spelling_that_is_discovered_is_asked_for(text: str, discovered: list[str], expected: str) -> None:
    """`start` and `startTime` are one field, and so are `end` and `endTime`: the service is asked for the one it has."""
    assert sent(text, log_format=None, discovered=discovered).text == expected
    assert sent("fields startTime", discovered=["start"]).names == {"startTime": "start"}


def test_a_time_that_the_query_hides_is_parsed_or_refused() -> None:
    """Where the query took the discovered spelling for something else, the line is asked, and where that cannot be, nobody."""
    text = "fields 1 as start | filter startTime > 1"
    got = sent(text, discovered=["start"])
    assert got.text == f"{START}\n| fields 1 as start | filter rk_start > 1"
    with pytest.raises(QueryError) as caught:
        sent(text, log_format=None, discovered=["start"])
    assert str(caught.value) == (
        "startTime cannot be read here: the service has it under a name that the query gave to something else\n"
        "fields 1 as start | filter startTime > 1\n"
        "                           ^^^^^^^^^\n"
        "give that another name"
    )


@pytest.mark.parametrize(
    ("text", "only", "expected"),
    [
        ("limit 3", "@logStream = 'a'", "filter @logStream = 'a'\n| limit 3"),
        ("limit 3", "srcAddr = 'a' # mine", f"{BOTH_ENDS}\n| filter rk_srcAddr = 'a'\n| limit 3"),
        (
            "fields 1 as srcAddr",
            "srcAddr = 'a' or dstPort = 1",
            f"{PORT_AND_ADDRESS}\n| filter rk_srcAddr = 'a' or rk_dstPort = 1\n| fields 1 as srcAddr",
        ),
        ("SOURCE logGroups()", "@logStream = 'a'", "SOURCE logGroups()\n| filter @logStream = 'a'"),
        ("# hi\nlimit 3", "@logStream = 'a'", "# hi\nfilter @logStream = 'a'\n| limit 3"),
    ],
)
def test_a_condition_is_put_first(text: str, only: str, expected: str) -> None:
    """`only` is a filter before the query's own stages, over fields as the lines have them."""
    assert sent(text, only=only).text == expected


def test_a_condition_is_one_condition() -> None:
    """`only` takes no further stage, and no text that is no condition."""
    with pytest.raises(QueryError, match=r"^`only` is one condition, and this is more\n") as caught:
        sent("limit 3", only="srcAddr = 'a' | limit 1")
    assert caught.value.hint == "write it as it would stand after `filter`, without a |"
    with pytest.raises(QueryError, match="unexpected symbol found"):
        sent("limit 3", only="")


def test_a_name_of_any_field_can_be_parsed() -> None:
    """Fields that the table of fields does not know may have any letters; their names are made of plain ones."""
    odd = LogFormat(("a.b", "a_b", "é", "srcaddr"))
    got = rewrite(parse("display a.b, a_b, `é`"), log_format=odd)
    pattern = rf"{HEAD}(?<rk_a_b>\S+)\s+(?<rk_a_b_>\S+)\s+(?<rk__>\S+)\s+\S+\s*$/"
    assert got.text == f"{pattern}\n| display rk_a_b, rk_a_b_, rk__"


def test_a_text_that_grows_beyond_the_service_is_refused() -> None:
    """The service takes 10,000 characters, of what is sent as well."""
    long = "filter srcAddr = '" + "a" * 9_980 + "'"
    assert len(sent(long, discovered=["srcAddr"]).text) < 10_000
    with pytest.raises(QueryError) as caught:
        sent(long)
    assert caught.value.message == (
        "as it is sent, with what it needs from the lines, the query has 10,067 characters; the service takes 10,000 at most"
    )
    assert caught.value.hint == "shorten it, or let it use fewer fields"


def test_a_query_without_its_text_is_rewritten_too() -> None:
    """A query that was built, not parsed, is written first."""
    assert (
        rewrite(replace(parse("sort srcAddr"), text=""), log_format=SHORT).text == f"{BOTH_ENDS}\n| sort rk_srcAddr asc"
    )


@pytest.mark.parametrize(
    ("line", "port"),
    [
        ("22 10.0.0.1 1767225600 REJECT", "22"),
        ("  22\t10.0.0.1  1767225600 REJECT \n", "22"),
        ("- - - -", "-"),
        ("22 10.0.0.1 1767225600", None),
        ("22 10.0.0.1 1767225600 REJECT OK", None),
        ("", None),
    ],
)
def test_a_line_with_another_number_of_fields_has_none(line: str, port: str | None) -> None:
    """A line is taken apart at its blanks and only if it has as many fields as the format; `-` is a value."""
    with duckdb.connect() as db:
        got = bare(sent("display dstPort"), db, [{"@timestamp": 0, "@message": line}], ())
    assert got["dstPort"].astype(object).where(got["dstPort"].notna(), None).tolist() == [port]


def bare(
    query: Rewritten, db: duckdb.DuckDBPyConnection, events: list[dict[str, object]], discovered: tuple[str, ...],
    window: Window | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the answer over a table that has time and line, and what is discovered, as the user's columns."""
    names = ("@timestamp", "@message", *discovered)
    texts = {name: [event.get(ONES.get(name, name)) for event in events] for name in names}
    db.register(
        "lines", pa.table({n: pa.array([v if v is None else str(v) for v in c], pa.string()) for n, c in texts.items()})
    )
    db.execute('CREATE OR REPLACE TABLE events AS SELECT * REPLACE ("@timestamp"::BIGINT AS "@timestamp") FROM lines')
    table = Table("events", {n: Column(f'"{n}"', "time" if n == "@timestamp" else "text") for n in names})
    plan = compile_query(parse(query.text), table, window=window, output="text")
    rows = db.execute(plan.sql).fetchall()
    frame = pd.DataFrame(rows[: plan.answer.cap], columns=[column.name for column in plan.answer.columns], dtype="str")
    out = frame[list(query.names.values())]
    out.columns = pd.Index(list(query.names), dtype=object)
    return out


ONES = {twin: name for name, twin in TWINS.items()}


class Lines(RecordSet):
    """Records whose answers are compared as the service prints them: `-` is a text, and null is nothing."""

    def events(self) -> list[dict[str, object]]:
        """Return whole events."""
        return RecordSet(self.name, self.format, self.lines, self.told).events()


class RaggedLines(Lines):
    """Records of which some have a line of another format: those have a time, and no field."""

    def events(self) -> list[dict[str, object]]:
        """Return events, every third with a word too few or too many in its line."""
        events = super().events()
        for at, event in enumerate(events):
            if at % 3 == 2:
                line = str(event["@message"])
                torn = f"{line} more" if at % 2 else line.rpartition(" ")[0]
                events[at] = {"@timestamp": event["@timestamp"], "@message": torn}
        return events


@dataclass(frozen=True)
class Bare:
    """A source that has time and line of each event, and the fields that are discovered, under either spelling."""

    records: RecordSet
    discovered: tuple[str, ...]
    db: duckdb.DuckDBPyConnection

    def run(self, query: str, window: Window | None = None) -> pd.DataFrame:
        """Answer a query."""
        log_format = LogFormat(self.records.log_names)
        rewritten = rewrite(parse(query), log_format=log_format, discovered=self.discovered)
        return bare(rewritten, self.db, self.records.events(), self.discovered, window)


@pytest.mark.parametrize("number", range(SETS))
def test_the_answer_stays_the_same(number: int) -> None:
    """Whatever the query, the records and what is discovered: the answer is as if all fields were discovered."""
    rng = Random(f"rewrite {number}")
    plain = record_sets("rewrite", SETS)[number]
    kind = RaggedLines if number % 2 else Lines
    records = kind(plain.name, plain.format, plain.lines, told=True, sparse=True)
    with duckdb.connect() as db:
        for i in range(CASES):
            case = make_case(f"rewrite {number} {i}", records)
            found = [name for name in records.fields if rng.random() < rng.choice((0, 0, 0.3, 0.9))]
            discovered = tuple(TWINS.get(name, name) if rng.random() < 0.3 else name for name in found)
            window = a_window(rng, records)
            differs = verdict(Bare(records, discovered, db), records, case.text, window)
            assert differs is None, f"{differs}\n{case.text!r}\ndiscovered {discovered}"


def test_the_property_can_fail() -> None:
    """A field taken from another place of the line is found by the comparison above."""
    records = RecordSet("two", "short", ("22 10.0.0.1 1767225600 REJECT", "23 10.0.0.2 1767225601 REJECT"), told=True)
    wrong = LogFormat.parse("${srcaddr} ${dstport} ${start} ${action}")
    with duckdb.connect() as db:
        got = bare(rewrite(parse("display dstPort"), log_format=wrong), db, records.events(), ())
    assert disagreement(evaluate(parse("display dstPort"), records.events()), got) is not None
