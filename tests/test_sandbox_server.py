"""A sandbox's endpoint: started, asked, disturbed, closed, and gone with its process."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

import rejectkit as rk
from rejectkit.errors import ArgumentError
from rejectkit.sandbox import Fault, Limits, Sandbox, start

ONCE = Config(retries={"total_max_attempts": 1})
START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Any:
    """An empty account."""
    with start(scenario=None, start=START) as made:
        yield made


def is_open(sandbox: Sandbox) -> bool:
    """Tell whether something listens on a sandbox's port."""
    port = int(sandbox.endpoint_url.rpartition(":")[2])
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def test_resources_are_motos(sandbox: Sandbox) -> None:
    """What has no behaviour of ours goes to moto, in the sandbox's own account."""
    ec2 = sandbox.session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]
    assert vpc["OwnerId"] == sandbox.account
    assert vpc["VpcId"] in {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]}
    assert sandbox.session.client("sts").get_caller_identity()["Account"] == sandbox.account


def test_two_sandboxes_do_not_see_each_other(sandbox: Sandbox) -> None:
    """Neither the resources of moto nor those of the services that are ours."""
    with start(scenario=None, start=START) as other:
        assert other.account != sandbox.account
        for one in (sandbox, other):
            session = one.session
            session.client("ec2").create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=[])
            session.client("sqs").create_queue(QueueName="same")
            session.client("sns").create_topic(Name="same")
            assert len([v for v in session.client("ec2").describe_vpcs()["Vpcs"] if not v["IsDefault"]]) == 1
            assert len(session.client("sqs").list_queues()["QueueUrls"]) == 1
            assert session.client("sns").list_topics()["Topics"] == [
                {"TopicArn": f"arn:aws:sns:eu-west-1:{one.account}:same"}
            ]
        other.advance("1h")
        assert sandbox.clock.now() == START
    assert is_open(sandbox)


def test_closed_it_is_gone() -> None:
    """Port, threads and resources; a second close does nothing, and the account is free again."""
    before = set(threading.enumerate())
    with start(scenario=None) as made:
        made.session.client("sqs").create_queue(QueueName="q")
        assert is_open(made)
    made.close()
    assert not is_open(made)
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == "rejectkit-sandbox"]
    with pytest.raises(EndpointConnectionError):
        made.session.client("sqs", config=ONCE).list_queues()
    assert "closed" in repr(made)
    with start(scenario=None) as again:
        assert again.account == made.account
        assert "QueueUrls" not in again.session.client("sqs").list_queues()


def test_the_names_of_its_buckets_are_free_again() -> None:
    """A bucket's name is taken for everybody while its sandbox is open, and for nobody afterwards."""
    where = {"LocationConstraint": "eu-west-1"}
    with start(scenario=None) as other:
        with start(scenario=None) as made:
            s3 = made.session.client("s3")
            s3.create_bucket(Bucket="shared-name", CreateBucketConfiguration=where)
            s3.put_object(Bucket="shared-name", Key="k", Body=b"one")
            with pytest.raises(ClientError, match="BucketAlreadyExists"):
                other.session.client("s3").create_bucket(Bucket="shared-name", CreateBucketConfiguration=where)
            other.session.client("s3").create_bucket(Bucket="others", CreateBucketConfiguration=where)
        gc.collect()
        for again in (other, start(scenario=None)):
            with again:
                s3 = again.session.client("s3")
                s3.create_bucket(Bucket="shared-name", CreateBucketConfiguration=where)
                assert s3.list_objects_v2(Bucket="shared-name")["KeyCount"] == 0
                if again is other:
                    assert {one["Name"] for one in s3.list_buckets()["Buckets"]} == {"shared-name", "others"}


def test_forgotten_it_is_gone_too() -> None:
    """The garbage collector closes what nobody holds."""
    made = start(scenario=None)
    port = int(made.endpoint_url.rpartition(":")[2])
    del made
    gc.collect()
    with socket.socket() as line:
        assert line.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("connection", ["before", "after"])
