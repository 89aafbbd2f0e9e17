"""Whose a thing is: rejectkit's, by its tag or because it is just what the monitor wants, or somebody else's. Pure.

Names are the recipe's, so somebody may have used them before. What is not ours is never changed unless it is taken
over on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rejectkit.errors import ConflictError
from rejectkit.monitoring.deploying import members
from rejectkit.monitoring.deploying.deployed import COMPOSITE_ALARM, METRIC_ALARM, Deployed
from rejectkit.monitoring.limits import TAG
from rejectkit.monitoring.monitor import METRIC_FILTER, Monitor

Whose = Literal["ours", "unsure", "theirs"]


def is_tagged(tags: Mapping[str, str], monitor: Monitor) -> bool:
    """Tell whether tags say that a thing is this monitor's."""
    return tags.get(TAG) == monitor.alarm_name


def owns_alarm(monitor: Monitor, deployed: Deployed) -> bool:
    """Tell whether the alarm of the monitor's name is ours: by its tag, or as it is just the one that is wanted."""
    found = deployed.alarm
    if found is None or found.kind == COMPOSITE_ALARM:
        return False
    return is_tagged(found.tags, monitor) or (TAG not in found.tags and not members.alarm(monitor, deployed))


def owns_topic(monitor: Monitor, deployed: Deployed) -> bool:
    """Tell whether the topic of the monitor's name is ours: by its tag, or as its policy is just the one wanted."""
    found = deployed.topic
    if found is None or not monitor.owns_topic:
        return False
    return is_tagged(found.tags, monitor) or (TAG not in found.tags and not members.policy(monitor, deployed))


def owns_log_group(monitor: Monitor, deployed: Deployed) -> bool:
    """Tell whether the log group is ours, which its tag alone can say."""
    return deployed.log_group is not None and monitor.create_log_group and is_tagged(deployed.log_group_tags, monitor)


def has_trace(monitor: Monitor, deployed: Deployed) -> bool:
    """Tell whether something there has the monitor's tag."""
    tagged = [found.tags for found in (deployed.alarm, deployed.topic) if found is not None]
    return any(is_tagged(one, monitor) for one in (*tagged, deployed.log_group_tags))


def whose_filter(monitor: Monitor, deployed: Deployed) -> Whose:
    """Tell whose the filter of the monitor's name is; filters have no tags.

    Ours is one that is just the one wanted, or that counts into the metric which our alarm watches or, while
    something there has our tag, into the monitor's metric. Without such a trace, one of another pattern may be
    anybody's: `unsure` if it counts into the monitor's metric, else `theirs`.
    """
    found = deployed.filter_named(monitor.filter_name)
    if found is None:
        return "theirs"
    metric = members.metric_of(found)
    wanted = (monitor.namespace, monitor.metric_name)
    if owns_alarm(monitor, deployed) and watches(deployed, metric):
        return "ours"
    if (metric == wanted and has_trace(monitor, deployed)) or not members.metric_filter(monitor, deployed):
        return "ours"
    return "unsure" if metric == wanted else "theirs"


def refuse_composite(monitor: Monitor, deployed: Deployed) -> None:
    """Refuse a name that a composite alarm has, which nobody can take over.

    Raises
    ------
    ConflictError
        If there is one.
    """
    if deployed.alarm is not None and deployed.alarm.kind == COMPOSITE_ALARM:
        raise ConflictError(
            f"{monitor.alarm_name!r} in {deployed.region} is a composite alarm, which is not rejectkit's; nothing was "
            "changed. Give the monitor another alarm_name"
        )


def refuse_others(monitor: Monitor, deployed: Deployed) -> None:
    """Refuse a name that somebody else has taken.

    Raises
    ------
    ConflictError
        If alarm, topic or filter of the monitor's name is not ours, or the alarm is that of another log group.
    """
    where = f"in {deployed.region}"
    if deployed.alarm is not None and not owns_alarm(monitor, deployed):
        raise _taken("alarm", monitor.alarm_name, where, f"it has no tag {TAG}={monitor.alarm_name}", "alarm_name")
    if monitor.owns_topic and deployed.topic is not None and not owns_topic(monitor, deployed):
        whose = deployed.topic.tags.get(TAG)
        why = f"it is that of the monitor {whose!r}" if whose else f"it has no tag {TAG}={monitor.alarm_name}"
        raise _taken("topic", monitor.topic, where, why, "topic", f", or topic={deployed.topic.arn!r} to use it as is")
    found = deployed.filter_named(monitor.filter_name)
    if monitor.design == METRIC_FILTER and found is not None and whose_filter(monitor, deployed) != "ours":
        space, name = members.metric_of(found)
        why = f"it counts into {space}/{name} with the pattern {found.get('filterPattern', '')!r}"
        raise _taken("metric filter", monitor.filter_name, f"of log group {monitor.log_group!r}", why, "filter_name")
    _refuse_another_group(monitor, deployed)


def _refuse_another_group(monitor: Monitor, deployed: Deployed) -> None:
    """Refuse an alarm of ours whose metric another log group feeds, and this one does not yet."""
    metric = (monitor.namespace, monitor.metric_name)
    fed_here = any(members.metric_of(one) == metric for one in deployed.filters)
    if deployed.alarm is None or deployed.alarm.kind != METRIC_ALARM or fed_here or not deployed.elsewhere:
        return
    other = deployed.elsewhere[0]
    raise _taken(
        "alarm",
        monitor.alarm_name,
        f"in {deployed.region}",
        f"its metric is fed by the filter {other['filterName']!r} of log group {other.get('logGroupName')!r}, "
        f"so it is the monitor of that group",
        "alarm_name, metric_name and topic",
    )


def _taken(kind: str, name: str, where: str, why: str, fields: str, more: str = "") -> ConflictError:
    return ConflictError(
        f"the {kind} {name!r} {where} is somebody else's: {why}; nothing was changed. Give the monitor another "
        f"{fields}{more}, or take it over with adopt=True, which the plan then shows"
    )


def watches(deployed: Deployed, metric: tuple[str, str]) -> bool:
    """Tell whether the alarm there is a metric alarm on a metric."""
    found = deployed.alarm
    return (
        found is not None
        and found.kind == METRIC_ALARM
        and (found.told.get("Namespace"), found.told.get("MetricName")) == metric
    )


def elsewhere_told(monitor: Monitor, deployed: Deployed) -> str:
    """Return a sentence on filters of other log groups that count into the monitor's metric; empty if there is none."""
    if deployed.elsewhere is None:
        return "Whether another log group feeds its metric is not known: DescribeMetricFilters of all is not allowed."
    others = deployed.elsewhere
    if not others:
        return ""
    named = ", ".join(f"{one['filterName']!r} of log group {one.get('logGroupName')!r}" for one in others[:3])
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f"The metric {monitor.namespace}/{monitor.metric_name} is also fed by {named}{more}: the counts add up."
