"""LogAlarmRule: when a log alarm's query runs, over what, and which state its results give.

Source: CloudWatch user guide, "Log alarms" and "Alarming on logs"; CloudWatch API reference, "PutLogAlarm". What they
leave open is *inferred*, each choice a name below.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import (
    ALARM,
    COMPARISONS,
    INSUFFICIENT_DATA,
    OK,
    STATES,
    TREATMENTS,
    decide,
    finite,
    whole_number,
)
from rejectkit.monitoring.timing.moments import epoch
from rejectkit.window import Window

RUN_PHASE: Final = 0.0
"""Seconds after each mark of the interval (counted from the epoch) at which the query runs. *Inferred*: the results of
the user guide's sample notice, a query each 5 minutes, are stamped 12:05:00, 12:10:00 and 12:15:00."""

EVALUATION_DELAY: Final = 30.0
"""Seconds from a run to the evaluation that takes it in. *Inferred*: the newest result of that sample is of 12:15:00,
its queryDate 12:15:30."""

NEEDS_ALL_RESULTS: Final = True
"""Whether a new alarm stays INSUFFICIENT_DATA until all N executions are there. *Inferred*: the guide says "until
enough query executions complete to satisfy the M-out-of-N evaluation window"."""

MOST_RESULTS: Final = 100
MOST_LINES: Final = 50
MOST_CONTRIBUTORS: Final = 500
MOST_IN_ALARM: Final = 100
LONGEST_OFFSET: Final = 2_592_000

COMPLETE: Final = "COMPLETE"
FAILED: Final = "FAILED"  # *inferred*: the sample shows only COMPLETE
EVALUATION_ERROR: Final = "EVALUATION_ERROR"
EVALUATION_FAILURE: Final = "EVALUATION_FAILURE"
PARTIAL_DATA: Final = "PARTIAL_DATA"

_RATE = re.compile(r"\s*rate\(\s*([1-9]\d{0,8})\s+(minute|hour|day)(s?)\s*\)\s*")
_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}

