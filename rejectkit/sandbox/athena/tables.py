"""Tables as Glue has them: their columns, how their objects are read, and where their partitions are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from rejectkit.sandbox.athena import projection
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.rights.policies import Needed
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.kinds import Type, of_hive
from rejectkit.sandbox.trino.queries import Shape

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

Kept = Callable[[Sequence[str], Sequence[Sequence[str]]], list[int]]
MOST_PARTITIONS = 1_000_000  # Source: Athena user guide, Service Quotas


@dataclass(frozen=True, slots=True)
class Partition:
    """A place that is read, and the values of the partition columns there."""

    location: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table as Glue has it.

    Attributes
    ----------
    database, name : str
        Its name.
    columns, keys : mapping of str to str
        Columns of its files, and partition columns, with their Trino types.
    parquet : bool
        Whether its files are Parquet; else they are delimited text.
    delimiter : str
        Between two fields of a line.
    header : int
        Lines to skip at the start of each file.
    location : str
        `s3://bucket/prefix`.
    parameters : mapping of str to str
        Its properties, such as those of partition projection.
    """

    database: str
    name: str
    columns: Mapping[str, Type]
    keys: Mapping[str, Type]
    parquet: bool
    delimiter: str
    header: int
    location: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        """Its columns as a query sees them."""
        return Shape({**self.columns, **self.keys}, tuple(self.keys))

    @property
    def projected(self) -> bool:
        """Whether its partitions are worked out, rather than kept by Glue."""
        return self.parameters.get("projection.enabled", "").lower() == "true"


def described(told: Mapping[str, Any]) -> Table:
    """Return a table from Glue's GetTable.

    Raises
    ------
    TrinoError
        If it is of a kind that the sandbox does not read.
    """
    storage = told["StorageDescriptor"]
    serde = storage.get("SerdeInfo") or {}
    library, options = serde.get("SerializationLibrary", ""), serde.get("Parameters") or {}
    parameters = {str(name): str(value) for name, value in (told.get("Parameters") or {}).items()}
    parquet = "parquet" in library.lower() or "parquet" in storage.get("InputFormat", "").lower()
    if not parquet and not library.endswith(("LazySimpleSerDe", "MetadataTypedColumnsetSerDe")):
        raise TrinoError("NOT_SUPPORTED", f"The sandbox reads LazySimpleSerDe and Parquet, not {library!r}")
    return Table(
        told["DatabaseName"].lower(),
        told["Name"].lower(),
        {one["Name"].lower(): of_hive(one["Type"]) for one in storage.get("Columns") or ()},
        {one["Name"].lower(): of_hive(one["Type"]) for one in told.get("PartitionKeys") or ()},
        parquet,
        options.get("field.delim") or options.get("serialization.format") or "\x01",
        int(parameters.get("skip.header.line.count", "0")),
        storage.get("Location", ""),
        parameters,
    )


class Glue:
    """What Glue, which is moto's, says of tables."""

    def __init__(self, world: World, region: str) -> None:
        """Ask in a region."""
        self.world, self.region = world, region
        self.access_key = ""  # in whose name

    def table(self, database: str, name: str) -> Table | None:
        """Return a table, or None where there is none.

        Raises
        ------
        TrinoError
            SCHEMA_NOT_FOUND where there is no such database; PERMISSION_DENIED.
        """
        arn = f"arn:aws:glue:{self.region}:{self.world.account}:table/{database}/{name}"
        needed = Needed("glue:GetTable", arn, {"aws:requestedregion": self.region})
        if why := self.world.access.refused(self.world.account, self.access_key, needed):
            raise TrinoError("PERMISSION_DENIED", f"Insufficient permissions to execute the query. {why}")
        try:
            told = self.world.ask("glue", "GetTable", self.region, DatabaseName=database, Name=name)
        except ServiceError as error:
            if error.code != "EntityNotFoundException":
                raise
            try:
                self.world.ask("glue", "GetDatabase", self.region, Name=database)
            except ServiceError as missing:
                if database != "default":
                    raise TrinoError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist") from missing
            return None
        return described(told["Table"])

    def partitions(self, table: Table) -> Iterator[Partition]:
        """Yield the partitions that Glue keeps of a table."""
        token: str | None = None
        while True:
            more = {"NextToken": token} if token else {}
            told = self.world.ask(
                "glue", "GetPartitions", self.region, DatabaseName=table.database, TableName=table.name, **more
            )
            for one in told["Partitions"]:
                location = (one.get("StorageDescriptor") or {}).get("Location") or table.location
                yield Partition(location, tuple(one["Values"]))
            token = told.get("NextToken")
            if not token:
                return


def chosen(
    table: Table, kept: Kept, pinned: Mapping[str, set[str]], listed: Callable[[], Iterator[Partition]], now: float
) -> list[Partition]:
    """Return the partitions of a table that a query reads.

    Parameters
    ----------
    table : Table
        The table.
    kept : callable
        Which of several partitions the query lets pass: by names of columns, and their values.
    pinned : mapping of str to set of str
        The values that the query says a column is one of.
    listed : callable
        Those that Glue keeps.
    now : float
        Seconds since the epoch, for a projection's `NOW`.

    Raises
    ------
    TrinoError
        CONSTRAINT_VIOLATION, if an injected column is not pinned; INVALID_TABLE_PROPERTY for a bad projection.
    """
    if not table.keys:
        return [Partition(table.location)]
    names = list(table.keys)
    if not table.projected:
        found = list(listed())
        return [found[at] for at in kept(names, [one.values for one in found])]
    columns: list[list[str]] = []
    for name in names:
        values = projection.values(table.parameters, name, pinned.get(name), now)
        columns.append([values[at] for at in kept([name], [[value] for value in values])])
    rows: list[tuple[str, ...]] = [()]
    for values in columns:
        rows = [(*row, value) for row in rows for value in values]
        if len(rows) > MOST_PARTITIONS:
            words = f"Query over table '{table.name}' can potentially read more than {MOST_PARTITIONS} partitions"
            raise TrinoError("HIVE_EXCEEDED_PARTITION_LIMIT", words)
    rows = [rows[at] for at in kept(names, rows)]
    return [Partition(projection.location(table.parameters, table.location, names, row), row) for row in rows]


def hive_values(path: str, names: Sequence[str]) -> tuple[str, ...] | None:
    """Return the values that a Hive path has of the columns, `year=2026/month=01/`, or None."""
    parts = dict(part.split("=", 1) for part in path.strip("/").split("/") if "=" in part)
    lowered = {name.lower(): unquote(value) for name, value in parts.items()}
    return tuple(lowered[name] for name in names) if all(name in lowered for name in names) else None
