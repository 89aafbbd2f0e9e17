"""Logs Insights of the sandbox, asked by boto3: statuses, pages, limits, refusals, bounds, pointers and faults."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import rejectkit as rk
from rejectkit.errors import QueryError, RejectkitWarning
from rejectkit.insights import parse
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from rejectkit.sandbox.logs.logstore import EVENT_OVERHEAD, LogStore
from rejectkit.sandbox.logs.queries import Insights
from tests.reference.compare import disagreement
from tests.reference.generator import make_case
from tests.reference.interpreter import evaluate
from tests.reference.records import RecordSet, record_sets

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = int(START.timestamp())
ONCE = Config(retries={"total_max_attempts": 1})
GROUP = "/vpc/flow"
LINE = "2 123456789012 eni-{n} 198.51.100.7 10.0.0.5 51515 {n} 6 1 40 {at} {at} REJECT OK"
FREE = Limits.unlimited()


def open_sandbox(limits: Limits = FREE) -> Sandbox:
    """Start an empty account."""
    return start(scenario=None, start=START, limits=limits)


def store_of(sandbox: Sandbox) -> LogStore:
    """Return the log groups of a sandbox."""
    return sandbox._world.region(sandbox.region).of(LogStore)


def fill(sandbox: Sandbox, times: list[int], messages: list[str] | None = None, group: str = GROUP) -> Any:
    """Put events, stamped in milliseconds, into a group that is as old as its first event; return a client."""
    store = store_of(sandbox)
    made = store.groups.get(group) or store.create(group)
    made.created = min([made.created, *times])
    lines = messages or [LINE.format(n=i, at=at // 1000) for i, at in enumerate(times)]
    store.put(group, "eni-1-all", times, lines)
    return sandbox.session.client("logs", config=ONCE)


def begin(logs: Any, query: str = "fields @message", first: int = NOW - 3600, last: int = NOW, **more: Any) -> str:
    """Start a query; return its id."""
    named = {} if any(name.startswith("logGroup") for name in more) else {"logGroupName": GROUP}
    answer = logs.start_query(startTime=first, endTime=last, queryString=query, **named, **more)
    return str(answer["queryId"])


def ask(logs: Any, query: str = "fields @message", *args: Any, **more: Any) -> dict[str, Any]:
    """Start a query and return its first answer."""
    return dict(logs.get_query_results(queryId=begin(logs, query, *args, **more)))


def rows_of(answer: dict[str, Any]) -> list[dict[str, str]]:
    """Return rows as mappings."""
    return [{pair["field"]: pair["value"] for pair in row} for row in answer["results"]]


def refusal(logs: Any, **params: Any) -> tuple[str, str, dict[str, Any]]:
    """Return code, message and the whole answer of a refused StartQuery."""
    given = {"startTime": NOW - 3600, "endTime": NOW, "queryString": "fields @message"} | params
    with pytest.raises(ClientError) as caught:
        logs.start_query(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"], dict(caught.value.response)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account without rates."""
    with open_sandbox() as made:
        yield made


# answers


def test_values_are_text_in_the_order_of_fields_and_the_pointer_is_last(sandbox: Sandbox) -> None:
    """A row is a list of pairs in the order asked, `@ptr` at its end; a missing value is absent."""
    logs = fill(sandbox, [(NOW - 60) * 1000, (NOW - 50) * 1000], [LINE.format(n=22, at=NOW - 60), "not a flow log"])
    answer = ask(logs, "fields @timestamp, dstPort, srcAddr, nowhere | sort @timestamp asc")
    names = [[pair["field"] for pair in row] for row in answer["results"]]
    assert names == [["@timestamp", "dstPort", "srcAddr", "@ptr"], ["@timestamp", "@ptr"]]
    assert rows_of(answer)[0] | {"@ptr": ""} == {
        "@timestamp": "2026-11-01 11:59:00.000",
        "dstPort": "22",
        "srcAddr": "198.51.100.7",
        "@ptr": "",
    }


