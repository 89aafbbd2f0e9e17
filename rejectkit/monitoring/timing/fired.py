"""What fired each change to ALARM: the record, from whom it was, and when its aggregation interval closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from rejectkit.errors import AwsError
from rejectkit.exploring.sharing import Share
from rejectkit.monitoring.alarms.alarm import COMPARISONS, STATISTICS, AlarmRule
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.timing import records as latencyrecords
from rejectkit.monitoring.timing.changes import Rule, Transition
from rejectkit.monitoring.timing.grids import closing
from rejectkit.monitoring.timing.records import AROUND, PARTIES, TIMES, Records, Unread
from rejectkit.monitoring.timing.tipping import Tipped, tipping
from rejectkit.sources.base import Source, Watch

INTERVAL: Final = "interval"
END: Final = "end"


@dataclass(frozen=True, slots=True)
class Fired:
    """What fired an alarm; times in milliseconds since the epoch.

    Attributes
    ----------
    first : int
        The record's first packet.
    last : int or None
        Its last packet; None where the log format has no `end`.
    closed : int or None
        When its aggregation interval closed, or its last packet.
    closed_by : str
        "interval", or "end" where the interval is not known to the second; empty where `closed` is unknown.
    ingested, datapoint : int
        When it arrived; when the datapoint that it counts in was over, and it was there.
    parties : mapping of str to object
        The record's values of `PARTIES`.
    records : int
        Matching records that spoke for ALARM.
    began : int
        First packet of the earliest of them.
    minute : int
        Start of the datapoint.
    """

    first: int
    last: int | None
    closed: int | None
    closed_by: str
    ingested: int
    datapoint: int
    parties: Mapping[str, Any]
    records: int
    began: int
    minute: int


def fired(
    monitor: Monitor, rule: Rule, source: Source, changes: Sequence[Transition], watch: Watch
) -> tuple[dict[int, Fired], list[str]]:
    """Return what fired each change to ALARM, by its place, and sentences on what could not be found.

    Parameters
    ----------
    monitor : Monitor
        Which records match.
    rule : AlarmRule or LogAlarmRule
        M and the comparison.
    source : Source
        The records.
    changes : sequence of Transition
        All changes of state.
    watch : Watch
        Progress and cancel.
    """
    why: Counter[str] = Counter()
    wanted = {place: one for place, one in enumerate(changes) if one.alarms}
    for place, one in list(wanted.items()):
        lacking = _lacking(one, rule)
        if lacking:
            why[lacking] += 1
            del wanted[place]
    if not wanted:
        return {}, list(_told(why))
    statistics = {_statistic(one) for one in wanted.values()}
    try:
        asked = latencyrecords.asked(monitor, source.fields, statistics)
    except AwsError as error:  # a source asks for its format first
        why[f"the records behind it could not be read: {str(error).rstrip('.')}"] += len(wanted)
        return {}, list(_told(why))
    if asked is None:
        why[
            "the alarm's query is one's own and returns no records as they are, so which of them fired is not known"
        ] += len(wanted)
        return {}, list(_told(why))
    query, compares = asked
    spans = latencyrecords.spans(wanted.values())
    records = latencyrecords.fetched(source, query, compares, monitor, spans, Share(watch, 0.1, 0.7))
    found: dict[int, Fired] = {}
    for place, one in wanted.items():
        made = _fired(one, rule, records)
        if isinstance(made, str):
            why[made] += 1
        else:
            found[place] = made
    closed, told = _closed(source, found, Share(watch, 0.7, 0.9))
    return closed, [*_told(why), *told]


def _told(why: Counter[str]) -> Iterator[str]:
    for reason, number in why.items():
        yield f"Of {number:,} change{'' if number == 1 else 's'} to ALARM no record is told: {reason}."


def _statistic(one: Transition) -> str:
    return one.statistic or "Sum"


def _lacking(one: Transition, rule: Rule) -> str:
    """Return why no record can be found for a change to ALARM; empty where one can."""
    if one.evaluated is None:
        return "the history has no queryDate of it, as where somebody set the state (SetAlarmState)"
    if not one.datapoints:
        return "its history names no datapoint that breached, as where missing ones count as breaching"
    if rule.comparison.startswith("Less"):
        return "the rule is of too few records, so none of them fired it"
    if _statistic(one) not in STATISTICS:
        return f"{_statistic(one)} is no plain statistic"
    return ""


def _fired(one: Transition, rule: Rule, records: Records) -> Fired | str:
    """Return what fired a change, its interval still unknown; or why that is not known."""
    low, end = min(each.start for each in one.datapoints), max(each.end for each in one.datapoints)
    unread = next((span.why for span in records.unread if span.first < end and span.end > low), "")
    if unread:
        return f"the records behind it could not be read: {unread}"
    near = records.within(low, end)
    if not len(near.times):
        return (
            "the source has no record of its datapoints that tells when it arrived: they may have expired, the source "
            "may be of another log group, or tell no @ingestionTime"
        )
    m = rule.datapoints_to_alarm if isinstance(rule, AlarmRule) else rule.results_to_alarm
    threshold = rule.threshold if one.threshold is None else one.threshold
    tipped = tipping(
        one.datapoints,
        min(m, len(one.datapoints)),
        _statistic(one),
        lambda values: COMPARISONS[rule.comparison](values, threshold),  # type: ignore[arg-type, return-value]
        near.times,
        near.arrived,
        near.matches,
    )
    if tipped is None:
        return (
            "the source has fewer records of its datapoints than the alarm counted: the filter counted other ones, or "
            "some have expired"
        )
    return _of(near, tipped)


def _of(near: Records, tipped: Tipped) -> Fired:
    row = near.frame.iloc[tipped.record]
    starts = _starts(near)
    arrived, last = int(near.arrived[tipped.record]), row.get("end")
    spoke = tipped.spoke if len(tipped.spoke) else np.array([tipped.record])
    return Fired(
        first=int(starts[tipped.record]),
        last=None if last is None or pd.isna(last) else 1000 * int(cast(int, last)),
        closed=None,
        closed_by="",
        ingested=arrived,
        datapoint=max(arrived, tipped.datapoint.made),
        parties={name: row[name] for name in PARTIES if name in row and not pd.isna(row[name])},
        records=len(tipped.spoke),
        began=int(starts[spoke].min()),
        minute=tipped.datapoint.start,
    )


def _starts(near: Records) -> latencyrecords.Ints:
    """Return when each record's first packet was: `start`, or the event's timestamp, which is the same."""
    if "start" not in near.frame:
        return near.times
    known = near.frame["start"].notna().to_numpy(dtype=bool)
    return np.where(known, 1000 * near.frame["start"].fillna(0).to_numpy(dtype=np.int64), near.times)


def _closed(source: Source, found: dict[int, Fired], watch: Watch) -> tuple[dict[int, Fired], list[str]]:
    """Return what fired with the end of its interval, and sentences on how that is known."""
    told: list[str] = []
    made = {
        place: one if one.last is None else replace(one, closed=one.last, closed_by=END) for place, one in found.items()
    }
    if endless := sum(one.last is None for one in found.values()):
        told.append(
            f"{endless:,} record{' has' if endless == 1 else 's have'} no end, so how the way into the log parts into "
            "aggregation and delivery is not known, and total counts from the arrival; add ${end} to the flow log's "
            "format."
        )
    if {"interfaceId", *TIMES} <= {*source.fields}:
        unread = [one.why for around in AROUND for one in _pin(source, made, around, watch)]
        told += [f"Not all records that tell aggregation intervals could be read: {why}." for why in unread[:1]]
    by = Counter(one.closed_by for one in made.values())
    if by[INTERVAL]:
        told.append(
            "When an aggregation interval closed is worked out from the records of the interface within up to "
            f"{AROUND[-1] // 3600} hours, on the assumption that its intervals are all 60 s, or all 600 s, without a "
            "gap."
        )
    if by[END]:
        told.append(
            f"Of {by[END]:,} record{'' if by[END] == 1 else 's'} the interval is not known to the second, and "
            "aggregation is told to the last packet (closedBy is 'end'): it may be longer, and delivery as much "
            "shorter."
        )
    return made, told


def _pin(source: Source, made: dict[int, Fired], around: int, watch: Watch) -> list[Unread]:
    """Give those whose interval is not known yet its end, as the records around them tell it; return what is unread."""
    left = {place: one for place, one in made.items() if one.closed_by == END and "interfaceId" in one.parties}
    if not left:
        return []
    named = sorted({(str(one.parties["interfaceId"]), one.first // 1000) for one in left.values()})
    frame, unread = latencyrecords.intervals(source, named, around, watch)
    pairs = {str(name): group.sort_values("start") for name, group in frame.groupby("interfaceId")}
    for place, one in left.items():
        of = pairs.get(str(one.parties["interfaceId"]))
        if of is None or one.last is None:
            continue
        starts, ends = (of[name].to_numpy(dtype=np.int64) for name in TIMES)
        low, high = np.searchsorted(starts, (one.first // 1000 - around, one.first // 1000 + around + 1))
        at = closing(one.last // 1000, starts[low:high], ends[low:high])
        if at is not None and 1000 * at <= one.ingested:
            made[place] = replace(one, closed=1000 * at, closed_by=INTERVAL)
    return unread
