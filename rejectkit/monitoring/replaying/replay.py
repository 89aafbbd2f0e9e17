"""backtest: what an alarm would have said of past events, each seen no sooner than it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from rejectkit.monitoring.alarms.alarm import ALARM, OK, SIGNS, AlarmRule
from rejectkit.monitoring.alarms.evaluation import EVALUATION_PHASE, EvaluationRange
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.alarms.reasons import Judgement
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.replaying.asked import BOTH_ENDS, Rule, checked, resolved, runs, whole
from rejectkit.monitoring.replaying.delays import Delay
from rejectkit.monitoring.replaying.events import REJECTS, Events, read
from rejectkit.monitoring.replaying.minutes import Metric
from rejectkit.monitoring.replaying.running import Run, first_event
from rejectkit.records import LogFormat
from rejectkit.window import Window

__all__ = ["Backtest", "Delay", "backtest"]

STATES: Final = ("range", "at", "previous", "state", "reason")
NOTIFICATIONS: Final = ("range", "at", "state", "began", "seconds", "reason")


@dataclass(frozen=True)
class Backtest:
    """What an alarm would have said, over each evaluation range that was replayed.

    Attributes
    ----------
    rule : AlarmRule or LogAlarmRule
        What was replayed.
    events : Events
        The events as the metric filter saw them.
    window : Window
        The evaluations are those of this window.
    runs : tuple of Run
        One replay for each range, in the order asked for.
    notify_ok : bool
        Whether the return to OK is told too.
    """

    rule: Rule
    events: Events
    window: Window
    runs: tuple[Run, ...]
    notify_ok: bool = False

    @cached_property
    def _judgements(self) -> list[list[Judgement]]:
        return [run.judgements() for run in self.runs]

    @cached_property
    def states(self) -> pd.DataFrame:
        """Every change of state.

        Columns: `range` (`N`, `N+8`: the periods looked at), `at` (UTC, the evaluation; the service's history has it
        2 to 3 ms later), `previous`, `state`, and `reason`, the service's sentence. Before all is INSUFFICIENT_DATA.
        """
        rows = [
            (run.reach, _time(run.moments[place]), run.previous(place), judged.state, judged.reason)
            for run, judgements in zip(self.runs, self._judgements, strict=True)
            for place, judged in zip(run.changes.tolist(), judgements, strict=True)
        ]
        return _typed(pd.DataFrame(rows, columns=list(STATES)), ("at",))

    @cached_property
    def notifications(self) -> pd.DataFrame:
        """Every notice: the changes to ALARM, and to OK where the monitor tells of those.

        Columns: `range`, `at` (UTC), `state`, `began` (UTC, of ALARM: the first matching event since the oldest
        datapoint that spoke for it began), `seconds` (from there to the notice), `reason`.
        """
        rows: list[tuple[object, ...]] = []
        for run, judgements in zip(self.runs, self._judgements, strict=True):
            began = dict(zip(run.alerts.tolist(), first_event(self.events, run, run.alerts).tolist(), strict=True))
            for place, judged in zip(run.changes.tolist(), judgements, strict=True):
                at, since = run.moments[place], began.get(place)
                if judged.state == ALARM or (self.notify_ok and judged.state == OK):
                    seconds = np.nan if since is None else (int(at) - since) / 1000
                    told = pd.NaT if since is None else _time(since)
                    rows.append((run.reach, _time(at), judged.state, told, seconds, judged.reason))
        found = _typed(pd.DataFrame(rows, columns=list(NOTIFICATIONS)), ("at", "began"))
        return found.astype({"seconds": "float64"})

    @cached_property
    def metric(self) -> pd.DataFrame:
        """The metric as it is once all events are in: columns `minute` (UTC), `Sum`, `SampleCount`, `first`, `last`.

        `first` and `last` are when the first and the last event of the minute arrived, UTC.
        """
        counts = ~np.isnan(self.events.values)
        frame = pd.DataFrame(
            {
                "minute": self.events.times[counts] // 60_000 * 60_000,
                "value": self.events.values[counts],
                "arrived": self.events.arrived[counts],
            }
        )
        grouped = frame.groupby("minute", sort=True)
        found = pd.DataFrame(
            {
                "Sum": grouped["value"].sum(),
                "SampleCount": grouped["value"].count(),
                "first": grouped["arrived"].min(),
                "last": grouped["arrived"].max(),
            }
        ).reset_index()
        for name in ("minute", "first", "last"):
            found[name] = pd.to_datetime(found[name], unit="ms", utc=True)
        return found

    @cached_property
    def missed(self) -> pd.DataFrame:
        """The rejects that no evaluation judged: they arrived when their minute did not count any more.

        The rows of the events, with their index and columns, and before these `range`, `minute` (UTC) and `arrived`
        (UTC). One that several ranges miss has a row for each. With fewer than N datapoints missing, an alarm looks
        at no more than N: one that is older is missed although it is inside the range.
        """
        parts = []
        for run in self.runs:
            of = np.flatnonzero(run.missed)
            rows = self.events.frame.iloc[of]
            told = pd.DataFrame(
                {
                    "range": pd.array([run.reach] * len(of), dtype="str"),
                    "minute": pd.to_datetime(self.events.times[of] // 60_000 * 60_000, unit="ms", utc=True),
                    "arrived": pd.to_datetime(self.events.arrived[of], unit="ms", utc=True),
                },
                index=rows.index,
            )
            parts.append(pd.concat([told, rows.drop(columns=list(told), errors="ignore")], axis=1))
        return pd.concat(parts)

    @cached_property
    def figures(self) -> pd.DataFrame:
        """What came of it, one row for each range.

        Columns: `range`, `pages` (changes to ALARM), `pagesPerDay`, `alarmShare` (of the evaluations, those after
        which it was in ALARM), `rejects`, `missed`, `missedShare`, `seconds` (median from what a page is about to
        the page; null without one).
        """
        days, hits = self.window.seconds / 86_400, int(self.events.hits.sum())
        rows = []
        for run in self.runs:
            pages, missed = run.alerts, run.missed_count
            late = (run.moments[pages] - first_event(self.events, run, pages)) / 1000
            share = missed / hits if hits else 0.0
            median = float(np.median(late)) if len(late) else np.nan
            rows.append((run.reach, len(pages), len(pages) / days, run.alarm_share, hits, missed, share, median))
        return pd.DataFrame(rows, columns=list(FIGURES)).astype({"range": "str"})

    def summary(self) -> str:
        """Return in words what was replayed and what came of it, a sentence a line."""
        number, hits, noun = len(self.events), int(self.events.hits.sum()), self.events.noun
        lines = [
            f"{spoken(self.rule)}: {len(self.runs[0].moments):,} evaluations from {self.window}.",
            f"{number:,} event{'' if number == 1 else 's'}, of which {hits:,} match ({self.events.pattern})."
            if noun == REJECTS
            else f"{number:,} datapoint{'' if number == 1 else 's'}.",
            self.events.told,
        ]
        counts_others = self.events.counts_others and noun == REJECTS and isinstance(self.rule, AlarmRule)
        if counts_others and 0 < hits == number:
            lines.append(
                "Every event matches. Where the log has other lines, give these too: the filter's default value makes "
                "datapoints of them, which end an alarm sooner and push late rejects out of what is judged."
            )
        for row in self.figures.itertuples():
            lines.append(
                f"Over {row.range} {'results' if isinstance(self.rule, LogAlarmRule) else 'periods'}: "
                f"{row.pages:,} page{'' if row.pages == 1 else 's'}, in ALARM {row.alarmShare:.1%} of the time, "
                f"{row.missed:,} of {hits:,} {noun} never judged ({row.missedShare:.1%})."
            )
        return "\n".join([*lines, *self._difference()])

    def _difference(self) -> list[str]:
        """Return what hangs on the range that AWS does not document."""
        if isinstance(self.rule, LogAlarmRule) or len(self.runs) < 2:
            return []
        first, last = self.runs[0], self.runs[-1]
        unlike = int((first.states != last.states).sum())
        lost = first.missed_count - last.missed_count
        open_question = "AWS does not document how many periods an evaluation looks at"
        if not unlike and not lost:
            return [f"{open_question}; {first.reach} and {last.reach} say the same here."]
        share = unlike / max(1, len(first.states))
        return [
            f"{open_question}: between {first.reach} and {last.reach} the state differs at {unlike:,} evaluations "
            f"({share:.1%}), pages by {abs(len(first.alerts) - len(last.alerts)):,}, {self.events.noun} never judged "
            f"by {abs(lost):,}."
        ]

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()


FIGURES: Final = ("range", "pages", "pagesPerDay", "alarmShare", "rejects", "missed", "missedShare", "seconds")


def backtest(
    events: pd.DataFrame,
    rule: Rule | Monitor,
    pattern: FilterPattern | str | None = None,
    *,
    delay: Delay | float | timedelta | None = None,
    window: Window | None = None,
    evaluation: EvaluationRange | Sequence[EvaluationRange] = BOTH_ENDS,
    phase: float = EVALUATION_PHASE,
    default_value: float | None = 0.0,
    log_format: LogFormat | str | None = None,
) -> Backtest:
    """Return what an alarm would have said of past events, minute by minute, each seen when it arrived.

    An event counts in the metric minute of its own timestamp, from its arrival on: 1 where it matches, the default
    value where not. The alarm is evaluated every minute (every 10 s for periods below a minute, every hour where
    the periods span more than a day) over what had arrived by then.

    Parameters
    ----------
    events : DataFrame
        Records (`@timestamp` or `start`, `action`, further columns), or lines (`@message` and `@timestamp`), or
        a metric's datapoints (`@timestamp` and `value`; each is one sample). `@ingestionTime`, where it is there, says
        when each arrived. Times are aware datetimes; or text, UTC where it names no zone; or numbers: seconds in
        `start` and `end`, milliseconds in the others. The order does not matter, nor does the index.
        Give accepted records too: the filter's default value makes datapoints of them. A log group's have all of that
        by `source.run("fields @timestamp, @ingestionTime, @message, end", window, all_rows=True)`.
    rule : AlarmRule, LogAlarmRule or Monitor
        What to replay. A monitor brings its pattern, format and whether it tells of OK.
    pattern : FilterPattern or str, optional
        What a reject is; left out: `action` REJECT. An empty one matches every event. Records without `@message` are
        spelled in `log_format` for it.
    delay : Delay, float or timedelta, optional
        How late events arrive, or seconds after their end; it goes before `@ingestionTime`. Where neither is there,
        300 s after the end, and the answer says so.
    window : Window, optional
        The evaluations to replay. Left out: from the first event to when the last has been judged.
    evaluation : EvaluationRange, or several
        How many periods an evaluation looks at, which AWS does not document; both ends of the plausible span where
        it is left out. A log alarm looks at its newest N results.
    phase : float
        Seconds after the minute at which the alarm is evaluated.
    default_value : float or None
        The metric filter's; None: lines that do not match make no datapoint.
    log_format : LogFormat or str, optional
        The lines' format, for the pattern; the default format where it is left out.

    Raises
    ------
    ArgumentError
        If there is no event and no window, or the events reach over more than three years without one; if a column is
        missing or has what is no time; if an argument is none; if the monitor's query cannot be replayed.

    Notes
    -----
    Sources: as at `AlarmRule`, `alarm.decide` and `evaluation`; that a datapoint is of the event's own minute and that
    the default value counts once for each event without a match was recorded.

    Examples
    --------
    >>> from rejectkit.monitoring.alarms.evaluation import SHORTEST
    >>> when = pd.to_datetime(["2026-11-01 12:00:10", "2026-11-01 12:03:20"], utc=True)
    >>> arrived = when + pd.to_timedelta([40, 130], unit="s")
    >>> frame = pd.DataFrame({"@timestamp": when, "@ingestionTime": arrived, "action": "REJECT"})
    >>> found = backtest(frame, AlarmRule(), evaluation=SHORTEST)
    >>> print(*found.states["at"].dt.strftime("%H:%M:%S") + " " + found.states["state"], sep="; ")
    12:00:42 OK; 12:01:42 ALARM; 12:02:42 OK
    >>> len(found.missed)
    1
    """
    taken, pattern, log_format, notify_ok = resolved(rule, pattern, log_format)
    reaches = checked(window, evaluation, phase)
    seen = read(events, pattern, delay=Delay.of(delay), default_value=default_value, log_format=log_format)
    span = window or whole(seen, [taken])
    return Backtest(taken, seen, span, tuple(runs(taken, Metric(seen, span, phase), reaches)), notify_ok)


def spoken(rule: Rule) -> str:
    """Return a rule in one line."""
    if isinstance(rule, AlarmRule):
        return str(rule)
    return (
        f"count each {rule.interval} s of {rule.start_offset} to {rule.end_offset} s ago {SIGNS[rule.comparison]} "
        f"{rule.threshold:g}, {rule.results_to_alarm} of {rule.results_to_evaluate}, missing data: "
        f"{rule.treat_missing_data}"
    )


def _time(milliseconds: int) -> pd.Timestamp:
    return pd.Timestamp(int(milliseconds), unit="ms", tz="UTC")


def _typed(frame: pd.DataFrame, times: Sequence[str]) -> pd.DataFrame:
    """Return a frame whose times are UTC and whose texts are `str`, also where it has no row."""
    kinds = {name: "datetime64[ms, UTC]" if name in times else "str" for name in frame.columns if name != "seconds"}
    return frame.astype(kinds)
