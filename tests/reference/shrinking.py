"""Makes a case that fails smaller while it still fails, so that a disagreement can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace

from rejectkit.insights.syntax import Call, Item, Period, Query, Stats
from tests.reference.records import RecordSet

Fails = Callable[[Query, RecordSet], bool]


def shrink(query: Query, records: RecordSet, fails: Fails, tries: int = 400) -> tuple[Query, RecordSet]:
    """Return a smaller query and fewer lines for which `fails` still holds."""
    again = True
    while again and tries > 0:
        again = False
        for smaller in _smaller(query, records):
            tries -= 1
            if tries <= 0:
                break
            if fails(*smaller):
                query, records = smaller
                again = True
                break
    return query, records


def _smaller(query: Query, records: RecordSet) -> Iterator[tuple[Query, RecordSet]]:
    """Yield cases that lack something: some of the lines, a stage, an item, an operator."""
    lines = records.lines
    size = len(lines) // 2
    while size:
        for i in range(0, len(lines), size):
            yield query, replace(records, lines=lines[:i] + lines[i + size :])
        size = size // 2 if size > 3 else 0
    for i in range(len(query.stages)):
        yield Query(query.stages[:i] + query.stages[i + 1 :]), records
    for i, stage in enumerate(query.stages):
        for smaller in _simpler(stage):
            yield Query((*query.stages[:i], smaller, *query.stages[i + 1 :])), records
    if 1 < len(lines) <= 12:
        for i in range(len(lines)):
            yield query, replace(records, lines=lines[:i] + lines[i + 1 :])


def _simpler(node: object) -> Iterator[object]:
    """Yield versions of a node with a part left out, or with an expression in place of what contains it."""
    for field in fields(node):
        value = getattr(node, field.name)
        if field.name in ("span", "text"):
            continue
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            may_empty = isinstance(node, Stats) and field.name == "keys"
            if (len(value) > 1 or may_empty) and not isinstance(node, Call):
                for i in range(len(value)):
                    yield _again(node, field.name, value[:i] + value[i + 1 :])
            for i, part in enumerate(value):
                for smaller in _simpler(part):
                    yield _again(node, field.name, (*value[:i], smaller, *value[i + 1 :]))
        elif is_dataclass(value) and field.name in ("expr", "condition", "left", "right", "operand"):
            for inner in _inside(value):
                yield _again(node, field.name, inner)
            for smaller in _simpler(value):
                yield _again(node, field.name, smaller)


def _inside(node: object) -> Iterator[object]:
    """Yield the expressions directly inside one."""
    for field in fields(node):
        value = getattr(node, field.name)
        if field.name in ("left", "right", "operand"):
            yield value
        elif field.name == "args":
            yield from (part for part in value if not isinstance(part, Period))


def _again(node: object, name: str, value: object) -> object:
    """Return a node with one part replaced; an item's text follows its expression."""
    if isinstance(node, Item) and name == "expr":
        return replace(node, expr=value, text=str(value))
    return replace(node, **{name: value})
