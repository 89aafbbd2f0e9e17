"""A table's definition as the text of CREATE EXTERNAL TABLE, for a person to review and Athena to run."""

from __future__ import annotations

from rejectkit.sources.athena.definition import LAZY, Definition
from rejectkit.sources.athena.glue import Names


def ddl(definition: Definition, *, repair: bool = False) -> str:
    r"""Return the statement that makes a table; it does nothing where there is one of that name.

    Names are in backticks, `end` is a reserved word; texts are in single quotes, with a backslash before a quote.

    Parameters
    ----------
    definition : Definition
        What is made.
    repair : bool
        Whether a second statement follows that registers the partitions.

    Examples
    --------
    >>> print(ddl(Definition("logs", "vpc", (("start", "bigint"), ("end", "bigint")), (("day", "string"),), "s3://l/")))
    CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`vpc` (
      `start` bigint,
      `end` bigint
    )
    PARTITIONED BY (
      `day` string
    )
    ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
    LOCATION 's3://l/'
    """
    name = f"{_name(definition.database)}.{_name(definition.name)}"
    parts = [f"CREATE EXTERNAL TABLE IF NOT EXISTS {name} (\n{_columns(definition.columns)}\n)"]
    if definition.comment:
        parts.append(f"COMMENT {text(definition.comment)}")
    if definition.partition_keys:
        parts.append(f"PARTITIONED BY (\n{_columns(definition.partition_keys)}\n)")
    if definition.serde == LAZY:
        parts.append("ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '")
    else:
        stored = definition.table_input()["StorageDescriptor"]
        parts.append(f"ROW FORMAT SERDE {text(definition.serde)}")
        parts.append(f"STORED AS INPUTFORMAT {text(stored['InputFormat'])}")
        parts.append(f"OUTPUTFORMAT {text(stored['OutputFormat'])}")
    parts.append(f"LOCATION {text(definition.location)}")
    if definition.parameters:
        told = ",\n".join(f"  {text(key)} = {text(value)}" for key, value in definition.parameters.items())
        parts.append(f"TBLPROPERTIES (\n{told}\n)")
    statement = "\n".join(parts)
    return f"{statement};\n\nMSCK REPAIR TABLE {name};" if repair else statement


def text(value: str) -> str:
    r"""Return a text as Hive's grammar reads it back.

    Examples
    --------
    >>> print(text("it's"))
    'it\'s'
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _columns(names: Names) -> str:
    return ",\n".join(f"  {_name(name)} {kind}" for name, kind in names)
