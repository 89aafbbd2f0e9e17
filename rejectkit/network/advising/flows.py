"""What advice is about: refused flows of inside sources and chosen ones, those that rules cannot tell apart as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring import classify
from rejectkit.exploring.evidence import among
from rejectkit.exploring.flows import INGRESS, NONE, REQUIRED, Bools, Flows, Ints
from rejectkit.exploring.networks import NOT_AN_ADDRESS
from rejectkit.exploring.rules import Judged, Reason
from rejectkit.network.judging.tables import alike
from rejectkit.network.model import PORTED, TCP, Interface, Network

LAYERS: Final = ("sg-in", "sg-out", "nacl-in", "nacl-out", "nacl-reply")
"""Layers whose rules can be mended."""
CONTROL: Final = (21, 135)
"""Ports of passive FTP and Windows RPC, which answer with another, high port."""
_COLUMNS: Final = (
    "@timestamp", "start", "end", "tcpFlags", "flowDirection", "pktSrcAddr", "pktSrcAwsService", *REQUIRED,
)  # fmt: skip
_NEVER: Final = ("late", "reply", "")
_HOSTILE: Final = ("scanner", "probe")
_KIND: Final = np.array([reason.kind or "" for reason in Reason], object)


@dataclass(frozen=True, slots=True)
class Line:
    """Refused flows that rules cannot tell apart.

    Attributes
    ----------
    interface : Interface
        Where they were refused.
    layer, rule : str
        As blame says.
    egress, reply : bool
        Whether the refused packets left the interface; whether they were answers.
    own, peer : str
        Addresses of the interface, as the record shows it, and of the other end.
    protocol, port : int
        IANA number; the service's port, -1 where there is none.
    clients : (int, int)
        Least and greatest port of the client.
    flows, packets, first, last : int
        How many, and seconds since the epoch.
    certain : bool
        Whether blame is certain of all.
    """

    interface: Interface
    layer: str
    rule: str
    egress: bool
    reply: bool
    own: str
    peer: str
    protocol: int
    port: int
    clients: tuple[int, int]
    flows: int
    packets: int
    first: int
    last: int
    certain: bool

    @property
    def source(self) -> str:
        """Address of who asked."""
        return self.own if self.egress != self.reply else self.peer

    @property
    def destination(self) -> str:
        """Address of who was asked."""
        return self.peer if self.egress != self.reply else self.own

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.peer else 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What the records show.

    Attributes
    ----------
    lines : tuple of Line
        What advice is about, in order of time.
    shunned : tuple of str
        Addresses and networks that no rule is to admit: scanners, probes, and what the caller names.
    served : frozenset of (str, int, int)
        Address, protocol and port at which somebody was let in, of those that the lines ask for.
    accepts : bool
        Whether there are accepted flows at all.
    """

    lines: tuple[Line, ...]
    shunned: tuple[str, ...]
    served: frozenset[tuple[str, int, int]]
    accepts: bool


def seen(
    records: pd.DataFrame,
    blamed: pd.DataFrame,
    network: Network,
    sources: Iterable[str],
    not_sources: Iterable[str],
) -> Seen:
    """Return what the records show; `sources` and `not_sources` are addresses or networks, checked."""
    sources, not_sources = list(sources), list(not_sources)
    lacking = [name for name in ("packets", "bytes") if name not in records]
    looked_at = records[[name for name in _COLUMNS if name in records]]
    found = classify.judged(looked_at.assign(**dict.fromkeys(lacking, 0)))
    flows = found.flows
    at, layer = _blamed(flows, blamed, network)
    kind = _KIND[found.reasons[at]]
    egress = blamed["direction"].eq("egress").to_numpy(bool)[flows.row[at]]
    reply = layer == "nacl-reply"
    peer = np.where(egress, flows.dst[at], flows.src[at])
    own = np.where(egress, flows.src[at], flows.dst[at])
    asker = np.where(egress != reply, own, peer)
    certain = blamed["certainty"].eq("certain").to_numpy(bool)[flows.row[at]]
    hostile = _hostile(found, flows.places.within(one for one in sources if _single(one)))
    unwanted = flows.places.within(not_sources)
    chosen = flows.places.within(sources)
    inside = (kind == "inside") & ~reply
    inside |= reply & found.inside[asker] & (found.inside[peer] | certain)
    named = chosen[asker] & (reply | ~np.isin(kind, _NEVER))
    keep = (inside | named) & ~hostile[asker] & ~hostile[peer] & ~unwanted[asker]
    keep &= (flows.kinds[peer] != NOT_AN_ADDRESS) & _told(flows, at)
    rows = np.flatnonzero(keep)
    table = _Table(flows, at[rows], layer[rows], egress[rows], reply[rows], own[rows], peer[rows], certain[rows])
    lines = _lines(network, table, blamed)
    shunned = (*(str(flows.names[one]) for one in np.flatnonzero(hostile)), *not_sources)
    return Seen(lines, shunned, _served(found, lines), found.accepts)


@dataclass(frozen=True, slots=True)
class _Table:
    flows: Flows
    at: Ints
    layer: npt.NDArray[np.object_]
    egress: Bools
    reply: Bools
    own: Ints
    peer: Ints
    certain: Bools


