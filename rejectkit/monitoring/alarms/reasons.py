"""Why an alarm is in its state: the service's sentence, and the JSON beside it.

The shapes are those of recorded answers and of histories quoted in public. *Inferred* from them, for want of a
documented grammar:

- a reason names every datapoint that speaks for the state, the newest first; from five on, the newest five, in a
  sentence of their own, where a missing clause stands after them;
- "out of the last N" and "(minimum ...)" stand if the alarm was put with DatapointsToAlarm; the minimum for OK is
  N − M + 1, and is called "ALARM -> OK" whatever the state before;
- missing datapoints are told under breaching and notBreaching only, as many as lack to N real ones; where no real
  one speaks for the state, the sentence counts what was received;
- `recentDatapoints` runs from the oldest real datapoint of the range to the newest, `startDate` is where it begins;
- `evaluatedDatapoints` are the datapoints of the reason and, up to the minimum, the newest missing slots;
- where the JSON is too long it loses its oldest datapoints;
- a state that `ignore` keeps has no reason of its own: the service leaves the former one standing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.timing.moments import parse_stamp, short, stamp

if TYPE_CHECKING:
    from rejectkit.monitoring.alarms.alarm import AlarmRule

REASON_LIMIT: Final = 1_023
REASON_DATA_LIMIT: Final = 4_000
NAMED: Final = 5
"""Datapoints named in a reason's separate sentence; from as many on there is one."""

WORDS: Final = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
TREATED: Final = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


@dataclass(frozen=True, slots=True)
class Datapoint:
    """What a metric holds for one period.

    Parameters
    ----------
    start : float
        Seconds since the epoch at which the period begins.
    value : float or None
        The statistic; None and NaN: nothing was reported.
    samples : float or None
        SampleCount of the period, where it is known.
    """

    start: float
    value: float | None = None
    samples: float | None = None

    @property
    def is_missing(self) -> bool:
        """Whether nothing was reported."""
        return self.value is None or math.isnan(self.value)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state and why.

    Parameters
    ----------
    state : str
        OK, ALARM or INSUFFICIENT_DATA.
    reason : str
        The service's sentence, at most 1,023 characters; empty where `ignore` kept the state.
    reason_data : dict
        The service's JSON, at most 4,000 characters of it; empty where there is none.
    """

    state: str
    reason: str
    reason_data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason_json(self) -> str:
        """`reason_data` as the service's text, StateReasonData; empty where there is none."""
        return compact(self.reason_data) if self.reason_data else ""


