"""When flows came: from when to when, how regularly, and whether they came in a burst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejectkit.exploring.flows import Ints
from rejectkit.exploring.words import moment, pace, span

QUIET = 600
"""Seconds without a flow that mean nothing yet: the longest aggregation interval."""


@dataclass(frozen=True, slots=True)
class Course:
    """The times of some flows against the time that was looked at.

    Attributes
    ----------
    number : int
        How many flows.
    first, last : int
        When the first and the last began, seconds since the epoch.
    before, after : int
        Seconds without one at the start and at the end of the time looked at; 0 where such a gap is nothing
        unusual among them.
    """

    number: int
    first: int
    last: int
    before: int
    after: int

    @classmethod
    def of(cls, times: Ints, start: int, end: int) -> Course:
        """Return the course of flows that began at `times`, of a time from `start` to `end`.

        A silence at an end counts if it is longer than three times nine in ten of the gaps between flows,
        than a fiftieth of the whole, and than `QUIET`; of fewer than three flows none counts.
        """
        times = np.sort(times)
        first, last = int(times[0]), int(times[-1])
        usual = float(np.quantile(np.diff(times), 0.9)) if len(times) > 2 else float("inf")
        allowed = max(3 * usual, (end - start) / 50, QUIET)
        before, after = first - start, end - last
        return cls(len(times), first, last, before if before > allowed else 0, after if after > allowed else 0)

    def words(self, gap: float = 0) -> str:
        """Return it in words; `gap` is the usual time between two flows of one kind, 0 where there is none.

        Examples
        --------
        >>> Course(3, 1793521440, 1793521560, 3600, 0).words(60)
        'since 2026-11-01 08:24 UTC (none in the 1 h before), about one a minute, and it goes on'
        """
        if self.number == 1 or self.last == self.first:
            return f"at {moment(self.first)}"
        often = f", {pace(gap)}" if gap >= 1 and self.number > 2 else ""
        if self.number < 3:
            return f"at {moment(self.first)} and {moment(self.last)}"
        since = f"since {moment(self.first)}"
        since += f" (none in the {span(self.before)} before)" if self.before else " or before"
        if self.after:
            return f"{since}{often}, until {moment(self.last)} (none in the {span(self.after)} after)"
        return f"{since}{often}, and it goes on"


@dataclass(frozen=True, slots=True)
class Burst:
    """A short time with far more flows than usual, from `start` to `end` (seconds since the epoch).

    Attributes
    ----------
    number : int
        Flows in it.
    usual : float
        Flows in as long a time otherwise (median).
    """

    start: int
    end: int
    number: int
    usual: float


def burst(times: Ints, start: int, end: int, factor: float = 10, least: int = 100) -> Burst | None:
    """Return the greatest burst among flows, or None.

    The time looked at is cut into steps of a minute or more, at most 144 of them. A burst is the fullest step
    and its neighbours, if the step has `least` flows and `factor` times the median of all.
    """
    step = max(60, -(-(end - start) // 144 // 60) * 60)
    steps = max(1, -(-(end - start) // step))
    if steps < 12 or not len(times):
        return None
    number = np.bincount(np.clip((times - start) // step, 0, steps - 1), minlength=steps)
    peak, usual = int(number.argmax()), float(np.median(number))
    if number[peak] < max(least, factor * usual):
        return None
    high = number >= max(3 * usual, number[peak] / 10)
    low = peak
    while low and high[low - 1]:
        low -= 1
    top = peak
    while top + 1 < steps and high[top + 1]:
        top += 1
    found = int(number[low : top + 1].sum())
    return Burst(start + low * step, min(start + (top + 1) * step, end), found, usual * (top + 1 - low))
