"""Trino's meaning, as the sandbox's Athena has it: each case is from the page of Trino's documentation it names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rejectkit.sandbox.trino.engine import Engine
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.joda import joda, mysql
from rejectkit.sandbox.trino.parse import parse
from rejectkit.sandbox.trino.queries import Shape, Translated, translate
from rejectkit.sandbox.trino.regex import compiled, replaced
from rejectkit.sandbox.trino.types import check

NOW = 1_793_491_200_123  # 2026-11-01 00:00:00.123
T = Shape({"s": "varchar", "i": "integer", "b": "bigint", "d": "double", "day": "varchar"}, ("day",))
ROWS = """
    CREATE TABLE t AS SELECT * FROM (VALUES
      ('a b', 5, CAST(7 AS BIGINT), CAST(1.5 AS DOUBLE), '2026/11/01'),
      (NULL, -3, 9, 1e7, '2026/11/02'),
      ('c', NULL, 9, NULL, '2026/11/02')
    ) AS given(s, i, b, d, day)
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """An engine with one table."""
    made = Engine()
    made.connection.execute(ROWS)
    yield made
    made.connection.close()


def translated(sql: str) -> Translated:
    """Return a query in DuckDB's words, over the table `t`."""
    return translate(parse(sql), lambda database, name: T if name == "t" else None, "default", NOW)


def answer(engine: Engine, sql: str) -> list[tuple[str | None, ...]]:
    """Return a query's rows, held to Trino's types as Athena would."""
    check(sql, {"t": T.columns})
    made = translated(sql)
    for scan in made.scans:
        engine.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {scan.relation} AS SELECT *, 's3://x' AS \"$path\" FROM t"
        )
    return engine.run(made)


