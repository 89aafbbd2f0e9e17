"""Who refused a record, in situations built so that the answer is known: one test a rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from rejectkit.errors import ArgumentError, QueryCancelledError
from rejectkit.network import (
    AclEntry,
    AddEntry,
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
    blame,
)
from rejectkit.network.blaming.blame import LAYERS
from rejectkit.network.model import ALL, ICMP, ICMP6, TCP, UDP, PrefixList
from rejectkit.sources.base import Watch
from tests.making_flows import START, accept, flow, lines, table

FIN, SYN, RST, SYN_ACK = 1, 2, 4, 18
CLIENT, STRANGER = "10.9.0.7", "198.51.100.7"
APP, SECOND, APP6, DB = "10.0.1.5", "10.0.1.6", "2001:db8:1:a01::5", "10.0.2.9"

IN_443 = GroupRule("sg-app", False, TCP, 443, 443, "0.0.0.0/0")
PING = GroupRule("sg-app", False, ICMP, 8, ALL, "10.0.0.0/8")
ALLOW_IN = AclEntry(100, False, True, ALL, "0.0.0.0/0")
ALLOW_OUT = AclEntry(100, True, True, ALL, "0.0.0.0/0")


def acl(name: str, *subnets: str) -> NetworkAcl:
    """Return a network ACL that lets all of IPv4 and IPv6 pass."""
    six = tuple(AclEntry(101, way, True, ALL, "::/0") for way in (False, True))
    return NetworkAcl(name, name.removeprefix("acl-"), entries=(ALLOW_IN, ALLOW_OUT, *six), subnets=subnets)


NETWORK = Network(
    vpcs=(Vpc("vpc-1", ("10.0.0.0/16", "2001:db8:1:a00::/56")),),
    subnets=(
        Subnet("subnet-a", "vpc-1", ("10.0.1.0/24", "2001:db8:1:a01::/64")),
        Subnet("subnet-d", "vpc-1", ("10.0.2.0/24",)),
    ),
    groups=(
        SecurityGroup(
            "sg-app",
            "app",
            rules=(
                IN_443,
                GroupRule("sg-app", False, TCP, 443, 443, "::/0"),
                PING,
                GroupRule("sg-app", True, ALL, ALL, ALL, "0.0.0.0/0"),
            ),
        ),
        SecurityGroup(
            "sg-db",
            "db",
            rules=(
                GroupRule("sg-db", False, TCP, 5432, 5432, "sg-app"),
                GroupRule("sg-db", True, TCP, 443, 443, "0.0.0.0/0"),
            ),
        ),
        SecurityGroup("sg-more", "more", rules=(GroupRule("sg-more", False, TCP, 22, 22, "10.9.0.0/16"),)),
    ),
    acls=(acl("acl-a", "subnet-a"), acl("acl-d", "subnet-d")),
    interfaces=(
        Interface("eni-a", "subnet-a", "vpc-1", (APP, SECOND, APP6), ("203.0.113.5",), ("sg-app",), name="web"),
        Interface("eni-d", "subnet-d", "vpc-1", (DB,), groups=("sg-db",)),
        Interface("eni-n", "subnet-a", "vpc-1", ("10.0.1.20",), kind="nat_gateway"),
        Interface("eni-b", "subnet-a", "vpc-1", ("10.0.1.30",), groups=("sg-more", "sg-app")),
    ),
)
_PARTS = ("vpcs", "subnets", "groups", "acls", "interfaces")


def at_app(src: str, port: int, **more: Any) -> dict[str, Any]:
    """Return a refused record of something that comes to the application."""
    return flow(src, APP, port, **{"eni": "eni-a", "at": 2000, **more})


def from_app(dst: str, port: int, **more: Any) -> dict[str, Any]:
    """Return a refused record of something that leaves the application."""
    return flow(APP, dst, port, **{"eni": "eni-a", "at": 2000, **more})


def usual(**more: Any) -> dict[str, Any]:
    """Return an accepted record of the application from long before: its accepted flows are in the records."""
    return accept("10.9.9.9", APP, 443, eni="eni-a", at=0, sport=50123, **more)


def told(rows: Iterable[dict[str, Any]], network: Network = NETWORK) -> tuple[Any, ...]:
    """Return layer, resource, rule and certainty of the last record, None for null."""
    last = blame(table(rows), network).iloc[-1]
    return tuple(None if pd.isna(last[name]) else last[name] for name in ("layer", "resource", "rule", "certainty"))


def why(rows: Iterable[dict[str, Any]], network: Network = NETWORK) -> str:
    """Return the sentence of the last record."""
    return str(blame(table(rows), network)["because"].iloc[-1])


def denying(number: int, egress: bool, cidr: str, protocol: int = ALL, *ports: int) -> AddEntry:
    """Return the edit that adds a deny to the application's ACL."""
    return AddEntry("acl-a", AclEntry(number, egress, False, protocol, cidr, *ports))


# What the documentation shows


