"""CloudWatch Logs in the sandbox: groups, streams and events, by boto3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rejectkit.sandbox import Limits, Sandbox, start

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = int(START.timestamp() * 1000)
MINUTE = 60_000
DAY = 24 * 60 * MINUTE


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account at noon, with pages of five events."""
    with start(scenario=None, start=START, limits=Limits(rates={}, page_events=5)) as made:
        yield made


@pytest.fixture
def logs(sandbox: Sandbox) -> Any:
    """Its Logs client, with a group `g` and a stream `s`."""
    client = sandbox.session.client("logs")
    client.create_log_group(logGroupName="g")
    client.create_log_stream(logGroupName="g", logStreamName="s")
    return client


def put(logs: Any, *events: tuple[int, str], stream: str = "s") -> Any:
    """Put events, as milliseconds from now and text."""
    rows = [{"timestamp": NOW + at, "message": message} for at, message in events]
    return logs.put_log_events(logGroupName="g", logStreamName=stream, logEvents=rows)


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    """Return code and message of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_group_is_told_as_the_service_tells_it(sandbox: Sandbox, logs: Any) -> None:
    """An ARN with and one without `:*`; no retention until one is set."""
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group == {
        "logGroupName": "g",
        "creationTime": NOW,
        "metricFilterCount": 0,
        "arn": f"arn:aws:logs:eu-west-1:{sandbox.account}:log-group:g:*",
        "storedBytes": 0,
        "logGroupClass": "STANDARD",
        "logGroupArn": f"arn:aws:logs:eu-west-1:{sandbox.account}:log-group:g",
    }
    logs.put_retention_policy(logGroupName="g", retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    assert refusal(logs.put_retention_policy, logGroupName="g", retentionInDays=8)[0] == "InvalidParameterException"
    logs.delete_retention_policy(logGroupName="g")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]


def test_groups_are_found_by_prefix_and_pattern_and_come_in_pages(logs: Any) -> None:
    """Sorted by name; prefix and pattern exclude each other."""
    for number in range(4):
        logs.create_log_group(logGroupName=f"/vpc/{number}")
    names = [group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePrefix="/vpc")["logGroups"]]
    assert names == ["/vpc/0", "/vpc/1", "/vpc/2", "/vpc/3"]
    assert len(logs.describe_log_groups(logGroupNamePattern="vpc/3")["logGroups"]) == 1
    assert logs.describe_log_groups(logGroupNamePattern="VPC")["logGroups"] == []
    found = logs.list_log_groups(logGroupNamePattern="^/vpc.*[13]$")["logGroups"]
    assert [group["logGroupName"] for group in found] == ["/vpc/1", "/vpc/3"]
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["logGroups"]) for page in pages] == [2, 2, 1]
    assert refusal(logs.describe_log_groups, nextToken="x") == (
        "InvalidParameterException",
        "The specified nextToken is invalid.",
    )
    code, message = refusal(logs.describe_log_groups, logGroupNamePrefix="a", logGroupNamePattern="b" * 3)
    assert (code, "mutually exclusive" in message) == ("InvalidParameterException", True)


def test_group_is_made_once_and_gone_when_deleted(logs: Any) -> None:
    """With the service's words; names are checked."""
    assert refusal(logs.create_log_group, logGroupName="g") == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )
    assert "satisfy regular expression" in refusal(logs.create_log_group, logGroupName="a b")[1]
    logs.delete_log_group(logGroupName="g")
    assert refusal(logs.delete_log_group, logGroupName="g") == (
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )


def test_tags(sandbox: Sandbox, logs: Any) -> None:
    """By name and by ARN."""
    arn = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}


