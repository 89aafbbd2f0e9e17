"""AthenaSource on a sandbox: answers, costs, what is kept, where queries run, and what is told beforehand."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rejectkit.aws import Service
from rejectkit.errors import (
    ArgumentError,
    CostError,
    FormatError,
    MissingResourceError,
    QueryError,
    RejectkitWarning,
    UnsupportedError,
)
from rejectkit.records import LogFormat
from rejectkit.sandbox import Sandbox
from rejectkit.sources.answers import Answers
from rejectkit.sources.athena import reading
from rejectkit.sources.athena.setting import check_output, setting
from rejectkit.sources.athena.source import AthenaSource
from rejectkit.sources.athena.table import AthenaTable
from rejectkit.sources.base import Source, Watch, span
from rejectkit.sources.combined import Combined
from rejectkit.sources.cost import athena_dollars
from rejectkit.window import Window
from tests.athena_lab import ACCOUNT, DAY, LOGS, NOON, OUTPUT, REGION, TABLE, calls, lab, line, put, somebody, source

COUNT = 'filter logStatus = "OK" | stats count(*) as flows by action'
HOUR = Window(datetime(2026, 11, 1, 12, tzinfo=UTC), datetime(2026, 11, 1, 12, 10, tzinfo=UTC))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with a table over three days."""
    with lab() as made:
        yield made


def test_it_is_a_source(sandbox: Sandbox) -> None:
    """It can stand wherever a source can."""
    src = source(sandbox)
    assert isinstance(src, Source)
    assert repr(src) == "AthenaSource('logs.vpc')"
    assert src.fields == TABLE.format.columns
    whole = span(src)
    assert whole is not None
    assert (whole.start, whole.end) == (
        datetime(2026, 11, 1, 12, tzinfo=UTC), datetime(2026, 11, 3, 12, 39, 1, tzinfo=UTC)
    )  # fmt: skip


@pytest.mark.parametrize("name", ["vpc", "logs.vpc", "LOGS.VPC"])
def test_a_table_is_named_with_its_database_or_without(sandbox: Sandbox, name: str) -> None:
    """Capitals do not count, as in Athena."""
    src = source(sandbox, name, database="logs")
    assert src.run(COUNT, HOUR)["flows"].tolist() == [10]


def test_a_query_over_a_window_is_answered(sandbox: Sandbox) -> None:
    """Typed, and only of records that start in it."""
    answer = source(sandbox).run(COUNT, DAY)
    assert answer.to_dict("list") == {"action": ["ACCEPT", "REJECT"], "flows": [20, 20]}
    assert [str(kind) for kind in answer.dtypes] == ["str", "Int64"]
    assert answer.attrs == {}


def test_records_are_whole(sandbox: Sandbox) -> None:
    """Oldest first, every field, NODATA never among them."""
    src = source(sandbox)
    records = src.records(DAY, None)
    assert list(records.columns) == ["@timestamp", *TABLE.format.columns]
    assert len(records) == 40
    assert records["@timestamp"].is_monotonic_increasing
    assert set(src.records(HOUR)["action"]) == {"REJECT"}


def test_a_message_is_the_line(sandbox: Sandbox) -> None:
    """The values of a record joined by blanks, `-` where there is none."""
    answer = source(sandbox).run('filter logStatus = "NODATA" | fields @timestamp, @message, dstPort', DAY)
    assert answer["@message"].tolist() == [line(NOON, "-", "-", "NODATA", srcaddr="-", packets="-", bytes="-")]
    assert answer["@timestamp"].tolist() == [pd.Timestamp("2026-11-01 12:00", tz="UTC")]
    assert answer["dstPort"].isna().all()


def test_a_wrong_query_is_refused_before_anything_is_sent(sandbox: Sandbox) -> None:
    """The error points at the place, and no service was asked."""
    before = len(sandbox._world.seen)
    with pytest.raises(QueryError) as caught:
        source(sandbox).run("stats count( by action", DAY)
    assert "^" in str(caught.value)
    with pytest.raises(ArgumentError, match="give a Window"):
        source(sandbox).run(COUNT, "24h")  # type: ignore[arg-type]  # what a person may try
    assert len(sandbox._world.seen) == before
    started = calls(sandbox, "StartQueryExecution")
    with pytest.raises(UnsupportedError):
        source(sandbox).run("pattern @message", DAY)
    assert calls(sandbox, "StartQueryExecution") == started


