"""Pages of the service's rows to typed tables: the same answer as from typed records, whatever the paging and spelling."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from rejectkit.errors import RejectkitError, RowLimitWarning, UnreadableError
from rejectkit.insights import Answer, AnswerColumn, Compiled, compile_query, parse
from rejectkit.sources.cloudwatch import pages
from rejectkit.sources.cloudwatch.pages import guessed, read_page, table, typed
from tests.reference.compare import disagreement
from tests.reference.generator import make_case
from tests.reference.interpreter import evaluate
from tests.reference.records import RecordSet, record_sets
from tests.reference.tables import TypedTable

SETS = 40
CASES = 10  # of each set
Row = dict[str, str]


def body(rows: list[Row], status: str = "Complete", token: str | None = None, **style: Any) -> bytes:
    """Return an answer of GetQueryResults as the service writes it."""
    told: dict[str, Any] = {
        "queryLanguage": "CWLI",
        "results": [[{"field": name, "value": value} for name, value in row.items()] for row in rows],
        "statistics": {"recordsMatched": 1.0, "bytesScanned": 7.1185346e7},
        "status": status,
    }
    return json.dumps(told | ({"nextToken": token} if token else {}), **style).encode()


def one(value: str) -> bytes:
    """Return an answer of one row with one field `a`, its value as JSON."""
    return b'{"status": "Complete", "results": [[{"field": "a", "value": ' + value.encode() + b"}]]}"


def column(kind: Any, *cells: str | None, dash: bool = False) -> list[Any]:
    """Return what texts of the service become in a column of a type."""
    answer = Answer((AnswerColumn("a", kind, dash),), "rows", None)
    return [
        None if pd.isna(cell) else cell for cell in typed(pa.table({"a": pa.array(cells, pa.string())}), answer)["a"]
    ]


class Service:
    """Answers a query over flow logs in pages of text, as the service does: missing values are left out."""

    def __init__(self, records: RecordSet) -> None:
        self.typed = TypedTable(records)
        self.typed.connection.execute("SET threads = 1")  # rows that may come in any order come in the same one

    def answer(self, text: str, rng: Random) -> tuple[Compiled, list[bytes]]:
        """Return the query's plan in typed columns, and the pages of its rows."""
        plan = compile_query(parse(text), self.typed.table, output="text")
        names = [column.name for column in plan.answer.columns]
        rows = [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in self.typed.connection.execute(plan.sql).fetchall()
        ]
        if rng.random() < 0.2:  # the order of fields in a row is nothing to lean on
            rows = [dict(rng.sample(list(row.items()), len(row))) for row in rows]
        if plan.answer.kind == "rows":
            rows = [{**row, "@ptr": f"ptr{at}"} for at, row in enumerate(rows)]
        size = rng.choice((1, 3, 7, 10_000))
        style = {"indent": rng.choice((None, 2)), "ensure_ascii": rng.random() < 0.5}
        parts = [rows[at : at + size] for at in range(0, max(1, len(rows)), size)]
        return compile_query(parse(text), self.typed.table), [body(part, **style) for part in parts]


@pytest.mark.parametrize("records", record_sets(11, SETS), ids=lambda records: records.name)
def test_pages_say_what_typed_records_say(records: RecordSet) -> None:
    """The typed answer read from the service's text is the one computed from typed records, types and `-` included."""
    service, events = Service(records), records.events()
    for number in range(CASES):
        case = make_case(f"pages {records.name} {number}", records)
        plan, sent = service.answer(case.text, Random(number))
        got = typed(table(map(read_page, sent)), plan.answer)
        pd.testing.assert_frame_equal(got, service.typed.run(case.text), check_exact=False, rtol=1e-12, obj=case.text)
        assert disagreement(evaluate(case.query, events), got) is None, case.text


# what a page says


