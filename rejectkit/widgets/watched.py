"""Watched: a budget of AWS calls that tells each call, and stops before the next one when that is wished."""

from __future__ import annotations

from rejectkit.pacing import Budget, Check
from rejectkit.sources.base import Watch


class Watched(Budget):
    """The rates of another budget, seen by a watch; for work that has no watch of its own.

    Parameters
    ----------
    budget : Budget
        What paces the calls.
    watch : Watch
        Is told each call before it is made. Once cancelled, the next call raises QueryCancelledError.
    low, high : float
        The part of the work that these calls are. How many there will be is not known: each brings it a bit nearer.
    """

    def __init__(self, budget: Budget, watch: Watch, low: float = 0.0, high: float = 1.0) -> None:
        """Make no call yet."""
        self.share, self.quotas, self.now = budget.share, budget.quotas, budget.now
        self.others, self.queries = budget.others, budget.queries
        self._budget, self._low, self._high = budget, low, high
        self._watch: Watch | None = watch
        self._calls = 0

    def release(self) -> None:
        """Watch no longer: what is called from now on, by what was made here, is part of other work."""
        self._watch = None

    def take(self, operation: str, region: str, check: Check | None = None) -> None:
        """Wait until a call may be made, and count it; nothing is counted if the work was cancelled."""
        watch = self._watch
        if watch is not None:
            watch.check()
            self._calls += 1
            share = 1 - 0.93**self._calls
            watch.report(self._low + (self._high - self._low) * share, f"asking {operation}")
        self._budget.take(operation, region, self._both(check))

    def nap(self, seconds: float, check: Check | None = None) -> None:
        """Wait, and look whether somebody asked to stop."""
        self._budget.nap(seconds, self._both(check))

    def throttled(self, operation: str, region: str) -> None:
        """Pass on that a service said that it is called too fast."""
        self._budget.throttled(operation, region)

    def went_well(self, operation: str, region: str) -> None:
        """Pass on that a call went well."""
        self._budget.went_well(operation, region)

    def rate(self, operation: str, region: str) -> float:
        """Return the calls a second at which an operation is called in a region now."""
        return self._budget.rate(operation, region)

    def enter(self, region: str) -> bool:
        """Take the place of one more Logs Insights query."""
        return self._budget.enter(region)

    def leave(self, region: str) -> None:
        """Give a place back that `enter` took."""
        self._budget.leave(region)

    def _both(self, check: Check | None) -> Check:
        watch = self._watch

        def both() -> None:
            if watch is not None:
                watch.check()
            if check is not None:
                check()

        return both
