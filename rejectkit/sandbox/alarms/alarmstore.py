"""The alarms of one region: their state, with history and actions; metric alarms are judged here as time goes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from rejectkit.monitoring.alarms import history, lognotice
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.history import action, state_update
from rejectkit.monitoring.alarms.notice import alarm_subject
from rejectkit.monitoring.alarms.reasons import Judgement, compact
from rejectkit.sandbox.alarms.alarmstate import MetricAlarm
from rejectkit.sandbox.alarms.logalarmstate import LogAlarm
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.metrics.checks import dimensions_of, validation_error
from rejectkit.sandbox.metrics.metricstore import MetricStore
from rejectkit.sandbox.topics.publishing import publish

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

Alarm = MetricAlarm | LogAlarm

HISTORY_SECONDS = 30 * 86_400  # Source: DescribeAlarmHistory
AFTER_QUERY = 0.002  # seconds from the query to the change; recorded histories show 2 to 3 ms


class Alarms:
    """The alarms of one region, of both kinds; their names are unique among all.

    A metric alarm is judged each minute (each ten seconds for a period below a minute, each hour where the periods span
    more than a day), `limits.evaluation_second` seconds after the mark, over the range `limits.evaluation_range`.
    """

    def __init__(self, world: World, region: str) -> None:
        """Start with no alarm, and judge from the next mark on."""
        self.world, self.region = world, region
        self.alarms: dict[str, Alarm] = {}
        self._history: list[dict[str, Any]] = []
        for every in (60, 10):
            phase = world.limits.evaluation_second % every
            first = (math.floor((world.clock.seconds - phase) / every) + 1) * every + phase
            world.clock.every(every, first, lambda every=every: self._judge(every))  # type: ignore[misc]  # its default

    def arn(self, name: str) -> str:
        """Return an alarm's ARN."""
        return f"arn:aws:cloudwatch:{self.region}:{self.world.account}:alarm:{name}"

    def alarm(self, name: str) -> Alarm:
        """Return an alarm by its name.

        Raises
        ------
        ServiceError
            If there is none. Source: recorded answers.
        """
        if name not in self.alarms:
            raise ServiceError("ResourceNotFound", "", 404)
        return self.alarms[name]

    def put(self, configured: dict[str, Any], rule: AlarmRule, tags: dict[str, str]) -> None:
        """Make a metric alarm, or replace its whole configuration and keep its state and its tags.

        The same configuration again changes nothing. Source: recorded answers.
        """
        name, now = configured["AlarmName"], self.world.clock.now()
        store = self.world.region(self.region).of(MetricStore)
        before = self.alarms.get(name)
        if before is not None and not isinstance(before, MetricAlarm):
            raise validation_error(f"An alarm with the name {name} exists already, of the type {before.kind}")
        if before is not None and before.configured == configured:
            return
        if before is not None:
            was = before.describe()
            before.configure(configured, rule, store, now)
            self.updated(before, was)
            return
        metric = store.metric(configured["Namespace"], configured["MetricName"], dimensions_of(configured))
        self.add(MetricAlarm(self.arn(name), configured, rule, metric, now, now, tags=tags))

    def add(self, alarm: Alarm) -> None:
        """Take a new alarm."""
        self.alarms[alarm.name] = alarm
        self._configured(alarm, "Create")

    def updated(self, alarm: Alarm, was: dict[str, Any]) -> None:
        """Note that an alarm's configuration changed; `was` is what it was."""
        self._configured(alarm, "Update", was)

    def delete(self, name: str) -> None:
        """Delete an alarm; its history stays."""
        self._configured(self.alarms.pop(name), "Delete")

    def enable(self, name: str, enabled: bool) -> None:
        """Switch an alarm's actions on or off."""
        alarm = self.alarms[name]
        if alarm.configured["ActionsEnabled"] != enabled:
            was = alarm.describe()
            alarm.configured["ActionsEnabled"], alarm.configured_at = enabled, self.world.clock.now()
            self.updated(alarm, was)

    def history(self) -> list[dict[str, Any]]:
        """Return the items of the last 30 days, oldest first."""
        oldest = self.world.clock.seconds - HISTORY_SECONDS
        self._history = [item for item in self._history if item["Timestamp"].timestamp() >= oldest]
        return self._history

    def change(self, alarm: Alarm, new: Judgement, at: float, told: str = "") -> None:
        """Give an alarm a state, which goes into the history and runs the state's actions; the one it has does nothing.

        Source: "Alarm actions": actions run on a change of state only, and only while they are enabled.
        """
        if new.state == alarm.state:
            return
        old, alarm.judgement = alarm.judgement, new
        alarm.told = told or new.reason_json
        alarm.changed_at = changed = datetime.fromtimestamp(at, UTC)
        if isinstance(alarm, LogAlarm):
            alarm.updated_at = changed
        self.note(alarm.kind, state_update(alarm.name, old, new, changed))
        if alarm.configured["ActionsEnabled"]:
            message = compact(alarm.message(old.state, new, changed))
            for target in alarm.actions():
                error = self.send(alarm, target, message, new.state)
                self.note(alarm.kind, action(alarm.name, target, changed, changed, message=message, error=error))

    def send(self, alarm: Alarm, target: str, message: str, state: str) -> str | None:
        """Run one action; return why it failed, None if it did not."""
        parts = target.split(":")
        if parts[2:3] != ["sns"]:
            return f"the sandbox does not play actions of {parts[2] if len(parts) > 2 else target}"
        subject = alarm_subject(alarm.name, state, self.region)
        service = "cloudwatch.amazonaws.com"
        try:
            publish(self.world, parts[3], target, message, subject, service=service, source_arn=alarm.arn)
        except ServiceError as refused:
            return refused.message or refused.code
        return None

    def note(self, kind: str, item: dict[str, Any]) -> None:
        """Take an item of an alarm of a kind into the history."""
        self._history.append(item | {"AlarmType": kind})

    def _configured(
        self, alarm: Alarm, change: Literal["Create", "Update", "Delete"], was: dict[str, Any] | None = None
    ) -> None:
        told = lognotice if isinstance(alarm, LogAlarm) else history
        item = told.configuration_update(alarm.describe(), change, self.world.clock.now(), was)
        self.note(alarm.kind, item)

    def _judge(self, every: int) -> None:
        """Judge the alarms whose moment it is."""
        at, reach = self.world.clock.seconds, self.world.limits.evaluation_range
        for alarm in list(self.alarms.values()):
            if not isinstance(alarm, MetricAlarm) or not alarm.is_due(at, every):
                continue
            judged = alarm.evaluate(at, reach)
            if judged is not None:
                self.change(alarm, judged, at + AFTER_QUERY)
