"""The state of an alarm over time: one row of spells for each way that it was evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from rejectkit.charts import text
from rejectkit.charts.canvas import SMALL, Canvas, canvas, styled
from rejectkit.charts.dressing import finish, frame, say, swatch
from rejectkit.charts.palette import INK, SKY, VERMILION, Look
from rejectkit.charts.tables import as_times, refuse, span_of
from rejectkit.charts.times import Intervals, time_axis
from rejectkit.errors import ArgumentError
from rejectkit.exploring.words import count
from rejectkit.monitoring.alarms.alarm import ALARM, INSUFFICIENT_DATA, OK
from rejectkit.window import Window

LOOKS: Final = {OK: Look(SKY), ALARM: Look(VERMILION, "///"), INSUFFICIENT_DATA: Look("#C4C4C4", "..")}
COLUMNS: Final = ("at", "previous", "state")
ROW: Final = 0.62  # inches
SEEN: Final = 1 / 600  # of the axis: what is shorter and in ALARM is drawn this long
MOST: Final = 12  # rows

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spells:
    """One row: what state, from when to when.

    Attributes
    ----------
    name : str
        The evaluation range, or "alarm".
    states : list of str
        By spell.
    edges : array of float
        Where spells begin and the last ends, seconds since the epoch.
    """

    name: str
    states: list[str]
    edges: Floats

    @property
    def share(self) -> float:
        """Of the time in ALARM."""
        lengths = np.diff(self.edges)
        return float(lengths[[state == ALARM for state in self.states]].sum() / (self.edges[-1] - self.edges[0]))

    @property
    def pages(self) -> int:
        """How often it changed to ALARM."""
        pairs = zip(["", *self.states], self.states, strict=False)
        return sum(before not in ("", ALARM) and state == ALARM for before, state in pairs)


@dataclass(frozen=True, slots=True)
class Told:
    """What is drawn: the rows, their window, and how many rows the table has."""

    rows: list[Spells]
    window: Window | None
    number: int


def read(df: pd.DataFrame, window: Window | None, question: str, ranges: Sequence[str] = ()) -> Told:
    """Return the spells of a table of changes; the table itself is left as it is.

    Raises
    ------
    ArgumentError
        If columns are missing, or a state is none.
    """
    if not isinstance(df, pd.DataFrame):
        raise ArgumentError(f"a chart takes a pandas DataFrame, not {type(df).__name__}; {question} makes one")
    if df.empty and not len(df.columns):
        df = pd.DataFrame({name: [] for name in COLUMNS})
    refuse([name for name in COLUMNS if name not in df.columns], df, question)
    if strange := sorted(set(df["state"].dropna().astype(str)) - set(LOOKS)):
        raise ArgumentError(f"the table has the state {text.plain(strange[0])!r}; an alarm is {', '.join(LOOKS)}")
    rows = df.assign(at=as_times(df["at"], "at")).dropna(subset=["at"]).sort_values("at", kind="stable")
    window = window or span_of(rows["at"], 60)
    if window is None or (rows.empty and not ranges):
        return Told([], window, 0)
    names = rows["range"].astype(str) if "range" in rows else pd.Series("alarm", rows.index)
    wanted = list(dict.fromkeys([*map(str, ranges), *names.unique()]))
    return Told(list(_spells(rows, names, wanted[:MOST], window)), window, len(wanted))


def _spells(rows: pd.DataFrame, names: pd.Series, wanted: Sequence[str], window: Window) -> Iterator[Spells]:
    first, last = window.start.timestamp(), window.end.timestamp()
    for name in wanted:
        own = rows[names == name]
        if own.empty:  # it stayed what an alarm is at first
            yield Spells(text.plain(name), [INSUFFICIENT_DATA], np.array([first, last]))
            continue
        at = own["at"].dt.as_unit("ms").astype("int64").to_numpy() / 1000
        before, inside = at <= first, (at > first) & (at < last)
        states = own["state"].astype(str).to_list()
        begins = states[int(before.sum()) - 1] if before.any() else str(own["previous"].iloc[0])
        yield Spells(
            text.plain(name),
            [begins, *(state for state, kept in zip(states, inside, strict=True) if kept)],
            np.concatenate(([first], at[inside], [last])),
        )


@styled
def draw(told: Told, ax: Axes | None) -> Axes:
    """Draw the rows one under the other, the states by colour, hatch and, where there is room, by name."""
    on = canvas(ax)
    title = "State of the alarm"
    if not told.rows or told.window is None:
        where = f"from {told.window}" if told.window else "in this table; its window was not given"
        return say(on, f"No change of state {where}.", f"{title}: nothing to show, {told.window or 'window not given'}")
    first, last = int(told.window.start.timestamp()), -int(-told.window.end.timestamp() // 1)
    shown = told.rows[: on.rows(2 * len(told.rows)) // 2]
    ranged = shown[0].name != "alarm"
    labels = [f"{'over ' + row.name if ranged else row.name}\n{_said(row)}" for row in shown]
    for place, row in enumerate(shown):
        _row(on, row, place + 0.5, (last - first) * SEEN)
    on.ax.set_yticks(np.arange(len(shown)) + 0.5, labels, fontsize=SMALL, color=INK)
    on.ax.tick_params(axis="y", length=0)
    on.ax.set(xlim=(first / 86400, last / 86400), ylim=(len(shown), 0))
    time_axis(on, Intervals(first, last - first, 1))
    frame(on.ax, "bottom")
    _name(on, shown)
    present = {state for row in shown for state in row.states}
    entries = [swatch(look, state) for state, look in LOOKS.items() if state in present]
    changes = count(sum(len(row.states) - 1 for row in shown), "change")
    parts = [changes] if not ranged else [f"{changes} over {count(len(shown), 'evaluation range')}"]
    if len(shown) < told.number:
        parts.append(f"the first {len(shown)} of {told.number} rows")
    finish(on, f"{title}: {', '.join([*parts, str(told.window)])}", entries=entries, height=len(shown) * ROW)
    return on.ax


def _said(row: Spells) -> str:
    return f"{text.share(row.share, 1.0)} in ALARM, {count(row.pages, 'page')}"


def _row(on: Canvas, row: Spells, place: float, least: float) -> None:
    """Draw one row: OK under the others, ALARM over them, so that no short one is lost."""
    for state in (OK, INSUFFICIENT_DATA, ALARM):
        chosen = np.array([each == state for each in row.states])
        begins, lengths = row.edges[:-1][chosen], np.diff(row.edges)[chosen]
        if state == ALARM:
            lengths = np.maximum(lengths, least)
        if len(begins):
            look = LOOKS[state]
            spans = np.stack([begins, lengths], axis=1) / 86400
            fill: dict[str, Any] = {"facecolor": look.colour, "hatch": look.hatch, "edgecolor": "white", "linewidth": 0}
            on.ax.broken_barh(spans.tolist(), (place - 0.37, 0.74), **fill)


def _name(on: Canvas, shown: list[Spells]) -> None:
    """Write each state's name on its spells that are wide enough for it."""
    room = on.across([label.get_text().split("\n")[-1] for label in on.ax.get_yticklabels()])
    for place, row in enumerate(shown):
        whole = row.edges[-1] - row.edges[0]
        for state, begin, length in zip(row.states, row.edges, np.diff(row.edges), strict=False):
            if length / whole * room > text.width(state, SMALL) + 14:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
                at = ((begin + length / 2) / 86400, place + 0.5)
                on.ax.annotate(state, at, ha="center", va="center", fontsize=SMALL, color=INK, bbox=box)
