"""What a chart is given, an answer of a query or records, brought to keys, values and a window."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.charts.text import plain
from rejectkit.errors import ArgumentError, WindowError
from rejectkit.records import by_column
from rejectkit.window import Window, duration

FLOWS = ("flows", "count(*)", "count()")
SUMS = {
    "packets": ("totalPackets", "packets", "sum(packets)"),
    "bytes": ("totalBytes", "bytes", "sum(bytes)"),
}
VALUE, TIME = "(value)", "(time)"  # columns of `Table.rows`, named as no column of a log is
PERIODS = (
    60,
    300,
    600,
    900,
    1800,
    3600,
    10800,
    21600,
    43200,
    86400,
    604800,
)  # seconds, as people choose them
_BIN = re.compile(r"bin\(.*\)")


@dataclass(frozen=True, slots=True)
class Table:
    """The part of a chart's input that it draws.

    Attributes
    ----------
    rows : DataFrame
        The key columns, `VALUE` (float, in `measure`), and `TIME` (UTC) where the input has times; only rows
        in the window that have a value.
    measure : str
        What the values count: "flows", "packets", "bytes" or a column's own name.
    verb : str
        "Rejected", "Accepted" or "" where they are mixed.
    window : Window or None
        The window that was given, else the span of the input's times, else None.
    total : float
        Sum over all rows of the input, in the window or not.
    valueless : int
        Rows in the window that had no value and are not drawn.
    step : int
        Seconds of the intervals whose starts the times are; 0 for the times of single records.
    """

    rows: pd.DataFrame
    measure: str
    verb: str
    window: Window | None
    total: float
    valueless: int = 0
    step: int = 0

    @property
    def unit(self) -> str:
        """Unit for `text.si`: "B" for bytes, else nothing."""
        return "B" if self.measure == "bytes" else ""


def read(
    df: pd.DataFrame,
    keys: Sequence[str],
    question: str,
    *,
    window: Window | None,
    measure: str | None,
    action: str | None,
    timed: bool = False,
) -> Table:
    """Return what a chart draws; `df` itself is left as it is.

    Parameters
    ----------
    df : DataFrame
        An answer (the keys, a column of counts, perhaps times) or records (a row is a flow).
    keys : sequence of str
        Columns that must be there.
    question : str
        The call that makes such a table, for the message of an error.
    window, measure, action
        As every chart takes them.
    timed : bool
        Times must be there.

    Raises
    ------
    ArgumentError
        If columns are missing, or values are no counts or times.
    """
    if not isinstance(df, pd.DataFrame):
        raise ArgumentError(f"a chart takes a pandas DataFrame, not {type(df).__name__}; {question} makes one")
    if action not in ("REJECT", "ACCEPT", None):
        raise ArgumentError(f"action is {action!r}; it is 'REJECT', 'ACCEPT' or None for both")
    columns = [*keys, *([TIME] if timed else []), VALUE]
    if df.empty and not len(df.columns):
        empty = pd.DataFrame({name: [] for name in columns})
        return Table(empty, measure or "flows", _verb(df, action), window, 0.0)
    time = _time_column(df, timed)
    missing = [key for key in keys if key not in df.columns]
    if timed and time is None:
        missing.append("t (or @timestamp)")
    word, values = _values(df, measure, missing, question)
    refuse(missing, df, question)
    rows = pd.DataFrame({key: _one(df, key).reset_index(drop=True) for key in keys}, index=range(len(df)))
    rows[VALUE] = values
    step = 0
    if time is not None:
        rows[TIME] = as_times(_one(df, time).reset_index(drop=True), time)
        step = 0 if time == "@timestamp" else step_of(rows[TIME], time, window)
        if window is None:
            window = span_of(rows[TIME], step)
        else:
            rows = rows[(rows[TIME] >= window.start - timedelta(seconds=max(0, step - 1))) & (rows[TIME] < window.end)]
    valued = rows[VALUE].notna()
    total = float(np.nansum(values)) if len(values) else 0.0
    drawn = rows[valued] if not valued.all() else rows
    return Table(drawn, word, _verb(df, action), window, total, int((~valued).sum()), step)


def _one(df: pd.DataFrame, name: str) -> pd.Series:
    column = df[name]
    if isinstance(column, pd.DataFrame):
        raise ArgumentError(f"the table has {column.shape[1]} columns called {plain(name)!r}; rename all but one")
    return column


def refuse(missing: list[str], df: pd.DataFrame, question: str) -> None:
    """Raise ArgumentError where columns are missing; it says which there are, and what makes a table with them."""
    if missing:
        has = ", ".join(plain(name) for name in df.columns[:20])
        raise ArgumentError(f"the table has no {' and no '.join(missing)}; it has {has}. {question} makes one that has")


def _values(
    df: pd.DataFrame, measure: str | None, missing: list[str], question: str
) -> tuple[str, npt.NDArray[np.float64]]:
    """Return what is counted and each row's count; a name that is not there goes to `missing`."""
    chosen = _measure(df, measure)
    if chosen is None:
        wanted = measure or "flows, packets or bytes"
        missing.append(f"column of counts ({wanted})")
        return wanted, np.zeros(len(df))
    word, column = chosen
    if column is None:
        return word, np.ones(len(df))
    try:
        numbers = pd.to_numeric(_one(df, column)).to_numpy(dtype="float64", na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ArgumentError(
            f"the column {plain(column)!r} is to be counted and holds more than numbers ({plain(error, 80)}); "
            f"choose another by measure=…, or ask {question}"
        ) from error
    bad = numbers[(numbers < 0) | np.isinf(numbers)]
    if bad.size:
        raise ArgumentError(f"the column {plain(column)!r} holds {bad[0]:g}, which is no count; leave such rows out")
    return word, numbers


def _measure(df: pd.DataFrame, measure: str | None) -> tuple[str, str | None] | None:
    """Return the measure's word and column; no column where each row is one flow; None where there is neither."""
    counted = next((name for name in FLOWS if name in df.columns), None)
    if measure in (None, "flows"):
        if counted is not None:
            return "flows", counted
        if "@timestamp" in df.columns or {"start", "end"} <= set(df.columns):
            return "flows", None
    for word, names in SUMS.items():
        found = next((name for name in names if name in df.columns), None)
        if measure in (None, word) and found is not None:
            return word, found
    if measure is not None and measure in df.columns:
        return measure, measure
    fields = all(name in by_column or name in ("@timestamp", "kind") for name in df.columns)
    return ("flows", None) if measure in (None, "flows") and fields else None


def _time_column(df: pd.DataFrame, timed: bool) -> str | None:
    """Return the column of times; one of another name than usual serves where a chart cannot do without."""
    names = [name for name in df.columns if isinstance(name, str)]
    usual: list[str] = [name for name in ("@timestamp", "t") if name in names]
    usual += [name for name in names if _BIN.fullmatch(name)]
    if timed and not usual:
        usual = [str(name) for name in df.select_dtypes("datetimetz")] + [
            str(name) for name in df.select_dtypes("datetime")
        ]
    return usual[0] if usual else None


def as_times(column: pd.Series, name: str) -> pd.Series:
    """Return times as UTC; a time without a zone is UTC, as the service writes it."""
    if len(column) and pd.api.types.is_numeric_dtype(column):
        raise ArgumentError(f"the column {plain(name)!r} holds numbers, not times; pd.to_datetime makes times of them")
    try:
        return pd.to_datetime(column, utc=True)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"the column {plain(name)!r} holds more than times: {plain(error, 80)}") from error


