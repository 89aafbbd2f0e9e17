"""Athena's SQL: that of engine version 3, which is Trino's.

Trino compares like with like only, so every word gives one type: texts are `varchar`, numbers `bigint` or `double`.
Source: Athena, Functions in Amazon Athena; Trino documentation, Functions and operators.
"""

from __future__ import annotations

from fractions import Fraction

import sqlglot
from sqlglot import exp

from rejectkit.insights.dialects.duckdb import Dialect
from rejectkit.insights.dialects.portable import portable

_LARGEST = 2**63 - 1
_READABLE = 20_000  # characters beyond which indenting would make most of a query, whose length Athena limits


class Athena(Dialect):
    """Athena's SQL (Trino's)."""

    name = "athena"
    whole = "DECIMAL(38, 0)"

    def checked(self, sql: str) -> str:
        tree = sqlglot.parse_one(sql, read=self.name)
        for literal in list(tree.find_all(exp.Literal)):
            if not literal.is_string and not isinstance(literal.parent, exp.DataTypeParam):
                literal.replace(_number(literal.name))
        return tree.sql(self.name, pretty=len(sql) < _READABLE)

    def let(self, name: str, value: str, body: str) -> str:
        return f"element_at(transform(ARRAY[{value}], {name} -> {body}), 1)"

    # numbers

    def number_text(self, x: str) -> str:
        """Return a number's shortest text: Trino spells doubles in scientific notation, as 1.5E0."""
        digits = "rtrim(regexp_replace(split_part(t, 'E', 1), '[-.]', ''), '0')"
        sign = "CASE WHEN starts_with(t, '-') THEN '-' ELSE '' END"
        decimals = f"substr({digits}, 1, e + 1) || '.' || substr({digits}, e + 2)"
        small = f"'0.' || rpad('', -e - 1, '0') || {digits}"
        rest = f"CASE WHEN length({digits}) > 1 THEN '.' || substr({digits}, 2) ELSE '' END"
        size = "CAST(abs(e) AS VARCHAR)"
        power = f"CASE WHEN e < 0 THEN '-' ELSE '+' END || lpad({size}, greatest(2, length({size})), '0')"
        spelled = (
            f"CASE WHEN e BETWEEN 0 AND 36 THEN {decimals} WHEN e BETWEEN -4 AND -1 THEN {small} "
            f"ELSE substr({digits}, 1, 1) || {rest} || 'e' || {power} END"
        )
        scientific = self.let("e", "CAST(split_part(t, 'E', 2) AS BIGINT)", f"{sign} || {spelled}")
        fraction = self.let("t", f"CAST({x} AS VARCHAR)", f"CASE WHEN strpos(t, 'E') = 0 THEN t ELSE {scientific} END")
        return (
            f"CASE WHEN {x} = truncate({x}) AND abs({x}) < 1e37 "
            f"THEN CAST(CAST({x} AS {self.whole}) AS VARCHAR) ELSE {fraction} END"
        )

    def finite(self, x: str) -> str:
        return f"CASE WHEN is_finite({x}) THEN {x} END"

    def truncate(self, x: str) -> str:
        return f"truncate({x})"

    # text

    def contains(self, x: str, part: str) -> str:
        return f"(strpos({x}, {part}) > 0)"

    def ends_with(self, x: str, end: str) -> str:
        return f"(length({x}) >= length({end}) AND substr({x}, length({x}) - length({end}) + 1) = {end})"

    def replace(self, x: str, old: str, new: str) -> str:
        return f"CASE WHEN {old} = '' AND {new} IS NOT NULL THEN {x} ELSE replace({x}, {old}, {new}) END"

    def part(self, x: str, separator: str, number: int) -> str:
        return f"coalesce(split_part({x}, {self.literal(separator)}, {number}), '')"

    def repeat(self, text: str, count: str) -> str:
        return f"rpad('', {len(text)} * ({count}), {self.literal(text)})"

    def strip(self, x: str, characters: str, left: bool, right: bool) -> str:
        side = "BOTH" if left and right else "LEADING" if left else "TRAILING"
        return f"trim({side} {characters} FROM {x})"

    # regular expressions

    def search(self, x: str, pattern: str) -> str:
        return f"regexp_like({x}, {self.literal(portable(pattern))})"

    def full_match(self, x: str, pattern: str) -> str:
        whole = rf"\A(?:{pattern})\z"
        return f"regexp_like({x}, {self.literal(whole)})"

    def groups(self, x: str, pattern: str, numbers: list[int]) -> list[str]:
        match = f"regexp_extract({x}, {self.literal(portable(pattern))}, "
        return [f"CASE WHEN {self.search(x, pattern)} THEN coalesce({match}{n}), '') END" for n in numbers]

    def replace_all(self, x: str, pattern: str, by: str) -> str:
        escaped = "".join(
            "\\\\" if c == "\\" else "\\$" if c == "$" and not by[i + 1 : i + 2].isdigit() else c
            for i, c in enumerate(by)
        )
        return f"regexp_replace({x}, {self.literal(portable(pattern))}, {self.literal(escaped)})"

    def join_mapped(self, pattern: str, x: str, body: str) -> str:
        return f"array_join(transform(regexp_extract_all({x}, {self.literal(pattern)}), c -> {body}), '')"

    def hex_byte(self, x: str) -> str:
        return f"lpad(to_base({x}, 16), 2, '0')"

    # time, in milliseconds since the epoch

    def time_text(self, ms: str) -> str:
        return f"format_datetime(from_unixtime(({ms}) / 1e3, 'UTC'), 'yyyy-MM-dd HH:mm:ss.SSS')"

    def months_of(self, ms: str) -> str:
        moment = f"from_unixtime(({ms}) / 1e3, 'UTC')"
        return f"(year({moment}) * 12 + month({moment}) - 1)"

    def month_start(self, months: str) -> str:
        start = f"date_add('month', ({months}) - 23640, TIMESTAMP '1970-01-01 00:00:00 UTC')"
        return f"CAST(to_unixtime({start}) * 1000 AS BIGINT)"

    # aggregates

    def quantile(self, x: str, share: Fraction) -> str:
        """Return the nearest-rank quantile: all values of a group are sorted in the memory of one node."""
        ordered = f"array_sort(array_agg({x}) FILTER (WHERE {x} IS NOT NULL))"
        rank = f"({share.numerator} * count({x}) + {share.denominator - 1}) / {share.denominator}"
        return f"element_at({ordered}, greatest(1, {rank}))"

    def pair(self, moment: str, key: str) -> str:
        return f"ROW(coalesce({moment}, -1), {key})"  # rows with a null in them are not comparable

    def at_least(self, value: str, key: str) -> str:
        return f"min_by({value}, {key}) FILTER (WHERE {value} IS NOT NULL)"

    def at_greatest(self, value: str, key: str) -> str:
        return f"max_by({value}, {key}) FILTER (WHERE {value} IS NOT NULL)"


def _number(text: str) -> exp.Expression:
    """Return a number's literal: a fraction, and what is too large, as a double; Trino would take it for a decimal."""
    if text.isdigit() and int(text) <= _LARGEST:
        return exp.Literal.number(text)
    spelled = repr(float(text)).upper()
    return exp.Literal.number(spelled if "E" in spelled else f"{spelled}E0")
