"""What a change would make of each record, in situations built so that the answer is known: one test a rule."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd
import pytest

from rejectkit.errors import ArgumentError, QueryCancelledError
from rejectkit.network import (
    AclEntry,
    AddEntry,
    AddRule,
    Change,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    RemoveEntry,
    RemoveRule,
    SecurityGroup,
    Subnet,
    Vpc,
    surprises,
    what_if,
)
from rejectkit.network.model import ALL, ICMP, TCP, UDP
from rejectkit.network.packets import Packet
from rejectkit.network.replaying.change import Changed
from rejectkit.sources.base import Watch
from tests.drawn_networks import drawn_entry, drawn_network, drawn_rule
from tests.drawn_packets import drawn_packet, open_wide, worn
from tests.making_flows import accept, flow, table
from tests.reference import firewall

RST, SYN, SYN_ACK = 4, 2, 18
CLIENT, APP, DB = "10.9.0.7", "10.0.1.5", "10.0.2.9"
IN_443 = GroupRule("sg-app", False, TCP, 443, 443, "0.0.0.0/0", "sgr-443")
PING = GroupRule("sg-app", False, ICMP, 8, ALL, "10.0.0.0/8")
OUT = GroupRule("sg-app", True, TCP, 443, 443, "0.0.0.0/0")
IN_22 = GroupRule("sg-app", False, TCP, 22, 22, "10.9.0.0/16")
DENY_22 = AclEntry(90, False, False, TCP, "10.9.0.0/16", 22, 22)
SHUT = AclEntry(80, True, False, TCP, "10.9.0.0/16", 1024, 65535)
EVERY = tuple(AclEntry(100, way, True, ALL, "0.0.0.0/0") for way in (False, True))

NETWORK = Network(
    vpcs=(Vpc("vpc-1", ("10.0.0.0/16",)),),
    subnets=(Subnet("subnet-a", "vpc-1", ("10.0.1.0/24",)), Subnet("subnet-d", "vpc-1", ("10.0.2.0/24",))),
    groups=(
        SecurityGroup("sg-app", "app", rules=(IN_443, PING, OUT)),
        SecurityGroup("sg-db", "db", rules=(GroupRule("sg-db", False, TCP, 5432, 5432, "sg-app"),)),
        SecurityGroup("sg-far", "far", rules=(GroupRule("sg-far", False, TCP, 22, 22, "pl-unknown"),)),
    ),
    acls=(
        NetworkAcl("acl-a", "a", entries=EVERY, subnets=("subnet-a",)),
        NetworkAcl("acl-d", "d", entries=EVERY, subnets=("subnet-d",)),
    ),
    interfaces=(
        Interface("eni-1", "subnet-a", "vpc-1", (APP,), groups=("sg-app",)),
        Interface("eni-2", "subnet-d", "vpc-1", (DB,), groups=("sg-db",)),
        Interface("eni-3", "subnet-d", "vpc-1", ("10.0.2.10",), groups=("sg-far",)),
    ),
)
DENYING = NETWORK.changed(AddEntry("acl-a", DENY_22))


def outcome(rows: Iterable[dict[str, Any]], changed: Changed, network: Network = NETWORK) -> pd.Series:
    """Return what becomes of the last of some records."""
    return what_if(table(rows), network, changed).iloc[-1]


SSH = flow(CLIENT, APP, 22, tcpFlags=SYN)


def test_what_a_new_rule_lets_in_is_newly_accepted_by_that_rule() -> None:
    """A refused flow that both layers let pass afterwards is newly accepted; the rule is named, the index kept."""
    frame = table([SSH, accept(CLIENT, APP, 443)])
    frame.index = pd.Index([7, 3])
    found = what_if(frame, NETWORK, AddRule(IN_22))
    assert found["outcome"].to_dict() == {7: "newly accepted", 3: "unchanged"}
    assert found.loc[7, ["resource", "rule"]].tolist() == ["sg-app", "inbound tcp 22 from 10.9.0.0/16"]
    assert pd.isna(found.loc[7, "layer"])
    assert found.loc[7, ["direction", "clientAddr", "port"]].tolist() == ["ingress", CLIENT, 22]
    assert found.loc[3].drop(["outcome", "because"]).isna().all()


def test_a_flow_that_two_layers_refuse_needs_both_mended() -> None:
    """With one of two refusing layers mended it stays refused, and the sentence says by whom."""
    one = outcome([SSH], AddRule(IN_22), DENYING)
    assert one["outcome"] == "unchanged"
    assert one[["layer", "resource", "rule"]].tolist() == ["nacl-in", "acl-a", "90"]
    assert one["because"].startswith("Both layers refuse it today. The change mends one of them; the other one still")
    other = outcome([SSH], RemoveEntry("acl-a", DENY_22), DENYING)
    assert other[["outcome", "layer", "rule"]].tolist() == ["unchanged", "sg-in", "absent"]
    both = outcome([SSH], [AddRule(IN_22), RemoveEntry("acl-a", DENY_22)], DENYING)
    assert both["outcome"] == "newly accepted"


def test_what_is_let_in_but_cannot_be_answered_is_said() -> None:
    """A network ACL is stateless: where it would refuse the answer, the newly accepted flow's sentence says so."""
    found = outcome([SSH], AddRule(IN_22), NETWORK.changed(AddEntry("acl-a", SHUT)))
    assert found["outcome"] == "newly accepted"
    assert "its answer would be refused" in found["because"]
    assert "network ACL acl-a (a) refuses it: outbound rule 80 denies tcp 1024-65535" in found["because"]


