"""Step: one thing, what becomes of it, field by field, and what does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from rejectkit.errors import ArgumentError

Verb = Literal["create", "change", "keep", "remove", "ask"]
VERBS: tuple[Verb, ...] = get_args(Verb)


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a thing: its value before and after, as text; None where it has none."""

    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """Return the field in one line."""
        if self.before is None:
            return f"{self.name}: {self.after}"
        return f"{self.name}: {self.before} → {'(none)' if self.after is None else self.after}"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing, and what becomes of it.

    Attributes
    ----------
    verb : {"create", "change", "keep", "remove", "ask"}
        `ask`: something that may be removed and is left unless somebody says yes.
    kind, name : str
        What it is, in the service's term, and what it is called.
    fields : tuple of Field
        What it is made with, or what changes.
    why : str
        A sentence about it; may be empty.
    question : str
        What must be answered with yes before the step is taken; empty: nothing. An `ask` step has one.
    action : callable or None
        Takes the step; a second call, or a call of somebody else at the same time, makes no difference. None of `keep`.

    Examples
    --------
    >>> print(Step("keep", "topic", "vpc-rejects"))
    keep topic 'vpc-rejects'
    """

    verb: Verb
    kind: str
    name: str
    fields: tuple[Field, ...] = ()
    why: str = ""
    question: str = ""
    action: Callable[[], object] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check that what is to be done can be done, and what is to be asked is asked."""
        if self.verb not in VERBS:
            raise ArgumentError(f"the verb is {self.verb!r}; it is one of {', '.join(VERBS)}")
        if (self.verb == "keep") != (self.action is None):
            raise ArgumentError(f"the step to {self} needs {'no' if self.action else 'an'} action")
        if self.verb == "ask" and not self.question:
            raise ArgumentError(f"the step to {self} needs a question")

    @property
    def lines(self) -> tuple[str, ...]:
        """What a person reads of it: its fields (of what goes, their values only), the why and the question."""
        goes = self.verb in ("remove", "ask")
        told = [f"{one.name}: {one.before}" if goes else str(one) for one in self.fields]
        return tuple(printable(text) for text in (*told, self.why, self.question) if text)

    def __str__(self) -> str:
        """Return what is done to what."""
        about = " about" if self.verb == "ask" else ""
        return f"{self.verb}{about} {self.kind} '{printable(self.name)}'"


def fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the members that differ, in the order of `after`, then of `before`.

    Parameters
    ----------
    before, after : mapping of str to any
        Values as they are and as they should be; None counts as not there.

    Examples
    --------
    >>> [str(one) for one in fields({"Threshold": 5.0, "Period": 60}, {"Threshold": 0.0, "Period": 60.0})]
    ['Threshold: 5 → 0']
    """
    names = [*after, *(name for name in before if name not in after)]
    found = [Field(name, spelled(before.get(name)), spelled(after.get(name))) for name in names]
    return tuple(one for one in found if one.before != one.after)


def spelled(value: Any) -> str | None:
    """Return a value as a plan shows it: equal values have equal texts, whatever their type of number or order of keys.

    Examples
    --------
    >>> spelled(5.0), spelled(True), spelled(["a", "b"]), spelled(None)
    ('5', 'true', 'a, b', None)
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return json.dumps(_whole(value), sort_keys=True, ensure_ascii=False)


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(one) for key, one in value.items()}
    return [_whole(one) for one in value] if isinstance(value, list | tuple) else value


def printable(text: str) -> str:
    """Return a text with what is no printable character spelled out: it cannot move the cursor or hide a line."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
