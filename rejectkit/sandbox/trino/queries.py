"""Trino's queries in DuckDB's words: what stands after WITH, FROM, GROUP BY and ORDER BY, and which tables are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from rejectkit.sandbox.trino.casts import shown
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.expressions import Expressions
from rejectkit.sandbox.trino.kinds import Type, common, duck, inner
from rejectkit.sandbox.trino.parse import place
from rejectkit.sandbox.trino.pruning import prune
from rejectkit.sandbox.trino.scope import Field, Relation, Scan, Scope, quoted, use
from rejectkit.sandbox.trino.sql import Sql


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's columns and types in their order, its partition columns among them, last."""

    columns: Mapping[str, Type]
    partitions: tuple[str, ...] = ()


Describe = Callable[[str, str], "Shape | None"]


@dataclass(frozen=True, slots=True)
class Made:
    """A query in DuckDB's words, and its columns."""

    text: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Translated:
    """A whole statement.

    Attributes
    ----------
    text : str
        DuckDB's text; every column of its answer is a text as results show it, or null.
    columns : tuple of (str, str)
        Names and Trino types.
    scans : tuple of Scan
        The tables that it reads.
    """

    text: str
    columns: tuple[tuple[str, Type], ...]
    scans: tuple[Scan, ...]


def translate(query: exp.Expr, describe: Describe, database: str, now: int) -> Translated:
    """Return a query in DuckDB's words.

    Parameters
    ----------
    query : Expr
        From `parse`.
    describe : callable
        The shape of a table, by database and name; None where there is none.
    database : str
        Where names without one are.
    now : int
        What `now()` is, in milliseconds since the epoch.

    Raises
    ------
    TrinoError
        If it is not allowed, or not answered here.
    """
    queries = Queries(describe, database, now)
    made = queries.query(query, None)
    use(made.fields)
    columns = ", ".join(
        f"{shown(Sql(quoted(one.inside), one.kind))} AS {quoted(f'c{at}')}" for at, one in enumerate(made.fields)
    )
    steps = ", ".join(f"{quoted(name)} AS ({text})" for name, text in queries.steps)
    text = f"{f'WITH {steps} ' if steps else ''}SELECT {columns} FROM ({made.text}) AS answer"
    return Translated(text, tuple((one.name, one.kind) for one in made.fields), tuple(queries.scans))


def tables_of(query: exp.Expr) -> set[tuple[str, str]]:
    """Return database (empty where it is not said) and name of each table of a query; names of its WITHs are none."""
    steps = {step.alias.lower() for step in query.find_all(exp.CTE)}
    found = {(node.db.lower(), node.name.lower()) for node in query.find_all(exp.Table)}
    return {(database, name) for database, name in found if database or name not in steps}


