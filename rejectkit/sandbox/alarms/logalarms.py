"""The log alarms of one region: put, run on their schedule, evaluated and told."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rejectkit.monitoring.alarms import logreasons as reasons
from rejectkit.monitoring.alarms.alarm import ALARM
from rejectkit.monitoring.alarms.history import action, state_update
from rejectkit.monitoring.alarms.logalarm import (
    EVALUATION_DELAY,
    EVALUATION_ERROR,
    EVALUATION_FAILURE,
    RUN_PHASE,
    Contributor,
)
from rejectkit.monitoring.alarms.lognotice import contributor_id
from rejectkit.monitoring.alarms.reasons import UNCHECKED, Judgement, compact
from rejectkit.sandbox.alarms import logalarmquery
from rejectkit.sandbox.alarms.alarmchecks import check_tags
from rejectkit.sandbox.alarms.alarmstore import AFTER_QUERY, Alarms
from rejectkit.sandbox.alarms.logalarmchecks import check_log_alarm, conflict
from rejectkit.sandbox.alarms.logalarmquery import Run
from rejectkit.sandbox.alarms.logalarmstate import ContributorState, LogAlarm, configuration
from rejectkit.sandbox.calls import Call, ServiceError

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

_FAULTS = (EVALUATION_ERROR, EVALUATION_FAILURE)
_POLL = 10.0  # seconds until a query that still runs is looked at again


class LogAlarms:
    """The schedule of one region's log alarms; the alarms themselves are kept with all others, in `Alarms`."""

    def __init__(self, world: World, region: str) -> None:
        """Run queries from the next minute on."""
        self.world, self.region = world, region
        self.alarms = world.region(region).of(Alarms)
        first = (math.floor((world.clock.seconds - RUN_PHASE) / 60) + 1) * 60 + RUN_PHASE
        world.clock.every(60, first, self._tick)

    def put(self, params: Mapping[str, Any]) -> None:
        """Make an alarm, or replace its whole configuration; its tags stay.

        The same configuration again changes nothing, as with metric alarms (*inferred*). Another query, aggregation,
        schedule or other log groups take the alarm to INSUFFICIENT_DATA; another threshold or M of N does not.
        """
        rule, aggregation = check_log_alarm(params, self.region)
        name, now = params["AlarmName"], self.world.clock.now()
        before = self.alarms.alarms.get(name)
        if before is None:
            arn = f"arn:aws:logs:{self.region}:{self.world.account}:scheduled-query:{uuid.uuid4()}"
            configured = configuration(params, arn)
            tags = check_tags(params.get("Tags") or ())
            made = LogAlarm(self.alarms.arn(name), configured, rule, aggregation, now, now, now, tags=tags)
            self.alarms.add(made)
            return
        if not isinstance(before, LogAlarm):
            raise conflict(name, before.kind)
        configured = configuration(params, before.query["QueryARN"])
        if before.configured == configured:
            return
        was, resets = before.describe(), before.resets(configured)
        before.configured, before.rule, before.aggregation, before.configured_at = configured, rule, aggregation, now
        self.alarms.updated(before, was)
        if resets:
            before.executions.clear()
            before.contributors.clear()
            before.lines, before.evaluation_state = [], ""
            self.alarms.change(before, reasons.CHANGED, now.timestamp())

    def _tick(self) -> None:
        at = self.world.clock.seconds
        for alarm in list(self.alarms.alarms.values()):
            if isinstance(alarm, LogAlarm) and alarm.rule.is_due(at):
                run = logalarmquery.start(self.world, self.region, alarm, at)
                self._later(alarm, run, at + EVALUATION_DELAY)

    def _later(self, alarm: LogAlarm, run: Run, at: float) -> None:
        asked = alarm.query
        self.world.clock.at(at, lambda: self._take(alarm, run, asked))

    def _take(self, alarm: LogAlarm, run: Run, asked: Mapping[str, Any]) -> None:
        """Take a run's result in, once it is there, unless the alarm is gone or asks something else by now."""
        if self.alarms.alarms.get(alarm.name) is not alarm or alarm.resets({"ScheduledQueryConfiguration": asked}):
            return
        found = logalarmquery.finished(self.world, self.region, alarm, run)
        if found is None:
            self._later(alarm, run, self.world.clock.seconds + _POLL)
            return
        alarm.executions.append(found)
        alarm.lines = logalarmquery.lines(self.world, self.region, alarm, run)
        self._judge(alarm, self.world.clock.seconds)

    def _judge(self, alarm: LogAlarm, at: float) -> None:
        executions, rule, before = list(alarm.executions), alarm.rule, alarm.evaluation_state
        alarm.evaluation_state = wrong = rule.evaluation_state(executions)
        if wrong != before:
            alarm.updated_at = datetime.fromtimestamp(at, UTC)
        if wrong in _FAULTS:
            new = reasons.fault(rule, executions, wrong, at)
            self.alarms.change(alarm, new, at + AFTER_QUERY)
            alarm.judgement, alarm.told = new, new.reason_json  # the reason is told, though the state may be the same
        elif alarm.aggregation.fields:
            self._judge_contributors(alarm, at)
        else:
            state = rule.evaluate([one.values.get(()) for one in executions], alarm.state)
            if state != alarm.state or before in _FAULTS:
                new = reasons.explain(rule, executions, state, at)
                self.alarms.change(alarm, new, at + AFTER_QUERY)
                alarm.judgement, alarm.told = new, new.reason_json

    def _judge_contributors(self, alarm: LogAlarm, at: float) -> None:
        executions, rule = list(alarm.executions), alarm.rule
        before = {key: one.judgement.state for key, one in alarm.contributors.items()}
        states = rule.contributors(executions, before)
        overall = rule.overall(states, executions, alarm.state)
        changed = datetime.fromtimestamp(at + AFTER_QUERY, UTC)
        if overall != alarm.state:
            new = reasons.summed(states, overall) if states else reasons.explain(rule, executions, overall, at)
            self.alarms.change(alarm, new, at + AFTER_QUERY)
        kept: dict[Contributor, ContributorState] = {}
        for key, state in states.items():
            old = alarm.contributors.get(key, ContributorState(UNCHECKED, changed))
            if state == old.judgement.state:
                kept[key] = old
                continue
            new = reasons.explain(rule, executions, state, at, key)
            kept[key] = ContributorState(new, changed)
            if ALARM in (state, old.judgement.state):
                self._tell(alarm, key, old.judgement, new, changed)
        alarm.contributors = {key: one for key, one in kept.items() if key in executions[-1].values}

    def _tell(self, alarm: LogAlarm, key: Contributor, old: Judgement, new: Judgement, changed: datetime) -> None:
        """Note a contributor's change into ALARM or out of it, and run the actions for it."""
        attributes = alarm.attributes(key)
        more = {
            "AlarmContributorId": contributor_id(attributes),
            "AlarmContributorAttributes": attributes,
        }
        self.alarms.note(
            alarm.kind,
            state_update(alarm.name, old, new, changed)
            | {"HistoryItemType": "AlarmContributorStateUpdate", **more}
            | {"HistorySummary": f"Alarm contributor updated from {old.state} to {new.state}"},
        )
        if not alarm.configured["ActionsEnabled"]:
            return
        message = compact(alarm.message(old.state, new, changed, key))
        for target in alarm.targets(new.state):
            error = self.alarms.send(alarm, target, message, new.state)
            item = action(alarm.name, target, changed, changed, message=message, error=error)
            self.alarms.note(alarm.kind, item | {"HistoryItemType": "AlarmContributorAction", **more})


def put_log_alarm(world: World, call: Call) -> None:
    """Answer PutLogAlarm."""
    world.region(call.region).of(LogAlarms).put(call.params)


def describe_alarm_contributors(world: World, call: Call) -> Mapping[str, Any]:
    """Answer DescribeAlarmContributors: those in ALARM, in one page, which is 100 at most."""
    alarm = world.region(call.region).of(Alarms).alarm(call.params["AlarmName"])
    if not isinstance(alarm, LogAlarm):
        return {"AlarmContributors": []}
    if call.params.get("NextToken"):
        raise ServiceError("InvalidNextToken", f"Invalid NextToken : {call.params['NextToken']}")
    told = [
        {
            "ContributorId": contributor_id(alarm.attributes(key)),
            "ContributorAttributes": alarm.attributes(key),
            "StateReason": one.judgement.reason,
            "StateTransitionedTimestamp": one.changed_at,
        }
        for key, one in alarm.in_alarm().items()
    ]
    return {"AlarmContributors": told}
