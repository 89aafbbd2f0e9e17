"""plan and apply: what is made, what drift shows, whose things are whose, and that no stop leaves a mess."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rejectkit.errors import (
    AccessDeniedError,
    ApplyError,
    ArgumentError,
    ConflictError,
    MissingResourceError,
    RefusedError,
)
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.deploying.deploy import plan
from rejectkit.monitoring.deploying.deployed import COMPOSITE_ALARM, Alarm, Deployed
from rejectkit.monitoring.deploying.ownership import refuse_composite
from rejectkit.monitoring.monitor import Monitor
from rejectkit.plans import Plan, Step
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from rejectkit.sources.base import Watch
from tests.deploying import FAST, OUTAGE, calls, changes, interrupted, mails, monitor_of, there


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One account without rates; each test uses names of its own."""
    with start(scenario=None, limits=Limits(rates={})) as made:
        yield made


def planned(sandbox: Sandbox, monitor: Monitor, **more: Any) -> Plan:
    """Return the plan for a monitor."""
    return plan(monitor, sandbox.session, **FAST, **more)


def deploy(sandbox: Sandbox, monitor: Monitor, **more: Any) -> None:
    """Plan and apply."""
    planned(sandbox, monitor, **more).apply(sleep=lambda _: None)


def deployed(sandbox: Sandbox, tag: str, **members: Any) -> Monitor:
    """Deploy a monitor of a tag."""
    monitor = monitor_of(tag, **members)
    deploy(sandbox, monitor)
    return monitor


def shown(made: Plan) -> list[str]:
    """Return the steps that do something."""
    return [str(step) for step in made.steps if step.verb not in ("keep", "ask")]


def step_of(made: Plan, kind: str, verb: str = "") -> Step:
    """Return the one step of a kind."""
    (found,) = [step for step in made.steps if step.kind == kind and step.verb == (verb or step.verb)]
    return found


def told(step: Step) -> list[str]:
    """Return a step's fields as a person reads them."""
    return [str(one) for one in step.fields]


def test_apply_makes_what_the_plan_shows_in_a_safe_order(sandbox: Sandbox) -> None:
    """Log group, topic, policy, subscriptions, filter, and the alarm last; then the plan is empty."""
    monitor = monitor_of("order")
    first = planned(sandbox, monitor)
    assert shown(first) == [
        "create log group '/vpc/order'",
        "create topic 'order-topic'",
        "create topic policy 'order-topic'",
        "create subscription 'email ops@order.example.org'",
        "create subscription 'sqs arn:aws:sqs:eu-west-1:123456789012:order-queue'",
        "create metric filter 'order-filter'",
        "create metric alarm 'order-alarm'",
    ]
    assert first.title == "monitor order-alarm in eu-west-1, account 123456789012"
    assert there(sandbox, "order")["alarms"] == []
    applied = first.apply()
    assert [str(step) for step in applied.done] == shown(first)
    assert planned(sandbox, monitor).empty


def test_what_is_made_is_what_the_monitor_says(sandbox: Sandbox) -> None:
    """Every resource has the monitor's values, our tag and the monitor's own."""
    deployed(sandbox, "made", rule=AlarmRule(period=300, threshold=5.0), notify_ok=True)
    found = there(sandbox, "made")
    (group,), (one,), (alarm,), (topic,) = (found[name] for name in ("groups", "filters", "alarms", "topics"))
    assert group["retentionInDays"] == 30
    assert one["metricTransformations"] == [
        {"metricName": "X-metric", "metricNamespace": "VPCFlowLogs", "metricValue": "1", "defaultValue": 0.0}
    ]
    arn = "arn:aws:sns:eu-west-1:123456789012:X-topic"
    assert (alarm["Period"], alarm["Threshold"], alarm["AlarmActions"], alarm["OKActions"]) == (300, 5, [arn], [arn])
    (statement,) = json.loads(topic["Policy"])["Statement"]
    assert statement["Condition"]["ArnLike"] == {
        "aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:X-alarm"
    }
    tags = {"team": "network", "rejectkit:monitor": "X-alarm"}
    assert (found["group tags"], found["alarm tags"], found["topic tags"]) == ([tags], [tags], [tags])
    assert found["subscriptions"] == [
        [["email", "ops@X.example.org", True], ["sqs", "arn:aws:sqs:eu-west-1:123456789012:X-queue", False]]
    ]