def step_of(times: pd.Series, name: str, window: Window | None) -> int:
    """Return the length in seconds of the intervals that times start, as their name or their distances tell."""
    starts = np.unique(times.dropna().dt.as_unit("s").astype("int64").to_numpy())
    steps = [int(np.gcd.reduce(np.diff(starts)))] if starts.size > 1 else []
    if name.startswith("bin("):
        with suppress(WindowError):
            steps.append(round(duration(name[4:-1])))
    if steps or not starts.size:
        return max(1, min(steps, default=1))
    until = window.start.timestamp() if window else 0.0
    return next((step for step in PERIODS if starts[0] % step == 0 and starts[0] + step > until), 1)


def span_of(times: pd.Series, step: int) -> Window | None:
    """Return the window from the first time to the end of the last interval, or to just after the last record."""
    if times.isna().all():
        return None
    first, last = times.min().to_pydatetime(), times.max().to_pydatetime()
    return Window(first.replace(microsecond=0), last.replace(microsecond=0) + timedelta(seconds=max(1, step)))


def _verb(df: pd.DataFrame, action: str | None) -> str:
    """Return the word for what was done with the flows: as their `action` says, else as the caller says."""
    said = set(df["action"].dropna().unique()) if "action" in df.columns and len(df) else {action}
    return {"REJECT": "Rejected", "ACCEPT": "Accepted"}.get(str(said.pop()), "") if len(said) == 1 else ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The categories of a column, those that count most first.

    Attributes
    ----------
    places : array of int
        For each row, the place of its category: 0 is the largest.
    names : Index
        The categories by place; ties stand in their own order, a null after the others.
    totals : array of float
        Their sums by place.
    """

    places: npt.NDArray[np.intp]
    names: pd.Index
    totals: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """Return how many categories there are."""
        return len(self.names)

    def name(self, place: int) -> Hashable:
        """Return the category at a place, None for null."""
        name = self.names[place]
        if pd.isna(name):
            return None
        return cast("Hashable", name.item() if isinstance(name, np.generic) else name)

    def best(self, n: int) -> int:
        """Return how many have a name where `n` may: one more than `n` rather than one other."""
        return len(self) if len(self) <= n + 1 else n


def rank(column: pd.Series, values: npt.NDArray[np.float64]) -> Ranking:
    """Return the categories of a column, ranked by the sum of their values."""
    codes, found = pd.factorize(column, sort=True, use_na_sentinel=False)
    totals = np.bincount(codes, weights=values, minlength=len(found)).astype(np.float64)
    order = np.argsort(-totals, kind="stable")
    places = np.empty(len(order), dtype=np.intp)
    places[order] = np.arange(len(order))
    return Ranking(places[codes], pd.Index(found)[order], totals[order])


def grid(
    down: npt.NDArray[np.intp],
    across: npt.NDArray[np.intp],
    values: npt.NDArray[np.float64],
    shape: tuple[int, int],
) -> npt.NDArray[np.float64]:
    """Return sums of values by row and column; a place beyond the shape is added to its last."""
    cells = np.minimum(down, shape[0] - 1) * shape[1] + np.minimum(across, shape[1] - 1)
    return np.bincount(cells, weights=values, minlength=shape[0] * shape[1]).astype(np.float64).reshape(shape)


def is_whole(values: npt.NDArray[np.float64]) -> bool:
    """Tell whether values are all whole numbers, so that an axis should count in such."""
    return bool((values == np.round(values)).all())
