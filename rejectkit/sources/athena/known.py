"""What a source knows of its table and its work group: asked for once, when it is first needed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError
from rejectkit.insights import Table
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat
from rejectkit.sources.answers import identity_of
from rejectkit.sources.athena.columns import flow_format, relation
from rejectkit.sources.athena.glue import Existing, Partitions, id_of, partition_values
from rejectkit.sources.athena.pruning import Pruning
from rejectkit.sources.athena.setting import Setting, setting

ASK_AGAIN: Final = 600.0  # seconds after which folders are listed again, and tables of registered partitions read


@dataclass(frozen=True, slots=True)
class Held:
    """A table as it is held: what Glue tells of it, and what follows for a query.

    Attributes
    ----------
    existing : Existing
        The table.
    format : LogFormat
        Of its records.
    pruning : Pruning
        Its partitions.
    """

    existing: Existing
    format: LogFormat
    pruning: Pruning

    @property
    def lasting(self) -> bool:
        """Whether nothing but new files brings records: no partition that may be registered later."""
        return self.existing.projected or not (self.existing.partition_keys or self.existing.view)

    def table(self, pruned: str = "") -> Table:
        """Return what a query runs on, with a condition on the partitions."""
        return relation(self.existing, self.format, pruned)


class Known:
    """A table and a work group.

    Parameters
    ----------
    session : boto3.Session
        Whose account it is.
    region : str or None
        The session's where it is None.
    catalog, database, table : str
        Which table.
    given : LogFormat or None
        The format of its records; what its columns are named where it is None.
    workgroup, output : str or None
        As for `setting`.
    budget : Budget
        Of calls.
    """

    def __init__(
        self,
        session: Any,
        region: str | None,
        catalog: str,
        database: str,
        table: str,
        given: LogFormat | None,
        workgroup: str | None,
        output: str | None,
        budget: Budget,
    ) -> None:
        """Nothing is asked yet."""
        self._session, self._region, self._budget = session, region, budget
        self.catalog, self.database, self.table = catalog, database, table
        self._given, self._workgroup, self._output = given, workgroup, output
        self._lock = threading.RLock()
        self._services: dict[str, Service] = {}
        self._held: Held | None = None
        self._read_at = 0.0
        self._setting: Setting | None = None
        self._sizes: dict[str, float] = {}
        self._listed_at = 0.0
        self.compared: Existing | None = None

    def service(self, name: str) -> Service:
        """Return a service, `athena`, `glue` or `s3`, in the table's region."""
        with self._lock:
            if name not in self._services:
                self._services[name] = Service(self._session, name, self._region, budget=self._budget)
            return self._services[name]

    @property
    def region(self) -> str:
        """The table's region."""
        return self.service("athena").region

    @property
    def identity(self) -> str | None:
        """What tells the account behind the endpoint from every other one; None where nothing does."""
        return identity_of(self._session, self.service("athena"))

    @property
    def held(self) -> Held:
        """The table.

        Raises
        ------
        MissingResourceError, FormatError, AwsError
            If there is no such table, its columns are not those of flow logs, or AWS refuses.
        """
        with self._lock:
            now = self._budget.now()
            if self._held is None or (not self._held.lasting and now - self._read_at > ASK_AGAIN):
                self._held, self._read_at = self._read(), now
            return self._held

    @property
    def setting(self) -> Setting:
        """The work group.

        Raises
        ------
        ArgumentError, MissingResourceError, AwsError
            As `setting`.
        """
        with self._lock:
            if self._setting is None:
                self._setting = setting(self.service("athena"), self._workgroup, self._output)
            return self._setting

    @property
    def sizes(self) -> dict[str, float]:
        """Bytes of the folders that were listed lately; what is listed may be added."""
        with self._lock:
            now = self._budget.now()
            if now - self._listed_at > ASK_AGAIN:
                self._sizes, self._listed_at = {}, now
            return self._sizes

    def changed(self) -> bool:
        """Ask for the table again, and tell whether it is another one than before."""
        before, found = self.held, self._read()
        with self._lock:
            self._held = found
        return found != before

    def _read(self) -> Held:
        glue = self.service("glue")
        catalog_id = id_of(self.service("athena"), self.catalog)
        existing = Existing.read(glue, self.database, self.table, self.catalog, catalog_id=catalog_id)
        try:
            partitions = partition_values(glue, existing, catalog_id=catalog_id)
        except AccessDeniedError:
            partitions = Partitions()
        return Held(existing, flow_format(existing, self._given), Pruning.of(existing, partitions))
