"""What `import rejectkit` adds to `import pandas`, in fresh processes: at most 0.15 s."""

from __future__ import annotations

import statistics
import subprocess
import sys

RUNS = 15
TARGET_SECONDS = 0.15
TIMED = "import time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
PEER, OURS = "import pandas", "import pandas, rejectkit"
MORE = "import rejectkit as rk; rk.FileSource; rk.summarize; rk.questions; rk.classify"


def seconds(statement: str) -> float:
    """Return how long a fresh process takes to execute a statement, in seconds."""
    command = [sys.executable, "-c", TIMED.format(statement=statement)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> int:
    """Take turns, print the medians and the difference; return 1 if it is over the target.

    The package alone loads nothing, so it is timed with pandas before it; the third line is what the
    first use of the names of a first notebook costs, for which there is no target.
    """
    taken: dict[str, list[float]] = {PEER: [], OURS: [], MORE: []}
    for statement in taken:
        seconds(statement)  # once unmeasured: compiled files and the disk cache
    for _ in range(RUNS):
        for statement, times in taken.items():
            times.append(seconds(statement))
    medians = {statement: statistics.median(times) for statement, times in taken.items()}
    print(f"medians of {RUNS} fresh processes each, taking turns")
    for statement, median in medians.items():
        print(f"  {median:6.3f} s  ({min(taken[statement]):.3f} to {max(taken[statement]):.3f})  {statement}")
    more = medians[OURS] - medians[PEER]
    held = more <= TARGET_SECONDS
    verdict = "held" if held else "MISSED"
    print(f"  {more:+6.3f} s  rejectkit on top of pandas; target: at most {TARGET_SECONDS} s: {verdict}")
    return int(not held)


if __name__ == "__main__":
    raise SystemExit(main())
