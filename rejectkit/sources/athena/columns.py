"""From the columns of a table, whatever they are named and typed, to the fields of flow logs as a query sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rejectkit.errors import FormatError
from rejectkit.insights import Column, Table
from rejectkit.records import FIELDS, LogFormat, by_name, column_name, field_type
from rejectkit.sources.athena.glue import CATALOG, Existing
from rejectkit.window import Window

_WHOLE: Final = ("tinyint", "smallint", "int", "integer")
_BROKEN: Final = ("float", "double", "real", "decimal")
_TEXT: Final = ("string", "varchar", "char")
_TIME: Final = "timestamp"
_ACCOUNT_DIGITS: Final = 12
_SECONDS: Final = ("start", "end")

# Names that are neither AWS's nor a matter of hyphens and capitals. Source: public tutorials of 2018 to 2020.
_OTHER_NAMES: Final = {
    "account": "account-id",
    "sourceaddress": "srcaddr",
    "destinationaddress": "dstaddr",
    "sourceip": "srcaddr",
    "destinationip": "dstaddr",
    "sourceport": "srcport",
    "destinationport": "dstport",
    "numpackets": "packets",
    "numbytes": "bytes",
    "starttime": "start",
    "endtime": "end",
    "packetsourceaddress": "pkt-srcaddr",
    "packetdestinationaddress": "pkt-dstaddr",
    "awsregion": "region",
    "logregion": "region",
    "flowregion": "region",
    "regioncode": "region",
    "regionid": "region",
    "regionname": "region",
    "regionfield": "region",
}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_KNOWN: Final = {_plain(spec.name): spec.name for spec in FIELDS}


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a table has a field: the column's name and Hive type, and its place among the columns, from 0."""

    name: str
    type: str
    place: int


def field_of(column: str) -> str | None:
    """Return the field that a column's name means, None where it means none.

    Known are AWS's spelling (`account_id`), hyphens, camel case and none (`interfaceid`), and the names of old
    tutorials (`sourceaddress`, `numbytes`, `starttime`).

    Examples
    --------
    >>> [field_of(name) for name in ("pkt_srcaddr", "interfaceId", "starttime", "day")]
    ['pkt-srcaddr', 'interface-id', 'start', None]
    """
    plain = _plain(column)
    return _KNOWN.get(plain) or _OTHER_NAMES.get(plain)


def ident(name: str) -> str:
    """Return a name as Trino SQL reads it back.

    Examples
    --------
    >>> print(ident("aws-region"), ident('a "b" c'))
    "aws-region" "a ""b"" c"
    """
    return '"' + name.replace('"', '""') + '"'


def flow_format(existing: Existing, given: LogFormat | None = None) -> LogFormat:
    """Return the format of a table's records: as given, else as its columns name it.

    Parameters
    ----------
    existing : Existing
        The table. Its partition keys are no fields.
    given : LogFormat, optional
        What is known better, as of the flow log that delivers the files.

    Raises
    ------
    FormatError
        If fewer than half of the columns are fields of flow logs, and no format is given.

    Examples
    --------
    >>> table = Existing("AwsDataCatalog", "logs", "vpc", columns=(("srcaddr", "string"), ("log_status", "string")))
    >>> print(flow_format(table))
    ${srcaddr} ${log-status}
    """
    if given is not None:
        return given
    names = [name for name, _ in existing.columns]
    known = [name for name in names if field_of(name)]
    if not names or 2 * len(known) < len(names):
        told = ", ".join(map(repr, names[:6])) + (" …" if len(names) > 6 else "")
        raise FormatError(
            f"the table {existing.full_name} does not look like flow logs: "
            + (f"its columns are {told}" if names else "it has no columns")
            + "; name another table, or give format=LogFormat.parse('${version} ${account-id} …'), the format of its "
            "flow log"
        )
    return format_of(names)


def format_of(names: Iterable[str]) -> LogFormat:
    """Return the format that columns of these names would have; of two for one field the first counts.

    Examples
    --------
    >>> print(format_of(["srcaddr", "log_status", "my column"]))
    ${srcaddr} ${log-status} ${my-column}
    """
    kept: dict[str, str] = {}
    for name in names:
        own = field_of(name) or re.sub(r"[\s{}$_]", "-", name) or "-"
        kept.setdefault(column_name(own), own)
    return LogFormat(tuple(kept.values()))


def stored_fields(existing: Existing, log_format: LogFormat) -> dict[str, Stored]:
    """Return where a table has each field of a format; a field without a column is not among them.

    By name; where a table of text has a column whose name says nothing, by its place, as text is by place.

    Parameters
    ----------
    existing : Existing
        The table.
    log_format : LogFormat
        The format of its records.
    """
    found: dict[str, Stored] = {}
    by_plain = {_plain(field): field for field in log_format.fields}
    for place, (name, kind) in enumerate(existing.columns):
        field = field_of(name)
        field = field if field in log_format.fields else by_plain.get(_plain(name))
        if field is not None:
            exact = _plain(name) == _plain(field)
            if field not in found or (exact and _plain(found[field].name) != _plain(field)):
                found[field] = Stored(name, kind, place)
    if existing.stored_as == "text":
        taken = {one.place for one in found.values()}
        for place, (field, (name, kind)) in enumerate(zip(log_format.fields, existing.columns, strict=False)):
            if field not in found and place not in taken and field_of(name) is None:
                found[field] = Stored(name, kind, place)
    return found


