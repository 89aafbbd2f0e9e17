"""Reads the wiring of an alert through AWS; what is not permitted is left out and noted, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from rejectkit.errors import AccessDeniedError, ArgumentError, MissingResourceError, RefusedError
from rejectkit.findings import Finding
from rejectkit.monitoring.alarms.state import TYPES
from rejectkit.monitoring.deploying import members
from rejectkit.monitoring.deploying.deployed import COMPOSITE_ALARM, LOG_ALARM, METRIC_ALARM, Alarm
from rejectkit.monitoring.monitor import LOG_ALARM as LOG_DESIGN
from rejectkit.monitoring.monitor import METRIC_FILTER, Monitor
from rejectkit.monitoring.wiring.recentlines import recent_events
from rejectkit.monitoring.wiring.topicreading import topic_read
from rejectkit.monitoring.wiring.values import Line, Presence, Wiring
from rejectkit.pacing import Budget
from rejectkit.sources.cloudwatch import flowlogchecks, loggroupchecks
from rejectkit.sources.cloudwatch.coverage import FlowLog, LogGroup
from rejectkit.sources.cloudwatch.doctor import doctor
from rejectkit.sources.cloudwatch.reaching import Asker

BACK: Final = 10_800.0  # seconds that are looked back for lines, and for datapoints
DAY: Final = 86_400.0  # seconds that are looked back for deliveries that failed
_NEAR: Final = 1_800.0  # seconds that are looked at first: traffic that is refused comes all the time
_MOST_LINES: Final = 50  # of TestMetricFilter
_ACTIONS: Final = 20  # of the alarm that are looked at
_KINDS: Final = {"MetricAlarms": METRIC_ALARM, "LogAlarms": LOG_ALARM, "CompositeAlarms": COMPOSITE_ALARM}


def read(
    monitor: Monitor, session: Any, region: str | None, budget: Budget | None, denied: list[AccessDeniedError]
) -> Wiring:
    """Return what there is of a monitor's alert; calls that are not permitted are put into `denied`.

    Raises
    ------
    AwsError
        If there are no credentials or no region, or AWS does not answer.
    """
    return _Reader(monitor, Asker(session, budget, denied), region, denied).read()


class _Reader:
    """Reads one monitor's wiring."""

    def __init__(self, monitor: Monitor, asker: Asker, region: str | None, denied: list[AccessDeniedError]) -> None:
        self.monitor, self.asker, self.denied = monitor, asker, denied
        self.region = asker.service("logs", region).region
        self.account = asker.service("logs", self.region).account()

    def read(self) -> Wiring:
        """Read everything."""
        now = self.asker.service("logs", self.region).now()
        group = self._group()
        flow_logs = self._flow_logs()
        filters, elsewhere = self._filters(group)
        found = next((one for one in filters if one["filterName"] == self.monitor.filter_name), None)
        lines = self._lines(group, found, now)
        alarm = self._alarm()
        topics = {
            arn: topic_read(self.asker, arn, self.region, self.account, asks=arn == self._topic_arn)
            for arn in self._told(alarm)
            if arn.split(":")[3] == self.region
        }
        return Wiring(
            monitor=self.monitor,
            region=self.region,
            account=self.account,
            now=now,
            group=group,
            flow_logs=flow_logs,
            upstream=tuple(self._upstream(group, flow_logs)),
            filters=filters,
            elsewhere=elsewhere,
            lines=lines,
            judged=self._judged(found, lines),
            minutes=self._minutes(found, now),
            failed=self._failed(now),
            alarm=alarm,
            history=self._history(alarm),
            mutes=self._mutes(alarm),
            topics=topics,
            roles=self._roles(),
            denied=frozenset(error.action for error in self.denied),
        )

    def _call(self, service: str, operation: str, **params: Any) -> dict[str, Any] | None:
        """Return a call's answer; None if it is not permitted, which is noted."""
        try:
            return self.asker.service(service, self.region).call(operation, **params)
        except AccessDeniedError as error:
            self.denied.append(error)
            return None

    def _pages(self, service: str, operation: str, key: str, **params: Any) -> tuple[Any, ...]:
        return tuple(self.asker.pages(service, self.region, operation, key, **params) or ())

    def _group(self) -> LogGroup | None:
        told = self._call("logs", "DescribeLogGroups", logGroupNamePrefix=self.monitor.log_group) or {}
        groups = told.get("logGroups", ())
        named = (one for one in groups if one["logGroupName"] == self.monitor.log_group)
        return next((LogGroup.told(one, self.region) for one in named), None)

    def _flow_logs(self) -> tuple[FlowLog, ...]:
        return tuple(FlowLog.told(one, self.region) for one in self._pages("ec2", "DescribeFlowLogs", "FlowLogs"))

    def _upstream(self, group: LogGroup | None, flow_logs: Iterable[FlowLog]) -> Iterator[Finding]:
        """Yield what the doctor finds of the log group, but for what is no matter of an alert's wiring."""
        writers = [one for one in flow_logs if one.log_group == self.monitor.log_group]
        if group is None or not writers:
            return
        aside = {
            *loggroupchecks.retention_checks(group),
            *loggroupchecks.class_checks(group, writers),
            *(finding for one in writers for finding in flowlogchecks.format_checks(one)),
        }
        with suppress(MissingResourceError):  # it went since it was listed
            for one in doctor(self.asker.session, self.monitor.log_group, region=self.region, budget=self.asker.budget):
                if one.severity != "info" and one not in aside:
                    yield one

    def _filters(self, group: LogGroup | None) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
        """Return the log group's filters, and those of others that count into the monitor's metric."""
        monitor = self.monitor
        if monitor.design != METRIC_FILTER:
            return (), ()
        here: tuple[Mapping[str, Any], ...] = ()
        if self._is_readable(group):
            with suppress(MissingResourceError):
                here = self._pages("logs", "DescribeMetricFilters", "metricFilters", logGroupName=monitor.log_group)
        metric: dict[str, Any] = {"metricName": monitor.metric_name, "metricNamespace": monitor.namespace}
        service = self.asker.service("logs", self.region)
        found: tuple[Mapping[str, Any], ...] = ()
        with suppress(AccessDeniedError):  # this asks about all log groups, which few policies allow
            found = tuple(service.pages("DescribeMetricFilters", "metricFilters", **metric))
        return here, tuple(one for one in found if one.get("logGroupName") != monitor.log_group)

    def _is_readable(self, group: LogGroup | None) -> bool:
        """Tell whether a log group can have metric filters, and its events be read; one that is not known may."""
        if group is None:
            return any(error.action == "logs:DescribeLogGroups" for error in self.denied)
        return group.log_class == "STANDARD"

    def _lines(self, group: LogGroup | None, found: Mapping[str, Any] | None, now: float) -> tuple[Line, ...]:
        """Return recent lines with REJECT in them; those since the filter was made, if there are any."""
        if not self._is_readable(group) or self.monitor.design != METRIC_FILTER:
            return ()
        made = found["creationTime"] / 1000 if found and "creationTime" in found else 0.0
        starts = [now - _NEAR, now - BACK]
        if made > now - BACK:
            starts = [made, *starts]
        for start in starts:
            lines = self._rejects(start)
            if lines:
                return lines
        return ()

    def _rejects(self, start: float) -> tuple[Line, ...]:
        with suppress(MissingResourceError):  # it went since it was listed
            call = partial(self._call, "logs")
            events = recent_events(call, self.monitor.log_group, start, _MOST_LINES, filterPattern="REJECT")
            return tuple(Line(one["message"], one["timestamp"] / 1000, one["ingestionTime"] / 1000) for one in events)
        return ()

    def _judged(self, found: Mapping[str, Any] | None, lines: tuple[Line, ...]) -> tuple[bool, ...] | None:
        """Return what the service's own engine says of the lines; where it may not be asked, ours has to do."""
        if found is None or not lines:
            return None
        texts = [one.text for one in lines]
        try:
            told = self.asker.service("logs", self.region).call(
                "TestMetricFilter", filterPattern=found.get("filterPattern", ""), logEventMessages=texts
            )
        except (AccessDeniedError, RefusedError):
            return None
        matched = {one["eventMessage"] for one in told.get("matches", ())}
        return tuple(text in matched for text in texts)

    def _minutes(self, found: Mapping[str, Any] | None, now: float) -> Mapping[int, float] | None:
        if found is None:
            return None
        space, name = members.metric_of(found)
        return self._sums({"Namespace": space, "MetricName": name}, 60, now - BACK, now)

    def _failed(self, now: float) -> float:
        """Return how many deliveries of the topic failed. Source: SNS developer guide, "Monitoring topics"."""
        topic = {"Name": "TopicName", "Value": self._topic_arn.rpartition(":")[2]}
        metric = {"Namespace": "AWS/SNS", "MetricName": "NumberOfNotificationsFailed", "Dimensions": [topic]}
        return sum((self._sums(metric, 3600, now - DAY, now) or {}).values())

    def _sums(self, metric: Mapping[str, Any], period: int, start: float, end: float) -> Mapping[int, float] | None:
        told = self._call(
            "cloudwatch",
            "GetMetricData",
            MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}],
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
        )
        if told is None:
            return None
        result = told["MetricDataResults"][0]
        return {int(at.timestamp()): value for at, value in zip(result["Timestamps"], result["Values"], strict=True)}

    def _alarm(self) -> Alarm | None:
        told = self._call("cloudwatch", "DescribeAlarms", AlarmNames=[self.monitor.alarm_name], AlarmTypes=list(TYPES))
        for member, kind in _KINDS.items():
            for one in (told or {}).get(member) or ():
                return Alarm(kind, one, {})
        return None

    def _history(self, alarm: Alarm | None) -> tuple[Mapping[str, Any], ...]:
        if alarm is None:
            return ()
        asked: dict[str, Any] = {
            "AlarmName": self.monitor.alarm_name,
            "AlarmTypes": list(TYPES),
            "HistoryItemType": "Action",
            "ScanBy": "TimestampDescending",
            "MaxRecords": _ACTIONS,
        }
        told = self._call("cloudwatch", "DescribeAlarmHistory", **asked)
        return tuple((told or {}).get("AlarmHistoryItems", ()))

    def _mutes(self, alarm: Alarm | None) -> tuple[Mapping[str, Any], ...]:
        """Return the mute rules that are active; none where nothing is told: a boto3 without them.

        One page: an alarm that a hundred rules mute at once is muted enough.
        """
        if alarm is None:
            return ()
        asked: dict[str, Any] = {"AlarmName": self.monitor.alarm_name, "Statuses": ["ACTIVE"]}
        with suppress(RefusedError, MissingResourceError, ArgumentError):
            told = self._call("cloudwatch", "ListAlarmMuteRules", **asked)
            return tuple((told or {}).get("AlarmMuteRuleSummaries", ()))
        return ()

    @property
    def _topic_arn(self) -> str:
        return self.monitor.topic_arn(self.region, self.account)

    def _told(self, alarm: Alarm | None) -> Iterator[str]:
        """Yield the topics that are told or should be, the monitor's first."""
        yield self._topic_arn
        told = alarm.told if alarm else {}
        actions = [*told.get("AlarmActions", ()), *told.get("OKActions", ()), *told.get("InsufficientDataActions", ())]
        for arn in dict.fromkeys(actions):
            if arn.split(":")[2] == "sns" and arn != self._topic_arn:
                yield arn

    def _roles(self) -> Mapping[str, Presence]:
        if self.monitor.design != LOG_DESIGN:
            return {}
        named = [one for one in (self.monitor.query_role, self.monitor.lines_role) if one]
        return {one: self._role(one) for one in named if one.split(":")[4] == self.account}

    def _role(self, arn: str) -> Presence:
        try:
            told = self._call("iam", "GetRole", RoleName=arn.rpartition("/")[2])
        except MissingResourceError:
            return "gone"
        return "there" if told else "unknown"
