"""Rounds of a benchmark, each in a process of its own: medians, with what was asked of them."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence

Measured = dict[str, float]
Row = tuple[str, str, float | None, bool]
"""A figure's key and name, its target if it has one, and whether that is the least (else the most) it may be."""


def run(
    module: str,
    about: str | None,
    once: Callable[[], Measured],
    rows: Sequence[Row],
    told: Callable[[Measured], str],
) -> int:
    """Measure, print a line on what was measured and one for each figure; return 1 if a target was missed.

    Parameters
    ----------
    module : str
        `benchmarks.…`, which is run anew for each round.
    about : str or None
        Its docstring.
    once : callable
        Measures once.
    rows : sequence of Row
        What to print.
    told : callable
        Says what was measured, from the first round.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(once()))
        return 0
    command = [sys.executable, "-m", module, "--part"]
    measured = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        for _ in range(arguments.rounds)
    ]
    print(f"{told(measured[0])}; {arguments.rounds} rounds")
    return 0 if all([_held(row, [one[row[0]] for one in measured]) for row in rows]) else 1


def _held(row: Row, values: list[float]) -> bool:
    """Print a figure; tell whether its target was held."""
    _, name, target, is_least = row
    median = statistics.median(values)
    good = target is None or (median >= target if is_least else median <= target)
    bound = "least" if is_least else "most"
    verdict = f"; target: at {bound} {target:g}: {'held' if good else 'MISSED'}" if target else ""
    print(f"  {median:8.3f}  ({min(values):.3f} to {max(values):.3f})  {name}{verdict}")
    return good