def test_the_documented_ping_is_a_reply_that_a_network_acl_refused() -> None:
    """ACCEPT inbound and REJECT outbound with the ends exchanged: the ACL has no outbound rule for the reply."""
    ping = lines(
        "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK\n"
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK"
    )
    network = Network(
        subnets=(Subnet("subnet-1", "vpc-1", ("172.31.16.0/20",)),),
        groups=(SecurityGroup("sg-1", rules=(GroupRule("sg-1", False, ICMP, ALL, ALL, "0.0.0.0/0"),)),),
        acls=(
            NetworkAcl("acl-1", entries=(ALLOW_IN, AclEntry(100, True, True, TCP, "0.0.0.0/0")), subnets=("subnet-1",)),
        ),
        interfaces=(Interface("eni-1235b8ca123456789", "subnet-1", "vpc-1", ("172.31.16.139",), groups=("sg-1",)),),
    )
    answer = blame(ping, network)
    assert answer.loc[0].isna().all()
    assert answer.loc[1, ["layer", "resource", "rule", "certainty", "direction"]].tolist() == [
        "nacl-reply", "acl-1", "32767", "certain", "egress",
    ]  # fmt: skip
    assert "reply" in answer.loc[1, "because"]


def test_the_documented_rdp_attempt_is_refused_by_the_group() -> None:
    """One REJECT and nothing else: the group of the interface has no rule for port 3389."""
    text = "2 1 eni-1 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK"
    network = Network(
        subnets=(Subnet("subnet-1", "vpc-1", ("172.31.0.0/20",)),),
        groups=(SecurityGroup("sg-1", rules=(GroupRule("sg-1", False, TCP, 22, 22, "0.0.0.0/0"),)),),
        acls=(NetworkAcl("acl-1", subnets=("subnet-1",)),),
        interfaces=(Interface("eni-1", "subnet-1", "vpc-1", ("172.31.9.12",), groups=("sg-1",)),),
    )
    answer = blame(lines(text), network)
    assert answer.loc[0, ["layer", "resource", "rule", "certainty"]].tolist() == ["sg-in", "sg-1", "absent", "certain"]


# Which of the layers


@pytest.mark.parametrize("flags", [SYN, None])
def test_a_group_without_a_rule(flags: int | None) -> None:
    """What the ACL lets pass and no rule of the groups admits, the groups refused, with flags and without."""
    assert told([usual(tcpFlags=None), at_app(STRANGER, 22, tcpFlags=flags)]) == (
        "sg-in",
        "sg-app",
        "absent",
        "certain",
    )


def test_all_groups_of_an_interface_are_named_in_order() -> None:
    """Groups add up, so none of them alone is to blame: the resource is all of them, sorted."""
    row = flow(STRANGER, "10.0.1.30", 23, eni="eni-b", tcpFlags=SYN)
    assert told([row]) == ("sg-in", "sg-app sg-more", "absent", "certain")
    assert "Neither of its security groups app (sg-app) and more (sg-more) has an inbound rule" in why([row])
    assert told([flow(CLIENT, "10.0.1.30", 22, eni="eni-b", tcpFlags=SYN)])[0] == "cannot-tell", "one admits it"


def test_outbound_a_group_without_a_rule() -> None:
    """What leaves is first asked of the groups."""
    row = flow(DB, STRANGER, 587, eni="eni-d", tcpFlags=SYN)
    assert told([row]) == ("sg-out", "sg-db", "absent", "certain")


@pytest.mark.parametrize(
    ("entry", "row", "expected"),
    [
        (denying(90, False, "10.9.0.0/16", TCP, 443, 443), at_app(CLIENT, 443, tcpFlags=SYN), ("nacl-in", "90")),
        (denying(7, True, "10.9.0.0/16"), from_app(CLIENT, 8080, tcpFlags=SYN), ("nacl-out", "7")),
        (RemoveEntry("acl-a", ALLOW_IN), at_app(CLIENT, 443, tcpFlags=SYN), ("nacl-in", "32767")),
        (RemoveEntry("acl-a", ALLOW_OUT), from_app(CLIENT, 80, tcpFlags=SYN), ("nacl-out", "32767")),
        (denying(5, False, "2001:db8::/32", TCP, 443, 443), flow("2001:db8:9::1", APP6, 443, eni="eni-a", tcpFlags=SYN),
         ("nacl-in", "5")),
        (RemoveEntry("acl-a", AclEntry(101, False, True, ALL, "::/0")),
         flow("2001:db8:9::1", APP6, 443, eni="eni-a", tcpFlags=SYN), ("nacl-in", "32768")),
    ],
    ids=["deny in", "deny out", "nothing in", "nothing out", "deny IPv6", "nothing for IPv6"],
)  # fmt: skip
def test_a_network_acl(entry: Any, row: dict[str, Any], expected: tuple[str, str]) -> None:
    """An entry that denies is named by its number, the lack of one by the implicit deny of the IP version."""
    layer, rule = expected
    assert told([row], NETWORK.changed(entry)) == (layer, "acl-a", rule, "certain")


def test_where_both_refuse_the_first_on_the_path_is_named_and_the_other_said() -> None:
    """Inbound the ACL comes first, outbound the group; `also` and the sentence name the other."""
    network = NETWORK.changed(denying(90, False, "0.0.0.0/0", TCP, 22, 22))
    rows = table([at_app(STRANGER, 22, tcpFlags=SYN)])
    answer = blame(rows, network).iloc[0]
    assert answer[["layer", "rule", "also"]].tolist() == ["nacl-in", "90", "sg-in"]
    assert "No rule of security group app (sg-app) admits it either." in answer["because"]
    closed = NETWORK.changed(AddEntry("acl-d", AclEntry(1, True, False, ALL, "0.0.0.0/0")))
    answer = blame(table([flow(DB, STRANGER, 587, eni="eni-d", tcpFlags=SYN)]), closed).iloc[0]
    assert answer[["layer", "rule", "also"]].tolist() == ["sg-out", "absent", "nacl-out"]
    assert "Rule 1 of network ACL d (acl-d) would refuse it too." in answer["because"]


