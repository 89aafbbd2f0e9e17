"""The findings of a window: what is said, in which order, and that each one's query shows what it speaks of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from making_flows import DAY, accept, flow, networks, table
from memory_source import MemorySource, shown

from rejectkit.errors import ArgumentError, QueryCancelledError
from rejectkit.exploring import classify, gathering
from rejectkit.exploring.summary import summarize
from rejectkit.findings import Finding
from rejectkit.sources.base import Watch
from rejectkit.window import Window

ROOT = Path(__file__).resolve().parents[1]
OUT, IN, DB, WEB = "198.51.100.7", "10.0.1.5", "10.0.2.9", "10.0.1.6"
Rows = list[dict[str, Any]]


def findings(rows: Rows, skipped: pd.DataFrame | None = None, **how: Any) -> list[Finding]:
    """Return the findings of some records."""
    return summarize(MemorySource(table(rows), skipped), **how)


def said(rows: Rows, words: str, **how: Any) -> Finding:
    """Return the one finding whose sentence has the words."""
    found = findings(rows, **how)
    some = [finding for finding in found if words in finding.sentence]
    assert len(some) == 1, [finding.sentence for finding in found]
    return some[0]


def idle(at: int) -> dict[str, Any]:
    """Return a NODATA record."""
    nothing = dict.fromkeys(("srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets", "bytes", "action"))
    return {**flow(OUT, IN, 22, at=at), **nothing, "logStatus": "NODATA"}


def blocked(number: int = 20, start: int = 0, **more: Any) -> Rows:
    """Return a client that asks the database every minute and is refused there, let out at its own interface."""
    rows = []
    for n in range(number):
        at = start + 60 * n
        rows.append(flow(IN, DB, 5432, at=at, sport=33000 + n, eni="eni-db", **more))
        rows.append(accept(IN, DB, 5432, at=at, sport=33000 + n, eni="eni-app"))
    return rows


def test_a_refused_service_is_told_by_whom_how_often_and_since_when() -> None:
    """An inside mistake is a warning with its ends, its service by name, its pace, and where to look."""
    one = said(blocked(), "5432")
    assert one.severity == "warning"
    assert one.sentence == (
        "10.0.1.5 is refused at 5432 (PostgreSQL) of 10.0.2.9: 20 flows since 2026-11-01 00:00 UTC or before, "
        "about one a minute, and it goes on."
    )
    assert one.mend is not None
    assert "let TCP 5432 in from 10.0.1.5 in a security group of eni-db" in one.mend
    assert one.data is not None
    assert one.data[["srcAddr", "dstAddr", "dstPort", "flows"]].values.tolist() == [[IN, DB, 5432, 20]]


def test_one_refused_flow_is_said_in_the_singular_and_is_no_warning() -> None:
    """A single refused flow is a notice, with `flow` and `is` in the singular and its time."""
    one = said([flow(IN, DB, 5432, at=8 * 3600 + 24 * 60)], "5432")
    assert one.sentence == "10.0.1.5 is refused at 5432 (PostgreSQL) of 10.0.2.9: 1 flow at 2026-11-01 08:24 UTC."
    assert one.severity == "notice"


def test_what_began_and_what_ended_in_the_window_is_said() -> None:
    """Refusals that begin after the window's start, or end before its end, say so, and how long it was quiet."""
    around = [accept(OUT, WEB, 443, at=0), accept(OUT, WEB, 443, at=DAY - 60)]
    late = said([*around, *blocked(60, start=14 * 3600)], "5432").sentence
    assert "60 flows since 2026-11-01 14:00 UTC (none in the 14 h before), about one a minute, until" in late
    assert "until 2026-11-01 14:59 UTC (none in the 9 h after)" in late
    steady = said([*around, *blocked(1439)], "5432").sentence
    assert "1,439 flows since 2026-11-01 00:00 UTC or before, about one a minute, and it goes on." in steady


