"""The wiring of an alert as it was read from an account: what is there, and what could not be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rejectkit.findings import Finding
from rejectkit.monitoring.deploying.deployed import Alarm, Subscriber
from rejectkit.monitoring.monitor import Monitor
from rejectkit.records import LogFormat
from rejectkit.sources.cloudwatch.coverage import FlowLog, LogGroup

Presence = Literal["there", "gone", "unknown"]


@dataclass(frozen=True, slots=True)
class Line:
    """A recent line of the log group: its time and when it came, seconds since the epoch."""

    text: str
    time: float
    ingested: float


@dataclass(frozen=True, slots=True)
class Key:
    """The key a topic is encrypted with: as the topic names it, its state, and its policy as JSON."""

    name: str
    presence: Presence = "unknown"
    arn: str = ""
    state: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subscription delivers to, as far as that can be seen; `policy` is JSON, empty where it has none."""

    presence: Presence = "unknown"
    url: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that is told, as far as it could be asked.

    Attributes
    ----------
    arn : str
        Which.
    presence : {"there", "gone", "unknown"}
        Whether it exists.
    policy : str
        As JSON.
    key : Key or None
        None where it is not encrypted.
    subscribers : tuple of Subscriber or None
        None where they could not be asked for.
    places : mapping of Subscriber to Place
        Where some of them deliver to: queues and functions.
    filters : mapping of Subscriber to str
        Filter policies, of those that have one.
    """

    arn: str
    presence: Presence = "unknown"
    policy: str = ""
    key: Key | None = None
    subscribers: tuple[Subscriber, ...] | None = None
    places: Mapping[Subscriber, Place] = field(default_factory=dict)
    filters: Mapping[Subscriber, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Everything that was read of a monitor's alert.

    Attributes
    ----------
    monitor : Monitor
        What is wanted.
    region, account : str
        Where.
    now : float
        When, by the service's clock: seconds since the epoch.
    denied : frozenset of str
        Actions that are not permitted; what they answer is not known.
    group : LogGroup or None
        The log group; None where it is not there or not known.
    flow_logs : tuple of FlowLog
        All of the region.
    upstream : tuple of Finding
        What is amiss before the log group, and in it.
    filters : tuple of mapping
        The log group's metric filters, as DescribeMetricFilters tells them.
    elsewhere : tuple of mapping
        Metric filters of other log groups that count into the monitor's metric.
    lines : tuple of Line
        Recent lines with REJECT in them.
    judged : tuple of bool or None
        What TestMetricFilter says of them by the filter's pattern; None where it was not asked.
    minutes : mapping of int to float or None
        Sums of the filter's metric, by the minute's start in seconds since the epoch; None where it was not asked.
    failed : float
        Deliveries of the monitor's topic that failed in the last day; 0 also where that was not asked.
    alarm : Alarm or None
        The alarm of the monitor's name, of any kind.
    history : tuple of mapping
        Its latest actions, as DescribeAlarmHistory tells them, the newest first.
    mutes : tuple of mapping
        Mute rules that are active for it, as ListAlarmMuteRules tells them.
    topics : mapping of str to Topic
        By ARN: the monitor's, and others that the alarm tells.
    roles : mapping of str to Presence
        By ARN: the roles of a log alarm.
    """

    monitor: Monitor
    region: str
    account: str
    now: float
    denied: frozenset[str] = frozenset()
    group: LogGroup | None = None
    flow_logs: tuple[FlowLog, ...] = ()
    upstream: tuple[Finding, ...] = ()
    filters: tuple[Mapping[str, Any], ...] = ()
    elsewhere: tuple[Mapping[str, Any], ...] = ()
    lines: tuple[Line, ...] = ()
    judged: tuple[bool, ...] | None = None
    minutes: Mapping[int, float] | None = None
    failed: float = 0.0
    alarm: Alarm | None = None
    history: tuple[Mapping[str, Any], ...] = ()
    mutes: tuple[Mapping[str, Any], ...] = ()
    topics: Mapping[str, Topic] = field(default_factory=dict)
    roles: Mapping[str, Presence] = field(default_factory=dict)

    def known(self, action: str) -> bool:
        """Tell whether an action was permitted, so that what is not there is truly not there."""
        return action not in self.denied

    @property
    def topic_arn(self) -> str:
        """The monitor's topic."""
        return self.monitor.topic_arn(self.region, self.account)

    @property
    def topic(self) -> Topic:
        """The monitor's topic, as it was read."""
        return self.topics.get(self.topic_arn, Topic(self.topic_arn))

    @property
    def writers(self) -> tuple[FlowLog, ...]:
        """The flow logs that deliver into the log group."""
        return tuple(one for one in self.flow_logs if one.log_group == self.monitor.log_group)

    @property
    def log_format(self) -> LogFormat | None:
        """The format of the lines in the log group, where its flow logs have one only."""
        formats = {one.format for one in self.writers}
        return formats.pop() if len(formats) == 1 else None

    @property
    def metric_filter(self) -> Mapping[str, Any] | None:
        """The log group's filter of the monitor's name."""
        return next((one for one in self.filters if one["filterName"] == self.monitor.filter_name), None)
