"""Explorer in a real JupyterLab in a real browser: controls are moved, and the page is read.

Pictures go to the folder that REJECTKIT_SCREENSHOTS names, else to pytest's temporary one.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

pytestmark = pytest.mark.browser

REPOSITORY = Path(__file__).resolve().parents[1]
TOKEN = "rejectkit-test"
PATIENCE = 30_000  # milliseconds
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
MANY = 400_000
SLOW = '''
import threading
class Slow:
    """A source that takes a minute, and can be stopped."""
    fields = source.fields
    def run(self, *args, **more):
        return source.run(*args, **more)
    def records(self, window=None, action="REJECT", *, watch=None):
        for second in range(600):
            watch.check()
            watch.report(second / 600, f"Reading part {second} of 600 …")
            threading.Event().wait(0.1)
        return source.records(window, action, watch=watch)
'''


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all tests."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder JupyterLab shows: the sample, and a file of 400,000 rejects."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(REPOSITORY / "data" / "AWSLogs", root / "AWSLogs")
    write_many(root / "many.log")
    return root


def write_many(path: Path) -> None:
    """Write 400,000 rejects of 200 interfaces over a day: scanners, and an inside host that retries."""
    rng = np.random.default_rng(7)
    first = rng.choice([23, 45, 80, 91, 141, 185, 193], 5000)
    scanners = [f"{a}.{b}.{c}.{d}" for a, (b, c, d) in zip(first, rng.integers(1, 255, (5000, 3)), strict=True)]
    source = np.minimum(rng.zipf(1.3, MANY) - 1, 4999)
    ports = np.where(
        rng.random(MANY) < 0.6, rng.choice([22, 23, 80, 445, 3389, 5060, 8080], MANY), rng.integers(1, 65536, MANY)
    )
    start = 1_793_491_200 + np.sort(rng.integers(0, 86_400, MANY))
    eni, low = rng.integers(0, 200, MANY), rng.integers(1024, 65536, MANY)
    inside = rng.random(MANY) < 0.05
    with path.open("w", encoding="ascii") as out:
        for i in range(MANY):
            who, port = ("10.0.9.9", 5432) if inside[i] else (scanners[source[i]], ports[i])
            out.write(
                f"2 123456789012 eni-{eni[i]:017x} {who} 10.0.{eni[i] % 8}.{eni[i]} {low[i]} {port} 6 1 44"
                f" {start[i]} {start[i] + 30} REJECT OK\n"
            )


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """JupyterLab on the loopback, at a free port, with a home of its own; gives its address."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)  # else Lab asks whether it may look for news
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    own["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    more = {"HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "XDG_CACHE_HOME": str(home / "cache")}
    more["PYTHONPATH"] = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
    log = (home / "lab.log").open("wb")
    running = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
            *(f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}"),
            f"--IdentityProvider.token={TOKEN}",
        ],
        env={**os.environ, **own, **more},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{address}/api?token={TOKEN}"), 60, lambda: (home / "lab.log").read_text())
        yield address
    finally:
        running.terminate()
        running.wait(30)
        log.close()


def answers(address: str) -> bool:
    """Whether a server answers."""
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