def test_inside_a_subnet_no_network_acl_is_to_blame() -> None:
    """Traffic that does not cross the subnet's edge meets no ACL."""
    network = NETWORK.changed(denying(1, False, "0.0.0.0/0"))
    row = flow("10.0.1.77", APP, 8080, eni="eni-a", tcpFlags=SYN)
    assert told([row], network) == ("sg-in", "sg-app", "absent", "certain")


def test_a_group_rule_may_be_missing_for_ipv6_only() -> None:
    """A rule for every IPv4 address lets no IPv6 out."""
    row = flow(APP6, "2001:db8:9::1", 443, eni="eni-a", tcpFlags=SYN)
    assert told([row]) == ("sg-out", "sg-app", "absent", "certain")


def test_an_interface_without_groups_is_refused_by_its_acl_or_cannot_be_told() -> None:
    """A NAT gateway has no group to blame, and the sentence says so."""
    row = flow(STRANGER, "10.0.1.20", 443, eni="eni-n", tcpFlags=SYN)
    assert told([row], NETWORK.changed(denying(3, False, "198.51.100.0/24"))) == ("nacl-in", "acl-a", "3", "certain")
    assert told([row]) == ("cannot-tell", None, None, "cannot tell")
    assert "a nat gateway, has no security group" in why([row])


@pytest.mark.parametrize(("reason", "layer"), [("BPA", "bpa"), ("EC", "encryption")])
def test_the_record_says_itself_what_refused_it(reason: str, layer: str) -> None:
    """`rejectReason` beats every rule; no group or ACL is named."""
    assert told([at_app(STRANGER, 22, tcpFlags=SYN, rejectReason=reason)]) == (layer, None, None, "certain")
    row = at_app(STRANGER, 22, rejectReason=reason) | {"srcAddr": None}
    assert told([row]) == (layer, None, None, "certain"), "without addresses too"


# Replies


@pytest.mark.parametrize("flags", [SYN_ACK, None])
def test_a_reply_that_leaves(flags: int | None) -> None:
    """The question was let in, the answer has no outbound rule: the clients' ports were forgotten."""
    network = NETWORK.changed(
        RemoveEntry("acl-a", ALLOW_OUT), AddEntry("acl-a", AclEntry(9, True, True, TCP, "0.0.0.0/0", 443, 443))
    )
    rows = [
        accept(CLIENT, APP, 443, eni="eni-a", at=1999, tcpFlags=flags and SYN),
        from_app(CLIENT, 40001, sport=443, tcpFlags=flags),
    ]  # fmt: skip
    assert told(rows, network) == ("nacl-reply", "acl-a", "32767", "certain")
    assert blame(table(rows), network)["port"].tolist()[-1] == 443, "the service's port"


@pytest.mark.parametrize("flags", [SYN_ACK, None])
def test_a_reply_that_comes_back(flags: int | None) -> None:
    """The client's own side forgot the ephemeral ports: its inbound ACL refuses what answers it."""
    network = NETWORK.changed(
        RemoveEntry("acl-a", ALLOW_IN), AddEntry("acl-a", AclEntry(50, False, True, TCP, "0.0.0.0/0", 443, 443))
    )
    rows = [
        accept(APP, STRANGER, 8080, eni="eni-a", at=1999, sport=40001, tcpFlags=flags and SYN),
        at_app(STRANGER, 40001, sport=8080, tcpFlags=flags),
    ]
    assert told(rows, network) == ("nacl-reply", "acl-a", "32767", "certain")


def test_a_reply_of_dns_over_udp() -> None:
    """UDP has no flags: the accepted question is enough."""
    network = NETWORK.changed(denying(40, False, "10.9.0.53/32", UDP, 1024, 65535))
    rows = [
        accept(APP, "10.9.0.53", 53, eni="eni-a", at=1999, protocol=17),
        at_app("10.9.0.53", 40001, sport=53, protocol=17, tcpFlags=0),
    ]
    assert told(rows, network) == ("nacl-reply", "acl-a", "40", "certain")


def test_a_reply_without_its_question_is_likely_only() -> None:
    """Refused records alone: SYN-ACK, or a service's port to a client's where the question would pass."""
    network = NETWORK.changed(denying(40, True, "10.9.0.0/16", TCP, 1024, 65535))
    for flags in (SYN_ACK, None):
        row = from_app(CLIENT, 50000, sport=443, tcpFlags=flags)
        assert told([row], network) == ("nacl-reply", "acl-a", "40", "likely")
    assert told([from_app(CLIENT, 50000, sport=40000, tcpFlags=SYN)], network) == ("nacl-out", "acl-a", "40", "certain")


def test_the_type_of_icmp_is_taken_as_ping_and_then_nothing_is_certain() -> None:
    """An ACL that lets echo requests out and not the replies refuses a reply, if it was one."""
    kinds = AclEntry(10, True, True, ICMP, "0.0.0.0/0", icmp_type=8)
    network = NETWORK.changed(RemoveEntry("acl-a", ALLOW_OUT), AddEntry("acl-a", kinds))
    rows = [
        accept(CLIENT, APP, 0, sport=0, protocol=1, eni="eni-a", at=1990),
        from_app(CLIENT, 0, sport=0, protocol=1),
    ]
    assert told(rows, network) == ("nacl-reply", "acl-a", "32767", "likely")
    assert pd.isna(blame(table(rows), network)["port"].iloc[-1])
    six = flow("2001:db8:9::1", APP6, 0, sport=0, protocol=ICMP6, eni="eni-a")
    assert told([six]) == ("sg-in", "sg-app", "absent", "certain"), "no rule for any type"
    assert told([at_app(CLIENT, 0, sport=0, protocol=1)])[0] == "cannot-tell", "a ping is admitted, another type not"
    typed = NETWORK.changed(RemoveRule(PING), AddRule(GroupRule("sg-app", False, ICMP, 3, ALL, "10.0.0.0/8")))
    assert told([at_app(CLIENT, 0, sport=0, protocol=1)], typed) == ("sg-in", "sg-app", "absent", "likely")


