"""How a command line tells of a Monitor: by a JSON file, by options, or by both."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rejectkit.errors import ArgumentError
from rejectkit.monitoring import PRIVATE, Monitor

PRIVATE_NETWORKS = "private"


@dataclass(frozen=True, slots=True)
class Option:
    """One option, and the value of the monitor that it gives.

    Attributes
    ----------
    name, metavar, help : str
        As `--help` shows them; without a metavar it is a switch.
    place : str
        Which value: `topic`, or `rule.period` for one inside another.
    read : callable
        Makes the value of the option's text.
    several : bool
        Whether it may be given again, or several values in one, separated by commas.
    """

    name: str
    metavar: str
    help: str
    place: str
    read: Callable[[str], Any] = str
    several: bool = False


def _number(text: str) -> Any:
    """Return a whole number; what is none is left to the monitor, which says what it takes."""
    return int(text) if text.isascii() and text.isdigit() else text


def _threshold(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


OPTIONS = (
    Option("--log-group", "NAME", "the log group that the flow log delivers to", "log_group"),
    Option("--log-format", "FMT", "the flow log's format (default: AWS's default format)", "log_format"),
    Option("--ports", "PORT", "only these destination ports: 22,3389", "choices.ports", _number, several=True),
    Option("--direction", "WAY", "only ingress, or only egress", "choices.direction"),
    Option("--inside", "NET", "only sources in it; private: in the private networks", "choices.inside", several=True),
    Option("--exclude", "NET", "no source in it, such as a scanner of one's own", "choices.excluded", several=True),
    Option("--pattern", "TEXT", "a filter pattern of one's own", "pattern"),
    Option("--period", "SECONDS", "what a datapoint covers (default: 60)", "rule.period", _number),
    Option("--threshold", "NUMBER", "it is an alarm above it (default: 0)", "rule.threshold", _threshold),
    Option("--design", "DESIGN", "metric-filter (default) or log-alarm", "design"),
    Option("--query-role", "ARN", "log alarm: the role that runs its query", "query_role"),
    Option("--email", "ADDRESS", "whom the topic tells", "emails", several=True),
    Option("--topic", "NAME", "the topic's name, or the ARN of one there is (default: vpc-rejects)", "topic"),
    Option("--alarm-name", "NAME", "the alarm's name", "alarm_name"),
    Option("--filter-name", "NAME", "the metric filter's name", "filter_name"),
    Option("--namespace", "NAME", "the metric's namespace", "namespace"),
    Option("--metric-name", "NAME", "the metric's name", "metric_name"),
    Option("--create-log-group", "", "make the log group", "create_log_group"),
    Option("--retention-days", "DAYS", "how long a log group that is made keeps its events", "retention_days", _number),
)  # fmt: skip
"""The options of a monitor; a value of it that none of them gives is given by the file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what tells of a monitor: a file, and the options."""
    parser.add_argument(
        "monitor",
        nargs="?",
        metavar="FILE",
        help="a monitor as JSON (`rejectkit template --format monitor` writes it; -: standard input); "
        "an option takes the place of what it says",
    )
    group = parser.add_argument_group("the monitor")
    for one in OPTIONS:
        if not one.metavar:
            group.add_argument(one.name, dest=one.place, action="store_const", const=True, help=one.help)
        elif one.several:
            group.add_argument(one.name, dest=one.place, action="append", metavar=one.metavar, help=one.help)
        else:
            group.add_argument(one.name, dest=one.place, metavar=one.metavar, help=one.help)
    group.add_argument(
        "--datapoints", metavar="M/N", help="how many of how many datapoints make an alarm (default: 1/1)"
    )


def is_given(arguments: argparse.Namespace) -> bool:
    """Tell whether a command line tells of a monitor at all."""
    return arguments.monitor is not None or bool(_given(arguments))


def monitor(arguments: argparse.Namespace) -> Monitor:
    """Return the monitor that a command line tells of.

    Raises
    ------
    ArgumentError
        If the file cannot be read or is no monitor, or a value is one that a monitor does not take.
    """
    told = {} if arguments.monitor is None else _file(arguments.monitor)
    given = _given(arguments)
    if "log_group" not in {**told, **given}:
        raise ArgumentError("there is no log group; give its name with --log-group, or the file of a monitor")
    return Monitor.from_dict(merged(told, given))


def merged(told: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a monitor's values with others in their place; choices and a pattern of one's own exclude each other.

    Examples
    --------
    >>> merged({"log_group": "g", "rule": {"period": 300}}, {"rule.threshold": 5.0})
    {'log_group': 'g', 'rule': {'period': 300, 'threshold': 5.0}}
    >>> merged({"log_group": "g", "pattern": "[a]"}, {"choices.ports": [22]})
    {'log_group': 'g', 'pattern': None, 'choices': {'ports': [22]}}
    """
    found = dict(told)
    if "pattern" in given and any(place.startswith("choices.") for place in given):
        raise ArgumentError(
            "--pattern is given beside --ports, --direction, --inside or --exclude, from which a pattern is made; "
            "leave one of the two out"
        )
    if "pattern" in given:
        found["choices"] = None
    for place, value in given.items():
        outer, _, inner = place.partition(".")
        if outer == "choices":
            found["pattern"] = None
        before = found.get(outer) or {}
        if inner:
            found[outer] = {**before, inner: value} if isinstance(before, Mapping) else before  # which is refused
        else:
            found[outer] = value
    return found


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the values that options give, by their place."""
    found: dict[str, Any] = {}
    for one in OPTIONS:
        value = getattr(arguments, one.place)
        if value is None:
            continue
        if one.several:
            parts = [part.strip() for text in value for part in text.split(",")]
            value = [one.read(part) for part in parts if part]
        found[one.place] = one.read(value) if isinstance(value, str) else value
    if found.get("choices.inside") == [PRIVATE_NETWORKS]:
        found["choices.inside"] = list(PRIVATE)
    if arguments.datapoints is not None:
        m, slash, n = arguments.datapoints.partition("/")
        if not (slash and isinstance(_number(m), int) and isinstance(_number(n), int)):
            raise ArgumentError(f"--datapoints is {arguments.datapoints!r}; give M/N, such as 2/3 for 2 of the last 3")
        found |= {"rule.datapoints_to_alarm": int(m), "rule.evaluation_periods": int(n)}
    return found


def _file(name: str) -> dict[str, Any]:
    """Return the values in a file."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        found = json.loads(text)
    except OSError as error:
        raise ArgumentError(
            f"the monitor's file {name!r} cannot be read: {error.strerror}; give the path of a JSON file"
        ) from error
    except ValueError as error:  # no UTF-8, or no JSON
        raise ArgumentError(
            f"the file {name!r} is not JSON: {error}; `rejectkit template --format monitor` writes one"
        ) from error
    if not isinstance(found, dict):
        raise ArgumentError(f"the file {name!r} holds no JSON object; a monitor is one, with its values by name")
    return found
