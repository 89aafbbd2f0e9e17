"""Athena's DDL, which is Hive's: CREATE EXTERNAL TABLE, DROP TABLE, MSCK REPAIR TABLE and the like, done in Glue."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from rejectkit.sandbox.athena.objects import split
from rejectkit.sandbox.athena.tables import hive_values
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.trino.errors import TrinoError

if TYPE_CHECKING:
    from rejectkit.sandbox.athena.store import Athena
    from rejectkit.sandbox.world import World

Answer = tuple[tuple[tuple[str, str], ...], list[tuple[str | None, ...]]]
_DONE: Answer = ((), [])
_FORMATS = {
    "TEXTFILE": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    ),
    "PARQUET": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    ),
}
_WORDS = re.compile(r"(?:--[^\n]*\n|/\*.*?\*/|\s)*([A-Za-z]+)(?:\s+([A-Za-z]+))?(?:\s+([A-Za-z]+))?", re.DOTALL)
_NAME = r"`?([\w.\-]+?)`?(?:\s*\.\s*`?([\w\-]+)`?)?"
_FIRST = (
    "CREATE",
    "DROP",
    "MSCK",
    "ALTER",
    "SHOW",
    "DESCRIBE",
    "DESC",
    "INSERT",
    "UNLOAD",
    "EXPLAIN",
    "PREPARE",
    "EXECUTE",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that is no query: its kind and name as Athena tells them, and its text."""

    kind: str
    name: str
    text: str
    tree: exp.Expr | None = None


def statement_of(text: str) -> Statement | None:
    """Return a statement of DDL, or None where it has to be a query.

    Raises
    ------
    TrinoError
        SYNTAX_ERROR, if a CREATE EXTERNAL TABLE is not one.
    """
    found = _WORDS.match(text)
    words = [word.upper() for word in (found.groups() if found else ()) if word]
    if not words or words[0] not in _FIRST:
        return None
    if words[:3] == ["CREATE", "EXTERNAL", "TABLE"]:
        return Statement("DDL", "CREATE_TABLE", text, _created(text))
    name = {"SCHEMA": "DATABASE"}.get(words[1] if len(words) > 1 else "", words[1] if len(words) > 1 else "")
    kind = "UTILITY" if words[0] in ("SHOW", "DESCRIBE", "DESC", "EXPLAIN") else "DDL"
    return Statement("DML" if words[0] in ("INSERT", "UNLOAD") else kind, f"{words[0]}_{name}".strip("_"), text)


def _created(text: str) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(text.strip().rstrip(";"), read="hive")
    except SqlglotError as error:
        raise TrinoError(
            "SYNTAX_ERROR", "mismatched input in CREATE EXTERNAL TABLE: " + str(error).splitlines()[0]
        ) from error
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        raise TrinoError("SYNTAX_ERROR", "missing column list in CREATE EXTERNAL TABLE", 1, 1)
    return tree


def carry_out(world: World, athena: Athena, statement: Statement, database: str) -> Answer:
    """Carry a statement out, and return its columns and rows.

    Raises
    ------
    TrinoError
        If it fails, or is none that is answered here.
    """
    action = _ACTIONS.get(statement.name)
    if action is None:
        named = statement.name.replace("_", " ")
        raise TrinoError("NOT_SUPPORTED", f"The sandbox does not answer {named}; do it in Glue, or in S3")
    return action(world, athena, statement, database)


def _glue(world: World, athena: Athena, operation: str, **params: Any) -> Any:
    try:
        return world.ask("glue", operation, athena.region, **params)
    except ServiceError as error:
        code = f"FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. {error.code}"
        raise TrinoError("DDL_FAILED", f"{code}: {error.message}") from error


def _literal(node: exp.Expr | None, default: str = "") -> str:
    return node.name if node is not None else default


def _columns(nodes: list[exp.Expr]) -> list[dict[str, str]]:
    found = []
    for node in nodes:
        kind = node.args["kind"].sql("hive").lower()
        column = {"Name": node.name.lower(), "Type": kind}
        for constraint in node.args.get("constraints") or ():
            if isinstance(constraint.kind, exp.CommentColumnConstraint):
                column["Comment"] = constraint.kind.name
        found.append(column)
    return found