@pytest.mark.parametrize("flags", [{"tcpFlags": SYN_ACK}, {}])
def test_the_answer_to_a_request_that_would_be_refused_is_newly_rejected(flags: dict[str, Any]) -> None:
    """It would never be sent, with and without flags in the records; a third one's answer is left alone."""
    asked = accept(CLIENT, APP, 443, tcpFlags=SYN) if flags else accept(CLIENT, APP, 443)
    rows = [asked, accept(APP, CLIENT, 40001, sport=443, **flags)]
    found = what_if(table(rows), NETWORK, RemoveRule(IN_443))
    assert found["outcome"].tolist() == ["newly rejected"] * 2
    assert found["layer"].tolist() == ["sg-in"] * 2
    assert found["because"].iloc[1].startswith("It answers a request that would be refused, so it would never be sent.")
    assert found["clientAddr"].tolist() == [CLIENT] * 2
    assert found["port"].tolist() == [443] * 2
    assert "go on while they are tracked" in " ".join(found.attrs["told"])


def test_a_network_acl_refuses_answers_by_themselves() -> None:
    """An outbound deny of clients' ports refuses the answers, and leaves the requests accepted."""
    rows = [accept(CLIENT, APP, 443, tcpFlags=SYN), accept(APP, CLIENT, 40001, sport=443, tcpFlags=SYN_ACK)]
    found = what_if(table(rows), NETWORK, AddEntry("acl-a", SHUT))
    assert found["outcome"].tolist() == ["unchanged", "newly rejected"]
    assert found["layer"].iloc[1] == "nacl-reply"


def test_a_mended_reply_is_newly_accepted() -> None:
    """A reply that a network ACL refused passes once the ACL lets it: groups are not asked about replies."""
    rows = [accept(CLIENT, APP, 443, tcpFlags=SYN), flow(APP, CLIENT, 40001, sport=443, tcpFlags=SYN_ACK)]
    shut = NETWORK.changed(AddEntry("acl-a", SHUT))
    assert outcome(rows, RemoveEntry("acl-a", SHUT), shut)["outcome"] == "newly accepted"
    never = outcome(rows, [RemoveEntry("acl-a", SHUT), RemoveRule(IN_443)], shut)
    assert never["outcome"] == "unchanged"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([accept(CLIENT, APP, 22), flow(CLIENT, APP, 22, at=60, tcpFlags=RST)], "after its connection had closed"),
        ([{**SSH, "rejectReason": "BPA"}], "Block Public Access"),
        ([{**SSH, "rejectReason": "EC"}], "encryption control"),
    ],
)
def test_what_no_rule_refused_no_rule_lets_in(rows: list[dict[str, Any]], words: str) -> None:
    """Late packets and those that Block Public Access or encryption control refused stay as they are."""
    found = outcome(rows, AddRule(IN_22))
    assert found["outcome"] == "unchanged"
    assert words in found["because"]


