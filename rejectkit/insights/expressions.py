"""Expressions to SQL, with the language's rules for missing values, text that acts as numbers, and truth.

A comparison with a missing value is neither true nor false, and so is its negation; a filter keeps what is true
(*inferred* for the negation, see `choices.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from rejectkit.errors import QueryError, UnsupportedError
from rejectkit.insights import regex
from rejectkit.insights import syntax as s
from rejectkit.insights.aggregates import AGGREGATES
from rejectkit.insights.dialects import Dialect
from rejectkit.insights.functions import ELSEWHERE, FUNCTIONS, Argument, Site
from rejectkit.insights.timing import CAPS, capped, meant
from rejectkit.insights.value import Kind, Value, number_value, text_value

Lookup = Callable[[str, s.Span], Value]
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


@dataclass(slots=True)
class Expressions:
    """Turns expressions into values, given what names mean at the moment."""

    d: Dialect
    query: str
    lookup: Lookup
    warn_of_cap: Callable[[str], None]
    now: float
    window: tuple[int, int] | None
    grouped: bool = False

    def value(self, expr: s.Expr) -> Value:
        """Return the value of an expression over one row."""
        return self._value(expr, None)

    def total(self, expr: s.Expr, names: dict[str, Value], aggregates: dict[str, str]) -> Value:
        """Return the value of an expression over aggregates.

        `names` are the keys and the items before this one; `aggregates` collects the SQL of each aggregate and
        the column it is to be found in.
        """
        return self._value(expr, (names, aggregates))

    def condition(self, expr: s.Expr, positive: bool = False, totals: _Totals = None) -> str:
        """Return SQL of an expression as a condition.

        `positive` says that null and false are the same where it stands, which lets comparisons be plain.
        """
        if isinstance(expr, s.Binary) and expr.op in ("and", "or"):
            sides = (self.condition(side, positive, totals) for side in (expr.left, expr.right))
            return f"({f' {expr.op.upper()} '.join(sides)})"
        if isinstance(expr, s.Unary) and expr.op == "not":
            return f"(NOT {self.condition(expr.operand, False, totals)})"
        if isinstance(expr, s.Binary) and expr.op in COMPARISONS:
            left, right = self._value(expr.left, totals), self._value(expr.right, totals)
            return self._compare(expr.op, left, right, positive)
        if isinstance(expr, s.In):
            return self._member(expr, positive, totals)
        if isinstance(expr, s.Like):
            return self._like(expr, totals)
        return self._value(expr, totals).condition(self.d)

    def _value(self, expr: s.Expr, totals: _Totals) -> Value:
        if isinstance(expr, s.Number):
            return number_value(expr.value, expr.text)
        if isinstance(expr, s.Text):
            return text_value(expr.value, self.d)
        if isinstance(expr, s.Field):
            return self._field(expr, totals)
        if isinstance(expr, s.Call):
            return self._call(expr, totals)
        if isinstance(expr, s.Period):
            self._refuse(f"the period {expr.text} stands only inside bin, datefloor and dateceil", expr.span)
        if isinstance(expr, s.Unary) and expr.op == "-":
            return Value(Kind.NUMBER, f"(- {self.d.double(self._value(expr.operand, totals).as_number(self.d))})")
        if isinstance(expr, s.Binary) and expr.op in "+-*/%^":
            return self._arithmetic(expr, totals)
        return Value(Kind.BOOL, self.condition(expr, False, totals))

    def _field(self, expr: s.Field, totals: _Totals) -> Value:
        if totals is None:
            return self.lookup(expr.name, expr.span)
        if expr.name not in totals[0]:
            self._refuse(
                f"Unknown symbols found in or after stats: {expr.name}",
                expr.span,
                "outside an aggregate, stats knows its keys and the items before: write max(…) or add it to by",
            )
        return totals[0][expr.name]

    def _arithmetic(self, expr: s.Binary, totals: _Totals) -> Value:
        left, right = (self.d.double(self._value(side, totals).as_number(self.d)) for side in (expr.left, expr.right))
        sql = {
            "/": lambda: f"({left} / nullif({right}, 0))",
            "%": lambda: self.d.remainder(left, right),
            "^": lambda: self.d.let("p", self.d.power(left, right), self.d.finite("p")),
        }.get(expr.op, lambda: f"({left} {expr.op} {right})")()
        return Value(Kind.NUMBER, sql)

    # comparisons

    def _compare(self, op: str, left: Value, right: Value, positive: bool) -> str:
        """Return a comparison: of numbers if both sides are, else of texts; of one of each, unequal and unordered."""
        if left.literal and not right.literal:
            return self._compare(_MIRROR.get(op, op), right, left, positive)
        equality = op in ("=", "!=")
        sql_op = "<>" if op == "!=" else op
        if left.numeric and right.numeric:
            return f"({left.as_number(self.d)} {sql_op} {right.as_number(self.d)})"
        if right.literal and equality:
            return self._equals_literal(left, right, op == "!=", positive)
        if right.literal and right.numeric and positive:
            return f"({left.as_number(self.d)} {sql_op} {right.as_number(self.d)})"
        a, b = left.as_number(self.d), right.as_number(self.d)
        texts = f"{left.as_text(self.d)} {sql_op} {right.as_text(self.d)}"
        if not equality:
            texts = f"({a}) IS NULL AND ({b}) IS NULL AND {texts}"
        both = f"{left.present()} AND {right.present()}"
        numbers = f"({a}) IS NOT NULL AND ({b}) IS NOT NULL"
        return f"(CASE WHEN {both} THEN CASE WHEN {numbers} THEN ({a}) {sql_op} ({b}) ELSE {texts} END END)"

    def _equals_literal(self, value: Value, literal: Value, negated: bool, positive: bool) -> str:
        """Return an equality with a literal, as plain as it can be."""
        word = self.d.literal(literal.word or "")
        if value.kind is Kind.TEXT:
            if literal.numeric:
                found = f"{value.as_number(self.d)} = {literal.as_number(self.d)}"
                test = f"coalesce({found}, FALSE)" if not positive or negated else found
            elif value.dash and literal.word == "-":
                test = f"{value.as_text(self.d)} = {word}"
            else:
                test = f"{value.sql} = {word}"
                test = f"coalesce({test}, FALSE)" if value.dash and (negated or not positive) else test
                if not value.dash:
                    return f"({value.sql} {'<>' if negated else '='} {word})"
        elif literal.numeric:
            test = f"{value.sql} = {literal.as_number(self.d)}"
            test = f"coalesce({test}, FALSE)" if negated or not positive else test
        elif value.dash and literal.word == "-":
            test = f"{value.sql} IS NULL"
        else:
            test = "FALSE"
        test = f"NOT ({test})" if negated else test
        present = value.present()
        return (
            f"({test})" if present == "TRUE" or (positive and not negated) else f"(CASE WHEN {present} THEN {test} END)"
        )

    def _member(self, expr: s.In, positive: bool, totals: _Totals) -> str:
        value = self._value(expr.operand, totals)
        literals = [
            number_value(item.value, item.text) if isinstance(item, s.Number) else text_value(item.value, self.d)
            for item in expr.items
        ]
        plain = positive and not expr.negated
        if value.kind is Kind.INT and all(literal.numeric for literal in literals):
            found = f"{value.sql} IN ({', '.join(literal.as_number(self.d) for literal in literals)})"
            tests = found if plain or not value.dash else f"coalesce({found}, FALSE)"
        elif (
            value.kind is Kind.TEXT
            and not value.literal
            and not any(literal.numeric or literal.word == "-" for literal in literals)
        ):
            found = f"{value.sql} IN ({', '.join(self.d.literal(literal.word or '') for literal in literals)})"
            tests = found if plain or not value.dash else f"coalesce({found}, FALSE)"
        else:
            tests = " OR ".join(self._compare("=", value, literal, plain) for literal in literals)
        return f"(NOT ({tests}))" if expr.negated else f"({tests})"

    def _like(self, expr: s.Like, totals: _Totals) -> str:
        text = self._value(expr.operand, totals).as_text(self.d)
        if isinstance(expr.pattern, s.Regex):
            test = self.d.search(text, regex.check(expr.pattern.pattern).plain)
        else:
            test = self.d.contains(text, self.d.literal(expr.pattern.value))
        return f"(NOT {test})" if expr.negated else f"({test})"

    # calls

    def _call(self, expr: s.Call, totals: _Totals) -> Value:
        name = expr.name.lower()
        if name in AGGREGATES:
            return self._aggregate(expr, totals)
        if name in ELSEWHERE:
            raise UnsupportedError(
                f"the function {expr.name} is not answered by this engine",
                self.query,
                *expr.span,
                hint="CloudWatch answers it; offline it is refused rather than guessed",
            )
        if name not in FUNCTIONS:
            near = get_close_matches(name, [*FUNCTIONS, *AGGREGATES], 1)
            hint = f"did you mean {_spelled(near[0])}?" if near else ""
            self._refuse(f"there is no function {expr.name}", (expr.span[0], expr.span[0] + len(expr.name)), hint)
        row = FUNCTIONS[name]
        self._check_arity(expr, row.name, row.least, row.most)
        arguments: list[Argument] = [
            arg if isinstance(arg, s.Period) else self._value(arg, totals) for arg in expr.args
        ]
        for arg, argument in zip(expr.args, arguments, strict=True):
            if isinstance(argument, s.Period) and row.name not in ("bin", "datefloor", "dateceil"):
                self._refuse(f"the period {argument.text} stands only inside bin, datefloor and dateceil", arg.span)
        return row.build(self._site(expr, totals), arguments)

    def _aggregate(self, expr: s.Call, totals: _Totals) -> Value:
        row = AGGREGATES[expr.name.lower()]
        if totals is None:
            self._refuse(f"{expr.name} is an aggregate: it stands in stats only, and not inside another", expr.span)
        if expr.star and row.name != "count":
            self._refuse(f"only count takes *, not {expr.name}", expr.span)
        self._check_arity(expr, row.name, row.least, row.most)
        value = row.build(self._site(expr, None), [self._value(arg, None) for arg in expr.args])
        if value.dash and not self.grouped:  # over no event at all it is missing, not `-`
            spelled = f"CASE WHEN count(*) > 0 THEN {value.as_text(self.d)} END"
            value = Value(Kind.TEXT, spelled, whole=value.kind is Kind.INT or value.whole)
        column = totals[1].setdefault(value.sql, self.d.ident(f"@a{len(totals[1])}"))
        return value.at(column)

    def _site(self, expr: s.Call, totals: _Totals) -> Site:
        def refuse(message: str, index: int) -> NoReturn:
            self._refuse(message, expr.args[index].span if index < len(expr.args) else expr.span)

        def timestamp() -> Value:
            if totals is not None:
                self._refuse(
                    "Unknown symbols found in or after stats: @timestamp",
                    expr.span,
                    f"{expr.name} works on each record's time; put it in by, or use max(@timestamp)",
                )
            return self.lookup("@timestamp", expr.span)

        return Site(self.d, refuse, self.now, self.window, timestamp, self._cap)

    def _cap(self, period: s.Period) -> int:
        if period.count == 0:
            self._refuse(f"a period of {period.text} has no length", period.span)
        count = capped(period.count, period.unit)
        if count != period.count:
            self.warn_of_cap(
                f"{period.text} counts as {count}{period.unit}: the service caps {period.unit} at {CAPS[period.unit]} "
                f"without a word; write {meant(period.count, period.unit)} if that is what you mean"
            )
        return count

    def _check_arity(self, expr: s.Call, name: str, least: int, most: int | None) -> None:
        given = len(expr.args)
        if given < least or (most is not None and given > most) or (expr.star and name != "count"):
            wanted = str(least) if least == most else f"at least {least}" if most is None else f"{least} to {most}"
            self._refuse(f"{name} takes {wanted} argument{'' if wanted == '1' else 's'}, not {given}", expr.span)

    def _refuse(self, message: str, span: s.Span, hint: str = "") -> NoReturn:
        raise QueryError(message, self.query, *span, hint=hint)


def _spelled(name: str) -> str:
    """Return a function's name as its row spells it."""
    return FUNCTIONS[name].name if name in FUNCTIONS else AGGREGATES[name].name


_Totals = tuple[dict[str, Value], dict[str, str]] | None
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
