"""MonitorPanel without a browser: its widgets are set as a front end sets them, and what comes out is read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import rejectkit as rk
from rejectkit.errors import ArgumentError, ConflictError, QueryCancelledError, RejectkitError
from rejectkit.monitoring import PRIVATE, AlarmRule, Choices, Monitor
from rejectkit.monitoring.alarms.state import alarm_state
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from rejectkit.sources.base import Watch
from rejectkit.sources.cloudwatch.offered import log_groups
from rejectkit.widgets import MonitorPanel, monitormarkup
from rejectkit.widgets.monitorform import NOWHERE, Form
from rejectkit.widgets.turns import Turns
from rejectkit.widgets.watched import Watched
from tests.deploying import budget, there
from tests.flowlog_lab import GROUP, Lab
from tests.on_sandbox import fill
from tests.wiring import FULL, LOGS, MONITORS, ROLE, THERE

SECONDS = 60
LONG = LogFormat.parse("${version} ${srcaddr} ${dstport} ${action} ${flow-direction} ${log-status}")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An empty account without rates."""
    with start(scenario=None, limits=Limits(rates={})) as made:
        yield made


def monitor_of(sandbox: Sandbox, tag: str, **members: Any) -> Monitor:
    """Return a monitor whose names are its own, of a log group with a few lines."""
    at = int((sandbox.clock.seconds - 600) * 1000)
    line = "2 1 eni-1 {} 10.0.0.5 4 22 6 1 40 1795422240 1795422270 {} OK"
    lines = [line.format("198.51.100.7", "REJECT"), line.format(HOSTILE, "ACCEPT").replace(" x", "")]
    group = fill(sandbox, [at, at], lines, LogFormat.default().fields, f"/vpc/{tag}")
    names = {name: f"{tag}-{name}" for name in ("metric_name", "filter_name", "alarm_name", "topic")}
    return Monitor(log_group=group, **(names | members))


def opened(sandbox: Sandbox, monitor: Monitor | None = None, **more: Any) -> MonitorPanel:
    """Return a panel that has looked for log groups, and waits for no quota."""
    panel = MonitorPanel(more.pop("session", sandbox.session), monitor, **({"budget": budget()} | more))
    assert panel.wait(SECONDS)
    return panel


def pressed(panel: MonitorPanel, name: str) -> MonitorPanel:
    """Press a button, and wait until its work is done."""
    getattr(panel.panes, name).click()
    assert panel.wait(SECONDS)
    return panel


def carried_out(panel: MonitorPanel) -> MonitorPanel:
    """Confirm the plan that is shown, and apply it."""
    panel.panes.confirm.value = True
    assert not panel.panes.apply.disabled
    return pressed(panel, "apply")


def trouble(panel: MonitorPanel) -> str:
    """Return the sentence about what went wrong."""
    return str(panel.panes._trouble.value)


# the form


def changes() -> None:
    """Take a change of the form."""


@pytest.mark.parametrize("monitor", [*MONITORS.values(), FULL.changed(choices=Choices(direction=None))])
def test_the_form_gives_back_the_monitor_it_shows(monitor: Monitor) -> None:
    """There is nothing in a monitor that the form loses, shown or not."""
    form = Form(changes, THERE)
    form.write(monitor)
    assert form.read() == monitor