def test_what_the_rules_do_not_explain_is_unchanged_or_not_told() -> None:
    """A refusal of what they let pass stays; an acceptance of what they refuse cannot be told once more refuses it."""
    strange = flow(CLIENT, APP, 443, tcpFlags=SYN)
    assert outcome([strange], RemoveRule(IN_443))["outcome"] == "unchanged"
    passed = accept(CLIENT, APP, 22, tcpFlags=SYN)
    assert outcome([passed], AddRule(IN_22))["outcome"] == "unchanged"
    found = outcome([passed], AddEntry("acl-a", DENY_22))
    assert found[["outcome", "layer"]].tolist() == ["cannot tell", "cannot-tell"]


def test_a_whole_snapshot_may_have_other_groups_and_fewer_interfaces() -> None:
    """Another group on the interface lets the flow in; what becomes of an interface that is gone is not known."""
    first = NETWORK.interfaces[0]
    ssh = SecurityGroup("sg-ssh", rules=(replace(IN_22, group="sg-ssh"),))
    wider = replace(
        NETWORK,
        groups=(*NETWORK.groups, ssh),
        interfaces=(replace(first, groups=("sg-app", "sg-ssh")), *NETWORK.interfaces[1:]),
    )
    assert outcome([SSH], wider)["outcome"] == "newly accepted"
    found = outcome([SSH], replace(NETWORK, interfaces=NETWORK.interfaces[1:]))
    assert found[["outcome", "because"]].tolist() == [
        "cannot tell",
        "Its network interface is not in the changed network.",
    ]
    other_acl = replace(NETWORK, acls=(replace(NETWORK.acls[0], entries=()), NETWORK.acls[1]))
    assert outcome([accept(CLIENT, APP, 443, tcpFlags=SYN)], other_acl)["outcome"] == "newly rejected"
    members = replace(NETWORK, interfaces=(replace(first, groups=()), *NETWORK.interfaces[1:]))
    asked = accept(APP, DB, 5432, eni="eni-2", tcpFlags=SYN)
    assert outcome([asked], members)["outcome"] == "newly rejected", "it is no member of sg-app any more"


def test_an_interface_that_nobody_knows_cannot_be_told_unless_nothing_changes() -> None:
    """A record of an interface in neither network is unchanged only by a change of nothing."""
    foreign = flow(CLIENT, APP, 22, eni="eni-far")
    assert outcome([foreign], AddRule(IN_22))["outcome"] == "cannot tell"
    assert outcome([foreign], [])["outcome"] == "unchanged"


def test_an_interface_that_only_the_changed_network_has_is_judged_by_it() -> None:
    """What was refused there before the snapshot is newly accepted if the later one lets it in."""
    later = NETWORK.changed(AddRule(IN_22))
    earlier = replace(NETWORK, interfaces=NETWORK.interfaces[1:])
    assert outcome([SSH], later, earlier)["outcome"] == "newly accepted"
    assert outcome([flow(CLIENT, APP, 23, tcpFlags=SYN)], later, earlier)["outcome"] == "unchanged"


def test_a_flow_of_unknown_direction_is_told_only_if_the_change_leaves_it_alone_either_way() -> None:
    """Where neither end is the interface's own, any rule that fits one of the two ways makes it uncertain."""
    rows = [accept(f"52.1.1.{at}", f"53.1.1.{at}", 22, tcpFlags=SYN) for at in (1, 2)]
    fitting = [replace(IN_22, peer="52.1.0.0/16"), replace(IN_22, peer="53.1.0.0/16", egress=True)]
    for rule in fitting:
        assert outcome(rows, AddRule(rule))["outcome"] == "cannot tell"
    assert outcome(rows, AddRule(replace(IN_22, peer="54.1.0.0/16")))["outcome"] == "unchanged"


def test_what_does_not_hang_on_the_change_is_unchanged_though_nobody_can_tell_it() -> None:
    """What passes a rule for an unknown prefix list is open before and after; only a change of that rule bears on it."""
    asked = flow(CLIENT, "10.0.2.10", 22, eni="eni-3", tcpFlags=SYN)
    assert outcome([asked], AddRule(IN_22))["outcome"] == "unchanged"
    assert outcome([asked], AddRule(GroupRule("sg-far", False, TCP, 80, 80, CLIENT + "/32")))["outcome"] == "unchanged"
    assert (
        outcome([asked], AddRule(GroupRule("sg-far", False, TCP, 22, 22, CLIENT + "/32")))["outcome"]
        == "newly accepted"
    )
    assert outcome([asked], AddRule(GroupRule("sg-far", False, TCP, 22, 23, "pl-other")))["outcome"] == "cannot tell"


