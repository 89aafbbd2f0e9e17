"""Every error and warning rejectkit raises, in one tree.

RejectkitError
├── WindowError            (ValueError)           a time or a span of time that cannot be used
├── FormatError            (ValueError)           a log format, or a line, that does not say what its fields are
├── UnreadableError        (ValueError)           a file, or an answer, that is not what it was taken for
├── SourceNotFoundError    (FileNotFoundError)    nothing at the path or pattern that was given
├── PatternError           (ValueError)           a filter pattern that CloudWatch Logs would refuse
├── ArgumentError          (ValueError)           any other argument that cannot be used
├── AwsError                                      AWS, or the way to it, did not do what it was asked
│   ├── AccessDeniedError  (PermissionError)      an IAM action that is not allowed
│   ├── CredentialsError   (PermissionError)      no credentials, expired ones, or a login that is due
│   ├── RegionError        (ValueError)           no region, or one that is unknown or switched off
│   ├── MissingResourceError (LookupError)        what is named in the call does not exist
│   ├── ThrottledError                            too many calls a second, for longer than we wait
│   ├── QuotaError                                too many of a thing at once, such as running queries
│   ├── ConflictError                             it exists already, or something else is changing it
│   ├── RefusedError       (ValueError)           any other no: the call, or the query in it, is not allowed
│   └── ConnectionLostError (ConnectionError)     no answer, or half of one
├── QueryEndedError                               a query of the service ended without being complete
├── DeadlineError          (TimeoutError)         it took longer than was allowed
├── IncompleteError                               fewer, or more, rows came than the service counted
├── OverfullError                                 one second holds more rows than a query may return
├── CostError                                     a query would scan more than it may
├── ApplyError                                    a plan was not, or not wholly, carried out
├── QueryCancelledError                           somebody asked the work to stop
└── QueryError             (ValueError)           a query the language does not allow; points at the character
    └── UnsupportedError   (NotImplementedError)  a query CloudWatch would take and this engine does not

RejectkitWarning           (UserWarning)
├── UnknownFieldWarning                           a name no record has; it answers null, as in the service
├── BinCapWarning                                 `bin(300s)`: the service caps the number silently
└── RowLimitWarning                               the answer was cut at the language's row limit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class RejectkitError(Exception):
    """Base of every error that rejectkit raises on purpose."""


class WindowError(RejectkitError, ValueError):
    """A time or a span of time cannot be used."""


class FormatError(RejectkitError, ValueError):
    """A log format, or a line, does not say what its fields are."""


class UnreadableError(RejectkitError, ValueError):
    """A file, or an answer of a service, is not what it was taken for."""


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


class AwsError(RejectkitError):
    """AWS, or the way to it, did not do what it was asked.

    Attributes
    ----------
    code : str
        The service's error code, such as `ResourceNotFoundException`; for an error that never reached a service,
        the name of botocore's class, such as `NoCredentialsError`.
    operation : str
        The operation as `logs.StartQuery`; empty where none was called.
    action : str
        The IAM action as `logs:StartQuery`; empty where none was called.
    message : str
        What the service said, in its own words.
    """

    def __init__(
        self, sentence: str, *, code: str = "", operation: str = "", action: str = "", message: str = ""
    ) -> None:
        """Say `sentence`: what, which value, and how to mend it."""
        self.code = code
        self.operation = operation
        self.action = action
        self.message = message
        super().__init__(sentence)


class AccessDeniedError(AwsError, PermissionError):
    """An IAM action is not allowed; `action` names it."""


class CredentialsError(AwsError, PermissionError):
    """There are no credentials, or they have expired, or a login is due."""


class RegionError(AwsError, ValueError):
    """There is no region, or it is unknown, or not switched on for the account."""


class MissingResourceError(AwsError, LookupError):
    """What is named in a call does not exist in this account and region."""


class ThrottledError(AwsError):
    """A service takes no more calls a second, and did not for as long as we wait."""


class QuotaError(AwsError):
    """There are too many of a thing at once, such as running queries; it helps to wait for one to end."""


class ConflictError(AwsError):
    """A thing exists already, is still in use, or is being changed by somebody else."""


class RefusedError(AwsError, ValueError):
    """A service says no to a call as it is made."""


class ConnectionLostError(AwsError, ConnectionError):
    """There was no answer, or half of one; what the call was to do may or may not have been done."""


class QueryEndedError(RejectkitError):
    """A query of the service ended without being complete; nothing partial is returned.

    Attributes
    ----------
    status : str
        How it ended: Failed, Timeout, Cancelled or Unknown.
    query_id : str
        The service's id of the query.
    statistics : dict of str to float
        What the service had counted by then: `recordsMatched`, `recordsScanned`, `bytesScanned` …
    """

    def __init__(
        self, sentence: str, *, status: str = "", query_id: str = "", statistics: Mapping[str, float] | None = None
    ) -> None:
        """Say `sentence`: which query ended how, and how to mend it."""
        self.status = status
        self.query_id = query_id
        self.statistics = dict(statistics or {})
        super().__init__(sentence)


class DeadlineError(RejectkitError, TimeoutError):
    """It took longer than was allowed."""


class IncompleteError(RejectkitError):
    """Fewer, or more, rows came than the service counted; nothing partial is returned.

    Attributes
    ----------
    expected, got : int
        Rows the service counted, and rows that came.
    """

    def __init__(self, sentence: str, *, expected: int = 0, got: int = 0) -> None:
        """Say `sentence`: rows of what, and how to mend it."""
        self.expected = expected
        self.got = got
        super().__init__(sentence)


class OverfullError(RejectkitError):
    """One second, the shortest span a query can have, holds more rows than a query may return.

    Attributes
    ----------
    second : int
        That second, since the epoch.
    rows : int
        Rows in it that match, as far as they were counted.
    """

    def __init__(self, sentence: str, *, second: int = 0, rows: int = 0) -> None:
        """Say `sentence`: which second, how many rows, and how to mend it."""
        self.second = second
        self.rows = rows
        super().__init__(sentence)


class CostError(RejectkitError):
    """A query would scan more than it may.

    Attributes
    ----------
    estimated, limit : float
        Bytes it would scan, and may scan.
    dollars : float
        What that would cost.
    """

    def __init__(self, sentence: str, *, estimated: float = 0.0, limit: float = 0.0, dollars: float = 0.0) -> None:
        """Say `sentence`: how much, at which price, and how to allow it."""
        self.estimated = estimated
        self.limit = limit
        self.dollars = dollars
        super().__init__(sentence)


class ApplyError(RejectkitError):
    """A plan was not, or not wholly, carried out.

    Attributes
    ----------
    done, left : tuple of Step
        The steps that were taken, and those that were not, the failed one not among them.
    failed : Step or None
        The step that failed; it may have taken effect all the same. None where no step failed.
    """

    def __init__(
        self, sentence: str, *, done: Sequence[Any] = (), failed: Any = None, left: Sequence[Any] = ()
    ) -> None:
        """Say `sentence`: what went wrong, what is done, and how to go on."""
        self.done, self.failed, self.left = tuple(done), failed, tuple(left)
        super().__init__(sentence)


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
