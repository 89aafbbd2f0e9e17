"""Desk: keeps what was read from a source, so that moving a control asks the source nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from rejectkit.errors import QueryCancelledError
from rejectkit.findings import Finding
from rejectkit.sources.base import Source, Watch
from rejectkit.sources.files.source import FileSource
from rejectkit.widgets.holding import Holding, load, part, view
from rejectkit.widgets.kept import Kept, covers
from rejectkit.window import Window

VIEWS = 4  # windows whose kinds and findings are remembered


class Summary(Protocol):
    """A call that finds what is worth saying about a window, as `rk.summarize` does."""

    def __call__(self, source: Source, window: Window | None, *, watch: Watch | None) -> list[Finding]:
        """Return the findings."""
        ...


class Desk:
    """The records at hand, and the views and findings made of them.

    `view` and `findings` are for one thread at a time; the rest may be asked from any.

    Parameters
    ----------
    given : Source, str or Path
        A path is read as `FileSource(path)`, on first use.
    summary : callable
        What makes the findings of a window.
    """

    def __init__(self, given: Source | str | Path, summary: Summary) -> None:
        """Hold nothing yet."""
        self._summary = summary
        self._lock = threading.RLock()
        self._path = given if isinstance(given, str | Path) else None
        self._source = None if isinstance(given, str | Path) else given
        self._reading: tuple[Window | None] | None = None
        self._views: dict[Window | None, Holding] = {}
        self._findings: dict[Window | None, list[Finding]] = {}
        self.base: Holding | None = None

    @property
    def source(self) -> Source:
        """The source.

        Raises
        ------
        RejectkitError
            If it was given as a path and cannot be read.
        """
        with self._lock:
            if self._source is None:
                assert self._path is not None, "one of the two was given"
                self._source = FileSource(self._path)
            return self._source

    def reading(self, window: Window | None) -> bool:
        """Whether a reading under way brings all of a window."""
        with self._lock:
            return self._reading is not None and covers(self._reading[0], window)

    def view(self, wanted: Callable[[], Window | None], watch: Watch) -> Holding:
        """Return the records of a window, with kinds; they are read where they are not at hand.

        Parameters
        ----------
        wanted : callable
            The window; asked again when a reading is done, as it may have changed meanwhile to another
            that `reading` says is being brought.
        """
        while self.base is None or not self.base.covers(wanted()):
            self._read(wanted(), part(watch, 0.0, 0.85))
        window = wanted()
        if not self.base.covers(window):  # changed this very moment: the job that brings it is on its way
            raise QueryCancelledError("another window was chosen")
        if window not in self._views:
            made = view(self.base, window, part(watch, 0.85, 1.0))
            self._views = dict([*self._views.items(), (window, made)][-VIEWS:])
        return self._views[window]

    def _read(self, window: Window | None, watch: Watch) -> None:
        with self._lock:
            self._reading = (window,)
        try:
            base = load(self.source, window, watch)
        finally:
            with self._lock:
                self._reading = None
        self.base, self._views, self._findings = base, {}, {}

    def found(self, of: Holding) -> list[Finding] | None:
        """Return the findings of a view, where they are at hand."""
        return self._findings.get(of.asked)

    def findings(self, of: Holding, watch: Watch) -> list[Finding]:
        """Return the findings of a view."""
        if of.asked not in self._findings:
            source = self.source if self.base is None else Kept(self.source, self.base.asked, self.base.records)
            found = self._summary(source, of.asked, watch=watch)
            self._findings = dict([*self._findings.items(), (of.asked, found)][-VIEWS:])
        return self._findings[of.asked]
