"""All rows of a window, exactly once, in few queries that scan little: the plan, and its work on the sandbox.

`REJECTKIT_RETRIEVAL_CASES` sets how many spreads of records are drawn, for long runs by hand.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from random import Random

import numpy as np
import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.errors import OverfullError
from rejectkit.insights import parse
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sources.cloudwatch.retrieval import (
    Counts,
    Grain,
    Piece,
    counting,
    exact,
    order_of,
    pieces,
    seconds_of,
    separable,
)
from tests.on_sandbox import on_sandbox

CASES = int(os.environ.get("REJECTKIT_RETRIEVAL_CASES", "200"))
PARTS = 40
FIELDS = ("srcport", "start", "action")
NOON = 1_793_534_400  # 2026-11-01 12:00:00 UTC


# the plan


def test_a_grain_is_the_finest_whose_rows_one_query_returns() -> None:
    """Up to 100,000 s are counted by the second, up to 69 days by sixty lanes of a second, then coarser."""
    assert Grain.of(99_999) == Grain(1, 1)
    assert Grain.of(100_000) == Grain(60, 60)
    assert Grain.of(60 * 99_999) == Grain(60, 60)
    assert Grain.of(60 * 100_000) == Grain(120, 60)
    assert Grain.of(400 * 86_400).part == 6
    assert Grain.of(3600, most_rows=50) == Grain(120, 60)
    assert Grain.of(3600, most_rows=50, most_lanes=1) == Grain(120, 1)
    assert Grain.of(10**9, most_rows=50) == Grain(86_400, 60)


def test_the_counting_query_keeps_what_decides_which_rows_there_are() -> None:
    """It has the query's filters and what they stand on, as written, and neither its columns nor its order."""
    query = parse('fields strlen(note) as l, srcAddr\n| filter l > 3 and action = "REJECT" | fields dstPort | sort l')
    assert counting(query, Grain(60, 1)) == (
        'fields strlen(note) as l, srcAddr\n| filter l > 3 and action = "REJECT"\n'
        "| stats count(*) as rk_rows by bin(1m) as rk_at"
    )
    assert counting(parse("fields a | sort b"), Grain(1, 1)) == "stats count(*) as rk_rows by bin(1s) as rk_at"
    assert counting(parse("fields a"), Grain(120, 2)) == (
        "stats sum(if(toMillis(@timestamp) % 120000 < 60000, 1, 0)) as rk_rows0, count(*) as rk_rows by bin(2m) as rk_at"
    )


def test_lanes_are_told_apart() -> None:
    """A row of lanes says how many came before the end of each; the differences are the lanes' own."""
    frame = pd.DataFrame({"rk_rows0": [2, 0], "rk_rows1": [2, 1], "rk_rows": [5, 1]})
    frame["rk_at"] = pd.to_datetime([NOON + 180, NOON], unit="s", utc=True).astype("datetime64[ms, UTC]")
    counts = Grain(180, 3).read(frame)
    assert counts.at.tolist() == [NOON + 60, NOON + 180, NOON + 300]
    assert counts.end.tolist() == [NOON + 120, NOON + 240, NOON + 360]
    assert counts.rows.tolist() == [1, 2, 3]


def plain_pieces(rows: dict[int, int], most: int) -> int:
    """Return the fewest runs of seconds that hold at most `most` rows each: the plain way."""
    found, held = 0, most + 1
    for second in sorted(rows):
        if held + rows[second] > most:
            found, held = found + 1, 0
        held += rows[second]
    return found


def test_pieces_are_the_fewest_and_cover_every_part_once() -> None:
    """Pieces hold what was counted, are full or followed by what would not fit, and none overlaps."""
    rng = Random(3)
    for _ in range(300):
        rows = {NOON + rng.randrange(500): rng.choice((1, 1, 2, 5, 9, 10)) for _ in range(rng.randrange(60))}
        at = np.array(sorted(rows), dtype=np.int64)
        counts = Counts.of(at, np.array([rows[second] for second in at.tolist()], dtype=np.int64), 1)
        found = pieces(counts, 10)
        assert len(found) == plain_pieces(rows, 10)
        assert sum(piece.rows for piece in found) == sum(rows.values()) == counts.total
        assert all(a.end <= b.first for a, b in itertools.pairwise(found))
        assert all(
            piece.rows == sum(n for s, n in rows.items() if piece.first <= s < piece.end) <= 10 for piece in found
        )


