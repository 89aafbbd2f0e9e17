"""The magics `%%insights` and `%insights` in a real shell and a real kernel."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pandas as pd
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from rejectkit import magics
from rejectkit.errors import (
    ArgumentError,
    QueryCancelledError,
    QueryError,
    RejectkitError,
    UnsupportedError,
    WindowError,
)
from rejectkit.records import LogFormat
from rejectkit.sources.files.source import FileSource
from tests.memory_source import MemorySource

COUNT = "stats count(*) as flows by dstPort | sort dstPort asc"


@pytest.fixture
def shell(log_file: Path, tmp_path: Path) -> Iterator[InteractiveShell]:
    """A shell with the magics, and a source called `source`."""
    settings = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
    settings.IPCompleter.use_jedi = False  # it is not asked where we answer, and slow where we do not
    vars(builtins).pop("_", None)  # which examples that ran before have left; a shell would leave it to them
    made = InteractiveShell(config=settings, ipython_dir=str(tmp_path / "ipython"))
    magics.load_ipython_extension(made)
    made.user_ns["source"] = FileSource(log_file)
    before = vars(builtins).copy()
    yield made
    made.reset(new_session=False)
    for name in set(vars(builtins)) - before.keys() | {"__IPYTHON__"}:  # what a shell tells the whole process
        vars(builtins).pop(name, None)


def run(shell: InteractiveShell, cell: str) -> ExecutionResult:
    """Run a cell that must succeed."""
    result = shell.run_cell(cell)
    assert result.success, result.error_in_exec or result.error_before_exec
    return result


def failure(shell: InteractiveShell, cell: str) -> BaseException:
    """Run a cell that must fail, and return its error."""
    result = shell.run_cell(cell)
    assert result.error_in_exec is not None
    return result.error_in_exec


def test_the_answer_is_the_cells_value_and_is_bound(shell: InteractiveShell) -> None:
    """The cell's body is the query; its answer is `_`, and bound to --out."""
    result = run(shell, f"%%insights --out ports\n# how often\n{COUNT}\n")
    assert isinstance(result.result, pd.DataFrame)
    assert result.result["flows"].tolist() == [2, 3, 1]
    assert shell.user_ns["ports"] is result.result
    assert shell.user_ns["_"] is result.result
    run(shell, f"%%insights\n{COUNT}")


def test_the_window_is_a_span_or_two_times(shell: InteractiveShell) -> None:
    """Half-open, UTC; a time with a blank stands in quotes; all there is where none is given."""
    day = "2014-12-14"
    for given, flows in [
        ("", 6),
        (f"--window {day}T04:07:00 {day}T04:07:20", 2),
        (f"--window '{day} 04:07:00' \"{day} 04:07:20\"", 2),
        (f"--window {day}T05:07:00+01:00 {day}T04:07:20", 2),
        ("--window 24h", 0),
    ]:
        answer = run(shell, f"%%insights {given}\nstats count(*) as flows").result
        assert answer["flows"].tolist() == [flows], given


def test_all_lifts_the_row_limit(shell: InteractiveShell) -> None:
    """Without --all the language's own limit holds, and is said."""
    records = pd.DataFrame(
        {"@timestamp": pd.date_range("2026-11-01", periods=10_001, freq="s", tz="UTC"), "dstPort": 22}
    )
    shell.user_ns["source"] = MemorySource(records)
    assert len(run(shell, "%%insights --all\nfields dstPort").result) == 10_001
    assert len(run(shell, "%%insights\nfields dstPort").result) == 10_000


