"""Spark's SQL, from version 3.5 on: with ANSI mode and without, and in whatever zone the session keeps its time.

Nothing here raises for one setting and gives null for the other: divisors are never 0, casts of text are tried, and
times are days and milliseconds, never timestamps. Source: Spark SQL guide, "ANSI compliance" and "Functions".
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

import sqlglot
from sqlglot import exp

from rejectkit.insights.dialects.duckdb import Dialect
from rejectkit.insights.dialects.portable import portable

_COLUMN = re.compile(r"`[^`]*`")
_CHEAP = re.compile(r"(`[^`]*`|[a-z]\w*|coalesce\(`[^`]*`, '-'\)|CAST\(`[^`]*` AS DOUBLE\))")
_TOKEN = re.compile(r"'[^']*'|`[^`]*`|(?<![\w.])[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?(?![\w.])|[A-Za-z_]\w*")
_SAID = {"VARCHAR": "STRING", "strpos": "instr"}
_STAND_INS = "~^|#@!%&;?"
_LARGEST = 2**63 - 1
_DAY = 86_400_000
_ULP = 2.0**-52


class Spark(Dialect):
    """Spark's SQL."""

    name = "spark"
    whole = "DECIMAL(38, 0)"

    def ident(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def literal(self, text: str) -> str:
        """Return a text literal that no setting of the parser reads in another way.

        Backslashes and doubled quotes mean different things in different versions and settings, and `${` begins a
        variable: such characters are put in by a function, which is worked out once, when the query is planned.
        """
        odd = [char for char in ("'", "\\") if char in text] + (["$"] if "${" in text else [])
        if not odd:
            return f"'{text}'"
        free = [char for char in (*_STAND_INS, *map(chr, range(0xE000, 0xE010))) if char not in text]
        stand_ins = "".join(free[: len(odd)])
        plain = text.translate(str.maketrans("".join(odd), stand_ins))
        return f"translate('{plain}', '{stand_ins}', {' || '.join(f'chr({ord(char)})' for char in odd)})"

    def let(self, name: str, value: str, body: str) -> str:
        """Return `body`, in which `name` stands for `value`; one that costs nothing is put in as it is."""
        if _CHEAP.fullmatch(value) and not re.search(rf"\b{name} ->", body):
            return "(" + _TOKEN.sub(lambda token: value if token[0] == name else token[0], body) + ")"
        return f"transform(array({value}), {name} -> {body})[0]"

    def is_column(self, sql: str) -> bool:
        return _COLUMN.fullmatch(sql) is not None

    def pair(self, first: str, second: str) -> str:
        return f"struct({first}, {second})"

    def numbered(self, parts: str, order: str) -> str:
        return f"row_number() OVER (PARTITION BY {parts}{order or f' ORDER BY {parts}'})"

    def checked(self, sql: str) -> str:
        """Return a whole query with types, functions and numbers as Spark spells them, if its grammar takes it."""
        sql = _TOKEN.sub(_spelled, sql)
        tree = sqlglot.parse_one(sql, read=self.name)
        assert not tree.find(exp.Command), "sqlglot reads as a command what it does not understand"
        return sql

    # numbers

    def number_text(self, x: str) -> str:
        """Return a number's shortest text: Java's spelling is another, and before version 19 not the shortest."""
        tried = [f"format_string('%.{digits}e', {x})" for digits in (14, 15, 16)]
        shortest = (
            f"CASE WHEN CAST({tried[0]} AS DOUBLE) = {x} THEN {tried[0]} "
            f"WHEN CAST({tried[1]} AS DOUBLE) = {x} THEN {tried[1]} ELSE {tried[2]} END"
        )
        plain = "trim(TRAILING '0' FROM CAST(CAST(t AS DECIMAL(38, 21)) AS STRING))"
        zeros = self.literal(r"\.?0*e")
        fraction = f"CASE WHEN abs({x}) BETWEEN 1e-4 AND 1e16 THEN {plain} ELSE regexp_replace(t, {zeros}, 'e') END"
        return (
            f"CASE WHEN {x} = {self.truncate(x)} AND abs({x}) < 1e37 "
            f"THEN CAST(CAST({x} AS {self.whole}) AS STRING) "
            f"WHEN {x} IS NOT NULL THEN {self.let('t', shortest, fraction)} END"
        )

    def finite(self, x: str) -> str:
        return f"CASE WHEN abs({x}) <= {1.7976931348623157e308!r} THEN {x} END"  # Spark's NaN is above all numbers

    def truncate(self, x: str) -> str:
        return f"({x} - {x} % 1e0)"  # exact: the remainder of a double is

    def ceil(self, x: str) -> str:
        return f"({x} - {x} % 1e0 + CASE WHEN {x} % 1e0 > 0 THEN 1 ELSE 0 END)"  # Spark's own is a BIGINT

    def floor(self, x: str) -> str:
        return f"({x} - {x} % 1e0 - CASE WHEN {x} % 1e0 < 0 THEN 1 ELSE 0 END)"

    # text

    def starts_with(self, x: str, start: str) -> str:
        return f"startswith({x}, {start})"

    def ends_with(self, x: str, end: str) -> str:
        return f"endswith({x}, {end})"

    def last_part(self, x: str, character: str) -> str:
        return f"substring_index({x}, {self.literal(character)}, -1)"

    def strip(self, x: str, characters: str, left: bool, right: bool) -> str:
        side = "BOTH" if left and right else "LEADING" if left else "TRAILING"
        return f"trim({side} {characters} FROM {x})"

    # regular expressions

    def search(self, x: str, pattern: str) -> str:
        return f"({x} RLIKE {self.literal(portable(pattern))})"

    def full_match(self, x: str, pattern: str) -> str:
        whole = rf"\A(?:{pattern})\z"
        return f"({x} RLIKE {self.literal(whole)})"

    def groups(self, x: str, pattern: str, numbers: list[int]) -> list[str]:
        match = f"regexp_extract({x}, {self.literal(portable(pattern))}, "
        return [f"CASE WHEN {self.search(x, pattern)} THEN {match}{number}) END" for number in numbers]

    def replace_all(self, x: str, pattern: str, by: str) -> str:
        out = ""
        for at, char in enumerate(by):
            group = char == "$" and by[at + 1 : at + 2].isdigit()
            more = char.isdigit() and at > 1 and by[at - 1].isdigit() and by[at - 2] == "$"
            out += f"\\{char}" if more or (char in "\\$" and not group) else char  # Java would take $12 for a group
        spelled = portable(pattern)
        if re.search(pattern, "", re.ASCII) is not None:  # Java matches nothing also where a match has just ended
            spelled = rf"(?:{spelled})(?:(?!\G)|\A)"
        return f"regexp_replace({x}, {self.literal(spelled)}, {self.literal(out)})"

    def join_mapped(self, pattern: str, x: str, body: str) -> str:
        return f"array_join(transform(regexp_extract_all({x}, {self.literal(pattern)}, 0), c -> {body}), '')"

    def hex_byte(self, x: str) -> str:
        return f"lpad(lower(hex({x})), 2, '0')"

    # time, in milliseconds since the epoch

    def time_text(self, ms: str) -> str:
        """Return a time as the service prints it: from days, as a timestamp would print in the session's zone."""
        parts = [
            f"pmod(m, {_DAY}) div 3600000",
            "pmod(m, 3600000) div 60000",
            "pmod(m, 60000) div 1000",
            "pmod(m, 1000)",
        ]
        day = f"CAST({_day('m')} AS STRING)"
        spelled = f"format_string('%s %02d:%02d:%02d.%03d', {day}, {', '.join(parts)})"
        return self.let("m", ms, f"CASE WHEN m IS NOT NULL THEN {spelled} END")

    def months_of(self, ms: str) -> str:
        return f"(year({_day(ms)}) * 12 + month({_day(ms)}) - 1)"

    def month_start(self, months: str) -> str:
        first = f"make_date(({months}) div 12, ({months}) % 12 + 1, 1)"
        return f"(CAST(unix_date({first}) AS BIGINT) * {_DAY})"

    # aggregates

    def whole_sum(self, x: str) -> str:
        """Return the sum of whole numbers: without ANSI mode Spark's own begins anew below 0 after the largest."""
        beyond = "CAST(raise_error('a sum is beyond 64 bits') AS BIGINT)"
        return f"coalesce(try_sum({x}), CASE WHEN count({x}) > 0 THEN {beyond} END)"

    def quantile(self, x: str, share: Fraction) -> str:
        """Return the nearest-rank quantile; a rank that is whole must not come out above itself."""
        return f"percentile_disc({float(share) * (1 - 2 * _ULP)!r}) WITHIN GROUP (ORDER BY {x})"

    def at_least(self, value: str, key: str) -> str:
        return f"min_by({value}, {key}) FILTER (WHERE {value} IS NOT NULL)"

    def at_greatest(self, value: str, key: str) -> str:
        return f"max_by({value}, {key}) FILTER (WHERE {value} IS NOT NULL)"


def _day(ms: str) -> str:
    """Return the UTC day of a time, a date: dates have no zone."""
    return f"date_from_unix_date(CAST(floor(({ms}) / {float(_DAY)!r}) AS INT))"


def _spelled(token: re.Match[str]) -> str:
    """Return a token as Spark spells it: a fraction, and what is too large, as a double; it would be a decimal."""
    text = token[0]
    if not text[0].isdigit() or (text.isdigit() and int(text) <= _LARGEST):
        return _SAID.get(text, text)
    number = float(text)
    return f"{number!r}D" if math.isfinite(number) else "CAST('Infinity' AS DOUBLE)"
