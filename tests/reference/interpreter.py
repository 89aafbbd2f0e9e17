"""The plain interpreter: a query over a list of events, one stage after another, one row after another."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rejectkit.insights.syntax import (
    Dedup,
    Display,
    Fields,
    Filter,
    Item,
    Limit,
    Parse,
    Query,
    Sort,
    Stats,
    Text,
)
from tests.reference import patterns
from tests.reference.checks import check
from tests.reference.expressions import Row, evaluate_expr, read
from tests.reference.values import Time, Value, as_text, sort_key, truth

DEFAULT_LIMIT = 10_000


@dataclass
class Slot:
    """A row of the answer, or one of several: `rows` are those the rules allow there, `order` is what it sorts by."""

    rows: list[Row]
    order: tuple[object, ...]


@dataclass
class Answer:
    """What the rules say about an answer: `count` rows, taken from `slots` from the front.

    Slots of equal `order` may come in any order, and where `count` cuts among them, any of them may stay.
    `vague` says that a later stage depended on such a free choice, so that nothing is known but the columns.
    """

    columns: list[str]
    slots: list[Slot]
    count: int
    vague: bool = False

    def texts(self) -> list[dict[str, str]]:
        """Return one of the allowed answers as the service prints it: every value text, a missing one absent."""
        rows = [slot.rows[0] for slot in self.slots[: self.count]]
        return [{c: as_text(row[c]) for c in self.columns if row.get(c) is not None} for row in rows]


def evaluate(query: Query, events: list[dict[str, object]]) -> Answer:
    """Answer a query over events.

    Parameters
    ----------
    query : Query
        Parsed; refused with QueryError where the language refuses it.
    events : list of dict
        Fields by their Insights name: text, and `@timestamp` as whole epoch milliseconds. A key that is
        absent is a missing field.
    """
    check(query)
    return _Run([_event(event) for event in events]).answer(query)


def _event(event: dict[str, object]) -> Row:
    return {k: Time(v) if k == "@timestamp" else str(v) for k, v in event.items() if v is not None}


class _Run:
    """The state between two stages: rows with their order, the columns so far, and a limit not yet settled."""

    def __init__(self, rows: list[Row]) -> None:
        """Start with the events, newest first."""
        self.slots = [Slot([row], (_place(row.get("@timestamp"), descending=True),)) for row in rows]
        self.slots.sort(key=lambda slot: slot.order)
        self.columns: list[str] = []
        self.shown: list[str] | None = None
        self.chosen = False
        self.cut: int | None = None
        self.vague = False

    def answer(self, query: Query) -> Answer:
        """Run every stage."""
        for stage in query.stages:
            if isinstance(stage, Fields):
                self.fields(stage.items)
            elif isinstance(stage, Display):
                self.display(stage.items)
            elif isinstance(stage, Filter):
                self.settle()
                self.slots = [slot for slot in self.slots if truth(evaluate_expr(stage.condition, slot.rows[0]))]
            elif isinstance(stage, Parse):
                self.parse(stage)
            elif isinstance(stage, Stats):
                self.stats(stage)
            elif isinstance(stage, Sort):
                self.sort(stage)
            elif isinstance(stage, Limit):
                self.limit(stage.count)
            elif isinstance(stage, Dedup):
                self.dedup([name.name for name in stage.names])
        if not any(isinstance(stage, Limit) for stage in query.stages):
            self.limit(DEFAULT_LIMIT)
        columns = self.columns if self.chosen else ["@timestamp", "@message", *self.columns]
        columns = columns if self.shown is None else self.shown
        return Answer(columns, self.slots, len(self.slots) if self.cut is None else self.cut, self.vague)

    def each(self, names: list[str], change: object) -> None:
        """Give every row the values that `change` makes of it, under these names."""
        for slot in self.slots:
            slot.rows = [{**row, **dict(zip(names, change(row), strict=True))} for row in slot.rows]

    def fields(self, items: tuple[Item, ...]) -> None:
        """Add columns; what one item makes, the others of its stage do not see."""
        self.each([item.name for item in items], lambda row: [evaluate_expr(item.expr, row) for item in items])
        self.columns = list(dict.fromkeys([*self.columns, *(item.name for item in items)]))
        self.chosen = True

    def display(self, items: tuple[Item, ...]) -> None:
        """Choose the answer's columns; the last one wins."""
        self.each([item.name for item in items], lambda row: [evaluate_expr(item.expr, row) for item in items])
        self.shown = list(dict.fromkeys(item.name for item in items))

    def parse(self, stage: Parse) -> None:
        """Take parts out of a field; without a match they are missing."""
        is_glob = isinstance(stage.pattern, Text)
        pattern = stage.pattern.value if is_glob else stage.pattern.pattern

        def taken(row: Row) -> list[Value]:
            value = evaluate_expr(stage.source, row)
            text = None if value is None else as_text(value)
            found = patterns.parts(pattern, stage.names, text, is_glob=is_glob)
            return [found.get(name) for name in stage.names]

        self.each(list(stage.names), taken)
        self.columns = list(dict.fromkeys([*self.columns, *stage.names]))

    def stats(self, stage: Stats) -> None:
        """Make one row of each group; a missing key is a group of its own."""
        groups: dict[tuple[object, ...], tuple[list[Value], list[Row]]] = {}
        for slot in self.slots:
            keys = [evaluate_expr(key.expr, slot.rows[0]) for key in stage.keys]
            mark = tuple(key if key is None else as_text(key) for key in keys)
            groups.setdefault(mark, (keys, []))[1].append(slot.rows[0])
        if not stage.keys and not groups:
            groups[()] = ([], [])
        self.slots = []
        for keys, rows in groups.values():
            row: Row = dict(zip((key.name for key in stage.keys), keys, strict=True))
            aliases: Row = {}
            for item in stage.items:
                row[item.name] = aliases[item.name] = evaluate_expr(item.expr, aliases, rows)
            self.slots.append(Slot([row], ()))
        self.columns = list(dict.fromkeys(item.name for item in (*stage.keys, *stage.items)))
        self.shown, self.chosen = None, True

    def sort(self, stage: Sort) -> None:
        """Order the rows; those with equal keys are in no order."""
        self.settle()
        for slot in self.slots:
            row = slot.rows[0]
            slot.order = tuple(_place(read(row, key.name), descending=key.descending) for key in stage.keys)
        self.slots.sort(key=lambda slot: slot.order)

    def limit(self, count: int) -> None:
        """Keep the first rows; among equals at the border any may stay, which a later stage may have to settle."""
        most = len(self.slots) if self.cut is None else self.cut
        self.cut = min(most, count)
        if self.cut < len(self.slots):
            border = self.slots[self.cut - 1].order
            self.slots = [slot for i, slot in enumerate(self.slots) if i < self.cut or tied(border, slot.order)]

    def settle(self) -> None:
        """Turn a limit into the rows it leaves; if that was a free choice, what follows is vague."""
        if self.cut is not None and self.cut < len(self.slots):
            self.vague = True
            self.slots = self.slots[: self.cut]
        self.cut = None

    def dedup(self, names: list[str]) -> None:
        """Keep the first row of each combination, and every row that lacks one of the values."""
        self.settle()
        first: dict[tuple[str, ...], Slot] = {}
        kept = []
        for slot in self.slots:
            values = [read(slot.rows[0], name) for name in names]
            if any(value is None for value in values):
                kept.append(slot)
                continue
            mark = tuple(as_text(value) for value in values)
            if mark not in first:
                first[mark] = slot
                kept.append(slot)
            elif tied(first[mark].order, slot.order):
                first[mark].rows = [*first[mark].rows, *slot.rows]
        self.slots = kept


def _place(value: Value, *, descending: bool) -> tuple[object, ...]:
    """Return where a value sorts: missing last in both directions."""
    if value is None:
        return (1,)
    return (0, _Backwards(sort_key(value))) if descending else (0, sort_key(value))


@dataclass(frozen=True)
class _Backwards:
    """A key that sorts the other way round."""

    key: tuple[object, ...]

    def __lt__(self, other: _Backwards) -> bool:
        return other.key < self.key


def tied(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    """Tell whether two rows may come in either order: their sort keys are equal, but for the last digits of a number."""
    for left, right in zip(a, b, strict=True):
        if left != right:
            return _close(left[-1], right[-1])
    return True


def _close(left: object, right: object) -> bool:
    left, right = (key.key if isinstance(key, _Backwards) else key for key in (left, right))
    if not (isinstance(left, tuple) and isinstance(right, tuple) and left[0] == right[0] == 1):
        return False
    return left[1] != right[1] and math.isclose(left[1], right[1], rel_tol=1e-13)
