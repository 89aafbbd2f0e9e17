"""Trino's strictness, held to its documentation: types of expressions, and the refusals with their names and words."""

from __future__ import annotations

import re
import warnings

import pytest

from rejectkit.errors import RejectkitWarning
from rejectkit.insights import Column, Table, compile_query, parse
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.types import check
from rejectkit.sandbox.trino.typeskinds import UNKNOWN, castable, coercible, common, kind_of
from tests.reference.records import record_sets
from tests.trino.queries import asked

COLUMNS = {
    "i": "int",
    "b": "bigint",
    "d": "double",
    "s": "string",
    "f": "boolean",
    "day": "date",
    "ts": "timestamp",
    "zoned": "timestamp(3) with time zone",
    "a": "array<bigint>",
    "texts": "array<string>",
    "m": "map<string,bigint>",
    "r": "struct<x:bigint,y:string>",
    "money": "decimal(10,2)",
    "bin": "varbinary",
}
TABLES = {"db.t": COLUMNS, "u": {"i": "int", "w": "string"}}


def typed(expression: str) -> str:
    """Return the type of an expression over the table."""
    return check(f"SELECT {expression} AS x FROM db.t", TABLES)["x"]


def refusal(statement: str) -> TrinoError:
    """Return how a statement is refused."""
    with pytest.raises(TrinoError) as caught:
        check(statement, TABLES)
    return caught.value


