"""teardown: what is ours goes, what is shared is asked about, the rest stays; whatever stops it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rejectkit.errors import ApplyError, AwsError, ConflictError
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.deploying.deploy import plan
from rejectkit.monitoring.deploying.removal import teardown
from rejectkit.monitoring.monitor import Monitor
from rejectkit.plans import Plan
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from rejectkit.sandbox.alarms.alarmstore import Alarms
from tests.deploying import FAST, OUTAGE, calls, changes, interrupted, monitor_of, there

ARN = "arn:aws:sns:eu-west-1:123456789012"
THEIRS = "arn:aws:sqs:eu-west-1:123456789012:theirs"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One account without rates; each test uses names of its own."""
    with start(scenario=None, limits=Limits(rates={})) as made:
        yield made


def deployed(sandbox: Sandbox, tag: str, **members: Any) -> Monitor:
    """Deploy a monitor of a tag, and confirm its e-mail subscription."""
    monitor = monitor_of(tag, **members)
    plan(monitor, sandbox.session, **FAST).apply()
    for address in monitor.emails:
        sandbox.mailbox.click(sandbox.mailbox.to(address)[-1])
    return monitor


def gone(sandbox: Sandbox, monitor: Monitor) -> Plan:
    """Return the plan of a teardown."""
    return teardown(monitor, sandbox.session, **FAST)


def told(made: Plan) -> list[str]:
    """Return its steps."""
    return [str(step) for step in made.steps]


def why(made: Plan, kind: str) -> str:
    """Return the reason and question of the one step of a kind."""
    (found,) = [step for step in made.steps if step.kind == kind]
    return " ".join(text for text in (found.why, found.question) if text)


def alarm_by_hand(sandbox: Sandbox, name: str, *actions: str) -> None:
    """Put an alarm that is not rejectkit's."""
    sandbox.session.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Statistic="Average",
        Period=300,
        EvaluationPeriods=1,
        Threshold=80,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=list(actions),
    )


def test_teardown_removes_what_apply_made(sandbox: Sandbox) -> None:
    """Alarm, filter and topic go, the alarm first; the empty log group with a yes; then nothing is left."""
    monitor = deployed(sandbox, "all")
    made = gone(sandbox, monitor)
    assert told(made) == [
        "remove metric alarm 'all-alarm'",
        "remove metric filter 'all-filter'",
        "remove topic 'all-topic'",
        "ask about log group '/vpc/all'",
    ]
    assert made.title == "teardown of monitor all-alarm in eu-west-1, account 123456789012"
    assert "            subscription: email ops@all.example.org" in str(made).splitlines()
    assert why(made, "log group") == (
        "It was made for this monitor, and is empty. Is the log group '/vpc/all' to be deleted? A flow log that "
        "delivers to it would make it anew."
    )
    made.apply()
    second = gone(sandbox, monitor)
    assert second.empty
    assert told(second) == ["ask about log group '/vpc/all'"]
    second.apply(confirm=lambda step: True)
    assert gone(sandbox, monitor).steps == ()
    assert not any(there(sandbox, "all").values())


def test_a_monitor_that_was_never_deployed_leaves_nothing_to_do(sandbox: Sandbox) -> None:
    """Without anything there the plan has no step, and asks nothing."""
    made = gone(sandbox, monitor_of("never"))
    assert made.empty
    assert made.steps == ()


def test_log_data_are_never_removed(sandbox: Sandbox) -> None:
    """A log group that we made stays as soon as it has a stream; one that was there is not even asked about."""
    logs = sandbox.session.client("logs")
    monitor = deployed(sandbox, "data")
    logs.create_log_stream(logGroupName="/vpc/data", logStreamName="eni-1-all")
    made = gone(sandbox, monitor)
    assert told(made)[-1] == "keep log group '/vpc/data'"
    assert why(made, "log group") == "It holds log data, which rejectkit never removes."
    made.apply(confirm=lambda step: True)
    assert len(there(sandbox, "data")["groups"]) == 1
    logs.create_log_group(logGroupName="/vpc/notours")
    other = deployed(sandbox, "notours", create_log_group=False, retention_days=None)
    assert why(gone(sandbox, other), "log group") == "It is not rejectkit's, and stays."


