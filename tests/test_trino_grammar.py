"""The SQL written for Athena is held to two grammars that share no code: sqlglot's, and dt-sql-parser's.

`REJECTKIT_GRAMMAR_CASES` sets how many generated queries are read; dt-sql-parser, which takes seconds for a long query
of a new shape, reads the short ones of them, and all of them where the number is given. It is of npm
(`tests/trino/package.json`): where it or Node.js is not there its tests are skipped, unless `REJECTKIT_NPM=required`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from rejectkit.insights import compile_query, parse
from rejectkit.insights.functions import FUNCTIONS
from rejectkit.records import LogFormat
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.typescalls import AGGREGATE, SCALAR, WINDOW
from rejectkit.sandbox.trino.typesread import Reading
from rejectkit.sources.athena.table import AthenaTable
from tests.reference.records import record_sets
from tests.test_compile import FLOW_TABLE
from tests.trino.queries import asked

CASES = int(os.environ.get("REJECTKIT_GRAMMAR_CASES", "100"))
LONGEST = None if "REJECTKIT_GRAMMAR_CASES" in os.environ else 1500  # characters, of what dt-sql-parser reads
FOLDER = Path(__file__).parent / "trino"


def missing() -> str:
    """Return why dt-sql-parser cannot be asked, empty where it can."""
    node = shutil.which("node")
    if node is None:
        return "there is no Node.js"
    if not (FOLDER / "node_modules" / "dt-sql-parser").is_dir():
        return "dt-sql-parser is not installed: npm install --prefix tests/trino"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    major, minor = map(int, version.removeprefix("v").split(".")[:2])
    return "" if (major, minor) >= (20, 6) else f"Node.js {version} is older than v20.6"


def _why_not() -> str:
    reason = missing()
    if reason and os.environ.get("REJECTKIT_NPM") == "required":
        pytest.fail(f"REJECTKIT_NPM=required, but {reason}", pytrace=False)
    return reason


@pytest.fixture(scope="module")
def _npm() -> None:
    """Skip where dt-sql-parser is not to be had."""
    if reason := _why_not():
        pytest.skip(reason)


def parsed_by_npm(statements: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return what dt-sql-parser finds wrong with each statement of a grammar (`trino` or `hive`)."""
    lines = "".join(json.dumps({"sql": sql, "grammar": grammar}) + "\n" for sql, grammar in statements)
    ran = subprocess.run(["node", str(FOLDER / "check.mjs")], input=lines, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(answers) == len(statements)
    return [[f"{e['line']}:{e['column']}: {e['message']}" for e in answer["errors"]] for answer in answers]


def parsed_by_sqlglot(sql: str) -> list[str]:
    """Return what sqlglot finds wrong with a query, as Trino's and Athena's, and read strictly."""
    try:
        for name in ("trino", "athena"):
            trees = sqlglot.parse(sql, read=name, error_level=ErrorLevel.RAISE)
            if len(trees) != 1 or not isinstance(trees[0], exp.Query) or trees[0].find(exp.Command) is not None:
                return [f"{name}: not one query"]
        strict = Reading(sql).tree
    except (SqlglotError, TrinoError) as error:
        return [str(error)]
    known = SCALAR.keys() | AGGREGATE.keys() | WINDOW.keys() | {"coalesce", "nullif", "row", "try"}
    called = {str(call.this).lower() for call in strict.find_all(exp.Anonymous)}
    return [f"unknown functions: {called - known}"] if called - known else []


@cache
def generated() -> list[str]:
    """Return the generated queries."""
    sets = record_sets("grammar", 20)
    return [asked("grammar", number, sets[number % len(sets)]).sql for number in range(CASES)]


@cache
def each_function() -> list[str]:
    """Return a query for each function of the language and each of its commands."""
    given = {"isIpInSubnet": "(srcAddr, '10.0.0.0/8')", "isIpv4InSubnet": "(srcAddr, '10.0.0.0/8')"}
    given |= {"isIpv6InSubnet": "(srcAddr, '2001:db8::/32')", "regexReplace": "(srcAddr, '(a)', '$1-')", "bin": "(5m)"}
    given |= {"datefloor": "(@timestamp, 2mo)", "dateceil": "(@timestamp, 1w)", "now": "()", "round": "(dstPort, 2)"}
    filler = ("srcAddr", "dstPort", "'x'")
    calls = [
        row.name + given.get(row.name, f"({', '.join(filler[: max(row.least, min(row.most or 2, 2))])})")
        for row in FUNCTIONS.values()
        if not row.name.startswith("query")
    ]
    queries = [f"fields {call} as x" for call in dict.fromkeys(calls)]
    queries += [
        "stats count(*), count_distinct(srcAddr), sum(bytes), avg(bytes), stddev(bytes), variance(bytes), pct(bytes, 95)",
        "stats min(srcAddr), max(srcAddr), earliest(srcAddr), latest(dstPort), sortsFirst(srcAddr) by bin(1h), dstPort | sort dstPort desc",
        "parse @message '* * *' as a, b, c | filter a like /x+/ and b not like 'y' or c in ['1', 'z'] | dedup a, dstPort | limit 3",
        "filter dstPort = 22 and srcAddr != '10.0.0.1' and not (bytes > 5) | display dstPort ^ 2 % 3 - 1.5, -bytes | sort srcAddr",
    ]
    return [compile_query(parse(query), FLOW_TABLE, engine="athena").sql for query in queries]


def test_sqlglot_takes_every_query() -> None:
    """Each generated query is Trino SQL and Athena SQL to sqlglot, and calls only functions that Trino has."""
    wrong = [(found, sql) for sql in (*generated(), *each_function()) if (found := parsed_by_sqlglot(sql))]
    assert wrong == []


@pytest.mark.usefixtures("_npm")
def test_dt_sql_parser_takes_every_query() -> None:
    """Each generated query, and each function of the language, is Trino SQL to dt-sql-parser."""
    queries = [sql for sql in (*generated(), *each_function()) if LONGEST is None or len(sql) <= LONGEST]
    assert len(queries) > min(50, CASES // 3)
    wrong = zip(parsed_by_npm([(sql, "trino") for sql in queries]), queries, strict=True)
    assert [(found, sql) for found, sql in wrong if found] == []


NEAR = (
    "SELECT count(* FROM t",
    "SELECT (a FROM t",
    "SELECT a) FROM t",
    "SELECT a, FROM t",
    "SELECT a FROM t WHERE",
    "SELECT a FROM t LIMIT 5, 10",
    "SELECT `a` FROM t",
    "SELECT [1]",
    "SELECT a[1:2] FROM t",
    "SELECT list_transform(a, lambda x: x + 1) FROM t",
    "SELECT a::bigint FROM t",
    "SELECT a == 1 FROM t",
    "SELECT a // 2 FROM t",
    "SELECT 'a' 'b'",
    "SELECT 'open",
    "SELECT CASE WHEN a THEN 1 FROM t",
    "SELECT CAST(a bigint) FROM t",
    "SELECT a FROM t GROUP BY",
    "SELECT a FROM t ORDER a",
    "SELECT a FROM t WHERE a NOT NULL",
    "WITH s AS (SELECT 1), SELECT * FROM s",
    "WITH s AS SELECT 1 SELECT * FROM s",
    "SELECT a FROM t WHERE a IN ()",
    "SELECT a ~ 'x' FROM t",
)


@pytest.mark.parametrize("sql", NEAR)
def test_sqlglot_refuses_a_near_miss(sql: str) -> None:
    """What is almost Trino SQL, or another engine's, is refused: the check can fail."""
    assert parsed_by_sqlglot(sql)


@pytest.mark.usefixtures("_npm")
def test_dt_sql_parser_refuses_near_misses() -> None:
    """What is almost Trino SQL, or another engine's, is refused: the check can fail."""
    found = parsed_by_npm([(sql, "trino") for sql in NEAR])
    assert [sql for sql, errors in zip(NEAR, found, strict=True) if not errors] == []


FORMATS = (LogFormat.default(), LogFormat.parse("${start} ${end} ${region} ${srcaddr} ${pkt-src-aws-service}"))
MADE = [
    AthenaTable(
        "my-logs",
        "vpc_2",
        "my-flow-logs",
        "it's/a \\ prefix" if quoted else "",
        accounts=("123456789012", "210987654321"),
        regions="eu-west-1",
        format=FORMATS[quoted],
        parquet=parquet,
        hive=hive,
        per_hour=per_hour,
        projection=projection,
        comment='it\'s "mine" \\ `yours`; all of it' if quoted else "flow logs",
    )
    for quoted, parquet, hive, per_hour, projection in (
        (False, False, False, False, True),
        (False, True, True, True, True),
        (False, True, True, False, False),
        (True, False, True, True, False),
        (True, True, False, True, True),
    )
]


@pytest.mark.parametrize("table", MADE)
def test_sqlglot_takes_the_definition_of_a_table(table: AthenaTable) -> None:
    """A table's DDL is one CREATE EXTERNAL TABLE to sqlglot, with the columns and keys that it is made with."""
    trees = sqlglot.parse(table.ddl(), read="athena", error_level=ErrorLevel.RAISE)
    assert isinstance(trees[0], exp.Create)
    assert trees[0].kind == "TABLE"
    made, schema = table.definition(), trees[0].this
    assert [column.name for column in schema.expressions] == [name for name, _ in made.columns]
    keys = trees[0].find(exp.PartitionedByProperty)
    assert keys is not None
    assert [column.name for column in keys.this.expressions] == [name for name, _ in made.partition_keys]
    location = trees[0].find(exp.LocationProperty)
    assert location is not None
    assert location.this.name == made.location


@pytest.mark.usefixtures("_npm")
def test_dt_sql_parser_takes_the_definition_of_a_table() -> None:
    """A table's DDL is Hive's to dt-sql-parser, whose grammar Athena's DDL follows; without an end it is not."""
    statements = [table.ddl() for table in MADE]
    assert parsed_by_npm([(ddl, "hive") for ddl in statements]) == [[]] * len(statements)
    spoiled = [ddl.replace("PARTITIONED BY (", "PARTITIONED BY", 1) for ddl in statements]
    assert all(parsed_by_npm([(ddl, "hive") for ddl in spoiled]))
