"""Values over time, in intervals of one length, on an axis in UTC."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from rejectkit.charts import text
from rejectkit.charts.canvas import SMALL, Canvas, canvas, styled
from rejectkit.charts.dressing import finish, frame, heading, number_axis, say_nothing, swatch
from rejectkit.charts.palette import FAINT, INK, PALE, Look
from rejectkit.charts.parts import no_parts, parts_of
from rejectkit.charts.subjects import subject_of
from rejectkit.charts.tables import PERIODS, TIME, VALUE, Table, grid, is_whole
from rejectkit.errors import ArgumentError
from rejectkit.exploring.words import count, span
from rejectkit.window import Window, duration

MOST, MOST_STACKED = 300, 120  # intervals, where the chart chooses their length
LIMIT = 20_000  # intervals, where the caller does
TICKS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)  # seconds
HEIGHT = 3.4  # inches
_MONDAY = 4 * 86400  # the first Monday since the epoch, 1970-01-05, where weeks start


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals of one length, side by side.

    Attributes
    ----------
    start : int
        Of the first, seconds since the epoch.
    step : int
        Length of each, in seconds.
    count : int
        How many.
    """

    start: int
    step: int
    count: int

    @property
    def edges(self) -> npt.NDArray[np.int64]:
        """All starts and the last end, seconds since the epoch."""
        return self.start + self.step * np.arange(self.count + 1)


@styled
def draw(
    table: Table, ax: Axes | None, *, period: str | None, by: str | None = None, total: float | None = None
) -> Axes:
    """Draw values over time, stacked by the column `by`."""
    on = canvas(ax, HEIGHT)
    rows = table.rows[table.rows[TIME].notna()] if TIME in table.rows else table.rows
    subject = "over time" if by is None else f"over time by {subject_of(by).title}"
    if rows.empty or table.window is None:
        return say_nothing(on, table, subject)
    values = rows[VALUE].to_numpy()
    seconds = rows[TIME].dt.as_unit("s").astype("int64").to_numpy()
    spans = intervals(seconds, table.window, table.step, period, MOST if by is None else MOST_STACKED)
    parts = parts_of(rows[by], values, subject_of(by)) if by else no_parts(len(values))
    places = (seconds - spans.start) // spans.step
    sums = grid(parts.places, places, values, (len(parts.looks), spans.count))
    seen = np.bincount(places, minlength=spans.count) > 0
    entries: list[Artist] = [swatch(*pair) for pair in zip(parts.looks, parts.labels, strict=True)] if by else []
    entries += _stack(on, spans, sums, seen, parts.looks)
    time_axis(on, spans)
    number_axis(on, "y", f"{text.plain(table.measure)} per {span(spans.step)}", table.unit, whole=is_whole(sums))
    frame(on.ax, "bottom")
    title = heading(replace(table, rows=rows), subject, f"per {span(spans.step)}", total)
    finish(on, title, entries=entries, height=HEIGHT)
    return on.ax


def intervals(seconds: npt.NDArray[np.int64], window: Window, own: int, period: str | None, most: int) -> Intervals:
    """Return the intervals that cover the window, of the length asked for or one that can be seen.

    Parameters
    ----------
    seconds : array of int
        The times, since the epoch; they are covered too.
    window : Window
        To cover.
    own : int
        Length of the intervals whose starts the times are, in seconds; 0 for the times of records.
    period : str or None
        The length asked for.
    most : int
        Intervals there may be where none is asked for.

    Raises
    ------
    ArgumentError
        If the length asked for makes more intervals than can be drawn.
    """
    first, last = window.start.timestamp(), window.end.timestamp()
    own = max(1, own)
    if period is not None:
        step = max(1, round(duration(period)))
    else:
        step = next((size for size in PERIODS if size % own == 0 and (last - first) / size <= most), 0)
        step = step or own * max(1, math.ceil((last - first) / own / most))
    shift = _MONDAY if step % 604800 == 0 else 0
    start = (min(math.floor(first), int(seconds.min())) - shift) // step * step + shift
    many = max(1, math.ceil((max(last, float(seconds.max()) + 1) - start) / step))
    if many > LIMIT:
        raise ArgumentError(
            f"period={period!r} makes {many:,} intervals of {window}, more than can be drawn "
            f"({LIMIT:,}); choose a longer period or a shorter window"
        )
    return Intervals(start, step, many)


def _stack(
    on: Canvas,
    spans: Intervals,
    sums: npt.NDArray[np.float64],
    seen: npt.NDArray[np.bool_],
    looks: Sequence[Look],
) -> list[Artist]:
    """Draw the parts one on the other; return the legend's entries for gaps and zeros."""
    ax = on.ax
    edges = spans.edges / 86400  # matplotlib counts days
    base = np.where(seen, 0.0, np.nan)
    for values, look in zip(sums, looks, strict=True):
        ax.stairs(
            base + values,
            edges,
            baseline=base,
            fill=True,
            facecolor=look.colour,
            hatch=look.hatch,
            edgecolor="white",
            linewidth=0,
        )
        base = base + values
    ax.set(xlim=(edges[0], edges[-1]), ylim=(0, (float(np.nanmax(base)) or 1.0) * 1.06))
    entries: list[Artist] = []
    if not seen.all():
        gap = np.append(~seen, ~seen[-1])
        ax.fill_between(edges, 0, 1, gap, step="post", transform=ax.get_xaxis_transform(), color=PALE, lw=0, zorder=0)
        words = f"no record in {int((~seen).sum()):,} of {count(spans.count, 'interval')}"
        entries.append(Patch(facecolor=PALE, edgecolor=FAINT, linewidth=0.8, label=words))
    zero = np.flatnonzero(base == 0)
    if zero.size:
        middle = (edges[zero] + edges[zero + 1]) / 2
        (mark,) = ax.plot(middle, np.zeros(zero.size), "D", markersize=3.5, color=INK, clip_on=False, zorder=3)
        mark.set_label(f"0 in {count(zero.size, 'interval')}")
        entries.append(mark)
    return entries


def time_axis(on: Canvas, spans: Intervals) -> None:
    """Write the hours, and under the first and each midnight the date, so far apart that none touch."""
    ax = on.ax
    first, last = int(spans.edges[0]), int(spans.edges[-1])
    fitting = max(1, int(on.across([], 1.2) / (text.width("2026-11-01", SMALL) + 10)))
    apart = next((step for step in TICKS if (last - first) / step <= fitting), 0)
    apart = apart or TICKS[-1] * math.ceil((last - first) / TICKS[-1] / fitting)
    ticks = range(-(-first // apart) * apart, last + 1, apart)
    ax.xaxis_date(UTC)
    ax.set_xticks([tick / 86400 for tick in ticks], _stamps(ticks, apart), fontsize=SMALL, color=INK)
    ax.set_xlabel("time (UTC)", fontsize=SMALL, color=INK)


def _stamps(ticks: Sequence[int], apart: int) -> list[str]:
    """Return the labels of ticks given in seconds since the epoch."""
    moments = [datetime.fromtimestamp(tick, UTC) for tick in ticks]
    if apart % 86400 == 0:
        return [f"{moment:%Y-%m-%d}" for moment in moments]
    clock = "%H:%M" if apart % 60 == 0 else "%H:%M:%S"
    dated = [place == 0 or tick % 86400 == 0 for place, tick in enumerate(ticks)]
    return [
        f"{moment:{clock}\n%Y-%m-%d}" if date else f"{moment:{clock}}"
        for moment, date in zip(moments, dated, strict=True)
    ]
