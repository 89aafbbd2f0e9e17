"""Trino's operators on values that are translated already: comparisons, and the arithmetic of decimals."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.kinds import common, decimal, digits, duck, is_decimal
from rejectkit.sandbox.trino.parse import place
from rejectkit.sandbox.trino.sql import Sql, let


def mismatch(node: exp.Expr, sign: str, left: Sql, right: Sql) -> TrinoError:
    """Return the refusal of an operator's types."""
    return TrinoError("TYPE_MISMATCH", f"Cannot apply operator: {left.kind} {sign} {right.kind}", *place(node))


def pair(node: exp.Expr, sign: str, left: Sql, right: Sql) -> str:
    """Return a comparison, of values that are turned into the type in which they meet."""
    kind = common(left.kind, right.kind)
    if kind is None:
        raise mismatch(node, sign, left, right)
    a, b = left.to(kind), right.to(kind)
    if kind not in ("double", "real") or sign not in ("=", ">", ">=", "<", "<=") or (a.exact and b.exact):
        return f"({a.text} {sign} {b.text})"

    def body(one: Sequence[str]) -> str:  # what is not a number equals nothing, and is on no side
        guards = [f" AND NOT isnan({text})" for text, of in zip(one, (a, b), strict=True) if not of.exact]
        return f"({one[0]} {sign} {one[1]}{''.join(guards)})"

    return let([a.text, b.text], body)


def decimals(sign: str, left: Sql, right: Sql) -> Sql:
    """Return an operation on decimals. Source: Trino documentation, Decimal functions and operators."""
    (p1, s1), (p2, s2) = digits(left.kind), digits(right.kind)
    most = max(s1, s2)
    if sign == "/":
        kind = decimal(p1 + s2 + max(s2 - s1, 0), most)
        texts = [f"CAST({one.text} AS VARCHAR)" for one in (left, right)]
        return Sql(f"CAST(t_divide({texts[0]}, {texts[1]}, {most}) AS {duck(kind)})", kind)
    if sign == "*":
        kind = decimal(p1 + p2, s1 + s2)
    elif sign == "%":
        kind = decimal(min(p2 - s2, p1 - s1) + most, most)
    else:
        kind = decimal(max(p1 - s1, p2 - s2) + most + 1, most)
    ready = [one if is_decimal(one.kind) else one.to(decimal(*digits(one.kind))) for one in (left, right)]
    return Sql(f"CAST(({ready[0].text} {sign} {ready[1].text}) AS {duck(kind)})", kind)
