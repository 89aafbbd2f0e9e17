"""DuckDB's SQL, and with it the vocabulary in which functions and stages are written once.

A subclass overrides the words that its engine says otherwise. Every word takes and returns SQL text; texts
given as `str` literals of the query go through `literal`.
"""

from __future__ import annotations

import re
from fractions import Fraction

CANONICAL_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
WHITE_SPACE = " \t\n\r\x0b\x0c"
_COLUMN = re.compile(r'"[^"]*"')
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"
_GROUP = "[0-9a-f]{1,4}"
_IPV6_WHOLE = f"({_GROUP}:){{7}}{_GROUP}"
_IPV6_SHORT = f"({_GROUP}(:{_GROUP}){{0,6}})?::({_GROUP}(:{_GROUP}){{0,6}})?"


class Dialect:
    """DuckDB's SQL."""

    name = "duckdb"
    whole = "HUGEINT"

    # spelling

    def ident(self, name: str) -> str:
        """Return a quoted identifier."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, text: str) -> str:
        """Return a text literal."""
        return "'" + text.replace("'", "''") + "'"

    def let(self, name: str, value: str, body: str) -> str:
        """Return `body`, in which `name` stands for `value`, computed once."""
        return f"list_transform([{value}], lambda {name}: {body})[1]"

    def is_column(self, sql: str) -> bool:
        """Tell whether an expression is a column as it stands."""
        return _COLUMN.fullmatch(sql) is not None

    def numbered(self, parts: str, order: str) -> str:
        """Return the number of a row among those of equal `parts`; `order` is empty or an ORDER BY."""
        return f"row_number() OVER (PARTITION BY {parts}{order})"

    def checked(self, sql: str) -> str:
        """Return a whole query, checked by the grammar of its engine where one is not at hand to refuse it."""
        return sql

    # numbers and text

    def number_text(self, x: str) -> str:
        """Return a number's shortest text; a whole one has no point."""
        return (
            f"CASE WHEN {x} = {self.truncate(x)} AND abs({x}) < 1e37 THEN CAST(CAST({x} AS {self.whole}) AS VARCHAR) "
            f"ELSE CAST({x} AS VARCHAR) END"
        )

    def try_number(self, x: str) -> str:
        """Return a text's number, or null where it is not the canonical spelling of one."""
        return f"CASE WHEN {self.full_match(x, CANONICAL_NUMBER)} THEN TRY_CAST({x} AS DOUBLE) END"

    def double(self, x: str) -> str:
        """Return a number as a double."""
        return f"CAST({x} AS DOUBLE)"

    def finite(self, x: str) -> str:
        """Return a number, or null where it is infinite or not a number."""
        return f"CASE WHEN isfinite({x}) THEN {x} END"

    def truncate(self, x: str) -> str:
        """Return a number without its fraction."""
        return f"trunc({x})"

    def ceil(self, x: str) -> str:
        """Return the whole number at or above a double, as a double."""
        return f"ceil({x})"

    def floor(self, x: str) -> str:
        """Return the whole number at or below a double, as a double."""
        return f"floor({x})"

    def round(self, x: str, digits: int) -> str:
        """Return a double rounded to so many digits after the point, halves away from zero."""
        return f"round({x}, {digits})" if digits else f"round({x})"

    def power(self, a: str, b: str) -> str:
        """Return a power of doubles."""
        return f"pow({a}, {b})"

    def remainder(self, a: str, b: str) -> str:
        """Return the remainder, with the sign of `a`; null for a divisor of zero."""
        return f"({self.double(a)} % nullif({self.double(b)}, 0))"

    # text

    def starts_with(self, x: str, start: str) -> str:
        """Tell whether `x` starts with `start`."""
        return f"starts_with({x}, {start})"

    def replace(self, x: str, old: str, new: str) -> str:
        """Return `x` with every `old` replaced; an empty one occurs nowhere."""
        return f"replace({x}, {old}, {new})"

    def part(self, x: str, separator: str, number: int) -> str:
        """Return the part of `x` before the first separator, after it, and so on; empty where there is none."""
        return f"split_part({x}, {self.literal(separator)}, {number})"

    def last_part(self, x: str, character: str) -> str:
        """Return what stands after the last of a character; all of `x` where there is none."""
        return f"regexp_extract({x}, {self.literal(f'[^{character}]*$')})"

    def repeat(self, text: str, count: str) -> str:
        """Return a text of the query so many times."""
        return f"repeat({self.literal(text)}, CAST({count} AS INTEGER))"

    def contains(self, x: str, part: str) -> str:
        """Tell whether `part` stands in `x`."""
        return f"contains({x}, {part})"

    def ends_with(self, x: str, end: str) -> str:
        """Tell whether `x` ends with `end`."""
        return f"ends_with({x}, {end})"

    def strip(self, x: str, characters: str, left: bool, right: bool) -> str:
        """Return `x` without any of the characters at its ends."""
        function = "trim" if left and right else "ltrim" if left else "rtrim"
        return f"{function}({x}, {characters})"

    def search(self, x: str, pattern: str) -> str:
        """Tell whether a regular expression matches anywhere."""
        return f"regexp_matches({x}, {self.literal(pattern)})"

    def full_match(self, x: str, pattern: str) -> str:
        """Tell whether a regular expression matches the whole."""
        return f"regexp_full_match({x}, {self.literal(pattern)})"

    def groups(self, x: str, pattern: str, numbers: list[int]) -> list[str]:
        """Return what each group matched, empty where it took no part, null where the whole does not match."""
        found, names = self.search(x, pattern), ", ".join(f"'{number}'" for number in range(1, max(numbers) + 1))
        match = f"regexp_extract({x}, {self.literal(pattern)}, [{names}])"  # by number it stops at nine
        return [f"CASE WHEN {found} THEN ({match})['{number}'] END" for number in numbers]

    def replace_all(self, x: str, pattern: str, by: str) -> str:
        r"""Return `x` with each match replaced; `by` refers to groups as `$1`."""
        out, at = [], 0
        while at < len(by):
            if by[at] == "$" and by[at + 1 : at + 2].isdigit():
                out.append("\\" + by[at + 1])
                at += 2
            else:
                out.append("\\\\" if by[at] == "\\" else by[at])
                at += 1
        return f"regexp_replace({x}, {self.literal(pattern)}, {self.literal(''.join(out))}, 'g')"

    def natural_key(self, x: str) -> str:
        """Return a text that sorts by code point as `x` does in the language's natural order.

        Numbers (digits only, or a decimal) come after everything else, by value, then by text. The rest is
        compared chunk by chunk: digits by their count and value, other characters by code point.
        """
        chunk = (
            "CASE WHEN c >= '0' AND c < ':' THEN '0' || lpad(CAST(length(c) AS VARCHAR), 4, '0') || c "
            "ELSE c || chr(1) END"
        )
        whole = self.strip(self.part("n", ".", 1), "'0'", left=True, right=False)
        fraction = self.strip(self.part("n", ".", 2), "'0'", left=False, right=True)
        number = f"'1' || lpad(CAST(length({whole}) AS VARCHAR), 4, '0') || {whole} || '.' || {fraction} || chr(1) || n"
        rest = f"'0' || {self.join_mapped('[0-9]+|[^0-9]+', 'n', chunk)}"
        is_number = self.full_match("n", r"[0-9]+(\.[0-9]+)?")
        return self.let("n", x, f"CASE WHEN {is_number} THEN {number} ELSE {rest} END")

    def join_mapped(self, pattern: str, x: str, body: str) -> str:
        """Return every match `c` of a pattern in `x` turned into `body`, joined."""
        return (
            f"array_to_string(list_transform(regexp_extract_all({x}, {self.literal(pattern)}), lambda c: {body}), '')"
        )

    # time, in milliseconds since the epoch

    def time_text(self, ms: str) -> str:
        """Return a time as the service prints it."""
        return f"strftime(epoch_ms(CAST({ms} AS BIGINT)), '%Y-%m-%d %H:%M:%S.%g')"

    def floor_step(self, ms: str, step: int) -> str:
        """Return a time cut to a multiple of `step` milliseconds."""
        return f"(CAST(floor(({ms}) / CAST({step} AS DOUBLE)) AS BIGINT) * {step})"

    def months_of(self, ms: str) -> str:
        """Return whole months since year 0."""
        moment = f"epoch_ms(CAST({ms} AS BIGINT))"
        return f"(year({moment}) * 12 + month({moment}) - 1)"

    def month_start(self, months: str) -> str:
        """Return the time at which a count of months since year 0 begins."""
        return f"epoch_ms(CAST(make_date(({months}) // 12, ({months}) % 12 + 1, 1) AS TIMESTAMP))"

    # aggregates

    def whole_sum(self, x: str) -> str:
        """Return the sum of whole numbers; one beyond 64 bits is an error."""
        return f"CAST(sum({x}) AS BIGINT)"

    def quantile(self, x: str, share: Fraction) -> str:
        """Return the nearest-rank quantile."""
        return f"quantile_disc({x}, {float(share)!r})"

    def pair(self, moment: str, key: str) -> str:
        """Return what sorts by a time, then by a key."""
        return f"({moment}, {key})"

    def at_least(self, value: str, key: str) -> str:
        """Return the value at the smallest key."""
        return f"arg_min({value}, {key})"

    def at_greatest(self, value: str, key: str) -> str:
        """Return the value at the greatest key."""
        return f"arg_max({value}, {key})"

    # addresses

    def is_ipv4(self, x: str) -> str:
        """Tell whether a text is an IPv4 address; an octet has no leading zero."""
        return self.full_match(x, _IPV4)

    def ipv4_number(self, x: str) -> str:
        """Return an IPv4 address as a number, or null."""
        weights = (16777216, 65536, 256, 1)
        parts = [f"CAST({self.part('a', '.', i + 1)} AS BIGINT) * {weight}" for i, weight in enumerate(weights)]
        return self.let("a", x, f"CASE WHEN {self.is_ipv4('a')} THEN {' + '.join(parts)} END")

    def ipv6_hex(self, x: str) -> str:
        """Return an IPv6 address as 32 hexadecimal digits, or null; a tail in IPv4 spelling is allowed."""
        tail = self.last_part("t", ":")
        octets = [self.hex_byte(f"CAST({self.part(tail, '.', i)} AS INTEGER)") for i in (1, 2, 3, 4)]
        hexed = f"{octets[0]} || {octets[1]} || ':' || {octets[2]} || {octets[3]}"
        plain = (
            f"CASE WHEN strpos(t, '.') = 0 THEN t WHEN {self.is_ipv4(tail)} "
            f"THEN substr(t, 1, length(t) - length({tail})) || {hexed} ELSE '' END"
        )
        left, right = self.part("h", "::", 1), self.part("h", "::", 2)
        count = " + ".join(
            f"CASE WHEN {side} = '' THEN 0 ELSE length({side}) - length(replace({side}, ':', '')) + 1 END"
            for side in (left, right)
        )
        padded = [f"CASE WHEN {side} = '' THEN '' ELSE {self.padded_groups(side)} END" for side in (left, right)]
        zeros = self.repeat("0000", f"8 - ({count})")
        short = f"CASE WHEN {count} <= 7 THEN {padded[0]} || {zeros} || {padded[1]} END"
        body = (
            f"CASE WHEN {self.full_match('h', _IPV6_WHOLE)} THEN {self.padded_groups('h')} "
            f"WHEN {self.full_match('h', _IPV6_SHORT)} THEN {short} END"
        )
        return self.let("t", f"lower({x})", f"CASE WHEN strpos(t, ':') > 0 THEN {self.let('h', plain, body)} END")

    def hex_byte(self, x: str) -> str:
        """Return a number below 256 as two hexadecimal digits."""
        return f"lpad(lower(to_hex({x})), 2, '0')"

    def padded_groups(self, x: str) -> str:
        """Return colon-separated groups, each filled to four digits, joined."""
        return self.join_mapped("[0-9a-f]+", x, "lpad(c, 4, '0')")
