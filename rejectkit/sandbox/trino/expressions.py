"""Trino's expressions in DuckDB's words, each with its Trino type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from rejectkit.sandbox.trino import aggregates
from rejectkit.sandbox.trino.casts import cast, data_type
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.functions import call, unexpected
from rejectkit.sandbox.trino.kinds import common, decimal, duck, inner, is_decimal, is_number, is_whole, shared
from rejectkit.sandbox.trino.operators import decimals, mismatch, pair
from rejectkit.sandbox.trino.parse import place
from rejectkit.sandbox.trino.scope import Scope, use
from rejectkit.sandbox.trino.sql import Sql

if TYPE_CHECKING:
    from rejectkit.sandbox.trino.queries import Queries

_LARGEST = 2**63 - 1
_SIGNS = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "Mod": "%"}
_COMPARED = {"EQ": "=", "NEQ": "<>", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}
_FIELDS = {"DOW": "day_of_week", "DAY_OF_WEEK": "day_of_week", "DOY": "day_of_year", "DAY_OF_YEAR": "day_of_year"}
_SIDES = {"LEADING": "ltrim", "TRAILING": "rtrim", "BOTH": "trim", "": "trim"}


def literal(text: str) -> str:
    """Return a text for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


class Expressions:
    """Translates what stands in a scope; queries inside expressions go back to `queries`."""

    def __init__(self, queries: Queries) -> None:
        """Translate for a query."""
        self.queries = queries
        self._lambdas = 0

    def of(self, node: exp.Expr, scope: Scope) -> Sql:
        """Return an expression.

        Raises
        ------
        TrinoError
            If a name is unknown, types do not meet, or it is not answered here.
        """
        method: Callable[[exp.Expr, Scope], Sql] | None = getattr(self, f"_on_{type(node).__name__.lower()}", None)
        if method is None:
            name = type(node).__name__
            if name in _SIGNS:
                return self._arithmetic(node, scope)
            if name in _COMPARED:
                return self._compared(node, scope)
            raise TrinoError("NOT_SUPPORTED", f"The sandbox does not answer {node.sql('trino')}", *place(node))
        return method(node, scope)

    def condition(self, node: exp.Expr, scope: Scope, clause: str = "WHERE clause") -> str:
        """Return a condition, which has to be true or false."""
        made = self.of(node, scope)
        if made.kind not in ("boolean", "unknown"):
            words = f"{clause} must evaluate to a boolean: actual type {made.kind}"
            raise TrinoError("TYPE_MISMATCH", words, *place(node))
        return made.to("boolean").text

    # names and values

    def _on_column(self, node: exp.Expr, scope: Scope) -> Sql:
        made, found = scope.find(node.name, node.text("table"), place(node))
        use([found])
        return made

    def _on_identifier(self, node: exp.Expr, scope: Scope) -> Sql:
        """Return a lambda's parameter, which sqlglot leaves as a mere name."""
        made, found = scope.find(node.name, "", place(node))
        use([found])
        return made

    def _on_literal(self, node: exp.Expr, scope: Scope) -> Sql:
        text = node.name
        if node.is_string:
            return Sql(literal(text), "varchar")
        if "e" in text.lower():
            return Sql(f"CAST({text} AS DOUBLE)", "double", exact=True)
        if "." in text:
            whole, _, part = text.partition(".")
            kind = decimal(max(1, len(whole.lstrip("0") + part)), len(part))
            return Sql(f"CAST({text} AS {duck(kind)})", kind)
        if int(text) > _LARGEST:
            raise TrinoError("SYNTAX_ERROR", f"Invalid numeric literal: {text}", *place(node))
        kind = "integer" if int(text) < 2**31 else "bigint"
        return Sql(f"CAST({text} AS {duck(kind)})", kind)

    def _on_boolean(self, node: exp.Expr, scope: Scope) -> Sql:
        return Sql("TRUE" if node.this else "FALSE", "boolean")

    def _on_null(self, node: exp.Expr, scope: Scope) -> Sql:
        return Sql("NULL", "unknown")

    def _on_paren(self, node: exp.Expr, scope: Scope) -> Sql:
        made = self.of(node.this, scope)
        return Sql(f"({made.text})", made.kind)

    def _on_tuple(self, node: exp.Expr, scope: Scope) -> Sql:
        return call("row", [self.of(one, scope) for one in node.expressions], place(node))

    def _on_array(self, node: exp.Expr, scope: Scope) -> Sql:
        values = [self.of(one, scope) for one in node.expressions]
        kind = shared([one.kind for one in values])
        if kind is None:
            raise TrinoError("TYPE_MISMATCH", "All ARRAY elements must be the same type", *place(node))
        return Sql(f"[{', '.join(one.to(kind).text for one in values)}]", f"array({kind})")

    def _on_bracket(self, node: exp.Expr, scope: Scope) -> Sql:
        base = self.of(node.this, scope)
        index = self.of(node.expressions[0], scope)
        if base.kind.startswith("row("):
            at = int(node.expressions[0].name)
            return Sql(f"({base.text})[{at}]", inner(base.kind)[at - 1])
        if not base.kind.startswith("array(") or common(index.kind, "bigint") != "bigint":
            words = f"Cannot apply operator: {base.kind}[{index.kind}]"
            raise TrinoError("TYPE_MISMATCH", words, *place(node))
        return Sql(f"t_subscript({base.text}, {index.to('bigint').text})", inner(base.kind)[0])

    # arithmetic and comparisons

    def _arithmetic(self, node: exp.Expr, scope: Scope) -> Sql:
        sign = _SIGNS[type(node).__name__]
        left, right = self.of(node.this, scope), self.of(node.expression, scope)
        kinds = {left.kind, right.kind}
        if sign in "+-" and any(kind.startswith("interval") for kind in kinds):
            time = left if right.kind.startswith("interval") else right
            if time.kind == "date" or time.kind.startswith("timestamp"):
                return Sql(f"CAST({left.text} {sign} {right.text} AS {duck(time.kind)})", time.kind)
            raise mismatch(node, sign, left, right)
        kind = common(left.kind, right.kind)
        if kind is None or not is_number(kind):
            raise mismatch(node, sign, left, right)
        if is_decimal(kind):
            return decimals(sign, left, right)
        a, b = left.to(kind).text, right.to(kind).text
        if sign == "/" and is_whole(kind):
            return Sql(f"({a} // {b})", kind)
        return Sql(f"({a} {sign} {b})", kind)

    def _on_neg(self, node: exp.Expr, scope: Scope) -> Sql:
        made = self.of(node.this, scope)
        if not is_number(made.kind):
            raise TrinoError("TYPE_MISMATCH", f"Cannot negate {made.kind}", *place(node))
        return Sql(f"(- {made.text})", made.kind)

    def _compared(self, node: exp.Expr, scope: Scope) -> Sql:
        sign = _COMPARED[type(node).__name__]
        return Sql(pair(node, sign, self.of(node.this, scope), self.of(node.expression, scope)), "boolean")

    def _on_nullsafeeq(self, node: exp.Expr, scope: Scope) -> Sql:
        return self._distinct(node, scope, "IS NOT DISTINCT FROM")

    def _on_nullsafeneq(self, node: exp.Expr, scope: Scope) -> Sql:
        return self._distinct(node, scope, "IS DISTINCT FROM")

    def _distinct(self, node: exp.Expr, scope: Scope, words: str) -> Sql:
        return Sql(pair(node, words, self.of(node.this, scope), self.of(node.expression, scope)), "boolean")

    def _on_between(self, node: exp.Expr, scope: Scope) -> Sql:
        value, low, high = (self.of(node.args[part], scope) for part in ("this", "low", "high"))
        if len(value.text) > 60:
            kind = common(value.kind, low.kind)
            kind = common(kind, high.kind) if kind else None
            if kind is not None and kind not in ("double", "real"):
                texts = [one.to(kind).text for one in (value, low, high)]
                return Sql(f"({texts[0]} BETWEEN {texts[1]} AND {texts[2]})", "boolean")
        return Sql(f"({pair(node, '>=', value, low)} AND {pair(node, '<=', value, high)})", "boolean")

    def _on_in(self, node: exp.Expr, scope: Scope) -> Sql:
        value = self.of(node.this, scope)
        if query := node.args.get("query"):
            made = self.queries.nested(query, scope)
            kind = common(value.kind, made.fields[0].kind)
            if kind is None or len(made.fields) != 1:
                raise mismatch(node, "IN", value, Sql("", made.fields[0].kind))
            inside = f'SELECT CAST("{made.fields[0].inside}" AS {duck(kind)}) FROM ({made.text})'
            return Sql(f"({value.to(kind).text} IN ({inside}))", "boolean")
        listed = [self.of(one, scope) for one in node.expressions]
        kind = shared([value.kind, *(one.kind for one in listed)])
        if kind is None:
            words = f"IN value and list items must be the same type or coercible to a common type: {value.kind}"
            raise TrinoError("TYPE_MISMATCH", words, *place(node))
        return Sql(f"({value.to(kind).text} IN ({', '.join(one.to(kind).text for one in listed)}))", "boolean")

    def _on_exists(self, node: exp.Expr, scope: Scope) -> Sql:
        return Sql(f"EXISTS ({self.queries.nested(node.this, scope).text})", "boolean")

    def _on_subquery(self, node: exp.Expr, scope: Scope) -> Sql:
        made = self.queries.nested(node.this, scope)
        if len(made.fields) != 1:
            raise TrinoError("NOT_SUPPORTED", "The sandbox takes scalar subqueries of one column", *place(node))
        return Sql(f"({made.text})", made.fields[0].kind)

    def _on_is(self, node: exp.Expr, scope: Scope) -> Sql:
        if not isinstance(node.expression, exp.Null):
            raise TrinoError("SYNTAX_ERROR", "mismatched input. Expecting: 'NULL'", *place(node))
        return Sql(f"({self.of(node.this, scope).text} IS NULL)", "boolean")

    def _on_and(self, node: exp.Expr, scope: Scope) -> Sql:
        return self._logical(node, scope, "AND")

    def _on_or(self, node: exp.Expr, scope: Scope) -> Sql:
        return self._logical(node, scope, "OR")

    def _logical(self, node: exp.Expr, scope: Scope, word: str) -> Sql:
        parts = [self.condition(one, scope, "Logical expression term") for one in node.flatten(unnest=False)]
        return Sql(f"({f' {word} '.join(parts)})", "boolean")

    def _on_not(self, node: exp.Expr, scope: Scope) -> Sql:
        return Sql(f"(NOT {self.condition(node.this, scope, 'Value of logical NOT expression')})", "boolean")

    def _on_like(self, node: exp.Expr, scope: Scope, escape: str = "") -> Sql:
        left, right = self.of(node.this, scope), self.of(node.expression, scope)
        if left.kind != "varchar" or right.kind != "varchar":
            words = f"Left side of LIKE expression must evaluate to a varchar (actual: {left.kind})"
            raise TrinoError("TYPE_MISMATCH", words, *place(node))
        return Sql(f"({left.text} LIKE {right.text}{escape})", "boolean")

    def _on_escape(self, node: exp.Expr, scope: Scope) -> Sql:
        return self._on_like(node.this, scope, f" ESCAPE {self.of(node.expression, scope).text}")

    def _on_dpipe(self, node: exp.Expr, scope: Scope) -> Sql:
        return call("concat", [self.of(node.this, scope), self.of(node.expression, scope)], place(node))

    # choices and casts

    def _chosen(self, node: exp.Expr, values: list[Sql]) -> tuple[list[str], str]:
        kind = shared([one.kind for one in values])
        if kind is None:
            kinds = ", ".join(dict.fromkeys(one.kind for one in values))
            raise TrinoError("TYPE_MISMATCH", f"All CASE results must be the same type: {kinds}", *place(node))
        return [one.to(kind).text for one in values], kind

    def _on_case(self, node: exp.Expr, scope: Scope) -> Sql:
        branches = node.args["ifs"]
        if node.this is not None:
            value = self.of(node.this, scope)
            tests = [pair(one, "=", value, self.of(one.this, scope)) for one in branches]
        else:
            tests = [self.condition(one.this, scope, "CASE WHEN clause") for one in branches]
        results = [self.of(one.args["true"], scope) for one in branches]
        last = node.args.get("default")
        results.append(self.of(last, scope) if last is not None else Sql("NULL", "unknown"))
        texts, kind = self._chosen(node, results)
        whens = " ".join(f"WHEN {test} THEN {text}" for test, text in zip(tests, texts, strict=False))
        return Sql(f"CASE {whens} ELSE {texts[-1]} END", kind)

    def _on_if(self, node: exp.Expr, scope: Scope) -> Sql:
        other = node.args.get("false")
        results = [self.of(node.args["true"], scope), self.of(other, scope) if other else Sql("NULL", "unknown")]
        test = self.condition(node.this, scope, "IF condition")
        texts, kind = self._chosen(node, results)
        return Sql(f"CASE WHEN {test} THEN {texts[0]} ELSE {texts[1]} END", kind)

    def _on_cast(self, node: exp.Expr, scope: Scope) -> Sql:
        of = node.this
        text = of.name if isinstance(of, exp.Literal) and of.is_string else None
        return cast(self.of(of, scope), data_type(node.args["to"], text, place(node)), place(node))

    def _on_trycast(self, node: exp.Expr, scope: Scope) -> Sql:
        made = self._on_cast(node, scope)
        return Sql(f"TRY({made.text})", made.kind)

    def _on_interval(self, node: exp.Expr, scope: Scope) -> Sql:
        unit = node.text("unit").upper()
        kind = "interval year to month" if unit in ("YEAR", "MONTH") else "interval day to second"
        if unit not in ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"):
            raise TrinoError("SYNTAX_ERROR", f"mismatched input '{unit}'", *place(node))
        return Sql(f"INTERVAL {literal(node.this.name)} {unit}", kind)

    def _on_attimezone(self, node: exp.Expr, scope: Scope) -> Sql:
        made, zone = self.of(node.this, scope), node.args["zone"].name
        if zone not in ("UTC", "GMT", "Z"):
            raise TrinoError("NOT_SUPPORTED", f"The sandbox knows no zone but UTC, the query has {zone}", *place(node))
        return made.to("timestamp(3) with time zone")

    # calls

    def _on_currentdate(self, node: exp.Expr, scope: Scope) -> Sql:
        return Sql(f"CAST({self.queries.now} AS DATE)", "date")

    def _on_currenttimestamp(self, node: exp.Expr, scope: Scope) -> Sql:
        return Sql(self.queries.now, "timestamp(3) with time zone")

    def _on_trim(self, node: exp.Expr, scope: Scope) -> Sql:
        characters = node.args.get("expression")
        given = [self.of(one, scope) for one in (node.this, characters) if one is not None]
        return call(_SIDES[str(node.args.get("position") or "").upper()], given, place(node))

    def _on_extract(self, node: exp.Expr, scope: Scope) -> Sql:
        name = node.this.name.upper()
        return call(_FIELDS.get(name, name.lower()), [self.of(node.expression, scope)], place(node))

    def _on_strposition(self, node: exp.Expr, scope: Scope) -> Sql:
        return call("strpos", [self.of(node.this, scope), self.of(node.args["substr"], scope)], place(node))

    def _on_substring(self, node: exp.Expr, scope: Scope) -> Sql:
        parts = [node.this, node.args.get("start"), node.args.get("length")]
        return call("substr", [self.of(one, scope) for one in parts if one is not None], place(node))

    def _on_anonymous(self, node: exp.Expr, scope: Scope) -> Sql:
        name = node.name.lower()
        if name in aggregates.APPROXIMATE:
            raise aggregates.refuse_approximate(name, place(node))
        if name in aggregates.AGGREGATES:
            return self._total(node, scope)
        if name in aggregates.WINDOWS:
            raise TrinoError("MISSING_OVER", f"Window function {name} requires an OVER clause", *place(node))
        if name in ("now", "current_timestamp") and not node.expressions:
            return self._on_currenttimestamp(node, scope)
        if name == "try" and len(node.expressions) == 1:
            made = self.of(node.expressions[0], scope)
            return Sql(f"TRY({made.text})", made.kind)
        if name in ("transform", "filter", "any_match", "all_match", "none_match") and len(node.expressions) == 2:
            return self._mapped(name, node, scope)
        if any(isinstance(one, exp.Lambda | exp.Star | exp.Distinct) for one in node.expressions):
            raise unexpected(name, ["…"], [], place(node))
        return call(name, [self.of(one, scope) for one in node.expressions], place(node))

    def _mapped(self, name: str, node: exp.Expr, scope: Scope) -> Sql:
        values, function = self.of(node.expressions[0], scope), node.expressions[1]
        if not values.kind.startswith("array(") or not isinstance(function, exp.Lambda):
            raise unexpected(name, [values.kind, "function"], [f"{name}(array(T), function(T,U))"], place(node))
        self._lambdas += 1
        variable = f"v{self._lambdas}"
        (parameter,) = function.expressions
        body_scope = scope.inner({parameter.name.lower(): Sql(variable, inner(values.kind)[0])})
        body = self.of(function.this, body_scope)
        if name == "transform":
            return Sql(f"list_transform({values.text}, lambda {variable}: {body.text})", f"array({body.kind})")
        if name == "filter":
            return Sql(f"list_filter({values.text}, lambda {variable}: {body.text})", values.kind)
        listed = f"list_transform({values.text}, lambda {variable}: {body.text})"
        made = {
            "any_match": "list_bool_or({0})",
            "all_match": "list_bool_and({0})",
            "none_match": "NOT list_bool_or({0})",
        }
        return Sql(f"coalesce({made[name].format(listed)}, {'FALSE' if name == 'any_match' else 'TRUE'})", "boolean")

    def _on_filter(self, node: exp.Expr, scope: Scope) -> Sql:
        return self._total(node.this, scope, where=self.condition(node.expression.this, scope))

    def _total(self, node: exp.Expr, scope: Scope, *, where: str = "", over: str = "") -> Sql:
        """Return an aggregate with what follows it."""
        name, given, order = node.name.lower(), list(node.expressions), ""
        if name not in aggregates.AGGREGATES:
            words = f"Filter is only valid for aggregation functions: {name}"
            raise TrinoError("FUNCTION_NOT_AGGREGATE", words, *place(node))
        star = len(given) == 1 and isinstance(given[0], exp.Star)
        distinct = len(given) == 1 and isinstance(given[0], exp.Distinct)
        if distinct:
            given = list(given[0].expressions)
        if given and isinstance(given[-1], exp.Order):
            order = self.queries.order_text(given[-1], scope)
            given[-1] = given[-1].this
        arguments = [] if star else [self.of(one, scope) for one in given]
        return aggregates.aggregate(
            name, arguments, place(node), star=star, distinct=distinct, order=order, where=where, over=over
        )

    def _on_window(self, node: exp.Expr, scope: Scope) -> Sql:
        keys = [self.of(one, scope).text for one in node.args.get("partition_by") or ()]
        by = f"PARTITION BY {', '.join(keys)}" if keys else ""
        order = self.queries.order_text(node.args["order"], scope) if node.args.get("order") else ""
        frame = node.args.get("spec")
        over = f" OVER ({by}{order}{' ' + frame.sql('duckdb') if frame is not None else ''})"
        of, where = node.this, ""
        if isinstance(of, exp.Filter):
            where, of = self.condition(of.expression.this, scope), of.this
        name = of.name.lower()
        if name in aggregates.AGGREGATES:
            return self._total(of, scope, where=where, over=over)
        if name not in aggregates.WINDOWS:
            raise TrinoError("FUNCTION_NOT_WINDOW", f"Not a window function: {name}", *place(node))
        return aggregates.window(name, [self.of(one, scope) for one in of.expressions], over, place(node))
