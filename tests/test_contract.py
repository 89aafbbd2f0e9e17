"""The contract of every source: the answers of the plain interpreter, for any query the generator can build.

`REJECTKIT_CONTRACT_CASES` sets how many queries a source is asked, `REJECTKIT_CONTRACT_SEED` starts from other
records and queries; both are meant for long runs by hand.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.errors import QueryError, RejectkitError, RejectkitWarning, RowLimitWarning, UnsupportedError
from rejectkit.insights import parse
from rejectkit.insights.syntax import Query
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sources.athena.source import AthenaSource
from rejectkit.window import Window
from tests import athena_tables
from tests.on_sandbox import on_sandbox
from tests.parquet_files import parquet_files
from tests.reference.compare import disagreement
from tests.reference.generator import make_case
from tests.reference.interpreter import evaluate
from tests.reference.records import RecordSet, record_sets
from tests.reference.refusals import OUTSIDE, REFUSED
from tests.reference.shrinking import shrink
from tests.reference.tables import PrintedTable, TypedTable

CASES = int(os.environ.get("REJECTKIT_CONTRACT_CASES", "400"))
SEED = os.environ.get("REJECTKIT_CONTRACT_SEED", "1")
SETS = 40
AFTERWARDS = datetime(2028, 1, 1, tzinfo=UTC)  # later than every record
SANDBOXES: dict[bool, Sandbox] = {}  # one for each kind of log group, in which every record set is a group


def text_files(records: RecordSet, folder: Path) -> rk.FileSource:
    """Load a record set as a text file, or as two if it is told its format."""
    text = records.text().splitlines(keepends=True)
    cut = len(text) // 2 if records.told and len(text) > 1 else len(text)
    (folder / "a.log").write_text("".join(text[:cut]), encoding="utf-8")
    if cut < len(text):
        (folder / "b.log").write_text("".join(text[cut:]), encoding="utf-8")
    return rk.FileSource(folder, format=rk.LogFormat(records.log_names) if records.told else None)


@pytest.fixture(scope="module", autouse=True)
def _sandboxes() -> Iterator[None]:
    """Close the sandboxes that the log groups are in."""
    yield
    while SANDBOXES:
        SANDBOXES.popitem()[1].close()


def log_group(discovers: bool) -> Callable[[RecordSet, Path], rk.InsightsSource]:
    """Return what loads a record set into a log group whose fields the service discovers, or does not."""

    def load(records: RecordSet, folder: Path) -> rk.InsightsSource:
        if discovers not in SANDBOXES:
            limits = Limits(rates={}, discovers_custom_formats=discovers)
            SANDBOXES[discovers] = start(None, start=AFTERWARDS, limits=limits)
        times = [int(str(event["@timestamp"])) for event in records.events()]
        return on_sandbox(times, records.lines, records.log_names, sandbox=SANDBOXES[discovers])

    return load


def athena(parquet: bool) -> Callable[[RecordSet, Path], AthenaSource]:
    """Return what loads a record set into S3, with a table over it that Athena queries."""

    def load(records: RecordSet, folder: Path) -> AthenaSource:
        if True not in SANDBOXES:
            SANDBOXES[True] = start(None, start=AFTERWARDS, limits=Limits(rates={}))
        database, table = athena_tables.load(SANDBOXES[True], records.lines, records.log_names, parquet=parquet)
        session = SANDBOXES[True].session
        return AthenaSource(table, database, session, output=athena_tables.output(SANDBOXES[True]), max_scan=None)

    return load


@dataclass(frozen=True)
class Backend:
    """A kind of source: how it is loaded with a record set, its share of the cases, and whether events may lack fields."""

    name: str
    load: Callable[[RecordSet, Path], Any]
    share: float = 1.0
    sparse: bool = False

    @property
    def cases(self) -> int:
        """How many queries each record set is asked."""
        return round(CASES * self.share) // SETS


# A new source is one row.
SOURCES = (
    Backend("text files", text_files),
    Backend("typed table", lambda records, folder: TypedTable(records), share=0.7),
    Backend("printed table", lambda records, folder: PrintedTable(records), share=0.7, sparse=True),
    Backend("log group", log_group(True), share=0.7),
    Backend("log group, fields parsed", log_group(False), share=0.7),
    Backend("Athena, text", athena(False), share=0.4),
    Backend("Athena, Parquet", athena(True), share=0.2),
    Backend("Parquet files", parquet_files, share=0.4),
)
each_source = pytest.mark.parametrize("backend", SOURCES, ids=[backend.name for backend in SOURCES])


def run(source: Any, query: str, window: Window | None, **options: Any) -> pd.DataFrame:
    """Ask a source; unknown fields and capped bins are among the cases, so their warnings pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RejectkitWarning)
        return source.run(query, window, **options)


def verdict(source: Any, records: RecordSet, query: str, window: Window | None) -> str | None:
    """Return in words where a source differs from the interpreter, or None; only typed answers show `-` as null."""
    start, end = window.millis if window else (float("-inf"), float("inf"))
    events = [event for event in records.events() if start <= event["@timestamp"] < end]
    try:
        expected = evaluate(parse(query), events)
    except QueryError as error:
        expected = error
    try:
        got = run(source, query, window)
    except RejectkitError as error:
        both = isinstance(error, QueryError) and isinstance(expected, QueryError)
        return None if both else f"refused: {error}"
    except Exception as error:  # noqa: BLE001  any other error is a finding, to be shown with its case
        return f"broke: {type(error).__name__}: {error}"
    return (
        f"answered; expected: {expected}"
        if isinstance(expected, QueryError)
        else disagreement(expected, got, dashed=not records.sparse)
    )


