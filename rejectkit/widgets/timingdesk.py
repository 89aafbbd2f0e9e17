"""TimingDesk: measures, replays, tries and probes for the timing panel, and asks for the same events once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rejectkit.aws import Service
from rejectkit.errors import QueryCancelledError, RejectkitError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.probes.attempt import Connect
from rejectkit.monitoring.probes.probing import Probed, probe
from rejectkit.monitoring.replaying.recommending import Recommendation, recommend
from rejectkit.monitoring.replaying.replay import Backtest
from rejectkit.monitoring.replaying.sweeping import sweep
from rejectkit.monitoring.timing.deliverylag import lag
from rejectkit.monitoring.timing.latencies import latency
from rejectkit.pacing import Budget
from rejectkit.sources.base import Source, Watch
from rejectkit.sources.cloudwatch.source import InsightsSource
from rejectkit.widgets.holding import part, whole
from rejectkit.widgets.timingwork import DELAYS, Trial, events_of, figures_of, period_for, replays
from rejectkit.widgets.watched import Watched
from rejectkit.window import Window


@dataclass(frozen=True, slots=True)
class Asked:
    """Which alert, over which window."""

    monitor: Monitor
    window: Window


@dataclass(frozen=True)
class Measured:
    """How late alerts were, and all records; a sentence where the latter is not known."""

    asked: Asked
    alerts: pd.DataFrame
    lag: pd.DataFrame | str


@dataclass(frozen=True)
class Tested:
    """What a rule would have said, by delivery delay, and the figures of all of these; `query` is for the events."""

    asked: Asked
    query: str
    replays: dict[str, Backtest]
    figures: pd.DataFrame


@dataclass(frozen=True)
class Tried:
    """What settings would have said, and which to take; `why` says why none, `query` is for the events."""

    asked: Asked
    query: str
    trial: Trial
    table: pd.DataFrame
    recommended: Recommendation | None
    why: str = ""

    @property
    def setting(self) -> Monitor | None:
        """The monitor with the recommended setting; None where there is none."""
        if self.recommended is None:
            return None
        place: Any = self.recommended.row.name
        return self.trial.grid.setting(self.asked.monitor, int(place))


class TimingDesk:
    """Does what the panel's buttons ask for, one thing at a time.

    Parameters
    ----------
    session : boto3.Session
    source : Source or None
        Where the records are; None: the monitor's log group, asked by Logs Insights.
    budget : Budget
        Of calls.
    connect, sleep : callable or None
        As of `probe`.

    Attributes
    ----------
    given : Source or None
        The source.
    """

    def __init__(
        self,
        session: Any,
        source: Source | None,
        budget: Budget,
        connect: Connect | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Hold nothing yet."""
        self.session, self.budget = session, budget
        self.connect, self._sleep = connect, sleep
        self.given, self._made = source, dict[tuple[str, str], Source]()
        self._held: tuple[Source, Window, tuple[pd.DataFrame, str]] | None = None

    def source(self, monitor: Monitor) -> Source:
        """Return where the records of a monitor are."""
        if self.given is not None:
            return self.given
        key = (monitor.log_group, str(monitor.log_format))
        if key not in self._made:
            self._made[key] = InsightsSource(
                monitor.log_group, self.session, monitor.log_format, budget=self.budget, progress=False
            )
        return self._made[key]

    def now(self, watch: Watch) -> float:
        """Return the service's time, in seconds since the epoch."""
        return Service(self.session, "logs", budget=Watched(self.budget, watch, 0.0, 0.05)).now()

    def span(self, monitor: Monitor, watch: Watch) -> Window:
        """Return the window from the source's first record to just after its last.

        Raises
        ------
        ArgumentError
            If it has none.
        """
        return whole(self.source(monitor), watch)

    def measure(self, asked: Asked, watch: Watch) -> Measured:
        """Return how late alerts and records were."""
        source, window = self.source(asked.monitor), asked.window
        budget, first = Watched(self.budget, watch, 0.05, 0.7), part(watch, 0.05, 0.7)
        alerts = latency(asked.monitor, source, self.session, window, budget=budget, watch=first)
        budget.release()
        watch.check()
        watch.report(0.75, "asking how late all records came")
        try:
            late: pd.DataFrame | str = lag(source, window, period_for(window), watch=part(watch, 0.75, 0.95))
        except QueryCancelledError:
            raise
        except RejectkitError as error:
            late = f"How late all records came is not known: {error}."
        watch.report(0.95, "drawing")
        return Measured(asked, alerts, late)

    def replay(self, asked: Asked, watch: Watch) -> Tested:
        """Return what the rule would have said at every delivery delay."""
        events, query = self._events(asked, part(watch, 0.05, 0.6))
        found = replays(events, asked.monitor, part(watch, 0.6, 0.95))
        watch.report(0.95, "drawing")
        return Tested(asked, query, found, figures_of(found))

    def sweep(self, asked: Asked, trial: Trial, watch: Watch) -> Tried:
        """Return what the settings would have said, and the one to take."""
        monitors, patterns = trial.grid.monitors(asked.monitor), trial.grid.patterns(asked.monitor)
        events, query = self._events(asked, part(watch, 0.05, 0.6))
        watch.report(0.6, f"trying {len(monitors) * len(patterns):,} settings")
        told = list(trial.incidents) or None
        table = sweep(events, monitors, patterns, told, delay=DELAYS[trial.delivery])
        watch.check()
        try:
            return Tried(asked, query, trial, table, recommend(table, trial.most_pages))
        except RejectkitError as error:
            return Tried(asked, query, trial, table, None, f"{error}.")

    def probe(self, monitor: Monitor, target: tuple[str, int], watch: Watch) -> Probed:
        """Return what came of one attempt to connect to a target."""
        budget = Watched(self.budget, Watch())  # its calls are many, and none is a step of its own
        return probe(
            monitor,
            self.source(monitor),
            self.session,
            target,
            connect=self.connect,
            sleep=self._sleep or time.sleep,
            budget=budget,
            watch=watch,
        )

    def _events(self, asked: Asked, watch: Watch) -> tuple[pd.DataFrame, str]:
        """Return the lines of a window, and the query for them; those that were asked for last are kept."""
        source, held = self.source(asked.monitor), self._held
        if held is None or held[0] is not source or held[1] != asked.window:
            self._held = None
            held = self._held = (source, asked.window, events_of(source, asked.window, watch))
        return held[2]
