"""When an alarm is evaluated, and which periods it looks at then: what AWS documents, and what it leaves open."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.timing.moments import epoch

EVALUATION_PHASE: Final = 42.8
"""Seconds after the minute at which an alarm of 60 s or more is evaluated. Each alarm has a phase of its own, which
AWS does not tell; histories quoted in public show 1.3, 5.8, 42.8 and others. *Inferred*: one of them."""

HIGH_RESOLUTION_DELAY: Final = 10.0
"""Seconds that a period of 10, 20 or 30 s must be over before it is looked at. *Inferred* from a recorded history of
10 s alarms, whose newest slot had ended 10.8 to 18.8 s before each evaluation."""


@dataclass(frozen=True, slots=True)
class EvaluationRange:
    """How many periods beyond N an evaluation reaches back, to find datapoints where some are missing.

    AWS does not document it ("depends on the length of the alarm period and on the resolution"). So it is an
    argument everywhere, and a replay over both ends of the plausible span, `SHORTEST` and `LONGEST`, shows what
    depends on it.

    Parameters
    ----------
    extra : int
        Periods before the newest N.

    Examples
    --------
    >>> DOCUMENTED.length(AlarmRule(evaluation_periods=3))
    5
    """

    extra: int = 2

    def __post_init__(self) -> None:
        """Refuse what is no count."""
        if isinstance(self.extra, bool) or not isinstance(self.extra, int) or self.extra < 0:
            raise ArgumentError(f"extra is {self.extra!r}; it is a whole number of periods, 0 or more")

    def length(self, rule: AlarmRule) -> int:
        """Return the number of slots for a rule."""
        return rule.evaluation_periods + self.extra


SHORTEST: Final = EvaluationRange(0)
"""Nothing beyond N: an incident told in public, where a 60 s / 1-of-1 alarm never saw a datapoint one minute late."""

DOCUMENTED: Final = EvaluationRange(2)
"""5 slots for N = 3, as in the example of "Configuring how CloudWatch alarms treat missing data". The default."""

LONGEST: Final = EvaluationRange(8)
"""11 slots for N = 3, as recorded for a 10 s alarm; for 60 s / 1-of-1 it agrees with a report of ALARM 4 minutes
after the breaching minute and OK 5 to 9 minutes late."""


def slots(
    rule: AlarmRule,
    at: datetime | float,
    reach: EvaluationRange = DOCUMENTED,
    *,
    delay: float | None = None,
) -> list[int]:
    """Return the starts of the periods that an evaluation looks at, oldest first.

    The window slides: a period of 300 s is the last five whole minutes, cut anew each minute, so two evaluations
    look at periods that overlap. (An alarm put with `EvaluationWindow.WallClockWindow` does not; it has no rule
    here.) Source: CloudWatch user guide, "Alarm evaluation" and "Alarm evaluation window".

    Parameters
    ----------
    rule : AlarmRule
        Its period and N count.
    at : datetime or float
        The moment of the evaluation: aware, or seconds since the epoch.
    reach : EvaluationRange
        How far it looks back.
    delay : float, optional
        Seconds that a period must be over before it is looked at. Where left out: `HIGH_RESOLUTION_DELAY` for 10,
        20 and 30 s, else 0 (*inferred*).

    Returns
    -------
    list of int
        Seconds since the epoch; a datapoint covers `[start, start + period)`.

    Examples
    --------
    >>> slots(AlarmRule(), 13 * 3600 + 14 * 60 + 42.8, SHORTEST) == [13 * 3600 + 13 * 60]
    True
    """
    step = _step(rule)
    if delay is None:
        delay = HIGH_RESOLUTION_DELAY if rule.period < 60 else 0.0
    end = math.floor((epoch(at) - delay) / step) * step
    return [end - rule.period * back for back in range(reach.length(rule), 0, -1)]


def interval(rule: AlarmRule) -> int:
    """Return the seconds between two evaluations of a rule.

    10 for a period of 10, 20 or 30 s, else 60; 3600 where N periods span more than a day. Source: CloudWatch user
    guide, "Alarm evaluation".
    """
    if rule.period * rule.evaluation_periods > 86_400:
        return 3600
    return _step(rule)


def evaluations(
    rule: AlarmRule, start: datetime | float, end: datetime | float, phase: float = EVALUATION_PHASE
) -> Iterator[float]:
    """Yield the moments in `[start, end)` at which a rule is evaluated, as seconds since the epoch.

    Parameters
    ----------
    rule : AlarmRule
        Its period and N give the interval.
    start, end : datetime or float
        Aware, or seconds since the epoch.
    phase : float
        Seconds after each mark of the interval.

    Examples
    --------
    >>> list(evaluations(AlarmRule(), 0, 150, phase=30.0))
    [30.0, 90.0]
    """
    every = interval(rule)
    offset = phase % every
    turn = math.ceil((epoch(start) - offset) / every)
    while (moment := turn * every + offset) < epoch(end):
        yield moment
        turn += 1


def _step(rule: AlarmRule) -> int:
    """Return the seconds by which a rule's window slides."""
    return 10 if rule.period < 60 else 60