@pytest.mark.parametrize(
    ("name", "typed", "changed"),
    [
        ("log_group", "/other", {"log_group": "/other"}),
        ("log_format", str(LONG), {"log_format": LONG}),
        ("ports", "22, 3389 80", {"choices": Choices(ports=(22, 3389, 80))}),
        ("inside", "10.1.0.0/16", {"choices": Choices(inside=("10.1.0.0/16",))}),
        ("excluded", "10.0.5.9,10.0.6.0/24", {"choices": Choices(excluded=("10.0.5.9", "10.0.6.0/24"))}),
        ("inside_only", True, {"choices": Choices(inside=PRIVATE)}),
        ("period", 300, {"rule": AlarmRule(period=300)}),
        ("threshold", 12.5, {"rule": AlarmRule(threshold=12.5)}),
        ("missing", "breaching", {"rule": AlarmRule(treat_missing_data="breaching")}),
        ("periods", 3, {"rule": AlarmRule(evaluation_periods=3)}),
        ("filter_name", " mine ", {"filter_name": "mine"}),
        ("alarm_name", "mine", {"alarm_name": "mine"}),
        ("namespace", "Mine", {"namespace": "Mine"}),
        ("metric_name", "Mine", {"metric_name": "Mine"}),
        ("topic", THERE.topic, {"topic": THERE.topic}),
        ("emails", "a@example.org, b@example.org", {"emails": ["a@example.org", "b@example.org"]}),
        ("queues", FULL.queues[0], {"queues": FULL.queues}),
        ("urls", "https://example.org/x", {"urls": ["https://example.org/x"]}),
        ("notify_ok", True, {"notify_ok": True}),
        ("delay", 900, {"delay": 900}),
    ],
)
def test_a_widget_changes_the_value_it_is_of(name: str, typed: Any, changed: dict[str, Any]) -> None:
    """What is typed is in the monitor, and nothing else is changed; the change is told once."""
    told: list[Monitor] = []
    before = Monitor(log_group="/vpc")
    form = Form(lambda: told.append(form.read()), before)
    getattr(form, name).value = typed
    assert told == [before.changed(**changed)]


def test_the_direction_is_chosen_where_lines_tell_it() -> None:
    """A choice that the log format cannot say is refused with its sentence; with the format it is part of the pattern."""
    form = Form(changes, Monitor(log_group="/vpc"))
    form.direction.value = "egress"
    with pytest.raises(ArgumentError, match="does not tell its direction"):
        form.read()
    form.log_format.value = str(LONG)
    assert form.read().pattern.text == (
        '[version, srcAddr, dstPort, action="REJECT", flowDirection="egress", logStatus]'
    )


def test_inside_only_says_whether_the_networks_are_the_private_ones() -> None:
    """The checkbox holds nothing of its own: it follows the networks, and writes them."""
    form = Form(changes, Monitor(log_group="/vpc"))
    form.inside_only.value = True
    assert form.inside.value == ", ".join(PRIVATE)
    form.inside.value = "10.0.0.0/8"
    assert form.inside_only.value is False
    form.inside.value = ", ".join(reversed(PRIVATE))
    assert form.inside_only.value is True
    form.inside_only.value = False
    assert form.read().choices == Choices()


def test_a_log_alarm_has_what_only_it_needs() -> None:
    """Roles, delay and lines count for a log alarm alone, and may stay in the form of a metric alarm."""
    form = Form(changes, Monitor(log_group="/vpc"))
    form.query_role.value, form.lines_role.value, form.log_lines.value = ROLE, ROLE, 5
    assert form.read() == Monitor(log_group="/vpc")
    form.design.value = "log-alarm"
    assert form.read() == Monitor(log_group="/vpc", design="log-alarm", query_role=ROLE, lines_role=ROLE, log_lines=5)


def test_a_pattern_of_ones_own_stays() -> None:
    """Where the pattern is one's own there are no choices to be made, and nothing replaces it."""
    monitor = Monitor(log_group="/vpc", pattern="REJECT")
    form = Form(changes, monitor)
    assert form.ports.disabled
    form.ports.value = "22"
    assert form.read() == monitor
    form.write(FULL)
    assert not form.ports.disabled


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("log_group", "  ", "no log group is chosen; choose the one that the flow log delivers to"),
        ("ports", "ssh", "ports has 'ssh'; a port is a whole number from 0 to 65535"),
        ("emails", "nobody", "emails is 'nobody'; give one e-mail address, for example ops@example.org"),
        ("design", "log-alarm", "query_role is missing; a log alarm needs the ARN of the role that runs its query"),
        ("log_format", "version", "log format"),
        ("datapoints", 2, "datapoints_to_alarm is 2, more than the 1 of evaluation_periods"),
    ],
)
def test_what_no_monitor_takes_is_a_sentence(sandbox: Sandbox, name: str, typed: Any, sentence: str) -> None:
    """The panel shows what is wrong and how to mend it, offers nothing to do, and raises the same sentence."""
    panel = opened(sandbox, Monitor(log_group="/vpc"))
    getattr(panel.form, name).value = typed
    with pytest.raises(RejectkitError) as caught:
        _ = panel.monitor
    assert sentence in str(caught.value)
    assert 'role="alert"' in panel.panes._wrong.value
    assert panel.panes.plan.disabled
    panel.monitor = Monitor(log_group="/vpc")
    assert panel.panes._wrong.value == ""
    assert not panel.panes.plan.disabled


