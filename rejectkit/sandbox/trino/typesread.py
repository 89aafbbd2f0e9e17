"""Trino SQL read strictly: what sqlglot takes for the sake of other engines is refused, and no name is changed.

sqlglot turns what it knows into nodes of its own (`trunc` and `truncate` are one to it), takes `[1]`, `x::int` and
`LIMIT 5, 10`, and keeps few places. This reader knows no function, so that each stays the call that was written.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, cast

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ErrorLevel, SqlglotError

from rejectkit.sandbox.trino.errors import TrinoError

_SYMBOLS = frozenset(
    ["(", ")", "[", "]", ",", ".", ";", "+", "-", "*", "/", "%", "=", "<>", "!=", "<", "<=", ">", ">=", "||", "->", "?"]
)
_TYPE_NAMES = """array bigint boolean char date decimal double int integer ipaddress json map real row smallint time
timestamp tinyint uuid varbinary varchar"""
_TYPES = frozenset(_TYPE_NAMES.split())
_WITH_ARGUMENTS = ("CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "TRY_CAST")


def _placed(parser: Callable[..., Any]) -> Callable[..., Any]:
    """Return a parser of literals that notes where each stands."""

    def parse(self: Any, token: Token) -> Any:
        node = parser(self, token)
        if isinstance(node, exp.Expression):
            node.meta["start"] = token.start
        return node

    return parse


_OPERANDS = (TokenType.IDENTIFIER, TokenType.VAR, TokenType.R_PAREN, TokenType.R_BRACKET)
_ENDS = (
    TokenType.FROM,
    TokenType.WHERE,
    TokenType.GROUP_BY,
    TokenType.HAVING,
    TokenType.ORDER_BY,
    TokenType.LIMIT,
    TokenType.UNION,
    TokenType.R_PAREN,
    TokenType.R_BRACKET,
)
_LITERALS = (TokenType.NUMBER, TokenType.STRING, TokenType.NULL, TokenType.TRUE, TokenType.FALSE, TokenType.HEX_STRING)


class StrictTrino(Trino):
    """sqlglot's Trino without any function."""

    class Parser(Trino.Parser):  # type: ignore[misc, valid-type]  # a class of sqlglot's by another name
        """Every call is one of an unknown function."""

        FUNCTIONS: dict[str, Any] = {}  # noqa: RUF012  sqlglot's own manner
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parser for name, parser in Trino.Parser.FUNCTION_PARSERS.items() if name in _WITH_ARGUMENTS
        }
        PRIMARY_PARSERS = {  # noqa: RUF012
            token: _placed(parser) if token in _LITERALS else parser
            for token, parser in Trino.Parser.PRIMARY_PARSERS.items()
        }


