"""Heat maps: two things against each other, how much in colour, in powers of ten where the span asks for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from rejectkit.charts import text
from rejectkit.charts.canvas import ROW, SMALL, Canvas, canvas, styled
from rejectkit.charts.dressing import finish, frame, heading, say_nothing
from rejectkit.charts.palette import FAINT, INK
from rejectkit.charts.subjects import Subject
from rejectkit.charts.tables import TIME, VALUE, Ranking, Table, grid, is_whole, rank
from rejectkit.exploring.words import count, span
from rejectkit.window import Window

MOST = 50  # rows or columns with a name
WIDE = 100.0  # largest over smallest from which the colours count in powers of ten
_BLUES = colormaps["Blues"](np.linspace(0.15, 1.0, 256))  # from light to dark, for every kind of sight
COLOURS = ListedColormap(_BLUES, "refusals").with_extremes(bad="#F4F4F4")
_RIGHT = 1.3  # inches that a colour bar takes


@dataclass(frozen=True, slots=True)
class Side:
    """The categories along one side of a map.

    Attributes
    ----------
    labels : list of str
        From the top, or from the left.
    others : bool
        The last stands for all that have no place of their own.
    of : str
        "top 20 of 65 ports".
    """

    labels: list[str]
    others: bool
    of: str

    @property
    def named(self) -> int:
        """How many have a place of their own."""
        return len(self.labels) - self.others


def side_of(ranking: Ranking, subject: Subject, n: int) -> Side:
    """Return the `n` largest categories, and the others as one, as a side of a map."""
    named = ranking.best(max(1, n))
    others = len(ranking) - named
    labels = [subject.label(ranking.name(place)) for place in range(named)]
    whole = count(len(ranking), subject.one, subject.more)
    if not others:
        return Side(labels, False, whole)
    return Side([*labels, f"… and {count(others, 'other')}"], True, f"top {named} of {whole}")


@styled
def draw_pairs(
    table: Table, ax: Axes | None, down: Subject, across: Subject, *, n: tuple[int, int], total: float | None
) -> Axes:
    """Draw one column's categories down and another's across; `n` of each at most have a name."""
    on = canvas(ax)
    title = f"by {down.title} and {across.title}"
    if table.rows.empty:
        return say_nothing(on, table, title)
    values = table.rows[VALUE].to_numpy()
    lines, columns = rank(table.rows[down.key], values), rank(table.rows[across.key], values)
    left = side_of(lines, down, on.rows(min(n[0], MOST) + 1, under=2.8) - 1)
    beside = min(on.label_room(), text.widest(left.labels, SMALL)) / 72 + _RIGHT + 0.3
    under = side_of(columns, across, on.columns(min(n[1], MOST) + 1, beside) - 1)
    sums = grid(lines.places, columns.places, values, (len(left.labels), len(under.labels)))
    _map(on, table, sums, left, under.named)
    upright = [text.squeeze(label, on.upright_room(), SMALL) for label in under.labels]
    on.ax.set_xticks(np.arange(len(upright)) + 0.5, upright, rotation=90, fontsize=SMALL, color=INK)
    on.ax.set_xlabel(across.title, fontsize=SMALL, color=INK)
    finish(on, heading(table, title, f"{left.of}, {under.of}", total), height=_tall(left))
    return on.ax


@styled
def draw_hours(table: Table, ax: Axes | None, down: Subject, *, n: int, total: float | None) -> Axes:
    """Draw a column's categories down and the 24 hours of the day across."""
    on = canvas(ax)
    title = f"by hour of day and {down.title}"
    rows = table.rows[table.rows[TIME].notna()] if TIME in table.rows else table.rows
    if rows.empty or table.window is None:
        return say_nothing(on, table, title)
    values = rows[VALUE].to_numpy()
    lines = rank(rows[down.key], values)
    left = side_of(lines, down, on.rows(min(n, MOST) + 1) - 1)
    sums = grid(lines.places, rows[TIME].dt.hour.to_numpy().astype(np.intp), values, (len(left.labels), 24))
    _map(on, table, sums, left, 24)
    entries = _outside(on.ax, table.window, len(left.labels)) if table.step <= 3600 else []
    every = next(
        step for step in (1, 2, 3, 6, 24) if on.across(left.labels, _RIGHT) / 24 * step > text.width("00", SMALL) + 5
    )
    hours = range(0, 24, every)
    on.ax.set_xticks([hour + 0.5 for hour in hours], [f"{hour:02d}" for hour in hours], fontsize=SMALL, color=INK)
    what = "hour of day (UTC)" if table.step <= 3600 else "hour of day (UTC) in which an interval starts"
    on.ax.set_xlabel(f"{what}, summed over {span(table.window.seconds)}", fontsize=SMALL, color=INK)
    title = heading(replace(table, rows=rows), title, left.of, total)
    finish(on, title, entries=entries, height=_tall(left))
    return on.ax


