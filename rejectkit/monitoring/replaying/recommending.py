"""Which of many settings of an alarm to take: those no other beats, and of these one, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.replaying.replay import spoken

LEAST: Final = ("pagesPerDay", "secondsToAlarm", "alarmShare", "missedShare", "dollars")
"""Figures of which less is better; where incidents are known, so it is of pages that tell of none."""

MOST_ALARM: Final = 0.5
"""Share of time in ALARM from which on a setting is no alert: it cannot page for what comes while it is in ALARM."""

ALIKE: Final = 0.01
"""Difference of missed shares that does not count in the recommendation."""


@dataclass(frozen=True)
class Recommendation:
    """One setting, and why.

    Attributes
    ----------
    row : Series
        Its row of the sweep; `row["rule"]` is the rule.
    reason : str
        Why this one, in sentences.
    """

    row: pd.Series
    reason: str

    @property
    def rule(self) -> Any:
        """The rule: AlarmRule or LogAlarmRule."""
        return self.row["rule"]

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason

    def _repr_html_(self) -> str:
        """Return the reason as a paragraph; it is escaped."""
        return f"<p>{escape(self.reason)}</p>"


def best(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell which rows of a sweep no other beats: better in one figure, and as good in all.

    A setting that pages for nothing over some range (with incidents: that tells of none) is never among them.
    """
    scored = bool(frame["caught"].notna().any())
    figures = [frame[name].fillna(np.inf) for name in LEAST]
    if scored:
        figures += [frame["otherPagesPerDay"], -frame["caught"]]
    costs = np.stack([one.to_numpy(dtype=np.float64) for one in figures], axis=1)
    speaks = frame["secondsToAlarm"].notna().to_numpy(dtype=bool)
    unbeaten = speaks.copy()
    for at in np.flatnonzero(speaks):
        better = (costs <= costs[at]).all(axis=1) & (costs < costs[at]).any(axis=1)
        unbeaten[at] = not (better & speaks).any()
    return unbeaten


def recommend(frame: pd.DataFrame, most_pages: float = 10.0) -> Recommendation:
    """Return the setting to take from a sweep, with the reason.

    Of the best ones: those that page no more a day than one can bear; of these with incidents those that catch the
    most, then those with the fewest other pages; without incidents those in ALARM less than half of the time. Of
    these, those that miss the fewest rejects (a percent more or less is alike); then the quickest, the one with the
    fewest pages, the cheapest; of equals the first. What none fulfils is passed over, and said.

    Parameters
    ----------
    frame : DataFrame
        As `sweep` returns it.
    most_pages : float
        Pages a day that one can bear.

    Raises
    ------
    ArgumentError
        If no setting of the sweep pages, or the frame is no sweep's.

    Examples
    --------
    >>> from rejectkit.monitoring.replaying.sweeping import sweep
    >>> when = pd.date_range("2026-11-01", periods=10, freq="200min", tz="UTC")
    >>> frame = pd.DataFrame({"@timestamp": when, "action": "REJECT"})
    >>> print(recommend(sweep(frame, {"evaluation_periods": [1, 8, 12]})).rule)
    Sum of 60 s > 0, 1 of 8, missing data: notBreaching
    """
    if lacking := [name for name in (*LEAST, "caught", "rangeMatters", "best") if name not in frame]:
        raise ArgumentError(f"the frame has no column {lacking[0]!r}; give what sweep returned")
    if isinstance(most_pages, bool) or not isinstance(most_pages, int | float | np.number) or not most_pages >= 0:
        raise ArgumentError(f"most_pages is {most_pages!r}; it is a number of pages a day, 0 or more")
    left = frame[frame["best"].astype(bool)]
    if left.empty:
        raise ArgumentError(
            f"none of the {len(frame):,} settings pages over every evaluation range; try longer ranges (more "
            "evaluation_periods, or a longer period), which late records need"
        )
    number, reasons = len(left), []
    bearable = left[left["pagesPerDay"] <= most_pages]
    if bearable.empty:
        reasons.append(f"all of these page more than {_rate(most_pages)}")
    left = left if bearable.empty else bearable
    if left["caught"].notna().any():
        most = left["caught"].max()
        left = left[left["caught"] == most]
        known = left["incidents"].iloc[0]
        noun = "incident" if known == 1 else "incidents"
        reasons.append(f"it catches {most} of {known} {noun}, as many as any of them")
        fewest = left["otherPagesPerDay"].min()
        left = left[left["otherPagesPerDay"] <= fewest]
        reasons.append(f"it pages for something else {_rate(fewest)}, the least")
    else:
        calm = left[left["alarmShare"] < MOST_ALARM]
        if calm.empty:
            reasons.append("all of these are in ALARM at least half of the time, so none tells of what comes then")
        left = left if calm.empty else calm
    left = left[left["missedShare"] <= left["missedShare"].min() + ALIKE]
    left = left.sort_values(["secondsToAlarm", "pagesPerDay", "dollars"], kind="stable")
    row = left.iloc[0]
    reasons.append(
        f"{row['missedShare']:.1%} of the rejects are never judged, and of the others none misses fewer by 1%"
    )
    reasons.append(
        f"of {len(left):,} left it is the quickest: it pages {row['secondsToAlarm']:,.0f} s after the beginning "
        f"(median; 90% within {row['secondsToAlarm90']:,.0f} s), {_rate(row['pagesPerDay'])} in all, is in ALARM "
        f"{row['alarmShare']:.1%} of the time and costs {row['dollars']:.2f} USD a month"
    )
    lines = [
        f"Take {spoken(row['rule'])}, on {row['pattern']}: one of {number:,} of {len(frame):,} settings that no other "
        f"beats; {'; '.join(reasons)}."
    ]
    if row["rangeMatters"]:
        lines.append(
            "Its figures hang on how far an evaluation looks back, which AWS does not document: the worst are told."
        )
    return Recommendation(row, " ".join(lines))


def _rate(pages: float) -> str:
    return f"{pages:,.1f} times a day"
