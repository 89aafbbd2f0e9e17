"""Judging: what the documentation says of security groups and network ACLs, a case or a few to each sentence."""

from __future__ import annotations

import random
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rejectkit.errors import ArgumentError
from rejectkit.network.edits import RemoveRule
from rejectkit.network.judging.codes import (
    NO_ACL,
    NO_ADDRESS,
    NO_GROUP,
    NO_INTERFACE,
    NO_KIND,
    NO_LIST,
    NO_MEMBERS,
    NO_SUBNET,
)
from rejectkit.network.judging.engine import NOT_ASKED, OPEN, YES, judge
from rejectkit.network.judging.tables import EVERYWHERE, Box, Cuts, Tables, merged, spans, without
from rejectkit.network.model import (
    AclEntry,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    PrefixList,
    SecurityGroup,
    Subnet,
    Vpc,
)
from rejectkit.network.packets import Packet, Packets
from tests.drawn_networks import drawn_network
from tests.drawn_packets import drawn_packet

OWN, OWN6, FAR, FAR6 = "10.0.1.5", "2001:db8:0:1::5", "198.51.100.7", "2001:db8:ffff::7"
ALL4, ALL6 = "0.0.0.0/0", "::/0"
TCP, UDP, PING, PING6, GRE = 6, 17, 1, 58, 47
EVERY_ENTRY = tuple(AclEntry(100 + six, out, True, -1, (ALL4, ALL6)[six]) for out in (False, True) for six in (0, 1))


def inward(protocol: int, low: int, high: int, peer: str, group: str = "sg-1") -> GroupRule:
    """Return an inbound rule of a group."""
    return GroupRule(group, False, protocol, low, high, peer, f"sgr-{protocol}-{low}")


def outward(protocol: int, low: int, high: int, peer: str) -> GroupRule:
    """Return an outbound rule."""
    return GroupRule("sg-1", True, protocol, low, high, peer, f"sgr-out-{protocol}-{low}")


def entry(number: int, allow: bool, protocol: int, cidr: str, low: int = -1, high: int = -1, **more: Any) -> AclEntry:
    """Return an entry of a network ACL, inbound unless `egress=True`."""
    return AclEntry(number, more.pop("egress", False), allow, protocol, cidr, low, high, *more.values())


def network(
    *rules: GroupRule, entries: tuple[AclEntry, ...] = EVERY_ENTRY, more: tuple[GroupRule, ...] = ()
) -> Network:
    """Return a network where eni-1 carries sg-1 and sg-2; eni-2 of another subnet sg-2; eni-3 has no group."""
    return Network(
        vpcs=(Vpc("vpc-1", ("10.0.0.0/16", "10.9.0.0/16")),),
        subnets=(
            Subnet("subnet-1", "vpc-1", ("10.0.1.0/24", "2001:db8:0:1::/64")),
            Subnet("subnet-2", "vpc-1", ("10.0.2.0/24",)),
        ),
        groups=(SecurityGroup("sg-1", "web", rules=rules), SecurityGroup("sg-2", rules=more)),
        acls=(NetworkAcl("acl-1", "edge", entries=entries, subnets=("subnet-1",)), NetworkAcl("acl-2", entries=(), subnets=("subnet-2",))),
        interfaces=(
            Interface("eni-1", "subnet-1", "vpc-1", (OWN, OWN6), groups=("sg-1", "sg-2")),
            Interface("eni-2", "subnet-2", "vpc-1", ("10.0.2.9",), ("198.51.100.9",), ("sg-2",), prefixes=("10.0.2.64/28",)),
            Interface("eni-3", "subnet-1", "vpc-1", ("10.0.1.6",)),
            Interface("eni-4", "subnet-1", "vpc-1", ("10.0.1.7",), groups=("sg-1",)),
        ),
        prefix_lists=(PrefixList("pl-1", ("198.51.100.0/28", "2001:db8:ffff::/48")),),
    )  # fmt: skip


def into(other: str, protocol: int, port: int | None = None, **more: Any) -> Packet:
    """Return a packet to eni-1."""
    return Packet("eni-1", "ingress", other, OWN6 if ":" in other else OWN, 40000, port, protocol, **more)


def out(other: str, protocol: int, port: int | None = None, **more: Any) -> Packet:
    """Return a packet from eni-1."""
    return Packet("eni-1", "egress", OWN6 if ":" in other else OWN, other, 40000, port, protocol, **more)


HTTPS = inward(TCP, 443, 443, ALL4)
ASKED_OUT = (entry(100, True, TCP, ALL4, 1024, 65535, egress=True),)

