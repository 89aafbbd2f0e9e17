"""SparkSource: flow logs that a Spark session reads - a table, a frame, or files - queried in Spark's own SQL."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from rejectkit.errors import ArgumentError, FormatError
from rejectkit.insights import compile_query, parse
from rejectkit.records import LogFormat
from rejectkit.sources.athena.choices import Chosen
from rejectkit.sources.base import Source, Watch, log_format
from rejectkit.sources.partitions import LONGEST, overlap_seconds
from rejectkit.sources.spark.failures import translated
from rejectkit.sources.spark.opening import Given, Opened, given_paths, quoted
from rejectkit.sources.spark.planned import SparkQuery, explained, filters
from rejectkit.sources.spark.running import fetch, series_of
from rejectkit.window import Window, check_window

_ORDINALS = "spark.sql.groupByOrdinal"


class SparkSource(Source):
    """Flow logs in Spark: on EMR, in Glue, on a cluster of one's own, or on this machine.

    Parameters
    ----------
    table_or_frame : str, DataFrame, path or sequence of paths
        The name of a table (`'logs.vpc'`, `'glue.logs.vpc'`); a frame of Spark's; or paths that Spark reads, text or
        Parquet as AWS delivers them: files, folders (searched to any depth) and globs, on `s3://` too. A text with a
        slash in it is a path.
    spark : SparkSession, optional
        The frame's own, else the active one where it is left out. A session of Spark Connect will do.
    format : LogFormat or str, optional
        Fields of a line, for text that has no header line; for tables, the order of the fields in `@message`.
    overlap : float or str
        Seconds from a record's start to its end at most, by which more is read at the end of a window.
    partitions : mapping, optional
        Partition keys, and the value or values they shall have: `{"account": "123456789012"}`.

    Raises
    ------
    ArgumentError
        If there is no session, or what is given is none of these.

    Notes
    -----
    From Spark 3.5 on, with ANSI mode and without, and in any time zone. Nothing of the session is changed. Safe to
    use from several threads. With a window, only the partitions that can hold its records are read, and of files in
    AWS's layout only those; `plan` shows which.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> session = SimpleNamespace(sql=print)  # yours: SparkSession.builder.getOrCreate()
    >>> SparkSource("logs.vpc", session)  # .run("stats count(*) as flows by action") asks it
    SparkSource('logs.vpc')
    """

    def __init__(
        self,
        table_or_frame: Any,
        spark: Any = None,
        *,
        format: LogFormat | str | None = None,
        overlap: float | str = LONGEST,
        partitions: Chosen | None = None,
    ) -> None:
        """Take the session; nothing is read yet."""
        overlap_seconds(overlap)
        paths = given_paths(table_or_frame)
        frame = table_or_frame if hasattr(table_or_frame, "createOrReplaceTempView") else None
        if frame is None and not paths and not isinstance(table_or_frame, str):
            raise ArgumentError(
                f"{table_or_frame!r} is no table, frame or path; give a name such as 'logs.vpc', a DataFrame of "
                "Spark's, or a path such as 's3://bucket/AWSLogs/'"
            )
        table = quoted(table_or_frame) if frame is None and not paths else ""
        own = frame.sparkSession if frame is not None else None
        if spark is not None and not hasattr(spark, "sql"):
            raise ArgumentError(f"spark is {spark!r}; give a SparkSession")
        self._shown = table_or_frame if frame is None else f"DataFrame of {len(frame.columns)} columns"
        self._given = Given(own or spark or _active(), table, frame, paths, log_format(format), overlap, partitions)

    def __repr__(self) -> str:
        """Show what it reads."""
        return f"SparkSource({self._shown!r})" if self._given.frame is None else f"SparkSource({self._shown})"

    @property
    def fields(self) -> tuple[str, ...]:
        """Column names of the records, in the order of the table or the log format."""
        with self._given.opened(None) as opened:
            return opened.relation.format.columns

    @property
    def skipped(self) -> pd.DataFrame:
        """Lines of text files that do not fit: `file`, `text`. The files are read for it."""
        with self._given.skipped() as found:
            if found is None:
                return pd.DataFrame({"file": [], "text": []}, dtype="str")
            frame = series_of(fetch(found, "rejectkit: lines that do not fit", Watch()))
        return frame.set_axis(["file", "text"], axis=1).astype("str")

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
            Progress (by Spark's tasks) and cancel, which stops the work on the cluster.

        Returns
        -------
        DataFrame
            Whole numbers `Int64`, other numbers `Float64`, text `str`, times `datetime64[ms, UTC]`.

        Raises
        ------
        QueryError
            If the query is not allowed; nothing was read then.
        SourceNotFoundError
            If there is no such table, or nothing at the path.
        FormatError, UnreadableError
            If the columns, or the files, are not of flow logs, or do not tell their time and there is a window.
        QueryEndedError, ConnectionLostError, AccessDeniedError
            If Spark gives up, is gone, or may not read.
        QueryCancelledError
            If the watch was cancelled.
        """
        watch = watch or Watch()
        parsed = parse(query)
        check_window(window)
        watch.check()
        with self._given.opened(window) as opened:
            self._check(opened, window)
            compiled = compile_query(parsed, opened.relation.table, window=window, all_rows=all_rows, engine="spark")
            for warning in compiled.warnings:
                warnings.warn(warning, stacklevel=2)
            with translated():
                frame = self._given.spark.sql(compiled.sql)
            return compiled.answer.typed(series_of(fetch(frame, f"rejectkit: {query.strip()[:200]}", watch)))

    def plan(self, query: str, window: Window | None = None) -> SparkQuery:
        """Return a query as it would be run, with what a window lets Spark leave unread; no data are read.

        Parameters
        ----------
        query : str
            Query text.
        window : Window, optional
            As of `run`.
        """
        parsed = parse(query)
        check_window(window)
        with self._given.opened(window) as opened, translated():
            self._check(opened, window)
            compiled = compile_query(parsed, opened.relation.table, window=window, engine="spark")
            frame = self._given.spark.sql(compiled.sql)
            plan = explained(frame)
            files = opened.files
            if files is None and not (self._given.frame is not None and opened.condition):
                files = tuple(frame.inputFiles())  # a table's; of a frame's index Spark tells all
            return SparkQuery(compiled.sql, opened.condition, filters(plan), files, plan)

    def _check(self, opened: Opened, window: Window | None) -> None:
        """Refuse a window over records without a time, and a session whose SQL means something else."""
        if window is not None and not opened.relation.timed:
            raise FormatError(
                f"the window {window} cannot be applied: the records have no field `start`, so they do not tell their "
                "time; leave the window out"
            )
        if str(self._given.spark.conf.get(_ORDINALS, "true")).lower() == "false":
            raise ArgumentError(
                f"this session has {_ORDINALS}=false, so groups cannot be named by their place; "
                f"spark.conf.set('{_ORDINALS}', True)"
            )


def _active() -> Any:
    """Return the active session."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ArgumentError(
            "pyspark is not installed; install it with: pip install 'rejectkit[spark]', or give spark=, a session"
        ) from error
    session = SparkSession.getActiveSession()
    if session is None:
        raise ArgumentError(
            "there is no active Spark session; give one: SparkSource(…, spark=SparkSession.builder.getOrCreate())"
        )
    return session
