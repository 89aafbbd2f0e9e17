"""Delay: how long after its end a record arrives in CloudWatch Logs, for events whose arrival is not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import ArgumentError

END, TIMESTAMP = "end", "@timestamp"
ARRIVAL = "@ingestionTime"
_GRAINS = 1001  # quantiles that a measured delay is kept as

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
        if not self.seconds or not np.isfinite(self.seconds).all():
            raise ArgumentError(f"the delay is {self.seconds!r}; give finite seconds, for example Delay.constant(300)")
        if self.after not in ("", END, TIMESTAMP):
            raise ArgumentError(f"after is {self.after!r}; a delay counts from {END!r} or from {TIMESTAMP!r}")

    @classmethod
    def constant(cls, seconds: float, after: str = "") -> Delay:
        """Return the delay that is the same for every event."""
        return cls((float(seconds),), after)

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


def base(events: pd.DataFrame, after: str) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return what a delay counts from, in milliseconds since the epoch, and where that is known."""
    if after == END and END not in events:
        raise ArgumentError("the delay counts from the record's end, and the events have no column 'end'")
    return instants(events, after)


def instants(events: pd.DataFrame, name: str) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return a column's times in milliseconds since the epoch, and where there are any; 0 where there are none.

    Numbers are seconds in `start` and `end`, milliseconds in the service's own columns; text is UTC.

    Raises
    ------
    ArgumentError
        If there is no such column, or its times have no zone.
    """
    if name not in events:
        raise ArgumentError(f"the events have no column {name!r}; they have {', '.join(map(str, events.columns))}")
    column = events[name]
    known = column.notna().to_numpy(dtype=bool)
    if pd.api.types.is_numeric_dtype(column):
        factor = 1 if name.startswith("@") else 1000
        return column.fillna(0).to_numpy(dtype=np.int64) * factor, known
    if not pd.api.types.is_datetime64_any_dtype(column):
        column = pd.to_datetime(column, utc=True, format="ISO8601")
    if column.dt.tz is None:
        raise ArgumentError(f"the times of {name!r} have no zone; give one: events[{name!r}].dt.tz_localize('UTC')")
    plain = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ms]")
    return np.where(known, plain.astype(np.int64), 0), known
