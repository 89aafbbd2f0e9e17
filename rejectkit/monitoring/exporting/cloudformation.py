"""The CloudFormation template of a Monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.monitor import LOG_ALARM, Monitor

_PSEUDO_ARN = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"


def template(monitor: Monitor) -> dict[str, Any]:
    """Return the CloudFormation template that makes what a monitor wants.

    Its parameters have the monitor's own values as defaults: `LogGroupName`; `TopicArn`, the ARN of a topic there is
    (where the monitor's topic is one to be made, empty makes it); `Email`, the first address to tell, if any.

    Parameters
    ----------
    monitor : Monitor
        The alert, of either design.

    Returns
    -------
    dict
        The template; `json.dumps` of it is what CreateStack takes.

    Notes
    -----
    A log group that is made stays, with all that is in it, when the stack is deleted. Endpoints that are queues and
    functions need policies of their own that let the topic reach them. Source: CloudFormation template reference.

    Examples
    --------
    >>> from rejectkit.monitoring import Monitor
    >>> found = template(Monitor(log_group="vpc-flow-logs", emails=["ops@example.org"]))
    >>> list(found["Resources"])
    ['RejectFilter', 'RejectTopic', 'RejectTopicPolicy', 'EmailSubscription', 'RejectAlarm']
    """
    resources = {
        **_log_group(monitor),
        **_filter(monitor),
        **_topic(monitor),
        **_subscriptions(monitor),
        **_alarm(monitor),
    }
    found: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Alarm on rejected flows of VPC flow logs: {monitor.alarm_name}",
        "Parameters": _parameters(monitor),
        "Conditions": _conditions(monitor),
        "Resources": resources,
        "Outputs": _outputs(monitor),
    }
    return {name: section for name, section in found.items() if section}


def _parameters(monitor: Monitor) -> dict[str, Any]:
    found: dict[str, Any] = {
        "LogGroupName": {
            "Type": "String",
            "Description": "Log group that the flow log delivers to",
            "Default": monitor.log_group,
            "AllowedPattern": r"[.\-_/#A-Za-z0-9]{1,512}",
        },
        "TopicArn": {
            "Type": "String",
            "Description": "Topic that the alarm tells"
            + ("; empty: one is made" if monitor.owns_topic else ", which is there already"),
            "Default": "" if monitor.owns_topic else monitor.topic,
            "AllowedPattern": r"arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}"
            + ("|" if monitor.owns_topic else ""),
        },
    }
    if monitor.emails:
        found["Email"] = {
            "Type": "String",
            "Description": "E-mail address that the topic tells; empty: none",
            "Default": monitor.emails[0],
        }
    return found


def _conditions(monitor: Monitor) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if monitor.owns_topic:
        found["MakesTopic"] = {"Fn::Equals": [{"Ref": "TopicArn"}, ""]}
    if monitor.emails:
        found["HasEmail"] = {"Fn::Not": [{"Fn::Equals": [{"Ref": "Email"}, ""]}]}
    return found


def _topic_arn(monitor: Monitor) -> dict[str, Any]:
    """Return the reference to the topic's ARN."""
    if monitor.owns_topic:
        return {"Fn::If": ["MakesTopic", {"Ref": "RejectTopic"}, {"Ref": "TopicArn"}]}
    return {"Ref": "TopicArn"}


def _group_name(monitor: Monitor) -> dict[str, Any]:
    """Return the reference to the log group's name; to the resource where it is made, so that it is made first."""
    return {"Ref": "FlowLogs" if monitor.create_log_group else "LogGroupName"}


def _log_group(monitor: Monitor) -> dict[str, Any]:
    if wanted.log_group_params(monitor) is None:
        return {}
    properties: dict[str, Any] = {"LogGroupName": {"Ref": "LogGroupName"}, "Tags": wanted.tag_list(monitor)}
    retention = wanted.retention_params(monitor)
    if retention is not None:
        properties["RetentionInDays"] = retention["retentionInDays"]
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return {"FlowLogs": {"Type": "AWS::Logs::LogGroup", **kept, "Properties": properties}}


def _filter(monitor: Monitor) -> dict[str, Any]:
    params = wanted.filter_params(monitor)
    if params is None:
        return {}
    properties = {
        "LogGroupName": _group_name(monitor),
        "FilterName": params["filterName"],
        "FilterPattern": params["filterPattern"],
        "MetricTransformations": [_capitalized(one) for one in params["metricTransformations"]],
    }
    return {"RejectFilter": {"Type": "AWS::Logs::MetricFilter", "Properties": properties}}


def _capitalized(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of CloudWatch Logs under the names of their properties."""
    return {name[0].upper() + name[1:]: value for name, value in params.items()}


def _topic(monitor: Monitor) -> dict[str, Any]:
    params = wanted.topic_params(monitor)
    if params is None:
        return {}
    topic = {"Ref": "RejectTopic"}
    alarm_arn = {"Fn::Sub": _PSEUDO_ARN + monitor.alarm_name}
    policy = wanted.topic_policy(monitor, topic, account={"Ref": "AWS::AccountId"}, alarm_arn=alarm_arn)
    return {
        "RejectTopic": {
            "Type": "AWS::SNS::Topic",
            "Condition": "MakesTopic",
            "Properties": {"TopicName": params["Name"], "Tags": params["Tags"]},
        },
        "RejectTopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Condition": "MakesTopic",
            "Properties": {"Topics": [topic], "PolicyDocument": policy},
        },
    }


def _subscriptions(monitor: Monitor) -> dict[str, Any]:
    found: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for one in wanted.subscriptions(monitor):
        count = counts[one.protocol] = counts.get(one.protocol, 0) + 1
        first_email = one.protocol == "email" and count == 1
        resource: dict[str, Any] = {"Type": "AWS::SNS::Subscription"}
        if first_email:
            resource["Condition"] = "HasEmail"
        resource["Properties"] = {
            "TopicArn": _topic_arn(monitor),
            "Protocol": one.protocol,
            "Endpoint": {"Ref": "Email"} if first_email else one.endpoint,
        }
        found[f"{one.protocol.capitalize()}Subscription{count if count > 1 else ''}"] = resource
    return found


def _alarm(monitor: Monitor) -> dict[str, Any]:
    params = wanted.alarm_params(monitor, _topic_arn(monitor))
    properties = {name: value for name, value in params.items() if value not in ([], "")}
    kind = "AWS::CloudWatch::Alarm"
    if monitor.design == LOG_ALARM:
        kind = "AWS::CloudWatch::LogAlarm"
        properties["ScheduledQueryConfiguration"] = {
            **params["ScheduledQueryConfiguration"],
            "LogGroupIdentifiers": [_group_name(monitor)],
        }
    return {"RejectAlarm": {"Type": kind, "Properties": properties}}


def _outputs(monitor: Monitor) -> dict[str, Any]:
    found: dict[str, Any] = {
        "AlarmName": {"Description": "Name of the alarm", "Value": {"Ref": "RejectAlarm"}},
        "AlarmArn": {"Description": "ARN of the alarm", "Value": {"Fn::GetAtt": ["RejectAlarm", "Arn"]}},
        "TopicArn": {"Description": "Topic that the alarm tells", "Value": _topic_arn(monitor)},
    }
    if monitor.design != LOG_ALARM:
        metric = f"{monitor.namespace}/{monitor.metric_name}"
        found["Metric"] = {"Description": "Namespace and name of the metric of rejects", "Value": metric}
    return found
