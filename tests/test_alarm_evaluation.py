"""When an alarm is evaluated, and over which periods."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.evaluation import (
    DOCUMENTED,
    LONGEST,
    SHORTEST,
    EvaluationRange,
    evaluations,
    interval,
    slots,
)

DAY = datetime(2026, 11, 23, tzinfo=UTC)


def clock(text: str) -> float:
    """Return a time of the day as seconds since the epoch."""
    return datetime.fromisoformat(f"2026-11-23T{text}+00:00").timestamp()


def starts(rule: AlarmRule, at: str, reach: EvaluationRange = SHORTEST, **how: Any) -> list[str]:
    """Return when the slots start, as times of the day."""
    return [f"{datetime.fromtimestamp(start, UTC):%H:%M:%S}" for start in slots(rule, clock(at), reach, **how)]


@pytest.mark.parametrize(
    ("period", "at", "newest"),
    [
        (60, "13:14:42.800", "13:13:00"),
        (60, "13:14:00", "13:13:00"),
        (60, "13:13:59.999", "13:12:00"),
        (300, "01:40:05.800", "01:35:00"),
        (300, "01:41:05.800", "01:36:00"),
        (900, "00:26:28.954", "00:11:00"),
        (10, "05:43:00.813", "05:42:40"),
        (10, "05:42:57.551", "05:42:30"),
        (10, "05:44:38.775", "05:44:10"),
        (30, "05:44:38.775", "05:43:50"),
    ],
)
def test_the_newest_slot_is_the_last_complete_period(period: int, at: str, newest: str) -> None:
    """It slides by the minute, or by ten seconds; the 60, 300, 900 and 10 s rows are of real histories."""
    assert starts(AlarmRule(period=period), at)[-1] == newest


def test_the_slots_run_back_from_the_newest() -> None:
    """One slot per period, oldest first, N of them and what the range adds."""
    rule = AlarmRule(period=300, evaluation_periods=2, datapoints_to_alarm=1)
    assert starts(rule, "01:41:05") == ["01:31:00", "01:36:00"]
    assert starts(rule, "01:41:05", DOCUMENTED) == ["01:21:00", "01:26:00", "01:31:00", "01:36:00"]


def test_a_delay_pushes_the_window_back() -> None:
    """A period counts once it has been over for the delay."""
    assert starts(AlarmRule(), "13:14:42.8", delay=42.8) == ["13:13:00"]
    assert starts(AlarmRule(), "13:14:42.8", delay=43) == ["13:12:00"]


def test_the_ends_of_the_plausible_span() -> None:
    """The span runs from N alone to the longest that was recorded; the default is the page's own example."""
    three = AlarmRule(evaluation_periods=3)
    assert [reach.length(three) for reach in (SHORTEST, EvaluationRange(), LONGEST)] == [3, 5, 11]
    assert EvaluationRange() == DOCUMENTED


@pytest.mark.parametrize("extra", [-1, 1.5, True, None])
def test_a_range_is_a_count(extra: Any) -> None:
    """Anything but a whole number of periods is refused."""
    with pytest.raises(ArgumentError) as error:
        EvaluationRange(extra)
    assert str(error.value) == f"extra is {extra!r}; it is a whole number of periods, 0 or more"


@pytest.mark.parametrize(
    ("period", "n", "seconds"),
    [
        (10, 1, 10),
        (30, 5, 10),
        (60, 1, 60),
        (300, 3, 60),
        (60, 1440, 60),
        (86_400, 1, 60),
        (86_400, 2, 3600),
        (3600, 25, 3600),
    ],
)
def test_how_often_a_rule_is_evaluated(period: int, n: int, seconds: int) -> None:
    """Every minute whatever the period, every ten seconds below a minute, hourly beyond a day."""
    assert interval(AlarmRule(period=period, evaluation_periods=n)) == seconds


def test_a_day_has_an_evaluation_each_minute() -> None:
    """The moments are in the half-open span, a minute apart, at the alarm's phase."""
    moments = list(evaluations(AlarmRule(), DAY, DAY.timestamp() + 86_400, phase=42.8))
    assert len(moments) == 1440
    assert moments[0] == pytest.approx(clock("00:00:42.800"))
    assert moments[-1] == pytest.approx(clock("23:59:42.800"))


@given(st.integers(0, 10**10), st.integers(0, 7200), st.integers(0, 100), st.sampled_from([10, 60, 300]))
def test_the_moments_of_a_span_are_those_of_its_parts(start: int, length: int, phase: int, period: int) -> None:
    """Cutting a span in two loses no evaluation and repeats none."""
    rule = AlarmRule(period=period)
    middle, end = start + length // 3, start + length
    whole = list(evaluations(rule, start, end, phase))
    assert whole == [*evaluations(rule, start, middle, phase), *evaluations(rule, middle, end, phase)]
    assert all((moment - phase) % interval(rule) == 0 and start <= moment < end for moment in whole)


@given(st.floats(0, 4e9), st.sampled_from([10, 20, 30, 60, 300, 900]), st.integers(1, 5), st.integers(0, 8))
def test_slots_are_complete_and_touch_each_other(at: float, period: int, n: int, extra: int) -> None:
    """Every slot has ended, none is older than need be, and they leave no gap."""
    rule = AlarmRule(period=period, evaluation_periods=n)
    found = slots(rule, at, EvaluationRange(extra))
    assert len(found) == n + extra
    assert {later - earlier for earlier, later in pairwise(found)} <= {period}
    assert 0 <= at - (found[-1] + period) < (20 if period < 60 else 60)
