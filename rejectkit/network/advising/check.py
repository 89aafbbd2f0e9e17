"""Changes tried on what they are for: the refused packets and the answers to them, under the changed rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from rejectkit.network.advising.acls import Barred, Desk, client_ports
from rejectkit.network.advising.flows import Line
from rejectkit.network.advising.groups import ECHO, ECHOED, needs
from rejectkit.network.advising.peers import Limits
from rejectkit.network.advising.ports import Ports
from rejectkit.network.edits import Change
from rejectkit.network.judging.engine import NO, YES, Judgements, judge
from rejectkit.network.model import PORTED, UDP, Interface, Network
from rejectkit.network.packets import EGRESS, INGRESS, Packets

_ROUNDS: Final = 5
_ONE_WAY: Final = frozenset({162, 514, 2055, 4739, 6343, 8125})  # UDP that nobody answers: traps, syslog, flows, counts


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


def mend(
    network: Network,
    lines: Sequence[Line],
    edits: Sequence[Change],
    ports: dict[Line, Ports],
    limits: Limits,
    desk: Desk,
) -> Mended:
    """Return changes with which lines pass, and the answers to them: those given, and what is needed besides."""
    frame = packets_of(lines)
    found, passes = list(edits), None
    for _ in range(_ROUNDS):
        judged = _judged(network.changed(*found), [one.interface for one in lines], frame)
        passes = True if (judged.allowed == YES).all() else False if (judged.allowed == NO).any() else None
        if passes is not False:
            break
        more = [*_of_groups(network, lines, frame, judged, ports, limits)]
        more += _of_acls(lines, frame, judged, ports, limits, desk)
        new = [one for one in dict.fromkeys(more) if one not in found]
        if not new:
            break
        found += new
    return Mended(tuple(found), passes, _far(network.changed(*found), lines) if passes is not False else ())


def packets_of(lines: Sequence[Line]) -> pd.DataFrame:
    """Return the packets of lines and the answers to them, with the least and greatest port of the client.

    Columns are those of `Packets.of`, with `line`, the position, and `answer`, whether it answers. ICMP is taken to
    be an echo request or reply.
    """
    rows = []
    for at, one in enumerate(lines):
        way, back = (EGRESS, INGRESS) if one.egress else (INGRESS, EGRESS)
        for client in sorted(set(one.clients)):
            rows.append(_row(one, at, way, client, one.reply))
            if not one.reply and _is_answered(one):
                rows.append(_row(one, at, back, client, True))
    names = ["line", "interfaceId", "direction", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "reply",
             "icmpType", "icmpCode"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _row(one: Line, at: int, way: str, client: int, answer: bool) -> tuple[object, ...]:
    src, dst = (one.own, one.peer) if way == EGRESS else (one.peer, one.own)
    ends = (one.port, client) if answer else (client, one.port)
    numbers = [None if port < 0 else port for port in ends]
    kind = (ECHOED if answer else ECHO).get(one.protocol)
    code = None if kind is None else 0
    return at, one.interface.id, way, src, dst, *numbers, one.protocol, answer, kind, code


def _is_answered(one: Line) -> bool:
    if one.protocol == UDP and one.port in _ONE_WAY:
        return False
    return one.protocol in PORTED or one.protocol in ECHO


def _far(network: Network, lines: Sequence[Line]) -> tuple[tuple[Interface, str], ...]:
    """Return the known interfaces at the other end that refuse what would now get there, or the answers to it."""
    at = {(one.vpc, address): one for one in network.interfaces for address in one.addresses}
    there = [(one, at.get((one.interface.vpc, one.peer))) for one in lines if not one.reply]
    pairs = [(one, far) for one, far in there if far]
    if not pairs:
        return ()
    frame = packets_of(
        [replace(one, interface=far, egress=not one.egress, own=one.peer, peer=one.own) for one, far in pairs]
    )
    out = np.array([pairs[one][0].egress for one in frame["line"]], np.bool_)
    frame = frame[out | frame["reply"].to_numpy(bool)]  # what came from there had got out there
    judged = _judged(network, [far for _, far in pairs], frame)
    found: dict[tuple[str, str], tuple[Interface, str]] = {}
    for row in np.flatnonzero(judged.allowed == NO).tolist():
        far = pairs[int(frame["line"].iloc[row])][1]
        by = judged.acl_entries[int(judged.acl_entry[row])][0] if judged.acl[row] == NO else " ".join(far.groups)
        found[far.id, by] = far, by
    return tuple(found.values())


def _judged(network: Network, interfaces: Collection[Interface], frame: pd.DataFrame) -> Judgements:
    part = part_of(network, interfaces)
    return judge(part, Packets.of(part, frame))


def part_of(network: Network, interfaces: Collection[Interface]) -> Network:
    """Return what of a network decides at some interfaces; large networks are judged again for each suggestion."""
    wanted = {one.id for one in interfaces}
    carried = {group for one in interfaces for group in one.groups}
    named = {rule.peer for group in carried & network.group_of.keys() for rule in network.group_of[group].rules}
    groups = tuple(
        one if one.id in carried else replace(one, rules=())
        for one in network.groups
        if one.id in carried or one.id in named
    )
    strange = any(name.startswith("sg-") and name not in network.group_of for name in named)
    kept = []
    for one in network.interfaces:
        referred = tuple(group for group in one.groups if group in named)
        if one.id in wanted:
            kept.append(one)
        elif referred or strange:  # where members of a group are not known, they are none of the known interfaces
            kept.append(replace(one, groups=referred))
    subnets = {one.subnet for one in interfaces}
    acls = tuple(one for one in network.acls if subnets.intersection(one.subnets))
    return replace(network, groups=groups, interfaces=tuple(kept), acls=acls)


def _of_groups(
    network: Network,
    lines: Sequence[Line],
    frame: pd.DataFrame,
    judged: Judgements,
    ports: dict[Line, Ports],
    limits: Limits,
) -> list[Change]:
    at = frame["line"].to_numpy()[(judged.group == NO) & (judged.allowed == NO)]
    refused = [lines[one] for one in np.unique(at).tolist()]
    found: list[Change] = []
    for egress in (False, True):
        mine = [one for one in refused if one.egress == egress]
        for need in needs(network, mine, ports, limits, egress):
            found += need.edits
    return found


def _of_acls(
    lines: Sequence[Line],
    frame: pd.DataFrame,
    judged: Judgements,
    ports: dict[Line, Ports],
    limits: Limits,
    desk: Desk,
) -> list[Change]:
    refused = np.flatnonzero(judged.acl == NO)
    by_kind: dict[tuple[object, ...], list[tuple[Line, Barred]]] = {}
    for row in refused.tolist():
        one = lines[int(frame["line"].iloc[row])]
        acl, entry = judged.acl_entries[int(judged.acl_entry[row])]
        answer, egress = bool(frame["reply"].iloc[row]), frame["direction"].iloc[row] == EGRESS
        service = one.clients if answer else ports[one]
        barred = Barred(acl, egress, entry, one.protocol, service, answer)
        key = (acl, egress, entry, one.protocol, answer, one.version, () if answer else service)
        by_kind.setdefault(key, []).append((one, barred))
    found: list[Change] = []
    for cases in by_kind.values():
        barred = cases[0][1]
        if barred.answer:
            low, high = min(one.clients[0] for one, _ in cases), max(one.clients[1] for one, _ in cases)
            barred = replace(barred, ports=client_ports(low, high))
        found += desk.edits(barred, {one.peer for one, _ in cases}, limits)
    return found