def test_a_page_with_all_its_members() -> None:
    """Status, statistics, token and rows are there; members that are not known are left out."""
    told = json.loads(body([{"dstPort": "22"}], "Running", "t/1"))
    told |= {"encryptionKey": "k", "queryCompileError": [1, "x", {"a": None}]}
    told["statistics"]["newest"] = 3
    told["results"][0][0]["unit"] = "None"
    page = read_page(json.dumps(told).encode())
    assert (page.status, page.next_token) == ("Running", "t/1")
    assert page.statistics == {"recordsMatched": 1.0, "bytesScanned": 71_185_346.0}
    assert page.rows.to_pylist() == [[{"field": "dstPort", "value": "22"}]]


@pytest.mark.parametrize(
    "answer",
    [b"{}", b'{"results": null, "statistics": null, "nextToken": null}', b' {"results": []}\r\n', b'\xef\xbb\xbf{"results":[]}'],
)  # fmt: skip
def test_a_page_without_rows(answer: bytes) -> None:
    """Members that are absent, null or empty are no rows, no statistics and no token."""
    page = read_page(answer)
    assert (page.status, page.statistics, page.next_token, len(page.rows)) == ("", {}, None, 0)
    assert table([page], ["a"]).to_pydict() == {"a": []}


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        (r'"\ud83d\ude00 \u00e9 \" \\ \/ \b\f\n\r\t"', '\U0001f600 é " \\ / \b\f\n\r\t'),
        (r'"a\u0000b"', "a\0b"),
        (r'"\ud83d x"', "\ufffd x"),
        (r'"\ude00\ud83d"', "\ufffd\ufffd"),
        (r'"\\ud83d"', r"\ud83d"),
        ('"é日本"', "é日本"),
        ('"a\x01b\n\tc"', "a\x01b\n\tc"),
        ('"} null"', "} null"),
        ('"<b>&amp;</b>"', "<b>&amp;</b>"),
        ('""', ""),
        ("null", None),
    ],
)
def test_what_a_text_spells(spelled: str, meant: str | None) -> None:
    """Escapes are read, control characters may stand as they are, and half a surrogate pair is replaced."""
    assert table([read_page(one(spelled))]).to_pydict() == {"a": [meant]}


def test_bytes_that_are_not_utf_8() -> None:
    """They are replaced, and the rest of the page stays."""
    assert table([read_page(one('"x"').replace(b"x", b"\xff\xfe, \xc3\xa9"))]).to_pydict() == {"a": ["\ufffd\ufffd, é"]}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"null", "it is a JSON NoneType, not an object"),
        (b"[]", "it is a JSON list, not an object"),
        (b"<html>", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"a": 1} null {"b": 2}', "it is not JSON: Extra data: line 1 column 10 (char 9)"),
        (b'{"a": 1} {"b": 2}', "there are 2 JSON objects in it, not one"),
        (one('"x')[:-3], "it is not JSON: Unterminated string starting at"),
        (b'{"a":' + b"[" * 200_000 + b"}", "it is not JSON: maximum recursion depth exceeded"),
        (b'{"status": 5}', "Column(/status) changed from string to number"),
        (b'{"results": {}}', "Column(/results) changed from array to object"),
        (one("5"), "Column(/results/[]/[]/value) changed from string to number"),
        (b'{"statistics": {"bytesScanned": "x"}}', "Column(/statistics/bytesScanned) changed from number to string"),
    ],
)
def test_what_is_no_answer(answer: bytes, told: str) -> None:
    """A body that is not an answer of GetQueryResults is an error that says where, and how to mend it."""
    with pytest.raises(UnreadableError) as caught:
        read_page(answer)
    assert isinstance(caught.value, RejectkitError)
    assert str(caught.value).startswith(f"an answer of GetQueryResults cannot be read: {told}")
    assert str(caught.value).endswith("; send the query again")


def test_names_given_twice_in_an_answer() -> None:
    """Where JSON says a member twice the later one counts, as Python reads it."""
    assert read_page(b'{"status": "Running", "status": "Complete"}').status == "Complete"


# rows to columns


def rows_of(*rows: Row) -> pages.Page:
    """Return a page of rows."""
    return read_page(body([*rows]))


