"""What a subscriber is sent: the JSON around a message, the headers of a web subscriber, the text of a mail."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from rejectkit.sandbox.topics.topicstore import Subscription

_SIGNATURE = base64.b64encode(b"the sandbox signs nothing").decode()


@dataclass(frozen=True, slots=True)
class Message:
    """One message that a topic was sent.

    Attributes
    ----------
    id : str
        Its MessageId.
    at : datetime
        Simulated time, UTC.
    topic_arn, subject : str
        Where it was sent, under which subject; empty: none.
    texts : mapping of str to str
        Its text by protocol, `default` among them.
    attributes : mapping
        Message attributes, as Publish takes them.
    """

    id: str
    at: datetime
    topic_arn: str
    subject: str
    texts: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def text(self, protocol: str) -> str:
        """Return what a protocol's subscribers read."""
        return self.texts.get(protocol, self.texts["default"])


def stamp(moment: datetime) -> str:
    """Return a time as the envelope has it: `2026-11-23T08:31:06.302Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def confirm_link(endpoint_url: str, subscription: Subscription) -> str:
    """Return the link that confirms a subscription."""
    asked = {"Action": "ConfirmSubscription", "TopicArn": subscription.topic_arn, "Token": subscription.token}
    return f"{endpoint_url}/?{urlencode(asked, safe=':')}"


def unsubscribe_link(endpoint_url: str, subscription: Subscription) -> str:
    """Return the link that ends a subscription."""
    asked = {"Action": "Unsubscribe", "SubscriptionArn": subscription.arn}
    return f"{endpoint_url}/?{urlencode(asked, safe=':')}"


def notification(message: Message, subscription: Subscription, endpoint_url: str) -> str:
    """Return the JSON of a notice. Source: "HTTP/HTTPS notification JSON format"; the signature is a placeholder."""
    found: dict[str, Any] = {"Type": "Notification", "MessageId": message.id, "TopicArn": message.topic_arn}
    if message.subject:
        found["Subject"] = message.subject
    found |= {"Message": message.text(subscription.protocol), "Timestamp": stamp(message.at)}
    found |= _signed(message.topic_arn)
    found["UnsubscribeURL"] = unsubscribe_link(endpoint_url, subscription)
    if message.attributes:
        found["MessageAttributes"] = {
            name: {"Type": one["DataType"], "Value": _attribute_text(one)} for name, one in message.attributes.items()
        }
    return json.dumps(found, indent=2, ensure_ascii=False)


def confirmation(subscription: Subscription, message_id: str, at: datetime, endpoint_url: str) -> str:
    """Return the JSON that asks a web subscriber to confirm. Source: the page of `notification`."""
    arn = subscription.topic_arn
    found = {
        "Type": "SubscriptionConfirmation",
        "MessageId": message_id,
        "Token": subscription.token,
        "TopicArn": arn,
        "Message": f"You have chosen to subscribe to the topic {arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
        "SubscribeURL": confirm_link(endpoint_url, subscription),
        "Timestamp": stamp(at),
        **_signed(arn),
    }
    return json.dumps(found, indent=2)


def headers(kind: str, message_id: str, subscription: Subscription, raw: bool = False) -> dict[str, str]:
    """Return the headers of a web subscriber's request; `kind` is the envelope's Type."""
    found = {
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": subscription.topic_arn,
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    if kind == "Notification":
        found["x-amz-sns-subscription-arn"] = subscription.arn
    return found | ({"x-amz-sns-rawdelivery": "true"} if raw else {})


def confirmation_mail(subscription: Subscription, endpoint_url: str) -> tuple[str, str]:
    """Return subject and text of the mail that asks for a confirmation."""
    body = (
        f"You have chosen to subscribe to the topic: \n{subscription.topic_arn}\n\n"
        "To confirm this subscription, click or visit the link below (If this was in error no action is necessary): \n"
        f"{confirm_link(endpoint_url, subscription)}\n\n"
        "Please do not reply directly to this email.\n"
    )
    return "AWS Notification - Subscription Confirmation", body


def notice_mail(message: Message, subscription: Subscription, endpoint_url: str) -> tuple[str, str]:
    """Return subject and text of the mail that brings a message."""
    subject = message.subject or "AWS Notification Message"
    if subscription.protocol == "email-json":
        return subject, notification(message, subscription, endpoint_url)
    body = (
        f"{message.text(subscription.protocol)}\n\n--\n"
        "If you wish to stop receiving notifications from this topic, please click or visit the link below to "
        f"unsubscribe:\n{unsubscribe_link(endpoint_url, subscription)}\n\n"
        "Please do not reply directly to this email.\n"
    )
    return subject, body


def _signed(arn: str) -> dict[str, str]:
    region = arn.split(":")[3]
    url = f"https://sns.{region}.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem"
    return {"SignatureVersion": "1", "Signature": _SIGNATURE, "SigningCertURL": url}


def _attribute_text(attribute: Mapping[str, Any]) -> str:
    if "BinaryValue" in attribute:
        return base64.b64encode(attribute["BinaryValue"]).decode()
    return str(attribute["StringValue"])
