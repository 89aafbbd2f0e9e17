"""The alarms of one region: their state, judged as time goes, with history and actions."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rejectkit.monitoring.alarm import AlarmRule
from rejectkit.monitoring.history import action, configuration_update, state_update
from rejectkit.monitoring.notice import alarm_message, alarm_subject
from rejectkit.monitoring.reasons import Judgement, compact
from rejectkit.sandbox.alarmstate import MetricAlarm
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.checks import dimensions_of
from rejectkit.sandbox.metricstore import MetricStore
from rejectkit.sandbox.publishing import publish

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

HISTORY_SECONDS = 30 * 86_400  # Source: DescribeAlarmHistory
_AFTER_QUERY = 0.002  # seconds from the query to the change; recorded histories show 2 to 3 ms


class Alarms:
    """The alarms of one region.

    An alarm is judged each minute (each ten seconds for a period below a minute, each hour where the periods span
    more than a day), `limits.evaluation_second` seconds after the mark, over the range `limits.evaluation_range`.
    """

    def __init__(self, world: World, region: str) -> None:
        """Start with no alarm, and judge from the next mark on."""
        self.world, self.region = world, region
        self.alarms: dict[str, MetricAlarm] = {}
        self._history: list[dict[str, Any]] = []
        for every in (60, 10):
            phase = world.limits.evaluation_second % every
            first = (math.floor((world.clock.seconds - phase) / every) + 1) * every + phase
            world.clock.every(every, first, lambda every=every: self._judge(every))  # type: ignore[misc]  # its default

    def arn(self, name: str) -> str:
        """Return an alarm's ARN."""
        return f"arn:aws:cloudwatch:{self.region}:{self.world.account}:alarm:{name}"

    def alarm(self, name: str) -> MetricAlarm:
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
        """Make an alarm, or replace its whole configuration and keep its state and its tags.

        The same configuration again changes nothing. Source: recorded answers.
        """
        name, now = configured["AlarmName"], self.world.clock.now()
        store = self.world.region(self.region).of(MetricStore)
        before = self.alarms.get(name)
        if before and before.configured == configured:
            return
        if before:
            was = before.describe()
            before.configure(configured, rule, store, now)
            self._note(configuration_update(before.describe(), "Update", now, was))
            return
        metric = store.metric(configured["Namespace"], configured["MetricName"], dimensions_of(configured))
        made = MetricAlarm(self.arn(name), configured, rule, metric, now, now, tags=tags)
        self.alarms[name] = made
        self._note(configuration_update(made.describe(), "Create", now))

    def delete(self, name: str) -> None:
        """Delete an alarm; its history stays."""
        self._note(configuration_update(self.alarms.pop(name).describe(), "Delete", self.world.clock.now()))

    def enable(self, name: str, enabled: bool) -> None:
        """Switch an alarm's actions on or off."""
        alarm = self.alarms[name]
        if alarm.configured["ActionsEnabled"] != enabled:
            was, now = alarm.describe(), self.world.clock.now()
            alarm.configured["ActionsEnabled"], alarm.configured_at = enabled, now
            self._note(configuration_update(alarm.describe(), "Update", now, was))

    def history(self) -> list[dict[str, Any]]:
        """Return the items of the last 30 days, oldest first."""
        oldest = self.world.clock.seconds - HISTORY_SECONDS
        self._history = [item for item in self._history if item["Timestamp"].timestamp() >= oldest]
        return self._history

    def change(self, alarm: MetricAlarm, new: Judgement, at: float, told: str = "") -> None:
        """Give an alarm a state, which goes into the history and runs the state's actions; the one it has does nothing.

        Source: "Alarm actions": actions run on a change of state only, and only while they are enabled.
        """
        if new.state == alarm.state:
            return
        old, alarm.judgement = alarm.judgement, new
        alarm.told = told or new.reason_json
        alarm.changed_at = changed = datetime.fromtimestamp(at, UTC)
        self._note(state_update(alarm.name, old, new, changed))
        if alarm.configured["ActionsEnabled"]:
            for target in alarm.actions():
                self._act(alarm, target, old.state, new, changed)

    def _act(self, alarm: MetricAlarm, target: str, old: str, new: Judgement, changed: datetime) -> None:
        message, error = compact(alarm_message(alarm.describe(), old, new, changed)), None
        parts = target.split(":")
        if parts[2:3] == ["sns"]:
            try:
                publish(
                    self.world,
                    parts[3],
                    target,
                    message,
                    alarm_subject(alarm.name, new.state, self.region),
                    service="cloudwatch.amazonaws.com",
                    source_arn=alarm.arn,
                )
            except ServiceError as refused:
                error = refused.message or refused.code
        else:
            error = f"the sandbox does not play actions of {parts[2] if len(parts) > 2 else target}"
        self._note(action(alarm.name, target, changed, changed, message=message, error=error))

    def _note(self, item: dict[str, Any]) -> None:
        self._history.append(item)

    def _judge(self, every: int) -> None:
        """Judge the alarms whose moment it is."""
        at, reach = self.world.clock.seconds, self.world.limits.evaluation_range
        for alarm in list(self.alarms.values()):
            judged = alarm.evaluate(at, reach) if alarm.is_due(at, every) else None
            if judged is not None:
                self.change(alarm, judged, at + _AFTER_QUERY)
