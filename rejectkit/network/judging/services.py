"""The line of services: where rules and packets are on it by protocol and port, or by ICMP type and code."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rejectkit.network.judging.tables import SERVICES
from rejectkit.network.model import ALL, ICMP, ICMP6, PORTED, AclEntry, GroupRule, Network
from rejectkit.network.packets import UNKNOWN, Packets

Longs = npt.NDArray[np.int64]

_LAST = 65535  # of a protocol's places: its ports, or 256 codes to each of 256 types


def of_rule(rule: GroupRule) -> tuple[int, int]:
    """Return first and last place of what a rule of a group is for."""
    return _stretch(rule.protocol, rule.from_port, rule.to_port)


def of_entry(entry: AclEntry) -> tuple[int, int]:
    """Return first and last place of what an entry of a network ACL is for."""
    if entry.protocol in (ICMP, ICMP6):
        return _stretch(entry.protocol, entry.icmp_type, entry.icmp_code)
    return _stretch(entry.protocol, entry.from_port, entry.to_port)


def cuts(network: Network) -> Longs:
    """Return the places where some rule begins or is over, in order: between two of them all packets fare alike."""
    return np.unique(np.array([end for first, last in _stretches(network) for end in (first, last + 1)], np.int64))


def of_packets(packets: Packets) -> tuple[Longs, Longs]:
    """Return between which places, both included, each packet is; the same twice where all of it is known."""
    base = packets.protocol.astype(np.int64) << 16
    ported, icmp = np.isin(packets.protocol, PORTED), np.isin(packets.protocol, (ICMP, ICMP6))
    first, last = _either(packets.dst_port, 0, _LAST, ported)
    kinds, last_kinds = _either(packets.icmp_type, 0, 255, icmp)
    codes, last_codes = _either(np.where(packets.icmp_type == UNKNOWN, UNKNOWN, packets.icmp_code), 0, 255, icmp)
    first, last = base + first + (kinds << 8) + codes, base + last + (last_kinds << 8) + last_codes
    anything = packets.protocol == UNKNOWN
    return np.where(anything, 0, first), np.where(anything, SERVICES - 1, last)


def _either(number: npt.NDArray[np.int32], least: int, most: int, counts: npt.NDArray[np.bool_]) -> tuple[Longs, Longs]:
    """Return a number twice, least and most of it where it is not known, nothing where it does not count."""
    known = number != UNKNOWN
    low, high = np.where(known, number, least), np.where(known, number, most)
    return np.where(counts, low, 0).astype(np.int64), np.where(counts, high, 0).astype(np.int64)


def _stretches(network: Network) -> Iterator[tuple[int, int]]:
    for group in network.groups:
        yield from (of_rule(rule) for rule in group.rules)
    for acl in network.acls:
        yield from (of_entry(entry) for entry in acl.entries)


def _stretch(protocol: int, low: int, high: int) -> tuple[int, int]:
    """Return first and last place; `low` and `high` are ports, or type and code."""
    if protocol == ALL:
        return 0, SERVICES - 1
    base = protocol << 16
    if protocol in PORTED and low != ALL:
        return base + low, base + high
    if protocol in (ICMP, ICMP6) and low != ALL:
        kind = base + (low << 8)
        return (kind, kind + 255) if high == ALL else (kind + high, kind + high)
    return base, base + _LAST
