"""What goes wrong between a question and its answer on Athena: what the user sees, and that nothing is left running.

`python -m tests.test_athena_failures` prints the cases as the table that the documentation has.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from rejectkit import errors
from rejectkit.records import LogFormat
from rejectkit.sandbox import Fault, Sandbox
from rejectkit.sandbox.athena.store import ENDED, Athena
from rejectkit.sandbox.services import SERVICES
from rejectkit.sources.athena import failures
from rejectkit.sources.athena.running import Execution
from rejectkit.sources.athena.setting import Setting
from rejectkit.sources.athena.table import AthenaTable
from rejectkit.sources.base import Watch
from rejectkit.sources.cost import Estimate
from rejectkit.window import Window
from tests.athena_lab import ACCOUNT, DAY, LOGS, OUTPUT, REGION, TABLE, calls, fast, lab, source

COUNT = "stats count(*) as flows by action"
FOREVER = 10_000


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with a table over three days."""
    with lab() as made:
        yield made


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong: how it is planted, and what comes of it; `error` None is the whole answer.

    `reason` is what Athena says of a query that ended so; `faults` are planted on calls.
    """

    name: str
    error: type[Exception] | None
    says: str
    reason: str = ""
    state: str = "FAILED"
    category: int = 2
    scanned: int = 0
    faults: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[Sandbox], Any] | None = None


def fault(operation: str, **more: Any) -> Mapping[str, Any]:
    """Return a fault to be made anew for each run, as it counts its calls."""
    return {"operation": operation, **more}


def invalid(message: str) -> tuple[Mapping[str, Any], ...]:
    """Return a refusal to start a query."""
    return (fault("StartQueryExecution", code="InvalidRequestException", message=message, times=FOREVER),)


def swapped(sandbox: Sandbox) -> Any:
    """Make a table whose columns do not stand in the order of its files, and return it."""
    fields = list(LogFormat.default().fields)
    fields[3], fields[4] = fields[4], fields[3]
    table = AthenaTable(
        "logs",
        "swapped",
        LOGS,
        accounts=ACCOUNT,
        regions=REGION,
        since=date(2026, 1, 1),
        format=LogFormat(tuple(fields)),
    )
    table.plan(sandbox.session).apply()
    return table


SQL_ERROR = "COLUMN_NOT_FOUND: line 4:3: Column 'log_status' cannot be resolved or requester is not authorized"
S3_DENIED = (
    "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://flow-logs/AWSLogs/x.log.gz (offset=0, length=100): "
    "com.amazonaws.services.s3.model.AmazonS3Exception: Access Denied (Service: Amazon S3; Status Code: 403)"
)
CASES = [
    Case(
        "the SQL is refused",
        errors.QueryEndedError,
        'Athena did not take the SQL that was made of the query at `FROM "logs"."vpc"`: the table was changed by '
        "somebody",
        SQL_ERROR,
    ),
    Case(
        "the SQL is refused when it is sent",
        errors.QueryEndedError,
        "was not started (line 1:8: mismatched input 'x'",
        faults=invalid("line 1:8: mismatched input 'x'. Expecting: 'SELECT'"),
    ),
    Case(
        "a text does not have the type that the SQL takes it for",
        errors.QueryEndedError,
        "Athena did not take the SQL",
        "TYPE_MISMATCH: line 1:8: '=' cannot be applied to varchar, bigint",
    ),
    Case(
        "somebody cancels the query",
        errors.QueryEndedError,
        "was cancelled (Query cancelled by user); nothing of it is given out; somebody else stopped it: run it again",
        "Query cancelled by user",
        "CANCELLED",
    ),
    Case(
        "the account's longest time is over",
        errors.QueryEndedError,
        "failed (Query timeout); nothing of it is given out; it ran for the longest time that the account lets a query "
        "run (30 minutes, where it was not changed): ask for a shorter window",
        "Query timeout",
        category=1,
    ),
    Case(
        "the source's deadline is over",
        errors.DeadlineError,
        "did not end within 60 s and was stopped",
        state="RUNNING",
        options={"deadline": 60.0},
    ),
    Case(
        "a call is throttled for a while",
        None,
        "",
        faults=(
            fault("StartQueryExecution", code="TooManyRequestsException", message="Rate exceeded", times=3),
            fault("GetQueryExecution", code="ThrottlingException", message="Rate exceeded", times=3),
        ),
    ),
    Case(
        "a call is throttled for longer than a minute",
        errors.ThrottledError,
        "athena.StartQueryExecution is called too often in eu-west-1",
        faults=(fault("StartQueryExecution", code="TooManyRequestsException", message="Rate exceeded", times=FOREVER),),
    ),
    Case(
        "S3 is asked too often by Athena",
        errors.ThrottledError,
        "S3, or Athena, is asked too often by this account: run it again later",
        "HIVE_CURSOR_ERROR: Please reduce your request rate. (Service: Amazon S3; Status Code: 503; Error Code: SlowDown)",
    ),
    Case(
        "no permission for `athena:StartQueryExecution`",
        errors.AccessDeniedError,
        "The IAM action athena:StartQueryExecution is not allowed",
        faults=(
            fault(
                "StartQueryExecution",
                code="AccessDeniedException",
                message="You are not authorized to perform: athena:StartQueryExecution on the resource.",
            ),
        ),
    ),
    Case(
        "no permission for `glue:GetTable`",
        errors.AccessDeniedError,
        "The IAM action glue:GetTable is not allowed",
        faults=(fault("GetTable", code="AccessDeniedException", message="no", times=FOREVER),),
    ),
    Case(
        "no permission to read the logs in S3",
        errors.AccessDeniedError,
        "the bucket 'flow-logs' may not be read: allow s3:GetObject and s3:ListBucket on it",
        S3_DENIED,
    ),
    Case(
        "no permission in Lake Formation",
        errors.AccessDeniedError,
        "grant SELECT on logs.vpc in Lake Formation",
        "Insufficient Lake Formation permission(s): Required Select on vpc",
    ),
    Case(
        "no permission to write the result",
        errors.AccessDeniedError,
        f"results cannot be written to {OUTPUT}; allow s3:PutObject",
        f"Access denied when writing output to url: {OUTPUT}q.csv . Please ensure you are allowed to access the S3 bucket",
    ),
    Case(
        "the work group's cut-off is reached",
        errors.CostError,
        "it had scanned 25.0 MB, more than the work group 'primary' lets a query scan",
        "Query cancelled! : Bytes scanned limit was exceeded",
        "CANCELLED",
        scanned=25_000_000,
    ),
    Case(
        "a query scans more than `max_scan` after all",
        errors.CostError,
        "has scanned 25.0 MB by now, more than was estimated and more than it may (6.0 MB), and was stopped",
        state="RUNNING",
        scanned=25_000_000,
        options={"max_scan": "5 MB"},
    ),
    Case(
        "a query would scan more than `max_scan`",
        errors.CostError,
        "more than max_scan allows (10 B); nothing was run; ask for a shorter window",
        options={"max_scan": 10},
    ),
    Case(
        "there is no such table",
        errors.MissingResourceError,
        "there is no table 'vcp' in the database 'logs' in eu-west-1; did you mean 'vpc'",
        options={"table": "logs.vcp"},
    ),
    Case(
        "the table is dropped in Athena's eyes",
        errors.MissingResourceError,
        "there is no such table for Athena in eu-west-1; check the name 'logs.vpc', the catalog and the region",
        "TABLE_NOT_FOUND: line 4:8: Table 'awsdatacatalog.logs.vpc' does not exist",
    ),
    Case(
        "the columns do not stand in the files' order",
        errors.FormatError,
        "the columns of logs.swapped do not stand in its files' order: its column 4 is 'dstaddr', the files' field 4 is "
        "'srcaddr'",
        before=swapped,
    ),
    Case(
        "a file does not fit the table",
        errors.QueryEndedError,
        "a file does not have the columns, or the types, that the table says: src.check() compares them",
        "HIVE_BAD_DATA: Field srcport's type INT64 in parquet file s3://flow-logs/a.parquet is incompatible with integer",
    ),
    Case(
        "a file is damaged",
        errors.QueryEndedError,
        "a file of the table cannot be read, as it is damaged or of another kind",
        "HIVE_CURSOR_ERROR: incorrect header check",
    ),
    Case(
        "a file goes away meanwhile",
        errors.QueryEndedError,
        "a file went away while the query ran",
        "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://flow-logs/x.gz: The specified key does not exist. NoSuchKey",
    ),
    Case(
        "files are in Glacier",
        errors.QueryEndedError,
        "files of this time are archived (Glacier), where Athena does not read them: restore them",
        "HIVE_CURSOR_ERROR: The operation is not valid for the object's storage class (InvalidObjectState)",
    ),
    Case(
        "the partitions are not told as they should be",
        errors.QueryEndedError,
        "the table's partitions are not told to Athena as they should be: src.check()",
        "INVALID_TABLE_PROPERTY: The projection range for partition column 'day' is invalid",
    ),
    Case(
        "a partition is of another form",
        errors.QueryEndedError,
        "the table's partitions are not told to Athena",
        "HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'x' for DATE partition key: day=x",
    ),
    Case(
        "a partition key has to be told its value",
        errors.ArgumentError,
        "give them to the source: partitions={'key': ['…']}",
        "CONSTRAINT_VIOLATION: For the injected projected partition column accid, the WHERE clause must contain only "
        "static equality conditions",
    ),
    Case(
        "Athena runs out of memory",
        errors.QueryEndedError,
        "it needs more memory than Athena has for one query: ask for a shorter window, or for fewer groups",
        "Query exhausted resources at this scale factor",
        category=1,
    ),
    Case(
        "Athena fails by itself, once",
        None,
        "",
        faults=(fault("StartQueryExecution", outcome="Failed"),),
    ),
    Case(
        "Athena fails by itself, again and again",
        errors.QueryEndedError,
        "the fault is at AWS: run it again",
        "GENERIC_INTERNAL_ERROR: unexpected",
        category=1,
    ),
    Case(
        "Athena says what nobody knows",
        errors.QueryEndedError,
        "failed (PLUTO_IN_RETROGRADE: no); nothing of it is given out; look the error up",
        "PLUTO_IN_RETROGRADE: no",
    ),
    Case(
        "there is no place for results",
        errors.ArgumentError,
        "'primary' has no place for results, and none was given; give output='s3://your-bucket/athena/'",
        options={"output": None},
    ),
    Case(
        "the place for results is not there",
        errors.MissingResourceError,
        "results cannot be written to s3://no-such-bucket-here/, as its bucket does not exist",
        options={"output": "s3://no-such-bucket-here"},
    ),
    Case(
        "there is no such work group",
        errors.MissingResourceError,
        "there is no Athena work group 'nobody' in eu-west-1",
        options={"workgroup": "nobody"},
    ),
    *(
        Case(f"connection lost {where} `{operation}`", None, "", faults=(fault(operation, connection=kind),))
        for operation in ("StartQueryExecution", "GetQueryExecution")
        for kind, where in (("before", "before"), ("after", "after"), ("halfway", "in the middle of"))
    ),
    Case(
        "connection lost for good when a query is started",
        errors.ConnectionLostError,
        "The connection was lost during athena.StartQueryExecution",
        faults=(fault("StartQueryExecution", connection="after", times=5),),
    ),
    Case(
        "connection lost for good while a query runs",
        errors.ConnectionLostError,
        "The connection was lost during athena.GetQueryExecution",
        faults=(fault("GetQueryExecution", connection="before", times=FOREVER),),
    ),
    Case(
        "the service fails for a moment",
        None,
        "",
        faults=(fault("GetQueryExecution", code="InternalServerException", status=500, times=2),),
    ),
    Case(
        "credentials expire while a query runs",
        errors.CredentialsError,
        "expired",
        faults=(fault("GetQueryExecution", code="ExpiredTokenException"),),
    ),
]


@pytest.fixture
def plant(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Case], None]]:
    """What lets a case go wrong on the sandbox's Athena, over HTTP as everything."""
    real = SERVICES["athena"]["GetQueryExecution"]

    def work(case: Case) -> None:
        for one in case.faults:
            sandbox.faults.add(Fault(**one))
        if not (case.reason or case.state == "RUNNING"):
            return

        def told(world: Any, call: Any) -> Any:
            found = real(world, call)["QueryExecution"]
            state = found["Status"]["State"] if found["Status"]["State"] == "CANCELLED" else case.state
            error = {"ErrorCategory": case.category, "ErrorType": 0, "Retryable": True, "ErrorMessage": case.reason}
            status = {
                "State": state,
                "StateChangeReason": case.reason,
                **({"AthenaError": error} if case.reason else {}),
            }
            return {"QueryExecution": {**found, "Status": status, "Statistics": {"DataScannedInBytes": case.scanned}}}

        monkeypatch.setitem(SERVICES["athena"], "GetQueryExecution", told)  # type: ignore[arg-type]  # it is a dict

    yield work
    sandbox.faults.clear()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_goes_wrong_is_said_in_a_sentence(sandbox: Sandbox, plant: Callable[[Case], None], case: Case) -> None:
    """One error of the package's own that says what, which value and how to mend it; and no query goes on."""
    table = case.before(sandbox) if case.before is not None else TABLE
    plant(case)
    src = source(sandbox, **{"table": table, "budget": fast(), **case.options})
    if case.error is None:
        assert src.run(COUNT, DAY)["flows"].sum() == 41
    else:
        with pytest.raises(case.error, match=re.escape(case.says)) as caught:
            src.run(COUNT, DAY)
        assert type(caught.value) is case.error
        if isinstance(caught.value, errors.QueryEndedError):
            assert caught.value.status == case.state
    sandbox.faults.clear()
    assert running(sandbox) == []
    if case.state == "RUNNING":
        assert stopped(sandbox)


