"""Log alarms in the sandbox: put, run on their schedule over the log groups, judged, told, changed and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from botocore.config import Config

from rejectkit.monitoring.alarms.lognotice import LINES_MEMBER
from rejectkit.sandbox import Fault, Sandbox, start
from tests.alarm_sandbox import START, account, after, changes, items, put_alarm, refusal

ROLE = "arn:aws:iam::123456789012:role/query"
LINES_ROLE = "arn:aws:iam::123456789012:role/lines"
QUERY = 'fields @timestamp, @message\n| filter action = "REJECT"'


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An account at noon with the log group g, made an hour ago."""
    with account() as made:
        logs = made.session.client("logs")
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(logGroupName="g", logStreamName="s")
        yield made


@pytest.fixture
def cloudwatch(sandbox: Sandbox) -> Any:
    """Its CloudWatch client."""
    return sandbox.session.client("cloudwatch")


def asked(name: str = "a", *, query: dict[str, Any] | None = None, schedule: Any = None, **more: Any) -> dict[str, Any]:
    """Return PutLogAlarm's arguments: rejects of five minutes, counted each five minutes, some members otherwise."""
    configured: dict[str, Any] = {
        "QueryString": QUERY,
        "LogGroupIdentifiers": ["g"],
        "ScheduledQueryRoleARN": ROLE,
        "AggregationExpression": "count(*)",
        "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300} | (schedule or {}),
    }
    configured |= query or {}
    found = {
        "AlarmName": name,
        "ScheduledQueryConfiguration": {key: value for key, value in configured.items() if value is not None},
        "QueryResultsToEvaluate": 1,
        "QueryResultsToAlarm": 1,
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }
    return {member: value for member, value in found.items() if value is not None}


def write(sandbox: Sandbox, *seconds: float, action: str = "REJECT", port: int = 22, group: str = "g") -> None:
    """Write flow-log lines stamped so many seconds after noon."""
    events = []
    for at in seconds:
        stamp = int(after(at).timestamp())
        line = f"2 123456789012 eni-1 10.0.0.1 10.0.0.2 5000 {port} 6 1 40 {stamp} {stamp + 50} {action} OK"
        events.append({"timestamp": stamp * 1000, "message": line})
    sandbox.session.client("logs").put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def described(cloudwatch: Any, name: str = "a") -> dict[str, Any]:
    """Return a log alarm as DescribeAlarms has it."""
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["LogAlarm"])["LogAlarms"]
    return dict(found)


def history(cloudwatch: Any, name: str = "a", kind: str | None = "StateUpdate") -> list[dict[str, Any]]:
    """Return a log alarm's history, the oldest first."""
    return items(cloudwatch, kind, name, AlarmTypes=["LogAlarm"])


def states(cloudwatch: Any, name: str = "a") -> list[tuple[datetime, str]]:
    """Return when a log alarm changed its state, and to what, the oldest first."""
    return [(item["Timestamp"], item["HistorySummary"].split()[-1]) for item in history(cloudwatch, name)]


def taken(minute: float) -> datetime:
    """Return when the state changes that a run at a minute from noon led to."""
    return after(60 * minute + 30.002)


def listener(sandbox: Sandbox) -> tuple[str, Any]:
    """Return the ARN of a new topic, and a function that returns the messages it was sent since."""
    sns, sqs = sandbox.session.client("sns"), sandbox.session.client("sqs")
    topic = sns.create_topic(Name="t")["TopicArn"]
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    principal = {"Service": "sns.amazonaws.com"}
    allow = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def messages() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(json.loads(one["Body"])["Message"]) for one in got]
            for one in got:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return found

    return topic, messages


