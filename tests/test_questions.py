"""The standing questions: query text that the language takes, narrowed safely, and refused with a way out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_source import MemorySource

from rejectkit.errors import ArgumentError
from rejectkit.exploring import questions
from rejectkit.insights import parse, syntax
from rejectkit.records import LogFormat, by_column

LINES = """\
2 123456789012 eni-1 198.51.100.7 10.0.1.5 40001 22 6 1 40 1793520000 1793520030 REJECT OK
2 123456789012 eni-1 198.51.100.7 10.0.1.5 40002 22 6 3 120 1793520060 1793520090 REJECT OK
2 123456789012 eni-1 198.51.100.8 10.0.1.5 40003 23 6 9 360 1793523600 1793523630 REJECT OK
2 123456789012 eni-2 10.0.2.9 10.0.1.6 40004 5432 6 2 120 1793523660 1793523690 REJECT OK
2 123456789012 eni-2 2001:db8::1 2001:db8:1::6 40005 443 17 2 120 1793523660 1793523690 REJECT OK
2 123456789012 eni-1 203.0.113.9 10.0.1.5 40006 443 6 10 900 1793523600 1793523630 ACCEPT OK
2 123456789012 eni-3 - - - - - - - 1793520000 1793520060 - NODATA
2 123456789012 eni-3 - - - - - - - 1793520000 1793520060 - SKIPDATA
"""

EVERY: dict[str, Callable[..., str]] = {
    "top": lambda **n: questions.top("dstPort", **n),
    "timeline": lambda **n: questions.timeline("5m", **n),
    "timeline by": lambda **n: questions.timeline("5m", by="dstPort", **n),
    "pairs": questions.pairs,
    "retries": questions.retries,
    "replies": questions.replies,
    "sources": questions.sources,
    "by_interface": questions.by_interface,
    "source_ports": questions.source_ports,
    "hours_ports": questions.hours_ports,
    "listing": questions.listing,
    "status_counts": questions.status_counts,
}


def table(lines: str) -> pd.DataFrame:
    """Return default-format lines as records."""
    form = LogFormat.default()
    frame = pd.DataFrame([form.parse_line(line) for line in lines.splitlines()])
    frame = frame.astype({name: "Int64" for name in ("srcPort", "dstPort", "protocol", "packets", "bytes")})
    frame.insert(0, "@timestamp", pd.to_datetime(frame["start"], unit="s", utc=True))
    return frame


@pytest.fixture(scope="module")
def source() -> MemorySource:
    """Five refused flows, one accepted, one NODATA, one SKIPDATA."""
    return MemorySource(table(LINES))


def test_top_counts_what_was_asked_and_puts_most_first(source: MemorySource) -> None:
    """`top` gives one row per value with the measure's own column, most first, equal ones in order."""
    assert source.run(questions.top("dstPort")).values.tolist() == [[22, 2], [23, 1], [443, 1], [5432, 1]]
    assert source.run(questions.top("dstPort", "packets", n=2)).to_dict("list") == {
        "dstPort": [23, 22],
        "totalPackets": [9, 4],
    }
    assert source.run(questions.top("srcAddr", "bytes", action="ACCEPT")).values.tolist() == [["203.0.113.9", 900]]


def test_the_columns_of_a_measure_are_the_tables(source: MemorySource) -> None:
    """MEASURES says for each measure the column its answers have."""
    for measure, (_, column) in questions.MEASURES.items():
        assert source.run(questions.top("dstPort", measure)).columns.tolist() == ["dstPort", column]


def test_no_action_means_accepted_and_refused_but_not_idle(source: MemorySource) -> None:
    """`action=None` counts both actions and leaves NODATA and SKIPDATA out."""
    assert source.run(questions.top("action", action=None)).values.tolist() == [["REJECT", 5], ["ACCEPT", 1]]


def test_timeline_is_by_steps_in_order(source: MemorySource) -> None:
    """`timeline` gives each step's start in UTC, oldest first; `by` splits it."""
    steps = source.run(questions.timeline("1h"))
    assert steps["t"].astype("str").tolist() == ["2026-11-01 08:00:00+00:00", "2026-11-01 09:00:00+00:00"]
    assert steps["flows"].tolist() == [2, 3]
    split = source.run(questions.timeline("1h", by="action", action=None))
    assert split[["action", "flows"]].values.tolist() == [["REJECT", 2], ["ACCEPT", 1], ["REJECT", 3]]