def test_icmp_is_taken_as_a_ping_and_that_is_said() -> None:
    """Without the rule for echo requests a ping and its answer go; which of the two asked, the first packet tells."""
    rows = [
        accept(CLIENT, APP, 0, sport=0, protocol=ICMP),
        accept(APP, CLIENT, 0, sport=0, protocol=ICMP, at=1),
    ]
    found = what_if(table(rows), NETWORK, RemoveRule(PING))
    assert found["outcome"].tolist() == ["newly rejected"] * 2
    assert found["because"].str.endswith("this is so for a ping.").all()


def test_of_two_pings_the_first_asks_else_the_one_that_the_other_end_would_let_in() -> None:
    """Where both ways would pass, the first packet tells; where they are alike, the rules at the other end's interface."""
    out = replace(PING, egress=True)
    forth, back = (accept(one, other, 0, sport=0, protocol=ICMP) for one, other in ((DB, APP), (APP, DB)))
    both_ways = NETWORK.changed(AddRule(out))
    assert set(what_if(table([forth, back]), both_ways, RemoveRule(PING))["outcome"]) == {"cannot tell"}
    later = [forth, {**back, "start": back["start"] + 1}]
    assert what_if(table(later), both_ways, RemoveRule(PING))["outcome"].tolist() == ["newly rejected"] * 2
    asking = both_ways.changed(AddRule(replace(out, group="sg-db")))
    assert what_if(table([forth, back]), asking, RemoveRule(PING))["outcome"].tolist() == ["newly rejected"] * 2
    assert what_if(table([forth, back]), asking, RemoveRule(out))["outcome"].tolist() == ["unchanged"] * 2


def test_the_other_end_is_an_interface_of_the_same_vpc() -> None:
    """Where two VPCs have the same addresses, the rules at the end in the flow's own VPC tell who asked."""
    any_port = GroupRule("sg-app", False, UDP, 6000, 7000, "10.0.0.0/16")
    both = NETWORK.changed(
        AddRule(any_port),
        AddRule(replace(any_port, egress=True)),
        AddRule(GroupRule("sg-db", False, UDP, 6501, 6501, "10.0.0.0/16")),
        AddRule(GroupRule("sg-far", True, UDP, 6502, 6502, "10.0.0.0/16")),
    )
    twin = Interface("eni-9", "subnet-z", "vpc-2", (DB,), groups=("sg-far",))
    rows = [accept(APP, DB, 6501, sport=6502, protocol=UDP), accept(DB, APP, 6502, sport=6501, protocol=UDP)]
    for network in (both, replace(both, interfaces=(*both.interfaces, twin))):
        assert set(what_if(table(rows), network, RemoveRule(any_port))["outcome"]) == {"unchanged"}
        found = what_if(table(rows), network, RemoveRule(replace(any_port, egress=True)))
        assert (set(found["outcome"]), set(found["port"])) == ({"newly rejected"}, {6501})


def test_what_nothing_answers_is_no_answer_whatever_its_ports() -> None:
    """A flow that the records have one way only, where they have others both ways, began by itself."""
    rows = [accept(CLIENT, APP, 443), accept(APP, CLIENT, 40001, sport=443)]
    knock = accept("198.51.100.7", APP, 39150, sport=8169, at=900)
    stranger = replace(IN_22, from_port=1, to_port=65535, peer="198.51.100.0/24")
    wide = NETWORK.changed(AddRule(stranger), AddRule(replace(stranger, egress=True)))
    deny = AddEntry("acl-a", AclEntry(70, True, False, TCP, "198.51.100.0/24"))
    assert outcome([*rows, knock], deny, wide)["outcome"] == "unchanged"
    early = {**knock, "start": knock["start"] - 301}  # what it answers may have been before the records
    assert outcome([*rows, early], deny, wide)["outcome"] == "newly rejected"