def test_an_answer_to_nothing_that_was_asked_is_new_to_the_groups() -> None:
    """SYN-ACK without a question among the accepted flows: somebody forged the address, and no rule admits it."""
    rows = [usual(tcpFlags=SYN), at_app(STRANGER, 40001, sport=443, tcpFlags=SYN_ACK)]
    assert told(rows) == ("sg-in", "sg-app", "absent", "certain")
    assert told(rows[1:]) == ("sg-in", "sg-app", "absent", "likely"), "its question may be missing"


# Late packets


@pytest.mark.parametrize("flags", [FIN, RST])
def test_a_late_packet_after_its_flow(flags: int) -> None:
    """FIN or RST after an accepted flow of the same ends and ports: no rule is to blame, whichever way it went."""
    seen = accept(CLIENT, APP, 443, eni="eni-a", at=1900, tcpFlags=SYN)
    assert told([seen, at_app(CLIENT, 443, tcpFlags=flags)]) == ("late", None, None, "certain")
    asked = accept(APP, STRANGER, 80, eni="eni-a", at=1900, tcpFlags=SYN, sport=40001)
    back = accept(STRANGER, APP, 40001, eni="eni-a", at=1900, tcpFlags=SYN_ACK, sport=80)
    late = at_app(STRANGER, 40001, sport=80, tcpFlags=flags)
    assert told([asked, back, late]) == ("late", None, None, "certain")
    assert blame(table([asked, back, late]), NETWORK)["port"].iloc[-1] == 80


def test_without_flags_a_late_packet_is_likely() -> None:
    """The default format: the accepted flow before it, and rules that would still let it pass."""
    seen = accept(CLIENT, APP, 443, eni="eni-a", at=1900)
    assert told([seen, at_app(CLIENT, 443)]) == ("late", None, None, "likely")
    back = accept(STRANGER, APP, 40001, eni="eni-a", at=1900, sport=80)
    assert told([back, at_app(STRANGER, 40001, sport=80)]) == ("late", None, None, "likely")


def test_a_new_attempt_on_the_same_ports_is_not_late() -> None:
    """SYN begins a connection, whatever was accepted before."""
    rows = [accept(CLIENT, APP, 22, eni="eni-a", at=1900, tcpFlags=SYN), at_app(CLIENT, 22, tcpFlags=SYN)]
    assert told(rows) == ("sg-in", "sg-app", "absent", "certain")


def test_a_fixed_port_that_is_refused_since_a_change_is_not_late() -> None:
    """UDP from one port to another: accepted until the rule went, refused since; the groups lack it, likely."""
    rows = [
        accept(CLIENT, APP, 8125, eni="eni-a", at=1900, sport=50000, protocol=17),
        at_app(CLIENT, 8125, sport=50000, protocol=17),
    ]
    assert told(rows) == ("sg-in", "sg-app", "absent", "likely")
    assert "they have changed since" in why(rows)


def test_a_connection_cut_by_a_new_deny_is_the_acls() -> None:
    """Packets in the middle of an accepted flow that an ACL denies today: the ACL, likely; FIN may be late."""
    network = NETWORK.changed(denying(90, False, "10.9.0.0/16", TCP, 443, 443))
    seen = accept(CLIENT, APP, 443, eni="eni-a", at=1900, tcpFlags=SYN)
    assert told([seen, at_app(CLIENT, 443, tcpFlags=0)], network) == ("nacl-in", "acl-a", "90", "likely")
    assert told([seen, at_app(CLIENT, 443, tcpFlags=FIN)], network) == ("late", None, None, "likely")


def test_a_packet_without_syn_that_rules_admit_is_late() -> None:
    """It begins no connection, so the one it belongs to is over; without its flow that is likely only."""
    assert told([at_app(CLIENT, 443, tcpFlags=RST)]) == ("late", None, None, "likely")


def test_a_udp_reply_after_the_connection_was_forgotten() -> None:
    """The question was accepted, the ACL lets the answer pass, and no rule of the groups is for it: it came late."""
    rows = [
        accept(APP, STRANGER, 123, eni="eni-a", at=1950, sport=123, protocol=17),
        at_app(STRANGER, 123, sport=123, protocol=17, at=2100),
    ]
    assert told(rows) == ("late", None, None, "likely")


# What is less than certain


