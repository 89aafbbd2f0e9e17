"""Several sources asked at once: progress of all in one, a cancel for all, and the first error ends them all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from rejectkit.sources.base import Source, Watch

T = TypeVar("T")


def together(sources: Sequence[Source], ask: Callable[[int, Watch], T], watch: Watch, share: float = 1.0) -> list[T]:
    """Return what each source answers, in the order of the sources.

    Parameters
    ----------
    sources : sequence of Source
        Those that are asked, each in a thread.
    ask : callable
        Given the number of a source and a watch for it.
    watch : Watch
        Progress of all together, and cancel.
    share : float
        How much of the progress this is, from 0 to 1.

    Raises
    ------
    BaseException
        The error that came first, with a note that names its source where the error itself does not; the others
        have ended by then.
    """
    done = [0.0] * len(sources)
    failed: list[BaseException] = []
    lock = threading.Lock()

    def follow(at: int) -> Watch:
        def report(fraction: float, what: str) -> None:
            with lock:
                done[at] = fraction
                whole = sum(done) / len(done)
            watch.report(share * whole, what)

        return Watch(report)

    watches = [follow(at) for at in range(len(sources))]

    def stop() -> None:
        for one in watches:
            one.cancel()

    def work(at: int) -> T | None:
        try:
            return ask(at, watches[at])
        except BaseException as error:  # noqa: BLE001  raised again below, when the others have ended
            with lock:
                failed.append(error)
            name = repr(sources[at])
            if name not in str(error):
                error.add_note(f"This came from {name}.")
            stop()
            return None

    forget = watch.on_cancel(stop)
    try:
        with ThreadPoolExecutor(len(sources), thread_name_prefix="rejectkit-source") as pool:
            futures = [pool.submit(work, at) for at in range(len(sources))]
            try:
                wait(futures)
            except BaseException:
                stop()
                raise
    finally:
        forget()
    if failed:
        raise failed[0]
    watch.check()
    return [future.result() for future in futures]  # type: ignore[misc]  # none failed
