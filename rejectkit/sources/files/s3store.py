"""Flow logs in S3: which objects there are, and their bytes; of Parquet only the columns that a question needs."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from rejectkit.aws import ObjectReader, Service, part, place_of
from rejectkit.errors import (
    AccessDeniedError,
    MissingResourceError,
    RefusedError,
    RegionError,
    SourceNotFoundError,
    UnreadableError,
)
from rejectkit.sources.base import Watch
from rejectkit.sources.files.layouts import LogFile, Look, flow_logs_among
from rejectkit.sources.files.mirror import Mirror, Span
from rejectkit.sources.files.s3listing import matching, nanoseconds, objects_of

TAIL_BYTES = 64 << 10
"""Bytes from the end of a Parquet file that are asked for first: its footer, as a rule."""

AT_ONCE = 16
"""Requests that are under way at once."""

_HEADS = 512
_MAGIC = re.compile(r"[*?\[]")
_ELSEWHERE = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301")


class S3Store:
    """Objects of S3, as one session reaches them. Safe to use from several threads.

    Parameters
    ----------
    service : callable
        Returns the service S3; called on first use.
    mirror : Mirror
        Where parts of Parquet files are kept.
    """

    def __init__(self, service: Callable[[], Service], mirror: Callable[[], Mirror]) -> None:
        """Ask for nothing yet."""
        self._make, self._mirror_of = service, mirror
        self._service: Service | None = None
        self._mirror: Mirror | None = None
        self._lock = threading.Lock()
        self._heads: OrderedDict[LogFile, bytes] = OrderedDict()
        self._chunks: dict[LogFile, dict[str, list[Span]]] = {}

    @property
    def service(self) -> Service:
        """The service S3."""
        with self._lock:
            self._service = self._service or self._make()
            return self._service

    @property
    def mirror(self) -> Mirror:
        """Where parts of Parquet files are kept."""
        with self._lock:
            self._mirror = self._mirror or self._mirror_of()
            return self._mirror

    # which objects there are

    def find(self, address: str, look: Look) -> list[LogFile]:
        """Return the objects that an address means: one object, what is below a prefix, or a pattern.

        Raises
        ------
        SourceNotFoundError
            If there is none.
        AwsError
            If they cannot be listed.
        """
        bucket, key = place_of(address)

        def page(prefix: str, step: bool) -> tuple[list[dict[str, Any]], list[str]]:
            return self._page(bucket, prefix, step)

        if _MAGIC.search(key):
            found = list(matching(key, page, look))
        else:
            found = [one for one in self._page(bucket, key, False, most=1)[0] if one["Key"] == key]
            if not found or key.endswith("/"):
                prefix = key if key.endswith("/") or not key else f"{key}/"
                found = list(objects_of(prefix, page, look))
                wanted = set(flow_logs_among((one["Key"] for one in found), "vpcflowlogs/" in prefix))
                found = [one for one in found if one["Key"] in wanted]
        files = [self._file(bucket, one) for one in found if not one["Key"].endswith("/")]
        if not files and not look.left and not (look.partly and self._page(bucket, _plain(key), False, most=1)[0]):
            raise SourceNotFoundError(
                f"there is no flow-log object at {address!r}: objects named *.log, *.txt, *.csv, *.json, *.parquet "
                "(also .gz), or without a suffix, are looked for below a prefix; check the bucket and the prefix, or "
                "name others by a pattern such as 's3://bucket/logs/**/*.dat'"
            )
        return files

    def _file(self, bucket: str, one: dict[str, Any]) -> LogFile:
        path = f"s3://{bucket}/{one['Key']}"
        return LogFile(path, int(one["Size"]), nanoseconds(one["LastModified"]), 0, one["ETag"].strip('"'), self)

    def _page(
        self, bucket: str, prefix: str, step: bool, most: int | None = None
    ) -> tuple[list[dict[str, Any]], list[str]]:
        objects: list[dict[str, Any]] = []
        folders: list[str] = []
        more: dict[str, Any] = ({"Delimiter": "/"} if step else {}) | ({"MaxKeys": most} if most else {})
        while True:
            with _told(f"s3://{bucket}/{prefix}", "ListBucket", bucket, ""):
                answer = self.service.call("ListObjectsV2", Bucket=bucket, Prefix=prefix, **more)
            objects += answer.get("Contents") or []
            folders += [one["Prefix"] for one in answer.get("CommonPrefixes") or []]
            if most or not answer.get("IsTruncated"):
                return objects, folders
            more["ContinuationToken"] = answer["NextContinuationToken"]

    # their bytes

    def open(self, file: LogFile) -> BinaryIO:
        """Open an object to read its bytes from the first to the last."""
        bucket, key = place_of(file.path)
        with self._lock:
            head = self._heads.get(file, b"")
        reader = _Told(self.service, bucket, key, file.size, etag=file.etag, head=head)
        with self._lock:
            self._heads[file] = reader.head
            while len(self._heads) > _HEADS:
                self._heads.popitem(last=False)
        return cast(BinaryIO, reader)

    def heads(self, files: Iterable[LogFile]) -> None:
        """Fetch the first bytes of some objects at once, those that are to be opened next."""
        with self._lock:
            missing = [file for file in files if file not in self._heads][:_HEADS]
        self._at_once(lambda file: self.open(file).close(), missing, Watch())

    def local(self, file: LogFile) -> str:
        """Return the path of a Parquet file's mirror, its footer fetched."""
        if file not in self._chunks:
            self._foot(file)
        return str(self.mirror.path(file))

    def whole(self, file: LogFile) -> str:
        """Return the path of an object's mirror, all of it fetched."""
        self.mirror.bring(file, [(0, file.size)] if file.size else [], self._fetch)
        return str(self.mirror.path(file))

    def bring(self, files: Sequence[LogFile], names: Collection[str], watch: Watch) -> None:
        """Fetch the columns of these names of Parquet files, as far as they are not there."""
        wanted: list[tuple[LogFile, list[Span]]] = []
        for file in files:
            self.local(file)
            spans = [span for name in names for span in self._chunks[file].get(name, ())]
            if self.mirror.missing(file, spans):
                wanted.append((file, spans))
        self._at_once(lambda one: self.mirror.bring(one[0], one[1], self._fetch), wanted, watch)

    def footers(self, files: Sequence[LogFile], watch: Watch) -> None:
        """Fetch the footers of Parquet files, as far as they are not there."""
        self._at_once(self._foot, [file for file in files if file not in self._chunks], watch)

    def trim(self, limit: int, spared: Iterable[LogFile]) -> None:
        """Keep no more bytes of Parquet than so many, of other files than those spared."""
        if self._mirror is not None and self._mirror.kept:
            spared = list(spared)
            self._mirror.trim(limit, spared)
            with self._lock:
                keep = set(spared)
                self._chunks = {file: chunks for file, chunks in self._chunks.items() if file in keep}

    def _foot(self, file: LogFile) -> None:
        """Fetch a footer, and remember where the columns are; of what is no Parquet, nowhere."""
        first = max(0, file.size - TAIL_BYTES)
        self.mirror.bring(file, [(0, min(4, file.size)), (first, file.size)] if file.size else [], self._fetch)
        path = self.mirror.path(file)
        with path.open("rb") as disk:
            disk.seek(max(0, file.size - 8))
            tail = disk.read(8)
        length = int.from_bytes(tail[:4], "little") + 8
        if tail[4:] == b"PAR1" and TAIL_BYTES < length <= file.size:
            self.mirror.bring(file, [(file.size - length, file.size)], self._fetch)
        try:
            chunks = _chunks(pq.read_metadata(path))
        except (pa.ArrowException, OSError):  # who reads it says so
            chunks = {}
        with self._lock:
            self._chunks[file] = chunks

    def _fetch(self, file: LogFile, first: int, size: int) -> bytes:
        bucket, key = place_of(file.path)
        with _told(file.path, "GetObject", bucket, key):
            return part(self.service, bucket, key, first, size, etag=file.etag)

    def _at_once(self, work: Callable[[Any], Any], items: Sequence[Any], watch: Watch) -> None:
        """Do some work on items, several at a time; the first error ends it."""
        if not items:
            return
        self.service.client  # noqa: B018  made here, not in each thread
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="rejectkit-s3") as pool:
            futures = [pool.submit(work, item) for item in items]
            try:
                for number, future in enumerate(futures):
                    watch.check()
                    future.result()
                    watch.report(0.3 * number / len(futures), "fetching from S3")
            finally:
                for future in futures:
                    future.cancel()


