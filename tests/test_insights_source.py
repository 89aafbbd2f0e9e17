"""InsightsSource beyond the contract: finding its logs, leave to spend, answers kept, what is still to come."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

import rejectkit as rk
from rejectkit import demo
from rejectkit.errors import (
    ArgumentError,
    CostError,
    IncompleteError,
    MissingResourceError,
    QueryError,
    RowLimitWarning,
    UnsupportedError,
)
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sources.answers import Answers
from rejectkit.sources.base import UNSETTLED
from rejectkit.sources.cost import SETTLED_AFTER
from tests.on_sandbox import fill, hurry, on_sandbox, store

NOON = 1_793_534_400  # 2026-11-01 12:00:00 UTC
FIELDS = ("srcport", "start", "action")
GROUP = "/vpc/poc/flow-logs"


def source_of(rows: int = 90, **options: Any) -> Any:
    """Return a source over a record each second from noon on."""
    lines = [f"{at} {NOON + at} {'ACCEPT' if at % 3 else 'REJECT'}" for at in range(rows)]
    return on_sandbox([(NOON + at) * 1000 for at in range(rows)], lines, FIELDS, **options)


def window(first: float, end: float) -> rk.Window:
    """Return the window of some seconds after noon."""
    noon = datetime.fromtimestamp(NOON, UTC)
    return rk.Window(noon + timedelta(seconds=first), noon + timedelta(seconds=end))


@pytest.fixture(scope="module")
def poc() -> Iterator[Sandbox]:
    """The scenario's account, a day and two hours later."""
    with start("poc") as sandbox:
        sandbox.advance("26h")
        yield sandbox


# what cannot be used


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"log_groups": []}, r"log_groups is \[\]; give the name or ARN of a log group"),
        ({"log_groups": [" "]}, r"log_groups is \[' '\]"),
        ({"max_scan": "5 parsec"}, r"max_scan is '5 parsec'; give a number of bytes, a text like '5 GB', or None"),
        ({"max_scan": -1}, "max_scan is -1"),
        ({"deadline": 0}, "deadline is 0; give a number of seconds above 0"),
        ({"format": 5}, "format is 5; give a LogFormat or its text"),
    ],
)
def test_what_cannot_be_used_is_said_at_once(poc: Sandbox, options: dict[str, Any], message: str) -> None:
    """A bad value raises when the source is made, before AWS is asked."""
    with pytest.raises(ArgumentError, match=message):
        rk.InsightsSource(**{"log_groups": GROUP, "session": poc.session, **options})


def test_a_log_group_that_is_not_there(poc: Sandbox) -> None:
    """The first question names the group, and one of a like name."""
    source = rk.InsightsSource(GROUP[:-1], poc.session, budget=hurry())
    with pytest.raises(MissingResourceError, match="did you mean '/vpc/poc/flow-logs'"):
        source.run("stats count(*)")


# which records


def test_a_source_by_vpc_subnet_interface_and_instance(poc: Sandbox) -> None:
    """A VPC's log groups are read whole; of an interface or an instance its own records are picked out."""
    ec2 = poc.session.client("ec2")
    found = [
        one
        for one in ec2.describe_network_interfaces()["NetworkInterfaces"]
        if one.get("Attachment", {}).get("InstanceId")
    ]
    one = found[0]
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    window = rk.Window(noon, noon + timedelta(hours=3))
    everything = rk.InsightsSource(GROUP, poc.session, budget=hurry()).records(window, action=None)

    def ids(target: str) -> set[str]:
        return set(rk.InsightsSource(target, poc.session, budget=hurry()).records(window, action=None)["interfaceId"])

    assert ids(one["VpcId"]) == ids(one["SubnetId"]) == set(everything["interfaceId"])
    assert len(set(everything["interfaceId"])) > 2
    assert ids(one["NetworkInterfaceId"]) == {one["NetworkInterfaceId"]}
    assert ids(one["Attachment"]["InstanceId"]) == {one["NetworkInterfaceId"]}
    source = rk.InsightsSource(one["NetworkInterfaceId"], poc.session, budget=hurry())
    count = source.run("stats count(*) as n", window)["n"].tolist()
    assert count == [int((everything["interfaceId"] == one["NetworkInterfaceId"]).sum()) + nodata(poc, one, window)]


