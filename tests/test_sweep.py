"""sweep: each row as its own backtest has it, incidents by hand, the best by plain comparison, one recommended."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.evaluation import DOCUMENTED, LONGEST, SHORTEST
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.replaying.recommending import best, recommend
from rejectkit.monitoring.replaying.replay import backtest
from rejectkit.monitoring.replaying.sweeping import COLUMNS, grid, sweep
from rejectkit.records import LogFormat
from rejectkit.sandbox import scenario
from rejectkit.window import Window
from tests.alarm_sandbox import START

LATE = 240


def rejects(*minutes: float, late: float = LATE, **more: Any) -> pd.DataFrame:
    """Return rejects by their minute from noon, as many seconds on the way."""
    start = [START + timedelta(minutes=at) for at in minutes]
    return pd.DataFrame(
        {
            "@timestamp": start,
            "@ingestionTime": [at + timedelta(seconds=late) for at in start],
            "action": "REJECT",
            **more,
        }
    )


def minutes(first: float, last: float) -> Window:
    """Return a window by its minutes from noon."""
    return Window(START + timedelta(minutes=first), START + timedelta(minutes=last))


def random_rejects(seed: int) -> pd.DataFrame:
    """Draw a day's rejects, most of them in bursts."""
    rnd = random.Random(seed)
    bursts = [rnd.uniform(0, 1400) for _ in range(12)]
    return rejects(*(rnd.choice(bursts) + rnd.expovariate(0.2) for _ in range(400)), late=rnd.choice([30, 200, 400]))


@pytest.mark.parametrize("seed", range(6))
def test_a_row_is_the_worst_of_its_own_backtest(seed: int) -> None:
    """Each figure over both ends of the plausible span, whatever was replayed before it in the sweep."""
    frame = random_rejects(seed)
    rules = grid(period=[60, 300], evaluation_periods=[1, 4], threshold=[0, 5], statistic=["Sum", "Maximum"]) + grid(
        interval=300, start_offset=900, end_offset=[0, 600]
    )
    random.Random(seed).shuffle(rules)
    window = minutes(0, 1500)
    table = sweep(frame, rules, window=window)
    assert tuple(table.columns) == COLUMNS
    assert table["rule"].tolist() == rules
    for row, rule in zip(table.itertuples(), rules, strict=True):
        figures = backtest(frame, rule, window=window).figures
        assert row.pagesPerDay == figures["pagesPerDay"].max()
        assert row.alarmShare == figures["alarmShare"].max()
        assert row.missedShare == figures["missedShare"].max()
        median = np.nan if figures["seconds"].isna().any() else figures["seconds"].max()
        assert row.secondsToAlarm == pytest.approx(median, nan_ok=True)
        assert row.rangeMatters == (len(figures[["pages", "alarmShare", "missed"]].drop_duplicates()) > 1)
    assert table[["caught", "incidents", "uncaught", "otherPagesPerDay"]].isna().all(axis=None)


def test_incidents_are_caught_by_pages_about_them() -> None:
    """One in noise's alarm is not told; one of its own is, from its beginning; a page about noise is another page."""
    frame = rejects(0.5, 0.6, 0.7, 1.5, 60.5, late=10)
    labels = pd.Series([None, None, None, "hidden", "plain"])
    (row,) = sweep(frame, [AlarmRule(evaluation_periods=2)], incidents=labels, window=minutes(0, 1440)).itertuples()
    assert (row.pagesPerDay, row.otherPagesPerDay, row.caught, row.incidents) == (2, 1, 1, 2)
    assert row.uncaught == "hidden"
    assert row.secondsToAlarm == row.secondsToAlarm90 == 30 + 42.8


def test_a_page_needs_as_much_of_the_incident_as_of_the_noise() -> None:
    """Three of noise and three of the incident in the minute: it tells of it; with two it does not."""
    for number, caught in ((3, 1), (2, 0)):
        frame = rejects(*[5.5] * 3, *[5.5] * number, late=10)
        labels = pd.Series([None] * 3 + ["it"] * number, index=frame.index)
        assert sweep(frame, [AlarmRule()], incidents=labels)["caught"].tolist() == [caught]


def test_what_had_not_arrived_is_not_what_a_page_tells_of() -> None:
    """A page at 12:06:42.8 cannot tell of an event of that minute that came at 12:07."""
    frame = pd.concat([rejects(5.5, late=10), rejects(5.6, late=90)], ignore_index=True)
    labels = pd.Series([None, "it"])
    table = sweep(frame, [AlarmRule(evaluation_periods=5)], incidents=labels)
    assert table[["caught", "otherPagesPerDay"]].iloc[0].gt(0).tolist() == [False, True]


