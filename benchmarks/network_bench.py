"""The rules: a million records against 50 groups of 60 rules and 20 network ACLs of 20; a plain loop beside it."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.rounds import run
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

RECORDS = 1_000_000
GROUPS, RULES = 50, 60  # rules a direction, which is the service's quota
ACLS, ENTRIES = 20, 20  # entries a direction, the same
INTERFACES = 400
SOURCES = 60_000  # addresses outside
SAMPLE = 3_000  # records that the plain loop judges
ROWS = (  # what is measured, its name in the table, the target and whether it is the least
    ("ready", "the rules made ready, seconds", None, False),
    ("packets", "1 million records read as packets, seconds", None, False),
    ("judge", "1 million packets judged, seconds", 3.0, False),
    ("tell", "1 million verdicts in words, seconds", None, False),
    ("plain", "1 million records by the plain loop, seconds (a sample, scaled)", None, False),
    ("times", "how many times as fast, from records to judgements, the rules ready for both", 50.0, True),
    ("memory", "memory at most, GB", 2.0, False),
)


def network(seed: int = 7) -> Network:
    """Return the network: 20 subnets, rules for CIDRs of both families, prefix lists and groups."""
    rng = np.random.default_rng(seed)
    lists = tuple(PrefixList(f"pl-{at:08x}", tuple(_outside(rng) for _ in range(20))) for at in range(4))
    names = [f"sg-{at:08x}" for at in range(GROUPS)]
    ends = [*names, *(one.id for one in lists)]
    subnets = [f"subnet-{at:08x}" for at in range(ACLS)]
    blocks = [(f"10.0.{at}.0/24", f"2001:db8:0:1{at:02x}::/64") for at in range(ACLS)]
    return Network(
        vpcs=(Vpc("vpc-1", ("10.0.0.0/16", "2001:db8:0:100::/56")),),
        subnets=tuple(Subnet(name, "vpc-1", block) for name, block in zip(subnets, blocks, strict=True)),
        groups=tuple(SecurityGroup(name, f"the {name[3:]}", rules=_rules(rng, name, ends)) for name in names),
        acls=tuple(NetworkAcl(f"acl-{name[7:]}", entries=_entries(rng), subnets=(name,)) for name in subnets),
        interfaces=tuple(_interface(rng, at, names) for at in range(INTERFACES)),
        prefix_lists=lists,
    )


def records(rules: Network, number: int = RECORDS, seed: int = 8) -> pd.DataFrame:
    """Return records of a day: a third of them between interfaces, the rest with addresses outside.

    Columns as a source gives them, and `direction`; every record has the action that the rules give it.
    """
    from rejectkit.network.judging.engine import YES, judge
    from rejectkit.network.packets import Packets

    rng = np.random.default_rng(seed)
    cards = np.array([one.id for one in rules.interfaces], object)
    own = np.array([one.addresses[0] for one in rules.interfaces], object)
    fours = [".".join(map(str, row)) for row in rng.integers(1, 223, (SOURCES, 4)).tolist()]
    sixes = [f"2600:1f18::{at:x}" for at in range(SOURCES // 20)]
    outside = np.array(fours + sixes, object)
    card = rng.integers(0, len(cards), number)
    inside = rng.random(number) < 0.33
    peer = np.where(inside, own[rng.integers(0, len(own), number)], outside[rng.integers(0, len(outside), number)])
    egress = rng.random(number) < 0.4
    protocol = rng.choice([6, 17, 1], number, p=[0.85, 0.12, 0.03])
    known = rng.choice(PORTS, number)
    port = np.where(rng.random(number) < 0.6, known, rng.integers(1, 65536, number))
    start = 1_793_491_200 + np.sort(rng.integers(0, 86_400, number))
    frame = pd.DataFrame(
        {
            "interfaceId": cards[card],
            "srcAddr": np.where(egress, own[card], peer),
            "dstAddr": np.where(egress, peer, own[card]),
            "srcPort": np.where(protocol == 1, 0, rng.integers(1024, 65536, number)),
            "dstPort": np.where(protocol == 1, 0, port),
            "protocol": protocol,
            "packets": rng.integers(1, 20, number),
            "bytes": rng.integers(40, 20_000, number),
            "start": start,
            "end": start + rng.integers(0, 60, number),
            "flowDirection": np.where(egress, "egress", "ingress"),
        }
    )
    texts = ("interfaceId", "srcAddr", "dstAddr", "flowDirection")
    frame = frame.astype({name: "str" if name in texts else "Int64" for name in frame.columns})
    frame["direction"] = frame["flowDirection"]
    allowed = judge(rules, Packets.of(rules, frame)).allowed == YES
    frame["action"] = pd.Series(np.where(allowed, "ACCEPT", "REJECT"), dtype="str")
    return frame


def plain(rules: Network) -> Callable[[Any], bool | None]:
    """Return a function that judges one record with `ipaddress`: its rules parsed before, each asked in turn."""
    members = {
        name: {ip_address(text) for one in cards for text in one.addresses} for name, cards in rules.members_of.items()
    }
    lists = {one.id: [ip_network(cidr) for cidr in one.cidrs] for one in rules.prefix_lists}
    groups = {group.id: [(rule, _ends(rule.peer, members, lists)) for rule in group.rules] for group in rules.groups}
    acls = {
        subnet: [(entry, ip_network(entry.cidr)) for entry in sorted(acl.entries, key=lambda one: one.number)]
        for subnet, acl in rules.guard_of.items()
    }
    inside = {one.id: [ip_network(cidr) for cidr in one.cidrs] for one in rules.subnets}

    def judged(record: Any) -> bool | None:
        card, egress = rules.interface_of[record.interfaceId], record.direction == "egress"
        other = ip_address(record.dstAddr if egress else record.srcAddr)
        found: bool | None = False
        for name in card.groups:
            for rule, ends in groups[name]:
                if rule.egress == egress and any(other in end for end in ends):
                    fit = fits(rule.protocol, rule.from_port, rule.to_port, record)
                    if fit:
                        found = True
                        break
                    found = None if fit is None else found
            if found:
                break
        if found is False or any(other in one for one in inside[card.subnet]):
            return found
        for entry, cidr in acls[card.subnet]:
            if (
                entry.egress == egress
                and other in cidr
                and fits(entry.protocol, entry.from_port, entry.to_port, record)
            ):
                return found if entry.allow else False
        return False

    return judged


def once() -> dict[str, float]:
    """Measure everything once; return seconds."""
    from rejectkit.network.judging.engine import OPEN, YES, judge
    from rejectkit.network.packets import Packets
    from rejectkit.network.verdicts import tell

    frame = records(network())
    rules, took = network(), {"rows": float(len(frame))}

    begun = time.perf_counter()
    ready = rules.ready
    took["ready"] = time.perf_counter() - begun
    took["kinds"] = len(ready.groups.lets.begins) - 1

    begun = time.perf_counter()
    packets = Packets.of(rules, frame)
    took["packets"] = time.perf_counter() - begun

    begun = time.perf_counter()
    judged = judge(rules, packets)
    took["judge"] = time.perf_counter() - begun
    took["passed"], took["open"] = float((judged.allowed == YES).mean()), float((judged.allowed == OPEN).mean())

    begun = time.perf_counter()
    tell(rules, packets, judged)
    took["tell"] = time.perf_counter() - begun

    judge_one, rows = plain(rules), frame.iloc[:: len(frame) // SAMPLE][:SAMPLE]
    begun = time.perf_counter()
    second = [judge_one(record) for record in rows.itertuples()]
    took["plain"] = (time.perf_counter() - begun) / len(rows) * len(frame)
    ours = judged.allowed[rows.index]
    differ = sum(int(one) != {True: YES, False: 0, None: OPEN}[two] for one, two in zip(ours, second, strict=True))
    if differ:
        raise AssertionError(f"{differ} of {len(rows)} records fare otherwise in the plain loop")
    took["times"] = took["plain"] / (took["packets"] + took["judge"])
    took["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return took


PORTS = (22, 53, 80, 123, 443, 3306, 5432, 6379, 8080, 9090, 9200)


def _outside(rng: np.random.Generator) -> str:
    first, second, third = rng.integers(1, 223, 3)
    length = int(rng.choice([8, 12, 16, 24]))
    return str(ip_network(f"{first}.{second}.{third}.0/{length}", strict=False))


def _cidr(rng: np.random.Generator) -> str:
    kind, subnet = rng.integers(6), rng.integers(ACLS)
    if rng.random() < 0.1:
        return "0.0.0.0/0"
    if kind == 0:
        return f"2001:db8:0:1{subnet:02x}::/64"
    if kind == 1:
        return f"10.0.{subnet}.{4 + rng.integers(20)}/32"
    return f"10.0.{subnet}.0/24" if kind == 2 else _outside(rng)


def _ports(rng: np.random.Generator) -> tuple[int, int]:
    first = int(rng.choice(PORTS))
    return (first, first) if rng.random() < 0.7 else (first, min(65535, first + int(rng.integers(1, 2000))))


def _rules(rng: np.random.Generator, group: str, ends: list[str]) -> tuple[GroupRule, ...]:
    found = []
    for egress in (False, True):
        for at in range(RULES):
            peer = str(rng.choice(ends)) if rng.random() < 0.2 else _cidr(rng)
            protocol = int(rng.choice([6, 17, 1], p=[0.82, 0.15, 0.03]))
            ports = (8, -1) if protocol == 1 else _ports(rng)
            found.append(GroupRule(group, egress, protocol, *ports, peer, f"sgr-{group[-4:]}{egress:d}{at:03}"))
    return tuple(found)


def _entries(rng: np.random.Generator) -> tuple[AclEntry, ...]:
    found = []
    for egress in (False, True):
        for at in range(ENTRIES - 2):
            found.append(AclEntry(100 + at, egress, bool(rng.random() < 0.5), 6, _cidr(rng), *_ports(rng)))
        found += [AclEntry(900, egress, True, -1, "0.0.0.0/0"), AclEntry(901, egress, True, -1, "::/0")]
    return tuple(found)


def _interface(rng: np.random.Generator, at: int, names: list[str]) -> Interface:
    carried = tuple(sorted(rng.choice(names, int(rng.integers(1, 4)), replace=False).tolist()))
    subnet, host = at % ACLS, 10 + at // ACLS
    own = (f"10.0.{subnet}.{host}", f"2001:db8:0:1{subnet:02x}::{host:x}")
    return Interface(f"eni-{at:08x}", f"subnet-{subnet:08x}", "vpc-1", own, groups=carried)


def _ends(peer: str, members: dict[str, set[Any]], lists: dict[str, list[Any]]) -> list[Any]:
    if peer in members:
        return [members[peer]]
    return lists[peer] if peer in lists else [ip_network(peer)]


def fits(protocol: int, low: int, high: int, record: Any) -> bool | None:
    """Tell whether a record is of a rule's protocol and ports; None where it does not say."""
    if protocol == -1:
        return True
    if protocol != record.protocol:
        return False
    return None if protocol == 1 else low <= record.dstPort <= high  # a record does not tell ICMP's type


def _told(one: dict[str, float]) -> str:
    return (
        f"{one['rows']:,.0f} records, {INTERFACES} interfaces with {one['kinds'] / 2 - 1:,.0f} sets of {GROUPS} groups "
        f"of {RULES} rules a direction, {ACLS} network ACLs of {ENTRIES}; {one['passed']:.0%} pass, "
        f"{one['open']:.1%} cannot be told"
    )


if __name__ == "__main__":
    raise SystemExit(run("benchmarks.network_bench", __doc__, once, ROWS, _told))
