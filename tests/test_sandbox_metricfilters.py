"""Metric filters in the sandbox: what they refuse, and what events become."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rejectkit.records import LogFormat
from rejectkit.sandbox import Delivery, Limits, Sandbox, scenario, start
from rejectkit.sandbox.metrics.metricstore import MetricStore
from rejectkit.sandbox.playing.pipeline import play

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = int(START.timestamp() * 1000)
MINUTE = 60_000
ONE = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account at noon."""
    with start(scenario=None, start=START, limits=Limits(rates={}, metric_seconds=0)) as made:
        yield made


@pytest.fixture
def logs(sandbox: Sandbox) -> Any:
    """Its Logs client, with a group `g` and a stream `s`."""
    client = sandbox.session.client("logs")
    client.create_log_group(logGroupName="g")
    client.create_log_stream(logGroupName="g", logStreamName="s")
    return client


def put_filter(logs: Any, pattern: str = "", name: str = "f", **transformation: Any) -> None:
    """Put a filter on `g`."""
    logs.put_metric_filter(
        logGroupName="g", filterName=name, filterPattern=pattern, metricTransformations=[ONE | transformation]
    )


def put(logs: Any, *events: tuple[int, str]) -> None:
    """Put events, as milliseconds from now and text."""
    rows = [{"timestamp": NOW + at, "message": message} for at, message in events]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=rows)


def points(sandbox: Sandbox, **more: Any) -> dict[int, tuple[float, float, float, float]]:
    """Return sum, count, least and most of metric n/m by minutes from now."""
    cloudwatch = sandbox.session.client("cloudwatch")
    told = cloudwatch.get_metric_statistics(
        Namespace="n",
        MetricName="m",
        StartTime=datetime.fromtimestamp(NOW / 1000 - 3600, UTC),
        EndTime=datetime.fromtimestamp(NOW / 1000 + 3 * 3600, UTC),
        Period=60,
        Statistics=["Sum", "SampleCount", "Minimum", "Maximum"],
        **more,
    )["Datapoints"]
    return {
        int(row["Timestamp"].timestamp() - NOW / 1000) // 60: (
            row["Sum"],
            row["SampleCount"],
            row["Minimum"],
            row["Maximum"],
        )
        for row in told
    }


