"""The sandbox's topics: who may publish, who is told, and what a subscriber reads."""

from __future__ import annotations

import json
import os
import queue
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import rejectkit as rk
from rejectkit.errors import ArgumentError
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.rights.topicpolicy import Asked, allows
from rejectkit.sandbox.topics.operations import publish
from rejectkit.sandbox.topics.topicstore import Topics

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ALARM = "cloudwatch.amazonaws.com"
REGION = "eu-west-1"


@pytest.fixture
def sandbox() -> Iterator[Any]:
    """An empty account at nine in the morning."""
    with rk.sandbox.start(scenario=None, start=START) as found:
        yield found


@pytest.fixture
def sns(sandbox: Any) -> Any:
    """A client of its SNS."""
    return sandbox.session.client("sns")


def refused(call: Any, **params: Any) -> tuple[str, str]:
    """Return code and message of a refusal."""
    with pytest.raises(call.__self__.exceptions.ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def a_queue(sandbox: Any, name: str = "q", policy: str = "") -> tuple[str, str]:
    """Make a queue; return its URL and ARN."""
    sqs = sandbox.session.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy} if policy else {})["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def bodies(sandbox: Any, url: str) -> list[str]:
    """Return the bodies of the messages that wait in a queue."""
    found = sandbox.session.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in found.get("Messages", [])]


def alarm_arn(sandbox: Any, account: str = "") -> str:
    """Return the ARN of an alarm of an account, this one if it is not named."""
    return f"arn:aws:cloudwatch:{REGION}:{account or sandbox.account}:alarm:rejects"


def deliveries(sandbox: Any) -> list[tuple[str, str]]:
    """Return outcome and reason of what was brought, oldest first."""
    return [(one.outcome, one.reason) for one in sandbox._world.region(REGION).of(Topics).deliveries]


