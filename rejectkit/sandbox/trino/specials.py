"""Trino's functions whose type has to be worked out: of several arguments, of rows, of decimals and of times.

Source: Trino documentation, Functions and operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.kinds import ZONED, Type, common, digits, duck, is_decimal, is_whole, shared
from rejectkit.sandbox.trino.sql import Sql, let


def _coalesce(arguments: Sequence[Sql]) -> Sql | None:
    kind = shared([one.kind for one in arguments])
    if kind is None or len(arguments) < 2:
        return None
    return Sql(f"coalesce({', '.join(one.to(kind).text for one in arguments)})", kind)


def _nullif(arguments: Sequence[Sql]) -> Sql | None:
    if len(arguments) != 2:
        return None
    first, second = arguments
    kind = common(first.kind, second.kind)
    if kind is None:
        return None
    if first.kind == kind:
        return Sql(f"nullif({first.text}, {second.to(kind).text})", kind)

    def body(one: Sequence[str]) -> str:
        return f"CASE WHEN {Sql(one[0], first.kind).to(kind).text} = {second.to(kind).text} THEN NULL ELSE {one[0]} END"

    return Sql(let([first.text], body), first.kind)


def _extreme(name: str) -> Callable[[Sequence[Sql]], Sql | None]:
    def build(arguments: Sequence[Sql]) -> Sql | None:
        kind = shared([one.kind for one in arguments])
        if kind is None or not arguments:
            return None

        def body(ready: Sequence[str]) -> str:
            missing = " OR ".join(f"{one} IS NULL" for one in ready)
            return f"CASE WHEN {missing} THEN NULL ELSE {name}({', '.join(ready)}) END"

        return Sql(let([one.to(kind).text for one in arguments], body), kind)

    return build


def _concat(arguments: Sequence[Sql]) -> Sql | None:
    """Return texts or arrays, one after the other; null where one is."""
    kinds = [one.kind for one in arguments]
    kind = shared(kinds)
    if len(arguments) < 2 or kind is None or not (kind == "varchar" or kind.startswith("array(")):
        return None
    return Sql(f"({' || '.join(one.to(kind).text for one in arguments)})", kind)


def _concat_ws(arguments: Sequence[Sql]) -> Sql | None:
    """Return texts, or those of an array, with a separator between; null ones are left out."""
    kinds = [one.kind for one in arguments]
    if len(kinds) == 2 and kinds[1] == "array(varchar)" and common(kinds[0], "varchar") == "varchar":
        return Sql(f"array_to_string({arguments[1].text}, {arguments[0].text})", "varchar")
    if len(kinds) < 2 or any(common(kind, "varchar") != "varchar" for kind in kinds):
        return None
    return Sql(f"concat_ws({', '.join(one.to('varchar').text for one in arguments)})", "varchar")


def _row(arguments: Sequence[Sql]) -> Sql:
    return Sql(f"row({', '.join(one.text for one in arguments)})", f"row({','.join(one.kind for one in arguments)})")


def _rounded(name: str) -> Callable[[Sequence[Sql]], Sql | None]:
    """Return how a decimal is rounded; other numbers are rows of the table."""

    def build(arguments: Sequence[Sql]) -> Sql | None:
        if len(arguments) != 1 or not is_decimal(arguments[0].kind):
            return None
        precision, scale = digits(arguments[0].kind)
        kind = f"decimal({min(38, precision - scale + min(scale, 1))},0)"
        return Sql(f"CAST({name}({arguments[0].text}) AS {duck(kind)})", kind)

    return build


def _same(name: str) -> Callable[[Sequence[Sql]], Sql | None]:
    def build(arguments: Sequence[Sql]) -> Sql | None:
        if len(arguments) != 1 or not (is_decimal(arguments[0].kind) or is_whole(arguments[0].kind)):
            return None
        return Sql(f"CAST({name}({arguments[0].text}) AS {duck(arguments[0].kind)})", arguments[0].kind)

    return build


def _from_unixtime(arguments: Sequence[Sql]) -> Sql | None:
    if len(arguments) != 2 or arguments[1].kind != "varchar" or common(arguments[0].kind, "double") != "double":
        return None
    if arguments[1].text not in ("'UTC'", "'Z'", "'GMT'"):
        raise TrinoError("NOT_SUPPORTED", f"The sandbox knows no zone but 'UTC'; the query has {arguments[1].text}")
    return Sql(f"epoch_ms(t_millis({arguments[0].to('double').text}))", ZONED)


_UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")


def _unit(argument: Sql) -> str:
    unit = argument.text[1:-1].lower()
    if unit not in _UNITS or argument.kind != "varchar":
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"{argument.text} is not a valid field")
    return unit


def _is_time(kind: Type) -> bool:
    return kind == "date" or kind.startswith("timestamp")


def _date_add(arguments: Sequence[Sql]) -> Sql | None:
    if len(arguments) != 3 or not _is_time(arguments[2].kind) or common(arguments[1].kind, "bigint") != "bigint":
        return None
    unit, count = _unit(arguments[0]), arguments[1].to("bigint").text
    several = {"quarter": ("month", 3), "week": ("day", 7)}.get(unit, (unit, 1))
    width = "INTEGER" if several[0] in ("month", "day", "year") else "BIGINT"
    step = f"to_{several[0]}s(CAST({count} * {several[1]} AS {width}))"
    if unit == "millisecond":
        step = f"to_milliseconds({count})"
    kind = arguments[2].kind
    return Sql(f"CAST({arguments[2].text} + {step} AS {duck(kind)})", kind)


def _date_diff(arguments: Sequence[Sql]) -> Sql | None:
    if len(arguments) != 3 or not (_is_time(arguments[1].kind) and _is_time(arguments[2].kind)):
        return None
    first, second = (f"CAST({one.text} AS TIMESTAMP)" for one in arguments[1:])
    return Sql(f"datesub('{_unit(arguments[0])}', {first}, {second})", "bigint")


def _date_trunc(arguments: Sequence[Sql]) -> Sql | None:
    if len(arguments) != 2 or not _is_time(arguments[1].kind):
        return None
    kind = arguments[1].kind
    return Sql(f"CAST(date_trunc('{_unit(arguments[0])}', {arguments[1].text}) AS {duck(kind)})", kind)


SPECIAL: dict[str, Callable[[Sequence[Sql]], Sql | None]] = {
    "coalesce": _coalesce,
    "nullif": _nullif,
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "concat": _concat,
    "concat_ws": _concat_ws,
    "row": _row,
    "abs": _same("abs"),
    "round": _rounded("round"),
    "truncate": _rounded("trunc"),
    "ceil": _rounded("ceil"),
    "ceiling": _rounded("ceil"),
    "floor": _rounded("floor"),
    "from_unixtime": _from_unixtime,
    "date_add": _date_add,
    "date_diff": _date_diff,
    "date_trunc": _date_trunc,
}
