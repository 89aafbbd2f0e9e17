"""The result of an Athena query: from its file in S3, or from pages, typed, whole, or an error."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from botocore.exceptions import IncompleteReadError
from hypothesis import given, settings
from hypothesis import strategies as st

from rejectkit.errors import AccessDeniedError, ConnectionLostError, UnreadableError
from rejectkit.insights.answer import Answer, AnswerColumn
from rejectkit.sources.athena import results
from rejectkit.sources.athena.running import Execution

FOUR = Answer(
    (AnswerColumn("n", "int"), AnswerColumn("x", "number"), AnswerColumn("s", "text"), AnswerColumn("t", "time")),
    "rows",
    None,
)
TEXT = Answer((AnswerColumn("s", "text"),), "rows", None)
WHOLE = Answer((AnswerColumn("n", "int"),), "rows", None)


def written(rows: list[list[str | None]], width: int) -> bytes:
    """Return a result file as Athena writes it: every value in quotation marks, null nothing at all."""
    cells = [[f"c{at}" for at in range(width)], *rows]
    quoted = [",".join("" if one is None else f'"{one.replace(chr(34), chr(34) * 2)}"' for one in row) for row in cells]
    return ("\n".join(quoted) + "\n").encode()


def read(rows: list[list[str | None]], answer: Answer) -> list[tuple[Any, ...]]:
    """Return the rows of a result file."""
    table = results.read_csv(pa.py_buffer(written(rows, len(answer.columns))), answer)
    return [tuple(row.values()) for row in table.to_pylist()]


def test_values_come_as_they_were() -> None:
    """Whole numbers of 64 bits lose no digit, texts keep commas, quotation marks, line ends and other scripts."""
    rows: list[list[str | None]] = [
        ["9223372036854775807", "1.0E7", 'he said "no", and\nleft', "1793534400000"],
        ["-9007199254740993", "-2.5E-7", "Straße ☃ 日本", "0"],
        [None, None, None, None],
    ]
    assert read(rows, FOUR) == [
        (9223372036854775807, 1e7, 'he said "no", and\nleft', 1793534400000),
        (-9007199254740993, -2.5e-7, "Straße ☃ 日本", 0),
        (None, None, None, None),
    ]


def test_an_empty_text_is_no_missing_one() -> None:
    """Two quotation marks are a text of no character, nothing at all is null; words such as NaN and null are texts."""
    assert read([["" ], [None], ["null"], ["NaN"], ["-"], [None]], TEXT) == [
        ("",), (None,), ("null",), ("NaN",), ("-",), (None,),
    ]  # fmt: skip


def test_a_column_of_nothing_but_nulls_keeps_its_rows() -> None:
    """A row of one null is an empty line in the file, and a row in the answer."""
    assert read([[None], ["3"], [None]], WHOLE) == [(None,), (3,), (None,)]


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_not_finite_is_null(word: str) -> None:
    """As in every other source."""
    assert read([[None, word, None, None], [None, "2", None, None]], FOUR)[0][1] is None


def test_no_row_is_an_answer() -> None:
    """A file of a header line alone has the columns, typed, and no row."""
    table = results.read_csv(pa.py_buffer(written([], 4)), FOUR)
    frame = results.typed(table, FOUR)
    assert len(frame) == 0
    assert [str(kind) for kind in frame.dtypes] == ["Int64", "Float64", "str", "datetime64[ms, UTC]"]


def test_the_answer_is_typed_and_named() -> None:
    """Columns have the answer's names and its types, times to the millisecond in UTC."""
    table = results.read_csv(pa.py_buffer(written([["5", "0.5", "a", "1793534400123"], [None] * 4], 4)), FOUR)
    frame = results.typed(table, FOUR)
    assert [str(kind) for kind in frame.dtypes] == ["Int64", "Float64", "str", "datetime64[ms, UTC]"]
    assert frame.loc[0].tolist() == [5, 0.5, "a", pd.Timestamp("2026-11-01 12:00:00.123", tz="UTC")]
    assert frame.loc[1].isna().all()


