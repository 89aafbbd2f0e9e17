"""When flows came: what silence and what height count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from making_flows import DAY, START

from rejectkit.exploring.tide import Course, burst


@pytest.mark.parametrize(
    ("times", "before", "after"),
    [
        ([0, 3600, 7200, 10800], 0, 0),
        (range(50000, DAY, 60), 50000, 0),
        (range(0, 30000, 60), 0, DAY - 29940),
        ([40000], 0, 0),
        ([40000, 40001], 0, 0),
        (range(3600, DAY - 3600, 3600), 0, 0),
        (range(1500, DAY - 1500, 60), 0, 0),
        (range(1800, DAY - 60, 60), 1800, 0),
    ],
)
def test_a_silence_counts_if_it_is_longer_than_the_flows_own_pace(times: Any, before: int, after: int) -> None:
    """Quiet at an end of the window is told only where it is unlike the gaps between the flows."""
    end = 10800 if len(times) == 4 else DAY
    course = Course.of(np.array(times) + START, START, START + end)
    assert (course.before, course.after) == (before, after)


def test_a_burst_needs_height_and_a_usual_to_stand_out_from() -> None:
    """Even traffic, few flows and a short window have no burst; a peak has its limits."""
    even = np.arange(0, DAY, 10)
    assert burst(even, 0, DAY) is None
    assert burst(np.full(99, 40000), 0, DAY) is None
    assert burst(np.full(500, 100), 0, 300) is None
    peak = burst(np.sort(np.append(even, np.full(3000, 40000))), 0, DAY)
    assert peak is not None
    assert (peak.start, peak.end, peak.number) == (39600, 40200, 3060)
