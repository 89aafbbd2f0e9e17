"""What the properties of a CloudFormation resource may be: known names, required ones, and types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from rejectkit.sandbox.calls import ServiceError

Shape: TypeAlias = "type[str] | type[int] | type[float] | type[bool] | type[object] | Mapping[str, Shape] | list[Shape]"

TAGS: Shape = [{"Key": str, "Value": str}]
_NAMES: Mapping[Any, str] = {str: "String", int: "Integer", float: "Number", bool: "Boolean"}


def checked(
    logical: str, shape: Mapping[str, Shape], required: frozenset[str], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return properties in their types: a template may write a number as text, and text as a number.

    Parameters
    ----------
    logical : str
        The resource's logical name, for the message.
    shape : mapping
        Type by name; `object` takes anything, `[x]` a list of x, a mapping an object with these members.
    required : frozenset of str
        Names that must be there.
    given : mapping
        The properties, their functions worked out.

    Raises
    ------
    ServiceError
        `InvalidRequest`, in the service's words: an unknown name, a missing one, a value of another type.
    """
    wrong: list[str] = []
    found = _object(shape, given, "#", wrong)
    wrong += [f"#: required key [{name}] not found" for name in sorted(required - given.keys())]
    if wrong:
        told = "\n".join(wrong)
        raise ServiceError(
            "InvalidRequest", f"Properties validation failed for resource {logical} with message:\n{told}"
        )
    return found


def _object(shape: Mapping[str, Shape], given: Mapping[str, Any], path: str, wrong: list[str]) -> dict[str, Any]:
    wrong += [f"{path}: extraneous key [{name}] is not permitted" for name in given if name not in shape]
    return {name: _typed(shape[name], value, f"{path}/{name}", wrong) for name, value in given.items() if name in shape}


def _typed(shape: Shape, value: Any, path: str, wrong: list[str]) -> Any:
    if shape is object:
        return value
    if isinstance(shape, list):
        if not isinstance(value, list):
            return _mistyped("JSONArray", value, path, wrong)
        return [_typed(shape[0], one, f"{path}/{place}", wrong) for place, one in enumerate(value)]
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            return _mistyped("JSONObject", value, path, wrong)
        return _object(shape, value, path, wrong)
    return _plain(shape, value, path, wrong)


def _plain(shape: Any, value: Any, path: str, wrong: list[str]) -> Any:
    if isinstance(value, dict | list):
        return _mistyped(_NAMES[shape], value, path, wrong)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if shape is bool and text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        if shape is str:
            return text
        if shape is float and not isinstance(value, bool):
            return float(text)
        if shape is int and not isinstance(value, bool) and float(text).is_integer():
            return int(float(text))
    except (ValueError, OverflowError):
        pass
    return _mistyped(_NAMES[shape], value, path, wrong)


def _mistyped(wanted: str, value: Any, path: str, wrong: list[str]) -> None:
    kind = {dict: "JSONObject", list: "JSONArray", **_NAMES}.get(type(value), "Null")
    wrong.append(f"{path}: expected type: {wanted}, found: {kind}")
