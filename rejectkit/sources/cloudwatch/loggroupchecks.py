"""What can be amiss with a log group: missing, empty, stale, of a class or with a retention that hurts; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rejectkit.findings import Finding
from rejectkit.records import LogFormat
from rejectkit.sources.cloudwatch import mends
from rejectkit.sources.cloudwatch.coverage import LONGEST_AGGREGATION, FlowLog, LogGroup

FIRST_DATA = 900.0  # seconds: "it can take 10 minutes or more". Source: "Troubleshoot VPC Flow Logs"
SLOW = 1800.0  # seconds after an interval's end at which its records should long be there: five minutes is typical
TOLD_LATE = 3600.0  # seconds within which DescribeLogStreams learns of events. Source: LogStream
NEWEST = "fields @timestamp, @ingestionTime, @logStream | sort @timestamp desc | limit 20"
LINES = "fields @timestamp, @logStream, @message | limit 20"


@dataclass(frozen=True, slots=True)
class GroupState:
    """What was seen in a log group.

    Attributes
    ----------
    group : LogGroup
        Which one.
    newest : float or None
        Timestamp of its newest event that is known, seconds since the epoch; None: it has none.
    looked : bool
        False where its events could not be asked for.
    certain : bool
        Whether its events were looked at, and not only what `DescribeLogStreams` says, which may be an hour late.
    discovered : frozenset of str or None
        Fields that Logs Insights discovers in it; None where that is not known.
    """

    group: LogGroup
    newest: float | None = None
    looked: bool = True
    certain: bool = True
    discovered: frozenset[str] | None = None


def lateness(writers: Sequence[FlowLog]) -> float:
    """Return the age in seconds that the newest event of a group has at most while delivery goes well."""
    return max((one.aggregation for one in writers), default=LONGEST_AGGREGATION) + SLOW


def missing_checks(flow_log: FlowLog, now: float) -> Iterator[Finding]:
    """Yield that the log group of a flow log is not there."""
    age = _age([flow_log], now)
    head = f"The log group {flow_log.log_group} of {flow_log.id} does not exist"
    if age is not None and age < FIRST_DATA:
        sentence = f"{head} yet: the flow log is {mends.span(age)} old, and the first records make the group."
        yield Finding(sentence, "notice", mend="Wait: the first records can take 10 minutes or more.")
        return
    make = mends.of_group("create-log-group", None, flow_log.log_group or "", flow_log.region)
    sentence = f"{head}: nothing was ever delivered, or somebody deleted it."
    mend = f"Make it, {make}, and look how the delivery goes, {mends.describe(flow_log)}. {mends.role(flow_log)}."
    yield Finding(sentence, "warning", mend=mend)


def data_checks(state: GroupState, writers: Sequence[FlowLog], now: float) -> Iterator[Finding]:
    """Yield that a log group has no events yet, or none that are new."""
    if not state.looked:
        return
    name, age = state.group.name, _age(writers, now)
    check = (
        f"Look whether the delivery goes well, {mends.describe(writers[0])}, whether any interface it covers is in use"
        f", and at its role. {mends.role(writers[0])}."
        if writers
        else "Look at the flow log, or whatever else delivers into it; no flow log of this account and region does."
    )
    late = lateness(writers) + (0 if state.certain else TOLD_LATE)
    if state.newest is None:
        if age is not None and age < FIRST_DATA:
            sentence = f"{name} has no data yet: its flow log is {mends.span(age)} old."
            yield Finding(sentence, "notice", NEWEST, "Wait: the first records can take 10 minutes or more.")
        elif state.certain or (age is not None and age > TOLD_LATE):
            since = f" though its flow log is {mends.span(age)} old" if age is not None else ""
            yield Finding(f"{name} has no data{since}.", "warning", NEWEST, check)
    elif now - state.newest > late:
        when = datetime.fromtimestamp(state.newest, UTC)
        doubt = "" if state.certain else " (as DescribeLogStreams says, which may be an hour behind)"
        sentence = (
            f"No data has come into {name} for {mends.span(now - state.newest)}: its newest record is of "
            f"{when:%Y-%m-%d %H:%M} UTC{doubt}."
        )
        yield Finding(sentence, "warning", NEWEST, check)


def class_checks(group: LogGroup, writers: Sequence[FlowLog]) -> Iterator[Finding]:
    """Yield that a log group is of a class that cannot do all. Source: "Log classes"."""
    if group.log_class in (None, "STANDARD"):
        return
    if group.log_class == "INFREQUENT_ACCESS":
        what = (
            "of the Infrequent Access class: it can have no metric filter, and so no alarm on one, its events can be "
            "read by Logs Insights only, and a query has at most 2 stats stages"
        )
    else:
        what = f"of the {group.log_class} class, which is not made for metric filters and queries"
    new = f"{group.name}-standard"
    make = mends.of_group("create-log-group", group, new, group.region, "--log-group-class", "STANDARD")
    mend = f"The class of a log group cannot be changed: make another, {make}"
    mend += f", and let the flow log deliver there. {mends.replace(writers[0], group=new)}" if writers else "."
    yield Finding(f"{group.name} is {what}.", "notice", mend=mend)


def retention_checks(group: LogGroup) -> Iterator[Finding]:
    """Yield that a log group forgets within a day, or never."""
    days = group.retention_days
    if not group.described or (days is not None and days > 1):
        return
    mend = mends.of_group("put-retention-policy", group, group.name, group.region, "--retention-in-days", 30)
    if days is None:
        yield Finding(f"{group.name} keeps its events for ever, and storage is paid for.", "info", mend=f"{mend}.")
    else:
        sentence = f"{group.name} keeps its events for 1 day: yesterday cannot be looked at, nor an alarm tried on it."
        yield Finding(sentence, "notice", mend=f"Keep them longer: {mend}.")


def format_checks(state: GroupState, writers: Sequence[FlowLog], formats: Sequence[LogFormat]) -> Iterator[Finding]:
    """Yield that a log group holds lines of different formats, or fields that the service does not discover."""
    name = state.group.name
    if len(formats) > 1:
        each = [f"{one.id} ({len(one.format.fields)} fields)" for one in writers]
        sentence = (
            f"{len(writers)} flow logs of {len(formats)} different formats deliver into {name}, {mends.some(each)}: "
            "which line is of which format cannot be told for sure, and a metric filter fits one of them."
        )
        last = next(one for one in reversed(writers) if one.format != formats[0])
        mend = f"Give each format a log group of its own. {mends.replace(last, group=f'{name}-2')}"
        yield Finding(sentence, "warning", LINES, mend)
    if state.discovered and len(formats) == 1:
        synonyms = {f"{one}Time" for one in ("start", "end") if one in state.discovered} | {
            one.removesuffix("Time") for one in ("startTime", "endTime") if one in state.discovered
        }
        lacking = [one for one in formats[0].columns if one not in state.discovered | synonyms]
        if lacking:
            sentence = f"Logs Insights does not discover {mends.some(lacking)} in {name}."
            mend = "Nothing is to be done: rejectkit writes a parse for them; queries of your own need one too."
            yield Finding(sentence, "info", LINES, mend)


def _age(writers: Sequence[FlowLog], now: float) -> float | None:
    """Return the age of the oldest flow log in seconds."""
    return max((now - one.created.timestamp() for one in writers if one.created), default=None)
