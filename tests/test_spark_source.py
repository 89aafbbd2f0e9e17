"""SparkSource on a cluster: what a window lets it leave unread, what it reads of text, how it stops, what it says."""

from __future__ import annotations

import gzip
import math
import threading
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rejectkit as rk
from rejectkit.errors import (
    ArgumentError,
    FormatError,
    QueryCancelledError,
    RejectkitError,
    SourceNotFoundError,
    UnreadableError,
)
from rejectkit.insights.dialects import Spark
from rejectkit.sources.spark import SparkSource
from tests.reference.patterns import replace_all
from tests.spark.session import cluster_of_tests, session_of_tests, set_for  # noqa: F401  two are fixtures

pytestmark = pytest.mark.spark

YEAR = [datetime(2026, 1, 1, 7, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
DAY = rk.Window.parse("2026-11-02", "2026-11-03")
HEADER = "srcaddr dstport start end action log-status"
COUNT = "stats count(*) as n, min(dstPort) as least, max(dstPort) as most"
NAME = "{}_vpcflowlogs_eu-west-1_fl-1234abcd_{:%Y%m%dT%H%MZ}_0a1b2c3d.log.{}"
ACCOUNT = "123456789012"


def line(moment: datetime, port: int) -> str:
    """Return a record that starts at a moment and ends a minute later."""
    start = int(moment.timestamp())
    return f"10.0.0.1 {port} {start} {start + 60} REJECT OK"


def write(path: Path, moment: datetime) -> None:
    """Write the records of one file: two of them, of ports that tell the day of the year."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [line(moment, moment.timetuple().tm_yday), line(moment + timedelta(seconds=30), 1000)]
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress("\n".join((HEADER, *lines)).encode(), 1))
        return
    rows = [one.split() for one in lines]
    names = HEADER.replace("-", "_").split()
    whole = ("dstport", "start", "end")
    columns = {
        name: pa.array([int(row[at]) if name in whole else row[at] for row in rows]) for at, name in enumerate(names)
    }
    pq.write_table(pa.table(columns), path)


def plain(moment: datetime) -> str:
    """Return where AWS puts a file, per day."""
    return f"AWSLogs/{ACCOUNT}/vpcflowlogs/eu-west-1/{moment:%Y/%m/%d}/{NAME.format(ACCOUNT, moment, 'gz')}"


def plain_hours(moment: datetime) -> str:
    """Return where AWS puts a file, per hour."""
    return f"AWSLogs/{ACCOUNT}/vpcflowlogs/eu-west-1/{moment:%Y/%m/%d/%H}/{NAME.format(ACCOUNT, moment, 'gz')}"


def hive(moment: datetime) -> str:
    """Return where AWS puts a Parquet file in Hive-compatible folders, per day."""
    top = f"AWSLogs/aws-account-id={ACCOUNT}/aws-service=vpcflowlogs/aws-region=eu-west-1"
    return f"{top}/{moment:year=%Y/month=%m/day=%d}/{NAME.format(ACCOUNT, moment, 'parquet')}"


def hive_hours(moment: datetime) -> str:
    """Return where AWS puts a file in Hive-compatible folders, per hour."""
    top = f"AWSLogs/aws-account-id={ACCOUNT}/aws-service=vpcflowlogs/aws-region=eu-west-1"
    return f"{top}/{moment:year=%Y/month=%m/day=%d/hour=%H}/{NAME.format(ACCOUNT, moment, 'gz')}"


def dated(moment: datetime) -> str:
    """Return where somebody's own job puts a Parquet file."""
    return f"date={moment:%Y-%m-%d}/part-0.parquet"


def is_of_the_day(source: SparkSource) -> None:
    """Assert that a query over a day answers with its records and no others."""
    got = source.run(COUNT, DAY)
    assert got.iloc[0].tolist() == [2, YEAR.index(datetime(2026, 11, 2, 7, tzinfo=UTC)) + 1, 1000]


@pytest.mark.parametrize("place", [plain, plain_hours, hive, hive_hours, dated])
def test_of_a_year_of_files_a_window_reads_one_day(
    spark: Any, tmp_path: Path, place: Callable[[datetime], str]
) -> None:
    """In every layout the files of one day are given to Spark, and of three days for somebody's own dates."""
    for moment in YEAR:
        write(tmp_path / place(moment), moment)
    source = SparkSource(tmp_path, spark, overlap=0)
    plan = source.plan(COUNT, DAY)
    assert plan.files is not None
    assert [file.rpartition("/")[2] for file in plan.files] == [place(YEAR[305]).rpartition("/")[2]]
    assert "files: 1" in str(plan)
    assert source.plan(COUNT).files is not None
    assert len(source.plan(COUNT).files or ()) == len(YEAR)
    is_of_the_day(source)
    if place is not dated:
        is_of_the_day(SparkSource(f"{tmp_path}/AWSLogs/", spark))
        assert len(SparkSource(f"{tmp_path}/AWSLogs/", spark).plan(COUNT, DAY).files or ()) in (1, 2)


@pytest.mark.parametrize("kind", ["STRING", "INT"])
def test_of_a_table_a_window_reads_one_day(spark: Any, tmp_path: Path, kind: str) -> None:
    """A table's partitions are pruned by Spark itself, by a condition that its plan shows; keys are no fields."""
    for moment in YEAR[300:310]:
        write(tmp_path / f"{moment:year=%Y/month=%m/day=%d}/a.parquet", moment)
    name = f"flows_{kind.lower()}"
    columns = "srcaddr STRING, dstport BIGINT, start BIGINT, `end` BIGINT, action STRING, log_status STRING"
    spark.sql(
        f"CREATE TABLE {name} ({columns}, year {kind}, month {kind}, day {kind}) USING parquet "
        f"PARTITIONED BY (year, month, day) LOCATION '{tmp_path}'"
    )
    spark.sql(f"ALTER TABLE {name} RECOVER PARTITIONS")
    source = SparkSource(f"default.{name}", spark, overlap=0)
    assert source.fields == ("srcAddr", "dstPort", "start", "end", "action", "logStatus")
    plan = source.plan(COUNT, DAY)
    assert "`day`" in plan.condition
    assert any("day" in one for one in plan.partition_filters)
    assert [file.rpartition("/")[0].rpartition("/")[2] for file in plan.files or ()] == ["day=02"]
    is_of_the_day(source)
    chosen = SparkSource(name, spark, partitions={"day": "02"})
    assert chosen.run("stats count(*) as n")["n"].tolist() == [2]
    with pytest.raises(ArgumentError, match="did you mean 'day'"):
        SparkSource(name, spark, partitions={"days": "02"}).run(COUNT)


def test_of_a_frame_a_window_reads_one_day(spark: Any, tmp_path: Path) -> None:
    """A frame over folders `key=value` is pruned too: Spark tells the filters, its folders tell the keys."""
    for moment in YEAR[300:310]:
        write(tmp_path / dated(moment), moment)
    source = SparkSource(spark.read.parquet(str(tmp_path)), overlap=0)
    plan = source.plan(COUNT, DAY)
    assert plan.condition == "`date` BETWEEN DATE '2026-11-02' AND DATE '2026-11-02'"
    assert "2026-11-02" in "".join(plan.partition_filters)
    is_of_the_day(source)


def test_text_is_read_as_a_line_means_it(spark: Any, tmp_path: Path) -> None:
    """Headers are left out, lines that do not fit are told, blanks and `-` mean what they do in every source."""
    (tmp_path / "a b[1].log").write_text(f"{HEADER}\n{line(YEAR[0], 22)}\nnot a record\n\n{line(YEAR[0], 23)}\n")
    (tmp_path / "b.log").write_text(f"{HEADER}\n10.0.0.2 - {int(YEAR[1].timestamp())} - - NODATA\n")
    source = SparkSource(tmp_path, spark)
    assert source.fields == rk.LogFormat.from_header(HEADER).columns
    got = source.run("fields dstPort, @message, action | sort start, dstPort")
    assert got["dstPort"].tolist()[:2] == [22, 23]
    assert got["dstPort"].isna().tolist() == [False, False, True]
    assert got["@message"].tolist()[0] == line(YEAR[0], 22)
    assert got["action"].isna().tolist() == [False, False, True]
    assert source.records()["dstPort"].tolist() == [22, 23]
    assert source.skipped["text"].tolist() == ["not a record"]
    told = rk.FileSource(tmp_path, cache=False)
    for query in ("fields @timestamp, @message | sort @message", "stats count(*) as n by action, logStatus"):
        assert source.run(query).equals(told.run(query))


def test_a_file_of_another_format_is_an_error(spark: Any, tmp_path: Path) -> None:
    """Lines behind another header would be misread: the query fails, and names the header."""
    (tmp_path / "a.log").write_text(f"{HEADER}\n{line(YEAR[0], 22)}\n")
    (tmp_path / "b.log").write_text("start end srcaddr dstport action log-status\n1 2 10.0.0.1 5 REJECT OK\n")
    with pytest.raises(FormatError, match="another header line than the first: 'start end srcaddr"):
        SparkSource(tmp_path, spark).run(COUNT)
    with pytest.raises(FormatError, match="says in its header"):
        SparkSource(tmp_path / "a.log", spark, format="${start} ${action}").run(COUNT)
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    with pytest.raises(FormatError, match="some files are Parquet and some are text"):
        SparkSource(tmp_path, spark).run(COUNT)


FAULTS: tuple[tuple[str, type[RejectkitError], str], ...] = (
    ("nowhere.flows", SourceNotFoundError, r"there is no table (spark_catalog\.)?nowhere.flows in Spark's catalog"),
    ("/no/such/folder", SourceNotFoundError, "there is nothing at file:/no/such/folder"),
    ("s3://bucket/AWSLogs/", ArgumentError, "this Spark cannot read such paths"),
    ("range_of_numbers", FormatError, "the columns are not those of flow logs: id"),
)


@pytest.mark.parametrize(("given", "kind", "sentence"), FAULTS, ids=[one[0] for one in FAULTS])
def test_what_is_not_there_is_one_sentence(spark: Any, given: str, kind: type[RejectkitError], sentence: str) -> None:
    """An error of Spark's is one of this package's, without the stack of the JVM, which stays its cause."""
    spark.range(3).createOrReplaceTempView("range_of_numbers")
    with pytest.raises(kind, match=sentence) as told:
        SparkSource(given, spark).run(COUNT)
    assert "\n" not in str(told.value)
    assert "at org.apache" not in str(told.value)
    assert isinstance(told.value.__cause__, Exception) or kind is FormatError


def test_a_damaged_file_is_an_error(spark: Any, tmp_path: Path) -> None:
    """Nothing partial is answered: the sentence names the file."""
    write(tmp_path / "a.gz", YEAR[0])
    (tmp_path / "b.gz").write_bytes((tmp_path / "a.gz").read_bytes()[:-12])
    with pytest.raises(UnreadableError, match=r"b\.gz is damaged"):
        SparkSource(tmp_path, spark).run(COUNT)
    write(tmp_path / "p" / "a.parquet", YEAR[0])
    (tmp_path / "p" / "b.parquet").write_bytes(b"PAR1 and no more than that")
    with pytest.raises(UnreadableError, match=r"b\.parquet is damaged"):
        SparkSource(tmp_path / "p", spark).run(COUNT)


def slow(spark: Any) -> SparkSource:
    """Return records of which a query takes long."""
    return SparkSource(
        spark.range(0, 40_000_000, 1, 40).selectExpr("1767225600 + id % 1000 AS start", "id AS bytes", "id AS packets")
    )


def test_a_cancel_stops_the_work_on_the_cluster(spark: Any) -> None:
    """A watch tells of the tasks done, and its cancel ends the job: no task goes on."""
    said: list[tuple[float, str]] = []
    begun = threading.Event()

    def note(share: float, what: str) -> None:
        said.append((share, what))
        if share > 0:
            begun.set()

    watch = rk.Watch(note)
    threading.Thread(target=lambda: (begun.wait(120), watch.cancel())).start()
    with pytest.raises(QueryCancelledError):
        slow(spark).run("stats count(*) by strlen(concat(bytes, packets)) as n, bytes % 1000 as b", watch=watch)
    assert begun.is_set()
    assert all(0 <= share < 1 for share, _ in said)
    tracker = spark.sparkContext.statusTracker()
    deadline = time.monotonic() + 60
    while tracker.getActiveStageIds() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tracker.getActiveStageIds()) == []
    with pytest.raises(QueryCancelledError):
        slow(spark).run(COUNT, watch=watch)


def test_nothing_of_the_session_is_left_changed(spark: Any, tmp_path: Path) -> None:
    """No view stays, no setting and no job group of the caller's thread is changed, whether a query answers or fails."""
    write(tmp_path / "a.gz", YEAR[0])
    settings = dict(spark.sparkContext.getConf().getAll())
    spark.sparkContext.setLocalProperty("spark.jobGroup.id", "mine")
    source = SparkSource(tmp_path, spark)
    source.run(COUNT)
    with pytest.raises(rk.errors.QueryError):
        source.run("fields nonsense(")
    assert [row for row in spark.sql("SHOW TABLES").collect() if row[1].startswith("rejectkit_")] == []
    assert dict(spark.sparkContext.getConf().getAll()) == settings
    assert spark.sparkContext.getLocalProperty("spark.jobGroup.id") == "mine"
    with set_for(spark, groupByOrdinal=False), pytest.raises(ArgumentError, match="groupByOrdinal"):
        source.run(COUNT)


def test_hostile_text_stays_text(spark: Any, tmp_path: Path) -> None:
    """Quotes, backslashes and variables of Spark's parser in a query are the text they are, under both its settings."""
    words = ["it's", "a\\b", "a\\'b", "${system:user.name}", "${spark.app.id}", "\\u0041", "`x`", "--x", "/*x*/"]
    (tmp_path / "a.log").write_text("".join(f"{at} {word}\n" for at, word in enumerate(words)))
    source = SparkSource(tmp_path, spark, format="${start} ${instance-tag}")
    for escaped in (True, False):
        with set_for(spark, parser__escapedStringLiterals=escaped):
            for at, word in enumerate(words):
                spelled = word.replace("\\", "\\\\").replace('"', '\\"')
                got = source.run(f'filter instanceTag = "{spelled}" | fields start')
                assert got["start"].tolist() == [at], word


def test_sums_beyond_64_bits_are_an_error(spark: Any) -> None:
    """Whole numbers are exact to 64 bits; a sum that is larger is no answer, with ANSI mode and without."""
    big = 2**62 + 1
    frame = spark.createDataFrame([(1, big), (2, big), (3, 5)], "start BIGINT, bytes BIGINT")
    source = SparkSource(frame)
    assert source.run("filter start = 2 | stats sum(bytes) as b, max(bytes) as m").iloc[0].tolist() == [big, big]
    for ansi in (True, False):
        with set_for(spark, ansi__enabled=ansi), pytest.raises(RejectkitError, match="a sum is beyond 64 bits"):
            source.run("stats sum(bytes) as b")


NUMBERS = (
    0.1 + 0.2,
    1e-05,
    0.00012345678901234567,
    8.41e21,
    123456.789,
    -4.35,
    1e300,
    2.0**-44,
    -0.0,
    9.999e-05,
    1e16,
    5.0,
)
PLACES = (
    ("x*", "axxb"),
    ("b*", "abc"),
    ("", "ab"),
    ("a|", "bab"),
    ("(x*)", "xxaxx"),
    ("^", "ab"),
    ("$", "ab"),
    ("x*", ""),
)


def test_what_java_spells_otherwise_comes_out_as_in_every_engine(spark: Any) -> None:
    """Numbers print as short as can be, nearest ranks are not one off, nothing is matched where a match just ended."""
    d = Spark()
    numbers = spark.createDataFrame([(number,) for number in NUMBERS], "x DOUBLE")
    numbers.createOrReplaceTempView("numbers")
    for x, text, up, down in spark.sql(
        d.checked(f"SELECT x, {d.number_text('x')}, {d.ceil('x')}, {d.floor('x')} FROM numbers")
    ).collect():
        assert float(text) == x
        assert text == (str(int(x)) if x == int(x) and abs(x) < 1e16 else text)
        assert len(text) <= len(repr(x)) or x == int(x)
        assert abs(x) > 1e15 or (up, down) == (math.ceil(x), math.floor(x))
    spark.range(1, 101).createOrReplaceTempView("hundred")
    shares = [Fraction(percent, 100) for percent in range(101)]
    ranks = ", ".join(d.quantile("CAST(id AS DOUBLE)", share) for share in shares)
    assert list(spark.sql(d.checked(f"SELECT {ranks} FROM hundred")).collect()[0]) == [1, *range(1, 101)]
    for pattern, text in PLACES:
        by = "<$1>" if "(" in pattern else "-"
        sql = d.checked(f"SELECT {d.replace_all(d.literal(text), pattern, by)}")
        assert spark.sql(sql).collect()[0][0] == replace_all(pattern, text, by), (pattern, text)


def test_warnings_are_the_languages_own(spark: Any) -> None:
    """An unknown field is answered with a warning, and nothing else warns."""
    source = SparkSource(spark.range(2).selectExpr("id AS start", "id AS bytes"))
    with pytest.warns(rk.errors.UnknownFieldWarning):
        assert source.run("fields nothing")["nothing"].isna().all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source.run("stats sum(bytes)")
