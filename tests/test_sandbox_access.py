"""Sessions held to IAM policies: every action is allowed by its own statement, and by nothing less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from rejectkit.aws import Service, translated
from rejectkit.errors import AccessDeniedError, ArgumentError
from rejectkit.monitoring.exporting.iam import iam_policy
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from rejectkit.sandbox.rights.accessrules import TABLE
from tests.access_cases import ACCOUNT, ALARM, CASES, EVENTS, GROUP, LOG_ALARM, METRIC_ALARM, REGION, ROLE, TOPIC, Case

ONCE = Config(retries={"total_max_attempts": 1})
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}
CLIENTS: WeakKeyDictionary[Sandbox, Any] = WeakKeyDictionary()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An account with a log group that has one event, and two queries of it."""
    with start(scenario=None, start=START, region=REGION, limits=Limits.unlimited()) as made:
        assert made.account == ACCOUNT
        yield made


@pytest.fixture
def ids(sandbox: Sandbox) -> Mapping[str, str]:
    """The id of a query of log group g, and the pointer of its event; the group is made again if it is gone."""
    logs = sandbox.session.client("logs")
    try:
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(logGroupName="g", logStreamName="s")
    except logs.exceptions.ResourceAlreadyExistsException:
        pass
    at = int(sandbox.clock.seconds)
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": at * 1000, "message": "m"}])
    query = logs.start_query(logGroupName="g", startTime=at, endTime=at, queryString="fields @message")["queryId"]
    (row, *_) = logs.get_query_results(queryId=query)["results"]
    return {"QUERY": query, "POINTER": row[-1]["value"]}


def policy(*pairs: tuple[str, str], effect: str = "Allow") -> dict[str, Any]:
    """Return a policy with a statement for each pair of action and resource."""
    statements = [{"Effect": effect, "Action": action, "Resource": resource} for action, resource in pairs]
    return {"Version": "2012-10-17", "Statement": statements}


def refused(
    sandbox: Sandbox,
    policies: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    case: Case,
    ids: Mapping[str, str] | None = None,
) -> ClientError | None:
    """Return the refusal that a call ends in for want of access; None if it is let through."""
    if sandbox not in CLIENTS:  # a session's clients sign with its key of the moment; to make them takes a second
        CLIENTS[sandbox] = session = sandbox.session_for(policies)
        session.made = {}
    session = CLIENTS[sandbox]
    session.get_credentials().access_key = sandbox.session_for(policies).get_credentials().access_key
    if case.service not in session.made:
        session.made[case.service] = session.client(case.service, config=ONCE)
    client = session.made[case.service]
    method = next(name for name, operation in client.meta.method_to_api_mapping.items() if operation == case.operation)
    given = {name: (ids or {}).get(one, one) if isinstance(one, str) else one for name, one in case.params.items()}
    try:
        getattr(client, method)(**given)
    except ClientError as error:
        return error if error.response["Error"]["Code"] in DENIED else None
    return None


def call(
    sandbox: Sandbox,
    policies: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    case: Case,
    ids: Mapping[str, str] | None = None,
) -> str:
    """Return code and message of the refusal that a call ends in for want of access; empty if it is let through."""
    error = refused(sandbox, policies, case, ids)
    return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}" if error else ""


def test_every_action_of_the_table_has_a_case() -> None:
    """No row of the table goes without a call that is tried."""
    without_words = {"s3.HeadBucket", "s3.HeadObject"}  # the answer to a HEAD has no body to say why
    assert set(TABLE) - {f"{case.service}.{case.operation}" for case in CASES} == without_words


def test_the_table_names_operations() -> None:
    """Each row is an operation of its service."""
    loader = Loader()
    for name in TABLE:
        service, operation = name.split(".")
        model = ServiceModel(loader.load_service_model(service, "service-2"))
        assert operation in model.operation_names, name


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_call_is_allowed_by_just_what_it_takes(sandbox: Sandbox, ids: Mapping[str, str], case: Case) -> None:
    """With its statements it passes; without any one of them it is refused, and the refusal names that action."""
    for without in range(len(case.needs)):
        rest = [*case.needs[:without], *case.needs[without + 1 :], ("logs:Nothing", "*")]
        action = case.needs[without][0]
        error = refused(sandbox, policy(*rest), case, ids)
        assert error
        assert f"allows the {action.replace('sns:', 'SNS:')} action" in error.response["Error"]["Message"]
        ours = translated(error, f"{case.service}.{case.operation}")
        assert isinstance(ours, AccessDeniedError)
        assert ours.action == action
    assert call(sandbox, policy(*case.needs), case, ids) == ""


