"""The log groups of one region: their streams, and their events in the order they arrived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rejectkit.records import LogFormat
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.playing.dice import Ints

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

EVENT_OVERHEAD = 26  # bytes that the service counts for each event beside its message. Source: PutLogEvents

Taken = Callable[["LogGroup", Sequence[int], Sequence[str], Sequence[int]], None]


@dataclass(slots=True)
class LogStream:
    """One stream: when it was made, and its first, last and latest event, in milliseconds since the epoch."""

    name: str
    created: int
    first: int | None = None
    last: int | None = None
    ingested: int | None = None
    count: int = 0


@dataclass(slots=True)
class LogGroup:
    """One log group.

    Attributes
    ----------
    name, arn : str
        Its name; its ARN without `:*`.
    created : int
        Milliseconds since the epoch.
    retention : int or None
        Days that events are kept.
    log_class : str
        STANDARD or INFREQUENT_ACCESS.
    tags : dict of str to str
        Its tags.
    kms_key : str
        Its key's ARN; empty if it has none.
    streams : dict of str to LogStream
        By name.
    filters : dict of str to Any
        Metric filters by name; what they are is `metricfilters`' own.
    times, ingested : list of int
        Of each event, in the order of arrival: its timestamp, and when it was taken; milliseconds.
    streams_of, messages : list of str
        Of each event: its stream and its text.
    stored_bytes : int
        As the service counts them.
    """

    name: str
    arn: str
    created: int
    retention: int | None = None
    log_class: str = "STANDARD"
    tags: dict[str, str] = field(default_factory=dict)
    kms_key: str = ""
    streams: dict[str, LogStream] = field(default_factory=dict)
    filters: dict[str, Any] = field(default_factory=dict)
    times: list[int] = field(default_factory=list)
    ingested: list[int] = field(default_factory=list)
    streams_of: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    stored_bytes: int = 0
    taken: list[Taken] = field(default_factory=list)
    _ordered: tuple[Ints, Ints] = field(default_factory=lambda: (np.array([], np.int64),) * 2, repr=False)

    def by_time(self) -> tuple[Ints, Ints]:
        """Return the places of all events by timestamp, those of one timestamp as they arrived, and the timestamps."""
        if len(self._ordered[0]) != len(self.times):
            times = np.asarray(self.times, np.int64)
            order = np.argsort(times, kind="stable")
            self._ordered = order, times[order]
        return self._ordered

    def forget(self, stream: str) -> None:
        """Delete a stream and its events."""
        del self.streams[stream]
        kept = [at for at, name in enumerate(self.streams_of) if name != stream]
        self.times[:], self.ingested[:] = [self.times[at] for at in kept], [self.ingested[at] for at in kept]
        self.streams_of[:] = [self.streams_of[at] for at in kept]
        self.messages[:] = [self.messages[at] for at in kept]
        self.stored_bytes = sum(map(size, self.messages))
        self._ordered = (np.array([], np.int64),) * 2

    def put(self, stream: str, times: Sequence[int], messages: Sequence[str], ingested: int | Sequence[int]) -> None:
        """Take events into a stream, and let the metric filters see them.

        Parameters
        ----------
        stream : str
            A stream that is there.
        times, messages : sequence of int, sequence of str
            Timestamp in milliseconds and text of each event.
        ingested : int or sequence of int
            When they arrived, milliseconds: all of them, or each.
        """
        if not messages:
            return
        arrived = [ingested] * len(times) if isinstance(ingested, int) else list(ingested)
        one = self.streams[stream]
        one.first = min(times) if one.first is None else min(one.first, min(times))
        one.last = max(times) if one.last is None else max(one.last, max(times))
        one.ingested = max(arrived) if one.ingested is None else max(one.ingested, max(arrived))
        one.count += len(messages)
        self.times += times
        self.ingested += arrived
        self.streams_of += [stream] * len(messages)
        self.messages += messages
        self.stored_bytes += sum(size(message) for message in messages)
        for listener in self.taken:
            listener(self, times, messages, arrived)


def size(message: str) -> int:
    """Return the bytes that the service counts for an event."""
    return (len(message) if message.isascii() else len(message.encode())) + EVENT_OVERHEAD


class LogStore:
    """The log groups of one region.

    Attributes
    ----------
    groups : dict of str to LogGroup
        By name.
    formats : dict of str to LogFormat
        The format of a group's flow log, as the flow log tells it.
    taken : list of callable
        Called with the group, and the timestamps, messages and times of arrival of all events that any group takes.
    """

    def __init__(self, world: World, region: str) -> None:
        """Start with no group."""
        self.world, self.region = world, region
        self.groups: dict[str, LogGroup] = {}
        self.formats: dict[str, LogFormat] = {}
        self.taken: list[Taken] = []

    def arn(self, name: str) -> str:
        """Return the ARN of a group of this region, without `:*`."""
        return f"arn:aws:logs:{self.region}:{self.world.account}:log-group:{name}"

    def create(self, name: str) -> LogGroup:
        """Make a group.

        Raises
        ------
        ServiceError
            If there is one.
        """
        if name in self.groups:
            raise ServiceError("ResourceAlreadyExistsException", "The specified log group already exists")
        self.groups[name] = LogGroup(name, self.arn(name), self.world.clock.millis, taken=self.taken)
        return self.groups[name]

    def group(self, name: str) -> LogGroup:
        """Return a group by its name or ARN.

        Raises
        ------
        ServiceError
            If there is none.
        """
        found = self.groups.get(name_of(name))
        if found is None:
            raise ServiceError("ResourceNotFoundException", "The specified log group does not exist.")
        return found

    def stream(self, group: LogGroup, name: str) -> LogStream:
        """Return a stream of a group.

        Raises
        ------
        ServiceError
            If there is none.
        """
        found = group.streams.get(name)
        if found is None:
            raise ServiceError("ResourceNotFoundException", "The specified log stream does not exist.")
        return found

    def put(
        self,
        group: str,
        stream: str,
        times: Sequence[int],
        messages: Sequence[str],
        ingested: int | Sequence[int] | None = None,
    ) -> None:
        """Take events into a stream, which is made where it is missing; now, if `ingested` does not say when."""
        found = self.group(group)
        if stream not in found.streams:
            found.streams[stream] = LogStream(stream, self.world.clock.millis)
        found.put(stream, times, messages, self.world.clock.millis if ingested is None else ingested)

    def log_format_of(self, group: LogGroup) -> LogFormat | None:
        """Return the format of the flow log that is delivered to a group, if one is."""
        return self.formats.get(group.name)


def name_of(identifier: str) -> str:
    """Return a log group's name from its name or its ARN."""
    return identifier.split(":log-group:", 1)[1].removesuffix(":*") if ":log-group:" in identifier else identifier
