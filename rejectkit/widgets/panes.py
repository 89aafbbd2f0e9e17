"""Panes: the parts of the explorer that show something, and the buttons that are not choices."""

from __future__ import annotations

import time
from html import escape
from typing import Any

import ipywidgets as w

from rejectkit.widgets import markup, pictures
from rejectkit.widgets.querybar import QueryBar
from rejectkit.widgets.shown import Shown

PAGE = 15  # rows of the table that the browser holds at a time
OFTEN = 0.1  # seconds between two signs of progress


class Panes:
    """What the explorer shows, top to bottom.

    Attributes
    ----------
    widget : VBox
        All of it, the controls among it.
    charts : ToggleButtons
        Which chart is shown, by its title.
    stop : Button
        "Cancel" while there is work, "Start again" where it failed.
    previous, next : Button
        Turn the page of the table.
    """

    def __init__(self, controls: w.Box, reset: w.Button) -> None:
        """Put the panes round the controls; there is nothing to see yet but these."""
        self.charts = w.ToggleButtons(options=list(pictures.CHARTS), style={"button_width": "auto"})
        self.stop = w.Button(description="Cancel", tooltip="Stop the work, or start it again")
        self.previous = w.Button(description="◀ Newer", tooltip="The page before")
        self.next = w.Button(description="Older ▶", tooltip="The page after")
        self._progress = w.FloatProgress(min=0, max=1, layout=w.Layout(width="180px"), tooltip="Progress")
        self._doing, self._query = w.Label(), QueryBar()
        self._findings, self._trouble, self._words, self._chart, self._table = (w.HTML() for _ in range(5))
        self._pager = w.HBox([self.previous, self.next])
        self._told = 0.0
        bar = w.HBox([reset, self._progress, self._doing, self.stop])
        bar.add_class("rejectkit-bar")
        for button in (self.previous, self.next, reset, self.stop):
            button.layout.width = "auto"
        above = [w.HTML(markup.STYLE), self._findings, controls, bar, self._trouble, self._words]
        self.widget = w.VBox([*above, self.charts, self._chart, self._table, self._pager, self._query])
        self.widget.add_class("rejectkit")
        self._query.place = self.widget.model_id or ""
        _see(False, self.charts, self._pager, self._query, self.stop, self._progress, self._doing)

    def busy(self, busy: bool, *, failed: bool = False) -> None:
        """Show whether there is work, and what the button is for."""
        _see(busy, self._progress, self._doing)
        self.stop.description = "Start again" if failed and not busy else "Cancel"
        _see(busy or failed, self.stop)
        if busy:
            self._progress.value, self._doing.value, self._told = 0.0, "starting", 0.0

    def progress(self, fraction: float, what: str) -> None:
        """Show how far the work is; no oftener than can be seen."""
        now = time.monotonic()
        if now - self._told >= OFTEN or fraction >= 1.0:
            self._told, self._progress.value, self._doing.value = now, fraction, what

    def trouble(self, text: str) -> None:
        """Show a sentence about what went wrong; an empty one takes it away."""
        self._trouble.value = markup.trouble(text[:1].upper() + text[1:])

    def findings(self, html: str) -> None:
        """Show findings, or words in their place."""
        self._findings.value = html

    def show(self, shown: Shown, code: str, page: int) -> None:
        """Show words, table and query; the chart follows, as it takes longer.

        Parameters
        ----------
        shown : Shown
        code : str
            The text of the cell that runs the query.
        page : int
            Of the table, from 0.
        """
        self.trouble("")
        self._words.value = markup.sentence(shown.words)
        self._query.query, self._query.code, self._query.note = shown.query, code, shown.note
        _see(True, self._query)
        self.turn(shown, page)

    def turn(self, shown: Shown, page: int) -> int:
        """Show a page of the table, the nearest there is; return its number."""
        pages = shown.pages(PAGE)
        page = min(max(page, 0), pages - 1)
        self._table.value = markup.table(*shown.page(page, PAGE)) if len(shown.data) else ""
        self.previous.disabled, self.next.disabled = page == 0, page == pages - 1
        _see(pages > 1, self._pager)
        return page

    def draw(self, shown: Shown) -> None:
        """Show the chart that is chosen; none where nothing was."""
        some = len(shown.chosen) > 0
        _see(some, self.charts)
        self._chart.value = pictures.draw(self.charts.value, shown.chosen, shown.view.window) if some else ""

    def still(self) -> str:
        """Return what is shown now as HTML that needs neither kernel nor widgets."""
        parts = [self._findings, self._trouble, self._words, self._chart, self._table]
        query = f"<pre>{escape(self._query.query)}</pre>" if self._query.query else ""
        body = "".join(str(each.value) for each in parts) + query
        return f'{markup.STYLE}<div class="rejectkit rejectkit-still">{body}</div>'


def _see(visible: bool, *parts: Any) -> None:
    """Show or hide widgets."""
    for each in parts:
        each.layout.display = None if visible else "none"
