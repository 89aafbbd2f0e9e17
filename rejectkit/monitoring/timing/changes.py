"""The transitions of an alarm, read off its history: when it was judged, over which datapoints, what it did then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeGuard

from rejectkit.monitoring.alarms.alarm import ALARM, COMPARISONS, AlarmRule
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.timing.moments import parse_stamp

KEPT: Final = 30 * 86_400
"""Seconds that history is kept. Source: CloudWatch API reference, "DescribeAlarmHistory"."""

NEAR: Final = 5_000
"""Milliseconds by which an action's `stateUpdateTimestamp`, and the `StateChangeTime` of a notice, may be off the
history item of the change. *Inferred*: recorded ones are 2 to 3 ms off."""

Rule = AlarmRule | LogAlarmRule


@dataclass(frozen=True, slots=True)
class Datapoint:
    """A datapoint that spoke for ALARM; times in milliseconds since the epoch.

    Attributes
    ----------
    start, end : int
        What it counts: records stamped in `[start, end)`.
    made : int
        When it was there at the earliest: its period's end; of a log alarm, the run of the query.
    judged : int
        When it was looked at: what arrived later is not in it.
    value : float
        As it was then.
    """

    start: int
    end: int
    made: int
    judged: int
    value: float


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state; times in milliseconds since the epoch, None where unknown.

    Attributes
    ----------
    at : int
        The history item's own time.
    previous, state : str
        OK, ALARM or INSUFFICIENT_DATA; empty where the history does not tell.
    evaluated : int or None
        queryDate.
    acted : int or None
        When the action that counts ran.
    failed : str
        Why no action ran; empty where one did, or there is none.
    datapoints : tuple of Datapoint
        Of a change to ALARM: those that breached.
    threshold : float or None
        The threshold then.
    statistic : str
        The statistic then; empty where the history does not tell.
    """

    at: int
    previous: str
    state: str
    evaluated: int | None = None
    acted: int | None = None
    failed: str = ""
    datapoints: tuple[Datapoint, ...] = ()
    threshold: float | None = None
    statistic: str = ""

    @property
    def alarms(self) -> bool:
        """Whether it is a change to ALARM."""
        return self.state == ALARM


@dataclass(slots=True)
class _Actions:
    """What an alarm did on one change."""

    topic: str
    succeeded: list[tuple[bool, int]] = field(default_factory=list)  # not the topic's, when
    failed: list[str] = field(default_factory=list)


def transitions(items: Iterable[Mapping[str, Any]], rule: Rule, topic: str = "") -> tuple[Transition, ...]:
    """Return the changes of state among items of DescribeAlarmHistory, oldest first.

    Parameters
    ----------
    items : iterable of mapping
        StateUpdate and Action items, in any order; others are left out.
    rule : AlarmRule or LogAlarmRule
        The alarm's; period, threshold and statistic are the history's own, where it has them.
    topic : str
        Name of the topic whose action counts where there are several; else the first one that ran does.

    Notes
    -----
    Source: CloudWatch user guide, "Alarm actions" (notification schemas); recorded answers of DescribeAlarmHistory.
    """
    ordered = sorted(items, key=lambda item: item["Timestamp"])
    changes = [item for item in ordered if item["HistoryItemType"] == "StateUpdate"]
    moments = [millis(item["Timestamp"]) for item in changes]
    actions = [_Actions(topic) for _ in changes]
    for item in ordered:
        if item["HistoryItemType"] == "Action":
            _join(item, moments, actions)
    return tuple(_transition(item, done, rule) for item, done in zip(changes, actions, strict=True))


