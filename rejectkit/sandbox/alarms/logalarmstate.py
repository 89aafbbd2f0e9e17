"""One log alarm: how it was put, its state, the latest results of its query and their contributors."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rejectkit.monitoring.alarms.alarm import ALARM
from rejectkit.monitoring.alarms.logaggregation import Aggregation
from rejectkit.monitoring.alarms.logalarm import MOST_RESULTS, Contributor, Execution, LogAlarmRule
from rejectkit.monitoring.alarms.lognotice import log_alarm_message
from rejectkit.monitoring.alarms.reasons import UNCHECKED, Judgement
from rejectkit.sandbox.alarms.alarmchecks import ACTIONS
from rejectkit.sandbox.alarms.alarmstate import Stated

_ALWAYS: Mapping[str, Any] = {"ActionsEnabled": True, **dict.fromkeys(ACTIONS, ()), "ActionLogLineCount": 0}
_CONFIGURED = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", *ACTIONS, "ScheduledQueryConfiguration"),
    *("QueryResultsToEvaluate", "QueryResultsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"),
    *("ActionLogLineCount", "ActionLogLineRoleArn", "ActionConfiguration"),
)
_RESETS = ("QueryString", "LogGroupIdentifiers", "ScheduleConfiguration", "AggregationExpression")


def configuration(params: Mapping[str, Any], query_arn: str) -> dict[str, Any]:
    """Return an alarm's configuration as DescribeAlarms has it: what was not given is absent (*inferred*)."""
    told = {**_ALWAYS} | {member: params[member] for member in _CONFIGURED if params.get(member) is not None}
    told["Threshold"] = float(told["Threshold"])
    query = {key: value for key, value in told["ScheduledQueryConfiguration"].items() if key != "Tags"}
    query["ScheduleConfiguration"] = {"EndTimeOffset": 0, **query["ScheduleConfiguration"]}
    told["ScheduledQueryConfiguration"] = {**query, "QueryARN": query_arn}
    return {member: list(value) if isinstance(value, tuple) else value for member, value in told.items()}


@dataclass(frozen=True, slots=True)
class ContributorState:
    """The state of one contributor, since when, and why."""

    judgement: Judgement
    changed_at: datetime


@dataclass(slots=True)
class LogAlarm(Stated):
    """An alarm of a scheduled query.

    Attributes
    ----------
    arn : str
        Its ARN.
    configured : dict
        Its configuration, as DescribeAlarms has it.
    rule : LogAlarmRule
        The rule in it.
    aggregation : Aggregation
        What it makes of the query's rows.
    configured_at, changed_at, updated_at : datetime
        When it was put, when its state changed last, and when its state or evaluation state did.
    judgement : Judgement
        Its state and the reason.
    evaluation_state : str
        PARTIAL_DATA, EVALUATION_FAILURE, EVALUATION_ERROR or empty.
    told : str
        StateReasonData as text; empty where there is none.
    tags : dict
        Its tags.
    executions : deque of Execution
        The latest runs since it was made or its query changed, oldest first.
    contributors : dict of tuple to ContributorState
        Where results are grouped: each one's state.
    lines : list of mapping
        Rows of the latest run before the aggregation, as many as its notices are to show.
    """

    arn: str
    configured: dict[str, Any]
    rule: LogAlarmRule
    aggregation: Aggregation
    configured_at: datetime
    changed_at: datetime
    updated_at: datetime
    judgement: Judgement = UNCHECKED
    evaluation_state: str = ""
    told: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    executions: deque[Execution] = field(default_factory=lambda: deque(maxlen=MOST_RESULTS))
    contributors: dict[Contributor, ContributorState] = field(default_factory=dict)
    lines: list[Mapping[str, str]] = field(default_factory=list)

    kind = "LogAlarm"

    @property
    def query(self) -> Mapping[str, Any]:
        """Its ScheduledQueryConfiguration."""
        found: Mapping[str, Any] = self.configured["ScheduledQueryConfiguration"]
        return found

    def actions(self) -> list[str]:
        """Return the ARNs of what is to happen in its state, as far as the alarm itself acts.

        Where results are grouped, each contributor acts on ALARM and OK. Source: user guide, "Log alarms".
        """
        return [] if self.aggregation.fields and self.state != "INSUFFICIENT_DATA" else self.targets(self.state)

    def resets(self, configured: Mapping[str, Any]) -> bool:
        """Return whether another configuration asks another question, so that the results so far do not count."""
        asked = configured["ScheduledQueryConfiguration"]
        return any(self.query.get(member) != asked.get(member) for member in _RESETS)

    def propagated(self) -> dict[str, str] | None:
        """Return the tags that its notices tell, None where they tell none."""
        told = (self.configured.get("ActionConfiguration") or {}).get("AlarmTagsPropagation") or {}
        if not told.get("Enabled"):
            return None
        wanted, refused = told.get("IncludedTagKeys"), told.get("ExcludedTagKeys") or ()
        return {key: text for key, text in self.tags.items() if (not wanted or key in wanted) and key not in refused}

    def attributes(self, contributor: Contributor) -> dict[str, str]:
        """Return a contributor's fields and values."""
        return dict(zip(self.aggregation.fields, contributor, strict=True))

    def describe(self) -> dict[str, Any]:
        """Return the alarm as DescribeAlarms has it."""
        return {
            **self.configured,
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": self.configured_at,
            "StateValue": self.state,
            "StateReason": self.judgement.reason,
            **({"StateReasonData": self.told} if self.told else {}),
            **({"EvaluationState": self.evaluation_state} if self.evaluation_state else {}),
            "StateUpdatedTimestamp": self.updated_at,
            "StateTransitionedTimestamp": self.changed_at,
        }

    def message(
        self, old: str, new: Judgement, changed: datetime, contributor: Contributor | None = None
    ) -> dict[str, Any]:
        """Return what its topics are sent when its state, or a contributor's, changes."""
        return log_alarm_message(
            self.describe(),
            old,
            new,
            changed,
            query_id=self.executions[-1].id if self.executions else "",
            attributes=None if contributor is None else self.attributes(contributor),
            lines=self._lines(contributor),
            tags=self.propagated(),
        )

    def in_alarm(self) -> dict[Contributor, ContributorState]:
        """Return the contributors that are in ALARM."""
        return {key: one for key, one in self.contributors.items() if one.judgement.state == ALARM}

    def _lines(self, contributor: Contributor | None) -> list[Mapping[str, str]]:
        """Return the rows to tell; of a contributor's, those that show its fields with its values."""
        most = self.configured["ActionLogLineCount"]
        if contributor is None:
            return self.lines[:most]
        named = self.attributes(contributor).items()
        return [line for line in self.lines if all(line.get(name, text) == text for name, text in named)][:most]
