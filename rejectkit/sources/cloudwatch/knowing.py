"""What a source knows of its log groups: which they are, what their lines hold, what the service discovers in them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, ArgumentError
from rejectkit.insights import Column, Table
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat, field_type
from rejectkit.sources.answers import identity_of
from rejectkit.sources.cloudwatch.coverage import LONGEST_AGGREGATION, LogGroup
from rejectkit.sources.cloudwatch.flowlogs import Found, discovered, find
from rejectkit.sources.cost import Stored

MOST_GROUPS = 50  # of one query. Source: StartQuery
ASK_AGAIN = 600.0  # seconds after which it is asked once more what the service discovers, where it was nothing
_SURE = frozenset(LogFormat.default().columns) - {"start", "end"}  # whose live names are not known: start or startTime
_SYSTEM: Mapping[str, Column] = {
    "@timestamp": Column('"@timestamp"', "time"),
    "@message": Column('"@message"', "text"),
    "@logStream": Column('"@logStream"', "text"),
    "@log": Column('"@log"', "text"),
    "@ingestionTime": Column('"@ingestionTime"', "time"),
    "@ptr": Column('"@ptr"', "text"),
}


class Known:
    """The log groups of a source, asked for once, when they are first needed.

    Parameters
    ----------
    session : boto3.Session
        Whose account it is.
    targets : sequence of str
        Names or ARNs of log groups, or ids of a VPC, subnet, interface or instance.
    region : str or None
        The session's where it is None.
    given : LogFormat or None
        The format of the lines; that of the flow logs where it is None.
    budget : Budget
        Of calls.
    """

    def __init__(
        self, session: Any, targets: Sequence[str], region: str | None, given: LogFormat | None, budget: Budget
    ) -> None:
        """Nothing is asked yet."""
        self._session, self._targets, self._region, self._given = session, tuple(targets), region, given
        self._budget = budget
        self._lock = threading.RLock()
        self._found: Found | None = None
        self._service: Service | None = None
        self._discovered: tuple[float, frozenset[str]] | None = None

    @property
    def found(self) -> Found:
        """The log groups and their flow logs.

        Raises
        ------
        ArgumentError
            If there is no log group to query, or they are in several regions, or too many.
        MissingResourceError, AwsError
            If one does not exist, or AWS refuses.
        """
        with self._lock:
            if self._found is None:
                denied: list[AccessDeniedError] = []
                found = find(self._session, self._targets, region=self._region, budget=self._budget, denied=denied)
                if not found.groups and denied:
                    raise denied[0]
                _check(found)
                self._found = found
            return self._found

    @property
    def groups(self) -> tuple[LogGroup, ...]:
        """The log groups."""
        return self.found.groups

    @property
    def service(self) -> Service:
        """CloudWatch Logs in the groups' region."""
        with self._lock:
            if self._service is None:
                self._service = Service(self._session, "logs", self.groups[0].region, budget=self._budget)
            return self._service

    @property
    def identity(self) -> str | None:
        """What tells the account behind the endpoint from every other one; None where nothing does."""
        return identity_of(self._session, self.service)

    @property
    def formats(self) -> tuple[LogFormat, ...]:
        """The different formats of the lines; the default one where no flow log tells another."""
        if self._given is not None:
            return (self._given,)
        told = [one for group in self.groups for one in self.found.formats(group)]
        return tuple(dict.fromkeys(told)) or (LogFormat.default(),)

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names of the records, those of all formats in order."""
        return tuple(dict.fromkeys(name for one in self.formats for name in one.columns))

    @property
    def aggregation(self) -> int:
        """Longest aggregation interval of the flow logs, seconds."""
        told = [one.aggregation for group in self.groups for one in self.found.writers(group)]
        return max(told, default=LONGEST_AGGREGATION)

    @property
    def only(self) -> str | None:
        """The condition that keeps the records of what was asked for; None where the whole log groups were.

        An interface or an instance is asked for by its interfaces. A VPC or a subnet has log groups of its own
        most often, whose records are taken whole.
        """
        if not self._targets or not all(name.startswith(("eni-", "i-")) for name in self._targets):
            return None
        names = ", ".join(f'"{one.id}"' for one in self.found.interfaces)
        return f"interfaceId in [{names}]" if names else None

    def discovered(self, at: float) -> frozenset[str]:
        """Return which of the fields the service discovers; those that are sure where it does not say.

        Parameters
        ----------
        at : float
            Seconds since the epoch: events of eight minutes before and after are looked at.
        """
        with self._lock:
            now = self._budget.now()
            if self._discovered is None or (not self._discovered[1] and now - self._discovered[0] > ASK_AGAIN):
                self._discovered = now, self._ask_discovered(at)
            told = self._discovered[1]
        if told:
            return told
        return _SURE if self.formats == (LogFormat.default(),) else frozenset()

    def _ask_discovered(self, at: float) -> frozenset[str]:
        """Ask what every group's events have; nothing where one tells nothing, or may not be asked."""
        told: list[frozenset[str]] = []
        for group in self.groups:
            try:
                told.append(discovered(self.service, group, max(0.0, at)))
            except AccessDeniedError:
                return frozenset()
        return frozenset.intersection(*told)

    def table(self) -> Table:
        """Return what a query runs on, as far as the shape of its answer needs it."""
        columns = {name: Column(f'"{name}"', field_type(name), dash=True) for name in self.columns}
        return Table("logs", {**_SYSTEM, **columns})

    def stored(self, now: float) -> list[Stored]:
        """Return how much each group holds, spread over the time it keeps events for."""
        out = []
        for group in self.groups:
            first = _seconds(group.created, 0.0)
            if group.retention_days:
                first = max(first, now - 86_400 * group.retention_days)
            out.append(Stored(group.stored_bytes, int(first), int(now)))
        return out

    def begin(self) -> int:
        """Return the second from which the groups hold events: queries reach none from before their creation."""
        return int(min(_seconds(group.created, 0.0) for group in self.groups))


def _check(found: Found) -> None:
    targets = ", ".join(found.target)
    if not found.groups:
        elsewhere = [one for one in found.flow_logs if one.log_group is None]
        why = (
            f"its flow logs deliver to {elsewhere[0].destination}: read them with rk.FileSource, or with Athena"
            if elsewhere
            else "switch a flow log to CloudWatch Logs on, or name its log group; rejectkit doctor says what is missing"
        )
        raise ArgumentError(f"no flow log of {targets} delivers to a log group in {found.region}; {why}")
    regions = sorted({group.region for group in found.groups})
    if len(regions) > 1:
        raise ArgumentError(
            f"the log groups of {targets} are in {' and '.join(regions)}; make a source for each region, and put "
            "them together with rk.Combined"
        )
    if len(found.groups) > MOST_GROUPS:
        raise ArgumentError(
            f"{targets} has {len(found.groups)} log groups, and a query takes {MOST_GROUPS}; make several sources, and "
            "put them together with rk.Combined"
        )


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.timestamp()
