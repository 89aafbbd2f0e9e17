"""Delivery lag: how long after their end records come into CloudWatch Logs, over time, by one grouped query."""

from __future__ import annotations

from typing import Final

import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.exploring.querytext import capped_period
from rejectkit.monitoring.replaying.delays import ARRIVAL, END
from rejectkit.sources.base import Source, Watch
from rejectkit.window import Window, check_window, duration

COLUMNS: Final = ("t", "records", "median", "p90", "p99", "longest")
MOST_ROWS: Final = 10_000
"""Rows of the answer to one query. Source: CloudWatch Logs quotas."""


def lag(
    source: Source, window: Window | None = None, period: str = "5m", *, watch: Watch | None = None
) -> pd.DataFrame:
    """Return how late the records of a source came, over time.

    Parameters
    ----------
    source : Source
        Records that know when they arrived: those of CloudWatch Logs.
    window : Window, optional
        Records that start in it; all where it is left out.
    period : str
        Length of one row, `1m`, `5m`, `1h`.
    watch : Watch, optional
        Progress and cancel.

    Returns
    -------
    DataFrame
        One row for each period with records, by the records' start: `t` (UTC, its start), `records` (Int64), and
        `median`, `p90`, `p99`, `longest` (Float64): seconds from a record's end to its arrival, `@ingestionTime`.
        Where the log format has no `end`, they count from `@timestamp`, the record's start, and so have the
        aggregation in them. `attrs["told"]` says what they count from, `attrs["unsettled_from"]` from when on
        records may still come in: rows after it are of those that came soon.

    Raises
    ------
    ArgumentError
        If the period or the window cannot be used, or no record tells when it arrived.

    Examples
    --------
    >>> import rejectkit as rk
    >>> log_format = rk.LogFormat.parse("${interface-id} ${start} ${end}")
    >>> with rk.sandbox.start(scenario=None) as sandbox:
    ...     logs, then = sandbox.session.client("logs"), int(sandbox.session.now())
    ...     _ = logs.create_log_group(logGroupName="g")
    ...     _ = logs.create_log_stream(logGroupName="g", logStreamName="eni-1-all")
    ...     now = sandbox.advance("5m")
    ...     event = {"timestamp": 1000 * (then + 60), "message": f"eni-1 {then + 60} {then + 90}"}
    ...     _ = logs.put_log_events(logGroupName="g", logStreamName="eni-1-all", logEvents=[event])
    ...     source = rk.InsightsSource("g", sandbox.session, log_format)
    ...     found = lag(source, rk.Window.last("10m", now))
    >>> print(found.longest.round().tolist())
    [210.0]
    """
    check_window(window)
    each = capped_period(period)
    if window is not None and window.seconds / duration(each) > MOST_ROWS:
        raise ArgumentError(
            f"the window has {window.seconds / duration(each):,.0f} periods of {each}, and an answer has {MOST_ROWS:,} "
            "rows at most; give a longer period, or a shorter window"
        )
    since = END if END in source.fields else "toMillis(@timestamp) / 1000"
    query = (
        f"fields toMillis({ARRIVAL}) / 1000 - {since} as late\n"
        "| stats count(late) as records, pct(late, 50) as median, pct(late, 90) as p90, pct(late, 99) as p99, "
        f"max(late) as longest by bin({each}) as t\n"
        f"| sort t asc\n| limit {MOST_ROWS}"
    )
    found = source.run(query, window, watch=watch)
    known = found[(found["records"] > 0).fillna(False)]
    if len(found) and known.empty:
        raise ArgumentError(
            f"no record of this source tells when it arrived ({ARRIVAL}), so its lag is not known; ask an "
            "InsightsSource of the log group"
        )
    made = known[list(COLUMNS)].reset_index(drop=True)
    made = made.astype({"records": "Int64", **dict.fromkeys(COLUMNS[2:], "Float64")})
    words = "the record's end" if since == END else "@timestamp, the record's start, as the log format has no end"
    made.attrs = {**found.attrs, "told": (f"Lag counts from {words}, to {ARRIVAL}.",)}
    return made
