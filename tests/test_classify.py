"""What kind of source each source is: the rules as case tables, thresholds, properties, the sample's truth."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kind_cases import AWS, DB, IN, INSIDE, LATE, OUT, PROBES, REPLIES, SCANNERS, UNSURE, Rows, many
from making_flows import accept, flow, lines, networks, table

from rejectkit.errors import ArgumentError
from rejectkit.exploring import classify
from rejectkit.exploring.evidence import relevant
from rejectkit.exploring.flows import REQUIRED, Flows
from rejectkit.exploring.rules import Reason, insiders


def kind(rows: Rows, source: str | None = None, **how: Any) -> str:
    """Return the kind of a source: of the first row's where none is named."""
    found = classify.sources(table(rows), **how).set_index("srcAddr")["kind"]
    return str(found[source or rows[0]["srcAddr"]])


TABLE = [
    pytest.param(expected, rows, id=f"{expected}: {name}")
    for expected, cases in (
        ("scanner", SCANNERS),
        ("inside", INSIDE),
        ("reply", REPLIES),
        ("late", LATE),
        ("aws", AWS),
        ("probe", PROBES),
        ("unsure", UNSURE),
    )
    for name, rows in cases.items()
]


@pytest.mark.parametrize(("expected", "rows"), TABLE)
def test_a_source_is_of_the_kind_its_flows_show(expected: str, rows: Rows) -> None:
    """Each case's first source is of the kind the case is about."""
    assert kind(rows) == expected


def test_every_kind_and_every_reason_has_a_case() -> None:
    """No rule stands without a case: the tables above reach every reason but the user's own word."""
    seen = {Reason(int(reason)) for case in TABLE for reason in classify.judged(table(case.values[1])).reasons}
    assert seen | {Reason.PROBE_NAMED} == set(Reason)
    assert {str(case.values[0]) for case in TABLE} == set(classify.KINDS)


def test_the_documented_examples() -> None:
    """Of the records in the VPC guide, RDP from the same range is inside and the refused ping reply is a reply."""
    documented = lines("""\
2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK
2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA
2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA
2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK
""")
    assert classify.records(documented).fillna("").tolist() == ["", "inside", "", "", "", "reply"]


def test_the_users_word_comes_first() -> None:
    """Addresses and networks named as `own` are probes whatever they do; those named `inside` are inside."""
    rows = [flow(OUT, IN, 22), flow("10.9.9.9", IN, 22), flow("203.0.113.9", IN, 22)]
    assert classify.records(table(rows), own=[OUT, "10.9.0.0/16"]).tolist() == ["probe", "probe", "scanner"]
    assert classify.records(table(rows), inside="203.0.113.0/24").tolist() == ["scanner", "inside", "inside"]
    assert classify.records(table(rows), own="203.0.113.9").tolist() == ["scanner", "inside", "probe"]
    checker = [flow("15.177.3.9", IN, 8080)]
    assert (kind(checker), kind(checker, inside="15.177.3.0/24")) == ("aws", "inside")


THRESHOLDS: list[tuple[str, float, str, str, Rows]] = [
    ("scan_ports", 9, "scanner", "unsure", many(8, lambda n: flow(OUT, IN, 20 + n, at=n, packets=9))),
    (
        "scan_hosts",
        9,
        "scanner",
        "unsure",
        [flow(OUT, f"10.0.1.{5 + h}", 8443, at=n, eni=f"eni-{h}") for n in range(30) for h in range(4)],
    ),
    ("scan_packets", 6, "unsure", "scanner", UNSURE["insists with many packets"]),
    ("insist_flows", 6, "unsure", "scanner", UNSURE["insists with many packets"]),
    ("persist_flows", 50, "unsure", "scanner", UNSURE["insists many times"]),
    ("crowd", 7, "scanner", "unsure", SCANNERS["at a port others are let in at, in a crowd"]),
    ("probe_ports", 31, "probe", "inside", many(29, lambda n: flow("10.50.4.20", IN, 20 + n, at=n))),
    ("probe_services", 81, "probe", "inside", PROBES["of the outside"]),
    ("probe_tries", 0.5, "probe", "inside", PROBES["of the outside"]),
    ("late_within", 30, "late", "unsure", LATE["the conversation was accepted"]),
    ("reply_within", 10, "reply", "inside", REPLIES["to a ping"]),
    ("ephemeral_from", 49152, "reply", "inside", REPLIES["by ports alone, from inside"]),
]


