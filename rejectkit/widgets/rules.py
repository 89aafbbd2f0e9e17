"""RulesPanel: who refused what, which rule to change, what that would do, and doing and undoing it, without code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from rejectkit.errors import RejectkitError
from rejectkit.network.advising.suggestion import Suggestion
from rejectkit.network.model import Network
from rejectkit.pacing import Budget, budget_of
from rejectkit.plans import Applied, Plan
from rejectkit.sources.base import Source, Watch
from rejectkit.sources.cost import metered
from rejectkit.widgets import rulescode
from rejectkit.widgets.holding import part
from rejectkit.widgets.jobs import Job
from rejectkit.widgets.panel import Panel
from rejectkit.widgets.pieces import words_for
from rejectkit.widgets.rulesdesk import Proposal, Read, RulesDesk, check
from rejectkit.widgets.rulesform import Asked, RulesForm
from rejectkit.widgets.rulesheld import Held
from rejectkit.widgets.rulespanes import RulesPanes
from rejectkit.window import Window


class RulesPanel(Panel[RulesPanes]):
    """Who refused what, which rule to change, and what that would do. The last value of a cell shows it.

    The way is from top to bottom: read the records of a window and the rules; see who refused them; choose among the
    suggestions; see what they would make of all records; read the plan, confirm and apply it; undo it. The work is done
    on a thread of its own: progress is shown, and Cancel stops it. Nothing is changed in the account but by Apply and
    by Undo.

    Parameters
    ----------
    session : boto3.Session
        The account and the region.
    source : Source, optional
        Where the records are; where it is left out, log groups are offered, and the one of a flow log is chosen if
        there is only one.
    vpc : str, optional
        Id of the VPC whose rules are read; all of the region where it is left out.
    network : Network, optional
        The rules, as they were read elsewhere; EC2 is asked where it is left out, and once a change was made.
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
    ...     panel = RulesPanel(sandbox.session)
    ...     panel.wait(60), panel.records, panel.suggestions
    (True, None, [])
    """

    def __init__(
        self,
        session: Any,
        source: Source | None = None,
        *,
        vpc: str | None = None,
        network: Network | None = None,
        budget: Budget | None = None,
    ) -> None:
        """Make the panel and look which log groups and VPCs there are."""
        super().__init__()
        check(session, source, vpc, network)
        self.session = session
        self._desk = RulesDesk(session, source, network, budget or budget_of(session))
        self._asked: Asked | None = None
        self._held = Held()
        self._below = False  # whether the work was begun by one of the buttons further down
        own_source, own_rules = source is not None, network is not None
        whole = own_source and not metered(source)
        self.form = RulesForm(
            self._changed, self._find, vpc=vpc or "", own_source=own_source, own_rules=own_rules, whole=whole
        )
        self.panes = RulesPanes(self.form, self._picked)
        self.panes.confirm.observe(lambda _: self._freshen(), "value")
        self.form.undo.observe(lambda _: self._freshen(), "value")
        self._open(
            (self.panes.read, self.read),
            (self.panes.attempt, self.attempt),
            (self.panes.plan, self.make_plan),
            (self.panes.apply, self.apply),
            (self.panes.undo, self.undo),
        )

    @property
    def source(self) -> Source:
        """Where the records are: the source given, else the log group that is chosen, by Logs Insights.

        Raises
        ------
        RejectkitError
            If no log group is chosen.
        """
        return self._desk.source(self.form.read().log_group)

    @property
    def window(self) -> Window | None:
        """The window, once it is known when it ends; None before. One that is set is shown.

        Raises
        ------
        WindowError
            If its times are none.
        """
        return self.form.time.window

    @window.setter
    def window(self, window: Window) -> None:
        self.form.time.choose(window)

    @property
    def records(self) -> pd.DataFrame | None:
        """The records of the window, accepted and refused; None before. Waits for work, and raises its error."""
        read = self._settled().read
        return None if read is None else read.records.copy()

    @property
    def network(self) -> Network | None:
        """The rules that the records were held against; before, those given. Waits and raises as `records`."""
        read = self._settled().read
        return self._desk.network if read is None else read.network

    @property
    def blame(self) -> pd.DataFrame | None:
        """What `rk.network.blame` gave; None before. Waits and raises as `records`."""
        read = self._settled().read
        return None if read is None else read.blame.copy()

    @property
    def suggestions(self) -> list[Suggestion]:
        """What `rk.network.suggest` gave; none before. Waits and raises as `records`."""
        read = self._settled().read
        return [] if read is None else list(read.suggestions)

    @property
    def selected(self) -> list[Suggestion]:
        """The suggestions that are chosen, in their order. Waits and raises as `records`."""
        held = self._settled()
        return [] if held.read is None else [held.read.suggestions[place] for place in held.chosen]

    @property
    def what_if(self) -> pd.DataFrame | None:
        """What `rk.network.what_if` gave for the chosen ones; None where they were not tried. Waits and raises."""
        tried = self._settled().tried
        return None if tried is None else tried.answer.copy()

    @property
    def plan(self) -> Plan | None:
        """The plan that is shown; None where there is none of what is chosen. Waits and raises as `records`."""
        shown = self._settled().proposal
        return None if shown is None else shown.plan

    @property
    def applied(self) -> Applied | None:
        """What was done by the latest plan, or its undo; None before. Waits and raises as `records`."""
        return self._settled().applied

    @property
    def undo_file(self) -> Path | None:
        """Path of the undo file of the latest change, which `undo` takes; None before. One that is set is offered.

        Waits for work under way.
        """
        self._turns.wait()
        return self._held.undo_file

    @undo_file.setter
    def undo_file(self, path: str | Path) -> None:
        with self._lock:
            self._held.undo_file = Path(path).expanduser().absolute()
            self.panes.applied("An earlier change", None, undo=str(self._held.undo_file), begun=False)
            self._freshen()

    def _settled(self) -> Held:
        """Return what is at hand once there is no work."""
        self._turns.settle()
        return self._held

    # what can be asked for: each as its button does it, and nothing while other work is under way

    def read(self) -> None:
        """Read the records of the window and the rules; say who refused what, and what to change."""
        with self._lock:
            if not self._turns.busy:
                self._below = False
            self._turns.begin(self._read_all)

    def select(self, *places: int) -> None:
        """Choose suggestions by their place in `suggestions`, in place of those chosen before.

        Raises
        ------
        ArgumentError
            If there is none at a place, or it advises to change no rule.
        """
        self._turns.wait()
        with self._lock:
            self._choose(self._held.checked(places))
            if self._held.read is not None:
                self.panes.find(self._held.read, self._held.chosen)
            self._freshen()

    def attempt(self) -> None:
        """Try what is chosen on all records of the window."""
        with self._lock:
            self._begin(lambda: partial(self._attempt, *self._held.ready()))

    def make_plan(self) -> None:
        """Make the plan of what is chosen, and show it; nothing is changed. It is tried on the records first."""
        with self._lock:
            self._begin(lambda: partial(self._plan, *self._held.ready()))

    def apply(self) -> None:
        """Carry out the plan that is shown, if it was confirmed."""
        with self._lock:
            self._begin(lambda: partial(self._apply, self._held.agreed(self.form.undo_file, self.panes.confirm.value)))

    def undo(self) -> None:
        """Undo the latest change that was applied here, or that of the undo file that was set."""
        with self._lock:
            self._begin(lambda: partial(self._undo, self._held.undoable()))

    def _begin(self, work: Callable[[], Job]) -> None:
        """Begin work that may be impossible as things stand, which is told; nothing happens where there is some."""
        if self._turns.busy:
            return
        self._below = True
        try:
            job = work()
        except RejectkitError as error:
            self._turns.fail(error)
        else:
            self._turns.begin(job)

    # what moves it

    def _changed(self) -> None:
        with self._lock:
            try:
                self._asked = self.form.read()
                self.panes.refuse("")
            except RejectkitError as error:
                self._asked = None
                self.panes.refuse(str(error))
            self._freshen()

    def _find(self) -> None:
        with self._lock:
            if self._held.read is not None:
                self.panes.find(self._held.read, self._held.chosen)
                self._freshen()

    def _picked(self) -> None:
        with self._lock:
            boxes = self.panes.boxes
            unseen = {place for place in self._held.chosen if place not in boxes}
            self._choose(tuple(sorted(unseen | {place for place, box in boxes.items() if box.value})))
            self._freshen()

    def _choose(self, places: tuple[int, ...]) -> None:
        self._held.choose(places)
        if self._held.tried is None:
            self.panes.tried(None)
        if self._held.proposal is None:
            self.panes.withdraw()
        self._say_code()

    def _freshen(self) -> None:
        """Let the buttons be as the form and the answers allow, and say what is of other choices."""
        with self._lock:
            panes, held, busy = self.panes, self._held, self._turns.busy
            panes.read.disabled = busy or self._asked is None
            none = busy or held.read is None or held.behind or not held.chosen
            panes.attempt.disabled = panes.plan.disabled = none
            for box in panes.boxes.values():
                box.disabled = busy
            ready = held.proposal is not None and held.proposal.wanted == self.form.undo_file
            panes.confirm.disabled = busy or not ready
            panes.apply.disabled = busy or not ready or not panes.confirm.value
            panes.undo.disabled = busy or held.undo_file is None
            panes.stale(held.read is not None and self._asked != held.read.asked, held.behind)

    def _tell(self, error: Exception) -> None:
        self.panes.trouble(words_for(error), self._below)

    def _say_code(self) -> None:
        if self._held.read is not None:
            source = self._desk.source(self._held.read.asked.log_group)
            self.panes.write(rulescode.code(self, source, self._held, self.form.undo_file))

    # the work, on its own thread

    def _offer(self, watch: Watch) -> None:
        groups, first, vpcs = self._desk.offered(watch)
        with self._lock:
            self.form.offer(groups, first, vpcs)

    def _read_all(self, watch: Watch) -> None:
        found = self._desk.read(self._desk.asked(self.form, watch), watch)
        with self._lock:
            self._held.begin(found)
            self.panes.tried(None)
            self.panes.withdraw()
            self.panes.told(found, ())
            self._say_code()

    def _attempt(self, read: Read, chosen: tuple[int, ...], watch: Watch) -> None:
        if self._held.tried is not None:  # it is of what is chosen
            return
        found = self._desk.attempt(read, chosen, watch)
        with self._lock:
            self._held.tried = found
            self.panes.tried(found)
            self._say_code()

    def _plan(self, read: Read, chosen: tuple[int, ...], watch: Watch) -> None:
        with self._lock:
            self._held.proposal = None
            self.panes.withdraw()
        self._attempt(read, chosen, part(watch, 0.0, 0.5))
        watch.check()
        made = self._desk.plan(read, chosen, self.form.undo_file, watch)
        with self._lock:
            self._held.proposal, self._held.planned = made, True
            self.panes.propose(made.plan)
            self._say_code()

    def _apply(self, shown: Proposal, watch: Watch) -> None:
        done = None
        try:
            done = shown.plan.apply(watch, confirm=True)
        finally:  # what is there is no longer what the plan was made of
            self._end("Done" if done is not None else "Not finished", done, shown.plan.undo_file)

    def _undo(self, path: Path, watch: Watch) -> None:
        plan, done = self._desk.undo(path, watch), None
        try:
            done = plan.apply(part(watch, 0.4, 1.0))
        finally:
            self._end("Undone" if done is not None else "The undo was not finished", done, path, plan)

    def _end(self, title: str, done: Applied | None, path: Path, undone: Plan | None = None) -> None:
        with self._lock:
            self._desk.network = None  # what was given is of before
            self._held.ended(done, path)
            more = path.exists() and (undone is None or done is None)
            self.panes.withdraw()
            self.panes.applied(title, done, undo=str(path) if more else "", shown=undone)
            self._say_code()