def test_a_plan_shows_the_sql_its_partitions_and_its_cost(sandbox: Sandbox) -> None:
    """And nothing is run for it."""
    before = calls(sandbox, "StartQueryExecution")
    plan = source(sandbox, session=somebody(sandbox)).plan(COUNT, DAY)
    assert plan.partitions == "\"day\" BETWEEN '2026/11/01' AND '2026/11/02'"
    assert plan.partitions in " ".join(plan.sql.split())
    folder = f"s3://{LOGS}/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/11/"
    assert plan.prefixes == (f"{folder}01/", f"{folder}02/")
    assert (plan.output, plan.workgroup, plan.database, plan.catalog) == (OUTPUT, "primary", "logs", "AwsDataCatalog")
    assert calls(sandbox, "StartQueryExecution") == before
    said = str(plan).splitlines()
    assert said[0] == "partitions: \"day\" BETWEEN '2026/11/01' AND '2026/11/02'"
    assert said[1] == f"folders: {folder}01/, {folder}02/"
    assert said[2].endswith("($0.0001), from the files of 2 folders")
    assert said[3:5] == ["work group: primary", f"result: {OUTPUT}"]
    assert "<script>" not in source(sandbox).plan('filter action = "<script>"', DAY)._repr_html_()


def test_the_overlap_is_what_is_read_after_a_window(sandbox: Sandbox) -> None:
    """With none, exactly the window's folders."""
    assert source(sandbox, overlap=0).plan(COUNT, DAY).partitions == "\"day\" = '2026/11/01'"
    assert len(source(sandbox, overlap="25h").plan(COUNT, DAY).prefixes or ()) == 3


def test_the_estimate_is_the_size_of_the_files_and_then_what_was_scanned(sandbox: Sandbox) -> None:
    """Before the first query the listing tells, afterwards the query itself."""
    query = "stats sum(bytes) as b by dstPort"
    session = somebody(sandbox)
    src = source(sandbox, session=session)
    first = src.estimate(query, DAY)
    sizes = [
        one["Size"]
        for day in ("01", "02")
        for one in sandbox.session.client("s3").list_objects_v2(
            Bucket=LOGS, Prefix=f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/11/{day}/"
        )["Contents"]
    ]
    assert first.bytes == sum(sizes)
    assert first.because == "the files of 2 folders"
    before = src.usage
    src.run(query, DAY)
    assert src.usage.queries == before.queries + 1
    assert src.usage.bytes == before.bytes + sum(sizes)
    assert src.usage.dollars == pytest.approx(before.dollars + 0.00005)
    assert (
        source(sandbox, session=session).estimate(query, DAY).because
        == "an earlier query that read the same partitions and fields"
    )


def test_the_price_has_a_least_and_is_by_whole_megabytes() -> None:
    """10 MB at least, more is rounded up to whole MB, 5 dollars for each TB."""
    assert athena_dollars(0, REGION) == athena_dollars(1e7, REGION) == pytest.approx(5e-5)
    assert athena_dollars(10_000_001, REGION) == pytest.approx(5.5e-5)
    assert athena_dollars(2e12, REGION) == pytest.approx(10)


def test_a_dear_query_is_asked_about_first(sandbox: Sandbox) -> None:
    """Over `max_scan` nothing runs unless somebody allows it; where the size is not known, it runs."""
    before = calls(sandbox, "StartQueryExecution")
    with pytest.raises(CostError, match=r"would scan about .* more than max_scan allows \(100 B\); nothing was run"):
        source(sandbox, max_scan=100).run("stats max(bytes)", DAY)
    assert calls(sandbox, "StartQueryExecution") == before
    asked: list[str] = []
    source(sandbox, max_scan=100, ask=lambda text: not asked.append(text)).run("stats max(bytes)", DAY)
    assert "would scan about" in asked[0]
    assert calls(sandbox, "StartQueryExecution") == before + 1