def test_stream_tells_its_first_and_last_event(logs: Any) -> None:
    """By time of event, and when the last came in; ordered by name or by last event."""
    put(logs, (-MINUTE, "a"), (0, "b"))
    logs.create_log_stream(logGroupName="g", logStreamName="r")
    one = logs.describe_log_streams(logGroupName="g", orderBy="LastEventTime", descending=True)["logStreams"][0]
    assert (one["logStreamName"], one["firstEventTimestamp"], one["lastEventTimestamp"], one["lastIngestionTime"]) == (
        "s",
        NOW - MINUTE,
        NOW,
        NOW,
    )
    assert [one["logStreamName"] for one in logs.describe_log_streams(logGroupName="g")["logStreams"]] == ["r", "s"]
    assert refusal(logs.create_log_stream, logGroupName="g", logStreamName="r")[0] == "ResourceAlreadyExistsException"


def test_events_are_read_by_time_and_their_bounds(sandbox: Sandbox, logs: Any) -> None:
    """GetLogEvents leaves its end out; FilterLogEvents has it in."""
    put(logs, (-2, "b"), (0, "c"))
    sandbox.advance(1)
    put(logs, (-3, "a"), (-1, "x"))
    got = logs.get_log_events(logGroupName="g", logStreamName="s", startTime=NOW - 3, endTime=NOW, startFromHead=True)
    assert [(event["message"], event["ingestionTime"] - NOW) for event in got["events"]] == [
        ("a", 1000),
        ("b", 0),
        ("x", 1000),
    ]
    found = logs.filter_log_events(logGroupName="g", startTime=NOW - 2, endTime=NOW)["events"]
    assert [event["message"] for event in found] == ["b", "x", "c"]


def test_tokens_go_forward_and_back(logs: Any) -> None:
    """The same token at an end says that there is no more."""
    put(logs, *((at, str(at)) for at in range(12)))

    def read(**more: Any) -> Any:
        return logs.get_log_events(logGroupName="g", logStreamName="s", **more)

    last = read()
    assert [event["message"] for event in last["events"]] == ["7", "8", "9", "10", "11"]
    before = read(nextToken=last["nextBackwardToken"])
    assert [event["message"] for event in before["events"]] == ["2", "3", "4", "5", "6"]
    end = read(nextToken=last["nextForwardToken"])
    assert end["events"] == []
    assert end["nextForwardToken"] == last["nextForwardToken"]
    seen: list[str] = []
    page = read(startFromHead=True)
    while page["events"]:
        seen += [event["message"] for event in page["events"]]
        page = read(nextToken=page["nextForwardToken"])
    assert seen == [str(at) for at in range(12)]


def test_pages_hold_while_earlier_events_arrive(logs: Any) -> None:
    """What arrives between two pages neither repeats nor hides an event; flow logs always arrive back-dated."""
    put(logs, *((at, f"m{at}") for at in range(12)))
    page = logs.filter_log_events(logGroupName="g")
    head = logs.get_log_events(logGroupName="g", logStreamName="s", startFromHead=True)
    put(logs, (-5, "early"), (-4, "early"))
    seen = [event["message"] for event in page["events"]]
    while "nextToken" in page:
        page = logs.filter_log_events(logGroupName="g", nextToken=page["nextToken"])
        seen += [event["message"] for event in page["events"]]
    assert seen == [f"m{at}" for at in range(12)]
    after = logs.get_log_events(logGroupName="g", logStreamName="s", nextToken=head["nextForwardToken"])
    assert [event["message"] for event in after["events"]] == [f"m{at}" for at in range(5, 10)]
    before = logs.get_log_events(logGroupName="g", logStreamName="s", nextToken=head["nextBackwardToken"])
    assert [event["message"] for event in before["events"]] == ["early", "early"]
    code, _ = refusal(logs.filter_log_events, logGroupName="g", filterPattern="m", nextToken=head["nextForwardToken"])
    assert code == "InvalidParameterException"


def test_page_is_a_mebibyte_at_most(logs: Any) -> None:
    """Of messages; all pages together are all events."""
    for number in range(4):
        put(logs, (number, f"{number}" + "x" * 400_000))
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="g")
    assert [[event["message"][0] for event in page["events"]] for page in pages] == [["0", "1"], ["2", "3"]]


