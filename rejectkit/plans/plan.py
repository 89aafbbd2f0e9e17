"""Plan: steps that are shown before they are taken, and that can be taken again after any stop."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Protocol

from rejectkit.errors import ApplyError, RejectkitError
from rejectkit.plans.step import VERBS, Step, printable

_SIGNS = {"create": "+", "change": "~", "keep": "=", "remove": "-", "ask": "?"}
_COLOURS = {"create": "#1B7837", "change": "#0072B2", "keep": "#555555", "remove": "#B34700", "ask": "#7B3294"}
_LEFT = "text-align:left"  # on each cell: a notebook's own style puts them right
_PAST = {"create": "created", "change": "changed", "remove": "removed", "ask": "removed"}
_NAPS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between two looks at what was made: a service may tell it late


class Watcher(Protocol):
    """What `apply` needs of a `Watch`: progress goes out, a wish to stop comes in."""

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the work to stop."""

    def report(self, fraction: float, what: str) -> None:
        """Take how far the work is, from 0 to 1, and what is done next."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What `Plan.apply` did: the steps taken, those found as they should be, and those that nobody said yes to."""

    title: str
    done: tuple[Step, ...]
    kept: tuple[Step, ...]
    declined: tuple[Step, ...] = ()

    def __str__(self) -> str:
        """Return it in a few lines."""
        lines = [f"{_PAST[step.verb]} {step.kind} '{printable(step.name)}'" for step in self.done]
        lines += [f"left {step.kind} '{printable(step.name)}': {printable(step.question)}" for step in self.declined]
        return "\n".join([f"{printable(self.title)}: {len(self.done)} done, {len(self.kept)} kept", *lines])


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a change: it prints itself, and `apply` does that and only that.

    Attributes
    ----------
    title : str
        What is changed, and where.
    steps : tuple of Step
        In the order in which they are taken.
    again : callable or None
        Makes the plan anew from what is there now. With it, `apply` first looks whether the plan still holds,
        leaves out what is done already, and afterwards looks whether everything is as planned.
    prepare : callable or None
        Called by `apply` once, before the first step, with the steps that will be taken; not if there is none. What it
        raises ends `apply`, and nothing was done.

    Examples
    --------
    >>> there = set()
    >>> plan = Plan("a set", (Step("create", "element", "a", action=lambda: there.add("a")),))
    >>> print(plan)
    a set: 1 to create
    + create  element  a
    >>> plan.empty, there
    (False, set())
    >>> print(plan.apply())
    a set: 1 done, 0 kept
    created element 'a'
    """

    title: str
    steps: tuple[Step, ...]
    again: Callable[[], Plan] | None = field(default=None, compare=False, repr=False)
    prepare: Callable[[Sequence[Step]], object] | None = field(default=None, compare=False, repr=False)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do; what is only asked about is left unless somebody says yes."""
        return all(step.verb in ("keep", "ask") for step in self.steps)

    @property
    def questions(self) -> tuple[Step, ...]:
        """The steps that are taken only if somebody says yes."""
        return tuple(step for step in self.steps if step.question)

    @property
    def summary(self) -> str:
        """How many steps of each kind there are: `2 to create, 1 kept`."""
        counts = Counter(step.verb for step in self.steps)
        words = {"keep": "kept", "ask": "to ask about"}
        told = [f"{counts[verb]} {words.get(verb, f'to {verb}')}" for verb in VERBS if counts[verb]]
        return ("nothing to do: " if self.empty and told else "") + (", ".join(told) or "nothing to do")

    def __str__(self) -> str:
        """Return the plan as a table that a person reads, field by field."""
        kinds = max((len(step.kind) for step in self.steps), default=0)
        lines = [f"{printable(self.title)}: {self.summary}"]
        for step in self.steps:
            lines.append(f"{_SIGNS[step.verb]} {step.verb:<6}  {step.kind:<{kinds}}  {printable(step.name)}")
            lines += [f"            {one}" for one in step.lines]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the plan as an HTML table; every text is escaped."""
        rows = "".join(map(_row, self.steps))
        heads = "".join(f'<th scope="col" style="{_LEFT}">{one}</th>' for one in ("Step", "Kind", "Name", "Fields"))
        return (
            f"<div><p><strong>{_html(self.title)}</strong>: {escape(self.summary)}</p>"
            f'<table class="rejectkit-plan" style="text-align:left">'
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def apply(
        self,
        watch: Watcher | None = None,
        confirm: Callable[[Step], bool] | bool | None = None,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> Applied:
        """Take the steps, in their order.

        After an error or an interrupt the same plan, or a new one, can be applied: what is done is not done twice.

        Parameters
        ----------
        watch : Watch, optional
            Is told how far it is; a wish to stop is granted between two steps.
        confirm : callable or bool, optional
            Answers the question of a step with True or False; True: every answer is yes; where left out, every
            answer is no. All questions are asked before the first step is taken.
        sleep : callable, optional
            Waits so many seconds between two looks at the outcome.

        Raises
        ------
        ApplyError
            If a step failed (its cause is `__cause__`), the work was stopped, the plan is out of date, or what is
            there afterwards is not what was planned. It names what was done and what was not.
        """
        now = self._still_holds()
        due: list[Step] = []
        declined: list[Step] = []
        try:
            for step in now.steps:
                if step.action is not None:
                    (declined if step.question and not _agreed(step, confirm) else due).append(step)
            if due and now.prepare is not None:
                now.prepare(due)
        except BaseException as stop:
            stop.add_note(f"{self.title}: nothing was done.")
            raise
        done: list[Step] = []
        for place, step in enumerate(due):
            if watch is not None and watch.cancelled:
                told = f"{self.title}: stopped before the step to {step}.\n{_account(done, due[place:])}"
                raise ApplyError(told, done=done, left=due[place:])
            if watch is not None:
                watch.report(place / len(due), str(step))
            try:
                step.action()  # type: ignore[misc]  # `due` are those that have one
            except RejectkitError as error:
                left = due[place + 1 :]
                told = f"{self.title}: the step to {step} failed: {error}\n{_account(done, left, step)}"
                raise ApplyError(told, done=done, failed=step, left=left) from error
            except BaseException as stop:
                stop.add_note(f"{self.title}: stopped in the step to {step}.\n{_account(done, due[place + 1 :], step)}")
                raise
            done.append(step)
        if done:
            self._look_again(done, declined, sleep)
        if watch is not None:
            watch.report(1.0, "done")
        kept = tuple(step for step in now.steps if step.action is None)
        return Applied(self.title, tuple(done), kept, tuple(declined))

    def _still_holds(self) -> Plan:
        """Return the plan as it is now, which may want less than this one, but nothing else."""
        if self.again is None:
            return self
        now = self.again()
        shown = {one for step in self.steps for one in _wants(step)}
        news = [step for step in now.steps if not shown.issuperset(_wants(step))]
        if news:
            told = ", ".join(map(str, news))
            raise ApplyError(
                f"{self.title}: since the plan was made something else has changed; it would now also {told}. "
                "Nothing was done; make a new plan and look at it.",
                left=now.steps,
            )
        return now

    def _look_again(self, done: Sequence[Step], declined: Sequence[Step], sleep: Callable[[float], object]) -> None:
        """Look whether everything is as planned, a few times."""
        if self.again is None:
            return
        unasked = {(step.kind, step.name) for step in declined}
        for nap in _NAPS:
            if nap:
                sleep(nap)
            cause: RejectkitError | None = None
            try:
                found = self.again()
            except RejectkitError as error:
                cause = error
                continue
            rest = [s for s in found.steps if s.verb not in ("keep", "ask") and (s.kind, s.name) not in unasked]
            if not rest:
                return
        if cause is not None:
            told = f"{self.title}: every step was taken, but the outcome could not be read: {cause}"
            raise ApplyError(f"{told}\nMake a new plan to see whether anything is left.", done=done) from cause
        differing = str(Plan(self.title, tuple(rest)))
        raise ApplyError(
            f"{self.title}: every step was taken, and yet this is not as planned; somebody may be changing it at the "
            f"same time. Make a new plan and apply it.\n{differing}",
            done=done,
            left=rest,
        )


def _agreed(step: Step, confirm: Callable[[Step], bool] | bool | None) -> bool:
    return confirm(step) if callable(confirm) else bool(confirm)


def _wants(step: Step) -> set[tuple[str, ...]]:
    """Return what a step makes so, whatever was there before."""
    thing = (step.kind, step.name)
    if step.verb == "keep":
        return set()
    if step.verb in ("create", "change"):
        return {thing, *((*thing, one.name, one.after) for one in step.fields if one.after is not None)}
    return {(step.verb, *thing)}


def _account(done: Sequence[Step], left: Sequence[Step], failed: Step | None = None) -> str:
    """Return what was done, what perhaps, and what not, and how to go on."""
    said = [f"Done: {', '.join(map(str, done)) or 'nothing'}."]
    if failed is not None:
        said.append(f"Perhaps done: {failed}.")
    said.append(f"Not done: {', '.join(map(str, left)) or 'nothing'}.")
    return " ".join([*said, "Plan and apply again to go on: what is done is kept."])


def _html(text: str) -> str:
    return escape(printable(text))


def _row(step: Step) -> str:
    told = [f"<div>{escape(one)}</div>" for one in step.lines]
    mark = f'<td style="{_LEFT};color:{_COLOURS[step.verb]}">{_SIGNS[step.verb]} {step.verb}</td>'
    return (
        f'<tr style="vertical-align:top">{mark}<td style="{_LEFT}">{_html(step.kind)}</td>'
        f'<td style="{_LEFT}">{_html(step.name)}</td>'
        f'<td style="{_LEFT};overflow-wrap:anywhere">{"".join(told)}</td></tr>'
    )
