"""Run every benchmark here, each in a process of its own; the exit status is 1 if one missed its target."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run `*_bench.py` in order of name, each as a module."""
    failed = []
    for path in sorted(Path(__file__).parent.glob("*_bench.py")):
        print(f"\n== {path.stem}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{path.stem}"], check=False)
        if done.returncode:
            failed.append(path.stem)
    print(f"\nnot held: {', '.join(failed)}" if failed else "\nall held")
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main())