def test_a_query_without_fields_shows_time_and_message(sandbox: Sandbox) -> None:
    """`@timestamp`, `@message`, `@ptr`, newest first; groups have no pointer."""
    logs = fill(sandbox, [(NOW - 60) * 1000, (NOW - 50) * 1000], ["a b", 'c "d" \u00e9\n\t'])
    answer = ask(logs, "filter 1 = 1")
    assert [list(row) for row in rows_of(answer)] == [["@timestamp", "@message", "@ptr"]] * 2
    assert [row["@message"] for row in rows_of(answer)] == ['c "d" \u00e9\n\t', "a b"]
    assert rows_of(ask(logs, "stats count(*) as n by @logStream")) == [{"@logStream": "eni-1-all", "n": "2"}]


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("display dstPort", ["dstPort", "@ptr"]),
        ("fields @ptr, dstPort", ["dstPort", "@ptr"]),
        ('parse @message "* *" as p, q', ["@timestamp", "@message", "p", "q", "@ptr"]),
        ("dedup dstPort", ["@timestamp", "@message", "@ptr"]),
        ("fields dstPort | dedup dstPort | limit 1", ["dstPort", "@ptr"]),
        ("fields dstPort | display srcPort | limit 1", ["srcPort", "@ptr"]),
        ("limit 1", ["@timestamp", "@message", "@ptr"]),
        ("sort dstPort | limit 1", ["@timestamp", "@message", "@ptr"]),
        ('parse @message "* *" as p, q | display q', ["q", "@ptr"]),
        ("fields dstPort as d | filter d = 0", ["d", "@ptr"]),
        ("display dstPort | fields srcPort", ["dstPort", "@ptr"]),
        ("display dstPort | dedup dstPort", ["dstPort", "@ptr"]),
        ("stats count(*) as n | display n", ["n"]),
        ("stats max(dstPort) as `@ptr`", ["@ptr"]),
    ],
)
def test_the_pointer_joins_every_shape_of_rows(sandbox: Sandbox, query: str, columns: list[str]) -> None:
    """However the columns of events are chosen, `@ptr` is the last of them, once; never one of groups."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    assert [pair["field"] for pair in ask(logs, query)["results"][0]] in (columns, ["@ptr", *columns[:-1]])


def test_both_ends_are_whole_seconds_inside(sandbox: Sandbox) -> None:
    """An event is inside from the first millisecond of startTime to the last of endTime."""
    moments = [(NOW - 100) * 1000 - 1, (NOW - 100) * 1000, (NOW - 90) * 1000 + 999, (NOW - 89) * 1000]
    logs = fill(sandbox, moments, ["before", "first", "last", "after"])
    found = rows_of(ask(logs, "fields @message", NOW - 100, NOW - 90))
    assert [row["@message"] for row in found] == ["last", "first"]
    assert [row["@message"] for row in rows_of(ask(logs, "fields @message", NOW - 90, NOW - 90))] == ["last"]


def test_a_query_sees_what_has_arrived_when_it_starts(sandbox: Sandbox) -> None:
    """Later arrivals are not in its answer, and are in the next one's."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    first = begin(logs, "stats count(*) as n")
    fill(sandbox, [(NOW - 61) * 1000])
    assert rows_of(logs.get_query_results(queryId=first)) == [{"n": "1"}]
    assert rows_of(ask(logs, "stats count(*) as n")) == [{"n": "2"}]


def test_statistics_count_events_and_their_bytes(sandbox: Sandbox) -> None:
    """Scanned: the events of the window; bytes: their UTF-8 and an overhead each; matched: what filters left."""
    logs = fill(sandbox, [(NOW - 7200) * 1000, (NOW - 60) * 1000, (NOW - 50) * 1000], ["old", "abc", "\u00e9"])
    answer = ask(logs, "filter @message = 'abc' | stats count(*) as n by @message | limit 1")
    told = answer["statistics"]
    assert told == {
        "recordsMatched": 1.0,
        "recordsScanned": 2.0,
        "bytesScanned": 3.0 + 2.0 + 2 * EVENT_OVERHEAD,
        "estimatedRecordsSkipped": 0.0,
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": 1.0,
        "resultCount": 1.0,
    }
    assert sandbox._world.region(sandbox.region).of(Insights).bytes_scanned == told["bytesScanned"]


