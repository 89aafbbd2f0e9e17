"""TimingPanel without a browser: its widgets are set as a front end sets them, and what comes out is read."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from html import escape
from io import StringIO
from typing import Any

import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.errors import ArgumentError, QueryCancelledError, RejectkitError, WindowError
from rejectkit.monitoring import PRIVATE, AlarmRule, Choices, Monitor
from rejectkit.monitoring.probes.attempt import Attempt
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sources.base import Watch
from rejectkit.widgets import TimingPanel
from rejectkit.widgets.timingdesk import Asked, TimingDesk
from rejectkit.widgets.timingform import TimingForm
from rejectkit.widgets.timingwork import DELAYS, INSIDE, OWN, Grid, Trial, events_query, period_for
from rejectkit.widgets.windowform import WindowForm
from rejectkit.window import Window
from tests.deploying import budget
from tests.memory_source import MemorySource
from tests.on_sandbox import store

SECONDS = 60
GROUP = "/vpc/timing"
HOSTILE = "<img/src=x/onerror=alert(1)>"
RULE = AlarmRule(period=300, evaluation_periods=3)
MONITOR = Monitor(log_group=GROUP, rule=RULE)
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = Window.parse("2026-11-01", "2026-11-01 01:00")


def line(account: str, at: int, action: str, source: str) -> str:
    """Return a line of the default format."""
    return f"2 {account} eni-1 {source} 10.0.0.5 40000 22 6 1 44 {at} {at + 30} {action} OK"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An hour of an account with the alarm deployed: rejects in 5 of 20 minutes, each 240 s after its record began."""
    with start(scenario=None, start=BEGIN, limits=Limits(rates={})) as made:
        logs = store(made)
        logs.create(GROUP).created = 0
        rk.monitoring.plan(MONITOR, made.session, budget=budget()).apply()

        def deliver() -> None:
            at = int(made.clock.seconds) - 240
            rejects = 6 if at % 1200 < 300 else 0
            lines = [line(made.account, at, "ACCEPT", "10.0.0.8")]
            lines += [line(made.account, at, "REJECT", "10.0.0.9")] * rejects
            logs.put(GROUP, "eni-1-all", [at * 1000] * len(lines), lines)

        made.clock.every(60, made.clock.seconds + 260, deliver)
        made.advance("1h")
        yield made


def opened(sandbox: Sandbox, monitor: Monitor | None = MONITOR, source: Any = None, **more: Any) -> TimingPanel:
    """Return a panel that has looked for log groups, and waits for no quota."""
    panel = TimingPanel(sandbox.session, monitor, source, **({"budget": budget()} | more))
    assert panel.wait(SECONDS)
    return panel


def pressed(panel: TimingPanel, name: str) -> TimingPanel:
    """Press a button, and wait until its work is done."""
    getattr(panel.panes, name).click()
    assert panel.wait(SECONDS)
    return panel


def trouble(panel: TimingPanel) -> str:
    """Return the sentence about what went wrong."""
    return str(panel.panes._trouble.value)


@pytest.fixture(scope="module")
def panel(sandbox: Sandbox) -> TimingPanel:
    """A panel that has measured, replayed and tried; tests leave it as it is."""
    made = opened(sandbox)
    for name in ("measure", "replay", "sweep"):
        assert trouble(pressed(made, name)) == ""
    return made


def records(count: int = 40) -> pd.DataFrame:
    """Return records of another format, without lines and without arrival."""
    at = pd.date_range("2026-11-01", periods=count, freq="2min", tz="UTC")
    action = pd.array(["REJECT" if place % 5 == 0 else "ACCEPT" for place in range(count)], dtype="str")
    end = pd.array((at + pd.Timedelta("1min")).as_unit("s").astype("int64"), dtype="Int64")
    return pd.DataFrame({"@timestamp": at, "srcAddr": HOSTILE, "action": action, "end": end})


# what it measures, replays, tries and recommends


def test_the_values_are_what_the_library_gives(sandbox: Sandbox, panel: TimingPanel) -> None:
    """Latency, lag, backtest and sweep come back as the calls of rk.monitoring return them."""
    window, source, session = panel.window, panel.source, sandbox.session
    assert window == Window.parse("2026-10-31 19:00", "2026-11-01 01:00")
    expected = rk.monitoring.latency(MONITOR, source, session, window, budget=budget())
    assert panel.latency is not None
    pd.testing.assert_frame_equal(panel.latency, expected)
    assert (panel.latency["state"] == "ALARM").sum() == 3
    assert panel.lag is not None
    assert set(panel.lag["median"]) == {210.0}
    events = source.run(events_query(tuple(source.fields)), window, all_rows=True)
    assert panel.backtest is not None
    pd.testing.assert_frame_equal(panel.backtest.states, rk.monitoring.backtest(events, MONITOR).states)
    assert panel.sweep is not None
    assert len(panel.sweep) == 2 * 15 * 3  # patterns; period, N and M with M of at most N; thresholds
    assert str(panel.recommended) == str(rk.monitoring.recommend(panel.sweep))


