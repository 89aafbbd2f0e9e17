"""Trino's types: how they are written, which turn into which without being asked, and which may be compared.

Source: Trino documentation, Data types and Conversion functions; Trino's own class TypeCoercion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rejectkit.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: its base, what stands in its brackets, and of a row the names of its fields."""

    base: str
    args: tuple[int | Kind, ...] = ()
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it as Trino prints it."""
        if self.base == "row":
            fields = (f"{name} {of}".strip() for name, of in zip(self.names, self.args, strict=True))
            return f"row({', '.join(fields)})"
        if self.base == "timestamp with time zone":
            return f"timestamp({self.args[0]}) with time zone"
        inside = ("," if self.base == "decimal" else ", ").join(map(str, self.args))
        if self.base == "function":
            return f"function({inside})"
        return f"{self.base}({inside})" if inside else self.base

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The types in its brackets."""
        return tuple(arg for arg in self.args if isinstance(arg, Kind))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers in its brackets."""
        return tuple(arg for arg in self.args if isinstance(arg, int))


UNKNOWN, BOOLEAN, VARBINARY, DATE = Kind("unknown"), Kind("boolean"), Kind("varbinary"), Kind("date")
TINYINT, SMALLINT, INTEGER, BIGINT = Kind("tinyint"), Kind("smallint"), Kind("integer"), Kind("bigint")
REAL, DOUBLE, VARCHAR = Kind("real"), Kind("double"), Kind("varchar")
MONTHS, SECONDS = Kind("interval year to month"), Kind("interval day to second")
_PLAIN = (UNKNOWN, BOOLEAN, VARBINARY, DATE, TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE, VARCHAR, MONTHS, SECONDS)
_NAMES = {kind.base: kind for kind in (*_PLAIN, Kind("json"), Kind("ipaddress"), Kind("uuid"))} | {
    "int": INTEGER,
    "string": VARCHAR,
    "timestamp": Kind("timestamp", (3,)),
    "timestamp with time zone": Kind("timestamp with time zone", (3,)),
    "decimal": Kind("decimal", (38, 0)),
}
_WHOLE = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
_LADDER = ("tinyint", "smallint", "integer", "bigint")
NUMERIC = frozenset({*_LADDER, "real", "double", "decimal"})


def varchar(length: int | None = None) -> Kind:
    """Return the type of texts up to a length."""
    return VARCHAR if length is None else Kind("varchar", (length,))


def decimal(precision: int, scale: int) -> Kind:
    """Return a decimal type."""
    return Kind("decimal", (min(38, precision), scale))


def array(of: Kind) -> Kind:
    """Return the type of arrays of something."""
    return Kind("array", (of,))


def row(kinds: tuple[Kind, ...], names: tuple[str, ...] = ()) -> Kind:
    """Return a row's type."""
    return Kind("row", kinds, names or ("",) * len(kinds))


def kind_of(text: str) -> Kind:
    """Return the type that a text spells: Trino's spelling, or Hive's (`string`, `int`, `struct<a:int>`).

    Raises
    ------
    ArgumentError
        If it is the name of none that is known here.

    Examples
    --------
    >>> print(kind_of("array<string>"), kind_of("row(a bigint, b decimal(10, 2))"), kind_of("timestamp"))
    array(varchar) row(a bigint, b decimal(10,2)) timestamp(3)
    """
    plain = " ".join(text.lower().replace("<", "(").replace(">", ")").split())
    if plain in _NAMES:
        return _NAMES[plain]
    zoned = re.fullmatch(r"timestamp ?\((\d+)\)( with time zone)?", plain)
    if zoned:
        return Kind(f"timestamp{zoned[2] or ''}", (int(zoned[1]),))
    found = re.fullmatch(r"(\w+) ?\((.*)\)", plain)
    if found is None:
        raise ArgumentError(f"Trino has no type {text!r} that is known here")
    base, inside = {"struct": "row"}.get(found[1], found[1]), _split(found[2])
    if base in ("varchar", "char", "decimal"):
        return Kind("varchar" if base == "char" else base, tuple(map(int, inside)))
    if base == "row":
        named = [re.fullmatch(r'(?:"?([\w@.-]+)"?[ :] ?)?(\w.*)', part) for part in inside]
        pairs = [(match[1] or "", kind_of(match[2])) for match in named if match]
        return row(tuple(kind for _, kind in pairs), tuple(name for name, _ in pairs))
    if base not in ("array", "map", "function"):
        raise ArgumentError(f"Trino has no type {text!r} that is known here")
    return Kind(base, tuple(kind_of(part) for part in inside))


