"""Spark's SQL as it is written: sqlglot's grammar takes it, and no text of a query or a table gets out of its quotes."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

import rejectkit as rk
from rejectkit.errors import ArgumentError, FormatError, QueryError, UnsupportedError
from rejectkit.insights import compile_query, parse
from rejectkit.insights.dialects import Spark
from rejectkit.sources.athena.glue import Partition, Partitions
from rejectkit.sources.spark.failures import translation
from rejectkit.sources.spark.keys import condition
from rejectkit.sources.spark.opening import given_paths, quoted
from rejectkit.sources.spark.paths import days_of, find
from rejectkit.sources.spark.planned import filters
from rejectkit.sources.spark.relation import of_columns, of_lines
from tests.reference.generator import make_case
from tests.reference.records import FORMATS, record_sets

DAY = rk.Window.parse("2026-11-02", "2026-11-03")
ODD = ("it's", "a\\b", "${x}", "$", "~^|#@!%&;?'\\${", "`", "\ue000'", "", "é\n", "'", "\\'")


@pytest.mark.parametrize("number", range(8))
def test_whatever_the_query_its_sql_is_sparks(number: int) -> None:
    """A strict grammar takes every generated query, none of its types is another engine's, and it reads one relation."""
    records = record_sets("spark", 8)[number]
    table = of_lines("lines", rk.LogFormat(records.log_names)).table
    for i in range(8):
        try:
            sql = compile_query(parse(make_case(f"grammar {number} {i}", records).text), table, engine="spark").sql
        except (QueryError, UnsupportedError):
            continue
        tree = sqlglot.parse_one(sql, read="spark", error_level=sqlglot.ErrorLevel.RAISE)
        assert isinstance(tree, exp.Select)
        real = {one.name for one in tree.find_all(exp.Table)}
        assert {name for name in real if not re.fullmatch(r"s\d+", name)} == {"lines"}
        assert "VARCHAR" not in re.sub(r"'[^']*'", "", sql)


@pytest.mark.parametrize("text", ODD)
def test_a_literal_has_nothing_that_a_setting_reads_in_another_way(text: str) -> None:
    """No backslash, no quote within quotes, no beginning of a variable; the function that puts them in gives the text."""
    sql = Spark().literal(text)
    inner = re.findall(r"'([^']*)'", sql)
    assert not any("\\" in one or "${" in one for one in inner)
    if sql.startswith("translate("):
        plain, stand_ins = inner
        chars = [chr(int(code)) for code in re.findall(r"chr\((\d+)\)", sql)]
        assert plain.translate(str.maketrans(stand_ins, "".join(chars))) == text
    else:
        assert sql == f"'{text}'"


def test_a_name_stands_for_a_value_also_where_it_is_put_in() -> None:
    """`let` puts a column in for a name, but not into texts, other names, or where the name is bound anew."""
    d = Spark()
    assert d.let("x", "`k`", "x + `x` + 'x' + xx") == "(`k` + `x` + 'x' + xx)"
    assert d.let("x", "`k`", "transform(a, x -> x)") == "transform(array(`k`), x -> transform(a, x -> x))[0]"
    assert d.let("x", "f(1)", "x") == "transform(array(f(1)), x -> x)[0]"


@pytest.mark.parametrize(
    ("sql", "spelled"),
    [
        ("SELECT 1.5, 2, 1e-05, s0.a FROM s0", "SELECT 1.5D, 2, 1e-05D, s0.a FROM s0"),
        ("SELECT 9223372036854775808", "SELECT 9.223372036854776e+18D"),
        ("SELECT CAST(`VARCHAR` AS VARCHAR), 'VARCHAR 1.5'", "SELECT CAST(`VARCHAR` AS STRING), 'VARCHAR 1.5'"),
    ],
)
def test_numbers_and_types_are_spelled_for_spark(sql: str, spelled: str) -> None:
    """A fraction is a double, not a decimal; a type is Spark's; texts and names stay as they are."""
    assert Spark().checked(sql) == spelled