def test_several_groups_by_name_and_arn(sandbox: Sandbox) -> None:
    """Names and ARNs name groups; each is read once, and `@log` says which one an event is of."""
    fill(sandbox, [(NOW - 60) * 1000])
    logs = fill(sandbox, [(NOW - 60) * 1000], ["other"], "/other")
    arn = store_of(sandbox).groups["/other"].arn
    for more in ({"logGroupNames": [GROUP, "/other"]}, {"logGroupIdentifiers": [GROUP, arn, arn]}):
        answer = ask(logs, "stats count(*) as n by @log, dstPort | sort @log asc", **more)
        assert rows_of(answer) == [
            {"@log": f"{sandbox.account}:/other", "n": "1"},
            {"@log": f"{sandbox.account}:{GROUP}", "dstPort": "0", "n": "1"},
        ]
        assert answer["statistics"]["logGroupsScanned"] == 2.0


def test_numbers_and_odd_spellings_live_in_one_column(sandbox: Sandbox) -> None:
    """A field is text that acts as a number; 007 stays as it is spelled, `-` is a text, also after other lines."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    assert rows_of(ask(logs, "stats sum(dstPort) as n")) == [{"n": "0"}]
    odd = LINE.format(n="007", at=NOW - 59), LINE.format(n="-", at=NOW - 58), LINE.format(n="443", at=NOW - 57)
    fill(sandbox, [(NOW - at) * 1000 for at in (59, 58, 57)], list(odd))
    found = rows_of(ask(logs, "fields dstPort | sort @timestamp asc"))
    assert [row["dstPort"] for row in found] == ["0", "007", "-", "443"]
    fill(sandbox, [(NOW - 56) * 1000], ["no flow log at all"])
    assert len(rows_of(ask(logs, "filter ispresent(dstPort)"))) == 4
    assert [r["dstPort"] for r in rows_of(ask(logs, "filter dstPort > 0 | fields dstPort"))] == ["443"]


def test_custom_formats_are_discovered_if_the_limits_say_so() -> None:
    """The flow log's own format names the fields; without discovery only system fields are there."""
    for limits, expected in (
        (FREE, {"dstPort": "22", "vpcId": "vpc-1"}),
        (replace(FREE, discovers_custom_formats=False), {}),
    ):
        with open_sandbox(limits) as sandbox:
            logs = fill(sandbox, [(NOW - 60) * 1000], ["vpc-1 22 REJECT"])
            store_of(sandbox).formats[GROUP] = rk.LogFormat.parse("${vpc-id} ${dstport} ${action}")
            (row,) = rows_of(ask(logs, "fields dstPort, vpcId"))
            assert {name: text for name, text in row.items() if name != "@ptr"} == expected


def test_start_and_start_time_are_one_field(sandbox: Sandbox) -> None:
    """`start` and `startTime` both name the first packet's time."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    (row,) = rows_of(ask(logs, "fields start, startTime"))
    assert row["start"] == row["startTime"] == str(NOW - 60)


def test_now_is_the_simulated_time(sandbox: Sandbox) -> None:
    """now() is in seconds, the query's own range in milliseconds."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    (row,) = rows_of(ask(logs, "fields now() as n, queryStartTime() as s"))
    assert (row["n"], row["s"]) == (str(NOW), str((NOW - 3600) * 1000))


# pages


def test_pages_hold_all_rows_once() -> None:
    """Pages follow each other by token; together they are the answer."""
    with open_sandbox(replace(FREE, page_rows=40)) as sandbox:
        logs = fill(sandbox, [(NOW - 200 + i) * 1000 for i in range(100)])
        query = begin(logs, "fields dstPort | sort dstPort asc")
        sizes, seen, token = [], [], {}
        while True:
            answer = logs.get_query_results(queryId=query, **token)
            sizes.append(len(answer["results"]))
            seen += [row["dstPort"] for row in rows_of(answer)]
            if "nextToken" not in answer:
                break
            token = {"nextToken": answer["nextToken"]}
        assert sizes == [40, 40, 20]
        assert seen == [str(i) for i in range(100)]
        answer = logs.get_query_results(queryId=query, maxItems=3)
        assert len(answer["results"]) == 3
        answer = logs.get_query_results(queryId=query, nextToken=answer["nextToken"])
        assert rows_of(answer)[0]["dstPort"] == "3"
        assert answer["statistics"]["resultCount"] == 100.0