def test_unusual_spellings_of_whole_numbers_are_read() -> None:
    """A whole number that is printed like a broken one is that number."""
    assert read([["1.2E9"], ["7"], [None]], WHOLE) == [(1_200_000_000,), (7,), (None,)]


def test_bytes_that_are_no_text_are_marked() -> None:
    """What is not UTF-8 becomes the replacement character, and the row stays."""
    table = results.read_csv(pa.py_buffer(b'"c0"\n"a\xff"\n\n"b"\n'), TEXT)
    assert table.column("c0").to_pylist() == ["a\N{REPLACEMENT CHARACTER}", None, "b"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "Empty CSV file"),
        (b'"c1"\n"1"\n', "its columns are c1, not c0"),
        (b'"n"\n"1"\n', "its columns are n, not c0"),
        (b'"c0","c1"\n"1","2"\n', "its columns are c0, c1, not c0"),
        (b'"c0"\n"1","2"\n', "Expected 1 columns, got 2"),
        (b'"c0"\n"99999999999999999999"\n', "too great for 64 bits"),
    ],
)
def test_what_is_not_the_result_is_refused(raw: bytes, says: str) -> None:
    """A file of other columns, or of none, or a number beyond 64 bits, is an error, never an answer."""
    with pytest.raises(UnreadableError, match=says):
        results.read_csv(pa.py_buffer(raw), WHOLE)


texts = st.none() | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
wholes = st.none() | st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(wholes, texts), min_size=1, max_size=12))
def test_every_row_comes_back(rows: list[tuple[int | None, str | None]]) -> None:
    """Whatever the texts and numbers are, file and pages give them back."""
    answer = Answer((AnswerColumn("n", "int"), AnswerColumn("s", "text")), "rows", None)
    plain = [(number, text) for number, text in rows]
    cells = [[None if number is None else str(number), text] for number, text in plain]
    assert read(cells, answer) == plain
    assert results._from_pages(paged([["c0", "c1"], *cells]), "q", answer, lambda: None).to_pylist() == [
        {"c0": number, "c1": text} for number, text in plain
    ]


def paged(rows: list[list[str | None]], size: int = results.PAGE, **more: Any) -> Any:
    """Return a stand-in for Athena that hands rows out in pages."""

    def call(operation: str, *, check: Any, QueryExecutionId: str, MaxResults: int, NextToken: str = "0") -> Any:
        first = int(NextToken)
        data = [{"Data": [{} if one is None else {"VarCharValue": one} for one in row]} for row in rows]
        token = {"NextToken": str(first + size)} if first + size < len(rows) else {}
        return {"ResultSet": {"Rows": data[first : first + size]}, **token, **more}

    return SimpleNamespace(call=call)


def test_pages_are_read_to_the_last() -> None:
    """The first row of the first page is the header, of the others a row."""
    table = results._from_pages(paged([["c0"], *[[str(n)] for n in range(25)]], size=10), "q", WHOLE, lambda: None)
    assert table.column("c0").to_pylist() == list(range(25))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "its columns are none, not c0"),
        ([["1"], ["2"]], "its columns are 1, not c0"),
        ([["c0"], ["1", "2"]], "a row has 2 values, not 1"),
    ],
)
def test_pages_that_are_not_the_result_are_refused(rows: list[list[str | None]], says: str) -> None:
    """Without the header that the query has, nothing is given out."""
    with pytest.raises(UnreadableError, match=says):
        results._from_pages(paged(rows), "q", WHOLE, lambda: None)


def test_pages_that_go_in_a_circle_end() -> None:
    """The same token twice is an error, not a loop."""
    with pytest.raises(ConnectionLostError, match="the same page again"):
        results._from_pages(paged([["c0"], ["1"]], NextToken="0"), "q", WHOLE, lambda: None)


def bucket(body: bytes | Exception) -> Any:
    """Return a stand-in for S3 with one object."""

    def call(operation: str, *, check: Any = None, Bucket: str, Key: str, **more: Any) -> Any:
        if isinstance(body, Exception):
            raise body
        return {"ContentLength": len(body), "Body": io.BytesIO(body), "ETag": "e"}

    return SimpleNamespace(call=call, budget=SimpleNamespace(nap=lambda *_: None), region="eu-west-1")


