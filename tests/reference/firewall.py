"""A second opinion on packets: one at a time, rule after rule, with `ipaddress`, in every world that may be.

What is not known (the type of an ICMP packet, the members of a group of another account, the network ACL of a
subnet) is tried each way; a packet passes where it passes in every such world.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import product
from types import SimpleNamespace
from typing import Any

ALWAYS = [  # what no rule filters: name servers, metadata, time, Windows licences, tasks of ECS
    "169.254.169.253", "169.254.169.254", "169.254.169.123", "169.254.169.250", "169.254.169.251", "169.254.170.2",
    "fd00:ec2::253", "fd00:ec2::254", "fd00:ec2::123",
]  # fmt: skip
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
NOBODYS = ["::/127", "fe80::/10", "ff00::/8"]

block = lru_cache(None)(ip_network)
place = lru_cache(None)(ip_address)


@dataclass(frozen=True)
class Outcome:
    """Whether a packet passes, and what its groups and its network ACL say; None where worlds differ."""

    allowed: bool | None
    group: bool | str | None  # "not asked"
    acl: bool | str | None
    rules: frozenset[Any]  # the group rules that decide, one a world; None for their absence
    entries: frozenset[Any]  # the numbers of the ACL's deciding entries, one a world


def judge(network: Any, packet: Any) -> Outcome:
    """Return what the network's rules do with a packet."""
    other = place(packet.srcAddr if packet.direction == "ingress" else packet.dstAddr)
    if exempt(network, packet, other):
        return Outcome(True, "not asked", "not asked", frozenset(), frozenset())
    passes, groups, acls, rules, entries = set(), set(), set(), set(), set()
    for packet_here in kinds(network, packet):
        for world in worlds(network, packet_here, other):
            group, rule = by_groups(network, packet_here, other, world)
            acl, number = by_acl(network, packet_here, other, world)
            passes.add(group is not False and acl is not False)
            groups.add(group)
            acls.add(acl)
            rules |= {rule} if group is not None else set()
            entries |= {number} if acl is not None else set()
    return Outcome(
        passes.pop() if len(passes) == 1 else None, agreed(groups), agreed(acls), frozenset(rules), frozenset(entries)
    )


def agreed(answers: set[bool | None]) -> bool | str | None:
    """Return the one answer of all worlds; to be asked nothing is as good as to pass."""
    if answers == {None}:
        return "not asked"
    answers = {answer is not False for answer in answers}
    return answers.pop() if len(answers) == 1 else None


def exempt(network: Any, packet: Any, other: Any) -> bool:
    """Tell whether no layer can filter the packet (VPC User Guide, "Infrastructure security")."""
    if packet.protocol == 17 and {packet.srcPort, packet.dstPort} == {67, 68}:
        return True
    if str(other) in ALWAYS:
        return True
    card = network.interface_of.get(packet.interfaceId)
    if card is None:
        return False
    vpc, subnet = network.vpc_of.get(card.vpc), network.subnet_of.get(card.subnet)
    first = [cidr for cidr in vpc.cidrs if ":" not in cidr][:1] if vpc else []
    resolvers = [block(cidr)[2] for cidr in first]
    routers = [block(cidr)[1] for cidr in subnet.cidrs if ":" not in cidr] if subnet else []
    return other in resolvers + routers


def kinds(network: Any, packet: Any) -> Iterator[Any]:
    """Yield the packet with each protocol, port, type and code that it may have and that may make a difference."""
    lines = [rule for group in network.groups for rule in group.rules]
    entries = [entry for acl in network.acls for entry in acl.entries]
    protocols = [packet.protocol]
    if packet.protocol is None:
        protocols = near({one.protocol for one in lines + entries}, 255)
    for protocol in protocols:
        ports = [packet.dstPort]
        if protocol in (6, 17) and packet.dstPort is None:
            ends = {end for one in lines + entries for end in (one.from_port, one.to_port)}
            ports = near(ends, 65535)
        types, codes = [packet.icmpType], [packet.icmpCode]
        if protocol in (1, 58):
            if packet.icmpType is None:
                types = near({one.from_port for one in lines} | {one.icmp_type for one in entries}, 255)
            if packet.icmpCode is None:
                codes = near({one.to_port for one in lines} | {one.icmp_code for one in entries}, 255)
        for port, kind, code in product(ports, types, codes):
            yield SimpleNamespace(
                interfaceId=packet.interfaceId, direction=packet.direction, reply=packet.reply, protocol=protocol,
                dstPort=port, icmpType=kind, icmpCode=code,
            )  # fmt: skip


