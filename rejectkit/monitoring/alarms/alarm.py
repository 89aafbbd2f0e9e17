"""AlarmRule: when a CloudWatch metric alarm is OK, ALARM or INSUFFICIENT_DATA."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms import reasons
from rejectkit.monitoring.alarms.reasons import Datapoint, Judgement

OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"
STATES: Final = (OK, ALARM, INSUFFICIENT_DATA)

STATISTICS: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
TREATMENTS: Final = ("missing", "ignore", "breaching", "notBreaching")
COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
SIGNS: Final = dict(zip(COMPARISONS, (">=", ">", "<", "<="), strict=True))

HIGH_RESOLUTION: Final = (10, 20, 30)
LONGEST_BELOW_AN_HOUR: Final = 86_400
LONGEST: Final = 604_800


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """The rule of a metric alarm with a static threshold; `AlarmRule()` is the recipe's.

    Parameters
    ----------
    period : int
        Seconds a datapoint covers: 10, 20, 30 or a multiple of 60. 10, 20 and 30 need a metric stored at one
        second, which a metric filter's is not.
    evaluation_periods : int
        N: the datapoints judged.
    datapoints_to_alarm : int
        M: how many of them must breach. 1 where it is left out, whatever N is; where PutMetricAlarm leaves it out,
        AWS takes N (`from_describe` reads it so).
    threshold : float
        What a datapoint is compared with; finite.
    comparison : str
        GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanThreshold or LessThanOrEqualToThreshold.
    statistic : str
        SampleCount, Average, Sum, Minimum or Maximum.
    treat_missing_data : str
        missing, ignore, breaching or notBreaching.

    Raises
    ------
    ArgumentError
        If a value is one that PutMetricAlarm refuses. Source: CloudWatch API reference, "PutMetricAlarm".

    Examples
    --------
    >>> AlarmRule().evaluate([3.0])
    'ALARM'
    >>> AlarmRule(evaluation_periods=3, datapoints_to_alarm=2).evaluate([5, None, 0, 4])
    'ALARM'
    """

    period: int = 60
    evaluation_periods: int = 1
    datapoints_to_alarm: int = 1
    threshold: float = 0.0
    comparison: str = "GreaterThanThreshold"
    statistic: str = "Sum"
    treat_missing_data: str = "notBreaching"

    def __post_init__(self) -> None:
        """Check every value against the limits of PutMetricAlarm."""
        for name in ("period", "evaluation_periods", "datapoints_to_alarm"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        object.__setattr__(self, "threshold", finite(self.threshold))
        _one_of("comparison", self.comparison, tuple(COMPARISONS))
        _one_of("statistic", self.statistic, STATISTICS)
        _one_of("treat_missing_data", self.treat_missing_data, TREATMENTS)
        if self.period not in HIGH_RESOLUTION and self.period % 60:
            raise ArgumentError(f"period is {self.period} s; it is 10, 20, 30 or a multiple of 60")
        longest = LONGEST_BELOW_AN_HOUR if self.period < 3600 else LONGEST
        if self.period * self.evaluation_periods > longest:
            raise ArgumentError(
                f"period × evaluation_periods is {self.period} s × {self.evaluation_periods} = "
                f"{self.period * self.evaluation_periods:,} s; for this period at most {longest:,} s: "
                f"take evaluation_periods={longest // self.period} or fewer"
                + ("" if self.period >= 3600 else ", or a period of 3600 s or more")
            )
        if self.datapoints_to_alarm > self.evaluation_periods:
            raise ArgumentError(
                f"datapoints_to_alarm is {self.datapoints_to_alarm}, more than the {self.evaluation_periods} of "
                "evaluation_periods; M of N needs M ≤ N"
            )

    @classmethod
    def from_describe(cls, metric_alarm: Mapping[str, Any]) -> AlarmRule:
        """Return the rule of one of DescribeAlarms' MetricAlarms.

        DatapointsToAlarm absent is N, TreatMissingData absent is `missing`: the service's own defaults.

        Raises
        ------
        ArgumentError
            If it is no alarm of one metric, one plain statistic and a static threshold.
        """
        told = {key: value for key, value in metric_alarm.items() if value is not None}
        needed = ("Period", "EvaluationPeriods", "Threshold", "ComparisonOperator", "Statistic")
        absent = [key for key in needed if key not in told]
        if absent:
            raise ArgumentError(
                f"alarm {metric_alarm.get('AlarmName', '(no name)')!r} has no {' and no '.join(absent)}; a rule is of "
                "one metric, one of the five plain statistics and a static threshold"
            )
        return cls(
            period=told["Period"],
            evaluation_periods=told["EvaluationPeriods"],
            datapoints_to_alarm=told.get("DatapointsToAlarm", told["EvaluationPeriods"]),
            threshold=told["Threshold"],
            comparison=told["ComparisonOperator"],
            statistic=told["Statistic"],
            treat_missing_data=told.get("TreatMissingData", "missing"),
        )

    def as_put_metric_alarm(self) -> dict[str, Any]:
        """Return the rule as arguments of PutMetricAlarm; the alarm's name, metric and actions are not among them."""
        return {
            "Period": self.period,
            "EvaluationPeriods": self.evaluation_periods,
            "DatapointsToAlarm": self.datapoints_to_alarm,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison,
            "Statistic": self.statistic,
            "TreatMissingData": self.treat_missing_data,
        }

    def breaches(self, value: float) -> bool:
        """Return whether a datapoint's value is on the threshold's wrong side."""
        return bool(COMPARISONS[self.comparison](value, self.threshold))

    def evaluate(self, points: Sequence[float | None], previous: str = INSUFFICIENT_DATA) -> str:
        """Return the state that one evaluation gives: OK, ALARM or INSUFFICIENT_DATA.

        Parameters
        ----------
        points : sequence of float or None
            The datapoints of the evaluation range, oldest first; None and NaN are missing. They may be more than
            `evaluation_periods`; where they are fewer, those before them count as missing.
        previous : str
            The state before; `ignore` keeps it where the data do not decide.

        Notes
        -----
        Source: CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data"; see `decide`.

        Examples
        --------
        >>> AlarmRule(treat_missing_data="missing").evaluate([None])
        'INSUFFICIENT_DATA'
        """
        _one_of("previous", previous, STATES)
        marks = [None if value is None or math.isnan(value) else self.breaches(value) for value in points]
        return decide(marks, self.evaluation_periods, self.datapoints_to_alarm, self.treat_missing_data, previous)

    def judge(
        self,
        datapoints: Sequence[Datapoint],
        previous: str,
        at: datetime | float,
        *,
        m_of_n: bool | None = None,
        unit: str | None = None,
    ) -> Judgement:
        """Return the state that one evaluation gives, with the service's reason for it.

        Parameters
        ----------
        datapoints : sequence of Datapoint
            One evaluation range, oldest first, one element per slot, `period` seconds apart; at least one.
        previous : str
            The state before.
        at : datetime or float
            When it is evaluated: aware, or seconds since the epoch.
        m_of_n : bool, optional
            Whether the alarm was put with DatapointsToAlarm: its reasons then read "1 out of the last 1
            datapoints", else "1 datapoint". Where left out: if M is less than N.
        unit : str, optional
            The alarm's unit, where it was put with one.

        Raises
        ------
        ArgumentError
            If there is no slot, or they are not one period apart.

        Examples
        --------
        >>> AlarmRule().judge([Datapoint(1795422240, 3.0)], "OK", 1795422342.8).reason
        'Threshold Crossed: 1 datapoint [3.0 (23/11/26 08:24:00)] was greater than the threshold (0.0).'
        """
        state = self.evaluate([point.value for point in datapoints], previous)
        return reasons.explain(self, datapoints, state, at, m_of_n=m_of_n, unit=unit)

    def __str__(self) -> str:
        """Return the rule in one line."""
        return (
            f"{self.statistic} of {self.period} s {SIGNS[self.comparison]} {self.threshold:g}, "
            f"{self.datapoints_to_alarm} of {self.evaluation_periods}, missing data: {self.treat_missing_data}"
        )