@pytest.mark.parametrize(
    "given",
    [
        {"a": minutes(10, 12), "b": minutes(20, 21)},
        [minutes(10, 12), minutes(20, 21)],
        pd.DataFrame(
            [("a", minutes(10, 12).start, minutes(10, 12).end), ("b", minutes(20, 21).start, minutes(20, 21).end)],
            columns=["name", "start", "end"],
        ),
    ],
    ids=["mapping", "list", "frame"],
)
def test_incidents_as_windows(given: Any) -> None:
    """All rejects of a window are its incident's; one without a reject cannot be caught."""
    (row,) = sweep(rejects(10.5, late=5), [AlarmRule()], incidents=given).itertuples()
    assert (row.caught, row.incidents, row.otherPagesPerDay) == (1, 2, 0)
    assert row.secondsToAlarm == 60 + 42.8
    assert row.uncaught in ("b", str(minutes(20, 21)))


def test_ground_truth_is_taken_as_the_sandbox_has_it() -> None:
    """Its labels go with the scenario's records, and each planted mistake is an incident."""
    made = scenario(hours=2)
    frame, truth = made.records(), made.truth
    patterns = {"all": None, "inside": Choices(inside=("10.0.0.0/8",)).pattern(LogFormat.default())}
    table = sweep(frame, grid(period=[60, 300], evaluation_periods=[3, 15], threshold=[0, 20]), patterns, truth)
    planted = truth["mistake"].dropna().unique()
    assert table["incidents"].eq(len(planted)).all()
    assert (
        (table["caught"] + table["uncaught"].str.split(", ").map(lambda names: len([*filter(None, names)])))
        .eq(len(planted))
        .all()
    )
    assert table["pattern"].tolist() == ["all"] * 8 + ["inside"] * 8
    shuffled = truth["mistake"].sample(frac=1, random_state=1)
    assert sweep(frame, table["rule"][:8].tolist(), {"all": None}, shuffled).equals(
        sweep(frame, table["rule"][:8].tolist(), {"all": None}, truth)
    )


def test_patterns_go_with_each_rule_and_monitors_bring_theirs() -> None:
    """Names are the mapping's, else the pattern's text; the order is that of patterns, then rules."""
    frame = scenario(hours=1).records()
    rules = [AlarmRule(), AlarmRule(300)]
    ports = Choices(ports=(5432,)).pattern(LogFormat.default())
    assert sweep(frame, rules, [ports])["pattern"].tolist() == [str(ports)] * 2
    assert sweep(frame, rules)["pattern"].tolist() == ["all rejects"] * 2
    monitor = Monitor(log_group="g", choices=Choices(ports=(5432,)), rule=AlarmRule(300))
    mixed = sweep(frame, [AlarmRule(), monitor])
    assert mixed["pattern"].tolist() == ["all rejects", str(ports)]
    assert mixed["rule"].tolist() == rules


def test_dollars_of_a_month() -> None:
    """A metric and an alarm, dearer below a minute; a log alarm's scans, as often as each byte is read."""
    rules: list[Any] = [AlarmRule(), AlarmRule(10), LogAlarmRule(300, 1200, 600)]
    table = sweep(rejects(1), rules, bytes_per_day=1e9)
    assert table["dollars"].tolist() == pytest.approx([0.40, 0.60, 0.10 + 30 * 0.005 * 2])
    lines = rejects(1).assign(**{"@message": "x" * 1000})
    day = sweep(lines, rules, window=minutes(0, 1440))
    assert day["dollars"][2] == pytest.approx(0.10 + 1000 * 30 / 1e9 * 0.005 * 2)


def test_the_best_are_those_no_other_beats() -> None:
    """By plain comparison of every two rows; a setting that is silent over some range is never best."""
    table = sweep(random_rejects(1), grid(evaluation_periods=[1, 2, 5, 10], period=[60, 300], threshold=[0, 3, 9, 99]))
    names = ["pagesPerDay", "secondsToAlarm", "alarmShare", "missedShare", "dollars"]
    speaking = table[table["secondsToAlarm"].notna()]
    unbeaten = [
        not any(
            (other[names] <= row[names]).all() and (other[names] < row[names]).any() for _, other in speaking.iterrows()
        )
        for _, row in speaking.iterrows()
    ]
    assert table.loc[table["best"]].index.tolist() == speaking[unbeaten].index.tolist()
    assert 0 < table["best"].sum() < len(speaking) < len(table)


