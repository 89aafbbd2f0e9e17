"""What a query's answer has: its columns, their types, and how an engine's rows become a typed table."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from rejectkit.errors import RowLimitWarning

ColumnType = Literal["int", "number", "text", "time"]
DEFAULT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """One column of an answer.

    Attributes
    ----------
    name : str
        As the service names it: the alias, or the expression as written.
    type : {"int", "number", "text", "time"}
        `Int64`, `Float64`, `str` and `datetime64[ms, UTC]` in the table.
    dash : bool
        Where the service prints `-` the table has null: a flow-log field of which the record has no value.
    """

    name: str
    type: ColumnType
    dash: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The shape of an answer.

    Attributes
    ----------
    columns : tuple of AnswerColumn
        In the service's order: the keys of `stats` before its aggregates.
    kind : {"rows", "groups"}
        Rows are events, and may be fetched window by window; groups come from `stats` and may not.
    cap : int or None
        The language's own row limit where the query sets none; an engine fetches one row more, so that a
        cut is seen.
    """

    columns: tuple[AnswerColumn, ...]
    kind: Literal["rows", "groups"]
    cap: int | None

    def typed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return an engine's rows as the answer: named, typed, cut at the limit with a warning.

        Parameters
        ----------
        frame : DataFrame
            One column for each of `columns`, in order; times in milliseconds since the epoch.
        """
        if self.cap is not None and len(frame) > self.cap:
            warnings.warn(
                f"only the first {self.cap:,} rows are here: the query sets no limit and the language's own is "
                f"{self.cap:,}; end it with `limit n` (up to 100,000), or use records() or all_rows=True",
                RowLimitWarning,
                stacklevel=4,
            )
            frame = frame.head(self.cap)
        series = {index: _typed(frame.iloc[:, index], column.type) for index, column in enumerate(self.columns)}
        out = pd.DataFrame(series, index=pd.RangeIndex(len(frame)))
        out.columns = pd.Index([column.name for column in self.columns], dtype=object)
        return out

    def empty(self) -> pd.DataFrame:
        """Return the answer with no row."""
        return self.typed(pd.DataFrame({index: [] for index in range(len(self.columns))}))


def _typed(values: pd.Series[Any], kind: ColumnType) -> pd.Series[Any]:
    values = values.reset_index(drop=True)
    if kind == "text":
        return values.astype("str")
    if kind == "time":
        whole = pd.to_numeric(values).astype("Int64")
        return pd.to_datetime(whole, unit="ms", utc=True).astype("datetime64[ms, UTC]")
    return pd.to_numeric(values).astype("Int64" if kind == "int" else "Float64")
