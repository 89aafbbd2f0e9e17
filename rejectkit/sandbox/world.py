"""What one sandbox is: an account, its regions, its clock, its limits and what goes wrong in it."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.clock import Clock
from rejectkit.sandbox.faults import Faults
from rejectkit.sandbox.limits import Limits, Rates
from rejectkit.sandbox.rights.access import Access
from rejectkit.sandbox.topics.mailbox import Mailbox
from rejectkit.sandbox.vpc.aliases import Aliases

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that was answered: when (the clock's stopwatch), what, and with which code or `OK`."""

    at: float
    service: str
    operation: str
    code: str


class Region:
    """One region: the state of its services, each made when it is first asked for.

    A service keeps its state in a class of its own, made with the world and the region's name.
    """

    def __init__(self, world: World, name: str) -> None:
        """Start with nothing."""
        self.world, self.name = world, name
        self._states: dict[type[Any], Any] = {}

    def of(self, kind: Callable[[World, str], State]) -> State:
        """Return the region's one state of a kind."""
        with self.world.lock:
            found = self._states.get(kind)  # type: ignore[call-overload]  # a class is its own key
            if found is None:
                found = self._states[kind] = kind(self.world, self.name)  # type: ignore[index]  # the same
            return found  # type: ignore[no-any-return]  # it is what `kind` made


@dataclass(slots=True)
class World:
    """The state behind one endpoint.

    Attributes
    ----------
    account : str
        Its account id.
    clock : Clock
        Its time; `lock` is held while anything happens.
    limits : Limits
        What the services allow.
    faults : Faults
        What is to go wrong.
    seen : deque of Seen
        The latest requests, oldest first.
    client : callable
        `client("sqs", region)`: a boto3 client of this sandbox itself, for what one service asks of another.
    endpoint_url : str
        Where it answers, once it does.
    changes : dict
        By service: how many calls that may have changed something were answered, and when the last was (the clock's
        seconds).
    """

    account: str
    clock: Clock
    limits: Limits
    lock: threading.RLock
    faults: Faults = field(default_factory=Faults)
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=200_000))
    client: Callable[[str, str], Any] = field(default=lambda service, region: None)
    endpoint_url: str = ""
    services: Mapping[str, Mapping[str, Handler]] = field(default_factory=dict)
    mailbox: Mailbox = field(default_factory=Mailbox)
    outcomes: deque[str] = field(default_factory=deque)  # how the queries that are started next will end
    aliases: Aliases = field(default_factory=Aliases)
    access: Access = field(default_factory=Access)
    rates: Rates = field(init=False)
    regions: dict[str, Region] = field(default_factory=dict)
    changes: defaultdict[str, tuple[int, float]] = field(default_factory=lambda: defaultdict(lambda: (0, 0.0)))

    def __post_init__(self) -> None:
        """Count calls from now."""
        self.rates = Rates(self.limits)

    @classmethod
    def begin(cls, account: str, start: datetime, limits: Limits) -> World:
        """Return an empty account at a time."""
        lock = threading.RLock()
        return cls(account, Clock(start, lock), limits, lock)

    def note(self, call: Call, code: str) -> None:
        """Note that a request was answered."""
        self.seen.append(Seen(self.clock.stopwatch, call.service, call.operation, code))
        if code in ("OK", "moto") and not call.operation.startswith(("Describe", "Get", "List")):
            with self.lock:
                self.changes[call.service] = self.changes[call.service][0] + 1, self.clock.seconds

    def ask(self, service: str, operation: str, region: str, **params: Any) -> Any:
        """Ask a service of this sandbox, from inside it: one of ours directly, moto's by a client.

        Nothing is counted against a rate, and nothing goes wrong by a fault.

        Raises
        ------
        ServiceError
            If the service refuses, ours or moto's.
        """
        handler = self.services.get(service, {}).get(operation)
        if handler is None:
            return self.beyond(service, operation, region, **params)
        with self.lock:
            return handler(self, Call(service, operation, region, params))

    def beyond(self, service: str, operation: str, region: str, **params: Any) -> Any:
        """Ask moto by a client, also where an operation of ours stands in front of its own.

        Raises
        ------
        ServiceError
            If moto refuses.
        """
        client = self.client(service, region)
        method = next(name for name, one in client.meta.method_to_api_mapping.items() if one == operation)
        try:
            return getattr(client, method)(**params)
        except client.exceptions.ClientError as error:
            told = error.response
            status = told["ResponseMetadata"]["HTTPStatusCode"]
            raise ServiceError(told["Error"]["Code"], told["Error"]["Message"], status) from error

    def region(self, name: str) -> Region:
        """Return a region."""
        with self.lock:
            return self.regions.setdefault(name, Region(self, name))