def test_tokens_expire_and_belong_to_their_query(sandbox: Sandbox) -> None:
    """A token is good for an hour, and for the query that gave it."""
    logs = fill(sandbox, [(NOW - 60 + i) * 1000 for i in range(5)])
    one, other = begin(logs), begin(logs)
    token = logs.get_query_results(queryId=one, maxItems=2)["nextToken"]
    for query, text in ((other, token), (one, "nonsense")):
        with pytest.raises(ClientError, match="InvalidParameterException"):
            logs.get_query_results(queryId=query, nextToken=text)
    sandbox.advance("59m")
    assert len(logs.get_query_results(queryId=one, nextToken=token)["results"]) == 3
    sandbox.advance("2m")
    with pytest.raises(ClientError, match="expired"):
        logs.get_query_results(queryId=one, nextToken=token)


def test_rows_are_cut_at_the_default_and_at_the_smaller_limit() -> None:
    """Without a limit the default; with two, the smaller; above the greatest, a refusal."""
    with open_sandbox(replace(FREE, default_rows=7, query_rows=20)) as sandbox:
        logs = fill(sandbox, [(NOW - 200 + i) * 1000 for i in range(50)])
        assert len(ask(logs)["results"]) == 7
        assert len(ask(logs, "stats count(*) as n by dstPort")["results"]) == 7
        assert len(ask(logs, "fields @message | limit 9")["results"]) == 9
        assert len(ask(logs, "fields @message | limit 9", limit=5)["results"]) == 5
        assert len(ask(logs, "fields @message | limit 9", limit=15)["results"]) == 9
        assert len(ask(logs, "fields @message # all of it", limit=15)["results"]) == 15
        assert refusal(logs, logGroupName=GROUP, limit=21)[0] == "InvalidParameterException"
        code, _, _ = refusal(logs, logGroupName=GROUP, queryString="fields @message | limit 21")
        assert code == "MalformedQueryException"


# time


def test_a_query_is_scheduled_then_running_with_partial_rows_then_complete() -> None:
    """Its rows and statistics grow with the clock; it can be stopped while it has not ended, and only then."""
    with open_sandbox(replace(FREE, query_seconds=1000)) as sandbox:
        logs = fill(sandbox, [(NOW - 200 + i) * 1000 for i in range(100)])
        query = begin(logs)
        told = []
        for _ in range(3):
            answer = logs.get_query_results(queryId=query)
            told.append((answer["status"], len(answer["results"]), answer["statistics"]["recordsScanned"]))
            sandbox.advance(600)
        assert [status for status, *_ in told] == ["Scheduled", "Running", "Complete"]
        assert told[0][1:] == (0, 0.0)
        assert 55 <= told[1][1] <= 65
        assert 55 <= told[1][2] <= 65
        assert told[2][1:] == (100, 100.0)
        with pytest.raises(ClientError, match="InvalidParameterException"):
            logs.stop_query(queryId=query)


def test_a_stopped_query_is_cancelled() -> None:
    """StopQuery succeeds once; the query is Cancelled and goes on no more."""
    with open_sandbox(replace(FREE, query_seconds=1000)) as sandbox:
        logs = fill(sandbox, [(NOW - 200 + i) * 1000 for i in range(100)])
        query = begin(logs)
        sandbox.advance(500)
        assert logs.stop_query(queryId=query)["success"] is True
        sandbox.advance(1000)
        answer = logs.get_query_results(queryId=query)
        assert answer["status"] == "Cancelled"
        assert len(answer["results"]) < 100
        with pytest.raises(ClientError, match="InvalidParameterException"):
            logs.stop_query(queryId=query)


