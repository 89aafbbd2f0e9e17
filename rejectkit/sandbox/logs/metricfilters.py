"""CloudWatch Logs: metric filters, and the datapoints that events make of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.logs.logevents import compiled
from rejectkit.sandbox.logs.loggroups import checked, invalid, store
from rejectkit.sandbox.logs.logstore import LogGroup, LogStore
from rejectkit.sandbox.metrics.metricput import UNITS
from rejectkit.sandbox.metrics.metricstore import MetricStore
from rejectkit.sandbox.paging import page
from rejectkit.sandbox.world import World

# Source: PutMetricFilter, MetricTransformation, TestMetricFilter, CloudWatch Logs quotas.
FILTERS_OF_A_GROUP, REGEX_FILTERS_OF_A_GROUP, MOST_DIMENSIONS, MOST_TESTED = 100, 5, 3, 50
_NAME = re.compile(r"[^:*]*")
_METRIC = re.compile(r"[^:*$]*")
_FIELD = re.compile(r"\$(\.?)[^\s\[\]*]+")
_DECIMAL = re.compile(r"[+-]?(\d{1,300}(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?")
_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """One filter: its pattern and what a match counts.

    Attributes
    ----------
    value : float or str
        A number, or the `$field` that has it.
    default : float or None
        The value of an event that does not match.
    dimensions : tuple of (str, str)
        Names, each with the `$field` that has the value.
    told : mapping
        It as DescribeMetricFilters tells it.
    """

    name: str
    pattern: FilterPattern
    namespace: str
    metric: str
    value: float | str
    default: float | None
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    told: Mapping[str, Any]

    def count(self, into: MetricStore, times: Sequence[int], messages: Sequence[str]) -> None:
        """Add the datapoints of events, each in the minute of its own timestamp.

        Source: the default value is counted once for each event without a match (recorded; AWS's page speaks
        of minutes); a field that holds no number gives no datapoint (recorded).
        """
        minutes = np.asarray(times, np.int64) // _MINUTE * 60
        hit = self.pattern.matching(messages)
        if isinstance(self.value, float) and not self.dimensions:
            values = np.where(hit, self.value, np.nan if self.default is None else self.default)
            self._add(into, {}, minutes, values)
            return
        if self.default is not None and not hit.all():
            missed = ~hit
            self._add(into, {}, minutes[missed], np.full(int(missed.sum()), self.default))
        found: dict[tuple[tuple[str, str], ...], tuple[list[int], list[float]]] = {}
        for at in np.flatnonzero(hit).tolist():
            fields = self.pattern.extract(messages[at]) or {}
            value = self.value if isinstance(self.value, float) else _number(fields.get(self.value))
            if value is None or any(field not in fields for _, field in self.dimensions):
                continue
            places, values_of = found.setdefault(
                tuple((key, fields[field]) for key, field in self.dimensions), ([], [])
            )
            places.append(int(minutes[at]))
            values_of.append(value)
        for dimensions, (places, values_of) in found.items():
            self._add(into, dict(dimensions), np.asarray(places), np.asarray(values_of))

    def _add(
        self,
        into: MetricStore,
        dimensions: Mapping[str, str],
        minutes: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
    ) -> None:
        there = ~np.isnan(values)
        minutes, values = minutes[there], values[there]
        order = np.argsort(minutes, kind="stable")
        minutes, values = minutes[order], values[order]
        starts, first = np.unique(minutes, return_index=True)
        for minute, group in zip(starts.tolist(), np.split(values, first[1:]), strict=len(starts) > 0):
            into.add(
                self.namespace,
                self.metric,
                dimensions,
                minute,
                total=float(group.sum()),
                count=float(len(group)),
                least=float(group.min()),
                most=float(group.max()),
                unit=self.unit,
            )


def _number(text: str | None) -> float | None:
    """Return the number that a text spells, None where it spells none."""
    return float(text) if text is not None and _DECIMAL.fullmatch(text) else None


class MetricFilters:
    """Watches the log groups of one region and counts what arrives."""

    def __init__(self, world: World, region: str) -> None:
        """Watch from now: filters do not look back."""
        self.world, self.region = world, region
        world.region(region).of(LogStore).taken.append(self.take)

    def take(self, group: LogGroup, times: Sequence[int], messages: Sequence[str], arrived: Sequence[int]) -> None:
        """Count events through each filter of their group, `limits.metric_seconds` after they arrived."""
        if not group.filters:
            return
        metrics, clock = self.world.region(self.region).of(MetricStore), self.world.clock
        late = self.world.limits.metric_seconds
        ready: dict[float, list[int]] = {}
        for at, when in enumerate(arrived):
            ready.setdefault(max(clock.seconds, when / 1000 + late) if late else clock.seconds, []).append(at)
        for due, places in ready.items():
            whole = len(places) == len(messages)
            moments = times if whole else [times[at] for at in places]
            texts = messages if whole else [messages[at] for at in places]
            for one in list(group.filters.values()):
                if due > clock.seconds:
                    clock.at(due, partial(one.count, metrics, list(moments), list(texts)))
                else:
                    one.count(metrics, moments, texts)


def _put(world: World, call: Call) -> None:
    given = call.params
    world.region(call.region).of(MetricFilters)
    group = store(world, call).group(given["logGroupName"])
    if group.log_class != "STANDARD":
        raise ServiceError(
            "InvalidOperationException", f"Metric filters are not supported for the {group.log_class} log class."
        )
    name = checked(given["filterName"], "filterName", _NAME)
    for member in ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions"):
        if given.get(member):
            raise invalid(f"The sandbox does not play metric filters with {member}.")
    text = given["filterPattern"]
    if len(text) > 1024:
        raise invalid(
            f"1 validation error detected: Value '{text}' at 'filterPattern' failed to satisfy constraint: Member must "
            "have length less than or equal to 1024"
        )
    transformations = given["metricTransformations"]
    if len(transformations) != 1:
        raise invalid(
            f"1 validation error detected: Value '{_spelled(transformations)}' at 'metricTransformations' failed to "
            f"satisfy constraint: Member must have length {'less' if transformations else 'greater'} than or equal to 1"
        )
    made = _made(name, text, transformations[0], group, world.clock.millis)
    others = [one for one in group.filters.values() if one.name != name]
    if len(others) >= FILTERS_OF_A_GROUP:
        raise ServiceError("LimitExceededException", "Resource limit exceeded.")
    if made.pattern.has_regex and sum(one.pattern.has_regex for one in others) >= REGEX_FILTERS_OF_A_GROUP:
        raise ServiceError(
            "LimitExceededException",
            f"The log group has {REGEX_FILTERS_OF_A_GROUP} patterns with regular expressions, which is the limit.",
        )
    group.filters[name] = made


def _made(name: str, text: str, transformation: Mapping[str, Any], group: LogGroup, now: int) -> MetricFilter:
    metric = checked(transformation["metricName"], "metricTransformations.1.member.metricName", _METRIC, 255)
    space = checked(transformation["metricNamespace"], "metricTransformations.1.member.metricNamespace", _METRIC, 255)
    pattern = compiled(text)
    if transformation.get("unit", "None") not in UNITS:
        raise invalid(f"Invalid metric transformation: unit {transformation['unit']!r} is none of CloudWatch's.")
    dimensions = dict(transformation.get("dimensions") or {})
    default = transformation.get("defaultValue")
    if dimensions and default is not None:
        raise invalid("Invalid metric transformation: dimensions and default value are mutually exclusive properties")
    if len(dimensions) > MOST_DIMENSIONS:
        raise invalid(f"Invalid metric transformation: {len(dimensions)} dimensions; {MOST_DIMENSIONS} are the most.")
    if dimensions and pattern.fields is None:
        raise invalid("The specified filter pattern does not support dimensions")
    for key, field in dimensions.items():
        if not field.startswith("$"):
            raise invalid("Invalid metric transformation: dimension value must be valid selector")
        if field[1:] not in (pattern.fields or ()) and not field[1:].isdecimal():
            raise invalid(
                f"Invalid metric transformation: dimension {key!r} refers to {field!r}, no field of the pattern."
            )
    told: dict[str, Any] = {
        "filterName": name,
        "filterPattern": text,
        "metricTransformations": [{k: v for k, v in transformation.items() if v not in (None, {})}],
        "creationTime": now,
        "logGroupName": group.name,
        "applyOnTransformedLogs": False,
    }
    if default is not None:
        told["metricTransformations"][0]["defaultValue"] = float(default)
    return MetricFilter(
        name,
        pattern,
        space,
        metric,
        _value(transformation["metricValue"]),
        None if default is None else float(default),
        transformation.get("unit", "None"),
        tuple(dimensions.items()),
        told,
    )


def _value(text: str) -> float | str:
    """Return a metric value: a number, or the field that has it, which need not be one of the pattern (recorded)."""
    if len(text) > 100:
        raise invalid(f"Invalid metric transformation: the metricValue has {len(text)} characters; 100 are the most.")
    if text.startswith("$") and _FIELD.fullmatch(text):
        return text
    value = _number(text)
    if value is None:
        raise invalid(
            f"Invalid metric transformation: metricValue {text!r} is neither a number nor a field of the pattern."
        )
    return value


def _spelled(transformations: Sequence[Mapping[str, Any]]) -> str:
    keys = ("metricName", "metricNamespace", "metricValue", "defaultValue", "unit", "dimensions")

    def one(transformation: Mapping[str, Any]) -> str:
        members = ", ".join(f"{key}={transformation.get(key, 'null')}" for key in keys)
        return f"MetricTransformation({members})"

    return f"[{', '.join(map(one, transformations))}]"


def _delete(world: World, call: Call) -> None:
    name = checked(call.params["filterName"], "filterName", _NAME)
    if len(call.params["logGroupName"]) > 512:
        raise invalid("Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
    group = store(world, call).group(call.params["logGroupName"])
    if name not in group.filters:
        raise ServiceError("ResourceNotFoundException", "The specified metric filter does not exist.")
    del group.filters[name]


def _describe(world: World, call: Call) -> Mapping[str, Any]:
    given = call.params
    groups = store(world, call)
    prefix = given.get("filterNamePrefix", "")
    if prefix:
        checked(prefix, "filterNamePrefix", _NAME)
    for member in ("metricName", "metricNamespace"):
        if member in given:
            checked(given[member], member, _METRIC, 255)
    if ("metricName" in given) != ("metricNamespace" in given):
        raise invalid("If you include the metricName parameter in your request, you must also include metricNamespace.")
    of = [groups.group(given["logGroupName"])] if given.get("logGroupName") else list(groups.groups.values())
    found = [
        one
        for group in sorted(of, key=lambda group: group.name)
        for _, one in sorted(group.filters.items())
        if one.name.startswith(prefix)
        and (
            "metricName" not in given or (one.metric, one.namespace) == (given["metricName"], given["metricNamespace"])
        )
    ]
    size = int(given.get("limit") or 50)
    if not 1 <= size <= 50:
        raise invalid(f"limit {size} is not between 1 and 50")
    rows = [dict(one.told) for one in found]
    return page("metricFilters", rows, given.get("nextToken"), size, key="nextToken")


def _test(world: World, call: Call) -> Mapping[str, Any]:
    """TestMetricFilter; events are numbered from 1 (recorded; the API page's examples count from 0)."""
    messages = call.params["logEventMessages"]
    if not 1 <= len(messages) <= MOST_TESTED:
        raise invalid(
            f"1 validation error detected: Value at 'logEventMessages' failed to satisfy constraint: Member must have "
            f"length {'less' if messages else 'greater'} than or equal to {MOST_TESTED if messages else 1}"
        )
    pattern = compiled(call.params["filterPattern"])
    return {
        "matches": [
            {"eventNumber": number, "eventMessage": message, "extractedValues": values}
            for number, message in enumerate(messages, 1)
            if (values := pattern.extract(message)) is not None
        ]
    }


OPERATIONS: dict[str, Handler] = {
    "DeleteMetricFilter": _delete,
    "DescribeMetricFilters": _describe,
    "PutMetricFilter": _put,
    "TestMetricFilter": _test,
}