# SQL, what a result shows (None: null), the page of Trino's documentation or the class of Trino's it is from
VALUES = [
    ("split_part('a.b', '.', 2)", "b", "String functions"),
    ("split_part('a.b', '.', 3)", None, "String functions: null beyond the last field"),
    ("split_part(concat('a', '.b'), concat('.', ''), 1 + 2)", None, "String functions, nothing constant"),
    ("substr('abc', 0)", "", "String functions; StringFunctions.substring"),
    ("substr('abc', -2)", "bc", "String functions: negative from the end"),
    ("substr('abc', -4)", "", "StringFunctions.substring"),
    ("substr('abc', 2, 1 + 9)", "bc", "String functions"),
    ("substring('abc' FROM 2 FOR 1)", "b", "String functions"),
    ("strpos('abc', 'c')", "3", "String functions"),
    ("strpos('abc', 'x')", "0", "String functions: 0 if not found"),
    ("position('b' IN 'abc')", "2", "String functions"),
    ("replace('abc', '', '-')", "-a-b-c-", "String functions: before each character and at the end"),
    ("lpad('abc', 2, 'x')", "ab", "String functions: truncated"),
    ("rpad('', 2 + 2, 'xy')", "xyxy", "String functions"),
    ("array_join(repeat('ab', 3), '')", "ababab", "Array functions: repeat gives an array"),
    ("length('é')", "1", "String functions: characters"),
    ("trim(' \t\n x ')", "x", "String functions: white space, not blanks alone"),
    ("trim(BOTH 'ab' FROM 'abxba')", "x", "String functions: a set of characters"),
    ("concat('a', NULL)", None, "String functions"),
    ("concat_ws('-', 'a', NULL, 'b')", "a-b", "String functions: nulls are skipped"),
    ("'a' || NULL", None, "String functions"),
    ("CAST(1e7 AS varchar)", "1.0E7", "DoubleOperators.castToVarchar"),
    ("CAST(1.5E0 AS varchar)", "1.5E0", "DoubleOperators.castToVarchar"),
    ("CAST(0e0 AS varchar)", "0E0", "DoubleOperators.castToVarchar"),
    ("CAST(0.0005E0 AS varchar)", "5.0E-4", "DoubleOperators.castToVarchar"),
    ("CAST(1.50 AS varchar)", "1.50", "Data types: a decimal keeps its scale"),
    ("1e7", "1.0E7", "Athena: results show Java's Double.toString"),
    ("0.001E0", "0.001", "Athena: results show Java's Double.toString"),
    ("CAST(1 AS double)", "1.0", "Athena: results show Java's Double.toString"),
    ("CAST(2.5E0 AS bigint)", "3", "DoubleOperators.castToLong: half up"),
    ("CAST(-2.5E0 AS bigint)", "-3", "DoubleOperators.castToLong: away from zero"),
    ("CAST(1e23 AS decimal(38, 0))", "100000000000000000000000", "DecimalConversions: of the shortest digits"),
    ("CAST(0.125E0 AS decimal(5, 2))", "0.13", "DecimalConversions: half up"),
    ("TRY_CAST(1e38 AS decimal(38, 0))", None, "DecimalConversions"),
    ("TRY_CAST('1.5' AS bigint)", None, "Conversion functions"),
    ("TRY_CAST(' 5' AS bigint)", None, "VarcharOperators: Long.parseLong takes no blank"),
    ("CAST(' 5 ' AS double)", "5.0", "VarcharOperators: Double.parseDouble takes blanks"),
    ("TRY_CAST('1e400' AS double)", "Infinity", "VarcharOperators: Double.parseDouble"),
    ("CAST('T' AS boolean)", "true", "VarcharOperators.castToBoolean"),
    ("5 / 2", "2", "Mathematical functions: integer division truncates"),
    ("-5 / 2", "-2", "Mathematical functions: integer division truncates"),
    ("5 % -3", "2", "Mathematical functions"),
    ("1.0 / 3", "0.3", "Decimal functions: scale of the quotient"),
    ("2 / 3.00", "0.67", "Decimal functions: rounded half up"),
    ("1.10 * 2.0", "2.200", "Decimal functions"),
    ("1e0 / 0", "Infinity", "Mathematical functions: doubles divide by zero"),
    ("0e0 / 0", "NaN", "Mathematical functions"),
    ("nan() = nan()", "false", "Comparison functions"),
    ("nan() > 1e0", "false", "Comparison functions"),
    ("try(1 / 0)", None, "Conditional expressions"),
    ("round(-2.5E0)", "-3.0", "Mathematical functions"),
    ("round(2.567E0, 2)", "2.57", "Mathematical functions"),
    ("truncate(-2.7E0)", "-2.0", "Mathematical functions"),
    ("sqrt(-1)", "NaN", "Mathematical functions"),
    ("ln(0)", "-Infinity", "Mathematical functions"),
    ("greatest(1, NULL)", None, "Comparison functions: null if any is"),
    ("least(2, 1.5)", "1.5", "Comparison functions"),
    ("to_base(-255, 16)", "-ff", "Mathematical functions"),
    ("element_at(ARRAY[1, 2], 3)", None, "Array functions: null beyond"),
    ("element_at(ARRAY[1, 2], -1)", "2", "Array functions: from the end"),
    ("transform(ARRAY['a'], x -> x || 'y')", "[ay]", "Lambda expressions"),
    ("array_sort(ARRAY[3, NULL, 1])", "[1, 3, null]", "Array functions: nulls last"),
    ("array_join(ARRAY['a', NULL, 'b'], '-')", "a-b", "Array functions: nulls are left out"),
    ("regexp_like('xabc', 'b.$')", "true", "Regular expression functions: anywhere"),
    ("regexp_extract('a1b22', '([a-z])([0-9]+)', 2)", "1", "Regular expression functions"),
    ("regexp_extract('a', 'b')", None, "Regular expression functions"),
    ("regexp_extract_all('a1b22', '[0-9]+')", "[1, 22]", "Regular expression functions"),
    ("regexp_replace('abc', '(b)', '[$1]')", "a[b]c", "Regular expression functions"),
    ("regexp_replace('a.c', '\\.', '\\$')", "a$c", "Regular expression functions"),
    ("from_unixtime(0)", "1970-01-01 00:00:00.000 UTC", "Date and time functions"),
    ("from_unixtime(nan())", "1970-01-01 00:00:00.000 UTC", "DateTimeFunctions.fromUnixTime: Math.round"),
    ("to_unixtime(from_unixtime(1.5))", "1.5", "Date and time functions"),
    ("format_datetime(from_unixtime(1.5, 'UTC'), 'yyyy-MM-dd HH:mm:ss.SSS')", "1970-01-01 00:00:01.500", "Joda-Time"),
    ("date_add('month', 1, TIMESTAMP '2026-01-31 00:00:00 UTC')", "2026-02-28 00:00:00.000 UTC", "Date and time functions"),
    ("date_diff('hour', TIMESTAMP '2026-01-01 00:59:00', TIMESTAMP '2026-01-01 02:00:00')", "1", "Date and time functions"),
    ("date_trunc('hour', from_unixtime(3700))", "1970-01-01 01:00:00.000 UTC", "Date and time functions"),
    ("day_of_week(DATE '2026-11-01')", "7", "Date and time functions: Sunday is 7"),
    ("now()", "2026-11-01 00:00:00.123 UTC", "Date and time functions"),
    ("DATE '2026-11-01' + INTERVAL '1' DAY", "2026-11-02", "Date and time operators"),
    ("NULL IS NULL", "true", "Comparison functions"),
    ("1 IN (2, NULL)", None, "Subqueries: unknown"),
    ("1 IS DISTINCT FROM NULL", "true", "Comparison functions"),
    ("'a_c' LIKE 'a!_c' ESCAPE '!'", "true", "Comparison functions"),
    ("if(1 = 2, 'x')", None, "Conditional expressions"),
    ("CASE WHEN false THEN 1 / 0 ELSE 5 END", "5", "Conditional expressions"),
    ("coalesce(NULL, 1, 2.5)", "1.0", "Conditional expressions, TypeCoercion"),
]  # fmt: skip

