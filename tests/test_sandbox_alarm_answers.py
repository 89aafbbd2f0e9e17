"""Alarms in the sandbox: the shapes of the answers, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rejectkit.sandbox import Sandbox
from tests.alarm_cases import masked, recorded, undated
from tests.alarm_sandbox import RECIPE, TOPIC, account, after, described, items, put_alarm, refusal

CONFIGURED = (
    *("AlarmName", "AlarmDescription", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName"),
    *("Namespace", "Statistic", "Dimensions", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold"),
    *("ComparisonOperator", "TreatMissingData"),
)
RECORDED = (
    ("test_describe_alarms_converts_date_format_correctly[json]", "describe-alarms"),
    ("test_put_metric_alarm_escape_character[json]", "describe-alarms-escaped-character"),
    ("test_breaching_alarm_actions[json]", "alarm-1-describe"),
    ("test_enable_disable_alarm_actions[json]", "describe_alarm"),
    ("test_enable_disable_alarm_actions[json]", "alarm-state-describe"),
    ("test_enable_disable_alarm_actions[json]", "describe_alarm_disabled"),
    ("test_enable_disable_alarm_actions[json]", "ok-state-action-disabled-describe"),
    ("test_enable_disable_alarm_actions[json]", "describe_alarm_enabled"),
    ("test_describe_minimal_metric_alarm[json]", "describe_minimal_metric_alarm"),
    ("test_delete_alarm[json]", "describe-alarm"),
    ("test_set_alarm[json]", "triggered-alarm"),
    ("test_set_alarm[json]", "reset-alarm"),
    ("test_put_metric_alarm", "describe-alarm"),
    ("test_put_metric_alarm", "describe-alarms-for-metric"),
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account at noon, whose alarms look at their N periods only."""
    with account() as made:
        yield made


@pytest.fixture
def cloudwatch(sandbox: Sandbox) -> Any:
    """Its CloudWatch client."""
    return sandbox.session.client("cloudwatch")


def test_describe_filters_together_and_pages(cloudwatch: Any) -> None:
    """By names, prefix, state and action, all of which must hold, in pages by name."""
    for name in ("b1", "a2", "a1", "a3"):
        put_alarm(cloudwatch, name, AlarmActions=[TOPIC] if name == "a1" else [])
    cloudwatch.set_alarm_state(AlarmName="a2", StateValue="OK", StateReason="r")

    def names(**asked: Any) -> list[str]:
        return [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms(**asked)["MetricAlarms"]]

    assert names() == ["a1", "a2", "a3", "b1"]
    assert names(AlarmNames=["b1", "a1", "none"], AlarmNamePrefix="a") == ["a1"]
    assert names(StateValue="OK") == ["a2"]
    assert names(ActionPrefix="arn:aws:sns:") == ["a1"]
    first = cloudwatch.describe_alarms(MaxRecords=3)
    assert names(MaxRecords=3, NextToken=first["NextToken"]) == ["b1"]


def test_kinds_of_alarms(cloudwatch: Any) -> None:
    """Metric alarms where none is named; LogAlarms is a member only where asked for."""
    put_alarm(cloudwatch)
    for kinds, alarms, members in (
        (None, 1, {"MetricAlarms", "CompositeAlarms"}),
        (["CompositeAlarm"], 0, {"MetricAlarms", "CompositeAlarms"}),
        (["MetricAlarm", "LogAlarm"], 1, {"MetricAlarms", "CompositeAlarms", "LogAlarms"}),
    ):
        told = cloudwatch.describe_alarms(**({"AlarmTypes": kinds} if kinds else {}))
        assert (set(told) - {"ResponseMetadata"}, len(told["MetricAlarms"])) == (members, alarms)
        assert told.get("LogAlarms", []) == []