def test_a_log_alarm_goes_to_alarm_and_back(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Rejects of 12:05 to 12:10 are counted by the run at 12:10:00, which is judged at 12:10:30; accepts are not."""
    cloudwatch.put_log_alarm(**asked())
    sandbox.advance(590)
    write(sandbox, 310, 599)
    write(sandbox, 320, action="ACCEPT")
    sandbox.advance("20m")
    assert states(cloudwatch) == [(taken(5), "OK"), (taken(10), "ALARM"), (taken(15), "OK")]
    data = json.loads(history(cloudwatch)[1]["HistoryData"])["newState"]["stateReasonData"]
    assert [(one["timestamp"], one["value"]) for one in data["results"]] == [("2026-11-01T12:10:00.000+0000", 2.0)]


def test_the_window_is_cut_by_the_offsets(sandbox: Sandbox, cloudwatch: Any) -> None:
    """With 900 and 600 the run at 12:20 counts 12:05 to 12:10, its first moment and not that of its end."""
    cloudwatch.put_log_alarm(**asked(schedule={"StartTimeOffset": 900, "EndTimeOffset": 600}, Threshold=1.5))
    sandbox.advance(590)
    write(sandbox, 300, 599, 600)
    sandbox.advance("30m")
    assert states(cloudwatch) == [(taken(5), "OK"), (taken(20), "ALARM"), (taken(25), "OK")]
    data = json.loads(history(cloudwatch)[1]["HistoryData"])["newState"]["stateReasonData"]
    assert [one["value"] for one in data["results"]] == [2.0]


def test_what_arrives_after_the_run_is_missed(sandbox: Sandbox, cloudwatch: Any) -> None:
    """The query sees what is there when it runs; an end offset waits for what is late."""
    cloudwatch.put_log_alarm(**asked("now"))
    cloudwatch.put_log_alarm(**asked("later", schedule={"StartTimeOffset": 600, "EndTimeOffset": 300}))
    sandbox.advance(601)
    write(sandbox, 310)
    sandbox.advance("20m")
    assert [state for _, state in states(cloudwatch, "now")] == ["OK"]
    assert states(cloudwatch, "later")[1:] == [(taken(15), "ALARM"), (taken(20), "OK")]


def test_it_is_described_as_it_was_put(sandbox: Sandbox, cloudwatch: Any) -> None:
    """With the service's defaults, the ARN of its query, and no tags; and only where log alarms are asked for."""
    put_alarm(cloudwatch, "metric")
    cloudwatch.put_log_alarm(**asked(AlarmDescription="d", Tags=[{"Key": "k", "Value": "v"}]))
    told = described(cloudwatch)
    arn = told["ScheduledQueryConfiguration"].pop("QueryARN")
    assert arn.startswith(f"arn:aws:logs:us-east-1:{sandbox.account}:scheduled-query:")
    assert told == {
        "AlarmName": "a",
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{sandbox.account}:alarm:a",
        "AlarmDescription": "d",
        "AlarmConfigurationUpdatedTimestamp": START,
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": START,
        "StateTransitionedTimestamp": START,
        "ScheduledQueryConfiguration": {
            "QueryString": QUERY,
            "LogGroupIdentifiers": ["g"],
            "ScheduledQueryRoleARN": ROLE,
            "ScheduleConfiguration": {
                "ScheduleExpression": "rate(5 minutes)",
                "StartTimeOffset": 300,
                "EndTimeOffset": 0,
            },
            "AggregationExpression": "count(*)",
        },
        "QueryResultsToEvaluate": 1,
        "QueryResultsToAlarm": 1,
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "ActionLogLineCount": 0,
    }
    assert [one["AlarmName"] for one in cloudwatch.describe_alarms()["MetricAlarms"]] == ["metric"]
    both = cloudwatch.describe_alarms(AlarmTypes=["LogAlarm", "MetricAlarm"], MaxRecords=1)
    assert ([one["AlarmName"] for one in both["LogAlarms"]], both["MetricAlarms"]) == (["a"], [])
    rest = cloudwatch.describe_alarms(AlarmTypes=["LogAlarm", "MetricAlarm"], NextToken=both["NextToken"])
    assert ([one["AlarmName"] for one in rest["MetricAlarms"]], rest["LogAlarms"]) == (["metric"], [])
    assert cloudwatch.list_tags_for_resource(ResourceARN=told["AlarmArn"])["Tags"] == [{"Key": "k", "Value": "v"}]
    assert [item["AlarmType"] for item in history(cloudwatch, kind=None)] == ["LogAlarm"]
    assert items(cloudwatch) == []


def test_two_of_three(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Two breaching results of the latest three make ALARM, until the older one leaves; the first two wait."""
    cloudwatch.put_log_alarm(**asked(QueryResultsToEvaluate=3, QueryResultsToAlarm=2))
    sandbox.advance(290)
    write(sandbox, 280)
    sandbox.advance(600)
    write(sandbox, 880)
    sandbox.advance("30m")
    assert states(cloudwatch) == [(taken(15), "ALARM"), (taken(20), "OK")]
    assert described(cloudwatch)["StateReason"].endswith("(minimum 2 datapoints for ALARM -> OK transition).")


@pytest.mark.parametrize(
    ("aggregation", "treatment", "state"),
    [
        ("count(*)", "breaching", "OK"),
        ("max(bytes)", None, "INSUFFICIENT_DATA"),
        ("max(bytes)", "notBreaching", "OK"),
        ("max(bytes)", "breaching", "ALARM"),
        ("count(*) by dstPort", "breaching", "ALARM"),
        ("count(*) by dstPort", "notBreaching", "OK"),
    ],
)
def test_no_results(cloudwatch: Any, sandbox: Sandbox, aggregation: str, treatment: str | None, state: str) -> None:
    """count(*) of nothing is 0; of other aggregates and of groups nothing is missing data."""
    query = {"AggregationExpression": aggregation}
    cloudwatch.put_log_alarm(**asked(query=query, TreatMissingData=treatment))
    sandbox.advance("6m")
    assert described(cloudwatch)["StateValue"] == state


def test_other_aggregates_and_groups_by_arn(sandbox: Sandbox, cloudwatch: Any) -> None:
    """The greatest of two log groups, of which one is named by its ARN."""
    logs = sandbox.session.client("logs")
    logs.create_log_group(logGroupName="h")
    logs.create_log_stream(logGroupName="h", logStreamName="s")
    arn = f"arn:aws:logs:us-east-1:{sandbox.account}:log-group:h"
    query = {"AggregationExpression": "max(dstPort)", "LogGroupIdentifiers": ["g", arn]}
    cloudwatch.put_log_alarm(**asked(query=query, Threshold=100.0))
    sandbox.advance(200)
    write(sandbox, 100)
    write(sandbox, 100, port=443, group="h")
    sandbox.advance(200)
    assert described(cloudwatch)["StateReason"].startswith(
        "Threshold Crossed: 1 out of the last 1 query results [443.0"
    )


def test_the_notice_and_its_log_lines(sandbox: Sandbox, cloudwatch: Any) -> None:
    """It names the query and its run, which can be asked for its results, and shows the newest lines it counted."""
    topic, messages = listener(sandbox)
    more = {"ActionLogLineCount": 2, "ActionLogLineRoleArn": LINES_ROLE, "Tags": [{"Key": "k", "Value": "v"}]}
    tags = {"ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": True}}}
    cloudwatch.put_log_alarm(**asked(AlarmActions=[topic], **more, **tags))
    sandbox.advance(200)
    write(sandbox, 110, 120, 130)
    write(sandbox, 140, action="ACCEPT")
    sandbox.advance(200)
    (told,) = messages()
    assert (told["NewStateValue"], told["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert (told["LogGroups"], told["QueryString"], told["AggregationExpression"]) == (["g"], QUERY, "count(*)")
    assert told["AlarmTags"] == [{"Key": "k", "Value": "v"}]
    assert [line["@timestamp"] for line in told[LINES_MEMBER]] == ["2026-11-01 12:02:10.000", "2026-11-01 12:02:00.000"]
    assert all(" REJECT " in line["@message"] for line in told[LINES_MEMBER])
    results = sandbox.session.client("logs").get_query_results(queryId=told["QueryExecutionId"])
    assert results["results"] == [[{"field": "count(*)", "value": "3"}]]
    assert [item["HistorySummary"] for item in history(cloudwatch, kind="Action")] == [
        f"Successfully executed action {topic}"
    ]


def test_tags_are_told_only_where_they_are_to_be(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Some of them, all but some, or none."""
    topic, messages = listener(sandbox)
    tags = {"Tags": [{"Key": key, "Value": "v"} for key in ("one", "two")]}
    asks = {
        "some": {"Enabled": True, "IncludedTagKeys": ["one"]},
        "rest": {"Enabled": True, "ExcludedTagKeys": ["one"]},
        "none": {"Enabled": False},
    }
    for name, told in asks.items():
        propagation = {"ActionConfiguration": {"AlarmTagsPropagation": told}}
        cloudwatch.put_log_alarm(**asked(name, AlarmActions=[topic], **tags, **propagation))
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a drill")
    found = {one["AlarmName"]: [tag["Key"] for tag in one.get("AlarmTags", [])] for one in messages()}
    assert found == {"some": ["one"], "rest": ["two"], "none": []}


def test_contributors(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Each port is judged by itself: its own notice with its own lines, its own history, and gone it is OK."""
    topic, messages = listener(sandbox)
    lines = {"ActionLogLineCount": 1, "ActionLogLineRoleArn": LINES_ROLE}
    query = {"AggregationExpression": "count(*) by dstPort | sort desc"}
    cloudwatch.put_log_alarm(**asked(query=query, Threshold=1.0, AlarmActions=[topic], OKActions=[topic], **lines))
    sandbox.advance(200)
    write(sandbox, 100, 110)
    write(sandbox, 100, 110, 120, port=23)
    write(sandbox, 100, port=24)
    sandbox.advance(200)
    told = messages()
    assert [one["AlarmContributorAttributes"] for one in told] == [{"dstPort": "23"}, {"dstPort": "22"}]
    assert [[line["dstPort"] for line in one[LINES_MEMBER]] for one in told] == [["23"], ["22"]]
    assert described(cloudwatch)["StateReason"] == "2 out of 3 contributors evaluated to ALARM"
    listed = cloudwatch.describe_alarm_contributors(AlarmName="a")["AlarmContributors"]
    assert [one["ContributorId"] for one in listed] == [one["AlarmContributorId"] for one in told]
    assert listed[0]["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 query results [3.0")
    write(sandbox, 350, 360, port=22)
    write(sandbox, 350, 360, port=25)
    sandbox.advance(300)
    changed = [
        (one["AlarmContributorAttributes"]["dstPort"], one["HistorySummary"].split()[-1])
        for one in history(cloudwatch, kind="AlarmContributorStateUpdate")
    ]
    assert changed == [("23", "ALARM"), ("22", "ALARM"), ("25", "ALARM"), ("23", "OK")]
    assert [(one["NewStateValue"], one["AlarmContributorAttributes"]["dstPort"]) for one in messages()] == [
        ("ALARM", "25"),
        ("OK", "23"),
    ]
    assert states(cloudwatch) == [(taken(5), "ALARM")]
    assert {
        one["AlarmContributorAttributes"]["dstPort"] for one in history(cloudwatch, kind="AlarmContributorAction")
    } == {
        "22",
        "23",
        "25",
    }
    assert history(cloudwatch, kind="Action") == []


def test_more_groups_than_are_taken(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Five hundred are judged, the first by name, and the alarm says that there are more."""
    cloudwatch.put_log_alarm(**asked(query={"AggregationExpression": "count(*) by dstPort"}, Threshold=9.0))
    sandbox.advance(200)
    for port in range(1, 502):
        write(sandbox, 100, port=port)
    sandbox.advance(200)
    assert described(cloudwatch)["EvaluationState"] == "PARTIAL_DATA"
    assert described(cloudwatch)["StateReason"] == "0 out of 500 contributors evaluated to ALARM"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            {"QueryString": "fields @message | filtre x"},
            "Evaluation error: 1 out of the last 1 query results failed: the query is malformed",
        ),
        ({"LogGroupIdentifiers": ["h"]}, "failed: Log group 'h' does not exist for account ID"),
        (
            {"LogGroupIdentifiers": ["arn:aws:logs:us-east-1:999999999999:log-group:g"]},
            "does not exist for account ID",
        ),
    ],
)
def test_a_query_that_cannot_run_is_an_evaluation_error(
    sandbox: Sandbox, cloudwatch: Any, query: dict[str, Any], told: str
) -> None:
    """It is taken, and fails when it runs; mended, the alarm is judged again."""
    cloudwatch.put_log_alarm(**asked(query=query, OKActions=[]))
    sandbox.advance("6m")
    found = described(cloudwatch)
    assert (found["StateValue"], found["EvaluationState"]) == ("INSUFFICIENT_DATA", "EVALUATION_ERROR")
    assert found["StateUpdatedTimestamp"] == after(330)
    assert told in found["StateReason"]
    assert states(cloudwatch) == []
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="a drill")
    sandbox.advance("5m")
    assert states(cloudwatch)[1:] == [(taken(10), "INSUFFICIENT_DATA")]
    cloudwatch.put_log_alarm(**asked())
    sandbox.advance("5m")
    assert described(cloudwatch)["StateValue"] == "OK"
    assert "EvaluationState" not in described(cloudwatch)


