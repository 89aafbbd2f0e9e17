"""What a Monitor's values are held to: AWS's limits, and each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rejectkit.errors import ArgumentError
from rejectkit.monitoring import limits
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.choices import Choices
from rejectkit.records import LogFormat

if TYPE_CHECKING:
    from rejectkit.monitoring.monitor import Monitor

METRIC_FILTER: Final = "metric-filter"
LOG_ALARM: Final = "log-alarm"
DESIGNS: Final = (METRIC_FILTER, LOG_ALARM)


def check(monitor: Monitor) -> None:
    """Check every value of a monitor but its pattern and its query.

    Raises
    ------
    ArgumentError
        If AWS would refuse a value, or two of them do not go together.
    """
    for name, kind in (("log_format", LogFormat), ("rule", AlarmRule), ("choices", Choices | None)):
        value = getattr(monitor, name)
        if not isinstance(value, kind):
            raise ArgumentError(f"{name} is {value!r}; give a value of {getattr(kind, '__name__', 'Choices')}")
    for name in ("notify_ok", "create_log_group"):
        if not isinstance(getattr(monitor, name), bool):
            raise ArgumentError(f"{name} is {getattr(monitor, name)!r}; it is True or False")
    if monitor.design not in DESIGNS:
        raise ArgumentError(f"design is {monitor.design!r}; it is {' or '.join(map(repr, DESIGNS))}")
    _check_names(monitor)
    _check_whom(monitor)
    _check_log_group(monitor)
    _whole("delay", monitor.delay, 0, limits.LONGEST_OFFSET - monitor.rule.period)
    _whole("log_lines", monitor.log_lines, 0, limits.MOST_LOG_LINES)
    if monitor.design == LOG_ALARM:
        _check_log_alarm(monitor)
    else:
        _check_metric_filter(monitor)


def check_query(monitor: Monitor) -> None:
    """Check what a log alarm is to ask; `check` comes first.

    Raises
    ------
    ArgumentError
        If there is no query, or none that a log alarm takes.
    """
    if monitor.query is None:
        if monitor.choices is None:
            raise ArgumentError(
                "query is missing; from a pattern of one's own none is generated: give the query, or choices in place "
                "of the pattern"
            )
        monitor.choices.query(monitor.log_format)
    elif not isinstance(monitor.query, str) or not monitor.query.strip():
        raise ArgumentError(f"query is {monitor.query!r}; give the text of a query")
    elif len(monitor.query) > limits.LONGEST_QUERY:
        raise ArgumentError(
            f"query has {len(monitor.query):,} characters; a log alarm takes {limits.LONGEST_QUERY:,}: shorten it"
        )


def _check_names(monitor: Monitor) -> None:
    limits.log_group("log_group", monitor.log_group)
    limits.text("filter_name", monitor.filter_name, 512, without=":*")
    limits.text("namespace", monitor.namespace, 255, without=":*$")
    limits.text("metric_name", monitor.metric_name, 255, without=":*$")
    if monitor.namespace.startswith("AWS/"):
        raise ArgumentError(f"namespace is {monitor.namespace!r}; those that begin with AWS/ are AWS's: take another")
    limits.tag_text("alarm_name", limits.text("alarm_name", monitor.alarm_name, 255))
    limits.text("description", monitor.description, 1024, shortest=0)
    limits.topic("topic", monitor.topic)


def _check_whom(monitor: Monitor) -> None:
    for address in monitor.emails:
        limits.email("emails", address)
    for url in monitor.urls:
        limits.url("urls", url)
    for name, kind in (("queues", "queue"), ("functions", "function"), ("actions", None)):
        for target in getattr(monitor, name):
            limits.arn(name, target, kind)
    if monitor.topic in monitor.actions:
        raise ArgumentError(f"actions has {monitor.topic!r}, which is the topic already: leave it out")
    _check_places(monitor)
    most = limits.MOST_ACTIONS - 1
    if len(monitor.actions) > most:
        raise ArgumentError(
            f"actions has {len(monitor.actions)} ARNs; an alarm takes {limits.MOST_ACTIONS} actions, the topic is one "
            f"of them: give {most} or fewer, or subscribe the others to the topic"
        )


def _check_places(monitor: Monitor) -> None:
    """Check that all that an alarm acts on is in its region, and everything in one partition."""
    acted = [arn for arn in (monitor.topic, *monitor.actions) if limits.is_arn(arn)]
    for what, part, arns in (
        ("region", 3, acted),
        ("partition", 1, [*acted, *monitor.queues, *monitor.functions]),
    ):
        found = list(dict.fromkeys(arn.split(":")[part] for arn in arns))
        if len(found) > 1:
            raise ArgumentError(
                f"topic, actions, queues and functions name the {what}s {' and '.join(found)}; an alarm acts in one "
                f"{what}: give ARNs of one"
            )


def _check_log_group(monitor: Monitor) -> None:
    if monitor.create_log_group and monitor.log_group.lower().startswith("aws/"):
        raise ArgumentError(f"log_group is {monitor.log_group!r}; names that begin with aws/ are AWS's: take another")
    if monitor.retention_days is None:
        return
    if isinstance(monitor.retention_days, bool) or monitor.retention_days not in limits.RETENTION:
        raise ArgumentError(
            f"retention_days is {monitor.retention_days!r}; it is None or one of "
            + ", ".join(map(str, limits.RETENTION))
        )
    if not monitor.create_log_group:
        raise ArgumentError(
            f"retention_days is {monitor.retention_days}, but the log group is not ours to change; leave it out, or "
            "have the log group made with create_log_group=True"
        )


def _check_metric_filter(monitor: Monitor) -> None:
    if monitor.rule.period < 60:
        raise ArgumentError(
            f"rule.period is {monitor.rule.period} s; a filter's metric has one value a minute: take 60 or more"
        )
    for name in ("query", "query_role", "lines_role"):
        if getattr(monitor, name) is not None:
            raise ArgumentError(f"{name} is for the design 'log-alarm' only; leave it out, or take that design")
    if monitor.log_lines:
        raise ArgumentError("log_lines is for the design 'log-alarm' only; a metric alarm's notice has none")


def _check_log_alarm(monitor: Monitor) -> None:
    rule, most = monitor.rule, limits.MOST_QUERY_RESULTS
    if rule.statistic != "Sum":
        raise ArgumentError(f"rule.statistic is {rule.statistic!r}; a log alarm counts what the query finds: take Sum")
    if rule.period % 60:
        raise ArgumentError(f"rule.period is {rule.period} s; a log alarm's query runs every full minutes: take 60")
    if rule.evaluation_periods > most:
        raise ArgumentError(
            f"rule.evaluation_periods is {rule.evaluation_periods}; a log alarm judges {most} results at most"
        )
    if monitor.query_role is None:
        raise ArgumentError("query_role is missing; a log alarm needs the ARN of the role that runs its query")
    limits.arn("query_role", monitor.query_role, "role")
    if monitor.log_lines and monitor.lines_role is None:
        raise ArgumentError("lines_role is missing; log_lines need the ARN of the role that reads them")
    if monitor.lines_role is not None:
        limits.arn("lines_role", monitor.lines_role, "role")
    for target in monitor.actions:
        if target.split(":")[2] not in ("sns", "lambda", "ssm"):
            raise ArgumentError(f"actions has {target!r}; a log alarm's actions are of SNS, Lambda or SSM")


def _whole(name: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ArgumentError(f"{name} is {value!r}; it is a whole number from {least:,} to {most:,}")