def test_a_query_takes_longer_the_more_it_scans_and_times_out() -> None:
    """Bytes take time; beyond the greatest time the query ends as Timeout."""
    with open_sandbox(replace(FREE, query_bytes_per_second=10.0, query_timeout=100)) as sandbox:
        logs = fill(sandbox, [(NOW - 60) * 1000], ["x" * (500 - EVENT_OVERHEAD)])
        short = begin(logs)
        sandbox.advance(45)
        assert logs.get_query_results(queryId=short)["status"] == "Running"
        sandbox.advance(6)
        assert logs.get_query_results(queryId=short)["status"] == "Complete"
        fill(sandbox, [(NOW - 60) * 1000], ["x" * 1000])
        long = begin(logs)
        sandbox.advance(101)
        assert logs.get_query_results(queryId=long)["status"] == "Timeout"


@pytest.mark.parametrize("outcome", ["Failed", "Timeout", "Cancelled", "Unknown"])
def test_a_query_ends_as_a_fault_says(sandbox: Sandbox, outcome: str) -> None:
    """The next query that is started ends so, the one after it goes well."""
    logs = fill(sandbox, [(NOW - 60) * 1000] * 4)
    sandbox.faults.add(Fault("StartQuery", outcome=outcome))
    assert ask(logs)["status"] == outcome
    assert ask(logs)["status"] == "Complete"


def test_so_many_queries_run_at_once() -> None:
    """One above the quota is refused, until one has ended or was stopped."""
    with open_sandbox(replace(FREE, concurrent_queries=2, query_seconds=100)) as sandbox:
        logs = fill(sandbox, [(NOW - 60) * 1000])
        first, _ = begin(logs), begin(logs)
        code, message, _ = refusal(logs, logGroupName=GROUP)
        assert (code, "maximum query concurrency limit of [2]" in message) == ("LimitExceededException", True)
        logs.stop_query(queryId=first)
        begin(logs)
        sandbox.advance(101)
        begin(logs)


def test_results_are_kept_for_a_week(sandbox: Sandbox) -> None:
    """After seven days a query is unknown, as one that never was."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    query = begin(logs)
    sandbox.advance("6d")
    assert logs.get_query_results(queryId=query)["status"] == "Complete"
    sandbox.advance("2d")
    for name in (query, "12345678-1234-1234-1234-123456789012"):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            logs.get_query_results(queryId=name)
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            logs.stop_query(queryId=name)
    assert logs.describe_queries()["queries"] == []


# refusals


@pytest.mark.parametrize(
    ("query", "message", "start", "end"),
    [
        ("", "unexpected symbol found <EOF> at line 1 and position 0", 0, 0),
        ("fields a\n| sort bin(5m)", "unexpected symbol found ( at line 2 and position 10", 19, 19),
        ("filter @message like /x/i", "unexpected symbol found i at line 1 and position 24", 24, 24),
        ("dedup a | sort b", "unexpected symbol found sort at line 1 and position 10", 10, 13),
        ("fields a as n | fields b as n", "Ephemeral field is already defined: n ([23,28])", 23, 28),
        ("stats count(*) as n by a | filter b = 1", "Unknown symbols found in or after stats: b", 34, 34),
    ],
)
def test_malformed_queries_say_where(sandbox: Sandbox, query: str, message: str, start: int, end: int) -> None:
    """The service's words, and offsets whose end is inside."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    code, said, response = refusal(logs, logGroupName=GROUP, queryString=query)
    assert (code, said) == ("MalformedQueryException", message)
    assert response["queryCompileError"] == {
        "message": message,
        "location": {"startCharOffset": start, "endCharOffset": end},
    }


def test_a_window_before_the_group_is_malformed(sandbox: Sandbox) -> None:
    """A query that ends before its group was made, or before what is kept, is refused over its whole text."""
    store_of(sandbox).create(GROUP)
    logs = sandbox.session.client("logs", config=ONCE)
    ends = {"startTime": NOW - 20, "endTime": NOW - 10}
    code, message, response = refusal(logs, logGroupName=GROUP, queryString="fields a", **ends)
    assert code == "MalformedQueryException"
    assert message == (
        "Query's end date and time is either before the log groups creation time or exceeds the log groups log "
        "retention settings ([0,7])"
    )
    assert response["queryCompileError"]["location"] == {"startCharOffset": 0, "endCharOffset": 7}


