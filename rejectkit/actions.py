"""The actions of AWS that rejectkit calls: which of its IAM policies has each, on what, and for which monitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

KINDS: Final = ("read", "deploy", "tune", "athena", "table")
"""rejectkit's policies."""

Resource = Literal[
    "all", "group", "groups", "alarm", "topic", "role", "roles", "list", "rules", "rule", "acl",
    "workgroup", "catalog", "databases", "tables", "buckets", "objects", "results", "result files",
]  # fmt: skip
Needed = Literal["always", "metric filter", "log alarm", "our group", "our topic", "subscribers"]


@dataclass(frozen=True, slots=True)
class Action:
    """What calls an action, and what it is done to.

    Attributes
    ----------
    kinds : str
        The policies it is in, out of read, deploy, tune, athena and table.
    resource : str
        What it is scoped to, `all` where AWS cannot scope it. The plural of one is all of them, for calls that list.
    needed : str
        Where a monitor is given: for which monitors deploying calls it.
    """

    kinds: str
    resource: Resource
    needed: Needed = "always"


# Source: Service Authorization Reference, for the resource an action can be scoped to.
ACTIONS: Final[Mapping[str, Action]] = {
    # the source: queries, the fields and lines of a log group
    "logs:StartQuery": Action("read", "group"),
    "logs:GetQueryResults": Action("read", "group"),
    "logs:GetLogGroupFields": Action("read", "group"),
    "logs:FilterLogEvents": Action("read", "group"),
    "logs:StopQuery": Action("read", "all"),
    "logs:DescribeQueries": Action("read", "all"),
    "logs:DescribeLogGroups": Action("read deploy", "all"),
    "logs:DescribeLogStreams": Action("read deploy", "group", "our group"),
    # the flow log, and the network it is of
    "ec2:DescribeFlowLogs": Action("read table", "all"),
    "ec2:DescribeNetworkInterfaces": Action("read", "all"),
    "ec2:DescribeSubnets": Action("read", "all"),
    "ec2:DescribeVpcs": Action("read", "all"),
    "ec2:DescribeSecurityGroups": Action("read tune", "all"),
    "ec2:DescribeSecurityGroupRules": Action("read tune", "all"),
    "ec2:DescribeNetworkAcls": Action("read tune", "all"),
    "ec2:DescribeManagedPrefixLists": Action("read tune", "all"),
    "ec2:GetManagedPrefixListEntries": Action("read", "list"),
    # the metric filter and its metric
    "logs:DescribeMetricFilters": Action("read deploy", "groups"),
    "logs:TestMetricFilter": Action("read deploy", "all", "metric filter"),
    "logs:PutMetricFilter": Action("deploy", "group", "metric filter"),
    "logs:DeleteMetricFilter": Action("deploy", "group"),
    "cloudwatch:GetMetricData": Action("read", "all"),
    "cloudwatch:ListMetrics": Action("read", "all"),
    # the alarm
    "cloudwatch:DescribeAlarms": Action("read deploy", "all"),  # composite alarms are told to `*` only
    "cloudwatch:DescribeAlarmHistory": Action("read", "alarm"),
    "cloudwatch:ListAlarmMuteRules": Action("read", "all"),
    "cloudwatch:ListTagsForResource": Action("deploy", "alarm"),
    "cloudwatch:TagResource": Action("deploy", "alarm"),
    "cloudwatch:PutMetricAlarm": Action("deploy", "alarm", "metric filter"),
    "cloudwatch:PutLogAlarm": Action("deploy", "alarm", "log alarm"),
    "cloudwatch:DeleteAlarms": Action("deploy", "alarm"),
    "iam:PassRole": Action("deploy", "role", "log alarm"),
    "iam:GetRole": Action("read", "roles"),  # of the alarm there is, whatever role it has
    # the topic and those it tells
    "sns:GetTopicAttributes": Action("read deploy", "topic"),
    "sns:ListSubscriptionsByTopic": Action("read deploy", "topic"),
    "sns:GetSubscriptionAttributes": Action("read", "all"),
    "sqs:GetQueueUrl": Action("read", "all"),  # whoever is subscribed, not only the monitor's own; so are the next
    "sqs:GetQueueAttributes": Action("read", "all"),
    "lambda:GetPolicy": Action("read", "all"),
    "kms:DescribeKey": Action("read", "all"),  # the topic's key, which no monitor names
    "kms:GetKeyPolicy": Action("read", "all"),
    "sns:ListTagsForResource": Action("deploy", "topic", "our topic"),
    "sns:TagResource": Action("deploy", "topic", "our topic"),
    "sns:CreateTopic": Action("deploy", "topic", "our topic"),
    "sns:SetTopicAttributes": Action("deploy", "topic", "our topic"),
    "sns:DeleteTopic": Action("deploy", "topic", "our topic"),
    "sns:Subscribe": Action("deploy", "topic", "subscribers"),
    "sns:Unsubscribe": Action("deploy", "all"),
    # the log group, where it is ours
    "logs:CreateLogGroup": Action("deploy", "group", "our group"),
    "logs:DeleteLogGroup": Action("deploy", "group", "our group"),
    "logs:PutRetentionPolicy": Action("deploy", "group", "our group"),
    "logs:DeleteRetentionPolicy": Action("deploy", "group", "our group"),
    "logs:TagResource": Action("deploy", "group", "our group"),
    "logs:ListTagsForResource": Action("deploy", "group", "our group"),
    # flow logs in S3: queries of Athena, which reads and writes S3 in the name of who asks, and files read as they are
    "athena:StartQueryExecution": Action("athena", "workgroup"),
    "athena:GetQueryExecution": Action("athena", "workgroup"),
    "athena:GetQueryResults": Action("athena", "workgroup"),
    "athena:StopQueryExecution": Action("athena", "workgroup"),
    "athena:GetWorkGroup": Action("athena", "workgroup"),
    "athena:ListWorkGroups": Action("athena", "all"),
    "athena:GetDataCatalog": Action("athena", "all"),
    "glue:GetDatabase": Action("athena table", "catalog"),
    "glue:GetDatabases": Action("athena", "databases"),
    "glue:GetTable": Action("athena table", "catalog"),
    "glue:GetTables": Action("athena table", "tables"),
    "glue:GetPartitions": Action("athena", "catalog"),
    "s3:ListBucket": Action("athena", "buckets"),
    "s3:GetObject": Action("athena", "objects"),
    "s3:GetBucketLocation": Action("athena", "results"),
    "s3:PutObject": Action("athena", "result files"),
    # the table over them
    "glue:CreateDatabase": Action("table", "catalog"),
    "glue:CreateTable": Action("table", "catalog"),
    "glue:DeleteTable": Action("table", "catalog"),
    "glue:DeleteDatabase": Action("table", "catalog"),
    # rules
    "ec2:AuthorizeSecurityGroupIngress": Action("tune", "rules"),
    "ec2:AuthorizeSecurityGroupEgress": Action("tune", "rules"),
    "ec2:RevokeSecurityGroupIngress": Action("tune", "rules"),
    "ec2:RevokeSecurityGroupEgress": Action("tune", "rules"),
    "ec2:CreateTags": Action("tune", "rule"),  # that a rule is made with
    "ec2:CreateNetworkAclEntry": Action("tune", "acl"),
    "ec2:ReplaceNetworkAclEntry": Action("tune", "acl"),
    "ec2:DeleteNetworkAclEntry": Action("tune", "acl"),
}
"""Every action of AWS that rejectkit calls, but sts:GetCallerIdentity, which needs no permission, and what a queue is
asked that somebody hands to `latency` or `probe`: sqs:ReceiveMessage and sqs:ChangeMessageVisibility."""


def policy_of(action: str) -> str:
    """Return which of rejectkit's policies allows an IAM action, the first where several do; empty if none does.

    Examples
    --------
    >>> policy_of("logs:StartQuery"), policy_of("logs:PutMetricFilter"), policy_of("s3:DeleteObject")
    ('read', 'deploy', '')
    """
    found = ACTIONS.get(action)
    return next((kind for kind in KINDS if found is not None and kind in found.kinds.split()), "")
