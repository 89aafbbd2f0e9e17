"""The history of an alarm: items in the shape that DescribeAlarmHistory answers them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from rejectkit.monitoring.alarms.reasons import Judgement, compact, fit
from rejectkit.monitoring.timing.moments import epoch, stamp

DATA_LIMIT: Final = 4_095
SUMMARY_LIMIT: Final = 255

_CHANGES: Final = {"Create": "created", "Update": "updated", "Delete": "deleted"}
_LEAST: Final = 400  # characters of reason data under which it says nothing


def state_update(alarm_name: str, old: Judgement, new: Judgement, at: datetime | float) -> dict[str, Any]:
    """Return the item of a change of state.

    Source: recorded answers of DescribeAlarmHistory. Where both states' reason data pass the limit of 4,095
    characters, the old one's is cut first (*inferred*).
    """
    data: dict[str, Any] = {"version": "1.0", "oldState": _state(old), "newState": _state(new)}
    for which in ("oldState", "newState"):
        over = len(compact(data)) - DATA_LIMIT
        told = data[which].get("stateReasonData")
        if over <= 0 or told is None:
            continue
        room = len(compact(told)) - over
        cut = fit(told, max(room, _LEAST))
        data[which] = {key: value for key, value in data[which].items() if key != "stateReasonData"}
        if cut and len(compact(cut)) <= max(room, _LEAST):
            data[which]["stateReasonData"] = cut
    return _item(alarm_name, "StateUpdate", f"Alarm updated from {old.state} to {new.state}", data, at)


def configuration_update(
    alarm: Mapping[str, Any],
    change: Literal["Create", "Update", "Delete"],
    at: datetime | float,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the item of an alarm created, updated or deleted.

    Parameters
    ----------
    alarm : mapping
        One of DescribeAlarms' MetricAlarms; of a deleted one, as it last was.
    change : {"Create", "Update", "Delete"}
        What happened.
    at : datetime or float
        When: aware, or seconds since the epoch.
    before : mapping, optional
        For an update: the alarm as it was.

    Notes
    -----
    The shape of a creation is that of histories quoted in public; those of update and deletion are *inferred* from
    it.
    """
    data: dict[str, Any] = {"version": "1.0", "type": change}
    if before is not None:
        data["previousAlarm"] = _configuration(before)
    data[f"{_CHANGES[change]}Alarm"] = _configuration(alarm)
    if len(compact(data)) > DATA_LIMIT:
        data.pop("previousAlarm", None)
    summary = f'Alarm "{alarm["AlarmName"]}" {_CHANGES[change]}'
    return _item(alarm["AlarmName"], "ConfigurationUpdate", summary, data, at)


def action(
    alarm_name: str,
    target: str,
    changed: datetime | float,
    at: datetime | float,
    *,
    message: str | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    """Return the item of an action: that a notice was sent, or could not be.

    Parameters
    ----------
    alarm_name : str
        Whose action.
    target : str
        ARN of the topic, or of what else was called.
    changed : datetime or float
        When the state changed: aware, or seconds since the epoch.
    at : datetime or float
        When the action ran.
    message : str, optional
        The text that was published; left out of the item where it would be too long.
    error : str, optional
        Why it failed.

    Notes
    -----
    Source: recorded answers of DescribeAlarmHistory, for a Lambda action; for a topic `publishedMessage` is the
    message (*inferred*).
    """
    data: dict[str, Any] = {
        "actionState": "Failed" if error else "Succeeded",
        "stateUpdateTimestamp": round(epoch(changed) * 1000),
        "notificationResource": target,
        "publishedMessage": message,
        "error": error,
        "muteWindowEndTimestamp": None,
    }
    if len(compact(data)) > DATA_LIMIT:
        data["publishedMessage"] = None
    if error:
        summary = f"Failed to execute action {target}. Received error: {error}"
    else:
        summary = f"Successfully executed action {target}"
    return _item(alarm_name, "Action", summary, data, at)


def _item(name: str, kind: str, summary: str, data: Mapping[str, Any], at: datetime | float) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmType": "MetricAlarm",
        "Timestamp": datetime.fromtimestamp(round(epoch(at) * 1000) / 1000, UTC),
        "HistoryItemType": kind,
        "HistorySummary": summary if len(summary) <= SUMMARY_LIMIT else f"{summary[: SUMMARY_LIMIT - 3]}...",
        "HistoryData": compact(data),
    }


def _state(judgement: Judgement) -> dict[str, Any]:
    told: dict[str, Any] = {"stateValue": judgement.state, "stateReason": judgement.reason}
    if judgement.reason_data:
        told["stateReasonData"] = dict(judgement.reason_data)
    return told


def _configuration(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alarm's configuration with history's own spelling: `alarmName`, and `okactions`."""
    told = {_spelt(key): value for key, value in alarm.items() if key in _CONFIGURATION and value is not None}
    told["dimensions"] = [{"value": each["Value"], "name": each["Name"]} for each in alarm.get("Dimensions") or ()]
    return {key: stamp(value) if isinstance(value, datetime) else value for key, value in told.items()}


def _spelt(key: str) -> str:
    return "okactions" if key == "OKActions" else key[0].lower() + key[1:]


_CONFIGURATION: Final = frozenset(
    (
        "AlarmName",
        "AlarmDescription",
        "AlarmArn",
        "AlarmConfigurationUpdatedTimestamp",
        "Namespace",
        "MetricName",
        "Statistic",
        "ExtendedStatistic",
        "Unit",
        "Period",
        "Threshold",
        "ComparisonOperator",
        "EvaluationPeriods",
        "DatapointsToAlarm",
        "TreatMissingData",
        "EvaluateLowSampleCountPercentile",
        "StateValue",
        "StateUpdatedTimestamp",
        "ActionsEnabled",
        "AlarmActions",
        "InsufficientDataActions",
        "OKActions",
    )
)