def test_only_what_is_planned_is_called(sandbox: Sandbox) -> None:
    """Making a plan reads only; an empty plan's apply changes nothing; a change of one thing calls one thing."""
    monitor = deployed(sandbox, "calls")
    assert [one for one in calls(sandbox, lambda: deploy(sandbox, monitor)) if changes(one)] == []
    changed = monitor.changed(rule=AlarmRule(threshold=9.0))
    assert [one for one in calls(sandbox, lambda: planned(sandbox, changed)) if changes(one)] == []
    made = calls(sandbox, lambda: deploy(sandbox, changed))
    assert [one for one in made if changes(one)] == ["cloudwatch.PutMetricAlarm"]


def test_a_pending_confirmation_is_kept_with_a_note(sandbox: Sandbox) -> None:
    """A subscription that waits is no change, and no second mail; confirmed it is kept without a note."""
    monitor = deployed(sandbox, "pending", queues=[])
    step = step_of(planned(sandbox, monitor), "subscription")
    assert (step.verb, step.why) == ("keep", "It waits for its confirmation; nothing is delivered until then.")
    deploy(sandbox, monitor)
    assert mails(sandbox, "ops@pending.example.org") == 1
    sandbox.mailbox.confirm("ops@pending.example.org")
    step = step_of(planned(sandbox, monitor), "subscription")
    assert (step.verb, step.why) == ("keep", "")


def test_a_subscription_that_ran_out_is_made_again() -> None:
    """What nobody confirmed in time is gone, and shows in the next plan."""
    with start(scenario=None) as sandbox:
        monitor = deployed(sandbox, "late", queues=[])
        sandbox.advance("4d")
        assert shown(planned(sandbox, monitor)) == ["create subscription 'email ops@late.example.org'"]


ARN = "arn:aws:sns:eu-west-1:123456789012"


def _threshold(sandbox: Sandbox, tag: str) -> None:
    cloudwatch = sandbox.session.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"{tag}-alarm"])["MetricAlarms"]
    kept = {
        *("AlarmName", "AlarmDescription", "AlarmActions", "MetricName", "Namespace", "Statistic", "Period"),
        *("EvaluationPeriods", "ComparisonOperator", "TreatMissingData"),
    }
    edited = {key: value for key, value in alarm.items() if key in kept} | {"Threshold": 100, "Unit": "Count"}
    cloudwatch.put_metric_alarm(**edited)


def _actions(sandbox: Sandbox, tag: str) -> None:
    sandbox.session.client("cloudwatch").disable_alarm_actions(AlarmNames=[f"{tag}-alarm"])


def _alarm_tag(sandbox: Sandbox, tag: str) -> None:
    arn = f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{tag}-alarm"
    sandbox.session.client("cloudwatch").untag_resource(ResourceARN=arn, TagKeys=["team", "rejectkit:monitor"])


def _alarm_gone(sandbox: Sandbox, tag: str) -> None:
    sandbox.session.client("cloudwatch").delete_alarms(AlarmNames=[f"{tag}-alarm"])


def _pattern(sandbox: Sandbox, tag: str) -> None:
    sandbox.session.client("logs").put_metric_filter(
        logGroupName=f"/vpc/{tag}",
        filterName=f"{tag}-filter",
        filterPattern="REJECT",
        metricTransformations=[
            {"metricName": f"{tag}-metric", "metricNamespace": "VPCFlowLogs", "metricValue": "2", "unit": "Count"}
        ],
    )


def _filter_gone(sandbox: Sandbox, tag: str) -> None:
    sandbox.session.client("logs").delete_metric_filter(logGroupName=f"/vpc/{tag}", filterName=f"{tag}-filter")


def _policy(sandbox: Sandbox, tag: str) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "AlarmPublishes", "Effect": "Deny", "Principal": "*", "Action": "SNS:Publish", "Resource": "*"}
        ],
    }
    sandbox.session.client("sns").set_topic_attributes(
        TopicArn=f"{ARN}:{tag}-topic", AttributeName="Policy", AttributeValue=json.dumps(policy)
    )


def _topic_tag(sandbox: Sandbox, tag: str) -> None:
    sns = sandbox.session.client("sns")
    sns.untag_resource(ResourceArn=f"{ARN}:{tag}-topic", TagKeys=["rejectkit:monitor"])
    sns.tag_resource(ResourceArn=f"{ARN}:{tag}-topic", Tags=[{"Key": "team", "Value": "other"}])


def _topic_gone(sandbox: Sandbox, tag: str) -> None:
    sandbox.session.client("sns").delete_topic(TopicArn=f"{ARN}:{tag}-topic")


