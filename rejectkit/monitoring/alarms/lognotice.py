"""The notice of a log alarm, and its items in the history."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from rejectkit.monitoring.alarms.history import DATA_LIMIT
from rejectkit.monitoring.alarms.notice import stated
from rejectkit.monitoring.alarms.reasons import Judgement, compact
from rejectkit.monitoring.timing.moments import stamp

LINES_MEMBER: Final = "LogLines"
"""The member that holds the log lines. *Inferred*: AWS documents that they are there, not where."""

LONGEST_MESSAGE: Final = 262_144
"""Bytes of a message that SNS takes; log lines are left out from the oldest on until it fits."""

KIND: Final = "LogAlarm"

_CHANGES = {"Create": "created", "Update": "updated", "Delete": "deleted"}
_CONFIGURED = (
    *("AlarmName", "AlarmDescription", "AlarmArn", "AlarmConfigurationUpdatedTimestamp", "ActionsEnabled"),
    *("OKActions", "AlarmActions", "InsufficientDataActions", "StateValue", "StateUpdatedTimestamp"),
    *("ScheduledQueryConfiguration", "QueryResultsToEvaluate", "QueryResultsToAlarm", "Threshold"),
    *("ComparisonOperator", "TreatMissingData", "ActionLogLineCount", "ActionLogLineRoleArn", "ActionConfiguration"),
)


def log_alarm_message(
    alarm: Mapping[str, Any],
    old_state: str,
    new: Judgement,
    changed: datetime | float,
    *,
    query_id: str = "",
    attributes: Mapping[str, str] | None = None,
    lines: Sequence[Mapping[str, str]] = (),
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what a log alarm publishes to a topic when its state, or a contributor's, changes.

    Parameters
    ----------
    alarm : mapping
        One of DescribeAlarms' LogAlarms; account and region are those of its AlarmArn.
    old_state : str
        The state before.
    new : Judgement
        The state now, with its reason.
    changed : datetime or float
        When it changed: aware, or seconds since the epoch.
    query_id : str
        The id of the latest run.
    attributes : mapping of str to str, optional
        Fields and values of the contributor, where results are grouped.
    lines : sequence of mapping
        Rows of the query before the aggregation, the fields of each; as many as fit are told.
    tags : mapping of str to str, optional
        The alarm's tags, where it was put with AlarmTagsPropagation enabled.

    Notes
    -----
    Source: CloudWatch user guide, "Log alarms" and "Alarm actions" (notification schemas).
    """
    configured = alarm["ScheduledQueryConfiguration"]
    told: dict[str, Any] = {
        **stated(alarm, old_state, new, changed),
        **({"NewStateReasonData": dict(new.reason_data)} if new.reason_data else {}),
        "LogGroups": list(configured["LogGroupIdentifiers"]),
        "QueryString": configured["QueryString"],
        "AggregationExpression": configured["AggregationExpression"],
        "QueryExecutionId": query_id,
    }
    if tags is not None:
        told["AlarmTags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    if attributes is not None:
        told["AlarmContributorId"] = contributor_id(attributes)
        told["AlarmContributorAttributes"] = dict(attributes)
    return _with_lines(told, lines)


def contributor_id(attributes: Mapping[str, str]) -> str:
    """Return a contributor's id: 16 characters, the same for the same fields and values (its make is *inferred*)."""
    return hashlib.sha256(compact(dict(sorted(attributes.items()))).encode()).hexdigest()[:16]


def configuration_update(
    alarm: Mapping[str, Any],
    change: Literal["Create", "Update", "Delete"],
    at: datetime,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the item of a log alarm created, updated or deleted; its shape is the metric alarm's (*inferred*)."""
    data: dict[str, Any] = {"version": "1.0", "type": change}
    if before is not None:
        data["previousAlarm"] = _configuration(before)
    data[f"{_CHANGES[change]}Alarm"] = _configuration(alarm)
    for drop in ("previousAlarm", f"{_CHANGES[change]}Alarm"):
        if len(compact(data)) > DATA_LIMIT:
            data.pop(drop, None)
    summary = f'Alarm "{alarm["AlarmName"]}" {_CHANGES[change]}'
    return {
        "AlarmName": alarm["AlarmName"],
        "Timestamp": at,
        "HistoryItemType": "ConfigurationUpdate",
        "HistorySummary": summary[:255],
        "HistoryData": compact(data),
    }


def _with_lines(told: dict[str, Any], lines: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    room = LONGEST_MESSAGE - len(compact(told).encode()) - len(LINES_MEMBER) - 16
    kept: list[dict[str, str]] = []
    for line in lines:
        room -= len(compact(dict(line)).encode()) + 1
        if room < 0:
            break
        kept.append(dict(line))
    return told | {LINES_MEMBER: kept} if kept else told


def _configuration(alarm: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _spelt(key): stamp(value) if isinstance(value, datetime) else _lowered(value)
        for key, value in alarm.items()
        if key in _CONFIGURED and value is not None
    }


def _lowered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_spelt(key): _lowered(inner) for key, inner in value.items()}
    return [_lowered(one) for one in value] if isinstance(value, list | tuple) else value


def _spelt(key: str) -> str:
    return "okactions" if key == "OKActions" else key[0].lower() + key[1:]