def test_lost_connection(sandbox: Sandbox, connection: Any) -> None:
    """Before: nothing was done; after: it was, and nobody was told."""
    sns = sandbox.session.client("sns", config=ONCE)
    sandbox.faults.add(Fault("CreateTopic", connection=connection))
    with pytest.raises(ConnectionClosedError):
        sns.create_topic(Name="t")
    assert len(sns.list_topics()["Topics"]) == (0 if connection == "before" else 1)


def test_answer_cut_in_the_middle_is_an_error(sandbox: Sandbox) -> None:
    """No half of an answer is taken for a whole one."""
    sns = sandbox.session.client("sns", config=ONCE)
    sandbox.faults.add(Fault("sns.ListTopics", connection="halfway"))
    with pytest.raises(Exception, match=r"(?i)closed|broken|incomplete"):
        sns.list_topics()
    assert sns.list_topics()["Topics"] == []


@pytest.mark.parametrize("service", ["ec2", "sns", "logs", "cloudwatch", "cloudformation", "sqs"])
def test_error_in_every_protocol(sandbox: Sandbox, service: str) -> None:
    """It is read as code and message, hostile text included."""
    calls = {
        "ec2": "describe_vpcs",
        "sns": "list_topics",
        "logs": "describe_log_groups",
        "cloudwatch": "describe_alarms",
        "cloudformation": "list_stacks",
        "sqs": "list_queues",
    }
    sandbox.faults.add(Fault("*", code="AccessDenied", message='no <b>&"\u00fc', status=403))
    with pytest.raises(ClientError) as caught:
        getattr(sandbox.session.client(service, config=ONCE), calls[service])()
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert caught.value.response["Error"]["Message"] == 'no <b>&"\u00fc'
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_request_that_no_client_would_send_is_answered(sandbox: Sandbox) -> None:
    """An operation without a member it needs, or without JSON, is an error in the protocol; the sandbox goes on."""
    signed = "AWS4-HMAC-SHA256 Credential=AKIA/20261101/eu-west-1/logs/aws4_request, SignedHeaders=host, Signature=0"
    for body, status, told in ((b"{}", 500, "logGroupName"), (b"{", 400, "SerializationException")):
        asked = urllib.request.Request(
            sandbox.endpoint_url,
            body,
            {
                "X-Amz-Target": "Logs_20140328.CreateLogGroup",
                "Content-Type": "application/x-amz-json-1.1",
                "Authorization": signed,
            },
        )
        with pytest.raises(HTTPError) as caught:
            urllib.request.urlopen(asked)
        assert caught.value.code == status
        assert told in caught.value.read().decode()
    assert sandbox.session.client("logs").describe_log_groups()["logGroups"] == []


def test_fault_comes_after_so_many_calls_and_so_often(sandbox: Sandbox) -> None:
    """And only on its operation."""
    sns = sandbox.session.client("sns", config=ONCE)
    sandbox.faults.add(Fault("ListTopics", code="InternalError", status=500, after=1, times=2))
    outcomes = []
    for _ in range(4):
        try:
            sns.list_topics()
            outcomes.append("OK")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])
        sns.create_topic(Name="t")
    assert outcomes == ["OK", "InternalError", "InternalError", "OK"]


def test_outcome_waits_for_a_query(sandbox: Sandbox) -> None:
    """A fault that says how queries end counts no call but those that start one."""
    logs = sandbox.session.client("logs", config=ONCE)
    sandbox.faults.add(Fault("*", outcome="Failed", after=1))
    logs.create_log_group(logGroupName="g")
    now = int(START.timestamp())
    ended = [
        logs.get_query_results(queryId=one["queryId"])["status"]
        for one in (logs.start_query(logGroupName="g", startTime=now, endTime=now, queryString="limit 1") for _ in "ab")
    ]
    assert ended == ["Complete", "Failed"]


def test_fault_that_says_nothing_or_too_much_is_refused() -> None:
    """One of code, connection and outcome."""
    with pytest.raises(ArgumentError, match="give one of code, connection and outcome"):
        Fault("ListTopics")
    with pytest.raises(ArgumentError, match="give one of"):
        Fault("ListTopics", code="X", connection="before")