def test_a_topic_is_made_once(sandbox: Any, sns: Any) -> None:
    """CreateTopic of a name that exists answers the same ARN; DeleteTopic of one that does not is no error."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    assert arn == f"arn:aws:sns:{REGION}:{sandbox.account}:rejects"
    assert sns.create_topic(Name="rejects")["TopicArn"] == arn
    assert sns.list_topics()["Topics"] == [{"TopicArn": arn}]
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert sns.list_topics()["Topics"] == []
    assert refused(sns.get_topic_attributes, TopicArn=arn) == ("NotFound", "Topic does not exist")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"Name": "my topic"}, "Invalid parameter: Topic Name"),
        ({"Name": "a" * 257}, "Invalid parameter: Topic Name"),
        ({"Name": "poc.fifo"}, "does not play FIFO topics, and poc.fifo is one"),
        ({"Name": "poc", "Attributes": {"Colour": "red"}}, "Unknown attribute Colour"),
        ({"Name": "poc", "Attributes": {"Policy": "{"}}, "Policy Error: it is not JSON"),
        ({"Name": "poc", "Tags": [{"Key": "aws:x", "Value": "y"}]}, "Tag keys are"),
    ],
)
def test_a_topic_that_cannot_be_is_refused(sns: Any, params: dict[str, Any], message: str) -> None:
    """CreateTopic refuses names and attributes that the service, or the sandbox, has no topic for."""
    code, told = refused(sns.create_topic, **params)
    assert code == "InvalidParameter"
    assert message in told
    assert sns.list_topics()["Topics"] == []


def test_other_attributes_or_tags_are_not_the_same_topic(sns: Any) -> None:
    """CreateTopic refuses an existing name with other attributes or tags, and takes it without."""
    tags = [{"Key": "made-by", "Value": "rejectkit"}]
    sns.create_topic(Name="a", Attributes={"DisplayName": "one"}, Tags=tags)
    assert "different attributes" in refused(sns.create_topic, Name="a", Attributes={"DisplayName": "two"})[1]
    assert "different tags" in refused(sns.create_topic, Name="a", Tags=[{"Key": "x", "Value": "y"}])[1]
    assert sns.create_topic(Name="a", Tags=tags)["TopicArn"].endswith(":a")


def test_attributes_are_those_of_the_service(sandbox: Any, sns: Any) -> None:
    """GetTopicAttributes gives the default policy as AWS writes it, and the numbers of subscriptions as text."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.com")
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Rejects")
    found = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert set(found) == {
        "Policy", "Owner", "SubscriptionsPending", "TopicArn", "EffectiveDeliveryPolicy",
        "SubscriptionsConfirmed", "DisplayName", "SubscriptionsDeleted",
    }  # fmt: skip
    assert found["DisplayName"] == "Rejects"
    assert (found["SubscriptionsPending"], found["SubscriptionsConfirmed"]) == ("1", "0")
    statement = json.loads(found["Policy"])["Statement"][0]
    assert statement["Principal"] == {"AWS": "*"}
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceOwner": sandbox.account}}
    assert "SNS:Publish" in statement["Action"]
    assert json.loads(found["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3


def test_tags_are_added_and_taken(sns: Any) -> None:
    """TagResource replaces by key, UntagResource takes away, and a topic that is not there is not tagged."""
    arn = sns.create_topic(Name="a", Tags=[{"Key": "k", "Value": "1"}])["TopicArn"]
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "k", "Value": "2"}, {"Key": "l", "Value": "3"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["l"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "k", "Value": "2"}]
    assert refused(sns.list_tags_for_resource, ResourceArn=arn + "x")[0] == "ResourceNotFound"


def test_another_regions_topic_is_not_here(sandbox: Any, sns: Any) -> None:
    """A topic is of one region, and a call in another refuses its ARN."""
    arn = sandbox.session.client("sns", region_name="us-east-1").create_topic(Name="a")["TopicArn"]
    assert arn.split(":")[3] == "us-east-1"
    assert refused(sns.get_topic_attributes, TopicArn=arn) == ("InvalidParameter", "Invalid parameter: TopicArn")
    assert sns.list_topics()["Topics"] == []


def test_a_queue_reads_the_envelope(sandbox: Any, sns: Any) -> None:
    """A queue of the account needs no confirmation, and its message is the documented JSON at simulated time."""
    url, queue_arn = a_queue(sandbox)
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    subscription = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)["SubscriptionArn"]
    assert sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)["SubscriptionArn"] == subscription
    sandbox.advance(61.5)
    attributes = {"layer": {"DataType": "String", "StringValue": "nacl"}}
    sent = sns.publish(TopicArn=arn, Message="größer", Subject="ALARM", MessageAttributes=attributes)
    (body,) = bodies(sandbox, url)
    found = json.loads(body)
    assert list(found) == [
        "Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature",
        "SigningCertURL", "UnsubscribeURL", "MessageAttributes",
    ]  # fmt: skip
    assert found["Type"] == "Notification"
    assert found["MessageId"] == sent["MessageId"]
    assert (found["Subject"], found["Message"]) == ("ALARM", "größer")
    assert found["Timestamp"] == "2026-11-02T09:01:01.500Z"
    assert found["MessageAttributes"] == {"layer": {"Type": "String", "Value": "nacl"}}
    sns.publish(TopicArn=arn, Message="no subject")
    (body,) = bodies(sandbox, url)
    assert "Subject" not in json.loads(body)


def test_raw_delivery_has_no_envelope(sandbox: Any, sns: Any) -> None:
    """RawMessageDelivery brings the text alone, and an address cannot have it."""
    url, queue_arn = a_queue(sandbox)
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    one = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)["SubscriptionArn"]
    sns.set_subscription_attributes(SubscriptionArn=one, AttributeName="RawMessageDelivery", AttributeValue="true")
    sns.publish(TopicArn=arn, Message="bare")
    assert bodies(sandbox, url) == ["bare"]
    code, told = refused(
        sns.subscribe, TopicArn=arn, Protocol="email", Endpoint="a@example.com",
        Attributes={"RawMessageDelivery": "true"},
    )  # fmt: skip
    assert (code, told) == (
        "InvalidParameter",
        "Invalid parameter: Delivery protocol [email] does not support raw message delivery.",
    )


