"""plan and apply in the log-alarm design, and from one design to the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rejectkit.errors import ConflictError
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.deploying.deploy import plan
from rejectkit.monitoring.deploying.removal import teardown
from rejectkit.monitoring.monitor import Monitor
from rejectkit.plans import Plan
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from tests.deploying import FAST, OUTAGE, calls, changes, interrupted, monitor_of, there

ROLE = "arn:aws:iam::123456789012:role/queries"
LOG: dict[str, Any] = {"design": "log-alarm", "query_role": ROLE, "rule": AlarmRule(period=300)}
METRIC: dict[str, Any] = {"design": "metric-filter", "query_role": None, "log_lines": 0, "lines_role": None}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One account without rates; each test uses names of its own."""
    with start(scenario=None, limits=Limits(rates={})) as made:
        yield made


def planned(sandbox: Sandbox, monitor: Monitor) -> Plan:
    """Return the plan for a monitor."""
    return plan(monitor, sandbox.session, **FAST)


def deploy(sandbox: Sandbox, monitor: Monitor) -> None:
    """Plan and apply."""
    planned(sandbox, monitor).apply(sleep=lambda _: None)


def shown(made: Plan) -> list[str]:
    """Return the steps that do something."""
    return [str(step) for step in made.steps if step.verb not in ("keep", "ask")]


def without_query_arn(found: Any) -> Any:
    """Return everything but the ARN that the service gives a query, new each time."""
    for alarm in found["alarms"]:
        alarm.get("ScheduledQueryConfiguration", {}).pop("QueryARN", None)
    return found


def test_a_log_alarm_is_deployed_and_taken_down(sandbox: Sandbox) -> None:
    """No filter is made; the second plan is empty; teardown leaves nothing."""
    monitor = monitor_of("log", **LOG, log_lines=5, lines_role=ROLE)
    made = planned(sandbox, monitor)
    assert [line for line in shown(made) if "filter" in line or "alarm" in line.split()[1:3]] == [
        "create log alarm 'log-alarm'"
    ]
    made.apply()
    found = there(sandbox, "log")
    assert found["filters"] == []
    (alarm,) = found["alarms"]
    assert alarm["ScheduledQueryConfiguration"]["LogGroupIdentifiers"] == ["/vpc/X"]
    assert alarm["ActionLogLineCount"] == 5
    assert found["alarm tags"] == [{"team": "network", "rejectkit:monitor": "X-alarm"}]
    assert planned(sandbox, monitor).empty
    gone = teardown(monitor, sandbox.session, **FAST)
    assert shown(gone) == ["remove log alarm 'log-alarm'", "remove topic 'log-topic'"]
    gone.apply(confirm=lambda step: True)
    assert not any(there(sandbox, "log").values())


def test_what_changes_in_a_log_alarm_shows_field_by_field(sandbox: Sandbox) -> None:
    """Members inside the scheduled query have dotted names; actions that were disabled by hand are told."""
    monitor = monitor_of("logdrift", **LOG)
    deploy(sandbox, monitor)
    sandbox.session.client("cloudwatch").disable_alarm_actions(AlarmNames=["logdrift-alarm"])
    changed = monitor.changed(
        choices=Choices(ports=(22,)), delay=900, rule=AlarmRule(period=300, threshold=3, evaluation_periods=2)
    )
    made = planned(sandbox, changed)
    assert shown(made) == ["change log alarm 'logdrift-alarm'"]
    (step,) = [step for step in made.steps if step.verb == "change"]
    assert [str(one) for one in step.fields if "QueryString" not in one.name] == [
        "ActionsEnabled: false → true",
        "ScheduledQueryConfiguration.ScheduleConfiguration.StartTimeOffset: 900 → 1200",
        "ScheduledQueryConfiguration.ScheduleConfiguration.EndTimeOffset: 600 → 900",
        "QueryResultsToEvaluate: 1 → 2",
        "Threshold: 0 → 3",
    ]
    assert any(one.name == "ScheduledQueryConfiguration.QueryString" for one in step.fields)
    made.apply()
    assert planned(sandbox, changed).empty


def test_a_log_alarm_of_somebody_else_is_refused(sandbox: Sandbox) -> None:
    """Without our tag it is not overwritten, in either design."""
    monitor = monitor_of("logtheirs", **LOG)
    deploy(sandbox, monitor)
    arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:logtheirs-alarm"
    sandbox.session.client("cloudwatch").untag_resource(ResourceARN=arn, TagKeys=["rejectkit:monitor"])
    for other in (monitor.changed(delay=900), monitor.changed(**METRIC)):
        with pytest.raises(ConflictError, match="the alarm 'logtheirs-alarm' in eu-west-1 is somebody else's"):
            planned(sandbox, other)


def test_from_one_design_to_the_other_and_back(sandbox: Sandbox) -> None:
    """The filter goes and comes, the alarm is replaced by one of the other kind; both plans end empty."""
    metric = monitor_of("swap")
    log = metric.changed(**LOG)
    deploy(sandbox, metric)
    first = there(sandbox, "swap")
    made = planned(sandbox, log)
    assert shown(made) == [
        "remove metric filter 'swap-filter'",
        "remove metric alarm 'swap-alarm'",
        "create log alarm 'swap-alarm'",
    ]
    made.apply()
    assert planned(sandbox, log).empty
    assert there(sandbox, "swap")["filters"] == []
    made = planned(sandbox, metric)
    assert shown(made) == [
        "create metric filter 'swap-filter'",
        "remove log alarm 'swap-alarm'",
        "create metric alarm 'swap-alarm'",
    ]
    made.apply()
    assert there(sandbox, "swap") == first


@pytest.mark.parametrize("back", [False, True], ids=["to log", "to metric"])
@pytest.mark.parametrize("connection", ["before", "after"])
def test_a_swap_stopped_at_every_change_and_run_again_ends_as_if_never_stopped(
    sandbox: Sandbox, connection: Any, back: bool
) -> None:
    """Between the old alarm and the new one a stop leaves none of it behind, and no filter."""

    def pair(tag: str) -> tuple[Monitor, Monitor]:
        metric = monitor_of(tag, emails=[], queues=[])
        log = metric.changed(**LOG)
        return (log, metric) if back else (metric, log)

    tag = f"clean{connection}{back}"
    old, new = pair(tag)
    deploy(sandbox, old)
    order = calls(sandbox, lambda: deploy(sandbox, new))
    expected = without_query_arn(there(sandbox, tag))
    assert sum(map(changes, order)) == 3
    for place, operation in enumerate(order):
        if not changes(operation):
            continue
        tag = f"stop{connection}{back}{place}"
        old, new = pair(tag)
        deploy(sandbox, old)
        fault = Fault("*", connection=connection, after=place, times=OUTAGE)
        assert interrupted(sandbox, fault, lambda: deploy(sandbox, new)) is not None  # noqa: B023
        deploy(sandbox, new)
        assert without_query_arn(there(sandbox, tag)) == expected, operation
        assert planned(sandbox, new).empty
