"""Logs Insights of the sandbox, by boto3: what a query is asked, what it answers, and how it ends."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from rejectkit.records import LogFormat
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from rejectkit.sandbox.logs.logstore import EVENT_OVERHEAD, LogStore
from tests.reference.compare import disagreement
from tests.reference.generator import make_case
from tests.reference.interpreter import evaluate
from tests.reference.records import record_sets

START = datetime(2026, 11, 1, tzinfo=UTC)
T = int(START.timestamp())
REGION = "eu-west-1"
ONCE = Config(retries={"total_max_attempts": 1})
FREE: Mapping[str, float] = {}
LINE = "2 123456789012 eni-0a 10.0.0.{host} 10.0.1.5 {port} 22 6 3 {size} {at} {end} {action} OK"


def line(i: int, at: int) -> str:
    """Return a line of the default format; every third is refused."""
    action = "REJECT" if i % 3 == 0 else "ACCEPT"
    return LINE.format(host=i % 7, port=1024 + i, size=40 + i, at=at, end=at + 59, action=action)


def store(sandbox: Sandbox) -> LogStore:
    """Return the log groups behind a sandbox."""
    return sandbox._world.region(REGION).of(LogStore)


def fill(sandbox: Sandbox, group: str = "flows", events: int = 30) -> list[str]:
    """Make a group with one event in each second from the start on; return its lines."""
    if group not in store(sandbox).groups:
        sandbox.session.client("logs").create_log_group(logGroupName=group)
    lines = [line(i, T + i) for i in range(events)]
    store(sandbox).put(group, "eni-0a-all", [(T + i) * 1000 for i in range(events)], lines)
    return lines


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An account with thirty events in the group `flows`; no rates."""
    with start(scenario=None, start=START, region=REGION, limits=Limits.unlimited()) as made:
        fill(made)
        yield made


def logs(sandbox: Sandbox) -> Any:
    """Return a client that asks once."""
    return sandbox.session.client("logs", config=ONCE)


def begin(sandbox: Sandbox, query: str, **more: Any) -> str:
    """Start a query over an hour of `flows`; return its id."""
    given: dict[str, Any] = {"startTime": T, "endTime": T + 3600, "queryString": query} | more
    if not any(name.startswith("logGroup") for name in given):
        given["logGroupName"] = "flows"
    return str(logs(sandbox).start_query(**given)["queryId"])


def ask(sandbox: Sandbox, query: str, **more: Any) -> list[dict[str, str]]:
    """Return the rows of a query, each as a dict."""
    told = logs(sandbox).get_query_results(queryId=begin(sandbox, query, **more))
    assert told["status"] == "Complete"
    return [{pair["field"]: pair["value"] for pair in row} for row in told["results"]]


def refusal(sandbox: Sandbox, query: str = "fields @message", **more: Any) -> tuple[str, str]:
    """Return code and message of a refused StartQuery."""
    with pytest.raises(ClientError) as caught:
        begin(sandbox, query, **more)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_rows_are_events(sandbox: Sandbox) -> None:
    """Fields in the order asked for, values as text, missing ones absent, the newest first, `@ptr` last."""
    told = logs(sandbox).get_query_results(queryId=begin(sandbox, "fields @ptr, nothing, bytes, @timestamp | limit 2"))
    assert [[pair["field"] for pair in row] for row in told["results"]] == [["bytes", "@timestamp", "@ptr"]] * 2
    assert [row[0]["value"] for row in told["results"]] == ["69", "68"]
    assert told["results"][0][1]["value"] == "2026-11-01 00:00:29.000"


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ('filter action = "REJECT"', ["@timestamp", "@message", "@ptr"]),
        ('parse @message "* *" as a, b', ["@timestamp", "@message", "a", "b", "@ptr"]),
        ("fields bytes | display action", ["action", "@ptr"]),
        ("fields bytes | display action | display packets", ["packets", "@ptr"]),
        ("fields srcAddr | dedup srcAddr", ["srcAddr", "@ptr"]),
        ("stats count(*) as n by action", ["action", "n"]),
    ],
)
def test_columns(sandbox: Sandbox, query: str, columns: list[str]) -> None:
    """Rows that are events have a `@ptr` whatever else they show; those of stats have none."""
    assert {tuple(row) for row in ask(sandbox, query)} == {tuple(columns)}


