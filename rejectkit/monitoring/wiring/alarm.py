"""What can be amiss with the alarm: what it watches and by which rule, its state, its mutes and its actions; pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.findings import Finding
from rejectkit.monitoring.alarms.alarm import ALARM, INSUFFICIENT_DATA, AlarmRule
from rejectkit.monitoring.deploying import members
from rejectkit.monitoring.deploying.deployed import METRIC_ALARM, Alarm, Deployed
from rejectkit.monitoring.deploying.designs import TYPICAL_DELIVERY
from rejectkit.monitoring.monitor import METRIC_FILTER
from rejectkit.monitoring.wiring import mends as wiringmends
from rejectkit.monitoring.wiring.values import Wiring
from rejectkit.plans import Field
from rejectkit.sources.cloudwatch import mends

LONG_WITHOUT_DATA: Final = 1_800.0  # seconds in INSUFFICIENT_DATA that need an explanation; our choice
LONG_IN_ALARM: Final = 86_400.0  # seconds in ALARM after which it tells nobody anything; our choice
EVALUATION: Final = 60  # seconds between two evaluations. Source: CloudWatch user guide, "Alarm evaluation"
SHORTEST_INTERVAL: Final = 60  # seconds of aggregation, where no flow log tells

EVALUATION_FAULTS: Final = ("EVALUATION_ERROR", "EVALUATION_FAILURE")

_RULE: Final = {
    *("Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"),
    *("Statistic", "ExtendedStatistic", "Metrics", "ThresholdMetricId", "EvaluateLowSampleCountPercentile"),
    *("QueryResultsToEvaluate", "QueryResultsToAlarm"),
}
_WINDOWS: Final = ("EvaluationWindow", "WarmUpConfiguration")
_POLLUTED: Final = {
    "Average": "every accepted flow adds a 0, so that a few rejects among much traffic are next to nothing",
    "SampleCount": "every line of the log is a sample, accepted flows too",
    "Minimum": "one accepted flow in the period makes it 0, whatever was refused",
}


def alarm_checks(wiring: Wiring) -> Iterator[Finding]:
    """Yield that the alarm is missing or another kind, or what is amiss with its rule, mutes, history and state."""
    name, alarm = wiring.monitor.alarm_name, wiring.alarm
    if not wiring.known("cloudwatch:DescribeAlarms"):
        return
    kind = members.alarm_kind(wiring.monitor)
    if alarm is None:
        sentence = f"The alarm {name!r} is missing in {wiring.region}: whatever is counted, nobody is told."
        yield Finding(sentence, "warning", mend=f"Put it: {wiringmends.put_alarm(wiring)}.")
        return
    if alarm.kind != kind:
        sentence = f"{name!r} in {wiring.region} is a {alarm.kind}, and the monitor wants a {kind}."
        mend = f"Give the monitor another alarm_name, or delete that one, {_delete(wiring)}, and plan and apply again."
        yield Finding(sentence, "warning", mend=mend)
        return
    yield from _rule_checks(wiring, differing(wiring))
    if kind == METRIC_ALARM:
        yield from _late_checks(wiring, alarm)
    yield from _enabled_checks(wiring, alarm)
    yield from _action_checks(wiring)
    yield from _state_checks(wiring, alarm)


def differing(wiring: Wiring) -> Mapping[str, Field]:
    """Return the members, by name, in which the alarm there is differs from the one that is wanted."""
    there = Deployed(
        region=wiring.region,
        account=wiring.account,
        log_group=None,
        log_group_tags={},
        filters=(),
        elsewhere=(),
        alarm=wiring.alarm,
        topic=None,
    )
    return {one.name: one for one in members.alarm(wiring.monitor, there)}


def _rule_checks(wiring: Wiring, found: Mapping[str, Field]) -> Iterator[Finding]:
    again = f"Put it again: {wiringmends.put_alarm(wiring)}."
    name = wiring.monitor.alarm_name
    if unit := found.get("Unit"):
        sentence = (
            f"The alarm {name!r} asks for datapoints of the unit {unit.before}, and a filter's metric has none: no "
            "datapoint fits."
        )
        yield Finding(sentence, "warning", mend=again)
    statistic = str(wiring.alarm.told.get("Statistic", "")) if wiring.alarm else ""
    if polluted := _POLLUTED.get(statistic):
        sentence = f"The alarm {name!r} judges the {statistic} of a metric that has a default value of 0: {polluted}."
        summed = wiring.monitor.changed(rule=replace(wiring.monitor.rule, statistic="Sum"))
        own = "" if summed == wiring.monitor else "Give the monitor a rule of the statistic 'Sum'. "
        yield Finding(sentence, "warning", mend=f"{own}Put it again: {wiringmends.put_alarm(wiring, summed)}.")
    rule = [one for one in found.values() if one.name in _RULE or one.name.startswith(_WINDOWS)]
    rule = [one for one in rule if not (polluted and one.name == "Statistic")]
    if rule:
        sentence = f"The rule of the alarm {name!r} is not the monitor's (there → wanted): {'; '.join(map(str, rule))}."
        mend = f"Put the monitor's, {wiringmends.put_alarm(wiring)}, or give the monitor this rule."
        yield Finding(sentence, "warning", mend=mend)


def _late_checks(wiring: Wiring, alarm: Alarm) -> Iterator[Finding]:
    """Yield that the alarm asks for less time than datapoints take to come. Source: "Flow log records"."""
    try:
        rule = AlarmRule.from_describe(alarm.told)
    except ArgumentError:
        return
    interval = max((one.aggregation for one in wiring.writers), default=SHORTEST_INTERVAL)
    needed, looked = interval + TYPICAL_DELIVERY + EVALUATION, rule.period * rule.evaluation_periods
    if looked >= needed:
        return
    longer = replace(rule, evaluation_periods=math.ceil(needed / rule.period))
    nitro = ", or 60 s where every instance is a Nitro one" if interval > SHORTEST_INTERVAL else ""
    sentence = (
        f"The alarm {wiring.monitor.alarm_name!r} asks for {looked} s ({rule}), and a datapoint has the time of the "
        f"flow's start: it comes about {interval + TYPICAL_DELIVERY} s later ({interval} s of aggregation{nitro}, then "
        f"typically {TYPICAL_DELIVERY} s of delivery). Rejects can come after their minute was judged, and be missed."
    )
    put = wiringmends.put_alarm(wiring, wiring.monitor.changed(rule=longer))
    mend = (
        f"Let it ask for {needed} s or more: give the monitor a rule of evaluation_periods={longer.evaluation_periods}"
        f", which is {put}; it then stays in ALARM for that long."
    )
    yield Finding(sentence, "notice", mend=mend)


def _enabled_checks(wiring: Wiring, alarm: Alarm) -> Iterator[Finding]:
    name = wiring.monitor.alarm_name
    if not alarm.told.get("ActionsEnabled", True):
        enable = wiringmends.call(wiring, "cloudwatch", "enable-alarm-actions", "--alarm-names", name)
        sentence = f"The actions of the alarm {name!r} are disabled: its state changes, and nobody is told."
        yield Finding(sentence, "warning", mend=f"Enable them: {enable}.")
    for one in wiring.mutes:
        rule = str(one.get("AlarmMuteRuleArn", "")).rpartition(":")[2]
        ends = one.get("ExpireDate")
        sentence = (
            f"The alarm {name!r} is muted by the mute rule {rule!r}: its state changes, and nobody is told while the "
            f"rule is active{f'; the rule expires {ends:%Y-%m-%d %H:%M} UTC' if ends else ''}."
        )
        delete = wiringmends.call(wiring, "cloudwatch", "delete-alarm-mute-rule", "--alarm-mute-rule-name", rule)
        yield Finding(sentence, "notice", mend=f"If that is not meant, delete the rule: {delete}.")


def _action_checks(wiring: Wiring) -> Iterator[Finding]:
    """Yield that the latest action towards a target failed, with the latest that went through."""
    told: dict[str, list[tuple[datetime, Mapping[str, Any]]]] = {}
    for item in wiring.history:
        data = json.loads(item.get("HistoryData") or "{}")
        told.setdefault(str(data.get("notificationResource")), []).append((item["Timestamp"], data))
    for target, items in told.items():
        at, data = max(items, key=lambda one: one[0])
        if data.get("actionState") != "Failed":
            continue
        good = [when for when, one in items if one.get("actionState") == "Succeeded"]
        last = f"the last one that went through was at {_when(max(good))}" if good else "none went through before"
        sentence = (
            f"The last notice of the alarm {wiring.monitor.alarm_name!r} to {target} failed at {_when(at)}: "
            f"{data.get('error')!r}; {last}."
        )
        test = wiringmends.call(
            wiring,
            *("cloudwatch", "set-alarm-state", "--alarm-name", wiring.monitor.alarm_name),
            *("--state-value", ALARM, "--state-reason", "test of the notice"),
        )
        mend = (
            "Mend what the error names and what else is found here, then let the alarm tell once more, unless it is in "
            f"ALARM: {test}."
        )
        yield Finding(sentence, "notice", mend=mend)


def _state_checks(wiring: Wiring, alarm: Alarm) -> Iterator[Finding]:
    told, name = alarm.told, wiring.monitor.alarm_name
    changed = told.get("StateTransitionedTimestamp") or told.get("StateUpdatedTimestamp")
    if changed is None or told.get("EvaluationState") in EVALUATION_FAULTS:  # the latter is told of a log alarm
        return
    age = wiring.now - changed.timestamp()
    if told.get("StateValue") == INSUFFICIENT_DATA and age >= LONG_WITHOUT_DATA:
        sentence = (
            f"The alarm {name!r} has been in INSUFFICIENT_DATA for {mends.span(age)}: it has no datapoint to judge, "
            f"and so tells nothing ({told.get('StateReason')})."
        )
        yield Finding(sentence, "warning", mend=_data_mend(wiring, told))
    elif told.get("StateValue") == ALARM and age >= LONG_IN_ALARM:
        sentence = (
            f"The alarm {name!r} has been in ALARM for {mends.span(age)}, since {_when(changed)}: a notice "
            "is sent only when the state changes, so nothing new is told of."
        )
        look = (
            f"look at what it counts, {_statistics(wiring, told)}, then "
            if wiring.monitor.design == METRIC_FILTER
            else ""
        )
        mend = f"Let it be about less: {look}choose ports or sources (choices), or a higher threshold, and apply again."
        yield Finding(sentence, "notice", mend=mend)


def _data_mend(wiring: Wiring, told: Mapping[str, Any]) -> str:
    if wiring.monitor.design != METRIC_FILTER:
        return f"Look at its query and role: {_describe(wiring)}."
    return (
        f"Look whether its metric has data, {_statistics(wiring, told)}. If it has, they come too late for the rule: "
        "let it ask for more time. If it has none and should: what else is found here. If quiet is normal, take "
        "treat_missing_data='notBreaching'."
    )


def _statistics(wiring: Wiring, told: Mapping[str, Any]) -> str:
    begin = datetime.fromtimestamp(wiring.now - 10_800, UTC)
    metric = ("--namespace", told.get("Namespace"), "--metric-name", told.get("MetricName"))
    times = ("--start-time", f"{begin:%Y-%m-%dT%H:%M:%SZ}", "--end-time", f"{_now(wiring):%Y-%m-%dT%H:%M:%SZ}")
    more = ("--period", 300, "--statistics", "Sum")
    return wiringmends.call(wiring, "cloudwatch", "get-metric-statistics", *metric, *times, *more)


def _describe(wiring: Wiring) -> str:
    words = ("--alarm-names", wiring.monitor.alarm_name, "--alarm-types", "LogAlarm")
    return wiringmends.call(wiring, "cloudwatch", "describe-alarms", *words)


def _delete(wiring: Wiring) -> str:
    return wiringmends.call(wiring, "cloudwatch", "delete-alarms", "--alarm-names", wiring.monitor.alarm_name)


def _now(wiring: Wiring) -> datetime:
    return datetime.fromtimestamp(wiring.now, UTC)


def _when(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
