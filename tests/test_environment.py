"""The three places that name dependencies agree: pyproject.toml, environment.yml and constraints.txt."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

# What is imported under another name than PyPI's, and what conda-forge names otherwise.
PYPI_NAMES = {"IPython": "ipython", "botocore": "boto3", "flowlogs_reader": "flowlogs-reader", "yaml": "pyyaml"}
CONDA_NAMES = {"duckdb": "python-duckdb", "isal": "python-isal", "matplotlib": "matplotlib-base"}


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    """The [project] table of pyproject.toml."""
    with (root / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


@pytest.fixture(scope="module")
def conda(root: Path) -> dict[str, Any]:
    """environment.yml."""
    return yaml.safe_load((root / "environment.yml").read_text())


@pytest.fixture(scope="module")
def pins(root: Path) -> dict[str, set[Version]]:
    """The versions that constraints.txt names for each package; several where they depend on the Python."""
    found: dict[str, set[Version]] = {}
    for line in (root / "constraints.txt").read_text().splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement = Requirement(line)
            (pin,) = requirement.specifier
            assert pin.operator == "==", line
            found.setdefault(canonicalize_name(requirement.name), set()).add(Version(pin.version))
    return found


def bounds(requirements: Iterable[str]) -> dict[str, str]:
    """Return each package with its one lower bound."""
    found = {}
    for text in requirements:
        requirement = Requirement(text)
        (bound,) = requirement.specifier
        assert bound.operator == ">=", text
        found[requirement.name] = bound.version
    return found


def test_conda_users_get_the_same_packages_and_bounds(project: dict[str, Any], conda: dict[str, Any]) -> None:
    """environment.yml names the runtime dependencies of pyproject.toml, bound for bound, and the Python."""
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in bounds(project["dependencies"]).items()}
    wanted |= bounds([f"python{project['requires-python']}"])
    named = [line for line in conda["dependencies"] if isinstance(line, str) and line != "pip"]
    assert bounds(named) == wanted


def test_conda_installs_the_checkout_itself(conda: dict[str, Any]) -> None:
    """After its dependencies the environment holds the package, so `rejectkit` is a command there."""
    assert "pip" in conda["dependencies"]
    assert conda["dependencies"][-1] == {"pip": ["-e ."]}


def test_dependencies_are_sorted(project: dict[str, Any]) -> None:
    """Each list of dependencies is in alphabetical order, so that a second entry for one package is seen."""
    for listed in (project["dependencies"], *project["optional-dependencies"].values()):
        names = [Requirement(text).name for text in listed]
        assert names == sorted(set(names))


def test_every_dependency_is_pinned_at_or_above_its_bound(
    project: dict[str, Any], pins: dict[str, set[Version]]
) -> None:
    """constraints.txt fixes each dependency, extras too, to versions that pyproject.toml allows."""
    for listed in (project["dependencies"], *project["optional-dependencies"].values()):
        for text in listed:
            requirement = Requirement(text)
            versions = pins.get(canonicalize_name(requirement.name), set())
            assert versions, f"{requirement.name} is not in constraints.txt; run: make constraints"
            assert all(version in requirement.specifier for version in versions), text


@pytest.mark.parametrize(
    ("folder", "extras"),
    [("rejectkit", ["spark"]), ("tests", ["test", "spark"]), ("benchmarks", ["test", "bench", "spark"])],
)
def test_what_is_imported_is_declared(root: Path, project: dict[str, Any], folder: str, extras: list[str]) -> None:
    """Every library that a folder imports is named in pyproject.toml, not left to another library to bring."""
    listed = [*project["dependencies"]]
    for extra in extras:
        listed += project["optional-dependencies"][extra]
    declared = {Requirement(text).name for text in listed}
    imported = set()
    for path in (root / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            imported |= {name.split(".")[0] for name in names}
    own = {"rejectkit", "tests", "benchmarks", *(path.stem for path in (root / folder).iterdir())}
    assert {PYPI_NAMES.get(name, name) for name in imported - own - sys.stdlib_module_names} <= declared


def test_the_pins_name_no_place(root: Path) -> None:
    """constraints.txt says which versions, never where from: no address, no path, no option."""
    assert not re.search(r"://|@|^\s*-|/", (root / "constraints.txt").read_text(), re.MULTILINE)
