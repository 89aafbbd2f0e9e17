"""Changes tried on packets, only what they touch judged anew: held against the engine under the changed network."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import pytest

from rejectkit.errors import ArgumentError, QueryCancelledError
from rejectkit.network import AddEntry, AddRule, Network, RemoveEntry, ReplaceEntry, suggest
from rejectkit.network.advising.facts import Facts
from rejectkit.network.advising.flows import Line
from rejectkit.network.advising.trial import Probe, Trial, probes
from rejectkit.network.blaming.blame import blame
from rejectkit.network.edits import Change, RemoveRule
from rejectkit.network.judging.engine import judge
from rejectkit.network.model import ALL, ICMP, ICMP6, TCP, UDP, AclEntry, GroupRule
from rejectkit.network.packets import Packets
from rejectkit.sources.base import Watch
from tests.drawn_networks import drawn_network
from tests.drawn_packets import open_wide, worn
from tests.making_flows import flow, table

SEEDS = range(30)
PORTS = (22, 53, 443, 5432, 8125)


def lines(rng: random.Random, network: Network) -> Iterator[Line]:
    """Yield lines at interfaces, of any direction and protocol."""
    known = [text for one in network.interfaces for text in one.addresses]
    for _ in range(12):
        card = rng.choice(network.interfaces)
        own = rng.choice(card.addresses)
        six = ":" in own
        peer = rng.choice([*(text for text in known if (":" in text) == six), "2001:db8:9::9" if six else "10.9.9.9"])
        protocol = rng.choice([TCP, TCP, UDP, ICMP6 if six else ICMP, 50])
        ported = protocol in (TCP, UDP)
        port, clients = (rng.choice(PORTS), (rng.choice([600, 1024]), 52000)) if ported else (-1, (-1, -1))
        yield Line(card, "sg-in", "", rng.random() < 0.5, rng.random() < 0.3, own, peer, protocol, port, clients,
                   1, 1, 0, 0, True)  # fmt: skip


def changes(rng: random.Random, network: Network, some: list[Line]) -> Iterator[Change]:
    """Yield changes, near what the lines are, that can be made together."""
    there = {rule.key for group in network.groups for rule in group.rules}
    for one in rng.sample(some, 5):
        low, high = (one.port, one.port + rng.randrange(3)) if one.port >= 0 else (ALL, ALL)
        wide = "::/0" if ":" in one.peer else "0.0.0.0/0"
        cidr = rng.choice([f"{one.peer}/{128 if ':' in one.peer else 32}", wide])
        ends = [cidr, *(group.id for group in network.groups), *(each.id for each in network.prefix_lists)]
        for group in one.interface.groups:
            rule = GroupRule(group, one.egress, one.protocol, low, high, rng.choice(ends))
            if group in network.group_of and rule.key not in there:
                there.add(rule.key)
                yield AddRule(rule)
    for acl in network.acls:
        one, egress = rng.choice(some), rng.random() < 0.5
        taken = {entry.number for entry in acl.entries if entry.egress == egress}
        number = rng.choice([n for n in range(1, 400) if n not in taken])
        entry = AclEntry(number, egress, rng.random() < 0.6, rng.choice([one.protocol, ALL]), cidr_of(rng, one))
        yield AddEntry(acl.id, entry)
        for each in rng.sample(acl.entries, min(2, len(acl.entries))):
            other = replace(each, allow=not each.allow)
            yield RemoveEntry(acl.id, each) if rng.random() < 0.5 else ReplaceEntry(acl.id, each, other)


def cidr_of(rng: random.Random, one: Line) -> str:
    """Return a CIDR that a line's other end is in."""
    single, everything = ("/128", "::/0") if ":" in one.peer else ("/32", "0.0.0.0/0")
    return rng.choice([one.peer + single, everything])