def test_which_end_asks_is_told_by_how_many_talk_to_it() -> None:
    """Of two plain ports the one that many talk to is the service's; the answer goes with the request."""
    rule = GroupRule("sg-app", False, UDP, 6000, 7000, "10.9.0.0/16")
    rows = [accept(CLIENT, APP, 6001, sport=6500 + at, protocol=UDP) for at in range(4)]
    rows += [accept(APP, CLIENT, 6500 + at, sport=6001, protocol=UDP) for at in range(4)]
    open_both = NETWORK.changed(AddRule(rule), AddRule(replace(rule, egress=True)))
    found = what_if(table(rows), open_both, RemoveRule(rule))
    assert found["outcome"].tolist() == ["newly rejected"] * 8
    assert found["port"].tolist() == [6001] * 8


def test_records_of_no_flow_are_unchanged_and_those_without_addresses_not_told() -> None:
    """A NODATA line has no action; a record without addresses may be anything, unless nothing changes."""
    rows = [flow(None, None, None, action=None, sport=None, protocol=None, packets=None), flow(None, None, 22)]
    assert what_if(table(rows), NETWORK, AddRule(IN_22))["outcome"].tolist() == ["unchanged", "cannot tell"]
    assert what_if(table(rows), NETWORK, [])["outcome"].tolist() == ["unchanged", "unchanged"]
    assert what_if(table([]), NETWORK, AddRule(IN_22)).empty


@dataclass(frozen=True)
class Advice:
    """Something that carries edits, as advice does."""

    edits: tuple[Change, ...]


def test_a_change_may_be_told_in_many_ways() -> None:
    """One edit, several, advice, several pieces of it with an edit in common, or a network: all come to the same."""
    edit, other = AddRule(IN_22), AddRule(replace(IN_22, from_port=23, to_port=23))
    forms: list[Changed] = [
        edit,
        [edit],
        (edit, other),
        Advice((edit,)),
        [Advice((edit,)), Advice((other, AddRule(replace(IN_22, description="again"))))],
        NETWORK.changed(edit),
    ]
    assert [outcome([SSH], form)["outcome"] for form in forms] == ["newly accepted"] * len(forms)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ("sg-app", "'sg-app' is no change; give edits like AddRule"),
        ([NETWORK], "a whole Network is among the changes; give it alone"),
        (RemoveRule(IN_22), "security group sg-app has no such rule"),
        (None, "None is no change"),
    ],
)
def test_what_is_no_change_is_refused(changed: Any, words: str) -> None:
    """A text, a network among edits, and a change that cannot be made raise, and say what to give."""
    with pytest.raises(ArgumentError, match=words):
        what_if(table([SSH]), NETWORK, changed)


def test_missing_columns_and_other_kinds_are_refused() -> None:
    """The sentence names the field that the flow log lacks, or the kind that was given."""
    with pytest.raises(ArgumentError, match=r"no action, .* add \$\{action\} to the flow log's format"):
        what_if(table([SSH]).drop(columns="action"), NETWORK, [])
    with pytest.raises(ArgumentError, match="records are a list"):
        what_if([SSH], NETWORK, [])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="the network is a dict"):
        what_if(table([SSH]), {}, [])  # type: ignore[arg-type]


def test_the_work_can_be_watched_and_stopped() -> None:
    """Progress goes up to 1; a cancelled watch stops it."""
    seen: list[float] = []
    what_if(table([SSH]), NETWORK, AddRule(IN_22), watch=Watch(lambda part, _: seen.append(part)))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    watch = Watch()
    watch.cancel()
    with pytest.raises(QueryCancelledError):
        what_if(table([SSH]), NETWORK, AddRule(IN_22), watch=watch)


def test_the_worst_surprises_come_first() -> None:
    """What is inside and newly rejected, then scanners that get in; the sentence has the figures."""
    scans = [flow(f"198.51.100.{at}", APP, 22, tcpFlags=SYN, at=at) for at in range(1, 9)]
    inside = [accept(CLIENT, APP, 443, tcpFlags=SYN, sport=40000 + at) for at in range(3)]
    frame = table([*scans, *inside, accept("203.0.113.9", APP, 443, tcpFlags=SYN, at=900)])
    edits = [
        AddRule(replace(IN_22, peer="0.0.0.0/0")),
        AddEntry("acl-a", AclEntry(70, False, False, TCP, "10.0.0.0/8")),
    ]
    found = surprises(what_if(frame, NETWORK, edits), frame)
    assert found[["outcome", "kind", "flows", "hosts", "ports"]].to_numpy().tolist() == [
        ["newly rejected", "inside", 3, 1, 1],
        ["newly accepted", "scanner", 8, 8, 1],
        ["unchanged", "outside", 1, 1, 1],
    ]
    assert found.attrs["summary"] == (
        "Newly rejected: 3 flows of 1 inside host to 443 (HTTPS). Newly accepted: 8 flows of 8 scanners to 22 (SSH)."
    )
    nothing = surprises(what_if(frame, NETWORK, []), frame)
    assert nothing.attrs["summary"] == "Nothing changes: 12 flows fare as they did."
    with pytest.raises(ArgumentError, match=r"the outcomes \(1 row\) are not what_if's answer for the records \(12"):
        surprises(what_if(frame.iloc[:1], NETWORK, []), frame)