def millis(moment: datetime) -> int:
    """Return an aware time in milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


def _join(item: Mapping[str, Any], moments: list[int], actions: list[_Actions]) -> None:
    """Give an action to the change that it is of: the one it names, else the latest before it."""
    told, at = _json(item.get("HistoryData")), millis(item["Timestamp"])
    named = told.get("stateUpdateTimestamp")
    place: int | None = None
    if isinstance(named, int) and moments:
        nearest = min(range(len(moments)), key=lambda each: abs(moments[each] - named))
        place = nearest if abs(moments[nearest] - named) <= NEAR else None
    else:
        before = [each for each, moment in enumerate(moments) if moment <= at]
        place = before[-1] if before else None
    if place is None:
        return
    done = actions[place]
    if told.get("actionState") == "Failed" or str(item.get("HistorySummary", "")).startswith("Failed"):
        done.failed.append(str(told.get("error") or item.get("HistorySummary", "")))
        return
    target = str(told.get("notificationResource") or item.get("HistorySummary", ""))
    done.succeeded.append((not _is_topic(target, done.topic), at))


def _is_topic(target: str, topic: str) -> bool:
    return bool(topic) and ":sns:" in target and target.rpartition(":")[2].rstrip(".") == topic


def _transition(item: Mapping[str, Any], done: _Actions, rule: Rule) -> Transition:
    told = _json(item.get("HistoryData"))
    old, new = (_mapping(told.get(key)) for key in ("oldState", "newState"))
    words = str(item.get("HistorySummary", "")).split()  # "Alarm updated from OK to ALARM"
    before, after = (words[3], words[5]) if len(words) == 6 and words[2] == "from" else ("", "")
    state = str(new.get("stateValue") or after)
    data = _mapping(new.get("stateReasonData"))
    evaluated = _stamp(data.get("queryDate"))
    threshold = data.get("threshold")
    return Transition(
        at=millis(item["Timestamp"]),
        previous=str(old.get("stateValue") or before),
        state=state,
        evaluated=evaluated,
        acted=min(done.succeeded)[1] if done.succeeded else None,
        failed="" if done.succeeded or not done.failed else done.failed[0],
        datapoints=() if evaluated is None or state != ALARM else tuple(_breaching(data, rule, evaluated)),
        threshold=float(threshold) if _is_number(threshold) else None,
        statistic=str(data.get("statistic") or ""),
    )


def _breaching(data: Mapping[str, Any], rule: Rule, evaluated: int) -> Iterable[Datapoint]:
    """Yield the datapoints that breached, of a metric alarm's reason data or of a log alarm's."""
    given = data.get("threshold")
    threshold = float(given) if _is_number(given) else rule.threshold
    breaches = COMPARISONS[rule.comparison]
    if isinstance(rule, LogAlarmRule):
        for result in _listed(data.get("results")):
            run, value = _stamp(result.get("timestamp")), result.get("value")
            if run is not None and _is_number(value) and breaches(value, threshold):
                first, end = run - 1000 * rule.start_offset, run - 1000 * rule.end_offset
                yield Datapoint(first, end, run, run, float(value))
        return
    period = data.get("period")
    length = 1000 * int(period) if _is_number(period) and period > 0 else 1000 * rule.period
    for start, value in _evaluated(data, length, rule.evaluation_periods):
        if breaches(value, threshold):
            # A period that was judged before it was over did not wait for its end.
            yield Datapoint(start, start + length, min(start + length, evaluated), evaluated, value)


def _evaluated(data: Mapping[str, Any], length: int, most: int) -> Iterable[tuple[int, float]]:
    """Yield start and value of the datapoints that were judged; older histories list the recent ones only."""
    if "evaluatedDatapoints" in data:
        for point in _listed(data["evaluatedDatapoints"]):
            start, value = _stamp(point.get("timestamp")), point.get("value")
            if start is not None and _is_number(value):
                yield start, float(value)
        return
    first, recent = _stamp(data.get("startDate")), data.get("recentDatapoints")
    if first is None or not isinstance(recent, list):
        return
    real = [(first + place * length, float(value)) for place, value in enumerate(recent) if _is_number(value)]
    yield from real[-most:]


def _json(text: object) -> Mapping[str, Any]:
    """Return history data as an object; nothing where it is none."""
    try:
        return _mapping(json.loads(text)) if isinstance(text, str) else {}
    except ValueError:
        return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Mapping[str, Any]]:
    return [_mapping(one) for one in value] if isinstance(value, list) else []


def _stamp(value: object) -> int | None:
    try:
        return millis(parse_stamp(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
