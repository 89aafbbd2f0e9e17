"""Advice on networks and traffic drawn at random: a plain evaluator finds that what it is for would pass."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from rejectkit.network import AddEntry, AddRule, Network, Packet, RemoveEntry, ReplaceEntry, Suggestion, suggest
from rejectkit.network.model import ICMP, ICMP6, TCP, UDP
from tests.drawn_networks import drawn_network
from tests.drawn_packets import open_wide, worn
from tests.making_flows import flow, table
from tests.reference import firewall

SEEDS = range(30)
PORTS = (21, 22, 53, 443, 3306, 5432, 8080, 9100, 40000)
CLIENTS = (600, 1025, 40001, 52000)
SCANNERS = tuple(f"203.0.{n}.99" for n in range(100, 104))
OPEN_ENDED = "cannot be told"


def somebody(rng: random.Random, network: Network, six: bool) -> str:
    """Return an inside address, often one of an interface."""
    known = [text for one in network.interfaces for text in one.addresses if (":" in text) == six]
    if known and rng.random() < 0.6:
        return rng.choice(known)
    if six:
        return f"2001:db8:0:10{rng.randrange(4)}::{rng.randrange(1, 30):x}"
    return rng.choice([f"10.{rng.randrange(3)}.{rng.randrange(4)}.{rng.randrange(2, 40)}", "192.168.7.9"])


def asking(rng: random.Random, network: Network) -> Iterator[Packet]:
    """Yield packets that begin a flow at an interface, inbound or outbound, some of them alike."""
    for _ in range(rng.randrange(3, 25)):
        card, egress = rng.choice(network.interfaces), rng.random() < 0.4
        own = rng.choice([card.addresses[0], card.addresses[-1]])
        six, protocol = ":" in own, rng.choice([TCP, TCP, TCP, UDP, ICMP, 50])
        protocol, kind = (ICMP6 if six else ICMP, 128 if six else 8) if protocol == ICMP else (protocol, None)
        other, port = somebody(rng, network, six), rng.choice(PORTS)
        for _ in range(rng.choice([1, 1, 2, 8])):
            port += rng.random() < 0.3
            other = somebody(rng, network, six) if rng.random() < 0.3 else other
            ends = (own, other) if egress else (other, own)
            ports = (rng.choice(CLIENTS), port) if protocol in (TCP, UDP) else (None, None)
            if other not in card.addresses:
                way = "egress" if egress else "ingress"
                yield Packet(card.id, way, *ends, *ports, protocol, kind, None if kind is None else 0)


def answering(one: Packet) -> Packet | None:
    """Return the packet that answers one; None of protocols whose packets do not."""
    if one.protocol == 50:
        return None
    kind = {8: 0, 128: 129}.get(one.icmpType or 0)
    way = "ingress" if one.direction == "egress" else "egress"
    ends = (one.dstAddr, one.srcAddr, one.dstPort, one.srcPort)
    return Packet(one.interfaceId, way, *ends, one.protocol, kind, None if kind is None else 0, True)


def refusal(one: Packet, at: int, packets: int) -> dict[str, Any]:
    """Return the record of a refused packet."""
    return flow(
        one.srcAddr, one.dstAddr, one.dstPort or 0, sport=one.srcPort or 0, protocol=one.protocol, eni=one.interfaceId,
        at=1000 + 30 * at, flowDirection=one.direction, tcpFlags=2 if one.protocol == TCP else 0, packets=packets,
    )  # fmt: skip


def passes(network: Network, one: Packet) -> bool:
    """Tell whether a packet passes, and the answer to it."""
    answer = answering(one)
    there = firewall.judge(network, one).allowed is True
    return there and (answer is None or firewall.judge(network, answer).allowed is True)


def named(found: Suggestion) -> Iterator[str]:
    """Yield the CIDRs that changes let pass or no longer refuse."""
    for edit in found.edits:
        if isinstance(edit, AddRule) and not edit.rule.peer.startswith(("sg-", "pl-")):
            yield edit.rule.peer
        elif isinstance(edit, RemoveEntry) or (isinstance(edit, AddEntry) and edit.entry.allow):
            yield edit.entry.cidr
        elif isinstance(edit, ReplaceEntry):
            yield edit.after.cidr


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_suggestion_is_for_would_pass_with_it_and_no_scanner_would(seed: int) -> None:
    """At least as many refused packets pass as the suggestion counts, with their answers; scanners stay out."""
    rng = random.Random(seed)
    drawn = drawn_network(rng, groups=rng.randrange(1, 7), acls=rng.randrange(1, 4), interfaces=rng.randrange(2, 12))
    network = replace(open_wide(rng, drawn), at=None)
    network = worn(rng, network) if rng.random() < 0.2 else network
    refused = [one for one in asking(rng, network) if firewall.judge(network, one).allowed is False]
    doors = [one for one in network.interfaces if ":" not in one.addresses[0]]
    knocks = [
        Packet(one.id, "ingress", who, one.addresses[0], 40000, port, TCP)
        for who in SCANNERS for one in doors[:3] for port in range(7000, 7008)
    ]  # fmt: skip
    knocks = [one for one in knocks if firewall.judge(network, one).allowed is False]
    rows = [refusal(one, at, 3) for at, one in enumerate(refused)]
    advice = suggest(table([*rows, *(refusal(one, at, 1) for at, one in enumerate(knocks))]), network)
    assert sum(one.flows for one in advice) <= len(refused)
    for one in advice:
        assert all(1 << ip_network(cidr).max_prefixlen - ip_network(cidr).prefixlen <= 256 for cidr in named(one))
        assert one.admits.addresses >= 0
        assert one.admits.ports >= 0
        if one.edits and OPEN_ENDED not in one.caution and one.layer != "nacl-reply":  # by its ports, an answer
            after = network.changed(*one.edits)
            assert sum(passes(after, each) for each in refused) >= one.flows
    everything = network.changed(*dict.fromkeys(edit for one in advice for edit in one.edits))
    assert not any(firewall.judge(everything, one).allowed is True for one in knocks)
