"""What PutMetricAlarm refuses, in the service's words, and what of it the sandbox does not play."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import (
    COMPARISONS,
    HIGH_RESOLUTION,
    LONGEST,
    LONGEST_BELOW_AN_HOUR,
    STATISTICS,
    TREATMENTS,
    AlarmRule,
)
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.metrics.checks import at_most, between, constraint, dimensions_of, one_of, validation_error
from rejectkit.sandbox.metrics.metricput import UNITS

ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")
BANDS = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
_MOST_TAGS = 50
_NOT_PLAYED = {
    "Metrics": "metric-math, Metrics Insights and anomaly-detection alarms (Metrics)",
    "ThresholdMetricId": "anomaly-detection alarms (ThresholdMetricId)",
    "EvaluationCriteria": "PromQL alarms (EvaluationCriteria)",
    "EvaluationInterval": "PromQL alarms (EvaluationInterval)",
    "WarmUpConfiguration": "a warm-up (WarmUpConfiguration)",
    "EvaluateLowSampleCountPercentile": "percentile alarms (EvaluateLowSampleCountPercentile)",
}


def not_played(what: str) -> ServiceError:
    """Return the refusal of what AWS takes and the sandbox does not."""
    return validation_error(
        f"The sandbox does not play {what} yet; it plays alarms of one metric, one of the statistics "
        f"{', '.join(STATISTICS)} and a static threshold."
    )


def check_metric_alarm(params: Mapping[str, Any], region: str) -> AlarmRule:
    """Return the rule that PutMetricAlarm's members tell.

    Raises
    ------
    ServiceError
        `ValidationError` and, of a statistic, `InvalidParameterValue`, as the service has it; `ValidationError`
        with a sentence of the sandbox for what it does not play.

    Notes
    -----
    Source: CloudWatch API reference, "PutMetricAlarm". The texts are recorded ones, where there is a recording;
    else (*inferred*) those of the service's general form "1 validation error detected".
    """
    _check_shape(params)
    _check_kind(params)
    for needed in ("ComparisonOperator", "Threshold", "EvaluationPeriods"):
        if params.get(needed) is None:
            raise validation_error(f"PutMetricAlarm request should have {_article(needed)} parameter")
    if not math.isfinite(params["Threshold"]):
        raise validation_error("PutMetricAlarm request should have valid Threshold parameter")
    _check_statistic(params)
    for needed in ("MetricName", "Namespace", "Period"):
        if params.get(needed) is None:
            raise validation_error(f"PutMetricAlarm request should have {_article(needed)} parameter")
    _check_periods(params["Period"], params["EvaluationPeriods"], params.get("DatapointsToAlarm"))
    treatment = params.get("TreatMissingData")
    if treatment is not None and treatment not in TREATMENTS:
        raise validation_error(
            f"The value {treatment} is not supported for TreatMissingData parameter. "
            "Supported values are [breaching, notBreaching, ignore, missing]."
        )
    dimensions_of(params)
    check_actions(params, region)
    check_tags(params.get("Tags") or ())
    try:
        return AlarmRule.from_describe(params)
    except ArgumentError as error:
        raise validation_error(str(error)) from error


def _check_shape(params: Mapping[str, Any]) -> None:
    for member, longest in (("AlarmName", 255), ("AlarmDescription", 1024), ("MetricName", 255), ("Namespace", 255)):
        at_most(params, member, longest)
    for character in params["AlarmName"]:
        if ord(character) < 32 or ord(character) == 127:
            raise validation_error("AlarmName must not contain ASCII Control characters")
    for member in ("Period", "EvaluationPeriods", "DatapointsToAlarm"):
        between(params, member, 1, 2**31 - 1)
    one_of(params, "Statistic", STATISTICS)
    one_of(params, "Unit", UNITS)
    one_of(params, "ComparisonOperator", (*COMPARISONS, *BANDS))
    at_most(params, "Dimensions", 30)
    for member in ACTIONS:
        at_most(params, member, 5)


def _check_kind(params: Mapping[str, Any]) -> None:
    scalar = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
    for member in scalar:
        if params.get("Metrics") and params.get(member):
            raise validation_error(f"{member} should not be set if list of Metrics is set.")
    for member, what in _NOT_PLAYED.items():
        if params.get(member):
            raise not_played(what)
    if params.get("ComparisonOperator") in BANDS:
        raise not_played(f"anomaly-detection alarms (ComparisonOperator {params['ComparisonOperator']})")
    if "WallClockWindow" in (params.get("EvaluationWindow") or {}):
        raise not_played("windows aligned to the clock (EvaluationWindow.WallClockWindow)")


def _check_statistic(params: Mapping[str, Any]) -> None:
    if params.get("Statistic") and params.get("ExtendedStatistic"):
        raise validation_error(
            "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic parameters. "
            "Only one of them should be present"
        )
    if params.get("ExtendedStatistic"):
        raise not_played(f"extended statistics (ExtendedStatistic {params['ExtendedStatistic']})")
    if not params.get("Statistic"):
        raise validation_error("PutMetricAlarm request should have a Statistic parameter")


def _check_periods(period: int, periods: int, to_alarm: int | None) -> None:
    if period not in HIGH_RESOLUTION and period % 60:
        raise validation_error("Period must be 10, 20, 30 or a multiple of 60")
    if period < 3600 and period * periods > LONGEST_BELOW_AN_HOUR:
        raise validation_error(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) "
            "for alarms using period < 3600"
        )
    if period * periods > LONGEST:
        raise validation_error(
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) "
            "for alarms using period >= 3600"
        )
    if to_alarm is not None and to_alarm > periods:
        raise validation_error("DatapointsToAlarm must be less than or equal to EvaluationPeriods")


def check_actions(params: Mapping[str, Any], region: str) -> None:
    """Refuse actions that are no ARN, or a topic of another region; that a target exists is not looked at.

    Source: CloudWatch user guide, "Alarm actions".
    """
    for member in ACTIONS:
        for target in params.get(member) or ():
            parts = target.split(":", 5)
            if len(parts) < 6 or parts[0] != "arn" or not all((parts[1], parts[2], parts[5])):
                raise validation_error(f"Invalid arn syntax: {target}")
            if parts[2] == "sns" and parts[3] != region:
                raise validation_error(f"Invalid region {parts[3]} specified. Only {region} is supported.")


def check_tags(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return tags as a mapping.

    Raises
    ------
    ServiceError
        `InvalidParameterValue` for more than 50, `AccessDenied` for a key of AWS's own. Source: recorded answers.
    """
    if len(tags) > _MOST_TAGS:
        raise ServiceError("InvalidParameterValue", "tags are invalid.")
    if any(tag["Key"].lower().startswith("aws:") for tag in tags):
        raise ServiceError("AccessDenied", 'The provided tag keys must not start with any case of "aws:"', 403)
    for tag in tags:
        if len(tag["Key"]) > 128 or len(tag["Value"]) > 256:
            raise constraint(tag["Key"], "tags", "have length less than or equal to 128, its value to 256")
    return {tag["Key"]: tag["Value"] for tag in tags}


def check_all_tags(before: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Return all tags of an alarm that gets more of them.

    Raises
    ------
    ServiceError
        `InvalidParameterValue` where they become more than 50. Source: recorded answers.
    """
    found = {**before, **more}
    if len(found) > _MOST_TAGS:
        raise ServiceError("InvalidParameterValue", "tags are invalid.")
    return found


def _article(member: str) -> str:
    return {
        "ComparisonOperator": "a valid ComparisonOperator",
        "Threshold": "valid Threshold",
        "EvaluationPeriods": "an EvaluationPeriods",
    }.get(member, f"a {member}")
