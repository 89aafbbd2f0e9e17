"""The type of what an operator of Trino SQL makes, and what it may stand between.

Source: Trino documentation, Comparison, Logical, Mathematical and Decimal operators; Trino's own classes
ExpressionAnalyzer and OperatorNotFoundException.
"""

from __future__ import annotations

from sqlglot import exp

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.typesbase import Base, Scope
from rejectkit.sandbox.trino.typescalls import resolve
from rejectkit.sandbox.trino.typeskinds import (
    BIGINT,
    BOOLEAN,
    MONTHS,
    NUMERIC,
    SECONDS,
    UNKNOWN,
    VARCHAR,
    Kind,
    coercible,
    common,
    comparable,
    decimal,
    orderable,
)
from rejectkit.sandbox.trino.typesread import OPERATORS

_ORDERED = (exp.LT, exp.LTE, exp.GT, exp.GTE)


class Operators(Base):
    """Rules of operators and predicates."""

    def _operator(self, node: exp.Expression, scope: Scope) -> Kind:
        left, right = self.of(node.this, scope), self.of(node.expression, scope)
        sign = OPERATORS[type(node)][0]
        if isinstance(node, exp.DPipe):
            return self._joined(node, left, right)
        if isinstance(node, (exp.EQ, exp.NEQ, *_ORDERED)):
            wide = common(left, right)
            if wide is None or not (orderable if isinstance(node, _ORDERED) else comparable)(wide):
                self.fail("TYPE_MISMATCH", node, f"Cannot apply operator: {left} {sign} {right}")
            return BOOLEAN
        found = _arithmetic(sign, left, right)
        if found is None:
            self.fail("TYPE_MISMATCH", node, f"Cannot apply operator: {left} {sign} {right}")
        return found

    _eq = _neq = _lt = _lte = _gt = _gte = _add = _sub = _mul = _div = _mod = _dpipe = _operator

    def _joined(self, node: exp.Expression, left: Kind, right: Kind) -> Kind:
        try:
            return resolve("concat", [left, right])
        except TrinoError as error:
            self.fail("FUNCTION_NOT_FOUND", node, error.message)

    def _neg(self, node: exp.Neg, scope: Scope) -> Kind:
        kind = self.of(node.this, scope)
        if kind.base not in NUMERIC and kind not in (MONTHS, SECONDS, UNKNOWN):
            self.fail("TYPE_MISMATCH", node, f"Cannot negate {kind}")
        return kind

    def _and(self, node: exp.Expression, scope: Scope) -> Kind:
        while isinstance(node, (exp.And, exp.Or)):
            self.boolean(node.expression, scope, "Logical expression term")
            node = node.this
        self.boolean(node, scope, "Logical expression term")
        return BOOLEAN

    _or = _and

    def _not(self, node: exp.Not, scope: Scope) -> Kind:
        self.boolean(node.this, scope, "Value of logical NOT expression")
        return BOOLEAN

    def _is(self, node: exp.Is, scope: Scope) -> Kind:
        self.of(node.this, scope)
        if not isinstance(node.expression, exp.Null):
            self.fail("SYNTAX_ERROR", node, f"mismatched input '{node.expression.sql('trino')}'. Expecting: 'NULL'")
        return BOOLEAN

    def _nullsafeeq(self, node: exp.Expression, scope: Scope) -> Kind:
        left, right = self.of(node.this, scope), self.of(node.expression, scope)
        wide = common(left, right)
        if wide is None or not comparable(wide):
            self.fail("TYPE_MISMATCH", node, f"Cannot check if {left} is distinct from {right}")
        return BOOLEAN

    _nullsafeneq = _nullsafeeq

    def _between(self, node: exp.Between, scope: Scope) -> Kind:
        kinds = [self.of(one, scope) for one in (node.this, node.args["low"], node.args["high"])]
        for other in kinds[1:]:
            wide = common(kinds[0], other)
            if wide is None or not orderable(wide):
                value, low, high = kinds
                self.fail("TYPE_MISMATCH", node, f"Cannot check if {value} is BETWEEN {low} and {high}")
        return BOOLEAN

    def _in(self, node: exp.In, scope: Scope) -> Kind:
        query = node.args.get("query")
        if query is None:
            self.single([node.this, *node.expressions], scope, "IN value and list items")
            return BOOLEAN
        value, columns = self.of(node.this, scope), self.query(query.unnest(), scope)
        if len(columns) != 1 or common(value, columns[0].kind) is None:
            kinds = ", ".join(str(column.kind) for column in columns)
            self.fail(
                "TYPE_MISMATCH", node, f"value and result of subquery must be of the same type: {value} vs {kinds}"
            )
        return BOOLEAN

    def _like(self, node: exp.Like, scope: Scope) -> Kind:
        for part, what in (
            (node.this, "Left side of LIKE expression"),
            (node.expression, "Pattern for LIKE expression"),
        ):
            kind = self.of(part, scope)
            if not coercible(kind, VARCHAR):
                self.fail("TYPE_MISMATCH", part, f"{what} must evaluate to a varchar (actual: {kind})")
        return BOOLEAN

    def _escape(self, node: exp.Escape, scope: Scope) -> Kind:
        return self.of(node.this, scope)

    def _bracket(self, node: exp.Bracket, scope: Scope) -> Kind:
        base, index = self.of(node.this, scope), self.of(node.expressions[0], scope)
        wanted = BIGINT if base.base == "array" else base.kinds[0] if base.base == "map" else None
        if wanted is None or not coercible(index, wanted):
            self.fail("TYPE_MISMATCH", node, f"Cannot use {index} for subscript of {base}")
        return base.kinds[-1]

    def _attimezone(self, node: exp.AtTimeZone, scope: Scope) -> Kind:
        kind = self.of(node.this, scope)
        if not kind.base.startswith("timestamp"):
            self.fail(
                "TYPE_MISMATCH",
                node,
                f"Type of value must be a time or timestamp with or without time zone (actual {kind})",
            )
        return Kind("timestamp with time zone", kind.args)


def _arithmetic(sign: str, left: Kind, right: Kind) -> Kind | None:
    """Return the type of `left sign right`, or None."""
    moment = left if left.base.startswith(("timestamp", "date")) else right
    if {left, right} & {MONTHS, SECONDS}:
        if left == right and sign in "+-":
            return left
        if sign in "*/" and left in (MONTHS, SECONDS) and right.base in NUMERIC:
            return left
        fits = moment.base.startswith("timestamp") or (moment.base == "date" and MONTHS in (left, right))
        fits = fits or (moment.base == "date" and SECONDS in (left, right))
        return moment if fits and (sign == "+" or (sign == "-" and moment is left)) else None
    if sign == "-" and left.base == right.base and left.base.startswith(("timestamp", "date")):
        return SECONDS
    wide = common(left, right)
    if wide is None or wide.base not in NUMERIC | {"unknown"}:
        return None
    if wide.base != "decimal":
        return wide
    exact = [common(kind, decimal(1, 0)) or wide for kind in (left, right)]
    (p, s), (q, t) = (kind.numbers for kind in exact)
    if sign in "+-":
        return decimal(max(p - s, q - t) + max(s, t) + 1, max(s, t))
    if sign == "*":
        return decimal(p + q, s + t) if s + t <= 38 else None
    if sign == "/":
        return decimal(p + t + max(t - s, 0), max(s, t))
    return decimal(min(q - t, p - s) + max(s, t), max(s, t))
