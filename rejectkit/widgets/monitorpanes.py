"""MonitorPanes: what the monitor panel shows around its form, and the buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets as w

from rejectkit.findings import Finding
from rejectkit.monitoring.monitor import LOG_ALARM, Monitor
from rejectkit.monitoring.patterns.trying import PatternTest
from rejectkit.plans import Applied, Plan, Step
from rejectkit.widgets import markup, monitormarkup
from rejectkit.widgets.monitorform import NOWHERE, Form
from rejectkit.widgets.pieces import Work, bar, capital, grid, see


class MonitorPanes:
    """The parts of the panel, top to bottom.

    Attributes
    ----------
    widget : VBox
        All of it, the form among it.
    test, plan, health, teardown : Button
        What can be asked for.
    confirm, apply : Checkbox, Button
        The plan that is shown has been read; carry it out.
    questions : Box
        A Checkbox for each question of the plan that is shown.
    work : Work
        How far the work is, and Cancel.
    """

    def __init__(self, form: Form) -> None:
        """Put the panes round the form."""
        self.test = w.Button(description="Test the pattern", tooltip="On recent lines of the log group")
        self.plan = w.Button(description="Show the plan", tooltip="What would be made or changed; nothing is")
        self.health = w.Button(description="Check health", tooltip="The state of the alarm, and its wiring")
        self.teardown = w.Button(description="Plan the teardown", tooltip="What would be removed; nothing is")
        self.apply = w.Button(description="Apply", tooltip="Carry out the plan above", button_style="primary")
        self.confirm = w.Checkbox(description="I have read this plan; carry it out", indent=False)
        self.questions = w.VBox()
        self.work = Work()
        self._last = NOWHERE
        self._roles = w.VBox([form.how])  # hides what it holds, whose own display is the stylesheet's
        self._form, self._asked = form, dict[tuple[str, str, str], w.Checkbox]()
        self._designs, self._which, self._rule, self._wrong = (w.HTML() for _ in range(4))
        self._trouble, self._tested, self._outdated, self._planned = (w.HTML() for _ in range(4))
        self._stale, self._applied, self._state, self._findings = (w.HTML() for _ in range(4))
        self._shown = (self._tested, self._planned, self._applied, self._state, self._findings)
        self._carry = bar(self.confirm, self.apply)
        asks = bar(self.test, self.plan, self.health, self.teardown, *self.work.boxes)
        parts = [w.HTML(markup.STYLE + monitormarkup.STYLE)]
        for title, inside in (
            ("Where the lines are", [form.where]),
            ("Which rejects", [form.which, self._which]),
            ("When it is an alarm", [form.when, self._rule]),
            ("The two designs", [grid(form.design), self._roles, self._designs]),
            ("Names", [form.names]),
            ("Whom it tells", [form.whom]),
        ):
            parts += [w.HTML(monitormarkup.heading(title)), *inside]
        parts += [self._wrong, asks, self._trouble, self._tested, self._outdated, self._planned, self._stale]
        parts += [self.questions, self._carry, self._applied, self._state, self._findings]
        self.widget = w.VBox(parts)
        for name in ("rejectkit", "rejectkit-monitor"):
            self.widget.add_class(name)
        see(False, self._carry, self.questions)

    # the form

    def describe(self, monitor: Monitor) -> None:
        """Show what a monitor means: the designs, the pattern, the rule."""
        self._wrong.value = ""
        self._last = monitor
        self._designs.value = monitormarkup.designs(monitor, monitor.design)
        self._which.value = monitormarkup.which(monitor, self._form.formats)
        self._rule.value = monitormarkup.rule(monitor)

    def refuse(self, sentence: str) -> None:
        """Show what is wrong with the form as it stands."""
        label = self._form.label_of(sentence)
        self._wrong.value = markup.trouble(f"{label}: {sentence}" if label else capital(sentence))
        self._designs.value = monitormarkup.designs(self._last, self._form.design.value)
        self._which.value = self._rule.value = monitormarkup.text("Shown again when the values go together.")

    def roles(self) -> None:
        """Show what only a log alarm needs, where that is the design."""
        see(self._form.design.value == LOG_ALARM, self._roles)

    # the work

    def trouble(self, sentence: str) -> None:
        """Show a sentence about what went wrong; an empty one takes it away."""
        self._trouble.value = markup.trouble(capital(sentence))

    # what it brought

    def tested(self, test: PatternTest) -> None:
        """Show what the pattern matches."""
        self._tested.value = monitormarkup.tested(test)

    def outdated(self, outdated: bool) -> None:
        """Show whether the pattern is another than the one tested."""
        self._outdated.value = markup.sentence("The pattern has changed since this test.") if outdated else ""

    def propose(self, plan: Plan) -> None:
        """Show a plan, with a checkbox for each question; none of them is ticked, nor is the confirmation."""
        told = monitormarkup.heading("The plan") + plan._repr_html_()
        self._tested.value = monitormarkup.closed(self._tested.value)
        self.confirm.value = False
        asked = [(question_of(step), step) for step in plan.questions]
        self._asked = {key: w.Checkbox(description=step.question, indent=False) for key, step in asked}
        self.questions.children = list(self._asked.values())
        some = any(step.action is not None for step in plan.steps)
        self._planned.value = told + ("" if some else markup.sentence("There is nothing to do."))
        self._applied.value = ""
        see(some, self._carry)
        see(bool(self._asked), self.questions)

    @property
    def answers(self) -> Mapping[tuple[str, str, str], bool]:
        """What was answered to each question of the plan that is shown."""
        return {key: bool(box.value) for key, box in self._asked.items()}

    def stale(self, stale: bool) -> None:
        """Show whether the plan is one of another monitor than the form's."""
        words = "The form has changed since this plan was made: show the plan again before it is applied."
        self._stale.value = markup.trouble(words) if stale else ""

    def withdraw(self) -> None:
        """Show no plan any longer."""
        self._planned.value, self.questions.children, self._asked = "", [], {}
        self.confirm.value = False
        see(False, self._carry, self.questions)

    def applied(self, applied: Applied) -> None:
        """Show what was done, in place of the plan."""
        self.withdraw()
        self._applied.value = monitormarkup.heading("Done") + monitormarkup.text(str(applied))
        self.told("", "")

    def told(self, state: str, health: str) -> None:
        """Show the state of the alarm as a sentence, and its health as HTML."""
        self._state.value = monitormarkup.heading("Health") + markup.sentence(state) if state else ""
        self._findings.value = health

    def still(self) -> str:
        """Return what the work brought, as HTML that needs neither kernel nor widgets."""
        parts = [self._wrong, self._trouble, *self._shown]
        body = "".join(str(each.value) for each in parts)
        return (
            f'{markup.STYLE}{monitormarkup.STYLE}<div class="rejectkit rejectkit-monitor rejectkit-still">{body}</div>'
        )


def findings(found: Sequence[Finding]) -> str:
    """Return the findings of a health check; that there are none is said too."""
    if not found:
        return markup.sentence("Nothing is amiss from the flow log to the subscribers.")
    return markup.findings(found, most=20)


def question_of(step: Step) -> tuple[str, str, str]:
    """Return what a question is known by, whichever plan it is in."""
    return step.kind, step.name, step.question
