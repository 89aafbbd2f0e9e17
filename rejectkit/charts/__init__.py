"""Charts: a table in, matplotlib Axes out; no query, no file, and nothing left behind in pyplot.

Every chart takes an answer of a query (see `rejectkit.questions`) or records (`source.records()`), and an
optional Axes; it returns the Axes, whose `.figure` Jupyter shows. Times are UTC. A new chart is one function
in this file under the decorator `chart`; `CHARTS` and `__all__` follow from that. The charts of an alert's timing
are in `timings.py` and `TIMINGS`: each takes a table of its own.

Examples
--------
>>> axes = ports(pd.DataFrame({"dstPort": [22], "flows": [3]}), window=Window.parse("2026-11-01", "2026-11-02"))
>>> axes.get_title(loc="left")
'Rejected flows by destination port: 3 of 3 flows, 1 port, 2026-11-01 00:00 to 2026-11-02 00:00 UTC'
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from matplotlib.axes import Axes

from rejectkit.charts import bars, grids, times
from rejectkit.charts.catalogue import CHARTS as CHARTS
from rejectkit.charts.catalogue import TIMINGS as TIMINGS
from rejectkit.charts.catalogue import Chart as Chart
from rejectkit.charts.catalogue import chart
from rejectkit.charts.portkeys import port_keys
from rejectkit.charts.sides import DIRECTION, with_direction
from rejectkit.charts.subjects import subject_of
from rejectkit.charts.tables import Table, read
from rejectkit.charts.timings import alarm_states as alarm_states
from rejectkit.charts.timings import alert_stages as alert_stages
from rejectkit.charts.timings import delivery_lag as delivery_lag
from rejectkit.charts.timings import stage_distribution as stage_distribution
from rejectkit.errors import ArgumentError
from rejectkit.window import Window

_PORT, _SOURCE, _INTERFACE = subject_of("dstPort"), subject_of("srcAddr"), subject_of("interfaceId")
_DIRECTION = subject_of(DIRECTION)


@chart("Destination ports", 'rk.questions.top("dstPort")')
def ports(
    df: pd.DataFrame,
    ax: Axes | None = None,
    *,
    window: Window | None = None,
    n: int = 20,
    measure: str | None = None,
    by: str | None = None,
    action: str | None = "REJECT",
    total: float | None = None,
) -> Axes:
    """Draw a bar for each destination port, largest first, with its service's name and its figure.

    Parameters
    ----------
    df : DataFrame
        An answer with `dstPort` and a measure (`flows`, `totalPackets` or `totalBytes`), or records. Where
        there is a column `protocol`, each port and protocol is a bar of its own.

    Examples
    --------
    >>> axes = ports(pd.DataFrame({"dstPort": [22, 8123], "flows": [240, 12]}))
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['22 SSH', '8123 ClickHouse HTTP']
    """
    table = _read("ports", df, [_PORT.key], window, measure, action, by=by, n=n)
    return bars.draw(table, _PORT, ax, n=n, by=by, total=total)


@chart("Sources", 'rk.questions.top("srcAddr") or rk.classify.sources(records)')
def sources(
    df: pd.DataFrame,
    ax: Axes | None = None,
    *,
    window: Window | None = None,
    n: int = 20,
    measure: str | None = None,
    by: str | None = None,
    action: str | None = "REJECT",
    total: float | None = None,
) -> Axes:
    """Draw a bar for each source address, in a block for each kind of source where the table tells the kind.

    Every kind has its own colour and hatch, and its own largest sources and others, so that a few flows from
    inside are seen beside many from scanners.

    Parameters
    ----------
    df : DataFrame
        What `classify.sources` returns (`srcAddr`, `kind`, `flows`), an answer with `srcAddr` and a
        measure, or records.

    Examples
    --------
    >>> known = {"srcAddr": ["203.0.113.7", "10.0.0.9"], "kind": ["scanner", "inside"], "flows": [240, 12]}
    >>> axes = sources(pd.DataFrame(known))
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['10.0.0.9', '203.0.113.7']
    """
    blocks = by is None and isinstance(df, pd.DataFrame) and "kind" in df.columns
    table = _read("sources", df, [_SOURCE.key], window, measure, action, by="kind" if blocks else by, n=n)
    if blocks:
        return bars.draw_blocks(table, _SOURCE, ax, n=n, by="kind", total=total)
    return bars.draw(table, _SOURCE, ax, n=n, by=by, total=total)


@chart("Over time", 'rk.questions.timeline("5m")')
def timeline(
    df: pd.DataFrame,
    ax: Axes | None = None,
    *,
    window: Window | None = None,
    period: str | None = None,
    measure: str | None = None,
    by: str | None = None,
    action: str | None = "REJECT",
    total: float | None = None,
) -> Axes:
    """Draw how much there was in each interval of time, stacked by a category where one is named.

    An interval without a row is a gap, shaded and counted in the legend: nothing was refused in it, or nothing
    was logged, which the table cannot tell apart. An interval whose rows add up to 0 is a zero, marked as such.

    Parameters
    ----------
    df : DataFrame
        An answer with the interval's start `t` (or `bin(…)`; UTC), a measure and perhaps a category, or
        records, which have `@timestamp`.
    period : str, optional
        Length of an interval such as `"5m"`; where it is left out, the answer's own, or a longer one that
        adds up to the same where there would be more than 300 (120 where they are stacked).

    Examples
    --------
    >>> hours = pd.to_datetime(["2026-11-01 00:00", "2026-11-01 01:00", "2026-11-01 03:00"], utc=True)
    >>> axes = timeline(pd.DataFrame({"t": hours, "flows": [9, 0, 4]}))
    >>> [entry.get_text() for entry in axes.get_legend().get_texts()]
    ['no record in 1 of 4 intervals', '0 in 1 interval']
    """
    table = _read("timeline", df, [], window, measure, action, by=by, timed=True)
    return times.draw(table, ax, period=period, by=by, total=total)


@chart("Source × port", "rk.questions.source_ports()")
def source_port_heatmap(
    df: pd.DataFrame,
    ax: Axes | None = None,
    *,
    window: Window | None = None,
    n: int = 20,
    n_ports: int = 20,
    measure: str | None = None,
    action: str | None = "REJECT",
    total: float | None = None,
) -> Axes:
    """Draw how much each source sent to each destination port, as colour; blank is none.

    A scanner is a row with many cells, a service that many want a column.

    Parameters
    ----------
    df : DataFrame
        An answer with `srcAddr`, `dstPort` and a measure, or records.
    n_ports : int
        As `n`, for the ports; `n` is for the sources.

    Examples
    --------
    >>> table = {"srcAddr": ["203.0.113.7", "203.0.113.7"], "dstPort": [22, 23], "flows": [4, 3]}
    >>> axes = source_port_heatmap(pd.DataFrame(table))
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['22 SSH', '23 Telnet']
    """
    table = _read("source_port_heatmap", df, [_SOURCE.key, _PORT.key], window, measure, action, n=min(n, n_ports))
    return grids.draw_pairs(table, ax, _SOURCE, _PORT, n=(n, n_ports), total=total)


@chart("Hour × port", "rk.questions.hours_ports()")
def hour_port_heatmap(
    df: pd.DataFrame,
    ax: Axes | None = None,
    *,
    window: Window | None = None,
    n: int = 20,
    measure: str | None = None,
    action: str | None = "REJECT",
    total: float | None = None,
) -> Axes:
    """Draw how much each destination port got in each hour of the day (UTC), as colour; blank is none.

    The days of the window are added up; hours that are not in the window are hatched.

    Parameters
    ----------
    df : DataFrame
        An answer with `t` (start of an interval of an hour or less; UTC), `dstPort` and a measure, or records,
        which have `@timestamp`.

    Examples
    --------
    >>> hours = pd.to_datetime(["2026-11-01 00:00", "2026-11-01 01:00"], utc=True)
    >>> axes = hour_port_heatmap(pd.DataFrame({"t": hours, "dstPort": [22, 22], "flows": [9, 4]}))
    >>> axes.get_xlabel()
    'hour of day (UTC), summed over 2 h'
    """
    table = _read("hour_port_heatmap", df, [_PORT.key], window, measure, action, timed=True, n=n)
    return grids.draw_hours(table, ax, _PORT, n=n, total=total)


@chart("Inbound and outbound", "rk.questions.directions()")
def directions(
    df: pd.DataFrame,
    ax: Axes | None = None,
    *,
    window: Window | None = None,
    measure: str | None = None,
    by: str | None = None,
    action: str | None = "REJECT",
    total: float | None = None,
) -> Axes:
    """Draw a bar for what came in and one for what went out, as the interfaces see it.

    Parameters
    ----------
    df : DataFrame
        An answer with `flowDirection` (`ingress`, `egress`) and a measure, or records; for records of a
        format without `flow-direction` it is worked out from the interface's own address, which recurs. Where
        `action` is mixed it parts the bars.

    Examples
    --------
    >>> axes = directions(pd.DataFrame({"flowDirection": ["ingress"], "flows": [240]}))
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['inbound (ingress)', 'outbound (egress)']
    """
    if isinstance(df, pd.DataFrame):
        df = with_direction(df)
        by = "action" if by is None and "action" in df.columns and df["action"].nunique() > 1 else by
    table = _read("directions", df, [DIRECTION], window, measure, action, by=by)
    return bars.draw(table, _DIRECTION, ax, n=5, by=by, total=total)


@chart("Interfaces", 'rk.questions.top("interfaceId")')
def interfaces(
    df: pd.DataFrame,
    ax: Axes | None = None,
    *,
    window: Window | None = None,
    n: int = 20,
    measure: str | None = None,
    by: str | None = None,
    action: str | None = "REJECT",
    total: float | None = None,
) -> Axes:
    """Draw a bar for each network interface, largest first.

    Parameters
    ----------
    df : DataFrame
        An answer with `interfaceId` and a measure, or records.

    Examples
    --------
    >>> axes = interfaces(pd.DataFrame({"interfaceId": ["eni-0a1b2c3d"], "totalBytes": [2_500_000]}))
    >>> axes.get_xlabel()
    'bytes'
    """
    table = _read("interfaces", df, [_INTERFACE.key], window, measure, action, by=by, n=n)
    return bars.draw(table, _INTERFACE, ax, n=n, by=by, total=total)


def _read(
    name: str,
    df: pd.DataFrame,
    keys: list[str],
    window: Window | None,
    measure: str | None,
    action: str | None,
    *,
    by: str | None = None,
    timed: bool = False,
    n: int = 1,
) -> Table:
    """Return the part of `df` that the chart `name` draws; ports are told apart by protocol where that is known."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ArgumentError(f"{n!r} categories cannot be named; n is a whole number from 1")
    wanted = [*keys, *([by] if by is not None and by not in keys else [])]
    if _PORT.key in wanted and isinstance(df, pd.DataFrame) and "protocol" in df.columns:
        wanted = list(dict.fromkeys([*wanted, "protocol"]))
    table = read(df, wanted, CHARTS[name].question, window=window, measure=measure, action=action, timed=timed)
    if _PORT.key not in wanted or table.rows.empty:
        return table
    told = table.rows.get("protocol")
    return replace(table, rows=table.rows.assign(**{_PORT.key: port_keys(table.rows[_PORT.key], told)}))


__all__ = sorted(["CHARTS", "TIMINGS", "Chart", *CHARTS, *TIMINGS])
