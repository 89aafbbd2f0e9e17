"""backtest: the same states at the same minutes as the sandbox's own alarms, and as the plain replay of this folder."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import COMPARISONS, STATISTICS, TREATMENTS, AlarmRule, decide
from rejectkit.monitoring.alarms.evaluation import DOCUMENTED, LONGEST, SHORTEST, EvaluationRange
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.monitor import LOG_ALARM, Monitor
from rejectkit.monitoring.replaying.replay import Backtest, Delay, backtest
from rejectkit.monitoring.replaying.states import NAMES, presence, rule_of
from rejectkit.records import LogFormat
from rejectkit.sandbox import scenario
from rejectkit.window import Window
from tests.alarm_sandbox import START, account, put_alarm
from tests.on_sandbox import store
from tests.reference import replay as plain

TABLE = json.loads((Path(__file__).parent / "tables" / "alarm_missing_data.json").read_text(encoding="utf-8"))
NOON = int(START.timestamp()) * 1000
PATTERN = '[source, port, action="REJECT"]'
REACHES = (SHORTEST, DOCUMENTED, LONGEST)
ROLE = "arn:aws:iam::123456789012:role/query"
MINUTES = 90


def span(minutes: int = MINUTES) -> Window:
    """Return the window from just after noon."""
    return Window(START + timedelta(seconds=1), START + timedelta(minutes=minutes))


def traffic(rnd: random.Random, earliest: int = -10) -> pd.DataFrame:
    """Draw lines with their times: few or many, mostly rejects or hardly, at once or hours late."""
    number = rnd.choice([3, 12, 60, 250])
    share = rnd.choice([0.1, 0.6, 1.0])
    late = rnd.choice(
        [
            lambda: 300_000,
            lambda: rnd.randrange(-30_000, 240_000),
            lambda: int(60_000 + 300_000 * rnd.lognormvariate(0, 0.5)),
            lambda: rnd.randrange(0, 5_400_000),
        ]
    )
    times = [NOON + rnd.randrange(earliest * 60_000, MINUTES * 60_000) for _ in range(number)]
    arrived = [max(NOON + 1000, at + late()) for at in times]
    lines = [f"10.0.0.{rnd.randrange(256)} 22 {'REJECT' if rnd.random() < share else 'ACCEPT'}" for _ in times]
    return pd.DataFrame(
        {
            "@timestamp": pd.to_datetime(times, unit="ms", utc=True),
            "@ingestionTime": pd.to_datetime(arrived, unit="ms", utc=True),
            "@message": pd.array(lines, dtype="str"),
        }
    )


def metric_rule(rnd: random.Random) -> AlarmRule:
    """Draw a rule."""
    n = rnd.randint(1, 5)
    return AlarmRule(
        rnd.choice([60, 60, 60, 120, 300, 600, 3600, 10, 20, 30]),
        n,
        rnd.randint(1, n),
        rnd.choice([0, 0, 0.5, 1, 3]),
        rnd.choice(list(COMPARISONS)),
        rnd.choice([*STATISTICS, "Sum", "Sum"]),
        rnd.choice(TREATMENTS),
    )


def log_rule(rnd: random.Random, intervals: tuple[int, ...] = (60, 120, 300, 600)) -> LogAlarmRule:
    """Draw a log alarm's rule."""
    n, end = rnd.randint(1, 4), rnd.choice([0, 60, 90, 300, 900])
    return LogAlarmRule(
        rnd.choice(intervals),
        end + rnd.choice([45, 60, 300, 601]),
        end,
        n,
        rnd.randint(1, n),
        rnd.choice([0, 1, 3]),
        rnd.choice(list(COMPARISONS)),
        rnd.choice(TREATMENTS),
    )


def millis(column: pd.Series) -> list[int]:
    """Return times as milliseconds."""
    return [round(moment.timestamp() * 1000) for moment in column]


