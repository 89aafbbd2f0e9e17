"""The IAM policies: enough for what is done, no more, and on nobody else's resources; the sandbox enforces them."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

import rejectkit
from rejectkit.actions import ACTIONS, KINDS, policy_of
from rejectkit.errors import AccessDeniedError, ApplyError, ArgumentError
from rejectkit.monitoring import Monitor, iam_policy, plan, teardown
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sources.athena.source import AthenaSource
from rejectkit.sources.athena.table import AthenaTable
from tests.wiring import ACCOUNT, FULL, LOGS, PLAIN, ROLE, THERE, at_once, no_time, ready

REGION = "eu-west-1"
WHERE = {"account": ACCOUNT, "region": REGION}
GROUP, ALARM, TOPIC = FULL.log_group, FULL.alarm_arn(REGION, ACCOUNT), FULL.topic_arn(REGION, ACCOUNT)
PORT = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
ENTRY = {"NetworkAclId": "acl-1", "RuleNumber": 90, "Egress": False}
RULE = {"Protocol": "6", "RuleAction": "deny", "CidrBlock": "10.0.0.0/8"}
OF_ALARM = {
    "AlarmName": FULL.alarm_name,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}
QUERY = {
    "QueryString": "fields @message",
    "LogGroupIdentifiers": [GROUP],
    "ScheduledQueryRoleARN": ROLE,
    "AggregationExpression": "count(*)",
    "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 900, "EndTimeOffset": 600},
}
TAGS = [{"Key": "a", "Value": "b"}]
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
TIMES = {"startTime": int(START.timestamp()) - 600, "endTime": int(START.timestamp()) + 600}

# One call for each action: the method of the service's boto3 client, and its arguments.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "logs:StartQuery": ("start_query", {"logGroupName": GROUP, "queryString": "fields @message", **TIMES}),
    "logs:GetQueryResults": ("get_query_results", {"queryId": "QUERY"}),
    "logs:GetLogGroupFields": ("get_log_group_fields", {"logGroupName": GROUP}),
    "logs:FilterLogEvents": ("filter_log_events", {"logGroupName": GROUP}),
    "logs:StopQuery": ("stop_query", {"queryId": "QUERY"}),
    "logs:DescribeQueries": ("describe_queries", {}),
    "logs:DescribeLogGroups": ("describe_log_groups", {"logGroupNamePrefix": GROUP}),
    "logs:DescribeLogStreams": ("describe_log_streams", {"logGroupName": GROUP}),
    "ec2:DescribeFlowLogs": ("describe_flow_logs", {}),
    "ec2:DescribeNetworkInterfaces": ("describe_network_interfaces", {}),
    "ec2:DescribeSubnets": ("describe_subnets", {}),
    "ec2:DescribeVpcs": ("describe_vpcs", {}),
    "ec2:DescribeSecurityGroups": ("describe_security_groups", {}),
    "ec2:DescribeSecurityGroupRules": ("describe_security_group_rules", {}),
    "ec2:DescribeNetworkAcls": ("describe_network_acls", {}),
    "ec2:DescribeManagedPrefixLists": ("describe_managed_prefix_lists", {}),
    "ec2:GetManagedPrefixListEntries": ("get_managed_prefix_list_entries", {"PrefixListId": "pl-1"}),
    "logs:DescribeMetricFilters": ("describe_metric_filters", {"metricName": "m", "metricNamespace": "n"}),
    "logs:TestMetricFilter": ("test_metric_filter", {"filterPattern": "", "logEventMessages": ["x"]}),
    "logs:PutMetricFilter": (
        "put_metric_filter",
        {
            "logGroupName": GROUP,
            "filterName": "f",
            "filterPattern": "",
            "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
        },
    ),
    "logs:DeleteMetricFilter": ("delete_metric_filter", {"logGroupName": GROUP, "filterName": "f"}),
    "cloudwatch:GetMetricData": ("get_metric_data", {"MetricDataQueries": [], "StartTime": 0, "EndTime": 60}),
    "cloudwatch:ListMetrics": ("list_metrics", {}),
    "cloudwatch:DescribeAlarms": ("describe_alarms", {"AlarmTypes": ["MetricAlarm", "LogAlarm", "CompositeAlarm"]}),
    "cloudwatch:DescribeAlarmHistory": ("describe_alarm_history", {"AlarmName": FULL.alarm_name}),
    "cloudwatch:ListTagsForResource": ("list_tags_for_resource", {"ResourceARN": ALARM}),
    "cloudwatch:TagResource": ("tag_resource", {"ResourceARN": ALARM, "Tags": TAGS}),
    "cloudwatch:PutMetricAlarm": (
        "put_metric_alarm",
        {**OF_ALARM, "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60},
    ),
    "cloudwatch:PutLogAlarm": (
        "put_log_alarm",
        {
            **{name: value for name, value in OF_ALARM.items() if name != "EvaluationPeriods"},
            **{"ScheduledQueryConfiguration": QUERY, "QueryResultsToEvaluate": 1, "QueryResultsToAlarm": 1},
        },
    ),
    "cloudwatch:DeleteAlarms": ("delete_alarms", {"AlarmNames": [FULL.alarm_name]}),
    "sns:GetTopicAttributes": ("get_topic_attributes", {"TopicArn": TOPIC}),
    "sns:ListSubscriptionsByTopic": ("list_subscriptions_by_topic", {"TopicArn": TOPIC}),
    "sns:GetSubscriptionAttributes": ("get_subscription_attributes", {"SubscriptionArn": f"{TOPIC}:x"}),
    "cloudwatch:ListAlarmMuteRules": ("list_alarm_mute_rules", {}),
    "iam:GetRole": ("get_role", {"RoleName": "queries"}),
    "sqs:GetQueueUrl": ("get_queue_url", {"QueueName": "rejects"}),
    "sqs:GetQueueAttributes": (
        "get_queue_attributes",
        {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/rejects"},
    ),
    "lambda:GetPolicy": ("get_policy", {"FunctionName": "notify"}),
    "kms:DescribeKey": ("describe_key", {"KeyId": "alias/topic"}),
    "kms:GetKeyPolicy": ("get_key_policy", {"KeyId": "alias/topic"}),
    "sns:ListTagsForResource": ("list_tags_for_resource", {"ResourceArn": TOPIC}),
    "sns:TagResource": ("tag_resource", {"ResourceArn": TOPIC, "Tags": TAGS}),
    "sns:CreateTopic": ("create_topic", {"Name": FULL.topic}),
    "sns:SetTopicAttributes": (
        "set_topic_attributes",
        {"TopicArn": TOPIC, "AttributeName": "DisplayName", "AttributeValue": "x"},
    ),
    "sns:DeleteTopic": ("delete_topic", {"TopicArn": TOPIC}),
    "sns:Subscribe": ("subscribe", {"TopicArn": TOPIC, "Protocol": "email", "Endpoint": "ops@example.org"}),
    "sns:Unsubscribe": ("unsubscribe", {"SubscriptionArn": f"{TOPIC}:x"}),
    "logs:CreateLogGroup": ("create_log_group", {"logGroupName": GROUP}),
    "logs:DeleteLogGroup": ("delete_log_group", {"logGroupName": GROUP}),
    "logs:PutRetentionPolicy": ("put_retention_policy", {"logGroupName": GROUP, "retentionInDays": 7}),
    "logs:DeleteRetentionPolicy": ("delete_retention_policy", {"logGroupName": GROUP}),
    "logs:TagResource": ("tag_resource", {"resourceArn": FULL.log_group_arn(REGION, ACCOUNT), "tags": {"a": "b"}}),
    "logs:ListTagsForResource": ("list_tags_for_resource", {"resourceArn": FULL.log_group_arn(REGION, ACCOUNT)}),
    "ec2:AuthorizeSecurityGroupIngress": (
        "authorize_security_group_ingress",
        {"GroupId": "sg-1", "IpPermissions": PORT},
    ),
    "ec2:AuthorizeSecurityGroupEgress": ("authorize_security_group_egress", {"GroupId": "sg-1", "IpPermissions": PORT}),
    "ec2:RevokeSecurityGroupIngress": ("revoke_security_group_ingress", {"GroupId": "sg-1", "IpPermissions": PORT}),
    "ec2:RevokeSecurityGroupEgress": ("revoke_security_group_egress", {"GroupId": "sg-1", "IpPermissions": PORT}),
    "ec2:CreateTags": (  # asked for with a rule that is made with tags
        "authorize_security_group_ingress",
        {
            "GroupId": "sg-1",
            "IpPermissions": PORT,
            "TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": TAGS}],
        },
    ),
    "ec2:CreateNetworkAclEntry": ("create_network_acl_entry", {**ENTRY, **RULE}),
    "ec2:ReplaceNetworkAclEntry": ("replace_network_acl_entry", {**ENTRY, **RULE}),
    "ec2:DeleteNetworkAclEntry": ("delete_network_acl_entry", ENTRY),
}
CALLS |= {
    "athena:StartQueryExecution": ("start_query_execution", {"QueryString": "SELECT 1"}),
    "athena:GetQueryExecution": ("get_query_execution", {"QueryExecutionId": "q"}),
    "athena:GetQueryResults": ("get_query_results", {"QueryExecutionId": "q"}),
    "athena:StopQueryExecution": ("stop_query_execution", {"QueryExecutionId": "q"}),
    "athena:GetWorkGroup": ("get_work_group", {"WorkGroup": "primary"}),
    "athena:ListWorkGroups": ("list_work_groups", {}),
    "athena:GetDataCatalog": ("get_data_catalog", {"Name": "other"}),
    "glue:GetDatabase": ("get_database", {"Name": "logs"}),
    "glue:GetDatabases": ("get_databases", {}),
    "glue:GetTable": ("get_table", {"DatabaseName": "logs", "Name": "vpc"}),
    "glue:GetTables": ("get_tables", {"DatabaseName": "logs"}),
    "glue:GetPartitions": ("get_partitions", {"DatabaseName": "logs", "TableName": "vpc"}),
    "s3:ListBucket": ("list_objects_v2", {"Bucket": "flow-logs"}),
    "s3:GetObject": ("get_object", {"Bucket": "flow-logs", "Key": "AWSLogs/a.gz"}),
    "s3:GetBucketLocation": ("get_bucket_location", {"Bucket": "my-athena-results"}),
    "s3:PutObject": ("put_object", {"Bucket": "my-athena-results", "Key": "q.csv"}),
    "glue:CreateDatabase": ("create_database", {"DatabaseInput": {"Name": "logs"}}),
    "glue:CreateTable": ("create_table", {"DatabaseName": "logs", "TableInput": {"Name": "vpc"}}),
    "glue:DeleteTable": ("delete_table", {"DatabaseName": "logs", "Name": "vpc"}),
    "glue:DeleteDatabase": ("delete_database", {"Name": "logs"}),
}
CALLS["iam:PassRole"] = CALLS["cloudwatch:PutLogAlarm"]  # asked for with the roles that the call names
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")

# In the table for code of its own that calls it, or that will, and what is asked for with another call.
ELSEWHERE = {
    *("cloudwatch:DescribeAlarmHistory", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics"),
    *("ec2:DescribeManagedPrefixLists", "ec2:DescribeNetworkAcls", "ec2:DescribeSecurityGroupRules"),
    *("ec2:DescribeSecurityGroups", "ec2:GetManagedPrefixListEntries", "sns:GetSubscriptionAttributes"),
    *("logs:TestMetricFilter", "iam:GetRole", "iam:PassRole", "kms:DescribeKey", "kms:GetKeyPolicy"),
    *("cloudwatch:ListAlarmMuteRules", "lambda:GetPolicy", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
    "ec2:CreateTags",
    *("s3:ListBucket", "s3:GetBucketLocation", "s3:PutObject"),  # called ListObjectsV2; and what Athena does for us
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An account with the log group, and a query in it."""
    with start(scenario=None, start=START, limits=Limits.unlimited()) as made:
        made.session.client("logs").create_log_group(logGroupName=GROUP)
        yield made