def test_an_answer_over_a_settled_window_is_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is not paid for twice; one of another query, or of no window, is."""
    src = source(sandbox, keep=Answers(tmp_path))
    before, kept = calls(sandbox, "StartQueryExecution"), src.usage.kept
    first = src.run(COUNT, DAY)
    pd.testing.assert_frame_equal(src.run(COUNT, DAY), first)
    assert calls(sandbox, "StartQueryExecution") == before + 1
    assert src.usage.kept == kept + 1
    src.run(COUNT, HOUR)
    src.run(COUNT)
    src.run(COUNT)
    assert calls(sandbox, "StartQueryExecution") == before + 4


def test_an_answer_says_from_when_on_records_may_still_come(sandbox: Sandbox) -> None:
    """10 minutes of a record and an hour for S3 before now; inside a window that is older, nothing is said."""
    settled = pd.Timestamp(sandbox.clock.seconds // 1 - 600 - 3600, unit="s", tz="UTC")
    found = source(sandbox).run("stats count(*)", Window.last("3h", sandbox.clock.now()))
    assert abs(found.attrs["unsettled_from"] - settled) < pd.Timedelta("5s")
    assert "unsettled_from" not in source(sandbox).run("stats count(*)", DAY).attrs


def test_a_language_limit_and_an_unknown_field_are_warned_of(sandbox: Sandbox) -> None:
    """As every source does."""
    with pytest.warns(RejectkitWarning, match="no record has a field 'dstport'; did you mean|no record has a field"):
        source(sandbox).run("stats count(*) by dstport2", HOUR)


def test_a_window_that_the_projection_does_not_reach_is_warned_of(sandbox: Sandbox) -> None:
    """What lies before its first day is not read, and that is said."""
    window = Window(datetime(2025, 6, 1, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC))
    with pytest.warns(RejectkitWarning, match="begin at 2026/01/01: what the window has before it is not read"):
        source(sandbox).run(COUNT, window)


def test_progress_is_told(sandbox: Sandbox) -> None:
    """States and bytes while it runs, and that it is done."""
    told: list[str] = []
    source(sandbox).run(COUNT, DAY, watch=Watch(lambda share, what: told.append(f"{share:.0%} {what}")))
    assert told[-1] == "100% done"
    assert any("scanned ($" in one for one in told)


def test_rows_that_are_no_records_are_shown(sandbox: Sandbox) -> None:
    """File, reason and the line as the table sees it; how they stand in the file is not known."""
    table = AthenaTable("logs", "odd", "odd-logs", accounts=ACCOUNT, regions=REGION, since=date(2026, 1, 1))
    place = {"LocationConstraint": REGION}
    sandbox.session.client("s3").create_bucket(Bucket="odd-logs", CreateBucketConfiguration=place)
    table.plan(sandbox.session).apply()
    key = put(sandbox, NOON, [line(NOON), "a word", line(NOON + 60, status="FINE")], table)
    found = source(sandbox, table).skipped.sort_values("reason", ignore_index=True)
    assert found["file"].tolist() == [f"s3://odd-logs/{key}"] * 2
    assert found["reason"].tolist() == [
        "its log-status is not OK, NODATA or SKIPDATA", "its start is no number of seconds"
    ]  # fmt: skip
    assert found["message"].tolist()[0] == line(NOON + 60, status="FINE")
    assert found["line"].isna().all()
    assert source(sandbox).skipped.empty


# where queries run


def athena(sandbox: Sandbox) -> Service:
    """Return the sandbox's Athena."""
    return Service(sandbox.session, "athena")


