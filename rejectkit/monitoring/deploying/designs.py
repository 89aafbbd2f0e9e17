"""The two designs of an alert side by side: how late, how complete, how dear; each figure with its source."""

from __future__ import annotations

from typing import Final

import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.sources.cloudwatch.coverage import LONGEST_AGGREGATION
from rejectkit.sources.cost import GB, dollars

REGION: Final = "us-east-1"
"""Whose prices are told."""
# US dollars there. Source: price tables quoted in public, not read on AWS's own page.
METRIC_PER_MONTH: Final = 0.30
ALARM_PER_MONTH: Final = 0.10
# Seconds. Source: VPC User Guide, "Flow log records".
TYPICAL_DELIVERY: Final = 300

COLUMNS: Final = ("aspect", "metric-filter", "log-alarm", "source", "certainty")


def compared(monitor: Monitor, *, interval: int = 60, bytes_per_day: float | None = None) -> pd.DataFrame:
    """Return what the choice between the two designs means for a monitor.

    Parameters
    ----------
    monitor : Monitor
        The alert; its rule and its delay give the figures, whichever design it has.
    interval : int
        Seconds of the flow log's aggregation: 60 or 600. Nitro instances have 60 at most.
    bytes_per_day : float, optional
        What arrives in the log group a day; for the cost of the queries.

    Returns
    -------
    DataFrame
        One row an aspect; columns aspect, metric-filter, log-alarm, source, and certainty: documented, inferred
        (from what is documented), reported (by others, in public) or unknown. All text.

    Raises
    ------
    ArgumentError
        If the interval is none that flow logs have, or the bytes are less than 0.

    Examples
    --------
    >>> from rejectkit.monitoring import Monitor
    >>> table = compared(Monitor(log_group="vpc-flow-logs"), bytes_per_day=2e9)
    >>> table.loc[table.aspect == "cost of queries", "log-alarm"].item()
    '0.30 USD a month: 60.0 GB read, each byte once'
    """
    if interval not in (60, LONGEST_AGGREGATION):
        raise ArgumentError(f"interval is {interval!r}; a flow log aggregates over 60 or 600 seconds")
    if bytes_per_day is not None and not bytes_per_day >= 0:
        raise ArgumentError(f"bytes_per_day is {bytes_per_day!r}; it is 0 or more")
    rows = [*_delay(monitor, interval), *_completeness(monitor, interval), *_cost(bytes_per_day), *_rest()]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")


def _delay(monitor: Monitor, interval: int) -> list[tuple[str, ...]]:
    period, arrival = monitor.rule.period, interval + TYPICAL_DELIVERY
    return [
        (
            "record in the log group",
            f"about {_minutes(arrival)} after the flow's first packet",
            f"about {_minutes(arrival)} after the flow's first packet",
            "VPC User Guide, Flow log records: aggregation, then typically 5 minutes",
            "documented",
        ),
        (
            "alarm after the flow",
            f"about {_minutes(arrival)} to {_minutes(arrival + period + 60)}, if its datapoint is still looked at",
            f"{_minutes(monitor.delay)} to {_minutes(monitor.delay + period)}, whatever the delivery took",
            "CloudWatch User Guide: an evaluation each minute; PutLogAlarm: EndTimeOffset, then a run each period",
            "inferred",
        ),
    ]


def _completeness(monitor: Monitor, interval: int) -> list[tuple[str, ...]]:
    rule, arrival = monitor.rule, interval + TYPICAL_DELIVERY
    looked = rule.period * rule.evaluation_periods
    late = (
        f"at risk: datapoints arrive about {_minutes(arrival)} after their minute, the rule asks for {_minutes(looked)}"
        if looked < arrival + 60
        else f"likely seen: the rule asks for {_minutes(looked)}, datapoints arrive about {_minutes(arrival)} late"
    )
    waits = (
        f"read, if they arrive within {_minutes(monitor.delay)}"
        if monitor.delay >= arrival
        else f"at risk: records arrive after about {_minutes(arrival)}, the query waits {_minutes(monitor.delay)}"
    )
    return [
        (
            "late records",
            late,
            waits,
            "a metric's datapoint has the time of the flow's start, and how far back an alarm looks is not documented",
            "inferred",
        ),
        (
            "records later still",
            "in the metric, for whoever looks; the alarm does not judge them again",
            "in the log, for whoever looks; no later run reads that time again",
            "CloudWatch User Guide, alarm evaluation; PutLogAlarm, StartTimeOffset",
            "inferred",
        ),
        (
            "what it can ask",
            "one line by itself: texts, numbers, octets of addresses",
            "all of Logs Insights: networks, distinct sources, groups of 500 at most",
            "CloudWatch Logs, filter pattern syntax; CloudWatch User Guide, log alarms",
            "documented",
        ),
    ]


def _cost(bytes_per_day: float | None) -> list[tuple[str, ...]]:
    month = None if bytes_per_day is None else bytes_per_day * 30
    scan = (
        f"{dollars(GB, REGION):g} USD per GB read, each byte once"
        if month is None
        else f"{dollars(month, REGION):,.2f} USD a month: {month / GB:,.1f} GB read, each byte once"
    )
    return [
        (
            "cost of the alarm",
            f"{METRIC_PER_MONTH + ALARM_PER_MONTH:.2f} USD a month: a metric {METRIC_PER_MONTH:.2f}, "
            f"an alarm {ALARM_PER_MONTH:.2f}",
            "not known: no price of a log alarm was found",
            "price tables quoted in public, us-east-1; not read on AWS's own page",
            "reported",
        ),
        (
            "cost of queries",
            "none",
            scan,
            "price tables quoted in public, us-east-1; not read on AWS's own page",
            "reported",
        ),
    ]


def _rest() -> list[tuple[str, ...]]:
    return [
        (
            "log lines in the notice",
            "none",
            "up to 50, with a role that reads them",
            "CloudWatch API reference, PutLogAlarm: ActionLogLineCount",
            "documented",
        ),
        (
            "needs",
            "a log group of the class Standard",
            "a role that runs the query",
            "CloudWatch Logs, log classes; CloudWatch API reference, PutLogAlarm",
            "documented",
        ),
        (
            "hand-over",
            "CloudFormation, Terraform, AWS CLI",
            "CloudFormation, AWS CLI; Terraform has no resource for it",
            "schema of Terraform's provider hashicorp/aws 5.100.0",
            "documented",
        ),
    ]


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} min"
