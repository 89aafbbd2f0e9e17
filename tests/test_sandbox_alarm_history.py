"""Alarms in the sandbox: history and actions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rejectkit.sandbox import Sandbox
from tests.alarm_sandbox import (
    TOPIC,
    account,
    after,
    changes,
    described,
    items,
    judged,
    put,
    put_alarm,
    refusal,
    state,
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


def topic(sandbox: Sandbox) -> str:
    """Make a topic that mails to me@example.com; return its ARN."""
    sns = sandbox.session.client("sns")
    arn = str(sns.create_topic(Name="alerts")["TopicArn"])
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="me@example.com")
    sandbox.mailbox.confirm("me@example.com")
    return arn


def mails(sandbox: Sandbox) -> list[str]:
    """Return the subjects of the alarms' mails."""
    return [
        mail.subject for mail in sandbox.mailbox.to("me@example.com") if " in US East (N. Virginia)" in mail.subject
    ]


def test_actions_run_on_a_change_only(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Three minutes of ALARM are one mail, and OK another; each is in the history with what was published."""
    arn = topic(sandbox)
    put_alarm(cloudwatch, AlarmActions=[arn], OKActions=[arn])
    for minute in (5, 6, 7):
        put(cloudwatch, 60 * minute + 10, minute)
    sandbox.advance("15m")
    assert mails(sandbox) == [f'{one}: "a" in US East (N. Virginia)' for one in ("OK", "ALARM", "OK")]
    acted = items(cloudwatch, "Action")
    assert [item["Timestamp"] for item in acted] == [judged(0), judged(6), judged(9)]
    assert {item["HistorySummary"] for item in acted} == {f"Successfully executed action {arn}"}
    data = json.loads(acted[1]["HistoryData"])
    assert (data["actionState"], data["notificationResource"], data["error"]) == ("Succeeded", arn, None)
    assert data["stateUpdateTimestamp"] == round(judged(6).timestamp() * 1000)
    published = json.loads(data["publishedMessage"])
    assert (published["AlarmName"], published["OldStateValue"], published["NewStateValue"]) == ("a", "OK", "ALARM")


def test_disabled_actions_do_not_run_nor_are_made_up_for(sandbox: Sandbox, cloudwatch: Any) -> None:
    """The state changes all the same; enabled in ALARM, the next action is that of OK."""
    arn = topic(sandbox)
    put_alarm(cloudwatch, AlarmActions=[arn], OKActions=[arn], ActionsEnabled=False)
    put(cloudwatch, 10)
    sandbox.advance(110)
    assert (state(cloudwatch), mails(sandbox)) == ("ALARM", [])
    cloudwatch.enable_alarm_actions(AlarmNames=["a"])
    assert (described(cloudwatch)["ActionsEnabled"], items(cloudwatch, "Action")) == (True, [])
    sandbox.advance("5m")
    assert [item["Timestamp"] for item in items(cloudwatch, "Action")] == [judged(2)]


def test_set_states_run_actions_too(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Those of INSUFFICIENT_DATA as well, and none for the state it has."""
    arn = topic(sandbox)
    put_alarm(cloudwatch, AlarmActions=[arn], InsufficientDataActions=[arn])
    for value in ("INSUFFICIENT_DATA", "ALARM", "ALARM", "INSUFFICIENT_DATA"):
        cloudwatch.set_alarm_state(AlarmName="a", StateValue=value, StateReason="a drill")
    assert mails(sandbox) == [f'{one}: "a" in US East (N. Virginia)' for one in ("ALARM", "INSUFFICIENT_DATA")]


def test_failed_actions_are_in_the_history(sandbox: Sandbox, cloudwatch: Any) -> None:
    """A topic that is not there, one whose policy denies, and one that lets: the state changes in any case."""
    sns, allowed = sandbox.session.client("sns"), topic(sandbox)
    denied = sns.create_topic(Name="denied")["TopicArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "SNS:Publish", "Resource": denied},
            {
                "Effect": "Deny",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "SNS:Publish",
                "Resource": denied,
            },
        ],
    }
    sns.set_topic_attributes(TopicArn=denied, AttributeName="Policy", AttributeValue=json.dumps(policy))
    missing = allowed.replace(":alerts", ":none")
    put_alarm(cloudwatch, OKActions=[missing, denied, allowed])
    sandbox.advance("1m")
    told = {
        (data := json.loads(item["HistoryData"]))["notificationResource"]: data for item in items(cloudwatch, "Action")
    }
    assert {arn: data["actionState"] for arn, data in told.items()} == {
        missing: "Failed",
        denied: "Failed",
        allowed: "Succeeded",
    }
    assert told[missing]["error"]
    assert told[denied]["error"]
    summaries = [item["HistorySummary"] for item in items(cloudwatch, "Action")]
    assert summaries[0] == f"Failed to execute action {missing}. Received error: {told[missing]['error']}"
    assert state(cloudwatch) == "OK"