def wait_until(true: Callable[[], bool], seconds: float, tell: Callable[[], str]) -> None:
    """Wait until something is so; else fail with what `tell` says."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, tell()
        time.sleep(0.1)


class Lab:
    """A notebook open in a page of its own."""

    def __init__(self, page: Page, server: str, folder: Path, pictures: Path) -> None:
        self.page, self._server, self._folder, self._pictures = page, server, folder, pictures

    def open(self, name: str, *cells: str) -> Locator:
        """Write a notebook, open it, run it all; return its explorers."""
        content = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(content, self._folder / f"{name}.ipynb")
        self.page.goto(f"{self._server}/lab/tree/{name}.ipynb?token={TOKEN}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE)
        self.page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
        self.page.click(".lm-MenuBar-item:has-text('Run')")
        self.page.click(".lm-Menu-item:has-text('Run All Cells') >> nth=0")
        self.page.wait_for_selector(".rejectkit", timeout=PATIENCE)
        return self.page.locator(".rejectkit")

    def picture(self, name: str, explorer: Locator) -> None:
        """Save the page as it is on a wide and on a narrow screen; nothing may stick out."""
        self._take(f"{name}-1280", explorer)
        self.page.set_viewport_size({"width": 900, "height": 1500})
        self.page.evaluate("document.activeElement?.blur()")
        self.page.keyboard.press("Control+B")  # hides the list of files, as one does on a small screen
        self._take(f"{name}-900", explorer)
        self.page.keyboard.press("Control+B")
        self.page.set_viewport_size({"width": 1280, "height": 1500})

    def snap(self, name: str) -> None:
        """Save the page as it is."""
        self.page.screenshot(path=self._pictures / f"{name}.png")

    def _take(self, name: str, explorer: Locator) -> None:
        explorer.locator(".rejectkit-controls").scroll_into_view_if_needed()
        self.page.wait_for_timeout(500)
        self.snap(name)
        assert explorer.evaluate("box => box.scrollWidth <= box.clientWidth + 1"), f"{name} sticks out"


@pytest.fixture
def lab(
    request: pytest.FixtureRequest,
    browser: Browser,
    server: str,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lab]:
    """A page that takes the clipboard, and fails the test where the page's scripts fail."""
    pictures = Path(os.environ.get("REJECTKIT_SCREENSHOTS") or tmp_path_factory.mktemp("pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        viewport={"width": 1280, "height": 1500}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    opened = Lab(page, server, folder, pictures)
    yield opened
    opened.snap(f"last-{request.node.name[:30]}")  # what a failed test saw
    context.close()
    assert not errors


def said(explorer: Locator, words: str) -> None:
    """Wait until the explorer says these words over its table, and its work is done."""
    explorer.locator(".rejectkit-said", has_text=words).first.wait_for()
    explorer.get_by_role("button", name="Cancel").wait_for(state="hidden")


def chart(explorer: Locator) -> tuple[str, str]:
    """Return the words and the data of the chart that is shown."""
    image = explorer.locator(".rejectkit-chart img")
    return image.get_attribute("alt") or "", image.get_attribute("src") or ""


def column(explorer: Locator, heading: str) -> list[str]:
    """Return the cells of a column of the table."""
    place = explorer.locator(".rejectkit-table th").all_inner_texts().index(heading) + 1
    return explorer.locator(f".rejectkit-table tbody td:nth-child({place})").all_inner_texts()


def test_a_moved_control_changes_table_and_chart_and_the_query_becomes_a_cell(lab: Lab) -> None:
    """The whole way of a user: look, choose a kind and a port, take the query along."""
    explorer = lab.open(
        "sample", "import rejectkit as rk\nsource = rk.FileSource('AWSLogs')\nrk.widgets.Explorer(source)"
    )
    said(explorer, "refused from")
    lab.picture("sample", explorer)
    table, (_, drawn) = explorer.locator(".rejectkit-table tbody"), chart(explorer)
    before = table.inner_text()

    kind = explorer.get_by_label("Kind", exact=True)
    label = next(text for text in kind.locator("option").all_inner_texts() if text.startswith("inside"))
    kind.select_option(label=label)
    said(explorer, "kind inside")
    assert table.inner_text() != before
    assert chart(explorer)[1] != drawn
    assert set(column(explorer, "Kind")) == {"inside"}

    explorer.get_by_label("Destination port").fill("5432")
    explorer.get_by_label("Destination port").press("Enter")
    said(explorer, "destination port 5432")
    assert {text.split()[0] for text in column(explorer, "Dst port")} == {"5432"}

    button = explorer.get_by_role("button", name="over time", exact=False)
    button.focus()
    button.press("Enter")
    explorer.locator(".rejectkit-chart img[alt*='over time']").wait_for()

    explorer.get_by_role("button", name="Copy query").click()
    explorer.get_by_text("Query copied.").wait_for()
    copied = lab.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("fields @timestamp, ")
    assert "dstPort = 5432" in copied

    explorer.get_by_role("button", name="Query to next cell").click()
    explorer.get_by_text("The cell below runs this query.").wait_for()
    cell = lab.page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    cell.locator(".cm-content", has_text="dstPort = 5432").wait_for()
    assert cell.locator(".cm-line").first.inner_text().startswith('source.run("""')
    cell.locator(".cm-focused").wait_for()
    lab.page.keyboard.press("Shift+Enter")
    cell.locator(".jp-OutputArea-output table.dataframe").wait_for()
    cell.locator(".jp-OutputArea").scroll_into_view_if_needed()
    lab.snap("query-to-cell")


def test_cancel_stops_long_work(lab: Lab) -> None:
    """While work goes on its progress moves; Cancel ends it, says so, and offers to start again."""
    explorer = lab.open(
        "slow", "import rejectkit as rk\nsource = rk.FileSource('AWSLogs')", SLOW, "rk.widgets.Explorer(Slow())"
    )
    explorer.get_by_text(re.compile(r"Reading part \d+ of 600")).wait_for()
    lab.picture("working", explorer)
    explorer.get_by_role("button", name="Cancel").click()
    explorer.get_by_text("Cancelled. Press Start again, or move a control.").wait_for()
    explorer.get_by_role("button", name="Start again").click()
    explorer.get_by_text(re.compile(r"Reading part \d of 600")).wait_for()
    assert explorer.get_by_role("alert").count() == 0
    explorer.get_by_role("button", name="Cancel").click()
    explorer.get_by_role("button", name="Start again").wait_for()


def test_a_wrong_path_and_an_empty_window_are_told_in_words(lab: Lab) -> None:
    """Neither is a traceback: the first is a sentence that names the path, the second says there is nothing."""
    both = lab.open(
        "nothing",
        "import rejectkit as rk\nrk.widgets.Explorer('no/such/folder')",
        "rk.widgets.Explorer('AWSLogs', rk.Window.parse('2001-01-01', '2001-01-02'))",
    )
    wrong = both.nth(0)
    wrong.get_by_role("alert").filter(has_text="no/such/folder").wait_for()
    lab.picture("wrong-path", wrong)
    empty = both.nth(1)
    said(empty, "No flow was refused from 2001-01-01 00:00 to 2001-01-02 00:00 UTC")
    assert empty.locator("table").count() == 0
    lab.picture("empty-window", empty)
    assert lab.page.get_by_text("Traceback").count() == 0


def test_400_000_rejects_stay_usable(lab: Lab) -> None:
    """A moved control is answered, and the browser never holds more than a page of the table."""
    explorer = lab.open("many", "import rejectkit as rk\nrk.widgets.Explorer('many.log')")
    said(explorer, "400,000 flows refused")
    for port, flows in (
        ("5432", "destination port 5432"),
        ("22", "destination port 22"),
        ("", "400,000 flows refused"),
    ):
        explorer.get_by_label("Destination port").fill(port)
        explorer.get_by_label("Destination port").press("Enter")
        explorer.locator(".rejectkit-said", has_text=flows).first.wait_for()
        said(explorer, flows)
    assert explorer.locator(".rejectkit-table tbody tr").count() <= 20
    lab.picture("many", explorer)
