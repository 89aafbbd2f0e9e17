"""The state of a monitor's alarm in a sentence, as CloudWatch tells it now."""

from __future__ import annotations

from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.pacing import Budget

_KINDS: Final = ("MetricAlarms", "LogAlarms", "CompositeAlarms")
_TYPES: Final = ["MetricAlarm", "LogAlarm", "CompositeAlarm"]


def alarm_state(monitor: Monitor, session: Any, budget: Budget | None = None) -> str:
    """Return the state of the alarm of a monitor's name, since when, and why.

    Raises
    ------
    AwsError
        If AWS does not answer; that it is not permitted is told in the sentence.
    """
    asked: dict[str, Any] = {"AlarmNames": [monitor.alarm_name], "AlarmTypes": _TYPES}
    try:
        told = Service(session, "cloudwatch", budget=budget).call("DescribeAlarms", **asked)
    except AccessDeniedError as error:
        return f"{error.action} is not permitted, so the state of the alarm cannot be told."
    found = next((one for kind in _KINDS for one in told.get(kind, ())), None)
    if found is None:
        return f"There is no alarm {monitor.alarm_name}."
    since = found.get("StateTransitionedTimestamp") or found.get("StateUpdatedTimestamp")
    when = f" since {since:%Y-%m-%d %H:%M} UTC" if since is not None else ""
    why = f": {reason}" if (reason := found.get("StateReason")) else "."
    return f"The alarm {monitor.alarm_name} is in {found['StateValue']}{when}{why}"
