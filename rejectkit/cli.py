"""The command line: one row of `VERBS` for each verb, and errors as one sentence."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rejectkit as rk
from rejectkit import clideploy, clitiming, demo, report
from rejectkit.errors import RejectkitError, RejectkitWarning, WindowError
from rejectkit.window import parse_time

Arguments = argparse.Namespace


@dataclass(frozen=True, slots=True)
class Verb:
    """One word of the command line: its help, its arguments, and what it does (returns the exit status)."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Arguments], int]


def parse_window(text: str) -> rk.Window:
    """Return the window a text names: a span back from now, or `START/END` in UTC.

    Raises
    ------
    WindowError
        If the text is neither.

    Examples
    --------
    >>> print(parse_window("2026-11-01/2026-11-02T06:00"))
    2026-11-01 00:00 to 2026-11-02 06:00 UTC
    """
    start, slash, end = text.partition("/")
    try:
        return rk.Window.parse(start, end) if slash else rk.Window.last(text)
    except WindowError as error:
        raise WindowError(f"--window {text}: {error}") from error


@contextmanager
def progress() -> Iterator[rk.Watch]:
    """Give a watch that draws how far the work is on a terminal, and draws nothing elsewhere."""
    shown = sys.stderr.isatty()

    def draw(fraction: float, what: str) -> None:
        if shown:
            print(f"\r\033[K{fraction:4.0%} {report.printable(what)}", end="", file=sys.stderr, flush=True)

    try:
        yield rk.Watch(draw)
    finally:
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Show rejectkit's own warnings as one sentence each, and all others as Python does."""
    seen: set[str] = set()

    with warnings.catch_warnings():
        as_before = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if not issubclass(category, RejectkitWarning):
                as_before(message, category, *where, **more)
            elif (text := report.printable(str(message))) not in seen:
                seen.add(text)
                print(f"rejectkit: note: {text}", file=sys.stderr)

        warnings.simplefilter("always", RejectkitWarning)
        warnings.showwarning = show
        yield


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="+", metavar="PATH", help="a file, a folder, or a pattern such as 'logs/**/*.gz'")
    parser.add_argument(
        "--format",
        metavar="FMT",
        help="the log format, as in '${version} ${vpc-id} ...', if no header says it",
    )
    parser.add_argument(
        "--window", metavar="WHEN", help="only records that start in it: 24h, or 2026-11-01/2026-11-02 (UTC)"
    )


def _report(arguments: Arguments) -> int:
    window = parse_window(arguments.window) if arguments.window else None
    log_format = rk.LogFormat.parse(arguments.format) if arguments.format else None
    with progress() as watch:
        source = rk.FileSource(arguments.path, format=log_format)
        text = report.text(source, window, watch=watch)
    print(text)
    return 0


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, default=Path("demo"), metavar="DIR", help="where the pages go (default: demo)"
    )


def _demo(arguments: Arguments) -> int:
    demo.run(arguments.out)
    return 0


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        nargs="*",
        metavar="TARGET",
        help="vpc-..., subnet-..., eni-..., i-..., or a log group's name or ARN (default: all flow logs of the region)",
    )
    clideploy.account_arguments(parser)


def _doctor(arguments: Arguments) -> int:
    from rejectkit import aws  # the libraries of AWS take a while, which other verbs need not wait for
    from rejectkit.sources.cloudwatch.doctor import doctor

    findings = doctor(aws.session(arguments.profile, arguments.region), arguments.target or None)
    for finding in findings:
        print(report.printable(str(finding)))
    if not findings:
        print("Nothing is amiss.")
    return int(any(finding.severity == "warning" for finding in findings))


def _backtest(arguments: Arguments) -> int:
    window = parse_window(arguments.window) if arguments.window else None
    with progress() as watch:
        return clitiming.run(arguments, window, watch)


def _lab_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "options", nargs="*", metavar="OPTION", help="after --: options for JupyterLab, such as --no-browser"
    )


def _lab(arguments: Arguments) -> int:
    notebooks = demo.working_copy(Path("rejectkit-notebooks")) / "notebooks"
    command = [sys.executable, "-m", "jupyterlab", str(notebooks), *arguments.options]
    return subprocess.run(command, check=False).returncode


def _sandbox_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", default="none", help="traffic to play: poc, or none (default)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the scenario (default: 7)")
    parser.add_argument("--start", metavar="TIME", help="what its clock shows at first, UTC: 2026-11-01T00:00")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="simulated seconds in a second; 0: the clock stands (default: 1)"
    )


def _sandbox(arguments: Arguments) -> int:
    begin = parse_time(arguments.start) if arguments.start else None
    played = None if arguments.scenario == "none" else arguments.scenario
    with rk.sandbox.start(played, arguments.seed, start=begin) as sandbox:
        for name, value in sandbox.environment.items():
            print(f"export {name}={value}")
        print(f"# the account is {sandbox.account}, and its clock shows {sandbox.clock.now():%Y-%m-%d %H:%M:%S} UTC")
        print(f'# to move it: curl -d \'{{"by": "10m"}}\' {sandbox.endpoint_url}/_rejectkit/clock')
        print("# Ctrl-C ends it", flush=True)
        if arguments.speed:
            sandbox.follow_real_time(arguments.speed)
        threading.Event().wait()
    return 0


VERBS = (
    Verb("report", "count the records of log files and say what is refused", _report_arguments, _report),
    Verb("demo", "run the notebooks on the sample and write them as HTML", _demo_arguments, _demo),
    Verb(
        "sandbox",
        "run an AWS of its own on this machine and print how to point boto3 at it",
        _sandbox_arguments,
        _sandbox,
    ),
    Verb("doctor", "say what is missing between the network and its flow logs", _doctor_arguments, _doctor),
    Verb("backtest", "say what an alarm would have told of the records in files", clitiming.arguments, _backtest),
    Verb("plan", "say what an alert needs that is not there", clideploy.plan_arguments, clideploy.plan),
    Verb("apply", "deploy an alert, or bring it up to date", clideploy.apply_arguments, clideploy.apply),
    Verb("destroy", "take an alert down", clideploy.destroy_arguments, clideploy.destroy),
    Verb(
        "template",
        "write an alert as CloudFormation, Terraform, AWS CLI lines or an IAM policy",
        clideploy.template_arguments,
        clideploy.template,
    ),
    Verb("lab", "open JupyterLab on the notebooks", _lab_arguments, _lab),
)


def parser() -> argparse.ArgumentParser:
    """Return the parser that `VERBS` describe."""
    top = argparse.ArgumentParser(prog="rejectkit", description="Explore the REJECT records of VPC flow logs.")
    top.add_argument("--version", action="version", version=f"rejectkit {rk.__version__}")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    for verb in VERBS:
        below = verbs.add_parser(verb.name, help=verb.help, description=f"{verb.help.capitalize()}.")
        verb.arguments(below)
        below.set_defaults(run=verb.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit status: 2 for what the user can mend, 130 if interrupted."""
    given = parser().parse_args(arguments)
    with warnings_as_notes():
        try:
            status: int = given.run(given)
            sys.stdout.flush()
        except RejectkitError as error:
            print(f"rejectkit: {report.printable(str(error))}", file=sys.stderr)
            status = 2
        except KeyboardInterrupt as stop:
            told = "\n".join(["interrupted", *getattr(stop, "__notes__", ())])
            print(f"rejectkit: {report.printable(told)}", file=sys.stderr)
            status = 130
        except BrokenPipeError:  # whoever reads, `head` for one, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = 0
    return status
