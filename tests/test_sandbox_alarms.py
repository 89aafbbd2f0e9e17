"""Alarms in the sandbox: which state at which minute, from datapoints that were put."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rejectkit.monitoring.alarms.evaluation import DOCUMENTED, LONGEST, EvaluationRange
from rejectkit.sandbox import Sandbox
from tests.alarm_sandbox import account, after, changes, described, items, judged, put, put_alarm, state

TABLE = json.loads((Path(__file__).parent / "tables" / "alarm_missing_data.json").read_text(encoding="utf-8"))
STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
MARKS = {"0": 0.0, "X": 1.0}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account at noon, whose alarms look at their N periods only."""
    with account() as made:
        yield made


@pytest.fixture
def cloudwatch(sandbox: Sandbox) -> Any:
    """Its CloudWatch client."""
    return sandbox.session.client("cloudwatch")


@pytest.fixture(scope="module")
def played() -> dict[tuple[int, str], str]:
    """The state of each row of the table after each state, all judged at 12:00:42.8 over 11:55 to 12:00."""
    with account(DOCUMENTED) as sandbox:
        client = sandbox.session.client("cloudwatch")
        for place, row in enumerate(TABLE):
            for back, mark in enumerate(reversed(row["datapoints"]), 1):
                if mark in MARKS:
                    put(client, -60 * back, MARKS[mark], metric=f"m{place}")
            rule = {"EvaluationPeriods": row["n"], "DatapointsToAlarm": row["m"], "TreatMissingData": row["treatment"]}
            for previous in STATES:
                name = f"{place}-{previous}"
                put_alarm(client, name, MetricName=f"m{place}", **rule)
                client.set_alarm_state(AlarmName=name, StateValue=previous, StateReason="before")
        sandbox.advance("1m")
        found = [alarm for page in client.get_paginator("describe_alarms").paginate() for alarm in page["MetricAlarms"]]
        return {
            (int(place), previous): alarm["StateValue"]
            for alarm in found
            for place, previous in [alarm["AlarmName"].split("-")]
        }


@pytest.mark.parametrize("previous", STATES)
@pytest.mark.parametrize("place", range(len(TABLE)))
def test_documented_rows(played: dict[tuple[int, str], str], place: int, previous: str) -> None:
    """Each row's datapoints as five minutes give its state, whatever was before; RETAIN is what was before."""
    row, found = TABLE[place], played[place, previous]
    if row["state"] == "NOT_ALARM":
        assert found != "ALARM"
    else:
        assert found == (previous if row["state"] == "RETAIN" else row["state"])


def test_recipe_alarm_goes_to_alarm_and_back(sandbox: Sandbox, cloudwatch: Any) -> None:
    """A reject of minute 12:05 is judged at 12:06:42.8, its end a minute on."""
    put_alarm(cloudwatch)
    sandbox.advance(310)
    put(cloudwatch, 310, 3)
    sandbox.advance("10m")
    assert changes(cloudwatch) == [(judged(0), "OK"), (judged(6), "ALARM"), (judged(7), "OK")]
    reasons = [json.loads(item["HistoryData"])["newState"]["stateReason"] for item in items(cloudwatch, "StateUpdate")]
    assert reasons[1] == (
        "Threshold Crossed: 1 datapoint [3.0 (01/11/26 12:05:00)] was greater than the threshold (0.0)."
    )
    assert reasons[2] == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )


@pytest.mark.parametrize(("reach", "over"), [(DOCUMENTED, 9), (LONGEST, 15)])
def test_a_lone_datapoint_counts_until_it_leaves_the_range(reach: EvaluationRange, over: int) -> None:
    """Where nothing newer came, the newest one of the range decides: 1 + 2 and 1 + 8 minutes of ALARM."""
    with account(reach) as sandbox:
        client = sandbox.session.client("cloudwatch")
        put_alarm(client)
        put(client, 310)
        sandbox.advance("20m")
        assert changes(client)[1:] == [(judged(6), "ALARM"), (judged(over), "OK")]


def test_a_newer_datapoint_ends_the_alarm() -> None:
    """A 0 of the minute after, as a filter's default value reports it, is judged a minute later in any range."""
    with account(LONGEST) as long:
        client = long.session.client("cloudwatch")
        put_alarm(client)
        put(client, 310)
        put(client, 370, 0)
        long.advance("20m")
        assert changes(client)[1:] == [(judged(6), "ALARM"), (judged(7), "OK")]