def test_an_overfull_second_is_named() -> None:
    """A second that holds more rows than a query returns raises, with the second, the rows and the mend."""
    counts = Counts.of(np.array([NOON]), np.array([11]), 1)
    message = "11 rows begin in the one second 2026-11-01 12:00:00 UTC, a query returns 10 at most"
    with pytest.raises(OverfullError, match=message) as caught:
        pieces(counts, 10)
    assert (caught.value.second, caught.value.rows) == (NOON, 11)
    assert "end the query with `limit 10`" in str(caught.value)


def test_a_refined_part_is_told_by_its_seconds() -> None:
    """What a finer count says of a part stands in its place."""
    coarse = Counts.of(np.array([NOON, NOON + 60]), np.array([15, 3]), 60)
    assert coarse.overfull(10) == [Piece(NOON, NOON + 60, 15)]
    finer = Counts.of(np.array([NOON + 7, NOON + 9]), np.array([8, 7]), 1)
    refined = coarse.refined(coarse.overfull(10)[0], finer)
    assert refined.at.tolist() == [NOON + 7, NOON + 9, NOON + 60]
    assert refined.end.tolist() == [NOON + 8, NOON + 10, NOON + 120]
    assert refined.rows.tolist() == [8, 7, 3]


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("fields a", "newest"),
        ("fields a | sort @timestamp desc", "newest"),
        ("fields a | sort @timestamp asc, a", "oldest"),
        ("fields a | sort b | sort @timestamp", "oldest"),
        ("fields a | sort a", None),
        ("fields a as @timestamp | sort @timestamp", None),
    ],
)
def test_order_of_rows(query: str, order: str | None) -> None:
    """Pieces are put one after the other in the order of time that the query asks for, if it is one of time."""
    assert order_of(parse(query).stages) == order


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fields a | filter b = 1 | parse c '*' as d | sort d", True),
        ("stats count(*)", False),
        ("fields a | limit 5", False),
        ("fields a | dedup a", False),
        ("fields a | pattern a", False),
    ],
)
def test_only_rows_are_cut(query: str, expected: bool) -> None:
    """Groups, limits, dedup and what only the service knows are one query."""
    assert separable(parse(query).stages) is expected


def test_a_window_within_a_second_is_made_exact_by_a_filter() -> None:
    """The service is asked for the whole seconds a window touches, and the rest is filtered."""
    start, end = datetime(2026, 11, 1, 12, 0, 0, 250_000, UTC), datetime(2026, 11, 1, 12, 0, 2, tzinfo=UTC)
    assert seconds_of(rk.Window(start, end)) == (NOON, NOON + 2)
    assert exact(rk.Window(start, end)) == f"toMillis(@timestamp) >= {NOON}250"
    assert exact(rk.Window(start.replace(microsecond=0), end)) == ""
    end = end.replace(microsecond=1)
    assert seconds_of(rk.Window(start, end)) == (NOON, NOON + 3)
    assert exact(rk.Window(start, end)) == f"toMillis(@timestamp) >= {NOON}250 and toMillis(@timestamp) < {NOON + 2}001"


# on the sandbox


@dataclass(frozen=True)
class Spread:
    """Records as they may lie in time: `seconds` has one for each, in any order."""

    seconds: tuple[int, ...]
    window: rk.Window
    most: int

    @property
    def inside(self) -> Counter[int]:
        """How many records begin in each second of the window."""
        first, end = self.window.millis
        return Counter(second for second in self.seconds if first <= second * 1000 < end)


