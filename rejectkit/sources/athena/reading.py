"""What the files under a table tell before a query runs: how many bytes there are, and which fields in which order."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from rejectkit.aws import ObjectReader, Service, part, place_of
from rejectkit.errors import AccessDeniedError, AwsError, FormatError, MissingResourceError
from rejectkit.pacing import Check
from rejectkit.records import LogFormat

CALLS: Final = 50  # of ListObjectsV2, of up to 1,000 files each, that an estimate makes at most
HEAD: Final = 1 << 16  # bytes of a file in which its header line is looked for
LOOKED_AT: Final = 5  # folders, newest first, in which a file is looked for as a rule


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes in some folders.

    Attributes
    ----------
    bytes : float or None
        Their size; None where it cannot be had.
    because : str
        What it is worked out from.
    """

    bytes: float | None
    because: str


@dataclass(frozen=True, slots=True)
class Header:
    """What one file says of its fields.

    Attributes
    ----------
    url : str
        The file.
    fields : tuple of str
        Its header line's names, or the names of its Parquet columns, in order; empty where it has no header line.
    parquet : bool
        Which of both.
    """

    url: str
    fields: tuple[str, ...]
    parquet: bool


def stored(s3: Service, prefixes: Sequence[str] | None, check: Check, known: dict[str, float] | None = None) -> Stored:
    """Return how many bytes lie under folders of S3, from a bounded number of listings.

    Parameters
    ----------
    s3 : Service
        S3.
    prefixes : sequence of str or None
        Folders, as `s3://bucket/…/`; None where they are not known.
    check : callable
        Called between listings.
    known : dict, optional
        Sizes of folders that were listed before; what is listed is added.
    """
    if prefixes is None:
        return Stored(None, "nothing: the table does not say which files the window is in")
    known = {} if known is None else known
    found, done, calls = 0.0, 0, 0
    try:
        for prefix in _spread(prefixes):
            if prefix not in known:
                size = 0.0
                for page in _pages(s3, prefix, check):
                    size, calls = size + sum(one["Size"] for one in page.get("Contents", [])), calls + 1
                    if calls >= CALLS and page.get("IsTruncated"):
                        return Stored(found + size, f"the first {calls * 1000:,} files, so it is more")
                known[prefix] = size
            found, done = found + known[prefix], done + 1
            if calls >= CALLS:
                break
    except AccessDeniedError as error:
        return Stored(None, f"nothing: {error.action} on the bucket is not allowed")
    except MissingResourceError as error:
        return Stored(None, f"nothing: {error}")
    if done < len(prefixes):
        return Stored(found / done * len(prefixes), f"the files of {done} of {len(prefixes)} folders")
    return Stored(found, f"the files of {done} folder{'' if done == 1 else 's'}")


def newest(s3: Service, prefixes: Sequence[str], check: Check, most: int = LOOKED_AT) -> Header | None:
    """Return what the newest file under folders says of its fields; None where there is no file, or none to be read.

    Parameters
    ----------
    s3 : Service
        S3.
    prefixes : sequence of str
        Folders, oldest first.
    check : callable
        Called between calls.
    most : int
        Folders that are looked at, from the last on.

    Raises
    ------
    AwsError
        If S3 does not let look.
    """
    for prefix in list(reversed(prefixes))[:most]:
        page = next(_pages(s3, prefix, check), {})
        for one in reversed(page.get("Contents", [])):
            name = one["Key"].rpartition("/")[2]
            if one["Size"] and name and name[0] not in "._":
                return header(s3, place_of(prefix)[0], one["Key"], one["Size"], check)
    return None


def header(s3: Service, bucket: str, key: str, size: int, check: Check) -> Header | None:
    """Return what a file says of its fields; None where it cannot be read as what it is named.

    Raises
    ------
    AwsError
        If S3 does not give it.
    """
    url = f"s3://{bucket}/{key}"
    start = part(s3, bucket, key, 0, min(HEAD, size), check=check)
    if start[:4] == b"PAR1":
        try:
            schema = pq.read_schema(pa.PythonFile(ObjectReader(s3, bucket, key, size, head=start)))
        except (pa.ArrowException, OSError) as error:
            if isinstance(error.__cause__, AwsError):
                raise error.__cause__ from error
            return None
        return Header(url, tuple(schema.names), parquet=True)
    if start[:2] == b"\x1f\x8b":
        try:
            start = zlib.decompressobj(31).decompress(start, HEAD)
        except zlib.error:
            return None
    line, ended, _ = start.partition(b"\n")
    if not ended and len(start) >= HEAD:
        return None
    try:
        fields = LogFormat.from_header(line.decode()).fields
    except (FormatError, UnicodeDecodeError):  # a record: there is no header line
        fields = ()
    return Header(url, fields, parquet=False)


def _pages(s3: Service, prefix: str, check: Check) -> Iterator[dict[str, Any]]:
    bucket, key = place_of(prefix)
    more: dict[str, Any] = {}
    while True:
        page = s3.call("ListObjectsV2", check=check, Bucket=bucket, Prefix=key, **more)
        yield page
        if not page.get("IsTruncated"):
            return
        more = {"ContinuationToken": page["NextContinuationToken"]}


def _spread(prefixes: Sequence[str]) -> list[str]:
    """Return folders so that the first few are spread over all of them."""
    step = max(1, -(-len(prefixes) // CALLS))
    return [prefix for first in range(step) for prefix in prefixes[first::step]]
