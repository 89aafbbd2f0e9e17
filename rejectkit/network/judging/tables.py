"""Tables of rules that many packets are looked up in at once: the first rule of a table that fits each packet.

An address is a place on one line, a protocol with its port (or ICMP type and code) a place on another. A rule takes
stretches of the first and one stretch of the second. Between two ends of stretches all places fare alike, so a table
holds, for each such piece of either line, one bit a rule; a packet's rules are the bits that both its pieces have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.networks import Addresses, network

Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

IPV6 = 1 << 128
"""Where IPv6 begins on the line of addresses; IPv4 is at its start."""
SERVICES = 1 << 24
"""Length of the line of services: 65,536 places to a protocol."""

Span = tuple[int, int]
Spans = tuple[Span, ...]
EVERYWHERE: Spans = ((0, 1 << 32), (IPV6, IPV6 << 1))

_CHUNK = 1 << 17


def spans(cidrs: Iterable[str]) -> Spans:
    """Return where CIDRs are on the line of addresses: first place and the one past the last, in order, none twice.

    Raises
    ------
    ArgumentError
        If a text is no CIDR.
    """
    found = []
    for text in cidrs:
        net = network(text)
        first = int(net.network_address) + (IPV6 if net.version == 6 else 0)
        found.append((first, first + net.num_addresses))
    return merged(found)


def merged(several: Iterable[Span]) -> Spans:
    """Return spans in order, those that touch as one."""
    found: list[Span] = []
    for first, last in sorted(several):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return tuple(found)


def without(several: Spans, holes: Spans) -> Spans:
    """Return what of some spans is in none of the others."""
    left = []
    for first, last in several:
        for low, high in holes:
            if low < last and high > first:
                if first < low:
                    left.append((first, low))
                first = max(first, high)
        if first < last:
            left.append((first, last))
    return tuple(left)


class Cuts:
    """The places on the line of addresses where some rule begins or ends; a rank is a piece between two of them."""

    def __init__(self, several: Iterable[Spans]) -> None:
        ends = {end for one in several for span in one for end in span}
        self._cuts = sorted(ends | {0, IPV6})
        self._rank = {cut: rank for rank, cut in enumerate(self._cuts)}
        self._below = self._rank[IPV6]
        self._fours = np.array([cut for cut in self._cuts if cut < 1 << 33], np.uint64)
        sixes = [(cut - IPV6).to_bytes(17, "big")[1:] for cut in self._cuts if IPV6 <= cut < IPV6 << 1]
        self._sixes = np.array(sixes, "S16")

    def __len__(self) -> int:
        return len(self._cuts)

    def ranks(self, one: Spans) -> Longs:
        """Return the spans as ranks: an array of two columns, the first and the one past the last."""
        return np.array([(self._rank[first], self._rank[last]) for first, last in one], np.int64).reshape(-1, 2)

    def of(self, places: Addresses) -> Ints:
        """Return each address's rank; -1 for text that is no address."""
        ranks = np.full(len(places.family), -1, np.int32)
        four, six = places.family == 4, places.family == 6
        ranks[four] = np.searchsorted(self._fours, places.low[four], "right") - 1
        if six.any():
            halves = np.stack([places.high[six], places.low[six]], axis=1).astype(">u8")
            texts = np.ascontiguousarray(halves).view("S16").ravel()
            ranks[six] = np.searchsorted(self._sixes, texts, "right") - 1 + self._below
        return ranks


@dataclass(frozen=True, slots=True)
class Box:
    """What a rule fits: some ranks of addresses, and services from one place up to another, both included."""

    ranks: Longs
    first: int = 0
    last: int = SERVICES - 1