@pytest.mark.parametrize(("late", "seen"), [(423, 7), (500, 8), (523, None)])
def test_late_datapoints_are_seen_within_two_more_minutes(late: int, seen: int | None) -> None:
    """One of 12:05 put after 12:06:42.8 and after 12:07:42.8 is found by the next evaluation; later by none."""
    with account(DOCUMENTED) as sandbox:
        client = sandbox.session.client("cloudwatch")
        put_alarm(client)
        sandbox.advance(late)
        put(client, 310)
        sandbox.advance("20m")
        assert changes(client)[1:2] == ([(judged(seen), "ALARM")] if seen else [])


def test_late_datapoints_are_not_seen_in_the_shortest_range(sandbox: Sandbox, cloudwatch: Any) -> None:
    """A second after its minute was judged is too late."""
    put_alarm(cloudwatch)
    sandbox.advance(403)
    put(cloudwatch, 310)
    sandbox.advance("20m")
    assert changes(cloudwatch) == [(judged(0), "OK")]


def test_periods_of_five_minutes_slide(sandbox: Sandbox, cloudwatch: Any) -> None:
    """3 of 12:04 and 3 of 12:06 are 6 within five minutes, though no five minutes of the clock hold both."""
    put_alarm(cloudwatch, Period=300, Threshold=5.0)
    put(cloudwatch, 245, 3)
    put(cloudwatch, 365, 3)
    sandbox.advance("20m")
    assert changes(cloudwatch) == [(judged(0), "OK"), (judged(7), "ALARM"), (judged(10), "OK")]


def test_ten_seconds_are_evaluated_each_ten_seconds(sandbox: Sandbox, cloudwatch: Any) -> None:
    """A second's value of 12:00:12 is ALARM from 12:00:32.8 to 12:00:42.8."""
    put_alarm(cloudwatch, Period=10)
    put(cloudwatch, 12, StorageResolution=1)
    sandbox.advance("2m")
    assert changes(cloudwatch) == [(after(2.802), "OK"), (after(32.802), "ALARM"), (after(42.802), "OK")]


def test_ranges_above_a_day_are_evaluated_each_hour(sandbox: Sandbox, cloudwatch: Any) -> None:
    """25 periods of an hour, 1 of them breaching, wait for the first minute of the next hour; 24 do not."""
    put(cloudwatch, -100)
    hours = {"Period": 3600, "DatapointsToAlarm": 1}
    sandbox.advance("1m")
    put_alarm(cloudwatch, "day", EvaluationPeriods=24, **hours)
    put_alarm(cloudwatch, "longer", EvaluationPeriods=25, **hours)
    sandbox.advance("2h")
    assert changes(cloudwatch, "day") == [(judged(1), "ALARM")]
    assert changes(cloudwatch, "longer") == [(judged(60), "ALARM")]


def test_the_second_of_the_evaluation_is_a_limit() -> None:
    """With 1.3 s it is 12:01:01.3, not 12:01:42.8; at noon itself nothing is judged yet."""
    with account(evaluation_second=1.3) as sandbox:
        client = sandbox.session.client("cloudwatch")
        put_alarm(client)
        put(client, 0)
        sandbox.advance("2m")
        assert changes(client) == [(after(1.302), "OK"), (after(61.302), "ALARM")]


def test_a_set_state_lasts_until_the_next_evaluation(sandbox: Sandbox, cloudwatch: Any) -> None:
    """SetAlarmState changes at once, and the data set it back."""
    put_alarm(cloudwatch)
    sandbox.advance(70)
    cloudwatch.set_alarm_state(
        AlarmName="a", StateValue="ALARM", StateReason="a drill", StateReasonData='{"who": "me"}'
    )
    told = described(cloudwatch)
    assert (told["StateValue"], told["StateReason"], told["StateReasonData"]) == ("ALARM", "a drill", '{"who": "me"}')
    sandbox.advance("5m")
    assert changes(cloudwatch) == [(judged(0), "OK"), (after(70), "ALARM"), (judged(1), "OK")]


