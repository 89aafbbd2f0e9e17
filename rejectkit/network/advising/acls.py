"""Entries of network ACLs that advice adds, with a free number in the right place; and denies that it takes away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Final

from rejectkit.network.advising.groups import ECHO, ECHOED
from rejectkit.network.advising.peers import Limits, blocks_of
from rejectkit.network.advising.ports import EPHEMERAL, Ports
from rejectkit.network.edits import AddEntry, Change, RemoveEntry, ReplaceEntry
from rejectkit.network.judging.services import of_entry
from rejectkit.network.judging.tables import spans
from rejectkit.network.model import ALL, IMPLICIT, PORTED, AclEntry, Network

_GAP: Final = 10
_LAST: Final = IMPLICIT[4] - 1


@dataclass(frozen=True, slots=True)
class Barred:
    """One kind of packets that an entry of a network ACL refuses, to or from some addresses of one IP version.

    Attributes
    ----------
    acl : str
    egress : bool
    entry : AclEntry or None
        What refuses them; None for the implicit deny.
    protocol : int
    ports : (int, int)
        Of the packets' destination.
    answer : bool
        Whether they are answers.
    """

    acl: str
    egress: bool
    entry: AclEntry | None
    protocol: int
    ports: Ports
    answer: bool


def client_ports(low: int, high: int) -> Ports:
    """Return the ports to let answers go to: all that clients have, and those that were seen.

    Examples
    --------
    >>> client_ports(49152, 50000), client_ports(123, 123), client_ports(500, 40000)
    ((1024, 65535), (123, 123), (500, 65535))
    """
    if high < EPHEMERAL[0]:
        return low, high
    return min(low, EPHEMERAL[0]), EPHEMERAL[1]


class Desk:
    """Gives out numbers of entries, none twice, so that all suggestions together can be followed."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._given: dict[tuple[str, AclEntry | None, AclEntry], int] = {}
        self._taken: dict[tuple[str, bool], set[int]] = {}
        self._shifted: set[tuple[str, AclEntry]] = set()

    def edits(self, barred: Barred, addresses: Collection[str], limits: Limits) -> tuple[Change, ...]:
        """Return what lets the packets pass; nothing if there is no place for a rule."""
        if barred.entry is not None and self._needless(barred, addresses, limits):
            return (RemoveEntry(barred.acl, barred.entry),)
        wanted = [_allowing(barred, cidr) for cidr in blocks_of(addresses, limits).names]
        numbers = [self._number(barred, entry) for entry in wanted]
        if None in numbers:
            return self._moved(barred, wanted)
        return tuple(
            AddEntry(barred.acl, replace(entry, number=number))
            for entry, number in zip(wanted, numbers, strict=True)
            if number is not None
        )

    def _moved(self, barred: Barred, wanted: list[AclEntry]) -> tuple[Change, ...]:
        """Return changes that move a deny down to make room above it; nothing if there is none."""
        deny = barred.entry
        if deny is None:
            return ()
        entries = self._entries(barred)
        taken = self._taken.setdefault((barred.acl, barred.egress), {one.number for one in entries})
        end = min((one for one in taken if one > deny.number), default=_LAST + 1)
        room = end - deny.number - 1  # numbers below the deny, up to the next rule
        if (barred.acl, deny) in self._shifted or room < len(wanted):
            return ()
        self._shifted.add((barred.acl, deny))
        place = min(end - 1, deny.number + _GAP * -(-len(wanted) // _GAP))
        first, *others = (replace(one, number=deny.number + at) for at, one in enumerate(wanted))
        taken.update(one.number for one in others)
        taken.add(place)
        below = AddEntry(barred.acl, replace(deny, number=place))
        return below, ReplaceEntry(barred.acl, deny, first), *(AddEntry(barred.acl, one) for one in others)

    def _needless(self, barred: Barred, addresses: Collection[str], limits: Limits) -> bool:
        """Tell whether a deny may go: it is for no more than was seen and may be admitted, and a later rule allows it.

        That is: for the same service, for a CIDR within the limit and with nothing shunned in it, and the next entry
        that is about any of it allows all of it.
        """
        deny = barred.entry
        assert deny is not None
        block = ip_network(deny.cidr)
        if barred.answer or block.prefixlen < limits.prefix(block.version) or limits.shuns(block):
            return False
        if of_entry(deny) != of_entry(_allowing(barred, deny.cidr)):
            return False
        later = [one for one in self._entries(barred) if one.number > deny.number and _meets(one, deny)]
        return bool(later) and later[0].allow and has(later[0], deny)

    def _entries(self, barred: Barred) -> list[AclEntry]:
        entries = self._network.acl_of[barred.acl].entries
        return sorted((one for one in entries if one.egress == barred.egress), key=lambda one: one.number)

    def _number(self, barred: Barred, entry: AclEntry) -> int | None:
        """Return a free number: before the deny that refuses, and not before another deny that it would undo."""
        key = (barred.acl, barred.entry, entry)
        if key in self._given:
            return self._given[key]
        entries = self._entries(barred)
        taken = self._taken.setdefault((barred.acl, barred.egress), {one.number for one in entries})
        end = barred.entry.number if barred.entry else _LAST + 1
        denies = [one.number for one in entries if not one.allow and one.number < end and _meets(one, entry)]
        start = max(denies, default=0)
        number = _free(taken, start, end)
        if number is not None:
            taken.add(number)
            self._given[key] = number
        return number


def _free(taken: Collection[int], start: int, end: int) -> int | None:
    """Return a free number between two: after the others with a gap, or before the end if there are none.

    Examples
    --------
    >>> _free({100, 110}, 0, 32767), _free({90}, 0, 90), _free({90, 95}, 90, 95), _free({8, 9}, 0, 10)
    (120, 80, 92, 7)
    """
    before = max((one for one in taken if start <= one < end), default=0)
    after = (before // _GAP + 1) * _GAP
    if (before or end > _LAST) and after < end:
        return after
    if not before and end > _GAP:
        return (end - 1) // _GAP * _GAP
    if end - before > 1:
        return (before + end) // 2
    return next((number for number in range(end - 1, start, -1) if number not in taken), None)


def _allowing(barred: Barred, cidr: str) -> AclEntry:
    """Return the entry that allows it, without a number."""
    low, high = barred.ports if barred.protocol in PORTED else (ALL, ALL)
    kinds = ECHOED if barred.answer else ECHO
    kind = kinds.get(barred.protocol, ALL)
    return AclEntry(0, barred.egress, True, barred.protocol, cidr, low, high, kind, ALL)


def _meets(one: AclEntry, other: AclEntry) -> bool:
    """Tell whether some packet fits both."""
    (low, high), (bottom, top) = spans([one.cidr])[0], spans([other.cidr])[0]
    (first, last), (start, end) = of_entry(one), of_entry(other)
    return low < top and bottom < high and first <= end and start <= last


def has(one: AclEntry, other: AclEntry) -> bool:
    """Tell whether every packet that fits the other fits the one."""
    (low, high), (bottom, top) = spans([one.cidr])[0], spans([other.cidr])[0]
    (first, last), (start, end) = of_entry(one), of_entry(other)
    return low <= bottom and top <= high and first <= start and end <= last