def nodata(poc: Sandbox, interface: dict[str, Any], window: rk.Window) -> int:
    """Return how many of an interface's lines in a window have no flow."""
    group, (first, end) = store(poc).groups[GROUP], window.millis
    lines = [line for at, line in zip(group.times, group.messages, strict=True) if first <= at < end]
    return sum(interface["NetworkInterfaceId"] in line and line.endswith("DATA") for line in lines)


def test_several_log_groups_are_one_source() -> None:
    """Names and ARNs may be mixed; all are queried at once."""
    with start(None, start=datetime.fromtimestamp(NOON + 3600, UTC), limits=Limits.unlimited()) as sandbox:
        names = [fill(sandbox, [NOON * 1000], [f"{port} {NOON} REJECT"], FIELDS) for port in (22, 443)]
        arn = store(sandbox).groups[names[1]].arn
        source = rk.InsightsSource(
            [names[0], f"{arn}:*"], sandbox.session, "${srcport} ${start} ${action}", budget=hurry()
        )
        assert sorted(source.records()["srcPort"]) == [22, 443]
        assert [group.name for group in source.groups] == names


def test_lines_of_several_formats_need_discovered_fields() -> None:
    """Where the service does not find the fields by itself, one query cannot take two formats apart."""
    limits = Limits(rates={}, discovers_custom_formats=False)
    with start(None, start=datetime.fromtimestamp(NOON + 3600, UTC), limits=limits) as sandbox:
        ec2 = sandbox.session.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        names = [
            fill(sandbox, [NOON * 1000], [f"22 {NOON} REJECT"], FIELDS),
            fill(sandbox, [], [], ("action", "start")),
        ]
        for name, text in zip(names, ("${srcport} ${start} ${action}", "${action} ${start}"), strict=True):
            ec2.create_flow_logs(
                ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName=name, LogFormat=text,
                DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
            )  # fmt: skip
        source = rk.InsightsSource(names, sandbox.session, budget=hurry())
        assert source.fields == ("srcPort", "start", "action")
        assert source.run("stats count(*) as n")["n"].tolist() == [1]
        message = "lines of several formats .* does not find the field action in them by itself; make a source for each"
        with pytest.raises(ArgumentError, match=message):
            source.records()


def test_a_window_is_exact_to_the_millisecond() -> None:
    """The service's bounds are whole seconds, inside on both ends; a window's are half-open and as fine as they are."""
    source = source_of(5)
    groups = store(source.sandbox)
    groups.put(
        source.groups[0].name,
        "eni-1-all",
        [NOON * 1000 + 250, NOON * 1000 + 750],
        [f"{p} {NOON} REJECT" for p in (100, 101)],
    )
    ports = lambda first, end: sorted(source.records(window(first, end), None)["srcPort"])  # noqa: E731
    assert ports(0, 1) == [0, 100, 101]
    assert ports(0.25, 1) == [100, 101]
    assert ports(0, 0.25) == [0]
    assert ports(0.3, 2.1) == [1, 2, 101]


def test_lines_that_do_not_fit_are_told() -> None:
    """`skipped` has the stream, the line and why it does not fit."""
    source = source_of(3)
    store(source.sandbox).put(source.groups[0].name, "eni-9-all", [NOON * 1000], ["hello world"])
    (row,) = source.skipped.to_dict("records")
    assert row["file"] == "eni-9-all"
    assert row["message"] == "hello world"
    assert row["reason"] == "2 fields where the format has 3"
    assert len(source.records(action=None)) == 3


# how many rows


def test_a_cut_at_the_language_limit_is_seen() -> None:
    """Where the service returns fewer rows than the language's limit, a cut is warned of as well."""
    source = source_of(90, limits=Limits(rates={}, query_rows=50, page_rows=20))
    with pytest.warns(RowLimitWarning, match="only the first 50 rows are here, the most that the service returns"):
        assert len(source.run("fields srcPort")) == 50


def test_groups_beyond_one_query_raise() -> None:
    """Groups cannot be fetched in pieces, so an answer that is cut short is an error."""
    source = source_of(90, limits=Limits(rates={}, query_rows=50, page_rows=20))
    with pytest.raises(
        IncompleteError, match="the answer has 50 rows or more, the most that a query returns; groups and"
    ):
        source.run("stats count(*) as n by srcPort", all_rows=True)
    assert len(source.run("stats count(*) as n by srcPort | limit 30", all_rows=True)) == 30