def test_statistics(sandbox: Sandbox) -> None:
    """Scanned is what lies in the window, matched what passes the filters before stats; all are floats."""
    query = 'filter action = "REJECT" | stats count(*) as n by srcAddr | filter n > 1 | limit 1'
    told = logs(sandbox).get_query_results(queryId=begin(sandbox, query, endTime=T + 9))
    lines = [line(i, T + i) for i in range(10)]
    assert told["statistics"] == {
        "recordsMatched": 4.0, "recordsScanned": 10.0, "estimatedRecordsSkipped": 0.0, "estimatedBytesSkipped": 0.0,
        "bytesScanned": float(sum(map(len, lines)) + 10 * EVENT_OVERHEAD), "logGroupsScanned": 1.0, "resultCount": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(("ms", "inside"), [(-1, 0), (0, 1), (2999, 1), (3000, 0)])
def test_bounds_are_whole_seconds_and_inside(sandbox: Sandbox, ms: int, inside: int) -> None:
    """An event in any millisecond of the last second is in the window, one in the next is not."""
    sandbox.session.client("logs").create_log_group(logGroupName="edge")
    store(sandbox).group("edge").created -= 60_000
    store(sandbox).put("edge", "s", [(T + 10) * 1000 + ms], ["x"])
    assert len(ask(sandbox, "fields @message", logGroupName="edge", startTime=T + 10, endTime=T + 12)) == inside


def test_a_query_sees_what_has_arrived(sandbox: Sandbox) -> None:
    """Events taken after it was started are not in its answer; the next query sees them, and times past creation only."""
    early = begin(sandbox, "stats count(*) as n")
    store(sandbox).put("flows", "late", [T * 1000, (T - 1) * 1000], [line(0, T), line(0, T - 1)])
    assert logs(sandbox).get_query_results(queryId=early)["results"][0][0]["value"] == "30"
    assert ask(sandbox, "stats count(*) as n", startTime=T - 60) == [{"n": "31"}]


def test_two_groups_and_identifiers(sandbox: Sandbox) -> None:
    """Names, ARNs and a group named twice; `@log` tells the groups apart, and so does each row's pointer."""
    fill(sandbox, "other", 5)
    arn = store(sandbox).group("other").arn
    both = {"logGroupIdentifiers": ["flows", arn, "other"]}
    found = ask(sandbox, "stats count(*) as n by @log | sort n", **both)
    assert found == [{"@log": f"{sandbox.account}:{name}", "n": n} for name, n in (("other", "5"), ("flows", "30"))]
    rows = ask(sandbox, "fields @log, @message | sort @timestamp asc | limit 10", logGroupNames=["flows", "other"])
    for row in rows:
        record = logs(sandbox).get_log_record(logRecordPointer=row["@ptr"])["logRecord"]
        assert (record["@log"], record["@message"]) == (row["@log"], row["@message"])
    assert len({row["@ptr"] for row in rows}) == 10


def test_a_pointer_names_its_event(sandbox: Sandbox) -> None:
    """GetLogRecord gives the event's fields back, times in milliseconds; a pointer into a deleted group is refused."""
    (row,) = ask(sandbox, "fields bytes | filter bytes = 45")
    record = logs(sandbox).get_log_record(logRecordPointer=row["@ptr"])["logRecord"]
    assert record | {"bytes": "45", "@timestamp": str((T + 5) * 1000), "@message": line(5, T + 5)} == record
    assert record["@ptr"] == row["@ptr"]
    for wrong in ("x", "AAAA", row["@ptr"][:-4]):
        with pytest.raises(ClientError, match="InvalidParameterException"):
            logs(sandbox).get_log_record(logRecordPointer=wrong)
    logs(sandbox).delete_log_group(logGroupName="flows")
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs(sandbox).get_log_record(logRecordPointer=row["@ptr"])


def test_a_deleted_stream_is_gone_from_answers(sandbox: Sandbox) -> None:
    """Also where as many events came after as it had."""
    assert ask(sandbox, "stats count(*) as n") == [{"n": "30"}]
    logs(sandbox).delete_log_stream(logGroupName="flows", logStreamName="eni-0a-all")
    store(sandbox).put("flows", "new", [T * 1000] * 40, ["x"] * 40)
    assert ask(sandbox, "stats count(*) as n, count(bytes) as b") == [{"n": "40", "b": "0"}]


MANY = [f"g{i}" for i in range(51)]


@pytest.mark.parametrize(
    ("asked", "code", "part"),
    [
        ({"logGroupName": "flows", "logGroupNames": ["flows"]}, "InvalidParameterException", "Exactly one of"),
        ({"logGroupNames": []}, "InvalidParameterException", "Exactly one of"),
        ({"logGroupNames": MANY}, "InvalidParameterException", "50"),
        ({"logGroupIdentifiers": ["arn:aws:logs:eu-west-1:1:log-group:x:*"]}, "InvalidParameterException", ":\\*"),
        ({"logGroupName": "none"}, "ResourceNotFoundException", "Log group 'none' does not exist for account ID"),
        ({"logGroupNames": ["flows", "none"]}, "ResourceNotFoundException", "Log group 'none'"),
        ({"logGroupIdentifiers": ["arn:aws:logs:eu-west-1:1:log-group:flows"]}, "ResourceNotFoundException", "flows"),
        ({"startTime": T + 2, "endTime": T + 1}, "InvalidParameterException", "after its end time"),
        ({"limit": 100_001}, "InvalidParameterException", "between 1 and 100000"),
        ({"limit": 0}, "InvalidParameterException", "between 1 and 100000"),
        ({"queryLanguage": "SQL"}, "InvalidParameterException", "SQL"),
        ({"queryLanguage": "PPL"}, "InvalidParameterException", "PPL"),
        ({"startTime": T - 60, "endTime": T - 1}, "MalformedQueryException", r"before the log groups creation time .*\(\[0,14\]\)"),
    ],
)  # fmt: skip
def test_refused(sandbox: Sandbox, asked: dict[str, Any], code: str, part: str) -> None:
    """What the service refuses is refused with its error, and leaves no query behind."""
    client = sandbox.session.client(
        "logs", config=Config(parameter_validation=False, retries={"total_max_attempts": 1})
    )
    given = {"startTime": T, "endTime": T + 60, "queryString": "fields @message"} | asked
    if not any(name.startswith("logGroup") for name in given):
        given["logGroupName"] = "flows"
    with pytest.raises(ClientError, match=part) as caught:
        client.start_query(**given)
    assert caught.value.response["Error"]["Code"] == code
    assert client.describe_queries()["queries"] == []


@pytest.mark.parametrize(
    ("query", "part", "first", "last"),
    [
        ("", "unexpected symbol found <EOF> at line 1 and position 0", 0, 0),
        ("fields a | sort bin(5m)", "unexpected symbol found ( at line 1 and position 19", 19, 19),
        ("fields @message | filter a like /x/i", "unexpected symbol found i at line 1 and position 35", 35, 35),
        ("stats sum(a) as b | fields c", "Unknown symbols found in or after stats: c", 27, 27),
        ("fields a as b | fields c as b", "Ephemeral field is already defined: b ([23,28])", 23, 28),
        ("fields @message | pattern @message", "pattern", 18, 33),
        ("SOURCE 'x' | fields a", "source", 0, 9),
    ],
)
def test_malformed(sandbox: Sandbox, query: str, part: str, first: int, last: int) -> None:
    """A query that is not allowed says where; the end is the last character at fault."""
    with pytest.raises(ClientError) as caught:
        begin(sandbox, query)
    told: Any = caught.value.response
    assert told["Error"]["Code"] == "MalformedQueryException"
    assert part.lower() in told["Error"]["Message"].lower()
    assert told["queryCompileError"]["message"] == told["Error"]["Message"]
    assert told["queryCompileError"]["location"] == {"startCharOffset": first, "endCharOffset": last}


def test_limits_of_rows(sandbox: Sandbox) -> None:
    """Of the query's limit and the request's the smaller wins; without any it is the default."""
    assert len(ask(sandbox, "fields @message | limit 5", limit=3)) == 3
    assert len(ask(sandbox, "fields @message | limit 3 # three", limit=5)) == 3
    assert len(ask(sandbox, "stats count(*) by srcPort", limit=4)) == 4
    assert len(ask(sandbox, "fields srcAddr | dedup srcAddr", limit=4)) == 4
    with start(scenario=None, start=START, region=REGION, limits=Limits(rates=FREE, default_rows=7)) as small:
        fill(small)
        assert len(ask(small, "fields @message")) == 7
        assert len(ask(small, "fields @message", limit=20)) == 20


def test_pages(sandbox: Sandbox) -> None:
    """By token until there is none; a token is of one query, and lives for an hour."""
    with start(scenario=None, start=START, region=REGION, limits=Limits(rates=FREE, page_rows=12)) as small:
        fill(small)
        client, query, other = logs(small), begin(small, "fields bytes"), begin(small, "fields bytes")
        pages, token = [], {}
        while True:
            told = client.get_query_results(queryId=query, **token)
            pages.append([row[0]["value"] for row in told["results"]])
            if "nextToken" not in told:
                break
            token = {"nextToken": told["nextToken"]}
        assert [len(one) for one in pages] == [12, 12, 6]
        assert [one for page in pages for one in page] == [str(40 + i) for i in reversed(range(30))]
        assert len(client.get_query_results(queryId=query, maxItems=5)["results"]) == 5
        none = client.get_query_results(queryId=query, maxItems=0)
        assert (none["results"], none["status"], "nextToken" in none) == ([], "Complete", False)
        for given in ({"queryId": other, **token}, {"queryId": query, "nextToken": "x"}):
            with pytest.raises(ClientError, match="InvalidParameterException"):
                client.get_query_results(**given)
        small.advance("61m")
        with pytest.raises(ClientError, match="expired"):
            client.get_query_results(queryId=query, **token)
        assert len(client.get_query_results(queryId=query)["results"]) == 12


SLOW = Limits(rates=FREE, query_seconds=1000.0, concurrent_queries=2)


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """An account whose queries take a thousand seconds."""
    with start(scenario=None, start=START, region=REGION, limits=SLOW) as made:
        fill(made)
        yield made


def test_a_query_goes_its_way(slow: Sandbox) -> None:
    """Scheduled, Running with what it has read so far, Complete; stats while it runs are of a part of the events."""
    events, total = begin(slow, "fields bytes"), begin(slow, "stats count(*) as n")
    counts = {}
    for seconds, status in ((0, "Scheduled"), (500, "Running"), (300, "Running"), (300, "Complete")):
        if seconds:
            slow.advance(f"{seconds}s")
        told = [logs(slow).get_query_results(queryId=one) for one in (events, total)]
        assert [one["status"] for one in told] == [status] * 2
        rows = len(told[0]["results"])
        assert told[0]["statistics"]["recordsScanned"] == rows
        counts[status] = rows
        assert int(told[1]["results"][0][0]["value"]) == rows
    assert counts["Scheduled"] == 0 < counts["Running"] < counts["Complete"] == 30


def test_so_many_at_once(slow: Sandbox) -> None:
    """One more than may run is refused, until one has ended."""
    first = begin(slow, "fields bytes")
    begin(slow, "fields bytes")
    assert refusal(slow) == ("LimitExceededException", "Account maximum query concurrency limit of [2] reached.")
    logs(slow).stop_query(queryId=first)
    begin(slow, "fields bytes")


def test_stop(slow: Sandbox) -> None:
    """A stopped query is Cancelled and reads no further; one that has ended cannot be stopped."""
    query = begin(slow, "fields bytes")
    slow.advance("500s")
    assert logs(slow).stop_query(queryId=query)["success"] is True
    before = logs(slow).get_query_results(queryId=query)
    slow.advance("2000s")
    after = logs(slow).get_query_results(queryId=query)
    assert before["status"] == after["status"] == "Cancelled"
    assert len(before["results"]) == len(after["results"]) < 30
    for wrong, code in ((query, "InvalidParameterException"), ("none", "ResourceNotFoundException")):
        with pytest.raises(ClientError, match=code):
            logs(slow).stop_query(queryId=wrong)


def test_time_runs_out() -> None:
    """A query that takes longer than the service allows ends as Timeout, without further rows."""
    limits = Limits(rates=FREE, query_bytes_per_second=1.0, query_timeout=100.0)
    with start(scenario=None, start=START, region=REGION, limits=limits) as made:
        fill(made)
        query = begin(made, "fields bytes")
        made.advance("5000s")
        told = logs(made).get_query_results(queryId=query)
        assert told["status"] == "Timeout"
        assert len(told["results"]) < 30


@pytest.mark.parametrize("status", ["Failed", "Timeout", "Cancelled", "Unknown"])
def test_a_query_ends_badly_by_a_fault(sandbox: Sandbox, status: str) -> None:
    """The one query that the fault is meant for, without a row; the next one is well."""
    sandbox.faults.add(Fault("StartQuery", outcome=status))
    bad, good = begin(sandbox, "fields bytes"), begin(sandbox, "fields bytes")
    told = logs(sandbox).get_query_results(queryId=bad)
    assert (told["status"], told["results"]) == (status, [])
    assert logs(sandbox).get_query_results(queryId=good)["status"] == "Complete"


def test_throttled(sandbox: Sandbox) -> None:
    """More calls in a second than the rate are refused."""
    with start(scenario=None, start=START, region=REGION, limits=Limits(rates={"logs.StartQuery": 1})) as made:
        fill(made)
        begin(made, "fields bytes")
        assert refusal(made)[0] == "ThrottlingException"


def test_describe_queries(slow: Sandbox) -> None:
    """Newest first, by group and status, page by page."""
    fill(slow, "other", 3)
    first = begin(slow, "fields bytes", limit=3)
    second = begin(slow, "fields packets", logGroupName="other")
    logs(slow).stop_query(queryId=first)
    client = logs(slow)
    listed = client.describe_queries()["queries"]
    assert [one["queryId"] for one in listed] == [second, first]
    assert listed[1]["queryString"] == f'SOURCE "flows" START={T}000 END={T + 3600}999 | fields bytes | limit 3'
    assert [one["queryId"] for one in client.describe_queries(logGroupName="other")["queries"]] == [second]
    assert [one["queryId"] for one in client.describe_queries(status="Cancelled")["queries"]] == [first]
    page = client.describe_queries(maxResults=1)
    assert [one["queryId"] for one in page["queries"]] == [second]
    rest = client.describe_queries(maxResults=1, nextToken=page["nextToken"])
    assert [one["queryId"] for one in rest["queries"]] == [first]
    assert "nextToken" not in rest


def test_fields_of_a_group(sandbox: Sandbox) -> None:
    """In percent of the events of the last quarter of an hour, or around a time."""
    store(sandbox).put("flows", "app", [T * 1000] * 10, ["not a flow"] * 10)
    sandbox.advance("10m")
    client = logs(sandbox)
    told = {one["name"]: one["percent"] for one in client.get_log_group_fields(logGroupName="flows")["logGroupFields"]}
    assert (told["@message"], told["srcAddr"]) == (100, 75)
    sandbox.advance("1h")
    assert client.get_log_group_fields(logGroupName="flows")["logGroupFields"] == []
    assert client.get_log_group_fields(logGroupName="flows", time=T + 300)["logGroupFields"]


CUSTOM = LogFormat.parse("${interface-id} ${pkt-srcaddr} ${bytes} ${tcp-flags}")


@pytest.mark.parametrize("discovers", [True, False])
def test_a_custom_format(discovers: bool) -> None:
    """The fields of a custom format are those its flow log tells, if the service discovers them."""
    limits = Limits(rates=FREE, discovers_custom_formats=discovers)
    with start(scenario=None, start=START, region=REGION, limits=limits) as made:
        made.session.client("logs").create_log_group(logGroupName="flows")
        store(made).put("flows", "s", [T * 1000] * 2, ["eni-0a 10.0.0.9 40 2", "eni-0a - - -"])
        assert ask(made, "stats count(pktSrcAddr) as n") == [{"n": "0"}]
        store(made).formats["flows"] = CUSTOM
        found = ask(made, "fields pktSrcAddr, bytes, tcpFlags | sort bytes")
        values = [{name: value for name, value in row.items() if name != "@ptr"} for row in found]
        names = ("pktSrcAddr", "bytes", "tcpFlags")
        seen = [dict.fromkeys(names, "-"), dict(zip(names, ("10.0.0.9", "40", "2"), strict=True))]
        assert values == (seen if discovers else [{}, {}])


@pytest.mark.parametrize(
    "odd", ["not a flow", line(0, T).replace(" 22 ", " 022 "), line(0, T).replace(" 22 ", " - "), ""]
)
def test_lines_of_all_sorts(sandbox: Sandbox, odd: str) -> None:
    """A field is missing where the line does not fit, and as the line has it where it does."""
    store(sandbox).put("flows", "odd", [(T + 40) * 1000], [odd])
    (newest, *rest) = ask(sandbox, "fields dstPort, ispresent(dstPort) as there")
    fits = len(odd.split()) == 14
    assert newest.get("dstPort") == (odd.split()[6] if fits else None)
    assert newest["there"] == str(int(fits))
    assert {(row["dstPort"], row["there"]) for row in rest} == {("22", "1")}
    assert ask(sandbox, "filter dstPort = 22 | stats count(*) as n, sum(dstPort) as s") == [{"n": "30", "s": "660"}]


SETS = [one for one in record_sets(7, 12) if not one.sparse and one.lines]


@pytest.mark.parametrize("block", range(5))
def test_generated_queries(block: int) -> None:
    """Service-style answers are what the plain interpreter prints."""
    limits = Limits(rates=FREE, queries_before_creation=True)
    with start(scenario=None, start=datetime(2030, 1, 1, tzinfo=UTC), region=REGION, limits=limits) as made:
        client = logs(made)
        for seed in range(block * 20, block * 20 + 20):
            records, name = SETS[seed % len(SETS)], f"set-{seed % len(SETS)}"
            events = records.events()
            if name not in store(made).groups:
                client.create_log_group(logGroupName=name)
                store(made).formats[name] = LogFormat(records.log_names)
                times = [int(str(event["@timestamp"])) for event in events]
                store(made).put(name, "s", times, list(records.lines))
            case = make_case(f"sandbox {seed}", records)
            expected = evaluate(case.query, events)
            query = begin(made, case.text, logGroupName=name, startTime=0, endTime=1_900_000_000)
            rows = client.get_query_results(queryId=query)["results"]
            got = [{pair["field"]: pair["value"] for pair in row if pair["field"] != "@ptr"} for row in rows]
            frame = pd.DataFrame(
                [[row.get(name) for name in expected.columns] for row in got], columns=expected.columns, dtype="str"
            )
            assert all(set(row) <= set(expected.columns) for row in got), case.text
            assert disagreement(expected, frame, dashed=False) is None, (seed, case.text)


SHARED = os.environ.get("REJECTKIT_SHARED")
recorded = pytest.mark.skipif(not SHARED, reason="REJECTKIT_SHARED does not name the recorded answers")


def load(path: str) -> Any:
    """Return a recorded answer."""
    return json.loads((Path(SHARED or "") / "data" / path).read_text(encoding="utf-8"))


@recorded
def test_a_recorded_answer(sandbox: Sandbox) -> None:
    """The recorded query over the recorded event gives the recorded row, but for what the pointer says."""
    told = load("insights/stix_shifter_vpcflow_get_query_results.json")
    (row,) = told["get_query_results"]["results"]
    value = {pair["field"]: pair["value"] for pair in row}
    names = [
        "accountId",
        "interfaceId",
        "srcAddr",
        "dstAddr",
        "srcPort",
        "dstPort",
        "protocol",
        "packets",
        "bytes",
        "start",
        "end",
    ]
    text = " ".join(["2", *(value[name] for name in names), "ACCEPT", "OK"])
    at = int(value["start"])
    group = store(sandbox).group("flows")
    group.created = 0
    store(sandbox).put("flows", "s", [at * 1000], [text])
    client = logs(sandbox)
    query = begin(sandbox, told["queryString"].replace("172.31.88.64", value["srcAddr"]), startTime=at, endTime=at)
    got = client.get_query_results(queryId=query)
    assert [pair for pair in got["results"][0] if pair["field"] != "@ptr"] == row[:-1]
    assert got["results"][0][-1]["field"] == "@ptr"
    assert set(told["get_query_results"]) <= set(got)
    assert set(told["get_query_results"]["statistics"]) <= set(got["statistics"])
    assert all(isinstance(one, float) for one in got["statistics"].values())


@recorded
def test_recorded_shapes(sandbox: Sandbox) -> None:
    """DescribeQueries and the missing group have the recorded members and words."""
    cases = {
        name.rpartition("::")[2]: one["recorded-content"]
        for name, one in load("alarms/logs__test_logs_queries.snapshot.json").items()
    }
    client = logs(sandbox)
    told = client.start_query(logGroupName="flows", startTime=T, endTime=T + 60, queryString="fields @message")
    assert set(told) == set(cases["test_start_query_basic"]["start-query"])
    (want,) = cases["test_describe_queries"]["describe-queries"]["queries"]
    (got,) = client.describe_queries(logGroupName="flows")["queries"]
    assert set(got) == set(want)
    text = want["queryString"].replace("<log-group-name:1>", "flows")
    assert got["queryString"] == text.replace("<start-time>", str(T)).replace("<end-time>", str(T + 60))
    assert client.describe_queries(logGroupName="flows", status="Scheduled")["queries"] == []
    error = cases["test_start_query_log_group_not_found"]["error-log-group-not-found"]["Error"]
    code, words = refusal(sandbox, logGroupName="none")
    wanted = error["Message"].replace("<log-group>", "none").replace("111111111111", sandbox.account)
    assert (code, words.partition("Request ID")[0]) == (error["Code"], wanted.partition("Request ID")[0])
