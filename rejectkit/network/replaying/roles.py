"""Which flows begin something and which are answers: by flags of the whole flow, by the rules, by ports, by time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.evidence import among, dense
from rejectkit.exploring.flows import NONE, Bools, Flows, Ints
from rejectkit.exploring.services import SERVICES
from rejectkit.exploring.thresholds import Thresholds
from rejectkit.network.blaming.traces import ACK, SYN, like_answer, warm_from
from rejectkit.network.judging.engine import NO, NOT_ASKED, OPEN, YES, judge
from rejectkit.network.model import PORTED, TCP, Network
from rejectkit.network.packets import UNKNOWN, Packets
from rejectkit.network.replaying.ruled import Codes, Ruled, asking, mirrored, turned

EITHER, ASKS, ANSWERS = 0, 1, 2
"""It may be one or the other; it begins something; it answers."""

_CLIENTS = int(Thresholds().ephemeral_from)
_SERVED = np.array(sorted(port for port in SERVICES if port < _CLIENTS))
_LATEST = np.iinfo(np.int64).max


def roles(network: Network, flows: Flows, packets: Packets, ruled: Ruled, at: Ints) -> Codes:
    """Return the role of some flows.

    The first that tells decides: SYN without ACK, or SYN-ACK, in any record of the flow; the same of the flow the other
    way round; a well-known port at one end and a client's at the other; that nothing went the other way, though the
    records would have it; today's rules, where they explain an accepted flow in one role only; ports that are more like
    a service's at one end; the end that has more flows to one port; the rules at the other end's own interface; which
    way the first packet went. *Inferred*, but for the flags.

    Parameters
    ----------
    packets : Packets
        The flows at `at`, made for the network.
    ruled : Ruled
        What the network's rules say of them.
    at : array of int
        Positions of the flows.
    """
    mine, theirs, first, other = _whole_flows(flows, at)
    accepted = ~flows.reject[at]
    asks, back = ruled.asks.allowed, ruled.back.allowed
    fits = np.isin(ruled.answer, (YES, NOT_ASKED)) & (back == YES)
    protocol, src, dst = flows.protocol[at], flows.src_port[at], flows.dst_port[at]
    forth, reverse = like_answer(protocol, dst, src), like_answer(protocol, src, dst)
    plain = np.isin(protocol, PORTED)
    busy_dst, busy_src = _busy(flows, at)
    asked, answered = _at_the_other_end(network, packets)
    alone = accepted & (other == _LATEST) & (first >= warm_from(flows)) & _both_ways(flows, packets, at)
    told = [
        (mine == SYN | ACK, ANSWERS),
        (mine == SYN, ASKS),
        (theirs == SYN | ACK, ASKS),
        (theirs == SYN, ANSWERS),
        (plain & _known(dst) & (src >= _CLIENTS), ASKS),
        (plain & _known(src) & (dst >= _CLIENTS), ANSWERS),
        (alone, ASKS),
        (accepted & (asks == YES) & ~fits & (back == NO), ASKS),
        (accepted & (asks == NO) & fits, ANSWERS),
        (forth & ~reverse, ASKS),
        (reverse & ~forth, ANSWERS),
        (plain & (busy_dst > 2 * busy_src), ASKS),
        (plain & (busy_src > 2 * busy_dst), ANSWERS),
        (accepted & (asked == YES) & (answered == NO), ASKS),
        (accepted & (asked == NO) & (answered == YES), ANSWERS),
        (accepted & (first < other) & (other < _LATEST), ASKS),
        (accepted & (first > other), ANSWERS),
    ]
    return np.select([one for one, _ in told], [role for _, role in told], EITHER).astype(np.int8)


def _at_the_other_end(network: Network, packets: Packets) -> tuple[Codes, Codes]:
    """Return what the rules say at the other end's own interface: of the flow, and of a request that it answers."""
    card = _other_interface(network, packets)
    asked, answered = (np.full(len(packets), OPEN, np.int8) for _ in range(2))
    rows = np.flatnonzero(card != UNKNOWN)
    if len(rows):
        there = mirrored(packets.taken(rows), card[rows])
        asked[rows] = judge(network, asking(there)).allowed
        answered[rows] = judge(network, asking(turned(there))).allowed
    return asked, answered


