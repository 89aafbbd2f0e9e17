"""Explorer without a browser: its controls are set as a front end sets them, and what comes out is read."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from memory_source import MemorySource

import rejectkit as rk
from rejectkit.errors import ArgumentError, QueryCancelledError, RejectkitError, WindowError
from rejectkit.findings import Finding
from rejectkit.sources.base import Source, Watch
from rejectkit.widgets import Explorer
from rejectkit.widgets.controls import OWN, WHOLE
from rejectkit.widgets.panes import PAGE
from rejectkit.widgets.pictures import CHARTS
from rejectkit.window import Window

SECONDS = 30
FIELDS = (
    "interfaceId",
    "srcAddr",
    "dstAddr",
    "srcPort",
    "dstPort",
    "protocol",
    "packets",
    "bytes",
    "action",
    "logStatus",
)
HOSTILE = '<img src=x onerror=alert(1)>&"eni'


def rejects(hours: int = 30) -> pd.DataFrame:
    """One inside host retrying PostgreSQL each minute, and scanners that try 40 ports an hour."""
    rows = []
    for minute in range(hours * 60):
        start = pd.Timestamp("2026-11-01", tz="UTC") + pd.Timedelta(minutes=minute)
        rows.append((start, "eni-app", "10.0.1.20", "10.0.2.30", 40000 + minute % 7, 5432, 6, 3, 180))
        if minute % 60 < 40:
            rows.append((start, HOSTILE, f"198.51.100.{minute % 2}", "10.0.0.5", 50000, minute % 60 + 20, 6, 1, 44))
    frame = pd.DataFrame(rows, columns=["@timestamp", *FIELDS[:8]])
    frame = frame.astype({name: "Int64" for name in ("srcPort", "dstPort", "protocol", "packets", "bytes")})
    return frame.assign(action="REJECT", logStatus="OK")


@dataclass
class Held:
    """A source that holds its records, and can be slow or broken."""

    frame: pd.DataFrame
    error: Exception | None = None
    slow: threading.Event | None = None
    reads: list[Window | None] = field(default_factory=list)
    fields: tuple[str, ...] = FIELDS

    def run(
        self, query: str, window: Window | None = None, *, all_rows: bool = False, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Answer how many records there are, and from when to when."""
        times = self._inside(window)["@timestamp"].dt.as_unit("ms").astype("int64")
        if query.startswith("stats count(*) as flows by logStatus, action"):
            return pd.DataFrame({"logStatus": ["OK"], "action": ["REJECT"], "flows": [len(times)]})
        assert query.startswith("stats min(toMillis(@timestamp)) as first, max(")
        return pd.DataFrame({"first": [times.min()], "last": [times.max()]})[: len(times)]

    def records(
        self, window: Window | None = None, action: str | None = "REJECT", *, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Return the records of a window; where it is slow, as soon as it is told or cancelled."""
        self.reads.append(window)
        while self.slow is not None and not self.slow.wait(0.01):
            if watch is not None:
                watch.report(0.5, "Reading slowly …")
                watch.check()
        if self.error is not None:
            raise self.error
        return self._inside(window)

    def _inside(self, window: Window | None) -> pd.DataFrame:
        times = self.frame["@timestamp"]
        inside = slice(None) if window is None else (times >= window.start) & (times < window.end)
        return self.frame[inside].reset_index(drop=True)


def findings(source: Source, window: Window | None, *, watch: Watch | None = None) -> list[Finding]:
    """One finding, with text from a log in it."""
    return [Finding(f"Seen {HOSTILE} in {window}.", "notice")]


def explore(source: Any, window: Window | None = None) -> Explorer:
    """Return an explorer that has done its work."""
    explorer = Explorer(source, window, summary=findings)
    assert explorer.wait(SECONDS)
    return explorer


def settle(explorer: Explorer) -> Explorer:
    """Wait for the work that a moved control set off."""
    assert explorer.wait(SECONDS)
    return explorer


def test_it_opens_on_everything() -> None:
    """Without a choice all rejects count, the newest are in the table, findings and a chart are there."""
    explorer = explore(Held(rejects()))
    assert len(explorer.records) == 30 * 100
    assert len(explorer.data) == explorer.selection.rows == 1_000
    assert explorer.data["@timestamp"].is_monotonic_decreasing
    assert explorer.window is None
    assert [finding.severity for finding in explorer.findings] == ["notice"]
    still = explorer.still()
    assert "3,000 flows refused from 2026-11-01 00:00 to 2026-11-02 06:00 UTC." in still
    assert "Rows 1 to 15 of 1,000, newest first (the newest of 3,000; charts count them all)" in still
    assert 'alt="Chart. Rejected flows by' in still


def test_a_moved_control_changes_data_chart_and_query() -> None:
    """A port chosen in the control is the only one in the data and the query, and the chart is another."""
    explorer = explore(Held(rejects()))
    before = explorer.still()
    explorer.controls.port.value = "5432 PostgreSQL"
    settle(explorer)
    assert set(explorer.data["dstPort"]) == {5432}
    assert len(explorer.records) == 30 * 60
    assert "dstPort = 5432" in explorer.query
    assert "1,800 of 3,000 flows refused" in explorer.still()
    assert explorer.still().split("base64,")[1] != before.split("base64,")[1]


def test_kinds_are_offered_with_their_flows_and_choose_sources() -> None:
    """The control offers the kinds the window has; the query names the addresses of the one chosen."""
    explorer = explore(Held(rejects()))
    labels = [label for label, _ in explorer.controls.kind.options]
    assert labels == ["any", "inside  (1,800)", "scanner  (1,200)"]
    explorer.controls.kind.value = "inside"
    settle(explorer)
    assert set(explorer.data["srcAddr"]) == {"10.0.1.20"}
    assert 'srcAddr = "10.0.1.20"' in explorer.query


def test_moving_a_control_reads_nothing_again() -> None:
    """What was read serves every choice inside its window."""
    source = Held(rejects())
    explorer = explore(source)
    for port in ("22", "5432", ""):
        explorer.controls.port.value = port
        settle(explorer)
    explorer.controls.quick.value = "Last hour of the data"
    settle(explorer)
    assert source.reads == [None]


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"port": 5432},
        {"kind": "inside"},
        {"kind": "scanner", "direction": "in"},
        {"direction": "out"},
        {"direction": "in", "interface": HOSTILE, "protocol": 6},
        {"source": "198.51.100.1", "port": 21, "rows": 100},
        {"window": Window.parse("2026-11-01 01:00", "2026-11-01 02:30"), "kind": "scanner"},
        {"kind": "late"},
    ],
)
def test_the_query_answers_what_is_shown(choices: dict[str, Any]) -> None:
    """Run by the language's engine in the window shown, the query gives the explorer's data, column for column."""
    frame = rejects(3)
    accepted = frame[frame["dstPort"] == 21].assign(action="ACCEPT", dstPort=443)
    accepted["dstPort"] = accepted["dstPort"].astype("Int64")
    source = MemorySource(pd.concat([frame, accepted], ignore_index=True))
    explorer = explore(source)
    explorer.select(**choices)
    settle(explorer)
    answer = source.run(explorer.query, explorer.window)
    shown = explorer.data[list(answer.columns)]
    assert len(shown) == len(answer)
    assert set(map(tuple, shown.astype(str).to_numpy())) == set(map(tuple, answer.astype(str).to_numpy()))
    assert answer.empty == (choices in ({"direction": "out"}, {"kind": "late"}))


def test_on_the_sample_each_kinds_query_answers_its_flows(root: Path) -> None:
    """The kinds are those of `classify.records` on everything, and every one can be asked for exactly."""
    source = rk.FileSource(root / "data" / "AWSLogs")
    everything = source.records(action=None)
    kinds = rk.classify.records(everything).value_counts()
    explorer = explore(source)
    assert explorer.records["kind"].value_counts().to_dict() == kinds.to_dict()
    for kind in kinds.index:
        explorer.select(kind=kind, rows=10_000)
        answer = source.run(explorer.query)
        assert len(answer) == len(explorer.data) == kinds[kind]
        columns = ["@timestamp", "srcAddr", "dstAddr", "srcPort", "dstPort", "packets"]
        both = [each[columns].astype(str).sort_values(columns).to_numpy() for each in (answer, explorer.data)]
        assert (both[0] == both[1]).all()


def test_quick_windows_count_back_from_the_last_record() -> None:
    """The last 6 hours are those of the data, not of today, and stand in the text boxes."""
    explorer = explore(Held(rejects()))
    explorer.controls.quick.value = "Last 6 hours of the data"
    settle(explorer)
    assert str(explorer.window) == "2026-11-02 00:00 to 2026-11-02 06:00 UTC"
    assert (explorer.controls.start.value, explorer.controls.end.value) == ("2026-11-02 00:00", "2026-11-02 06:00")
    assert len(explorer.records) == 6 * 100
    explorer.controls.quick.value = WHOLE
    settle(explorer)
    assert explorer.window is None
    assert len(explorer.records) == 3_000


def test_two_times_make_a_window() -> None:
    """A time written in a box is UTC, and the quick choice says that the boxes hold."""
    explorer = explore(Held(rejects()))
    explorer.controls.end.value = "2026-11-01 02:00"
    settle(explorer)
    assert explorer.controls.quick.value == OWN
    assert explorer.window == Window.parse("2026-11-01", "2026-11-01 02:00")
    assert len(explorer.records) == 200


def test_a_window_outside_what_was_read_is_read() -> None:
    """Opened on an hour, the explorer asks the source again only for what it does not have."""
    source = Held(rejects())
    hour = Window.parse("2026-11-01 01:00", "2026-11-01 02:00")
    explorer = explore(source, hour)
    assert len(explorer.records) == 100
    explorer.select(window=Window.parse("2026-11-01 01:10", "2026-11-01 01:20"))
    settle(explorer)
    day = Window.parse("2026-11-01", "2026-11-02")
    explorer.select(window=day)
    assert len(settle(explorer).records) == 2_400
    explorer.select(window=None)
    assert explorer.window == hour
    assert source.reads == [hour, day]


def test_choices_stay_when_the_window_has_none_of_them() -> None:
    """A chosen value that a narrower window lacks is still chosen, with no flows."""
    explorer = explore(Held(rejects()))
    explorer.select(kind="scanner", port=20)
    explorer.select(window=Window.parse("2026-11-01 00:50", "2026-11-01 00:55"))
    settle(explorer)
    assert explorer.selection.kind == "scanner"
    assert ("scanner  (0)", "scanner") in explorer.controls.kind.options
    assert explorer.data.empty
    assert (
        "None of the 5 flows refused from 2026-11-01 00:50 to 2026-11-01 00:55 UTC fits these choices: "
        "kind scanner, destination port 20. Show all again takes them back." in explorer.still()
    )
    explorer.controls.reset.click()
    settle(explorer)
    assert len(explorer.records) == 3_000


def test_an_empty_window_says_so() -> None:
    """Words stand where table and chart would; nothing is an error."""
    explorer = explore(Held(rejects()), Window.parse("2025-01-01", "2025-01-02"))
    assert explorer.data.empty
    still = explorer.still()
    assert "No flow was refused from 2025-01-01 00:00 to 2025-01-02 00:00 UTC." in still
    assert "<img" not in still.replace("&lt;img", "")
    assert "<table" not in still


def test_records_that_tell_no_kinds_can_still_be_explored() -> None:
    """A format without packets and bytes has no kinds to choose from, and says what to add; the rest works."""
    fields = tuple(name for name in FIELDS if name not in ("packets", "bytes"))
    explorer = Explorer(Held(rejects()[["@timestamp", *fields]], fields=fields))
    settle(explorer)
    assert [label for label, _ in explorer.controls.kind.options] == ["any"]
    explorer.select(port=5432)
    settle(explorer)
    assert set(explorer.data["dstPort"]) == {5432}
    assert "There are no findings: the records have no packets and" in explorer.still()


def test_a_source_without_records_says_so() -> None:
    """An empty source opens, and says that it is empty."""
    explorer = explore(Held(rejects().head(0)))
    assert "The source has no records at all." in explorer.still()
    assert explorer.data.empty


def test_a_wrong_path_is_a_sentence_in_the_widget(tmp_path: Path) -> None:
    """The widget opens and says what is wrong; its data raises the same."""
    explorer = explore(tmp_path / "nowhere")
    assert "nowhere" in explorer.still()
    assert 'role="alert"' in explorer.still()
    assert "Traceback" not in explorer.still()
    with pytest.raises(RejectkitError, match="nowhere"):
        _ = explorer.data


def test_wrong_text_in_a_box_is_a_sentence_and_mending_it_helps() -> None:
    """What is no port or time is told, what was shown stays; the next good text is shown."""
    explorer = explore(Held(rejects()))
    explorer.controls.port.value = "postgres"
    settle(explorer)
    assert "&#x27;postgres&#x27; is not a port; write a number" in explorer.still()
    assert "What is below is from before." in explorer.still()
    assert "<table" in explorer.still()
    with pytest.raises(ArgumentError, match="postgres"):
        _ = explorer.query
    explorer.controls.port.value = "5432"
    settle(explorer)
    assert 'role="alert"' not in explorer.still()
    assert len(explorer.records) == 1_800
    explorer.controls.end.value = "2026-10-01"
    settle(explorer)
    with pytest.raises(WindowError):
        _ = explorer.data


def test_wrong_text_does_not_stop_the_reading() -> None:
    """A slip while the first reading goes on costs nothing of it, and is still told when it is done."""
    source = Held(rejects(), slow=threading.Event())
    explorer = Explorer(source, summary=findings)
    assert not explorer.wait(0.2)
    explorer.controls.port.value = "x"
    source.slow.set()
    settle(explorer)
    assert "&#x27;x&#x27; is not a port" in explorer.still()
    assert "3,000 flows refused" in explorer.still()
    assert source.reads == [None]


def test_an_error_nobody_foresaw_is_a_sentence_too() -> None:
    """A bug in a source does not end the widget."""
    source = Held(rejects(), error=KeyError("<b>x</b>"))
    explorer = explore(source)
    assert "Something went wrong that should not have: KeyError" in explorer.still()
    assert "<b>x" not in explorer.still()
    assert explorer.panes.stop.description == "Start again"
    source.error = None
    explorer.panes.stop.click()
    assert len(settle(explorer).records) == 3_000


def test_cancel_stops_the_work_and_it_can_start_again() -> None:
    """Cancelled work leaves nothing, says so, and the same button starts it again."""
    source = Held(rejects(), slow=threading.Event())
    explorer = Explorer(source, summary=findings)
    assert not explorer.wait(0.2)
    explorer.panes.stop.click()
    settle(explorer)
    assert "Cancelled. Press Start again, or move a control." in explorer.still()
    with pytest.raises(QueryCancelledError):
        _ = explorer.data
    explorer.panes.stop.click()
    assert not explorer.wait(0.2)
    assert 'role="alert"' not in explorer.still()
    source.slow.set()
    assert len(settle(explorer).records) == 3_000
    assert explorer.panes.stop.layout.display == "none"


def test_cancelled_findings_leave_the_rest() -> None:
    """Once table and chart are there, Cancel only leaves out the findings."""
    begun = threading.Event()

    def endless(source: Source, window: Window | None, *, watch: Watch | None = None) -> list[Finding]:
        assert watch is not None
        begun.set()
        while True:
            watch.check()

    explorer = Explorer(Held(rejects()), summary=endless)
    assert begun.wait(SECONDS)
    explorer.panes.stop.click()
    settle(explorer)
    assert "Cancelled before there were findings" in explorer.still()
    assert len(explorer.records) == 3_000
    assert explorer.findings == []


def test_a_choice_made_while_reading_is_shown_when_it_is_done() -> None:
    """A control moved during the first reading does not begin it again."""
    source = Held(rejects(), slow=threading.Event())
    explorer = Explorer(source, summary=findings)
    assert not explorer.wait(0.2)
    explorer.controls.port.value = "5432"
    explorer.panes.charts.value = "Over time"
    source.slow.set()
    settle(explorer)
    assert source.reads == [None]
    assert set(explorer.data["dstPort"]) == {5432}
    assert 'alt="Chart. Rejected flows over time' in explorer.still()


def test_a_newer_window_supersedes_the_reading() -> None:
    """A window that the reading under way will not bring stops it."""
    source = Held(rejects(), slow=threading.Event())
    explorer = Explorer(source, Window.parse("2026-11-01", "2026-11-01 01:00"), summary=findings)
    assert not explorer.wait(0.2)
    told: list[str] = []
    for part in explorer.widget.children:
        if hasattr(part, "value"):
            part.observe(lambda change: told.append(str(change["new"])), "value")
    explorer.select(window=Window.parse("2026-11-01 05:00", "2026-11-01 06:00"))
    assert not explorer.wait(0.5)
    assert len(source.reads) == 2
    source.slow.set()
    settle(explorer)
    assert str(explorer.window) == "2026-11-01 05:00 to 2026-11-01 06:00 UTC"
    assert told
    assert not any("Cancelled" in words for words in told)


def test_the_table_is_paged() -> None:
    """The browser holds one page; the buttons turn it and stop at the ends."""
    explorer = explore(Held(rejects()))
    explorer.select(rows=100)
    settle(explorer)
    assert explorer.still().count("<tr>") == 1 + PAGE
    assert explorer.panes.previous.disabled
    for _ in range(10):
        explorer.panes.next.click()
    assert "Rows 91 to 100 of 100" in explorer.still()
    assert explorer.panes.next.disabled
    explorer.panes.previous.click()
    assert "Rows 76 to 90 of 100" in explorer.still()
    explorer.controls.port.value = "5432"
    assert "Rows 1 to 15 of 100" in settle(explorer).still()


@pytest.mark.parametrize("chart", list(CHARTS))
def test_every_chart_can_be_chosen(chart: str) -> None:
    """Each chart is drawn from the chosen records, and described in words."""
    explorer = explore(Held(rejects(3)))
    explorer.panes.charts.value = chart
    still = settle(explorer).still()
    assert 'role="alert"' not in still
    assert 'alt="Chart. ' in still


def test_log_text_is_escaped_everywhere() -> None:
    """A tag in a log field is text in findings, table, chart description, query and error alike."""
    explorer = explore(Held(rejects()))
    explorer.controls.interface.value = HOSTILE
    settle(explorer)
    for each in (explorer.still(), explore(Held(rejects(), error=RejectkitError(HOSTILE))).still()):
        assert "<img src=x" not in each
        assert "&lt;img src=x" in each


def test_its_parts_have_words_for_those_who_cannot_see() -> None:
    """Every control has a label; the table has a caption and headings; the picture has a text."""
    explorer = explore(Held(rejects()))
    assert all(control.description for control in explorer.controls.box.children)
    still = explorer.still()
    assert "<caption>" in still
    assert '<th scope="col">Time (UTC)</th>' in still
    assert 'alt="Chart.' in still


def test_it_shows_as_a_widget_and_as_html() -> None:
    """A notebook keeps a picture of the explorer beside the widget, for where no kernel runs."""
    explorer = explore(Held(rejects()))
    bundle = explorer._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.widget.model_id
    assert bundle["text/html"] == explorer.still()


def test_wrong_arguments_raise_at_once() -> None:
    """What is no source, no window or no choice is refused where it is written."""
    with pytest.raises(ArgumentError, match=r"source is 7; give a source such as rk.FileSource"):
        Explorer(7)  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(ArgumentError, match=r"window is '24h'; give a Window"):
        Explorer(Held(rejects()), "24h")  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(ArgumentError, match="no choice called 'dstPort'; there are window, interface"):
        explore(Held(rejects(1))).select(dstPort=22)


def test_the_public_name_is_found() -> None:
    """`rk.widgets.Explorer` is this one."""
    assert rk.widgets.Explorer is Explorer
