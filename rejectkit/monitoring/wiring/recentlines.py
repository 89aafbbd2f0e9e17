"""Recent events of a log group, in a bounded number of pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

MOST_PAGES: Final = 5  # of FilterLogEvents, whose pages may be empty and yet have another behind them

Call = Callable[..., Mapping[str, Any] | None]


def recent_events(call: Call, log_group: str, start: float, most: int, **more: Any) -> list[Mapping[str, Any]]:
    """Return events since a time, oldest first, as FilterLogEvents has them.

    Parameters
    ----------
    call : callable
        Given the operation and its parameters, returns the answer; None where it is not permitted.
    log_group : str
        Its name.
    start : float
        Seconds since the epoch.
    most : int
        Events at most.
    **more
        Other parameters of FilterLogEvents, such as `filterPattern`.
    """
    asked: dict[str, Any] = {"logGroupName": log_group, "startTime": int(start * 1000), "limit": most, **more}
    events: list[Mapping[str, Any]] = []
    for _ in range(MOST_PAGES):
        told = call("FilterLogEvents", **asked) or {}
        events += told.get("events", ())
        token = told.get("nextToken")
        if not token or len(events) >= most:
            break
        asked["nextToken"] = token
    return events[:most]
