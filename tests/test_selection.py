"""Selection: a choice of refused flows says the same as query text, as a filter and in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rejectkit.errors import ArgumentError
from rejectkit.insights import parse
from rejectkit.widgets.kinds import KindCondition, condition, one_of
from rejectkit.widgets.selection import Known, Selection, directions, own_addresses, parse_port
from rejectkit.window import Window

FIELDS = ("interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "action", "logStatus")


def records(*rows: tuple[str, str, str, int]) -> pd.DataFrame:
    """Records of (interface, source, destination, destination port), a second apart from midnight."""
    frame = pd.DataFrame(rows, columns=["interfaceId", "srcAddr", "dstAddr", "dstPort"])
    frame["dstPort"] = frame["dstPort"].astype("Int64")
    frame.insert(0, "@timestamp", pd.date_range("2026-11-01", periods=len(rows), freq="s", tz="UTC"))
    return frame


def test_the_query_names_every_choice_and_parses() -> None:
    """Each choice becomes one condition of text the language takes."""
    selection = Selection(interface="eni-1", port=22, protocol=6, source="192.0.2.1", kind="inside", rows=100)
    known = Known(FIELDS, kinds={"inside": 'srcAddr != "192.0.2.9"'})
    text = selection.query(known)
    assert text.splitlines() == [
        "fields @timestamp, interfaceId, srcAddr, dstAddr, srcPort, dstPort, protocol, action, logStatus",
        '| filter action = "REJECT" and logStatus = "OK"',
        '    and interfaceId = "eni-1"',
        "    and dstPort = 22",
        "    and protocol = 6",
        '    and srcAddr = "192.0.2.1"',
        '    and srcAddr != "192.0.2.9"',
        "| sort @timestamp desc",
        "| limit 100",
    ]
    assert str(parse(text)).count("REJECT") == 1


def test_hostile_text_stays_inside_its_quotes() -> None:
    """A name from a log cannot end the string it is in, and so cannot add a condition."""
    hostile = 'eni" or action = "ACCEPT" | limit 1 #\n'
    query = parse(Selection(interface=hostile).query(Known(FIELDS)))
    assert len(query.stages) == 4
    assert r"\" or action = \"ACCEPT\"" in str(query)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], 'srcAddr = ""'),
        (["a late"], 'srcAddr = ""'),
        (["a scanner"], 'srcAddr = "a"'),
        (["a scanner", "b scanner"], "ispresent(srcAddr)"),
        (["a scanner", "b late"], 'srcAddr = "a"'),
        (["a scanner", "b scanner", "c late"], 'srcAddr != "c"'),
        (["a scanner", "b scanner", "e scanner", "c late", "d aws"], 'srcAddr not in ["c", "d"]'),
    ],
)
def test_a_kind_is_named_by_its_addresses_or_by_the_fewer_others(kinds: list[str], expected: str) -> None:
    """A query knows no kinds, only addresses; the shorter list is written, and no address means no record."""
    frame = pd.DataFrame([each.split() for each in kinds], columns=["srcAddr", "kind"], dtype="str")
    assert condition(frame, "scanner") == KindCondition(expected)


def test_a_source_of_several_kinds_is_told_apart_by_a_field() -> None:
    """Where a host's calls and its answers are refused, the port says which flows are meant; either way round."""
    frame = records(("e", "a", "b", 587), ("e", "a", "c", 587), ("e", "a", "c", 40_001), ("e", "a", "c", 40_002))
    frame["kind"] = pd.Series(["inside", "inside", "reply", "reply"], dtype="str")
    assert condition(frame, "inside").text == '((srcAddr = "a" and dstPort = 587))'
    more = pd.concat([frame, records(("e", "z", "b", 22)).assign(kind="scanner")], ignore_index=True)
    assert condition(more, "reply").text == '((srcAddr = "a" and dstPort in [40001, 40002]))'
    assert condition(more, "scanner") == KindCondition('srcAddr = "z"')


def test_a_long_list_is_broken_into_lines() -> None:
    """A cell shows the whole of a list, and the text still parses."""
    text = one_of("dstPort", range(1, 9))
    assert text == "dstPort in [1, 2, 3, 4, 5, 6,\n      7, 8]"
    assert len(parse(f"filter {text}").stages) == 1


def test_flows_that_nothing_tells_apart_are_counted() -> None:
    """A condition that lets flows of another kind through says how many at most."""
    frame = records(("e", "a", "b", 22), ("e", "a", "b", 22), ("e", "a", "b", 22))
    frame["kind"] = pd.Series(["late", "scanner", "scanner"], dtype="str")
    found = condition(frame, "late")
    assert (found.others, found.text) == (2, '((srcAddr = "a" and dstPort = 22))')


