"""Panel: what the panels share, from the buttons to the work on a thread of its own and what a cell shows of it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from rejectkit.sources.base import Watch
from rejectkit.widgets.pieces import Work, words_for
from rejectkit.widgets.turns import Turns


class Panes(Protocol):
    """What a panel shows.

    Attributes
    ----------
    widget : VBox
        All of it.
    work : Work
        How far the work is, and Cancel.
    """

    widget: Any
    work: Work

    def trouble(self, sentence: str) -> None:
        """Show a sentence about what went wrong; an empty one takes it away."""

    def still(self) -> str:
        """Return what is shown as HTML."""


Around = TypeVar("Around", bound=Panes)


class Panel(ABC, Generic[Around]):
    """A form, what is shown around it, and buttons that begin work; one piece of work at a time.

    A panel makes `panes`, and then calls `_open`.
    """

    panes: Around
    _turns: Turns

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._lock = threading.RLock()  # the form is read from two threads

    def _open(self, *acts: tuple[Any, Callable[[], object]]) -> None:
        """Let each button do what it is paired with, read the form, and begin with what there is to choose from."""
        self._turns = Turns(self._busied, self.panes.work.report, self._tell)
        for button, act in (*acts, (self.panes.work.stop, self.cancel)):
            button.on_click(lambda _, act=act: act())
        self._changed()
        self._turns.begin(self._offer)

    @property
    def widget(self) -> Any:
        """The ipywidgets box, to be put among other widgets."""
        return self.panes.widget

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, at most `timeout` seconds, until the work is done; returns whether that is so."""
        return self._turns.wait(timeout)

    def cancel(self) -> None:
        """Stop the work under way; a plan that is being applied stops between two of its steps."""
        if self._turns.cancel():
            self.panes.work.stopping()

    def still(self) -> str:
        """Return what is shown now as HTML that needs neither kernel nor widgets."""
        return self.panes.still()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = dict(self.widget._repr_mimebundle_(**kwargs))
        return {**bundle, "text/plain": type(self).__name__, "text/html": self.still()}

    @abstractmethod
    def _changed(self) -> None:
        """Read the form, and show what is wrong with it."""

    @abstractmethod
    def _freshen(self) -> None:
        """Let the buttons be as the form and the answers allow."""

    @abstractmethod
    def _offer(self, watch: Watch) -> None:
        """Offer what there is to choose from."""

    def _busied(self, busy: bool) -> None:
        with self._lock:
            self.panes.work.busy(busy)
            if busy:
                self.panes.trouble("")
            self._freshen()

    def _tell(self, error: Exception) -> None:
        self.panes.trouble(words_for(error))
