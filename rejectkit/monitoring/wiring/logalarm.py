"""What can be amiss with a log alarm alone: its query, its log group, its roles, and how late it reads; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rejectkit.findings import Finding
from rejectkit.monitoring.deploying.deployed import LOG_ALARM, Alarm
from rejectkit.monitoring.deploying.designs import TYPICAL_DELIVERY
from rejectkit.monitoring.monitor import LOG_ALARM as LOG_DESIGN
from rejectkit.monitoring.wiring import mends as wiringmends
from rejectkit.monitoring.wiring.alarm import SHORTEST_INTERVAL, differing
from rejectkit.monitoring.wiring.values import Wiring
from rejectkit.sources.cloudwatch import mends

_QUERY: Final = "ScheduledQueryConfiguration."
_GROUPS: Final = f"{_QUERY}LogGroupIdentifiers"
_WRONG: Final = {
    "EVALUATION_ERROR": "its query cannot run as it is",
    "EVALUATION_FAILURE": "the service could not run its query",
    "PARTIAL_DATA": "its query finds more groups than an alarm takes, and judges only some",
}


def log_alarm_checks(wiring: Wiring) -> Iterator[Finding]:
    """Yield what is amiss with the query of a log alarm; nothing for a metric alarm."""
    alarm, name = wiring.alarm, wiring.monitor.alarm_name
    if wiring.monitor.design != LOG_DESIGN:
        return
    yield from _roles(wiring)
    if alarm is None or alarm.kind != LOG_ALARM:
        return
    again = f"Put it again: {wiringmends.put_alarm(wiring)}."
    found = {
        key: one for key, one in differing(wiring).items() if key.startswith(_QUERY) or key.startswith("ActionLog")
    }
    if groups := found.pop(_GROUPS, None):
        sentence = f"The query of the log alarm {name!r} reads {groups.before}, not {groups.after}."
        yield Finding(sentence, "warning", mend=again)
    if found:
        told = "; ".join(str(one).replace(_QUERY, "") for one in found.values())
        sentence = f"The query of the log alarm {name!r} is not the monitor's: {told}."
        yield Finding(sentence, "warning", mend=again)
    wrong = str(alarm.told.get("EvaluationState") or "")
    if wrong in _WRONG:
        sentence = f"The log alarm {name!r} is in {wrong}: {_WRONG[wrong]} ({alarm.told.get('StateReason')})."
        look = wiringmends.call(
            wiring, "cloudwatch", "describe-alarms", "--alarm-names", name, "--alarm-types", "LogAlarm"
        )
        yield Finding(sentence, "warning", mend=f"Look at its reason and its query: {look}.")
    yield from _late(wiring, alarm)


def _roles(wiring: Wiring) -> Iterator[Finding]:
    for arn, presence in wiring.roles.items():
        if presence == "gone":
            use = "runs its query" if arn == wiring.monitor.query_role else "reads lines for its notices"
            sentence = f"The role {arn}, which {use}, does not exist: the log alarm cannot."
            look = mends.command("aws", "iam", "get-role", "--role-name", arn.rpartition("/")[2])
            mend = f"Make the role, or give the monitor one there is, and look at it with {look}."
            yield Finding(sentence, "warning", mend=mend)


def _late(wiring: Wiring, alarm: Alarm) -> Iterator[Finding]:
    """Yield that the query's range ends before late records are in it."""
    schedule = alarm.told.get("ScheduledQueryConfiguration", {}).get("ScheduleConfiguration", {})
    waits = int(schedule.get("EndTimeOffset") or 0)
    interval = max((one.aggregation for one in wiring.writers), default=SHORTEST_INTERVAL)
    needed = interval + TYPICAL_DELIVERY
    if waits >= needed:
        return
    sentence = (
        f"The query of the log alarm {wiring.monitor.alarm_name!r} waits {waits} s, and records come about {needed} s "
        f"after their flow began ({interval} s of aggregation, then typically {TYPICAL_DELIVERY} s of delivery): what "
        "comes later is not read again."
    )
    put = wiringmends.put_alarm(wiring, wiring.monitor.changed(delay=needed))
    yield Finding(sentence, "notice", mend=f"Give the monitor delay={needed} or more, which is {put}.")