def spread(rng: Random) -> Spread:
    """Draw one: even, in bursts, with empty stretches and an over-full second, a window on or beside records."""
    most = rng.choice((20, 40, 60))
    length = rng.choice((1, 2, 60, most * 30, most * 59))
    seconds = [
        NOON + rng.randrange(length) for _ in range(rng.choice((0, 1, most - 1, most, most + 1, 3 * most, 8 * most)))
    ]
    for _ in range(rng.choice((0, 0, 1, 4))):
        seconds += [NOON + rng.randrange(length)] * rng.randrange(1, max(2, most // 4))
    if rng.random() < 0.1:
        seconds += [NOON + rng.randrange(length)] * (most + rng.randrange(2))
    if rng.random() < 0.3:
        gap = NOON + rng.randrange(length)
        seconds = [second for second in seconds if not gap <= second < gap + length // 2]
    first, end = NOON, NOON + length
    if seconds and rng.random() < 0.6:
        first, end = sorted(
            (rng.choice(seconds) + rng.choice((-1, 0, 1)), rng.choice(seconds) + rng.choice((-1, 0, 1)))
        )
        end = max(end, first + 1)
    window = rk.Window(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(end, UTC))
    rng.shuffle(seconds)
    return Spread(tuple(seconds), window, most)


@pytest.fixture(scope="module")
def small() -> Iterator[Callable[[int, int], Sandbox]]:
    """What gives a sandbox whose queries return so many rows, in pages of so many."""
    with ExitStack() as stack:

        @cache
        def made(most: int, page: int) -> Sandbox:
            limits = Limits(rates={}, query_rows=most, page_rows=page)
            begin = datetime.fromtimestamp(NOON + 7200, UTC)
            return stack.enter_context(start(None, start=begin, limits=limits))

        yield made


@pytest.mark.parametrize("part", range(PARTS))
def test_every_row_exactly_once_or_an_error(part: int, small: Callable[[int, int], Sandbox]) -> None:
    """Whatever the spread and the window: all rows once, in order, or an over-full second; few queries, little scanned."""
    for number in range(CASES // PARTS):
        rng = Random(f"spread {part} {number}")
        drawn = spread(rng)
        lines = [f"{at} {second} REJECT" for at, second in enumerate(drawn.seconds)]
        sandbox = small(drawn.most, rng.choice((7, drawn.most)))
        source = on_sandbox([second * 1000 for second in drawn.seconds], lines, FIELDS, sandbox=sandbox)
        inside = drawn.inside
        case = f"part {part}, number {number}"
        began = source.usage.bytes
        source.run("stats count(*) as n", rk.Window(drawn.window.start, drawn.window.end))
        once, before = source.usage.bytes - began, source.usage.queries
        source._ledger._scans.clear()  # as if nothing had been asked before
        if rng.random() < 0.2:  # the limit is known by now, as after a first long answer
            source._rows.most_rows = drawn.most
        if any(rows > drawn.most for rows in inside.values()):
            with pytest.raises(OverfullError) as caught:
                source.records(drawn.window)
            assert inside[caught.value.second] == caught.value.rows > drawn.most, case
            continue
        found = source.records(drawn.window)
        expected = sorted((second, at) for at, second in enumerate(drawn.seconds) if second in inside)
        assert sorted(zip(found["start"], found["srcPort"], strict=True)) == expected, case
        assert found["@timestamp"].is_monotonic_increasing, case
        queries, scanned = source.usage.queries - before, source.usage.bytes - began - once
        assert queries <= 2 + 1.3 * len(found) / drawn.most or queries <= 1 + plain_pieces(inside, drawn.most), case
        assert scanned <= 2.2 * once, case


def test_the_property_sees_all_kinds_of_spreads() -> None:
    """The draws above have over-full seconds, windows without records, and answers of many pieces."""
    drawn = [spread(Random(f"spread {part} {number}")) for part in range(PARTS) for number in range(CASES // PARTS)]
    over = sum(max(one.inside.values(), default=0) > one.most for one in drawn)
    empty = sum(not one.inside for one in drawn)
    long = sum(sum(one.inside.values()) > 3 * one.most for one in drawn)
    assert min(over, empty, long) > 20, (over, empty, long)


@pytest.mark.parametrize("shape", ["even", "bursts", "sparse"])
def test_a_million_records_at_full_size(shape: str) -> None:
    """With the service's own limits, a million records come whole, in the fewest queries, each scanned twice in all."""
    rng = np.random.default_rng(7)
    count, length = 1_000_000, {"even": 80_000, "bursts": 90_000, "sparse": 6_000_000}[shape]
    if shape == "bursts":  # 40,000 records in each of eight seconds
        crowded = np.repeat(rng.integers(0, length, 8), count // 25)
        offsets = np.concatenate([crowded, rng.integers(0, length, count - len(crowded))])
    else:
        offsets = rng.integers(0, length, count)
    seconds = np.sort(NOON + offsets)
    lines = [f"{at % 65536} {second} {'REJECT' if at % 2 else 'ACCEPT'}" for at, second in enumerate(seconds.tolist())]
    source = on_sandbox((seconds * 1000).tolist(), lines, FIELDS, limits=Limits(rates={}))
    window = rk.Window(datetime.fromtimestamp(NOON, UTC), datetime.fromtimestamp(NOON + length, UTC))
    source.run("stats count(*) as n", window)
    once, before = source.usage.bytes, source.usage.queries
    found = source.records(window, action=None)
    assert len(found) == count
    assert found["@timestamp"].is_monotonic_increasing
    np.testing.assert_array_equal(found["start"].to_numpy(np.int64), seconds)
    expected = np.bincount(np.arange(count) % 65536, minlength=65536)
    np.testing.assert_array_equal(np.bincount(found["srcPort"].to_numpy(np.int64), minlength=65536), expected)
    queries, scanned = source.usage.queries - before, source.usage.bytes - once
    assert queries <= 2 + 1.3 * count / 100_000
    assert scanned <= 2.2 * once
