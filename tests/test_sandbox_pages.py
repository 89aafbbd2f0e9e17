"""The sandbox's pages of rows: byte for byte what JSON of the rows would be, written column by column."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

import duckdb
import pandas as pd
import pytest

from rejectkit.insights.localquery import LocalAnswer
from rejectkit.sandbox.logs.insights import printed
from rejectkit.sandbox.logs.pointers import place

ACCOUNT = "123456789012"
TEXTS = (
    "22",
    "10.0.0.1",
    "",
    "-",
    'x"y',
    "a\\b",
    "é日本",
    "\U0001f600",
    "a\tb\n",
    "\x7f",
    "\x00",
    "[, ",
    '"}, {"',
    "<b>",
    "%s {0}",
)
NAMES = ("dstPort", "count(*)", 'q"x', "é x", "{a}", "%s", "@timestamp")


@dataclass(frozen=True)
class Group:
    """As much of a log group as a pointer needs."""

    name: str
    created: int = 1_700_000_000_000
    messages: range = range(1_000)


def frame(columns: list[list[str | None]]) -> pd.DataFrame:
    """Return columns as the engine gives them."""
    tuples = list(zip(*columns, strict=True))
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE t ({', '.join(f'c{at} VARCHAR' for at in range(len(columns)))})")
    if tuples:
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", tuples)
    return connection.execute("SELECT * FROM t").df()


def plain(names: list[str], columns: list[list[str | None]], first: int, last: int) -> str:
    """Return what the rows are in JSON, row by row."""
    rows = list(zip(*columns, strict=True))[first:last]
    return json.dumps(
        [[{"field": n, "value": v} for n, v in zip(names, row, strict=True) if v is not None] for row in rows]
    )


@pytest.mark.parametrize("seed", range(150))
def test_rows_are_printed_as_json_is(seed: int) -> None:
    """Any text in any column, missing anywhere, any part of the rows: the bytes that JSON has."""
    rng = Random(f"printed {seed}")
    count, names = rng.choice((0, 1, 2, 9, 30)), rng.sample(NAMES, rng.choice((1, 2, 3, 5)))
    columns: list[list[str | None]] = []
    for _ in names:
        words = rng.choice((TEXTS[:4], TEXTS))
        missing = rng.choice((0.0, 0.0, 0.3, 1.0))
        columns.append([None if rng.random() < missing else rng.choice(words) for _ in range(count)])
    first = rng.randint(0, count)
    last = rng.randint(first, count)
    answer = LocalAnswer(tuple(names), frame(columns), count)
    assert printed(answer, first, last, ACCOUNT, []) == plain(names, columns, first, last)


@pytest.mark.parametrize("others", [[], ["dstPort"]])
def test_rows_end_with_their_pointers(others: list[str]) -> None:
    """The number of an event becomes the pointer of its place in its log group; a missing one stays missing."""
    groups: list[Any] = [Group("a"), Group("b")]
    numbers = [str(7), None, str((1 << 40) + 3), str(8)]
    columns = [*([str(at) for at in range(4)] for _ in others), numbers]
    answer = LocalAnswer((*others, "@ptr"), frame(columns), 4)
    rows = [{one["field"]: one["value"] for one in row} for row in json.loads(printed(answer, 0, 4, ACCOUNT, groups))]
    assert [list(row) for row in rows] == [[*others, "@ptr"], others, [*others, "@ptr"], [*others, "@ptr"]]
    found = [tuple(place(ACCOUNT, group, row["@ptr"]) for group in groups) for row in rows if "@ptr" in row]
    assert found == [(7, None), (None, 3), (8, None)]
