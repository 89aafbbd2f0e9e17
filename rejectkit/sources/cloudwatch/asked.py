"""A query over a window, ready to be sent to the service: its text there, its seconds, the shape of its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rejectkit.errors import ArgumentError, QueryError, RefusedError, UnsupportedError
from rejectkit.insights import Answer, compile_query, parse
from rejectkit.insights import syntax as s
from rejectkit.insights.compile import Compiled
from rejectkit.insights.reads import reads
from rejectkit.insights.rewrite import TWINS, Rewritten, rewrite
from rejectkit.sources.cloudwatch.knowing import Known
from rejectkit.sources.cloudwatch.retrieval import exact, seconds_of, separable
from rejectkit.sources.cost import SETTLED_AFTER
from rejectkit.window import Window, check_window

_PLACE = re.compile(r"at line (\d+) and position (\d+)")


@dataclass(frozen=True, slots=True)
class Question:
    """A query over a span, ready to be sent.

    Attributes
    ----------
    query, sent : str
        As the user wrote it, and as the service gets it.
    stages : tuple of Stage or None
        What is sent, parsed; None where the engine here does not know the query.
    names : list of str or None
        The service's names of the answer's columns.
    answer : Answer or None
        The shape of the answer; None where the engine here does not know the query.
    refusal : UnsupportedError or None
        Why it does not.
    warnings : tuple of Warning
        What the user is to be told.
    first, end : int
        Seconds, half-open.
    all_rows : bool
        As the user asked.
    unsettled : int or None
        From when on records may still come in, if that is inside.
    """

    query: str
    sent: str
    stages: tuple[s.Stage, ...] | None
    names: list[str] | None
    answer: Answer | None
    refusal: UnsupportedError | None
    warnings: tuple[Warning, ...]
    first: int
    end: int
    all_rows: bool
    unsettled: int | None

    @property
    def counted(self) -> bool:
        """Whether the rows are counted before they are fetched."""
        return self.all_rows and self.stages is not None and separable(self.stages)


def question(known: Known, query: str, window: Window | None, all_rows: bool) -> Question:
    """Return a query over a window as it is sent, and what its answer will be.

    Raises
    ------
    QueryError
        If the language does not allow it; nothing was asked then.
    ArgumentError
        If the fields of lines of several formats cannot be told apart.
    """
    check_window(window)
    parsed, refusal = _parsed(query)
    now = known.service.now()
    first, end = seconds_of(window) if window is not None else (known.begin(), int(now) + 1)
    compiled: Compiled | None = None
    if parsed is not None:
        try:
            compiled = compile_query(parsed, known.table(), window=window, all_rows=all_rows)
        except UnsupportedError as error:
            refusal = error
    sent = _sent(known, parsed or refusal, query, window, min(end, int(now)) - 480)
    answer = compiled.answer if compiled is not None else None
    settled = int(now) - known.aggregation - int(SETTLED_AFTER)
    return Question(
        query=query,
        sent=sent.text,
        stages=parse(sent.text).stages if parsed is not None and compiled is not None else None,
        names=[sent.names.get(column.name, column.name) for column in answer.columns] if answer else None,
        answer=answer,
        refusal=refusal,
        warnings=compiled.warnings if compiled is not None else (),
        first=first,
        end=max(end, first + 1),
        all_rows=all_rows,
        unsettled=max(first, settled) if end > settled else None,
    )


def _sent(
    known: Known, parsed: s.Query | UnsupportedError | None, query: str, window: Window | None, at: float
) -> Rewritten:
    """Return the query as it is sent: its fields by names that the service knows, its window to the millisecond."""
    only = " and ".join(one for one in (known.only, exact(window) if window is not None else "") if one)
    if not isinstance(parsed, s.Query):
        if only and parsed is not None:  # it would answer with more than was asked for
            raise parsed
        return Rewritten(query, {})
    formats, discovered = known.formats, known.discovered(at)
    if len(formats) > 1:
        _check_discovered(known, parsed, discovered)
    log_format = formats[0] if len(formats) == 1 else None
    return rewrite(parsed, log_format=log_format, discovered=discovered, only=only or None)


def _check_discovered(known: Known, query: s.Query, discovered: frozenset[str]) -> None:
    """Refuse a query over lines of several formats whose fields the service does not find by itself."""
    found = {*discovered, *(TWINS[name] for name in discovered & TWINS.keys())}
    wanted = {name for one in reads(query) for name in one.fields} & set(known.columns)
    if wanted - found:
        formats = " and ".join(f"'{one.header[:60]}…'" for one in known.formats)
        raise ArgumentError(
            f"the log groups hold lines of several formats ({formats}), and the service does not find the field "
            f"{min(wanted - found)} in them by itself; make a source for each log group with its format, and put "
            "them together with rk.Combined"
        )


def _parsed(query: str) -> tuple[s.Query | None, UnsupportedError | None]:
    """Return a query parsed, or why the engine here does not know it; the language's own errors are raised."""
    try:
        return parse(query), None
    except UnsupportedError as error:
        return None, error


def refused(error: RefusedError, asked: Question) -> Exception:
    """Return the service's refusal of a query as an error of the query, pointing at the place where it is told."""
    if error.code != "MalformedQueryException":
        return error
    message = error.message or str(error)
    if asked.refusal is not None:
        hint = "the engine of this package does not know it, and the service refused it"
        return UnsupportedError(message, asked.query, asked.refusal.offset, asked.refusal.end, hint)
    place = _PLACE.search(message)
    lines = asked.query.split("\n")
    if place and asked.sent.rstrip("\n") == asked.query.rstrip("\n") and 1 < int(place[1]) <= len(lines) + 1:
        line = int(place[1]) - 2  # the first line that is sent is a mark
        return QueryError(message, asked.query, sum(len(one) + 1 for one in lines[:line]) + int(place[2]))
    hint = "" if asked.sent == asked.query else f"it was sent as:\n{asked.sent}"
    return QueryError(message, asked.query, 0, len(asked.query), hint)
