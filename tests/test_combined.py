"""Several sources as one: the answers of the interpreter over all their records, and what is asked of each."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.errors import (
    ArgumentError,
    FormatError,
    QueryCancelledError,
    QueryError,
    RowLimitWarning,
    UnknownFieldWarning,
    UnsupportedError,
)
from rejectkit.insights import parse
from rejectkit.sources.base import Source, Watch
from rejectkit.sources.combined import Combined
from rejectkit.window import Window
from tests.memory_source import MemorySource
from tests.reference.compare import disagreement
from tests.reference.generator import make_case
from tests.reference.interpreter import evaluate
from tests.reference.records import FORMATS, RecordSet, record_sets
from tests.reference.refusals import OUTSIDE, REFUSED
from tests.reference.tables import TypedTable
from tests.test_contract import Backend, a_window, report, verdict

CASES = int(os.environ.get("REJECTKIT_COMBINED_CASES", "2"))
SEED = os.environ.get("REJECTKIT_CONTRACT_SEED", "1")
SETS = 40


class Typed(TypedTable):
    """A typed table that takes a watch."""

    def run(
        self, query: str, window: Window | None = None, *, watch: Watch | None = None, **options: Any
    ) -> pd.DataFrame:
        """Answer a query; what would be warned of is not to be asked for."""
        return super().run(query, window, **options)


def shares(records: RecordSet) -> list[RecordSet]:
    """Return a record set dealt out to two or three, at random; one may get none."""
    rng = Random(f"shares {records.name} {len(records.lines)}")
    hands: list[list[str]] = [[] for _ in range(rng.choice((2, 3)))]
    for line in records.lines:
        rng.choice(hands).append(line)
    return [RecordSet(f"{records.name} {at}", records.format, tuple(hand), told=True) for at, hand in enumerate(hands)]


def files(records: RecordSet, folder: Path) -> rk.FileSource:
    """Load records as a text file."""
    folder.mkdir()
    (folder / "a.log").write_text(records.text(), encoding="utf-8")
    return rk.FileSource(folder, format=rk.LogFormat(records.log_names), cache=False)


def in_files(records: RecordSet, folder: Path) -> Combined:
    """Deal records out to files."""
    return Combined([files(one, folder / str(at)) for at, one in enumerate(shares(records))])


def in_both(records: RecordSet, folder: Path) -> Combined:
    """Deal records out to a typed table and files."""
    first, *others = shares(records)
    return Combined([Typed(first), *(files(one, folder / str(at)) for at, one in enumerate(others))])


class Uneven(RecordSet):
    """Records of which the second half is of a format that lacks some of the fields."""

    def halves(self) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        """Return events with all fields, and events with fewer."""
        rng = Random(f"fewer {self.name}")
        kept = [name for name in self.fields if name == "start" or rng.random() < 0.6]
        events, cut = super().events(), len(self.lines) // 2
        short = [{name: event[name] for name in ("@timestamp", *kept)} for event in events[cut:]]
        return events[:cut], [{**event, "@message": " ".join(str(event[name]) for name in kept)} for event in short]

    def events(self) -> list[dict[str, object]]:
        """Return the events of both."""
        whole, fewer = self.halves()
        return [*whole, *fewer]


def uneven(records: RecordSet, folder: Path) -> Combined:
    """Load the halves of an uneven set as files each; the one with fewer fields comes first now and then."""
    spelled = {name: log for log, name in FORMATS[records.format]}
    made = []
    for at, events in enumerate(Uneven(records.name, records.format, records.lines, records.told).halves()):
        (folder / str(at)).mkdir()
        (folder / str(at) / "a.log").write_text("".join(f"{event['@message']}\n" for event in events), encoding="utf-8")
        names = [spelled[name] for name in (events[0] if events else records.fields) if not name.startswith("@")]
        made.append(rk.FileSource(folder / str(at), format=rk.LogFormat(tuple(names)), cache=False))
    return Combined(made[:: Random(records.name).choice((1, -1))])


BACKENDS: list[tuple[Backend, type[RecordSet]]] = [
    (Backend("files", in_files), RecordSet),
    (Backend("a table and files", in_both), RecordSet),
    (Backend("files of two formats", uneven), Uneven),
]


@pytest.mark.parametrize(("backend", "kind"), BACKENDS, ids=[backend.name for backend, _ in BACKENDS])
@pytest.mark.parametrize("number", range(SETS))
def test_combined_sources_agree_with_the_interpreter(
    backend: Backend, kind: type[RecordSet], number: int, tmp_path: Path
) -> None:
    """Whatever the query and however records are dealt out, the answer is the interpreter's over all of them."""
    plain = record_sets(SEED, SETS)[number]
    records = kind(plain.name, plain.format, plain.lines, told=True)
    (tmp_path / "records").mkdir()
    source = backend.load(records, tmp_path / "records")
    found = []
    for i in range(CASES):
        seed = f"{SEED} {backend.name} {number} {i}"
        case = make_case(seed, records)
        window = a_window(Random(f"window {seed}"), records)
        if verdict(source, records, case.text, window) is not None:
            found.append((seed, case.text, window))
    if found:
        seed, text, window = min(found, key=lambda one: len(one[1]))
        (tmp_path / "shrunk").mkdir()
        pytest.fail(
            f"{len(found)} of {CASES} differ; {report(backend, seed, text, records, window, tmp_path / 'shrunk')}"
        )


