"""Plan: what it shows, what it does, and what it says when it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from rejectkit.errors import AccessDeniedError, ApplyError, ArgumentError, RejectkitError
from rejectkit.plans import Field, Plan, Step, fields, printable
from rejectkit.sources.base import Watch


@dataclass
class Shelf:
    """Things with a colour, and the plan that makes it hold what is wanted."""

    wanted: dict[str, str]
    there: dict[str, str] = field(default_factory=dict)
    looks: int = 0
    trouble: dict[str, BaseException] = field(default_factory=dict)
    deaf: bool = False  # says yes and does nothing

    def plan(self) -> Plan:
        """Return the steps from what is there to what is wanted; a thing nobody wants is asked about."""
        self.looks += 1
        steps = [self._step(name, colour) for name, colour in self.wanted.items()]
        for name in self.there:
            if name not in self.wanted:
                drop = self._does(name, lambda name=name: self.there.pop(name, None))  # type: ignore[misc]
                steps.append(Step("ask", "thing", name, question=f"Drop {name}?", action=drop))
        return Plan("the shelf", tuple(steps), self.plan)

    def _step(self, name: str, colour: str) -> Step:
        before = {"colour": self.there[name]} if name in self.there else {}
        differing = fields(before, {"colour": colour})
        if not differing:
            return Step("keep", "thing", name)
        put = self._does(name, lambda: self.there.__setitem__(name, colour))
        return Step("change" if before else "create", "thing", name, differing, action=put)

    def _does(self, name: str, action: Callable[[], Any]) -> Callable[[], None]:
        def act() -> None:
            if name in self.trouble:
                raise self.trouble.pop(name)
            if not self.deaf:
                action()

        return act


def test_a_plan_prints_every_step_field_by_field() -> None:
    """The table has a sign, a verb, kind and name for each step, and its fields with before and after beneath."""
    nothing = lambda: None  # noqa: E731
    plan = Plan(
        "a monitor",
        (
            Step("create", "topic", "t", (Field("tag team", None, "net"),), action=nothing),
            Step("change", "alarm", "a", (Field("Threshold", "5", "0"), Field("Unit", "Count", None)), action=nothing),
            Step("keep", "log group", "/vpc", why="It was there."),
            Step("remove", "filter", "f", (Field("filterPattern", "[]", None),), action=nothing),
            Step("ask", "topic", "u", why="Others use it.", question="Delete it?", action=nothing),
        ),
    )
    assert str(plan).splitlines() == [
        "a monitor: 1 to create, 1 to change, 1 kept, 1 to remove, 1 to ask about",
        "+ create  topic      t",
        "            tag team: net",
        "~ change  alarm      a",
        "            Threshold: 5 → 0",
        "            Unit: Count → (none)",
        "= keep    log group  /vpc",
        "            It was there.",
        "- remove  filter     f",
        "            filterPattern: []",
        "? ask     topic      u",
        "            Others use it.",
        "            Delete it?",
    ]
    assert not plan.empty
    assert [step.name for step in plan.questions] == ["u"]


def test_html_escapes_every_text() -> None:
    """Names, fields, reasons, questions and titles are data: no markup of theirs reaches the page."""
    bad = "<script>alert(1)</script>"
    step = Step("ask", bad, bad, (Field(bad, bad, bad),), bad, bad, action=lambda: None)
    html = Plan(bad, (step,))._repr_html_()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 7  # title, kind, name, a field's name and value, why, question
    assert html.count("<tr") == 2


def test_what_cannot_be_printed_is_spelled_out() -> None:
    """A name cannot move the cursor, start a line or hide text in a terminal or a page."""
    assert printable("a\x1b[2K\nb\u202ec é 名") == "a\\x1b[2K\\nb\\u202ec é 名"
    plan = Plan("t", (Step("keep", "topic", "x\ny"),))
    assert "x\\ny" in str(plan)
    assert "x\\ny" in plan._repr_html_()


def test_empty_is_nothing_but_keep_and_ask() -> None:
    """A plan is empty if nothing is to be done unless somebody says yes."""
    keep = Step("keep", "thing", "a")
    ask = Step("ask", "thing", "b", question="Drop b?", action=lambda: None)
    assert Plan("p", ()).empty
    assert str(Plan("p", ())) == "p: nothing to do"
    assert Plan("p", (keep, ask)).empty
    assert Plan("p", (keep, ask)).summary == "nothing to do: 1 kept, 1 to ask about"
    assert not Plan("p", (keep, Step("remove", "thing", "c", action=lambda: None))).empty


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"verb": "make"}, "the verb is 'make'; it is one of create, change, keep, remove, ask"),
        ({"verb": "create"}, "the step to create thing 'a' needs an action"),
        ({"verb": "keep", "action": print}, "the step to keep thing 'a' needs no action"),
        ({"verb": "ask", "action": print}, "the step to ask about thing 'a' needs a question"),
    ],
)
def test_a_step_that_cannot_be_is_refused(given: dict[str, Any], text: str) -> None:
    """A step does what its verb says, and a question is asked in words."""
    with pytest.raises(ArgumentError) as caught:
        Step(kind="thing", name="a", **given)
    assert str(caught.value) == text


def test_fields_are_those_that_differ() -> None:
    """Numbers are equal across types, mappings whatever their order; None is not there."""
    before = {"n": 5.0, "same": 60, "m": {"a": 1, "b": [1.0]}, "gone": "x", "none": None, "flag": False}
    after = {"n": 5.5, "same": 60.0, "m": {"b": [1], "a": 1.0}, "new": ["a", "b"], "flag": True}
    assert fields(before, after) == (
        Field("n", "5", "5.5"),
        Field("new", None, "a, b"),
        Field("flag", "false", "true"),
        Field("gone", "x", None),
    )


def test_apply_does_what_the_plan_shows_and_a_second_plan_is_empty() -> None:
    """The steps are taken in order; what is there already is kept; afterwards the plan is empty."""
    shelf = Shelf({"a": "red", "b": "blue", "c": "green"}, {"b": "black", "c": "green"})
    applied = shelf.plan().apply()
    assert shelf.there == {"a": "red", "b": "blue", "c": "green"}
    assert [str(step) for step in applied.done] == ["create thing 'a'", "change thing 'b'"]
    assert [step.name for step in applied.kept] == ["c"]
    assert str(applied) == "the shelf: 2 done, 1 kept\ncreated thing 'a'\nchanged thing 'b'"
    assert shelf.plan().empty


def test_the_same_plan_can_be_applied_twice() -> None:
    """Applied again, a plan finds its steps done and does nothing."""
    shelf = Shelf({"a": "red"})
    plan = shelf.plan()
    plan.apply()
    assert plan.apply().done == ()
    assert shelf.there == {"a": "red"}


def test_a_question_is_a_no_unless_somebody_says_yes() -> None:
    """Without `confirm`, or with a no, an `ask` step is left; with a yes it is taken."""
    shelf = Shelf({}, {"x": "red", "y": "red"})
    assert [step.name for step in shelf.plan().apply().declined] == ["x", "y"]
    applied = shelf.plan().apply(confirm=lambda step: step.name == "y")
    assert shelf.there == {"x": "red"}
    assert str(applied) == "the shelf: 1 done, 0 kept\nremoved thing 'y'\nleft thing 'x': Drop x?"


def test_a_change_with_a_question_is_taken_after_a_yes_only() -> None:
    """Any step may have a question; a declined change is not counted as missing afterwards."""
    done: list[str] = []

    def plan() -> Plan:
        steps = [
            Step("create", "thing", "a", action=lambda: done.append("a"))
            if "a" not in done
            else Step("keep", "thing", "a"),
            Step("change", "rule", "r", (Field("port", None, "22"),), "", "Open 22?", lambda: done.append("r")),
        ]
        return Plan("rules", tuple(steps), plan)

    assert [step.name for step in plan().apply(sleep=_never).declined] == ["r"]
    assert done == ["a"]
    assert not plan().empty


def test_everything_is_asked_and_prepared_before_the_first_step() -> None:
    """`confirm=True` is a yes to all; what prepares is told what will be done, and its refusal leaves all as it was."""
    done: list[str] = []
    told: list[list[str]] = []
    steps = tuple(Step("create", "rule", name, question="?", action=partial(done.append, name)) for name in "abc")

    def confirm(step: Step) -> bool:
        assert done == []
        return step.name != "b"

    plan = Plan("rules", steps, prepare=lambda due: told.append([step.name for step in due]))
    assert [step.name for step in plan.apply(confirm=confirm).declined] == ["b"]
    assert (done, told) == (["a", "c"], [["a", "c"]])
    assert plan.apply().done == ()
    assert told == [["a", "c"]]
    plan.apply(confirm=True)
    assert done == ["a", "c", "a", "b", "c"]

    def refuse(due: object) -> None:
        raise ArgumentError("no")

    with pytest.raises(ArgumentError, match="no") as caught:
        Plan("rules", steps, prepare=refuse).apply(confirm=True)
    assert caught.value.__notes__ == ["rules: nothing was done."]
    assert len(done) == 5


def _never(seconds: float) -> None:
    pytest.fail(f"waited {seconds} s")


def test_a_step_that_fails_says_what_was_done_and_what_was_not() -> None:
    """The error has the cause's own sentence, and names what is done, what perhaps, and what is not."""
    shelf = Shelf({"a": "red", "b": "red", "c": "red"})
    denied = AccessDeniedError("no cloudwatch:PutMetricAlarm", action="cloudwatch:PutMetricAlarm")
    shelf.trouble["b"] = denied
    with pytest.raises(ApplyError) as caught:
        shelf.plan().apply()
    assert str(caught.value) == (
        "the shelf: the step to create thing 'b' failed: no cloudwatch:PutMetricAlarm\n"
        "Done: create thing 'a'. Perhaps done: create thing 'b'. Not done: create thing 'c'. "
        "Plan and apply again to go on: what is done is kept."
    )
    assert caught.value.__cause__ is denied
    error = caught.value
    assert ([s.name for s in error.done], error.failed and error.failed.name, [s.name for s in error.left]) == (
        ["a"],
        "b",
        ["c"],
    )
    assert isinstance(error, RejectkitError)
    shelf.plan().apply()
    assert shelf.there == {"a": "red", "b": "red", "c": "red"}


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), ZeroDivisionError("a bug")])
def test_an_interrupt_goes_through_with_a_note(stop: BaseException) -> None:
    """Whatever else stops a step keeps its type, and carries a note of how far the plan came."""
    shelf = Shelf({"a": "red", "b": "red", "c": "red"}, trouble={"b": stop})
    with pytest.raises(type(stop)) as caught:
        shelf.plan().apply()
    assert caught.value.__notes__[-1] == (
        "the shelf: stopped in the step to create thing 'b'.\n"
        "Done: create thing 'a'. Perhaps done: create thing 'b'. Not done: create thing 'c'. "
        "Plan and apply again to go on: what is done is kept."
    )
    shelf.plan().apply()
    assert shelf.there == {"a": "red", "b": "red", "c": "red"}


