"""AlarmRule: its limits, its two spellings, and the state it gives.

The rows of `tables/alarm_missing_data.json` are those of the CloudWatch user guide's page "Configuring how CloudWatch
alarms treat missing data"; each names its table.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import COMPARISONS, SIGNS, STATES, STATISTICS, TREATMENTS, AlarmRule
from rejectkit.monitoring.alarms.reasons import WORDS
from tests.reference import alarms

TABLE = json.loads((Path(__file__).parent / "tables" / "alarm_missing_data.json").read_text(encoding="utf-8"))
VALUE = {"0": 0.0, "X": 1.0, "-": None}

series = st.text("0X-", max_size=9)
states = st.sampled_from(STATES)


@st.composite
def m_of_n(draw: st.DrawFn) -> tuple[int, int]:
    """Draw N up to 5 and M up to N."""
    n = draw(st.integers(1, 5))
    return draw(st.integers(1, n)), n


@st.composite
def rules(draw: st.DrawFn) -> AlarmRule:
    """Draw any rule that CloudWatch takes."""
    period = draw(st.sampled_from([10, 20, 30, 60, 120, 300, 3600, 86_400]))
    n = draw(st.integers(1, (86_400 if period < 3600 else 604_800) // period))
    return AlarmRule(
        period,
        n,
        draw(st.integers(1, n)),
        draw(st.floats(allow_nan=False, allow_infinity=False)),
        draw(st.sampled_from(list(COMPARISONS))),
        draw(st.sampled_from(STATISTICS)),
        draw(st.sampled_from(TREATMENTS)),
    )


def verdict(text: str, m: int, n: int, treatment: str, previous: str = "INSUFFICIENT_DATA") -> str:
    """Return what the rule "> 0" says of a series of good, breaching and missing points."""
    rule = AlarmRule(evaluation_periods=n, datapoints_to_alarm=m, treat_missing_data=treatment)
    return rule.evaluate([VALUE[mark] for mark in text], previous)


def answers(text: str, state: str, previous: str) -> set[str]:
    """Return the states that an expectation allows."""
    return {"RETAIN": {previous}, "NOT_ALARM": set(STATES) - {"ALARM"}}.get(state, {state})


@pytest.mark.parametrize("previous", STATES)
@pytest.mark.parametrize(
    "row", TABLE, ids=[f"{r['m']}of{r['n']} {''.join(r['datapoints'])} {r['treatment']}" for r in TABLE]
)
def test_the_documented_tables(row: dict[str, Any], previous: str) -> None:
    """Every cell of the page's two tables and of its prose, whatever the state was before."""
    text = "".join(row["datapoints"])
    found = verdict(text, row["m"], row["n"], row["treatment"], previous)
    assert found in answers(text, row["state"], previous)


@given(series, m_of_n(), st.sampled_from(TREATMENTS), states)
def test_the_second_opinion_agrees(text: str, counts: tuple[int, int], treatment: str, previous: str) -> None:
    """For any series the rule says what the plain reading of the page's words says."""
    m, n = counts
    expected = alarms.state(text, n, m, treatment, previous)
    assert verdict(text, m, n, treatment, previous) in answers(text, expected, previous)


@pytest.mark.parametrize("previous", STATES)
@pytest.mark.parametrize("text", ["----X", "---X-", "---XX"])
def test_a_fresh_breach_alone_is_too_little_data(text: str, previous: str) -> None:
    """Where the page only says that the alarm does not go to ALARM, it has INSUFFICIENT_DATA."""
    assert verdict(text, 3, 3, "missing", previous) == "INSUFFICIENT_DATA"


@given(series, m_of_n(), st.sampled_from(TREATMENTS), states, st.integers(0, 9))
def test_missing_points_at_the_old_end_change_nothing(
    text: str, counts: tuple[int, int], treatment: str, previous: str, number: int
) -> None:
    """A range that is longer by missing slots is judged the same; a short one is padded so."""
    m, n = counts
    assert verdict("-" * number + text, m, n, treatment, previous) == verdict(text, m, n, treatment, previous)


