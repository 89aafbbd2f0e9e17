"""Changes tried on what they are for: the refused packets and the answers to them, under the changed rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rejectkit.network.advising.acls import Barred, Desk, client_ports
from rejectkit.network.advising.facts import Facts
from rejectkit.network.advising.flows import Line
from rejectkit.network.advising.groups import needs
from rejectkit.network.advising.peers import Limits
from rejectkit.network.advising.ports import Ports
from rejectkit.network.advising.trial import Answer, Probe, Trial, probes
from rejectkit.network.edits import Change
from rejectkit.network.judging.engine import NO, YES
from rejectkit.network.model import Interface

_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Mended:
    """Changes, and what they are for under them.

    Attributes
    ----------
    edits : tuple of changes
    passes : bool or None
        Whether all of it passes, and the answers to it; None where it cannot be told, but nothing refuses it.
    far : tuple of (Interface, str)
        Known interfaces at the other end that would refuse it all the same, and the id of the group or ACL that does.
    """

    edits: tuple[Change, ...]
    passes: bool | None
    far: tuple[tuple[Interface, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """Lines of one mistake, with what today's rules do with their packets.

    Attributes
    ----------
    lines : sequence of Line
    probes : sequence of Probe
        Of the lines.
    far : sequence of Interface
        Known interfaces at the other end of some lines.
    far_probes : sequence of Probe
        Of what would get there, and the answers to it; their `line` is the position in `far`.
    """

    lines: Sequence[Line]
    probes: Sequence[Probe]
    far: Sequence[Interface]
    far_probes: Sequence[Probe]


def mistakes_of(facts: Facts, several: Sequence[Sequence[Line]]) -> Iterator[Mistake]:
    """Yield lines of mistakes with their packets, all judged at once."""
    pairs = [
        [(one, far) for one in lines if not one.reply and (far := facts.there.get((one.interface.vpc, one.peer)))]
        for lines in several
    ]
    there = [
        [replace(one, interface=far, egress=not one.egress, own=one.peer, peer=one.own) for one, far in mine]
        for mine in pairs
    ]
    found = probes(facts, [*several, *there])
    for lines, here, mine, away in zip(several, found, pairs, found[len(several) :], strict=False):
        # what came from there had got out there
        kept = [probe for probe in away if mine[probe.line][0].egress or probe.answer]
        yield Mistake(lines, here, [far for _, far in mine], kept)


def mend(
    facts: Facts,
    mistake: Mistake,
    edits: Sequence[Change],
    ports: dict[Line, Ports],
    limits: Limits,
    desk: Desk,
) -> Mended:
    """Return changes with which lines pass, and the answers to them: those given, and what is needed besides."""
    found, passes = list(edits), None
    for _ in range(_ROUNDS):
        trial = Trial(facts, found)
        judged = [(probe, trial.of(probe)) for probe in mistake.probes]
        allowed = {answer.allowed for _, answer in judged}
        passes = False if NO in allowed else True if allowed <= {YES} else None
        if passes is not False:
            break
        more = [*_of_groups(facts, mistake.lines, judged, ports, limits)]
        more += _of_acls(mistake.lines, judged, ports, limits, desk)
        new = [one for one in dict.fromkeys(more) if one not in found]
        if not new:
            break
        found += new
    return Mended(tuple(found), passes, _far(Trial(facts, found), mistake) if passes is not False else ())


def _far(trial: Trial, mistake: Mistake) -> tuple[tuple[Interface, str], ...]:
    """Return the known interfaces at the other end that refuse what would now get there, or the answers to it."""
    found: dict[tuple[str, str], tuple[Interface, str]] = {}
    for probe in mistake.far_probes:
        answer = trial.of(probe)
        if answer.allowed == NO:
            far = mistake.far[probe.line]
            by = answer.guard if answer.acl == NO else " ".join(far.groups)
            found[far.id, by] = far, by
    return tuple(found.values())


def _of_groups(
    facts: Facts,
    lines: Sequence[Line],
    judged: Sequence[tuple[Probe, Answer]],
    ports: dict[Line, Ports],
    limits: Limits,
) -> list[Change]:
    refused = [lines[at] for at in sorted({probe.line for probe, answer in judged if answer.group == NO})]
    found: list[Change] = []
    for egress in (False, True):
        mine = [one for one in refused if one.egress == egress]
        for need in needs(facts, mine, ports, limits, egress):
            found += need.edits
    return found


def _of_acls(
    lines: Sequence[Line],
    judged: Sequence[tuple[Probe, Answer]],
    ports: dict[Line, Ports],
    limits: Limits,
    desk: Desk,
) -> list[Change]:
    by_kind: dict[tuple[object, ...], list[tuple[Line, Barred]]] = {}
    for probe, answer in judged:
        if answer.acl != NO:
            continue
        one = lines[probe.line]
        service = one.clients if probe.answer else ports[one]
        barred = Barred(answer.guard, probe.egress, answer.entry, one.protocol, service, probe.answer)
        key = (answer.guard, probe.egress, answer.entry, one.protocol, probe.answer, one.version,
               () if probe.answer else service)  # fmt: skip
        by_kind.setdefault(key, []).append((one, barred))
    found: list[Change] = []
    for cases in by_kind.values():
        barred = cases[0][1]
        if barred.answer:
            low, high = min(one.clients[0] for one, _ in cases), max(one.clients[1] for one, _ in cases)
            barred = replace(barred, ports=client_ports(low, high))
        found += desk.edits(barred, {one.peer for one, _ in cases}, limits)
    return found
