"""Whether a table that is there fits a format and its files: what is amiss, in sentences with their mends; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rejectkit.findings import Finding
from rejectkit.records import LogFormat
from rejectkit.sources.athena.columns import field_of, format_of, stored_fields
from rejectkit.sources.athena.definition import LAZY, hive_name
from rejectkit.sources.athena.delivered import Delivered
from rejectkit.sources.athena.fitplaces import place_checks
from rejectkit.sources.athena.fittypes import type_checks
from rejectkit.sources.athena.glue import Existing
from rejectkit.sources.athena.pruning import Pruning
from rejectkit.sources.athena.reading import Header

_REGEX: Final = "RegexSerDe"
_HEADER: Final = "skip.header.line.count"
_ANEW: Final = "make the table anew with the files' format, as AthenaTable.of_flow_log does"


def order_fault(existing: Existing, fields: Sequence[str]) -> str:
    """Return a sentence where a table of text takes one field of its files for another; empty where it does not.

    Text is read by the columns' order, so a column that is left out, or stands elsewhere, makes every column after it
    tell something else, without an error. Parquet is read by names.

    Parameters
    ----------
    existing : Existing
        The table.
    fields : sequence of str
        Of a file, in its order, as its header line names them.

    Examples
    --------
    >>> table = Existing("AwsDataCatalog", "logs", "vpc", columns=(("dstaddr", "string"), ("srcaddr", "string")),
    ...     input_format="org.apache.hadoop.mapred.TextInputFormat")
    >>> order_fault(table, ["srcaddr", "dstaddr"])[:70]
    "the columns of logs.vpc do not stand in its files' order: its column 1"
    """
    if existing.stored_as != "text":
        return ""
    names = [name for name, _ in existing.columns]
    meant = {name: field_of(name) for name in names}
    for place, (name, field) in enumerate(zip(names, fields, strict=False)):
        wanted = field_of(field) or field
        if meant[name] not in (None, wanted):
            return (
                f"the columns of {existing.full_name} do not stand in its files' order: its column {place + 1} is "
                f"{name!r}, the files' field {place + 1} is {field!r}, and text is read by order, so that is where the "
                f"values of {field!r} go; {_ANEW}, or give the columns the order {_some(map(hive_name, fields))}"
            )
    late = next((name for name in names[len(fields) :] if meant[name] is not None), None)
    if late is not None:
        return (
            f"the table {existing.full_name} has {len(names)} columns and its files {len(fields)} fields, so its "
            f"column {late!r} is always empty; {_ANEW}, or give it the columns {_some(map(hive_name, fields))}"
        )
    return ""


def check(
    existing: Existing,
    log_format: LogFormat,
    head: Header | None = None,
    *,
    pruning: Pruning | None = None,
    delivered: Delivered | None = None,
) -> list[Finding]:
    """Return what is amiss with a table; nothing where it fits.

    Parameters
    ----------
    existing : Existing
        The table.
    log_format : LogFormat
        The fields that its records should have.
    head : Header, optional
        What one of its newest files says of its fields.
    pruning : Pruning, optional
        Its partitions, to be told whether a window narrows what is read.
    delivered : Delivered, optional
        What the flow log says of its files.

    Returns
    -------
    list of Finding
        Warnings first: what makes answers wrong, or queries fail. Then what costs.
    """
    if existing.view:
        told = f"{existing.full_name} is a view: whether it fits the files cannot be told from it."
        return [Finding(told, "info", mend="Check the table below it.")]
    found = [
        *_stored_checks(existing, head),
        *_header_checks(existing, head),
        *_column_checks(existing, log_format, head),
        *type_checks(existing, log_format),
        *place_checks(existing, head.url if head else "", delivered),
    ]
    if pruning is not None and pruning.unpruned:
        found.append(Finding(f"{pruning.unpruned}.", "notice"))
    rank = {"warning": 0, "notice": 1, "info": 2}
    return sorted(found, key=lambda one: rank[one.severity])


def _stored_checks(existing: Existing, head: Header | None) -> Iterator[Finding]:
    """Yield what is amiss with how its rows are read."""
    kind, name = existing.stored_as, existing.full_name
    if head is not None and kind in ("text", "parquet") and head.parquet != (kind == "parquet"):
        told = f"{name} reads {'Parquet' if kind == 'parquet' else 'text'}, and {head.url} is not."
        yield Finding(told, "warning", mend=f"{_ANEW[0].upper()}{_ANEW[1:]}.")
        return
    if kind == "text" and existing.serde == LAZY:
        delimiter = existing.serde_parameters.get("field.delim", existing.serde_parameters.get("serialization.format"))
        if delimiter != " ":
            told = f"{name} takes fields to be separated by {delimiter!r}, and those of flow logs are by a blank."
            yield Finding(told, "warning", mend="Make it anew with ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '.")
    elif kind == "other" or (kind == "text" and not existing.serde.endswith(_REGEX)):
        told = f"{name} is read by {existing.serde or 'no SerDe'}, which is not one that AWS names for flow logs."
        mend = "If its answers look wrong, make it anew with the SerDe that AthenaTable.ddl() names."
        yield Finding(told, "notice", mend=mend)


def _header_checks(existing: Existing, head: Header | None) -> Iterator[Finding]:
    """Yield what is amiss with the files' first lines."""
    if head is None or head.parquet or existing.stored_as != "text":
        return
    skipped = existing.parameters.get(_HEADER, "0").strip() or "0"
    if head.fields and skipped == "0" and not existing.serde.endswith(_REGEX):
        told = f"{existing.full_name} takes the header line of every file for a record: {_HEADER} is not set."
        mend = f"ALTER TABLE … SET TBLPROPERTIES ('{_HEADER}' = '1')."
        yield Finding(told, "warning", mend=mend)
    elif not head.fields and skipped != "0":
        told = f"{existing.full_name} leaves out the first {skipped} lines of every file, and {head.url} has no header."
        yield Finding(told, "warning", mend=f"ALTER TABLE … SET TBLPROPERTIES ('{_HEADER}' = '0').")
    elif skipped not in ("0", "1"):
        told = f"{existing.full_name} leaves out {skipped} lines of every file, and one is the header."
        yield Finding(told, "warning", mend=f"ALTER TABLE … SET TBLPROPERTIES ('{_HEADER}' = '1').")


