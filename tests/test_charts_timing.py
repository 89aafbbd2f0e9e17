"""Charts of an alert's timing: what is drawn is what the table holds, at any size, and what is not known is said."""

from __future__ import annotations

import inspect
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from drawn import HOSTILE, assert_legible, labels, legend, lengths, title
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle, StepPatch
from matplotlib.text import Text

from rejectkit import charts
from rejectkit.charts.spells import LOOKS
from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.replaying.replay import backtest
from rejectkit.monitoring.timing.stages import MOMENTS, STAGES, seconds
from rejectkit.sources.base import UNSETTLED
from rejectkit.window import Window

DAY = Window.parse("2026-11-01", "2026-11-02")
BEGIN = pd.Timestamp("2026-11-01", tz="UTC").as_unit("ms")
STEPS = (0, 40.0, 300.0, 12.5, 22.5, 0.002, 0.1, 2.0)  # seconds from each moment to the next
LONG = "2001:db8:85a3:1111:2222:8a2e:1000:7334"


def alerts(number: int, apart: int = 2400, source: str = LONG) -> pd.DataFrame:
    """Return the latency of so many alerts, each followed by its return to OK."""
    begun = BEGIN + pd.to_timedelta(np.arange(number) * apart, "s")
    frame = pd.DataFrame({"at": begun, "state": "ALARM", "previous": "OK"})
    for name, step in zip(MOMENTS, np.cumsum(STEPS), strict=True):
        frame[name] = (begun + pd.Timedelta(milliseconds=round(step * 1000))).astype("datetime64[ms, UTC]")
    frame = frame.assign(at=frame["changed"], srcAddr=source, dstPort=pd.array([5432] * number, "Int64"), protocol=6)
    back = frame[["at"]].assign(at=frame["at"] + pd.Timedelta("9min"), state="OK", previous="ALARM")
    whole = pd.concat([frame, back]).sort_values("at", ignore_index=True)
    return pd.concat([whole, seconds(whole)], axis=1)


def lags(number: int) -> pd.DataFrame:
    """Return the delivery lag of so many intervals of five minutes."""
    times = BEGIN + pd.to_timedelta(np.arange(number) * 300, "s")
    table = {"t": times, "records": 10, "median": 300.0, "p90": 400.0, "p99": 480.0, "longest": 600.0}
    return pd.DataFrame(table, index=range(number))


def table_for(name: str, number: int) -> pd.DataFrame:
    """Return a table for a chart, of so many alerts, intervals or times in ALARM."""
    return lags(number) if name == "delivery_lag" else alerts(number)


def draw(name: str, df: pd.DataFrame, **options: Any) -> Axes:
    """Draw a chart and paint it, so that every label has its place."""
    axes = charts.TIMINGS[name].draw(df, **options)
    assert isinstance(axes.figure, Figure)
    axes.figure.draw_without_rendering()
    return axes


def bars(axes: Axes) -> list[Rectangle]:
    """Return the bars that can be seen."""
    return [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_width() > 0]


EVERY = pytest.mark.parametrize("name", list(charts.TIMINGS))


@EVERY
@pytest.mark.parametrize("number", [1, 8, 500])
def test_every_chart_is_legible_at_any_size(name: str, number: int) -> None:
    """From one alert to 500, with addresses of 39 characters, no label touches another or is cut."""
    axes = draw(name, table_for(name, number))
    assert_legible(axes)
    width, height = axes.figure.get_size_inches()
    assert width == pytest.approx(9.6)
    assert 1.2 < height < 10.5
    assert "2026-11-01 00:" in title(axes)
    assert title(axes).endswith(" UTC")


@EVERY
@pytest.mark.parametrize("inches", [(6.4, 4.8), (4.5, 4.5)])
def test_a_chart_makes_room_on_a_figure_where_it_is_alone(name: str, inches: tuple[float, float]) -> None:
    """On an ordinary figure with one Axes fewer are drawn, and nothing is cut; the figure keeps its size."""
    figure = Figure(figsize=inches)
    axes = draw(name, table_for(name, 60), ax=figure.add_subplot())
    assert_legible(axes)
    assert tuple(figure.get_size_inches()) == inches


@EVERY
def test_nothing_is_left_behind(name: str) -> None:
    """No pyplot figure stays open, no global setting and no input is changed; a chart beside another keeps to its own."""
    before, table = dict(mpl.rcParams), table_for(name, 5)
    kept = table.copy(deep=True)
    left, right = Figure(figsize=(9, 7), layout="constrained").subplots(1, 2)
    assert charts.TIMINGS[name].draw(table, right) is right
    assert not left.patches
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
    pd.testing.assert_frame_equal(table, kept)