def make_role(sandbox: Sandbox, arn: str, service: str, action: str, *, attached: bool = False) -> None:
    """Make a role that trusts a service, and is allowed some actions on log group g."""
    iam = sandbox.session.client("iam")
    name = arn.rpartition("/")[2]
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    group = f"arn:aws:logs:us-east-1:{sandbox.account}:log-group:g:*"
    allow = {"Effect": "Allow", "Action": action, "Resource": group}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    if attached:
        made = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]
        iam.attach_role_policy(RoleName=name, PolicyArn=made["Arn"])
    else:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)


@pytest.mark.parametrize(
    ("service", "action", "told"),
    [
        ("logs.amazonaws.com", "logs:*Query*", ""),
        ("cloudwatch.amazonaws.com", "logs:*", "does not trust logs.amazonaws.com"),
        ("logs.amazonaws.com", "logs:StartQuery", "does not allow logs:GetQueryResults on arn:aws:logs:us-east-1:"),
    ],
)
@pytest.mark.parametrize("attached", [False, True])
def test_the_role_of_the_query(
    sandbox: Sandbox, cloudwatch: Any, service: str, action: str, told: str, attached: bool
) -> None:
    """One that was made must trust CloudWatch Logs and allow the query, by its own or an attached policy."""
    make_role(sandbox, ROLE, service, action, attached=attached)
    cloudwatch.put_log_alarm(**asked())
    sandbox.advance("6m")
    found = described(cloudwatch)
    assert found["StateValue"] == ("INSUFFICIENT_DATA" if told else "OK")
    assert found.get("EvaluationState") == ("EVALUATION_ERROR" if told else None)
    assert told in found["StateReason"]