@pytest.fixture
def call(sandbox: Sandbox) -> Callable[[Any, str], str]:
    """What calls an action in a session, and returns the refusal for want of permission, or an empty text."""
    started = sandbox.session.client("logs").start_query(**CALLS["logs:StartQuery"][1])["queryId"]

    def refusal(session: Any, action: str) -> str:
        method, params = CALLS[action]
        service = "cloudwatch" if action == "iam:PassRole" else action.partition(":")[0]
        given = {name: started if value == "QUERY" else value for name, value in params.items()}
        try:
            getattr(session.client(service), method)(**given)
        except ClientError as error:
            return str(error) if error.response["Error"]["Code"] in DENIED else ""
        return ""

    return refusal


def listed(policy: dict[str, Any]) -> list[str]:
    """Return the actions of a policy."""
    return [action for statement in policy["Statement"] for action in statement["Action"]]


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    """Return a policy without one of its actions."""
    statements = [
        {**one, "Action": kept}
        for one in policy["Statement"]
        if (kept := [name for name in one["Action"] if name != action])
    ]
    return {**policy, "Statement": statements}


POLICIES = {
    **{kind: (kind, None) for kind in KINDS},
    "read of one": ("read", FULL),
    "deploy of one": ("deploy", FULL),
    "deploy of a log alarm": ("deploy", LOGS),
}
TABLE = AthenaTable("logs", "vpc", "flow-logs", accounts=ACCOUNT, regions=REGION)


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_is_enough_and_each_action_of_it_is_needed(
    name: str, sandbox: Sandbox, call: Callable[[Any, str], str]
) -> None:
    """With the policy each call of its kind passes; with any one action taken out, the call of it is refused by name."""
    kind, monitor = POLICIES[name]
    policy = iam_policy(kind, monitor, **WHERE)
    actions = listed(policy)
    assert len(actions) == len(set(actions))
    session = sandbox.session_for(policy)
    assert {action: call(session, action) for action in actions} == dict.fromkeys(actions, "")
    for action in actions:
        told = call(sandbox.session_for(without(policy, action)), action)
        assert f"perform: {action}".lower() in told.lower()  # sns writes its own name in capitals


