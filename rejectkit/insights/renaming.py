"""A query's places that name a field, and the edits that give them the service's names instead.

Walks the stages as the compiler does: what a stage made under a name hides the field of that name from there on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from rejectkit.errors import QueryError
from rejectkit.insights import syntax as s
from rejectkit.insights.aggregates import AGGREGATES
from rejectkit.insights.functions import ELSEWHERE

Edit = tuple[int, int, str]
"""A half-open range of characters, and what stands there instead."""
NameOf = Callable[[str, Collection[str]], str | None]
"""The service's name of a field, given the names that were made so far; None if one of those hides it."""


def edited(text: str, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> str:
    """Return `text[start:end]` with the edits that are in it, which do not overlap, made from the end."""
    end = len(text) if end is None else end
    for low, high, new in sorted(edits, reverse=True):
        if start <= low and high <= end:
            text = text[:low] + new + text[high:]
            end += len(new) - (high - low)
    return text[start:end]


@dataclass(slots=True)
class Renaming:
    """The walk over one query.

    Attributes
    ----------
    query : Query
        With its text.
    name_of : callable
        The service's name of a field.
    parsed : collection of str
        Service names that a `parse` before the query makes; `name_of` may add to them.
    edits : list of (start, end, text)
        What to change in the text.
    names : dict of str to str
        What the stages so far made: the query's name, the service's name.
    """

    query: s.Query
    name_of: NameOf
    parsed: Collection[str]
    edits: list[Edit] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)
    _shown: dict[str, str] = field(default_factory=dict)
    _displayed: dict[str, str] | None = None
    _events: bool = True
    _listed: bool = False

    def run(self) -> Renaming:
        """Walk all stages."""
        for at in range(len(self.query.stages)):
            self.step(at)
        return self

    @property
    def answer(self) -> dict[str, str]:
        """The answer's columns: the query's name, the service's name."""
        if self._displayed is not None:
            return self._displayed
        defaults = {} if self._listed else {name: self._name(name) for name in ("@timestamp", "@message")}
        return defaults | self._shown

    def step(self, at: int) -> None:
        """Walk the next stage, of which this is the number."""
        stage = self.query.stages[at]
        if isinstance(stage, s.Fields):
            self._fields(stage, at)
        elif isinstance(stage, s.Display):
            self._displayed = {item.name: self._item(item) for item in stage.items}
            self._learn(stage.items, self._displayed)
        elif isinstance(stage, s.Filter):
            self._expr(stage.condition)
        elif isinstance(stage, s.Parse):
            self._use(stage.source.name, stage.source.span)
            made = {name: name for name in stage.names}
            self._made.update(made)
            self.names |= made
            self._shown |= made
        elif isinstance(stage, s.Stats):
            self._stats(stage)
        elif isinstance(stage, s.Sort):
            for key in stage.keys:
                self._use(key.name, key.span)
        elif isinstance(stage, s.Dedup):
            for name in stage.names:
                self._use(name.name, name.span)

    def _fields(self, stage: s.Fields, at: int) -> None:
        """Rename in a `fields` stage; what the first `parse` makes is shown by that, and may not be listed again."""
        shown: dict[str, str] = {}
        gone: list[bool] = []
        for item in stage.items:
            lone = isinstance(item.expr, s.Field) and item.alias is None
            name = self._name(item.name, item.expr.span) if lone else ""
            gone.append(lone and name in self.parsed)
            shown[item.name] = name if gone[-1] else self._item(item)
        if not all(gone):
            self.edits.extend(_dropped(stage.items, gone))
        elif self._events and "@timestamp" not in self._made:
            self.edits.append((stage.items[0].span[0], stage.items[-1].span[1], "@timestamp"))
        else:
            self.edits.append(self._without(at))
        self._listed = True
        self._shown |= shown
        self._learn(stage.items, shown)

    def _without(self, at: int) -> Edit:
        """Return the edit that takes a stage out, which is never the first."""
        return self.query.stages[at - 1].span[1], self.query.stages[at].span[1], ""

    def _learn(self, items: Iterable[s.Item], made: dict[str, str]) -> None:
        """Take note of the names that items made."""
        for item in items:
            if item.alias is not None:
                self._made.add(item.alias)
            if item.alias is not None or not isinstance(item.expr, s.Field):
                self.names[item.name] = made[item.name]

    def _stats(self, stage: s.Stats) -> None:
        made = {key.name: self._item(key) for key in stage.keys}
        for item in stage.items:
            made[item.name] = self._item(item, made)
        self._made.update(item.alias for item in (*stage.keys, *stage.items) if item.alias is not None)
        self.names, self._shown = made, dict(made)
        self._events, self._listed, self._displayed = False, True, None

    def _item(self, item: s.Item, totals: dict[str, str] | None = None) -> str:
        """Rename in an item, and return the name of its column in the service's answer."""
        self._expr(item.expr, totals)
        if item.alias is not None:
            return item.alias
        if isinstance(item.expr, s.Field):
            return self._name(item.name, item.expr.span)
        start = item.span[0]
        return edited(self.query.text, self.edits, start, start + len(item.text))

    def _expr(self, expr: s.Expr, totals: dict[str, str] | None = None) -> None:
        """Rename in an expression; `totals` are the names that it knows outside an aggregate."""
        if isinstance(expr, s.Field):
            if totals is not None and expr.name in totals:
                self._replace(expr.name, totals[expr.name], expr.span)
            else:
                self._use(expr.name, expr.span)
        elif isinstance(expr, s.Call):
            of_rows = expr.name.lower() in AGGREGATES or expr.name.lower() in ELSEWHERE
            for arg in expr.args:
                self._expr(arg, None if of_rows else totals)
        elif isinstance(expr, s.Binary):
            self._expr(expr.left, totals)
            self._expr(expr.right, totals)
        elif isinstance(expr, s.Unary | s.In | s.Like):
            self._expr(expr.operand, totals)

    def _name(self, name: str, span: s.Span = s.NOWHERE) -> str:
        """Return the service's name of what a name means here."""
        if name in self.names or not self._events:
            return self.names.get(name, name)
        found = self.name_of(name, self.names)
        if found is None:
            words = f"{name} cannot be read here: the service has it under a name that the query gave to something else"
            raise QueryError(words, self.query.text, *span, hint="give that another name")
        return found

    def _use(self, name: str, span: s.Span) -> None:
        self._replace(name, self._name(name, span), span)

    def _replace(self, name: str, new: str, span: s.Span) -> None:
        if new != name:
            self.edits.append((*span, s.spell(new)))


def _dropped(items: tuple[s.Item, ...], gone: list[bool]) -> Iterator[Edit]:
    """Yield the edits that take items, each with a comma, out of a list of which some stay."""
    last = max(at for at, dropped in enumerate(gone) if not dropped)
    for at, item in enumerate(items):
        if gone[at] and at < last:
            yield item.span[0], items[at + 1].span[0], ""
        elif gone[at]:
            yield items[at - 1].span[1], item.span[1], ""