# What it shows; rules of the group; entries of the ACL; packet; allowed, layer, rule.
# Source: VPC User Guide, "Security group rules", "Network ACLs", "Infrastructure security", "Flow log record examples".
CASES: list[tuple[str, Network, Packet, bool | None, str, str]] = [
    ("a new group lets nothing in", network(), into(FAR, TCP, 443), False, "sg-in", "absent"),
    ("a group lets in what a rule fits", network(HTTPS), into(FAR, TCP, 443), True, "", "sgr-6-443"),
    ("a port less", network(HTTPS), into(FAR, TCP, 442), False, "sg-in", "absent"),
    ("another protocol", network(HTTPS), into(FAR, UDP, 443), False, "sg-in", "absent"),
    ("inbound rules are not for outbound", network(HTTPS), out(FAR, TCP, 443), False, "sg-out", "absent"),
    ("an IPv4 rule is not for IPv6", network(HTTPS), into(FAR6, TCP, 443), False, "sg-in", "absent"),
    ("an IPv6 rule", network(inward(TCP, 443, 443, ALL6)), into(FAR6, TCP, 443), True, "", "sgr-6-443"),
    ("first port of a range", network(inward(TCP, 80, 90, ALL4)), into(FAR, TCP, 80), True, "", "sgr-6-80"),
    ("last port of a range", network(inward(TCP, 80, 90, ALL4)), into(FAR, TCP, 90), True, "", "sgr-6-80"),
    ("past the range", network(inward(TCP, 80, 90, ALL4)), into(FAR, TCP, 91), False, "sg-in", "absent"),
    ("every port, as -1", network(inward(UDP, -1, -1, ALL4)), into(FAR, UDP, 65535), True, "", "sgr-17--1"),
    ("every port, as 0-65535", network(inward(UDP, 0, 65535, ALL4)), into(FAR, UDP, 0), True, "", "sgr-17-0"),
    ("all traffic ignores ports", network(inward(-1, 80, 80, ALL4)), into(FAR, TCP, 22), True, "", "sgr--1-80"),
    ("a protocol without ports ignores them", network(inward(GRE, 5, 6, ALL4)), into(FAR, GRE, 0), True, "", "sgr-47-5"),
    ("groups of an interface are united", network(more=(inward(TCP, 22, 22, ALL4, "sg-2"),)), into(FAR, TCP, 22), True, "", "sgr-6-22"),
    ("of several rules the first is named", network(inward(TCP, 0, 90, ALL4), inward(TCP, 80, 80, ALL4)), into(FAR, TCP, 80), True, "", "sgr-6-0"),
    ("first address of a CIDR", network(inward(TCP, 443, 443, "198.51.100.0/29")), into("198.51.100.0", TCP, 443), True, "", "sgr-6-443"),
    ("last address of a CIDR", network(inward(TCP, 443, 443, "198.51.100.0/29")), into("198.51.100.7", TCP, 443), True, "", "sgr-6-443"),
    ("past the CIDR", network(inward(TCP, 443, 443, "198.51.100.0/29")), into("198.51.100.8", TCP, 443), False, "sg-in", "absent"),
    ("last IPv6 address", network(inward(TCP, 443, 443, "ffff::/16")), into("ffff:" * 7 + "ffff", TCP, 443), True, "", "sgr-6-443"),
    ("last IPv4 address", network(inward(UDP, 9, 9, "255.0.0.0/8")), into("255.255.255.255", UDP, 9), True, "", "sgr-17-9"),
    ("a prefix list", network(inward(TCP, 443, 443, "pl-1")), into("198.51.100.15", TCP, 443), True, "", "sgr-6-443"),
    ("a prefix list's IPv6", network(inward(TCP, 443, 443, "pl-1")), into(FAR6, TCP, 443), True, "", "sgr-6-443"),
    ("beside the prefix list", network(inward(TCP, 443, 443, "pl-1")), into("198.51.100.16", TCP, 443), False, "sg-in", "absent"),
    ("a group: its private addresses", network(inward(TCP, 5432, 5432, "sg-2")), into("10.0.2.9", TCP, 5432), True, "", "sgr-6-5432"),
    ("a group: not its public ones", network(inward(TCP, 5432, 5432, "sg-2")), into("198.51.100.9", TCP, 5432), False, "sg-in", "absent"),
    ("a group: its delegated prefixes", network(inward(TCP, 5432, 5432, "sg-2")), into("10.0.2.79", TCP, 5432), True, "", "sgr-6-5432"),
    ("a group: nobody else", network(inward(TCP, 5432, 5432, "sg-2")), into("10.0.2.10", TCP, 5432), False, "sg-in", "absent"),
    ("a group: itself", network(inward(-1, -1, -1, "sg-1")), into("10.0.1.7", TCP, 22), True, "", "sgr--1--1"),
    ("a type of ICMP", network(inward(PING, 8, -1, ALL4)), into(FAR, PING, 0, icmpType=8, icmpCode=0), True, "", "sgr-1-8"),
    ("a type with its last code", network(inward(PING, 8, -1, ALL4)), into(FAR, PING, 0, icmpType=8, icmpCode=255), True, "", "sgr-1-8"),
    ("another type", network(inward(PING, 8, -1, ALL4)), into(FAR, PING, 0, icmpType=0, icmpCode=0), False, "sg-in", "absent"),
    ("type and code", network(inward(PING, 3, 4, ALL4)), into(FAR, PING, 0, icmpType=3, icmpCode=4), True, "", "sgr-1-3"),
    ("another code", network(inward(PING, 3, 4, ALL4)), into(FAR, PING, 0, icmpType=3, icmpCode=3), False, "sg-in", "absent"),
    ("ICMP is not ICMPv6", network(inward(PING, -1, -1, ALL6)), into(FAR6, PING6, 0, icmpType=128, icmpCode=0), False, "sg-in", "absent"),
    ("an unknown type, one let in", network(inward(PING, 8, -1, ALL4)), into(FAR, PING, 0), None, "cannot-tell", ""),
    ("an unknown type, all let in", network(inward(PING, -1, -1, ALL4)), into(FAR, PING, 0), True, "", "sgr-1--1"),
    ("an unknown type, none let in", network(HTTPS), into(FAR, PING, 0), False, "sg-in", "absent"),
    ("an unknown code, one let in", network(inward(PING, 3, 4, ALL4)), into(FAR, PING, 0, icmpType=3), None, "cannot-tell", ""),
    ("an unknown code of another type", network(inward(PING, 3, 4, ALL4)), into(FAR, PING, 0, icmpType=8), False, "sg-in", "absent"),
    ("an unknown port", network(HTTPS), into(FAR, TCP), None, "cannot-tell", ""),
    ("an unknown port, ranges that cover all", network(inward(TCP, 0, 500, ALL4), inward(TCP, 501, 65535, ALL4)), into(FAR, TCP), True, "", "sgr-6-0"),
    ("an unknown protocol", network(inward(-1, -1, -1, ALL4)), Packet("eni-1", "ingress", FAR, OWN), True, "", "sgr--1--1"),
    ("a type let in by the group alone, another by the ACL alone", network(inward(PING, 8, -1, ALL4), entries=(entry(1, True, PING, ALL4, icmp_type=0),)), into(FAR, PING, 0), False, "cannot-tell", ""),
    ("an ACL of no entries", network(HTTPS, entries=()), into(FAR, TCP, 443), False, "nacl-in", "32767"),
    ("an ACL of no entries, IPv6", network(HTTPS, entries=()), into(FAR6, TCP, 443), False, "nacl-in", "32768"),
    ("the lower number decides: deny", network(HTTPS, entries=(entry(90, False, TCP, "198.51.100.0/24"), *EVERY_ENTRY)), into(FAR, TCP, 443), False, "nacl-in", "90"),
    ("the lower number decides: allow", network(HTTPS, entries=(*EVERY_ENTRY, entry(200, False, TCP, ALL4))), into(FAR, TCP, 443), True, "", "sgr-6-443"),
    ("the order is the numbers', not the list's", network(HTTPS, entries=(entry(300, False, TCP, ALL4), entry(20, True, TCP, ALL4))), into(FAR, TCP, 443), True, "", "sgr-6-443"),
    ("an ACL's IPv4 entry is not for IPv6", network(inward(-1, -1, -1, ALL6), entries=(entry(1, True, -1, ALL4),)), into(FAR6, TCP, 1), False, "nacl-in", "32768"),
    ("an ACL's ports: the last", network(HTTPS, entries=(entry(1, True, TCP, ALL4, 440, 443),)), into(FAR, TCP, 443), True, "", "sgr-6-443"),
    ("an ACL's ports: past the last", network(HTTPS, entries=(entry(1, True, TCP, ALL4, 440, 442),)), into(FAR, TCP, 443), False, "nacl-in", "32767"),
    ("an ACL's protocol without ports ignores them", network(inward(-1, -1, -1, ALL4), entries=(entry(7, False, GRE, ALL4, 1, 2), *EVERY_ENTRY)), into(FAR, GRE, 0), False, "nacl-in", "7"),
    ("an ACL's ICMP type", network(inward(-1, -1, -1, ALL4), entries=(entry(7, False, PING, ALL4, icmp_type=8), *EVERY_ENTRY)), into(FAR, PING, 0, icmpType=8, icmpCode=0), False, "nacl-in", "7"),
    ("an ACL's other ICMP type", network(inward(-1, -1, -1, ALL4), entries=(entry(7, False, PING, ALL4, icmp_type=8), *EVERY_ENTRY)), into(FAR, PING, 0, icmpType=0, icmpCode=0), True, "", "sgr--1--1"),
    ("inside the subnet no ACL is asked", network(HTTPS, entries=()), into("10.0.1.200", TCP, 443), True, "", "sgr-6-443"),
    ("inside the subnet, IPv6", network(inward(-1, -1, -1, ALL6), entries=()), into("2001:db8:0:1::ffff", TCP, 443), True, "", "sgr--1--1"),
    ("just past the subnet", network(HTTPS, entries=()), into("10.0.2.0", TCP, 443), False, "nacl-in", "32767"),
    ("inbound the ACL comes first", network(entries=()), into(FAR, TCP, 443), False, "nacl-in", "32767"),
    ("outbound the group comes first", network(entries=()), out(FAR, TCP, 443), False, "sg-out", "absent"),
    ("outbound, the ACL refuses", network(outward(-1, -1, -1, ALL4), entries=()), out(FAR, TCP, 443), False, "nacl-out", "32767"),
    ("a reply passes the group", network(), out(FAR, TCP, 40000, reply=True), True, "", ""),
    ("a reply needs a rule of the ACL", network(HTTPS, entries=(entry(1, True, TCP, ALL4),)), out(FAR, TCP, 40000, reply=True), False, "nacl-reply", "32767"),
    ("ports of replies", network(HTTPS, entries=ASKED_OUT), out(FAR, TCP, 1024, reply=True), True, "", ""),
    ("below the ports of replies", network(HTTPS, entries=ASKED_OUT), out(FAR, TCP, 1023, reply=True), False, "nacl-reply", "32767"),
    ("no group, no refusal", network(), Packet("eni-3", "ingress", FAR, "10.0.1.6", 40000, 443, TCP), True, "", ""),
    ("Amazon DNS", network(entries=()), out("10.0.0.2", UDP, 53), True, "", ""),
    ("Amazon DNS is in the primary block", network(), out("10.9.0.2", UDP, 53), False, "sg-out", "absent"),
    ("Amazon DNS, local", network(entries=()), out("169.254.169.253", UDP, 53), True, "", ""),
    ("Amazon DNS, IPv6", network(entries=()), out("fd00:ec2::253", UDP, 53), True, "", ""),
    ("metadata", network(entries=()), out("169.254.169.254", TCP, 80), True, "", ""),
    ("metadata, IPv6", network(entries=()), out("fd00:ec2::254", TCP, 80), True, "", ""),
    ("time", network(entries=()), out("169.254.169.123", UDP, 123), True, "", ""),
    ("time, IPv6", network(entries=()), out("fd00:ec2::123", UDP, 123), True, "", ""),
    ("tasks of ECS", network(entries=()), out("169.254.170.2", TCP, 80), True, "", ""),
    ("Windows licences", network(entries=()), out("169.254.169.250", TCP, 1688), True, "", ""),
    ("Windows licences, the other", network(entries=()), out("169.254.169.251", TCP, 1688), True, "", ""),
    ("another link-local address", network(), out("169.254.169.252", TCP, 1688), False, "sg-out", "absent"),
    ("the router", network(entries=()), out("10.0.1.1", PING, 0), True, "", ""),
    ("DHCP, asked", network(entries=()), Packet("eni-1", "egress", OWN, "255.255.255.255", 68, 67, UDP), True, "", ""),
    ("DHCP, answered", network(entries=()), Packet("eni-1", "ingress", "10.0.1.9", OWN, 67, 68, UDP), True, "", ""),
    ("not DHCP", network(), Packet("eni-1", "ingress", "10.0.1.9", OWN, 40000, 67, UDP), False, "sg-in", "absent"),
    ("metadata, from anywhere", network(), Packet("eni-x", "egress", OWN, "169.254.169.254", 1, 80, TCP), True, "", ""),
    ("an unknown interface", network(HTTPS), Packet("eni-x", "ingress", FAR, OWN, 1, 443, TCP), None, "cannot-tell", ""),
    ("an unknown group's members", network(inward(TCP, 443, 443, "sg-9")), into("10.7.0.1", TCP, 443), None, "cannot-tell", ""),
    ("unknown members, but another rule", network(inward(TCP, 443, 443, "sg-9"), inward(TCP, 1, 500, ALL4)), into("10.7.0.1", TCP, 443), True, "", "sgr-6-1"),
    ("unknown members, but another port", network(inward(TCP, 443, 443, "sg-9")), into("10.7.0.1", TCP, 444), False, "sg-in", "absent"),
    ("unknown members have private addresses", network(inward(TCP, 443, 443, "sg-9")), into(FAR, TCP, 443), False, "sg-in", "absent"),
    ("unknown members are not of ours", network(inward(TCP, 443, 443, "sg-9")), into("10.0.2.9", TCP, 443), False, "sg-in", "absent"),
    ("an unknown prefix list", network(inward(TCP, 443, 443, "pl-9")), into(FAR, TCP, 443), None, "cannot-tell", ""),
    ("cannot tell, but the ACL refuses", network(inward(TCP, 443, 443, "pl-9"), entries=()), into(FAR, TCP, 443), False, "nacl-in", "32767"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "rules", "packet", "allowed", "layer", "rule"), CASES, ids=[case[0] for case in CASES]
)
def test_documented_facts(
    told: str, rules: Network, packet: Packet, allowed: bool | None, layer: str, rule: str
) -> None:
    """A packet fares as the documentation of its rules says."""
    verdict = rules.verdict(packet)
    assert (verdict.allowed, verdict.layer, verdict.rule) == (allowed, layer, rule), f"{told}: {verdict}"