def decide(marks: Sequence[bool | None], n: int, m: int, treatment: str, previous: str) -> str:
    """Return the state for a range whose datapoints are known to breach (True), not to (False), or missing (None).

    The rules, of which the first that applies holds (`marks` are oldest first, `real` are those not missing):

    1. N or more real: the newest N real decide, M of them breaching make ALARM; the treatment is not used.
    2. breaching, notBreaching: each of the N − real that lack counts as such; M breaching make ALARM, else OK.
    3. No real one: INSUFFICIENT_DATA under missing, the previous state under ignore.
    4. M real ones breach: ALARM. Else, one does not: OK.
    5. All real ones breach, fewer than M: ignore keeps the previous state. missing makes ALARM if the oldest of
       them is M slots old or older (the newest slot is 1 old), so that a lone fresh one does not.

    Notes
    -----
    Source: CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data" and its "Avoiding
    premature transitions to alarm state"; that page gives tables and prose, of which these rules are *inferred*
    and reproduce every cell. The page does not name the state of rule 5 for a fresh breach; here it is
    INSUFFICIENT_DATA, whatever the state before (*inferred*).
    """
    newest_first = marks[::-1]
    real = [mark for mark in newest_first if mark is not None]
    if len(real) >= n:
        return ALARM if sum(real[:n]) >= m else OK
    breaching = sum(real)
    if treatment in ("breaching", "notBreaching"):
        filled = n - len(real) if treatment == "breaching" else 0
        return ALARM if breaching + filled >= m else OK
    if not real:
        return previous if treatment == "ignore" else INSUFFICIENT_DATA
    if breaching >= m:
        return ALARM
    if breaching < len(real):
        return OK
    if treatment == "ignore":
        return previous
    oldest = max(age for age, mark in enumerate(newest_first, 1) if mark is not None)
    return ALARM if oldest >= m else INSUFFICIENT_DATA


def whole_number(name: str, value: object, least: int = 1) -> int:
    """Return a whole number of a rule, of whatever integer type; refuse one that is less, or none."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ArgumentError(f"{name} is {value!r}; it is a whole number, {least} or more")
    return number


def finite(value: object) -> float:
    """Return a threshold as a number; refuse one that is none, or not finite."""
    try:
        number = math.nan if isinstance(value, bool | str) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentError(f"threshold is {value!r}; it is a finite number")
    return number


def _one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ArgumentError(f"{name} is {value!r}; it is one of {', '.join(allowed)}")
