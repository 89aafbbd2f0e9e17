"""A query on Spark, run to its end in a thread of its own: its rows, how far it is, and how it is stopped."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

import pandas as pd
import pyarrow as pa

from rejectkit.sources.base import Watch
from rejectkit.sources.spark.failures import translated

_POLL = 0.2  # seconds
_NOISY = "SQLQueryContextLogger"  # pyspark prints the JVM's stack of an error that it also raises


def fetch(frame: Any, words: str, watch: Watch) -> pa.Table:
    """Return the rows of a frame of Spark, all of them; a cancel, or Ctrl-C, stops the work on the cluster.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        Of a session of this process, or of Spark Connect.
    words : str
        What the work is called in Spark's own pages.
    watch : Watch
        Progress by tasks, where the session tells of them; and cancel.

    Raises
    ------
    RejectkitError
        If Spark does not answer.
    QueryCancelledError
        If the watch was cancelled.
    """
    hand = _Hand(frame.sparkSession, words)

    def work() -> pa.Table:
        with hand.held(), _quiet():
            return _rows(frame)

    watch.check()
    forget = watch.on_cancel(hand.stop)
    with ThreadPoolExecutor(1, thread_name_prefix="rejectkit-spark") as pool:
        future = pool.submit(work)
        try:
            table = _awaited(future, hand, watch)
        except Exception:
            watch.check()
            raise
        except BaseException:
            while not future.done():  # what was not begun cannot be stopped yet
                hand.stop()
                time.sleep(_POLL)
            raise
        finally:
            forget()
    watch.check()
    watch.report(1.0, "done")
    return table


def _awaited(future: Future[pa.Table], hand: _Hand, watch: Watch) -> pa.Table:
    with translated():
        while True:
            try:
                return future.result(_POLL)
            except NotYet:
                if future.done():
                    raise
            if watch.cancelled:
                hand.stop()
            else:
                share = hand.share()
                if share is not None:
                    watch.report(share, "running on Spark")


class _Hand:
    """A hold on the jobs of one query: a job group of a session in this process, a tag of Spark Connect's."""

    def __init__(self, session: Any, words: str) -> None:
        self.session, self.words = session, words
        self.name = f"rejectkit-{uuid.uuid4().hex}"
        self.context = context_of(session)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Mark what this thread runs."""
        if self.context is not None:
            self.context.setJobGroup(self.name, self.words)
            yield
            return
        self.session.addTag(self.name)
        try:
            yield
        finally:
            self.session.removeTag(self.name)

    def stop(self) -> None:
        """Stop what runs."""
        with contextlib.suppress(Exception):  # it is asked again until the work has ended
            if self.context is not None:
                self.context.cancelJobGroup(self.name)
            else:
                self.session.interruptTag(self.name)

    def share(self) -> float | None:
        """Return how much of the tasks known so far is done; None where that is not told."""
        if self.context is None:
            return None
        try:
            tracker = self.context.statusTracker()
            jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(self.name)]
            stages = [tracker.getStageInfo(stage) for job in jobs if job is not None for stage in job.stageIds]
        except Exception:  # noqa: BLE001  the session may end meanwhile; the query itself will tell
            return None
        known = [(stage.numTasks, stage.numCompletedTasks) for stage in stages if stage is not None]
        total = sum(tasks for tasks, _ in known)
        return sum(done for _, done in known) / total if total else 0.0


def context_of(session: Any) -> Any:
    """Return a session's SparkContext; None of Spark Connect, which has none."""
    if "connect" in type(session).__module__:
        return None
    return session.sparkContext


def _rows(frame: Any) -> pa.Table:
    """Return a frame's rows; Arrow's batches keep 64-bit numbers exact, and are made part by part."""
    if hasattr(frame, "toArrow"):
        table: pa.Table = frame.toArrow()
        return table
    batches = frame._collect_as_arrow()  # Spark 3.5
    names = [f"c{at}" for at in range(len(frame.columns))]
    return pa.Table.from_batches(batches) if batches else pa.table({name: pa.nulls(0) for name in names})


def series_of(table: pa.Table) -> pd.DataFrame:
    """Return rows for `Answer.typed`: whole numbers whole also where some are missing, columns by their places."""
    columns: dict[int, pd.Series[Any]] = {}
    for at, column in enumerate(table.columns):
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64() if column.type.scale else pa.int64())
        if pa.types.is_integer(column.type):
            columns[at] = pd.Series(column.to_pandas(integer_object_nulls=True), dtype="Int64")
        else:
            columns[at] = column.to_pandas()
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep pyspark from printing what this thread's errors say; they are raised."""
    try:
        from pyspark.logger import PySparkLogger
    except ImportError:  # Spark 3.5 prints nothing
        yield
        return
    mine = threading.get_ident()
    keep: Callable[[logging.LogRecord], bool] = lambda record: record.thread != mine  # noqa: E731  one use, below
    logger = PySparkLogger.getLogger(_NOISY)
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