def exercise(monitor: Monitor, session: Any) -> None:
    """Deploy a monitor, change what can be changed, and take it down, with every question answered by yes."""
    bare = monitor.changed(retention_days=None, queues=(), notify_ok=False, tags={})
    for make, one in ((plan, monitor), (plan, bare), (teardown, bare)):
        make(one, session, budget=at_once(), sleep=no_time).apply(confirm=lambda step: True, sleep=no_time)


@pytest.mark.parametrize("monitor", [PLAIN, FULL, THERE, LOGS], ids=["plain", "full", "there", "logs"])
def test_what_apply_and_teardown_do_is_allowed(monitor: Monitor) -> None:
    """With the deploy policy of a monitor alone, it is planned, deployed, changed and taken down."""
    with start(scenario=None, limits=Limits.unlimited()) as sandbox:
        ready(monitor, sandbox.session)
        session = sandbox.session_for(iam_policy("deploy", monitor, **WHERE))
        exercise(monitor, session)
        assert sandbox.session.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


NEEDED = [name for name in listed(iam_policy("deploy", FULL, **WHERE)) if name != "logs:TestMetricFilter"]


@pytest.mark.parametrize("action", NEEDED)
def test_apply_and_teardown_need_each_action(action: str) -> None:
    """With any one action taken out, something of deploying is refused, and the error names the action."""
    with start(scenario=None, limits=Limits.unlimited()) as sandbox:
        session = sandbox.session_for(without(iam_policy("deploy", FULL, **WHERE), action))
        with pytest.raises((AccessDeniedError, ApplyError), match=f"The IAM action {action} is not allowed") as refused:
            exercise(FULL, session)
        denied = refused.value.__cause__ if isinstance(refused.value, ApplyError) else refused.value
        assert isinstance(denied, AccessDeniedError)
        assert denied.action == action


