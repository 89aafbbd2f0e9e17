"""When a notice left SNS: read in a queue that got it, without deleting anything, or in metrics, to the minute."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, ArgumentError, AwsError
from rejectkit.monitoring.timing.changes import NEAR, Transition, millis
from rejectkit.monitoring.timing.moments import parse_stamp

METRIC_KEPT: Final = 15 * 86_400
"""Seconds that datapoints of a minute are kept. Source: CloudWatch user guide, "Metrics retention"."""

_HOLD: Final = 30  # seconds that messages are hidden from others while the queue is read, at most
_WAIT: Final = 1  # second; without any, SQS asks some of its servers only
_BATCHES: Final = 50  # of ten messages, that are read at most
_BELIEVED: Final = 600_000  # milliseconds after SNS's own time in which the queue's time is believed
_LATE: Final = 600_000  # milliseconds after an action in which its notice is looked for in the metric
_MINUTE: Final = 60_000


def in_queue(service: Service, queue: str, alarm: str, changes: Sequence[Transition]) -> tuple[dict[int, int], str]:
    """Return when notices of an alarm came to a queue, by their change's place, and a sentence on it.

    Messages are not deleted: they are received, hidden for some seconds, and shown again. Each counts as received
    once more; a queue with a dead-letter queue, into which that could move them, is not read.

    Parameters
    ----------
    service : Service
        SQS.
    queue : str
        URL or ARN of a queue that the topic is subscribed to.
    alarm : str
        The alarm's name.
    changes : sequence of Transition
        The changes of state that notices are looked for.
    """
    url = _url(service, queue)
    told = service.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})
    name = url.rpartition("/")[2]
    if told.get("RedrivePolicy"):
        return {}, (
            f"The queue {name} has a dead-letter queue, and reading a message brings it nearer to that: it was not "
            "read. Give a queue that has none."
        )
    found: dict[int, int] = {}
    seen = 0
    for message in _messages(service, url):
        seen += 1
        notice = _notice(message)
        if notice is None or notice[0] != alarm:
            continue
        _, state, changed, at = notice
        for place, one in enumerate(changes):
            if one.state == state and abs(one.at - changed) <= NEAR:
                found[place] = min(at, found.get(place, at))
    if found:
        acted = sum(one.acted is not None for one in changes)
        return found, (
            f"Notices of {len(found):,} of {acted:,} actions are timed by the queue {name}: when it got them, or SNS "
            "sent them; none was deleted."
        )
    return {}, f"The queue {name} has no notice of these transitions among {seen:,} messages."


def in_metric(service: Service, topic: str, changes: Sequence[Transition]) -> tuple[dict[int, int], str]:
    """Return the earliest moment at which notices can have left a topic, by their change's place, and a sentence.

    Source: SNS developer guide, "Monitoring Amazon SNS topics": NumberOfNotificationsDelivered, by the minute.
    """
    acted = {place: one.acted for place, one in enumerate(changes) if one.acted is not None}
    if not acted:
        return {}, ""
    since = max(min(acted.values()) // 1000, int(service.now()) - METRIC_KEPT) // 60 * 60
    until = (max(acted.values()) + _LATE) // 1000
    metric = {
        "Namespace": "AWS/SNS",
        "MetricName": "NumberOfNotificationsDelivered",
        "Dimensions": [{"Name": "TopicName", "Value": topic}],
    }
    minutes: list[int] = []
    query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    span: dict[str, Any] = {
        "StartTime": datetime.fromtimestamp(since, UTC),
        "EndTime": datetime.fromtimestamp(until, UTC),
    }
    results = service.pages("GetMetricData", "MetricDataResults", MetricDataQueries=[query], **span)
    for result in results if since < until else ():
        pairs = zip(result["Timestamps"], result["Values"], strict=True)
        minutes += [millis(at) for at, value in pairs if value > 0]
    found: dict[int, int] = {}
    minutes.sort()
    for place, at in acted.items():
        next_one = bisect_left(minutes, at // _MINUTE * _MINUTE)
        if next_one < len(minutes) and minutes[next_one] <= at + _LATE:
            found[place] = max(at, minutes[next_one])
    lacking = len(acted) - len(found)
    words = (
        "Notices are timed by the topic's metric NumberOfNotificationsDelivered, whose times are minutes: each left "
        "SNS at the moment told or up to 60 s later. Give queue= for their own times."
        if found
        else ""
    )
    if lacking:
        words += (" " if words else "") + (
            f"Of {lacking:,} action{'' if lacking == 1 else 's'} the metric, kept to the minute for 15 days, tells no "
            "notice that was delivered."
        )
    return found, words


def noticed(
    services: Mapping[str, Service], queue: str | None, topic: str, alarm: str, changes: Sequence[Transition]
) -> tuple[dict[int, int], list[str]]:
    """Return when notices left SNS, by their change's place, from the best there is; and sentences on it."""
    told: list[str] = []
    found: dict[int, int] = {}
    if queue is not None:
        try:
            found, words = in_queue(services["sqs"], queue, alarm, changes)
        except AwsError as error:
            words = f"The queue could not be read: {str(error).rstrip('.')}."
        told.append(words)
    if not found:
        try:
            found, words = in_metric(services["cloudwatch"], topic, changes)
        except AccessDeniedError as error:
            words = f"{error.action} is not permitted, so when notices were sent is not known."
        except AwsError as error:
            words = f"When notices were sent is not known: {str(error).rstrip('.')}."
        told += [words] if words else []
    # The clocks of two services differ by some milliseconds: a notice is not before its action.
    after = {place: max(at, changes[place].acted or at) for place, at in found.items()}
    return after, told