# Source: Trino documentation, the page of each block.
RIGHT = [
    # Data types; Literals
    ("1", "integer"), ("2147483648", "bigint"), ("1.5", "decimal(2,1)"), ("0.05", "decimal(2,2)"), ("1e3", "double"),
    ("'ab'", "varchar(2)"), ("'it''s'", "varchar(4)"), ("NULL", "unknown"), ("TRUE", "boolean"), ("X'65'", "varbinary"),
    ("DATE '2026-01-31'", "date"), ("TIMESTAMP '2026-01-31 10:00:00'", "timestamp(0)"),
    ("TIMESTAMP '2026-01-31 10:00:00.123'", "timestamp(3)"),
    ("TIMESTAMP '2026-01-31 10:00:00.5 UTC'", "timestamp(1) with time zone"),
    ("INTERVAL '1' DAY", "interval day to second"), ("ROW(1, 'a')", "row(integer, varchar(1))"),
    ("(1, s)", "row(integer, varchar)"), ("ARRAY[1, b]", "array(bigint)"), ("ARRAY[]", "array(unknown)"),
    # Mathematical functions and operators; Decimal functions and operators
    ("i + 1", "integer"), ("i + b", "bigint"), ("b / 2", "bigint"), ("b * d", "double"), ("i % 2", "integer"),
    ("1.5 + 1", "decimal(12,1)"), ("money * money", "decimal(20,4)"), ("money / 3", "decimal(10,2)"), ("1.5 * d", "double"),
    ("-i", "integer"), ("-1.5", "decimal(2,1)"), ("abs(i)", "integer"), ("abs(money)", "decimal(10,2)"),
    ("ceil(d)", "double"), ("floor(money)", "decimal(9,0)"), ("round(d, 2)", "double"), ("round(b)", "bigint"),
    ("truncate(d)", "double"), ("ln(b)", "double"), ("sqrt(i)", "double"), ("pow(i, 2)", "double"), ("mod(b, 2)", "bigint"),
    ("is_finite(d)", "boolean"), ("to_base(i, 16)", "varchar(64)"), ("from_base('ff', 16)", "bigint"),
    # Comparison functions and operators
    ("i = b", "boolean"), ("d > 1", "boolean"), ("s <> 'x'", "boolean"), ("s < 'x'", "boolean"), ("i IN (1, NULL)", "boolean"),
    ("b BETWEEN 1 AND 2.5", "boolean"), ("s IS NOT NULL", "boolean"), ("i IS DISTINCT FROM NULL", "boolean"),
    ("greatest(i, b)", "bigint"), ("least(d, i)", "double"), ("s LIKE 'a%'", "boolean"), ("r = ROW(1, 'a')", "boolean"),
    ("day < ts", "boolean"), ("ts = zoned", "boolean"),
    # Conditional expressions
    ("CASE WHEN f THEN 1 ELSE b END", "bigint"), ("CASE i WHEN 1 THEN 'a' WHEN 2 THEN s END", "varchar"),
    ("if(f, 1, 2.5)", "decimal(11,1)"), ("if(f, 1)", "integer"), ("coalesce(NULL, i, d)", "double"), ("nullif(i, b)", "integer"),
    ("try(1 / i)", "integer"), ("s || NULL", "varchar"), ("nullif(NULL, 1)", "unknown"), ("abs(NULL)", "tinyint"),
    ("lower(NULL)", "varchar(0)"), ("truncate(i)", "decimal(10,0)"), ("year(NULL)", "bigint"), ("substring(s FROM 1 FOR 2)", "varchar"),
    ("json_extract_scalar(s, '$.a')", "varchar"),
    # Conversion functions
    ("CAST(s AS bigint)", "bigint"), ("TRY_CAST(s AS double)", "double"), ("CAST(d AS varchar)", "varchar"),
    ("CAST(f AS integer)", "integer"), ("CAST(ts AS date)", "date"), ("CAST(s AS timestamp(3) with time zone)", "timestamp(3) with time zone"),
    ("CAST(d AS decimal(38, 0))", "decimal(38,0)"), ("CAST(ROW(1, 2) AS row(x bigint, y varchar))", "row(x bigint, y varchar)"),
    # String functions and operators
    ("s || 'x'", "varchar"), ("'a' || 'b'", "varchar"), ("length(s)", "bigint"), ("lower('AB')", "varchar(2)"), ("lpad(s, 4, '0')", "varchar"),
    ("substr(s, 1, 2)", "varchar"), ("strpos(s, '.')", "bigint"), ("split_part(s, '.', 1)", "varchar"), ("replace(s, 'a', '')", "varchar"),
    ("trim(s)", "varchar"), ("trim(BOTH 'ab' FROM s)", "varchar"), ("rtrim(s, '0')", "varchar"), ("starts_with(s, 'a')", "boolean"),
    ("chr(65)", "varchar(1)"), ("codepoint('a')", "integer"), ("concat(s, 'a', s)", "varchar"), ("concat_ws(',', s, s)", "varchar"),
    ("concat_ws(',', texts)", "varchar"), ("split('a,b', ',')", "array(varchar(3))"), ("position('a' IN s)", "bigint"),
    # Regular expression functions
    ("regexp_like(s, 'a+')", "boolean"), ("regexp_extract(s, '(a)', 1)", "varchar"), ("regexp_extract_all(s, 'a')", "array(varchar)"),
    ("regexp_replace(s, 'a', 'b')", "varchar"), ("regexp_replace(s, '(a)', x -> upper(x[1]))", "varchar"),
    # Array functions and operators; Lambda expressions; Map functions
    ("a[1]", "bigint"), ("element_at(texts, 2)", "varchar"), ("element_at(m, 'k')", "bigint"), ("m['k']", "bigint"), ("cardinality(a)", "bigint"),
    ("transform(a, x -> CAST(x AS varchar))", "array(varchar)"), ("transform(ARRAY[i], x -> x + b)", "array(bigint)"),
    ("element_at(transform(ARRAY[s], x -> transform(ARRAY[b], y -> x || CAST(y AS varchar))), 1)", "array(varchar)"),
    ("filter(a, x -> x > 1)", "array(bigint)"), ("reduce(a, 0, (state, x) -> state + x, state -> state)", "bigint"),
    ("array_join(a, ',')", "varchar"), ("array_sort(a)", "array(bigint)"), ("array_sort(a, (x, y) -> if(x < y, 1, -1))", "array(bigint)"),
    ("repeat('0', 3)", "array(varchar(1))"), ("a || 1", "array(bigint)"), ("contains(a, 1)", "boolean"), ("sequence(1, 3)", "array(bigint)"),
    ("zip_with(a, texts, (x, y) -> (x, y))", "array(row(bigint, varchar))"), ("any_match(a, x -> x > i)", "boolean"),
    # Row: a field by its name
    ("r.y", "varchar"),
    # Binary functions
    ("to_hex(to_utf8(s))", "varchar"), ("to_hex(md5(bin))", "varchar"),
    # Date and time functions and operators
    ("from_unixtime(b)", "timestamp(3) with time zone"), ("from_unixtime(b / 1e3, 'UTC')", "timestamp(3) with time zone"),
    ("to_unixtime(ts)", "double"), ("format_datetime(zoned, 'yyyy')", "varchar"), ("date_parse(s, '%Y')", "timestamp(3)"),
    ("date_add('month', 3, day)", "date"), ("date_add('day', i, ts)", "timestamp(3)"), ("date_trunc('hour', zoned)", "timestamp(3) with time zone"),
    ("year(day)", "bigint"), ("month(zoned)", "bigint"), ("day + INTERVAL '1' DAY", "date"), ("ts - ts", "interval day to second"),
    ("extract(year FROM ts)", "bigint"), ("ts AT TIME ZONE 'UTC'", "timestamp(3) with time zone"), ("now()", "timestamp(3) with time zone"),
    # Aggregate functions
    ("count(*)", "bigint"), ("count(DISTINCT s)", "bigint"), ("sum(i)", "bigint"), ("sum(money)", "decimal(38,2)"), ("avg(b)", "double"),
    ("min(s)", "varchar"), ("max_by(s, b)", "varchar"), ("min_by(s, ROW(b, s)) FILTER (WHERE f)", "varchar"), ("array_agg(d ORDER BY b DESC)", "array(double)"),
    ("element_at(array_sort(array_agg(d) FILTER (WHERE d IS NOT NULL)), greatest(1, count(d) / 2))", "double"), ("stddev_pop(b)", "double"),
    ("approx_percentile(d, 0.5)", "double"), ("bool_or(f)", "boolean"), ("count_if(f)", "bigint"), ("max(b, 3)", "array(bigint)"),
    ("CASE WHEN count(*) > 0 THEN sum(b) END", "bigint"), ("transform(array_agg(b), x -> x + 1)", "array(bigint)"),
    # Window functions
    ("row_number() OVER (PARTITION BY s ORDER BY b DESC NULLS LAST)", "bigint"), ("lag(s, 1, 'x') OVER (ORDER BY b)", "varchar"),
    ("sum(b) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", "bigint"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), RIGHT)
