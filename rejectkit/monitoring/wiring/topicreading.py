"""Reads a topic through AWS: its policy, its key, who is subscribed, and the queues and functions behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rejectkit.errors import AccessDeniedError, MissingResourceError
from rejectkit.monitoring.deploying.deployed import Subscriber
from rejectkit.monitoring.wiring.values import Key, Place, Topic
from rejectkit.sources.cloudwatch.reaching import Asker

_PENDING, _DELETED = "PendingConfirmation", "Deleted"
AWS_KEY = "alias/aws/sns"


def topic_read(asker: Asker, arn: str, region: str, account: str, *, asks: bool) -> Topic:
    """Return a topic as far as it could be asked; what is not permitted is noted with the asker.

    Parameters
    ----------
    asker : Asker
        Asks, and notes what is not permitted.
    arn, region, account : str
        The topic, and where the alarm is.
    asks : bool
        Whether its policy, key and subscribers matter, and not only whether it exists.
    """
    told = _answer(asker, "sns", region, "GetTopicAttributes", TopicArn=arn)
    if told is None:
        return Topic(arn)
    if told == {}:
        return Topic(arn, "gone")
    attributes = told["Attributes"]
    policy, key = attributes.get("Policy", ""), attributes.get("KmsMasterKeyId", "")
    if not asks:
        return Topic(arn, "there", policy)
    listed = asker.pages("sns", region, "ListSubscriptionsByTopic", "Subscriptions", TopicArn=arn)
    subscribers: tuple[Subscriber, ...] | None = None
    if listed is not None:
        subscribers = tuple(_subscriber(one) for one in listed if one["SubscriptionArn"] != _DELETED)
    ready = [one for one in subscribers or () if not one.pending]
    places = {one: _PLACES[one.protocol](asker, one.endpoint, region) for one in ready if one.protocol in _PLACES}
    filters = {one: text for one in ready if (text := _filter_policy(asker, one.arn, region))}
    return Topic(arn, "there", policy, _key(asker, key, region) if key else None, subscribers, places, filters)


def _answer(asker: Asker, service: str, region: str, operation: str, **params: Any) -> dict[str, Any] | None:
    """Return a call's answer: None if it is not permitted, which is noted; empty if there is no such thing."""
    try:
        return asker.service(service, region).call(operation, **params)
    except MissingResourceError:
        return {}
    except AccessDeniedError as error:
        if asker.denied is None:
            raise
        asker.denied.append(error)
        return None


def _subscriber(told: dict[str, Any]) -> Subscriber:
    arn = told["SubscriptionArn"]
    return Subscriber(told["Protocol"], told["Endpoint"], "" if arn == _PENDING else arn)


def _filter_policy(asker: Asker, arn: str, region: str) -> str:
    told = _answer(asker, "sns", region, "GetSubscriptionAttributes", SubscriptionArn=arn)
    policy = str((told or {}).get("Attributes", {}).get("FilterPolicy", ""))
    return "" if policy == "{}" else policy


def _key(asker: Asker, name: str, region: str) -> Key:
    if name.endswith(AWS_KEY):
        return Key(name, "there")
    told = _answer(asker, "kms", region, "DescribeKey", KeyId=name)
    if told is None:
        return Key(name)
    if told == {}:
        return Key(name, "gone")
    facts = told["KeyMetadata"]
    policy = _answer(asker, "kms", region, "GetKeyPolicy", KeyId=facts["KeyId"], PolicyName="default")
    if not policy:
        return Key(name, "unknown", facts["Arn"], facts.get("KeyState", ""))
    return Key(name, "there", facts["Arn"], facts.get("KeyState", ""), policy["Policy"])


def _queue(asker: Asker, arn: str, region: str) -> Place:
    region, account, name = arn.split(":")[3:6]
    told = _answer(asker, "sqs", region, "GetQueueUrl", QueueName=name, QueueOwnerAWSAccountId=account)
    if not told:
        return Place("unknown" if told is None else "gone")
    url = told["QueueUrl"]
    policy = _answer(asker, "sqs", region, "GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"])
    if not policy:
        return Place("unknown" if policy is None else "gone", url)
    return Place("there", url, policy.get("Attributes", {}).get("Policy", ""))


def _function(asker: Asker, arn: str, region: str) -> Place:
    """Return a function: one without a policy and one that is not there look alike, and neither can be told."""
    told = _answer(asker, "lambda", arn.split(":")[3], "GetPolicy", FunctionName=arn)
    if not told:
        return Place("unknown" if told is None else "gone")
    return Place("there", "", told["Policy"])


_PLACES: dict[str, Callable[[Asker, str, str], Place]] = {"sqs": _queue, "lambda": _function}
