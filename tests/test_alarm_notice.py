"""What an alarm leaves behind: the notice to the topic, and the items of its history."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.history import DATA_LIMIT, action, configuration_update, state_update
from rejectkit.monitoring.alarms.notice import alarm_message, alarm_subject, region_name
from rejectkit.monitoring.alarms.reasons import UNCHECKED, Datapoint, Judgement
from tests.alarm_cases import masked, recorded, run, undated

TOPIC = "arn:aws:sns:us-east-1:123456789010:rejects"
START = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
CHANGED = datetime(2026, 11, 23, 8, 31, 6, 302_000, tzinfo=UTC)
ALARM = {
    "AlarmName": "rejects",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789010:alarm:rejects",
    "AlarmDescription": "a flow was refused",
    "AlarmConfigurationUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
    "ActionsEnabled": True,
    "OKActions": [],
    "AlarmActions": [TOPIC],
    "InsufficientDataActions": [],
    "StateValue": "INSUFFICIENT_DATA",
    "StateUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
    "StateReason": UNCHECKED.reason,
    "MetricName": "RejectPackets",
    "Namespace": "VPCFlowLogs",
    "Dimensions": [{"Name": "vpc", "Value": "vpc-1"}],
    **AlarmRule().as_put_metric_alarm(),
}
FIRED = AlarmRule().judge([Datapoint(START.timestamp(), 3.0, 2)], "OK", CHANGED, m_of_n=True)


def test_the_notice_says_all_of_the_alarm() -> None:
    """The message has the documented keys: the change, the alarm, its actions, and what triggers it."""
    assert alarm_message(ALARM, "OK", FIRED, CHANGED) == {
        "AlarmName": "rejects",
        "AlarmDescription": "a flow was refused",
        "AWSAccountId": "123456789010",
        "AlarmConfigurationUpdatedTimestamp": "2026-11-01T00:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 out of the last 1 datapoints [3.0 (23/11/26 08:30:00)] was greater than "
        "the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).",
        "StateChangeTime": "2026-11-23T08:31:06.302+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789010:alarm:rejects",
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "ActionExecutedAfterMuteWindow": False,
        "Trigger": {
            "MetricName": "RejectPackets",
            "Namespace": "VPCFlowLogs",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"value": "vpc-1", "name": "vpc"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def test_a_bare_alarm_gives_a_notice_too() -> None:
    """What an alarm does not say is null or empty; a percentile goes under its own name."""
    bare = {key: ALARM[key] for key in ("AlarmName", "AlarmArn", "EvaluationPeriods", "ComparisonOperator")}
    found = alarm_message(bare | {"ExtendedStatistic": "p99"}, "OK", FIRED, CHANGED, after_mute_window=True)
    assert (found["AlarmDescription"], found["AlarmActions"], found["ActionExecutedAfterMuteWindow"]) == (
        None,
        [],
        True,
    )
    trigger = found["Trigger"]
    assert (trigger["StatisticType"], trigger["ExtendedStatistic"], trigger["TreatMissingData"]) == (
        "ExtendedStatistic",
        "p99",
        "",
    )
    assert not {"Statistic", "DatapointsToAlarm"} & trigger.keys()


def test_an_alarm_without_an_arn_has_no_account() -> None:
    """Account and region come from the ARN; one that is none is an error."""
    with pytest.raises(ArgumentError, match="AlarmArn is 'rejects'; an alarm's is arn:aws:cloudwatch:REGION:ACCOUNT"):
        alarm_message(ALARM | {"AlarmArn": "rejects"}, "OK", FIRED, CHANGED)


@pytest.mark.parametrize(
    ("test", "message", "describe"),
    [
        ("test_put_metric_alarm", "alarm-triggered-sqs-msg", "describe-alarm"),
        ("test_breaching_alarm_actions[json]", "alarm-1-sqs-msg", "alarm-1-describe"),
        ("test_enable_disable_alarm_actions[json]", "alarm-state-sqs-msg", "describe_alarm"),
    ],
)
def test_the_notice_as_recorded(shared: Path, test: str, message: str, describe: str) -> None:
    """A recorded notice comes out key by key and value by value; dates and the region are hidden in it."""
    expected = recorded(shared, test)[message]
    alarm = recorded(shared, test)[describe]["MetricAlarms"][0]
    new = Judgement(expected["NewStateValue"], expected["NewStateReason"])
    found = alarm_message(alarm, expected["OldStateValue"], new, CHANGED)
    if "ActionExecutedAfterMuteWindow" not in expected:  # recorded before there were mute rules
        del found["ActionExecutedAfterMuteWindow"]
    hidden = ("StateChangeTime", "AlarmConfigurationUpdatedTimestamp", "Region")
    assert found | {key: expected[key] for key in hidden} == expected
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", found["StateChangeTime"])


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("us-east-1", "US East (N. Virginia)"),
        ("eu-west-1", "EU (Ireland)"),
        ("ap-northeast-2", "Asia Pacific (Seoul)"),
        ("xx-new-1", "xx-new-1"),
    ],
)
def test_a_region_has_a_long_name(region: str, name: str) -> None:
    """Notices name the region in words; one that is not in the table keeps its own."""
    assert region_name(region) == name


@pytest.mark.parametrize("length", [1, 60, 61, 62, 255])
def test_a_subject_fits(length: int) -> None:
    """SNS takes 100 characters of subject; a longer name loses its end, the state and the region stay."""
    subject = alarm_subject("x" * length, "ALARM", "us-east-1")
    assert len(subject) <= 100
    assert subject.startswith('ALARM: "x')
    assert subject.endswith('" in US East (N. Virginia)')
    assert ("..." in subject) == (length > 67)


def test_the_history_of_a_change_of_state() -> None:
    """The item tells both states with their reasons, and the data where there are any."""
    item = state_update("rejects", UNCHECKED, FIRED, CHANGED)
    data = json.loads(item.pop("HistoryData"))
    assert item == {
        "AlarmName": "rejects",
        "AlarmType": "MetricAlarm",
        "Timestamp": CHANGED,
        "HistoryItemType": "StateUpdate",
        "HistorySummary": "Alarm updated from INSUFFICIENT_DATA to ALARM",
    }
    assert data == {
        "version": "1.0",
        "oldState": {"stateValue": "INSUFFICIENT_DATA", "stateReason": "Unchecked: Initial alarm creation"},
        "newState": {"stateValue": "ALARM", "stateReason": FIRED.reason, "stateReasonData": FIRED.reason_data},
    }


def test_a_long_history_item_keeps_its_newest_state() -> None:
    """Where two days of minutes do not fit, both stay whole JSON within the limit, and the new state tells more."""
    rule = AlarmRule(evaluation_periods=1440, datapoints_to_alarm=1440)
    long = rule.judge(run(START, 60, [7.0] * 1440), "OK", CHANGED)
    item = state_update("rejects", long, long, CHANGED)
    assert len(item["HistoryData"]) <= DATA_LIMIT
    data = json.loads(item["HistoryData"])
    assert len(data["newState"]["stateReasonData"]["recentDatapoints"]) > 400
    assert data["newState"]["stateReason"] == data["oldState"]["stateReason"] == long.reason


def test_reason_data_of_another_make_go_where_they_do_not_fit() -> None:
    """SetAlarmState takes any JSON; the old state's is left out before the new one's."""
    mine = Judgement("ALARM", "testing", {"mine": "x" * 3900})
    data = json.loads(state_update("rejects", mine, mine, CHANGED)["HistoryData"])
    assert "stateReasonData" not in data["oldState"]
    assert data["newState"]["stateReasonData"] == mine.reason_data


def test_the_history_item_as_recorded(shared: Path) -> None:
    """A recorded StateUpdate comes out the same; dates are hidden in it."""
    answers = recorded(shared, "test_put_metric_alarm")
    (expected,) = answers["describe-alarm-history"]["AlarmHistoryItems"]
    alarm = answers["describe-alarm"]["MetricAlarms"][0]
    new = AlarmRule.from_describe(alarm).judge(
        [Datapoint(START.timestamp(), 21.5, 2)], "INSUFFICIENT_DATA", CHANGED, m_of_n=False, unit="Seconds"
    )
    found = state_update(alarm["AlarmName"], UNCHECKED, new, CHANGED)
    data = undated(json.loads(found["HistoryData"]))
    data["newState"]["stateReason"] = masked(data["newState"]["stateReason"])
    assert found | {"HistoryData": data, "Timestamp": "timestamp"} == expected


def test_the_history_item_of_the_command_line_page(shared: Path) -> None:
    """The AWS CLI's example of 2014 has no key that ours has not."""
    text = (shared / "data" / "aws-cli" / "cloudwatch_describe-alarm-history.rst").read_text(encoding="utf-8")
    example = json.loads(text[text.index("{") :])["AlarmHistoryItems"][0]
    told = json.loads(example["HistoryData"])
    found = state_update("myalarm", UNCHECKED, FIRED, CHANGED)
    ours = json.loads(found["HistoryData"])["newState"]
    assert example.keys() <= found.keys()
    assert told["newState"].keys() <= ours.keys()
    assert told["newState"]["stateReasonData"].keys() <= ours["stateReasonData"].keys()
    assert example["HistorySummary"] == "Alarm updated from ALARM to OK"


