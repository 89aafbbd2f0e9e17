"""What can be amiss from the flow log to the metric: log group, metric filter, its pattern and its metric; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from rejectkit.findings import Finding
from rejectkit.monitoring.deploying import members, wanted
from rejectkit.monitoring.deploying.deployed import METRIC_ALARM
from rejectkit.monitoring.monitor import METRIC_FILTER
from rejectkit.monitoring.wiring import mends as wiringmends
from rejectkit.monitoring.wiring.patterns import pattern_checks, pattern_of
from rejectkit.monitoring.wiring.values import Line, Wiring
from rejectkit.plans import Field, fields
from rejectkit.sources.cloudwatch import loggroupchecks, mends

LATEST: Final = 300.0  # seconds after a line came in which its datapoint may still be on its way; *inferred*
_METRIC: Final = ("metricNamespace", "metricName")
_JUDGED: Final = {"filterPattern", "metricValue", "defaultValue", "dimensions", *_METRIC}


def flow_log_checks(wiring: Wiring) -> Iterator[Finding]:
    """Yield that no flow log delivers into the log group, then what is amiss with those that do."""
    group, region = wiring.monitor.log_group, wiring.region
    if wiring.known("ec2:DescribeFlowLogs") and not wiring.writers:
        others = [f"{one.id} of {one.resource} delivers to {one.destination}" for one in wiring.flow_logs]
        told = f" ({mends.some(others, 3)})" if others else ""
        first = next((one.resource for one in wiring.flow_logs if one.of_vpc), "vpc-ID")
        make = mends.create([first], region, group, wiring.monitor.log_format)
        sentence = (
            f"No flow log of {region} delivers into {group}{told}: no record comes, and the alarm has nothing to judge."
        )
        yield Finding(sentence, "warning", loggroupchecks.NEWEST, f"Make one: {make}.")
    yield from wiring.upstream


def group_checks(wiring: Wiring) -> Iterator[Finding]:
    """Yield that the log group is not there, or of a class without metric filters."""
    group = wiring.group
    if group is None:
        if wiring.known("logs:DescribeLogGroups"):
            make = mends.of_group("create-log-group", None, wiring.monitor.log_group, wiring.region)
            sentence = (
                f"The log group {wiring.monitor.log_group} does not exist in {wiring.region}: nothing is recorded, and "
                "its metric filters went with it."
            )
            yield Finding(sentence, "warning", mend=f"Make it, {make}, then plan and apply the monitor again.")
    elif group.log_class != "STANDARD" and wiring.monitor.design == METRIC_FILTER:
        for one in loggroupchecks.class_checks(group, wiring.writers):
            more = "Or let the monitor have the design 'log-alarm', which is a query."
            yield replace(one, severity="warning", mend=f"{one.mend} {more}")


def filter_checks(wiring: Wiring) -> Iterator[Finding]:
    """Yield what is amiss with the metric filter; nothing where the log group takes none."""
    if wiring.monitor.design != METRIC_FILTER or not wiring.known("logs:DescribeMetricFilters"):
        return
    found = wiring.metric_filter
    if found is None:
        yield from _missing(wiring)
        return
    yield from pattern_checks(wiring, found)
    differing = {one.name: one for one in _differing(wiring, found)}
    if "dimensions" in differing:
        yield _dimensions(wiring, found, differing["dimensions"])
    else:
        yield from _values(wiring, differing)
    yield from _others(wiring, [one for name, one in differing.items() if name not in _JUDGED])
    yield from _repeated(wiring, found)


def metric_checks(wiring: Wiring) -> Iterator[Finding]:
    """Yield that filter and alarm are of two metrics, or that the metric has no data though there should be some."""
    found, alarm = wiring.metric_filter, wiring.alarm
    if wiring.monitor.design != METRIC_FILTER or found is None:
        return
    counted, want = members.metric_of(found), (wiring.monitor.namespace, wiring.monitor.metric_name)
    if alarm is not None and alarm.kind == METRIC_ALARM:
        watched = (str(alarm.told.get("Namespace", "")), str(alarm.told.get("MetricName", "")))
        if counted != watched:
            yield _two_metrics(wiring, counted, watched)
        elif counted != want:
            mend = f"{wiringmends.put_filter(wiring)} and {wiringmends.put_alarm(wiring)}"
            sentence = (
                f"Filter and alarm are both of the metric {'/'.join(counted)}, and the monitor says {'/'.join(want)}: "
                "they work together, but somebody changed them by hand."
            )
            yield Finding(sentence, "notice", mend=f"Set both back: {mend}.")
        if dimensions := alarm.told.get("Dimensions"):
            yield _alarm_dimensions(wiring, watched, dimensions)
    yield from _unseen(wiring, found)


def _missing(wiring: Wiring) -> Iterator[Finding]:
    """Yield that the filter is not there; a log group that is not there, or takes none, is told elsewhere."""
    monitor, put = wiring.monitor, wiringmends.put_filter(wiring)
    there = wiring.group is not None or not wiring.known("logs:DescribeLogGroups")
    if not there or (wiring.group is not None and wiring.group.log_class != "STANDARD"):
        return
    moved = next((one for one in wiring.elsewhere if one["filterName"] == monitor.filter_name), None)
    renamed = next(
        (one for one in wiring.filters if members.metric_of(one) == (monitor.namespace, monitor.metric_name)), None
    )
    head = f"The metric filter {monitor.filter_name!r}"
    if moved is not None:
        sentence = (
            f"{head} is on the log group {moved.get('logGroupName')}, not on {monitor.log_group}: lines of "
            f"{monitor.log_group} are not counted."
        )
        yield Finding(
            sentence, "warning", mend=f"Put it there, {put}, and take the other away, {_gone(wiring, moved)}."
        )
    elif renamed is not None:
        sentence = (
            f"{head} is not there, and {renamed['filterName']!r} counts into its metric: what the monitor says of it "
            "cannot be held against that one."
        )
        yield Finding(sentence, "notice", mend=f"Put ours, {put}, and take that one away, {_gone(wiring, renamed)}.")
    else:
        sentence = (
            f"{head} is missing on {monitor.log_group}: nothing counts rejects, so the metric has no data and the "
            "alarm never sees one."
        )
        yield Finding(sentence, "warning", mend=f"Put it: {put}.")


def _gone(wiring: Wiring, told: Mapping[str, Any]) -> str:
    return wiringmends.delete_filter(wiring, told)


def _differing(wiring: Wiring, found: Mapping[str, Any]) -> tuple[Field, ...]:
    return fields(members.told_filter(found), members.told_filter(wanted.filter_params(wiring.monitor) or {}))


def _dimensions(wiring: Wiring, found: Mapping[str, Any], differing: Field) -> Finding:
    sentence = (
        f"The metric filter {found['filterName']!r} gives its metric the dimensions {differing.before}: with them no "
        "default value is possible, each of their values is a metric of its own that is paid for, and an alarm on the "
        "metric without dimensions sees none of them."
    )
    return Finding(sentence, "warning", mend=f"Put it without: {wiringmends.put_filter(wiring)}.")


def _values(wiring: Wiring, differing: Mapping[str, Field]) -> Iterator[Finding]:
    name, mend = wiring.monitor.filter_name, f"Put it again: {wiringmends.put_filter(wiring)}."
    if value := differing.get("metricValue"):
        sentence = (
            f"The metric filter {name!r} adds {value.before} for a line that matches, not {value.after}: the metric is "
            "no count of rejects, and the threshold means something else."
        )
        yield Finding(sentence, "warning", mend=mend)
    if default := differing.get("defaultValue"):
        if default.before is None:
            sentence = (
                f"The metric filter {name!r} has no default value: minutes with traffic and without a reject have no "
                "datapoint, so that quiet and broken look the same."
            )
            yield Finding(sentence, "notice", mend=mend)
        else:
            sentence = (
                f"The metric filter {name!r} adds {default.before} for each line that does not match, not "
                f"{default.after}: accepted traffic is counted as if it were refused."
            )
            yield Finding(sentence, "warning", mend=mend)


def _others(wiring: Wiring, differing: list[Field]) -> Iterator[Finding]:
    if differing:
        told = "; ".join(map(str, differing))
        sentence = f"The metric filter {wiring.monitor.filter_name!r} is not what the monitor says: {told}."
        yield Finding(sentence, "notice", mend=f"Put it again: {wiringmends.put_filter(wiring)}.")


def _repeated(wiring: Wiring, found: Mapping[str, Any]) -> Iterator[Finding]:
    metric = members.metric_of(found)
    others = [one for one in wiring.filters if one is not found and members.metric_of(one) == metric]
    others += [one for one in wiring.elsewhere if members.metric_of(one) == metric]
    for one in others:
        group = one.get("logGroupName", wiring.monitor.log_group)
        sentence = (
            f"The metric filter {one['filterName']!r} of {group} counts into {'/'.join(metric)} too: the alarm cannot "
            "tell its lines from those of this monitor"
            + (", and a line that both match counts twice." if group == wiring.monitor.log_group else ".")
        )
        yield Finding(sentence, "notice", mend=f"Take it away, if nobody needs it: {_gone(wiring, one)}.")


def _two_metrics(wiring: Wiring, counted: tuple[str, str], watched: tuple[str, str]) -> Finding:
    want = (wiring.monitor.namespace, wiring.monitor.metric_name)
    member = " and ".join(
        name for name, one, other in zip(("namespace", "metric name"), counted, watched, strict=True) if one != other
    )
    sentence = (
        f"The filter counts into {'/'.join(counted)} and the alarm watches {'/'.join(watched)}: their {member} "
        f"differ{'' if ' and ' in member else 's'}, so the alarm sees nothing of what is counted."
    )
    wrong = [wiringmends.put_filter(wiring)] if counted != want else []
    wrong += [wiringmends.put_alarm(wiring)] if watched != want else []
    return Finding(sentence, "warning", mend=f"Let both be of {'/'.join(want)}: {' and '.join(wrong)}.")


def _alarm_dimensions(wiring: Wiring, watched: tuple[str, str], dimensions: list[Mapping[str, str]]) -> Finding:
    told = ", ".join(f"{one['Name']}={one['Value']}" for one in dimensions)
    sentence = (
        f"The alarm watches {'/'.join(watched)} with the dimensions {told}, and the filter gives it none: that is "
        "another metric, which has no data."
    )
    return Finding(sentence, "warning", mend=f"Put the alarm without: {wiringmends.put_alarm(wiring)}.")


def _unseen(wiring: Wiring, found: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield that lines which the filter matches have come since it was made, and no datapoint of their minutes."""
    if wiring.minutes is None or found["metricTransformations"][0].get("dimensions"):
        return
    counted = [one for one in _counted(wiring, found) if wiring.now - one.ingested > LATEST]
    if not counted or any(int(one.time // 60) * 60 in wiring.minutes for one in counted):
        return
    space, name = members.metric_of(found)
    look = wiringmends.call(wiring, "cloudwatch", "list-metrics", "--namespace", space, "--metric-name", name)
    sentence = (
        f"Lines that the metric filter {found['filterName']!r} matches have come since it was made ({len(counted)} "
        f"seen), and the metric {space}/{name} has no data of their minutes: what is counted does not arrive."
    )
    mend = (
        f"Look whether the metric is there at all, {look}, and put the filter again: {wiringmends.put_filter(wiring)}."
    )
    yield Finding(sentence, "warning", mend=mend)


def _counted(wiring: Wiring, found: Mapping[str, Any]) -> Iterator[Line]:
    made, pattern = found.get("creationTime", 0) / 1000, pattern_of(found)
    for at, one in enumerate(wiring.lines):
        fits = wiring.judged[at] if wiring.judged is not None else pattern is not None and pattern.matches(one.text)
        if fits and one.ingested > made:
            yield one
