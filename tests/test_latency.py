"""latency and lag: each stage is what the scenario drew; the record that fired is the one; what is unknown is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.errors import AccessDeniedError, ArgumentError
from rejectkit.monitoring import PRIVATE, AlarmRule, Choices, LogAlarmRule, Monitor, lag, latency, percentiles, plan
from rejectkit.monitoring.timing import records as latencyrecords
from rejectkit.monitoring.timing.changes import Datapoint, transitions
from rejectkit.monitoring.timing.grids import closing
from rejectkit.monitoring.timing.moments import stamp
from rejectkit.monitoring.timing.notices import in_queue
from rejectkit.monitoring.timing.stages import BOUNDS, MOMENTS, STAGES, seconds
from rejectkit.monitoring.timing.tipping import Tipped, tipping
from rejectkit.sandbox import Delivery, Fault, Limits, Sandbox, Scenario, scenario, start
from rejectkit.sandbox.playing.pipeline import arrivals
from tests.deploying import FAST
from tests.on_sandbox import fill, hurry, store

GROUP = "/vpc/poc/flow-logs"
ROLE = "arn:aws:iam::123456789012:role/queries"
HOURS = 4
RULES: dict[str, dict[str, Any]] = {
    "recipe": {},
    "slow": {"rule": AlarmRule(period=300, evaluation_periods=3, threshold=15)},
    "several": {"rule": AlarmRule(period=60, evaluation_periods=4, datapoints_to_alarm=2, threshold=4)},
    "inside": {"choices": Choices(inside=PRIVATE), "rule": AlarmRule(period=300, evaluation_periods=3)},
    "log": {"design": "log-alarm", "query_role": ROLE, "rule": AlarmRule(period=300, threshold=15), "delay": 300},
}
DELIVERIES = {"constant": Delivery.constant(120), "spread": Delivery(median=200, spread=0.5)}


@dataclass(frozen=True)
class Day:
    """A scenario that was played, with alarms over it."""

    sandbox: Sandbox
    source: rk.InsightsSource
    queue: str
    delivery: Delivery
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def scenario(self) -> Scenario:
        """The traffic."""
        assert self.sandbox.scenario is not None
        return self.sandbox.scenario

    def monitor(self, name: str) -> Monitor:
        """Return one of the monitors."""
        names: dict[str, Any] = {
            key: f"{name}-{key.partition('_')[0]}" for key in ("metric_name", "filter_name", "alarm_name", "topic")
        }
        return Monitor(log_group=GROUP, queues=[self.queue], **names, **RULES[name])

    def frame(self, name: str) -> pd.DataFrame:
        """Return the latency of one, found once."""
        if name not in self.frames:
            self.frames[name] = self.asked(name)
        return self.frames[name]

    def asked(self, name: str, window: rk.Window | None = None, **more: Any) -> pd.DataFrame:
        """Return the latency of one."""
        given = {"source": self.source, "session": self.sandbox.session, **more}
        return latency(self.monitor(name), window=window, budget=hurry(), **given)


@pytest.fixture(scope="module")
def day(request: pytest.FixtureRequest) -> Iterator[Day]:
    """Some hours of the scenario, with an alarm of each kind from the beginning on."""
    delivery = DELIVERIES[request.param]
    with start(scenario(hours=HOURS), delivery=delivery, limits=Limits.unlimited()) as sandbox:
        sqs = sandbox.session.client("sqs")
        url = sqs.create_queue(QueueName="notices")["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        source = rk.InsightsSource(GROUP, sandbox.session, budget=hurry(), keep=False)
        made = Day(sandbox, source, queue, delivery)
        for name in RULES:
            plan(made.monitor(name), sandbox.session, **FAST).apply(sleep=lambda _: None)
        sandbox.advance(3600 * HOURS + 1200)
        yield made


@pytest.fixture(scope="module")
def empty() -> Iterator[Sandbox]:
    """An account with nothing in it, without rates."""
    with start(scenario=None, start=datetime(2026, 11, 1, 12, tzinfo=UTC), limits=Limits.unlimited()) as made:
        yield made


both = pytest.mark.parametrize("day", DELIVERIES, indirect=True)
once = pytest.mark.parametrize("day", ["spread"], indirect=True)


def millis(moment: pd.Timestamp) -> int:
    """Return a time as milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