def _url(service: Service, queue: str) -> str:
    if not queue.startswith("arn:"):
        return queue
    parts = queue.split(":")
    if len(parts) != 6:
        raise ArgumentError(f"queue is {queue!r}; give its URL, or its ARN: arn:aws:sqs:eu-west-1:123456789012:name")
    account, name = parts[4:]
    return str(service.call("GetQueueUrl", QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])


def _messages(service: Service, url: str) -> Iterator[Mapping[str, Any]]:
    """Yield a queue's messages, each once, and show them again to others at the end."""
    held: dict[str, str] = {}
    try:
        for _ in range(_BATCHES):
            asked: dict[str, Any] = {
                "MaxNumberOfMessages": 10,
                "VisibilityTimeout": _HOLD,
                "WaitTimeSeconds": _WAIT,
                "AttributeNames": ["SentTimestamp"],
            }
            batch = service.call("ReceiveMessage", QueueUrl=url, **asked).get("Messages", ())
            fresh = [one for one in batch if one["MessageId"] not in held]
            held |= {one["MessageId"]: one["ReceiptHandle"] for one in batch}
            if not fresh:
                return
            yield from fresh
    finally:
        handles = list(held.values())
        for low in range(0, len(handles), 10):
            entries = [
                {"Id": str(place), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for place, handle in enumerate(handles[low : low + 10])
            ]
            with suppress(AwsError):  # they show themselves when they were hidden for long enough
                service.call("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=entries)


def _notice(message: Mapping[str, Any]) -> tuple[str, str, int, int] | None:
    """Return alarm, state, change and arrival that a message tells of, in milliseconds; None where it is no notice.

    Its arrival is the queue's own time, where that is soon after the one that SNS wrote into it; else that one.
    """
    body = _object(message.get("Body"))
    inner = _object(body.get("Message")) if "Message" in body else body
    try:
        changed = millis(parse_stamp(inner["StateChangeTime"]))
        sent = int(message["Attributes"]["SentTimestamp"])
        published = millis(datetime.fromisoformat(body["Timestamp"])) if "Timestamp" in body else sent
        at = sent if 0 <= sent - published <= _BELIEVED else published
        return str(inner["AlarmName"]), str(inner["NewStateValue"]), changed, at
    except (KeyError, TypeError, ValueError):
        return None


def _object(text: object) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