def table_input(tree: exp.Expr) -> tuple[str, Mapping[str, Any], bool]:
    """Return what Glue is told to make a table: database (empty: the query's own), TableInput, IF NOT EXISTS."""
    schema = tree.this
    properties = tree.args["properties"].expressions if tree.args.get("properties") else []
    of = {type(one): one for one in properties}
    keys = of.get(exp.PartitionedByProperty)
    layout, library, options = "TEXTFILE", "", {}
    formats: tuple[str, str, str] = _FORMATS["TEXTFILE"]
    if stored := of.get(exp.FileFormatProperty):
        if isinstance(stored.this, exp.InputOutputFormat):
            made = stored.this
            formats = made.args["input_format"].name, made.args["output_format"].name, formats[2]
        else:
            layout = stored.name.upper()
            if layout not in _FORMATS:
                raise TrinoError("NOT_SUPPORTED", f"The sandbox stores TEXTFILE and PARQUET, not {layout}")
            formats = _FORMATS[layout]
    if row := of.get(exp.RowFormatSerdeProperty):
        library = row.name
        if given := row.args.get("serde_properties"):
            options = {one.this.name: one.args["value"].name for one in given.expressions}
    if delimited := of.get(exp.RowFormatDelimitedProperty):
        options = {"field.delim": _literal(delimited.args.get("fields"), "\x01")}
        options["serialization.format"] = options["field.delim"]
    location = of.get(exp.LocationProperty)
    if location is None:
        raise TrinoError("SYNTAX_ERROR", "A LOCATION is needed for an external table", 1, 1)
    comment = of.get(exp.SchemaCommentProperty)
    told: dict[str, Any] = {
        "Name": schema.this.name.lower(),
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": _columns(keys.this.expressions) if keys is not None else [],
        "Parameters": {
            "EXTERNAL": "TRUE",
            **{one.this.name: one.args["value"].name for one in properties if type(one) is exp.Property},
        },
        "StorageDescriptor": {
            "Columns": _columns(schema.expressions),
            "Location": location.this.name,
            "InputFormat": formats[0],
            "OutputFormat": formats[1],
            "SerdeInfo": {"SerializationLibrary": library or formats[2], "Parameters": options},
        },
    }
    if comment is not None:
        told["Description"] = comment.this.name
    return schema.this.text("db").lower(), told, bool(tree.args.get("exists"))


def _create_table(world: World, athena: Athena, statement: Statement, database: str) -> Answer:
    assert statement.tree is not None
    named, told, if_missing = table_input(statement.tree)
    if athena.glue.table(named or database, told["Name"]) is not None:
        if if_missing:
            return _DONE
        raise TrinoError("DDL_FAILED", f"AlreadyExistsException: Table {told['Name']} already exists")
    if database == "default" and not named:
        _ensure_default(world, athena)
    _glue(world, athena, "CreateTable", DatabaseName=named or database, TableInput=told)
    return _DONE


def _ensure_default(world: World, athena: Athena) -> None:
    try:
        world.ask("glue", "GetDatabase", athena.region, Name="default")
    except ServiceError:
        world.ask("glue", "CreateDatabase", athena.region, DatabaseInput={"Name": "default"})


def _named(statement: Statement, pattern: str, database: str) -> tuple[str, str, re.Match[str]]:
    found = re.fullmatch(rf"\s*{pattern}\s*;?\s*", statement.text, re.IGNORECASE | re.DOTALL)
    if found is None:
        raise TrinoError("SYNTAX_ERROR", f"the sandbox could not read {statement.name.replace('_', ' ')}", 1, 1)
    first, second = found["first"], found["second"]
    if second is None and "." in first:
        first, second = first.split(".", 1)
    return (first.lower() if second else database), (second or first).lower(), found


_TABLE = r"`?(?P<first>[\w\-]+(?:\.[\w\-]+)?)`?(?:\s*\.\s*`?(?P<second>[\w\-]+)`?)?"


def _drop_table(world: World, athena: Athena, statement: Statement, database: str) -> Answer:
    named, name, found = _named(statement, rf"DROP\s+TABLE\s+(?P<exists>IF\s+EXISTS\s+)?{_TABLE}", database)
    if athena.glue.table(named, name) is None:
        if found["exists"]:
            return _DONE
        raise TrinoError("DDL_FAILED", f"FAILED: SemanticException [Error 10001]: Table not found {named}.{name}")
    _glue(world, athena, "DeleteTable", DatabaseName=named, Name=name)
    return _DONE


