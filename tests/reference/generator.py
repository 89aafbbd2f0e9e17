"""Generates whole queries over the supported language, as text beside the syntax they must parse to."""

from __future__ import annotations

from dataclasses import dataclass
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
    Limit,
    Number,
    Parse,
    Query,
    Regex,
    Sort,
    SortKey,
    Stage,
    Stats,
    Text,
)
from tests.reference.checks import children
from tests.reference.interpreter import evaluate
from tests.reference.making import Maker, Name
from tests.reference.records import NUMBERS, RecordSet
from tests.reference.writing import Writer

ALIASES = (
    "n",
    "total",
    "x1",
    "count",
    "a_b",
    "my name",
    "@t",
    "Last",
    "k.v",
    "flows",
    "s-1",
    "zone",
    "avg",
    "_u",
    "w",
    "é x",
)
GLOBS = (
    ("* * *", 3), (" ".join("*" * 11), 11), ("eni-* *", 2), ("* *.*.", 3), ("0*0", 1), ("10.*", 1), ("*", 1), ("nothing like * this", 1), ("*:*", 2),
    ("REJECT *", 1), ("*.*.*.*", 4), ("*-", 1),
)  # fmt: skip
PARSES = (
    (r"(?<%s>eni-.*?) ", 1), (r"^(?<%s>\S+) (?<%s>\S+)", 2), (r"(?<%s>\d+)\.(?<%s>\d+)", 2), (r"(?<%s>no-such)", 1),
    (r"(?<%s>REJECT|ACCEPT)( (?<%s>OK))?", 2), (r"(?i)(?<%s>[a-f]+)(\d)?", 1), (r"(?<%s>[^ ]+)$", 1),
)  # fmt: skip
TRUTHS = frozenset({"and", "or", "=", "!=", "<", "<=", ">", ">="})
REALS = frozenset({"avg", "stddev", "variance", "sum", "log", "sqrt"})
TEXTS = frozenset(
    {
        "concat",
        "trim",
        "ltrim",
        "rtrim",
        "toupper",
        "tolower",
        "substr",
        "replace",
        "regexreplace",
        "regex_replace",
        "case",
    }
)


@dataclass(frozen=True)
class Case:
    """A query as text, and the syntax it must parse to."""

    text: str
    query: Query


def make_case(seed: object, records: RecordSet) -> Case:
    """Return the query that a seed makes for a record set."""
    return _Generator(Random(f"query {seed}"), records).case()


