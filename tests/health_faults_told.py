"""The faults behind an alarm: its topic, the topic's policy and key, and who is subscribed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.health_bench import ACCOUNT, QUEUE, REGION, TOPIC, Bench

Plant = Callable[[Bench], None]
TOLD: dict[str, Plant] = {}


def fault(plant: Plant) -> Plant:
    """Keep a fault by its name."""
    TOLD[plant.__name__] = plant
    return plant


@fault
def topic_deleted(bench: Bench) -> None:
    """Delete the topic."""
    bench.client("sns").delete_topic(TopicArn=TOPIC)


def conditioned(bench: Bench, conditions: dict[str, Any]) -> None:
    """Give the statement that lets the alarm publish other conditions."""
    policy = bench.policy()
    policy["Statement"][0]["Condition"] = conditions
    bench.set_topic("Policy", json.dumps(policy))


@fault
def policy_without_cloudwatch(bench: Bench) -> None:
    """Let another service publish, and CloudWatch no longer."""
    policy = bench.policy()
    policy["Statement"][0]["Principal"] = {"Service": "events.amazonaws.com"}
    bench.set_topic("Policy", json.dumps(policy))


@fault
def policy_for_another_account(bench: Bench) -> None:
    """Let alarms of another account publish."""
    conditioned(bench, {"StringEquals": {"aws:SourceAccount": "999999999999"}})


@fault
def policy_for_another_alarm(bench: Bench) -> None:
    """Let another alarm publish."""
    conditioned(bench, {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:Other*"}})


@fault
def policy_for_an_organization(bench: Bench) -> None:
    """Let alarms of an organization publish, of which nothing tells whether this account is in it."""
    conditioned(bench, {"StringEquals": {"aws:SourceOrgID": "o-1"}})


@fault
def policy_denies(bench: Bench) -> None:
    """Deny everybody to publish."""
    policy = bench.policy()
    deny = {"Sid": "Closed", "Effect": "Deny", "Principal": "*", "Action": "SNS:*", "Resource": TOPIC}
    policy["Statement"].append(deny)
    bench.set_topic("Policy", json.dumps(policy))


@fault
def encrypted_by_aws(bench: Bench) -> None:
    """Encrypt the topic with AWS's own key."""
    bench.set_topic("KmsMasterKeyId", "alias/aws/sns")


@fault
def encrypted_for_others(bench: Bench) -> None:
    """Encrypt the topic with a key that CloudWatch may not use."""
    kms = bench.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/notices", TargetKeyId=key)
    bench.set_topic("KmsMasterKeyId", "alias/notices")


@fault
def encrypted_with_a_disabled_key(bench: Bench) -> None:
    """Encrypt the topic, and disable the key."""
    kms = bench.client("kms")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/notices", TargetKeyId=key)
    bench.set_topic("KmsMasterKeyId", "alias/notices")
    assert bench.findings() == []
    kms.disable_key(KeyId=key)


@fault
def encrypted_with_no_key(bench: Bench) -> None:
    """Encrypt the topic with a key that is not there."""
    bench.set_topic("KmsMasterKeyId", "alias/nowhere")


@fault
def nobody_subscribed(bench: Bench) -> None:
    """End the one subscription."""
    bench.client("sns").unsubscribe(SubscriptionArn=bench.subscription())


@fault
def another_subscribed(bench: Bench) -> None:
    """End the subscription, while somebody else has one."""
    nobody_subscribed(bench)
    other = f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"
    url = bench.client("sqs").create_queue(QueueName="other")["QueueUrl"]
    bench.let_topic_send(url, TOPIC)
    policy = bench.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    attributes = {"Policy": policy.replace(QUEUE, other)}
    bench.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)
    bench.client("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=other)


@fault
def queue_deleted(bench: Bench) -> None:
    """Delete the queue, not its subscription."""
    bench.client("sqs").delete_queue(QueueUrl=bench.queue_url)


@fault
def queue_without_policy(bench: Bench) -> None:
    """Take the queue's policy away."""
    bench.client("sqs").set_queue_attributes(QueueUrl=bench.queue_url, Attributes={"Policy": ""})


@fault
def queue_for_another_topic(bench: Bench) -> None:
    """Let another topic send to the queue."""
    bench.let_topic_send(bench.queue_url, f"{TOPIC}-2")


@fault
def function_deleted(bench: Bench) -> None:
    """Subscribe a function that is not there."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:notify"
    bench.client("sns").subscribe(TopicArn=TOPIC, Protocol="lambda", Endpoint=arn)


@fault
def filter_policy(bench: Bench) -> None:
    """Ask for a message attribute that a notice has not."""
    given = {"AttributeName": "FilterPolicy", "AttributeValue": '{"kind": ["page"]}'}
    bench.client("sns").set_subscription_attributes(SubscriptionArn=bench.subscription(), **given)
