"""The seam: anything that answers `run(query, window)` with a whole, typed table."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Protocol, runtime_checkable

import pandas as pd

from rejectkit.errors import ArgumentError, QueryCancelledError
from rejectkit.records import LogFormat
from rejectkit.window import Window

UNSETTLED = "unsettled_from"
"""The attribute of an answer (`frame.attrs`) that says from which time (UTC) on records may still come in."""


class Watch:
    """A hand on long work: progress comes out, a wish to stop goes in.

    Safe to use from several threads.

    Parameters
    ----------
    on_progress : callable, optional
        Called with a fraction from 0 to 1 and a few words, from whichever thread does the work.

    Examples
    --------
    >>> watch = Watch(lambda fraction, what: print(f"{fraction:.0%} {what}"))
    >>> watch.report(0.25, "reading")
    25% reading
    """

    def __init__(self, on_progress: Callable[[float, str], None] | None = None) -> None:
        """Start with nothing done and no wish to stop."""
        self._on_progress = on_progress
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the work to stop."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Ask the work to stop; it raises QueryCancelledError as soon as it can."""
        self._stop.set()
        with self._lock:
            interrupts = list(self._interrupts)
        for interrupt in interrupts:
            interrupt()

    def on_cancel(self, interrupt: Callable[[], None]) -> Callable[[], None]:
        """Call `interrupt` when the work is cancelled; returns a call that takes this back."""
        with self._lock:
            self._interrupts.append(interrupt)
        if self.cancelled:
            interrupt()

        def forget() -> None:
            with self._lock:
                if interrupt in self._interrupts:
                    self._interrupts.remove(interrupt)

        return forget

    def report(self, fraction: float, what: str) -> None:
        """Say how far the work is."""
        if self._on_progress is not None:
            self._on_progress(min(1.0, max(0.0, fraction)), what)

    def check(self) -> None:
        """Raise QueryCancelledError if somebody asked the work to stop."""
        if self.cancelled:
            raise QueryCancelledError("the work was cancelled; nothing was kept")


@runtime_checkable
class Source(Protocol):
    """Anything that answers a Logs Insights query over a window.

    The answer is whole and typed, or an error is raised: never a part of it. Text columns are
    `str`, whole numbers `Int64`, other numbers `Float64`, times `datetime64[ms, UTC]`.
    """

    @property
    def fields(self) -> tuple[str, ...]:
        """Column names the source's records have, in the order of the log format."""
        ...

    def run(
        self, query: str, window: Window | None = None, *, all_rows: bool = False, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Answer a query.

        Parameters
        ----------
        query : str
            Logs Insights query text.
        window : Window, optional
            Records that start in it; all of them where it is left out and the source allows that.
        all_rows : bool
            Lift the language's limit of 10,000 rows where the query sets none itself.
        watch : Watch, optional
            Progress and cancel.
        """
        ...

    def records(
        self, window: Window | None = None, action: str | None = "REJECT", *, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Return the records of a window, oldest first: `@timestamp`, then every field.

        Parameters
        ----------
        window : Window, optional
            Records that start in it; all where it is left out.
        action : {"REJECT", "ACCEPT"} or None
            Only these; None for both. NODATA and SKIPDATA are never among them.
        watch : Watch, optional
            Progress and cancel.
        """
        return self.run(records_query(self.fields, action), window, all_rows=True, watch=watch)


def log_format(given: LogFormat | str | None) -> LogFormat | None:
    """Return a format that is given as such, as `${field}` tokens, as a header line, or not at all.

    Raises
    ------
    ArgumentError, FormatError
        If it is none of these.
    """
    if given is None or isinstance(given, LogFormat):
        return given
    if not isinstance(given, str):
        raise ArgumentError(f"format is {given!r}; give a LogFormat or its text, '${{version}} ${{account-id}} …'")
    return LogFormat.parse(given) if "$" in given else LogFormat.from_header(given)


def records_query(fields: Iterable[str], action: str | None = "REJECT") -> str:
    """Return the query that lists whole records, oldest first.

    Parameters
    ----------
    fields : iterable of str
        Column names the source has.
    action : {"REJECT", "ACCEPT"} or None
        Only these; None for both. NODATA and SKIPDATA are never among them.

    Raises
    ------
    ArgumentError
        If the action is another word, or the records have no action to choose by.
    """
    names = tuple(fields)
    if action not in ("REJECT", "ACCEPT", None):
        raise ArgumentError(f"action is {action!r}; it is 'REJECT', 'ACCEPT' or None for both")
    if action is not None and "action" not in names:
        raise ArgumentError(
            "these flow logs have no action field, so accepted and rejected flows cannot be told apart; "
            "use action=None for all records, or add ${action} to the flow log's format"
        )
    wanted = [f'action = "{action}"'] if action else []
    if "logStatus" in names:
        wanted.append('logStatus = "OK"')
    elif not wanted and "action" in names:
        wanted.append('action in ["ACCEPT", "REJECT"]')
    stages = [f"fields @timestamp, {', '.join(names)}"]
    if wanted:
        stages.append(f"filter {' and '.join(wanted)}")
    stages.append("sort @timestamp asc")
    return "\n| ".join(stages)


def span(source: Source, watch: Watch | None = None) -> Window | None:
    """Return the window from a source's first record to just after its last, or None if it has no record."""
    query = "stats min(toMillis(@timestamp)) as first, max(toMillis(@timestamp)) as last"
    answer = source.run(query, watch=watch)
    if answer.empty or answer["first"].isna().all():
        return None
    first, last = (pd.Timestamp(int(answer[name].iloc[0]), unit="ms", tz=UTC) for name in ("first", "last"))
    return Window(first.to_pydatetime(), (last + pd.Timedelta(seconds=1)).floor("s").to_pydatetime())