def test_the_mask_keeps_what_fits_and_drops_missing_values() -> None:
    """A record without the value that is asked for is not chosen."""
    frame = records(("eni-1", "a", "b", 22), ("eni-1", "a", "b", 23), ("eni-2", "a", "b", 22))
    frame.loc[2, "dstPort"] = pd.NA
    assert Selection(port=22).mask(frame).tolist() == [True, False, False]
    assert Selection(port=22, interface="eni-2").mask(frame).tolist() == [False, False, False]
    assert Selection().mask(frame).all()


def test_the_window_is_half_open() -> None:
    """A record at the start is inside, one at the end is not."""
    window = Window.parse("2026-11-01 00:00:01", "2026-11-01 00:00:02")
    frame = records(("e", "a", "b", 1), ("e", "a", "b", 1), ("e", "a", "b", 1))
    assert Selection(window=window).mask(frame).tolist() == [False, True, False]


def test_an_interfaces_own_addresses_tell_the_direction() -> None:
    """What came in told of one record tells of all that go to this address at this interface."""
    frame = records(
        ("eni-1", "198.51.100.1", "10.0.0.5", 22),
        ("eni-1", "10.0.0.5", "198.51.100.2", 443),
        ("eni-1", "2001:db8::1", "fd00::5", 22),
        ("eni-2", "198.51.100.1", "10.0.0.5", 22),
    )
    own = own_addresses(frame, np.array([True, False, True, False]), np.array([False, True, False, False]))
    assert own == {"eni-1": ("10.0.0.5", "fd00::5")}
    told = directions(frame, own)
    assert told.tolist()[:3] == ["in", "out", "in"]
    assert told.isna().tolist() == [False, False, False, True]
    assert directions(frame, {}).isna().all()


def test_the_flow_direction_field_tells_the_direction() -> None:
    """Where the log says the direction, nothing is inferred."""
    frame = records(("e", "a", "b", 1), ("e", "a", "b", 1), ("e", "a", "b", 1))
    frame["flowDirection"] = pd.Series(["ingress", "egress", None], dtype="str")
    told = directions(frame, {"e": ("b",)})
    assert told.tolist()[:2] == ["in", "out"]
    assert told.isna().tolist() == [False, False, True]
    known = Known((*FIELDS, "flowDirection"))
    assert 'flowDirection = "egress"' in Selection(direction="out").query(known)


def test_a_direction_is_asked_by_the_interfaces_own_addresses() -> None:
    """Without the field, the own addresses say which side is asked for; for one interface it is said shorter."""
    known = Known(FIELDS, own={"eni-1": ("10.0.0.5", "fd00::5"), "eni-2": ("10.0.0.6",)})
    assert (
        '((interfaceId = "eni-1" and dstAddr in ["10.0.0.5", "fd00::5"])'
        ' or (interfaceId = "eni-2" and dstAddr = "10.0.0.6"))'
    ) in Selection(direction="in").query(known)
    assert 'and srcAddr = "10.0.0.6"' in Selection(direction="out", interface="eni-2").query(known)
    assert 'dstAddr = ""' in Selection(direction="in").query(Known(FIELDS))
    assert 'dstAddr = ""' in Selection(direction="in", interface="eni-9").query(known)


@pytest.mark.parametrize(
    ("text", "port"), [("", None), ("  ", None), ("22", 22), (" 22 SSH ", 22), ("0", 0), ("65535", 65535)]
)
def test_a_port_is_the_number_its_text_begins_with(text: str, port: int | None) -> None:
    """What the control offers carries the service's name after the number."""
    assert parse_port(text) == port


@pytest.mark.parametrize("text", ["ssh", "65536", "-1", "2.5", "٢٢", "22,23"])
def test_text_that_is_no_port_is_refused_with_the_mend(text: str) -> None:
    """The message says which text, and what to write."""
    with pytest.raises(ArgumentError, match=r"is not a port; write a number from 0 to 65535") as caught:
        parse_port(text)
    assert text in str(caught.value)


def test_the_choices_read_as_words() -> None:
    """The sentence over the table says what was chosen, and nothing where nothing was."""
    assert Selection().describe() == ""
    selection = Selection(kind="inside", direction="out", port=5432, protocol=6, interface="eni-1", source="10.0.0.5")
    assert selection.describe() == "kind inside, source 10.0.0.5, interface eni-1, outbound, destination port 5432, TCP"
