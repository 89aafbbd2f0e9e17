"""Errors of botocore as errors of rejectkit: all of them, each in a sentence that names the mend."""

from __future__ import annotations

import copy
import inspect
import pickle
import string
from typing import Any

import botocore.exceptions
import pytest
from botocore.exceptions import ClientError

from rejectkit import errors
from rejectkit.actions import policy_of
from rejectkit.aws import translated
from rejectkit.aws.codes import kind_of_code
from rejectkit.errors import (
    AccessDeniedError,
    AwsError,
    ConflictError,
    ConnectionLostError,
    CredentialsError,
    MissingResourceError,
    QueryCancelledError,
    QuotaError,
    RefusedError,
    RegionError,
    RejectkitError,
    ThrottledError,
)


def answered(
    code: str,
    message: str = "",
    status: int = 400,
    operation: str = "StartQuery",
    called: str = "logs.StartQuery",
    **more: Any,
) -> RejectkitError:
    """Return the translation of a service's error answer."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return translated(ClientError(answer, operation), called, **more)


def raised_by_botocore() -> list[BaseException]:
    """Return one error of every class of botocore, its message filled in."""
    found: list[BaseException] = []
    for name, cls in sorted(vars(botocore.exceptions).items()):
        if not inspect.isclass(cls) or not issubclass(cls, Exception) or issubclass(cls, Warning):
            continue
        if issubclass(cls, ClientError):
            found.append(cls({"Error": {"Code": "Odd", "Message": name}}, "StartQuery"))
        elif hasattr(cls, "fmt"):
            fields = {field for _, field, _, _ in string.Formatter().parse(cls.fmt) if field}
            asked = inspect.signature(cls.__init__).parameters
            fields |= {name for name, field in asked.items() if field.kind is field.POSITIONAL_OR_KEYWORD} - {"self"}
            # What comes from a connection is made with the connection's own error as well.
            fields |= {"error"} if any(field.kind is field.VAR_KEYWORD for field in asked.values()) else set()
            found.append(cls(**dict.fromkeys(fields, "some")))
        else:
            found.append(cls(name))
    return found


BOTOCORE = raised_by_botocore()


@pytest.mark.parametrize("error", BOTOCORE, ids=lambda error: type(error).__name__)
def test_every_error_of_botocore_is_translated(error: BaseException) -> None:
    """Each class there gives one sentence, an AwsError, that names what was called or what to set."""
    told = translated(error, "logs.StartQuery", profile="work", region="eu-west-1")
    assert isinstance(told, AwsError)
    assert "\n" not in str(told)
    assert "{" not in str(told)
    assert len(str(told)) > 60
    assert told.code == ("Odd" if isinstance(error, ClientError) else type(error).__name__)
    assert (told.operation, told.action) == ("logs.StartQuery", "logs:StartQuery")


def test_the_walk_above_sees_them_all() -> None:
    """There are many, and those that matter most are of the kinds they should be."""
    kinds = {type(error).__name__: type(translated(error)) for error in BOTOCORE}
    assert len(kinds) > 80
    expected = {
        "NoCredentialsError": CredentialsError,
        "PartialCredentialsError": CredentialsError,
        "CredentialRetrievalError": CredentialsError,
        "ProfileNotFound": CredentialsError,
        "SSOTokenLoadError": CredentialsError,
        "UnauthorizedSSOTokenError": CredentialsError,
        "TokenRetrievalError": CredentialsError,
        "LoginRefreshRequired": CredentialsError,
        "InfiniteLoopConfigError": CredentialsError,
        "NoRegionError": RegionError,
        "InvalidRegionError": RegionError,
        "UnknownEndpointError": RegionError,
        "EndpointConnectionError": ConnectionLostError,
        "ConnectTimeoutError": ConnectionLostError,
        "ReadTimeoutError": ConnectionLostError,
        "ConnectionClosedError": ConnectionLostError,
        "IncompleteReadError": ConnectionLostError,
        "ResponseStreamingError": ConnectionLostError,
        "SSLError": ConnectionLostError,
        "ParamValidationError": RefusedError,
        "PaginationError": AwsError,
        "BotoCoreError": AwsError,
    }
    assert {name: kinds[name] for name in expected} == expected


def test_no_credentials() -> None:
    """The sentence says how to get them, and how to name them."""
    assert str(translated(botocore.exceptions.NoCredentialsError(), "logs.StartQuery")) == (
        "There are no AWS credentials: run `aws configure sso` and `aws sso login --profile NAME`, and set "
        "AWS_PROFILE=NAME or give profile='NAME'; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


def test_no_region() -> None:
    """The sentence says the three places where it can be set."""
    assert str(translated(botocore.exceptions.NoRegionError())) == (
        "There is no AWS region: give region='eu-west-1', or set AWS_DEFAULT_REGION, or write `region = eu-west-1` "
        "into the profile in ~/.aws/config"
    )


def test_a_login_that_is_due_names_the_profile() -> None:
    """With its profile, unless that is the default; `aws login` where that is what the profile uses."""
    due = botocore.exceptions.UnauthorizedSSOTokenError()
    assert "run `aws sso login --profile work`, and run this again" in str(translated(due, profile="work"))
    assert "run `aws sso login`, and run this again" in str(translated(due, profile="default"))
    other = botocore.exceptions.LoginRefreshRequired()
    assert "run `aws login --profile work`, and run this again" in str(translated(other, profile="work"))


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_an_expired_token(code: str) -> None:
    """Whatever the service calls it: log in again."""
    told = answered(code, "The security token included in the request is expired", profile="work")
    assert isinstance(told, CredentialsError)
    assert str(told) == (
        f"The AWS credentials have expired ({code}: The security token included in the request is expired): run `aws "
        "sso login --profile work`, or renew the keys in ~/.aws/credentials or AWS_SESSION_TOKEN, and run this again"
    )


@pytest.mark.parametrize(
    "code", ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "SignatureDoesNotMatch"]
)
def test_credentials_that_aws_does_not_know(code: str) -> None:
    """A wrong key, a wrong clock and a region that is switched off look the same, so all are named."""
    told = answered(code, "The security token included in the request is invalid.", 403, region="me-south-1")
    assert isinstance(told, CredentialsError)
    assert "a key or token is wrong or revoked, this machine's clock is wrong, or the region is not switched on" in str(
        told
    )
    assert "in me-south-1" in str(told)


@pytest.mark.parametrize(
    ("code", "message", "called", "action", "statement", "policy"),
    [
        (
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/x is not authorized to perform: logs:StartQuery on resource: "
            "arn:aws:logs:eu-west-1:1:log-group:flows:* because no identity-based policy allows the logs:StartQuery action",
            "logs.StartQuery",
            "logs:StartQuery",
            '{"Effect": "Allow", "Action": "logs:StartQuery", "Resource": "arn:aws:logs:eu-west-1:1:log-group:flows:*"}',
            "read",
        ),
        (
            "UnauthorizedOperation",
            "You are not authorized to perform this operation. User: arn:aws:iam::1:user/x is not authorized to perform: "
            "ec2:DescribeFlowLogs because no identity-based policy allows the ec2:DescribeFlowLogs action. Encoded "
            "authorization failure message: uzAbCdEf0123456789",
            "ec2.DescribeFlowLogs",
            "ec2:DescribeFlowLogs",
            '{"Effect": "Allow", "Action": "ec2:DescribeFlowLogs", "Resource": "*"}',
            "read",
        ),
        (
            "UnauthorizedOperation",
            "You are not authorized to perform this operation.",
            "ec2.AuthorizeSecurityGroupIngress",
            "ec2:AuthorizeSecurityGroupIngress",
            '{"Effect": "Allow", "Action": "ec2:AuthorizeSecurityGroupIngress", "Resource": "*"}',
            "tune",
        ),
        (
            "AuthorizationError",
            "User: arn:aws:iam::1:user/x is not authorized to perform: SNS:CreateTopic on resource: arn:aws:sns:eu-west-1:1:t.",
            "sns.CreateTopic",
            "sns:CreateTopic",
            '{"Effect": "Allow", "Action": "sns:CreateTopic", "Resource": "arn:aws:sns:eu-west-1:1:t"}',
            "deploy",
        ),
        (
            "AccessDenied",
            "User: arn:aws:iam::1:user/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r",
            "cloudwatch.PutLogAlarm",
            "iam:PassRole",
            '{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/r"}',
            "deploy",
        ),
        (
            "AccessDenied",
            "Access Denied",
            "s3.ListObjectsV2",
            "s3:ListBucket",
            '{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}',
            "athena",
        ),
    ],
)
def test_a_denied_action_is_named_with_what_allows_it(
    code: str, message: str, called: str, action: str, statement: str, policy: str
) -> None:
    """The action is the one the service names, else the operation's; the statement can be pasted into a policy."""
    told = answered(code, message, 403, called.partition(".")[2], called)
    assert isinstance(told, AccessDeniedError)
    assert isinstance(told, PermissionError)
    assert (told.action, told.operation, told.code) == (action, called, code)
    assert str(told).startswith(f"The IAM action {action} is not allowed ({code}: ")
    ours = f"; rejectkit's policy '{policy}' has it" if policy else ""
    assert str(told).endswith(f"allow it with the statement {statement}{ours}")
    assert "Encoded" not in str(told)


