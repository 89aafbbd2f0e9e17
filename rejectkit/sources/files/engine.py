"""A DuckDB for one question: its work is watched and can be stopped, and keeps to a bound of memory."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.dataset  # DuckDB reads streams through it: loaded here, not in the first question

from rejectkit.sources.base import Watch
from rejectkit.sources.files.direct import DirectError
from rejectkit.sources.files.holdings import Stream

_NAP = 0.05  # seconds between two looks at how far DuckDB is
_Settings = dict[str, str | bool | int | float | list[str]]


@dataclass(slots=True)
class Engine:
    """A DuckDB of one question's own, so that threads do not share one, and who watches it."""

    con: duckdb.DuckDBPyConnection
    watch: Watch

    def threads(self, number: int | None) -> None:
        """Work in so many threads; None: as many as there are processors."""
        self.con.execute(f"SET threads = {number}" if number else "RESET threads")

    def ask(self, sql: str) -> pa.Table:
        """Return the rows of a query about files.

        Raises
        ------
        DirectError
            If a file cannot be read so.
        """
        try:
            return self.fetched(sql, (), share=0.0)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise DirectError(str(error)) from error

    def fetched(self, sql: str, streams: Sequence[Stream], share: float = 1.0) -> pa.Table:
        """Return the rows of a query, which a cancel interrupts; an error of reading comes out as it was raised.

        DuckDB works in a thread of its own, because it does not look for an interrupt from the keyboard.
        """

        def work() -> pa.Table:
            table = self.con.sql(sql).to_arrow_table()
            for stream in streams:
                stream.finish()
            return table

        forget = self.watch.on_cancel(self.con.interrupt)
        with ThreadPoolExecutor(1, thread_name_prefix="rejectkit-query") as pool:
            try:
                self.watch.check()
                done = pool.submit(work)
                while not streams and not wait([done], _NAP).done:  # streams tell of themselves
                    self.watch.report(share * max(0.0, self.con.query_progress()) / 100, "reading")
                table = done.result()
            except duckdb.Error:
                for stream in streams:
                    if stream.error is not None:
                        raise stream.error from None
                self.watch.check()
                raise
            except BaseException:
                for stream in streams:
                    stream.stopped = True
                self.con.interrupt()
                raise
            finally:
                forget()
        self.watch.check()
        return table


@contextlib.contextmanager
def connected(watch: Watch, memory: int) -> Iterator[Engine]:
    """Give a DuckDB that keeps to so many bytes of memory; what does not fit goes to disk."""
    spill = os.path.join(tempfile.gettempdir(), "rejectkit-duckdb")
    settings: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": spill,
        "memory_limit": f"{memory >> 20}MiB",
    }
    with contextlib.closing(duckdb.connect(":memory:", config=settings)) as con:
        con.execute("SET enable_progress_bar = true")  # for query_progress; it prints nothing
        con.execute("SET enable_progress_bar_print = false")
        con.execute("SET parquet_metadata_cache = true")
        yield Engine(con, watch)