def test_each_protocol_may_have_its_own_text(sandbox: Any, sns: Any) -> None:
    """MessageStructure json gives a protocol its text, others the default; without a default it is refused."""
    url, queue_arn = a_queue(sandbox)
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    sns.publish(TopicArn=arn, Message=json.dumps({"default": "d", "sqs": "s"}), MessageStructure="json")
    assert [json.loads(body)["Message"] for body in bodies(sandbox, url)] == ["s"]
    told = refused(sns.publish, TopicArn=arn, Message='{"sqs": "s"}', MessageStructure="json")[1]
    assert told == "Invalid parameter: Message Structure - No default entry in JSON message body"
    assert "failed to parse" in refused(sns.publish, TopicArn=arn, Message="{", MessageStructure="json")[1]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"Message": ""}, "Invalid parameter: Empty message"),
        ({"Message": "x" * 262_145}, "Invalid parameter: Message too long"),
        ({"Message": "x", "Subject": "y" * 101}, "Invalid parameter: Subject"),
        ({"Message": "x", "Subject": "a\nb"}, "Invalid parameter: Subject"),
    ],
)
def test_a_message_that_cannot_be_sent_is_refused(sns: Any, params: dict[str, str], message: str) -> None:
    """Publish refuses an empty message, one over 256 KiB, and a subject that is too long or has lines."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    assert refused(sns.publish, TopicArn=arn, **params) == ("InvalidParameter", message)


def test_an_address_hears_nothing_before_it_confirms(sandbox: Any, sns: Any) -> None:
    """An e-mail subscription pends until its link is followed; nothing is replayed; the link also ends it."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    asked = sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.com")
    assert asked["SubscriptionArn"] == "pending confirmation"
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert (listed["SubscriptionArn"], listed["Endpoint"]) == ("PendingConfirmation", "ops@example.com")
    sns.publish(TopicArn=arn, Message="too early")
    (mail,) = sandbox.mailbox.to("ops@example.com")
    assert mail.subject == "AWS Notification - Subscription Confirmation"
    assert mail.link in mail.body
    assert "You have chosen to subscribe to the topic" in mail.body

    (confirmed,) = sandbox.mailbox.confirm("ops@example.com")
    assert sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == confirmed
    sns.publish(TopicArn=arn, Message="heard", Subject="ALARM: rejects")
    notice = sandbox.mailbox.to("ops@example.com")[-1]
    assert (len(sandbox.mailbox.mails), notice.subject) == (2, "ALARM: rejects")
    assert notice.body.startswith("heard\n")

    assert sandbox.mailbox.click(notice) == confirmed
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsDeleted"] == "1"


def test_the_link_of_a_mail_works_in_a_browser(sandbox: Any, sns: Any) -> None:
    """The confirmation's link is answered to anybody, signed or not, and again after a first click."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.com")
    for _ in range(2):
        with urllib.request.urlopen(sandbox.mailbox.mails[0].link) as answer:
            assert b"<SubscriptionArn>" + arn.encode() in answer.read()
    one = sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=one)["Attributes"]["ConfirmationWasAuthenticated"] == "false"


def test_a_mailbox_that_was_asked_nothing_has_nothing_to_confirm(sandbox: Any, sns: Any) -> None:
    """`confirm` says whom mails went to."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.com")
    with pytest.raises(ArgumentError, match=r"no mail asks 'x@example.com' .* mails went to ops@example.com"):
        sandbox.mailbox.confirm("x@example.com")


def test_a_signed_confirmation_may_lock_the_subscription(sandbox: Any, sns: Any) -> None:
    """AuthenticateOnUnsubscribe: the link in a notice no longer ends it, a signed call does."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.com")
    token = sandbox.mailbox.mails[0].link.partition("Token=")[2]
    assert refused(sns.confirm_subscription, TopicArn=arn, Token="0" * 64)[1] == "Invalid parameter: Token"
    one = sns.confirm_subscription(TopicArn=arn, Token=token, AuthenticateOnUnsubscribe="true")["SubscriptionArn"]
    sns.publish(TopicArn=arn, Message="m")
    with pytest.raises(ArgumentError, match="Not authorized"):
        sandbox.mailbox.click(sandbox.mailbox.mails[-1])
    sns.unsubscribe(SubscriptionArn=one)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_an_unconfirmed_subscription_waits_three_days(sandbox: Any, sns: Any) -> None:
    """It cannot be deleted by hand meanwhile, vanishes after 3 simulated days, and its link is dead then."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    one = sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.com", ReturnSubscriptionArn=True)
    assert one["SubscriptionArn"].startswith(arn + ":")
    assert refused(sns.unsubscribe, SubscriptionArn="PendingConfirmation")[1].endswith("at least 6 elements, not 1")
    assert "pending confirmation" in refused(sns.unsubscribe, SubscriptionArn=one["SubscriptionArn"])[1]
    sandbox.advance("71h")
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1
    sandbox.advance("1h")
    assert sns.list_subscriptions()["Subscriptions"] == []
    with pytest.raises(ArgumentError, match="Invalid parameter: Token"):
        sandbox.mailbox.confirm("ops@example.com")


