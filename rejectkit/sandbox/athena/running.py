"""One statement, carried out: parsed, planned, its partitions found, its objects read, its answer made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rejectkit.sandbox.athena.objects import Object
from rejectkit.sandbox.athena.store import Athena, Execution, Failure
from rejectkit.sandbox.athena.tables import Partition, Table, chosen
from rejectkit.sandbox.trino.ddl import Statement, carry_out, statement_of
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.parse import Tree, parse, verify
from rejectkit.sandbox.trino.queries import Describe, Shape, tables_of, translate
from rejectkit.sandbox.trino.scope import Scan
from rejectkit.sandbox.trino.types import check

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

# Athena's error types. Source: Athena user guide, Athena error catalog; of which Trino's errors each is: inferred.
_DATA = frozenset(("HIVE_BAD_DATA", "HIVE_CURSOR_ERROR", "HIVE_CANNOT_OPEN_SPLIT", "HIVE_FILESYSTEM_ERROR"))
_SYNTAX = 1006
SCAN_LIMIT = "Query cancelled! : Bytes scanned limit was exceeded"


def checked(text: str) -> Statement | None:
    """Return a statement of DDL, or None for a query; either is held to its grammar.

    Raises
    ------
    TrinoError
        SYNTAX_ERROR.
    """
    found = statement_of(text)
    if found is None:
        verify(text)
    return found


def run(world: World, athena: Athena, one: Execution, cutoff: int | None) -> None:
    """Carry a statement out, and note in the execution what comes of it."""
    athena.glue.access_key = athena.objects.access_key = one.access_key
    try:
        statement = statement_of(one.query)
        if statement is not None:
            one.columns, one.rows = carry_out(world, athena, statement, one.database)
            return
        _query(world, athena, one, cutoff)
    except TrinoError as error:
        one.state, one.rows, one.columns = "FAILED", [], ()
        one.failure = Failure(str(error), kind=1001 if error.code in _DATA else _SYNTAX)
        if error.code == "PERMISSION_DENIED":
            one.failure = Failure(error.message, kind=1001)


def _query(world: World, athena: Athena, one: Execution, cutoff: int | None) -> None:
    tables: dict[tuple[str, str], Table | None] = {}

    def describe(database: str, name: str) -> Shape | None:
        if (database, name) not in tables:
            tables[database, name] = athena.glue.table(database, name)
        found = tables[database, name]
        return found.shape if found is not None else None

    tree = parse(one.query)
    check(one.query, _columns(tree, describe, one.database))
    made = translate(tree, describe, one.database, world.clock.millis)
    one.columns, one.planned = made.columns, made.text
    scanned, objects, partitions = 0, [], []
    loads: list[tuple[Scan, Table, list[tuple[Object, tuple[str, ...]]]]] = []
    for scan in made.scans:
        table = tables[scan.database, scan.table]
        assert table is not None
        places = _places(world, athena, table, scan)
        listed = athena.objects.of([place.location for place in places])
        parts = [(found, places[at].values) for at, found in listed]
        for found, _ in parts:
            athena.objects.admit(found)
        scanned += athena.loader.scanned(table, parts, scan.used, athena.objects.read)
        partitions += places
        objects += [found for found, _ in parts]
        loads.append((scan, table, parts))
    one.scanned, one.objects, one.partitions = scanned, tuple(objects), tuple(partitions)
    if cutoff is not None and scanned > cutoff:
        one.state, one.failure, one.columns = "CANCELLED", Failure(SCAN_LIMIT, kind=1011), ()
        return
    for scan, table, parts in loads:
        athena.loader.load(table, parts, athena.objects.read, scan.relation)
    one.rows = athena.engine.run(made)


def _columns(tree: Tree, describe: Describe, database: str) -> dict[str, dict[str, str]]:
    """Return the columns of the tables that a query names, by each name that it has for them."""
    found: dict[str, dict[str, str]] = {}
    for where, name in tables_of(tree):
        shape = describe(where or database, name)
        if shape is not None:
            names = ["awsdatacatalog", where or database, name]
            for at in range(3 if names[1] == database else 2):
                found[".".join(names[at:])] = dict(shape.columns)
    return found


def _places(world: World, athena: Athena, table: Table, scan: Scan) -> list[Partition]:
    def kept(names: Sequence[str], values: Sequence[Sequence[str]]) -> list[int]:
        return athena.engine.kept(scan, names, values, table.keys)

    return chosen(table, kept, scan.pinned, lambda: athena.glue.partitions(table), world.clock.seconds)
