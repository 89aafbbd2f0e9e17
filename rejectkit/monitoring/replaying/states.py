"""The alarm's rule over arrays: the state at each evaluation, which datapoints counted, and what never did.

`alarm.decide` is the rule; `codes` is the same for all evaluations at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from rejectkit.monitoring.alarms.alarm import ALARM, COMPARISONS, INSUFFICIENT_DATA, OK, AlarmRule
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.replaying.delays import Ints
from rejectkit.monitoring.replaying.events import Bools, Floats

NAMES: Final = (OK, ALARM, INSUFFICIENT_DATA)
"""State by its code; −1 stands for the state before."""
_OK, _ALARM, _UNKNOWN, _KEEP = 0, 1, 2, -1

Codes = npt.NDArray[np.int8]
Counts = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an alarm made of each evaluation.

    Attributes
    ----------
    states : ndarray of int8
        The state after each evaluation, an index of `NAMES`.
    breaching : sequence of ndarray of bool
        By period, the newest first: whether its datapoint decided and breached.
    """

    states: Codes
    breaching: Sequence[Bools]

    @property
    def changes(self) -> Ints:
        """The places at which the state is another than before; before all is INSUFFICIENT_DATA."""
        before = np.concatenate((np.array([_UNKNOWN], dtype=np.int8), self.states[:-1]))
        return np.flatnonzero(self.states != before)


@dataclass(frozen=True, slots=True)
class Presence:
    """Which datapoints decide, which hangs on which are missing and on N only; made by `presence`.

    Attributes
    ----------
    counted : tuple of ndarray of bool
        By period, the newest first: whether its datapoint is one that decides. What is beyond them is not.
    real, oldest : mapping of int to ndarray of int32
        By the range's length: how many decide, and the age of the oldest of them in periods, the newest being 1.
    """

    counted: tuple[Bools, ...]
    real: Mapping[int, Counts]
    oldest: Mapping[int, Counts]


def presence(slots: Iterable[Floats], n: int, lengths: Sequence[int], number: int) -> Presence:
    """Return which datapoints decide: all there are in the range, but the newest N at most.

    Parameters
    ----------
    slots : iterable of ndarray of float64
        Values by period, the newest first, as many as the longest range has; NaN is missing.
    n : int
        N.
    lengths : sequence of int
        Periods of each range.
    number : int
        Evaluations.
    """
    real, oldest = np.zeros(number, dtype=np.int32), np.zeros(number, dtype=np.int32)
    counted: list[Bools] = []
    reals: dict[int, Counts] = {}
    ages: dict[int, Counts] = {}
    full, values = False, iter(slots)
    for age in range(1, max(lengths) + 1):
        if not full:
            there = ~np.isnan(next(values))
            if age > n:
                there &= real < n
            counted.append(there)
            real += there
            np.copyto(oldest, age, where=there)
            full = age >= n and bool((real >= n).all())
        if age in lengths:
            reals[age], ages[age] = real.copy(), oldest.copy()
    return Presence(tuple(counted), reals, ages)


def rule_of(
    rule: AlarmRule | LogAlarmRule, n: int, m: int, slots: Iterable[Floats], there: Presence
) -> dict[int, Ruling]:
    """Return what a rule makes of each of the ranges of a presence.

    Parameters
    ----------
    rule : AlarmRule or LogAlarmRule
        Its comparison, threshold and treatment of missing data.
    n, m : int
        N, and how many of them must breach.
    slots : iterable of ndarray of float64
        Values by period, as `presence` was given them.
    there : Presence
        Which of them decide.
    """
    compare = cast(Callable[[Floats, float], Bools], COMPARISONS[rule.comparison])  # operators, as good on arrays
    breaches = np.zeros_like(next(iter(there.real.values())))
    breaching: list[Bools] = []
    found: dict[int, Ruling] = {}
    values = iter(slots)
    for age in range(1, max(there.real) + 1):
        if age <= len(there.counted):
            over = compare(next(values), rule.threshold) & there.counted[age - 1]
            breaching.append(over)
            breaches += over
        if age in there.real:
            decided = codes(rule.treat_missing_data, n, m, there.real[age], breaches, there.oldest[age])
            found[age] = Ruling(settled(decided), tuple(breaching))
    return found


def codes(treatment: str, n: int, m: int, real: Counts, breaches: Counts, oldest: Counts) -> Codes:
    """Return the states that evaluations give, as `alarm.decide` does; −1 where the former one stays.

    Parameters
    ----------
    treatment : str
        How missing datapoints count.
    n, m : int
        N, and how many of them must breach.
    real, breaches : ndarray of int32
        Datapoints that counted, N at most, and how many of these breach.
    oldest : ndarray of int32
        The age of the oldest that counted, in periods; the newest is 1.
    """
    enough = breaches >= m
    if treatment in ("breaching", "notBreaching"):
        filled = n - real if treatment == "breaching" else 0
        return np.where(breaches + filled >= m, _ALARM, _OK).astype(np.int8)
    fewer = (breaches == real) & (real < n) & ~enough  # all of them breach, fewer than M; or there is none
    found = np.where(enough, _ALARM, _OK)
    if treatment == "ignore":
        return np.where(fewer, _KEEP, found).astype(np.int8)
    old = (oldest >= m) & (real > 0)
    return np.where(fewer, np.where(old, _ALARM, _UNKNOWN), found).astype(np.int8)


def settled(decided: Codes) -> Codes:
    """Return states with each −1 as what was before it; before all is INSUFFICIENT_DATA."""
    kept = decided == _KEEP
    if not kept.any():
        return decided
    latest = np.maximum.accumulate(np.where(kept, -1, np.arange(len(decided))))
    return np.where(latest < 0, _UNKNOWN, decided[latest]).astype(np.int8)


def latest(counted: Sequence[Bools], periods: int, lengths: Sequence[int]) -> dict[int, Ints]:
    """Return the last evaluation that counted the datapoint of each step of time, for ranges of several lengths.

    Parameters
    ----------
    counted : sequence of ndarray of bool
        By period, the newest first: whether its datapoint counted, at each evaluation. What is beyond them did not.
    periods : int
        Steps of a period.
    lengths : sequence of int
        Periods of each range.

    Returns
    -------
    dict of int to ndarray of int64
        By length. The element `at` is of the step `periods × longest length − at` before the first evaluation's
        newest step; its value is the place of an evaluation, −1 where none counted it.
    """
    number, longest = len(counted[0]), max(lengths)
    reach = periods * longest
    last: Ints = np.full(reach + number, -1, dtype=np.int64)
    found = {}
    for slot in range(longest):
        if slot < len(counted):
            _count(last, counted[slot], reach - (slot + 1) * periods, periods)
        if slot + 1 in lengths:
            found[slot + 1] = last.copy()
    return found


def _count(last: Ints, counted: Bools, oldest: int, periods: int) -> None:
    """Take into account a period that begins at `oldest` where the first evaluation looks."""
    number = len(counted)
    places = np.arange(number)
    if periods == 1 or counted.all():
        cut = last[oldest : oldest + number]
        np.copyto(cut, places, where=counted & (places > cut))
        tail = last[oldest + number : oldest + periods + number - 1]
        if periods > 1:
            np.maximum(tail, number - 1, out=tail)
        return
    if not counted.any():
        return
    before = np.maximum.accumulate(np.where(counted, places, -1))
    before = np.concatenate((before, np.full(periods - 1, before[-1])))
    begins = np.arange(len(before)) - periods + 1  # the first evaluation whose period holds the step
    cut = last[oldest : oldest + len(before)]
    np.copyto(cut, before, where=(before >= begins) & (before > cut))
