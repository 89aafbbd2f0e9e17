"""Pages of a list, with tokens that only the sandbox can read."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from rejectkit.sandbox.calls import ServiceError

Refuse = Callable[[str], ServiceError]


def refused(token: str) -> ServiceError:
    """Return the refusal of a token, as CloudWatch Logs words it."""
    return ServiceError("InvalidParameterException", "The specified nextToken is invalid.")


def page(
    member: str, items: Sequence[Any], token: str | None, size: int, *, key: str = "NextToken", refuse: Refuse = refused
) -> dict[str, Any]:
    """Return an answer's members for one page of a list.

    Parameters
    ----------
    member : str
        The member that holds the items.
    items : sequence
        All of them.
    token : str or None
        Names the page; the first without one.
    size : int
        Items of a page.
    key : str
        The member for the token of the next page, which is there if there is one.
    refuse : callable
        The service's refusal of a token.

    Raises
    ------
    ServiceError
        If the token is not one of this list's.
    """
    first = int(read(token, member, refuse)) if token else 0
    last = first + size
    return {member: list(items[first:last]), **({key: made(last, member)} if last < len(items) else {})}


def made(value: Any, what: str) -> str:
    """Return a token for a value that JSON can hold, of one thing that is read page by page."""
    return base64.urlsafe_b64encode(json.dumps([what, value]).encode()).decode()


def read(token: str, what: str, refuse: Refuse = refused) -> Any:
    """Return the value of a token.

    Raises
    ------
    ServiceError
        If it was not made here for the same thing.
    """
    try:
        named, value = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError) as error:
        raise refuse(token) from error
    if named != what:
        raise refuse(token)
    return value