def as_plain(frame: pd.DataFrame, default: float | None) -> list[plain.Event]:
    """Return the events of lines as the plain replay takes them."""
    hits = [line.endswith("REJECT") for line in frame["@message"]]
    values = [1.0 if hit else default for hit in hits]
    return list(zip(millis(frame["@timestamp"]), millis(frame["@ingestionTime"]), values, hits, strict=True))


def changes(found: Backtest, reach: str) -> list[tuple[int, str]]:
    """Return when the state changed, and to what, over one range."""
    rows = found.states[found.states["range"] == reach]
    return list(zip(millis(rows["at"]), rows["state"], strict=True))


def name(reach: EvaluationRange) -> str:
    """Return a range's name in the answers."""
    return f"N+{reach.extra}" if reach.extra else "N"


@pytest.mark.parametrize("reach", REACHES, ids=name)
def test_the_sandboxes_alarms_change_at_the_same_minutes(reach: EvaluationRange) -> None:
    """120 rules on 10 logs of other traffic and delays: filters, metric storage and clock give the same reasons too."""
    rnd = random.Random(reach.extra)
    asked: dict[str, tuple[pd.DataFrame, AlarmRule, float | None]] = {}
    with account(reach) as sandbox:
        logs, cloudwatch = (sandbox.session.client(service) for service in ("logs", "cloudwatch"))
        for log in range(10):
            frame, default = traffic(rnd), rnd.choice([0.0, 0.0, None, 2.0])
            counted = {"metricName": f"m{log}", "metricNamespace": "n", "metricValue": "1"}
            counted |= {} if default is None else {"defaultValue": default}  # type: ignore[dict-item]
            logs.create_log_group(logGroupName=f"g{log}")
            logs.put_metric_filter(
                logGroupName=f"g{log}", filterName="f", filterPattern=PATTERN, metricTransformations=[counted]
            )
            deliver(sandbox, f"g{log}", frame)
            for number in range(12):
                rule = metric_rule(rnd)
                asked[f"{log}-{number}"] = frame, rule, default
                members = rule.as_put_metric_alarm()
                if rule.datapoints_to_alarm == rule.evaluation_periods:
                    members["DatapointsToAlarm"] = None
                put_alarm(cloudwatch, f"{log}-{number}", MetricName=f"m{log}", **members)
        sandbox.advance(60 * MINUTES - 0.5)
        told = history(cloudwatch, "MetricAlarm")
    assert len(asked) == 120
    assert sum(map(len, told.values())) > 200
    for alarm, (frame, rule, default) in asked.items():
        found = backtest(
            frame, rule, PATTERN, window=span(), evaluation=reach, default_value=default, log_format=LogFormat.default()
        )
        rows = zip(changes(found, name(reach)), found.states["reason"], strict=True)
        assert [(at, state, reason) for (at, state), reason in rows] == told.get(alarm, []), (alarm, str(rule))


def test_the_sandboxes_log_alarms_change_at_the_same_minutes() -> None:
    """Queries on a schedule through the sandbox's Logs Insights find what the replay counts."""
    rnd = random.Random(3)
    asked: dict[str, tuple[pd.DataFrame, LogAlarmRule]] = {}
    with account(queries_before_creation=True) as sandbox:
        logs, cloudwatch = (sandbox.session.client(service) for service in ("logs", "cloudwatch"))
        for log in range(3):
            frame = traffic(rnd)
            logs.create_log_group(logGroupName=f"g{log}")
            deliver(sandbox, f"g{log}", frame)
            for number in range(3):
                rule = log_rule(rnd, (120, 300, 600))
                asked[f"{log}-{number}"] = frame, rule
                cloudwatch.put_log_alarm(**log_alarm(f"{log}-{number}", f"g{log}", rule))
        sandbox.advance(60 * MINUTES - 0.5)
        told = history(cloudwatch, "LogAlarm")
    assert len(told) > 5
    for alarm, (frame, rule) in asked.items():
        found = backtest(frame, rule, PATTERN, window=span())
        assert changes(found, "N") == [(at, state) for at, state, _ in told.get(alarm, [])], (alarm, str(rule))


