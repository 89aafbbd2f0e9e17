"""latency: how late an alarm was, stage by stage, for each change of its state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, ArgumentError
from rejectkit.exploring.sharing import Share
from rejectkit.monitoring.alarms.alarm import ALARM, AlarmRule
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.alarms.state import TYPES
from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.services import check_parts
from rejectkit.monitoring.timing.changes import KEPT, Rule, Transition, transitions
from rejectkit.monitoring.timing.fired import Fired, fired
from rejectkit.monitoring.timing.notices import noticed
from rejectkit.monitoring.timing.records import PARTIES
from rejectkit.monitoring.timing.stages import MOMENTS, STAGES, TOTAL, seconds
from rejectkit.pacing import Budget
from rejectkit.sources.base import Source, Watch
from rejectkit.window import Window, check_window

TOLD: Final = "told"
"""The attribute of the frame (`frame.attrs`) with sentences on what is assumed, and what is not known."""

_AFTER: Final = timedelta(minutes=15)  # in which the actions of a change are looked for
_UTC: Final = "datetime64[ms, UTC]"


def latency(
    monitor: Monitor,
    source: Source,
    session: Any,
    window: Window | None = None,
    *,
    region: str | None = None,
    budget: Budget | None = None,
    watch: Watch | None = None,
    queue: str | None = None,
) -> pd.DataFrame:
    """Return how late an alarm was, stage by stage, for each change of its state.

    Read are the alarm's history, the records of the datapoints that breached, the records around these of the same
    interfaces, and the notices. Nothing is changed.

    Parameters
    ----------
    monitor : Monitor
        Whose alarm; its pattern or choices say which records match.
    source : Source
        The log group's records, with `@ingestionTime`: an InsightsSource.
    session : boto3.Session
        The account of the alarm.
    window : Window, optional
        Changes of state in it; all of the history, which is kept for 30 days, where it is left out.
    region : str, optional
        The alarm's; the session's where it is left out.
    budget : Budget, optional
        Of calls; the session's where it is left out.
    watch : Watch, optional
        Progress and cancel.
    queue : str, optional
        URL or ARN of an SQS queue that the topic is subscribed to and nobody else empties: tells when notices came.
        Needs sqs:ReceiveMessage and sqs:ChangeMessageVisibility, which are in none of rejectkit's policies.
        Its messages are received (hidden for some seconds, and counted as received once more) and never deleted.
        Without it notices are timed by the topic's metric, to the minute.

    Returns
    -------
    DataFrame
        One row for each change of state, oldest first:

        - `at` (UTC), the history item's time; `previous` and `state` (str);
        - the moments of `stages.MOMENTS` (UTC, NaT where unknown) and the stages of `stages.STAGES` (seconds, NaN
          where unknown); `total` (seconds), the sum of the known stages;
        - of the record that fired it: `interfaceId`, `srcAddr`, `dstAddr` (str), `dstPort`, `protocol` (Int64);
          `records` (Int64), the matching records that spoke; `began` (UTC), first packet of the earliest of them;
          `minute` (UTC), start of the datapoint; `closedBy` (str): "interval" where the end of the aggregation
          interval is known to the second, "end" where it is only known to be no sooner than the record's last packet.

        `attrs["told"]` is a tuple of sentences: what is assumed, what is unknown and why.

    Raises
    ------
    ArgumentError
        If the monitor, the source, the window or the queue is none.
    AccessDeniedError
        If the history may not be read. What else is not permitted is told, and what it answers is unknown.
    AwsError
        If there are no credentials or no region, or AWS does not answer.

    Notes
    -----
    The record that fired: of those that match, lie in a datapoint that breached and had arrived by `queryDate`, in the
    order of their arrival, the one at which the rule held (M datapoints of N breached), and went on to. A log alarm's
    datapoint is the result of a run of its query, there at the run; what arrived after it is not in it. Changes to OK
    and INSUFFICIENT_DATA are of no record, and begin with their evaluation.

    Source: CloudWatch user guide, "Alarm actions" (reason data), and VPC user guide, "Flow log records".

    Examples
    --------
    >>> import rejectkit as rk
    >>> with rk.sandbox.start(scenario=None) as sandbox:
    ...     source = rk.InsightsSource("vpc", sandbox.session)
    ...     found = latency(rk.Monitor(log_group="vpc"), source, sandbox.session)
    >>> len(found), found.attrs["told"][0]
    (0, 'There is no alarm VPCFlowLogs-Rejects in eu-west-1, and no change of state of one in its history.')
    """
    check_window(window)
    check_parts(monitor, source)
    watch = watch or Watch()
    services = {name: Service(session, name, region, budget=budget) for name in ("cloudwatch", "sqs")}
    cloudwatch = services["cloudwatch"]
    told: list[str] = []
    rule, is_there = _rule(monitor, cloudwatch, told)
    watch.report(0.0, "reading the alarm's history")
    changes = _changes(monitor, cloudwatch, window, rule, told)
    if not changes:
        told.insert(0, _nothing(monitor, cloudwatch, window, is_there))
    elif not is_there:
        told.append(f"The alarm {monitor.alarm_name} is gone: its rule is taken to have been the monitor's.")
    found, words = fired(monitor, rule, source, changes, Share(watch, 0.1, 0.9))
    told += words
    watch.report(0.9, "looking for notices")
    times, words = noticed(services, queue, monitor.topic_name, monitor.alarm_name, changes) if changes else ({}, [])
    frame = _frame(changes, found, times)
    frame.attrs[TOLD] = tuple([*told, *_failed(changes), *words])
    watch.report(1.0, "done")
    return frame


def percentiles(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how long each stage took over all changes to ALARM, and its share of the whole.

    Parameters
    ----------
    frame : DataFrame
        As `latency` returns it.

    Returns
    -------
    DataFrame
        One row for each stage in order, and one for `total`: `stage` (str), `known` (Int64, changes of which it is
        known), `median`, `p90`, `p99`, `longest` (float seconds, NaN where none is known), `share` (float): its
        seconds of all known stages'. Changes to other states are not counted.

    Examples
    --------
    >>> rows = {"state": ["ALARM", "ALARM"], **dict.fromkeys(STAGES, [10.0, 30.0]), "total": [70.0, 210.0]}
    >>> print(percentiles(pd.DataFrame(rows)).loc[:1, ["stage", "median", "share"]].round(2).to_string(index=False))
          stage  median  share
    aggregation    20.0   0.14
       delivery    20.0   0.14
    """
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(f"the frame is a {type(frame).__name__}; give what latency returned")
    lacking = [name for name in ("state", *STAGES, TOTAL) if name not in frame]
    if lacking:
        raise ArgumentError(f"the frame has no column {lacking[0]!r}; give what latency returned")
    of = frame[frame["state"] == ALARM]
    whole = float(of[TOTAL].sum())
    rows = []
    for name in (*STAGES, TOTAL):
        known = of[name].dropna().to_numpy(dtype=np.float64)
        cuts = np.quantile(known, (0.5, 0.9, 0.99, 1.0)).tolist() if len(known) else [np.nan] * 4
        rows.append((name, len(known), *cuts, float(known.sum()) / whole if whole else np.nan))
    made = pd.DataFrame(rows, columns=["stage", "known", "median", "p90", "p99", "longest", "share"])
    return made.astype({"stage": "str", "known": "Int64"})