def test_history_tells_every_kind_of_change(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Creation, state, action, update and deletion, in this order; and by type."""
    put_alarm(cloudwatch, OKActions=[TOPIC])
    sandbox.advance("1m")
    put_alarm(cloudwatch, Threshold=2.0)
    sandbox.advance(1)
    cloudwatch.delete_alarms(AlarmNames=["a"])
    told = items(cloudwatch)
    assert [item["HistorySummary"].split(" arn:")[0] for item in told] == [
        'Alarm "a" created',
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Failed to execute action",
        'Alarm "a" updated',
        'Alarm "a" deleted',
    ]
    kinds = ["ConfigurationUpdate", "StateUpdate", "Action", "ConfigurationUpdate", "ConfigurationUpdate"]
    assert [item["HistoryItemType"] for item in told] == kinds
    for kind in set(kinds):
        assert items(cloudwatch, kind) == [item for item in told if item["HistoryItemType"] == kind]
    assert json.loads(told[3]["HistoryData"])["previousAlarm"]["threshold"] == 0.0


def test_history_of_deleted_alarms_is_kept_for_30_days(sandbox: Sandbox, cloudwatch: Any) -> None:
    """From the moment of each item on."""
    put_alarm(cloudwatch)
    cloudwatch.delete_alarms(AlarmNames=["a"])
    put_alarm(cloudwatch, "later")
    sandbox.advance(30 * 86_400)
    assert [item["HistorySummary"] for item in items(cloudwatch)] == ['Alarm "a" created', 'Alarm "a" deleted']
    sandbox.advance(1)
    assert items(cloudwatch) == []
    assert [item["HistoryItemType"] for item in items(cloudwatch, name=None)] == ["StateUpdate"]


def test_history_pages_the_newest_first(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Pages of three of seven changes; all alarms where none is named; ascending they are reversed."""
    for place in range(7):
        put_alarm(cloudwatch, f"a{place}")
        sandbox.advance(1)
    asked = {"MaxRecords": 3, "HistoryItemType": "ConfigurationUpdate"}
    first = cloudwatch.describe_alarm_history(**asked)
    second = cloudwatch.describe_alarm_history(**asked, NextToken=first["NextToken"])
    last = cloudwatch.describe_alarm_history(**asked, NextToken=second["NextToken"])
    pages = [[item["AlarmName"] for item in page["AlarmHistoryItems"]] for page in (first, second, last)]
    assert pages == [["a6", "a5", "a4"], ["a3", "a2", "a1"], ["a0"]]
    assert "NextToken" not in last
    told = items(cloudwatch, "ConfigurationUpdate", None)
    assert [item["AlarmName"] for item in told] == [f"a{place}" for place in range(7)]
    assert refusal(cloudwatch.describe_alarm_history, NextToken="x") == ("InvalidNextToken", "Invalid NextToken : x")


def test_history_between_dates(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Both ends belong to it."""
    for place in range(4):
        put_alarm(cloudwatch, f"a{place}")
        sandbox.advance(1)
    found = items(cloudwatch, name=None, StartDate=after(1), EndDate=after(2))
    assert [item["AlarmName"] for item in found] == ["a1", "a2"]
    assert len(items(cloudwatch, "ConfigurationUpdate", None, StartDate=after(2))) == 2
    assert items(cloudwatch, name=None, AlarmTypes=["CompositeAlarm"]) == []


LONG = '"x":"' + "x" * 3900 + '"'
ODD = (
    *("[1,2]", "null", "3", '{"n":[1]}', "{" + LONG + "}", '{"n":"\\ud800"}'),
    '{"recentDatapoints":1,"evaluatedDatapoints":{"a":1},"period":[],' + LONG + "}",
    '{"recentDatapoints":[1],"evaluatedDatapoints":[1],"period":1e300,"startDate":"x",' + LONG + "}",
)


@pytest.mark.parametrize("data", ODD, ids=range(len(ODD)))
def test_reason_data_of_any_json_is_taken(sandbox: Sandbox, cloudwatch: Any, data: str) -> None:
    """It is told as it was written, and the alarm goes on being judged."""
    put_alarm(cloudwatch)
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="r", StateReasonData=data)
    assert described(cloudwatch)["StateReasonData"] == data
    sandbox.advance("1m")
    assert [json.loads(item["HistoryData"])["newState"]["stateValue"] for item in items(cloudwatch, "StateUpdate")]
    assert changes(cloudwatch) == [(after(0), "ALARM"), (judged(0), "OK")]


@pytest.mark.parametrize("data", ["{", "no", "[" * 3000])
def test_reason_data_that_is_no_json(cloudwatch: Any, data: str) -> None:
    """The refusal has no message, and the state stays."""
    put_alarm(cloudwatch)
    asked = {"AlarmName": "a", "StateValue": "ALARM", "StateReason": "r"}
    assert refusal(cloudwatch.set_alarm_state, **asked, StateReasonData=data) == ("InvalidFormat", "")
    assert state(cloudwatch) == "INSUFFICIENT_DATA"
