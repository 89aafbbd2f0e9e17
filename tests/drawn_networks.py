"""Networks drawn at random: every kind of rule, of address and of reference, overlapping as they like."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from rejectkit.network.model import (
    ALL,
    ICMP,
    ICMP6,
    TCP,
    UDP,
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
from rejectkit.network.snapshots.place import in_order

VPC, OTHER = "vpc-00000001", "vpc-00000002"
ACCOUNT, PEER = "123456789012", "210987654321"
PORTS = (0, 22, 53, 80, 443, 1023, 1024, 3306, 5432, 8080, 32768, 60999, 65535)
OUTSIDE = ("0.0.0.0/0", "::/0", "192.168.0.0/16", "198.51.100.0/24", "203.0.113.7/32", "2001:db8:ffff::/48", "fd00::/8")


def drawn_network(
    rng: random.Random,
    *,
    groups: int = 6,
    rules: int = 5,
    acls: int = 3,
    entries: int = 5,
    interfaces: int = 8,
) -> Network:
    """Return a network of two VPCs, the second with one subnet, as `from_json` would read it.

    Parameters
    ----------
    rng : random.Random
        Decides all; the same state gives the same network.
    groups, acls, interfaces : int
        How many there are of each.
    rules, entries : int
        How many a group or network ACL has at most; some have none.
    """
    subnets = _subnets()
    lists = tuple(
        PrefixList(
            f"pl-{at:08x}",
            in_order(drawn_cidr(rng) for _ in range(rng.randrange(5))),
            rng.choice(["", "office"]),
            rng.choice([0, 10]),
            ACCOUNT,
        )
        for at in range(2)
    )
    names = [f"sg-{at:08x}" for at in range(groups)]
    peers = [*names, "sg-0000beef", *(one.id for one in lists), "pl-0000beef"]
    return Network(
        vpcs=(
            Vpc(VPC, ("10.0.0.0/16", "10.1.0.0/16", "2001:db8:0:100::/56"), ACCOUNT, "first"),
            Vpc(OTHER, ("10.2.0.0/16",), PEER),
        ),
        subnets=subnets,
        groups=tuple(_group(rng, name, peers, rules) for name in names),
        acls=_acls(rng, subnets, acls, entries),
        interfaces=tuple(_interface(rng, at, subnets, names) for at in range(interfaces)),
        prefix_lists=lists,
        at=datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(86400)) if rng.random() < 0.8 else None,
        region=rng.choice(["", "eu-west-1"]),
        account=rng.choice(["", ACCOUNT]),
    )


def drawn_cidr(rng: random.Random) -> str:
    """Return a CIDR, IPv4 or IPv6, of the VPCs or of outside, often one that others overlap."""
    if rng.random() < 0.4:
        return rng.choice(OUTSIDE)
    if rng.random() < 0.3:
        text = f"2001:db8:0:10{rng.randrange(4):x}::{rng.randrange(1, 12):x}/{rng.choice([56, 64, 112, 126, 128])}"
    else:
        text = (
            f"10.{rng.randrange(3)}.{rng.randrange(4)}.{rng.randrange(1, 12)}/{rng.choice([8, 15, 16, 24, 28, 30, 32])}"
        )
    return str(ip_network(text, strict=False))


def drawn_rule(rng: random.Random, group: str, peers: Sequence[str] = ()) -> GroupRule:
    """Return a rule of a group; `peers` are ids of groups and prefix lists that it may name."""
    peer = rng.choice([*peers, group]) if rng.random() < 0.4 else drawn_cidr(rng)
    away = peer == "sg-0000beef" and rng.random() < 0.7
    protocol, low, high = _traffic(rng)
    return GroupRule(
        group,
        rng.random() < 0.5,
        protocol,
        low,
        high,
        peer,
        f"sgr-{rng.getrandbits(32):08x}" if rng.random() < 0.8 else "",
        rng.choice(["", "why", "drawn <b>"]),
        PEER if away else "",
        OTHER if away else "",
        rng.choice([(), (("Owner", "me"), ("Tier", ""))]),
    )


def drawn_entry(rng: random.Random, number: int, egress: bool) -> AclEntry:
    """Return an entry of a network ACL."""
    protocol, low, high = _traffic(rng)
    icmp = protocol in (ICMP, ICMP6)
    return AclEntry(
        number,
        egress,
        rng.random() < 0.65,
        protocol,
        drawn_cidr(rng),
        *((ALL, ALL, low, high) if icmp else (low, high)),
    )


def _traffic(rng: random.Random) -> tuple[int, int, int]:
    protocol = rng.choice([ALL, TCP, TCP, TCP, UDP, UDP, ICMP, ICMP6, 50, 132])
    if protocol in (TCP, UDP):
        low, high = sorted(rng.choices(PORTS, k=2))
        return protocol, *rng.choice([(low, low), (low, high), (low, high), (0, 65535), (ALL, ALL)])
    if protocol in (ICMP, ICMP6):
        return protocol, *rng.choice([(ALL, ALL), (8, ALL), (0, ALL), (3, 4), (128, 0)])
    return protocol, ALL, ALL


def _subnets() -> tuple[Subnet, ...]:
    own = [
        Subnet(
            f"subnet-{at:08x}", VPC, (f"10.0.{at}.0/24", f"2001:db8:0:10{at:x}::/64"), "", f"eu-west-1{'ab'[at % 2]}"
        )
        for at in range(4)
    ]
    return (*own, Subnet("subnet-0000000f", OTHER, ("10.2.0.0/24",), "far", "eu-west-1a"))


def _group(rng: random.Random, name: str, peers: Sequence[str], most: int) -> SecurityGroup:
    drawn = {rule.key: rule for rule in (drawn_rule(rng, name, peers) for _ in range(rng.randint(0, most)))}
    return SecurityGroup(
        name, f"group {name[-2:]}", "drawn", VPC, ACCOUNT, tuple(drawn[key] for key in sorted(drawn)), (("Name", name),)
    )


def _acls(rng: random.Random, subnets: Sequence[Subnet], count: int, most: int) -> tuple[NetworkAcl, ...]:
    guards = {one.id: rng.randrange(count) for one in subnets} if count else {}
    found = []
    for at in range(count):
        places = {
            (rng.random() < 0.5, rng.choice([1, 90, 100, 110, 200, rng.randint(1, 32766)]))
            for _ in range(rng.randint(0, most))
        }
        found.append(
            NetworkAcl(
                f"acl-{at:08x}",
                rng.choice(["", "shared"]),
                VPC,
                at == 0,
                tuple(drawn_entry(rng, number, egress) for egress, number in sorted(places)),
                tuple(sorted(subnet for subnet, guard in guards.items() if guard == at)),
                rng.choice([(), (("Owner", "me"),)]),
            )
        )
    return tuple(found)


def _interface(rng: random.Random, at: int, subnets: Sequence[Subnet], groups: Sequence[str]) -> Interface:
    subnet = rng.choice(subnets)
    four, six = subnet.cidrs[0], next((cidr for cidr in subnet.cidrs if ":" in cidr), "")
    own = [str(ip_network(four)[10 + at % 240])]
    own += [str(ip_network(four)[250])] if at == 0 else []
    own += [str(ip_network(six)[1 + at])] if six and rng.random() < 0.5 else []
    carried = rng.sample(groups, min(len(groups), rng.choice([0, 1, 1, 2, 3])))
    return Interface(
        f"eni-{at:08x}",
        subnet.id,
        subnet.vpc,
        tuple(own),
        (f"198.51.100.{at % 250 + 1}",) if rng.random() < 0.3 else (),
        tuple(sorted(carried)),
        rng.choice(["", f"i-{at:08x}"]),
        rng.choice(["interface", "interface", "nat_gateway", "network_load_balancer"]),
        rng.choice(["", "amazon-elb"]),
        rng.choice(["", "drawn"]),
        rng.choice(["", f"host {at}"]),
        rng.choice(["in-use", "in-use", "available"]),
        (f"10.0.3.{16 * (at % 14 + 1)}/28",) if rng.random() < 0.1 else (),
    )
