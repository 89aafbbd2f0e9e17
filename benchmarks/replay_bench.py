"""Alarms replayed: 30 days of minutes under 500 rules, against the plain replay in tests; 10 million events reduced."""

from __future__ import annotations

import resource
import statistics
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from benchmarks.rounds import run

DAYS = 30
EVENTS = 300_000  # of the log whose alarms are replayed
MANY = 10_000_000  # of the log that is only reduced
PLAIN = 3  # rules that the plain replay plays
START = datetime(2026, 10, 1, tzinfo=UTC)
ROWS = (  # what is measured, its name in the table, the target and whether it is the least
    ("states", "500 rules on 30 days: states over both ends of the evaluation range, seconds", 5.0, False),
    ("sweep", "500 rules on 30 days: the whole sweep, with what was missed and how late, seconds", 5.0, False),
    ("rule", "one rule of the sweep, over both ends, seconds", None, False),
    ("alone", "one rule alone over one range, its events reduced for it, seconds", None, False),
    ("plain", "one rule over one range by the plain replay, seconds", None, False),
    ("times", "how many rules of the sweep go into one of the plain replay", 50.0, True),
    ("reduced", "10 million events to minutes, seconds", 10.0, False),
    ("rules", "rules in the sweep", 500, True),
    ("memory", "memory at most, GB", None, False),
)


def log(number: int, seed: int = 7) -> pd.DataFrame:
    """Return events of 30 days, a third of them rejects, which arrive some minutes late."""
    dice = np.random.default_rng(seed)
    first = round(START.timestamp() * 1000)
    times = first + dice.integers(0, DAYS * 86_400_000, number)
    late = 60_000 + (300_000 * np.exp(dice.normal(0, 0.3, number))).astype(np.int64)
    action = pd.Categorical.from_codes((dice.random(number) < 0.35).astype(np.int8), ["ACCEPT", "REJECT"])
    return pd.DataFrame(
        {
            "@timestamp": pd.to_datetime(times, unit="ms", utc=True),
            "@ingestionTime": pd.to_datetime(times + late, unit="ms", utc=True),
            "action": action,
        }
    )


def once() -> dict[str, float]:
    """Measure everything once; return seconds."""
    from rejectkit.monitoring.alarms.evaluation import DOCUMENTED
    from rejectkit.monitoring.replaying.asked import BOTH_ENDS, runs
    from rejectkit.monitoring.replaying.events import read
    from rejectkit.monitoring.replaying.minutes import Metric
    from rejectkit.monitoring.replaying.sweeping import grid, sweep
    from rejectkit.window import Window
    from tests.reference import replay as plain

    window, frame = Window(START, START + timedelta(days=DAYS)), log(EVENTS)
    rules = grid(
        period=[60, 120, 300, 600, 900],
        evaluation_periods=[1, 2, 3, 5, 10],
        datapoints_to_alarm=[1, 2],
        threshold=[0, 2, 5, 10, 20, 50],
        treat_missing_data=["notBreaching", "missing"],
    )[:500]
    took: dict[str, float] = {"rules": len(rules)}

    begun = time.perf_counter()
    metric = Metric(read(frame), window, 42.8)
    changes = sum(len(run.changes) for rule in rules for run in runs(rule, metric, BOTH_ENDS))
    took["states"], took["changes"] = time.perf_counter() - begun, changes

    begun = time.perf_counter()
    table = sweep(frame, rules, window=window)
    took["sweep"], took["best"] = time.perf_counter() - begun, int(table["best"].sum())

    stamps = [frame[name].dt.tz_localize(None).to_numpy("datetime64[ms]").astype(int) for name in frame.columns[:2]]
    hits = frame["action"].eq("REJECT").to_numpy()
    events = list(zip(*(one.tolist() for one in (*stamps, hits.astype(float), hits)), strict=True))
    first, last = (round(moment.timestamp() * 1000) for moment in (window.start, window.end))
    ours, theirs = [], []
    for rule in rules[:: len(rules) // PLAIN][:PLAIN]:
        metric = Metric(read(frame), window, 42.8)
        begun = time.perf_counter()
        (run,) = runs(rule, metric, [DOCUMENTED])
        missed = run.missed_count
        ours.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        second = plain.replay(events, rule, DOCUMENTED.extra, first, last)
        theirs.append(time.perf_counter() - begun)
        if run.moments[run.changes].tolist() != [at for at, _ in second.changes] or missed > len(second.missed):
            raise AssertionError(f"{rule}: {len(run.changes)} changes, {missed} missed, unlike the plain replay")
    took["rule"] = took["sweep"] / len(rules)
    took["alone"], took["plain"] = statistics.mean(ours), statistics.mean(theirs)
    took["times"] = took["plain"] / took["rule"]

    many = log(MANY)
    begun = time.perf_counter()
    metric = Metric(read(many), window, 42.8)
    took["cells"] = len(metric.cells(metric.ticks(rules[0])).units)
    took["reduced"] = time.perf_counter() - begun
    took["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return took


def _told(one: dict[str, float]) -> str:
    return (
        f"{one['rules']:,.0f} rules, {DAYS * 1440:,} minutes, {EVENTS:,} events; {one['changes']:,.0f} changes, "
        f"{one['best']:,.0f} best; {MANY:,} events in {one['cells']:,.0f} cells"
    )


if __name__ == "__main__":
    raise SystemExit(run("benchmarks.replay_bench", __doc__, once, ROWS, _told))