def near(values: set[int], most: int) -> list[int]:
    """Return values, their neighbours and both ends, as far as they can be."""
    around = {value + step for value in values for step in (-1, 0, 1)} | {0, most}
    return sorted(value for value in around if 0 <= value <= most)


def worlds(network: Any, packet: Any, other: Any) -> Iterator[dict[str, bool]]:
    """Yield the unknown things that bear on the packet, each way: by name whether it is so."""
    card = network.interface_of.get(packet.interfaceId)
    if card is None:
        coins = ["acl", "inside"] + ([] if packet.reply else ["group "])
    else:
        coins = ["group " + name for name in card.groups if name not in network.group_of]
        for name in card.groups:
            if name in network.group_of:
                coins += [rule.peer for rule in network.group_of[name].rules if unknown(network, rule.peer, other)]
        if card.subnet not in network.guard_of:
            coins.append("acl")
        if card.subnet not in network.subnet_of:
            vpc = network.vpc_of.get(card.vpc)
            if vpc is None or any(other in block(cidr) for cidr in vpc.cidrs):
                coins.append("inside")
    coins = sorted(set(coins))
    for sides in product([False, True], repeat=len(coins)):
        yield dict(zip(coins, sides, strict=True))


def unknown(network: Any, peer: str, other: Any) -> bool:
    """Tell whether it is open that the other end is what a rule names."""
    if peer.startswith("pl-"):
        return peer not in network.prefix_list_of
    if not peer.startswith("sg-") or peer in network.group_of:
        return False
    if any(has(card, other) for card in network.interfaces):
        return False  # we know its groups
    if other.version == 4:
        return any(other in block(cidr) for cidr in PRIVATE)
    return not any(other in block(cidr) for cidr in NOBODYS)


def by_groups(network: Any, packet: Any, other: Any, world: dict[str, bool]) -> tuple[bool | None, Any]:
    """Return whether the groups let a packet pass, None where they are not asked; and the first rule that does."""
    card = network.interface_of.get(packet.interfaceId)
    if packet.reply or (card is not None and not card.groups):
        return None, None
    if card is None:
        return world["group "], None
    unseen = any(world.get("group " + name, False) for name in card.groups)
    for name in card.groups:
        for rule in network.group_of[name].rules if name in network.group_of else ():
            if rule.egress != (packet.direction == "egress"):
                continue
            if not is_peer(network, rule.peer, other, world):
                continue
            if is_traffic(rule.protocol, rule.from_port, rule.to_port, rule.from_port, rule.to_port, packet):
                return True, rule
    return unseen, None


def is_peer(network: Any, peer: str, other: Any, world: dict[str, bool]) -> bool:
    """Tell whether the other end is the CIDR, in the prefix list, or an interface of the group."""
    if peer.startswith("pl-"):
        if peer in network.prefix_list_of:
            return any(other in block(cidr) for cidr in network.prefix_list_of[peer].cidrs)
        return world[peer]
    if peer.startswith("sg-"):
        for card in network.interfaces:
            if peer in card.groups and has(card, other):
                return True
        return world.get(peer, False)
    return other in block(peer)


def has(card: Any, other: Any) -> bool:
    """Tell whether an address is one of an interface's private ones."""
    return any(other == place(text) for text in card.addresses) or any(other in block(text) for text in card.prefixes)


def is_traffic(protocol: int, low: int, high: int, kind: int, code: int, packet: Any) -> bool:
    """Tell whether protocol, and port or ICMP type and code, are those of a rule."""
    if protocol == -1:
        return True
    if protocol != packet.protocol:
        return False
    if protocol in (6, 17):
        return low == -1 or low <= packet.dstPort <= high
    if protocol in (1, 58):
        return kind == -1 or (kind == packet.icmpType and code in (-1, packet.icmpCode))
    return True


def by_acl(network: Any, packet: Any, other: Any, world: dict[str, bool]) -> tuple[bool | None, Any]:
    """Return whether the network ACL lets a packet pass, None where it is not asked; and the number that decides."""
    card = network.interface_of.get(packet.interfaceId)
    subnet = network.subnet_of.get(card.subnet) if card else None
    if subnet is not None and any(other in block(cidr) for cidr in subnet.cidrs):
        return None, None
    if world.get("inside"):
        return None, None
    if "acl" in world:
        return world["acl"], None
    acl = network.guard_of[card.subnet]
    for entry in sorted(acl.entries, key=lambda entry: entry.number):
        if entry.egress != (packet.direction == "egress") or other not in block(entry.cidr):
            continue
        ports, kinds = (entry.from_port, entry.to_port), (entry.icmp_type, entry.icmp_code)
        if is_traffic(entry.protocol, *ports, *kinds, packet):
            return entry.allow, entry.number
    return False, 32767 if other.version == 4 else 32768
