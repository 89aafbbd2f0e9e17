"""FileSource, polars and pandas on the same Parquet of many records: seconds and peak memory of the standing questions.

Each measurement is taken in a process of its own, after its imports and with nothing kept; `again` is the same
question once more. polars reads lazily, by its streaming engine; pandas reads the columns that it needs, filtered.
`python -m benchmarks.scale_bench --help` lists what may be changed; 100 million records take 3 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.scale_files import FIRST, generate

DAY = FIRST + timedelta(days=1)
QUESTIONS = ("port", "source", "bytes", "timeline", "a day's ports")
WHO = ("FileSource", "polars", "pandas")
LIMIT_MIB = 2048.0
Answer = dict[str, int]


def ours(folder: Path, question: str) -> Callable[[], Answer]:
    """Return what asks FileSource."""
    import rejectkit as rk
    from rejectkit.insights import parse

    parse("limit 1")  # loads the grammar: once in a process, like an import
    asked = {
        "port": rk.questions.top("dstPort"),
        "source": rk.questions.top("srcAddr"),
        "bytes": rk.questions.top("srcAddr", "bytes"),
        "timeline": rk.questions.timeline("5m"),
        "a day's ports": rk.questions.top("dstPort"),
    }[question]
    window = rk.Window(DAY, DAY + timedelta(days=1)) if "day" in question else None
    source = rk.FileSource(folder)

    def ask() -> Answer:
        frame = source.run(asked, window)
        key, total = ("t", "flows") if question == "timeline" else (frame.columns[0], frame.columns[1])
        keys = frame[key].astype("int64") // 1000 if question == "timeline" else frame[key]
        return {str(one): int(value) for one, value in zip(keys, frame[total], strict=True)}

    return ask


def polars(folder: Path, question: str) -> Callable[[], Answer]:
    """Return what asks polars."""
    import polars as pl

    def ask() -> Answer:
        rows = pl.scan_parquet(str(folder / "**/*.parquet")).filter(pl.col("action") == "REJECT")
        if "day" in question:
            first = int(DAY.timestamp())
            rows = rows.filter((pl.col("start") >= first) & (pl.col("start") < first + 86400))
        if question == "timeline":
            made = rows.group_by((pl.col("start") // 300 * 300).alias("key")).agg(pl.len().alias("n")).sort("key")
        else:
            key = "srcaddr" if question in ("source", "bytes") else "dstport"
            total = pl.col("bytes").sum() if question == "bytes" else pl.len()
            made = rows.group_by(pl.col(key).alias("key")).agg(total.alias("n"))
            made = made.sort("n", "key", descending=[True, False]).head(20)
        frame = made.collect(engine="streaming")
        return {str(key): int(n) for key, n in zip(frame["key"], frame["n"], strict=True)}

    return ask


def pandas(folder: Path, question: str) -> Callable[[], Answer]:
    """Return what asks pandas."""
    import pandas as pd

    def ask() -> Answer:
        key = {"timeline": "start", "source": "srcaddr", "bytes": "srcaddr"}.get(question, "dstport")
        columns = [key, *(["bytes"] if question == "bytes" else [])]
        wanted: list[tuple[str, str, Any]] = [("action", "==", "REJECT")]
        if "day" in question:
            first = int(DAY.timestamp())
            wanted += [("start", ">=", first), ("start", "<", first + 86400)]
        frame = pd.read_parquet(folder, columns=columns, filters=wanted, partitioning=None)
        if question == "timeline":
            counted = (frame["start"] // 300 * 300).value_counts().sort_index()
        elif question == "bytes":
            counted = frame.groupby("srcaddr")["bytes"].sum().sort_values(ascending=False).head(20)
        else:
            counted = frame[key].value_counts().head(20)
        return {str(int(one)) if key != "srcaddr" else str(one): int(n) for one, n in counted.items()}

    return ask


def part(who: str, folder: Path, question: str) -> None:
    """Ask twice, and print seconds of both, peak memory, and the answer."""
    begun = time.perf_counter()
    ask = {"FileSource": ours, "polars": polars, "pandas": pandas}[who](folder, question)
    made = time.perf_counter() - begun
    seconds = []
    for _ in range(1 if who == "pandas" else 2):
        begun = time.perf_counter()
        answer = ask()
        seconds.append(time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"made": made, "seconds": seconds, "peak": peak, "answer": answer}))


def measure(who: str, folder: Path, question: str) -> dict[str, Any] | None:
    """Measure one part in a process of its own, with nothing kept; None where it did not come to an end."""
    with tempfile.TemporaryDirectory(prefix="rejectkit-bench-") as cache:
        command = [sys.executable, "-m", "benchmarks.scale_bench", "--part", who, "--question", question]
        environment = {**os.environ, "REJECTKIT_CACHE": cache}
        done = subprocess.run([*command, "--folder", str(folder)], env=environment, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1])) if done.returncode == 0 else None


def main() -> int:
    """Generate the files, measure, print the table; return 1 if FileSource's answers differ or it takes 2 GiB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="generated files to use, made if there are none")
    parser.add_argument("--records", type=int, default=100_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--part", choices=WHO, help=argparse.SUPPRESS)
    parser.add_argument("--question", choices=QUESTIONS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        part(arguments.part, arguments.folder, arguments.question)
        return 0
    with tempfile.TemporaryDirectory(prefix="rejectkit-bench-") as temporary:
        folder = arguments.folder or Path(temporary)
        if not any(folder.glob("AWSLogs")):
            generate(folder, arguments.records, arguments.days)
        print(f"{arguments.records:,} records, {arguments.days} days; seconds (once more), peak MiB, times polars")
        held = True
        for question in QUESTIONS:
            measured = {who: measure(who, folder, question) for who in WHO}
            held = _told(question, measured) and held
    return int(not held)


def _told(question: str, measured: dict[str, dict[str, Any] | None]) -> bool:
    """Print a question's rows; tell whether FileSource's answer is that of polars, and its memory within the limit."""
    mine, peer = measured["FileSource"], measured["polars"]
    for who, one in measured.items():
        if one is None:
            print(f"  {question:14} {who:11} did not come to an end")
            continue
        again = f"({one['seconds'][1]:6.2f})" if len(one["seconds"]) > 1 else " " * 8
        ratio = f"{one['seconds'][0] / peer['seconds'][0]:6.2f}" if peer else ""
        print(f"  {question:14} {who:11} {one['seconds'][0]:7.2f} {again} {one['peak']:7.0f} {ratio}", flush=True)
    if mine is None or peer is None:
        return False
    same = sorted(mine["answer"].values()) == sorted(peer["answer"].values())
    if not same:
        print(f"  {question}: the answers differ: {mine['answer']} and {peer['answer']}")
    return same and mine["peak"] < LIMIT_MIB


if __name__ == "__main__":
    raise SystemExit(main())
