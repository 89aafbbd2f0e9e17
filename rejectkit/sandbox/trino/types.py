"""Whether Trino would take a statement, and the types of its answer: names, types and groups, before anything runs.

Engines that run SQL here are more lenient than Trino: they turn texts into numbers unasked, know other functions,
and find names where Trino does not look. This holds a statement to Trino's own rules, in Trino's own words.
Source: Trino documentation, SELECT; Trino's own classes StatementAnalyzer and AggregationAnalyzer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.typesbase import Field, Scope, called, is_aggregate, own
from rejectkit.sandbox.trino.typeskinds import UNKNOWN, Kind, common, comparable, kind_of
from rejectkit.sandbox.trino.typesread import Reading
from rejectkit.sandbox.trino.typesvalues import Values

__all__ = ["Kind", "TrinoError", "check"]

_SELECT = {"with_", "with", "expressions", "from_", "from", "joins", "where", "group", "having", "order", "limit"}
_SELECT |= {"offset", "distinct", "operation_modifiers"}
_OTHERS = dict.fromkeys(("windows", "match", "fetch", "laterals"), "NOT_SUPPORTED")  # Trino's, but not known here


def check(statement: str | exp.Expression, tables: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the columns of a query's answer, by name, with their types.

    Parameters
    ----------
    statement : str or sqlglot Expression
        One query. As text, where it can be had: sqlglot makes one name of several, of which Trino knows one.
    tables : mapping of str to mapping of str to str
        Types of each table's columns, as Trino or Hive spells them, by the table's name (`logs`, `db.logs` or
        `catalog.db.logs`); capital and small letters are the same, as they are to Trino.

    Raises
    ------
    TrinoError
        If Trino refuses it.

    Examples
    --------
    >>> logs = {"db.logs": {"dstport": "int", "action": "string"}}
    >>> check('SELECT action, count(*) AS n FROM db.logs WHERE dstport = 22 GROUP BY 1', logs)
    {'action': 'varchar', 'n': 'bigint'}
    >>> check("SELECT * FROM db.logs WHERE dstport = '22'", logs)
    Traceback (most recent call last):
    rejectkit.sandbox.trino.errors.TrinoError: TYPE_MISMATCH: line 1:37: Cannot apply operator: integer = varchar(2)
    """
    reading = Reading(statement if isinstance(statement, str) else statement.sql(dialect="trino"))
    columns = _Queries(reading, tables).query(reading.tree, Scope())
    return {column.name or f"_col{i}": str(column.kind) for i, column in enumerate(columns)}