UNCHECKED: Final = Judgement("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
"""The state in which an alarm is created."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One evaluation, taken apart: what spoke for the state, what was missing."""

    rule: AlarmRule
    state: str
    newest: tuple[Datapoint, ...]  # the whole range, the newest first
    real: tuple[Datapoint, ...]
    speaking: tuple[Datapoint, ...]
    lacking: int

    @property
    def minimum(self) -> int:
        """Datapoints that the state takes."""
        n, m = self.rule.evaluation_periods, self.rule.datapoints_to_alarm
        return n - m + 1 if self.state == "OK" else m

    @property
    def clear(self) -> str:
        """The word between "was" and the comparison."""
        return "not " if self.state == "OK" else ""


def explain(
    rule: AlarmRule,
    datapoints: Sequence[Datapoint],
    state: str,
    at: datetime | float,
    *,
    m_of_n: bool | None = None,
    unit: str | None = None,
) -> Judgement:
    """Return a state with its reason; the arguments are those of `AlarmRule.judge`, and the state it found."""
    case = _take_apart(rule, datapoints, state)
    if _is_kept(case):
        return Judgement(state, "")
    told = rule.datapoints_to_alarm < rule.evaluation_periods if m_of_n is None else m_of_n
    return Judgement(state, _sentence(case, told), fit(_data(case, at, unit)))


def _take_apart(rule: AlarmRule, datapoints: Sequence[Datapoint], state: str) -> _Case:
    if not datapoints:
        raise ArgumentError("there is no datapoint; give one for each slot of the range, the missing ones too")
    for one, other in pairwise(datapoints):
        if other.start - one.start != rule.period:
            raise ArgumentError(
                f"datapoints start at {stamp(one.start)} and {stamp(other.start)}; give them oldest first, one for "
                f"each slot of {rule.period} s, the missing ones too"
            )
    absent = rule.evaluation_periods - len(datapoints)
    before = [Datapoint(datapoints[0].start - rule.period * back) for back in range(1, absent + 1)]
    newest = (*reversed(datapoints), *before)
    real = tuple(point for point in newest if not point.is_missing)
    taken = real[: rule.evaluation_periods]
    speaking = (
        () if state == "INSUFFICIENT_DATA" else tuple(p for p in taken if _breaches(rule, p) == (state == "ALARM"))
    )
    return _Case(rule, state, newest, real, speaking, max(0, rule.evaluation_periods - len(real)))


def _breaches(rule: AlarmRule, point: Datapoint) -> bool:
    return point.value is not None and rule.breaches(point.value)


def _is_kept(case: _Case) -> bool:
    """Return whether the data did not decide, and `ignore` kept the state."""
    if case.rule.treat_missing_data != "ignore":
        return False
    breaching = sum(_breaches(case.rule, point) for point in case.real)
    return breaching == len(case.real) < case.rule.datapoints_to_alarm


def _sentence(case: _Case, m_of_n: bool) -> str:
    rule = case.rule
    if case.state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {_count(case.lacking, 'datapoint', 'unknown')}."
    treated = TREATED.get(rule.treat_missing_data)
    missing = ""
    if treated and case.lacking:
        missing = f" and {_count(case.lacking, 'missing datapoint', 'treated as')} [{treated}]"
    if not case.speaking:
        got = len(case.real)
        received = _count(got, "datapoint", "received") if got else "no datapoints were received"
        return f"Threshold Crossed: {received} for {_plural(rule.evaluation_periods, 'period')}{missing}."
    number = len(case.speaking)
    subject = f"{number} out of the last {rule.evaluation_periods} datapoints"
    subject = subject if m_of_n else _plural(number, "datapoint")
    listed = ", ".join(f"{decimal(_value(point))} ({short(point.start)})" for point in case.speaking[:NAMED])
    verdict = f"{_were(number)} {case.clear}{WORDS[rule.comparison]} the threshold ({decimal(rule.threshold)})"
    if number < NAMED:
        text = f"{subject} [{listed}] {verdict}{missing}"
    else:
        text = f"{subject} {verdict}. The most recent datapoints which crossed the threshold: [{listed}]{missing}"
    change = "ALARM -> OK" if case.state == "OK" else "OK -> ALARM"
    minimum = f" (minimum {_plural(case.minimum, 'datapoint')} for {change} transition)" if m_of_n else ""
    return f"Threshold Crossed: {text}{minimum}."


def _data(case: _Case, at: datetime | float, unit: str | None) -> dict[str, Any]:
    data: dict[str, Any] = {"version": "1.0", "queryDate": stamp(at)}
    recent: tuple[Datapoint, ...] = ()
    if case.real:
        span = case.newest[case.newest.index(case.real[0]) : case.newest.index(case.real[-1]) + 1]
        recent = span[::-1]
        data["startDate"] = stamp(recent[0].start)
    if unit is not None:
        data["unit"] = unit
    data["statistic"] = case.rule.statistic
    data["period"] = case.rule.period
    data["recentDatapoints"] = [None if point.is_missing else _value(point) for point in recent]
    data["threshold"] = case.rule.threshold
    gaps = [point for point in case.newest if point.is_missing][: max(0, case.minimum - len(case.speaking))]
    evaluated = sorted([*case.speaking, *gaps], key=lambda point: -point.start)
    data["evaluatedDatapoints"] = [_evaluated(point) for point in evaluated]
    return data


def _evaluated(point: Datapoint) -> dict[str, Any]:
    told: dict[str, Any] = {"timestamp": stamp(point.start)}
    if not point.is_missing:
        if point.samples is not None:
            told["sampleCount"] = float(point.samples)
        told["value"] = _value(point)
    return told


def fit(data: Mapping[str, Any], limit: int = REASON_DATA_LIMIT) -> dict[str, Any]:
    """Return reason data cut to a number of characters of JSON: the oldest datapoints go first.

    Of `evaluatedDatapoints` the newest stay; where five of them are too many still, `recentDatapoints` is cut too
    and `startDate` moves along. Data of another make (from SetAlarmState) is returned as it is if it fits, else
    as an empty dict.
    """
    out = dict(data)
    if len(compact(out)) <= limit:
        return out
    if not {"recentDatapoints", "evaluatedDatapoints", "period"} <= out.keys():
        return {}
    evaluated, recent = out["evaluatedDatapoints"], out["recentDatapoints"]

    def shorter(kept_evaluated: int, kept_recent: int) -> dict[str, Any]:
        cut = out | {
            "recentDatapoints": recent[len(recent) - kept_recent :],
            "evaluatedDatapoints": evaluated[:kept_evaluated],
        }
        if "startDate" in out:
            moved = parse_stamp(out["startDate"]) + timedelta(seconds=out["period"] * (len(recent) - kept_recent))
            cut["startDate"] = stamp(moved)
        if not cut["recentDatapoints"]:
            cut.pop("startDate", None)
        return cut

    some = _most(len(evaluated), lambda kept: len(compact(shorter(kept, len(recent)))) <= limit)
    if some >= min(NAMED, len(evaluated)):
        return shorter(some, len(recent))
    fewest = min(NAMED, len(evaluated))
    kept = _most(len(recent), lambda number: len(compact(shorter(fewest, number))) <= limit)
    if kept:
        return shorter(fewest, kept)
    return shorter(_most(fewest, lambda number: len(compact(shorter(number, 0))) <= limit), 0)


def _most(highest: int, fits: Callable[[int], bool]) -> int:
    """Return the greatest number up to `highest` that fits, 0 if none does; what fits, fits for fewer too."""
    low, high = 0, highest
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def compact(data: Mapping[str, Any]) -> str:
    """Return JSON without blanks, as the service writes it."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def decimal(number: float) -> str:
    """Return a number as the service prints it, which is Java's way.

    Examples
    --------
    >>> decimal(3), decimal(38.84), decimal(2_147_483_648), decimal(0.0005)
    ('3.0', '38.84', '2.147483648E9', '5.0E-4')
    """
    number = float(number)
    if not math.isfinite(number):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(number, "NaN")
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign = "-" if number < 0 else ""
    digits, _, power = f"{_shortest(abs(number))}".partition("e")
    whole, _, rest = digits.partition(".")
    return f"{sign}{whole}.{rest or '0'}E{int(power)}"


def _shortest(number: float) -> str:
    """Return the shortest digits that name a number, in scientific notation."""
    return next(text for places in range(17) if float(text := f"{number:.{places}e}") == number)


def _value(point: Datapoint) -> float:
    return math.nan if point.value is None else float(point.value)


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _count(number: int, noun: str, done: str) -> str:
    """Return "1 datapoint was unknown", "3 datapoints were unknown"."""
    return f"{_plural(number, noun)} {_were(number)} {done}"