def _split(text: str) -> list[str]:
    """Return the parts between the outer commas."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def common(a: Kind, b: Kind) -> Kind | None:
    """Return the type that both turn into unasked, or None; never one for a text and a number."""
    if a == b or b == UNKNOWN:
        return a
    if a == UNKNOWN:
        return b
    if a.base == b.base:
        return _of_one_base(a, b)
    return _raised(a, b) or _raised(b, a)


def coercible(a: Kind, b: Kind) -> bool:
    """Tell whether `a` turns into `b` unasked."""
    if a.base == b.base == "row" and len(a.args) == len(b.args):  # whatever the fields are called
        return all(coercible(x, y) for x, y in zip(a.kinds, b.kinds, strict=True))
    return a == UNKNOWN or (b != UNKNOWN and common(a, b) == b)


def _of_one_base(a: Kind, b: Kind) -> Kind | None:
    if a.base == "decimal":
        scale = max(a.numbers[1], b.numbers[1])
        return decimal(max(a.numbers[0] - a.numbers[1], b.numbers[0] - b.numbers[1]) + scale, scale)
    if a.base == "varchar":
        return varchar(max(a.numbers + b.numbers)) if a.args and b.args else VARCHAR
    if a.base.startswith("timestamp"):
        return Kind(a.base, (max(a.numbers + b.numbers),))
    if a.base in ("array", "map", "row") and len(a.args) == len(b.args):
        inside = [common(x, y) for x, y in zip(a.kinds, b.kinds, strict=True)]
        if None not in inside:
            names = tuple(x if x == y else "" for x, y in zip(a.names, b.names, strict=True))
            return Kind(a.base, tuple(kind for kind in inside if kind), names)
    return None


def _raised(a: Kind, b: Kind) -> Kind | None:
    """Return the type of `b`'s base that holds `a` and `b`."""
    if a.base in _LADDER:
        if b.base in ("real", "double") or (b.base in _LADDER and _LADDER.index(a.base) < _LADDER.index(b.base)):
            return b
        return _of_one_base(decimal(_WHOLE[a.base], 0), b) if b.base == "decimal" else None
    if (a.base == "decimal" and b.base in ("real", "double")) or (a.base, b.base) == ("real", "double"):
        return b
    if a.base == "date" and b.base.startswith("timestamp"):
        return b
    if (a.base, b.base) == ("timestamp", "timestamp with time zone"):
        return Kind(b.base, (max(a.numbers + b.numbers),))
    return b if a.base == "varchar" and b.base in ("JoniRegExp", "CodePoints", "JsonPath") else None


def comparable(kind: Kind) -> bool:
    """Tell whether values of a type are equal or not: all are, but functions and digests."""
    return kind.base not in ("function", "HyperLogLog") and all(comparable(inner) for inner in kind.kinds)


def orderable(kind: Kind) -> bool:
    """Tell whether values of a type have an order."""
    return kind.base not in ("function", "map", "json", "HyperLogLog") and all(orderable(k) for k in kind.kinds)


_FROM_NUMBER = NUMERIC | {"boolean", "varchar"}
_CASTS = {
    **dict.fromkeys(NUMERIC | {"boolean"}, _FROM_NUMBER | {"json"}),
    "varchar": NUMERIC
    | {"boolean", "varchar", "date", "timestamp", "timestamp with time zone", "varbinary", "json", "ipaddress", "uuid"},
    "date": frozenset({"date", "timestamp", "timestamp with time zone", "varchar", "json"}),
    "timestamp": frozenset({"date", "timestamp", "timestamp with time zone", "varchar", "json"}),
    "timestamp with time zone": frozenset({"date", "timestamp", "timestamp with time zone", "varchar"}),
    "json": _FROM_NUMBER | {"array", "map", "row", "json"},
    MONTHS.base: frozenset({MONTHS.base, "varchar"}),
    SECONDS.base: frozenset({SECONDS.base, "varchar"}),
    "ipaddress": frozenset({"ipaddress", "varchar", "varbinary"}),
    "uuid": frozenset({"uuid", "varchar", "varbinary"}),
}


def castable(a: Kind, b: Kind) -> bool:
    """Tell whether CAST takes `a` to `b`.

    Examples
    --------
    >>> castable(VARCHAR, BIGINT), castable(kind_of("timestamp"), BIGINT), castable(VARBINARY, VARCHAR)
    (True, False, False)
    """
    if a in (UNKNOWN, b):
        return True
    if a.base == b.base and a.base in ("array", "map", "row"):
        return len(a.args) == len(b.args) and all(castable(x, y) for x, y in zip(a.kinds, b.kinds, strict=True))
    if a.base in ("array", "map", "row"):
        return b.base == "json"
    return b.base in _CASTS.get(a.base, frozenset())
