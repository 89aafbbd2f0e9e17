"""Writes syntax as query text, in the many ways a person may: case, space, comments, quotes, brackets, synonyms."""

from __future__ import annotations

from random import Random

from rejectkit.insights.syntax import (
    Binary,
    Call,
    Dedup,
    Display,
    Expr,
    Field,
    Fields,
    Filter,
    In,
    Item,
    Like,
    Number,
    Parse,
    Period,
    Regex,
    Sort,
    SortKey,
    Stage,
    Stats,
    Text,
    Unary,
)

LEVEL = {"or": 1, "and": 2, "not": 3, "=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "minus": 7, "^": 8}
ATOM = 9
UNITS = {
    "ms": ("ms", "msec", "millisecond", "msecs", "milliseconds"), "s": ("s", "sec", "second", "secs", "seconds"),
    "m": ("m", "min", "minute", "mins", "minutes"), "h": ("h", "hr", "hour", "hrs", "hours"), "d": ("d", "day", "days"),
    "w": ("w", "week", "weeks"), "mo": ("mo", "mon", "month", "mons", "months"), "q": ("q", "qtr", "quarter", "quarters"),
    "y": ("y", "year", "years"),
}  # fmt: skip
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Writer:
    """Writes with the choices of a seeded generator; `tidy` makes it write plainly."""

    def __init__(self, rng: Random, tidy: bool = False) -> None:
        """Take the generator of choices."""
        self.rng = rng
        self.tidy = tidy

    def chance(self, share: float) -> bool:
        """Return true in this share of the cases."""
        return not self.tidy and self.rng.random() < share

    def space(self) -> str:
        """Return white space that must be there."""
        return self.rng.choice((" ", "  ", "\n", "\t", "\n    ")) if self.chance(0.08) else " "

    def gap(self) -> str:
        """Return white space that need not be there."""
        return "" if self.chance(0.15) else self.space()

    def between(self) -> str:
        """Return white space between stages or items, perhaps with a comment."""
        comment = self.rng.choice(("", " | limit 1", ' it\'s a "note"', " `x`", "#", " /re/"))
        return f" #{comment}\n" if self.chance(0.03) else self.gap()

    def word(self, keyword: str) -> str:
        """Return a keyword in some case."""
        return self.rng.choice((keyword.upper(), keyword.capitalize())) if self.chance(0.1) else keyword

    def name(self, name: str) -> str:
        """Return a name, in backticks where it needs them and sometimes where it does not."""
        sign, rest = ("@", name[1:]) if name.startswith("@") else ("", name)
        plain = all(part and (part.isascii() and part.replace("_", "a").isalnum()) for part in rest.split("."))
        if plain and not rest[0].isdigit() and not self.chance(0.04):
            return name
        return f"{sign}`{rest}`"

    def text(self, value: str) -> str:
        """Return a string literal."""
        mark = self.rng.choice("\"'") if self.chance(0.4) else '"'
        out = "".join(_ESCAPES.get(c, c) for c in value)
        return mark + out.replace(mark, "\\" + mark) + mark

    def period(self, period: Period) -> str:
        """Return a period, its unit short or in words."""
        unit = self.rng.choice(UNITS[period.unit]) if self.chance(0.3) else period.unit
        return f"{period.count}{unit}"

    def listed(self, parts: list[str]) -> str:
        """Return parts with commas between."""
        out = parts[0]
        for part in parts[1:]:
            out += f"{' ' if self.chance(0.05) else ''},{self.gap()}{part}"
        return out

    # stages

    def query(self, stages: list[Stage]) -> str:
        """Return stages as a query."""
        pipe = "\n| " if self.chance(0.3) else " | "
        out = pipe.join(self.stage(stage) for stage in stages)
        lead = self.rng.choice(("# a comment first\n", "  ", "\n")) if self.chance(0.06) else ""
        return lead + out + (self.rng.choice(("\n", "  # the end", " ")) if self.chance(0.06) else "")

    def stage(self, stage: Stage) -> str:
        """Return one stage."""
        return f"{self.command(stage)}{self.space()}{self.rest(stage)}"

    def command(self, stage: Stage) -> str:
        """Return the stage's command."""
        name = type(stage).__name__.lower()
        return self.word("where" if name == "filter" and self.chance(0.2) else name)

    def rest(self, stage: Stage) -> str:
        """Return what follows a stage's command."""
        if isinstance(stage, Fields | Display):
            return self.items(stage.items)
        if isinstance(stage, Filter):
            return self.expr(stage.condition)
        if isinstance(stage, Parse):
            return self.parse(stage)
        if isinstance(stage, Stats):
            by = f"{self.space()}{self.word('by')}{self.space()}{self.items(stage.keys)}" if stage.keys else ""
            return self.items(stage.items) + by
        if isinstance(stage, Sort):
            keys = [self.name(key.name) + self.direction(key) for key in stage.keys]
            return f"{'by ' if self.chance(0.1) else ''}{self.listed(keys)}"
        if isinstance(stage, Dedup):
            return self.listed([self.name(field.name) for field in stage.names])
        return str(stage.count)

    def direction(self, key: SortKey) -> str:
        """Return a direction, which may be left out where it is ascending."""
        if key.descending or not self.chance(0.6):
            return self.space() + self.word("desc" if key.descending else "asc")
        return ""

    def items(self, items: tuple[Item, ...]) -> str:
        """Return items with their aliases; a comment may stand between two."""
        parts = []
        for item in items:
            alias = (
                f"{self.space()}{self.word('as')}{self.space()}{self.name(item.alias)}"
                if item.alias is not None
                else ""
            )
            parts.append(item.text + alias)
        return f",{self.between()}".join(parts)

    def parse(self, stage: Parse) -> str:
        """Return what follows `parse`."""
        head = f"{self.name(stage.source.name)}{self.space()}"
        if isinstance(stage.pattern, Regex):
            return head + regex(stage.pattern)
        names = self.listed([self.name(name) for name in stage.names])
        return f"{head}{self.text(stage.pattern.value)}{self.space()}{self.word('as')}{self.space()}{names}"

    # expressions

    def expr(self, expr: Expr, least: int = 0) -> str:
        """Return an expression, in brackets where its operator binds less than `least`, and sometimes where not."""
        body, level = self.bare(expr)
        if level < least or (level < ATOM and self.chance(0.08)):
            inner = self.rng.choice(("", " ", "\n")) if self.chance(0.1) else ""
            return f"({inner}{body}{inner})"
        return body

    def bare(self, expr: Expr) -> tuple[str, int]:
        """Return an expression without brackets around it, and how tightly it binds."""
        if isinstance(expr, Number):
            return expr.text, ATOM
        if isinstance(expr, Text):
            return self.text(expr.value), ATOM
        if isinstance(expr, Period):
            return self.period(expr), ATOM
        if isinstance(expr, Field):
            return self.name(expr.name), ATOM
        if isinstance(expr, Call):
            args = "*" if expr.star else self.listed([self.expr(arg) for arg in expr.args]) if expr.args else ""
            pad = " " if self.chance(0.05) else ""
            return f"{expr.name}({pad}{args}{pad})", ATOM
        if isinstance(expr, Unary) and expr.op == "not":
            return f"{self.word('not')}{self.space()}{self.expr(expr.operand, ATOM)}", LEVEL["not"]
        if isinstance(expr, Unary):
            return f"-{self.expr(expr.operand, ATOM)}", LEVEL["minus"]
        if isinstance(expr, In):
            items = self.listed([self.expr(item) for item in expr.items])
            return f"{self.expr(expr.operand, 5)}{self.space()}{self.negated(expr, 'in')}{self.gap()}[{items}]", LEVEL[
                "="
            ]
        if isinstance(expr, Like):
            return self.like(expr), LEVEL["="]
        return self.binary(expr)

    def negated(self, expr: In | Like, operator: str) -> str:
        """Return an operator, after `not` where it is negated."""
        return f"{self.word('not')}{self.space()}{self.word(operator)}" if expr.negated else self.word(operator)

    def like(self, expr: Like) -> str:
        """Return a match; a regular expression may stand after `=~`."""
        left = self.expr(expr.operand, 5)
        if isinstance(expr.pattern, Text):
            return f"{left}{self.space()}{self.negated(expr, 'like')}{self.space()}{self.text(expr.pattern.value)}"
        if not expr.negated and self.chance(0.4):
            return f"{left}{self.gap()}=~{self.gap()}{regex(expr.pattern)}"
        return f"{left}{self.space()}{self.negated(expr, 'like')}{self.space()}{regex(expr.pattern)}"

    def binary(self, expr: Binary) -> tuple[str, int]:
        """Return an operator between its operands."""
        if expr.op in ("and", "or"):
            level = LEVEL[expr.op]
            word = f"{self.space()}{self.word(expr.op)}{self.space()}"
            return self.expr(expr.left, level) + word + self.expr(expr.right, level + 1), level
        level = LEVEL.get(expr.op, LEVEL["="])
        least = {LEVEL["="]: (5, 5), LEVEL["^"]: (ATOM, ATOM)}.get(level, (level, level + 1))
        op = "==" if expr.op == "=" and self.chance(0.15) else expr.op
        left, right = self.expr(expr.left, least[0]), self.expr(expr.right, least[1])
        right = f" {right}" if right.startswith("-") else right
        return f"{left}{self.gap()}{op}{self.gap()}{right}", level


def regex(pattern: Regex) -> str:
    """Return a regular expression between slashes."""
    return "/" + pattern.pattern.replace("/", "\\/") + "/"
