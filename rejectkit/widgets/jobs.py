"""Newest: work off the main thread, where a newer wish stops an older one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rejectkit.sources.base import Watch

Job = Callable[[Watch], None]


class Newest:
    """Runs jobs one at a time on a thread of its own, and of those that wait only the newest.

    Handing in a job cancels the one at work, which ends at its next `watch.check()`. The thread lives
    only while there is work. A job must not raise: it is the one to tell its user what went wrong.
    """

    def __init__(self) -> None:
        """Start idle."""
        self._change = threading.Condition()
        self._next: tuple[Job, Watch] | None = None
        self._watch: Watch | None = None
        self._thread: threading.Thread | None = None

    def submit(self, job: Job, watch: Watch) -> None:
        """Run a job as soon as the present one has stopped; a job that still waits is dropped."""
        with self._change:
            if self._next is not None:
                self._next[1].cancel()
            self._next = (job, watch)
            present = self._watch
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="rejectkit-widget", daemon=True)
                self._thread.start()
        if present is not None:
            present.cancel()

    def cancel(self) -> bool:
        """Stop the present job and drop the one that waits; returns whether there was any."""
        with self._change:
            watches = [self._watch] if self._watch is not None else []
            if self._next is not None:
                watches.append(self._next[1])
                self._next = None
        for watch in watches:
            watch.cancel()
        return bool(watches)

    @property
    def busy(self) -> bool:
        """Whether a job is at work or waits."""
        return self._thread is not None

    @property
    def waiting(self) -> bool:
        """Whether a job waits for the one at work to stop."""
        return self._next is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, at most `timeout` seconds, until there is no work; returns whether that is so."""
        with self._change:
            return self._change.wait_for(lambda: self._thread is None, timeout)

    def _work(self) -> None:
        try:
            while (taken := self._take()) is not None:
                taken[0](taken[1])
        except BaseException:
            with self._change:
                self._next = self._watch = self._thread = None
                self._change.notify_all()
            raise

    def _take(self) -> tuple[Job, Watch] | None:
        """Take the job that waits; without one the thread is over, in the same moment."""
        with self._change:
            taken, self._next = self._next, None
            self._watch = taken[1] if taken is not None else None
            if taken is None:
                self._thread = None
                self._change.notify_all()
            return taken
