"""Delay: how long after its end a record arrives in CloudWatch Logs, for events whose arrival is not known."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import ArgumentError

END, TIMESTAMP = "end", "@timestamp"
ARRIVAL = "@ingestionTime"
_GRAINS = 1001  # quantiles that a measured delay is kept as
_FARTHEST: Final = 253_402_300_800_000  # milliseconds: the year 10000
_PLAIN: Final = ("integer", "floating", "mixed-integer-float", "decimal")  # numbers in a column of objects
_NUMBER: Final = re.compile(r"-?\d{9,}(\.\d*)?")  # a number of seconds or milliseconds, not a date such as 20261101

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds from a record's end to its arrival; made by `constant` or `like`.

    Parameters
    ----------
    seconds : tuple of float
        Delays, each as likely as any other; one where all are the same.
    after : {"", "end", "@timestamp"}
        The column that they count from; empty: `end` where the events have it, else `@timestamp`.
    seed : int
        Seed of the draws, which are the same for the same seed and events.

    Raises
    ------
    ArgumentError
        If there is no delay, or one is no number of seconds.

    Examples
    --------
    >>> print(Delay.constant(300))
    300 s after the record's end
    """

    seconds: tuple[float, ...]
    after: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values."""
        if not (isinstance(self.seconds, tuple) and self.seconds and all(map(is_finite, self.seconds))):
            raise ArgumentError(f"the delay is {self.seconds!r}; give finite seconds, for example Delay.constant(300)")
        if self.after not in ("", END, TIMESTAMP):
            raise ArgumentError(f"after is {self.after!r}; a delay counts from {END!r} or from {TIMESTAMP!r}")

    @classmethod
    def of(cls, given: Any) -> Delay | None:
        """Return the delay of an argument: a Delay, seconds, a timedelta, or None, which stays None.

        Raises
        ------
        ArgumentError
            If it is none of these.
        """
        if given is None or isinstance(given, Delay):
            return given
        if isinstance(given, timedelta):
            return cls.constant(given.total_seconds())
        if not is_finite(given):
            raise ArgumentError(f"the delay is {given!r}; give finite seconds, for example 300, or a Delay")
        return cls.constant(given)

    @classmethod
    def constant(cls, seconds: float, after: str = "") -> Delay:
        """Return the delay that is the same for every event."""
        return cls((float(seconds) if is_finite(seconds) else seconds,), after)

    @classmethod
    def like(cls, events: pd.DataFrame, seed: int = 0) -> Delay:
        """Return delays as they were measured on other events.

        Parameters
        ----------
        events : DataFrame
            With `@ingestionTime`, and `end` (counted from where it is there) or `@timestamp`.
        seed : int
            Seed of the draws.

        Raises
        ------
        ArgumentError
            If a column is missing, or no event has both times.
        """
        check_frame(events)
        after = END if END in events else TIMESTAMP
        begun, known = base(events, after)
        arrived, told = instants(events, ARRIVAL)
        lags = (arrived - begun)[known & told] / 1000
        if not len(lags):
            raise ArgumentError(f"no event has both {ARRIVAL} and {after}: a delay is measured on those that have")
        return cls(tuple(np.quantile(lags, np.linspace(0, 1, _GRAINS)).tolist()), after, seed)

    def arrivals(self, events: pd.DataFrame) -> Ints:
        """Return when each event arrives, milliseconds since the epoch.

        Where delays differ, the records of one interface that end together arrive together.
        """
        after = self.after or (END if END in events else TIMESTAMP)
        begun, known = base(events, after)
        if not known.all():
            stamped, _ = instants(events, TIMESTAMP)
            begun = np.where(known, begun, stamped)
        if len(self.seconds) == 1:
            return begun + round(self.seconds[0] * 1000)
        keys = [begun]
        if "interfaceId" in events:
            keys.append(pd.factorize(events["interfaceId"])[0].astype(np.int64))
        _, batch = np.unique(np.stack(keys), axis=1, return_inverse=True)
        drawn = np.random.default_rng(self.seed).integers(0, len(self.seconds), int(batch.max(initial=-1)) + 1)
        delays: Ints = np.rint(np.asarray(self.seconds)[drawn] * 1000).astype(np.int64)
        return begun + delays[batch].astype(np.int64)

    def told(self, events: pd.DataFrame) -> str:
        """Return in words what it is for events, which have an `end` or have not."""
        after = self.after or (END if END in events else TIMESTAMP)
        whence = "the record's end" if after == END else "its @timestamp"
        if len(self.seconds) == 1:
            return f"{self.seconds[0]:g} s after {whence}"
        low, middle, high = np.quantile(self.seconds, (0.1, 0.5, 0.9))
        return f"{middle:,.0f} s after {whence} (median; 10 % within {low:,.0f} s, 90 % within {high:,.0f} s)"

    def __str__(self) -> str:
        """Return it in words."""
        return self.told(pd.DataFrame(columns=[END]))


def is_finite(value: object) -> bool:
    """Tell whether a value is a finite number, of whatever type; a truth value is none."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(np.isfinite(value))