def deliver(sandbox: Any, group: str, frame: pd.DataFrame) -> None:
    """Let each line arrive at its time."""
    logs = store(sandbox)
    for at, arrived, line in zip(
        millis(frame["@timestamp"]), millis(frame["@ingestionTime"]), frame["@message"], strict=True
    ):
        sandbox.clock.at(arrived / 1000, partial(logs.put, group, "s", [at], [line], arrived))


def history(cloudwatch: Any, kind: str) -> dict[str, list[tuple[int, str, str]]]:
    """Return the changes of all alarms by name: when they were judged, 2 ms before, the state, the reason."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        HistoryItemType="StateUpdate", ScanBy="TimestampAscending", AlarmTypes=[kind]
    )
    for item in (item for page in pages for item in page["AlarmHistoryItems"]):
        new = json.loads(item["HistoryData"])["newState"]
        at = round(item["Timestamp"].timestamp() * 1000) - 2
        found.setdefault(item["AlarmName"], []).append((at, new["stateValue"], new["stateReason"]))
    return found


def log_alarm(alarm: str, group: str, rule: LogAlarmRule) -> dict[str, Any]:
    """Return PutLogAlarm's arguments for a rule."""
    minutes = rule.interval // 60
    return {
        "AlarmName": alarm,
        "ScheduledQueryConfiguration": {
            "QueryString": "filter @message like /REJECT/",
            "LogGroupIdentifiers": [group],
            "ScheduledQueryRoleARN": ROLE,
            "AggregationExpression": "count(*)",
            "ScheduleConfiguration": {
                "ScheduleExpression": f"rate({minutes} minute{'s' if minutes > 1 else ''})",
                "StartTimeOffset": rule.start_offset,
                "EndTimeOffset": rule.end_offset,
            },
        },
        "QueryResultsToEvaluate": rule.results_to_evaluate,
        "QueryResultsToAlarm": rule.results_to_alarm,
        "Threshold": rule.threshold,
        "ComparisonOperator": rule.comparison,
        "TreatMissingData": rule.treat_missing_data,
    }


@pytest.mark.parametrize("seed", range(60))
def test_the_plain_replay_says_the_same(seed: int) -> None:
    """Changes, share of time in ALARM and the events never judged, of a rule and of a log alarm, over all ranges."""
    rnd = random.Random(seed)
    frame, rule, queried = traffic(rnd), metric_rule(rnd), log_rule(rnd)
    default = rnd.choice([0.0, 0.0, None, 2.0])
    phase = rnd.choice([42.8, 0.0, 5.8, 59.9])
    found = backtest(frame, rule, PATTERN, evaluation=REACHES, default_value=default, phase=phase)
    start, end = (round(moment.timestamp() * 1000) for moment in (found.window.start, found.window.end))
    for reach, run in zip(REACHES, found.runs, strict=True):
        second = plain.replay(as_plain(frame, default), rule, reach.extra, start, end, round(phase * 1000))
        assert changes(found, name(reach)) == second.changes
        assert run.alarm_share == pytest.approx(second.in_alarm / second.evaluations)
        assert set(np.flatnonzero(run.missed).tolist()) == second.missed
        assert run.missed_count == len(second.missed)
    queries = backtest(frame, queried, PATTERN)
    start, end = (round(moment.timestamp() * 1000) for moment in (queries.window.start, queries.window.end))
    second = plain.replay_log_alarm(as_plain(frame, 0.0), queried, start, end)
    assert changes(queries, "N") == second.changes
    assert set(queries.missed.index) == second.missed
    assert queries.runs[0].alarm_share == pytest.approx(second.in_alarm / second.evaluations)


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_the_rule_over_arrays_is_that_of_alarm(treatment: str) -> None:
    """Every series of five datapoints, one evaluation after the other, under every M of N, as `decide` has them."""
    marks = list(product([True, False, None], repeat=5))  # oldest first
    random.Random(0).shuffle(marks)
    values = np.array([[np.nan if mark is None else float(mark) for mark in series] for series in marks])
    newest_first = [values[:, at] for at in range(4, -1, -1)]
    for n, m in [(5, m) for m in range(1, 6)] + [(3, 1), (3, 2), (3, 3), (2, 1), (2, 2), (1, 1)]:
        rule = AlarmRule(60, n, m, treat_missing_data=treatment)
        there = presence(newest_first, n, [n, 5], len(marks))
        found = rule_of(rule, n, m, newest_first, there)
        for length in (n, 5):
            state, expected = "INSUFFICIENT_DATA", []
            for series in marks:
                state = decide(series[5 - length :], n, m, treatment, state)
                expected.append(state)
            assert [NAMES[code] for code in found[length].states] == expected


