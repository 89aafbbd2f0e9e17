"""A run of a log alarm's query: started on the region's own Logs Insights, read when it has ended."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from rejectkit.errors import QueryError
from rejectkit.insights import parse
from rejectkit.insights.localquery import POINTER, LocalAnswer, QueryFailedError
from rejectkit.insights.syntax import spell
from rejectkit.monitoring.alarms.logalarm import FAILED, MOST_CONTRIBUTORS, Contributor, Execution
from rejectkit.sandbox.alarms.logalarmroles import lines_fault, query_fault
from rejectkit.sandbox.alarms.logalarmstate import LogAlarm
from rejectkit.sandbox.logs.logstore import LogGroup, LogStore, name_of
from rejectkit.sandbox.logs.queries import Insights, Running

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Run:
    """A run under way: the query, or why there is none."""

    at: float
    query: Running | None = None
    fault: str = ""
    is_client_fault: bool = False


def start(world: World, region: str, alarm: LogAlarm, at: float) -> Run:
    """Start a run; it counts among the region's concurrent queries and their bytes, and sees what has arrived by now.

    A window from before a log group was made is empty, not refused as StartQuery does (*inferred*).
    """
    insights = world.region(region).of(Insights)
    insights.forget()
    try:
        groups = _groups(world, region, alarm)
        fault = query_fault(world, region, alarm.query["ScheduledQueryRoleARN"], groups)
        if fault:
            return Run(at, fault=fault, is_client_fault=True)
        text = alarm.aggregation.query(alarm.query["QueryString"])
        query = parse(text)
        if insights.active() >= world.limits.concurrent_queries:
            most = world.limits.concurrent_queries
            return Run(at, fault=f"Account maximum query concurrency limit of [{most}] reached.")
        window = alarm.rule.window(at)
        first, last = int(window.start.timestamp()), int(window.end.timestamp()) - 1
        return Run(at, insights.start(str(uuid.uuid4()), text, query, groups, first, last))
    except QueryError as error:
        return Run(at, fault=f"the query is malformed: {error.message}", is_client_fault=True)
    except LookupError as error:
        return Run(at, fault=str(error.args[0]), is_client_fault=True)


def finished(world: World, region: str, alarm: LogAlarm, run: Run) -> Execution | None:
    """Return what a run found; None while it goes on."""
    if run.query is None:
        return Execution(run.at, {}, "", FAILED, run.fault, run.is_client_fault)
    now = world.clock.stopwatch
    if not run.query.ended(now):
        return None
    status = run.query.status(now)
    if status != "Complete":
        return Execution(run.at, {}, run.query.id, FAILED, f"the query ended as {status}")
    answer = world.region(region).of(Insights).found(run.query).answer
    found = values(alarm, answer)
    kept = dict(list(found.items())[:MOST_CONTRIBUTORS])
    return Execution(run.at, kept, run.query.id, is_partial=len(found) > len(kept))


def values(alarm: LogAlarm, answer: LocalAnswer) -> dict[Contributor, float | None]:
    """Return the aggregate by contributor, in the order of the aggregation."""
    aggregation = alarm.aggregation
    numbers = [_number(text) for text in answer.frame.iloc[:, answer.columns.index(aggregation.column)]]
    if not aggregation.fields:
        return {(): numbers[0] if numbers else None}
    keys = [answer.frame.iloc[:, answer.columns.index(name)].fillna("").astype(str) for name in aggregation.fields]
    found = dict(zip(zip(*keys, strict=True), numbers, strict=True))
    if not aggregation.order:
        return {key: found[key] for key in sorted(found)}
    sign = -1 if aggregation.order == "desc" else 1
    least = float("inf")
    return {key: found[key] for key in sorted(found, key=lambda key: (sign * _or(found[key], sign * least), key))}


def lines(world: World, region: str, alarm: LogAlarm, run: Run) -> list[Mapping[str, str]]:
    """Return rows of the query itself, before the aggregation; reading them again is not counted as scanned.

    Where results are grouped, the rows have the fields they are grouped by, which tell each contributor's from the
    others'. Without a role that may fetch them there are none. Source: CloudWatch user guide, "Log alarms".
    """
    most, fields = alarm.configured["ActionLogLineCount"], alarm.aggregation.fields
    if not most or run.query is None:
        return []
    if lines_fault(world, region, alarm.configured["ActionLogLineRoleArn"], run.query.groups):
        return []
    wanted = most * MOST_CONTRIBUTORS if fields else most
    text = alarm.query["QueryString"]
    if fields:
        stages = (text.strip(), f"fields @timestamp, @message, {', '.join(map(spell, fields))}")
        text = "\n| ".join(stages if stages[0] else stages[1:])
    insights = world.region(region).of(Insights)
    try:
        answer = insights.tables.run(parse(text), run.query.spans, run.query.window, now=run.at, rows=wanted)
    except (QueryError, QueryFailedError):
        return []
    return list(_rows(answer))[:wanted]


def _rows(answer: LocalAnswer) -> Iterator[Mapping[str, str]]:
    for row in answer.frame.itertuples(index=False, name=None):
        cells = zip(answer.columns, row, strict=True)
        yield {name: cell for name, cell in cells if name != POINTER and isinstance(cell, str)}


def _groups(world: World, region: str, alarm: LogAlarm) -> tuple[LogGroup, ...]:
    store = world.region(region).of(LogStore)
    found: dict[str, LogGroup] = {}
    for identifier in alarm.query["LogGroupIdentifiers"]:
        group = store.groups.get(name_of(identifier))
        if group is None or (identifier.startswith("arn:") and identifier.removesuffix(":*") != group.arn):
            raise LookupError(f"Log group '{identifier}' does not exist for account ID '{world.account}'")
        found[group.name] = group
    return tuple(found.values())


def _number(text: object) -> float | None:
    if not isinstance(text, str) or not text:
        return None
    number = pd.to_numeric(text, errors="coerce")
    return None if pd.isna(number) else float(number)


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
