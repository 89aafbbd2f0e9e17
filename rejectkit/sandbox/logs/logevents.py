"""CloudWatch Logs: events in and out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from typing import Any

import numpy as np

from rejectkit.errors import PatternError
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.logs.loggroups import invalid, store
from rejectkit.sandbox.logs.logstore import LogGroup, size
from rejectkit.sandbox.paging import made, read
from rejectkit.sandbox.world import World

# Source: PutLogEvents.
MOST_EVENTS, MOST_BYTES = 10_000, 1_048_576
DAY = 24 * 3600 * 1000
OLDEST, NEWEST = 14 * DAY, 2 * 3600 * 1000
FAR = 2**53  # later than any timestamp, milliseconds


def compiled(text: str) -> FilterPattern:
    """Return a filter pattern.

    Raises
    ------
    ServiceError
        If the service would refuse it, or if it is one for JSON.
    """
    try:
        return FilterPattern(text)
    except PatternError as error:
        raise invalid(error.message) from error


def _put(world: World, call: Call) -> Mapping[str, Any]:
    groups = store(world, call)
    group = groups.group(call.params["logGroupName"])
    stream = groups.stream(group, call.params["logStreamName"])
    events: Sequence[Mapping[str, Any]] = call.params["logEvents"]
    times = [event["timestamp"] for event in events]
    messages = [event["message"] for event in events]
    _check_batch(times, messages)
    now = world.clock.millis
    low = bisect_left(times, now - OLDEST)
    expired = bisect_left(times, now - DAY * group.retention) if group.retention else 0
    high = bisect_left(times, now + NEWEST + 1)
    rejected: dict[str, int] = {}
    if low:
        rejected["tooOldLogEventEndIndex"] = low
    if expired > low:
        rejected["expiredLogEventEndIndex"] = expired
    if high < len(times):
        rejected["tooNewLogEventStartIndex"] = high
    first = max(low, expired)
    if first < high:
        if times[high - 1] - times[first] > DAY:
            raise invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
        group.put(stream.name, times[first:high], messages[first:high], now)
    return {"nextSequenceToken": "0"} | ({"rejectedLogEventsInfo": rejected} if rejected else {})


def _check_batch(times: Sequence[int], messages: Sequence[str]) -> None:
    if not times:
        raise invalid("1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint")
    if len(times) > MOST_EVENTS:
        raise invalid(f"Upload too many events: {len(times)} events exceed the limit of {MOST_EVENTS}")
    total = sum(map(size, messages))
    if total > MOST_BYTES:
        raise invalid(f"Upload too large: {total} bytes exceeds limit of {MOST_BYTES}")
    if any(later < earlier for earlier, later in pairwise(times)):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")


def _events(group: LogGroup, first: int, last: int, streams: Set[str], count: int) -> list[int]:
    """Return the places of events in `[first, last)`, of some streams, of the first `count` to arrive; by time."""
    order, times = group.by_time()
    low, high = np.searchsorted(times, [first, last])
    places: list[int] = order[low:high].tolist()
    everything = len(streams) == len(group.streams) and count >= len(group.times)
    return places if everything else [at for at in places if at < count and group.streams_of[at] in streams]


def _key(group: LogGroup, at: int) -> list[int]:
    """Return what orders events for good, also when earlier ones arrive later: timestamp and place."""
    return [group.times[at], at]


def _limit(call: Call, most: int) -> int:
    asked = int(call.params.get("limit") or most)
    if not 1 <= asked <= 10_000:
        raise invalid(f"limit {asked} is not between 1 and 10000")
    return min(asked, most)


def _get(world: World, call: Call) -> Mapping[str, Any]:
    """GetLogEvents: a stream's events by time; a token names the event that a page begins after, or ends before."""
    groups, given = store(world, call), call.params
    group = groups.group(given.get("logGroupName") or given.get("logGroupIdentifier", ""))
    _needs_standard(group, "GetLogEvents")
    stream = groups.stream(group, given["logStreamName"])
    places = _events(group, given.get("startTime", 0), given.get("endTime", FAR), {stream.name}, len(group.times))
    keys = [_key(group, at) for at in places]
    most = _limit(call, world.limits.page_events)
    if given.get("nextToken"):
        way, key = read(given["nextToken"], stream.name)
        if way == "f":
            low = bisect_right(keys, key)
            high = low + most
        else:
            high = bisect_left(keys, key)
            low = max(0, high - most)
    elif given.get("startFromHead"):
        key, low, high = [0, -1], 0, most
    else:
        key, low, high = [FAR, 0], max(0, len(places) - most), len(places)
    found = places[low:high]
    return {
        "events": [
            {"timestamp": group.times[at], "message": group.messages[at], "ingestionTime": group.ingested[at]}
            for at in found
        ],
        "nextForwardToken": made(["f", _key(group, found[-1]) if found else key], stream.name),
        "nextBackwardToken": made(["b", _key(group, found[0]) if found else key], stream.name),
    }


def _filter(world: World, call: Call) -> Mapping[str, Any]:
    """FilterLogEvents: events of a group by time, those that match, of those that were there at the first page."""
    groups, given = store(world, call), call.params
    group = groups.group(given.get("logGroupName") or given.get("logGroupIdentifier", ""))
    _needs_standard(group, "FilterLogEvents")
    names, prefix = given.get("logStreamNames"), given.get("logStreamNamePrefix")
    if names and prefix:
        raise invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
    wanted = {groups.stream(group, name).name for name in names or group.streams}
    wanted = {name for name in wanted if name.startswith(prefix or "")}
    pattern = compiled(given.get("filterPattern") or "")
    first, last = given.get("startTime", 0), given.get("endTime", FAR)
    what = f"{group.name} {pattern} {first} {last} {sorted(wanted) if names or prefix else ''}"
    time, place, count = read(given["nextToken"], what) if given.get("nextToken") else (first, -1, len(group.times))
    rest = [at for at in _events(group, max(first, time), last + 1, wanted, count) if _key(group, at) > [time, place]]
    most = _limit(call, world.limits.page_events)
    found, reached, room = _matching(group, rest, pattern, most)
    told: dict[str, Any] = {
        "events": [
            {
                "logStreamName": group.streams_of[at],
                "timestamp": group.times[at],
                "message": group.messages[at],
                "ingestionTime": group.ingested[at],
                "eventId": f"{at:056d}",
            }
            for at in found
        ],
        "searchedLogStreams": [],
    }
    if not room and reached < len(rest):
        told["nextToken"] = made([*_key(group, rest[reached - 1]), count], what)
    return told


def _matching(group: LogGroup, places: Sequence[int], pattern: FilterPattern, most: int) -> tuple[list[int], int, bool]:
    """Return the places that match, up to a page; how many were looked at; and whether the page had room for more."""
    found: list[int] = []
    total = 0
    for start in range(0, len(places), MOST_EVENTS):
        piece = places[start : start + MOST_EVENTS]
        for step, hit in enumerate(pattern.matching([group.messages[at] for at in piece]).tolist()):
            if not hit:
                continue
            total += size(group.messages[piece[step]])
            if found and total > MOST_BYTES:
                return found, start + step, False
            found.append(piece[step])
            if len(found) == most:
                return found, start + step + 1, False
    return found, len(places), True


def _needs_standard(group: LogGroup, what: str) -> None:
    if group.log_class != "STANDARD":
        raise ServiceError("InvalidOperationException", f"{what} is not supported for the {group.log_class} log class.")


OPERATIONS: dict[str, Handler] = {"FilterLogEvents": _filter, "GetLogEvents": _get, "PutLogEvents": _put}
