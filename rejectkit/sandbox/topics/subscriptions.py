"""Amazon SNS's subscriptions: asked for, confirmed, listed, changed and ended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from rejectkit.errors import ArgumentError
from rejectkit.sandbox import paging
from rejectkit.sandbox.calls import Answer, Call, Handler, ServiceError
from rejectkit.sandbox.rights.topicpolicy import problem
from rejectkit.sandbox.topics import courier, filterpolicy
from rejectkit.sandbox.topics.delivery import ask_to_confirm
from rejectkit.sandbox.topics.topicstore import Subscription, Topic, Topics, partition
from rejectkit.sandbox.world import World

PAGE: Final = 100
"""Items of one page of a list. Source: "Amazon SNS endpoints and quotas"."""

_NAMES = {"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"}
_RAW = {"sqs", "http", "https", "firehose"}
_UNPLAYED = {"sms", "application", "firehose"}


def store(world: World, call: Call, arn: str = "") -> Topics:
    """Return the topics of the call's region; of the ARN's, for a link that nobody signed."""
    parts = arn.split(":")
    return world.region(call.region or (parts[3] if len(parts) > 5 else "")).of(Topics)


def invalid(what: str) -> ServiceError:
    """Return the refusal of a parameter."""
    return ServiceError("InvalidParameter", f"Invalid parameter: {what}")


def page(items: Sequence[Any], token: str | None, name: str) -> dict[str, Any]:
    """Return one page of a list, with the token of the next."""
    return paging.page(name, items, token, PAGE, refuse=lambda _: invalid("NextToken"))


def follow(world: World, link: str) -> str:
    """Do what clicking a link of a mail does; return the subscription's ARN.

    Raises
    ------
    ArgumentError
        If the service refuses.
    """
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    operation = asked.pop("Action", "")
    try:
        answer = world.ask("sns", operation, "", **asked)
    except ServiceError as error:
        raise ArgumentError(f"the link was refused: {error.message}") from error
    return str((answer or {}).get("SubscriptionArn", asked.get("SubscriptionArn", "")))


def _subscribe(world: World, call: Call) -> Answer:
    topics, asked = store(world, call), call.params
    topic = topics.topic(asked.get("TopicArn", ""))
    protocol, endpoint = asked.get("Protocol", ""), asked.get("Endpoint", "")
    _check_endpoint(topics, protocol, endpoint)
    attributes = {str(name): str(value) for name, value in asked.get("Attributes", {}).items()}
    for name, value in attributes.items():
        _check_attribute(protocol, name, value, "Attributes Reason: Unknown attribute " + name)
    if "RawMessageDelivery" in attributes:
        attributes["RawMessageDelivery"] = attributes["RawMessageDelivery"].lower()
    known = next(
        (one for one in topic.subscriptions.values() if (one.protocol, one.endpoint) == (protocol, endpoint)), None
    )
    if known and attributes and attributes != known.attributes:
        raise invalid("Attributes Reason: Subscription already exists with different attributes")
    one = known or _made(topics, topic, protocol, endpoint, attributes)
    one.asked = one.asked if one.confirmed else world.clock.seconds
    if not one.confirmed:
        world.mailbox.follow = lambda link: follow(world, link)
        ask_to_confirm(topics, one)
    told = one.confirmed or asked.get("ReturnSubscriptionArn")
    return {"SubscriptionArn": one.arn if told else "pending confirmation"}


def subscribe_at_once(topics: Topics, topic: Topic, protocol: str, endpoint: str) -> bool:
    """Tell whether a subscription needs no confirmation: a queue or function of the topic's own account."""
    parts = endpoint.split(":")
    return protocol in ("sqs", "lambda") and len(parts) > 5 and parts[4] == topic.owner


def _made(topics: Topics, topic: Topic, protocol: str, endpoint: str, attributes: dict[str, str]) -> Subscription:
    arn = f"{topic.arn}:{topics.new_id('subscription')}"
    token = "".join(topics.new_id("token").hex for _ in range(4))
    one = Subscription(arn, topic.arn, protocol, endpoint, topic.owner, token, topics.world.clock.seconds)
    one.confirmed = one.signed = subscribe_at_once(topics, topic, protocol, endpoint)
    one.attributes |= attributes
    topic.subscriptions[arn] = one
    return one


def _check_endpoint(topics: Topics, protocol: str, endpoint: str) -> None:
    if protocol in _UNPLAYED:
        raise invalid(f"Protocol Reason: the sandbox does not play {protocol} subscriptions")
    if protocol not in ("email", "email-json", "sqs", "lambda", "http", "https"):
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if protocol in ("email", "email-json"):
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", endpoint):
            raise invalid("Email address")
    elif protocol in ("http", "https"):
        if not endpoint.startswith(f"{protocol}://"):
            raise invalid("Endpoint must match the specified protocol")
        if why := courier.refusal(endpoint):
            raise invalid(f"Endpoint Reason: {why}")
    else:
        service = re.fullmatch(rf"arn:{partition(topics.region)}:{protocol}:[\w-]+:\d{{12}}:\S+", endpoint)
        if service is None:
            kind = "SQS endpoint ARN" if protocol == "sqs" else "Lambda endpoint ARN"
            raise invalid(kind)
        if protocol == "sqs" and endpoint.endswith(".fifo"):
            raise invalid("Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")


