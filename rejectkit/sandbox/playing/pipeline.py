"""From records to log events: when each record of a scenario arrives, and its arrival."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from rejectkit.errors import ArgumentError
from rejectkit.records import LogFormat
from rejectkit.sandbox.logs.logstore import LogStore
from rejectkit.sandbox.playing.dice import Dice, Ints
from rejectkit.sandbox.playing.enforcing import ACCEPTED, AS_IT_WAS, NEVER, outcomes, rules_now
from rejectkit.sandbox.playing.scenario import Scenario
from rejectkit.sandbox.world import World

_GRAINS = 10_000  # different delays that are drawn from


@dataclass(frozen=True, slots=True)
class Delivery:
    """How long after their aggregation interval closed records arrive in CloudWatch Logs.

    The records of one interface and interval arrive together. Delays are log-normal: most near the median, some
    much later. AWS says of the delay only "about 5 minutes", best effort; the shape is inferred.

    Attributes
    ----------
    median : float
        Seconds; half of the deliveries are quicker.
    spread : float
        Standard deviation of the logarithm; 0: all deliveries take the median.
    longest : float
        Seconds; what would take longer takes this.
    seed : int
        Seed of the draws.
    """

    median: float = 300.0
    spread: float = 0.3
    longest: float = 1800.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values.

        Raises
        ------
        ArgumentError
            If one cannot be.
        """
        if not (0 <= self.median < float("inf") and 0 <= self.spread < 5 and self.longest >= self.median):
            raise ArgumentError(
                f"a delivery with median={self.median!r}, spread={self.spread!r}, longest={self.longest!r} cannot be: "
                "give seconds from 0, a spread from 0 to 5, and a longest that is not below the median"
            )

    @classmethod
    def constant(cls, seconds: float) -> Delivery:
        """Return deliveries that all take the same time."""
        return cls(median=seconds, spread=0.0, longest=seconds)

    def delays(self, count: int, seed: int = 0) -> Ints:
        """Return delays in whole milliseconds, the same ones for the same seeds."""
        drawn = Dice(seed, f"delivery {self.seed}").below(_GRAINS, count)
        delays = np.minimum(self.median * np.exp(self.spread * _normal()) * 1000, self.longest * 1000).astype(np.int64)
        return delays[drawn]


def arrivals(scenario: Scenario, delivery: Delivery) -> Ints:
    """Return when each record of a scenario arrives: milliseconds since the epoch, aligned with `records()`."""
    closes = scenario.closes
    deliveries = np.stack([np.unique(scenario.interfaces, return_inverse=True)[1], closes])
    _, batch = np.unique(deliveries, axis=1, return_inverse=True)
    return closes * 1000 + delivery.delays(int(batch.max(initial=-1)) + 1, scenario.seed)[batch]


@lru_cache(maxsize=1)
def _normal() -> npt.NDArray[np.float64]:
    """Return the quantiles of the normal distribution in the middles of as many steps as there are grains."""
    quantile = NormalDist().inv_cdf
    return np.array([quantile((grain + 0.5) / _GRAINS) for grain in range(_GRAINS)])


class Deliveries:
    """The records of a scenario on their way into a log group."""

    def __init__(
        self, world: World, region: str, scenario: Scenario, delivery: Delivery, log_format: LogFormat, log_group: str
    ) -> None:
        """Make the group and put its records in the order of their arrival."""
        self.world, self.region, self.scenario = world, region, scenario
        self.delivery, self.log_format, self.log_group = delivery, log_format, log_group
        self.knocks = 0  # connection attempts that were played
        self.store = world.region(region).of(LogStore)
        self.store.create(log_group)
        self.store.formats[log_group] = log_format
        arrived = arrivals(scenario, delivery)
        order = np.argsort(arrived, kind="stable")
        self.arrived = arrived[order]
        lines, starts, streams = scenario.lines(log_format), scenario.starts, scenario.interfaces
        self.order = order
        self.made = [lines[at] for at in order.tolist()]  # as the scenario made them
        self.lines: list[str | None] = list(self.made)  # None: a record that is never made
        self.looked = world.changes["ec2"]
        self.times = (starts[order] * 1000).tolist()
        self.streams = [f"{streams[at]}-all" for at in order.tolist()]
        self.done = 0

    def deliver(self) -> None:
        """Let arrive what has arrived by now, and heed what has become of the rules."""
        if self.looked != self.world.changes["ec2"]:
            self._heed()
        last = int(np.searchsorted(self.arrived, self.world.clock.millis, side="right"))
        if last == self.done:
            return
        first, self.done = self.done, last
        streams, arrived = self.streams, self.arrived[first:last].tolist()
        low = first
        for at in range(first + 1, last + 1):
            if at < last and streams[at] == streams[low]:
                continue
            events = [
                (time, line, come)
                for time, line, come in zip(
                    self.times[low:at], self.lines[low:at], arrived[low - first : at - first], strict=True
                )
                if line is not None
            ]
            if events:
                times, lines, came = (list(column) for column in zip(*events, strict=True))
                self.store.put(self.log_group, streams[low], times, lines, came)
            low = at

    def _heed(self) -> None:
        """Judge the records that are made from now on by the rules of now."""
        self.looked = self.world.changes["ec2"]
        since = math.ceil(self.looked[1]) * 1000
        column = self.log_format.fields.index("action") if "action" in self.log_format.fields else None
        becomes = outcomes(self.scenario, rules_now(self.world, self.region))[self.order]
        for at in np.flatnonzero(np.asarray(self.times) >= since).tolist():
            if at >= self.done:
                self.lines[at] = _rewritten(self.made[at], int(becomes[at]), column)

    def later(self, interface: str, start: int, closes: int, line: str) -> None:
        """Let one more record arrive, as late as those of its interface and interval, or as any where there are none.

        Parameters
        ----------
        interface : str
            Its interface's id.
        start, closes : int
            When it begins, and when its aggregation interval closes: seconds since the epoch.
        line : str
            The record, in the flow log's format.
        """
        mine = np.flatnonzero((self.scenario.closes == closes) & (np.array(self.scenario.interfaces) == interface))
        if len(mine):
            arrives = int(arrivals(self.scenario, self.delivery)[mine[0]])
        else:
            grain = int(Dice(self.scenario.seed, f"{interface} {closes}").below(_GRAINS, 1)[0])
            arrives = closes * 1000 + int(self.delivery.delays(1, grain)[0])

        def arrive() -> None:
            self.store.put(self.log_group, f"{interface}-all", [start * 1000], [line], arrives)

        self.world.clock.at(arrives / 1000, arrive)


def _rewritten(line: str, outcome: int, column: int | None) -> str | None:
    """Return a record's line as it becomes; None: there is no such record."""
    if outcome == NEVER:
        return None
    if outcome == AS_IT_WAS or column is None:
        return line
    words = line.split(" ")
    words[column] = "ACCEPT" if outcome == ACCEPTED else "REJECT"
    return " ".join(words)


def play(
    world: World, region: str, scenario: Scenario, delivery: Delivery, log_format: LogFormat, log_group: str
) -> Deliveries:
    """Let the records of a scenario arrive in a log group, each at its own time, as the clock goes.

    What arrived is there before anything else of the same moment happens.
    """
    deliveries = Deliveries(world, region, scenario, delivery, log_format, log_group)
    world.clock.first(deliveries.deliver)
    deliveries.deliver()
    return deliveries
