"""WindowForm: a window as a quick choice that ends now, all that a source has, or two UTC times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import ipywidgets as w

from rejectkit.errors import ArgumentError, WindowError
from rejectkit.widgets.pieces import Quiet, field
from rejectkit.window import Window

WHOLE, BETWEEN = "All the source has", "Between two times"
LAST: Final = {
    "Last hour": timedelta(hours=1),
    "Last 6 hours": timedelta(hours=6),
    "Last 24 hours": timedelta(hours=24),
    "Last 7 days": timedelta(days=7),
}


class WindowForm(Quiet):
    """Which window; when one that ends now ends is found out by whoever asks.

    Attributes
    ----------
    quick, start, end, anew : Dropdown, Text, Text, Button
        A quick choice, or two times; and to look at the clock again.
    """

    def __init__(self, on_change: Callable[[], None], *, whole: bool) -> None:
        """Make the widgets; `whole`: the window is at first all that the source has, else the last six hours."""
        super().__init__(on_change)
        self._window: Window | None = None
        first = WHOLE if whole else "Last 6 hours"
        self.quick = w.Dropdown(options=[*LAST, WHOLE, BETWEEN], value=first, description="Window")
        self.start = field("Start (UTC)", "2026-11-01 00:00")
        self.end = field("End (UTC)", "2026-11-02 00:00")
        self.anew = w.Button(description="Up to now", tooltip="Look at the clock again: the window ends now")
        self.quick.observe(self._quick_changed, "value")
        for each in (self.start, self.end):
            each.observe(self._time_changed, "value")
        self.anew.on_click(self._anew)

    @property
    def boxes(self) -> tuple[Any, ...]:
        """The widgets, in their order."""
        return self.quick, self.start, self.end, self.anew

    @property
    def window(self) -> Window | None:
        """The window, once it is known when it ends.

        Raises
        ------
        WindowError
            If a text is no time, or the times are the wrong way round.
        """
        if self.quick.value != BETWEEN:
            return self._window
        return between(self.start, self.end)

    @property
    def length(self) -> timedelta | None:
        """How long a window that ends now is; None for all that the source has."""
        return LAST.get(self.quick.value)

    def found(self, now: Callable[[], float], whole: Callable[[], Window]) -> Window:
        """Return the window; where it is not known yet, it is found out and shown.

        Parameters
        ----------
        now : callable
            Returns the time, in seconds since the epoch.
        whole : callable
            Returns from when to when the source has records.

        Raises
        ------
        WindowError
            If a text is no time, or the times are the wrong way round.
        """
        window = self.window
        if window is None:
            window = self.ends(now()) if self.length is not None else self.spans(whole())
        return window

    def ends(self, now: float) -> Window:
        """Return the window of the quick choice that ends now, to the second, and show it."""
        end = datetime.fromtimestamp(int(now), UTC)
        return self.spans(Window(end - (self.length or timedelta(hours=1)), end))

    def spans(self, window: Window) -> Window:
        """Show from when to when the quick choice is, and keep it until another is made."""
        with self._silence():
            self._window = window
            show(window, self.start, self.end)
        self._on_change()
        return window

    def choose(self, window: Window) -> None:
        """Show a window between two times.

        Raises
        ------
        ArgumentError
            If it is none.
        """
        if not isinstance(window, Window):
            raise ArgumentError(f"window is {window!r}; give a Window, for example rk.Window.last('24h')")
        with self._silence():
            self.quick.value = BETWEEN
            show(window, self.start, self.end)
        self._on_change()

    def _quick_changed(self, _: object) -> None:
        with self._lock:
            if self._quiet:
                return
            self._window = None
            if self.quick.value != BETWEEN:
                with self._silence():
                    self.start.value = self.end.value = ""
        self._on_change()

    def _anew(self, _: object) -> None:
        with self._lock:
            self._window = None
            with self._silence():
                if self.quick.value == BETWEEN:
                    self.quick.value = "Last 6 hours"
                self.start.value = self.end.value = ""
        self._on_change()

    def _time_changed(self, _: object) -> None:
        with self._lock:
            if self._quiet:
                return
            with self._silence():
                self.quick.value = BETWEEN
        self._on_change()


def between(start: Any, end: Any) -> Window:
    """Return the window between the times that two fields say.

    Raises
    ------
    WindowError
        If a text is no time, or the times are the wrong way round.
    """
    if not (start.value.strip() and end.value.strip()):
        raise WindowError("a window needs both a start and an end, for example 2026-11-01 00:00 and 2026-11-01 06:00")
    return Window.parse(start.value, end.value)


def show(window: Window, start: Any, end: Any) -> None:
    """Show in two fields from when to when a window is."""
    for box, moment in ((start, window.start), (end, window.end)):
        box.value = f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
