"""The Terraform document of a Monitor, in Terraform's JSON syntax."""

from __future__ import annotations

import json
from typing import Any

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.monitor import Monitor
from rejectkit.plans.quoting import literal

_TOPIC = "aws_sns_topic.rejects"
_ALARM = "aws_cloudwatch_metric_alarm.rejects"


def terraform(monitor: Monitor) -> dict[str, Any]:
    """Return the Terraform document that makes what a monitor wants; written to a file `rejects.tf.json`.

    The log group's name is the variable `log_group_name`, with the monitor's own as default. Region, account and
    credentials are the provider's.

    Parameters
    ----------
    monitor : Monitor
        The alert, in the metric-filter design.

    Returns
    -------
    dict
        The document; `json.dumps` of it is the file's text.

    Raises
    ------
    ArgumentError
        If the design is the log alarm, for which the provider has no resource (its version 5.100.0 has none).

    Notes
    -----
    Source of the arguments' names: schema of the provider hashicorp/aws 5.100.0, and the pages of its resources.

    Examples
    --------
    >>> from rejectkit.monitoring import Monitor
    >>> found = terraform(Monitor(log_group="vpc-flow-logs"))
    >>> found["resource"]["aws_cloudwatch_log_metric_filter"]["rejects"]["name"]
    'VPCFlowLogs-Rejects'
    """
    params = wanted.filter_params(monitor)
    if params is None:
        raise ArgumentError(
            "Terraform's AWS provider has no resource for a log alarm; take the design 'metric-filter', or the "
            "CloudFormation template or the CLI lines for this one"
        )
    resources = {
        **_log_group(monitor),
        "aws_cloudwatch_log_metric_filter": {"rejects": _filter(monitor, params)},
        **_topic(monitor),
        "aws_cloudwatch_metric_alarm": {"rejects": _alarm(monitor)},
    }
    subscriptions = _subscriptions(monitor)
    if subscriptions:
        resources["aws_sns_topic_subscription"] = subscriptions
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 4.0"}}},
        "variable": {
            "log_group_name": {
                "type": "string",
                "description": "Log group that the flow log delivers to",
                "default": monitor.log_group,
            }
        },
        "resource": resources,
        "output": {
            "alarm_arn": {"description": "ARN of the alarm", "value": f"${{{_ALARM}.arn}}"},
            "topic_arn": {"description": "Topic that the alarm tells", "value": _topic_arn(monitor)},
        },
    }


def _literals(tags: dict[str, str]) -> dict[str, str]:
    return {key: literal(value) for key, value in tags.items()}


def _topic_arn(monitor: Monitor) -> str:
    return f"${{{_TOPIC}.arn}}" if monitor.owns_topic else monitor.topic


def _group_name(monitor: Monitor) -> str:
    """Return the reference to the log group's name; to the resource where it is made, so that it is made first."""
    return "${aws_cloudwatch_log_group.rejects.name}" if monitor.create_log_group else "${var.log_group_name}"


def _log_group(monitor: Monitor) -> dict[str, Any]:
    params, retention = wanted.log_group_params(monitor), wanted.retention_params(monitor)
    if params is None:
        return {}
    group: dict[str, Any] = {"name": "${var.log_group_name}", "tags": _literals(params["tags"]), "skip_destroy": True}
    if retention is not None:
        group["retention_in_days"] = retention["retentionInDays"]
    return {"aws_cloudwatch_log_group": {"rejects": group}}


def _filter(monitor: Monitor, params: dict[str, Any]) -> dict[str, Any]:
    (one,) = params["metricTransformations"]
    return {
        "name": literal(params["filterName"]),
        "log_group_name": _group_name(monitor),
        "pattern": literal(params["filterPattern"]),
        "metric_transformation": {
            "name": literal(one["metricName"]),
            "namespace": literal(one["metricNamespace"]),
            "value": one["metricValue"],
            "default_value": f"{one['defaultValue']:g}",
        },
    }


def _topic(monitor: Monitor) -> dict[str, Any]:
    params = wanted.topic_params(monitor)
    if params is None:
        return {}
    arn, owner = _topic_arn(monitor), f"${{{_TOPIC}.owner}}"
    policy = wanted.topic_policy(monitor, arn, account=owner, alarm_arn=f"${{{_ALARM}.arn}}")
    return {
        "aws_sns_topic": {"rejects": {"name": params["Name"], "tags": _literals(wanted.tags(monitor))}},
        "aws_sns_topic_policy": {"rejects": {"arn": arn, "policy": json.dumps(policy)}},
    }


def _subscriptions(monitor: Monitor) -> dict[str, Any]:
    found: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for one in wanted.subscriptions(monitor):
        count = counts[one.protocol] = counts.get(one.protocol, 0) + 1
        found[f"{one.protocol}_{count}"] = {
            "topic_arn": _topic_arn(monitor),
            "protocol": one.protocol,
            "endpoint": literal(one.endpoint),
        }
    return found


def _alarm(monitor: Monitor) -> dict[str, Any]:
    arn = _topic_arn(monitor)
    params = wanted.alarm_params(monitor, arn)
    return {
        "alarm_name": literal(params["AlarmName"]),
        "alarm_description": literal(params["AlarmDescription"]),
        "actions_enabled": params["ActionsEnabled"],
        "alarm_actions": [arn, *map(literal, monitor.actions)],
        "ok_actions": params["OKActions"],
        "insufficient_data_actions": params["InsufficientDataActions"],
        "namespace": literal(params["Namespace"]),
        "metric_name": literal(params["MetricName"]),
        "statistic": params["Statistic"],
        "period": params["Period"],
        "evaluation_periods": params["EvaluationPeriods"],
        "datapoints_to_alarm": params["DatapointsToAlarm"],
        "threshold": params["Threshold"],
        "comparison_operator": params["ComparisonOperator"],
        "treat_missing_data": params["TreatMissingData"],
        "tags": _literals(wanted.tags(monitor)),
    }