QUERIES = [
    ("SELECT sum(b), avg(i), count(*), count(i), min(d) FROM t", [("25", "1.0", "3", "2", "1.5")]),
    ("SELECT sum(i) FROM t WHERE i > 100", [(None,)]),
    ("SELECT s FROM t ORDER BY s", [("a b",), ("c",), (None,)]),
    ("SELECT s FROM t ORDER BY s DESC", [("c",), ("a b",), (None,)]),
    ("SELECT s FROM t ORDER BY s DESC NULLS FIRST LIMIT 1", [(None,)]),
    ("SELECT min_by(s, i), max_by(s, b) FILTER (WHERE s IS NOT NULL) FROM t", [(None, "c")]),
    ("SELECT min_by(s, ROW(b, day)) FROM t", [("a b",)]),
    ("SELECT array_agg(i ORDER BY b, i DESC) FROM t", [("[5, -3, null]",)]),
    ("SELECT count(DISTINCT b) FILTER (WHERE b > 1) FROM t", [("2",)]),
    ("SELECT day, count(*) AS n FROM t GROUP BY 1 HAVING count(*) > 1 ORDER BY n DESC", [("2026/11/02", "2")]),
    ("WITH x AS (SELECT b AS y FROM t), z AS (SELECT y + 1 AS y FROM x) SELECT max(y) FROM z", [("10",)]),
    ("SELECT q.n FROM (SELECT count(*) AS n FROM t) AS q", [("3",)]),
    ("SELECT a.i, c.i FROM t a LEFT JOIN t c ON a.b = c.i ORDER BY 1 LIMIT 1", [("-3", None)]),
    ("SELECT z FROM t CROSS JOIN UNNEST(ARRAY[1, 2]) AS u(z) WHERE i = 5 ORDER BY z", [("1",), ("2",)]),
    ("SELECT i FROM t WHERE i = 5 UNION ALL SELECT 6 ORDER BY 1 DESC", [("6",), ("5",)]),
    ("SELECT i, row_number() OVER (PARTITION BY b ORDER BY i) AS r FROM t WHERE b = 9 ORDER BY r", [("-3", "1"), (None, "2")]),
    ("SELECT i FROM t WHERE b IN (SELECT max(b) FROM t) AND i IS NOT NULL", [("-3",)]),
    ("SELECT B, \"S\" FROM T WHERE I = 5", [("7", "a b")]),
    ("VALUES (1, 'a'), (2, NULL)", [("1", "a"), ("2", None)]),
]  # fmt: skip