def test_a_log_group_that_fills_meanwhile_is_not_deleted(sandbox: Sandbox) -> None:
    """The yes was for an empty log group: it is looked at again before it goes."""
    monitor = deployed(sandbox, "fills")
    gone(sandbox, monitor).apply()
    (ask,) = gone(sandbox, monitor).questions
    sandbox.session.client("logs").create_log_stream(logGroupName="/vpc/fills", logStreamName="eni-1-all")
    assert ask.action is not None
    with pytest.raises(ConflictError) as caught:
        ask.action()
    assert str(caught.value) == (
        "the log group '/vpc/fills' is no longer empty, so it was not deleted; rejectkit never removes log data"
    )
    assert len(there(sandbox, "fills")["groups"]) == 1


def test_a_topic_with_other_subscribers_survives(sandbox: Sandbox) -> None:
    """Our subscriptions end, the others and the topic stay, and the plan says so; with a yes the topic goes."""
    monitor = deployed(sandbox, "survives")
    topic = f"{ARN}:survives-topic"
    sandbox.session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=THEIRS)
    made = gone(sandbox, monitor)
    assert told(made)[2:5] == [
        "remove subscription 'email ops@survives.example.org'",
        "remove subscription 'sqs arn:aws:sqs:eu-west-1:123456789012:survives-queue'",
        "ask about topic 'survives-topic'",
    ]
    assert why(made, "topic") == (
        f"It also tells sqs {THEIRS}. Is the topic 'survives-topic' to be deleted all the same?"
    )
    made.apply()
    found = there(sandbox, "survives")
    assert found["subscriptions"] == [[["sqs", THEIRS, False]]]
    assert (found["alarms"], found["filters"]) == ([], [])
    second = gone(sandbox, monitor)
    assert second.empty
    second.apply(confirm=lambda step: step.kind == "topic")
    assert there(sandbox, "survives")["topics"] == []


def test_a_topic_that_another_alarm_uses_survives_with_its_subscribers(sandbox: Sandbox) -> None:
    """Another alarm tells our subscribers through our topic: topic and subscriptions are asked about."""
    monitor = deployed(sandbox, "used", queues=[])
    alarm_by_hand(sandbox, "somebodys", f"{ARN}:used-topic")
    alarm_by_hand(sandbox, "somebodys-longer", f"{ARN}:used-topic-longer")
    made = gone(sandbox, monitor)
    assert told(made)[2:4] == [
        "ask about subscription 'email ops@used.example.org'",
        "ask about topic 'used-topic'",
    ]
    assert why(made, "subscription") == (
        "Is email ops@used.example.org to be told no longer, of the other alarms either?"
    )
    assert why(made, "topic") == ("It is also used by somebodys. Is the topic 'used-topic' to be deleted all the same?")
    made.apply()
    assert there(sandbox, "used")["subscriptions"] == [[["email", "ops@X.example.org", False]]]
    assert gone(sandbox, monitor).empty


def test_not_being_allowed_to_look_for_other_alarms_is_a_question(sandbox: Sandbox) -> None:
    """Where all alarms may not be listed, it is not known who else uses the topic: it is asked about."""
    monitor = deployed(sandbox, "nolist")
    looks = [at for at, one in enumerate(calls(sandbox, lambda: gone(sandbox, monitor))) if "DescribeAlarms" in one]
    sandbox.faults.add(Fault("*", code="AccessDenied", status=403, after=looks[1]))
    made = gone(sandbox, monitor)
    sandbox.faults.clear()
    assert told(made)[2] == "ask about topic 'nolist-topic'"
    assert why(made, "topic") == (
        "Whether other alarms use it is not known: DescribeAlarms of all alarms is not allowed. Is the topic "
        "'nolist-topic' to be deleted all the same?"
    )


