"""One query on Athena: started once, followed to its end state, and never left running."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest

from rejectkit.errors import (
    AccessDeniedError,
    ConnectionLostError,
    CostError,
    DeadlineError,
    QueryCancelledError,
    QueryEndedError,
    RefusedError,
)
from rejectkit.sources.athena.running import LONGEST_TEXT, STARTS, Execution, Run
from rejectkit.sources.athena.setting import Setting
from tests.athena_lab import fast

SETTING = Setting("primary", "s3://results/athena/", given=True)


class Stand:
    """A stand-in for Athena: what it answers in turn, and what it was asked."""

    def __init__(self, states: Iterable[Any] = (), starts: Iterable[Any] = ()) -> None:
        """Answer so; an exception among the answers is raised."""
        self.states, self.starts = list(states), list(starts)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.budget = fast()

    def call(self, operation: str, *, check: Callable[[], None] = lambda: None, **params: Any) -> Any:
        """Answer one call."""
        check()
        self.asked.append((operation, params))
        if operation == "StartQueryExecution":
            told = self.starts.pop(0) if self.starts else f"q{self.count('StartQueryExecution')}"
            if isinstance(told, BaseException):
                raise told
            return {"QueryExecutionId": told}
        if operation == "GetQueryExecution":
            told = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            if isinstance(told, BaseException):
                raise told
            return {"QueryExecution": {"QueryExecutionId": params["QueryExecutionId"], **told}}
        return {}

    def count(self, operation: str) -> int:
        """Return how often an operation was called."""
        return sum(name == operation for name, _ in self.asked)

    def run(self, sql: str = "SELECT 1", **options: Any) -> Execution:
        """Run a query."""
        service: Any = self
        return Run(service, SETTING, "logs", "AwsDataCatalog", **options).to_its_end(sql)


def state(name: str, scanned: float = 0, **status: Any) -> dict[str, Any]:
    """Return what GetQueryExecution tells."""
    return {"Status": {"State": name, **status}, "Statistics": {"DataScannedInBytes": scanned}}


DONE = {**state("SUCCEEDED", 5e6), "ResultConfiguration": {"OutputLocation": "s3://results/athena/q1.csv"}}
INTERNAL = state(
    "FAILED", AthenaError={"ErrorCategory": 1, "Retryable": True, "ErrorMessage": "GENERIC_INTERNAL_ERROR"}
)


def test_a_query_is_sent_with_all_that_it_needs() -> None:
    """Its database, its work group, the place of its result, and a token that makes a repeated start harmless."""
    athena = Stand([DONE])
    assert athena.run() == Execution("q1", "SUCCEEDED", scanned=5e6, output="s3://results/athena/q1.csv")
    ((_, sent), _) = athena.asked
    token = sent.pop("ClientRequestToken")
    assert 32 <= len(token) <= 128
    assert sent == {
        "QueryString": "SELECT 1",
        "QueryExecutionContext": {"Database": "logs", "Catalog": "AwsDataCatalog"},
        "WorkGroup": "primary",
        "ResultConfiguration": {"OutputLocation": "s3://results/athena/"},
    }


def test_it_is_followed_with_ever_longer_pauses() -> None:
    """Soon at first, then every two seconds; what is told on the way is the state and the bytes."""
    athena, told = Stand([state("QUEUED"), *[state("RUNNING", n) for n in range(20)], DONE]), []
    times = [athena.budget.now()]
    athena.run(progress=lambda name, scanned: (told.append((name, scanned)), times.append(athena.budget.now())))
    assert (told[0], told[3], told[-1]) == (("queued", 0), ("running", 2), ("succeeded", 5e6))
    pauses = [round(later - before, 3) for before, later in pairwise(times[1:])]
    assert pauses[:3] == [0.1, 0.15, 0.225]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("name", ["FAILED", "CANCELLED"])
def test_an_end_state_is_told_with_its_reason(name: str) -> None:
    """The longer of the two reasons that Athena gives; whose fault it is; what was scanned."""
    error = {"ErrorCategory": 2, "ErrorMessage": "SYNTAX_ERROR: line 1:8"}
    athena = Stand([state(name, 7, StateChangeReason="SYNTAX_ERROR", AthenaError=error)])
    found = athena.run()
    assert (found.state, found.reason, found.category, found.scanned) == (name, "SYNTAX_ERROR: line 1:8", 2, 7)
    assert athena.count("StopQueryExecution") == 0


@pytest.mark.parametrize("name", ["", "PAUSED"])
def test_an_unknown_state_is_an_error(name: str) -> None:
    """What Athena does not document is neither waited for nor taken for an answer; the query is stopped."""
    athena = Stand([state("RUNNING"), state(name)])
    with pytest.raises(QueryEndedError, match="a state this package does not know") as caught:
        athena.run()
    assert caught.value.status == name
    assert athena.count("StopQueryExecution") == 1


def test_a_fault_of_athenas_is_tried_again() -> None:
    """A failed query costs nothing, so it is started again where Athena says so, a few times."""
    athena = Stand([INTERNAL, DONE])
    assert athena.run().state == "SUCCEEDED"
    assert athena.count("StartQueryExecution") == 2
    for_ever = Stand([INTERNAL])
    assert for_ever.run().state == "FAILED"
    assert for_ever.count("StartQueryExecution") == STARTS
    tokens = {params["ClientRequestToken"] for name, params in for_ever.asked if name == "StartQueryExecution"}
    assert len(tokens) == STARTS


@pytest.mark.parametrize("words", ["Query timeout", "Query exhausted resources at this scale factor"])
def test_what_ran_out_of_time_or_memory_is_not_tried_again(words: str) -> None:
    """It would again, after half an hour."""
    athena = Stand([state("FAILED", AthenaError={"ErrorCategory": 1, "Retryable": True, "ErrorMessage": words})])
    assert athena.run().state == "FAILED"
    assert athena.count("StartQueryExecution") == 1


def test_a_query_is_stopped_at_its_deadline() -> None:
    """It does not run on for money that nobody waits for."""
    athena = Stand([state("RUNNING", 3e9)])
    noted: list[Execution] = []
    with pytest.raises(DeadlineError, match=r"the Athena query q1 did not end within 60 s and was stopped"):
        athena.run(deadline=60.0, noted=noted.append)
    assert athena.asked[-1] == ("StopQueryExecution", {"QueryExecutionId": "q1"})
    assert [one.scanned for one in noted] == [3e9]


def test_a_query_is_stopped_above_its_bytes() -> None:
    """The error says what was scanned by then, and what was allowed."""
    athena = Stand([state("RUNNING", 1e9), state("RUNNING", 3e9)])
    with pytest.raises(CostError, match=r"has scanned 3\.0 GB by now, .* more than it may \(2\.0 GB\)") as caught:
        athena.run(most_bytes=2e9)
    assert (caught.value.estimated, caught.value.limit) == (3e9, 2e9)
    assert athena.count("StopQueryExecution") == 1


@pytest.mark.parametrize("wish", [QueryCancelledError("stop"), KeyboardInterrupt(), ValueError("a fault elsewhere")])
def test_a_query_is_stopped_whatever_goes_wrong(wish: BaseException) -> None:
    """A wish to stop, an interrupt from the keyboard, any error."""
    athena = Stand([state("RUNNING"), wish])
    with pytest.raises(type(wish)):
        athena.run()
    assert athena.asked[-1] == ("StopQueryExecution", {"QueryExecutionId": "q1"})


def test_a_start_that_was_not_confirmed_is_looked_for_and_stopped() -> None:
    """The same token tells the id of the query that may run."""
    athena = Stand([DONE], [ConnectionLostError("lost"), "q7"])
    with pytest.raises(ConnectionLostError):
        athena.run()
    first, second, stop = athena.asked
    assert first[1]["ClientRequestToken"] == second[1]["ClientRequestToken"]
    assert stop == ("StopQueryExecution", {"QueryExecutionId": "q7"})


def test_what_may_still_run_is_said() -> None:
    """Where a query can be neither found nor stopped, the error has a note of it."""
    athena = Stand([DONE], [ConnectionLostError("lost"), ConnectionLostError("lost again")])
    with pytest.raises(ConnectionLostError) as caught:
        athena.run()
    assert caught.value.__notes__ == [
        "the query may run on Athena, as it is not known whether it was started: lost again"
    ]


@pytest.mark.parametrize("error", [AccessDeniedError("no"), RefusedError("no")])
def test_a_refused_start_is_not_looked_for(error: Exception) -> None:
    """Where Athena said no, nothing runs."""
    athena = Stand([DONE], [error])
    with pytest.raises(type(error)):
        athena.run()
    assert len(athena.asked) == 1


def test_a_wish_to_stop_before_the_start_starts_nothing() -> None:
    """Nothing is sent, so nothing is looked for."""
    athena = Stand([DONE])

    def check() -> None:
        raise QueryCancelledError("stop")

    with pytest.raises(QueryCancelledError):
        athena.run(check=check)
    assert athena.asked == []


def test_too_long_a_query_is_not_sent() -> None:
    """Athena takes 262,144 bytes; characters of other scripts are several."""
    athena = Stand([DONE])
    assert athena.run("x" * LONGEST_TEXT).state == "SUCCEEDED"
    with pytest.raises(RefusedError, match=r"has 262,146 bytes, and Athena takes 262,144; .* nothing was sent"):
        athena.run("é" * (LONGEST_TEXT // 2 + 1))
    assert athena.count("StartQueryExecution") == 1


@pytest.mark.parametrize(
    ("told", "output", "plain"),
    [
        ({"ResultConfiguration": {"OutputLocation": "s3://r/q.csv"}}, "s3://r/q.csv", True),
        ({"ManagedQueryResultsConfiguration": {"Enabled": True}}, None, True),
        (
            {
                "ResultConfiguration": {
                    "OutputLocation": "s3://r/q.csv",
                    "EncryptionConfiguration": {"EncryptionOption": "CSE_KMS"},
                }
            },
            "s3://r/q.csv",
            False,
        ),
        ({}, None, True),
    ],
    ids=["in S3", "kept by Athena", "encrypted by the client", "not told"],
)
def test_where_a_result_is(told: dict[str, Any], output: str | None, plain: bool) -> None:
    """As the execution says it, not as it was asked for."""
    found = Stand([{**state("SUCCEEDED"), **told}]).run()
    assert (found.output, found.plain) == (output, plain)
