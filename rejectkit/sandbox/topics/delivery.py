"""Brings a topic's message to its subscribers: queues, web endpoints of this machine, mailboxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.metrics.metricstore import MetricStore
from rejectkit.sandbox.rights.topicpolicy import Asked, allows
from rejectkit.sandbox.topics import courier, envelope, filterpolicy
from rejectkit.sandbox.topics.courier import Courier, Post
from rejectkit.sandbox.topics.envelope import Message
from rejectkit.sandbox.topics.mailbox import Mail
from rejectkit.sandbox.topics.topicstore import Delivery, Outcome, Subscription, Topic, Topics

_COUNTED: Mapping[Outcome, str] = {
    "delivered": "NumberOfNotificationsDelivered",
    "failed": "NumberOfNotificationsFailed",
    "filtered": "NumberOfNotificationsFilteredOut",
}


def deliver(topics: Topics, topic: Topic, message: Message) -> None:
    """Bring a message to every confirmed subscriber, and count it."""
    size = max(len(text.encode()) for text in message.texts.values())
    count(topics, topic, "NumberOfMessagesPublished", 1.0)
    count(topics, topic, "PublishSize", float(size), "Bytes")
    for one in list(topic.subscriptions.values()):
        if not one.confirmed:
            continue
        if not filterpolicy.wants(one.attributes.get("FilterPolicy", ""), message.attributes):
            _note(topics, one, "filtered")
        elif one.protocol == "sqs":
            _note(topics, one, *_to_queue(topics, message, one))
        elif one.protocol in ("email", "email-json"):
            subject, body = envelope.notice_mail(message, one, topics.world.endpoint_url)
            link = envelope.unsubscribe_link(topics.world.endpoint_url, one)
            topics.world.mailbox.mails.append(Mail(message.at, one.endpoint, subject, body, link))
            _note(topics, one, "delivered")
        elif one.protocol in ("http", "https"):
            body = message.text(one.protocol) if one.raw else envelope.notification(message, one, _url(topics))
            _post(topics, one, envelope.headers("Notification", message.id, one, one.raw), body, counted=True)
        else:
            _note(topics, one, "not played", f"the sandbox runs no {one.protocol} target")


def ask_to_confirm(topics: Topics, one: Subscription) -> None:
    """Send what asks a subscriber for a confirmation: a mail, or a request to a web endpoint."""
    now, url = topics.world.clock.now(), _url(topics)
    if one.protocol in ("email", "email-json"):
        subject, body = envelope.confirmation_mail(one, url)
        message_id = str(topics.new_id("message"))
        if one.protocol == "email-json":
            body = envelope.confirmation(one, message_id, now, url)
        topics.world.mailbox.mails.append(Mail(now, one.endpoint, subject, body, envelope.confirm_link(url, one)))
    else:
        message_id = str(topics.new_id("message"))
        body = envelope.confirmation(one, message_id, now, url)
        _post(topics, one, envelope.headers("SubscriptionConfirmation", message_id, one), body, counted=False)


def count(topics: Topics, topic: Topic, name: str, value: float, unit: str = "Count") -> None:
    """Add one value to a metric of a topic, in the minute it is. Source: "Monitoring Amazon SNS topics"."""
    clock = topics.world.clock
    topics.world.region(topics.region).of(MetricStore).add(
        "AWS/SNS",
        name,
        {"TopicName": topic.name},
        int(clock.seconds // 60) * 60,
        total=value,
        count=1.0,
        least=value,
        most=value,
        unit=unit,
    )


def _to_queue(topics: Topics, message: Message, one: Subscription) -> tuple[Outcome, str]:
    """Send to a queue: its policy must allow it; a queue that has no policy takes everything here."""
    world = topics.world
    parts = one.endpoint.split(":")
    region, account, name = parts[3], parts[4], parts[5]
    if account != world.account:
        return "failed", f"the queue is of account {account}, which is not in this sandbox"
    url = f"{world.endpoint_url}/{account}/{name}"
    sent: dict[str, Any] = {"MessageBody": message.text("sqs")}
    if not one.raw:
        sent["MessageBody"] = envelope.notification(message, one, _url(topics))
    elif message.attributes:
        sent["MessageAttributes"] = {key: _for_queue(value) for key, value in message.attributes.items()}
    try:
        told = world.ask("sqs", "GetQueueAttributes", region, QueueUrl=url, AttributeNames=["Policy"])
        policy = told.get("Attributes", {}).get("Policy", "")
        asked = Asked("sns.amazonaws.com", "SQS:SendMessage", one.endpoint, one.topic_arn)
        if policy and not allows(policy, asked):
            return "failed", f"the policy of queue {name} does not allow sns.amazonaws.com to send for {one.topic_arn}"
        world.ask("sqs", "SendMessage", region, QueueUrl=url, **sent)
    except ServiceError as error:
        return "failed", error.message
    return "delivered", ""


def _for_queue(attribute: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an attribute as a queue has it: an array is a text there."""
    return {**attribute, "DataType": attribute["DataType"].replace("String.Array", "String")}


def _post(topics: Topics, one: Subscription, headers: Mapping[str, str], body: str, *, counted: bool) -> None:
    if why := courier.refusal(one.endpoint):
        _note(topics, one, "failed", why)
        return

    def done(well: bool, why: str) -> None:
        with topics.world.lock:
            if counted:
                _note(topics, one, "delivered" if well else "failed", why)

    topics.world.region(topics.region).of(_courier).take(Post(one.endpoint, headers, body, done))


def _courier(world: object, region: str) -> Courier:
    return Courier()


def wait(topics: Topics, seconds: float = 5.0) -> bool:
    """Wait, in real time, until the web subscribers were told; tell whether they were. Hold no lock meanwhile."""
    return topics.world.region(topics.region).of(_courier).wait(seconds)


def _note(topics: Topics, one: Subscription, outcome: Outcome, why: str = "") -> None:
    now = topics.world.clock.seconds
    topics.deliveries.append(Delivery(now, one.topic_arn, one.arn, one.protocol, one.endpoint, outcome, why))
    topic = topics.topics.get(one.topic_arn)
    if topic is not None and outcome in _COUNTED:
        count(topics, topic, _COUNTED[outcome], 1.0)


def _url(topics: Topics) -> str:
    return topics.world.endpoint_url
