"""Bars that lie: one to a category, its name before it and its figure behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from rejectkit.charts import text
from rejectkit.charts.blocks import Block, block_of, extent, shared
from rejectkit.charts.canvas import ROW, SMALL, Canvas, canvas, styled
from rejectkit.charts.dressing import finish, frame, heading, number_axis, say_nothing, swatch
from rejectkit.charts.palette import INK, REST, Look
from rejectkit.charts.parts import Parts, no_parts, parts_of
from rejectkit.charts.subjects import Subject, subject_of
from rejectkit.charts.tables import VALUE, Table, is_whole
from rejectkit.exploring.words import count

MOST = 50  # bars with a name in one figure, whatever is asked
CUT = 1.5  # a bar of others is cut where it is so many times as long as the longest bar with a name


@styled
def draw(
    table: Table,
    subject: Subject,
    ax: Axes | None,
    *,
    n: int,
    by: str | None = None,
    total: float | None = None,
) -> Axes:
    """Draw a bar for each of the `n` largest categories, parted by the column `by`."""
    on = canvas(ax)
    if table.rows.empty:
        return say_nothing(on, table, f"by {subject.title}")
    values = table.rows[VALUE].to_numpy()
    parts = parts_of(table.rows[by], values, subject_of(by)) if by else no_parts(len(values))
    block = block_of(
        table.rows[subject.key], values, parts, subject, on.rows(min(n, MOST) + 1, under=2.2 if by else 1.5) - 1
    )
    layout = _layout([block])
    _bars(on, table, layout, parts.looks)
    title = f"by {subject.title}" + (f" and {subject_of(by).title}" if by else "")
    finish(
        on,
        heading(table, title, extent([block], block.categories, subject), total),
        entries=[swatch(*pair) for pair in zip(parts.looks, parts.labels, strict=True)] if by else [],
        height=layout.depth * ROW,
    )
    return on.ax


@styled
def draw_blocks(
    table: Table, subject: Subject, ax: Axes | None, *, n: int, by: str, total: float | None = None
) -> Axes:
    """Draw the bars in a block for each category of `by`; they share the `n` bars, and each has its own others."""
    on = canvas(ax)
    if table.rows.empty:
        return say_nothing(on, table, f"by {subject.title}")
    values = table.rows[VALUE].to_numpy()
    parts = parts_of(table.rows[by], values, subject_of(by))
    least = 4 * len(parts.labels)  # a head, which takes two, a bar, and one for the others
    if on.rows(least) < least:
        return draw(table, subject, ax, n=n, by=by, total=total)
    room = on.rows(min(n, MOST) + 3 * len(parts.labels)) - 3 * len(parts.labels)
    mine = [parts.places == place for place in range(len(parts.labels))]
    bars = shared(room, [table.rows[subject.key][rows].nunique(dropna=False) for rows in mine])
    blocks = []
    for place, rows in enumerate(mine):
        column = table.rows[subject.key][rows]
        alone = Parts(parts.places[rows], parts.labels, parts.looks)
        many = count(column.nunique(dropna=False), subject.one, subject.more)
        head = f"{parts.labels[place]}: {many}, {text.si(values[rows].sum())} {text.plain(table.measure)}"
        blocks.append(block_of(column, values[rows], alone, subject, bars[place], head))
    layout = _layout(blocks)
    _bars(on, table, layout, parts.looks)
    title = heading(
        table,
        f"by {subject.title} and {subject_of(by).title}",
        extent(blocks, table.rows[subject.key].nunique(dropna=False), subject),
        total,
    )
    finish(on, title, height=layout.depth * ROW)
    return on.ax


@dataclass(frozen=True, slots=True)
class _Layout:
    """Bars in their places, counted in rows from the top."""

    labels: list[str]
    lengths: npt.NDArray[np.float64]
    others: npt.NDArray[np.bool_]
    places: list[float]
    heads: list[tuple[float, str]]
    depth: float


def _layout(blocks: Sequence[Block]) -> _Layout:
    """Put blocks one under the other."""
    places: list[float] = []
    heads: list[tuple[float, str]] = []
    row = 0.5
    for block in blocks:
        if block.head:
            row += 0.3 if places else 0.0
            heads.append((row, block.head))
            row += 1
        places += [row + step for step in range(len(block.labels))]
        row += len(block.labels)
    others = [block.others and bar == len(block.labels) for block in blocks for bar in range(1, len(block.labels) + 1)]
    return _Layout(
        [label for block in blocks for label in block.labels],
        np.vstack([block.lengths for block in blocks]),
        np.array(others),
        places,
        heads,
        row,
    )


def _bars(on: Canvas, table: Table, layout: _Layout, looks: Sequence[Look]) -> None:
    """Draw the bars of a layout, their names, figures and heads, and the axis they are read on."""
    ax = on.ax
    labels = [text.squeeze(label, on.label_room(), SMALL) for label in layout.labels]
    whole = layout.lengths.sum(axis=1)
    figures = [_figure(length, whole.sum(), table.unit) for length in whole]
    limit, cut = _limit(on, whole, layout.others, figures, labels)
    left = np.zeros(len(whole))
    for lengths, look in zip(layout.lengths.T, looks, strict=True):
        bars = ax.barh(layout.places, lengths, left=left, height=0.74, color=look.colour, hatch=look.hatch)
        for bar in bars:
            bar.set(edgecolor="white", linewidth=0)
        left += lengths
    if len(looks) == 1 and layout.others[-1]:
        ax.patches[-1].set(facecolor=REST.colour, hatch=REST.hatch)
    for place, length, words, short in zip(layout.places, whole, figures, cut, strict=True):
        if short:
            _note(ax, f"{words} (bar cut)", (limit, place), -8).set(ha="right", backgroundcolor="white")
        else:
            _note(ax, words, (length, place), 4)
    for place, head in layout.heads:
        _note(ax, head, (0, place), 3).set(weight="bold")
    ax.set_yticks(layout.places, labels, fontsize=SMALL, color=INK)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, limit), ylim=(layout.depth if on.own else max(4.0, layout.depth), 0))
    number_axis(on, "x", text.plain(table.measure), table.unit, whole=is_whole(whole))
    frame(ax, "left")


def _figure(length: float, whole: float, unit: str) -> str:
    """Return what is written behind a bar: its length, and its share of all of them."""
    return f"{text.si(length, unit)} · {text.share(length, whole)}" if length else "0"


def _note(ax: Axes, words: str, at: tuple[float, float], aside: float) -> Annotation:
    """Write beside a point, `aside` points to its right."""
    return ax.annotate(words, at, (aside, 0), textcoords="offset points", va="center", fontsize=SMALL, color=INK)


def _limit(
    on: Canvas,
    whole: npt.NDArray[np.float64],
    others: npt.NDArray[np.bool_],
    figures: Sequence[str],
    labels: Sequence[str],
) -> tuple[float, npt.NDArray[np.bool_]]:
    """Return where the axis ends, with room for the bars' figures, and which bars are cut there."""
    longest = float(whole[~others].max(initial=0.0)) or float(whole.max()) or 1.0
    cut = others & (whole > CUT * longest)
    across = on.across(labels)
    taken = np.array([min(0.7, (text.width(words, SMALL) + 8) / across) for words in figures])
    limit = float((whole[~cut] / (1 - taken[~cut])).max(initial=longest))
    return limit, cut
