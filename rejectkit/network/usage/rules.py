"""Which packets fit which rules: of groups every rule that does, of network ACLs the first and the next one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejectkit.exploring.flows import Bools, Ints
from rejectkit.network.judging import services
from rejectkit.network.judging.codes import KNOWN
from rejectkit.network.judging.peers import Peers
from rejectkit.network.judging.tables import Spans, spans
from rejectkit.network.model import AclEntry, GroupRule, Network, NetworkAcl
from rejectkit.network.usage.flows import Kinds

USED, COVERED, UNUSED, CANNOT_TELL = "used", "covered", "unused", "cannot tell"


@dataclass(frozen=True, slots=True)
class Use:
    """What used a rule.

    Attributes
    ----------
    state : str
        Used, covered (all that used it, another rule lets pass too), unused, cannot tell.
    kinds : array of int
        Positions of what used it.
    flows : int
        Records of it.
    other : GroupRule or AclEntry or None
        Of a covered rule: one that covers most of it.
    """

    state: str
    kinds: Ints
    flows: int
    other: GroupRule | AclEntry | None = None


class GroupUses:
    """The uses of all rules of groups.

    Attributes
    ----------
    kinds : Kinds
        What used them.
    """

    def __init__(self, network: Network, requests: Kinds) -> None:
        self._network, self._peers = network, Peers(network)
        sets: dict[tuple[str, ...], int] = {}
        numbers = [sets.setdefault(one.groups, len(sets)) for one in network.interfaces]
        self.kinds = requests
        owner = np.array([*numbers, -1], np.int64)[requests.interface]
        order = np.lexsort((requests.egress, owner))
        edges = np.searchsorted(owner[order] * 2 + requests.egress[order], np.arange(2 * len(sets) + 1))
        self._at = {
            (name, bool(way)): [
                order[edges[2 * number + way] : edges[2 * number + way + 1]]
                for groups, number in sets.items()
                if name in groups
            ]
            for name in network.group_of
            for way in (0, 1)
        }
        self._rules = tuple(rule for group in network.groups for rule in group.rules)
        self._found = [self._fitting(rule, self._peers.certain(rule.peer)) for rule in self._rules]
        self._how_many = np.zeros(len(requests), np.int64)
        for found in self._found:
            self._how_many[found] += 1

    def each(self) -> list[tuple[GroupRule, Use]]:
        """Return every rule with its use."""
        return [(rule, self._use(rule, found)) for rule, found in zip(self._rules, self._found, strict=True)]

    def _use(self, rule: GroupRule, found: Ints) -> Use:
        flows = int(self.kinds.flows[found].sum())
        if len(found):
            if (self._how_many[found] == 1).any():
                return Use(USED, found, flows)
            return Use(COVERED, found, flows, self._other(rule, found))
        where, why = self._peers.perhaps(rule.peer)
        perhaps = self._fitting(rule, where) if why != KNOWN else found
        return Use(CANNOT_TELL if len(perhaps) else UNUSED, found, 0)

    def _other(self, rule: GroupRule, found: Ints) -> GroupRule | None:
        """Return another rule that the most frequent user of this one fits too."""
        kind = int(found[self.kinds.flows[found].argmax()])
        groups = self._network.interfaces[int(self.kinds.interface[kind])].groups
        for other, fits in zip(self._rules, self._found, strict=True):
            if other is not rule and other.group in groups and (fits == kind).any():
                return other
        return None

    def _fitting(self, rule: GroupRule, where: Spans) -> Ints:
        parts = self._at.get((rule.group, rule.egress), [])
        at = np.concatenate([np.zeros(0, np.int64), *parts])
        return at[_fits(self._network, self.kinds.taken(at), where, services.of_rule(rule))] if len(at) else at


def acl_uses(network: Network, acl: NetworkAcl, crossing: Kinds) -> list[tuple[AclEntry, Use]]:
    """Return the entries of a network ACL with their uses: an allow by what was accepted, a deny by what was refused.

    Parameters
    ----------
    crossing : Kinds
        What was seen at the interfaces of its subnets.
    """
    entries = sorted(acl.entries, key=lambda one: (one.egress, one.number))
    first, second = (np.full(len(crossing), -1) for _ in range(2))
    for place, entry in enumerate(entries):
        fits = (crossing.egress == entry.egress) & _fits(
            network, crossing, spans([entry.cidr]), services.of_entry(entry)
        )
        second[fits & (first >= 0) & (second < 0)] = place
        first[fits & (first < 0)] = place
    allows = np.array([one.allow for one in entries] + [False])
    found = []
    for place, entry in enumerate(entries):
        at = np.flatnonzero((first == place) & (crossing.refused != entry.allow))
        flows = int(crossing.flows[at].sum())
        if not len(at):
            found.append((entry, Use(UNUSED, at, 0)))
        elif (allows[second[at]] == entry.allow).all():
            after = second[at][int(crossing.flows[at].argmax())]
            found.append((entry, Use(COVERED, at, flows, entries[after] if after >= 0 else None)))
        else:
            found.append((entry, Use(USED, at, flows)))
    return found


def _fits(network: Network, kinds: Kinds, where: Spans, service: tuple[int, int]) -> Bools:
    """Tell the packets that are in some spans of addresses and surely of a service."""
    inside = np.zeros(len(network.ready.cuts) + 1, np.int64)
    for first, last in network.ready.cuts.ranks(where):
        inside[first] += 1
        inside[last] -= 1
    held = np.cumsum(inside)[kinds.rank] > 0
    return np.asarray(held & (kinds.first >= service[0]) & (kinds.last <= service[1]))
