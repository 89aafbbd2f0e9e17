"""The bar of a query: it comes late, leaves one line, and keeps quiet where nobody looks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from rejectkit.sources.progress import DELAY, Bar, dollars_text, shown, size_text


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        """Return its seconds."""
        return self.seconds


SIZES = [
    (0, "0 B"),
    (1, "1 B"),
    (999, "999 B"),
    (999.6, "1.0 KB"),
    (1000, "1.0 KB"),
    (1234567, "1.2 MB"),
    (99_949, "99.9 KB"),
    (99_960, "100 KB"),
    (123_456, "123 KB"),
    (999_499, "999 KB"),
    (999_999, "1.0 MB"),
    (5e9, "5.0 GB"),
    (2.5e12, "2.5 TB"),
    (1.5e18, "1,500 PB"),
]
DOLLARS = [
    (0, "$0.00"),
    (0.0, "$0.00"),
    (1e-12, "<$0.0001"),
    (0.00004, "<$0.0001"),
    (0.00006, "$0.0001"),
    (0.000123, "$0.0001"),
    (0.0060, "$0.006"),
    (0.025, "$0.025"),
    (0.5, "$0.50"),
    (0.99999, "$1.00"),
    (1, "$1.00"),
    (1234.567, "$1,234.57"),
]


@pytest.mark.parametrize(("size", "text"), SIZES)
def test_bytes_in_words(size: float, text: str) -> None:
    """By powers of 1000, two or three digits."""
    assert size_text(size) == text


@pytest.mark.parametrize(("dollars", "text"), DOLLARS)
def test_dollars_in_words(dollars: float, text: str) -> None:
    """To a hundredth of a cent, without zeros that say nothing."""
    assert dollars_text(dollars) == text


@given(st.floats(min_value=0, max_value=1e6, exclude_min=True))
def test_what_costs_something_is_never_nothing(dollars: float) -> None:
    """More than nothing is never spelled as nothing, and the words are right to the digits they show."""
    text = dollars_text(dollars)
    assert text != "$0.00"
    if not text.startswith("<"):
        assert abs(float(text[1:].replace(",", "")) - dollars) <= (0.005 if dollars >= 1 else 0.00005) + 1e-9


@given(st.floats(min_value=0, max_value=1e17))
def test_bytes_are_right_to_the_digits_shown(size: float) -> None:
    """The words are within half a digit, and below 1000 of their unit."""
    number, unit = size_text(size).split()
    scale = 1000.0 ** ["B", "KB", "MB", "GB", "TB", "PB"].index(unit)
    assert float(number) < 1000
    assert abs(float(number) * scale - size) <= (0.05001 if "." in number else 0.5001) * scale


# when it comes, and what it leaves


def drawn(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was put out, which is on stderr only."""
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_short_work_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Up to half a second nothing appears, and nothing stays."""
    clock = Clock()
    bar = Bar("Logs Insights", now=clock)
    bar.update(state="running", fraction=0.5, records=10, bytes=1000, dollars=1)
    clock.seconds += DELAY - 0.01
    bar.update(fraction=0.9)
    clock.seconds += 60
    assert not bar.appeared
    bar.close()
    assert drawn(capsys) == ""


def test_long_work_leaves_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """After half a second the bar appears with all that is known; in the end one line stays."""
    clock = Clock()
    bar = Bar("Logs Insights", now=clock)
    bar.update(state="waiting")
    clock.seconds += DELAY
    bar.update(state="running", fraction=0.4, records=1024, bytes=1234567, dollars=0.000123)
    assert bar.appeared
    seen = drawn(capsys)
    assert "Logs Insights: running" in seen
    assert ", 1,024 records, 1.2 MB, $0.0001" in seen
    clock.seconds += 2
    bar.update(records=1, bytes=2e6)
    bar.close()
    end = drawn(capsys)
    assert "1 record, 2.0 MB, $0.0001" in end
    assert end.rsplit("\r", 1)[1] == "Logs Insights: 1 record, 2.0 MB, $0.0001 scanned, 2.5 s\n"
    assert "\n" not in seen
    assert end.count("\n") == 1
    bar.update(state="reading")
    assert drawn(capsys) == ""


def test_it_is_not_drawn_for_every_update(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten times a second, and when the state is another one."""
    clock = Clock()
    bar = Bar("work", now=clock)
    clock.seconds += 1
    bar.update(state="running", fraction=0.1)
    drawn(capsys)
    clock.seconds += 0.01
    bar.update(state="running", fraction=0.2)
    assert drawn(capsys) == ""
    bar.update(state="reading")
    assert "work: reading" in drawn(capsys)
    clock.seconds += 0.11
    bar.update(fraction=7.0)
    assert drawn(capsys) != ""
    bar.close(stopped=True)
    assert drawn(capsys).endswith("\rwork: stopped after 1.1 s\n")


def test_nothing_is_shown_where_it_is_not_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    """Switched off, off by itself where stderr is no terminal, and off outside the main thread even if asked for."""
    found: list[bool] = []

    def work(enabled: bool | None) -> None:
        with shown(enabled, "work") as bar:
            bar._began -= 10
            bar.update(state="running")
            found.append(bar.appeared)

    work(False)
    work(None)
    thread = threading.Thread(target=work, args=(True,))
    thread.start()
    thread.join()
    assert found == [False, False, False]
    assert drawn(capsys) == ""
    work(True)
    assert found[-1]
    assert drawn(capsys).endswith(" s\n")


