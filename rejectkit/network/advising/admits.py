"""What changes of rules let pass besides what they are for, and what they leave of the quota."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from rejectkit.exploring.words import count, listing
from rejectkit.network.advising.flows import Line
from rejectkit.network.advising.suggestion import Admits
from rejectkit.network.advising.words import Names, place_of, plain, resource_of
from rejectkit.network.changing.quota import USUAL, counted, sizes_of
from rejectkit.network.edits import AddEntry, AddRule, Change, RemoveEntry, ReplaceEntry
from rejectkit.network.judging.tables import IPV6, Spans, merged, spans
from rejectkit.network.model import ALL, PORTED, AclEntry, GroupRule, Interface, Network


def admits(names: Names, lines: Sequence[Line], edits: Sequence[Change]) -> Admits:
    """Return what else changes let pass, by the other ends they name, the interfaces they are for, and the ports."""
    edits = [edit for edit in edits if not _denies(edit)]
    if not edits:
        return Admits(sentence="Nothing: no rule is to change.")
    network, seen = names.network, {line.peer for line in lines}
    union = merged(span for edit in edits for span in _ends_of(network, edit))
    addresses = sum(last - first for first, last in union) - sum(_has(union, text) for text in seen)
    members = list({one.id: one for text, one in names.within(union) if text not in seen}.values())
    refused = {line.interface.id for line in lines}
    targets = {one.id for edit in edits for one in _own_side(network, edit)} - refused
    ports = _ports(lines, edits)
    parts = []
    if addresses:
        who = f" ({listing([plain(one.name) or one.id for one in members])} among them)" if members else ""
        parts.append(f"{count(addresses, 'other address', 'other addresses')}{who}")
    if targets:
        parts.append(f"the same traffic at {count(len(targets), 'other interface')}")
    if ports:
        parts.append(f"{count(ports, 'other port')}")
    told = f"Besides what was refused: {', '.join(parts)}." if parts else "Nothing besides what was refused."
    return Admits(addresses, len(members), len(targets), ports, told)


def quota(network: Network, line: Line, edits: Sequence[Change]) -> int:
    """Return how many rules are left after changes, where they leave fewest; without changes, where a line is refused.

    That is of the usual quota, in one direction and IP version. A reference to a group counts in both versions.
    """
    after, found = network.changed(*edits), []
    for edit in edits:
        what = _thing(edit)
        where = resource_of(edit)
        named = what.peer if isinstance(what, GroupRule) else what.cidr
        versions = (4, 6) if named.startswith("sg-") else (_version(network, named),)
        found += [_left(after, where, what.egress, version) for version in versions]
    if not found:
        guard = network.guard_of.get(line.interface.subnet)
        places = line.interface.groups if line.layer.startswith("sg") else (guard.id,) if guard else ()
        found = [_left(network, place, line.egress, line.version) for place in places]
    return min(found, default=0)


def _version(network: Network, named: str) -> int:
    return sizes_of(network)[named].version if named.startswith("pl-") else 6 if ":" in named else 4


def _left(network: Network, resource: str, egress: bool, version: int) -> int:
    group, acl = network.group_of.get(resource), network.acl_of.get(resource)
    if group:
        return USUAL["group"] - counted(group.rules, sizes_of(network))[egress, version]
    last = 1  # the last deny counts
    return USUAL["acl"] - last - counted(acl.entries, {})[egress, version] if acl else 0


def _thing(edit: Change) -> GroupRule | AclEntry:
    if isinstance(edit, ReplaceEntry):
        return edit.after
    return edit.entry if isinstance(edit, AddEntry | RemoveEntry) else edit.rule


def _denies(edit: Change) -> bool:
    """Tell whether a change only lets less pass: a deny that is added."""
    return isinstance(edit, AddEntry) and not edit.entry.allow


def _ends_of(network: Network, edit: Change) -> Spans:
    """Return the other ends of a change."""
    what = _thing(edit)
    if isinstance(what, AclEntry):
        return spans([what.cidr])
    if what.peer.startswith("pl-"):
        return spans(network.prefix_list_of[what.peer].cidrs)
    if what.peer.startswith("sg-"):
        members = network.members_of.get(what.peer, ())
        return spans(text for one in members for text in (*one.addresses, *one.prefixes))
    return spans([what.peer])


def _own_side(network: Network, edit: Change) -> Iterator[Interface]:
    """Yield the interfaces that a change is for."""
    if isinstance(edit, AddRule):
        yield from network.members_of.get(edit.rule.group, ())
        return
    subnets = network.acl_of[resource_of(edit)].subnets
    yield from (one for one in network.interfaces if one.subnet in subnets)


def _has(union: Spans, text: str) -> bool:
    at = bisect_right(union, (place_of(text), IPV6 << 2)) - 1
    return at >= 0 and place_of(text) < union[at][1]


def _ports(lines: Sequence[Line], edits: Sequence[Change]) -> int:
    """Return how many ports changes are for that nothing was refused at; of an answer's, the two outermost count."""
    if lines[0].protocol not in PORTED:
        return 0
    known = {line.port for line in lines} | {port for line in lines for port in line.clients}
    wanted = [(0, 65535) if what.from_port == ALL else (what.from_port, what.to_port) for what in map(_thing, edits)]
    total = sum(last - first for first, last in merged((low, high + 1) for low, high in wanted))
    return total - sum(any(low <= port <= high for low, high in wanted) for port in known)