@pytest.mark.parametrize(("period", "n"), [(3600, 25), (43_200, 3), (86_400, 2), (600, 20), (60, 200)])
@pytest.mark.parametrize("statistic", ["Sum", "Average", "Maximum"])
def test_long_ranges_are_replayed_alike(period: int, n: int, statistic: str) -> None:
    """Hourly evaluations and periods of many minutes, as the plain replay has them."""
    rnd = random.Random(period + n)
    frame = traffic(rnd)
    rule = AlarmRule(period, n, 1, 0.5, statistic=statistic, treat_missing_data="missing")
    window = Window(START, START + timedelta(hours=9))
    found = backtest(frame, rule, PATTERN, window=window, evaluation=DOCUMENTED)
    second = plain.replay(as_plain(frame, 0.0), rule, 2, NOON, NOON + 9 * 3_600_000)
    assert changes(found, "N+2") == second.changes
    assert found.runs[0].missed_count == len(second.missed)


def test_a_range_too_long_to_keep_says_what_its_parts_say() -> None:
    """A day's N over ten days of minutes is not held at once, and every evaluation is as in a window of its own."""
    frame = traffic(random.Random(4))
    rule = AlarmRule(60, 1440, 2, 0, treat_missing_data="notBreaching")
    whole = Window(START, START + timedelta(days=10))
    parts = [Window(START + timedelta(days=5 * half), START + timedelta(days=5 * half + 5)) for half in (0, 1)]
    once, *twice = (backtest(frame, rule, PATTERN, window=one, evaluation=LONGEST) for one in (whole, *parts))
    assert len(once.runs[0].states) * 1448 > 16_000_000
    assert once.runs[0].states.tolist() == [state for part in twice for state in part.runs[0].states.tolist()]


@pytest.mark.parametrize("previous", NAMES)
@pytest.mark.parametrize("place", range(len(TABLE)))
def test_documented_rows(place: int, previous: str) -> None:
    """Each row's datapoints, there at once, give its state, whatever was before; RETAIN is what was before."""
    row = TABLE[place]
    n, final = row["n"], NOON + 60 * 60_000
    before = [] if previous == "INSUFFICIENT_DATA" else [(at, NOON, float(previous == "ALARM")) for at in range(n)]
    rows = [(NOON + 60_000 * at, arrived, value) for at, arrived, value in before]
    for back, mark in enumerate(reversed(row["datapoints"]), 1):
        if mark != "-":
            rows.append((final - 60_000 * back, final, float(mark == "X")))
    frame = pd.DataFrame(rows, columns=["@timestamp", "@ingestionTime", "value"], dtype="float64")
    rule = AlarmRule(60, n, row["m"], treat_missing_data=row["treatment"])
    window = Window(START, datetime.fromtimestamp(final / 1000 + 60, UTC))
    (run,) = backtest(frame, rule, window=window, evaluation=DOCUMENTED).runs
    state = NAMES[run.states[-1]]
    if row["treatment"] == "ignore":
        assert NAMES[run.states[-2]] == previous
    if row["state"] == "NOT_ALARM":
        assert state != "ALARM"
    else:
        assert state == (previous if row["state"] == "RETAIN" else row["state"])


