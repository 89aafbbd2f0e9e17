"""The sandbox's clock: it stands still, and what is on its agenda happens on the way, at its own time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rejectkit.errors import ArgumentError
from rejectkit.sandbox.clock import Clock

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """A clock at midnight."""
    return Clock(START)


def test_it_stands_still_until_it_is_advanced(clock: Clock) -> None:
    """And goes by spans of every kind."""
    assert clock.now() == START
    assert clock.advance("10m") == START + timedelta(minutes=10)
    assert clock.advance(30) == START + timedelta(seconds=630)
    assert clock.advance(timedelta(hours=1)) == START + timedelta(seconds=4230)
    assert clock.millis == int(START.timestamp() * 1000) + 4_230_000


def test_happenings_come_in_order_each_at_its_own_time(clock: Clock) -> None:
    """Those of one moment in the order they were put there; a late one at once, in the next advance."""
    seen: list[tuple[str, float]] = []

    def note(name: str) -> Any:
        return lambda: seen.append((name, clock.seconds - START.timestamp()))

    for at, name in ((300, "c"), (60, "a"), (300, "d"), (120, "b"), (-5, "late"), (9999, "never")):
        clock.at(START.timestamp() + at, note(name))
    clock.advance("10m")
    assert seen == [("late", 0), ("a", 60), ("b", 120), ("c", 300), ("d", 300)]
    assert clock.now() == START + timedelta(minutes=10)


def test_a_happening_may_put_another_on_the_agenda(clock: Clock) -> None:
    """It happens in the same advance if it is due in it."""
    seen: list[float] = []
    clock.at(START.timestamp() + 60, lambda: clock.at(clock.seconds + 60, lambda: seen.append(clock.seconds)))
    clock.advance("2m")
    assert seen == [START.timestamp() + 120]


def test_every_period_until_the_end(clock: Clock) -> None:
    """An end that falls on a happening is in the advance."""
    seen: list[float] = []
    clock.every(60, START.timestamp() + 42, lambda: seen.append(clock.seconds - START.timestamp()))
    clock.advance(42 + 120)
    assert seen == [42, 102, 162]


def test_it_runs_until_a_moment_or_until_something_holds(clock: Clock) -> None:
    """A test is made after each minute; one that never holds ends with the span."""
    assert clock.run_until(START + timedelta(hours=1)).hour == 1
    flags: list[bool] = []
    clock.at(clock.seconds + 150, lambda: flags.append(True))
    assert clock.run_until(lambda: bool(flags)) == START + timedelta(hours=1, minutes=3)
    with pytest.raises(TimeoutError, match="did not hold until 2026-11-01 01:13"):
        clock.run_until(lambda: False, within="10m")


@pytest.mark.parametrize("span", ["soon", "-5m", -1, None, float("nan"), float("inf")])
def test_it_goes_forward_only(clock: Clock, span: Any) -> None:
    """What is no span is refused, with an example, and moves nothing."""
    with pytest.raises(ArgumentError, match="10m"):
        clock.advance(span)
    assert clock.now() == START


@pytest.mark.parametrize("goal", [START - timedelta(seconds=1), datetime(2026, 12, 1)])  # noqa: DTZ001  to be refused
def test_a_past_or_naive_goal_is_refused(clock: Clock, goal: datetime) -> None:
    """It says what time it is."""
    with pytest.raises(ArgumentError, match="2026-11-01"):
        clock.run_until(goal)


def test_the_stopwatch_counts_both_times(clock: Clock) -> None:
    """Advanced seconds count as if they had been waited for."""
    before = clock.stopwatch
    clock.advance("1h")
    assert 3600 <= clock.stopwatch - before < 3660
