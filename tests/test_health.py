"""health: a healthy alert has no finding, and each fault of its wiring is found by just the finding that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import rejectkit as rk
from rejectkit.monitoring import AlarmRule, Choices, Monitor, iam_policy
from rejectkit.monitoring.deploying.deploy import plan
from rejectkit.monitoring.wiring.checkup import health
from rejectkit.records import LogFormat
from rejectkit.sandbox import Limits, start
from tests.deploying import budget
from tests.flowlog_lab import GROUP, LINE
from tests.health_bench import (
    CUSTOM,
    CUSTOM_LINE,
    NAME,
    RULE,
    TOPIC,
    Bench,
    bench,
    call,
    healthy_monitor,
    lines_of,
    only,
    run,
)
from tests.health_expected import EXPECTED, RECIPE
from tests.health_faults import FAULTS, ON_CUSTOM

ON_CUSTOM_FORMAT: dict[str, Any] = {
    "flow_log": {"LogFormat": str(CUSTOM)},
    "line": CUSTOM_LINE,
    "log_format": CUSTOM,
}
# Whose mends are run by the AWS CLI in a shell, one of each kind of call; those of the others by boto3.
IN_A_SHELL = {
    *("filter_on_another_group", "dimensions", "alarm_deleted", "actions_disabled", "policy_denies"),
    *("encrypted_by_aws", "encrypted_for_others", "nobody_subscribed", "queue_deleted", "filter_policy"),
}


@pytest.fixture
def healthy() -> Iterator[Bench]:
    """An alert that works."""
    with bench() as made:
        yield made


def test_a_healthy_alert_has_no_finding(healthy: Bench) -> None:
    """Flow log, filter, alarm and a queue, records coming: nothing is said, an hour later neither."""
    assert healthy.findings() == []
    for _ in range(6):
        healthy.advance("10m")
    assert healthy.findings() == []


def test_every_fault_has_its_expectation() -> None:
    """Every fault that can be planted is expected."""
    assert set(EXPECTED) == {*FAULTS, *ON_CUSTOM}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_fault_is_found_and_mended(name: str) -> None:
    """One fault is one finding, the one that is meant; what the lines of its mend say makes all well again."""
    severity, sentence, mending = EXPECTED[name]
    plant, given = (FAULTS[name], {}) if name in FAULTS else (ON_CUSTOM[name], ON_CUSTOM_FORMAT)
    with bench(**given) as made:
        assert made.findings() == []
        plant(made)
        found = only(made.findings())
        assert found.sentence == sentence.format(flow_log=made.flow_log, vpc=made.lab.vpc)
        assert found.severity == severity
        lines = lines_of(found)
        assert lines
        for line in lines[:mending]:
            (run if name in IN_A_SHELL else call)(made, line)
        if mending:
            assert made.findings() == []


@pytest.mark.parametrize("name", ["log_group_deleted", "topic_deleted", "alarm_of_another_kind"])
def test_what_is_gone_is_made_again_by_apply(healthy: Bench, name: str) -> None:
    """Where the mend says so, its line and a plan that is applied make all well again."""
    FAULTS[name](healthy)
    found = only(healthy.findings())
    assert "apply" in (found.mend or "")
    call(healthy, lines_of(found)[0])
    plan(healthy.monitor, healthy.lab.sandbox.session, budget=budget(), sleep=lambda _: None).apply(
        sleep=lambda _: None
    )
    healthy.lab.records()
    assert healthy.findings() == []


def test_the_recipes_rule_can_miss_what_comes_late() -> None:
    """60 s and 1 of 1 is a notice, with a rule that asks for longer; put, it is clean for a monitor that has it."""
    with bench(rule=AlarmRule()) as made:
        found = only(made.findings())
        assert (found.severity, found.sentence) == (
            "notice",
            f"The alarm '{NAME}' asks for 60 s (Sum of 60 s > 0, 1 of 1, missing data: notBreaching), and a datapoint "
            "has the time of the flow's start: it comes about 360 s later (60 s of aggregation, then typically 300 s "
            "of delivery). Rejects can come after their minute was judged, and be missed.",
        )
        assert found.mend is not None
        assert found.mend.startswith("Let it ask for 420 s or more: give the monitor a rule of evaluation_periods=7, ")
        call(made, lines_of(found)[0])
        assert made.findings(made.monitor.changed(rule=AlarmRule(evaluation_periods=7))) == []


def test_ten_minutes_of_aggregation_need_a_longer_rule() -> None:
    """What covers a flow log of 60 s does not cover one of 600 s."""
    with bench(flow_log={"MaxAggregationInterval": 600}) as made:
        assert only(made.findings()).sentence.startswith(f"The alarm '{NAME}' asks for 900 s ")
    with bench(flow_log={"MaxAggregationInterval": 600}, rule=AlarmRule(period=300, evaluation_periods=4)) as made:
        assert made.findings() == []


def test_a_monitor_that_judges_the_average_is_told_so() -> None:
    """The statistic is amiss also where the monitor itself asks for it; the mend is its Sum."""
    with bench(rule=AlarmRule(period=300, evaluation_periods=3, statistic="Average")) as made:
        found = only(made.findings())
        assert found.sentence.startswith(f"The alarm '{NAME}' judges the Average of a metric")
        assert found.mend is not None
        assert found.mend.startswith("Give the monitor a rule of the statistic 'Sum'. Put it again: ")
        call(made, lines_of(found)[0])
        assert made.findings(healthy_monitor()) == []


def test_a_monitor_of_another_format_is_told_the_right_one() -> None:
    """A monitor made for the default format, on a flow log of a format of its own: the mend is the fitting pattern."""
    other = LogFormat((*LogFormat.default().fields[:12], "vpc-id", "action", "log-status"))
    line = LINE.replace(" REJECT", " vpc-1 REJECT")
    with bench(flow_log={"LogFormat": str(other)}, line=line) as made:
        found = only(made.findings())
        assert found.sentence == (
            f"The pattern of '{NAME}' tests the wrong columns of {made.flow_log}, whose lines have 15 fields: what it "
            "says of action is compared with vpcId."
        )
        assert found.mend is not None
        assert found.mend.startswith(f"Give the monitor log_format=LogFormat.parse('{other}'), and put the filter for ")
        call(made, lines_of(found)[0])
        assert made.findings(made.monitor.changed(log_format=other)) == []


def test_a_metric_without_data_though_lines_came() -> None:
    """Lines that the filter matches have come since it was made, and their datapoints have not."""
    with bench(Limits(rates={}, metric_seconds=1e6)) as made:
        found = only(made.findings())
        assert (found.severity, found.sentence) == (
            "warning",
            f"Lines that the metric filter '{NAME}' matches have come since it was made (1 seen), and the metric "
            "VPCFlowLogs/RejectPackets has no data of their minutes: what is counted does not arrive.",
        )


def test_a_fresh_line_may_not_be_in_the_metric_yet() -> None:
    """A line that came in the last five minutes proves nothing."""
    with bench(Limits(rates={}, metric_seconds=200)) as made:
        made.put_filter()  # anew: only lines from now on are counted
        made.advance("1m")
        assert made.findings() == []


def test_an_alarm_that_has_long_had_no_data() -> None:
    """Half an hour in INSUFFICIENT_DATA is told, and not before."""
    with bench(rule=AlarmRule(period=300, evaluation_periods=3, treat_missing_data="missing")) as made:
        made.advance("10m")
        cloudwatch = made.client("cloudwatch")
        made.client("logs").delete_metric_filter(logGroupName=GROUP, filterName=NAME)
        for _ in range(7):
            made.advance("10m")
        told = cloudwatch.describe_alarms(AlarmNames=[NAME])["MetricAlarms"][0]
        assert told["StateValue"] == "INSUFFICIENT_DATA"
        made.put_filter()
        found = only(made.findings())
        assert found.severity == "warning"
        assert found.sentence.startswith(f"The alarm '{NAME}' has been in INSUFFICIENT_DATA for ")
        assert " minutes: it has no datapoint to judge, and so tells nothing (Insufficient Data: " in found.sentence
        look = next(line for line in lines_of(found) if "get-metric-statistics" in line)
        call(made, look)


def test_an_alarm_that_never_leaves_its_state() -> None:
    """A day in ALARM tells nothing new, and that is a notice."""
    with bench(rule=AlarmRule(period=300, evaluation_periods=3, treat_missing_data="ignore")) as made:
        made.advance("23h")
        assert made.findings() == []
        made.advance("2h")
        found = only(made.findings())
        assert (found.severity, found.sentence) == (
            "notice",
            f"The alarm '{NAME}' has been in ALARM for 25 hours, since 2026-11-01 00:02 UTC: a notice is sent only "
            "when the state changes, so nothing new is told of.",
        )
        call(made, lines_of(found)[0])


def test_a_mail_that_was_not_confirmed() -> None:
    """A subscription that waits for its confirmation is told; clicking the link in the mail mends it."""
    with bench(emails=["ops@example.org"]) as made:
        found = only(made.findings())
        assert (found.severity, found.sentence) == (
            "warning",
            f"The subscription of email ops@example.org to {TOPIC} waits for its confirmation: nothing is delivered to "
            "it before, and nothing is made up for later.",
        )
        made.lab.sandbox.mailbox.confirm("ops@example.org")
        assert made.findings() == []


def test_a_notice_that_works_again_is_no_finding(healthy: Bench) -> None:
    """The line of the mend lets the alarm tell once more; what went through takes the failure's place."""
    FAULTS["last_notice_failed"](healthy)
    found = only(healthy.findings())
    healthy.client("cloudwatch").set_alarm_state(AlarmName=NAME, StateValue="OK", StateReason="test")
    call(healthy, lines_of(found)[0])
    assert healthy.findings() == []


