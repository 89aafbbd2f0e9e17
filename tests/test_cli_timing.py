"""`rejectkit backtest`: what it prints of the records in files, and how it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from rejectkit import cli

Capture = pytest.CaptureFixture[str]
NOON = 1793534400  # 2026-11-01 12:00 UTC


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Give two hours of a log: accepted flows all the time, and ten minutes of rejects of one source inside."""
    lines = []
    for minute in range(120):
        start = NOON + 60 * minute
        lines.append(f"2 1 eni-1 203.0.113.9 10.0.0.5 4000 443 6 1 40 {start} {start + 40} ACCEPT OK")
        if 30 <= minute < 40:
            lines.append(f"2 1 eni-1 192.168.1.7 10.0.0.5 4001 22 6 1 40 {start} {start + 40} REJECT OK")
        if minute == 90:
            lines.append(f"2 1 eni-1 198.51.100.7 10.0.0.5 4002 23 6 1 40 {start} {start + 40} REJECT OK")
    path = tmp_path / "flows.log"
    path.write_text("\n".join(lines) + "\n")
    return path


def printed(capsys: Capture, *arguments: str) -> str:
    """Run the verb and return what it printed; it must succeed and say nothing else."""
    assert cli.main(["backtest", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_recipe_is_replayed_on_files(log: Path, capsys: Capture) -> None:
    """What is assumed of arrival is said, and both evaluation ranges have a line and a row."""
    lines = printed(capsys, str(log)).splitlines()
    assert lines[0].startswith(
        "Sum of 60 s > 0, 1 of 1, missing data: notBreaching: 127 evaluations from 2026-11-01 12:00"
    )
    assert lines[1].startswith("131 events, of which 11 match ([version, account,")
    assert "300 s after the record's end, which AWS calls typical. --delay says otherwise." in lines[2]
    words = [line.split() for line in lines]
    assert ["N", "0", "0.0", "0.0%", "11", "100.0%", "-"] in words
    assert any(row[:1] == ["N+8"] and row[1] != "0" for row in words)


def test_a_rule_a_delay_and_a_pattern_are_taken(log: Path, capsys: Capture) -> None:
    """The rule's options, the seconds and the choices are those of the replay: one page, nothing missed."""
    rule = ["--period", "300", "--evaluation-periods", "3", "--datapoints-to-alarm", "2", "--threshold", "1"]
    out = printed(capsys, str(log), *rule, "--delay", "120", "--port", "22,80", "--inside", "192.168.0.0/16")
    assert out.startswith("Sum of 300 s > 1, 2 of 3, missing data: notBreaching: ")
    assert "131 events, of which 10 match" in out
    assert "dstPort=22 || dstPort=80" in out
    assert "Each event is taken to arrive 120 s after the record's end, as asked." in out
    assert [line.split()[1] for line in out.splitlines() if line.lstrip().startswith(("N ", "N+8 "))] == ["1", "1"]


def test_a_pattern_of_ones_own_judges_the_lines_as_they_are(log: Path, capsys: Capture) -> None:
    """It is compared with the lines of the file, letter by letter."""
    out = printed(capsys, str(log), "--pattern", '"198.51.100.7" REJECT')
    assert '131 events, of which 1 match ("198.51.100.7" REJECT).' in out


def test_a_window_is_kept(log: Path, capsys: Capture) -> None:
    """Only records that start in it are replayed."""
    out = printed(capsys, str(log), "--window", "2026-11-01T12:30/2026-11-01T12:40")
    assert "20 events, of which 10 match" in out


def test_a_sweep_ends_on_one_setting(log: Path, capsys: Capture) -> None:
    """After the rule as it is come the settings that no other beats, of both patterns, and one to take."""
    out = printed(capsys, str(log), "--sweep")
    assert out.startswith("Sum of 60 s > 0, 1 of 1")
    assert "\n60 settings, of which " in out
    table = [line for line in out.splitlines() if "missing data: notBreaching" in line and "%" in line]
    assert any("from inside" in line for line in table)
    assert any("all rejects" in line for line in table)
    assert out.splitlines()[-1].startswith("Take Sum of ")


def test_incidents_are_scored(log: Path, capsys: Capture) -> None:
    """A setting is told by what it catches; values that are given take the place of the grid's."""
    window = "2026-11-01T12:30/2026-11-01T12:40"
    out = printed(
        capsys,
        str(log),
        "--sweep",
        "--incident",
        window,
        "--period",
        "60,300",
        "--evaluation-periods",
        "10",
        "--datapoints-to-alarm",
        "1,2",
    )
    assert not out.startswith("Sum of")  # several rules: none is the one
    assert out.startswith("8 settings, of which ")
    assert "it catches 1 of 1 incident, as many as any of them; it pages for something else 0.0 times a day" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--period", "soon"], "--period is 'soon'; give a whole number"),
        (["--threshold", "1,x", "--sweep"], "--threshold is '1,x'; give a number"),
        (["--period", "60,300"], "--period is '60,300'; one rule has one value: add --sweep"),
        (["--period", "61"], "period"),
        (["--statistic", "Mean"], "statistic is 'Mean'"),
        (["--delay", "later"], "--delay is 'later'; give seconds, for example 300"),
        (["--delay", "nan"], "finite seconds"),
        (["--port", "ssh"], "ports has 'ssh'"),
        (["--pattern", "[a", "--delay", "1"], "Invalid metric filter pattern"),
        (["--pattern", "[a]", "--port", "22"], "--pattern is given beside --port"),
        (["--incident", "2026-11-01/2026-11-02"], "--incident goes with --sweep"),
        (["--sweep", "--incident", "24h"], "--incident 24h: "),
        (["--window", "2020-01-01/2020-01-02"], "there is no record from 2020-01-01 00:00 to 2020-01-02 00:00 UTC"),
        (["--direction", "ingress"], "does not tell its direction"),
        (["--sweep", "--port", "7777"], "none of the 30 settings pages"),
    ],
)
def test_what_cannot_be_is_one_sentence(log: Path, capsys: Capture, arguments: list[str], words: str) -> None:
    """Whatever the user can mend ends with status 2 and a sentence on it, and no traceback."""
    assert cli.main(["backtest", str(log), *arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("rejectkit: ")
    assert words in err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: Capture) -> None:
    """It is named."""
    assert cli.main(["backtest", str(tmp_path / "none.log")]) == 2
    assert "none.log" in capsys.readouterr().err


def test_a_log_of_another_format(tmp_path: Path, capsys: Capture) -> None:
    """Its own header is its format, and the pattern is written for that."""
    rows = "".join(f"{NOON + 60 * at} 10.0.0.9 22 REJECT\n" for at in range(5))
    path = tmp_path / "flows.log"
    path.write_text(f"start srcaddr dstport action\n{rows}")
    out = printed(capsys, str(path), "--inside", "private")
    assert "5 events, of which 5 match ([start, srcAddr=10.*" in out
    assert "300 s after its @timestamp" in out
