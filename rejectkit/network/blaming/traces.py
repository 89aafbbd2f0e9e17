"""Traces: what a refused flow's flags and ports, and the accepted flows near it, tell of what it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejectkit.exploring.evidence import TOLERANCE, Evidence
from rejectkit.exploring.flows import NONE, Bools, Flows, Ints
from rejectkit.exploring.services import SERVICES
from rejectkit.exploring.thresholds import Thresholds
from rejectkit.network.model import ICMP, ICMP6, PORTED, TCP

FIN, SYN, RST, ACK = 1, 2, 4, 16
WARM_UP = 600
"""Seconds at the start of the records in which a question may be missing: the longest aggregation interval."""

_LIMITS = Thresholds()
_SERVED = np.array(sorted(port for port in SERVICES if port < _LIMITS.ephemeral_from))
_EVER = np.iinfo(np.int64).max // 8


@dataclass(frozen=True, slots=True)
class Traces:
    """What is seen of refused flows, one element per refused flow.

    Attributes
    ----------
    at : array of int
        Their positions among the flows.
    opens, answers, midway, closes : array of bool
        By the flags: SYN alone; SYN-ACK; no SYN; FIN or RST without SYN. None of them where flags are not known.
    ported, icmp : array of bool
        TCP or UDP with two different ports; ICMP.
    like_answer, may_answer : array of bool
        From a service's port to a client's, by the numbers; to a port that may be a client's, from a lower one.
    seen, lately : array of bool
        A flow of the same ends and ports was accepted on the interface before; and not long before.
    answered, at_once : array of bool
        A flow with the ends exchanged was accepted there not long before: this one may be its reply, and of ICMP,
        which has no ports to tell by, only within the tolerance of the times; it went on when this one began.
    asked, let_in : array of bool
        The destination had flows accepted to the source's port; the source had, to the destination's.
    watched : array of bool
        The records have the interface's accepted flows too, from well before: what is not among them was not there.
    blind : bool
        Whether there are no accepted flows at all.
    """

    at: Ints
    opens: Bools
    answers: Bools
    midway: Bools
    closes: Bools
    ported: Bools
    icmp: Bools
    like_answer: Bools
    may_answer: Bools
    seen: Bools
    lately: Bools
    answered: Bools
    at_once: Bools
    asked: Bools
    let_in: Bools
    watched: Bools
    blind: bool

    @classmethod
    def of(cls, flows: Flows) -> Traces:
        """Look at the refused flows."""
        at = np.flatnonzero(flows.reject).astype(np.int64)
        near = Evidence.of(flows, np.zeros(len(flows.names), np.bool_))
        same, swapped = near.same[at], near.swapped[at]
        flags = flows.flags[at]
        known, opens = begins(flows, at)
        syn, ack, end = flags & SYN != 0, flags & ACK != 0, flags & (FIN | RST) != 0
        icmp = np.isin(flows.protocol[at], (ICMP, ICMP6))
        return cls(
            at=at,
            opens=opens,
            answers=known & syn & ack,
            midway=known & ~syn,
            closes=known & ~syn & end,
            ported=np.isin(flows.protocol[at], PORTED) & (flows.src_port[at] != flows.dst_port[at]),
            icmp=icmp,
            like_answer=like_answer(flows.protocol[at], flows.src_port[at], flows.dst_port[at]),
            may_answer=_may_answer(flows.protocol[at], flows.src_port[at], flows.dst_port[at]),
            seen=same < _EVER,
            lately=same <= _LIMITS.late_within,
            answered=swapped <= np.where(icmp, TOLERANCE, _LIMITS.reply_within),
            at_once=swapped <= 0,
            asked=near.asked[at],
            let_in=near.let_in[at],
            watched=_watched(flows)[at],
            blind=bool(flows.reject.all()),
        )


def begins(flows: Flows, at: Ints) -> tuple[Bools, Bools]:
    """Tell of flows whether their flags are known, and whether they have SYN alone."""
    flags = flows.flags[at]
    known = (flows.protocol[at] == TCP) & (flags != NONE)
    return known, known & (flags & SYN != 0) & (flags & ACK == 0)


def like_answer(protocol: Ints, src_port: Ints, dst_port: Ints) -> Bools:
    """Tell whether ports are as from a service to a client, by the numbers."""
    low, high = src_port < _LIMITS.ephemeral_from, dst_port >= _LIMITS.ephemeral_from
    service = (src_port < 1024) | (np.isin(src_port, _SERVED) & ~np.isin(dst_port, _SERVED)) | (low & high)
    return np.asarray(
        np.isin(protocol, PORTED) & (src_port > 0) & (src_port != dst_port) & (dst_port >= 1024) & service
    )


def _may_answer(protocol: Ints, src_port: Ints, dst_port: Ints) -> Bools:
    lower = (src_port > 0) & (src_port < dst_port)
    return np.asarray(np.isin(protocol, PORTED) & (dst_port >= 1024) & ~np.isin(dst_port, _SERVED) & lower)


def _watched(flows: Flows) -> Bools:
    has = np.zeros(len(flows.interfaces) + 1, np.bool_)
    has[flows.interface[~flows.reject & (flows.interface != NONE)]] = True
    return np.asarray(has[flows.interface] & (flows.start >= warm_from(flows)))


def warm_from(flows: Flows) -> int:
    """Return from when on a question would be in the records; those without a time (0) say nothing."""
    return int(flows.start.min(initial=_EVER, where=flows.start > 0)) + WARM_UP
