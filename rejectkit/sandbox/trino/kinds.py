"""Trino's types, as text: which one two of them share, and how DuckDB spells it.

Source: Trino documentation, Data types; the coercions are those of its TypeCoercion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rejectkit.sandbox.trino.errors import TrinoError

Type = str
_WHOLE = ("tinyint", "smallint", "integer", "bigint")
_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
ZONED = "timestamp(3) with time zone"
_TIMES = ("date", "timestamp(3)", ZONED)
_DUCK = {
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "smallint": "SMALLINT",
    "tinyint": "TINYINT",
    "double": "DOUBLE",
    "real": "FLOAT",
    "boolean": "BOOLEAN",
    "varchar": "VARCHAR",
    "varbinary": "BLOB",
    "date": "DATE",
    "timestamp(3)": "TIMESTAMP",
    ZONED: "TIMESTAMP",  # of UTC, the only zone that is answered
    "interval day to second": "INTERVAL",
    "interval year to month": "INTERVAL",
    "unknown": "INTEGER",
}
_HIVE = {"string": "varchar", "int": "integer", "float": "real", "binary": "varbinary", "timestamp": "timestamp(3)"}
_DECIMAL = re.compile(r"decimal(?:\((\d+)(?:,\s*(\d+))?\))?")


def is_whole(kind: Type) -> bool:
    """Tell whether it is a whole number's type."""
    return kind in _WHOLE


def is_decimal(kind: Type) -> bool:
    """Tell whether it is a decimal type."""
    return kind.startswith("decimal(")


def is_number(kind: Type) -> bool:
    """Tell whether it is a number's type."""
    return kind in _DIGITS or kind in ("double", "real") or is_decimal(kind)


def inner(kind: Type) -> list[Type]:
    """Return the types inside an array's or a row's."""
    body = kind[kind.index("(") + 1 : -1]
    parts, depth, start = [], 0, 0
    for at, char in enumerate(body):
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            parts.append(body[start:at])
            start = at + 1
    return [part.strip() for part in [*parts, body[start:]] if part.strip()]


def decimal(precision: int, scale: int) -> Type:
    """Return a decimal type; 38 digits are the most."""
    return f"decimal({min(38, precision)},{scale})"


def digits(kind: Type) -> tuple[int, int]:
    """Return precision and scale of a decimal, or of a whole number as one."""
    if kind in _DIGITS:
        return _DIGITS[kind], 0
    found = _DECIMAL.fullmatch(kind)
    assert found is not None, kind
    return int(found[1] or 38), int(found[2] or 0)


def duck(kind: Type) -> str:
    """Return DuckDB's spelling of a type."""
    if is_decimal(kind):
        return kind.upper()
    if kind.startswith("array("):
        return f"{duck(inner(kind)[0])}[]"
    if kind.startswith("row("):
        return f"STRUCT({', '.join(f'f{at} {duck(one)}' for at, one in enumerate(inner(kind)))})"
    if kind not in _DUCK:
        raise TrinoError("NOT_SUPPORTED", f"The sandbox has no values of type {kind}")
    return _DUCK[kind]


def of_hive(text: str) -> Type:
    """Return a column's type from a table's definition: `string` is varchar, `int` integer.

    Raises
    ------
    TrinoError
        If it is none that the sandbox reads.
    """
    name = text.strip().lower()
    if name.startswith(("varchar(", "char(")):
        return "varchar"
    if found := _DECIMAL.fullmatch(name):
        return decimal(int(found[1] or 10), int(found[2] or 0))
    if name.startswith("array<") and name.endswith(">"):
        return f"array({of_hive(name[6:-1])})"
    kind = _HIVE.get(name, name)
    duck(kind)
    return kind


def common(first: Type, second: Type) -> Type | None:
    """Return the type that two are turned into to meet, or None."""
    if first == second or second == "unknown":
        return first
    if first == "unknown":
        return second
    if is_whole(first) and is_whole(second):
        return max(first, second, key=_WHOLE.index)
    if is_number(first) and is_number(second):
        if "double" in (first, second):
            return "double"
        if "real" in (first, second):
            return "real"
        (p1, s1), (p2, s2) = digits(first), digits(second)
        return decimal(max(s1, s2) + max(p1 - s1, p2 - s2), max(s1, s2))
    if first in _TIMES and second in _TIMES:
        return max(first, second, key=_TIMES.index)
    for family in ("array(", "row("):
        if first.startswith(family) and second.startswith(family):
            left, right = inner(first), inner(second)
            if len(left) != len(right):
                return None
            both = [common(a, b) for a, b in zip(left, right, strict=True)]
            return None if None in both else f"{family}{','.join(str(one) for one in both)})"
    return None


def shared(kinds: Sequence[Type]) -> Type | None:
    """Return the type that all of several are turned into, or None."""
    found: Type | None = "unknown"
    for kind in kinds:
        found = common(found, kind) if found is not None else None
    return found