# SQL, the error's name and a part of its words
REFUSED = [
    ("SELECT nope FROM t", "COLUMN_NOT_FOUND", "line 1:8: Column 'nope' cannot be resolved"),
    ("SELECT 1 FROM nope", "TABLE_NOT_FOUND", "line 1:15: Table 'awsdatacatalog.default.nope' does not exist"),
    ("SELECT foo(1)", "FUNCTION_NOT_FOUND", "line 1:8: Function 'foo' not registered"),
    ("SELECT list_sort(ARRAY[1])", "FUNCTION_NOT_FOUND", "'list_sort' not registered"),
    ("SELECT i, s FROM t GROUP BY 1", "EXPRESSION_NOT_AGGREGATE", "'s' must be an aggregate expression"),
    ("SELECT s = 5 FROM t", "TYPE_MISMATCH", "Cannot apply operator: varchar = integer"),
    ("SELECT s || 5 FROM t", "", "parameters"),
    ("SELECT 1 / 0", "DIVISION_BY_ZERO", "Division by zero"),
    ("SELECT 9223372036854775807 + 1", "NUMERIC_VALUE_OUT_OF_RANGE", "bigint addition overflow"),
    ("SELECT 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE", "integer addition overflow"),
    ("SELECT CAST('abc' AS bigint)", "INVALID_CAST_ARGUMENT", "Cannot cast 'abc' to BIGINT"),
    ("SELECT CAST(nan() AS bigint)", "INVALID_CAST_ARGUMENT", "Cannot cast"),
    ("SELECT ARRAY[1][5]", "INVALID_FUNCTION_ARGUMENT", "less than or equal to array length: 5 > 1"),
    ("SELECT min_by(s, ROW(b, i)) FROM t", "NOT_SUPPORTED", "ROW comparison not supported for fields with null elements"),
    ("SELECT from_unixtime(1e13)", "INVALID_FUNCTION_ARGUMENT", "Millis overflow"),
    ("SELECT regexp_like('a', '(')", "INVALID_FUNCTION_ARGUMENT", "in pattern: ("),
    ("SELECT approx_distinct(i) FROM t", "NOT_SUPPORTED", "approximate"),
    ("SELECT (SELECT i FROM t)", "SUBQUERY_MULTIPLE_ROWS", "multiple rows"),
]  # fmt: skip

MALFORMED = [
    ("SELECT `s` FROM t", "line 1:8: backquoted identifiers are not supported"),
    ("SELECT s::bigint FROM t", "line 1:9: mismatched input '::'"),
    ("SELECT s == 'x' FROM t", "line 1:10: mismatched input '=='"),
    ("SELECT s, FROM t", "mismatched input 'FROM'"),
    ("SELECT FROM t", "mismatched input"),
    ("SELEC 1", "line 1:1: mismatched input 'SELEC'"),
    ("SELECT 1; SELECT 2", "Only one sql statement is allowed"),
    ("SELECT 1 QUALIFY true", "mismatched input"),
    ("", "<EOF>"),
]


@pytest.mark.parametrize(("sql", "shown", "source"), VALUES, ids=[sql for sql, _, _ in VALUES])
def test_expressions_mean_what_trino_says(engine: Engine, sql: str, shown: str | None, source: str) -> None:
    """The value of an expression, as a result shows it; `source` says where Trino says so."""
    assert answer(engine, f"SELECT {sql}") == [(shown,)], source


@pytest.mark.parametrize(("sql", "rows"), QUERIES, ids=[sql for sql, _ in QUERIES])
def test_queries_mean_what_trino_says(engine: Engine, sql: str, rows: list[tuple[str | None, ...]]) -> None:
    """The rows of a query. Source: Trino documentation, SELECT; Aggregate functions; Window functions."""
    assert answer(engine, sql) == rows


@pytest.mark.parametrize(("sql", "code", "words"), REFUSED, ids=[sql for sql, _, _ in REFUSED])
def test_queries_fail_as_trinos_do(engine: Engine, sql: str, code: str, words: str) -> None:
    """A query that is wrong, or goes wrong, has Trino's name for it and Trino's words. Source: StandardErrorCode."""
    with pytest.raises(TrinoError) as caught:
        answer(engine, sql)
    assert caught.value.code == code or not code
    assert words in caught.value.words


