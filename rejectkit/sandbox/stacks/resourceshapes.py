"""The properties of the resource types that have many. Source: the resource schemas of CloudFormation."""

from __future__ import annotations

from collections.abc import Mapping

from rejectkit.sandbox.stacks.properties import TAGS, Shape

ALARM: Mapping[str, Shape] = {
    "ActionsEnabled": bool,
    "AlarmActions": [str],
    "AlarmDescription": str,
    "AlarmName": str,
    "ComparisonOperator": str,
    "DatapointsToAlarm": int,
    "Dimensions": [{"Name": str, "Value": str}],
    "EvaluateLowSampleCountPercentile": str,
    "EvaluationPeriods": int,
    "ExtendedStatistic": str,
    "InsufficientDataActions": [str],
    "MetricName": str,
    "Metrics": [
        {
            "AccountId": str,
            "Expression": str,
            "Id": str,
            "Label": str,
            "MetricStat": {
                "Metric": {"Dimensions": [{"Name": str, "Value": str}], "MetricName": str, "Namespace": str},
                "Period": int,
                "Stat": str,
                "Unit": str,
            },
            "Period": int,
            "ReturnData": bool,
        }
    ],
    "Namespace": str,
    "OKActions": [str],
    "Period": int,
    "Statistic": str,
    "Tags": TAGS,
    "Threshold": float,
    "ThresholdMetricId": str,
    "TreatMissingData": str,
    "Unit": str,
}
LOG_ALARM: Mapping[str, Shape] = {
    "ActionConfiguration": {
        "AlarmTagsPropagation": {"Enabled": bool, "ExcludedTagKeys": [str], "IncludedTagKeys": [str]},
    },
    "ActionLogLineCount": int,
    "ActionLogLineRoleArn": str,
    "ActionsEnabled": bool,
    "AlarmActions": [str],
    "AlarmDescription": str,
    "AlarmName": str,
    "ComparisonOperator": str,
    "InsufficientDataActions": [str],
    "OKActions": [str],
    "QueryResultsToAlarm": int,
    "QueryResultsToEvaluate": int,
    "ScheduledQueryConfiguration": {
        "AggregationExpression": str,
        "LogGroupIdentifiers": [str],
        "QueryString": str,
        "ScheduleConfiguration": {"EndTimeOffset": int, "ScheduleExpression": str, "StartTimeOffset": int},
        "ScheduledQueryRoleARN": str,
        "Tags": TAGS,
    },
    "Tags": TAGS,
    "Threshold": float,
    "TreatMissingData": str,
}
QUEUE: Mapping[str, Shape] = {
    "DelaySeconds": int,
    "KmsDataKeyReusePeriodSeconds": int,
    "KmsMasterKeyId": str,
    "MaximumMessageSize": int,
    "MessageRetentionPeriod": int,
    "QueueName": str,
    "ReceiveMessageWaitTimeSeconds": int,
    "RedriveAllowPolicy": object,
    "RedrivePolicy": object,
    "SqsManagedSseEnabled": bool,
    "Tags": TAGS,
    "VisibilityTimeout": int,
}