def test_what_waits_for_its_confirmation_on_a_topic_that_stays_ends_by_itself(sandbox: Sandbox) -> None:
    """Nobody can end a pending subscription: it is kept with a note."""
    monitor = monitor_of("waits")
    plan(monitor, sandbox.session, **FAST).apply()
    sandbox.session.client("sns").subscribe(TopicArn=f"{ARN}:waits-topic", Protocol="sqs", Endpoint=THEIRS)
    made = gone(sandbox, monitor)
    assert told(made)[2] == "keep subscription 'email ops@waits.example.org'"
    assert made.steps[2].why == "It waits for its confirmation, and ends by itself without; nobody can end it before."
    made.apply()
    assert gone(sandbox, monitor).empty


def test_an_existing_topic_stays_and_its_subscriptions_are_asked_about(sandbox: Sandbox) -> None:
    """Who subscribed an address to a topic that is not ours is not known; the filter goes before the alarm."""
    arn = sandbox.session.client("sns").create_topic(Name="before-topic")["TopicArn"]
    monitor = deployed(sandbox, "before", topic=arn, create_log_group=True)
    made = gone(sandbox, monitor)
    assert told(made)[:5] == [
        "remove metric alarm 'before-alarm'",
        "remove metric filter 'before-filter'",
        "ask about subscription 'email ops@before.example.org'",
        "ask about subscription 'sqs arn:aws:sqs:eu-west-1:123456789012:before-queue'",
        f"keep topic '{arn}'",
    ]
    assert made.steps[2].question == (
        "Is email ops@before.example.org to be told no longer? The topic is not rejectkit's; who subscribed it is not "
        "known."
    )
    made.apply()
    assert len(there(sandbox, "before")["subscriptions"][0]) == 2
    assert gone(sandbox, monitor).empty


def test_a_filter_goes_first_where_only_the_alarm_tells_that_it_is_ours(sandbox: Sandbox) -> None:
    """Stopped between the two, the alarm must be left: it is the only trace."""
    arn = sandbox.session.client("sns").create_topic(Name="trace-topic")["TopicArn"]
    sandbox.session.client("logs").create_log_group(logGroupName="/vpc/trace")
    monitor = deployed(sandbox, "trace", topic=arn, create_log_group=False, retention_days=None)
    assert told(gone(sandbox, monitor))[:2] == [
        "remove metric filter 'trace-filter'",
        "remove metric alarm 'trace-alarm'",
    ]


def test_a_filter_edited_by_hand_is_still_ours(sandbox: Sandbox) -> None:
    """Our alarm watches the metric it counts into."""
    monitor = deployed(sandbox, "edited")
    sandbox.session.client("logs").put_metric_filter(
        logGroupName="/vpc/edited",
        filterName="edited-filter",
        filterPattern="REJECT",
        metricTransformations=[{"metricName": "edited-metric", "metricNamespace": "VPCFlowLogs", "metricValue": "7"}],
    )
    assert "remove metric filter 'edited-filter'" in told(gone(sandbox, monitor))


def test_what_is_not_ours_stays(sandbox: Sandbox) -> None:
    """Alarm and topic without our tag, and a filter into another metric, are kept, each with the reason."""
    alarm_by_hand(sandbox, "others-alarm")
    sandbox.session.client("sns").create_topic(Name="others-topic")
    logs = sandbox.session.client("logs")
    logs.create_log_group(logGroupName="/vpc/others")
    logs.put_metric_filter(
        logGroupName="/vpc/others",
        filterName="others-filter",
        filterPattern="ERROR",
        metricTransformations=[{"metricName": "Errors", "metricNamespace": "App", "metricValue": "1"}],
    )
    before = there(sandbox, "others")
    made = gone(sandbox, monitor_of("others"))
    assert made.empty
    reason = "It has no tag rejectkit:monitor=others-alarm: it is not rejectkit's, and stays."
    assert (why(made, "metric alarm"), why(made, "topic")) == (reason, reason)
    assert why(made, "metric filter") == "It counts into App/Errors: it is somebody else's, and stays."
    made.apply(confirm=lambda step: True)
    assert there(sandbox, "others") == before