def test_filter_honours_patterns_streams_and_pages(logs: Any) -> None:
    """All pages together are all that match, by time over the streams."""
    logs.create_log_stream(logGroupName="g", logStreamName="t")
    put(logs, *((2 * at, f"eni {at} {'REJECT' if at % 3 else 'ACCEPT'}") for at in range(30)))
    put(logs, *((2 * at + 1, f"eni {at} REJECT") for at in range(5)), stream="t")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="g", filterPattern="[eni, n, action=REJECT]")
    events = [event for page in pages for event in page["events"]]
    assert len(events) == 25
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    only = logs.filter_log_events(logGroupName="g", logStreamNames=["t"], filterPattern="REJECT")["events"]
    assert {event["logStreamName"] for event in only} == {"t"}
    code, message = refusal(logs.filter_log_events, logGroupName="g", filterPattern="[a, a]")
    assert (code, "Duplicate field 'a'" in message) == ("InvalidParameterException", True)


def test_events_outside_the_times_are_left_out_and_told(sandbox: Sandbox, logs: Any) -> None:
    """Older than 14 days or than the retention, or more than two hours ahead of the simulated clock."""
    assert put(logs, (-20 * DAY, "old"), (-14 * DAY, "kept"))["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    told = put(logs, (0, "now"), (2 * 60 * MINUTE, "ahead"), (2 * 60 * MINUTE + 1, "too far"))
    assert told["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 2}
    logs.put_retention_policy(logGroupName="g", retentionInDays=1)
    assert put(logs, (-DAY - 1, "past"), (-DAY, "kept"))["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    everything = logs.get_log_events(logGroupName="g", logStreamName="s", startFromHead=True, limit=10)["events"]
    assert [event["message"] for event in everything] == ["kept", "kept", "now", "ahead"]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([(1, "a"), (0, "b")], "chronological order"),
        ([(-DAY, "a"), (1, "b")], "cannot span more than 24 hours"),
        ([(0, "x" * 200_000)] * 6, "Upload too large"),
        ([(0, "x")] * 10_001, "Upload too many"),
    ],
)
def test_batch_that_cannot_be_taken_is_refused_whole(logs: Any, events: list[tuple[int, str]], words: str) -> None:
    """Nothing of it is kept."""
    code, message = refusal(lambda: put(logs, *events))
    assert code == "InvalidParameterException"
    assert words in message
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0


def test_what_is_missing_is_said(logs: Any) -> None:
    """Group and stream each by their own sentence."""
    call = logs.put_log_events
    row = [{"timestamp": NOW, "message": "a"}]
    assert "log group" in refusal(call, logGroupName="no", logStreamName="s", logEvents=row)[1]
    assert "log stream" in refusal(call, logGroupName="g", logStreamName="no", logEvents=row)[1]


def test_stored_bytes_count_the_message_and_26(logs: Any) -> None:
    """In UTF-8."""
    put(logs, (0, "aü"))
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 3 + 26


def test_infrequent_access_has_no_filter(logs: Any) -> None:
    """Neither FilterLogEvents nor GetLogEvents nor metric filters."""
    logs.create_log_group(logGroupName="ia", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="ia", logStreamName="s")
    assert refusal(logs.get_log_events, logGroupName="ia", logStreamName="s")[0] == "InvalidOperationException"
    assert refusal(logs.filter_log_events, logGroupName="ia")[0] == "InvalidOperationException"
    one = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    code, _ = refusal(
        logs.put_metric_filter, logGroupName="ia", filterName="f", filterPattern="", metricTransformations=[one]
    )
    assert code == "InvalidOperationException"


def test_deleted_stream_takes_its_events_along(logs: Any) -> None:
    """Those of others stay."""
    logs.create_log_stream(logGroupName="g", logStreamName="t")
    put(logs, (0, "a"))
    put(logs, (0, "b"), stream="t")
    logs.delete_log_stream(logGroupName="g", logStreamName="s")
    assert [event["message"] for event in logs.filter_log_events(logGroupName="g")["events"]] == ["b"]
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 27