@pytest.mark.parametrize(
    ("service", "action", "number"),
    [
        ("cloudwatch.amazonaws.com", "logs:GetQueryResults", 1),
        ("logs.amazonaws.com", "logs:*", 0),
        ("cloudwatch.amazonaws.com", "logs:StartQuery", 0),
    ],
)
def test_the_role_of_the_log_lines(sandbox: Sandbox, cloudwatch: Any, service: str, action: str, number: int) -> None:
    """One that was made must trust CloudWatch and allow the results; else the notice comes without lines."""
    topic, messages = listener(sandbox)
    make_role(sandbox, LINES_ROLE, service, action)
    lines = {"ActionLogLineCount": 5, "ActionLogLineRoleArn": LINES_ROLE}
    cloudwatch.put_log_alarm(**asked(AlarmActions=[topic], **lines))
    write(sandbox, 10)
    sandbox.advance("6m")
    assert [len(one.get(LINES_MEMBER, [])) for one in messages()] == [number]


def test_a_query_that_fails_is_an_evaluation_failure(sandbox: Sandbox, cloudwatch: Any) -> None:
    """One of two; when it has left the latest two, the alarm is judged again."""
    cloudwatch.put_log_alarm(**asked(QueryResultsToEvaluate=2))
    sandbox.advance("11m")
    sandbox.faults.add(Fault("StartQuery", outcome="Timeout"))
    write_query(sandbox)
    sandbox.advance("5m")
    found = described(cloudwatch)
    assert (found["StateValue"], found["EvaluationState"]) == ("INSUFFICIENT_DATA", "EVALUATION_FAILURE")
    assert found["StateReason"] == (
        "Evaluation failure: 1 out of the last 2 query results failed: the query ended as Timeout"
    )
    sandbox.advance("10m")
    assert described(cloudwatch)["StateValue"] == "OK"


