"""Which queries to send for an answer of any length: a count over time, then whole-second pieces; pure.

The service returns 100,000 rows of a query at most, and its bounds are whole seconds, both inside. A window whose
rows are more than that is cut by their count: each piece has as many seconds as fit into one query. Only rows are
cut; the groups of `stats` are one query always. Source: StartQuery, GetQueryResults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import OverfullError
from rejectkit.insights import syntax as s
from rejectkit.window import Window

MOST_ROWS = 100_000
LANES = 60
COUNT, AT = "rk_rows", "rk_at"
_UNITS = (
    (1, 60, "s"),
    (60, 60, "m"),
    (3600, 24, "h"),
)  # seconds of a unit of `bin`, and the service's cap on its number

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the answer that one query returns.

    Attributes
    ----------
    first, end : int
        Seconds since the epoch, half-open.
    rows : int
        Rows counted in it.
    """

    first: int
    end: int
    rows: int


@dataclass(frozen=True, slots=True)
class Grain:
    """How a count over time is told: rows of `step` seconds, each in `lanes` equal parts.

    A part is what can be cut at: `step / lanes` seconds.
    """

    step: int
    lanes: int

    @property
    def part(self) -> int:
        """Seconds of one part."""
        return self.step // self.lanes

    @classmethod
    def of(cls, seconds: int, most_rows: int = MOST_ROWS, most_lanes: int = LANES) -> Grain:
        """Return the finest grain whose rows, for so many seconds, one query returns whole."""
        fits = [step for step in _steps() if -(-seconds // step) + 1 <= most_rows]
        steps = fits or [86_400]
        laned = [step for step in steps if step % most_lanes == 0]
        return cls(steps[0], 1) if steps[0] == 1 or not laned or most_lanes == 1 else cls(laned[0], most_lanes)

    def stage(self) -> str:
        """Return the `stats` stage that counts so."""
        unit, _, letter = next(one for one in reversed(_UNITS) if self.step % one[0] == 0)
        by = f"by bin({self.step // unit}{letter}) as {AT}"
        if self.lanes == 1:
            return f"stats count(*) as {COUNT} {by}"
        # one comparison a lane: how many came before its end; the difference of two is the lane's own count
        within, width = f"toMillis(@timestamp) % {self.step * 1000}", self.part * 1000
        told = [f"sum(if({within} < {width * (lane + 1)}, 1, 0)) as {COUNT}{lane}" for lane in range(self.lanes - 1)]
        return f"stats {', '.join(told)}, count(*) as {COUNT} {by}"

    def read(self, frame: pd.DataFrame) -> Counts:
        """Return the counts that the stage's answer tells: `AT` a time, the other columns whole numbers."""
        begins = frame[AT].astype("int64").to_numpy(np.int64) // 1000
        if self.lanes == 1:
            rows = frame[COUNT].to_numpy(np.int64)
            return Counts.of(begins.astype(np.int64), rows, self.part)
        names = [*(f"{COUNT}{lane}" for lane in range(self.lanes - 1)), COUNT]
        upto = frame[names].to_numpy(np.int64).reshape(-1, self.lanes)
        lanes = np.diff(upto, axis=1, prepend=0)
        at = begins[:, None] + self.part * np.arange(self.lanes, dtype=np.int64)[None, :]
        return Counts.of(at.ravel(), lanes.ravel().astype(np.int64), self.part)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by time: of parts that hold any, oldest first.

    Attributes
    ----------
    at, end, rows : ndarray of int64
        When a part begins and ends (seconds since the epoch, half-open), and how many rows are in it.
    """

    at: Longs
    end: Longs
    rows: Longs

    @classmethod
    def of(cls, at: Longs, rows: Longs, part: int) -> Counts:
        """Return counts of parts of equal length in order of time, without what is empty."""
        kept = np.flatnonzero(rows > 0)
        kept = kept[np.argsort(at[kept], kind="stable")]
        return cls(at[kept], at[kept] + part, rows[kept])

    @property
    def total(self) -> int:
        """All rows."""
        return int(self.rows.sum())

    def overfull(self, most_rows: int) -> list[Piece]:
        """Return the parts that one query cannot return."""
        over = np.flatnonzero(self.rows > most_rows)
        return [Piece(int(self.at[i]), int(self.end[i]), int(self.rows[i])) for i in over]

    def refined(self, piece: Piece, finer: Counts) -> Counts:
        """Return these counts with one part told as `finer` counted it."""
        kept = self.at != piece.first
        at, end, rows = (
            np.concatenate([mine[kept], its])
            for mine, its in ((self.at, finer.at), (self.end, finer.end), (self.rows, finer.rows))
        )
        order = np.argsort(at, kind="stable")
        return Counts(at[order], end[order], rows[order])

    def within(self, first: int, end: int) -> Counts:
        """Return the parts that begin in a span of seconds, the outer ones cut to it."""
        kept = (self.end > first) & (self.at < end)
        return Counts(np.maximum(self.at[kept], first), np.minimum(self.end[kept], end), self.rows[kept])


def _steps() -> list[int]:
    """Return the periods that `bin` takes as they are written, in seconds, up to a day."""
    return sorted({unit * number for unit, most, _ in _UNITS for number in range(1, most + 1)})


def pieces(counts: Counts, most_rows: int = MOST_ROWS) -> list[Piece]:
    """Return the fewest pieces of whole parts that each fit into one query, oldest first.

    Raises
    ------
    OverfullError
        If a part alone holds more rows than a query returns.
    """
    for over in counts.overfull(most_rows):
        moment = datetime.fromtimestamp(over.first, UTC)
        raise OverfullError(
            f"{over.rows:,} rows begin in the one second {moment:%Y-%m-%d %H:%M:%S} UTC, a query returns {most_rows:,} "
            "at most and cannot span less than a second; filter for fewer of them, count them with `stats`, or end "
            f"the query with `limit {most_rows}` if not all are needed",
            second=over.first,
            rows=over.rows,
        )
    return list(_packed(counts, most_rows))


def _packed(counts: Counts, most_rows: int) -> Iterator[Piece]:
    upto = np.concatenate([[0], np.cumsum(counts.rows)])
    low = 0
    while low < len(counts.at):
        high = int(np.searchsorted(upto, upto[low] + most_rows, side="right")) - 1
        yield Piece(int(counts.at[low]), int(counts.end[high - 1]), int(upto[high] - upto[low]))
        low = high


def seconds_of(window: Window) -> tuple[int, int]:
    """Return the whole seconds that a window touches, half-open."""
    start, end = window.millis
    return start // 1000, -(-end // 1000)


def exact(window: Window) -> str:
    """Return the filter that a window needs beyond whole seconds; empty where it begins and ends on them."""
    start, end = window.millis
    wanted = [f"toMillis(@timestamp) >= {start}"] if start % 1000 else []
    wanted += [f"toMillis(@timestamp) < {end}"] if end % 1000 else []
    return " and ".join(wanted)


def separable(stages: Sequence[s.Stage]) -> bool:
    """Tell whether the rows of a query may be fetched window by window: no groups, no limit, nothing foreign."""
    return all(isinstance(stage, s.Fields | s.Display | s.Filter | s.Parse | s.Sort) for stage in stages)


def order_of(stages: Sequence[s.Stage]) -> str | None:
    """Return in which order of time a separable query's rows come: "newest", "oldest", or None for another order."""
    sorts = [stage for stage in stages if isinstance(stage, s.Sort)]
    made = {item.alias for stage in stages if isinstance(stage, s.Fields | s.Display) for item in stage.items}
    made |= {name for stage in stages if isinstance(stage, s.Parse) for name in stage.names}
    if not sorts:
        return "newest"
    first = sorts[-1].keys[0]
    if first.name != "@timestamp" or "@timestamp" in made:
        return None
    return "newest" if first.descending else "oldest"


def counting(query: s.Query, grain: Grain) -> str:
    """Return the query that counts a separable query's rows over time."""
    filters = [at for at, stage in enumerate(query.stages) if isinstance(stage, s.Filter)]
    kept = query.stages[: filters[-1] + 1] if filters else ()
    texts = [_written(query, stage) for stage in kept if isinstance(stage, s.Filter | s.Fields | s.Parse)]
    return "\n| ".join([*texts, grain.stage()])


def _written(query: s.Query, stage: s.Stage) -> str:
    """Return a stage as its author wrote it."""
    return query.text[slice(*stage.span)] if query.text else str(stage)