def _check_attribute(protocol: str, name: str, value: str, unknown: str) -> None:
    if name not in _NAMES:
        raise invalid(unknown)
    if name == "RawMessageDelivery":
        if value.lower() not in ("true", "false"):
            raise invalid(
                "Attributes Reason: RawMessageDelivery: Invalid value [" + value + "]. Must be true or false."
            )
        if protocol not in _RAW and value.lower() == "true":
            raise invalid(f"Delivery protocol [{protocol}] does not support raw message delivery.")
    if name == "FilterPolicy" and value:
        filterpolicy.check(value)
    if name == "FilterPolicyScope" and value != "MessageAttributes":
        raise invalid(f"FilterPolicyScope: the sandbox plays MessageAttributes only, not {value}")
    if name == "RedrivePolicy" and value:
        raise invalid("RedrivePolicy: the sandbox plays no dead-letter queues")
    if name == "DeliveryPolicy" and value and problem(value) == "it is not JSON":
        raise invalid("DeliveryPolicy: the policy is not JSON")


def _confirm(world: World, call: Call) -> Answer:
    asked = call.params
    topics = store(world, call, asked.get("TopicArn", ""))
    topic = topics.topic(asked.get("TopicArn", ""))
    one = next((one for one in topic.subscriptions.values() if one.token == asked.get("Token", "")), None)
    if one is None:
        raise invalid("Token")
    one.signed = one.signed or bool(call.region)
    one.confirmed = True
    one.locked = one.locked or (bool(call.region) and str(asked.get("AuthenticateOnUnsubscribe")).lower() == "true")
    return {"SubscriptionArn": one.arn}


def _unsubscribe(world: World, call: Call) -> Answer:
    arn = call.params.get("SubscriptionArn", "")
    topics = store(world, call, arn)
    if len(arn.split(":")) < 6:
        topics.subscription(arn)
    one = next((one for one in topics.subscriptions() if one.arn == arn), None)
    if one is None:
        return None  # ended before: the same end
    if not one.confirmed:
        raise invalid("SubscriptionArn Reason: a subscription that is pending confirmation cannot be deleted")
    if one.locked and not call.region:
        raise ServiceError("AuthorizationError", "Not authorized to perform this operation", 403)
    topic = topics.topics[one.topic_arn]
    del topic.subscriptions[arn]
    topic.deleted += 1
    return None


def _listed(found: Iterator[Subscription] | Sequence[Subscription]) -> list[Mapping[str, str]]:
    return [
        {
            "SubscriptionArn": one.arn if one.confirmed else "PendingConfirmation",
            "Owner": one.owner,
            "Protocol": one.protocol,
            "Endpoint": one.endpoint,
            "TopicArn": one.topic_arn,
        }
        for one in found
    ]


def _list(world: World, call: Call) -> Answer:
    return page(_listed(store(world, call).subscriptions()), call.params.get("NextToken"), "Subscriptions")


def _list_by_topic(world: World, call: Call) -> Answer:
    topic = store(world, call).topic(call.params.get("TopicArn", ""))
    return page(_listed(list(topic.subscriptions.values())), call.params.get("NextToken"), "Subscriptions")


def _get_attributes(world: World, call: Call) -> Answer:
    one = store(world, call).subscription(call.params.get("SubscriptionArn", ""))
    found = {
        "SubscriptionArn": one.arn,
        "TopicArn": one.topic_arn,
        "Owner": one.owner,
        "Protocol": one.protocol,
        "Endpoint": one.endpoint,
        "PendingConfirmation": str(not one.confirmed).lower(),
        "ConfirmationWasAuthenticated": str(one.signed).lower(),
        "RawMessageDelivery": "false",
        "SubscriptionPrincipal": f"arn:{partition(call.region)}:iam::{one.owner}:root",
    }
    if one.attributes.get("FilterPolicy"):
        found["FilterPolicyScope"] = "MessageAttributes"
    return {"Attributes": found | {name: value for name, value in one.attributes.items() if value}}


def _set_attributes(world: World, call: Call) -> Answer:
    one = store(world, call).subscription(call.params.get("SubscriptionArn", ""))
    name, value = call.params.get("AttributeName", ""), call.params.get("AttributeValue", "")
    _check_attribute(one.protocol, name, value, "AttributeName")
    one.attributes[name] = value.lower() if name == "RawMessageDelivery" else value
    return None


OPERATIONS: dict[str, Handler] = {
    "Subscribe": _subscribe,
    "ConfirmSubscription": _confirm,
    "Unsubscribe": _unsubscribe,
    "ListSubscriptions": _list,
    "ListSubscriptionsByTopic": _list_by_topic,
    "GetSubscriptionAttributes": _get_attributes,
    "SetSubscriptionAttributes": _set_attributes,
}
