"""The resource types that CloudFormation makes in the sandbox: one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.stacks import resourcesnotify as notify
from rejectkit.sandbox.stacks import resourcesother as other
from rejectkit.sandbox.stacks import resourceswatch as watch
from rejectkit.sandbox.stacks.properties import TAGS, Shape, checked
from rejectkit.sandbox.stacks.resourceplace import Place, Properties
from rejectkit.sandbox.stacks.resourceshapes import ALARM, LOG_ALARM, QUEUE


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be done with a resource of one type.

    Attributes
    ----------
    shape : mapping
        The properties it may have, with their types; see `properties.checked`.
    create : callable
        Makes it, and returns its physical id.
    update : callable
        Changes it in place: place, physical id, new properties, old ones.
    delete : callable
        Takes it away; that it is gone already is no error.
    attributes : callable
        What Fn::GetAtt gives.
    required : frozenset of str
        Properties it must have.
    replaces : frozenset of str
        Properties whose change makes a new one.
    unplayed : frozenset of str
        Properties of the real type that the sandbox refuses by name.
    """

    shape: Mapping[str, Shape]
    create: Callable[[Place, Properties], str]
    update: Callable[[Place, str, Properties, Properties], None]
    delete: Callable[[Place, str, Properties], None]
    attributes: Callable[[Place, str, Properties], Mapping[str, Any]]
    required: frozenset[str] = frozenset()
    replaces: frozenset[str] = frozenset()
    unplayed: frozenset[str] = field(default=frozenset())

    def checked(self, logical: str, given: Properties) -> dict[str, Any]:
        """Return properties in their types.

        Raises
        ------
        ServiceError
            `InvalidRequest`, for what the real type, or the sandbox's, does not have.
        """
        if unplayed := [name for name in given if name in self.unplayed]:
            raise ServiceError("InvalidRequest", f"the sandbox does not play {', '.join(unplayed)} of {logical}")
        return checked(logical, self.shape, self.required, given)


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


# Names, types and what replaces: the resource schemas of CloudFormation.
KINDS: Mapping[str, Kind] = {
    "AWS::Logs::LogGroup": Kind(
        {"LogGroupName": str, "RetentionInDays": int, "KmsKeyId": str, "LogGroupClass": str, "Tags": TAGS},
        watch.create_log_group,
        watch.update_log_group,
        watch.delete_log_group,
        watch.log_group_attributes,
        replaces=_set("LogGroupName", "LogGroupClass"),
        unplayed=_set(
            "BearerTokenAuthenticationEnabled",
            "DataProtectionPolicy",
            "DeletionProtectionEnabled",
            "FieldIndexPolicies",
            "ResourcePolicyDocument",
        ),
    ),
    "AWS::Logs::MetricFilter": Kind(
        {
            "FilterName": str,
            "FilterPattern": str,
            "LogGroupName": str,
            "MetricTransformations": [
                {
                    "DefaultValue": float,
                    "Dimensions": [{"Key": str, "Value": str}],
                    "MetricName": str,
                    "MetricNamespace": str,
                    "MetricValue": str,
                    "Unit": str,
                }
            ],
        },
        watch.create_filter,
        watch.update_filter,
        watch.delete_filter,
        watch.no_attributes,
        required=_set("FilterPattern", "LogGroupName", "MetricTransformations"),
        replaces=_set("FilterName", "LogGroupName"),
        unplayed=_set("ApplyOnTransformedLogs", "EmitSystemFieldDimensions", "FieldSelectionCriteria"),
    ),
    "AWS::CloudWatch::Alarm": Kind(
        ALARM,
        watch.create_alarm,
        watch.update_alarm,
        watch.delete_alarm,
        watch.alarm_attributes,
        required=_set("ComparisonOperator", "EvaluationPeriods"),
        replaces=_set("AlarmName"),
        unplayed=_set(
            "ActionConfiguration", "EvaluationCriteria", "EvaluationInterval", "EvaluationWindow", "WarmUpConfiguration"
        ),
    ),
    "AWS::CloudWatch::LogAlarm": Kind(
        LOG_ALARM,
        watch.create_log_alarm,
        watch.update_log_alarm,
        watch.delete_alarm,
        watch.alarm_attributes,
        required=_set(
            "ComparisonOperator",
            "QueryResultsToAlarm",
            "QueryResultsToEvaluate",
            "ScheduledQueryConfiguration",
            "Threshold",
        ),
        replaces=_set("AlarmName"),
        unplayed=_set("WarmUpConfiguration"),
    ),
    "AWS::SNS::Topic": Kind(
        {
            "DisplayName": str,
            "FifoTopic": bool,
            "KmsMasterKeyId": str,
            "SignatureVersion": str,
            "Subscription": [{"Endpoint": str, "Protocol": str}],
            "Tags": TAGS,
            "TopicName": str,
            "TracingConfig": str,
        },
        notify.create_topic,
        notify.update_topic,
        notify.delete_topic,
        notify.topic_attributes,
        replaces=_set("TopicName", "FifoTopic"),
        unplayed=_set(
            "ArchivePolicy",
            "ContentBasedDeduplication",
            "DataProtectionPolicy",
            "DeliveryStatusLogging",
            "FifoThroughputScope",
            "MaximumMessageSize",
        ),
    ),
    "AWS::SNS::Subscription": Kind(
        {
            "DeliveryPolicy": object,
            "Endpoint": str,
            "FilterPolicy": object,
            "FilterPolicyScope": str,
            "Protocol": str,
            "RawMessageDelivery": bool,
            "TopicArn": str,
        },
        notify.create_subscription,
        notify.update_subscription,
        notify.delete_subscription,
        lambda place, physical, properties: {"Arn": physical},
        required=_set("Protocol", "TopicArn"),
        replaces=_set("Endpoint", "Protocol", "TopicArn"),
        unplayed=_set("RedrivePolicy", "Region", "ReplayPolicy", "SubscriptionRoleArn"),
    ),
    "AWS::SNS::TopicPolicy": Kind(
        {"PolicyDocument": object, "Topics": [str]},
        notify.create_topic_policy,
        notify.update_topic_policy,
        notify.delete_topic_policy,
        lambda place, physical, properties: {"Id": physical},
        required=_set("PolicyDocument", "Topics"),
    ),
    "AWS::SQS::Queue": Kind(
        QUEUE,
        other.create_queue,
        other.update_queue,
        other.delete_queue,
        other.queue_attributes,
        replaces=_set("QueueName"),
        unplayed=_set("ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit"),
    ),
    "AWS::SQS::QueuePolicy": Kind(
        {"PolicyDocument": object, "Queues": [str]},
        other.create_queue_policy,
        other.update_queue_policy,
        other.delete_queue_policy,
        lambda place, physical, properties: {"Id": physical},
        required=_set("PolicyDocument", "Queues"),
    ),
    "AWS::IAM::Role": Kind(
        {
            "AssumeRolePolicyDocument": object,
            "Description": str,
            "ManagedPolicyArns": [str],
            "MaxSessionDuration": int,
            "Path": str,
            "PermissionsBoundary": str,
            "Policies": [{"PolicyDocument": object, "PolicyName": str}],
            "RoleName": str,
            "Tags": TAGS,
        },
        other.create_role,
        other.update_role,
        other.delete_role,
        other.role_attributes,
        required=_set("AssumeRolePolicyDocument"),
        replaces=_set("Path", "RoleName"),
    ),
}
