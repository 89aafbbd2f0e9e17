"""Events reduced to minutes and arrivals once, and from these what an alarm's periods hold at each evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np

from rejectkit.monitoring.alarms import evaluation
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.replaying.delays import Ints
from rejectkit.monitoring.replaying.events import Bools, Events, Floats
from rejectkit.window import Window

Kept = TypeVar("Kept")

_KEPT: Final = 16_000_000  # values of periods that are kept for the next rule; more are made anew for each
_DENSE: Final = 30_000_000  # pairs of minute and arrival that are counted in a table; more are sorted


@dataclass(frozen=True, slots=True)
class Ticks:
    """The moments at which alarms of a resolution are evaluated in a window.

    Attributes
    ----------
    step : int
        Seconds between two of them: 60, or 10 for periods below a minute. Time is counted in these.
    phase : int
        Milliseconds after each mark of the step.
    first, number : int
        The first mark in the window, and how many there are.
    shift : int
        Marks from a tick's own to the end of the newest period it looks at.
    """

    step: int
    phase: int
    first: int
    number: int
    shift: int

    @classmethod
    def of(cls, rule: AlarmRule, window: Window, phase: float) -> Ticks:
        """Return the ticks of a rule's resolution, of which it may use only some."""
        step = 10 if rule.period < 60 else 60
        late = round(phase * 1000) % (step * 1000)
        start, end = (round(moment.timestamp() * 1000) for moment in (window.start, window.end))
        first, last = -(-(start - late) // (step * 1000)), -(-(end - late) // (step * 1000))
        delay = evaluation.HIGH_RESOLUTION_DELAY if rule.period < 60 else 0.0
        return cls(step, late, first, max(0, last - first), math.floor((late / 1000 - delay) / step))

    @property
    def moments(self) -> Ints:
        """The evaluations, milliseconds since the epoch."""
        return np.arange(self.first, self.first + self.number) * (self.step * 1000) + self.phase

    def due(self, rule: AlarmRule, phase: float) -> Ints:
        """Return the places of the ticks at which a rule is evaluated: all, or those of its hourly marks."""
        every = evaluation.interval(rule)
        if every == self.step:
            return np.arange(self.number)
        offset = round(phase * 1000) % (every * 1000)
        return np.flatnonzero((self.moments - offset) % (every * 1000) == 0)


class Cells:
    """Events by the start of their datapoint and the tick that sees them first, both counted in steps.

    Attributes
    ----------
    units, ticks : ndarray of int64
        Sorted by `units`, then by `ticks`; one element a pair.
    count, total : ndarray of float64
        SampleCount and Sum.
    of : ndarray of int64
        The cell of each event that counts in the metric.
    """

    def __init__(self, events: Events, step: int, phase: int) -> None:
        """Reduce events; source: a filter's datapoint is of the minute of the event's own timestamp (recorded)."""
        self.whole = ~np.isnan(events.values)
        every = bool(self.whole.all())
        chosen = slice(None) if every else self.whole
        times, arrived, values = events.times[chosen], events.arrived[chosen], events.values[chosen]
        units = times // events.grain * events.grain // (step * 1000)
        ticks = -(-(arrived - phase) // (step * 1000))
        lag = ticks - units
        low, wide = _span(lag)
        lowest, size = _span(units)
        key = (units - lowest) * wide + (lag - low)
        size *= wide
        if size <= max(_DENSE, 4 * len(key)):
            table = np.bincount(key, minlength=1)
            found = np.flatnonzero(table)
            self.count: Floats = table[found].astype(np.float64)
            place = np.zeros(len(table), dtype=np.int64)
            place[found] = np.arange(len(found))
            self.of: Ints = place[key]
        else:
            found, self.of, counted = np.unique(key, return_inverse=True, return_counts=True)
            self.count = counted.astype(np.float64)
        self.units: Ints = found // wide + lowest
        self.ticks: Ints = found % wide + low + self.units
        self.total: Floats = np.bincount(self.of, weights=values, minlength=len(found)).astype(np.float64)
        self._values = values

    @cached_property
    def is_whole(self) -> bool:
        """Whether every sum is a whole number, so that differences of running sums are exact."""
        return bool((self.total == np.rint(self.total)).all() and np.abs(self.total).sum() < 2**53)

    @cached_property
    def least(self) -> Floats:
        """Minimum of each cell."""
        return self._extreme(np.minimum, np.inf)

    @cached_property
    def most(self) -> Floats:
        """Maximum of each cell."""
        return self._extreme(np.maximum, -np.inf)

    def _extreme(self, which: np.ufunc, start: float) -> Floats:
        found = np.full(len(self.units), start)
        which.at(found, self.of, self._values)
        return found

    def hits(self, hits: Bools, ticks: Ticks) -> Hits:
        """Return the cells that have hits, of which the first evaluation is one of some ticks."""
        weights = np.bincount(self.of, weights=hits[self.whole], minlength=len(self.units)).astype(np.int64)
        units, seen = self.units - ticks.shift - ticks.first, self.ticks - ticks.first
        begins = np.maximum(seen, units + 1)
        cells = np.flatnonzero((weights > 0) & (begins >= 0) & (begins < ticks.number))
        return Hits(cells, units[cells], seen[cells], weights[cells])


@dataclass(frozen=True, slots=True)
class Hits:
    """Cells with matching events.

    Attributes
    ----------
    cells : ndarray of int64
        Which they are.
    units, seen : ndarray of int64
        Their step and the tick that sees them first, counted from the first tick; at tick 0 the newest step is −1.
    weights : ndarray of int64
        Matching events of each.
    """

    cells: Ints
    units: Ints
    seen: Ints
    weights: Ints

    def missed(self, latest: Ints, reach: int) -> Bools:
        """Tell which no evaluation counted, from `states.latest` and the steps that an evaluation looks at."""
        place = self.units + reach
        inside = (place >= 0) & (place < len(latest))
        return np.where(inside, latest[np.where(inside, place, 0)], -1) < np.maximum(self.seen, 0)


def _span(numbers: Ints) -> tuple[int, int]:
    """Return the least of some numbers, and how many there are from it to the greatest."""
    if not len(numbers):
        return 0, 1
    low = int(numbers.min())
    return low, int(numbers.max()) - low + 1


def slots(cells: Cells, ticks: Ticks, periods: int, length: int, statistic: str) -> Iterator[Floats]:
    """Yield what the newest period holds at each tick, then the one before, `length` of them; NaN is missing.

    Parameters
    ----------
    cells : Cells
        The events, reduced with the ticks' step and phase.
    ticks : Ticks
        The evaluations.
    periods : int
        Steps of a period.
    length : int
        Periods looked at.
    statistic : str
        Sum, SampleCount, Average, Minimum or Maximum.

    Notes
    -----
    A tick looks at steps by their age, 1 the newest. Going through the ages, the cells that arrived too late for
    all younger ages are taken into account as theirs comes: what was seen of each step is then a slice of one array.
    """
    reach, number = periods * length, ticks.number
    oldest = ticks.first + ticks.shift - reach
    wait = np.maximum(cells.ticks - cells.units + ticks.shift, 1)
    chosen = np.flatnonzero((cells.units >= oldest) & (cells.units < oldest + reach + number) & (wait <= reach))
    chosen = chosen[np.argsort(wait[chosen], kind="stable")]
    bounds = np.searchsorted(wait[chosen], np.arange(1, reach + 2))
    last = int(wait[chosen[-1]]) if len(chosen) else 0
    place = cells.units[chosen] - oldest
    merge: np.ufunc = {"Minimum": np.minimum, "Maximum": np.maximum}.get(statistic, np.add)
    empty = {"Minimum": np.inf, "Maximum": -np.inf}.get(statistic, 0.0)
    source = {"Minimum": "least", "Maximum": "most", "SampleCount": "count"}.get(statistic, "total")
    own, count = getattr(cells, source)[chosen], cells.count[chosen]
    seen, samples = np.full(reach + number, empty), np.zeros(reach + number)
    summed: tuple[Floats, Floats] | None = None
    for slot in range(length):
        ages = range(slot * periods + 1, (slot + 1) * periods + 1)
        if periods > 2 and ages[0] > last and merge is np.add and cells.is_whole:
            if summed is None:
                summed = np.concatenate(([0.0], np.cumsum(seen))), np.concatenate(([0.0], np.cumsum(samples)))
            high, low = reach - slot * periods, reach - (slot + 1) * periods
            value, there = (each[high : high + number] - each[low : low + number] for each in summed)
        else:
            value, there = np.full(number, empty), np.zeros(number)
            for age in ages:
                new = slice(bounds[age - 1], bounds[age])
                if new.start < new.stop:
                    merge.at(seen, place[new], own[new])
                    np.add.at(samples, place[new], count[new])
                cut = slice(reach - age, reach - age + number)
                merge(value, seen[cut], out=value)
                there += samples[cut]
        if statistic == "Average":
            value = np.divide(value, there, out=np.zeros(number), where=there > 0)
        value[there == 0] = np.nan
        yield value


class Metric:
    """The metric that events make, and the periods of alarms over it; keeps what the next rule may need again."""

    def __init__(self, events: Events, window: Window, phase: float) -> None:
        """Take events; nothing is reduced before a rule asks."""
        self.events, self.window, self.phase = events, window, phase
        self._cells: dict[int, Cells] = {}
        self._hits: dict[int, Hits] = {}
        self._key: tuple[int, str] | None = None
        self._slots: list[Floats] = []
        self._kept: tuple[object, Any] = None, None

    def ticks(self, rule: AlarmRule) -> Ticks:
        """Return the ticks of a rule's resolution."""
        return Ticks.of(rule, self.window, self.phase)

    def cells(self, ticks: Ticks) -> Cells:
        """Return the events reduced to a resolution, once."""
        if ticks.step not in self._cells:
            self._cells[ticks.step] = Cells(self.events, ticks.step, ticks.phase)
        return self._cells[ticks.step]

    def hits(self, ticks: Ticks) -> Hits:
        """Return the cells of a resolution that have hits, once."""
        if ticks.step not in self._hits:
            self._hits[ticks.step] = self.cells(ticks).hits(self.events.hits, ticks)
        return self._hits[ticks.step]

    def slots(self, rule: AlarmRule, ticks: Ticks, length: int) -> Sequence[Floats] | Iterator[Floats]:
        """Return the periods of a rule as `slots` does; those of the latest period and statistic are kept."""
        key = rule.period, rule.statistic
        if key == self._key and len(self._slots) >= length:
            return self._slots[:length]
        made = slots(self.cells(ticks), ticks, rule.period // ticks.step, length, rule.statistic)
        if length * ticks.number > _KEPT:
            return made
        self._key, self._slots = key, list(made)
        return self._slots

    def kept(self, key: object, make: Callable[[], Kept]) -> Kept:
        """Return what was made for a key; that of the latest key is kept."""
        if self._kept[0] != key:
            self._kept = key, make()
        made: Kept = self._kept[1]
        return made
