"""A second opinion on replays: one event after the other, one minute after the other, in plain Python.

An event is (timestamp, arrival, value, whether it matches), times in milliseconds. The state of each evaluation is
that of `tests.reference.alarms`; where the page names none, it is INSUFFICIENT_DATA.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.reference import alarms

Event = tuple[int, int, float | None, bool]


@dataclass
class Plain:
    """What a replay found: changes as (milliseconds, state), and the places of the events never judged."""

    changes: list[tuple[int, str]]
    missed: set[int]
    in_alarm: int
    evaluations: int


def replay(events: list[Event], rule: Any, extra: int, start: int, end: int, phase: int = 42_800) -> Plain:
    """Return what a metric alarm says in `[start, end)`, milliseconds; `rule` has AlarmRule's members."""
    state, changes, seen, in_alarm, number = "INSUFFICIENT_DATA", [], set(), 0, 0
    by_minute: dict[int, list[int]] = {}
    for place, event in enumerate(events):
        if event[2] is not None:
            by_minute.setdefault(event[0] // 60_000 * 60_000, []).append(place)
    for now in moments(rule, start, end, phase):
        series, ranges = "", []
        for low, high in periods(rule, extra, now):
            inside = [
                place
                for minute in range(-(-low // 60_000) * 60_000, high, 60_000)
                for place in by_minute.get(minute, ())
                if events[place][1] <= now
            ]
            values = [events[place][2] for place in inside]
            series += "-" if not values else "X" if breaches(rule, statistic(rule.statistic, values)) else "0"
            ranges.append((low, high))
        n, m = rule.evaluation_periods, rule.datapoints_to_alarm
        found = alarms.state(series, n, m, rule.treat_missing_data, state)
        found = "INSUFFICIENT_DATA" if found == "NOT_ALARM" else found
        number += 1
        if found != state:
            changes.append((now, found))
            state = found
        in_alarm += state == "ALARM"
        judged = [at for at, mark in enumerate(series) if mark != "-"][-n:]
        for at in judged:
            low, high = ranges[at]
            for minute in range(-(-low // 60_000) * 60_000, high, 60_000):
                seen.update(place for place in by_minute.get(minute, ()) if events[place][1] <= now)
    missed = {place for place, event in enumerate(events) if event[3] and event[2] is not None and place not in seen}
    return Plain(changes, missed, in_alarm, number)


def moments(rule: Any, start: int, end: int, phase: int) -> Iterator[int]:
    """Yield the evaluations: each minute, each 10 s for short periods, each hour for those that span over a day."""
    every = 10_000 if rule.period < 60 else 60_000
    if rule.period * rule.evaluation_periods > 86_400:
        every = 3_600_000
    now = start // every * every + phase % every
    while now < start:
        now += every
    while now < end:
        yield now
        now += every


def periods(rule: Any, extra: int, now: int) -> list[tuple[int, int]]:
    """Return the periods an evaluation looks at, oldest first; short ones end 10 s before it, or earlier."""
    end = (now - 10_000) // 10_000 * 10_000 if rule.period < 60 else now // 60_000 * 60_000
    length = rule.period * 1000
    found = []
    for _ in range(rule.evaluation_periods + extra):
        found.insert(0, (end - length, end))
        end -= length
    return found


def statistic(name: str, values: list[Any]) -> float:
    """Return one statistic of values."""
    if name == "Average":
        return float(sum(values) / len(values))
    return float({"Sum": sum(values), "SampleCount": len(values), "Minimum": min(values), "Maximum": max(values)}[name])


def breaches(rule: Any, value: float) -> bool:
    """Return whether a value is on the wrong side."""
    limit = rule.threshold
    return {
        "GreaterThanOrEqualToThreshold": value >= limit,
        "GreaterThanThreshold": value > limit,
        "LessThanThreshold": value < limit,
        "LessThanOrEqualToThreshold": value <= limit,
    }[rule.comparison]


def replay_log_alarm(events: list[Event], rule: Any, start: int, end: int) -> Plain:
    """Return what a log alarm says, evaluated in `[start, end)`, 30 s after each run of its query."""
    state, changes, seen, in_alarm, series = "INSUFFICIENT_DATA", [], set(), 0, ""
    every = rule.interval * 1000
    run = -(-start // every) * every
    while run + 30_000 < end:
        low, high = run - rule.start_offset * 1000, run - rule.end_offset * 1000
        inside = {at for at, event in enumerate(events) if event[3] and low <= event[0] < high and event[1] <= run}
        seen |= inside
        series += "X" if breaches(rule, float(len(inside))) else "0"
        n = rule.results_to_evaluate
        found = "INSUFFICIENT_DATA"
        if len(series) >= n:
            found = alarms.state(series[-n:], n, rule.results_to_alarm, rule.treat_missing_data, state)
        if found != state:
            changes.append((run + 30_000, found))
            state = found
        in_alarm += state == "ALARM"
        run += every
    return Plain(changes, {at for at, event in enumerate(events) if event[3] and at not in seen}, in_alarm, len(series))