def check_frame(events: object) -> None:
    """Refuse events that are no DataFrame.

    Raises
    ------
    ArgumentError
        Says what they are.
    """
    if not isinstance(events, pd.DataFrame):
        raise ArgumentError(f"the events are a {type(events).__name__}; give a DataFrame, as source.records() returns")


def base(events: pd.DataFrame, after: str) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return what a delay counts from, in milliseconds since the epoch, and where that is known."""
    if after == END and END not in events:
        raise ArgumentError("the delay counts from the record's end, and the events have no column 'end'")
    return instants(events, after)


def instants(events: pd.DataFrame, name: str) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return a column's times in milliseconds since the epoch, and where there are any; 0 where there are none.

    Numbers, also as text, are seconds in `start` and `end`, milliseconds in the service's own columns; other text is
    ISO 8601, UTC where it names no zone.

    Raises
    ------
    ArgumentError
        If there is no such column, or more than one; if its times have no zone, or are none.
    """
    if name not in events:
        there = ", ".join(map(str, events.columns)) or "none"
        mend = "; it is their index: give events.reset_index()" if name in events.index.names else ""
        raise ArgumentError(f"the events have no column {name!r}; they have {there}{mend}")
    column = events[name]
    if isinstance(column, pd.DataFrame):
        raise ArgumentError(f"the events have {column.shape[1]} columns {name!r}; leave all but one out")
    known = column.notna().to_numpy(dtype=bool)
    if (numbers := _numbers(column)) is not None:
        scale, unit = (1, "milliseconds") if name.startswith("@") else (1000, "seconds")
        found = np.where(known, numbers.to_numpy(dtype=np.float64, na_value=0.0) * scale, 0.0)
        strange = ~(np.abs(found) < _FARTHEST)
        if strange.any():
            value = numbers.to_numpy(dtype=np.float64, na_value=0.0)[strange.argmax()]
            raise ArgumentError(f"{name!r} has {value:.15g}, which is no time in {unit} since the epoch; give {unit}")
        return np.rint(found).astype(np.int64), known
    if not pd.api.types.is_datetime64_any_dtype(column):
        try:
            column = pd.to_datetime(column, utc=True, format="ISO8601")
        except (TypeError, ValueError, OverflowError):
            raise ArgumentError(
                f"{name!r} has {column[known].iloc[0]!r} and the like, not all of which are times; give aware "
                "datetimes, or text like '2026-11-01 08:30:00' (UTC)"
            ) from None
    if not known.any():
        return np.zeros(len(column), dtype=np.int64), known
    if column.dt.tz is None:
        raise ArgumentError(f"the times of {name!r} have no zone; give one: events[{name!r}].dt.tz_localize('UTC')")
    plain = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ms]")
    return np.where(known, plain.astype(np.int64), 0), known


def _numbers(column: pd.Series) -> pd.Series | None:
    """Return a column of numbers, or of text that is numbers throughout, as numbers; None for another."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return None
    if pd.api.types.is_numeric_dtype(column):
        return column
    told = column.dropna()
    kind = pd.api.types.infer_dtype(told)
    ends = (told.iloc[0], told.iloc[-1]) if kind == "string" and len(told) else ()
    if kind in _PLAIN or (ends and all(_NUMBER.fullmatch(one) for one in ends)):
        with suppress(TypeError, ValueError):
            return pd.to_numeric(column)
    return None