def test_a_filter_beside_a_log_alarm_whose_choices_no_pattern_can_say(sandbox: Sandbox) -> None:
    """It is told whose it is, as with any log alarm: somebody else's stays, and the log alarm goes."""
    role = "arn:aws:iam::123456789012:role/queries"
    choices = Choices(inside=("10.0.0.0/9",))
    monitor = deployed(sandbox, "unsaid", design="log-alarm", query_role=role, choices=choices)
    assert choices.unsaid(monitor.log_format)
    logs = sandbox.session.client("logs")
    counted = {"metricName": "Errors", "metricNamespace": "App", "metricValue": "1"}
    put = {"logGroupName": monitor.log_group, "filterName": monitor.filter_name, "filterPattern": "ERROR"}
    logs.put_metric_filter(**put, metricTransformations=[counted])
    made = gone(sandbox, monitor)
    assert why(made, "metric filter") == "It counts into App/Errors: it is somebody else's, and stays."
    assert "remove log alarm 'unsaid-alarm'" in told(made)
    made.apply()
    (kept,) = logs.describe_metric_filters(logGroupName=monitor.log_group)["metricFilters"]
    assert kept["filterPattern"] == "ERROR"


def test_the_recipe_made_by_hand_is_not_taken_for_ours(sandbox: Sandbox) -> None:
    """A filter just like ours, where nothing has our tag, is asked about."""
    monitor = deployed(sandbox, "byhand")
    cloudwatch, sns = sandbox.session.client("cloudwatch"), sandbox.session.client("sns")
    key = ["rejectkit:monitor"]
    cloudwatch.untag_resource(ResourceARN="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:byhand-alarm", TagKeys=key)
    sns.untag_resource(ResourceArn=f"{ARN}:byhand-topic", TagKeys=key)
    sandbox.session.client("logs").untag_resource(
        resourceArn="arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/byhand", tagKeys=key
    )
    made = gone(sandbox, monitor)
    assert made.empty
    assert why(made, "metric filter") == (
        "It may be rejectkit's, left by a deployment or a teardown that was interrupted, or somebody else's. Is the "
        "metric filter 'byhand-filter' to be deleted?"
    )


def test_an_alarm_that_another_log_group_feeds_is_asked_about(sandbox: Sandbox) -> None:
    """The alarm of two log groups is shared: one's filter goes, the alarm stays without a yes."""
    deployed(sandbox, "fed")
    second = monitor_of("fed", log_group="/vpc/second-fed")
    plan(second, sandbox.session, adopt=True, **FAST).apply()
    made = gone(sandbox, second)
    assert told(made)[:2] == ["ask about metric alarm 'fed-alarm'", "remove metric filter 'fed-filter'"]
    assert why(made, "metric alarm") == (
        "The metric VPCFlowLogs/fed-metric is also fed by 'fed-filter' of log group '/vpc/fed': the counts add up. Is "
        "the metric alarm 'fed-alarm' to be deleted all the same?"
    )


def test_what_a_stack_made_is_asked_about(sandbox: Sandbox) -> None:
    """Resources of a CloudFormation stack go with the stack: behind its back only with a yes."""
    monitor = deployed(sandbox, "stacked")
    alarms = sandbox._world.region("eu-west-1").of(Alarms).alarms
    alarms["stacked-alarm"].tags["aws:cloudformation:stack-name"] = "recipe"
    made = gone(sandbox, monitor)
    assert made.empty
    assert told(made)[:3] == [
        "ask about metric alarm 'stacked-alarm'",
        "ask about metric filter 'stacked-filter'",
        "ask about topic 'stacked-topic'",
    ]
    assert why(made, "metric filter") == (
        "It is part of the CloudFormation stack 'recipe': delete that in its place. Is the metric filter "
        "'stacked-filter' to be removed without its stack?"
    )
    made.apply(confirm=lambda step: True)
    assert not any(there(sandbox, "stacked").values())