def test_the_figures_are_those_of_every_delivery_delay(panel: TimingPanel) -> None:
    """A row for each delay and evaluation range; the later records come, the later the page."""
    figures = panel.figures
    assert figures is not None
    assert list(dict.fromkeys(figures["delivery"])) == list(DELAYS)
    assert len(figures) == 2 * len(DELAYS)
    late = figures[figures["range"] == "N"].set_index("delivery")["seconds"]
    assert late["1 minute"] < late["3 minutes"] < late["5 minutes"] < late["10 minutes"]


def test_what_is_shown_says_it_in_words_charts_and_tables(panel: TimingPanel) -> None:
    """Each part has its charts, described, its figures, and the recommendation's sentence."""
    still = panel.still()
    for title in ("Alerts by stages: 3 alerts", "How long each stage took", "State of the alarm", "How late records"):
        assert f'alt="Chart. {title}' in still
    for words in ("90 % within", "Time in ALARM", "that no other beats", escape(str(panel.recommended))):
        assert words in still
    assert "Traceback" not in still
    assert 'role="alert"' not in still
    assert panel._repr_mimebundle_()["text/html"] == still


def test_the_delivery_delay_can_be_chosen_afterwards(sandbox: Sandbox) -> None:
    """The replay shown is that of the delay chosen, without another question."""
    panel = pressed(opened(sandbox), "replay")
    first = panel.backtest
    panel.form.delivery.value = "10 minutes"
    assert panel.backtest is not first
    assert "arrive 600 s after the record&#x27;s end, as asked" in panel.still()
    assert ", delay=600)" in panel.panes.backtest.code.code


def test_the_recommended_setting_becomes_the_monitor(sandbox: Sandbox) -> None:
    """Its rule and its choices are the panel's; nothing is deployed, and the answers are told to be of before."""
    panel = opened(sandbox)
    panel.use_recommended()
    assert "There is no recommended setting to use; try the settings first." in trouble(panel)
    panel.form.periods.value, panel.form.thresholds.value = "60, 900", "0"
    pressed(pressed(panel, "replay"), "sweep")
    before = sandbox.session.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["Period"]
    chosen = panel.recommended
    panel.panes.use.click()
    assert chosen is not None
    assert panel.monitor.rule == chosen.rule != RULE
    assert panel.monitor.log_group == GROUP
    assert (panel.monitor.choices == Choices(inside=PRIVATE)) == (chosen.row["pattern"] == INSIDE)
    assert sandbox.session.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["Period"] == before == 300
    assert "is the panel&#x27;s monitor now. Nothing is deployed" in panel.still()
    assert "The choices have changed since" in panel.panes.backtest.stale.value
    assert panel.panes.settings.stale.value == ""
    panel.form.thresholds.value = "7"
    assert "The choices have changed since" in panel.panes.settings.stale.value


def test_incidents_are_scored(sandbox: Sandbox) -> None:
    """With incidents given, settings are judged by what they catch."""
    panel = opened(sandbox)
    panel.form.incidents.value = "2026-11-01 00:20 to 2026-11-01 00:25; 2026-11-01 00:40 until 2026-11-01 00:45"
    pressed(panel, "sweep")
    assert panel.sweep is not None
    assert set(panel.sweep["incidents"]) == {2}
    assert "incidents" in str(panel.recommended)


def test_where_no_setting_pages_that_is_said(sandbox: Sandbox) -> None:
    """The table is there, without a recommendation and without the button to use one."""
    panel = opened(sandbox)
    panel.form.thresholds.value = "100000"
    pressed(panel, "sweep")
    assert panel.recommended is None
    assert "None of the 30 settings pages over every evaluation range" in panel.still()
    assert panel.panes.use.layout.display == "none"


