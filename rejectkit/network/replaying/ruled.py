"""What a network's rules say of flows: as ones that begin, as answers, and of the requests that they would answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rejectkit.exploring.flows import Bools
from rejectkit.network.judging.engine import OPEN, Judgements, judge
from rejectkit.network.model import ICMP, ICMP6, Network
from rejectkit.network.packets import Packets

Codes = npt.NDArray[np.int8]

_ASKS, _ANSWERS = {ICMP: 8, ICMP6: 128}, {ICMP: 0, ICMP6: 129}  # types of ICMP: echo request, echo reply


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a network says of flows, one element a flow. ICMP, whose type records do not tell, is taken as a ping.

    Attributes
    ----------
    asks : Judgements
        Of the flow as one that begins.
    back : Judgements
        Of the request that it answers, if it is an answer: the flow the other way round.
    answer : array of int8
        What the network ACL says of it as an answer.
    """

    asks: Judgements
    back: Judgements
    answer: Codes

    @classmethod
    def of(cls, network: Network, packets: Packets) -> Ruled:
        """Ask the rules; the packets are made for this network."""
        asks = judge(network, asking(packets))
        answer = asks.acl.copy()
        rows = np.flatnonzero(is_icmp(packets))
        if len(rows):
            answer[rows] = judge(network, answering(packets.taken(rows))).acl
        return cls(asks, judge(network, asking(turned(packets))), answer)

    def differs(self, other: Ruled) -> tuple[Bools, Bools]:
        """Tell where another network says otherwise: of the flow as it begins, and as an answer."""
        asks = (self.asks.group != other.asks.group) | (self.asks.acl != other.asks.acl)
        back = (self.back.group != other.back.group) | (self.back.acl != other.back.acl)
        return asks, back | (self.answer != other.answer)

    def taken(self, rows: npt.NDArray[np.int64]) -> Ruled:
        """Return what it says of the flows at some positions."""
        return Ruled(_taken(self.asks, rows), _taken(self.back, rows), self.answer[rows])


def is_open(judged: Judgements) -> Bools:
    """Tell the packets of which some layer cannot be told."""
    return np.asarray((judged.group == OPEN) | (judged.acl == OPEN))


def is_icmp(packets: Packets) -> Bools:
    """Tell the packets of ICMP."""
    return np.isin(packets.protocol, (ICMP, ICMP6))


def turned(packets: Packets) -> Packets:
    """Return the packets that go the other way."""
    return replace(packets, egress=~packets.egress, src_port=packets.dst_port, dst_port=packets.src_port)


def other_way(packets: Packets) -> Packets:
    """Return the packets of which the other end is taken as the interface's own."""
    return replace(packets, egress=~packets.egress, own=packets.peer, peer=packets.own)


def mirrored(packets: Packets, interface: npt.NDArray[np.int32]) -> Packets:
    """Return the packets as seen at the other end's interface."""
    return replace(other_way(packets), interface=interface)


def asking(packets: Packets) -> Packets:
    """Return packets that begin a flow; those of ICMP are echo requests."""
    return _typed(packets, _ASKS)


def answering(packets: Packets) -> Packets:
    """Return packets that answer; those of ICMP are echo replies."""
    return replace(_typed(packets, _ANSWERS), reply=np.ones(len(packets), np.bool_))


def _typed(packets: Packets, types: dict[int, int]) -> Packets:
    icmp = is_icmp(packets)
    if not icmp.any():
        return packets
    kind = np.where(packets.protocol == ICMP, types[ICMP], types[ICMP6])
    return replace(
        packets,
        icmp_type=np.where(icmp, kind, packets.icmp_type).astype(np.int32),
        icmp_code=np.where(icmp, 0, packets.icmp_code).astype(np.int32),
    )


def _taken(judged: Judgements, rows: npt.NDArray[np.int64]) -> Judgements:
    arrays = ("allowed", "group", "acl", "group_rule", "acl_entry", "why", "exempt")
    return replace(judged, **{name: getattr(judged, name)[rows] for name in arrays})
