"""Calls of AWS through the sandbox: paced, made again where that helps, and otherwise one sentence that is an error."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from rejectkit.aws import EndpointSession, Service, default_session, session
from rejectkit.errors import (
    AccessDeniedError,
    ArgumentError,
    ConflictError,
    ConnectionLostError,
    CredentialsError,
    MissingResourceError,
    QueryCancelledError,
    QuotaError,
    RefusedError,
    RegionError,
    ThrottledError,
)
from rejectkit.pacing import Budget, budget_of
from rejectkit.sandbox import Fault, Limits, start
from rejectkit.sandbox.server import Sandbox
from rejectkit.sources.base import Watch

START = datetime(2026, 11, 1, 12, 0, 5, tzinfo=UTC)
THROTTLES = [
    "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete", "RequestLimitExceeded",
    "RequestThrottled", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException",
]  # fmt: skip


class Counting(Budget):
    """A budget that keeps what was taken from it, with a clock that goes when somebody sleeps by it."""

    def __init__(self, share: float = 1.0) -> None:
        self.at = 1000.0
        self.taken: list[str] = []
        super().__init__(share, now=lambda: self.at, sleep=self.pass_by)

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds

    def take(self, operation: str, region: str, check: Any = None) -> None:
        """Count the call."""
        super().take(operation, region, check)
        self.taken.append(f"{operation} {region}")


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    """One empty account for all tests of this file, without limits of its own."""
    with start(scenario=None, start=START, limits=Limits.unlimited()) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The account, with nothing that is to go wrong."""
    yield shared_sandbox
    shared_sandbox.faults.clear()


@pytest.fixture
def budget() -> Counting:
    """A budget that costs no time."""
    return Counting()


@pytest.fixture
def logs(sandbox: Sandbox, budget: Counting) -> Service:
    """CloudWatch Logs of the sandbox."""
    return Service(sandbox.session, "logs", budget=budget)


def test_a_call_answers_as_boto3_does(logs: Service, budget: Counting) -> None:
    """The parsed answer comes back, and one call was taken from the budget."""
    assert logs.call("DescribeLogGroups")["logGroups"] == []
    assert budget.taken == ["logs.DescribeLogGroups eu-west-1"]


@pytest.mark.parametrize("where", ["before", "after", "halfway"])
def test_a_lost_call_is_made_again_up_to_four_times(
    sandbox: Sandbox, logs: Service, budget: Counting, where: Any
) -> None:
    """Four losses are mended, with longer and longer naps; a fifth is an error. Each takes from the budget."""
    sandbox.faults.add(Fault("DescribeLogGroups", connection=where, times=4))
    assert logs.call("DescribeLogGroups")["logGroups"] == []
    assert len(budget.taken) == 5
    assert 1.5 <= budget.at - 1000 <= 3.5
    sandbox.faults.add(Fault("DescribeLogGroups", connection=where, times=5))
    with pytest.raises(
        ConnectionLostError, match=r"^The connection was lost during logs\.DescribeLogGroups in eu-west-1"
    ):
        logs.call("DescribeLogGroups")
    assert len(budget.taken) == 10


@pytest.mark.parametrize("where", ["before", "after", "halfway"])
def test_a_call_that_must_not_be_repeated_is_not(sandbox: Sandbox, logs: Service, budget: Counting, where: Any) -> None:
    """One that does harm when it is done twice is made once, and the loss is told."""
    sandbox.faults.add(Fault("DescribeLogGroups", connection=where))
    with pytest.raises(ConnectionLostError, match="it may or may not have been done"):
        logs.call("DescribeLogGroups", repeatable=False)
    assert len(budget.taken) == 1


@pytest.mark.parametrize(
    ("code", "status"), [("ServiceUnavailableException", 503), ("InternalFailure", 500), ("Odd", 502)]
)
def test_a_service_that_is_down_is_asked_again(
    sandbox: Sandbox, logs: Service, budget: Counting, code: str, status: int
) -> None:
    """Whatever the code, a fault of the service is waited out four times, for repeatable calls only."""
    sandbox.faults.add(Fault("DescribeLogGroups", code=code, status=status, times=4))
    assert logs.call("DescribeLogGroups")["logGroups"] == []
    sandbox.faults.add(Fault("DescribeLogGroups", code=code, status=status))
    with pytest.raises(ConnectionLostError, match=r"the fault is at AWS, try again later$") as caught:
        logs.call("DescribeLogGroups", repeatable=False)
    assert caught.value.code == code
    assert len(budget.taken) == 6


