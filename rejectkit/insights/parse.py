"""Query text to a `Query` value; a text the language does not allow raises with the character at fault."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NoReturn

from lark import Lark, Token, Transformer, Tree, UnexpectedInput, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

from rejectkit.errors import QueryError, UnsupportedError
from rejectkit.insights import syntax as s
from rejectkit.insights.regex import group_names

MAX_CHARACTERS = 10_000
MAX_LIMIT = 100_000

_UNITS = {
    "ms": ("ms", "msec", "millisecond"),
    "s": ("s", "sec", "second"),
    "m": ("m", "min", "minute"),
    "h": ("h", "hr", "hour"),
    "d": ("d", "day"),
    "w": ("w", "week"),
    "mo": ("mo", "mon", "month"),
    "q": ("q", "qtr", "quarter"),
    "y": ("y", "yr", "year"),
}
_UNIT = {spelling: unit for unit, spellings in _UNITS.items() for spelling in spellings}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}


def parse(text: str) -> s.Query:
    """Return the query that a text spells.

    Parameters
    ----------
    text : str
        Logs Insights query text, at most 10,000 characters.

    Raises
    ------
    QueryError
        If the language does not allow it; with the service's wording where that is known.

    Examples
    --------
    >>> print(parse('filter action="REJECT" | stats count(*) as n by dstPort'))
    filter (action = "REJECT")
    | stats count(*) as n by dstPort
    """
    if len(text) > MAX_CHARACTERS:
        words = f"the query has {len(text):,} characters; the service takes {MAX_CHARACTERS:,} at most"
        raise QueryError(words, text, MAX_CHARACTERS)
    try:
        return _Build(text).transform(_parser().parse(text))
    except UnexpectedInput as error:
        _refuse(error, text)
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise


@cache
def _parser() -> Lark:
    grammar = files("rejectkit.insights").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", propagate_positions=True)


def _refuse(error: UnexpectedInput, text: str) -> NoReturn:
    """Raise the service's error for a syntax error."""
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        start = error.token.start_pos or 0
        symbol = str(error.token)
    elif isinstance(error, UnexpectedCharacters):
        start = error.pos_in_stream or 0
        symbol = text[start]
        if symbol in "\"'":
            hint = "close it with the same quote"
            raise QueryError("a text begins here and does not end", text, start, len(text), hint) from None
    else:
        start, symbol = len(text), "<EOF>"
    end = start + (0 if symbol == "<EOF>" else len(symbol))
    raise unexpected(symbol, text, start, end, _hint(text, start, symbol)) from None


def unexpected(symbol: str, text: str, start: int, end: int, hint: str = "") -> QueryError:
    """Return the service's error for a symbol that may not stand where it does."""
    at = QueryError("", text, start, end)
    words = f"unexpected symbol found {symbol} at line {at.line} and position {at.position}"
    return QueryError(words, text, start, end, hint)


def _hint(text: str, start: int, symbol: str) -> str:
    """Return how to mend the common slips."""
    stage = re.split(r"\|", text[:start])[-1].strip().lower()
    if stage.startswith("sort") and symbol == "(":
        return "sort takes names only: give the expression an alias with `as` and sort by that"
    if re.search(r"/$", text[:start]) and symbol.isalpha():
        return "a regular expression takes no flags after the slash: write (?i) at its start"
    if symbol in ("?", ":"):
        return "there is no `? :`: write if(condition, then, else)"
    if symbol in ("|", "<EOF>") and not stage:
        return "an empty stage is not allowed: each | stands between two commands"
    return ""


