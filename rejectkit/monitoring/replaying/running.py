"""One alarm played over past events with one evaluation range: its states, its changes, what it missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from rejectkit.monitoring.alarms import logreasons
from rejectkit.monitoring.alarms.alarm import ALARM, INSUFFICIENT_DATA, AlarmRule
from rejectkit.monitoring.alarms.evaluation import EvaluationRange
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.alarms.reasons import Datapoint, Judgement
from rejectkit.monitoring.replaying import logalarms
from rejectkit.monitoring.replaying.delays import Ints
from rejectkit.monitoring.replaying.events import Bools, Events, Floats
from rejectkit.monitoring.replaying.minutes import Cells, Metric, Ticks
from rejectkit.monitoring.replaying.states import NAMES, Codes, Presence, latest, presence, rule_of

_ALARM: Final = NAMES.index(ALARM)


@dataclass(frozen=True, slots=True)
class Spans:
    """The datapoints that some evaluations looked at, in milliseconds.

    Attributes
    ----------
    newest : ndarray of int64, shape (evaluations,)
        When the newest datapoint begins.
    step, width : int
        From one to the next, and how long each is.
    speaks : ndarray of bool, shape (evaluations, datapoints)
        Whether it counted and breached; the newest first.
    """

    newest: Ints
    step: int
    width: int
    speaks: Bools


@dataclass(frozen=True)
class Run:
    """One replay.

    Attributes
    ----------
    reach : str
        The evaluation range: `N`, `N+2`; of a log alarm always `N`, its newest N results.
    moments : ndarray of int64
        The evaluations, milliseconds since the epoch.
    states : ndarray of int8
        The state after each, an index of `states.NAMES`.
    changes : ndarray of int64
        Places of the evaluations that changed the state.
    judge : callable
        State and reason, from an evaluation's place and the state before.
    spans : callable
        What spoke for ALARM, from places of evaluations.
    missed_by, count_missed : callable
        Which events were never judged, and how many; each is asked for once.
    """

    reach: str
    moments: Ints
    states: Codes
    changes: Ints
    judge: Callable[[int, str], Judgement]
    spans: Callable[[Ints], Spans]
    missed_by: Callable[[], Bools]
    count_missed: Callable[[], int]

    @property
    def alerts(self) -> Ints:
        """Places of the evaluations that changed the state to ALARM."""
        found: Ints = self.changes[self.states[self.changes] == _ALARM]
        return found

    @property
    def alarm_share(self) -> float:
        """Share of the evaluations after which the state was ALARM."""
        return float((self.states == _ALARM).mean()) if len(self.states) else 0.0

    @cached_property
    def missed(self) -> Bools:
        """Of each event: it matches, and no evaluation counted the datapoint with it in."""
        return self.missed_by()

    @cached_property
    def missed_count(self) -> int:
        """How many events were missed."""
        return self.count_missed()

    def previous(self, place: int) -> str:
        """Return the state before an evaluation."""
        return NAMES[self.states[place - 1]] if place else INSUFFICIENT_DATA

    def judgements(self) -> list[Judgement]:
        """Return the state and the reason of each change."""
        return [self.judge(place, self.previous(place)) for place in self.changes.tolist()]


def replayed(rule: AlarmRule, metric: Metric, reaches: Sequence[EvaluationRange]) -> list[Run]:
    """Return the replays of a metric alarm, one for each evaluation range."""
    ticks = metric.ticks(rule)
    cells, due = metric.cells(ticks), ticks.due(rule, metric.phase)
    lengths = tuple(reach.length(rule) for reach in reaches)
    longest, periods = max(lengths), rule.period // ticks.step

    def slots() -> Iterable[Floats]:
        made = metric.slots(rule, ticks, longest)
        return made if len(due) == ticks.number else (slot[due] for slot in made)

    n, key = rule.evaluation_periods, (rule.period, rule.evaluation_periods, lengths)
    there, lost = metric.kept(key, lambda: _decisive(metric, ticks, due, periods, n, lengths, slots()))
    found = rule_of(rule, n, rule.datapoints_to_alarm, slots(), there)
    moments = ticks.moments[due]

    def run(reach: EvaluationRange, length: int) -> Run:
        ruling = found[length]

        def judge(place: int, previous: str) -> Judgement:
            points = datapoints(rule, cells, ticks, int(due[place]), length)
            return rule.judge(points, previous, moments[place] / 1000)

        def spans(places: Ints) -> Spans:
            width = rule.period * 1000
            newest = (ticks.first + due[places] + ticks.shift) * ticks.step * 1000 - width
            return Spans(newest, width, width, np.stack([one[places] for one in ruling.breaching], axis=1))

        def missed_by() -> Bools:
            missed = np.zeros(len(cells.units), dtype=bool)
            missed[metric.hits(ticks).cells] = lost()[length]
            events = np.zeros(len(metric.events), dtype=bool)
            events[cells.whole] = missed[cells.of]
            return events & metric.events.hits

        def count_missed() -> int:
            return int(metric.hits(ticks).weights[lost()[length]].sum())

        name = f"N+{reach.extra}" if reach.extra else "N"
        return Run(name, moments, ruling.states, ruling.changes, judge, spans, missed_by, count_missed)

    return [run(reach, length) for reach, length in zip(reaches, lengths, strict=True)]


def replayed_log_alarm(rule: LogAlarmRule, metric: Metric) -> list[Run]:
    """Return the replay of a log alarm; it looks at its newest N results, so there is one."""
    events = metric.events
    runs = logalarms.run(rule, events, metric.window)
    ruling, moments, starts = logalarms.ruling(rule, runs), runs.moments(rule), runs.starts(rule)

    def judge(place: int, previous: str) -> Judgement:
        taken = logalarms.executions(rule, runs, place)
        return logreasons.explain(rule, taken, NAMES[ruling.states[place]], moments[place] / 1000)

    def spans(places: Ints) -> Spans:
        speaks = np.stack([one[places] for one in ruling.breaching], axis=1)
        width = (rule.start_offset - rule.end_offset) * 1000
        return Spans(starts[places] - rule.start_offset * 1000, rule.interval * 1000, width, speaks)

    def count_missed() -> int:
        return int(runs.missed.sum())

    return [Run("N", moments, ruling.states, ruling.changes, judge, spans, lambda: runs.missed, count_missed)]


def _decisive(
    metric: Metric, ticks: Ticks, due: Ints, periods: int, n: int, lengths: Sequence[int], slots: Iterable[Floats]
) -> tuple[Presence, Callable[[], dict[int, Bools]]]:
    """Return which datapoints decide, and, when asked, which cells of hits were missed, by the range's length."""
    there = presence(slots, n, lengths, len(due))

    @lru_cache(maxsize=1)
    def lost() -> dict[int, Bools]:
        hourly = len(due) < ticks.number
        counted = [_at(due, one, ticks.number) for one in there.counted] if hourly else there.counted
        hits, reach = metric.hits(ticks), periods * max(lengths)
        return {length: hits.missed(last, reach) for length, last in latest(counted, periods, lengths).items()}

    return there, lost