def _unsubscribed(sandbox: Sandbox, tag: str) -> None:
    sns = sandbox.session.client("sns")
    for one in sns.list_subscriptions_by_topic(TopicArn=f"{ARN}:{tag}-topic")["Subscriptions"]:
        if one["Protocol"] == "sqs":
            sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def _retention(sandbox: Sandbox, tag: str) -> None:
    logs = sandbox.session.client("logs")
    logs.delete_retention_policy(logGroupName=f"/vpc/{tag}")
    logs.untag_resource(resourceArn=f"arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/{tag}", tagKeys=["team"])


QUEUE = "arn:aws:sqs:eu-west-1:123456789012:{tag}-queue"
DRIFT: dict[str, tuple[Callable[[Sandbox, str], None], dict[str, list[str]]]] = {
    "threshold": (
        _threshold,
        {"change metric alarm '{tag}-alarm'": ["Threshold: 100 → 0", "Unit: Count → (none)"]},
    ),
    "actions": (_actions, {"change metric alarm '{tag}-alarm'": ["ActionsEnabled: false → true"]}),
    "alarmtag": (
        _alarm_tag,
        {"change metric alarm '{tag}-alarm'": ["tag team: network", "tag rejectkit:monitor: {tag}-alarm"]},
    ),
    "alarmgone": (_alarm_gone, {"create metric alarm '{tag}-alarm'": []}),
    "pattern": (
        _pattern,
        {
            "change metric filter '{tag}-filter'": [
                "filterPattern: REJECT → [version, account, eni, source, destination, srcport, destport, protocol, "
                'packets, bytes, windowstart, windowend, action="REJECT", flowlogstatus]',
                "metricValue: 2 → 1",
                "defaultValue: 0",
                "unit: Count → (none)",
            ]
        },
    ),
    "filtergone": (_filter_gone, {"create metric filter '{tag}-filter'": []}),
    "policy": (
        _policy,
        {
            "change topic policy '{tag}-topic'": [
                'Statement AlarmPublishes: {{"Action": "SNS:Publish", "Effect": "Deny", "Principal": "*", "Resource": "*", '
                '"Sid": "AlarmPublishes"}} → {{"Action": "SNS:Publish", "Condition": {{"ArnLike": {{"aws:SourceArn": '
                '"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{tag}-alarm"}}, "StringEquals": {{"aws:SourceAccount": '
                '"123456789012"}}}}, "Effect": "Allow", "Principal": {{"Service": "cloudwatch.amazonaws.com"}}, "Resource": '
                '"arn:aws:sns:eu-west-1:123456789012:{tag}-topic", "Sid": "AlarmPublishes"}}'
            ]
        },
    ),
    "topictag": (
        _topic_tag,
        {"change topic '{tag}-topic'": ["tag team: other → network", "tag rejectkit:monitor: {tag}-alarm"]},
    ),
    "topicgone": (
        _topic_gone,
        {
            "create topic '{tag}-topic'": [],
            "create topic policy '{tag}-topic'": [],
            "create subscription 'email ops@{tag}.example.org'": [],
            "create subscription 'sqs " + QUEUE + "'": [],
        },
    ),
    "unsubscribed": (_unsubscribed, {"create subscription 'sqs " + QUEUE + "'": []}),
    "retention": (
        _retention,
        {"change log group '/vpc/{tag}'": ["tag team: network", "retentionInDays: 30"]},
    ),
}


@pytest.mark.parametrize("name", DRIFT)
def test_drift_made_by_hand_shows_field_by_field_and_is_mended(sandbox: Sandbox, name: str) -> None:
    """The next plan names what was edited, before and after, and nothing else; apply brings it back."""
    tag = f"drift-{name}"
    monitor = deployed(sandbox, tag)
    before = there(sandbox, tag)
    edit, expected = DRIFT[name]
    edit(sandbox, tag)
    made = planned(sandbox, monitor)
    assert shown(made) == [step.format(tag=tag) for step in expected]
    for step, (_, fields) in zip((s for s in made.steps if s.verb != "keep"), expected.items(), strict=True):
        if fields:
            assert told(step) == [one.format(tag=tag) for one in fields]
    made.apply()
    after = there(sandbox, tag)
    for topic in (*before["topics"], *after["topics"]):
        topic.pop("SubscriptionsDeleted")
    assert after == before
    assert planned(sandbox, monitor).empty


