"""Topics and their subscriptions: the values, and where a region keeps them."""

from __future__ import annotations

import json
import uuid
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.rights.topicpolicy import default_policy
from rejectkit.sandbox.world import World

PENDING_SECONDS: Final = 3 * 86_400
"""How long a subscription waits for its confirmation. The guide says 3 days, the API that tokens last 2: 3 here."""

Outcome = Literal["delivered", "failed", "filtered", "not played"]


@dataclass(slots=True)
class Subscription:
    """One subscription; `token` is what confirms it, and is in the link that was sent."""

    arn: str
    topic_arn: str
    protocol: str
    endpoint: str
    owner: str
    token: str
    asked: float
    confirmed: bool = False
    signed: bool = False  # confirmed by a signed call: only then may an unsubscribe ask for a signature
    locked: bool = False  # AuthenticateOnUnsubscribe
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bool:
        """Whether messages come without their envelope."""
        return self.attributes.get("RawMessageDelivery", "false") == "true"


@dataclass(slots=True)
class Topic:
    """One topic, with its subscriptions by ARN."""

    arn: str
    owner: str
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    deleted: int = 0

    @property
    def name(self) -> str:
        """Its name, the last part of its ARN."""
        return self.arn.rpartition(":")[2]

    @property
    def policy(self) -> str:
        """Its access policy, JSON."""
        return self.attributes.get("Policy") or json.dumps(default_policy(self.arn, self.owner), separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message at one subscriber; `at` in simulated seconds since the epoch."""

    at: float
    topic_arn: str
    subscription_arn: str
    protocol: str
    endpoint: str
    outcome: Outcome
    reason: str = ""


class Topics:
    """The topics of one region, and what was delivered of late."""

    def __init__(self, world: World, region: str) -> None:
        """Start with none."""
        self.world, self.region = world, region
        self.topics: dict[str, Topic] = {}
        self.deliveries: deque[Delivery] = deque(maxlen=10_000)
        self._made: Counter[str] = Counter()

    def arn(self, name: str) -> str:
        """Return the ARN of a topic of this region."""
        return f"arn:{partition(self.region)}:sns:{self.region}:{self.world.account}:{name}"

    def new_id(self, kind: str) -> uuid.UUID:
        """Return an id nobody has; the same ones in the same order after each start."""
        self._made[kind] += 1
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{self.world.account}/{self.region}/{kind}/{self._made[kind]}")

    def topic(self, arn: str) -> Topic:
        """Return a topic.

        Raises
        ------
        ServiceError
            `InvalidParameter` if the ARN is none, or another region's; `AuthorizationError` if it is another
            account's; `NotFound`.
        """
        parts = arn.split(":")
        if len(parts) < 6 or parts[2] != "sns":
            why = "" if len(parts) >= 6 else f" Reason: An ARN must have at least 6 elements, not {len(parts)}"
            raise ServiceError("InvalidParameter", f"Invalid parameter: TopicArn{why}")
        if parts[3] != self.region:
            raise ServiceError("InvalidParameter", "Invalid parameter: TopicArn")
        if parts[4] != self.world.account:
            raise ServiceError("AuthorizationError", "Not authorized to perform this operation", 403)
        self._expire()
        if arn not in self.topics:
            raise ServiceError("NotFound", "Topic does not exist", 404)
        return self.topics[arn]

    def subscriptions(self) -> Iterator[Subscription]:
        """Yield every subscription."""
        self._expire()
        for topic in self.topics.values():
            yield from topic.subscriptions.values()

    def subscription(self, arn: str) -> Subscription:
        """Return a subscription.

        Raises
        ------
        ServiceError
            `InvalidParameter` if the ARN is none, such as `PendingConfirmation`; `NotFound`.
        """
        if (parts := len(arn.split(":"))) < 6:
            why = f"An ARN must have at least 6 elements, not {parts}"
            raise ServiceError("InvalidParameter", f"Invalid parameter: SubscriptionArn Reason: {why}")
        found = next((one for one in self.subscriptions() if one.arn == arn), None)
        if found is None:
            raise ServiceError("NotFound", "Subscription does not exist", 404)
        return found

    def _expire(self) -> None:
        """Forget what waited too long for its confirmation."""
        now = self.world.clock.seconds
        for topic in self.topics.values():
            for one in list(topic.subscriptions.values()):
                if not one.confirmed and now - one.asked >= PENDING_SECONDS:
                    del topic.subscriptions[one.arn]


def partition(region: str) -> str:
    """Return a region's partition, the second part of its ARNs."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
