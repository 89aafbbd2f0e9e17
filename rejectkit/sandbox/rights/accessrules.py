"""What a call needs of a policy: one table of the actions that are done to a resource, with how it is named.

Source: Service Authorization Reference. An action that is not in the table is done to `*`: it knows no kind of
resource, or is moto's. A call of CloudFormation needs its own action only; what a stack makes is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from rejectkit.sandbox.athena.store import Athena
from rejectkit.sandbox.calls import Call
from rejectkit.sandbox.logs.logstore import LogStore, name_of
from rejectkit.sandbox.logs.pointers import place
from rejectkit.sandbox.logs.queries import Insights
from rejectkit.sandbox.rights import accessnames as names
from rejectkit.sandbox.rights.policies import Needed

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

Resources = Callable[["World", Call], Iterable[str]]
_PASSED_TO = {"iam:passedtoservice": "cloudwatch.amazonaws.com"}
"""To whom PutLogAlarm passes both roles. Source: Service Authorization Reference, CloudWatch."""


def needed(world: World, call: Call) -> Iterator[Needed]:
    """Yield the permissions that a call takes, its own action first."""
    name = f"{call.service}.{call.operation}"
    action = f"{call.service}:{_ACTIONS.get(name, call.operation)}"
    context = {"aws:requestedregion": call.region}
    with world.lock:
        resources = list(TABLE[name](world, call)) if name in TABLE else ["*"]
        for resource in resources or ["*"]:
            yield Needed(action, resource, context)
        for more in _MORE.get(name, _nothing)(world, call):
            yield Needed(more.action, more.resource, {**context, **more.context})


def _arn(world: World, call: Call, resource: str) -> str:
    return f"arn:aws:{call.service}:{call.region}:{world.account}:{resource}"


# logs


def _group_arn(world: World, call: Call, identifier: str) -> str:
    """Return a log group's ARN without `:*`, of a name or of an ARN with it or without."""
    if identifier.startswith("arn:"):
        return identifier.removesuffix(":*")
    return _arn(world, call, f"log-group:{identifier}")


def _groups(world: World, call: Call) -> Iterator[str]:
    """Yield the log groups that a call names, as all but the tagging actions are allowed: `…:log-group:NAME:*`.

    A refusal shows what is behind the name as `log-stream:` (quoted in public); so it does for a list of them all.
    """
    given = call.params
    named = [given[member] for member in ("logGroupName", "logGroupIdentifier") if given.get(member)]
    named += given.get("logGroupNames") or given.get("logGroupIdentifiers") or []
    for one in named:
        yield f"{_group_arn(world, call, one)}:log-stream:"
    if not named:
        yield _arn(world, call, "log-group::log-stream:")


def _query_groups(world: World, call: Call) -> Iterator[str]:
    query = world.region(call.region).of(Insights).queries.get(call.params.get("queryId", ""))
    for group in query.groups if query else ():
        yield f"{group.arn}:log-stream:"
    if query is None:
        yield _arn(world, call, "log-group::log-stream:")


def _record_group(world: World, call: Call) -> Iterator[str]:
    pointer = call.params.get("logRecordPointer", "")
    for group in world.region(call.region).of(LogStore).groups.values():
        if place(world.account, group, pointer) is not None:
            yield f"{group.arn}:log-stream:"
            return
    yield _arn(world, call, "log-group::log-stream:")


def _tagged_group(world: World, call: Call) -> Iterator[str]:
    """Yield a log group as the tagging actions are allowed: without `:*`. Source: API reference, "LogGroup"."""
    identifier = call.params.get("resourceArn") or call.params.get("logGroupName") or ""
    yield _group_arn(world, call, identifier) if name_of(identifier) else "*"


def _group_tags(world: World, call: Call) -> Iterator[Needed]:
    if call.params.get("tags"):
        yield from (Needed("logs:TagResource", arn) for arn in _tagged_group(world, call))


# cloudwatch


def _alarms(world: World, call: Call) -> Iterator[str]:
    """Yield the alarms that a call names; `…:alarm:*` where it names none, which only a policy for all allows."""
    given = call.params
    names = [given["AlarmName"]] if given.get("AlarmName") else list(given.get("AlarmNames") or ())
    for name in names or ["*"]:
        yield _arn(world, call, f"alarm:{name}")


def _described_alarms(world: World, call: Call) -> Iterator[str]:
    """Yield what DescribeAlarms is done to; for composite alarms `*`. Source: API reference, "DescribeAlarms"."""
    if "CompositeAlarm" in (call.params.get("AlarmTypes") or ()):
        yield "*"
    else:
        yield from _alarms(world, call)