@pytest.mark.parametrize(
    ("series", "threshold"), [("ec2_network_in_257a54", 1_000_000), ("elb_request_count_8c0756", 100)]
)
def test_real_series_with_gaps(shared: Path, series: str, threshold: float) -> None:
    """Two CloudWatch metrics as others published them: as many changes as the plain replay finds, at its minutes."""
    frame = pd.read_csv(shared / "data" / "metrics-nab" / f"{series}.csv")
    frame["@timestamp"] = pd.to_datetime(frame.pop("timestamp"), utc=True)
    start, end = frame["@timestamp"].min().to_pydatetime(), frame["@timestamp"].max().to_pydatetime()
    stamps, values = millis(frame["@timestamp"]), frame["value"].tolist()
    events: list[plain.Event] = [(at, at + 90_000, value, True) for at, value in zip(stamps, values, strict=True)]
    for treatment, reach in zip(TREATMENTS, (SHORTEST, DOCUMENTED, LONGEST, DOCUMENTED), strict=True):
        rule = AlarmRule(300, 3, 2, threshold, statistic="Average", treat_missing_data=treatment)
        found = backtest(frame, rule, delay=Delay.constant(90), window=Window(start, end), evaluation=reach)
        first, last = (round(moment.timestamp() * 1000) for moment in (start, end))
        second = plain.replay(events, rule, reach.extra, first, last)
        assert len(second.changes) > 10
        assert changes(found, name(reach)) == second.changes


def rejects(*moments: tuple[int, int], action: str = "REJECT", **more: Any) -> pd.DataFrame:
    """Return records by their second from noon and their seconds on the way."""
    start = [START + timedelta(seconds=at) for at, _ in moments]
    arrived = [START + timedelta(seconds=at + late) for at, late in moments]
    return pd.DataFrame({"@timestamp": start, "@ingestionTime": arrived, "action": action, **more})


def test_a_reject_in_time_pages_and_a_late_one_is_missed() -> None:
    """The recipe's alarm judges 12:00 at 12:01:42.8: what comes later is never judged over N, and is over N+8."""
    frame = rejects((10, 60), (600, 300), port=[22, 23])
    found = backtest(frame, AlarmRule())
    assert found.notifications[["range", "at", "seconds"]].values.tolist() == [
        ["N", pd.Timestamp("2026-11-01 12:01:42.8+00:00"), 92.8],
        ["N+8", pd.Timestamp("2026-11-01 12:01:42.8+00:00"), 92.8],
        ["N+8", pd.Timestamp("2026-11-01 12:15:42.8+00:00"), 342.8],
    ]
    assert found.missed[["range", "port"]].values.tolist() == [["N", 23]]
    assert found.missed.index.tolist() == [1]
    assert found.missed["minute"].tolist() == [pd.Timestamp("2026-11-01 12:10+00:00")]
    assert found.missed["arrived"].tolist() == [pd.Timestamp("2026-11-01 12:15+00:00")]
    assert found.figures["missedShare"].tolist() == [0.5, 0.0]


def test_newer_datapoints_push_a_late_reject_out_of_the_range() -> None:
    """With a default value each minute has a datapoint: N of these are judged, however long the range is."""
    quiet = rejects(*((60 * minute, 5) for minute in range(12)), action="ACCEPT")
    frame = pd.concat([rejects((130, 300)), quiet], ignore_index=True)
    found = backtest(frame, AlarmRule())
    assert found.missed[["range"]].values.tolist() == [["N"], ["N+8"]]
    assert found.missed.index.tolist() == [0, 0]
    without = backtest(frame, AlarmRule(), default_value=None)
    assert without.missed["range"].tolist() == ["N"]


