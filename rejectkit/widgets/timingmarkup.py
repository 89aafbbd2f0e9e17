"""HTML for what the timing panel shows: tables of figures, pictures, sentences; every text is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final

import numpy as np
import pandas as pd

from rejectkit.charts.alerts import WORDS, spoken
from rejectkit.exploring.words import count
from rejectkit.monitoring.replaying.replay import Backtest
from rejectkit.monitoring.replaying.replay import spoken as spelled
from rejectkit.monitoring.timing.stages import STAGES

STYLE: Final = """<style>
.rejectkit-timing .rejectkit-controls { grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); }
.rejectkit-timing .rejectkit-controls { margin-bottom: 6px; }
.rejectkit-timing .rejectkit-controls > .rejectkit-wide { grid-column: 1 / -1; }
.rejectkit-timing .rejectkit-controls > .widget-checkbox { justify-content: end; min-height: 44px; }
.rejectkit-timing .widget-checkbox label { white-space: normal; line-height: 1.35; }
.rejectkit-timing .jupyter-button { width: auto; }
.rejectkit-timing .rejectkit-controls > .jupyter-button { align-self: end; justify-self: start; margin: 0; }
.rejectkit-timing .widget-html-content { line-height: 1.4; }
.rejectkit-timing h4 { margin: 12px 0 4px; font-size: 14px; color: var(--jp-ui-font-color1, #222); }
.rejectkit-timing p { margin: 4px 0; }
.rejectkit-timing .rejectkit-bar { margin: 4px 0; gap: 2px 6px; }
.rejectkit-timing .rejectkit-chosen { background: var(--jp-layout-color2, #eef4f8); font-weight: 600; }
.rejectkit-timing .rejectkit-table :is(th, td) { vertical-align: top; }
.rejectkit-timing .rejectkit-table :is(th, td.rejectkit-words) { white-space: normal; }
.rejectkit-timing .rejectkit-advice { border-left: 4px solid #0072B2; padding: 6px 12px; margin: 6px 0;
  line-height: 1.45; background: var(--jp-layout-color2, #eef4f8); color: var(--jp-ui-font-color1, #222); }
.rejectkit-timing details > summary { cursor: pointer; padding: 2px 0; }
.rejectkit-timing .rejectkit-steps { margin: 4px 0; padding-left: 20px; }
</style>"""

NEWEST: Final = 12
BEST: Final = 12
NOTHING: Final = "–"
Write = Callable[[Any], str]


def number(value: Any) -> str:
    """Return a figure, a whole one without a fraction."""
    return NOTHING if pd.isna(value) else f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def share(value: Any) -> str:
    """Return a share in per cent."""
    return NOTHING if pd.isna(value) else f"{value:.1%}"


def seconds(value: Any) -> str:
    """Return a length of time."""
    return NOTHING if pd.isna(value) else spoken(float(value))


def moment(value: Any) -> str:
    """Return a time, UTC, to the second."""
    return NOTHING if pd.isna(value) else f"{value:%Y-%m-%d %H:%M:%S}"


def words(value: Any) -> str:
    """Return a text as it stands."""
    return NOTHING if pd.isna(value) else str(value)


def yes(value: Any) -> str:
    """Return a truth in a word."""
    return "yes" if value else ""


Columns = Mapping[str, tuple[str, Write]]

_STAGES: Final[Columns] = {
    "stage": ("Stage", lambda stage: WORDS.get(stage, stage)),
    "known": ("Alerts", number),
    "median": ("Median", seconds),
    "p90": ("90 % within", seconds),
    "p99": ("99 % within", seconds),
    "longest": ("Longest", seconds),
    "share": ("Share", share),
}
_CHANGES: Final[Columns] = {
    "at": ("At (UTC)", moment),
    "state": ("To", words),
    "srcAddr": ("Source", words),
    "dstPort": ("Dst port", words),
    "total": ("In all", seconds),
    **{stage: (WORDS.get(stage, stage).capitalize(), seconds) for stage in STAGES},
}
_FIGURES: Final[Columns] = {
    "delivery": ("Delivery after the record's end", words),
    "range": ("Evaluation range", words),
    "pages": ("Pages", number),
    "pagesPerDay": ("Pages a day", number),
    "alarmShare": ("Time in ALARM", share),
    "missed": ("Never judged", number),
    "missedShare": ("Share never judged", share),
    "seconds": ("Median to the page", seconds),
}
_PAGES: Final[Columns] = {
    "range": ("Range", words),
    "at": ("At (UTC)", moment),
    "state": ("To", words),
    "seconds": ("After", seconds),
    "reason": ("Reason", words),
}
_SETTINGS: Final[Columns] = {
    "rule": ("Rule", spelled),
    "pattern": ("Which rejects", words),
    "pagesPerDay": ("Pages a day", number),
    "otherPagesPerDay": ("of these for nothing", number),
    "caught": ("Incidents caught", words),
    "secondsToAlarm": ("Median to the page", seconds),
    "alarmShare": ("Time in ALARM", share),
    "missedShare": ("Never judged", share),
    "dollars": ("USD a month", lambda value: f"{value:.2f}"),
    "rangeMatters": ("Range matters", yes),
}


def heading(text: str) -> str:
    """Return the heading of a part."""
    return f"<h4>{escape(text)}</h4>"


def sentences(told: Sequence[str]) -> str:
    """Return sentences, a line each."""
    return "".join(f'<div class="rejectkit-said">{escape(str(one))}</div>' for one in told)


def table(frame: pd.DataFrame, columns: Columns, caption: str, chosen: Sequence[int] = ()) -> str:
    """Return rows of a frame as a table with a caption; columns that it has not, or that say nothing, are left out.

    Parameters
    ----------
    frame : DataFrame
    columns : mapping
        By name: the heading, and what writes a value.
    caption : str
    chosen : sequence of int
        Places of rows to point out.
    """
    shown = {
        name: each
        for name, each in columns.items()
        if name in frame and (name in ("at", "stage") or not frame[name].isna().all())
    }
    sides = {name: _side(name, write) for name, (_, write) in shown.items()}
    head = "".join(f'<th scope="col"{sides[name]}>{escape(title)}</th>' for name, (title, _) in shown.items())
    body = ""
    for place, row in enumerate(frame[list(shown)].to_dict("records")):
        cells = "".join(f"<td{sides[name]}>{escape(write(row[name]))}</td>" for name, (_, write) in shown.items())
        body += f'<tr class="rejectkit-chosen">{cells}</tr>' if place in chosen else f"<tr>{cells}</tr>"
    return (
        f'<div class="rejectkit-scroll" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}">'
        f'<table class="rejectkit-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _side(name: str, write: Write) -> str:
    """Return how a column's cells stand: figures to the right, words to the left and over several lines."""
    if write is moment or name == "stage":
        return ""
    return ' class="rejectkit-words"' if write in (words, spelled) else ' class="number"'


def latency(frame: pd.DataFrame, percentiles: pd.DataFrame) -> str:
    """Return how long the stages took, the newest changes of state, and what is assumed of them."""
    told = sentences(frame.attrs.get("told", ()))
    if frame.empty:
        return told
    newest = frame.iloc[::-1].head(NEWEST)
    caption = f"The newest {len(newest)} of {count(len(frame), 'change')} of state, newest first"
    some = bool((percentiles["known"] > 0).any())
    stages = table(percentiles, _STAGES, "The stages over all alerts") if some else ""
    return stages + table(newest, _CHANGES, caption) + told


def backtest(figures: pd.DataFrame, tested: Backtest, delivery: str) -> str:
    """Return the figures at all delays, and in words those of the delay that is chosen."""
    chosen = np.flatnonzero((figures["delivery"] == delivery).to_numpy()).tolist()
    caption = f"The rule at other delivery delays; in bold the one chosen, {delivery}"
    return table(figures, _FIGURES, caption, chosen) + sentences(tested.summary().split("\n"))


def notifications(tested: Backtest) -> str:
    """Return the newest pages of a replay."""
    pages = tested.notifications
    if pages.empty:
        return ""
    newest = pages.iloc[::-1].head(NEWEST)
    shown = table(newest, _PAGES, f"The newest {len(newest)} of {count(len(pages), 'notice')}, newest first")
    return f"<details><summary>{count(len(pages), 'notice')}</summary>{shown}</details>"


def settings(frame: pd.DataFrame, recommended: object) -> str:
    """Return the settings that no other beats, the recommended one pointed out, and all of them to be opened."""
    best = frame[frame["best"].astype(bool)].sort_values("secondsToAlarm", kind="stable")
    order = best if recommended is None else pd.concat([best.loc[best.index == recommended], best]).drop_duplicates()
    shown = order[~order.index.duplicated()].head(BEST)
    chosen = [0] if recommended is not None and len(shown) else []
    more = f"; the quickest {len(shown)} are shown" if len(best) > len(shown) else ""
    caption = f"{count(len(best), 'setting')} of {len(frame):,} that no other beats{more}"
    every = table(frame, _SETTINGS, f"All {len(frame):,} settings")
    return (
        table(shown, _SETTINGS, caption, chosen)
        + f"<details><summary>All {count(len(frame), 'setting')}</summary>{every}</details>"
    )


def advice(text: str) -> str:
    """Return a recommendation."""
    return f'<div class="rejectkit-advice" role="status">{escape(text)}</div>'


def steps(done: Sequence[str]) -> str:
    """Return what a probe did so far."""
    items = "".join(f"<li>{escape(one)}</li>" for one in done)
    return f'<ol class="rejectkit-steps" aria-live="polite">{items}</ol>' if items else ""
