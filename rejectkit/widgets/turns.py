"""Turns: one piece of work at a time off the main thread; while there is one, no other is begun."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from rejectkit.sources.base import Watch
from rejectkit.widgets.jobs import Job, Newest


class Turns:
    """Runs work that nothing newer may replace, such as what changes an account.

    Parameters
    ----------
    on_busy : callable
        Called with True before work begins, on the thread that begins it, and with False when it has ended, on its own.
    on_progress : callable
        Called with a fraction from 0 to 1 and a few words, from the work's thread.
    on_error : callable
        Called with what the work raised, from its thread.

    Attributes
    ----------
    busy : bool
        Whether there is work.
    error : Exception or None
        What the latest work raised.
    """

    def __init__(
        self,
        on_busy: Callable[[bool], None],
        on_progress: Callable[[float, str], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        """Start idle."""
        self.busy = False
        self.error: Exception | None = None
        self._on_busy, self._on_progress, self._on_error = on_busy, on_progress, on_error
        self._lock = threading.Lock()
        self._jobs, self._watch = Newest(), Watch()

    def begin(self, work: Job) -> None:
        """Begin work; nothing happens where there is some."""
        with self._lock:
            if self.busy:
                return
            self.busy, self.error = True, None
            watch = self._watch = Watch(self._on_progress)
        self._on_busy(True)
        self._jobs.submit(partial(self._work, work), watch)

    def cancel(self) -> bool:
        """Ask the work to stop; returns whether there is any."""
        with self._lock:
            if self.busy:
                self._watch.cancel()  # not its job, which must come to its end
            return self.busy

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, at most `timeout` seconds, until there is no work; returns whether that is so."""
        return self._jobs.wait(timeout)

    def settle(self) -> None:
        """Wait until there is no work, and raise what the latest raised."""
        self.wait()
        if self.error is not None:
            raise self.error

    def fail(self, error: Exception) -> None:
        """Take something for the error of the latest work."""
        self.error = error
        self._on_error(error)

    def _work(self, work: Job, watch: Watch) -> None:
        try:
            work(watch)
        except Exception as error:  # noqa: BLE001 - nobody is above this thread: who began the work is told
            self.fail(error)
        self.busy = False
        self._on_busy(False)
