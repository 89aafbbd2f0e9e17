"""What there is of a monitor in an account, read through AWS; nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rejectkit.errors import (
    AccessDeniedError,
    ArgumentError,
    ConflictError,
    ConnectionLostError,
    MissingResourceError,
)
from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.monitor import METRIC_FILTER, Monitor
from rejectkit.monitoring.services import Services

METRIC_ALARM: Final = "metric alarm"
LOG_ALARM: Final = "log alarm"
COMPOSITE_ALARM: Final = "composite alarm"
_KINDS: Final = {"MetricAlarms": METRIC_ALARM, "LogAlarms": LOG_ALARM, "CompositeAlarms": COMPOSITE_ALARM}
_TYPES: Final = ["MetricAlarm", "LogAlarm", "CompositeAlarm"]
_PENDING: Final = "PendingConfirmation"
_ATTEMPTS: Final = 4  # to subscribe somebody, where the answer is lost
_DELETED: Final = "Deleted"  # how the list tells for some time of a subscription that was ended


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm there is: what kind, as its Describe call tells it, and its tags."""

    kind: str
    told: Mapping[str, Any]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription there is; `arn` is empty while it waits for its confirmation."""

    protocol: str
    endpoint: str
    arn: str = ""

    @property
    def pending(self) -> bool:
        """Whether it waits for its confirmation: nothing is delivered, and nobody can end it."""
        return not self.arn

    @property
    def name(self) -> str:
        """Protocol and endpoint: what it is known by on its topic."""
        return f"{self.protocol} {self.endpoint}"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic there is: its policy as JSON, its tags, and who is subscribed."""

    arn: str
    policy: str
    tags: Mapping[str, str]
    subscribers: tuple[Subscriber, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What there is, None where it is not.

    Attributes
    ----------
    region, account : str
        Where.
    log_group : mapping or None
        As DescribeLogGroups tells it.
    log_group_tags : mapping
        Its tags; empty where the monitor does not make its log group, and they are not read.
    filters : tuple of mapping
        The log group's metric filters, as DescribeMetricFilters tells them.
    elsewhere : tuple of mapping or None
        Metric filters of other log groups that count into the monitor's metric; None: AWS did not let us look.
    alarm : Alarm or None
        The alarm of the monitor's name, of any kind.
    topic : Topic or None
        The monitor's topic.
    """

    region: str
    account: str
    log_group: Mapping[str, Any] | None
    log_group_tags: Mapping[str, str]
    filters: tuple[Mapping[str, Any], ...]
    elsewhere: tuple[Mapping[str, Any], ...] | None
    alarm: Alarm | None
    topic: Topic | None

    def filter_named(self, name: str) -> Mapping[str, Any] | None:
        """Return the log group's filter of a name."""
        return next((one for one in self.filters if one["filterName"] == name), None)


def read(monitor: Monitor, services: Services) -> Deployed:
    """Return what there is of a monitor.

    Raises
    ------
    ArgumentError
        If the monitor's topic is one of another region, which no alarm can use.
    AwsError
        If AWS does not tell.
    """
    group = _log_group(monitor, services)
    tags: Mapping[str, str] = {}
    filters: tuple[Mapping[str, Any], ...] = ()
    try:
        if group is not None and monitor.create_log_group:
            tags = services.logs.call("ListTagsForResource", resourceArn=_arn_of(group)).get("tags", {})
        if group is not None:
            found = services.logs.pages("DescribeMetricFilters", "metricFilters", logGroupName=monitor.log_group)
            filters = tuple(found)
    except MissingResourceError:  # it went since it was listed
        group, tags = None, {}
    return Deployed(
        region=services.region,
        account=services.account,
        log_group=group,
        log_group_tags=tags,
        filters=filters,
        elsewhere=_elsewhere(monitor, services),
        alarm=_alarm(monitor, services),
        topic=_topic(monitor, services),
    )


def others_of_topic(topic_arn: str, alarm_name: str, services: Services) -> tuple[str, ...] | None:
    """Return the names of the other alarms, of any kind, that tell a topic of something; None: we may not look."""
    try:
        told = [
            list(services.cloudwatch.pages("DescribeAlarms", member, ActionPrefix=topic_arn, AlarmTypes=[kind]))
            for member, kind in zip(_KINDS, _TYPES, strict=True)
        ]
    except AccessDeniedError:
        return None
    # A prefix: the topic vpc-rejects-2 begins with the ARN of vpc-rejects too.
    names = [
        one["AlarmName"]
        for alarms in told
        for one in alarms
        if any(topic_arn in one.get(member, ()) for member in ("OKActions", "AlarmActions", "InsufficientDataActions"))
    ]
    return tuple(sorted({name for name in names if name != alarm_name}))


def has_streams(monitor: Monitor, services: Services) -> bool:
    """Tell whether a log group has any stream: without one it holds no event; one that is gone has none."""
    try:
        answer = services.logs.call("DescribeLogStreams", logGroupName=monitor.log_group, limit=1)
    except MissingResourceError:
        return False
    return bool(answer.get("logStreams"))


def subscribers(topic_arn: str, services: Services) -> tuple[Subscriber, ...]:
    """Return who is subscribed to a topic."""
    listed = services.sns.pages("ListSubscriptionsByTopic", "Subscriptions", TopicArn=topic_arn)
    return tuple(
        Subscriber(
            one["Protocol"], one["Endpoint"], "" if one["SubscriptionArn"] == _PENDING else one["SubscriptionArn"]
        )
        for one in listed
        if one["SubscriptionArn"] != _DELETED
    )


def subscribe(one: wanted.Subscription, topic_arn: str, services: Services) -> None:
    """Subscribe somebody to a topic unless that is done: a second call would send a second mail.

    Where the answer is lost, the list tells whether it was done.
    """
    for attempt in range(_ATTEMPTS):
        if any(
            (known.protocol, known.endpoint) == (one.protocol, one.endpoint)
            for known in subscribers(topic_arn, services)
        ):
            return
        try:
            services.sns.call("Subscribe", repeatable=False, **wanted.subscription_params(one, topic_arn))
        except (ConnectionLostError, ConflictError):
            if attempt == _ATTEMPTS - 1:
                raise
            services.sleep(2.0**attempt / 4)
        else:
            return


def _log_group(monitor: Monitor, services: Services) -> Mapping[str, Any] | None:
    """Return the log group; the list is in the order of names, so the one that is its own prefix is the first."""
    answer = services.logs.call("DescribeLogGroups", logGroupNamePrefix=monitor.log_group)
    return next((one for one in answer.get("logGroups", []) if one["logGroupName"] == monitor.log_group), None)


def _arn_of(group: Mapping[str, Any]) -> str:
    return str(group.get("logGroupArn") or group["arn"].removesuffix(":*"))


def _elsewhere(monitor: Monitor, services: Services) -> tuple[Mapping[str, Any], ...] | None:
    if monitor.design != METRIC_FILTER:
        return ()
    metric: dict[str, Any] = {"metricName": monitor.metric_name, "metricNamespace": monitor.namespace}
    try:
        found = tuple(services.logs.pages("DescribeMetricFilters", "metricFilters", **metric))
    except AccessDeniedError:  # this asks about all log groups, which few policies allow, and is only a warning
        return None
    return tuple(one for one in found if one.get("logGroupName") != monitor.log_group)


def _alarm(monitor: Monitor, services: Services) -> Alarm | None:
    answer = services.cloudwatch.call("DescribeAlarms", AlarmNames=[monitor.alarm_name], AlarmTypes=_TYPES)
    for member, kind in _KINDS.items():
        for told in answer.get(member) or ():
            try:
                tags = services.cloudwatch.call("ListTagsForResource", ResourceARN=told["AlarmArn"]).get("Tags", [])
            except MissingResourceError:  # it went since it was listed
                return None
            return Alarm(kind, told, {tag["Key"]: tag["Value"] for tag in tags})
    return None


def _topic(monitor: Monitor, services: Services) -> Topic | None:
    """Return the topic; one of another account without its tags, and without its subscribers if none are to be ours."""
    arn = monitor.topic_arn(services.region, services.account)
    region, account = arn.split(":")[3:5]
    if region != services.region:
        raise ArgumentError(
            f"topic is {arn!r}, in {region}; an alarm in {services.region} tells topics of {services.region} only: "
            "give one of that region"
        )
    if account != services.account and not wanted.subscriptions(monitor):
        return Topic(arn, "", {}, ())
    try:
        attributes = services.sns.call("GetTopicAttributes", TopicArn=arn)["Attributes"]
        tags: Mapping[str, str] = {}
        if monitor.owns_topic:
            listed = services.sns.call("ListTagsForResource", ResourceArn=arn).get("Tags", [])
            tags = {tag["Key"]: tag["Value"] for tag in listed}
        return Topic(arn, attributes.get("Policy", ""), tags, subscribers(arn, services))
    except MissingResourceError:
        return None
