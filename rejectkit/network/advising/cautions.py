"""What to check before a suggestion is followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from rejectkit.exploring.services import port_label
from rejectkit.exploring.words import listing
from rejectkit.network.advising.check import Mended
from rejectkit.network.advising.flows import Line, Seen
from rejectkit.network.advising.groups import ECHO
from rejectkit.network.advising.words import Names, plain
from rejectkit.network.edits import AddRule, RemoveEntry
from rejectkit.network.model import IMPLICIT, PORTED, TCP


def cautions(names: Names, lines: Sequence[Line], mended: Mended | None, seen: Seen, quota: int) -> Iterator[str]:
    """Yield sentences; `mended` is None where the client is to be corrected."""
    one = lines[0]
    if mended is None:
        nobody = f"Nobody was let in at {port_label(one.port, TCP)} there, and a" if seen.accepts else "A"
        yield f"{nobody} host seldom has two databases; if this one has, admit it by hand."
        return
    if not all(each.certain for each in lines):
        yield "It is likely, not certain, that this layer refused all of it."
    if mended.passes is None:
        yield "Whether all of it passes then cannot be told: the network does not have all that decides."
    if one.protocol in ECHO:
        yield "The records do not tell the type of ICMP: this is for ping (echo)."
    yield from _of_listeners(names, lines, seen)
    yield from _of_addresses(names, lines)
    yield from _of_rules(lines, mended, quota)
    for far, by in mended.far:
        yield f"{plain(far.name) or far.id} at the other end would still refuse it or the answers: change {by} too."


def _of_listeners(names: Names, lines: Sequence[Line], seen: Seen) -> Iterator[str]:
    one = lines[0]
    if one.reply or one.protocol not in PORTED or not seen.accepts:
        return
    known = [each for each in lines if names.owner(each.destination, each)]
    if known and not any((each.destination, each.protocol, each.port) in seen.served for each in known):
        yield "Nobody was let in at this port there in these records: check that something listens."


def _of_addresses(names: Names, lines: Sequence[Line]) -> Iterator[str]:
    """Yield what is to be said of addresses on the internet."""
    ends = sorted({each.peer for each in lines})
    outside = names.facts.outside(ends)
    if not outside:
        return
    if any(each.source == each.own for each in lines):
        yield "Addresses of services on the internet change: these are the ones that were seen."
    else:
        yield "It lets in somebody from the internet: be sure who that is."
    lists = [
        plain(known.name) or known.id
        for known, blocks in names.facts.lists
        if all(any(ip_address(text) in block for block in blocks) for text in outside)
    ]
    if lists:
        yield f"All of them are in {listing(lists)}, a prefix list that has more."


def _of_rules(lines: Sequence[Line], mended: Mended, quota: int) -> Iterator[str]:
    """Yield what is to be said of the rules that are there, and of their number."""
    one = lines[0]
    written = one.rule.isdigit() and int(one.rule) not in IMPLICIT.values()
    removed = [edit.entry.number for edit in mended.edits if isinstance(edit, RemoveEntry)]
    if removed or written:
        yield f"Rule {listing(map(str, removed)) or one.rule} may be there on purpose: ask who added it."
    if any(isinstance(edit, AddRule) and edit.rule.peer_vpc for edit in mended.edits):
        yield "The group is in another VPC: the reference holds as long as the peering does."
    if quota < 0:
        yield "It is more than the usual quota: ask AWS for more, or put rules together."
