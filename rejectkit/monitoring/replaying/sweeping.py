"""sweep: what each of many settings of an alarm would have cost and missed on past events, and which are best."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.evaluation import EVALUATION_PHASE, EvaluationRange
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.deploying.designs import ALARM_PER_MONTH, METRIC_PER_MONTH, REGION
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.replaying.asked import BOTH_ENDS, Rule, checked, resolved, runs, whole
from rejectkit.monitoring.replaying.delays import Delay, is_finite
from rejectkit.monitoring.replaying.events import MESSAGE, Events, read
from rejectkit.monitoring.replaying.incidents import Given, Incident, incidents, score
from rejectkit.monitoring.replaying.minutes import Metric
from rejectkit.monitoring.replaying.recommending import Recommendation, best, recommend
from rejectkit.monitoring.replaying.running import Run, first_event
from rejectkit.records import LogFormat
from rejectkit.sources.cost import dollars
from rejectkit.window import Window

__all__ = ["COLUMNS", "Recommendation", "grid", "recommend", "sweep"]

HIGH_RESOLUTION_ALARM: Final = 0.30
"""US dollars a month of an alarm with a period below a minute, us-east-1. Source: price tables quoted in public."""
LINE_BYTES: Final = 140
"""Bytes of a line of the default format with what the service adds, where the events have no lines. *Inferred*."""

COLUMNS: Final = (
    *("rule", "pattern", "pagesPerDay", "otherPagesPerDay", "secondsToAlarm", "secondsToAlarm90", "alarmShare"),
    *("missedShare", "dollars", "caught", "incidents", "uncaught", "rangeMatters", "best"),
)

Patterns = Mapping[str, FilterPattern | str | None] | Iterable[FilterPattern | str] | FilterPattern | str
Rules = Iterable[Rule | Monitor] | Mapping[str, Any] | Rule | Monitor


def sweep(
    events: pd.DataFrame,
    rules: Rules,
    patterns: Patterns | None = None,
    incidents: Given | None = None,
    *,
    delay: Delay | float | timedelta | None = None,
    window: Window | None = None,
    evaluation: EvaluationRange | Sequence[EvaluationRange] = BOTH_ENDS,
    phase: float = EVALUATION_PHASE,
    default_value: float | None = 0.0,
    log_format: LogFormat | str | None = None,
    bytes_per_day: float | None = None,
) -> pd.DataFrame:
    """Return what each setting would have made of past events.

    Parameters
    ----------
    events : DataFrame
        As `backtest` takes them, with all lines of the log.
    rules : iterable of AlarmRule, LogAlarmRule or Monitor; one of these; or mapping
        The settings; or a grid of them, as `grid` takes it: `{"period": [60, 300], "evaluation_periods": [1, 3]}`.
    patterns : mapping of str to FilterPattern or str, or iterable, or one, optional
        Each is tried with each rule. Left out: a monitor's own, else all rejects.
    incidents : DataFrame, Series, mapping or sequence, optional
        What should have been told: windows, by name or in a list; a frame with `start` and `end` (and `name`); or
        a label for each event, null where it has none. Of the sandbox's ground truth, its `mistake`. None at all is
        as if it were left out.
    delay, window, evaluation, phase, default_value, log_format
        As of `backtest`; where no window is given, all settings get that of the one that takes longest.
    bytes_per_day : float, optional
        What arrives in the log group a day, for the scans of log alarms; left out: the bytes of the events.

    Returns
    -------
    DataFrame
        One row for each pattern and rule, in the order given. Over several evaluation ranges each figure is the
        worst of them.

        - `rule`, `pattern`: the value, and the pattern's name.
        - `pagesPerDay`: changes to ALARM; `otherPagesPerDay`: of these, those that told of no incident.
        - `secondsToAlarm`, `secondsToAlarm90`: median and 90th percentile, from an incident's beginning to the page
          that told of it; without incidents from what a page is about to the page. Null if there is none over some
          range.
        - `alarmShare`: of the evaluations, those after which it was in ALARM.
        - `missedShare`: of the rejects, those no evaluation judged.
        - `dollars`: a month, us-east-1: metric and alarm; of a log alarm the alarm, at a metric alarm's price (its own
          is not known), and the scans.
        - `caught`, `incidents`: how many; `uncaught`: the names of the others. Null without incidents.
        - `rangeMatters`: whether the evaluation ranges give different pages, shares or incidents.
        - `best`: no other setting is better in one figure and as good in all; a setting that never pages is not.

    Raises
    ------
    ArgumentError
        As of `backtest`; if there is no rule, or no pattern.

    Examples
    --------
    >>> when = pd.date_range("2026-11-01", periods=60, freq="7min", tz="UTC")
    >>> frame = pd.DataFrame({"@timestamp": when, "action": "REJECT"})
    >>> table = sweep(frame, {"period": 60, "evaluation_periods": [1, 10]})
    >>> table["missedShare"].tolist()
    [1.0, 0.0]
    """
    model, reaches = Delay.of(delay), checked(window, evaluation, phase)
    settings = list(_settings(rules, patterns, log_format))
    if not settings:
        raise ArgumentError("there is no rule, or no pattern, to try; give at least one of each")
    found: dict[int, _Figures] = {}
    for source in dict.fromkeys(one.source for one in settings):
        chosen = [(at, one) for at, one in enumerate(settings) if one.source == source]
        pattern, fmt = source
        seen = read(events, pattern, delay=model, default_value=default_value, log_format=fmt)
        span = window or whole(seen, [one.rule for one in settings])
        metric = Metric(seen, span, phase)
        told = _incidents(incidents, seen)
        dollars = _Dollars.of(seen, span, bytes_per_day)
        for at, one in sorted(chosen, key=lambda pair: _order(pair[1].rule)):
            replays = runs(one.rule, metric, reaches)
            found[at] = _worst([_figures(run, seen, span, told) for run in replays], dollars.a_month(one.rule))
    frame = pd.DataFrame(
        [(one.rule, one.pattern, *found[at].row(), False) for at, one in enumerate(settings)], columns=list(COLUMNS)
    )
    whole_numbers, texts = ("caught", "incidents"), ("pattern", "uncaught")
    frame = frame.astype(dict.fromkeys(whole_numbers, "Int64") | dict.fromkeys(texts, "str"))
    frame["otherPagesPerDay"] = frame["otherPagesPerDay"].astype("float64")
    return frame.assign(best=best(frame))


def grid(**values: Any) -> list[Rule]:
    """Return the rules of all combinations of values; those of M > N, or that end before they start, are left out.

    Parameters
    ----------
    **values
        Fields of AlarmRule, or of LogAlarmRule where `interval` is among them, each a value or a list.

    Examples
    --------
    >>> [str(rule) for rule in grid(period=300, evaluation_periods=[1, 2], datapoints_to_alarm=[1, 2])]
    ... # doctest: +NORMALIZE_WHITESPACE
    ['Sum of 300 s > 0, 1 of 1, missing data: notBreaching', 'Sum of 300 s > 0, 1 of 2, missing data: notBreaching',
     'Sum of 300 s > 0, 2 of 2, missing data: notBreaching']
    """
    kind: type[Rule] = LogAlarmRule if "interval" in values else AlarmRule
    names = kind.__dataclass_fields__
    if strange := [name for name in values if name not in names]:
        raise ArgumentError(f"a rule has no {strange[0]!r}; {kind.__name__} has {', '.join(names)}")
    lists = [[one] if isinstance(one, str) or not hasattr(one, "__iter__") else list(one) for one in values.values()]
    made = (kept for one in product(*lists) if (kept := _sound(kind, dict(zip(values, one, strict=True)))) is not None)
    return list(made)


def _sound(kind: type[Rule], values: dict[str, Any]) -> Rule | None:
    """Return the rule of some values; None where M is more than N, or a window ends before it starts."""
    told: dict[str, Any] = {name: field.default for name, field in kind.__dataclass_fields__.items()}
    told |= values
    pairs = [("datapoints_to_alarm", "evaluation_periods", 0)]
    if kind is LogAlarmRule:
        pairs = [("results_to_alarm", "results_to_evaluate", 0), ("end_offset", "start_offset", 1)]
    for low, high, apart in pairs:
        both = [told[low], told[high]]  # what is no number is left to the rule to refuse
        if all(isinstance(one, numbers.Integral) for one in both) and both[0] + apart > both[1]:
            return None
    return kind(**values)


@dataclass(frozen=True, slots=True)
class _Setting:
    """A rule with a pattern: its name, and what events are read with."""

    rule: Rule
    pattern: str
    source: tuple[FilterPattern | str | None, LogFormat | None]


def _settings(rules: Rules, patterns: Patterns | None, log_format: LogFormat | str | None) -> Iterator[_Setting]:
    given = grid(**rules) if isinstance(rules, Mapping) else list(rules) if isinstance(rules, Iterable) else [rules]
    named: Mapping[str, FilterPattern | str | None] = {"": None}
    if isinstance(patterns, FilterPattern | str):
        named = {str(patterns): patterns}
    elif patterns is not None:
        named = patterns if isinstance(patterns, Mapping) else {str(one): one for one in patterns}
    for name, pattern in named.items():
        for one in given:
            rule, own, fmt, _ = resolved(one, pattern, log_format)
            yield _Setting(rule, name or ("all rejects" if own is None else str(own)), (own, fmt))


def _order(rule: Rule) -> tuple[Any, ...]:
    """Return the order in which rules are replayed: those that share periods one after the other, the longest first."""
    if isinstance(rule, AlarmRule):
        return 0, rule.period, rule.statistic, -rule.evaluation_periods
    return (1,)


def _incidents(given: Given | None, seen: Events) -> list[Incident] | None:
    """Return what should have been told; None where nothing is."""
    return None if given is None else incidents(given, seen.frame, seen.times) or None


@dataclass(frozen=True, slots=True)
class _Figures:
    """What one replay came to, or the worst of several."""

    pages: float
    others: float | None
    seconds: tuple[float, float]
    alarm: float
    missed: float
    caught: frozenset[str] | None
    names: tuple[str, ...]
    dollars: float = 0.0
    matters: bool = False

    def row(self) -> tuple[Any, ...]:
        """Return the columns from pagesPerDay to rangeMatters."""
        caught, names = self.caught, self.names
        scored: tuple[Any, ...] = (None, None, None)
        if caught is not None:
            scored = len(caught), len(names), ", ".join(name for name in names if name not in caught)
        return self.pages, self.others, *self.seconds, self.alarm, self.missed, self.dollars, *scored, self.matters


def _figures(run: Run, seen: Events, span: Window, told: Sequence[Incident] | None) -> _Figures:
    days, hits = span.seconds / 86_400, int(seen.hits.sum())
    pages = run.alerts
    missed = run.missed_count / hits if hits else 0.0
    if told is None:
        late = (run.moments[pages] - first_event(seen, run, pages)) / 1000
        return _Figures(len(pages) / days, None, _spread(late), run.alarm_share, missed, None, ())
    scored = score(run, seen, told)
    late = np.array(list(scored.seconds.values()))
    names, caught = tuple(one.name for one in told), frozenset(scored.seconds)
    return _Figures(len(pages) / days, scored.others / days, _spread(late), run.alarm_share, missed, caught, names)


def _spread(seconds: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    if not len(seconds):
        return np.nan, np.nan
    return float(np.quantile(seconds, 0.5)), float(np.quantile(seconds, 0.9))


def _worst(figures: Sequence[_Figures], dollars: float) -> _Figures:
    """Return the worst of each figure; an incident counts as caught if it is over every range."""
    first = figures[0]
    caught = None if first.caught is None else frozenset.intersection(*(one.caught or frozenset() for one in figures))
    return _Figures(
        max(one.pages for one in figures),
        None if first.others is None else max(one.others or 0.0 for one in figures),
        (float(np.max([one.seconds[0] for one in figures])), float(np.max([one.seconds[1] for one in figures]))),
        max(one.alarm for one in figures),
        max(one.missed for one in figures),
        caught,
        first.names,
        dollars,
        any((one.pages, one.alarm, one.missed, one.caught) != _compared(first) for one in figures),
    )


def _compared(one: _Figures) -> tuple[Any, ...]:
    return one.pages, one.alarm, one.missed, one.caught


@dataclass(frozen=True, slots=True)
class _Dollars:
    """What settings cost on a log of so many bytes a day."""

    bytes_per_day: float

    @classmethod
    def of(cls, seen: Events, span: Window, given: float | None) -> _Dollars:
        if given is not None:
            if not is_finite(given) or given < 0:
                raise ArgumentError(f"bytes_per_day is {given!r}; it is a number of bytes, 0 or more")
            return cls(float(given))
        total = seen.frame[MESSAGE].str.len().sum() if MESSAGE in seen.frame else LINE_BYTES * len(seen)
        return cls(float(total) / (span.seconds / 86_400))

    def a_month(self, rule: Rule) -> float:
        """Return US dollars a month of 30 days."""
        if isinstance(rule, AlarmRule):
            return METRIC_PER_MONTH + (HIGH_RESOLUTION_ALARM if rule.period < 60 else ALARM_PER_MONTH)
        read_over = (rule.start_offset - rule.end_offset) / rule.interval
        return ALARM_PER_MONTH + dollars(self.bytes_per_day * 30 * read_over, REGION)
