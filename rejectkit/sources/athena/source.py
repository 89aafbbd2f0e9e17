"""AthenaSource: flow logs in S3, queried by Amazon Athena."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa

from rejectkit import aws
from rejectkit.errors import ArgumentError, AwsError, RejectkitWarning
from rejectkit.findings import Finding
from rejectkit.insights import parse
from rejectkit.insights import syntax as s
from rejectkit.pacing import Budget, budget_of
from rejectkit.records import LogFormat
from rejectkit.sources.answers import Answers
from rejectkit.sources.athena import failures, results
from rejectkit.sources.athena.choices import injected
from rejectkit.sources.athena.failures import Asked
from rejectkit.sources.athena.filecheck import compare, findings
from rejectkit.sources.athena.glue import CATALOG
from rejectkit.sources.athena.known import Known
from rejectkit.sources.athena.planned import AthenaQuery
from rejectkit.sources.athena.pruning import Chosen
from rejectkit.sources.athena.question import Question, question, skipped_question
from rejectkit.sources.athena.reading import stored
from rejectkit.sources.athena.running import DEADLINE, Execution, Run
from rejectkit.sources.athena.setting import check_output
from rejectkit.sources.base import UNSETTLED, Source, Watch, log_format
from rejectkit.sources.consent import consent, scan_limit
from rejectkit.sources.cost import DELIVERED_AFTER, Estimate, Scan, Usage, athena_dollars, ledger_of
from rejectkit.sources.partitions import AGGREGATION, LONGEST, overlap_seconds
from rejectkit.sources.progress import Bar, dollars_text, shown, size_text
from rejectkit.window import Window, check_window

if TYPE_CHECKING:
    from rejectkit.sources.athena.table import AthenaTable

MAX_SCAN: Final = "5 GB"
ROUGH: Final = 1.2  # by how much more than `max_scan` a query may scan before it is stopped: estimates are rough


class AthenaSource(Source):
    """Flow logs in S3, through a table of Amazon Athena.

    Parameters
    ----------
    table : str or AthenaTable
        Name of the table, also as `database.table`; or the value that made it.
    database : str
        Where the table is.
    session : boto3.Session, optional
        Whose account it is; the default one (profile, environment, SSO, role) where it is left out.
    catalog : str
        Athena's name of the catalog.
    format : LogFormat or str, optional
        Fields of a record; what the table's columns are named where it is left out.
    region : str, optional
        The session's where it is left out.
    workgroup : str, optional
        The work group that queries run in; `primary` where it is left out.
    output : str, optional
        Where results go, as `s3://bucket/folder/`; the work group's place where it is left out.
    partitions : mapping, optional
        Partition keys and the value, or values, to read: `{"accid": "123456789012"}`. Needed for keys of type
        `injected`.
    overlap : float or str
        Seconds, or a span such as `"12m"`, that the longest record lasts: files are named by when records end, so
        those of so long after a window are read too. 0 reads exactly the window's days and misses what reaches over.
    max_scan : float, str or None
        Bytes (or `"5 GB"`) that one answer may scan without asking: over it a notebook asks, and a script raises.
        None: no limit.
    ask : callable, optional
        Given the question, returns whether to go on; instead of the notebook's own.
    keep : Answers or bool
        Where answers over windows that are settled are kept, so as not to be paid for twice; False: nowhere. Not kept
        is what partitions that are registered later may change.
    progress : bool, optional
        Whether a bar is shown; by default in notebooks and terminals.
    deadline : float
        Seconds after which a query that has not ended is stopped.
    budget : Budget, optional
        Of calls a second; the session's (a quarter of the quotas) where it is left out.

    Raises
    ------
    ArgumentError, FormatError
        If a value cannot be used. AWS is asked when the first question is.

    Notes
    -----
    Safe to use from several threads. A window of None is all that the table holds. Where the end of a window is so
    recent that files may still come in, the answer says so: `answer.attrs["unsettled_from"]`.

    Examples
    --------
    >>> AthenaSource("vpc_flow_logs", "logs", session=object())
    AthenaSource('logs.vpc_flow_logs')
    """

    most_accepts = 1_000_000
    """Accepted flows that a summary reads."""

    def __init__(
        self,
        table: str | AthenaTable,
        database: str = "default",
        session: Any = None,
        *,
        catalog: str = CATALOG,
        format: LogFormat | str | None = None,
        region: str | None = None,
        workgroup: str | None = None,
        output: str | None = None,
        partitions: Chosen | None = None,
        overlap: float | str = LONGEST,
        max_scan: float | str | None = MAX_SCAN,
        ask: Callable[[str], bool] | None = None,
        keep: Answers | bool = True,
        progress: bool | None = None,
        deadline: float = DEADLINE,
        budget: Budget | None = None,
    ) -> None:
        """Check the values; nothing is asked yet."""
        given = log_format(format)
        if not isinstance(table, str):
            database, name, given = table.database, table.name, given or table.format
        else:
            named, _, name = table.rpartition(".")
            database = named or database
        if not (name.strip() and database.strip() and catalog.strip()):
            raise ArgumentError(
                f"the table is {table!r} in {database!r}; give names, as AthenaSource('vpc_flow_logs', 'logs')"
            )
        if not deadline > 0:
            raise ArgumentError(f"deadline is {deadline!r}; give a number of seconds above 0, for example 1800")
        self._overlap, self._chosen = overlap_seconds(overlap), partitions
        self._max_scan, self._ask, self._progress, self._deadline = scan_limit(max_scan), ask, progress, float(deadline)
        self._answers = keep if isinstance(keep, Answers) else Answers() if keep else None
        self._session = session if session is not None else aws.default_session(region)
        self._ledger = ledger_of(self._session, "athena")
        budget = budget if budget is not None else budget_of(self._session)
        place = check_output(output)
        catalog = CATALOG if catalog.lower() == CATALOG.lower() else catalog
        self._known = Known(self._session, region, catalog, database, name, given, workgroup, place, budget)

    def __repr__(self) -> str:
        """Show the table."""
        return f"AthenaSource({f'{self._known.database}.{self._known.table}'!r})"

    @property
    def fields(self) -> tuple[str, ...]:
        """Column names of the records, in the order of the format; only those that the table has."""
        held = self._known.held
        there = held.table().columns
        return tuple(name for name in held.format.columns if name in there)

    @property
    def usage(self) -> Usage:
        """What was asked of Athena in this session: queries, bytes scanned, dollars, answers had for nothing."""
        return self._ledger.usage

    @property
    def skipped(self) -> pd.DataFrame:
        """Rows that are no records, at most 1,000: `file`, `line` (unknown), `reason`, `message`.

        Their start, or their log status, cannot be read. Looked for in the whole table, which is a query like any
        other.
        """
        asked = skipped_question(self._known.held, self._chosen)
        if asked is None:
            found = pd.DataFrame({"file": [], "reason": [], "message": []})
        else:
            found = results.typed(self._fetch(asked, Watch(), self._progress)[0], asked.answer)
        line = pd.Series(pd.array([None] * len(found), dtype="Int64"))
        texts = {name: found[name].astype("str") for name in ("file", "reason", "message")}
        return pd.DataFrame(
            {"file": texts["file"], "line": line, "reason": texts["reason"], "message": texts["message"]}
        )

    def check(self) -> list[Finding]:
        """Return in sentences where the table does not fit its files, or its queries read more than they need."""
        return findings(self._known, self._chosen)

    def plan(self, query: str, window: Window | None = None, *, all_rows: bool = False) -> AthenaQuery:
        """Return what a query would be to Athena: its SQL, partitions, folders and cost; nothing is run."""
        asked = self._asked(query, window, all_rows)
        setting, existing = self._known.setting, asked.held.existing
        notes = [note for note in (*asked.missed, asked.held.pruning.unpruned, setting.note) if note]
        if setting.cutoff:
            notes.append(f"the work group stops a query that scans more than {size_text(setting.cutoff)}")
        return AthenaQuery(
            asked.sql,
            asked.condition,
            asked.prefixes,
            setting.output,
            setting.workgroup,
            existing.database,
            existing.catalog,
            self._estimate(asked, Watch()),
            tuple(notes),
        )

    def estimate(self, query: str, window: Window | None = None, *, all_rows: bool = False) -> Estimate:
        """Return what a query will scan and cost, worked out from the sizes of files; nothing is run."""
        return self._estimate(self._asked(query, window, all_rows), Watch())

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
            Progress and cancel; cancelling stops the query on Athena.

        Returns
        -------
        DataFrame
            Whole numbers `Int64`, other numbers `Float64`, text `str`, times `datetime64[ms, UTC]`;
            `attrs["unsettled_from"]` where records from then on may still come in.

        Raises
        ------
        QueryError
            If the query is not allowed; nothing was sent then. UnsupportedError if only CloudWatch would answer it.
        ArgumentError
            If the window is none, there is no place for results, or a partition key has to be told its values.
        FormatError
            If the table's columns do not stand in the order of its files.
        CostError
            If it would scan more than `max_scan`, or than the work group allows.
        MissingResourceError
            If there is no such table or work group.
        QueryEndedError, DeadlineError
            If Athena did not finish it.
        AwsError
            If AWS refuses or does not answer.
        QueryCancelledError
            If the watch was cancelled.
        """
        quiet = watch is not None
        watch = watch or Watch()
        watch.check()
        parsed = self._parsed(query, window)
        asked = self._question(parsed, window, all_rows)
        for warning in asked.warnings:
            warnings.warn(warning, stacklevel=2)
        for note in (*asked.missed, *filter(None, [self._known.setting.note])):
            warnings.warn(RejectkitWarning(note), stacklevel=2)
        unsettled = self._unsettled(window)
        table = None if unsettled is not None else self._kept(asked, window)
        if table is None:
            again = partial(self._question, parsed, window, all_rows)
            table, asked = self._fetch(asked, watch, self._progress if not quiet else False, again)
            key = self._key(asked, window) if unsettled is None else None
            if self._answers is not None and key is not None:
                self._answers.keep(key, table)
        frame = results.typed(table, asked.answer)
        if unsettled is not None:
            frame.attrs[UNSETTLED] = pd.Timestamp(unsettled, unit="s", tz="UTC")
        watch.report(1.0, "done")
        return frame

    # the question

    def _parsed(self, query: str, window: Window | None) -> s.Query:
        parsed = parse(query)
        check_window(window)
        return parsed

    def _asked(self, query: str, window: Window | None, all_rows: bool) -> Question:
        return self._question(self._parsed(query, window), window, all_rows)

    def _question(self, parsed: s.Query, window: Window | None, all_rows: bool) -> Question:
        return question(self._known.held, parsed, window, self._overlap, self._chosen, all_rows)

    def _unsettled(self, window: Window | None) -> int | None:
        """Return from when on files may still come in, if that is in the window; seconds since the epoch."""
        settled = int(self._known.service("athena").now()) - AGGREGATION - int(DELIVERED_AFTER)
        if window is None:
            return settled
        first, end = (millis // 1000 for millis in window.millis)
        return max(first, settled) if end > settled else None

    # what it costs

    def _estimate(self, asked: Question, watch: Watch) -> Estimate:
        known = self._known
        earlier = self._ledger.earlier(asked.alike, 0, 1)
        if earlier is not None:
            cost = athena_dollars(earlier.bytes, known.region)
            return Estimate(earlier.bytes, cost, "an earlier query that read the same partitions and fields")
        there = stored(known.service("s3"), asked.prefixes, watch.check, known.sizes)
        because = there.because
        if there.bytes is None:
            return Estimate(None, 0.0, because)
        if asked.held.existing.stored_as == "parquet":
            because += ", of which Parquet's unused columns are not read"
        return Estimate(there.bytes, athena_dollars(there.bytes, known.region), because)

    # the answer

    def _fetch(
        self, asked: Question, watch: Watch, progress: bool | None, again: Callable[[], Question] | None = None
    ) -> tuple[pa.Table, Question]:
        """Return the result, and what it is of: what `again` gives where the table was changed since."""
        known, existing = self._known, asked.held.existing
        athena, s3, region = known.service("athena"), known.service("s3"), known.region
        compare(known, asked.prefixes, watch.check)
        limited = self._max_scan is not None
        estimate = self._estimate(asked, watch) if limited else Estimate(None, 0.0, "nothing: there is no limit")
        allowed = consent(estimate, self._max_scan, self._ask)
        setting = known.setting
        told = Asked(asked.sql, existing.full_name, region, setting, tuple(injected(existing)))

        def noted(execution: Execution) -> None:
            ran = execution.state == "SUCCEEDED"  # of one that ended earlier it is not known what it would have scanned
            self._ledger.add(
                Scan(asked.alike, 0, int(ran), execution.scanned, 0.0), region, billed=execution.state != "FAILED"
            )

        with shown(progress, "Athena") as bar:
            run = Run(
                athena,
                setting,
                existing.database,
                existing.catalog,
                deadline=self._deadline,
                check=watch.check,
                progress=lambda state, scanned: _report(bar, watch, estimate, region, state, scanned),
                most_bytes=None if allowed or self._max_scan is None else ROUGH * self._max_scan,
                noted=noted,
            )
            try:
                execution = run.to_its_end(asked.sql)
            except AwsError as error:
                refusal = failures.refused(error, told)
                if refusal is error:
                    raise
                raise refusal from error
            if execution.state == "SUCCEEDED":
                bar.update(state="reading")
                return results.fetch(athena, s3, execution, asked.answer, watch.check), asked
        if again is not None and failures.stale(execution) and known.changed():
            return self._fetch(again(), watch, progress)
        raise failures.ended(execution, told)

    def _kept(self, asked: Question, window: Window | None) -> pa.Table | None:
        """Return the answer to the same question over the same settled window, if it is kept."""
        key = self._key(asked, window)
        found = self._answers.find(key) if self._answers is not None and key is not None else None
        if found is not None:
            self._ledger.reuse()
        return found

    def _key(self, asked: Question, window: Window | None) -> str | None:
        """Return the name under which an answer is kept; None where it may be another one later."""
        identity = self._known.identity
        if identity is None or window is None or not asked.held.lasting:
            return None
        existing = asked.held.existing
        return Answers.key(
            identity=identity,
            region=self._known.region,
            table=[existing.catalog, existing.full_name, existing.location, sorted(existing.parameters.items())],
            sql=asked.sql,
            columns=[[column.name, column.type] for column in asked.answer.columns],
        )


def _report(bar: Bar, watch: Watch, estimate: Estimate, region: str, state: str, scanned: float) -> None:
    cost = athena_dollars(scanned, region) if scanned else 0.0
    share = min(0.99, scanned / estimate.bytes) if estimate.bytes else 0.0
    bar.update(state=state, fraction=share, bytes=scanned, dollars=cost)
    watch.report(share, f"{state}, {size_text(scanned)} scanned ({dollars_text(cost)})")