@pytest.mark.parametrize(
    ("protocol", "endpoint", "message"),
    [
        ("email", "ops", "Invalid parameter: Email address"),
        ("sqs", "q", "Invalid parameter: SQS endpoint ARN"),
        ("lambda", "arn:aws:sqs:eu-west-1:123456789012:q", "Invalid parameter: Lambda endpoint ARN"),
        ("http", "https://127.0.0.1/", "Invalid parameter: Endpoint must match the specified protocol"),
        ("https", "https://example.com/hook", "posts to this machine only, not to example.com"),
        ("http", "http://127.0.0.1.example.com/", "posts to this machine only"),
        ("sms", "+4912345", "does not play sms subscriptions"),
        ("carrier-pigeon", "x", "does not support this protocol string: carrier-pigeon"),
    ],
)
def test_an_endpoint_that_cannot_be_told_is_refused(sns: Any, protocol: str, endpoint: str, message: str) -> None:
    """Subscribe refuses an endpoint that is not its protocol's, and any web address off this machine."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    code, told = refused(sns.subscribe, TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
    assert code == "InvalidParameter"
    assert message in told


def test_lists_come_in_pages_of_a_hundred(sns: Any) -> None:
    """ListTopics gives 100 and a token, then the rest."""
    for number in range(101):
        sns.create_topic(Name=f"t{number}")
    first = sns.list_topics()
    assert len(first["Topics"]) == 100
    assert len(sns.list_topics(NextToken=first["NextToken"])["Topics"]) == 1
    assert len(list(sns.get_paginator("list_topics").paginate().search("Topics[]"))) == 101


class Listener:
    """A web subscriber on this machine, that keeps what it is posted and answers with the statuses it is given."""

    def __init__(self, *statuses: int) -> None:
        """Listen."""
        self.heard: queue.Queue[tuple[dict[str, str], dict[str, Any]]] = queue.Queue()
        answers = list(statuses)
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                heard.put((dict(self.headers), json.loads(body)))
                self.send_response(answers.pop(0) if answers else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?x=1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def test_a_web_subscriber_confirms_and_is_told(sandbox: Any, sns: Any) -> None:
    """It is posted the token first, and the notices after its GET of SubscribeURL, with the service's headers."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    with Listener() as listener:
        asked = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=listener.url)
        assert asked["SubscriptionArn"] == "pending confirmation"
        headers, body = listener.heard.get(timeout=10)
        assert headers["x-amz-sns-message-type"] == body["Type"] == "SubscriptionConfirmation"
        assert list(body) == [
            "Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp", "SignatureVersion",
            "Signature", "SigningCertURL",
        ]  # fmt: skip
        with urllib.request.urlopen(body["SubscribeURL"]) as answer:
            assert answer.status == 200
        sns.publish(TopicArn=arn, Message="m", Subject="s")
        headers, body = listener.heard.get(timeout=10)
        assert headers["x-amz-sns-message-type"] == "Notification"
        assert headers["x-amz-sns-topic-arn"] == arn
        assert headers["x-amz-sns-subscription-arn"] == sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"]
        assert (body["Message"], body["Subject"]) == ("m", "s")


def test_a_web_subscriber_that_fails_is_tried_again(sandbox: Any, sns: Any) -> None:
    """A server's error is tried again, a client's error is final, and counted as failed."""
    from rejectkit.sandbox.topics.delivery import wait

    arn = sns.create_topic(Name="rejects")["TopicArn"]
    topics = sandbox._world.region(REGION).of(Topics)
    with Listener(200, 503, 200, 404) as listener:
        sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=listener.url)
        with urllib.request.urlopen(listener.heard.get(timeout=10)[1]["SubscribeURL"]):
            pass
        sns.publish(TopicArn=arn, Message="twice")
        assert wait(topics, 10)
        sns.publish(TopicArn=arn, Message="once")
        assert wait(topics, 10)
        assert [listener.heard.get(timeout=1)[1]["Message"] for _ in range(3)] == ["twice", "twice", "once"]
        assert listener.heard.empty()
    assert deliveries(sandbox)[-2:] == [("delivered", ""), ("failed", "it answered 404")]


