"""One call of each action that is done to a resource, with the statements it takes: action and resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-1"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
EVENTS = f"{GROUP}:*"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
ROLE, OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/query", f"arn:aws:iam::{ACCOUNT}:role/lines"
EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
SECURITY_GROUP, NETWORK_ACL = f"{EC2}:security-group/sg-0123456789abcdef0", f"{EC2}:network-acl/acl-0123456789abcdef0"
RULE = f"{EC2}:security-group-rule/sgr-0123456789abcdef0"
OTHER = "210987654321"
QUEUE, FUNCTION = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
PERMISSION = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
METRIC = {"MetricName": "m", "Namespace": "n"}
LOG_ALARM: Mapping[str, Any] = {
    "AlarmName": "a",
    "ScheduledQueryConfiguration": {
        "QueryString": "fields @message",
        "LogGroupIdentifiers": ["g"],
        "ScheduledQueryRoleARN": ROLE,
        "AggregationExpression": "count(*)",
        "ScheduleConfiguration": {"ScheduleExpression": "rate(1 minute)", "StartTimeOffset": 60},
    },
    "QueryResultsToEvaluate": 1,
    "QueryResultsToAlarm": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
METRIC_ALARM: Mapping[str, Any] = {
    **METRIC,
    "AlarmName": "a",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
TAGS = [{"Key": "k", "Value": "v"}]
RULE_TAGS = [{"ResourceType": "security-group-rule", "Tags": TAGS}]


PRIMARY, GROUP_W = (f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/{name}" for name in ("primary", "w"))


@dataclass(frozen=True, slots=True)
class Case:
    """A call, and what it takes: pairs of action and resource, its own first."""

    service: str
    operation: str
    params: Mapping[str, Any]
    needs: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Return the call's name, and how much it takes."""
        return f"{self.service}.{self.operation}" + (f"+{len(self.needs) - 1}" if len(self.needs) > 1 else "")


GLUE = f"arn:aws:glue:{REGION}:{ACCOUNT}"
CATALOG, DATABASE, TABLE = f"{GLUE}:catalog", f"{GLUE}:database/d", f"{GLUE}:table/d/t"


def _glue(operation: str, *resources: str, **params: Any) -> Case:
    """Return the case of a call of Glue, which has to be allowed for the catalog, the database and the table."""
    return Case("glue", operation, params, tuple((f"glue:{operation}", one) for one in (CATALOG, *resources)))


def one(service: str, operation: str, resource: str, *more: tuple[str, str], action: str = "", **params: Any) -> Case:
    """Return the case of a call whose own action is done to one resource."""
    return Case(service, operation, params, ((f"{service}:{action or operation}", resource), *more))


def _rules(operation: str, **params: Any) -> Case:
    return one("ec2", operation, SECURITY_GROUP, GroupId=SECURITY_GROUP.rpartition("/")[2], **params)


def _acl(operation: str, **params: Any) -> Case:
    return one(
        "ec2",
        operation,
        NETWORK_ACL,
        NetworkAclId=NETWORK_ACL.rpartition("/")[2],
        RuleNumber=1,
        Egress=False,
        **params,
    )


ENTRY = {"Protocol": "-1", "RuleAction": "deny", "CidrBlock": "10.0.0.0/8"}

