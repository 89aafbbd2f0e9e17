"""backtest takes events in every form that users have them in, and refuses what is none with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.alarms.evaluation import DOCUMENTED, SHORTEST
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.replaying.delays import Delay
from rejectkit.monitoring.replaying.replay import Backtest, backtest
from rejectkit.window import Window

NOON = 1_793_534_400  # 2026-11-01 12:00 UTC
TABLE = json.loads((Path(__file__).parent / "tables" / "alarm_missing_data.json").read_text(encoding="utf-8"))
RULES = (AlarmRule(), AlarmRule(300, 3, 2, 1.5, "LessThanThreshold", "Average", "missing"), AlarmRule(3600, 30))


def records() -> pd.DataFrame:
    """Return two hours of records: times in all columns that have any, some at minutes' marks, some early."""
    rnd = np.random.default_rng(1)
    start = NOON + rnd.integers(0, 7200, 60)
    start[::7] = start[::7] // 60 * 60
    end = start + rnd.integers(1, 60, 60)
    return pd.DataFrame(
        {
            "@timestamp": pd.to_datetime(1000 * start, unit="ms", utc=True),
            "@ingestionTime": pd.to_datetime(1000 * end + rnd.integers(-90_000, 600_000, 60), unit="ms", utc=True),
            "start": start,
            "end": end,
            "action": np.where(rnd.random(60) < 0.5, "REJECT", "ACCEPT"),
        }
    )


def said(found: Backtest) -> Any:
    """Return what a replay said, without the events' own rows."""
    frames = (found.states, found.notifications, found.metric, found.figures)
    return [frame.astype(str).to_numpy().tolist() for frame in frames], len(found.missed)


