"""What a backtest and a sweep are asked for: the rule and its pattern, the ranges, the window; each checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms import evaluation
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.evaluation import EVALUATION_PHASE, LONGEST, SHORTEST, EvaluationRange
from rejectkit.monitoring.alarms.logalarm import EVALUATION_DELAY, LogAlarmRule
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.monitor import LOG_ALARM, Monitor
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.replaying.delays import is_finite
from rejectkit.monitoring.replaying.events import REJECTS, Events
from rejectkit.monitoring.replaying.minutes import Metric
from rejectkit.monitoring.replaying.running import Run, replayed, replayed_log_alarm
from rejectkit.records import LogFormat
from rejectkit.sources.base import log_format as given_format
from rejectkit.window import Window, check_window

Rule = AlarmRule | LogAlarmRule

YEAR: Final = 365 * 86_400
LONGEST_SPAN: Final = 3 * YEAR
"""Seconds that are replayed where no window is given; more is taken for a mistake in the times."""
BOTH_ENDS: Final = (SHORTEST, LONGEST)


def checked(
    window: Window | None, given: EvaluationRange | Sequence[EvaluationRange], phase: float
) -> tuple[EvaluationRange, ...]:
    """Return the evaluation ranges of an argument; refuse what is none, or no window, or no phase."""
    check_window(window)
    if not is_finite(phase):
        raise ArgumentError(f"phase is {phase!r}; give seconds after the minute, for example {EVALUATION_PHASE}")
    reaches = tuple(given) if isinstance(given, Iterable) else (given,)
    if strange := [one for one in reaches if not isinstance(one, EvaluationRange)]:
        raise ArgumentError(f"evaluation has {strange[0]!r}; give an EvaluationRange, or several: EvaluationRange(2)")
    if not reaches:
        raise ArgumentError("evaluation is empty; give an EvaluationRange, or several")
    return tuple(dict.fromkeys(reaches))


def runs(rule: Rule, metric: Metric, reaches: Sequence[EvaluationRange]) -> list[Run]:
    """Return the replays of a rule over a metric."""
    if isinstance(rule, AlarmRule):
        return replayed(rule, metric, reaches)
    if metric.events.noun != REJECTS:
        raise ArgumentError("a log alarm queries a log, and these events are a metric's datapoints")
    return replayed_log_alarm(rule, metric)


def resolved(
    rule: Rule | Monitor, pattern: FilterPattern | str | None, log_format: LogFormat | str | None
) -> tuple[Rule, FilterPattern | str | None, LogFormat | None, bool]:
    """Return a rule, its pattern and format, and whether it tells of OK; a monitor brings what is not given."""
    if not isinstance(rule, Monitor):
        if not isinstance(rule, AlarmRule | LogAlarmRule):
            raise ArgumentError(f"the rule is {rule!r}; give an AlarmRule, a LogAlarmRule or a Monitor")
        return rule, pattern, given_format(log_format), False
    fmt = given_format(log_format) or rule.log_format
    if pattern is not None:
        return wanted.alarm_rule(rule), pattern, fmt, rule.notify_ok
    is_own = rule.query is not None or rule.choices is None or bool(rule.choices.unsaid(rule.log_format))
    if rule.design == LOG_ALARM and is_own:
        raise ArgumentError(
            "what this log alarm's query finds is not said by a pattern: run the query on a source, give backtest its "
            'answer as the events, with @timestamp and @message, and pattern="" (every event matches)'
        )
    # All rejects are told by their action, too, where the events are records without the pattern's other fields.
    return wanted.alarm_rule(rule), None if rule.choices == Choices() else rule.pattern, fmt, rule.notify_ok


def whole(events: Events, rules: Sequence[Rule]) -> Window:
    """Return the window from the first event's minute to when each of the rules has judged all that arrived."""
    if not len(events):
        raise ArgumentError("there is no event; give a window= to replay an alarm over silence")
    last, arrived = int(events.times.max()) // 60_000 * 60 + 60, int(events.arrived.max()) // 1000 + 1
    end = 0.0
    for rule in rules:
        if isinstance(rule, AlarmRule):
            tail = evaluation.interval(rule) + 60
            end = max(end, max(last + rule.period, arrived) + tail)
        else:
            end = max(end, max(last + rule.end_offset, arrived) + rule.interval + EVALUATION_DELAY + 60)
    start = min(int(events.times.min()) // 60_000 * 60, -(-end // 60) * 60 - 60)
    if end - start > LONGEST_SPAN:
        first, latest = (np.datetime64(at, "s").astype("datetime64[m]") for at in (int(start), int(end)))
        raise ArgumentError(
            f"the events and their arrivals reach from {first} to {latest} UTC, more than {LONGEST_SPAN // YEAR} "
            "years: is a time in another unit than its column's? Numbers are seconds in start and end, milliseconds in "
            "the others; else give a window="
        )
    return Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(-(-end // 60) * 60, UTC))
