"""What the engine says in numbers: of a layer, and of why something cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NO, YES, OPEN, NOT_ASKED = 0, 1, -1, 2
"""What a layer says of a packet: refused, let pass, cannot be told, not asked."""

KNOWN, NO_INTERFACE, NO_ADDRESS, NO_KIND, NO_GROUP, NO_MEMBERS, NO_LIST, NO_ACL, NO_SUBNET = range(9)
"""Why it cannot be told; KNOWN where it can."""

WHY: Final[Mapping[int, str]] = {
    NO_INTERFACE: "its interface is not in the network",
    NO_ADDRESS: "the other end has no address",
    NO_KIND: "its ICMP type, port or protocol is not known, and the rules let some pass and refuse others",
    NO_GROUP: "a security group of its interface is not in the network",
    NO_MEMBERS: "a rule is for the members of a security group that is not in the network",
    NO_LIST: "a rule is for a prefix list that is not in the network",
    NO_ACL: "the network ACL of its subnet is not in the network",
    NO_SUBNET: "its subnet is not in the network, and the network ACL is asked only across a subnet's edge",
}
"""The same in words, to stand after a colon."""
