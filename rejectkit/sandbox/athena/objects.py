"""The objects under a place in S3, which is moto's."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os.path import commonprefix
from typing import TYPE_CHECKING

from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.rights.policies import Needed
from rejectkit.sandbox.trino.errors import TrinoError

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

_MANY = 12  # folders that are listed one by one
_KEPT = 64 * 2**20  # bytes of objects that are kept for the next query


@dataclass(frozen=True, slots=True)
class Object:
    """An object: where it is, and what it was when it was listed."""

    bucket: str
    key: str
    tag: str
    size: int

    @property
    def uri(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"


def split(uri: str) -> tuple[str, str]:
    """Return bucket and key of `s3://bucket/key`."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


class Objects:
    """Lists and reads objects; what was read is kept, by its tag."""

    def __init__(self, world: World, region: str) -> None:
        """Ask in a region."""
        self.world, self.region = world, region
        self.access_key = ""  # in whose name
        self._bodies: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()
        self._held = 0

    def under(self, location: str) -> Iterator[Object]:
        """Yield the objects of a folder, to any depth; those hidden by `_` or `.` are left out, as Hive does.

        Raises
        ------
        TrinoError
            If it cannot be listed.
        """
        bucket, prefix = split(location)
        self._demand("s3:ListBucket", f"arn:aws:s3:::{bucket}", location)
        prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        token: str | None = None
        while True:
            more = {"ContinuationToken": token} if token else {}
            try:
                told = self.world.ask("s3", "ListObjectsV2", self.region, Bucket=bucket, Prefix=prefix, **more)
            except ServiceError as error:
                raise TrinoError("HIVE_FILESYSTEM_ERROR", f"Failed to list {location}: {error.message}") from error
            for one in told.get("Contents") or ():
                parts = one["Key"].removeprefix(prefix).split("/")
                if one["Size"] and not any(part.startswith(("_", ".")) for part in parts):
                    yield Object(bucket, one["Key"], one["ETag"], one["Size"])
            token = told.get("NextContinuationToken")
            if not token:
                return

    def of(self, locations: Sequence[str]) -> Iterator[tuple[int, Object]]:
        """Yield the objects of several folders, each with its folder's place among them.

        Many folders are listed at once, by what their names begin with alike; those of others are left out.

        Raises
        ------
        TrinoError
            If one cannot be listed.
        """
        if len(locations) < _MANY:
            yield from ((at, one) for at, place in enumerate(locations) for one in self.under(place))
            return
        folders = sorted((place.rstrip("/") + "/", at) for at, place in enumerate(locations))
        names = [name for name, _ in folders]
        common = commonprefix([names[0], names[-1]])  # noqa: RUF071  # cut to a folder below
        found = []
        for one in self.under(common[: common.rindex("/") + 1]):
            at = bisect_right(names, one.uri) - 1
            if at >= 0 and one.uri.startswith(names[at]):
                found.append((folders[at][1], one))
        yield from sorted(found, key=lambda pair: pair[0])

    def admit(self, one: Object) -> None:
        """Refuse an object that whoever asks may not read.

        Raises
        ------
        TrinoError
            PERMISSION_DENIED.
        """
        self._demand("s3:GetObject", f"arn:aws:s3:::{one.bucket}/{one.key}", one.uri)

    def read(self, one: Object) -> bytes:
        """Return what an object holds.

        Raises
        ------
        TrinoError
            If it cannot be read.
        """
        key = one.bucket, one.key, one.tag
        if key in self._bodies:
            self._bodies.move_to_end(key)
            return self._bodies[key]
        try:
            body: bytes = self.world.ask("s3", "GetObject", self.region, Bucket=one.bucket, Key=one.key)["Body"].read()
        except ServiceError as error:
            raise TrinoError(
                "HIVE_CANNOT_OPEN_SPLIT", f"Error opening Hive split {one.uri}: {error.message}"
            ) from error
        self._bodies[key] = body
        self._held += len(body)
        while self._held > _KEPT and len(self._bodies) > 1:
            self._held -= len(self._bodies.popitem(last=False)[1])
        return body

    def _demand(self, action: str, resource: str, location: str) -> None:
        needed = Needed(action, resource, {"aws:requestedregion": self.region})
        if self.world.access.refused(self.world.account, self.access_key, needed):
            raise TrinoError("PERMISSION_DENIED", f"Permission denied on S3 path: {location}")

    def write(self, uri: str, body: bytes) -> None:
        """Put an object.

        Raises
        ------
        ServiceError
            If S3 refuses.
        """
        bucket, key = split(uri)
        needed = Needed("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", {"aws:requestedregion": self.region})
        if why := self.world.access.refused(self.world.account, self.access_key, needed):
            raise ServiceError("AccessDenied", why, 403)
        self.world.ask("s3", "PutObject", self.region, Bucket=bucket, Key=key, Body=body)
