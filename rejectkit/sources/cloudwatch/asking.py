"""Queries on the Logs Insights service: started, waited for, read page by page, and stopped if anything goes wrong.

A query is never left running: each text carries a mark of its own in a comment, by which a query is found again
whose start was not confirmed.
"""

from __future__ import annotations

import contextlib
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rejectkit.aws import Service
from rejectkit.errors import (
    AwsError,
    ConnectionLostError,
    CostError,
    DeadlineError,
    IncompleteError,
    QueryEndedError,
    QuotaError,
    RefusedError,
    RejectkitError,
)
from rejectkit.sources.cloudwatch import pages
from rejectkit.sources.progress import size_text

ACTIVE = ("Scheduled", "Running")
DEADLINE = 900.0
FIRST_NAP, LONGEST_NAP = 0.1, 4.0
STARTS = 3  # times a query is started whose start got lost
_MENDS = {
    "Failed": "run it again; if it fails again, ask for a shorter window",
    "Timeout": "it ran for the service's longest time: ask for a shorter window, or filter on an indexed field",
    "Cancelled": "somebody else stopped it: run it again",
    "Unknown": "the service lost track of it: run it again",
}

Progress = Callable[[str, Mapping[str, float]], None]


@dataclass(frozen=True, slots=True)
class Ask:
    """One query as it is sent.

    Attributes
    ----------
    text : str
        The query.
    first, end : int
        Seconds since the epoch, half-open; the service is sent `end - 1`, as its bounds are both inside.
    limit : int or None
        Rows the service may return; None where the text says it.
    expected : int or None
        Rows that were counted before.
    """

    text: str
    first: int
    end: int
    limit: int | None = None
    expected: int | None = None

    @property
    def span(self) -> str:
        """The span in words."""
        first, end = (datetime.fromtimestamp(second, UTC) for second in (self.first, self.end))
        return f"{first:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The whole answer to one query: its pages, and what the service counted."""

    pages: tuple[pages.Page, ...]
    statistics: Mapping[str, float]
    rows: int


@dataclass(slots=True)
class _Running:
    """A query on the service."""

    number: int
    ask: Ask
    mark: str
    id: str = ""
    starts: int = 0
    unsure: bool = False  # it was sent, and no answer has come yet
    began: float = 0.0
    nap: float = FIRST_NAP
    due: float = 0.0
    polls: int = 0
    statistics: Mapping[str, float] = field(default_factory=dict)


