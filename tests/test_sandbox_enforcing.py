"""Once somebody changes the VPC's rules, the scenario's records that are still to come are what the rules say."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.network.edits import AddEntry, AddRule, Change, RemoveEntry, RemoveRule
from rejectkit.network.model import AclEntry, GroupRule, Network
from rejectkit.network.packets import Packet
from rejectkit.sandbox import Scenario, scenario
from rejectkit.sandbox.playing.enforcing import ACCEPTED, NEVER, REFUSED, outcomes
from rejectkit.sandbox.playing.scenario import network_json
from tests.reference import firewall

DAY = scenario(seed=11)
GROUPS = {one.name: one.id for one in DAY.network.groups}
ACLS = {one.name: one.id for one in DAY.network.acls}
TCP = 6


@cache
def planted() -> Network:
    """Return the scenario's network at the end of its window."""
    return Network.from_json(network_json(DAY))


def entry(acl: str, number: int, egress: bool) -> RemoveEntry:
    """Return the removal of a numbered rule of the scenario."""
    found = next(one for one in planted().acl_of[ACLS[acl]].entries if (one.number, one.egress) == (number, egress))
    return RemoveEntry(ACLS[acl], found)


# The mend of each mistake, as its `mend` says it in words.
MENDS: dict[str, Change] = {
    "db-group": AddRule(GroupRule(GROUPS["db"], False, TCP, 5432, 5432, GROUPS["orders"])),
    "scrape-port": AddRule(GroupRule(GROUPS["orders"], False, TCP, 9100, 9100, GROUPS["monitor"])),
    "nacl-ephemeral": AddEntry(ACLS["shared"], AclEntry(105, True, True, TCP, "192.168.0.0/16", 1024, 65535)),
    "nacl-deny": entry("app", 90, False),
    "mail-egress": AddRule(GroupRule(GROUPS["batch"], True, TCP, 587, 587, "0.0.0.0/0")),
    "mail-relay": AddEntry(ACLS["shared"], AclEntry(106, True, True, TCP, "192.168.30.25/32", 587, 587)),
}


@pytest.mark.parametrize("mistake", MENDS)
def test_a_mended_mistake_ends_its_refusals_and_changes_nothing_else(mistake: str) -> None:
    """Exactly the refused records of the mistake are let pass, as the scenario's own truth names them."""
    becomes = outcomes(DAY, planted().changed(MENDS[mistake]))
    truth, refused = DAY.truth, DAY.records()["action"].eq("REJECT").fillna(False)
    expected = np.flatnonzero((truth["mistake"] == mistake).fillna(False) & refused)
    assert len(expected) > 20
    assert np.flatnonzero(becomes == ACCEPTED).tolist() == expected.tolist()
    assert not (becomes[becomes != ACCEPTED]).any()


def test_rules_as_they_were_change_nothing() -> None:
    """The scenario's own rules, before and after its change in the middle of the day, leave every record as it is."""
    assert not outcomes(DAY, planted()).any()


def test_what_a_removed_rule_let_pass_is_refused_and_its_answers_never_come() -> None:
    """Without the load balancer's rule its requests to the web tier are refused there; a plain evaluator agrees."""
    rule = next(one for one in planted().group_of[GROUPS["web"]].rules if (one.from_port, one.egress) == (8080, False))
    now = planted().changed(RemoveRule(rule))
    becomes, records = outcomes(DAY, now), DAY.records()
    web = [one.id for one in DAY.network.interfaces if one.name.startswith("web-")]
    at_web = records["interfaceId"].isin(web) & records["action"].eq("ACCEPT").fillna(False)
    asks = at_web & records["dstPort"].eq(8080).fillna(False)
    answers = at_web & records["srcPort"].eq(8080).fillna(False)
    assert asks.sum() > 100
    assert np.flatnonzero(becomes == REFUSED).tolist() == np.flatnonzero(asks).tolist()
    assert np.flatnonzero(becomes == NEVER).tolist() == np.flatnonzero(answers).tolist()
    for row in records[asks].iloc[::200].itertuples():
        ends = (row.pktSrcAddr, row.pktDstAddr, int(row.srcPort), int(row.dstPort), int(row.protocol))
        assert not firewall.judge(now, Packet(row.interfaceId, row.flowDirection, *ends)).allowed


def test_the_planted_rule_counts_only_from_its_own_time() -> None:
    """A mend elsewhere does not bring the midday rule forward: its office is let in until then, as before."""
    becomes = outcomes(DAY, planted().changed(MENDS["db-group"]))
    early = DAY.starts < DAY.changed.timestamp()
    assert not (becomes[early] == REFUSED).any()


@pytest.fixture(scope="module")
def played() -> Scenario:
    """Return three hours of the scenario."""
    return replace(DAY, hours=3)


def test_a_change_in_ec2_counts_for_records_that_begin_after_it(played: Scenario) -> None:
    """Lines in the log group are the scenario's, but those of the mended mistake that began after the change."""
    with rk.sandbox.start(played) as sandbox:
        sandbox.advance("1h")
        mend = {
            "IpProtocol": "tcp",
            "FromPort": 5432,
            "ToPort": 5432,
            "UserIdGroupPairs": [{"GroupId": GROUPS["orders"]}],
        }
        sandbox.session.client("ec2").authorize_security_group_ingress(GroupId=GROUPS["db"], IpPermissions=[mend])
        since = sandbox.clock.now()
        sandbox.advance("3h")
        logs = sandbox.session.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/vpc/poc/flow-logs")
        got = sorted(event["message"] for page in pages for event in page["events"])
        assert sandbox.scenario is not None
        made, records = sandbox.scenario.lines(), sandbox.scenario.records()
        mended = (sandbox.truth["mistake"] == "db-group") & (records["@timestamp"] >= pd.Timestamp(since))
        mended &= records["action"].eq("REJECT")
        expected = [
            line.replace("REJECT", "ACCEPT") if hit else line
            for line, hit in zip(made, mended.fillna(False).tolist(), strict=True)
        ]
        assert mended.sum() > 10
        assert got == sorted(expected)
