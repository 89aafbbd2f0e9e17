"""Log alarms as resources of a stack: made, changed, put back, taken away; and the exported template, deployed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rejectkit.monitoring import AlarmRule, Monitor, plan, teardown, template
from rejectkit.plans import Plan
from rejectkit.sandbox import Limits, Sandbox, start
from tests.wiring import ACCOUNT, LOGS, ROLE, at_once, expected, no_time, ready, seen

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
TYPE = "AWS::CloudWatch::LogAlarm"
MONITORS = {
    "few values": Monitor(log_group="vpc-flow-logs", design="log-alarm", query_role=ROLE, rule=AlarmRule(period=300)),
    "all values": LOGS,
    "a topic there is": LOGS.changed(
        topic=f"arn:aws:sns:eu-west-1:{ACCOUNT}:there", create_log_group=False, retention_days=None
    ),
}
PROPERTIES: dict[str, Any] = {
    "AlarmName": "rejects",
    "AlarmDescription": "first",
    "ScheduledQueryConfiguration": {
        "QueryString": "fields @message",
        "LogGroupIdentifiers": ["g"],
        "ScheduledQueryRoleARN": ROLE,
        "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": "600"},
        "AggregationExpression": "count(*)",
    },
    "QueryResultsToEvaluate": "1",
    "QueryResultsToAlarm": 1,
    "Threshold": "0.5",
    "ComparisonOperator": "GreaterThanThreshold",
    "Tags": [{"Key": "team", "Value": "network"}],
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account."""
    with start(scenario=None, start=START, limits=Limits.unlimited()) as made:
        yield made


def body(
    properties: dict[str, Any] | None, topic: dict[str, Any] | None = None, **outputs: dict[str, Any]
) -> dict[str, str]:
    """Return the template of a stack with a log alarm, and a topic after it, which may be one that cannot be made."""
    resources = {"Alarm": {"Type": TYPE, "Properties": properties}} if properties is not None else {}
    if topic is not None:
        resources["Topic"] = {"Type": "AWS::SNS::Topic", "Properties": topic}
    if topic is not None and properties is not None:
        resources["Topic"]["DependsOn"] = "Alarm"
    sections = {"Resources": resources} | ({"Outputs": outputs} if outputs else {})
    return {"StackName": "poc", "TemplateBody": json.dumps(sections)}


def changed(**members: Any) -> dict[str, Any]:
    """Return the properties with others in their place; one that is None is left out."""
    found = copy.deepcopy(PROPERTIES) | members
    return {name: value for name, value in found.items() if value is not None}


def status(sandbox: Sandbox) -> str:
    """Return the stack's status."""
    (stack,) = sandbox.session.client("cloudformation").describe_stacks(StackName="poc")["Stacks"]
    return str(stack["StackStatus"])


def reason(sandbox: Sandbox) -> str:
    """Return why the resource that failed last did."""
    events = sandbox.session.client("cloudformation").describe_stack_events(StackName="poc")["StackEvents"]
    return next(one["ResourceStatusReason"] for one in events if one["ResourceStatus"].endswith("_FAILED"))


def alarms(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Return the log alarms there are, by name."""
    listed = sandbox.session.client("cloudwatch").describe_alarms(AlarmTypes=["LogAlarm"])["LogAlarms"]
    return {one["AlarmName"]: one for one in listed}


def tags(sandbox: Sandbox, name: str = "rejects") -> dict[str, str]:
    """Return an alarm's tags."""
    arn = f"arn:aws:cloudwatch:eu-west-1:{sandbox.account}:alarm:{name}"
    listed = sandbox.session.client("cloudwatch").list_tags_for_resource(ResourceARN=arn)["Tags"]
    return {one["Key"]: one["Value"] for one in listed}


def planned(monitor: Monitor, sandbox: Sandbox) -> Plan:
    """Return what rejectkit would still do."""
    return plan(monitor, sandbox.session, budget=at_once(), sleep=no_time)


@pytest.mark.parametrize("name", MONITORS)
def test_the_exported_template_leaves_an_empty_plan(name: str, sandbox: Sandbox) -> None:
    """Every resource is made just as wanted, so that rejectkit finds nothing to do; deleted, the alarm is gone."""
    monitor, cfn = MONITORS[name], sandbox.session.client("cloudformation")
    ready(monitor, sandbox.session)
    cfn.create_stack(StackName="poc", TemplateBody=json.dumps(template(monitor)))
    (stack,) = cfn.describe_stacks(StackName="poc")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    found = planned(monitor, sandbox)
    assert found.empty, str(found)
    assert {step.verb for step in found.steps} == {"keep"}
    assert seen(monitor, sandbox.session) == expected(monitor)
    assert {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]} == {
        "AlarmName": monitor.alarm_name,
        "AlarmArn": monitor.alarm_arn("eu-west-1", ACCOUNT),
        "TopicArn": monitor.topic_arn("eu-west-1", ACCOUNT),
    }
    cfn.delete_stack(StackName="poc")
    assert alarms(sandbox) == {}
    assert teardown(monitor, sandbox.session, budget=at_once(), sleep=no_time).empty


