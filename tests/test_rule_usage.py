"""Which rules nothing has used, and which are wider than what used them: one test a rule."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from rejectkit.errors import ArgumentError, QueryCancelledError
from rejectkit.network import (
    AclEntry,
    AddRule,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    RemoveEntry,
    RemoveRule,
    SecurityGroup,
    Subnet,
    Vpc,
    overwide,
    unused,
    what_if,
)
from rejectkit.network.model import ALL, TCP, UDP
from rejectkit.network.usage.usage import _UNUSED
from rejectkit.sandbox import scenario
from rejectkit.sandbox.vpc.describe import network_json
from rejectkit.sources.base import Watch
from tests.making_flows import accept, flow, table
from tests.reference import firewall

APP, WEB = "10.0.1.5", "10.0.1.6"
ALLOW = tuple(AclEntry(100, way, True, ALL, "0.0.0.0/0") for way in (False, True))


def rule(
    low: int, high: int, peer: str, *, egress: bool = False, group: str = "sg-a", protocol: int = TCP
) -> GroupRule:
    """Return a rule of a group."""
    return GroupRule(group, egress, protocol, low, high, peer)


def network(
    *rules: GroupRule, entries: tuple[AclEntry, ...] = ALLOW, interfaces: tuple[Interface, ...] = ()
) -> Network:
    """Return a network of one interface, with more where they are given; groups sg-a and sg-b."""
    return Network(
        vpcs=(Vpc("vpc-1", ("10.0.0.0/16",)),),
        subnets=(Subnet("subnet-a", "vpc-1", ("10.0.1.0/24",)),),
        groups=tuple(
            SecurityGroup(name, name[3:], rules=tuple(one for one in rules if one.group == name))
            for name in ("sg-a", "sg-b")
        ),
        acls=(NetworkAcl("acl-1", "all", entries=entries, subnets=("subnet-a",)),),
        interfaces=(Interface("eni-1", "subnet-a", "vpc-1", (APP,), groups=("sg-a",)), *interfaces),
    )


def states(rows: Iterable[dict[str, Any]], rules: Network) -> dict[str, str]:
    """Return the state of each rule that is not plainly used, by its words."""
    found = unused(table(rows), rules)
    return dict(zip(found["text"], found["state"], strict=True))


def test_a_rule_is_used_if_some_flow_has_no_other() -> None:
    """Of two that fit one flow both are covered, unless one has a flow of its own; what nothing fits is unused."""
    wide, narrow, idle = rule(1, 65535, "10.0.0.0/8"), rule(443, 443, "10.9.0.0/16"), rule(22, 22, "10.0.0.0/8")
    one = [accept("10.9.0.7", APP, 443)]
    assert states(one, network(wide, narrow))[str(narrow)] == "covered"
    assert states(one, network(wide, narrow))[str(wide)] == "covered"
    both = [*one, accept("10.9.0.7", APP, 8080, sport=40002)]
    told = states(both, network(wide, narrow, idle))
    assert (told.get(str(wide)), told[str(narrow)], told[str(idle)]) == (None, "covered", "unused")


def test_an_answer_uses_the_rule_of_its_request_and_no_other() -> None:
    """Replies need no rule: the outbound one is unused though packets went out; without the request it is used too."""
    inward, outward = rule(443, 443, "10.9.0.0/16"), rule(1, 65535, "0.0.0.0/0", egress=True)
    answer = accept(APP, "10.9.0.7", 40001, sport=443)
    assert states([accept("10.9.0.7", APP, 443), answer], network(inward, outward)) == {str(outward): "unused"}
    assert states([answer], network(inward, outward))[str(outward)] == "unused"
    assert str(inward) not in states([answer], network(inward, outward))


def test_refused_flows_use_no_rule_of_a_group() -> None:
    """A refused flow that a rule would let in is no evidence that the rule is needed."""
    inward = rule(443, 443, "0.0.0.0/0")
    assert states([flow("10.9.0.7", APP, 443)], network(inward))[str(inward)] == "unused"


def test_no_evidence_is_not_evidence_of_no_use() -> None:
    """A group on no interface, and one whose interfaces have no records, are told apart from an unused one."""
    far = Interface("eni-2", "subnet-a", "vpc-1", (WEB,), groups=("sg-b",))
    other = rule(22, 22, "10.0.0.0/8", group="sg-b")
    rows = [accept("10.9.0.7", APP, 443)]
    assert states(rows, network(rule(443, 443, "0.0.0.0/0"), other))[str(other)] == "no interface"
    assert states(rows, network(rule(443, 443, "0.0.0.0/0"), other, interfaces=(far,)))[str(other)] == "no records"


def test_a_rule_for_nobody_knows_whom_may_be_in_use() -> None:
    """What an unknown prefix list may have let in is not told to be unused."""
    one, two = rule(443, 443, "pl-unknown"), rule(22, 22, "pl-unknown")
    told = states([accept("10.9.0.7", APP, 443)], network(one, two))
    assert (told[str(one)], told[str(two)]) == ("cannot tell", "unused")


def test_an_acl_s_rule_is_used_if_it_is_the_first_that_fits() -> None:
    """An allow by accepted packets, a deny by refused ones; covered where the next that fits does the same."""
    entries = (
        AclEntry(10, False, False, TCP, "198.51.100.0/24"),
        AclEntry(20, False, True, TCP, "10.9.0.0/16", 443, 443),
        AclEntry(30, False, True, TCP, "10.8.0.0/16", 443, 443),
        AclEntry(40, False, False, TCP, "203.0.113.0/24"),
        *ALLOW,
    )
    rows = [
        accept("10.9.0.7", APP, 443),
        accept(APP, "10.9.0.7", 40001, sport=443),
        flow("198.51.100.7", APP, 443, sport=1),
    ]
    told = states(rows, network(rule(1, 65535, "0.0.0.0/0"), entries=entries))
    assert {text: state for text, state in told.items() if "rule" in text} == {
        "inbound rule 20 allows tcp 443 from 10.9.0.0/16": "covered",
        "inbound rule 30 allows tcp 443 from 10.8.0.0/16": "unused",
        "inbound rule 40 denies tcp from 203.0.113.0/24": "unused",
        "inbound rule 100 allows all traffic from 0.0.0.0/0": "unused",
    }


def test_how_long_the_evidence_is_stands_in_each_row() -> None:
    """Records, interfaces, days and both ends; the sentence has them; the edit takes the rule away."""
    idle = rule(22, 22, "10.0.0.0/8")
    rows = [accept("10.9.0.7", APP, 443, at=at) for at in (0, 43200, 86400)]
    found = unused(table(rows), network(rule(443, 443, "0.0.0.0/0"), idle))
    row = found[found["text"] == str(idle)].iloc[0]
    assert row[["records", "interfaces", "days", "flows"]].tolist() == [3, 1, 1.0, 0]
    assert (row["last"] - row["first"]).total_seconds() == 86400
    assert row["because"] == (
        "It let nothing pass. The evidence is 3 records of 1 of 1 interface, 1 d long. What comes more rarely is not in it."
    )
    assert row["edit"] == RemoveRule(idle)
    assert isinstance(found["edit"].iloc[-1], RemoveEntry)


def test_records_without_a_time_make_the_evidence_no_longer() -> None:
    """The days are from the first known time to the last; where none is known, neither are the days."""
    rows = table([accept("10.9.0.7", APP, 443, at=at * 86400) for at in (0, 1, 5)])
    whole = network(rule(1, 65535, "10.0.0.0/8"), rule(22, 22, "0.0.0.0/0"))
    for lost, days, said in ((rows.index == 0, 4.0, "4 d long"), (rows.index >= 0, None, "with no times")):
        records = rows.assign(**{"@timestamp": rows["@timestamp"].mask(lost)})
        for found in (unused(records, whole), overwide(records, whole)):
            row = found.iloc[0]
            assert (None if row["first"] is pd.NaT else row["days"]) == days
            assert f"3 records of 1 of 1 interface, {said}" in row["because"]


def test_a_wide_rule_is_narrowed_to_what_used_it() -> None:
    """Single ports where few were seen, CIDRs that join the hosts; the edits change no seen flow's outcome."""
    wide = rule(1, 65535, "10.0.0.0/8")
    rows = [accept(f"10.9.0.{host}", APP, port, sport=40000 + host) for host in (4, 5, 6, 7) for port in (443, 8443)]
    rules = network(wide)
    found = overwide(table(rows), rules)
    assert found["proposed"].tolist() == ["inbound tcp 443 from 10.9.0.4/30; inbound tcp 8443 from 10.9.0.4/30"]
    assert found.loc[0, ["flows", "ports", "hosts", "left"]].tolist() == [8, 2, 4, 8.0]
    assert [type(one) for one in found.loc[0, "edits"]] == [AddRule, AddRule, RemoveRule]
    assert set(what_if(table(rows), rules, found.loc[0, "edits"])["outcome"]) == {"unchanged"}
    assert "what comes more rarely may not" in found.loc[0, "because"]