@pytest.mark.parametrize("late", range(0, 20))
def test_every_delay_by_the_minute_is_replayed_alike(late: int) -> None:
    """Also the one with which an event is first seen in the minute in which its period becomes an older one."""
    frame = rejects(*((137 * at, 60 * late + 5) for at in range(20)))
    for rule in (AlarmRule(300), AlarmRule(300, 2, 2, 1, treat_missing_data="ignore")):
        found = backtest(frame, rule)
        start, end = (round(moment.timestamp() * 1000) for moment in (found.window.start, found.window.end))
        events: list[plain.Event] = [
            (at, arrived, 1.0, True)
            for at, arrived in zip(millis(frame["@timestamp"]), millis(frame["@ingestionTime"]), strict=True)
        ]
        for run, extra in zip(found.runs, (0, 8), strict=True):
            second = plain.replay(events, rule, extra, start, end)
            assert changes(found, run.reach) == second.changes
            assert set(np.flatnonzero(run.missed).tolist()) == second.missed


def test_a_reject_that_is_judged_once_is_not_missed() -> None:
    """Seen at 12:06:42.8 only, in the period before the newest; a minute later a newer datapoint is judged instead."""
    found = backtest(rejects((30, 320), (330, 90)), AlarmRule(300))
    assert found.missed[["range"]].values.tolist() == [["N"]]
    assert found.missed.index.tolist() == [0]


def test_a_run_counts_where_it_is_evaluated() -> None:
    """The run of 12:10 is judged at 12:10:30, so it is not of a window that ends at 12:10:20."""
    frame = rejects((400, 5))
    for seconds, states in ((620, ["OK"]), (631, ["OK", "ALARM"])):
        window = Window(START + timedelta(seconds=1), START + timedelta(seconds=seconds))
        assert backtest(frame, LogAlarmRule(), window=window).states["state"].tolist() == states


def test_the_metric_is_of_the_events_own_minutes() -> None:
    """Sum counts the rejects of a minute, SampleCount the lines, whenever they came."""
    frame = pd.concat([rejects((0, 300), (59, 5)), rejects((30, 5), (60, 5), action="ACCEPT")], ignore_index=True)
    metric = backtest(frame, AlarmRule()).metric
    assert metric[["Sum", "SampleCount"]].values.tolist() == [[2, 2 + 1], [0, 1]]
    assert metric["minute"].tolist() == [pd.Timestamp(START), pd.Timestamp(START) + pd.Timedelta("1m")]
    assert metric.loc[0, "last"] - metric.loc[0, "first"] == pd.Timedelta(seconds=265)


def test_where_arrival_is_unknown_the_answer_says_so() -> None:
    """The typical delay of AWS's page from the record's end, in words; the user's own; each event's own."""
    frame = rejects((10, 60), end=[1793534450])
    unknown = backtest(frame.drop(columns="@ingestionTime"), AlarmRule())
    assert unknown.events.arrived.tolist() == [1793534450_000 + 300_000]
    assert (
        "When the events arrived is not known: each is taken to arrive 300 s after the record's end, which AWS calls "
        "typical. Give delay=, or events with @ingestionTime."
    ) in unknown.summary().splitlines()
    given = backtest(frame, AlarmRule(), delay=60)
    assert given.events.arrived.tolist() == [1793534450_000 + 60_000]
    assert "Each event is taken to arrive 60 s after the record's end, as asked." in given.summary()
    own = backtest(frame, AlarmRule())
    assert own.events.arrived.tolist() == [NOON + 70_000]
    assert "Each event arrives at its own @ingestionTime." in own.summary()


def test_some_arrivals_are_known() -> None:
    """The others take the typical delay, and the answer counts them."""
    frame = rejects((10, 60), (20, 60))
    frame.loc[1, "@ingestionTime"] = pd.NaT
    found = backtest(frame, AlarmRule())
    assert found.events.arrived.tolist() == [NOON + 70_000, NOON + 320_000]
    assert "When 1 of 2 events arrived is not known: each is taken to arrive 300 s after its @timestamp" in str(found)