# in a terminal

WORK = """
import sys, time
from rejectkit.sources.progress import shown
def work(seconds, enabled=None, error=None):
    with shown(enabled, "Logs Insights") as bar:
        for state, share in (("waiting", 0.0), ("running", 0.4), ("reading", 0.9)):
            bar.update(state=state, fraction=share, records=1000 * share, bytes=1e6 * share, dollars=share)
            time.sleep(seconds / 2)
        if error: raise error
"""
LINE = re.compile(r"Logs Insights: 900 records, 900 KB, \$0\.90 scanned, [0-9.]+ s")


def in_terminal(code: str) -> str:
    """Run code with stderr on a pseudo-terminal of 100 columns; return what came there."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on this system")
    termios = pytest.importorskip("termios", reason="there are no pseudo-terminals on this system")
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (30, 100))
    settings = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen([sys.executable, "-c", WORK + code], stderr=terminal, env=settings) as running:
        os.close(terminal)
        seen = b""
        while True:
            try:
                more = os.read(controller, 4096)
            except OSError:  # the other side is closed
                break
            if not more:
                break
            seen += more
        assert running.wait(30) == 0, seen.decode()
    os.close(controller)
    return seen.decode()


def test_a_terminal_shows_the_bar_and_keeps_one_line() -> None:
    """By itself in a terminal: the bar while it runs, on a line that is cleared, then the last line alone."""
    seen = in_terminal("work(1.4)")
    assert "Logs Insights: running |" in seen
    assert "Logs Insights: reading |" in seen
    *before, last = [line for line in seen.replace("\r\n", "\n").split("\r") if line.strip()]
    assert LINE.fullmatch(last.rstrip("\n"))
    assert all("\n" not in line for line in before)


def test_a_terminal_shows_nothing_of_short_work_or_where_it_is_off() -> None:
    """Nothing at all is written."""
    assert in_terminal("work(0.01); work(1.4, enabled=False)") == ""


def test_work_that_fails_says_what_it_scanned() -> None:
    """What was scanned is paid for, also where the query was stopped."""
    seen = in_terminal("try: work(1.4, error=KeyboardInterrupt())\nexcept KeyboardInterrupt: pass")
    assert re.search(r"\rLogs Insights: 900 records, 900 KB, \$0\.90 scanned, stopped after [0-9.]+ s\r\n$", seen)


# in a notebook


def test_a_notebook_shows_the_bar_and_keeps_one_line() -> None:
    """A widget while it runs, a line of ordinary output after it, no stderr; nothing for short work."""
    cells = [WORK, "work(0.01)", "work(1.4)", "work(1.4, error=ValueError('x'))"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, kernel_name="python3", timeout=60)
    with pytest.raises(CellExecutionError):
        client.execute()
    assert notebook.cells[1].outputs == []
    widget, line = notebook.cells[2].outputs
    assert "application/vnd.jupyter.widget-view+json" in widget.data
    assert line.name == "stdout"
    assert LINE.fullmatch(line.text.strip())
    styles = [state["bar_style"] for state in client.widget_state.values() if "bar_style" in state]
    assert styles == ["", ""]  # no red bar is left of a query that did not need all it was thought to
    _, line, error = notebook.cells[3].outputs
    assert re.search(r"scanned, stopped after [0-9.]+ s\n", line.text)
    assert error.ename == "ValueError"


@pytest.fixture
def kernel() -> Iterator[object]:
    """A kernel's client."""
    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_widget_that_is_called_back_shows_no_bar(kernel: object) -> None:
    """Between cells a click runs on the main thread, where a bar would have no cell to stand in: none comes."""
    client: object = kernel
    code = f"""{WORK}
import ipywidgets
appeared = []
def clicked(button):
    with shown(True, "work") as bar:
        bar._began -= 10
        bar.update(state="running")
        appeared.append(bar.appeared)
button = ipywidgets.Button()
button.on_click(clicked)
button.click()
"""

    def run(cell: str, **expressions: str) -> dict[str, str]:
        reply = client.execute_interactive(cell, user_expressions=expressions, timeout=60, output_hook=lambda _: None)  # type: ignore[attr-defined]
        assert reply["content"]["status"] == "ok", reply["content"]
        return {name: found["data"]["text/plain"] for name, found in reply["content"]["user_expressions"].items()}

    told = run(code, comm="button.comm.comm_id", appeared="appeared")
    assert told["appeared"] == "[True]"  # clicked by a running cell, it is that cell's
    data = {"method": "custom", "content": {"event": "click"}}
    message = client.session.msg("comm_msg", {"comm_id": told["comm"].strip("'"), "data": data})  # type: ignore[attr-defined]
    client.shell_channel.send(message)  # type: ignore[attr-defined]
    assert run("", appeared="appeared")["appeared"] == "[True, False]"


def test_the_bar_is_loaded_when_it_is_needed(root: Path) -> None:
    """A query that ends at once pays nothing for a library of bars."""
    code = "import sys; from rejectkit.sources.progress import shown\nwith shown(True, 'x') as bar: bar.update(fraction=1)\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print('tqdm' in sys.modules)"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
