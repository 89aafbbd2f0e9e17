"""FileSource beside its peers on generated flow logs, each in the same run: medians of ratios, and peak memory.

Each measurement is taken in a fresh process, after its imports and with nothing kept. The question is
REJECTs by port; `python -m benchmarks.files_bench --help` lists what may be changed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.generate import HEADER, generate

QUESTIONS = (
    'filter action = "REJECT" | stats count(*) as flows by dstPort | sort flows desc',
    'filter action = "REJECT" | stats count(*) as flows by srcAddr | sort flows desc | limit 20',
    'filter action = "REJECT" | stats count(*) as flows by bin(5m) as t | sort t',
    'filter action = "REJECT" | stats count(*) as flows by srcAddr, dstPort | sort flows desc | limit 20',
    'filter action = "REJECT" and dstPort = 22 | stats count_distinct(srcAddr) as sources by interfaceId',
    'filter action = "REJECT" | stats sum(packets) as packets, sum(bytes) as bytes by protocol',
    "stats count(*) as flows by logStatus",
    "stats sum(bytes) as bytes by interfaceId | sort bytes desc | limit 20",
    'fields @timestamp, srcAddr | filter action = "REJECT" and dstPort = 3389 | sort @timestamp desc | limit 50',
    'filter action = "ACCEPT" | stats sum(bytes) as bytes by srcAddr, dstAddr | sort bytes desc | limit 20',
)
AWK = """zcat {folder}/*.gz | awk '$13=="REJECT"{{c[$7]++}} END{{for (p in c) print c[p], p}}'"""
SLICE = 200_000
MIB = 2**20

ROWS = (  # what is measured, its name in the table, at most (<) or at least (>) and the target
    ("first", "first question, seconds", "", 0.0),
    ("awk", "zcat | awk, seconds", "", 0.0),
    ("awk ratio", "first question / (zcat | awk)", "<", 0.6),
    ("reader ratio", "records per second / flowlogs-reader's", ">", 25.0),
    ("pandas ratio", "pandas.read_csv / first question", ">", 1.5),
    ("ten ratio", "ten questions / the first", "<", 4.0),
    ("second", "second question, seconds: it keeps the files", "", 0.0),
    ("each", "third to tenth question, seconds each", "", 0.0),
    ("peak", "peak memory, MiB", "<", 1024.0),
    ("growth", "peak memory on four times the lines / on these", "<", 1.2),
)


def rejectkit_first(folder: Path) -> None:
    """One question."""
    _ask(folder, QUESTIONS[:1])


def rejectkit_ten(folder: Path) -> None:
    """Ten different questions in a row."""
    _ask(folder, QUESTIONS)


def _ask(folder: Path, questions: tuple[str, ...]) -> None:
    from rejectkit.insights import parse
    from rejectkit.sources.files.cache import Cache
    from rejectkit.sources.files.source import FileSource

    parse("limit 1")  # loads the grammar: once in a process, like an import
    source = FileSource(folder, cache=Cache(os.environ["BENCH_CACHE"]))
    seconds, rejects = [], 0
    for question in questions:
        started = time.perf_counter()
        answer = source.run(question, all_rows=True)
        seconds.append(time.perf_counter() - started)
        rejects = rejects or int(answer["flows"].sum())
    _tell(seconds, rejects)


def rejectkit_twice(folder: Path) -> None:
    """Two questions: one that reads, one that keeps."""
    _ask(folder, QUESTIONS[:3:2])


def pandas_first(folder: Path) -> None:
    """The first question to pandas, as its user would write it."""
    import pandas as pd

    started = time.perf_counter()
    names, columns = HEADER.split(), ["dstport", "action"]
    frames = [
        pd.read_csv(path, sep=" ", names=names, header=0, usecols=columns, na_values="-")
        for path in sorted(folder.glob("*.gz"))
    ]
    records = pd.concat(frames)
    counts = records[records["action"] == "REJECT"]["dstport"].value_counts()
    _tell([time.perf_counter() - started], int(counts.sum()))


def flowlogs_reader_first(folder: Path) -> None:
    """The first question to flowlogs-reader, on the first lines of one file."""
    import gzip
    from collections import Counter
    from itertools import islice

    from flowlogs_reader import FlowRecord

    started = time.perf_counter()
    counts: Counter[int] = Counter()
    with gzip.open(min(folder.glob("*.gz")), "rt") as lines:
        next(lines)
        for line in islice(lines, SLICE):
            record = FlowRecord.from_cwl_event({"message": line})
            if record.action == "REJECT":
                counts[record.dstport] += 1
    _tell([time.perf_counter() - started], sum(counts.values()))


def _tell(seconds: list[float], rejects: int) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    print(json.dumps({"seconds": seconds, "rejects": rejects, "peak": peak}))


PARTS: dict[str, Callable[[Path], None]] = {
    "first": rejectkit_first,
    "twice": rejectkit_twice,
    "ten": rejectkit_ten,
    "pandas": pandas_first,
    "flowlogs-reader": flowlogs_reader_first,
}


def measure(part: str, folder: Path) -> dict[str, Any]:
    """Measure one part in a process of its own, with nothing kept."""
    cache = tempfile.mkdtemp(prefix="rejectkit-bench-")
    try:
        command = [sys.executable, "-m", "benchmarks.files_bench", "--part", part, "--folder", str(folder)]
        environment = {**os.environ, "BENCH_CACHE": cache}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return dict(json.loads(done.stdout.splitlines()[-1]))
    finally:
        shutil.rmtree(cache, ignore_errors=True)


def awk(folder: Path) -> tuple[float, int]:
    """Measure the pipe of zcat and awk: seconds, rejects."""
    started = time.perf_counter()
    done = subprocess.run(AWK.format(folder=folder), shell=True, stdout=subprocess.PIPE, text=True, check=True)
    return time.perf_counter() - started, sum(int(line.split()[0]) for line in done.stdout.splitlines())


def one_round(folder: Path, lines: int) -> dict[str, float]:
    """Measure everything once, ours and each peer's one after the other."""
    first = measure("first", folder)
    piped, rejects = awk(folder)
    frame, ten, reader = (measure(part, folder) for part in ("pandas", "ten", "flowlogs-reader"))
    if not first["rejects"] == rejects == frame["rejects"] == ten["rejects"]:
        raise SystemExit(f"the answers differ: {first['rejects']}, {rejects}, {frame['rejects']}, {ten['rejects']}")
    ours, each = first["seconds"][0], ten["seconds"]
    return {
        "first": ours,
        "awk": piped,
        "awk ratio": ours / piped,
        "reader ratio": (lines / ours) / (SLICE / reader["seconds"][0]),
        "pandas ratio": frame["seconds"][0] / ours,
        "ten ratio": sum(each) / each[0],
        "second": each[1],
        "each": statistics.mean(each[2:]),
        "peak": max(first["peak"], ten["peak"]),
    }


def report(measured: list[dict[str, float]]) -> bool:
    """Print the table; tell whether every target was held."""
    held = True
    for key, name, sign, target in ROWS:
        values = [row[key] for row in measured if key in row]
        if not values:
            continue
        median = statistics.median(values)
        good = not sign or (median <= target if sign == "<" else median >= target)
        verdict = f"; target: at {'most' if sign == '<' else 'least'} {target:g}: {'held' if good else 'MISSED'}"
        print(f"  {median:8.2f}  ({min(values):.2f} to {max(values):.2f})  {name}{verdict if sign else ''}")
        held = held and good
    return held


def main() -> int:
    """Generate the files, measure in rounds, print the medians; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="generated files to use, made if there are none")
    parser.add_argument("--lines", type=int, default=4_000_000)
    parser.add_argument("--files", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-growth", action="store_true", help="leave out the memory on four times the lines")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        PARTS[arguments.part](arguments.folder)
        return 0
    with tempfile.TemporaryDirectory(prefix="rejectkit-bench-") as temporary:
        folder = arguments.folder or Path(temporary) / "one"
        if not folder.is_dir():
            generate(folder, lines=arguments.lines, files=arguments.files)
        measured = [one_round(folder, arguments.lines) for _ in range(arguments.rounds)]
        if not arguments.no_growth:
            four = Path(temporary) / "four"
            generate(four, lines=4 * arguments.lines, files=4 * arguments.files)
            for part in ("first", "twice"):
                measured.append({"growth": measure(part, four)["peak"] / measure(part, folder)["peak"]})
        print(f"{arguments.lines:,} lines in {arguments.files} files, medians of {arguments.rounds} rounds")
        return int(not report(measured))


if __name__ == "__main__":
    raise SystemExit(main())