def test_a_wrong_answer_is_found(tmp_path: Path) -> None:
    """The suite is able to fail: a part that forgets a record is caught."""
    records = replace(record_sets(SEED, SETS)[11], told=True)
    fewer = replace(records, lines=records.lines[1:])
    (tmp_path / "records").mkdir()
    assert verdict(in_files(fewer, tmp_path / "records"), records, "stats count(*) as n", None) is not None


# what each source is asked

DAY = rk.Window.parse("2026-11-01", "2026-11-02")
A = pd.DataFrame(
    {
        "@timestamp": pd.to_datetime(["2026-11-01T00:00:00Z", "2026-11-01T00:02:00Z"]),
        "srcAddr": ["10.0.0.1", "10.0.0.2"],
        "dstPort": pd.array([22, None], dtype="Int64"),
        "start": pd.array([1793491200, 1793491320], dtype="Int64"),
        "action": ["REJECT", "ACCEPT"],
    }
)
B = pd.DataFrame(
    {
        "@timestamp": pd.to_datetime(["2026-11-01T00:01:00Z", "2026-11-01T00:03:00Z"]),
        "vpcId": ["vpc-1", "vpc-2"],
        "action": ["REJECT", "REJECT"],
        "startTime": ["1793491260", "1793491380"],  # as text
        "dstPort": pd.array([443, 22], dtype="Int64"),
    }
)


def two() -> tuple[MemorySource, MemorySource, Combined]:
    """Return two sources with other fields, and both together."""
    first, second = MemorySource(A), MemorySource(B)
    return first, second, Combined([first, second])


def flags(*names: str) -> str:
    """Return how a source is asked which fields a row has."""
    told = [f'if(ispresent({name}), "1", "0")' for name in names]
    return f"concat({', '.join(told)}) as rk_has"


ASKED = [
    (
        'fields dstPort, action as a | filter action = "REJECT" # those\n | stats count(*) as n by dstPort',
        f'filter action = "REJECT"\n| fields @timestamp, action, dstPort, {flags("action", "dstPort")}',
        f'filter action = "REJECT"\n| fields @timestamp, action, dstPort, {flags("action", "dstPort")}',
    ),
    (
        'filter srcAddr = "10.0.0.1" | stats count(*) as n',
        f'filter srcAddr = "10.0.0.1"\n| fields @timestamp, srcAddr, {flags("srcAddr")}',
        "fields @timestamp",
    ),
    ("stats count(*) as n", "fields @timestamp", "fields @timestamp"),
    (
        "display startTime | sort startTime | limit 3",
        f"fields @timestamp, start, {flags('start')}\n| sort start asc\n| limit 3",
        f"fields @timestamp, startTime, {flags('startTime')}\n| sort startTime asc\n| limit 3",
    ),
    (
        "fields dstPort",
        f"fields @timestamp, dstPort, {flags('dstPort')}\n| sort @timestamp desc\n| limit 10001",
        f"fields @timestamp, dstPort, {flags('dstPort')}\n| sort @timestamp desc\n| limit 10001",
    ),
    (
        "display dstPort | sort srcAddr desc | limit 2",
        f"fields @timestamp, dstPort, srcAddr, {flags('dstPort', 'srcAddr')}\n| sort srcAddr desc\n| limit 2",
        f"fields @timestamp, dstPort, {flags('dstPort')}",
    ),
    (
        "fields strlen(action) as n | filter n = 6 | sort n | limit 2",
        f"fields @timestamp, action, {flags('action')}",
        f"fields @timestamp, action, {flags('action')}",
    ),
    ("filter now () > 1 | display dstPort | dedup dstPort | limit 1", *[f"fields @timestamp, dstPort, {flags('dstPort')}"] * 2),
    ("limit 1 | filter dstPort = 22 | display dstPort",
     *[f"fields @timestamp, dstPort, {flags('dstPort')}\n| sort @timestamp desc\n| limit 1"] * 2),
]  # fmt: skip


