"""Whether the types of a table's columns hold what the fields of flow logs hold; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rejectkit.findings import Finding
from rejectkit.records import LogFormat, by_name
from rejectkit.sources.athena.columns import stored_fields
from rejectkit.sources.athena.definition import hive_type
from rejectkit.sources.athena.glue import Existing

_BITS: Final = {"tinyint": 8, "smallint": 16, "int": 32, "integer": 32, "bigint": 64}
_TEXTS: Final = ("string", "varchar", "char")
# Bits, with a sign, that values have in files of text; where there is none it is 64. Ports are below 65,536.
_NEEDED: Final = {"version": 8, "srcport": 32, "dstport": 32, "protocol": 16, "tcp-flags": 16, "traffic-path": 8}
_NEEDED_MORE: Final = {"encryption-status": 8, "start": 32, "end": 32}


def type_checks(existing: Existing, log_format: LogFormat) -> Iterator[Finding]:
    """Yield the columns whose types cannot hold their fields, or make a query fail.

    Text that is not of a column's type reads as null (*inferred*; common behaviour of the SerDe); Parquet of another
    type ends a query with HIVE_BAD_DATA, and a whole number may only be read as a wider one.

    Parameters
    ----------
    existing : Existing
        The table.
    log_format : LogFormat
        The fields of its records.
    """
    parquet = existing.stored_as == "parquet"
    for field, stored in stored_fields(existing, log_format).items():
        kind, right = stored.type.partition("(")[0], hive_type(field)
        told = _of_parquet(field, kind) if parquet else _of_text(field, kind)
        if told:
            mend = f"Make the column {stored.name!r} a {right}; files and other columns stay."
            spoken = f"The column {stored.name!r} of {existing.full_name} is {stored.type}: {told}."
            yield Finding(spoken, "notice" if told.startswith("it ") else "warning", mend=mend)


def _of_text(field: str, kind: str) -> str:
    spec = by_name.get(field)
    if spec is None or kind in _TEXTS:
        return ""
    if spec.type == "text":
        if field.endswith("account-id") and kind in ("bigint", "double"):
            return "it loses 'unknown', which some interfaces of AWS have for an account"
        return f"values of {field} are no such, so they are lost"
    if kind in ("float", "double", "decimal"):
        return "" if kind != "float" else f"it keeps 24 bits of {field}"
    bits = _BITS.get(kind)
    if bits is None:
        return "" if kind == "timestamp" else f"values of {field} are no such, so they are lost"
    needed = (_NEEDED | _NEEDED_MORE).get(field, 64)
    return f"values of {field} over {2 ** (bits - 1) - 1:,} are lost" if bits < needed else ""


def _of_parquet(field: str, kind: str) -> str:
    spec = by_name.get(field)
    if spec is None:
        return ""
    if spec.type == "text":
        return "" if kind in _TEXTS else f"the files have {field} as a text, so queries that read it fail"
    stored = 64 if hive_type(field) == "bigint" and field != "protocol" else 32
    bits = _BITS.get(kind)
    if bits is None:
        return f"the files have {field} as a whole number of {stored} bits, so queries that read it fail"
    return f"the files have {field} in {stored} bits, so queries that read it may fail" if bits < stored else ""
