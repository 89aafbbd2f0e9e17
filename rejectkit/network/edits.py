"""Edits: changes of rules as values. Advice proposes them, what-if tries them, export and apply carry them out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rejectkit.errors import ArgumentError
from rejectkit.network.model import AclEntry, GroupRule, Network, NetworkAcl, SecurityGroup
from rejectkit.network.normal import normal


@dataclass(frozen=True, slots=True)
class AddRule:
    """Add a rule to its security group."""

    rule: GroupRule

    def applied(self, network: Network) -> Network:
        """Return the network with the rule.

        Raises
        ------
        ArgumentError
            If there is no such group, the group has a rule about the same, or no rule can be so.
        """
        group = _group(network, self.rule.group)
        normal(self.rule)
        if any(one.key == self.rule.key for one in group.rules):
            raise ArgumentError(f"security group {group.id} has that rule already: {self.rule}")
        ordered = sorted((*group.rules, self.rule), key=lambda one: one.key)
        return network.with_group(replace(group, rules=tuple(ordered)))

    @property
    def undone(self) -> RemoveRule:
        """The change that takes it back."""
        return RemoveRule(self.rule)


@dataclass(frozen=True, slots=True)
class RemoveRule:
    """Remove a rule from its security group: the one about the same, whatever its id."""

    rule: GroupRule

    def applied(self, network: Network) -> Network:
        """Return the network without the rule.

        Raises
        ------
        ArgumentError
            If there is no such group, or no such rule in it.
        """
        group = _group(network, self.rule.group)
        left = tuple(one for one in group.rules if one.key != self.rule.key)
        if len(left) == len(group.rules):
            raise ArgumentError(f"security group {group.id} has no such rule: {self.rule}")
        return network.with_group(replace(group, rules=left))

    @property
    def undone(self) -> AddRule:
        """The change that takes it back."""
        return AddRule(self.rule)


@dataclass(frozen=True, slots=True)
class AddEntry:
    """Add a numbered rule to a network ACL."""

    acl: str
    entry: AclEntry

    def applied(self, network: Network) -> Network:
        """Return the network with the entry.

        Raises
        ------
        ArgumentError
            If there is no such ACL, the number is taken in that direction, or no rule can be so.
        """
        acl = _acl(network, self.acl)
        normal(self.entry)
        if any(_place(one) == _place(self.entry) for one in acl.entries):
            raise ArgumentError(
                f"network ACL {acl.id} has an {_direction(self.entry)} rule {self.entry.number} already; "
                "choose another number, or replace that rule"
            )
        return network.with_acl(replace(acl, entries=_ordered((*acl.entries, self.entry))))

    @property
    def undone(self) -> RemoveEntry:
        """The change that takes it back."""
        return RemoveEntry(self.acl, self.entry)


@dataclass(frozen=True, slots=True)
class RemoveEntry:
    """Remove a numbered rule from a network ACL."""

    acl: str
    entry: AclEntry

    def applied(self, network: Network) -> Network:
        """Return the network without the entry.

        Raises
        ------
        ArgumentError
            If there is no such ACL, or its rule of that number is another one.
        """
        acl = _acl(network, self.acl)
        if self.entry not in acl.entries:
            raise ArgumentError(f"network ACL {acl.id} has no {_direction(self.entry)} rule like {self.entry}")
        return network.with_acl(replace(acl, entries=tuple(one for one in acl.entries if one != self.entry)))

    @property
    def undone(self) -> AddEntry:
        """The change that takes it back."""
        return AddEntry(self.acl, self.entry)


@dataclass(frozen=True, slots=True)
class ReplaceEntry:
    """Put a rule in the place of one of the same number and direction in a network ACL."""

    acl: str
    before: AclEntry
    after: AclEntry

    def applied(self, network: Network) -> Network:
        """Return the network with the other entry.

        Raises
        ------
        ArgumentError
            If there is no such ACL or entry, no rule can be so, or number or direction differ, which the service
            cannot change.
        """
        acl = _acl(network, self.acl)
        if _place(self.before) != _place(self.after):
            raise ArgumentError(
                f"a rule of a network ACL keeps its number and direction; {_direction(self.before)} "
                f"{self.before.number} cannot become {_direction(self.after)} {self.after.number}: "
                "remove it and add one"
            )
        normal(self.after)
        if self.before not in acl.entries:
            raise ArgumentError(f"network ACL {acl.id} has no {_direction(self.before)} rule like {self.before}")
        swapped = tuple(self.after if one == self.before else one for one in acl.entries)
        return network.with_acl(replace(acl, entries=swapped))

    @property
    def undone(self) -> ReplaceEntry:
        """The change that takes it back."""
        return ReplaceEntry(self.acl, self.after, self.before)


Change = AddRule | RemoveRule | AddEntry | RemoveEntry | ReplaceEntry


def _group(network: Network, name: str) -> SecurityGroup:
    if name not in network.group_of:
        raise ArgumentError(f"there is no security group {name!r} in the network; it has {len(network.groups)}")
    return network.group_of[name]


def _acl(network: Network, name: str) -> NetworkAcl:
    if name not in network.acl_of:
        raise ArgumentError(f"there is no network ACL {name!r} in the network; it has {len(network.acls)}")
    return network.acl_of[name]


def _place(entry: AclEntry) -> tuple[bool, int]:
    return entry.egress, entry.number


def _ordered(entries: tuple[AclEntry, ...]) -> tuple[AclEntry, ...]:
    return tuple(sorted(entries, key=_place))


def _direction(entry: AclEntry) -> str:
    return "outbound" if entry.egress else "inbound"