@pytest.mark.parametrize(("query", "first", "second"), ASKED, ids=[query for query, _, _ in ASKED])
def test_each_source_is_asked_for_what_the_answer_needs(query: str, first: str, second: str) -> None:
    """Filters go to the sources that have their fields, only fields that are read are fetched, and no row too many."""
    one, other, both = two()
    both.run(query)
    assert (one.asked, other.asked) == ([first], [second])


def test_all_rows_are_fetched_where_they_are_wanted() -> None:
    """`all_rows` lifts the limit for the sources as for the answer."""
    one, _, both = two()
    both.run("fields dstPort", all_rows=True)
    assert one.asked == [f"fields @timestamp, dstPort, {flags('dstPort')}"]


def test_a_long_filter_is_answered_here() -> None:
    """A filter that might not fit into what a source is asked is left to the package's own engine."""
    one, _, both = two()
    ports = ", ".join(map(str, (22, *range(1000, 2000))))
    assert both.run(f"filter dstPort in [{ports}] | stats count(*) as n")["n"].tolist() == [2]
    assert one.asked == [f"fields @timestamp, dstPort, {flags('dstPort')}"]


def test_a_name_of_the_records_is_not_taken() -> None:
    """The column that says which fields are there has a name that no field has."""
    source = MemorySource(A.rename(columns={"srcAddr": "rk_has"}))
    assert Combined([source]).run("fields rk_has | limit 1")["rk_has"].tolist() == ["10.0.0.2"]
    assert " as rk_has_\n" in source.asked[0]


def test_fields_rows_and_records_of_all() -> None:
    """Fields that all have come first; a field that one has not is missing in its records; rows are newest first."""
    _, _, both = two()
    assert both.fields == ("dstPort", "start", "action", "srcAddr", "vpcId")
    got = both.run("fields dstPort, srcAddr, start, ispresent(vpcId) as v, ispresent(dstPort) as p")
    assert got["start"].tolist() == [1793491380, 1793491320, 1793491260, 1793491200]
    assert got["dstPort"].astype(object).where(got["dstPort"].notna(), None).tolist() == [22, None, 443, 22]
    assert got["srcAddr"].fillna("?").tolist() == ["?", "10.0.0.2", "?", "10.0.0.1"]
    assert (got["v"].tolist(), got["p"].tolist()) == ([1, 0, 1, 0], [1, 1, 1, 1])
    records = both.records(action=None)
    assert list(records.columns) == ["@timestamp", "dstPort", "start", "action", "srcAddr", "vpcId"]
    assert [str(kind) for kind in records.dtypes] == ["datetime64[ms, UTC]", "Int64", "Int64", "str", "str", "str"]
    assert records["start"].tolist() == [1793491200, 1793491260, 1793491320, 1793491380]
    assert both.records()["vpcId"].fillna("?").tolist() == ["?", "vpc-1", "vpc-2"]
    assert len(both.records(Window.parse("2026-11-01T00:01", "2026-11-01T00:03"), None)) == 2


def test_the_window_is_applied_by_the_sources() -> None:
    """Each source applies the window; a query can still ask for its ends."""
    _, _, both = two()
    minute = Window.parse("2026-11-01T00:01", "2026-11-01T00:02")
    assert both.run("stats count(*) as n", minute)["n"].tolist() == [1]
    query = "filter start * 1000 >= queryStartTime() | stats count(*) as n, max(queryEndTime()) as e"
    assert both.run(query, DAY).to_dict("list") == {"n": [4], "e": [DAY.millis[1]]}