def test_progress_goes_out_and_a_wish_to_stop_is_granted_between_steps() -> None:
    """The watch hears of each step before it is taken; once cancelled, no further step is."""
    heard: list[tuple[float, str]] = []
    shelf = Shelf({"a": "red", "b": "red"})
    shelf.plan().apply(Watch(lambda fraction, what: heard.append((fraction, what))))
    assert heard == [(0.0, "create thing 'a'"), (0.5, "create thing 'b'"), (1.0, "done")]
    again = Shelf({"a": "red", "b": "red"})
    watch = Watch(lambda fraction, what: watch.cancel())
    with pytest.raises(ApplyError) as caught:
        again.plan().apply(watch)
    assert again.there == {"a": "red"}
    assert str(caught.value) == (
        "the shelf: stopped before the step to create thing 'b'.\n"
        "Done: create thing 'a'. Not done: create thing 'b'. Plan and apply again to go on: what is done is kept."
    )


def test_a_plan_that_is_out_of_date_does_nothing() -> None:
    """What has changed since the plan was shown is not overwritten unseen."""
    shelf = Shelf({"a": "red", "b": "red"}, {"a": "red"})
    plan = shelf.plan()
    shelf.there["a"] = "black"
    with pytest.raises(ApplyError) as caught:
        plan.apply()
    assert str(caught.value) == (
        "the shelf: since the plan was made something else has changed; it would now also change thing 'a'. "
        "Nothing was done; make a new plan and look at it."
    )
    assert shelf.there == {"a": "black"}


