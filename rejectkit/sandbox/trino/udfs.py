"""What Trino's functions do that DuckDB's do not: macros, and Python where SQL cannot say it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import wraps
from typing import Any

import duckdb

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.joda import joda, mysql
from rejectkit.sandbox.trino.regex import compiled, replaced

MARK = "TRINO"  # before an error that comes through DuckDB: TRINO|code|message|


def double_text(value: float) -> str:
    """Return a double cast to varchar: `1.0E7`, `0E0`. Source: Trino, DoubleOperators.castToVarchar."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0E0" if math.copysign(1, value) < 0 else "0E0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    mantissa = "".join(map(str, digits))
    return f"{'-' * sign}{mantissa[0]}.{mantissa[1:] or '0'}E{exponent + len(mantissa) - 1}"


def double_shown(value: float) -> str:
    """Return a double as a result shows it: Java's Double.toString, `1.0E7`, `0.5`."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = f"{Decimal(repr(value)):f}"
        return plain if "." in plain else f"{plain}.0"
    return double_text(value)


def _divide(left: str, right: str, scale: int) -> str:
    if Decimal(right) == 0:
        raise TrinoError("DIVISION_BY_ZERO", "Division by zero")
    with localcontext(prec=100):
        return f"{(Decimal(left) / Decimal(right)).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP):f}"


def _refuse(code: str, message: str) -> str:
    raise TrinoError(code, message)


def _extract(text: str, pattern: str, group: int) -> str | None:
    found = compiled(pattern)
    if not 0 <= group <= found.groups:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"Pattern has {found.groups} groups. Cannot access group {group}")
    match = found.search(text)
    return match[group] if match else None


def _extract_all(text: str, pattern: str, group: int) -> list[str | None]:
    found = compiled(pattern)
    if not 0 <= group <= found.groups:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"Pattern has {found.groups} groups. Cannot access group {group}")
    return [match[group] for match in found.finditer(text)]


def _split(text: str, pattern: str) -> list[str]:
    out, at = [], 0
    for match in compiled(pattern).finditer(text):
        out.append(text[at : match.start()])
        at = match.end()
    return [*out, text[at:]]


def _strpos(text: str, part: str, instance: int) -> int:
    if instance == 0:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", "'instance' must not be a positive or negative number.")
    if not part:
        return 1
    at = -1 if instance > 0 else len(text)
    for _ in range(abs(instance)):
        at = text.find(part, at + 1) if instance > 0 else text.rfind(part, 0, max(0, at + len(part) - 1))
        if at < 0:
            return 0
    return at + 1


def _between(text: str, search: str, by: str) -> str:
    return text.replace(search, by) if search else by.join(["", *text, ""])


def _base(number: int, radix: int) -> str:
    if not 2 <= radix <= 36:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", "Radix must be between 2 and 36")
    out, left = "", abs(number)
    while left or not out:
        left, digit = divmod(left, radix)
        out = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + out
    return f"-{out}" if number < 0 else out


def _from_base(text: str, radix: int) -> int:
    try:
        return int(text, radix)
    except ValueError as error:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f'Not a valid base-{radix} number: "{text}"') from error


def _substr(text: str, start: int, count: int) -> str:
    if start == 0 or count <= 0 or abs(start) > len(text):
        return ""
    first = start - 1 if start > 0 else len(text) + start
    return text[first : first + count]


def _split_part(text: str, delimiter: str, index: int) -> str | None:
    if index < 1:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", "Index must be greater than zero")
    parts = text.split(delimiter) if delimiter else [*text]
    return parts[index - 1] if index <= len(parts) else None


def _delimited(text: str, delimiter: str) -> list[str]:
    if not delimiter:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", "The delimiter may not be the empty string")
    return text.split(delimiter)


def _padding(length: int, size: int, pad: str) -> str:
    if not 0 <= size < 2**31:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"Target length must be in the range [0..{2**31 - 1}]")
    if not pad:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", "Padding string must not be empty")
    missing = max(0, size - length)
    return (pad * (missing // len(pad) + 1))[:missing]


def _lpad(text: str, size: int, pad: str) -> str:
    return (_padding(len(text), size, pad) + text)[:size] if size >= len(text) else _cut(text, size, pad)


def _rpad(text: str, size: int, pad: str) -> str:
    return text + _padding(len(text), size, pad) if size >= len(text) else _cut(text, size, pad)


def _cut(text: str, size: int, pad: str) -> str:
    _padding(len(text), size, pad)
    return text[:size]


def _reader(name: str, bits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if _WHOLE.fullmatch(text) and -(2 ** (bits - 1)) <= (found := int(text)) < 2 ** (bits - 1):
            return found
        raise TrinoError("INVALID_CAST_ARGUMENT", f"Cannot cast '{text}' to {name}")

    return read


def _double(text: str) -> float:
    if not _DOUBLE.fullmatch(text):
        raise TrinoError("INVALID_CAST_ARGUMENT", f"Cannot cast '{text}' to DOUBLE")
    plain = text.strip("".join(map(chr, range(33))))
    return float(plain.rstrip("fFdD") if plain[-1:] in "fFdD" else plain.replace("Infinity", "inf"))


def _decimal(value: float, precision: int, scale: int) -> str:
    """Return a double as a decimal, of its shortest digits. Source: Trino, DecimalConversions, BigDecimal.valueOf."""
    if not math.isfinite(value):
        words = f"Cannot cast DOUBLE '{double_shown(value)}' to DECIMAL({precision}, {scale})"
        raise TrinoError("INVALID_CAST_ARGUMENT", words)
    with localcontext(prec=400):
        found = Decimal(repr(value)).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    if abs(found) >= Decimal(10) ** (precision - scale):
        words = f"Cannot cast DOUBLE '{double_shown(value)}' to DECIMAL({precision}, {scale})"
        raise TrinoError("INVALID_CAST_ARGUMENT", words)
    return f"{found:f}"


def _millis(seconds: float) -> int:
    """Return seconds as milliseconds, as Java rounds them; a time with a zone has 52 bits for them."""
    if math.isnan(seconds):
        return 0
    scaled = seconds * 1000
    if not abs(scaled) < 2**51:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"Millis overflow: {scaled:.0f}")
    return math.floor(scaled + 0.5)


_WHOLE = re.compile(r"[+-]?[0-9]+")
_DOUBLE = re.compile(r"[\x00-\x20]*[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?)[\x00-\x20]*")

_UDFS: tuple[tuple[str, Callable[..., Any], list[str], str], ...] = (
    ("t_double_text", double_text, ["DOUBLE"], "VARCHAR"),
    ("t_double_shown", double_shown, ["DOUBLE"], "VARCHAR"),
    ("t_divide", _divide, ["VARCHAR", "VARCHAR", "INTEGER"], "VARCHAR"),
    ("t_refuse", _refuse, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    ("t_regexp_like", lambda text, pattern: compiled(pattern).search(text) is not None, ["VARCHAR"] * 2, "BOOLEAN"),
    ("t_regexp_extract", _extract, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR"),
    ("t_regexp_extract_all", _extract_all, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR[]"),
    ("t_regexp_replace", replaced, ["VARCHAR"] * 3, "VARCHAR"),
    ("t_regexp_split", _split, ["VARCHAR"] * 2, "VARCHAR[]"),
    ("t_regexp_count", lambda text, pattern: len(list(compiled(pattern).finditer(text))), ["VARCHAR"] * 2, "BIGINT"),
    ("t_strpos", _strpos, ["VARCHAR", "VARCHAR", "BIGINT"], "BIGINT"),
    ("t_replace", _between, ["VARCHAR"] * 3, "VARCHAR"),
    ("t_to_base", _base, ["BIGINT", "BIGINT"], "VARCHAR"),
    ("t_from_base", _from_base, ["VARCHAR", "BIGINT"], "BIGINT"),
    ("t_substr", _substr, ["VARCHAR", "BIGINT", "BIGINT"], "VARCHAR"),
    ("t_split_part", _split_part, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR"),
    ("t_split", _delimited, ["VARCHAR", "VARCHAR"], "VARCHAR[]"),
    ("t_lpad", _lpad, ["VARCHAR", "BIGINT", "VARCHAR"], "VARCHAR"),
    ("t_rpad", _rpad, ["VARCHAR", "BIGINT", "VARCHAR"], "VARCHAR"),
    ("t_bigint", _reader("BIGINT", 64), ["VARCHAR"], "BIGINT"),
    ("t_integer", _reader("INTEGER", 32), ["VARCHAR"], "INTEGER"),
    ("t_smallint", _reader("SMALLINT", 16), ["VARCHAR"], "SMALLINT"),
    ("t_tinyint", _reader("TINYINT", 8), ["VARCHAR"], "TINYINT"),
    ("t_double", _double, ["VARCHAR"], "DOUBLE"),
    ("t_double_decimal", _decimal, ["DOUBLE", "INTEGER", "INTEGER"], "VARCHAR"),
    ("t_millis", _millis, ["DOUBLE"], "BIGINT"),
    ("t_joda", joda, ["BIGINT", "VARCHAR"], "VARCHAR"),
    ("t_mysql", mysql, ["BIGINT", "VARCHAR"], "VARCHAR"),
)

_CODES = (*range(9, 14), *range(28, 33), 0x1680, *range(0x2000, 0x2007), *range(0x2008, 0x200B), 0x2028, 0x2029)
_WHITE = "".join(map(chr, (*_CODES, 0x205F, 0x3000)))  # Source: Trino's Slice library, SliceUtf8
_PLAIN = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"


def _macros() -> list[str]:
    refused = "CAST(t_refuse('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to {name}') AS {kind})"
    return [
        f"t_decimal(x, y) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '{_PLAIN}') THEN y "
        f"ELSE {refused.format(name='DECIMAL', kind='INTEGER')} END",
        "t_boolean(x) AS CASE WHEN x IS NULL THEN NULL WHEN lower(x) IN ('t', 'true', '1') THEN TRUE "
        f"WHEN lower(x) IN ('f', 'false', '0') THEN FALSE ELSE {refused.format(name='BOOLEAN', kind='BOOLEAN')} END",
        r"t_date(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '\s*\d{4}-\d{1,2}-\d{1,2}\s*') "
        "THEN CAST(trim(x) AS DATE) ELSE "
        "CAST(t_refuse('INVALID_CAST_ARGUMENT', 'Value cannot be cast to date: ' || x) AS DATE) END",
        r"t_timestamp(x) AS CASE WHEN x IS NULL THEN NULL WHEN "
        r"regexp_full_match(x, '\s*\d{4}-\d{1,2}-\d{1,2}( \d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*( UTC)?') "
        "THEN CAST(replace(trim(x), ' UTC', '') AS TIMESTAMP) ELSE "
        "CAST(t_refuse('INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp: ' || x) AS TIMESTAMP) END",
        f"t_white() AS '{_WHITE}'",
        "t_at(a, n) AS CASE WHEN n = 0 THEN list_extract(a, CAST(t_refuse('INVALID_FUNCTION_ARGUMENT', "
        "'SQL array indices start at ' || n + 1) AS BIGINT)) ELSE list_extract(a, n) END",
        "t_subscript(a, n) AS CASE WHEN n < 1 OR n > len(a) THEN list_extract(a, "
        "CAST(t_refuse('INVALID_FUNCTION_ARGUMENT', CASE WHEN n = 0 THEN 'SQL array indices start at 1' "
        "WHEN n < 0 THEN 'Array subscript is negative: ' || n "
        "ELSE 'Array subscript must be less than or equal to array length: ' || n || ' > ' || len(a) END) AS BIGINT)) "
        "ELSE list_extract(a, n) END",
    ]


def equip(connection: duckdb.DuckDBPyConnection) -> None:
    """Teach a connection Trino's functions."""
    for name, function, takes, gives in _UDFS:
        connection.create_function(name, _marked(function), takes, gives, null_handling="special")  # type: ignore[call-overload]  # names
    for macro in _macros():
        connection.execute(f"CREATE MACRO {macro}")


def _marked(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)  # DuckDB counts its arguments
    def marked(*arguments: Any) -> Any:
        if None in arguments:
            return None
        try:
            return function(*arguments)
        except TrinoError as error:
            raise ValueError(f"{MARK}|{error.code}|{error.message}|") from error

    return marked
