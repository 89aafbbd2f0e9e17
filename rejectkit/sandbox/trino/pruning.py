"""Partitions: what a query's WHERE asks of partition columns alone, so that the others are not read."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from rejectkit.sandbox.trino.parse import place
from rejectkit.sandbox.trino.scope import Scope


def prune(node: exp.Select, condition: exp.Expr, scope: Scope, written: Callable[[exp.Expr], str]) -> None:
    """Note which partitions of the tables are read: what WHERE asks of partition columns alone."""
    if any(join.side for join in node.args.get("joins") or ()):
        return
    for part in _conjuncts(condition):
        columns = list(part.find_all(exp.Column))
        if not columns or part.find(exp.Query):
            continue
        found = [scope.find(one.name, one.text("table"), place(one))[1] for one in columns]
        origins = {one.origin for one in found if one is not None and one.origin is not None}
        scans = {id(scan): scan for scan, _ in origins}
        if len(scans) != 1 or any(one is None or one.origin is None for one in found):
            continue
        (scan,) = scans.values()
        names = frozenset(name for _, name in origins)
        if not names <= set(scan.partitions) or all(one.inside != scan.alias for one in scope.relations):
            continue
        scan.conditions.append((names, written(part)))
        if pinned := _pinned(part):
            (name,) = names
            scan.pinned[name] = scan.pinned.get(name, pinned) & pinned


def _conjuncts(node: exp.Expr) -> list[exp.Expr]:
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.And):
        return [*_conjuncts(node.this), *_conjuncts(node.expression)]
    return [node]


def _pinned(node: exp.Expr) -> set[str]:
    """Return the literals that a condition says a column is one of."""
    sides = [node.this, node.expression] if isinstance(node, exp.EQ) else []
    if len(sides) == 2 and {type(one) for one in sides} == {exp.Column, exp.Literal}:
        return {one.name for one in sides if isinstance(one, exp.Literal)}
    listed = node.expressions if isinstance(node, exp.In) and isinstance(node.this, exp.Column) else []
    return {one.name for one in listed} if all(isinstance(one, exp.Literal) for one in listed) else set()
