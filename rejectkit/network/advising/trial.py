"""Changes tried on packets that today's rules were asked about before: only what the changes touch is judged again.

All packets of many mistakes are judged at once by today's rules. A rule more in a group lets pass what fits it,
whatever else the group has; and a changed ACL is asked entry by entry. So no tables are made for changed rules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from rejectkit.network.advising.facts import Facts, place_of
from rejectkit.network.advising.flows import Line
from rejectkit.network.advising.groups import ECHO, ECHOED
from rejectkit.network.edits import AddRule, Change, RemoveRule
from rejectkit.network.judging import services
from rejectkit.network.judging.engine import NO, NOT_ASKED, OPEN, YES, judge
from rejectkit.network.judging.places import PERHAPS_INSIDE
from rejectkit.network.judging.tables import IPV6, Spans
from rejectkit.network.model import PORTED, UDP, AclEntry, GroupRule, Interface, Network
from rejectkit.network.packets import EGRESS, INGRESS, Packets

_ONE_WAY = frozenset({162, 514, 2055, 4739, 6343, 8125})  # UDP that nobody answers: traps, syslog, flows, counts


class Answer(NamedTuple):
    """What rules do with a packet.

    Attributes
    ----------
    group, acl : int
        Codes of `Judgements`.
    guard : str
        Id of the ACL that decides; empty where none does.
    entry : AclEntry or None
        Its entry; None for its implicit deny.
    """

    group: int
    acl: int
    guard: str
    entry: AclEntry | None

    @property
    def allowed(self) -> int:
        """YES, NO or OPEN."""
        layers = self.group, self.acl
        return NO if NO in layers else OPEN if OPEN in layers else YES


@dataclass(frozen=True, slots=True)
class Probe:
    """A packet of a line, of which all is known, with what today's rules do with it.

    Attributes
    ----------
    line : int
        Position of its line.
    interface : Interface
    egress, answer : bool
        Whether it leaves the interface; whether groups are not asked.
    place, service : int
        Where it is on the line of addresses and on that of services.
    vague : bool
        Whether the other end may be in the interface's subnet, which is not known.
    now : Answer
    """

    line: int
    interface: Interface
    egress: bool
    answer: bool
    place: int
    service: int
    vague: bool
    now: Answer


def probes(facts: Facts, several: Sequence[Sequence[Line]]) -> list[list[Probe]]:
    """Return the packets of lines and the answers to them, with the least and greatest port of the client.

    ICMP is taken to be an echo request or reply. All are judged at once.

    Parameters
    ----------
    several : sequence of sequences of Line
        Each gets a list.
    """
    network = facts.network
    found: list[list[Probe]] = [[] for _ in several]
    rows = [(mistake, *row) for mistake, lines in enumerate(several) for row in _rows(lines)]
    names = ["mistake", "line", "interfaceId", "direction", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol",
             "reply", "icmpType", "icmpCode"]  # fmt: skip
    packets = Packets.of(network, pd.DataFrame(rows, columns=names))
    judged = judge(network, packets)
    ranks = network.ready.cuts.of(packets.places)[packets.peer]
    vague = network.ready.places.zones(packets, ranks) == PERHAPS_INSIDE
    service, _ = services.of_packets(packets)
    peers = packets.names[packets.peer].tolist()
    places = {text: place_of(text) for text in set(peers)}
    columns = (judged.group, judged.acl, judged.acl_entry, vague, service, packets.interface, packets.egress)
    told = zip(rows, peers, *(one.tolist() for one in columns), packets.reply.tolist(), strict=True)
    for row, peer, group, acl, entry, may_be, at, interface, egress, reply in told:
        guard = judged.acl_entries[entry] if entry >= 0 else ("", None)
        now = Answer(group, acl, *guard)
        whose = network.interfaces[interface]
        found[row[0]].append(Probe(row[1], whose, egress, reply, places[peer], at, may_be, now))
    return found


class Trial:
    """Changes, and what they make of packets.

    Parameters
    ----------
    facts : Facts
        Of today's network.
    edits : iterable of changes
        None of them takes a rule from a group.

    Raises
    ------
    ArgumentError
        If one cannot be.
    """

    def __init__(self, facts: Facts, edits: Iterable[Change]) -> None:
        network = facts.network
        self._network = network
        self._rules: dict[str, list[tuple[bool, int, int, Spans]]] = {}
        by_acl: dict[str, list[Change]] = {}
        for edit in edits:
            if isinstance(edit, RemoveRule):
                raise TypeError(f"{edit!r} takes a rule away, which is not tried here")
            if isinstance(edit, AddRule):
                self._rules.setdefault(edit.rule.group, []).append(_added(facts, edit))
            else:
                by_acl.setdefault(edit.acl, []).append(edit)
        self._entries: dict[str, list[tuple[AclEntry, int, int, Spans]]] = {}
        for acl, mine in by_acl.items():
            (after,) = Network(acls=(network.acl_of[acl],)).changed(*mine).acls
            ordered = sorted(after.entries, key=lambda one: one.number)
            self._entries[acl] = [(one, *services.of_entry(one), facts.ends(one.cidr)) for one in ordered]

    def of(self, probe: Probe) -> Answer:
        """Return what the changed rules do with a packet."""
        group, acl, guard, entry = probe.now
        if group in (NO, OPEN) and self._lets(probe):
            group = YES
        home = self._network.guard_of.get(probe.interface.subnet)
        if home is not None and home.id in self._entries and acl != NOT_ASKED:
            entry = self._first(probe, home.id)
            acl, guard = YES if entry is not None and entry.allow else NO, home.id
            if acl == NO and probe.vague:
                acl, guard, entry = OPEN, "", None
        return Answer(group, acl, guard, entry)

    def _lets(self, probe: Probe) -> bool:
        return any(
            egress == probe.egress and first <= probe.service <= last and within(probe.place, where)
            for name in probe.interface.groups
            for egress, first, last, where in self._rules.get(name, ())
        )

    def _first(self, probe: Probe, acl: str) -> AclEntry | None:
        """Return the entry of an ACL that decides."""
        for entry, first, last, where in self._entries[acl]:
            if entry.egress == probe.egress and first <= probe.service <= last and within(probe.place, where):
                return entry
        return None


def within(place: int, where: Spans) -> bool:
    """Tell whether a place on the line of addresses is in some spans, which are in order."""
    at = bisect_right(where, (place, IPV6 << 2)) - 1
    return at >= 0 and place < where[at][1]


def _added(facts: Facts, edit: AddRule) -> tuple[bool, int, int, Spans]:
    rule: GroupRule = edit.rule
    if rule.group not in facts.network.group_of or rule.key in facts.keys:
        edit.applied(facts.network)  # it says what is wrong
    return rule.egress, *services.of_rule(rule), facts.ends(rule.peer)


def _rows(lines: Sequence[Line]) -> Iterator[tuple[object, ...]]:
    for at, one in enumerate(lines):
        way, back = (EGRESS, INGRESS) if one.egress else (INGRESS, EGRESS)
        for client in sorted(set(one.clients)):
            yield _row(one, at, way, client, one.reply)
            if not one.reply and _is_answered(one):
                yield _row(one, at, back, client, True)


def _row(one: Line, at: int, way: str, client: int, answer: bool) -> tuple[object, ...]:
    src, dst = (one.own, one.peer) if way == EGRESS else (one.peer, one.own)
    ends = (one.port, client) if answer else (client, one.port)
    kind = (ECHOED if answer else ECHO).get(one.protocol, -1)
    code = -1 if kind < 0 else 0
    return at, one.interface.id, way, src, dst, *(max(port, -1) for port in ends), one.protocol, answer, kind, code


def _is_answered(one: Line) -> bool:
    if one.protocol == UDP and one.port in _ONE_WAY:
        return False
    return one.protocol in PORTED or one.protocol in ECHO
