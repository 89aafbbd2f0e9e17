"""Where the other end of a packet is, as seen from an interface: in its subnet, beyond, or where no rule is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rejectkit.network.judging.tables import EVERYWHERE, Box, Cuts, Spans, Tables, merged, spans
from rejectkit.network.model import UDP, Network
from rejectkit.network.packets import Packets

Ints = npt.NDArray[np.int32]

OUTSIDE, EXEMPT, INSIDE, PERHAPS_INSIDE = -1, 0, 1, 2
"""PERHAPS_INSIDE: the interface's subnet is not known, and the address may be of it."""

# Source: VPC User Guide, "Infrastructure security": Amazon DNS, metadata, time, Windows licences, tasks of ECS.
ALWAYS: Final = (
    "169.254.169.253/32",
    "169.254.169.254/32",
    "169.254.169.123/32",
    "169.254.169.250/31",
    "169.254.170.2/32",
    "fd00:ec2::253/128",
    "fd00:ec2::254/128",
    "fd00:ec2::123/128",
)
_DHCP: Final = (67, 68)

Around = tuple[Spans, Spans, Spans]


@dataclass(frozen=True, slots=True)
class PlaceTables:
    """The surroundings of each subnet.

    Attributes
    ----------
    table_of : array of int32
        Table of each interface of the network, and of one that is not in it.
    around : Tables
        Of each subnet: what is EXEMPT, INSIDE and PERHAPS_INSIDE.
    """

    table_of: Ints
    around: Tables

    def zones(self, packets: Packets, ranks: Ints) -> Ints:
        """Return where each packet's other end is; DHCP is EXEMPT. A rank of -1 (no address) is PERHAPS_INSIDE."""
        zones = np.full(len(packets), PERHAPS_INSIDE, np.int32)
        known = np.flatnonzero(ranks >= 0)
        table = self.table_of[packets.interface[known]]
        zones[known] = self.around.first(table, ranks[known], np.zeros(len(known), np.int64))
        zones[_is_dhcp(packets)] = EXEMPT
        return zones


class Surroundings:
    """The surroundings of a network's subnets as stretches of the line of addresses."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._spots = {(one.subnet, one.vpc): -1 for one in network.interfaces}
        self._spots |= {spot: at for at, spot in enumerate(self._spots)}
        self._around = [*(self._of(*spot) for spot in self._spots), (spans(ALWAYS), (), EVERYWHERE)]

    def every(self) -> Iterator[Spans]:
        """Yield all there are."""
        for around in self._around:
            yield from around

    def tables(self, cuts: Cuts) -> PlaceTables:
        """Return them as tables."""
        nobody = len(self._spots)
        table_of = [self._spots[one.subnet, one.vpc] for one in self._network.interfaces]
        boxes = [[Box(cuts.ranks(one)) for one in around] for around in self._around]
        return PlaceTables(np.array([*table_of, nobody], np.int32), Tables(boxes, len(cuts)))

    def _of(self, subnet: str, vpc: str) -> Around:
        home, whole = self._network.subnet_of.get(subnet), self._network.vpc_of.get(vpc)
        routers = [spans([block])[0][0] + 1 for block in (home.cidrs if home else ()) if ":" not in block]
        primary = [block for block in (whole.cidrs if whole else ()) if ":" not in block][:1]
        reserved = routers + [first + 2 for first, _ in spans(primary)]  # Amazon DNS is in the primary block
        exempt = merged((*spans(ALWAYS), *((one, one + 1) for one in reserved)))
        if home and home.cidrs:  # told without its CIDRs it may have any, as one that is not told
            return exempt, spans(home.cidrs), ()
        return exempt, (), spans(whole.cidrs) if whole and whole.cidrs else EVERYWHERE


def _is_dhcp(packets: Packets) -> npt.NDArray[np.bool_]:
    low, high = np.minimum(packets.src_port, packets.dst_port), np.maximum(packets.src_port, packets.dst_port)
    found: npt.NDArray[np.bool_] = (packets.protocol == UDP) & (low == _DHCP[0]) & (high == _DHCP[1])
    return found
