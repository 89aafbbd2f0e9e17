"""Kept: a source whose refused flows have been read once, and are not asked for again."""

from __future__ import annotations

from typing import Any

import pandas as pd

from rejectkit.sources.base import Source, Watch
from rejectkit.widgets.selection import Selection
from rejectkit.window import Window


def covers(outer: Window | None, inner: Window | None) -> bool:
    """Whether a window is inside another; None is all of time."""
    if outer is None or inner is None:
        return outer is None
    return outer.start <= inner.start and inner.end <= outer.end


class Kept:
    """Answers for refused flows in a window from what was read of it, for everything else from the source.

    Parameters
    ----------
    source : Source
        Where they were read.
    window : Window or None
        The window they were read for; None for all of time.
    refused : DataFrame
        What `source.records(window, "REJECT")` gave.
    """

    def __init__(self, source: Source, window: Window | None, refused: pd.DataFrame) -> None:
        """Keep them; nothing is copied."""
        self._source, self._window, self._refused = source, window, refused

    @property
    def fields(self) -> tuple[str, ...]:
        """Column names of the source's records."""
        return tuple(self._source.fields)

    @property
    def skipped(self) -> Any:
        """The lines the source could not read, where it tells; else None."""
        return getattr(self._source, "skipped", None)

    def run(
        self, query: str, window: Window | None = None, *, all_rows: bool = False, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Answer a query, as the source does."""
        return self._source.run(query, window, all_rows=all_rows, watch=watch)

    def records(
        self, window: Window | None = None, action: str | None = "REJECT", *, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Return the records of a window, oldest first."""
        if action != "REJECT" or not covers(self._window, window):
            return self._source.records(window, action, watch=watch)
        if window is None or window == self._window:
            return self._refused
        return self._refused[Selection(window=window).mask(self._refused)].reset_index(drop=True)