@pytest.mark.parametrize(
    ("name", "typed", "shown"),
    [
        ("design", "log-alarm", "Role of the query (ARN): query_role is missing"),
        ("datapoints", 2, "Datapoints (M): datapoints_to_alarm is 2"),
        ("topic", "a b", "Topic, or its ARN: topic is &#x27;a b&#x27;"),
        ("log_group", "", "No log group is chosen"),
    ],
)
def test_a_wrong_value_is_told_with_the_label_of_its_widget(
    sandbox: Sandbox, name: str, typed: Any, shown: str
) -> None:
    """Whoever reads the sentence finds the widget; what is of the last right form is no longer shown."""
    panel = opened(sandbox, Monitor(log_group="/vpc"))
    getattr(panel.form, name).value = typed
    assert f'role="alert">{shown}' in panel.panes._wrong.value
    assert "The pattern:" not in panel.panes._which.value
    chosen = "Log alarm (chosen)" in panel.panes._designs.value
    assert chosen == (name == "design")


def test_the_log_group_of_the_flow_log_is_chosen_with_its_format() -> None:
    """The only log group that a flow log delivers to is chosen; of several, none."""
    form = Form(changes)
    form.offer({"/flows": (LONG,), "/other": ()})
    assert form.read() == Monitor(log_group="/flows", log_format=LONG)
    assert form.log_group.options == ("/flows", "/other")
    several = Form(changes)
    several.offer({"/flows": (LONG,), "/more": (LogFormat.default(),)})
    assert several.log_group.value == ""
    several.log_group.value = "/flows"
    assert several.read().log_format == LONG
    chosen = Form(changes, FULL)
    chosen.offer({"/flows": (LONG,)})
    assert chosen.read() == FULL


def test_log_groups_come_with_the_formats_of_their_flow_logs() -> None:
    """Those of flow logs come first; without the permission there are none, and no error."""
    with start(scenario=None, limits=Limits(rates={})) as sandbox:
        lab = Lab(sandbox).build()
        lab.group("/aaa")
        lab.group()
        lab.flow_log(LogFormat=str(LONG))
        assert log_groups(sandbox.session, budget()) == {GROUP: (LONG,), "/aaa": ()}
        nobody = sandbox.session_for({"Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]})
        assert log_groups(nobody, budget()) == {}


# the panel


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((None,), "session is None; give a boto3.Session, or the session of a sandbox"),
        ((rk.sandbox, FULL.log_group), "session is "),
    ],
)
def test_what_is_no_session_is_refused(given: tuple[Any, ...], sentence: str) -> None:
    """What is wrong with the call itself is raised, and not shown."""
    with pytest.raises(ArgumentError) as caught:
        MonitorPanel(*given)
    assert str(caught.value).startswith(sentence)


def test_what_is_no_monitor_is_refused(sandbox: Sandbox) -> None:
    """A name is no monitor, neither at first nor later; a log group's name takes the place of the monitor's."""
    with pytest.raises(ArgumentError, match=r"monitor is '/vpc'; give a Monitor, for example rk.Monitor"):
        MonitorPanel(sandbox.session, "/vpc")  # type: ignore[arg-type]  # what is tested
    panel = opened(sandbox, FULL, log_group="/there")
    assert panel.monitor == FULL.changed(log_group="/there")
    with pytest.raises(ArgumentError, match="monitor is None"):
        panel.monitor = None  # type: ignore[assignment]  # what is tested


def test_it_opens_on_the_recipe(sandbox: Sandbox) -> None:
    """Without a monitor the recipe's values are shown; nothing is planned and nothing was asked but log groups."""
    panel = opened(sandbox, log_group="/vpc")
    assert panel.monitor == Monitor(log_group="/vpc")
    assert (panel.plan, panel.tested, panel.applied, panel.findings) == (None, None, None, [])
    assert panel.panes.apply.disabled
    assert panel.panes._carry.layout.display == "none"
    assert panel.panes._roles.layout.display == "none"
    panel.form.design.value = "log-alarm"
    assert panel.panes._roles.layout.display is None