@pytest.mark.parametrize(("name", "value", "usual", "moved", "rows"), THRESHOLDS, ids=[row[0] for row in THRESHOLDS])
def test_a_threshold_moves_its_line(name: str, value: float, usual: str, moved: str, rows: Rows) -> None:
    """With its default a threshold gives one kind, moved it gives another."""
    assert (kind(rows), kind(rows, **{name: value})) == (usual, moved)


def test_every_threshold_is_tried() -> None:
    """The table above has a row for each threshold."""
    assert {row[0] for row in THRESHOLDS} == set(classify.Thresholds.__dataclass_fields__)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"scan_port": 3}, "there is no threshold 'scan_port'; the nearest is scan_ports"),
        ({"scan_ports": -1}, "scan_ports is -1; a threshold is a number, 0 or more"),
        ({"scan_ports": "3"}, "scan_ports is '3'"),
        ({"scan_ports": float("nan")}, "scan_ports is nan"),
        ({"crowd": True}, "crowd is True"),
        ({"own": "the office"}, "'the office' is not an address or a network"),
        ({"inside": ["10.0.0.0/40"]}, "'10.0.0.0/40' is not an address or a network"),
    ],
)
def test_an_argument_that_cannot_be_used_is_refused(how: dict[str, Any], words: str) -> None:
    """A wrong threshold or network names itself and what would do."""
    with pytest.raises(ArgumentError, match=re.escape(words)):
        classify.sources(table([flow(OUT, IN, 22)]), **how)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_column_is_named_with_its_field(name: str) -> None:
    """Records without a column the rules need are refused, with the log field to add."""
    with pytest.raises(ArgumentError, match=f"the records have no {name}, .*add \\${{[a-z-]+}} to"):
        classify.sources(table([flow(OUT, IN, 22)]).drop(columns=name))


def test_what_is_no_table_is_refused() -> None:
    """Something other than a DataFrame, or one without any time, says so."""
    with pytest.raises(ArgumentError, match="records are a list, not a DataFrame"):
        classify.sources([flow(OUT, IN, 22)])
    with pytest.raises(ArgumentError, match="neither @timestamp nor start"):
        classify.records(table([flow(OUT, IN, 22)]).drop(columns=["@timestamp", "start"]))


COLUMNS = [
    "srcAddr",
    "kind",
    "why",
    "flows",
    "packets",
    "bytes",
    "ports",
    "interfaces",
    "destinations",
    "first",
    "last",
    "topPort",
    "topDst",
]


@pytest.mark.parametrize("rows", [[], [accept(OUT, IN, 80)], [flow(None, None, None, action=None, packets=None)]])
def test_nothing_refused_gives_an_empty_table_of_the_same_shape(rows: Rows) -> None:
    """Without a REJECT there is no source, and the columns and their types are as always."""
    empty, full = classify.sources(table(rows)), classify.sources(table([flow(OUT, IN, 22)]))
    assert empty.columns.tolist() == COLUMNS
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)
    assert classify.records(table(rows)).isna().all()


def test_the_figures_of_a_source_are_those_of_its_refused_flows() -> None:
    """Each figure counts what its name says, accepted flows not included; most flows come first."""
    rows = [
        flow(OUT, IN, 22, at=600, packets=2),
        flow(OUT, IN, 22, at=60, packets=3),
        flow(OUT, "10.0.1.6", 23, at=120, eni="eni-2", packets=None),
        flow("198.51.100.8", IN, 22, at=5),
        accept(OUT, IN, 443, at=3000),
    ]
    found = classify.sources(table(rows))
    assert found["srcAddr"].tolist() == [OUT, "198.51.100.8"]
    assert found.loc[0, "flows":"destinations"].tolist() == [3, 5, 300, 2, 2, 2]
    assert [str(moment) for moment in found.loc[0, ["first", "last"]]] == [
        "2026-11-01 00:01:00+00:00",
        "2026-11-01 00:10:00+00:00",
    ]
    assert found.loc[0, ["topPort", "topDst"]].tolist() == [22, IN]


