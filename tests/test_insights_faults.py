"""What goes wrong between a question and its answer on CloudWatch: what the user sees, that nothing is left running.

The table in docs/cloudwatch.md is made of these cases; `python -m tests.test_insights_faults` prints it.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import rejectkit as rk
from rejectkit import errors
from rejectkit.sandbox import Fault, Limits
from rejectkit.sandbox.logs.queries import Insights
from tests.on_sandbox import on_sandbox

NOON = 1_793_534_400  # 2026-11-01 12:00:00 UTC
FIELDS = ("srcport", "start", "action")
ROWS = 120
WINDOW = rk.Window(datetime.fromtimestamp(NOON, UTC), datetime.fromtimestamp(NOON + ROWS, UTC))
PAGE = Path(__file__).resolve().parents[1] / "docs" / "cloudwatch.md"
FOREVER = 10_000


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong: how it is planted, and what comes of it; `error` None is the whole answer."""

    name: str
    faults: tuple[tuple[str, dict[str, Any]], ...] = ()
    error: type[Exception] | None = None
    says: str = ""
    seconds: float = 5.0
    options: dict[str, Any] = field(default_factory=dict)


def fault(operation: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """Return a fault to be made anew for each run, as it counts its calls."""
    return operation, more


CASES = [
    Case("`StartQuery` throttled three times", (fault("StartQuery", code="ThrottlingException", times=3),)),
    Case("`GetQueryResults` throttled three times", (fault("GetQueryResults", code="ThrottlingException", times=3),)),
    Case(
        "throttled for longer than a minute",
        (fault("GetQueryResults", code="ThrottlingException", times=FOREVER),),
        errors.ThrottledError,
        "logs.GetQueryResults is called too often in eu-west-1",
    ),
    Case(
        "too many queries in the account, for a while",
        (fault("StartQuery", code="LimitExceededException", times=4),),
    ),
    *(
        Case(f"a query ends as {status}", (fault("StartQuery", outcome=status, after=1),), errors.QueryEndedError, text)
        for status, text in (
            ("Failed", "ended as Failed; nothing of it is given out; run it again"),
            ("Timeout", "ended as Timeout; nothing of it is given out; it ran for the service's longest time"),
            ("Cancelled", "ended as Cancelled; nothing of it is given out; somebody else stopped it"),
            ("Unknown", "ended as Unknown; nothing of it is given out; the service lost track of it"),
        )
    ),
    *(
        Case(f"connection lost {where} `{operation}`{again}", (fault(operation, connection=kind, **more),))
        for operation in ("DescribeLogGroups", "StartQuery", "GetQueryResults")
        for kind, where in (("before", "before"), ("after", "after"), ("halfway", "in the middle of"))
        for again, more in (("", {}), (", later", {"after": 1}))
        if not (again and operation == "DescribeLogGroups")
    ),
    Case(
        "connection lost for good while pages are read",
        (fault("GetQueryResults", connection="before", after=3, times=FOREVER),),
        errors.ConnectionLostError,
        "logs.GetQueryResults",
    ),
    Case(
        "connection lost for good when a query is started",
        (fault("StartQuery", connection="after", times=FOREVER),),
        None,
    ),
    Case("a page that comes in half", (fault("GetQueryResults", connection="halfway", after=3),)),
    Case(
        "the service fails for a moment",
        (fault("GetQueryResults", code="ServiceUnavailableException", status=503, times=2),),
    ),
    Case(
        "credentials expire before the first query",
        (fault("StartQuery", code="ExpiredTokenException", times=1),),
        errors.CredentialsError,
        "expired",
    ),
    Case(
        "credentials expire while a query runs",
        (fault("GetQueryResults", code="ExpiredTokenException", after=1, times=1),),
        errors.CredentialsError,
        "expired",
    ),
    Case(
        "no permission for `logs:StartQuery`",
        (fault("StartQuery", code="AccessDeniedException", times=FOREVER),),
        errors.AccessDeniedError,
        "logs:StartQuery",
    ),
    Case(
        "a query that runs longer than the deadline",
        (),
        errors.DeadlineError,
        "did not end within 60 s and was stopped",
        seconds=3600,
        options={"deadline": 60},
    ),
    Case(
        "a scan over the limit",
        (),
        errors.CostError,
        "more than it may (120 B), and was stopped",
        options={"max_scan": 100},
    ),
]


@dataclass
class Outcome:
    """What came of a case."""

    frame: pd.DataFrame | None
    error: BaseException | None
    running: int
    started: int


def source_of(seconds: float, **options: Any) -> Any:
    """Return a source whose queries take so many simulated seconds, and whose waiting lets simulated time pass."""
    lines = [f"{at} {NOON + at} REJECT" for at in range(ROWS)]
    limits = Limits(rates={}, query_seconds=seconds, query_rows=100, page_rows=40)
    times = [(NOON + at) * 1000 for at in range(ROWS)]
    source = on_sandbox(times, lines, FIELDS, limits=limits, **options)
    clock = source.sandbox.clock
    budget = source._known._budget
    budget.now, budget._sleep = lambda: clock.stopwatch, lambda seconds: clock.advance(max(seconds, 0.001))
    source._rows.most_rows = 100
    return source


def running(source: Any) -> int:
    """Return how many queries the sandbox still runs."""
    return source.sandbox._world.region(source.sandbox.region).of(Insights).active()


def starts(source: Any) -> int:
    """Return how many queries were started."""
    return len(source.sandbox._world.region(source.sandbox.region).of(Insights).queries)


def outcome(case: Case) -> Outcome:
    """Run a case: two queries are needed, one to count the rows and two to fetch them."""
    source = source_of(case.seconds, **case.options)
    for operation, more in case.faults:
        source.sandbox.faults.add(Fault(operation, **more))
    try:
        found, error = source.records(WINDOW), None
    except Exception as raised:  # noqa: BLE001  it is looked at
        found, error = None, raised
    return Outcome(found, error, running(source), starts(source))


def row(case: Case, came: Outcome) -> str:
    """Return the row of a case in the table of the docs; endpoints and bytes are each run's own."""
    if came.error is None:
        return f"| {case.name} | the whole answer, a little later |"
    text = re.sub(r"https?://\S+|[0-9.]+ K?B\b", "…", str(came.error)).replace("|", "\\|")
    return f"| {case.name} | `{type(came.error).__name__}`: {text} |"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_the_user_sees(case: Case) -> None:
    """The whole answer or one error, as the docs tell it; no query runs on, and no part of an answer comes out."""
    came = outcome(case)
    assert came.running == 0
    if case.error is None:
        assert came.error is None, came.error
        assert came.frame is not None
        assert sorted(came.frame["srcPort"]) == list(range(ROWS))
        assert came.started == 3
    else:
        assert type(came.error) is case.error, repr(came.error)
        assert case.says in str(came.error)
        assert "\n" not in str(came.error)
    assert row(case, came) in PAGE.read_text(encoding="utf-8")


class _Interrupts(BaseException):
    """Stands for any wish to stop that is no Exception."""


@pytest.mark.parametrize("wish", [KeyboardInterrupt, _Interrupts])
@pytest.mark.parametrize("nap", [0, 1, 5, 30])
def test_an_interrupt_stops_the_queries_on_the_service(wish: type[BaseException], nap: int) -> None:
    """Whenever the interrupt comes while a query runs, it passes on, and nothing is left running."""
    source = source_of(3600.0)
    budget = source._known._budget
    sleep, naps = budget._sleep, iter(range(10_000))

    def sleeping(seconds: float) -> None:
        if next(naps) == nap:
            raise wish
        sleep(seconds)

    budget._sleep = sleeping
    with pytest.raises(wish):
        source.records(WINDOW)
    assert starts(source) == 1
    assert running(source) == 0


def test_cancel_stops_the_queries_on_the_service() -> None:
    """A watch that is cancelled while queries run ends them, as Cancelled, and raises."""
    source = source_of(3600.0)
    seen: list[str] = []

    def told(fraction: float, what: str) -> None:
        seen.append(what)
        if what.startswith("running"):
            watch.cancel()

    watch = rk.Watch(told)
    with pytest.raises(errors.QueryCancelledError, match="the work was cancelled; nothing was kept"):
        source.records(WINDOW, watch=watch)
    assert running(source) == 0
    (query,) = source.sandbox._world.region(source.sandbox.region).of(Insights).queries.values()
    assert query.status(source.sandbox.clock.stopwatch) == "Cancelled"


def test_a_query_that_cannot_be_stopped_is_named() -> None:
    """If stopping fails too, the error keeps its kind and a note names the query that may still run."""
    source = source_of(3600.0, deadline=60)
    source.sandbox.faults.add(Fault("StopQuery", code="AccessDeniedException", times=FOREVER))
    with pytest.raises(errors.DeadlineError) as caught:
        source.records(WINDOW)
    (query,) = source.sandbox._world.region(source.sandbox.region).of(Insights).queries
    assert any(query in note and "logs:StopQuery" in note for note in caught.value.__notes__)


def test_an_expired_page_token_is_read_again() -> None:
    """A token that grew too old between two pages costs a second reading, and no row."""
    source = source_of(0.0)
    source.sandbox.faults.add(
        Fault(
            "GetQueryResults", code="InvalidParameterException", message="The specified nextToken has expired.", after=3
        )
    )
    assert sorted(source.records(WINDOW)["srcPort"]) == list(range(ROWS))


def test_short_pages_are_noticed() -> None:
    """Rows that the service counted and did not send raise; nothing of the answer is given out."""
    source = source_of(0.0)
    handlers = source.sandbox._world.services["logs"]
    whole = handlers["GetQueryResults"]

    def short(world: Any, call: Any) -> bytes:
        told = whole(world, call)
        assert isinstance(told, bytes)
        return re.sub(rb'"nextToken": "[^"]*", ', b"", told)

    source.sandbox._world.services["logs"]["GetQueryResults"] = short
    try:
        with pytest.raises(errors.IncompleteError, match="returned 40 of 100 rows; nothing of it is given out"):
            source.records(WINDOW)
    finally:
        source.sandbox._world.services["logs"]["GetQueryResults"] = whole


def test_an_interrupted_process_leaves_no_query() -> None:
    """A real Ctrl-C in another process, while its query runs, ends that query on the service."""
    source = source_of(3600.0)
    program = textwrap.dedent(
        f"""
        import sys, rejectkit as rk
        source = rk.InsightsSource({source._targets[0]!r}, format="${{srcport}} ${{start}} ${{action}}", progress=False)
        print("asking", flush=True)
        source.run("stats count(*) as n")
        """
    )
    environment = {"PATH": "", **source.sandbox.environment}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        deadline = time.monotonic() + 60
        while not running(source) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert running(source) == 1
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=60)
    assert "KeyboardInterrupt" in told
    assert running(source) == 0


def main() -> None:
    """Print the table."""
    sys.stdout.write("| what goes wrong | what you see |\n| --- | --- |\n")
    sys.stdout.writelines(f"{row(case, outcome(case))}\n" for case in CASES)


if __name__ == "__main__":
    main()