def test_the_history_of_a_configuration() -> None:
    """An alarm's creation, change and deletion carry its configuration, in history's own spelling."""
    item = configuration_update(ALARM, "Create", CHANGED)
    assert (item["HistoryItemType"], item["HistorySummary"]) == ("ConfigurationUpdate", 'Alarm "rejects" created')
    assert json.loads(item["HistoryData"]) == {
        "version": "1.0",
        "type": "Create",
        "createdAlarm": {
            "alarmName": "rejects",
            "alarmArn": "arn:aws:cloudwatch:us-east-1:123456789010:alarm:rejects",
            "alarmDescription": "a flow was refused",
            "alarmConfigurationUpdatedTimestamp": "2026-11-01T00:00:00.000+0000",
            "actionsEnabled": True,
            "okactions": [],
            "alarmActions": [TOPIC],
            "insufficientDataActions": [],
            "stateValue": "INSUFFICIENT_DATA",
            "stateUpdatedTimestamp": "2026-11-01T00:00:00.000+0000",
            "metricName": "RejectPackets",
            "namespace": "VPCFlowLogs",
            "dimensions": [{"value": "vpc-1", "name": "vpc"}],
            "period": 60,
            "evaluationPeriods": 1,
            "datapointsToAlarm": 1,
            "threshold": 0.0,
            "comparisonOperator": "GreaterThanThreshold",
            "statistic": "Sum",
            "treatMissingData": "notBreaching",
        },
    }
    update = configuration_update(ALARM | {"Threshold": 5.0}, "Update", CHANGED, before=ALARM)
    data = json.loads(update["HistoryData"])
    assert (data["updatedAlarm"]["threshold"], data["previousAlarm"]["threshold"]) == (5.0, 0.0)
    delete = configuration_update(ALARM, "Delete", CHANGED)
    assert (delete["HistorySummary"], "deletedAlarm" in delete["HistoryData"]) == ('Alarm "rejects" deleted', True)