NO_REPLIES = denying(40, True, "10.9.0.0/16", ALL)
NO_ANSWERS = denying(40, False, "198.51.100.0/24", ALL)
QUESTION = accept(CLIENT, APP, 443, eni="eni-a", at=1900, tcpFlags=SYN)
ANSWER = accept(APP, CLIENT, 40001, eni="eni-a", at=1900, sport=443, tcpFlags=SYN_ACK)
LIKELY: dict[str, tuple[list[dict[str, Any]], list[Any], tuple[str, str | None], str]] = {
    "the middle of a flow whose rule is gone": (
        [accept(CLIENT, APP, 8080, eni="eni-a", at=1900, tcpFlags=SYN), at_app(CLIENT, 8080, tcpFlags=0)],
        [], ("late", None), "an accepted flow of the same ends and ports",
    ),
    "a reply that passed before": (
        [QUESTION, ANSWER, from_app(CLIENT, 40001, sport=443, tcpFlags=0)],
        [NO_REPLIES], ("nacl-reply", "40"), "they have changed since",
    ),
    "a reply from a port to the same": (
        [
            accept(CLIENT, APP, 500, sport=500, protocol=17, eni="eni-a", at=1900),
            from_app(CLIENT, 500, sport=500, protocol=17),
        ],
        [NO_REPLIES], ("nacl-reply", "40"), "a flow with its ends exchanged was accepted",
    ),
    "the middle of a flow that is denied now": (
        [QUESTION, at_app(CLIENT, 443, tcpFlags=0)],
        [denying(90, False, "10.9.0.0/16")], ("nacl-in", "90"), "they have changed since",
    ),
    "no flags, and the flow is denied now": (
        [QUESTION | {"tcpFlags": None}, at_app(CLIENT, 443)],
        [denying(90, False, "10.9.0.0/16")], ("nacl-in", "90"), "they have changed since",
    ),
    "an answer that is denied, to no question": (
        [usual(tcpFlags=SYN), at_app(STRANGER, 40001, sport=443, tcpFlags=SYN_ACK)],
        [NO_ANSWERS], ("nacl-in", "40"), "it may be a stray or a reply",
    ),
    "a packet without SYN that is denied, to no question": (
        [usual(tcpFlags=SYN), at_app(STRANGER, 40001, sport=443, tcpFlags=RST)],
        [NO_ANSWERS], ("nacl-in", "40"), "it may be a stray or a reply",
    ),
    "the end of a flow that nobody saw, denied": (
        [from_app(CLIENT, 50000, sport=443, tcpFlags=FIN)],
        [NO_REPLIES], ("nacl-reply", "40"), "the question would pass",
    ),
    "a packet without SYN from a stranger": (
        [usual(tcpFlags=SYN), at_app(STRANGER, 40001, sport=25, tcpFlags=RST)],
        [], ("sg-in", "absent"), "the records have none that it belongs to",
    ),
    "the ports of an answer, denied, to no question": (
        [usual(), at_app(STRANGER, 40001, sport=443)],
        [NO_ANSWERS], ("nacl-in", "40"), "By its ports it may be a reply",
    ),
    "the ports of an answer from inside": (
        [usual(), at_app(CLIENT, 40001, sport=443)],
        [], ("late", None), "its ports are those of an answer",
    ),
    "the ports of an answer from a stranger": (
        [usual(), at_app(STRANGER, 40001, sport=443)],
        [], ("sg-in", "absent"), "By its ports it may be a late answer",
    ),
    "ports that may be those of an answer": (
        [from_app(CLIENT, 6000, sport=443)],
        [NO_REPLIES], ("nacl-reply", "40"), "the question would pass",
    ),
    "from one unknown port to a higher one, outbound": (
        [from_app(CLIENT, 12001, sport=12000)],
        [NO_REPLIES, AddRule(GroupRule("sg-app", False, TCP, 12000, 12000, "10.9.0.0/16"))],
        ("nacl-reply", "40"), "the question would pass",
    ),
    "from one unknown port to a higher one, inbound": (
        [at_app(STRANGER, 12001, sport=12000)],
        [NO_ANSWERS], ("nacl-in", "40"), "By its ports it may be a reply",
    ),
    "from one unknown port to a higher one, no rule": (
        [at_app(STRANGER, 12001, sport=12000)],
        [], ("sg-in", "absent"), "By its ports it may be a late answer",
    ),
    "an entry for pings": (
        [at_app(CLIENT, 0, sport=0, protocol=1)],
        [AddEntry("acl-a", AclEntry(9, False, False, ICMP, "10.0.0.0/8", icmp_type=8))],
        ("nacl-in", "9"), "this is so for a ping",
    ),
    "an entry for pings, on an interface with accepted flows": (
        [usual(), at_app(CLIENT, 0, sport=0, protocol=1)],
        [AddEntry("acl-a", AclEntry(9, False, False, ICMP, "10.0.0.0/8", icmp_type=8))],
        ("nacl-in", "9"), "this is so for a ping",
    ),
    "an entry for pings, outbound": (
        [usual(), from_app(CLIENT, 0, sport=0, protocol=1)],
        [AddEntry("acl-a", AclEntry(9, True, False, ICMP, "10.0.0.0/8", icmp_type=8))],
        ("nacl-out", "9"), "this is so for a ping",
    ),
    "a ping that both refuse, or the reply to one": (
        [usual(), flow(DB, CLIENT, 0, sport=0, protocol=1, eni="eni-d", at=2000)],
        [
            AddRule(GroupRule("sg-db", False, ICMP, 8, ALL, "10.0.0.0/8")),
            AddEntry("acl-d", AclEntry(9, True, False, ALL, "10.9.0.0/16")),
        ],
        ("sg-out", "absent"), "this is so for a ping",
    ),
    "a type of ICMP that the groups lack": (
        [at_app(CLIENT, 0, sport=0, protocol=1)],
        [RemoveRule(PING), AddRule(GroupRule("sg-app", False, ICMP, 3, ALL, "10.0.0.0/8"))],
        ("sg-in", "absent"), "this is so for a ping",
    ),
}  # fmt: skip


