"""What may be written at a place of a query: commands, functions, fields, names made before, and keywords.

Works on the text before the place, which as a rule is no whole query yet: the stages that are finished are parsed
for the names they make, the last one is read token by token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from rejectkit.errors import QueryError
from rejectkit.insights import syntax as s
from rejectkit.insights.aggregates import AGGREGATES
from rejectkit.insights.compile import SYSTEM_FIELDS
from rejectkit.insights.functions import FUNCTIONS
from rejectkit.insights.parse import parse

Kind = Literal["command", "field", "name", "function", "keyword"]

COMMANDS = ("fields", "filter", "stats", "sort", "limit", "parse", "display", "dedup", "where")
_OPERATORS = ("and", "or", "in", "like", "not")
_WORDS = frozenset({"and", "or", "not", "in", "like", "by", "as", "asc", "desc"})
_PERIODS = {"bin": 0, "datefloor": 1, "dateceil": 1}  # the argument that is a period
_SCALARS = tuple(dict.fromkeys(row.name for row in FUNCTIONS.values()))
_TOTALS = tuple(dict.fromkeys(row.name for row in AGGREGATES.values()))

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>\#[^\n]*)
      | (?P<text>"(?:\\.|[^"\\])*(?:"|\\?\Z)|'(?:\\.|[^'\\])*(?:'|\\?\Z))
      | (?P<name>(?:@?`[^`\n]*(?:`|\Z)|@?[^\W\d]\w*|@)(?:\.(?:\w+|`[^`\n]*(?:`|\Z))?)*)
      | (?P<number>[0-9][\w.]*)
      | (?P<sign>=~|[!<>=]=|.)""",
    re.X | re.S,
)
_REGEX = re.compile(r"/(?:\\.|[^/\\\n])*(?P<end>/|\\?\Z|(?=\n))")
_GROUP = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on.

    Attributes
    ----------
    text : str
        What is written in place of the part that is there; a name stands in backticks where it needs them.
    kind : {"command", "field", "name", "function", "keyword"}
        `field` is of the source, `name` was made by the query.
    """

    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Completions:
    """Every way to go on at a place: `items` in the order to be shown, each in place of `query[start:position]`."""

    start: int
    items: tuple[Completion, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """What may be written."""
        return tuple(item.text for item in self.items)


def complete(query: str, position: int | None = None, fields: Iterable[str] = ()) -> Completions:
    """Return what may be written at a place of a query.

    Parameters
    ----------
    query : str
        Logs Insights query text; what stands after the place is not looked at.
    position : int, optional
        Characters before the place; the end where it is left out.
    fields : iterable of str
        Fields of the source's records, in their order.

    Returns
    -------
    Completions
        None inside texts, regular expressions, comments and numbers, and where a new name is made. A part is
        matched without regard to case; names keep theirs, words of the language are in capitals if the part is.

    Examples
    --------
    >>> complete("filter action = 'REJECT' | sta").texts
    ('stats',)
    >>> complete("stats count(*) as flows by dstPort | sort f", fields=["dstPort", "flowDirection"]).texts
    ('flows',)
    """
    text = query if position is None else query[:position]
    tokens = _tokens(text)
    nothing = Completions(len(text))
    if tokens and tokens[-1].open:
        return nothing
    part = ""
    if tokens and tokens[-1].end == len(text) and tokens[-1].kind in ("name", "number"):
        if tokens[-1].kind == "number":
            return nothing
        part = tokens.pop().text
    stages = _stages(tokens)
    if stages[-1] is None:  # inside the brackets of a command this engine does not know
        return nothing
    names = _Names()
    for stage in stages[:-1]:
        if stage:
            names.pass_by(text[stage[0].start : stage[-1].end], stage)
    offered = _offered(stages[-1], names, tuple(fields))
    return Completions(len(text) - len(part), _matching(part, offered))


class _Token(NamedTuple):
    """A piece of a query; `open`: it reaches to the end of the text and takes in what is written next."""

    kind: str
    text: str
    start: int
    open: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The text of a name or sign in small letters, to be compared."""
        return self.text.lower() if self.kind in ("name", "sign") else ""


