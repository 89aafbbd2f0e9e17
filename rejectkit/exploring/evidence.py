"""What accepted flows say about refused ones: a late packet, a refused reply, a service others do reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rejectkit.exploring.flows import NONE, Bools, Flows, Ints

TOLERANCE = 60
"""Seconds by which a record's times may be off the packets' (VPC user guide, "Flow log records")."""

_NEVER = np.iinfo(np.int64).min // 4
_PAIRS = 64  # pairs of addresses that tell an interface's own end


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the accepted flows tell, one element per record; meaningful where the record is a REJECT.

    Attributes
    ----------
    same : array of int
        Seconds from the end of the latest flow with the same ends, ports, protocol and interface that was
        accepted and began no later than this one, to this one's start; negative where it ran on; a huge number
        where there is none.
    swapped : array of int
        The same for a flow with its two ends exchanged.
    asked : array of bool
        The destination had flows accepted to the source's port of this record: what comes may be an answer.
    let_in : array of bool
        The source had flows accepted to this port of this destination.
    served : array of bool
        Some source outside had flows accepted to this port of this destination.
    """

    same: Ints
    swapped: Ints
    asked: Bools
    let_in: Bools
    served: Bools

    @classmethod
    def of(cls, flows: Flows, outside: Bools) -> Evidence:
        """Compare the refused flows with the accepted ones; `outside` tells it of each of the flows' names."""
        refused, accepted = np.flatnonzero(flows.reject), np.flatnonzero(~flows.reject)
        n = len(flows.row)
        same, swapped = np.full(n, -_NEVER), np.full(n, -_NEVER)
        asked, let_in, served = (np.zeros(n, np.bool_) for _ in range(3))
        if len(accepted):
            links = _Links.of(flows, refused, accepted)
            forth, back, seen = links.conversations()
            begun, begins, ends = flows.start[refused], flows.start[links.accepted], flows.end[links.accepted]
            same[refused] = begun - _latest(forth, begun, seen, begins, ends)
            swapped[refused] = begun - _latest(back, flows.end[refused] + TOLERANCE, seen, begins, ends)
            there, answer, to = links.clients()
            let_in[refused], asked[refused] = among(there, to), among(answer, to)
            public = accepted[outside[flows.src[accepted]]]
            served[refused] = among(_offer(flows, refused), _offer(flows, public))
        return cls(same, swapped, asked, let_in, served)


def relevant(flows: Flows, outside: Bools) -> Bools:
    """Tell which records matter for judging the refused ones: those, and the accepted flows that bear on them.

    Judging the relevant records gives the kinds that judging all gives, so accepted flows can be read in parts.
    Of those that only show that a port is served, or which end is the interface's own, a few stand for all.
    """
    refused, accepted = np.flatnonzero(flows.reject), np.flatnonzero(~flows.reject)
    keep = flows.reject.copy()
    if not len(refused) or not len(accepted):
        return keep
    links = _Links.of(flows, refused, accepted)
    forth, back, seen = links.conversations()
    keep[links.accepted[among(seen, np.concatenate([forth, back])) & (seen != NONE)]] = True
    there, answer, to = links.clients()
    keep[_firsts(links.accepted, to, among(to, np.concatenate([there, answer])))] = True
    offer = _offer(flows, accepted)
    wanted = among(offer, _offer(flows, refused))
    keep[_firsts(accepted, offer * 2 + outside[flows.src[accepted]], wanted)] = True
    size, interface = len(flows.names), flows.interface[accepted]
    pair = (interface * size + flows.src[accepted]) * size + flows.dst[accepted]
    pairs = _firsts(accepted, pair, among(interface, flows.interface[refused]))
    pairs = pairs[np.argsort(flows.interface[pairs], kind="stable")]
    edge = np.searchsorted(flows.interface[pairs], flows.interface[pairs])
    keep[pairs[np.arange(len(pairs)) - edge < _PAIRS]] = True
    return keep


def dense(*columns: Ints) -> Ints:
    """Return one number per distinct combination of the columns' values.

    Examples
    --------
    >>> dense(np.array([7, 7, 8]), np.array([1, 1, 1])).tolist()
    [0, 0, 1]
    """
    codes = pd.factorize(columns[0])[0].astype(np.int64)
    for column in columns[1:]:
        other = pd.factorize(column)[0].astype(np.int64)
        codes = pd.factorize(codes * (int(other.max(initial=0)) + 1) + other)[0].astype(np.int64)
    return codes


