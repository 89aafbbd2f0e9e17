"""The verb `backtest`: what an alarm would have said of the records in files, and which setting to use."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

import rejectkit as rk
from rejectkit import report
from rejectkit.climonitor import PRIVATE_NETWORKS
from rejectkit.errors import ArgumentError, WindowError
from rejectkit.monitoring import PRIVATE, AlarmRule, Choices
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.replaying.recommending import MOST_ALARM
from rejectkit.monitoring.replaying.replay import Backtest, backtest, spoken
from rejectkit.monitoring.replaying.sweeping import recommend, sweep
from rejectkit.records import LogFormat, by_column

GRID: Final[Mapping[str, Sequence[Any]]] = {
    "period": (60, 300),
    "evaluation_periods": (1, 2, 3, 5, 10, 15),
    "datapoints_to_alarm": (1, 2, 3),
}
"""What `--sweep` tries where no option says otherwise."""

PATTERNS: Final[Mapping[str, Choices]] = {"all rejects": Choices(), "from inside": Choices(inside=PRIVATE)}
"""The patterns that `--sweep` tries where none is given."""

SHOWN: Final = 12  # settings that are printed
_RULE: Final = (
    ("--period", "SECONDS", "what a datapoint covers (default: 60)", int),
    ("--evaluation-periods", "N", "of how many datapoints it is judged (default: 1)", int),
    ("--datapoints-to-alarm", "M", "how many of them make an alarm (default: 1)", int),
    ("--threshold", "NUMBER", "it is an alarm above it (default: 0)", float),
    ("--statistic", "NAME", "Sum (default), SampleCount, Average, Minimum or Maximum", str),
    ("--treat-missing-data", "WORD", "notBreaching (default), breaching, missing or ignore", str),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `backtest`."""
    parser.add_argument("path", nargs="+", metavar="PATH", help="a file, a folder, or a pattern such as 'logs/**/*.gz'")
    parser.add_argument(
        "--format", metavar="FMT", help="the log format, as in '${version} ${vpc-id} ...', if no header says it"
    )
    parser.add_argument(
        "--window", metavar="WHEN", help="only records that start in it: 24h, or 2026-11-01/2026-11-02 (UTC)"
    )
    parser.add_argument(
        "--delay", metavar="SECONDS", help="how long after its end a record arrives (default: 300, AWS's typical)"
    )
    parser.add_argument("--sweep", action="store_true", help="try many rules, or those given, and recommend one")
    parser.add_argument(
        "--incident",
        action="append",
        metavar="START/END",
        default=[],
        help="with --sweep: when something happened that should have been told (UTC); may be given again",
    )
    rule = parser.add_argument_group("the rule (with --sweep each may have several values: 60,300)")
    for name, metavar, words, _ in _RULE:
        rule.add_argument(name, metavar=metavar, help=words)
    which = parser.add_argument_group("which rejects (default: all)")
    which.add_argument("--pattern", metavar="TEXT", help="a filter pattern of one's own")
    which.add_argument("--port", action="append", metavar="PORT", default=[], help="only these ports: 22,3389")
    which.add_argument("--direction", metavar="WAY", help="only ingress, or only egress")
    which.add_argument(
        "--inside",
        action="append",
        metavar="NET",
        default=[],
        help="only sources in it; private: in the private networks",
    )
    which.add_argument("--exclude", action="append", metavar="NET", default=[], help="no source in it")


def run(given: argparse.Namespace, window: rk.Window | None = None, watch: rk.Watch | None = None) -> int:
    """Print what an alarm would have said of the records in files; with --sweep, which setting to use."""
    values, delay = _values(given), _delay(given.delay)
    incidents = {text: _incident(text) for text in given.incident}
    if incidents and not given.sweep:
        raise ArgumentError("--incident goes with --sweep, which counts what each setting catches; add --sweep")
    choices = _choices(given)
    rule = None if given.sweep and any(len(some) > 1 for some in values.values()) else _rule(values)
    source = rk.FileSource(given.path, format=rk.LogFormat.parse(given.format) if given.format else None)
    fmt = rk.LogFormat.parse(given.format) if given.format else _format(source.fields)
    pattern = FilterPattern(given.pattern) if given.pattern is not None else (choices or Choices()).pattern(fmt)
    end = ", end" if "end" in source.fields else ""
    events = source.run(f"fields @timestamp, @message{end}", window, all_rows=True, watch=watch)
    if not len(events):
        raise ArgumentError(
            "there is no record" + (f" from {window}" if window else "") + "; give other files or times"
        )
    if rule is not None:
        _say(_tested(backtest(events, rule, pattern, delay=delay, log_format=fmt)))
    if given.sweep:
        patterns: dict[str, FilterPattern] = {"the pattern given": pattern}
        if choices is None and given.pattern is None:
            patterns = {name: one.pattern(fmt) for name, one in PATTERNS.items() if not one.unsaid(fmt)}
        found = sweep(events, {**GRID, **values}, patterns, incidents or None, delay=delay, log_format=fmt)
        _say(("\n" if rule is not None else "") + _swept(found))
    return 0