def test_rates_are_counted_by_both_times() -> None:
    """One call too many in a second is throttled; an advanced second makes room."""
    with start(scenario=None, limits=Limits(rates={"sns.ListTopics": 3})) as sandbox:
        sns = sandbox.session.client("sns", config=ONCE)
        for _ in range(2):
            for _ in range(3):
                sns.list_topics()
            with pytest.raises(ClientError, match="Rate exceeded") as caught:
                sns.list_topics()
            assert caught.value.response["Error"]["Code"] == "ThrottlingException"
            sandbox.advance(1.5)


def test_clock_over_http(sandbox: Sandbox) -> None:
    """For a client that is not Python; a mistake is told in JSON."""

    def post(path: str, body: Any) -> Any:
        asked = urllib.request.Request(f"{sandbox.endpoint_url}/_rejectkit/{path}", json.dumps(body).encode())
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)

    assert post("clock", {"by": "10m"}) == {"now": "2026-11-01T00:10:00+00:00"}
    assert post("clock", {}) == {"now": "2026-11-01T00:10:00+00:00"}
    for path, body in (("clock", {"by": "soon"}), ("nothing", {})):
        with pytest.raises(HTTPError) as caught:
            post(path, body)
        assert caught.value.code == 400
        assert json.load(caught.value)["error"]


def test_real_time(sandbox: Sandbox) -> None:
    """The clock goes by itself, as fast as it is told, until the sandbox is closed."""
    with pytest.raises(ArgumentError, match="above 0"):
        sandbox.follow_real_time(0)
    ticked = threading.Event()
    sandbox.clock.at(START.timestamp() + 100, ticked.set)
    sandbox.follow_real_time(speed=1000)
    assert ticked.wait(30)


def test_bad_arguments_leave_nothing_open() -> None:
    """Each is refused in a sentence."""
    before = threading.active_count()
    with pytest.raises(ArgumentError, match="aware"):
        start(scenario=None, start=datetime(2026, 11, 1))  # noqa: DTZ001  to be refused
    with pytest.raises(ArgumentError, match="there is no scenario 'none'"):
        start("none")
    assert threading.active_count() == before


KERNEL = """
import sys, time
import rejectkit as rk
sandbox = rk.sandbox.start(scenario=None)
sandbox.session.client("sqs").create_queue(QueueName="q")
print(sandbox.endpoint_url, flush=True)
time.sleep(600)
"""


def test_killed_kernel_leaves_no_process_and_no_port() -> None:
    """It has no process of its own, so nothing can be left."""
    with subprocess.Popen([sys.executable, "-c", KERNEL], stdout=subprocess.PIPE, text=True) as kernel:
        assert kernel.stdout is not None
        port = int(kernel.stdout.readline().strip().rpartition(":")[2])
        children = Path(f"/proc/{kernel.pid}/task/{kernel.pid}/children")
        assert not children.exists() or children.read_text() == ""
        with socket.socket() as line:
            assert line.connect_ex(("127.0.0.1", port)) == 0
        kernel.kill()
    with socket.socket() as line:
        assert line.connect_ex(("127.0.0.1", port)) != 0


def test_sandbox_verb_prints_the_environment_and_ends_with_ctrl_c() -> None:
    """A shell can evaluate what it prints."""
    command = [sys.executable, "-m", "rejectkit", "sandbox", "--start", "2026-11-01", "--speed", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as kernel:
        assert kernel.stdout is not None
        lines = [kernel.stdout.readline() for _ in range(7)]
        told = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines[:4])
        assert set(told) == {
            "AWS_ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_DEFAULT_REGION",
        }
        code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
        asked = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **told}, capture_output=True, text=True, check=True
        )
        assert asked.stdout.strip() == "123456789012"
        assert "2026-11-01 00:00:00 UTC" in lines[4]
        kernel.send_signal(signal.SIGINT)
        assert kernel.wait(timeout=60) == 130


def test_public_way_to_it() -> None:
    """`rk.sandbox.start` is the one."""
    assert rk.sandbox.start is start