@pytest.mark.parametrize("situation", LIKELY)
def test_what_the_records_only_suggest_is_likely(situation: str) -> None:
    """The layer that fits best is named, no more than likely, and the sentence says on what it stands."""
    rows, edits, (layer, rule), words = LIKELY[situation]
    network = NETWORK.changed(*edits)
    found = told(rows, network)
    assert (found[0], found[2], found[3]) == (layer, rule, "likely")
    assert words in why(rows, network)


def test_a_group_that_is_not_in_the_snapshot() -> None:
    """Outbound it would be asked first, so the ACL that denies is likely only; what the ACL lets pass, it refused."""
    strange = Interface("eni-s", "subnet-a", "vpc-1", ("10.0.1.40",), groups=("sg-strange",))
    network = Network(
        **{name: getattr(NETWORK, name) for name in _PARTS[:4]}, interfaces=(*NETWORK.interfaces, strange)
    )
    row = flow("10.0.1.40", CLIENT, 80, eni="eni-s", tcpFlags=SYN)
    assert told([row], network.changed(NO_REPLIES)) == ("nacl-out", "acl-a", "40", "likely")
    assert told([row], network) == ("sg-out", "sg-strange", "absent", "likely")


@pytest.mark.parametrize("flags", [None, SYN_ACK])
def test_a_reply_that_todays_rules_let_pass_cannot_be_told(flags: int | None) -> None:
    """Neither the groups, which let replies pass, nor the ACL: something has changed, or it came late."""
    rows = [QUESTION, from_app(CLIENT, 40001, sport=443, tcpFlags=flags)]
    assert told(rows) == ("cannot-tell", None, None, "cannot tell")
    assert why(rows).startswith("A reply, and the rules of the snapshot would let it pass")
    if flags:
        assert why(rows[1:]).startswith("A reply, and the rules of the snapshot would let it pass")


def test_icmp_of_which_one_type_is_admitted() -> None:
    """A ping would pass and other types not: the record does not tell, and neither does blame."""
    assert "would let a ping pass" in why([at_app(CLIENT, 0, sport=0, protocol=1)])


def test_a_ping_or_its_reply_alone() -> None:
    """Refused ICMP without accepted flows: outbound a reply where pings may come in; inbound it may be one or not."""
    network = NETWORK.changed(NO_REPLIES, denying(40, False, "10.9.0.0/16"))
    assert told([from_app(CLIENT, 0, sport=0, protocol=1)], NETWORK.changed(NO_REPLIES)) == (
        "nacl-reply", "acl-a", "40", "likely",
    )  # fmt: skip
    assert told([from_app(CLIENT, 0, sport=0, protocol=1)], network) == ("nacl-out", "acl-a", "40", "certain")
    only_in = NETWORK.changed(denying(40, False, "10.9.0.0/16"))
    assert told([at_app(CLIENT, 0, sport=0, protocol=1)], only_in) == ("nacl-in", "acl-a", "40", "likely")
    seen = [usual(), at_app(CLIENT, 0, sport=0, protocol=1)]
    assert told(seen, only_in) == ("nacl-in", "acl-a", "40", "certain"), "it answers nothing in the records"


def test_a_ping_the_other_way_round_some_time_ago_is_no_question() -> None:
    """ICMP has no ports: only what was accepted at the same time is the question of a reply."""
    for before, expected in (
        (5, ("nacl-reply", "certain")),
        (60, ("nacl-reply", "likely")),
        (400, ("nacl-out", "certain")),
    ):
        question = accept(CLIENT, APP, 0, sport=0, protocol=1, eni="eni-a", at=2000 - before)
        found = told([usual(), question, from_app(CLIENT, 0, sport=0, protocol=1)], NETWORK.changed(NO_REPLIES))
        assert (found[0], found[3]) == expected


def test_a_record_without_an_interface() -> None:
    """A regional NAT gateway's has none: between public addresses not even the direction is known."""
    row = flow("203.0.113.9", STRANGER, 443, eni=None, tcpFlags=SYN)
    assert told([row]) == ("cannot-tell", None, None, "cannot tell")
    assert "Which way it went cannot be told" in why([row])


# Rules are today's, flows yesterday's


def test_what_todays_rules_let_pass_cannot_be_told() -> None:
    """The rule was made since, or the packet was late; no guess."""
    row = at_app(CLIENT, 443, tcpFlags=SYN)
    assert told([row]) == ("cannot-tell", None, None, "cannot tell")
    assert "they have changed since, or the packet came late" in why([row])


def test_what_nothing_can_filter_was_refused_by_no_rule() -> None:
    """An answer of Amazon's DNS that is refused: no group and no ACL is to blame, though both would refuse it."""
    row = at_app("10.0.0.2", 40001, sport=53, protocol=17)
    for network in (NETWORK, NETWORK.changed(denying(1, False, "0.0.0.0/0"))):
        assert told([row], network) == ("cannot-tell", None, None, "cannot tell")
        assert why([row], network).startswith("Neither security groups nor network ACLs can refuse this traffic")


def test_a_rule_newer_than_the_record_is_not_blamed() -> None:
    """Refused, accepted later, and refused by today's rules: what refused the first is not known."""
    network = NETWORK.changed(denying(90, False, "10.9.0.0/16", TCP, 443, 443))
    rows = [
        accept(CLIENT, APP, 443, eni="eni-a", at=9000, tcpFlags=SYN, sport=50000),
        at_app(CLIENT, 443, tcpFlags=SYN),
    ]
    assert told(rows, network) == ("cannot-tell", None, None, "cannot tell")
    assert "accepted afterwards" in why(rows, network)
    before = [rows[0] | {"start": START + 10, "end": START + 40}, rows[1]]
    assert told(before, network) == ("nacl-in", "acl-a", "90", "certain"), "accepted before: the rule is new"