@given(series, m_of_n(), st.sampled_from(["breaching", "notBreaching"]), st.data())
def test_one_more_breach_never_clears_an_alarm(
    text: str, counts: tuple[int, int], treatment: str, data: st.DataObject
) -> None:
    """With a treatment that fills in, a point that turns breaching, or arrives breaching, keeps ALARM."""
    m, n = counts
    at = data.draw(st.integers(0, len(text)))
    more = text[:at] + "X" + text[at + 1 :]
    if verdict(text, m, n, treatment) == "ALARM":
        assert verdict(more, m, n, treatment) == "ALARM"


@given(series, m_of_n(), st.sampled_from(TREATMENTS), states)
def test_a_smaller_m_never_clears_an_alarm(text: str, counts: tuple[int, int], treatment: str, previous: str) -> None:
    """What makes ALARM with M makes it with fewer."""
    m, n = counts
    if verdict(text, m, n, treatment, previous) == "ALARM":
        assert all(verdict(text, fewer, n, treatment, previous) == "ALARM" for fewer in range(1, m))


@given(series, m_of_n())
def test_the_treatments_stand_in_order(text: str, counts: tuple[int, int]) -> None:
    """What makes ALARM with missing points held good makes it with missing points held bad."""
    m, n = counts
    if verdict(text, m, n, "notBreaching") == "ALARM":
        assert {verdict(text, m, n, treatment) for treatment in TREATMENTS} == {"ALARM"}


@given(series, m_of_n(), states)
def test_ignore_never_invents_insufficient_data(text: str, counts: tuple[int, int], previous: str) -> None:
    """Under ignore the state is ALARM, OK or what it was."""
    m, n = counts
    assert verdict(text, m, n, "ignore", previous) in {"ALARM", "OK", previous}