def test_an_alarm_of_the_account_may_publish(sandbox: Any, sns: Any) -> None:
    """The default policy lets a same-account alarm publish, and no other account's."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    world = sandbox._world
    assert publish(world, REGION, arn, "m", "s", service=ALARM, source_arn=alarm_arn(sandbox))
    with pytest.raises(ServiceError, match="AuthorizationError") as caught:
        publish(world, REGION, arn, "m", service=ALARM, source_arn=alarm_arn(sandbox, "999999999999"))
    assert caught.value.message == (
        f"Resource: {alarm_arn(sandbox, '999999999999')} is not authorized to perform: SNS:Publish on resource: {arn}"
    )


def test_a_policy_set_by_hand_shuts_the_alarm_out(sandbox: Any, sns: Any) -> None:
    """A topic policy for somebody else replaces the default one, so that the alarm may not publish."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    with pytest.raises(ServiceError, match="AuthorizationError"):
        publish(sandbox._world, REGION, arn, "m", service=ALARM, source_arn=alarm_arn(sandbox))
    assert sns.publish(TopicArn=arn, Message="the account itself may")["MessageId"]


TOPIC = "arn:aws:sns:eu-west-1:123456789012:rejects"
SOURCE = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:rejects"
DOCUMENTED = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudwatch.amazonaws.com"},
    "Action": "SNS:Publish",
    "Resource": TOPIC,
    "Condition": {
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:*"},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    },
}


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, True),
        ({"Action": "sns:publish"}, True),
        ({"Action": ["SNS:Subscribe", "SNS:Pub*"]}, True),
        ({"Action": "*"}, True),
        ({"Action": "SNS:Subscribe"}, False),
        ({"Resource": "arn:aws:sns:eu-west-1:123456789012:*"}, True),
        ({"Resource": TOPIC + "2"}, False),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
        ({"Principal": {"Service": ["s3.amazonaws.com", "cloudwatch.amazonaws.com"]}}, True),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}}, False),
        ({"Condition": {"StringEquals": {"AWS:SOURCEACCOUNT": ["9", "123456789012"]}}}, True),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": SOURCE}}}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:alarm:rejects"}}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:other"}}}, False),
        ({"Condition": {"StringLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:alarm:rejects"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceAccount": "999999999999"}}}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}}, True),
        ({"Effect": "Deny"}, False),
    ],
)
def test_a_policy_is_judged_as_the_service_judges_it(change: dict[str, Any], allowed: bool) -> None:
    """The documented statement for alarms allows; each change of it does what its word says."""
    policy = {"Version": "2012-10-17", "Statement": [DOCUMENTED | change]}
    assert allows(json.dumps(policy), Asked(ALARM, "SNS:Publish", TOPIC, SOURCE)) is allowed


def test_a_deny_is_stronger_than_an_allow() -> None:
    """One Deny that applies is final; the usual one against unencrypted calls does not apply to a service."""
    asked = Asked(ALARM, "SNS:Publish", TOPIC, SOURCE)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "SNS:*", "Resource": "*"}
    assert not allows({"Statement": [DOCUMENTED, deny]}, asked)
    plain = deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert allows({"Statement": [DOCUMENTED, plain]}, asked)


def test_a_condition_the_sandbox_cannot_judge_is_refused(sns: Any) -> None:
    """SetTopicAttributes names the operator, rather than guess."""
    arn = sns.create_topic(Name="a")["TopicArn"]
    statement = DOCUMENTED | {"Resource": arn, "Condition": {"NumericLessThan": {"aws:x": "1"}}}
    policy = json.dumps({"Statement": [statement]})
    told = refused(sns.set_topic_attributes, TopicArn=arn, AttributeName="Policy", AttributeValue=policy)[1]
    assert "does not judge the condition operator NumericLessThan" in told


