"""The rule of a log alarm: when its query runs and over what, which state its results give, and why."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejectkit.errors import ArgumentError
from rejectkit.insights import parse
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.logaggregation import Aggregation
from rejectkit.monitoring.alarms.logalarm import (
    EVALUATION_ERROR,
    EVALUATION_FAILURE,
    FAILED,
    MOST_IN_ALARM,
    PARTIAL_DATA,
    Execution,
    LogAlarmRule,
    rate,
)
from rejectkit.monitoring.alarms.lognotice import (
    LINES_MEMBER,
    LONGEST_MESSAGE,
    configuration_update,
    contributor_id,
    log_alarm_message,
)
from rejectkit.monitoring.alarms.logreasons import explain, fault, summed
from rejectkit.monitoring.alarms.reasons import Judgement, compact

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
QUARTER = 1781093700.0  # 2026-06-10 12:15, of the user guide's sample
PUT: dict[str, Any] = {
    "AlarmName": "a",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a",
    "AlarmConfigurationUpdatedTimestamp": NOON,
    "OKActions": [],
    "AlarmActions": [],
    "InsufficientDataActions": [],
    "ScheduledQueryConfiguration": {
        "QueryString": "fields @message",
        "LogGroupIdentifiers": ["g"],
        "AggregationExpression": "count(*)",
        "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 360},
    },
    "QueryResultsToEvaluate": 5,
    "QueryResultsToAlarm": 3,
    "Threshold": 10,
    "ComparisonOperator": "GreaterThanThreshold",
}


def runs(*values: float | None, last: float = QUARTER, every: int = 300) -> list[Execution]:
    """Return executions with these values, the newest last, at the end of intervals up to `last`."""
    first = last - every * (len(values) - 1)
    return [Execution(first + every * at, {(): value}, f"q{at}") for at, value in enumerate(values)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        (" rate( 90  minutes ) ", 5400),
        ("rate(1 hour)", 3600),
        ("rate(2 days)", 172_800),
    ],
)
def test_rates(text: str, seconds: int) -> None:
    """Minutes, hours and days, the singular with 1."""
    assert rate(text) == seconds


@pytest.mark.parametrize(
    "text", ["rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(5m)", "rate(1.5 hours)", "cron(0 * * * ? *)"]
)
def test_what_is_no_rate(text: str) -> None:
    """A schedule of another kind is refused by name."""
    with pytest.raises(ArgumentError, match="write rate\\(5 minutes\\), rate\\(1 hour\\)"):
        rate(text)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"interval": 90}, "interval is 90 s; a query runs each minute"),
        ({"interval": "5m"}, "interval is '5m'; it is a whole number, 0 or more"),
        ({"start_offset": 300.5}, "start_offset is 300.5; it is a whole number, 0 or more"),
        ({"results_to_evaluate": True}, "results_to_evaluate is True; it is a whole number"),
        ({"threshold": "1"}, "threshold is '1'; it is a finite number"),
        ({"start_offset": 0}, "start_offset is 0 s; it is 1 to 2,592,000"),
        ({"end_offset": 300}, "end_offset is 300 s; it is 0 or more, and less than start_offset, 300"),
        ({"results_to_evaluate": 101}, "results_to_evaluate is 101; it is 1 to 100"),
        ({"results_to_alarm": 2}, "results_to_alarm is 2; it is 1 to results_to_evaluate, 1"),
        ({"threshold": float("nan")}, "threshold is nan; it is a finite number"),
        ({"comparison": "GreaterThanUpperThreshold"}, "comparison is 'GreaterThanUpperThreshold'; it is one of"),
        ({"treat_missing_data": "zero"}, "treat_missing_data is 'zero'; it is one of missing"),
    ],
)
def test_values_that_put_log_alarm_refuses(members: dict[str, Any], told: str) -> None:
    """What, which value, how to mend."""
    with pytest.raises(ArgumentError, match=told):
        LogAlarmRule(**members)


def test_a_rule_is_read_from_what_describes_it() -> None:
    """EndTimeOffset and TreatMissingData have the service's defaults."""
    assert LogAlarmRule.from_describe(PUT) == LogAlarmRule(300, 360, 0, 5, 3, 10.0, "GreaterThanThreshold", "missing")


def test_the_window_of_a_run() -> None:
    """The user guide's example: an offset of 360 on a query at 12:05:00 begins at 11:59:00."""
    window = LogAlarmRule(start_offset=360).window(NOON.replace(minute=5))
    assert (window.start, window.end) == (NOON.replace(hour=11, minute=59), NOON.replace(minute=5))


