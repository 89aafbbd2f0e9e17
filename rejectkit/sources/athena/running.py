"""One query on Athena: started, waited for to its end state, and stopped if anything goes wrong.

A query is never left running. Its start carries a token, so that a start whose answer got lost is made again without
a second query.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import (
    AwsError,
    ConnectionLostError,
    CostError,
    DeadlineError,
    QueryEndedError,
    RefusedError,
    RejectkitError,
)
from rejectkit.pacing import Check
from rejectkit.sources.athena.setting import Setting
from rejectkit.sources.progress import size_text

ACTIVE: Final = ("QUEUED", "RUNNING")
ENDED: Final = ("SUCCEEDED", "FAILED", "CANCELLED")
DEADLINE: Final = 1800.0
LONGEST_TEXT: Final = 262_144  # bytes of a query's text. Source: StartQueryExecution
_SPENT = re.compile("timeout|time limit|exhausted|EXCEEDED_", re.IGNORECASE)
FIRST_NAP, LONGEST_NAP = 0.1, 2.0
STARTS: Final = 3  # times a query is started that failed by a fault of Athena's; those cost nothing
PATIENCE: Final = 10.0  # seconds for which a query is looked for whose start was not confirmed


@dataclass(frozen=True, slots=True)
class Execution:
    """A query on Athena, as GetQueryExecution tells of it.

    Attributes
    ----------
    id, state : str
        Its id, and QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED.
    reason : str
        Why it ended so, in Athena's words; empty where it does not say.
    scanned : float
        Bytes, so far.
    output : str or None
        Where its result is; None where Athena keeps it itself.
    plain : bool
        Whether the result can be read as it lies there: it is not encrypted by the client.
    category : int
        Of an error: 1 the system's, 2 the user's, 3 another; 0 where it does not say.
    again : bool
        Whether it may be tried again: Athena says so, the fault is its own, and it did not run out of time or memory.
    """

    id: str
    state: str
    reason: str = ""
    scanned: float = 0.0
    output: str | None = None
    plain: bool = True
    category: int = 0
    again: bool = False

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Execution:
        """Return what an answer of GetQueryExecution says."""
        status, result = told.get("Status", {}), told.get("ResultConfiguration", {})
        error = status.get("AthenaError") or {}
        managed = (told.get("ManagedQueryResultsConfiguration") or {}).get("Enabled")
        reasons = [one for one in (status.get("StateChangeReason"), error.get("ErrorMessage")) if one]
        reason, category = " ".join(max(reasons, key=len, default="").split()), int(error.get("ErrorCategory") or 0)
        return cls(
            id=str(told.get("QueryExecutionId", "")),
            state=str(status.get("State", "")),
            reason=reason,
            scanned=float((told.get("Statistics") or {}).get("DataScannedInBytes") or 0),
            output=None if managed else result.get("OutputLocation"),
            plain=(result.get("EncryptionConfiguration") or {}).get("EncryptionOption") != "CSE_KMS",
            category=category,
            again=bool(error.get("Retryable")) and category == 1 and not _SPENT.search(reason),
        )

    @property
    def statistics(self) -> dict[str, float]:
        """What it counted, as an error tells it."""
        return {"bytesScanned": self.scanned}


@dataclass(frozen=True, slots=True)
class Run:
    """Runs queries on Athena, one at a time.

    Attributes
    ----------
    service : Service
        Athena.
    setting : Setting
        The work group.
    database, catalog : str
        Where names in the SQL are looked up.
    deadline : float
        Seconds after which a query that has not ended is stopped.
    check : callable
        Called between any two steps; what it raises stops the query.
    progress : callable
        Told a state, and bytes scanned so far.
    most_bytes : float or None
        Bytes above which the query is stopped while it runs.
    noted : callable
        Given each query that ran: also one that did not end well.
    """

    service: Service
    setting: Setting
    database: str
    catalog: str
    deadline: float = DEADLINE
    check: Check = lambda: None
    progress: Callable[[str, float], None] = lambda state, scanned: None
    most_bytes: float | None = None
    noted: Callable[[Execution], None] = field(default=lambda execution: None)

    def to_its_end(self, sql: str) -> Execution:
        """Run a query until it has ended: SUCCEEDED, FAILED or CANCELLED.

        Raises
        ------
        RefusedError
            If its text is longer than Athena takes.
        QueryEndedError
            If Athena tells another state than it documents.
        DeadlineError, CostError, AwsError
            As they say; nothing is left running.
        """
        size = len(sql.encode())
        if size > LONGEST_TEXT:
            raise RefusedError(
                f"the SQL of this query has {size:,} bytes, and Athena takes {LONGEST_TEXT:,}; make the query shorter, "
                "or ask in parts; nothing was sent",
                operation="athena.StartQueryExecution",
            )
        end = self.service.budget.now() + self.deadline
        for attempt in range(1, STARTS + 1):
            execution = self._once(sql, end)
            if not (execution.state == "FAILED" and execution.again and attempt < STARTS):
                break
            self.progress("waiting to start it again", execution.scanned)
            self.service.budget.nap(min(2.0**attempt, max(0.0, end - self.service.budget.now())), self.check)
        return execution

    def _once(self, sql: str, end: float) -> Execution:
        budget, nap = self.service.budget, FIRST_NAP
        token = uuid.uuid4().hex
        latest = Execution(self._start(sql, token), "QUEUED")
        try:
            while True:
                told = self.service.call("GetQueryExecution", check=self.check, QueryExecutionId=latest.id)
                latest = Execution.of(told["QueryExecution"])
                self.progress(latest.state.lower(), latest.scanned)
                if latest.state not in ACTIVE:
                    break
                self._guard(latest, end)
                budget.nap(nap, self.check)
                nap = min(1.5 * nap, LONGEST_NAP)
            if latest.state not in ENDED:
                raise QueryEndedError(
                    f"the Athena query {latest.id} is told to be {latest.state!r}, a state this package does not know; "
                    "it was stopped, and nothing of it is given out; look for a newer rejectkit",
                    status=latest.state,
                    query_id=latest.id,
                    statistics=latest.statistics,
                )
        except BaseException as error:
            self._stop(latest.id, error)
            self.noted(latest)
            raise
        self.noted(latest)
        return latest

    def _start(self, sql: str, token: str) -> str:
        """Start a query, and return its id; if that is broken off, see that none runs."""
        tried = False

        def check() -> None:
            nonlocal tried
            self.check()
            tried = True

        try:
            return self._send(sql, token, check)
        except BaseException as error:
            unsure = isinstance(error, ConnectionLostError) or not isinstance(error, AwsError)
            if tried and unsure:
                self._recover(sql, token, error)
            raise

    def _send(self, sql: str, token: str, check: Check) -> str:
        answer = self.service.call(
            "StartQueryExecution",
            check=check,
            QueryString=sql,
            ClientRequestToken=token,
            QueryExecutionContext={"Database": self.database, "Catalog": self.catalog},
            **self.setting.params,
        )
        return str(answer["QueryExecutionId"])

    def _recover(self, sql: str, token: str, error: BaseException) -> None:
        """Stop a query that may have started: the same token tells its id, or starts it to be stopped at once."""
        end = self.service.budget.now() + PATIENCE

        def check() -> None:
            if self.service.budget.now() > end:
                raise DeadlineError("there was no answer")

        try:
            found = self._send(sql, token, check)
        except RejectkitError as why:
            error.add_note(f"the query may run on Athena, as it is not known whether it was started: {why}")
            return
        self._stop(found, error)
        self.noted(Execution(found, "CANCELLED"))

    def _guard(self, latest: Execution, end: float) -> None:
        """Stop what runs too long, or scans more than it may."""
        if self.service.budget.now() > end:
            raise DeadlineError(
                f"the Athena query {latest.id} did not end within {self.deadline:g} s and was stopped; ask for a "
                "shorter window, or give the source a longer deadline"
            )
        if self.most_bytes is not None and latest.scanned > self.most_bytes:
            raise CostError(
                f"the Athena query {latest.id} has scanned {size_text(latest.scanned)} by now, more than was estimated "
                f"and more than it may ({size_text(self.most_bytes)}), and was stopped; ask for a shorter window, or "
                "give the source a larger max_scan",
                estimated=latest.scanned,
                limit=self.most_bytes,
            )

    def _stop(self, name: str, error: BaseException) -> None:
        """Stop a query; where that cannot be done, a note of the error says so."""
        try:
            self.service.call("StopQueryExecution", QueryExecutionId=name)
        except RefusedError:  # it has ended by itself
            return
        except RejectkitError as why:
            error.add_note(f"the query {name} may still run on Athena, as it could not be stopped: {why}")