def row(**figures: Any) -> dict[str, Any]:
    """Return a row of a sweep, some figures given."""
    usual = {
        "rule": AlarmRule(),
        "pattern": "all rejects",
        "pagesPerDay": 5.0,
        "otherPagesPerDay": 0.0,
        "secondsToAlarm": 300.0,
        "secondsToAlarm90": 400.0,
        "alarmShare": 0.1,
        "missedShare": 0.0,
        "dollars": 0.4,
        "caught": 2,
        "incidents": 3,
        "uncaught": "c",
        "rangeMatters": False,
        "best": True,
    }
    return usual | figures


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([row(), row(caught=1, secondsToAlarm=10.0)], 0),
        ([row(otherPagesPerDay=1.0), row(secondsToAlarm=900.0)], 1),
        ([row(), row(caught=3, pagesPerDay=11.0)], 0),
        ([row(pagesPerDay=12.0), row(caught=3, pagesPerDay=11.0)], 1),
        ([row(missedShare=0.02), row(secondsToAlarm=900.0)], 1),
        ([row(missedShare=0.005), row(secondsToAlarm=900.0)], 0),
        ([row(), row(pagesPerDay=4.0)], 1),
        ([row(), row(caught=3, best=False)], 0),
        ([row(caught=None, alarmShare=0.6, secondsToAlarm=100.0), row(caught=None)], 1),
        ([row(caught=None, alarmShare=0.6), row(caught=None, alarmShare=0.6, dollars=0.1)], 1),
    ],
)
def test_one_is_recommended(rows: list[dict[str, Any]], chosen: int) -> None:
    """By what can be borne, what is caught, what else pages, what is missed, how quick it is, in this order."""
    frame = pd.DataFrame([one | {"rule": AlarmRule(threshold=at)} for at, one in enumerate(rows)])
    assert recommend(frame).rule == AlarmRule(threshold=chosen)


def test_the_reason_is_in_words() -> None:
    """What it is, of how many, what it catches and pages, what it misses, how quick it is, and what hangs on AWS."""
    frame = pd.DataFrame([row(rangeMatters=True), row(best=False)])
    found = recommend(frame)
    assert str(found) == (
        "Take Sum of 60 s > 0, 1 of 1, missing data: notBreaching, on all rejects: one of 1 of 2 settings that no "
        "other beats; it catches 2 of 3 incidents, as many as any of them; it pages for something else 0.0 times a day, "
        "the least; 0.0% of the rejects are never judged, and of the others none misses fewer by 1%; of 1 left it is "
        "the quickest: it pages 300 s after the beginning (median; 90% within 400 s), 5.0 times a day in all, is in "
        "ALARM 10.0% of the time and costs 0.40 USD a month. Its figures hang on how far an evaluation looks back, "
        "which AWS does not document: the worst are told."
    )
    assert found._repr_html_() == f"<p>{str(found).replace('>', '&gt;')}</p>"
    busy = recommend(pd.DataFrame([row(caught=None, alarmShare=0.9, pagesPerDay=20.0)])).reason
    assert "all of these page more than 10.0 times a day; all of these are in ALARM at least half of the time" in busy


def test_the_recipes_alarm_is_not_recommended_where_records_are_late() -> None:
    """Four minutes late, its minute is judged before it is there: one with a longer range catches the burst."""
    frame = pd.concat(
        [rejects(*(minute + 0.5 for minute in range(700))).assign(action="ACCEPT"), rejects(100.2, 400.2)]
    )
    table = sweep(frame.reset_index(drop=True), grid(evaluation_periods=[1, 3, 8]), {"": None}, [minutes(100, 101)])
    assert table["missedShare"].tolist() == [1.0, 1.0, 0.0]
    assert table["best"].tolist() == [False, False, True]
    assert recommend(table).rule == AlarmRule(evaluation_periods=8)


def test_silence_is_not_recommended() -> None:
    """Where nothing pages, that is said with what to try."""
    table = sweep(rejects(1, 2), [AlarmRule()], evaluation=SHORTEST)
    assert not table["best"].any()
    assert best(table).tolist() == [False]
    with pytest.raises(ArgumentError) as error:
        recommend(table)
    assert str(error.value) == (
        "none of the 1 settings pages over every evaluation range; try longer ranges (more evaluation_periods, or a "
        "longer period), which late records need"
    )


def test_one_range_is_enough() -> None:
    """Over one evaluation range nothing hangs on it, and figures are that range's."""
    frame = random_rejects(2)
    for reach in (DOCUMENTED, LONGEST):
        table = sweep(frame, [AlarmRule(evaluation_periods=3)], evaluation=reach)
        figures = backtest(frame, AlarmRule(evaluation_periods=3), evaluation=reach).figures
        assert table["missedShare"].tolist() == figures["missedShare"].tolist()
        assert not table["rangeMatters"].any()


