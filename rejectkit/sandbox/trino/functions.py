"""Trino's functions that are answered: what each takes and gives, and how DuckDB says it. All others are refused.

Source: Trino documentation, Functions and operators. A row's template has the arguments as `{0}`, `{1}` …, each of
its type already; `T` stands for any type, the same one throughout a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.kinds import ZONED, Type, common, inner, is_whole
from rejectkit.sandbox.trino.specials import SPECIAL
from rejectkit.sandbox.trino.sql import Sql

_ROWS = f"""
abs | bigint -> bigint | abs({{0}})
abs | double -> double | abs({{0}})
ceil, ceiling | bigint -> bigint | {{0}}
ceil, ceiling | double -> double | ceil({{0}})
floor | bigint -> bigint | {{0}}
floor | double -> double | floor({{0}})
round | bigint -> bigint | {{0}}
round | double -> double | round({{0}})
round | double, bigint -> double | round({{0}}, CAST({{1}} AS INTEGER))
truncate | double -> double | trunc({{0}})
sign | bigint -> bigint | CAST(sign({{0}}) AS BIGINT)
sign | double -> double | CAST(sign({{0}}) AS DOUBLE)
mod | bigint, bigint -> bigint | ({{0}} % {{1}})
mod | double, double -> double | ({{0}} % {{1}})
power, pow | double, double -> double | pow({{0}}, {{1}})
sqrt | double -> double | sqrt({{0}})
cbrt | double -> double | cbrt({{0}})
exp | double -> double | exp({{0}})
ln | double -> double | ln({{0}})
log2 | double -> double | log2({{0}})
log10 | double -> double | log10({{0}})
log | double, double -> double | (ln({{1}}) / ln({{0}}))
pi | -> double | pi()
e | -> double | exp(1.0)
nan | -> double | CAST('NaN' AS DOUBLE)
infinity | -> double | CAST('Infinity' AS DOUBLE)
is_nan | double -> boolean | isnan({{0}})
is_finite | double -> boolean | isfinite({{0}})
is_infinite | double -> boolean | isinf({{0}})
to_base | bigint, bigint -> varchar | t_to_base({{0}}, {{1}})
from_base | varchar, bigint -> bigint | t_from_base({{0}}, {{1}})
bitwise_and | bigint, bigint -> bigint | ({{0}} & {{1}})
bitwise_or | bigint, bigint -> bigint | ({{0}} | {{1}})
bitwise_xor | bigint, bigint -> bigint | xor({{0}}, {{1}})
length | varchar -> bigint | length({{0}})
lower | varchar -> varchar | lower({{0}})
upper | varchar -> varchar | upper({{0}})
reverse | varchar -> varchar | reverse({{0}})
chr | bigint -> varchar | chr(CAST({{0}} AS INTEGER))
codepoint | varchar -> integer | unicode({{0}})
substr, substring | varchar, bigint -> varchar | t_substr({{0}}, {{1}}, 2147483647)
substr, substring | varchar, bigint, bigint -> varchar | t_substr({{0}}, {{1}}, {{2}})
strpos, position | varchar, varchar -> bigint | CAST(strpos({{0}}, {{1}}) AS BIGINT)
strpos | varchar, varchar, bigint -> bigint | t_strpos({{0}}, {{1}}, {{2}})
starts_with | varchar, varchar -> boolean | starts_with({{0}}, {{1}})
split_part | varchar, varchar, bigint -> varchar | t_split_part({{0}}, {{1}}, {{2}})
split | varchar, varchar -> array(varchar) | t_split({{0}}, {{1}})
replace | varchar, varchar -> varchar | replace({{0}}, {{1}}, '')
replace | varchar, varchar, varchar -> varchar | t_replace({{0}}, {{1}}, {{2}})
translate | varchar, varchar, varchar -> varchar | translate({{0}}, {{1}}, {{2}})
lpad | varchar, bigint, varchar -> varchar | t_lpad({{0}}, {{1}}, {{2}})
rpad | varchar, bigint, varchar -> varchar | t_rpad({{0}}, {{1}}, {{2}})
trim | varchar -> varchar | trim({{0}}, t_white())
ltrim | varchar -> varchar | ltrim({{0}}, t_white())
rtrim | varchar -> varchar | rtrim({{0}}, t_white())
trim | varchar, varchar -> varchar | trim({{0}}, {{1}})
ltrim | varchar, varchar -> varchar | ltrim({{0}}, {{1}})
rtrim | varchar, varchar -> varchar | rtrim({{0}}, {{1}})
levenshtein_distance | varchar, varchar -> bigint | levenshtein({{0}}, {{1}})
regexp_like | varchar, varchar -> boolean | t_regexp_like({{0}}, {{1}})
regexp_extract | varchar, varchar -> varchar | t_regexp_extract({{0}}, {{1}}, 0)
regexp_extract | varchar, varchar, bigint -> varchar | t_regexp_extract({{0}}, {{1}}, {{2}})
regexp_extract_all | varchar, varchar -> array(varchar) | t_regexp_extract_all({{0}}, {{1}}, 0)
regexp_extract_all | varchar, varchar, bigint -> array(varchar) | t_regexp_extract_all({{0}}, {{1}}, {{2}})
regexp_replace | varchar, varchar -> varchar | t_regexp_replace({{0}}, {{1}}, '')
regexp_replace | varchar, varchar, varchar -> varchar | t_regexp_replace({{0}}, {{1}}, {{2}})
regexp_split | varchar, varchar -> array(varchar) | t_regexp_split({{0}}, {{1}})
regexp_count | varchar, varchar -> bigint | t_regexp_count({{0}}, {{1}})
element_at | array(T), bigint -> T | t_at({{0}}, {{1}})
cardinality | array(T) -> bigint | CAST(len({{0}}) AS BIGINT)
contains | array(T), T -> boolean | list_contains({{0}}, {{1}})
array_position | array(T), T -> bigint | CAST(coalesce(list_position({{0}}, {{1}}), 0) AS BIGINT)
array_join | array(varchar), varchar -> varchar | array_to_string({{0}}, {{1}})
array_sort | array(T) -> array(T) | list_sort({{0}}, 'ASC', 'NULLS LAST')
array_distinct | array(T) -> array(T) | list_distinct({{0}})
array_max | array(T) -> T | CASE WHEN list_position({{0}}, NULL) IS NULL THEN list_max({{0}}) END
array_min | array(T) -> T | CASE WHEN list_position({{0}}, NULL) IS NULL THEN list_min({{0}}) END
reverse | array(T) -> array(T) | list_reverse({{0}})
repeat | T, bigint -> array(T) | list_transform(range(CAST({{1}} AS BIGINT)), lambda r: {{0}})
sequence | bigint, bigint -> array(bigint) | generate_series({{0}}, {{1}})
sequence | bigint, bigint, bigint -> array(bigint) | generate_series({{0}}, {{1}}, {{2}})
flatten | array(array(T)) -> array(T) | flatten({{0}})
from_unixtime | double -> {ZONED} | epoch_ms(t_millis({{0}}))
to_unixtime | {ZONED} -> double | (epoch_ms({{0}}) / CAST(1000 AS DOUBLE))
format_datetime | {ZONED}, varchar -> varchar | t_joda(epoch_ms({{0}}), {{1}})
date_format | {ZONED}, varchar -> varchar | t_mysql(epoch_ms({{0}}), {{1}})
date | {ZONED} -> date | CAST({{0}} AS DATE)
date | varchar -> date | t_date({{0}})
year | {ZONED} -> bigint | year({{0}})
quarter | {ZONED} -> bigint | quarter({{0}})
month | {ZONED} -> bigint | month({{0}})
week, week_of_year | {ZONED} -> bigint | weekofyear({{0}})
day, day_of_month | {ZONED} -> bigint | day({{0}})
day_of_week, dow | {ZONED} -> bigint | isodow({{0}})
day_of_year, doy | {ZONED} -> bigint | dayofyear({{0}})
hour | {ZONED} -> bigint | hour({{0}})
minute | {ZONED} -> bigint | minute({{0}})
second | {ZONED} -> bigint | second({{0}})
millisecond | {ZONED} -> bigint | CAST(millisecond({{0}}) % 1000 AS BIGINT)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One signature of a function."""

    name: str
    takes: tuple[Type, ...]
    gives: Type
    template: str

    def __str__(self) -> str:
        """Return it as Trino shows it."""
        return f"{self.name}({', '.join(self.takes)})"


@lru_cache
def _table() -> dict[str, list[Row]]:
    table: dict[str, list[Row]] = {}
    for line in _ROWS.strip().splitlines():
        names, signature, template = line.split(" | ", 2)
        takes, _, gives = signature.partition("->")
        kinds = tuple(inner(f"({takes})"))
        for name in names.split(", "):
            table.setdefault(name, []).append(Row(name, kinds, gives.strip(), template))
    return table


def _bind(pattern: Type, kind: Type, bound: dict[str, Type]) -> bool:
    """Match a type with a pattern; tell whether it meets it."""
    if pattern == "T":
        met = common(bound.get("T", "unknown"), kind)
        bound["T"] = met or "unknown"
        return met is not None
    if pattern.startswith("array("):
        return kind == "unknown" or (kind.startswith("array(") and _bind(inner(pattern)[0], inner(kind)[0], bound))
    if pattern == "varchar":
        return kind in ("varchar", "unknown")
    return common(kind, pattern) == pattern


def _exactness(row: Row, kinds: Sequence[Type]) -> int:
    """Return how far the arguments are from a row: numbers that stay exact come first."""
    return sum(
        pattern != kind and not (is_whole(kind) and is_whole(pattern))
        for pattern, kind in zip(row.takes, kinds, strict=True)
    )


def call(name: str, arguments: Sequence[Sql], place: tuple[int, int]) -> Sql:
    """Return a call of an ordinary function.

    Raises
    ------
    TrinoError
        FUNCTION_NOT_FOUND, if there is none of that name here, or it does not take these arguments.
    """
    if special := SPECIAL.get(name):
        found = special(arguments)
        if found is not None:
            return found
    rows = _table().get(name, [])
    kinds = [one.kind for one in arguments]
    fitting: list[tuple[int, Row, dict[str, Type]]] = []
    for row in rows:
        bound: dict[str, Type] = {}
        if len(row.takes) == len(kinds) and all(_bind(p, k, bound) for p, k in zip(row.takes, kinds, strict=True)):
            fitting.append((_exactness(row, kinds), row, bound))
    if not fitting:
        if not rows and not special:
            raise TrinoError("FUNCTION_NOT_FOUND", f"Function '{name}' not registered", *place)
        raise unexpected(name, kinds, [str(row) for row in rows], place)
    _, row, bound = min(fitting, key=lambda one: one[0])
    ready = [one.to(_filled(takes, bound)) for one, takes in zip(arguments, row.takes, strict=True)]
    if plain := _plain(name, [one.text for one in ready]):
        return Sql(plain, _filled(row.gives, bound))
    return Sql(row.template.format(*(one.text for one in ready)), _filled(row.gives, bound))


def _plain(name: str, texts: Sequence[str]) -> str | None:
    """Return a call in DuckDB's own words, where its literals leave nothing in which the two differ."""
    numbers = [int(found[1]) if (found := _WHOLE.fullmatch(text)) else None for text in texts]
    worded = [text.startswith("'") and len(text) > 2 for text in texts]
    if name == "element_at" and numbers[1]:
        return f"list_extract({texts[0]}, {numbers[1]})"
    if (
        name in ("substr", "substring")
        and (numbers[1] or 0) > 0
        and all(one is not None and one >= 0 for one in numbers[2:])
    ):
        return f"substr({texts[0]}, {', '.join(str(one) for one in numbers[1:])})"
    if name == "split_part" and worded[1] and (numbers[2] or 0) > 0:
        return f"list_extract(string_split({texts[0]}, {texts[1]}), {numbers[2]})"
    if name in ("lpad", "rpad") and worded[2] and numbers[1] is not None and numbers[1] >= 0:
        return f"{name}({texts[0]}, {numbers[1]}, {texts[2]})"
    if name == "replace" and worded[1]:
        by = texts[2] if len(texts) > 2 else "''"
        return f"replace({texts[0]}, {texts[1]}, {by})"
    return None


_WHOLE = re.compile(r"CAST\((-?\d+) AS BIGINT\)")


def unexpected(name: str, kinds: Sequence[Type], expected: Sequence[str], place: tuple[int, int]) -> TrinoError:
    """Return the refusal of a function's arguments."""
    told = f" Expected: {', '.join(expected)}" if expected else ""
    return TrinoError(
        "FUNCTION_NOT_FOUND", f"Unexpected parameters ({', '.join(kinds)}) for function {name}.{told}", *place
    )


def _filled(pattern: Type, bound: dict[str, Type]) -> Type:
    if pattern == "T":
        return bound["T"]
    return f"array({_filled(inner(pattern)[0], bound)})" if pattern.startswith("array(") else pattern


def names() -> Iterator[str]:
    """Yield the names of all that are answered."""
    yield from sorted({*_table(), *SPECIAL})
