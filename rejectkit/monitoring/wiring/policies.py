"""Whether a resource's policy lets a service of AWS do something, and if not, why; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Answer = Literal["yes", "no", "unsure"]

_LIKE: Final = ("stringlike", "arnlike", "arnequals", "stringnotlike", "arnnotlike", "arnnotequals")
_EXACT: Final = ("stringequals", "stringnotequals", "bool")
_ANY_CASE: Final = ("stringequalsignorecase", "stringnotequalsignorecase")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a service asks of a resource.

    Attributes
    ----------
    service : str
        Its principal, as `cloudwatch.amazonaws.com`.
    action : str
        As `SNS:Publish`.
    resource : str
        ARN of what it asks of; empty where a policy is about one thing only, as a key's is.
    source : str
        ARN of what it acts for, as of the alarm.
    account : str
        The account of that.
    """

    service: str
    action: str
    resource: str
    source: str
    account: str

    @property
    def context(self) -> Mapping[str, str]:
        """The condition keys it brings, in lower case. Source: IAM user guide, "Global condition context keys"."""
        return {
            "aws:sourcearn": self.source,
            "aws:sourceaccount": self.account,
            "aws:sourceowner": self.account,
            "aws:principalservicename": self.service,
            "aws:principalisawsservice": "true",
            "aws:securetransport": "true",
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy answers, and why where it is not yes.

    Attributes
    ----------
    answer : {"yes", "no", "unsure"}
        `unsure`: a condition decides that cannot be judged from outside.
    why : str
        A clause, as "no statement of it allows cloudwatch.amazonaws.com SNS:Publish".
    """

    answer: Answer
    why: str = ""


def judge(policy: str, asked: Asked) -> Verdict:
    """Return whether a policy lets a service do something: one Allow, and no Deny.

    Parameters
    ----------
    policy : str
        The document, as JSON; empty: one without statements.
    asked : Asked
        What is asked.

    Notes
    -----
    Source: IAM user guide, "Policy evaluation logic". That a principal of `{"AWS": "*"}` is a service's too, is
    recorded of a new topic's policy.

    Examples
    --------
    >>> asked = Asked("cloudwatch.amazonaws.com", "SNS:Publish", "arn:t", "arn:a", "123456789012")
    >>> judge("", asked).why
    'no statement of it allows cloudwatch.amazonaws.com SNS:Publish'
    """
    failed: list[str] = []
    allowed: Answer = "no"
    for place, statement in enumerate(_statements(policy), 1):
        if not _is_about(statement, asked):
            continue
        name = f"its statement {statement.get('Sid') or place!r}"
        holds, why = _conditions(statement, asked)
        if statement.get("Effect") == "Deny":
            if holds == "yes":
                return Verdict("no", f"{name} denies it")
            if holds == "unsure":
                return Verdict("unsure", f"{name} may deny it: it {why}")
            continue
        if holds == "yes" or (holds == "unsure" and allowed == "no"):
            allowed = holds
        if holds != "yes":
            failed.append(f"{name} {why}")
    if allowed == "yes":
        return Verdict("yes")
    return Verdict(allowed, failed[0] if failed else f"no statement of it allows {asked.service} {asked.action}")


def _is_about(statement: Mapping[str, Any], asked: Asked) -> bool:
    principal = statement.get("Principal")
    services = [] if isinstance(principal, str) or principal is None else _listed(principal.get("Service"))
    everybody = principal == "*" or (isinstance(principal, Mapping) and "*" in _listed(principal.get("AWS")))
    if "NotPrincipal" in statement:
        return statement.get("Effect") == "Deny" and asked.service not in str(statement["NotPrincipal"])
    return (
        (everybody or asked.service in services)
        and _fits(statement, "Action", asked.action)
        and (not asked.resource or _fits(statement, "Resource", asked.resource))
    )


def _fits(statement: Mapping[str, Any], member: str, value: str) -> bool:
    if f"Not{member}" in statement:
        return not any(_like(one, value) for one in _listed(statement[f"Not{member}"]))
    return any(_like(one, value) for one in _listed(statement.get(member, "*")))


def _conditions(statement: Mapping[str, Any], asked: Asked) -> tuple[Answer, str]:
    """Return whether a statement's conditions hold, and a clause on the first that does not."""
    unsure = ""
    for operator, key, values in _pairs(statement.get("Condition") or {}):
        holds = _holds(operator, key, values, asked.context)
        told = f"{key} {', '.join(values)}"
        if holds == "no":
            have = asked.context.get(key.lower())
            return "no", f"asks for {operator} {told}" + (f", and it is {have}" if have else "")
        if holds == "unsure":
            unsure = unsure or f"asks for {operator} {told}, which cannot be told from here"
    return ("unsure", unsure) if unsure else ("yes", "")


def _pairs(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in conditions.items():
        for key, values in keys.items():
            yield operator, key, [str(one).lower() if isinstance(one, bool) else str(one) for one in _listed(values)]


def _holds(operator: str, key: str, values: list[str], context: Mapping[str, str]) -> Answer:
    kind = operator.lower().rpartition(":")[2]
    optional = kind.endswith("ifexists")
    kind = kind.removesuffix("ifexists")
    have = context.get(key.lower())
    if have is None or kind not in (*_LIKE, *_EXACT, *_ANY_CASE):
        return "yes" if have is None and optional else "unsure"
    if kind in _LIKE:
        found = any(_like(one, have, any_case=False) for one in values)
    elif kind in _EXACT:
        found = have in values
    else:
        found = have.lower() in [one.lower() for one in values]
    return "yes" if found is ("not" not in kind) else "no"


def _like(pattern: str, value: str, *, any_case: bool = True) -> bool:
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(text, value, re.DOTALL | (re.IGNORECASE if any_case else 0)) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _statements(policy: str) -> list[Any]:
    return _listed((json.loads(policy) if policy else {}).get("Statement"))


def with_statement(policy: str, statement: Mapping[str, Any], asked: Asked | None = None) -> str:
    """Return a policy with a statement more, as JSON; one of the same Sid is replaced.

    Where it is said what is asked, statements that deny just that are left out.

    Examples
    --------
    >>> with_statement("", {"Sid": "a", "Effect": "Allow"})
    '{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow"}]}'
    """
    document: dict[str, Any] = json.loads(policy) if policy else {"Version": "2012-10-17"}
    kept = [
        one
        for one in _statements(policy)
        if one.get("Sid") != statement.get("Sid") and not (asked is not None and _denies(one, asked))
    ]
    return json.dumps({**document, "Statement": [*kept, statement]})


def _denies(statement: Mapping[str, Any], asked: Asked) -> bool:
    return (
        statement.get("Effect") == "Deny" and _is_about(statement, asked) and _conditions(statement, asked)[0] == "yes"
    )
