"""CloudFormation's stacks: the values, and where a region keeps them."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rejectkit.sandbox.stacks.intrinsics import NOTHING, Scope
from rejectkit.sandbox.stacks.resourceplace import Place
from rejectkit.sandbox.stacks.resources import KINDS
from rejectkit.sandbox.stacks.templates import Template, refusal
from rejectkit.sandbox.topics.topicstore import partition
from rejectkit.sandbox.world import World

GONE = "DELETE_COMPLETE"
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Resource:
    """One resource of a stack, as it was last made or changed."""

    logical: str
    type: str
    physical: str
    properties: dict[str, Any]
    policy: str  # DeletionPolicy
    replaced_policy: str  # UpdateReplacePolicy
    status: str = ""
    reason: str = ""
    at: datetime = _NEVER


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a stack's story."""

    id: str
    at: datetime
    logical: str
    physical: str
    type: str
    status: str
    reason: str
    properties: str


@dataclass(frozen=True, slots=True)
class Output:
    """One output, with the name it is exported by, if it is."""

    key: str
    value: str
    description: str
    export: str


@dataclass(slots=True)
class ChangeSet:
    """A change that was worked out, and may be made."""

    id: str
    name: str
    kind: str
    template: Template
    arguments: dict[str, str]
    tags: dict[str, str]
    capabilities: list[str]
    description: str
    created: datetime
    changes: list[Mapping[str, Any]]
    status: str = "CREATE_COMPLETE"
    execution: str = "AVAILABLE"
    reason: str = ""


@dataclass(slots=True)
class Stack:
    """One stack: what it was last deployed as, what it has made, and what happened to it."""

    id: str
    name: str
    created: datetime
    template: Template
    arguments: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    notified: list[str] = field(default_factory=list)
    role: str = ""
    on_failure: str = "ROLLBACK"
    protected: bool = False
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = "User Initiated"
    updated: datetime | None = None
    deleted: datetime | None = None
    resources: dict[str, Resource] = field(default_factory=dict)
    past: dict[str, Resource] = field(default_factory=dict)  # what it had, for its lists after it is gone
    outputs: list[Output] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    change_set: str = ""  # the id of the change set that was made last


class Stacks:
    """The stacks of one region, those that were deleted among them."""

    def __init__(self, world: World, region: str) -> None:
        """Start with none."""
        self.world, self.region = world, region
        self.all: dict[str, Stack] = {}
        self._made: Counter[str] = Counter()
        self._latest = _NEVER

    def new_id(self, kind: str) -> uuid.UUID:
        """Return an id nobody has; the same ones in the same order after each start."""
        self._made[kind] += 1
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{self.world.account}/{self.region}/stacks/{kind}/{self._made[kind]}")

    def arn(self, kind: str, name: str) -> str:
        """Return a new ARN: of a `stack`, or of a `changeSet`."""
        where = f"{self.region}:{self.world.account}"
        return f"arn:{partition(self.region)}:cloudformation:{where}:{kind}/{name}/{self.new_id(kind)}"

    def now(self) -> datetime:
        """Return simulated time; no two events have the same, so that they sort."""
        moment = self.world.clock.now()
        if moment <= self._latest:
            moment = self._latest + timedelta(milliseconds=1)
        self._latest = moment
        return moment

    @property
    def living(self) -> dict[str, Stack]:
        """The stacks that are not deleted, by name."""
        return {stack.name: stack for stack in self.all.values() if stack.status != GONE}

    def find(self, name: str) -> Stack:
        """Return a stack by name, or by id, deleted or not.

        Raises
        ------
        ServiceError
            `ValidationError`: there is none.
        """
        found = self.all.get(name) or self.living.get(name)
        if found is None:
            raise refusal(f"Stack with id {name} does not exist")
        return found

    def place(self, stack: Stack, resource: Resource) -> Place:
        """Return where a resource of a stack is made."""
        suffix = self.new_id("name").hex[:12].upper()
        generated = f"{stack.name[:100]}-{resource.logical[:100]}-{suffix}"
        return Place(self.world, self.region, resource.type, generated)

    def note(self, stack: Stack, resource: Resource | None, status: str, reason: str = "", shown: str = "") -> None:
        """Set a status, of the stack or of one of its resources, and write it into its story."""
        at = self.now()
        if resource is None:
            stack.status, stack.reason = status, reason
            who = (stack.name, stack.id, "AWS::CloudFormation::Stack", str(self.new_id("event")))
        else:
            resource.status, resource.reason, resource.at = status, reason, at
            event_id = f"{resource.logical}-{status}-{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
            who = (resource.logical, resource.physical, resource.type, event_id)
        logical, physical, kind, event_id = who
        stack.events.append(Event(event_id, at, logical, physical, kind, status, reason, shown))

    def exports(self, besides: Stack | None = None) -> dict[str, tuple[str, Stack]]:
        """Return the exported values by name, each with its stack."""
        return {
            output.export: (output.value, stack)
            for stack in self.living.values()
            if stack is not besides
            for output in stack.outputs
            if output.export
        }

    def scope(
        self, stack: Stack, template: Template, arguments: Mapping[str, str], resources: Mapping[str, Resource]
    ) -> Scope:
        """Return what functions of a template see, while these resources are there."""
        region = self.region
        cut = partition(region)
        pseudo = {
            "AWS::AccountId": self.world.account,
            "AWS::NoValue": NOTHING,
            "AWS::NotificationARNs": list(stack.notified),
            "AWS::Partition": cut,
            "AWS::Region": region,
            "AWS::StackId": stack.id,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": "amazonaws.com.cn" if cut == "aws-cn" else "amazonaws.com",
        }

        def ref(name: str) -> str:
            return resources[name].physical if name in resources else f"{{{{to be made: {name}}}}}"

        def attribute(name: str, wanted: str) -> Any:
            kind = KINDS[template.resources[name]["Type"]]
            if name not in resources:
                return f"{{{{to be made: {name}.{wanted}}}}}"
            one = resources[name]
            found = kind.attributes(self.place(stack, one), one.physical, one.properties)
            if wanted not in found:
                message = f"Template error: resource {name} does not support attribute type {wanted} in Fn::GetAtt"
                raise refusal(message)
            return found[wanted]

        def exported(name: str) -> str:
            found = self.exports(stack).get(name)
            if found is None:
                raise refusal(f"No export named {name} found.")
            return found[0]

        return Scope(template, arguments, pseudo, ref, attribute, exported)