def _rule(monitor: Monitor, service: Service, told: list[str]) -> tuple[Rule, bool]:
    """Return the rule of the alarm as it is, else the monitor's; and whether there is an alarm, as far as is known."""
    own = wanted.alarm_rule(monitor)
    try:
        answer = service.call("DescribeAlarms", AlarmNames=[monitor.alarm_name], AlarmTypes=list(TYPES))
    except AccessDeniedError as error:
        told.append(f"{error.action} is not permitted: the alarm's rule is taken to be the monitor's.")
        return own, True
    kinds: Mapping[str, type[AlarmRule | LogAlarmRule]] = {"MetricAlarms": AlarmRule, "LogAlarms": LogAlarmRule}
    for member, made in kinds.items():
        for alarm in answer.get(member) or ():
            try:
                rule = made.from_describe(alarm)
            except ArgumentError as error:
                told.append(f"The alarm's rule is taken to be the monitor's: {error}.")
                return own, True
            if rule != own:
                told.append("The alarm's rule is not the monitor's: what fired is judged by the alarm's.")
            return rule, True
    if answer.get("CompositeAlarms"):
        told.append(f"{monitor.alarm_name} is a composite alarm, whose changes are of no record.")
    return own, bool(answer.get("CompositeAlarms"))


def _changes(
    monitor: Monitor, service: Service, window: Window | None, rule: Rule, told: list[str]
) -> tuple[Transition, ...]:
    """Return the changes of state in a window, oldest first."""
    oldest = datetime.fromtimestamp(service.now() - KEPT, UTC)
    if window is not None and window.start < oldest - timedelta(minutes=1):
        told.append(
            f"CloudWatch keeps an alarm's history for 30 days: what was before {oldest:%Y-%m-%d %H:%M} UTC is not "
            "known."
        )
    asked: dict[str, Any] = {"StartDate": oldest if window is None else max(window.start, oldest)}
    if window is not None:
        asked["EndDate"] = max(window.end + _AFTER, asked["StartDate"])
    items = service.pages(
        "DescribeAlarmHistory",
        "AlarmHistoryItems",
        AlarmName=monitor.alarm_name,
        AlarmTypes=list(TYPES),
        ScanBy="TimestampAscending",
        MaxRecords=100,
        **asked,
    )
    found = transitions(items, rule, monitor.topic_name)
    if window is None:
        return found
    first, end = window.millis
    return tuple(one for one in found if first <= one.at < end)