@pytest.mark.parametrize("key", ["alias/aws/sns", "arn:aws:kms:eu-west-1:123456789012:alias/aws/sns"])
def test_the_aws_key_of_a_topic_shuts_the_alarm_out(sandbox: Any, sns: Any, key: str) -> None:
    """A topic encrypted with the AWS-managed key takes nothing from CloudWatch."""
    arn = sns.create_topic(Name="rejects", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    with pytest.raises(ServiceError) as caught:
        publish(sandbox._world, REGION, arn, "m", service=ALARM, source_arn=alarm_arn(sandbox))
    assert (caught.value.code, caught.value.message) == (
        "KMSAccessDenied",
        "CloudWatch Alarms does not have authorization to access the SNS topic encryption key.",
    )


def test_a_key_whose_policy_names_cloudwatch_lets_the_alarm_in(sandbox: Any, sns: Any) -> None:
    """A customer's key serves once its policy gives CloudWatch Decrypt and GenerateDataKey."""
    kms = sandbox.session.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    arn = sns.create_topic(Name="rejects", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    asked = {"service": ALARM, "source_arn": alarm_arn(sandbox)}
    with pytest.raises(ServiceError, match="KMSAccessDenied"):
        publish(sandbox._world, REGION, arn, "m", **asked)
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{sandbox.account}:root"}, "Action": "kms:*"}
    gives = {"Effect": "Allow", "Principal": {"Service": ALARM}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"]}
    statements = [one | {"Resource": "*"} for one in (own, gives)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    assert publish(sandbox._world, REGION, arn, "m", **asked)


def test_a_queue_whose_policy_shuts_the_topic_out_is_not_sent_to(sandbox: Any, sns: Any) -> None:
    """A queue with a policy must allow sns.amazonaws.com; the failure is kept, and counted."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    shut = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:*", "Resource": "*"}
    opened = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
              "Resource": "*", "Condition": {"ArnEquals": {"aws:SourceArn": arn}}}  # fmt: skip
    for name, statement in (("shut", shut), ("open", opened)):
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=a_queue(sandbox, name, policy)[1])
    sns.publish(TopicArn=arn, Message="m")
    assert [outcome for outcome, _ in deliveries(sandbox)] == ["failed", "delivered"]
    assert deliveries(sandbox)[0][1] == f"the policy of queue shut does not allow sns.amazonaws.com to send for {arn}"


def test_a_queue_that_is_gone_is_a_failed_delivery(sandbox: Any, sns: Any) -> None:
    """Publishing goes well whatever becomes of it; the failure is kept."""
    url, queue_arn = a_queue(sandbox)
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    sandbox.session.client("sqs").delete_queue(QueueUrl=url)
    assert sns.publish(TopicArn=arn, Message="m")["MessageId"]
    ((outcome, why),) = deliveries(sandbox)
    assert outcome == "failed"
    assert "queue does not exist" in why


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ({"layer": ["nacl"]}, True),
        ({"layer": ["sg", {"prefix": "na"}]}, True),
        ({"layer": [{"anything-but": ["nacl"]}]}, False),
        ({"port": [{"numeric": [">", 20, "<=", 22]}]}, True),
        ({"port": [23]}, False),
        ({"layer": ["nacl"], "port": [23]}, False),
        ({"other": [{"exists": False}]}, True),
        ({"other": ["x"]}, False),
    ],
)
def test_a_filter_policy_chooses_by_attributes(sandbox: Any, sns: Any, policy: dict[str, Any], wanted: bool) -> None:
    """A subscription's filter policy wants every name, and one value of each."""
    url, queue_arn = a_queue(sandbox)
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    attributes = {"FilterPolicy": json.dumps(policy)}
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes=attributes)
    layer, port = {"DataType": "String", "StringValue": "nacl"}, {"DataType": "Number", "StringValue": "22"}
    sns.publish(TopicArn=arn, Message="m", MessageAttributes={"layer": layer, "port": port})
    assert bool(bodies(sandbox, url)) is wanted
    assert deliveries(sandbox)[0][0] == ("delivered" if wanted else "filtered")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FilterPolicy", "{", "failed to parse JSON"),
        ("FilterPolicy", '{"layer": "nacl"}', '"layer" must be an object or an array'),
        ("FilterPolicy", '{"layer": [{"cidr": "10.0.0.0/8"}]}', "Unrecognized match type cidr"),
        ("FilterPolicy", '{"port": [{"numeric": ["~", 1]}]}', "does not play"),
        ("FilterPolicy", '{"layer": [{"anything-but": {"prefix": "n"}}]}', "does not play"),
        ("FilterPolicyScope", "MessageBody", "plays MessageAttributes only, not MessageBody"),
        ("RedrivePolicy", "{}", "plays no dead-letter queues"),
        ("Colour", "red", "Invalid parameter: AttributeName"),
    ],
)
def test_an_attribute_the_sandbox_cannot_honour_is_refused(
    sandbox: Any, sns: Any, name: str, value: str, message: str
) -> None:
    """SetSubscriptionAttributes says what it cannot do, rather than store and ignore it."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    one = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=a_queue(sandbox)[1])["SubscriptionArn"]
    code, told = refused(sns.set_subscription_attributes, SubscriptionArn=one, AttributeName=name, AttributeValue=value)
    assert code == "InvalidParameter"
    assert message in told
    assert name not in sns.get_subscription_attributes(SubscriptionArn=one)["Attributes"]


def test_a_permission_is_a_statement_of_the_policy(sandbox: Any, sns: Any) -> None:
    """AddPermission adds a statement by its label, RemovePermission takes it out; other services' actions are refused."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]

    def sids() -> list[str]:
        policy = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
        return [statement["Sid"] for statement in policy["Statement"]]

    sns.add_permission(TopicArn=arn, Label="them", AWSAccountId=["999999999999"], ActionName=["Publish"])
    assert sids() == ["__default_statement_ID", "them"]
    sns.remove_permission(TopicArn=arn, Label="them")
    assert sids() == ["__default_statement_ID"]
    strange = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Statement": [strange]})
    told = refused(sns.set_topic_attributes, TopicArn=arn, AttributeName="Policy", AttributeValue=policy)[1]
    assert "action out of service scope! (sqs:SendMessage)" in told


def test_a_batch_tells_of_each_message(sandbox: Any, sns: Any) -> None:
    """PublishBatch sends what can be sent, and says of the rest why not."""
    url, queue_arn = a_queue(sandbox)
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "True"})
    entries = [{"Id": "a", "Message": "one"}, {"Id": "b", "Message": "two", "Subject": "x" * 101}]
    found = sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)
    assert [one["Id"] for one in found["Successful"]] == ["a"]
    assert [(one["Id"], one["Message"]) for one in found["Failed"]] == [("b", "Invalid parameter: Subject")]
    assert bodies(sandbox, url) == ["one"]


