"""CloudWatch Logs: groups and streams."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.logs.logstore import LogGroup, LogStore, LogStream, name_of
from rejectkit.sandbox.paging import page
from rejectkit.sandbox.world import World

RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS")
_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]+")
_STREAM = re.compile(r"[^:*]*")


def store(world: World, call: Call) -> LogStore:
    """Return the log groups of a call's region."""
    return world.region(call.region).of(LogStore)


def invalid(message: str) -> ServiceError:
    """Return the refusal of a parameter."""
    return ServiceError("InvalidParameterException", message)


def checked(value: str, member: str, pattern: re.Pattern[str], longest: int = 512) -> str:
    """Return a name that keeps the service's rules.

    Raises
    ------
    ServiceError
        If it does not, in the service's words.
    """
    wrong = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must {}"
    if len(value) > longest:
        raise invalid(wrong.format(value, member, f"have length less than or equal to {longest}"))
    if not value:
        raise invalid(wrong.format(value, member, "have length greater than or equal to 1"))
    if not pattern.fullmatch(value):
        raise invalid(wrong.format(value, member, f"satisfy regular expression pattern: {pattern.pattern}"))
    return value


def described(group: LogGroup) -> dict[str, Any]:
    """Return a group as DescribeLogGroups tells it."""
    told: dict[str, Any] = {
        "logGroupName": group.name,
        "creationTime": group.created,
        "metricFilterCount": len(group.filters),
        "arn": f"{group.arn}:*",
        "storedBytes": group.stored_bytes,
        "logGroupClass": group.log_class,
        "logGroupArn": group.arn,
    }
    if group.retention is not None:
        told["retentionInDays"] = group.retention
    if group.kms_key:
        told["kmsKeyId"] = group.kms_key
    return told


def _create_group(world: World, call: Call) -> None:
    given = call.params
    log_class = given.get("logGroupClass", "STANDARD")
    if log_class not in CLASSES:
        raise invalid(f"logGroupClass {log_class!r} is not one of {', '.join(CLASSES)}")
    group = store(world, call).create(checked(given["logGroupName"], "logGroupName", _GROUP))
    group.log_class = log_class
    group.tags = dict(given.get("tags") or {})
    group.kms_key = given.get("kmsKeyId", "")


def _delete_group(world: World, call: Call) -> None:
    groups = store(world, call)
    del groups.groups[groups.group(call.params["logGroupName"]).name]


def _selected(world: World, call: Call) -> list[LogGroup]:
    given = call.params
    groups = [group for _, group in sorted(store(world, call).groups.items())]
    prefix, pattern = given.get("logGroupNamePrefix"), given.get("logGroupNamePattern")
    if prefix and pattern:
        raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    if prefix:
        groups = [group for group in groups if group.name.startswith(prefix)]
    if pattern:
        groups = [group for group in groups if pattern in group.name]
    if given.get("logGroupIdentifiers"):
        wanted = {name_of(one) for one in given["logGroupIdentifiers"]}
        groups = [group for group in groups if group.name in wanted]
    if given.get("logGroupClass"):
        groups = [group for group in groups if group.log_class == given["logGroupClass"]]
    return groups


def _paged(call: Call, key: str, items: list[dict[str, Any]], most: int = 50) -> dict[str, Any]:
    size = int(call.params.get("limit") or 50)
    if not 1 <= size <= most:
        raise invalid(f"limit {size} is not between 1 and {most}")
    return page(key, items, call.params.get("nextToken"), size, key="nextToken")


def _describe_groups(world: World, call: Call) -> Mapping[str, Any]:
    return _paged(call, "logGroups", [described(group) for group in _selected(world, call)])


