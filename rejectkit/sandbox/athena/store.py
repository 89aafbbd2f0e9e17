"""Athena in one region: its work groups and its queries, and what each is by now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rejectkit.sandbox.athena.objects import Object, Objects
from rejectkit.sandbox.athena.tables import Glue, Partition
from rejectkit.sandbox.trino.engine import Engine, Row
from rejectkit.sandbox.trino.loading import Loader

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

QUEUED_SHARE = 0.1  # of a query's time, before it runs (our choice)
KEPT_SECONDS = 45 * 86400.0  # Source: Athena user guide, a query's history is kept for 45 days
ENDED = frozenset(("SUCCEEDED", "FAILED", "CANCELLED"))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a query ended badly, as Athena tells it."""

    reason: str
    category: int = 2
    kind: int = 1006
    retryable: bool = False


@dataclass(slots=True)
class Execution:
    """One query.

    Attributes
    ----------
    id, query : str
        Its id and its text.
    statement, substatement : str
        `DML`, `DDL` or `UTILITY`, and which of them.
    database, catalog, work_group : str
        Where it was asked.
    output : str
        Where its result is put: the object's URI.
    submitted, began : float
        When it was started: the clock's seconds, and its stopwatch.
    duration, timeout : float
        Seconds that it takes, and may take.
    state : str
        What it ends as.
    failure : Failure or None
        Why, if it ends badly.
    columns : tuple of (str, str)
        Names and Trino types of its result.
    rows : list of tuple of str or None
        Its result.
    scanned : int
        Bytes that it reads.
    objects : tuple of Object
        The objects that it reads.
    partitions : tuple of Partition
        The places that it lists.
    planned : str
        What it becomes in DuckDB.
    stopped : float or None
        When it was stopped, by the stopwatch.
    written : bool
        Whether its result is in S3.
    access_key : str
        In whose name it reads and writes.
    """

    id: str
    query: str
    statement: str
    substatement: str
    database: str
    catalog: str
    work_group: str
    output: str
    submitted: float
    began: float
    duration: float = 0.0
    timeout: float = 1800.0
    state: str = "SUCCEEDED"
    failure: Failure | None = None
    columns: tuple[tuple[str, str], ...] = ()
    rows: list[Row] = field(default_factory=list)
    scanned: int = 0
    objects: tuple[Object, ...] = ()
    partitions: tuple[Partition, ...] = ()
    planned: str = ""
    stopped: float | None = None
    written: bool = False
    access_key: str = ""

    def state_at(self, now: float) -> str:
        """Return its state at a time of the stopwatch."""
        passed = now - self.began
        if self.stopped is not None:
            return "CANCELLED"
        if self.duration > self.timeout and passed >= self.timeout:
            return "FAILED"
        if passed >= self.duration:
            return self.state
        return "QUEUED" if passed < QUEUED_SHARE * self.duration else "RUNNING"

    def failure_at(self, now: float) -> Failure | None:
        """Return why it ended badly, if it has by a time of the stopwatch."""
        state = self.state_at(now)
        if self.stopped is not None:
            return Failure("Query cancelled by user", kind=1011)
        if self.duration > self.timeout and state == "FAILED":
            return Failure("Query timeout", category=1, kind=206)
        return self.failure if state in ("FAILED", "CANCELLED") else None

    def seconds_at(self, now: float) -> float:
        """Return how long it has run by a time of the stopwatch."""
        end = self.stopped if self.stopped is not None else now
        return max(0.0, min(end - self.began, self.duration, self.timeout))

    def scanned_at(self, now: float) -> int:
        """Return the bytes that it has read by a time of the stopwatch."""
        if self.state_at(now) == "SUCCEEDED" or not self.duration:
            return self.scanned
        return int(self.scanned * self.seconds_at(now) / self.duration)


@dataclass(slots=True)
class WorkGroup:
    """A work group; its configuration in the members of the API."""

    name: str
    created: float
    description: str = ""
    state: str = "ENABLED"
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """Its output location, empty where it has none."""
        return str((self.settings.get("ResultConfiguration") or {}).get("OutputLocation") or "")

    @property
    def enforced(self) -> bool:
        """Whether its own settings hold, whatever a client says."""
        return bool(self.settings.get("EnforceWorkGroupConfiguration"))

    @property
    def cutoff(self) -> int | None:
        """The bytes that one query may read."""
        found = self.settings.get("BytesScannedCutoffPerQuery")
        return int(found) if found else None


class Athena:
    """The state of one region.

    Attributes
    ----------
    executions : dict of str to Execution
        By id, oldest first.
    groups : dict of str to WorkGroup
        By name; `primary` is there, without an output location.
    tokens : dict of str to tuple
        The request that each client token was first sent with, and the query's id.
    """

    def __init__(self, world: World, region: str) -> None:
        """Start with the primary work group."""
        self.world, self.region = world, region
        self.executions: dict[str, Execution] = {}
        self.groups = {
            "primary": WorkGroup("primary", world.clock.seconds, settings={"EnforceWorkGroupConfiguration": False})
        }
        self.tokens: dict[str, tuple[tuple[object, ...], str]] = {}
        self.glue, self.objects = Glue(world, region), Objects(world, region)
        self._engine: tuple[Engine, Loader] | None = None

    @property
    def engine(self) -> Engine:
        """What runs queries; made for the first of them."""
        return self._made()[0]

    @property
    def loader(self) -> Loader:
        """What loads tables for it."""
        return self._made()[1]

    def _made(self) -> tuple[Engine, Loader]:
        if self._engine is None:
            engine = Engine()
            self._engine = engine, Loader(engine.connection)
        return self._engine

    def active(self) -> int:
        """Return how many queries are queued or running."""
        now = self.world.clock.stopwatch
        return sum(one.state_at(now) not in ENDED for one in self.executions.values())

    def forget(self) -> None:
        """Let go of queries that are older than 45 days."""
        limit = self.world.clock.stopwatch - KEPT_SECONDS
        self.executions = {name: one for name, one in self.executions.items() if one.began > limit}
