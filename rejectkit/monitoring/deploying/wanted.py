"""What a Monitor wants there to be: the exact arguments of the calls that make it. Pure.

`apply` sends them; the template, the Terraform document and the CLI lines are written from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.limits import TAG
from rejectkit.monitoring.monitor import LOG_ALARM, Monitor

VALUE: Final = "1"
"""What a matching line adds to the metric."""
DEFAULT_VALUE: Final = 0.0
"""What any other line adds: 0, so that minutes with traffic and no match have a datapoint."""
AGGREGATION: Final = "count(*)"
"""A log alarm's AggregationExpression; an empty result counts 0, a datapoint."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whom a topic tells.

    Attributes
    ----------
    protocol : str
        email, sqs, https or lambda.
    endpoint : str
        The address, ARN or URL.
    """

    protocol: str
    endpoint: str


def tags(monitor: Monitor) -> dict[str, str]:
    """Return the tags of all that is made: those given, and ours, whose value is the alarm's name."""
    return {**monitor.tags, TAG: monitor.alarm_name}


def tag_list(monitor: Monitor) -> list[dict[str, str]]:
    """Return the tags as CloudWatch, SNS and CloudFormation have them."""
    return [{"Key": key, "Value": value} for key, value in tags(monitor).items()]


def log_group_params(monitor: Monitor) -> dict[str, Any] | None:
    """Return the arguments of CreateLogGroup, or None where the log group is not ours."""
    return {"logGroupName": monitor.log_group, "tags": tags(monitor)} if monitor.create_log_group else None


def retention_params(monitor: Monitor) -> dict[str, Any] | None:
    """Return the arguments of PutRetentionPolicy, or None where there are none."""
    if monitor.retention_days is None:
        return None
    return {"logGroupName": monitor.log_group, "retentionInDays": monitor.retention_days}


def filter_params(monitor: Monitor) -> dict[str, Any] | None:
    """Return the arguments of PutMetricFilter, or None in the log-alarm design.

    Without dimensions, since these exclude a default value. Source: CloudWatch Logs API reference,
    "MetricTransformation".
    """
    if monitor.design == LOG_ALARM:
        return None
    return {
        "logGroupName": monitor.log_group,
        "filterName": monitor.filter_name,
        "filterPattern": monitor.pattern.text,
        "metricTransformations": [
            {
                "metricName": monitor.metric_name,
                "metricNamespace": monitor.namespace,
                "metricValue": VALUE,
                "defaultValue": DEFAULT_VALUE,
            }
        ],
    }


def topic_params(monitor: Monitor) -> dict[str, Any] | None:
    """Return the arguments of CreateTopic, or None where the topic is one there is."""
    return {"Name": monitor.topic, "Tags": tag_list(monitor)} if monitor.owns_topic else None


def topic_policy(monitor: Monitor, topic_arn: Any, *, account: Any = None, alarm_arn: Any = None) -> dict[str, Any]:
    """Return the policy of a topic of ours: the alarm may publish to it, and no other alarm or account.

    Parameters
    ----------
    monitor : Monitor
        The alert.
    topic_arn : str
        The topic's ARN.
    account, alarm_arn : str, optional
        Read off the topic's ARN where they are left out. All three may be a template language's own references.

    Notes
    -----
    An alarm whose name is not all ASCII is told by its account only. Source: CloudWatch user guide, "Alarm actions".
    """
    if account is None or alarm_arn is None:
        region, owner = str(topic_arn).split(":")[3:5]
        account, alarm_arn = account or owner, alarm_arn or monitor.alarm_arn(region, owner)
    conditions: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": account}}
    if monitor.alarm_name.isascii():
        conditions = {"ArnLike": {"aws:SourceArn": alarm_arn}, **conditions}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AlarmPublishes",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "SNS:Publish",
                "Resource": topic_arn,
                "Condition": conditions,
            }
        ],
    }


def subscriptions(monitor: Monitor) -> tuple[Subscription, ...]:
    """Return whom the topic is to tell, in the order of the monitor's fields."""
    kinds = (
        ("email", monitor.emails),
        ("sqs", monitor.queues),
        ("https", monitor.urls),
        ("lambda", monitor.functions),
    )
    return tuple(Subscription(protocol, endpoint) for protocol, endpoints in kinds for endpoint in endpoints)


def subscription_params(one: Subscription, topic_arn: str) -> dict[str, Any]:
    """Return the arguments of Subscribe; the answer has the ARN also of one that waits for its confirmation."""
    return {
        "TopicArn": topic_arn,
        "Protocol": one.protocol,
        "Endpoint": one.endpoint,
        "ReturnSubscriptionArn": True,
    }


def alarm_params(monitor: Monitor, topic_arn: Any) -> dict[str, Any]:
    """Return the arguments of PutMetricAlarm, or in the log-alarm design of PutLogAlarm.

    Neither changes the tags of an alarm there is. `Unit` is left out: a filter's metric has none.
    """
    common = {
        "AlarmName": monitor.alarm_name,
        "AlarmDescription": monitor.description,
        "ActionsEnabled": True,
        "OKActions": [topic_arn] if monitor.notify_ok else [],
        "AlarmActions": [topic_arn, *monitor.actions],
        "InsufficientDataActions": [],
        "Tags": tag_list(monitor),
    }
    if monitor.design == LOG_ALARM:
        return common | _log_alarm(monitor)
    metric = {"MetricName": monitor.metric_name, "Namespace": monitor.namespace}
    return common | metric | monitor.rule.as_put_metric_alarm()


def alarm_rule(monitor: Monitor) -> AlarmRule | LogAlarmRule:
    """Return the rule of a monitor's alarm; of a log alarm, its schedule with it."""
    return monitor.rule if monitor.design != LOG_ALARM else LogAlarmRule.from_describe(_log_alarm(monitor))


def alarm_operation(monitor: Monitor) -> str:
    """Return the call that `alarm_params` is for: PutMetricAlarm or PutLogAlarm."""
    return "PutLogAlarm" if monitor.design == LOG_ALARM else "PutMetricAlarm"


def _log_alarm(monitor: Monitor) -> dict[str, Any]:
    rule = monitor.rule
    minutes = rule.period // 60
    found: dict[str, Any] = {
        "ScheduledQueryConfiguration": {
            "QueryString": query(monitor),
            "LogGroupIdentifiers": [monitor.log_group],
            "ScheduledQueryRoleARN": monitor.query_role,
            "ScheduleConfiguration": {
                "ScheduleExpression": f"rate({minutes} minute{'s' if minutes > 1 else ''})",
                "StartTimeOffset": rule.period + monitor.delay,
                "EndTimeOffset": monitor.delay,
            },
            "AggregationExpression": AGGREGATION,
        },
        "QueryResultsToEvaluate": rule.evaluation_periods,
        "QueryResultsToAlarm": rule.datapoints_to_alarm,
        "Threshold": rule.threshold,
        "ComparisonOperator": rule.comparison,
        "TreatMissingData": rule.treat_missing_data,
        "ActionLogLineCount": monitor.log_lines,
    }
    if monitor.lines_role is not None:
        found["ActionLogLineRoleArn"] = monitor.lines_role
    return found


def query(monitor: Monitor) -> str:
    """Return a log alarm's query: the monitor's own, or that of its choices, a row each reject.

    Examples
    --------
    >>> print(query(Monitor(log_group="g")))
    fields @timestamp, @message
    | filter action = "REJECT"
    """
    if monitor.query is not None:
        return monitor.query
    if monitor.choices is None:
        raise ArgumentError("query is missing; from a pattern of one's own none is generated: give the query")
    return monitor.choices.query(monitor.log_format)