@EVERY
@pytest.mark.parametrize("bare", [False, True])
def test_an_empty_table_is_told_in_words(name: str, bare: bool) -> None:
    """Where there is nothing, the Axes say so and name the window."""
    axes = draw(name, pd.DataFrame() if bare else table_for(name, 1).iloc[:0], window=DAY)
    (words,) = (found.get_text() for found in axes.texts)
    assert words.startswith("No ")
    assert words.endswith(f" from {DAY}.")
    assert f"nothing to show, {DAY}" in title(axes)
    assert_legible(axes)


@EVERY
def test_every_entry_of_the_catalogue_is_public_and_described(name: str) -> None:
    """A chart is one entry: its name, title and question are there, and its docstring tells every argument."""
    entry, function = charts.TIMINGS[name], getattr(charts, name)
    assert entry.draw is function
    assert name in charts.__all__
    assert entry.title
    assert entry.question.startswith("rk.")
    assert name not in charts.CHARTS  # which draw flows
    told = inspect.getdoc(function) or ""
    assert all(f"\n{argument} : " in told for argument in inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("name", "table", "message"),
    [
        ("alert_stages", {"at": [BEGIN]}, "the table has no state and no aggregation"),
        ("stage_distribution", {"at": [1.0], "state": ["OK"], **{key: [1.0] for key in STAGES}}, "holds numbers, not"),
        ("alert_stages", {"at": [BEGIN], "state": ["ALARM"], **{key: ["soon"] for key in STAGES}}, "more than seconds"),
        ("delivery_lag", {"t": [BEGIN]}, 'rk.monitoring.lag(source, window, "5m") makes one'),
        ("delivery_lag", {**lags(1).to_dict("list"), "p90": ["much"]}, "holds more than numbers"),
        ("alarm_states", {"at": [BEGIN]}, "the table has no previous and no state"),
        ("alarm_states", {"at": [BEGIN], "previous": ["OK"], "state": ["ok"]}, "the table has the state 'ok'"),
    ],
)
def test_a_table_that_cannot_be_drawn_is_refused_with_the_way_out(
    name: str, table: dict[str, Any], message: str
) -> None:
    """The error names what is missing or wrong, and the call that makes such a table."""
    with pytest.raises(ArgumentError) as caught:
        draw(name, pd.DataFrame(table))
    assert message in str(caught.value)


@EVERY
def test_a_chart_wants_a_data_frame(name: str) -> None:
    """A list is refused by name of its type."""
    with pytest.raises(ArgumentError, match=r"takes a pandas DataFrame, not list; rk\.monitoring"):
        charts.TIMINGS[name].draw([1])


def test_hostile_text_stays_text() -> None:
    """Markup, line breaks and direction marks in an address are drawn as short text, without a warning."""
    table = alerts(len(HOSTILE))
    table.loc[table["state"] == "ALARM", "srcAddr"] = HOSTILE
    axes = draw("alert_stages", table)
    assert_legible(axes)
    for words in axes.findobj(Text):
        assert not words.get_parse_math()
        assert max(len(line) for line in words.get_text().split("\n")) < 130


# alerts by stages


def test_a_bar_is_as_long_as_the_alert_took_and_its_pieces_as_the_stages() -> None:
    """Stages in their order, in minutes from the first packet, each with its own colour and hatch; the sum behind it."""
    axes = draw("alert_stages", alerts(1, source="10.0.0.9"))
    assert [bar.get_width() * 60 for bar in bars(axes)] == pytest.approx(STEPS[1:])
    assert [bar.get_x() * 60 for bar in bars(axes)] == pytest.approx(np.cumsum((0, *STEPS[1:-1])))
    looks = [(to_hex(bar.get_facecolor()), bar.get_hatch()) for bar in bars(axes)]
    assert len(set(looks)) == len({colour for colour, _ in looks}) == len(STAGES)
    assert [words.get_text() for words in axes.texts] == ["6 min 17 s"]
    assert labels(axes) == ["11-01 00:06  10.0.0.9 → 5432 PostgreSQL"]
    assert axes.get_xlabel() == "minutes from the first packet on"
    assert title(axes).startswith("Alerts by stages: 1 alert, 1 other change of state left out, 2026-11-01 ")