def test_what_somebody_else_added_stays(sandbox: Sandbox) -> None:
    """Tags, statements of the topic's policy and subscribers of others are left, and are no drift."""
    monitor = deployed(sandbox, "added")
    cloudwatch, sns = sandbox.session.client("cloudwatch"), sandbox.session.client("sns")
    alarm, topic = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:added-alarm", f"{ARN}:added-topic"
    cloudwatch.tag_resource(ResourceARN=alarm, Tags=[{"Key": "cost", "Value": "42"}])
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "cost", "Value": "42"}])
    sns.add_permission(TopicArn=topic, Label="partner", AWSAccountId=["111122223333"], ActionName=["Publish"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:theirs")
    made = planned(sandbox, monitor)
    assert made.empty
    _policy_without_ours(sandbox, topic)
    deploy(sandbox, monitor)
    found = there(sandbox, "added")
    sids = [one["Sid"] for one in json.loads(found["topics"][0]["Policy"])["Statement"]]
    assert sids == ["AlarmPublishes", "partner"]
    assert found["alarm tags"][0]["cost"] == found["topic tags"][0]["cost"] == "42"
    assert len(found["subscriptions"][0]) == 3


def _policy_without_ours(sandbox: Sandbox, topic: str) -> None:
    sns = sandbox.session.client("sns")
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "AlarmPublishes"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))


def test_a_subscriber_the_monitor_does_not_name_is_asked_about(sandbox: Sandbox) -> None:
    """A subscriber of our topic goes with a yes only; one that waits for its confirmation is left to end by itself."""
    monitor = deployed(sandbox, "asked", emails=["new@asked.example.org"])
    fewer = monitor.changed(queues=[], emails=[])
    made = planned(sandbox, fewer)
    assert made.empty
    ask = step_of(made, "subscription", "ask")
    assert ask.question == (
        "Is sqs arn:aws:sqs:eu-west-1:123456789012:asked-queue to be told no longer? Whether rejectkit or somebody "
        "else subscribed it is not known."
    )
    keep = step_of(made, "subscription", "keep")
    assert keep.why == "The monitor does not name it. It waits for its confirmation, and ends without."
    made.apply()
    assert len(there(sandbox, "asked")["subscriptions"][0]) == 2
    made.apply(confirm=lambda step: True)
    assert there(sandbox, "asked")["subscriptions"] == [[["email", "new@X.example.org", True]]]


# ---- whose is what