class _Queries:
    """The columns of queries, from the tables up."""

    def __init__(self, reading: Reading, tables: Mapping[str, Mapping[str, str]]) -> None:
        self.tables = {
            name.lower().replace('"', ""): [(column.lower(), kind_of(text)) for column, text in columns.items()]
            for name, columns in tables.items()
        }
        self.values = Values(reading, lambda node, scope: self.query(node, scope, self.named))
        self.fail = self.values.fail
        self.named: dict[str, list[Field]] = {}
        self.count = 0

    def query(self, node: exp.Expression, outer: Scope, named: dict[str, list[Field]] | None = None) -> list[Field]:
        """Return the columns of a query; `named` are the queries of WITH around it."""
        named = dict(named or {})
        given = node.args.get("with_") or node.args.get("with")
        mine: set[str] = set()
        for one in given.expressions if given is not None else ():
            name = one.alias.lower()
            if name in mine:
                self.fail("DUPLICATE_NAMED_QUERY", one, f"WITH query name '{name}' specified more than once")
            mine.add(name)
            columns = self.query(one.this, Scope(), named)
            named[name] = self._renamed(columns, one.args.get("alias"), name)
        self.named, before = named, self.named
        try:
            if isinstance(node, exp.Subquery):
                return self.query(node.this, outer, named)
            if isinstance(node, exp.SetOperation if hasattr(exp, "SetOperation") else exp.Union):
                return self._united(node, outer, named)
            if isinstance(node, exp.Select):
                return _Select(self, node, outer, named).run()
            if isinstance(node, exp.Values):
                return self._listed(node, outer)
        finally:
            self.named = before
        self.fail("NOT_SUPPORTED", node, f"a query is wanted: {node.sql('trino')[:60]}")

    def fields(self, pairs: Iterable[tuple[str, Kind]], relation: str) -> list[Field]:
        """Return columns that are new in the statement."""
        made = []
        for name, kind in pairs:
            self.count += 1
            made.append(Field(name, kind, relation, self.count))
        return made

    def _renamed(self, columns: list[Field], alias: exp.Expression | None, relation: str) -> list[Field]:
        names = [one.name.lower() for one in (alias.args.get("columns") or ())] if alias is not None else []
        if names and len(names) != len(columns):
            message = (
                f"Column alias list has {len(names)} entries but '{relation}' has {len(columns)} columns available"
            )
            self.fail("MISMATCHED_COLUMN_ALIASES", alias or exp.Null(), message)
        return self.fields(
            zip(names or [one.name for one in columns], [c.kind for c in columns], strict=True), relation
        )

    def _united(self, node: exp.Expression, outer: Scope, named: dict[str, list[Field]]) -> list[Field]:
        left, right = self.query(node.this, outer, named), self.query(node.expression, outer, named)
        word = type(node).__name__.upper()
        if len(left) != len(right):
            message = f"{word} query has different number of fields: {len(left)}, {len(right)}"
            self.fail("TYPE_MISMATCH", node, message)
        pairs = []
        for at, (one, other) in enumerate(zip(left, right, strict=True)):
            wide = common(one.kind, other.kind)
            if wide is None:
                message = f"column {at + 1} in {word} query has incompatible types: {one.kind}, {other.kind}"
                self.fail("TYPE_MISMATCH", node, message)
            pairs.append((one.name, wide))
        columns = self.fields(pairs, "")
        if node.args.get("order") is not None:
            _sorted_by(self.values, node.args["order"], Scope(tuple(columns)), len(columns))
        return columns

    def _listed(self, node: exp.Expression, outer: Scope) -> list[Field]:
        rows = [[self.values.of(x, outer) for x in (r.expressions or [r])] for r in node.expressions]
        kinds = rows[0]
        for other in rows[1:]:
            wide = [common(x, y) for x, y in zip(kinds, other, strict=False)]
            if len(other) != len(kinds) or None in wide:
                self.fail("TYPE_MISMATCH", node, "Values rows have mismatched types")
            kinds = [kind for kind in wide if kind is not None]
        alias = node.args.get("alias")
        columns = self.fields((("", kind) for kind in kinds), "")
        return self._renamed(columns, alias, alias.name.lower()) if alias is not None else columns

    def relation(self, node: exp.Expression, outer: Scope, named: dict[str, list[Field]]) -> list[Field]:
        """Return the columns of what stands after FROM."""
        alias = node.args.get("alias")
        name = alias.name.lower() if alias is not None else ""
        if isinstance(node, exp.Table):
            parts = [part.name.lower() for part in node.parts]
            name = name or parts[-1]
            if len(parts) == 1 and parts[0] in named:
                return self._renamed(named[parts[0]], alias, name)
            for start in range(len(parts)):
                pairs = self.tables.get(".".join(parts[start:]))
                if pairs is not None:
                    return self._renamed(self.fields(pairs, name), alias, name)
            full = ".".join([*("awsdatacatalog", "default")[: 3 - len(parts)], *parts])
            self.fail("TABLE_NOT_FOUND", node, f"Table '{full}' does not exist")
        if isinstance(node, exp.Unnest):
            kinds = [self.values.of(one, outer) for one in node.expressions]
            inner = [part for kind in kinds for part in (kind.kinds or (UNKNOWN,))]
            return self._renamed(self.fields((("", kind) for kind in inner), name), alias, name)
        return self._renamed(
            self.query(node.this if isinstance(node, exp.Subquery) else node, outer, named), alias, name
        )