@pytest.mark.parametrize("part", ["latency", "backtest", "settings"])
def test_the_lines_do_what_the_button_did(sandbox: Sandbox, panel: TimingPanel, part: str) -> None:
    """The Python lines of a part run as they stand, and print what the panel says."""
    code = getattr(panel.panes, part).code.code
    assert code.startswith("import rejectkit as rk\n")
    shown: list[Any] = []
    space = {"session": sandbox.session, "display": lambda *values: shown.extend(values)}
    told = StringIO()
    with redirect_stdout(told):
        exec(code, {"__builtins__": builtins, **space})
    if part == "latency":
        assert panel.latency is not None
        pd.testing.assert_frame_equal(shown[0], rk.monitoring.percentiles(panel.latency))
        assert len(shown) >= 3
    else:
        assert told.getvalue().strip() == str(panel.backtest if part == "backtest" else panel.recommended)


def test_events_are_asked_for_once() -> None:
    """A trial after a replay of the same window asks the source nothing."""
    source = MemorySource(records())
    with start(scenario=None) as sandbox:
        monitor = Monitor(log_group="g", log_format=LogFormat.parse("${srcaddr} ${action} ${end}"))
        panel = pressed(opened(sandbox, monitor, source), "replay")
        assert trouble(panel) == ""
        asked = len(source.asked)
        assert trouble(pressed(panel, "sweep")) == ""
        assert len(source.asked) == asked
        assert panel.window == Window.parse("2026-11-01 00:00", "2026-11-01 01:18:01")
        code = panel.panes.backtest.code.code
        assert "events = source.records(window, None)" in code
        assert "source =" not in code  # nobody else can make the one that was given
        assert "which AWS calls typical" in panel.still()
        assert panel.figures is not None
        assert set(panel.figures["rejects"]) == {8}
        panel.window = Window.parse("2026-11-01", "2026-11-01 01:00")
        pressed(panel, "replay")
        assert len(source.asked) > asked


# what goes wrong is a sentence


def test_files_do_not_tell_how_late_records_came() -> None:
    """Latency of no alarm, and a lag that is not known, are sentences."""
    with start(scenario=None) as sandbox:
        panel = pressed(opened(sandbox, Monitor(log_group="g"), MemorySource(records())), "measure")
        assert trouble(panel) == ""
        assert panel.lag is None
        assert "There is no alarm VPCFlowLogs-Rejects" in panel.still()
        assert "How late all records came is not known: " in panel.still()
        assert HOSTILE not in panel.still()


@pytest.mark.parametrize(
    ("button", "typed", "sentence"),
    [
        ("replay", {"start": "soon", "end": "later"}, "&#x27;soon&#x27; is not a time"),
        ("replay", {"start": "2026-11-01"}, "A window needs both a start and an end"),
        ("replay", {"start": "2025-11-01", "end": "2025-11-02"}, "There is no record from 2025-11-01 00:00 to 2025-"),
        ("sweep", {"periods": "often"}, "Periods (s) has &#x27;often&#x27;; give whole numbers"),
        ("sweep", {"periods": "61"}, "Period is 61 s; it is 10, 20, 30 or a multiple of 60"),
        (
            "sweep",
            {"thresholds": HOSTILE},
            "Thresholds is &#x27;&lt;img/src=x/onerror=alert(1)&gt;&#x27;; give numbers",
        ),
        ("sweep", {"datapoints": "9"}, "No setting has M of at most N"),
        ("sweep", {"evaluation_periods": " "}, "N: datapoints judged is empty; give a number"),
        ("sweep", {"incidents": "last night"}, "The incident is &#x27;last night&#x27;; give two UTC times"),
        ("probe", {"address": "10.0.0.5"}, "No target is named"),
        ("probe", {"address": "10.0.0.5", "port": "ssh"}, "The port is &#x27;ssh&#x27;; it is a whole number"),
        ("probe", {"address": "10.0.0.5", "port": "22"}, "The target is not confirmed"),
        ("probe", {"address": "example.org", "port": "22", "confirm": True}, "the target&#x27;s address"),
        ("probe", {"address": "10.0.0.5", "port": "22", "confirm": True}, "the session is a sandbox&#x27;s"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(sandbox: Sandbox, button: str, typed: dict[str, Any], sentence: str) -> None:
    """It names the field and the value, and is raised where the answer is asked for."""
    panel = opened(sandbox)
    for name, value in typed.items():
        getattr(panel.form.time if name in ("start", "end") else panel.form, name).value = value
    act = {"replay": panel.replay, "sweep": panel.try_settings, "probe": panel.try_target}[button]
    act()
    assert panel.wait(SECONDS)
    assert sentence.lower() in trouble(panel).lower()
    with pytest.raises(RejectkitError):
        _ = panel.probed


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"session": None}, "session is None; give a boto3.Session"),
        ({"monitor": GROUP}, "give a Monitor, for example rk.Monitor"),
        ({"source": GROUP}, "give a source such as rk.InsightsSource"),
    ],
)
def test_what_is_none_of_its_arguments_is_refused(sandbox: Sandbox, given: dict[str, Any], sentence: str) -> None:
    """What is wrong with the call itself is raised, and not shown."""
    with pytest.raises(ArgumentError) as caught:
        TimingPanel(**({"session": sandbox.session} | given))
    assert sentence in str(caught.value)


