"""What is to go wrong: errors, lost connections and queries that end badly, each for so many calls."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

from rejectkit.errors import ArgumentError
from rejectkit.sandbox.calls import Call, ServiceError

Where = Literal["", "before", "after", "halfway"]


@dataclass(slots=True)
class Fault:
    """Something that goes wrong on a call.

    Attributes
    ----------
    operation : str
        `StartQuery`, `logs.StartQuery`, or `*` for every call.
    code, message : str
        The error it is answered with, such as `ThrottlingException`; nothing is done then.
    status : int
        The HTTP status of that error.
    connection : {"", "before", "after", "halfway"}
        Where the connection is lost: before anything is done, after it is done and before the answer, or in
        the middle of the answer.
    outcome : str
        The status that a query started by this call ends with: Failed, Timeout, Cancelled or Unknown.
    after : int
        Calls of the operation that go well first.
    times : int
        Calls that then go wrong.
    """

    operation: str
    code: str = ""
    message: str = ""
    status: int = 400
    connection: Where = ""
    outcome: str = ""
    after: int = 0
    times: int = 1

    def __post_init__(self) -> None:
        """Check that it says what goes wrong.

        Raises
        ------
        ArgumentError
            If it names nothing that goes wrong, or several things.
        """
        if sum(map(bool, (self.code, self.connection, self.outcome))) != 1:
            raise ArgumentError(
                f"the fault on {self.operation} names {self.code!r}, {self.connection!r} and {self.outcome!r}; "
                "give one of code, connection and outcome"
            )

    def due(self, call: Call) -> bool:
        """Tell whether it happens on a call, and count the call."""
        if self.operation not in ("*", call.operation, f"{call.service}.{call.operation}") or not self.times:
            return False
        if self.outcome and call.operation not in ("StartQuery", "StartQueryExecution"):
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True

    @property
    def error(self) -> ServiceError | None:
        """The error it is answered with, if it is an error."""
        return ServiceError(self.code, self.message or self.code, self.status) if self.code else None


class Faults:
    """The faults that are still to happen, oldest first."""

    def __init__(self) -> None:
        """Start with none."""
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let something go wrong."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Let everything go well."""
        with self._lock:
            self._waiting.clear()

    def take(self, call: Call) -> Fault | None:
        """Return the fault that happens on a call, if one does; each call is counted once."""
        with self._lock:
            found = next((fault for fault in self._waiting if fault.due(call)), None)
            self._waiting = [fault for fault in self._waiting if fault.times]
            return found
