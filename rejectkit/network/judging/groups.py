"""The security groups of interfaces as tables, and what they say of packets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rejectkit.network.judging import services
from rejectkit.network.judging.codes import KNOWN, NO, NO_GROUP, NO_INTERFACE, NOT_ASKED, OPEN, YES
from rejectkit.network.judging.peers import Peers
from rejectkit.network.judging.tables import EVERYWHERE, Box, Cuts, Tables
from rejectkit.network.model import GroupRule, Network

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class GroupTables:
    """Rules of the groups that interfaces carry: two tables, inbound and outbound, for each distinct set of groups.

    Attributes
    ----------
    table_of : array of int32
        Inbound table of each interface of the network, and of one that is not in it; the outbound one is the next.
        -1 where the interface has no group.
    rules : tuple of GroupRule
        All of the network.
    lets, rule_of : Tables, list of arrays
        What surely lets pass, in the order of the groups and of their rules; and the position in `rules` of each.
    may_let, why_of : Tables, list of arrays
        What may let pass, and the code of why that is open.
    """

    table_of: Ints
    rules: tuple[GroupRule, ...]
    lets: Tables
    rule_of: Ints
    may_let: Tables
    why_of: Codes

    def asked(self, table: Ints, rank: Ints, service: Longs) -> tuple[Codes, Ints, Codes]:
        """Return what the groups say, the position of the rule that lets pass, and why it is open.

        Parameters
        ----------
        table : array of int32
            -1 where they are not asked.
        rank, service : array
            Where the packet is on the line of addresses and on that of services.
        """
        says = np.full(len(table), NOT_ASKED, np.int8)
        rule, why = np.full(len(table), -1, np.int32), np.full(len(table), KNOWN, np.int8)
        asked = np.flatnonzero(table >= 0)
        box = self.lets.first(table[asked], rank[asked], service[asked])
        fits, left = asked[box >= 0], asked[box < 0]
        says[fits], says[left] = YES, NO
        rule[fits] = self.rule_of[self.lets.begins[table[fits]] + box[box >= 0]]
        box = self.may_let.first(table[left], rank[left], service[left])
        perhaps = left[box >= 0]
        says[perhaps] = OPEN
        why[perhaps] = self.why_of[self.may_let.begins[table[perhaps]] + box[box >= 0]]
        return says, rule, why


def group_tables(network: Network, cuts: Cuts, peers: Peers) -> GroupTables:
    """Return the tables of a network's interfaces."""
    sets = list(dict.fromkeys(one.groups for one in network.interfaces if one.groups))
    rules = tuple(rule for group in network.groups for rule in group.rules)
    position = {id(rule): at for at, rule in enumerate(rules)}
    every = Box(cuts.ranks(EVERYWHERE))
    ranks = {rule.peer: cuts.ranks(peers.certain(rule.peer)) for rule in rules}
    boxes = {id(rule): Box(ranks[rule.peer], *services.of_rule(rule)) for rule in rules}
    vague: dict[int, tuple[Box, int]] = {}
    for rule in rules:
        where, why = peers.perhaps(rule.peer)
        if why != KNOWN:
            vague[id(rule)] = Box(cuts.ranks(where), *services.of_rule(rule)), why
    lets, may_let, rule_of, why_of = [], [], list[int](), list[int]()
    for groups in sets:
        unseen = [name for name in groups if name not in network.group_of]
        for egress in (False, True):
            mine = list(_rules(network, groups, egress))
            lets.append([boxes[id(rule)] for rule in mine])
            rule_of += [position[id(rule)] for rule in mine]
            open_ones = [vague[id(rule)] for rule in mine if id(rule) in vague]
            may_let.append([*(box for box, _ in open_ones), *([every] * len(unseen))])
            why_of += [*(why for _, why in open_ones), *([NO_GROUP] * len(unseen))]
    nobody = len(lets)
    table_at = {groups: 2 * at for at, groups in enumerate(sets)} | {(): -1}
    return GroupTables(
        table_of=np.array([table_at[one.groups] for one in network.interfaces] + [nobody], np.int32),
        rules=rules,
        lets=Tables([*lets, [], []], len(cuts)),
        rule_of=np.array(rule_of, np.int32),
        may_let=Tables([*may_let, [every], [every]], len(cuts)),
        why_of=np.array([*why_of, NO_INTERFACE, NO_INTERFACE], np.int8),
    )


def _rules(network: Network, groups: Sequence[str], egress: bool) -> Iterator[GroupRule]:
    """Yield the rules of one direction of an interface's groups."""
    for name in groups:
        if name in network.group_of:
            yield from (rule for rule in network.group_of[name].rules if rule.egress == egress)
