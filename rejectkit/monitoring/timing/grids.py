"""When the aggregation interval of a record closed: read off the records of its interface, to the second or not at all.

A record tells its first and its last packet, not the interval they were gathered in. *Inferred*, and assumed here only:
the intervals of one interface follow one another without a gap, all 60 s or all 600 s long, so that they close each so
many seconds at the same second. Source of the lengths: VPC user guide, "Flow log records".
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from rejectkit.sources.cloudwatch.coverage import LONGEST_AGGREGATION

INTERVALS: Final = (60, LONGEST_AGGREGATION)
"""Seconds that aggregation intervals have; the first that the records fit is taken."""

Ints = npt.NDArray[np.int64]


def closing(end: int, starts: Ints, ends: Ints) -> int | None:
    """Return when the interval closed that a record's last packet fell into; None where that is not sure to the second.

    Parameters
    ----------
    end : int
        The record's last packet, seconds since the epoch.
    starts, ends : ndarray of int64
        First and last packet of records of the same interface around it, itself among them; NODATA and SKIPDATA tell
        the most, as they span whole intervals.

    Returns
    -------
    int or None
        Seconds since the epoch; None where no grid fits all records, or more than one does.

    Notes
    -----
    A packet at the second in which an interval closes belongs to the next one; only where no grid fits so, it may
    belong to either. Where no record is half an interval long, nothing is said: few and short records fit by chance.

    Examples
    --------
    >>> closing(1000, np.array([960, 1020]), np.array([1019, 1050]))
    1020
    """
    longest = int((ends - starts).max(initial=0))
    for interval in INTERVALS:
        for inside in (1, 0):
            if longest > interval - inside:
                continue
            phases = _phases(interval, starts + 1, ends + inside)
            if len(phases) == 1 and 2 * longest >= interval:
                return int(end + inside + (phases[0] - end - inside) % interval)
            if len(phases):
                return None
    return None


def _phases(interval: int, first: Ints, end: Ints) -> Ints:
    """Return the seconds of an interval that no stretch `[first, end)` of seconds, taken around, covers."""
    kept = end > first
    low, length = first[kept] % interval, (end - first)[kept]
    steps = np.zeros(2 * interval + 1, dtype=np.int64)
    np.add.at(steps, low, 1)
    np.add.at(steps, low + length, -1)
    covered = np.cumsum(steps)[:-1]
    return np.flatnonzero(covered[:interval] + covered[interval:] == 0)
