"""Generated queries as Athena's SQL, over tables of several kinds, with windows and the partitions they leave."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from rejectkit.errors import RejectkitWarning
from rejectkit.insights import compile_query, parse
from rejectkit.records import LogFormat, column_name, field_type
from rejectkit.sources.athena.columns import relation
from rejectkit.sources.athena.glue import CATALOG, Existing
from rejectkit.sources.athena.pruning import Pruning
from rejectkit.window import Window
from tests.reference.generator import make_case
from tests.reference.records import RecordSet

DAYS = {
    "projection.enabled": "true",
    "projection.day.type": "date",
    "projection.day.format": "yyyy/MM/dd",
    "projection.day.range": "2000/01/01,NOW",
}
NUMBERS = {
    f"projection.{name}.{key}": value
    for name, span, digits in (("year", "2000,2030", "4"), ("month", "1,12", "2"), ("day", "1,31", "2"))
    for key, value in (("type", "integer"), ("range", span), ("digits", digits))
} | {"projection.enabled": "true"}
# What the fields are stored as: as the documentation's tables have them, all text, parquet of this toolkit, and odd ones.
STORED = ({"int": "bigint"}, {"int": "string"}, {"int": "int"}, {"int": "double", "text": "varchar(64)"})
KEYED = (
    ((("day", "string"),), DAYS),
    ((("year", "int"), ("month", "int"), ("day", "int")), NUMBERS),
    ((("region", "string"), ("year", "string"), ("month", "string"), ("day", "string"), ("hour", "string")), {}),
    ((), {}),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it is sent, and the columns of the table it reads."""

    text: str
    sql: str
    tables: dict[str, dict[str, str]]


def table_of(number: int, records: RecordSet) -> Existing:
    """Return a table of flow logs in the format of a record set."""
    stored, (keys, parameters) = STORED[number % len(STORED)], KEYED[number // 2 % len(KEYED)]
    kinds = ((name, field_type(column_name(name))) for name in records.log_names)
    columns = tuple((name.replace("-", "_"), stored.get(kind, "string")) for name, kind in kinds)
    return Existing(CATALOG, "logs", "vpc flow", "s3://bucket/AWSLogs/", columns, keys, parameters)


def asked(seed: object, number: int, records: RecordSet) -> Asked:
    """Return the query that a seed makes."""
    rng = Random(f"athena {seed} {number}")
    table = table_of(number, records)
    start = datetime(2026, rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23), tzinfo=UTC)
    window = Window(start, start + timedelta(hours=rng.choice((1, 24, 40, 2000)))) if rng.random() < 0.7 else None
    pruned = Pruning.of(table).condition(window)
    source = relation(table, LogFormat(records.log_names), pruned)
    text = make_case(f"athena {seed} {number}", records).text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RejectkitWarning)
        output = "text" if number % 3 == 2 else "typed"
        sql = compile_query(parse(text), source, window=window, engine="athena", output=output).sql
    return Asked(text, sql, {"logs.vpc flow": dict((*table.columns, *table.partition_keys))})