def test_an_edited_monitor_is_an_update_of_its_stack(sandbox: Sandbox) -> None:
    """The template of a changed monitor brings the stack to what that monitor wants, in place."""
    before = MONITORS["few values"]
    ready(before, sandbox.session)
    cfn = sandbox.session.client("cloudformation")
    cfn.create_stack(StackName="poc", TemplateBody=json.dumps(template(before)))
    arn = alarms(sandbox)[before.alarm_name]["ScheduledQueryConfiguration"]["QueryARN"]
    after = before.changed(rule=AlarmRule(period=600, threshold=9.0), log_lines=3, lines_role=ROLE, tags={"team": "x"})
    assert not planned(after, sandbox).empty
    cfn.update_stack(StackName="poc", TemplateBody=json.dumps(template(after)))
    assert status(sandbox) == "UPDATE_COMPLETE"
    found = planned(after, sandbox)
    assert found.empty, str(found)
    assert alarms(sandbox)[after.alarm_name]["ScheduledQueryConfiguration"]["QueryARN"] == arn


def test_a_log_alarm_of_a_stack_is_evaluated_and_told(sandbox: Sandbox) -> None:
    """It is an alarm like any other: a reject in the log takes it to ALARM, and the topic's mail goes out."""
    monitor = MONITORS["few values"].changed(emails=["ops@example.org"], delay=60)
    ready(monitor, sandbox.session)
    logs = sandbox.session.client("logs")
    logs.create_log_stream(logGroupName=monitor.log_group, logStreamName="eni-1-all")
    cfn = sandbox.session.client("cloudformation")
    cfn.create_stack(StackName="poc", TemplateBody=json.dumps(template(monitor)))
    sandbox.mailbox.click(sandbox.mailbox.to("ops@example.org")[-1])
    at = int(START.timestamp())
    line = f"2 {ACCOUNT} eni-1 198.51.100.7 10.0.0.5 40000 22 6 1 40 {at} {at + 30} REJECT OK"
    logs.put_log_events(
        logGroupName=monitor.log_group, logStreamName="eni-1-all", logEvents=[{"timestamp": at * 1000, "message": line}]
    )
    sandbox.advance("10m")
    history = sandbox.session.client("cloudwatch").describe_alarm_history(
        AlarmName=monitor.alarm_name, AlarmTypes=["LogAlarm"], HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]
    assert "Alarm updated from INSUFFICIENT_DATA to ALARM" in [one["HistorySummary"] for one in history]
    assert any("ALARM" in one.subject for one in sandbox.mailbox.to("ops@example.org"))


def test_values_may_be_texts_and_the_name_may_be_left_out(sandbox: Sandbox) -> None:
    """As with every type: a number may be written as text, and a resource without a name gets one of its stack's."""
    outputs = {"Name": {"Value": {"Ref": "Alarm"}}, "Arn": {"Value": {"Fn::GetAtt": ["Alarm", "Arn"]}}}
    sandbox.session.client("cloudformation").create_stack(**body(changed(AlarmName=None), **outputs))
    ((name, alarm),) = alarms(sandbox).items()
    assert name.startswith("poc-Alarm-")
    query = alarm["ScheduledQueryConfiguration"]
    assert query["ScheduleConfiguration"] == {
        "ScheduleExpression": "rate(5 minutes)",
        "StartTimeOffset": 600,
        "EndTimeOffset": 0,
    }
    assert (alarm["Threshold"], alarm["QueryResultsToEvaluate"]) == (0.5, 1)
    (stack,) = sandbox.session.client("cloudformation").describe_stacks(StackName="poc")["Stacks"]
    assert {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]} == {
        "Name": name,
        "Arn": alarm["AlarmArn"],
    }


def test_an_update_replaces_the_configuration_and_its_tags(sandbox: Sandbox) -> None:
    """What is left out is gone, and so is a tag; the alarm and its query stay the same ones."""
    cfn = sandbox.session.client("cloudformation")
    cfn.create_stack(**body(PROPERTIES))
    before = alarms(sandbox)["rejects"]
    assert tags(sandbox)["team"] == "network"
    cfn.update_stack(**body(changed(AlarmDescription=None, Threshold=7, Tags=[{"Key": "owner", "Value": "ops"}])))
    assert status(sandbox) == "UPDATE_COMPLETE"
    after = alarms(sandbox)["rejects"]
    assert (after["Threshold"], "AlarmDescription" in after) == (7.0, False)
    assert after["ScheduledQueryConfiguration"] == before["ScheduledQueryConfiguration"]
    assert {"owner": "ops"}.items() <= tags(sandbox).items()
    assert "team" not in tags(sandbox)


def test_another_name_is_another_alarm(sandbox: Sandbox) -> None:
    """AlarmName cannot be changed in place: the new alarm comes, then the old one goes."""
    cfn = sandbox.session.client("cloudformation")
    cfn.create_stack(**body(PROPERTIES))
    cfn.update_stack(**body(changed(AlarmName="refused")))
    assert status(sandbox) == "UPDATE_COMPLETE"
    assert set(alarms(sandbox)) == {"refused"}


