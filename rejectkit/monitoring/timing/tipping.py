"""Which record fired an alarm: the one whose arrival made the rule hold, and did so until the alarm was judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rejectkit.monitoring.timing.changes import Datapoint

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tipped:
    """What fired an alarm.

    Attributes
    ----------
    record : int
        Place of the record among those that were given.
    datapoint : Datapoint
        The one it counts in.
    spoke : ndarray of int64
        Places of the matching records in all datapoints that breached, as far as they had arrived.
    """

    record: int
    datapoint: Datapoint
    spoke: Ints


def tipping(
    datapoints: Sequence[Datapoint],
    needed: int,
    statistic: str,
    breaches: Callable[[Floats], Bools],
    times: Ints,
    arrived: Ints,
    matches: Bools,
) -> Tipped | None:
    """Return the record at whose arrival the rule held, and went on to hold; None where the records do not tell.

    Parameters
    ----------
    datapoints : sequence of Datapoint
        Those that breached.
    needed : int
        How many of them the state took: M, or fewer where missing ones were filled in.
    statistic : str
        SampleCount, Average, Sum, Minimum or Maximum, of 1 for a record that matches and 0 for another.
    breaches : callable
        Which values are on the threshold's wrong side.
    times, arrived : ndarray of int64
        Of the records: timestamp (the datapoint that each counts in) and arrival, milliseconds since the epoch.
    matches : ndarray of bool
        Which match the filter.

    Notes
    -----
    Of records that arrive together the one with the earlier timestamp counts first, then the one given first.
    """
    order = np.lexsort((np.arange(len(times)), times, arrived))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    spoke: list[Ints] = []
    tipped: list[tuple[int, int, Datapoint]] = []
    for one in datapoints:
        inside = (times[order] >= one.start) & (times[order] < one.end) & (arrived[order] <= one.judged)
        mine = order[inside]
        spoke.append(mine[matches[mine]])
        wrong = breaches(_running(statistic, matches[mine].astype(np.float64)))
        right = np.flatnonzero(~wrong)
        since = int(right[-1]) + 1 if len(right) else 0
        if since < len(mine):
            tipped.append((int(rank[mine[since]]), int(mine[since]), one))
    tipped.sort(key=lambda each: each[0])
    if not 0 < needed <= len(tipped):
        return None
    _, record, datapoint = tipped[needed - 1]
    return Tipped(record, datapoint, np.concatenate(spoke))


def _running(statistic: str, values: Floats) -> Floats:
    """Return a statistic after each value."""
    if statistic == "Maximum":
        return np.maximum.accumulate(values)
    if statistic == "Minimum":
        return np.minimum.accumulate(values)
    count = np.arange(1.0, len(values) + 1)
    if statistic == "SampleCount":
        return count
    total: Floats = np.cumsum(values)
    return total / count if statistic == "Average" else total