def test_from_the_form_to_an_alarm_and_back(sandbox: Sandbox) -> None:
    """Test, plan, confirm, apply, health, teardown: each comes back as a value, and nothing is left."""
    panel = opened(sandbox, monitor_of(sandbox, "whole", emails=["ops@example.org"]))
    before = there(sandbox, "whole")
    tested = pressed(panel, "test").tested
    assert tested is not None
    assert len(tested.matched) == 1
    assert HOSTILE.partition(" ")[0] not in panel.still()
    plan = pressed(panel, "plan").plan
    assert plan is not None
    assert plan.summary == "5 to create, 1 kept"
    assert there(sandbox, "whole") == before
    applied = carried_out(panel).applied
    assert applied is not None
    assert len(applied.done) == 5
    assert panel.plan is None
    assert "created metric alarm &#x27;whole-alarm_name&#x27;" in panel.still()
    assert any("waits for its confirmation" in finding.sentence for finding in panel.findings)
    assert "The alarm whole-alarm_name is in INSUFFICIENT_DATA" in panel.still()
    assert pressed(panel, "plan").plan is not None
    assert "There is nothing to do." in panel.still()
    assert panel.panes._carry.layout.display == "none"
    pressed(panel, "teardown")
    assert panel.plan is not None
    assert panel.plan.summary == "1 kept, 3 to remove"
    carried_out(panel)
    assert panel.findings == []
    assert there(sandbox, "whole") == before
    assert "There is no alarm whole-alarm_name." in pressed(panel, "health").still()


def test_nothing_is_applied_that_was_not_shown_and_confirmed(sandbox: Sandbox) -> None:
    """Apply is refused with a sentence without a plan, without the confirmation, and when the form has changed."""
    panel = opened(sandbox, monitor_of(sandbox, "unseen"))
    before = there(sandbox, "unseen")
    panel.apply()
    assert "There is no plan to apply; show the plan first." in trouble(panel)
    pressed(panel, "plan")
    assert trouble(panel) == ""
    assert panel.panes.apply.disabled
    panel.apply()
    assert "The plan is not confirmed; read it, and tick that it is to be carried out." in trouble(panel)
    panel.panes.confirm.value = True
    assert not panel.panes.apply.disabled
    panel.form.threshold.value = 5.0
    assert panel.panes.apply.disabled
    assert panel.panes.confirm.disabled
    assert not panel.panes.confirm.value
    assert "The form has changed since this plan was made" in panel.panes._stale.value
    panel.apply()
    assert "The form has changed since the plan was made; show the plan again." in trouble(panel)
    panel.form.threshold.value = 0.0
    assert panel.panes._stale.value == ""
    assert not panel.panes.confirm.disabled
    assert panel.panes.apply.disabled  # it must be confirmed anew
    panel.form.ports.value = "no port"
    assert panel.panes.confirm.disabled
    assert panel.wait(SECONDS)
    assert there(sandbox, "unseen") == before


def test_a_plan_of_another_monitor_is_no_value_of_the_panel(sandbox: Sandbox) -> None:
    """`plan` is None as soon as the form says something else."""
    panel = pressed(opened(sandbox, monitor_of(sandbox, "another")), "plan")
    assert panel.plan is not None
    panel.form.alarm_name.value = "yet-another"
    assert panel.plan is None


def test_each_question_is_a_checkbox_and_is_no_without_a_tick(sandbox: Sandbox) -> None:
    """What is shared stays unless its checkbox was ticked before Apply."""
    panel = opened(sandbox, monitor_of(sandbox, "shared"))
    carried_out(pressed(panel, "plan"))
    sns = sandbox.session.client("sns")
    arn = f"arn:aws:sns:eu-west-1:{sandbox.account}:shared-topic"
    queue = f"arn:aws:sqs:eu-west-1:{sandbox.account}:somebody"
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    pressed(panel, "teardown")
    (box,) = panel.panes.questions.children
    assert box.description == "Is the topic 'shared-topic' to be deleted all the same?"
    assert box.value is False
    carried_out(panel)
    assert panel.applied is not None
    assert [step.name for step in panel.applied.declined] == ["shared-topic"]
    assert panel.panes.questions.children == ()
    assert there(sandbox, "shared")["topics"]
    pressed(panel, "teardown")
    panel.panes.questions.children[0].value = True
    carried_out(panel)
    assert there(sandbox, "shared")["topics"] == []