def test_the_documented_ping() -> None:
    """A ping that is let in and whose reply the network ACL refuses gives ACCEPT in and REJECT out."""
    ping = replace(
        network(inward(PING, -1, -1, ALL4), entries=(entry(100, True, PING, ALL4),)),
        interfaces=(Interface("eni-1235b8ca123456789", "subnet-1", "vpc-1", ("172.31.16.139",), groups=("sg-1",)),),
    )
    asked = Packet("eni-1235b8ca123456789", "ingress", "203.0.113.12", "172.31.16.139", 0, 0, 1)
    answered = Packet("eni-1235b8ca123456789", "egress", "172.31.16.139", "203.0.113.12", 0, 0, 1, reply=True)
    assert ping.verdict(asked).allowed is True
    assert (ping.verdict(answered).allowed, ping.verdict(answered).layer) == (False, "nacl-reply")


def test_why_it_cannot_be_told() -> None:
    """What is not known is named: interface, address, kind, group, members, list, ACL or subnet."""
    plain = network(HTTPS)
    lost = {
        NO_INTERFACE: (plain, Packet("eni-x", "ingress", FAR, OWN, 1, 443, TCP)),
        NO_KIND: (plain, into(FAR, TCP)),
        NO_GROUP: (replace(plain, groups=plain.groups[:1]), into(FAR, TCP, 80)),
        NO_MEMBERS: (network(inward(TCP, 443, 443, "sg-9")), into("10.7.0.1", TCP, 443)),
        NO_LIST: (network(inward(TCP, 443, 443, "pl-9")), into(FAR, TCP, 443)),
        NO_ACL: (replace(plain, acls=()), into(FAR, TCP, 443)),
        NO_SUBNET: (replace(network(HTTPS, entries=()), subnets=()), into("10.0.1.9", TCP, 443)),
    }
    for why, (rules, packet) in lost.items():
        judged = judge(rules, Packets.of(rules, pd.DataFrame([asdict(packet)])))
        assert (judged.allowed[0], judged.why[0]) == (OPEN, why), packet