def test_a_plan_half_done_by_somebody_else_still_holds() -> None:
    """Less to do than was shown is no reason to refuse: a create that became a change to the same value goes on."""
    shelf = Shelf({"a": "red", "b": "red"})
    plan = shelf.plan()
    shelf.there |= {"a": "black", "b": "red"}
    assert [str(step) for step in plan.apply().done] == ["change thing 'a'"]


def test_a_new_question_is_a_reason_to_look_again() -> None:
    """What would now be removed, if only after a question, and was not shown, makes the plan out of date."""
    shelf = Shelf({"a": "red"})
    plan = shelf.plan()
    shelf.there["x"] = "red"
    with pytest.raises(ApplyError, match=r"it would now also ask about thing 'x'\. Nothing was done"):
        plan.apply(confirm=lambda step: True)
    assert shelf.there == {"x": "red"}


def test_what_is_not_as_planned_afterwards_is_shown() -> None:
    """A service that says yes and does nothing is found out, after several looks, with the difference."""
    shelf = Shelf({"a": "red"}, deaf=True)
    naps: list[float] = []
    with pytest.raises(ApplyError) as caught:
        shelf.plan().apply(sleep=naps.append)
    assert str(caught.value) == (
        "the shelf: every step was taken, and yet this is not as planned; somebody may be changing it at the same "
        "time. Make a new plan and apply it.\n"
        "the shelf: 1 to create\n+ create  thing  a\n            colour: red"
    )
    assert naps == sorted(naps)
    assert len(naps) == 5


