"""Blame against networks drawn at random, on which every packet is played through rules by the second opinion.

Each flow is led from client to server and back, layer by layer, with `tests.reference.firewall`, which shares nothing
with the engine; what it meets is the truth, and what the interfaces see are the records. By hand:
`REJECTKIT_BLAME_NETWORKS=300` plays so many networks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from rejectkit.network import (
    AclEntry,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    Packet,
    SecurityGroup,
    Subnet,
    Vpc,
    blame,
)
from rejectkit.network.model import ALL, ICMP, ICMP6, TCP, UDP
from tests.making_flows import flow, table
from tests.reference.firewall import judge

NETWORKS = int(os.environ.get("REJECTKIT_BLAME_NETWORKS", "8"))
FLOWS = 90
FIN, SYN, SYN_ACK = 1, 2, 18
PORTS = (22, 53, 80, 443, 5432, 8081)


@dataclass(frozen=True)
class Family:
    """Addresses and blocks of one IP version, and its ICMP: protocol, types of echo request and echo reply."""

    version: int
    everywhere: str
    vpc: str
    subnets: tuple[str, ...]
    own: str
    outside: tuple[str, ...]
    others: tuple[str, ...]
    icmp: tuple[int, int, int]


FOUR = Family(
    4, "0.0.0.0/0", "10.0.0.0/16", tuple(f"10.0.{at}.0/24" for at in range(3)), "10.0.{}.{}",
    ("198.51.100.7", "203.0.113.80", "10.9.0.7", "192.168.4.4"), ("10.9.0.0/16", "192.168.0.0/16"), (ICMP, 8, 0),
)  # fmt: skip
SIX = Family(
    6, "::/0", "2001:db8:1:a00::/56", tuple(f"2001:db8:1:a0{at}::/64" for at in range(3)), "2001:db8:1:a0{}::{}",
    ("2600::7", "2a00:1::80", "fd00:9::7", "2001:db8:9::4"), ("fd00:9::/32", "2001:db8:9::/48"), (ICMP6, 128, 129),
)  # fmt: skip


def drawn(dice: np.random.Generator, kind: Family) -> Network:
    """Return a network of three subnets, with rules that let much pass and forget some things."""

    def cidr() -> str:
        return str(
            dice.choice(["0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.9.0.0/16", "192.168.0.0/16"])
        )

    def ports(wide: bool) -> tuple[int, int]:
        port = int(dice.choice(PORTS))
        several = [(port, port), (ALL, ALL), (1024, 65535), (32768, 60999)] if wide else [(port, port), (0, 1023)]
        return several[int(dice.integers(len(several)))]

    def protocol() -> int:
        return int(dice.choice([TCP, TCP, TCP, UDP, kind.icmp[0], ALL]))

    def entry(number: int, egress: bool) -> AclEntry:
        what, allow = protocol(), bool(dice.random() < 0.75)
        low, high = ports(allow) if what in (TCP, UDP) else (ALL, ALL)
        echo = int(dice.choice([ALL, *kind.icmp[1:]])) if what == kind.icmp[0] else ALL
        return AclEntry(number, egress, allow, what, cidr(), low, high, echo)

    def rule(group: str, egress: bool) -> GroupRule:
        what = protocol()
        low, high = ports(False) if what in (TCP, UDP) else (ALL, ALL)
        if what == kind.icmp[0]:
            low = int(dice.choice([ALL, kind.icmp[1]]))
        peer = str(dice.choice([cidr(), cidr(), "sg-0", "sg-1"]))
        return GroupRule(group, egress, what, low, high, peer)

    def rules(group: str) -> tuple[GroupRule, ...]:
        outward = [GroupRule(group, True, ALL, ALL, ALL, kind.everywhere)] if dice.random() < 0.7 else []
        found = [rule(group, False) for _ in range(4)] + outward + [rule(group, True) for _ in range(2)]
        return tuple({one.key: one for one in found}.values())

    def entries() -> tuple[AclEntry, ...]:
        last = [AclEntry(900, way, True, ALL, kind.everywhere) for way in (False, True) if dice.random() < 0.5]
        several = [entry(100 + 10 * at, way) for way in (False, True) for at in range(int(dice.integers(1, 5)))]
        return tuple(several + last)

    names = [f"sg-{at}" for at in range(3)]
    hosts = [(subnet, host) for subnet in range(3) for host in (5, 6, 7)]
    return Network(
        vpcs=(Vpc("vpc-1", (kind.vpc,)),),
        subnets=tuple(Subnet(f"subnet-{at}", "vpc-1", (kind.subnets[at],)) for at in range(3)),
        groups=tuple(SecurityGroup(name, rules=rules(name)) for name in names),
        acls=tuple(NetworkAcl(f"acl-{at}", entries=entries(), subnets=(f"subnet-{at}",)) for at in range(3)),
        interfaces=tuple(
            Interface(
                f"eni-{subnet}{host}", f"subnet-{subnet}", "vpc-1", (kind.own.format(subnet, host),),
                groups=tuple(sorted(dice.choice(names, int(dice.integers(1, 3)), replace=False).tolist())),
            )
            for subnet, host in hosts
        ),
    )  # fmt: skip


@dataclass
class Play:
    """Packets led through a network, with the records that interfaces make of them, and who refused each."""

    network: Network
    family: Family
    rows: list[dict[str, Any]] = field(default_factory=list)
    truth: list[tuple[str, str, str] | None] = field(default_factory=list)

    def card(self, address: str) -> Interface | None:
        """Return the interface of an address, None outside."""
        return next((one for one in self.network.interfaces if address in one.addresses), None)

    def send(
        self, ends: tuple[str, str], ports: tuple[int, int], protocol: int, at: int, flags: int, reply: bool
    ) -> bool:
        """Send a packet; return whether it arrives. Outbound the groups are first, inbound the ACL."""
        echo = self.family.icmp
        kinds = (echo[2] if reply else echo[1], 0) if protocol == echo[0] else (None, None)
        for way, address in (("egress", ends[0]), ("ingress", ends[1])):
            card = self.card(address)
            if card is None:
                continue
            found = judge(self.network, Packet(card.id, way, *ends, *ports, protocol, *kinds, reply))
            side = "in" if way == "ingress" else "out"
            by_group = (f"sg-{side}", " ".join(card.groups), "absent")
            number = next(iter(found.entries), None)
            by_acl = ("nacl-reply" if reply else f"nacl-{side}", f"acl-{card.subnet[-1]}", str(number))
            refusals = [by_group] * (found.group is False) + [by_acl] * (found.acl is False)
            refused = refusals[-1 if way == "ingress" else 0] if refusals else None
            self.see(card, ends, ports, protocol, at, flags, refused)
            if refused:
                return False
        return True

    def see(self, card: Interface, ends: tuple[str, str], ports: tuple[int, int], protocol: int, at: int, flags: int,
            refused: tuple[str, str, str] | None) -> None:  # fmt: skip
        """Add a record."""
        action = "REJECT" if refused else "ACCEPT"
        told = flags if protocol == TCP else 0
        self.rows.append(
            flow(*ends, ports[1], sport=ports[0], protocol=protocol, at=at, action=action, eni=card.id, tcpFlags=told)
        )
        self.truth.append(refused)


def played(seed: int) -> Play:
    """Return a network with a few hours of flows on it, some followed by a packet that comes too late."""
    dice = np.random.default_rng(seed)
    kind = SIX if seed % 3 == 2 else FOUR
    play = Play(drawn(dice, kind), kind)
    hosts = [one.addresses[0] for one in play.network.interfaces]
    for number in range(FLOWS):
        client, server = (str(one) for one in dice.choice([*hosts, *kind.outside], 2, replace=False))
        protocol, at = int(dice.choice([TCP, TCP, TCP, UDP, kind.icmp[0]])), 1000 + number * 97
        ports = (0, 0) if protocol == kind.icmp[0] else (40000 + number, int(dice.choice(PORTS)))
        forth, back = (client, server), (server, client)
        if not play.send(forth, ports, protocol, at, SYN, False):
            continue
        if play.send(back, ports[::-1], protocol, at + 1, SYN_ACK, True) and protocol == TCP and dice.random() < 0.4:
            ends, doors = (back, ports[::-1]) if dice.random() < 0.5 else (forth, ports)
            card = play.card(ends[1])
            if card:
                play.see(card, ends, doors, TCP, at + 60, FIN, ("late", "", ""))
    return play


@pytest.mark.parametrize("flags", [True, False], ids=["with flags", "default format"])
def test_what_refused_a_packet_on_its_way_is_blamed(flags: bool) -> None:
    """Layer, resource and rule are those that the packet met; nothing that is certain is wrong."""
    total, wrong, unsure, met = 0, [], 0, set()
    for seed in range(NETWORKS):
        play = played(seed)
        records = table(play.rows)
        answer = blame(records if flags else records.drop(columns="tcpFlags"), play.network)
        for place, truth in enumerate(play.truth):
            found = answer.iloc[place]
            if truth is None:
                assert found.isna().all()
                continue
            total, met = total + 1, met | {truth[0]}
            unsure += found["layer"] == "cannot-tell"
            if tuple(found[["layer", "resource", "rule"]].fillna("")) != truth and found["layer"] != "cannot-tell":
                wrong.append((seed, place, truth, play.rows[place], found.to_dict()))
    assert met == {"sg-in", "sg-out", "nacl-in", "nacl-out", "nacl-reply", "late"}
    assert [one for one in wrong if one[-1]["certainty"] == "certain"] == []
    assert unsure <= 0.02 * total
    assert len(wrong) <= 0.01 * (total - unsure), wrong[:3]


@pytest.mark.parametrize("flags", [True, False], ids=["with flags", "default format"])
def test_of_refused_records_alone_nothing_that_is_certain_is_wrong(flags: bool) -> None:
    """Without accepted flows replies are told by flags, ports and what the rules would let in: likely, if not certain."""
    judged = mistaken = 0
    for seed in range(NETWORKS):
        play = played(seed)
        refused = [place for place, truth in enumerate(play.truth) if truth is not None]
        records = table(play.rows).iloc[refused]
        answer = blame(records if flags else records.drop(columns="tcpFlags"), play.network)
        told = [tuple(row) for row in answer[["layer", "resource", "rule"]].fillna("").to_numpy()]
        wrong = np.array([one != play.truth[place] for one, place in zip(told, refused, strict=True)])
        wrong &= answer["layer"].ne("cannot-tell").to_numpy()
        assert not (answer["certainty"].eq("certain") & wrong).any()
        judged, mistaken = judged + len(wrong), mistaken + int(wrong.sum())
    assert mistaken <= 0.06 * judged, "a ping and the reply to one look alike"
