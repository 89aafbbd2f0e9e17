"""Suggestions in sentences: what to change, where and why."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rejectkit.exploring.services import port_label, service_name
from rejectkit.exploring.words import count, listing, moment
from rejectkit.network.advising.acls import has
from rejectkit.network.advising.facts import Facts, place_of
from rejectkit.network.advising.flows import Line
from rejectkit.network.advising.groups import ECHO
from rejectkit.network.edits import AddEntry, AddRule, Change, RemoveEntry, RemoveRule, ReplaceEntry
from rejectkit.network.judging.tables import Spans
from rejectkit.network.model import IMPLICIT, PORTED, TCP, AclEntry, Interface, Network
from rejectkit.network.protocols import protocol_name, traffic_text
from rejectkit.plans import printable

_NAMED = 6  # other ends in a sentence


@dataclass(frozen=True, eq=False)
class Names:
    """A network's things by name."""

    facts: Facts

    @property
    def network(self) -> Network:
        """The network."""
        return self.facts.network

    @cached_property
    def owners(self) -> Mapping[tuple[str, str], Interface]:
        """Interfaces by VPC and address."""
        return {(one.vpc, address): one for one in reversed(self.network.interfaces) for address in one.addresses}

    @cached_property
    def _places(self) -> list[tuple[int, str, int]]:
        """Addresses of interfaces in order: place on the line of addresses, text, position of the interface."""
        told = ((text, at) for at, one in enumerate(self.network.interfaces) for text in one.addresses)
        return sorted((place_of(text), text, at) for text, at in told)

    @cached_property
    def _found(self) -> dict[Spans, tuple[tuple[str, Interface], ...]]:
        return {}

    def within(self, where: Spans) -> tuple[tuple[str, Interface], ...]:
        """Return the addresses of interfaces that are in some spans, with their interfaces."""
        if where not in self._found:
            self._found[where] = tuple(self._within(where))
        return self._found[where]

    def _within(self, where: Spans) -> Iterator[tuple[str, Interface]]:
        places = self._places
        for first, last in where:
            for _, text, at in places[bisect_left(places, (first, "", 0)) : bisect_left(places, (last, "", 0))]:
                yield text, self.network.interfaces[at]

    def owner(self, address: str, near: Line) -> Interface | None:
        """Return the interface of an address: the line's own, or one of its VPC."""
        return near.interface if address == near.own else self.owners.get((near.interface.vpc, address))

    def host(self, address: str, near: Line) -> str:
        """Return an address with the name of its interface."""
        own = self.owner(address, near)
        return f"{plain(own.name)} ({address})" if own and own.name else address

    def hosts(self, lines: Sequence[Line], end: str) -> str:
        """Return the `source` or `destination` of lines, each once."""
        found = dict.fromkeys((getattr(one, end), self.host(getattr(one, end), one)) for one in lines)
        return listing([text for _, text in found])

    def called(self, name: str) -> str:
        """Return a security group, network ACL or prefix list by name and id."""
        network = self.network
        known = network.group_of.get(name) or network.acl_of.get(name) or network.prefix_list_of.get(name)
        return f"{plain(known.name)} ({name})" if known and known.name else name

    def peer(self, name: str) -> str:
        """Return the other end of a rule."""
        kind = {"sg-": "group ", "pl-": "prefix list "}.get(name[:3], "")
        return f"{kind}{self.called(name)}" if kind else name


def resource_of(edit: Change) -> str:
    """Return the id of the group or ACL that a change is of."""
    return edit.rule.group if isinstance(edit, AddRule | RemoveRule) else edit.acl


def plain(text: str) -> str:
    """Return a name on one line, with what is no printable character spelled out."""
    return printable(" ".join(text.split()))


def asked(line: Line) -> str:
    """Return what a line asks for: `tcp 5432 (PostgreSQL)`."""
    return f"{protocol_name(line.protocol)} echo" if line.protocol in ECHO else _traffic(line.protocol, line.port)


def sentence(names: Names, lines: Sequence[Line], edits: Sequence[Change], right: int | None) -> str:
    """Return what to do and why."""
    if right is not None:
        hosts, there = names.hosts(lines, "source"), names.hosts(lines, "destination")
        verb = "asks" if len({one.source for one in lines}) == 1 else "ask"
        return (
            f"Correct the client and change no rule: {hosts} {verb} {there} for {port_label(lines[0].port, TCP)}, "
            f"which admits {port_label(right, TCP)} and no other database's port."
        )
    why = _why(names, lines)
    if not edits:
        return f"No change is proposed, as none within the limits would let this pass: {why}."
    told = "; and ".join(_change(names, mine) for mine in _alike(edits))
    return f"{told[0].upper()}{told[1:]}: {why}."


