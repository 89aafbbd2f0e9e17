"""Delivery in the sandbox: every record of the scenario arrives once, at its own time."""

from __future__ import annotations

import numpy as np
import pytest

from rejectkit.errors import ArgumentError
from rejectkit.records import LogFormat
from rejectkit.sandbox import Delivery, scenario, start
from rejectkit.sandbox.logs.logstore import LogGroup, LogStore
from rejectkit.sandbox.playing.pipeline import arrivals, play
from rejectkit.sandbox.server import Sandbox

SCENARIO = scenario(hours=2)
FORMAT = LogFormat.default()


def played(sandbox: Sandbox, delivery: Delivery, fmt: LogFormat = FORMAT) -> LogGroup:
    """Let the scenario be played into a group; return it."""
    world = sandbox._world
    play(world, sandbox.region, SCENARIO, delivery, fmt, "g")
    return world.region(sandbox.region).of(LogStore).group("g")


def test_all_records_arrive_once_each_at_its_own_time() -> None:
    """None is there before, all are there after; lines, timestamps and arrival belong together."""
    delivery = Delivery()
    when = arrivals(SCENARIO, delivery)
    with start(scenario=None, start=SCENARIO.start) as sandbox:
        group = played(sandbox, delivery)
        for _ in range(25):
            sandbox.advance(617)
            assert len(group.messages) == int((when <= sandbox.clock.millis).sum())
        lines, starts = SCENARIO.lines(FORMAT), SCENARIO.starts
        expected = sorted(
            zip(when.tolist(), (starts * 1000).tolist(), lines, SCENARIO.interfaces, strict=True),
        )
        got = sorted(zip(group.ingested, group.times, group.messages, group.streams_of, strict=True))
        assert got == [(*row, f"{eni}-all") for *row, eni in expected]
        assert group.ingested == sorted(group.ingested)


def test_what_arrived_is_there_before_what_else_happens_then() -> None:
    """So that an alarm that is judged in the same moment sees it."""
    with start(scenario=None, start=SCENARIO.start) as sandbox:
        group = played(sandbox, Delivery.constant(60))
        moment = int(arrivals(SCENARIO, Delivery.constant(60))[100]) / 1000
        seen: list[int] = []
        sandbox.clock.at(moment, lambda: seen.append(len(group.messages)))
        sandbox.run_until(sandbox.clock.now().fromtimestamp(moment + 1, sandbox.clock.now().tzinfo))
        assert seen == [int((arrivals(SCENARIO, Delivery.constant(60)) <= moment * 1000).sum())]


def test_records_of_one_interval_arrive_together() -> None:
    """They are one delivery; and none before its interval closed."""
    when = arrivals(SCENARIO, Delivery())
    batches: dict[tuple[str, int], set[int]] = {}
    for interface, close, at in zip(SCENARIO.interfaces, SCENARIO.closes.tolist(), when.tolist(), strict=True):
        batches.setdefault((interface, close), set()).add(at)
        assert at >= close * 1000
    assert max(map(len, batches.values())) == 1
    assert len({at for times in batches.values() for at in times}) > 0.9 * len(batches)


def test_delays_follow_the_distribution() -> None:
    """Half below the median; never above the longest; the same for the same seed."""
    delays = Delivery(median=300, spread=0.5, longest=900).delays(20_000)
    assert abs(np.median(delays) / 1000 - 300) < 10
    assert delays.max() == 900_000
    assert (delays == Delivery(median=300, spread=0.5, longest=900).delays(20_000)).all()
    assert (delays != Delivery(median=300, spread=0.5, longest=900, seed=1).delays(20_000)).any()
    assert set(Delivery.constant(60).delays(10).tolist()) == {60_000}


@pytest.mark.parametrize("bad", [{"median": -1}, {"spread": -1}, {"median": 300, "longest": 200}])
def test_delivery_that_cannot_be(bad: dict[str, float]) -> None:
    """It is refused with the values."""
    with pytest.raises(ArgumentError, match="cannot be: give seconds"):
        Delivery(**bad)


def test_any_format() -> None:
    """The group's format is known to the log store; lines are in it."""
    fmt = LogFormat.parse("${srcaddr} ${dstport} ${action} ${flow-direction}")
    with start(scenario=None, start=SCENARIO.start) as sandbox:
        group = played(sandbox, Delivery.constant(0), fmt)
        sandbox.advance("3h")
        assert sorted(group.messages) == sorted(SCENARIO.lines(fmt))
        assert sandbox._world.region(sandbox.region).of(LogStore).log_format_of(group) == fmt
