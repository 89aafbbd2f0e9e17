"""The contract of every source, kept by SparkSource on a real master with two workers, one of which is then killed.

`REJECTKIT_CONTRACT_CASES` sets how many queries are asked, as in `test_contract.py`.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.errors import QueryError, RowLimitWarning, UnsupportedError
from rejectkit.sources.spark import SparkSource
from tests.reference.compare import disagreement
from tests.reference.generator import make_case
from tests.reference.interpreter import evaluate
from tests.reference.records import RecordSet, record_sets
from tests.reference.refusals import OUTSIDE, REFUSED
from tests.spark.backend import on_spark
from tests.spark.cluster import Cluster
from tests.spark.session import CODEGEN, cluster_of_tests, session_of_tests, set_for  # noqa: F401  two are fixtures
from tests.test_contract import CASES, SEED, SETS, Backend, a_window, report, run, verdict

pytestmark = pytest.mark.spark

SHARE = 0.25  # of the contract's cases
FIRST = 20  # record sets, the odd ones among them
SETTINGS = (  # the same answers under each
    {},
    {"ansi__enabled": False},
    {"parser__escapedStringLiterals": True},
    {"caseSensitive": True, "ansi__enabled": False},
    CODEGEN,
)


def differences(spark: Any, numbers: range, each: int, folder: Path) -> list[str]:
    """Return a report for each record set on which a query differs from the interpreter."""
    backend = Backend("Spark", on_spark(spark))
    said = []
    for number in numbers:
        records = record_sets(SEED, SETS)[number]
        place = folder / str(number)
        place.mkdir(parents=True)
        with set_for(spark, **SETTINGS[number % len(SETTINGS)]):
            source = backend.load(records, place)
            for i in range(each):
                seed = f"{SEED} spark {number} {i}"
                text, window = make_case(seed, records).text, a_window(Random(f"window {seed}"), records)
                if verdict(source, records, text, window) is not None:
                    shrunk = folder / f"{number} shrunk"
                    shrunk.mkdir()
                    said.append(report(backend, seed, text, records, window, shrunk))
                    break
    return said


def test_spark_agrees_with_the_interpreter(spark: Any, tmp_path: Path) -> None:
    """Whatever the query, Spark's answer is the interpreter's: with ANSI mode and without, in any zone and spelling."""
    said = differences(spark, range(FIRST), round(CASES * SHARE) // FIRST, tmp_path)
    assert not said, "\n\n".join(said)


def test_spark_refuses_what_the_language_refuses(spark: Any, tmp_path: Path) -> None:
    """The refusals are the language's, and come before Spark is asked."""
    records = RecordSet("refusals", "short", ("22 10.0.0.1 1767225600 REJECT",), told=True)
    source = on_spark(spark)(records, tmp_path)
    for query, message in [*REFUSED, *((query, None) for query in OUTSIDE)]:
        with pytest.raises(UnsupportedError if query in OUTSIDE else QueryError) as told:
            run(source, query, None)
        assert message in (None, told.value.message)


def test_spark_cuts_rows_at_the_limit_of_the_language(spark: Any, tmp_path: Path) -> None:
    """Without a limit 10,000 rows come back, newest first, with a warning; `all_rows` lifts that."""
    lines = tuple(f"{i % 70} 10.0.{i % 250}.1 {1767225600 + i} REJECT" for i in range(10_050))
    records = RecordSet("many", "short", lines, told=True)
    source = on_spark(spark)(records, tmp_path)
    query = "fields @timestamp, dstPort"
    with pytest.warns(RowLimitWarning):
        got = source.run(query)
    assert len(got) == 10_000
    wanted = evaluate(rk.insights.parse(query), records.events())
    assert disagreement(wanted, got) is None
    assert len(source.run(query, all_rows=True)) == 10_050


ROWS = 360_000
PARTS = 24
LONG = (
    "fields strlen(concat(regexReplace(instanceTag, '[0-9]+', '<$0>'), @message)) as long, isIpInSubnet(srcAddr, '10.0.0.0/9') as near"
    " | stats count(*) as n, sum(bytes) as total, pct(bytes, 50) as half, max(instanceTag) as last, sum(long) as text"
    " by dstPort, near | sort dstPort, near"
)


def long_source(spark: Any) -> SparkSource:
    """Return records that the cluster makes as it goes, so that a query over them takes its time on every worker."""
    frame = spark.range(0, ROWS, 1, PARTS).selectExpr(
        "concat('10.', id % 256, '.0.', id % 7) AS srcaddr", "CAST(id % 5 AS INT) AS dstport", "id AS bytes",
        "1767225600 + id % 1000 AS start", "concat('n', id % 1000) AS instance_tag",
    )  # fmt: skip
    return SparkSource(frame)


def long_answer() -> pd.DataFrame:
    """Return what `LONG` must answer, worked out by pandas."""
    ids = pd.Series(range(ROWS))
    notes = "n" + (ids % 1000).astype(str)
    start, address = (
        (1767225600 + ids % 1000).astype(str),
        "10." + (ids % 256).astype(str) + ".0." + (ids % 7).astype(str),
    )
    line = address.str.len() + 1 + 1 + 1 + ids.astype(str).str.len() + 1 + start.str.len() + 1 + notes.str.len()
    rows = pd.DataFrame(
        {"dstPort": ids % 5, "near": (ids % 256 < 128).astype(int), "bytes": ids, "text": line + notes.str.len() + 2}
    )
    groups = rows.groupby(["dstPort", "near"])
    middle = groups["bytes"].apply(lambda one: one.sort_values().iloc[(len(one) + 1) // 2 - 1])
    return pd.DataFrame(
        {"n": groups.size(), "total": groups["bytes"].sum(), "half": middle, "text": groups["text"].sum()}
    ).reset_index()


def test_a_worker_is_killed_in_mid_query_and_the_answer_is_whole(spark: Any, cluster: Cluster, tmp_path: Path) -> None:
    """A worker and its executor are killed while both run tasks of a query: it answers as ever, and so do the next."""
    tracker = spark.sparkContext.statusTracker()
    source = long_source(spark)
    seen: list[tuple[int, int]] = []
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(source.run, LONG)
        while not work.done() and not seen:
            busy = [one.numRunningTasks for one in tracker.getExecutorInfos() if one.numRunningTasks]
            stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
            done = [stage.numCompletedTasks for stage in stages if stage is not None and stage.numTasks == PARTS]
            if len(busy) == len(cluster.workers) and done and 2 <= done[0] < PARTS - 4:
                seen.append((len(busy), done[0]))
                cluster.kill(1)
            time.sleep(0.02)
        answer = work.result()
    assert seen, "both workers were busy, and some but not all of the tasks were done, when one was killed"
    wanted = long_answer()
    for name in ("dstPort", "near", "n", "total", "half", "text"):
        assert answer[name].astype("int64").tolist() == wanted[name].astype("int64").tolist(), name
    assert answer["last"].tolist() == [f"n{995 + port}" for port in wanted["dstPort"]]
    alive = [one for one in tracker.getExecutorInfos()]
    assert len(alive) < 3, "the killed worker's executor is gone; the driver and the other one are left"
    said = differences(spark, range(FIRST, FIRST + 5), 2, tmp_path)
    assert not said, "\n\n".join(said)