def distinct(group: Ints, size: int, *columns: Ints) -> Ints:
    """Return for each group from 0 to `size` how many distinct combinations of the columns it has.

    Examples
    --------
    >>> distinct(np.array([0, 0, 2]), 3, np.array([5, 6, 5])).tolist()
    [2, 0, 1]
    """
    values = dense(*columns)
    width = int(values.max(initial=0)) + 1
    return np.bincount(pd.unique(group * width + values) // width, minlength=size)


def among(values: Ints, keys: Ints) -> Bools:
    """Tell for each value whether it is one of the keys.

    Examples
    --------
    >>> among(np.array([1, 2]), np.array([2, 2, 3])).tolist()
    [False, True]
    """
    return np.asarray(pd.Index(pd.unique(keys)).get_indexer(pd.Index(values)) >= 0)


@dataclass(frozen=True, slots=True)
class _Links:
    """Pairs of addresses that refused flows have, by number; `accepted` are the flows accepted between such."""

    flows: Flows
    refused: Ints
    accepted: Ints
    forth: Ints
    back: Ints
    seen: Ints

    @classmethod
    def of(cls, flows: Flows, refused: Ints, accepted: Ints) -> _Links:
        """Number the pairs of the refused flows, and choose the accepted flows between the same."""
        size = len(flows.names)
        forth, back = flows.src * size + flows.dst, flows.dst * size + flows.src
        known = pd.Index(pd.unique(np.concatenate([forth[refused], back[refused]])))
        seen = known.get_indexer(pd.Index(forth[accepted])).astype(np.int64)
        return cls(
            flows,
            refused,
            accepted[seen != NONE],
            known.get_indexer(pd.Index(forth[refused])).astype(np.int64),
            known.get_indexer(pd.Index(back[refused])).astype(np.int64),
            seen[seen != NONE],
        )

    def conversations(self) -> tuple[Ints, Ints, Ints]:
        """Return a number per interface, ends, ports and protocol: of refused, refused with ends swapped, accepted.

        NONE stands for a flow without ports or interface, and for an accepted one on an interface that refused none.
        """
        flows, size = self.flows, int(self.flows.interface.max(initial=0)) + 2
        refused, accepted = flows.interface[self.refused] + 1, flows.interface[self.accepted] + 1
        forth, back, seen = self.forth * size + refused, self.back * size + refused, self.seen * size + accepted
        known = pd.Index(pd.unique(np.concatenate([forth, back])))
        protocol, one, two = flows.protocol, flows.src_port, flows.dst_port
        whole = (protocol != NONE) & (one != NONE) & (two != NONE) & (flows.interface != NONE)

        def number(link: Ints, at: Ints, first: Ints, second: Ints) -> Ints:
            code = known.get_indexer(pd.Index(link)).astype(np.int64)
            key = code << 40 | protocol[at] << 32 | first[at] << 16 | second[at]
            return np.where((code != NONE) & whole[at], key, NONE)

        return (
            number(forth, self.refused, one, two),
            number(back, self.refused, two, one),
            number(seen, self.accepted, one, two),
        )

    def clients(self) -> tuple[Ints, Ints, Ints]:
        """Return a number per client, server, protocol and server's port: of refused, their answers, accepted.

        An answer is taken as going from the server's port to the client.
        """
        flows = self.flows

        def number(link: Ints, at: Ints, port: Ints) -> Ints:
            return link << 24 | (flows.protocol[at] & 0xFF) << 16 | (port[at] & 0xFFFF)

        return (
            number(self.forth, self.refused, flows.dst_port),
            number(self.back, self.refused, flows.src_port),
            number(self.seen, self.accepted, flows.dst_port),
        )


def _latest(asked: Ints, until: Ints, keys: Ints, start: Ints, end: Ints) -> Ints:
    """Return for each asked key the latest end among the flows of that key that began by `until`."""
    use = np.flatnonzero(among(keys, asked) & (keys != NONE))
    found = np.full(len(asked), _NEVER)
    if not len(use):
        return found
    known = pd.Index(pd.unique(keys[use]))
    code = known.get_indexer(pd.Index(keys[use])).astype(np.int64)
    sought = known.get_indexer(pd.Index(asked)).astype(np.int64)
    order = np.lexsort((start[use], code))
    code, start, end = code[order], start[use][order], end[use][order]
    first, last = min(int(start.min()), int(end.min())), int(end.max())
    width = max(int(start.max()), last) - first + 2
    when = np.clip(until - first, -1, width - 1)
    at = np.searchsorted(code * width + (start - first), sought * width + when, side="right") - 1
    hit = (at >= 0) & (sought != NONE) & (code[np.maximum(at, 0)] == sought)
    ends = np.maximum.accumulate(code * width + (end - first)) - code * width + first
    found[hit] = ends[at[hit]]
    return found


def _offer(flows: Flows, at: Ints) -> Ints:
    """Return one number per destination, protocol and port."""
    return (flows.dst[at] << 24) | ((flows.protocol[at] & 0xFF) << 16) | (flows.dst_port[at] & 0xFFFF)


def _firsts(at: Ints, key: Ints, wanted: Bools) -> Ints:
    """Return of the wanted positions the first for each distinct key."""
    return at[wanted][np.unique(key[wanted], return_index=True)[1]]
