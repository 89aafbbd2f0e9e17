"""Filter policies of subscriptions: which messages one wants, by their attributes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rejectkit.sandbox.calls import ServiceError

Attributes = Mapping[str, Mapping[str, Any]]


def check(text: str) -> None:
    """Refuse a policy that the service refuses, or that the sandbox does not play.

    Raises
    ------
    ServiceError
        `InvalidParameter`.
    """
    try:
        policy = json.loads(text)
    except ValueError:
        raise _refusal("failed to parse JSON") from None
    if not isinstance(policy, dict):
        raise _refusal("the policy must be a JSON object")
    for name, conditions in policy.items():
        if not isinstance(conditions, list) or not conditions:
            raise _refusal(f'"{name}" must be an object or an array')
        for condition in conditions:
            if isinstance(condition, dict) and (len(condition) != 1 or not condition.keys() <= _MATCHERS.keys()):
                raise _refusal(f"Unrecognized match type {', '.join(condition)} (the sandbox plays {_PLAYED})")
            if isinstance(condition, dict):
                _check_condition(*next(iter(condition.items())))


def wants(text: str, attributes: Attributes) -> bool:
    """Tell whether a message with these attributes passes: every name of the policy has a value that fits."""
    policy: Mapping[str, Sequence[Any]] = json.loads(text) if text else {}
    return all(
        any(_fits(condition, _values(attributes.get(name))) for condition in conditions)
        for name, conditions in policy.items()
    )


def _refusal(why: str) -> ServiceError:
    return ServiceError("InvalidParameter", f"Invalid parameter: FilterPolicy: {why}")


def _check_condition(name: str, wanted: Any) -> None:
    """Refuse a condition whose value is not one of its kind."""
    if name == "numeric":
        signs, numbers = (wanted[::2], wanted[1::2]) if isinstance(wanted, list) else ([], [])
        fine = len(signs) == len(numbers) > 0 and all(sign in _COMPARISONS for sign in signs)
        fine = fine and all(isinstance(number, int | float) for number in numbers)
    elif name == "exists":
        fine = isinstance(wanted, bool)
    elif name == "anything-but":
        values = wanted if isinstance(wanted, list) else [wanted]
        fine = all(isinstance(value, str | int | float) for value in values)
    else:
        fine = isinstance(wanted, str)
    if not fine:
        raise _refusal(f"the sandbox does not play {json.dumps({name: wanted})}")


def _values(attribute: Mapping[str, Any] | None) -> list[Any]:
    """Return an attribute's values; an array has several, a missing or binary one has none."""
    if attribute is None or "StringValue" not in attribute:
        return []
    kind, text = attribute["DataType"], attribute["StringValue"]
    if kind.startswith("Number"):
        return [float(text)]
    if kind == "String.Array":
        found = json.loads(text)
        return found if isinstance(found, list) else [found]
    return [text]


def _fits(condition: Any, values: list[Any]) -> bool:
    if isinstance(condition, dict):
        ((name, wanted),) = condition.items()
        return _MATCHERS[name](wanted, values)
    return any(value == condition and isinstance(value, bool) == isinstance(condition, bool) for value in values)


def _numeric(wanted: Sequence[Any], value: Any) -> bool:
    return isinstance(value, int | float) and all(
        _COMPARISONS[sign](value, number) for sign, number in zip(wanted[::2], wanted[1::2], strict=True)
    )


def _any(test: Callable[[Any, Any], bool]) -> Callable[[Any, list[Any]], bool]:
    return lambda wanted, values: any(test(wanted, value) for value in values)


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, number: value == number,
    "<": lambda value, number: value < number,
    "<=": lambda value, number: value <= number,
    ">": lambda value, number: value > number,
    ">=": lambda value, number: value >= number,
}
_MATCHERS: Mapping[str, Callable[[Any, list[Any]], bool]] = {
    "prefix": _any(lambda wanted, value: str(value).startswith(wanted)),
    "suffix": _any(lambda wanted, value: str(value).endswith(wanted)),
    "equals-ignore-case": _any(lambda wanted, value: str(value).lower() == wanted.lower()),
    "anything-but": _any(lambda wanted, value: value not in (wanted if isinstance(wanted, list) else [wanted])),
    "numeric": _any(_numeric),
    "exists": lambda wanted, values: bool(values) == wanted,
}
_PLAYED = ", ".join(_MATCHERS)