def test_an_entry_that_was_not_there_yet_makes_nothing_certain() -> None:
    """Another client was let in later where the entry would have refused it: for this one it is likely at most."""
    network = NETWORK.changed(denying(90, False, "10.9.0.0/16"))
    other = accept("10.9.0.8", APP, 443, eni="eni-a", at=9000, tcpFlags=SYN)
    assert told([other, at_app(CLIENT, 443, tcpFlags=SYN)], network) == ("nacl-in", "acl-a", "90", "likely")
    assert told([other, at_app(CLIENT, 22, tcpFlags=SYN)], network) == ("sg-in", "sg-app", "absent", "likely")


def test_the_sentence_tells_the_time_of_the_rules() -> None:
    """Older or newer than the rules: the sentence says which, and `told` says it of all."""
    for read, word in ((datetime(2026, 11, 2, tzinfo=UTC), "older"), (datetime(2026, 10, 2, tzinfo=UTC), "newer")):
        network = Network(**{name: getattr(NETWORK, name) for name in _PARTS}, at=read)
        assert f"These are the rules of {read:%Y-%m-%d %H:%M} UTC; the record is {word}." in why(
            [at_app(CLIENT, 22)], network
        )
        assert f"read {read:%Y-%m-%d %H:%M} UTC" in blame(table([at_app(CLIENT, 22)]), network).attrs["told"][0]


# Which end, and what is missing


@pytest.mark.parametrize("said", ["egress", None])
def test_the_direction_is_the_records_or_by_the_interfaces_addresses(said: str | None) -> None:
    """Where the record does not say, the network knows the interface's own side."""
    row = flow(DB, "10.0.1.5", 8080, eni="eni-d", tcpFlags=SYN, flowDirection=said)
    answer = blame(table([row]), NETWORK).iloc[0]
    assert answer[["layer", "direction", "peerAddr", "port"]].tolist() == ["sg-out", "egress", "10.0.1.5", 8080]


def test_a_secondary_address_is_shown_as_the_primary_one() -> None:
    """The packet's own address does not matter to the rules, which are about the other end."""
    row = at_app(CLIENT, 22, tcpFlags=SYN, pktSrcAddr=CLIENT, pktDstAddr=SECOND)
    assert told([row]) == ("sg-in", "sg-app", "absent", "certain")


def test_addresses_of_a_delegated_prefix_are_the_interfaces_own() -> None:
    """Containers' addresses tell the direction too."""
    home = Interface("eni-p", "subnet-d", "vpc-1", ("10.0.2.50",), groups=("sg-db",), prefixes=("10.0.2.64/28",))
    network = Network(**{name: getattr(NETWORK, name) for name in _PARTS[:4]}, interfaces=(*NETWORK.interfaces, home))
    row = flow("10.0.2.66", STRANGER, 587, eni="eni-p", tcpFlags=SYN)
    assert told([row], network) == ("sg-out", "sg-db", "absent", "certain")


def test_a_direction_that_is_only_guessed_makes_nothing_certain() -> None:
    """Neither end is an address of the interface in the snapshot: private to public is taken as outbound."""
    row = flow("10.0.2.99", STRANGER, 587, eni="eni-d", tcpFlags=SYN)
    layer, _, _, certainty = told([row])
    assert (layer, certainty) == ("sg-out", "likely")
    assert "told by its addresses only" in why([row])


def test_an_interface_that_is_not_in_the_network() -> None:
    """Neither its groups nor its ACL are known; a late packet still is one."""
    row = flow(STRANGER, "10.0.1.99", 22, eni="eni-gone", tcpFlags=SYN)
    assert told([row]) == ("cannot-tell", None, None, "cannot tell")
    assert "not in the network snapshot" in why([row])
    assert "1 refused record of network interfaces" in blame(table([row]), NETWORK).attrs["told"][-1]
    seen = accept(STRANGER, "10.0.1.99", 443, eni="eni-gone", at=0, tcpFlags=SYN)
    late = flow(STRANGER, "10.0.1.99", 443, eni="eni-gone", at=60, tcpFlags=FIN)
    assert told([seen, late]) == ("late", None, None, "likely")


def test_a_group_with_members_in_another_vpc() -> None:
    """A rule that names a group of another VPC may admit any private address: it was refused, so likely it did not."""
    rule = GroupRule("sg-db", False, TCP, 9000, 9000, "sg-elsewhere", peer_vpc="vpc-2")
    network = NETWORK.changed(AddRule(rule))
    assert told([flow("10.77.0.9", DB, 9000, eni="eni-d", tcpFlags=SYN)], network) == (
        "sg-in", "sg-db", "absent", "likely",
    )  # fmt: skip
    public = flow(STRANGER, DB, 9000, eni="eni-d", tcpFlags=SYN)
    assert told([public], network) == ("sg-in", "sg-db", "absent", "certain"), "groups are of private addresses"