def test_sources_that_share_a_group_are_named_by_it() -> None:
    """A reference to the group that all carry, unless that would reach further than the rule does."""
    wide = rule(443, 443, "10.0.0.0/16")
    one = Interface("eni-2", "subnet-a", "vpc-1", (WEB,), groups=("sg-b",))
    rows = [accept(WEB, APP, 443)]
    assert overwide(table(rows), network(wide, interfaces=(one,)))["proposed"].tolist() == ["inbound tcp 443 from sg-b"]
    far = Interface("eni-3", "subnet-a", "vpc-1", ("192.168.0.9",), groups=("sg-b",))
    found = overwide(table(rows), network(wide, interfaces=(one, far)))
    assert found["proposed"].tolist() == [f"inbound tcp 443 from {WEB}/32"]


def test_a_group_of_another_vpc_is_not_named_for_its_addresses() -> None:
    """Two VPCs may have the same addresses: a reference is to the group of the interface in the rule's own VPC."""
    near = Interface("eni-2", "subnet-a", "vpc-1", (WEB,), groups=("sg-b",))
    other = Interface("eni-3", "subnet-z", "vpc-2", (WEB,), groups=("sg-z",))
    rows, wide = [accept(WEB, APP, 443)], rule(443, 443, "10.0.0.0/16")
    for interfaces, peer in (((near, other), "sg-b"), ((other,), f"{WEB}/32")):
        twice = network(wide, interfaces=interfaces)
        twice = replace(twice, groups=(*twice.groups, SecurityGroup("sg-z", "z", vpc="vpc-2")))
        assert overwide(table(rows), twice)["proposed"].tolist() == [f"inbound tcp 443 from {peer}"]


