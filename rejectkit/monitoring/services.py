"""The services that a monitor lives in, in one region, and how what changes them is called."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import ArgumentError, ConflictError, MissingResourceError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.pacing import Budget

# Codes of an error that says: something else is changing it, try again.
_CHANGING: Final = frozenset(
    {
        *("OperationAbortedException", "OperationAborted", "ResourceConflict"),
        *("ConcurrentModificationException", "ConcurrentModification", "ConcurrentAccessException", "ConcurrentAccess"),
    }
)
_NAPS: Final = (0.2, 0.5, 1.0, 2.0, 4.0)


def check_parts(monitor: object, source: object) -> None:
    """Refuse what is no monitor, or no source.

    Raises
    ------
    ArgumentError
        Which of the two is something else.
    """
    if not isinstance(monitor, Monitor):
        raise ArgumentError(f"the monitor is {monitor!r}; give a Monitor")
    if not callable(getattr(source, "run", None)):
        raise ArgumentError(f"the source is a {type(source).__name__}; give a Source, for example an InsightsSource")


class Services:
    """CloudWatch Logs, CloudWatch and SNS in one region of one account.

    Attributes
    ----------
    logs, cloudwatch, sns : Service
        The three services.
    region, account : str
        Where they are.
    """

    def __init__(
        self,
        session: Any,
        region: str | None = None,
        *,
        budget: Budget | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Ask who and where one is."""
        self.logs = Service(session, "logs", region, budget=budget)
        self.region = self.logs.region
        self.cloudwatch = Service(session, "cloudwatch", self.region, budget=budget)
        self.sns = Service(session, "sns", self.region, budget=budget)
        self.account = self.logs.account()
        self.sleep = sleep

    def change(self, service: Service, operation: str, /, **params: Any) -> dict[str, Any]:
        """Call what changes something, again for some seconds while somebody else is changing the same."""
        for nap in _NAPS:
            try:
                return service.call(operation, **params)
            except ConflictError as error:
                if error.code not in _CHANGING:
                    raise
                self.sleep(nap)
        return service.call(operation, **params)

    def remove(self, service: Service, operation: str, /, **params: Any) -> None:
        """Call what removes something; that it is gone already is as good."""
        try:
            self.change(service, operation, **params)
        except MissingResourceError:
            return