def test_columns_are_read_by_any_of_their_names_and_types() -> None:
    """AWS's names, Insights', a log's own; numbers as text, times as such; a column that is no field is text."""
    columns = [
        ("account_id", "int"), ("srcAddr", "string"), ("dst-port", "string"), ("protocol", "decimal(10,0)"),
        ("start", "timestamp"), ("end", "bigint"), ("note", "varchar(9)"), ("tags", "map<string,string>"), ("day", "date"),
    ]  # fmt: skip
    made = of_columns("t", columns, keys=["day"])
    assert made.format.columns == ("accountId", "srcAddr", "dstPort", "protocol", "start", "end", "note")
    for at, sql in enumerate((
        "lpad(CAST(`account_id` AS STRING), 12, '0')", "nullif(`srcAddr`, '-')", "TRY_CAST(`dst-port` AS BIGINT)",
        "TRY_CAST(`protocol` AS BIGINT)", "unix_seconds(`start`)", "`end`", "nullif(`note`, '-')",
    )):  # fmt: skip
        assert f"{sql} AS `k{at}`" in made.table.relation
    assert made.table.columns["@timestamp"].sql == "(`k4` * 1000)"
    keys = ["action", "region", "day"]
    parted = of_columns("t", [("srcaddr", "string"), *((key, "string") for key in keys)], keys=keys)
    assert parted.format.columns == ("srcAddr", "action")
    with pytest.raises(FormatError, match="not those of flow logs: a, b"):
        of_columns("t", [("a", "string"), ("b", "int")])
    some = of_columns("t", columns, rk.LogFormat.parse("${note} ${srcaddr} ${bytes}"))
    assert some.format.columns == ("note", "srcAddr")


@pytest.mark.parametrize("form", FORMATS)
def test_a_line_fits_where_its_words_do(form: str) -> None:
    """The pattern that lines of text are chosen by takes records, and neither headers nor halves of lines."""
    names = tuple(log for log, _ in FORMATS[form])
    relation = of_lines("lines", rk.LogFormat(names)).table.relation
    (spelled,) = re.findall(r"value RLIKE (translate\('[^']*', '[^']*', [^)]*\)(?:\))?)", relation)[:1]
    plain, stand_ins = re.findall(r"'([^']*)'", spelled)
    pattern = re.compile(plain.translate(str.maketrans(stand_ins, "\\")).replace(r"\z", r"\Z"))
    for records in record_sets("fit", 20):
        if records.format == form:
            assert all(pattern.match(line) for line in records.lines)
            assert not any(pattern.match(line.rpartition(" ")[0]) for line in records.lines)
    assert pattern.match(" ".join(names)) is None


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("vpc", "`vpc`"),
        ("logs.vpc-flow", "`logs`.`vpc-flow`"),
        ("a.b.c", "`a`.`b`.`c`"),
        ("a.`x.y``z`", "`a`.`x.y``z`"),
    ],
)
def test_a_table_is_named_part_by_part(name: str, sql: str) -> None:
    """Each part of a table's name is quoted; a quoted part may have points in it."""
    assert quoted(name) == sql


def test_what_is_no_table_is_refused_and_paths_are_told_apart() -> None:
    """A name has no empty part; a text with a slash is a path, and so is a path object."""
    for name in ("", ".", "a..b", "a.", "`a"):
        with pytest.raises(ArgumentError, match="no name of a table"):
            quoted(name)
    assert given_paths("s3://bucket/x") == ("s3://bucket/x",)
    assert given_paths(Path("/x")) == ("/x",)
    assert given_paths(["/x", Path("/y")]) == ("/x", "/y")
    assert given_paths("a.b") == ()
    with pytest.raises(ArgumentError, match="is no table, frame or path"):
        rk.sources.spark.SparkSource(5, spark=object())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("s3://b/p/AWSLogs/", "s3://b/p/AWSLogs/{*/vpcflowlogs/*/2026/11/02,aws-account-id=*/aws-service=vpcflowlogs/aws-region=*/year=2026/month=11/day=02}"),
        ("/x/AWSLogs/1/vpcflowlogs/eu-west-1", "/x/AWSLogs/1/vpcflowlogs/eu-west-1/{2026/11/02,year=2026/month=11/day=02}"),
        ("/x/AWSLogs/1/vpcflowlogs/eu-west-1/2026", None),
        ("/x", None),
        ("/x/AWSLogs/*", None),
    ],
)  # fmt: skip
def test_only_the_days_of_a_window_are_listed_below_awslogs(path: str, glob: str | None) -> None:
    """Where the path tells how deep it is in AWS's layout, one glob names the folders of the window's days."""
    assert days_of(path, DAY, 0) == glob


class Lists:
    """What of a session lists files."""

    def __init__(self, files: list[str]) -> None:
        self.files, self.read = files, self

    def format(self, kind: str) -> Lists:
        """Go on."""
        return self

    def option(self, name: str, value: str) -> Lists:
        """Go on."""
        return self

    def load(self, path: str) -> Lists:
        """Go on."""
        return self

    def inputFiles(self) -> list[str]:
        """Return the files."""
        return self.files