def test_warnings_are_plain_notes_said_once(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """A warning of ours is one line without a place in our code; it comes again when the cell is run again."""
    for _ in range(2):
        run(shell, "%%insights\nfields dstPrt, dstPrt as again | limit 1")
        out, err = capsys.readouterr()
        notes = [line for line in out.splitlines() if line.startswith("note: ")]
        assert notes == ["note: no record has a field 'dstPrt', so it is empty everywhere; did you mean dstPort?"]
        assert err == ""


class Warner(MemorySource):
    """A source that gives a warning which is not ours."""

    def run(self, *args: Any, **more: Any) -> pd.DataFrame:
        """Warn, then answer."""
        warnings.warn("something else", RuntimeWarning, stacklevel=1)
        return super().run(*args, **more)


def test_other_warnings_go_their_way(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not ours is shown as Python shows it."""
    shell.user_ns["source"] = Warner(pd.DataFrame({"@timestamp": ["2026-11-01"], "dstPort": [22]}))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default", RuntimeWarning)
        run(shell, "%%insights\nfields dstPort")
    assert [str(one.message) for one in caught] == ["something else"]
    assert "something else" not in capsys.readouterr().out


class Fresh(MemorySource):
    """A source whose last records may still come in."""

    def run(self, *args: Any, **more: Any) -> pd.DataFrame:
        """Answer, with the mark."""
        answer = super().run(*args, **more)
        answer.attrs["unsettled_from"] = pd.Timestamp("2026-11-01 08:00", tz="UTC")
        return answer


def test_an_unsettled_tail_is_said(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """A line tells from when on records may still come in."""
    shell.user_ns["source"] = Fresh(pd.DataFrame({"@timestamp": ["2026-11-01"], "dstPort": [22]}))
    run(shell, "%%insights\nfields dstPort")
    assert "note: records from 2026-11-01 08:00:00 UTC on may still come in\n" in capsys.readouterr().out


# which source


def test_the_source_that_is_meant(shell: InteractiveShell, log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Named in the cell, else set by %insights, else called `source`, else the only one under whatever names."""
    few = log_file.with_name("few.log")
    few.write_text("".join(log_file.read_text().splitlines(keepends=True)[:1]))
    space = shell.user_ns
    total = "stats count(*) as flows"

    def flows(options: str = "") -> int:
        return int(run(shell, f"%%insights {options}\n{total}").result["flows"].iloc[0])

    space["few"] = FileSource(few)
    assert (flows(), flows("--source few"), flows("--source=few")) == (6, 1, 1)
    capsys.readouterr()
    run(shell, "%insights few")
    assert capsys.readouterr().out == f"%%insights asks few: FileSource('{few}')\n"
    assert (flows(), flows("--source source")) == (1, 6)
    space["few"] = space["source"]  # a name that is set stands for what it names then
    assert flows() == 6
    run(shell, "%insights")
    assert capsys.readouterr().out.endswith(f"%%insights asks few: FileSource('{log_file}')\n")


def test_the_only_source_is_found_under_any_name(shell: InteractiveShell) -> None:
    """Two names of one source are one source; hidden names and classes are none."""
    space = shell.user_ns
    space["logs"] = space["again"] = space["_hidden"] = space.pop("source")
    space["kind"] = FileSource
    assert len(run(shell, f"%%insights\n{COUNT}").result) == 3


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (
            "%%insights --source nowhere\nlimit 1",
            "there is no variable 'nowhere'; the sources here are source",
        ),
        (
            "%%insights --source number\nlimit 1",
            "number is of type int, which is no source; make one, for example: number = rk.FileSource('path/to/flow-logs')",
        ),
        ("%insights nowhere", "there is no variable 'nowhere'; the sources here are source"),
        (
            "%insights stats count(*)",
            "%insights takes the name of one source, and got 'stats count(*)'; a query goes into a cell that begins with "
            "'%%insights --window 24h'",
        ),
        (
            "%%insights\n \n",
            "the cell holds no query; write one under the first line, for example: stats count(*) by dstPort",
        ),
        (
            "%%insights --sauce x\nlimit 1",
            "%%insights: unrecognized arguments: --sauce x; it takes [--source NAME] [--window SPAN | START END] [--all] "
            "[--out NAME]",
        ),
        (
            "%%insights --out\nlimit 1",
            "%%insights: argument --out: expected one argument; it takes [--source NAME] [--window SPAN | START END] "
            "[--all] [--out NAME]",
        ),
        (
            "%%insights --window '2026\nlimit 1",
            "%%insights: no closing quotation; it takes [--source NAME] [--window SPAN | START END] [--all] [--out NAME]",
        ),
        (
            "%%insights --out a.b\nlimit 1",
            "--out is 'a.b', which cannot be the name of a variable; give one like: rejects",
        ),
        (
            "%%insights --out class\nlimit 1",
            "--out is 'class', which cannot be the name of a variable; give one like: rejects",
        ),
        (
            "%%insights --window 2026-11-01 08:00 2026-11-01 09:00\nlimit 1",
            "--window got 4 values: 2026-11-01 08:00 2026-11-01 09:00; give a span such as 24h, or a start and an end: "
            "2026-11-01T08:00 2026-11-01T09:00",
        ),
    ],
)
def test_what_cannot_be_used_is_said(shell: InteractiveShell, cell: str, words: str) -> None:
    """What is wrong, which value, and how to mend it."""
    shell.user_ns["number"] = 1
    error = failure(shell, cell)
    assert isinstance(error, ArgumentError)
    assert str(error) == words


