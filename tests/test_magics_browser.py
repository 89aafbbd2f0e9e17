"""`%%insights` in a real JupyterLab in a real browser: a query is typed, completed and run, with its bar.

Pictures go to the folder that REJECTKIT_SCREENSHOTS names, else to pytest's temporary one.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from tests.test_explorer_browser import (  # noqa: F401  # fixtures are used by name
    PATIENCE,
    REPOSITORY,
    TOKEN,
    Lab,
    browser,
    lab,
    server,
)

pytestmark = pytest.mark.browser

SETUP = """
import time
import rejectkit as rk
from rejectkit.sources.progress import shown
%load_ext rejectkit.magics
source = rk.FileSource('AWSLogs')
"""
SLOW = """
with shown(None, "Logs Insights") as bar:
    for share in range(0, 41):
        bar.update(state="running", fraction=share / 40, records=31_000 * share, bytes=3e7 * share, dollars=0.00015 * share)
        time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder JupyterLab shows: the sample, and a notebook with room for a query."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(REPOSITORY / "data" / "AWSLogs", root / "AWSLogs")
    cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in (SETUP, SLOW, "print('ready')", "")]
    kernel = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), root / "magic.ipynb")
    return root


def test_a_query_is_typed_with_completion_and_answered(lab: Lab, server: str) -> None:  # noqa: F811  # a fixture
    """Tab offers commands, fields and functions of the query language alone; the cell's output is the answer."""
    page = lab.page
    page.goto(f"{server}/lab/tree/magic.ipynb?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE)
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
    page.click(".lm-MenuBar-item:has-text('Run')")
    page.click(".lm-Menu-item:has-text('Run All Cells') >> nth=0")
    page.locator(".jp-OutputArea-output", has_text="Logs Insights: running").first.wait_for()
    page.wait_for_timeout(1500)
    lab.snap("bar")
    page.locator(".jp-OutputArea-output", has_text="ready").wait_for()
    slow = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    slow.locator(".jp-OutputArea-output", has_text="1,240,000 records, 1.2 GB, $0.006 scanned").wait_for()
    lab.snap("bar-done")

    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(3)
    cell.locator(".cm-content").click()
    keyboard = page.keyboard
    items = page.locator(".jp-Completer:visible .jp-Completer-match")

    def type_and_tab(text: str) -> list[str]:
        keyboard.type(text)
        keyboard.press("Tab")
        items.first.wait_for()
        return items.all_inner_texts()

    keyboard.type("%%insights\n")
    assert type_and_tab("fi") == ["fields", "filter"]
    lab.snap("completion-commands")
    keyboard.press("Escape")
    keyboard.type("lter action = 'REJECT'\n| stats count(*) as flows by ")
    assert type_and_tab("dst") == ["dstAddr", "dstPort"]
    lab.snap("completion-fields")
    items.get_by_text("dstPort").click()
    keyboard.type("\n| sort flows desc | limit 3")
    keyboard.press("Shift+Enter")
    cell.locator(".jp-OutputArea-output table.dataframe").wait_for()
    assert "9100" in cell.locator("table.dataframe").inner_text()
    cell.locator(".jp-OutputArea").scroll_into_view_if_needed()
    lab.snap("answer")
