"""The command line: what each verb prints, and how it fails."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from rejectkit import cli, demo, report
from rejectkit.errors import WindowError

Capture = pytest.CaptureFixture[str]


def test_the_report_counts_what_the_file_holds(log_file: Path, capsys: Capture) -> None:
    """Counts are the file's: 6 records, 4 OK, 1 accepted, 3 rejected on two ports by two sources."""
    assert cli.main(["report", str(log_file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "6 records in 1 file",
        "0 lines not understood",
        "first record starts 2014-12-14 04:06:50 UTC, last 2014-12-14 04:07:30 UTC",
    ]
    words = [line.split() for line in lines]
    for expected in (
        *(["OK", "4"], ["NODATA", "1"], ["SKIPDATA", "1"], ["ACCEPT", "1"], ["REJECT", "3"]),
        *(["22", "2"], ["3389", "1"], ["198.51.100.9", "2"], ["203.0.113.7", "1"]),
    ):
        assert expected in words, expected
    assert ["-", "2"] not in words  # NODATA and SKIPDATA are no flows
    assert "Findings" in lines


def test_the_report_keeps_to_a_window(log_file: Path, capsys: Capture) -> None:
    """With a window only records that start in it are counted; its end is outside."""
    window = "2014-12-14T04:07:00/2014-12-14T04:07:20"
    assert cli.main(["report", str(log_file), "--window", window]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2 records in 1 file, 2014-12-14 04:07:00 to 2014-12-14 04:07:20 UTC\n")


def test_the_report_shows_lines_that_do_not_fit(log_file: Path, capsys: Capture) -> None:
    """A line that fits nothing is counted and shown with its number and the reason."""
    log_file.write_text(f"{log_file.read_text()}2 not a record\n")
    assert cli.main(["report", str(log_file)]) == 0
    out = capsys.readouterr().out
    assert "1 line not understood" in out
    assert f"{log_file.name}:7: " in out


def test_a_log_without_action_says_so_and_counts_the_rest(tmp_path: Path, capsys: Capture) -> None:
    """Where the format has no action field the report says what is missing and how to have it."""
    path = tmp_path / "flows.log.gz"
    path.write_bytes(gzip.compress(b"srcaddr dstaddr dstport start log-status\n10.0.0.1 10.0.0.2 22 1418530010 OK\n"))
    assert cli.main(["report", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 record in 1 file\n")
    assert "Flows by action: these logs have no action field." in out
    assert "add ${action} to the flow log's format" in out
    assert "Findings\n  none: the records have no " in out


def test_the_format_can_be_told(tmp_path: Path, capsys: Capture) -> None:
    """A log in an order that no header tells is read with --format."""
    path = tmp_path / "odd.log"
    path.write_text("10.0.0.1 10.0.0.2 22 REJECT 1418530010\n")
    log_format = "${srcaddr} ${dstaddr} ${dstport} ${action} ${start}"
    assert cli.main(["report", str(path), "--format", log_format]) == 0
    assert ["REJECT", "1"] in [line.split() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["report", "no-such-folder"], "no-such-folder"),
        (["report", "{log}", "--window", "yesterday"], "--window yesterday: 'yesterday' is not a span of time"),
        (["report", "{log}", "--window", "2026-11-02/2026-11-01"], "which is not after its start"),
        (["report", "{log}", "--format", "version action"], "${"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(
    arguments: list[str], told: str, log_file: Path, capsys: Capture
) -> None:
    """An error goes to stderr without a traceback, nothing to stdout, and the status is 2."""
    status = cli.main([argument.replace("{log}", str(log_file)) for argument in arguments])
    printed = capsys.readouterr()
    assert status == 2
    assert printed.out == ""
    assert printed.err.startswith("rejectkit: ")
    assert told in printed.err
    assert "Traceback" not in printed.err


def test_both_ways_to_call_it_are_one(log_file: Path) -> None:
    """`python -m rejectkit` and the script `rejectkit` print the same, and exit alike."""
    script = Path(sys.executable).with_name("rejectkit")
    for arguments in (["report", str(log_file)], ["report", "no-such-folder"], ["--help"]):
        one, two = (
            subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
            for command in ([sys.executable, "-m", "rejectkit"], [str(script)])
        )
        assert (one.returncode, one.stdout, one.stderr) == (two.returncode, two.stdout, two.stderr)


def test_a_reader_that_stops_early_is_no_error(log_file: Path) -> None:
    """A closed pipe, as `head` leaves it, ends the report quietly."""
    command = [sys.executable, "-m", "rejectkit", "report", str(log_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_control_characters_of_a_log_never_reach_the_terminal(tmp_path: Path, capsys: Capture) -> None:
    """An escape sequence in a text field is spelled out."""
    path = tmp_path / "evil.log"
    path.write_text(
        "srcaddr dstport action start instance-id\n10.0.0.1 22 REJECT 1418530010 a\n\x1b[2J 22 REJECT 0 b\n"
    )
    assert cli.main(["report", str(path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[2J" in out


@pytest.mark.parametrize("text", ["", "/", "24", "2026-11-01/", "2026-13-01/2026-11-02"])
def test_a_window_that_is_none_is_named_in_the_error(text: str) -> None:
    """A bad --window names the option and what was given."""
    with pytest.raises(WindowError, match=r"^--window "):
        cli.parse_window(text)


def test_the_verbs_are_the_rows_of_the_table(capsys: Capture) -> None:
    """`--help` lists every row of VERBS with its help."""
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    out = capsys.readouterr().out
    assert [verb.name for verb in cli.VERBS] == [
        *("report", "demo", "sandbox", "doctor", "backtest"),
        *("plan", "apply", "destroy", "template"),
        "lab",
    ]
    for verb in cli.VERBS:
        assert verb.help in " ".join(out.split())


def test_no_verb_is_refused_with_the_usage(capsys: Capture) -> None:
    """Without a verb the command says how it is used."""
    with pytest.raises(SystemExit, match="2"):
        cli.main([])
    assert "VERB" in capsys.readouterr().err


def test_the_checkout_is_worked_on_in_place(root: Path, tmp_path: Path) -> None:
    """In a checkout the notebooks opened are the checkout's own, and nothing is copied."""
    assert demo.working_copy(tmp_path / "copy") == root
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain é 日", "plain é 日"), ("a\x1b[2Jb", r"a\x1b[2Jb"), ("\r\t\x00", r"\r\t\x00"), ("a\nb", "a\nb")],
)
def test_only_plain_characters_are_printed(text: str, shown: str) -> None:
    """Letters of any script stay, control characters are spelled out, line ends stay."""
    assert report.printable(text) == shown