def _alike(edits: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield the changes of one group or ACL that differ in the other end only."""
    found: dict[tuple[object, ...], list[Change]] = {}
    for edit in edits:
        key: tuple[object, ...] = (str(edit),)
        if isinstance(edit, AddRule):
            rule = edit.rule
            key = (rule.group, rule.egress, rule.protocol, rule.from_port, rule.to_port)
        elif isinstance(edit, AddEntry):
            key = (edit.acl, edit.entry.egress, edit.entry.allow, edit.entry.protocol, *_ends(edit.entry))
        found.setdefault((type(edit), *key), []).append(edit)
    yield from found.values()


def _change(names: Names, edits: Sequence[Change]) -> str:
    first = edits[0]
    if isinstance(first, AddRule):
        rule = first.rule
        ends = listing([names.peer(one.rule.peer) for one in edits if isinstance(one, AddRule)], _NAMED)
        what = _traffic(rule.protocol, rule.from_port, rule.to_port)
        return f"in security group {names.called(rule.group)}, admit {what} {_way(rule.egress)} {ends}"
    where = f"in network ACL {names.called(resource_of(first))}"
    if isinstance(first, RemoveEntry):
        below = _allowing(names.network, first)
        other = f", or move it below rule {below.number}, which allows the same" if below else ""
        return f"{where}, remove {_said(first.entry)}{other}"
    if isinstance(first, ReplaceEntry):
        return f"{where}, put in place of {_said(first.before)}: {_allow(first.after, [first.after.cidr])}"
    entries = [one.entry for one in edits if isinstance(one, AddEntry)]
    numbers = listing([str(one.number) for one in entries], _NAMED)
    rules = "rule" if len(entries) == 1 else "rules"
    return f"{where}, {_allow(entries[0], [one.cidr for one in entries])} as {rules} {numbers}"


def _allow(entry: AclEntry, cidrs: Sequence[str]) -> str:
    does = "allow" if entry.allow else "deny"
    return f"{does} {_traffic(entry.protocol, *_ends(entry))} {_way(entry.egress)} {listing(cidrs, _NAMED)}"


def _said(entry: AclEntry) -> str:
    """Return an entry as a thing: `inbound rule 90 (denies tcp 443 from 10.0.0.0/8)`."""
    what = str(entry).partition(f" {entry.number} ")[2]
    return f"{'outbound' if entry.egress else 'inbound'} rule {entry.number} ({what})"


def _allowing(network: Network, edit: RemoveEntry) -> AclEntry | None:
    """Return the entry below that allows what a removed one denies."""
    later = [
        one
        for one in network.acl_of[edit.acl].entries
        if one.egress == edit.entry.egress and one.allow and one.number > edit.entry.number and has(one, edit.entry)
    ]
    return min(later, key=lambda one: one.number, default=None)


def _way(egress: bool) -> str:
    return "outbound to" if egress else "inbound from"


def _ends(entry: AclEntry) -> tuple[int, int]:
    return (entry.icmp_type, entry.icmp_code) if entry.protocol in ECHO else (entry.from_port, entry.to_port)


def _traffic(protocol: int, low: int, high: int | None = None) -> str:
    """Return protocol and ports, with the service's name where it is one port."""
    high = low if high is None else high
    text = traffic_text(protocol, low, high)
    name = service_name(low) if protocol in PORTED and low == high and low >= 0 else None
    return f"{text} ({name})" if name else text


def _why(names: Names, lines: Sequence[Line]) -> str:
    one = lines[0]
    sources, there = names.hosts(lines, "source"), names.hosts(lines, "destination")
    flows = count(sum(each.flows for each in lines), "flow")
    since = moment(min(each.first for each in lines))
    if one.reply:
        return f"{flows} of answers from {there} to {sources} refused by {rule(one)} since {since}"
    if one.layer.startswith("sg"):
        return f"{flows} from {sources} to {there} refused since {since}, as no group of the interface admits it"
    return f"{flows} from {sources} to {there} refused by {rule(one)} since {since}"


def rule(one: Line) -> str:
    """Return the rule of a network ACL that refused a line."""
    last = one.rule in {str(number) for number in IMPLICIT.values()}
    return f"rule {one.rule}{' (the implicit deny)' if last else ''}"
