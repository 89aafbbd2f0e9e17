"""The difference of two networks: as changes that lead from one to the other, and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, Literal

import pandas as pd

from rejectkit.network.edits import AddEntry, AddRule, Change, RemoveEntry, RemoveRule, ReplaceEntry
from rejectkit.network.model import AclEntry, GroupRule, Network, NetworkAcl, SecurityGroup

COLUMNS: Final = ("what", "kind", "resource", "field", "rule", "before", "after")
"""Columns of `Network.diff`."""
What = Literal["added", "removed", "changed", "moved"]
Row = tuple[What, str, str, str, str, str, str]
# By the network's member: what one of them is called, and its members that have rows of their own, or none.
_KINDS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "groups": ("security group", frozenset({"rules"})),
    "acls": ("network ACL", frozenset({"entries", "subnets"})),
    "interfaces": ("interface", frozenset()),
    "subnets": ("subnet", frozenset()),
    "prefix_lists": ("prefix list", frozenset({"cidrs"})),
    "vpcs": ("VPC", frozenset()),
}
_PLACES: Final = ("subnet", "vpc")  # members that say where a thing is: it is moved, not changed
_UNORDERED: Final = ("groups", "public", "prefixes", "tags")  # members whose order says nothing


def difference(before: Network, after: Network) -> tuple[Change, ...]:
    """Return the changes of rules that lead from one network to another.

    Parameters
    ----------
    before, after : Network
        Groups and network ACLs that only one of them has are passed over: no change makes a group. `Network.diff`
        tells of them.

    Returns
    -------
    tuple of AddRule, RemoveRule, AddEntry, RemoveEntry, ReplaceEntry
        `before.changed(*changes)` lets pass and refuses what `after` does. A group's rules are added before others
        are removed, so that nothing is cut in between that both let pass. Two rules about the same are one,
        whatever their ids and descriptions.

    Examples
    --------
    >>> from rejectkit.network import AddRule, GroupRule, Network
    >>> before = Network.from_json("data/network.json")
    >>> rule = GroupRule(before.groups[0].id, False, 6, 8443, 8443, "10.0.0.0/8")
    >>> difference(before, before.changed(AddRule(rule))) == (AddRule(rule),)
    True
    """
    found: list[Change] = []
    for group in after.groups:
        if group.id in before.group_of:
            found += _of_group(before.group_of[group.id], group)
    for acl in after.acls:
        if acl.id in before.acl_of:
            found += _of_acl(before.acl_of[acl.id], acl)
    return tuple(found)


def diff(before: Network, after: Network) -> pd.DataFrame:
    """Return what is otherwise in the second network, one row each.

    Parameters
    ----------
    before, after : Network
        The earlier and the later one.

    Returns
    -------
    DataFrame
        Text columns, empty where they say nothing:

        - `what`: added, removed, changed, or moved (to another subnet or VPC; a subnet: to another network ACL);
        - `kind`: group rule, ACL rule, prefix list entry, security group, network ACL, interface, subnet,
          prefix list or VPC;
        - `resource`: the id of the group, network ACL, prefix list, interface, subnet or VPC;
        - `field`: what of it is otherwise, where it was changed or moved;
        - `rule`: the rule, or the prefix list's CIDR, in words;
        - `before`, `after`: what it was, and is.

        Rules first. Those of a group or network ACL that is added or removed are rows too. `at`, the ids of rules
        and any order but that of addresses are no difference: networks that are the same give no row.

    Examples
    --------
    >>> from rejectkit.network import Network, ReplaceEntry
    >>> from dataclasses import replace
    >>> before = Network.from_json("data/network.json")
    >>> acl = next(one for one in before.acls if one.name == "app")
    >>> edit = ReplaceEntry(acl.id, acl.entries[0], replace(acl.entries[0], allow=True))
    >>> before.diff(before.changed(edit))[["what", "kind", "before", "after"]].iloc[0].tolist()
    ['changed', 'ACL rule', 'inbound rule 90 denies tcp 443 from 192.168.10.0/24', 'inbound rule 90 allows tcp 443 ...
    """
    rows = [*_rule_rows(before, after), *_entry_rows(before, after), *_cidr_rows(before, after)]
    for member in _KINDS:
        rows += _thing_rows(member, getattr(before, member), getattr(after, member))
    rows += _guard_rows(before, after)
    columns: Sequence[Sequence[str]] = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    return pd.DataFrame(
        {name: pd.array(list(column), dtype="str") for name, column in zip(COLUMNS, columns, strict=True)}
    )


def _of_group(before: SecurityGroup, after: SecurityGroup) -> Iterator[Change]:
    was, now = {rule.key: rule for rule in before.rules}, {rule.key: rule for rule in after.rules}
    yield from (AddRule(rule) for key, rule in now.items() if key not in was)
    yield from (RemoveRule(rule) for key, rule in was.items() if key not in now)


def _of_acl(before: NetworkAcl, after: NetworkAcl) -> Iterator[Change]:
    was, now = _placed(before), _placed(after)
    for place, entry in was.items():
        if place not in now:
            yield RemoveEntry(after.id, entry)
        elif now[place] != entry:
            yield ReplaceEntry(after.id, entry, now[place])
    yield from (AddEntry(after.id, entry) for place, entry in now.items() if place not in was)


def _placed(acl: NetworkAcl) -> dict[tuple[bool, int], AclEntry]:
    return {(entry.egress, entry.number): entry for entry in acl.entries}


def _rule_rows(before: Network, after: Network) -> Iterator[Row]:
    """Yield rows of groups' rules."""
    was, now = _rules(before), _rules(after)
    for key in sorted({*was, *now}):
        old, new = was.get(key), now.get(key)
        if old is None or new is None:
            yield _come_or_gone("group rule", key[0], old, new)
            continue
        for field, left, right in _fields(old, new, frozenset({"id"})):
            yield "changed", "group rule", key[0], field, str(new), left, right


def _rules(network: Network) -> dict[tuple[str, bool, int, int, int, str], GroupRule]:
    return {rule.key: rule for group in network.groups for rule in group.rules}


def _entry_rows(before: Network, after: Network) -> Iterator[Row]:
    """Yield rows of network ACLs' entries."""
    was, now = (
        {(acl.id, *place): entry for acl in network.acls for place, entry in _placed(acl).items()}
        for network in (before, after)
    )
    for key in sorted({*was, *now}):
        old, new = was.get(key), now.get(key)
        if old is None or new is None:
            yield _come_or_gone("ACL rule", key[0], old, new)
        elif old != new:
            yield "changed", "ACL rule", key[0], "", str(new), str(old), str(new)


def _cidr_rows(before: Network, after: Network) -> Iterator[Row]:
    """Yield rows of what prefix lists hold."""
    was, now = (
        {(one.id, cidr): cidr for one in network.prefix_lists for cidr in one.cidrs} for network in (before, after)
    )
    for key in sorted(was.keys() ^ now.keys()):
        yield _come_or_gone("prefix list entry", key[0], was.get(key), now.get(key))


def _come_or_gone(kind: str, resource: str, old: object, new: object) -> Row:
    left, right = ("" if one is None else str(one) for one in (old, new))
    return "removed" if old is not None else "added", kind, resource, "", left or right, left, right


def _thing_rows(member: str, before: Iterable[Any], after: Iterable[Any]) -> Iterator[Row]:
    """Yield rows of groups, interfaces and what else has an id."""
    kind, apart = _KINDS[member]
    was, now = {one.id: one for one in before}, {one.id: one for one in after}
    for name in sorted({*was, *now}):
        old, new = was.get(name), now.get(name)
        if old is None or new is None:
            left, right = ("" if one is None else str(one.name) for one in (old, new))
            yield "added" if old is None else "removed", kind, name, "", "", left, right
            continue
        for field, left, right in _fields(old, new, apart):
            yield "moved" if field in _PLACES else "changed", kind, name, field, "", left, right


def _guard_rows(before: Network, after: Network) -> Iterator[Row]:
    """Yield rows of subnets that have another network ACL, but for those that came or went with it."""
    for subnet in sorted({*before.guard_of, *after.guard_of}):
        left, right = (network.guard_of[subnet].id if subnet in network.guard_of else "" for network in (before, after))
        if left != right and (subnet in before.subnet_of) == (subnet in after.subnet_of):
            yield "moved", "subnet", subnet, "network ACL", "", left, right


def _fields(old: Any, new: Any, apart: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Yield name and both texts of each member that differs."""
    for one in fields(old):
        left, right = getattr(old, one.name), getattr(new, one.name)
        if one.name in _UNORDERED:
            left, right = tuple(sorted(left)), tuple(sorted(right))
        if one.name not in apart and left != right:
            yield one.name, _text(left), _text(right)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join("=".join(one) if isinstance(one, tuple) else str(one) for one in value)
    return str(value)