def test_of_many_alerts_the_most_recent_are_drawn_and_the_rest_counted() -> None:
    """500 alerts: 30 bars, the last of the window, and a title that says of how many."""
    table = alerts(500)
    last = table[table["state"] == "ALARM"]["at"].iloc[-1]
    table.loc[table["at"] == last, "aggregation"] = 3600.0
    axes = draw("alert_stages", table)
    assert len(labels(axes)) == 30
    assert axes.texts[-1].get_text() == "1 h 6 min"
    assert labels(axes)[-1].startswith(f"{last:%m-%d %H:%M}")
    assert "the most recent 30 of 500 alerts" in title(axes)
    assert len(labels(draw("alert_stages", table, most=3))) == 3
    with pytest.raises(ArgumentError, match="0 alerts cannot be drawn; give a whole number from 1"):
        draw("alert_stages", table, most=0)


def test_stages_on_both_sides_of_an_unknown_moment_are_one() -> None:
    """What lies between two known moments is drawn in grey; the bar is as long as it was."""
    table = alerts(1)
    table["ingested"] = table["ingested"].where(table["state"] == "never")
    table = table.drop(columns=[*STAGES, "total"])
    table = pd.concat([table, seconds(table)], axis=1)
    axes = draw("alert_stages", table)
    assert lengths(axes)[0] * 60 == pytest.approx(sum(STEPS))
    assert [bar.get_width() * 60 for bar in bars(axes)][:2] == pytest.approx([STEPS[1], STEPS[2] + STEPS[3]])
    assert legend(axes)[-1] == "stages that are not told apart"
    assert "delivery into the log" not in legend(axes)


def test_an_alert_without_a_record_begins_where_it_is_known() -> None:
    """Its bar says from which stage on it is known, and the axis no longer speaks of the first packet."""
    table = alerts(2).assign(aggregation=[np.nan, np.nan, 40.0, np.nan])
    table.loc[0, ["firstPacket", "closed", "ingested", "datapoint"]] = pd.NaT
    table.loc[0, list(STAGES[:4])] = np.nan
    axes = draw("alert_stages", table)
    assert [words.get_text() for words in axes.texts] == ["2 s · known from change of state on", "6 min 17 s"]
    assert axes.get_xlabel() == "minutes from the first known moment on"
    nothing = table.iloc[:1].drop(columns=list(MOMENTS)).assign(**dict.fromkeys(STAGES, np.nan))
    assert [words.get_text() for words in draw("alert_stages", nothing).texts] == ["no stage is known"]


def test_a_negative_stage_is_none_and_is_told() -> None:
    """Clocks that differ make stages below 0 s; a bar cannot be shorter than nothing."""
    axes = draw("alert_stages", alerts(1).assign(stateChange=-60.0))
    assert axes.texts[0].get_text() == "6 min 17 s"
    assert len(bars(axes)) == len(STAGES) - 1
    assert "1 stage below 0 s taken for 0 s" in title(axes)


@pytest.mark.parametrize(("factor", "unit"), [(0.1, "seconds"), (1, "minutes"), (60, "hours")])
def test_the_axis_is_in_the_unit_that_fits(factor: float, unit: str) -> None:
    """Short alerts count in seconds, long ones in hours."""
    table = alerts(1).drop(columns=list(MOMENTS))
    table[list(STAGES)] = table[list(STAGES)] * factor
    assert draw("alert_stages", table).get_xlabel().startswith(unit)


# the spread of each stage


def test_a_stage_is_a_box_with_its_median_named() -> None:
    """From quarter to quarter, the median and 90 % in words; of how many where it is not known of all."""
    table = alerts(11)
    of = table["state"] == "ALARM"
    table.loc[of, "delivery"] = np.arange(11) * 60.0
    table.loc[table.index[of][:9], "notice"] = np.nan
    axes = draw("stage_distribution", table)
    assert labels(axes)[1] == "delivery into the log"
    said = [words.get_text() for words in axes.texts]
    assert said[1] == "median 5 min, 90 % within 9 min"
    assert said[6] == "median 2 s (of 2 alerts)"
    (box,) = (bar for bar in bars(axes) if bar.get_x() > 1)
    assert (box.get_x(), box.get_width()) == pytest.approx((2.5, 5.0))
    assert "11 alerts, box: the middle half, line: 10 % to 90 %, a dot for each" in title(axes)


