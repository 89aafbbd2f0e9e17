"""What a user says of partition keys, `partitions={"accid": "…"}`, as comparisons; and which must be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from rejectkit.errors import ArgumentError
from rejectkit.sources.athena.clauses import Comparison, KeyType
from rejectkit.sources.athena.glue import Existing
from rejectkit.sources.athena.timekeys import compared_as, projection, values_of

Chosen = Mapping[str, str | int | Sequence[str | int]]
"""Partition keys, and the value or the values that they shall have."""


def injected(existing: Existing) -> tuple[str, ...]:
    """Return the keys whose values a query has to name. Source: "Supported types for partition projection"."""
    if not existing.projected:
        return ()
    keys = (key for key, _ in existing.partition_keys)
    return tuple(key for key in keys if projection(existing, key).get("type", "").strip().lower() == "injected")


def choose(existing: Existing, chosen: Chosen | None) -> tuple[Comparison, ...]:
    """Return what a user says of partition keys, as comparisons, in the order of the table's keys.

    Parameters
    ----------
    existing : Existing
        The table.
    chosen : mapping, optional
        By key.

    Raises
    ------
    ArgumentError
        If there is no such key, no value, or one that the key cannot have.

    Examples
    --------
    >>> table = Existing("AwsDataCatalog", "logs", "vpc", partition_keys=(("accid", "string"), ("hour", "int")))
    >>> print(*(test.sql for test in choose(table, {"hour": [5, 6], "accid": "123456789012"})), sep="; ")
    "accid" = '123456789012'; "hour" IN (5, 6)
    """
    if chosen is not None and not isinstance(chosen, Mapping):
        raise ArgumentError(f"partitions is {chosen!r}; give a mapping, for example {{'accid': '123456789012'}}")
    given, types = dict(chosen or {}), dict(existing.partition_keys)
    for key in given:
        if key not in types:
            near = get_close_matches(str(key), types, 1)
            known = f"its keys are {', '.join(types)}" if types else "it has none"
            hint = f"did you mean {near[0]!r}?" if near else known
            raise ArgumentError(f"partitions names {key!r}, which is no partition key of {existing.full_name}; {hint}")
    return tuple(
        Comparison(key, _type(kind), tuple(_texts(existing, key, _type(kind), given[key])))
        for key, kind in existing.partition_keys
        if key in given
    )


def _type(kind: str) -> KeyType:
    return compared_as(kind) or "text"


def _texts(existing: Existing, key: str, kind: KeyType, value: Any) -> list[str]:
    values = [value] if isinstance(value, str | int | date) else list(value) if isinstance(value, Sequence) else []
    if not values:
        raise ArgumentError(f"partitions gives {value!r} for {key!r}; give a value, or several in a list")
    texts = [_text(existing, key, kind, one) for one in values]
    known = values_of(existing, key) if existing.projected and kind == "text" else None
    for text in texts:
        if known is not None and text not in known:
            told = ", ".join(known[:6]) + (" …" if len(known) > 6 else "")
            raise ArgumentError(
                f"partitions gives {text!r} for {key!r}, which the table {existing.full_name} does not have; it has "
                f"{told}"
            )
    return texts


def _text(existing: Existing, key: str, kind: KeyType, value: Any) -> str:
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | date):
        raise ArgumentError(f"partitions gives {value!r} for {key!r}; give a text or a whole number")
    if kind == "int" and not text.removeprefix("-").isdecimal():
        raise ArgumentError(f"partitions gives {value!r} for {key!r}, which is a number in {existing.full_name}")
    if kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise ArgumentError(
                f"partitions gives {value!r} for {key!r}, which is no date such as 2026-11-02"
            ) from error
    digits = projection(existing, key).get("digits", "").strip() if existing.projected else ""
    return text.zfill(int(digits)) if kind == "text" and isinstance(value, int) and digits.isdigit() else text