def _alarm_tags(world: World, call: Call) -> Iterator[Needed]:
    if call.params.get("Tags"):
        yield from (Needed("cloudwatch:TagResource", arn) for arn in _alarms(world, call))


def _log_alarm(world: World, call: Call) -> Iterator[Needed]:
    yield from _alarm_tags(world, call)
    query = call.params.get("ScheduledQueryConfiguration") or {}
    for role in dict.fromkeys((query.get("ScheduledQueryRoleARN"), call.params.get("ActionLogLineRoleArn"))):
        if role:
            yield Needed("iam:PassRole", role, _PASSED_TO)
    told = (call.params.get("ActionConfiguration") or {}).get("AlarmTagsPropagation") or {}
    if told.get("Enabled"):
        yield from (Needed("cloudwatch:ListTagsForResource", arn) for arn in _alarms(world, call))


# sns


def _topic(world: World, call: Call) -> Iterator[str]:
    given = call.params
    arn = given.get("TopicArn") or given.get("TargetArn") or given.get("ResourceArn")
    yield arn or _arn(world, call, given.get("Name") or "*")


def _topic_tags(world: World, call: Call) -> Iterator[Needed]:
    if call.params.get("Tags"):
        yield from (Needed("sns:TagResource", arn) for arn in _topic(world, call))


# ec2


def _named(kind: str, *members: str) -> Resources:
    """Return how a call names things of a kind: in members with an id, or a list of ids; `KIND/*` where in none."""

    def resources(world: World, call: Call) -> Iterator[str]:
        given = [call.params[member] for member in members if call.params.get(member)]
        ids = [one for value in given for one in ([value] if isinstance(value, str) else value)]
        yield from (_arn(world, call, f"{kind}/{one}") for one in ids or ["*"])

    return resources


def _changed_rules(world: World, call: Call) -> Iterator[str]:
    yield from _named("security-group", "GroupId")(world, call)
    for rule in call.params.get("SecurityGroupRules") or ():
        yield _arn(world, call, f"security-group-rule/{rule.get('SecurityGroupRuleId', '*')}")


_FLOW_LOGS_OF = {"VPC": "vpc", "Subnet": "subnet", "NetworkInterface": "network-interface"}


def _flow_logs(world: World, call: Call) -> Iterator[str]:
    kind = _FLOW_LOGS_OF.get(call.params.get("ResourceType", ""), "*")
    yield from (_arn(world, call, f"{kind}/{one}") for one in call.params.get("ResourceIds") or ())
    yield _arn(world, call, "vpc-flow-log/*")


def _created_tags(kind: str, world: World, call: Call) -> Iterator[Needed]:
    if call.params.get("TagSpecifications"):
        yield Needed("ec2:CreateTags", _arn(world, call, f"{kind}/*"), {"ec2:createaction": call.operation})


def _flow_logs_more(world: World, call: Call) -> Iterator[Needed]:
    yield from _created_tags("vpc-flow-log", world, call)
    if role := call.params.get("DeliverLogsPermissionArn"):
        yield Needed("iam:PassRole", role, {"iam:passedtoservice": "vpc-flow-logs.amazonaws.com"})


# athena


def _work_group(world: World, call: Call) -> Iterator[str]:
    """Yield the work group that a call names, or that its query was started in."""
    given, executions = call.params, world.region(call.region).of(Athena).executions
    asked = [given.get("QueryExecutionId"), *(given.get("QueryExecutionIds") or ())]
    found = {executions[name].work_group for name in asked if name in executions}
    for name in sorted(found) or [given.get("WorkGroup") or given.get("Name") or "primary"]:
        yield _arn(world, call, f"workgroup/{name}")


# s3 and glue


def _s3(world: World, call: Call) -> Iterator[str]:
    """Yield the bucket that a call names, or the object in it."""
    bucket, key = call.params["Bucket"], call.params["Key"]
    yield f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}" if bucket else "*"


def _glue(world: World, call: Call) -> Iterator[str]:
    """Yield the catalog, and the database and table that a call names: it has to be allowed for each of them."""
    given = call.params
    made = given.get("DatabaseInput") or {}
    table = given.get("TableName") or (given.get("TableInput") or {}).get("Name")
    database = given.get("DatabaseName") or made.get("Name")
    if database is None and given.get("Name"):  # of a database; of a table, the database is named too
        database = given["Name"]
    elif table is None and given.get("Name"):
        table = given["Name"]
    yield _arn(world, call, "catalog")
    if database or call.operation == "GetDatabases":
        yield _arn(world, call, f"database/{database or '*'}")
    if table or call.operation == "GetTables":
        yield _arn(world, call, f"table/{database}/{table or '*'}")


