"""The members of what there is and of what a monitor wants, told alike so that they can be compared. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.deploying.deployed import LOG_ALARM, METRIC_ALARM, Deployed
from rejectkit.monitoring.monitor import LOG_ALARM as LOG_DESIGN
from rejectkit.monitoring.monitor import Monitor
from rejectkit.plans import Field, fields

# What DescribeAlarms tells of an alarm that nobody configured. Source: CloudWatch API reference, "MetricAlarm".
_STATE: Final = frozenset(
    {
        *("AlarmArn", "AlarmConfigurationUpdatedTimestamp", "EvaluationState", "StateReason", "StateReasonData"),
        *("StateTransitionedTimestamp", "StateUpdatedTimestamp", "StateValue"),
    }
)
_DEFAULT_STATEMENT: Final = "__default_statement_ID"  # of the policy that a topic is born with
_FILTER: Final = ("filterPattern", "metricTransformations", "applyOnTransformedLogs", "fieldSelectionCriteria")


def alarm_kind(monitor: Monitor) -> str:
    """Return which kind of alarm a monitor wants."""
    return LOG_ALARM if monitor.design == LOG_DESIGN else METRIC_ALARM


def alarm(monitor: Monitor, deployed: Deployed) -> tuple[Field, ...]:
    """Return the members in which the alarm there is differs from the one wanted; all of them where there is none."""
    found = deployed.alarm
    same_kind = found is not None and found.kind == alarm_kind(monitor)
    arn = monitor.topic_arn(deployed.region, deployed.account)
    return fields(told_alarm(found.told) if found and same_kind else {}, told_alarm(wanted.alarm_params(monitor, arn)))


def told_alarm(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of an alarm, member by member: its name, tags and what is empty left out.

    Nested members have dotted names; a log group is told by its name. DatapointsToAlarm absent is
    EvaluationPeriods, TreatMissingData absent is `missing`, ActionsEnabled absent is True, the service's defaults.
    """
    found = dict(_flat({key: value for key, value in params.items() if key not in ("AlarmName", "Tags", *_STATE)}))
    if "EvaluationPeriods" in found:
        found.setdefault("DatapointsToAlarm", found["EvaluationPeriods"])
    found.setdefault("TreatMissingData", "missing")
    found.setdefault("ActionsEnabled", True)
    return found


def _flat(params: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in params.items():
        name = f"{before}{key}"
        if name in ("ScheduledQueryConfiguration.Tags", "ScheduledQueryConfiguration.QueryARN"):
            continue  # the first is not told back, the second is made by the service
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        elif name == "ScheduledQueryConfiguration.LogGroupIdentifiers":
            yield name, sorted(one.rpartition(":log-group:")[2].removesuffix(":*") for one in value)
        elif name == "ActionLogLineCount" and not value:
            continue
        elif value not in (None, "", [], ()):
            yield name, sorted(value) if name.endswith("Actions") else value


def metric_filter(monitor: Monitor, deployed: Deployed) -> tuple[Field, ...]:
    """Return the members in which the filter of the monitor's name differs from the one wanted, in either design."""
    filtered = monitor.changed(**_AS_FILTER, pattern=monitor.pattern) if monitor.design == LOG_DESIGN else monitor
    params = wanted.filter_params(filtered)
    found = deployed.filter_named(monitor.filter_name)
    return fields(told_filter(found) if found else {}, told_filter(params or {}))


_AS_FILTER: Final[Mapping[str, Any]] = {
    "design": "metric-filter",
    "query": None,
    "query_role": None,
    "log_lines": 0,
    "lines_role": None,
}


def told_filter(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definition of a metric filter, member by member; a unit of None is none."""
    found = {name: params[name] for name in _FILTER if params.get(name)}
    for transformation in found.pop("metricTransformations", ()):
        told = {key: value for key, value in transformation.items() if value not in (None, {}, "", "None")}
        if "defaultValue" in told:
            told["defaultValue"] = float(told["defaultValue"])
        found |= told
    if params.get("emitSystemFieldDimensions"):
        found["emitSystemFieldDimensions"] = sorted(params["emitSystemFieldDimensions"])
    return found


def metric_of(told: Mapping[str, Any]) -> tuple[str, str]:
    """Return namespace and name of the metric that a filter counts into."""
    transformation: Mapping[str, Any] = next(iter(told.get("metricTransformations") or ()), {})
    return str(transformation.get("metricNamespace", "")), str(transformation.get("metricName", ""))


def policy(monitor: Monitor, deployed: Deployed) -> tuple[Field, ...]:
    """Return the statements in which the policy of a topic of ours differs from the one wanted."""
    before, after = _policies(monitor, deployed)
    return fields(_statements(before), _statements(after))


def merged_policy(monitor: Monitor, deployed: Deployed) -> dict[str, Any]:
    """Return the policy of a topic of ours: the statements wanted, and those that somebody else added.

    The statement a topic is born with is left out: it lets the whole account publish.
    """
    return _policies(monitor, deployed)[1]


def _policies(monitor: Monitor, deployed: Deployed) -> tuple[dict[str, Any], dict[str, Any]]:
    arn = monitor.topic_arn(deployed.region, deployed.account)
    ours = wanted.topic_policy(monitor, arn)
    before = json.loads(deployed.topic.policy or "{}") if deployed.topic else {}
    names = {_DEFAULT_STATEMENT, *(one.get("Sid") for one in ours["Statement"])}
    others = [one for one in _listed(before.get("Statement")) if one.get("Sid") not in names]
    return before, ours | {"Statement": [*ours["Statement"], *others]}


def _statements(document: Mapping[str, Any]) -> dict[str, Any]:
    statements = _listed(document.get("Statement"))
    return {f"Statement {one.get('Sid') or place}": _plain(one) for place, one in enumerate(statements, 1)}


def _plain(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Return a statement in which a list of one is that one, as the service may tell it either way."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, list):
            return plain(value[0]) if len(value) == 1 else sorted(map(str, value))
        return value

    return {key: plain(value) for key, value in statement.items()}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def tags(monitor: Monitor, found: Mapping[str, str] | None) -> tuple[Field, ...]:
    """Return the tags that are missing or have another value; tags that somebody else added are left."""
    after = {f"tag {key}": value for key, value in wanted.tags(monitor).items()}
    before = {f"tag {key}": value for key, value in (found or {}).items()}
    return fields({key: value for key, value in before.items() if key in after}, after)