CASES = [
    # the Insights query of these two is started first, and its id put in
    one("logs", "GetQueryResults", EVENTS, queryId="QUERY"),
    one("logs", "GetLogRecord", EVENTS, logRecordPointer="POINTER"),
    one("logs", "StartQuery", EVENTS, logGroupName="g", startTime=0, endTime=2_000_000_000, queryString="fields @ptr"),
    one(
        "logs",
        "StartQuery",
        EVENTS,
        ("logs:StartQuery", EVENTS.replace(":g:", ":h:")),
        logGroupIdentifiers=[GROUP, "h"],
        startTime=0,
        endTime=1,
        queryString="fields @ptr",
    ),
    one("logs", "FilterLogEvents", EVENTS, logGroupIdentifier=GROUP),
    one("logs", "GetLogGroupFields", EVENTS, logGroupName="g"),
    one("logs", "DescribeLogStreams", EVENTS, logGroupName="g"),
    one("logs", "GetLogEvents", EVENTS, logGroupName="g", logStreamName="s"),
    one(
        "logs",
        "PutMetricFilter",
        EVENTS,
        logGroupName="g",
        filterName="f",
        filterPattern="x",
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    ),
    one("logs", "DescribeMetricFilters", EVENTS, logGroupName="g"),
    one("logs", "DescribeMetricFilters", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"),
    one("logs", "DeleteMetricFilter", EVENTS, logGroupName="g", filterName="f"),
    one("logs", "PutRetentionPolicy", EVENTS, logGroupName="g", retentionInDays=7),
    one("logs", "DeleteRetentionPolicy", EVENTS, logGroupName="g"),
    one("logs", "CreateLogStream", EVENTS, logGroupName="g", logStreamName="n"),
    one("logs", "DeleteLogStream", EVENTS, logGroupName="g", logStreamName="n"),
    one(
        "logs",
        "PutLogEvents",
        EVENTS,
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": 0, "message": "m"}],
    ),
    one(
        "logs", "PutSubscriptionFilter", EVENTS, logGroupName="g", filterName="f", filterPattern="", destinationArn=ROLE
    ),
    one("logs", "DescribeSubscriptionFilters", EVENTS, logGroupName="g"),
    one("logs", "DeleteSubscriptionFilter", EVENTS, logGroupName="g", filterName="f"),
    one("logs", "CreateLogGroup", EVENTS, logGroupName="g"),
    one("logs", "CreateLogGroup", EVENTS, ("logs:TagResource", GROUP), logGroupName="g", tags={"k": "v"}),
    one("logs", "TagResource", GROUP, resourceArn=GROUP, tags={"k": "v"}),
    one("logs", "ListTagsForResource", GROUP, resourceArn=GROUP),
    one("logs", "UntagResource", GROUP, resourceArn=GROUP, tagKeys=["k"]),
    one("logs", "DescribeLogGroups", "*"),
    one("logs", "DescribeQueries", "*"),
    one("logs", "StopQuery", "*", queryId="unknown"),
    one("logs", "TestMetricFilter", "*", filterPattern="x", logEventMessages=["x"]),
    one("cloudwatch", "PutMetricAlarm", ALARM, **METRIC_ALARM),
    one("cloudwatch", "PutMetricAlarm", ALARM, ("cloudwatch:TagResource", ALARM), **METRIC_ALARM, Tags=TAGS),
    one("cloudwatch", "DescribeAlarms", ALARM, AlarmNames=["a"]),
    one(
        "cloudwatch",
        "DescribeAlarms",
        ALARM,
        ("cloudwatch:DescribeAlarms", f"{ALARM}b"),
        AlarmNames=["a", "ab"],
    ),
    one("cloudwatch", "DescribeAlarms", f"{ALARM[:-1]}*", AlarmNamePrefix="a"),
    one("cloudwatch", "DescribeAlarms", "*", AlarmTypes=["CompositeAlarm"]),
    one("cloudwatch", "DescribeAlarmHistory", ALARM, AlarmName="a"),
    one("cloudwatch", "DescribeAlarmContributors", ALARM, AlarmName="a"),
    one("cloudwatch", "SetAlarmState", ALARM, AlarmName="a", StateValue="OK", StateReason="a drill"),
    one("cloudwatch", "EnableAlarmActions", ALARM, AlarmNames=["a"]),
    one("cloudwatch", "DisableAlarmActions", ALARM, AlarmNames=["a"]),
    one("cloudwatch", "TagResource", ALARM, ResourceARN=ALARM, Tags=TAGS),
    one("cloudwatch", "ListTagsForResource", ALARM, ResourceARN=ALARM),
    one("cloudwatch", "UntagResource", ALARM, ResourceARN=ALARM, TagKeys=["k"]),
    one("cloudwatch", "DeleteAlarms", ALARM, AlarmNames=["a"]),
    one("cloudwatch", "PutLogAlarm", ALARM, ("iam:PassRole", ROLE), **LOG_ALARM),
    one(
        "cloudwatch",
        "PutLogAlarm",
        ALARM,
        ("iam:PassRole", ROLE),
        ("iam:PassRole", OTHER_ROLE),
        ("cloudwatch:TagResource", ALARM),
        ("cloudwatch:ListTagsForResource", ALARM),
        **LOG_ALARM,
        ActionLogLineCount=1,
        ActionLogLineRoleArn=OTHER_ROLE,
        Tags=TAGS,
        ActionConfiguration={"AlarmTagsPropagation": {"Enabled": True}},
    ),
    one("cloudwatch", "DescribeAlarmsForMetric", "*", **METRIC),
    one("cloudwatch", "ListMetrics", "*"),
    one("cloudwatch", "GetMetricStatistics", "*", **METRIC, StartTime=0, EndTime=60, Period=60, Statistics=["Sum"]),
    one("sns", "CreateTopic", TOPIC, Name="t"),
    one("sns", "CreateTopic", TOPIC, ("sns:TagResource", TOPIC), Name="t", Tags=TAGS),
    one("sns", "GetTopicAttributes", TOPIC, TopicArn=TOPIC),
    one("sns", "SetTopicAttributes", TOPIC, TopicArn=TOPIC, AttributeName="DisplayName", AttributeValue="d"),
    one("sns", "Subscribe", TOPIC, TopicArn=TOPIC, Protocol="email", Endpoint="a@example.com"),
    one("sns", "ConfirmSubscription", TOPIC, TopicArn=TOPIC, Token="unknown"),
    one("sns", "ListSubscriptionsByTopic", TOPIC, TopicArn=TOPIC),
    one("sns", "Publish", TOPIC, TargetArn=TOPIC, Message="m"),
    one(
        "sns",
        "PublishBatch",
        TOPIC,
        action="Publish",
        TopicArn=TOPIC,
        PublishBatchRequestEntries=[{"Id": "1", "Message": "m"}],
    ),
    one("sns", "TagResource", TOPIC, ResourceArn=TOPIC, Tags=TAGS),
    one("sns", "ListTagsForResource", TOPIC, ResourceArn=TOPIC),
    one("sns", "UntagResource", TOPIC, ResourceArn=TOPIC, TagKeys=["k"]),
    one("sns", "AddPermission", TOPIC, TopicArn=TOPIC, Label="l", AWSAccountId=[ACCOUNT], ActionName=["Publish"]),
    one("sns", "RemovePermission", TOPIC, TopicArn=TOPIC, Label="l"),
    one("sns", "DeleteTopic", TOPIC, TopicArn=TOPIC),
    one("sns", "ListTopics", "*"),
    one("sns", "Unsubscribe", "*", SubscriptionArn=f"{TOPIC}:0123"),
    one("sns", "GetSubscriptionAttributes", "*", SubscriptionArn=f"{TOPIC}:0123"),
    one("ec2", "DescribeFlowLogs", "*"),
    one("ec2", "DescribeSecurityGroups", "*"),
    one("ec2", "DescribeNetworkAcls", "*"),
    _rules("AuthorizeSecurityGroupIngress", IpPermissions=[PERMISSION]),
    _rules("AuthorizeSecurityGroupEgress", IpPermissions=[PERMISSION]),
    _rules("RevokeSecurityGroupIngress", IpPermissions=[PERMISSION]),
    _rules("RevokeSecurityGroupEgress", IpPermissions=[PERMISSION]),
    _rules("UpdateSecurityGroupRuleDescriptionsIngress", IpPermissions=[PERMISSION]),
    _rules("UpdateSecurityGroupRuleDescriptionsEgress", IpPermissions=[PERMISSION]),
    _rules("DeleteSecurityGroup"),
    *(
        one(
            "ec2",
            f"AuthorizeSecurityGroup{direction}",
            SECURITY_GROUP,
            ("ec2:CreateTags", f"{EC2}:security-group-rule/*"),
            GroupId=SECURITY_GROUP.rpartition("/")[2],
            IpPermissions=[PERMISSION],
            TagSpecifications=RULE_TAGS,
        )
        for direction in ("Ingress", "Egress")
    ),
    one(
        "ec2",
        "ModifySecurityGroupRules",
        SECURITY_GROUP,
        ("ec2:ModifySecurityGroupRules", RULE),
        GroupId=SECURITY_GROUP.rpartition("/")[2],
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": RULE.rpartition("/")[2],
                "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": "10.0.0.0/8"},
            }
        ],
    ),
    _acl("CreateNetworkAclEntry", **ENTRY),
    _acl("ReplaceNetworkAclEntry", **ENTRY),
    _acl("DeleteNetworkAclEntry"),
    one("ec2", "DeleteNetworkAcl", NETWORK_ACL, NetworkAclId=NETWORK_ACL.rpartition("/")[2]),
    one("ec2", "GetManagedPrefixListEntries", f"{EC2}:prefix-list/pl-0123", PrefixListId="pl-0123"),
    one(
        "ec2",
        "CreateFlowLogs",
        f"{EC2}:vpc/vpc-0123",
        ("ec2:CreateFlowLogs", f"{EC2}:vpc-flow-log/*"),
        ("ec2:CreateTags", f"{EC2}:vpc-flow-log/*"),
        ("iam:PassRole", ROLE),
        ResourceType="VPC",
        ResourceIds=["vpc-0123"],
        TrafficType="REJECT",
        LogGroupName="g",
        DeliverLogsPermissionArn=ROLE,
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": TAGS}],
    ),
    one("ec2", "DeleteFlowLogs", f"{EC2}:vpc-flow-log/fl-0123", FlowLogIds=["fl-0123"]),
    one("logs", "DeleteLogGroup", EVENTS, logGroupName="g"),
    one("sqs", "GetQueueUrl", QUEUE, QueueName="q"),
    one("sqs", "GetQueueUrl", QUEUE.replace(ACCOUNT, OTHER), QueueName="q", QueueOwnerAWSAccountId=OTHER),
    one("sqs", "GetQueueAttributes", QUEUE, QueueUrl=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"),
    one("lambda", "GetPolicy", FUNCTION, FunctionName="f"),
    one("lambda", "GetPolicy", FUNCTION.replace(ACCOUNT, OTHER), FunctionName=FUNCTION.replace(ACCOUNT, OTHER)),
    one("lambda", "GetPolicy", FUNCTION, FunctionName=f"{ACCOUNT}:function:f"),
    one("lambda", "GetPolicy", f"{FUNCTION}:live", FunctionName=f"{FUNCTION}:live"),
    one("lambda", "GetPolicy", f"{FUNCTION}:live", FunctionName="f", Qualifier="live"),
    one("kms", "DescribeKey", KEY, KeyId=KEY.rpartition("/")[2]),
    one("kms", "DescribeKey", KEY.replace(ACCOUNT, OTHER), KeyId=KEY.replace(ACCOUNT, OTHER)),
    one("kms", "GetKeyPolicy", KEY, KeyId=KEY),
    one("kms", "DescribeKey", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/none", KeyId="alias/none"),
    one("iam", "GetRole", ROLE, RoleName="query"),
    one("s3", "ListObjectsV2", "arn:aws:s3:::bucket", action="ListBucket", Bucket="bucket"),
    one("s3", "GetBucketLocation", "arn:aws:s3:::bucket", Bucket="bucket"),
    one("s3", "CreateBucket", "arn:aws:s3:::bucket", Bucket="bucket"),
    one("s3", "PutObject", "arn:aws:s3:::bucket/a/b.gz", Bucket="bucket", Key="a/b.gz"),
    one("s3", "GetObject", "arn:aws:s3:::bucket/a/b.gz", Bucket="bucket", Key="a/b.gz"),
    one("s3", "DeleteObject", "arn:aws:s3:::bucket/a/b.gz", Bucket="bucket", Key="a/b.gz"),
    one("s3", "DeleteBucket", "arn:aws:s3:::bucket", Bucket="bucket"),
    _glue("CreateDatabase", DATABASE, DatabaseInput={"Name": "d"}),
    _glue("GetDatabase", DATABASE, Name="d"),
    _glue("GetDatabases", f"{GLUE}:database/*"),
    _glue("CreateTable", DATABASE, TABLE, DatabaseName="d", TableInput={"Name": "t"}),
    _glue("UpdateTable", DATABASE, TABLE, DatabaseName="d", TableInput={"Name": "t"}),
    _glue("GetTable", DATABASE, TABLE, DatabaseName="d", Name="t"),
    _glue("GetTables", DATABASE, f"{GLUE}:table/d/*", DatabaseName="d"),
    _glue("CreatePartition", DATABASE, TABLE, DatabaseName="d", TableName="t", PartitionInput={"Values": ["1"]}),
    _glue("BatchCreatePartition", DATABASE, TABLE, DatabaseName="d", TableName="t", PartitionInputList=[]),
    _glue("GetPartition", DATABASE, TABLE, DatabaseName="d", TableName="t", PartitionValues=["1"]),
    _glue("GetPartitions", DATABASE, TABLE, DatabaseName="d", TableName="t"),
    _glue("DeleteTable", DATABASE, TABLE, DatabaseName="d", Name="t"),
    _glue("DeleteDatabase", DATABASE, Name="d"),
    # Athena's are done to a work group: the one that is named, or that of the query
    one("athena", "StartQueryExecution", GROUP_W, QueryString="SELECT 1", WorkGroup="w"),
    one("athena", "StartQueryExecution", PRIMARY, QueryString="SELECT 1"),
    one("athena", "GetQueryExecution", PRIMARY, QueryExecutionId="q"),
    one("athena", "GetQueryResults", PRIMARY, QueryExecutionId="q"),
    one("athena", "StopQueryExecution", PRIMARY, QueryExecutionId="q"),
    one("athena", "BatchGetQueryExecution", PRIMARY, QueryExecutionIds=["q"]),
    one("athena", "ListQueryExecutions", GROUP_W, WorkGroup="w"),
    one("athena", "GetWorkGroup", GROUP_W, WorkGroup="w"),
    one("athena", "CreateWorkGroup", GROUP_W, Name="w"),
    one("athena", "UpdateWorkGroup", GROUP_W, WorkGroup="w"),
    one("athena", "DeleteWorkGroup", GROUP_W, WorkGroup="w"),
    # a service that is moto's: its own action, on everything
    one("lambda", "ListFunctions", "*"),
    one("sqs", "ListQueues", "*"),
    one("iam", "ListRoles", "*"),
    one("kms", "ListKeys", "*"),
]
