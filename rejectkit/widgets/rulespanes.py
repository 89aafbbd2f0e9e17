"""RulesPanes: what the rules panel shows around its form, and the buttons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from html import escape
from typing import Any

import ipywidgets as w

from rejectkit.network.advising.suggestion import Suggestion
from rejectkit.plans import Applied, Plan
from rejectkit.widgets import markup, rulesmarkup, rulestables
from rejectkit.widgets.pieces import Work, bar, capital, see
from rejectkit.widgets.querybar import QueryBar
from rejectkit.widgets.rulesdesk import Read, Tried
from rejectkit.widgets.rulesform import RulesForm
from rejectkit.widgets.rulesmarkup import OFFERED
from rejectkit.widgets.timingmarkup import heading

_FIRST = "Read the records of a window and the rules. Nothing in the account is changed but by Apply, and by Undo."
_STALE = "The choices have changed since: what is below is of those before. Read again."
_CHANGED = (
    "The rules have been changed since this was read. Read again to go on; records of the time after show what came."
)


class RulesPanes:
    """The parts of the panel, top to bottom.

    Attributes
    ----------
    widget : VBox
        All of it, the form among it.
    read, attempt, plan, apply, undo : Button
        What can be asked for.
    confirm : Checkbox
        The plan that is shown has been read.
    work : Work
        How far the work is, and Cancel.
    boxes : dict of int to Checkbox
        By the place of a suggestion: whether it is chosen. Of those that are offered now.
    code : QueryBar
        The Python lines that do the same.
    """

    def __init__(self, form: RulesForm, on_pick: Callable[[], None]) -> None:
        """Put the panes round the form; `on_pick` is called when a suggestion was chosen or no longer is."""
        self._form, self._on_pick = form, on_pick
        self.read = w.Button(description="Read records and rules", tooltip="Nothing is changed", button_style="primary")
        self.attempt = w.Button(description="What would it do?", tooltip="Try it on all records of the window")
        self.plan = w.Button(description="Show the plan", tooltip="What would be changed; nothing is")
        self.apply = w.Button(description="Apply", tooltip="Carry out the plan above", button_style="primary")
        self.undo = w.Button(description="Undo this change", tooltip="The rules are put back as they were")
        self.confirm = w.Checkbox(description="I have read this plan: make every change in it", indent=False)
        self.work, self.boxes = Work(), dict[int, w.Checkbox]()
        self.code = QueryBar(noun="code", label="Python lines that do the same")
        self._trouble, self._wrong, self._first, self._stale, self._late = (w.HTML() for _ in range(5))
        self._standing, self._refusals, self._offered, self._outcome = (w.HTML() for _ in range(4))
        self._plan, self._done = (w.HTML() for _ in range(2))
        self._list = w.VBox()
        self._safety = w.VBox([form.safety])  # hides what it holds, whose own display is the stylesheet's
        self._carry = self._bar(self.confirm, self.apply)
        self._who = w.VBox([w.HTML(heading("Who refused them")), form.which, self._refusals])
        self._what = w.VBox(
            [
                w.HTML(heading("What to change")),
                self._offered,
                self._list,
                self._safety,
                self._bar(self.attempt, self.plan),
            ]
        )
        self._ends = w.VBox([self._done, self._bar(self.undo)])
        self._last = w.VBox([w.HTML(heading("The same in Python")), self.code])
        parts = [w.HTML(markup.STYLE + rulesmarkup.STYLE), form.where, self._wrong, self._bar(self.read), self._trouble]
        parts += [self._first, self._stale, self._standing, self._who, self._what, self._outcome]
        parts += [self._plan, self._carry, self._late, self._ends, self._last]
        self.widget = w.VBox(parts)
        for name in ("rejectkit", "rejectkit-rules"):
            self.widget.add_class(name)
        self.code.place = self.widget.model_id or ""
        self._first.value = markup.sentence(_FIRST)
        see(False, self._who, self._what, self._carry, self._ends, self._last)

    def _bar(self, *widgets: Any) -> w.HBox:
        """Return buttons, with how far the work is beside them."""
        return bar(*widgets, *self.work.boxes)

    # the work

    def trouble(self, sentence: str, below: bool = False) -> None:
        """Show a sentence about what went wrong, by the buttons that began it; an empty one takes it away."""
        here, there = (self._late, self._trouble) if below else (self._trouble, self._late)
        here.value, there.value = markup.trouble(capital(sentence)), ""

    def refuse(self, sentence: str) -> None:
        """Show what is wrong with the form as it stands; empty: nothing."""
        self._wrong.value = markup.trouble(capital(sentence))

    # what it brought

    def told(self, read: Read, chosen: Collection[int]) -> None:
        """Show who refused what, and what to change."""
        self._first.value = ""
        self._standing.value = rulesmarkup.standing(read)
        self.find(read, chosen)
        see(True, self._who, self._what, self._last)
        see(any(one.edits for one in read.suggestions), self.attempt, self.plan, self._safety)

    def find(self, read: Read, chosen: Collection[int]) -> None:
        """Show what fits the text that is looked for."""
        text = " ".join(self._form.find.value.split())
        shown = read.refused
        if text:
            shown = shown[rulestables.matching(shown, read.network, text)]
        self._refusals.value = rulesmarkup.refusals(shown, read.network, text)
        every = read.suggestions
        fitting = [place for place, one in enumerate(every) if fits(one, text)]
        first = [*fitting[:OFFERED], *(place for place in sorted(chosen) if place not in fitting[:OFFERED])]
        self._offered.value = rulesmarkup.offered(len(first), len({*fitting, *chosen}), len(every))
        self._offer(every, first, chosen)

    def _offer(self, every: Sequence[Suggestion], places: Sequence[int], chosen: Collection[int]) -> None:
        self.boxes, rows = {}, []
        for place in places:
            one = every[place]
            if one.edits:
                first: Any = w.Checkbox(value=place in chosen, description=one.sentence, indent=False)
                first.observe(lambda _: self._on_pick(), "value")
                self.boxes[place] = first
            else:
                first = w.HTML(rulesmarkup.advice(one))
            row = w.VBox([first, w.HTML(rulesmarkup.evidence(one))])
            row.add_class("rejectkit-one")
            rows.append(row)
        self._list.children = rows

    def stale(self, stale: bool, changed: bool) -> None:
        """Show whether what was read is of other choices, or of rules that have been changed."""
        words = _CHANGED if changed else _STALE if stale else ""
        self._stale.value = markup.trouble(words) if words else ""

    def tried(self, one: Tried | None) -> None:
        """Show what the chosen suggestions would do; None: nothing any longer."""
        self._outcome.value = heading("What it would do to the records") + rulesmarkup.tried(one) if one else ""

    def propose(self, plan: Plan) -> None:
        """Show a plan; it is not confirmed."""
        some = any(step.action is not None for step in plan.steps)
        self.confirm.value = False
        told = heading("The plan") + plan._repr_html_()
        self._plan.value = told + ("" if some else markup.sentence("There is nothing to do."))
        see(some, self._carry)

    def withdraw(self) -> None:
        """Show no plan any longer."""
        self._plan.value = ""
        self.confirm.value = False
        see(False, self._carry)

    def applied(
        self, title: str, done: Applied | None, *, undo: str = "", shown: Plan | None = None, begun: bool = True
    ) -> None:
        """Show what was done, with the way back where `undo` is the path of its undo file.

        Where nothing is known of what was done it is None; `begun` says whether it was begun here.
        """
        unfinished = ["What was done, and what was not, is said above."] if begun else []
        lines = str(done).split("\n") if done is not None else unfinished
        if begun:
            lines.append(_CHANGED)
        self._done.value = rulesmarkup.done(title, lines) + (shown._repr_html_() if shown is not None else "")
        see(True, self._ends)
        see(bool(undo), self.undo)

    def write(self, lines: str) -> None:
        """Show the lines that do the same."""
        self.code.query = self.code.code = lines

    def still(self) -> str:
        """Return what is shown, as HTML that needs neither kernel nor widgets."""
        above = [self._wrong, self._trouble, self._first, self._stale, self._standing, self._refusals]
        body = "".join(str(each.value) for each in above)
        if self._list.children:
            body += heading("What to change") + str(self._offered.value)
        for row in self._list.children:
            first, rest = row.children
            mark = "&#9745; " if getattr(first, "value", False) is True else ""
            text = f"<p>{mark}{escape(first.description)}</p>" if isinstance(first, w.Checkbox) else str(first.value)
            body += f'<div class="rejectkit-one">{text}{rest.value}</div>'
        body += "".join(str(each.value) for each in (self._outcome, self._plan, self._late, self._done))
        body += f"{heading('The same in Python')}<pre>{escape(self.code.query)}</pre>" if self.code.query else ""
        style = markup.STYLE + rulesmarkup.STYLE
        return f'{style}<div class="rejectkit rejectkit-rules rejectkit-still">{body}</div>'


def fits(one: Suggestion, text: str) -> bool:
    """Tell whether each word of a text is in what a suggestion says, or among its sources."""
    told = " ".join([one.sentence, one.layer, one.resource, *map(str, one.evidence["srcAddr"])]).lower()
    return all(word in told for word in text.lower().split())