def test_a_source_of_several_kinds_is_of_the_most_and_says_the_rest() -> None:
    """The kind with most flows is the source's; `why` counts the others; of equals what needs a hand comes first."""
    rows = [*REPLIES["ours, refused on their way out"], *many(3, lambda n: flow(DB, IN, 9100, at=n * 60, eni="eni-1"))]
    found = classify.sources(table(rows)).set_index("srcAddr").loc[DB]
    assert found["kind"] == "inside"
    assert found["why"].endswith("; besides: refused replies (1 flow)")
    even = classify.sources(table([*rows[:2], rows[2]])).set_index("srcAddr").loc[DB]
    assert even["kind"] == "inside"


WHY = [
    (INSIDE["retries of one service"], "a private address that keeps trying 5432 (PostgreSQL) of 10.0.2.9: 20 flows refused in 19 min, about one a minute"),
    (INSIDE["one try"], "a private address that was refused at 5432 (PostgreSQL) of 10.0.2.9: 1 flow of 1 packet refused"),
    (SCANNERS["one port of many hosts"], "a public address that swept 445 (SMB) of 4 hosts: 4 flows refused in 3 s, 1 packet a flow"),
    (SCANNERS["one knock"], "a public address that knocked at 8728 (MikroTik) of 10.0.1.5: 1 flow of 1 packet refused"),
    (SCANNERS["a ping"], "knocked at ICMP of 10.0.1.5"),
    (REPLIES["ours, refused on their way out"], "replies from 5432 (PostgreSQL) to flows that were accepted: 1 flow of 1 packet refused; a security group lets replies pass, so a network ACL refused them"),
    (LATE["the conversation was accepted"], "late packets of conversations that were accepted until 1 min before"),
    (AWS["by the record"], "an address of AWS's range CLOUDFRONT"),
    (PROBES["many ports of one host"], "tried 30 ports of 10.0.1.5, for example"),
    (UNSURE["insists with many packets"], "insists on 443 (HTTPS) of 10.0.1.5: 5 flows refused in 4 min, about one a minute, 6 packets a flow"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "words"), WHY)
def test_why_says_it_with_the_figures(rows: Rows, words: str) -> None:
    """The reason is a sentence with the figures that decided."""
    found = classify.sources(table(rows)).set_index("srcAddr")["why"]
    assert words in found[rows[0]["srcAddr"]]


def test_hostile_text_is_a_source_like_any_other() -> None:
    """Addresses that are no addresses, odd ports and odd flags are judged, never executed and never lost."""
    rows = [
        flow("'; drop table rows; --", "{0}", 22),
        flow("%s%n", IN, 99999999, sport=-5, tcpFlags=4096),
        flow("1.2.3.4\x00", IN, 22, protocol=999),
        flow(" 10.0.0.1", IN, 22, eni=None),
        flow("::ffff:10.0.0.1", IN, 22),
    ]
    found = classify.sources(table(rows)).set_index("srcAddr")["kind"]
    assert len(found) == len(rows)
    assert found["'; drop table rows; --"] == "unsure"
    assert found["::ffff:10.0.0.1"] == "inside"


def test_directions_are_told_from_the_address_that_recurs() -> None:
    """Without flowDirection the interface's own end is the address (IPv6: the /64) all its records share."""
    rows = [
        *many(3, lambda n: flow(f"10.0.9.{n}", DB, 5432, eni="eni-db")),
        *many(3, lambda n: flow(IN, f"10.0.7.{n}", 5432, eni="eni-app")),
        flow(IN, DB, 5433, eni="eni-db"),
        flow(OUT, DB, 22, eni="eni-one"),
        flow("10.0.5.5", DB, 5432, eni="eni-five"),
        flow("2001:db8:1::5", "2a01:1::9", 443, eni="eni-six"),
        flow("2001:db8:1::5", "2a01:2::9", 443, eni="eni-six"),
        flow("93.1.1.1", IN, 22, eni=None),
        flow(IN, DB, 1, eni="eni-said", flowDirection="egress"),
    ]
    flows = Flows.of(table(rows))
    assert flows.directions().tolist() == [1, 1, 1, -1, -1, -1, 1, 1, -1, -1, -1, 1, -1]


def test_a_scanner_of_many_ipv6_addresses_is_not_taken_for_an_interface() -> None:
    """One outside address that visits many of an interface's IPv6 addresses recurs more than each, and stays outside."""
    rows = many(40, lambda n: flow("2a01:4f8::9", f"2001:db8:20:a00::{n + 1:x}", 22, at=n, eni="eni-1"))
    assert kind(rows) == "scanner"