def relation(existing: Existing, log_format: LogFormat, pruned: str = "") -> Table:
    """Return what the query compiler needs to know of a table, for `engine="athena"`.

    Parameters
    ----------
    existing : Existing
        The table.
    log_format : LogFormat
        The format of its records, as from `flow_format`.
    pruned : str
        The condition on its partitions, as from `Pruning.condition`.

    Returns
    -------
    Table
        Numbers are BIGINT and texts VARCHAR, whatever they are stored as; `-` is null. A field that is not there, or
        is stored as something that cannot be a value of it (an array, a map), has no column.

    Examples
    --------
    >>> table = Existing("AwsDataCatalog", "logs", "vpc", columns=(("srcaddr", "string"), ("dstport", "int")))
    >>> made = relation(table, flow_format(table))
    >>> print(made.relation, made.columns["dstPort"].sql, made.columns["srcAddr"].sql)
    "logs"."vpc" CAST("dstport" AS BIGINT) nullif("srcaddr", '-')
    """
    fields = stored_fields(existing, log_format)
    sql = {field: text for field, one in fields.items() if (text := _value(field, one))}
    columns = {
        column_name(field): Column(sql[field], field_type(column_name(field)), dash=True)
        for field in log_format.fields
        if field in sql
    }
    start = sql.get("start")
    columns["@timestamp"] = Column(f"({start} * 1000)" if start else "CAST(NULL AS BIGINT)", "time")
    columns["@message"] = Column(_message(log_format.fields, sql), "text")
    parts = [] if existing.catalog == CATALOG else [existing.catalog]
    name = ".".join(ident(part) for part in (*parts, existing.database, existing.name))
    return Table(name, columns, start, pruned)


def check_time(existing: Existing, table: Table, window: Window | None) -> None:
    """Refuse a window over a table whose rows do not tell their time: it would hold none of them, without a word.

    Parameters
    ----------
    existing : Existing
        The table.
    table : Table
        What `relation` made of it.
    window : Window or None
        None: nothing is refused.

    Raises
    ------
    FormatError
        If there is a window and no column `start` that can be read as seconds.
    """
    if window is None or table.seconds is not None:
        return
    kind = next((kind for name, kind in existing.columns if field_of(name) == "start"), None)
    told = "it has no column for `start`" if kind is None else f"its column for `start` is of the type {kind}"
    raise FormatError(
        f"the window {window} cannot be applied to the table {existing.full_name}: {told}, so its records do not tell "
        "their time; leave the window out, and narrow what is read by partitions={…}"
    )


def _message(fields: Iterable[str], sql: dict[str, str]) -> str:
    """Return SQL of the line: its values joined by blanks, `-` where there is none."""
    words = []
    for field in fields:
        text = sql.get(field)
        whole = text is not None and field_type(column_name(field)) == "int"
        words.append("'-'" if text is None else f"coalesce({f'CAST({text} AS VARCHAR)' if whole else text}, '-')")
    return f"concat_ws(' ', {', '.join(words)})"


def _value(field: str, stored: Stored) -> str | None:
    """Return SQL of a field: BIGINT of a number, VARCHAR of a text; None where its type cannot hold it."""
    name, kind = ident(stored.name), re.split(r"[(<\s]", stored.type, maxsplit=1)[0]
    spec = by_name.get(field)
    if spec is not None and spec.type == "int":
        return _number(field, name, kind)
    if kind in ("string", "varchar"):
        return f"nullif({name}, '-')"
    if kind == "char":  # filled up with blanks
        return f"nullif(rtrim(CAST({name} AS VARCHAR)), '-')"
    whole = kind == "bigint" or kind in _WHOLE
    if whole or kind in _BROKEN:
        text = f"CAST({name} AS VARCHAR)" if whole else f"CAST(TRY_CAST({name} AS BIGINT) AS VARCHAR)"
        return f"lpad({text}, {_ACCOUNT_DIGITS}, '0')" if field.endswith("account-id") else text
    return f"CAST({name} AS VARCHAR)" if kind == "boolean" else None


def _number(field: str, name: str, kind: str) -> str | None:
    if kind == "bigint":
        return name
    if kind in _WHOLE:
        return f"CAST({name} AS BIGINT)"
    if kind in _TEXT or kind in _BROKEN:  # a text such as `-`, and NaN, are none
        return f"TRY_CAST({name} AS BIGINT)"
    if kind == _TIME and field in _SECONDS:
        return f"CAST(floor(to_unixtime({name})) AS BIGINT)"
    return None