def test_somebody_elses_alarm_is_refused_with_a_sentence(sandbox: Sandbox) -> None:
    """A name that is taken makes no plan, and the panel says whose it is."""
    monitor = monitor_of(sandbox, "taken")
    params = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    sandbox.session.client("cloudwatch").put_metric_alarm(
        AlarmName=monitor.alarm_name, Threshold=1, ComparisonOperator="GreaterThanThreshold", **params
    )
    panel = pressed(opened(sandbox, monitor), "plan")
    assert "taken-alarm_name" in trouble(panel)
    assert panel.panes.apply.disabled
    with pytest.raises(ConflictError):
        _ = panel.plan


def test_what_is_not_permitted_is_a_sentence_that_names_the_action(sandbox: Sandbox) -> None:
    """An apply that is refused tells the action, what was done and what was not; the next plan goes on from there."""
    monitor = monitor_of(sandbox, "denied")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "cloudwatch:PutMetricAlarm", "Resource": "*"}
    panel = opened(sandbox, monitor, session=sandbox.session_for({"Statement": [everything, deny]}))
    carried_out(pressed(panel, "plan"))
    assert "cloudwatch:PutMetricAlarm" in trouble(panel)
    assert "Done: create topic &#x27;denied-topic&#x27;" in trouble(panel)
    assert "Traceback" not in panel.still()
    assert panel.panes.apply.disabled
    with pytest.raises(RejectkitError, match="the step to create metric alarm 'denied-alarm_name' failed"):
        _ = panel.applied
    again = carried_out(pressed(opened(sandbox, monitor), "plan"))
    assert again.applied is not None
    assert [step.kind for step in again.applied.done] == ["metric alarm"]


def test_cancel_stops_work_before_its_next_call(sandbox: Sandbox) -> None:
    """While a plan waits for its calls Cancel ends it, in words; then it can be made again."""
    waits, go_on = threading.Event(), threading.Event()

    class Slow(Budget):
        def take(self, operation: str, region: str, check: Any = None) -> None:
            while operation == "logs.DescribeMetricFilters" and not go_on.wait(0.01):
                waits.set()
                check()

    panel = opened(sandbox, monitor_of(sandbox, "slow"), budget=Slow())
    panel.panes.plan.click()
    assert waits.wait(SECONDS)
    assert panel.panes.plan.disabled
    assert panel.panes.work.stop.layout.display is None
    panel.panes.work.stop.click()
    assert panel.wait(SECONDS)
    assert "Cancelled." in trouble(panel)
    assert panel.panes.work.stop.layout.display == "none"
    with pytest.raises(QueryCancelledError):
        _ = panel.plan
    go_on.set()
    assert pressed(panel, "plan").plan is not None


def test_an_apply_that_is_cancelled_stops_between_two_steps(sandbox: Sandbox) -> None:
    """The step under way is finished, what was done is told, and a new plan has the rest."""
    panels: list[MonitorPanel] = []

    class Stopping(Budget):
        def take(self, operation: str, region: str, check: Any = None) -> None:
            if operation == "sns.CreateTopic":
                panels[0].cancel()

    panel = opened(sandbox, monitor_of(sandbox, "halt"), budget=Stopping())
    panels.append(panel)
    carried_out(pressed(panel, "plan"))
    assert "stopped before the step to create topic policy" in trouble(panel)
    assert "Done: create topic" in trouble(panel)
    plan = pressed(opened(sandbox, panel.monitor), "plan").plan
    assert plan is not None
    assert plan.summary == "2 to create, 1 to change, 2 kept"


