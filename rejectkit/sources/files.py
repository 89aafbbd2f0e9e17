"""FileSource: flow logs in files, queried by DuckDB; the second question on the same files finds them parsed."""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset  # DuckDB reads streams through it: loaded here, not in the first question

from rejectkit.errors import ArgumentError, RejectkitError
from rejectkit.insights import Compiled, compile_query, parse
from rejectkit.records import NULL, LogFormat
from rejectkit.sources.base import Watch, log_format, records_query
from rejectkit.sources.cache import Cache
from rejectkit.sources.holdings import Holdings, Pack, Stream
from rejectkit.sources.layouts import Paths, find_files
from rejectkit.sources.pipeline import SKIPPED_SCHEMA, Progress
from rejectkit.sources.relations import RELATION, Union, layout
from rejectkit.window import Window


class FileSource:
    """Flow logs in local files.

    Parameters
    ----------
    path_or_paths : path or iterable of paths
        Files, folders (searched to any depth) or globs: text with or without a header line, CloudWatch
        exports (text, the console's CSV, JSON with log events), each also gzip'd, and Parquet.
    format : LogFormat or str, optional
        Fields of a line, for files that do not say it themselves: a `LogFormat`, its text
        (`'${version} ${account-id} …'`), or a header line.
    cache : Cache or bool, optional
        Where parsed files are kept for the next question; the user's cache folder where it is left out,
        False for nowhere. The first question on a file reads it as it is, the second one keeps it.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    FormatError
        If the format given cannot be read.

    Notes
    -----
    Safe to use from several threads. Files are looked up anew for each question, so new deliveries are seen.
    Lines that do not fit are in `skipped`; a file most of which does not fit is an error.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> line = "2 123456789012 eni-1 198.51.100.7 10.0.0.5 51515 22 6 1 40 1793491200 1793491259 REJECT OK"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "flows.log").write_text(line)
    ...     FileSource(folder, cache=False).run('filter action = "REJECT" | stats count(*) as flows by dstPort')
       dstPort  flows
    0       22      1
    """

    def __init__(
        self, path_or_paths: Paths, format: LogFormat | str | None = None, *, cache: Cache | bool | None = None
    ) -> None:
        """Find the files; nothing is read yet."""
        paths = [path_or_paths] if isinstance(path_or_paths, str | os.PathLike) else list(path_or_paths)
        if cache is not None and not isinstance(cache, bool | Cache):
            raise ArgumentError(f"cache is {cache!r}; it is a Cache, True for the default one, or False for none")
        kept = cache if isinstance(cache, Cache) else Cache() if cache is not False else None
        self._holdings = Holdings(paths, log_format(format), kept)
        find_files(paths)

    def __repr__(self) -> str:
        """Show the paths."""
        paths = [os.fspath(path) for path in self._holdings.paths]  # type: ignore[union-attr]  # a list, since __init__
        return f"FileSource({paths[0]!r})" if len(paths) == 1 else f"FileSource({paths!r})"

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the files that are read, in order."""
        return tuple(file.path for file in find_files(self._holdings.paths))

    @property
    def fields(self) -> tuple[str, ...]:
        """Column names of the records, those of all formats in order."""
        return self._holdings.union(self._holdings.packs()).fields

    @property
    def skipped(self) -> pd.DataFrame:
        """Lines that do not fit: `file`, `line` (from 1; of Parquet, the row), `reason`.

        Files that were not read yet are read.
        """
        tables = [self._holdings.skipped(pack) for pack in self._holdings.packs()]
        table = pa.concat_tables([SKIPPED_SCHEMA.empty_table(), *tables]).unify_dictionaries()
        frame = pd.DataFrame({name: table.column(name).to_pandas() for name in table.column_names})
        return frame.astype({"file": "str", "line": "int64", "reason": "str"})

    def records(
        self, window: Window | None = None, action: str | None = "REJECT", *, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Return the records of a window, oldest first: `@timestamp`, then every field.

        Parameters
        ----------
        window : Window, optional
            Records that start in it; all where it is left out.
        action : {"REJECT", "ACCEPT"} or None
            Only these; None for both. NODATA and SKIPDATA are never among them.
        watch : Watch, optional
            Progress and cancel.
        """
        return self.run(records_query(self.fields, action), window, all_rows=True, watch=watch)

    def run(
        self, query: str, window: Window | None = None, *, all_rows: bool = False, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Answer a Logs Insights query; the answer is whole, or an error is raised.

        Parameters
        ----------
        query : str
            Query text.
        window : Window, optional
            Records that start in it; all where it is left out.
        all_rows : bool
            Lift the language's limit of 10,000 rows where the query sets none.
        watch : Watch, optional
            Progress (by bytes read) and cancel.

        Returns
        -------
        DataFrame
            Whole numbers `Int64`, other numbers `Float64`, text `str`, times `datetime64[ms, UTC]`.

        Raises
        ------
        QueryError
            If the query is not allowed; nothing was read then.
        ArgumentError
            If the window is none.
        FormatError, UnreadableError, SourceNotFoundError
            If a file cannot be read, or there is a window and the records do not tell their time.
        QueryCancelledError
            If the watch was cancelled.
        """
        watch = watch or Watch()
        parsed = parse(query)
        found = self._holdings.packs()
        union = self._holdings.union(found)
        union.check_window(window)
        compiled = compile_query(parsed, union.table(), window=window, all_rows=all_rows)
        for warning in compiled.warnings:
            warnings.warn(warning, stacklevel=2)
        answer = compiled.answer.typed(self._answer(compiled, union, found, watch))
        for name in set(union.partial) & set(answer.columns):  # elsewhere the compiler sees to it
            answer[name] = answer[name].mask(answer[name] == NULL)
        return answer

    def _answer(self, compiled: Compiled, union: Union, found: list[Pack], watch: Watch) -> pd.DataFrame:
        """Answer, and once more where what was kept turns out to be of no use."""
        self._holdings.keep(found, watch)
        try:
            return self._execute(compiled, union, found, watch, self._holdings.cache)
        except duckdb.Error as error:
            if not any(pack.entry for pack in found):
                raise RejectkitError(f"DuckDB could not answer the query: {error}") from error
        for pack in found:  # an entry that went bad after it was checked: read its files again
            if pack.entry is not None and self._holdings.cache is not None:
                self._holdings.cache.drop(pack.entry)
            pack.entry = None
        try:
            return self._execute(compiled, union, found, watch, None)
        except duckdb.Error as error:
            raise RejectkitError(f"DuckDB could not answer the query: {error}") from error

    def _execute(
        self, compiled: Compiled, union: Union, found: list[Pack], watch: Watch, cache: Cache | None
    ) -> pd.DataFrame:
        """Put what is kept and what is read meanwhile under one name, and run the SQL on it."""
        used = union.used(compiled.sql)
        relations: dict[int, list[str]] = {number: [] for number in range(len(union.layouts))}
        with contextlib.ExitStack() as stack:
            entries = [pack.entry for pack in found if pack.entry is not None]
            held = stack.enter_context(cache.held(entries)) if cache is not None else {}
            if held is None:  # removed by somebody since: read the files themselves
                held, entries = {}, []
            rest = [pack for pack in found if pack.entry not in entries]
            kept: dict[int, list[str]] = {}
            for entry in entries:
                for shape, name in entry.shapes:
                    path = _literal(str(held[entry.folder, name]))
                    kept.setdefault(union.layouts.index(layout(shape)), []).append(path)
            for number, paths in kept.items():
                relations[number].append(f"read_parquet([{', '.join(paths)}])")
            streams = self._holdings.streams(rest)
            con = stack.enter_context(_connected())
            progress = Progress(watch, sum(file.size for stream in streams for file in stream.files))
            if streams and not entries:  # the readers' threads do the work; DuckDB's would only take their turns
                con.execute("SET threads = 1")
            for at, stream in enumerate(streams):
                stack.callback(stream.close)
                con.register(f"stream{at}", stream.open(union.stored(stream.shape, used), progress))
                relations[union.layouts.index(layout(stream.shape))].append(f"stream{at}")
            selects = [union.select(number, used, names) for number, names in relations.items() if names]
            rows = " UNION ALL ".join(selects) or union.select_nothing(used)
            con.execute(f"CREATE TEMP VIEW {RELATION} AS {rows}")
            frame = _frame(_fetched(con, compiled.sql, streams, watch))
        for stream in streams:
            self._holdings.note(stream)
        watch.report(1.0, "done")
        return frame


@contextlib.contextmanager
def _connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a DuckDB of one's own, so that threads do not share one; what does not fit in memory goes to disk."""
    spill = os.path.join(tempfile.gettempdir(), "rejectkit-duckdb")
    with contextlib.closing(duckdb.connect(":memory:", config={"temp_directory": spill})) as con:
        con.execute("SET enable_progress_bar = false")
        yield con


def _fetched(con: duckdb.DuckDBPyConnection, sql: str, streams: Sequence[Stream], watch: Watch) -> pa.Table:
    """Return the rows of a query, which a cancel interrupts; an error of reading comes out as it was raised.

    DuckDB works in a thread of its own, because it does not look for an interrupt from the keyboard.
    """

    def work() -> pa.Table:
        table = con.sql(sql).to_arrow_table()
        for stream in streams:
            stream.finish()
        return table

    forget = watch.on_cancel(con.interrupt)
    with ThreadPoolExecutor(1, thread_name_prefix="rejectkit-query") as pool:
        try:
            watch.check()
            table = pool.submit(work).result()
        except duckdb.Error:
            for stream in streams:
                if stream.error is not None:
                    raise stream.error from None
            watch.check()
            raise
        except BaseException:
            for stream in streams:
                stream.stopped = True
            con.interrupt()
            raise
        finally:
            forget()
    watch.check()
    return table


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _frame(table: pa.Table) -> pd.DataFrame:
    """Return DuckDB's rows with whole numbers whole, also where some are missing."""
    columns: dict[int, pd.Series[Any]] = {}
    for at, column in enumerate(table.columns):
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64()) if column.type.scale else _whole(column)
        if pa.types.is_integer(column.type):
            columns[at] = pd.Series(column.to_pandas(integer_object_nulls=True), dtype="Int64")
        else:
            columns[at] = column.to_pandas()
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:  # a sum beyond 64 bits
        return column.cast(pa.float64())
