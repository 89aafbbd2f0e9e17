"""What accepted flows show of the past: that a rule which would refuse them today was not there when they passed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejectkit.exploring.evidence import TOLERANCE, dense
from rejectkit.exploring.flows import EGRESS, NONE, Bools, Flows, Ints
from rejectkit.network.blaming.rules import Said, packets_of
from rejectkit.network.blaming.sides import Sides
from rejectkit.network.blaming.traces import Traces, begins, like_answer
from rejectkit.network.judging.engine import NO, judge
from rejectkit.network.model import PORTED, Network

_NEVER = np.iinfo(np.int64).min // 4


@dataclass(frozen=True, slots=True)
class Past:
    """What was accepted after each refused flow although today's rules would refuse it; one element per refused flow.

    Attributes
    ----------
    like : array of bool
        A flow of the same peer to the same service: what refuses this one today is newer than that.
    acl_near, group_near : array of bool
        A flow that the same entry of the ACL would refuse, surely for the lack of the same rule: the entry is no
        implicit deny, or the peer or the port is the same; a flow to the same port that the same groups would refuse.
    acl_later, acl_ever, group_ever : array of bool
        A flow that the same entry of the ACL would refuse; one at any time, before or after; one at any time that
        the same groups would.
    """

    like: Bools
    acl_near: Bools
    group_near: Bools
    acl_later: Bools
    acl_ever: Bools
    group_ever: Bools

    @classmethod
    def of(cls, network: Network, flows: Flows, sides: Sides, traces: Traces, said: Said) -> Past:
        """Judge the accepted flows where refused ones were."""
        at = traces.at
        suspect = (said.denied | said.refused) & (sides.interface[at] != NONE)
        accepted = np.flatnonzero(~flows.reject & (sides.interface != NONE)).astype(np.int64)
        if not suspect.any() or not len(accepted):
            none = np.zeros(len(at), np.bool_)
            return cls(none, none, none, none, none, none)
        groups, guards = _carried(network), _guards(network)
        where = sides.interface * 2 + (sides.direction == EGRESS)
        refusing = np.zeros(2 * len(network.interfaces), np.bool_)
        refusing[where[traces.at[suspect]]] = True
        refusing = _shared(refusing, guards) | _shared(refusing, groups)
        accepted = accepted[refusing[where[accepted]]]
        found = judge(network, packets_of(flows, sides, accepted))
        new = _begin(flows, accepted)
        end, began = flows.end[at] + TOLERANCE, flows.start[accepted]
        port = (flows.protocol & 0xFF) << 16 | (flows.dst_port & 0xFFFF)
        set_of, peer = groups[where], sides.peer
        denied, unlet = found.acl == NO, (found.group == NO) & new

        def after(which: Bools, wrong: Bools, first: Ints, *columns: Ints) -> Ints:
            there = np.zeros(int(first.max(initial=0)) + 1, np.bool_)
            there[first[accepted[wrong]]] = True
            rows = np.flatnonzero(which & there[first[at]])
            whole = np.full(len(at), _NEVER)
            if len(rows):
                both = np.concatenate([at[rows], accepted[wrong]])
                keys = dense(*(column[both] for column in (first, *columns)))
                whole[rows] = _after(keys, end[rows], began[wrong])
            return whole

        entry = np.zeros(len(flows.row), np.int64)
        entry[at], entry[accepted] = said.entry, found.acl_entry
        entry = np.maximum(entry, 0) * 2 + (where & 1)
        acl = after(said.denied, denied, entry)
        written = np.array([one is not None for _, one in said.entries] + [False])[said.entry]
        near = written & (acl > 0)
        for column in (port, peer):
            near |= after(said.denied, denied, entry, column) > 0
        group = after(said.refused, unlet, set_of)
        door = after(said.refused, unlet, set_of, port)
        like = after(suspect, unlet | (denied & new), where, peer, port)
        return cls(like > 0, near, door > 0, acl > 0, acl > _NEVER, group > _NEVER)


def _begin(flows: Flows, at: Ints) -> Bools:
    """Tell the flows that begin a connection, by their flags, else by ports that go from a client's to a service's."""
    known, opens = begins(flows, at)
    ported = np.isin(flows.protocol[at], PORTED)
    forth = like_answer(flows.protocol[at], flows.dst_port[at], flows.src_port[at])
    forth &= ~like_answer(flows.protocol[at], flows.src_port[at], flows.dst_port[at])
    return np.asarray(np.where(known, opens, ported & forth))


def _after(key: Ints, end: Ints, began: Ints) -> Ints:
    """Return for each of the first keys how long after its end the last one of the other keys like it began."""
    last = np.full(int(key.max(initial=-1)) + 1, _NEVER)
    np.maximum.at(last, key[len(end) :], began)
    last = last[key[: len(end)]]
    return np.where(last == _NEVER, _NEVER, last - end)


def _carried(network: Network) -> Ints:
    """Return a number for each set of groups, by interface and direction; twice as many as interfaces."""
    known: dict[tuple[str, ...], int] = {}
    sets = [known.setdefault(one.groups, len(known)) for one in network.interfaces]
    return np.array([2 * number + way for number in sets for way in (0, 1)], np.int64)


def _guards(network: Network) -> Ints:
    """Return the same for each network ACL."""
    numbers = {acl.id: at for at, acl in enumerate(network.acls)}
    guard = {subnet: numbers[acl.id] for subnet, acl in network.guard_of.items()}
    acls = [guard.get(one.subnet, len(numbers)) for one in network.interfaces]
    return np.array([2 * number + way for number in acls for way in (0, 1)], np.int64)


def _shared(chosen: Bools, number: Ints) -> Bools:
    """Return the chosen and those of the same number."""
    found = np.zeros(int(number.max(initial=-1)) + 1, np.bool_)
    found[number[chosen]] = True
    return found[number]