def test_rows_in_another_order_than_time_are_sorted_over_all_pieces() -> None:
    """`sort srcPort` over more rows than one query returns gives them in that order, all of them."""
    source = source_of(90, limits=Limits(rates={}, query_rows=50, page_rows=20))
    found = source.run('fields srcPort | filter action = "ACCEPT" | sort srcPort desc', all_rows=True)
    assert found["srcPort"].tolist() == [at for at in range(89, -1, -1) if at % 3]


def test_pieces_come_in_the_order_of_the_language() -> None:
    """Without `sort` rows are newest first, also where they were fetched in pieces."""
    source = source_of(90, limits=Limits(rates={}, query_rows=50, page_rows=20))
    assert source.run("fields srcPort", all_rows=True)["srcPort"].tolist() == list(range(89, -1, -1))


def test_an_answer_of_just_the_limit_is_not_cut() -> None:
    """10,000 rows are all there is: nothing is warned of."""
    source = source_of(10_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(source.run("fields srcPort")) == 10_000


def test_what_an_earlier_query_told_saves_the_count() -> None:
    """When a query over the window has told how many records there are, few enough rows are fetched at once."""
    source = source_of(90)
    source.records(window(0, 60))
    assert source.usage.queries == 2
    source.records(window(0, 60), None)
    source.records(window(10, 50), None)
    assert source.usage.queries == 4


def test_what_an_earlier_query_told_may_be_too_little_by_now() -> None:
    """Where more came in since than one query returns, the rows are counted and fetched in pieces after all."""
    source = source_of(30, limits=Limits(rates={}, query_rows=50, page_rows=20))
    source._rows.most_rows = 50
    source.run("stats count(*) as n", window(0, 90))
    times, lines = [(NOON + at) * 1000 for at in range(30, 90)], [f"{at} {NOON + at} REJECT" for at in range(30, 90)]
    store(source.sandbox).put(source.groups[0].name, "eni-1-all", times, lines)
    assert sorted(source.records(window(0, 90), None)["srcPort"]) == list(range(90))


# queries


def test_a_refused_query_costs_nothing_and_shows_where() -> None:
    """A query that is not allowed raises with a caret, before anything is started."""
    source = source_of(3)
    with pytest.raises(QueryError, match=r"unexpected symbol found \( at line 2 and position 10") as caught:
        source.run("fields srcPort\n| sort bin(5m)")
    assert str(caught.value).split("\n")[2] == "          ^"
    assert source.usage.queries == 0


def test_what_only_the_service_knows_goes_through() -> None:
    """A command that the engine here does not know is sent; what the service says against it comes back."""
    source = source_of(3)
    with pytest.raises(UnsupportedError, match="is not answered by this engine in this sandbox") as caught:
        source.run("fields srcPort | pattern srcPort")
    assert caught.value.query[caught.value.offset : caught.value.end] == "pattern srcPort"
    assert "the service refused it" in str(caught.value)


def test_a_text_that_cannot_be_narrowed_is_not_sent_wider() -> None:
    """Where a filter has to be put before a query that cannot be taken apart here, it is refused, not sent without."""
    source = source_of(3)
    with pytest.raises(UnsupportedError, match="`offset` of a bin"):
        source.run("stats count(*) by bin(5m) offset 1h", window(0.5, 2))
    assert source.usage.queries == 0


def test_a_query_that_the_service_alone_refuses_points_at_the_place() -> None:
    """The service counts lines from our mark on; the caret is under the user's own characters."""
    source = source_of(3, limits=Limits(rates={}, query_rows=50))
    with pytest.raises(QueryError, match="limit is 60") as caught:
        source.run("fields srcPort\n| limit 60")
    assert caught.value.query == "fields srcPort\n| limit 60"


# leave to spend


def test_a_scan_over_the_limit_raises_before_anything_runs(poc: Sandbox) -> None:
    """A script gets an error with the bytes, the dollars, what they are worked out from, and the mend."""
    source = rk.InsightsSource(GROUP, poc.session, budget=hurry(), max_scan="1 MB", keep=False)
    message = (
        r"the query would scan about 3\.\d MB \(<\$0\.0001; worked out from .*\), more than max_scan allows \(1\.0 MB\)"
    )
    before = source.usage
    with pytest.raises(CostError, match=message) as caught:
        source.run("stats count(*)")
    assert source.usage == before
    assert caught.value.limit == 1e6
    assert caught.value.estimated > 3e6
    assert "nothing was run; ask for a shorter window, or give the source a larger max_scan" in str(caught.value)


def test_a_person_may_allow_it(poc: Sandbox) -> None:
    """The question is asked once for an answer, and yes is yes."""
    asked: list[str] = []
    source = rk.InsightsSource(
        GROUP, poc.session, budget=hurry(), max_scan=1000, keep=False, ask=lambda q: bool(asked.append(q)) or True
    )
    assert len(source.records()) > 8000
    (question,) = asked
    assert question.endswith("Run it?")


def test_a_notebook_asks_and_an_unattended_one_does_not_spend(poc: Sandbox, tmp_path: Path) -> None:
    """In a notebook that nobody watches there is nobody to ask, so the limit holds; no traceback of the question."""
    code = (
        "import rejectkit as rk\n"
        f"source = rk.InsightsSource({GROUP!r}, max_scan=1000)\n"
        "try:\n    source.run('stats count(*)')\nexcept rk.errors.CostError as error:\n    print('no:', error)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbformat.write(notebook, tmp_path / "asks.ipynb")
    page = run_notebook(tmp_path / "asks.ipynb", tmp_path, poc)
    assert "no: the query would scan about" in page


def test_the_estimate_follows_what_was_seen() -> None:
    """Before any query stored bytes tell it, afterwards the query that covered the window; half a window is half."""
    with start("poc") as sandbox:
        sandbox.advance("24h")
        source = rk.InsightsSource(GROUP, sandbox.session, budget=hurry(), keep=False)
        day = rk.Window(sandbox.clock.now() - timedelta(hours=24), sandbox.clock.now())
        half = rk.Window(day.start, day.start + timedelta(hours=12))
        first = source.estimate("stats count(*)", half)
        assert first.because == "the bytes stored, spread evenly over their time"
        stored = store(sandbox).groups[GROUP].stored_bytes
        assert first.bytes == pytest.approx(stored / 2, rel=0.01)
        assert first.dollars == pytest.approx(stored / 2 / 1e9 * 0.005, rel=0.01)
        source.run("stats count(*)", day)
        second = source.estimate("stats count(*)", half)
        assert second.because == "an earlier query over this time"
        assert second.bytes == pytest.approx(source.usage.bytes / 2, rel=0.01)
        twice = source.estimate("fields srcAddr", half, all_rows=True)
        assert twice.bytes == pytest.approx(2 * second.bytes)
        assert twice.because == "an earlier query over this time, read twice: to count and to fetch"


# answers kept, and what is still to come


def test_the_answer_over_a_settled_window_is_not_paid_for_twice(tmp_path: Path) -> None:
    """The same question over the same settled window is answered from the disk, by another source too."""
    source = source_of(90, keep=Answers(tmp_path))
    source.sandbox.advance("3h")
    first = source.records(window(0, 60))
    paid = source.usage
    again = source.records(window(0, 60))
    pd.testing.assert_frame_equal(first, again)
    assert (source.usage.queries, source.usage.bytes, source.usage.kept) == (paid.queries, paid.bytes, 1)
    other = rk.InsightsSource(source._targets[0], source.sandbox.session, rk.LogFormat(FIELDS), keep=Answers(tmp_path))
    pd.testing.assert_frame_equal(first, other.records(window(0, 60)))
    assert other.usage.queries == paid.queries
    source.records(window(0, 61))
    source.records(window(0, 60), None)
    assert source.usage.kept == 2
    assert Answers(tmp_path).clear() > 0
    source.records(window(0, 60))
    assert source.usage.queries > paid.queries


def test_another_account_has_other_answers(tmp_path: Path) -> None:
    """An endpoint may be another account tomorrow: what one sandbox answered is not given out for another."""
    found = []
    for rows in (90, 60):
        lines = [f"{at} {NOON + at} REJECT" for at in range(rows)]
        with start(None, start=datetime.fromtimestamp(NOON + 9999, UTC), limits=Limits.unlimited()) as sandbox:
            fill(sandbox, [(NOON + at) * 1000 for at in range(rows)], lines, FIELDS, name="/the/same")
            source = rk.InsightsSource("/the/same", sandbox.session, rk.LogFormat(FIELDS), keep=Answers(tmp_path))
            found += [len(source.records(window(0, 90))), len(source.records(window(0, 90)))]
            assert source.usage.kept == 1
    assert found == [90, 90, 60, 60]


def test_a_damaged_answer_is_asked_for_again(tmp_path: Path) -> None:
    """A file that cannot be read is removed, and the service is asked."""
    source = source_of(90, keep=Answers(tmp_path))
    source.sandbox.advance("3h")
    source.records(window(0, 60))
    (path,) = tmp_path.glob("*.parquet")
    path.write_bytes(path.read_bytes()[:100])
    assert len(source.records(window(0, 60))) == 20
    assert source.usage.kept == 0


def test_old_answers_make_room(tmp_path: Path) -> None:
    """What was used longest ago goes when there is more than may be kept."""
    answers = Answers(tmp_path, limit_bytes=3000)
    source = source_of(90, keep=answers)
    source.sandbox.advance("3h")
    for end in range(20, 60):
        source.run("stats count(*) as n", window(0, end))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3000
    assert answers.find("nothing") is None


def test_the_unsettled_end_of_a_window_is_marked(tmp_path: Path) -> None:
    """Records of the last aggregation interval and half an hour may still come in: said, and not kept."""
    source = source_of(90, keep=Answers(tmp_path))
    now = source.sandbox.clock.now()
    found = source.records(window(0, 60))
    assert found.attrs[UNSETTLED] == pd.Timestamp(window(0, 60).start)
    assert list(tmp_path.iterdir()) == []
    source.sandbox.advance("3h")
    assert UNSETTLED not in source.records(window(0, 60)).attrs
    late = source.run("stats count(*) as n")
    assert late.attrs[UNSETTLED] == pd.Timestamp(now + timedelta(hours=3) - timedelta(seconds=600 + SETTLED_AFTER))


# the notebook


def run_notebook(path: Path, folder: Path, sandbox: Sandbox) -> str:
    """Run a notebook against a sandbox, and return the page made of it."""
    code = (
        "import sys, pathlib; from rejectkit import demo; "
        "print(demo.execute(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))"
    )
    environment = {**os.environ, **sandbox.environment}
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (folder / f"{path.stem}.html").read_text(encoding="utf-8")


def asked_logs(sandbox: Sandbox) -> tuple[str, rk.sources.base.Source]:
    """Return the notebook's one line for the log group, and the same source."""
    return f'rk.InsightsSource("{GROUP}")', rk.InsightsSource(GROUP, sandbox.session, budget=hurry())


def asked_athena(sandbox: Sandbox) -> tuple[str, rk.sources.base.Source]:
    """Return the notebook's one line for a table over the same records in S3, and the same source."""
    flow_log = sandbox.deliver_to_s3("s3://notebook-flow-logs/vpc", parquet=True, hive=True, per_hour=True)
    table = rk.AthenaTable.of_flow_log(sandbox.session, flow_log, "logs", "vpc", budget=hurry())
    table.plan(sandbox.session, budget=hurry()).apply(sleep=lambda seconds: None)
    output = "s3://notebook-flow-logs/results/"
    source = rk.AthenaSource(table, session=sandbox.session, output=output, budget=hurry())
    return f'rk.AthenaSource("logs.vpc", output="{output}")', source


@pytest.mark.parametrize("asked", [asked_logs, asked_athena], ids=["log group", "Athena"])
def test_the_first_notebook_runs_with_one_line_changed(
    poc: Sandbox, tmp_path: Path, asked: Callable[[Sandbox], tuple[str, rk.sources.base.Source]]
) -> None:
    """Notebook 01 on the log group, or on Athena: one line differs, and its findings are those from the files."""
    (original,) = [path for path in demo.notebooks() if path.name.startswith("01_")]
    text = original.read_text(encoding="utf-8")
    line = 'rk.FileSource(\\"../data/AWSLogs\\")'
    assert text.count(line) == 1
    other, source = asked(poc)
    (tmp_path / original.name).write_text(text.replace(line, other.replace('"', '\\"')), encoding="utf-8")
    page = unescape(run_notebook(tmp_path / original.name, tmp_path, poc))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = rk.summarize(rk.FileSource(original.parents[1] / "data" / "AWSLogs"))
        logs = rk.summarize(source)
    assert [(str(one), one.query) for one in logs] == [(str(one), one.query) for one in files]
    assert len(files) > 10
    assert [one.sentence for one in files if one.sentence not in page] == []