def test_a_failed_update_brings_the_old_alarm_back(sandbox: Sandbox) -> None:
    """Configuration and tags are as before when a later resource cannot be made."""
    cfn = sandbox.session.client("cloudformation")
    cfn.create_stack(**body(PROPERTIES))
    before, tagged = alarms(sandbox)["rejects"], tags(sandbox)
    broken = body(changed(Threshold=7, Tags=[{"Key": "owner", "Value": "ops"}]), topic={"TopicName": "no good name"})
    cfn.update_stack(**broken)
    assert status(sandbox) == "UPDATE_ROLLBACK_COMPLETE"
    after = alarms(sandbox)["rejects"]
    late = "AlarmConfigurationUpdatedTimestamp"
    assert {k: v for k, v in after.items() if k != late} == {k: v for k, v in before.items() if k != late}
    assert tags(sandbox) == tagged


def test_a_failed_creation_leaves_no_alarm(sandbox: Sandbox) -> None:
    """The alarm is taken away again with its stack; and gone already is as good."""
    cfn = sandbox.session.client("cloudformation")
    cfn.create_stack(**body(PROPERTIES, topic={"TopicName": "no good name"}))
    assert status(sandbox) == "ROLLBACK_COMPLETE"
    assert alarms(sandbox) == {}
    cfn.delete_stack(StackName="poc")
    cfn.create_stack(**body(PROPERTIES))
    sandbox.session.client("cloudwatch").delete_alarms(AlarmNames=["rejects"])
    cfn.delete_stack(StackName="poc")
    with pytest.raises(ClientError, match="does not exist"):
        status(sandbox)


@pytest.mark.parametrize("kind", ["log alarm", "metric alarm"])
def test_somebody_elses_alarm_is_not_taken_over(kind: str, sandbox: Sandbox) -> None:
    """A name that is taken, by either kind of alarm, fails the resource, and the alarm there stays as it is."""
    cloudwatch = sandbox.session.client("cloudwatch")
    if kind == "log alarm":
        numbers = {"QueryResultsToEvaluate": 1, "Threshold": 1.0, "Tags": []}
        query = PROPERTIES["ScheduledQueryConfiguration"]
        schedule = {**query["ScheduleConfiguration"], "StartTimeOffset": 600}
        cloudwatch.put_log_alarm(
            **(PROPERTIES | numbers | {"ScheduledQueryConfiguration": {**query, "ScheduleConfiguration": schedule}})
        )
    else:
        cloudwatch.put_metric_alarm(
            AlarmName="rejects",
            **{"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1},
            **{"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"},
        )

    def told() -> list[dict[str, Any]]:
        answer = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "LogAlarm"])
        return [*answer["MetricAlarms"], *answer["LogAlarms"]]

    before = told()
    sandbox.session.client("cloudformation").create_stack(**body(PROPERTIES))
    assert status(sandbox) == "ROLLBACK_COMPLETE"
    if kind == "log alarm":
        why = f"Resource of type '{TYPE}' with identifier '{{\"/properties/AlarmName\":\"rejects\"}}' already exists."
        assert why in reason(sandbox)
    else:
        assert "An alarm with the name rejects exists already, of the type MetricAlarm" in reason(sandbox)
    assert told() == before


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"Threshold": None}, "#: required key [Threshold] not found"),
        ({"ScheduledQueryConfiguration": None}, "#: required key [ScheduledQueryConfiguration] not found"),
        ({"ComparisonOperator": None}, "#: required key [ComparisonOperator] not found"),
        ({"EvaluationPeriods": 1}, "#: extraneous key [EvaluationPeriods] is not permitted"),
        ({"Threshold": "high"}, "#/Threshold: expected type: Number, found: String"),
        (
            {"ScheduledQueryConfiguration": {"QueryARN": "arn:aws:logs:::scheduled-query:x"}},
            "#/ScheduledQueryConfiguration: extraneous key [QueryARN] is not permitted",
        ),
        ({"ScheduledQueryConfiguration": {}}, "ScheduledQueryConfiguration should have a QueryString parameter"),
        ({"QueryResultsToAlarm": 2}, "QueryResultsToAlarm must be less than or equal to QueryResultsToEvaluate"),
        (
            {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5}},
            "the sandbox does not play WarmUpConfiguration of Alarm",
        ),
    ],
    ids=str,
)
def test_what_no_log_alarm_has_fails_its_resource(members: dict[str, Any], told: str, sandbox: Sandbox) -> None:
    """By the type's schema where that says so, else in the words of PutLogAlarm; nothing is left."""
    sandbox.session.client("cloudformation").create_stack(**body(changed(**members)))
    assert status(sandbox) == "ROLLBACK_COMPLETE"
    assert told in reason(sandbox)
    assert alarms(sandbox) == {}