def _column_checks(existing: Existing, log_format: LogFormat, head: Header | None) -> Iterator[Finding]:
    """Yield what is amiss with columns: their order, those that lack and those that nothing fills."""
    in_file = head.fields if head is not None else ()
    fault = order_fault(existing, in_file or log_format.fields)
    if fault:
        yield Finding(f"{fault[0].upper()}{fault[1:]}.", "warning")
        return
    stored = stored_fields(existing, log_format)
    if existing.stored_as == "parquet" and head is not None and head.parquet:
        names = {name.lower() for name in in_file}
        empty = [one.name for one in stored.values() if one.name not in names]
        if empty:
            told = f"The Parquet files have no {_some(empty)}, so these columns of {existing.full_name} are empty"
            mend = f"Name them as the files do: {_some(name for name in in_file if field_of(name) is not None)}."
            yield Finding(f"{told}.", "warning", mend=mend)
    expected = format_of(in_file) if in_file else log_format
    known = stored_fields(existing, expected)
    lacking = [field for field in expected.fields if field not in known]
    if lacking:
        told = f"The fields {_some(lacking)} are in the files and have no column in {existing.full_name}."
        yield Finding(told, "notice", mend=f"Queries see nothing in them; to have them, {_ANEW}.")


def _some(names: Iterable[str]) -> str:
    told = list(names)
    return ", ".join(told[:14]) + (f" and {len(told) - 14} more" if len(told) > 14 else "")
