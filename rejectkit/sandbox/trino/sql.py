"""A translated expression, and how one value is named several times in DuckDB's text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rejectkit.sandbox.trino.kinds import Type, duck


@dataclass(frozen=True, slots=True)
class Sql:
    """A translated expression: DuckDB's text, and Trino's type."""

    text: str
    kind: Type
    exact: bool = False  # a double that was none before, so it is a number

    def to(self, kind: Type) -> Sql:
        """Return it turned into a type that it meets."""
        if self.kind == kind:
            return self
        if number := _LITERAL.fullmatch(self.text):
            return Sql(f"CAST({number[1]} AS {duck(kind)})", kind, exact=True)
        if self.kind.startswith("timestamp") and kind.startswith("timestamp"):
            return Sql(self.text, kind)
        return Sql(f"CAST({self.text} AS {duck(kind)})", kind, exact=self.kind not in ("double", "real"))


def let(values: Sequence[str], body: Callable[[Sequence[str]], str]) -> str:
    """Return `body` over values, which it may name several times; long ones are computed, and planned, once."""
    if all(len(value) <= _SHORT for value in values):
        return body(values)
    name = f"x{next(_numbers)}"
    if len(values) == 1:
        return f"list_extract(list_transform([{values[0]}], lambda {name}: {body([name])}), 1)"
    inside = body([f"{name}[{at}]" for at in range(1, len(values) + 1)])
    return f"list_extract(list_transform([row({', '.join(values)})], lambda {name}: {inside}), 1)"


_SHORT = 60  # characters: a column, a literal, or little more
_LITERAL = re.compile(r"CAST\((-?\d+(?:\.\d+)?) AS (?:INTEGER|BIGINT|DECIMAL\(\d+,\d+\))\)")
_numbers = itertools.count(1)
