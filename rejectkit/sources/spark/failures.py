"""What Spark refuses, or fails at, as a sentence: no stack of the JVM is shown, the cause is kept."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from rejectkit.errors import (
    AccessDeniedError,
    ArgumentError,
    ConnectionLostError,
    FormatError,
    QueryCancelledError,
    QueryEndedError,
    RejectkitError,
    SourceNotFoundError,
    UnreadableError,
)
from rejectkit.sources.spark.relation import WRONG_HEADER

_LOST = (
    "SparkContext was shut down|stopped SparkContext|SparkContext has been shutdown|Connection refused|"
    "Connection reset|Answer from Java side is empty|Error while sending or receiving|"
    "failed to connect to all addresses|Master removed our application|All masters are unresponsive"
)
_DENIED = (
    "AccessControlException|AccessDenied|Access Denied|Permission denied|Forbidden|Status Code: 403|"
    "INSUFFICIENT_PERMISSIONS|not authorized"
)
_BAD_FILE = (
    "is not a Parquet file|CANNOT_READ_FILE_FOOTER|FAILED_READ_FILE|Could not read footer|incorrect header check|"
    "Unexpected end of input stream|not in gzip format|invalid stored block|ParquetDecodingException"
)
_FILE = re.compile(r"((?:file|s3|s3a|s3n|hdfs|abfss?|gs|wasbs?):/[^\s,;'\"]+)")
_QUOTED = re.compile(r"`[^`]+`(?:\.`[^`]+`)*")
_CODE = re.compile(r"\[([A-Z0-9_.]+)\] ")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise errors of Spark as this package's own; others go through."""
    try:
        yield
    except RejectkitError:
        raise
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark.", "py4j.", "grpc.")) and not _of_gateway(error):
            raise
        raise translation(str(error)) from error


def _of_gateway(error: Exception) -> bool:
    """Tell whether an error is of the connection to the JVM."""
    return isinstance(error, ConnectionError | EOFError)


def translation(said: str) -> RejectkitError:
    """Return what Spark said as an error of this package.

    Parameters
    ----------
    said : str
        Text of the error, with its stack.

    Examples
    --------
    >>> print(translation("[TABLE_OR_VIEW_NOT_FOUND] The table or view `a`.`b` cannot be found. Verify"))
    there is no table a.b in Spark's catalog; name it as `SHOW TABLES` does, or with its catalog in front
    """
    code = _CODE.search(said)
    condition = code[1] if code else ""
    names = [name.replace("`", "") for name in _QUOTED.findall(said)]
    files = _FILE.findall(said)
    file = files[0].rstrip(".:)") if files else ""
    if WRONG_HEADER in said:
        return _other_header(said)
    if re.search(_LOST, said):
        return ConnectionLostError(f"Spark is gone: {_first(said)}; start a session anew, and make the source with it")
    if condition in ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND") or "NoSuchTable" in condition:
        what = {"SCHEMA_NOT_FOUND": "database", "CATALOG_NOT_FOUND": "catalog"}.get(condition, "table")
        return SourceNotFoundError(
            f"there is no {what} {names[0] if names else ''} in Spark's catalog; name it as `SHOW TABLES` "
            "does, or with its catalog in front"
        )
    if condition == "PATH_NOT_FOUND" or "Path does not exist" in said:
        return SourceNotFoundError(f"there is nothing at {file or 'the path'} that Spark could read; check the path")
    if re.search(_DENIED, said):
        return AccessDeniedError(
            f"Spark may not read {file or (names[0] if names else 'the data')}: {_first(said)}; the right is "
            "missing to the role that the cluster runs with",
            code=condition,
        )
    if (
        "No FileSystem for scheme" in said
        or "UnsupportedFileSystemException" in said
        or "S3AFileSystem not found" in said
    ):
        return ArgumentError(
            "this Spark cannot read such paths: it lacks the library for them; for s3:// start it with the package "
            "org.apache.hadoop:hadoop-aws of its Hadoop version and write s3a://, or run it on EMR"
        )
    if "maxResultSize" in said:
        return QueryEndedError(
            "the answer is larger than Spark's driver takes (spark.driver.maxResultSize): ask for less, by stats or "
            "limit, or start the session with a larger one",
            status="Failed",
        )
    if "OutOfMemoryError" in said or "Container killed by YARN for exceeding" in said:
        return QueryEndedError(
            "Spark ran out of memory: ask over a shorter window, or give the executors more (spark.executor.memory)",
            status="Failed",
        )
    if re.search(_BAD_FILE, said):
        return UnreadableError(f"{file or 'a file'} is damaged, or not what its name says: {_first(said)}")
    if "cancelled" in said or "canceled" in said or "OPERATION_CANCELED" in said:
        return QueryCancelledError("the query was cancelled on Spark; nothing was kept")
    if condition.startswith("UNRESOLVED_COLUMN"):
        return FormatError(f"the column {names[0] if names else ''} is not there any more: the table changed meanwhile")
    if "Job aborted" in said or "SparkException" in said or "FAILED" in condition:
        return QueryEndedError(f"Spark gave up: {_first(said)}; its own pages tell more", status="Failed")
    return RejectkitError(f"Spark could not answer the query: {_first(said)}")


def _other_header(said: str) -> FormatError:
    header = said.split(WRONG_HEADER, 1)[1].split("\n", 1)[0].split(" SQLSTATE")[0].strip()
    return FormatError(
        f"one of the files has another header line than the first: {header!r}, so its lines are of another format; "
        "make a source for the files of each format, and put them together by Combined"
    )


def _first(said: str) -> str:
    """Return the first sentence that says what went wrong."""
    causes = re.findall(r"(?:Caused by|Lost task [^:]*|Most recent failure): (.+)", said)
    line = causes[-1] if causes else next((line for line in said.splitlines() if line.strip(" :")), "no reason is told")
    line = _CODE.sub("", line).split(" SQLSTATE")[0].split("\n")[0]
    line = re.sub(r"^(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error): ", "", line.strip())
    return line[:300].rstrip(" .;:")