def _other_interface(network: Network, packets: Packets) -> npt.NDArray[np.int32]:
    """Return the position of the other end's interface, UNKNOWN where there is none.

    Two VPCs may have the same addresses: the interface is one of the same VPC, else the only one of its address.
    """
    held: dict[str, dict[str, int]] = {}
    for at, one in enumerate(network.interfaces):
        for text in one.addresses:
            held.setdefault(text, {})[one.vpc] = at
    names = [held.get(str(name), {}) for name in packets.names]
    alone = np.array([next(iter(one.values())) if len(one) == 1 else UNKNOWN for one in names], np.int32)
    card = alone[packets.peer]
    shared = [(at, one) for at, one in enumerate(names) if len(one) > 1]
    if shared:
        home = np.array([one.vpc for one in network.interfaces] + [None], object)[packets.interface]
        for vpc in {vpc for _, one in shared for vpc in one}:
            there = alone.copy()
            there[[at for at, _ in shared]] = [one.get(vpc, UNKNOWN) for _, one in shared]
            card = np.where(home == vpc, there[packets.peer], card)
    return card


def _both_ways(flows: Flows, packets: Packets, at: Ints) -> Bools:
    """Tell the flows on whose interface the records have accepted flows to and from its own address."""
    size = len(flows.names)
    accepted = ~flows.reject
    place = flows.interface[at] * size + packets.own
    to, by = (flows.interface[accepted] * size + end[accepted] for end in (flows.dst, flows.src))
    return among(place, to) & among(place, by)


def _known(port: Ints) -> Bools:
    return ((port >= 0) & (port < 1024)) | np.isin(port, _SERVED)


def _busy(flows: Flows, at: Ints) -> tuple[Ints, Ints]:
    """Return how many accepted records there are at the destination's port of some flows, and at the source's."""

    def number(place: Ints, port: Ints) -> Ints:
        return place << 24 | (flows.protocol & 0xFF) << 16 | (port & 0xFFFF)

    ends = [number(flows.dst, flows.dst_port), number(flows.src, flows.src_port)]
    sought = pd.Index(pd.unique(np.concatenate([end[at] for end in ends])))
    tally = np.zeros(len(sought), np.int64)
    for end in ends:
        found = sought.get_indexer(pd.Index(end[~flows.reject]))
        tally += np.bincount(found[found != NONE], minlength=len(tally))
    return tally[sought.get_indexer(pd.Index(ends[0][at]))], tally[sought.get_indexer(pd.Index(ends[1][at]))]


def _whole_flows(flows: Flows, at: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Return SYN and ACK of all records of each flow, and of those the other way round; and when either began."""
    size = len(flows.names)
    forth, back = flows.src * size + flows.dst, flows.dst * size + flows.src
    pool = np.flatnonzero(among(forth, np.concatenate([forth[at], back[at]])))
    columns = [flows.interface, flows.protocol]
    turned = [(flows.src, flows.dst), (flows.dst, flows.src), (flows.src_port, flows.dst_port)]
    turned.append((flows.dst_port, flows.src_port))
    number = dense(
        *(np.concatenate([one[pool], one[at]]) for one in columns),
        *(np.concatenate([one[pool], two[at]]) for one, two in turned),
    )
    own = np.full(len(flows.row), NONE, np.int64)
    own[pool] = number[: len(pool)]
    kinds = int(number.max(initial=0)) + 1
    flags, first = np.zeros(kinds, np.int64), np.full(kinds, _LATEST)
    known = (flows.protocol[pool] == TCP) & (flows.flags[pool] != NONE)
    np.bitwise_or.at(flags, number[: len(pool)][known], flows.flags[pool][known] & (SYN | ACK))
    np.minimum.at(first, number[: len(pool)], flows.start[pool])
    mine, theirs = own[at], number[len(pool) :]
    return flags[mine], flags[theirs], first[mine], first[theirs]