def _database(operation: str) -> Callable[[World, Athena, Statement, str], Answer]:
    def action(world: World, athena: Athena, statement: Statement, database: str) -> Answer:
        pattern = rf"\w+\s+(?:DATABASE|SCHEMA)\s+(?P<exists>IF\s+(?:NOT\s+)?EXISTS\s+)?{_TABLE}.*"
        _, name, found = _named(statement, pattern, database)
        given = {"DatabaseInput": {"Name": name}} if operation == "CreateDatabase" else {"Name": name}
        try:
            _glue(world, athena, operation, **given)
        except TrinoError:
            if not found["exists"]:
                raise
        return _DONE

    return action


def _repair(world: World, athena: Athena, statement: Statement, database: str) -> Answer:
    """Add the partitions whose folders are named in Hive's way. Source: Athena user guide, MSCK REPAIR TABLE."""
    named, name, _ = _named(statement, rf"MSCK\s+REPAIR\s+TABLE\s+{_TABLE}", database)
    table = athena.glue.table(named, name)
    if table is None:
        raise TrinoError("DDL_FAILED", f"FAILED: SemanticException [Error 10001]: Table not found {named}.{name}")
    known = {one.values for one in athena.glue.partitions(table)}
    _, prefix = split(table.location)
    prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    found: dict[tuple[str, ...], str] = {}
    for one in athena.objects.under(table.location):
        folders = one.key.removeprefix(prefix).split("/")[: len(table.keys)]
        values = hive_values("/".join(folders), list(table.keys))
        if values is not None and values not in known:
            found.setdefault(values, f"s3://{one.bucket}/{prefix}{'/'.join(folders)}/")
    _add(world, athena, named, name, found)
    lines = [f"Partitions not in metastore:\t{name}:{'/'.join(values)}" for values in found]
    return (("output", "varchar"),), [(line,) for line in lines]


def _add(world: World, athena: Athena, database: str, name: str, places: Mapping[tuple[str, ...], str]) -> None:
    if not places:
        return
    told = _glue(world, athena, "GetTable", DatabaseName=database, Name=name)["Table"]["StorageDescriptor"]
    for values, location in places.items():
        given = {"Values": list(values), "StorageDescriptor": {**told, "Location": location}}
        _glue(world, athena, "CreatePartition", DatabaseName=database, TableName=name, PartitionInput=given)


_SPEC = re.compile(r"PARTITION\s*\((?P<spec>[^)]*)\)(?:\s*LOCATION\s*'(?P<place>[^']*)')?", re.IGNORECASE)
_EQUAL = re.compile(r"`?([\w\-]+)`?\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+))")


def _alter(world: World, athena: Athena, statement: Statement, database: str) -> Answer:
    pattern = rf"ALTER\s+TABLE\s+{_TABLE}\s+ADD\s+(?P<exists>IF\s+NOT\s+EXISTS\s+)?(?P<specs>PARTITION.*)"
    named, name, found = _named(statement, pattern, database)
    table = athena.glue.table(named, name)
    if table is None:
        raise TrinoError("DDL_FAILED", f"FAILED: SemanticException [Error 10001]: Table not found {named}.{name}")
    known = {one.values for one in athena.glue.partitions(table)}
    places: dict[tuple[str, ...], str] = {}
    for one in _SPEC.finditer(found["specs"]):
        given = {key.lower(): a or b or c for key, a, b, c in _EQUAL.findall(one["spec"])}
        if set(given) != set(table.keys):
            raise TrinoError(
                "DDL_FAILED", f"FAILED: SemanticException partition spec {given} doesn't match {list(table.keys)}"
            )
        values = tuple(given[key] for key in table.keys)
        if values in known and not found["exists"]:
            raise TrinoError("DDL_FAILED", f"AlreadyExistsException: Partition already exists: {list(values)}")
        folder = "/".join(f"{key}={value}" for key, value in zip(table.keys, values, strict=True))
        if values not in known:
            places[values] = one["place"] or f"{table.location.rstrip('/')}/{folder}/"
    _add(world, athena, named, name, places)
    return _DONE


_ACTIONS: Mapping[str, Callable[[World, Athena, Statement, str], Answer]] = {
    "CREATE_TABLE": _create_table,
    "DROP_TABLE": _drop_table,
    "CREATE_DATABASE": _database("CreateDatabase"),
    "DROP_DATABASE": _database("DeleteDatabase"),
    "MSCK_REPAIR": _repair,
    "ALTER_TABLE": _alter,
}