@pytest.mark.parametrize(
    ("service", "method", "params"),
    [
        ("logs", "put_metric_filter", {**CALLS["logs:PutMetricFilter"][1], "logGroupName": GROUP + "2"}),
        ("logs", "delete_log_group", {"logGroupName": "other"}),
        ("logs", "put_retention_policy", {"logGroupName": "other", "retentionInDays": 1}),
        (
            "cloudwatch",
            "put_metric_alarm",
            {**CALLS["cloudwatch:PutMetricAlarm"][1], "AlarmName": FULL.alarm_name + "2"},
        ),
        ("cloudwatch", "delete_alarms", {"AlarmNames": ["other"]}),
        ("sns", "create_topic", {"Name": FULL.topic + "2"}),
        ("sns", "delete_topic", {"TopicArn": TOPIC + "2"}),
        ("sns", "subscribe", {"TopicArn": TOPIC + "2", "Protocol": "email", "Endpoint": "ops@example.org"}),
        ("sns", "publish", {"TopicArn": TOPIC, "Message": "x"}),
        ("logs", "start_query", CALLS["logs:StartQuery"][1]),
        ("ec2", "describe_vpcs", {}),
    ],
)
def test_deploying_one_monitor_touches_no_other(
    sandbox: Sandbox, service: str, method: str, params: dict[str, Any]
) -> None:
    """The policy of a monitor lets nobody at another log group, alarm or topic, nor at what deploying does not do."""
    client = sandbox.session_for(iam_policy("deploy", FULL, **WHERE)).client(service)
    with pytest.raises(ClientError) as refused:
        getattr(client, method)(**params)
    assert refused.value.response["Error"]["Code"] in DENIED


