"""Two hours of unattended polling: what is asked of the service stays under its quotas at every second."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import rejectkit as rk
from rejectkit.pacing import Budget
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sandbox.limits import RATES
from rejectkit.sandbox.logs.queries import Insights
from tests.on_sandbox import fill

NOON = 1_793_534_400  # 2026-11-01 12:00:00 UTC
HOURS = 2


def busiest(sandbox: Sandbox) -> dict[str, int]:
    """Return, for each operation, the most calls in any second."""
    times: dict[str, list[float]] = defaultdict(list)
    for one in sandbox._world.seen:
        times[f"{one.service}.{one.operation}"].append(one.at)
    return {
        name: max(bisect_left(at, first + 1.0) - number for number, first in enumerate(at))
        for name, at in ((name, sorted(found)) for name, found in times.items())
    }


def test_two_hours_of_polling_stay_under_the_quotas() -> None:
    """Three sources of one session ask without a pause, then every eight minutes: nothing is throttled, nor near it."""
    lines = [f"{at} {NOON + at} REJECT" for at in range(300)]
    limits = Limits(query_seconds=2.5, query_rows=100, page_rows=50)  # the rates are the service's own
    with start(None, start=datetime.fromtimestamp(NOON + 1000, UTC), limits=limits) as sandbox:
        clock = sandbox.clock
        times = [(NOON + at) * 1000 for at in range(300)]
        name = fill(sandbox, times, lines, ("srcport", "start", "action"))
        budget = Budget(now=lambda: clock.stopwatch, sleep=lambda seconds: clock.advance(max(seconds, 0.01)) and None)
        sources = [
            rk.InsightsSource(name, sandbox.session, "${srcport} ${start} ${action}", keep=False, budget=budget)
            for _ in range(3)
        ]
        for source in sources:
            source._rows.most_rows = 100
        end = clock.now() + timedelta(hours=HOURS)
        rounds = 0
        while clock.now() < end:
            source = sources[rounds % 3]
            assert len(source.records()) == 300
            assert source.run("stats count(*) as n")["n"].tolist() == [300]
            rounds += 1
            if rounds > 6:
                clock.advance("500s")
        most = busiest(sandbox)
        codes = {one.code for one in sandbox._world.seen}
        began = sorted(query.began for query in sandbox._world.region(sandbox.region).of(Insights).queries.values())
    assert rounds > 15
    assert "ThrottlingException" not in codes
    for operation, quota in RATES.items():
        assert most.get(operation, 0) < quota, operation
    assert most["logs.StartQuery"] > 1  # they were asked as fast as they may
    assert most["logs.GetQueryResults"] > 1
    assert len(began) > 70