def running(sandbox: Sandbox) -> list[str]:
    """Return the queries that have not ended."""
    athena = sandbox._world.region(REGION).of(Athena)
    now = sandbox.clock.stopwatch
    return [one.id for one in athena.executions.values() if one.state_at(now) not in ENDED]


def stopped(sandbox: Sandbox) -> bool:
    """Tell whether the latest query was asked to stop."""
    return any(one.operation == "StopQueryExecution" for one in list(sandbox._world.seen)[-3:])


def test_a_table_that_was_changed_meanwhile_is_asked_for_again(sandbox: Sandbox) -> None:
    """A query that fails by a column that is gone is made anew for the table as it is, once."""
    table = AthenaTable("logs", "moved", LOGS, accounts=ACCOUNT, regions=REGION, since=date(2026, 1, 1))
    table.plan(sandbox.session).apply()
    src = source(sandbox, table)
    assert src.run(COUNT, DAY)["flows"].sum() == 41
    glue = sandbox.session.client("glue")
    changed = table.definition().table_input()
    for column in changed["StorageDescriptor"]["Columns"]:
        if column["Name"] == "action":
            column["Name"] = "trafficaction"
    glue.update_table(DatabaseName="logs", TableInput=changed)
    assert src.run(COUNT, DAY)["flows"].sum() == 41
    glue.delete_table(DatabaseName="logs", Name="moved")
    with pytest.raises(errors.MissingResourceError, match="there is no table 'moved' in the database 'logs'"):
        src.run(COUNT, DAY)