Contributor = tuple[str, ...]
"""Values of the fields that results are grouped by; empty where they are not."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a log alarm's query, and what it found.

    Parameters
    ----------
    at : float
        Seconds since the epoch at which it ran.
    values : mapping of tuple to float or None
        The aggregate by contributor, in the order of the results; None: the query gave no value.
    id : str
        The query's id.
    status : str
        COMPLETE or FAILED.
    fault : str
        Why it failed.
    is_client_fault : bool
        Whether the alarm's configuration is at fault (the query, the log groups, the role), not the service.
    is_partial : bool
        Whether there were more contributors than the 500 taken.
    """

    at: float
    values: Mapping[Contributor, float | None]
    id: str = ""
    status: str = COMPLETE
    fault: str = ""
    is_client_fault: bool = False
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class LogAlarmRule:
    """The schedule and the rule of a log alarm.

    Parameters
    ----------
    interval : int
        Seconds between two runs, a multiple of 60.
    start_offset, end_offset : int
        Seconds before a run at which its window begins and ends.
    results_to_evaluate, results_to_alarm : int
        N and M: of the newest N results, M must breach.
    threshold : float
        What a result is compared with; finite.
    comparison : str
        GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanThreshold or LessThanOrEqualToThreshold.
    treat_missing_data : str
        missing, ignore, breaching or notBreaching.

    Raises
    ------
    ArgumentError
        If a value is one that PutLogAlarm refuses.

    Examples
    --------
    >>> rule = LogAlarmRule(interval=300, start_offset=1200, end_offset=900)
    >>> print(rule.window(datetime(2026, 11, 1, 12, tzinfo=UTC)))
    2026-11-01 11:40 to 2026-11-01 11:45 UTC
    >>> rule.evaluate([0.0, 3.0])
    'ALARM'
    """

    interval: int = 300
    start_offset: int = 300
    end_offset: int = 0
    results_to_evaluate: int = 1
    results_to_alarm: int = 1
    threshold: float = 0.0
    comparison: str = "GreaterThanThreshold"
    treat_missing_data: str = "missing"

    def __post_init__(self) -> None:
        """Check every value against the limits of PutLogAlarm."""
        for name in ("interval", "start_offset", "end_offset", "results_to_evaluate", "results_to_alarm"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), least=0))
        object.__setattr__(self, "threshold", finite(self.threshold))
        if self.interval < 60 or self.interval % 60:
            raise ArgumentError(f"interval is {self.interval} s; a query runs each minute or each so many of them")
        if not 1 <= self.start_offset <= LONGEST_OFFSET:
            raise ArgumentError(f"start_offset is {self.start_offset} s; it is 1 to {LONGEST_OFFSET:,}")
        if not 0 <= self.end_offset < self.start_offset:
            raise ArgumentError(
                f"end_offset is {self.end_offset} s; it is 0 or more, and less than start_offset, {self.start_offset}"
            )
        if not 1 <= self.results_to_evaluate <= MOST_RESULTS:
            raise ArgumentError(f"results_to_evaluate is {self.results_to_evaluate}; it is 1 to {MOST_RESULTS}")
        if not 1 <= self.results_to_alarm <= self.results_to_evaluate:
            raise ArgumentError(
                f"results_to_alarm is {self.results_to_alarm}; it is 1 to results_to_evaluate, "
                f"{self.results_to_evaluate}"
            )
        for name, allowed in (("comparison", tuple(COMPARISONS)), ("treat_missing_data", TREATMENTS)):
            if getattr(self, name) not in allowed:
                raise ArgumentError(f"{name} is {getattr(self, name)!r}; it is one of {', '.join(allowed)}")

    @classmethod
    def from_describe(cls, log_alarm: Mapping[str, Any]) -> LogAlarmRule:
        """Return the rule of one of DescribeAlarms' LogAlarms, or of PutLogAlarm's arguments.

        EndTimeOffset absent is 0, TreatMissingData absent is `missing`: the service's own defaults.

        Raises
        ------
        ArgumentError
            If a value is one that PutLogAlarm refuses.
        """
        schedule = log_alarm["ScheduledQueryConfiguration"]["ScheduleConfiguration"]
        return cls(
            interval=rate(schedule["ScheduleExpression"]),
            start_offset=schedule["StartTimeOffset"],
            end_offset=schedule.get("EndTimeOffset") or 0,
            results_to_evaluate=log_alarm["QueryResultsToEvaluate"],
            results_to_alarm=log_alarm["QueryResultsToAlarm"],
            threshold=log_alarm["Threshold"],
            comparison=log_alarm["ComparisonOperator"],
            treat_missing_data=log_alarm.get("TreatMissingData") or "missing",
        )

    def is_due(self, at: float) -> bool:
        """Return whether the query runs at a moment, seconds since the epoch."""
        return (at - RUN_PHASE) % self.interval == 0

    def runs(self, start: datetime | float, end: datetime | float) -> Iterator[float]:
        """Yield the moments in `[start, end)` at which the query runs, as seconds since the epoch.

        Examples
        --------
        >>> list(LogAlarmRule(interval=300).runs(1, 900))
        [300.0, 600.0]
        """
        turn = math.ceil((epoch(start) - RUN_PHASE) / self.interval)
        while (moment := turn * self.interval + RUN_PHASE) < epoch(end):
            yield moment
            turn += 1

    def window(self, run: datetime | float) -> Window:
        """Return the window that a run queries, by the events' timestamps.

        The end is not inside it (*inferred*), so windows that follow one another share no event.
        """
        at = datetime.fromtimestamp(math.floor(epoch(run)), UTC)
        return Window(at - timedelta(seconds=self.start_offset), at - timedelta(seconds=self.end_offset))

    def breaches(self, value: float) -> bool:
        """Return whether a result is on the threshold's wrong side."""
        return bool(COMPARISONS[self.comparison](value, self.threshold))

    def evaluate(self, results: Sequence[float | None], previous: str = INSUFFICIENT_DATA) -> str:
        """Return the state that the results of the latest executions give.

        Parameters
        ----------
        results : sequence of float or None
            One for each execution since the alarm was made, oldest first; None is missing. The newest N count.
        previous : str
            The state before; `ignore` keeps it where the results do not decide.

        Notes
        -----
        How missing ones count is the metric alarm's rule, `decide` (*inferred*: the guide's four sentences for log
        alarms do not contradict it).
        """
        if previous not in STATES:
            raise ArgumentError(f"previous is {previous!r}; it is one of {', '.join(STATES)}")
        n = self.results_to_evaluate
        if NEEDS_ALL_RESULTS and len(results) < n:
            return INSUFFICIENT_DATA
        marks = [None if value is None or math.isnan(value) else self.breaches(value) for value in results[-n:]]
        return decide(marks, n, self.results_to_alarm, self.treat_missing_data, previous)

    def evaluation_state(self, executions: Sequence[Execution]) -> str:
        """Return what is wrong with the newest N executions: an EvaluationState, empty if nothing is.

        A fault of the configuration in the newest one, or a failure of all, is EVALUATION_ERROR; a failure of some
        is EVALUATION_FAILURE. Under both the alarm is INSUFFICIENT_DATA.
        """
        latest = executions[-self.results_to_evaluate :]
        failed = [one for one in latest if one.status == FAILED]
        if failed and (latest[-1].is_client_fault or len(failed) == len(latest)):
            return EVALUATION_ERROR
        if failed:
            return EVALUATION_FAILURE
        return PARTIAL_DATA if latest and latest[-1].is_partial else ""

    def contributors(
        self, executions: Sequence[Execution], previous: Mapping[Contributor, str]
    ) -> dict[Contributor, str]:
        """Return the state of each contributor of the newest execution, and of those that were in ALARM.

        One that is gone from the results is OK, whatever the treatment of missing data. At most 100 are in ALARM at
        once; those that were come first (*inferred*), the others are left out.
        """
        newest = executions[-1].values if executions else {}
        found: dict[Contributor, str] = {}
        for key in newest:
            series = [one.values.get(key) for one in executions]
            found[key] = self.evaluate(series, previous.get(key, INSUFFICIENT_DATA))
        in_alarm = [key for key, state in found.items() if state == ALARM]
        in_alarm.sort(key=lambda key: previous.get(key) != ALARM)
        for key in in_alarm[MOST_IN_ALARM:]:
            del found[key]
        gone = [key for key, state in previous.items() if state == ALARM and key not in newest]
        return found | dict.fromkeys(gone, OK)

    def overall(self, states: Mapping[Contributor, str], executions: Sequence[Execution], previous: str) -> str:
        """Return the alarm's state from its contributors': ALARM if any is.

        Without any contributor each execution is a missing result (*inferred*).
        """
        if not states:
            return self.evaluate([None for _ in executions], previous)
        return next((state for state in (ALARM, OK) if state in states.values()), INSUFFICIENT_DATA)


def rate(expression: str) -> int:
    """Return the seconds of a schedule, `rate(5 minutes)`.

    Raises
    ------
    ArgumentError
        If it is none; the singular goes with 1 only, as in EventBridge (*inferred*).

    Examples
    --------
    >>> rate("rate(5 minutes)")
    300
    """
    found = _RATE.fullmatch(expression)
    if not found or (found[1] == "1") == bool(found[3]):
        raise ArgumentError(
            f"the schedule is {expression!r}; write rate(5 minutes), rate(1 hour) or rate(1 day), with a whole number"
        )
    return int(found[1]) * _UNITS[found[2]]