@given(
    interval=st.integers(1, 60).map(lambda minutes: minutes * 60),
    delay=st.integers(0, 3600),
    start=st.integers(0, 10**9),
)
def test_back_to_back_windows_share_no_moment_and_leave_none_out(interval: int, delay: int, start: int) -> None:
    """Where the offsets are an interval apart, each window begins where the one before ends."""
    rule = LogAlarmRule(interval, interval + delay, delay)
    found = list(rule.runs(start, start + 5 * interval))
    assert len(found) == 5
    assert all(rule.is_due(run) for run in found)
    windows = [rule.window(run) for run in found]
    assert all(one.end == other.start for one, other in itertools.pairwise(windows))


def test_a_new_alarm_waits_for_all_results() -> None:
    """Three breaching ones of five do not decide yet; five of which three breach do."""
    rule = LogAlarmRule(results_to_evaluate=5, results_to_alarm=3)
    assert rule.evaluate([1, 1, 1]) == "INSUFFICIENT_DATA"
    assert rule.evaluate([1, 1, 1, 0, 0]) == "ALARM"
    assert rule.evaluate([1, 1, 1, 0, 0, 0]) == "OK"


@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 2)), min_size=5, max_size=5),
    alarm=st.integers(1, 5),
    treatment=st.sampled_from(["missing", "ignore", "breaching", "notBreaching"]),
    previous=st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"]),
)
def test_results_count_as_datapoints_do(values: list[float | None], alarm: int, treatment: str, previous: str) -> None:
    """N results and N datapoints give the same state, missing ones too."""
    rule = LogAlarmRule(results_to_evaluate=5, results_to_alarm=alarm, threshold=1.0, treat_missing_data=treatment)
    metric = AlarmRule(evaluation_periods=5, datapoints_to_alarm=alarm, threshold=1.0, treat_missing_data=treatment)
    assert rule.evaluate([9, *values], previous) == metric.evaluate(values, previous)


def test_a_state_that_is_none() -> None:
    """The state before is one of three."""
    with pytest.raises(ArgumentError, match="previous is 'FINE'; it is one of OK, ALARM, INSUFFICIENT_DATA"):
        LogAlarmRule().evaluate([1.0], "FINE")


def test_failures() -> None:
    """Some failed: a failure; all, or the newest by the configuration's fault: an error; too many groups: partial."""
    rule = LogAlarmRule(results_to_evaluate=2)
    good, bad = Execution(0, {(): 1.0}), Execution(60, {}, status=FAILED, fault="timeout")
    ours = Execution(60, {}, status=FAILED, is_client_fault=True)
    partial = Execution(60, {("a",): 1.0}, is_partial=True)
    found = [rule.evaluation_state(one) for one in ([good, good], [good, bad], [bad, bad], [good, ours], [ours, good])]
    assert found == ["", EVALUATION_FAILURE, EVALUATION_ERROR, EVALUATION_ERROR, EVALUATION_FAILURE]
    assert rule.evaluation_state([bad, good, good]) == ""
    assert rule.evaluation_state([good, partial]) == PARTIAL_DATA
    assert rule.evaluation_state([]) == ""


def test_contributors_are_judged_each_by_itself() -> None:
    """Any in ALARM makes the alarm's; one that is gone is OK, whatever the treatment of missing data."""
    rule = LogAlarmRule(results_to_evaluate=2, results_to_alarm=2, treat_missing_data="breaching")
    before = Execution(0, {("a",): 1.0, ("b",): 1.0, ("c",): 0.0})
    now = Execution(60, {("a",): 1.0, ("c",): 0.0, ("d",): 1.0})
    states = rule.contributors([before, now], {("b",): "ALARM", ("c",): "OK", ("e",): "OK"})
    assert states == {("a",): "ALARM", ("c",): "OK", ("d",): "ALARM", ("b",): "OK"}
    assert rule.overall(states, [before, now], "OK") == "ALARM"
    assert rule.overall({("c",): "OK"}, [before, now], "ALARM") == "OK"


def test_without_contributors_results_are_missing() -> None:
    """So that the treatment of missing data decides."""
    empty = [Execution(0, {})]
    for treatment, state in (("missing", "INSUFFICIENT_DATA"), ("notBreaching", "OK"), ("breaching", "ALARM")):
        rule = LogAlarmRule(treat_missing_data=treatment)
        assert rule.overall(rule.contributors(empty, {}), empty, "OK") == state


def test_a_hundred_contributors_are_in_alarm_at_most() -> None:
    """Those that were in ALARM stay, and new ones come in the order of the results."""
    newest = Execution(0, {(f"{number:03}",): 1.0 for number in range(150)})
    before = {("149",): "ALARM"}
    states = LogAlarmRule().contributors([newest], before)
    assert len(states) == MOST_IN_ALARM
    assert ("149",) in states
    assert ("098",) in states
    assert ("099",) not in states


