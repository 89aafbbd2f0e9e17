"""Every error and warning rejectkit raises, in one tree.

RejectkitError
├── WindowError            (ValueError)           a time or a span of time that cannot be used
├── FormatError            (ValueError)           a log format, or a line, that does not say what its fields are
├── UnreadableError        (ValueError)           a file that is not the flow log it was taken for
├── SourceNotFoundError    (FileNotFoundError)    nothing at the path or pattern that was given
├── PatternError           (ValueError)           a filter pattern that CloudWatch Logs would refuse
├── ArgumentError          (ValueError)           any other argument that cannot be used
├── QueryCancelledError                           somebody asked the work to stop
└── QueryError             (ValueError)           a query the language does not allow; points at the character
    └── UnsupportedError   (NotImplementedError)  a query CloudWatch would take and this engine does not

RejectkitWarning           (UserWarning)
├── UnknownFieldWarning                           a name no record has; it answers null, as in the service
├── BinCapWarning                                 `bin(300s)`: the service caps the number silently
└── RowLimitWarning                               the answer was cut at the language's row limit
"""

from __future__ import annotations


class RejectkitError(Exception):
    """Base of every error that rejectkit raises on purpose."""


class WindowError(RejectkitError, ValueError):
    """A time or a span of time cannot be used."""


class FormatError(RejectkitError, ValueError):
    """A log format, or a line, does not say what its fields are."""


class UnreadableError(RejectkitError, ValueError):
    """A file is not the flow log it was taken for."""


class SourceNotFoundError(RejectkitError, FileNotFoundError):
    """There is nothing at the path or pattern that was given."""


class PatternError(RejectkitError, ValueError):
    """A filter pattern is not one that CloudWatch Logs would take, or that this toolkit can.

    Attributes
    ----------
    message : str
        What is wrong; the service's own wording where that is known.
    pattern : str
        The whole pattern.
    hint : str
        How to mend it; may be empty.
    """

    def __init__(self, message: str, pattern: str, hint: str = "") -> None:
        """Say what is wrong with `pattern`; `hint` is a sentence that says how to mend it."""
        self.message = message
        self.pattern = pattern
        self.hint = hint
        shown = pattern if len(pattern) <= 120 else f"{pattern[:117]}..."
        super().__init__(f"{message}\nin the filter pattern {shown!r}" + (f"\n{hint}" if hint else ""))


class ArgumentError(RejectkitError, ValueError):
    """An argument has a value that cannot be used."""


class QueryCancelledError(RejectkitError):
    """The work was stopped because somebody asked for it; nothing partial is returned."""


class QueryError(RejectkitError, ValueError):
    """A query is not allowed by the language.

    Attributes
    ----------
    message : str
        What is wrong; the service's own wording where that is known.
    query : str
        The whole query text.
    offset, end : int
        The part at fault, as a half-open range of characters in `query`.
    line : int
        1-based line of `offset`.
    position : int
        0-based column of `offset` in that line, as the service counts it.
    """

    def __init__(self, message: str, query: str, offset: int, end: int | None = None, hint: str = "") -> None:
        """Point at `query[offset:end]`; `hint` is a sentence that says how to mend it."""
        self.message = message
        self.query = query
        self.offset = max(0, min(offset, len(query)))
        self.end = max(self.offset, min(end if end is not None else self.offset + 1, len(query)))
        self.hint = hint
        before = query[: self.offset]
        self.line = before.count("\n") + 1
        self.position = self.offset - (before.rfind("\n") + 1)
        super().__init__(f"{message}\n{self.caret()}" + (f"\n{hint}" if hint else ""))

    def caret(self) -> str:
        """Return the line at fault with a caret under the characters at fault."""
        line = self.query.split("\n")[self.line - 1]
        width = max(1, min(self.end - self.offset, len(line) - self.position))
        pad = "".join("\t" if c == "\t" else " " for c in line[: self.position])
        return f"{line}\n{pad}{'^' * width}"


class UnsupportedError(QueryError, NotImplementedError):
    """CloudWatch would take this query; the engine at hand does not."""


class RejectkitWarning(UserWarning):
    """Base of every warning that rejectkit gives."""


class UnknownFieldWarning(RejectkitWarning):
    """A query names a field no record has; it answers null, as it does in the service."""


class BinCapWarning(RejectkitWarning):
    """A period is over the service's cap for its unit and was cut to it, as the service does."""


class RowLimitWarning(RejectkitWarning):
    """An answer was cut at the language's row limit."""