def _outside(ax: Axes, window: Window, rows: int) -> list[Patch]:
    """Hatch the hours that have no part in the window; return the legend's entry for them."""
    if window.seconds >= 86400:
        return []
    starts = pd.date_range(pd.Timestamp(window.start).floor("h"), window.end, freq="h", inclusive="left")
    missing = sorted(set(range(24)) - {start.hour for start in starts})
    for hour in missing:
        hatched = Rectangle((hour, 0), 1, rows, facecolor="white", edgecolor=FAINT, hatch="///", linewidth=0)
        ax.add_patch(hatched)
    entry = Patch(facecolor="white", edgecolor=FAINT, hatch="///", linewidth=0, label="not in the window")
    return [entry] if missing else []


def _tall(left: Side) -> float:
    return max(4, len(left.labels)) * ROW


def _map(on: Canvas, table: Table, sums: npt.NDArray[np.float64], left: Side, named_across: int) -> None:
    """Draw the cells, the labels beside them and the colour bar."""
    ax = on.ax
    norm = scale(sums[: left.named, :named_across])
    mesh = ax.pcolormesh(np.ma.masked_equal(sums, 0.0), norm=norm, cmap=COLOURS, edgecolors="white", linewidth=0.6)
    ax.set(xlim=(0, sums.shape[1]), ylim=(max(4, len(sums)), 0))
    names = [text.squeeze(label, on.label_room(), SMALL) for label in left.labels]
    ax.set_yticks(np.arange(len(names)) + 0.5, names, fontsize=SMALL, color=INK)
    ax.tick_params(length=0)
    frame(ax)
    across = on.across(names, _RIGHT)
    _figures(ax, mesh, sums, table.unit, across / sums.shape[1])
    beyond: Literal["max", "neither"] = "max" if sums.max() > (norm.vmax or 0.0) else "neither"
    if on.fits:
        place = ax.inset_axes((1 + 10 / across, 0, 13 / across, 1))
        bar = on.figure.colorbar(mesh, cax=place, extend=beyond, extendfrac=0.04)
    else:
        bar = on.figure.colorbar(mesh, ax=ax, pad=0.02, fraction=0.05, extend=beyond, extendfrac=0.04)
    log = ", powers of ten" if isinstance(norm, LogNorm) else ""
    bar.set_label(f"{text.plain(table.measure)}{log} (pale grey: none)", fontsize=SMALL, color=INK)
    bar.ax.yaxis.set_major_locator(FixedLocator(_tens(norm)) if log else MaxNLocator(5, integer=is_whole(sums)))
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: text.si(value, table.unit)))
    bar.ax.tick_params(labelsize=SMALL, labelcolor=INK)
    bar.outline.set_visible(False)


def scale(sums: npt.NDArray[np.float64]) -> Normalize:
    """Return how values become colours: evenly from 0, or by powers of ten where they span a hundredfold."""
    seen = sums[sums > 0]
    most = float(seen.max(initial=0.0)) or 1.0
    least = float(seen.min(initial=most))
    return LogNorm(least, most) if most / least >= WIDE else Normalize(0.0, most)


def _tens(norm: Normalize) -> list[float]:
    """Return the powers of ten on a colour bar, few enough to read."""
    low, high = np.log10([norm.vmin or 1.0, norm.vmax or 1.0])
    powers = np.arange(np.ceil(low - 1e-9), np.floor(high + 1e-9) + 1)
    return [float(10.0**power) for power in powers[:: max(1, len(powers) // 6)]]


def _figures(ax: Axes, mesh: QuadMesh, sums: npt.NDArray[np.float64], unit: str, room: float) -> None:
    """Write each cell's figure in it where all of them fit, dark on light and light on dark."""
    words = {place: text.si(value, unit) for place, value in np.ndenumerate(sums) if value > 0}
    if len(words) > 250 or text.widest(set(words.values()), SMALL - 1) > room - 4:
        return
    for (line, column), figure in words.items():
        red, green, blue, _ = COLOURS(mesh.norm(sums[line, column]))
        ink = "white" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.5 else "black"
        ax.text(column + 0.5, line + 0.5, figure, ha="center", va="center", fontsize=SMALL - 1, color=ink)
