"""Holding: the refused flows of one window with what their sources are, from which every view is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.exploring import classify, gathering
from rejectkit.exploring.flows import EGRESS, INGRESS, REQUIRED
from rejectkit.exploring.profile import profile
from rejectkit.exploring.rules import Reason
from rejectkit.sources.base import Source, Watch, span
from rejectkit.widgets.kept import Kept, covers
from rejectkit.widgets.selection import Known, Selection, directions, own_addresses
from rejectkit.window import Window

KIND_OF = np.array([reason.kind for reason in Reason], object)
MOST_ACCEPTS = 5_000_000  # as `rk.summarize` has it


@dataclass(frozen=True, slots=True)
class Holding:
    """The refused flows of one window.

    Attributes
    ----------
    asked : Window or None
        The window they were asked for; None for all the source has.
    span : Window or None
        From the first to just after the last record in it, accepted or not, to whole minutes; None where
        there is none.
    records : DataFrame
        As `Source.records`; once told, newest first and with `kind` and `direction` (`"in"`, `"out"` or
        missing).
    known : Known
        What puts a selection into a query.
    accepted : DataFrame or None
        The accepted flows that bear on the refused ones.
    sources : DataFrame or None
        Once told, one row per source address, as `classify.sources` gives.
    """

    asked: Window | None
    span: Window | None
    records: pd.DataFrame
    known: Known
    accepted: pd.DataFrame | None = None
    sources: pd.DataFrame | None = None

    @property
    def window(self) -> Window | None:
        """The window in figures: the one asked for, else the data's own."""
        return self.asked or self.span

    def covers(self, window: Window | None) -> bool:
        """Whether all the source has in a window is among the records."""
        return covers(self.asked, window)


def to_minutes(window: Window) -> Window:
    """Return the least window of whole minutes round a window."""
    minute = timedelta(minutes=1)
    start, end = (moment.replace(second=0, microsecond=0) for moment in (window.start, window.end))
    return Window(start, end if end == window.end else end + minute)


def load(source: Source, window: Window | None, watch: Watch) -> Holding:
    """Fetch the refused flows of a window, and the accepted ones that bear on them.

    Raises
    ------
    RejectkitError
        Whatever the source raises; QueryCancelledError when `watch` is cancelled.
    """
    known, accepted = Known(tuple(source.fields)), None
    watch.report(0.0, "reading refused flows")
    records = source.records(window, "REJECT", watch=part(watch, 0.0, 0.5))
    watch.check()
    if judgeable(known):
        kept = Kept(source, window, records)
        counts = gathering.counts(kept, window, part(watch, 0.5, 0.6))
        whole = counts.span
        if counts.accepted and counts.refused:
            both = gathering.flows(kept, window, counts, MOST_ACCEPTS, part(watch, 0.6, 1.0))
            accepted = both[both["action"] == "ACCEPT"]
    else:
        whole = window or span(source, part(watch, 0.5, 1.0))
    watch.check()
    return Holding(window, whole and to_minutes(whole), records, known, accepted)


def judgeable(known: Known) -> bool:
    """Whether the records have what telling kinds needs."""
    return set(REQUIRED) <= set(known.fields)


def view(base: Holding, window: Window | None, watch: Watch) -> Holding:
    """Return the part of a holding in a window that it covers, with what can be told of that part.

    That is the kind of each flow, as `classify.records` has it, and its direction. Accepted flows are evidence,
    wherever in the holding they are.
    """
    watch.report(0.0, "telling kinds and directions")
    records = base.records
    if window is not None and window != base.asked:
        records = records[Selection(window=window).mask(records)]
    records = records.iloc[::-1].reset_index(drop=True)
    whole = base.span if window is None or window == base.asked else window
    kind = pd.Series(None, records.index, "str")
    own: dict[str, tuple[str, ...]] = {}
    sources = None
    if judgeable(base.known):
        judged = classify.judged(records if base.accepted is None else pd.concat([records, base.accepted]))
        watch.check()
        sources = profile(judged)
        watch.check()
        refused = judged.flows.row < len(records)
        row, directed = judged.flows.row[refused], np.zeros(len(records), np.int64)
        kind.iloc[row] = KIND_OF[judged.reasons[refused]]
        directed[row] = judged.directions[refused]
        own = own_addresses(records, directed == INGRESS, directed == EGRESS)
    records = records.assign(kind=kind, direction=directions(records, own))
    watch.check()
    return Holding(window, whole, records, replace(base.known, own=own), sources=sources)


def choices(holding: Holding, column: str, name: Callable[[Any], str] = str, most: int = 200) -> list[tuple[str, Any]]:
    """Return what a control offers: label with flows, and value; most flows first.

    Parameters
    ----------
    column : str
        A column of the records; one that is not there offers nothing.
    name : callable
        Writes a value.
    most : int
        How many to offer.
    """
    if column not in holding.records:
        return []
    counts = holding.records[column].value_counts().head(most)
    return [(f"{name(value)}  ({flows:,})", value) for value, flows in counts.items()]


def whole(source: Source, watch: Watch) -> Window:
    """Return the window from a source's first record to just after its last.

    Raises
    ------
    ArgumentError
        If it has none.
    """
    found = span(source, watch)
    if found is None:
        raise ArgumentError("the source has no record; choose another one")
    return found


def part(watch: Watch, low: float, high: float) -> Watch:
    """Return a watch for a part of the work: its progress goes from `low` to `high`, cancel is shared."""
    inner = Watch(lambda fraction, what: watch.report(low + (high - low) * fraction, what))
    watch.on_cancel(inner.cancel)
    return inner