def test_an_explicit_deny_is_told_apart() -> None:
    """Allowing alone would not help."""
    message = "User: u is not authorized to perform: logs:StartQuery with an explicit deny in a service control policy"
    assert "and remove the explicit deny" in str(answered("AccessDeniedException", message))
    assert "explicit deny" not in str(answered("AccessDeniedException", "no"))


@pytest.mark.parametrize(
    ("code", "status", "message", "expected"),
    [
        ("ThrottlingException", 400, "", ThrottledError),
        ("RequestLimitExceeded", 503, "", ThrottledError),
        ("LimitExceededException", 400, "Rate exceeded", ThrottledError),
        ("UnheardOf", 429, "", ThrottledError),
        ("LimitExceededException", 400, "", QuotaError),
        ("RulesPerSecurityGroupLimitExceeded", 400, "", QuotaError),
        ("NetworkAclEntryLimitExceeded", 400, "", QuotaError),
        ("SubscriptionLimitExceeded", 403, "", QuotaError),
        ("ServiceQuotaExceededException", 402, "", QuotaError),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, "", MissingResourceError),
        ("InvalidVpcID.NotFound", 400, "", MissingResourceError),
        ("InvalidGroup.NotFound", 400, "", MissingResourceError),
        ("NoSuchEntity", 404, "", MissingResourceError),
        ("ResourceNotFound", 404, "", MissingResourceError),
        ("404", 404, "Not Found", MissingResourceError),
        ("ValidationError", 400, "Stack with id recipe does not exist", MissingResourceError),
        ("ValidationError", 400, "Template format error", RefusedError),
        ("InvalidPermission.Duplicate", 400, "", ConflictError),
        ("FlowLogAlreadyExists", 400, "", ConflictError),
        ("NetworkAclEntryAlreadyExists", 400, "", ConflictError),
        ("InvalidGroup.InUse", 400, "", ConflictError),
        ("DependencyViolation", 400, "", ConflictError),
        ("AlreadyExistsException", 400, "", ConflictError),
        ("UnheardOf", 409, "", ConflictError),
        ("OptInRequired", 403, "", RegionError),
        ("RegionDisabledException", 403, "", RegionError),
        ("UnheardOf", 403, "", AccessDeniedError),
        ("UnheardOf", 500, "", ConnectionLostError),
        ("InternalServiceFault", 400, "", ConnectionLostError),
        ("MalformedQueryException", 400, "unexpected symbol", RefusedError),
        ("InvalidParameterCombination", 400, "", RefusedError),
        ("UnheardOf", 400, "", RefusedError),
        ("com.amazonaws.logs#ResourceNotFoundException", 400, "", MissingResourceError),
    ],
)
def test_what_a_code_means(code: str, status: int, message: str, expected: type[Exception]) -> None:
    """By its name, its ending, the HTTP status; anything else is a refusal."""
    assert type(answered(code, message, status)) is expected


