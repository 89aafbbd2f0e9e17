"""Charts read back: what stands on drawn Axes, and records to draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch
from matplotlib.text import Text

from rejectkit import charts
from rejectkit.charts.palette import KINDS
from rejectkit.window import Window

DAY = Window.parse("2026-11-01", "2026-11-02")
HOSTILE = [
    "$x^2$ $y$",
    "two\nlines\tand a tab",
    "<b>&amp;",
    "A" * 400,
    "\u202eevil",
    "日本語 имя",
    "",
    "%s {x} \\n",
    "100$",
]


def address(place: int) -> str:
    """Return one of many addresses, every other of them as long as an IPv6 address can be."""
    return f"2001:db8:85a3:1111:2222:8a2e:{0x1000 + place:x}:7334" if place % 2 else f"203.0.{place >> 8}.{place & 255}"


def records(size: int, flows: int | None = None) -> pd.DataFrame:
    """Return records of a day with `size` sources, ports and interfaces, the first of them the busiest."""
    count = flows or max(60, 3 * size)
    rng = np.random.default_rng(7)
    place = np.concatenate([np.arange(size), (rng.random(count - min(size, count)) ** 3 * size).astype(int)])[:count]
    return pd.DataFrame(
        {
            "@timestamp": pd.Timestamp("2026-11-01", tz="UTC").as_unit("ms") + pd.to_timedelta(place * 17 % 86400, "s"),
            "interfaceId": pd.array([f"eni-{at:017x}" for at in place], dtype="str"),
            "srcAddr": pd.array([address(at) for at in place], dtype="str"),
            "dstAddr": pd.array(["10.0.0.9"] * count, dtype="str"),
            "srcPort": pd.array([40000] * count, dtype="Int64"),
            "dstPort": pd.array(20 + place, dtype="Int64"),
            "protocol": pd.array([6] * count, dtype="Int64"),
            "packets": pd.array([2] * count, dtype="Int64"),
            "bytes": pd.array([120] * count, dtype="Int64"),
            "action": pd.array(["REJECT"] * count, dtype="str"),
            "kind": pd.array([list(KINDS)[at % 7] for at in place], dtype="str"),
        }
    )


def draw(name: str, df: pd.DataFrame, **options: Any) -> Axes:
    """Draw a chart and paint it, so that every label has its place."""
    axes = charts.CHARTS[name].draw(df, **options)
    assert isinstance(axes.figure, Figure)
    axes.figure.draw_without_rendering()
    return axes


def title(axes: Axes) -> str:
    """Return a chart's title on one line."""
    return " ".join(axes.get_title(loc="left").split())


def labels(axes: Axes) -> list[str]:
    """Return the labels of the categories, from the top."""
    return [label.get_text() for label in axes.get_yticklabels()]


def lengths(axes: Axes) -> list[float]:
    """Return the lengths of the bars, from the top, their parts added up."""
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    places = sorted({round(bar.get_y(), 6) for bar in bars})
    return [sum(bar.get_width() for bar in bars if round(bar.get_y(), 6) == place) for place in places]


def stacks(axes: Axes) -> list[np.ndarray]:
    """Return the heights of each part of a timeline, NaN in gaps."""
    steps = [patch.get_data() for patch in axes.patches if isinstance(patch, StepPatch)]
    return [np.asarray(data.values) - np.asarray(data.baseline) for data in steps]


def legend(axes: Axes) -> list[str]:
    """Return the legend's words."""
    found = axes.get_legend()
    return [words.get_text() for words in found.get_texts()] if found else []


def cells(axes: Axes) -> np.ma.MaskedArray[Any, Any]:
    """Return the cells of a heat map; what is blank is masked."""
    (mesh,) = (drawn for drawn in axes.collections if isinstance(drawn, QuadMesh))
    return np.ma.asarray(mesh.get_array())


def ticks(axes: Axes, side: str) -> list[Text]:
    """Return the labels of the ticks that are within the x or y axis; matplotlib keeps more than it shows."""
    axis = axes.xaxis if side == "x" else axes.yaxis
    low, high = sorted(axis.get_view_interval())
    shown = [tick for tick in axis.get_major_ticks() if low - 1e-9 <= tick.get_loc() <= high + 1e-9]
    both = [label for tick in shown for label in (tick.label1, tick.label2)]
    return [label for label in both if label.get_text() and label.get_visible()]


def words_on(axes: Axes) -> list[Text]:
    """Return every text that is shown: title, labels, ticks, notes, legend, and the colour bar's."""
    found = axes.get_legend()
    around = [axes._left_title, axes.xaxis.label, axes.yaxis.label]  # set_title(loc="left") has no public getter
    mine = [*around, *axes.texts, *(found.get_texts() if found else []), *ticks(axes, "x"), *ticks(axes, "y")]
    inner = [words for child in axes.child_axes for words in words_on(child)]
    return [words for words in (*mine, *inner) if words.get_text() and words.get_visible()]


def assert_legible(axes: Axes) -> None:
    """No two tick labels of an axis touch, and every text stands inside the figure."""
    for one in (axes, *axes.child_axes):
        for side in "xy":
            boxes = [label.get_window_extent() for label in ticks(one, side)]
            assert [box for box in boxes if sum(box.overlaps(other) for other in boxes) > 1] == []
    page = axes.figure.bbox
    for words in words_on(axes):
        box = words.get_window_extent()
        outside = min(box.x0 - page.x0, page.x1 - box.x1, box.y0 - page.y0, page.y1 - box.y1)
        assert outside > -1, f"{words.get_text()!r} is cut by {-outside:.0f} pixels"
