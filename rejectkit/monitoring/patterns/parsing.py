"""Reading a filter pattern: from its text to its terms or its fields."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from rejectkit.errors import PatternError
from rejectkit.monitoring.patterns import jsonpattern
from rejectkit.monitoring.patterns import regex as patternregex
from rejectkit.monitoring.patterns.terms import NUMBER, Delimited, Expression, Field, Order, Term, Terms, Test, Text

LONGEST = 1024
"""Characters in a pattern, at most. Source: PutMetricFilter."""

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TERM = re.compile(rf"(?P<sign>[-?]?)(?:(?P<quoted>{_QUOTED})|(?P<regex>%[^%]*%)|(?P<word>\w+))", re.DOTALL)
_PART = re.compile(
    rf"(?P<quoted>{_QUOTED})|(?P<regex>%[^%]*%)|(?P<sign>&&|\|\||!=|<=|>=|[=<>,\]])|(?P<word>[\w.*:/@#$+-]+)",
    re.DOTALL,
)
_NAME = re.compile(r"[^\W\d][\w-]*")
_ESCAPE = re.compile(r'\\(["\\])')
_QUOTE = 'put a term that has other characters than letters, digits and _ in double quotes: "a phrase"'


def parse(text: str) -> Terms | Delimited:
    """Return what a filter pattern says.

    Source: CloudWatch Logs, "Filter pattern syntax for metric filters"; what that leaves open is in
    choosing.py.

    Raises
    ------
    PatternError
        If the service would refuse it, or it is a JSON pattern.
    """
    if len(text) > LONGEST:
        raise PatternError(
            f"1 validation error detected: Value '{text}' at 'filterPattern' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LONGEST}",
            text,
            f"it has {len(text):,} characters",
        )
    stripped = text.strip()
    if stripped.startswith("{"):
        jsonpattern.refuse(text)
    return _Fields(text).read() if stripped.startswith("[") else _terms(text)


def _terms(text: str) -> Terms:
    """Read an unstructured pattern."""
    terms: dict[str, list[Term]] = {"": [], "-": [], "?": []}
    position, expressions = _skip(text, 0), 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            _strange(text, position)
        position = found.end()
        if position < len(text) and not text[position].isspace():
            _strange(text, position)
        sign, what = found["sign"], found["word"]
        if found["regex"]:
            terms[sign].append(Term(sign, patternregex.translate(found["regex"][1:-1], text)))
            expressions += 1
        else:
            terms[sign].append(Term(sign, what if what else _unquoted(found["quoted"])))
        position = _skip(text, position)
    if expressions > patternregex.MOST:
        raise patternregex.too_many(text)
    return Terms(tuple(terms[""]), tuple(terms["-"]), tuple(terms["?"]))


def _skip(text: str, position: int) -> int:
    """Return the next place that is no white space."""
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _strange(text: str, position: int) -> NoReturn:
    """Refuse what cannot begin or go on a term: an unclosed quote to the end, or one character."""
    rest = text[position:].rstrip()
    mark = rest.lstrip("-?")[:1]
    if mark and mark in '"%' and not _TERM.match(text, position):
        raise PatternError(f"Invalid character(s) in term '{rest}'", text, f"nothing closes the {mark}")
    raise PatternError(f"Invalid character(s) in term '{rest[:1]}'", text, _QUOTE)


def _unquoted(text: str) -> str:
    """Return what stands between quotes."""
    return _ESCAPE.sub(r"\1", text[1:-1])


class _Part(NamedTuple):
    """One word of a space-delimited pattern: its kind and its text."""

    kind: str
    text: str


class _Fields:
    """Reads `[f1, f2 = x, …]`."""

    def __init__(self, text: str) -> None:
        """Cut the pattern into its words."""
        self.text = text
        self.parts: list[_Part] = []
        position = _skip(text, _skip(text, 0) + 1)
        while position < len(text):
            found = _PART.match(text, position)
            if found is None:
                _strange(text, position)
            kind = str(found.lastgroup)
            self.parts.append(_Part(kind, found[0]))
            position = _skip(text, found.end())
        if sum(part.kind == "regex" for part in self.parts) > patternregex.MOST:
            raise patternregex.too_many(text)

    def read(self) -> Delimited:
        """Return the fields; a comma before the bracket has an unnamed field behind it."""
        end = _Part("sign", "]")
        if end not in self.parts or self.parts.index(end) != len(self.parts) - 1:
            self.refuse("a space-delimited pattern ends with the ] that closes it")
        cells: list[list[_Part]] = [[]]
        for part in self.parts[:-1]:
            if part == ("sign", ","):
                cells.append([])
            else:
                cells[-1].append(part)
        if cells == [[]]:
            return Delimited((), ())
        fields = [None if cell == [_Part("word", "...")] else self.field(cell) for cell in cells]
        names = ["..." if field is None else field.name for field in fields]
        for at, name in enumerate(names):
            if name is not None and name in names[:at]:
                hint = "one ellipsis is allowed" if name == "..." else "give each field a name of its own"
                raise PatternError(f"Duplicate field '{name}'", self.text, hint)
        if None not in fields:
            return Delimited(tuple(field for field in fields if field))
        gap = fields.index(None)
        return Delimited(
            tuple(field for field in fields[:gap] if field), tuple(field for field in fields[gap + 1 :] if field)
        )

    def field(self, cell: list[_Part]) -> Field:
        """Read one field: nothing, a name, or a name with its conditions."""
        if not cell:
            return Field(None)
        name = cell[0].text
        if cell[0].kind != "word" or not _NAME.fullmatch(name):
            if cell[0].kind == "sign":
                self.refuse("a condition begins with the field's name: status = 404")
            raise PatternError(
                f"Invalid character(s) in term '{name}'",
                self.text,
                "the name of a field begins with a letter and goes on with letters, digits and _",
            )
        if len(cell) == 1:
            return Field(name)
        ways: list[tuple[Test, ...]] = []
        way: list[Test] = []
        for at in range(0, len(cell), 4):
            if len(cell) < at + 3 or cell[at] != cell[0]:
                self.refuse(f"each condition on {name} is like {name} = x, joined with && or ||")
            way.append(self.test(cell[at + 1], cell[at + 2]))
            joint = cell[at + 3].text if len(cell) > at + 3 else None
            if joint not in ("&&", "||", None) or (joint and len(cell) == at + 4):
                self.refuse(f"the conditions on {name} are joined with && or ||")
            if joint != "&&":
                ways.append(tuple(way))
                way = []
        return Field(name, tuple(ways))

    def test(self, operator: _Part, literal: _Part) -> Test:
        """Read an operator and what it compares with."""
        if operator.kind != "sign" or literal.kind == "sign" or operator.text in ("&&", "||"):
            self.refuse("a condition is a name, one of = != < > <= >=, and a value")
        equal = operator.text == "="
        if operator.text in ("=", "!="):
            if literal.kind == "regex":
                return Expression(patternregex.translate(literal.text[1:-1], self.text), equal)
            return Text.read(_unquoted(literal.text) if literal.kind == "quoted" else literal.text, equal=equal)
        value = _unquoted(literal.text) if literal.kind == "quoted" else literal.text
        if literal.kind == "regex" or not NUMBER.fullmatch(value):
            self.refuse(f"{operator.text} compares with a number, which {literal.text} is not")
        return Order(operator.text, float(value))

    def refuse(self, hint: str) -> NoReturn:
        """Refuse the pattern in the service's words."""
        raise PatternError("Invalid metric filter pattern", self.text, hint)
