"""Pictures: the charts the explorer offers, each drawn from the chosen records to a PNG."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import pandas as pd

from rejectkit import charts
from rejectkit.widgets import markup
from rejectkit.window import Window

PIXELS = 100  # of the page, to an inch
SHARP = 1.5  # pixels of the picture for each of the page

CHARTS: Mapping[str, Callable[..., Any]] = {chart.title: chart.draw for chart in charts.CHARTS.values()}
"""Every chart there is, by its title in a menu."""


def draw(name: str, records: pd.DataFrame, window: Window | None) -> str:
    """Return a chart of records as HTML; its title stands for it where it cannot be seen.

    Parameters
    ----------
    name : str
        One of `CHARTS`.
    records : DataFrame
        With `kind` and `direction`.
    window : Window or None
        What the chart's time axis and title name.
    """
    if "flowDirection" not in records:
        records = records.assign(flowDirection=records["direction"].map({"in": "ingress", "out": "egress"}))
    return picture(CHARTS[name](records, window=window))


def picture(axes: Any) -> str:
    """Return a chart that is drawn as HTML; its title stands for it where it cannot be seen."""
    figure = axes.get_figure(root=True)
    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=PIXELS * SHARP)
    words = " ".join(axes.get_title(loc="left").split())
    return markup.picture(stream.getvalue(), f"Chart. {words}", width=round(figure.get_figwidth() * PIXELS))