@pytest.mark.parametrize(
    ("body", "execution", "expected"),
    [
        (b'"c0"\n"1"\n', Execution("q", "SUCCEEDED", output="s3://results/q.csv"), 1),
        (AccessDeniedError("no"), Execution("q", "SUCCEEDED", output="s3://results/q.csv"), 2),
        (b'"c0"\n"1"\n', Execution("q", "SUCCEEDED", output=None), 2),
        (b"\x00ciphered", Execution("q", "SUCCEEDED", output="s3://results/q.csv", plain=False), 2),
    ],
    ids=["in S3", "not allowed", "kept by Athena", "encrypted by the client"],
)
def test_the_file_where_it_can_be_had_and_pages_elsewhere(body: Any, execution: Execution, expected: int) -> None:
    """The file is read where it lies in S3 as it is and may be read; else Athena is asked for pages."""
    table = results.fetch(paged([["c0"], ["2"]]), bucket(body), execution, WHOLE)
    assert table.column("c0").to_pylist() == [expected]


def test_a_file_that_comes_short_is_no_answer() -> None:
    """Fewer bytes than S3 says there are, again and again, are an error."""
    s3 = bucket(b'"c0"\n"1"\n')
    inner = s3.call
    s3.call = lambda operation, **more: {**inner(operation, **more), "ContentLength": 1000, "Body": io.BytesIO(b"")}
    with pytest.raises(ConnectionLostError, match="came with 0 bytes of 1,000"):
        results.fetch(paged([["c0"]]), s3, Execution("q", "SUCCEEDED", output="s3://results/q.csv"), WHOLE)


class Torn(io.BytesIO):
    """A body whose connection is lost after a few bytes."""

    def __init__(self, data: bytes, count: int) -> None:
        """Lose it after so many."""
        super().__init__(data[:count])

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, then lose the connection."""
        found = super().read(size)
        if not found:
            raise IncompleteReadError(actual_bytes=0, expected_bytes=1)
        return found


def test_a_file_whose_connection_is_lost_is_read_on() -> None:
    """From where its bytes ended, of the same version of the file; not for ever."""
    body, asked = written([[str(n)] for n in range(100)], 1), []

    def call(operation: str, *, check: Any = None, Bucket: str, Key: str, Range: str = "bytes=0-", **more: Any) -> Any:
        first = int(Range.removeprefix("bytes=").rstrip("-"))
        asked.append((first, more))
        return {"ContentLength": len(body) - first, "Body": Torn(body[first:], 200), "ETag": "e"}

    s3: Any = SimpleNamespace(call=call, budget=SimpleNamespace(nap=lambda *_: None), region="eu-west-1")
    execution = Execution("q", "SUCCEEDED", output="s3://results/q.csv")
    table = results.fetch(paged([["c0"]]), s3, execution, WHOLE)
    assert table.column("c0").to_pylist() == list(range(100))
    assert asked == [(0, {}), (200, {"IfMatch": "e"}), (400, {"IfMatch": "e"})]
    body *= 20
    with pytest.raises(ConnectionLostError, match=r"lost during s3\.GetObject"):
        results.fetch(paged([["c0"]]), s3, execution, WHOLE)


def test_a_large_file_is_read_from_disk(tmp_path: Path) -> None:
    """A result above 16 MiB is read as a small one is."""
    rows: list[list[str | None]] = [[str(n), "x" * 100] for n in range(200_000)]
    answer = Answer((AnswerColumn("n", "int"), AnswerColumn("s", "text")), "rows", None)
    body = written(rows, 2)
    assert len(body) > results.IN_MEMORY
    table = results.fetch(paged([]), bucket(body), Execution("q", "SUCCEEDED", output="s3://r12/q.csv"), answer)
    assert table.num_rows == 200_000
    assert table.column("c0").to_pylist()[-1] == 199_999
