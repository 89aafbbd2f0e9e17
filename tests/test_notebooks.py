"""The notebooks tell a story: prose first, short cells, nothing stored, and every one of them runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

from rejectkit import demo
from rejectkit.errors import RejectkitError

NOTEBOOKS = {path.name: path for path in demo.notebooks()}
LINES = 8


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """Return a sentence for each habit that a notebook breaks."""
    found = []
    if not notebook.cells or notebook.cells[0].cell_type != "markdown":
        found.append("the first cell is not prose")
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if not number or notebook.cells[number - 1].cell_type != "markdown":
            found.append(f"cell {number}: no prose above it")
        if cell.outputs or cell.execution_count is not None:
            found.append(f"cell {number}: stores what it put out")
        size = len(cell.source.strip().splitlines())
        if not 1 <= size <= LINES:
            found.append(f"cell {number}: {size} lines, not 1 to {LINES}")
        if any(isinstance(node, DEFINITIONS) for node in ast.walk(ast.parse(cell.source))):
            found.append(f"cell {number}: defines something, which belongs in the package")
    return found


DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def test_there_are_notebooks() -> None:
    """The story goes from exploring rejects by an alarm on them to the rule that is changed."""
    assert list(NOTEBOOKS) == [
        "01_explore_rejects.ipynb",
        "02_alert_timing.ipynb",
        "03_deploy_monitoring.ipynb",
        "04_tune_rules.ipynb",
    ]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_keeps_the_habits(name: str) -> None:
    """Prose stands above each code cell; cells are short, define nothing and store no outputs."""
    assert faults(nbformat.read(NOTEBOOKS[name], as_version=4)) == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    """Every cell runs on the sample, and the page that `rejectkit demo` writes holds its outputs."""
    notebook = NOTEBOOKS[name]
    before = notebook.read_bytes()
    page = demo.execute(notebook, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "jp-OutputArea-output" in text
    assert not re.search(r"<script|<link|<iframe|\bsrc=.https?:", text)  # nothing is fetched from anywhere
    assert notebook.read_bytes() == before


def test_the_check_of_habits_sees_each_one_broken() -> None:
    """A notebook that breaks every habit gets a sentence for each."""
    v4 = nbformat.v4
    output = v4.new_output("stream", text="3\n")
    bad = v4.new_notebook(
        cells=[
            v4.new_code_cell("1 + 2", outputs=[output], execution_count=1),
            v4.new_markdown_cell("Some prose."),
            v4.new_code_cell("\n".join(["x = 1"] * 9)),
            v4.new_markdown_cell("More prose."),
            v4.new_code_cell("def double(x):\n    return 2 * x"),
            v4.new_code_cell("   \n"),
        ]
    )
    assert faults(bad) == [
        "the first cell is not prose",
        "cell 0: no prose above it",
        "cell 0: stores what it put out",
        "cell 2: 9 lines, not 1 to 8",
        "cell 4: defines something, which belongs in the package",
        "cell 5: no prose above it",
        "cell 5: 0 lines, not 1 to 8",
    ]


def test_a_failing_cell_is_loud(tmp_path: Path) -> None:
    """A notebook whose cell raises is no page but an error that holds the cell and what it raised."""
    bad = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    path = tmp_path / "bad.ipynb"
    nbformat.write(bad, path)
    with pytest.raises(RejectkitError, match=r"^bad\.ipynb failed") as caught:
        demo.execute(path, tmp_path / "out")
    lines = str(caught.value).splitlines()
    assert "1 / 0" in lines
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert not (tmp_path / "out" / "bad.html").exists()
