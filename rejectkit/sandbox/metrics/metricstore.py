"""The metrics of one region: a statistic set for each metric, unit and minute (or second)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

Dimensions = tuple[tuple[str, str], ...]
Key = tuple[str, str, Dimensions]
_LONG_AGO = float("-inf")


@dataclass(frozen=True, slots=True)
class StatisticSet:
    """What was reported for one span of time: the sum, how many values, the least and the greatest of them."""

    total: float
    count: float
    least: float
    most: float

    def merged(self, other: StatisticSet) -> StatisticSet:
        """Return both as one."""
        return StatisticSet(
            self.total + other.total,
            self.count + other.count,
            min(self.least, other.least),
            max(self.most, other.most),
        )

    def statistic(self, name: str) -> float:
        """Return SampleCount, Average, Sum, Minimum or Maximum."""
        if name == "Average":
            return self.total / self.count if self.count else 0.0
        return {"Sum": self.total, "SampleCount": self.count, "Minimum": self.least, "Maximum": self.most}[name]


@dataclass(slots=True)
class Series:
    """The datapoints of one metric in one unit, by their start: seconds since the epoch.

    A value of standard resolution starts at its minute, one of high resolution at its second.
    """

    points: dict[int, StatisticSet] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)  # the keys of `points`, in order

    def add(self, start: int, values: StatisticSet) -> None:
        """Merge values into a datapoint."""
        found = self.points.get(start)
        if found is None:
            insort(self.starts, start)
        self.points[start] = values if found is None else found.merged(values)

    def between(self, first: int, last: int) -> list[int]:
        """Return the starts in `[first, last)`."""
        return self.starts[bisect_left(self.starts, first) : bisect_left(self.starts, last)]


@dataclass(slots=True)
class Metric:
    """One metric: its series by unit, when it last got data, and how often it got some."""

    units: dict[str, Series] = field(default_factory=dict)
    latest: float = _LONG_AGO
    version: int = 0
    newest: float = _LONG_AGO  # the newest start of all units

    def series(self, unit: str | None) -> list[Series]:
        """Return the series of a unit, or all."""
        if unit is None:
            return list(self.units.values())
        return [self.units[unit]] if unit in self.units else []

    def periods(self, first: int, last: int, period: int, unit: str | None = None) -> dict[int, StatisticSet]:
        """Return statistic sets by the start of their period; periods are counted from `first`.

        Parameters
        ----------
        first, last : int
            Seconds since the epoch, half-open.
        period : int
            Seconds.
        unit : str, optional
            Only this unit; else the values of all units are taken together.
        """
        found: dict[int, StatisticSet] = {}
        for series in self.series(unit):
            for start in series.between(first, last):
                slot = first + (start - first) // period * period
                values = series.points[start]
                found[slot] = found[slot].merged(values) if slot in found else values
        return found


class MetricStore:
    """The metrics of one region.

    Parameters
    ----------
    world : World
        Whose clock says when a datapoint arrived.
    region : str
        The region's name.
    """

    def __init__(self, world: World, region: str) -> None:
        """Start with no metric."""
        self.world, self.region = world, region
        self._metrics: dict[Key, Metric] = {}

    def add(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        minute: int,
        *,
        total: float,
        count: float,
        least: float,
        most: float,
        unit: str = "None",
    ) -> None:
        """Merge values into a minute's statistic set.

        Parameters
        ----------
        namespace, name : str
            The metric's.
        dimensions : mapping of str to str
            Each set of them is a metric of its own; their order says nothing.
        minute : int
            Seconds since the epoch at which the minute starts; any second, for values of high resolution.
        total, count, least, most : float
            Sum, SampleCount, Minimum and Maximum of the values.
        unit : str
            As CloudWatch names it.
        """
        metric = self.metric(namespace, name, dimensions)
        if unit not in metric.units:
            metric.units[unit] = Series()
        metric.units[unit].add(minute, StatisticSet(total, count, least, most))
        metric.version += 1
        metric.newest = max(metric.newest, minute)
        metric.latest = self.world.clock.seconds

    def minutes(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        first: int,
        last: int,
        unit: str | None = None,
    ) -> dict[int, StatisticSet]:
        """Return the statistic sets of the minutes that start in `[first, last)`, by their start.

        With no unit, the values of all units are taken together.
        """
        start = first // 60 * 60
        found = self.metric(namespace, name, dimensions).periods(start, last, 60, unit)
        return {minute: found[minute] for minute in sorted(found) if minute >= first}

    def metric(self, namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
        """Return a metric; one that has no data yet is empty."""
        return self._metrics.setdefault((namespace, name, tuple(sorted(dimensions.items()))), Metric())

    def named(self) -> Iterator[tuple[Key, Metric]]:
        """Yield the metrics that have data, sorted by namespace, name and dimensions."""
        for key in sorted(self._metrics):
            if self._metrics[key].version:
                yield key, self._metrics[key]
