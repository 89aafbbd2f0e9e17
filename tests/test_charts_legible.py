"""Charts can be read at any size, and leave nothing behind."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from drawn import DAY, HOSTILE, assert_legible, draw, labels, lengths, records, title
from IPython.core.formatters import DisplayFormatter
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from rejectkit import charts
from rejectkit.window import Window

EVERY = pytest.mark.parametrize("name", list(charts.CHARTS))
AT_ANY_SIZE = pytest.mark.parametrize("size", [1, 5, 20, 5000])


@EVERY
@AT_ANY_SIZE
def test_every_chart_is_legible_at_any_size(name: str, size: int) -> None:
    """From one category to 5,000, with addresses of 39 characters, no label touches another or is cut."""
    axes = draw(name, records(size), window=DAY)
    assert_legible(axes)
    width, height = axes.figure.get_size_inches()
    assert (width, height) == pytest.approx((9.6, height))
    assert 1.2 < height < 10.5


@EVERY
@pytest.mark.parametrize("inches", [(6.4, 4.8), (12, 5), (4.5, 4.5)])
def test_a_chart_makes_room_on_a_figure_where_it_is_alone(name: str, inches: tuple[float, float]) -> None:
    """On an ordinary figure with one Axes, fewer categories have a name, and none is cut; the figure keeps its size."""
    figure = Figure(figsize=inches)
    axes = draw(name, records(5000), ax=figure.add_subplot(), window=DAY)
    assert_legible(axes)
    assert tuple(figure.get_size_inches()) == inches


@EVERY
def test_a_chart_among_others_leaves_the_figure_alone(name: str) -> None:
    """Beside another chart it is drawn on the Axes it is given, whose labels keep clear of each other."""
    figure = Figure(figsize=(9, 7), layout="constrained")
    left, right = figure.subplots(1, 2)
    assert charts.CHARTS[name].draw(records(5000), right, window=DAY) is right
    figure.draw_without_rendering()
    assert not left.patches
    assert_legible(right)


@EVERY
def test_nothing_is_left_behind(name: str) -> None:
    """No pyplot figure stays open, no global setting and no input is changed."""
    before, table = dict(mpl.rcParams), records(30)
    kept = table.copy(deep=True)
    first, second = draw(name, table), draw(name, table)
    assert first.figure is not second.figure
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
    pd.testing.assert_frame_equal(table, kept)


@EVERY
def test_a_chart_shows_in_a_notebook_without_pyplot(name: str) -> None:
    """Jupyter gets a PNG of the Axes that a cell ends with, and of its figure."""
    axes = charts.CHARTS[name].draw(records(5))
    for shown in (axes, axes.figure):
        data, _ = DisplayFormatter().format(shown, include={"image/png"})
        assert data["image/png"][:8] == b"\x89PNG\r\n\x1a\n"


@EVERY
@pytest.mark.parametrize("table", [records(5).iloc[:0], pd.DataFrame()], ids=["typed", "bare"])
def test_an_empty_table_is_told_in_words(name: str, table: pd.DataFrame) -> None:
    """Where there is nothing, the Axes say so and name the window."""
    axes = draw(name, table, window=DAY)
    assert [words.get_text() for words in axes.texts] == [f"No rejected flows from {DAY}."]
    assert f"nothing to show, {DAY}" in title(axes)
    assert_legible(axes)


@EVERY
def test_rows_outside_the_window_are_told(name: str) -> None:
    """Records that start outside the window are not drawn, and the words say how many there are."""
    axes = draw(name, records(5, 60), window=Window.parse("2026-12-01", "2026-12-02"))
    assert axes.texts[0].get_text().endswith("(60 outside it)")


@EVERY
def test_hostile_text_stays_text(name: str) -> None:
    """Markup, line breaks, direction marks and very long words are drawn as short text, without a warning."""
    table = records(len(HOSTILE))
    table["srcAddr"] = table["interfaceId"] = table["kind"] = (HOSTILE * 10)[: len(table)]
    axes = draw(name, table)
    assert_legible(axes)
    for words in axes.findobj(Text):
        assert not words.get_parse_math()
        assert not words.get_usetex()
        assert max(len(line) for line in words.get_text().split("\n")) < 130


def test_hostile_labels_are_escaped_and_shortened() -> None:
    """What cannot be seen is written out, what is long loses its middle, and `$` is a character."""
    table = pd.DataFrame({"interfaceId": [*HOSTILE, None], "flows": range(20, 10, -1)})
    found = labels(draw("interfaces", table))
    assert found[:2] == ["$x^2$ $y$", r"two\nlines\tand a tab"]
    assert found[3] == "A" * 20 + "…" + "A" * 19
    assert found[4] == r"\u202eevil"
    assert found[6:] == ["(empty)", r"%s {x} \n", "100$", "–"]


@pytest.mark.parametrize(
    "setting", [{"text.usetex": True}, {"text.parse_math": True}, {"axes.grid": True}, {"figure.autolayout": True}]
)
def test_a_users_settings_do_not_break_a_chart(setting: dict[str, Any]) -> None:
    """A chart takes text literally under any of the user's settings."""
    with mpl.rc_context(setting):
        axes = draw("interfaces", pd.DataFrame({"interfaceId": ["$x_1$", "a_b%"], "flows": [2, 1]}))
    assert not any(words.get_usetex() or words.get_parse_math() for words in axes.findobj(Text))


@EVERY
def test_400_000_records_are_all_in_the_picture(name: str) -> None:
    """A day of heavy scanning is drawn whole; how fast, benchmarks/charts_bench.py says."""
    axes = draw(name, records(5000, 400_000), window=DAY)
    assert isinstance(axes.figure, Figure)
    axes.figure.canvas.draw()
    assert "400,000 of 400,000 flows" in title(axes)


@EVERY
def test_every_entry_of_the_catalogue_is_public_and_described(name: str) -> None:
    """A chart is one entry: its name, title and question are there, and its docstring tells every argument."""
    entry: charts.Chart = charts.CHARTS[name]
    function: Callable[..., Axes] = getattr(charts, name)
    assert entry.draw is function
    assert name in charts.__all__
    assert entry.title
    assert entry.question.startswith("rk.")
    told = inspect.getdoc(function) or ""
    assert all(f"\n{argument} : " in told for argument in inspect.signature(function).parameters)


def test_pictures_are_what_a_viewer_sees(tmp_path: Path) -> None:
    """A chart is saved like any figure, and its picture is not blank."""
    axes = draw("ports", records(20), window=DAY)
    assert isinstance(axes.figure, Figure)
    axes.figure.savefig(tmp_path / "ports.png")
    pixels = plt.imread(tmp_path / "ports.png")
    assert len(np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0)) > 10
    assert all(low <= high for low, high in pairwise([0, *sorted(lengths(axes))]))