class Queries:
    """One translation: the tables it has met, and its common table expressions."""

    def __init__(self, describe: Describe, database: str, now: int) -> None:
        """Start with nothing."""
        self.describe, self.database = describe, database
        self.now = f"epoch_ms(CAST({now} AS BIGINT))"
        self.steps: list[tuple[str, str]] = []
        self.scans: list[Scan] = []
        self.known: dict[str, tuple[str, tuple[Field, ...]]] = {}
        self.expressions = Expressions(self)
        self._count = 0

    def fresh(self, letter: str) -> str:
        """Return a name that is nowhere else."""
        self._count += 1
        return f"{letter}{self._count}"

    def nested(self, node: exp.Expr, scope: Scope) -> Made:
        """Return a query inside an expression."""
        return self.query(node.this if isinstance(node, exp.Subquery) else node, scope)

    def query(self, node: exp.Expr, outer: Scope | None) -> Made:
        """Return a query with its own WITH."""
        before = dict(self.known)
        within = node.args.get("with_")
        for step in within.expressions if within is not None else ():
            made = self.query(step.this, outer)
            fields = self.renamed(made.fields, step)
            name = self.fresh("w")
            self.steps.append((name, made.text))
            self.known[step.alias.lower()] = name, fields
        if isinstance(node, exp.Select):
            made = self._select(node, outer)
        elif isinstance(node, exp.SetOperation):
            made = self._combined(node, outer)
        elif isinstance(node, exp.Subquery):
            made = self._wrapped(node, outer)
        elif isinstance(node, exp.Values):
            made = self._values(node, outer)
        else:
            raise TrinoError("NOT_SUPPORTED", f"The sandbox does not answer {type(node).__name__}", *place(node))
        self.known = before
        return made

    def renamed(self, fields: tuple[Field, ...], node: exp.Expr) -> tuple[Field, ...]:
        """Return columns under the names that an alias gives them."""
        alias = node.args.get("alias")
        names = [one.name for one in alias.args.get("columns") or ()] if alias is not None else []
        if names and len(names) != len(fields):
            words = f"Column alias list has {len(names)} entries but relation has {len(fields)} columns"
            raise TrinoError("MISMATCHED_COLUMN_ALIASES", words, *place(node))
        return tuple(replace(one, name=name) for one, name in zip(fields, names, strict=True)) if names else fields

    # what is selected

    def _select(self, node: exp.Select, outer: Scope | None) -> Made:
        scope = Scope(outer=outer)
        source = self._sources(node, scope)
        where = node.args.get("where")
        filters = ""
        if where is not None:
            prune(node, where.this, scope, lambda part: self.expressions.condition(part, scope))
            filters = f" WHERE {self.expressions.condition(where.this, scope)}"
        group, having = node.args.get("group"), node.args.get("having")
        items: list[tuple[str, Sql, Field | None, str]] = []  # name, expression, the column it is, its alias
        for item in node.expressions:
            items += self.item(item, scope)
        grouped = self.grouped(group, scope) if group is not None else ""
        if having is not None:
            grouped += f" HAVING {self.expressions.condition(having.this, scope, 'HAVING clause')}"
        fields, texts = [], []
        for at, (name, value, column, _) in enumerate(items):
            inside = f"k{at}"
            texts.append(f"{value.text} AS {quoted(inside)}")
            origin = column.origin if column is not None and not grouped and not node.args.get("distinct") else None
            if origin is None:
                use([column])
            fields.append(Field(name, value.kind, inside, origin))
        head = "SELECT DISTINCT " if node.args.get("distinct") else "SELECT "
        outputs = {alias.lower(): value for _, value, _, alias in items if alias}
        tail = self.tail(node, replace_outputs(scope, outputs), [one[1] for one in items])
        return Made(f"{head}{', '.join(texts)}{source}{filters}{grouped}{tail}", tuple(fields))

    def item(self, node: exp.Expr, scope: Scope) -> list[tuple[str, Sql, Field | None, str]]:
        """Return what one item of a SELECT gives: name, expression, the column that it only names, its alias."""
        alias = node.alias if isinstance(node, exp.Alias) else ""
        inside = node.this if isinstance(node, exp.Alias) else node
        if isinstance(inside, exp.Star) or (isinstance(inside, exp.Column) and isinstance(inside.this, exp.Star)):
            owner = inside.text("table").lower() if isinstance(inside, exp.Column) else ""
            found = [one for one in scope.relations if not owner or one.alias.lower() == owner]
            if not found:
                what = (
                    f"Unable to resolve reference {owner}"
                    if owner
                    else "SELECT * not allowed in queries without FROM clause"
                )
                raise TrinoError("TABLE_NOT_FOUND" if owner else "COLUMN_NOT_FOUND", what, *place(node))
            return [
                (one.name, Sql(f"{quoted(relation.inside)}.{quoted(one.inside)}", one.kind), one, "")
                for relation in found
                for one in relation.fields
                if not one.hidden
            ]
        if isinstance(inside, exp.Column):
            value, column = scope.find(inside.name, inside.text("table"), place(inside))
            return [(alias or inside.name, value, column, alias)]
        return [(alias or f"_col{self._position(node)}", self.expressions.of(inside, scope), None, alias)]

    @staticmethod
    def _position(node: exp.Expr) -> int:
        return int(node.index or 0)

    def grouped(self, group: exp.Group, scope: Scope) -> str:
        """Return GROUP BY, of expressions and of places in the SELECT."""
        for part in ("cube", "rollup", "grouping_sets", "totals", "all"):
            if group.args.get(part):
                raise TrinoError("NOT_SUPPORTED", f"The sandbox does not answer GROUP BY {part}", *place(group))
        keys = [
            one.name if isinstance(one, exp.Literal) and not one.is_string else self.expressions.of(one, scope).text
            for one in group.expressions
        ]
        return f" GROUP BY {', '.join(keys)}" if keys else ""

    # order and limits

    def tail(self, node: exp.Expr, scope: Scope, items: list[Sql]) -> str:
        """Return ORDER BY, OFFSET and LIMIT."""
        out, order = "", node.args.get("order")
        if order is not None:
            keys = []
            for key in order.expressions:
                at = key.this
                if isinstance(at, exp.Literal) and not at.is_string:
                    if not 1 <= int(at.name) <= len(items):
                        words = f"ORDER BY position {at.name} is not in select list"
                        raise TrinoError("INVALID_COLUMN_REFERENCE", words, *place(at))
                    keys.append(at.name + _direction(key))
                else:
                    made = self.expressions.of(at, scope)
                    same = next((f"{number}" for number, one in enumerate(items, 1) if one == made), made.text)
                    keys.append(same + _direction(key))
            out = f" ORDER BY {', '.join(keys)}"
        limit, offset = node.args.get("limit"), node.args.get("offset")
        if limit is not None:
            count = limit.args.get("count") if isinstance(limit, exp.Fetch) else limit.expression
            if isinstance(count, exp.Literal) and not count.is_string:
                out += f" LIMIT {int(count.name)}"
            elif not (count is not None and count.name.upper() == "ALL"):
                raise TrinoError("NOT_SUPPORTED", "The sandbox takes LIMIT with a number", *place(limit))
        return out + (f" OFFSET {int(offset.expression.name)}" if offset is not None else "")

    def order_text(self, order: exp.Expr, scope: Scope) -> str:
        """Return ORDER BY of a window or an aggregate."""
        keys = [self.expressions.of(key.this, scope).text + _direction(key) for key in order.expressions]
        return f" ORDER BY {', '.join(keys)}"

    # sets of rows

    def _wrapped(self, node: exp.Subquery, outer: Scope | None) -> Made:
        made = self.query(node.this, outer)
        if not any(node.args.get(part) for part in ("order", "limit", "offset")):
            return made
        return self._ordered(node, made, outer)

    def _ordered(self, node: exp.Expr, made: Made, outer: Scope | None) -> Made:
        inside = self.fresh("r")
        scope = Scope([Relation("", inside, made.fields)], outer)
        items = [Sql(f"{quoted(inside)}.{quoted(one.inside)}", one.kind) for one in made.fields]
        return Made(f"SELECT * FROM ({made.text}) AS {quoted(inside)}{self.tail(node, scope, items)}", made.fields)

    def _combined(self, node: exp.SetOperation, outer: Scope | None) -> Made:
        left, right = self.query(node.this, outer), self.query(node.expression, outer)
        word = type(node).__name__.upper()
        if len(left.fields) != len(right.fields):
            words = f"{word} query has different number of fields: {len(left.fields)}, {len(right.fields)}"
            raise TrinoError("TYPE_MISMATCH", words, *place(node))
        kinds = []
        for at, (one, other) in enumerate(zip(left.fields, right.fields, strict=True), 1):
            kind = common(one.kind, other.kind)
            if kind is None:
                words = f"column {at} in {word} query has incompatible types: {one.kind}, {other.kind}"
                raise TrinoError("TYPE_MISMATCH", words, *place(node))
            kinds.append(kind)
        use([*left.fields, *right.fields])
        sides = [
            "SELECT "
            + ", ".join(
                f"CAST({quoted(one.inside)} AS {duck(kind)}) AS k{at}"
                for at, (one, kind) in enumerate(zip(side.fields, kinds, strict=True))
            )
            + f" FROM ({side.text})"
            for side in (left, right)
        ]
        every = "" if node.args.get("distinct") else " ALL"
        fields = tuple(
            Field(one.name, kind, f"k{at}") for at, (one, kind) in enumerate(zip(left.fields, kinds, strict=True))
        )
        made = Made(f" {word}{every} ".join(sides), fields)
        return self._ordered(node, made, outer) if any(node.args.get(p) for p in ("order", "limit", "offset")) else made

    def _values(self, node: exp.Values, outer: Scope | None) -> Made:
        scope = Scope(outer=outer)
        rows = [
            [self.expressions.of(one, scope) for one in (row.expressions if isinstance(row, exp.Tuple) else [row])]
            for row in node.expressions
        ]
        kinds: list[Type] = ["unknown"] * len(rows[0])
        for row in rows:
            met = [common(kind, one.kind) for kind, one in zip(kinds, row, strict=False)]
            if None in met or len(row) != len(kinds):
                raise TrinoError("TYPE_MISMATCH", "Values rows have mismatched types", *place(node))
            kinds = [kind for kind in met if kind is not None]
        texts = ", ".join(
            f"({', '.join(one.to(kind).text for one, kind in zip(row, kinds, strict=True))})" for row in rows
        )
        names = ", ".join(f"k{at}" for at in range(len(kinds)))
        fields = tuple(Field(f"_col{at}", kind, f"k{at}") for at, kind in enumerate(kinds))
        return Made(f"SELECT * FROM (VALUES {texts}) AS given({names})", fields)

    # what is read

    def _sources(self, node: exp.Select, scope: Scope) -> str:
        start = node.args.get("from_")
        if start is None:
            return ""
        text = f" FROM {self.relation(start.this, scope)}"
        for join in node.args.get("joins") or ():
            text += self._joined(join, scope)
        return text

    def _joined(self, join: exp.Join, scope: Scope) -> str:
        side, kind = join.side.upper(), join.kind.upper()
        right = self.relation(join.this, scope)
        on = join.args.get("on")
        if join.args.get("using") or join.args.get("method"):
            raise TrinoError("NOT_SUPPORTED", "The sandbox takes joins with ON", *place(join))
        if on is None:
            if side:
                raise TrinoError("SYNTAX_ERROR", "mismatched input. Expecting: 'ON', 'USING'", *place(join))
            return f" CROSS JOIN {right}"
        return f" {side or kind or 'INNER'} JOIN {right} ON {self.expressions.condition(on, scope, 'JOIN ON clause')}"

    def relation(self, node: exp.Expr, scope: Scope) -> str:
        """Return what stands after FROM, and put it in scope."""
        alias = node.alias
        if isinstance(node, exp.Table):
            name = node.name.lower()
            if not node.db and name in self.known:
                inside, (step, fields) = self.fresh("r"), self.known[name]
                scope.relations.append(Relation(alias or name, inside, self.renamed(fields, node)))
                return f"{quoted(step)} AS {quoted(inside)}"
            return self._table(node, scope)
        if isinstance(node, exp.Unnest):
            return self._unnested(node, scope)
        if isinstance(node, exp.Subquery | exp.Values):
            body = node.this if isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Table) else node
            if isinstance(body, exp.Subquery) and isinstance(body.this, exp.Table):
                return self.relation(body.this, scope)
            made = self.query(body, scope.outer)
            inside = self.fresh("r")
            scope.relations.append(Relation(alias, inside, self.renamed(made.fields, node)))
            return f"({made.text}) AS {quoted(inside)}"
        raise TrinoError("NOT_SUPPORTED", f"The sandbox does not answer {node.sql('trino')}", *place(node))

    def _table(self, node: exp.Table, scope: Scope) -> str:
        database, name = (node.db or self.database).lower(), node.name.lower()
        catalog = node.catalog.lower() or "awsdatacatalog"
        shape = self.describe(database, name) if catalog == "awsdatacatalog" else None
        if shape is None:
            raise TrinoError("TABLE_NOT_FOUND", f"Table '{catalog}.{database}.{name}' does not exist", *place(node))
        inside = self.fresh("r")
        scan = Scan(database, name, self.fresh("t"), inside, shape.partitions)
        self.scans.append(scan)
        fields = tuple(Field(column, kind, column, (scan, column)) for column, kind in shape.columns.items())
        fields += (Field("$path", "varchar", "$path", (scan, "$path"), hidden=True),)
        scope.relations.append(Relation(node.alias or name, inside, self.renamed(fields[:-1], node) + fields[-1:]))
        return f"{quoted(scan.relation)} AS {quoted(inside)}"

    def _unnested(self, node: exp.Unnest, scope: Scope) -> str:
        if node.args.get("offset") or len(node.expressions) != 1:
            raise TrinoError("NOT_SUPPORTED", "The sandbox unnests one array, without ordinality", *place(node))
        value = self.expressions.of(node.expressions[0], scope)
        if not value.kind.startswith("array("):
            raise TrinoError("TYPE_MISMATCH", f"Cannot unnest type: {value.kind}", *place(node))
        inside = self.fresh("r")
        fields = self.renamed((Field("_col0", inner(value.kind)[0], "k0"),), node)
        scope.relations.append(Relation(node.alias, inside, fields))
        return f"(SELECT unnest({value.text}) AS k0) AS {quoted(inside)}"


def replace_outputs(scope: Scope, outputs: Mapping[str, Sql]) -> Scope:
    """Return the scope of an ORDER BY, where a SELECT's aliases come first."""
    return Scope(scope.relations, scope.outer, scope.variables, outputs)


def _direction(key: exp.Expr) -> str:
    """Return the direction of a sort key; nulls are last unless it is said. Source: Trino documentation, SELECT."""
    return f"{' DESC' if key.args.get('desc') else ''} NULLS {'FIRST' if key.args.get('nulls_first') else 'LAST'}"