@pytest.mark.parametrize(
    ("text", "fields", "order"),
    [
        ("count(*)", (), ""),
        ("avg(latency) by host | sort desc", ("host",), "desc"),
        ("sum(bytes) as total by srcAddr, dstPort|SORT ASC", ("srcAddr", "dstPort"), "asc"),
        ("COUNT(dstPort)", (), ""),
        ("max(`a|b`)", (), ""),
        ("min(@ingestionTime)", (), ""),
    ],
)
def test_aggregations(text: str, fields: tuple[str, ...], order: str) -> None:
    """One aggregate, its fields, and their order."""
    found = Aggregation.parse(text)
    assert (found.fields, found.order) == (fields, order)
    last = parse(found.query("fields @message | filter a = 1")).stages[-1]
    assert [item.name for item in last.items] == [found.column]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the aggregation has 0 characters; it has 1 to 2,048"),
        ("x" * 2049, "the aggregation has 2,049 characters"),
        ("count(*", "is not one"),
        ("count(*), max(a)", "it has a single aggregate"),
        ("count(*) | limit 1", "it has a single aggregate"),
        ("pct(latency, 99)", r"of pct\(latency, 99\) no alarm is made: write count\(\*\), avg\(field\)"),
        ("max(a) - min(a)", "no alarm is made"),
        ("count(*) by bin(5m)", r"groups by bin\(5m\); it groups by fields only"),
        ("count(*) by a, b, c, d, e, f", "the aggregation groups by 6 fields; at most 5"),
    ],
)
def test_what_is_no_aggregation(text: str, told: str) -> None:
    """It is refused with what it may be."""
    with pytest.raises(ArgumentError, match=told):
        Aggregation.parse(text)


@pytest.mark.parametrize(
    "query", ["", "  ", "filter a = 1", "filter a = 1 |", "filter a = 1 # why", "stats count(*) as n by bin(5m)"]
)
def test_the_query_of_a_run_can_be_sent(query: str) -> None:
    """The aggregation is its last command, also behind a comment."""
    assert str(parse(Aggregation.parse("count(*)").query(query)).stages[-1]) == "stats count(*)"


def test_the_sample_reason() -> None:
    """The sentence and the JSON of the user guide's sample notice."""
    rule = LogAlarmRule(threshold=100.0, results_to_evaluate=5, results_to_alarm=3)
    told = explain(rule, runs(20, 10, 120, 135, 142), "ALARM", QUARTER + 30)
    assert told.reason == (
        "Threshold Crossed: 3 out of the last 5 query results [142.0 (10/06/26 12:15:00), 135.0 (10/06/26 12:10:00), "
        "120.0 (10/06/26 12:05:00)] were greater than the threshold (100.0) (minimum 3 datapoints for OK -> ALARM "
        "transition)."
    )
    assert {**told.reason_data, "results": told.reason_data["results"][:1]} == {
        "version": "1.0",
        "queryDate": "2026-06-10T12:15:30.000+0000",
        "threshold": 100.0,
        "queryResultsToEvaluate": 5,
        "queryResultsToAlarm": 3,
        "results": [
            {"queryResultId": "q4", "status": "COMPLETE", "timestamp": "2026-06-10T12:15:00.000+0000", "value": 142}
        ],
    }
    assert [one["value"] for one in told.reason_data["results"]] == [142, 135, 120, 10, 20]


@pytest.mark.parametrize(
    ("values", "state", "treatment", "told"),
    [
        (
            (5, 5, 0),
            "OK",
            "missing",
            "Threshold Crossed: 1 out of the last 3 query results [0.0 (10/06/26 12:15:00)] was not greater than the "
            "threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            (0, None, None),
            "OK",
            "notBreaching",
            "Threshold Crossed: 1 out of the last 3 query results [0.0 (10/06/26 12:05:00)] was not greater than the "
            "threshold (1.0) and 2 missing query results were treated as [NonBreaching] (minimum 1 datapoint for "
            "ALARM -> OK transition).",
        ),
        (
            (None, None, None),
            "ALARM",
            "breaching",
            "Threshold Crossed: no query results were received for 3 executions and 3 missing query results were "
            "treated as [Breaching].",
        ),
        ((None, None, 0), "INSUFFICIENT_DATA", "missing", "Insufficient Data: 2 query results were unknown."),
    ],
)
def test_reasons(values: tuple[float | None, ...], state: str, treatment: str, told: str) -> None:
    """Of each state, with missing results as they were treated."""
    rule = LogAlarmRule(threshold=1.0, results_to_evaluate=3, results_to_alarm=3, treat_missing_data=treatment)
    assert explain(rule, runs(*values), state, QUARTER).reason == told