def test_the_work_groups_own_cut_off_stops_a_query(sandbox: Sandbox) -> None:
    """The error says what was scanned, what may be, and how to change it."""
    athena = sandbox._world.region(REGION).of(Athena)
    settings = athena.groups["primary"].settings
    settings["BytesScannedCutoffPerQuery"] = 100
    try:
        with pytest.raises(errors.CostError, match=r"lets a query scan \(100 B\)") as caught:
            source(sandbox).run(COUNT, DAY)
    finally:
        del settings["BytesScannedCutoffPerQuery"]
    assert caught.value.estimated > caught.value.limit == 100


def test_a_table_of_a_wrong_order_runs_nothing(sandbox: Sandbox) -> None:
    """Its answers would be wrong without an error, so none is asked for; both orders and the file are shown."""
    before = calls(sandbox, "StartQueryExecution")
    src = source(sandbox, swapped(sandbox))
    for _ in range(2):
        with pytest.raises(errors.FormatError) as caught:
            src.run(COUNT, DAY)
    told = str(caught.value)
    assert "the table: version account_id interface_id dstaddr srcaddr" in told
    assert "the file:  version account-id interface-id srcaddr dstaddr" in told
    assert f"s3://{LOGS}/AWSLogs/" in told
    assert ".ddl()" in told
    assert calls(sandbox, "StartQueryExecution") == before
    assert "do not stand in its files' order" in src.check()[0].sentence