@pytest.fixture(scope="module")
def groups(sandbox: Sandbox) -> Sandbox:
    """The sandbox with work groups of every kind."""
    client = sandbox.session.client("athena")
    kinds: dict[str, dict[str, Any]] = {
        "team": {
            "ResultConfiguration": {"OutputLocation": "s3://query-results/team/"},
            "EnforceWorkGroupConfiguration": True,
        },
        "free": {
            "ResultConfiguration": {"OutputLocation": "s3://query-results/free/"},
            "EnforceWorkGroupConfiguration": False,
        },
        "bare": {},
        "capped": {"BytesScannedCutoffPerQuery": 10_000_000},
        "managed": {"ManagedQueryResultsConfiguration": {"Enabled": True}},
        "old": {"EngineVersion": {"EffectiveEngineVersion": "Athena engine version 2"}},
        "spark": {"EngineVersion": {"EffectiveEngineVersion": "PySpark engine version 3"}},
        "off": {},
    }
    for name, config in kinds.items():
        client.create_work_group(Name=name, Configuration=config)
    client.update_work_group(WorkGroup="off", State="DISABLED")
    return sandbox


@pytest.mark.parametrize(
    ("group", "output", "expected", "given", "note"),
    [
        ("team", None, "s3://query-results/team/", False, ""),
        ("team", "s3://query-results/team/", "s3://query-results/team/", False, ""),
        ("team", OUTPUT, "s3://query-results/team/", False, "enforces its own place for results, not s3://query-"),
        ("free", None, "s3://query-results/free/", False, ""),
        ("free", OUTPUT, OUTPUT, True, ""),
        ("bare", OUTPUT, OUTPUT, True, ""),
        ("managed", None, None, False, ""),
        ("managed", OUTPUT, None, False, "keeps results in Athena, not in s3://query-results/athena/"),
    ],
)
def test_the_place_of_results(
    groups: Sandbox, group: str, output: str | None, expected: str | None, given: bool, note: str
) -> None:
    """As given, else the work group's; one that the work group enforces wins, and that is said."""
    found = setting(athena(groups), group, output)
    assert (found.workgroup, found.output, found.given) == (group, expected, given)
    assert note in found.note
    assert bool(note) == bool(found.note)


@pytest.mark.parametrize(
    ("group", "error", "says"),
    [
        (
            "primary",
            ArgumentError,
            r"'primary' has no place for results.*give output='s3://your-bucket/athena/'.*'team' \(s3:",
        ),
        ("bare", ArgumentError, "'bare' has no place for results"),
        ("old", ArgumentError, "'old' runs 'Athena engine version 2'.*'Athena engine version 3'"),
        ("spark", ArgumentError, "'spark' runs 'PySpark engine version 3'"),
        ("off", ArgumentError, r"'off' is disabled; enable it, or give another one: 'team'"),
        ("nobody", MissingResourceError, r"there is no Athena work group 'nobody' in eu-west-1 .*'team' \(s3://"),
    ],
)
def test_a_work_group_that_cannot_be_used_is_refused(
    groups: Sandbox, group: str, error: type[Exception], says: str
) -> None:
    """The sentence names the work groups that have a place."""
    with pytest.raises(error, match=says):
        setting(athena(groups), group)


def test_a_work_group_that_may_not_be_read_needs_a_place(groups: Sandbox) -> None:
    """Without athena:GetWorkGroup a place that is given is enough."""
    allow = {"Effect": "Allow", "Action": ["athena:StartQueryExecution"], "Resource": "*"}
    service = Service(groups.session_for({"Statement": [allow]}, "narrow"), "athena")
    found = setting(service, "team", OUTPUT)
    assert (found.output, found.given) == (OUTPUT, True)
    assert "may not be read" in found.note
    with pytest.raises(PermissionError, match="athena:GetWorkGroup"):
        setting(service, "team")


def test_what_a_work_group_stops_is_told_in_the_plan(groups: Sandbox) -> None:
    """Its cut-off is known before the query is."""
    assert "stops a query that scans more than 10.0 MB" in str(source(groups, workgroup="capped").plan(COUNT, DAY))


def test_a_place_that_is_enforced_is_said_once_it_matters(groups: Sandbox) -> None:
    """The user's own place is not used, and a warning says so."""
    with pytest.warns(RejectkitWarning, match="enforces its own place"):
        answer = source(groups, workgroup="team").run(COUNT, HOUR)
    assert answer["flows"].tolist() == [10]