def test_a_quota_is_not_throttling() -> None:
    """Too many queries at once is mended by waiting for one to end, not by calling slower."""
    told = answered(
        "LimitExceededException", "Account maximum query concurrency limit of [100] reached.", region="eu-west-1"
    )
    assert str(told) == (
        "logs.StartQuery would be over a quota of the account in eu-west-1 (LimitExceededException: Account maximum query "
        "concurrency limit of [100] reached): wait for others to end or remove some, or ask for more in Service Quotas"
    )


def test_an_sso_role_that_is_not_assigned() -> None:
    """What botocore calls on the way to credentials is told as credentials, not as the call that needed them."""
    told = answered("ForbiddenException", "No access", 403, "GetRoleCredentials")
    assert isinstance(told, CredentialsError)
    assert told.action == "sso:GetRoleCredentials"
    assert "check sso_account_id and sso_role_name in ~/.aws/config" in str(told)


def test_a_role_asked_for_by_name_is_an_ordinary_call() -> None:
    """Who calls AssumeRole is told about it as about any call."""
    assert type(answered("AccessDenied", "no", 403, "AssumeRole", "sts.AssumeRole")) is AccessDeniedError


def test_long_messages_are_cut_and_kept_whole_beside() -> None:
    """A sentence quotes 300 characters on one line; `message` has all of it."""
    told = answered("InvalidParameterException", "x\n" * 1000)
    assert isinstance(told, AwsError)
    assert len(str(told)) < 450
    assert "\n" not in str(told)
    assert len(told.message) == 1999