def test_an_unknown_subnet_tells_what_is_the_same_inside_and_out() -> None:
    """Without the subnet an ACL's consent counts, and its refusal where the other end is outside the VPC."""
    assert replace(network(HTTPS), subnets=()).verdict(into("10.0.1.9", TCP, 443)).allowed is True
    shut = replace(network(HTTPS, entries=()), subnets=())
    assert shut.verdict(into(FAR, TCP, 443)).layer == "nacl-in"
    assert replace(shut, vpcs=()).verdict(into(FAR, TCP, 443)).allowed is None
    bare = replace(shut, subnets=tuple(replace(one, cidrs=()) for one in network().subnets))
    assert bare.verdict(into("10.0.1.9", TCP, 443)).allowed is None
    assert bare.verdict(into(FAR, TCP, 443)).layer == "nacl-in"
    nowhere = replace(bare, vpcs=tuple(replace(one, cidrs=()) for one in bare.vpcs))
    assert nowhere.verdict(into(FAR, TCP, 443)).allowed is None


def test_what_nobody_could_address() -> None:
    """In a frame, text that is no address gives a packet that cannot be told, and the others are judged."""
    frame = pd.DataFrame([asdict(into(FAR, TCP, 443)) for _ in range(3)], index=[5, 6, 7]).assign(
        srcAddr=[FAR, "-", None]
    )
    rules = network(HTTPS)
    told = rules.verdicts(frame)
    assert told.index.tolist() == [5, 6, 7]
    assert told["allowed"].tolist() == [True, pd.NA, pd.NA]
    assert told["because"][6] == "Whether it passes cannot be told: the other end has no address."
    assert judge(rules, Packets.of(rules, frame)).why.tolist() == [0, NO_ADDRESS, NO_ADDRESS]