def _nothing(world: World, call: Call) -> Iterator[Needed]:
    return iter(())


def _all(service: str, resources: Resources, operations: str) -> dict[str, Resources]:
    return {f"{service}.{operation}": resources for operation in operations.split()}


TABLE: Mapping[str, Resources] = {
    **_all(
        "logs",
        _groups,
        "StartQuery FilterLogEvents GetLogGroupFields DescribeLogStreams DescribeLogGroups CreateLogGroup "
        "DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy PutMetricFilter DeleteMetricFilter "
        "DescribeMetricFilters CreateLogStream DeleteLogStream GetLogEvents PutLogEvents PutSubscriptionFilter "
        "DeleteSubscriptionFilter DescribeSubscriptionFilters",
    ),
    "logs.GetQueryResults": _query_groups,
    "logs.GetLogRecord": _record_group,
    **_all("logs", _tagged_group, "TagResource UntagResource ListTagsForResource"),
    **_all(
        "cloudwatch",
        _alarms,
        "PutMetricAlarm PutLogAlarm DeleteAlarms DescribeAlarmHistory DescribeAlarmContributors SetAlarmState "
        "EnableAlarmActions DisableAlarmActions",
    ),
    "cloudwatch.DescribeAlarms": _described_alarms,
    **_all(
        "cloudwatch",
        lambda world, call: [call.params.get("ResourceARN") or "*"],
        "TagResource UntagResource ListTagsForResource",
    ),
    **_all(
        "sns",
        _topic,
        "CreateTopic Subscribe SetTopicAttributes GetTopicAttributes ListSubscriptionsByTopic Publish PublishBatch "
        "DeleteTopic TagResource UntagResource ListTagsForResource AddPermission RemovePermission ConfirmSubscription",
    ),
    **_all("sqs", names.queue, "GetQueueUrl GetQueueAttributes"),
    "lambda.GetPolicy": names.function,
    **_all("kms", names.key, "DescribeKey GetKeyPolicy"),
    "iam.GetRole": names.role,
    **_all(
        "ec2",
        _named("security-group", "GroupId"),
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
        "RevokeSecurityGroupEgress UpdateSecurityGroupRuleDescriptionsIngress "
        "UpdateSecurityGroupRuleDescriptionsEgress DeleteSecurityGroup",
    ),
    "ec2.ModifySecurityGroupRules": _changed_rules,
    **_all(
        "ec2",
        _named("network-acl", "NetworkAclId"),
        "CreateNetworkAclEntry ReplaceNetworkAclEntry DeleteNetworkAclEntry DeleteNetworkAcl",
    ),
    "ec2.GetManagedPrefixListEntries": _named("prefix-list", "PrefixListId"),
    "ec2.CreateFlowLogs": _flow_logs,
    "ec2.DeleteFlowLogs": _named("vpc-flow-log", "FlowLogIds"),
    **_all(
        "athena",
        _work_group,
        "StartQueryExecution GetQueryExecution GetQueryResults StopQueryExecution BatchGetQueryExecution "
        "ListQueryExecutions GetWorkGroup CreateWorkGroup UpdateWorkGroup DeleteWorkGroup",
    ),
    **_all(
        "s3",
        _s3,
        "ListObjectsV2 GetBucketLocation CreateBucket DeleteBucket GetObject PutObject DeleteObject "
        "HeadBucket HeadObject",
    ),
    **_all(
        "glue",
        _glue,
        "GetDatabase GetDatabases CreateDatabase DeleteDatabase GetTable GetTables CreateTable UpdateTable DeleteTable "
        "GetPartition GetPartitions CreatePartition BatchCreatePartition",
    ),
}
"""The resources of a call, by `service.Operation`."""

_MORE: Mapping[str, Callable[[World, Call], Iterable[Needed]]] = {
    "logs.CreateLogGroup": _group_tags,
    "cloudwatch.PutMetricAlarm": _alarm_tags,
    "cloudwatch.PutLogAlarm": _log_alarm,
    "sns.CreateTopic": _topic_tags,
    "ec2.AuthorizeSecurityGroupIngress": partial(_created_tags, "security-group-rule"),
    "ec2.AuthorizeSecurityGroupEgress": partial(_created_tags, "security-group-rule"),
    "ec2.CreateFlowLogs": _flow_logs_more,
}
"""Further permissions that a call takes."""

_ACTIONS: Mapping[str, str] = {
    "sns.PublishBatch": "Publish",
    "s3.ListObjectsV2": "ListBucket",
    "s3.HeadBucket": "ListBucket",
    "s3.HeadObject": "GetObject",
    "s3.ListBuckets": "ListAllMyBuckets",
}
"""The action of a call where it is not the operation."""