def test_what_was_accepted_before_is_said() -> None:
    """If the same flows were accepted at the same interface before, the finding says until when and how many."""
    before = [accept(IN, DB, 5432, at=n * 60, sport=50000 + n, eni="eni-db") for n in range(30)]
    one = said([*before, *blocked(60, start=3600)], "5432")
    assert "Until 2026-11-01 00:29 UTC 30 such flows were accepted." in one.sentence
    assert "look first at what was changed" in str(one.mend)
    let_out = [accept(IN, DB, 5432, at=0, eni="eni-app"), accept(IN, DB, 5432, at=9000, eni="eni-db")]
    assert "such flow" not in said([*let_out, *blocked(60, start=3600)], "5432").sentence


def test_a_wrong_port_is_guessed_at() -> None:
    """Where nobody is let in at the refused port but others are at another, the mend names that one."""
    other = [accept(WEB, DB, 5432, at=n * 60, sport=50000 + n, eni="eni-db") for n in range(30)]
    wrong = [{**row, "dstPort": 3306} for row in blocked()]
    assert "10.0.2.9 accepts flows at 5432 (PostgreSQL) and none at 3306" in str(said([*other, *wrong], "3306").mend)
    assert "none at" not in str(said([*other, *blocked()], "5432").mend)


def test_outbound_refusals_are_told_apart() -> None:
    """A flow refused on its way out blames the source's own rules."""
    rows = [flow(IN, f"93.184.{n % 2}.9", 587, at=n * 600, sport=41000 + n) for n in range(8)]
    one = said(rows, "587")
    assert "10.0.1.5 is not let out to 587 (mail submission) of 93.184.0.9 and 93.184.1.9: 8 flows" in one.sentence
    assert "let TCP 587 out to 93.184.0.9 and 93.184.1.9 in a security group of eni-1" in str(one.mend)
    rows = [*(flow(IN, DB, 3306, at=n, flowDirection="egress") for n in range(3)), accept(IN, DB, 5432, at=9)]
    assert "none at" not in str(said(rows, "not let out to 3306").mend)


def test_sources_of_one_cause_share_a_finding() -> None:
    """Refusals of one port that have a source or a destination in common are one finding; others are not."""
    rows = [
        flow(f"10.0.1.{c}", f"10.0.2.{s}", 8080, at=c * 60 + s, sport=33000 + c, eni=f"eni-{s}")
        for c in range(10, 17)
        for s in (4, 5)
    ]
    rows += [flow("10.0.7.1", "10.0.8.1", 8080, at=n, eni="eni-x") for n in (5, 9)]
    shared = [finding for finding in findings(rows) if "8080" in finding.sentence and finding.severity == "warning"]
    assert len(shared) == 2
    assert shared[0].sentence.startswith(
        "7 addresses of 10.0.1.0/24 are refused at 8080 (HTTP alternate) of 10.0.2.4 and"
    )
    assert shared[1].sentence.startswith("10.0.7.1 is refused at 8080 (HTTP alternate) of 10.0.8.1: 2 flows at")


def test_groups_beyond_the_first_ten_share_the_last_finding() -> None:
    """Nothing is cut: what gets no finding of its own is in the data of one that counts it."""
    rows = [flow(f"10.0.1.{n}", f"10.0.2.{n}", 8000 + n, at=n, eni=f"eni-{n}") for n in range(14)]
    rest = said(rows, "more groups")
    assert rest.sentence.startswith("4 more groups of inside addresses are refused, with fewer flows each: 4 flows at")
    assert rest.data is not None
    assert len(rest.data) == 4


