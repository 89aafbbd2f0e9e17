"""IAM identity policies: read from their documents, and judged for an action on a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from rejectkit.errors import ArgumentError
from rejectkit.sandbox.rights.topicpolicy import like

Verdict = Literal["allowed", "denied", "not allowed"]

KEYS: Final = ("aws:RequestedRegion", "ec2:CreateAction", "iam:PassedToService")
"""Condition keys that the sandbox knows the value of; of any other it would be guessing."""

_VERSIONS = ("2012-10-17", "2008-10-17")
_MEMBERS = frozenset(("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"))
_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": like,
}
_NEGATIVE: Mapping[str, str] = {name.replace("String", "StringNot", 1): name for name in _OPERATORS}
_KNOWN_KEYS = {key.lower() for key in KEYS}


@dataclass(frozen=True, slots=True)
class Needed:
    """A permission that a call takes.

    Attributes
    ----------
    action : str
        `logs:StartQuery`.
    resource : str
        The ARN that it is done to; `*` where the action knows no kind of resource.
    context : mapping of str to str
        Values of condition keys, the keys in lower case.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a condition and what its value is compared with."""

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, context: Mapping[str, str]) -> bool:
        """Judge it; a key that the call does not bring fails a positive test and passes a negative one."""
        bare = self.operator.removesuffix("IfExists")
        value = context.get(self.key.lower())
        if value is None:
            return bare in _NEGATIVE or bare != self.operator
        judge = _OPERATORS[_NEGATIVE.get(bare, bare)]
        return any(judge(wanted, value) for wanted in self.values) != (bare in _NEGATIVE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy.

    Attributes
    ----------
    is_allow : bool
        Allow, else Deny.
    actions, resources : tuple of str
        Patterns; * is any text, ? any character. Actions are the same in upper and lower case.
    except_actions, except_resources : bool
        Whether it is about all but these: NotAction, NotResource.
    conditions : tuple of Condition
        All of which must hold.
    """

    is_allow: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    except_actions: bool = False
    except_resources: bool = False
    conditions: tuple[Condition, ...] = ()

    def applies(self, needed: Needed) -> bool:
        """Tell whether it is about an action on a resource."""
        action = any(like(one.lower(), needed.action.lower()) for one in self.actions)
        resource = any(like(one, needed.resource) for one in self.resources)
        return (
            action != self.except_actions
            and resource != self.except_resources
            and all(one.holds(needed.context) for one in self.conditions)
        )


def judge(statements: Iterable[Statement], needed: Needed) -> Verdict:
    """Return whether statements allow something: one Allow must, and no Deny may apply.

    Source: IAM user guide, "Policy evaluation logic".
    """
    effects = {one.is_allow for one in statements if one.applies(needed)}
    if False in effects:
        return "denied"
    return "allowed" if True in effects else "not allowed"


def read(policies: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> tuple[Statement, ...]:
    """Return the statements of one or several policy documents.

    Raises
    ------
    ArgumentError
        If one is no identity policy, or has a condition that the sandbox cannot judge.

    Examples
    --------
    >>> (one,) = read({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    >>> one.is_allow
    True
    """
    documents = [policies] if isinstance(policies, Mapping) else list(policies)
    return tuple(statement for document in documents for statement in _statements(document))


def _statements(document: Mapping[str, Any]) -> list[Statement]:
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise ArgumentError(f"the policy is {document!r}; give a document, {{'Version': …, 'Statement': […]}}")
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise ArgumentError(f"the policy's Version is {document['Version']!r}; it is {' or '.join(_VERSIONS)}")
    given = document["Statement"]
    return [_statement(one) for one in ([given] if isinstance(given, Mapping) else given)]


def _statement(given: Mapping[str, Any]) -> Statement:
    strange = sorted(given.keys() - _MEMBERS)
    if strange:
        raise ArgumentError(
            f"the statement has {', '.join(strange)}; an identity policy's has {', '.join(sorted(_MEMBERS))}"
        )
    if given.get("Effect") not in ("Allow", "Deny"):
        raise ArgumentError(f"the statement's Effect is {given.get('Effect')!r}; it is Allow or Deny")
    actions, except_actions = _either(given, "Action")
    resources, except_resources = _either(given, "Resource")
    for action in actions:
        if action != "*" and ":" not in action:
            raise ArgumentError(f"the action is {action!r}; write service:Operation, as logs:StartQuery, or *")
    for resource in resources:
        if resource != "*" and resource.count(":") < 5:
            raise ArgumentError(f"the resource is {resource!r}; write an ARN, which has five colons or more, or *")
    return Statement(
        given["Effect"] == "Allow", actions, resources, except_actions, except_resources, _conditions(given)
    )


def _either(given: Mapping[str, Any], member: str) -> tuple[tuple[str, ...], bool]:
    """Return a member's patterns, or those of its Not twin, and whether it was the twin."""
    found = [name for name in (member, f"Not{member}") if name in given]
    if len(found) != 1:
        raise ArgumentError(f"the statement has {' and '.join(found) or 'none'} of {member} and Not{member}; give one")
    return _listed(given[found[0]]), found[0] != member


def _conditions(given: Mapping[str, Any]) -> tuple[Condition, ...]:
    found = []
    for operator, keys in (given.get("Condition") or {}).items():
        bare = operator.removesuffix("IfExists")
        if bare not in _OPERATORS and bare not in _NEGATIVE:
            raise ArgumentError(
                f"the condition operator {operator} is not judged here; {', '.join((*_OPERATORS, *_NEGATIVE))} are"
            )
        for key, values in keys.items():
            if key.lower() not in _KNOWN_KEYS:
                raise ArgumentError(
                    f"the condition key {key} is not known here, {', '.join(KEYS)} are; leave the condition out"
                )
            found.append(Condition(operator, key, _listed(values)))
    return tuple(found)


def _listed(value: Any) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else tuple(value)
    if not found or not all(isinstance(one, str) for one in found):
        raise ArgumentError(f"a statement has {value!r}; give a text, or a list of texts")
    return found