class Reading:
    """A statement's tree, and the places of what stands in it.

    Raises
    ------
    TrinoError
        If it is not one statement of Trino SQL (`SYNTAX_ERROR`).
    """

    def __init__(self, text: str) -> None:
        """Read a statement."""
        self.text = text
        try:
            self.tokens = [token for token in StrictTrino().tokenize(text) if token.token_type != TokenType.SEMICOLON]
        except SqlglotError as error:
            raise TrinoError("SYNTAX_ERROR", str(error).splitlines()[0], 1, 1) from None
        self.starts = [token.start for token in self.tokens]
        if self.tokens and self.tokens[0].text.upper() not in ("SELECT", "WITH", "VALUES", "TABLE", "("):
            raise TrinoError(
                "NOT_SUPPORTED", f"{self.tokens[0].text.upper()} is no query", *self.line_of(self.starts[0])
            )
        for at, token in enumerate(self.tokens):
            self._check(at, token)
        self._check_casts()
        try:
            trees = StrictTrino().parse(text, error_level=ErrorLevel.RAISE)
        except SqlglotError as error:
            where = (error.errors or [{}])[0] if hasattr(error, "errors") else {}
            message = f"mismatched input '{where.get('highlight') or ''}'"
            line, end, length = where.get("line"), where.get("col"), len(str(where.get("highlight") or "x"))
            raise TrinoError("SYNTAX_ERROR", message, line or 1, max(1, (end or 1) - length + 1)) from None
        if len(trees) != 1 or trees[0] is None:
            raise TrinoError("SYNTAX_ERROR", "one statement is wanted", 1, 1)
        self.tree = cast(exp.Expression, trees[0])

    def _check(self, at: int, token: Token) -> None:
        """Refuse what sqlglot's tokens take from other engines."""
        text = self.text[token.start : token.end + 1]
        before = self.tokens[at - 1] if at else None
        if text[:1] == "`":
            message = "backquoted identifiers are not supported; use double quotes to quote identifiers"
            raise TrinoError("SYNTAX_ERROR", message, *self.line_of(token.start))
        wrong = not (text[0].isalnum() or text[0] in "_\"'" or text in _SYMBOLS)
        if token.token_type == TokenType.L_BRACKET and (before is None or not _subscripted(before)):
            wrong = True
        if token.token_type == TokenType.STRING and before is not None and before.token_type == TokenType.STRING:
            wrong = True
        wrong = wrong or self._misplaced(at, token.token_type, before.token_type if before is not None else None)
        if wrong:
            raise TrinoError("SYNTAX_ERROR", f"mismatched input '{text}'", *self.line_of(token.start))

    def _check_casts(self) -> None:
        """Refuse a type that Trino has not, before sqlglot takes it for another of its own."""
        depths: list[int] = []
        for at, token in enumerate(self.tokens[:-1]):
            if token.token_type == TokenType.L_PAREN:
                opened = at and self.tokens[at - 1].text.upper() in ("CAST", "TRY_CAST")
                depths = [*(depth + 1 for depth in depths), *([1] if opened else [])]
            elif token.token_type == TokenType.R_PAREN:
                depths = [depth - 1 for depth in depths if depth > 1]
            elif token.text.upper() == "AS" and depths and depths[-1] == 1:
                name = self.tokens[at + 1]
                if name.text.lower() not in _TYPES:
                    raise TrinoError("TYPE_NOT_FOUND", f"Unknown type: {name.text.lower()}", *self.line_of(name.start))

    def _misplaced(self, at: int, kind: TokenType, before: TokenType | None) -> bool:
        """Tell whether a token is in a place that sqlglot forgives: a list cut short, `a NOT NULL`, `LIMIT 1, 2`."""
        after = self.tokens[at + 1].token_type if at + 1 < len(self.tokens) else None
        if kind == TokenType.COMMA:
            return after is None or after in _ENDS or (at > 1 and self.tokens[at - 2].token_type == TokenType.LIMIT)
        if kind in (TokenType.GROUP_BY, TokenType.ORDER_BY):
            return after is None or after in _ENDS
        if kind == TokenType.NOT and after == TokenType.NULL:
            return before in _OPERANDS
        return kind == TokenType.R_PAREN and before == TokenType.L_PAREN and self.tokens[at - 2].text.upper() == "IN"

    def line_of(self, start: int) -> tuple[int, int]:
        """Return line and column of an offset."""
        return self.text.count("\n", 0, start) + 1, start - self.text.rfind("\n", 0, start)

    def start_of(self, node: exp.Expression) -> int | None:
        """Return the offset of the first thing in a node whose place is known."""
        found = [one.meta["start"] for one in node.walk() if "start" in one.meta]
        return min(found) if found else None

    def place(self, node: exp.Expression) -> tuple[int, int]:
        """Return line and column of a node; of an operator, its own."""
        start = node.meta.get("start")
        if start is None:
            start = self.start_of(node)
            if isinstance(node, exp.Binary) and (right := self.start_of(node.expression)) is not None:
                start = self._operator(node, right) or start
        return (0, 0) if start is None else self.line_of(start)

    def _operator(self, node: exp.Expression, right: int) -> int | None:
        """Return the offset of a binary operator, before its right side."""
        for token in reversed(self.tokens[: bisect_left(self.starts, right)]):
            if token.text in OPERATORS.get(type(node), ()):
                return int(token.start)
            if token.token_type != TokenType.L_PAREN and not token.text[:1].isalpha():
                return None
        return None

    def word_before(self, node: exp.Expression) -> str:
        """Return the word before a literal in capitals: `TIMESTAMP` of `TIMESTAMP '2026-01-01'`."""
        start = node.meta.get("start")
        at = bisect_left(self.starts, start) if start is not None else 0
        return self.tokens[at - 1].text.upper() if at else ""


def _subscripted(before: Token) -> bool:
    """Tell whether `[` may follow: after ARRAY, a name, or what ends an expression."""
    return before.token_type in _OPERANDS or before.token_type == TokenType.ARRAY


OPERATORS: dict[type[exp.Expression], tuple[str, ...]] = {
    exp.EQ: ("=",),
    exp.NEQ: ("<>", "!="),
    exp.LT: ("<",),
    exp.LTE: ("<=",),
    exp.GT: (">",),
    exp.GTE: (">=",),
    exp.Add: ("+",),
    exp.Sub: ("-",),
    exp.Mul: ("*",),
    exp.Div: ("/",),
    exp.Mod: ("%",),
    exp.DPipe: ("||",),
}
