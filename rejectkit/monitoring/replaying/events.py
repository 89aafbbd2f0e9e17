"""What a replay is of: events with their time, their arrival and what each counts in the metric."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.deploying.designs import TYPICAL_DELIVERY
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.replaying.delays import ARRIVAL, TIMESTAMP, Delay, Ints, check_frame, instants, is_finite
from rejectkit.records import NULL, LogFormat

DEFAULT_DELAY: Final = Delay.constant(TYPICAL_DELIVERY)
"""Where arrival is unknown. Source: VPC user guide, "Flow log records": typically 5 minutes after the interval."""

REJECTS: Final = "rejects"
DATAPOINTS: Final = "datapoints"
MESSAGE: Final = "@message"
VALUE: Final = "value"

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Events:
    """Events as a metric filter sees them, in the order of their frame.

    Attributes
    ----------
    frame : DataFrame
        The events as they were given.
    times, arrived : ndarray of int64
        Timestamp and arrival, milliseconds since the epoch.
    values : ndarray of float64
        What each counts in the metric; NaN: nothing.
    hits : ndarray of bool
        Which match the pattern; of a metric's datapoints, all.
    pattern : str
        What they were matched with, in words.
    told : str
        How their arrival is known, a sentence.
    noun : str
        What they are: `rejects` or `datapoints`.
    counts_others : bool
        Whether what does not match makes datapoints too, of the default value.
    """

    frame: pd.DataFrame
    times: Ints
    arrived: Ints
    values: Floats
    hits: Bools
    pattern: str
    told: str
    noun: str = REJECTS
    counts_others: bool = True

    @property
    def grain(self) -> int:
        """Milliseconds that a datapoint's time is a multiple of: a filter's is of a minute, a given one as it is."""
        return 60_000 if self.noun == REJECTS else 1

    @cached_property
    def stamps(self) -> Ints:
        """Timestamps of the matching events, in order."""
        return np.sort(self.times[self.hits])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.times)


def read(
    frame: pd.DataFrame,
    pattern: FilterPattern | str | None = None,
    *,
    delay: Delay | None = None,
    default_value: float | None = 0.0,
    log_format: LogFormat | None = None,
) -> Events:
    """Return events of a frame; the arguments are those of `backtest`.

    Raises
    ------
    ArgumentError
        If the frame lacks the columns, or a time is unknown.
    """
    check_frame(frame)
    name = TIMESTAMP if TIMESTAMP in frame or "start" not in frame else "start"
    times, known = instants(frame, name)
    if not known.all():
        raise ArgumentError(f"{int((~known).sum()):,} of {len(frame):,} events have no {name}; leave them out")
    arrived, told = _arrivals(frame, times, delay)
    if VALUE in frame and MESSAGE not in frame and "action" not in frame:
        if pattern is not None:
            raise ArgumentError("a pattern goes with lines or records; these are datapoints, with a column 'value'")
        values = _values(frame[VALUE])
        return Events(frame, times, arrived, values, ~np.isnan(values), "all datapoints", told, DATAPOINTS)
    if default_value is not None and not is_finite(default_value):
        raise ArgumentError(f"default_value is {default_value!r}; give a number, or None for no datapoint")
    hits, said = _matching(frame, pattern, log_format)
    values = np.where(hits, 1.0, np.nan if default_value is None else float(default_value))
    return Events(frame, times, arrived, values, hits, said, told, counts_others=default_value is not None)


def _values(column: pd.Series) -> Floats:
    """Return the values of a metric's datapoints; NaN is missing."""
    try:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise ArgumentError("the column 'value' has what is no number; a datapoint's value is one") from None
    if np.isinf(values).any():
        raise ArgumentError("the column 'value' has what is not finite, which CloudWatch refuses; leave it out")
    return values


def _arrivals(frame: pd.DataFrame, times: Ints, delay: Delay | None) -> tuple[Ints, str]:
    """Return when events arrived, and a sentence on how that is known."""
    number = len(frame)
    known = np.zeros(number, dtype=bool)
    arrived: Ints = np.zeros(number, dtype=np.int64)
    if delay is None and ARRIVAL in frame:
        arrived, known = instants(frame, ARRIVAL)
    if known.all() and number:
        return arrived, f"Each event arrives at its own {ARRIVAL}."
    model = delay or DEFAULT_DELAY
    timed = frame if TIMESTAMP in frame else frame.assign(**{TIMESTAMP: pd.to_datetime(times, unit="ms", utc=True)})
    arrived = np.where(known, arrived, model.arrivals(timed))
    words = model.told(frame)
    if delay is not None:
        return arrived, f"Each event is taken to arrive {words}, as asked."
    whom = f"{int((~known).sum()):,} of {number:,} events" if known.any() else "the events"
    return arrived, (
        f"When {whom} arrived is not known: each is taken to arrive {words}, which AWS calls typical. Give delay=, "
        f"or events with {ARRIVAL}."
    )


def _matching(
    frame: pd.DataFrame, pattern: FilterPattern | str | None, log_format: LogFormat | None
) -> tuple[Bools, str]:
    """Return which events match, and the pattern in words."""
    if pattern is None and "action" in frame:
        if isinstance(frame["action"], pd.DataFrame):
            raise ArgumentError("the events have several columns 'action'; leave all but one out")
        return frame["action"].eq("REJECT").fillna(False).to_numpy(dtype=bool), "action REJECT"
    fmt = log_format or LogFormat.default()
    if pattern is None:
        pattern = Choices().pattern(fmt)
    wanted = pattern if isinstance(pattern, FilterPattern) else FilterPattern(pattern)
    if not wanted.text.strip():
        return np.ones(len(frame), dtype=bool), "every event"
    return wanted.matching(_lines(frame, fmt)), wanted.text


def _lines(frame: pd.DataFrame, fmt: LogFormat) -> list[str]:
    """Return the events' lines: their own, or as their columns spell them."""
    if MESSAGE in frame:
        return [str(line) for line in frame[MESSAGE].tolist()]
    lacking = [column for column in fmt.columns if column not in frame]
    if lacking:
        raise ArgumentError(
            f"a pattern is compared with lines, and the events have no {MESSAGE} and no {', no '.join(lacking)}; give "
            "log_format= with fields that they have, as the pattern names them"
        )
    texts = [frame[column].astype("string").fillna(NULL).tolist() for column in fmt.columns]
    return [" ".join(words) for words in zip(*texts, strict=True)]
