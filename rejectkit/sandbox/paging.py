"""Pages of a list, with tokens that only the sandbox can read."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from rejectkit.sandbox.calls import ServiceError

Item = TypeVar("Item")


def page(items: Sequence[Item], token: str | None, size: int, what: str = "") -> tuple[Sequence[Item], str | None]:
    """Return the page that a token names, the first without one, and the token of the next, if there is one.

    Raises
    ------
    ServiceError
        If the token is not one of this list's.
    """
    first = int(read(token, what)) if token else 0
    last = first + size
    return items[first:last], made(last, what) if last < len(items) else None


def made(value: Any, what: str = "") -> str:
    """Return a token for a value that JSON can hold."""
    return base64.urlsafe_b64encode(json.dumps([what, value]).encode()).decode()


def read(token: str, what: str = "") -> Any:
    """Return the value of a token.

    Raises
    ------
    ServiceError
        If it was not made here for the same thing.
    """
    try:
        named, value = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError) as error:
        raise ServiceError("InvalidParameterException", "The specified nextToken is invalid.") from error
    if named != what:
        raise ServiceError("InvalidParameterException", "The specified nextToken is invalid.")
    return value