@pytest.mark.parametrize("bad", ["query-results", "s3:/x", "https://x/y", "s3://UPPER/x", ""])
def test_a_place_is_an_address_of_s3(bad: str) -> None:
    """Anything else is refused when the source is made."""
    with pytest.raises(ArgumentError, match="is no place in S3"):
        AthenaSource("vpc", session=object(), output=bad)
    assert check_output("s3://bucket") == "s3://bucket/"
    assert check_output("s3://bucket/a/b") == "s3://bucket/a/b/"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"table": ""}, "give names"),
        ({"table": "vpc", "deadline": 0}, "deadline is 0"),
        ({"table": "vpc", "max_scan": "much"}, "max_scan is 'much'"),
        ({"table": "vpc", "overlap": -1}, "overlap is -1"),
        ({"table": "vpc", "format": 3}, "format is 3"),
    ],
)
def test_values_that_cannot_be_used_are_refused_at_once(given: dict[str, Any], says: str) -> None:
    """Before AWS is asked anything."""
    with pytest.raises(ArgumentError, match=says):
        AthenaSource(session=object(), **given)


# what files tell beforehand


def listings(sandbox: Sandbox) -> int:
    """Return how often S3 was asked anything."""
    return sum(one.service == "s3" for one in sandbox._world.seen)


def test_sizes_of_many_folders_are_worked_out_from_some(sandbox: Sandbox) -> None:
    """After 50 listings the rest is taken to be like those seen; what is known is not listed again."""
    s3 = Service(sandbox.session, "s3")
    folder = f"s3://{LOGS}/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026"
    months = [f"{folder}/{month:02d}/{day:02d}/" for month in range(1, 13) for day in range(1, 29)]
    before = listings(sandbox)
    known: dict[str, float] = {}
    found = reading.stored(s3, months, lambda: None, known)
    assert found.because == "the files of 50 of 336 folders"
    assert listings(sandbox) == before + 50
    assert found.bytes is not None
    few = [f"{folder}/11/0{day}/" for day in (1, 2, 3)]
    whole = reading.stored(s3, few, lambda: None, known)
    again = reading.stored(s3, few, lambda: None, known)
    assert whole.bytes
    assert whole.bytes == again.bytes
    assert listings(sandbox) <= before + 53
    assert reading.stored(s3, None, lambda: None).bytes is None
    assert reading.stored(s3, [], lambda: None) == reading.Stored(0.0, "the files of 0 folders")
    assert "not exist" in reading.stored(s3, ["s3://no-such-bucket/x/"], lambda: None).because


def parquet(names: list[str]) -> bytes:
    """Return a Parquet file with columns of these names."""
    sink = io.BytesIO()
    pq.write_table(pa.table({name: ["x"] * 3 for name in names}), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (gzip.compress(b"version srcaddr dstport\n2 10.0.0.1 22\n"), ("version", "srcaddr", "dstport")),
        (b"srcaddr  dstaddr pkt_srcaddr\n1 2 3\n", ("srcaddr", "dstaddr", "pkt-srcaddr")),
        (gzip.compress(b"2 123456789012 eni-1 10.0.0.1 10.0.0.2\n"), ()),
        (parquet(["version", "account_id", "srcaddr"]), ("version", "account_id", "srcaddr")),
        (b"PAR1 is how it begins, and no more", None),
        (b"\x1f\x8bnot gzip at all", None),
        (b"x" * 70_000, None),
    ],
    ids=["gzip", "text", "no header line", "parquet", "broken parquet", "broken gzip", "no line"],
)
def test_a_file_says_which_fields_it_has(sandbox: Sandbox, body: bytes, expected: tuple[str, ...] | None) -> None:
    """Its header line does, or its Parquet schema; what cannot be read says nothing."""
    client = sandbox.session.client("s3")
    client.put_object(Bucket=LOGS, Key="heads/one", Body=body)
    found = reading.header(Service(sandbox.session, "s3"), LOGS, "heads/one", len(body), lambda: None)
    assert (found and found.fields) == expected