def _blamed(flows: Flows, blamed: pd.DataFrame, network: Network) -> tuple[Ints, npt.NDArray[np.object_]]:
    """Return the positions of flows that a rule of the network refused, and their layers."""
    known = blamed["layer"].isin(LAYERS) & blamed["certainty"].isin(["certain", "likely"])
    known &= blamed["resource"].notna() & blamed["direction"].notna()
    ours = np.array([str(one) in network.interface_of for one in flows.interfaces] + [False], np.bool_)
    at = np.flatnonzero(known.to_numpy(bool)[flows.row] & flows.reject & ours[flows.interface]).astype(np.int64)
    return at, blamed["layer"].array.take(flows.row[at]).to_numpy(object)


def _told(flows: Flows, at: Ints) -> Bools:
    """Tell the flows of which all is known that a rule has to say; without it a rule would be for everything."""
    protocol = flows.protocol[at]
    ports = (flows.src_port[at] != NONE) & (flows.dst_port[at] != NONE)
    return np.asarray((protocol != NONE) & (ports | ~np.isin(protocol, PORTED)))


def _single(text: str) -> bool:
    return ip_network(text).num_addresses == 1


def _hostile(found: Judged, named: Bools) -> Bools:
    """Tell for each of the flows' names whether it is a scanner or probe; one that is named is none."""
    flows = found.flows
    bad = flows.reject & np.isin(_KIND[found.reasons], _HOSTILE)
    hostile = np.zeros(len(flows.names), np.bool_)
    hostile[flows.src[bad]] = True
    hostile[flows.who[bad]] = True
    return hostile & ~named


def _lines(network: Network, table: _Table, blamed: pd.DataFrame) -> tuple[Line, ...]:
    flows, at = table.flows, table.at
    if not len(at):
        return ()
    row = flows.row[at]
    ported = np.isin(flows.protocol[at], PORTED)
    server = np.where(table.reply, flows.src_port[at], flows.dst_port[at])
    client = np.where(table.reply, flows.dst_port[at], flows.src_port[at])
    port = np.where(ported, server, NONE)
    rule = blamed["rule"].fillna("").to_numpy(object)[row]
    columns = [
        flows.interface[at], pd.factorize(table.layer)[0], pd.factorize(rule)[0], table.egress, table.own, table.peer,
        flows.protocol[at], port,
    ]  # fmt: skip
    whose, example = alike(columns)
    size, start = len(example), flows.start[at]
    low, high = np.full(size, 65536), np.full(size, -1)
    first, last = np.full(size, np.iinfo(np.int64).max), np.zeros(size, np.int64)
    np.minimum.at(low, whose, np.where(ported, client, 65536))
    np.maximum.at(high, whose, np.where(ported, client, -1))
    np.minimum.at(first, whose, start)
    np.maximum.at(last, whose, start)
    packets = np.zeros(size, np.int64)
    np.add.at(packets, whose, flows.packets[at])
    number = np.bincount(whose, minlength=size)
    sure = np.bincount(whose, table.certain, minlength=size) == number
    lines = [
        Line(
            interface=network.interface_of[str(flows.interfaces[flows.interface[at[one]]])],
            layer=str(table.layer[one]),
            rule=str(rule[one]),
            egress=bool(table.egress[one]),
            reply=bool(table.reply[one]),
            own=str(flows.names[table.own[one]]),
            peer=str(flows.names[table.peer[one]]),
            protocol=int(flows.protocol[at[one]]),
            port=int(port[one]),
            clients=(int(low[each]), int(high[each])) if high[each] >= 0 else (NONE, NONE),
            flows=int(number[each]),
            packets=int(packets[each]),
            first=int(first[each]),
            last=int(last[each]),
            certain=bool(sure[each]),
        )
        for each, one in enumerate(example.tolist())
    ]
    return tuple(sorted(lines, key=lambda one: (one.first, one.interface.id, one.peer, one.port)))


def _served(found: Judged, lines: tuple[Line, ...]) -> frozenset[tuple[str, int, int]]:
    """Return where somebody was let in, of the places that the lines ask for."""
    flows = found.flows
    position = {str(name): at for at, name in enumerate(flows.names)}
    asked = {(position[one.destination], one.protocol, one.port) for one in lines}
    asked |= {(dst, TCP, port) for dst, _, _ in asked for port in CONTROL}
    if not asked:
        return frozenset()
    accepted = np.flatnonzero(~flows.reject & (found.directions == INGRESS))
    keys = np.array([dst << 25 | protocol << 17 | max(port, 0) for dst, protocol, port in asked], np.int64)
    number = flows.dst[accepted] << 25 | np.maximum(flows.protocol[accepted], 0) << 17
    number |= np.maximum(flows.dst_port[accepted], 0)
    there = set(np.unique(number[among(number, keys)]).tolist())
    return frozenset(
        (str(flows.names[dst]), protocol, port)
        for dst, protocol, port in asked
        if dst << 25 | protocol << 17 | max(port, 0) in there
    )