DENIED = {"Effect": "Deny", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{LOGS}", f"arn:aws:s3:::{LOGS}/*"]}
ALLOWED = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class Blind:
    """A session that may not read the logs, while Athena may: as where Lake Formation lends it the right."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Ask S3 as somebody else than everything."""
        self._real = sandbox.session
        self._blind = sandbox.session_for({"Statement": [ALLOWED, {**DENIED, "Resource": "*"}]}, "blind")

    def __getattr__(self, name: str) -> Any:
        """Be the session in everything else."""
        return getattr(self._real, name)

    def client(self, name: str, **more: Any) -> Any:
        """Return a client."""
        return (self._blind if name == "s3" else self._real).client(name, **more)


def test_a_bucket_that_may_not_be_read_here_is_no_hindrance(sandbox: Sandbox) -> None:
    """The order is then not compared, which the check says; the cost is not known; the result comes in pages."""
    session = Blind(sandbox)
    src = source(sandbox, session=session)
    short = Window(DAY.start, DAY.start + timedelta(hours=1))
    assert src.estimate(COUNT, short) == Estimate(None, 0.0, "nothing: s3:ListBucket on the bucket is not allowed")
    assert src.run(COUNT, DAY)["flows"].sum() == 41
    assert calls(sandbox, "GetQueryResults")
    assert "cannot be compared with a file" in src.check()[-1].sentence


def test_logs_that_athena_may_not_read_are_named(sandbox: Sandbox) -> None:
    """Athena reads them with the rights of whoever asks."""
    session = sandbox.session_for({"Statement": [ALLOWED, DENIED]}, "narrow")
    with pytest.raises(errors.AccessDeniedError, match=f"the bucket '{LOGS}' may not be read: allow s3:GetObject"):
        source(sandbox, session=session).run(COUNT, DAY)


def test_a_query_that_takes_too_long_for_athena(sandbox: Sandbox) -> None:
    """The sandbox's clock goes past the account's timeout, and the source tells what Athena did."""
    world, usual = sandbox._world, sandbox._world.limits
    world.limits = replace(usual, athena_seconds=1.0, athena_timeout=0.2)
    try:
        with pytest.raises(errors.QueryEndedError, match=r"failed \(Query timeout\)") as caught:
            source(sandbox).run(COUNT, DAY)
    finally:
        world.limits = usual
    assert caught.value.status == "FAILED"


def test_a_query_is_stopped_by_whoever_waits_for_it(sandbox: Sandbox) -> None:
    """Cancelling the watch stops it on Athena, at once."""
    world, usual = sandbox._world, sandbox._world.limits
    world.limits = replace(usual, athena_seconds=3600.0)
    watch = Watch(
        lambda share, what: watch.cancel() if what.startswith("running") or what.startswith("queued") else None
    )
    try:
        with pytest.raises(errors.QueryCancelledError):
            source(sandbox).run(COUNT, DAY, watch=watch)
        assert running(sandbox) == []
    finally:
        world.limits = usual


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("SYNTAX_ERROR: line 1:15: Table awsdatacatalog.logs.vpc does not exist", "missing"),
        ("SCHEMA_NOT_FOUND: line 1:15: Schema 'logs' does not exist", "missing"),
        ("HIVE_METASTORE_ERROR: EntityNotFoundException Table vpc not found", "missing"),
        ("SYNTAX_ERROR: line 1:8: Column 'x' cannot be resolved or requester is not authorized to access", "sql"),
        ("PERMISSION_DENIED: Access Denied: Cannot select from columns", "denied"),
        ("HIVE_UNKNOWN_ERROR: User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt", "denied"),
        ("HIVE_FILESYSTEM_ERROR: Forbidden", "denied"),
        ("Permission denied on S3 path: s3://logs/AWSLogs/1/", "denied"),
        ("EXCEEDED_MEMORY_LIMIT: Query exceeded per-node total memory limit", "resources"),
        ("EXCEEDED_TIME_LIMIT: Query exceeded maximum time limit of 30.00m", "timeout"),
        ("HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas", "data"),
        ("HIVE_FILESYSTEM_ERROR: NoSuchBucket: The specified bucket does not exist", "gone"),
        ("", "other"),
    ],
)
def test_what_athena_says_is_understood(reason: str, kind: str) -> None:
    """By its error names first, then by words."""
    assert failures.kind_of(reason) == kind


def test_a_right_that_athena_names_is_named() -> None:
    """The action is taken from its sentence."""
    asked = failures.Asked("SELECT 1", "logs.vpc", REGION, Setting("primary", OUTPUT))
    words = "HIVE_UNKNOWN_ERROR: User is not authorized to perform: kms:Decrypt on resource x"
    error = failures.ended(Execution("q", "FAILED", words), asked)
    assert isinstance(error, errors.AccessDeniedError)
    assert error.action == "kms:Decrypt"
    assert str(error).endswith("allow kms:Decrypt")


def test_the_page_tells_each_case() -> None:
    """docs/s3.md has a row for each case, with the error's class and what it says; and no other row."""
    page = (Path(__file__).resolve().parents[1] / "docs" / "s3.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")][2:]
    told = {cells[0]: (cells[1], " | ".join(cells[2:])) for cells in rows}
    assert list(told) == [case.name for case in CASES]
    for case in CASES:
        kind, says = told[case.name]
        assert kind == (f"`{case.error.__name__}`" if case.error else "nothing")
        assert case.says.replace("|", "&#124;") in says


def table() -> str:
    """Return the cases as a table in Markdown."""
    rows = ["| what goes wrong | what is raised | what it says |", "| --- | --- | --- |"]
    for case in CASES:
        name = f"`{case.error.__name__}`" if case.error else "nothing: the whole answer comes"
        rows.append(f"| {case.name} | {name} | {case.says.replace('|', '&#124;')} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