def test_reading_alters_nothing() -> None:
    """No action of the read policy makes, changes or deletes anything; what starts, stops or tests is a query or a pattern."""
    words = ("Describe", "Get", "List", "Filter", "TestMetricFilter", "StartQuery", "StopQuery")
    assert [action for action in listed(iam_policy("read")) if not action.partition(":")[2].startswith(words)] == []


def test_a_monitors_design_says_what_is_allowed() -> None:
    """A topic there is may not be changed, a group that is not ours not either; each design has its own alarm call."""
    plain = set(listed(iam_policy("deploy", PLAIN)))
    assert {"logs:PutMetricFilter", "cloudwatch:PutMetricAlarm", "sns:CreateTopic"} <= plain
    assert (
        not {"logs:CreateLogGroup", "logs:DeleteLogGroup", "iam:PassRole", "cloudwatch:PutLogAlarm", "sns:Subscribe"}
        & plain
    )
    there = set(listed(iam_policy("deploy", THERE)))
    assert not {"sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:TagResource"} & there
    assert "sns:Subscribe" in there
    logs = set(listed(iam_policy("deploy", LOGS)))
    assert {"cloudwatch:PutLogAlarm", "iam:PassRole"} <= logs
    assert not {"logs:PutMetricFilter", "cloudwatch:PutMetricAlarm"} & logs


def test_roles_are_passed_to_the_services_of_log_alarms_only() -> None:
    """PassRole names the monitor's two roles, once each, and the services that may get them."""
    (statement,) = [one for one in iam_policy("deploy", LOGS)["Statement"] if one["Action"] == ["iam:PassRole"]]
    assert statement["Resource"] == ROLE
    assert statement["Condition"] == {
        "StringEquals": {"iam:PassedToService": ["cloudwatch.amazonaws.com", "logs.amazonaws.com"]}
    }
    two = LOGS.changed(lines_role=ROLE + "2")
    (statement,) = [one for one in iam_policy("deploy", two)["Statement"] if one["Action"] == ["iam:PassRole"]]
    assert statement["Resource"] == [ROLE, ROLE + "2"]


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_arns_are_those_of_the_partition(region: str, partition: str) -> None:
    """Every ARN of a policy has the partition, the region and the account that were given."""
    for kind in KINDS:
        policy = iam_policy(kind, account=ACCOUNT, region=region, partition=partition)
        resources = [
            arn
            for one in policy["Statement"]
            for arn in ([one["Resource"]] if isinstance(one["Resource"], str) else one["Resource"])
        ]
        for arn in resources:
            assert arn == "*" or arn.startswith((f"arn:{partition}:", f"arn:{partition}:iam::"))
            nowhere = arn == "*" or ":s3:" in arn  # the ARN of a bucket has neither
            assert nowhere or f":{ACCOUNT}:" in arn
            assert nowhere or region in arn or ":iam:" in arn


def test_a_policy_fits_into_a_managed_policy() -> None:
    """IAM takes 6,144 characters without blanks in a managed policy, and Sids of letters and digits, each once."""
    for kind, monitor in POLICIES.values():
        policy = iam_policy(kind, monitor)
        assert len(json.dumps(policy, separators=(",", ":"))) <= 6144
        sids = [one["Sid"] for one in policy["Statement"]]
        assert len(sids) == len(set(sids))
        assert all(sid.isalnum() for sid in sids)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"kind": "write"}, "kind is 'write'; there are policies to read, deploy, tune, athena, table"),
        ({"account": "123"}, r"account is '123'; give twelve digits, or '\*' for any"),
        ({"region": "Europe"}, "region is 'Europe'; give one such as 'eu-west-1'"),
        ({"partition": "azure"}, "partition is 'azure'; it is aws, aws-cn or aws-us-gov"),
        ({"region": "cn-north-1"}, "region cn-north-1 is in the partition aws-cn, not aws"),
    ],
)
def test_what_no_policy_can_be_for_is_refused(values: dict[str, str], text: str) -> None:
    """The error says the argument, the value, and what to give in its place."""
    with pytest.raises(ArgumentError, match=text):
        iam_policy(**{"kind": "read"} | values)