def test_events_before_the_group_cannot_be_reached(sandbox: Sandbox) -> None:
    """Of backdated events a query sees those stamped since the group was made."""
    logs = fill(sandbox, [(NOW - 100) * 1000, (NOW - 50) * 1000])
    store_of(sandbox).groups[GROUP].created = (NOW - 60) * 1000
    assert [row["dstPort"] for row in rows_of(ask(logs, "fields dstPort"))] == ["1"]


BAD = [
    {"logGroupName": GROUP, "startTime": NOW, "endTime": NOW - 1},
    {"logGroupName": GROUP, "logGroupNames": [GROUP]},
    {"logGroupNames": [GROUP], "logGroupIdentifiers": [GROUP]},
    {},
    {"logGroupNames": [f"{GROUP}{i}" for i in range(51)]},
    {"logGroupName": GROUP, "queryString": "#" * 10_001},
    {"logGroupName": GROUP, "queryLanguage": "SQL"},
    {"logGroupName": GROUP, "queryLanguage": "PPL"},
    {"logGroupName": GROUP, "limit": 100_001},
    {"logGroupIdentifiers": [f"arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}:*"]},
]


@pytest.mark.parametrize("params", BAD)
def test_parameters_out_of_bounds_are_refused(sandbox: Sandbox, params: dict[str, Any]) -> None:
    """Whatever breaks a rule of StartQuery's members is an InvalidParameterException, and starts nothing."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    assert refusal(logs, **params)[0] == "InvalidParameterException"
    assert logs.describe_queries()["queries"] == []


def test_one_missing_group_refuses_the_query(sandbox: Sandbox) -> None:
    """In recorded words; an ARN of another account or region is missing too."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    elsewhere = f"arn:aws:logs:{sandbox.region}:999999999999:log-group:{GROUP}"
    for params in ({"logGroupName": "/none"}, {"logGroupNames": [GROUP, "/none"]}):
        code, message, _ = refusal(logs, **params)
        assert code == "ResourceNotFoundException"
        assert message.startswith(
            f"Log group '/none' does not exist for account ID '{sandbox.account}' (Service: AWSLogs;"
        )
    assert refusal(logs, logGroupIdentifiers=[elsewhere])[0] == "ResourceNotFoundException"


