"""The verbs of a Monitor: plan, apply, destroy, and the template to hand over."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

from rejectkit import climonitor, monitoring, report
from rejectkit.actions import KINDS
from rejectkit.errors import ArgumentError
from rejectkit.monitoring import Monitor
from rejectkit.monitoring.limits import partition
from rejectkit.plans import Plan, Step

YES = ("y", "yes")
FORMATS: dict[str, Callable[[Monitor], Any]] = {
    "cloudformation": monitoring.template,
    "terraform": monitoring.terraform,
    "cli": monitoring.cli,
    "monitor": Monitor.to_dict,
}
"""The forms that a monitor is written in; the IAM policies come beside them."""


def account_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what tells of an account and a region."""
    parser.add_argument("--profile", help="the AWS profile (default: as the AWS CLI)")
    parser.add_argument("--region", help="the AWS region (default: as the AWS CLI)")


def plan_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `plan`."""
    climonitor.add_arguments(parser)
    account_arguments(parser)
    parser.add_argument(
        "--adopt", action="store_true", help="take over an alarm, topic or filter of the same name that is another's"
    )


def apply_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `apply`."""
    plan_arguments(parser)
    _yes_arguments(parser)


def destroy_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `destroy`."""
    climonitor.add_arguments(parser)
    account_arguments(parser)
    _yes_arguments(parser)


def _yes_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask; what the plan asks about is left as it is")
    parser.add_argument("--yes-to-all", action="store_true", help="do not ask; what the plan asks about is removed too")


def plan(arguments: argparse.Namespace) -> int:
    """Print what `apply` would do; the status is 1 if there is anything."""
    made = _plan(arguments)
    _say(str(made))
    return int(not made.empty)


def apply(arguments: argparse.Namespace) -> int:
    """Print the plan and carry it out."""
    return _carry_out(_plan(arguments), "Apply?", arguments)


def destroy(arguments: argparse.Namespace) -> int:
    """Print what is to be removed and remove it."""
    monitor = climonitor.monitor(arguments)
    return _carry_out(monitoring.teardown(monitor, _session(arguments)), "Remove?", arguments)


def _plan(arguments: argparse.Namespace) -> Plan:
    monitor = climonitor.monitor(arguments)
    return monitoring.plan(monitor, _session(arguments), adopt=arguments.adopt)


def _session(arguments: argparse.Namespace) -> Any:
    from rejectkit import aws  # the libraries of AWS take a while, which other verbs need not wait for

    return aws.session(arguments.profile, arguments.region)


def _carry_out(made: Plan, question: str, arguments: argparse.Namespace) -> int:
    """Print a plan and, if it is agreed to, take its steps; the status is 1 if it is not."""
    _say(str(made))
    told = arguments.yes or arguments.yes_to_all
    asks = not told and sys.stdin.isatty()
    if not made.empty and not told:
        if not asks:
            raise ArgumentError(
                "nothing was changed: there is no terminal to ask on; give --yes to go ahead without being asked"
            )
        if not _agreed(question):
            _say("Nothing was changed.")
            return 1

    def confirm(step: Step) -> bool:
        return _agreed(step.question) if asks else arguments.yes_to_all

    _say(str(made.apply(_Told(), confirm)))
    return 0


def _agreed(question: str) -> bool:
    """Ask on the terminal; all but a yes is a no."""
    _say(f"{question} [y/N] ", end="", to=sys.stderr)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # the end of the input leaves the cursor behind the question
        _say("", to=sys.stderr)
    return answer.strip().lower() in YES


class _Told:
    """A watch that says each step before it is taken, on a terminal."""

    cancelled = False

    def report(self, fraction: float, what: str) -> None:
        """Say a step, in a line of its own: a question may follow it."""
        if sys.stderr.isatty() and fraction < 1:
            _say(f"{fraction:4.0%} {what}", to=sys.stderr)


def _say(text: str, *, end: str = "\n", to: TextIO | None = None) -> None:
    """Write a text, in which AWS's names may be, so that a terminal takes it for nothing else."""
    stream = to or sys.stdout
    stream.write(report.printable(text) + end)
    stream.flush()


def template_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `template`."""
    climonitor.add_arguments(parser)
    parser.add_argument(
        "--format",
        choices=[*FORMATS, *(f"iam-{kind}" for kind in KINDS)],
        default="cloudformation",
        help="what is written (default: cloudformation); monitor: the monitor itself, as a file for the other verbs; "
        "iam-...: the policy for those who read, deploy or tune, of any monitor if none is told",
    )
    parser.add_argument("--account", default="*", help="the account that an IAM policy is for (default: any)")
    parser.add_argument("--region", default="*", help="the region that an IAM policy is for (default: any)")


def template(arguments: argparse.Namespace) -> int:
    """Write a monitor in a form that others take."""
    found = _written(arguments)
    sys.stdout.write(found if isinstance(found, str) else json.dumps(found, indent=2) + "\n")  # as it is: files
    return 0


def _written(arguments: argparse.Namespace) -> Any:
    if arguments.format in FORMATS:
        return FORMATS[arguments.format](climonitor.monitor(arguments))
    where = {"account": arguments.account, "region": arguments.region, "partition": partition(arguments.region)}
    told = climonitor.monitor(arguments) if climonitor.is_given(arguments) else None
    return monitoring.iam_policy(arguments.format.removeprefix("iam-"), told, **where)
