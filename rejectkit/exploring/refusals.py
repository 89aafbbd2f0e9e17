"""Refused flows that belong together: who is refused what, and whose replies are."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.evidence import dense
from rejectkit.exploring.flows import EGRESS, NONE, Bools, Ints
from rejectkit.exploring.rules import Judged
from rejectkit.exploring.words import count, listing


@dataclass(frozen=True, slots=True)
class Group:
    """Refused flows of one service: the same port, and sources and destinations that hang together.

    Attributes
    ----------
    at : array of int
        Positions among the judged flows.
    sources, destinations : tuple of str
        Addresses, most flows first.
    port, protocol : int
        Of the service; for replies the port they come from.
    outbound : bool
        Whether they were refused on their way out of their own interface.
    gap : float
        Median seconds between two flows of one source and destination; 0 where a pair has fewer than 5 flows on
        average.
    interfaces : tuple of str
        Interfaces that refused them, most flows first.
    """

    at: Ints
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    port: int
    protocol: int
    outbound: bool
    gap: float
    interfaces: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of flows."""
        return len(self.at)


def services(judged: Judged, which: Bools) -> list[Group]:
    """Return the chosen flows by service, most flows first.

    Two flows hang together if they have port and protocol in common, and the source or the destination, or if
    others link them so.
    """
    flows, at = judged.flows, np.flatnonzero(which)
    port, protocol = flows.dst_port[at], flows.protocol[at]
    service = dense(port, protocol)
    size = len(flows.names)
    return _groups(judged, at, _hanging(service * size + flows.src[at], service * size + flows.dst[at]), port)


def replies(judged: Judged, which: Bools) -> list[Group]:
    """Return the chosen flows by the service they answer for and our end, most flows first."""
    flows, at = judged.flows, np.flatnonzero(which)
    outbound = judged.directions[at] == EGRESS
    ours = np.where(outbound, flows.src[at], flows.dst[at])
    key = dense(ours, flows.src_port[at], flows.protocol[at], outbound.astype(np.int64))
    return _groups(judged, at, key, flows.src_port[at])


def table(judged: Judged, at: Ints) -> pd.DataFrame:
    """Return flows as pairs: source, destination, port, protocol, how often, from when to when, and where."""
    flows = judged.flows
    frame = pd.DataFrame(
        {
            "srcAddr": flows.names[flows.src[at]],
            "dstAddr": flows.names[flows.dst[at]],
            "dstPort": flows.dst_port[at],
            "protocol": flows.protocol[at],
            "interfaceId": np.array([*flows.interfaces, None], object)[flows.interface[at]],
            "time": flows.start[at],
        }
    )
    keys = ["srcAddr", "dstAddr", "dstPort", "protocol", "interfaceId"]
    pairs = (
        frame.groupby(keys, sort=True, dropna=False)["time"].agg(flows="size", first="min", last="max").reset_index()
    )
    for name in ("first", "last"):
        pairs[name] = pd.to_datetime(pairs[name], unit="s", utc=True).dt.as_unit("ms")
    return pairs.sort_values("flows", ascending=False, kind="stable", ignore_index=True)


def people(addresses: tuple[str, ...]) -> str:
    """Return addresses in words: their names if few, their subnet if they share one, else some and a number.

    Examples
    --------
    >>> people(("10.0.1.5", "10.0.1.6"))
    '10.0.1.5 and 10.0.1.6'
    >>> people(tuple(f"10.0.1.{n}" for n in range(5, 12)))
    '7 addresses of 10.0.1.0/24'
    """
    if len(addresses) <= 4:
        return listing(addresses)
    nets = {_subnet(address) for address in addresses}
    if len(nets) == 1 and None not in nets:
        return f"{count(len(addresses), 'address', 'addresses')} of {nets.pop()}"
    return listing(addresses)


def _groups(judged: Judged, at: Ints, key: Ints, port: Ints) -> list[Group]:
    flows = judged.flows
    order = np.argsort(key, kind="stable")
    edges = np.flatnonzero(np.diff(key[order]) != 0) + 1
    found: list[Group] = []
    for part in np.split(order, edges) if len(order) else []:
        some = at[part]
        found.append(
            Group(
                at=some,
                sources=_by_flows(flows.names, flows.src[some]),
                destinations=_by_flows(flows.names, flows.dst[some]),
                port=int(port[part[0]]),
                protocol=int(flows.protocol[some[0]]),
                outbound=bool(2 * (judged.directions[some] == EGRESS).sum() > len(some)),
                gap=_gap(flows.src[some] * len(flows.names) + flows.dst[some], flows.start[some]),
                interfaces=_by_flows(flows.interfaces, flows.interface[some][flows.interface[some] != NONE]),
            )
        )
    return sorted(found, key=lambda group: (-group.size, group.port, group.sources, group.destinations))


def _hanging(one: Ints, two: Ints) -> Ints:
    """Return a number per set of pairs that hang together by having one end in common."""
    left, right = dense(one), dense(two)
    size = int(left.max(initial=-1)) + 1
    parent = list(range(size + int(right.max(initial=-1)) + 1))

    def root(end: int) -> int:
        while parent[end] != end:
            parent[end] = parent[parent[end]]
            end = parent[end]
        return end

    for pair in pd.unique(right * max(size, 1) + left).tolist():
        parent[root(pair % size)] = root(size + pair // size)
    return np.array([root(end) for end in range(size)], np.int64)[left]


def _by_flows(names: npt.NDArray[np.object_], codes: Ints) -> tuple[str, ...]:
    values, number = np.unique(codes, return_counts=True)
    return tuple(names[values[np.argsort(-number, kind="stable")]])


def _gap(pair: Ints, times: Ints) -> float:
    order = np.lexsort((times, pair))
    gaps = np.diff(times[order])[np.diff(pair[order]) == 0]
    pairs = len(pair) - len(gaps)
    return float(np.median(gaps)) if len(pair) >= 5 * pairs else 0.0


def _subnet(address: str) -> str | None:
    try:
        return str(ipaddress.ip_network(f"{address}/{64 if ':' in address else 24}", strict=False))
    except ValueError:
        return None