def judged(day: Day, name: str) -> dict[int, tuple[int, list[tuple[int, int]], int]]:
    """Return by history time of each change to ALARM: queryDate, spans that breached, and until when they were read."""
    monitor = day.monitor(name)
    cloudwatch = day.sandbox.session.client("cloudwatch")
    found = {}
    for page in cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName=monitor.alarm_name, HistoryItemType="StateUpdate", AlarmTypes=["MetricAlarm", "LogAlarm"]
    ):
        for item in page["AlarmHistoryItems"]:
            new = json.loads(item["HistoryData"])["newState"]
            if new["stateValue"] != "ALARM":
                continue
            data = new["stateReasonData"]

            def at(text: str) -> int:
                return round(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)

            seen = asked = at(data["queryDate"])
            if name == "log":
                seen = at(data["results"][0]["timestamp"])
                spans = [(seen - 600_000, seen - 300_000)]
            else:
                points = [
                    at(one["timestamp"])
                    for one in data["evaluatedDatapoints"]
                    if one.get("value", 0) > data["threshold"]
                ]
                spans = [(one, one + 1000 * data["period"]) for one in points]
            found[millis(item["Timestamp"])] = (asked, spans, seen)
    return found


def is_private(text: object) -> bool:
    """Tell whether a record's address is in a private network."""
    return any(ip_address(str(text)) in ip_network(one) for one in PRIVATE if ":" not in str(text) and ":" not in one)


def tipped(stamps: list[int], spans: list[tuple[int, int]], rule: AlarmRule) -> int:
    """Return which of some records, in the order of their arrival, makes M spans have more than the threshold."""
    counts = dict.fromkeys(spans, 0)
    for place, at in enumerate(stamps):
        for low, high in spans:
            counts[low, high] += low <= at < high
        if sum(count > rule.threshold for count in counts.values()) >= rule.datapoints_to_alarm:
            return place
    raise AssertionError("the records do not fulfil the rule")


@both
@pytest.mark.parametrize("name", RULES)
def test_each_stage_is_what_the_scenario_drew(day: Day, name: str) -> None:
    """For each ALARM the record that fired is the first to arrive; its stages are the scenario's, to the second."""
    frame, played = day.frame(name), day.scenario
    records, arrived, closes = played.records(), arrivals(played, day.delivery), played.closes
    matches = (records["action"] == "REJECT").to_numpy()
    if name == "inside":
        private = [not pd.isna(one) and is_private(one) for one in records["srcAddr"]]
        matches = matches & np.array(private)
    stamps, wanted = 1000 * played.starts, judged(day, name)
    alarms = frame[frame["state"] == "ALARM"]
    assert len(alarms) == len(wanted) > 0
    for row in alarms.to_dict("records"):
        asked, spans, seen = wanted[millis(row["at"])]
        inside = np.any([(stamps >= low) & (stamps < high) for low, high in spans], axis=0)
        spoke = np.flatnonzero(matches & inside & (arrived <= seen))
        ordered = sorted(spoke.tolist(), key=lambda one: (arrived[one], stamps[one], one))
        first = tipped([int(stamps[one]) for one in ordered], spans, RULES[name].get("rule", AlarmRule()))
        first = ordered[first]
        (end,) = (high for low, high in spans if low <= stamps[first] < high)
        there = max(int(arrived[first]), seen if name == "log" else end)
        assert (row["interfaceId"], millis(row["firstPacket"])) == (played.interfaces[first], stamps[first])
        assert row["records"] == len(spoke)
        assert millis(row["began"]) == stamps[spoke].min()
        assert (millis(row["ingested"]), millis(row["datapoint"])) == (arrived[first], there)
        assert row["aggregation"] + row["delivery"] == pytest.approx((arrived[first] - stamps[first]) / 1000)
        assert row["waiting"] == pytest.approx((there - arrived[first]) / 1000)
        assert row["evaluation"] == pytest.approx((asked - there) / 1000)
        assert row["total"] == pytest.approx((millis(row["noticed"]) - stamps[first]) / 1000)
        if row["closedBy"] == "interval":
            assert row["aggregation"] == closes[first] - played.starts[first]
            assert row["delivery"] == pytest.approx(arrived[first] / 1000 - closes[first])
        else:
            assert (row["closedBy"], millis(row["closed"])) == ("end", 1000 * records["end"].iloc[first])
    assert (alarms["closedBy"] == "interval").mean() >= 0.5
    assert alarms[list(MOMENTS)].notna().all(axis=None)