def zoned(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events with times of other zones, and of several in one column."""
    arrived = [at.to_pydatetime() for at in events["@ingestionTime"]]
    mixed = [at.astimezone(timezone(timedelta(hours=place % 5))) for place, at in enumerate(arrived)]
    stamps = events["@timestamp"].dt.tz_convert("Asia/Kolkata")
    return events.assign(**{"@timestamp": stamps, "@ingestionTime": pd.Series(mixed, dtype=object)})


def as_numbers(kind: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return what makes a frame's times milliseconds, of a kind."""

    def made(events: pd.DataFrame) -> pd.DataFrame:
        names = ("@timestamp", "@ingestionTime")
        plain = {name: events[name].dt.tz_localize(None).astype("datetime64[ms]") for name in names}
        return events.assign(**{name: column.astype("int64").astype(kind) for name, column in plain.items()})

    return made


FORMS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "unsorted": lambda events: events.sample(frac=1, random_state=2),
    "one index for all": lambda events: events.set_index(pd.Index([0] * len(events))),
    "other zones": zoned,
    "nanoseconds": lambda events: events.astype({"@timestamp": "datetime64[ns, UTC]"}),
    "microseconds": lambda events: events.astype({"@ingestionTime": "datetime64[us, UTC]"}),
    "milliseconds as numbers": as_numbers("int64"),
    "milliseconds as nullable numbers": as_numbers("Int64"),
    "milliseconds as fractions": as_numbers("float64"),
    "milliseconds as text": as_numbers("str"),
    "milliseconds as objects": as_numbers("object"),
    "text": lambda events: events.assign(**{"@timestamp": events["@timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S")}),
    "datetimes": lambda events: events.assign(**{"@timestamp": events["@timestamp"].astype(object)}),
    "start only": lambda events: events.drop(columns="@timestamp"),
    "start as text": lambda events: events.drop(columns="@timestamp").astype({"start": "str", "end": "str"}),
    "start as a time": lambda events: events.assign(start=events["@timestamp"]).drop(columns="@timestamp"),
    "action as a category": lambda events: events.astype({"action": "category"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_events_does_not_matter(form: str) -> None:
    """The same events in another order, zone, unit or type are replayed alike, with arrivals known and unknown."""
    events, other = records(), FORMS[form](records())
    for rule in RULES:
        assert said(backtest(other, rule)) == said(backtest(events, rule))
    silent, also = (one.drop(columns="@ingestionTime") for one in (events, other))
    assert said(backtest(also, RULES[0])) == said(backtest(silent, RULES[0]))


def at(*seconds: float, **columns: Any) -> pd.DataFrame:
    """Return rejects by seconds since noon, there at once."""
    when = pd.to_datetime([1000 * NOON + round(1000 * one) for one in seconds], unit="ms", utc=True)
    return pd.DataFrame({"@timestamp": when, "@ingestionTime": when, "action": "REJECT"}).assign(**columns)


def test_an_event_that_arrives_at_the_evaluation_is_seen_by_it() -> None:
    """To the millisecond; one that comes a millisecond later is seen by the next."""
    for late, first in ((42.8, "12:01:42.800"), (42.801, "12:02:42.801")):
        arrived = pd.to_datetime([1000 * NOON + round(1000 * (60 + late))], unit="ms", utc=True)
        found = backtest(at(0, **{"@ingestionTime": arrived}), AlarmRule(evaluation_periods=5), evaluation=SHORTEST)
        (page,) = found.notifications["at"]
        assert f"{page:%H:%M}" == first[:5]


def test_datapoints_below_a_minute_count_at_their_own_time() -> None:
    """A metric's datapoints are of the 10 s they are given for; a filter's are of the minute, whenever in it."""
    window = Window(datetime(2026, 11, 1, 12, tzinfo=UTC), datetime(2026, 11, 1, 12, 2, tzinfo=UTC))
    given = at(0, 10, 20, 30, value=[0.0, 5.0, 0.0, 5.0]).drop(columns="action")
    asked: dict[str, Any] = {"window": window, "evaluation": SHORTEST, "phase": 2.8}
    found = backtest(given, AlarmRule(10, threshold=4), **asked)
    assert [f"{one:%M:%S}" for one in found.notifications["at"]] == ["00:32", "00:52"]
    filtered = backtest(at(10, 30), AlarmRule(10, threshold=1), **asked)
    assert [f"{one:%M:%S}" for one in filtered.notifications["at"]] == []  # at 12:00:22 only the first has arrived
    early = at(10, 30, **{"@ingestionTime": given["@timestamp"].iloc[0]})
    assert [f"{one:%M:%S}" for one in backtest(early, AlarmRule(10, threshold=1), **asked).notifications["at"]] == [
        "00:22"
    ]


@pytest.mark.parametrize("period", [10, 30, 300])
def test_documented_rows_at_other_periods(period: int) -> None:
    """Each row's state from a new alarm, whatever its period; RETAIN is what it began with."""
    step, late = (10, 10) if period < 60 else (60, 0)
    end = datetime.fromtimestamp(NOON + 5 * period + late, UTC)
    for row in TABLE:
        marks = [(place * period, mark == "X") for place, mark in enumerate(row["datapoints"]) if mark != "-"]
        given = at(*(since for since, _ in marks), value=[float(mark) for _, mark in marks]).drop(columns="action")
        rule = AlarmRule(period, row["n"], row["m"], treat_missing_data=row["treatment"])
        shift = 5 - len(row["datapoints"])
        window = Window(end - timedelta(seconds=shift * period), end + timedelta(seconds=step - shift * period))
        found = backtest(given, rule, window=window, evaluation=DOCUMENTED, phase=2.8)
        state = found.states["state"].iloc[-1] if len(found.states) else "INSUFFICIENT_DATA"
        assert len(found.runs[0].moments) == 1
        if row["state"] == "NOT_ALARM":
            assert state != "ALARM"
        else:
            assert state == ("INSUFFICIENT_DATA" if row["state"] == "RETAIN" else row["state"]), row


def test_a_monitor_of_all_rejects_takes_records_without_the_other_fields() -> None:
    """Its pattern asks for the action and nothing else, which the records tell."""
    events = records()
    found, plain = (backtest(events, one, evaluation=SHORTEST) for one in (Monitor(log_group="g"), AlarmRule()))
    assert said(found) == said(plain)
    assert found.events.pattern == "action REJECT"


def test_a_delay_may_be_a_timedelta() -> None:
    """Seconds, a timedelta and a Delay say the same."""
    events = at(0).drop(columns="@ingestionTime")
    given = (90, timedelta(seconds=90), Delay.constant(90))
    assert {backtest(events, AlarmRule(), delay=one).events.arrived.item() for one in given} == {1000 * (NOON + 90)}


def test_no_arrival_at_all_is_as_no_column() -> None:
    """A column of nulls, which has no zone either, leaves all arrivals unknown."""
    events = at(0).drop(columns="@ingestionTime")
    nulls = [pd.Series([pd.NaT]), pd.Series([None], dtype=object), pd.Series([np.nan])]
    found = [backtest(events.assign(**{"@ingestionTime": one}), AlarmRule()) for one in nulls]
    assert {one.events.told for one in found} == {backtest(events, AlarmRule()).events.told}
    assert {one.events.arrived.item() for one in found} == {1000 * (NOON + 300)}


def test_times_that_lie_years_apart_are_taken_for_a_mistake() -> None:
    """Seconds where milliseconds belong would be 1970, and 56 years of minutes; a window says that one means it."""
    events = at(0, **{"@timestamp": [NOON]})
    with pytest.raises(ArgumentError) as error:
        backtest(events, AlarmRule())
    assert str(error.value) == (
        "the events and their arrivals reach from 1970-01-21T18:12 to 2026-11-01T12:02 UTC, more than 3 years: is a "
        "time in another unit than its column's? Numbers are seconds in start and end, milliseconds in the others; "
        "else give a window="
    )
    assert backtest(events, AlarmRule(), window=Window.parse("1970-01-22", "1970-01-23")).figures["pages"].sum() == 0


STAMP = "@timestamp"


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([{"action": "REJECT"}], "the events are a list; give a DataFrame, as source.records() returns"),
        (None, "the events are a NoneType; give a DataFrame"),
        (pd.DataFrame(), "the events have no column '@timestamp'; they have none"),
        (at(0).set_index(STAMP), "they have @ingestionTime, action; it is their index: give events.reset_index()"),
        (at(0, **{STAMP: ["soon"]}), "'@timestamp' has 'soon' and the like, not all of which are times; give aware"),
        (at(0, **{"@ingestionTime": ["later"]}), "'@ingestionTime' has 'later' and the like"),
        (at(0, **{STAMP: [True]}), "not all of which are times"),
        (at(0, **{STAMP: pd.to_timedelta([1])}), "not all of which are times"),
        (at(0, **{STAMP: [np.inf]}), "'@timestamp' has inf, which is no time in milliseconds since the epoch"),
        (
            at(0, start=[1000 * NOON]).drop(columns=STAMP),
            "'start' has 1793534400000, which is no time in seconds since the epoch; give seconds",
        ),
        (pd.concat([at(0), at(0)[[STAMP]]], axis=1), "the events have 2 columns '@timestamp'; leave all but one out"),
        (pd.concat([at(0), at(0)[["action"]]], axis=1), "the events have several columns 'action'; leave all but one"),
        (at(0, value=["many"]).drop(columns="action"), "the column 'value' has what is no number"),
        (at(0, value=[np.inf]).drop(columns="action"), "the column 'value' has what is not finite"),
    ],
)
def test_events_that_are_none_are_refused(events: Any, message: str) -> None:
    """Each refusal names the column and what is in it."""
    with pytest.raises(ArgumentError) as error:
        backtest(events, AlarmRule())
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"delay": "300"}, "the delay is '300'; give finite seconds, for example 300, or a Delay"),
        ({"delay": True}, "the delay is True; give finite seconds"),
        ({"delay": np.nan}, "the delay is nan; give finite seconds"),
        ({"phase": np.nan}, "phase is nan; give seconds after the minute, for example 42.8"),
        ({"default_value": np.inf}, "default_value is inf; give a number, or None for no datapoint"),
        ({"evaluation": 3}, "evaluation has 3; give an EvaluationRange, or several: EvaluationRange(2)"),
        ({"window": "24h"}, "window is '24h'; give a Window, for example rk.Window.last('24h')"),
        ({"log_format": 14}, "14"),
    ],
)
def test_arguments_that_are_none_are_refused(change: dict[str, Any], message: str) -> None:
    """Each refusal says what was given and what to give."""
    with pytest.raises(ArgumentError) as error:
        backtest(at(0), AlarmRule(), **change)
    assert message in str(error.value)


@pytest.mark.parametrize("seconds", [(), ("x",), 5, (np.inf,)])
def test_a_delay_is_finite_seconds(seconds: Any) -> None:
    """Nothing else is a Delay, and there is none of events that are no frame."""
    with pytest.raises(ArgumentError, match="give finite seconds"):
        Delay(seconds)
    with pytest.raises(ArgumentError, match="the events are a tuple; give a DataFrame"):
        Delay.like((1, 2))  # type: ignore[arg-type]


def test_ranges_given_twice_are_replayed_once() -> None:
    """And a format may be its text."""
    found = backtest(at(0), AlarmRule(), evaluation=[SHORTEST, SHORTEST, DOCUMENTED], log_format="${srcaddr} ${action}")
    assert found.figures["range"].tolist() == ["N", "N+2"]