def test_a_source_of_sources_is_one() -> None:
    """Combined sources are a source, and may be combined."""
    _, second, both = two()
    assert isinstance(both, Source)
    assert Combined([both, second]).run("stats count(*) as n")["n"].tolist() == [6]


def test_lines_that_do_not_fit_are_those_of_all() -> None:
    """`skipped` is that of every source; where none tells, it is empty."""
    skipped = pd.DataFrame({"file": ["a"], "line": [3], "reason": ["odd"]})
    both = Combined([MemorySource(A, skipped), MemorySource(B)])
    assert both.skipped.to_dict("records") == [{"file": "a", "line": 3, "reason": "odd"}]

    class Silent:
        fields = ("start",)

        def run(self, query: str) -> None:
            """Answer nothing."""

    assert list(Combined([Silent()]).skipped.columns) == ["file", "line", "reason"]


def test_a_window_is_a_window(log_file: Path) -> None:
    """What is no window is refused with the way to make one, by files alone and together."""
    files = rk.FileSource(log_file)
    for source in (files, rk.Combined([files])):
        for ask in (lambda one: one.run("stats count(*)", "24h"), lambda one: one.records("24h")):
            with pytest.raises(ArgumentError, match=r"^window is '24h'; give a Window, for example rk\.Window\.last"):
                ask(source)


def test_what_cannot_be_combined() -> None:
    """There has to be a source, and each has to be one."""
    with pytest.raises(
        ArgumentError, match=r"^there is no source to combine; give a list of them, for example of two File"
    ):
        Combined([])
    with pytest.raises(ArgumentError, match=r"^'x' is no source; give a FileSource, an InsightsSource or another one$"):
        Combined(["x"])


def test_refused_before_anybody_is_asked() -> None:
    """What the language refuses is refused before a source is asked, and so is what only CloudWatch answers."""
    one, other, both = two()
    wrong = []
    for query, message in [*REFUSED, *((query, None) for query in OUTSIDE)]:
        kind = UnsupportedError if query in OUTSIDE else QueryError
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnknownFieldWarning)
            try:
                wrong.append((query, f"{len(both.run(query))} rows"))
            except kind as error:
                wrong += [(query, error.message)] if message is not None and error.message != message else []
    assert wrong == []
    assert one.asked == other.asked == []


def test_a_field_that_nobody_has_is_warned_of_once() -> None:
    """A field that one source has is none to be warned of; one that none has is, once."""
    _, _, both = two()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        both.run('filter nosuch = 1 or srcAddr = "x" or ispresent(vpcId) | fields srcAddr, vpcId')
    assert [str(one.message) for one in caught] == ["no record has a field 'nosuch', so it is empty everywhere"]


def test_rows_are_cut_at_the_limit_of_the_language() -> None:
    """Without a limit 10,000 rows of all come back, newest first, with a warning; `all_rows` lifts that."""
    lines = tuple(f"{i % 70} 10.0.{i % 250}.1 {1767225600 + i} REJECT" for i in range(10_050))
    records = RecordSet("many", "short", lines, told=True)
    source = Combined([Typed(one) for one in shares(records)])
    for query in ("fields @timestamp, dstPort", "fields dstPort | sort @timestamp asc", "stats count(*) as n by start"):
        with pytest.warns(RowLimitWarning):
            got = source.run(query)
        assert len(got) == 10_000
        assert disagreement(evaluate(parse(query), records.events()), got) is None
    assert len(source.run("fields dstPort", all_rows=True)) == 10_050
    assert len(source.run("fields dstPort | limit 10020")) == 10_020


class Waiting(MemorySource):
    """A source that answers when it is cancelled, by saying so."""

    def __init__(self, records: pd.DataFrame) -> None:
        """Start with nobody waiting."""
        super().__init__(records)
        self.begun = threading.Event()
        self.ended: BaseException | None = None

    def run(
        self, query: str, window: Window | None = None, *, watch: Watch | None = None, **options: Any
    ) -> pd.DataFrame:
        """Wait for the cancel."""
        assert watch is not None
        gone = threading.Event()
        watch.on_cancel(gone.set)
        self.begun.set()
        gone.wait()
        try:
            watch.check()
        except QueryCancelledError as error:
            self.ended = error
            raise
        raise AssertionError("nobody cancelled")