def _nothing(monitor: Monitor, service: Service, window: Window | None, is_there: bool) -> str:
    span = "" if window is None else f" from {window}"
    if is_there:
        return f"The alarm {monitor.alarm_name} has no change of state in its history{span}."
    there = f"There is no alarm {monitor.alarm_name} in {service.region}"
    return f"{there}, and no change of state of one in its history{span}."


def _failed(changes: Sequence[Transition]) -> Iterator[str]:
    """Yield what is to be said of changes that ran no action, or have no queryDate."""
    failed = [one for one in changes if one.failed]
    if failed:
        first = failed[0].failed.rstrip(".")
        yield f"On {len(failed):,} of {len(changes):,} changes the action failed, the first time so: {first}."
    silent = sum(one.alarms and one.acted is None and not one.failed for one in changes)
    if silent:
        yield f"On {silent:,} change{'' if silent == 1 else 's'} to ALARM no action ran, so there was no notice either."
    unasked = sum(one.evaluated is None for one in changes)
    if unasked:
        yield (
            f"Of {unasked:,} change{'' if unasked == 1 else 's'} the history has no queryDate, as where somebody set "
            "the state (SetAlarmState): nothing before the change itself is known."
        )


def _frame(changes: Sequence[Transition], found: Mapping[int, Fired], times: Mapping[int, int]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for place, one in enumerate(changes):
        row: dict[str, Any] = {"at": one.at, "previous": one.previous, "state": one.state}
        row |= {"evaluated": one.evaluated, "changed": one.at, "acted": one.acted, "noticed": times.get(place)}
        if (by := found.get(place)) is not None:
            row |= {"firstPacket": by.first, "closed": by.closed, "ingested": by.ingested, "datapoint": by.datapoint}
            row |= {**by.parties, "records": by.records, "began": by.began, "minute": by.minute}
            row |= {"closedBy": by.closed_by or None}
        rows.append(row)
    columns = ["at", "previous", "state", *MOMENTS, *PARTIES, "records", "began", "minute", "closedBy"]
    frame = pd.DataFrame(rows, columns=columns)
    for name in ("at", *MOMENTS, "began", "minute"):
        frame[name] = pd.to_datetime(frame[name].astype("Int64"), unit="ms", utc=True).astype(_UTC)
    kinds = dict.fromkeys(("previous", "state", "interfaceId", "srcAddr", "dstAddr", "closedBy"), "str")
    frame = frame.astype({**kinds, **dict.fromkeys(("dstPort", "protocol", "records"), "Int64")})
    staged = seconds(frame)
    parts = (frame[["at", "previous", "state", *MOMENTS]], staged, frame[columns[3 + len(MOMENTS) :]])
    return pd.concat(parts, axis=1)