def test_values_that_are_set_are_checked(sandbox: Sandbox) -> None:
    """Neither a text for a window nor one for a monitor is taken."""
    panel = opened(sandbox)
    with pytest.raises(ArgumentError, match="give a Window, for example"):
        panel.window = "24h"  # type: ignore[assignment]  # what is tested
    with pytest.raises(ArgumentError, match="give a Monitor, for example"):
        panel.monitor = "mine"  # type: ignore[assignment]  # what is tested
    panel.window = HOUR
    panel.monitor = MONITOR.changed(alarm_name="another")
    assert (panel.window, panel.monitor.alarm_name, panel.form.alarm.value) == (HOUR, "another", "another")


def test_without_a_monitor_the_log_group_is_chosen(sandbox: Sandbox) -> None:
    """The only log group is taken, with the recipe's values; without one there is nothing to press."""
    panel = opened(sandbox, None)
    assert panel.monitor == Monitor(log_group=GROUP)
    panel.form.log_group.value = " "
    assert panel.panes.measure.disabled
    assert "No log group is chosen" in panel.still()
    with pytest.raises(ArgumentError, match="no log group is chosen"):
        _ = panel.monitor
    panel.form.log_group.value = "/another"
    assert panel.monitor == Monitor(log_group="/another")
    assert opened(sandbox, MONITOR, log_group="/there").monitor == MONITOR.changed(log_group="/there")


def test_cancel_stops_work_before_its_next_call(sandbox: Sandbox) -> None:
    """While the history is asked for Cancel ends it, in words; then it can be measured again."""
    waits, go_on = threading.Event(), threading.Event()

    class Slow(Budget):
        def take(self, operation: str, region: str, check: Any = None) -> None:
            while operation == "cloudwatch.DescribeAlarmHistory" and not go_on.wait(0.01):
                waits.set()
                check()

    panel = opened(sandbox, budget=Slow())
    panel.panes.measure.click()
    assert waits.wait(SECONDS)
    assert panel.panes.measure.disabled
    panel.replay()  # does nothing meanwhile
    panel.panes.work.stop.click()
    assert panel.wait(SECONDS)
    assert "Cancelled." in trouble(panel)
    with pytest.raises(QueryCancelledError):
        _ = panel.latency
    go_on.set()
    assert pressed(panel, "measure").latency is not None
    assert panel.backtest is None


# the probe


def test_a_probe_is_followed_and_confirmed_anew_each_time() -> None:
    """On the sandbox the scenario plays the part; what it does is told step by step, and once is once."""
    with start(limits=Limits(rates={})) as sandbox:
        panel = opened(sandbox, Monitor(log_group="/vpc/poc/flow-logs"), connect=sandbox.connect, sleep=sandbox.sleep)
        assert panel.panes.probe.disabled
        panel.form.address.value, panel.form.port.value = "10.20.20.10", "5432"
        panel.form.confirm.value = True
        assert not panel.panes.probe.disabled
        panel.form.port.value = "5433"
        assert not panel.form.confirm.value  # another target is confirmed anew
        panel.form.confirm.value = True
        found = pressed(panel, "probe").probed
        assert found is not None
        assert str(found.target) == "10.20.20.10:5433"
        assert found.attempt.outcome == "silent"
        assert "ingested" in found.moments
        assert not panel.form.confirm.value
        assert panel.panes.probe.disabled
        assert "<ol " in panel.panes.probed.shown[0].value
        assert "its record was in CloudWatch Logs" in panel.still()
        assert "('10.20.20.10', 5433), connect=sandbox.connect" in panel.panes.probed.code.code


def test_a_probe_can_be_cancelled(sandbox: Sandbox) -> None:
    """While it waits for the record Cancel ends it, in words, and no second attempt is made."""
    tried: list[tuple[str, int]] = []
    panels: list[TimingPanel] = []

    def connect(address: str, port: int) -> Attempt:
        tried.append((address, port))
        return Attempt("silent")

    def sleep(seconds: float) -> None:
        sandbox.sleep(seconds)
        panels[0].cancel()

    panel = opened(sandbox, connect=connect, sleep=sleep)
    panels.append(panel)
    panel.form.address.value, panel.form.port.value, panel.form.confirm.value = "10.0.0.5", "22", True
    pressed(panel, "probe")
    assert tried == [("10.0.0.5", 22)]
    assert "Cancelled." in trouble(panel)


