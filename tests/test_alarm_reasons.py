"""The service's reasons: sentences quoted from real histories, and the JSON beside them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import COMPARISONS, STATES, TREATMENTS, AlarmRule
from rejectkit.monitoring.alarms.reasons import (
    REASON_DATA_LIMIT,
    REASON_LIMIT,
    UNCHECKED,
    Datapoint,
    Judgement,
    compact,
    decimal,
    fit,
)
from rejectkit.monitoring.timing.moments import parse_stamp, short, stamp
from tests.alarm_cases import masked, recorded, run, undated, utc

VALUE = {"0": 0.0, "X": 1.0, "-": None}


def judged(rule: AlarmRule, newest: datetime, values: list[float | None], **how: Any) -> Judgement:
    """Return the judgement half a minute after the newest period."""
    at = newest.timestamp() + rule.period + 30
    return rule.judge(run(newest, rule.period, values), "INSUFFICIENT_DATA", at, **how)


def of(m: int, n: int, **more: Any) -> AlarmRule:
    """Return a rule of M of N periods."""
    return AlarmRule(evaluation_periods=n, datapoints_to_alarm=m, **more)


QUOTED = [
    (
        of(1, 1, threshold=3),
        utc(2026, 1, 17, 17, 2),
        [63.0],
        {},
        "Threshold Crossed: 1 datapoint [63.0 (17/01/26 17:02:00)] was greater than the threshold (3.0).",
    ),
    (
        of(3, 3, period=180),
        utc(2026, 8, 19, 5, 50),
        [1, 3, 2],
        {},
        "Threshold Crossed: 3 datapoints [2.0 (19/08/26 05:50:00), 3.0 (19/08/26 05:47:00), 1.0 (19/08/26 05:44:00)] "
        "were greater than the threshold (0.0).",
    ),
    (
        of(3, 3, period=180),
        utc(2026, 8, 19, 9, 48),
        [2, 1, 0],
        {},
        "Threshold Crossed: 1 datapoint [0.0 (19/08/26 09:48:00)] was not greater than the threshold (0.0).",
    ),
    (
        of(1, 20, threshold=1, comparison="GreaterThanOrEqualToThreshold"),
        utc(2024, 3, 16, 12, 15),
        [None] * 21 + [613.0],
        {},
        "Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was greater than or equal to the "
        "threshold (1.0) and 19 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM "
        "transition).",
    ),
    (
        of(50, 50, threshold=50),
        utc(2024, 12, 4, 0, 34),
        [60.0] * 49 + [48.0],
        {"m_of_n": True},
        "Threshold Crossed: 1 out of the last 50 datapoints [48.0 (04/12/24 00:34:00)] was not greater than the "
        "threshold (50.0) (minimum 1 datapoint for ALARM -> OK transition).",
    ),
    (
        of(8, 8, period=900, comparison="LessThanOrEqualToThreshold", treat_missing_data="breaching"),
        utc(2026, 8, 19, 9, 36),
        [None] * 9 + [2.0],
        {},
        "Threshold Crossed: 1 datapoint [2.0 (19/08/26 09:36:00)] was not less than or equal to the threshold (0.0) and "
        "7 missing datapoints were treated as [Breaching].",
    ),
    (
        of(2, 2, comparison="LessThanThreshold", threshold=1, treat_missing_data="breaching"),
        utc(2026, 4, 20, 18, 45),
        [None, 0.0],
        {},
        "Threshold Crossed: 1 datapoint [0.0 (20/04/26 18:45:00)] was less than the threshold (1.0) and 1 missing "
        "datapoint was treated as [Breaching].",
    ),
    (
        of(1, 1, threshold=30),
        utc(2024, 9, 9, 1, 54),
        [66.66201000304783],
        {"m_of_n": True},
        "Threshold Crossed: 1 out of the last 1 datapoints [66.66201000304783 (09/09/24 01:54:00)] was greater than the "
        "threshold (30.0) (minimum 1 datapoint for OK -> ALARM transition).",
    ),
    (
        of(1, 1),
        utc(2026, 3, 1),
        [None],
        {},
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching].",
    ),
    (
        of(3, 3, treat_missing_data="breaching"),
        utc(2026, 3, 1),
        [None] * 5,
        {"m_of_n": True},
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as "
        "[Breaching].",
    ),
    (
        of(2, 3, treat_missing_data="breaching"),
        utc(2026, 3, 1),
        [None, None, 0.0],
        {},
        "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching].",
    ),
    (
        of(5, 5, treat_missing_data="missing"),
        utc(2026, 3, 1),
        [None],
        {},
        "Insufficient Data: 5 datapoints were unknown.",
    ),
    (
        of(1, 1, treat_missing_data="missing"),
        utc(2026, 3, 1),
        [None],
        {},
        "Insufficient Data: 1 datapoint was unknown.",
    ),
    (
        of(3, 3, treat_missing_data="missing", threshold=50),
        utc(2026, 9, 14, 5, 47),
        [100.0, None, None],
        {"m_of_n": True},
        "Threshold Crossed: 1 out of the last 3 datapoints [100.0 (14/09/26 05:45:00)] was greater than the threshold "
        "(50.0) (minimum 3 datapoints for OK -> ALARM transition).",
    ),
    (
        of(5, 5, threshold=10),
        utc(2017, 8, 8, 20, 9),
        [27.5] * 5,
        {},
        "Threshold Crossed: 5 datapoints were greater than the threshold (10.0). The most recent datapoints which "
        "crossed the threshold: [27.5 (08/08/17 20:09:00), 27.5 (08/08/17 20:08:00), 27.5 (08/08/17 20:07:00), "
        "27.5 (08/08/17 20:06:00), 27.5 (08/08/17 20:05:00)].",
    ),
    (
        of(30, 30, threshold=20),
        utc(2024, 12, 6, 5, 34),
        [59.0] * 28 + [60.0] * 2,
        {"m_of_n": True},
        "Threshold Crossed: 30 out of the last 30 datapoints were greater than the threshold (20.0). The most recent "
        "datapoints which crossed the threshold: [60.0 (06/12/24 05:34:00), 60.0 (06/12/24 05:33:00), 59.0 (06/12/24 "
        "05:32:00), 59.0 (06/12/24 05:31:00), 59.0 (06/12/24 05:30:00)] (minimum 30 datapoints for OK -> ALARM "
        "transition).",
    ),
]


@pytest.mark.parametrize(
    ("rule", "newest", "values", "how", "expected"), QUOTED, ids=[case[-1][:60] for case in QUOTED]
)
def test_the_sentences_that_real_histories_show(
    rule: AlarmRule, newest: datetime, values: list[float | None], how: dict[str, Any], expected: str
) -> None:
    """Each shape of sentence that is quoted in public comes out to the letter."""
    assert judged(rule, newest, values, **how).reason == expected


def test_a_new_alarm_is_unchecked() -> None:
    """An alarm begins in INSUFFICIENT_DATA, with a reason and without data."""
    assert (UNCHECKED.state, UNCHECKED.reason) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    assert UNCHECKED.reason_json == ""


def test_the_data_beside_a_reason() -> None:
    """The recent datapoints run forward with gaps, the evaluated ones backward; times are starts of periods."""
    rule = of(1, 3, period=300, threshold=10, comparison="GreaterThanOrEqualToThreshold", treat_missing_data="missing")
    range_of_five = run(utc(2026, 11, 23, 8, 24), 300, [None, None, 1, None, 12])
    judgement = rule.judge(range_of_five, "OK", utc(2026, 11, 23, 8, 31, 6).timestamp() + 0.3)
    assert judgement.reason == (
        "Threshold Crossed: 1 out of the last 3 datapoints [12.0 (23/11/26 08:24:00)] was greater than or equal to the "
        "threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert json.loads(judgement.reason_json) == {
        "version": "1.0",
        "queryDate": "2026-11-23T08:31:06.300+0000",
        "startDate": "2026-11-23T08:14:00.000+0000",
        "statistic": "Sum",
        "period": 300,
        "recentDatapoints": [1.0, None, 12.0],
        "threshold": 10.0,
        "evaluatedDatapoints": [{"timestamp": "2026-11-23T08:24:00.000+0000", "sampleCount": 1.0, "value": 12.0}],
    }


@pytest.mark.parametrize(
    ("m", "series", "treatment", "state", "evaluated"),
    [
        (2, "X0X", "missing", "ALARM", [1, 3]),
        (3, "X0X", "missing", "OK", [2]),
        (2, "-X0", "missing", "OK", [1, 3]),
        (2, "0X-------", "missing", "OK", [1, 9]),
        (2, "X--------", "missing", "ALARM", [1, 9]),
        (3, "X--------", "missing", "ALARM", [1, 2, 9]),
        (3, "X-X-----", "missing", "ALARM", [1, 6, 8]),
        (3, "0-X-X", "missing", "OK", [5]),
        (2, "0-X-X", "missing", "ALARM", [1, 3]),
        (2, "----0", "missing", "OK", [1, 2]),
        (2, "-----", "missing", "INSUFFICIENT_DATA", [1, 2]),
        (3, "-----", "missing", "INSUFFICIENT_DATA", [1, 2, 3]),
        (3, "-----", "breaching", "ALARM", [1, 2, 3]),
        (3, "----0", "breaching", "OK", [1]),
        (3, "X-X--", "breaching", "ALARM", [1, 3, 5]),
        (1, "000", "notBreaching", "OK", [1, 2, 3]),
    ],
)
def test_which_slots_the_data_name_as_evaluated(
    m: int, series: str, treatment: str, state: str, evaluated: list[int]
) -> None:
    """The datapoints that speak for the state and, up to the minimum, the newest missing slots; the newest slot is 1.

    All but the last row are the shapes of recorded answers for N = 3.
    """
    judgement = judged(of(m, 3, treat_missing_data=treatment), utc(2026, 9, 14, 6), [VALUE[mark] for mark in series])
    newest = utc(2026, 9, 14, 6).timestamp()
    starts = [parse_stamp(told["timestamp"]).timestamp() for told in judgement.reason_data["evaluatedDatapoints"]]
    assert judgement.state == state
    assert [(newest - start) / 60 + 1 for start in starts] == evaluated


def test_without_a_real_datapoint_there_is_no_start() -> None:
    """Where nothing was received the data have no startDate; the unit stands where the alarm has one."""
    data = judged(of(2, 2), utc(2026, 3, 1), [None, None], unit="Count").reason_data
    assert "startDate" not in data
    assert (data["recentDatapoints"], data["unit"]) == ([], "Count")


@pytest.mark.parametrize("series", ["-----", "--X--", "----X", "--XX-"])
@pytest.mark.parametrize("previous", STATES)
def test_a_state_that_ignore_keeps_has_no_reason(series: str, previous: str) -> None:
    """Where the data do not decide, nothing is said."""
    rule = of(3, 3, treat_missing_data="ignore")
    points = run(utc(2026, 3, 1), 60, [VALUE[mark] for mark in series])
    assert rule.judge(points, previous, utc(2026, 3, 1, 0, 2)) == Judgement(previous, "")


@st.composite
def cases(draw: st.DrawFn) -> tuple[AlarmRule, list[float | None]]:
    """Draw a rule and datapoints of any size for a range of any length."""
    n = draw(st.sampled_from([1, 2, 3, 5, 40, 1440]))
    rule = of(
        draw(st.integers(1, n)),
        n,
        threshold=draw(st.floats(-1e300, 1e300)),
        comparison=draw(st.sampled_from(list(COMPARISONS))),
        treat_missing_data=draw(st.sampled_from(TREATMENTS)),
    )
    size = draw(st.integers(1, n + 8))
    some = draw(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9))
    return rule, [some[index % len(some)] for index in range(size)]


@given(cases(), st.sampled_from(STATES), st.none() | st.booleans())
def test_a_judgement_keeps_the_limits_and_agrees_with_the_rule(
    case: tuple[AlarmRule, list[float | None]], previous: str, m_of_n: bool | None
) -> None:
    """The state is that of `evaluate`; the reason has at most 1,023 characters, its data 4,000."""
    rule, values = case
    judgement = rule.judge(run(utc(2026, 3, 1), 60, values), previous, utc(2026, 3, 1, 0, 2), m_of_n=m_of_n)
    assert judgement.state == rule.evaluate(values, previous)
    assert len(judgement.reason) <= REASON_LIMIT
    assert len(judgement.reason_json) <= REASON_DATA_LIMIT
    stamps = [told["timestamp"] for told in judgement.reason_data.get("evaluatedDatapoints", [])]
    assert stamps == sorted(set(stamps), reverse=True)


def test_data_too_long_lose_their_oldest_datapoints() -> None:
    """Of a day of minutes the newest stay, and the start moves to the oldest that is left."""
    data = judged(of(1440, 1440), utc(2026, 3, 1), [float(1000 + index) for index in range(1440)]).reason_data
    recent = data["recentDatapoints"]
    assert recent == [float(1000 + index) for index in range(1440 - len(recent), 1440)]
    assert parse_stamp(data["startDate"]) == datetime.fromtimestamp(
        utc(2026, 3, 1).timestamp() - 60 * (len(recent) - 1), UTC
    )
    assert [told["value"] for told in data["evaluatedDatapoints"]] == [2439.0, 2438.0, 2437.0, 2436.0, 2435.0]
    assert REASON_DATA_LIMIT - 10 < len(compact(data)) <= REASON_DATA_LIMIT


def test_evaluated_datapoints_go_before_recent_ones() -> None:
    """Where it is enough to name fewer evaluated datapoints, all the recent ones stay."""
    data = judged(of(60, 60), utc(2026, 3, 1), [1.0] * 60).reason_data
    assert len(data["recentDatapoints"]) == 60
    assert 5 < len(data["evaluatedDatapoints"]) < 60


@pytest.mark.parametrize("limit", [10, 150, 200, 300, 500])
def test_data_cut_hard_stay_whole_json_or_go(limit: int) -> None:
    """At any limit that has room for them the fixed parts stay; data of another make go altogether."""
    data = judged(of(60, 60), utc(2026, 3, 1), [1.0] * 60).reason_data
    cut = fit(data, limit)
    assert cut["version"] == "1.0"
    assert len(compact(cut)) <= max(limit, 170)
    assert ("startDate" in cut) == bool(cut["recentDatapoints"])
    assert fit({"mine": "x" * limit}, limit) == {}
    assert fit({"mine": 1}, 20) == {"mine": 1}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0.0"),
        (-0.0, "-0.0"),
        (3, "3.0"),
        (38.839999999999996, "38.839999999999996"),
        (9_999_999, "9999999.0"),
        (1e7, "1.0E7"),
        (-1.5e9, "-1.5E9"),
        (4_294_967_296, "4.294967296E9"),
        (0.001, "0.001"),
        (0.0005, "5.0E-4"),
        (1.2345e-300, "1.2345E-300"),
        (float("inf"), "Infinity"),
    ],
)
def test_numbers_are_printed_as_java_does(number: float, text: str) -> None:
    """From ten million on, and below a thousandth, with an exponent."""
    assert decimal(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_names_that_number(number: float) -> None:
    """The digits are enough to read the number back."""
    assert float(decimal(number)) == number


def test_slots_must_be_given_in_order_and_without_gaps() -> None:
    """A range with a hole, or backward, would be judged wrongly; so would none."""
    with pytest.raises(ArgumentError, match="there is no datapoint; give one for each slot"):
        AlarmRule().judge([], "OK", 0)
    points = run(utc(2026, 3, 1), 60, [1, 2, 3])
    expected = (
        "datapoints start at 2026-03-01T00:00:00.000+0000 and 2026-02-28T23:59:00.000+0000; give them oldest first, one "
        "for each slot of 60 s, the missing ones too"
    )
    with pytest.raises(ArgumentError) as error:
        AlarmRule().judge(points[::-1], "OK", 0)
    assert str(error.value) == expected
    with pytest.raises(ArgumentError):
        AlarmRule().judge([points[0], points[2]], "OK", 0)


def test_a_moment_without_a_zone_is_refused() -> None:
    """A naive time is an error, not local time."""
    with pytest.raises(ArgumentError, match="has no time zone"):
        stamp(datetime(2026, 11, 23))  # noqa: DTZ001


def test_moments_are_written_in_utc_whatever_their_zone() -> None:
    """The JSON has milliseconds and +0000; a reason has the day first."""
    moment = datetime.fromisoformat("2026-11-23T09:31:06.302+01:00")
    assert stamp(moment) == "2026-11-23T08:31:06.302+0000"
    assert short(moment) == "23/11/26 08:31:06"


def test_a_breach_as_recorded(shared: Path) -> None:
    """Reason and data of a recorded alarm on one datapoint come out the same, key by key and value by value."""
    alarm = recorded(shared, "test_put_metric_alarm")["describe-alarms-for-metric"]["MetricAlarms"][0]
    rule = AlarmRule.from_describe(alarm)
    points = [Datapoint(utc(2026, 2, 26, 10, 14).timestamp(), 21.5, 2)]
    found = rule.judge(points, "INSUFFICIENT_DATA", utc(2026, 2, 26, 10, 14, 20), unit=alarm["Unit"], m_of_n=False)
    assert found.state == alarm["StateValue"]
    assert masked(found.reason) == alarm["StateReason"]
    assert undated(found.reason_data) == alarm["StateReasonData"]


def test_silence_held_breaching_as_recorded(shared: Path) -> None:
    """Reason and data of a recorded alarm without any datapoint come out the same."""
    alarm = recorded(shared, "test_breaching_alarm_actions[json]")["alarm-1-describe"]["MetricAlarms"][0]
    rule = AlarmRule.from_describe(alarm)
    points = run(utc(2025, 9, 19, 21, 12), rule.period, [None] * 4)
    found = rule.judge(points, "INSUFFICIENT_DATA", utc(2025, 9, 19, 21, 12, 20), unit=alarm["Unit"], m_of_n=False)
    assert (found.state, found.reason) == (alarm["StateValue"], alarm["StateReason"])
    assert undated(found.reason_data) == alarm["StateReasonData"]