def test_no_source_and_several_sources_are_said(shell: InteractiveShell) -> None:
    """None: how to make one. Several, none called `source`: how to choose. A name that is gone: that it is."""
    space = shell.user_ns
    one = space.pop("source")
    assert str(failure(shell, f"%%insights\n{COUNT}")) == (
        "there is no source to ask; make one, for example: source = rk.FileSource('path/to/flow-logs')"
    )
    assert str(failure(shell, "%insights logs")) == (
        "there is no variable 'logs'; make it first, for example: logs = rk.FileSource('path/to/flow-logs')"
    )
    space["files"], space["cloud"] = one, FileSource(one.files[0])
    assert str(failure(shell, f"%%insights\n{COUNT}")) == (
        "there are several sources: files, cloud; choose one with %insights files, or for one cell with --source files"
    )
    run(shell, "%insights cloud")
    del space["cloud"]
    assert str(failure(shell, f"%%insights\n{COUNT}")) == "there is no variable 'cloud'; the sources here are files"


class Untouchable(MemorySource):
    """A source whose fields take a call to AWS: here, they must not be read."""

    def __init__(self) -> None:
        self.read = 0

    @property
    def fields(self) -> tuple[str, ...]:  # type: ignore[override]
        """Count how often they are read."""
        self.read += 1
        return ("dstPort", "costly")


# errors