def failing(error: Exception, before: Callable[[], object] = lambda: None) -> MemorySource:
    """Return a source that fails."""

    class Failing(MemorySource):
        def run(self, query: str, window: Window | None = None, **options: Any) -> pd.DataFrame:
            before()
            raise error

        def __repr__(self) -> str:
            return "Failing()"

    return Failing(A)


def test_an_error_of_one_is_the_error_of_all() -> None:
    """If one source fails the others are stopped, and its error comes out as it was, with a note of whose it is."""
    waiting = Waiting(B)
    with pytest.raises(FormatError) as caught:
        Combined([waiting, failing(FormatError("odd"), waiting.begun.wait)]).run("stats count(*) as n")
    assert str(caught.value) == "odd"
    assert caught.value.__notes__ == ["This came from Failing()."]
    assert isinstance(waiting.ended, QueryCancelledError)
    with pytest.raises(FormatError) as caught:
        Combined([failing(FormatError("Failing() is odd"))]).run("stats count(*) as n")
    assert not hasattr(caught.value, "__notes__")


def test_a_cancel_stops_them_all() -> None:
    """A cancel is passed on to every source; nothing is returned."""
    first, second, watch = Waiting(A), Waiting(B), Watch()
    stopper = threading.Thread(target=lambda: (first.begun.wait(), second.begun.wait(), watch.cancel()))
    stopper.start()
    with pytest.raises(QueryCancelledError):
        Combined([first, second]).run("stats count(*) as n", watch=watch)
    stopper.join()
    assert first.ended is not None
    assert second.ended is not None


def test_progress_is_that_of_all_together() -> None:
    """Each source moves the one progress by its share, and the end is reported once all is done."""
    told: list[float] = []
    _, _, both = two()
    both.run("stats count(*) as n", watch=Watch(lambda fraction, what: told.append(round(fraction, 3))))
    assert max(told[:-1]) == 0.95
    assert {0.0, 0.475} & set(told)
    assert told[-1] == 1.0


def test_what_is_unsettled_in_one_is_so_in_all() -> None:
    """From when on records may still come in is the earliest of what the sources say."""
    moments = [pd.Timestamp("2026-11-01T01:00Z"), pd.Timestamp("2026-11-01T00:30Z")]

    def late(moment: pd.Timestamp) -> MemorySource:
        class Late(MemorySource):
            def run(self, *args: Any, **options: Any) -> pd.DataFrame:
                answer = super().run(*args, **options)
                answer.attrs["unsettled_from"] = moment
                return answer

        return Late(A)

    both = Combined([*map(late, moments), MemorySource(B)])
    assert both.run("fields srcAddr").attrs == {"unsettled_from": moments[1]}
    assert both.records().attrs == {"unsettled_from": moments[1]}
    assert Combined([MemorySource(B)]).run("fields dstPort").attrs == {}


def test_a_missing_field_is_told_from_one_without_a_value(tmp_path: Path) -> None:
    """A source whose records have different fields says which are there: null in its answers is either of two things."""
    (tmp_path / "a.log").write_text("start srcaddr dstport\n1793491200 - 22\n1793491201 10.0.0.1 -\n", encoding="utf-8")
    (tmp_path / "b.log").write_text("start srcaddr action\n1793491202 10.0.0.2 REJECT\n", encoding="utf-8")
    both = Combined([rk.FileSource(tmp_path, cache=False), MemorySource(B)])
    got = both.run("fields ispresent(srcAddr) as s, ispresent(dstPort) as p, dstPort, srcAddr | sort @timestamp asc")
    assert got["s"].tolist() == [1, 1, 1, 0, 0]
    assert got["p"].tolist() == [1, 1, 0, 1, 1]
    assert got["dstPort"].isna().tolist() == [False, True, True, False, False]
    assert got["srcAddr"].isna().tolist() == [True, False, False, True, True]
    assert both.run('filter srcAddr != "10.0.0.1" | stats count(*) as n')["n"].tolist() == [2]
