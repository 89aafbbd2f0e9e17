"""Partition keys of a table or a frame: what Spark knows of them, and the condition that a window puts on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from rejectkit.insights.dialects import Spark
from rejectkit.sources.athena.choices import Chosen, choose
from rejectkit.sources.athena.clauses import Alternative, Comparison
from rejectkit.sources.athena.glue import Existing, Partition, Partitions
from rejectkit.sources.athena.spans import alternatives
from rejectkit.sources.athena.timekeys import recognised
from rejectkit.sources.partitions import around, ends
from rejectkit.sources.spark.failures import translated
from rejectkit.window import Window

_SAMPLES = 1000  # partitions that are looked at, to see how their values are written
_spark = Spark()


def keys_of_table(spark: Any, name: str) -> tuple[str, ...]:
    """Return the partition keys of a table, in their order; none of a view, and where the catalog does not tell."""
    with translated():
        try:
            return tuple(one.name for one in spark.catalog.listColumns(name) if one.isPartition)
        except Exception:  # noqa: BLE001  a catalog of its own kind need not tell; the table itself may do all the same
            return ()


def registered(spark: Any, name: str, keys: Sequence[str]) -> Partitions:
    """Return partitions of a table as the catalog has them, some of them where there are many."""
    if not keys:
        return Partitions()
    try:
        with translated():
            rows = spark.sql(f"SHOW PARTITIONS {name}").limit(_SAMPLES + 1).collect()
    except Exception:  # noqa: BLE001  Iceberg's and others' partitions are no folders; they prune by other means
        return Partitions()
    told = [_values(row[0].split("/"), keys) for row in rows]
    return Partitions(tuple(Partition(values) for values in told if values), complete=len(rows) <= _SAMPLES)


def keys_of_files(files: Iterable[str], columns: Collection[str]) -> tuple[tuple[str, ...], Partitions]:
    """Return the partition keys of a frame by the folders of its files, `key=value`, and their values."""
    folders = list(dict.fromkeys(path.rpartition("/")[0] for path in files))
    if not folders:
        return (), Partitions()
    keys = tuple(part.partition("=")[0] for part in folders[0].split("/") if "=" in part)
    keys = tuple(key for key in map(unquote, keys) if key in columns)
    told = [_values(folder.split("/"), keys) for folder in folders]
    if not keys or not all(told):
        return (), Partitions()
    return keys, Partitions(tuple(Partition(values) for values in dict.fromkeys(told)), complete=True)


def _values(parts: Sequence[str], keys: Sequence[str]) -> tuple[str, ...]:
    """Return the values of keys in `key=value` parts of a folder; nothing where one is not there."""
    told = {unquote(key): unquote(value) for key, _, value in (part.partition("=") for part in parts if "=" in part)}
    return tuple(told[key] for key in keys) if all(key in told for key in keys) else ()


def condition(
    name: str,
    kinds: Sequence[tuple[str, str]],
    partitions: Partitions,
    window: Window | None,
    overlap: float | str,
    chosen: Chosen | None,
) -> str:
    """Return the condition that keeps a window's partitions, as Spark SQL; empty where there is none.

    Parameters
    ----------
    name : str
        Of the table, for sentences.
    kinds : sequence of (key, type)
        The partition keys, types as Spark has them.
    partitions : Partitions
        What is known of their values.
    window : Window or None
        None: any time.
    overlap : float or str
        The longest record, seconds.
    chosen : mapping, optional
        Further keys, and what they shall be.

    Raises
    ------
    ArgumentError
        If a chosen key is none, or cannot be that.

    Examples
    --------
    >>> rows = Partitions((Partition(("2026-11-01",)), Partition(("2026-11-02",))))
    >>> day = Window.parse("2026-11-02", "2026-11-03")
    >>> print(condition("logs", [("date", "string")], rows, day, 0, None))
    `date` BETWEEN '2026-11-02' AND '2026-11-02'
    """
    existing = Existing("", "", name, partition_keys=tuple(kinds))
    tests = [_sql(test) for test in choose(existing, chosen)]
    keys = recognised(existing, partitions) if window is not None else ()
    if keys and window is not None:
        of_aws = any(key == "aws-service" for key, _ in kinds)
        span = ends(window, overlap) if of_aws else around(window, overlap)
        narrowed = [_all(one) for one in alternatives(keys, *span)]
        if narrowed and "" not in narrowed:
            tests.insert(0, narrowed[0] if len(narrowed) == 1 else f"({' OR '.join(f'({one})' for one in narrowed)})")
    return " AND ".join(tests)


def _all(tests: Alternative) -> str:
    return " AND ".join(map(_sql, tests))


def _sql(test: Comparison) -> str:
    key = _spark.ident(test.key)
    words = [_literal(test, value) for value in dict.fromkeys(test.values)]
    if test.between:
        return f"{key} BETWEEN {words[0]} AND {words[-1]}"
    return f"{key} = {words[0]}" if len(words) == 1 else f"{key} IN ({', '.join(words)})"


def _literal(test: Comparison, value: str) -> str:
    if test.type == "int":
        return str(int(value))
    text = _spark.literal(value)
    return f"DATE {text}" if test.type == "date" else text
