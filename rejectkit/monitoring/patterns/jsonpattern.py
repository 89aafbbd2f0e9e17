"""JSON patterns, `{ $.key = value }`: read far enough to refuse each with the right words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from rejectkit.errors import PatternError
from rejectkit.monitoring.patterns import regex as patternregex

_MOST_WILDCARDS = 3
_DEEPEST = 60
_WORD = re.compile(
    r"""\s*(?:
      (?P<selector>\$(?:\.(?:[\w-]+|\*|\['[^']*'\])|\[(?:\d+|\*)\])+)
    | (?P<value>"(?:[^"\\]|\\.)*"|[\w.*:/@+-]+)
    | (?P<regex>%[^%]*%)
    | (?P<sign>&&|\|\||!=|<=|>=|[=<>(){}])
    )""",
    re.VERBOSE | re.DOTALL,
)
_STATES = ("NULL", "TRUE", "FALSE")
_OPERATORS = ("=", "!=", "<", ">", "<=", ">=")


def refuse(text: str) -> NoReturn:
    """Refuse a pattern that begins with a brace: flow logs are not JSON.

    Raises
    ------
    PatternError
        With the service's words if it is malformed or has too many wildcards or expressions; else with ours.
    """
    words = _words(text)
    if text.count("(") > _DEEPEST or _Reader(words).pattern() != len(words):
        raise PatternError("Invalid metric filter pattern", text, 'a JSON pattern is like { $.action = "REJECT" }')
    wildcards = sum(word.count("*") for kind, word in words if kind == "selector")
    if wildcards > _MOST_WILDCARDS:
        raise PatternError(f"There is a maximum of {_MOST_WILDCARDS} JSON wildcard selectors per filter pattern", text)
    expressions = [word for kind, word in words if kind == "regex"]
    if len(expressions) > patternregex.MOST:
        raise patternregex.too_many(text)
    for word in expressions:
        patternregex.translate(word[1:-1], text)
    raise PatternError(
        "JSON filter patterns are not supported",
        text,
        "a flow-log line is not JSON, so no line would ever match; name the fields of the line instead: "
        'FilterPattern.for_format(LogFormat.default(), action="REJECT")',
    )


def _words(text: str) -> list[tuple[str, str]]:
    """Return the words of a pattern with their kinds; a last one of no kind where it cannot be read."""
    words: list[tuple[str, str]] = []
    position, text = 0, text.rstrip()
    while position < len(text):
        found = _WORD.match(text, position)
        if found is None:
            return [*words, ("", text[position:])]
        words.append((str(found.lastgroup), found[str(found.lastgroup)]))
        position = found.end()
    return words


class _Reader:
    """Reads `{ … }` by its grammar; each method returns whether its part was there and moves past it."""

    def __init__(self, words: list[tuple[str, str]]) -> None:
        self.words = words
        self.at = 0

    def pattern(self) -> int:
        """Return how many words the pattern takes, or -1."""
        return self.at if self.sign("{") and self.either() and self.sign("}") else -1

    def either(self) -> bool:
        """Read `a || b`, of which `&&` binds the sides tighter."""
        if not self.both():
            return False
        while self.sign("||"):
            if not self.both():
                return False
        return True

    def both(self) -> bool:
        """Read `a && b`."""
        if not self.one():
            return False
        while self.sign("&&"):
            if not self.one():
                return False
        return True

    def one(self) -> bool:
        """Read a comparison, or an expression in parentheses."""
        if self.sign("("):
            return self.either() and self.sign(")")
        if not self.kind("selector"):
            return False
        if self.word("NOT"):
            return self.word("EXISTS")
        if self.word("IS"):
            return any(self.word(state) for state in _STATES)
        return any(self.sign(operator) for operator in _OPERATORS) and (self.kind("value") or self.kind("regex"))

    def kind(self, kind: str) -> bool:
        """Move past a word of this kind."""
        return self._next(lambda word: word[0] == kind)

    def word(self, text: str) -> bool:
        """Move past this word, in upper or lower case."""
        return self._next(lambda word: word[1].upper() == text)

    def sign(self, text: str) -> bool:
        """Move past this sign."""
        return self._next(lambda word: word == ("sign", text))

    def _next(self, fits: Callable[[tuple[str, str]], bool]) -> bool:
        there = self.at < len(self.words) and fits(self.words[self.at])
        self.at += there
        return there