def refusal(call: Any, *args: Any, **params: Any) -> tuple[str, str]:
    """Return code and message of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_datapoints_are_in_the_minute_of_the_event(sandbox: Sandbox, logs: Any) -> None:
    """Five minutes ago, now, in five minutes and in an hour, whenever they arrive."""
    put_filter(logs, "REJECT")
    put(logs, (-5 * MINUTE, "REJECT"), (0, "REJECT"), (5 * MINUTE, "REJECT"), (60 * MINUTE, "REJECT"))
    assert sorted(points(sandbox)) == [-5, 0, 5, 60]


def test_default_value_is_counted_once_for_each_event_without_a_match(sandbox: Sandbox, logs: Any) -> None:
    """15 samples of 14 times 3 and once 5 are 47."""
    put_filter(logs, "HIT", metricValue="5", defaultValue=3)
    put(logs, *((at, "miss") for at in range(14)), (14, "HIT"))
    assert points(sandbox) == {0: (47.0, 15.0, 3.0, 5.0)}


def test_without_default_a_minute_without_match_has_no_datapoint(sandbox: Sandbox, logs: Any) -> None:
    """And neither has one without events, default or not."""
    put_filter(logs, "HIT")
    put(logs, (0, "miss"), (MINUTE, "HIT"))
    assert points(sandbox) == {1: (1.0, 1.0, 1.0, 1.0)}


def test_filters_do_not_look_back_and_stop_when_deleted(sandbox: Sandbox, logs: Any) -> None:
    """Only what arrives while they are there counts."""
    put(logs, (0, "HIT"))
    put_filter(logs, "HIT")
    put(logs, (0, "HIT"), (1, "HIT"))
    logs.delete_metric_filter(logGroupName="g", filterName="f")
    put(logs, (0, "HIT"))
    assert points(sandbox) == {0: (2.0, 2.0, 1.0, 1.0)}


def test_value_from_a_field(sandbox: Sandbox, logs: Any) -> None:
    """A number as text works; no number and no such field give no datapoint."""
    put_filter(logs, "[a, bytes]", metricValue="$bytes")
    put(logs, (0, "x 17.5"), (1, "x -"), (2, "x 2"), (3, "x 1 2"))
    assert points(sandbox) == {0: (19.5, 2.0, 2.0, 17.5)}
    put_filter(logs, "[a, bytes]", metricValue="$missing")
    put(logs, (5 * MINUTE, "x 17.5"))
    assert sorted(points(sandbox)) == [0]


def test_dimensions_make_metrics_of_their_own(sandbox: Sandbox, logs: Any) -> None:
    """One for each set of values."""
    put_filter(logs, "[eni, action]", dimensions={"Interface": "$eni", "Action": "$action"}, unit="Count")
    put(logs, (0, "eni-1 REJECT"), (0, "eni-1 REJECT"), (0, "eni-2 REJECT"))
    one = [{"Name": "Interface", "Value": "eni-1"}, {"Name": "Action", "Value": "REJECT"}]
    assert points(sandbox, Dimensions=one) == {0: (2.0, 2.0, 1.0, 1.0)}
    assert points(sandbox) == {}
    assert points(sandbox, Dimensions=one, Unit="Bytes") == {}


def test_one_name_is_one_filter(sandbox: Sandbox, logs: Any) -> None:
    """Put again it is replaced; a refused one leaves it as it was."""
    put_filter(logs, "A")
    put_filter(logs, "B")
    assert "Duplicate field 'x'" in refusal(put_filter, logs, "[x, x]")[1]
    (told,) = logs.describe_metric_filters()["metricFilters"]
    assert told["filterPattern"] == "B"
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1


def test_datapoints_may_be_late(logs: Any) -> None:
    """By as many simulated seconds as the limits say."""
    with start(scenario=None, start=START, limits=Limits(rates={}, metric_seconds=90)) as sandbox:
        client = sandbox.session.client("logs")
        client.create_log_group(logGroupName="g")
        client.create_log_stream(logGroupName="g", logStreamName="s")
        put_filter(client, "HIT")
        put(client, (0, "HIT"))
        sandbox.advance(89)
        assert points(sandbox) == {}
        sandbox.advance(1)
        assert points(sandbox) == {0: (1.0, 1.0, 1.0, 1.0)}


def test_late_datapoints_count_from_each_arrival() -> None:
    """However far the clock is advanced at once."""
    played = scenario(hours=1)
    seen = []
    for late in (0, 600):
        with start(scenario=None, start=played.start, limits=Limits(rates={}, metric_seconds=late)) as sandbox:
            world = sandbox._world
            play(world, sandbox.region, played, Delivery.constant(60), LogFormat.default(), "g")
            put_filter(sandbox.session.client("logs"), "REJECT")
            sandbox.advance("65m")
            before = len(world.region(sandbox.region).of(MetricStore).minutes("n", "m", {}, 0, 2**40))
            sandbox.advance("2h")
            found = world.region(sandbox.region).of(MetricStore).minutes("n", "m", {}, 0, 2**40)
            seen.append((before, {minute: values.total for minute, values in found.items()}))
    assert seen[0][1] == seen[1][1]
    assert len(seen[0][1]) == seen[0][0] == 60
    assert 50 <= seen[1][0] < 60


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("[..., status, ...]", "Duplicate field '...'"),
        ("[word, word]", "Duplicate field 'word'"),
        ('"ERROR', "Invalid character(s) in term '\"ERROR'"),
        ("%a% %b% %c%", "maximum of 2 regular expressions per filter pattern"),
        ("{ $.a.* = 1 && $.b.* = 1 && $.c.* = 1 && $.d.* = 1 }", "maximum of 3 JSON wildcard selectors"),
        ("{ $.broken = }", "Invalid metric filter pattern"),
        ('{ $.message = "test" }', "JSON"),
    ],
)
def test_bad_pattern_is_refused_in_the_services_words(logs: Any, pattern: str, words: str) -> None:
    """By each of the three operations that take one; JSON by name, since flow logs are not JSON."""
    calls = (
        lambda: put_filter(logs, pattern),
        lambda: logs.test_metric_filter(filterPattern=pattern, logEventMessages=["a"]),
        lambda: logs.filter_log_events(logGroupName="g", filterPattern=pattern),
    )
    for call in calls:
        code, message = refusal(call)
        assert code == "InvalidParameterException"
        assert words in message
    assert logs.describe_metric_filters()["metricFilters"] == []


@pytest.mark.parametrize(
    ("transformation", "pattern", "words"),
    [
        ({"metricName": "a:b"}, "", "metricName"),
        ({"metricNamespace": "a$b"}, "", "metricNamespace"),
        ({"metricValue": "many"}, "", "neither a number nor a field"),
        ({"dimensions": {"d": "$a"}, "defaultValue": 0.0}, "[a]", "mutually exclusive"),
        ({"dimensions": {"d": "$b"}}, "[a]", "no field of the pattern"),
        ({"dimensions": {"d": "b"}}, "[a]", "dimension value must be valid selector"),
        ({"metricValue": "1_0"}, "", "neither a number nor a field"),
        ({"dimensions": {"d": "$a"}}, "term", "does not support dimensions"),
        ({"dimensions": {key: "$a" for key in "wxyz"}}, "[a]", "3 are the most"),
    ],
)
def test_bad_transformation_is_refused(logs: Any, transformation: dict[str, Any], pattern: str, words: str) -> None:
    """With what is wrong with it."""
    code, message = refusal(put_filter, logs, pattern, **transformation)
    assert code == "InvalidParameterException"
    assert words in message


def test_limits_of_a_group(logs: Any) -> None:
    """A hundred filters, of which five have regular expressions; replacing one needs no room."""
    for number in range(5):
        put_filter(logs, "%a%", name=f"r{number}")
    assert refusal(put_filter, logs, "%a%", name="r5")[0] == "LimitExceededException"
    put_filter(logs, "%b%", name="r0")
    for number in range(95):
        put_filter(logs, name=f"f{number}")
    assert refusal(put_filter, logs, name="one more") == ("LimitExceededException", "Resource limit exceeded.")


def test_described_by_prefix_group_and_metric(logs: Any) -> None:
    """In pages; a metric's name needs its namespace."""
    for number in range(3):
        put_filter(logs, name=f"f{number}", metricName=f"m{number}")
    assert [one["filterName"] for one in logs.describe_metric_filters(filterNamePrefix="f1")["metricFilters"]] == ["f1"]
    found = logs.describe_metric_filters(metricName="m2", metricNamespace="n")["metricFilters"]
    assert [one["filterName"] for one in found] == ["f2"]
    pages = logs.get_paginator("describe_metric_filters").paginate(logGroupName="g", PaginationConfig={"PageSize": 2})
    assert [len(page["metricFilters"]) for page in pages] == [2, 1]
    assert refusal(logs.describe_metric_filters, metricName="m2")[0] == "InvalidParameterException"
    assert refusal(logs.delete_metric_filter, logGroupName="g", filterName="no")[0] == "ResourceNotFoundException"