def test_while_a_plan_is_applied_its_steps_are_told(sandbox: Sandbox) -> None:
    """Progress goes by the plan's steps, not by the calls that they make, up to the check of health."""
    told: list[str] = []
    panels: list[MonitorPanel] = []

    class Unhurried(Budget):
        def take(self, operation: str, region: str, check: Any = None) -> None:
            if panels:
                panels[0].panes.work.told = 0.0  # long ago: the next sign of progress is shown, however soon it comes

    panel = opened(sandbox, monitor_of(sandbox, "steps"), budget=Unhurried())
    pressed(panel, "plan")
    panels.append(panel)
    panel.panes.work.doing.observe(lambda change: told.append(change["new"]), "value")
    carried_out(panel)
    assert "create metric filter 'steps-filter_name'" in told
    assert "asking sns.ListTagsForResource" not in told
    assert "asking ec2.DescribeFlowLogs" in told


def test_buttons_do_nothing_while_there_is_work(sandbox: Sandbox) -> None:
    """Work under way is not replaced by other work, as an apply must come to its end."""
    waits, go_on = threading.Event(), threading.Event()

    class Slow(Budget):
        def take(self, operation: str, region: str, check: Any = None) -> None:
            waits.set()
            assert go_on.wait(SECONDS)

    panel = MonitorPanel(sandbox.session, monitor_of(sandbox, "busy"), budget=Slow())
    assert waits.wait(SECONDS)
    buttons = (panel.panes.test, panel.panes.plan, panel.panes.health, panel.panes.teardown)
    assert all(button.disabled for button in buttons)
    panel.make_plan()
    panel.apply()
    go_on.set()
    assert panel.wait(SECONDS)
    assert panel.plan is None
    assert not any(button.disabled for button in buttons)


class Broken:
    """A session that fails in a way that nobody foresaw."""

    region_name, profile_name = "eu-west-1", "default"

    def client(self, *args: Any, **more: Any) -> Any:
        """Fail."""
        raise KeyError(HOSTILE)


def test_an_error_that_nobody_foresaw_is_a_sentence_too(sandbox: Sandbox) -> None:
    """Its type and words are shown, escaped; there is no traceback."""
    panel = opened(sandbox, FULL, session=Broken())
    assert "Something went wrong that should not have: KeyError: " in trouble(panel)
    assert "<img" not in trouble(panel)
    with pytest.raises(KeyError):
        _ = panel.plan


def test_health_that_cannot_be_checked_leaves_what_was_done(sandbox: Sandbox) -> None:
    """After an apply that went well, a failing check is told beside what was done."""
    panel = pressed(opened(sandbox, monitor_of(sandbox, "blind")), "plan")
    sandbox.faults.add(Fault("DescribeFlowLogs", code="ExpiredTokenException", times=100))
    carried_out(panel)
    sandbox.faults.clear()
    still = panel.still()
    assert "created metric alarm" in still
    assert "The wiring was not checked." in still
    assert "expired" in trouble(panel).lower()


def test_a_test_of_another_pattern_is_told_to_be_one(sandbox: Sandbox) -> None:
    """When the pattern changes the lines that were matched are those of the one before."""
    panel = pressed(opened(sandbox, monitor_of(sandbox, "stale")), "test")
    words = "The pattern has changed since this test."
    assert words not in panel.panes._outdated.value
    panel.form.ports.value = "22"
    assert words in panel.panes._outdated.value
    panel.form.ports.value = ""
    assert words not in panel.panes._outdated.value


def test_it_is_shown_by_a_notebook_and_without_one(sandbox: Sandbox) -> None:
    """A cell's last value is the widget, with a page for where there is no kernel."""
    panel = opened(sandbox, FULL)
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == "MonitorPanel"
    assert "poc/refused" in bundle["text/html"]


# what it leans on


def test_the_chosen_design_is_told_by_words() -> None:
    """Both designs are beside each other with the figures of the rule, and the chosen one is named so."""
    html = monitormarkup.designs(Monitor(log_group="/vpc"), "metric-filter")
    assert "Metric filter and metric alarm (chosen)" in html
    assert "Log alarm (chosen)" not in html
    assert "the rule asks for 1 min" in html
    assert "Log alarm (chosen)" in monitormarkup.designs(LOGS, "log-alarm")


def test_the_pattern_is_text_and_what_it_cannot_say_is_told() -> None:
    """The pattern is shown escaped, with the sentences; of a log alarm it is the query."""
    html = monitormarkup.which(Monitor(log_group="/vpc", pattern='?REJECT ?"<b>"'))
    assert "?REJECT ?&quot;&lt;b&gt;&quot;" in html
    assert "one of your own, so the choices above are not used" in html
    assert "both are REJECT lines." in html
    assert "The query:" in monitormarkup.which(LOGS)
    assert "The query, one of your own:" in monitormarkup.which(LOGS.changed(query="fields @message"))


