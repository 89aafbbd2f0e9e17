"""Parts of objects in S3, and objects read from first byte to last; one that changes meanwhile is an error."""

from __future__ import annotations

import io
from typing import Any

from botocore.exceptions import BotoCoreError

from rejectkit.aws.objects import REPEATS, download
from rejectkit.aws.service import Service
from rejectkit.aws.translation import translated
from rejectkit.pacing import Check

HEAD_BYTES = 64 << 10
"""Bytes that are asked for first: they tell what an object is, and are all of a small one."""


def part(
    service: Service, bucket: str, key: str, first: int, size: int, *, etag: str = "", check: Check | None = None
) -> bytes:
    """Return `size` bytes of an object from `first` on; all of them, or an error is raised.

    Parameters
    ----------
    service : Service
        S3.
    bucket, key : str
        Which object.
    first, size : int
        Which bytes; at least one.
    etag : str
        What the object's bytes are told by; one that has others now is refused with code `PreconditionFailed`.
    check : callable, optional
        As for `Service.call`.

    Raises
    ------
    AwsError
        If they cannot be had.
    """
    out = io.BytesIO()
    download(service, bucket, key, out, first=first, size=size, etag=etag, check=check)
    return out.getvalue()


class ObjectReader(io.RawIOBase):
    """An object's bytes, as of a file that is open for reading; a lost connection is made again.

    Parameters
    ----------
    service : Service
        S3.
    bucket, key : str
        Which object.
    size : int
        Its bytes.
    etag : str
        As for `part`.
    head : bytes
        Its first bytes, where they are at hand.
    """

    def __init__(
        self, service: Service, bucket: str, key: str, size: int, *, etag: str = "", head: bytes = b""
    ) -> None:
        """Ask for nothing yet, but for the first bytes where they are not at hand."""
        self._of = service, bucket, key
        self._size, self._etag = size, etag
        self.head = head or (part(service, bucket, key, 0, min(size, HEAD_BYTES), etag=etag) if size else b"")
        self._at, self._lost = 0, 0
        self._body: Any = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that its position can be set."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset != self._at:
            self._drop()
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return how many bytes, 0 at the end."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Return bytes from the position on, at most `size`; none at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 20), b""))
        if self._at >= self._size or not size:
            return b""
        if self._at < len(self.head):
            data = self.head[self._at : self._at + size]
        else:
            data = self._more(min(size, self._size - self._at))
        self._at += len(data)
        return data

    def _more(self, size: int) -> bytes:
        service, bucket, key = self._of
        while True:
            lost: BotoCoreError | None = None
            try:
                if self._body is None:
                    more: dict[str, Any] = {"IfMatch": f'"{self._etag}"'} if self._etag else {}
                    answer = service.call("GetObject", Bucket=bucket, Key=key, Range=f"bytes={self._at}-", **more)
                    self._body = answer["Body"]
                data = bytes(self._body.read(size))
                if data:
                    self._lost = 0
                    return data
            except BotoCoreError as error:
                lost = error
            self._drop()
            self._lost += 1
            if self._lost > REPEATS:
                raise translated(
                    lost or OSError(f"it ended after {self._at:,} bytes of {self._size:,}"),
                    "s3.GetObject",
                    region=service.region,
                ) from lost
            service.budget.nap(0.1 * 2**self._lost)

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    def close(self) -> None:
        """Close the connection."""
        self._drop()
        super().close()