def a_window(rng: Random, records: RecordSet) -> Window | None:
    """Return no window, or one that begins and ends at, or beside, moments of records."""
    moments = sorted({event["@timestamp"] for event in records.events()})
    if not moments or rng.random() < 0.75:
        return None
    low, high = sorted(rng.choice(moments) + rng.choice((-1000, 0, 0, 1000)) for _ in range(2))
    return Window(*(datetime.fromtimestamp(ms / 1000, tz=UTC) for ms in (low, max(high, low + 1000))))


def report(backend: Backend, seed: str, text: str, records: RecordSet, window: Window | None, folder: Path) -> str:
    """Return a disagreement with its smallest case, so that it can be read and had again."""

    def differs(query: Query, fewer: RecordSet) -> str | None:
        place = folder / f"try{len(list(folder.iterdir()))}"
        place.mkdir()
        return verdict(backend.load(fewer, place), fewer, str(query), window)

    kind = str(differs(parse(text), records)).split()[0]
    query, fewer = shrink(parse(text), records, lambda q, r: str(differs(q, r)).split()[0] == kind)
    place = folder / "smallest"
    place.mkdir()
    source = backend.load(fewer, place)
    kept = folder / "records.log"
    kept.write_text(fewer.text(), encoding="utf-8")
    lines = "".join(f"\n    {line}" for line in fewer.lines[:10])
    try:
        allowed = str(evaluate(query, fewer.events()).texts()[:5])
    except QueryError as error:
        allowed = str(error)
    try:
        got = str(run(source, str(query), window).head(5).to_dict("records"))
    except Exception as error:  # noqa: BLE001  it is about to be shown
        got = f"{type(error).__name__}: {error}"
    return (
        f"{backend.name} and the interpreter differ: {differs(query, fewer)}\n  seed: {seed}\n  as generated: {text!r}\n"
        f"  smallest: {str(query)!r}\n  window: {window}\n  format: {' '.join(fewer.log_names)}\n  records: {kept}{lines}\n"
        f"  interpreter: {allowed}\n  source: {got}"
    )


@each_source
@pytest.mark.parametrize("number", range(SETS))
def test_source_agrees_with_interpreter(backend: Backend, number: int, tmp_path: Path) -> None:
    """Whatever the query, a source's answer is the interpreter's, up to the order the language leaves free."""
    records = replace(record_sets(SEED, SETS)[number], sparse=backend.sparse)
    (tmp_path / "records").mkdir()
    source = backend.load(records, tmp_path / "records")
    found = []
    for i in range(backend.cases):
        seed = f"{SEED} {backend.name} {number} {i}"
        case = make_case(seed, records)
        window = a_window(Random(f"window {seed}"), records)
        if verdict(source, records, case.text, window) is not None:
            found.append((seed, case.text, window))
    if found:
        seed, text, window = min(found, key=lambda one: len(one[1]))
        (tmp_path / "shrunk").mkdir()
        said = report(backend, seed, text, records, window, tmp_path / "shrunk")
        pytest.fail(f"{len(found)} of {backend.cases} queries differ; {said}")


@each_source
def test_source_refuses_what_the_language_refuses(backend: Backend, tmp_path: Path) -> None:
    """Every source refuses the same queries, with the service's wording where that is recorded."""
    records = RecordSet("refusals", "short", ("22 10.0.0.1 1767225600 REJECT",), told=True)
    source = backend.load(records, tmp_path)
    wrong = []
    for query, message in [*REFUSED, *((query, None) for query in OUTSIDE)]:
        kind = UnsupportedError if query in OUTSIDE else QueryError
        try:
            wrong.append((query, f"{len(run(source, query, None))} rows"))
        except kind as error:
            wrong += [(query, error.message)] if message is not None and error.message != message else []
        except Exception as error:  # noqa: BLE001  any other error is a finding
            wrong.append((query, repr(error)))
    assert wrong == []


@each_source
def test_source_cuts_rows_at_the_limit_of_the_language(backend: Backend, tmp_path: Path) -> None:
    """Without a limit 10,000 rows come back, newest first, with a warning; `all_rows` and `limit` lift that."""
    lines = tuple(f"{i % 70} 10.0.{i % 250}.1 {1767225600 + i} REJECT" for i in range(10_050))
    records = RecordSet("many", "short", lines, told=True)
    source = backend.load(records, tmp_path)
    for query in ("fields @timestamp, dstPort", "fields dstPort | sort @timestamp asc", "stats count(*) as n by start"):
        if backend.name == "printed table":
            got = run(source, query, None)
        else:
            with pytest.warns(RowLimitWarning):
                got = source.run(query, None)
        assert len(got) == 10_000
        assert disagreement(evaluate(parse(query), records.events()), got) is None
    assert len(run(source, "fields dstPort", None, all_rows=True)) == 10_050
    assert len(run(source, "fields dstPort | limit 10020", None)) == 10_020
    assert len(run(source, "fields dstPort | limit 10020", None, all_rows=True)) == 10_020


def test_a_wrong_source_is_found(tmp_path: Path) -> None:
    """The suite is able to fail: a source that forgets one record is caught, and the report names the case."""
    records = record_sets(SEED, 12)[11]

    class Forgetful(TypedTable):
        def __init__(self, all_of: RecordSet) -> None:
            super().__init__(replace(all_of, lines=all_of.lines[1:]))

    backend = Backend("forgetful", lambda records, folder: Forgetful(records))
    assert verdict(Forgetful(records), records, "stats count(*) as n", None) is not None
    text = "fields srcAddr | filter ispresent(start) | stats count(*) as n"
    said = report(backend, "seed", text, records, None, tmp_path)
    assert "forgetful and the interpreter differ" in said
    assert "smallest: 'stats count(*) as n'" in said
