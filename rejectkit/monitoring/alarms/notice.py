"""The notice of an alarm: the JSON that an SNS topic is sent, and its subject."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.reasons import Judgement
from rejectkit.monitoring.timing.moments import stamp

SUBJECT_LIMIT: Final = 100

REGIONS: Final[Mapping[str, str]] = {
    "af-south-1": "Africa (Cape Town)",
    "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-east-2": "Asia Pacific (Taipei)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-south-2": "Asia Pacific (Hyderabad)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-southeast-3": "Asia Pacific (Jakarta)",
    "ap-southeast-4": "Asia Pacific (Melbourne)",
    "ap-southeast-5": "Asia Pacific (Malaysia)",
    "ap-southeast-6": "Asia Pacific (New Zealand)",
    "ap-southeast-7": "Asia Pacific (Thailand)",
    "ca-central-1": "Canada (Central)",
    "ca-west-1": "Canada West (Calgary)",
    "cn-north-1": "China (Beijing)",
    "cn-northwest-1": "China (Ningxia)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-central-2": "Europe (Zurich)",
    "eu-north-1": "EU (Stockholm)",
    "eu-south-1": "EU (Milan)",
    "eu-south-2": "Europe (Spain)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eusc-de-east-1": "AWS European Sovereign Cloud (Germany)",
    "il-central-1": "Israel (Tel Aviv)",
    "me-central-1": "Middle East (UAE)",
    "me-south-1": "Middle East (Bahrain)",
    "mx-central-1": "Mexico (Central)",
    "sa-east-1": "South America (Sao Paulo)",
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-gov-east-1": "AWS GovCloud (US-East)",
    "us-gov-west-1": "AWS GovCloud (US-West)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
}
"""Long names of the regions. Source: "Regions and Zones"; the older ones of Europe keep the "EU" that notices show."""


def region_name(region: str) -> str:
    """Return a region's long name; its own where the table has none.

    Examples
    --------
    >>> region_name("us-east-1")
    'US East (N. Virginia)'
    """
    return REGIONS.get(region, region)


def alarm_message(
    alarm: Mapping[str, Any],
    old_state: str,
    new: Judgement,
    changed: datetime | float,
    *,
    after_mute_window: bool = False,
) -> dict[str, Any]:
    """Return what a metric alarm publishes to a topic when its state changes.

    Parameters
    ----------
    alarm : mapping
        One of DescribeAlarms' MetricAlarms; account and region are those of its AlarmArn.
    old_state : str
        The state before.
    new : Judgement
        The state now, with its reason.
    changed : datetime or float
        When it changed: aware, or seconds since the epoch.
    after_mute_window : bool
        Whether a mute rule held the action back.

    Returns
    -------
    dict
        The SNS `Message` is this as JSON text.

    Raises
    ------
    ArgumentError
        If the AlarmArn is none.

    Notes
    -----
    Source: CloudWatch user guide, "Alarm actions" (notification schemas), and recorded notices. TreatMissingData is
    empty where the alarm was put without one (*inferred* from a notice quoted in public).
    """
    return {
        **stated(alarm, old_state, new, changed),
        "ActionExecutedAfterMuteWindow": after_mute_window,
        "Trigger": _trigger(alarm),
    }


def stated(alarm: Mapping[str, Any], old_state: str, new: Judgement, changed: datetime | float) -> dict[str, Any]:
    """Return what the messages of every kind of alarm begin with; the parameters are those of `alarm_message`."""
    region, account = _place(alarm)
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": _stamped(alarm.get("AlarmConfigurationUpdatedTimestamp", changed)),
        "NewStateValue": new.state,
        "NewStateReason": new.reason,
        "StateChangeTime": stamp(changed),
        "Region": region_name(region),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old_state,
        "OKActions": list(alarm.get("OKActions") or ()),
        "AlarmActions": list(alarm.get("AlarmActions") or ()),
        "InsufficientDataActions": list(alarm.get("InsufficientDataActions") or ()),
    }


def alarm_subject(alarm_name: str, state: str, region: str) -> str:
    """Return the subject of the message, at most 100 characters: a longer name is cut.

    Examples
    --------
    >>> alarm_subject("rejects", "ALARM", "us-east-1")
    'ALARM: "rejects" in US East (N. Virginia)'
    """
    over = len(f'{state}: "{alarm_name}" in {region_name(region)}') - SUBJECT_LIMIT
    name = f"{alarm_name[: len(alarm_name) - over - 3]}..." if over > 0 else alarm_name
    return f'{state}: "{name}" in {region_name(region)}'


def _trigger(alarm: Mapping[str, Any]) -> dict[str, Any]:
    extended = alarm.get("ExtendedStatistic")
    statistic = (
        {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": extended}
        if extended
        else {"StatisticType": "Statistic", "Statistic": str(alarm.get("Statistic", "")).upper()}
    )
    told = {"DatapointsToAlarm": alarm["DatapointsToAlarm"]} if alarm.get("DatapointsToAlarm") else {}
    return {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        **statistic,
        "Unit": alarm.get("Unit"),
        "Dimensions": [{"value": each["Value"], "name": each["Name"]} for each in alarm.get("Dimensions") or ()],
        "Period": alarm.get("Period"),
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        **told,
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": alarm.get("Threshold"),
        "TreatMissingData": alarm.get("TreatMissingData") or "",
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile") or "",
    }


def _place(alarm: Mapping[str, Any]) -> tuple[str, str]:
    """Return region and account of an alarm's ARN, `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`."""
    parts = str(alarm.get("AlarmArn", "")).split(":", 6)
    if len(parts) < 7 or parts[0] != "arn":
        raise ArgumentError(
            f"AlarmArn is {alarm.get('AlarmArn')!r}; an alarm's is arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME"
        )
    return parts[3], parts[4]


def _stamped(moment: Any) -> Any:
    return stamp(moment) if isinstance(moment, datetime | float | int) else moment