def test_roles_are_looked_at_in_the_account_only() -> None:
    """The alarm there is may have another role than the monitor's; it is one of the account."""
    for monitor in (None, PLAIN, LOGS):
        (statement,) = [
            one for one in iam_policy("read", monitor, **WHERE)["Statement"] if one["Action"] == ["iam:GetRole"]
        ]
        assert statement["Resource"] == f"arn:aws:iam::{ACCOUNT}:role/*"


def test_an_error_names_a_policy_that_has_the_action() -> None:
    """What is promised of an action that is refused is so: the named policy has it; of no other is anything said."""
    for action in ACTIONS:
        assert action in listed(iam_policy(policy_of(action)))
    assert policy_of("logs:DescribeSubscriptionFilters") == ""
    assert policy_of("sts:GetCallerIdentity") == ""


def called() -> dict[str, set[str]]:
    """Return the operations of AWS that the package names, outside the sandbox: name to `service:Operation`s."""
    loader = botocore.session.get_session()
    services = ("logs", "cloudwatch", "sns", "sqs", "lambda", "kms", "iam", "ec2", "athena", "glue", "s3")
    operations = {service: set(loader.get_service_model(service).operation_names) for service in services}
    package = Path(rejectkit.__file__).parent
    found: dict[str, set[str]] = {}
    for path in package.rglob("*.py"):
        if "sandbox" in path.parts or path.name == "iam.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for service, names in operations.items():
                    if node.value in names:
                        found.setdefault(node.value, set()).add(f"{service}:{node.value}")
    return found


def test_the_table_has_every_action_that_the_code_calls_and_no_other() -> None:
    """An operation that a module names is in ACTIONS; an action of ACTIONS is named by a module, or told of above."""
    names = called()
    of_a_queue = {"ReceiveMessage", "ChangeMessageVisibilityBatch"}  # that somebody hands over; it is in no policy
    assert {name for name, actions in names.items() if not actions & set(ACTIONS)} == {*of_a_queue, "ListObjectsV2"}
    assert {action for action in ACTIONS if action.partition(":")[2] not in names} <= ELSEWHERE
    assert set(CALLS) == set(ACTIONS)


def test_athena_reads_one_table_and_writes_in_one_place() -> None:
    """The policy of a table is for its database, its name, its bucket, and the folder of results."""
    policy = iam_policy("athena", table=TABLE, output="s3://results/mine/", workgroup="netops", **WHERE)
    of = {one["Sid"]: one["Resource"] for one in policy["Statement"]}
    here = f"{REGION}:{ACCOUNT}"
    assert of["AthenaWorkGroup"] == f"arn:aws:athena:{here}:workgroup/netops"
    assert of["AthenaCatalog"] == [
        f"arn:aws:glue:{here}:{one}" for one in ("catalog", "database/logs", "table/logs/vpc")
    ]
    assert of["AthenaBucket"] == ["arn:aws:s3:::flow-logs", "arn:aws:s3:::results"]
    assert of["AthenaObject"] == ["arn:aws:s3:::flow-logs/AWSLogs/*", "arn:aws:s3:::results/mine/*"]
    assert of["AthenaResultObject"] == "arn:aws:s3:::results/mine/*"


def test_with_its_policies_a_table_is_made_asked_and_taken_away() -> None:
    """Two policies, one for who makes the table and one for who asks it, are enough for all of it."""
    with start("poc", start=START, limits=Limits.unlimited()) as sandbox:
        s3 = sandbox.session.client("s3")
        for bucket in ("flow-logs-of-us", "results-of-us"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": sandbox.region})
        sandbox.advance("20m")
        sandbox.deliver_to_s3("s3://flow-logs-of-us/logs")
        table = AthenaTable("logs", "vpc", "flow-logs-of-us", "logs", accounts=sandbox.account, regions=sandbox.region)
        where = {"account": sandbox.account, "region": sandbox.region, "table": table}
        maker = sandbox.session_for(iam_policy("table", **where))
        reader = sandbox.session_for(iam_policy("athena", output="s3://results-of-us/a/", **where), "reader")
        table.plan(maker).apply(sleep=no_time)
        source = AthenaSource(table, session=reader, output="s3://results-of-us/a/", budget=at_once())
        assert source.run("stats count(*) as n")["n"].item() > 0
        assert source.records(action="REJECT").shape[0] > 0
        with pytest.raises(AccessDeniedError, match="glue:GetTable"):
            AthenaTable("logs", "other", "flow-logs-of-us", accounts=ACCOUNT, regions=REGION).plan(reader).apply()
        table.teardown(maker).apply(confirm=True, sleep=no_time)