def test_a_point_that_is_not_a_number_is_missing() -> None:
    """NaN, of Python or numpy, reads as None does; an array serves as well as a list."""
    rule = AlarmRule(evaluation_periods=3, datapoints_to_alarm=2, treat_missing_data="missing")
    assert rule.evaluate([math.nan, math.nan]) == "INSUFFICIENT_DATA"
    assert rule.evaluate(np.array([1.0, np.nan, np.nan, 2.0])) == "ALARM"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("GreaterThanThreshold", [False, False, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_each_comparison(comparison: str, expected: list[bool]) -> None:
    """Below, at and above the threshold; and no comparison breaches without a number."""
    rule = AlarmRule(threshold=5, comparison=comparison)
    assert [rule.breaches(value) for value in (4, 5.0, 6)] == expected
    assert rule.breaches(math.nan) is False


def test_every_comparison_has_its_words_and_its_sign() -> None:
    """The three tables of comparisons have the same keys."""
    assert list(WORDS) == list(COMPARISONS) == list(SIGNS)


def test_the_rule_left_alone_is_the_recipe() -> None:
    """`AlarmRule()` is Sum, 60 s, above 0, 1 of 1, notBreaching."""
    assert AlarmRule().as_put_metric_alarm() == {
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "Statistic": "Sum",
        "TreatMissingData": "notBreaching",
    }
    assert str(AlarmRule()) == "Sum of 60 s > 0, 1 of 1, missing data: notBreaching"


@given(rules())
def test_a_rule_survives_the_way_to_cloudwatch_and_back(rule: AlarmRule) -> None:
    """What is put is what is read."""
    assert AlarmRule.from_describe(rule.as_put_metric_alarm()) == rule


def test_what_an_alarm_does_not_say_is_the_services_default() -> None:
    """DatapointsToAlarm absent is N; TreatMissingData absent is missing; null is absent."""
    told = AlarmRule(evaluation_periods=4, datapoints_to_alarm=2).as_put_metric_alarm()
    rule = AlarmRule.from_describe(told | {"DatapointsToAlarm": None, "TreatMissingData": None})
    assert (rule.datapoints_to_alarm, rule.treat_missing_data) == (4, "missing")


def test_an_alarm_on_something_else_is_refused() -> None:
    """An alarm of metric math has no statistic of its own; the error says what is absent, and of which alarm."""
    with pytest.raises(ArgumentError) as error:
        AlarmRule.from_describe({"AlarmName": "math", "EvaluationPeriods": 1, "Threshold": 1.0, "Metrics": []})
    assert str(error.value) == (
        "alarm 'math' has no Period and no ComparisonOperator and no Statistic; a rule is of one metric, one of the "
        "five plain statistics and a static threshold"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"period": 15}, "period is 15 s; it is 10, 20, 30 or a multiple of 60"),
        ({"period": 0}, "period is 0; it is a whole number, 1 or more"),
        ({"period": 60.0}, "period is 60.0; it is a whole number, 1 or more"),
        ({"evaluation_periods": True}, "evaluation_periods is True; it is a whole number, 1 or more"),
        ({"evaluation_periods": "3"}, "evaluation_periods is '3'; it is a whole number, 1 or more"),
        ({"datapoints_to_alarm": 0}, "datapoints_to_alarm is 0; it is a whole number, 1 or more"),
        (
            {"datapoints_to_alarm": 2},
            "datapoints_to_alarm is 2, more than the 1 of evaluation_periods; M of N needs M ≤ N",
        ),
        (
            {"evaluation_periods": 1441},
            "period × evaluation_periods is 60 s × 1441 = 86,460 s; for this period at most 86,400 s: take "
            "evaluation_periods=1440 or fewer, or a period of 3600 s or more",
        ),
        (
            {"period": 3600, "evaluation_periods": 169},
            "period × evaluation_periods is 3600 s × 169 = 608,400 s; for this period at most 604,800 s: take "
            "evaluation_periods=168 or fewer",
        ),
        ({"threshold": math.inf}, "threshold is inf; it is a finite number"),
        ({"threshold": "10"}, "threshold is '10'; it is a finite number"),
        ({"threshold": None}, "threshold is None; it is a finite number"),
        (
            {"comparison": "GreaterThan"},
            "comparison is 'GreaterThan'; it is one of GreaterThanOrEqualToThreshold, GreaterThanThreshold, "
            "LessThanThreshold, LessThanOrEqualToThreshold",
        ),
        (
            {"statistic": "p99"},
            "statistic is 'p99'; it is one of SampleCount, Average, Sum, Minimum, Maximum",
        ),
        (
            {"treat_missing_data": "notbreaching"},
            "treat_missing_data is 'notbreaching'; it is one of missing, ignore, breaching, notBreaching",
        ),
    ],
)
def test_what_cloudwatch_refuses_is_refused(arguments: dict[str, Any], message: str) -> None:
    """Each limit of PutMetricAlarm has its error, which says what, which value and how to mend it."""
    with pytest.raises(ArgumentError) as error:
        AlarmRule(**arguments)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("period", "most"), [(10, 8640), (60, 1440), (3540, 24), (3600, 168), (86_400, 7), (604_800, 1)]
)
def test_the_longest_span_is_allowed(period: int, most: int) -> None:
    """A day of periods below an hour, a week of longer ones; one more is too many."""
    assert AlarmRule(period=period, evaluation_periods=most).evaluation_periods == most
    with pytest.raises(ArgumentError):
        AlarmRule(period=period, evaluation_periods=most + 1)


def test_an_unknown_state_is_refused() -> None:
    """The state before is one of three; a misspelt one is not kept silently."""
    with pytest.raises(ArgumentError) as error:
        AlarmRule().evaluate([], "ok")
    assert str(error.value) == "previous is 'ok'; it is one of OK, ALARM, INSUFFICIENT_DATA"