@pytest.mark.parametrize("case", [case for case in CASES if case.needs[0][1] != "*"], ids=str)
def test_another_resource_does_not_do(sandbox: Sandbox, ids: Mapping[str, str], case: Case) -> None:
    """A statement for something of another name is none for this one."""
    for at, (action, resource) in enumerate(case.needs):
        other = resource.removesuffix(":*").removesuffix("*") + "-other" + (":*" if resource.endswith(":*") else "")
        needs = [*case.needs[:at], (action, other), *case.needs[at + 1 :]]
        assert f"perform: {action.replace('sns:', 'SNS:')}" in call(sandbox, policy(*needs), case, ids)


@pytest.mark.parametrize("case", [case for case in CASES if case.needs == ((case.needs[0][0], "*"),)], ids=str)
def test_an_action_without_resources_takes_all(sandbox: Sandbox, case: Case) -> None:
    """An ARN does not allow it, however wide."""
    narrow = f"arn:aws:{case.service}:{REGION}:{ACCOUNT}:something"
    assert call(sandbox, policy((case.needs[0][0], narrow)), case)


@pytest.mark.parametrize(
    ("case", "told"),
    [
        (
            next(one for one in CASES if str(one) == "logs.StartQuery"),
            f"AccessDeniedException: User: arn:aws:iam::{ACCOUNT}:user/limited is not authorized to perform: "
            f"logs:StartQuery on resource: {GROUP}:log-stream: because no identity-based policy allows the "
            "logs:StartQuery action",
        ),
        (
            Case("cloudwatch", "ListMetrics", {}, ()),
            f"AccessDenied: User: arn:aws:iam::{ACCOUNT}:user/limited is not authorized to perform: "
            "cloudwatch:ListMetrics because no identity-based policy allows the cloudwatch:ListMetrics action",
        ),
        (
            Case("sns", "GetTopicAttributes", {"TopicArn": TOPIC}, ()),
            f"AuthorizationError: User: arn:aws:iam::{ACCOUNT}:user/limited is not authorized to perform: "
            f"SNS:GetTopicAttributes on resource: {TOPIC} because no identity-based policy allows the "
            "SNS:GetTopicAttributes action",
        ),
        (
            Case("ec2", "DescribeVpcs", {}, ()),
            "UnauthorizedOperation: You are not authorized to perform this operation. User: "
            f"arn:aws:iam::{ACCOUNT}:user/limited is not authorized to perform: ec2:DescribeVpcs because no "
            "identity-based policy allows the ec2:DescribeVpcs action",
        ),
        (
            Case("cloudwatch", "PutLogAlarm", LOG_ALARM, ()),
            f"AccessDenied: User: arn:aws:iam::{ACCOUNT}:user/limited is not authorized to perform: iam:PassRole on "
            f"resource: {ROLE} because no identity-based policy allows the iam:PassRole action",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_each_service_refuses_in_its_own_words(sandbox: Sandbox, case: Case, told: str) -> None:
    """Code and sentence, as quoted in public."""
    assert call(sandbox, policy(("cloudwatch:PutLogAlarm", "*")), case) == told


@pytest.mark.parametrize("service", ["logs", "cloudwatch", "sns", "ec2"])
def test_our_errors_name_the_action(sandbox: Sandbox, service: str) -> None:
    """The error of rejectkit has the action that is to be allowed, be it the call's own or one that it brings."""
    case = next(one for one in CASES if one.service == service and len(one.needs) > 1)
    last, action = policy(*case.needs[:-1]), case.needs[-1][0]
    with pytest.raises(AccessDeniedError, match=f"The IAM action {action} is not allowed") as caught:
        Service(sandbox.session_for(last), service).call(case.operation, **case.params)
    assert caught.value.action == action


def test_an_alias_and_a_roles_path_are_looked_up(sandbox: Sandbox) -> None:
    """What a call takes is the key behind an alias, and the role with its path, which the call does not name."""
    kms, iam = sandbox.session.client("kms"), sandbox.session.client("iam")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/topic", TargetKeyId=key)
    iam.create_role(RoleName="deep", Path="/teams/network/", AssumeRolePolicyDocument='{"Statement": []}')
    role = f"arn:aws:iam::{ACCOUNT}:role/teams/network/deep"
    alias = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/topic"
    for case, resource, wrong in (
        (Case("kms", "DescribeKey", {"KeyId": "alias/topic"}, ()), key, alias),
        (Case("kms", "DescribeKey", {"KeyId": alias}, ()), key, alias),
        (Case("iam", "GetRole", {"RoleName": "deep"}, ()), role, f"arn:aws:iam::{ACCOUNT}:role/deep"),
    ):
        action = f"{case.service}:{case.operation}"
        assert f"perform: {action} on resource: {resource} because" in call(sandbox, policy((action, wrong)), case)
        assert call(sandbox, policy((action, resource)), case) == ""


def test_a_call_that_is_told_by_its_path_has_its_name(sandbox: Sandbox) -> None:
    """A fault can be planted in one of Lambda's, whose requests name no operation."""
    sandbox.faults.add(Fault("lambda.GetPolicy", code="TooManyRequestsException", message="slow down"))
    with pytest.raises(ClientError, match=r"TooManyRequestsException.*slow down"):
        sandbox.session.client("lambda", config=ONCE).get_policy(FunctionName="f")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        sandbox.session.client("lambda", config=ONCE).get_policy(FunctionName="f")
    assert sandbox.session.client("lambda").list_functions()["Functions"] == []


def test_a_group_without_its_star_does_not_do(sandbox: Sandbox) -> None:
    """StartQuery takes the log group's ARN with `:*` behind it."""
    case = next(one for one in CASES if str(one) == "logs.StartQuery")
    assert call(sandbox, policy(("logs:StartQuery", GROUP)), case)
    assert call(sandbox, policy(("logs:StartQuery", EVENTS)), case) == ""


def test_a_deny_wins(sandbox: Sandbox) -> None:
    """However much is allowed, and the refusal says so."""
    everything = policy(("*", "*"))
    case = Case("cloudwatch", "DescribeAlarms", {"AlarmNames": ["a"]}, ())
    assert call(sandbox, everything, case) == ""
    assert call(sandbox, [everything, policy(("cloudwatch:Describe*", f"{ALARM[:-1]}*"), effect="Deny")], case) == (
        f"AccessDenied: User: arn:aws:iam::{ACCOUNT}:user/limited is not authorized to perform: "
        f"cloudwatch:DescribeAlarms on resource: {ALARM} with an explicit deny in an identity-based policy"
    )


@pytest.mark.parametrize(
    ("statement", "is_allowed"),
    [
        ({"Action": "LOGS:startquery", "Resource": EVENTS}, True),
        ({"Action": ["sns:*", "logs:Start?uery"], "Resource": "*"}, True),
        ({"Action": "logs:Start?Query", "Resource": "*"}, False),
        ({"Action": "*:*", "Resource": "arn:aws:logs:*:*:log-group:?:*"}, True),
        ({"Action": "*", "Resource": "arn:aws:logs:*:*:log-group:??:*"}, False),
        ({"Action": "logs:*", "Resource": EVENTS.replace(":g:", ":G:")}, False),
        ({"NotAction": "logs:Delete*", "Resource": "*"}, True),
        ({"NotAction": ["logs:Start*"], "Resource": "*"}, False),
        ({"Action": "logs:StartQuery", "NotResource": EVENTS.replace(":g:", ":h:")}, True),
        ({"Action": "logs:StartQuery", "NotResource": [EVENTS]}, False),
    ],
    ids=str,
)
def test_patterns(sandbox: Sandbox, statement: Mapping[str, Any], is_allowed: bool) -> None:
    """* is any text, ? any character; actions are the same in any case, resources are not; Not is all but."""
    case = next(one for one in CASES if str(one) == "logs.StartQuery")
    told = call(sandbox, {"Statement": {"Effect": "Allow", **statement}}, case)
    assert (told == "") == is_allowed


@pytest.mark.parametrize(
    ("condition", "is_allowed"),
    [
        ({"StringEquals": {"iam:PassedToService": ["logs.amazonaws.com", "cloudwatch.amazonaws.com"]}}, True),
        ({"StringEquals": {"iam:PassedToService": "logs.amazonaws.com"}}, False),
        ({"StringLike": {"iam:passedtoservice": "cloud*"}}, True),
        ({"StringNotEquals": {"aws:RequestedRegion": REGION}}, False),
        ({"StringNotLike": {"aws:RequestedRegion": "eu-*"}}, True),
        ({"StringEqualsIgnoreCase": {"aws:RequestedRegion": REGION.upper()}}, True),
    ],
    ids=str,
)
def test_conditions_that_are_known(sandbox: Sandbox, condition: Mapping[str, Any], is_allowed: bool) -> None:
    """To whom a role is passed, and the region of the call."""
    document = policy(("cloudwatch:PutLogAlarm", "*"))
    document["Statement"].append({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": condition})
    assert (call(sandbox, document, Case("cloudwatch", "PutLogAlarm", LOG_ALARM, ())) == "") == is_allowed


@pytest.mark.parametrize(
    ("suffix", "is_allowed"), [("StringEquals", False), ("StringEqualsIfExists", True), ("StringNotEquals", True)]
)
def test_a_key_that_the_call_does_not_bring(sandbox: Sandbox, suffix: str, is_allowed: bool) -> None:
    """It fails a positive test, and passes a negative one and one that asks only if it is there."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Statement": [statement | {"Condition": {suffix: {"iam:PassedToService": "x.amazonaws.com"}}}]}
    assert (call(sandbox, document, Case("logs", "DescribeLogGroups", {}, ())) == "") == is_allowed


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, "the policy is {}; give a document"),
        ({"Version": "2020", "Statement": []}, "the policy's Version is '2020'; it is 2012-10-17 or 2008-10-17"),
        ({"Statement": [{"Effect": "Maybe"}]}, "the statement's Effect is 'Maybe'; it is Allow or Deny"),
        ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, "has none of Action and NotAction; give one"),
        (
            {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "NotResource": "*"}]},
            "has Resource and NotResource of Resource and NotResource; give one",
        ),
        ({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}]}, "has Principal"),
        ({"Statement": [{"Effect": "Allow", "Action": "StartQuery", "Resource": "*"}]}, "write service:Operation"),
        ({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "g"}]}, "the resource is 'g'; write an ARN"),
        ({"Statement": [{"Effect": "Allow", "Action": [], "Resource": "*"}]}, r"has \[\]; give a text"),
        (
            {
                "Statement": [
                    {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:x": "true"}}}
                ]
            },
            "the condition operator Bool is not judged here",
        ),
        (
            {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "*",
                        "Resource": "*",
                        "Condition": {"StringEquals": {"aws:ResourceTag/team": "x"}},
                    }
                ]
            },
            "the condition key aws:ResourceTag/team is not known here",
        ),
    ],
)
def test_documents_that_are_no_policies(sandbox: Sandbox, document: Mapping[str, Any], told: str) -> None:
    """They are refused before anything is called, conditions that cannot be judged too."""
    with pytest.raises(ArgumentError, match=told):
        sandbox.session_for(document)


def test_identity_needs_no_permission(sandbox: Sandbox) -> None:
    """GetCallerIdentity answers whoever asks, even where it is denied."""
    denied = policy(("sts:*", "*"), effect="Deny")
    assert sandbox.session_for(denied).client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_dry_run_is_told_from_a_refusal(sandbox: Sandbox) -> None:
    """DryRunOperation is what is answered where the call would be allowed."""
    for action, code in (("ec2:DescribeVpcs", "DryRunOperation"), ("ec2:DescribeSubnets", "UnauthorizedOperation")):
        client = sandbox.session_for(policy((action, "*"))).client("ec2", config=ONCE)
        with pytest.raises(ClientError) as caught:
            client.describe_vpcs(DryRun=True)
        assert caught.value.response["Error"]["Code"] == code


def test_other_sessions_may_do_everything(sandbox: Sandbox) -> None:
    """A policy holds for the calls of its own session only."""
    limited = sandbox.session_for(policy(("logs:Nothing", "*")), name="one")
    other = sandbox.session_for(policy(("sns:ListTopics", "*")), name="two")
    assert sandbox.session.client("sns").list_topics()["Topics"] is not None
    assert other.client("sns").list_topics()["Topics"] is not None
    with pytest.raises(ClientError, match="user/one is not authorized to perform: SNS:ListTopics because"):
        limited.client("sns").list_topics()


def test_an_alarm_acts_whatever_its_maker_may() -> None:
    """What the account's services do among themselves is not asked of the user's policies."""
    with start(scenario=None, start=START, region=REGION, limits=Limits.unlimited()) as sandbox:
        topic = sandbox.session.client("sns").create_topic(Name="t")["TopicArn"]
        session = sandbox.session_for(policy(("cloudwatch:PutMetricAlarm", "*")))
        asked = {**METRIC_ALARM, "TreatMissingData": "breaching", "AlarmActions": [topic]}
        session.client("cloudwatch").put_metric_alarm(**asked)
        sandbox.advance("5m")
        items = sandbox.session.client("cloudwatch").describe_alarm_history(AlarmName="a", HistoryItemType="Action")
        assert [item["HistorySummary"] for item in items["AlarmHistoryItems"]] == [
            f"Successfully executed action {topic}"
        ]


@pytest.mark.parametrize("kind", ["read", "deploy", "tune"])
def test_our_own_policies_are_policies(sandbox: Sandbox, kind: str) -> None:
    """The sandbox judges each policy that rejectkit writes."""
    session = sandbox.session_for(iam_policy(kind))
    assert session.client("sts").get_caller_identity()["Account"] == ACCOUNT
