"""Trino's aggregates and window functions that are answered. Those of approximate answers are refused.

Source: Trino documentation, Aggregate functions, Window functions.
"""

from __future__ import annotations

from collections.abc import Sequence

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.functions import unexpected
from rejectkit.sandbox.trino.kinds import Type, common, decimal, digits, inner, is_decimal, is_number, is_whole
from rejectkit.sandbox.trino.sql import Sql, let

_SPREADS = {
    "stddev": "stddev_samp",
    "stddev_samp": "stddev_samp",
    "stddev_pop": "stddev_pop",
    "variance": "var_samp",
    "var_samp": "var_samp",
    "var_pop": "var_pop",
    "geometric_mean": "geomean",
}
_SAME = {"min": "min", "max": "max", "arbitrary": "any_value", "any_value": "any_value"}
_TRUTHS = {"bool_and": "bool_and", "every": "bool_and", "bool_or": "bool_or"}
AGGREGATES = frozenset(
    ("count", "count_if", "sum", "avg", "array_agg", "min_by", "max_by", *_SPREADS, *_SAME, *_TRUTHS)
)
APPROXIMATE = frozenset(("approx_distinct", "approx_percentile", "approx_set", "approx_most_frequent"))
_RANKS = {
    "row_number": "bigint",
    "rank": "bigint",
    "dense_rank": "bigint",
    "percent_rank": "double",
    "cume_dist": "double",
}
_NEIGHBOURS = frozenset(("lag", "lead", "first_value", "last_value"))
WINDOWS = frozenset((*_RANKS, *_NEIGHBOURS, "ntile"))


def aggregate(
    name: str,
    arguments: Sequence[Sql],
    place: tuple[int, int],
    *,
    star: bool = False,
    distinct: bool = False,
    order: str = "",
    where: str = "",
    over: str = "",
) -> Sql:
    """Return an aggregate's call.

    Parameters
    ----------
    name : str
        In lower case.
    arguments : sequence of Sql
        What it is of.
    place : tuple of int
        Where it stands, for a refusal.
    star : bool
        `count(*)`.
    distinct : bool
        Of different values only.
    order : str
        ` ORDER BY …` of `array_agg`, in DuckDB's words.
    where : str
        The condition of its FILTER.
    over : str
        Its OVER, as text.

    Raises
    ------
    TrinoError
        FUNCTION_NOT_FOUND, if it does not take these.
    """
    kinds = [one.kind for one in arguments]
    head = "DISTINCT " if distinct else ""
    tail = (f" FILTER (WHERE {where})" if where else "") + over
    one: Type = kinds[0] if len(kinds) == 1 else ""
    text = arguments[0].text if arguments else ""
    if name == "count" and (star or not arguments):
        return Sql(f"count(*){tail}", "bigint")
    if name == "count" and one:
        return Sql(f"count({head}{text}){tail}", "bigint")
    if name == "count_if" and one == "boolean":
        return Sql(f"CAST(count_if({head}{text}){tail} AS BIGINT)", "bigint")
    if name == "sum" and is_whole(one):
        return Sql(f"CAST(sum({head}{text}){tail} AS BIGINT)", "bigint")
    if name == "sum" and is_decimal(one):
        kind = decimal(38, digits(one)[1])
        return Sql(f"CAST(sum({head}{text}){tail} AS {kind.upper()})", kind)
    if name in ("sum", "avg") and one in ("double", "real"):
        return Sql(f"{name}({head}{text}){tail}", one)
    if name == "avg" and is_whole(one):
        return Sql(f"avg({head}CAST({text} AS DOUBLE)){tail}", "double")
    if name == "avg" and is_decimal(one):
        return Sql(f"CAST(avg({head}{text}){tail} AS {one.upper()})", one)
    if name in _SPREADS and is_number(one):
        return Sql(f"{_SPREADS[name]}({head}CAST({text} AS DOUBLE)){tail}", "double")
    if name in _SAME and one:
        return Sql(f"{_SAME[name]}({head}{_comparable(arguments[0], where)}){tail}", one)
    if name in _TRUTHS and one == "boolean":
        return Sql(f"{_TRUTHS[name]}({head}{text}){tail}", "boolean")
    if name == "array_agg" and one:
        return Sql(f"list({head}{text}{order}){tail}", f"array({one})")
    if name in ("min_by", "max_by") and len(kinds) == 2:
        which = "arg_min_null" if name == "min_by" else "arg_max_null"
        return Sql(f"{which}({text}, {_comparable(arguments[1], where)}){tail}", kinds[0])
    raise unexpected(name, kinds, [], place)


def _comparable(value: Sql, where: str) -> str:
    """Return a value to be compared; a row of which one field is null cannot be. Source: Trino, RowType.

    Trino compares field by field, and only rows that pass the FILTER: whether it comes to a null depends on the data
    before it. Here any null among them is refused.
    """
    if not value.kind.startswith("row("):
        return value.text
    fields = len(inner(value.kind))
    why = "'ROW comparison not supported for fields with null elements'"

    def body(one: Sequence[str]) -> str:
        missing = " OR ".join(f"({one[0]})[{at}] IS NULL" for at in range(1, fields + 1))
        refused = f"t_refuse(CASE WHEN {missing} THEN 'NOT_SUPPORTED' END, {why}) IS NULL"
        return f"CASE WHEN ({missing}) AND {one[-1]} AND {refused} THEN {one[0]} ELSE {one[0]} END"

    return let([value.text, where or "TRUE"], body)


def window(name: str, arguments: Sequence[Sql], over: str, place: tuple[int, int]) -> Sql:
    """Return a window function's call.

    Raises
    ------
    TrinoError
        FUNCTION_NOT_FOUND, if it does not take these.
    """
    kinds = [one.kind for one in arguments]
    if name in _RANKS and not arguments:
        return Sql(f"{name}(){over}", _RANKS[name])
    if name == "ntile" and len(kinds) == 1 and is_whole(kinds[0]):
        return Sql(f"ntile({arguments[0].text}){over}", "bigint")
    if name in ("lag", "lead") and 1 <= len(kinds) <= 3:
        texts = [arguments[0].text, *(one.to("bigint").text for one in arguments[1:2])]
        if len(kinds) == 3:
            if common(kinds[0], kinds[2]) != kinds[0]:
                raise unexpected(name, kinds, [], place)
            texts.append(arguments[2].to(kinds[0]).text)
        return Sql(f"{name}({', '.join(texts)}){over}", kinds[0])
    if name in _NEIGHBOURS and len(kinds) == 1:
        return Sql(f"{name}({arguments[0].text}){over}", kinds[0])
    raise unexpected(name, kinds, [], place)


def refuse_approximate(name: str, place: tuple[int, int]) -> TrinoError:
    """Return the refusal of a function whose answer differs from run to run, and from engine to engine."""
    return TrinoError("NOT_SUPPORTED", f"The sandbox has no {name}: its answers are approximate", *place)