def test_a_prefix_list_counts_with_its_blocks() -> None:
    """What a prefix list holds is admitted, what it does not is refused."""
    rule = AddRule(GroupRule("sg-db", False, TCP, 22, 22, "pl-1"))
    network = Network(
        **{name: getattr(NETWORK, name) for name in _PARTS}, prefix_lists=(PrefixList("pl-1", ("10.9.0.0/24",)),)
    ).changed(rule)
    assert told([flow("10.9.1.7", DB, 22, eni="eni-d", tcpFlags=SYN)], network)[0] == "sg-in"
    assert told([flow("10.9.0.7", DB, 22, eni="eni-d", tcpFlags=SYN)], network)[0] == "cannot-tell"


def test_a_subnet_whose_acl_is_not_known() -> None:
    """Inbound the ACL would have come first: the groups are likely; where they admit it nothing can be told."""
    network = Network(**{name: getattr(NETWORK, name) for name in ("vpcs", "subnets", "groups", "interfaces")})
    assert told([at_app(STRANGER, 22, tcpFlags=SYN)], network) == ("sg-in", "sg-app", "absent", "likely")
    assert told([at_app(STRANGER, 443, tcpFlags=SYN)], network) == ("cannot-tell", None, None, "cannot tell")


# The table


def test_one_row_per_record_in_its_order_and_with_its_index() -> None:
    """Records that are not REJECT have nulls, and no record is lost; the index may be anything."""
    rows = table([usual(), at_app(STRANGER, 22), flow(None, None, None, action=None, sport=None, protocol=None)])
    rows.index = pd.Index(["x", "y", "x"])
    answer = blame(rows, NETWORK)
    assert answer.index.tolist() == ["x", "y", "x"]
    assert answer["layer"].isna().tolist() == [True, False, True]
    assert answer.iloc[[0, 2]].isna().all(axis=None)
    assert set(answer["layer"].dropna()) <= set(LAYERS)
    assert list(answer) == [
        "layer", "resource", "rule", "certainty", "because", "direction", "peerAddr", "port", "also",
    ]  # fmt: skip


def test_no_records_at_all() -> None:
    """An empty table gives an empty one of the same columns and types."""
    empty = blame(table([]), NETWORK)
    some = blame(table([at_app(STRANGER, 22)]), NETWORK)
    assert len(empty) == 0
    assert empty.dtypes.drop("because").equals(some.dtypes.drop("because"))


def test_a_record_without_a_time_does_not_make_the_records_longer() -> None:
    """What may have been asked before the records began may so all the same, if one of them has no time."""
    answer = at_app(STRANGER, 40001, sport=8443, tcpFlags=SYN_ACK, at=100)
    records = table([accept(CLIENT, APP, 443, eni="eni-a"), answer, accept(CLIENT, APP, 443, eni="eni-a", sport=40002)])
    before = blame(records, NETWORK).loc[1]
    timeless = records.assign(**{"@timestamp": records["@timestamp"].mask(records.index == 2)})
    assert blame(timeless, NETWORK).loc[1].equals(before)
    assert before["certainty"] == "likely"


def test_names_stay_on_their_line() -> None:
    """Names are anybody's text: what is no printable character in one is spelled out in the sentence."""
    named = replace(NETWORK, groups=tuple(replace(one, name="a\x1b[2J\n") for one in NETWORK.groups))
    said = blame(table([at_app(CLIENT, 22)]), named)["because"].iloc[0]
    assert "a\\x1b[2J\\n (sg-app)" in said
    assert said.isprintable()


def test_a_refused_record_without_addresses() -> None:
    """It cannot be told, and says why."""
    for row in (flow(None, None, 22), at_app("ten", 22)):
        assert told([row]) == ("cannot-tell", None, None, "cannot tell")
        assert why([row]) == "The record has no addresses to judge."


def test_columns_that_are_missing_are_named_with_their_fields() -> None:
    """Blame needs few columns; without packets, bytes, flags and direction it works."""
    rows = table([at_app(STRANGER, 22)])
    with pytest.raises(
        ArgumentError, match=r"no srcPort and interfaceId|no interfaceId and srcPort.*\$\{interface-id\}"
    ):
        blame(rows.drop(columns=["srcPort", "interfaceId"]), NETWORK)
    with pytest.raises(ArgumentError, match="neither @timestamp nor start"):
        blame(rows.drop(columns=["@timestamp", "start"]), NETWORK)
    few = rows[["interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "action", "start"]]
    assert blame(few, NETWORK)["layer"].tolist() == ["sg-in"]


def test_arguments_of_another_kind_are_refused() -> None:
    """Records are a DataFrame, the network a Network."""
    with pytest.raises(ArgumentError, match="records are a list"):
        blame([], NETWORK)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="the network is a dict; give a Network"):
        blame(table([]), {})  # type: ignore[arg-type]


def test_it_tells_how_far_it_is_and_stops_when_asked() -> None:
    """The watch hears of every step, the last with 1; a cancelled one raises."""
    heard: list[float] = []
    blame(table([at_app(STRANGER, 22)]), NETWORK, watch=Watch(lambda fraction, what: heard.append(fraction)))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    stopped = Watch()
    stopped.cancel()
    with pytest.raises(QueryCancelledError):
        blame(table([at_app(STRANGER, 22)]), NETWORK, watch=stopped)


def test_what_the_records_lack_is_said() -> None:
    """No accepted flows, no flags: both make less certain, and `told` says so."""
    assert any("no accepted records" in text for text in blame(table([at_app(STRANGER, 22)]), NETWORK).attrs["told"])
    whole = blame(table([usual(tcpFlags=SYN), at_app(STRANGER, 22, tcpFlags=SYN)]), NETWORK).attrs["told"]
    assert len(whole) == 1
