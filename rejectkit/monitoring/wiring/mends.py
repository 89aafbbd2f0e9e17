"""The calls that mend an alert's wiring, as lines of the AWS CLI for a POSIX shell; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.wiring.policies import Asked, with_statement
from rejectkit.monitoring.wiring.values import Topic, Wiring
from rejectkit.sources.cloudwatch import mends


def call(wiring: Wiring, service: str, command: str, *words: object) -> str:
    """Return a call in the wiring's region, quoted for a shell, between backticks."""
    return mends.command("aws", service, command, "--region", wiring.region, *words)


def put(wiring: Wiring, service: str, command: str, params: Mapping[str, Any]) -> str:
    """Return a call whose arguments are JSON, so that no text of theirs is read as an option or a file's name."""
    given = {name: value for name, value in params.items() if value not in ([], "")}
    return call(wiring, service, command, "--cli-input-json", json.dumps(given, ensure_ascii=False))


def put_filter(wiring: Wiring, monitor: Monitor | None = None) -> str:
    """Return the call that puts the metric filter of a monitor; the wiring's own if none is given."""
    params = wanted.filter_params(monitor or wiring.monitor)
    return put(wiring, "logs", "put-metric-filter", params or {})


def delete_filter(wiring: Wiring, told: Mapping[str, Any]) -> str:
    """Return the call that deletes a metric filter."""
    names = ("--log-group-name", told.get("logGroupName", wiring.monitor.log_group))
    return call(wiring, "logs", "delete-metric-filter", *names, "--filter-name", told["filterName"])


def put_alarm(wiring: Wiring, monitor: Monitor | None = None) -> str:
    """Return the call that puts the alarm of a monitor, of either kind; the wiring's own if none is given.

    Neither kind takes tags of an alarm there is; they are given for one that is made.
    """
    chosen = monitor or wiring.monitor
    params = wanted.alarm_params(chosen, wiring.topic_arn)
    if wiring.alarm is not None:
        params = {name: value for name, value in params.items() if name != "Tags"}
    command = "put-log-alarm" if wanted.alarm_operation(chosen) == "PutLogAlarm" else "put-metric-alarm"
    return put(wiring, "cloudwatch", command, params)


def create_topic(wiring: Wiring) -> str:
    """Return the call that makes the monitor's topic; what else it needs, apply does."""
    return put(wiring, "sns", "create-topic", wanted.topic_params(wiring.monitor) or {})


def allow_alarm(wiring: Wiring, topic: Topic, asked: Asked) -> str:
    """Return the call that lets the alarm publish to a topic; what else its policy says stays, but for a denial."""
    statement = wanted.topic_policy(
        wiring.monitor,
        topic.arn,
        account=wiring.account,
        alarm_arn=wiring.monitor.alarm_arn(wiring.region, wiring.account),
    )["Statement"][0]
    value = with_statement(topic.policy, statement, asked)
    attribute = ("--topic-arn", topic.arn, "--attribute-name", "Policy", "--attribute-value", value)
    return call(wiring, "sns", "set-topic-attributes", *attribute)


def subscribe(wiring: Wiring, topic: str, protocol: str, endpoint: str) -> str:
    """Return the call that subscribes somebody to a topic."""
    who = ("--protocol", protocol, "--notification-endpoint", endpoint)
    return call(wiring, "sns", "subscribe", "--topic-arn", topic, *who)


def allow_key(wiring: Wiring, key_arn: str, policy: str) -> str:
    """Return the call that lets CloudWatch use a key, beside what its policy says already.

    Source: SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted topics".
    """
    statement = {
        "Sid": "CloudWatchPublishesEncrypted",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": wiring.account}},
    }
    value = with_statement(policy, statement)
    words = ("--key-id", key_arn.rpartition("/")[2], "--policy-name", "default", "--policy", value)
    return call(wiring, "kms", "put-key-policy", *words)


def make_queue(queue: str, topic: str) -> str:
    """Return the call that makes a queue a topic may send to."""
    words = ("--queue-name", queue.rpartition(":")[2], "--attributes", _queue_policy("", queue, topic))
    return mends.command("aws", "sqs", "create-queue", "--region", queue.split(":")[3], *words)


def allow_queue(url: str, policy: str, queue: str, topic: str) -> str:
    """Return the call that lets a topic send to a queue, beside what its policy says already."""
    words = ("--queue-url", url, "--attributes", _queue_policy(policy, queue, topic))
    return mends.command("aws", "sqs", "set-queue-attributes", "--region", queue.split(":")[3], *words)


def _queue_policy(policy: str, queue: str, topic: str) -> str:
    """Return the attribute of a queue that lets a topic send. Source: SNS developer guide, "Subscribing a queue"."""
    statement = {
        "Sid": "TopicSends",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Policy": with_statement(policy, statement)})
