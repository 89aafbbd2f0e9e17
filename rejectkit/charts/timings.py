"""Charts of an alert's timing: its stages, how late records come, and what state an alarm is in over time.

Each takes a table of its own, which the call named in `TIMINGS` makes; times are UTC.

Examples
--------
>>> from rejectkit.monitoring.timing.stages import STAGES
>>> row = {"at": pd.Timestamp("2026-11-01 08:30", tz="UTC"), "state": "ALARM"} | dict.fromkeys(STAGES, 60.0)
>>> axes = alert_stages(pd.DataFrame([row]))
>>> axes.get_xlabel(), axes.texts[0].get_text()
('minutes from the first packet on', '7 min')
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from rejectkit.charts import alerts, lags, spells
from rejectkit.charts.catalogue import TIMINGS, chart
from rejectkit.errors import ArgumentError
from rejectkit.window import Window

_LATENCY = "rk.monitoring.latency(monitor, source, session, window)"


@chart("Each alert by stages", _LATENCY, TIMINGS)
def alert_stages(df: pd.DataFrame, ax: Axes | None = None, *, window: Window | None = None, most: int = 30) -> Axes:
    """Draw a bar for each alert, from the first refused packet to the notice, split into its stages.

    Other changes of state than to ALARM are left out, and counted in the title. Where a moment between two known
    ones is not known, the stages on both sides of it are one, in grey.

    Parameters
    ----------
    df : DataFrame
        What `rk.monitoring.latency` returns: `at`, `state` and the stages in seconds, null where unknown; and where
        they are there its moments, and `srcAddr`, `dstPort` and `protocol` of the record behind it.
    most : int
        How many alerts to draw; of more, the most recent.

    Examples
    --------
    >>> from rejectkit.monitoring.timing.stages import STAGES
    >>> row = {"at": pd.Timestamp("2026-11-01 08:30", tz="UTC"), "state": "ALARM", "srcAddr": "10.0.0.9"}
    >>> axes = alert_stages(pd.DataFrame([row | dict.fromkeys(STAGES, 1.5)]))
    >>> [label.get_text() for label in axes.get_yticklabels()], axes.get_xlabel()
    (['11-01 08:30  10.0.0.9'], 'seconds from the first packet on')
    """
    return alerts.draw_bars(alerts.read(df, window, _LATENCY), ax, most=_whole(most, "alerts"))


@chart("Seconds in each stage", _LATENCY, TIMINGS)
def stage_distribution(df: pd.DataFrame, ax: Axes | None = None, *, window: Window | None = None) -> Axes:
    """Draw how long each stage took over all alerts: a box from quarter to quarter, a line to 90 %, the median named.

    Where there are 200 alerts or fewer, each is a dot too.

    Parameters
    ----------
    df : DataFrame
        As `alert_stages` takes it.

    Examples
    --------
    >>> from rejectkit.monitoring.timing.stages import STAGES
    >>> row = {"at": pd.Timestamp("2026-11-01 08:30", tz="UTC"), "state": "ALARM"} | dict.fromkeys(STAGES, 60.0)
    >>> axes = stage_distribution(pd.DataFrame([row]))
    >>> axes.get_yticklabels()[1].get_text(), axes.texts[1].get_text()
    ('delivery into the log', 'median 1 min')
    """
    return alerts.draw_boxes(alerts.read(df, window, _LATENCY), ax)


@chart("How late records come", 'rk.monitoring.lag(source, window, "5m")', TIMINGS)
def delivery_lag(df: pd.DataFrame, ax: Axes | None = None, *, window: Window | None = None) -> Axes:
    """Draw how long after their end records arrived: the median, and up to where 90 % and 99 % of them came.

    An interval without a record is a gap, shaded and counted in the legend.

    Parameters
    ----------
    df : DataFrame
        What `rk.monitoring.lag` returns: a row per interval with its start `t`, `records`, and the seconds `median`,
        `p90`, `p99` and `longest`.

    Examples
    --------
    >>> times = pd.date_range("2026-11-01", periods=2, freq="5min", tz="UTC")
    >>> axes = delivery_lag(pd.DataFrame({"t": times, "records": 9, "median": 300, "p90": 400, "p99": 450}))
    >>> axes.get_ylabel()
    'minutes until records are in'
    """
    return lags.draw(lags.read(df, window, TIMINGS["delivery_lag"].question), ax)


@chart("State of the alarm", "rk.monitoring.backtest(records, rule).states", TIMINGS)
def alarm_states(
    df: pd.DataFrame, ax: Axes | None = None, *, window: Window | None = None, ranges: Sequence[str] = ()
) -> Axes:
    r"""Draw which state an alarm was in over time, a row for each evaluation range, and its share of time in ALARM.

    Times in ALARM that are too short to be seen are drawn a little longer.

    Parameters
    ----------
    df : DataFrame
        Changes of state, as a backtest's `states` are: `at`, `previous`, `state`, and `range` where there are
        several. The alarm's own history, as `rk.monitoring.latency` gives it, will do.
    ranges : sequence of str
        Rows to draw, of which those without a change stayed in INSUFFICIENT_DATA; left out: those of the table.

    Examples
    --------
    >>> times = pd.to_datetime(["2026-11-01 00:10", "2026-11-01 00:20"], utc=True)
    >>> states = pd.DataFrame({"at": times, "previous": ["OK", "ALARM"], "state": ["ALARM", "OK"]})
    >>> axes = alarm_states(states, window=Window.parse("2026-11-01 00:00", "2026-11-01 01:40"))
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['alarm\n10 % in ALARM, 1 page']
    """
    return spells.draw(spells.read(df, window, TIMINGS["alarm_states"].question, ranges), ax)


def _whole(number: object, noun: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ArgumentError(f"{number!r} {noun} cannot be drawn; give a whole number from 1")
    return number
