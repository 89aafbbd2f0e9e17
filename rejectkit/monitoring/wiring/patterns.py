"""What can be amiss with the pattern of a metric filter: its columns, and what it matches of recent lines; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rejectkit.errors import ArgumentError, PatternError
from rejectkit.findings import Finding
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.wiring import mends as wiringmends
from rejectkit.monitoring.wiring.columns import fields_needed, misplaced, swallows
from rejectkit.monitoring.wiring.values import Wiring
from rejectkit.records import LogFormat
from rejectkit.sources.cloudwatch import loggroupchecks, mends

REJECTS = 'fields @timestamp, @message | filter action = "REJECT" | limit 20'


def pattern_of(found: Mapping[str, Any]) -> FilterPattern | None:
    """Return the pattern of a metric filter; None where it is none that rejectkit reads."""
    try:
        return FilterPattern(found.get("filterPattern", ""))
    except PatternError:
        return None


def pattern_checks(wiring: Wiring, found: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the first thing that is amiss with the pattern; the others follow from it."""
    pattern = pattern_of(found)
    checks = (_columns, _tail, _matches, _differs)
    if pattern is None:
        yield from _unread(wiring, found)
        return
    first = next((one for check in checks for one in check(wiring, pattern)), None)
    if first is not None:
        yield first
        return
    yield from _engines(wiring, pattern)


def _columns(wiring: Wiring, pattern: FilterPattern) -> Iterator[Finding]:
    fmt = wiring.log_format
    if fmt is None:
        return
    needed, there = fields_needed(pattern), len(fmt.fields)
    if needed > there:
        sentence = (
            f"The pattern of {wiring.monitor.filter_name!r} asks for at least {needed} fields, and a line of "
            f"{_flow_logs(wiring)} has {there}: it matches none."
        )
        yield Finding(sentence, "warning", loggroupchecks.LINES, _anew(wiring, fmt))
    elif wrong := misplaced(pattern, fmt):
        told = mends.some([f"what it says of {one.meant} is compared with {one.tested}" for one in wrong])
        sentence = (
            f"The pattern of {wiring.monitor.filter_name!r} tests the wrong columns of {_flow_logs(wiring)}, whose "
            f"lines have {there} fields: {told}."
        )
        yield Finding(sentence, "warning", loggroupchecks.LINES, _anew(wiring, fmt))


def _tail(wiring: Wiring, pattern: FilterPattern) -> Iterator[Finding]:
    fmt = wiring.log_format
    if fmt is not None and (name := swallows(pattern, fmt)):
        sentence = (
            f"The pattern of {wiring.monitor.filter_name!r} has a condition on its last field, {name}, and lines of "
            f"{_flow_logs(wiring)} have more fields: it is compared with all the rest of the line, and fails."
        )
        yield Finding(sentence, "warning", loggroupchecks.LINES, _anew(wiring, fmt))


def _matches(wiring: Wiring, pattern: FilterPattern) -> Iterator[Finding]:
    """Yield that no recent line matches though there are some that should; a narrow pattern may be right in that."""
    lines = [one.text for one in wiring.lines]
    ours = [bool(one) for one in pattern.matching(lines)]
    hits = [ours[at] or bool(wiring.judged and wiring.judged[at]) for at in range(len(lines))]
    if not lines or any(hits):
        return
    meant = _meant(wiring.monitor, wiring.log_format)
    rejects = [line for line in lines if _is_reject(line, wiring.log_format)]
    missed = [line for line in rejects if meant is None or meant.matches(line)]
    if not missed:
        return
    sentence = (
        f"The pattern of {wiring.monitor.filter_name!r} matches none of the latest refused flows that "
        + ("it should match" if meant else "were looked at")
        + f" ({len(missed)})"
        + (": they are not counted." if meant else ".")
    )
    mend = (
        f"Put the filter again: {wiringmends.put_filter(wiring, _fitting(wiring, wiring.log_format))}."
        if meant
        else "That is right if it is meant for rarer ones; else look at them by the query, and correct the pattern."
    )
    yield Finding(sentence, "warning" if meant else "notice", REJECTS, mend)


def _differs(wiring: Wiring, pattern: FilterPattern) -> Iterator[Finding]:
    want = wiring.monitor.pattern
    if pattern != want:
        sentence = (
            f"The pattern of {wiring.monitor.filter_name!r} is {pattern.text!r}, and the monitor says {want.text!r}: "
            "other lines are counted than are meant."
        )
        yield Finding(sentence, "warning", mend=f"Put the filter again: {wiringmends.put_filter(wiring)}.")


def _engines(wiring: Wiring, pattern: FilterPattern) -> Iterator[Finding]:
    """Yield lines of which the service says another thing than our engine."""
    if wiring.judged is None:
        return
    ours = [bool(one) for one in pattern.matching([one.text for one in wiring.lines])]
    differing = [one.text for one, here, there in zip(wiring.lines, ours, wiring.judged, strict=True) if here != there]
    if differing:
        sentence = (
            f"TestMetricFilter and rejectkit's own engine disagree on {len(differing)} of {len(ours)} recent lines, as "
            f"on {differing[0]!r}: what rejectkit foretells of this pattern may be wrong, the metric is the service's."
        )
        yield Finding(sentence, "notice", mend="Trust the service, and tell rejectkit's makers the pattern and line.")


def _unread(wiring: Wiring, found: Mapping[str, Any]) -> Iterator[Finding]:
    sentence = (
        f"The pattern of {wiring.monitor.filter_name!r} is {found.get('filterPattern', '')!r}, which is none for flow "
        f"logs, and the monitor says {wiring.monitor.pattern.text!r}."
    )
    yield Finding(sentence, "warning", mend=f"Put the filter again: {wiringmends.put_filter(wiring)}.")


def _fitting(wiring: Wiring, fmt: LogFormat | None) -> Monitor:
    """Return the monitor for the format that the lines have; one with a pattern of its own counts all rejects."""
    monitor = wiring.monitor
    if fmt is None or (monitor.log_format == fmt and monitor.choices is not None):
        return monitor
    try:
        return monitor.changed(log_format=fmt, choices=monitor.choices or Choices())
    except ArgumentError:
        return monitor


def _anew(wiring: Wiring, fmt: LogFormat) -> str:
    """Return how a pattern that fits the lines is put."""
    fitting = _fitting(wiring, fmt)
    put = wiringmends.put_filter(wiring, fitting)
    if fitting == wiring.monitor:
        return f"Put the filter again: {put}."
    return f"Give the monitor log_format=LogFormat.parse({str(fmt)!r}), and put the filter for it: {put}."


def _meant(monitor: Monitor, fmt: LogFormat | None) -> FilterPattern | None:
    """Return the pattern that the choices mean for the lines there are; None where there are no choices."""
    if monitor.choices is None:
        return None
    try:
        return monitor.choices.pattern(fmt or monitor.log_format)
    except ArgumentError:
        return None


def _is_reject(line: str, fmt: LogFormat | None) -> bool:
    words = line.split()
    if fmt is None or "action" not in fmt.columns or len(words) != len(fmt.fields):
        return "REJECT" in words
    return words[fmt.columns.index("action")] == "REJECT"


def _flow_logs(wiring: Wiring) -> str:
    return mends.some([one.id for one in wiring.writers])