def _list_groups(world: World, call: Call) -> Mapping[str, Any]:
    keys = ("logGroupName", "logGroupArn", "logGroupClass")
    given = {**call.params, "logGroupNamePattern": None}
    groups = _selected(world, Call(call.service, call.operation, call.region, given))
    pattern = call.params.get("logGroupNamePattern") or ""
    try:
        groups = [group for group in groups if re.search(pattern, group.name)]
    except re.error as error:
        raise invalid(f"logGroupNamePattern {pattern!r} is no regular expression: {error}") from error
    return _paged(call, "logGroups", [{key: described(group)[key] for key in keys} for group in groups], 1000)


def _put_retention(world: World, call: Call) -> None:
    days = call.params["retentionInDays"]
    if days not in RETENTIONS:
        raise invalid(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member "
            f"must satisfy enum value set: [{', '.join(map(str, RETENTIONS))}]"
        )
    store(world, call).group(call.params["logGroupName"]).retention = days


def _delete_retention(world: World, call: Call) -> None:
    store(world, call).group(call.params["logGroupName"]).retention = None


def _create_stream(world: World, call: Call) -> None:
    group = store(world, call).group(call.params["logGroupName"])
    name = checked(call.params["logStreamName"], "logStreamName", _STREAM)
    if name in group.streams:
        raise ServiceError("ResourceAlreadyExistsException", "The specified log stream already exists")
    group.streams[name] = LogStream(name, world.clock.millis)


def _delete_stream(world: World, call: Call) -> None:
    groups = store(world, call)
    group = groups.group(call.params["logGroupName"])
    group.forget(groups.stream(group, call.params["logStreamName"]).name)


def _describe_streams(world: World, call: Call) -> Mapping[str, Any]:
    given = call.params
    group = store(world, call).group(given.get("logGroupName") or given.get("logGroupIdentifier", ""))
    order = given.get("orderBy", "LogStreamName")
    prefix = given.get("logStreamNamePrefix")
    if order == "LastEventTime" and prefix:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    streams = [one for _, one in sorted(group.streams.items()) if not prefix or one.name.startswith(prefix)]
    if order == "LastEventTime":
        streams.sort(key=lambda one: one.last or 0)
    if given.get("descending"):
        streams.reverse()
    return _paged(call, "logStreams", [_stream_told(group, one) for one in streams])


def _stream_told(group: LogGroup, one: LogStream) -> dict[str, Any]:
    told: dict[str, Any] = {"logStreamName": one.name, "creationTime": one.created}
    if one.last is not None:
        told |= {
            "firstEventTimestamp": one.first,
            "lastEventTimestamp": one.last,
            "lastIngestionTime": one.ingested,
        }
    return told | {
        "uploadSequenceToken": "0",
        "arn": f"{group.arn}:log-stream:{one.name}",
        "storedBytes": 0,  # as the service says since 2019
    }


def _tag(world: World, call: Call) -> None:
    _tagged(world, call).tags |= call.params["tags"]


def _untag(world: World, call: Call) -> None:
    tags = _tagged(world, call).tags
    for key in call.params.get("tagKeys", call.params.get("tags", ())):
        tags.pop(key, None)


def _list_tags(world: World, call: Call) -> Mapping[str, Any]:
    return {"tags": _tagged(world, call).tags}


def _tagged(world: World, call: Call) -> LogGroup:
    return store(world, call).group(call.params.get("resourceArn") or call.params.get("logGroupName", ""))


OPERATIONS: dict[str, Handler] = {
    "CreateLogGroup": _create_group,
    "CreateLogStream": _create_stream,
    "DeleteLogGroup": _delete_group,
    "DeleteLogStream": _delete_stream,
    "DeleteRetentionPolicy": _delete_retention,
    "DescribeLogGroups": _describe_groups,
    "DescribeLogStreams": _describe_streams,
    "ListLogGroups": _list_groups,
    "ListTagsForResource": _list_tags,
    "ListTagsLogGroup": _list_tags,
    "PutRetentionPolicy": _put_retention,
    "TagLogGroup": _tag,
    "TagResource": _tag,
    "UntagLogGroup": _untag,
    "UntagResource": _untag,
}
