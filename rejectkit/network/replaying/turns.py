"""Which turn each flow takes under changed rules: one of a few, each with its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from rejectkit.exploring.flows import Bools, Ints
from rejectkit.network.judging.engine import NO, OPEN, YES
from rejectkit.network.replaying.roles import ANSWERS, ASKS
from rejectkit.network.replaying.ruled import Codes, Ruled, is_open

UNCHANGED, ACCEPTED, REJECTED, CANNOT_TELL = "unchanged", "newly accepted", "newly rejected", "cannot tell"
OUTCOMES = (REJECTED, ACCEPTED, CANNOT_TELL, UNCHANGED)
"""Every outcome there is, the worst first."""


class Turn(IntEnum):
    """What becomes of a flow; the part of the name before the first `_` is the outcome's."""

    SAME_UNTOUCHED = 0
    SAME_NO_FLOW = 1
    SAME_PASSES = 2
    SAME_REFUSED = 3
    SAME_OTHER = 4
    SAME_UNASKED = 5
    SAME_ALREADY = 6
    SAME_ALLOWED = 7
    SAME_LATE = 8
    SAME_BPA = 9
    SAME_ENCRYPTION = 10
    IN_PASSES = 11
    IN_ANSWER = 12
    IN_NO_ANSWER = 13
    OUT_REFUSED = 14
    OUT_ANSWER = 15
    OUT_UNASKED = 16
    TELL_RULES = 17
    TELL_GONE = 18
    TELL_UNKNOWN = 19
    TELL_PAST = 20
    TELL_ROLE = 21
    TELL_DIRECTION = 22
    TELL_ADDRESS = 23

    @property
    def outcome(self) -> str:
        """The outcome: unchanged, newly accepted, newly rejected, cannot tell."""
        return _OUTCOMES[self.name.partition("_")[0]]


_OUTCOMES = {"SAME": UNCHANGED, "IN": ACCEPTED, "OUT": REJECTED, "TELL": CANNOT_TELL}


@dataclass(frozen=True, slots=True)
class Both:
    """What both networks say of flows, one element a flow.

    Attributes
    ----------
    before, after : Ruled
    asks, answers : array of bool
        Whether the change bears on the flow as one that begins, and as an answer.
    """

    before: Ruled
    after: Ruled
    asks: Bools
    answers: Bools

    def taken(self, rows: Ints) -> Both:
        """Return the same of the flows at some positions."""
        return Both(self.before.taken(rows), self.after.taken(rows), self.asks[rows], self.answers[rows])


def turns(both: Both, refused: Bools, role: Codes) -> Ints:
    """Return the turn of each flow, by its role; where that may be either, the one of both, if they are alike."""
    as_one_that_asks = np.where(refused, _refused(both), _accepted(both))
    as_answer = np.where(refused, _refused_answer(both), _accepted_answer(both))
    outcome = np.array([OUTCOMES.index(turn.outcome) for turn in Turn])
    alike = outcome[as_one_that_asks] == outcome[as_answer]
    either = np.where(alike, as_one_that_asks, Turn.TELL_ROLE)
    return np.select([role == ASKS, role == ANSWERS], [as_one_that_asks, as_answer], either).astype(np.int64)


def _accepted(both: Both) -> Ints:
    """Return the turns of accepted flows that begin something."""
    was, now = both.before.asks, both.after.asks
    worse = ((now.group == NO) & (was.group != NO)) | ((now.acl == NO) & (was.acl != NO))
    told = [
        (~both.asks, Turn.SAME_UNTOUCHED),
        ((now.allowed == NO) & (was.allowed != NO), Turn.OUT_REFUSED),
        ((now.allowed == NO) & worse, Turn.TELL_PAST),
        (now.allowed == NO, Turn.SAME_ALREADY),
        (now.allowed == YES, Turn.SAME_PASSES),
    ]
    return _first(told, Turn.TELL_RULES)


def _refused(both: Both) -> Ints:
    """Return the turns of refused flows that begin something."""
    was, now = both.before.asks, both.after.asks
    mended = ((was.group == NO) & (now.group != NO)) | ((was.acl == NO) & (now.acl != NO))
    told = [
        (~both.asks, Turn.SAME_UNTOUCHED),
        (was.allowed == YES, Turn.SAME_ALLOWED),
        (now.allowed == YES, Turn.IN_PASSES),
        ((now.allowed == NO) & mended, Turn.SAME_OTHER),
        (now.allowed == NO, Turn.SAME_REFUSED),
    ]
    return _first(told, Turn.TELL_RULES)


def _accepted_answer(both: Both) -> Ints:
    """Return the turns of accepted answers: by the ACL, and by what becomes of the requests that they answer."""
    (was, now), (asked, asks) = _answers(both)
    told = [
        (~both.answers & ~both.asks, Turn.SAME_UNTOUCHED),
        ((now == NO) & (was != NO), Turn.OUT_ANSWER),
        ((asks == NO) & (asked != NO), Turn.OUT_UNASKED),
        ((now == NO) | (asks == NO), Turn.SAME_ALREADY),
        ((now == OPEN) & ((was != OPEN) | both.asks), Turn.TELL_RULES),
        ((asks == OPEN) & ((asked != OPEN) | both.answers), Turn.TELL_RULES),
    ]
    return _first(told, Turn.SAME_PASSES)


def _refused_answer(both: Both) -> Ints:
    """Return the turns of refused answers; groups refuse none."""
    (was, now), (asked, asks) = _answers(both)
    told = [
        (~both.answers & ~both.asks, Turn.SAME_UNTOUCHED),
        ((was != NO) & (was != OPEN), Turn.SAME_ALLOWED),
        (now == NO, Turn.SAME_REFUSED),
        ((now == OPEN) & (was == OPEN) & ~both.asks, Turn.SAME_UNTOUCHED),
        (now == OPEN, Turn.TELL_RULES),
        ((asks == NO) & (asked != NO), Turn.SAME_UNASKED),
    ]
    return _first(told, Turn.IN_ANSWER)


def _answers(both: Both) -> tuple[tuple[Codes, Codes], tuple[Codes, Codes]]:
    """Return what the ACLs say of the answer, and the rules of the request: before and after."""
    return (both.before.answer, both.after.answer), (both.before.back.allowed, both.after.back.allowed)


def _first(told: list[tuple[Bools, Turn]], otherwise: Turn) -> Ints:
    return np.select([where for where, _ in told], [turn for _, turn in told], otherwise).astype(np.int64)


def open_in_both(before: Ruled, after: Ruled) -> tuple[Bools, Bools]:
    """Tell the flows that neither network can tell of: as they begin, and as answers."""
    asks = is_open(before.asks) & is_open(after.asks)
    back = is_open(before.back) & is_open(after.back)
    return asks, back | ((before.answer == OPEN) & (after.answer == OPEN))