def test_an_expression_has_the_type_that_trino_gives_it(expression: str, expected: str) -> None:
    """Each expression of the documentation's kinds has the type its page says."""
    assert typed(expression) == expected


# Codes: Trino's StandardErrorCode; words: Trino's classes ExpressionAnalyzer, OperatorNotFoundException, FunctionResolver.
WRONG = [
    # texts and numbers never meet
    ("i = '1'", "TYPE_MISMATCH", "line 1:10: Cannot apply operator: integer = varchar(1)"),
    ("s = 1", "TYPE_MISMATCH", "Cannot apply operator: varchar = integer"),
    ("s <> b", "TYPE_MISMATCH", "Cannot apply operator: varchar <> bigint"),
    ("s < 1", "TYPE_MISMATCH", "Cannot apply operator: varchar < integer"),
    ("s + 1", "TYPE_MISMATCH", "Cannot apply operator: varchar + integer"),
    ("f = 1", "TYPE_MISMATCH", "Cannot apply operator: boolean = integer"),
    ("day = '2026-01-01'", "TYPE_MISMATCH", "Cannot apply operator: date = varchar(10)"),
    ("s || 1", "FUNCTION_NOT_FOUND", "Unexpected parameters (varchar, integer) for function concat"),
    ("i IN (1, 'a')", "TYPE_MISMATCH", "IN value and list items must be the same type or coercible to a common type. Cannot find common type between integer and varchar(1), all types (without duplicates): [integer, varchar(1)]"),
    ("b BETWEEN 1 AND 'z'", "TYPE_MISMATCH", "Cannot check if bigint is BETWEEN integer and varchar(1)"),
    ("CASE WHEN f THEN 1 ELSE 'x' END", "TYPE_MISMATCH", "All CASE results must be the same type or coercible to a common type. Cannot find common type between integer and varchar(1)"),
    ("CASE i WHEN 'a' THEN 1 END", "TYPE_MISMATCH", "CASE operand type does not match WHEN clause operand type: integer vs varchar(1)"),
    ("CASE WHEN i THEN 1 END", "TYPE_MISMATCH", "CASE WHEN clause must evaluate to a boolean (actual: integer)"),
    ("coalesce(i, '-')", "TYPE_MISMATCH", "All COALESCE operands must be the same type"),
    ("nullif(i, '-')", "TYPE_MISMATCH", "Types are not comparable with NULLIF: integer vs varchar(1)"),
    ("if(f, 1, 'a')", "TYPE_MISMATCH", "Result types for IF must be the same: integer vs varchar(1)"),
    ("ARRAY[1, 'a']", "TYPE_MISMATCH", "All ARRAY elements must be the same type"),
    ("NOT i", "TYPE_MISMATCH", "Value of logical NOT expression must evaluate to a boolean (actual: integer)"),
    ("f AND s", "TYPE_MISMATCH", "Logical expression term must evaluate to a boolean (actual: varchar)"),
    ("-s", "TYPE_MISMATCH", "Cannot negate varchar"),
    ("i LIKE 'a'", "TYPE_MISMATCH", "Left side of LIKE expression must evaluate to a varchar (actual: integer)"),
    ("a['x']", "TYPE_MISMATCH", "Cannot use varchar(1) for subscript of array(bigint)"),
    ("m < m", "TYPE_MISMATCH", "Cannot apply operator: map(varchar, bigint) < map(varchar, bigint)"),
    ("ts + 1", "TYPE_MISMATCH", "Cannot apply operator: timestamp(3) + integer"),
    # casts that there are not
    ("CAST(ts AS bigint)", "TYPE_MISMATCH", "Cannot cast timestamp(3) to bigint"),
    ("CAST(day AS bigint)", "TYPE_MISMATCH", "Cannot cast date to bigint"),
    ("CAST(b AS timestamp)", "TYPE_MISMATCH", "Cannot cast bigint to timestamp(3)"),
    ("CAST(bin AS varchar)", "TYPE_MISMATCH", "Cannot cast varbinary to varchar"),
    ("CAST(a AS varchar)", "TYPE_MISMATCH", "Cannot cast array(bigint) to varchar"),
    ("CAST(s AS string)", "TYPE_NOT_FOUND", "Unknown type: string"),
    ("CAST(s AS float)", "TYPE_NOT_FOUND", "Unknown type: float"),
    ("TRY_CAST(lower(CAST(i AS varchar)) AS text)", "TYPE_NOT_FOUND", "Unknown type: text"),
    ("CAST(s AS hugeint)", "TYPE_NOT_FOUND", "Unknown type: hugeint"),
    ("TIMESTAMP '2026-13-45 00:00:00'", "INVALID_LITERAL", "'2026-13-45 00:00:00' is not a valid TIMESTAMP literal"),
    ("DATE '2026-1'", "INVALID_LITERAL", "'2026-1' is not a valid DATE literal"),
    # functions of other engines, under names that sqlglot reads as Trino's
    ("trunc(d)", "FUNCTION_NOT_FOUND", "line 1:8: Function 'trunc' not registered"),
    ("isfinite(d)", "FUNCTION_NOT_FOUND", "Function 'isfinite' not registered"),
    ("hex(b)", "FUNCTION_NOT_FOUND", "Function 'hex' not registered"),
    ("len(s)", "FUNCTION_NOT_FOUND", "Function 'len' not registered"),
    ("ifnull(i, 1)", "FUNCTION_NOT_FOUND", "Function 'ifnull' not registered"),
    ("nvl(i, 1)", "FUNCTION_NOT_FOUND", "Function 'nvl' not registered"),
    ("lcase(s)", "FUNCTION_NOT_FOUND", "Function 'lcase' not registered"),
    ("instr(s, 'a')", "FUNCTION_NOT_FOUND", "Function 'instr' not registered"),
    ("regexp_matches(s, 'a')", "FUNCTION_NOT_FOUND", "Function 'regexp_matches' not registered"),
    ("list_transform(a, x -> x)", "FUNCTION_NOT_FOUND", "Function 'list_transform' not registered"),
    ("arg_min(s, b)", "FUNCTION_NOT_FOUND", "Function 'arg_min' not registered"),
    ("string_agg(s, ',')", "FUNCTION_NOT_FOUND", "Function 'string_agg' not registered"),
    ("array_to_string(a, ',')", "FUNCTION_NOT_FOUND", "Function 'array_to_string' not registered"),
    ("array_length(a)", "FUNCTION_NOT_FOUND", "Function 'array_length' not registered"),
    ("epoch_ms(b)", "FUNCTION_NOT_FOUND", "Function 'epoch_ms' not registered"),
    ("strftime(ts, '%Y')", "FUNCTION_NOT_FOUND", "Function 'strftime' not registered"),
    ("left(s, 1)", "FUNCTION_NOT_FOUND", "Function 'left' not registered"),
    ("ascii(s)", "FUNCTION_NOT_FOUND", "Function 'ascii' not registered"),
    ("logical_or(f)", "FUNCTION_NOT_FOUND", "Function 'logical_or' not registered"),
    # functions of Trino with arguments it does not take
    ("lpad(s, 2)", "FUNCTION_NOT_FOUND", "Unexpected parameters (varchar, integer) for function lpad. Expected: lpad(varchar(x), bigint, varchar(y))"),
    ("lpad(b, 2, '0')", "FUNCTION_NOT_FOUND", "Unexpected parameters (bigint, integer, varchar(1)) for function lpad"),
    ("lpad('abc', b, 0)", "FUNCTION_NOT_FOUND", "Unexpected parameters (varchar(3), bigint, integer) for function lpad"),
    ("to_hex(b)", "FUNCTION_NOT_FOUND", "Unexpected parameters (bigint) for function to_hex. Expected: to_hex(varbinary)"),
    ("length(i)", "FUNCTION_NOT_FOUND", "Unexpected parameters (integer) for function length"),
    ("substr(s, d)", "FUNCTION_NOT_FOUND", "Unexpected parameters (varchar, double) for function substr"),
    ("to_base(d, 16)", "FUNCTION_NOT_FOUND", "Unexpected parameters (double, integer) for function to_base"),
    ("element_at(a, d)", "FUNCTION_NOT_FOUND", "Unexpected parameters (array(bigint), double) for function element_at"),
    ("array_join(repeat('0', 3), 0)", "FUNCTION_NOT_FOUND", "for function array_join"),
    ("substr(repeat('0', 3), 1)", "FUNCTION_NOT_FOUND", "Unexpected parameters (array(varchar(1)), integer) for function substr"),
    ("upper(i)", "FUNCTION_NOT_FOUND", "Unexpected parameters (integer) for function upper"),
    ("round(d, b)", "FUNCTION_NOT_FOUND", "Unexpected parameters (double, bigint) for function round"),
    ("abs(s)", "FUNCTION_NOT_FOUND", "Unexpected parameters (varchar) for function abs"),
    ("greatest(i, s)", "FUNCTION_NOT_FOUND", "Unexpected parameters (integer, varchar) for function greatest"),
    ("codepoint(s)", "FUNCTION_NOT_FOUND", "Unexpected parameters (varchar) for function codepoint. Expected: codepoint(varchar(1))"),
    ("contains('abc', 'b')", "FUNCTION_NOT_FOUND", "for function contains"),
    ("starts_with(s)", "FUNCTION_NOT_FOUND", "for function starts_with"),
    ("year(b)", "FUNCTION_NOT_FOUND", "Unexpected parameters (bigint) for function year"),
    ("format_datetime(b, 'y')", "FUNCTION_NOT_FOUND", "for function format_datetime"),
    ("date_add('day', d, ts)", "FUNCTION_NOT_FOUND", "for function date_add"),
    ("from_unixtime(s)", "FUNCTION_NOT_FOUND", "for function from_unixtime"),
    ("sum(s)", "FUNCTION_NOT_FOUND", "Unexpected parameters (varchar) for function sum"),
    ("min_by(s, m)", "FUNCTION_NOT_FOUND", "for function min_by"),
    ("filter(a, x -> x)", "FUNCTION_NOT_FOUND", "for function filter"),
    ("concat(s)", "FUNCTION_NOT_FOUND", "for function concat"),
    # lambdas
    ("transform(a, x -> y)", "COLUMN_NOT_FOUND", "line 1:26: Column 'y' cannot be resolved"),
    ("transform(a, x -> x || 'a')", "FUNCTION_NOT_FOUND", "Unexpected parameters (bigint, varchar(1)) for function concat"),
    ("transform(a, (x, y) -> x)", "INVALID_PARAMETER_USAGE", "Expected a lambda that takes 1 argument(s) but got 2"),
    ("transform(a, x -> x) || x", "COLUMN_NOT_FOUND", "Column 'x' cannot be resolved"),
    # aggregates and windows
    ("sum(sum(b))", "NESTED_AGGREGATION", "Cannot nest aggregations inside aggregation 'sum'"),
    ("s || max(s)", "EXPRESSION_NOT_AGGREGATE", "must be an aggregate expression or appear in GROUP BY clause"),
    ("transform(array_agg(b), x -> x + i)", "EXPRESSION_NOT_AGGREGATE", "must be an aggregate expression"),
    ("row_number()", "MISSING_OVER", "Window function row_number requires an OVER clause"),
    ("lower(s) OVER (ORDER BY b)", "FUNCTION_NOT_WINDOW", "Not a window function: lower"),
    ("rank() OVER (ORDER BY rank() OVER (ORDER BY b))", "NESTED_WINDOW", "Cannot nest window functions"),
    ("rank() OVER (ORDER BY m)", "TYPE_MISMATCH", "map(varchar, bigint) is not orderable"),
    ("lower(s) FILTER (WHERE f)", "FUNCTION_NOT_AGGREGATE", "Filter is only valid for aggregation functions"),
    ("count(*) FILTER (WHERE i)", "TYPE_MISMATCH", "Filter expression must evaluate to a boolean (actual: integer)"),
    ("length(DISTINCT s)", "FUNCTION_NOT_AGGREGATE", "DISTINCT is not supported for non-aggregation functions"),
    # names
    ("nosuch", "COLUMN_NOT_FOUND", "line 1:8: Column 'nosuch' cannot be resolved"),
    ("\"no such\"", "COLUMN_NOT_FOUND", "Column 'no such' cannot be resolved"),
    ("u.i", "COLUMN_NOT_FOUND", "Column 'u.i' cannot be resolved"),
    ("r.z", "COLUMN_NOT_FOUND", "Column 'r.z' cannot be resolved"),
    ("i IS TRUE", "SYNTAX_ERROR", "mismatched input"),
    ("9223372036854775808", "SYNTAX_ERROR", "Invalid numeric literal: 9223372036854775808"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "code", "words"), WRONG)
