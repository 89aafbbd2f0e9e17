"""GetMetricStatistics, GetMetricData and ListMetrics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rejectkit.monitoring.alarms.alarm import STATISTICS
from rejectkit.sandbox.calls import Call, ServiceError, epoch
from rejectkit.sandbox.metrics.checks import bad_token, dimensions_of, one_of, validation_error
from rejectkit.sandbox.metrics.metricput import UNITS
from rejectkit.sandbox.metrics.metricstore import Metric, MetricStore
from rejectkit.sandbox.paging import page

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

MOST_DATAPOINTS = 1_440
MOST_QUERIES = 500
MOST_VALUES = 100_800
METRICS_PAGE = 500
RECENT = 3 * 3600


def get_metric_statistics(world: World, call: Call) -> Mapping[str, Any]:
    """Return the datapoints of one metric, one for each unit and period that has data.

    Source: CloudWatch API reference, "GetMetricStatistics"; the refusals are recorded ones. Kept is all, at the
    resolution it came in: nothing is rolled up with age.
    """
    params = call.params
    period = _period(params.get("Period", 0))
    first, last = _window(params["StartTime"], params["EndTime"], period)
    asked = -(-(last - first) // period)
    if asked > MOST_DATAPOINTS:
        raise _combination(
            f"You have requested up to {asked} datapoints, which exceeds the limit of {MOST_DATAPOINTS}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    if params.get("ExtendedStatistics"):
        raise _not_played(f"extended statistics ({', '.join(params['ExtendedStatistics'])})")
    statistics = params.get("Statistics") or ()
    if not statistics:
        raise _combination("Must specify either Statistics or ExtendedStatistics")
    for place, name in enumerate(statistics, 1):
        if name not in STATISTICS:
            raise _bad(f"The parameter Statistics.member.{place} must be a value in the set [{', '.join(STATISTICS)}].")
    one_of(params, "Unit", UNITS)
    metric = _metric(world, call, params)
    datapoints = [
        {"Timestamp": _moment(start), **{name: values.statistic(name) for name in statistics}, "Unit": unit}
        for unit in sorted(metric.units)
        if params.get("Unit") in (None, unit)
        for start, values in sorted(metric.periods(first, last, period, unit).items())
    ]
    return {"Label": params["MetricName"], "Datapoints": datapoints}


def get_metric_data(world: World, call: Call) -> Mapping[str, Any]:
    """Return the values of metrics, a page of them; expressions are refused.

    Source: CloudWatch API reference, "GetMetricData".
    """
    params = call.params
    queries = params.get("MetricDataQueries") or ()
    if len(queries) > MOST_QUERIES:
        raise validation_error(f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}.")
    if len({query["Id"] for query in queries}) < len(queries):
        raise validation_error("The values for parameter id in MetricDataQueries are not unique.")
    newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    one_of(params, "ScanBy", ("TimestampDescending", "TimestampAscending"))
    found = [
        (query, start, value)
        for query in queries
        for start, value in _values(world, call, query, newest_first)
        if query.get("ReturnData", True)
    ]
    size = params.get("MaxDatapoints") or MOST_VALUES
    told = page("values", found, params.get("NextToken"), min(size, MOST_VALUES), refuse=bad_token)
    shown = told.pop("values")
    results = [_result(query, shown, bool(told)) for query in queries if query.get("ReturnData", True)]
    return {"MetricDataResults": results, "Messages": [], **told}


def _values(world: World, call: Call, query: Mapping[str, Any], newest_first: bool) -> list[tuple[int, float]]:
    if "MetricStat" not in query:
        raise _not_played(f"expressions (query {query['Id']!r}: {query.get('Expression', '')!r})")
    stat = query["MetricStat"]
    if stat["Stat"] not in STATISTICS:
        raise _not_played(f"the statistic {stat['Stat']!r} (query {query['Id']!r})")
    one_of(stat, "Unit", UNITS)
    period = _period(stat["Period"])
    first, last = _window(call.params["StartTime"], call.params["EndTime"], period)
    found = _metric(world, call, stat["Metric"]).periods(first, last, period, stat.get("Unit"))
    return [(start, found[start].statistic(stat["Stat"])) for start in sorted(found, reverse=newest_first)]


def _result(query: Mapping[str, Any], shown: Any, more: bool) -> dict[str, Any]:
    mine = [(start, value) for other, start, value in shown if other is query]
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
        "Timestamps": [_moment(start) for start, _ in mine],
        "Values": [value for _, value in mine],
        "StatusCode": "PartialData" if more else "Complete",
    }


def list_metrics(world: World, call: Call) -> Mapping[str, Any]:
    """Return the metrics that have data; here one is listed as soon as it has some.

    Source: CloudWatch API reference, "ListMetrics".
    """
    params = call.params
    if params.get("RecentlyActive") not in (None, "PT3H"):
        raise validation_error("The parameter RecentlyActive must be a value in the set [PT3H].")
    since = world.clock.seconds - RECENT if params.get("RecentlyActive") else float("-inf")
    wanted = params.get("Dimensions") or ()
    listed = [
        {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
        }
        for (namespace, name, dimensions), metric in world.region(call.region).of(MetricStore).named()
        if params.get("Namespace") in (None, namespace)
        and params.get("MetricName") in (None, name)
        and metric.latest >= since
        and all(
            any(key == each["Name"] and each.get("Value") in (None, value) for key, value in dimensions)
            for each in wanted
        )
    ]
    return page(
        "Metrics",
        listed,
        params.get("NextToken"),
        METRICS_PAGE,
        refuse=lambda _: _bad("Request parameter NextToken is invalid"),
    )


def _metric(world: World, call: Call, named: Mapping[str, Any]) -> Metric:
    store = world.region(call.region).of(MetricStore)
    return store.metric(named["Namespace"], named["MetricName"], dimensions_of(named))


def _period(period: int) -> int:
    if period not in (1, 5, 10, 20, 30) and (period < 60 or period % 60):
        raise _bad("The parameter Period must be a value in the set [1, 5, 10, 20, 30] or a multiple of 60.")
    return period


def _window(start: datetime, end: datetime, period: int) -> tuple[int, int]:
    """Return the window in seconds: it begins at a whole minute, or period where that is shorter; periods count on."""
    if epoch(start) >= epoch(end):
        raise _bad("The parameter StartTime must be less than the parameter EndTime.")
    mark = min(period, 60)
    return math.floor(epoch(start) / mark) * mark, math.ceil(epoch(end))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _bad(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValue", message)


def _combination(message: str) -> ServiceError:
    return ServiceError("InvalidParameterCombination", message)


def _not_played(what: str) -> ServiceError:
    return _bad(f"The sandbox does not play {what} yet; ask for {', '.join(STATISTICS)} of a metric.")
