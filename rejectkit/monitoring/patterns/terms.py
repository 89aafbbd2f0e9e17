"""Tests of filter patterns: what one token, or one line, has to be like."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""What is a number, in a pattern and in a line. Source: the pages' examples 400, 1.5, 1e-3, 1e+3; the rest inferred."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that a token is (`=`) or is not (`!=`): a `*` at an end stands for any characters there.

    Attributes
    ----------
    core : str
        The text without the stars at its ends; a star inside it is that character.
    open_start, open_end : bool
        Whether any characters may stand before and after it.
    equal : bool
        False turns it round.
    """

    core: str
    open_start: bool = False
    open_end: bool = False
    equal: bool = True

    @classmethod
    def read(cls, literal: str, *, equal: bool = True) -> Text:
        """Return the test that a literal of a pattern means."""
        core = literal.strip("*")
        return cls(core, literal.startswith("*"), literal.endswith("*"), equal)

    def holds(self, value: str) -> bool:
        """Tell whether a token passes."""
        if self.open_start:
            like = self.core in value if self.open_end else value.endswith(self.core)
        else:
            like = value.startswith(self.core) if self.open_end else value == self.core
        return like is self.equal


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression that is found in a token (`=`) or is not (`!=`)."""

    regex: re.Pattern[str]
    equal: bool = True

    def holds(self, value: str) -> bool:
        """Tell whether a token passes."""
        return (self.regex.search(value) is not None) is self.equal


@dataclass(frozen=True, slots=True)
class Order:
    """A comparison of numbers, as doubles; a token that is no number never passes."""

    operator: str
    number: float

    def holds(self, value: str) -> bool:
        """Tell whether a token passes."""
        if not NUMBER.fullmatch(value):
            return False
        number = float(value)
        if self.operator == "<":
            return number < self.number
        if self.operator == "<=":
            return number <= self.number
        return number > self.number if self.operator == ">" else number >= self.number


Test = Text | Expression | Order


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a space-delimited pattern.

    Attributes
    ----------
    name : str or None
        None for an unnamed field.
    ways : tuple of tuple of Test
        A token passes if all tests of one way hold; without ways every token does.
    """

    name: str | None
    ways: tuple[tuple[Test, ...], ...] = ()

    def holds(self, value: str) -> bool:
        """Tell whether a token passes."""
        return not self.ways or any(all(test.holds(value) for test in way) for way in self.ways)


@dataclass(frozen=True, slots=True)
class Delimited:
    """A space-delimited pattern.

    Attributes
    ----------
    head : tuple of Field
        The fields before the ellipsis; all of them where there is none.
    tail : tuple of Field or None
        The fields after the ellipsis; None where there is none.
    """

    head: tuple[Field, ...]
    tail: tuple[Field, ...] | None = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in their order."""
        return self.head + (self.tail or ())

    @property
    def has_regex(self) -> bool:
        """Whether a condition is a regular expression."""
        return any(isinstance(test, Expression) for one in self.fields for way in one.ways for test in way)


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an unstructured pattern: a text or an expression to be found anywhere in the line.

    Attributes
    ----------
    sign : {"", "-", "?"}
        Needed, excluded, or one of several.
    what : str or Pattern
        What is looked for; a text of blanks alone is found in every line.
    """

    sign: str
    what: str | re.Pattern[str]

    def found(self, line: str) -> bool:
        """Tell whether the line has it."""
        if isinstance(self.what, str):
            return self.what in line or not self.what.strip()
        return self.what.search(line) is not None


@dataclass(frozen=True, slots=True)
class Terms:
    """An unstructured pattern; without terms it takes every line."""

    needed: tuple[Term, ...]
    excluded: tuple[Term, ...]
    any_of: tuple[Term, ...]

    @property
    def has_regex(self) -> bool:
        """Whether a term is a regular expression."""
        return any(not isinstance(term.what, str) for term in (*self.needed, *self.excluded, *self.any_of))

    def holds(self, line: str) -> bool:
        """Tell whether a line passes; `?` terms count only where there are no others."""
        if self.needed or self.excluded:
            return all(term.found(line) for term in self.needed) and not any(t.found(line) for t in self.excluded)
        return not self.any_of or any(term.found(line) for term in self.any_of)
