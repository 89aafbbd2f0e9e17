"""Athena's ways of not answering, each as an error with a sentence: what, which value, how to mend it.

Source of the error names: the Athena User Guide, "Troubleshooting in Athena" and "Error catalog"; Trino's standard
error codes. The wording of several is as quoted in the AWS Knowledge Center.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from rejectkit.errors import (
    AccessDeniedError,
    ArgumentError,
    AwsError,
    CostError,
    MissingResourceError,
    QueryEndedError,
    RejectkitError,
    ThrottledError,
)
from rejectkit.sources.athena.running import Execution
from rejectkit.sources.athena.setting import Setting
from rejectkit.sources.progress import size_text

Kind = Literal[
    "cut off", "output", "denied", "injected", "throttled", "archived", "gone", "missing", "sql", "partitions", "data",
    "file", "timeout", "resources", "internal", "cancelled", "other",
]  # fmt: skip
_STALE: Final = ("missing", "sql", "data", "partitions")

# The first that matches counts; what is more special stands before what is more general.
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("cut off", r"bytes scanned limit"),
    (
        "output",
        r"output bucket|output location|when writing output|writing .{0,40}(query results|output)|result configuration",
    ),
    ("injected", r"^CONSTRAINT_VIOLATION|injected projected partition"),
    ("archived", r"storage class|InvalidObjectState|glacier"),
    ("throttled", r"reduce your request rate|SlowDown|TOO_MANY_REQUESTS|TooManyRequests|Rate exceeded|Throttling"),
    (
        "missing",
        r"^(TABLE|SCHEMA|CATALOG)_NOT_FOUND|(table|schema|catalog|database) '?[^ ]*'? (does not exist|not found)|"
        r"EntityNotFound",
    ),
    (  # before what is denied: a column that is not there is told with "or requester is not authorized"
        "sql",
        r"^(SYNTAX_ERROR|COLUMN_NOT_FOUND|TYPE_MISMATCH|FUNCTION_NOT_FOUND|INVALID_[A-Z_]*ARGUMENT|NOT_SUPPORTED|"
        r"AMBIGUOUS_NAME|NUMERIC_VALUE_OUT_OF_RANGE|DIVISION_BY_ZERO|EXPRESSION_NOT_[A-Z_]*|COMPILER_ERROR|"
        r"TYPE_NOT_FOUND|MISSING_[A-Z_]*)",
    ),
    ("denied", r"(access|permission)[ _]?denied|not authorized|insufficient (lake formation )?permission|forbidden"),
    ("gone", r"NoSuchKey|specified key does not exist|file (was|has been) (deleted|modified|overwritten)|NoSuchBucket"),
    ("partitions", r"^(HIVE_)?INVALID_PARTITION|^INVALID_TABLE_PROPERTY|^HIVE_INVALID_(METADATA|PARTITION)|projection"),
    ("data", r"^HIVE_BAD_DATA|^HIVE_PARTITION_SCHEMA_MISMATCH|^HIVE_UNSUPPORTED_FORMAT|^HIVE_FILE_MISSING_COLUMN"),
    ("file", r"^HIVE_(CURSOR_ERROR|CANNOT_OPEN_SPLIT|FILESYSTEM_ERROR|FILE_NOT_FOUND|UNKNOWN_ERROR|METASTORE_ERROR)"),
    ("timeout", r"query timeout|^EXCEEDED_TIME_LIMIT|exceeded maximum time"),
    ("resources", r"exhausted resources|^EXCEEDED_|out of memory|^CLUSTER_OUT_OF"),
    ("sql", r"^line \d+:\d+|mismatched input|cannot be resolved"),
    ("internal", r"^(GENERIC_)?INTERNAL_ERROR|^GENERIC_INTERNAL|internal (service )?error|^ICEBERG|unavailable"),
)
_MENDS: Mapping[Kind, str] = {
    "partitions": "the table's partitions are not told to Athena as they should be: src.check() says what is wrong, "
    "and rk.AthenaTable(...).ddl() is a table that fits",
    "data": "a file does not have the columns, or the types, that the table says: src.check() compares them, and "
    "rk.AthenaTable(...).ddl() is a table that fits",
    "file": "a file of the table cannot be read, as it is damaged or of another kind than the table says: look at it, "
    "remove it from the table's folder, and run this again",
    "gone": "a file went away while the query ran, or the table points at a bucket that is no more: run it again, and "
    "if it fails again look at the table's LOCATION",
    "archived": "files of this time are archived (Glacier), where Athena does not read them: restore them, or ask for "
    "a later window",
    "timeout": "it ran for the longest time that the account lets a query run (30 minutes, where it was not changed): "
    "ask for a shorter window, or raise the DML query timeout in Service Quotas",
    "resources": "it needs more memory than Athena has for one query: ask for a shorter window, or for fewer groups",
    "internal": "the fault is at AWS: run it again",
    "other": "look the error up in the Athena User Guide, and run it again",
}
_BUCKET = re.compile(r"s3[an]?://([a-z0-9][a-z0-9.\-]+)|bucket:? '?([a-z0-9][a-z0-9.\-]+)", re.IGNORECASE)
_ACTION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z*]+)")
_PLACE = re.compile(r"\bline (\d+):(\d+)")
_LONG = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of Athena: what its errors are told with.

    Attributes
    ----------
    sql : str
        As it was sent.
    table : str
        `database.table`.
    region : str
        Athena's.
    setting : Setting
        The work group.
    injected : tuple of str
        Partition keys for which a query has to name values.
    """

    sql: str
    table: str
    region: str
    setting: Setting
    injected: tuple[str, ...] = ()