@pytest.mark.parametrize("code", THROTTLES)
def test_a_throttled_call_is_made_again_slower(sandbox: Sandbox, logs: Service, budget: Counting, code: str) -> None:
    """Throttling is waited out, also of calls that may not be repeated: it means that nothing was done."""
    sandbox.faults.add(Fault("DescribeLogGroups", code=code, times=3))
    before = budget.rate("logs.DescribeLogGroups", "eu-west-1")
    assert logs.call("DescribeLogGroups", repeatable=False)["logGroups"] == []
    assert len(budget.taken) == 4
    assert budget.rate("logs.DescribeLogGroups", "eu-west-1") < before


def test_throttling_without_end_is_an_error_after_a_minute(sandbox: Sandbox, logs: Service, budget: Counting) -> None:
    """The wait is not for ever; the sentence says who else may be calling."""
    sandbox.faults.add(Fault("StartQuery", code="ThrottlingException", message="Rate exceeded", times=1000))
    with pytest.raises(ThrottledError) as caught:
        logs.call("StartQuery", logGroupName="g", startTime=0, endTime=1, queryString="fields @message")
    assert str(caught.value) == (
        "logs.StartQuery is called too often in eu-west-1 (ThrottlingException: Rate exceeded), by us or by others of "
        "this account, and waiting did not help: try again later, or ask for a higher rate in Service Quotas"
    )
    assert 60 <= budget.at - 1000 <= 90
    assert 5 <= len(budget.taken) <= 20
    assert (caught.value.code, caught.value.action) == ("ThrottlingException", "logs:StartQuery")


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("LimitExceededException", "Account maximum query concurrency limit of [100] reached.", QuotaError),
        ("ExpiredTokenException", "The security token included in the request is expired", CredentialsError),
        ("UnrecognizedClientException", "The security token included in the request is invalid.", CredentialsError),
        ("ResourceAlreadyExistsException", "The specified log group already exists", ConflictError),
        ("OperationAbortedException", "Multiple concurrent requests", ConflictError),
        ("ResourceNotFoundException", "The specified log group does not exist.", MissingResourceError),
        ("InvalidParameterException", "1 validation error detected", RefusedError),
        ("AccessDeniedException", "no", AccessDeniedError),
    ],
)
def test_what_waiting_does_not_mend_is_told_at_once(
    sandbox: Sandbox, logs: Service, budget: Counting, code: str, message: str, expected: type[Exception]
) -> None:
    """Every other error is raised after one call, with the service's words in it."""
    sandbox.faults.add(Fault("DescribeLogGroups", code=code, message=message))
    with pytest.raises(expected) as caught:
        logs.call("DescribeLogGroups")
    assert message.rstrip(".") in str(caught.value)
    assert len(budget.taken) == 1


def test_a_repeated_change_that_was_done_is_a_conflict(sandbox: Sandbox, logs: Service) -> None:
    """The answer of a creation was lost: made again, the service says that it exists."""
    sandbox.faults.add(Fault("CreateLogGroup", connection="after"))
    with pytest.raises(ConflictError, match="ResourceAlreadyExistsException"):
        logs.call("CreateLogGroup", logGroupName="/made/twice")
    logs.call("DeleteLogGroup", logGroupName="/made/twice")


def test_wrong_arguments_are_not_sent(logs: Service) -> None:
    """The sentence has botocore's words on what is wrong."""
    with pytest.raises(RefusedError, match=r"logs\.StartQuery was not sent \(ParamValidationError: .*queryString"):
        logs.call("StartQuery", logGroupName="g")


def test_an_operation_that_boto3_does_not_know_is_named(logs: Service) -> None:
    """The cure is a newer boto3."""
    for act in (logs.call, lambda name: list(logs.pages(name, "x"))):
        with pytest.raises(ArgumentError, match=r"has no operation logs\.PutDragons; check its name, or update boto3"):
            act("PutDragons")


def test_cancel_is_heard_between_attempts(sandbox: Sandbox, logs: Service, budget: Counting) -> None:
    """A check that raises ends the waiting for a throttled call, and nothing is sent after it."""
    sandbox.faults.add(Fault("DescribeLogGroups", code="Throttling", times=1000))
    watch = Watch()

    def check() -> None:
        if len(budget.taken) == 3:
            watch.cancel()
        watch.check()

    with pytest.raises(QueryCancelledError):
        logs.call("DescribeLogGroups", check=check)
    assert len(budget.taken) == 3