def test_the_other_questions_answer_what_they_say(source: MemorySource) -> None:
    """Each standing question's answer has the rows its name promises."""
    assert source.run(questions.pairs(n=1))[["srcAddr", "dstAddr", "dstPort", "flows"]].values.tolist() == [
        ["198.51.100.7", "10.0.1.5", 22, 2]
    ]
    assert source.run(questions.retries(2))["attempts"].tolist() == [2]
    assert source.run(questions.sources())["ports"].tolist() == [1, 1, 1, 1]
    assert source.run(questions.by_interface())[["interfaceId", "sources"]].values.tolist() == [
        ["eni-1", 2],
        ["eni-2", 2],
    ]
    assert len(source.run(questions.source_ports())) == 4
    assert source.run(questions.hours_ports())["flows"].tolist() == [2, 1, 1, 1]
    status = source.run(questions.status_counts()).fillna("-").values.tolist()
    assert status == [["NODATA", "-", 1], ["OK", "ACCEPT", 1], ["OK", "REJECT", 5], ["SKIPDATA", "-", 1]]
    assert source.run(questions.listing(["srcAddr"], n=1))["srcAddr"].isin(["10.0.2.9", "2001:db8::1"]).all()
    assert source.run(questions.replies(source_port=40005, n=3))["clientPorts"].tolist() == [1]


@pytest.mark.parametrize("name", EVERY)
def test_every_question_runs_without_a_warning(name: str, source: MemorySource) -> None:
    """Every question, bare and narrowed by everything, is text the language takes without a warning."""
    everything: questions.Narrow = {
        "interface": ["eni-1", "eni-2"],
        "port": [22, 443],
        "source_port": 40001,
        "protocol": "tcp",
        "source": ["198.51.100.0/24", "198.51.100.7", "2001:db8::/32"],
        "destination": "10.0.1.5",
        "outside": True,
    }
    source.run(EVERY[name]())
    source.run(EVERY[name](**everything))


def test_direction_needs_its_field_and_is_written_as_the_record_has_it() -> None:
    """`direction` compares flowDirection; `directions` counts by it."""
    assert 'flowDirection = "egress"' in questions.top("dstPort", direction="egress")
    parse(questions.directions(port=22))


@pytest.mark.parametrize(
    ("narrow", "flows"),
    [
        ({"interface": "eni-2"}, 2),
        ({"interface": ["eni-1", "eni-2"]}, 5),
        ({"port": 22}, 2),
        ({"port": "22"}, 2),
        ({"port": [22, 23]}, 3),
        ({"source_port": 40003}, 1),
        ({"protocol": 17}, 1),
        ({"protocol": "UDP"}, 1),
        ({"protocol": ["tcp", 17]}, 5),
        ({"source": "198.51.100.7"}, 2),
        ({"source": "198.51.100.0/24"}, 3),
        ({"source": ["198.51.100.7", "10.0.0.0/8"]}, 3),
        ({"source": "2001:db8::/64"}, 1),
        ({"destination": ["10.0.1.0/30", "10.0.1.6"]}, 1),
        ({"outside": True}, 4),
        ({"outside": False}, 5),
        ({"port": 22, "source": "198.51.100.8"}, 0),
        ({"port": None, "source": None}, 5),
    ],
)
def test_narrowing_keeps_the_flows_it_names(narrow: questions.Narrow, flows: int, source: MemorySource) -> None:
    """Each keyword narrows to its values; several values of one are an or, several keywords an and."""
    answer = source.run(questions.top("action", **narrow))
    assert answer["flows"].sum() == flows


