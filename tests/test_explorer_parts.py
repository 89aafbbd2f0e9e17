"""The explorer's smaller parts: the newest job wins, and a query becomes a cell."""

from __future__ import annotations

import ast
import re
import threading

import pandas as pd
import pytest
from memory_source import MemorySource

from rejectkit.records import LogFormat
from rejectkit.sources.base import Watch
from rejectkit.widgets.holding import Holding
from rejectkit.widgets.jobs import Newest
from rejectkit.widgets.kept import Kept
from rejectkit.widgets.querybar import cell_text, name_in
from rejectkit.widgets.selection import Known, Selection
from rejectkit.widgets.shown import Shown
from rejectkit.window import Window


def test_of_waiting_jobs_only_the_newest_runs() -> None:
    """The job at work is cancelled, those that waited are dropped, the last one is done."""
    jobs, started, let_go, done = Newest(), threading.Event(), threading.Event(), []

    def first(watch: Watch) -> None:
        started.set()
        assert let_go.wait(10)
        done.append(("first", watch.cancelled))

    watches = [Watch(), Watch(), Watch()]
    jobs.submit(first, watches[0])
    assert started.wait(10)
    jobs.submit(lambda _: done.append(("second", False)), watches[1])
    jobs.submit(lambda watch: done.append(("third", watch.cancelled)), watches[2])
    assert jobs.busy
    assert not jobs.wait(0.01)
    let_go.set()
    assert jobs.wait(10)
    assert done == [("first", True), ("third", False)]
    assert not jobs.busy


def test_cancel_stops_what_runs_and_drops_what_waits() -> None:
    """After cancel there is nothing left to do, and cancel says whether there was."""
    jobs, started, let_go, done = Newest(), threading.Event(), threading.Event(), []
    watch = Watch()

    def first(own: Watch) -> None:
        started.set()
        while not own.cancelled:
            pass
        let_go.wait(10)
        done.append("stopped")

    assert not jobs.cancel()
    jobs.submit(first, watch)
    assert started.wait(10)
    jobs.submit(lambda _: done.append("second"), Watch())
    assert jobs.cancel()
    let_go.set()
    assert jobs.wait(10)
    assert done == ["stopped"]


def test_it_works_again_after_it_was_idle() -> None:
    """The thread ends with the work, and comes back with new work."""
    jobs, done = Newest(), []
    for number in range(50):
        jobs.submit(lambda _, number=number: done.append(number), Watch())
        assert jobs.wait(10)
    assert done == list(range(50))


def test_kept_flows_are_not_asked_for_again() -> None:
    """Refused flows of a window inside the one that was read come from memory, and equal the source's own."""
    lines = [f"2 1 eni-1 10.0.0.{n} 10.0.1.1 4000 22 6 1 40 {1793491200 + n} 1793491260 REJECT OK" for n in range(9)]
    frame = pd.DataFrame([LogFormat.default().parse_line(line) for line in lines])
    frame.insert(0, "@timestamp", pd.to_datetime(frame["start"], unit="s", utc=True))
    source = MemorySource(frame)
    window = Window.parse("2026-11-01 00:00", "2026-11-01 01:00")
    inner = Window.parse("2026-11-01 00:00:02", "2026-11-01 00:00:05")
    kept, own = Kept(source, window, source.records(window)), source.records(inner)
    asked = len(source.asked)
    assert len(kept.records(window)) == 9
    pd.testing.assert_frame_equal(kept.records(inner), own)
    assert len(source.asked) == asked
    assert len(kept.records(None)) == 9
    assert kept.records(window, "ACCEPT").empty
    assert kept.run("stats count(*) as n")["n"].tolist() == [9]
    assert len(source.asked) == asked + 3
    assert (kept.fields, list(kept.skipped)) == (source.fields, ["file", "line", "reason"])


@pytest.mark.parametrize(
    "query",
    [
        "stats count(*)",
        'fields srcAddr\n| filter srcAddr = "a"\n| limit 3',
        'fields a\n| filter a = "x\\"y"',
        'fields a\n| filter a = """"',
        "fields a\n| filter a = '''\\'",
        'filter a = "\u202e"\n| limit 1',
    ],
)
def test_a_cell_holds_the_query_to_the_letter(query: str) -> None:
    """Whatever is in the query, the cell is Python whose text is the query and nothing else."""
    call = ast.parse(cell_text(query, None, "source")).body[0].value  # type: ignore[attr-defined]  # an expression
    assert ast.literal_eval(call.args[0]).strip("\n") == query


def test_a_cell_names_source_and_window() -> None:
    """The cell calls source and package as the notebook does, and imports the package where that has no name for it."""
    window = Window.parse("2026-11-01", "2026-11-02")
    span = 'Window.parse("2026-11-01 00:00:00", "2026-11-02 00:00:00")'
    assert cell_text("limit 1", window, "src", "reject") == f"src.run('limit 1', reject.{span})"
    assert cell_text("limit 1", window, "src", None) == f"import rejectkit as rk\n\nsrc.run('limit 1', rk.{span})"


def test_a_query_the_console_would_not_take_is_noted() -> None:
    """Where no field tells kinds apart, or the text is longer than the service takes, a note says so."""
    frame = pd.DataFrame({"srcAddr": [f"198.51.{n % 200}.{n // 200}" for n in range(2_000)], "dstPort": 22})
    frame["@timestamp"] = pd.Timestamp("2026-11-01", tz="UTC")
    frame["kind"] = ["scanner", "late"] * 1_000
    fields = ("srcAddr", "dstPort", "action")
    whole = Window.parse("2026-11-01", "2026-11-02")
    view = Holding(None, whole, frame, Known(fields))
    assert Shown.of(Selection(), view).note == ""
    note = Shown.of(Selection(kind="late"), view).note
    assert re.fullmatch(r"This query has 1\d,\d{3} characters; CloudWatch takes 10,000\. A shorter window, .+", note)
    twins = Holding(None, whole, frame.assign(srcAddr="198.51.100.7"), Known(fields))
    assert Shown.of(Selection(kind="late"), twins).note == (
        "The query may answer with 1,000 flows of other kinds, which no field tells apart."
    )


def test_a_value_is_found_by_its_public_name() -> None:
    """The very object counts, not an equal one; IPython's own names do not."""
    mine, other = [1], [1]
    assert name_in({"_": mine, "other": other, "mine": mine}, mine) == "mine"
    assert name_in({"_": mine, "other": other}, mine) is None
