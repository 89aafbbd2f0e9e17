"""Alerts by the stages that they took: a bar for each, and a box for each stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from rejectkit.charts import text
from rejectkit.charts.canvas import ROW, SMALL, Canvas, canvas, styled
from rejectkit.charts.dressing import finish, frame, number_axis, say, swatch
from rejectkit.charts.palette import INK, REST, Look, looks
from rejectkit.charts.tables import as_times, refuse, span_of
from rejectkit.errors import ArgumentError
from rejectkit.exploring.words import count, span
from rejectkit.monitoring.alarms.alarm import ALARM
from rejectkit.monitoring.timing.stages import MOMENTS, STAGES
from rejectkit.window import Window

WORDS: Final[Mapping[str, str]] = {
    "aggregation": "aggregation into a record",
    "delivery": "delivery into the log",
    "waiting": "waiting for the period's end",
    "stateChange": "change of state",
}
UNSPLIT: Final = "stages that are not told apart"
MOST: Final = 50  # bars in one figure, whatever is asked
DOTS: Final = 200  # alerts up to which each is a dot
_DOT_ROWS: Final = np.array([0.0, 0.5, -0.5, 0.25, -0.25, 0.75, -0.75])

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alerts:
    """The changes to ALARM of a table, oldest first.

    Attributes
    ----------
    rows : DataFrame
        `at`, and of the record behind it what the table has of `srcAddr`, `dstPort`, `protocol`.
    seconds : array of float, (alert, stage)
        NaN where unknown; never below 0.
    gaps : array of float, (alert, stage)
        Seconds of the stages from this one on that are not told apart; 0 for none.
    window : Window or None
        Given, else the span of the table's times.
    others : int
        Changes to other states in the window.
    negative : int
        Stages that the table has below 0 s, which clocks that differ make.
    """

    rows: pd.DataFrame
    seconds: Floats
    gaps: Floats
    window: Window | None
    others: int
    negative: int = 0

    @property
    def totals(self) -> Floats:
        """Seconds of each alert; 0 where nothing is known."""
        found: Floats = np.nansum(self.seconds, axis=1) + self.gaps.sum(axis=1)
        return found

    @property
    def aside(self) -> list[str]:
        """What a title says beside the alerts."""
        found = [f"{count(self.others, 'other change')} of state left out"] if self.others else []
        if self.negative:
            found.append(f"{count(self.negative, 'stage')} below 0 s taken for 0 s")
        return [*found, str(self.window) if self.window else "window not given"]


def read(df: pd.DataFrame, window: Window | None, question: str) -> Alerts:
    """Return the alerts of a table; the table itself is left as it is.

    Raises
    ------
    ArgumentError
        If columns are missing, or stages are no numbers.
    """
    if not isinstance(df, pd.DataFrame):
        raise ArgumentError(f"a chart takes a pandas DataFrame, not {type(df).__name__}; {question} makes one")
    if df.empty and not len(df.columns):
        df = pd.DataFrame({"at": pd.to_datetime([], utc=True), "state": [], **{stage: [] for stage in STAGES}})
    refuse([name for name in ("at", "state", *STAGES) if name not in df.columns], df, question)
    rows = df.assign(at=as_times(df["at"], "at")).sort_values("at", kind="stable")
    if window is None:
        window = span_of(rows["at"], 1)
    else:
        rows = rows[(rows["at"] >= window.start) & (rows["at"] < window.end)]
    alarm = (rows["state"] == ALARM).to_numpy(dtype=bool)
    others, rows = int((~alarm).sum()), rows[alarm]
    seconds = np.stack([_numbers(rows, stage) for stage in STAGES], axis=1)
    below = seconds < 0
    seconds = np.where(below, 0.0, seconds)
    kept = rows[[name for name in ("at", "srcAddr", "dstPort", "protocol") if name in rows]].reset_index(drop=True)
    return Alerts(kept, seconds, _gaps(rows, seconds), window, others, int(below.sum()))


def _numbers(rows: pd.DataFrame, name: str) -> Floats:
    try:
        return pd.to_numeric(rows[name]).to_numpy(dtype="float64", na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"the column {name!r} holds more than seconds: {text.plain(error, 80)}") from error


def _gaps(rows: pd.DataFrame, seconds: Floats) -> Floats:
    """Return what lies between two known moments where the stages between them are not known."""
    found = np.zeros_like(seconds)
    if not set(MOMENTS) <= set(rows.columns):
        return found
    moments = np.stack([as_times(rows[name], name).to_numpy("datetime64[ms]") for name in MOMENTS], axis=1)
    known = ~np.isnat(moments)
    for row, column in zip(*np.nonzero(np.isnan(seconds)), strict=True):
        later = np.flatnonzero(known[row, column + 1 :])
        if known[row, column] and len(later):
            between = moments[row, column + 1 + later[0]] - moments[row, column]
            found[row, column] = max(0.0, between / np.timedelta64(1, "s"))
    return found


def spoken(seconds: float) -> str:
    """Return a length of time for a label: "7 min 3 s", "under 1 s"."""
    return "under 1 s" if 0 < seconds < 1 else span(seconds)


def unit(most: float) -> tuple[str, float]:
    """Return the unit that an axis to so many seconds is in, and its seconds."""
    return next(
        (name, size) for name, size, least in (("hours", 3600.0, 10800), ("minutes", 60.0, 180), ("seconds", 1.0, 0))
        if most >= least
    )  # fmt: skip


@styled
def draw_bars(told: Alerts, ax: Axes | None, *, most: int) -> Axes:
    """Draw a bar for each of the most recent alerts."""
    on = canvas(ax)
    number = len(told.rows)
    if not number:
        return say(on, _nothing(told), f"Alerts by stages: nothing to show, {', '.join(told.aside)}")
    shown = min(number, on.rows(min(most, MOST, number), under=_under(on)))
    seconds, gaps, totals = (one[number - shown :] for one in (told.seconds, told.gaps, told.totals))
    labels = [text.squeeze(label, on.label_room(), SMALL) for label in _labels(told.rows.iloc[number - shown :])]
    name, size = unit(float(totals.max()))
    entries = _pieces(on, seconds / size, gaps / size)
    known = ~np.isnan(seconds) | (gaps > 0)
    first = bool(known[:, 0].all())
    words = [_figure(total, parts) for total, parts in zip(totals, known, strict=True)]
    limit = _limit(on.across(labels), totals / size, words)
    for place, (total, said) in enumerate(zip(totals / size, words, strict=True)):
        _note(on.ax, said, (float(total), place + 0.5))
    _places(on, labels)
    on.ax.set(xlim=(0, limit))
    number_axis(on, "x", f"{name} from the first {'packet' if first else 'known moment'} on", "", whole=False)
    frame(on.ax, "left")
    of = count(number, "alert") if shown == number else f"the most recent {shown:,} of {count(number, 'alert')}"
    finish(on, f"Alerts by stages: {', '.join([of, *told.aside])}", entries=entries, height=max(4, shown) * ROW)
    return on.ax


def _under(on: Canvas) -> float:
    """Return the inches that title, legend and axis take, which are many lines where the figure is narrow."""
    words = [*(WORDS.get(stage, stage) for stage in STAGES), UNSPLIT]
    columns = max(1, int(on.figure.get_figwidth() * 72 / (text.widest(words, SMALL) + 4 * SMALL)))
    return 1.4 + -(-len(words) // columns) * SMALL * 1.7 / 72


def _nothing(told: Alerts) -> str:
    where = f"from {told.window}" if told.window else "in this table; its window was not given"
    return f"No change to ALARM {where}."


def _pieces(on: Canvas, seconds: Floats, gaps: Floats) -> list[Artist]:
    """Draw the stages one after the other; return the legend's entries for those there are."""
    places: Floats = np.arange(len(seconds), dtype=np.float64) + 0.5
    left = np.zeros(len(seconds))
    entries: list[Artist] = []
    for column, (stage, look) in enumerate(zip(STAGES, looks(STAGES), strict=True)):
        lengths = np.nan_to_num(seconds[:, column])
        _bars(on.ax, places, lengths, left, look)
        left = left + lengths
        if not np.isnan(seconds[:, column]).all():
            entries.append(swatch(look, WORDS.get(stage, stage)))
        if gaps[:, column].any():
            _bars(on.ax, places, gaps[:, column], left, REST)
            left = left + gaps[:, column]
    return [*entries, swatch(REST, UNSPLIT)] if gaps.any() else entries