class _Select:
    """One SELECT."""

    def __init__(self, queries: _Queries, node: exp.Select, outer: Scope, named: dict[str, list[Field]]) -> None:
        self.queries, self.node, self.outer, self.named = queries, node, outer, named
        self.values, self.fail = queries.values, queries.fail
        for name, part in node.args.items():
            if part and name not in _SELECT:
                self.fail(_OTHERS.get(name, "SYNTAX_ERROR"), part, f"mismatched input '{name.upper()}'")

    def run(self) -> list[Field]:
        node, args = self.node, self.node.args
        source = self.source()
        if args.get("where") is not None:
            self._scalar(args["where"].this, "WHERE clause")
            self.values.boolean(args["where"].this, source, "WHERE clause")
        items = [(item.alias.lower(), item.unalias()) for item in node.expressions if not item.is_star]
        columns = self._columns(source)
        order = args.get("order")
        terms = [term.this for term in order.expressions] if order is not None else []
        keys = self._keys(source, [item.unalias() for item in node.expressions])
        sorted_by = Scope(tuple(columns), source)
        if order is not None:
            _sorted_by(self.values, order, sorted_by, len(columns))
        having = args["having"].this if args.get("having") is not None else None
        if having is not None:
            self.values.boolean(having, source, "HAVING clause")
        every = [item.unalias() for item in node.expressions] + ([having] if having is not None else []) + terms
        clauses = args.get("group") is not None or having is not None
        grouped = clauses or any(is_aggregate(part) for one in every for part in own(one))
        if grouped:
            groups = _Groups(self.values, source, keys)
            if any(item.is_star for item in node.expressions):
                self.fail("EXPRESSION_NOT_AGGREGATE", node, "a column of '*' must appear in GROUP BY clause")
            for _, item in items:
                groups.check(item, None)
            for one in [having] if having is not None else []:
                groups.check(one, None)
            for term in terms:
                groups.check(term, Scope(tuple(columns)))
        self._distinct(columns, terms, sorted_by)
        for name in ("limit", "offset"):
            self._count(args.get(name))
        return columns

    def source(self) -> Scope:
        """Return the scope of what stands after FROM."""
        first = self.node.args.get("from_") or self.node.args.get("from")
        fields = self.queries.relation(first.this, self.outer, self.named) if first is not None else []
        for join in self.node.args.get("joins") or ():
            right = self.queries.relation(join.this, Scope(tuple(fields), self.outer), self.named)
            fields = self._joined(join, fields, right)
            if join.args.get("on") is not None:
                self._scalar(join.args["on"], "JOIN clause")
                self.values.boolean(join.args["on"], Scope(tuple(fields), self.outer), "JOIN ON clause")
        return Scope(tuple(fields), self.outer if self.outer.fields or self.outer.parameters else None)

    def _joined(self, join: exp.Join, left: list[Field], right: list[Field]) -> list[Field]:
        """Return the columns of a join: those of USING come first, and once."""
        shared: list[Field] = []
        for name in [one.name.lower() for one in join.args.get("using") or ()]:
            kinds = [next((one.kind for one in side if one.name == name), None) for side in (left, right)]
            wide = common(kinds[0], kinds[1]) if kinds[0] and kinds[1] else None
            if wide is None:
                self.fail(
                    "COLUMN_NOT_FOUND", join, f"Column '{name}' is missing from a side of the join, or of another type"
                )
            shared += self.queries.fields([(name, wide)], "")
        names = {one.name for one in shared}
        return shared + [one for one in (*left, *right) if one.name not in names]

    def _columns(self, source: Scope) -> list[Field]:
        pairs: list[Field] = []
        for item in self.node.expressions:
            if item.is_star:
                relation = item.table.lower() if isinstance(item, exp.Column) else ""
                found = [one for one in source.fields if relation in ("", one.relation)]
                if not found and relation:
                    self.fail("TABLE_NOT_FOUND", item, f"Unable to resolve reference {relation}")
                if not found:
                    self.fail("COLUMN_NOT_FOUND", item, "SELECT * not allowed in queries without FROM clause")
                pairs += [Field(one.name, one.kind, one.relation, one.at) for one in found]
                continue
            kind = self.values.of(item.unalias(), source)
            value = item.unalias()
            known = self.values.field(value, source) if isinstance(value, exp.Column) else None
            name = item.alias.lower() or (value.name.lower() if isinstance(value, exp.Column) else "")
            pairs += [Field(name, kind, known.relation, known.at)] if known else self.queries.fields([(name, kind)], "")
        return pairs

    def _keys(self, source: Scope, items: list[exp.Expression]) -> list[exp.Expression]:
        group = self.node.args.get("group")
        if group is None:
            return []
        for name, part in group.args.items():
            if part and name != "expressions":
                self.fail("NOT_SUPPORTED", group, f"GROUP BY {name} is not known here")
        keys = []
        for key in group.expressions:
            chosen = key.unnest() if hasattr(key, "unnest") else key
            if isinstance(chosen, exp.Literal) and not chosen.is_string:
                at = int(chosen.name)
                if not 1 <= at <= len(items):
                    self.fail("INVALID_COLUMN_REFERENCE", key, f"GROUP BY position {at} is not in select list")
                chosen = items[at - 1]
            self._scalar(chosen, "GROUP BY clause")
            kind = self.values.of(chosen, source)
            if not comparable(kind):
                message = f"{kind} is not comparable, and therefore cannot be used in GROUP BY"
                self.fail("TYPE_MISMATCH", key, message)
            keys.append(chosen)
        return keys

    def _scalar(self, node: exp.Expression, what: str) -> None:
        """Refuse aggregates and windows."""
        wrong = [one for one in own(node) if is_aggregate(one) or isinstance(one, exp.Window)]
        if wrong:
            found = ", ".join(one.sql("trino") for one in wrong)
            message = f"{what} cannot contain aggregations, window functions or grouping operations: [{found}]"
            self.fail("EXPRESSION_NOT_SCALAR", node, message)

    def _distinct(self, columns: list[Field], terms: list[exp.Expression], scope: Scope) -> None:
        if not self.node.args.get("distinct"):
            return
        for column in columns:
            if not comparable(column.kind):
                message = f"DISTINCT can only be applied to comparable types (actual: {column.kind})"
                self.fail("TYPE_MISMATCH", self.node, message)
        for term in terms:
            found = self.values.field(term, scope) if isinstance(term, exp.Column) else None
            if not isinstance(term, exp.Literal) and (found is None or found.at not in {one.at for one in columns}):
                message = "For SELECT DISTINCT, ORDER BY expressions must appear in select list"
                self.fail("EXPRESSION_NOT_IN_DISTINCT", term, message)

    def _count(self, part: exp.Expression | None) -> None:
        value = part.expression if part is not None else None
        if value is not None and not (value.name.isdigit() or value.name.upper() == "ALL"):
            self.fail("SYNTAX_ERROR", value, f"mismatched input '{value.sql('trino')}'. Expecting: <integer>")


