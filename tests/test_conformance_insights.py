"""Documented behaviour of the query language, row by row: by the plain interpreter, and by the engine.

The rows are in `tables/insights_conformance.json`, each with the AWS page or the tool in use that it comes
from. One row of the collection is left out: its page's pattern does not fit the page's own event.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

import rejectkit as rk
from rejectkit.errors import QueryError, RejectkitWarning, UnsupportedError
from rejectkit.insights import parse
from tests.events import ask
from tests.reference import interpreter
from tests.reference.compare import printed
from tests.reference.records import DEFAULT

ROWS = json.loads((Path(__file__).parent / "tables" / "insights_conformance.json").read_text(encoding="utf-8"))
OUTSIDE = {"doc-dectohex": "decToHex", "doc-hextodec": "hexToDec", "doc-hextoascii": "hexToAscii"}
LEFT_OUT = {"doc-parse-glob-nested"}

WITH_ANSWER = [row for row in ROWS if row["input"] and row["id"] not in OUTSIDE]
REFUSED = [row for row in ROWS if "error" in row["expect"]]
ACCEPTED = [row for row in ROWS if "accepted" in row["expect"]]
Answer = tuple[list[str] | None, list[dict[str, str]]]


def each(rows: list[dict[str, Any]]) -> pytest.MarkDecorator:
    """Run a test for each row, named by the row's id."""
    return pytest.mark.parametrize("row", rows, ids=[row["id"] for row in rows])


def events(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a row's lines, with the fields that the service discovers: of JSON, and of flow logs."""
    lines = row["input"]["lines"]
    moments = row["input"].get("timestamps_ms") or range(1_767_225_600_000, 1_767_225_600_000 + len(lines))
    out = []
    for moment, line in zip(moments, lines, strict=True):
        event: dict[str, Any] = {"@timestamp": moment, "@message": line}
        names = _columns(row)
        if line.startswith('{"'):
            event |= {name: str(value) for name, value in json.loads(line).items()}
        elif len(line.split()) == len(names):
            event |= dict(zip(names, line.split(), strict=True))
        out.append(event)
    return out


def _columns(row: dict[str, Any]) -> tuple[str, ...]:
    told = row["input"].get("log_format")
    return rk.LogFormat.parse(told).columns if told else tuple(name for _, name in DEFAULT)


def is_flow_log(row: dict[str, Any]) -> bool:
    """Tell whether a row's lines are flow-log records."""
    return all("srcAddr" in event for event in events(row))


FLOW_LOGS = [row for row in WITH_ANSWER if is_flow_log(row)]


def by_interpreter(row: dict[str, Any]) -> Answer:
    """Answer a row with the plain interpreter."""
    answer = interpreter.evaluate(parse(row["query"]), events(row))
    return answer.columns, answer.texts()


def by_engine(row: dict[str, Any], *, typed: bool = False) -> Answer:
    """Answer a row with the engine; unknown fields and capped bins are what some rows are about, so their warnings pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RejectkitWarning)
        return None, ask(row["query"], events(row), typed=typed)


def by_files(row: dict[str, Any], folder: Path) -> Answer:
    """Answer a row of flow-log lines from a file."""
    path = folder / "flows.log"
    path.write_text("".join(f"{line}\n" for line in row["input"]["lines"]), encoding="utf-8")
    told = row["input"].get("log_format")
    frame = rk.FileSource(path, format=rk.LogFormat.parse(told) if told else None).run(row["query"])
    return list(frame.columns), printed(frame)


def assert_expected(row: dict[str, Any], answer: Answer, *, typed: bool = False) -> None:
    """Compare an answer with what a row expects; in typed answers the text `-` is a null."""
    columns, rows = answer
    expect = row["expect"]

    def wanted(key: str) -> list[dict[str, str]]:
        return [{k: v for k, v in row.items() if not (typed and v == "-")} for row in expect[key]]

    if expect.get("rows_are_subsets") or "log_format" in row["input"]:
        expected = wanted("rows")
        assert [{k: row.get(k) for k in want} for row, want in zip(rows, expected, strict=True)] == expected
    elif "rows" in expect:
        assert rows == wanted("rows")
    if "rows_any_order" in expect:
        assert sorted(rows, key=str) == sorted(wanted("rows_any_order"), key=str)
    for name, values in expect.get("column_values_in_order", {}).items():
        assert [row.get(name) for row in rows] == values
    for name, values in expect.get("column_values_any_order", {}).items():
        assert sorted(row[name] for row in rows) == sorted(values)
    if "row_count" in expect:
        assert len(rows) == expect["row_count"]
    if "columns_in_order" in expect and columns is not None:
        assert columns == expect["columns_in_order"]


@each(WITH_ANSWER)
def test_interpreter_gives_documented_answer(row: dict[str, Any]) -> None:
    """The second opinion is held to AWS's pages by itself."""
    assert_expected(row, by_interpreter(row))


@each(WITH_ANSWER)
def test_engine_gives_documented_answer(row: dict[str, Any]) -> None:
    """The engine gives what the pages say over events that are text."""
    assert_expected(row, by_engine(row))


@each(FLOW_LOGS)
def test_engine_gives_documented_answer_over_typed_columns(row: dict[str, Any]) -> None:
    """It gives the same where flow-log numbers are held as numbers and `-` as null."""
    assert_expected(row, by_engine(row, typed=True))


@each(FLOW_LOGS)
def test_files_give_documented_answer(row: dict[str, Any], tmp_path: Path) -> None:
    """Flow-log rows come out the same from a file of these lines."""
    assert_expected(row, by_files(row, tmp_path), typed=True)


@each(REFUSED)
def test_malformed_query_is_refused(row: dict[str, Any]) -> None:
    """What the service calls malformed is an error of the query here too, by interpreter and engine."""
    with pytest.raises(QueryError):
        interpreter.evaluate(parse(row["query"]), [])
    with pytest.raises(QueryError):
        ask(row["query"], [])


@each(ACCEPTED)
def test_query_of_live_use_is_accepted(row: dict[str, Any]) -> None:
    """Queries that the service is known to take are taken."""
    event = {"@timestamp": 1_767_225_600_000, "@message": "x", "@logStream": "s"} | {name: "1" for _, name in DEFAULT}
    assert isinstance(ask(row["query"], [event]), list)
    answer = interpreter.evaluate(parse(row["query"]), [event])
    if "columns_in_order" in row["expect"]:
        assert answer.columns == row["expect"]["columns_in_order"]


@each([row for row in ROWS if row["id"] in OUTSIDE])
def test_rows_outside_the_language_are_refused_by_name(row: dict[str, Any]) -> None:
    """A documented function that is not of this language is refused, and the refusal names it."""
    with pytest.raises(UnsupportedError, match=OUTSIDE[row["id"]]):
        ask(row["query"], events(row))


def test_table_is_the_whole_collection(shared: Path) -> None:
    """No row of the collection is forgotten, and none was changed on the way."""
    theirs = {
        row["id"]: row for row in json.loads((shared / "conformance" / "insights.json").read_text(encoding="utf-8"))
    }
    ours = {row["id"]: row for row in ROWS}
    assert set(theirs) - set(ours) == LEFT_OUT
    for name, row in ours.items():
        assert row == {key: theirs[name][key] for key in row}