def test_an_expression_is_refused_as_trino_refuses_it(expression: str, code: str, words: str) -> None:
    """What Trino does not take is refused by its error's name and in its words."""
    error = refusal(f"SELECT {expression} FROM db.t")
    assert error.code == code
    assert words in error.words


STATEMENTS = [
    ("SELECT * FROM u", {"i": "integer", "w": "varchar"}),
    ("SELECT U.I, \"W\" FROM U", {"i": "integer", "w": "varchar"}),
    ("SELECT 1, 'a'", {"_col0": "integer", "_col1": "varchar(1)"}),
    ("WITH a AS (SELECT i + 1 AS j FROM u), c AS (SELECT j * 1e0 AS k FROM a) SELECT k FROM c", {"k": "double"}),
    ("WITH u AS (SELECT w AS i FROM u) SELECT i FROM u", {"i": "varchar"}),
    ("WITH a(x, y) AS (SELECT i, w FROM u) SELECT y FROM a", {"y": "varchar"}),
    ("SELECT x.n FROM (SELECT count(*) AS n FROM u) AS x", {"n": "bigint"}),
    ("SELECT w, count(*) FROM u GROUP BY w", {"w": "varchar", "_col1": "bigint"}),
    ("SELECT lower(w) AS l, sum(i) AS n FROM u GROUP BY 1 ORDER BY n DESC, l NULLS LAST", {"l": "varchar", "n": "bigint"}),
    ("SELECT (lower(W)) || '!' AS l FROM u GROUP BY lower(w)", {"l": "varchar"}),
    ("SELECT count(*) AS n FROM u HAVING count(*) > 1", {"n": "bigint"}),
    ("SELECT w AS c FROM u ORDER BY i, c LIMIT 10", {"c": "varchar"}),
    ("SELECT i FROM u UNION ALL SELECT 2.5", {"i": "decimal(11,1)"}),
    ("SELECT DISTINCT w FROM u ORDER BY w", {"w": "varchar"}),
    ("SELECT a.i, b.w FROM u AS a JOIN u AS b ON a.i = b.i", {"i": "integer", "w": "varchar"}),
    ("SELECT i, a.w FROM u AS a JOIN u AS b USING (i) LIMIT ALL", {"i": "integer", "w": "varchar"}),
    ("SELECT i, v FROM db.t CROSS JOIN UNNEST(a) AS x(v)", {"i": "integer", "v": "bigint"}),
    ("SELECT i FROM u WHERE w IN (SELECT s FROM db.t) AND EXISTS (SELECT 1 FROM db.t WHERE db.t.i = u.i OR f)", {"i": "integer"}),
    ("SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY w ORDER BY i) AS \"@row\" FROM u) AS n WHERE \"@row\" = 1", {"i": "integer", "w": "varchar", "@row": "bigint"}),
    ("SELECT v FROM (VALUES (1, 'a'), (2.5, 'b')) AS x(v, w)", {"v": "decimal(11,1)"}),
    ("SELECT max(i) + (SELECT count(*) FROM u) AS n FROM u", {"n": "bigint"}),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "columns"), STATEMENTS)
