"""FileSource: flow logs in files, queried by DuckDB; the second question on the same files finds them parsed."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Sequence
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from rejectkit.aws import Service, default_session, place_of
from rejectkit.errors import ArgumentError, RejectkitError
from rejectkit.insights import Compiled, compile_query, parse
from rejectkit.insights.syntax import Query
from rejectkit.records import NULL, LogFormat
from rejectkit.sources.base import Source, Watch, log_format
from rejectkit.sources.files.cache import Cache
from rejectkit.sources.files.direct import literal, relation
from rejectkit.sources.files.engine import Engine, connected
from rejectkit.sources.files.fileplan import FilePlan, planned
from rejectkit.sources.files.frames import frame_of
from rejectkit.sources.files.holdings import Found, Holdings
from rejectkit.sources.files.layouts import Paths, is_remote
from rejectkit.sources.files.mirror import Mirror
from rejectkit.sources.files.pipeline import SKIPPED_SCHEMA, Progress
from rejectkit.sources.files.relations import RELATION, Union, layout
from rejectkit.sources.files.s3store import S3Store
from rejectkit.sources.partitions import LONGEST, overlap_seconds
from rejectkit.window import Window, check_window

MEMORY_BYTES = 1280 << 20
"""What a question takes for its work, about, where nothing else is said."""

LEAST_MEMORY = 128 << 20
_OF_THE_QUERY = (duckdb.BinderException, duckdb.ConversionException, duckdb.OutOfRangeException)


class FileSource(Source):
    """Flow logs in files, on this machine or in S3.

    Parameters
    ----------
    path_or_paths : path or iterable of paths
        Files, folders (searched to any depth) or globs: text with or without a header line, CloudWatch
        exports (text, the console's CSV, JSON with log events), each also gzip'd, and Parquet. Addresses of S3 too,
        `s3://bucket/key`, a prefix or a pattern, also mixed.
    format : LogFormat or str, optional
        Fields of a line, for files that do not say it themselves: a `LogFormat`, its text
        (`'${version} ${account-id} …'`), or a header line.
    cache : Cache or bool, optional
        Where parsed files are kept for the next question; the user's cache folder where it is left out,
        False for nowhere. The first question on a file reads it as it is, the second one keeps it. Parquet as AWS
        writes it is read where it is, and not kept.
    overlap : float or str
        The longest record, in seconds or as `"12m"`. AWS names a file by when its records end, a window is of when
        they start: files of the window and of so much after it are read. 0 reads exactly the window's files, and
        misses records that end after it.
    session, region : optional
        Of S3: a boto3 session, and the bucket's region; those that the environment names where they are left out. It
        takes `s3:ListBucket` and `s3:GetObject`.
    memory : int
        Bytes that a question may take for its work, about; what does not fit goes to the folder for temporary files.

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

    With a window, files and folders that cannot hold a record of it are not opened, by their names: those of AWS's
    layouts, and `year=…/month=…/day=…` and the like (see `partitions`). Files with other names are always read.

    Of S3, text is read as it comes, and kept at once; of Parquet, the columns that a question needs are fetched, and
    kept. Where nothing is kept, they are in a temporary folder as long as the source lives.

    Parquet is read as far as a question needs it, so damage in other columns or row groups does not show.

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
        self,
        path_or_paths: Paths,
        format: LogFormat | str | None = None,
        *,
        cache: Cache | bool | None = None,
        overlap: float | str = LONGEST,
        memory: int = MEMORY_BYTES,
        session: Any = None,
        region: str | None = None,
    ) -> None:
        """Find the files; nothing is read yet."""
        paths = [path_or_paths] if isinstance(path_or_paths, str | os.PathLike) else list(path_or_paths)
        if cache is not None and not isinstance(cache, bool | Cache):
            raise ArgumentError(f"cache is {cache!r}; it is a Cache, True for the default one, or False for none")
        if isinstance(memory, bool) or not isinstance(memory, int) or memory < LEAST_MEMORY:
            raise ArgumentError(f"memory is {memory!r}; give bytes, at least {LEAST_MEMORY}, such as {MEMORY_BYTES}")
        overlap_seconds(overlap)
        kept = cache if isinstance(cache, Cache) else Cache() if cache is not False else None
        self._memory = memory
        remote = [path for path in paths if is_remote(path)]
        store = _store(remote, session, region, kept) if remote else None
        self._holdings = Holdings(paths, log_format(format), kept, overlap, store)
        self._holdings.sample()

    def __repr__(self) -> str:
        """Show the paths."""
        paths = [os.fspath(path) for path in self._holdings.paths]
        return f"FileSource({paths[0]!r})" if len(paths) == 1 else f"FileSource({paths!r})"

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the files that are read, in order."""
        return tuple(file.path for file in self._holdings.find())

    @property
    def fields(self) -> tuple[str, ...]:
        """Column names of the records, those of all formats in order."""
        return self._holdings.fields()

    @property
    def skipped(self) -> pd.DataFrame:
        """Lines that do not fit: `file`, `line` (from 1; of Parquet, the row), `reason`.

        Files that were not read yet are read.
        """
        with connected(Watch(), self._memory) as engine:
            found = self._holdings.found(None, engine.ask, engine.watch)
            self._holdings.prove(found, {shape: () for shape in found.direct}, engine.ask, engine.watch)
        tables = [self._holdings.skipped(pack) for pack in found.packs]
        table = pa.concat_tables([SKIPPED_SCHEMA.empty_table(), *tables]).unify_dictionaries()
        frame = pd.DataFrame({name: table.column(name).to_pandas() for name in table.column_names})
        return frame.astype({"file": "str", "line": "int64", "reason": "str"})

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
        check_window(window)
        with connected(watch, self._memory) as engine:
            found, union, compiled = self._prepared(parsed, window, all_rows, engine)
            for warning in compiled.warnings:
                warnings.warn(warning, stacklevel=2)
            used = union.used(compiled.sql)
            wanted = {shape: union.stored(shape, used) for shape in found.direct}
            self._holdings.prove(found, wanted, engine.ask, watch)
            answer = compiled.answer.typed(self._answer(compiled, union, found, engine))
        self._holdings.trim(found)
        for name in set(union.partial) & set(answer.columns):  # elsewhere the compiler sees to it
            answer[name] = answer[name].mask(answer[name] == NULL)
        return answer

    def plan(self, query: str, window: Window | None = None, *, all_rows: bool = False) -> FilePlan:
        """Return what a question would read; no record is read for it, only the heads of files that are new.

        Parameters
        ----------
        query, window, all_rows
            As for `run`.

        Returns
        -------
        FilePlan
            It prints itself: the files that are read, those that the window leaves out, bytes, and the SQL.

        Raises
        ------
        QueryError, ArgumentError, FormatError, UnreadableError, SourceNotFoundError
            As `run`.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from rejectkit.window import Window
        >>> with tempfile.TemporaryDirectory() as top:
        ...     for day in ("01", "02", "03"):
        ...         folder = pathlib.Path(top, "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11", day)
        ...         folder.mkdir(parents=True)
        ...         _ = (folder / "a.log").write_text("srcaddr dstport action start")
        ...     window = Window.parse("2026-11-02", "2026-11-02 06:00")
        ...     plan = FileSource(top, cache=False).plan("stats count(*)", window)
        >>> len(plan.files), plan.folders_left_out
        (1, 2)
        """
        parsed = parse(query)
        check_window(window)
        with connected(Watch(), self._memory) as engine:
            found, _, compiled = self._prepared(parsed, window, all_rows, engine)
            return planned(found, compiled.sql, window)

    def _prepared(
        self, parsed: Query, window: Window | None, all_rows: bool, engine: Engine
    ) -> tuple[Found, Union, Compiled]:
        """Find the files, and compile the query for what they hold."""
        found = self._holdings.found(window, engine.ask, engine.watch)
        union = self._holdings.union(found)
        union.check_window(window)
        return found, union, compile_query(parsed, union.table(), window=window, all_rows=all_rows)

    def _answer(self, compiled: Compiled, union: Union, found: Found, engine: Engine) -> pd.DataFrame:
        """Answer, and once more where what was kept, or read directly, turns out to be of no use."""
        self._holdings.keep(found.packs, engine.watch)
        try:
            return self._execute(compiled, union, found, engine, self._holdings.cache)
        except duckdb.OutOfMemoryException as error:
            raise RejectkitError(
                f"the question needs more memory, or disk to spill to, than there is ({error}); ask a smaller window, "
                "or give more: FileSource(…, memory=4 << 30)"
            ) from error
        except duckdb.Error as error:
            if isinstance(error, _OF_THE_QUERY) or not (found.direct or any(pack.entry for pack in found.packs)):
                raise RejectkitError(f"DuckDB could not answer the query: {error}") from error
        for pack in found.packs:  # an entry that went bad after it was checked: read its files again
            if pack.entry is not None and self._holdings.cache is not None:
                self._holdings.cache.drop(pack.entry)
            pack.entry = None
        self._holdings.set_aside(found, [file for files in list(found.direct.values()) for file in files])
        try:
            return self._execute(compiled, union, found, engine, None)
        except duckdb.Error as error:
            raise RejectkitError(f"DuckDB could not answer the query: {error}") from error

    def _execute(
        self, compiled: Compiled, union: Union, found: Found, engine: Engine, cache: Cache | None
    ) -> pd.DataFrame:
        """Put what is kept and what is read meanwhile under one name, and run the SQL on it."""
        used = union.used(compiled.sql)
        relations: dict[int, list[str]] = {number: [] for number in range(len(union.layouts))}
        with contextlib.ExitStack() as stack:
            entries = [pack.entry for pack in found.packs if pack.entry is not None]
            held = stack.enter_context(cache.held(entries)) if cache is not None else {}
            if held is None:  # removed by somebody since: read the files themselves
                held, entries = {}, []
            rest = [pack for pack in found.packs if pack.entry not in entries]
            kept: dict[int, list[str]] = {}
            for entry in entries:
                for shape, name in entry.shapes:
                    if layout(shape) in union.layouts:  # else of files that the window leaves out
                        path = literal(str(held[entry.folder, name]))
                        kept.setdefault(union.layouts.index(layout(shape)), []).append(path)
            for number, paths in kept.items():
                relations[number].append(f"read_parquet([{', '.join(paths)}], hive_partitioning = false)")
            for shape, files in found.direct.items():
                number = union.layouts.index(layout(shape))
                relations[number].append(relation(files, shape, union.stored(shape, used)))
            streams = self._holdings.streams(rest)
            progress = Progress(engine.watch, sum(file.size for stream in streams for file in stream.files))
            # where readers' threads do the work, DuckDB's would only take their turns
            engine.threads(1 if streams and not entries and not found.direct else None)
            for at, stream in enumerate(streams):
                stack.callback(stream.close)
                engine.con.register(f"stream{at}", stream.open(union.stored(stream.shape, used), progress))
                relations[union.layouts.index(layout(stream.shape))].append(f"stream{at}")
            selects = [union.select(number, used, names) for number, names in relations.items() if names]
            rows = " UNION ALL ".join(selects) or union.select_nothing(used)
            engine.con.execute(f"CREATE OR REPLACE TEMP VIEW {RELATION} AS {rows}")
            frame = frame_of(engine.fetched(compiled.sql, streams))
        for stream in streams:
            self._holdings.note(stream)
        engine.watch.report(1.0, "done")
        return frame


def _store(addresses: Sequence[Any], session: Any, region: str | None, cache: Cache | None) -> S3Store:
    """Return where addresses are; nothing is asked."""
    for address in addresses:
        place_of(address)
    return S3Store(
        lambda: Service(session or default_session(region), "s3", region),
        lambda: Mirror(cache.objects if cache is not None else None),
    )