def test_deliveries_that_failed_without_a_trace(healthy: Bench) -> None:
    """A queue that was away while a notice came: the topic's own metric tells of it for a day."""
    healthy.client("sqs").delete_queue(QueueUrl=healthy.queue_url)
    for state in ("OK", "ALARM"):
        healthy.client("cloudwatch").set_alarm_state(AlarmName=NAME, StateValue=state, StateReason="test")
    healthy.make_queue()
    healthy.advance("1m")
    found = only(healthy.findings())
    assert (found.severity, found.sentence) == (
        "notice",
        f"Deliveries of the topic {TOPIC} have failed in the last day (1), and nothing of its subscriptions shows why: a "
        "web address that does not answer, or what was mended meanwhile.",
    )


def test_two_faults_are_two_findings_and_warnings_come_first(healthy: Bench) -> None:
    """Findings do not hide each other."""
    FAULTS["filter_policy"](healthy)
    FAULTS["actions_disabled"](healthy)
    FAULTS["value_is_not_one"](healthy)
    assert [one.severity for one in healthy.findings()] == ["warning", "warning", "notice"]


def test_an_empty_account_is_told_everything() -> None:
    """Nothing is deployed: flow log, log group, alarm and topic are missed, and nothing raises."""
    with start(scenario=None) as sandbox:
        found = health(Monitor(log_group="vpc-flow-logs"), sandbox.session, budget=budget())
    assert [one.sentence.split(" does not exist")[0].split(" is missing")[0] for one in found] == [
        "No flow log of eu-west-1 delivers into vpc-flow-logs: no record comes, and the alarm has nothing to judge.",
        "The log group vpc-flow-logs",
        f"The alarm '{NAME}'",
        f"The topic {TOPIC}",
    ]


