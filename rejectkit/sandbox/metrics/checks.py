"""What CloudWatch's operations check of their members alike, with the service's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rejectkit.sandbox.calls import ServiceError


def validation_error(message: str) -> ServiceError:
    """Return a ValidationError, which the JSON protocol calls ValidationException."""
    return ServiceError("ValidationError", message, __type="ValidationException")


def constraint(value: Any, member: str, must: str) -> ServiceError:
    """Return the refusal of a member's value.

    Source: recorded answers, for an enum and for the length of a list's items.
    """
    return validation_error(
        f"1 validation error detected: Value '{shown(value)}' at '{lower(member)}' failed to satisfy constraint: "
        f"Member must {must}"
    )


def one_of(params: Mapping[str, Any], member: str, allowed: Sequence[str]) -> None:
    """Refuse a value that is not of an enum."""
    if params.get(member) is not None and params[member] not in allowed:
        raise constraint(params[member], member, f"satisfy enum value set: [{', '.join(allowed)}]")


def at_most(params: Mapping[str, Any], member: str, longest: int) -> None:
    """Refuse a text or a list that is too long."""
    if params.get(member) is not None and len(params[member]) > longest:
        raise constraint(params[member], member, f"have length less than or equal to {longest}")


def between(params: Mapping[str, Any], member: str, least: int, most: int) -> None:
    """Refuse a number outside its bounds."""
    value = params.get(member)
    if value is not None and value < least:
        raise constraint(value, member, f"have value greater than or equal to {least}")
    if value is not None and value > most:
        raise constraint(value, member, f"have value less than or equal to {most}")


def dimensions_of(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the member Dimensions as a mapping.

    Raises
    ------
    ServiceError
        If a name stands twice.
    """
    told = params.get("Dimensions") or ()
    found = {each["Name"]: each["Value"] for each in told}
    if len(found) < len(told):
        raise ServiceError("InvalidParameterValue", "No metric may specify the same dimension name twice.")
    return found


def bad_token(token: str) -> ServiceError:
    """Return the refusal of a token that was not handed out. Source: recorded answers."""
    return ServiceError("InvalidNextToken", f"Invalid NextToken : {token}")


def lower(member: str) -> str:
    """Return a member as validation names it: `stateValue`, `oKActions`."""
    return member[0].lower() + member[1:]


def shown(value: Any) -> str:
    """Return a value as validation shows it."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return f"[{', '.join(map(shown, value))}]"
    return str(value)
