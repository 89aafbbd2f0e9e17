"""FileSource beside its peers on generated flow logs, each pair in the same run; prints medians of ratios.

Run as ``python benchmarks/files_bench.py``; ``--memory`` also measures four times the lines. A measurement
is taken in a fresh process, after its imports and with an empty cache. The question is REJECTs by port.
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

QUESTION = 'filter action = "REJECT" | stats count(*) as flows by dstPort | sort flows desc'
QUESTIONS = (
    QUESTION,
    'filter action = "REJECT" | stats count(*) as flows by srcAddr | sort flows desc | limit 20',
    'filter action = "REJECT" | stats count(*) as flows by bin(5m) as t | sort t',
    'filter action = "REJECT" | stats count(*) as flows by srcAddr, dstPort | sort flows desc | limit 20',
    'filter action = "REJECT" and dstPort = 22 | stats count_distinct(srcAddr) as sources by interfaceId',
    'filter action = "REJECT" | stats sum(packets) as packets, sum(bytes) as bytes by protocol',
    "stats count(*) as flows by logStatus",
    "stats sum(bytes) as bytes by interfaceId | sort bytes desc | limit 20",
    'fields @timestamp, srcAddr, dstAddr | filter action = "REJECT" and dstPort = 3389 | sort @timestamp desc | limit 50',
    'filter action = "ACCEPT" | stats sum(bytes) as bytes by srcAddr, dstAddr | sort bytes desc | limit 20',
)
FIELDS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
AWK = """zcat {folder}/*.gz | awk '$13=="REJECT"{{c[$7]++}} END{{for (p in c) print c[p], p}}'"""
SLICE = 200_000


def rejectkit_first(folder: Path) -> int:
    """One question, nothing kept."""
    return _ask(folder, QUESTIONS[:1])


def rejectkit_ten(folder: Path) -> int:
    """Ten different questions in a row, nothing kept before the first."""
    return _ask(folder, QUESTIONS)


def _ask(folder: Path, questions: tuple[str, ...]) -> int:
    from rejectkit.sources.cache import Cache
    from rejectkit.sources.files import FileSource

    started = time.perf_counter()
    source = FileSource(folder, cache=Cache(os.environ["BENCH_CACHE"]))
    seconds, rejects = [], 0
    for question in questions:
        answer = source.run(question, all_rows=True)
        seconds.append(time.perf_counter() - started - sum(seconds))
        rejects = rejects or int(answer["flows"].sum())
    _tell(seconds=seconds, rejects=rejects)
    return rejects


def pandas_first(folder: Path) -> int:
    """The same by pandas, as its user would write it."""
    import pandas as pd

    started = time.perf_counter()
    columns = ["dstport", "action"]
    frames = [
        pd.read_csv(path, sep=" ", names=FIELDS.split(), header=0, usecols=columns, na_values="-")
        for path in sorted(folder.glob("*.gz"))
    ]
    records = pd.concat(frames)
    counts = records[records["action"] == "REJECT"]["dstport"].value_counts()
    _tell(seconds=[time.perf_counter() - started], rejects=int(counts.sum()))
    return int(counts.sum())


def flowlogs_reader_first(folder: Path) -> int:
    """The same by flowlogs-reader, on the first lines of one file."""
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
    _tell(seconds=[time.perf_counter() - started], rejects=sum(counts.values()))
    return sum(counts.values())


def _tell(**measured: object) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**measured, "peak": peak}))


PARTS: dict[str, Callable[[Path], int]] = {
    "first": rejectkit_first,
    "ten": rejectkit_ten,
    "pandas": pandas_first,
    "flowlogs-reader": flowlogs_reader_first,
}


def measure(part: str, folder: Path) -> dict[str, object]:
    """Measure one part in a process of its own, with an empty cache."""
    cache = tempfile.mkdtemp(prefix="rejectkit-bench-")
    try:
        environment = {**os.environ, "BENCH_CACHE": cache, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        command = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return dict(json.loads(done.stdout.splitlines()[-1]))
    finally:
        shutil.rmtree(cache, ignore_errors=True)


def awk(folder: Path) -> tuple[float, int]:
    """Measure the pipe of zcat and awk: seconds, rejects."""
    started = time.perf_counter()
    done = subprocess.run(AWK.format(folder=folder), shell=True, capture_output=True, text=True, check=True)
    return time.perf_counter() - started, sum(int(line.split()[0]) for line in done.stdout.splitlines())


def compare(folder: Path, lines: int, rounds: int) -> None:
    """Print the table of ratios."""
    rows: dict[str, list[float]] = {}
    for _ in range(rounds):
        ours = measure("first", folder)
        piped, piped_rejects = awk(folder)
        frame = measure("pandas", folder)
        ten = measure("ten", folder)
        reader = measure("flowlogs-reader", folder)
        if not ours["rejects"] == piped_rejects == frame["rejects"] == ten["rejects"]:
            raise SystemExit(f"the answers differ: {ours['rejects']}, {piped_rejects}, {frame['rejects']}")
        first = ours["seconds"][0]  # type: ignore[index]  # a list of float
        each = ten["seconds"]
        rate = SLICE / reader["seconds"][0]  # type: ignore[index]  # a list of float
        for name, value in (
            ("first question, seconds", first),
            ("zcat | awk, seconds", piped),
            ("first question / (zcat | awk)   wanted <= 0.6", first / piped),
            ("rate / flowlogs-reader's        wanted >= 25", lines / first / rate),
            ("pandas / first question         wanted >= 1.5", frame["seconds"][0] / first),  # type: ignore[index]  # as above
            ("ten questions / the first       wanted <= 4", sum(each) / each[0]),  # type: ignore[arg-type, index]  # as above
            ("second question, seconds (it keeps the files)", each[1]),  # type: ignore[index]  # as above
            ("third to tenth question, seconds each", statistics.mean(each[2:])),  # type: ignore[index]  # as above
            ("peak memory, MiB                wanted < 1024", max(ours["peak"], ten["peak"]) / 2**20),  # type: ignore[type-var]  # as above
        ):
            rows.setdefault(name, []).append(value)
    print(f"{lines:,} lines in {len(list(folder.glob('*.gz')))} files, median of {rounds} rounds (least to most)")
    for name, values in rows.items():
        print(f"{statistics.median(values):9.2f}   {name}   ({min(values):.2f} to {max(values):.2f})")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="folder of generated files; made where it is left out")
    parser.add_argument("--lines", type=int, default=4_000_000)
    parser.add_argument("--files", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="also measure peak memory on four times the lines")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        PARTS[arguments.part](arguments.folder)
        return
    from generate import generate

    with tempfile.TemporaryDirectory(prefix="rejectkit-bench-") as temporary:
        folder = arguments.folder or Path(temporary) / "one"
        if not folder.is_dir():
            generate(folder, lines=arguments.lines, files=arguments.files)
        compare(folder, arguments.lines, arguments.rounds)
        if arguments.memory:
            four = generate(Path(temporary) / "four", lines=4 * arguments.lines, files=4 * arguments.files)[0].parent
            for part in ("first", "ten"):
                peaks = [measure(part, place)["peak"] for place in (four, folder)]
                ratio = peaks[0] / peaks[1]  # type: ignore[operator]  # numbers
                print(f"{ratio:9.2f}   peak memory on four times the lines / on these ({part})   wanted <= 1.2")


if __name__ == "__main__":
    main()