def _say(text: str) -> None:
    print("\n".join(report.printable(line) for line in text.splitlines()))


def _tested(found: Backtest) -> str:
    """Return a replay as text: its summary and its figures."""
    table = found.figures.drop(columns="rejects").assign(
        pagesPerDay=found.figures["pagesPerDay"].map("{:,.1f}".format),
        alarmShare=found.figures["alarmShare"].map("{:.1%}".format),
        missedShare=found.figures["missedShare"].map("{:.1%}".format),
        seconds=found.figures["seconds"].map(_seconds),
    )
    summary = found.summary().replace("Give delay=, or events with @ingestionTime.", "--delay says otherwise.")
    return f"{summary}\n\n{table.to_string(index=False)}"


def _swept(found: pd.DataFrame) -> str:
    """Return a trial of settings as text: the best of them, and the one to take."""
    best = found[found["best"]]
    scored = bool(found["caught"].notna().any())
    order = ["otherPagesPerDay", "missedShare", "secondsToAlarm", "pagesPerDay"]
    uneasy = best["alarmShare"] >= MOST_ALARM
    ordered = best.assign(uneasy=uneasy & (not scored)).sort_values(["uneasy", *order], kind="stable")
    shown = ordered.drop_duplicates(["pattern", "alarmShare", *order]).head(SHOWN)
    table = pd.DataFrame(
        {
            "rule": shown["rule"].map(spoken),
            "pattern": shown["pattern"],
            "pages/day": shown["pagesPerDay"].map("{:,.1f}".format),
            **({"others/day": shown["otherPagesPerDay"].map("{:,.1f}".format)} if scored else {}),
            **({"caught": shown["caught"]} if scored else {}),
            "seconds": shown["secondsToAlarm"].map(_seconds),
            "in ALARM": shown["alarmShare"].map("{:.1%}".format),
            "missed": shown["missedShare"].map("{:.1%}".format),
        }
    )
    lines = [f"{len(found):,} settings, of which {len(best):,} are such that no other beats them."]
    if len(best):
        few = f", {len(shown)} of them and of those alike the first" if len(shown) < len(best) else ""
        lines += [f"The best{few}:", "", table.to_string(index=False), ""]
    return "\n".join([*lines, recommend(found).reason])  # an error where no setting pages


def _seconds(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:,.0f}"


def _format(columns: Sequence[str]) -> LogFormat:
    """Return the format that a source's columns are of."""
    return LogFormat(tuple(by_column[one].name if one in by_column else one for one in columns))


def _values(given: argparse.Namespace) -> dict[str, list[Any]]:
    """Return the values of the rule's options, by the rule's field."""
    found: dict[str, list[Any]] = {}
    for name, _, _, kind in _RULE:
        field = name[2:].replace("-", "_")
        text = getattr(given, field)
        if text is None:
            continue
        words = [word.strip() for word in text.split(",")]
        try:
            found[field] = [kind(word) for word in words]
        except ValueError:
            noun = "whole number" if kind is int else "number"
            raise ArgumentError(f"{name} is {text!r}; give a {noun}, or with --sweep several: 1,3") from None
        if len(words) > 1 and not given.sweep:
            raise ArgumentError(f"{name} is {text!r}; one rule has one value: add --sweep to try several")
    return found


def _rule(values: Mapping[str, Sequence[Any]]) -> AlarmRule:
    return AlarmRule(**{name: some[0] for name, some in values.items()})


def _delay(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise ArgumentError(f"--delay is {text!r}; give seconds, for example 300") from None


def _incident(text: str) -> rk.Window:
    start, _, end = text.partition("/")
    try:
        return rk.Window.parse(start, end)
    except WindowError as error:
        raise WindowError(
            f"--incident {text}: {error}; give its start and end, 2026-11-01T14:20/2026-11-01T16:00 (UTC)"
        ) from error


def _choices(given: argparse.Namespace) -> Choices | None:
    """Return the choices that options give; None where they give none."""
    ports, inside, excluded = (_listed(some) for some in (given.port, given.inside, given.exclude))
    if not (ports or inside or excluded or given.direction):
        return None
    if given.pattern is not None:
        raise ArgumentError(
            "--pattern is given beside --port, --direction, --inside or --exclude, from which a pattern is made; leave "
            "one of the two out"
        )
    numbers: list[Any] = [int(port) if port.isascii() and port.isdigit() else port for port in ports]
    networks = list(PRIVATE) if inside == [PRIVATE_NETWORKS] else inside
    return Choices(ports=tuple(numbers), direction=given.direction, inside=tuple(networks), excluded=tuple(excluded))


def _listed(given: Sequence[str]) -> list[str]:
    return [word.strip() for text in given for word in text.split(",") if word.strip()]
