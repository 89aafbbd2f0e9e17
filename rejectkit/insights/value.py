"""A compiled expression: its SQL, what is known of it, and the views that the language's rules need.

The service keeps every value as text that acts as a number when it looks like one.
Here a value's kind says which of its views are cheap: a column of ports is never parsed from text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from rejectkit.insights.dialects import CANONICAL_NUMBER, Dialect


class Kind(Enum):
    """What an expression's SQL gives."""

    INT = "int"
    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Value:
    """One compiled expression.

    Attributes
    ----------
    kind : Kind
        TIME is in milliseconds since the epoch.
    sql : str
        SQL text; null is a missing value.
    dash : bool
        Null is not missing: it is the text `-` (a flow-log field of which the record has no value).
    number : float, int or None
        Of a literal: the number it is, or looks like.
    word : str or None
        Of a literal: its text.
    whole : bool
        A text known to spell whole numbers where it spells any: typed as such in the answer.
    bare : bool
        A time that prints as milliseconds (an aggregate of times), not as a date.
    """

    kind: Kind
    sql: str
    dash: bool = False
    number: float | int | None = None
    word: str | None = None
    whole: bool = False
    bare: bool = False

    @property
    def literal(self) -> bool:
        """Whether it stands in the query itself."""
        return self.word is not None

    @property
    def numeric(self) -> bool:
        """Whether it is a number wherever it is not null, and null only where it is missing."""
        return self.number is not None or (self.kind is not Kind.TEXT and not self.dash)

    def at(self, sql: str) -> Value:
        """Return the same value found in another place: a column it was stored in."""
        return replace(self, sql=sql, number=None, word=None)

    def as_number(self, d: Dialect) -> str:
        """Return SQL of its number, null where it is none."""
        if self.number is not None:
            return repr(self.number)
        if self.kind is Kind.BOOL:
            return f"CAST({self.sql} AS INTEGER)"
        if self.kind is Kind.TEXT:
            return "CAST(NULL AS DOUBLE)" if self.literal else d.let("x", self.sql, d.try_number("x"))
        return self.sql

    def as_text(self, d: Dialect) -> str:
        """Return SQL of its text, as the service prints it."""
        if self.kind is Kind.TEXT:
            text = self.sql
        elif self.kind is Kind.BOOL:
            text = f"CASE WHEN {self.sql} THEN '1' WHEN NOT {self.sql} THEN '0' END"
        elif self.kind is Kind.TIME and not self.bare:
            text = d.time_text(self.sql)
        elif self.kind is Kind.NUMBER:
            text = d.let("x", d.double(self.sql), d.number_text("x"))
        else:
            text = f"CAST({self.sql} AS VARCHAR)"
        return f"coalesce({text}, '-')" if self.dash else text

    def present(self) -> str:
        """Return SQL that tells whether there is a value."""
        return "TRUE" if self.dash or self.literal else f"({self.sql} IS NOT NULL)"

    def condition(self, d: Dialect) -> str:
        """Return SQL of it as a condition."""
        return self.sql if self.kind is Kind.BOOL else f"({self.as_number(d)} <> 0)"

    def sort_key(self, d: Dialect) -> str:
        """Return SQL that sorts as the language does, but for missing values."""
        if self.kind is Kind.TEXT:
            return d.natural_key(self.as_text(d))
        return f"coalesce({self.sql}, -1)" if self.dash else self.sql

    @property
    def column_type(self) -> Literal["int", "number", "text", "time"]:
        """Type of its column in an answer."""
        if self.kind is Kind.TEXT:
            return "int" if self.whole else "text"
        return {Kind.INT: "int", Kind.BOOL: "int", Kind.NUMBER: "number", Kind.TIME: "time"}[self.kind]  # type: ignore[return-value]  # a literal of the four

    def answer_sql(self, d: Dialect) -> str:
        """Return SQL of it as an answer's column: `-` of a field is null."""
        if self.kind is Kind.TEXT and self.whole:
            return f"TRY_CAST({self.sql} AS BIGINT)"
        return f"CAST({self.sql} AS INTEGER)" if self.kind is Kind.BOOL else self.sql


def text_value(word: str, d: Dialect) -> Value:
    """Return the value of a text literal."""
    return Value(Kind.TEXT, d.literal(word), number=looks_like(word), word=word)


def number_value(number: float | int, text: str) -> Value:
    """Return the value of a number literal."""
    return Value(Kind.INT if isinstance(number, int) else Kind.NUMBER, repr(number), number=number, word=text)


def missing(d: Dialect) -> Value:
    """Return the value of a field that no record has."""
    return Value(Kind.TEXT, "CAST(NULL AS VARCHAR)")


def looks_like(word: str) -> float | int | None:
    """Return the number a text spells canonically, or None."""
    if not re.fullmatch(CANONICAL_NUMBER, word, re.ASCII):
        return None
    return float(word) if "." in word else int(word)