def test_an_update_too_long_tells_the_new_configuration() -> None:
    """Two long configurations do not fit; the earlier one is left out."""
    wordy = ALARM | {"AlarmDescription": "x" * 1024, "AlarmActions": [TOPIC * 3] * 5, "OKActions": [TOPIC * 3] * 5}
    item = configuration_update(wordy, "Update", CHANGED, before=wordy)
    assert len(item["HistoryData"]) <= DATA_LIMIT
    assert json.loads(item["HistoryData"]).keys() == {"version", "type", "updatedAlarm"}


def test_the_history_of_an_action() -> None:
    """A notice sent and one that failed, with the keys of recorded items; a message too long is left out."""
    sent = action("rejects", TOPIC, CHANGED, CHANGED, message="{}")
    assert (sent["HistoryItemType"], sent["HistorySummary"]) == ("Action", f"Successfully executed action {TOPIC}")
    assert json.loads(sent["HistoryData"]) == {
        "actionState": "Succeeded",
        "stateUpdateTimestamp": 1795422666302,
        "notificationResource": TOPIC,
        "publishedMessage": "{}",
        "error": None,
        "muteWindowEndTimestamp": None,
    }
    failed = action("rejects", TOPIC, CHANGED, CHANGED, error="no such topic", message="x" * 5000)
    assert failed["HistorySummary"] == f"Failed to execute action {TOPIC}. Received error: no such topic"
    data = json.loads(failed["HistoryData"])
    assert (data["actionState"], data["error"], data["publishedMessage"]) == ("Failed", "no such topic", None)
    endless = action("rejects", TOPIC, CHANGED, CHANGED, error="x" * 300)
    assert len(endless["HistorySummary"]) == 255