def somebodys_alarm(sandbox: Sandbox, name: str, **members: Any) -> None:
    """Put an alarm that is not rejectkit's."""
    given = {
        "AlarmName": name,
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "Statistic": "Average",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 80,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    sandbox.session.client("cloudwatch").put_metric_alarm(**(given | members))


def test_an_alarm_of_somebody_else_is_refused(sandbox: Sandbox) -> None:
    """An alarm without our tag is named, with the ways out, and nothing at all is changed."""
    somebodys_alarm(sandbox, "theiralarm-alarm")
    before = there(sandbox, "theiralarm")
    monitor = monitor_of("theiralarm")
    with pytest.raises(ConflictError) as caught:
        planned(sandbox, monitor)
    assert str(caught.value) == (
        "the alarm 'theiralarm-alarm' in eu-west-1 is somebody else's: it has no tag "
        "rejectkit:monitor=theiralarm-alarm; nothing was changed. Give the monitor another alarm_name, or take it over "
        "with adopt=True, which the plan then shows"
    )
    assert there(sandbox, "theiralarm") == before
    made = planned(sandbox, monitor, adopt=True)
    step = step_of(made, "metric alarm")
    assert step.verb == "change"
    assert step.why == "It was somebody else's, and is taken over."
    assert "Threshold: 80 → 0" in told(step)
    assert "tag rejectkit:monitor: theiralarm-alarm" in told(step)
    made.apply()
    assert planned(sandbox, monitor).empty


def test_a_composite_alarm_of_the_name_is_never_taken_over() -> None:
    """A composite alarm has no metric: it is refused, whatever its tags."""
    monitor = monitor_of("composite")
    found = Alarm(COMPOSITE_ALARM, {"AlarmName": "composite-alarm"}, {"rejectkit:monitor": "composite-alarm"})
    deployed = Deployed(
        region="eu-west-1",
        account="123456789012",
        log_group=None,
        log_group_tags={},
        filters=(),
        elsewhere=(),
        alarm=found,
        topic=None,
    )
    with pytest.raises(ConflictError) as caught:
        refuse_composite(monitor, deployed)
    assert str(caught.value) == (
        "'composite-alarm' in eu-west-1 is a composite alarm, which is not rejectkit's; nothing was changed. Give the "
        "monitor another alarm_name"
    )


def test_an_alarm_that_comes_between_plan_and_apply_is_not_overwritten(sandbox: Sandbox) -> None:
    """Apply looks again before it does anything."""
    made = planned(sandbox, monitor_of("between"))
    somebodys_alarm(sandbox, "between-alarm")
    with pytest.raises(ConflictError, match="is somebody else's"):
        made.apply()
    assert there(sandbox, "between")["groups"] == []


def test_a_filter_of_somebody_else_is_refused(sandbox: Sandbox) -> None:
    """A filter of the name that counts into another metric, or otherwise into ours, is named with what it does."""
    logs = sandbox.session.client("logs")
    logs.create_log_group(logGroupName="/vpc/theirfilter")
    monitor = monitor_of("theirfilter")
    for metric, pattern in (("Errors", "ERROR"), ("theirfilter-metric", "REJECT")):
        transformation = {"metricName": metric, "metricNamespace": "VPCFlowLogs", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName="/vpc/theirfilter",
            filterName="theirfilter-filter",
            filterPattern=pattern,
            metricTransformations=[transformation],
        )
        before = there(sandbox, "theirfilter")
        with pytest.raises(ConflictError) as caught:
            planned(sandbox, monitor)
        assert str(caught.value) == (
            "the metric filter 'theirfilter-filter' of log group '/vpc/theirfilter' is somebody else's: it counts into "
            f"VPCFlowLogs/{metric} with the pattern '{pattern}'; nothing was changed. Give the monitor another "
            "filter_name, or take it over with adopt=True, which the plan then shows"
        )
        assert there(sandbox, "theirfilter") == before
    made = planned(sandbox, monitor, adopt=True)
    assert step_of(made, "metric filter").why == "It was somebody else's, and is taken over."
    made.apply()
    assert planned(sandbox, monitor).empty


def test_a_filter_that_is_just_as_wanted_is_used(sandbox: Sandbox) -> None:
    """The recipe's own filter, made by hand, needs no change and no permission."""
    deployed(sandbox, "samefilter")
    _alarm_gone(sandbox, "samefilter")
    _topic_gone(sandbox, "samefilter")
    monitor = monitor_of("samefilter", create_log_group=False, retention_days=None)
    assert step_of(planned(sandbox, monitor), "metric filter").verb == "keep"


def test_a_topic_of_somebody_else_is_refused_by_name_and_used_by_arn(sandbox: Sandbox) -> None:
    """A topic without our tag is not taken; its ARN uses it as it is: policy, tags and other subscribers stay."""
    sns = sandbox.session.client("sns")
    arn = sns.create_topic(Name="theirtopic-topic")["TopicArn"]
    queue = "arn:aws:sqs:eu-west-1:123456789012:theirs"
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    monitor = monitor_of("theirtopic")
    with pytest.raises(ConflictError) as caught:
        planned(sandbox, monitor)
    assert str(caught.value) == (
        "the topic 'theirtopic-topic' in eu-west-1 is somebody else's: it has no tag "
        "rejectkit:monitor=theirtopic-alarm; nothing was changed. Give the monitor another topic, or "
        f"topic='{arn}' to use it as is, or take it over with adopt=True, which the plan then shows"
    )
    before = there(sandbox, "theirtopic")
    using = monitor.changed(topic=arn)
    made = planned(sandbox, using)
    assert step_of(made, "topic").why == "It was there before, and is used as it is."
    made.apply()
    after = there(sandbox, "theirtopic")
    assert after["topic tags"] == before["topic tags"]
    assert after["topics"][0]["Policy"] == before["topics"][0]["Policy"]
    assert [endpoint for _, endpoint, _ in after["subscriptions"][0]] == [
        "ops@X.example.org",
        queue,
        "arn:aws:sqs:eu-west-1:123456789012:X-queue",
    ]
    assert planned(sandbox, using).empty


def test_a_topic_of_another_monitor_is_refused(sandbox: Sandbox) -> None:
    """Two monitors do not fight over one topic's tag and policy: the second one takes it by its ARN."""
    deployed(sandbox, "shared")
    other = monitor_of("sharing", topic="shared-topic")
    with pytest.raises(ConflictError, match="it is that of the monitor 'shared-alarm'"):
        planned(sandbox, other)


def test_a_topic_can_be_taken_over(sandbox: Sandbox) -> None:
    """With adopt=True tags and policy become ours, which the plan shows; subscribers stay."""
    sns = sandbox.session.client("sns")
    arn = sns.create_topic(Name="adopted-topic", Tags=[{"Key": "team", "Value": "other"}])["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:theirs")
    monitor = monitor_of("adopted")
    made = planned(sandbox, monitor, adopt=True)
    step = step_of(made, "topic")
    assert told(step) == ["tag team: other → network", "tag rejectkit:monitor: adopted-alarm"]
    assert step.why == "It was somebody else's, and is taken over."
    made.apply()
    assert planned(sandbox, monitor).empty
    assert len(there(sandbox, "adopted")["subscriptions"][0]) == 3


def test_the_monitor_of_another_log_group_is_not_taken_over_unseen(sandbox: Sandbox) -> None:
    """A colleague's monitor with the same names, on another log group, is refused; shared on purpose it is told."""
    deployed(sandbox, "colleague")
    second = monitor_of("colleague", log_group="/vpc/other-colleague")
    with pytest.raises(ConflictError) as caught:
        planned(sandbox, second)
    assert str(caught.value) == (
        "the alarm 'colleague-alarm' in eu-west-1 is somebody else's: its metric is fed by the filter "
        "'colleague-filter' of log group '/vpc/colleague', so it is the monitor of that group; nothing was changed. "
        "Give the monitor another alarm_name, metric_name and topic, or take it over with adopt=True, which the plan "
        "then shows"
    )
    deploy(sandbox, second, adopt=True)
    made = planned(sandbox, second)
    assert made.empty
    assert step_of(made, "metric filter").why == (
        "The metric VPCFlowLogs/colleague-metric is also fed by 'colleague-filter' of log group '/vpc/colleague': the "
        "counts add up."
    )


def test_a_second_filter_into_the_metric_is_asked_about(sandbox: Sandbox) -> None:
    """After a new filter_name the old filter still counts: it goes with a yes only."""
    monitor = deployed(sandbox, "renamed")
    renamed = monitor.changed(filter_name="renamed-filter-2")
    deploy(sandbox, renamed)
    made = planned(sandbox, renamed)
    ask = step_of(made, "metric filter", "ask")
    assert (ask.name, ask.why) == (
        "renamed-filter",
        "It counts into VPCFlowLogs/renamed-metric too, so a line that both match counts twice.",
    )
    made.apply(confirm=lambda step: True)
    assert [one["filterName"] for one in there(sandbox, "renamed")["filters"]] == ["X-filter-2"]


def test_a_changed_monitor_changes_what_is_its_own(sandbox: Sandbox) -> None:
    """Another pattern, metric or rule is a change of our filter and alarm, not a collision."""
    monitor = deployed(sandbox, "moved")
    moved = monitor.changed(choices=Choices(ports=(22,)), metric_name="moved-metric-2", rule=AlarmRule(period=300))
    made = planned(sandbox, moved)
    assert shown(made) == ["change metric filter 'moved-filter'", "change metric alarm 'moved-alarm'"]
    assert told(step_of(made, "metric alarm")) == ["MetricName: moved-metric → moved-metric-2", "Period: 60 → 300"]
    made.apply()
    assert planned(sandbox, moved).empty


# ---- what cannot be


def test_a_log_group_that_is_missing_is_not_made_unasked(sandbox: Sandbox) -> None:
    """The log group is the flow log's; the error says how to have one made."""
    monitor = monitor_of("nogroup", create_log_group=False, retention_days=None)
    with pytest.raises(MissingResourceError) as caught:
        planned(sandbox, monitor)
    assert str(caught.value) == (
        "there is no log group '/vpc/nogroup' in eu-west-1; give the name of the one that the flow log delivers to, or "
        "have it made with create_log_group=True"
    )


def test_a_log_group_that_was_there_is_left_alone(sandbox: Sandbox) -> None:
    """Retention and tags of a log group without our tag are not touched, even where one was to be made."""
    sandbox.session.client("logs").create_log_group(logGroupName="/vpc/wasthere")
    monitor = deployed(sandbox, "wasthere")
    found = there(sandbox, "wasthere")
    assert "retentionInDays" not in found["groups"][0]
    assert found["group tags"] == [{}]
    assert step_of(planned(sandbox, monitor), "log group").why == (
        "It was there without the tag rejectkit:monitor=wasthere-alarm, so its retention and tags are left alone."
    )


def test_a_log_group_made_by_the_flow_log_in_the_meantime_is_left_alone(sandbox: Sandbox) -> None:
    """Between the look and the call somebody else may make the group: it is used, and not made ours."""
    tag = "meantime"
    made = planned(sandbox, monitor_of(tag))
    step = step_of(made, "log group")
    sandbox.session.client("logs").create_log_group(logGroupName=f"/vpc/{tag}")
    assert step.action is not None
    step.action()
    found = there(sandbox, tag)
    assert found["group tags"] == [{}]
    assert "retentionInDays" not in found["groups"][0]


def test_a_log_group_whose_class_takes_no_filters_is_refused(sandbox: Sandbox) -> None:
    """Infrequent Access takes no metric filters: said before anything is made."""
    sandbox.session.client("logs").create_log_group(logGroupName="/vpc/infrequent", logGroupClass="INFREQUENT_ACCESS")
    with pytest.raises(RefusedError) as caught:
        planned(sandbox, monitor_of("infrequent"))
    assert str(caught.value) == (
        "the log group '/vpc/infrequent' is of the class INFREQUENT_ACCESS, and only STANDARD takes metric filters; "
        "deliver the flow log to another log group, or take design='log-alarm'"
    )


def test_a_topic_that_is_not_there_or_elsewhere_is_refused(sandbox: Sandbox) -> None:
    """A topic given by its ARN exists, in the alarm's region."""
    with pytest.raises(MissingResourceError) as missing:
        planned(sandbox, monitor_of("notopic", topic=f"{ARN}:nowhere"))
    assert str(missing.value) == (
        f"there is no topic '{ARN}:nowhere'; correct the ARN, or give a name to have a topic made"
    )
    far = "arn:aws:sns:us-east-1:123456789012:far"
    with pytest.raises(ArgumentError) as caught:
        planned(sandbox, monitor_of("fartopic", topic=far))
    assert str(caught.value) == (
        f"topic is '{far}', in us-east-1; an alarm in eu-west-1 tells topics of eu-west-1 only: give one of that region"
    )


def test_another_region_is_another_place(sandbox: Sandbox) -> None:
    """`region` says where, whatever the session's own region is."""
    monitor = monitor_of("region", queues=[])
    made = plan(monitor, sandbox.session, region="us-west-2", **FAST)
    assert made.title == "monitor region-alarm in us-west-2, account 123456789012"
    made.apply()
    assert there(sandbox, "region")["alarms"] == []
    assert plan(monitor, sandbox.session, region="us-west-2", **FAST).empty


def test_not_being_allowed_to_look_at_other_log_groups_is_told(sandbox: Sandbox) -> None:
    """Filters of other log groups are looked for where that is allowed; where it is not, the plan says so."""
    monitor = deployed(sandbox, "nolook")
    looks = calls(sandbox, lambda: planned(sandbox, monitor))
    second = [at for at, one in enumerate(looks) if one == "logs.DescribeMetricFilters"][1]
    sandbox.faults.add(Fault("*", code="AccessDeniedException", after=second))
    made = planned(sandbox, monitor)
    assert step_of(made, "metric filter").why == (
        "Whether another log group feeds its metric is not known: DescribeMetricFilters of all is not allowed."
    )
    assert made.empty


# ---- stopped anywhere


KINDS: dict[str, dict[str, Any]] = {
    "before": {"connection": "before", "times": OUTAGE},
    "after": {"connection": "after", "times": OUTAGE},
    "halfway": {"connection": "halfway", "times": OUTAGE},
    "denied": {"code": "AccessDeniedException", "times": 1},
    "failure": {"code": "InternalFailure", "status": 500, "times": OUTAGE},
    "aborted": {"code": "OperationAbortedException", "times": OUTAGE},
    "after-once": {"connection": "after", "times": 1},
    "halfway-once": {"connection": "halfway", "times": 1},
    "aborted-once": {"code": "OperationAbortedException", "times": 1},
}


@pytest.mark.parametrize("kind", KINDS)
def test_apply_stopped_at_every_call_and_run_again_ends_as_if_never_stopped(sandbox: Sandbox, kind: str) -> None:
    """Whatever happens at whichever call, a second run ends in the state of a clean run: nothing twice, nothing lost."""
    clean = f"clean-{kind}"
    order = calls(sandbox, lambda: deployed(sandbox, clean))
    expected = there(sandbox, clean)
    assert sum(map(changes, order)) == 8
    for place, operation in enumerate(order):
        if kind != "before" and not changes(operation):
            continue  # what a read does is done whether its answer comes or not
        tag = f"stop-{kind}-{place}"
        monitor = monitor_of(tag)
        error = interrupted(sandbox, Fault("*", after=place, **KINDS[kind]), lambda: deploy(sandbox, monitor))  # noqa: B023
        if changes(operation) and not kind.endswith("-once"):
            assert isinstance(error, ApplyError), (place, operation)
        elif kind.endswith("-once"):
            assert error is None, (place, operation, error)
        deploy(sandbox, monitor)
        assert there(sandbox, tag) == expected, (place, operation)
        assert mails(sandbox, f"ops@{tag}.example.org") == 1, (place, operation)
        assert planned(sandbox, monitor).empty, (place, operation)


def test_the_same_plan_goes_on_where_it_stopped(sandbox: Sandbox) -> None:
    """The plan that was interrupted can be applied again itself."""
    clean = monitor_of("same-clean")
    made = planned(sandbox, clean)
    order = calls(sandbox, made.apply)
    expected = there(sandbox, "same-clean")
    for place, operation in enumerate(order):
        if not changes(operation):
            continue
        tag = f"same-{place}"
        first = planned(sandbox, monitor_of(tag))
        fault = Fault("*", connection="after", after=place, times=OUTAGE)
        assert interrupted(sandbox, fault, lambda: first.apply(sleep=lambda _: None)) is not None  # noqa: B023
        first.apply()
        assert there(sandbox, tag) == expected, operation


def test_an_interrupt_between_two_steps_leaves_what_the_next_plan_mends(sandbox: Sandbox) -> None:
    """A KeyboardInterrupt before each step in turn: the next run does the rest."""
    steps = len(planned(sandbox, monitor_of("keys")).steps)
    deployed(sandbox, "keys")
    expected = there(sandbox, "keys")
    for stop in range(steps):
        tag = f"keys{stop}"
        heard: list[str] = []

        def report(fraction: float, what: str, heard: list[str] = heard, stop: int = stop) -> None:
            heard.append(what)
            if len(heard) > stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            planned(sandbox, monitor_of(tag)).apply(Watch(report))
        made = planned(sandbox, monitor_of(tag))
        assert len(shown(made)) == steps - stop
        made.apply()
        assert there(sandbox, tag) == expected


def test_an_error_of_apply_names_the_step_and_the_missing_permission(sandbox: Sandbox) -> None:
    """What was done, what failed and why, and what is left: in one text."""
    monitor = monitor_of("denied")
    sandbox.faults.add(Fault("PutMetricFilter", code="AccessDeniedException"))
    with pytest.raises(ApplyError) as caught:
        deploy(sandbox, monitor)
    sandbox.faults.clear()
    assert isinstance(caught.value.__cause__, AccessDeniedError)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(
        "monitor denied-alarm in eu-west-1, account 123456789012: the step to create metric filter 'denied-filter' "
        "failed: "
    )
    assert "logs:PutMetricFilter" in str(caught.value)
    assert lines[-1] == (
        "Done: create log group '/vpc/denied', create topic 'denied-topic', create topic policy 'denied-topic', create "
        "subscription 'email ops@denied.example.org', create subscription 'sqs "
        "arn:aws:sqs:eu-west-1:123456789012:denied-queue'. Perhaps done: create metric filter 'denied-filter'. Not "
        "done: create metric alarm 'denied-alarm'. Plan and apply again to go on: what is done is kept."
    )


@pytest.mark.parametrize("round_", range(5))
def test_two_applies_at_once_have_one_result(sandbox: Sandbox, round_: int) -> None:
    """Two people with the same monitor at the same moment: no error, and one of each thing."""
    deployed(sandbox, f"alone{round_}")
    tag = f"twice{round_}"
    plans = [planned(sandbox, monitor_of(tag)) for _ in range(2)]
    ready = threading.Barrier(2)
    errors: list[BaseException] = []

    def apply(made: Plan) -> None:
        try:
            ready.wait(10)
            made.apply()
        except BaseException as error:  # noqa: BLE001  # told by the test
            errors.append(error)

    threads = [threading.Thread(target=apply, args=(made,)) for made in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert there(sandbox, tag) == there(sandbox, f"alone{round_}")
    assert planned(sandbox, monitor_of(tag)).empty
