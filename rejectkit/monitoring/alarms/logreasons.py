"""Why a log alarm is in its state: the service's sentence, and the JSON beside it.

The sentence of ALARM and the JSON are those of the sample notice in the CloudWatch user guide, "Log alarms"; the other
sentences are *inferred*, from it and from the metric alarm's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rejectkit.monitoring.alarms.alarm import ALARM, INSUFFICIENT_DATA, OK
from rejectkit.monitoring.alarms.logalarm import EVALUATION_FAILURE, FAILED, Contributor, Execution, LogAlarmRule
from rejectkit.monitoring.alarms.reasons import (
    NAMED,
    REASON_DATA_LIMIT,
    REASON_LIMIT,
    TREATED,
    WORDS,
    Judgement,
    compact,
    decimal,
)
from rejectkit.monitoring.timing.moments import short, stamp

CHANGED = Judgement(INSUFFICIENT_DATA, "Unchecked: Alarm configuration updated")
"""The state after a change of query, aggregation, schedule or log groups (its sentence is *inferred*)."""


def explain(
    rule: LogAlarmRule,
    executions: Sequence[Execution],
    state: str,
    at: datetime | float,
    contributor: Contributor = (),
) -> Judgement:
    """Return a state with its reason.

    Parameters
    ----------
    rule : LogAlarmRule
        The alarm's.
    executions : sequence of Execution
        Oldest first; the newest N are told.
    state : str
        The state that they gave.
    at : datetime or float
        When they were evaluated: aware, or seconds since the epoch.
    contributor : tuple of str
        Whose results.

    Examples
    --------
    >>> runs = [Execution(1781093700.0, {(): 142.0}, "q1")]
    >>> print(explain(LogAlarmRule(threshold=100.0), runs, "ALARM", 1781093730.0).reason)
    Threshold Crossed: 1 out of the last 1 query results [142.0 (10/06/26 12:15:00)] was greater than the threshold \
(100.0) (minimum 1 datapoint for OK -> ALARM transition).
    """
    latest = executions[-rule.results_to_evaluate :][::-1]  # the newest first
    values = [(one, one.values.get(contributor)) for one in latest]
    sentence = _sentence(rule, values, state)
    return Judgement(state, sentence[:REASON_LIMIT], data(rule, latest, at, contributor))


def fault(
    rule: LogAlarmRule, executions: Sequence[Execution], evaluation_state: str, at: datetime | float
) -> Judgement:
    """Return INSUFFICIENT_DATA with the reason that executions failed."""
    latest = executions[-rule.results_to_evaluate :][::-1]
    failed = [one for one in latest if one.status == FAILED]
    told = f"{len(failed)} out of the last {len(latest)} query results failed: {failed[0].fault}"
    kind = "Evaluation failure" if evaluation_state == EVALUATION_FAILURE else "Evaluation error"
    return Judgement(INSUFFICIENT_DATA, f"{kind}: {told}"[:REASON_LIMIT], data(rule, latest, at))


def summed(states: dict[Contributor, str], state: str) -> Judgement:
    """Return the state of an alarm that has contributors, with the guide's sentence for it."""
    alarmed = sum(one == ALARM for one in states.values())
    noun = "contributor" if len(states) == 1 else "contributors"
    return Judgement(state, f"{alarmed} out of {len(states)} {noun} evaluated to ALARM")


def data(
    rule: LogAlarmRule, latest: Sequence[Execution], at: datetime | float, contributor: Contributor = ()
) -> dict[str, Any]:
    """Return the reason data; where they are too long, they lose their oldest results (*inferred*)."""
    told: dict[str, Any] = {
        "version": "1.0",
        "queryDate": stamp(at),
        "threshold": rule.threshold,
        "queryResultsToEvaluate": rule.results_to_evaluate,
        "queryResultsToAlarm": rule.results_to_alarm,
        "results": [],
    }
    for one in latest:
        result: dict[str, Any] = {"queryResultId": one.id, "status": one.status, "timestamp": stamp(one.at)}
        value = one.values.get(contributor)
        if value is not None and not math.isnan(value):
            result["value"] = value
        longer = told | {"results": [*told["results"], result]}
        if len(compact(longer)) > REASON_DATA_LIMIT:
            break
        told = longer
    return told


def _sentence(rule: LogAlarmRule, values: Sequence[tuple[Execution, float | None]], state: str) -> str:
    n, m = rule.results_to_evaluate, rule.results_to_alarm
    real = [(one, value) for one, value in values if value is not None and not math.isnan(value)]
    lacking = n - len(real)
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_plural(lacking, 'query result')} {_were(lacking)} unknown."
    speaking = [(one, value) for one, value in real if rule.breaches(value) == (state == ALARM)]
    missing = ""
    treated = TREATED.get(rule.treat_missing_data)
    if treated and lacking:
        missing = f" and {_plural(lacking, 'missing query result')} {_were(lacking)} treated as [{treated}]"
    if not speaking:
        got = f"{_plural(len(real), 'query result')} {_were(len(real))}" if real else "no query results were"
        return f"Threshold Crossed: {got} received for {_plural(n, 'execution')}{missing}."
    listed = ", ".join(f"{decimal(value)} ({short(one.at)})" for one, value in speaking[:NAMED])
    clear = "not " if state == OK else ""
    verdict = f"{_were(len(speaking))} {clear}{WORDS[rule.comparison]} the threshold ({decimal(rule.threshold)})"
    needed, change = (n - m + 1, "ALARM -> OK") if state == OK else (m, "OK -> ALARM")
    return (
        f"Threshold Crossed: {len(speaking)} out of the last {n} query results [{listed}] {verdict}{missing} "
        f"(minimum {_plural(needed, 'datapoint')} for {change} transition)."
    )


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