def test_a_function_is_not_played(sandbox: Any, sns: Any) -> None:
    """A Lambda subscription stands, and what it would have been sent is kept as not played."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    function = f"arn:aws:lambda:{REGION}:{sandbox.account}:function:page"
    assert sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=function)["SubscriptionArn"].startswith(arn)
    sns.publish(TopicArn=arn, Message="m")
    assert deliveries(sandbox) == [("not played", "the sandbox runs no lambda target")]


def test_what_a_topic_does_is_counted(sandbox: Any, sns: Any) -> None:
    """AWS/SNS has messages, sizes, deliveries, failures and what was filtered, by minute and topic."""
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    _, queue_arn = a_queue(sandbox)
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    gone = f"arn:aws:sqs:{REGION}:{sandbox.account}:gone"
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=gone)
    for message in ("four", "sixsix"):
        sns.publish(TopicArn=arn, Message=message)
    cloudwatch = sandbox.session.client("cloudwatch")

    def total(name: str) -> float:
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/SNS", MetricName=name, Dimensions=[{"Name": "TopicName", "Value": "rejects"}],
            StartTime=START, EndTime=datetime(2026, 11, 2, 9, 1, tzinfo=UTC), Period=60, Statistics=["Sum"],
        )["Datapoints"]  # fmt: skip
        return float(sum(point["Sum"] for point in found))

    assert total("NumberOfMessagesPublished") == 2
    assert total("PublishSize") == 10
    assert total("NumberOfNotificationsDelivered") == 2
    assert total("NumberOfNotificationsFailed") == 2


def test_the_recorded_notice_has_the_envelopes_place(sandbox: Any, sns: Any) -> None:
    """A recorded alarm message goes through a topic unchanged: what a queue reads back has its keys and values."""
    shared = os.environ.get("REJECTKIT_SHARED")
    if not shared:
        pytest.skip("REJECTKIT_SHARED is not set")
    recorded = json.loads((Path(shared) / "data/alarms/recorded-alarm-responses.json").read_text())
    message = recorded["test_breaching_alarm_actions[json]"]["recorded-content"]["alarm-1-sqs-msg"]
    url, queue_arn = a_queue(sandbox)
    arn = sns.create_topic(Name="rejects")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    publish(sandbox._world, REGION, arn, json.dumps(message), service=ALARM, source_arn=alarm_arn(sandbox))
    (body,) = bodies(sandbox, url)
    assert json.loads(json.loads(body)["Message"]) == message
