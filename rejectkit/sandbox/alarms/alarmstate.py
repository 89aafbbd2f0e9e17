"""One metric alarm: how it was put, its state, and its evaluation over the metric's datapoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rejectkit.monitoring.alarms import evaluation
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.evaluation import EvaluationRange
from rejectkit.monitoring.alarms.notice import alarm_message
from rejectkit.monitoring.alarms.reasons import UNCHECKED, Datapoint, Judgement
from rejectkit.sandbox.alarms.alarmchecks import ACTIONS
from rejectkit.sandbox.metrics.checks import dimensions_of
from rejectkit.sandbox.metrics.metricstore import Metric, MetricStore, StatisticSet

_ALWAYS: Mapping[str, Any] = {"ActionsEnabled": True, "Dimensions": (), **dict.fromkeys(ACTIONS, ())}
_CONFIGURED = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", *ACTIONS, "MetricName", "Namespace", "Statistic"),
    *("Dimensions", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator"),
    *("TreatMissingData", "EvaluationWindow"),
)


def configuration(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alarm's configuration as DescribeAlarms has it: what was not given is absent.

    Source: recorded answers of DescribeAlarms.
    """
    told = {**_ALWAYS} | {member: params[member] for member in _CONFIGURED if params.get(member) is not None}
    told["Threshold"] = float(told["Threshold"])
    return {member: list(value) if isinstance(value, tuple) else value for member, value in told.items()}


class Stated:
    """What every kind of alarm has: a configuration and a judgement, and what follows of the two."""

    __slots__ = ()

    configured: dict[str, Any]
    judgement: Judgement

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.configured["AlarmName"])

    @property
    def state(self) -> str:
        """OK, ALARM or INSUFFICIENT_DATA."""
        return self.judgement.state

    def targets(self, state: str) -> list[str]:
        """Return the ARNs of what is to happen in a state."""
        member = {"OK": "OKActions", "ALARM": "AlarmActions"}.get(state, "InsufficientDataActions")
        return list(self.configured[member])

    def actions(self) -> list[str]:
        """Return the ARNs of what is to happen in its state."""
        return self.targets(self.state)


@dataclass(slots=True)
class MetricAlarm(Stated):
    """An alarm of one metric.

    Attributes
    ----------
    arn : str
        Its ARN.
    configured : dict
        Its configuration, as DescribeAlarms has it.
    rule : AlarmRule
        The rule in it.
    metric : Metric
        The metric it looks at.
    configured_at, changed_at : datetime
        When it was put, and when its state changed last.
    judgement : Judgement
        Its state and the reason.
    told : str
        StateReasonData as text, in SetAlarmState's own writing; empty where there is none.
    tags : dict
        Its tags.
    """

    arn: str
    configured: dict[str, Any]
    rule: AlarmRule
    metric: Metric
    configured_at: datetime
    changed_at: datetime
    judgement: Judgement = UNCHECKED
    told: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    _settled: tuple[int, str] | None = None  # the metric's version and the state that an empty range led to

    kind = "MetricAlarm"

    def configure(self, configured: dict[str, Any], rule: AlarmRule, store: MetricStore, at: datetime) -> None:
        """Take a new configuration; the state stays."""
        self.configured, self.rule, self.configured_at = configured, rule, at
        self.metric = store.metric(configured["Namespace"], configured["MetricName"], dimensions_of(configured))
        self._settled = None

    def describe(self) -> dict[str, Any]:
        """Return the alarm as DescribeAlarms has it."""
        return {
            **self.configured,
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": self.configured_at,
            "StateValue": self.state,
            "StateReason": self.judgement.reason,
            **({"StateReasonData": self.told} if self.told else {}),
            "StateUpdatedTimestamp": self.changed_at,
            "StateTransitionedTimestamp": self.changed_at,
        }

    def message(self, old: str, new: Judgement, changed: datetime) -> dict[str, Any]:
        """Return what its topics are sent when its state changes."""
        return alarm_message(self.describe(), old, new, changed)

    def is_due(self, at: float, every: int) -> bool:
        """Return whether one of the evaluations that come every so many seconds is one of this alarm."""
        interval = evaluation.interval(self.rule)
        return interval == every or (interval > every == 60 and at % interval < every)

    def evaluate(self, at: float, reach: EvaluationRange) -> Judgement | None:
        """Return the state that the datapoints of now give, with its reason; None where the state stays.

        The rule and the range are `AlarmRule`'s and `evaluation.slots`; here is only where datapoints come from.
        A range without any is looked at once: until the metric gets data, the next one says the same.
        """
        if self._settled == (self.metric.version, self.state):
            return None
        starts = evaluation.slots(self.rule, at, reach)
        period, first = self.rule.period, starts[0]
        unit = self.configured.get("Unit")
        found: Mapping[int, StatisticSet] = {}
        if self.metric.newest >= first:
            found = self.metric.periods(first, starts[-1] + period, period, unit)
        statistic = self.rule.statistic
        values = [found[start].statistic(statistic) if start in found else None for start in starts]
        state = self.rule.evaluate(values, self.state)
        if not found and self.metric.newest < first:
            self._settled = (self.metric.version, state)
        if state == self.state:
            return None
        points = [
            Datapoint(start, value, found[start].count if start in found else None)
            for start, value in zip(starts, values, strict=True)
        ]
        m_of_n = "DatapointsToAlarm" in self.configured
        return self.rule.judge(points, self.state, at, m_of_n=m_of_n, unit=unit)
