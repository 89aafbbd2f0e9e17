"""Pieces that the widgets share: how far work is, boxes of controls, and what an error is in words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import ipywidgets as w

from rejectkit.errors import QueryCancelledError, RejectkitError

OFTEN: Final = 0.1  # seconds between two signs of progress


class Progress:
    """How far the work is: a bar and a few words, seen while there is work.

    Attributes
    ----------
    bar, doing : FloatProgress, Label
        To be put among other widgets.
    """

    def __init__(self) -> None:
        """Show nothing yet."""
        self.bar = w.FloatProgress(min=0, max=1, layout=w.Layout(width="180px"), tooltip="Progress")
        self.doing = w.Label()
        self.told = 0.0
        see(False, self.bar, self.doing)

    def busy(self, busy: bool) -> None:
        """Show whether there is work."""
        see(busy, self.bar, self.doing)
        if busy:
            self.bar.value, self.doing.value, self.told = 0.0, "starting", 0.0

    def report(self, fraction: float, what: str) -> None:
        """Show how far the work is; no oftener than can be seen."""
        now = time.monotonic()
        if now - self.told >= OFTEN or fraction >= 1.0:
            self.told, self.bar.value, self.doing.value = now, fraction, what


class Work(Progress):
    """How far the work is, with the button that stops it.

    Attributes
    ----------
    stop : Button
        Cancel, seen while there is work.
    """

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__()
        self.stop = w.Button(description="Cancel", tooltip="Stop the work")
        see(False, self.stop)

    @property
    def boxes(self) -> tuple[Any, ...]:
        """The widgets, in their order."""
        return self.bar, self.doing, self.stop

    def busy(self, busy: bool) -> None:
        """Show whether there is work."""
        super().busy(busy)
        see(busy, self.stop)

    def stopping(self) -> None:
        """Show that the work will stop."""
        self.doing.value = "stopping after this step"


class Quiet:
    """Widgets that code fills: while it does, what they tell is not passed on.

    Parameters
    ----------
    on_change : callable
        Called when the user, or code, has changed a value.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        """Pass everything on."""
        self._on_change = on_change
        self._quiet = False
        self._lock = threading.RLock()  # a widget that the user moves while code writes waits for that

    @contextmanager
    def _silence(self) -> Iterator[None]:
        """While it lasts, changes that this thread makes are not passed on, and others wait."""
        with self._lock:
            before, self._quiet = self._quiet, True
            try:
                yield
            finally:
                self._quiet = before

    def _changed(self, _: object) -> None:
        """Pass a change on."""
        with self._lock:
            quiet = self._quiet
        if not quiet:
            self._on_change()


def see(visible: bool, *parts: Any) -> None:
    """Show or hide widgets."""
    for each in parts:
        each.layout.display = None if visible else "none"


def grid(*widgets: Any) -> w.Box:
    """Return widgets side by side, each under its label, as many as there is room for."""
    box = w.Box(widgets)
    box.add_class("rejectkit-controls")
    return box


def bar(*widgets: Any) -> w.HBox:
    """Return widgets in a line, such as buttons."""
    box = w.HBox(widgets)
    box.add_class("rejectkit-bar")
    return box


def field(label: str, placeholder: str = "", **more: Any) -> w.Text:
    """Return a line of text with a label, which tells when it is done with."""
    return w.Text(description=label, placeholder=placeholder, continuous_update=False, **more)


def capital(text: str) -> str:
    """Return a sentence with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def words_for(error: Exception) -> str:
    """Return what an error is in words, a sentence or several."""
    if isinstance(error, QueryCancelledError):
        return "Cancelled."
    if isinstance(error, RejectkitError):
        return f"{error}{'' if str(error).endswith(('.', '^')) else '.'}"
    return f"Something went wrong that should not have: {type(error).__name__}: {error}."
