"""The budget: never more calls in a second than a quota, a share of it in the long run, slower when told so."""

from __future__ import annotations

import gc
import threading
import weakref
from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rejectkit.errors import ArgumentError, QueryCancelledError
from rejectkit.pacing import OTHERS, QUOTAS, Budget, budget_of
from rejectkit.sandbox.limits import RATES
from rejectkit.sources.base import Watch

QUERY = ("logs.StartQuery", "eu-west-1")


class Hands:
    """A clock that goes when somebody sleeps by it, safe to use from several threads."""

    def __init__(self, at: float = 1_000_000.0) -> None:
        self.at, self.naps = at, 0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the time, in seconds."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.at += seconds
            self.naps += 1


def paced(share: float = 0.25, quota: float = 10.0, hands: Hands | None = None) -> tuple[Budget, Hands]:
    """Return a budget whose only quota is StartQuery's, and its clock."""
    hands = hands or Hands()
    return Budget(share, {"logs.StartQuery": quota}, now=hands.now, sleep=hands.sleep), hands


def most_in_a_second(times: list[float]) -> int:
    """Return the largest number of times in any second, its end left out."""
    window: deque[float] = deque()
    most = 0
    for at in times:
        window.append(at)
        while at - window[0] >= 1:
            window.popleft()
        most = max(most, len(window))
    return most


@given(
    share=st.floats(0.01, 1),
    quota=st.floats(1, 50),
    pauses=st.lists(st.floats(0, 3) | st.just(0.0), min_size=1, max_size=80),
)
@example(share=1.0, quota=1.0, pauses=[0.0] * 20)
@example(share=1.0, quota=10.0, pauses=[0.0] * 60)
@example(share=0.25, quota=10.0, pauses=[5.0, *[0.0] * 60])
def test_no_second_has_more_calls_than_the_quota(share: float, quota: float, pauses: list[float]) -> None:
    """Whatever the arrivals, no second has more calls than the quota, and the long run no more than the share."""
    budget, hands = paced(share, quota)
    begun, times = hands.at, []
    for pause in pauses:
        hands.at += pause
        budget.take(*QUERY)
        times.append(hands.at)
    assert most_in_a_second(times) <= quota
    burst = max(1.0, share * quota)
    assert len(times) <= burst + share * quota * (times[-1] - begun) + 1e-6


@given(pauses=st.lists(st.floats(0, 1), max_size=30), slow=st.sets(st.integers(0, 29)))
def test_a_throttled_budget_stays_under_the_quota_too(pauses: list[float], slow: set[int]) -> None:
    """Slowing down and speeding up never make a second fuller than the quota."""
    budget, hands = paced()
    times = []
    for index, pause in enumerate(pauses):
        hands.at += pause
        budget.take(*QUERY)
        times.append(hands.at)
        (budget.throttled if index in slow else budget.went_well)(*QUERY)
    assert most_in_a_second(times) <= 10


def test_a_share_is_used_to_the_full() -> None:
    """Calls that never stop come at the rate of the share, not slower."""
    budget, hands = paced(share=0.25, quota=10)
    begun = hands.at
    for _ in range(250):
        budget.take(*QUERY)
    assert 97 <= hands.at - begun <= 101


def test_many_threads_keep_to_the_quota_together() -> None:
    """The calls of all threads are counted in one bucket, and none is lost or left waiting."""
    budget, hands = paced(share=0.5, quota=10)
    times: list[float] = []
    lock = threading.Lock()

    def work() -> None:
        for _ in range(10):
            budget.take(*QUERY)
            with lock:
                times.append(hands.at)

    begun = hands.at
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(times) == 80
    # Each sleeper moves the one clock, so it goes faster than any of them waits; counted by it, the rate holds.
    assert len(times) <= 5 + 5 * (hands.at - begun) + 1e-6


def test_operations_and_regions_have_a_bucket_each() -> None:
    """A call of another operation, or in another region, does not wait for this one's."""
    budget, hands = paced()
    for _ in range(2):
        budget.take("logs.StartQuery", "eu-west-1")
        budget.take("logs.StartQuery", "us-east-1")
        budget.take("logs.GetQueryResults", "eu-west-1")
    assert hands.naps == 0
    budget.take("logs.StartQuery", "eu-west-1")
    assert hands.naps > 0


def test_a_throttled_operation_is_called_at_half_the_rate_and_recovers() -> None:
    """Each throttling halves the rate, to a sixteenth at the least; each call that goes well wins a twentieth back."""
    budget, hands = paced(share=0.4, quota=10)
    assert budget.rate(*QUERY) == 4
    rates = []
    for _ in range(6):
        budget.throttled(*QUERY)
        rates.append(budget.rate(*QUERY))
        hands.at += 1
    assert rates == [2, 1, 0.5, 0.25, 0.25, 0.25]
    assert budget.rate("logs.StartQuery", "us-east-1") == 4
    budget.went_well(*QUERY)
    assert budget.rate(*QUERY) == pytest.approx(0.45)
    for _ in range(40):
        budget.went_well(*QUERY)
    assert budget.rate(*QUERY) == 4


def test_calls_throttled_together_halve_the_rate_once() -> None:
    """What was on its way in the same second is one sign that the rate is too high, not several."""
    budget, hands = paced(share=0.4, quota=10)
    for _ in range(5):
        hands.at += 0.1
        budget.throttled(*QUERY)
    assert budget.rate(*QUERY) == 2


def test_after_throttling_the_burst_is_spent() -> None:
    """The next call waits, though the bucket was full."""
    budget, hands = paced(share=0.4, quota=10)
    budget.throttled(*QUERY)
    begun = hands.at
    budget.take(*QUERY)
    assert hands.at - begun == pytest.approx(0.5)


