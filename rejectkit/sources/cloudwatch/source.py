"""InsightsSource: flow logs in CloudWatch Logs, queried by Logs Insights."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from rejectkit import aws
from rejectkit.errors import ArgumentError, FormatError, RefusedError
from rejectkit.findings import Finding
from rejectkit.insights import syntax as s
from rejectkit.pacing import Budget, budget_of
from rejectkit.records import LogFormat
from rejectkit.sources.answers import Answers
from rejectkit.sources.base import UNSETTLED, Source, Watch, log_format
from rejectkit.sources.cloudwatch import pages
from rejectkit.sources.cloudwatch.asked import Question, question, refused
from rejectkit.sources.cloudwatch.asking import DEADLINE, Ask, Desk
from rejectkit.sources.cloudwatch.coverage import LogGroup
from rejectkit.sources.cloudwatch.doctor import doctor
from rejectkit.sources.cloudwatch.fetching import Rows, Wanted
from rejectkit.sources.cloudwatch.knowing import Known
from rejectkit.sources.cloudwatch.retrieval import order_of
from rejectkit.sources.combined import Combined
from rejectkit.sources.consent import consent, scan_limit
from rejectkit.sources.cost import Estimate, Scan, Usage, dollars, ledger_of
from rejectkit.sources.progress import Bar, dollars_text, shown, size_text
from rejectkit.window import Window

MAX_SCAN = "5 GB"
SKIPPED = 1000  # lines that `skipped` shows
ROUGH = 1.2  # by how much more than `max_scan` a query may scan before it is stopped: estimates are rough


class InsightsSource(Source):
    """Flow logs in CloudWatch Logs.

    Parameters
    ----------
    log_groups : str or iterable of str
        Names or ARNs of log groups (of other accounts too), or what they record: `vpc-…`, `subnet-…`, `eni-…`,
        `i-…`. An interface's or instance's records are picked out; of a VPC or subnet the log groups are read whole.
    session : boto3.Session, optional
        Whose account it is; the default one (profile, environment, SSO, role) where it is left out.
    format : LogFormat or str, optional
        Fields of a line; what the flow log says where it is left out.
    region : str, optional
        The session's where it is left out. Log groups of several regions are several sources, see `Combined`.
    max_scan : float, str or None
        Bytes (or `"5 GB"`) that one answer may scan without asking: over it a notebook asks, and a script raises.
        None: no limit.
    ask : callable, optional
        Given the question, returns whether to go on; instead of the notebook's own.
    keep : Answers or bool
        Where answers over windows that are settled are kept, so as not to be paid for twice; False: nowhere.
    progress : bool, optional
        Whether a bar is shown; by default in notebooks and terminals.
    deadline : float
        Seconds after which a query that has not ended is stopped.
    budget : Budget, optional
        Of calls a second and queries at once; the session's (a quarter of the quotas) where it is left out.

    Raises
    ------
    ArgumentError, FormatError
        If a value cannot be used. AWS is asked when the first question is.

    Notes
    -----
    Safe to use from several threads. A window of None is all that the log groups hold. Where the end of a window
    is so recent that records may still come in, the answer says so: `answer.attrs["unsettled_from"]`.

    Examples
    --------
    >>> InsightsSource("/vpc/flow-logs", session=object())
    InsightsSource('/vpc/flow-logs')
    """

    most_accepts = 500_000
    """Accepted flows that a summary reads; each 100,000 are a query."""

    def __init__(
        self,
        log_groups: str | Iterable[str],
        session: Any = None,
        format: LogFormat | str | None = None,
        *,
        region: str | None = None,
        max_scan: float | str | None = MAX_SCAN,
        ask: Callable[[str], bool] | None = None,
        keep: Answers | bool = True,
        progress: bool | None = None,
        deadline: float = DEADLINE,
        budget: Budget | None = None,
    ) -> None:
        """Check the values; nothing is asked yet."""
        self._targets = (log_groups,) if isinstance(log_groups, str) else tuple(log_groups)
        if not self._targets or not all(isinstance(name, str) and name.strip() for name in self._targets):
            raise ArgumentError(
                f"log_groups is {log_groups!r}; give the name or ARN of a log group, or a VPC's, subnet's, interface's "
                "or instance's id, or a list of these"
            )
        if not deadline > 0:
            raise ArgumentError(f"deadline is {deadline!r}; give a number of seconds above 0, for example 900")
        self._max_scan, self._ask, self._progress, self._deadline = scan_limit(max_scan), ask, progress, float(deadline)
        self._answers = keep if isinstance(keep, Answers) else Answers() if keep else None
        self._session = session if session is not None else aws.default_session(region)
        self._ledger = ledger_of(self._session)
        self._rows = Rows()
        budget = budget if budget is not None else budget_of(self._session)
        self._known = Known(self._session, self._targets, region, log_format(format), budget)
        self._region = region

    def __repr__(self) -> str:
        """Show the log groups as they were given."""
        return f"InsightsSource({(self._targets[0] if len(self._targets) == 1 else list(self._targets))!r})"

    @property
    def fields(self) -> tuple[str, ...]:
        """Column names of the records, those of all formats in order."""
        return self._known.columns

    @property
    def groups(self) -> tuple[LogGroup, ...]:
        """The log groups that are queried."""
        return self._known.groups

    @property
    def usage(self) -> Usage:
        """What was asked of Logs Insights in this session: queries, bytes scanned, dollars, answers had for nothing."""
        return self._ledger.usage

    @property
    def skipped(self) -> pd.DataFrame:
        """Lines that do not fit the format, at most 1,000: `file` (log stream), `line` (unknown), `reason`, `message`.

        Looked for in all that the log groups hold, which is a query like any other.
        """
        first = self._known.formats[0].columns[0]
        query = f"fields @logStream, @message | filter not ispresent({s.spell(first)}) | limit {SKIPPED}"
        found = self.run(query)
        reasons = [_reason(self._known.formats, message) for message in found["@message"]]
        return pd.DataFrame(
            {
                "file": found["@logStream"].astype("str"),
                "line": pd.array([None] * len(found), dtype="Int64"),
                "reason": pd.Series(reasons, dtype="str"),
                "message": found["@message"].astype("str"),
            }
        )

    def doctor(self) -> list[Finding]:
        """Return in sentences what is missing between the traffic and an answer, most important first."""
        return doctor(self._session, self._targets, region=self._region)

    def estimate(self, query: str, window: Window | None = None, *, all_rows: bool = False) -> Estimate:
        """Return what a query will scan and cost, worked out from stored bytes and earlier queries; nothing is run."""
        return self._estimate(question(self._known, query, window, all_rows))

    def run(
        self, query: str, window: Window | None = None, *, all_rows: bool = False, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Answer a Logs Insights query; the answer is whole, or an error is raised.

        Parameters
        ----------
        query : str
            Query text. What this package's engine does not know (`pattern`, `diff` …) goes to the service as it is;
            the columns of such an answer are typed by what they look like.
        window : Window, optional
            Records that start in it; all where it is left out.
        all_rows : bool
            Fetch all rows where the query sets no limit, in as many queries as that takes.
        watch : Watch, optional
            Progress and cancel; cancelling stops the queries on the service.

        Returns
        -------
        DataFrame
            Whole numbers `Int64`, other numbers `Float64`, text `str`, times `datetime64[ms, UTC]`;
            `attrs["unsettled_from"]` where records from then on may still come in.

        Raises
        ------
        QueryError
            If the query is not allowed; nothing was paid for then.
        ArgumentError
            If the window is none.
        CostError
            If it would scan more than `max_scan`.
        OverfullError, IncompleteError
            If all rows cannot be had, or came short.
        QueryEndedError, DeadlineError
            If the service did not finish it.
        AwsError
            If AWS refuses or does not answer.
        QueryCancelledError
            If the watch was cancelled.
        """
        quiet = watch is not None
        watch = watch or Watch()
        watch.check()
        asked = question(self._known, query, window, all_rows)
        if asked.counted and order_of(asked.stages or ()) is None:  # pieces of time cannot be sorted on the service
            return Combined([self]).run(query, window, all_rows=True, watch=watch)
        for warning in asked.warnings:
            warnings.warn(warning, stacklevel=2)
        table = self._kept(asked)
        if table is None:
            table = self._fetch(asked, watch, self._progress if not quiet else False)
        frame = pages.guessed(table) if asked.answer is None else pages.typed(table, asked.answer, asked.names)
        if asked.unsettled is not None:
            frame.attrs[UNSETTLED] = pd.Timestamp(asked.unsettled, unit="s", tz="UTC")
        watch.report(1.0, "done")
        return frame

    # what it costs

    def _estimate(self, asked: Question) -> Estimate:
        known = self._known
        names = frozenset(group.arn for group in known.groups)
        stored = known.stored(known.service.now())
        once = self._ledger.estimate(names, asked.first, asked.end, stored, known.service.region)
        if once.bytes is None or not asked.counted:
            return once
        return Estimate(2 * once.bytes, 2 * once.dollars, f"{once.because}, read twice: to count and to fetch")

    # the answer

    def _fetch(self, asked: Question, watch: Watch, progress: bool | None) -> pa.Table:
        known, estimate = self._known, self._estimate(asked)
        allowed = consent(estimate, self._max_scan, self._ask)
        region = known.service.region
        names = frozenset(group.arn for group in known.groups)

        def noted(ask: Ask, statistics: Mapping[str, float]) -> None:
            scanned, records = statistics.get("bytesScanned", 0.0), statistics.get("recordsScanned", 0.0)
            self._ledger.add(Scan(names, ask.first, ask.end, scanned, records), region)

        with shown(progress, "Logs Insights") as bar:
            desk = Desk(
                known.service,
                [group.arn for group in known.groups],
                deadline=self._deadline,
                check=watch.check,
                progress=lambda state, counted: _report(bar, watch, estimate, region, state, counted),
                most_bytes=None if allowed or self._max_scan is None else ROUGH * self._max_scan,
                noted=noted,
            )
            wanted = Wanted(
                asked.sent,
                asked.stages,
                asked.first,
                asked.end,
                asked.answer.cap if asked.answer is not None else None,
                self._ledger.most_records(names, asked.first, asked.end),
            )
            try:
                found = self._rows.fetch(desk, wanted)
            except RefusedError as error:
                raise refused(error, asked) from error
        table = pages.table(found, asked.names)
        key = self._key(asked)
        if self._answers is not None and key is not None:
            self._answers.keep(key, table)
        return table

    def _kept(self, asked: Question) -> pa.Table | None:
        """Return the answer to the same question over the same settled window, if it is kept."""
        key = self._key(asked)
        found = self._answers.find(key) if self._answers is not None and key is not None else None
        if found is not None:
            self._ledger.reuse()
        return found

    def _key(self, asked: Question) -> str | None:
        """Return the name under which an answer is kept; None where it may be another one later."""
        identity = self._known.identity
        if asked.unsettled is not None or identity is None:
            return None
        return Answers.key(
            identity=identity,
            groups=sorted([group.arn, str(group.created)] for group in self._known.groups),
            query=asked.sent,
            names=asked.names,
            span=[asked.first, asked.end],
            cap=asked.answer.cap if asked.answer is not None else None,
        )


def _report(bar: Bar, watch: Watch, estimate: Estimate, region: str, state: str, counted: Mapping[str, float]) -> None:
    scanned = counted.get("bytesScanned", 0.0)
    cost = dollars(scanned, region)
    share = min(0.99, scanned / estimate.bytes) if estimate.bytes else 0.0
    bar.update(state=state, fraction=share, records=counted.get("recordsScanned", 0.0), bytes=scanned, dollars=cost)
    watch.report(share, f"{state}, {size_text(scanned)} scanned ({dollars_text(cost)})")


def _reason(formats: tuple[LogFormat, ...], message: str) -> str:
    reasons = []
    for one in formats:
        try:
            one.parse_line(message)
        except FormatError as error:
            reasons.append(str(error))
    return reasons[0] if reasons else "the service found no fields in it"