def test_a_format_that_no_flow_log_has_is_a_warning() -> None:
    """The form says when its log format is not that of the log group, and when there are several."""
    html = monitormarkup.which(Monitor(log_group="/vpc"), (LONG, LONG))
    assert "This is not the log format of the flow log that delivers into the log group." in html
    assert "Flow logs of 2 formats deliver into the log group" in html
    assert "warning" not in monitormarkup.which(Monitor(log_group="/vpc"), (LogFormat.default(),))


def test_the_state_of_an_alarm_in_a_sentence(sandbox: Sandbox) -> None:
    """Its state with the time and the reason; that it may not be read is told."""
    monitor = monitor_of(sandbox, "state")
    assert alarm_state(monitor, sandbox.session, budget()) == "There is no alarm state-alarm_name."
    rk.monitoring.plan(monitor, sandbox.session, budget=budget()).apply()
    sandbox.session.client("cloudwatch").set_alarm_state(
        AlarmName=monitor.alarm_name, StateValue="ALARM", StateReason="by hand"
    )
    when = f"{sandbox.clock.now():%Y-%m-%d %H:%M}"
    told = alarm_state(monitor, sandbox.session, budget())
    assert told == f"The alarm state-alarm_name is in ALARM since {when} UTC: by hand"
    nobody = sandbox.session_for({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    assert alarm_state(monitor, nobody, budget()) == (
        "cloudwatch:DescribeAlarms is not permitted, so the state of the alarm cannot be told."
    )


def test_a_watched_budget_tells_its_calls_and_stops_before_the_next() -> None:
    """Progress goes up within its part of the work; once cancelled no call is counted; released, it is not watched."""
    told: list[tuple[float, str]] = []
    watch = Watch(lambda fraction, what: told.append((fraction, what)))
    watched = Watched(budget(), watch, 0.5, 0.7)
    for _ in range(30):
        watched.take("logs.StartQuery", "eu-west-1")
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert 0.5 < fractions[0] < fractions[-1] < 0.7
    assert told[0][1] == "asking logs.StartQuery"
    watch.cancel()
    with pytest.raises(QueryCancelledError):
        watched.take("logs.StartQuery", "eu-west-1")
    with pytest.raises(QueryCancelledError):
        watched.nap(1.0)
    assert len(told) == 30
    watched.release()
    watched.take("logs.StartQuery", "eu-west-1")
    assert len(told) == 30


def test_a_watched_budget_has_the_rates_of_the_other() -> None:
    """What a service says about its rate reaches the budget that all others use."""
    inner = budget()
    watched = Watched(inner, Watch())
    assert watched.most_running == inner.most_running
    before = inner.rate("logs.StartQuery", "eu-west-1")
    watched.throttled("logs.StartQuery", "eu-west-1")
    assert watched.rate("logs.StartQuery", "eu-west-1") == inner.rate("logs.StartQuery", "eu-west-1") == before / 2
    watched.went_well("logs.StartQuery", "eu-west-1")
    assert inner.rate("logs.StartQuery", "eu-west-1") > before / 2
    with watched.running("eu-west-1"):
        assert inner._running["eu-west-1"] == 1
    assert inner._running["eu-west-1"] == 0


def test_work_that_is_cancelled_before_it_begins_comes_to_its_end() -> None:
    """It stops at its first look, its error is told, and other work can be begun."""
    told: list[Any] = []

    def on_busy(busy: bool) -> None:
        told.append(busy)
        assert turns.cancel() is busy

    turns = Turns(on_busy, lambda fraction, what: None, told.append)
    turns.begin(lambda watch: watch.check())
    with pytest.raises(QueryCancelledError):
        turns.settle()
    assert told[::2] == [True, False]
    assert not turns.busy
    turns.begin(lambda watch: None)
    turns.settle()
    assert len(told) == 5


def test_nowhere_is_the_recipe() -> None:
    """Before a log group is chosen every other value is the recipe's."""
    assert NOWHERE.changed(log_group="/vpc") == Monitor(log_group="/vpc")
