"""Packets drawn at the edges of a network's rules, where one address or port more makes the difference."""

from __future__ import annotations

import random
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import product

from rejectkit.network.model import ALL, ICMP, ICMP6, AclEntry, GroupRule, Interface, Network, NetworkAcl
from rejectkit.network.packets import Packet

ADDRESSES = [
    "198.51.100.7", "10.0.0.2", "10.0.1.1", "10.1.0.2", "10.0.2.77", "10.2.0.11", "169.254.169.254", "169.254.169.252",
    "2001:db8:0:100::1", "2001:db8:0:102::9", "fd00:ec2::253", "fd00:ec2::252", "2600::1", "100.64.3.2", "fe80::1",
]  # fmt: skip


def open_wide(rng: random.Random, network: Network) -> Network:
    """Return a network whose ACLs now and then let pass, last of all, what no other entry fits."""
    kept = rng.random()

    def opened(acl: NetworkAcl) -> NetworkAcl:
        last = [
            AclEntry(32700 + at, egress, True, ALL, cidr)
            for at, (egress, cidr) in enumerate(product([False, True], ["0.0.0.0/0", "::/0"]))
            if rng.random() < kept
        ]
        return replace(acl, entries=tuple(sorted((*acl.entries, *last), key=lambda one: (one.egress, one.number))))

    return replace(network, acls=tuple(opened(acl) for acl in network.acls))


def worn(rng: random.Random, network: Network) -> Network:
    """Return a network of which now and then something is not known: a group, a subnet, an ACL, a VPC."""
    dice = rng.random()
    if dice < 0.15:
        return replace(network, groups=tuple(one for one in network.groups if rng.random() < 0.7))
    if dice < 0.27:
        return replace(network, subnets=tuple(one for one in network.subnets if rng.random() < 0.5))
    if dice < 0.34:
        return replace(network, acls=network.acls[1:])
    if dice < 0.4:
        return replace(network, vpcs=(), subnets=())
    return network


def drawn_packet(rng: random.Random, network: Network) -> Packet:
    """Return a packet near what some rule that bears on it says."""
    card = rng.choice(network.interfaces)
    egress = rng.random() < 0.5
    rules = [
        rule
        for name in card.groups
        for rule in (network.group_of[name].rules if name in network.group_of else ())
        if rule.egress == egress or rng.random() < 0.05
    ]
    acl = network.guard_of.get(card.subnet)
    entries = [entry for entry in (acl.entries if acl else ()) if entry.egress == egress]
    near: GroupRule | AclEntry | None = rng.choice(rules + entries) if rules + entries else None
    other = _other(rng, network, near) if near and rng.random() < 0.85 else rng.choice(ADDRESSES)
    protocol, port, kind, code = _traffic(rng, near)
    own = card.addresses[0]
    sixes = [one for one in card.addresses if ":" in one]
    if ":" in other and sixes:
        own = sixes[0]
    elsewhere = rng.choice([40000, 53, 1023])
    if rng.random() < 0.01:
        protocol, elsewhere, port = 17, *rng.choice([(67, 68), (68, 67), (68, 68)])
    return Packet(
        interfaceId=card.id if rng.random() < 0.99 else "eni-elsewhere",
        direction="egress" if egress else "ingress",
        srcAddr=own if egress else other,
        dstAddr=other if egress else own,
        srcPort=elsewhere,
        dstPort=port,
        protocol=protocol,
        icmpType=kind,
        icmpCode=code,
        reply=rng.random() < 0.08,
    )


def _other(rng: random.Random, network: Network, near: GroupRule | AclEntry) -> str:
    """Return an address at the edge of what a rule names, or just past it."""
    peer = near.cidr if isinstance(near, AclEntry) else near.peer
    if peer.startswith("sg-"):
        members: tuple[Interface, ...] = network.members_of.get(peer, ())
        if members and rng.random() < 0.7:
            member = rng.choice(members)
            return rng.choice(
                [*member.addresses, *(str(ip_network(one)[3]) for one in member.prefixes), *member.public]
            )
        return rng.choice(network.interfaces).addresses[-1] if rng.random() < 0.7 else rng.choice(ADDRESSES)
    if peer.startswith("pl-"):
        found = network.prefix_list_of.get(peer)
        if not found or not found.cidrs:
            return rng.choice(ADDRESSES)
        peer = rng.choice(found.cidrs)
    net = ip_network(peer)
    first, last = int(net.network_address), int(net.broadcast_address)
    at = rng.choice([first, first, last, last, rng.randint(first, last), rng.randint(first, last), first - 1, last + 1])
    if net.version == 4:
        return str(IPv4Address(min(max(at, 0), (1 << 32) - 1)))
    return str(IPv6Address(min(max(at, 1 << 40), (1 << 128) - 1)))


def _traffic(rng: random.Random, near: GroupRule | AclEntry | None) -> tuple[int | None, ...]:
    """Return protocol, port, type and code near those of a rule; some of them not known."""
    protocol = (
        near.protocol if near and near.protocol != ALL and rng.random() < 0.9 else rng.choice([6, 6, 17, 1, 58, 50])
    )
    if rng.random() < 0.005:
        return None, None, None, None
    if protocol in (ICMP, ICMP6):
        kind, code = rng.choice([0, 3, 7, 8, 9, 128]), rng.choice([0, 1, 3, 4, 5])
        return protocol, 0, *rng.choice([(None, None), (kind, None), (kind, code), (kind, code), (kind, code)])
    ends = [near.from_port, near.to_port] if near and near.from_port != ALL and near.protocol == protocol else [443]
    port = min(max(rng.choice(ends) + rng.choice([0, 0, 0, 0, 1, -1]), 0), 65535)
    return protocol, None if rng.random() < 0.01 else port, None, None
