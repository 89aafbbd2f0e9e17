"""Panes: the parts of the explorer that show something, and the buttons that are not choices."""

from __future__ import annotations

from html import escape

import ipywidgets as w

from rejectkit.widgets import markup, pictures
from rejectkit.widgets.pieces import Progress, capital, see
from rejectkit.widgets.querybar import QueryBar
from rejectkit.widgets.shown import Shown

PAGE = 15  # rows of the table that the browser holds at a time


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
    work : Progress
        How far it is.
    """

    def __init__(self, controls: w.Box, reset: w.Button) -> None:
        """Put the panes round the controls; there is nothing to see yet but these."""
        self.charts = w.ToggleButtons(options=list(pictures.CHARTS), style={"button_width": "auto"})
        self.stop = w.Button(description="Cancel", tooltip="Stop the work, or start it again")
        self.previous = w.Button(description="◀ Newer", tooltip="The page before")
        self.next = w.Button(description="Older ▶", tooltip="The page after")
        self.work, self._query = Progress(), QueryBar()
        self._findings, self._trouble, self._words, self._chart, self._table = (w.HTML() for _ in range(5))
        self._pager = w.HBox([self.previous, self.next])
        bar = w.HBox([reset, self.work.bar, self.work.doing, self.stop])
        bar.add_class("rejectkit-bar")
        for button in (self.previous, self.next, reset, self.stop):
            button.layout.width = "auto"
        above = [w.HTML(markup.STYLE), self._findings, controls, bar, self._trouble, self._words]
        self.widget = w.VBox([*above, self.charts, self._chart, self._table, self._pager, self._query])
        self.widget.add_class("rejectkit")
        self._query.place = self.widget.model_id or ""
        see(False, self.charts, self._pager, self._query, self.stop)

    def busy(self, busy: bool, *, failed: bool = False) -> None:
        """Show whether there is work, and what the button is for."""
        self.work.busy(busy)
        self.stop.description = "Start again" if failed and not busy else "Cancel"
        see(busy or failed, self.stop)

    def trouble(self, text: str) -> None:
        """Show a sentence about what went wrong; an empty one takes it away."""
        self._trouble.value = markup.trouble(capital(text))

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
        see(True, self._query)
        self.turn(shown, page)

    def turn(self, shown: Shown, page: int) -> int:
        """Show a page of the table, the nearest there is; return its number."""
        pages = shown.pages(PAGE)
        page = min(max(page, 0), pages - 1)
        self._table.value = markup.table(*shown.page(page, PAGE)) if len(shown.data) else ""
        self.previous.disabled, self.next.disabled = page == 0, page == pages - 1
        see(pages > 1, self._pager)
        return page

    def draw(self, shown: Shown) -> None:
        """Show the chart that is chosen; none where nothing was."""
        some = len(shown.chosen) > 0
        see(some, self.charts)
        self._chart.value = pictures.draw(self.charts.value, shown.chosen, shown.view.window) if some else ""

    def still(self) -> str:
        """Return what is shown now as HTML that needs neither kernel nor widgets."""
        parts = [self._findings, self._trouble, self._words, self._chart, self._table]
        query = f"<pre>{escape(self._query.query)}</pre>" if self._query.query else ""
        body = "".join(str(each.value) for each in parts) + query
        return f'{markup.STYLE}<div class="rejectkit rejectkit-still">{body}</div>'
