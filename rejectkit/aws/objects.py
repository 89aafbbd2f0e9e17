"""Objects in S3: where they are, and read whole, in pieces that are fetched again where the connection is lost."""

from __future__ import annotations

import re
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError

from rejectkit.aws.service import Service
from rejectkit.aws.translation import translated
from rejectkit.errors import ArgumentError, ConnectionLostError
from rejectkit.pacing import Check

PIECE = 1 << 20  # bytes between two looks at whether somebody asked to stop
REPEATS = 4  # times that an object is asked for again from where its bytes ended
_PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)


class Writable(Protocol):
    """What bytes can be written into."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""


def place_of(url: str) -> tuple[str, str]:
    """Return the bucket and the key, or prefix, that an address names.

    Raises
    ------
    ArgumentError
        If it is no address of S3.

    Examples
    --------
    >>> place_of("s3://results/athena/"), place_of("s3://results")
    (('results', 'athena/'), ('results', ''))
    """
    found = _PLACE.fullmatch(url) if isinstance(url, str) else None
    if found is None:
        raise ArgumentError(f"{url!r} is no place in S3; write it like 's3://bucket/folder/'")
    return found[1], found[2] or ""


def download(
    service: Service,
    bucket: str,
    key: str,
    into: Writable,
    *,
    first: int = 0,
    size: int | None = None,
    etag: str = "",
    check: Check | None = None,
) -> int:
    """Write an object, or a part of it, into a file, and return the bytes; they are all there, or an error is raised.

    Parameters
    ----------
    service : Service
        S3.
    bucket, key : str
        Which object.
    into : file, or anything that bytes can be written into
        Where to, from its present position on.
    first, size : int
        Of a part: its first byte, and its bytes, at least one. The whole object where `size` is left out.
    etag : str
        What the object's bytes are told by; one that has others now is refused with code `PreconditionFailed`.
    check : callable, optional
        Called between pieces; what it raises ends the work.

    Raises
    ------
    AwsError
        If it cannot be had: MissingResourceError, AccessDeniedError, ConnectionLostError …
    """
    done, lost = 0, 0
    more: dict[str, Any] = {"IfMatch": f'"{etag}"'} if etag else {}
    last = str(first + size - 1) if size is not None else ""
    if last:
        more["Range"] = f"bytes={first}-{last}"
    while size is None or done < size:
        answer = service.call("GetObject", check=check, Bucket=bucket, Key=key, **more)
        size = int(answer["ContentLength"]) if size is None else size
        part, error = _copied(answer["Body"], into, check)
        done += part
        more = {"Range": f"bytes={first + done}-{last}", "IfMatch": answer["ETag"]}
        lost += done < size
        if lost > REPEATS and error is not None:
            raise translated(error, "s3.GetObject", region=service.region) from error
        if lost > REPEATS:
            break
        if done < size:
            service.budget.nap(0.1 * 2**lost, check)
    if done != size:
        raise ConnectionLostError(
            f"s3://{bucket}/{key} came with {done:,} bytes of {size:,}: read it again", operation="s3.GetObject"
        )
    return done


def _copied(body: Any, into: Writable, check: Check | None) -> tuple[int, BotoCoreError | None]:
    """Return how many bytes came, and why no more did."""
    done = 0
    try:
        while piece := body.read(PIECE):
            into.write(piece)
            done += len(piece)
            if check is not None:
                check()
    except BotoCoreError as error:
        return done, error
    finally:
        body.close()
    return done, None
