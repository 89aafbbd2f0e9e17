"""Resource policies, judged for a service principal: topics', queues' and KMS keys'."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

DEFAULT_ACTIONS: Final = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
"""What a new topic's policy allows its owner. Source: "Amazon SNS access control"."""


def default_policy(topic_arn: str, account: str) -> dict[str, Any]:
    """Return the policy of a new topic: everybody's principal, narrowed to the owner's account.

    It was enough for an alarm of the same account (recorded); another account's is not the owner.
    """
    return {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in DEFAULT_ACTIONS],
                "Resource": topic_arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
            }
        ],
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """What a service principal asks of a resource.

    Attributes
    ----------
    service : str
        Its principal, `cloudwatch.amazonaws.com`.
    action : str
        `SNS:Publish`; upper and lower case are the same.
    resource : str
        ARN of what is asked of.
    source_arn : str
        ARN of what the service acts for: the alarm, the topic. Its account is the source account.
    """

    service: str
    action: str
    resource: str
    source_arn: str = ""

    @property
    def context(self) -> Mapping[str, str]:
        """The condition keys it brings, in lower case; a service always comes encrypted."""
        found = {
            "aws:principalservicename": self.service,
            "aws:principalisawsservice": "true",
            "aws:securetransport": "true",
        }
        account = self.source_arn.split(":")[4] if self.source_arn.count(":") >= 5 else ""
        if self.source_arn:
            found["aws:sourcearn"] = self.source_arn
        if account:
            found |= {"aws:sourceaccount": account, "aws:sourceowner": account}
        return found


def allows(policy: str | Mapping[str, Any], asked: Asked) -> bool:
    """Tell whether a policy lets a service do something: one Allow, and no Deny."""
    effects = {
        statement.get("Effect") for statement in _listed(_loaded(policy).get("Statement")) if _applies(statement, asked)
    }
    return "Allow" in effects and "Deny" not in effects


def problem(policy: str | Mapping[str, Any]) -> str:
    """Return why a document is not a policy, or an empty text.

    Condition operators that the sandbox cannot judge are a problem too: it would be guessing.
    """
    try:
        document = _loaded(policy)
    except ValueError:
        return "it is not JSON"
    if not isinstance(document, Mapping):
        return "it is not a JSON object"
    statements = _listed(document.get("Statement"))
    if not statements:
        return "it has no Statement"
    for statement in statements:
        if not isinstance(statement, Mapping):
            return "a Statement is not an object"
        if statement.get("Effect") not in ("Allow", "Deny"):
            return f"its Effect is {statement.get('Effect')!r}, not Allow or Deny"
        if not {"Principal", "NotPrincipal"} & statement.keys():
            return "a Statement has no Principal"
        if not {"Action", "NotAction"} & statement.keys():
            return "a Statement has no Action"
        for operator in statement.get("Condition") or {}:
            if _operator(operator) not in _OPERATORS:
                return f"the sandbox does not judge the condition operator {operator}"
    return ""


def strangers(policy: str) -> list[str]:
    """Return the actions of a topic's policy that are another service's."""
    named = [action for one in _listed(_loaded(policy)["Statement"]) for action in _listed(one.get("Action"))]
    return [action for action in named if action != "*" and not str(action).lower().startswith("sns:")]


def like(pattern: str, value: str) -> bool:
    """Tell whether a value fits a pattern in which * is any text and ? any character."""
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value, re.DOTALL))


def _loaded(policy: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return json.loads(policy) if isinstance(policy, str) else policy


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _applies(statement: Mapping[str, Any], asked: Asked) -> bool:
    return (
        _named(statement, "Principal", lambda principal: _is_principal(principal, asked.service))
        and _named(
            statement, "Action", lambda found: any(like(a.lower(), asked.action.lower()) for a in _listed(found))
        )
        and (
            ("Resource" not in statement and "NotResource" not in statement)
            or _named(statement, "Resource", lambda found: any(like(r, asked.resource) for r in _listed(found)))
        )
        and all(
            _holds(operator, key, _listed(values), asked.context)
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, values in keys.items()
        )
    )


def _named(statement: Mapping[str, Any], name: str, test: Callable[[Any], bool]) -> bool:
    """Test a member, or the opposite of its Not twin."""
    return test(statement[name]) if name in statement else not test(statement[f"Not{name}"])


def _is_principal(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    found = principal if isinstance(principal, Mapping) else {}
    return service in _listed(found.get("Service")) or "*" in [
        *_listed(found.get("AWS")),
        *_listed(found.get("Service")),
    ]


def _arn_like(pattern: str, value: str) -> bool:
    """Compare part by part: a * does not reach over a colon, but in the last part."""
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(values) and all(map(like, patterns, values))


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "stringequals": lambda wanted, value: wanted == value,
    "stringequalsignorecase": lambda wanted, value: wanted.lower() == value.lower(),
    "stringlike": like,
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    "bool": lambda wanted, value: str(wanted).lower() == value.lower(),
}
_NEGATIVE: Mapping[str, str] = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}


def _operator(name: str) -> str:
    """Return the operator's own name, without what is before and behind it, and positive."""
    found = name.lower().rpartition(":")[2].removesuffix("ifexists")
    return _NEGATIVE.get(found, found)


def _holds(operator: str, key: str, values: Sequence[Any], context: Mapping[str, str]) -> bool:
    """Judge one key of a condition; a key the request does not bring fails a positive test and passes a negative."""
    value = context.get(key.lower())
    bare = operator.lower().rpartition(":")[2]
    negative = bare.removesuffix("ifexists") in _NEGATIVE
    if value is None:
        return negative or bare.endswith("ifexists")
    judge = _OPERATORS.get(_operator(operator))
    return judge is not None and any(judge(str(wanted), value) for wanted in values) != negative
