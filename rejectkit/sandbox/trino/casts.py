"""Casts as Trino makes them: which types turn into which, how a text is read, and how a value is written.

Source: Trino documentation, Conversion functions; the operators of its types.
"""

from __future__ import annotations

from sqlglot import exp

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.joda import zone_of
from rejectkit.sandbox.trino.kinds import Type, decimal, digits, duck, inner, is_decimal, is_number, is_whole
from rejectkit.sandbox.trino.sql import Sql

_NAMES = {
    "INT": "integer",
    "BIGINT": "bigint",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "DOUBLE": "double",
    "FLOAT": "real",
    "VARCHAR": "varchar",
    "TEXT": "varchar",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp(3)",
    "TIMESTAMPTZ": "timestamp(3) with time zone",
}
_ZONES = ("UTC", "Z", "GMT", "+00:00")
_READ = {
    "bigint": "t_bigint",
    "integer": "t_integer",
    "smallint": "t_smallint",
    "tinyint": "t_tinyint",
    "double": "t_double",
    "boolean": "t_boolean",
    "date": "t_date",
    "timestamp(3)": "t_timestamp",
    "timestamp(3) with time zone": "t_timestamp",
}


def data_type(node: exp.DataType, text: str | None, place: tuple[int, int]) -> Type:
    """Return the type that a cast names; `text`, if it is of a literal, tells digits and zone.

    Raises
    ------
    TrinoError
        If it is none that is answered.
    """
    name = node.this.name
    parameters = [int(one.name) for one in node.expressions if one.name.isdigit()]
    if name == "ARRAY":
        return f"array({data_type(node.expressions[0], None, place)})"
    if name == "DECIMAL":
        if text is not None and not parameters:
            whole, _, part = text.lstrip("+-").partition(".")
            return decimal(max(1, len(whole.lstrip("0") + part)), len(part))
        return decimal(*(parameters or [38]), *([0] if len(parameters) < 2 else []))
    if name == "VARCHAR" and parameters:
        return f"varchar({parameters[0]})"
    if name not in _NAMES:
        raise TrinoError("TYPE_NOT_FOUND", f"Unknown type: {node.sql('trino')}", *place)
    if name == "TIMESTAMP" and text is not None and zone_of(text)[1]:
        return "timestamp(3) with time zone"
    return _NAMES[name]


def cast(value: Sql, kind: Type, place: tuple[int, int]) -> Sql:
    """Return a value turned into a type.

    Raises
    ------
    TrinoError
        TYPE_MISMATCH, if there is no such cast.
    """
    length = int(inner(kind)[0]) if kind.startswith("varchar(") else 0
    kind = "varchar" if length else kind
    made = _cast(value, kind, place)
    return Sql(f"substr({made.text}, 1, {length})", kind) if length else made


def _cast(value: Sql, kind: Type, place: tuple[int, int]) -> Sql:
    text, of = value.text, value.kind
    if of == kind:
        return value
    if of == "unknown":
        return Sql(f"CAST({text} AS {duck(kind)})", kind)
    if kind == "varchar":
        return Sql(written(value, place), kind)
    if of == "varchar" and kind in _READ:
        if text.startswith("'") and kind.startswith("timestamp"):
            zone = zone_of(text[1:-1])[1]
            if zone and zone not in _ZONES:
                raise TrinoError("NOT_SUPPORTED", f"The sandbox knows no zone but UTC, the query has {zone}", *place)
        return Sql(f"{_READ[kind]}({text})", kind)
    if of == "varchar" and is_decimal(kind):
        return Sql(f"t_decimal({text}, CAST({text} AS {duck(kind)}))", kind)
    if of in ("double", "real") and is_whole(kind):
        return Sql(f"CAST(round({text}) AS {duck(kind)})", kind)
    if of in ("double", "real") and is_decimal(kind):
        precision, scale = digits(kind)
        return Sql(f"CAST(t_double_decimal({text}, {precision}, {scale}) AS {duck(kind)})", kind)
    if (is_number(of) or of == "boolean") and (is_number(kind) or kind == "boolean"):
        if kind == "boolean":
            return Sql(f"({text} <> 0)", kind)
        return Sql(f"CAST({text} AS {duck(kind)})", kind)
    if (of == "date" or of.startswith("timestamp")) and (kind == "date" or kind.startswith("timestamp")):
        return Sql(f"CAST({text} AS {duck(kind)})", kind)
    if of.startswith("array(") and kind.startswith("array("):
        body = _cast(Sql("v0", inner(of)[0]), inner(kind)[0], place)
        return Sql(f"list_transform({text}, lambda v0: {body.text})", kind)
    raise TrinoError("TYPE_MISMATCH", f"Cannot cast {of} to {kind}", *place)


def written(value: Sql, place: tuple[int, int] = (0, 0)) -> str:
    """Return a value cast to varchar."""
    text, of = value.text, value.kind
    if of in ("double", "real"):
        return f"t_double_text(CAST({text} AS DOUBLE))"
    if of.startswith("timestamp"):
        zone = " UTC" if of.endswith("zone") else ""
        return f"strftime({text}, '%Y-%m-%d %H:%M:%S.%g{zone}')"
    if is_number(of) or of in ("boolean", "date", "varchar"):
        return f"CAST({text} AS VARCHAR)"
    raise TrinoError("TYPE_MISMATCH", f"Cannot cast {of} to varchar", *place)


def shown(value: Sql) -> str:
    """Return a value as Athena's results show it."""
    text, of = value.text, value.kind
    if of in ("double", "real"):
        return f"t_double_shown(CAST({text} AS DOUBLE))"
    if of.startswith("array("):
        body = shown(Sql("v0", inner(of)[0]))
        return f"'[' || array_to_string(list_transform({text}, lambda v0: coalesce({body}, 'null')), ', ') || ']'"
    if of.startswith("row("):
        parts = [
            f"'field{at}=' || coalesce({shown(Sql(f'({text})[{at + 1}]', one))}, 'null')"
            for at, one in enumerate(inner(of))
        ]
        return f"CASE WHEN {text} IS NOT NULL THEN '{{' || {' || ,  || '.join(parts)} || '}}' END"
    if of == "unknown":
        return f"CAST({text} AS VARCHAR)"
    return written(value)
