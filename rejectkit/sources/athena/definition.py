"""What a table in Glue is made with: columns, keys, location and properties, shared by its DDL, plan and check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rejectkit.records import by_name
from rejectkit.sources.athena.glue import Existing, Names

MARK: Final = "rejectkit:table"
"""The property of a table that rejectkit made; its value is the table's full name, so no copy is taken for it."""

LAZY: Final = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
PARQUET: Final = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_FORMATS: Final = {
    LAZY: (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    ),
    PARQUET: (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    ),
}
_SHORT: Final = ("version", "srcport", "dstport", "tcp-flags", "traffic-path", "encryption-status")


def hive_type(name: str) -> str:
    """Return the Hive type of a field's column: `int`, `bigint` or `string`.

    Source: "Query VPC flow logs" of Athena for versions 2 to 5, where `protocol` is a bigint in text and in Parquet
    (there it is stored as INT_32, which Athena reads as either). The counts of lost packets are bigint and
    `encryption-status` is int (*inferred* from the Parquet types of "Flow log records"); a field that is not known is
    a string.

    Examples
    --------
    >>> [hive_type(name) for name in ("tcp-flags", "protocol", "account-id")]
    ['int', 'bigint', 'string']
    """
    spec = by_name.get(name)
    if spec is None or spec.type == "text":
        return "string"
    return "int" if name in _SHORT else "bigint"


def hive_name(name: str) -> str:
    """Return the name of a field's column: lower case, with underscores. Source: "Query VPC flow logs" of Athena."""
    return name.lower().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Definition:
    """A table as it is to be in Glue.

    Attributes
    ----------
    database, name : str
        Where it is.
    columns, partition_keys : tuple of (name, Hive type)
        In order; of text it is the order of the file's fields.
    location : str
        S3 address, ending with a slash.
    serde : str
        Class of its SerDe, one of two.
    parameters : mapping of str to str
        Its properties.
    comment : str
        What it is, for people.
    """

    database: str
    name: str
    columns: Names
    partition_keys: Names
    location: str
    serde: str = LAZY
    parameters: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""

    @property
    def full_name(self) -> str:
        """It as `database.table`."""
        return f"{self.database}.{self.name}"

    def table_input(self) -> dict[str, Any]:
        """Return it as the parameter `TableInput` of glue:CreateTable."""
        reads, writes = _FORMATS[self.serde]
        delimited = {"field.delim": " ", "serialization.format": " "}
        return {
            "Name": self.name,
            "Description": self.comment,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", **self.parameters},
            "PartitionKeys": _members(self.partition_keys),
            "StorageDescriptor": {
                "Columns": _members(self.columns),
                "Location": self.location,
                "InputFormat": reads,
                "OutputFormat": writes,
                "SerdeInfo": {
                    "SerializationLibrary": self.serde,
                    "Parameters": delimited if self.serde == LAZY else {"serialization.format": "1"},
                },
            },
        }

    def told(self) -> dict[str, str]:
        """Return it as a plan shows it, and compares it with what is there."""
        return _told(self.columns, self.partition_keys, self.location, self.serde, " ", self.parameters)


def told_of(existing: Existing) -> dict[str, str]:
    """Return a table that is there as `Definition.told` tells one; only properties that matter to how it is read.

    Parameters
    ----------
    existing : Existing
        The table.
    """
    delimiter = existing.serde_parameters.get("field.delim", "")
    named = (existing.columns, existing.partition_keys, existing.location)
    return _told(*named, existing.serde, delimiter, existing.parameters)


def is_ours(existing: Existing) -> bool:
    """Tell whether rejectkit made a table."""
    return existing.parameters.get(MARK) == existing.full_name


def _told(
    columns: Names, keys: Names, location: str, serde: str, delimiter: str, parameters: Mapping[str, str]
) -> dict[str, str]:
    named = ("storage.location.template", *(() if serde == PARQUET else ("skip.header.line.count",)))
    matter = {
        name: value
        for name, value in sorted(parameters.items())
        if name.startswith("projection.") or name in named  # Parquet has no header lines, whatever is skipped
    }
    return {
        "columns": _listed(columns),
        "partition keys": _listed(keys),
        "location": location.rstrip("/") + "/" if location else "(none)",
        "SerDe": serde.rpartition(".")[2] or "(none)",
        **({"delimiter": repr(delimiter)} if serde == LAZY else {}),
        **matter,
    }


def _listed(names: Names) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in names) or "(none)"


def _members(names: Names) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in names]