class Desk:
    """Runs queries over some log groups of one region, several at once.

    Parameters
    ----------
    service : Service
        CloudWatch Logs.
    groups : sequence of str
        ARNs or names of log groups.
    deadline : float
        Seconds after which a query that has not ended is stopped.
    check : callable
        Called between any two steps; what it raises ends all queries.
    progress : callable, optional
        Told a state and the sum of what the service counted so far.
    most_bytes : float or None
        Bytes above which the queries are stopped while they run.
    noted : callable
        Given each query that ran, and what the service counted: also of those that did not end well.
    """

    def __init__(
        self,
        service: Service,
        groups: Sequence[str],
        *,
        deadline: float = DEADLINE,
        check: Callable[[], None] = lambda: None,
        progress: Progress | None = None,
        most_bytes: float | None = None,
        noted: Callable[[Ask, Mapping[str, float]], None] = lambda ask, statistics: None,
    ) -> None:
        """Nothing is asked yet."""
        self._noted = noted
        self._service, self._groups, self._deadline = service, list(groups), deadline
        self._check, self._progress, self._most_bytes = check, progress, most_bytes
        self._budget = service.budget
        self._past: dict[str, float] = {}

    def fetch(self, asks: Sequence[Ask]) -> list[Fetched]:
        """Return the whole answers to queries, in their order; if one cannot be had, all are stopped and it raises.

        Raises
        ------
        QueryEndedError
            If a query ends as Failed, Timeout, Cancelled or Unknown.
        DeadlineError, CostError, IncompleteError, AwsError
            As they say; nothing partial is returned, and nothing is left running.
        """
        waiting = deque(_Running(number, ask, uuid.uuid4().hex[:12]) for number, ask in enumerate(asks))
        running: list[_Running] = []
        done: dict[int, Fetched] = {}
        try:
            while waiting or running:
                self._check()
                while waiting and self._room(running):
                    running.append(waiting.popleft())
                    if not self._start(running[-1], alone=len(running) == 1):
                        waiting.appendleft(running.pop())
                        self._leave()
                        break
                one = min(running, key=lambda each: each.due)
                self._wait_until(one.due)
                fetched = self._poll(one)
                if fetched is not None:
                    running.remove(one)
                    self._leave()
                    done[one.number] = fetched
                    self._note(one)
        except BaseException as error:
            self._stop(running, error)
            raise
        return [done[number] for number in range(len(done))]

    # the account's room for queries, shared by all sources of a session

    def _room(self, running: Sequence[_Running]) -> bool:
        """Take a place for one more query, if there is one; the first of ours waits for it."""
        while not self._budget.enter(self._service.region):
            if running:
                return False
            self._tell("waiting for other queries of this session", None)
            self._nap(0.2)
        return True

    def _leave(self) -> None:
        self._budget.leave(self._service.region)

    # one query

    def _start(self, one: _Running, *, alone: bool) -> bool:
        """Start a query; False if the account has no room and others of ours will make some."""
        one.began = self._budget.now()
        nap = 1.0
        while True:
            one.starts += 1
            one.unsure = True
            try:
                one.id = self._sent(one)
                break
            except QuotaError:
                one.unsure = False
                if not alone:
                    return False
                if self._budget.now() - one.began > self._deadline:
                    raise
                self._tell("waiting for other queries of the account", None)
                self._nap(nap)
                nap = min(2 * nap, 15.0)
            except ConnectionLostError:
                one.id = self._found(one.mark) or ""
                if one.id:
                    break
                if one.starts >= STARTS:
                    raise
            except AwsError:  # a clear no: there is no query
                one.unsure = False
                raise
        one.due = self._budget.now()
        return True

    def _sent(self, one: _Running) -> str:
        ask = one.ask
        params: dict[str, Any] = {
            "logGroupIdentifiers": self._groups,
            "startTime": ask.first,
            "endTime": ask.end - 1,
            "queryString": f"# rejectkit {one.mark}\n{ask.text}",
        }
        if ask.limit is not None:
            params["limit"] = ask.limit
        answer = self._service.call("StartQuery", check=self._check, repeatable=False, **params)
        return str(answer["queryId"])

    def _found(self, mark: str) -> str | None:
        """Return the id of a query whose start was not confirmed, if it did start."""
        for attempt in range(2):
            if attempt:
                self._budget.nap(1.0)
            answer = self._service.call("DescribeQueries", maxResults=100)
            for query in answer.get("queries", []):
                if mark in query.get("queryString", ""):
                    return str(query["queryId"])
        return None

    def _poll(self, one: _Running) -> Fetched | None:
        """Ask how a query is; its whole answer once it is complete."""
        one.polls += 1
        # while it runs the service sends the rows so far: after the first time, ask for none that matter
        few = {} if one.polls == 1 else {"maxItems": 1}
        page = self._page(one, **few)
        one.statistics = page.statistics
        self._tell(page.status.lower(), one)
        if page.status in ACTIVE:
            self._guard(one)
            one.due = self._budget.now() + one.nap
            one.nap = min(1.6 * one.nap, LONGEST_NAP)
            return None
        if page.status != "Complete":
            raise self._ended(one, page)
        return self._read(one, None if few else page)

    def _read(self, one: _Running, page: pages.Page | None) -> Fetched:
        """Read all pages of a complete query; once more from the first if a token grew too old meanwhile."""
        for again in (False, True):
            found = [page if page is not None and not again else self._page(one)]
            try:
                while found[-1].next_token is not None:
                    self._tell("reading", one)
                    found.append(self._page(one, nextToken=found[-1].next_token))
            except RefusedError:
                if again:
                    raise
                continue
            break
        rows = sum(len(each.rows) for each in found)
        statistics = found[0].statistics
        told = statistics.get("resultCount")
        expected = max(int(told) if told is not None else 0, one.ask.expected or 0)
        if rows < expected:
            raise IncompleteError(
                f"the query over {one.ask.span} returned {rows:,} of {expected:,} rows; nothing of it is given out; "
                "run it again",
                expected=expected,
                got=rows,
            )
        return Fetched(tuple(found), statistics, rows)

    def _page(self, one: _Running, **more: Any) -> pages.Page:
        self._check()
        return pages.read_page(self._service.body("GetQueryResults", check=self._check, **{"queryId": one.id, **more}))

    def _ended(self, one: _Running, page: pages.Page) -> QueryEndedError:
        status = page.status
        sentence = f"the query over {one.ask.span} ended as {status}; nothing of it is given out; " + _MENDS.get(
            status, "run it again"
        )
        return QueryEndedError(sentence, status=status, query_id=one.id, statistics=page.statistics)

    def _guard(self, one: _Running) -> None:
        """Stop what runs too long, or scans more than it may."""
        if self._budget.now() - one.began > self._deadline:
            raise DeadlineError(
                f"the query over {one.ask.span} did not end within {self._deadline:g} s and was stopped; ask for a "
                "shorter window, or give the source a longer deadline"
            )
        scanned = self._past.get("bytesScanned", 0.0) + one.statistics.get("bytesScanned", 0.0)
        if self._most_bytes is not None and scanned > self._most_bytes:
            raise CostError(
                f"the query over {one.ask.span} has scanned {size_text(scanned)} by now, more than was estimated and "
                f"more than it may ({size_text(self._most_bytes)}), and was stopped; ask for a shorter window, or give "
                "the source a larger max_scan",
                estimated=scanned,
                limit=self._most_bytes,
            )

    # the end

    def _stop(self, running: Sequence[_Running], error: BaseException) -> None:
        """Stop what still runs on the service; what could not be stopped is said in a note of the error."""
        ended = error.query_id if isinstance(error, QueryEndedError) else None
        for one in running:
            self._leave()
            if one.statistics:
                self._note(one)
            if one.id == ended and ended:
                continue
            try:
                self._stop_one(one)
            except RejectkitError as why:
                left = f"the query {one.id or one.mark} may still run on the service, as it could not be stopped: {why}"
                error.add_note(left)

    def _stop_one(self, one: _Running) -> None:
        name = one.id or (self._found(one.mark) if one.unsure else None)
        if not name:
            return
        with contextlib.suppress(RefusedError):  # it has ended by itself
            self._service.call("StopQuery", queryId=name)

    # waiting and telling

    def _wait_until(self, due: float) -> None:
        left = due - self._budget.now()
        if left > 0:
            self._nap(left)

    def _nap(self, seconds: float) -> None:
        self._budget.nap(seconds, self._check)

    def _note(self, one: _Running) -> None:
        for name, value in one.statistics.items():
            self._past[name] = self._past.get(name, 0.0) + value
        self._noted(one.ask, one.statistics)

    def _tell(self, state: str, about: _Running | None) -> None:
        if self._progress is None:
            return
        more = about.statistics if about is not None else {}
        self._progress(state, {name: self._past.get(name, 0.0) + more.get(name, 0.0) for name in {*self._past, *more}})