def test_files_are_given_as_folders_where_nothing_else_is_in_them() -> None:
    """All of a folder is one path; a folder of which a part is kept is its files; a single file, or a glob, never its folder."""
    at = "file:///logs/{}/date=2026-11-0{}/{}.parquet"
    files = [at.format(zone, day, name) for zone in "ab" for day in (1, 2, 3) for name in "xy"]
    assert find(Lists(files), ["/logs"], None, 0).addresses == ("file:///logs",)
    day = [f"file:///logs/{zone}/date=2026-11-02" for zone in "ab"]
    assert list(find(Lists(files), ["/logs"], DAY, 0).addresses) == day
    assert find(Lists(files), ["/logs/*"], None, 0).addresses == tuple(files)
    assert find(Lists(files[:1]), [files[0].removeprefix("file://")], None, 0).addresses == (files[0],)
    mixed = ["file:///logs/x.log", "file:///logs/AWSLogs/1/vpcflowlogs/eu-west-1/y.log"]
    assert find(Lists(mixed), ["/logs"], None, 0).addresses == ("file:///logs/AWSLogs",)


def test_partition_keys_are_compared_as_spark_has_them() -> None:
    """Values are quoted against hostile text, keys in backticks; what a user chooses comes beside the window's."""
    rows = Partitions((Partition(("2026", "11", "02", "a'b")), Partition(("2026", "11", "03", "c"))), complete=True)
    kinds = [("year", "int"), ("month", "int"), ("day", "int"), ("zone`", "string")]
    sql = condition("t", kinds, rows, DAY, 0, {"zone`": ["a'b", "c"]})
    assert (
        sql
        == "`year` = 2026 AND `month` = 11 AND `day` BETWEEN 2 AND 2 AND `zone``` IN (translate('a~b', '~', chr(39)), 'c')"
    )
    assert condition("t", kinds, rows, None, 0, None) == ""


SAID = (
    ("java.net.ConnectException: Connection refused (Connection refused)", "ConnectionLostError", "Spark is gone"),
    ("org.apache.hadoop.security.AccessControlException: Permission denied: user=x", "AccessDeniedError", "Spark may not read the data"),
    ("Caused by: com.amazonaws...S3Exception: Access Denied (Service: S3, Status Code: 403) s3a://b/k.gz", "AccessDeniedError", "may not read s3a://b/k.gz"),
    ("Total size of serialized results is bigger than spark.driver.maxResultSize", "QueryEndedError", "larger than Spark's driver takes"),
    ("java.lang.OutOfMemoryError: Java heap space", "QueryEndedError", "ran out of memory"),
    ("[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `x` cannot be resolved", "FormatError", "the column x is not there any more"),
    ("Job 3 cancelled part of cancelled job group x", "QueryCancelledError", "was cancelled on Spark"),
    ("org.apache.spark.SparkException: Job aborted due to stage failure: Task 0\n\tat org.apache", "QueryEndedError", "Spark gave up: Job aborted due to stage failure: Task 0"),
    ("anything else\n\tat org.apache", "RejectkitError", "Spark could not answer the query: anything else"),
)  # fmt: skip


@pytest.mark.parametrize(("said", "kind", "sentence"), SAID, ids=[one[1] for one in SAID])
def test_what_spark_says_is_one_sentence(said: str, kind: str, sentence: str) -> None:
    """Each way to fail has its error and its sentence, on one line."""
    error = translation(said)
    assert type(error).__name__ == kind
    assert sentence in str(error)
    assert "\n" not in str(error)


def test_partition_filters_are_those_of_the_physical_plan() -> None:
    """They are read from what Spark prints, without its numbers for columns."""
    plan = "PartitionFilters: [old]\n== Physical Plan ==\nFileScan parquet [a#1] PartitionFilters: [isnotnull(day#12), (day#12 = 2)], PushedFilters: []"
    assert filters(plan) == ("isnotnull(day), (day = 2)",)
    assert filters("== Physical Plan ==\nScan ExistingRDD") == ()


def test_pyspark_is_not_needed_to_import() -> None:
    """Everything imports without pyspark; where it is absent, the error says what to install."""
    hidden = "import sys; sys.modules['pyspark'] = None; sys.modules['pyspark.sql'] = None"
    code = f"{hidden}; from rejectkit.sources.spark import SparkSource\ntry: SparkSource('a.b')\nexcept ValueError as error: print(error)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'rejectkit[spark]'" in done.stdout
    found = importlib.util.find_spec("rejectkit.sources.spark")
    assert found is not None
    for path in Path(str(found.origin)).parent.glob("*.py"):
        heads = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not any("pyspark" in ast.unparse(node) for node in heads), path.name