def drawn_change(rng: random.Random, network: Network) -> Changed:
    """Return some edits, or a network with other groups on its interfaces, another guard, fewer interfaces."""
    if rng.random() < 0.25:
        names = [one.id for one in network.groups]
        cards = [
            replace(one, groups=tuple(sorted(rng.sample(names, min(len(names), 2))))) if rng.random() < 0.3 else one
            for one in network.interfaces
            if rng.random() < 0.9
        ]
        return replace(network, interfaces=tuple(cards), acls=network.acls[rng.random() < 0.2 :])
    edits: list[Change] = []
    after = network
    for _ in range(rng.randint(1, 4)):
        edit: Change
        rules = [rule for group in after.groups for rule in group.rules]
        entries = [(acl.id, entry) for acl in after.acls for entry in acl.entries]
        kind = rng.randrange(4)
        if kind == 0 and rules:
            edit = RemoveRule(rng.choice(rules))
        elif kind == 1 and entries:
            edit = RemoveEntry(*rng.choice(entries))
        elif kind == 2 and after.acls:
            edit = AddEntry(rng.choice(after.acls).id, drawn_entry(rng, rng.randint(2, 32000), rng.random() < 0.5))
        elif after.groups:
            edit = AddRule(drawn_rule(rng, rng.choice(after.groups).id))
        else:
            continue
        try:
            after = edit.applied(after)
        except ArgumentError:
            continue
        edits.append(edit)
    return edits


@pytest.mark.parametrize("seed", range(60))
def test_a_plain_evaluator_agrees_on_first_packets(seed: int) -> None:
    """On drawn networks, changes and first packets of TCP, what two plain judgements of each make of it."""
    rng = random.Random(seed)
    network = worn(rng, open_wide(rng, drawn_network(rng)))
    if not network.interfaces:
        return
    changed = drawn_change(rng, network)
    after = changed if isinstance(changed, Network) else network.changed(*changed)  # type: ignore[misc, arg-type]
    drawn = [replace(drawn_packet(rng, network), protocol=TCP, icmpType=None, icmpCode=None) for _ in range(80)]
    packets = [
        replace(one, srcPort=40000 + at, dstPort=one.dstPort or 443, reply=False) for at, one in enumerate(drawn)
    ]
    before = [firewall.judge(network, one).allowed for one in packets]
    known = [(packet, was) for packet, was in zip(packets, before, strict=True) if was is not None]
    if not known:
        return
    frame = table(_record(packet, was, at) for at, (packet, was) in enumerate(known))
    expected = [_expected(network, after, packet, was) for packet, was in known]
    found = what_if(frame, network, changed)["outcome"].tolist()
    wrong = [(packet, want, got) for (packet, _), want, got in zip(known, expected, found, strict=True) if want != got]
    assert not wrong, wrong[0]


def _record(packet: Packet, accepted: bool, at: int) -> dict[str, Any]:
    told = asdict(packet)
    rest = {"action": "ACCEPT" if accepted else "REJECT", "tcpFlags": SYN, "flowDirection": packet.direction}
    return {**flow(packet.srcAddr, packet.dstAddr, packet.dstPort, at=at), "interfaceId": packet.interfaceId} | {
        "srcPort": told["srcPort"],
        **rest,
    }


def _expected(network: Network, after: Network, packet: Packet, was: bool) -> str:
    now = firewall.judge(after, packet).allowed
    if now is None:
        return "cannot tell"
    return "unchanged" if now == was else "newly accepted" if now else "newly rejected"