def test_a_stage_that_is_known_of_none_says_so() -> None:
    """It keeps its row."""
    axes = draw("stage_distribution", alerts(3).assign(notice=np.nan))
    assert axes.texts[-1].get_text() == "not known of any alert"
    assert len(labels(axes)) == len(STAGES)


# delivery lag


def test_a_gap_in_delivery_is_a_gap() -> None:
    """The median's line breaks where no record was, and the legend counts these intervals."""
    axes = draw("delivery_lag", lags(12).drop([4, 5, 6]), window=Window.parse("2026-11-01", "2026-11-01 01:00"))
    far, near, median = (patch for patch in axes.patches if isinstance(patch, StepPatch))
    np.testing.assert_equal(median.get_data().values, [5.0] * 4 + [np.nan] * 3 + [5.0] * 5)
    assert np.nanmax(near.get_data().values) == pytest.approx(8.0)
    assert np.nanmax(far.get_data().values) == pytest.approx(400 / 60)
    assert "no record in 3 of 12 intervals" in legend(axes)
    assert title(axes).startswith("How late records come: 90 records, per 5 min, the latest after 10 min, 2026-11-01 ")


def test_what_may_still_come_in_is_marked() -> None:
    """Where the table says from when on records may still come in, the chart does."""
    table = lags(12)
    table.attrs[UNSETTLED] = BEGIN + pd.Timedelta("40min")
    assert "records from here on may still come in" in legend(draw("delivery_lag", table))
    for hours in (-2, 2):
        table.attrs[UNSETTLED] = BEGIN + pd.Timedelta(hours=hours)
        assert len(legend(draw("delivery_lag", table))) == 3


def test_more_intervals_than_can_be_drawn_are_refused() -> None:
    """A year of seconds asks for a longer period."""
    with pytest.raises(ArgumentError, match="more than can be drawn"):
        draw(
            "delivery_lag",
            lags(2).assign(t=[BEGIN, BEGIN + pd.Timedelta("1s")]),
            window=Window.parse("2026-10-01", "2026-12-01"),
        )


# states


def test_states_follow_the_changes_of_each_range() -> None:
    """A row for each range with its share of time in ALARM and its pages, as the backtest counts them."""
    minutes = pd.date_range("2026-11-01", periods=120, freq="min", tz="UTC")
    events = pd.DataFrame({"@timestamp": minutes, "action": np.where(np.arange(120) % 40 < 3, "REJECT", "ACCEPT")})
    tested = backtest(events, AlarmRule(evaluation_periods=3))
    axes = draw("alarm_states", tested.states, window=tested.window)
    told = tested.figures.set_index("range")
    for label, (reach, row) in zip(labels(axes), told.iterrows(), strict=True):
        name, said = label.split("\n")
        assert name == f"over {reach}"
        assert said.endswith(f" {row['pages']:.0f} page{'' if row['pages'] == 1 else 's'}")
        assert float(said.split(" %")[0]) == pytest.approx(100 * row["alarmShare"], abs=2)
    assert legend(axes) == list(LOOKS)
    assert len({look.colour for look in LOOKS.values()} | {look.hatch for look in LOOKS.values()}) == 2 * len(LOOKS)


def test_a_range_without_a_change_stayed_what_it_was() -> None:
    """Asked for by name it has its row; without a change of any there is a sentence."""
    nothing = pd.DataFrame({"range": [], "at": [], "previous": [], "state": []})
    axes = draw("alarm_states", nothing, window=DAY, ranges=["N", "N+8"])
    assert labels(axes) == ["over N\n0 % in ALARM, 0 pages", "over N+8\n0 % in ALARM, 0 pages"]
    assert legend(axes) == ["INSUFFICIENT_DATA"]


def test_a_short_alarm_is_seen() -> None:
    """A minute of a month is drawn wider than it was, and the share is still its own."""
    times = pd.to_datetime(["2026-11-10 00:00", "2026-11-10 00:01"], utc=True)
    table = pd.DataFrame({"at": times, "previous": ["OK", "ALARM"], "state": ["ALARM", "OK"]})
    axes = draw("alarm_states", table, window=Window.parse("2026-11-01", "2026-12-01"))
    widths = [path.get_extents().width for drawn in axes.collections for path in drawn.get_paths()]
    assert min(widths) == pytest.approx(30 / 600)
    assert labels(axes) == ["alarm\n<1 % in ALARM, 1 page"]
    assert not [patch for patch in axes.patches if isinstance(patch, PathPatch)]