def test_refused_replies_blame_the_network_acl() -> None:
    """Replies refused on their way out are a warning of their own, which names the ACL's outbound rules."""
    rows = []
    for n in range(9):
        rows.append(accept(OUT, DB, 8443, at=n * 100, sport=50000 + n, eni="eni-db"))
        rows.append(flow(DB, OUT, 50000 + n, at=n * 100, sport=8443, eni="eni-db"))
    one = said(rows, "Replies")
    assert one.severity == "warning"
    assert (
        "from 8443 (HTTPS alternate) of 10.0.2.9 to 198.51.100.7 are refused on their way out: 9 flows" in one.sentence
    )
    assert "The requests were accepted." in one.sentence
    assert "network ACL of the subnet of eni-db: its outbound rules must let TCP out" in str(one.mend)
    inward = [
        accept(IN, OUT, 443, sport=50001),
        flow(OUT, IN, 50001, sport=443),
        flow(OUT, IN, 50001, sport=443, at=60),
    ]
    assert "inbound rules must let TCP in from 443 (HTTPS)" in str(said(inward, "Replies").mend)
    ping = [accept(OUT, IN, 0, sport=0, protocol=1), flow(IN, OUT, 0, sport=0, protocol=1)]
    assert (
        "ICMP replies of 10.0.1.5 to 198.51.100.7 are refused on their way out: 1 flow at"
        in said(ping, "replies of").sentence
    )
    alone = said([flow(DB, IN, 50000 + n, at=n, sport=5432) for n in range(3)], "Replies")
    assert (alone.severity, "only the ports say" in alone.sentence) == ("notice", True)
    assert not [f for f in findings([flow(DB, IN, 50000, sport=5432)]) if "outside" in f.sentence]


def test_the_whole_is_counted_by_kind() -> None:
    """One sentence says how much was refused of how much, in which window, and of which kinds."""
    rows = [*blocked(3), flow(OUT, IN, 23), flow(OUT, IN, 23, at=60), idle(5)]
    one = said(rows, "were refused,")
    assert one.sentence.startswith("5 of 8 flows (62 %) were refused, 2026-11-01 00:00")
    assert one.sentence.endswith(": 3 from inside and 2 scanning.")


def test_scanning_is_counted_with_its_ports() -> None:
    """Scanners are counted as flows, share and addresses, with the ports most asked for."""
    rows = [flow(f"198.51.100.{n}", IN, 23 if n % 3 else 445, at=n) for n in range(9)]
    one = said(rows, "scanning by")
    assert one.sentence == (
        "9 refused flows (100 %) are scanning by 9 addresses outside; most asked for: 23 (Telnet) and 445 (SMB)."
    )
    assert one.severity == "info"


def test_other_kinds_have_their_sentence() -> None:
    """Late packets, stray answers, probes, AWS services and the unsure are each told, with what to do if anything."""
    rows = [accept(OUT, WEB, 443, eni="eni-w"), flow(OUT, WEB, 443, at=60, eni="eni-w")]
    assert said(rows, "connection that had closed").sentence == (
        "1 refused flow (100 %) is a late packet of a connection that had closed, from 1 address; no rule is to blame."
    )
    stray = [accept(OUT, WEB, 443), *(flow("93.184.1.1", IN, 6001 + 7 * n, sport=443, at=n) for n in range(5))]
    assert (
        "5 refused flows from 443 (HTTPS) of 1 address outside are answers to what nobody here asked"
        in said(stray, "nobody here asked").sentence
    )
    probe = [flow("10.50.4.20", IN, 20 + n, at=n) for n in range(30)]
    assert "own=['10.50.4.20']" in str(said(probe, "10.50.4.20 is inside and tried 30 ports of 1 host").mend)
    assert said(probe, "named as probes of your own", own="10.50.4.20").severity == "info"
    checks = [flow("15.177.3.9", IN, 8080, at=n * 30, packets=2) for n in range(240)]
    assert "1 address of Route 53 health checkers is refused at 8080" in said(checks, "Route 53").sentence
    insisting = [flow(OUT, IN, 443, at=n * 60, sport=41000 + n, packets=6) for n in range(9)]
    assert "If one of them is an office" in str(said(insisting, "198.51.100.7 outside may be more").mend)
    assert said([flow(IN, "224.0.0.251", 5353, protocol=17)], "1 refused flow is of no sure kind").severity == "info"


def test_a_burst_is_told_with_its_source() -> None:
    """Far more refusals than usual in a short time are told, with from when to when and who made them."""
    rows = [flow(f"198.51.{n % 200}.7", IN, 23, at=n * 300) for n in range(280)]
    rows += [flow("10.50.4.20", DB, 443, at=40000 + n, sport=30000 + n, eni="eni-db") for n in range(500)]
    one = said(rows, "A burst")
    assert re.search(
        r"A burst: 50\d flows refused from 2026-11-01 11:0\d UTC to 2026-11-01 11:[12]\d UTC", one.sentence
    )
    assert "over 99 %" in one.sentence or "99 % came from 10.50.4.20 (from inside)" in one.sentence
    assert one.severity == "notice"
    assert not [f for f in findings(rows[:280]) if "burst" in f.sentence]


