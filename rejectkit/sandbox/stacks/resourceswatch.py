"""How CloudFormation makes, changes and takes away log groups, metric filters and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.stacks.resourceplace import Place, Properties, gone_is_fine, retag, tags_of
from rejectkit.sandbox.topics.topicstore import partition


def no_attributes(place: Place, physical: str, properties: Properties) -> Mapping[str, Any]:
    """Return nothing: Fn::GetAtt has nothing to give."""
    return {}


def create_log_group(place: Place, properties: Properties) -> str:
    """Make a log group, with its retention."""
    name = properties.get("LogGroupName", place.generated)
    names = {"KmsKeyId": "kmsKeyId", "LogGroupClass": "logGroupClass"}
    more: dict[str, Any] = {names[key]: properties[key] for key in names if key in properties}
    try:
        place.ask("logs", "CreateLogGroup", logGroupName=name, **more, **_log_tags(properties))
    except ServiceError as error:
        if error.code == "ResourceAlreadyExistsException":
            raise place.exists(LogGroupName=name) from error
        raise
    place.made(name)
    if "RetentionInDays" in properties:
        place.ask("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=properties["RetentionInDays"])
    return str(name)


def _log_tags(properties: Properties) -> dict[str, Any]:
    return {"tags": tags_of(properties)} if properties.get("Tags") else {}


def update_log_group(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change a log group's retention, key and tags."""
    if "RetentionInDays" in new:
        place.ask("logs", "PutRetentionPolicy", logGroupName=physical, retentionInDays=new["RetentionInDays"])
    elif "RetentionInDays" in old:
        place.ask("logs", "DeleteRetentionPolicy", logGroupName=physical)
    if new.get("KmsKeyId") != old.get("KmsKeyId"):
        if "KmsKeyId" in new:
            place.ask("logs", "AssociateKmsKey", logGroupName=physical, kmsKeyId=new["KmsKeyId"])
        else:
            place.ask("logs", "DisassociateKmsKey", logGroupName=physical)
    arn = str(log_group_attributes(place, physical, new)["Arn"]).removesuffix(":*")
    if gone := [key for key in tags_of(old) if key not in tags_of(new)]:
        place.ask("logs", "UntagResource", resourceArn=arn, tagKeys=gone)
    if new.get("Tags") and tags_of(new) != tags_of(old):
        place.ask("logs", "TagResource", resourceArn=arn, tags=tags_of(new))


def delete_log_group(place: Place, physical: str, properties: Properties) -> None:
    """Take a log group away, with all that is in it."""
    with gone_is_fine():
        place.ask("logs", "DeleteLogGroup", logGroupName=physical)


def log_group_attributes(place: Place, physical: str, properties: Properties) -> Mapping[str, Any]:
    """Return the ARN, which ends in `:*`."""
    where = f"{place.region}:{place.world.account}"
    return {"Arn": f"arn:{partition(place.region)}:logs:{where}:log-group:{physical}:*"}


def create_filter(place: Place, properties: Properties) -> str:
    """Make a metric filter."""
    name, group = properties.get("FilterName", place.generated), properties["LogGroupName"]
    found = place.ask("logs", "DescribeMetricFilters", logGroupName=group, filterNamePrefix=name)
    if any(one["filterName"] == name for one in found["metricFilters"]):
        raise place.exists(LogGroupName=group, FilterName=name)
    _put_filter(place, name, properties)
    return place.made(name)


def _put_filter(place: Place, name: str, properties: Properties) -> None:
    transformations = []
    for one in properties["MetricTransformations"]:
        made = {key[0].lower() + key[1:]: value for key, value in one.items()}
        if "Dimensions" in one:
            made["dimensions"] = {pair["Key"]: pair["Value"] for pair in one["Dimensions"]}
        transformations.append(made)
    place.ask(
        "logs",
        "PutMetricFilter",
        logGroupName=properties["LogGroupName"],
        filterName=name,
        filterPattern=properties["FilterPattern"],
        metricTransformations=transformations,
    )


def update_filter(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change a metric filter: it is put again."""
    _put_filter(place, physical, new)


def delete_filter(place: Place, physical: str, properties: Properties) -> None:
    """Take a metric filter away."""
    with gone_is_fine():
        place.ask("logs", "DeleteMetricFilter", logGroupName=properties["LogGroupName"], filterName=physical)


def create_alarm(place: Place, properties: Properties) -> str:
    """Make an alarm of a metric."""
    name = properties.get("AlarmName", place.generated)
    if place.ask("cloudwatch", "DescribeAlarms", AlarmNames=[name]).get("MetricAlarms"):
        raise place.exists(AlarmName=name)
    place.ask("cloudwatch", "PutMetricAlarm", **{**properties, "AlarmName": name})
    return place.made(name)


def update_alarm(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change an alarm: it is put again; tags have calls of their own."""
    put = {name: value for name, value in new.items() if name != "Tags"}
    place.ask("cloudwatch", "PutMetricAlarm", **{**put, "AlarmName": physical})
    retag(place, "cloudwatch", str(alarm_attributes(place, physical, new)["Arn"]), new, old)


def create_log_alarm(place: Place, properties: Properties) -> str:
    """Make an alarm of a scheduled query."""
    name = properties.get("AlarmName", place.generated)
    if place.ask("cloudwatch", "DescribeAlarms", AlarmNames=[name], AlarmTypes=["LogAlarm"]).get("LogAlarms"):
        raise place.exists(AlarmName=name)
    place.ask("cloudwatch", "PutLogAlarm", **{**properties, "AlarmName": name})
    return place.made(name)


def update_log_alarm(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change a log alarm: it is put again; tags have calls of their own."""
    put = {name: value for name, value in new.items() if name != "Tags"}
    place.ask("cloudwatch", "PutLogAlarm", **{**put, "AlarmName": physical})
    retag(place, "cloudwatch", str(alarm_attributes(place, physical, new)["Arn"]), new, old)


def delete_alarm(place: Place, physical: str, properties: Properties) -> None:
    """Take an alarm away, of either kind."""
    with gone_is_fine():
        place.ask("cloudwatch", "DeleteAlarms", AlarmNames=[physical])


def alarm_attributes(place: Place, physical: str, properties: Properties) -> Mapping[str, Any]:
    """Return the ARN."""
    where = f"{place.region}:{place.world.account}"
    return {"Arn": f"arn:{partition(place.region)}:cloudwatch:{where}:alarm:{physical}"}
