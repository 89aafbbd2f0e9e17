"""A log alarm on past events: what each run of its query counts, and the state that the results give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejectkit.monitoring.alarms.logalarm import EVALUATION_DELAY, NEEDS_ALL_RESULTS, RUN_PHASE, Execution, LogAlarmRule
from rejectkit.monitoring.replaying.delays import Ints
from rejectkit.monitoring.replaying.events import Bools, Events, Floats
from rejectkit.monitoring.replaying.states import Ruling, presence, rule_of
from rejectkit.window import Window

_UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a log alarm's query in a window.

    Attributes
    ----------
    first, number : int
        The first run's mark, counted in intervals, and how many there are.
    counts : ndarray of float64
        The matching events that each found.
    missed : ndarray of bool
        Of each event: it matches, and no run found it.
    """

    first: int
    number: int
    counts: Floats
    missed: Bools

    def moments(self, rule: LogAlarmRule) -> Ints:
        """Return when the alarm is evaluated with each run's result, milliseconds since the epoch."""
        return self.starts(rule) + round(EVALUATION_DELAY * 1000)

    def starts(self, rule: LogAlarmRule) -> Ints:
        """Return when each run is, milliseconds since the epoch."""
        return np.arange(self.first, self.first + self.number) * (rule.interval * 1000) + round(RUN_PHASE * 1000)


def run(rule: LogAlarmRule, events: Events, window: Window) -> Runs:
    """Return what the runs of a window find: events of their window that have arrived by then.

    A run whose evaluation is after the window is not among them.
    """
    every, phase = rule.interval * 1000, round(RUN_PHASE * 1000)
    start, end = (round(moment.timestamp() * 1000) - phase for moment in (window.start, window.end))
    first = -(-start // every)
    number = max(0, -(-(end - round(EVALUATION_DELAY * 1000)) // every) - first)
    hits = np.flatnonzero(events.hits)
    times, arrived = events.times[hits] - phase, events.arrived[hits] - phase
    begins = (times + rule.end_offset * 1000) // every + 1  # the first run whose window has ended after the event
    ends = (times + rule.start_offset * 1000) // every
    seen = np.maximum(begins, -(-arrived // every))
    low, high = np.maximum(seen, first) - first, np.minimum(ends, first + number - 1) - first
    found = low <= high
    steps = np.bincount(low[found], minlength=number + 1) - np.bincount(high[found] + 1, minlength=number + 1)
    missed = np.zeros(len(events), dtype=bool)
    missed[hits] = (seen >= first) & (seen < first + number) & ~found
    return Runs(first, number, np.cumsum(steps)[:number].astype(np.float64), missed)


def ruling(rule: LogAlarmRule, runs: Runs) -> Ruling:
    """Return the state that the results give after each run."""
    n, number = rule.results_to_evaluate, runs.number
    padded = np.concatenate((np.full(n, np.nan), runs.counts))
    slots = [padded[n - back : n - back + number] for back in range(n)]
    found = rule_of(rule, n, rule.results_to_alarm, slots, presence(slots, n, [n], number))[n]
    if NEEDS_ALL_RESULTS:
        found.states[: n - 1] = _UNKNOWN
    return found


def executions(rule: LogAlarmRule, runs: Runs, place: int) -> list[Execution]:
    """Return the executions that one evaluation judges, oldest first."""
    starts = runs.starts(rule) / 1000
    first = max(0, place + 1 - rule.results_to_evaluate)
    return [Execution(float(starts[at]), {(): float(runs.counts[at])}) for at in range(first, place + 1)]