def test_an_alert_on_the_scenario_is_healthy() -> None:
    """On the scenario's own flow log and traffic, an hour after it was deployed, nothing is said."""
    with start("poc", limits=Limits(rates={})) as sandbox:
        monitor = Monitor(log_group="/vpc/poc/flow-logs", rule=RULE, emails=["ops@example.org"])
        plan(monitor, sandbox.session, budget=budget(), sleep=lambda _: None).apply(sleep=lambda _: None)
        sandbox.mailbox.confirm("ops@example.org")
        sandbox.advance("1h")
        assert health(monitor, sandbox.session, budget=budget()) == []


def test_names_that_a_shell_would_read_are_quoted() -> None:
    """A mend's line is one command whatever the names are."""
    names = {"alarm_name": "-a b/c@d = 1", "filter_name": '-f "two" $HOME', "namespace": "a b/c'd"}
    with bench(**names) as made:
        assert made.findings() == []
        name = made.monitor.filter_name
        made.client("logs").delete_metric_filter(logGroupName=GROUP, filterName=name)
        line = (only(made.findings()).mend or "").removeprefix("Put it: `").removesuffix("`.")
        run(made, line)
        assert made.findings() == []
        made.put_alarm(Threshold=5.0)
        mend = only(made.findings()).mend or ""
        run(made, mend.removeprefix("Put the monitor's, `").removesuffix("`, or give the monitor this rule."))
        assert made.findings() == []


def test_a_topic_there_is_needs_no_statement_of_ours(healthy: Bench) -> None:
    """The policy that a topic is born with lets alarms of its own account publish."""
    arn = healthy.client("sns").create_topic(Name="there")["TopicArn"]
    healthy.let_topic_send(healthy.queue_url, arn)
    monitor = healthy.monitor.changed(topic=arn, alarm_name="second", filter_name="second", metric_name="Second")
    plan(monitor, healthy.lab.sandbox.session, budget=budget(), sleep=lambda _: None).apply(sleep=lambda _: None)
    healthy.advance("10m")
    assert healthy.findings(monitor) == []


