"""The aggregates of `stats`: one row each. Values that are not numbers take no part in sums and averages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from rejectkit.insights.functions import Site
from rejectkit.insights.value import Kind, Value


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate: `least` and `most` arguments, and how its SQL is made of their values."""

    name: str
    least: int
    most: int
    build: Callable[[Site, list[Value]], Value]
    gives: str


def _count(site: Site, values: list[Value]) -> Value:
    if not values or values[0].present() == "TRUE":
        return Value(Kind.INT, "count(*)")
    return Value(Kind.INT, f"count({values[0].sql})")


def _count_distinct(site: Site, values: list[Value]) -> Value:
    value = values[0]
    key = value.as_text(site.d) if value.kind is Kind.TEXT else value.sql
    dashes = (
        f" + max(CASE WHEN {value.sql} IS NULL THEN 1 ELSE 0 END)" if value.dash and value.kind is not Kind.TEXT else ""
    )
    return Value(Kind.INT, f"coalesce(count(DISTINCT {key}){dashes}, 0)")


def _sum(site: Site, values: list[Value]) -> Value:
    value = values[0]
    if value.kind in (Kind.INT, Kind.BOOL):
        return Value(Kind.INT, site.d.whole_sum(value.as_number(site.d)))
    return Value(Kind.NUMBER, f"sum({site.d.double(value.as_number(site.d))})")


def _of_numbers(template: str) -> Callable[[Site, list[Value]], Value]:
    return lambda site, values: Value(Kind.NUMBER, template.format(site.d.double(values[0].as_number(site.d))))


def _percentile(site: Site, values: list[Value]) -> Value:
    share = values[1].number
    if share is None or values[1].kind is Kind.TEXT or not 0 <= share <= 100:
        site.refuse("pct takes a percentage from 0 to 100 as its second argument", 1)
    return Value(Kind.NUMBER, site.d.quantile(site.d.double(values[0].as_number(site.d)), Fraction(str(share)) / 100))


def _extreme(function: str, at: Callable[[Site, str, str], str]) -> Callable[[Site, list[Value]], Value]:
    """Return min or max: of the numbers where there is one, else of the texts in natural order."""

    def build(site: Site, values: list[Value]) -> Value:
        value = values[0]
        if value.kind is not Kind.TEXT:
            sql = value.as_number(site.d) if value.kind is Kind.BOOL else value.sql
            kind = Kind.INT if value.kind is Kind.BOOL else value.kind
            return Value(kind, f"{function}({sql})", dash=value.dash, bare=value.kind is Kind.TIME)
        number = value.as_number(site.d)
        spelled = Value(Kind.NUMBER, f"{function}({number})").as_text(site.d)
        text = at(site, value.as_text(site.d), value.sort_key(site.d))
        return Value(Kind.TEXT, f"CASE WHEN count({number}) > 0 THEN {spelled} ELSE {text} END", whole=value.whole)

    return build


def _of_event(
    at: Callable[[Site, str, str], str], key: Callable[[Site, Value], str]
) -> Callable[[Site, list[Value]], Value]:
    """Return the value of the event that comes first or last by a key."""

    def build(site: Site, values: list[Value]) -> Value:
        value = values[0]
        bare = value.kind is Kind.TIME
        if value.kind is Kind.TEXT:
            return Value(Kind.TEXT, at(site, value.as_text(site.d), key(site, value)), whole=value.whole)
        if value.dash:
            found = at(site, f"coalesce({value.sql}, -1)", key(site, value))
            return replace(value, sql=f"nullif({found}, -1)", dash=True)
        return Value(value.kind, at(site, value.sql, key(site, value)), bare=bare)

    return build


def _least(site: Site, value: str, key: str) -> str:
    return site.d.at_least(value, key)


def _greatest(site: Site, value: str, key: str) -> str:
    return site.d.at_greatest(value, key)


def _by_time(site: Site, value: Value) -> str:
    return site.d.pair(site.timestamp().sql, value.sort_key(site.d))


def _by_order(site: Site, value: Value) -> str:
    return value.sort_key(site.d)


_ROWS = (
    Aggregate("count", 0, 1, _count, "number"),
    Aggregate("count_distinct", 1, 1, _count_distinct, "number"),
    Aggregate("sum", 1, 1, _sum, "number"),
    Aggregate("avg", 1, 1, _of_numbers("avg({0})"), "number"),
    Aggregate("stddev", 1, 1, _of_numbers("stddev_pop({0})"), "number"),
    Aggregate("variance", 1, 1, _of_numbers("var_pop({0})"), "number"),
    Aggregate("pct", 2, 2, _percentile, "number"),
    Aggregate("min", 1, 1, _extreme("min", _least), "any"),
    Aggregate("max", 1, 1, _extreme("max", _greatest), "any"),
    Aggregate("earliest", 1, 1, _of_event(_least, _by_time), "any"),
    Aggregate("latest", 1, 1, _of_event(_greatest, _by_time), "any"),
    Aggregate("sortsFirst", 1, 1, _of_event(_least, _by_order), "any"),
    Aggregate("sortsLast", 1, 1, _of_event(_greatest, _by_order), "any"),
)

AGGREGATES = {row.name.lower(): row for row in _ROWS}
AGGREGATES["countdistinct"] = AGGREGATES["count_distinct"]
