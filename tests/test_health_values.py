"""The pure checks of an alert's wiring, on values: policies, columns, and what no sandbox plays."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from rejectkit.findings import Finding
from rejectkit.monitoring.deploying.deployed import Alarm
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.wiring.alarm import alarm_checks
from rejectkit.monitoring.wiring.columns import Misplaced, fields_needed, misplaced, swallows
from rejectkit.monitoring.wiring.patterns import pattern_checks
from rejectkit.monitoring.wiring.policies import Asked, judge, with_statement
from rejectkit.monitoring.wiring.values import Line, Wiring
from rejectkit.records import LogFormat
from tests.flowlog_lab import LINE
from tests.health_bench import ACCOUNT, NAME, REGION, TOPIC, healthy_monitor
from tests.health_expected import RECIPE

ASKED = Asked("cloudwatch.amazonaws.com", "SNS:Publish", TOPIC, "arn:aws:cloudwatch:r:1:alarm:a", "1")
ALLOW = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "SNS:Publish"}


def policy(*statements: dict[str, Any]) -> str:
    """Return a policy of statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    ("statement", "answer", "why"),
    [
        (ALLOW, "yes", ""),
        (ALLOW | {"Action": ["sns:*"], "Resource": "*"}, "yes", ""),
        (ALLOW | {"Principal": "*"}, "yes", ""),
        (ALLOW | {"Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"AWS:SourceOwner": "1"}}}, "yes", ""),
        (ALLOW | {"Principal": {"AWS": "1"}}, "no", "no statement of it allows cloudwatch.amazonaws.com SNS:Publish"),
        (ALLOW | {"Resource": f"{TOPIC}-2"}, "no", "no statement of it allows cloudwatch.amazonaws.com SNS:Publish"),
        (
            {name: value for name, value in ALLOW.items() if name != "Action"} | {"NotAction": "SNS:Publish"},
            "no",
            "no statement of it allows cloudwatch.amazonaws.com SNS:Publish",
        ),
        (
            ALLOW | {"Condition": {"StringNotEquals": {"aws:SourceAccount": "1"}}},
            "no",
            "its statement 1 asks for StringNotEquals aws:SourceAccount 1, and it is 1",
        ),
        (ALLOW | {"Condition": {"Bool": {"aws:SecureTransport": True}}}, "yes", ""),
        (ALLOW | {"Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}}, "yes", ""),
        (ALLOW | {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:1:alarm:?"}}}, "yes", ""),
        (ALLOW | {"Condition": {"StringEqualsIgnoreCase": {"aws:SourceAccount": "1"}}}, "yes", ""),
        (
            ALLOW | {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01"}}},
            "unsure",
            "its statement 1 asks for DateLessThan aws:CurrentTime 2026-01-01, which cannot be told from here",
        ),
    ],
)
def test_what_a_policy_answers(statement: dict[str, Any], answer: str, why: str) -> None:
    """A statement allows by principal, action, resource and conditions; what cannot be told is not guessed."""
    verdict = judge(policy(statement), ASKED)
    assert (verdict.answer, verdict.why) == (answer, why)


def test_a_denial_wins_and_one_that_does_not_apply_does_not() -> None:
    """One Deny that applies is enough; one about calls without TLS is not about a service."""
    deny = {"Sid": "d", "Effect": "Deny", "Principal": "*", "Action": "*"}
    plain = deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    later = deny | {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01"}}}
    spared = {"Sid": "n", "Effect": "Deny", "NotPrincipal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "*"}
    assert judge(policy(ALLOW, deny), ASKED).why == "its statement 'd' denies it"
    assert judge(policy(ALLOW, plain), ASKED).answer == "yes"
    assert judge(policy(ALLOW, spared), ASKED).answer == "yes"
    assert judge(policy(ALLOW, later), ASKED).answer == "unsure"
    mended = with_statement(policy(deny, plain, later), ALLOW | {"Sid": "a"}, ASKED)
    assert json.loads(mended)["Statement"] == [plain, later, ALLOW | {"Sid": "a"}]


FORMAT = LogFormat.parse("${version} ${pkt-srcaddr} ${dstport} ${action} ${log-status}")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ('[version, source=10.*, destport=22, action="REJECT", status="OK"]', ()),
        ('[..., action="REJECT", status]', ()),
        ("[version, ..., destport=22, action, status]", ()),
        ('[version, source, action="REJECT", destport, status]', (Misplaced("action", "action", "dstPort"),)),
        ('[..., x="REJECT"]', (Misplaced("x", "action", "logStatus"),)),
        ("[version, destport=22, ...]", (Misplaced("destport", "dstPort", "pktSrcAddr"),)),
        ("[version, mine=22, ...]", ()),
        ("REJECT", ()),
    ],
)
def test_which_conditions_are_on_other_columns_than_they_mean(pattern: str, found: tuple[Misplaced, ...]) -> None:
    """Columns are counted from the line's start, behind an ellipsis from its end; names and values tell the meaning."""
    assert misplaced(FilterPattern(pattern), FORMAT) == found


def test_fields_needed_and_tails() -> None:
    """A pattern needs as many fields as it names; its last condition takes the rest of a longer line."""
    assert fields_needed(FilterPattern("[a, ..., b]")) == 2
    assert fields_needed(FilterPattern("REJECT")) == 0
    assert swallows(FilterPattern('[a, b, c, action="REJECT"]'), FORMAT) == "action"
    assert swallows(FilterPattern('[a, b, c, action="REJECT", ...]'), FORMAT) == ""
    assert swallows(FilterPattern("[a, b, c, d]"), FORMAT) == ""
    assert swallows(FilterPattern('[a, b, c, action="REJECT", status="OK"]'), FORMAT) == ""


def wiring(**members: Any) -> Wiring:
    """Return a wiring of values, of now."""
    given: dict[str, Any] = {"monitor": healthy_monitor(), "region": REGION, "account": ACCOUNT, "now": 1_800_000_000.0}
    return Wiring(**(given | members))


def alarm(**members: Any) -> Alarm:
    """Return the alarm that the healthy monitor wants, as it is told."""
    monitor = healthy_monitor()
    told = {
        "AlarmActions": [TOPIC],
        "ActionsEnabled": True,
        "MetricName": monitor.metric_name,
        "Namespace": monitor.namespace,
        "AlarmDescription": monitor.description,
        **monitor.rule.as_put_metric_alarm(),
    }
    return Alarm("metric alarm", told | members, {})


@pytest.mark.parametrize(
    ("state", "age", "told"),
    [
        ("INSUFFICIENT_DATA", 1_799, ""),
        ("INSUFFICIENT_DATA", 1_800, "in INSUFFICIENT_DATA for 30 minutes"),
        ("ALARM", 86_399, ""),
        ("ALARM", 86_400, "in ALARM for 24 hours"),
        ("OK", 1_000_000, ""),
    ],
)
def test_how_long_a_state_may_last(state: str, age: int, told: str) -> None:
    """Half an hour without data and a day in ALARM are too long; OK may last."""
    since = datetime.fromtimestamp(1_800_000_000 - age, UTC)
    found = [
        one.sentence for one in alarm_checks(wiring(alarm=alarm(StateValue=state, StateTransitionedTimestamp=since)))
    ]
    assert len(found) == bool(told)
    assert all(told in one for one in found)


def test_a_muted_alarm_is_told() -> None:
    """An active mute rule is a notice, with the call that deletes it."""
    rule = {
        "AlarmMuteRuleArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm-mute-rule:night",
        "ExpireDate": datetime(2026, 12, 1, tzinfo=UTC),
        "Status": "ACTIVE",
    }
    assert list(alarm_checks(wiring(alarm=alarm()))) == []
    assert list(alarm_checks(wiring(alarm=alarm(), mutes=(rule,)))) == [
        Finding(
            f"The alarm '{NAME}' is muted by the mute rule 'night': its state changes, and nobody is told while the rule "
            "is active; the rule expires 2026-12-01 00:00 UTC.",
            "notice",
            mend="If that is not meant, delete the rule: `aws cloudwatch delete-alarm-mute-rule --region eu-west-1 "
            "--alarm-mute-rule-name night`.",
        )
    ]


def test_engines_that_disagree_are_told() -> None:
    """Where TestMetricFilter says another thing than our engine, the line is shown."""
    line = LINE.format("eni-1", 1, 1)
    found = {"filterName": NAME, "filterPattern": RECIPE}
    agreed = wiring(lines=(Line(line, 0.0, 0.0),), judged=(True,))
    assert list(pattern_checks(agreed, found)) == []
    (one,) = pattern_checks(replace(agreed, judged=(False,)), found)
    assert (one.severity, one.sentence) == (
        "notice",
        "TestMetricFilter and rejectkit's own engine disagree on 1 of 1 recent lines, as on "
        f"{line!r}: what rejectkit foretells of this pattern may be wrong, the metric is the service's.",
    )


def test_a_pattern_for_json_is_none_for_flow_logs() -> None:
    """A pattern that our engine does not read is told with the one that is wanted."""
    (one,) = pattern_checks(wiring(), {"filterName": NAME, "filterPattern": '{ $.action = "REJECT" }'})
    assert one.sentence == (
        f"The pattern of '{NAME}' is '{{ $.action = \"REJECT\" }}', which is none for flow logs, and the monitor says "
        f"'{RECIPE}'."
    )
