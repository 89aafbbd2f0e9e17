"""How fast a service may be called: a share of its quotas, over all the threads that hold one budget."""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rejectkit.errors import ArgumentError

Check = Callable[[], None]

# Calls a second in one account and region. Source: CloudWatch Logs quotas (FilterLogEvents and GetLogEvents: the
# smallest of any region), CloudWatch quotas, SNS quotas, Athena service quotas. Of S3, the
# requests that it takes for each prefix (S3 User Guide, "Best practices design patterns").
QUOTAS: Mapping[str, float] = {
    "athena.GetQueryExecution": 100,
    "athena.GetQueryResults": 100,
    "athena.StartQueryExecution": 20,
    "athena.StopQueryExecution": 20,
    "cloudwatch.DeleteAlarms": 3,
    "cloudwatch.DescribeAlarmHistory": 20,
    "cloudwatch.DescribeAlarms": 9,
    "cloudwatch.PutLogAlarm": 3,
    "cloudwatch.PutMetricAlarm": 3,
    "cloudwatch.SetAlarmState": 3,
    "logs.DeleteMetricFilter": 5,
    "logs.DescribeLogGroups": 10,
    "logs.DescribeLogStreams": 25,
    "logs.DescribeMetricFilters": 5,
    "logs.FilterLogEvents": 5,
    "logs.GetLogEvents": 10,
    "logs.GetQueryResults": 10,
    "logs.PutMetricFilter": 5,
    "logs.StartQuery": 10,
    "logs.StopQuery": 40,  # *inferred*: not documented; a cancel stops up to 25 queries at once
    "logs.TestMetricFilter": 5,
    "s3.GetObject": 5500,
    "s3.ListObjectsV2": 5500,
    "sns.ListSubscriptionsByTopic": 30,
    "sns.Subscribe": 100,
}
OTHERS = 10.0  # calls a second of an operation that is not named above; inferred: the smallest common quota
QUERIES = 100  # Logs Insights queries that may run at once in one account and region. Source: CloudWatch Logs quotas
_BOUNDLESS = float("inf")
_NAP = 0.2  # seconds between two looks at whether somebody asked to stop
_BLINK = 0.001  # the shortest nap
_SLOWEST = 1 / 16  # of the usual rate, after a service said "too fast" again and again
_RECOVERY = 1 / 20  # of the usual rate, won back with each call that goes well


