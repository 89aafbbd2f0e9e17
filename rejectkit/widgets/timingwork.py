"""What the timing panel asks of sources and of past events: events with their arrival, replays, a grid of settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.patterns.writing import PRIVATE
from rejectkit.monitoring.replaying.replay import Backtest, backtest
from rejectkit.monitoring.replaying.sweeping import grid
from rejectkit.sources.base import Source, Watch
from rejectkit.window import Window, duration

MEASURED: Final = "as it was measured"
DELAYS: Final[Mapping[str, float | None]] = {
    MEASURED: None,
    "1 minute": 60.0,
    "3 minutes": 180.0,
    "5 minutes": 300.0,
    "10 minutes": 600.0,
}
"""Delivery delays that a rule is replayed with: seconds after a record's end."""

OWN, INSIDE = "the monitor's pattern", "inside sources only"
PERIODS: Final = ("1m", "5m", "10m", "30m", "1h", "3h", "6h", "1d")
_FIELDS: Final = ("interfaceId", "srcAddr", "dstAddr", "dstPort", "protocol", "action", "end")
_INTERVALS: Final = 150  # of the chart of the delivery lag
_MOST: Final = 2_000  # settings


def events_query(fields: tuple[str, ...]) -> str:
    """Return the query for a log's lines with their time and arrival, and what is worth knowing of the missed ones."""
    names = ["@timestamp", "@ingestionTime", "@message", *(name for name in _FIELDS if name in fields)]
    return f"fields {', '.join(names)}\n| sort @timestamp asc"


def events_of(source: Source, window: Window, watch: Watch) -> tuple[pd.DataFrame, str]:
    """Return the lines of a window, oldest first, and the query for them.

    Where a source keeps no lines, its records are returned, of which a pattern's fields are; the query is empty then.

    Raises
    ------
    ArgumentError
        If there is none.
    RejectkitError
        Whatever the source raises.
    """
    query = events_query(tuple(source.fields))
    found = source.run(query, window, all_rows=True, watch=watch)
    if len(found) and found["@message"].isna().all():
        found, query = source.records(window, None, watch=watch), ""
    if found.empty:
        raise ArgumentError(f"there is no record from {window}; choose another window")
    return found, query


def replays(events: pd.DataFrame, monitor: Monitor, watch: Watch) -> dict[str, Backtest]:
    """Return what a monitor's rule would have said of events, by delivery delay."""
    found = {}
    for at, (name, delay) in enumerate(DELAYS.items()):
        watch.check()
        watch.report(at / len(DELAYS), f"replaying with delivery {name}")
        found[name] = backtest(events, monitor, delay=delay)
    return found


def figures_of(tested: Mapping[str, Backtest]) -> pd.DataFrame:
    """Return the figures of several replays, a row for each delay and evaluation range: `delivery`, and `figures`."""
    return pd.concat([one.figures.assign(delivery=name) for name, one in tested.items()], ignore_index=True)[
        ["delivery", *next(iter(tested.values())).figures.columns]
    ]


@dataclass(frozen=True, slots=True)
class Grid:
    """Settings to try: every combination of some values with the rest of a monitor's rule.

    Attributes
    ----------
    periods, evaluation_periods, datapoints, thresholds : tuple
        Values of the rule.
    inside : bool
        Whether each is tried for inside sources only, too.
    """

    periods: tuple[int, ...]
    evaluation_periods: tuple[int, ...]
    datapoints: tuple[int, ...]
    thresholds: tuple[float, ...]
    inside: bool = True

    @property
    def values(self) -> dict[str, list[Any]]:
        """The values by the names of a rule."""
        return {
            "period": list(self.periods),
            "evaluation_periods": list(self.evaluation_periods),
            "datapoints_to_alarm": list(self.datapoints),
            "threshold": list(self.thresholds),
        }

    def choices(self, monitor: Monitor) -> dict[str, Choices | None]:
        """Return what each pattern that is tried is made of; None for one that is the monitor's own."""
        found: dict[str, Choices | None] = {OWN: monitor.choices}
        inner = replace(monitor.choices or Choices(), inside=PRIVATE)
        if self.inside and inner != monitor.choices:
            found[INSIDE] = inner
        return found

    def patterns(self, monitor: Monitor) -> dict[str, FilterPattern]:
        """Return the patterns that are tried, by name."""
        return {
            name: monitor.pattern if choices is None or name == OWN else choices.pattern(monitor.log_format)
            for name, choices in self.choices(monitor).items()
        }

    def monitors(self, monitor: Monitor) -> list[Monitor]:
        """Return the monitor with each rule, in the order of a grid.

        Raises
        ------
        ArgumentError
            If a value is none that a rule takes, there is no rule, or there are too many.
        """
        number = len(self.periods) * len(self.evaluation_periods) * len(self.datapoints) * len(self.thresholds)
        if number > _MOST:
            raise ArgumentError(f"these are {number:,} settings, more than {_MOST:,}; give fewer values")
        base = monitor.rule
        same = {"comparison": base.comparison, "statistic": base.statistic}
        rules = grid(**self.values, **same, treat_missing_data=base.treat_missing_data)
        if not rules:
            raise ArgumentError("no setting has M of at most N; give a smaller M, or a larger N")
        return [monitor.changed(rule=rule) for rule in rules]

    def setting(self, monitor: Monitor, place: int) -> Monitor:
        """Return the monitor of a row of the sweep: its rule, and its choices where it is not the monitor's pattern."""
        rules, names = self.monitors(monitor), self.choices(monitor)
        name = list(names)[place // len(rules)]
        found = rules[place % len(rules)]
        return found if name == OWN else found.changed(choices=names[name])


@dataclass(frozen=True, slots=True)
class Trial:
    """What settings are tried on, and by which they are judged.

    Attributes
    ----------
    grid : Grid
        The settings.
    delivery : str
        One of `DELAYS`.
    incidents : tuple of Window
        What should have been told; empty where that is not known.
    most_pages : float
        Pages a day that one can bear.
    """

    grid: Grid
    delivery: str = MEASURED
    incidents: tuple[Window, ...] = ()
    most_pages: float = 10.0


def period_for(window: Window) -> str:
    """Return the intervals in which the delivery lag of a window is told."""
    return next((each for each in PERIODS if window.seconds / duration(each) <= _INTERVALS), PERIODS[-1])
