"""What used the rules: the distinct requests that were accepted, and the packets that network ACLs decided on."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.evidence import dense
from rejectkit.exploring.flows import UNKNOWN as NO_DIRECTION
from rejectkit.exploring.flows import Flows, Ints
from rejectkit.network.blaming.rules import packets_of
from rejectkit.network.blaming.sides import Sides
from rejectkit.network.judging import services
from rejectkit.network.judging.engine import NOT_ASKED, judge
from rejectkit.network.model import Network
from rejectkit.network.packets import Packets
from rejectkit.network.replaying.roles import ANSWERS, ASKS, roles
from rejectkit.network.replaying.ruled import Ruled, answering, asking, turned


@dataclass(frozen=True, slots=True)
class Kinds:
    """Distinct packets as rules see them, one element each.

    Attributes
    ----------
    interface : array of int
        Position in the network's interfaces of one that saw it.
    egress : array of bool
    rank : array of int
        Of the other end, among the network's `ready.cuts`.
    peer : array of int
        The other end itself, a position among the flows' names.
    first, last : array of int
        Between which places on the line of services it is.
    refused : array of bool
    flows : array of int
        How many records there are of it.
    """

    interface: Ints
    egress: npt.NDArray[np.bool_]
    rank: Ints
    peer: Ints
    first: Ints
    last: Ints
    refused: npt.NDArray[np.bool_]
    flows: Ints

    def __len__(self) -> int:
        return len(self.rank)

    def taken(self, at: Ints) -> Kinds:
        """Return some of them."""
        return Kinds(*(getattr(self, one.name)[at] for one in fields(self)))

    def summed(self, owner: Ints) -> tuple[Kinds, Ints]:
        """Return those that differ in the owner's number, or in what rules ask for; and the number of each.

        Parameters
        ----------
        owner : array of int
            Whose rules are asked: a set of groups, or a network ACL.
        """
        code = dense(
            owner, self.egress.astype(np.int64), self.rank, self.first, self.last, self.refused.astype(np.int64)
        )
        _, at = np.unique(code, return_index=True)
        whole = self.taken(at)
        flows = np.bincount(code, weights=self.flows, minlength=len(at)).astype(np.int64)
        return replace(whole, flows=flows), owner[at]


@dataclass(frozen=True, slots=True)
class Used:
    """What used a network's rules.

    Attributes
    ----------
    requests : Kinds
        Accepted requests of interfaces that have groups; an accepted answer stands for its request too.
    crossing : Kinds
        Packets that network ACLs were asked about, accepted and refused.
    """

    requests: Kinds
    crossing: Kinds

    @classmethod
    def of(cls, network: Network, flows: Flows, sides: Sides) -> Used:
        """Look at the flows."""
        known = (sides.interface >= 0) & (sides.direction != NO_DIRECTION)
        at = np.flatnonzero(known & ~flows.reject)
        packets = packets_of(flows, sides, at)
        role = roles(network, flows, packets, Ruled.of(network, packets), at)
        requests = [asking(packets.taken(role != ANSWERS)), asking(turned(packets.taken(role != ASKS)))]
        as_they_went = [asking(packets.taken(role != ANSWERS)), answering(packets.taken(role == ANSWERS))]
        refused = asking(packets_of(flows, sides, np.flatnonzero(known & flows.reject)))
        return cls(
            _joined([_kinds(network, one, False, "group") for one in requests]),
            _joined(
                [*(_kinds(network, one, False, "acl") for one in as_they_went), _kinds(network, refused, True, "acl")]
            ),
        )


def _kinds(network: Network, packets: Packets, refused: bool, layer: str) -> Kinds:
    """Return the distinct packets that a layer was asked about."""
    judged = judge(network, packets)
    packets = packets.taken((getattr(judged, layer) != NOT_ASKED) & ~judged.exempt)
    rank = network.ready.cuts.of(packets.places)[packets.peer].astype(np.int64)
    first, last = services.of_packets(packets)
    parts = [
        packets.interface.astype(np.int64),
        packets.egress.astype(np.int64),
        packets.peer.astype(np.int64),
        first,
        last,
    ]
    code = dense(*parts)
    _, at = np.unique(code, return_index=True)
    at = at[rank[at] >= 0]
    count = np.bincount(code, minlength=len(code))[code[at]] if len(code) else np.zeros(0, np.int64)
    interface, _, peer, first, last = (part[at] for part in parts)
    was_refused = np.full(len(at), refused)
    return Kinds(interface, packets.egress[at], rank[at], peer, first, last, was_refused, count)


def _joined(several: list[Kinds]) -> Kinds:
    return Kinds(*(np.concatenate([getattr(one, field.name) for one in several]) for field in fields(Kinds)))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What records there are of some interfaces.

    Attributes
    ----------
    interfaces, seen : int
        How many there are; how many of them have records.
    records : int
    first, last : float
        When the first of them began and the last, seconds since the epoch; NaN where there is none.
    """

    interfaces: int
    seen: int
    records: int
    first: float
    last: float

    @property
    def days(self) -> float:
        """Days from the first record to the last; NaN where there is none."""
        return (self.last - self.first) / 86400


class Evidences:
    """The records of each interface."""

    def __init__(self, network: Network, flows: Flows, sides: Sides) -> None:
        size = len(network.interfaces)
        at = np.flatnonzero(sides.interface >= 0)
        start = np.where(flows.start[at] > 0, flows.start[at], np.nan)  # 0: the record has no time
        frame = pd.DataFrame({"interface": sides.interface[at], "start": start})
        told = frame.groupby("interface")["start"].agg(["size", "min", "max"]).reindex(range(size))
        self._told = told.fillna({"size": 0})

    def of(self, interfaces: list[int]) -> Evidence:
        """Return what there is of some interfaces, by position."""
        told = self._told.iloc[interfaces]
        seen = told[told["size"] > 0]
        ends = (float(seen["min"].min()), float(seen["max"].max())) if len(seen) else (np.nan, np.nan)
        return Evidence(len(interfaces), len(seen), int(told["size"].sum()), *ends)