def test_braces_in_a_message_are_text() -> None:
    """What a service says is never a format."""
    assert "{region} {0}" in str(answered("InvalidParameterException", "{region} {0}", region="eu-west-1"))


def test_what_is_translated_already_stays() -> None:
    """An error of rejectkit is returned as it is."""
    error = QueryCancelledError("no")
    assert translated(error, "logs.StartQuery") is error


def test_errors_of_what_botocore_runs_are_settings() -> None:
    """A program or file for credentials that is not there; an endpoint that is no URL is told as that."""
    told = translated(FileNotFoundError(2, "No such file or directory", "/no/program"), "logs.StartQuery")
    assert isinstance(told, CredentialsError)
    assert "FileNotFoundError: [Errno 2] No such file or directory: '/no/program'" in str(told)
    assert isinstance(translated(ValueError("Auth token value is not a legal header value")), CredentialsError)
    assert str(translated(ValueError("Invalid endpoint: localhost:5000"))) == (
        "The AWS endpoint is no URL (ValueError: Invalid endpoint: localhost:5000): set AWS_ENDPOINT_URL like "
        "http://127.0.0.1:5000"
    )


@pytest.mark.parametrize(
    ("action", "policy"),
    [
        ("logs:GetQueryResults", "read"),
        ("logs:StopQuery", "read"),
        ("logs:PutMetricFilter", "deploy"),
        ("cloudwatch:DescribeAlarmHistory", "read"),
        ("cloudwatch:PutMetricAlarm", "deploy"),
        ("sns:ListSubscriptionsByTopic", "read"),
        ("sns:Subscribe", "deploy"),
        ("iam:PassRole", "deploy"),
        ("logs:DescribeSubscriptionFilters", ""),
        ("ec2:DescribeSecurityGroupRules", "read"),
        ("ec2:GetManagedPrefixListEntries", "read"),
        ("ec2:CreateNetworkAclEntry", "tune"),
        ("ec2:CreateFlowLogs", ""),
        ("kms:Decrypt", ""),
        ("", ""),
    ],
)
def test_the_policy_that_has_an_action(action: str, policy: str) -> None:
    """Reading, deploying and tuning are the three; what is in none is not promised."""
    assert policy_of(action) == policy


def test_an_unknown_status_is_a_refusal() -> None:
    """A code alone, without a status, is enough."""
    assert kind_of_code("Odd") == "refused"


ALL = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, RejectkitError)]


@pytest.mark.parametrize("cls", [cls for cls in ALL if issubclass(cls, AwsError)], ids=lambda cls: cls.__name__)
def test_an_error_survives_a_process(cls: type[AwsError]) -> None:
    """Pickled and copied, its text and its attributes stay."""
    error = cls("what happened", code="Odd", operation="logs.StartQuery", action="logs:StartQuery", message="said")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is cls
        assert str(again) == "what happened"
        assert (again.code, again.operation, again.action, again.message) == (
            "Odd", "logs.StartQuery", "logs:StartQuery", "said",
        )  # fmt: skip


def test_errors_about_queries_keep_their_numbers() -> None:
    """Each says in words and in numbers what happened."""
    ended = errors.QueryEndedError("ended", status="Timeout", query_id="q", statistics={"recordsMatched": 3.0})
    assert (str(ended), ended.status, ended.query_id, ended.statistics) == (
        "ended",
        "Timeout",
        "q",
        {"recordsMatched": 3.0},
    )
    incomplete = pickle.loads(pickle.dumps(errors.IncompleteError("short", expected=3, got=2)))
    assert (str(incomplete), incomplete.expected, incomplete.got) == ("short", 3, 2)
    overfull = errors.OverfullError("full", second=5, rows=100_001)
    assert (str(overfull), overfull.second, overfull.rows) == ("full", 5, 100_001)
    cost = errors.CostError("dear", estimated=6e9, limit=5e9, dollars=0.03)
    assert (str(cost), cost.estimated, cost.limit, cost.dollars) == ("dear", 6e9, 5e9, 0.03)
    assert isinstance(errors.DeadlineError("late"), TimeoutError)
