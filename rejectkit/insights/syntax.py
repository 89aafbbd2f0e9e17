"""A Logs Insights query as frozen values; `str` gives text that parses to an equal value.

Every node carries `span`, its half-open range of characters in the query text, which takes no part in
comparisons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Span = tuple[int, int]
NOWHERE: Span = (0, 0)


def quote(text: str) -> str:
    r"""Return a text as a string literal of the language.

    Examples
    --------
    >>> print(quote('a "b"'))
    "a \"b\""
    """
    out = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + out.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


_PLAIN = re.compile(r"@?[^\W\d]\w*(?:\.\w+)*")
_RESERVED = frozenset({"and", "any", "as", "asc", "by", "desc", "in", "like", "logfmt", "not", "offset", "or"})


def spell(name: str) -> str:
    """Return a name as the language spells it: in backticks where it is not plain."""
    if _PLAIN.fullmatch(name) and name.lower() not in _RESERVED:
        return name
    return f"@`{name[1:]}`" if name.startswith("@") else f"`{name}`"


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written; `value` is its number."""

    text: str
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def value(self) -> int | float:
        """The number meant."""
        return float(self.text) if "." in self.text else int(self.text)

    def __str__(self) -> str:
        """Return it as written."""
        return self.text


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal, escapes resolved."""

    value: str
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return it quoted."""
        return quote(self.value)


@dataclass(frozen=True, slots=True)
class Regex:
    r"""What stands between the slashes, with `\/` resolved to `/`."""

    pattern: str
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return it between slashes."""
        return "/" + self.pattern.replace("/", "\\/") + "/"


@dataclass(frozen=True, slots=True)
class Period:
    """A period literal such as `5m`: as written; `unit` is one of ms s m h d w mo q y."""

    count: int
    unit: str
    text: str = field(default="", compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return count and unit."""
        return f"{self.count}{self.unit}"


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or an alias that an earlier stage made; `name` without backticks."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the name, in backticks where it needs them."""
        return spell(self.name)


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `name` as written, `star` for `count(*)`."""

    name: str
    args: tuple[Expr, ...] = ()
    star: bool = False
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the call."""
        return f"{self.name}({'*' if self.star else ', '.join(map(str, self.args))})"


@dataclass(frozen=True, slots=True)
class Unary:
    """`not x` or `-x`."""

    op: str
    operand: Expr
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return operator and operand, bracketed."""
        return f"({'not ' if self.op == 'not' else '-'}{self.operand})"


@dataclass(frozen=True, slots=True)
class Binary:
    """`left op right` with op one of `or and = != < <= > >= + - * / % ^`."""

    op: str
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return both sides and the operator, bracketed."""
        return f"({self.left} {self.op} {self.right})"


@dataclass(frozen=True, slots=True)
class In:
    """`x in [a, b]` or `x not in [a, b]`."""

    operand: Expr
    items: tuple[Number | Text, ...]
    negated: bool = False
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the membership test, bracketed."""
        return f"({self.operand} {'not ' if self.negated else ''}in [{', '.join(map(str, self.items))}])"


@dataclass(frozen=True, slots=True)
class Like:
    """`x like "part"`, `x like /regex/`, `x =~ /regex/`, and `not like`."""

    operand: Expr
    pattern: Text | Regex
    negated: bool = False
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the match, bracketed."""
        return f"({self.operand} {'not ' if self.negated else ''}like {self.pattern})"


Expr = Number | Text | Period | Field | Call | Unary | Binary | In | Like


@dataclass(frozen=True, slots=True)
class Item:
    """One expression of `fields`, `display`, `stats` or its `by`; `name` is its column.

    `alias` is what `as` gave; without it the column's name is `text`, the expression as written.
    """

    expr: Expr
    alias: str | None
    text: str
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def name(self) -> str:
        """Column name in the answer."""
        if self.alias is not None:
            return self.alias
        return self.expr.name if isinstance(self.expr, Field) else self.text

    def __str__(self) -> str:
        """Return the expression as written and its alias."""
        return self.text + (f" as {spell(self.alias)}" if self.alias is not None else "")


@dataclass(frozen=True, slots=True)
class Fields:
    """`fields`: adds columns."""

    items: tuple[Item, ...]
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the stage."""
        return "fields " + ", ".join(map(str, self.items))


@dataclass(frozen=True, slots=True)
class Display:
    """`display`: chooses the answer's columns; the last one wins."""

    items: tuple[Item, ...]
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the stage."""
        return "display " + ", ".join(map(str, self.items))


@dataclass(frozen=True, slots=True)
class Filter:
    """`filter` or `where`: keeps the rows for which the condition is true."""

    condition: Expr
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the stage."""
        return f"filter {self.condition}"


@dataclass(frozen=True, slots=True)
class Parse:
    """`parse field "glob *" as a` or `parse field /(?<a>…)/`; `names` are the aliases in order."""

    source: Field
    pattern: Text | Regex
    names: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the stage."""
        tail = "" if isinstance(self.pattern, Regex) else " as " + ", ".join(map(spell, self.names))
        return f"parse {self.source} {self.pattern}{tail}"


@dataclass(frozen=True, slots=True)
class Stats:
    """`stats items by keys`: one row for each combination of keys."""

    items: tuple[Item, ...]
    keys: tuple[Item, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the stage."""
        return (
            "stats " + ", ".join(map(str, self.items)) + (" by " + ", ".join(map(str, self.keys)) if self.keys else "")
        )


@dataclass(frozen=True, slots=True)
class SortKey:
    """One name to sort by."""

    name: str
    descending: bool = False
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return name and direction."""
        return f"{spell(self.name)} {'desc' if self.descending else 'asc'}"


@dataclass(frozen=True, slots=True)
class Sort:
    """`sort`: the first key counts most."""

    keys: tuple[SortKey, ...]
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the stage."""
        return "sort " + ", ".join(map(str, self.keys))


@dataclass(frozen=True, slots=True)
class Limit:
    """`limit n`."""

    count: int
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the stage."""
        return f"limit {self.count}"


@dataclass(frozen=True, slots=True)
class Dedup:
    """`dedup a, b`: the first row of each combination; rows without one of the values are all kept."""

    names: tuple[Field, ...]
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the stage."""
        return "dedup " + ", ".join(map(str, self.names))


@dataclass(frozen=True, slots=True)
class Foreign:
    """A command of the service that this engine knows by name only; `text` is the whole stage."""

    command: str
    text: str
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        """Return the stage as written."""
        return self.text


Stage = Fields | Display | Filter | Parse | Stats | Sort | Limit | Dedup | Foreign


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: its stages, left to right, and the text it came from."""

    stages: tuple[Stage, ...]
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Return the query, a stage a line."""
        return "\n| ".join(map(str, self.stages))
