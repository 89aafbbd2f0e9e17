"""What Trino refuses: its error's name, its words, and where in the query."""

from __future__ import annotations


class TrinoError(Exception):
    """A query is refused, or fails while it runs.

    Parameters
    ----------
    code : str
        Trino's name of the error: `COLUMN_NOT_FOUND`, `TYPE_MISMATCH`, `DIVISION_BY_ZERO` and so on.
        Source: Trino, StandardErrorCode.
    message : str
        Its words, without the place.
    line, column : int
        Where in the query, from 1; 0: it has no place.
    """

    def __init__(self, code: str, message: str, line: int = 0, column: int = 0) -> None:
        """Refuse with a code and a message."""
        super().__init__(code, message, line, column)
        self.code, self.message, self.line, self.column = code, message, line, column

    def __str__(self) -> str:
        """Return it as Athena shows it: `COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved`."""
        return f"{self.code}: {self.words}"

    @property
    def words(self) -> str:
        """The message after its place."""
        return f"line {self.line}:{self.column}: {self.message}" if self.line else self.message
