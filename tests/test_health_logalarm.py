"""health of a log alarm: its query, its roles, its evaluation, and how long it waits for late records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flowlog_lab import GROUP
from tests.health_bench import ACCOUNT, NAME, Bench, bench, call, lines_of, only
from tests.health_faults import FAULTS


def log_bench(**members: Any) -> Any:
    """Give a healthy log alarm: its query waits long enough, and its roles are there."""
    given: dict[str, Any] = {"design": "log-alarm", "query_role": f"arn:aws:iam::{ACCOUNT}:role/queries"}
    return bench(**(given | members))


def with_role(made: Bench, name: str = "queries") -> Bench:
    """Make the role that runs the query."""
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
    runs = {"Effect": "Allow", "Action": ["logs:StartQuery", "logs:GetQueryResults"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [runs]})
    made.client("iam").put_role_policy(RoleName=name, PolicyName="queries", PolicyDocument=policy)
    return made


def test_a_log_alarms_role_must_be_there() -> None:
    """A healthy log alarm has no finding, also on an hour's records; without its role it is told so."""
    with log_bench() as made:
        found = only(made.findings())
        assert (found.severity, found.sentence) == (
            "warning",
            f"The role arn:aws:iam::{ACCOUNT}:role/queries, which runs its query, does not exist: the log alarm cannot.",
        )
        with_role(made)
        assert made.findings() == []
        for _ in range(6):
            made.advance("10m")
        assert made.findings() == []


LOG_FAULTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "another query": (
        "warning",
        {"QueryString": "fields @message"},
        f"The query of the log alarm '{NAME}' is not the monitor's: QueryString: fields @message → fields @timestamp, "
        '@message\n| filter action = "REJECT".',
    ),
    "another log group": (
        "warning",
        {"LogGroupIdentifiers": ["/lab/other"]},
        f"The query of the log alarm '{NAME}' reads /lab/other, not {GROUP}.",
    ),
    "another role": (
        "warning",
        {"ScheduledQueryRoleARN": f"arn:aws:iam::{ACCOUNT}:role/other"},
        f"The query of the log alarm '{NAME}' is not the monitor's: ScheduledQueryRoleARN: "
        f"arn:aws:iam::{ACCOUNT}:role/other → arn:aws:iam::{ACCOUNT}:role/queries.",
    ),
}


@pytest.mark.parametrize("name", LOG_FAULTS)
def test_each_fault_of_a_log_alarms_query(name: str) -> None:
    """One fault is one finding, and the line of its mend makes all well again."""
    severity, changes, sentence = LOG_FAULTS[name]
    with log_bench() as made:
        with_role(made)
        made.lab.group("/lab/other")
        asked = made.client("cloudwatch").describe_alarms(AlarmNames=[NAME], AlarmTypes=["LogAlarm"])["LogAlarms"][0]
        query = {k: v for k, v in asked["ScheduledQueryConfiguration"].items() if k != "QueryARN"}
        made.put_alarm(ScheduledQueryConfiguration=query | changes)
        found = only(made.findings())
        assert (found.severity, found.sentence) == (severity, sentence)
        call(made, lines_of(found)[0])
        assert made.findings() == []


def test_a_log_alarm_that_does_not_wait_for_late_records() -> None:
    """A query whose range ends before records are there is a notice; the mend's delay covers them."""
    with log_bench(delay=60) as made:
        found = only(with_role(made).findings())
        assert (found.severity, found.sentence) == (
            "notice",
            f"The query of the log alarm '{NAME}' waits 60 s, and records come about 360 s after their flow began (60 s "
            "of aggregation, then typically 300 s of delivery): what comes later is not read again.",
        )
        call(made, lines_of(found)[0])
        assert made.findings(made.monitor.changed(delay=360)) == []


def test_a_log_alarm_whose_query_fails() -> None:
    """The state of its evaluation is told with the service's reason: its log group went away, and came back."""
    with log_bench() as made:
        with_role(made)
        made.client("logs").delete_log_group(logGroupName=GROUP)
        made.advance("10m", None)
        made.lab.group()
        made.lab.records()
        found = only(made.findings())
        assert found.severity == "warning"
        assert found.sentence.startswith(
            f"The log alarm '{NAME}' is in EVALUATION_ERROR: its query cannot run as it is ("
        )
        call(made, lines_of(found)[0])


def test_a_log_alarm_needs_no_standard_log_group() -> None:
    """A log alarm reads a log group of the Infrequent Access class too."""
    with log_bench() as made:
        with_role(made)
        FAULTS["infrequent_access"](made)
        assert made.findings() == []


def test_a_metric_alarm_in_a_log_alarms_place() -> None:
    """The other design's alarm under the monitor's name is told, and nothing else of it."""
    with bench() as made:
        with_role(made)
        role = f"arn:aws:iam::{ACCOUNT}:role/queries"
        found = only(made.findings(made.monitor.changed(design="log-alarm", query_role=role)))
        assert found.sentence == f"'{NAME}' in eu-west-1 is a metric alarm, and the monitor wants a log alarm."