def test_source_is_refused(sandbox: Sandbox) -> None:
    """Choosing groups by SOURCE is not answered here, and says so."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    _, message, _ = refusal(logs, queryString="SOURCE logGroups(namePrefix: ['/vpc']) | fields @message")
    assert message
    code, message, _ = refusal(logs, logGroupName=GROUP, queryString="fields @message | pattern @message")
    assert code == "MalformedQueryException"
    assert "pattern" in message


# other operations


def test_queries_are_described_newest_first() -> None:
    """As recorded: the source, the range to the millisecond, and the query; filtered and paged."""
    with open_sandbox(replace(FREE, query_seconds=100)) as sandbox:
        fill(sandbox, [(NOW - 60) * 1000], None, "/other")
        logs = fill(sandbox, [(NOW - 60) * 1000])
        first = begin(logs, "fields @message", NOW - 100, NOW)
        sandbox.advance(200)
        second = begin(logs, "fields @message", logGroupName="/other")
        listed = logs.describe_queries()["queries"]
        assert [query["queryId"] for query in listed] == [second, first]
        assert listed[1] == {
            "queryLanguage": "CWLI",
            "queryId": first,
            "queryString": f'SOURCE "{GROUP}" START={NOW - 100}000 END={NOW}999 | fields @message',
            "status": "Complete",
            "createTime": NOW * 1000,
            "logGroupName": GROUP,
        }
        assert [one["queryId"] for one in logs.describe_queries(status="Scheduled")["queries"]] == [second]
        assert [one["queryId"] for one in logs.describe_queries(logGroupName=GROUP)["queries"]] == [first]
        page = logs.describe_queries(maxResults=1)
        rest = logs.describe_queries(maxResults=1, nextToken=page["nextToken"])
        assert [one["queryId"] for one in page["queries"] + rest["queries"]] == [second, first]
        assert "nextToken" not in rest


def test_a_pointer_leads_to_the_whole_record(sandbox: Sandbox) -> None:
    """GetLogRecord gives every field as text, of the event the pointer was given with, in either of two groups."""
    fill(sandbox, [(NOW - 60) * 1000 + i for i in range(3)], ["a", "b", "c"], "/other")
    logs = fill(sandbox, [(NOW - 60) * 1000 + i for i in range(3)])
    for row in rows_of(ask(logs, "fields @message, @log", logGroupNames=[GROUP, "/other"])):
        record = logs.get_log_record(logRecordPointer=row["@ptr"])["logRecord"]
        assert {name: record[name] for name in row} == row
        assert record["@logStream"] == "eni-1-all"
        assert record["@timestamp"].isdigit()
        assert record["@ingestionTime"] == str(NOW * 1000)
        assert ("dstPort" in record) == (row["@log"].endswith(GROUP))
    for pointer in ("nonsense", "", "bm9uc2Vuc2U="):
        with pytest.raises(ClientError, match="InvalidParameterException"):
            logs.get_log_record(logRecordPointer=pointer)


def test_fields_of_a_group_with_their_share(sandbox: Sandbox) -> None:
    """The last quarter of an hour, or eight minutes before and after a time; the most frequent first."""
    logs = fill(
        sandbox, [(NOW - 60) * 1000, (NOW - 50) * 1000, (NOW - 7200) * 1000], [LINE.format(n=1, at=NOW - 60), "x", "y"]
    )
    told = {one["name"]: one["percent"] for one in logs.get_log_group_fields(logGroupName=GROUP)["logGroupFields"]}
    assert (told["@message"], told["dstPort"]) == (100, 50)
    assert list(told.values()) == sorted(told.values(), reverse=True)
    told = {one["name"] for one in logs.get_log_group_fields(logGroupName=GROUP, time=NOW - 7300)["logGroupFields"]}
    assert "@message" in told
    assert "dstPort" not in told
    assert logs.get_log_group_fields(logGroupName=GROUP, time=NOW - 36_000)["logGroupFields"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.get_log_group_fields(logGroupName="/none")


def test_a_group_made_anew_has_none_of_the_old_events(sandbox: Sandbox) -> None:
    """A deleted group's events and pointers are gone, also if its name is used again."""
    logs = fill(sandbox, [(NOW - 60) * 1000])
    (row,) = rows_of(ask(logs))
    del store_of(sandbox).groups[GROUP]
    sandbox.advance(10)
    fill(sandbox, [(NOW - 40) * 1000], ["new"])
    assert [one["@message"] for one in rows_of(ask(logs))] == ["new"]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.get_log_record(logRecordPointer=row["@ptr"])


def test_calls_above_the_rate_are_throttled() -> None:
    """Ten queries can be started in a second, as the quota says; held here at one, as a busy machine starts few."""
    assert Limits().rates["logs.StartQuery"] == 10
    with start(scenario=None, start=START, limits=Limits(rates={"logs.StartQuery": 1})) as sandbox:
        logs = fill(sandbox, [(NOW - 60) * 1000])
        codes = []
        for _ in range(12):
            try:
                begin(logs, "fields @message | limit 1")
                codes.append("")
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
        assert "ThrottlingException" in codes


# recorded answers


def recorded(*parts: str) -> Any:
    """Return a recorded answer, or skip."""
    folder = os.environ.get("REJECTKIT_SHARED")
    if not folder:
        pytest.skip("REJECTKIT_SHARED names no folder of recorded answers")
    return json.loads(Path(folder, "data", *parts).read_text(encoding="utf-8"))