def test_a_delay_like_that_of_other_events() -> None:
    """Its delays are those measured, records of one interface and end arrive together, and the seed decides."""
    other = rejects(*((60 * at, 60 + at) for at in range(300)))
    model = Delay.like(other)
    assert str(model) == "210 s after its @timestamp (median; 10 % within 90 s, 90 % within 329 s)"
    frame = rejects(*((7 * at // 2 * 2, 0) for at in range(500)), interfaceId="eni-1").drop(columns="@ingestionTime")
    arrived = model.arrivals(frame) - np.asarray(millis(frame["@timestamp"]))
    assert 60_000 <= arrived.min() < 90_000
    assert 329_000 < arrived.max() <= 359_000
    assert model.arrivals(frame).tolist() == model.arrivals(frame).tolist()
    assert Delay.like(other, seed=1).arrivals(frame).tolist() != model.arrivals(frame).tolist()
    together = pd.DataFrame({"arrived": arrived, "at": frame["@timestamp"]}).groupby("at")["arrived"].nunique()
    assert together.max() == 1


def test_a_delay_from_the_end_needs_an_end() -> None:
    """The three ways in which a delay cannot be counted."""
    frame = rejects((10, 60))
    with pytest.raises(ArgumentError, match="counts from the record's end, and the events have no column 'end'"):
        backtest(frame, AlarmRule(), delay=Delay.constant(60, after="end"))
    with pytest.raises(ArgumentError, match="no event has both @ingestionTime and @timestamp"):
        Delay.like(frame.iloc[:0])
    with pytest.raises(ArgumentError, match="finite seconds"):
        Delay.constant(float("nan"))


def test_records_and_lines_are_matched_alike() -> None:
    """Records are spelled in the format for a pattern; without one their action decides, as the recipe's does."""
    made = scenario(hours=1)
    frame = made.records()
    lines = frame[["@timestamp", "end"]].assign(**{"@message": made.lines()})
    pattern = Choices(ports=(22, 5432)).pattern(LogFormat.default())
    rule = AlarmRule(300, 3)
    by_records, by_lines = (backtest(events, rule, pattern) for events in (frame, lines))
    assert 0 < by_records.events.hits.sum() < len(frame)
    assert by_records.events.hits.tolist() == by_lines.events.hits.tolist()
    assert by_records.states.equals(by_lines.states)
    assert backtest(lines, rule).events.hits.tolist() == frame["action"].eq("REJECT").tolist()
    assert backtest(frame, rule, "").events.hits.all()


def test_a_pattern_needs_the_columns_it_is_compared_with() -> None:
    """Records without them name what is missing."""
    with pytest.raises(ArgumentError) as error:
        backtest(rejects((1, 1)), AlarmRule(), PATTERN, log_format=LogFormat.parse("${srcaddr} ${dstport} ${action}"))
    assert str(error.value) == (
        "a pattern is compared with lines, and the events have no @message and no srcAddr, no dstPort; give "
        "log_format= with fields that they have, as the pattern names them"
    )


def test_the_summary_tells_what_hangs_on_the_range() -> None:
    """What was replayed, on what, how arrival is known, and what came of it over both ends of the span."""
    found = backtest(rejects((10, 60), (600, 300)), AlarmRule())
    assert found.summary() == str(found)
    assert found.summary().splitlines() == [
        "Sum of 60 s > 0, 1 of 1, missing data: notBreaching: 18 evaluations from 2026-11-01 12:00 to 2026-11-01 12:18 "
        "UTC.",
        "2 events, of which 2 match (action REJECT).",
        "Each event arrives at its own @ingestionTime.",
        "Every event matches. Where the log has other lines, give these too: the filter's default value makes "
        "datapoints of them, which end an alarm sooner and push late rejects out of what is judged.",
        "Over N periods: 1 page, in ALARM 5.6% of the time, 1 of 2 rejects never judged (50.0%).",
        "Over N+8 periods: 2 pages, in ALARM 66.7% of the time, 0 of 2 rejects never judged (0.0%).",
        "AWS does not document how many periods an evaluation looks at: between N and N+8 the state differs at 11 "
        "evaluations (61.1%), pages by 1, rejects never judged by 1.",
    ]
    assert "Every event matches." not in backtest(rejects((10, 60)), AlarmRule(), default_value=None).summary()
    same = backtest(rejects((10, 60)), AlarmRule(evaluation_periods=60), window=span(60))
    assert same.summary().endswith("looks at; N and N+8 say the same here.")


def test_a_monitor_brings_its_pattern_format_and_notices() -> None:
    """Of a metric filter and of a log alarm, which is the same choice in a schedule."""
    frame = scenario(hours=1).records()
    monitor = Monitor(log_group="g", choices=Choices(ports=(5432,)), rule=AlarmRule(300, 3), notify_ok=True)
    found = backtest(frame, monitor, evaluation=SHORTEST)
    refused = frame["action"].eq("REJECT") & frame["dstPort"].eq(5432)
    assert found.events.hits.tolist() == refused.tolist()
    assert set(found.notifications["state"]) == {"ALARM", "OK"}
    queried = backtest(frame, monitor.changed(design=LOG_ALARM, query_role=ROLE, delay=600))
    assert queried.rule == LogAlarmRule(300, 900, 600, 3, 1, treat_missing_data="notBreaching")
    assert queried.summary().startswith(
        "count each 300 s of 900 to 600 s ago > 0, 1 of 3, missing data: notBreaching: "
    )
    own = monitor.changed(design=LOG_ALARM, query_role=ROLE, query="filter dstPort < 1024")
    with pytest.raises(ArgumentError, match="run the query on a source, give backtest its answer as the events"):
        backtest(frame, own)
    assert backtest(frame, own, "").events.hits.all()


def test_silence_can_be_replayed_in_a_window() -> None:
    """No event gives the state of missing data; without a window nothing says how long."""
    nothing = rejects((0, 0)).iloc[:0]
    found = backtest(nothing, AlarmRule(treat_missing_data="breaching"), window=span(5))
    assert found.states[["range", "state"]].values.tolist() == [["N", "ALARM"], ["N+8", "ALARM"]]
    assert found.notifications["seconds"].tolist() == [42.8 + 60, 42.8 + 60]
    assert found.missed.empty
    with pytest.raises(ArgumentError, match="there is no event; give a window="):
        backtest(nothing, AlarmRule())
    moment = Window(START + timedelta(seconds=43), START + timedelta(seconds=44))
    assert backtest(nothing, AlarmRule(), window=moment).states.empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rule": 60}, "the rule is 60; give an AlarmRule, a LogAlarmRule or a Monitor"),
        ({"evaluation": ()}, "evaluation is empty; give an EvaluationRange, or several"),
        ({"events": pd.DataFrame({"a": [1]})}, "the events have no column '@timestamp'; they have a"),
        (
            {"events": pd.DataFrame({"@timestamp": pd.to_datetime(["2026-11-01"]), "action": "REJECT"})},
            "the times of '@timestamp' have no zone; give one: events['@timestamp'].dt.tz_localize('UTC')",
        ),
        (
            {"events": pd.DataFrame({"@timestamp": [1, None], "action": "REJECT"})},
            "1 of 2 events have no @timestamp; leave them out",
        ),
        (
            {"events": pd.DataFrame({"@timestamp": [1], "value": 1.0}), "pattern": ""},
            "a pattern goes with lines or records; these are datapoints, with a column 'value'",
        ),
        (
            {"events": pd.DataFrame({"@timestamp": [1], "value": 1.0}), "rule": LogAlarmRule()},
            "a log alarm queries a log, and these events are a metric's datapoints",
        ),
    ],
)
def test_what_cannot_be_replayed_is_refused(change: dict[str, Any], message: str) -> None:
    """Each refusal says what it was given and how to mend it."""
    with pytest.raises(ArgumentError) as error:
        backtest(**({"events": rejects((1, 1)), "rule": AlarmRule()} | change))
    assert str(error.value) == message
