"""PutMetricData: values, values with counts, and statistic sets, into the minute (or second) of their timestamp."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rejectkit.monitoring.alarms.reasons import decimal
from rejectkit.sandbox.calls import Call, ServiceError, epoch
from rejectkit.sandbox.metrics.checks import at_most, dimensions_of, one_of
from rejectkit.sandbox.metrics.metricstore import MetricStore, StatisticSet

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

OLDEST = 14 * 86_400
NEWEST = 2 * 3600
LARGEST = 2.0**360
UNITS = (
    *("Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"),
    *("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second"),
    *("Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second"),
    *("Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None"),
)


def put_metric_data(world: World, call: Call) -> None:
    """Store datapoints; nothing is stored of a call that is refused.

    Source: CloudWatch API reference, "PutMetricData" and "MetricDatum"; the refusals are recorded ones.
    """
    namespace, data = call.params.get("Namespace", ""), call.params.get("MetricData") or ()
    if not data:
        raise ServiceError("MissingParameter", "At least one MetricDatum object must be present in the request.")
    if namespace.startswith("AWS/"):
        raise ServiceError("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
    at_most(call.params, "Namespace", 255)
    at_most(call.params, "MetricData", 1000)
    now = world.clock.seconds
    made = [_datum(datum, f"MetricData.member.{place}", now) for place, datum in enumerate(data, 1)]
    store = world.region(call.region).of(MetricStore)
    for datum, (dimensions, start, values) in zip(data, made, strict=True):
        store.add(
            namespace,
            datum["MetricName"],
            dimensions,
            start,
            total=values.total,
            count=values.count,
            least=values.least,
            most=values.most,
            unit=datum.get("Unit") or "None",
        )


def _datum(datum: Mapping[str, Any], path: str, now: float) -> tuple[dict[str, str], int, StatisticSet]:
    at_most(datum, "MetricName", 255)
    at_most(datum, "Dimensions", 30)
    one_of(datum, "Unit", UNITS)
    stamp = epoch(datum["Timestamp"]) if datum.get("Timestamp") else now
    if stamp < now - OLDEST:
        raise _bad(f"The parameter {path}.Timestamp must specify a time within the past two weeks.")
    if stamp > now + NEWEST:
        raise _bad(f"The parameter {path}.Timestamp must specify a time no more than two hours in the future.")
    resolution = datum.get("StorageResolution") or 60
    if resolution not in (1, 60):
        raise _bad(f"The parameter {path}.StorageResolution must be a value in the set [ 1, 60 ].")
    return dimensions_of(datum), math.floor(stamp / resolution) * resolution, _values(datum, path)


def _values(datum: Mapping[str, Any], path: str) -> StatisticSet:
    value, values, counts = datum.get("Value"), datum.get("Values") or (), datum.get("Counts") or ()
    told = datum.get("StatisticValues")
    for other, given in (("Values", values), ("StatisticValues", told)):
        if value is not None and given:
            raise ServiceError(
                "InvalidParameterCombination",
                f"The parameters {path}.Value and {path}.{other} are mutually exclusive and you have specified both.",
            )
    if counts and not values:
        raise ServiceError(
            "InvalidParameterCombination",
            "The parameter values must appears when the counts parameter is specified.",
        )
    if value is not None:
        _finite(value, f"{path}.Value")
        return StatisticSet(float(value), 1.0, float(value), float(value))
    if values:
        return _weighted(values, counts, path)
    if told:
        return _told(told, f"{path}.StatisticValues")
    raise ServiceError("InvalidParameterCombination", "At least one of the parameters must be specified.")


def _weighted(values: Sequence[float], counts: Sequence[float], path: str) -> StatisticSet:
    if counts and len(counts) != len(values):
        raise _bad(f"The parameters {path}.Values and {path}.Counts must be of the same size.")
    if len(values) > 150:
        raise _bad(f"The collection {path}.Values must not have a size greater than 150.")
    if any(count < 0 for count in counts):
        raise _bad(f"The parameter {path}.Counts must contain only values greater than 0.")
    for each in values:
        _finite(each, f"{path}.Values")
    weights = [float(count) for count in counts] or [1.0] * len(values)
    total = sum(each * weight for each, weight in zip(values, weights, strict=True))
    return StatisticSet(float(total), sum(weights), float(min(values)), float(max(values)))


def _told(told: Mapping[str, float], path: str) -> StatisticSet:
    for name in ("SampleCount", "Sum", "Minimum", "Maximum"):
        if told.get(name) is None:
            raise ServiceError("MissingParameter", f"The parameter {path}.{name} is required.")
        _finite(told[name], f"{path}.{name}")
    if told["SampleCount"] <= 0:
        raise _bad(f"The parameter {path}.SampleCount must be greater than 0.")
    if told["Minimum"] > told["Maximum"]:
        raise _bad(f"The parameter {path}.Maximum must be greater than {path}.Minimum.")
    return StatisticSet(*(float(told[name]) for name in ("Sum", "SampleCount", "Minimum", "Maximum")))


def _finite(value: float, path: str) -> None:
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise _bad(f"The value {decimal(value)} for parameter {path} is invalid.")


def _bad(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValue", message)