# the form and the settings, alone


def test_a_window_that_ends_now_is_found_out_once() -> None:
    """It stays until another choice is made, or until it is to end now again."""
    told: list[int] = []
    made = WindowForm(lambda: told.append(1), whole=False)
    assert made.window is None
    window = made.ends(HOUR.end.timestamp() + 0.4)
    assert window == Window.parse("2026-10-31 19:00", "2026-11-01 01:00") == made.window
    assert (made.start.value, made.end.value, made.quick.value) == (
        "2026-10-31 19:00",
        "2026-11-01 01:00",
        "Last 6 hours",
    )
    assert len(told) == 1
    made.anew.click()
    assert made.window is None
    made.quick.value = "Last hour"
    assert made.ends(HOUR.end.timestamp()) == HOUR
    made.end.value = "2026-11-01 00:30"
    assert made.quick.value == "Between two times"
    assert made.window == Window.parse("2026-11-01 00:00", "2026-11-01 00:30")
    made.end.value = ""
    with pytest.raises(WindowError, match="needs both a start and an end"):
        _ = made.window
    made.anew.click()
    assert (made.window, made.quick.value) == (None, "Last 6 hours")


def test_the_log_group_of_another_flow_log_brings_its_format() -> None:
    """The monitor keeps its own format for its own log group."""
    made = TimingForm(lambda: None, whole=False)
    other = LogFormat.parse("${srcaddr} ${action}")
    made.show(MONITOR)
    made.offer({"/flows": (other,), GROUP: ()})
    assert made.read(MONITOR) is MONITOR
    made.log_group.value = "/flows"
    assert made.read(MONITOR) == MONITOR.changed(log_group="/flows", log_format=other)
    assert made.read(None) == Monitor(log_group="/flows", log_format=other)


def test_a_grid_tries_each_value_with_the_rest_of_the_rule() -> None:
    """What the grid does not vary is the monitor's, and each setting is the monitor that its row is of."""
    monitor = MONITOR.changed(
        rule=AlarmRule(treat_missing_data="breaching", comparison="GreaterThanOrEqualToThreshold")
    )
    grid = Grid((60, 300), (1, 3), (1, 2), (0.0,))
    monitors = grid.monitors(monitor)
    assert len(monitors) == 6
    assert {one.rule.treat_missing_data for one in monitors} == {"breaching"}
    assert {one.rule.comparison for one in monitors} == {"GreaterThanOrEqualToThreshold"}
    assert list(grid.patterns(monitor)) == [OWN, INSIDE]
    assert grid.setting(monitor, 4) == monitors[4]
    assert grid.setting(monitor, 10) == monitors[4].changed(choices=Choices(inside=PRIVATE))
    own = monitor.changed(pattern="REJECT")
    assert grid.patterns(own)[OWN] == own.pattern
    assert grid.setting(own, 10).choices == Choices(inside=PRIVATE)
    inner = monitor.changed(choices=Choices(inside=PRIVATE))
    assert list(grid.patterns(inner)) == [OWN]
    with pytest.raises(ArgumentError, match="these are 4,000 settings, more than 2,000"):
        Grid(tuple(range(60, 60_060, 60)), (1, 2), (1, 2), (0.0,)).monitors(monitor)


def test_a_sweep_and_its_settings_are_in_one_order(sandbox: Sandbox) -> None:
    """The monitor of each row has the row's rule."""
    desk = TimingDesk(sandbox.session, MemorySource(records()), budget())
    monitor = Monitor(log_group="g", log_format=LogFormat.parse("${srcaddr} ${action} ${end}"))
    trial = Trial(Grid((60, 300), (1, 2), (1,), (0.0, 3.0)))
    tried = desk.sweep(Asked(monitor, HOUR), trial, Watch())
    for place in range(len(tried.table)):
        setting = trial.grid.setting(monitor, place)
        assert setting.rule == tried.table["rule"].iloc[place]
        assert (setting.choices != monitor.choices) == (tried.table["pattern"].iloc[place] == INSIDE)


@pytest.mark.parametrize(
    ("span", "period"), [("1h", "1m"), ("6h", "5m"), ("24h", "10m"), ("30d", "6h"), ("900d", "1d")]
)
def test_the_lag_is_told_in_intervals_that_can_be_seen(span: str, period: str) -> None:
    """About 150 of them at most, of a length that people choose."""
    assert period_for(Window.last(span, BEGIN)) == period
