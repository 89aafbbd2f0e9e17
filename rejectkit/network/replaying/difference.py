"""What differs between two networks, and whether it may bear on a packet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rejectkit.exploring.flows import Bools
from rejectkit.network.judging.codes import NO_KIND
from rejectkit.network.judging.engine import OPEN, YES, judge
from rejectkit.network.model import AclEntry, GroupRule, Network, NetworkAcl, SecurityGroup
from rejectkit.network.packets import Packets

_ANYBODY = ("0.0.0.0/0", "::/0")
_MEMBERS = ("vpcs", "subnets", "interfaces", "prefix_lists")


class Difference:
    """What differs between two networks, as a network of its own that packets are asked about.

    Where an interface, its subnet or its VPC differs, or the interface is not known, any difference may bear on it.
    """

    def __init__(self, before: Network, after: Network) -> None:
        rules, entries = _different_rules(before, after), _different_entries(before, after)
        moved = [_moved(before, after, one.id) for one in before.interfaces]
        self.same = (
            not rules
            and not entries
            and not any(moved)
            and all(getattr(before, name) == getattr(after, name) for name in _MEMBERS)
            and before.group_of.keys() == after.group_of.keys()
            and _guards(before) == _guards(after)
        )
        self._moved = np.array([*moved, not self.same], np.bool_)
        touched = [*moved, not self.same]
        for at, one in enumerate(before.interfaces):
            guard = before.guard_of.get(one.subnet)
            touched[at] |= any(name in rules for name in one.groups) or (guard is not None and guard.id in entries)
        self.concerned = np.array(touched, np.bool_)
        self._alone = _only(before, rules, entries)

    def bears(self, packets: Packets) -> Bools:
        """Tell the packets, made for the first network, on which the difference may bear."""
        judged = judge(self._alone, packets)
        found: Bools = self._moved[packets.interface] | np.isin(judged.group, (YES, OPEN)) | (judged.acl == YES)
        return np.asarray(found | ((judged.acl == OPEN) & (judged.why == NO_KIND)))


def _different_rules(before: Network, after: Network) -> dict[str, list[GroupRule]]:
    """Return the rules, by group, that only one has, and those that name what is not the same in both."""
    others = {*_different_peers(before, after)}
    was, now = ({rule.key: rule for one in network.groups for rule in one.rules} for network in (before, after))
    found: dict[str, list[GroupRule]] = {}
    for key, rule in (was | now).items():
        if rule.peer in others:
            found.setdefault(rule.group, []).extend(replace(rule, peer=cidr) for cidr in _ANYBODY)
        elif key not in was or key not in now:
            found.setdefault(rule.group, []).append(rule)
    return found


def _different_peers(before: Network, after: Network) -> Iterator[str]:
    for name in {*before.members_of, *after.members_of}:
        own = [
            {(one.addresses, one.prefixes) for one in network.members_of.get(name, ())} for network in (before, after)
        ]
        if own[0] != own[1] or (name in before.group_of) != (name in after.group_of):
            yield name
    for name in {*before.prefix_list_of, *after.prefix_list_of}:
        lists = [network.prefix_list_of.get(name) for network in (before, after)]
        if None in lists or {*lists[0].cidrs} != {*lists[1].cidrs}:  # type: ignore[union-attr]
            yield name


def _different_entries(before: Network, after: Network) -> dict[str, list[AclEntry]]:
    """Return the entries, by network ACL, that only one has."""
    found = {}
    for name in {*before.acl_of, *after.acl_of}:
        was, now = ({*network.acl_of[name].entries} if name in network.acl_of else set() for network in (before, after))
        if was != now:
            found[name] = sorted(was ^ now, key=lambda one: (one.number, one.egress))
    return found


def _moved(before: Network, after: Network, name: str) -> bool:
    """Tell whether an interface, or the subnet or VPC that it is in, is not the same in both."""
    was, now = before.interface_of[name], after.interface_of.get(name)
    if now is None or {*was.groups} != {*now.groups} or (was.subnet, was.vpc) != (now.subnet, now.vpc):
        return True
    guards = [guard.id if (guard := network.guard_of.get(was.subnet)) else "" for network in (before, after)]
    seen = [(network.subnet_of.get(was.subnet), network.vpc_of.get(was.vpc)) for network in (before, after)]
    carried = [{name for name in was.groups if name in network.group_of} for network in (before, after)]
    return any(one != other for one, other in (guards, seen, carried))


def _only(network: Network, rules: dict[str, list[GroupRule]], entries: dict[str, list[AclEntry]]) -> Network:
    """Return a network whose groups and ACLs let pass what these rules and entries fit, and nothing else."""
    names = dict.fromkeys([*rules, *network.group_of, *(name for one in network.interfaces for name in one.groups)])
    groups = tuple(SecurityGroup(name, rules=tuple(rules.get(name, ()))) for name in names)
    acls = tuple(
        NetworkAcl(
            one.id,
            entries=tuple(
                replace(entry, number=at, allow=True) for at, entry in enumerate(entries.get(one.id, ()), start=1)
            ),
            subnets=one.subnets,
        )
        for one in network.acls
    )
    return replace(network, groups=groups, acls=acls)


def _guards(network: Network) -> dict[str, str]:
    return {subnet: acl.id for subnet, acl in network.guard_of.items()}