def _tokens(text: str) -> list[_Token]:
    """Return the pieces of a text, without blanks and closed comments."""
    out: list[_Token] = []
    at = 0
    while at < len(text):
        if text[at] == "/" and _pattern_due(out) and (regex := _REGEX.match(text, at)):
            out.append(_Token("regex", regex[0], at, not regex["end"].endswith("/") and regex.end() == len(text)))
            at = regex.end()
            continue
        match = _TOKEN.match(text, at)
        assert match is not None, "the last branch takes any character"
        kind, piece = str(match.lastgroup), match[0]
        at = match.end()
        if kind == "comment" and at == len(text):
            out.append(_Token(kind, piece, match.start(), True))
        elif kind == "text":
            ended = re.fullmatch(r"""("|')(?:\\.|(?!\1)[^\\])*\1""", piece, re.S) is not None
            out.append(_Token(kind, piece, match.start(), not ended))
        elif kind not in ("space", "comment"):
            out.append(_Token(kind, piece, match.start()))
    return out


def _pattern_due(tokens: Sequence[_Token]) -> bool:
    """Tell whether a slash begins a regular expression here, and is no division."""
    if not tokens:
        return False
    if tokens[-1].word in ("like", "=~"):
        return True
    return len(tokens) > 1 and tokens[-1].kind == "name" and _begins(tokens, -2, "parse")


def _begins(tokens: Sequence[_Token], at: int, command: str) -> bool:
    """Tell whether the token at a place is a command at the start of a stage."""
    at %= len(tokens)
    return tokens[at].word == command and (at == 0 or tokens[at - 1].text == "|")


def _stages(tokens: Sequence[_Token]) -> list[list[_Token] | None]:
    """Return the tokens of each stage; the last one is None where it is the inside of a foreign command's brackets."""
    stages: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens:
        foreign = bool(stages[-1]) and stages[-1][0].word not in COMMANDS
        if token.text == "|" and not (foreign and depth > 0):
            stages.append([])
            depth = 0
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        stages[-1].append(token)
    inside = depth > 0 and stages[-1][0].word not in COMMANDS
    return [*stages[:-1], None if inside else stages[-1]]


class _Names:
    """The names a query has made, and whether the source's fields are still there."""

    def __init__(self) -> None:
        self.made: dict[str, None] = {}
        self.events = True

    def pass_by(self, text: str, tokens: Sequence[_Token]) -> None:
        """Take note of what a finished stage does to the names."""
        grouped = tokens[0].word == "stats"
        if grouped:
            self.events = False
        made = _made(text, tokens)
        self.made = dict.fromkeys([*({} if grouped else self.made), *made])


def _made(text: str, tokens: Sequence[_Token]) -> list[str]:
    """Return the names that a stage makes; as far as they can be told where the stage is not right."""
    try:
        (stage,) = parse(text).stages
    except (QueryError, ValueError):
        return _said(tokens)
    match stage:
        case s.Stats(items, keys):
            return [item.name for item in (*keys, *items)]
        case s.Fields(items) | s.Display(items):
            return [item.name for item in items if not isinstance(item.expr, s.Field) or item.alias is not None]
        case s.Parse():
            return list(stage.names)
        case _:
            return _said(tokens)


def _said(tokens: Sequence[_Token]) -> list[str]:
    """Return the names after `as`, and those of the groups of regular expressions."""
    names: list[str] = []
    for before, token in pairwise(tokens):
        if before.word == "as" and token.kind == "name":
            names.append(token.text.replace("`", ""))
    return names + [name for token in tokens if token.kind == "regex" for name in _GROUP.findall(token.text)]


def _offered(stage: Sequence[_Token], names: _Names, fields: tuple[str, ...]) -> list[tuple[str, Kind]]:
    """Return all that may stand after the tokens of a stage."""
    if not stage:
        return [(name, "command") for name in COMMANDS]
    made: list[tuple[str, Kind]] = [(name, "name") for name in names.made]
    if names.events:
        made += [(name, "field") for name in (*fields, *SYSTEM_FIELDS)]
    command, last = stage[0].word, stage[-1]
    first = len(stage) == 1
    match command:
        case "fields" | "display" | "filter" | "where":
            return _in_expression(stage, made, command)
        case "stats":
            return _in_stats(stage, made)
        case "sort" | "dedup":
            if first and command == "sort":
                return [*made, *_keywords("by")]
            if first or last.text == "," or (len(stage) == 2 and last.word == "by"):
                return made
            named = command == "sort" and last.kind == "name" and last.word not in ("asc", "desc")
            return _keywords("asc", "desc") if named else []
        case "parse":
            return made if first else _keywords("as") if len(stage) == 3 and last.kind == "text" else []
        case "limit":
            return []
        case _:
            return made


def _in_expression(stage: Sequence[_Token], made: list[tuple[str, Kind]], command: str) -> list[tuple[str, Kind]]:
    calls = _open_calls(stage)
    if stage[-1].word == "as" or "[" in calls or _period_due(stage, calls):
        return []
    if _operand_due(stage):
        return [*made, *_functions(_SCALARS), *_keywords("not")]
    if _named(stage):
        return []
    return _after_operand(stage, "as" if not calls and command in ("fields", "display") else "")


