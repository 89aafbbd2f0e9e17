"""What the tests of deploy and teardown share: monitors of one's own, everything there is of one, calls and faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from rejectkit.errors import RejectkitError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.pacing import Budget
from rejectkit.sandbox import Fault, Sandbox

OUTAGE = 10_000  # calls: until the faults are cleared
CHANGING = ("Create", "Put", "Set", "Subscribe", "Unsubscribe", "Tag", "Untag", "Delete", "Enable", "Disable")
_LATE = {"AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp", "creationTime"}


def budget() -> Budget:
    """Return a budget whose clock goes by its own naps: nothing is waited for."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    return Budget(share=1.0, now=lambda: clock[0], sleep=sleep)


FAST: dict[str, Any] = {"budget": budget(), "sleep": lambda seconds: None}


def monitor_of(tag: str, **members: Any) -> Monitor:
    """Return a monitor whose names are its own, with one subscriber that must confirm and one that need not."""
    given = {
        "log_group": f"/vpc/{tag}",
        "create_log_group": True,
        "retention_days": 30,
        "metric_name": f"{tag}-metric",
        "filter_name": f"{tag}-filter",
        "alarm_name": f"{tag}-alarm",
        "topic": f"{tag}-topic",
        "emails": [f"ops@{tag}.example.org"],
        "queues": [f"arn:aws:sqs:eu-west-1:123456789012:{tag}-queue"],
        "tags": {"team": "network"},
    }
    return Monitor(**(given | members))


def there(sandbox: Sandbox, tag: str) -> Any:
    """Return everything in the account with `tag` in its name, which reads X in what is returned; no times, no ids."""
    logs, cloudwatch, sns = (sandbox.session.client(name) for name in ("logs", "cloudwatch", "sns"))
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/vpc/{tag}")["logGroups"]
    types = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
    told = cloudwatch.describe_alarms(AlarmNamePrefix=tag, AlarmTypes=types)
    alarms = [one for member in ("MetricAlarms", "LogAlarms") for one in told.get(member, [])]
    listed = sns.get_paginator("list_topics").paginate().search("Topics[].TopicArn")
    topics = [arn for arn in listed if arn.split(":")[-1].startswith(tag)]
    found = {
        "groups": groups,
        "group tags": [logs.list_tags_for_resource(resourceArn=one["logGroupArn"])["tags"] for one in groups],
        "filters": [
            one
            for group in groups
            for one in logs.describe_metric_filters(logGroupName=group["logGroupName"])["metricFilters"]
        ],
        "alarms": alarms,
        "alarm tags": [_tags(cloudwatch.list_tags_for_resource(ResourceARN=one["AlarmArn"])) for one in alarms],
        "topics": [sns.get_topic_attributes(TopicArn=arn)["Attributes"] for arn in topics],
        "topic tags": [_tags(sns.list_tags_for_resource(ResourceArn=arn)) for arn in topics],
        "subscriptions": [
            sorted(
                (one["Protocol"], one["Endpoint"], one["SubscriptionArn"] == "PendingConfirmation")
                for one in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
            )
            for arn in topics
        ],
    }
    return json.loads(json.dumps(_timeless(found), default=str).replace(tag, "X"))


def _tags(answer: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(one) for key, one in value.items() if key not in _LATE | {"ResponseMetadata"}}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def calls(sandbox: Sandbox, work: Callable[[], object]) -> list[str]:
    """Return the operations that some work calls, in order, as `logs.PutMetricFilter`."""
    before = len(sandbox._world.seen)
    work()
    return [f"{one.service}.{one.operation}" for one in list(sandbox._world.seen)[before:]]


def interrupted(sandbox: Sandbox, fault: Fault, work: Callable[[], object]) -> RejectkitError | None:
    """Do some work with a fault in it; return the error it ended with, or None."""
    sandbox.faults.add(fault)
    try:
        work()
    except RejectkitError as error:
        return error
    finally:
        sandbox.faults.clear()
    return None


def changes(operation: str) -> bool:
    """Tell whether an operation changes something."""
    return operation.partition(".")[2].startswith(CHANGING)


def mails(sandbox: Sandbox, address: str) -> int:
    """Return how many mails went to an address."""
    return len(sandbox.mailbox.to(address))
