"""Publishing to a topic: who may, what a message may be, and what a service is told when it may not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from rejectkit.sandbox.calls import Answer, Call, Handler, ServiceError
from rejectkit.sandbox.rights.topicpolicy import Asked, allows
from rejectkit.sandbox.topics.delivery import deliver
from rejectkit.sandbox.topics.envelope import Message
from rejectkit.sandbox.topics.subscriptions import invalid, store
from rejectkit.sandbox.topics.topicstore import Topic, Topics
from rejectkit.sandbox.world import World

MESSAGE_BYTES: Final = 262_144
SUBJECT_LIMIT: Final = 100
_AWS_KEY = "alias/aws/sns"  # its policy lets no service use it, and cannot be changed
_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")


def publish(
    world: World,
    region: str,
    topic_arn: str,
    message: str,
    subject: str = "",
    *,
    service: str = "",
    source_arn: str = "",
) -> str:
    """Publish to a topic, for the account itself or for a service of AWS.

    Parameters
    ----------
    region, topic_arn : str
        Where the topic is.
    message, subject : str
        What to publish.
    service : str
        The principal of the service that publishes, as `cloudwatch.amazonaws.com`: the topic's policy and its
        key must allow it. Empty: the account itself.
    source_arn : str
        What the service publishes for: the ARN of the alarm.

    Returns
    -------
    str
        The message's id.

    Raises
    ------
    ServiceError
        `NotFound`; `AuthorizationError` by the policy; `KMSAccessDenied` by the key.
    """
    topics = world.region(region).of(Topics)
    topic = topics.topic(topic_arn)
    if service:
        _admit(world, region, topic, service, source_arn)
    return _sent(topics, topic, {"default": message}, subject, {})


def _admit(world: World, region: str, topic: Topic, service: str, source_arn: str) -> None:
    """Refuse a service that the topic's policy, or its key's, does not allow. Source: "Alarm actions", SNS part."""
    who = source_arn or service
    if not allows(topic.policy, Asked(service, "SNS:Publish", topic.arn, source_arn)):
        why = f"Resource: {who} is not authorized to perform: SNS:Publish on resource: {topic.arn}"
        raise ServiceError("AuthorizationError", why, 403)
    key = topic.attributes.get("KmsMasterKeyId", "")
    if key and not _key_allows(world, region, key, service, source_arn):
        name = "CloudWatch Alarms" if service == "cloudwatch.amazonaws.com" else service
        why = f"{name} does not have authorization to access the SNS topic encryption key."
        raise ServiceError("KMSAccessDenied", why)


def _key_allows(world: World, region: str, key: str, service: str, source_arn: str) -> bool:
    if key.endswith(_AWS_KEY):
        return False
    try:
        found = world.ask("kms", "DescribeKey", region, KeyId=key)["KeyMetadata"]
        policy = world.ask("kms", "GetKeyPolicy", region, KeyId=found["KeyId"], PolicyName="default")["Policy"]
    except ServiceError:
        return False
    return all(allows(policy, Asked(service, action, found["Arn"], source_arn)) for action in _KEY_ACTIONS)


def _sent(
    topics: Topics, topic: Topic, texts: Mapping[str, str], subject: str, attributes: Mapping[str, Mapping[str, Any]]
) -> str:
    _check_text(texts, subject, attributes)
    message_id = str(topics.new_id("message"))
    deliver(topics, topic, Message(message_id, topics.world.clock.now(), topic.arn, subject, texts, attributes))
    return message_id


def _check_text(texts: Mapping[str, str], subject: str, attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse what Publish refuses. Source: Publish, in the API reference."""
    if not texts["default"]:
        raise invalid("Empty message")
    size = max(len(text.encode()) for text in texts.values())
    for name, one in attributes.items():
        kind = one.get("DataType", "")
        if not re.fullmatch(r"(String|Number|Binary)(\..+)?", kind):
            raise ServiceError("ParameterValueInvalid", f"The message attribute '{name}' has an invalid type '{kind}'")
        value = one.get("BinaryValue" if kind.startswith("Binary") else "StringValue")
        if not value:
            raise ServiceError(
                "ParameterValueInvalid",
                f"The message attribute '{name}' must contain non-empty message attribute value for type '{kind}'.",
            )
        size += len(name.encode()) + len(kind) + len(value if isinstance(value, bytes) else value.encode())
    if size > MESSAGE_BYTES:
        raise invalid("Message too long")
    if len(subject) > SUBJECT_LIMIT or subject != subject.lstrip() or re.search(r"[\x00-\x1f\x7f]", subject):
        raise invalid("Subject")


def _texts(asked: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the message by protocol."""
    message = asked.get("Message", "")
    structure = asked.get("MessageStructure", "")
    if not structure:
        return {"default": message}
    if structure != "json":
        raise invalid("MessageStructure")
    try:
        found = json.loads(message)
    except ValueError:
        raise invalid("Message Structure - JSON message body failed to parse") from None
    if not isinstance(found, dict) or not isinstance(found.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    return {name: text for name, text in found.items() if isinstance(text, str)}


def _publish(world: World, call: Call) -> Answer:
    asked = call.params
    if asked.get("PhoneNumber"):
        raise invalid("PhoneNumber Reason: the sandbox sends no text messages")
    topics = store(world, call)
    topic = topics.topic(asked.get("TopicArn") or asked.get("TargetArn") or "")
    attributes = asked.get("MessageAttributes", {})
    return {"MessageId": _sent(topics, topic, _texts(asked), asked.get("Subject", ""), attributes)}


def _publish_batch(world: World, call: Call) -> Answer:
    entries = call.params.get("PublishBatchRequestEntries", [])
    topic = store(world, call).topic(call.params.get("TopicArn", ""))
    if not entries:
        raise ServiceError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > 10:
        raise ServiceError("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise ServiceError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
    done: list[Mapping[str, Any]] = []
    failed: list[Mapping[str, Any]] = []
    for entry in entries:
        params = {name: value for name, value in entry.items() if name != "Id"} | {"TopicArn": topic.arn}
        try:
            answer = _publish(world, Call("sns", "Publish", call.region, params))
            done.append({"Id": entry["Id"], **(answer if isinstance(answer, dict) else {})})
        except ServiceError as error:
            failed.append({"Id": entry["Id"], "Code": error.code, "Message": error.message, "SenderFault": True})
    return {"Successful": done, "Failed": failed}


OPERATIONS: dict[str, Handler] = {"Publish": _publish, "PublishBatch": _publish_batch}