SENTENCES = [
    (network(HTTPS), into(FAR, TCP, 443), "Security group sg-1 (web) lets it pass: inbound tcp 443 from 0.0.0.0/0, sgr-6-443; network ACL acl-1 (edge) lets it pass: inbound rule 100 allows all traffic from 0.0.0.0/0."),
    (network(HTTPS), into("10.0.1.9", TCP, 443), "Security group sg-1 (web) lets it pass: inbound tcp 443 from 0.0.0.0/0, sgr-6-443; the other end is in the same subnet, so that no network ACL is asked."),
    (network(), out(FAR, TCP, 40000, reply=True), "It is a reply, of which security groups are not asked; network ACL acl-1 (edge) lets it pass: outbound rule 100 allows all traffic to 0.0.0.0/0."),
    (network(), Packet("eni-3", "ingress", "10.0.1.9", "10.0.1.6", 1, 2, TCP), "Its interface has no security group; the other end is in the same subnet, so that no network ACL is asked."),
    (network(), into(FAR, TCP, 443), "Security group sg-1 (web) and security group sg-2 have no inbound rule that lets it pass."),
    (network(), Packet("eni-4", "ingress", FAR, "10.0.1.7", 1, 2, TCP), "Security group sg-1 (web) has no inbound rule that lets it pass."),
    (network(entries=(entry(90, False, TCP, "198.51.100.0/24"),)), into(FAR, TCP, 443), "Network ACL acl-1 (edge) refuses it: inbound rule 90 denies tcp from 198.51.100.0/24; security group sg-1 (web) and security group sg-2 have no inbound rule that lets it pass either."),
    (network(entries=()), out(FAR, TCP, 443), "Security group sg-1 (web) and security group sg-2 have no outbound rule that lets it pass; network ACL acl-1 (edge) refuses it too: no outbound rule before its last, 32767, fits."),
    (network(HTTPS, entries=()), out(FAR, TCP, 40000, reply=True), "It is a reply; network ACL acl-1 (edge) refuses it: no outbound rule before its last, 32767, fits."),
    (network(), out("10.0.0.2", UDP, 53), "Neither security groups nor network ACLs filter this traffic."),
    (network(inward(PING, 8, -1, ALL4)), into(FAR, PING, 0), "Whether it passes cannot be told: its ICMP type is not known, and the rules let some pass and refuse others."),
    (network(HTTPS), into(FAR, TCP), "Whether it passes cannot be told: its port is not known, and the rules let some pass and refuse others."),
    (network(HTTPS), Packet("eni-1", "ingress", FAR, OWN), "Whether it passes cannot be told: its protocol is not known, and the rules let some pass and refuse others."),
    (replace(network(), acls=()), into(FAR, TCP, 443), "Security group sg-1 (web) and security group sg-2 have no inbound rule that lets it pass; what its network ACL would do cannot be told: the network ACL of its subnet is not in the network."),
    (network(inward(TCP, 443, 443, "sg-9"), entries=()), into("10.7.0.1", TCP, 443), "Network ACL acl-1 (edge) refuses it: no inbound rule before its last, 32767, fits; what its security groups would do cannot be told: a rule is for the members of a security group that is not in the network."),
    (network(inward(PING, 8, -1, ALL4), entries=(entry(1, True, PING, ALL4, icmp_type=0),)), into(FAR, PING, 0), "Its security groups or its network ACL refuse it, whichever kind it is; which of them cannot be told, as its ICMP type is not known."),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "packet", "sentence"), SENTENCES)