def _at(due: Ints, marks: Bools, number: int) -> Bools:
    """Return marks of hourly evaluations as marks of all ticks."""
    found = np.zeros(number, dtype=bool)
    found[due] = marks
    return found


def datapoints(rule: AlarmRule, cells: Cells, ticks: Ticks, tick: int, length: int) -> list[Datapoint]:
    """Return the datapoints that an alarm looks at in one evaluation, oldest first."""
    periods = rule.period // ticks.step
    end = ticks.first + tick + ticks.shift
    found = []
    for back in range(length, 0, -1):
        start = end - back * periods
        low, high = np.searchsorted(cells.units, (start, start + periods))
        of = np.arange(low, high)[cells.ticks[low:high] <= ticks.first + tick]
        count = float(cells.count[of].sum())
        value = _statistic(cells, of, rule.statistic, count) if count else None
        found.append(Datapoint(start * ticks.step, value, count if count else None))
    return found


def _statistic(cells: Cells, of: Ints, statistic: str, count: float) -> float:
    if statistic in ("Sum", "Average"):
        total = float(cells.total[of].sum())
        return total if statistic == "Sum" else total / count
    if statistic == "SampleCount":
        return count
    return float(cells.least[of].min() if statistic == "Minimum" else cells.most[of].max())


def first_event(events: Events, run: Run, places: Ints) -> Ints:
    """Return when that began which changes to ALARM are about: milliseconds since the epoch.

    It is the timestamp of the first matching event since the oldest datapoint that spoke for ALARM began; where no
    event matches, the datapoint's start; where none spoke (missing ones were taken as breaching), the newest's.
    """
    if not len(places):
        return np.array([], dtype=np.int64)
    spans = run.spans(places)
    spoke = spans.speaks.any(axis=1)
    oldest = spans.speaks.shape[1] - 1 - spans.speaks[:, ::-1].argmax(axis=1)
    begun = spans.newest - np.where(spoke, oldest, 0) * spans.step
    over = spans.newest - spans.speaks.argmax(axis=1) * spans.step + spans.width
    stamps = events.stamps
    event = np.append(stamps, np.iinfo(np.int64).max)[np.searchsorted(stamps, begun)]
    found: Ints = np.where(spoke & (event < over), event, begun)
    return found