class _Generator:
    """Builds a query stage by stage, and keeps the names that exist after each."""

    def __init__(self, rng: Random, records: RecordSet) -> None:
        self.rng = rng
        self.events = records.events()
        self.names = [Name("@timestamp", "time"), Name("@message", "text", _seen(self.events, "@message"))]
        self.names += [Name(f, _field_kind(f), _seen(self.events, f)) for f in records.fields]
        self.writer = Writer(rng, tidy=rng.random() < 0.3)
        self.stages: list[Stage] = []
        self.made: set[str] = set()

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    @property
    def maker(self) -> Maker:
        return Maker(self.rng, self.names, free=not any(isinstance(stage, Stats) for stage in self.stages))

    def case(self) -> Case:
        """Build the stages, then write them."""
        for _ in range(self.rng.choice((0, 0, 1, 1, 2, 3))):
            self.rng.choice((self.filter, self.filter, self.fields, self.fields, self.parse, self.display))()
        if self.chance(0.55):
            for _ in range(self.rng.choice((1, 1, 1, 1, 2, 3))):
                self.stats()
                if self.chance(0.4):
                    self.rng.choice((self.filter, self.add, self.parse))()
        elif self.chance(0.85):
            self.fields()
        self.tail()
        if not self.stages:
            self.filter()
        return Case(self.writer.query(self.stages), Query(tuple(self.stages)))

    def tail(self) -> None:
        """End the query: order, columns, a limit, or one row of each combination."""
        if self.chance(0.03):
            self.stages.append(Limit(self.rng.choice((2, 10, 30))))
        if self.chance(0.6):
            self.sort()
        if self.chance(0.2):
            self.rng.choice((self.filter, self.add, self.display, self.display))()
        if self.chance(0.15):
            self.dedup()
        if self.chance(0.35):
            self.stages.append(Limit(self.rng.choice((1, 2, 3, 5, 10, 20, 1000, 100_000))))

    # stages

    def filter(self) -> None:
        """Keep some rows; of a few tries, the first that leaves one."""
        for _ in range(3):
            stage = Filter(self.maker.truth(self.rng.choice((0, 1, 1, 2))))
            trial = evaluate(Query((*self.stages, stage)), self.events)
            if trial.count:
                break
        self.stages.append(stage)

    def fields(self) -> None:
        """Name some columns, some of them computed."""
        items = []
        for _ in range(self.rng.randint(1, 4)):
            bare = [name.name for name in self.names if name.name not in self.made]
            if bare and self.chance(0.6):
                items.append(self.item(Field(self.rng.choice(bare)), None))
            else:
                items.append(self.computed())
        self.stages.append(Fields(_unique(items)))
        self.learn(self.stages[-1].items)

    def add(self) -> None:
        """Compute a column."""
        self.stages.append(Fields((self.computed(),)))
        self.learn(self.stages[-1].items)

    def computed(self) -> Item:
        expr = self.maker.any(self.rng.choice((0, 1, 2, 2)))
        return self.item(expr, self.alias() if isinstance(expr, Field) or self.chance(0.75) else None)

    def display(self) -> None:
        """Choose columns."""
        names = self.rng.sample(self.names, min(len(self.names), self.rng.randint(1, 3)))
        items = [self.item(Field(name.name), None) for name in names]
        if self.chance(0.3):
            items.append(self.computed())
        self.stages.append(Display(_unique(items)))
        self.learn(self.stages[-1].items)

    def parse(self) -> None:
        """Take parts out of a text."""
        sources = self.maker.of("text")
        if not sources:
            return
        source = self.rng.choice(sources)
        pattern, count = self.rng.choice(GLOBS) if self.chance(0.5) else self.rng.choice(PARSES)
        is_glob = "(?<" not in pattern
        aliases = [self.alias(word=not is_glob) for _ in range(count)]
        if len(set(aliases)) < count:
            return
        shape = Text(pattern) if is_glob else Regex(pattern % tuple(aliases))
        self.stages.append(Parse(Field(source.name), shape, tuple(aliases)))
        self.made.update(aliases)
        self.names = [*self.names, *(Name(alias, "text", ("10", "eni-0a", "")) for alias in aliases)]

    def stats(self) -> None:
        """Group the rows."""
        keys = [self.key() for _ in range(self.rng.choice((0, 1, 1, 1, 2, 3)))]
        keys = list(_unique(keys))
        items: list[Item] = []
        own = {key.name for key in keys}
        for _ in range(self.rng.randint(1, 4)):
            expr = self.aggregated([item.alias for item in items if item.alias])
            item = self.item(expr, self.alias(own) if self.chance(0.75) else None)
            if item.name not in own:
                own.add(item.name)
                items.append(item)
        if not items or not any(_spellable(name) for name in own):
            items.append(self.item(Call("count", star=True), self.alias(own)))
        stage = Stats(tuple(items), tuple(keys))
        self.stages.append(stage)
        self.made.update(item.name for item in (*keys, *items) if item.alias or not isinstance(item.expr, Field))
        kinds = {item.name: self.kind(item.expr) for item in (*keys, *items)}
        known = {name.name: name.values for name in self.names}
        counts = ("1", "2", "3", "40", "0")
        self.names = [Name(name, kind, known.get(name, counts)) for name, kind in kinds.items() if _spellable(name)]

    def key(self) -> Item:
        """Return a key: a field, a bin, or something computed."""
        expr = self.maker.pick((6, "field"), (3, "time"), (1, "text"), (1, "whole"), (1, "truth"))
        if expr == "field":
            name = self.rng.choice(self.exact())
            return self.item(Field(name.name), self.alias() if self.chance(0.15) else None)
        made = getattr(self.maker, str(expr))(1)
        return self.item(made, self.alias() if isinstance(made, Field) or self.chance(0.6) else None)

    def aggregated(self, earlier: list[str]) -> Expr:
        """Return an aggregate, or arithmetic over some."""
        if earlier and self.chance(0.12):
            return Binary(self.rng.choice("+-*/"), Field(self.rng.choice(earlier)), self.aggregate())
        if self.chance(0.15):
            return Binary(
                self.rng.choice("+-*/"), self.aggregate(), self.rng.choice((self.aggregate(), Number("1024")))
            )
        return self.aggregate()

    def aggregate(self) -> Call:
        """Return one aggregate."""
        make = self.maker
        name = self.rng.choice(("count", "count", "countf", "sum", "sum", "avg", "min", "max", "pct", "stddev", "variance",
                                "count_distinct", "countDistinct", "earliest", "latest", "sortsFirst", "sortsLast"))  # fmt: skip
        if name == "count":
            return Call(name, star=self.chance(0.7))
        if name in ("earliest", "latest") and not any(known.name == "@timestamp" for known in self.names):
            name = "sortsLast"
        depth = self.rng.choice((0, 0, 0, 1))
        if name in ("stddev", "variance"):
            plain = make.of("num")
            return make.fn(name, Field(self.rng.choice(plain).name) if plain else make.number())
        if name in ("sum", "avg"):
            return make.fn(name, make.field("real") if make.of("real") and self.chance(0.4) else make.num(depth))
        if name == "pct":
            return make.fn(name, make.num(depth), Number(self.rng.choice(("50", "90", "95", "99.9", "0", "100", "7"))))
        kinds = [(4, make.num), (4, make.text)] + [(2, make.time)] * (name in ("min", "max", "latest", "earliest"))
        if name.startswith("count_") or name == "countDistinct":
            kinds = [(1, make.whole), (1, make.text)]
        return make.fn("count" if name == "countf" else name, make.pick(*kinds)(depth))

    def sort(self) -> None:
        """Order the rows by some names."""
        names = self.rng.sample(self.names, min(len(self.names), self.rng.choice((1, 1, 2, 3))))
        self.stages.append(Sort(tuple(SortKey(name.name, self.chance(0.5)) for name in names)))

    def dedup(self) -> None:
        """Keep one row of each combination."""
        names = self.rng.sample(self.exact(), min(len(self.exact()), self.rng.randint(1, 2)))
        self.stages.append(Dedup(tuple(Field(name.name) for name in names)))

    # names

    def exact(self) -> list[Name]:
        """Return the names whose values are the same however they were computed; all, if there is none."""
        return [name for name in self.names if name.kind != "real"] or self.names

    def alias(self, taken: set[str] = frozenset(), *, word: bool = False) -> str:
        """Return a name that nothing has yet; with `word`, one a group of a regular expression can have."""
        known = self.made | taken | {name.name for name in self.names}
        free = [a for a in ALIASES if a not in known and (not word or a.isidentifier())]
        name = self.rng.choice(free) if free and self.chance(0.9) else f"v{len(self.made)}_{self.rng.randrange(100)}"
        while name in known:
            name += "_"
        self.made.add(name)
        return name

    def item(self, expr: Expr, alias: str | None) -> Item:
        """Return an item, written."""
        return Item(expr, alias, self.writer.expr(expr))

    def learn(self, items: tuple[Item, ...]) -> None:
        """Note the names that items make."""
        known = {name.name for name in self.names}
        new = [item for item in items if item.name not in known and _spellable(item.name)]
        self.made.update(item.name for item in items if item.alias or not isinstance(item.expr, Field))
        self.names = [*self.names, *(Name(item.name, self.kind(item.expr), ("1", "0", "10")) for item in new)]

    def kind(self, expr: Expr) -> str:
        """Return the kind of values an expression has."""
        if isinstance(expr, Field):
            return next((name.kind for name in self.names if name.name == expr.name), "real")
        if isinstance(expr, Text | Call) and (kind := self.called(expr)):
            return kind
        parts = [self.kind(part) for part in children(expr)]
        if isinstance(expr, In | Like) or (isinstance(expr, Binary) and expr.op in TRUTHS):
            return "num"
        if "real" in parts or (isinstance(expr, Binary) and expr.op in "/^") or _name(expr) in REALS:
            return "real"
        return "epoch" if "epoch" in parts or "time" in parts else "num"

    def called(self, expr: Text | Call) -> str | None:
        """Return the kind of what a function gives where that does not depend on its arguments."""
        if isinstance(expr, Text) or _name(expr) in TEXTS:
            return "text"
        if _name(expr) in ("bin", "datefloor", "dateceil", "frommillis"):
            return "time"
        if _name(expr) in ("min", "max", "earliest", "latest", "sortsfirst", "sortslast", "if", "coalesce"):
            return self.kind(expr.args[-1])
        return "num" if _name(expr).startswith(("count", "is", "starts", "ends", "str")) else None


def _field_kind(field: str) -> str:
    return "epoch" if field in ("start", "end") else "num" if field in NUMBERS else "text"


def _name(expr: Expr) -> str:
    return expr.name.lower() if isinstance(expr, Call) else ""


def _seen(events: list[dict[str, object]], name: str) -> tuple[str, ...]:
    return tuple(sorted({str(event[name]) for event in events if name in event}))


def _spellable(name: str) -> bool:
    """Tell whether a column's name can be written in backticks: an expression with such a name in it cannot."""
    return "`" not in name and "\n" not in name and not (name.startswith("@") and " " in name)


def _unique(items: list[Item]) -> tuple[Item, ...]:
    return tuple({item.name: item for item in reversed(items)}.values())[::-1]
