"""What goes around a chart: title, legend, axes, margins; and the words where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rejectkit.charts import text
from rejectkit.charts.canvas import SMALL, TITLE, WIDTH, Canvas
from rejectkit.charts.palette import INK, LINE, Look
from rejectkit.charts.tables import VALUE, Table
from rejectkit.exploring.words import count

_EDGE = 0.12  # inches of air at the figure's edge


def number_axis(on: Canvas, which: Literal["x", "y"], label: str, unit: str, *, whole: bool) -> None:
    """Make an axis one of figures: few ticks, short figures, whole ones where only these can be."""
    axis = on.ax.xaxis if which == "x" else on.ax.yaxis
    few = 5 if on.size[which == "y"] > 3 else 3
    axis.set_major_locator(MaxNLocator(nbins=few, steps=[1, 2, 5, 10], integer=whole))
    axis.set_major_formatter(FuncFormatter(lambda value, _: text.si(max(0.0, value), unit)))
    axis.set_tick_params(labelsize=SMALL, labelcolor=INK, color=LINE)
    axis.set_label_text(label, fontsize=SMALL, color=INK)
    on.ax.set_axisbelow(True)
    axis.grid(True, color="#E3E3E3", linewidth=0.8)


def frame(ax: Axes, *shown: str) -> None:
    """Leave only the named sides of the axes' frame."""
    for side, spine in ax.spines.items():
        spine.set_visible(side in shown)
        spine.set_color(LINE)


def swatch(look: Look, label: str) -> Patch:
    """Return a legend's entry for a look."""
    return Patch(facecolor=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0, label=label)


def heading(table: Table, subject: str, of: str, total: float | None) -> str:
    """Return a chart's title: what is shown, of how many, in which window.

    Parameters
    ----------
    table : Table
        What is drawn.
    subject : str
        "by destination port".
    of : str
        "top 20 of 65 ports".
    total : float or None
        What there is in all, where the caller knows of more than the table holds.
    """
    shown = float(table.rows[VALUE].sum())
    whole = table.total if total is None else total
    parts = [text.amount(shown, whole, text.plain(table.measure)), of]
    if table.valueless:
        parts.append(f"{count(table.valueless, 'row')} without a value left out")
    parts.append(str(table.window) if table.window else "window not given")
    return f"{_what(table, subject)}: {', '.join(part for part in parts if part)}"


def say_nothing(on: Canvas, table: Table, subject: str) -> Axes:
    """Say in words, in place of a chart, that there is nothing to draw and in which window."""
    where = f"from {table.window}" if table.window else "in this table; its window was not given"
    more = f"({text.si(table.total, table.unit)} outside it)" if table.total and table.window else ""
    title = f"{_what(table, subject)}: nothing to show, {table.window or 'window not given'}"
    return say(on, f"No {_what(table, '').lower()} {where}.", title, more)


def say(on: Canvas, words: str, title: str, more: str = "") -> Axes:
    """Put a sentence, and perhaps a line more, in place of a chart."""
    ax = on.ax
    words = text.wrap(words, max(60.0, on.size[0] * 72 - 12), TITLE) + (f"\n{more}" if more else "")
    ax.set(xticks=[], yticks=[])
    frame(ax)
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", fontsize=TITLE, color=INK)
    finish(on, title, height=1.2)
    return ax


def _what(table: Table, subject: str) -> str:
    """Return "Rejected flows by destination port"."""
    measure = table.measure if table.measure in ("flows", "packets", "bytes") else "flows"
    words = f"{table.verb} {measure} {subject}".strip()
    return words[0].upper() + words[1:]


def finish(
    on: Canvas,
    title: str,
    *,
    entries: Sequence[Artist] = (),
    height: float = 1.0,
) -> None:
    """Put title and legend above the axes, and fit the axes between all that is around.

    Parameters
    ----------
    on : Canvas
        Everything else is drawn.
    title : str
        Wrapped here.
    entries : sequence of Artist
        The legend, where there is one.
    height : float
        Inches of the axes, where the figure is ours.
    """
    ax = on.ax
    wide = on.figure.get_figwidth()
    left, right, bottom = _margins(on) if on.fits else (0.0, 0.0, 0.0)
    across = wide - left - right if on.fits else on.size[0]
    room = (wide - 2 * _EDGE if on.fits else max(1.2, across)) * 72
    start = (_EDGE - left) / across if on.fits else 0.0
    lift = _legend(ax, entries, room, start) if entries else 0.0
    size = TITLE if wide >= 0.6 * WIDTH and on.fits else TITLE - 1.5
    wrapped = text.wrap(title, room, size)
    drawn = ax.set_title(wrapped, loc="left", fontsize=size, color=INK, pad=6 + lift, linespacing=1.25)
    drawn.set_x(start)
    if on.fits:
        top = (6 + lift + size * 1.3 * (wrapped.count("\n") + 1)) / 72 + _EDGE
        if on.own:
            on.figure.set_size_inches(wide, bottom + height + top)
        tall = on.figure.get_figheight()
        if not on.own:
            top, bottom = min(top, 0.6 * tall), min(bottom, 0.3 * tall)
        on.figure.subplots_adjust(left / wide, bottom / tall, 1 - right / wide, 1 - top / tall)


def _margins(on: Canvas) -> tuple[float, float, float]:
    """Return the inches that what is left, right and below the axes takes, and some air."""
    ax, dpi, wide = on.ax, on.figure.dpi, on.figure.get_figwidth()
    box = ax.get_window_extent()
    tight = ax.get_tightbbox() or box
    left = max(0.3, (box.x0 - tight.x0) / dpi + _EDGE)
    right = max(0.3, (tight.x1 - box.x1) / dpi + _EDGE)
    below = max(0.2, (box.y0 - tight.y0) / dpi + _EDGE)
    return min(left, 0.6 * wide), min(right, 0.3 * wide), below


def _legend(ax: Axes, entries: Sequence[Artist], room: float, start: float) -> float:
    """Put a legend between title and axes, in as many columns as fit; return its height in points."""
    names = [str(entry.get_label()) for entry in entries]
    columns = max(1, min(len(names), int(room / (text.widest(names, SMALL) + 4 * SMALL))))
    ax.legend(
        handles=[entry for first in range(columns) for entry in entries[first::columns]],  # it fills columns
        loc="lower left",
        bbox_to_anchor=(start, 1),
        ncols=columns,
        fontsize=SMALL,
        frameon=False,
        borderpad=0,
        borderaxespad=0.5,
        handlelength=1.6,
        columnspacing=1.4,
        labelcolor=INK,
    )
    return -(-len(names) // columns) * SMALL * 1.7 + 4