def test_sentences(rules: Network, packet: Packet, sentence: str) -> None:
    """A verdict says in a sentence which layer decides by which rule, with the names of both, and what is not known."""
    assert rules.verdict(packet).because == sentence
    assert str(rules.verdict(packet)) == sentence


def test_resources() -> None:
    """A verdict names the group that lets pass, all groups that refuse, or the ACL that does."""
    assert network(HTTPS).verdict(into(FAR, TCP, 443)).resource == "sg-1"
    assert network().verdict(into(FAR, TCP, 443)).resource == "sg-1 sg-2"
    assert network(entries=()).verdict(into(FAR, TCP, 443)).resource == "acl-1"
    assert network().verdict(out("10.0.0.2", UDP, 53)).resource == ""


def test_names_cannot_move_the_cursor() -> None:
    """Names are anybody's text: what is no printable character in one is spelled out where it is said."""
    hostile = [
        replace(one, groups=tuple(replace(it, name="a\x1b[2J\n") for it in one.groups))
        for one in (network(HTTPS), network())
    ]
    shut = replace(network(entries=()), acls=tuple(replace(one, name="b\x9b") for one in network(entries=()).acls))
    for rules, said in ((hostile[0], "(a\\x1b[2J\\n)"), (hostile[1], "(a\\x1b[2J\\n)"), (shut, "(b\\x9b)")):
        assert said in rules.verdict(into(FAR, TCP, 443)).because