def judged(network: Network, some: list[Line], drawn: list[Probe]) -> list[tuple[object, ...]]:
    """Return what the engine says of probes under a network, all of whose packets are told apart from the probes."""
    rows = []
    for probe in drawn:
        one = some[probe.line]
        ends = (one.own, one.peer) if probe.egress else (one.peer, one.own)
        kind = probe.service >> 8 & 255 if one.protocol in (ICMP, ICMP6) else None
        rows.append(
            {"interfaceId": one.interface.id, "direction": "egress" if probe.egress else "ingress",
             "srcAddr": ends[0], "dstAddr": ends[1], "srcPort": None,
             "dstPort": probe.service & 65535 if one.protocol in (TCP, UDP) else None,
             "protocol": one.protocol, "icmpType": kind, "icmpCode": None if kind is None else 0,
             "reply": probe.answer}
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    found = judge(network, Packets.of(network, frame))
    entries = [found.acl_entries[at] if at >= 0 else ("", None) for at in found.acl_entry.tolist()]
    return list(zip(found.allowed.tolist(), found.group.tolist(), found.acl.tolist(), entries, strict=True))


def drawn(rng: random.Random) -> Network:
    """Return a network with some interfaces and groups that it does not have whole, at times."""
    found = drawn_network(rng, groups=rng.randrange(1, 7), acls=rng.randrange(1, 4), interfaces=rng.randrange(2, 12))
    found = open_wide(rng, found) if rng.random() < 0.3 else found
    return worn(rng, found) if rng.random() < 0.4 else found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_trial_says_what_the_engine_says_of_the_changed_network(seed: int) -> None:
    """Of each packet, before and after changes: allowed, groups, ACL, and the entry that decides."""
    rng = random.Random(seed)
    network = drawn(rng)
    some = list(lines(rng, network))
    facts = Facts(network)
    (mine,) = probes(facts, [some])
    edits = list(changes(rng, network, some))
    for made in ([], edits):
        trial, after = Trial(facts, made), network.changed(*made)
        ours = [trial.of(probe) for probe in mine]
        assert [(one.allowed, one.group, one.acl, (one.guard, one.entry)) for one in ours] == judged(after, some, mine)


def test_the_drawn_changes_turn_many_answers() -> None:
    """Else the comparison would show nothing: each of groups and ACLs is turned, both ways for ACLs."""
    turned = set()
    for seed in SEEDS:
        rng = random.Random(seed)
        network = drawn(rng)
        some = list(lines(rng, network))
        facts = Facts(network)
        (mine,) = probes(facts, [some])
        trial = Trial(facts, changes(rng, network, some))
        for probe in mine:
            after = trial.of(probe)
            turned |= {("group", probe.now.group, after.group), ("acl", probe.now.acl, after.acl)}
    assert {("group", 0, 1), ("group", -1, 1), ("acl", 0, 1), ("acl", 1, 0)} <= turned


def test_what_cannot_be_tried_is_said() -> None:
    """A rule that is there already is refused as `Network.changed` refuses it; one taken away is not tried."""
    network = next(one for one in (drawn(random.Random(seed)) for seed in SEEDS) if any(g.rules for g in one.groups))
    there = next(rule for group in network.groups for rule in group.rules)
    with pytest.raises(ArgumentError, match="has that rule already"):
        Trial(Facts(network), [AddRule(there)])
    with pytest.raises(TypeError, match="takes a rule away"):
        Trial(Facts(network), [RemoveRule(there)])


def many() -> tuple[pd.DataFrame, Network]:
    """Return records of 240 refusals inside at ports of their own, and the network."""
    rng = random.Random(1)
    network = replace(drawn_network(rng, groups=4, acls=2, interfaces=8), at=None)
    cards = [one for one in network.interfaces if ":" not in one.addresses[0]]
    rows = [
        flow(
            f"10.0.0.{5 + at % 90}",
            rng.choice(cards).addresses[0],
            20000 + 37 * at,
            eni=rng.choice(cards).id,
            at=30 * at,
        )
        for at in range(240)
    ]
    return table(rows), network


def test_the_work_tells_how_far_it_is_mistake_by_mistake_and_stops_between_two() -> None:
    """Shares never fall, several lie between 0.7 and 1; a wish to stop in the middle of the mends is followed."""
    records, network = many()
    shares: list[float] = []
    found = suggest(records, network, watch=Watch(lambda share, _: shares.append(share)))
    assert len(found) > 40
    assert shares == sorted(shares)
    assert len([one for one in shares if 0.7 < one < 1]) >= 2
    stopped = Watch(lambda share, _: stopped.cancel() if share > 0.7 else None)
    with pytest.raises(QueryCancelledError):
        suggest(records, network, blamed=blame(records, network), watch=stopped)
