"""How CloudFormation makes, changes and takes away topics, their subscriptions and their policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.rights.topicpolicy import default_policy
from rejectkit.sandbox.stacks.resourceplace import Place, Properties, gone_is_fine, retag, tag_list, text_of
from rejectkit.sandbox.topics.topicstore import partition

_TOPIC = ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")


def create_topic(place: Place, properties: Properties) -> str:
    """Make a topic, with the subscriptions that are written in it."""
    name = properties.get("TopicName", place.generated)
    arn = f"arn:{partition(place.region)}:sns:{place.region}:{place.world.account}:{name}"
    with gone_is_fine():
        place.ask("sns", "GetTopicAttributes", TopicArn=arn)
        raise place.exists(TopicArn=arn)
    attributes = {key: properties[key] for key in _TOPIC if key in properties}
    if properties.get("FifoTopic"):
        attributes["FifoTopic"] = "true"
    place.ask("sns", "CreateTopic", Name=name, Attributes=attributes, Tags=tag_list(properties))
    place.made(arn)
    _subscribe_all(place, arn, properties.get("Subscription", []))
    return arn


def _subscribe_all(place: Place, arn: str, wanted: Iterable[Mapping[str, str]]) -> None:
    for one in wanted:
        place.ask("sns", "Subscribe", TopicArn=arn, Protocol=one["Protocol"], Endpoint=one["Endpoint"])


def update_topic(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change a topic's attributes, its own subscriptions and its tags."""
    for name in _TOPIC:
        if new.get(name, "") != old.get(name, ""):
            default = "1" if name == "SignatureVersion" else ""
            value = new.get(name, default)
            place.ask("sns", "SetTopicAttributes", TopicArn=physical, AttributeName=name, AttributeValue=value)
    _subscribe_all(
        place, physical, [one for one in new.get("Subscription", []) if one not in old.get("Subscription", [])]
    )
    ended = [one for one in old.get("Subscription", []) if one not in new.get("Subscription", [])]
    for one in place.ask("sns", "ListSubscriptionsByTopic", TopicArn=physical)["Subscriptions"]:
        if {"Protocol": one["Protocol"], "Endpoint": one["Endpoint"]} in ended:
            delete_subscription(place, one["SubscriptionArn"], {})
    retag(place, "sns", physical, new, old)


def delete_topic(place: Place, physical: str, properties: Properties) -> None:
    """Take a topic away, with its subscriptions."""
    place.ask("sns", "DeleteTopic", TopicArn=physical)


def topic_attributes(place: Place, physical: str, properties: Properties) -> Mapping[str, Any]:
    """Return ARN and name."""
    return {"TopicArn": physical, "TopicName": physical.rpartition(":")[2]}


_SUBSCRIPTION = ("RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "DeliveryPolicy")


def _subscription_attributes(properties: Properties) -> dict[str, str]:
    return {name: text_of(properties[name]) for name in _SUBSCRIPTION if name in properties}


def create_subscription(place: Place, properties: Properties) -> str:
    """Subscribe; a subscription that waits for its confirmation is made all the same."""
    answer = place.ask(
        "sns",
        "Subscribe",
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties.get("Endpoint", ""),
        Attributes=_subscription_attributes(properties),
        ReturnSubscriptionArn=True,
    )
    return place.made(answer["SubscriptionArn"])


def update_subscription(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change a subscription's attributes."""
    after, before = _subscription_attributes(new), _subscription_attributes(old)
    for name in _SUBSCRIPTION:
        if after.get(name) != before.get(name):
            default = {"RawMessageDelivery": "false", "FilterPolicyScope": "MessageAttributes"}.get(name, "")
            value = after.get(name, default)
            place.ask(
                "sns", "SetSubscriptionAttributes", SubscriptionArn=physical, AttributeName=name, AttributeValue=value
            )


def delete_subscription(place: Place, physical: str, properties: Properties) -> None:
    """End a subscription; one that is not confirmed ends by itself."""
    try:
        place.ask("sns", "Unsubscribe", SubscriptionArn=physical)
    except ServiceError as error:
        if error.code != "InvalidParameter":
            raise


def create_topic_policy(place: Place, properties: Properties) -> str:
    """Give topics a policy."""
    place.made(place.generated)
    for topic in properties["Topics"]:
        _set_policy(place, topic, properties["PolicyDocument"])
    return place.generated


def _set_policy(place: Place, topic: str, document: Any) -> None:
    place.ask("sns", "SetTopicAttributes", TopicArn=topic, AttributeName="Policy", AttributeValue=text_of(document))


def update_topic_policy(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change the policy, or the topics that have it."""
    delete_topic_policy(place, physical, {"Topics": [one for one in old["Topics"] if one not in new["Topics"]]})
    for topic in new["Topics"]:
        _set_policy(place, topic, new["PolicyDocument"])


def delete_topic_policy(place: Place, physical: str, properties: Properties) -> None:
    """Give topics the default policy back."""
    for topic in properties["Topics"]:
        with gone_is_fine():
            _set_policy(place, topic, default_policy(topic, place.world.account))
