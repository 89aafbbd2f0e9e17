"""The state of a monitor's alarm in a sentence, as CloudWatch tells it now."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.pacing import Budget

KINDS: Final = ("MetricAlarms", "LogAlarms", "CompositeAlarms")
"""The lists of alarms in an answer of DescribeAlarms."""
TYPES: Final = ("MetricAlarm", "LogAlarm", "CompositeAlarm")
"""What DescribeAlarms is to be asked for: without it, it tells of metric alarms only."""


def described(service: Service, name: str, **options: Any) -> dict[str, Any] | None:
    """Return the alarm of a name, whatever its type, as DescribeAlarms tells it; None where there is none.

    Raises
    ------
    AwsError
        If AWS refuses or does not answer.
    """
    told = service.call("DescribeAlarms", AlarmNames=[name], AlarmTypes=list(TYPES), **options)
    return next((one for kind in KINDS for one in told.get(kind, ())), None)


def alarm_state(monitor: Monitor, session: Any, budget: Budget | None = None) -> str:
    """Return the state of the alarm of a monitor's name, since when, and why.

    Raises
    ------
    AwsError
        If AWS does not answer; that it is not permitted is told in the sentence.
    """
    try:
        found = described(Service(session, "cloudwatch", budget=budget), monitor.alarm_name)
    except AccessDeniedError as error:
        return f"{error.action} is not permitted, so the state of the alarm cannot be told."
    if found is None:
        return f"There is no alarm {monitor.alarm_name}."
    since = found.get("StateTransitionedTimestamp") or found.get("StateUpdatedTimestamp")
    when = f" since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if since is not None else ""
    why = f": {reason}" if (reason := found.get("StateReason")) else "."
    return f"The alarm {monitor.alarm_name} is in {found['StateValue']}{when}{why}"
