"""What is asked of partition keys: comparisons of a bare column, which Athena prunes by, as SQL and as a function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from rejectkit.sources.athena.columns import ident

KeyType = Literal["text", "int", "date"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a key: one of some values, or between two, both inside.

    Attributes
    ----------
    key : str
        The partition key.
    type : {"text", "int", "date"}
        What it is compared as.
    values : tuple of str
        The values it may have; the least and the greatest of them where `between`.
    between : bool
        Which of the two.
    """

    key: str
    type: KeyType
    values: tuple[str, ...]
    between: bool = False

    @property
    def sql(self) -> str:
        """It as Trino SQL."""
        name, words = ident(self.key), [_literal(self.type, value) for value in dict.fromkeys(self.values)]
        if len(words) == 1:
            return f"{name} = {words[0]}"
        return f"{name} BETWEEN {words[0]} AND {words[1]}" if self.between else f"{name} IN ({', '.join(words)})"

    def holds(self, value: str) -> bool:
        """Tell whether a value, as text, passes."""
        if self.type == "int":
            if not value.lstrip("-").isdigit():
                return False
            numbers = [int(one) for one in self.values]
            return numbers[0] <= int(value) <= numbers[-1] if self.between else int(value) in numbers
        return self.values[0] <= value <= self.values[-1] if self.between else value in self.values


Alternative = tuple[Comparison, ...]
"""Comparisons that all have to pass."""


def sql_of(alternatives: Iterable[Alternative]) -> str:
    """Return alternatives as Trino SQL, one of which has to pass; empty where one asks nothing."""
    words = [" AND ".join(test.sql for test in one) for one in alternatives]
    if not words or "" in words:
        return ""
    return words[0] if len(words) == 1 else " OR ".join(f"({word})" for word in words)


def passes(alternatives: Iterable[Alternative], values: Mapping[str, str]) -> bool:
    """Tell whether a partition, its values by key, passes one of the alternatives."""
    return any(all(test.holds(values[test.key]) for test in one) for one in alternatives)


def _literal(kind: KeyType, value: str) -> str:
    if kind == "int":
        return str(int(value))
    text = "'" + value.replace("'", "''") + "'"
    return f"DATE {text}" if kind == "date" else text