@both
@pytest.mark.parametrize("name", RULES)
def test_stages_sum_to_the_whole_of_every_change(day: Day, name: str) -> None:
    """The whole is the sum of the stages, and the time from the first known moment to the last, for every change."""
    frame = day.frame(name)
    assert set(frame["state"]) >= {"ALARM", "OK"}
    for _, row in frame.iterrows():
        known = row[list(MOMENTS)].dropna()
        assert row["total"] == pytest.approx(row[list(STAGES)].sum())
        assert row["total"] == pytest.approx((known.iloc[-1] - known.iloc[0]).total_seconds())
    rest = frame[frame["state"] != "ALARM"]
    assert rest[["firstPacket", "closed", "ingested", "datapoint", "records"]].isna().all(axis=None)
    assert (rest["stateChange"].round(3) == 0.002).all()


@once
def test_a_window_takes_the_changes_in_it(day: Day) -> None:
    """Of a part of the history the rows are those of the whole; the end of the window is not inside."""
    whole = day.frame("recipe")
    window = rk.Window(whole["at"].iloc[3].to_pydatetime(), whole["at"].iloc[9].to_pydatetime())
    part = day.asked("recipe", window)
    stages = ["at", "previous", "state", *MOMENTS[:-1]]
    pd.testing.assert_frame_equal(part[stages], whole[stages].iloc[3:9].reset_index(drop=True))