class _Groups:
    """What may be said of a group: its keys, aggregates, and what is made of them."""

    def __init__(self, values: Values, source: Scope, keys: list[exp.Expression]) -> None:
        self.values, self.source = values, source
        self.keys = {self._print(key, frozenset()) for key in keys}

    def check(self, node: exp.Expression, shown: Scope | None) -> None:
        """Refuse an expression that differs within a group; `shown` are the columns an ORDER BY sees first."""
        if not self._constant(node, shown, frozenset()):
            message = f"'{node.sql('trino')}' must be an aggregate expression or appear in GROUP BY clause"
            self.values.fail("EXPRESSION_NOT_AGGREGATE", node, message)

    def _constant(self, node: exp.Expression, shown: Scope | None, bound: frozenset[str]) -> bool:
        if self._print(node, bound) in self.keys:
            return True
        if is_aggregate(node):
            self._flat(node)
            return True
        if isinstance(node, exp.Filter):
            return self._constant(node.this, shown, bound)
        if isinstance(node, exp.Column):
            if node.name.lower() in bound or (shown is not None and self.values.field(node, shown) is not None):
                return True
            found = self.values.field(node, self.source)
            return found is not None and found not in self.source.fields
        if isinstance(node, exp.Lambda):
            bound |= {one.name.lower() for one in node.expressions}
            return self._constant(node.this, shown, bound)
        if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery):
            return True
        inside = (child for child in node.iter_expressions() if not isinstance(child, (exp.DataType, exp.Identifier)))
        return all(self._constant(child, shown, bound) for child in inside)

    def _flat(self, node: exp.Expression) -> None:
        inner = [one for one in own(node) if one is not node and is_aggregate(one)]
        if inner and isinstance(node, exp.Anonymous):
            found = ", ".join(one.sql("trino") for one in inner)
            message = f"Cannot nest aggregations inside aggregation '{called(node)}': [{found}]"
            self.values.fail("NESTED_AGGREGATION", node, message)

    def _print(self, node: object, bound: frozenset[str]) -> object:
        """Return what two expressions have in common exactly if they say the same of the same columns."""
        if isinstance(node, exp.Paren):
            return self._print(node.this, bound)
        if isinstance(node, exp.Column) and node.name.lower() not in bound:
            found = self.values.field(node, self.source)
            return ("column", found.at) if found is not None else ("column", node.name.lower(), node.table.lower())
        if isinstance(node, exp.Identifier):
            return ("name", node.name.lower())
        if isinstance(node, exp.Anonymous):
            return ("call", called(node), *(self._print(one, bound) for one in node.expressions))
        if isinstance(node, exp.Lambda):
            bound |= {one.name.lower() for one in node.expressions}
        if isinstance(node, exp.Expression):
            parts = (
                (name, self._print(part, bound))
                for name, part in sorted(node.args.items())
                if part not in (None, [], False)
            )
            return (type(node).__name__, *parts)
        return tuple(self._print(one, bound) for one in node) if isinstance(node, list) else node


def _sorted_by(values: Values, order: exp.Order, scope: Scope, count: int) -> None:
    """Check an ORDER BY, which sees the answer's columns first and then those it was made from."""
    for term in order.expressions:
        if isinstance(term.this, exp.Literal) and not term.this.is_string and not 1 <= int(term.this.name) <= count:
            message = f"ORDER BY position {term.this.name} is not in select list"
            values.fail("INVALID_COLUMN_REFERENCE", term, message)
    message = "Type {kind} is not orderable, and therefore cannot be used in ORDER BY: {term}"
    values.order(order, scope, message)
