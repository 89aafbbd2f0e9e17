"""The house keeps its shape: imports go down the layers, and each library stays in its room."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "rejectkit"

# From the ground up: a room may lean on its own layer and on those above it in this list, never on one below.
LAYERS = [
    {"errors", "window", "records", "findings", "plans", "pacing", "actions", "aws"},
    {"insights"},
    {"sources"},
    {"exploring"},
    {"monitoring", "network"},
    {"charts"},
    {"sandbox"},
    {"widgets", "magics"},
    {"rejectkit"},  # rejectkit/__init__.py, the public names
    {"cli", "clideploy", "climonitor", "clitiming", "report", "demo", "__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
STRANGERS = {frozenset({"monitoring", "network"})}  # one layer, and yet neither may lean on the other

# A library, and the rooms (or files of a room) that may import it; an empty set: all of them.
HOMES: dict[str, set[str]] = {
    "IPython": {"widgets", "magics"},
    "anywidget": {"widgets"},
    "boto3": {"aws"},
    "botocore": {"aws"},
    "duckdb": {"insights", "sources.files", "sandbox.trino"},
    "ipywidgets": {"widgets"},
    "isal": {"sources"},
    "lark": {"insights"},
    "matplotlib": {"charts"},
    "moto": {"sandbox"},
    "numpy": set(),
    "pandas": set(),
    "platformdirs": {"sources"},
    "pyarrow": {"sources"},
    "pyspark": {"sources.spark"},
    "sqlglot": {"insights", "sandbox.trino"},
    "tqdm": {"sources"},
    "traitlets": {"widgets"},
    "werkzeug": {"sandbox"},
    "yaml": {"sandbox"},
}


def module_name(path: Path) -> str:
    """Return a file's name inside the package: `sources.files`; `rejectkit` for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) or "rejectkit"


def imports(module: str, source: str) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything a file imports, in functions and for type checkers too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, f"rejectkit.(relative import in {module})"
        elif isinstance(node, ast.ImportFrom) and node.module == "rejectkit":
            rooms = (name.name if name.name in LEVEL else "" for name in node.names)
            yield from ((node.lineno, f"rejectkit.{room}".rstrip(".")) for room in rooms)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def fault(module: str, target: str) -> str | None:
    """Return what is wrong with `module` importing `target`, or None."""
    room = module.split(".")[0]
    library, _, inside = target.partition(".")
    if library == "rejectkit":
        other = inside.split(".")[0] or "rejectkit"
        if other not in LEVEL:
            return f"{other!r} is in no layer; give it one in LAYERS"
        if LEVEL[other] > LEVEL[room]:
            return f"{room} leans on {other}, which stands above it"
        return f"{room} and {other} may not lean on each other" if {room, other} in STRANGERS else None
    if library in sys.stdlib_module_names:
        return None
    if library not in HOMES:
        return f"{library} has no home; give it one in HOMES, and in pyproject.toml"
    homes = HOMES[library]
    at_home = not homes or any(module == home or module.startswith(f"{home}.") for home in homes)
    return None if at_home else f"{library} belongs in {' and '.join(sorted(homes))}"


def faults(module: str, source: str) -> list[str]:
    """Return a sentence for each import of a file that breaks a rule."""
    if module.split(".")[0] not in LEVEL:
        return [f"{module} is in no layer; give its room one in LAYERS"]
    found = ((line, fault(module, target)) for line, target in imports(module, source))
    return [f"{module}:{line}: {what}" for line, what in found if what]


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.mark.parametrize("module", MODULES)
def test_every_import_goes_down_and_every_library_is_at_home(module: str) -> None:
    """No module leans on a layer above its own or on a library that belongs elsewhere."""
    assert faults(module, MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("window", "from rejectkit.insights import parse", "window leans on insights, which stands above it"),
        (
            "insights.parse",
            "import rejectkit.sources.base",
            "insights leans on sources, which stands above it",
        ),
        ("charts", "from rejectkit import widgets", "charts leans on widgets, which stands above it"),
        ("widgets.explorer", "import rejectkit as rk", "widgets leans on rejectkit, which stands above it"),
        (
            "exploring.summary",
            "from rejectkit import FileSource",
            "exploring leans on rejectkit, which stands above it",
        ),
        (
            "network.advice",
            "from rejectkit.monitoring import alarm",
            "network and monitoring may not lean on each other",
        ),
        (
            "monitoring.alarm",
            "import rejectkit.network.model",
            "monitoring and network may not lean on each other",
        ),
        ("charts", "def f():\n    import duckdb", "duckdb belongs in insights and sandbox.trino and sources.files"),
        ("sources.athena", "import duckdb", "duckdb belongs in insights and sandbox.trino and sources.files"),
        (
            "exploring.classify",
            "if TYPE_CHECKING:\n    from matplotlib.axes import Axes",
            "matplotlib belongs in charts",
        ),
        ("sources.files", "from .. import widgets", "'(relative import in sources' is in no layer"),
        ("charts", "import seaborn", "seaborn has no home"),
        ("helpers", "import json", "helpers is in no layer"),
    ],
)
def test_a_planted_bad_import_is_found(module: str, source: str, expected: str) -> None:
    """The check of this file is not blind: each kind of bad import gives one sentence that says why."""
    (found,) = faults(module, source)
    assert expected in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("sources.files", "import duckdb\nfrom rejectkit.insights import compile_query"),
        ("sources.files.cache", "import duckdb"),
        ("cli", "import rejectkit as rk\nfrom rejectkit import report"),
        ("charts", "from matplotlib.axes import Axes\nimport pandas as pd"),
    ],
)
def test_an_import_that_goes_down_is_allowed(module: str, source: str) -> None:
    """A room may use those beneath it and the libraries whose home it is."""
    assert faults(module, source) == []


def test_importing_the_package_loads_no_library_behind_it() -> None:
    """`import rejectkit` loads none of the libraries with a home of their own; names resolve on first use."""
    lazy = sorted(library for library, homes in HOMES.items() if homes)
    code = f"import sys, rejectkit; print(*[name for name in {lazy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_name_loads_its_library_on_first_use() -> None:
    """The check above can see a loaded library: using a chart name brings matplotlib."""
    code = "import sys, rejectkit; rejectkit.charts; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
