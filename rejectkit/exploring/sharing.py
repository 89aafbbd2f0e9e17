"""A part of a longer work, watched as a whole."""

from __future__ import annotations

from collections.abc import Callable

from rejectkit.sources.base import Watch


class Share(Watch):
    """A watch for one part of a longer work: its progress is part of the whole's, its cancel the whole's.

    Parameters
    ----------
    whole : Watch
        The watch of the longer work.
    low, high : float
        The whole's progress when the part begins and when it is done.

    Examples
    --------
    >>> whole = Watch(lambda fraction, what: print(fraction, what))
    >>> Share(whole, 0.5, 1.0).report(0.5, "reading")
    0.75 reading
    """

    def __init__(self, whole: Watch, low: float, high: float) -> None:
        """Begin at `low` of the whole."""
        self._whole, self._low, self._high = whole, low, high

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the whole work to stop."""
        return self._whole.cancelled

    def cancel(self) -> None:
        """Ask the whole work to stop."""
        self._whole.cancel()

    def on_cancel(self, interrupt: Callable[[], None]) -> Callable[[], None]:
        """Call `interrupt` when the whole work is cancelled; returns a call that takes this back."""
        return self._whole.on_cancel(interrupt)

    def report(self, fraction: float, what: str) -> None:
        """Say how far this part is."""
        self._whole.report(self._low + (self._high - self._low) * min(1.0, max(0.0, fraction)), what)

    def check(self) -> None:
        """Raise QueryCancelledError if somebody asked the whole work to stop."""
        self._whole.check()
