"""Tokens: how CloudWatch Logs cuts a line for space-delimited patterns."""

from __future__ import annotations

import re
from typing import NamedTuple

BLANKS = " \t"
_RUN = re.compile(r"[^ \t]+")
_CLOSING = {'"': '"', "[": "]"}


class Token(NamedTuple):
    """One token of a line: where it starts, delimiters included, and its text without them."""

    start: int
    text: str


def cut(line: str) -> list[Token]:
    """Cut a line at runs of blanks and tabs; `[…]` and `"…"` are one token, without their delimiters.

    A `[` or `"` opens a group only where a token starts and where its partner follows; else it is an ordinary
    character. What follows a closing delimiter without a blank is the next token. Nothing nests.

    Source: CloudWatch Logs, "Filter pattern syntax for metric filters"; tabs, runs and unclosed quotes as recorded;
    where a group may start and what follows it: inferred ("groups" in choosing.py).

    Examples
    --------
    >>> [token.text for token in cut('127.0.0.1 - [10/Oct/2000 13:25] "GET / HTTP/1.0"  404')]
    ['127.0.0.1', '-', '10/Oct/2000 13:25', 'GET / HTTP/1.0', '404']
    """
    if '"' not in line and "[" not in line:
        return [Token(run.start(), run[0]) for run in _RUN.finditer(line)]
    found: list[Token] = []
    last = {opening: line.rfind(closing) for opening, closing in _CLOSING.items()}
    position = 0
    while run := _RUN.search(line, position):
        start, first = run.start(), run[0][0]
        if first in _CLOSING and last[first] > start:
            end = line.index(_CLOSING[first], start + 1)
            found.append(Token(start, line[start + 1 : end]))
            position = end + 1
        else:
            found.append(Token(start, run[0]))
            position = run.end()
    return found
