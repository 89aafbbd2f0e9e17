"""What the network's rules say of refused flows: as they went, the other way round, and as pings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rejectkit.exploring.flows import EGRESS, Bools, Flows, Ints
from rejectkit.network.blaming.sides import Sides
from rejectkit.network.blaming.traces import Traces
from rejectkit.network.judging.engine import NO, NOT_ASKED, YES, judge
from rejectkit.network.model import ICMP, AclEntry, Network
from rejectkit.network.packets import UNKNOWN, Packets

_ASKS, _ANSWERS = {4: 8, 6: 128}, {4: 0, 6: 129}  # types of ICMP, by IP version: echo request, echo reply
_UNCHECKED = -2


@dataclass(frozen=True, slots=True)
class Said:
    """What the rules say, one element per refused flow.

    Attributes
    ----------
    group, acl : array of int8
        YES, NO, OPEN or NOT_ASKED, of the flow as one that begins.
    entry : array of int
        Position in `entries` of the ACL's entry that decides; -1 where none does.
    ping_acl, ping_group : array of bool
        Whether what the ACL or the groups say is so for an echo request (or an echo reply to a flow that was accepted),
        and not for every type: the record does not tell the type of ICMP.
    back : array of int8
        Whether both layers let a flow begin the other way, of ICMP a ping: YES, NO, OPEN; -2 where nobody asked.
    exempt : array of bool
        Whether it is traffic that nothing can filter.
    entries : tuple of (str, AclEntry or None)
        All entries with their ACL's id; None stands for the implicit denies.
    """

    group: npt.NDArray[np.int8]
    acl: npt.NDArray[np.int8]
    entry: Ints
    ping_acl: Bools
    ping_group: Bools
    back: npt.NDArray[np.int8]
    exempt: Bools
    entries: tuple[tuple[str, AclEntry | None], ...]

    @property
    def denied(self) -> Bools:
        """Whether the ACL refuses it."""
        return np.asarray(self.acl == NO)

    @property
    def open(self) -> Bools:
        """Whether the ACL lets it pass, or is not asked."""
        return np.asarray((self.acl == YES) | (self.acl == NOT_ASKED))

    @property
    def refused(self) -> Bools:
        """Whether no rule of the groups admits it."""
        return np.asarray(self.group == NO)

    @property
    def passes(self) -> Bools:
        """Whether the groups admit it, or are not asked."""
        return np.asarray((self.group == YES) | (self.group == NOT_ASKED))


def say(network: Network, flows: Flows, sides: Sides, traces: Traces) -> Said:
    """Ask the rules about the refused flows; which way a flow went has to be known, if only by the ends."""
    packets = packets_of(flows, sides, traces.at)
    first = judge(network, packets)
    group, acl, entry = first.group.copy(), first.acl.copy(), first.acl_entry.astype(np.int64)
    ping_acl, ping_group = np.zeros(len(packets), np.bool_), np.zeros(len(packets), np.bool_)
    rows = np.flatnonzero(traces.icmp)
    if len(rows):
        asks = judge(network, _echo(packets.taken(rows), _ASKS))
        answers = judge(network, _echo(packets.taken(rows), _ANSWERS))
        answer = traces.answered[rows] & (answers.acl == NO)
        says = np.where(answer, answers.acl, asks.acl)
        decides = np.where(answer, answers.acl_entry, asks.acl_entry)
        ping_acl[rows] = (says != acl[rows]) | (decides != entry[rows])
        ping_group[rows] = asks.group != group[rows]
        group[rows], acl[rows], entry[rows] = asks.group, says, decides
    back = np.full(len(packets), _UNCHECKED, np.int8)
    ported = (
        traces.ported
        & ~traces.opens
        & (traces.seen | traces.like_answer | traces.may_answer | traces.answers | (acl == NO))
    )
    rows = np.flatnonzero(ported | (traces.icmp & ~traces.watched & (acl == NO)))
    if len(rows):
        back[rows] = judge(network, _echo(_turned(packets.taken(rows)), _ASKS)).allowed
    return Said(group, acl, entry, ping_acl, ping_group, back, first.exempt, first.acl_entries)


def packets_of(flows: Flows, sides: Sides, at: Ints) -> Packets:
    """Return flows as packets; of what kind ICMP is, is not known."""

    def numbers(values: Ints) -> npt.NDArray[np.int32]:
        return values[at].astype(np.int32)

    nothing = np.full(len(at), UNKNOWN, np.int32)
    return Packets(
        interface=numbers(sides.interface),
        egress=sides.direction[at] == EGRESS,
        own=numbers(sides.own),
        peer=numbers(sides.peer),
        places=flows.places,
        src_port=numbers(flows.src_port),
        dst_port=numbers(flows.dst_port),
        protocol=numbers(flows.protocol),
        icmp_type=nothing,
        icmp_code=nothing,
        reply=np.zeros(len(at), np.bool_),
        names=flows.names,
    )


def _turned(packets: Packets) -> Packets:
    """Return the packets that go the other way."""
    return replace(packets, egress=~packets.egress, src_port=packets.dst_port, dst_port=packets.src_port)


def _echo(packets: Packets, types: dict[int, int]) -> Packets:
    """Return packets of ICMP as echo requests or replies."""
    kind = np.where(packets.protocol == ICMP, types[4], types[6]).astype(np.int32)
    return replace(packets, icmp_type=kind, icmp_code=np.zeros(len(packets), np.int32))