@pytest.mark.parametrize("seed", range(12))
def test_kinds_do_not_depend_on_the_order_of_records(seed: int) -> None:
    """Shuffled records give each record the same kind, and each source the same row."""
    records = table(networks(seed)[0])
    shuffled = records.sample(frac=1, random_state=seed)
    assert classify.records(shuffled).sort_index().equals(classify.records(records))
    assert classify.sources(shuffled).equals(classify.sources(records))


@pytest.mark.parametrize("seed", range(12))
def test_more_scanners_change_nothing_for_the_others(seed: int) -> None:
    """Adding the scanners of another internet leaves every inside, late and replying source as it was."""
    rows, _ = networks(seed)
    before = classify.sources(table(rows)).set_index("srcAddr")
    own = sorted({(row["dstAddr"], row["interfaceId"]) for row in rows if row["dstPort"] in (22, 23, 445)})
    six = ":" in own[0][0]
    more = [
        flow(f"2c0f:{n:x}::1" if six else f"190.1.{n % 250}.{n // 250 + 1}", host, 1000 + n % 900, at=n, eni=eni)
        for n in range(300)
        for host, eni in own[:2]
    ]
    after = classify.sources(table(rows + more)).set_index("srcAddr")
    steady = before.index[before["kind"].isin(["inside", "late", "reply"])]
    assert len(steady) >= 2
    assert after.loc[steady, "kind"].equals(before.loc[steady, "kind"])


@pytest.mark.parametrize("seed", range(12))
def test_every_source_has_one_kind_and_every_flow_is_counted(seed: int) -> None:
    """Each source of a REJECT is one row with a known kind; the flows add up; no ACCEPT is judged."""
    records = table(networks(seed)[0])
    found, judged = classify.sources(records), classify.records(records)
    refused = records["action"] == "REJECT"
    assert found["srcAddr"].is_unique
    assert set(found["srcAddr"]) == set(records.loc[refused, "srcAddr"])
    assert found["kind"].isin(classify.KINDS).all()
    assert found["flows"].sum() == refused.sum()
    assert judged.notna().equals(refused.astype(bool))


@pytest.mark.parametrize("seed", range(30))
def test_networks_it_was_not_made_on_are_judged_right(seed: int) -> None:
    """In made-up VPCs of any range and family, no scanner is inside, and planted sources are what they are."""
    rows, expected = networks(seed)
    found = classify.sources(table(rows)).set_index("srcAddr")["kind"]
    told = pd.Series(expected)
    scanners = told.index[told == "scanner"]
    assert not found[scanners].isin(["inside", "probe", "reply"]).any()
    assert (found[scanners] == "scanner").mean() > 0.98
    others = told.index[told != "scanner"]
    wrong = others[found[others].to_numpy() != told[others].to_numpy()]
    assert wrong.tolist() == []


@pytest.mark.parametrize("seed", range(30))
def test_the_relevant_accepted_flows_judge_like_all(seed: int) -> None:
    """Leaving out the accepted flows that `relevant` does not choose changes no flow's kind."""
    records = table([*networks(seed)[0], *networks(seed + 1000)[0]]).sample(frac=1, random_state=seed)
    flows = Flows.of(records)
    keep = relevant(flows, ~insiders(flows, flows.own(*flows.sides())))
    some = records.iloc[flows.row[keep]]
    assert len(some) < len(records)
    refused = records.index[records["action"] == "REJECT"]
    assert classify.records(some)[refused].equals(classify.records(records)[refused])


def test_many_sources_are_judged_whole() -> None:
    """Nothing is cut: of 40,000 refused flows of some 5,000 sources each is counted."""
    dice, size = np.random.default_rng(1), 40_000
    own = dice.integers(0, 300, size)
    records = table([flow(OUT, IN, 22)]).loc[np.zeros(size, int)].reset_index(drop=True)
    records["srcAddr"] = [f"80.{n // 65536}.{n // 256 % 256}.{n % 256}" for n in dice.integers(0, 5000, size)]
    records["dstAddr"] = [f"10.0.{n // 200}.{n % 200}" for n in own]
    records["interfaceId"] = [f"eni-{n}" for n in own]
    records["dstPort"] = pd.array(dice.choice([22, 23, 443, 8080], size), "Int64")
    found = classify.sources(records)
    assert found["flows"].sum() == size
    assert set(found["kind"]) == {"scanner"}