def test_a_cidr_with_host_bits_is_its_network() -> None:
    """As the service drops them, so a rule that was written with them is as wide as without."""
    found = overwide(table([accept("10.9.0.7", APP, 443)]), network(rule(443, 443, "10.9.3.3/16")))
    assert (found["proposed"].tolist(), found["open"].tolist()) == (["inbound tcp 443 from 10.9.0.7/32"], [65536])


def test_a_public_service_is_not_narrowed_to_yesterday_s_visitors() -> None:
    """Who came is no measure of who may come; only ports are, and a rule that is as small as its use is left out."""
    visits = [accept(f"198.51.100.{at}", APP, 443, sport=50000 + at) for at in range(1, 4)]
    assert overwide(table(visits), network(rule(443, 443, "0.0.0.0/0"))).empty
    found = overwide(table(visits), network(rule(1, 65535, "0.0.0.0/0")))
    assert found["proposed"].tolist() == ["inbound tcp 443 from 0.0.0.0/0"]
    inside = [accept("10.9.0.7", APP, 443)]
    assert overwide(table(inside), network(rule(443, 443, "0.0.0.0/0")))["proposed"].tolist() == [
        "inbound tcp 443 from 10.9.0.7/32"
    ]


def test_many_ports_are_a_range_only_where_it_is_evident() -> None:
    """Ports near each other become a range; far apart, the rule's own stay open."""
    wide = rule(1024, 65535, "10.9.0.7/32", protocol=UDP)
    near = [accept("10.9.0.7", APP, port, sport=1000, protocol=UDP) for port in range(30000, 30040, 2)]
    assert overwide(table(near), network(wide))["proposed"].tolist() == ["inbound udp 30000-30038 from 10.9.0.7/32"]
    apart = [accept("10.9.0.7", APP, port, sport=1000, protocol=UDP) for port in range(2000, 60000, 3000)]
    assert overwide(table(apart), network(wide)).empty


