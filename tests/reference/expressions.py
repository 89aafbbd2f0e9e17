"""The value of an expression over a row, or over a group of rows inside `stats`."""

from __future__ import annotations

import math
from fractions import Fraction

from rejectkit.insights.syntax import Binary, Call, Expr, Field, In, Like, Number, Regex, Text, Unary
from tests.reference import aggregates, functions, patterns, times
from tests.reference.values import Time, Value, as_number, as_text, equal, flag, number, ordered, truth

SYNONYMS = {"startTime": "start", "endTime": "end"}
FIRST_MOMENT, END_OF_TIME = -62_135_596_800_000, 253_402_300_800_000  # years 1 to 9999
Row = dict[str, Value]


def read(row: Row, name: str) -> Value:
    """Return a name's value; `startTime` and `endTime` read `start` and `end` where nothing else has the name."""
    return row.get(name) if name in row else row.get(SYNONYMS.get(name, name))


def evaluate_expr(expr: Expr, row: Row, group: list[Row] | None = None) -> Value:
    """Return an expression's value over a row; with `group`, over the rows of a group, where `row` holds aliases."""
    if isinstance(expr, Number):
        return float(expr.value)
    if isinstance(expr, Text):
        return expr.value
    if isinstance(expr, Field):
        return read(row, expr.name)
    if isinstance(expr, Unary):
        value = evaluate_expr(expr.operand, row, group)
        return _not(truth(value)) if expr.op == "not" else _minus(as_number(value))
    if isinstance(expr, Binary):
        left, right = evaluate_expr(expr.left, row, group), evaluate_expr(expr.right, row, group)
        return binary(expr.op, left, right)
    if isinstance(expr, In):
        value = evaluate_expr(expr.operand, row, group)
        found = None if value is None else any(equal(value, evaluate_expr(item, {})) for item in expr.items)
        return _not(found) if expr.negated else flag(found)
    if isinstance(expr, Like):
        found = like(evaluate_expr(expr.operand, row, group), expr.pattern)
        return _not(found) if expr.negated else flag(found)
    if isinstance(expr, Call):
        name = expr.name.lower()
        if group is not None and name in functions.AGGREGATES:
            return aggregate(name, expr, group)
        return call(name, expr.args, row, group)
    raise TypeError(f"{expr!r} is no expression")


def _not(condition: bool | None) -> float | None:
    return None if condition is None else float(not condition)


def _minus(n: float | None) -> float | None:
    return None if n is None else number(-n)


def binary(op: str, left: Value, right: Value) -> Value:
    """Return `left op right`: conditions in three-valued logic, comparisons, arithmetic on doubles."""
    if op == "and":
        sides = (truth(left), truth(right))
        return 0.0 if False in sides else flag(None if None in sides else True)
    if op == "or":
        sides = (truth(left), truth(right))
        return 1.0 if True in sides else flag(None if None in sides else False)
    if op == "=":
        return flag(equal(left, right))
    if op == "!=":
        return _not(equal(left, right))
    if op in ("<", "<=", ">", ">="):
        return flag(ordered(op, left, right))
    a, b = as_number(left), as_number(right)
    return None if a is None or b is None else arithmetic(op, a, b)


def arithmetic(op: str, a: float, b: float) -> float | None:
    """Return a computed number, missing where there is none."""
    if op == "+":
        return number(a + b)
    if op == "-":
        return number(a - b)
    if op == "*":
        return number(a * b)
    if op == "/":
        return number(a / b) if b else None
    if op == "%":
        return number(math.fmod(a, b)) if b else None
    try:
        return number(math.pow(a, b))
    except (OverflowError, ValueError):
        return None


def like(value: Value, pattern: Text | Regex) -> bool | None:
    """Return whether a value holds a text, or a match of a pattern."""
    if value is None:
        return None
    if isinstance(pattern, Text):
        return pattern.value in as_text(value)
    return patterns.regex(pattern.pattern).search(as_text(value)) is not None


def call(name: str, args: tuple[Expr, ...], row: Row, group: list[Row] | None) -> Value:
    """Return a scalar function's value: those that treat a missing argument or a period in their own way stand here."""
    if name in ("bin", "datefloor", "dateceil"):
        moment = read(row, "@timestamp") if name == "bin" else evaluate_expr(args[0], row, group)
        period = args[-1]
        ms = _millis(moment)
        return None if ms is None else Time((times.ceil if name == "dateceil" else times.floor)(ms, period))
    if name == "if":
        chosen = args[1] if truth(evaluate_expr(args[0], row, group)) else args[2]
        return evaluate_expr(chosen, row, group)
    if name == "case":
        for condition, value in zip(args[0::2], args[1::2], strict=False):
            if truth(evaluate_expr(condition, row, group)):
                return evaluate_expr(value, row, group)
        return evaluate_expr(args[-1], row, group) if len(args) % 2 else None
    values = [evaluate_expr(arg, row, group) for arg in args]
    if name == "coalesce":
        return next((value for value in values if value is not None), None)
    if name == "ispresent":
        return flag(values[0] is not None)
    if name in ("isempty", "isblank"):
        text = "" if values[0] is None else as_text(values[0])
        return flag(not (text.strip(functions.WHITE) if name == "isblank" else text))
    if name == "tomillis":
        return as_number(values[0])
    if name == "frommillis":
        ms = _millis(values[0])
        return None if ms is None else Time(ms)
    return functions.call(name, values)


def _millis(value: Value) -> int | None:
    """Return the moment that a value is: a number is milliseconds since the epoch, of which a part is cut off."""
    n = as_number(value)
    return math.floor(n) if n is not None and FIRST_MOMENT <= n < END_OF_TIME else None


def aggregate(name: str, expr: Call, group: list[Row]) -> Value:
    """Return an aggregate over the rows of a group."""
    if not expr.args:
        return float(len(group))
    values = [evaluate_expr(expr.args[0], row) for row in group]
    if name == "pct":
        return aggregates.percentile(values, Fraction(expr.args[1].text))
    if name in ("earliest", "latest"):
        moments = [row["@timestamp"].ms for row in group]
        return aggregates.first_or_last(list(zip(moments, values, strict=True)), last=name == "latest")
    return aggregates.PLAIN[name](values)