def test_narrow_choices_need_not_match_what_comes(healthy: Bench) -> None:
    """An alert on a port that nobody tries is healthy; one whose pattern is one's own gets a notice at most."""
    arn = healthy.client("sns").create_topic(Name="there")["TopicArn"]
    healthy.let_topic_send(healthy.queue_url, arn)
    names = {"alarm_name": "second", "filter_name": "second", "metric_name": "Second", "topic": arn}
    monitor = healthy.monitor.changed(choices=Choices(ports=(3389,)), **names)
    session = healthy.lab.sandbox.session
    plan(monitor, session, budget=budget(), sleep=lambda _: None).apply(sleep=lambda _: None)
    healthy.advance("10m")
    assert healthy.findings(monitor) == []
    own = monitor.changed(pattern=RECIPE.replace("destport", "destport=3389"))
    plan(own, session, budget=budget(), sleep=lambda _: None).apply(sleep=lambda _: None)
    found = only(healthy.findings(own))
    assert (found.severity, found.sentence) == (
        "notice",
        "The pattern of 'second' matches none of the latest refused flows that were looked at (1).",
    )


# what is not permitted


@pytest.mark.parametrize(
    ("action", "untold"),
    [
        ("ec2:DescribeFlowLogs", ""),  # the doctor's own words
        ("logs:DescribeLogGroups", ""),
        ("logs:DescribeMetricFilters", "whether the metric filter is there, and is what the monitor says"),
        ("logs:FilterLogEvents", "whether the pattern matches the lines that come"),
        ("cloudwatch:DescribeAlarms", "whether the alarm is there, its rule, its state and whom it tells"),
        ("cloudwatch:DescribeAlarmHistory", "whether its last notices went through"),
        ("cloudwatch:GetMetricData", "whether the metric has data"),
        ("sns:GetTopicAttributes", "whether the topic exists, its policy and its key"),
        ("sns:ListSubscriptionsByTopic", "who is subscribed, and whether that is confirmed"),
        ("sns:GetSubscriptionAttributes", "whether a subscription keeps notices back"),
        ("sqs:GetQueueUrl", "whether a queue that is subscribed exists"),
        ("sqs:GetQueueAttributes", "whether a queue that is subscribed lets the topic send"),
    ],
)
def test_a_call_that_is_not_permitted_is_one_finding(healthy: Bench, action: str, untold: str) -> None:
    """The finding names the action and the statement that permits it; nothing is taken for missing, the rest goes on."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
    session = healthy.lab.sandbox.session_for({"Version": "2012-10-17", "Statement": [everything, deny]})
    found = only(healthy.findings(session=session))
    assert found.severity == "warning"
    assert found.sentence.startswith(f"{action} is not permitted, so it cannot be told {untold}")
    assert f'"Action": "{action}"' in (found.mend or "")
    healthy.client("cloudwatch").disable_alarm_actions(AlarmNames=[NAME])
    expected = 1 if action == "cloudwatch:DescribeAlarms" else 2
    assert len(healthy.findings(session=session)) == expected


def test_test_metric_filter_need_not_be_permitted(healthy: Bench) -> None:
    """Without it our own engine judges the lines, and a pattern that matches none is found as well."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "logs:TestMetricFilter", "Resource": "*"}
    session = healthy.lab.sandbox.session_for({"Version": "2012-10-17", "Statement": [everything, deny]})
    assert healthy.findings(session=session) == []
    FAULTS["pattern_of_another_port"](healthy)
    assert "matches none of the latest refused flows" in only(healthy.findings(session=session)).sentence


@pytest.mark.parametrize("action", ["kms:DescribeKey", "kms:GetKeyPolicy"])
def test_a_key_that_may_not_be_looked_at(healthy: Bench, action: str) -> None:
    """Whether CloudWatch may use the topic's key is then not known, and that is what is said."""
    FAULTS["encrypted_for_others"](healthy)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
    session = healthy.lab.sandbox.session_for({"Version": "2012-10-17", "Statement": [everything, deny]})
    assert only(healthy.findings(session=session)).sentence.startswith(f"{action} is not permitted, ")


def test_the_read_policy_is_enough(healthy: Bench) -> None:
    """What `iam_policy("read")` allows is all that is asked."""
    healthy.findings()
    assert healthy.findings(session=healthy.lab.sandbox.session_for(iam_policy("read"))) == []


def test_another_region_is_another_account(healthy: Bench) -> None:
    """In a region where nothing is deployed all is missing; a topic of another region cannot be told."""
    session = healthy.lab.sandbox.session
    found = health(healthy.monitor, session, region="us-east-1", budget=budget())
    assert len(found) == 4
    assert all("us-east-1" in one.sentence for one in found)
    there = health(healthy.monitor.changed(topic=TOPIC), session, region="us-east-1", budget=budget())
    assert f"The topic {TOPIC} is in eu-west-1: an alarm in us-east-1 can tell topics of us-east-1 only." in [
        one.sentence for one in there
    ]


# the public name


def test_health_is_public() -> None:
    """It is found where the design says."""
    assert rk.monitoring.health is health