def write_query(sandbox: Sandbox) -> None:
    """Leave the outcome of a fault to the next query: a call that is refused does not use it up."""
    refusal(sandbox.session.client("logs").start_query, logGroupName="h", startTime=0, endTime=1, queryString="limit 1")


def test_a_query_counts_among_the_regions_own(sandbox: Sandbox, cloudwatch: Any) -> None:
    """It is listed, it scans bytes, and it fails where too many run."""
    logs = sandbox.session.client("logs")
    cloudwatch.put_log_alarm(**asked())
    write(sandbox, 10)
    sandbox.advance("5m")
    (query,) = logs.describe_queries()["queries"]
    assert query["queryString"].endswith("| stats count(*)")
    assert logs.get_query_results(queryId=query["queryId"])["statistics"]["bytesScanned"] > 0
    with account(concurrent_queries=1, query_seconds=1e6) as busy:
        client = busy.session.client("cloudwatch")
        busy.session.client("logs").create_log_group(logGroupName="g")
        busy.advance("1m")
        busy.session.client("logs").start_query(
            logGroupName="g", startTime=0, endTime=2_000_000_000, queryString="limit 1"
        )
        client.put_log_alarm(**asked())
        busy.advance("5m")
        assert "concurrency limit of [1] reached" in described(client)["StateReason"]


