"""Which end of a record is its interface's own, where the record does not say: the one that recurs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.networks import MULTICAST, NOWHERE, PRIVATE, Addresses

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NONE = -1
INGRESS, EGRESS, UNKNOWN = 1, -1, 0


def tell_ends(
    interface: Ints, src: Ints, dst: Ints, places: Addresses, kinds: npt.NDArray[np.int8]
) -> tuple[Ints, Bools]:
    """Return each record's direction as seen from its interface, and whether that is sure.

    An interface's side is always its primary private address (VPC user guide, "Flow log records"), so of the two
    ends of an interface's records one recurs in all; in IPv6 its /64 does, for an interface is in one subnet.
    Where two recur alike, it is the one that is private; then the one that is not surely another interface's;
    then, in IPv6, the /64 of more addresses; then the one that is the destination more often (*inferred*). Only
    what recurs more often than anything else is sure.

    Parameters
    ----------
    interface, src, dst : array of int
        One element per record: number of the interface (NONE if missing), positions of the two addresses.
    places, kinds
        The addresses, and what kind each is.
    """
    ends = _recurring(places, kinds)
    six = places.family[src] == 6
    group = np.where(interface == NONE, NONE, interface * 2 + six)
    seen = _Seen.of(group, ends[src], ends[dst], src, dst, len(ends))
    if not len(seen.group):
        return np.zeros(len(src), np.int64), np.zeros(len(src), np.bool_)
    private = np.zeros(seen.size, np.bool_)
    private[ends[(kinds == PRIVATE) & (ends != NONE)]] = True
    own, certain = seen.winners(private)
    at = np.minimum(np.searchsorted(own.index.to_numpy(), group), len(own) - 1)
    known = own.index.to_numpy()[at] == group
    mine = np.where(known, own.to_numpy()[at], -2)
    inward, outward = ends[dst] == mine, ends[src] == mine
    both = inward & outward
    if both.any():
        outward &= ~both | _oftener(interface, src, dst, len(ends))
        inward &= ~outward
    return np.where(inward, INGRESS, np.where(outward, EGRESS, UNKNOWN)).astype(np.int64), known & certain[at]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What recurs in each group of records (an interface and an address family), one element per pair.

    Attributes
    ----------
    group, end : array of int
        The group, and the address or /64.
    times, as_dst, addresses : array of int
        Records it is in; records it is the destination of; distinct addresses it stands for.
    size : int
        Larger than every `end`.
    """

    group: Ints
    end: Ints
    times: Ints
    as_dst: Ints
    addresses: Ints
    size: int

    @classmethod
    def of(cls, group: Ints, one: Ints, two: Ints, src: Ints, dst: Ints, names: int) -> _Seen:
        size = int(max(one.max(initial=0), two.max(initial=0))) + 1
        has_one, has_two = (group != NONE) & (one != NONE), (group != NONE) & (two != NONE)
        at_src, at_dst = group * size + one, group * size + two
        again = has_two & (one != two)
        keys, times = np.unique(np.concatenate([at_src[has_one], at_dst[again]]), return_counts=True)
        found = np.concatenate([at_src[has_one] * names + src[has_one], at_dst[again] * names + dst[again]])
        index = pd.Index(keys)
        return cls(
            keys // size,
            keys % size,
            times,
            _tally(index, at_dst[has_two]),
            _tally(index, pd.unique(found) // names),
            size,
        )

    def winners(self, private: Bools) -> tuple[pd.Series, Bools]:
        """Return for each group the end that recurs most, and whether nothing else does as often."""
        rank = [-self.end, self.as_dst, self.addresses, private[self.end], self.times]
        best, second = _best(self.group, rank)
        certain = self.times[best] > np.where(second == NONE, 0, self.times[second])
        elsewhere = np.zeros(self.size, np.bool_)
        elsewhere[self.end[best[certain]]] = True
        best, _ = _best(self.group, [*rank[:3], ~elsewhere[self.end], *rank[3:]])
        return pd.Series(self.end[best], index=self.group[best]), certain


def _recurring(places: Addresses, kinds: npt.NDArray[np.int8]) -> Ints:
    """Return for each address the number of what may recur: itself, or an IPv6 address's /64; NONE for no host's."""
    numbers = np.arange(len(kinds), dtype=np.int64)
    six = places.family == 6
    numbers[six] = len(kinds) + np.unique(places.high[six], return_inverse=True)[1]
    numbers[(kinds == MULTICAST) | (kinds == NOWHERE) | (places.family == 0)] = NONE
    return numbers


def _oftener(interface: Ints, src: Ints, dst: Ints, names: int) -> Bools:
    """Tell the records whose source is at its interface more often than their destination is."""
    one, two = interface * names + src, interface * names + dst
    index = pd.Index(pd.unique(np.concatenate([one, two])))
    of_src, of_dst = index.get_indexer(pd.Index(one)), index.get_indexer(pd.Index(two))
    often = np.bincount(np.concatenate([of_src, of_dst]), minlength=len(index))
    return np.asarray(often[of_src] > often[of_dst])


def _best(groups: Ints, rank: list[npt.NDArray[np.generic]]) -> tuple[Ints, Ints]:
    """Return the positions of the first and the second in each group; the last of `rank` weighs most."""
    order = np.lexsort((*rank, groups))
    last = np.flatnonzero(np.append(np.diff(groups[order]) != 0, True))
    before = np.maximum(last - 1, 0)
    alone = (last == 0) | (groups[order][before] != groups[order][last])
    return order[last], np.where(alone, NONE, order[before])


def _tally(keys: pd.Index, seen: Ints) -> Ints:
    """Return how often each of the keys is in `seen`; others in `seen` do not count."""
    at = keys.get_indexer(pd.Index(seen))
    return np.bincount(at[at >= 0], minlength=len(keys))