def test_rows_may_differ() -> None:
    """Fields stand in the order they come up; a row may lack some, have none at all, or have them in another order."""
    found = table([rows_of({"b": "1", "@ptr": "p"}, {}, {"a": "2", "b": "3"}), rows_of({"c": "4"}), rows_of()])
    assert found.to_pydict() == {
        "b": ["1", None, "3", None],
        "a": [None, None, "2", None],
        "c": [None, None, None, "4"],
    }
    assert {str(kind) for kind in found.schema.types} == {"string"}


def test_names_that_are_asked_for() -> None:
    """Only they are there, in their order, once each; one that no row has is null; `@ptr` is one like any other."""
    page = rows_of({"b": "1", "@ptr": "p", "a": "2"})
    found = table([page, page], ["@ptr", "none", "b", "b"])
    assert found.to_pylist() == [{"@ptr": "p", "none": None, "b": "1"}] * 2


def test_rows_without_any_field() -> None:
    """They are still rows."""
    assert table([rows_of({}, {}), rows_of({})]).num_rows == 3
    answer = Answer((AnswerColumn("a", "int"), AnswerColumn("t", "time")), "rows", None)
    frame = typed(table([rows_of({}, {}), rows_of({})]), answer)
    assert list(map(str, frame.dtypes)) == ["Int64", "datetime64[ms, UTC]"]
    assert frame.isna().to_numpy().all()
    assert len(frame) == 3
    assert table([]).num_rows == len(typed(table([]), answer)) == 0


def test_odd_rows() -> None:
    """A row or a value of null is empty, one without a name is left out, and a field's later value counts."""
    told = b'{"results": [null, [null], [{"field": "a"}], [{"value": "1"}], [{"field":"a","value":"1"},{"field":"a","value":"2"}]]}'
    assert table([read_page(told)]).to_pydict() == {"a": [None, None, None, None, "2"]}


# text to types


def test_whole_numbers() -> None:
    """What spells a whole number is one, with an exponent too; everything else is null."""
    told = ("22", "-", None, "-3", "007", "7.1185346E7", "6.0", "1.5", "x", "", "0x1F", " 5", "true", "false", "NaN",
            "9223372036854775807", "-9223372036854775808")  # fmt: skip
    assert column("int", *told) == [22, None, None, -3, 7, 71185346, 6, None, None, None, None, None, 1, 0, None,
                                    2**63 - 1, -(2**63)]  # fmt: skip
    assert column("int", "1", "2") == [1, 2]
    assert column("int", "1", None, "-") == [1, None, None]
    assert column("int") == []
    assert column("int", None) == column("int", "-") == [None]


@pytest.mark.parametrize(
    "text",
    ["9223372036854775808", "99999999999999999999999", "-9223372036854775809", "1.0E30", "9.223372036854775808E18"],
)
@pytest.mark.parametrize("beside", [("1",), ("1", "-"), ("-1", "2.0")])
def test_a_whole_number_beyond_64_bits(text: str, beside: tuple[str, ...]) -> None:
    """It is an error that names column and value, never null and never another number."""
    with pytest.raises(UnreadableError) as caught:
        column("int", *beside, text)
    assert str(caught.value) == (
        f"the answer's column 'a' has {text}, which is too great for 64 bits; "
        "divide it in the query, such as `/ 1000000`, and it comes as a number with a fraction"
    )


def test_numbers() -> None:
    """Any spelling of a finite number; what is not finite, or no number, is null as in the local engine."""
    told = (
        "1.5",
        "7.1185346E7",
        "1e-05",
        "-0",
        "42",
        ".5",
        "-",
        None,
        "x",
        "Infinity",
        "-inf",
        "NaN",
        "1e999",
        "",
        "1e",
    )
    assert column("number", *told) == [1.5, 71185346.0, 1e-05, 0.0, 42.0, 0.5, *[None] * 9]


