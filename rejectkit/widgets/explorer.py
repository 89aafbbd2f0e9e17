"""Explorer: look at refused flows by window, port, source and kind, without writing code."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.core.getipython import get_ipython

from rejectkit.errors import ArgumentError, QueryCancelledError, RejectkitError
from rejectkit.exploring.summary import summarize
from rejectkit.findings import Finding
from rejectkit.sources.base import Source, Watch
from rejectkit.widgets import markup
from rejectkit.widgets.controls import Controls
from rejectkit.widgets.desk import Desk, Summary
from rejectkit.widgets.given import answers
from rejectkit.widgets.holding import part
from rejectkit.widgets.jobs import Newest
from rejectkit.widgets.panes import Panes
from rejectkit.widgets.pieces import words_for
from rejectkit.widgets.querybar import cell_text, name_in
from rejectkit.widgets.selection import Selection
from rejectkit.widgets.shown import Shown
from rejectkit.window import Window, check_window


class Explorer:
    """A window on refused flows, with controls. The last value of a cell shows it.

    The work is done on a thread of its own: progress is shown, Cancel stops it, and moving a control
    starts over with the newest choice. The refused flows of the window are kept in memory (about
    0.5 GB for each million), so that moving a control asks the source nothing.

    Parameters
    ----------
    source : Source, str or Path
        Where the flow logs are; a path is read as `FileSource(path)`.
    window : Window, optional
        What to look at first; all the source has where it is left out.
    summary : callable
        What makes the findings of a window.

    Raises
    ------
    ArgumentError
        If `source` is neither. Whatever goes wrong later is a sentence in the widget.

    Examples
    --------
    >>> explorer = Explorer("no/such/folder")
    >>> explorer.wait(60), "There is no file or folder" in explorer.still()
    (True, True)
    """

    def __init__(
        self, source: Source | str | Path, window: Window | None = None, *, summary: Summary = summarize
    ) -> None:
        """Make the widget and start reading."""
        if not isinstance(source, str | Path) and not answers(source):
            raise ArgumentError(f"source is {source!r}; give a source such as rk.FileSource('data/'), or a path")
        check_window(window)
        self._desk = Desk(source, summary)
        self._jobs = Newest()
        self._wanted = Selection(window=window)
        self._shown: Shown | None = None
        self._error: Exception | None = None
        self._refused: RejectkitError | None = None  # what is wrong with the controls as they stand
        self._page = 0
        self.controls = Controls(self._changed, whole=window)
        self.panes = Panes(self.controls.box, self.controls.reset)
        self.panes.charts.observe(self._chart_changed, "value")
        self.panes.stop.on_click(self._stop_or_start)
        self.panes.previous.on_click(lambda _: self._turn(-1))
        self.panes.next.on_click(lambda _: self._turn(1))
        self._changed()

    @property
    def widget(self) -> Any:
        """The ipywidgets box, to be put among other widgets."""
        return self.panes.widget

    @property
    def source(self) -> Source:
        """The source; one that was given as a path is made on first use, and may raise."""
        return self._desk.source

    @property
    def selection(self) -> Selection:
        """The choices of what is shown. Waits for work under way, and raises what the widget shows as an error."""
        return self._settled().selection

    @property
    def window(self) -> Window | None:
        """The window of what is shown; None for all the source has. Waits and raises as `selection`."""
        return self._settled().selection.window

    @property
    def query(self) -> str:
        """Logs Insights text that answers with the table's records. Waits and raises as `selection`."""
        return self._settled().query

    @property
    def data(self) -> pd.DataFrame:
        """The table: what the query answers, newest first, at most `selection.rows` records.

        `@timestamp` (UTC), the log's fields, `kind` (as `classify.records` gives) and `direction` (`"in"`,
        `"out"`, or missing where it cannot be told). Waits and raises as `selection`.
        """
        return self._settled().data.copy()

    @property
    def records(self) -> pd.DataFrame:
        """All refused flows that are chosen, with the columns of `data`. Waits and raises as `selection`."""
        return self._settled().chosen.copy()

    @property
    def sources(self) -> pd.DataFrame:
        """The sources in the window, as `rk.classify.sources` tells them. Waits and raises as `selection`."""
        table = self._settled().view.sources
        return pd.DataFrame() if table is None else table.copy()

    @property
    def findings(self) -> list[Finding]:
        """The findings of the window. Waits and raises as `selection`."""
        return list(self._desk.found(self._settled().view) or [])

    def select(self, **choices: Any) -> None:
        """Choose as with the controls.

        Parameters
        ----------
        **choices
            `window`, `interface`, `direction`, `port`, `source`, `protocol`, `kind` or `rows`, as in
            `Selection`; None takes a choice back, and those not named stay.

        Raises
        ------
        ArgumentError
            If a name is none of these.
        """
        names = [field.name for field in fields(Selection)]
        wrong = sorted(set(choices) - set(names))
        if wrong:
            raise ArgumentError(f"there is no choice called {wrong[0]!r}; there are {', '.join(names)}")
        self.controls.write(**choices)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, at most `timeout` seconds, until the work is done; returns whether that is so.

        In a notebook that runs unattended, call it before the explorer is shown: its picture is then kept
        in the notebook and in the HTML made of it.
        """
        return self._jobs.wait(timeout)

    def _settled(self) -> Shown:
        self._jobs.wait()
        if self._error is not None:
            raise self._error
        if self._shown is None:
            raise QueryCancelledError("nothing has been read; press Start again in the explorer, or call select()")
        return self._shown

    def still(self) -> str:
        """Return what is shown now as HTML that needs neither kernel nor widgets."""
        return self.panes.still()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = dict(self.widget._repr_mimebundle_(**kwargs))
        return {**bundle, "text/plain": "Explorer", "text/html": self.still()}

    # what moves it

    def _changed(self) -> None:
        try:
            self._wanted, self._refused = self.controls.read(), None
        except RejectkitError as error:
            self._refused = error
            self._fail(error)  # work under way goes on, as nothing is wrong with that
            return
        if not self._desk.reading(self._wanted.window):  # else it is shown as soon as that is done
            self._start()

    def _start(self) -> None:
        self._jobs.submit(self._work, Watch(self.panes.work.report))

    def _chart_changed(self, _: object) -> None:
        if not self._desk.reading(self._wanted.window):
            self._start()

    def _stop_or_start(self, _: object) -> None:
        if not self._jobs.cancel():
            self._changed()

    def _turn(self, by: int) -> None:
        if self._shown is not None:
            self._page = self.panes.turn(self._shown, self._page + by)

    # the work, on its own thread

    def _work(self, watch: Watch) -> None:
        self._error = None
        self.panes.busy(True)
        if self._refused is None:
            self.panes.trouble("")
        try:
            self._explore(watch)
            if self._refused is not None:
                self._fail(self._refused)
        except Exception as error:  # noqa: BLE001 - nobody is above this thread: the widget tells its errors
            if isinstance(error, QueryCancelledError) and self._jobs.waiting:
                return  # for a newer wish, which goes on showing
            self._fail(error)
        self.panes.busy(False, failed=self._error is not None)

    def _explore(self, watch: Watch) -> None:
        view = self._desk.view(lambda: self._wanted.window, part(watch, 0.0, 0.8))
        before = self._shown
        if before is None or before.view is not view:
            self.controls.fill(self._desk.base or view, view)
        selection = replace(self._wanted, window=view.asked)
        shown = Shown.of(selection, view)
        watch.check()
        self._page = self._page if before is not None and before.selection == selection else 0
        self._shown = shown
        self.panes.show(shown, cell_text(shown.query, selection.window, *self._names()), self._page)
        watch.report(0.8, "drawing")
        self.panes.draw(shown)
        watch.check()
        if self._desk.found(view) is None:
            self.panes.findings(markup.sentence("Looking for findings …"))
        try:
            self.panes.findings(markup.findings(self._desk.findings(view, part(watch, 0.85, 1.0))))
        except QueryCancelledError:
            if self._jobs.waiting:
                raise
            self.panes.findings(markup.sentence("Cancelled before there were findings; move a control to look again."))
        except RejectkitError as error:
            self.panes.findings(markup.trouble(f"There are no findings: {error}"))

    def _fail(self, error: Exception) -> None:
        self._error = error
        before = " What is below is from before." if self._shown is not None else ""
        hint = " Press Start again, or move a control." if isinstance(error, QueryCancelledError) else ""
        self.panes.trouble(f"{words_for(error)}{before}{hint}")

    def _names(self) -> tuple[str, str | None]:
        """Return what the user's notebook calls the source, and the package; None where it has no name for it."""
        shell = get_ipython()
        names = shell.user_ns if shell is not None else {}
        own = name_in(names, self)
        source = name_in(names, self._desk.source) or (f"{own}.source" if own else "source")
        return source, name_in(names, sys.modules["rejectkit"])