def test_a_rule_without_an_id_is_named_in_words() -> None:
    """Where a rule has no id, as in an older snapshot, the verdict names it in words."""
    assert network(replace(HTTPS, id="")).verdict(into(FAR, TCP, 443)).rule == "inbound tcp 443 from 0.0.0.0/0"


def test_a_change_is_judged_anew() -> None:
    """Rules are made ready once for a network; a changed network has its own."""
    before = network(HTTPS)
    assert before.verdict(into(FAR, TCP, 443)).allowed is True
    assert before.ready is before.ready
    assert before.changed(RemoveRule(HTTPS)).verdict(into(FAR, TCP, 443)).allowed is False


NONSENSE = [
    ({"direction": "in"}, "direction 'in' cannot be; a packet is 'ingress' or 'egress'"),
    ({"srcAddr": "10.0.0.256"}, "srcAddr '10.0.0.256' is not an address; write it like '10.0.0.7' or '2001:db8::7'"),
    ({"dstAddr": "10.0.0.0/8"}, "dstAddr '10.0.0.0/8' is not an address"),
    ({"dstAddr": "fe80::1%eth0"}, "dstAddr 'fe80::1%eth0' is not an address"),
    ({"srcPort": -1}, "srcPort -1 cannot be; it is a whole number from 0 to 65535, or None"),
    ({"dstPort": 65536}, "dstPort 65536 cannot be"),
    ({"dstPort": True}, "dstPort True cannot be"),
    ({"protocol": 256}, "protocol 256 cannot be; it is a whole number from 0 to 255, or None"),
    ({"protocol": "tcp"}, "protocol 'tcp' cannot be"),
    ({"icmpType": 256}, "icmpType 256 cannot be"),
]


@pytest.mark.parametrize(("wrong", "told"), NONSENSE)
def test_packets_that_cannot_be(wrong: dict[str, Any], told: str) -> None:
    """A packet with a word, an address or a number that cannot be is refused when it is made."""
    fields = asdict(into(FAR, TCP, 443)) | wrong
    with pytest.raises(ArgumentError) as caught:
        Packet(**fields)
    assert told in str(caught.value)


FRAMES = [
    ({"direction": "up"}, "direction 'up' cannot be; each packet is 'ingress' or 'egress', as seen from its interface"),
    ({"direction": None}, "a missing direction cannot be"),
    ({"dstPort": 70000}, "dstPort 70000 cannot be; it is a whole number from 0 to 65535, or missing"),
    ({"dstPort": -2}, "dstPort -2 cannot be"),
    ({"protocol": 6.5}, "protocol 6.5 cannot be"),
    ({"protocol": float("inf")}, "protocol inf cannot be"),
    ({"protocol": "6x"}, "column 'protocol' holds something that is not a number"),
    ({"srcPort": "ssh"}, "column 'srcPort' holds something that is not a number"),
    ({"dstPort": (1 << 64) - 1}, "dstPort 18446744073709551615 cannot be"),
    ({"reply": "no"}, "column 'reply' holds something that is neither true nor false"),
]


@pytest.mark.parametrize(("wrong", "told"), FRAMES)
def test_frames_that_cannot_be(wrong: dict[str, Any], told: str) -> None:
    """A frame of packets with a direction or number that cannot be is refused, and the value named."""
    frame = pd.DataFrame([asdict(into(FAR, TCP, 443)) | wrong])
    with pytest.raises(ArgumentError) as caught:
        network().verdicts(frame)
    assert told in str(caught.value)


def test_a_frame_lacks_columns() -> None:
    """A frame without a column that judging needs is refused, and the column named."""
    with pytest.raises(ArgumentError, match="missing: dstPort, protocol"):
        network().verdicts(pd.DataFrame([asdict(into(FAR, TCP, 443))]).drop(columns=["dstPort", "protocol"]))


def test_an_empty_frame() -> None:
    """No packets give no verdicts, in the same columns."""
    told = network().verdicts(pd.DataFrame([asdict(into(FAR, TCP, 443))]).iloc[:0])
    assert (len(told), list(told)) == (0, ["allowed", "layer", "rule", "resource", "because"])