def test_an_interrupt_passes_through(logs: Service) -> None:
    """KeyboardInterrupt is not translated, nor waited for."""

    def check() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        logs.call("DescribeLogGroups", check=check)


def test_a_body_comes_as_it_was_sent(sandbox: Sandbox, logs: Service) -> None:
    """The bytes are the JSON that `call` parses; errors are those of `call`, and calls beside it are not touched."""
    logs.call("CreateLogGroup", logGroupName="/body")
    try:
        parsed = logs.call("DescribeLogGroups")
        assert json.loads(logs.body("DescribeLogGroups"))["logGroups"] == parsed["logGroups"]
        inside: list[Any] = []
        got = logs.body("DescribeLogGroups", check=lambda: inside.append(_elsewhere(logs)))
        assert "metricFilters" in inside[0]
        assert json.loads(got)["logGroups"][0]["logGroupName"] == "/body"
        sandbox.faults.add(Fault("DescribeLogGroups", connection="halfway"))
        assert json.loads(logs.body("DescribeLogGroups"))["logGroups"] == parsed["logGroups"]
        with pytest.raises(MissingResourceError):
            logs.body("GetLogGroupFields", logGroupName="/none")
        assert logs.call("DescribeLogGroups")["logGroups"] == parsed["logGroups"]
    finally:
        logs.call("DeleteLogGroup", logGroupName="/body")


def _elsewhere(logs: Service) -> list[str]:
    """Return the members of an answer to another operation, asked from another thread."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.extend(logs.call("DescribeMetricFilters")))
    thread.start()
    thread.join(10)
    return found


def test_pages_are_followed_to_the_end(logs: Service, budget: Counting) -> None:
    """Every item of every page, in order; each page is a call that takes from the budget."""
    names = [f"/pages/{index}" for index in range(5)]
    for name in names:
        logs.call("CreateLogGroup", logGroupName=name)
    budget.taken.clear()
    try:
        found = logs.pages("DescribeLogGroups", "logGroups", limit=2, logGroupNamePrefix="/pages/")
        assert [group["logGroupName"] for group in found] == names
        assert len(budget.taken) == 3
    finally:
        for name in names:
            logs.call("DeleteLogGroup", logGroupName=name)


def test_pages_without_a_paginator_of_boto3_are_followed_too(budget: Counting) -> None:
    """`GetQueryResults` goes on by `nextToken`; so does every operation that takes what it gives."""
    with start(scenario=None, start=START, limits=Limits(rates={}, page_rows=2)) as sandbox:
        logs = Service(sandbox.session, "logs", budget=budget)
        logs.call("CreateLogGroup", logGroupName="g")
        logs.call("CreateLogStream", logGroupName="g", logStreamName="s")
        now = int(START.timestamp())
        events = [{"timestamp": now * 1000, "message": f"line {index}"} for index in range(5)]
        logs.call("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=events)
        query = {
            "logGroupName": "g",
            "startTime": now,
            "endTime": now,
            "queryString": "fields @message | sort @message",
        }
        query_id = logs.call("StartQuery", **query)["queryId"]
        budget.taken.clear()
        rows = list(logs.pages("GetQueryResults", "results", queryId=query_id))
        assert [row[0]["value"] for row in rows] == [f"line {index}" for index in range(5)]
        assert len(budget.taken) == 3


def test_an_answer_of_one_page_is_one_page(sandbox: Sandbox, budget: Counting) -> None:
    """An operation without tokens yields its items; a missing list is none."""
    ec2 = Service(sandbox.session, "ec2", budget=budget)
    assert list(ec2.pages("DescribeAccountAttributes", "AccountAttributes"))
    assert list(ec2.pages("DescribeFlowLogs", "FlowLogs")) == []
    assert list(ec2.pages("DescribeAccountAttributes", "Nothing")) == []


def from_afar(sandbox: Sandbox) -> EndpointSession:
    """Return a session as another process has it, that is not told the time."""
    told = sandbox.environment
    return EndpointSession(
        told["AWS_ENDPOINT_URL"],
        region_name=told["AWS_DEFAULT_REGION"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )


def test_the_services_clock_is_the_sandboxs(sandbox: Sandbox, budget: Counting) -> None:
    """Every answer has one Date header, of simulated time, of moto's services too; `now` goes on from it."""
    local = [1_000_000.0]
    for name, operation in (("logs", "DescribeLogGroups"), ("ec2", "DescribeVpcs"), ("sts", "GetCallerIdentity")):
        service = Service(from_afar(sandbox), name, budget=budget, local=lambda: local[0])
        assert service.now() == sandbox.clock.seconds
        sandbox.advance("1h")
        answer = service.call(operation)
        assert answer["ResponseMetadata"]["HTTPHeaders"]["date"] == format_datetime(sandbox.clock.now(), usegmt=True)
        local[0] += 2.5
        assert service.now() == sandbox.clock.seconds + 2.5