def test_lost_records_are_a_warning() -> None:
    """SKIPDATA and unreadable lines are warnings with their number; NODATA is only counted."""
    rows = [flow(OUT, IN, 23), {**idle(9), "logStatus": "SKIPDATA"}, idle(5), idle(6)]
    skipped = pd.DataFrame({"file": ["a"] * 3, "line": [1, 2, 3], "reason": ["short", "short", "<b>"]})
    found = findings(rows, skipped)
    told = {finding.sentence: finding.severity for finding in found}
    assert told[
        "1 interval was skipped by AWS (SKIPDATA): flows in them were lost, so what is counted here may be too low."
    ]
    assert told["3 lines could not be read and are left out: short (2) and <b> (1)."] == "warning"
    assert told["2 intervals had no traffic (NODATA)."] == "info"
    assert "<b>" not in "".join(finding._repr_html_() for finding in found)


@pytest.mark.parametrize(
    ("rows", "words", "severity"),
    [
        ([], "There is no flow in the records of any time.", "warning"),
        ([idle(5)], "There is no flow in the records of 2026-11-01 00:00:05 to", "warning"),
        ([accept(OUT, IN, 443)], "No flow was refused: all 1 flow of", "info"),
        ([flow(OUT, IN, 23)], "No accepted flow is in these records", "notice"),
    ],
)
def test_a_window_without_one_thing_or_the_other_says_so(rows: Rows, words: str, severity: str) -> None:
    """No record, no flow, no REJECT and no ACCEPT are each told."""
    assert said(rows, words).severity == severity


def test_too_many_accepted_flows_are_not_read_and_that_is_said() -> None:
    """Above `most_accepts` the accepted flows are left alone, and a finding tells what that costs."""
    rows = [accept(OUT, WEB, 443, eni="eni-w"), flow(OUT, WEB, 443, at=60, eni="eni-w"), accept(OUT, WEB, 443, at=90)]
    one = said(rows, "too many to read", most_accepts=1)
    assert "2 accepted flows were too many to read (1 at most)" in one.sentence
    assert "most_accepts=2" in str(one.mend)
    assert not [f for f in findings(rows, most_accepts=1) if "late packet of" in f.sentence]


def test_the_window_is_what_is_looked_at() -> None:
    """Only flows that begin in the window are told, and the sentence names it."""
    window = Window.parse("2026-11-01 02:00", "2026-11-01 03:00")
    found = summarize(MemorySource(table(blocked(300))), window)
    assert "60 flows since 2026-11-01 02:00 UTC or before" in found[0].sentence
    assert "2026-11-01 02:00 to 2026-11-01 03:00 UTC: 60 from inside." in next(
        finding.sentence for finding in found if "were refused," in finding.sentence
    )
    empty = summarize(MemorySource(table(blocked(3))), Window.parse("2027-01-01", "2027-01-02"))
    assert [finding.sentence for finding in empty] == [
        "There is no flow in the records of 2027-01-01 00:00 to 2027-01-02 00:00 UTC."
    ]


def test_findings_come_most_important_first() -> None:
    """Warnings before notices before context, and the service with most refused flows first of all."""
    rows = [*blocked(5), *({**row, "dstPort": 9100} for row in blocked(30)), flow(OUT, IN, 23), idle(3)]
    found = findings(rows)
    assert [finding.severity for finding in found] == sorted(
        (finding.severity for finding in found), key=["warning", "notice", "info"].index
    )
    assert "9100 (node exporter)" in found[0].sentence
    assert "5432 (PostgreSQL)" in found[1].sentence