def test_a_statement_has_the_columns_that_trino_gives_it(statement: str, columns: dict[str, str]) -> None:
    """Names are found where Trino looks for them, whatever their capitals; unnamed columns are numbered."""
    tables = TABLES | {"t": COLUMNS}
    assert check(statement.replace("db.t.i", "t.i"), tables) == columns


FALSE_STATEMENTS = [
    ("SELECT 1 FROM nosuch", "TABLE_NOT_FOUND", "line 1:15: Table 'awsdatacatalog.default.nosuch' does not exist"),
    ("SELECT 1 FROM db.u2", "TABLE_NOT_FOUND", "Table 'awsdatacatalog.db.u2' does not exist"),
    ("WITH a AS (SELECT 1 AS x) SELECT y FROM a", "COLUMN_NOT_FOUND", "line 1:34: Column 'y' cannot be resolved"),
    ("SELECT i AS j FROM u WHERE j > 1", "COLUMN_NOT_FOUND", "Column 'j' cannot be resolved"),
    ("SELECT lower(w) AS l, count(*) FROM u GROUP BY l", "COLUMN_NOT_FOUND", "Column 'l' cannot be resolved"),
    ("SELECT i AS j, j + 1 AS k FROM u", "COLUMN_NOT_FOUND", "Column 'j' cannot be resolved"),
    ("SELECT w, i FROM u GROUP BY w", "EXPRESSION_NOT_AGGREGATE", "line 1:11: 'i' must be an aggregate expression or appear in GROUP BY clause"),
    ("SELECT upper(w) FROM u GROUP BY lower(w)", "EXPRESSION_NOT_AGGREGATE", "must be an aggregate expression"),
    ("SELECT * FROM u GROUP BY w", "EXPRESSION_NOT_AGGREGATE", "must appear in GROUP BY clause"),
    ("SELECT count(*) FROM u ORDER BY i", "EXPRESSION_NOT_AGGREGATE", "'i' must be an aggregate expression"),
    ("SELECT w FROM u HAVING i > 1", "EXPRESSION_NOT_AGGREGATE", ""),
    ("SELECT w FROM u WHERE count(*) > 1", "EXPRESSION_NOT_SCALAR", "WHERE clause cannot contain aggregations"),
    ("SELECT w FROM u WHERE row_number() OVER (ORDER BY i) = 1", "EXPRESSION_NOT_SCALAR", "WHERE clause cannot contain"),
    ("SELECT w FROM u WHERE i", "TYPE_MISMATCH", "WHERE clause must evaluate to a boolean (actual: integer)"),
    ("SELECT w FROM u GROUP BY 2", "INVALID_COLUMN_REFERENCE", "GROUP BY position 2 is not in select list"),
    ("SELECT w FROM u ORDER BY 2", "INVALID_COLUMN_REFERENCE", "ORDER BY position 2 is not in select list"),
    ("SELECT m FROM db.t ORDER BY m", "TYPE_MISMATCH", "Type map(varchar, bigint) is not orderable"),
    ("SELECT DISTINCT w FROM u ORDER BY i", "EXPRESSION_NOT_IN_DISTINCT", "ORDER BY expressions must appear in select list"),
    ("SELECT i FROM u UNION ALL SELECT w FROM u", "TYPE_MISMATCH", "column 1 in UNION query has incompatible types: integer, varchar"),
    ("SELECT i FROM u UNION ALL SELECT i, w FROM u", "TYPE_MISMATCH", "UNION query has different number of fields: 1, 2"),
    ("SELECT i FROM u AS a JOIN u AS b ON a.i = b.i", "AMBIGUOUS_NAME", "Column 'i' is ambiguous"),
    ("SELECT X FROM (SELECT i AS x, w AS X FROM u)", "AMBIGUOUS_NAME", "Column 'X' is ambiguous"),
    ("WITH a AS (SELECT 1), A AS (SELECT 2) SELECT 1", "DUPLICATE_NAMED_QUERY", "WITH query name 'a' specified more than once"),
    ("WITH b AS (SELECT * FROM a), a AS (SELECT 1 AS x) SELECT * FROM b", "TABLE_NOT_FOUND", "default.a' does not exist"),
    ("WITH a(x) AS (SELECT 1, 2) SELECT * FROM a", "MISMATCHED_COLUMN_ALIASES", "Column alias list has 1 entries but 'a' has 2 columns available"),
    ("SELECT x.* FROM u", "TABLE_NOT_FOUND", "Unable to resolve reference x"),
    ("DROP TABLE u", "NOT_SUPPORTED", "line 1:1: DROP is no query"),
    ("SELECT *", "COLUMN_NOT_FOUND", "SELECT * not allowed in queries without FROM clause"),
    ("SELECT i FROM u QUALIFY row_number() OVER (ORDER BY i) = 1", "SYNTAX_ERROR", "mismatched input"),
    ("SELECT `i` FROM u", "SYNTAX_ERROR", "backquoted identifiers are not supported"),
    ("SELECT [1]", "SYNTAX_ERROR", "line 1:8: mismatched input '['"),
    ("SELECT i::bigint FROM u", "SYNTAX_ERROR", "mismatched input '::'"),
    ("SELECT i FROM u LIMIT 5, 10", "SYNTAX_ERROR", "mismatched input ','"),
    ("SELECT i == 1 FROM u", "SYNTAX_ERROR", "mismatched input '=='"),
    ("SELECT 'a' 'b'", "SYNTAX_ERROR", "mismatched input ''b''"),
    ("SELECT i // 2 FROM u", "SYNTAX_ERROR", "mismatched input"),
    ("SELECT (1", "SYNTAX_ERROR", ""),
    ("SELECT i, FROM u", "SYNTAX_ERROR", "line 1:9: mismatched input ','"),
    ("SELECT i FROM u GROUP BY", "SYNTAX_ERROR", "mismatched input"),
    ("SELECT i FROM u WHERE i IN ()", "SYNTAX_ERROR", "mismatched input ')'"),
    ("SELECT i FROM u WHERE i NOT NULL", "SYNTAX_ERROR", "line 1:25: mismatched input 'NOT'"),
    ("SELECT 1; SELECT 2", "SYNTAX_ERROR", "one statement is wanted"),
    ("SELECT 'open", "SYNTAX_ERROR", ""),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "code", "words"), FALSE_STATEMENTS)