def test_who_asks_to_stop_is_heard_within_a_nap() -> None:
    """A wait ends with what `check` raises, 0.2 s later at most, and takes no call from the budget."""
    hands = Hands()
    watch = Watch()

    def sleep(seconds: float) -> None:
        assert seconds <= 0.2
        hands.sleep(seconds)
        if hands.naps == 3:
            watch.cancel()

    budget = Budget(0.1, {"logs.StartQuery": 1}, now=hands.now, sleep=sleep)
    budget.take(*QUERY, watch.check)
    with pytest.raises(QueryCancelledError):
        budget.take(*QUERY, watch.check)
    assert hands.naps == 3
    begun = hands.at
    budget.take(*QUERY)
    assert hands.at - begun == pytest.approx(10 - 0.6)


def test_an_interrupt_leaves_no_one_waiting_behind_it() -> None:
    """KeyboardInterrupt passes through, and the next in line is served."""
    hands = Hands()
    interrupts = [KeyboardInterrupt()]

    def sleep(seconds: float) -> None:
        hands.sleep(seconds)
        if interrupts:
            raise interrupts.pop()

    budget = Budget(0.5, {"logs.StartQuery": 2}, now=hands.now, sleep=sleep)
    budget.take(*QUERY)
    with pytest.raises(KeyboardInterrupt):
        budget.take(*QUERY)
    budget.take(*QUERY)
    assert hands.at - 1_000_000 == pytest.approx(1)


def test_running_queries_are_counted_by_region() -> None:
    """A share of the 100 queries run at once in a region; the next waits until one has ended."""
    budget, hands = paced(share=0.02)
    assert budget.most_running == 2
    first, second, third = (budget.running("eu-west-1") for _ in range(3))
    first.__enter__()
    with second, budget.running("us-east-1"):
        watch = Watch()
        watch.cancel()
        with pytest.raises(QueryCancelledError), budget.running("eu-west-1", watch.check):
            raise AssertionError("a third query ran")
    assert hands.naps == 0
    with third:
        pass
    first.__exit__(None, None, None)


def test_a_query_that_fails_gives_its_place_back() -> None:
    """The place is free again after an error too."""
    budget, hands = paced(share=0.01)
    for _ in range(3):
        with pytest.raises(ArgumentError), budget.running("eu-west-1"):
            raise ArgumentError("no")
    assert hands.naps == 0


def test_a_place_is_taken_and_given_back_without_waiting() -> None:
    """`enter` tells whether there is room, and `leave` makes some; both count with `running`."""
    budget, hands = paced(share=0.02)
    assert budget.enter("eu-west-1")
    with budget.running("eu-west-1"):
        assert not budget.enter("eu-west-1")
        assert budget.enter("us-east-1")
    assert budget.enter("eu-west-1")
    assert not budget.enter("eu-west-1")
    budget.leave("eu-west-1")
    assert budget.enter("eu-west-1")
    assert hands.naps == 0


def test_a_budget_waits_for_a_place() -> None:
    """Who waits for a place gets it when another thread gives it back."""
    budget = Budget(0.01)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with budget.running("eu-west-1"):
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    with budget.running("eu-west-1", done.set):
        assert done.is_set()
    thread.join(10)


@pytest.mark.parametrize("share", [0, -1, 1.01, float("nan")])
def test_a_share_is_a_part_of_the_quota(share: float) -> None:
    """Above 0 and up to 1; the error names the value."""
    with pytest.raises(ArgumentError, match=r"the share of the quotas is .+; give a number above 0, up to 1"):
        Budget(share)


@pytest.mark.parametrize("quota", [0, -1, float("inf"), float("nan")])
def test_a_quota_is_a_number_of_calls(quota: float) -> None:
    """Above 0 and finite; the error names the operation and the value."""
    with pytest.raises(ArgumentError, match=r"the quota of logs\.StartQuery is .+; give calls a second"):
        Budget(quotas={"logs.StartQuery": quota})


@pytest.mark.parametrize("operation", sorted(RATES))
def test_the_budget_knows_what_the_sandbox_limits(operation: str) -> None:
    """No operation that the sandbox throttles is called faster than it allows."""
    assert QUOTAS.get(operation, OTHERS) <= RATES[operation]


def test_a_session_has_one_budget() -> None:
    """All that is done with a session shares a budget, another session has its own, and both are let go."""

    class Session:
        """Stands for any object that can be a key."""

    one, other = Session(), Session()
    assert budget_of(one) is budget_of(one)
    assert budget_of(one) is not budget_of(other)
    kept: Callable[[], object] = weakref.ref(budget_of(one))
    del one
    gc.collect()
    assert kept() is None


def test_what_cannot_be_kept_track_of_has_a_budget_too() -> None:
    """A stand-in for a session that allows no weak reference is paced by a budget of its own."""
    assert budget_of(object()).share == 0.25


def test_a_session_may_bring_its_own_budget() -> None:
    """Where the quotas are not those of AWS, the session says so, and everything done with it keeps to that."""

    class Session:
        budget = Budget(quotas={"logs.StartQuery": 4.0}, others=float("inf"), queries=8)

    session = Session()
    assert budget_of(session) is session.budget
    assert session.budget.most_running == 2
    assert session.budget.rate("logs.StartQuery", "eu-west-1") == 1.0


def test_what_has_no_quota_is_not_waited_for() -> None:
    """With `others` infinite, an operation that is not named passes at once, however often."""
    budget = Budget(quotas={}, others=float("inf"), now=lambda: 0.0, sleep=lambda seconds: pytest.fail("it waited"))
    for _ in range(1000):
        budget.take("logs.Whatever", "eu-west-1")