HOSTILE = [
    'eni-1" or "1" = "1',
    "eni-1' or '1' = '1",
    "both \" and '",
    "back\\slash",
    "ends with \\",
    'a\\" b',
    "# no comment",
    "line\nbreak | limit 1",
    "tab\tand\rreturn",
    "`tick` ${x} *",
    "",
    "ünïcode 🦊",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    """A value with quotes, backslashes or line breaks matches itself alone, and adds nothing to the query."""
    rows = table(LINES)
    rows.loc[0, "interfaceId"] = text
    answer = MemorySource(rows).run(questions.top("interfaceId", interface=text))
    assert answer.values.tolist() == [[text, 1]]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_literal_is_read_back_as_the_text_it_was(text: str) -> None:
    """Any text, quoted and parsed, is the same text."""
    query = parse(f"filter interfaceId = {questions.literal(text)}")
    condition = query.stages[0].condition
    assert isinstance(condition, syntax.Binary)
    assert isinstance(condition.right, syntax.Text)
    assert condition.right.value == text


@pytest.mark.parametrize(
    ("period", "written"),
    [
        ("5m", "5m"),
        ("60s", "60s"),
        ("60m", "60m"),
        ("24h", "24h"),
        ("1000ms", "1000ms"),
        ("90d", "90d"),
        ("2 hours", "2h"),
        ("30 Seconds", "30s"),
        ("1mon", "1mo"),
    ],
)
def test_a_period_up_to_its_cap_is_taken(period: str, written: str) -> None:
    """Periods are written as `bin` takes them; the caps themselves are still allowed."""
    assert f"bin({written}) as t" in questions.timeline(period)


@pytest.mark.parametrize("period", ["5m", "60s", "24h"])
def test_the_engine_does_not_cap_what_the_check_lets_through(period: str, source: MemorySource) -> None:
    """What passes here is not cut by the engine either: no BinCapWarning."""
    assert len(source.run(questions.timeline(period))) >= 1


@pytest.mark.parametrize(
    ("period", "instead"),
    [
        ("300s", "write 5m"),
        ("61s", "write 1m or 2m"),
        ("90m", "write 1h or 2h"),
        ("120m", "write 2h"),
        ("48h", "write 2d"),
        ("25h", "write 1d or 2d"),
        ("5000ms", "write 5s"),
        ("1500ms", "write 1s or 2s"),
        ("7200s", "write 2h"),
    ],
)
def test_a_period_over_its_cap_is_refused_with_the_right_one(period: str, instead: str) -> None:
    """The service would cut `bin(300s)` to 60 s in silence; the error says what to write, and that passes."""
    with pytest.raises(ArgumentError, match=re.escape(instead)) as error:
        questions.timeline(period)
    assert "over the service's cap" in str(error.value)
    for better in instead.removeprefix("write ").split(" or "):
        questions.timeline(better)


@pytest.mark.parametrize("period", ["", "5", "m", "0m", "-5m", "1.5h", "5 fortnights", "5m) as t | limit 1 #", None])
def test_what_is_no_period_is_refused(period: str) -> None:
    """Anything but a number and a unit is refused with an example."""
    with pytest.raises(ArgumentError, match="a number and a unit, for example"):
        questions.timeline(period)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: questions.top("dstport"), "queries call it 'dstPort'"),
        (lambda: questions.top("DstPort"), "nearest is 'dstPort'"),
        (lambda: questions.top("dst-port"), "nearest is 'dstPort'"),
        (lambda: questions.top("pkt-srcaddr"), "queries call it 'pktSrcAddr'"),
        (lambda: questions.top("dstPort | limit 1"), "nearest is 'dstPort'"),
        (lambda: questions.top("xyz zy"), "is not a field of flow logs"),
        (lambda: questions.top(""), "is not a field of flow logs"),
        (lambda: questions.top(["dstPort"]), "named by a text"),
        (lambda: questions.timeline("5m", by="Action"), "nearest is 'action'"),
        (lambda: questions.listing(["srcAdr"]), "nearest is 'srcAddr'"),
        (lambda: questions.top("dstPort", "flow"), "measure is 'flow'; it is one of flows, packets, bytes"),
        (lambda: questions.top("dstPort", action="DROP"), "'REJECT', 'ACCEPT' or None"),
        (lambda: questions.top("dstPort", n=0), "n is 0; it is a whole number from 1 to 100,000"),
        (lambda: questions.top("dstPort", n=100_001), "from 1 to 100,000"),
        (lambda: questions.top("dstPort", n=1.5), "n is 1.5, which is not a whole number"),
        (lambda: questions.top("dstPort", n=True), "not a whole number"),
        (lambda: questions.top("dstPort", port=65536), "port is 65,536; it is a whole number from 0 to 65,535"),
        (lambda: questions.top("dstPort", port="ssh"), "port is 'ssh', which is not a whole number"),
        (lambda: questions.top("dstPort", port=[]), "the list is empty"),
        (lambda: questions.top("dstPort", source=[]), "the list is empty"),
        (lambda: questions.top("dstPort", protocol="tpc"), "did you mean 'tcp'"),
        (lambda: questions.top("dstPort", protocol=300), "from 0 to 255"),
        (lambda: questions.top("dstPort", source="10.0.0.0/33"), "is not an address or a network"),
        (lambda: questions.top("dstPort", interface=[7]), "interface is 7; give it as text"),
        (lambda: questions.top("dstPort", direction="inbound"), "'ingress' or 'egress'"),
        (lambda: questions.top("dstPort", ports=22), "did you mean port?"),
        (lambda: questions.retries(0), "at_least is 0"),
    ],
)
def test_an_argument_that_cannot_be_used_is_refused_with_the_mend(call: Callable[[], str], words: str) -> None:
    """A wrong argument names itself, its value, and what would do."""
    with pytest.raises(ArgumentError, match=re.escape(words)):
        call()


def test_a_field_the_table_does_not_know_is_let_through() -> None:
    """Files may have columns of their own; a name that is like no known one is taken as it is."""
    assert "by costCentre" in questions.top("costCentre")


def test_no_made_up_column_has_a_fields_name() -> None:
    """The service refuses to define a name twice, so no alias is the name of a field."""
    for ask in EVERY.values():
        aliases = re.findall(r" as (\w+)", ask())
        assert not set(aliases) & set(by_column), aliases