@pytest.mark.parametrize("seed", range(6))
def test_findings_do_not_depend_on_the_order_of_records(seed: int) -> None:
    """The same records in any order give the same findings."""
    records = table(networks(seed, 100)[0])
    shuffled = records.sample(frac=1, random_state=seed, ignore_index=True)
    assert summarize(MemorySource(shuffled)) == summarize(MemorySource(records))


@pytest.mark.parametrize("seed", range(6))
def test_accepted_flows_read_in_pieces_tell_the_same(seed: int) -> None:
    """Cut into any number of pieces, the accepted flows give every refused flow the same kind."""
    source = MemorySource(table(networks(seed, 100)[0]))
    counts = gathering.counts(source, None, Watch())
    kinds = []
    for piece in (10**6, 50, 7):
        records = gathering.flows(source, None, counts, 10**6, Watch(), piece)
        kinds.append(classify.records(records).head(counts.refused).tolist())
    assert counts.refused > 20
    assert kinds[0] == kinds[1] == kinds[2]


@pytest.mark.parametrize("seed", range(6))
def test_every_finding_of_a_made_up_network_is_shown_by_its_query(seed: int) -> None:
    """The same for VPCs of other ranges, IPv6 among them."""
    source = MemorySource(table(networks(seed)[0]))
    for finding in summarize(source):
        shown(source, finding)


@pytest.mark.parametrize("size", [100, 700, 2000])
def test_a_query_for_more_sources_than_fit_still_has_them_all(size: int) -> None:
    """With many sources the query leaves the list out rather than grow past what the service takes."""
    rows = [
        flow(f"10.1.{n // 250}.{n % 250 + 1}", f"10.2.{n // 250}.{n % 250 + 1}", 8080, at=n, eni=f"eni-{n}")
        for n in range(size)
    ]
    source = MemorySource(table(rows))
    found = [finding for finding in summarize(source) if finding.data is not None]
    assert found
    for finding in found:
        shown(source, finding)


def test_the_work_is_watched_and_can_be_stopped() -> None:
    """Progress goes from 0 to 1; a cancelled watch stops the work with the error that says so."""
    seen: list[float] = []
    summarize(MemorySource(table(blocked())), watch=Watch(lambda fraction, what: seen.append(fraction)))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    watch = Watch()
    watch.cancel()
    with pytest.raises(QueryCancelledError):
        summarize(MemorySource(table(blocked())), watch=watch)
    stopping = Watch(lambda fraction, what: stopping.cancel() if fraction > 0.2 else None)
    with pytest.raises(QueryCancelledError):
        summarize(MemorySource(table(blocked())), watch=stopping)


def test_a_source_without_a_needed_field_is_refused_at_once() -> None:
    """Logs without a field that judging needs are refused before anything is read."""
    source = MemorySource(table(blocked()).drop(columns=["dstPort"]))
    with pytest.raises(ArgumentError, match="the records have no dstPort"):
        summarize(source)
    assert source.asked == []


def test_a_format_without_status_end_or_start_is_enough() -> None:
    """The fields judging needs are enough: no log-status, start or end in the format."""
    source = MemorySource(table(blocked()).drop(columns=["logStatus", "start", "end", "version", "accountId"]))
    assert "20 flows" in summarize(source)[0].sentence


def test_richer_fields_are_used() -> None:
    """Flags and directions of a richer format reach the rules."""
    rows = [flow(IN, DB, 5432, tcpFlags=4, flowDirection="ingress"), accept(WEB, DB, 5432, tcpFlags=3)]
    assert said(rows, "is a late packet of a connection that had closed").severity == "info"


def test_hostile_text_is_told_as_text() -> None:
    """Odd addresses and interface ids break no query and no sentence, and are escaped where they are shown."""
    rows = [
        *(flow(IN, DB, 5432, at=n, eni='eni" or 1=1 #') for n in range(3)),
        flow("<script>x</script>", IN, 22),
        flow("' | limit 1", IN, 22),
        flow("10.0.0.0/99", IN, 22),
    ]
    found = findings(rows)
    assert 'eni" or 1=1 #' in str(found[0].mend)
    assert "<script>" not in "".join(finding._repr_html_() for finding in found)
    source = MemorySource(table(rows))
    for finding in found:
        shown(source, finding)
