"""A growing table of the log events of one group: each line is taken apart once, when it arrives.

Fields are kept as columns, whole numbers as such, so that a question about a million events reads no line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pandas as pd

from rejectkit.records import ACTIONS, LOG_STATUSES, LogFormat, field_type

_CHUNK = 200_000  # events taken apart at once: bounds what that needs of memory
_NUMBER = "TRY_CAST({0} AS BIGINT)"


@dataclass(slots=True)
class _Seen:
    """What a column of whole numbers has held: `-`; a number spelled otherwise than numbers are, such as 007."""

    dash: bool = False
    odd: bool = False


@dataclass(slots=True)
class LocalTable:
    """The events of one log group, in the order they arrived.

    Attributes
    ----------
    connection : DuckDBPyConnection
        The engine it lives in.
    name : str
        Its name there.
    log : str
        Its `@log`: account and group.
    format : LogFormat or None
        Of its lines; None if none of their fields is discovered.
    count : int
        Its events.
    misfits : int
        Those whose line is not of the format: they have none of its fields.
    """

    connection: duckdb.DuckDBPyConnection
    name: str
    log: str
    format: LogFormat | None
    count: int = 0
    misfits: int = 0
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the empty table."""
        self._seen = {column: _Seen() for column in self.columns if field_type(column) == "int"}
        kinds = ("BIGINT" if column in self._seen else "VARCHAR" for column in self.columns)
        fields = "".join(f", f{i} {kind}" for i, kind in enumerate(kinds))
        self.connection.execute(
            f"CREATE TABLE {self.name} (pos BIGINT, ts BIGINT, arrived BIGINT, stream VARCHAR, message VARCHAR, "
            f"size BIGINT, fit BOOLEAN{fields})"
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields of its lines."""
        return self.format.columns if self.format else ()

    def extend(
        self, times: Sequence[int], arrived: Sequence[int], streams: Sequence[str], messages: Sequence[str]
    ) -> None:
        """Take more events: timestamp and arrival in milliseconds since the epoch, stream and line of each."""
        for at in range(0, len(messages), _CHUNK):
            part = slice(at, at + _CHUNK)
            self._take(times[part], arrived[part], streams[part], messages[part])

    def _take(
        self, times: Sequence[int], arrived: Sequence[int], streams: Sequence[str], messages: Sequence[str]
    ) -> None:
        lines = pd.DataFrame(
            {
                "pos": np.arange(self.count, self.count + len(messages), dtype=np.int64),
                "ts": np.array(times, dtype=np.int64),
                "arrived": np.array(arrived, dtype=np.int64),
                "stream": pd.Series(np.array(streams, dtype=object), dtype=object),
                "message": pd.Series(np.array(_whole(messages), dtype=object), dtype=object),
            }
        )
        words = {column: f"words[{i + 1}]" for i, column in enumerate(self.columns)}
        numbers = [(f"n{list(words).index(column)}", words[column]) for column in self._seen]
        plain = "".join(
            f", CASE WHEN {_NUMBER.format(word)} >= 0 AND CAST({_NUMBER.format(word)} AS VARCHAR) = {word} "
            f"THEN {_NUMBER.format(word)} END AS {number}"
            for number, word in numbers
        )
        split = "string_split(trim(CAST(message AS VARCHAR), ' \t\r\n'), ' ')" if words else "NULL"
        self.connection.register("arriving", lines)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT *, {self._fits(words)} AS fit "
            f"FROM (SELECT *{plain} FROM (SELECT *, {split} AS words FROM arriving))"
        )
        self.connection.unregister("arriving")
        self._note(numbers)
        fields = "".join(
            f", CASE WHEN fit THEN {f'n{i}' if column in self._seen else word} END"
            for i, (column, word) in enumerate(words.items())
        )
        self.connection.execute(
            f"INSERT INTO {self.name} SELECT pos, ts, arrived, stream, message, strlen(message), fit{fields} FROM fresh"
        )
        self.connection.execute("DROP TABLE fresh")
        self.count += len(messages)

    def _fits(self, words: dict[str, str]) -> str:
        """Return SQL that tells whether a line is of the format, by the rules of `parse_value`."""
        tests = [f"len(words) = {len(words)}"] if words else ["FALSE"]
        for i, (column, word) in enumerate(words.items()):
            if column in self._seen:
                digits = f"(regexp_full_match({word}, '[0-9]+') AND {_NUMBER.format(word)} IS NOT NULL)"
                tests.append(f"(n{i} IS NOT NULL OR {word} = '-' OR {digits})")
            elif column in ("action", "logStatus"):
                known = ", ".join(f"'{one}'" for one in ("-", *(ACTIONS if column == "action" else LOG_STATUSES)))
                tests.append(f"{word} IN ({known})")
        return f"coalesce({' AND '.join(tests)}, FALSE)"

    def _note(self, numbers: Sequence[tuple[str, str]]) -> None:
        """Note what the new lines hold that is not a number or not of the format."""
        asked = ["count(*) FILTER (NOT fit)"]
        for number, word in numbers:
            asked.append(f"coalesce(bool_or(fit AND {word} = '-'), FALSE)")
            asked.append(f"coalesce(bool_or(fit AND {number} IS NULL AND {word} <> '-'), FALSE)")
        found = self.connection.execute(f"SELECT {', '.join(asked)} FROM fresh").fetchall()[0]
        self.misfits += found[0]
        for seen, dash, odd in zip(self._seen.values(), found[1::2], found[2::2], strict=True):
            seen.dash, seen.odd = seen.dash or dash, seen.odd or odd

    def traits(self, column: str) -> tuple[bool, bool, bool, bool]:
        """Return what a column is: of whole numbers, with `-`, with odd spellings, missing in some events."""
        if column not in self.columns:
            return True, False, False, self.count > 0
        seen = self._seen.get(column)
        missing = self.misfits > 0
        return (False, False, False, missing) if seen is None else (True, seen.dash, seen.odd, missing)

    def sql(self, column: str, *, text: bool) -> str:
        """Return SQL of a column: its number, null for `-`; or its text as it stands in the line."""
        if column not in self.columns:
            return "NULL"
        at = self.columns.index(column)
        if not text or column not in self._seen:
            return f"f{at}"
        word = f"string_split(trim(message, ' \t\r\n'), ' ')[{at + 1}]"
        return f"CASE WHEN f{at} IS NOT NULL THEN CAST(f{at} AS VARCHAR) WHEN fit THEN {word} END"

    def measure(self, taken: int, first: int, last: int) -> tuple[int, int, int, int]:
        """Return what the first `taken` events hold in a range of time, both ends inside, in milliseconds.

        Returns
        -------
        tuple of int
            Events, bytes of their lines, the first place and one beyond the last.
        """
        found = self.connection.execute(
            f"SELECT count(*), coalesce(sum(size), 0), coalesce(min(pos), 0), coalesce(max(pos) + 1, 0) "
            f"FROM {self.name} WHERE pos < ? AND ts >= ? AND ts <= ?",
            [taken, first, last],
        ).fetchall()[0]
        return int(found[0]), int(found[1]), int(found[2]), int(found[3])

    def fitting(self, first: int, last: int) -> tuple[int, int]:
        """Return the events in a range of time, both ends inside, and those of them that have the format's fields."""
        found = self.connection.execute(
            f"SELECT count(*), count(*) FILTER (fit) FROM {self.name} WHERE ts >= ? AND ts <= ?", [first, last]
        ).fetchall()[0]
        return int(found[0]), int(found[1])


def _whole(texts: Sequence[str]) -> Sequence[str]:
    """Return texts in which half a character, which no UTF-8 spells, is a question mark."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return [text.encode(errors="replace").decode() for text in texts]
    return texts
