"""How late records come, over time: the median, and where 90 % and 99 % of them are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rejectkit.charts.alerts import spoken, unit
from rejectkit.charts.canvas import canvas, styled
from rejectkit.charts.dressing import finish, frame, number_axis, say, swatch
from rejectkit.charts.palette import BLUE, FAINT, INK, ORANGE, PALE, SKY, Look
from rejectkit.charts.tables import as_times, refuse, span_of, step_of
from rejectkit.charts.times import HEIGHT, LIMIT, Intervals, time_axis
from rejectkit.errors import ArgumentError
from rejectkit.exploring.words import count, span
from rejectkit.sources.base import UNSETTLED
from rejectkit.window import Window

COLUMNS = ("t", "records", "median", "p90", "p99")
_NEAR, _FAR = Look(SKY, "///"), Look(ORANGE, "..")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lags:
    """Delivery lag by interval.

    Attributes
    ----------
    rows : DataFrame
        `t` (UTC), `records`, `median`, `p90`, `p99` and, where the table has it, `longest`; in the window, by time.
    window : Window or None
        Given, else the span of the table's intervals.
    step : int
        Seconds of an interval.
    unsettled : Timestamp or None
        From when on records may still come in, where the table says so.
    """

    rows: pd.DataFrame
    window: Window | None
    step: int
    unsettled: pd.Timestamp | None = None


def read(df: pd.DataFrame, window: Window | None, question: str) -> Lags:
    """Return the lags of a table; the table itself is left as it is.

    Raises
    ------
    ArgumentError
        If columns are missing or hold no numbers.
    """
    if not isinstance(df, pd.DataFrame):
        raise ArgumentError(f"a chart takes a pandas DataFrame, not {type(df).__name__}; {question} makes one")
    if df.empty and not len(df.columns):
        df = pd.DataFrame({name: [] for name in COLUMNS}).astype({"t": "datetime64[ms, UTC]"})
    refuse([name for name in COLUMNS if name not in df.columns], df, question)
    names = [name for name in (*COLUMNS, "longest") if name in df.columns]
    rows = df[names].assign(t=as_times(df["t"], "t")).dropna(subset=["t", "median"]).sort_values("t")
    for name in names[1:]:
        try:
            rows[name] = pd.to_numeric(rows[name]).astype("float64")
        except (ValueError, TypeError) as error:
            raise ArgumentError(f"the column {name!r} holds more than numbers: {error}") from error
    step = step_of(rows["t"], "t", window)
    if window is None:
        window = span_of(rows["t"], step)
    else:
        rows = rows[(rows["t"] > window.start - pd.Timedelta(seconds=step)) & (rows["t"] < window.end)]
    return Lags(rows.reset_index(drop=True), window, step, df.attrs.get(UNSETTLED))


@styled
def draw(told: Lags, ax: Axes | None) -> Axes:
    """Draw the median as a line, and the bands to 90 % and 99 %, in steps of the intervals."""
    on = canvas(ax, HEIGHT)
    rows, window = told.rows, told.window
    title = "How late records come"
    if rows.empty or window is None:
        where = f"from {window}" if window else "in this table; its window was not given"
        return say(on, f"No record {where}.", f"{title}: nothing to show, {window or 'window not given'}")
    spans = _intervals(rows["t"], window, told.step)
    places = (rows["t"].dt.as_unit("s").astype("int64").to_numpy() - spans.start) // spans.step
    name, size = unit(float(rows["p99"].max()))
    low = min(0.0, float(rows["median"].min()) / size)
    median, near, far = (_spread(rows[column].to_numpy() / size, places, spans.count) for column in COLUMNS[2:])
    days = spans.edges / 86400
    for base, top, look in ((median, near, _NEAR), (near, far, _FAR)):
        fill: dict[str, Any] = {"facecolor": look.colour, "hatch": look.hatch, "edgecolor": "white", "linewidth": 0}
        on.ax.stairs(np.fmax(base, top), days, baseline=base, fill=True, **fill)
    on.ax.stairs(median, days, baseline=None, color=BLUE, linewidth=2)
    on.ax.set(xlim=(days[0], days[-1]), ylim=(low, (float(np.nanmax(far)) or 1.0) * 1.06))
    entries: list[Artist] = [Line2D([], [], color=BLUE, linewidth=2, label="median")]
    entries += [swatch(_NEAR, "to where 90 % are in"), swatch(_FAR, "to where 99 % are in")]
    empty = np.isnan(median)
    if empty.any():
        gap = np.append(empty, empty[-1])
        across = on.ax.get_xaxis_transform()
        on.ax.fill_between(days, 0, 1, gap, step="post", transform=across, color=PALE, lw=0, zorder=0)
        words = f"no record in {int(empty.sum()):,} of {count(spans.count, 'interval')}"
        entries.append(Patch(facecolor=PALE, edgecolor=FAINT, linewidth=0.8, label=words))
    if told.unsettled is not None and days[0] < told.unsettled.timestamp() / 86400 < days[-1]:
        at = told.unsettled.timestamp() / 86400
        entries.append(on.ax.axvline(at, color=INK, linestyle=":", label="records from here on may still come in"))
    time_axis(on, spans)
    number_axis(on, "y", f"{name} until records are in", "", whole=False)
    frame(on.ax, "bottom")
    said = [count(int(rows["records"].sum()), "record"), f"per {span(spans.step)}"]
    if "longest" in rows and rows["longest"].notna().any():
        said.append(f"the latest after {spoken(float(rows['longest'].max()))}")
    finish(on, f"{title}: {', '.join([*said, str(window)])}", entries=entries, height=HEIGHT)
    return on.ax


def _intervals(times: pd.Series, window: Window, step: int) -> Intervals:
    """Return the intervals that cover the window, of the table's own length and with its own starts."""
    first = int(times.iloc[0].timestamp())
    start = first + int((window.start.timestamp() - first) // step) * step
    number = max(1, -int((start - window.end.timestamp()) // step))
    if number > LIMIT:
        raise ArgumentError(
            f"there are {number:,} intervals of {span(step)} in {window}, more than can be drawn ({LIMIT:,}); ask for "
            "a longer period or a shorter window"
        )
    return Intervals(start, step, number)


def _spread(values: Floats, places: npt.NDArray[np.int64], number: int) -> Floats:
    """Return values at their places, NaN where there is none."""
    found = np.full(number, np.nan)
    found[places] = values
    return found