def test_patterns_are_tried_without_a_group(logs: Any) -> None:
    """Events are numbered from 1, those that do not match are absent, keys carry the dollar sign."""
    told = logs.test_metric_filter(
        filterPattern="[eni, ..., action=REJECT, status]", logEventMessages=["x", "eni-1 22 6 REJECT OK"]
    )
    assert told["matches"] == [
        {
            "eventNumber": 2,
            "eventMessage": "eni-1 22 6 REJECT OK",
            "extractedValues": {"$eni": "eni-1", "$2": "22", "$3": "6", "$action": "REJECT", "$status": "OK"},
        }
    ]
    assert refusal(logs.test_metric_filter, filterPattern="", logEventMessages=["a"] * 51)[0]


def test_recorded_answers_have_the_same_shape(logs: Any, shared: Path) -> None:
    """Key by key, and the recorded refusals word by word."""
    recorded = {
        name.rpartition("::")[2]: test["recorded-content"]
        for name, test in json.loads(
            (shared / "data/alarms/logs__test_logs_metric_filters.snapshot.json").read_text()
        ).items()
    }
    put_filter(logs, " ", defaultValue=0)
    told = logs.describe_metric_filters(logGroupName="g")["metricFilters"][0]
    (real,) = recorded["test_put_metric_filter_basic"]["describe-metric-filters"]["metricFilters"]
    assert set(told) == set(real)
    assert set(told["metricTransformations"][0]) == set(real["metricTransformations"][0])
    for test, call in {
        "test_put_metric_filter_invalid_filter_name": lambda: put_filter(logs, name="X" * 513),
        "test_delete_metric_filter_invalid_filter_name": lambda: logs.delete_metric_filter(
            logGroupName="g", filterName="X" * 513
        ),
        "test_delete_metric_filter_invalid_log_group_name": lambda: logs.delete_metric_filter(
            logGroupName="X" * 513, filterName="f"
        ),
        "test_put_metric_filter_too_many_transformations": lambda: logs.put_metric_filter(
            logGroupName="g",
            filterName="f",
            filterPattern="",
            metricTransformations=[
                {"metricName": f"metric{n}", "metricNamespace": f"namespace{n}", "metricValue": "1"} for n in (1, 2)
            ],
        ),
    }.items():
        (answer,) = recorded[test].values()
        code, message = refusal(call)
        assert code == answer["Error"]["Code"]
        assert message.replace("X", "") == answer["Error"]["Message"].replace("X", "")
