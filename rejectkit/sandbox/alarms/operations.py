"""CloudWatch: the operations on alarms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rejectkit.monitoring.alarms.reasons import Judgement, compact, fit
from rejectkit.sandbox.alarms.alarmchecks import ACTIONS, check_all_tags, check_metric_alarm, check_tags, not_played
from rejectkit.sandbox.alarms.alarmstate import MetricAlarm, configuration
from rejectkit.sandbox.alarms.alarmstore import Alarm, Alarms
from rejectkit.sandbox.alarms.logalarms import describe_alarm_contributors, put_log_alarm
from rejectkit.sandbox.alarms.logalarmstate import LogAlarm
from rejectkit.sandbox.calls import Call, Handler, ServiceError, epoch
from rejectkit.sandbox.metrics import checks
from rejectkit.sandbox.paging import page
from rejectkit.sandbox.world import World

PAGE = 100
_STATES = ("INSUFFICIENT_DATA", "ALARM", "OK")  # in the order of the recorded refusal
_HISTORY = ("ConfigurationUpdate", "StateUpdate", "Action", "AlarmContributorStateUpdate", "AlarmContributorAction")
_SCANS = ("TimestampDescending", "TimestampAscending")


def _alarms(world: World, call: Call) -> Alarms:
    return world.region(call.region).of(Alarms)


def _refuse(what: str) -> Handler:
    def refuse(world: World, call: Call) -> None:
        raise not_played(what)

    return refuse


def _put(world: World, call: Call) -> None:
    rule = check_metric_alarm(call.params, call.region)
    tags = check_tags(call.params.get("Tags") or ())
    _alarms(world, call).put(configuration(call.params), rule, tags)


def _describe(world: World, call: Call) -> Mapping[str, Any]:
    given = call.params
    checks.one_of(given, "StateValue", _STATES)
    checks.between(given, "MaxRecords", 1, PAGE)
    for member in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if given.get(member):
            raise not_played(f"composite alarms ({member})")
    kinds = given.get("AlarmTypes") or ["MetricAlarm"]
    found = [
        alarm
        for _, alarm in sorted(_alarms(world, call).alarms.items())
        if alarm.kind in kinds and _wanted(alarm, given)
    ]
    told = _paged(call, "Alarms", found)
    listed: list[Alarm] = told.pop("Alarms")
    members = {f"{kind}s": [one.describe() for one in listed if one.kind == kind] for kind in ("MetricAlarm", *kinds)}
    return {"CompositeAlarms": [], **members, **told}


def _paged(call: Call, member: str, items: Sequence[Any]) -> dict[str, Any]:
    size = int(call.params.get("MaxRecords") or PAGE)
    return page(member, items, call.params.get("NextToken"), size, refuse=checks.bad_token)


def _wanted(alarm: Alarm, given: Mapping[str, Any]) -> bool:
    prefix = given.get("ActionPrefix")
    return (
        (not given.get("AlarmNames") or alarm.name in given["AlarmNames"])
        and alarm.name.startswith(given.get("AlarmNamePrefix") or "")
        and alarm.state == (given.get("StateValue") or alarm.state)
        and (not prefix or any(one.startswith(prefix) for member in ACTIONS for one in alarm.configured[member]))
    )


def _describe_for_metric(world: World, call: Call) -> Mapping[str, Any]:
    given = call.params
    metric = given["MetricName"], given["Namespace"], checks.dimensions_of(given)
    members = [member for member in ("Statistic", "Period", "Unit") if given.get(member)]
    found = [
        alarm.describe()
        for _, alarm in sorted(_alarms(world, call).alarms.items())
        if isinstance(alarm, MetricAlarm)
        for one in [alarm.configured]
        if (one["MetricName"], one["Namespace"], checks.dimensions_of(one)) == metric
        and all(one.get(member) == given[member] for member in members)
    ]
    return {"MetricAlarms": found}


def _delete(world: World, call: Call) -> None:
    """DeleteAlarms: names there are not are no matter; log alarms go one by one, of which the text is *inferred*."""
    alarms, names = _alarms(world, call), call.params["AlarmNames"]
    for name in names:
        if len(names) > 1 and isinstance(alarms.alarms.get(name), LogAlarm):
            raise checks.validation_error(f"Log alarms cannot be batch deleted; delete {name} in a request of its own")
    for name in names:
        if name in alarms.alarms:
            alarms.delete(name)


def _set_state(world: World, call: Call) -> None:
    given = call.params
    checks.one_of(given, "StateValue", _STATES)
    checks.at_most(given, "StateReason", 1023)
    checks.at_most(given, "StateReasonData", 4000)
    alarms = _alarms(world, call)
    alarm = alarms.alarm(given["AlarmName"])
    try:
        data = json.loads(given.get("StateReasonData") or "{}")
    except (ValueError, RecursionError) as error:
        raise ServiceError("InvalidFormat", "") from error
    new = Judgement(given["StateValue"], given["StateReason"], _for_history(data))
    alarms.change(alarm, new, world.clock.seconds, given.get("StateReasonData") or "")


def _for_history(data: Any) -> dict[str, Any]:
    """Return a caller's reason data as history can show it: an object that can be written, and cut where it is long.

    Other data are told by DescribeAlarms only (*inferred*; the service takes them).
    """
    try:
        compact(data).encode()
        fit(data, 0)
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError):
        return {}
    return data if isinstance(data, dict) else {}


def _enable(enabled: bool) -> Handler:
    def switch(world: World, call: Call) -> None:
        alarms = _alarms(world, call)
        for name in call.params["AlarmNames"]:
            if name in alarms.alarms:
                alarms.enable(name, enabled)

    return switch


def _history(world: World, call: Call) -> Mapping[str, Any]:
    given = call.params
    checks.between(given, "MaxRecords", 1, PAGE)
    checks.one_of(given, "HistoryItemType", _HISTORY)
    checks.one_of(given, "ScanBy", _SCANS)
    first = epoch(given["StartDate"]) if given.get("StartDate") else float("-inf")
    last = epoch(given["EndDate"]) if given.get("EndDate") else float("inf")
    found = [
        item
        for item in _alarms(world, call).history()
        if first <= item["Timestamp"].timestamp() <= last
        and item["AlarmName"] == (given.get("AlarmName") or item["AlarmName"])
        and item["HistoryItemType"] == (given.get("HistoryItemType") or item["HistoryItemType"])
        and item["AlarmType"] in (given.get("AlarmTypes") or ["MetricAlarm"])
    ]
    if given.get("ScanBy", "TimestampDescending") != "TimestampAscending":
        found.reverse()
    return _paged(call, "AlarmHistoryItems", found)


def _tagged(world: World, call: Call) -> dict[str, str]:
    arn = call.params["ResourceARN"]
    found = [alarm for alarm in _alarms(world, call).alarms.values() if alarm.arn == arn]
    if not found:
        raise ServiceError("ResourceNotFoundException", "", 404)
    return found[0].tags


def _tag(world: World, call: Call) -> None:
    tags = _tagged(world, call)
    tags.update(check_all_tags(tags, check_tags(call.params["Tags"])))


def _untag(world: World, call: Call) -> None:
    tags = _tagged(world, call)
    for key in call.params["TagKeys"]:
        tags.pop(key, None)


def _list_tags(world: World, call: Call) -> Mapping[str, Any]:
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tagged(world, call).items()]}


OPERATIONS: dict[str, Handler] = {
    "DeleteAlarms": _delete,
    "DescribeAlarmContributors": describe_alarm_contributors,
    "DescribeAlarmHistory": _history,
    "DescribeAlarms": _describe,
    "DescribeAlarmsForMetric": _describe_for_metric,
    "DisableAlarmActions": _enable(False),
    "EnableAlarmActions": _enable(True),
    "ListAlarmMuteRules": lambda world, call: {"AlarmMuteRuleSummaries": []},  # there can be none
    "ListTagsForResource": _list_tags,
    "PutAlarmMuteRule": _refuse("alarm mute rules"),
    "PutAnomalyDetector": _refuse("anomaly detectors"),
    "PutCompositeAlarm": _refuse("composite alarms"),
    "PutLogAlarm": put_log_alarm,
    "PutMetricAlarm": _put,
    "SetAlarmState": _set_state,
    "TagResource": _tag,
    "UntagResource": _untag,
}
