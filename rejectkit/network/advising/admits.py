"""What changes of rules let pass besides what they are for, and what they leave of the quota."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rejectkit.exploring.words import count, listing
from rejectkit.network.advising.facts import Facts, place_of
from rejectkit.network.advising.flows import Line
from rejectkit.network.advising.suggestion import Admits
from rejectkit.network.advising.trial import within
from rejectkit.network.advising.words import Names, plain, resource_of
from rejectkit.network.changing.quota import USUAL, counted
from rejectkit.network.edits import AddEntry, AddRule, Change, RemoveEntry, ReplaceEntry
from rejectkit.network.judging.tables import Spans, merged
from rejectkit.network.model import ALL, PORTED, AclEntry, GroupRule, Interface


def admits(names: Names, lines: Sequence[Line], edits: Sequence[Change]) -> Admits:
    """Return what else changes let pass, by the other ends they name, the interfaces they are for, and the ports."""
    edits = [edit for edit in edits if not _denies(edit)]
    if not edits:
        return Admits(sentence="Nothing: no rule is to change.")
    facts, seen = names.facts, {line.peer for line in lines}
    union = merged(span for edit in edits for span in _ends_of(facts, edit))
    addresses = sum(last - first for first, last in union) - sum(within(place_of(text), union) for text in seen)
    members = list({one.id: one for text, one in names.within(union) if text not in seen}.values())
    refused = {line.interface.id for line in lines}
    targets = {one.id for edit in edits for one in _own_side(facts, edit)} - refused
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


def quota(facts: Facts, line: Line, edits: Sequence[Change]) -> int:
    """Return how many rules are left after changes, where they leave fewest; without changes, where a line is refused.

    That is of the usual quota, in one direction and IP version. A reference to a group counts in both versions.
    """
    network, found = facts.network, []
    new: dict[str, Counter[tuple[bool, int]]] = {}
    for edit in edits:
        count = new.setdefault(resource_of(edit), Counter())
        if not isinstance(edit, RemoveEntry):
            count.update(counted([_thing(edit)], facts.sizes))
        if isinstance(edit, RemoveEntry | ReplaceEntry):
            count.subtract(counted([edit.entry if isinstance(edit, RemoveEntry) else edit.before], facts.sizes))
    for edit in edits:
        what = _thing(edit)
        where = resource_of(edit)
        named = what.peer if isinstance(what, GroupRule) else what.cidr
        versions = (4, 6) if named.startswith("sg-") else (_version(facts, named),)
        found += [_left(facts, where, what.egress, version) - new[where][what.egress, version] for version in versions]
    if not found:
        guard = network.guard_of.get(line.interface.subnet)
        places = line.interface.groups if line.layer.startswith("sg") else (guard.id,) if guard else ()
        found = [_left(facts, place, line.egress, line.version) for place in places]
    return min(found, default=0)


def _version(facts: Facts, named: str) -> int:
    return facts.sizes[named].version if named.startswith("pl-") else 6 if ":" in named else 4


def _left(facts: Facts, resource: str, egress: bool, version: int) -> int:
    """Return how many rules the usual quota leaves today."""
    if resource in facts.network.group_of:
        return USUAL["group"] - facts.counts[resource][egress, version]
    last = 1  # the last deny counts
    return USUAL["acl"] - last - facts.counts[resource][egress, version] if resource in facts.counts else 0


def _thing(edit: Change) -> GroupRule | AclEntry:
    if isinstance(edit, ReplaceEntry):
        return edit.after
    return edit.entry if isinstance(edit, AddEntry | RemoveEntry) else edit.rule


def _denies(edit: Change) -> bool:
    """Tell whether a change only lets less pass: a deny that is added."""
    return isinstance(edit, AddEntry) and not edit.entry.allow


def _ends_of(facts: Facts, edit: Change) -> Spans:
    """Return the other ends of a change."""
    what = _thing(edit)
    return facts.ends(what.cidr if isinstance(what, AclEntry) else what.peer)


def _own_side(facts: Facts, edit: Change) -> Sequence[Interface]:
    """Return the interfaces that a change is for."""
    if isinstance(edit, AddRule):
        return facts.network.members_of.get(edit.rule.group, ())
    return facts.behind(resource_of(edit))


def _ports(lines: Sequence[Line], edits: Sequence[Change]) -> int:
    """Return how many ports changes are for that nothing was refused at; of an answer's, the two outermost count."""
    if lines[0].protocol not in PORTED:
        return 0
    known = {line.port for line in lines} | {port for line in lines for port in line.clients}
    wanted = [(0, 65535) if what.from_port == ALL else (what.from_port, what.to_port) for what in map(_thing, edits)]
    total = sum(last - first for first, last in merged((low, high + 1) for low, high in wanted))
    return total - sum(any(low <= port <= high for low, high in wanted) for port in known)