@once
def test_a_queue_tells_when_notices_came_and_loses_none(day: Day) -> None:
    """Every action's notice is found in the queue, which holds as many messages as before."""
    sqs = day.sandbox.session.client("sqs")
    url = sqs.get_queue_url(QueueName="notices")["QueueUrl"]

    def messages() -> int:
        asked = ["ApproximateNumberOfMessages"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
        return int(told["ApproximateNumberOfMessages"])

    before, frame = messages(), day.asked("several", queue=day.queue)
    alarms = frame[frame["state"] == "ALARM"]
    assert messages() == before >= len(alarms)
    assert alarms["noticed"].notna().all()
    assert (alarms["notice"] == 0).all()
    assert frame.attrs["told"][-1] == (
        f"Notices of {len(alarms)} of {len(alarms)} actions are timed by the queue notices: when it got them, or SNS "
        "sent them; none was deleted."
    )


@once
def test_a_queue_with_a_dead_letter_queue_is_not_read(day: Day) -> None:
    """Receiving could move its messages there; notices are timed by the metric then."""
    sqs = day.sandbox.session.client("sqs")
    redrive = json.dumps({"deadLetterTargetArn": day.queue, "maxReceiveCount": "1"})
    url = sqs.create_queue(QueueName="careful", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    frame = day.asked("inside", queue=url)
    assert frame.attrs["told"][-2].startswith("The queue careful has a dead-letter queue")
    assert frame.attrs["told"][-1].startswith("Notices are timed by the topic's metric")
    assert frame.loc[frame["state"] == "ALARM", "noticed"].notna().all()


@once
def test_what_may_not_be_read_is_said(day: Day) -> None:
    """Without logs and metrics the history's moments are there; without the history there is nothing to say."""
    allow = {"Effect": "Allow", "Action": "cloudwatch:DescribeAlarmHistory", "Resource": "*"}
    session = day.sandbox.session_for({"Version": "2012-10-17", "Statement": [allow]})
    source = rk.InsightsSource(GROUP, session, budget=hurry(), keep=False)
    frame = day.asked("several", source=source, session=session)
    whole = day.frame("several")
    kept = ["at", "state", "evaluated", "changed", "acted", "stateChange", "action"]
    pd.testing.assert_frame_equal(frame[kept], whole[kept])
    assert frame[["firstPacket", "closed", "ingested", "datapoint", "noticed"]].isna().all(axis=None)
    told = frame.attrs["told"]
    alarms = (whole["state"] == "ALARM").sum()
    assert told[0] == "cloudwatch:DescribeAlarms is not permitted: the alarm's rule is taken to be the monitor's."
    assert told[1].startswith(
        f"Of {alarms} changes to ALARM no record is told: the records behind it could not be read"
    )
    assert told[2] == "cloudwatch:GetMetricData is not permitted, so when notices were sent is not known."
    deny = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    with pytest.raises(AccessDeniedError, match="DescribeAlarmHistory"):
        day.asked("several", session=day.sandbox.session_for({"Version": "2012-10-17", "Statement": [deny]}, "logs"))


@once
def test_an_interval_query_that_fails_leaves_the_last_packet(day: Day) -> None:
    """What is known without it is told all the same, and the record's end stands for the interval's."""
    expected = day.frame("inside")  # by now the source has asked what it asks once
    day.sandbox.faults.add(Fault("StartQuery", code="AccessDeniedException", times=2, after=1))
    try:
        frame = day.asked("inside")
    finally:
        day.sandbox.faults.clear()
    (alarm,) = frame[frame["state"] == "ALARM"].to_dict("records")
    (whole,) = expected.query("state == 'ALARM'").to_dict("records")
    assert (alarm["closedBy"], alarm["ingested"], alarm["total"]) == ("end", whole["ingested"], whole["total"])
    assert alarm["aggregation"] < whole["aggregation"]
    assert any(one.startswith("Not all records that tell aggregation intervals") for one in frame.attrs["told"])


@once
def test_lag_is_that_of_all_records(day: Day) -> None:
    """Each period's count and longest lag are those of the scenario's records that begin in it, to the millisecond."""
    played = day.scenario
    ends = played.records()["end"].to_numpy(dtype=np.int64)
    plain = pd.DataFrame(
        {"t": played.starts // 1800 * 1800, "late": arrivals(played, day.delivery) / 1000 - ends}
    ).groupby("t")["late"]
    found = lag(day.source, played.window, "30m")
    assert found.columns.tolist() == ["t", "records", "median", "p90", "p99", "longest"]
    assert [millis(one) // 1000 for one in found["t"]] == list(plain.groups)
    assert found["records"].tolist() == plain.count().tolist()
    assert found["longest"].tolist() == pytest.approx(plain.max().tolist())
    for name, share in (("median", 0.5), ("p90", 0.9), ("p99", 0.99)):
        low, high = plain.quantile(share, interpolation="lower"), plain.quantile(share, interpolation="higher")
        assert ((found[name] >= low.to_numpy() - 0.001) & (found[name] <= high.to_numpy() + 0.001)).all()
    assert found.attrs["told"] == ("Lag counts from the record's end, to @ingestionTime.",)


@once
def test_lag_of_too_many_periods_is_refused(day: Day) -> None:
    """A window of more periods than an answer has rows is an error that says so."""
    window = rk.Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(ArgumentError, match="the window has 44,640 periods of 1m"):
        lag(day.source, window, "1m")


@once
def test_a_pattern_of_ones_own_is_compared_with_the_lines(day: Day) -> None:
    """The recipe's, given as a text, says the same as the choices it is made of."""
    monitor = day.monitor("several")
    own = monitor.changed(pattern=monitor.pattern.text)
    assert own.choices is None
    frame = latency(own, day.source, day.sandbox.session, budget=hurry())
    pd.testing.assert_frame_equal(frame, day.frame("several"))


@once
def test_without_an_end_the_total_counts_from_the_arrival(day: Day) -> None:
    """A log format without `end` leaves aggregation and delivery open, which is said; the record is known all the same."""
    played = day.scenario
    names = ("interface-id", "srcaddr", "dstaddr", "dstport", "protocol", "start", "action", "log-status")
    short = rk.LogFormat(names)
    group = fill(day.sandbox, [], [], names)
    whole = day.frame("several")
    arrived = arrivals(played, day.delivery)
    order = np.argsort(arrived, kind="stable")
    lines, stamps = played.lines(short), 1000 * played.starts
    taken = [lines[at] for at in order.tolist()], arrived[order].tolist()
    store(day.sandbox).put(group, "eni-1-all", stamps[order].tolist(), *taken)
    source = rk.InsightsSource(group, day.sandbox.session, short, budget=hurry(), keep=False)
    frame = day.asked("several", source=source)
    known = ["firstPacket", "ingested", "datapoint", "interfaceId", "waiting", "evaluation", "records", "began"]
    pd.testing.assert_frame_equal(frame[known], whole[known])
    assert frame[["closed", "aggregation", "delivery", "closedBy"]].isna().all(axis=None)
    rest = whole["total"] - whole["aggregation"].fillna(0) - whole["delivery"].fillna(0)
    assert frame["total"].tolist() == pytest.approx(rest.tolist())
    assert "records have no end" in frame.attrs["told"][0]


@once
def test_a_log_group_that_is_gone_is_said(day: Day) -> None:
    """The source cannot even tell its fields; the history's moments are there."""
    source = rk.InsightsSource("/no/such/group", day.sandbox.session, budget=hurry())
    frame = day.asked("slow", source=source)
    assert frame["evaluated"].notna().all()
    assert "the records behind it could not be read: " in frame.attrs["told"][0]
    assert "/no/such/group" in frame.attrs["told"][0]


@pytest.mark.parametrize(
    ("monitor", "statistics", "expected"),
    [
        ({}, {"Sum"}, ('fields @timestamp, @ingestionTime, start\n| filter action = "REJECT"', False)),
        ({}, {"Average"}, ("fields @timestamp, @ingestionTime, start, @message", True)),
        ({"pattern": "REJECT"}, {"Sum"}, ("fields @timestamp, @ingestionTime, start, @message", True)),
        (
            {**RULES["log"], "query": "filter dstPort = 22"},
            {""},
            ("filter dstPort = 22\n| fields @timestamp, @ingestionTime, start", False),
        ),
    ],
)
def test_records_are_asked_for_as_they_are_counted(
    monitor: dict[str, Any], statistics: set[str], expected: tuple[str, bool]
) -> None:
    """By the choices where what does not match is no matter; else every line, for the pattern; a query by itself."""
    query, compares = expected
    asked = latencyrecords.asked(Monitor(log_group="g", **monitor), ["start"], statistics)
    assert asked == (f"{query}\n| sort @timestamp asc", compares)


@pytest.mark.parametrize("query", ["stats count(*) by srcAddr", "limit 3", "fields ("])
def test_a_query_that_returns_no_records_is_not_asked(query: str) -> None:
    """Which record fired is not known then."""
    monitor = Monitor(log_group="g", **{**RULES["log"], "query": "filter dstPort = 22"})
    object.__setattr__(monitor, "query", query)
    assert latencyrecords.asked(monitor, ["start"], {""}) is None


# an account of one's own


def set_state(sandbox: Sandbox, state: str, **more: Any) -> None:
    """Set the state of the alarm `by-hand`."""
    asked = {"AlarmName": "by-hand", "StateValue": state, "StateReason": "testing", **more}
    sandbox.session.client("cloudwatch").set_alarm_state(**asked)


def test_a_state_that_somebody_set_begins_with_the_change(empty: Sandbox) -> None:
    """SetAlarmState has no queryDate: nothing is known before the change, and that is said."""
    rule = AlarmRule(treat_missing_data="ignore")
    monitor = Monitor(
        log_group="/by/hand", create_log_group=True, alarm_name="by-hand", filter_name="by-hand", rule=rule
    )
    plan(monitor, empty.session, **FAST).apply(sleep=lambda _: None)
    set_state(empty, "ALARM")
    empty.advance(1)
    set_state(empty, "OK", StateReasonData='{"queryDate":"no time"}')
    source = rk.InsightsSource("/by/hand", empty.session, monitor.log_format, budget=hurry())
    frame = latency(monitor, source, empty.session, budget=hurry())
    assert frame["state"].tolist() == ["ALARM", "OK"]
    assert frame["previous"].tolist() == ["INSUFFICIENT_DATA", "ALARM"]
    assert frame["changed"].notna().all()
    assert frame["acted"].notna().tolist() == [True, False]
    assert frame[list(STAGES[:-2])].isna().all(axis=None)
    assert frame["total"].isna().tolist() == [False, True]
    told = " ".join(frame.attrs["told"])
    assert "Of 1 change to ALARM no record is told: the history has no queryDate of it" in told
    assert "Of 2 changes the history has no queryDate" in told


def test_an_alarm_that_is_gone_is_said(empty: Sandbox) -> None:
    """Its history is read all the same; one there never was has an empty frame, with the same columns and types."""
    source = rk.InsightsSource("/by/hand", empty.session, rk.LogFormat.default(), budget=hurry())
    cloudwatch = empty.session.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="gone", Namespace="n", MetricName="m", **AlarmRule(treat_missing_data="ignore").as_put_metric_alarm()
    )
    cloudwatch.set_alarm_state(AlarmName="gone", StateValue="ALARM", StateReason="testing")
    cloudwatch.delete_alarms(AlarmNames=["gone"])
    frame = latency(Monitor(log_group="/by/hand", alarm_name="gone"), source, empty.session, budget=hurry())
    assert frame["state"].tolist() == ["ALARM"]
    assert "The alarm gone is gone: its rule is taken to have been the monitor's." in frame.attrs["told"]
    window = rk.Window(empty.clock.now() - timedelta(days=40), empty.clock.now())
    never = latency(Monitor(log_group="g", alarm_name="never"), source, empty.session, window, budget=hurry())
    assert never.attrs["told"][0].startswith("There is no alarm never in eu-west-1, and no change of state of one")
    assert never.attrs["told"][1].startswith("CloudWatch keeps an alarm's history for 30 days")
    assert len(never) == 0
    assert never.dtypes.equals(frame.dtypes)


@once
def test_records_that_are_gone_are_said(day: Day) -> None:
    """Where the source has none of the records, each ALARM is told with the moments from its evaluation on."""
    name = fill(day.sandbox, [], [], rk.LogFormat.default().fields)
    source = rk.InsightsSource(name, day.sandbox.session, rk.LogFormat.default(), budget=hurry(), keep=False)
    frame = day.asked("slow", source=source)
    alarms = frame[frame["state"] == "ALARM"]
    assert alarms["firstPacket"].isna().all()
    assert alarms["total"].tolist() == pytest.approx([0.002] * len(alarms))
    assert frame.attrs["told"][0] == (
        f"Of {len(alarms)} changes to ALARM no record is told: the source has no record of its datapoints that tells "
        "when it arrived: they may have expired, the source may be of another log group, or tell no @ingestionTime."
    )


# the record that fired


def point(start: int, end: int, judged: int = 10_000) -> Datapoint:
    """Return a datapoint of some milliseconds."""
    return Datapoint(start, end, end, judged, 1.0)


def found(
    points: list[Datapoint],
    needed: int,
    records: list[tuple[int, int, bool]],
    threshold: float = 0.0,
    stat: str = "Sum",
) -> Tipped | None:
    """Return what tips among records (time, arrival, whether it matches)."""
    times, arrived, matches = (np.array([one[at] for one in records]) for at in range(3))
    return tipping(points, needed, stat, lambda values: values > threshold, times, arrived, matches.astype(bool))


def test_the_record_that_passes_the_threshold_tips() -> None:
    """In the order of arrival, not of time; what does not match, is in no datapoint or came too late does not count."""
    records = [(10, 500, True), (11, 300, True), (12, 200, False), (13, 9, True), (5, 1, True), (14, 20_000, True)]
    tipped = found([point(10, 20)], 1, records, threshold=1.0)
    assert tipped is not None
    assert (tipped.record, sorted(tipped.spoke.tolist())) == (1, [0, 1, 3])
    assert found([point(10, 20)], 1, records, threshold=3.0) is None


def test_m_of_n_tips_with_the_mth_datapoint() -> None:
    """Two of three: the record with which a second datapoint breaches; its datapoint is the one it lies in."""
    points = [point(20, 30), point(10, 20), point(0, 10)]
    tipped = found(points, 2, [(1, 90, True), (12, 50, True), (13, 60, True), (25, 70, True)])
    assert tipped is not None
    assert (tipped.record, tipped.datapoint.start, len(tipped.spoke)) == (3, 20, 4)
    assert found(points, 4, [(1, 90, True), (12, 50, True), (25, 70, True)]) is None


def test_of_those_that_arrive_together_the_earlier_counts_first() -> None:
    """Then the one given first."""
    records = [(13, 50, True), (12, 50, True), (12, 50, True)]
    for threshold, record in ((0.0, 1), (1.0, 2), (2.0, 0)):
        tipped = found([point(10, 20)], 1, records, threshold)
        assert tipped is not None
        assert tipped.record == record


def test_an_average_tips_where_it_stays_over_the_threshold() -> None:
    """A record that does not match brings it down again, so a later one fired."""
    records = [(10, 1, True), (11, 2, False), (12, 3, False), (13, 4, True), (14, 5, True)]
    tipped = found([point(10, 20)], 1, records, 0.5, "Average")
    assert tipped is not None
    assert tipped.record == 4


def test_tipping_is_that_of_a_plain_search() -> None:
    """Over random records: the first in order of arrival from which on M sums are over the threshold."""
    draw = np.random.default_rng(7)
    for _ in range(200):
        number, needed, threshold = int(draw.integers(0, 30)), int(draw.integers(1, 4)), int(draw.integers(0, 4))
        times, arrived = draw.integers(0, 40, number), draw.integers(0, 60, number)
        matches, read = draw.random(number) < 0.7, int(draw.integers(20, 60))
        points = [point(10 * at, 10 * at + 10, read) for at in range(4)]
        order = sorted(range(number), key=lambda one: (arrived[one], times[one], one))
        expected, counts = None, [0, 0, 0, 0]
        for one in order:
            counts[times[one] // 10] += bool(matches[one]) and arrived[one] <= read
            if expected is None and sum(count > threshold for count in counts) >= needed:
                expected = one
        tipped = found(points, needed, list(zip(times, arrived, matches, strict=True)), threshold) if number else None
        assert (None if tipped is None else tipped.record) == expected


# the interval that it was in


def grid(*pairs: tuple[int, int], end: int | None = None) -> int | None:
    """Return when the interval closed of the first record, of records as (first, last packet)."""
    starts, ends = (np.array([one[at] for one in pairs], dtype=np.int64) for at in (0, 1))
    return closing(pairs[0][1] if end is None else end, starts, ends)


@pytest.mark.parametrize(
    ("pairs", "closed"),
    [
        pytest.param([(1000, 1010), (1020, 1079)], 1020, id="a whole interval, as of NODATA"),
        pytest.param([(1000, 1010), (1020, 1050), (1049, 1078)], None, id="two borders fit"),
        pytest.param([(1000, 1010), (1020, 1050), (1108, 1139)], 1020, id="one record begins it, another ends it"),
        pytest.param([(1000, 1010), (1025, 1050)], None, id="several borders fit"),
        pytest.param([(1000, 1010), (1020, 1080)], 1020, id="sixty seconds: an end may lie on the border"),
        pytest.param([(1079, 1080), (1020, 1080)], 1080, id="and does here"),
        pytest.param([(1000, 1010), (1300, 1899)], 1300, id="ten minutes"),
        pytest.param([(1000, 1010), (1300, 1899), (1500, 2000)], None, id="none fits"),
        pytest.param([(1000, 1010), (1300, 2100)], None, id="longer than any interval"),
        pytest.param([(1000, 1000)], None, id="one packet tells nothing"),
    ],
)
def test_a_grid_is_pinned_to_the_second_or_not_at_all(pairs: list[tuple[int, int]], closed: int | None) -> None:
    """The one border that all records fit, of 60 s or else of 600 s; where none or several do, nothing is said."""
    assert grid(*pairs) == closed


def test_short_records_alone_pin_nothing() -> None:
    """Records that leave one second free by chance are no evidence while none is half an interval long."""
    assert grid((1000, 1020), (1020, 1040), (1040, 1059)) is None
    assert grid((1000, 1059)) == 1060


# what a history says


def item(kind: str, at: datetime, data: object, summary: str = "") -> dict[str, Any]:
    """Return an item of a history."""
    text = data if isinstance(data, str) else json.dumps(data)
    return {"HistoryItemType": kind, "Timestamp": at, "HistoryData": text, "HistorySummary": summary}


AT = datetime(2026, 11, 1, 12, 5, tzinfo=UTC)
UPDATE = "Alarm updated from OK to ALARM"


def change(reason_data: object, at: datetime = AT) -> dict[str, Any]:
    """Return the item of a change to ALARM."""
    new = {"stateValue": "ALARM", "stateReasonData": reason_data}
    return item("StateUpdate", at, {"oldState": {"stateValue": "OK"}, "newState": new}, UPDATE)


def test_actions_go_to_the_change_they_name() -> None:
    """The topic's counts where there are several; a failure counts where nothing else ran; a stray one is left out."""
    second = AT + timedelta(minutes=1)

    def did(at: datetime, changed: datetime, target: str, **more: Any) -> dict[str, Any]:
        data = {"stateUpdateTimestamp": round(changed.timestamp() * 1000) - 2, "notificationResource": target, **more}
        return item("Action", at, {"actionState": "Succeeded", **data})

    topic = "arn:aws:sns:eu-west-1:123456789012:pages"
    late = AT + timedelta(seconds=90)
    items = [
        did(late, AT, topic),
        change({}, second),
        did(AT, AT, "arn:aws:lambda:eu-west-1:123456789012:function:f"),
        did(second, second, topic, actionState="Failed", error="no such topic"),
        did(second, AT - timedelta(hours=1), topic),
        change({}),
    ]
    first, other = transitions(items, AlarmRule(), "pages")
    assert (first.acted, other.acted, other.failed) == (round(late.timestamp() * 1000), None, "no such topic")
    assert transitions(items, AlarmRule(), "elsewhere")[0].acted == round(AT.timestamp() * 1000)


def test_an_older_history_has_recent_datapoints_only() -> None:
    """Those of the newest N that breach are taken, from startDate on; period and threshold are the history's."""
    data = {
        "queryDate": stamp(AT),
        "startDate": stamp(AT - timedelta(minutes=20)),
        "period": 300,
        "threshold": 5.0,
        "statistic": "Sum",
        "recentDatapoints": [9.0, 4.0, None, 7.0],
    }
    (one,) = transitions([change(data)], AlarmRule(evaluation_periods=2))
    start = round(AT.timestamp() * 1000) - 300_000
    assert one.datapoints == (Datapoint(start, start + 300_000, start + 300_000, one.evaluated or 0, 7.0),)
    assert (one.threshold, one.statistic) == (5.0, "Sum")


def test_a_period_that_was_not_over_did_not_make_the_alarm_wait() -> None:
    """Its datapoint was there when it was judged."""
    data = {
        "queryDate": stamp(AT),
        "evaluatedDatapoints": [{"timestamp": stamp(AT - timedelta(minutes=1)), "value": 1}],
    }
    (one,) = transitions([change(data)], AlarmRule(period=300))
    assert [each.made for each in one.datapoints] == [one.evaluated]


def test_the_results_of_a_log_alarm_are_there_at_its_run() -> None:
    """A result counts what its query's window holds, and what had arrived by the run."""
    data = {"queryDate": stamp(AT), "results": [{"timestamp": stamp(AT), "value": 3.0}, {"timestamp": stamp(AT)}]}
    (one,) = transitions([change(data)], LogAlarmRule(interval=300, start_offset=900, end_offset=600))
    run = round(AT.timestamp() * 1000)
    assert one.datapoints == (Datapoint(run - 900_000, run - 600_000, run, run, 3.0),)


@pytest.mark.parametrize("data", ["", "{", "[]", '{"newState": 3}', '{"newState": {"stateReasonData": "x"}}'])
def test_a_history_that_says_nothing_still_has_its_changes(data: str) -> None:
    """The states are those of the summary."""
    (one,) = transitions([item("StateUpdate", AT, data, UPDATE)], AlarmRule())
    assert (one.previous, one.state, one.evaluated, one.datapoints) == ("OK", "ALARM", None, ())


# stages and percentiles


def test_an_unknown_moment_leaves_both_its_stages_open() -> None:
    """The total is the sum of the stages that are known; where none is, it is unknown."""
    row = {name: pd.Timestamp(AT) + pd.Timedelta(at * at, "s") for at, name in enumerate(MOMENTS)}
    frame = pd.DataFrame([row, {**row, "closed": pd.NaT}, dict.fromkeys(row, pd.NaT)]).astype("datetime64[ms, UTC]")
    found = seconds(frame)
    assert found.columns.tolist() == [*STAGES, "total"]
    assert found.iloc[0].tolist() == [1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 49.0]
    assert found.iloc[1].isna().tolist() == [True, True, *[False] * 6]
    assert found["total"].iloc[1] == 45.0
    assert found.iloc[2].isna().all()
    assert list(BOUNDS) == list(STAGES)


def test_percentiles_are_of_the_changes_to_alarm() -> None:
    """Shares add up to the whole; other changes do not count; of a stage that is never known nothing is said."""
    frame = pd.DataFrame({name: [10.0, 20.0, 1000.0] for name in STAGES})
    frame["notice"] = np.nan
    frame["total"], frame["state"] = [60.0, 120.0, 6000.0], ["ALARM", "ALARM", "OK"]
    table = percentiles(frame).set_index("stage")
    assert table["share"].drop(["total"]).sum() == pytest.approx(1.0)
    delivery = table.to_dict("index")["delivery"]
    assert [delivery[name] for name in ("known", "median", "p90", "longest")] == [2, 15.0, 19.0, 20.0]
    assert table.loc["notice", "known"] == 0
    assert table["median"].isna().tolist() == [name == "notice" for name in table.index]
    assert table.loc["total", "median"] == 90.0
    with pytest.raises(ArgumentError, match="the frame has no column 'state'"):
        percentiles(pd.DataFrame())
    with pytest.raises(ArgumentError, match="the frame is a NoneType; give what latency returned"):
        percentiles(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"monitor": "a"}, "the monitor is 'a'; give a Monitor"),
        ({"source": pd.DataFrame()}, "the source is a DataFrame; give a Source, for example an InsightsSource"),
        ({"window": "24h"}, "window is '24h'; give a Window"),
    ],
)
def test_parts_that_are_none_are_refused(change: dict[str, Any], message: str) -> None:
    """Before anything is asked: each refusal says which part it is."""
    whole: dict[str, Any] = {"monitor": Monitor(log_group="g"), "source": rk.FileSource("data"), "session": None}
    with pytest.raises(ArgumentError, match=message):
        latency(**(whole | change))
    with pytest.raises(ArgumentError, match="window is '24h'"):
        lag(rk.FileSource("data"), "24h")  # type: ignore[arg-type]


def test_an_arn_of_a_queue_is_whole() -> None:
    """Part of one is refused with the whole form."""
    with pytest.raises(ArgumentError, match="give its URL, or its ARN: arn:aws:sqs:eu-west-1:123456789012:name"):
        in_queue(None, "arn:aws:sqs", "a", ())  # type: ignore[arg-type]
