"""The table a query sees over columns as Spark has them, or over lines of text; nothing is read here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rejectkit.errors import FormatError
from rejectkit.insights import Column, Table
from rejectkit.insights.dialects import Spark
from rejectkit.records import ACTIONS, FIELDS, LOG_STATUSES, NULL, LogFormat, by_name, column_name, field_type
from rejectkit.sources.athena.columns import field_of

WRONG_HEADER = "rejectkit: another header line: "
"""What an error of Spark begins with where a file's header names other fields than the first file's."""

_INTS = ("tinyint", "smallint", "int", "bigint")
_BROKEN = ("float", "double", "decimal")
_TEXTS = ("string", "varchar", "char")
_ACCOUNT_DIGITS = 12
_DIGITS = 18  # of these, 63 bits hold any number
_BLANKS = " \t"
_spark = Spark()


@dataclass(frozen=True, slots=True)
class Relation:
    """What a query runs on, and the format of its records."""

    table: Table
    format: LogFormat

    @property
    def timed(self) -> bool:
        """Whether its records tell their time."""
        return self.table.seconds is not None


def of_columns(
    source: str,
    columns: Sequence[tuple[str, str]],
    given: LogFormat | None = None,
    *,
    keys: Collection[str] = (),
    pruned: str = "",
) -> Relation:
    """Return the relation over a table or a frame.

    Parameters
    ----------
    source : str
        SQL that may stand after FROM.
    columns : sequence of (name, type)
        In the table's order; types as Spark's `simpleString` has them.
    given : LogFormat, optional
        Its records' format, where the columns' order does not tell it; what it has no field for is left out.
    keys : collection of str
        Columns that are partition keys: no fields of records, but for those that have a field's own name, such as
        `action`; folders of accounts and regions are AWS's.
    pruned : str
        The condition on them.

    Raises
    ------
    FormatError
        If the columns are not those of flow logs.

    Examples
    --------
    >>> made = of_columns("`logs`", [("srcaddr", "string"), ("dstport", "int"), ("day", "string")], keys=["day"])
    >>> print(made.format)
    ${srcaddr} ${dstport}
    >>> print(made.table.relation)
    (SELECT nullif(`srcaddr`, '-') AS `k0`, CAST(`dstport` AS BIGINT) AS `k1` FROM `logs`) AS records
    """
    stored: dict[str, str] = {}
    known = 0
    for name, kind in columns:
        field = field_of(name)
        own = field or "-".join(name.split())
        if (
            (name in keys and not _told_by_folder(name))
            or name.startswith("@")
            or any(char in own for char in "{}$")
            or column_name(own) in stored
        ):
            continue
        sql = _value(own, _spark.ident(name), kind)
        if sql is not None:
            known += field is not None
            stored[own] = sql
    if given is not None:
        stored = {field: stored[field] for field in given.fields if field in stored}
        known = len(stored)
    if not stored or 2 * known < len(stored):
        told = ", ".join(name for name, _ in columns[:6])
        raise FormatError(
            f"the columns are not those of flow logs: {told}{' …' if len(columns) > 6 else ''}; flow logs have names "
            "such as srcaddr, dstport and action"
        )
    log_format = LogFormat(tuple(stored))
    message = ", ".join(f"coalesce(CAST(`k{at}` AS STRING), '{NULL}')" for at in range(len(stored)))
    return _relation(log_format, list(stored.values()), source, pruned, f"concat_ws(' ', {message})")


def of_lines(view: str, log_format: LogFormat) -> Relation:
    """Return the relation over lines of text: a view with the column `value`, and nothing else.

    Header lines are left out, and so are lines that do not fit; a header line of another format is an error, as the
    lines after it would be misread.

    Examples
    --------
    >>> of_lines("lines", LogFormat.parse("${dstport} ${action}")).table.columns["dstPort"].sql
    '`k0`'
    """
    values = []
    for at, field in enumerate(log_format.fields):
        word = f"nullif(get(words, {at}), '{NULL}')"
        values.append(f"TRY_CAST({word} AS BIGINT)" if field_type(column_name(field)) == "int" else word)
    source = f"(SELECT value AS line, {_words('value')} AS words FROM {view} WHERE {_fits(log_format)}) AS lines"
    return _relation(log_format, values, source, "", "`line`", ("line",))


def misfits(view: str, log_format: LogFormat) -> str:
    """Return the query for lines that fit neither the format nor its header, over a view with `value` and `file`."""
    header = _spark.literal(log_format.header)
    return (
        f"SELECT file, value FROM {view} WHERE NOT (value RLIKE {_spark.literal(_pattern(log_format))}) "
        f"AND trim(value) <> {header} AND trim(value) <> ''"
    )


def _relation(
    log_format: LogFormat, values: Sequence[str], source: str, pruned: str, message: str, more: Iterable[str] = ()
) -> Relation:
    items = [f"{sql} AS `k{at}`" for at, sql in enumerate(values)] + [f"`{name}`" for name in more]
    condition = f" WHERE {pruned}" if pruned else ""
    names = log_format.columns
    columns = {name: Column(f"`k{at}`", field_type(name), dash=True) for at, name in enumerate(names)}
    seconds = f"`k{names.index('start')}`" if "start" in names else None
    columns["@timestamp"] = Column(f"({seconds} * 1000)" if seconds else "CAST(NULL AS BIGINT)", "time")
    columns["@message"] = Column(message, "text")
    return Relation(
        Table(f"(SELECT {', '.join(items)} FROM {source}{condition}) AS records", columns, seconds), log_format
    )


def _told_by_folder(name: str) -> bool:
    """Tell whether a partition key is a field of the records in it."""
    plain = name.lower().replace("_", "-")
    return plain in by_name and plain not in ("account-id", "region")


def _value(field: str, name: str, kind: str) -> str | None:
    """Return SQL of a field: BIGINT of a number, STRING of a text; None where its type cannot hold it."""
    base = kind.partition("(")[0]
    if field_type(column_name(field)) == "int":
        return _number(field, name, base)
    if base == "char":  # filled up with blanks
        return f"nullif(rtrim({name}), '{NULL}')"
    if base in _TEXTS:
        return f"nullif({name}, '{NULL}')"
    if base in _INTS or base in _BROKEN:
        text = f"CAST({name if base in _INTS else f'TRY_CAST({name} AS BIGINT)'} AS STRING)"
        return f"lpad({text}, {_ACCOUNT_DIGITS}, '0')" if field.endswith("account-id") else text
    return f"CAST({name} AS STRING)" if base in ("boolean", "date") else None


def _number(field: str, name: str, base: str) -> str | None:
    if base in _INTS:
        return name if base == "bigint" else f"CAST({name} AS BIGINT)"
    if base in _TEXTS or base in _BROKEN:  # a text such as `-`, and NaN, are none
        return f"TRY_CAST({name} AS BIGINT)"
    if field in ("start", "end"):
        if base == "timestamp":
            return f"unix_seconds({name})"
        if base == "timestamp_ntz":  # a moment without a zone is taken as UTC
            return f"timestampdiff(SECOND, TIMESTAMP_NTZ '1970-01-01 00:00:00', {name})"
    return None


def _words(line: str) -> str:
    return f"split(trim(BOTH '{_BLANKS}' FROM {line}), '[{_BLANKS}]+')"


def _fits(log_format: LogFormat) -> str:
    """Return SQL that tells whether a line is a record of the format; it fails on the header of another."""
    headers = ", ".join(_spark.literal(text) for text in ("", log_format.header, log_format.header.replace("-", "_")))
    names = ", ".join(f"'{spec.name}'" for spec in FIELDS)
    plain = "replace(value, '_', '-')"
    heads = f"size(array_intersect({_words(plain)}, array({names})))"
    other = _spark.let("n", heads, f"n >= 2 AND 2 * n >= size({_words('value')})")
    told = f"raise_error(concat('{WRONG_HEADER}', substr(value, 1, 400))) IS NULL"
    same = f"array_join({_words('value')}, ' ') IN ({headers})"
    telling = any(field_type(name) == "int" or name in ("action", "logStatus") for name in log_format.columns)
    return (
        f"CASE WHEN value RLIKE {_spark.literal(_pattern(log_format))} THEN {'TRUE' if telling else f'NOT {same}'} "
        f"WHEN {same} THEN FALSE WHEN {other} THEN {told} ELSE FALSE END"
    )


def _pattern(log_format: LogFormat) -> str:
    words = []
    for field in log_format.fields:
        if field_type(column_name(field)) == "int":
            words.append(f"(?:0*[0-9]{{1,{_DIGITS}}}|{NULL})")
        elif field in ("action", "log-status"):
            words.append(f"(?:{'|'.join((*(ACTIONS if field == 'action' else LOG_STATUSES), NULL))})")
        else:
            words.append(f"[^{_BLANKS}]+")
    return rf"\A[{_BLANKS}]*{f'[{_BLANKS}]+'.join(words)}[{_BLANKS}]*\z"
