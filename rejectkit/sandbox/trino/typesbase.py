"""What every rule about an expression of Trino SQL leans on: what names mean, and how a node is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from sqlglot import exp

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.typescalls import AGGREGATE
from rejectkit.sandbox.trino.typeskinds import BOOLEAN, UNKNOWN, Kind, common, orderable
from rejectkit.sandbox.trino.typesread import Reading


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a scope has: `relation` is the name it may be qualified by, `at` its number in the statement."""

    name: str
    kind: Kind
    relation: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean: columns, those of the query around it, and the parameters of lambdas."""

    fields: tuple[Field, ...] = ()
    parent: Scope | None = None
    parameters: dict[str, Kind] = field(default_factory=dict)

    def within(self, parameters: dict[str, Kind]) -> Scope:
        """Return the scope of a lambda's body."""
        return Scope(self.fields, self.parent, {**self.parameters, **parameters})


def is_aggregate(node: exp.Expression) -> bool:
    """Tell whether a node calls an aggregate, and not over a window."""
    over = node.parent.parent if isinstance(node.parent, exp.Filter) else node.parent
    return isinstance(node, exp.Anonymous) and called(node) in AGGREGATE and not isinstance(over, exp.Window)


def called(node: exp.Anonymous) -> str:
    """Return the name of a function that is called, in small letters."""
    return str(node.this if isinstance(node.this, str) else node.this.name).lower()


def own(node: exp.Expression) -> Iterator[exp.Expression]:
    """Yield a node and what stands in it, but nothing of queries within."""
    yield node
    for child in node.iter_expressions():
        if not isinstance(child, exp.Query):
            yield from own(child)


class Base:
    """Types of expressions; `query` gives the columns of a query inside of one."""

    def __init__(self, reading: Reading, query: Callable[[exp.Expression, Scope], list[Field]]) -> None:
        """Work on what was read."""
        self.reading = reading
        self.query = query

    def fail(self, code: str, node: exp.Expression, message: str) -> NoReturn:
        """Refuse a node."""
        raise TrinoError(code, message, *self.reading.place(node))

    def of(self, node: Any, scope: Scope) -> Kind:
        """Return the type of an expression."""
        rule = getattr(self, f"_{type(node).__name__.lower()}", None)
        if rule is not None:
            return rule(node, scope)  # type: ignore[no-any-return]
        self.fail("NOT_SUPPORTED", node, f"not known here: {node.sql('trino')}")

    def boolean(self, node: exp.Expression, scope: Scope, what: str) -> None:
        """Refuse what is not a boolean."""
        kind = self.of(node, scope)
        if kind not in (BOOLEAN, UNKNOWN):
            self.fail("TYPE_MISMATCH", node, f"{what} must evaluate to a boolean (actual: {kind})")

    def single(self, nodes: Iterable[exp.Expression], scope: Scope, what: str) -> Kind:
        """Return the type that several expressions have in common."""
        found, seen = UNKNOWN, []
        for node in nodes:
            kind = self.of(node, scope)
            seen += [] if kind in seen else [kind]
            wider = common(found, kind)
            if wider is None:
                every = ", ".join(map(str, seen))
                message = (
                    f"{what} must be the same type or coercible to a common type. Cannot find common type between "
                    f"{found} and {kind}, all types (without duplicates): [{every}]"
                )
                self.fail("TYPE_MISMATCH", node, message)
            found = wider
        return found

    def field(self, node: exp.Column, scope: Scope | None) -> Field | None:
        """Return the column that a name means, in the innermost scope that has it."""
        name, relation = node.name.lower(), node.table.lower()
        while scope is not None:
            found = [one for one in scope.fields if one.name == name and relation in ("", one.relation)]
            if len(found) > 1:
                self.fail("AMBIGUOUS_NAME", node, f"Column '{node.name}' is ambiguous")
            if found:
                return found[0]
            scope = scope.parent
        return None

    def order(self, node: exp.Order, scope: Scope, message: str) -> None:
        """Check what is sorted by."""
        for term in node.expressions:
            kind = self.of(term.this, scope)
            if not orderable(kind):
                self.fail("TYPE_MISMATCH", term, message.format(kind=kind, term=term.this.sql("trino")))
