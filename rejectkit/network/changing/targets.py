"""Targets: what several edits come to, place by place; a place holds one rule of a group, or one number of an ACL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rejectkit.errors import ArgumentError
from rejectkit.network.edits import AddEntry, AddRule, Change, RemoveEntry, RemoveRule, ReplaceEntry
from rejectkit.network.model import GroupRule, Network
from rejectkit.network.normal import ID, Thing, normal

__all__ = ["Key", "Target", "Thing", "flattened", "normal", "place_of", "same", "targets_of", "there", "things"]

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """One place, as it has to be before a change and as it is to be after it; None: nothing is there.

    Attributes
    ----------
    resource : str
        The security group or network ACL.
    before, after : GroupRule, AclEntry or None
        Without host bits, and with every port told as 0 to 65535; never both None.
    """

    resource: str
    before: Thing | None
    after: Thing | None

    @property
    def thing(self) -> Thing:
        """What is at the place after, or else before."""
        found = self.after or self.before
        assert found is not None, "`targets_of` makes no other"
        return found

    @property
    def key(self) -> Key:
        """The place; no two targets of a change share it."""
        return place_of(self.resource, self.thing)

    @property
    def is_rule(self) -> bool:
        """Whether it is a rule of a security group."""
        return isinstance(self.thing, GroupRule)

    @property
    def rank(self) -> int:
        """When its turn is: 0 for what lets more pass, 1 for what may do either, 2 for what refuses more."""
        before, after = _says(self.before), _says(self.after)
        return 1 if before == after else 0 if before < after else 2


def targets_of(edits: Any) -> tuple[Target, ...]:
    """Return what edits come to, in the order in which they are best made.

    What lets traffic pass comes before what refuses some, so that nothing that is to go on is cut in between.

    Parameters
    ----------
    edits : edit, suggestion, or iterable of them
        A suggestion is anything with `edits` of its own.

    Raises
    ------
    ArgumentError
        If one is no edit, cannot be, or does not fit the one before it.
    """
    first: dict[Key, Thing | None] = {}
    last: dict[Key, tuple[str, Thing | None]] = {}
    for edit in flattened(edits):
        resource, before, after = _sides(edit)
        one = before or after
        assert one is not None, "an edit has one side at least"
        if not ID.fullmatch(resource):
            raise ArgumentError(
                f"{resource!r} is no id of a security group or network ACL; it is like sg-0a1b or acl-0a1b"
            )
        key = place_of(resource, one)
        if before and after and place_of(resource, after) != key:
            raise ArgumentError(f"{before} cannot become {after}: a number and its direction stay; remove it, add one")
        if key in last and not same(last[key][1], before):
            there = last[key][1]
            raise ArgumentError(
                f"the edits of {resource} do not fit each other: one wants {before or 'nothing'} where another leaves "
                f"{there or 'nothing'}"
            )
        first.setdefault(key, before)
        last[key] = resource, after
    found = [
        Target(resource, first[key], after) for key, (resource, after) in last.items() if not same(first[key], after)
    ]
    return tuple(sorted(found, key=lambda one: one.rank))


def flattened(edits: Any) -> list[Change]:
    """Return the edits of edits and suggestions.

    Raises
    ------
    ArgumentError
        If something is neither.
    """
    if isinstance(edits, AddRule | RemoveRule | AddEntry | RemoveEntry | ReplaceEntry):
        return [edits]
    inner = getattr(edits, "edits", edits)
    if isinstance(inner, str | bytes) or not isinstance(inner, Iterable):
        raise ArgumentError(
            f"{edits!r} is no edit; give AddRule, RemoveRule, AddEntry, RemoveEntry, ReplaceEntry, or suggestions"
        )
    return [found for one in inner for found in flattened(one)]


def _sides(edit: Change) -> tuple[str, Thing | None, Thing | None]:
    if isinstance(edit, AddRule):
        return edit.rule.group, None, normal(edit.rule)
    if isinstance(edit, RemoveRule):
        return edit.rule.group, normal(edit.rule), None
    if isinstance(edit, AddEntry):
        return edit.acl, None, normal(edit.entry)
    if isinstance(edit, RemoveEntry):
        return edit.acl, normal(edit.entry), None
    return edit.acl, normal(edit.before), normal(edit.after)


def there(network: Network, target: Target) -> Thing | None:
    """Return what a network has at a target's place."""
    return things(network, target.resource).get(target.key)


def things(network: Network, resource: str) -> dict[Key, Thing]:
    """Return the rules of a group, or the entries of an ACL, by their place; empty if there is no such thing."""
    group, acl = network.group_of.get(resource), network.acl_of.get(resource)
    found: tuple[Thing, ...] = group.rules if group else acl.entries if acl else ()
    return {place_of(resource, one): one for one in map(normal, found)}


def place_of(resource: str, thing: Thing) -> Key:
    """Return the place that a normal rule or entry is at: what the rule is about, or direction and number."""
    return thing.key if isinstance(thing, GroupRule) else (resource, thing.egress, thing.number)


def same(one: Thing | None, other: Thing | None) -> bool:
    """Tell whether two of a place do the same to packets."""
    if isinstance(one, GroupRule) and isinstance(other, GroupRule):
        return one.key == other.key
    return one == other


def _says(thing: Thing | None) -> int:
    """Return 1 for what lets pass, -1 for what refuses, 0 for nothing."""
    return 0 if thing is None else 1 if isinstance(thing, GroupRule) or thing.allow else -1