def kind_of(reason: str, state: str = "FAILED", category: int = 0) -> Kind:
    """Return what a query ended of, by the words that Athena gives.

    Examples
    --------
    >>> kind_of("HIVE_BAD_DATA: Error parsing field value"), kind_of("Query exhausted resources at this scale factor")
    ('data', 'resources')
    """
    found = next((kind for kind, words in _KINDS if re.search(words, reason, re.IGNORECASE)), None)
    if state == "CANCELLED" and found != "cut off":
        return "cancelled"
    if found in (None, "other") and category == 1:
        return "internal"
    return found or "other"


def stale(execution: Execution) -> bool:
    """Tell whether the reason may be that the table was changed since it was asked for."""
    return kind_of(execution.reason, execution.state, execution.category) in _STALE


def ended(execution: Execution, asked: Asked) -> RejectkitError:
    """Return the error of a query that ended as FAILED or CANCELLED."""
    kind = kind_of(execution.reason, execution.state, execution.category)
    what = f"the Athena query {execution.id} {'was cancelled' if execution.state == 'CANCELLED' else 'failed'}"
    return _error(kind, what, execution, asked)


def refused(error: AwsError, asked: Asked) -> RejectkitError:
    """Return the error of a query that Athena did not start; the same one where there is no more to say."""
    kind = kind_of(error.message)
    if error.code != "InvalidRequestException" or kind not in ("output", "sql", "denied", "missing", "injected"):
        return error
    told = Execution("", "FAILED", error.message)
    return _error(kind, "the Athena query was not started", told, asked, code=error.code)


def _error(kind: Kind, what: str, execution: Execution, asked: Asked, code: str = "") -> RejectkitError:
    said = execution.reason if len(execution.reason) <= _LONG else f"{execution.reason[: _LONG - 1]}…"
    what = f"{what} ({said.rstrip('.')})" if said else what
    named = {"code": code or said.partition(":")[0], "operation": "athena.StartQueryExecution", "message": said}
    if kind == "cut off":
        limit = asked.setting.cutoff
        may = f" ({size_text(limit)})" if limit else ""
        return CostError(
            f"{what}: it had scanned {size_text(execution.scanned)}, more than the work group "
            f"{asked.setting.workgroup!r} lets a query scan{may}; ask for a shorter window, or raise its data usage "
            "limit for each query",
            estimated=execution.scanned,
            limit=float(limit or 0),
        )
    if kind == "output":
        return _of_output(what, said, asked, named)
    if kind == "denied":
        return _denied(what, said, asked, named)
    if kind == "missing":
        return MissingResourceError(
            f"{what}: there is no such table for Athena in {asked.region}; check the name {asked.table!r}, the "
            "catalog and the region; rk.AthenaTable(...).plan(session) makes a table over flow logs",
            **named,
        )
    if kind == "injected":
        keys = ", ".join(asked.injected) or "a partition key"
        example = (asked.injected or ("key",))[0]
        return ArgumentError(
            f"{what}: the table wants to be told values of {keys}; give them to the source: "
            f"partitions={{{example!r}: ['…']}}"
        )
    if kind == "throttled":
        return ThrottledError(f"{what}: S3, or Athena, is asked too often by this account: run it again later", **named)
    mend = _of_sql(said, asked.sql) if kind == "sql" else _MENDS.get(kind, "")
    if kind == "cancelled":
        mend = "somebody else stopped it: run it again"
    return QueryEndedError(
        f"{what}; nothing of it is given out; {mend}",
        status=execution.state,
        query_id=execution.id,
        statistics=execution.statistics,
    )


def _of_sql(said: str, sql: str) -> str:
    found = _PLACE.search(said)
    lines = sql.split("\n")
    at = f" at `{lines[int(found[1]) - 1].strip()[:120]}`" if found and 0 < int(found[1]) <= len(lines) else ""
    return (
        f"Athena did not take the SQL that was made of the query{at}: the table was changed by somebody, which "
        "src.check() says, or it is a fault of this package: please report it with src.plan(query).sql"
    )


def _of_output(what: str, said: str, asked: Asked, named: Mapping[str, str]) -> RejectkitError:
    place = asked.setting.output or f"the place of the work group {asked.setting.workgroup!r}"
    if re.search(r"no output location|output location (is|was) not|required", said, re.IGNORECASE):
        return ArgumentError(
            f"{what}: Athena has no place for results; give output='s3://your-bucket/athena/', or a work group that "
            "has one as workgroup="
        )
    if re.search(r"denied|not authorized|forbidden|permission", said, re.IGNORECASE):
        return AccessDeniedError(
            f"{what}: results cannot be written to {place}; allow s3:PutObject, s3:GetObject, s3:ListBucket and "
            "s3:GetBucketLocation there, or give another output=",
            **{**named, "action": "s3:PutObject"},
        )
    return MissingResourceError(
        f"{what}: results cannot be written to {place}, as its bucket does not exist, is in another region than "
        f"{asked.region}, or may not be read (s3:GetBucketLocation); give another output=",
        **named,
    )


def _denied(what: str, said: str, asked: Asked, named: Mapping[str, str]) -> RejectkitError:
    action = _ACTION.search(said)
    bucket = next((one[1] or one[2] for one in [_BUCKET.search(said)] if one), "")
    where = f"the bucket {bucket!r}" if bucket else f"the files of {asked.table}"
    if action:
        mend, name = f"allow {action[1]}", action[1]
    elif "lake formation" in said.lower():
        mend, name = f"grant SELECT on {asked.table} in Lake Formation", "lakeformation:GetDataAccess"
    else:
        name = "s3:GetObject"
        mend = f"{where} may not be read: allow s3:GetObject and s3:ListBucket on it, and kms:Decrypt on its key"
    return AccessDeniedError(f"{what}: {mend}", **{**named, "action": name})
