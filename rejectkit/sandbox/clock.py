"""Simulated time: a clock that is moved by hand, and what happens on the way."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rejectkit.errors import ArgumentError, WindowError
from rejectkit.window import duration

Action = Callable[[], None]


def seconds_of(span: str | float | timedelta) -> float:
    """Return a span in seconds: `"10m"`, a timedelta, or a number of seconds.

    Raises
    ------
    ArgumentError
        If it is none of these, or not above 0.
    """
    try:
        found = span.total_seconds() if isinstance(span, timedelta) else span
        found = duration(found) if isinstance(found, str) else float(found)
    except (WindowError, TypeError, ValueError) as error:
        raise ArgumentError(f"the span is {span!r}; give one like '10m', or seconds as a number") from error
    if not 0 <= found < float("inf"):
        raise ArgumentError(f"the span is {span!r}; a clock only goes forward: give one like '10m'")
    return found


class Clock:
    """A clock that stands still until it is advanced.

    Everything that happens by itself is on its agenda: an advance goes from happening to happening, each
    at its own time and in order, those of the same moment in the order they were put there.

    Parameters
    ----------
    start : datetime
        What it shows at first; aware.
    lock : RLock, optional
        Held while something happens.
    """

    def __init__(self, start: datetime, lock: threading.RLock | None = None) -> None:
        """Show `start`."""
        self._start = start.timestamp()
        self._seconds = self._start
        self._agenda: list[tuple[float, int, Action]] = []
        self._count = itertools.count()
        self._first: list[Action] = []
        self._lock = lock or threading.RLock()
        self._moving = threading.Lock()

    def now(self) -> datetime:
        """Return the simulated time, UTC."""
        return datetime.fromtimestamp(self._seconds, UTC)

    @property
    def seconds(self) -> float:
        """The simulated time in seconds since the epoch."""
        return self._seconds

    @property
    def millis(self) -> int:
        """The simulated time in milliseconds since the epoch."""
        return int(self._seconds * 1000)

    @property
    def stopwatch(self) -> float:
        """Seconds that went by since the start, by simulated and by real time together.

        What a service limits (calls in a second, how long a query runs) is measured by it: a client that
        waits and one that advances the clock both see time pass.
        """
        return time.monotonic() + self._seconds - self._start

    def at(self, seconds: float, action: Action) -> None:
        """Let something happen at a time, in seconds since the epoch; in an advance if that is past."""
        with self._lock:
            heapq.heappush(self._agenda, (seconds, next(self._count), action))

    def first(self, action: Action) -> None:
        """Let something happen whenever the clock moves, before all else of the new moment."""
        with self._lock:
            self._first.append(action)

    def every(self, period: float, first: float, action: Action) -> None:
        """Let something happen from `first` on, once in each period, for ever."""

        def again(due: float = first) -> None:
            self.at(due + period, lambda: again(due + period))
            action()

        self.at(first, again)

    def advance(self, span: str | float | timedelta) -> datetime:
        """Let time pass, with all that happens in it; return the new time.

        Raises
        ------
        ArgumentError
            If the span is not one.
        """
        return self._to(self._seconds + seconds_of(span))

    def told(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a request to the endpoint about the clock: advanced by `by`, if that is asked, what it shows."""
        if "by" in asked:
            self.advance(asked["by"])
        return {"now": self.now().isoformat()}

    def run_until(
        self, goal: datetime | Callable[[], bool], within: str | float | timedelta = "1d", step: float = 60.0
    ) -> datetime:
        """Let time pass until a moment, or until something holds; return the new time.

        Parameters
        ----------
        goal : datetime or callable
            An aware time; or a test, made now and then after each step.
        within : str, timedelta or float
            The longest span to let pass for a test.
        step : float
            Seconds between two tests.

        Raises
        ------
        ArgumentError
            If the moment is past, or has no zone.
        TimeoutError
            If the test did not hold within the span; the clock then shows its end.
        """
        if isinstance(goal, datetime):
            if goal.tzinfo is None or goal.timestamp() < self._seconds:
                raise ArgumentError(f"it is {self.now()}; the clock cannot run until {goal}: give a later aware time")
            return self._to(goal.timestamp())
        last = self._seconds + seconds_of(within)
        while not goal():
            if self._seconds >= last:
                raise TimeoutError(f"it did not hold until {self.now()}, {seconds_of(within):g} simulated seconds")
            self._to(min(self._seconds + step, last))
        return self.now()

    def _to(self, goal: float) -> datetime:
        with self._moving:  # two threads may advance it; each advance is whole
            while True:
                with self._lock:
                    due = min(goal, self._agenda[0][0]) if self._agenda else goal
                    if due > self._seconds:
                        self._seconds = due
                        for action in self._first:
                            action()
                    if not self._agenda or self._agenda[0][0] > goal:
                        return self.now()
                    heapq.heappop(self._agenda)[2]()
