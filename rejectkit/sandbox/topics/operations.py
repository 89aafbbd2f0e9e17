"""Amazon SNS: topics, with their policies, attributes and tags; what is published and who hears it is elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rejectkit.sandbox.calls import Answer, Call, Handler, ServiceError
from rejectkit.sandbox.rights.topicpolicy import DEFAULT_ACTIONS, problem, strangers
from rejectkit.sandbox.topics import publishing, subscriptions
from rejectkit.sandbox.topics.publishing import publish
from rejectkit.sandbox.topics.subscriptions import invalid, page, store
from rejectkit.sandbox.topics.topicstore import Topic
from rejectkit.sandbox.world import World

__all__ = ["OPERATIONS", "publish"]

_KEPT = {"Policy", "DisplayName", "KmsMasterKeyId", "DeliveryPolicy", "SignatureVersion", "TracingConfig"}
_FEEDBACK = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)(Success|Failure)Feedback(RoleArn|SampleRate)"
)  # the logs of deliveries: kept, and never written
_FIFO = {"FifoTopic", "ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"}
_TAGS = 50
_RETRIES = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
_DELIVERY = {
    "http": {
        "defaultHealthyRetryPolicy": _RETRIES,
        "disableSubscriptionOverrides": False,
        "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
    }
}


def _create(world: World, call: Call) -> Answer:
    topics, asked = store(world, call), call.params
    name = asked.get("Name", "")
    attributes = {str(key): str(value) for key, value in asked.get("Attributes", {}).items()}
    if name.endswith(".fifo") or attributes.get("FifoTopic", "false").lower() == "true":
        raise invalid(f"Topic Name Reason: the sandbox does not play FIFO topics, and {name} is one")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", name):
        raise invalid("Topic Name")
    for key, value in attributes.items():
        _check(key, value, f"Attributes Reason: Unknown attribute {key}")
    tags = {tag["Key"]: tag["Value"] for tag in asked.get("Tags", [])}
    _check_tags(tags)
    arn = topics.arn(name)
    known = topics.topics.get(arn)
    if known is None:
        topics.topics[arn] = Topic(arn, world.account, _kept(attributes), tags)
    elif any(known.attributes.get(key, "") != value for key, value in _kept(attributes).items()):
        raise invalid("Attributes Reason: Topic already exists with different attributes")
    elif tags and tags != known.tags:
        raise invalid("Tags Reason: Topic already exists with different tags")
    return {"TopicArn": arn}


def _kept(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name not in _FIFO}


def _check(name: str, value: str, unknown: str) -> None:
    if name in _FIFO and value.lower() in ("", "false"):
        return
    if name not in _KEPT and not _FEEDBACK.fullmatch(name):
        raise invalid(unknown)
    if name == "Policy" and value and (why := problem(value)):
        raise invalid(f"Policy Error: {why}")
    if name == "Policy" and value and (strange := strangers(value)):
        raise invalid(f"Policy statement action out of service scope! ({', '.join(strange)})")
    if name == "DeliveryPolicy" and value and problem(value) == "it is not JSON":
        raise invalid("DeliveryPolicy: the policy is not JSON")
    if name == "DisplayName" and len(value) > 100:
        raise invalid("DisplayName must be at most 100 characters long")
    if name == "SignatureVersion" and value not in ("1", "2"):
        raise invalid(f"SignatureVersion {value} is not supported")


def _delete(world: World, call: Call) -> Answer:
    topics, arn = store(world, call), call.params.get("TopicArn", "")
    try:
        topics.topic(arn)
    except ServiceError as error:
        if error.code == "NotFound":
            return None
        raise
    del topics.topics[arn]
    return None


def _get(world: World, call: Call) -> Answer:
    topic = store(world, call).topic(call.params.get("TopicArn", ""))
    confirmed = sum(one.confirmed for one in topic.subscriptions.values())
    found = {
        "Policy": topic.policy,
        "Owner": topic.owner,
        "SubscriptionsPending": str(len(topic.subscriptions) - confirmed),
        "TopicArn": topic.arn,
        "EffectiveDeliveryPolicy": json.dumps(_DELIVERY, separators=(",", ":")),
        "SubscriptionsConfirmed": str(confirmed),
        "DisplayName": "",
        "SubscriptionsDeleted": str(topic.deleted),
    }
    return {"Attributes": found | {name: value for name, value in topic.attributes.items() if value}}


def _set(world: World, call: Call) -> Answer:
    topic = store(world, call).topic(call.params.get("TopicArn", ""))
    name, value = call.params.get("AttributeName", ""), call.params.get("AttributeValue", "")
    _check(name, value, "AttributeName")
    topic.attributes[name] = value
    return None


def _list(world: World, call: Call) -> Answer:
    found = [{"TopicArn": arn} for arn in sorted(store(world, call).topics)]
    return page(found, call.params.get("NextToken"), "Topics")


def _add_permission(world: World, call: Call) -> Answer:
    asked = call.params
    topic = store(world, call).topic(asked.get("TopicArn", ""))
    policy = json.loads(topic.policy)
    if any(one.get("Sid") == asked["Label"] for one in policy["Statement"]):
        raise invalid("Statement already exists")
    if unknown := [name for name in asked["ActionName"] if name not in DEFAULT_ACTIONS]:
        raise invalid(f"Policy statement action out of service scope! ({', '.join(unknown)})")
    principals = [f"arn:aws:iam::{account}:root" for account in asked["AWSAccountId"]]
    statement = {
        "Sid": asked["Label"],
        "Effect": "Allow",
        "Principal": {"AWS": principals},
        "Action": [f"SNS:{name}" for name in asked["ActionName"]],
        "Resource": topic.arn,
    }
    policy["Statement"].append(statement)
    topic.attributes["Policy"] = json.dumps(policy, separators=(",", ":"))
    return None


def _remove_permission(world: World, call: Call) -> Answer:
    topic = store(world, call).topic(call.params.get("TopicArn", ""))
    policy = json.loads(topic.policy)
    policy["Statement"] = [one for one in policy["Statement"] if one.get("Sid") != call.params["Label"]]
    topic.attributes["Policy"] = json.dumps(policy, separators=(",", ":"))
    return None


def _tagged(world: World, call: Call) -> Topic:
    try:
        return store(world, call).topic(call.params.get("ResourceArn", ""))
    except ServiceError as error:
        if error.code != "NotFound":
            raise
        raise ServiceError("ResourceNotFound", "Resource does not exist", 404) from None


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > _TAGS:
        raise ServiceError(
            "TagLimitExceeded", f"Could not complete request: tag quota of {_TAGS} per resource exceeded"
        )
    for key, value in tags.items():
        if not 0 < len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise invalid(f"Tag keys are 1 to 128 characters, not of aws:, and values at most 256: {key!r}")


def _tag(world: World, call: Call) -> Answer:
    topic = _tagged(world, call)
    tags = topic.tags | {tag["Key"]: tag["Value"] for tag in call.params.get("Tags", [])}
    _check_tags(tags)
    topic.tags = tags
    return {}


def _untag(world: World, call: Call) -> Answer:
    topic = _tagged(world, call)
    for key in call.params.get("TagKeys", []):
        topic.tags.pop(key, None)
    return {}


def _list_tags(world: World, call: Call) -> Answer:
    found: list[dict[str, Any]] = [{"Key": key, "Value": value} for key, value in _tagged(world, call).tags.items()]
    return {"Tags": found}


OPERATIONS: dict[str, Handler] = {
    "CreateTopic": _create,
    "DeleteTopic": _delete,
    "GetTopicAttributes": _get,
    "SetTopicAttributes": _set,
    "ListTopics": _list,
    "AddPermission": _add_permission,
    "RemovePermission": _remove_permission,
    "TagResource": _tag,
    "UntagResource": _untag,
    "ListTagsForResource": _list_tags,
    **subscriptions.OPERATIONS,
    **publishing.OPERATIONS,
}
