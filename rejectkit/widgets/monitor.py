"""MonitorPanel: deploy an alert on rejected flows, look at it, and remove it, without writing code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from rejectkit.errors import ArgumentError, RejectkitError
from rejectkit.findings import Finding
from rejectkit.monitoring.alarms.state import alarm_state
from rejectkit.monitoring.deploying.deploy import plan
from rejectkit.monitoring.deploying.removal import teardown
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.patterns.trying import PatternTest, pattern_test
from rejectkit.monitoring.wiring.checkup import health
from rejectkit.pacing import Budget, budget_of
from rejectkit.plans import Applied, Plan
from rejectkit.sources.base import Watch
from rejectkit.sources.cloudwatch.offered import log_groups
from rejectkit.widgets import markup, monitorpanes
from rejectkit.widgets.given import check_monitor, check_session
from rejectkit.widgets.holding import part
from rejectkit.widgets.monitorform import NOWHERE, Form
from rejectkit.widgets.monitorpanes import MonitorPanes, question_of
from rejectkit.widgets.panel import Panel
from rejectkit.widgets.watched import Watched


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that is shown, of which monitor, and whether it is the teardown."""

    monitor: Monitor
    plan: Plan
    undo: bool


class MonitorPanel(Panel[MonitorPanes]):
    """A form for a `Monitor`, and the way from it to an alarm and back. The last value of a cell shows it.

    The pattern is tested on real lines, the plan is shown before it is applied, and applied only once it was
    confirmed; then the health of what was made is checked. The work is done on a thread of its own: progress is
    shown, and Cancel stops it. Nothing is changed in the account but by Apply.

    Parameters
    ----------
    session : boto3.Session
        The account and the region.
    monitor : Monitor, optional
        What the form shows at first; the recipe's values where it is left out.
    log_group : str, optional
        Name of the log group that the flow log delivers to. Where neither it nor a monitor is given, log groups are
        offered, and the one of a flow log is chosen if there is only one.
    budget : Budget, optional
        Of calls; the session's where it is left out.

    Raises
    ------
    ArgumentError
        If an argument is none of these. Whatever goes wrong later is a sentence in the panel.

    Examples
    --------
    >>> import rejectkit as rk
    >>> with rk.sandbox.start(scenario=None) as sandbox:
    ...     panel = MonitorPanel(sandbox.session, log_group="/vpc/flow-logs")
    ...     panel.wait(60), panel.monitor.log_group, panel.plan
    (True, '/vpc/flow-logs', None)
    """

    def __init__(
        self,
        session: Any,
        monitor: Monitor | None = None,
        *,
        log_group: str | None = None,
        budget: Budget | None = None,
    ) -> None:
        """Make the panel and look which log groups there are."""
        super().__init__()
        check_session(session)
        if monitor is not None:
            check_monitor(monitor)
        first = monitor or NOWHERE
        if log_group is not None:
            first = first.changed(log_group=log_group)
        self._session, self._budget = session, budget or budget_of(session)
        self._monitor: Monitor | None = None
        self._refused: RejectkitError | None = None  # what is wrong with the form as it stands
        self._tested: PatternTest | None = None
        self._proposal: Proposal | None = None
        self._applied: Applied | None = None
        self._findings: list[Finding] | None = None
        self.form = Form(self._changed, first)
        self.panes = MonitorPanes(self.form)
        self.panes.confirm.observe(lambda _: self._freshen(), "value")
        self._open(
            (self.panes.test, self.test_pattern),
            (self.panes.plan, self.make_plan),
            (self.panes.health, self.check_health),
            (self.panes.teardown, self.make_teardown),
            (self.panes.apply, self.apply),
        )

    @property
    def monitor(self) -> Monitor:
        """The monitor that the form shows; one that is set is shown, with what the form has no widget for.

        Raises
        ------
        RejectkitError
            If a value in the form is none that AWS takes; the panel shows the same sentence.
        """
        with self._lock:
            if self._refused is not None:
                raise self._refused
            assert self._monitor is not None, "what is not refused was read"
            return self._monitor

    @monitor.setter
    def monitor(self, monitor: Monitor) -> None:
        check_monitor(monitor)
        self.form.write(monitor)

    @property
    def tested(self) -> PatternTest | None:
        """The pattern test that is shown; None before the first. Waits for work under way, and raises its error."""
        self._turns.settle()
        return self._tested

    @property
    def plan(self) -> Plan | None:
        """The plan that is shown; None where there is none of the monitor in the form. Waits and raises as `tested`."""
        self._turns.settle()
        fresh = self._proposal is not None and self._proposal.monitor == self._monitor
        return self._proposal.plan if self._proposal is not None and fresh else None

    @property
    def applied(self) -> Applied | None:
        """What was done by the latest plan that was applied; None before. Waits and raises as `tested`."""
        self._turns.settle()
        return self._applied

    @property
    def findings(self) -> list[Finding]:
        """The findings of the latest health check; none before it. Waits and raises as `tested`."""
        self._turns.settle()
        return list(self._findings or [])

    def still(self) -> str:
        """Return what is shown now as HTML that needs neither kernel nor widgets."""
        with self._lock:
            values = "" if self._monitor is None else self._monitor._repr_html_()
        return values + super().still()

    # what can be asked for: each as its button does it, and nothing while other work is under way

    def test_pattern(self) -> None:
        """Test the pattern on recent lines."""
        self._turns.begin(self._test)

    def make_plan(self) -> None:
        """Make the plan of what is to be made or changed, and show it; nothing is changed."""
        self._turns.begin(partial(self._plan, False))

    def make_teardown(self) -> None:
        """Make the plan of what is to be removed, and show it; nothing is changed."""
        self._turns.begin(partial(self._plan, True))

    def check_health(self) -> None:
        """Look at the state of the alarm, and check its wiring."""
        self._turns.begin(self._check)

    def apply(self) -> None:
        """Carry out the plan that is shown, if it is of the monitor in the form and was confirmed."""
        with self._lock:
            shown, now = self._proposal, self._monitor
            if self._turns.busy:
                return
            if shown is None:
                wrong = "there is no plan to apply; show the plan first"
            elif shown.monitor != now:
                wrong = "the form has changed since the plan was made; show the plan again"
            elif not self.panes.confirm.value:
                wrong = "the plan is not confirmed; read it, and tick that it is to be carried out"
            else:
                self._turns.begin(partial(self._apply, shown, dict(self.panes.answers)))
                return
            self._turns.fail(ArgumentError(wrong))

    # what moves it

    def _changed(self) -> None:
        with self._lock:
            self.panes.roles()
            try:
                self._monitor, self._refused = self.form.read(), None
                self.panes.describe(self._monitor)
            except RejectkitError as error:
                self._monitor, self._refused = None, error
                self.panes.refuse(str(error))
            self._freshen()

    def _freshen(self) -> None:
        """Let the buttons and the confirmation be as the form and the plan allow."""
        with self._lock:
            panes, shown = self.panes, self._proposal
            for button in (panes.test, panes.plan, panes.health, panes.teardown):
                button.disabled = self._turns.busy or self._monitor is None
            fresh = shown is not None and shown.monitor == self._monitor
            if not fresh:
                panes.confirm.value = False
            panes.confirm.disabled = self._turns.busy or not fresh
            panes.apply.disabled = self._turns.busy or not fresh or not panes.confirm.value
            panes.stale(shown is not None and not fresh)
            tested, now = self._tested, self._monitor
            panes.outdated(tested is not None and now is not None and tested.pattern != now.pattern)

    # the work, on its own thread

    def _offer(self, watch: Watch) -> None:
        self.form.offer(log_groups(self._session, self._watched(watch)))

    def _test(self, watch: Watch) -> None:
        self._tested = pattern_test(self.monitor, self._session, budget=self._watched(watch))
        self.panes.tested(self._tested)

    def _plan(self, undo: bool, watch: Watch) -> None:
        self._withdraw()
        monitor, budget = self.monitor, self._watched(watch)
        made = (teardown if undo else plan)(monitor, self._session, budget=budget)
        watch.check()
        budget.release()
        with self._lock:
            self._proposal = Proposal(monitor, made, undo)
            self.panes.propose(made)

    def _apply(self, shown: Proposal, answers: dict[tuple[str, str, str], bool], watch: Watch) -> None:
        try:
            done = shown.plan.apply(part(watch, 0.0, 0.7), confirm=lambda step: answers.get(question_of(step), False))
        finally:  # what is there is no longer what the plan was made of
            self._withdraw()
        self._applied = done
        self.panes.applied(done)
        self._findings = None
        if not shown.undo:
            self._look(shown.monitor, part(watch, 0.7, 1.0))

    def _check(self, watch: Watch) -> None:
        self._look(self.monitor, watch)

    def _look(self, monitor: Monitor, watch: Watch) -> None:
        budget = self._watched(watch)
        state = alarm_state(monitor, self._session, budget)
        self.panes.told(state, markup.sentence("Looking for findings …"))
        try:
            self._findings = health(monitor, self._session, budget=budget)
        except RejectkitError:
            self.panes.told(state, markup.sentence("The wiring was not checked."))
            raise
        self.panes.told(state, monitorpanes.findings(self._findings))

    def _watched(self, watch: Watch) -> Watched:
        return Watched(self._budget, watch)

    def _withdraw(self) -> None:
        with self._lock:
            self._proposal = None
            self.panes.withdraw()
            self._freshen()