def test_deleting_what_is_not_there_succeeds(cloudwatch: Any) -> None:
    """One unknown name, and unknown ones among known ones."""
    put_alarm(cloudwatch)
    cloudwatch.delete_alarms(AlarmNames=["none"])
    cloudwatch.delete_alarms(AlarmNames=["none", "a"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert items(cloudwatch, name="none") == []


def test_tags(cloudwatch: Any) -> None:
    """Put with the alarm, added to, replaced, removed; an update of the alarm leaves them; 50 are the most."""
    put_alarm(cloudwatch, Tags=[{"Key": "k0", "Value": "v"}])
    put_alarm(cloudwatch, Threshold=2.0, Tags=[{"Key": "other", "Value": "v"}])
    arn = described(cloudwatch)["AlarmArn"]

    def tag(*keys: str, value: str = "v") -> None:
        cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": key, "Value": value} for key in keys])

    def tags() -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]}

    assert tags() == {"k0": "v"}
    tag(*(f"k{place}" for place in range(1, 50)))
    assert refusal(tag, "one more") == ("InvalidParameterValue", "tags are invalid.")
    tag("k0", value="new")
    assert (len(tags()), tags()["k0"]) == (50, "new")
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["k0"])
    tag("one more")
    assert "k0" not in tags()
    for call in (cloudwatch.list_tags_for_resource, cloudwatch.tag_resource, cloudwatch.untag_resource):
        more = {"tag_resource": {"Tags": []}, "untag_resource": {"TagKeys": ["k"]}}.get(call.__name__, {})
        assert refusal(call, ResourceARN=f"{arn}x", **more) == ("ResourceNotFoundException", "")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
        (
            {"Period": 60, "EvaluationPeriods": 1441},
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) "
            "for alarms using period < 3600",
        ),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
        ({"Threshold": None}, "PutMetricAlarm request should have valid Threshold parameter"),
        ({"Statistic": None}, "PutMetricAlarm request should have a Statistic parameter"),
        ({"Period": None}, "PutMetricAlarm request should have a Period parameter"),
        ({"AlarmActions": ["topic"]}, "Invalid arn syntax: topic"),
        (
            {"AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:t"]},
            "Invalid region eu-west-1 specified. Only us-east-1 is supported.",
        ),
        (
            {"TreatMissingData": "zero"},
            "The value zero is not supported for TreatMissingData parameter. "
            "Supported values are [breaching, notBreaching, ignore, missing].",
        ),
    ],
)
def test_refused_alarms(cloudwatch: Any, members: dict[str, Any], message: str) -> None:
    """In the service's words; nothing is made."""
    assert refusal(put_alarm, cloudwatch, **members) == ("ValidationError", message)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("operation", "asked", "named"),
    [
        ("put_metric_alarm", RECIPE | {"AlarmName": "a", "Statistic": None, "ExtendedStatistic": "p99"}, "p99"),
        ("put_composite_alarm", {"AlarmName": "a", "AlarmRule": "TRUE"}, "composite alarms"),
        ("describe_alarms", {"ChildrenOfAlarmName": "a"}, "ChildrenOfAlarmName"),
        ("describe_alarms", {"ParentsOfAlarmName": "a"}, "ParentsOfAlarmName"),
        (
            "put_alarm_mute_rule",
            {"Name": "a", "Rule": {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H"}}},
            "alarm mute rules",
        ),
    ],
)
def test_what_is_not_played_is_named(cloudwatch: Any, operation: str, asked: dict[str, Any], named: str) -> None:
    """The refusal says that it is the sandbox's, and of what."""
    given = {member: value for member, value in asked.items() if value is not None}
    code, message = refusal(getattr(cloudwatch, operation), **given)
    assert code == "ValidationError"
    assert message.startswith("The sandbox does not play ")
    assert named in message


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("describe_alarm_history", "HistoryItemType"),
        ("describe_alarm_history", "ScanBy"),
        ("describe_alarms", "StateValue"),
    ],
)
def test_values_outside_an_enum(cloudwatch: Any, operation: str, member: str) -> None:
    """Are refused by the member's name."""
    code, message = refusal(getattr(cloudwatch, operation), **{member: "Other"})
    assert code == "ValidationError"
    assert f"Value 'Other' at '{member[0].lower()}{member[1:]}' failed to satisfy constraint" in message