@pytest.mark.parametrize("seed", [11, 5])
def test_on_the_scenario_nothing_proposed_changes_what_was_seen(seed: int) -> None:
    """All unused rules can go, and all smaller rules come, and every record of the day fares as it did."""
    day = scenario(seed=seed)
    rules, records = Network.from_json(network_json(day.network)), day.records()
    late = records[day.starts >= day.changed.timestamp()]
    idle, wide = unused(late, rules), overwide(late, rules)
    assert (idle["state"] == "unused").sum() >= 3
    assert len(wide) >= 10
    for edits in (list(idle.loc[idle["state"] == "unused", "edit"]), [one for row in wide["edits"] for one in row]):
        assert set(what_if(late, rules, edits)["outcome"]) == {"unchanged"}


@pytest.mark.parametrize("seed", range(25))
def test_a_plain_evaluator_finds_the_same_rules_unused(seed: int) -> None:
    """On drawn rules and requests: for each rule, whether every request still passes without it."""
    rng = random.Random(seed)
    peers = ["10.9.0.0/16", "10.9.0.0/24", "10.9.0.7/32", "0.0.0.0/0", "sg-b"]
    rules = {}
    for _ in range(6):
        low = rng.choice([22, 80, 443, 1024])
        one = rule(low, rng.choice([low, 8080, 65535]) if low < 8080 else low, rng.choice(peers))
        rules[one.key] = one
    card = Interface("eni-2", "subnet-a", "vpc-1", (WEB,), groups=("sg-b",))
    whole = network(*rules.values(), interfaces=(card,))
    asked = [
        (rng.choice(["10.9.0.7", "10.9.3.7", WEB, "198.51.100.9"]), rng.choice([22, 80, 443, 8080])) for _ in range(12)
    ]
    rows = [accept(src, APP, port, sport=50000 + at, tcpFlags=2) for at, (src, port) in enumerate(asked)]
    packets = [row | {"direction": "ingress", "reply": False, "icmpType": None, "icmpCode": None} for row in rows]
    passing = [row for row, packet in zip(rows, packets, strict=True) if _passes(whole, packet)]
    if not passing:
        return
    told = states(passing, whole)
    for one in rules.values():
        left = whole.changed(RemoveRule(one))
        needed = any(not _passes(left, row | {"direction": "ingress", "reply": False}) for row in passing)
        assert (told.get(str(one)) is None) == needed, str(one)


def _passes(rules: Network, packet: dict[str, Any]) -> bool:
    names = ("interfaceId", "direction", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "reply")
    one = type("Packet", (), {name: packet.get(name) for name in names} | {"icmpType": None, "icmpCode": None})
    return bool(firewall.judge(rules, one).allowed)


def test_without_records_there_are_columns_and_no_claims() -> None:
    """An empty table gives no evidence; what is no table or lacks a column is refused; a watch stops the work."""
    found = unused(table([]), network(rule(443, 443, "0.0.0.0/0")))
    assert set(found["state"]) == {"no records"}
    assert list(found) == list(_UNUSED)
    assert overwide(table([]), network(rule(443, 443, "0.0.0.0/0"))).empty
    with pytest.raises(ArgumentError, match="records are a list"):
        unused([], network())  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="no protocol"):
        overwide(table([accept("10.9.0.7", APP, 443)]).drop(columns="protocol"), network())
    watch = Watch()
    watch.cancel()
    with pytest.raises(QueryCancelledError):
        unused(table([]), network(), watch=watch)
