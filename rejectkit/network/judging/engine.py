"""The engine: what security groups and network ACLs do with many packets at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rejectkit.network.judging import services
from rejectkit.network.judging.codes import KNOWN, NO, NO_ADDRESS, NO_KIND, NOT_ASKED, OPEN, YES
from rejectkit.network.judging.places import EXEMPT
from rejectkit.network.judging.rules import Rules
from rejectkit.network.judging.tables import alike
from rejectkit.network.model import AclEntry, GroupRule, Network
from rejectkit.network.packets import Packets

__all__ = ["NO", "NOT_ASKED", "OPEN", "YES", "Judgements", "judge"]

Ints = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]
Longs = npt.NDArray[np.int64]

_AT_ONCE: Final = 1 << 16  # ways that are tried at once


@dataclass(frozen=True, slots=True)
class Judgements:
    """What a network's rules do with packets: arrays, one element per packet.

    Attributes
    ----------
    allowed : array of int8
        YES, NO or OPEN. OPEN where what is not known decides; what is the same in every case is told.
    group, acl : array of int8
        The same of the interface's groups and of its subnet's network ACL; NOT_ASKED where the interface has no
        group, the packet is a reply, the other end is inside the subnet, or nothing can filter the traffic.
    group_rule : array of int32
        Position in `group_rules` of the rule that lets it pass, the first in the order of the interface's groups and
        of their rules; else -1.
    acl_entry : array of int32
        Position in `acl_entries` of the entry that decides; else -1.
    why : array of int8
        Why a layer is OPEN, a code of `judging.codes`; the groups' where both are.
    exempt : array of bool
        Traffic that nothing can filter: Amazon DNS, DHCP, metadata, time, Windows licences, the router.
    group_rules : tuple of GroupRule
        All of the network.
    acl_entries : tuple of (str, AclEntry or None)
        All of the network with their ACL's id; None stands for the ACL's implicit denies.
    """

    allowed: Codes
    group: Codes
    acl: Codes
    group_rule: Ints
    acl_entry: Ints
    why: Codes
    exempt: Bools
    group_rules: tuple[GroupRule, ...]
    acl_entries: tuple[tuple[str, AclEntry | None], ...]

    def __len__(self) -> int:
        return len(self.allowed)


class _Asked(NamedTuple):
    """Packets as the tables are asked about them; none exempt, each with an address."""

    groups: Ints  # table; -1: not asked
    acl: Ints  # table; -1: not known
    zone: Ints
    rank: Ints

    def taken(self, rows: Longs) -> _Asked:
        return _Asked(*(one[rows] for one in self))


class _Answers(NamedTuple):
    """What the layers say."""

    allowed: Codes
    group: Codes
    acl: Codes
    rule: Ints
    entry: Ints
    why: Codes


def judge(network: Network, packets: Packets) -> Judgements:
    """Judge packets by a network's rules.

    Inbound the subnet's ACL and then the groups, outbound the groups and then the ACL; the ACL only where the packet
    crosses the subnet's edge. What is not known of a packet (the type of ICMP, a port) is tried each way that makes a
    difference. Source: VPC User Guide, "Network ACLs", "Security group rules", "Infrastructure security".

    Parameters
    ----------
    network : Network
        Its rules are made ready once, and kept with it.
    packets : Packets
        Made for this network, or for one with the same interfaces in the same order.
    """
    rules = network.ready
    ranks = rules.cuts.of(packets.places)[packets.peer]
    zones = rules.places.zones(packets, ranks)
    exempt = zones == EXEMPT
    groups, acls = rules.groups.table_of[packets.interface], rules.acls.table_of[packets.interface]
    is_asked = (groups >= 0) & ~packets.reply
    side = packets.egress.astype(np.int32)
    whole = _Asked(np.where(is_asked, groups + side, -1), np.where(acls >= 0, acls + side, -1), zones, ranks)
    first, last = services.of_packets(packets)
    rows = np.flatnonzero((ranks >= 0) & ~exempt)
    found = _judge(rules, whole.taken(rows), first[rows], last[rows])
    nobody = _Answers(  # of packets without an address, then of exempt ones
        allowed=np.where(exempt, YES, OPEN).astype(np.int8),
        group=np.where(exempt | ~is_asked, NOT_ASKED, OPEN).astype(np.int8),
        acl=np.where(exempt, NOT_ASKED, OPEN).astype(np.int8),
        rule=np.full(len(packets), -1, np.int32),
        entry=np.full(len(packets), -1, np.int32),
        why=np.where(exempt, KNOWN, NO_ADDRESS).astype(np.int8),
    )
    for name, into in nobody._asdict().items():
        into[rows] = getattr(found, name)
    return Judgements(*nobody, exempt, rules.groups.rules, rules.acls.entries)


def _judge(rules: Rules, asked: _Asked, first: Longs, last: Longs) -> _Answers:
    """Return what the layers say of packets that are between two places on the line of services."""
    answers = _layers(rules, asked, first)
    low = np.searchsorted(rules.services, first, "right")
    high = np.searchsorted(rules.services, last, "right")
    vague = np.flatnonzero(high > low)
    if len(vague):
        whose, example = alike([one[vague] for one in (*asked, low, high)])
        distinct = vague[example]
        parts = [
            _each_way(rules, asked.taken(rows), first[rows], low[rows], high[rows])
            for rows in (distinct[part] for part in _parts(high[distinct] - low[distinct] + 1))
        ]
        for name, into in answers._asdict().items():
            into[vague] = np.concatenate([getattr(part, name) for part in parts])[whose]
    return answers


def _parts(ways: Longs) -> Iterator[slice]:
    """Yield runs of packets that are not too many when each is tried each way."""
    tries, start = np.cumsum(ways), 0
    while start < len(tries):
        before = tries[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(tries, before + _AT_ONCE, "right")))
        yield slice(start, stop)
        start = stop


def _each_way(rules: Rules, asked: _Asked, first: Longs, low: Longs, high: Longs) -> _Answers:
    """Return what is the same in each way that a packet's service may be; OPEN where ways differ.

    It may be at `first`, or after any of the cuts from `low` up to `high`.
    """
    ways = high - low + 1
    starts = np.cumsum(ways) - ways
    row = np.repeat(np.arange(len(ways)), ways)
    step = np.arange(len(row)) - starts[row]
    service = np.where(step == 0, first[row], rules.services[low[row] + np.maximum(step, 1) - 1])
    each = _layers(rules, asked.taken(row), service)

    def agreed(codes: Codes) -> tuple[Codes, Bools]:
        least, most = np.minimum.reduceat(codes, starts), np.maximum.reduceat(codes, starts)
        return np.where(least == most, least, OPEN).astype(np.int8), least != most

    allowed, _ = agreed(each.allowed)
    (group, mixed), (acl, mixed_too) = agreed(each.group), agreed(each.acl)
    why = np.where(mixed | mixed_too, NO_KIND, np.maximum.reduceat(each.why, starts)).astype(np.int8)
    rule = np.where(group == YES, each.rule[starts], -1).astype(np.int32)
    entry = np.where((acl == YES) | (acl == NO), each.entry[starts], -1).astype(np.int32)
    return _Answers(allowed, group, acl, rule, entry, why)


def _layers(rules: Rules, asked: _Asked, service: Longs) -> _Answers:
    """Return what groups and ACL say of packets whose service is known."""
    group, rule, why = rules.groups.asked(asked.groups, asked.rank, service)
    acl, entry, acl_why = rules.acls.asked(asked.acl, asked.zone, asked.rank, service)
    refused = (group == NO) | (acl == NO)
    is_open = (group == OPEN) | (acl == OPEN)
    allowed = np.where(refused, NO, np.where(is_open, OPEN, YES)).astype(np.int8)
    return _Answers(allowed, group, acl, rule, entry, np.where(why != KNOWN, why, acl_why).astype(np.int8))
