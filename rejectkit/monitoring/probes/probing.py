"""probe: one refused connection attempt at a target of one's own, followed through every stage of the alert."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from rejectkit.errors import AccessDeniedError, ArgumentError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.probes.attempt import Attempt, Connect, Target, attempt
from rejectkit.monitoring.probes.finding import query, shown
from rejectkit.monitoring.probes.following import Ended, Follower
from rejectkit.monitoring.probes.probed import Probed
from rejectkit.monitoring.services import Services, check_parts
from rejectkit.monitoring.timing.stages import MOMENTS
from rejectkit.pacing import Budget
from rejectkit.sources.base import Source, Watch

__all__ = ["Attempt", "Probed", "Target", "attempt", "probe"]

DEADLINE: Final = 1_800.0
"""Seconds that a probe lasts at most: intervals of 600 s, and deliveries of several minutes, are within them."""


def probe(
    monitor: Monitor,
    source: Source,
    session: Any,
    target: str | tuple[str, int] | Target,
    *,
    connect: Connect | None = None,
    sleep: Callable[[float], object] = time.sleep,
    now: Callable[[], float] | None = None,
    deadline: float = DEADLINE,
    queue: str | None = None,
    region: str | None = None,
    budget: Budget | None = None,
    watch: Watch | None = None,
) -> Probed:
    """Try once to connect to a target of yours that refuses it, and follow what comes of that to the notice.

    One TCP connection attempt is made from this machine, to the address and port given and to nothing else; not a
    byte is sent. Then it is looked for in turn: its record in the log group, the datapoint, the alarm's change, its
    action, the notice. Nothing in the account is changed.

    Parameters
    ----------
    monitor : Monitor
        The alert, as it is deployed.
    source : Source
        Where its records are asked for, with `@ingestionTime`: an InsightsSource of its log group. Each look is a
        query over the minutes since the attempt, two a minute until the record is there.
    session : boto3.Session
        Whose credentials are used.
    target : str, tuple or Target
        An address and a port of yours: `"10.0.3.7:5432"`, `"[2001:db8::7]:22"`, `("10.0.3.7", 5432)`. Names are
        refused.
    connect : callable, optional
        Makes the attempt, given address and port, and returns an `Attempt`; `sandbox.connect` on a sandbox. Left
        out: from this machine, with 5 s for an answer.
    sleep : callable
        Waits some seconds; `sandbox.sleep` on a sandbox.
    now : callable, optional
        The time in seconds since the epoch; left out: the service's.
    deadline : float
        Seconds after the attempt at which it gives up.
    queue : str, optional
        URL or ARN of a queue that the topic tells, for the time of the notice to the millisecond; messages are read
        and left there.
    region : str, optional
        Where the alarm is; the session's region where it is left out.
    budget : Budget, optional
        Of calls; the session's where it is left out.
    watch : Watch, optional
        Where it tells how far it is, and cancel. Left out: a line is printed for each stage.

    Returns
    -------
    Probed
        The moments, the seconds of each stage, the record, and why it ended, if before the notice. A connection that
        was accepted, or that the host answered, ends it: nothing was refused then.

    Raises
    ------
    ArgumentError
        If the target is none, the records do not tell ports and actions, or the clock stands still.
    QueryCancelledError
        If the watch was cancelled.
    AwsError
        If AWS refuses or does not answer.

    Examples
    --------
    >>> import rejectkit as rk
    >>> with rk.sandbox.start() as sandbox:
    ...     monitor = Monitor(log_group="/vpc/poc/flow-logs")
    ...     source = rk.InsightsSource(monitor.log_group, sandbox.session)
    ...     play = {"connect": sandbox.connect, "sleep": sandbox.sleep, "watch": rk.Watch()}
    ...     found = probe(monitor, source, sandbox.session, "203.0.113.11:443", **play)
    >>> found.attempt.outcome, found.ended.split(",")[0]
    ('accepted', 'The connection was ACCEPTED')
    """
    check_parts(monitor, source)
    wanted = Target.of(target)
    query(source.fields, wanted, ())  # refuses records that do not tell
    if isinstance(deadline, bool | str) or not hasattr(deadline, "__float__") or not deadline > 0:
        raise ArgumentError(f"deadline is {deadline!r}; give a number of seconds above 0, for example 1800")
    if connect is None and getattr(session, "now", None) is not None:
        raise ArgumentError(
            "the session is a sandbox's, which this machine's network does not lead to; give connect=sandbox.connect "
            "and sleep=sandbox.sleep"
        )
    for name, given in (("connect", connect), ("sleep", sleep), ("now", now)):
        if given is not None and not callable(given):
            raise ArgumentError(f"{name} is {given!r}; give a function, or leave it out")
    services = Services(session, region, budget=budget)
    way = Follower(
        monitor,
        source,
        services,
        wanted,
        sleep=sleep,
        now=now or services.cloudwatch.now,
        deadline=float(deadline),
        queue=queue,
        watch=watch or Watch(_Printed()),
    )
    addresses, doubt = shown(services, wanted, budget)
    text, ended = query(source.fields, wanted, addresses), ""
    way.before()
    try:
        way.try_once(connect or attempt)
        way.told += [doubt] if doubt else []
        way.find_record(text)
        way.find_datapoint()
        way.find_notice(way.find_change())
    except Ended as end:
        ended = str(end)
    except AccessDeniedError as error:
        ended = f"It could not be followed any further: {error}"
    way.watch.report(1.0, ended or "done")
    moments: dict[str, datetime] = {
        name: datetime.fromtimestamp(way.moments[name] / 1000, UTC) for name in MOMENTS if name in way.moments
    }
    return Probed(wanted, way.attempt, moments, way.record, tuple(way.told), ended, way.closed_by)


class _Printed:
    """Prints what a probe tells, a line for each thing; how long it waits is not a new one."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._last = ""

    def __call__(self, fraction: float, what: str) -> None:
        """Print what is new."""
        words = what.partition("; ")[0]
        if words not in (self._last, "done"):
            self._last = words
            sys.stdout.write(f"{words}\n")
            sys.stdout.flush()
