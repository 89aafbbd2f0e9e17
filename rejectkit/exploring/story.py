"""What the findings are written from: judged flows, counts and the time they span; and queries that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rejectkit.exploring.flows import Bools, Ints
from rejectkit.exploring.gathering import Counts
from rejectkit.exploring.querytext import Exactly, Narrow
from rejectkit.exploring.rules import Judged, Reason
from rejectkit.exploring.tide import Course
from rejectkit.window import Window

MAX_QUERY = 10_000
"""Characters the service takes (StartQuery)."""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything a finding may speak of.

    Attributes
    ----------
    judged : Judged
        The refused flows and the accepted ones that bear on them.
    counts : Counts
        Of all records.
    start, end : int
        Seconds since the epoch that the records span.
    where : str
        The time in words.
    """

    judged: Judged
    counts: Counts
    start: int
    end: int
    where: str

    @classmethod
    def of(cls, judged: Judged, counts: Counts, window: Window | None) -> Story:
        """Put together what is known."""
        span = counts.span or window
        start, end = (int(span.start.timestamp()), int(span.end.timestamp())) if span else (0, 0)
        return cls(judged, counts, start, end, str(window or span or "any time"))

    def because(self, *reasons: Reason) -> Bools:
        """Tell which flows are refused for one of the reasons."""
        return np.isin(self.judged.reasons, reasons)

    def of_kind(self, kind: str) -> Bools:
        """Tell which flows are of a kind."""
        return self.because(*(reason for reason in Reason if reason.kind == kind))

    def course(self, at: Ints) -> Course:
        """Return when the flows at these positions came."""
        return Course.of(self.judged.flows.start[at], self.start, self.end)

    def top(self, at: Ints, values: Ints, most: int = 3) -> list[tuple[int, int]]:
        """Return the values that most of these flows have, with their flows; of equals the smaller first."""
        found, number = np.unique(values[at], return_counts=True)
        order = np.argsort(-number, kind="stable")[:most]
        return list(zip(found[order].tolist(), number[order].tolist(), strict=True))

    def addresses(self, at: Ints, codes: Ints) -> list[str]:
        """Return the distinct addresses of these flows, in text order."""
        return [Exactly(name) for name in self.judged.flows.names[np.unique(codes[at])]]


def fitting(
    ask: Callable[[Narrow], str], narrow: Narrow, sources: Sequence[str] = (), destinations: Sequence[str] = ()
) -> str:
    """Return the narrowest query that is short enough for the service and has all the flows spoken of.

    Narrowed to sources and destinations if both lists fit, else to one of them, else to neither; the service
    takes 10,000 characters.
    """
    for one, two in _choices(_short(sources), _short(destinations)):
        text = ask({**narrow, **one, **two})
        if len(text) <= MAX_QUERY:
            return text
    return ask(narrow)


def _short(addresses: Sequence[str]) -> list[Exactly]:
    """Return addresses to narrow to; none if they alone are too many for a query."""
    return [Exactly(name) for name in addresses] if sum(map(len, addresses)) < MAX_QUERY else []


def _choices(sources: list[Exactly], destinations: list[Exactly]) -> Iterator[tuple[Narrow, Narrow]]:
    source: Narrow = {"source": sources} if sources else {}
    destination: Narrow = {"destination": destinations} if destinations else {}
    yield source, destination
    shorter = (source, destination) if len(sources) <= len(destinations) else (destination, source)
    for alone in shorter:
        if alone:
            yield alone, {}