@v_args(meta=True)
class _Build(Transformer[Token, s.Query]):
    """Lark's tree to our values, from the leaves up."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.query = text

    def __default__(self, data: str, children: list[Any], meta: Any) -> Tree[Any]:
        raise AssertionError(f"the grammar has a rule that parse.py does not know: {data}")

    def start(self, meta: Any, stages: list[s.Stage]) -> s.Query:
        return s.Query(tuple(stages), self.query)

    # stages

    def fields(self, meta: Any, parts: list[Any]) -> s.Fields:
        return s.Fields(parts[0], _span(meta))

    def display(self, meta: Any, parts: list[Any]) -> s.Display:
        return s.Display(parts[0], _span(meta))

    def filter(self, meta: Any, parts: list[Any]) -> s.Filter:
        return s.Filter(parts[0], _span(meta))

    def stats(self, meta: Any, parts: list[Any]) -> s.Stats:
        return s.Stats(parts[0], parts[1] if len(parts) > 1 else (), _span(meta))

    def sort(self, meta: Any, parts: list[Any]) -> s.Sort:
        return s.Sort(tuple(parts), _span(meta))

    def dedup(self, meta: Any, parts: list[Any]) -> s.Dedup:
        return s.Dedup(tuple(parts), _span(meta))

    def limit(self, meta: Any, parts: list[Any]) -> s.Limit:
        token = parts[-1]
        if "." in token or not 1 <= int(token) <= MAX_LIMIT:
            words = f"limit {token} is not a whole number from 1 to {MAX_LIMIT:,}"
            raise QueryError(words, self.query, *_token_span(token))
        return s.Limit(int(token), _span(meta))

    def foreign(self, meta: Any, parts: list[Any]) -> s.Foreign:
        written = str(parts[0]).strip()
        command = re.split(r"\W", written, maxsplit=1)[0]
        return s.Foreign(command, written, (meta.start_pos, meta.start_pos + len(written)))

    def parse_logfmt(self, meta: Any, parts: list[Any]) -> s.Foreign:
        return s.Foreign("parse logfmt", self.query[meta.start_pos : meta.end_pos], _span(meta))

    def parse_glob(self, meta: Any, parts: list[Any]) -> s.Parse:
        source, pattern, names = parts[0], self._text(parts[1]), parts[2]
        stars = pattern.value.count("*")
        if stars != len(names):
            raise QueryError(
                f"the pattern has {stars} * and {len(names)} name{'' if len(names) == 1 else 's'}; "
                "each * needs one name",
                self.query,
                *pattern.span,
            )
        return s.Parse(source, pattern, tuple(name.name for name in names), _span(meta))

    def parse_regex(self, meta: Any, parts: list[Any]) -> s.Parse:
        pattern = self._regex(parts[1])
        names = group_names(pattern.pattern)
        if not names:
            words = "the regular expression has no named group, so parse would make no field"
            raise QueryError(words, self.query, *pattern.span, hint="name what you want: /port (?<port>[0-9]+)/")
        return s.Parse(parts[0], pattern, names, _span(meta))

    # parts of stages

    def items(self, meta: Any, parts: list[s.Item]) -> tuple[s.Item, ...]:
        return tuple(parts)

    keys = items

    def names(self, meta: Any, parts: list[s.Field]) -> tuple[s.Field, ...]:
        return tuple(parts)

    def written(self, meta: Any, parts: list[s.Expr]) -> tuple[s.Expr, s.Span]:
        return parts[0], _span(meta)

    def item(self, meta: Any, parts: list[Any]) -> s.Item:
        (expr, (start, end)), *alias = parts
        return s.Item(expr, alias[0].name if alias else None, self.query[start:end], _span(meta))

    def key(self, meta: Any, parts: list[Any]) -> s.Item:
        offset = next((part for part in parts if isinstance(part, Token)), None)
        if offset is not None:
            words = "`offset` of a bin is not answered by this engine"
            hint = "leave it out; bins begin on whole steps since the epoch"
            raise UnsupportedError(words, self.query, *_token_span(offset), hint=hint)
        return self.item(meta, parts)

    def sort_key(self, meta: Any, parts: list[Any]) -> s.SortKey:
        return s.SortKey(parts[0].name, len(parts) > 1, parts[0].span)

    # expressions

    def any_of(self, meta: Any, parts: list[s.Expr]) -> s.Expr:
        return _chain("or", parts)

    def all_of(self, meta: Any, parts: list[s.Expr]) -> s.Expr:
        return _chain("and", parts)

    def inverse(self, meta: Any, parts: list[s.Expr]) -> s.Expr:
        return s.Unary("not", parts[0], _span(meta))

    def negative(self, meta: Any, parts: list[Any]) -> s.Expr:
        return s.Unary("-", parts[0], _span(meta))

    def compare(self, meta: Any, parts: list[Any]) -> s.Expr:
        op = "=" if parts[1] == "==" else str(parts[1])
        return s.Binary(op, parts[0], parts[2], _span(meta))

    def arithmetic(self, meta: Any, parts: list[Any]) -> s.Expr:
        return s.Binary(str(parts[1]), parts[0], parts[2], _span(meta))

    def member(self, meta: Any, parts: list[Any]) -> s.In:
        return s.In(parts[0], parts[1], False, _span(meta))

    def no_member(self, meta: Any, parts: list[Any]) -> s.In:
        return s.In(parts[0], parts[1], True, _span(meta))

    def members(self, meta: Any, parts: list[Any]) -> tuple[s.Number | s.Text, ...]:
        return tuple(parts)

    def like(self, meta: Any, parts: list[Any]) -> s.Like:
        return s.Like(parts[0], parts[1], False, _span(meta))

    def unlike(self, meta: Any, parts: list[Any]) -> s.Like:
        return s.Like(parts[0], parts[1], True, _span(meta))

    def pattern(self, meta: Any, parts: list[Token]) -> s.Regex | s.Text:
        return self._regex(parts[0]) if parts[0].type == "REGEX" else self._text(parts[0])

    def number(self, meta: Any, parts: list[Token]) -> s.Number:
        return s.Number(str(parts[0]), _span(meta))

    def text(self, meta: Any, parts: list[Token]) -> s.Text:
        return self._text(parts[0])

    def period(self, meta: Any, parts: list[Token]) -> s.Period:
        return _period(parts[0], _span(meta))

    def star(self, meta: Any, parts: list[Token]) -> Literal["*"]:
        return "*"

    def call(self, meta: Any, parts: list[Any]) -> s.Call:
        name, *args = parts
        star = args == ["*"]
        return s.Call(str(name), () if star else tuple(args), star, _span(meta))

    def literal(self, meta: Any, parts: list[Any]) -> s.Number | s.Text:
        if parts[-1].type == "STRING":
            return self._text(parts[-1])
        return s.Number("".join(parts), _span(meta))

    def name(self, meta: Any, parts: list[Token]) -> s.Field:
        return s.Field(str(parts[0]).replace("`", ""), _span(meta))

    def _text(self, token: Token) -> s.Text:
        value = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), str(token)[1:-1], flags=re.S)
        return s.Text(value, _token_span(token))

    def _regex(self, token: Token) -> s.Regex:
        pattern = s.Regex(str(token)[1:-1].replace("\\/", "/"), _token_span(token))
        start, end = pattern.span

        def refuse(why: str, at: int) -> QueryError:
            return QueryError(why, self.query, start + 1 + at, end - 1)

        group_names(pattern.pattern, refuse)
        return pattern


def _chain(op: str, parts: list[s.Expr]) -> s.Expr:
    left = parts[0]
    for right in parts[1:]:
        left = s.Binary(op, left, right, (left.span[0], right.span[1]))
    return left


def _period(token: Token, span: s.Span) -> s.Period:
    match = re.fullmatch(r"([0-9]+)([a-z]+)", str(token))
    assert match is not None, "the grammar lets no other period through"
    word = match[2]
    unit = _UNIT.get(word) or _UNIT[word.removesuffix("s")]
    return s.Period(int(match[1]), unit, str(token), span)


def _span(meta: Any) -> s.Span:
    return (meta.start_pos, meta.end_pos) if not meta.empty else s.NOWHERE


def _token_span(token: Token) -> s.Span:
    return (token.start_pos or 0, token.end_pos or 0)
