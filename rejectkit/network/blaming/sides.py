"""Which way each record went, and who the other end is: by the record, else by the addresses that the network knows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rejectkit.exploring.flows import EGRESS, INGRESS, UNKNOWN, Bools, Flows, Ints
from rejectkit.exploring.networks import PRIVATE, Addresses
from rejectkit.network.model import Network


@dataclass(frozen=True, slots=True)
class Sides:
    """Where flows are seen, one element per flow; `inside` and `odd` have one per distinct address.

    Attributes
    ----------
    interface : array of int
        Position in `network.interfaces`; -1 for one that is not there.
    direction : array of int
        INGRESS, EGRESS or UNKNOWN as seen from the interface.
    sure : array of bool
        Whether the record itself or the interface's addresses say so; else it is told by which end recurs.
    own, peer : array of int
        Addresses of the two ends, positions in the flows' `names`; where the direction is UNKNOWN, as inbound.
    inside : array of bool
        Whether the address is private or in one of the network's VPCs.
    odd : array of bool
        Whether the text is no address.
    """

    interface: Ints
    direction: Ints
    sure: Bools
    own: Ints
    peer: Ints
    inside: Bools
    odd: Bools

    @classmethod
    def of(cls, flows: Flows, network: Network) -> Sides:
        """Tell the ends of flows apart."""
        position = {one.id: at for at, one in enumerate(network.interfaces)}
        places = np.array([position.get(str(name), -1) for name in flows.interfaces] + [-1], np.int64)
        interface = places[flows.interface]
        told = flows.said
        if (told == UNKNOWN).any():
            told = np.where(told != UNKNOWN, told, _by_addresses(flows, network, interface))
        direction, certain = replace(flows, said=told).sides() if (told == UNKNOWN).any() else (told, told != UNKNOWN)
        out = direction == EGRESS
        blocks = [cidr for vpc in network.vpcs for cidr in vpc.cidrs]
        return cls(
            interface=interface,
            direction=direction,
            sure=(told != UNKNOWN) | (certain & (direction != UNKNOWN)),
            own=np.where(out, flows.src, flows.dst),
            peer=np.where(out, flows.dst, flows.src),
            inside=(flows.kinds == PRIVATE) | flows.places.within(blocks),
            odd=flows.places.family == 0,
        )


def _by_addresses(flows: Flows, network: Network, interface: Ints) -> Ints:
    """Return the direction that an interface's own addresses tell, UNKNOWN where neither end is its own, or both.

    Records show the interface's side as its primary private IPv4 address, or its IPv6 one. Source: VPC user guide,
    "Flow log records".
    """
    own = _owned(flows, network)
    size = len(flows.names)
    of_src, of_dst = np.isin(interface * size + flows.src, own), np.isin(interface * size + flows.dst, own)
    known = interface >= 0
    found = np.where(known & of_dst & ~of_src, INGRESS, UNKNOWN)
    return np.where(known & of_src & ~of_dst, EGRESS, found)


def _owned(flows: Flows, network: Network) -> Ints:
    """Return a number for each interface and address of its own among the flows'."""
    texts = [(at, address) for at, one in enumerate(network.interfaces) for address in one.addresses]
    ours = Addresses.parse([address for _, address in texts])
    whose = np.array([at for at, _ in texts], np.int64)
    order = np.argsort(_mixed(ours), kind="stable")
    ours = Addresses(ours.family[order], ours.high[order], ours.low[order])
    mixed, sought = _mixed(ours), _mixed(flows.places)
    first, last = np.searchsorted(mixed, sought, "left"), np.searchsorted(mixed, sought, "right")
    named = np.repeat(np.arange(len(sought)), last - first)
    begin = np.repeat(first - np.cumsum(last - first) + (last - first), last - first)
    at = begin + np.arange(len(named))
    same = (ours.family[at] == flows.places.family[named]) & (ours.family[at] != 0)
    same &= (ours.high[at] == flows.places.high[named]) & (ours.low[at] == flows.places.low[named])
    size = len(flows.names)
    found = [whose[order][at[same]] * size + named[same]]
    for number, one in enumerate(network.interfaces):
        if one.prefixes:
            found.append(number * size + np.flatnonzero(flows.places.within(one.prefixes)))
    return np.concatenate(found)


def _mixed(places: Addresses) -> npt.NDArray[np.uint64]:
    """Return a number for each address, the same for the same ones."""
    return places.high * np.uint64(0x9E3779B97F4A7C15) ^ places.low