def test_times() -> None:
    """A time as the service prints it, or in milliseconds, also in one column; `-` and other text is null."""
    noon = pd.Timestamp("2019-10-30 11:01:03.250", tz="UTC")
    told = ("2019-10-30 11:01:03.250", "1572433263250", "-", None, "soon", "2019-10-30 11:01:03")
    assert column("time", *told) == [noon, noon, None, None, None, noon.floor("s")]
    assert column("time", "1572433263250", None) == [noon, None]
    assert column("time", "-86400000") == [pd.Timestamp("1969-12-31", tz="UTC")]


def test_a_time_that_is_none() -> None:
    """A day the calendar has not is an error that names the column."""
    with pytest.raises(UnreadableError, match=r"the answer's column 'a' has a time that is none: .*2019-02-30"):
        column("time", "2019-02-30 00:00:00.000")
    with pytest.raises(
        UnreadableError, match="the answer's column 'a' has a time that is none: -9999999999999999 mill"
    ):
        column("time", "1", "-9999999999999999", "2019-02-28 00:00:00.000")


def test_a_dash_in_text() -> None:
    """It is null where the column is a field of the flow log, and a text like any other elsewhere."""
    assert column("text", "-", "a", None, dash=True) == [None, "a", None]
    assert column("text", "-", "a", None) == ["-", "a", None]


def test_the_service_names_columns_otherwise() -> None:
    """The answer's columns are found by the service's names, one of them for two columns if need be."""
    answer = Answer(
        (AnswerColumn("port", "int"), AnswerColumn("dstPort", "int"), AnswerColumn("n", "int")), "rows", None
    )
    frame = typed(table([rows_of({"rk_port": "22"})]), answer, ["rk_port", "rk_port", "rk_n"])
    assert frame.to_dict("list") == {"port": [22], "dstPort": [22], "n": [None]}


def test_the_limit_of_the_language() -> None:
    """An answer longer than its cap is cut with a warning."""
    answer = Answer((AnswerColumn("a", "int"),), "rows", 2)
    with pytest.warns(RowLimitWarning, match="only the first 2 rows are here"):
        assert list(typed(table([rows_of(*({"a": str(n)} for n in range(3)))]), answer)["a"]) == [0, 1]


GUESSES = [
    (("22", None, "-5", "0"), "Int64"),
    (("22", "1.5"), "Float64"),
    (("22", "-"), "str"),
    (("007", "1"), "str"),
    (("1e5",), "str"),
    (("99999999999999999999",), "str"),
    (("2019-10-30 11:01:03.000", None), "datetime64[ms, UTC]"),
    (("2019-10-30 11:01:03",), "str"),
    (("2019-02-30 00:00:00.000",), "str"),
    (("2019-10-30 11:01:03.000", "1"), "str"),
    (("22\n",), "str"),
    (("x",), "str"),
    ((None,), "str"),
    ((), "str"),
]


@pytest.mark.parametrize(("told", "kind"), GUESSES)
def test_guesses(told: tuple[str | None, ...], kind: str) -> None:
    """A column is a number or a time if every value is spelled as the service spells one, else it stays as it is."""
    cells = guessed(pa.table({"a": pa.array(told, pa.string())}))["a"]
    assert str(cells.dtype) == kind
    if kind == "str":
        assert [None if pd.isna(cell) else cell for cell in cells] == list(told)
    assert list(cells.isna()) == [text is None for text in told]


def test_a_recorded_answer(shared: Path) -> None:
    """The rows recorded from a real account come out typed."""
    told = json.loads((shared / "data/insights/stix_shifter_vpcflow_get_query_results.json").read_text())
    frame = guessed(table([read_page(json.dumps(told["get_query_results"]).encode())]))
    assert len(frame) == len(told["get_query_results"]["results"])
    assert "@ptr" not in frame
    assert frame.loc[0, ["srcAddr", "dstPort", "bytes"]].tolist() == ["172.31.88.63", 443, 3646]
    assert frame.loc[0, "@timestamp"] == pd.Timestamp("2019-10-30 11:01:03", tz="UTC")
