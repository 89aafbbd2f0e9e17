"""A query as it is sent to CloudWatch, where fields that the service does not discover are parsed from the line.

A first stage `parse @message /…(?<rk_dstPort>…)…/` takes them from the line, and each place of the query that means
one of them is given the new name; everything else stays as its author wrote it. The new names clash with nothing,
because a name may not be made twice (insights-language, "Redefinition is an error").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from rejectkit.errors import QueryError
from rejectkit.insights import syntax as s
from rejectkit.insights.parse import MAX_CHARACTERS, parse
from rejectkit.insights.renaming import Edit, Renaming, edited
from rejectkit.records import LogFormat

PREFIX = "rk_"
TWINS = {"start": "startTime", "startTime": "start", "end": "endTime", "endTime": "end"}
_SOURCE = "source"  # the one command that may only be the first


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A query as it is to be sent.

    Attributes
    ----------
    text : str
        What to send; more stages may be put after it.
    names : mapping of str to str
        For each column of the user's answer, in order, the name of its column in the service's answer, which may
        have more columns. Where a command that only CloudWatch knows follows, what the stages before it made.
    """

    text: str
    names: Mapping[str, str]


def rewrite(
    query: s.Query,
    *,
    log_format: LogFormat | None = None,
    discovered: Collection[str] = (),
    only: str | None = None,
) -> Rewritten:
    r"""Return a query's text for log groups whose lines the service takes apart only in part, or not at all.

    Parameters
    ----------
    query : Query
        From `parse`.
    log_format : LogFormat, optional
        Format of the lines. Fields of it that the query uses and the service does not discover are parsed; a line
        with another number of fields has none of them. Left out: every field is as the service has it.
    discovered : collection of str
        Fields the service has for these log groups (`GetLogGroupFields`). `start` and `startTime` are one field,
        and so are `end` and `endTime`: the one that is discovered is asked for.
    only : str, optional
        A condition such as `interfaceId = "eni-1"`, put before the query's own stages as a filter.

    Raises
    ------
    QueryError
        If the text would be longer than the service takes, if `only` is more than a condition, or if the query
        gives the name of a discovered time to something else and then wants the time.

    Examples
    --------
    >>> short = LogFormat.parse("${dstport} ${srcaddr} ${action}")
    >>> sent = rewrite(parse("stats count(*) as n by srcAddr"), log_format=short)
    >>> print(sent.text)
    parse @message /^\s*\S+\s+(?<rk_srcAddr>\S+)\s+\S+\s*$/
    | stats count(*) as n by rk_srcAddr
    >>> dict(sent.names)
    {'srcAddr': 'rk_srcAddr', 'n': 'n'}
    """
    query = query if query.text else parse(str(query))
    first = _condition(only) if only is not None else None
    fields = _Fields(log_format, frozenset(discovered), f"{query.text}\n{only or ''}")
    stages: list[str] = []
    if first is not None:
        head = Renaming(first, fields.name_of, fields.parsed).run()
        stages.append(edited(first.text, head.edits, 0, first.stages[0].span[1]))  # a comment behind it stays out
    own = Renaming(query, fields.name_of, fields.parsed).run()
    if fields.needed:
        stages.insert(0, f"parse @message /{fields.pattern()}/")
    edits = [*own.edits, *_opening(query, stages)]
    text = _open_ended(edited(query.text, edits), query)
    if len(text) > MAX_CHARACTERS:
        words = (
            f"as it is sent, with what it needs from the lines, the query has {len(text):,} characters; "
            f"the service takes {MAX_CHARACTERS:,} at most"
        )
        raise QueryError(words, query.text, 0, len(query.text), "shorten it, or let it use fewer fields")
    return Rewritten(text, MappingProxyType(dict(own.answer)))


def _condition(only: str) -> s.Query:
    """Return a condition as a query of one filter."""
    query = parse(f"filter {only}")
    if len(query.stages) > 1:
        start = query.stages[1].span[0]
        hint = "write it as it would stand after `filter`, without a |"
        raise QueryError("`only` is one condition, and this is more", query.text, start, len(query.text), hint)
    return query


def _opening(query: s.Query, stages: Sequence[str]) -> Iterator[Edit]:
    """Yield the edit that puts stages before the query's own, but behind a SOURCE."""
    if not stages:
        return
    for stage in query.stages:
        if not (isinstance(stage, s.Foreign) and stage.command.lower() == _SOURCE):
            yield stage.span[0], stage.span[0], "".join(f"{one}\n| " for one in stages)
            return
    end = query.stages[-1].span[1]
    yield end, end, "".join(f"\n| {one}" for one in stages)


def _open_ended(text: str, query: s.Query) -> str:
    """Return a text to which more can be added: a comment at its end is closed by a new line."""
    comment = "#" in query.text[query.stages[-1].span[1] :].rpartition("\n")[2]
    return text + "\n" if comment else text


@dataclass(slots=True)
class _Fields:
    """What the service has of each field: a field of its own, or a part of the line to be parsed."""

    log_format: LogFormat | None
    discovered: frozenset[str]
    words: str
    needed: dict[str, str] = field(default_factory=dict)

    @property
    def parsed(self) -> Collection[str]:
        """Names that the first stage makes."""
        return self.needed.values()

    def name_of(self, name: str, made: Collection[str]) -> str | None:
        """Return the service's name of a field, which is none of `made`; None if that hides it."""
        twin = TWINS.get(name)
        columns = self.log_format.columns if self.log_format else ()
        if name in self.discovered:
            return name
        if twin in self.discovered and twin not in made:
            return twin
        for column in (name, twin):
            if column is not None and column in columns:
                return self._parse(column)
        return None if twin in self.discovered else name

    def _parse(self, column: str) -> str:
        if column not in self.needed:
            name = PREFIX + re.sub(r"[^A-Za-z0-9_]", "_", column)
            while name in self.words or name in self.discovered or name in self.parsed:
                name += "_"
            self.needed[column] = name
        return self.needed[column]

    def pattern(self) -> str:
        """Return the regular expression that takes the needed fields from a line of exactly this many fields."""
        assert self.log_format is not None, "a field is needed only where there is a format"
        columns = self.log_format.columns
        out, at = r"^\s*", -1
        for place in sorted(columns.index(column) for column in self.needed):
            out += (r"\s+" if at >= 0 else "") + _times(r"\S+\s+", place - at - 1)
            out += rf"(?<{self.needed[columns[place]]}>\S+)"
            at = place
        return out + _times(r"\s+\S+", len(columns) - at - 1) + r"\s*$"


def _times(pattern: str, count: int) -> str:
    return pattern * count if count < 2 else f"(?:{pattern}){{{count}}}"