def test_a_statement_is_refused_as_trino_refuses_it(statement: str, code: str, words: str) -> None:
    """Names, groups, orders and spellings that Trino does not take are refused by its error's name."""
    error = refusal(statement)
    assert error.code == code
    assert words in error.words


def test_a_refusal_names_its_line_and_column() -> None:
    """Lines and columns count from one; an operator's place is its own."""
    error = refusal("SELECT i,\n  w\nFROM u\nWHERE w\n   = (12)")
    assert (error.line, error.column) == (5, 4)
    assert error.words == "line 5:4: Cannot apply operator: varchar = integer"


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("integer", "bigint", "bigint"),
        ("bigint", "decimal(10,2)", "decimal(21,2)"),
        ("decimal(10,2)", "decimal(5,4)", "decimal(12,4)"),
        ("decimal(38,0)", "double", "double"),
        ("bigint", "real", "real"),
        ("varchar(3)", "varchar(5)", "varchar(5)"),
        ("varchar(3)", "varchar", "varchar"),
        ("date", "timestamp(3)", "timestamp(3)"),
        ("timestamp(3)", "timestamp(6) with time zone", "timestamp(6) with time zone"),
        ("array(integer)", "array(double)", "array(double)"),
        ("row(x integer)", "row(y bigint)", "row(bigint)"),
        ("varchar", "bigint", None),
        ("boolean", "integer", None),
        ("varchar(10)", "date", None),
        ("array(varchar)", "array(bigint)", None),
        ("varbinary", "varchar", None),
    ],
)
def test_two_types_meet_where_trino_lets_them(one: str, other: str, both: str | None) -> None:
    """The common type is the same from either side, and both turn into it unasked."""
    a, b = kind_of(one), kind_of(other)
    found = common(a, b)
    assert found == common(b, a)
    assert (None if found is None else str(found)) == both
    assert found is None or (coercible(a, found) and coercible(b, found))
    assert coercible(UNKNOWN, a)
    assert not coercible(a, UNKNOWN)
    assert castable(a, a)