def _in_stats(stage: Sequence[_Token], made: list[tuple[str, Kind]]) -> list[tuple[str, Kind]]:
    calls = _open_calls(stage)
    if stage[-1].word == "as" or "[" in calls or _period_due(stage, calls):
        return []
    keys = any(token.word == "by" and _outside(stage, at) for at, token in enumerate(stage))
    if not _operand_due(stage):
        if _named(stage):
            return [] if keys or calls else _keywords("by")
        if calls:
            return _after_operand(stage)
        return _keywords("as") if keys else _keywords("as", "by")
    if keys:
        return [*made, *_functions(_SCALARS)]
    if any(call in AGGREGATES for call in calls):
        return [*made, *_functions(_SCALARS), *_keywords("not")]
    earlier: list[tuple[str, Kind]] = [(name, "name") for name in _said(stage)]
    return [*earlier, *_functions(_TOTALS + _SCALARS)]


def _open_calls(stage: Sequence[_Token]) -> list[str]:
    """Return the brackets that are open at the end, each as the function it belongs to, `(` or `[`."""
    out: list[str] = []
    for before, token in pairwise(stage):
        if token.text == "(":
            named = before.kind == "name" and before.word not in _WORDS and before is not stage[0]
            out.append(before.word if named else "(")
        elif token.text == "[":
            out.append("[")
        elif token.text in (")", "]") and out:
            out.pop()
    return out


def _outside(stage: Sequence[_Token], at: int) -> bool:
    """Tell whether a token stands in no bracket."""
    return not _open_calls(stage[: at + 1])


def _period_due(stage: Sequence[_Token], calls: Sequence[str]) -> bool:
    """Tell whether the argument at the end is a period such as `5m`."""
    if not calls or calls[-1] not in _PERIODS:
        return False
    commas, depth = 0, 0
    for token in reversed(stage):
        if token.text == "(" and depth == 0:
            break
        depth += {")": 1, "(": -1}.get(token.text, 0)
        commas += token.text == "," and depth == 0
    return commas >= _PERIODS[calls[-1]]


def _operand_due(stage: Sequence[_Token]) -> bool:
    """Tell whether a value is to be written at the end, and no operator."""
    last = stage[-1]
    if len(stage) == 1:
        return True
    if last.kind == "sign":
        if last.text == "*" and stage[-2].text == "(":  # count(*
            return False
        return last.text not in (")", "]")
    return last.word in ("and", "or", "by") or (last.word == "not" and not _ends_value(stage[-2], stage[:-1]))


def _ends_value(token: _Token, stage: Sequence[_Token]) -> bool:
    """Tell whether a value ends with a token, so that a `not` after it waits for `in` or `like`."""
    if len(stage) == 1:
        return False
    if token.kind == "name":
        return token.word not in _WORDS
    return token.kind in ("text", "number", "regex") or token.text in (")", "]")


def _named(stage: Sequence[_Token]) -> bool:
    """Tell whether the last token is a new name, after `as`."""
    return len(stage) > 2 and stage[-2].word == "as"


def _after_operand(stage: Sequence[_Token], *more: str) -> list[tuple[str, Kind]]:
    """Return the words that may follow a value; none after `like` and `in`, which wait for a pattern or a list."""
    if stage[-1].word in ("like", "in"):
        return []
    if stage[-1].word == "not":
        return _keywords("in", "like")
    return _keywords(*(word for word in more if word), *_OPERATORS)


def _functions(names: Iterable[str]) -> list[tuple[str, Kind]]:
    return [(name, "function") for name in names]


def _keywords(*words: str) -> list[tuple[str, Kind]]:
    return [(word, "keyword") for word in words]


def _matching(part: str, offered: Iterable[tuple[str, Kind]]) -> tuple[Completion, ...]:
    """Return what begins as a part does, spelled as the language has it; each text once."""
    wanted = part.replace("`", "").lower()
    ticked = "`" in part
    loud = part.isupper() and len(part) > 1
    found: dict[str, Completion] = {}
    for name, kind in offered:
        if not name.lower().startswith(wanted):
            continue
        if kind in ("field", "name"):
            text = s.spell(name)
            if ticked and "`" not in text:
                text = f"@`{name[1:]}`" if name.startswith("@") else f"`{name}`"
        elif ticked:
            continue
        else:
            text = name.upper() if loud and kind in ("command", "keyword") else name
        found.setdefault(text, Completion(text, kind))
    return tuple(found.values())
