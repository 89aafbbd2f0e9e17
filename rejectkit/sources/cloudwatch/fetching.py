"""All rows of a query from the service: counted over time and cut into pieces where one query does not return them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from rejectkit.errors import IncompleteError, RefusedError, RowLimitWarning
from rejectkit.insights import Answer, AnswerColumn
from rejectkit.insights import syntax as s
from rejectkit.insights.parse import MAX_CHARACTERS
from rejectkit.sources.cloudwatch import pages
from rejectkit.sources.cloudwatch.asking import Ask, Desk, Fetched
from rejectkit.sources.cloudwatch.retrieval import (
    AT,
    COUNT,
    MOST_ROWS,
    Counts,
    Grain,
    counting,
    order_of,
    pieces,
    separable,
)

_LIMITS = re.compile(r"limit\b.*?(?:between 1 and|less than or equal to) ([0-9][0-9,]*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be fetched.

    Attributes
    ----------
    text : str
        The query as it is sent.
    stages : tuple of Stage or None
        It, parsed; None where the language's own commands do not make it up.
    first, end : int
        Seconds since the epoch, half-open.
    cap : int or None
        Rows at which the language cuts an answer whose query sets no limit; None for all rows, or the query's own.
    records : float or None
        Records that the span holds at most, if an earlier query told that.
    """

    text: str
    stages: tuple[s.Stage, ...] | None
    first: int
    end: int
    cap: int | None
    records: float | None = None

    @property
    def limited(self) -> bool:
        """Whether the query says itself how many rows it wants, or must be left as it is."""
        return self.stages is None or any(isinstance(stage, s.Limit | s.Foreign) for stage in self.stages)

    def ask(self, limit: int | None) -> Ask:
        """Return the query over the whole span."""
        return Ask(self.text, self.first, self.end, limit)


class Rows:
    """Fetches answers by a desk; knows how many rows one query returns.

    Parameters
    ----------
    most_rows : int
        Rows of one query. A service that allows fewer says so when it refuses, and is then believed.
    """

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        """Start with what AWS documents."""
        self.most_rows = most_rows

    def fetch(self, desk: Desk, wanted: Wanted) -> list[pages.Page]:
        """Return the pages of the whole answer, in the answer's order.

        Raises
        ------
        OverfullError
            If one second holds more rows than a query returns.
        IncompleteError
            If there are more rows than a query returns and it cannot be cut.
        """
        while True:
            try:
                return self._fetch(desk, wanted)
            except RefusedError as error:
                told = _LIMITS.search(error.message or str(error))
                fewer = int(told[1].replace(",", "")) if told else self.most_rows
                if not 0 < fewer < self.most_rows:
                    raise
                self.most_rows = fewer

    def _fetch(self, desk: Desk, wanted: Wanted) -> list[pages.Page]:
        if wanted.limited:
            return _pages(desk.fetch([wanted.ask(None)]))
        if wanted.cap is not None:
            return self._cut(desk, wanted, wanted.cap)
        if wanted.stages is None or not separable(wanted.stages):
            return self._whole(desk, wanted)
        if wanted.records is not None and wanted.records < self.most_rows:
            (found,) = desk.fetch([wanted.ask(self.most_rows)])
            if found.rows < self.most_rows:
                return list(found.pages)
        return self._pieces(desk, wanted, s.Query(wanted.stages, wanted.text))

    def _cut(self, desk: Desk, wanted: Wanted, cap: int) -> list[pages.Page]:
        """Fetch one row more than the language's limit, so that a cut is seen."""
        limit = min(cap + 1, self.most_rows)
        (found,) = desk.fetch([wanted.ask(limit)])
        if found.rows == limit <= cap:
            warnings.warn(
                f"only the first {limit:,} rows are here, the most that the service returns; use records() or "
                "all_rows=True",
                RowLimitWarning,
                stacklevel=2,
            )
        return list(found.pages)

    def _whole(self, desk: Desk, wanted: Wanted) -> list[pages.Page]:
        """Fetch groups, or what else only one query can answer."""
        (found,) = desk.fetch([wanted.ask(self.most_rows)])
        if found.rows >= self.most_rows:
            raise IncompleteError(
                f"the answer has {self.most_rows:,} rows or more, the most that a query returns; groups and "
                "deduplicated rows cannot be fetched in pieces: filter for fewer, or end the query with `limit n`",
                expected=found.rows + 1,
                got=found.rows,
            )
        return list(found.pages)

    def _pieces(self, desk: Desk, wanted: Wanted, query: s.Query) -> list[pages.Page]:
        counts = self._counts(desk, wanted, query)
        parts = pieces(counts, self.most_rows)
        if order_of(query.stages) == "newest":
            parts.reverse()
        asks = [Ask(wanted.text, part.first, part.end, self.most_rows, part.rows) for part in parts]
        found = desk.fetch(asks)
        for ask, one in zip(asks, found, strict=True):
            if one.rows >= self.most_rows and one.rows != ask.expected:
                raise IncompleteError(
                    f"records kept coming in while the rows of {ask.span} were read, and they are more than one query "
                    "returns by now; run it again, or end the window earlier",
                    expected=one.rows + 1,
                    got=one.rows,
                )
        return _pages(found)

    def _counts(self, desk: Desk, wanted: Wanted, query: s.Query) -> Counts:
        """Count the rows over time, and once more where a part is more than one query returns."""
        counts = self._counted(desk, query, [(wanted.first, wanted.end)])[0]
        while coarse := [part for part in counts.overfull(self.most_rows) if part.end - part.first > 1]:
            finer = self._counted(desk, query, [(part.first, part.end) for part in coarse])
            for part, told in zip(coarse, finer, strict=True):
                counts = counts.refined(part, told)
        return counts

    def _counted(self, desk: Desk, query: s.Query, spans: Sequence[tuple[int, int]]) -> list[Counts]:
        grain = Grain.of(max(end - first for first, end in spans), self.most_rows)
        text = counting(query, grain)
        if len(text) > MAX_CHARACTERS - 100:  # a comparison for each lane is too much beside a long query
            grain = Grain.of(max(end - first for first, end in spans), self.most_rows, 1)
            text = counting(query, grain)
        found = desk.fetch([Ask(text, first, end, self.most_rows) for first, end in spans])
        counted = zip(found, spans, strict=True)
        return [_read(one, grain).within(first, end) for one, (first, end) in counted]


def _read(found: Fetched, grain: Grain) -> Counts:
    names = [f"{COUNT}{lane}" for lane in range(grain.lanes - 1)] + [COUNT]
    columns = (AnswerColumn(AT, "time"), *(AnswerColumn(name, "int") for name in names))
    table = pages.table(found.pages, [AT, *names])
    frame: pd.DataFrame = pages.typed(table, Answer(columns, "groups", None))
    return grain.read(frame)


def _pages(found: Sequence[Fetched]) -> list[pages.Page]:
    return [page for one in found for page in one.pages]