@pytest.mark.parametrize("number", range(10))
def test_every_generated_query_has_types(number: int) -> None:
    """What the compiler writes for Athena is well typed, and each of its columns has a plain type."""
    records = record_sets("types", 10)[number]
    for at in range(number, 60, 10):
        one = asked("types", at, records)
        columns = check(one.sql, one.tables)
        assert columns, one.text
        plain = {re.sub(r"\(\d+\)", "", kind) for kind in columns.values()}
        assert plain <= {"bigint", "double", "integer", "varchar"}, (columns, one.text)


SPOILED = [
    ("TRUNCATE(", "TRUNC("),
    ("IS_FINITE(", "ISFINITE("),
    ("STRPOS(", "INSTR("),
    ("AS BIGINT)", "AS DATE)"),
    ("AS VARCHAR)", "AS BIGINT)"),
    ("'-'", "0"),
    ('"@timestamp"', '"@time"'),
    ("REGEXP_LIKE(", "REGEXP_MATCHES("),
]


@pytest.mark.parametrize(("right", "wrong"), SPOILED)
def test_a_spoiled_query_is_refused(right: str, wrong: str) -> None:
    """A word of another engine, a wrong cast or a wrong name in the SQL of a query does not pass."""
    query = 'fields trim(srcAddr, "x") like /a/ as m, strcontains(srcAddr, "b") as n, bin(5m) as t, dstPort * 1.5 as p, concat(dstPort, "a") as q | filter fromMillis(dstPort) > 5 | stats count(*) by n, m, 2 ^ p as e, q'
    columns = {"@timestamp": Column('"@timestamp"', "time"), "srcAddr": Column('"srcAddr"', "text", dash=True)}
    columns["dstPort"] = Column('"dstPort"', "int", dash=True)
    tables = {"logs": {"@timestamp": "bigint", "srcAddr": "string", "dstPort": "bigint"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RejectkitWarning)
        sql = compile_query(parse(query), Table("logs", columns), engine="athena").sql
    assert check(sql, tables)
    spoiled = re.sub(re.escape(right), lambda _: wrong, sql, flags=re.IGNORECASE)
    assert spoiled != sql
    with pytest.raises(TrinoError):
        check(spoiled, tables)
