"""Trino's grammar: sqlglot's, with all calls left as they are written, and without what other engines allow."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokenizer_core import Token, TokenType

from rejectkit.sandbox.trino.errors import TrinoError

# The calls that have a syntax of their own; every other one stays as it is written. Source: Trino, SqlBase.g4.
_SPECIAL = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM")
# What sqlglot reads for other engines' sake, and Trino does not.
_FOREIGN = frozenset(
    (TokenType.DCOLON, TokenType.L_BRACE, TokenType.AMP, TokenType.PIPE, TokenType.CARET, TokenType.DSTAR)
)
_STATEMENT = frozenset((TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN, TokenType.VALUES, TokenType.TABLE))
Tree = exp.Expr
_QUERIES = (exp.Query, exp.Values)
_PLACE = re.compile(r"[lL]ine (\d+), [cC]ol: ?(\d+)")


class _Trino(Trino):
    """Trino, whose calls are not rewritten: each is an `Anonymous` with its name as written."""

    INDEX_OFFSET = 0  # a subscript is not to be counted from another end

    class Parser(TrinoParser):
        FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {}
        FUNCTION_PARSERS = {name: TrinoParser.FUNCTION_PARSERS[name] for name in _SPECIAL}  # noqa: RUF012
        NO_PAREN_FUNCTION_PARSERS = {  # noqa: RUF012
            name: TrinoParser.NO_PAREN_FUNCTION_PARSERS[name] for name in ("CASE", "IF")
        }


def _syntax(message: str, line: int, column: int) -> TrinoError:
    return TrinoError("SYNTAX_ERROR", message, line, column)


def _at(token: Token) -> tuple[int, int]:
    return token.line, max(1, token.col - len(token.text) + 1)


def place(node: exp.Expr) -> tuple[int, int]:
    """Return line and column, from 1, where an expression begins; 0, 0 where it does not say."""
    found = [
        (one.meta["start"], one.meta["line"], one.meta["col"] - (one.meta["end"] - one.meta["start"]))
        for one in node.walk()
        if "start" in one.meta and "line" in one.meta
    ]
    return min(found)[1:] if found else (0, 0)


@lru_cache(maxsize=256)
def _parsed(sql: str) -> exp.Expr:
    try:
        tokens = Trino().tokenize(sql)
    except TokenError as error:
        raise _syntax(f"mismatched input: {error}", 1, 1) from error
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:  # Athena takes one at the end
        tokens.pop()
    if not tokens:
        raise _syntax("mismatched input '<EOF>'. Expecting: <query>", 1, max(1, len(sql)))
    for at, token in enumerate(tokens):
        if token.token_type == TokenType.SEMICOLON:
            raise TrinoError("SYNTAX_ERROR", "Only one sql statement is allowed. Got: " + sql)
        text = sql[token.start : token.end + 1]
        if token.token_type in _FOREIGN or text == "==" or text.startswith(("`", "$$")):
            after = "backquoted identifiers are not supported; use double quotes to quote identifiers"
            raise _syntax(after if text.startswith("`") else f"mismatched input '{text}'", *_at(token))
        if token.token_type == TokenType.COMMA and at + 1 < len(tokens):
            follower = tokens[at + 1]
            if follower.token_type in (TokenType.COMMA, TokenType.FROM, TokenType.R_PAREN, TokenType.WHERE):
                raise _syntax(f"mismatched input '{follower.text}'. Expecting: <expression>", *_at(follower))
    if tokens[0].token_type not in _STATEMENT:
        raise _syntax(f"mismatched input '{tokens[0].text}'. Expecting: <query>", *_at(tokens[0]))
    try:
        (made,) = _Trino().parse(sql.rstrip().rstrip(";"))
    except (ParseError, TokenError) as error:
        found = _PLACE.search(str(error))
        line, column = (int(found[1]), int(found[2])) if found else (1, 1)
        token = next((one for one in tokens if one.line == line and one.col == column), tokens[-1])
        raise _syntax(f"mismatched input '{token.text}'", *_at(token)) from error
    if not isinstance(made, _QUERIES):
        raise _syntax(f"mismatched input '{tokens[0].text}'. Expecting: <query>", *_at(tokens[0]))
    for select in made.find_all(exp.Select):
        if not select.expressions:
            raise _syntax("mismatched input. Expecting: '*', 'ALL', 'DISTINCT', <expression>", *place(select))
    return made


def verify(sql: str) -> None:
    """Hold a query to the grammar.

    Raises
    ------
    TrinoError
        SYNTAX_ERROR, if it is not Trino's SQL.
    """
    _parsed(sql)


def parse(sql: str) -> exp.Expr:
    """Return a query as a tree.

    Raises
    ------
    TrinoError
        SYNTAX_ERROR, if it is not Trino's SQL.
    """
    return _parsed(sql).copy()


__all__ = ["Tree", "parse", "place", "verify"]