def test_the_reason_of_failures() -> None:
    """It counts them and quotes the newest; a missing value is not in the JSON."""
    rule = LogAlarmRule(results_to_evaluate=2)
    bad = Execution(QUARTER, {}, "q", FAILED, "the query ended as Timeout")
    told = fault(rule, [*runs(1.0), bad], EVALUATION_FAILURE, QUARTER)
    assert told.reason == "Evaluation failure: 1 out of the last 2 query results failed: the query ended as Timeout"
    assert [(one["status"], one.get("value")) for one in told.reason_data["results"]] == [
        ("FAILED", None),
        ("COMPLETE", 1.0),
    ]
    assert fault(rule, [bad, bad], EVALUATION_ERROR, QUARTER).reason.startswith("Evaluation error: 2 out of the last 2")


def test_reason_data_lose_their_oldest_results() -> None:
    """A hundred results are more than 4,000 characters of JSON."""
    rule = LogAlarmRule(results_to_evaluate=100)
    told = explain(rule, runs(*range(100)), "ALARM", QUARTER)
    assert 3800 < len(told.reason_json) <= 4000
    assert told.reason_data["results"][0]["value"] == 99


def test_contributors_are_summed() -> None:
    """The user guide's sentence."""
    states = {(str(number),): "ALARM" if number < 5 else "OK" for number in range(10)}
    assert summed(states, "ALARM").reason == "5 out of 10 contributors evaluated to ALARM"
    assert summed({("a",): "OK"}, "OK").reason == "0 out of 1 contributor evaluated to ALARM"


def test_the_notice() -> None:
    """What it adds to that of a metric alarm, and what only some have."""
    new = Judgement("ALARM", "why", {"version": "1.0"})
    told = log_alarm_message(PUT, "OK", new, NOON, query_id="q")
    assert {name: told[name] for name in ("LogGroups", "QueryString", "AggregationExpression", "QueryExecutionId")} == {
        "LogGroups": ["g"],
        "QueryString": "fields @message",
        "AggregationExpression": "count(*)",
        "QueryExecutionId": "q",
    }
    assert (told["Region"], told["AWSAccountId"], told["OldStateValue"]) == (
        "US East (N. Virginia)",
        "123456789012",
        "OK",
    )
    assert told["NewStateReasonData"] == {"version": "1.0"}
    assert not {"AlarmTags", "AlarmContributorId", LINES_MEMBER} & told.keys()
    more = log_alarm_message(PUT, "OK", new, NOON, tags={"k": "v"}, attributes={"f": "x"}, lines=[{"@message": "m"}])
    assert more["AlarmTags"] == [{"Key": "k", "Value": "v"}]
    assert (more["AlarmContributorId"], more["AlarmContributorAttributes"]) == (contributor_id({"f": "x"}), {"f": "x"})
    assert more[LINES_MEMBER] == [{"@message": "m"}]


def test_log_lines_that_do_not_fit_are_left_out() -> None:
    """The message stays within what SNS takes, in bytes."""
    lines = [{"@message": "ä" * 50_000}] * 4
    told = log_alarm_message(PUT, "OK", Judgement("ALARM", "why"), NOON, lines=lines)
    assert len(told[LINES_MEMBER]) == 2
    assert len(compact(told).encode()) <= LONGEST_MESSAGE


def test_a_contributor_has_one_id() -> None:
    """Sixteen characters, whatever the order of its fields."""
    assert contributor_id({"a": "1", "b": "2"}) == contributor_id({"b": "2", "a": "1"}) != contributor_id({"a": "1"})
    assert len(contributor_id({})) == 16


def test_the_history_of_a_configuration() -> None:
    """Members begin in lower case, inner ones too; where it is too long, what it was goes first."""
    item = configuration_update(PUT, "Update", NOON, PUT | {"Threshold": 1.0})
    data = json.loads(item["HistoryData"])
    assert item["HistorySummary"] == 'Alarm "a" updated'
    assert data["previousAlarm"]["threshold"] == 1.0
    assert data["updatedAlarm"]["scheduledQueryConfiguration"]["scheduleConfiguration"]["startTimeOffset"] == 360
    assert data["updatedAlarm"]["okactions"] == []
    long = PUT | {"AlarmDescription": "x" * 2000}
    assert set(json.loads(configuration_update(long, "Update", NOON, long)["HistoryData"])) == {
        "version",
        "type",
        "updatedAlarm",
    }