def test_a_grid_is_all_that_can_be() -> None:
    """Every combination of which M is not more than N; a log alarm's where an interval is given."""
    rules = grid(evaluation_periods=[1, 2], datapoints_to_alarm=[1, 2], treat_missing_data="missing")
    assert [(rule.datapoints_to_alarm, rule.evaluation_periods) for rule in rules] == [(1, 1), (1, 2), (2, 2)]
    assert grid(interval=60, start_offset=(60, 120), results_to_alarm=2) == []
    assert grid(interval=60, start_offset=(60, 120)) == [LogAlarmRule(60, 60), LogAlarmRule(60, 120)]
    with pytest.raises(ArgumentError, match="a rule has no 'periods'; AlarmRule has period, "):
        grid(periods=60)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rules": []}, "there is no rule, or no pattern, to try; give at least one of each"),
        ({"incidents": pd.Series(["a", "b"])}, "there are 2 labels for 1 events; give one for each event"),
        (
            {"incidents": pd.Series(["a"], index=[7])},
            "the labels and the events have other indexes; give labels with the events' index",
        ),
        (
            {"incidents": pd.DataFrame({"when": [1]})},
            "the incidents have the columns when; give start and end, or a label for each event in 'mistake'",
        ),
    ],
)
def test_what_cannot_be_swept_is_refused(change: dict[str, Any], message: str) -> None:
    """Each refusal says what it was given and how to mend it."""
    with pytest.raises(ArgumentError) as error:
        sweep(**({"events": rejects(1), "rules": [AlarmRule()]} | change))
    assert str(error.value) == message


def test_one_rule_and_one_pattern_need_no_list() -> None:
    """A rule is a trial of one; a pattern is not the letters that it is made of."""
    frame = rejects(0.5, late=5, **{"@message": "a REJECT"})
    table = sweep(frame, AlarmRule(), "REJECT")
    assert table[["rule", "pattern"]].to_numpy().tolist() == [[AlarmRule(), "REJECT"]]
    window = minutes(0, 1)
    assert sweep(frame, [AlarmRule()], incidents=window)["caught"].tolist() == [1]


def test_incidents_of_one_name_are_several() -> None:
    """A frame's second window of a name is one of its own; no incident at all is as none given."""
    bounds = [(minutes(low, low + 1).start, minutes(low, low + 1).end) for low in (0, 20, 40)]
    given = pd.DataFrame([("a", *one) for one in bounds], columns=["name", "start", "end"])
    (row,) = sweep(rejects(0.5, 40.5, late=5), [AlarmRule()], incidents=given).itertuples()
    assert (row.caught, row.incidents, row.uncaught) == (2, 3, "a (2)")
    none: list[Any] = [[], {}, given.iloc[:0], pd.Series([None], dtype=object)]
    for nothing in none:
        table = sweep(rejects(0.5, late=5), [AlarmRule()], incidents=nothing)
        assert table["caught"].isna().all()
        assert table["best"].all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("mistake", "the incidents have 'mistake', which is no window; give Windows, a frame with start and end"),
        ([("12:00", "13:00")], "the incidents have ('12:00', '13:00'), which is no window"),
        ({"a": ("12:00", "13:00")}, "the incidents have ('12:00', '13:00'), which is no window"),
        (
            pd.Series([True]),
            "the labels are True and False; give the incident's name, and null where an event has none",
        ),
        (
            pd.DataFrame({"name": ["a"], "start": [START], "end": [pd.NaT]}),
            "the incident a has no start, no end, or an end that is not after its start",
        ),
        (pd.DataFrame({"name": ["a"], "start": [START], "end": [START]}), "the incident a has no start, no end"),
    ],
)
def test_what_is_no_incident_is_refused(given: Any, message: str) -> None:
    """Each refusal says what was given and what to give."""
    with pytest.raises(ArgumentError) as error:
        sweep(rejects(0.5), [AlarmRule()], incidents=given)
    assert message in str(error.value)


def test_a_grid_leaves_out_windows_that_end_before_they_start() -> None:
    """As M of N does where M is more; what is no number the rule refuses, and a value that cannot be it does, too."""
    offsets = [
        (rule.start_offset, rule.end_offset) for rule in grid(start_offset=[300, 900], end_offset=[0, 300], interval=60)
    ]  # type: ignore[union-attr]
    assert offsets == [(300, 0), (900, 0), (900, 300)]
    with pytest.raises(ArgumentError, match="evaluation_periods is 'many'; it is a whole number, 1 or more"):
        grid(evaluation_periods="many", datapoints_to_alarm=1)
    with pytest.raises(ArgumentError, match="bytes_per_day is -1; it is a number of bytes, 0 or more"):
        sweep(rejects(0.5), [AlarmRule()], bytes_per_day=-1)


def test_only_a_sweep_is_recommended_from() -> None:
    """Another frame, and pages that are no number, are refused."""
    table = sweep(rejects(0.5, late=5), [AlarmRule()])
    with pytest.raises(ArgumentError, match="the frame has no column 'best'; give what sweep returned"):
        recommend(table.drop(columns="best"))
    with pytest.raises(ArgumentError, match="most_pages is 'few'; it is a number of pages a day, 0 or more"):
        recommend(table, "few")  # type: ignore[arg-type]