def test_a_refusal_tells_the_time_too(sandbox: Sandbox, logs: Service) -> None:
    """An error's Date header sets the clock as an answer's does."""
    logs.call("DescribeLogGroups")
    sandbox.advance("1h")
    with pytest.raises(MissingResourceError):
        logs.call("GetLogGroupFields", logGroupName="/none")
    assert abs(logs.now() - sandbox.clock.seconds) < 60


def test_a_clock_that_is_right_is_left_alone(sandbox: Sandbox, budget: Counting) -> None:
    """A Date header has whole seconds; where ours agrees with it, the fraction is kept."""
    here = sandbox.clock.seconds + 0.75
    service = Service(from_afar(sandbox), "logs", budget=budget, local=lambda: here)
    service.call("DescribeLogGroups")
    assert service.now() == here


def test_a_session_that_is_told_the_time_asks_nobody(sandbox: Sandbox, budget: Counting) -> None:
    """The sandbox's own session knows its time, also after it was let pass."""
    service = Service(sandbox.session, "logs", budget=budget)
    for _ in range(2):
        sandbox.advance("1h")
        assert service.now() == sandbox.clock.seconds
    assert budget.taken == []


def test_a_stand_in_for_aws_is_asked_the_time_again(sandbox: Sandbox, budget: Counting) -> None:
    """Behind an endpoint that is not AWS's, time may go in leaps: an old answer is not trusted."""
    service = Service(from_afar(sandbox), "logs", budget=budget)
    assert abs(service.now() - sandbox.clock.seconds) < 5
    sandbox.advance("1h")
    service._compared -= 10
    assert abs(service.now() - sandbox.clock.seconds) < 5


def test_the_account_is_asked_once(sandbox: Sandbox, logs: Service, budget: Counting) -> None:
    """By STS, in the same region and from the same budget."""
    assert logs.account() == logs.account() == sandbox.account
    assert budget.taken == ["sts.GetCallerIdentity eu-west-1"]


class Making(EndpointSession):
    """A session that counts the clients it makes."""

    made = 0

    def client(self, service_name: str, *args: Any, **more: Any) -> Any:
        """Count, and make it."""
        self.made += 1
        return super().client(service_name, *args, **more)


def test_a_service_has_one_client_and_many_threads(sandbox: Sandbox) -> None:
    """Made by the first call, whichever thread makes it; its connections time out, and it repeats nothing itself."""
    made = Making(sandbox.endpoint_url, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    service = Service(made, "logs", budget=Counting())
    assert made.made == 0
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(service.call("DescribeLogGroups")["logGroups"])) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [[]] * 12
    assert made.made == 1
    config = service.client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (10, 70)
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}


def test_services_of_a_session_share_its_budget(sandbox: Sandbox) -> None:
    """Unless one is given."""
    one, other = Service(sandbox.session, "logs"), Service(sandbox.session, "ec2", "us-east-1")
    assert one.budget is other.budget is budget_of(sandbox.session)
    assert (one.region, other.region) == ("eu-west-1", "us-east-1")