def test_a_slow_query_is_taken_when_it_is_there() -> None:
    """One of 100 s is looked at each 10 s from 30 s on."""
    with account(query_seconds=100.0) as slow:
        client, logs = slow.session.client("cloudwatch"), slow.session.client("logs")
        logs.create_log_group(logGroupName="g")
        client.put_log_alarm(**asked())
        slow.advance("6m")
        assert states(client) == []
        slow.advance("1m")
        (((at, state)),) = states(client)
        assert state == "OK"
        assert after(399) < at < after(411)


def test_a_window_from_before_the_group_is_empty() -> None:
    """A log group made with its alarm gives 0, not an error."""
    with start(scenario=None, start=START, region="us-east-1") as fresh:
        client = fresh.session.client("cloudwatch")
        fresh.session.client("logs").create_log_group(logGroupName="g")
        client.put_log_alarm(**asked(schedule={"StartTimeOffset": 1200, "EndTimeOffset": 900}))
        fresh.advance("6m")
        assert described(client)["StateValue"] == "OK"


def test_an_update_of_the_rule_keeps_the_results(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Another threshold is judged with the next result, together with those before it."""
    cloudwatch.put_log_alarm(**asked(QueryResultsToEvaluate=2))
    sandbox.advance("11m")
    cloudwatch.put_log_alarm(**asked(QueryResultsToEvaluate=3, Threshold=-1.0))
    assert described(cloudwatch)["StateValue"] == "OK"
    sandbox.advance("5m")
    assert states(cloudwatch) == [(taken(10), "OK"), (taken(15), "ALARM")]


@pytest.mark.parametrize(
    "change",
    [
        {"query": {"QueryString": "fields @message"}},
        {"query": {"AggregationExpression": "max(bytes)"}},
        {"query": {"LogGroupIdentifiers": ["g", "h"]}},
        {"schedule": {"ScheduleExpression": "rate(1 minute)"}},
        {"schedule": {"EndTimeOffset": 60}},
    ],
    ids=str,
)
def test_another_question_begins_anew(sandbox: Sandbox, cloudwatch: Any, change: dict[str, Any]) -> None:
    """Query, aggregation, log groups or schedule: INSUFFICIENT_DATA, a run under way does not count, the query stays."""
    cloudwatch.put_log_alarm(**asked())
    sandbox.advance(610)
    before = described(cloudwatch)
    cloudwatch.put_log_alarm(**asked(**change))
    told = described(cloudwatch)
    assert (told["StateValue"], told["StateReason"]) == (
        "INSUFFICIENT_DATA",
        "Unchecked: Alarm configuration updated",
    )
    assert told["ScheduledQueryConfiguration"]["QueryARN"] == before["ScheduledQueryConfiguration"]["QueryARN"]
    sandbox.advance(30)
    assert states(cloudwatch) == [(taken(5), "OK"), (after(610), "INSUFFICIENT_DATA")]


def test_the_same_alarm_again_changes_nothing(sandbox: Sandbox, cloudwatch: Any) -> None:
    """Neither history nor time; an EndTimeOffset of 0 is the same as none, and tags are not looked at."""
    cloudwatch.put_log_alarm(**asked())
    before = described(cloudwatch)
    sandbox.advance(5)
    cloudwatch.put_log_alarm(**asked(schedule={"EndTimeOffset": 0}, Threshold=0, Tags=[{"Key": "k", "Value": "v"}]))
    assert described(cloudwatch) == before
    assert cloudwatch.list_tags_for_resource(ResourceARN=before["AlarmArn"])["Tags"] == []
    assert len(history(cloudwatch, kind=None)) == 1


def test_a_set_state_lasts_until_the_next_result(sandbox: Sandbox, cloudwatch: Any) -> None:
    """SetAlarmState acts at once."""
    topic, messages = listener(sandbox)
    cloudwatch.put_log_alarm(**asked(AlarmActions=[topic]))
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="a drill")
    assert [(one["NewStateReason"], one["QueryExecutionId"]) for one in messages()] == [("a drill", "")]
    sandbox.advance("6m")
    assert states(cloudwatch) == [(after(0), "ALARM"), (taken(5), "OK")]


def test_actions_can_be_switched_off(sandbox: Sandbox, cloudwatch: Any) -> None:
    """The state moves, and nothing is sent, of contributors neither."""
    topic, messages = listener(sandbox)
    cloudwatch.put_log_alarm(**asked("a", AlarmActions=[topic]))
    cloudwatch.put_log_alarm(**asked("b", AlarmActions=[topic], query={"AggregationExpression": "count(*) by dstPort"}))
    cloudwatch.disable_alarm_actions(AlarmNames=["a", "b"])
    assert described(cloudwatch)["ActionsEnabled"] is False
    write(sandbox, 10)
    sandbox.advance("6m")
    assert [described(cloudwatch, name)["StateValue"] for name in "ab"] == ["ALARM", "ALARM"]
    assert messages() == []
    cloudwatch.enable_alarm_actions(AlarmNames=["a"])
    assert described(cloudwatch)["ActionsEnabled"] is True


def test_a_topic_that_is_gone_is_told_in_the_history(sandbox: Sandbox, cloudwatch: Any) -> None:
    """As with metric alarms; what the sandbox does not play too."""
    gone = f"arn:aws:sns:us-east-1:{sandbox.account}:gone"
    function = f"arn:aws:lambda:us-east-1:{sandbox.account}:function:f"
    cloudwatch.put_log_alarm(**asked(OKActions=[gone, function]))
    sandbox.advance("6m")
    told = [item["HistorySummary"] for item in history(cloudwatch, kind="Action")]
    assert told[0].startswith(f"Failed to execute action {gone}. Received error: ")
    assert told[1].endswith("the sandbox does not play actions of lambda")


def test_log_alarms_are_deleted_one_by_one(sandbox: Sandbox, cloudwatch: Any) -> None:
    """A request for several with a log alarm among them deletes none; deleted, it runs no more."""
    put_alarm(cloudwatch, "metric")
    cloudwatch.put_log_alarm(**asked())
    assert refusal(cloudwatch.delete_alarms, AlarmNames=["metric", "a"]) == (
        "ValidationError",
        "Log alarms cannot be batch deleted; delete a in a request of its own",
    )
    assert len(cloudwatch.describe_alarms(AlarmTypes=["LogAlarm", "MetricAlarm"])["MetricAlarms"]) == 1
    sandbox.advance(301)
    cloudwatch.delete_alarms(AlarmNames=["a"])
    cloudwatch.delete_alarms(AlarmNames=["a"])
    sandbox.advance("10m")
    assert cloudwatch.describe_alarms(AlarmTypes=["LogAlarm"])["LogAlarms"] == []
    assert [item["HistorySummary"] for item in history(cloudwatch, kind=None)] == [
        'Alarm "a" created',
        'Alarm "a" deleted',
    ]
    assert len(sandbox.session.client("logs").describe_queries()["queries"]) == 1


def test_a_name_is_of_one_kind(sandbox: Sandbox, cloudwatch: Any) -> None:
    """A log alarm does not take a metric alarm's name, nor the other way round; each keeps its own."""
    put_alarm(cloudwatch, "metric")
    cloudwatch.put_log_alarm(**asked("log"))
    assert refusal(cloudwatch.put_log_alarm, **asked("metric")) == (
        "ResourceConflict",
        "An alarm with the name metric exists already, of the type MetricAlarm",
    )
    code, message = refusal(put_alarm, cloudwatch, "log")
    assert (code, message) == ("ValidationError", "An alarm with the name log exists already, of the type LogAlarm")
    assert changes(cloudwatch, "log") == []
    assert (
        cloudwatch.describe_alarms_for_metric(Namespace="n", MetricName="m")["MetricAlarms"][0]["AlarmName"] == "metric"
    )
    assert cloudwatch.describe_alarm_contributors(AlarmName="metric")["AlarmContributors"] == []


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"AlarmName": "x" * 256}, "at 'alarmName' failed to satisfy constraint"),
        ({"AlarmName": "a\tb"}, "AlarmName must not contain ASCII Control characters"),
        ({"AlarmDescription": "x" * 1025}, "at 'alarmDescription' failed to satisfy constraint"),
        ({"query": {"QueryString": "x" * 10_001}}, "at 'queryString' failed to satisfy constraint"),
        ({"query": {"LogGroupIdentifiers": ["g"] * 51}}, "at 'logGroupIdentifiers' failed to satisfy constraint"),
        ({"query": {"LogGroupIdentifiers": None}}, "The sandbox does not play log alarms without LogGroupIdentifiers"),
        ({"query": {"AggregationExpression": "max(a), min(a)"}}, "it has a single aggregate"),
        ({"query": {"ScheduledQueryRoleARN": "query"}}, "Invalid arn syntax: query at ScheduledQueryRoleARN"),
        ({"schedule": {"ScheduleExpression": "cron(0 * * * ? *)"}}, "write rate(5 minutes)"),
        ({"schedule": {"StartTimeOffset": 2_592_001}}, "Member must have value less than or equal to 2592000"),
        ({"schedule": {"EndTimeOffset": 300}}, "EndTimeOffset must be non-negative and less than StartTimeOffset"),
        ({"QueryResultsToEvaluate": 101}, "Member must have value less than or equal to 100"),
        ({"QueryResultsToAlarm": 2}, "QueryResultsToAlarm must be less than or equal to QueryResultsToEvaluate"),
        ({"Threshold": float("nan")}, "PutLogAlarm request should have valid Threshold parameter"),
        (
            {"ComparisonOperator": "GreaterThanUpperThreshold"},
            "Log alarms do not support the comparison operator GreaterThanUpperThreshold",
        ),
        ({"ComparisonOperator": "More"}, "Member must satisfy enum value set: [GreaterThanOrEqualToThreshold"),
        ({"TreatMissingData": "zero"}, "The value zero is not supported for TreatMissingData parameter."),
        ({"ActionLogLineCount": 51}, "Member must have value less than or equal to 50"),
        ({"ActionLogLineCount": 1}, "ActionLogLineRoleArn is required when ActionLogLineCount is greater than 0"),
        (
            {
                "ActionLogLineCount": 1,
                "ActionLogLineRoleArn": LINES_ROLE,
                "query": {"QueryString": "fields unmask(@message)"},
            },
            "Queries using unmask() cannot include log lines in notifications",
        ),
        ({"AlarmActions": ["arn:aws:sns:us-east-1:1:t"] * 6}, "at 'alarmActions' failed to satisfy constraint"),
        ({"AlarmActions": ["arn:aws:sns:eu-west-1:1:t"]}, "Invalid region eu-west-1 specified"),
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "Log alarms do not support the action"),
        ({"Tags": [{"Key": "aws:x", "Value": "v"}]}, 'must not start with any case of "aws:"'),
        ({"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5}}, "does not play a warm-up"),
        (
            {
                "ActionConfiguration": {
                    "AlarmTagsPropagation": {"Enabled": True, "IncludedTagKeys": ["a"], "ExcludedTagKeys": ["b"]}
                }
            },
            "You can't specify both IncludedTagKeys and ExcludedTagKeys.",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else ",".join(value),
)
def test_what_is_refused(cloudwatch: Any, members: dict[str, Any], told: str) -> None:
    """Each bound of the API's model, in the service's form; nothing is made."""
    name = members.get("AlarmName", "a")
    code, message = refusal(cloudwatch.put_log_alarm, **asked(name, **{**members, "AlarmName": name}))
    assert code in ("ValidationError", "AccessDenied")
    assert told in message
    assert cloudwatch.describe_alarms(AlarmTypes=["LogAlarm"])["LogAlarms"] == []


@pytest.mark.parametrize(
    "member",
    ["ScheduledQueryConfiguration", "QueryResultsToEvaluate", "QueryResultsToAlarm", "Threshold", "ComparisonOperator"],
)
def test_what_is_needed(sandbox: Sandbox, member: str) -> None:
    """Each required member, where a client lets it be left out."""
    client = sandbox.session.client("cloudwatch", config=Config(parameter_validation=False))
    members = {key: value for key, value in asked().items() if key != member}
    assert refusal(client.put_log_alarm, **members) == (
        "ValidationError",
        f"PutLogAlarm request should have a {member} parameter",
    )