@pytest.mark.parametrize(
    ("which", "name", "value"), [("error-invalid-state", "a", "INVALID"), ("error-resource-not-found", "none", "OK")]
)
def test_recorded_refusals(cloudwatch: Any, shared: Path, which: str, name: str, value: str) -> None:
    """SetAlarmState to no state, and of no alarm: error and status as recorded."""
    put_alarm(cloudwatch)
    wanted = recorded(shared, "test_set_alarm_invalid_input[json]")[which]
    with pytest.raises(cloudwatch.exceptions.ClientError) as caught:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="r")
    told = caught.value.response
    assert told["Error"] == wanted["Error"]
    assert told["ResponseMetadata"]["HTTPStatusCode"] == wanted["ResponseMetadata"]["HTTPStatusCode"]


def made_up(value: Any) -> Any:
    """Return a recorded value with a fitting one where it is masked."""
    if isinstance(value, list):
        return [made_up(each) for each in value]
    if value == "<topic_ok>":
        return TOPIC
    if isinstance(value, str) and value.startswith("arn:"):
        return TOPIC
    return re.sub(r"<([a-z-]+):\d>", r"\1", value) if isinstance(value, str) else value


def play(sandbox: Sandbox, alarm: dict[str, Any]) -> None:
    """Put a recorded alarm and bring it into its state."""
    client = sandbox.session.client("cloudwatch")
    client.put_metric_alarm(**{member: made_up(alarm[member]) for member in CONFIGURED if member in alarm})
    name, reason = made_up(alarm["AlarmName"]), alarm["StateReason"]
    if not alarm["ActionsEnabled"]:
        client.disable_alarm_actions(AlarmNames=[name])
    if reason.startswith("Threshold Crossed: 1 datapoint"):
        datum = {"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Unit": alarm["Unit"]}
        datum |= {"Timestamp": after(1), "Values": [21, 22], "StorageResolution": 1}
        client.put_metric_data(Namespace=made_up(alarm["Namespace"]), MetricData=[datum])
        sandbox.advance(23)
    elif reason.startswith("Threshold Crossed"):
        sandbox.advance(23)
    elif not reason.startswith("Unchecked"):
        client.set_alarm_state(AlarmName=name, StateValue=alarm["StateValue"], StateReason=reason)


@pytest.mark.parametrize(("test", "which"), RECORDED)
def test_recorded_alarms(sandbox: Sandbox, cloudwatch: Any, shared: Path, test: str, which: str) -> None:
    """The same alarm has the same members with the same values, but for names and dates."""
    (wanted,) = recorded(shared, test)[which]["MetricAlarms"]
    play(sandbox, wanted)
    told = described(cloudwatch, made_up(wanted["AlarmName"]))
    assert told.keys() == wanted.keys()
    account_id = sandbox.account
    assert told["AlarmArn"] == f"arn:aws:cloudwatch:us-east-1:{account_id}:alarm:{made_up(wanted['AlarmName'])}"
    for member, value in wanted.items():
        if member == "StateReasonData":
            assert undated(json.loads(told[member])) == value
        elif member == "StateReason":
            assert masked(told[member]) == value
        elif not member.endswith("Timestamp") and member != "AlarmArn":
            assert told[member] == made_up(value)


def test_recorded_history(sandbox: Sandbox, cloudwatch: Any, shared: Path) -> None:
    """The change of a state, member by member."""
    answers = recorded(shared, "test_put_metric_alarm")
    (alarm,) = answers["describe-alarms-for-metric"]["MetricAlarms"]
    play(sandbox, alarm)
    (wanted,) = answers["describe-alarm-history"]["AlarmHistoryItems"]
    (told,) = items(cloudwatch, "StateUpdate", "alarm-name")
    assert told.keys() == wanted.keys()
    data = undated(json.loads(told["HistoryData"]))
    data["newState"]["stateReason"] = masked(data["newState"]["stateReason"])
    assert data == wanted["HistoryData"]
    for member in ("AlarmType", "HistoryItemType", "HistorySummary"):
        assert told[member] == wanted[member]