def _bars(ax: Axes, places: Floats, lengths: Floats, left: Floats, look: Look) -> None:
    for bar in ax.barh(places, lengths, left=left, height=0.74, color=look.colour, hatch=look.hatch):
        bar.set(edgecolor="white", linewidth=0)


def _labels(rows: pd.DataFrame) -> list[str]:
    """Return when each alert was, and from whom to which port where that is known."""
    found = []
    for row in rows.to_dict("records"):
        whom = [text.plain(row["srcAddr"], 24)] if pd.notna(row.get("srcAddr")) else []
        if pd.notna(row.get("dstPort")):
            port, protocol = row["dstPort"], row.get("protocol")
            whom.append(f"→ {text.port_label(_number(port), _number(protocol))}")
        found.append("  ".join([f"{row['at']:%m-%d %H:%M}", " ".join(whom)]).rstrip())
    return found


def _number(value: object) -> object:
    """Return a whole number as an int, in whatever type a column with nulls has it."""
    return int(value) if isinstance(value, int | float | np.number) and value == value else value


def _figure(total: float, known: npt.NDArray[np.bool_]) -> str:
    if not known.any():
        return "no stage is known"
    first = STAGES[int(known.argmax())]
    return spoken(total) + ("" if known[0] else f" · known from {WORDS.get(first, first)} on")