class _Told(ObjectReader):
    """An object whose errors say which it is, and how to mend them."""

    def __init__(self, service: Service, bucket: str, key: str, size: int, *, etag: str, head: bytes) -> None:
        """Ask for the first bytes where they are not at hand."""
        self._address = bucket, key
        with self._telling():
            super().__init__(service, bucket, key, size, etag=etag, head=head)

    def read(self, size: int = -1) -> bytes:
        """Return bytes from the position on."""
        with self._telling():
            return super().read(size)

    def _telling(self) -> Any:
        bucket, key = self._address
        return _told(f"s3://{bucket}/{key}", "GetObject", bucket, key)


def _chunks(metadata: Any) -> dict[str, list[Span]]:
    """Return where in a Parquet file each column is."""
    out: dict[str, list[Span]] = {}
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for at in range(row_group.num_columns):
            column = row_group.column(at)
            starts = [column.data_page_offset, column.dictionary_page_offset]
            first = min(start for start in starts if start)
            out.setdefault(column.path_in_schema, []).append((first, first + column.total_compressed_size))
    return out


def _plain(key: str) -> str:
    """Return what of a pattern comes before its first sign."""
    found = _MAGIC.search(key)
    return key[: found.start()] if found else key


@contextmanager
def _told(address: str, action: str, bucket: str, key: str) -> Iterator[None]:
    """Let errors say which bucket and object they are about, and how to mend them."""
    try:
        yield
    except MissingResourceError as error:
        if error.code == "NoSuchBucket" or not key:
            raise SourceNotFoundError(
                f"there is no bucket {bucket!r} ({error.code}): check its spelling in {address!r}"
            ) from error
        raise SourceNotFoundError(
            f"{address} is gone since it was listed ({error.code}); ask again, for the objects that are there now"
        ) from error
    except AccessDeniedError as error:
        resource = f"arn:aws:s3:::{bucket}/*" if key else f"arn:aws:s3:::{bucket}"
        if error.code == "InvalidObjectState":
            raise UnreadableError(
                f"{address} is in an archive (Glacier), so it cannot be read: restore it, or leave it out by a pattern"
            ) from error
        raise AccessDeniedError(
            f"s3:{action} is not allowed on {resource} ({error.code}: {error.message}), asked for {address}: allow it "
            "in the IAM policy and in the bucket's policy, and kms:Decrypt on its key if it is encrypted with one; a "
            "bucket whose requester pays cannot be read here",
            code=error.code,
            operation=error.operation,
            action=f"s3:{action}",
            message=error.message,
        ) from error
    except RefusedError as error:
        if error.code in ("PreconditionFailed", "412", "InvalidRange", "416"):
            raise UnreadableError(f"{address} changed while it was read; nothing of it was kept; ask again") from error
        if error.code in _ELSEWHERE:
            raise RegionError(
                f"the bucket {bucket!r} is in another region ({error.code}: {error.message}): give it, "
                "FileSource(…, region='eu-west-1')",
                code=error.code,
                operation=error.operation,
                action=f"s3:{action}",
                message=error.message,
            ) from error
        raise