def test_nothing_at_the_endpoint(budget: Counting) -> None:
    """Where nothing was reached nothing was done, so the call is made again whatever it does; twice."""
    nowhere = EndpointSession(
        "http://127.0.0.1:9", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with pytest.raises(
        ConnectionLostError, match=r"logs\.DeleteLogGroup could not be reached in eu-west-1 .*AWS_ENDPOINT_URL$"
    ):
        Service(nowhere, "logs", budget=budget).call("DeleteLogGroup", repeatable=False, logGroupName="g")
    assert len(budget.taken) == 3


class _Page(http.server.BaseHTTPRequestHandler):
    """Answers with a web page, as a proxy does that wants a login."""

    def do_POST(self) -> None:
        """Answer."""
        page = b"<!DOCTYPE html><html>Please log in</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_a_web_page_is_no_answer(budget: Counting) -> None:
    """A proxy's login page is not taken for an empty answer."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        proxied = EndpointSession(url, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
        with pytest.raises(ConnectionLostError, match="a web page came instead of an answer of AWS"):
            Service(proxied, "logs", budget=budget).call("DescribeLogGroups")
        server.shutdown()


# What a user's own settings may be: run in a process of its own, as the environment is.
CONFIG = """\
[profile plain]
region = eu-west-1
[profile sso]
region = eu-west-1
sso_session = company
sso_account_id = 123456789012
sso_role_name = Reader
[sso-session company]
sso_region = eu-west-1
sso_start_url = https://company.example.org/start
sso_registration_scopes = sso:account:access
[profile oldsso]
region = eu-west-1
sso_region = eu-west-1
sso_start_url = https://company.example.org/start
sso_account_id = 123456789012
sso_role_name = Reader
[profile orphan]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = missing
[profile ring]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/a
source_profile = ring2
[profile ring2]
role_arn = arn:aws:iam::123456789012:role/b
source_profile = ring
[profile half]
region = eu-west-1
aws_access_key_id = AKIAHALF
[profile process]
region = eu-west-1
credential_process = /no/such/program
[profile web]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/reader
web_identity_token_file = /no/such/token
[profile nowhere]
aws_access_key_id = AKIANOWHERE
aws_secret_access_key = x
[profile odd]
aws_access_key_id = AKIANOWHERE
aws_secret_access_key = x
region = eu west
[profile unreal]
aws_access_key_id = AKIANOWHERE
aws_secret_access_key = x
region = eu-west-1
endpoint_url = localhost:5000
[profile role]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = keys
[profile keys]
aws_access_key_id = AKIAKEYS
aws_secret_access_key = x
"""

CHILD = """\
import json, sys
from rejectkit.aws import Service, session
from rejectkit.errors import RejectkitError
told = {}
for profile in sys.argv[1:]:
    try:
        made = session(None if profile == "-" else profile)
        told[profile] = ["ok", str(Service(made, "logs").call("DescribeLogGroups")["logGroups"])]
    except RejectkitError as error:
        told[profile] = [type(error).__name__, str(error)]
print(json.dumps(told))
"""


def child(folder: Path, *profiles: str, config: str = CONFIG, **environment: str) -> dict[str, list[str]]:
    """Call AWS with each profile (`-`: none is named) in a process of its own; return what each ends with."""
    (folder / "config").write_text(config)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own = {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *profiles],
        env=clean | own | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_settings_that_cannot_be_used_are_one_sentence_each(tmp_path: Path) -> None:
    """Each way that credentials, regions and profiles can be wrong has a sentence that says how to mend it."""
    expected = {
        "plain": (
            "CredentialsError",
            "There are no AWS credentials: run `aws configure sso` and `aws sso login --profile NAME`",
        ),
        "sso": ("CredentialsError", "`aws sso login --profile sso`"),
        "oldsso": ("CredentialsError", "`aws sso login --profile oldsso`"),
        "orphan": (
            "CredentialsError",
            'The source_profile "missing" referenced in the profile "orphan" does not exist',
        ),
        "ring": ("CredentialsError", "Infinite loop in credential configuration"),
        "half": ("CredentialsError", "Partial credentials found in config-file, missing: aws_secret_access_key"),
        "process": ("CredentialsError", "/no/such/program"),
        "web": ("CredentialsError", "/no/such/token"),
        "absent": ("CredentialsError", "There is no AWS profile 'absent'"),
        "nowhere": ("RegionError", "There is no AWS region: give region='eu-west-1', or set AWS_DEFAULT_REGION"),
        "odd": ("RegionError", "The AWS region eu west cannot be used"),
        "unreal": ("RefusedError", "set AWS_ENDPOINT_URL like http://127.0.0.1:5000"),
    }
    told = child(tmp_path, *expected)
    assert {profile: kind for profile, (kind, _) in told.items()} == {
        name: kind for name, (kind, _) in expected.items()
    }
    for profile, (_, words) in expected.items():
        assert words in told[profile][1], (profile, told[profile])
        assert "\n" not in told[profile][1]
    assert "half, keys, nowhere, odd, oldsso, orphan" in told["absent"][1]


def test_a_file_of_settings_that_cannot_be_read(tmp_path: Path) -> None:
    """The sentence names the file."""
    ((kind, words),) = child(tmp_path, "-", config="[profile x\nregion").values()
    assert kind == "CredentialsError"
    assert str(tmp_path / "config") in words


def test_a_profile_that_the_environment_names_and_nobody_has(tmp_path: Path) -> None:
    """AWS_PROFILE is named, since that is where the mend is."""
    ((kind, words),) = child(tmp_path, "-", AWS_PROFILE="gone").values()
    assert kind == "CredentialsError"
    assert words.startswith(
        "There is no AWS profile that AWS_PROFILE names (The config profile (gone) could not be found)"
    )


def test_an_endpoint_in_the_environment_is_used(tmp_path: Path, sandbox: Sandbox) -> None:
    """AWS_ENDPOINT_URL, keys and region of the environment reach the sandbox, and so does an assumed role."""
    assert child(tmp_path, "-", **sandbox.environment) == {"-": ["ok", "[]"]}
    assert child(tmp_path, "role", AWS_ENDPOINT_URL=sandbox.endpoint_url) == {"role": ["ok", "[]"]}


def test_a_role_that_may_not_be_assumed(tmp_path: Path, sandbox: Sandbox) -> None:
    """The refusal of AssumeRole, which botocore calls on the way, is told as that."""
    said = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/reader"
    sandbox.faults.add(Fault("AssumeRole", code="AccessDenied", message=said, status=403, times=100))
    ((kind, words),) = child(tmp_path, "role", AWS_ENDPOINT_URL=sandbox.endpoint_url).values()
    assert kind == "CredentialsError"
    assert words == (
        f"The role of the AWS profile cannot be assumed (AccessDenied: {said}): allow sts:AssumeRole on the role to "
        "whoever assumes it, and name them in the role's trust policy"
    )


def test_a_session_without_a_region_makes_no_service() -> None:
    """Said when the service is made, before anything is sent."""
    bare = EndpointSession("http://127.0.0.1:9", region_name="", aws_access_key_id="a", aws_secret_access_key="b")
    if bare.region_name:
        pytest.skip("this machine's environment names a region")
    with pytest.raises(
        RegionError, match=r"^There is no AWS region: give region='eu-west-1', or set AWS_DEFAULT_REGION"
    ):
        Service(bare, "logs")


def test_a_session_has_the_region_it_was_given() -> None:
    """A session is a boto3 session."""
    assert session(region="ap-southeast-2").region_name == "ap-southeast-2"


class Tally(Budget):
    """A budget by the real clock that counts what is taken."""

    count = 0

    def take(self, operation: str, region: str, check: Any = None) -> None:
        """Count the call."""
        super().take(operation, region, check)
        self.count += 1  # of threads that take turns; a lost count would show


def test_many_threads_are_never_throttled_by_the_sandbox() -> None:
    """By the real clock, more calls than a second allows, from six threads: none is refused, none is made twice."""
    rates = {"logs.DescribeLogGroups": 50.0}
    with start(scenario=None, start=START, limits=Limits(rates=rates)) as sandbox:
        service = Service(sandbox.session, "logs", budget=(tally := Tally(0.4, rates)))
        found: list[Any] = []

        def work() -> None:
            for _ in range(10):
                found.append(service.call("DescribeLogGroups")["logGroups"])

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert found == [[]] * 60
        assert tally.count == 60
        assert tally.rate("logs.DescribeLogGroups", "eu-west-1") == 20


def test_what_is_done_without_a_session_shares_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default session is one, and so is its budget, until the environment names another."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    one = default_session()
    assert default_session() is one
    assert default_session("us-east-1").region_name == "us-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert default_session().region_name == "eu-north-1"


def test_a_sandbox_has_the_quotas_that_it_was_given() -> None:
    """Its session's budget is a share of the sandbox's own rates; without rates nothing is waited for."""
    with start(scenario=None, limits=Limits(rates={"logs.StartQuery": 4.0}, concurrent_queries=8)) as sandbox:
        budget = budget_of(sandbox.session)
        assert budget.rate("logs.StartQuery", sandbox.region) == 1.0
        assert budget.most_running == 2
        assert budget.others == float("inf")