@pytest.mark.parametrize("kind", ["int64", "Int64", "float64", "object", "int64[pyarrow]"])
def test_numbers_of_any_type(kind: str) -> None:
    """Ports and protocols may be of any type that sources give; a missing one is not known."""
    frame = pd.DataFrame([asdict(into(FAR, TCP, 443)), asdict(into(FAR, TCP, 80))]).drop(
        columns=["icmpType", "icmpCode"]
    )
    frame = frame.astype(dict.fromkeys(["srcPort", "dstPort", "protocol"], kind))
    assert network(HTTPS).verdicts(frame)["allowed"].tolist() == [True, False]
    if kind != "int64":
        frame.loc[0, "dstPort"] = None
        assert network(HTTPS).verdicts(frame)["allowed"].tolist() == [pd.NA, False]


def test_packets_are_taken_apart() -> None:
    """Some of many packets are judged as they are among all."""
    rng = random.Random(3)
    rules = drawn_network(rng)
    packets = Packets.of(rules, pd.DataFrame([asdict(drawn_packet(rng, rules)) for _ in range(200)]))
    rows = np.array([7, 3, 190, 3])
    some, every = judge(rules, packets.taken(rows)), judge(rules, packets)
    assert len(packets.taken(rows)) == len(some) == 4
    assert some.allowed.tolist() == every.allowed[rows].tolist()
    assert some.acl_entry.tolist() == every.acl_entry[rows].tolist()


def test_judgements_name_their_rules() -> None:
    """Positions lead to the rule and to the entry that decide; what is exempt or inside a subnet is not asked about."""
    rules = network(HTTPS, entries=(entry(90, False, TCP, FAR + "/32"), *EVERY_ENTRY))
    frame = pd.DataFrame(
        [asdict(one) for one in (into(FAR, TCP, 443), into("10.0.1.9", TCP, 443), out("10.0.0.2", UDP, 53))]
    )
    judged = judge(rules, Packets.of(rules, frame))
    assert judged.group_rules[judged.group_rule[0]] is HTTPS
    assert judged.acl_entries[judged.acl_entry[0]] == ("acl-1", rules.acls[0].entries[0])
    assert (judged.group[1], judged.acl[1], judged.acl_entry[1]) == (YES, NOT_ASKED, -1)
    assert (judged.group[2], judged.acl[2], judged.exempt[2]) == (NOT_ASKED, NOT_ASKED, True)
    assert judged.exempt.tolist() == [False, False, True]


def test_more_unknown_packets_than_are_tried_at_once() -> None:
    """Packets of which too much is unknown to try all at once fare as they do a few at a time."""
    rng = random.Random(5)
    rules = drawn_network(rng, groups=12, rules=40, interfaces=24)
    frame = pd.DataFrame([asdict(drawn_packet(rng, rules)) for _ in range(4000)]).assign(protocol=None)
    packets = Packets.of(rules, frame)
    together = judge(rules, packets)
    assert {-1, 0} <= {int(one) for one in together.allowed}
    some = np.arange(0, len(frame), 9)
    apart = judge(rules, packets.taken(some))
    for name in ("allowed", "group", "acl", "why", "group_rule", "acl_entry"):
        assert np.array_equal(getattr(together, name)[some], getattr(apart, name)), name


def test_spans() -> None:
    """Spans that touch are one; what is taken out of them leaves the rest."""
    assert merged([(5, 7), (0, 3), (3, 4), (6, 9)]) == ((0, 4), (5, 9))
    assert without(((0, 10), (20, 30)), ((0, 2), (5, 6), (8, 25))) == ((2, 5), (6, 8), (25, 30))
    assert spans(["10.0.0.0/31", "10.0.0.2/31"]) == ((0x0A000000, 0x0A000004),)


def test_tables_of_more_rules_than_a_word_has_bits() -> None:
    """The first of hundreds of rules that fit is found, in whichever word of the table it stands."""
    hosts = [spans([f"10.0.{at // 256}.{at % 256}/32"]) for at in range(300)]
    cuts = Cuts([EVERYWHERE, *hosts])
    boxes = [Box(cuts.ranks(one), 0, 9) for one in hosts]
    table = Tables([[], boxes, [*boxes[:1], Box(cuts.ranks(EVERYWHERE), 5, 4)]], len(cuts))
    ranks = np.array([cuts.ranks(one)[0, 0] for one in hosts])
    assert table.first(np.full(300, 1), ranks, np.full(300, 9)).tolist() == list(range(300))
    assert set(table.first(np.full(300, 1), ranks, np.full(300, 10)).tolist()) == {-1}
    assert set(table.first(np.zeros(300, int), ranks, np.zeros(300, int)).tolist()) == {-1}
    assert table.first(np.full(2, 2), ranks[:2], np.full(2, 4)).tolist() == [0, -1]
    wide = Tables([[Box(cuts.ranks(EVERYWHERE), 100 - at, 200) for at in range(100)]], len(cuts))
    assert wide.first(np.zeros(3, int), ranks[:3], [100, 31, 2]).tolist() == [0, 69, 98]
