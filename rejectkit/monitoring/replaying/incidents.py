"""Incidents: what an alarm should have told of, as windows or as labels of events, and which pages told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.replaying.delays import Ints, instants
from rejectkit.monitoring.replaying.events import Bools, Events
from rejectkit.monitoring.replaying.running import Run, Spans
from rejectkit.window import Window

LABELS: Final = "mistake"
_AT_ONCE: Final = 5_000_000  # events that are looked at together

Given = pd.DataFrame | pd.Series | Mapping[str, Window] | Sequence[Window] | Window
"""A window; windows by name or in a list; a frame with `start` and `end`; or a label for each event, null where it has
none: a Series, or the ground truth of the sandbox, whose column `mistake` is taken."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing to be told of.

    Attributes
    ----------
    name : str
        The label, or the name of the window.
    began : int
        Milliseconds since the epoch: its first event of any kind, or the window's start.
    events : ndarray of bool
        Which events are of it.
    """

    name: str
    began: int
    events: Bools


def incidents(given: Given, frame: pd.DataFrame, times: Ints) -> list[Incident]:
    """Return incidents of events, in the order given or by name.

    Raises
    ------
    ArgumentError
        If labels are not as many as the events or not theirs, or what is given has neither labels nor windows.
    """
    if isinstance(given, pd.DataFrame) and LABELS in given and not {"start", "end"} <= set(given.columns):
        given = given[LABELS]
    if isinstance(given, pd.Series):
        return _labelled(given, frame, times)
    return [Incident(name, start, (times >= start) & (times < end)) for name, (start, end) in _windows(given).items()]


def _labelled(labels: pd.Series, frame: pd.DataFrame, times: Ints) -> list[Incident]:
    if len(labels) != len(frame):
        raise ArgumentError(f"there are {len(labels):,} labels for {len(frame):,} events; give one for each event")
    if not labels.index.equals(frame.index):
        if not labels.index.is_unique or not frame.index.isin(labels.index).all():
            raise ArgumentError("the labels and the events have other indexes; give labels with the events' index")
        labels = labels.reindex(frame.index)
    if pd.api.types.is_bool_dtype(labels):
        raise ArgumentError("the labels are True and False; give the incident's name, and null where an event has none")
    codes, names = pd.factorize(labels, sort=True)
    found = ((str(name), codes == code) for code, name in enumerate(names))
    return [Incident(name, int(times[chosen].min()), chosen) for name, chosen in found]


def _windows(given: pd.DataFrame | Mapping[str, Window] | Sequence[Window] | Window) -> dict[str, tuple[int, int]]:
    if isinstance(given, pd.DataFrame):
        return _of_frame(given)
    named: Mapping[Any, Any] = {"": given}
    if isinstance(given, Mapping):
        named = given
    elif isinstance(given, Iterable) and not isinstance(given, str):
        named = {str(one): one for one in given}
    elif isinstance(given, Window):
        named = {str(given): given}
    if strange := [one for one in named.values() if not isinstance(one, Window)]:
        raise ArgumentError(
            f"the incidents have {strange[0]!r}, which is no window; give Windows, a frame with start and end, or a "
            "Series with a label for each event"
        )
    return {str(name): (_ms(one.start.timestamp()), _ms(one.end.timestamp())) for name, one in named.items()}


def _of_frame(given: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return the windows of a frame by name; of those of one name the second is `name (2)`."""
    if not {"start", "end"} <= set(given.columns):
        raise ArgumentError(
            f"the incidents have the columns {', '.join(map(str, given.columns))}; give start and end, or a label "
            f"for each event in {LABELS!r}"
        )
    names = given[next((name for name in ("name", LABELS) if name in given), "start")].astype(str)
    (starts, begun), (ends, ended) = (instants(given, name) for name in ("start", "end"))
    found: dict[str, tuple[int, int]] = {}
    for name, start, end, known in zip(names, starts.tolist(), ends.tolist(), begun & ended, strict=True):
        if not known or end <= start:
            raise ArgumentError(f"the incident {name} has no start, no end, or an end that is not after its start")
        number = sum(other == name or other.startswith(f"{name} (") for other in found)
        found[f"{name} ({number + 1})" if number else name] = start, end
    return found


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


@dataclass(frozen=True, slots=True)
class Score:
    """What the pages of a replay told of.

    Attributes
    ----------
    seconds : dict of str to float
        By caught incident: from its beginning to its first page.
    others : int
        Pages that told of no incident.
    """

    seconds: dict[str, float]
    others: int


def score(run: Run, events: Events, told: Sequence[Incident]) -> Score:
    """Return which incidents a replay's pages told of.

    A page tells of an incident if, of the matching events that had arrived in the datapoints that spoke for ALARM, at
    least as many are of the incident as of none. An alarm that is in ALARM already, for something else, tells nobody
    of what comes then.
    """
    places = run.alerts
    if not len(places):
        return Score({}, 0)
    spans, moments = run.spans(places), run.moments[places]
    known = np.zeros(len(events), dtype=bool)
    for one in told:
        known |= one.events
    noise = _heard(spans, moments, events, ~known & events.hits)
    total = np.zeros(len(places), dtype=np.int64)
    seconds: dict[str, float] = {}
    for one in told:
        heard = _heard(spans, moments, events, one.events & events.hits)
        total += heard
        caught = (heard > 0) & (heard >= noise)
        if caught.any():
            seconds[one.name] = (int(moments[caught.argmax()]) - one.began) / 1000
    return Score(seconds, int(((total == 0) | (total < noise)).sum()))


def _heard(spans: Spans, moments: Ints, events: Events, chosen: Bools) -> Ints:
    """Return how many of some events each page had in what spoke for ALARM, of those that had arrived."""
    of = np.flatnonzero(chosen)
    of = of[np.argsort(events.times[of], kind="stable")]
    times, arrived = events.times[of], events.arrived[of]
    page, slot = np.nonzero(spans.speaks)
    starts = spans.newest[page] - slot * spans.step
    low, high = np.searchsorted(times, starts), np.searchsorted(times, starts + spans.width)
    found: Ints = np.zeros(len(moments), dtype=np.int64)
    ends = np.cumsum(high - low)
    first = 0
    while first < len(page):  # a share of the datapoints at a time, so that their events fit into memory
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + _AT_ONCE)))
        sizes = (high - low)[first:last]
        offsets = np.repeat(low[first:last] - (np.cumsum(sizes) - sizes), sizes)
        event, whose = np.arange(int(sizes.sum())) + offsets, np.repeat(page[first:last], sizes)
        found += np.bincount(whose[arrived[event] <= moments[whose]], minlength=len(moments))
        first = last
    return found