class Tables:
    """Tables of boxes, in the order in which they are asked.

    Parameters
    ----------
    tables : sequence of sequences of Box
        The boxes of each table.
    ranks : int
        How many ranks of addresses there are.

    Attributes
    ----------
    begins : array of int32
        How many boxes there are in the tables before each.
    """

    def __init__(self, tables: Sequence[Sequence[Box]], ranks: int) -> None:
        self._ranks = ranks
        self.begins = np.cumsum([0, *(len(boxes) for boxes in tables)]).astype(np.int32)
        words = max([1, *(-(-len(boxes) // 64) for boxes in tables)])
        keys: list[list[Longs]] = [[], []]
        bits: list[list[Words]] = [[], []]
        for table, boxes in enumerate(tables):
            if not boxes:
                continue
            order = np.arange(len(boxes))
            places = np.concatenate([box.ranks for box in boxes])
            whose = np.repeat(order, [len(box.ranks) for box in boxes])
            services = np.array([(box.first, max(box.first, box.last + 1)) for box in boxes], np.int64)
            for line, (ends, owner, length) in enumerate(((places, whose, ranks), (services, order, SERVICES))):
                cuts, mask = _bits(ends, owner, length, words)
                keys[line].append(cuts + table * length)
                bits[line].append(mask)
        self._place_keys, self._service_keys = (np.concatenate([np.zeros(0, np.int64), *one]) for one in keys)
        self._place_bits, self._service_bits = (
            np.ascontiguousarray(np.concatenate([np.zeros((0, words), np.uint64), *one]).T) for one in bits
        )

    def first(self, table: npt.ArrayLike, rank: npt.ArrayLike, service: npt.ArrayLike) -> Ints:
        """Return for each packet the place in its table of the first box that it fits; -1 where it fits none.

        Parameters
        ----------
        table : array of int
            Which table each packet is looked up in.
        rank : array of int
            Rank of its address; not -1.
        service : array of int
            Place on the line of services.
        """
        tables, ranks, services = (np.asarray(one) for one in (table, rank, service))
        found = np.full(len(tables), -1, np.int32)
        for start in range(0, len(tables), _CHUNK):
            part = slice(start, start + _CHUNK)
            found[part] = self._first(*(one[part].astype(np.int64) for one in (tables, ranks, services)))
        return found

    def _first(self, table: Longs, rank: Longs, service: Longs) -> Ints:
        found = np.full(len(table), -1, np.int32)
        rows = np.flatnonzero(self.begins[table + 1] > self.begins[table])
        if not len(rows):
            return found
        places = (table * self._ranks + rank)[rows]
        order = np.argsort(places)  # neighbours look at the same memory
        rows = rows[order]
        by_place = np.searchsorted(self._place_keys, places[order], "right") - 1
        by_service = np.searchsorted(self._service_keys, (table * SERVICES + service)[rows], "right") - 1
        found[rows] = _lowest(self._place_bits, by_place, self._service_bits, by_service)
        return found


def alike(columns: Sequence[npt.NDArray[Any]]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return for each row which of the distinct ones it is, and for each distinct one a row that is so."""
    codes, kinds = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        least = int(column.min(initial=0))
        width = int(column.max(initial=0)) - least + 1
        if kinds * width >= 1 << 62:
            codes, values = pd.factorize(codes)
            kinds = len(values)
        codes, kinds = codes * width + (column.astype(np.int64) - least), kinds * width
    whose, values = pd.factorize(codes)
    example = np.zeros(len(values), np.intp)
    example[whose] = np.arange(len(whose))
    return whose, example


def _bits(ends: Longs, owner: Longs, length: int, words: int) -> tuple[Longs, Words]:
    """Return where a line's pieces begin, and for each piece the bits of the rules that own a stretch over it."""
    cuts = np.unique(np.append(ends, 0))
    cuts = cuts[cuts < length]
    steps = np.zeros((len(cuts) + 1, words * 64), np.int8)
    np.add.at(steps, (np.searchsorted(cuts, ends[:, 0]), owner), 1)
    np.subtract.at(steps, (np.searchsorted(cuts, ends[:, 1]), owner), 1)
    held = np.cumsum(steps[:-1], axis=0, dtype=np.int8).astype(np.bool_)
    packed = np.packbits(held, axis=1, bitorder="little")
    return cuts, packed.view("<u8").astype(np.uint64)


def _lowest(left: Words, at: Longs, right: Words, by: Longs) -> Ints:
    """Return the lowest bit that a column of one and a column of the other share; -1 where there is none."""
    found = np.full(len(at), -1, np.int32)
    for word in range(len(left)):
        shared = left[word].take(at) & right[word].take(by)
        new = np.flatnonzero((shared != 0) & (found < 0))
        bits = shared[new]
        bits &= ~bits + np.uint64(1)
        found[new] = np.frexp(bits.astype(np.float64))[1] - 1 + 64 * word
    return found
