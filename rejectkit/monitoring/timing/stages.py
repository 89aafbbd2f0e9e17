"""The stages from a refused packet to a notice: which moments bound them, and their seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

MOMENTS: Final = ("firstPacket", "closed", "ingested", "datapoint", "evaluated", "changed", "acted", "noticed")
"""Moments of an alert in their order, UTC; columns of `rejectkit.monitoring.latency`'s frame, NaT where unknown.

=============  =========================================================================================
`firstPacket`  the record's `start`: first packet of the record that fired the alarm
`closed`       its aggregation interval closed
`ingested`     it was in CloudWatch Logs: `@ingestionTime`
`datapoint`    the period that it counts in was over, and it was there
`evaluated`    the alarm was evaluated: `queryDate` of its history
`changed`      its state changed: the history item's time
`acted`        its action ran: the time of the history's Action item
`noticed`      SNS sent the notice on to a subscriber
=============  =========================================================================================
"""

STAGES: Final = ("aggregation", "delivery", "waiting", "evaluation", "stateChange", "action", "notice")
"""Stages of an alert in their order, seconds; columns of `rejectkit.monitoring.latency`'s frame, NaN where unknown.

Stage `STAGES[n]` goes from moment `MOMENTS[n]` to `MOMENTS[n + 1]`.

=============  =========================================================================================
`aggregation`  first packet to the end of its aggregation interval
`delivery`     from there into CloudWatch Logs
`waiting`      from there to the end of the period that the record counts in; 0 where that was over
`evaluation`   from there to the evaluation that saw it
`stateChange`  from the evaluation to the change of state
`action`       from the change to its action
`notice`       from the action to the notice
=============  =========================================================================================
"""

TOTAL: Final = "total"
"""The column of the sum of a transition's known stages: from its first known moment to its last, where none between is
unknown."""

BOUNDS: Final[Mapping[str, tuple[str, str]]] = {
    stage: (first, second) for stage, first, second in zip(STAGES, MOMENTS[:-1], MOMENTS[1:], strict=True)
}
"""The moment that each stage begins with, and the one that it ends with."""


def seconds(moments: pd.DataFrame) -> pd.DataFrame:
    """Return the seconds of each stage, and of all that are known.

    Parameters
    ----------
    moments : DataFrame
        A row an alert, with the columns `MOMENTS`: UTC, NaT where unknown.

    Returns
    -------
    DataFrame
        `STAGES` and `total`, float seconds with the index of `moments`; NaN where a stage's begin or end is unknown.
        `total` is the sum of the known stages, which share their moments: from the first known to the last, where
        none between them is unknown.

    Examples
    --------
    >>> when = {name: pd.Timestamp("2026-11-01T12:00Z") + pd.Timedelta(10 * at, "s") for at, name in enumerate(MOMENTS)}
    >>> seconds(pd.DataFrame([when]))["total"].item()
    70.0
    """
    found = {name: (moments[last] - moments[first]).dt.total_seconds() for name, (first, last) in BOUNDS.items()}
    made = pd.DataFrame(found, index=moments.index).astype("float64")
    made[TOTAL] = (made * 1000).round().sum(axis=1, min_count=1) / 1000
    return made
