"""A table as the Glue Data Catalog has it, and the partitions that are registered for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final, Literal

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, ArgumentError, MissingResourceError

CATALOG: Final = "AwsDataCatalog"
"""Athena's name of the account's own Glue Data Catalog."""
SAMPLES: Final = 1000
"""Partitions that are looked at as a rule: about one page of GetPartitions."""
_ACCOUNT = 12  # digits of an account's id
_MANY = 2000  # names of tables that are looked through for one alike

Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Existing:
    """A table, as Glue tells it.

    Attributes
    ----------
    catalog, database, name : str
        Where it is. `catalog` is Athena's name of it.
    location : str
        S3 address of its data; empty for a view.
    columns, partition_keys : tuple of (name, Hive type)
        In the table's order; types in lower case. Partition keys are not among the columns.
    parameters : mapping of str to str
        Its properties: `projection.enabled` and such.
    serde : str
        Class of its SerDe.
    serde_parameters : mapping of str to str
        Of the SerDe: `field.delim` and such.
    input_format : str
        Class of its input format.
    view : bool
        Whether it is a view.

    Examples
    --------
    >>> table = Existing.told({"Name": "vpc", "StorageDescriptor": {"Columns": [{"Name": "start", "Type": "bigint"}]}})
    >>> table.columns, table.projected
    ((('start', 'bigint'),), False)
    """

    catalog: str
    database: str
    name: str
    location: str = ""
    columns: Names = ()
    partition_keys: Names = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    serde: str = ""
    serde_parameters: Mapping[str, str] = field(default_factory=dict)
    input_format: str = ""
    view: bool = False

    @classmethod
    def told(cls, table: Mapping[str, Any], database: str = "default", catalog: str = CATALOG) -> Existing:
        """Return the table that an answer of GetTable describes."""
        stored = table.get("StorageDescriptor") or {}
        serde = stored.get("SerdeInfo") or {}
        return cls(
            catalog,
            table.get("DatabaseName") or database,
            table["Name"],
            stored.get("Location") or "",
            _names(stored.get("Columns")),
            _names(table.get("PartitionKeys")),
            dict(table.get("Parameters") or {}),
            serde.get("SerializationLibrary") or "",
            dict(serde.get("Parameters") or {}),
            stored.get("InputFormat") or "",
            table.get("TableType") == "VIRTUAL_VIEW",
        )

    @classmethod
    def read(
        cls, service: Service, database: str, name: str, catalog: str = CATALOG, *, catalog_id: str = ""
    ) -> Existing:
        """Return a table; calls glue:GetTable.

        Parameters
        ----------
        service : Service
            Glue, of the table's region.
        database, name : str
            Upper case is taken as lower case, as Glue does.
        catalog : str
            Athena's name of the catalog.
        catalog_id : str
            Glue's id of it, where it is not the account's own.

        Raises
        ------
        MissingResourceError
            If there is no such table, or no such database; it tells the names that are nearest.
        AwsError
            If Glue does not tell.
        """
        database, name = database.lower(), name.lower()
        given: dict[str, Any] = {"CatalogId": catalog_id} if catalog_id else {}
        try:
            answer = service.call("GetTable", DatabaseName=database, Name=name, **given)
        except MissingResourceError as error:
            raise _missing(service, database, name, given, error) from error
        return cls.told(answer["Table"], database, catalog)

    @property
    def full_name(self) -> str:
        """It as `database.table`, for sentences."""
        return f"{self.database}.{self.name}"

    @property
    def projected(self) -> bool:
        """Whether Athena works its partitions out from its properties. Source: "Set up partition projection"."""
        return bool(self.partition_keys) and self.parameters.get("projection.enabled", "").strip().lower() == "true"

    @property
    def iceberg(self) -> bool:
        """Whether it is an Apache Iceberg table."""
        return self.parameters.get("table_type", "").upper() == "ICEBERG"

    @property
    def stored_as(self) -> Literal["text", "parquet", "view", "iceberg", "other"]:
        """How its rows are stored, by its SerDe and input format."""
        if self.view:
            return "view"
        if self.iceberg:
            return "iceberg"
        told = f"{self.serde} {self.input_format}".lower()
        return "parquet" if "parquet" in told else "text" if "textinputformat" in told else "other"

    def column_type(self, name: str) -> str | None:
        """Return the Hive type of a column or a partition key, None if there is none of that name."""
        return next((kind for one, kind in (*self.columns, *self.partition_keys) if one == name), None)


@dataclass(frozen=True, slots=True)
class Partition:
    """A registered partition: the values of its keys, in their order, as text, and where its data are."""

    values: tuple[str, ...]
    location: str = ""


@dataclass(frozen=True, slots=True)
class Partitions:
    """Registered partitions of a table; `complete` where they are all."""

    rows: tuple[Partition, ...] = ()
    complete: bool = False

    def values(self, at: int) -> tuple[str, ...]:
        """Return the different values of a key, given by its place."""
        return tuple(dict.fromkeys(row.values[at] for row in self.rows if len(row.values) > at))


def id_of(athena: Service, catalog: str) -> str:
    """Return Glue's id of one of Athena's catalogs, empty for the account's own; calls athena:GetDataCatalog.

    Parameters
    ----------
    athena : Service
        Athena, of the catalog's region.
    catalog : str
        Athena's name of it, an account's id, or `s3tablescatalog/…`.

    Raises
    ------
    ArgumentError
        If it is not of Glue.
    MissingResourceError, AwsError
        If there is no such catalog, or Athena does not tell.
    """
    if catalog.lower() in (CATALOG.lower(), "awsglue"):
        return ""
    if (catalog.isdigit() and len(catalog) == _ACCOUNT) or "/" in catalog:
        return catalog
    told = athena.call("GetDataCatalog", Name=catalog)["DataCatalog"]
    if told.get("Type") != "GLUE":
        raise ArgumentError(
            f"the data catalog {catalog!r} is of the type {told.get('Type')}, and its tables are not told by Glue; "
            f"give one of the type GLUE, or leave it out: {CATALOG}"
        )
    return str((told.get("Parameters") or {}).get("catalog-id", ""))


def partition_values(service: Service, existing: Existing, limit: int = SAMPLES, *, catalog_id: str = "") -> Partitions:
    """Return partitions that are registered for a table; calls glue:GetPartitions.

    Parameters
    ----------
    service : Service
        Glue, of the table's region.
    existing : Existing
        The table. One with projection, or without partition keys, is not asked about: Athena does not look either.
    limit : int
        So many at most; more pages are not asked for.

    Raises
    ------
    AwsError
        If Glue does not tell.
    """
    if existing.projected or existing.view or existing.iceberg or not existing.partition_keys:
        return Partitions()
    given: dict[str, Any] = {"CatalogId": catalog_id} if catalog_id else {}
    told = service.pages(
        "GetPartitions",
        "Partitions",
        DatabaseName=existing.database,
        TableName=existing.name,
        ExcludeColumnSchema=True,
        **given,
    )
    found = list(islice(told, limit + 1))
    rows = tuple(
        Partition(tuple(one["Values"]), (one.get("StorageDescriptor") or {}).get("Location") or "")
        for one in found[:limit]
    )
    return Partitions(rows, complete=len(found) <= limit)


def _names(columns: Iterable[Mapping[str, Any]] | None) -> Names:
    return tuple((one["Name"], str(one.get("Type") or "string").strip().lower()) for one in columns or ())


def _missing(
    service: Service, database: str, name: str, given: Mapping[str, Any], error: MissingResourceError
) -> MissingResourceError:
    """Return the error that says what is not there, and what is."""
    where = f" in {service.region}"
    try:
        service.call("GetDatabase", Name=database, **given)
    except MissingResourceError:
        known = _listed(service, "GetDatabases", "DatabaseList", given)
        return _told(f"there is no database {database!r}{where}", database, known, "database", error)
    except AccessDeniedError:
        pass
    known = _listed(service, "GetTables", "TableList", {**given, "DatabaseName": database})
    mend = "AthenaTable.plan() makes one"
    return _told(f"there is no table {name!r} in the database {database!r}{where}", name, known, "table", error, mend)


def _told(
    sentence: str, name: str, known: list[str] | None, kind: str, error: MissingResourceError, mend: str = ""
) -> MissingResourceError:
    near = get_close_matches(name, known or (), 3, 0.5)
    if near:
        hint = f"; did you mean {' or '.join(map(repr, near))}?"
    elif known:
        hint = f"; its names are {', '.join(map(repr, known[:5]))}{' …' if len(known) > 5 else ''}"
    else:
        hint = f"; look at the {kind}'s name, the region and the account"
    more = f"; {mend}" if mend else ""
    return MissingResourceError(
        sentence + hint.rstrip("?") + more + ("?" if near and not more else ""),
        code=error.code,
        operation=error.operation,
        action=error.action,
        message=error.message,
    )


def _listed(service: Service, operation: str, key: str, given: Mapping[str, Any]) -> list[str] | None:
    """Return names that there are; None where asking is not permitted."""
    with suppress(AccessDeniedError, MissingResourceError):
        return [one["Name"] for one in islice(service.pages(operation, key, **given), _MANY)]
    return None
