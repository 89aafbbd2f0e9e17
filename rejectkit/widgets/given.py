"""What panels are given, refused with a sentence where it is not what they take."""

from __future__ import annotations

from typing import Any

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.monitor import Monitor


def check_session(session: Any) -> None:
    """Refuse what makes no clients.

    Raises
    ------
    ArgumentError
        If it is no session.
    """
    if not callable(getattr(session, "client", None)):
        raise ArgumentError(f"session is {session!r}; give a boto3.Session, or the session of a sandbox")


def check_monitor(monitor: object) -> None:
    """Refuse what is no monitor.

    Raises
    ------
    ArgumentError
        If it is something else, the name of a log group for example.
    """
    if not isinstance(monitor, Monitor):
        raise ArgumentError(f"monitor is {monitor!r}; give a Monitor, for example rk.Monitor(log_group='…')")


def check_source(source: object) -> None:
    """Refuse what is neither a source nor None.

    Raises
    ------
    ArgumentError
        If it is something else, a path for example.
    """
    if source is not None and not answers(source):
        raise ArgumentError(f"source is {source!r}; give a source such as rk.InsightsSource('/vpc/flow-logs')")


def answers(source: object) -> bool:
    """Tell whether a value has a source's calls; its fields are not looked at, as that may read files."""
    return all(callable(getattr(type(source), name, None)) for name in ("run", "records"))
