"""What the names of a query mean where an expression stands: its relations, and what is around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.kinds import Type
from rejectkit.sandbox.trino.sql import Sql


@dataclass(slots=True, eq=False)
class Scan:
    """A table that is read, once for each time that a query names it.

    Attributes
    ----------
    database, table : str
        Its name.
    relation : str
        What it is called in DuckDB's text.
    alias : str
        What its columns are qualified with there.
    partitions : tuple of str
        Its partition columns.
    used : set of str
        The columns that are read.
    conditions : list of tuple
        What must hold for its rows, of partition columns only: which of them, and DuckDB's text.
    pinned : dict of str to set of str
        The values that a partition column is equal to one of.
    """

    database: str
    table: str
    relation: str
    alias: str
    partitions: tuple[str, ...]
    used: set[str] = field(default_factory=set)
    conditions: list[tuple[frozenset[str], str]] = field(default_factory=list)
    pinned: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a relation: its name, its type, its name in DuckDB's text, and the table it is of unchanged."""

    name: str
    kind: Type
    inside: str
    origin: tuple[Scan, str] | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """What stands after FROM: how it is qualified here and in DuckDB's text, and its columns."""

    alias: str
    inside: str
    fields: tuple[Field, ...]


@dataclass(slots=True)
class Scope:
    """The names around an expression."""

    relations: list[Relation] = field(default_factory=list)
    outer: Scope | None = None
    variables: Mapping[str, Sql] = field(default_factory=dict)
    outputs: Mapping[str, Sql] = field(default_factory=dict)  # of the SELECT, for its ORDER BY

    def inner(self, variables: Mapping[str, Sql]) -> Scope:
        """Return the scope inside a lambda."""
        return Scope(self.relations, self.outer, {**self.variables, **variables}, self.outputs)

    def find(self, name: str, qualifier: str, place: tuple[int, int]) -> tuple[Sql, Field | None]:
        """Return what a column's name means.

        Raises
        ------
        TrinoError
            COLUMN_NOT_FOUND or AMBIGUOUS_NAME.
        """
        low, owner = name.lower(), qualifier.lower()
        if not owner and low in self.variables:
            return self.variables[low], None
        if not owner and low in self.outputs:
            return self.outputs[low], None
        scope: Scope | None = self
        while scope is not None:
            found = list(scope.matches(low, owner))
            if len(found) > 1:
                raise TrinoError("AMBIGUOUS_NAME", f"Column '{name}' is ambiguous", *place)
            if found:
                relation, one = found[0]
                return Sql(f"{quoted(relation.inside)}.{quoted(one.inside)}", one.kind), one
            scope = scope.outer
        told = f"{qualifier}.{name}" if qualifier else name
        words = f"Column '{told}' cannot be resolved or requester is not authorized to access requested resources"
        raise TrinoError("COLUMN_NOT_FOUND", words, *place)

    def matches(self, name: str, qualifier: str) -> Iterable[tuple[Relation, Field]]:
        """Yield the columns of that name."""
        for relation in self.relations:
            if not qualifier or relation.alias.lower() == qualifier:
                yield from ((relation, one) for one in relation.fields if one.name.lower() == name)


def quoted(name: str) -> str:
    """Return an identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def use(fields: Sequence[Field | None]) -> None:
    """Note that columns are read."""
    for one in fields:
        if one is not None and one.origin is not None:
            scan, name = one.origin
            scan.used.add(name)
