"""SparkSource beside FileSource on the same Parquet files, as AWS delivers them: seconds a question, and to begin.

Spark is on this machine, `local[2]`, as it comes: it has no target here, the figures are for choosing a source. Run it
in the environment that `make spark` makes: `.venv-spark/bin/python -m benchmarks.spark_bench --records 10000000`.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import rejectkit as rk
from benchmarks.files_bench import QUESTIONS
from benchmarks.scale_files import generate
from rejectkit.sources.spark import SparkSource


def main() -> int:
    """Generate the files, ask both sources the ten questions, print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--days", type=int, default=1)
    options.add_argument("--folder", type=Path, help="where the files are, or are to be; a temporary one if left out")
    given = options.parse_args()
    if importlib.util.find_spec("pyspark") is None:
        print("pyspark is not installed here: `make spark` makes an environment that has it")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        generate(folder, given.records, given.days)
        compare(folder, given.records)
    return 0


def compare(folder: Path, records: int) -> None:
    """Print what each source took."""
    started = time.perf_counter()
    session = _session()
    begun = time.perf_counter() - started
    spark, files = SparkSource(folder, session), rk.FileSource(folder, cache=False)
    print(f"session: {begun:.1f} s to begin; {records:,} records")
    print("spark s  files s  question")
    took: list[tuple[float, float]] = []
    for question in (QUESTIONS[0], *QUESTIONS):  # the first one twice: Spark is slow to warm up
        pair = (_seconds(spark, question), _seconds(files, question))
        took.append(pair)
        print(f"{pair[0]:7.2f}  {pair[1]:7.2f}  {question}")
    warm = took[1:]
    for at, name in enumerate(("Spark", "files")):
        middle = statistics.median(pair[at] for pair in warm)
        print(f"{name}: {middle:.2f} s in the median, {records / middle:,.0f} records a second")
    session.stop()


def _session() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("spark_bench")
    for name, value in {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.warehouse.dir": tempfile.gettempdir(),
    }.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _seconds(source: Any, question: str) -> float:
    started = time.perf_counter()
    source.run(question, all_rows=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    raise SystemExit(main())
