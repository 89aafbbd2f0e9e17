"""What the documents say holds: commands exist, code runs, links lead somewhere."""

from __future__ import annotations

import contextlib
import re
import shlex
from pathlib import Path

import pytest

import rejectkit as rk
from rejectkit import cli

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "data/README.md",
    "docs/cloudwatch.md",
    "docs/s3.md",
    "docs/where.md",
)


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a Markdown text that are in a language; the empty word is none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for told, block in found if told == language]


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    """README.md."""
    return (root / "README.md").read_text(encoding="utf-8")


def test_the_two_commands_come_first(readme: str) -> None:
    """The first commands a newcomer reads are `make demo` and `make test`."""
    first = blocks(readme, "")[0].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["make demo", "make test"]


def test_every_make_verb_that_is_named_exists(root: Path) -> None:
    """A `make` command in a document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    for name in DOCUMENTS:
        text = (root / name).read_text(encoding="utf-8")
        named = re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)
        assert set(named) <= targets, name


def test_every_command_line_that_is_shown_is_taken(readme: str) -> None:
    """Each `rejectkit …` line in the README is one that the command line takes."""
    lines = [line for block in blocks(readme, "") for line in block.splitlines() if "rejectkit " in line]
    assert len(lines) >= 3
    for line in lines:
        words = shlex.split(line, comments=True)
        assert Path(words[0]).name == "rejectkit"
        assert callable(cli.parser().parse_args(words[1:]).run)


def test_the_code_runs(readme: str, root: Path, tmp_path: Path) -> None:
    """The README's Python, run in a folder with the sample as `logs` and its network, runs to its end."""
    (tmp_path / "logs").symlink_to(root / "data" / "AWSLogs")
    (tmp_path / "network.json").symlink_to(root / "data" / "network.json")
    code = blocks(readme, "python")
    assert len(code) == 8
    names: dict[str, object] = {}
    with contextlib.chdir(tmp_path):
        for block in code:
            exec(compile(block, "README.md", "exec"), names)
    assert isinstance(names["src"], rk.FileSource)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str, root: Path) -> None:
    """A link or picture without a host is a file of the checkout."""
    text = (root / name).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert [target for target in targets if not (root / name).parent.joinpath(target).exists()] == []


def test_the_queries_that_are_refused_are_refused(readme: str, log_file: Path) -> None:
    """Each command that the README says is refused by name is refused by name."""
    refused = re.search(r"has beyond that \((.*?) and others\)", readme, re.DOTALL)
    assert refused
    source = rk.FileSource(log_file)
    for command in re.findall(r"`(\w+)`", refused[1]):
        with pytest.raises(rk.errors.UnsupportedError, match=f"(?i){command}"):
            source.run(f"{command} x" if command != "SOURCE" else "SOURCE logGroups()")