KINDS: dict[str, dict[str, Any]] = {
    "before": {"connection": "before", "times": OUTAGE},
    "after": {"connection": "after", "times": OUTAGE},
    "halfway": {"connection": "halfway", "times": OUTAGE},
    "denied": {"code": "AccessDenied", "status": 403, "times": 1},
    "aborted": {"code": "OperationAbortedException", "times": OUTAGE},
    "after-once": {"connection": "after", "times": 1},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
def test_teardown_stopped_at_every_call_and_run_again_ends_as_if_never_stopped(
    sandbox: Sandbox, kind: str, shared: bool
) -> None:
    """Whatever happens at whichever call, a second run ends in the state of a clean run."""

    def prepared(tag: str) -> Monitor:
        monitor = deployed(sandbox, tag)
        if shared:
            sandbox.session.client("sns").subscribe(TopicArn=f"{ARN}:{tag}-topic", Protocol="sqs", Endpoint=THEIRS)
        return monitor

    def remove(monitor: Monitor) -> None:
        gone(sandbox, monitor).apply(confirm=lambda step: step.kind == "log group", sleep=lambda _: None)

    clean = f"clean{kind}{shared}"
    first = prepared(clean)
    order = calls(sandbox, lambda: remove(first))
    expected = there(sandbox, clean)
    assert sum(map(changes, order)) == (5 if shared else 4)
    for place, operation in enumerate(order):
        if (shared or kind != "before") and not changes(operation):
            continue  # what a read does is done whether its answer comes or not
        tag = f"stop{kind}{place}{shared}"
        monitor = prepared(tag)
        error = interrupted(sandbox, Fault("*", after=place, **KINDS[kind]), lambda: remove(monitor))  # noqa: B023
        if kind.endswith("-once"):
            assert error is None, (place, operation, error)
        elif changes(operation):
            assert isinstance(error, ApplyError), (place, operation, error)
        else:
            assert error is None or isinstance(error, ApplyError | AwsError), (place, operation, error)
        remove(monitor)
        assert there(sandbox, tag) == expected, (place, operation)
        assert gone(sandbox, monitor).empty, (place, operation)


def test_two_teardowns_at_once_have_one_result(sandbox: Sandbox) -> None:
    """What somebody else has just removed is removed: no error, and nothing is left."""
    for turn in range(3):
        monitor = deployed(sandbox, f"both{turn}")
        plans = [gone(sandbox, monitor) for _ in range(2)]
        ready = threading.Barrier(2)
        errors: list[BaseException] = []

        def apply(made: Plan, ready: threading.Barrier = ready, errors: list[BaseException] = errors) -> None:
            try:
                ready.wait(10)
                made.apply(confirm=lambda step: True)
            except BaseException as error:  # noqa: BLE001  # told by the test
                errors.append(error)

        threads = [threading.Thread(target=apply, args=(made,)) for made in plans]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert errors == []
        assert not any(there(sandbox, f"both{turn}").values())


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("logs.ListTagsForResource", "ResourceNotFoundException"),
        ("logs.DescribeMetricFilters", "ResourceNotFoundException"),
        ("cloudwatch.ListTagsForResource", "ResourceNotFoundException"),
        ("sns.ListTagsForResource", "ResourceNotFound"),
        ("sns.ListSubscriptionsByTopic", "NotFound"),
        ("logs.DescribeLogStreams", "ResourceNotFoundException"),
    ],
)
def test_what_goes_while_it_is_looked_at_is_gone(sandbox: Sandbox, operation: str, code: str) -> None:
    """Somebody else may remove a thing between the list it is in and the question about it: that is no error."""
    tag = operation.replace(".", "-")
    monitor = deployed(sandbox, tag)
    whole = len(gone(sandbox, monitor).steps)
    sandbox.faults.add(Fault(operation, code=code, status=404))
    found = len(gone(sandbox, monitor).steps)
    assert found == whole if operation == "logs.DescribeLogStreams" else found < whole


def test_after_a_teardown_it_can_be_deployed_again(sandbox: Sandbox) -> None:
    """Down and up again is as the first time."""
    monitor = deployed(sandbox, "again")
    before = there(sandbox, "again")
    gone(sandbox, monitor).apply(confirm=lambda step: True)
    deployed(sandbox, "again")
    assert there(sandbox, "again") == before
