"""The type of an expression of Trino SQL, by Trino's rules of what goes with what.

Source: Trino documentation, SQL language and Functions and operators; Trino's own class ExpressionAnalyzer.
"""

from __future__ import annotations

import re
from datetime import date

from sqlglot import exp

from rejectkit.errors import ArgumentError
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.typesbase import Scope, called, own
from rejectkit.sandbox.trino.typescalls import AGGREGATE, SCALAR, WINDOW, Lambda, resolve
from rejectkit.sandbox.trino.typeskinds import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    MONTHS,
    SECONDS,
    UNKNOWN,
    VARBINARY,
    Kind,
    array,
    castable,
    common,
    comparable,
    decimal,
    kind_of,
    row,
    varchar,
)
from rejectkit.sandbox.trino.typesoperators import Operators


class Values(Operators):
    """Rules of names, literals, choices, casts and calls."""

    # names and literals

    def _column(self, node: exp.Column, scope: Scope) -> Kind:
        if isinstance(node.this, exp.Star):
            self.fail("NOT_SUPPORTED", node, "* stands only in a list of columns")
        name, relation = node.name.lower(), node.table.lower()
        if not relation and name in scope.parameters:
            return scope.parameters[name]
        found = self.field(node, scope)
        if found is not None:
            return found.kind
        holder = self.field(exp.column(node.table), scope) if relation else None
        base = scope.parameters.get(relation) or (holder.kind if holder else None)
        if base is not None and base.base == "row" and name in base.names:
            return base.kinds[base.names.index(name)]
        if name == "$path":  # of every table over files, though no * shows it
            return kind_of("varchar")
        self.fail("COLUMN_NOT_FOUND", node, f"Column '{node.sql('trino').replace(chr(34), '')}' cannot be resolved")

    def _identifier(self, node: exp.Identifier, scope: Scope) -> Kind:
        return self._column(exp.Column(this=node.copy()), scope)

    def _dot(self, node: exp.Dot, scope: Scope) -> Kind:
        base, name = self.of(node.this, scope), node.expression.name.lower()
        if base.base != "row" or name not in base.names:
            self.fail("COLUMN_NOT_FOUND", node, f"Column '{node.sql('trino')}' cannot be resolved")
        return base.kinds[base.names.index(name)]

    def _paren(self, node: exp.Paren, scope: Scope) -> Kind:
        return self.of(node.this, scope)

    def _literal(self, node: exp.Literal, scope: Scope) -> Kind:
        text = str(node.this)
        if node.is_string:
            return varchar(len(text))
        if text.isdigit():
            if int(text) > 2**63 - 1:
                self.fail("SYNTAX_ERROR", node, f"Invalid numeric literal: {text}")
            return INTEGER if int(text) < 2**31 else BIGINT
        if "e" in text.lower():
            return DOUBLE
        whole, _, fraction = text.partition(".")
        digits = len(whole.lstrip("0")) + len(fraction)
        if digits > 38:
            self.fail("INVALID_LITERAL", node, f"'{text}' is not a valid DECIMAL literal")
        return decimal(max(1, digits), len(fraction))

    def _boolean(self, node: exp.Boolean, scope: Scope) -> Kind:
        return BOOLEAN

    def _null(self, node: exp.Null, scope: Scope) -> Kind:
        return UNKNOWN

    def _hexstring(self, node: exp.HexString, scope: Scope) -> Kind:
        return VARBINARY

    def _interval(self, node: exp.Interval, scope: Scope) -> Kind:
        unit = str(node.args["unit"].name).upper()
        return MONTHS if unit in ("YEAR", "MONTH") else SECONDS

    def _array(self, node: exp.Array, scope: Scope) -> Kind:
        return array(self.single(node.expressions, scope, "All ARRAY elements"))

    def _tuple(self, node: exp.Tuple, scope: Scope) -> Kind:
        return row(tuple(self.of(one, scope) for one in node.expressions))

    def _currenttimestamp(self, node: exp.Expression, scope: Scope) -> Kind:
        return kind_of("timestamp(3) with time zone")

    def _currentdate(self, node: exp.Expression, scope: Scope) -> Kind:
        return kind_of("date")

    # choices

    def _case(self, node: exp.Case, scope: Scope) -> Kind:
        branches = node.args["ifs"]
        if node.this is not None:
            operand = self.of(node.this, scope)
            for branch in branches:
                when = self.of(branch.this, scope)
                if common(operand, when) is None:
                    message = f"CASE operand type does not match WHEN clause operand type: {operand} vs {when}"
                    self.fail("TYPE_MISMATCH", branch.this, message)
        else:
            for branch in branches:
                self.boolean(branch.this, scope, "CASE WHEN clause")
        last = node.args.get("default")
        results = [branch.args["true"] for branch in branches] + ([last] if last is not None else [])
        return self.single(results, scope, "All CASE results")

    def _if(self, node: exp.If, scope: Scope) -> Kind:
        self.boolean(node.this, scope, "IF condition")
        kinds = [self.of(one, scope) for one in (node.args.get("true"), node.args.get("false")) if one is not None]
        found = common(kinds[0], kinds[-1])
        if found is None:
            self.fail("TYPE_MISMATCH", node, f"Result types for IF must be the same: {kinds[0]} vs {kinds[-1]}")
        return found

    # casts

    def _cast(self, node: exp.Cast, scope: Scope) -> Kind:
        word = self.reading.word_before(node.this) if isinstance(node.this, exp.Literal) else ""
        kind, target = self.of(node.this, scope), self._target(node)
        if word in ("TIMESTAMP", "DATE", "TIME"):
            return self._moment(node, word)
        if not castable(kind, target):
            self.fail("TYPE_MISMATCH", node, f"Cannot cast {kind} to {target}")
        return target

    _trycast = _cast

    def _target(self, node: exp.Cast) -> Kind:
        spelled = node.to.sql("trino")
        try:
            return kind_of(spelled)
        except ArgumentError:
            self.fail("TYPE_NOT_FOUND", node, f"Unknown type: {spelled.lower()}")

    def _moment(self, node: exp.Cast, word: str) -> Kind:
        """Return the type of a literal such as TIMESTAMP '2026-01-01 00:00:00 UTC'."""
        text = node.this.name
        if word == "DATE":
            valid = re.fullmatch(r"\d{4,}-\d\d-\d\d", text)
            kind = kind_of("date")
        else:
            valid = re.fullmatch(r"\d{4,}-\d\d?-\d\d?(?: \d\d?:\d\d(?::\d\d(?:\.(\d+))?)?)?( ?\S+)?", text)
            base = "timestamp with time zone" if valid and valid[2] else "timestamp"
            kind = Kind(base, (len(valid[1] or "") if valid else 0,))
        if valid is None or word == "TIME" or not _is_day(text.partition(" ")[0]):
            self.fail("INVALID_LITERAL", node, f"'{text}' is not a valid {word} literal")
        return kind

    # calls

    def _anonymous(self, node: exp.Anonymous, scope: Scope) -> Kind:
        name, arguments = called(node), node.expressions
        if name in WINDOW and not isinstance(node.parent, (exp.Window, exp.IgnoreNulls, exp.RespectNulls)):
            self.fail("MISSING_OVER", node, f"Window function {name} requires an OVER clause")
        special = getattr(self, f"_on_{name}", None)
        if special is not None:
            return special(node, scope)  # type: ignore[no-any-return]
        given: list[Kind | Lambda] = []
        for argument in arguments:
            given += self._arguments(argument, node, scope)
        return self._resolved(name, given, node)

    def _resolved(self, name: str, given: list[Kind | Lambda], node: exp.Expression) -> Kind:
        try:
            return resolve(name, given)
        except TrinoError as error:
            if error.line:
                raise
            self.fail(error.code, node, error.message)

    def _arguments(self, argument: exp.Expression, call: exp.Anonymous, scope: Scope) -> list[Kind | Lambda]:
        if isinstance(argument, exp.Star):
            if called(call) != "count":
                self.fail("SYNTAX_ERROR", call, "mismatched input '*'")
            return []
        if isinstance(argument, (exp.Distinct, exp.Order)) and called(call) not in AGGREGATE:
            what = "DISTINCT" if isinstance(argument, exp.Distinct) else "ORDER BY"
            self.fail("FUNCTION_NOT_AGGREGATE", call, f"{what} is not supported for non-aggregation functions")
        if isinstance(argument, exp.Distinct):
            kinds = [self.of(one, scope) for one in argument.expressions]
            for kind in kinds:
                if not comparable(kind):
                    message = f"DISTINCT can only be applied to comparable types (actual: {kind})"
                    self.fail("TYPE_MISMATCH", call, message)
            return list(kinds)
        if isinstance(argument, exp.Order):
            self.order(argument, scope, "ORDER BY can only be applied to orderable types (actual: {kind})")
            return self._arguments(argument.this, call, scope)
        if isinstance(argument, exp.Lambda):
            return [self._lambda_of(argument, scope)]
        return [self.of(argument, scope)]

    def _lambda_of(self, node: exp.Lambda, scope: Scope) -> Lambda:
        names = [one.name.lower() for one in node.expressions]

        def body(kinds: tuple[Kind, ...]) -> Kind:
            if len(kinds) != len(names):
                message = f"Expected a lambda that takes {len(kinds)} argument(s) but got {len(names)}"
                self.fail("INVALID_PARAMETER_USAGE", node, message)
            return self.of(node.this, scope.within(dict(zip(names, kinds, strict=True))))

        return body

    def _on_coalesce(self, node: exp.Anonymous, scope: Scope) -> Kind:
        if len(node.expressions) < 2:
            self.fail("INVALID_ARGUMENTS", node, "The 'coalesce' function must have at least two arguments")
        return self.single(node.expressions, scope, "All COALESCE operands")

    def _on_nullif(self, node: exp.Anonymous, scope: Scope) -> Kind:
        if len(node.expressions) != 2:
            self.fail("INVALID_ARGUMENTS", node, "Invalid number of arguments for 'nullif' function")
        left, right = (self.of(one, scope) for one in node.expressions)
        wide = common(left, right)
        if wide is None or not comparable(wide):
            self.fail("TYPE_MISMATCH", node, f"Types are not comparable with NULLIF: {left} vs {right}")
        return left

    def _on_try(self, node: exp.Anonymous, scope: Scope) -> Kind:
        return self.of(node.expressions[0], scope)

    def _on_row(self, node: exp.Anonymous, scope: Scope) -> Kind:
        return row(tuple(self.of(one, scope) for one in node.expressions))

    def _trim(self, node: exp.Trim, scope: Scope) -> Kind:
        parts = [node.this] + ([node.expression] if node.expression is not None else [])
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position")).upper(), "trim")
        return self._resolved(name, [self.of(part, scope) for part in parts], node)

    def _strposition(self, node: exp.Expression, scope: Scope) -> Kind:
        return self._resolved("position", [self.of(node.this, scope), self.of(node.args["substr"], scope)], node)

    def _substring(self, node: exp.Substring, scope: Scope) -> Kind:
        parts = [node.this, node.args.get("start"), node.args.get("length")]
        return self._resolved("substring", [self.of(part, scope) for part in parts if part is not None], node)

    def _extract(self, node: exp.Extract, scope: Scope) -> Kind:
        return self._resolved(node.name.lower(), [self.of(node.expression, scope)], node)

    def _filter(self, node: exp.Filter, scope: Scope) -> Kind:
        if not isinstance(node.this, exp.Anonymous) or called(node.this) not in AGGREGATE:
            self.fail("FUNCTION_NOT_AGGREGATE", node, "Filter is only valid for aggregation functions")
        self.boolean(node.expression.this, scope, "Filter expression")
        return self.of(node.this, scope)

    def _ignorenulls(self, node: exp.Expression, scope: Scope) -> Kind:
        return self.of(node.this, scope)

    def _window(self, node: exp.Window, scope: Scope) -> Kind:
        call = node.this.this if isinstance(node.this, (exp.Filter, exp.IgnoreNulls)) else node.this
        if isinstance(call, exp.Anonymous) and called(call) in SCALAR:
            self.fail("FUNCTION_NOT_WINDOW", node, f"Not a window function: {called(call)}")
        if any(isinstance(inner, exp.Window) for inner in own(node) if inner is not node):
            message = "Cannot nest window functions or row pattern measures inside window specification"
            self.fail("NESTED_WINDOW", node, message)
        for key in node.args.get("partition_by") or ():
            kind = self.of(key, scope)
            if not comparable(kind):
                message = f"{kind} is not comparable, and therefore cannot be used in window function PARTITION BY"
                self.fail("TYPE_MISMATCH", key, message)
        if node.args.get("order") is not None:
            message = "{kind} is not orderable, and therefore cannot be used in window function ORDER BY"
            self.order(node.args["order"], scope, message)
        return self.of(node.this, scope)

    # queries within

    def _subquery(self, node: exp.Subquery, scope: Scope) -> Kind:
        columns = self.query(node.this, scope)
        if len(columns) > 1:
            return row(tuple(column.kind for column in columns))
        return columns[0].kind

    def _exists(self, node: exp.Exists, scope: Scope) -> Kind:
        self.query(node.this, scope)
        return BOOLEAN


def _is_day(text: str) -> bool:
    """Tell whether a text such as 2026-1-31 is a day of the calendar."""
    year, month, day = map(int, text.split("-"))
    try:
        return bool(date(year, month, day))
    except ValueError:
        return year > 9999 and month <= 12 and day <= 31  # Trino's calendar goes further than Python's
