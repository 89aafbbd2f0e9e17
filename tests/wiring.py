"""What there is of a monitor in a sandbox, read by plain boto3; and the monitors that the exports are tried with."""

from __future__ import annotations

import json
from typing import Any

from rejectkit.monitoring import PRIVATE, AlarmRule, Choices, Monitor
from rejectkit.monitoring.deploying import wanted
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/queries"
PLAIN = Monitor(log_group="vpc-flow-logs")
FULL = Monitor(
    log_group="/vpc/flow-logs",
    log_format=LogFormat.parse("${version} ${srcaddr} ${dstport} ${action} ${start} ${end} ${log-status}"),
    choices=Choices(ports=(22, 3389), inside=PRIVATE, excluded=("10.0.5.9",)),
    rule=AlarmRule(period=300, evaluation_periods=3, datapoints_to_alarm=2, threshold=10.5),
    namespace="Poc/Flows",
    metric_name="Refused",
    filter_name="poc refused",
    alarm_name="poc/refused",
    topic="poc-refused",
    emails=["ops@example.org", "net@example.org"],
    queues=[f"arn:aws:sqs:eu-west-1:{ACCOUNT}:rejects"],
    functions=[f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:notify"],
    actions=[f"arn:aws:sns:eu-west-1:{ACCOUNT}:pager"],
    notify_ok=True,
    tags={"team": "network"},
    create_log_group=True,
    retention_days=30,
)
# Texts that a shell, a template language or a command line could read as something else.
HOSTILE = FULL.changed(
    pattern='?"${x}" ?"%{if}" ?"$(id)" -"`id`" ?"it\'s"',
    namespace="-n {AWS}",
    metric_name="m {{x}} '\"",
    filter_name="-f $(id) \\ ü'",
    alarm_name="-a b/c@d = 1",
    description='https://example.org/%20 "q" $topic ${topic} %{x} \ue000topic\ue001',
    emails=["o'brien@example.org"],
)
THERE = FULL.changed(topic=f"arn:aws:sns:eu-west-1:{ACCOUNT}:there", create_log_group=False, retention_days=None)
LOGS = FULL.changed(design="log-alarm", query_role=ROLE, log_lines=5, lines_role=ROLE)
MONITORS = {"plain": PLAIN, "full": FULL, "hostile": HOSTILE, "there": THERE, "logs": LOGS}


def at_once() -> Budget:
    """Return a budget whose waiting takes no time."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    return Budget(share=1.0, now=lambda: passed[0], sleep=sleep)


def no_time(seconds: float) -> None:
    """Wait without taking time."""


def ready(monitor: Monitor, session: Any) -> None:
    """Make what a monitor takes for granted: the log group and the topic that are not its own."""
    if not monitor.create_log_group:
        session.client("logs").create_log_group(logGroupName=monitor.log_group)
    if not monitor.owns_topic:
        session.client("sns").create_topic(Name=monitor.topic.rpartition(":")[2])


def seen(monitor: Monitor, session: Any) -> dict[str, Any]:
    """Return what there is, in the words of `expected`."""
    logs, cloudwatch, sns = (session.client(name) for name in ("logs", "cloudwatch", "sns"))
    topic = monitor.topic_arn("eu-west-1", ACCOUNT)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=monitor.log_group)["logGroups"]
    filters = logs.describe_metric_filters(logGroupName=monitor.log_group)["metricFilters"]
    answer = cloudwatch.describe_alarms(AlarmNames=[monitor.alarm_name], AlarmTypes=["MetricAlarm", "LogAlarm"])
    (alarm,) = answer.get("MetricAlarms", []) + answer.get("LogAlarms", [])
    tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    subscribers = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    found = {
        "retention": group.get("retentionInDays"),
        "filters": [
            {name: one[name] for name in ("logGroupName", "filterName", "filterPattern")}
            | {
                "metricTransformations": [
                    {k: v for k, v in t.items() if (k, v) != ("unit", "None")} for t in one["metricTransformations"]
                ]
            }
            for one in filters
        ],
        "alarm": plain({name: alarm[name] for name in wanted.alarm_params(monitor, topic) if name in alarm}),
        "alarm tags": own_tags({tag["Key"]: tag["Value"] for tag in tags}),
        "subscribers": sorted((one["Protocol"], one["Endpoint"]) for one in subscribers),
    }
    if monitor.create_log_group:
        found["group tags"] = own_tags(logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"])
    if monitor.owns_topic:
        found["policy"] = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
        listed = sns.list_tags_for_resource(ResourceArn=topic)["Tags"]
        found["topic tags"] = own_tags({tag["Key"]: tag["Value"] for tag in listed})
    return found


def plain(alarm: dict[str, Any]) -> dict[str, Any]:
    """Return an alarm without empty lists, its actions in order: they are a set."""
    told = {name: sorted(value) if isinstance(value, list) else value for name, value in alarm.items()}
    if "ScheduledQueryConfiguration" in told:  # whose ARN the service adds
        query = told["ScheduledQueryConfiguration"]
        told["ScheduledQueryConfiguration"] = {name: value for name, value in query.items() if name != "QueryARN"}
    return {name: value for name, value in told.items() if value != []}


def own_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return tags without those that CloudFormation puts on what it makes."""
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def expected(monitor: Monitor) -> dict[str, Any]:
    """Return what a monitor wants."""
    topic = monitor.topic_arn("eu-west-1", ACCOUNT)
    filter_params, alarm = wanted.filter_params(monitor), wanted.alarm_params(monitor, topic)
    del alarm["Tags"]
    found: dict[str, Any] = {
        "retention": monitor.retention_days,
        "filters": [filter_params] if filter_params else [],
        "alarm": plain(alarm),
        "alarm tags": wanted.tags(monitor),
        "subscribers": sorted((one.protocol, one.endpoint) for one in wanted.subscriptions(monitor)),
    }
    if monitor.create_log_group:
        found["group tags"] = wanted.tags(monitor)
    if monitor.owns_topic:
        found["policy"] = wanted.topic_policy(monitor, topic)
        found["topic tags"] = wanted.tags(monitor)
    return found