def test_an_error_of_the_query_is_a_sentence_with_a_caret(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Message, the line, the caret under its character, the hint; no traceback."""
    error = failure(shell, "%%insights\nfields dstPort\n| sort bin(5m)")
    assert isinstance(error, QueryError)
    assert capsys.readouterr().out.splitlines() == [
        "QueryError: unexpected symbol found ( at line 2 and position 10",
        "| sort bin(5m)",
        "          ^",
        "sort takes names only: give the expression an alias with `as` and sort by that",
    ]


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("%%insights\npattern @message", UnsupportedError),
        ("%%insights --window 24\nlimit 1", WindowError),
        ("%%insights --window 2026-11-02 2026-11-01\nlimit 1", WindowError),
    ],
)
def test_every_error_of_ours_is_without_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, kind: type[RejectkitError]
) -> None:
    """The name of the error and its words, and that is all."""
    error = failure(shell, cell)
    assert type(error) is kind
    assert capsys.readouterr().out == f"{kind.__name__}: {error}\n"


class Failing(MemorySource):
    """A source that raises what it is given."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(pd.DataFrame({"@timestamp": ["2026-11-01"], "dstPort": [22]}))
        self.error = error

    def run(self, *args: Any, **more: Any) -> pd.DataFrame:
        """Raise it."""
        raise self.error


def test_an_interrupt_and_a_foreign_error_pass(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """An interrupted cell is an interrupted cell, and a fault that is not ours keeps its traceback."""
    for error in (KeyboardInterrupt(), ZeroDivisionError("by zero")):
        shell.user_ns["source"] = Failing(error)
        assert failure(shell, f"%%insights --out ports\n{COUNT}") is error
        assert "Traceback" in capsys.readouterr().out
    assert "ports" not in shell.user_ns


def test_text_that_would_steer_the_terminal_is_made_harmless(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error may quote what came from a log; its notes are said too."""
    error = QueryCancelledError("odd \x1b[2J text\rhere")
    error.add_note("the query may still run")
    shell.user_ns["source"] = Failing(error)
    failure(shell, f"%%insights\n{COUNT}")
    assert capsys.readouterr().out == "QueryCancelledError: odd �[2J text�here\nthe query may still run\n"


def test_python_variables_are_not_put_in(shell: InteractiveShell) -> None:
    """Neither `$name` nor `{name}` is replaced, in the query or in the line."""
    shell.user_ns["name"] = "source"
    error = failure(shell, "%%insights\nfilter action = $name")
    assert isinstance(error, QueryError)
    assert error.query == "filter action = $name"
    assert run(shell, "%%insights\nfields '{name}' as a, '$name' as b | limit 1").result.iloc[0].tolist() == [
        "{name}",
        "$name",
    ]
    assert str(failure(shell, "%%insights --source $name\nlimit 1")).startswith("there is no variable '$name'")
    assert str(failure(shell, "%insights {name}")).startswith("there is no variable '{name}'")


# completion


def offered(shell: InteractiveShell, cell: str) -> list[str]:
    """Return what the shell's own completer offers at the end of a cell."""
    with provisionalcompleter():
        return [item.text for item in shell.Completer.completions(cell, len(cell))]


def test_completion_never_reads_fields(shell: InteractiveShell) -> None:
    """What may take a call is not touched while somebody types: the default format serves until a query has run."""
    untouchable = Untouchable()
    shell.user_ns["source"] = untouchable
    assert set(LogFormat.default().columns) <= set(offered(shell, "%%insights\nfields "))
    assert offered(shell, "%%insights\nfields cost") == []
    assert untouchable.read == 0
    run(shell, "%insights source")
    assert offered(shell, "%%insights\nfields cost") == ["costly"]
    assert untouchable.read == 1


def test_fields_are_those_of_the_source_that_the_cell_asks(shell: InteractiveShell) -> None:
    """The option on the first line counts, also while the query is written."""
    shell.user_ns["other"] = MemorySource(pd.DataFrame({"@timestamp": ["2026-11-01"], "dstZone": ["a"]}))
    assert offered(shell, "%%insights --source other\nfields dst") == ["dstZone"]
    assert offered(shell, "%%insights\nfields dst") == ["dstAddr", "dstPort"]
    assert offered(shell, "%%insights --source 'open\nfields dst") == ["dstAddr", "dstPort"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%insights ", ["--source", "--window", "--all", "--out"]),
        ("%%insights --all --", ["--source", "--window", "--out"]),
        ("%%insights --source ", ["source", "second"]),
        ("%%insights --source se", ["second"]),
        ("%%insights --window ", []),
        ("%%insights --out ", []),
        ("%insights ", ["source", "second"]),
        ("a = 1\n%insights se", ["second"]),
    ],
)
def test_options_and_sources_are_completed(shell: InteractiveShell, cell: str, expected: list[str]) -> None:
    """The first line of a cell, and the line magic."""
    shell.user_ns["second"] = shell.user_ns["source"]
    found = offered(shell, cell)
    assert found[: len(expected)] == expected
    if cell.startswith("%%"):
        assert len(found) == len(expected)


def test_other_cells_are_left_alone(shell: InteractiveShell) -> None:
    """Completion is ours in our cells only; loading twice is loading once, and unloading takes it away."""
    assert "import" in offered(shell, "imp")
    assert "%%insights" in offered(shell, "%%ins")
    assert offered(shell, "%%insightful\nsta") != ["stats"]
    magics.load_ipython_extension(shell)
    assert offered(shell, "%%insights\nsta") == ["stats"]
    assert "import" in offered(shell, "# imp")
    assert offered(shell, "%%insights\n# imp") == []  # and nobody else answers where we have nothing
    assert len(shell.Completer.custom_matchers) == 1
    magics.unload_ipython_extension(shell)
    assert shell.Completer.custom_matchers == []
    assert offered(shell, "%%insights\nsta") != ["stats"]
    assert shell.find_cell_magic("insights") is None
    magics.unload_ipython_extension(shell)


def test_a_namespace_is_searched_without_touching_values() -> None:
    """A source is told by its members; nothing of it is read."""
    untouchable = Untouchable()
    half = SimpleNamespace(run=1, fields=())
    assert magics.sources({"a": untouchable, "_b": untouchable, "half": half, "kind": Untouchable}) == {
        "a": untouchable
    }
    assert untouchable.read == 0


# a kernel


def test_a_kernel_completes_a_cell(log_file: Path) -> None:
    """What JupyterLab asks for: matches, and the characters they replace; inside a text there are none."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        setup = f"from rejectkit.sources.files.source import FileSource\nsource = FileSource({str(log_file)!r})\n"
        reply = client.execute_interactive(setup + "%load_ext rejectkit.magics", timeout=60)
        assert reply["content"]["status"] == "ok"

        def complete(cell: str) -> tuple[list[str], int, int]:
            content = client.complete(cell, len(cell), reply=True, timeout=60)["content"]
            return content["matches"], content["cursor_start"], content["cursor_end"]

        assert complete("%%insights\nfields dstPort\n| sta") == (["stats"], 28, 31)
        assert complete("%%insights\nfields é, DST") == (["dstAddr", "dstPort"], 21, 24)
        assert complete("%%insights\nfilter action = 'scan") == ([], 32, 32)
        assert complete("%%insights --so") == (["--source"], 11, 15)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_failed_cell_stops_run_all(log_file: Path) -> None:
    """A notebook stops at the cell, whose output is the error in its own words."""
    setup = f"from rejectkit.sources.files.source import FileSource\nsource = FileSource({str(log_file)!r})\n"
    cells = [setup + "%load_ext rejectkit.magics", "%%insights\nfields dstPort |", "print('not reached')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with pytest.raises(CellExecutionError) as caught:
        NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    assert caught.value.ename == "QueryError"
    (output,) = notebook.cells[1].outputs
    assert output.traceback == [
        "QueryError: unexpected symbol found <EOF> at line 1 and position 16\nfields dstPort |\n                ^\n"
        "an empty stage is not allowed: each | stands between two commands"
    ]
    assert notebook.cells[2].outputs == []