def test_hidden_and_empty_files_say_nothing(sandbox: Sandbox) -> None:
    """Athena leaves out what begins with a dot or a line, so it is not asked for a header either."""
    client = sandbox.session.client("s3")
    for key, body in (("a.log", b"srcaddr dstaddr\n"), ("b.log", b""), ("_c.log", b"dstaddr srcaddr\n"), ("d/", b"")):
        client.put_object(Bucket=LOGS, Key=f"hidden/{key}", Body=body)
    found = reading.newest(Service(sandbox.session, "s3"), [f"s3://{LOGS}/hidden/"], lambda: None)
    assert found is not None
    assert found.url == f"s3://{LOGS}/hidden/a.log"


def test_a_check_of_a_table_that_fits_finds_nothing(sandbox: Sandbox) -> None:
    """Where a recent file was seen; without one that is said."""
    assert source(sandbox).check() == []
    table = AthenaTable("logs", "new", LOGS, "elsewhere", accounts=ACCOUNT, regions=REGION, since=date(2026, 1, 1))
    table.plan(sandbox.session).apply()
    (told,) = source(sandbox, table).check()
    assert told.sentence == "No file of the last 31 days was found, with which logs.new could be compared."


def hive_table(sandbox: Sandbox, name: str) -> AthenaTable:
    """Make a table of Hive-compatible folders whose partitions are registered one by one; none is yet."""
    table = AthenaTable(
        "logs", name, LOGS, name, accounts=ACCOUNT, regions=REGION, since=date(2026, 1, 1), hive=True, projection=False
    )
    table.plan(sandbox.session).apply()
    return table


def register(sandbox: Sandbox, table: AthenaTable, day: str) -> str:
    """Register the partition of a day in November, and return its folder."""
    values = [ACCOUNT, "vpcflowlogs", REGION, "2026", "11", day]
    keys = [one["Name"] for one in table.definition().table_input()["PartitionKeys"]]
    folder = f"{table.layout.folder(ACCOUNT, REGION)}year=2026/month=11/day={day}/"
    given = table.definition().table_input()["StorageDescriptor"]
    sandbox.session.client("glue").create_partition(
        DatabaseName=table.database,
        TableName=table.name,
        PartitionInput={"Values": values[: len(keys)], "StorageDescriptor": {**given, "Location": folder}},
    )
    return folder


def test_a_window_without_a_registered_partition_is_warned_of(sandbox: Sandbox, tmp_path: Path) -> None:
    """Athena does not see files whose partition nobody registered; such answers are not kept either."""
    table = hive_table(sandbox, "hive")
    folder = register(sandbox, table, "01")
    body = gzip.compress(f"{table.format.header}\n{line(NOON)}\n".encode())
    key = f"{folder.removeprefix(f's3://{LOGS}/')}{ACCOUNT}_vpcflowlogs_{REGION}_fl-0123456789abcdef0_20261101T1200Z_a.log.gz"
    sandbox.session.client("s3").put_object(Bucket=LOGS, Key=key, Body=body)
    src = source(sandbox, table, keep=Answers(tmp_path))
    assert src.run("stats count(*) as n", DAY)["n"].tolist() == [1]
    assert list(tmp_path.iterdir()) == []
    later = Window(datetime(2026, 11, 8, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC))
    with pytest.warns(RejectkitWarning, match=r"no partition of logs\.hive is registered for the window 2026-11-08"):
        assert src.run("stats count(*) as n", later)["n"].tolist() == [0]


def test_a_window_over_records_that_tell_no_time_is_refused(sandbox: Sandbox) -> None:
    """An empty answer would be wrong."""
    table = AthenaTable(
        "logs", "timeless", LOGS, accounts=ACCOUNT, regions=REGION, format=LogFormat(("srcaddr", "dstaddr", "action"))
    )
    table.plan(sandbox.session).apply()
    with pytest.raises(FormatError, match=r"logs\.timeless has no column for the field `start`"):
        source(sandbox, table).run(COUNT, DAY)


def test_sources_are_put_together(sandbox: Sandbox) -> None:
    """With others, and from several threads at once."""
    both = Combined([source(sandbox), source(sandbox)])
    assert both.run(COUNT, DAY)["flows"].tolist() == [40, 40]