class Budget:
    """A share of the quotas of an account, for everything that is called with it.

    Each operation in each region has a rate of `share` times its quota, and a small burst: in no second are there
    more calls than its quota. A service that still says "too fast" (others call it too) is called at half the
    rate, which grows back while calls go well. Safe to use from several threads; who asks first is first.

    Parameters
    ----------
    share : float
        Above 0, up to 1. The default leaves three quarters to everybody else.
    quotas : mapping of str to float
        Calls a second by `service.Operation`.
    others : float
        Calls a second of an operation that `quotas` does not name; infinite: as many as one likes.
    queries : int
        Logs Insights queries that may run at once in one account and region.
    now, sleep : callable
        A clock in seconds that never goes back, and what waits by it.

    Raises
    ------
    ArgumentError
        If the share or a quota cannot be used.

    Examples
    --------
    >>> budget = Budget(share=0.5)
    >>> budget.take("logs.StartQuery", "eu-west-1")
    >>> budget.rate("logs.StartQuery", "eu-west-1")
    5.0
    """

    def __init__(
        self,
        share: float = 0.25,
        quotas: Mapping[str, float] = QUOTAS,
        *,
        others: float = OTHERS,
        queries: int = QUERIES,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start with every burst at hand."""
        if not 0 < share <= 1:
            raise ArgumentError(f"the share of the quotas is {share!r}; give a number above 0, up to 1, such as 0.25")
        unusable = {name: quota for name, quota in quotas.items() if not 0 < quota < float("inf")}
        if unusable:
            name, quota = next(iter(unusable.items()))
            raise ArgumentError(f"the quota of {name} is {quota!r}; give calls a second, a number above 0")
        self.share, self.quotas, self.now = share, dict(quotas), now
        self.others, self.queries = others, queries
        self._sleep = sleep
        self._lock = threading.Lock()
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._running: dict[str, int] = {}

    @property
    def most_running(self) -> int:
        """Logs Insights queries that may run at once in one region."""
        return max(1, int(self.share * self.queries))

    def take(self, operation: str, region: str, check: Check | None = None) -> None:
        """Wait until a call may be made, and count it.

        Parameters
        ----------
        operation, region : str
            As `logs.StartQuery` and `eu-west-1`.
        check : callable, optional
            Called before each nap, of 0.2 s at most; what it raises ends the wait, and nothing is counted.
        """
        if self.quotas.get(operation, self.others) == _BOUNDLESS:
            return
        ticket = object()
        with self._lock:
            lane = self._lane(operation, region)
            lane.queue.append(ticket)
        try:
            while True:
                with self._lock:
                    wait = lane.wait(ticket, self.now())
                    if wait == 0:
                        lane.tokens -= 1
                        return
                self.nap(min(wait, _NAP), check)
        finally:
            with self._lock:
                lane.queue.remove(ticket)

    def throttled(self, operation: str, region: str) -> None:
        """Halve an operation's rate, once in a second: a service said that it is called too fast."""
        with self._lock:
            self._lane(operation, region).slow_down(self.now())

    def went_well(self, operation: str, region: str) -> None:
        """Let an operation's rate grow back a little."""
        with self._lock:
            self._lane(operation, region).speed_up(self.now())

    def rate(self, operation: str, region: str) -> float:
        """Return the calls a second at which an operation is called in a region now."""
        with self._lock:
            return self._lane(operation, region).rate

    @contextmanager
    def running(self, region: str, check: Check | None = None) -> Iterator[None]:
        """Hold one of the Logs Insights queries that may run at once in a region; wait until one is free.

        Parameters
        ----------
        region : str
            As `eu-west-1`.
        check : callable, optional
            As in `take`.
        """
        while not self.enter(region):
            self.nap(_NAP, check)
        try:
            yield
        finally:
            self.leave(region)

    def enter(self, region: str) -> bool:
        """Take the place of one more Logs Insights query, to be given back by `leave`; False if there is none free."""
        with self._lock:
            running = self._running.setdefault(region, 0)
            if running >= self.most_running:
                return False
            self._running[region] = running + 1
            return True

    def leave(self, region: str) -> None:
        """Give a place back that `enter` took."""
        with self._lock:
            self._running[region] -= 1

    def nap(self, seconds: float, check: Check | None = None) -> None:
        """Wait by the budget's clock, and look every 0.2 s whether somebody asked to stop."""
        end = self.now() + seconds
        left = seconds
        while left > 0:
            if check is not None:
                check()
            self._sleep(max(_BLINK, min(left, _NAP)))
            left = end - self.now()

    def _lane(self, operation: str, region: str) -> _Lane:
        lane = self._lanes.get((operation, region))
        if lane is None:
            lane = _Lane(self.quotas.get(operation, min(self.others, OTHERS)), self.share, self.now())
            self._lanes[operation, region] = lane
        return lane


class _Lane:
    """One operation in one region: a bucket of tokens, a call takes one; used under the budget's lock.

    It holds `burst` and fills at `rate` a second, so fewer than burst + rate calls fit into any second.
    """

    def __init__(self, quota: float, share: float, at: float) -> None:
        # A bucket holds a whole call at least; where a large share leaves no room for that, the rate is lower.
        self.usual = min(share * quota, max(quota - 1, quota / 2))
        self.rate = self.usual
        self.burst = max(1.0, min(self.usual, quota - self.usual))
        self.tokens = self.burst
        self.queue: deque[object] = deque()
        self._filled = at
        self._slowed = float("-inf")

    def wait(self, ticket: object, at: float) -> float:
        """Return 0 if it is a ticket's turn, else seconds after which to look again."""
        self._fill(at)
        ahead = self.queue.index(ticket)
        missing = ahead + 1 - self.tokens
        if ahead == 0 and missing <= 1e-9:
            return 0
        return max(_BLINK, missing / self.rate)

    def slow_down(self, at: float) -> None:
        """Halve the rate and spend the burst; calls that were on their way in the same second count once."""
        self._fill(at)
        if at - self._slowed >= 1:
            self._slowed = at
            self.rate = max(self.rate / 2, self.usual * _SLOWEST)
            self.tokens = min(self.tokens, 0.0)

    def speed_up(self, at: float) -> None:
        """Win back a twentieth of the usual rate."""
        self._fill(at)
        self.rate = min(self.usual, self.rate + self.usual * _RECOVERY)

    def _fill(self, at: float) -> None:
        self.tokens = min(self.burst, self.tokens + max(0.0, at - self._filled) * self.rate)
        self._filled = max(self._filled, at)


_budgets: weakref.WeakKeyDictionary[object, Budget] = weakref.WeakKeyDictionary()
_budgets_lock = threading.Lock()


def budget_of(session: object) -> Budget:
    """Return the budget of a session, one for all that is done with it; made when it is first asked for.

    A session may bring its own, as `session.budget`: that of a sandbox keeps to the sandbox's quotas.
    A stand-in for a session that cannot be kept track of (it allows no weak reference) gets a new one each time.
    """
    own = getattr(session, "budget", None)
    if isinstance(own, Budget):
        return own
    with _budgets_lock:
        try:
            found = _budgets.get(session)
        except TypeError:
            return Budget()
        if found is None:
            found = _budgets[session] = Budget()
        return found
