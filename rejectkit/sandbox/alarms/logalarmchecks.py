"""What PutLogAlarm refuses, and what of it the sandbox does not play."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import COMPARISONS, TREATMENTS
from rejectkit.monitoring.alarms.logaggregation import Aggregation
from rejectkit.monitoring.alarms.logalarm import LONGEST_OFFSET, MOST_LINES, MOST_RESULTS, LogAlarmRule
from rejectkit.sandbox.alarms.alarmchecks import ACTIONS, BANDS, check_actions, check_tags
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.metrics.checks import at_most, between, constraint, one_of, validation_error

_NEEDED = (
    *("AlarmName", "ScheduledQueryConfiguration", "QueryResultsToEvaluate", "QueryResultsToAlarm", "Threshold"),
    "ComparisonOperator",
)
_QUERY_NEEDED = ("QueryString", "ScheduledQueryRoleARN", "ScheduleConfiguration", "AggregationExpression")
_TARGETS = ("sns", "lambda", "ssm")


def check_log_alarm(params: Mapping[str, Any], region: str) -> tuple[LogAlarmRule, Aggregation]:
    """Return the rule and the aggregation that PutLogAlarm's members tell.

    Raises
    ------
    ServiceError
        `ValidationError`. Source: CloudWatch API reference, "PutLogAlarm"; the texts are *inferred*, in the service's
        general form "1 validation error detected". A query that cannot be run is not refused here: its alarm gets
        EVALUATION_ERROR (user guide, "Log alarms").
    """
    _check_needed(params, _NEEDED, "PutLogAlarm request should have")
    query = params["ScheduledQueryConfiguration"]
    _check_needed(query, _QUERY_NEEDED, "ScheduledQueryConfiguration should have")
    schedule = query["ScheduleConfiguration"]
    _check_needed(schedule, ("ScheduleExpression", "StartTimeOffset"), "ScheduleConfiguration should have")
    _check_name(params)
    _check_query(query, schedule)
    _check_evaluation(params)
    _check_lines(params)
    _check_propagation(params.get("ActionConfiguration") or {})
    check_actions(params, region)
    for member in ACTIONS:
        for target in params.get(member) or ():
            if target.split(":")[2] not in _TARGETS:
                raise validation_error(f"Log alarms do not support the action {target}; only SNS, Lambda, SSM OpsItem.")
    check_tags(params.get("Tags") or ())
    check_tags(query.get("Tags") or ())
    if params.get("WarmUpConfiguration"):
        raise validation_error("The sandbox does not play a warm-up (WarmUpConfiguration) yet.")
    if not query.get("LogGroupIdentifiers"):
        raise validation_error("The sandbox does not play log alarms without LogGroupIdentifiers (a SOURCE command).")
    try:
        return LogAlarmRule.from_describe(params), Aggregation.parse(query["AggregationExpression"])
    except ArgumentError as error:
        raise validation_error(str(error)) from error


def _check_needed(params: Mapping[str, Any], needed: tuple[str, ...], words: str) -> None:
    for member in needed:
        if params.get(member) is None:
            raise validation_error(f"{words} a {member} parameter")


def _check_name(params: Mapping[str, Any]) -> None:
    if not params["AlarmName"]:
        raise constraint("", "AlarmName", "have length greater than or equal to 1")
    at_most(params, "AlarmName", 255)
    at_most(params, "AlarmDescription", 1024)
    if any(ord(character) < 32 or ord(character) == 127 for character in params["AlarmName"]):
        raise validation_error("AlarmName must not contain ASCII Control characters")
    for member in ACTIONS:
        at_most(params, member, 5)


def _check_query(query: Mapping[str, Any], schedule: Mapping[str, Any]) -> None:
    at_most(query, "QueryString", 10_000)
    at_most(query, "AggregationExpression", 2_048)
    at_most(query, "LogGroupIdentifiers", 50)
    at_most(schedule, "ScheduleExpression", 256)
    between(schedule, "StartTimeOffset", 1, LONGEST_OFFSET)
    between(schedule, "EndTimeOffset", 0, LONGEST_OFFSET)
    if (schedule.get("EndTimeOffset") or 0) >= schedule["StartTimeOffset"]:
        raise validation_error("EndTimeOffset must be non-negative and less than StartTimeOffset")
    _check_role(query["ScheduledQueryRoleARN"], "ScheduledQueryRoleARN")


def _check_role(arn: str, member: str) -> None:
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise validation_error(f"Invalid arn syntax: {arn} at {member} is no role of IAM")


def _check_evaluation(params: Mapping[str, Any]) -> None:
    one_of(params, "ComparisonOperator", (*COMPARISONS, *BANDS))
    if params["ComparisonOperator"] in BANDS:
        raise validation_error(f"Log alarms do not support the comparison operator {params['ComparisonOperator']}")
    for member in ("QueryResultsToEvaluate", "QueryResultsToAlarm"):
        between(params, member, 1, MOST_RESULTS)
    if params["QueryResultsToAlarm"] > params["QueryResultsToEvaluate"]:
        raise validation_error("QueryResultsToAlarm must be less than or equal to QueryResultsToEvaluate")
    if not math.isfinite(params["Threshold"]):
        raise validation_error("PutLogAlarm request should have valid Threshold parameter")
    treatment = params.get("TreatMissingData")
    if treatment is not None and treatment not in TREATMENTS:
        raise validation_error(
            f"The value {treatment} is not supported for TreatMissingData parameter. "
            "Supported values are [breaching, notBreaching, ignore, missing]."
        )


def _check_lines(params: Mapping[str, Any]) -> None:
    between(params, "ActionLogLineCount", 0, MOST_LINES)
    role = params.get("ActionLogLineRoleArn")
    if params.get("ActionLogLineCount"):
        if not role:
            raise validation_error("ActionLogLineRoleArn is required when ActionLogLineCount is greater than 0")
        if "unmask(" in params["ScheduledQueryConfiguration"]["QueryString"].lower():
            raise validation_error("Queries using unmask() cannot include log lines in notifications")
    if role:
        _check_role(role, "ActionLogLineRoleArn")


def _check_propagation(configuration: Mapping[str, Any]) -> None:
    told = configuration.get("AlarmTagsPropagation")
    if told is None:
        return
    if told.get("Enabled") is None:
        raise validation_error("AlarmTagsPropagation should have a Enabled parameter")
    if told.get("IncludedTagKeys") and told.get("ExcludedTagKeys"):
        raise validation_error("You can't specify both IncludedTagKeys and ExcludedTagKeys.")
    for member in ("IncludedTagKeys", "ExcludedTagKeys"):
        at_most(told, member, 50)


def conflict(name: str, kind: str) -> ServiceError:
    """Return the refusal of an alarm whose name another kind of alarm has (its text is *inferred*)."""
    return ServiceError("ResourceConflict", f"An alarm with the name {name} exists already, of the type {kind}", 409)
