"""Access: who signs with which key, what their policies allow, and each service's words where they do not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rejectkit.sandbox.calls import Call, ServiceError
from rejectkit.sandbox.rights.policies import Needed, Statement, judge, read

FREE: Final = frozenset(("sts.GetCallerIdentity",))
"""Calls that need no permission. Source: AWS STS API reference."""

# Code and HTTP status of a refusal. Source: quoted in public; of other services by their protocol (*inferred*).
_CODES: Mapping[str, tuple[str, int]] = {
    "cloudformation": ("AccessDenied", 403),
    "cloudwatch": ("AccessDenied", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "iam": ("AccessDenied", 403),
    "lambda": ("AccessDeniedException", 403),
    "s3": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
}
_OTHERS = ("AccessDeniedException", 400)


@dataclass(frozen=True, slots=True)
class Holder:
    """An IAM user: a name, and what is allowed to it."""

    name: str
    statements: tuple[Statement, ...]


class Access:
    """The access keys of one sandbox that are held to policies; every other key may do everything."""

    def __init__(self) -> None:
        """Start with none."""
        self._holders: dict[str, Holder] = {}
        self._numbers = itertools.count(1)

    def grant(self, policies: Mapping[str, Any] | Sequence[Mapping[str, Any]], name: str) -> str:
        """Return a new access key, for a user whose policies these are.

        Raises
        ------
        ArgumentError
            If one is no identity policy, or has a condition that the sandbox cannot judge.
        """
        statements = read(policies)
        key = f"AKIALIMITED{next(self._numbers):09d}"
        self._holders[key] = Holder(name, statements)
        return key

    def admit(self, account: str, call: Call, needed: Callable[[], Iterable[Needed]]) -> None:
        """Refuse a call of a user whose policies do not allow all that it needs.

        Raises
        ------
        ServiceError
            In the words of the service.
        """
        holder = self._holders.get(call.access_key)
        if holder is None or f"{call.service}.{call.operation}" in FREE:
            return
        for one in needed():
            verdict = judge(holder.statements, one)
            if verdict != "allowed":
                raise refusal(call.service, f"arn:aws:iam::{account}:user/{holder.name}", one, verdict == "denied")

    def refused(self, account: str, access_key: str, needed: Needed) -> str:
        """Return why a user may not do what a service does in their name, in words of AWS; empty: they may."""
        holder = self._holders.get(access_key)
        verdict = judge(holder.statements, needed) if holder is not None else "allowed"
        if holder is None or verdict == "allowed":
            return ""
        service = needed.action.partition(":")[0]
        return refusal(service, f"arn:aws:iam::{account}:user/{holder.name}", needed, verdict == "denied").message


def refusal(service: str, user: str, needed: Needed, is_denied: bool) -> ServiceError:
    """Return a service's refusal, which names the user, the action, the resource and why.

    Source: IAM user guide, "Troubleshoot access denied error messages", and refusals quoted in public.
    """
    action = needed.action.replace("sns:", "SNS:", 1) if needed.action.startswith("sns:") else needed.action
    resource = "" if needed.resource == "*" else f" on resource: {needed.resource}"
    why = (
        "with an explicit deny in an identity-based policy"
        if is_denied
        else f"because no identity-based policy allows the {action} action"
    )
    message = f"User: {user} is not authorized to perform: {action}{resource} {why}"
    if service == "ec2":
        encoded = ". Encoded authorization failure message: c2FuZGJveA" if resource else ""
        message = f"You are not authorized to perform this operation. {message}{encoded}"
    code, status = _CODES.get(service, _OTHERS)
    return ServiceError(code, message, status)