def test_a_recorded_answer_has_the_same_shape_and_values(sandbox: Sandbox) -> None:
    """The recorded query over the recorded record gives the recorded row, pointer apart."""
    told = recorded("insights", "stix_shifter_vpcflow_get_query_results.json")
    wanted = told["get_query_results"]
    row = {pair["field"]: pair["value"] for pair in wanted["results"][0]}
    line = (
        f"2 {row['accountId']} {row['interfaceId']} {row['srcAddr']} {row['dstAddr']} {row['srcPort']} {row['dstPort']} "
        f"{row['protocol']} {row['packets']} {row['bytes']} {row['start']} {row['end']} ACCEPT OK"
    )
    query = told["queryString"].replace("172.31.88.64", row["srcAddr"])
    at = int(row["start"])
    got = ask(fill(sandbox, [at * 1000], [line]), query, at - 60, at + 60)
    assert set(wanted) <= set(got)
    assert set(wanted["statistics"]) <= set(got["statistics"])
    assert {type(value) for value in got["statistics"].values()} == {float}
    assert [pair["field"] for pair in got["results"][0]] == [pair["field"] for pair in wanted["results"][0]]
    assert rows_of(got)[0] | {"@ptr": ""} == row | {"@ptr": ""}


def test_described_queries_have_the_recorded_keys(sandbox: Sandbox) -> None:
    """DescribeQueries and a missing group answer with the members that were recorded."""
    found = recorded("alarms", "logs__test_logs_queries.snapshot.json")
    wanted = next(part for name, part in found.items() if name.endswith("test_describe_queries"))["recorded-content"]
    logs = fill(sandbox, [(NOW - 60) * 1000])
    begin(logs, "fields @message", NOW - 60, NOW)
    (got,) = logs.describe_queries()["queries"]
    (told,) = wanted["describe-queries"]["queries"]
    assert set(got) == set(told)
    shape = told["queryString"].replace("<log-group-name:1>", GROUP)
    assert got["queryString"] == shape.replace("<start-time>", str(NOW - 60)).replace("<end-time>", str(NOW))
    missing = next(part for name, part in found.items() if name.endswith("log_group_not_found"))["recorded-content"]
    error = missing["error-log-group-not-found"]["Error"]
    code, message, _ = refusal(logs, logGroupName="<log-group>".strip("<>"))
    assert code == error["Code"]
    known = error["Message"].replace("<log-group>", "log-group").replace("111111111111", sandbox.account)
    assert message.partition("Request ID")[0] == known.partition("Request ID")[0]


# against the interpreter


@pytest.mark.parametrize("number", range(12))
def test_answers_are_the_interpreters(number: int) -> None:
    """Whatever the query, the rows by boto3 are those of the plain interpreter, printed."""
    records: RecordSet = record_sets(20, 12)[number]
    events = records.events()
    with open_sandbox() as sandbox:
        store_of(sandbox).create(GROUP).created = 0
        logs = fill(sandbox, [int(str(event["@timestamp"])) for event in events] or [0], list(records.lines) or ["x"])
        if not events:
            events = [{"@timestamp": 0, "@message": "x"}]
        store_of(sandbox).formats[GROUP] = rk.LogFormat(records.log_names)
        wrong = []
        for i in range(12):
            case = make_case(f"sandbox {number} {i}", records)
            try:
                expected = evaluate(parse(case.text), events)
            except QueryError:
                with pytest.raises(ClientError, match="MalformedQueryException"):
                    ask(logs, case.text, 0, NOW)
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RejectkitWarning)
                answer = ask(logs, case.text, 0, NOW)
            rows = [{k: v for k, v in row.items() if k != "@ptr"} for row in rows_of(answer)]
            frame = pd.DataFrame(rows, columns=expected.columns, dtype="str")
            said = disagreement(expected, frame, dashed=False)
            if said:
                wrong.append((case.text, said))
        assert wrong == []


def test_a_query_that_cannot_be_finished_has_failed() -> None:
    """A sum that no whole number holds is no error of the server."""
    with open_sandbox() as sandbox:
        lines = [f"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 {2**63 - 1} {NOW} {NOW} REJECT OK"] * 2
        logs = fill(sandbox, [NOW * 1000] * 2, lines)
        told = logs.get_query_results(queryId=begin(logs, "stats sum(bytes)"))
        assert (told["status"], told["results"]) == ("Failed", [])
