"""Where CloudFormation makes a resource, and what the making of all types has in common."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.world import World

Properties = Mapping[str, Any]
_GONE = {
    "NotFound",
    "ResourceNotFound",
    "ResourceNotFoundException",
    "NoSuchEntity",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
}


@dataclass(slots=True)
class Place:
    """Where a resource is made: its region, its kind, and the name it gets if its template gives none.

    `made` is told the physical id as soon as there is something to take away again.
    """

    world: World
    region: str
    kind: str
    generated: str
    physical: str = ""

    def ask(self, service: str, operation: str, **params: Any) -> Any:
        """Ask a service of the region."""
        return self.world.ask(service, operation, self.region, **params) or {}

    def made(self, physical: str) -> str:
        """Note and return a physical id."""
        self.physical = physical
        return physical

    def exists(self, **identifiers: str) -> ServiceError:
        """Return the refusal to make what is there already."""
        shown = json.dumps({f"/properties/{name}": value for name, value in identifiers.items()}, separators=(",", ":"))
        return ServiceError(
            "AlreadyExists", f"Resource of type '{self.kind}' with identifier '{shown}' already exists."
        )


@contextlib.contextmanager
def gone_is_fine() -> Iterator[None]:
    """Let a refusal pass that says a resource is not there."""
    try:
        yield
    except ServiceError as error:
        if error.code not in _GONE:
            raise


def tags_of(properties: Properties) -> dict[str, str]:
    """Return the tags of a resource's properties."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def tag_list(properties: Properties) -> list[dict[str, str]]:
    """Return them as most services take them."""
    return [{"Key": key, "Value": value} for key, value in tags_of(properties).items()]


def retag(place: Place, service: str, arn: str, new: Properties, old: Properties) -> None:
    """Bring a resource's tags up to date, by the calls that SNS and CloudWatch have alike."""
    if gone := [key for key in tags_of(old) if key not in tags_of(new)]:
        place.ask(service, "UntagResource", ResourceARN=arn, ResourceArn=arn, TagKeys=gone)
    if new.get("Tags") and tags_of(new) != tags_of(old):
        place.ask(service, "TagResource", ResourceARN=arn, ResourceArn=arn, Tags=tag_list(new))


def text_of(value: Any) -> str:
    """Return a document as text, which is what the services take."""
    return value if isinstance(value, str) else json.dumps(value)