def test_ignore_keeps_a_set_state(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Without data nothing sets it back; a datapoint does."""
    put_alarm(cloudwatch, TreatMissingData="ignore")
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="a drill")
    sandbox.advance("10m")
    assert state(cloudwatch) == "ALARM"
    put(cloudwatch, 570, 0)
    sandbox.advance("1m")
    assert changes(cloudwatch) == [(after(0), "ALARM"), (judged(10), "OK")]


def test_setting_the_state_it_has_changes_nothing(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Neither reason nor time nor history."""
    put_alarm(cloudwatch)
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="one", StateReasonData="{}")
    before = described(cloudwatch), items(cloudwatch)
    sandbox.advance(5)
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="other", StateReasonData='{"n": 1}')
    assert (described(cloudwatch), items(cloudwatch)) == before


def test_an_update_keeps_the_state(sandbox: Sandbox, cloudwatch: Any) -> None:
    """A new threshold is judged at the next evaluation; what is left out of it is gone."""
    put_alarm(cloudwatch, AlarmDescription="text")
    put(cloudwatch, 5, 3)
    sandbox.advance(105)
    before = described(cloudwatch)
    put_alarm(cloudwatch, Threshold=10.0, TreatMissingData="missing")
    now = described(cloudwatch)
    assert (now["StateValue"], now["StateReason"], now["StateUpdatedTimestamp"]) == (
        "ALARM",
        before["StateReason"],
        before["StateUpdatedTimestamp"],
    )
    assert now["AlarmConfigurationUpdatedTimestamp"] == after(105)
    assert "AlarmDescription" not in now
    put(cloudwatch, 70, 9)
    sandbox.advance("1m")
    assert changes(cloudwatch)[-1] == (judged(2), "OK")


def test_the_same_alarm_again_changes_nothing(sandbox: Sandbox, cloudwatch: Any) -> None:
    """No history and no new time; switched off meanwhile, it is a change."""
    put_alarm(cloudwatch, Threshold=0)
    before = described(cloudwatch), items(cloudwatch)
    sandbox.advance(5)
    put_alarm(cloudwatch, Threshold=0)
    assert (described(cloudwatch), items(cloudwatch)) == before
    cloudwatch.disable_alarm_actions(AlarmNames=["a"])
    put_alarm(cloudwatch)
    assert described(cloudwatch)["ActionsEnabled"] is True
    assert len(items(cloudwatch, "ConfigurationUpdate")) == 3


def test_two_alarms_on_one_metric_are_judged_each_by_its_rule(sandbox: Sandbox, cloudwatch: Any) -> None:
    """3 is above 0 and below 10; DescribeAlarmsForMetric names both, of another metric none."""
    put_alarm(cloudwatch, "low")
    put_alarm(cloudwatch, "high", Threshold=10.0)
    put_alarm(cloudwatch, "other", Dimensions=[{"Name": "d", "Value": "v"}])
    put(cloudwatch, 5, 3)
    sandbox.advance(105)
    assert {name: state(cloudwatch, name) for name in ("low", "high", "other")} == {
        "low": "ALARM",
        "high": "OK",
        "other": "OK",
    }
    metric = {"Namespace": "n", "MetricName": "m"}
    found = cloudwatch.describe_alarms_for_metric(**metric)["MetricAlarms"]
    assert sorted(alarm["AlarmName"] for alarm in found) == ["high", "low"]
    assert cloudwatch.describe_alarms_for_metric(**metric, Statistic="Average")["MetricAlarms"] == []


def test_statistic_and_unit_of_the_alarm(sandbox: Sandbox, cloudwatch: Any) -> None:
    """An average of 2 is not a sum of 4; a value in another unit is not looked at."""
    for statistic in ("Sum", "Average", "Maximum", "Minimum", "SampleCount"):
        put_alarm(cloudwatch, statistic, Statistic=statistic, Threshold=2.5)
    put_alarm(cloudwatch, "bytes", Unit="Bytes")
    put(cloudwatch, 1, 1, Unit="Count")
    put(cloudwatch, 2, 3, Unit="Count")
    sandbox.advance(105)
    states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert [name for name in sorted(states) if states[name] == "ALARM"] == ["Maximum", "Sum"]


def test_a_deleted_alarm_is_judged_no_more_and_begins_anew(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Put again under its name it starts as INSUFFICIENT_DATA."""
    put_alarm(cloudwatch)
    sandbox.advance("1m")
    cloudwatch.delete_alarms(AlarmNames=["a"])
    sandbox.advance("1m")
    put_alarm(cloudwatch)
    told = described(cloudwatch)
    assert (told["StateValue"], told["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    assert changes(cloudwatch) == [(judged(0), "OK")]