def test_a_service_that_tells_late_is_waited_for() -> None:
    """What was made may show in the second answer only."""
    shelf = Shelf({"a": "red"}, deaf=True)
    plan = shelf.plan()
    applied = plan.apply(sleep=lambda _: shelf.there.update(a="red"))
    assert [step.name for step in applied.done] == ["a"]


def test_an_outcome_that_cannot_be_read_is_no_success() -> None:
    """If the last look fails again and again, the error says that everything was done, and that nobody knows."""
    shelf = Shelf({"a": "red"})
    lost = RejectkitError("the connection was lost")

    def again() -> Plan:
        if shelf.there:
            raise lost
        return shelf.plan()

    with pytest.raises(ApplyError) as caught:
        Plan("the shelf", shelf.plan().steps, again).apply(sleep=lambda _: None)
    assert str(caught.value) == (
        "the shelf: every step was taken, but the outcome could not be read: the connection was lost\n"
        "Make a new plan to see whether anything is left."
    )
    assert caught.value.__cause__ is lost


def test_a_plan_without_a_second_look_is_taken_as_it_is() -> None:
    """Without `again` the steps are taken as they stand."""
    done: list[str] = []
    plan = Plan("p", (Step("create", "thing", "a", action=lambda: done.append("a")),))
    plan.apply()
    plan.apply()
    assert done == ["a", "a"]


def test_a_plan_is_a_value() -> None:
    """Two plans with the same steps are equal, whatever their actions, and can be keys."""
    one, other = (Plan("p", (Step("create", "thing", "a", action=act),)) for act in (print, repr))
    assert one == other
    assert len({one, other}) == 1