@pytest.mark.parametrize(("sql", "code", "words"), [one for one in REFUSED if one[1] != "EXPRESSION_NOT_AGGREGATE"][:6])
def test_the_engine_refuses_by_itself(sql: str, code: str, words: str) -> None:
    """Names and types are checked where a query is translated as well, whoever checked them before."""
    with pytest.raises(TrinoError) as caught:
        translated(sql)
    assert caught.value.code == code or not code
    assert words.split("'")[0] in caught.value.words


@pytest.mark.parametrize(("sql", "words"), MALFORMED)
def test_what_is_not_trinos_grammar_is_refused(sql: str, words: str) -> None:
    """What other engines take, and what none takes. Source: Trino, SqlBase.g4."""
    with pytest.raises(TrinoError) as caught:
        parse(sql)
    assert caught.value.code == "SYNTAX_ERROR"
    assert words in caught.value.words


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"[^\n][\t\n\f\r \[]\z", "a[", "a["),
        (r"[a-z&&[^aeiou]]+", "aeixyz", "xyz"),
        (r"[a[0-9]]+", "b07a", "07a"),
        (r"\x{1F600}", "x\U0001f600", "\U0001f600"),
        (r"a(?i)b", "xaB", "aB"),
        (r"(?<n>b)c", "abc", "bc"),
        (r"\p{Alpha}+", "12ab", "ab"),
        (r"\Qa.b\E", "a.b", "a.b"),
        (r"x$", "x\n", "x"),
        (r"x\z", "x\n", None),
    ],
)
def test_regular_expressions_are_javas(pattern: str, text: str, found: str | None) -> None:
    """In Java's syntax, as Joni reads it. Source: java.util.regex.Pattern; Regular expression functions."""
    match = compiled(pattern).search(text)
    assert (match[0] if match else None) == found


def test_a_replacement_names_groups_that_are_there() -> None:
    """`$1` stands for a group; one that the pattern lacks is refused. Source: Regular expression functions."""
    assert replaced("abc", "(?<x>b)", "<${x}$1>") == "a<bb>c"
    with pytest.raises(TrinoError, match="no group 2"):
        replaced("abc", "(b)", "$2")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("yyyy-MM-dd'T'HH:mm:ss.SSS", "2026-11-01T00:00:00.123"), ("EEE, d MMM yy h a", "Sun, 1 Nov 26 12 AM"), ("x w e D", "2026 44 7 305")],
)  # fmt: skip
def test_times_are_printed_in_jodas_patterns(pattern: str, text: str) -> None:
    """Source: Joda-Time, DateTimeFormat."""
    assert joda(NOW, pattern) == text


def test_times_are_printed_in_mysqls_formats() -> None:
    """Source: Trino documentation, MySQL date functions."""
    assert mysql(NOW, "%Y-%m-%d %H:%i:%s %j %c") == "2026-11-01 00:00:00 305 11"


def test_a_query_reads_the_columns_that_it_names() -> None:
    """Those that a step only passes on are not read until something names them."""
    (scan,) = translated("WITH x AS (SELECT * FROM t WHERE i > 1) SELECT s AS y FROM x ORDER BY b").scans
    assert scan.used == {"i", "s", "b"}


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("day = '2026/11/01'", [0]),
        ("day >= '2026/11/02' AND i > 5", [1, 2]),
        ("substr(day, 9) IN ('01', '03')", [0, 2]),
        ("day = '2026/11/01' OR i > 5", [0, 1, 2]),
        ("i > 5", [0, 1, 2]),
        ("NOT (day < '2026/11/02')", [1, 2]),
        ("day > s", [0, 1, 2]),
    ],
)
def test_partitions_are_pruned_by_what_where_asks_of_them_alone(engine: Engine, where: str, kept: list[int]) -> None:
    """A condition on another column, or on both at once, prunes nothing. Source: Athena user guide, Partition your data."""
    (scan,) = translated(f"SELECT count(*) FROM t WHERE {where}").scans
    days = [("2026/11/01",), ("2026/11/02",), ("2026/11/03",)]
    assert engine.kept(scan, ["day"], days, {"day": "varchar"}) == kept
