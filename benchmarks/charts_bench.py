"""Each chart of 400,000 rejects beside what a user would write: count the ports, draw the first 20 as bars."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import rejectkit as rk

FLOWS, SOURCES, RUNS = 400_000, 5_000, 5


def rejects() -> pd.DataFrame:
    """Return a day of rejects: few sources send most of them."""
    rng = np.random.default_rng(7)
    place = (rng.random(FLOWS) ** 3 * SOURCES).astype(int)
    start = pd.Timestamp("2026-11-01", tz="UTC").as_unit("ms")
    return pd.DataFrame(
        {
            "@timestamp": start + pd.to_timedelta(np.sort(rng.integers(0, 86_400, FLOWS)), "s"),
            "interfaceId": pd.array([f"eni-{at % 40:017x}" for at in place], dtype="str"),
            "srcAddr": pd.array([f"45.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}" for at in place], dtype="str"),
            "dstAddr": pd.array(["10.0.0.9"] * FLOWS, dtype="str"),
            "srcPort": pd.array([40_000] * FLOWS, dtype="Int64"),
            "dstPort": pd.array(20 + place, dtype="Int64"),
            "protocol": pd.array([6] * FLOWS, dtype="Int64"),
            "packets": pd.array([1] * FLOWS, dtype="Int64"),
            "bytes": pd.array([40] * FLOWS, dtype="Int64"),
            "action": pd.array(["REJECT"] * FLOWS, dtype="str"),
        }
    )


def plain(table: pd.DataFrame) -> Figure:
    """Draw the peer."""
    counts = table["dstPort"].value_counts().head(20)
    figure = Figure()
    figure.add_subplot().barh([str(port) for port in counts.index], counts.to_numpy(dtype=float))
    return figure


def seconds(make: Callable[[pd.DataFrame], Figure], table: pd.DataFrame) -> float:
    """Return how long a figure takes to make and paint."""
    begin = time.perf_counter()
    FigureCanvasAgg(make(table)).draw()
    return time.perf_counter() - begin


def main() -> int:
    """Take turns and print, for each chart, its median time and the median of its ratios to the peer."""
    table = rejects()
    print(f"{FLOWS:,} rejects of {SOURCES:,} sources, medians of {RUNS} turns")
    for name, chart in rk.charts.CHARTS.items():
        taken = [
            (seconds(lambda df, draw=chart.draw: draw(df).figure, table), seconds(plain, table)) for _ in range(RUNS)
        ]
        ratio = statistics.median(ours / peer for ours, peer in taken)
        print(f"  {name:<20} {statistics.median(ours for ours, _ in taken):5.2f} s  {ratio:5.1f} x the plain bars")
    begin = time.perf_counter()
    rk.classify.sources(table)
    print(f"  {'classify.sources':<20} {time.perf_counter() - begin:5.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
