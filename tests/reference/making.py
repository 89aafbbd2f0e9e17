"""Makes expressions of a wanted kind over the names at hand, aiming at values that are there."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from rejectkit.insights.syntax import Binary, Call, Expr, Field, In, Like, Number, Period, Regex, Text, Unary

BLOCKS = ("10.0.0.0/8", "10.0.0.0/24", "192.168.0.0/16", "203.0.113.0/24", "0.0.0.0/0", "10.0.0.10/32", "9.9.9.9/31")
BLOCKS_6 = ("2001:db8::/32", "fd00::/8", "2600:1f18::/36", "::/0", "2600:1f18::a/127")
REGEXES = (
    r"^10\.", r"\.10$", r"^(?:10|192\.168)\..*$", r"(?i)reject", r"\d{3,}", r"[a-f]+:", r"A", r"eni-0[ab]", r"^-$", r"^\S+ \S+",
    r"^(?:10|127|172\.(?:1[6-9]|2[0-9]|3[01])|192\.168)\..*$", r"1|2", r"/", r"a.?1", r"[^0-9.]", r"\b22\b", r"^$", r"x*",
)  # fmt: skip
REPLACES = (
    (r"[0-9]+", "<$0>"),
    (r"(\d)(\d)", "$2$1"),
    (r"\.", ""),
    (r"[aeiou]", "*"),
    (r"^10", "x"),
    (r"(?i)[A-E]", "-"),
)
PERIODS = (
    (1, "m"), (5, "m"), (60, "m"), (300, "s"), (30, "s"), (1, "s"), (1, "h"), (6, "h"), (24, "h"), (36, "h"), (500, "ms"),
    (1500, "ms"), (1, "d"), (2, "d"), (7, "d"), (1, "w"), (2, "w"), (1, "mo"), (2, "mo"), (7, "mo"),
    (1, "q"), (2, "q"), (1, "y"), (90, "m"),
)  # fmt: skip
ODD_TEXTS = (
    "",
    " ",
    "-",
    "OK",
    "x",
    "10",
    "0",
    "1.5",
    "-1",
    "01",
    "é",
    "it's",
    'say "x"',
    "a\\b",
    "100%",
    "a\tb",
    "REJECT",
    "$1",
)


@dataclass(frozen=True)
class Name:
    """A name an expression may read.

    `kind` is text, time, or of numbers: num (whole), epoch (whole and large), real (may differ in the last
    digit between two ways to compute it). `values` are texts it is known to have.
    """

    name: str
    kind: str
    values: tuple[str, ...] = ()


class Maker:
    """Makes expressions with a seeded generator over some names."""

    def __init__(self, rng: Random, names: list[Name], *, free: bool) -> None:
        """Take the generator of choices and the names that exist; with `free`, others may be read too."""
        self.rng = rng
        self.names = names
        self.free = free

    def of(self, *kinds: str) -> list[Name]:
        """Return the names of these kinds."""
        return [name for name in self.names if name.kind in kinds]

    def chance(self, share: float) -> bool:
        """Return true in this share of the cases."""
        return self.rng.random() < share

    def pick(self, *weighted: tuple[int, object]) -> object:
        """Return one of several, by weight."""
        return self.rng.choices([choice for _, choice in weighted], [weight for weight, _ in weighted])[0]

    def fn(self, name: str, *args: Expr) -> Call:
        """Return a call; the name's case is free."""
        spelled = self.rng.choice((name.lower(), name.upper())) if self.chance(0.06) else name
        return Call(spelled, tuple(args))

    def field(self, *kinds: str) -> Expr:
        """Return a name of these kinds, a literal where there is none, and now and then a name no record has."""
        if self.free and self.chance(0.02):
            return Field(self.rng.choice(("nosuch", "noSuchField", "@log.x", "startTime", "endTime")))
        there = self.of(*kinds)
        if there:
            return Field(self.rng.choice(there).name)
        return self.number() if kinds != ("text",) else Text(self.rng.choice(ODD_TEXTS))

    def number(self) -> Number:
        """Return a number literal."""
        return Number(self.rng.choice(("0", "1", "2", "3", "10", "22", "443", "1000", "1.5", "0.25", "100.0")))

    def sample(self, name: Name) -> str:
        """Return a text the name has, or one near it."""
        value = self.rng.choice(name.values) if name.values and self.chance(0.85) else self.rng.choice(ODD_TEXTS)
        if self.chance(0.1):
            return value + self.rng.choice(("0", "x", " ", ".0"))
        return value[: self.rng.randint(1, len(value))] if value and self.chance(0.1) else value

    def literal(self, name: Name) -> Number | Text:
        """Return a literal to compare a name with: bare or quoted where it is a number."""
        value = self.sample(name)
        plain = value.replace(".", "", 1)
        if plain.isascii() and plain.isdigit() and value[0] != "." and value[-1] != "." and self.chance(0.6):
            return Number(value)
        return Text(value)

    def any(self, depth: int) -> Expr:
        """Return an expression of any kind."""
        return self.pick((3, self.num), (4, self.text), (2, self.truth), (1, self.time))(depth)

    # numbers

    def num(self, depth: int) -> Expr:
        """Return an expression that is a number, or at times only looks like one."""
        if depth <= 0 or self.chance(0.3):
            return self.field("num", "epoch") if self.chance(0.85) else self.number()
        if self.chance(0.04):
            return self.text(depth - 1)
        make = self.pick(
            (6, self.arithmetic), (4, self.numeric_call), (1, self.chosen_num), (1, self.minus), (1, self.measured)
        )
        return make(depth - 1)

    def whole(self, depth: int) -> Expr:
        """Return a whole number whose text no rounding touches."""
        if depth <= 0 or self.chance(0.5):
            return self.field("num", "epoch") if self.chance(0.9) else Number(self.rng.choice(("0", "1", "7", "22")))
        op = self.rng.choice(("+", "-", "*", "%"))
        return Binary(op, self.whole(depth - 1), Number(self.rng.choice(("1", "2", "3", "10", "1024"))))

    def arithmetic(self, depth: int) -> Expr:
        """Return two numbers and an operator."""
        op = self.rng.choice(("+", "-", "*", "/", "/", "%", "^"))
        if op == "^":
            return Binary("^", self.whole(depth), Number(self.rng.choice(("0", "1", "2", "3", "0.5"))))
        left = self.num(depth)
        return Binary(op, left, self.num(depth) if self.chance(0.6) else self.number())

    def minus(self, depth: int) -> Expr:
        """Return a number with its sign turned."""
        return Unary("-", self.num(depth))

    def chosen_num(self, depth: int) -> Expr:
        """Return a whole number that a condition chooses, so that beside a text it prints without an exponent."""
        if self.chance(0.5):
            return self.fn("if", self.truth(depth), self.whole(depth), self.whole(depth))
        return self.fn("coalesce", self.whole(depth), self.number())

    def measured(self, depth: int) -> Expr:
        """Return the number that a time, a text or a condition is."""
        if self.chance(0.3):
            return self.truth(depth)
        if self.chance(0.5):
            return self.fn("toMillis", self.time(depth))
        return self.fn("ipv4ToNumber", self.text(0))

    def numeric_call(self, depth: int) -> Expr:
        """Return a numeric function."""
        name = self.rng.choice(
            (
                "toNumber",
                "abs",
                "ceil",
                "floor",
                "round",
                "round2",
                "greatest",
                "least",
                "log",
                "sqrt",
                "strlen",
                "strlen",
            )
        )
        if name == "strlen":
            return self.fn(name, self.text(depth))
        if name == "round2":
            return self.fn(
                "round", Binary("/", self.whole(0), Number(self.rng.choice(("8", "4", "1000")))), Number("2")
            )
        if name == "round":
            return self.fn("round", Binary("/", self.whole(0), Number(self.rng.choice(("2", "3", "7")))))
        if name in ("greatest", "least"):
            return self.fn(name, *(self.num(depth) for _ in range(self.rng.randint(1, 3))))
        return self.fn(name, self.num(depth))

    # text

    def text(self, depth: int) -> Expr:
        """Return an expression that is text, or of whose value a text function takes the text."""
        if depth > 0 and self.chance(0.08):
            return self.whole(depth - 1) if self.chance(0.7) else self.time(depth - 1)
        return self.words(depth)

    def words(self, depth: int) -> Expr:
        """Return an expression that is text and nothing else."""
        if depth <= 0 or self.chance(0.35):
            return self.field("text") if self.chance(0.85) else Text(self.rng.choice(ODD_TEXTS))
        return self.pick((5, self.text_call), (2, self.joined), (1, self.chosen_text))(depth - 1)

    def joined(self, depth: int) -> Expr:
        """Return texts put together."""
        parts = [self.text(depth) if self.chance(0.7) else self.whole(depth) for _ in range(self.rng.randint(1, 3))]
        return self.fn("concat", *parts, *([Text(self.rng.choice(("/", ":", "")))] if self.chance(0.4) else []))

    def chosen_text(self, depth: int) -> Expr:
        """Return a text that a condition chooses."""
        if self.chance(0.4):
            return self.fn("if", self.truth(depth), self.words(depth), self.words(depth))
        if self.chance(0.4):
            return self.fn("coalesce", self.words(depth), Text("none"))
        branches = [part for _ in range(self.rng.randint(1, 3)) for part in (self.truth(depth), self.words(depth))]
        return self.fn("case", *branches, *([Text("other")] if self.chance(0.6) else []))

    def text_call(self, depth: int) -> Expr:
        """Return a function from text to text."""
        name = self.rng.choice(
            ("trim", "ltrim", "rtrim", "toupper", "tolower", "substr", "substr", "replace", "regexReplace")
        )
        value = self.text(depth)
        if name in ("trim", "ltrim", "rtrim"):
            return self.fn(
                name,
                value,
                *([Text(self.rng.choice(("12.0", "eni-", "-", "A", " ", "02")))] if self.chance(0.7) else []),
            )
        if name == "substr":
            start = self.rng.choice((Number("0"), Number("1"), Number("3"), Number("40"), Unary("-", Number("1"))))
            return self.fn(
                name, value, start, *([Number(self.rng.choice(("0", "1", "2", "100")))] if self.chance(0.7) else [])
            )
        if name == "replace":
            return self.fn(
                name,
                value,
                Text(self.rng.choice((".", "10", "0", "eni", "REJECT", "\\"))),
                Text(self.rng.choice(("", "_", "$1", "\\"))),
            )
        if name == "regexReplace":
            return self.fn(self.rng.choice((name, "regex_replace")), value, *map(Text, self.rng.choice(REPLACES)))
        return self.fn(name, value)

    # times

    def period(self) -> Period:
        """Return a period; some are over the caps."""
        return Period(*self.rng.choice(PERIODS))

    def time(self, depth: int) -> Expr:
        """Return an expression that is a time."""
        if not self.of("time"):
            small = self.fn("floor", Binary("%", self.whole(0), Number("1000")))
            return self.fn("fromMillis", Binary("*", small, Number("1000000001")))
        has_moment = any(name.name == "@timestamp" for name in self.names)
        if depth <= 0 or self.chance(0.3):
            return self.fn("bin", self.period()) if has_moment and self.chance(0.5) else self.field("time")
        name = self.rng.choice(("datefloor", "dateceil", "datefloor", "fromMillis"))
        if name == "fromMillis":
            step = Binary(self.rng.choice(("+", "-")), self.fn("toMillis", self.time(depth - 1)), Number("90061001"))
            return self.fn(name, step)
        return self.fn(name, self.time(depth - 1), self.period())

    # conditions

    def truth(self, depth: int) -> Expr:
        """Return a condition."""
        if depth <= 0 or self.chance(0.45):
            return self.test()
        make = self.pick(
            (3, self.both), (2, self.negated), (4, self.comparison), (2, self.computed_test), (1, self.num)
        )
        return make(depth - 1)

    def test(self) -> Expr:
        """Return a simple test of one name against values it has."""
        if not self.names:
            return Binary("=", self.number(), self.number())
        name = self.rng.choice([name for name in self.names if name.kind != "time"] or self.names)
        kind = self.rng.choice(("=", "=", "!=", "<", ">=", "in", "like", "regex", "function", "ip"))
        field = Field(name.name)
        if kind == "in":
            items = tuple(self.literal(name) for _ in range(self.rng.randint(1, 3)))
            return In(field, items, self.chance(0.3))
        if kind == "like":
            return Like(field, Text(self.sample(name)[: self.rng.randint(1, 6)]), self.chance(0.3))
        if kind == "regex":
            return Like(field, Regex(self.rng.choice(REGEXES)), self.chance(0.25))
        if kind == "function":
            return self.test_call(field, name)
        if kind == "ip":
            return self.ip_test(field)
        return Binary(
            self.rng.choice(("<", "<=", ">", ">=")) if kind in "<>=" and kind != "=" else kind,
            field,
            self.literal(name),
        )

    def test_call(self, field: Expr, name: Name) -> Expr:
        """Return a function that is true or not."""
        fn = self.rng.choice(
            ("ispresent", "isPresent", "isempty", "isblank", "isNumeric", "strcontains", "startsWith", "endsWith")
        )
        if fn in ("strcontains", "startsWith", "endsWith"):
            sample = self.sample(name)
            cut = self.rng.randint(0, len(sample))
            return self.fn(fn, field, Text(sample[cut:] if fn == "endsWith" else sample[:cut]))
        return self.fn(fn, field)

    def ip_test(self, field: Expr) -> Expr:
        """Return a function of an address."""
        fn = self.rng.choice(("isValidIp", "isValidIpV4", "isValidIpV6", "isPrivateIP", "isPublicIP", "isReservedIP",
                              "isIpv4InSubnet", "isIpv6InSubnet", "isIpInSubnet"))  # fmt: skip
        texts = self.of("text")
        addresses = [name for name in texts if "addr" in name.name.lower() or name.name == "note"]
        if addresses and self.chance(0.8):
            field = Field(self.rng.choice(addresses).name)
        if not fn.endswith("InSubnet"):
            return self.fn(fn, field)
        blocks = {"isIpv4InSubnet": BLOCKS, "isIpv6InSubnet": BLOCKS_6}.get(fn, BLOCKS + BLOCKS_6)
        return self.fn(fn, field, Text(self.rng.choice(blocks)))

    def both(self, depth: int) -> Expr:
        """Return two conditions joined."""
        return Binary(self.rng.choice(("and", "or")), self.truth(depth), self.truth(depth))

    def negated(self, depth: int) -> Expr:
        """Return a condition turned round."""
        return Unary("not", self.truth(depth))

    def comparison(self, depth: int) -> Expr:
        """Return two expressions compared, of one kind or of two."""
        op = self.rng.choice(("=", "!=", "<", "<=", ">", ">="))
        if self.chance(0.15):
            return Binary(op, self.any(depth), self.any(depth))
        if self.chance(0.15):
            return Binary(op, self.fn("toMillis", self.time(depth)), self.fn("toMillis", self.time(depth)))
        if self.chance(0.5):
            return Binary(op, self.num(depth), self.num(depth))
        return Binary(op, self.text(depth), self.text(depth))

    def computed_test(self, depth: int) -> Expr:
        """Return a test of a computed value."""
        value = self.text(depth)
        if self.chance(0.3):
            return In(value, (Text(self.rng.choice(ODD_TEXTS)), Text("REJECT")), self.chance(0.3))
        if self.chance(0.5):
            return Like(value, Regex(self.rng.choice(REGEXES)), self.chance(0.3))
        return self.test_call(value, Name("", "text", ("10.0", "eni-")))