def _note(ax: Axes, words: str, at: tuple[float, float]) -> None:
    ax.annotate(words, at, (4, 0), textcoords="offset points", va="center", fontsize=SMALL, color=INK)


def _limit(room: float, lengths: Floats, words: Sequence[str]) -> float:
    """Return where an axis of so many points ends, with room for the words behind each bar."""
    left = [max(room * 0.3, room - text.width(said, SMALL) - 16) for said in words]
    return max(float(length) * room / points for length, points in zip(lengths, left, strict=True)) or 1.0


def _places(on: Canvas, labels: Sequence[str]) -> None:
    """Put labels beside rows from the top."""
    on.ax.set_yticks(np.arange(len(labels)) + 0.5, labels, fontsize=SMALL, color=INK)
    on.ax.tick_params(axis="y", length=0)
    on.ax.set(ylim=(len(labels) if on.own else max(4, len(labels)), 0))


@styled
def draw_boxes(told: Alerts, ax: Axes | None) -> Axes:
    """Draw a box for each stage, of the alerts of which it is known."""
    on = canvas(ax)
    number = len(told.rows)
    if not number:
        return say(on, _nothing(told), f"Stages of alerts: nothing to show, {', '.join(told.aside)}")
    columns = [column[~np.isnan(column)] for column in told.seconds.T]
    ends = [_far(column, number) for column in columns]
    name, size = unit(max(ends))
    words = [_median(column, number) for column in columns]
    labels = [text.squeeze(WORDS.get(stage, stage), on.label_room(), SMALL) for stage in STAGES]
    limit = _limit(on.across(labels), np.array(ends) / size, words)
    for place, (column, look, said, end) in enumerate(zip(columns, looks(STAGES), words, ends, strict=True)):
        _box(on.ax, place + 0.5, column / size, look, dots=number <= DOTS)
        _note(on.ax, said, (end / size + limit * 0.008, place + 0.5))
    _places(on, labels)
    on.ax.set(xlim=(0, limit))
    number_axis(on, "x", name, "", whole=False)
    frame(on.ax, "left")
    how = "box: the middle half, line: 10 % to 90 %" if number > 1 else ""
    dots = "a dot for each" if 1 < number <= DOTS else ""
    title = ", ".join(part for part in (count(number, "alert"), how, dots, *told.aside) if part)
    finish(on, f"How long each stage took: {title}", height=len(STAGES) * 2 * ROW)
    return on.ax


def _far(column: Floats, number: int) -> float:
    """Return the seconds at which a stage's drawing ends."""
    if not len(column):
        return 0.0
    return float(column.max() if number <= DOTS else np.quantile(column, 0.9))


def _median(column: Floats, number: int) -> str:
    if not len(column):
        return "not known of any alert"
    rest = f" (of {len(column):,} alerts)" if len(column) < number else ""
    middle, most = (spoken(float(np.quantile(column, share))) for share in (0.5, 0.9))
    many = f", 90 % within {most}" if len(column) >= 10 and most != middle else ""
    return f"median {middle}{many}{rest}"


def _box(ax: Axes, place: float, column: Floats, look: Look, *, dots: bool) -> None:
    """Draw a stage's spread on its row."""
    if not len(column):
        return
    low, first, middle, third, high = np.quantile(column, (0.1, 0.25, 0.5, 0.75, 0.9))
    ax.plot([low, high], [place, place], color=INK, linewidth=1, solid_capstyle="butt", zorder=2)
    (bar,) = ax.barh(place, third - first, left=first, height=0.5, color=look.colour, hatch=look.hatch, zorder=2)
    bar.set(edgecolor="white", linewidth=0)
    ax.plot([middle, middle], [place - 0.3, place + 0.3], color=INK, linewidth=2, zorder=4)
    if dots:
        rows = place + 0.28 * np.resize(_DOT_ROWS, len(column))
        ax.plot(column, rows, "o", markersize=3, markerfacecolor="white", markeredgecolor=INK, mew=0.7, zorder=3)
