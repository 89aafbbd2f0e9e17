"""What a query may not do: the order of its stages, the names it makes, and the names and functions it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network

from rejectkit.errors import QueryError, UnsupportedError
from rejectkit.insights.syntax import (
    Binary,
    Call,
    Dedup,
    Display,
    Expr,
    Field,
    Fields,
    Filter,
    Foreign,
    In,
    Item,
    Like,
    Limit,
    Number,
    Parse,
    Period,
    Query,
    Sort,
    Stage,
    Stats,
    Text,
    Unary,
)
from tests.reference.functions import AGGREGATES, ELSEWHERE, SCALARS, SPECIAL
from tests.reference.patterns import regex

MOST_STATS = 10
MOST_ROWS = 100_000


def check(query: Query) -> None:
    """Raise what the service would answer to a query it refuses.

    Raises
    ------
    QueryError
        With the service's wording where that is recorded (names made twice, names unknown after `stats`).
    UnsupportedError
        For a command or function that CloudWatch has and this language has not.
    """
    _Checker(query).run()


class _Checker:
    """Walks the stages; `made` are the names the query made, `known` those there are after `stats`."""

    def __init__(self, query: Query) -> None:
        """Start before the first stage, where every name may be a field."""
        self.query = query
        self.made: set[str] = set()
        self.known: set[str] | None = None

    def run(self) -> None:
        """Check every stage."""
        stages = self.query.stages
        stats = [i for i, stage in enumerate(stages) if isinstance(stage, Stats)]
        if len(stats) > MOST_STATS:
            self.refuse(f"more than {MOST_STATS} stats", stages[stats[MOST_STATS]])
        for i, stage in enumerate(stages):
            if isinstance(stage, Foreign):
                raise UnsupportedError(f"{stage.command} is not of this language", self.query.text, stage.span[0])
            if isinstance(stage, Sort | Limit) and stats and i < stats[-1]:
                self.refuse("sort and limit go after the last stats", stage)
            if any(isinstance(before, Dedup) for before in stages[:i]) and not isinstance(stage, Limit):
                self.refuse("only limit may follow dedup", stage)
            self.stage(stage)

    def stage(self, stage: Stage) -> None:
        """Check one stage and take note of the names it makes."""
        if isinstance(stage, Fields | Display):
            for item in stage.items:
                self.expr(item.expr)
            self.add(stage.items, bare=isinstance(stage, Fields))
        elif isinstance(stage, Filter):
            self.expr(stage.condition)
        elif isinstance(stage, Parse):
            self.parse(stage)
        elif isinstance(stage, Stats):
            self.stats(stage)
        elif isinstance(stage, Sort):
            for key in stage.keys:
                self.use(key.name, key)
        elif isinstance(stage, Dedup):
            for field in stage.names:
                self.use(field.name, field)
        elif isinstance(stage, Limit) and not 1 <= stage.count <= MOST_ROWS:
            self.refuse(f"limit is between 1 and {MOST_ROWS}", stage)

    def add(self, items: tuple[Item, ...], *, bare: bool) -> None:
        """Note the names that a list of items makes; with `bare`, a lone made name counts as making it again."""
        for item in items:
            lone = isinstance(item.expr, Field) and item.alias is None
            if item.alias is not None or (lone and bare and item.name in self.made):
                self.make(item.name, item)
            if self.known is not None:
                self.known.add(item.name)

    def parse(self, stage: Parse) -> None:
        """Check a `parse`."""
        self.use(stage.source.name, stage.source)
        if isinstance(stage.pattern, Text) and stage.pattern.value.count("*") != len(stage.names):
            self.refuse("as many aliases as stars", stage)
        for name in stage.names:
            self.make(name, stage)
            if self.known is not None:
                self.known.add(name)

    def stats(self, stage: Stats) -> None:
        """Check a `stats`; from here on there is what it makes, and nothing else."""
        for key in stage.keys:
            self.expr(key.expr)
        earlier: set[str] = set()
        for item in stage.items:
            self.outside(item.expr, earlier)
            if item.alias is not None:
                earlier.add(item.alias)
        for item in (*stage.keys, *stage.items):
            if item.alias is not None:
                self.make(item.alias, item)
        self.known = {item.name for item in (*stage.keys, *stage.items)}

    def outside(self, expr: Expr, earlier: set[str]) -> None:
        """Check an item of `stats`: outside its aggregates there are constants and the aliases before it."""
        if isinstance(expr, Field) and expr.name not in earlier:
            self.refuse(f"{expr.name} is neither aggregated nor an alias before", expr)
        if isinstance(expr, Call) and expr.name.lower() in AGGREGATES:
            self.arity(expr, AGGREGATES)
            if expr.name.lower() == "pct":
                self.percent(expr)
            if expr.name.lower() in ("earliest", "latest"):
                self.use("@timestamp", expr)
            for arg in expr.args:
                self.expr(arg)
            return
        if isinstance(expr, Call):
            self.arity(expr, SCALARS)
        for part in children(expr):
            self.outside(part, earlier)

    def expr(self, expr: Expr) -> None:
        """Check an expression over a row."""
        if isinstance(expr, Field):
            self.use(expr.name, expr)
        if isinstance(expr, Call):
            self.arity(expr, SCALARS)
            if expr.name.lower() == "bin":
                self.use("@timestamp", expr)
            if expr.name.lower().endswith("insubnet"):
                self.block(expr)
            if expr.name.lower() in ("regexreplace", "regex_replace"):
                self.replacement(*expr.args[1:])
            if expr.name.lower() in ("bin", "datefloor", "dateceil"):
                self.period(expr)
                for part in expr.args[:-1]:
                    self.expr(part)
                return
        if isinstance(expr, Period):
            self.refuse("a period stands in bin, datefloor and dateceil only", expr)
        for part in children(expr):
            self.expr(part)

    def period(self, call: Call) -> None:
        """Check that a function of time ends with a period."""
        last = call.args[-1]
        if not isinstance(last, Period) or last.count < 1:
            self.refuse(f"{call.name} ends with a period such as 5m", call)

    def block(self, call: Call) -> None:
        """Check that a subnet function is given a block of its family, as a literal."""
        last = call.args[-1]
        family = {"4": 4, "6": 6}.get(call.name.lower().removeprefix("isip")[1:2])
        try:
            version = ip_network(last.value if isinstance(last, Text) else "", strict=False).version
        except ValueError:
            self.refuse(f"{call.name} takes a block such as 10.0.0.0/8", call)
        if family not in (None, version):
            self.refuse(f"{call.name} takes a block of IPv{family}", call)

    def replacement(self, pattern: Expr, by: Expr) -> None:
        """Check that the pattern of a replacement is one, as a literal, with the groups that are referred to."""
        try:
            groups = regex(pattern.value if isinstance(pattern, Text) else "(").groups
        except re.error:
            self.refuse("this has to be a regular expression in quotes", pattern)
        if not isinstance(by, Text) or any(int(group) > groups for group in re.findall(r"\$([0-9])", by.value)):
            self.refuse("this has to be a text in quotes, with groups that the pattern has", by)

    def percent(self, call: Call) -> None:
        """Check that a percentile's second argument is a number from 0 to 100."""
        last = call.args[-1]
        if not isinstance(last, Number) or last.value > 100:
            self.refuse("pct takes a number from 0 to 100", call)

    def arity(self, call: Call, table: dict[str, tuple[object, ...]]) -> None:
        """Check that a function exists and how many arguments it is given."""
        name = call.name.lower()
        if name in ELSEWHERE:
            raise UnsupportedError(f"{call.name} is not of this language", self.query.text, call.span[0])
        row = table.get(name) or SPECIAL.get(name)
        if row is None:
            self.refuse(f"no function {call.name} here", call)
        least, most = row[0], row[1]
        if len(call.args) < least or (most is not None and len(call.args) > most):
            self.refuse(f"{call.name} takes another number of arguments", call)

    def use(self, name: str, node: object) -> None:
        """Check that a name exists; before `stats` every name may."""
        if self.known is not None and name not in self.known:
            self.refuse(f"Unknown symbols found in or after stats: {name}", node)

    def make(self, name: str, node: object) -> None:
        """Check that a name was not made before."""
        if name in self.made:
            start, end = node.span
            self.refuse(f"Ephemeral field is already defined: {name} ([{start},{end - 1}])", node)
        self.made.add(name)

    def refuse(self, message: str, node: object) -> None:
        """Raise an error at a node."""
        raise QueryError(message, self.query.text, *node.span)


def children(expr: Expr) -> Iterator[Expr]:
    """Yield the expressions directly inside one."""
    if isinstance(expr, Call):
        yield from expr.args
    elif isinstance(expr, Unary | In | Like):
        yield expr.operand
    elif isinstance(expr, Binary):
        yield expr.left
        yield expr.right
