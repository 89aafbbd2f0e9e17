"""Rules as values: those of security groups and those of network ACLs, with what they are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rejectkit.network.protocols import ALL, ICMP, ICMP6, traffic_text

IMPLICIT: Final[Mapping[int, int]] = {4: 32767, 6: 32768}
"""Number of a network ACL's last deny, by IP version. Source: DescribeNetworkAcls."""

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One rule of a security group: it lets pass what fits, and refuses nothing.

    Attributes
    ----------
    group : str
        The group that it is in.
    egress : bool
        Whether it is for outbound traffic.
    protocol : int
        IANA number; `ALL` for every one, which ignores the ports.
    from_port, to_port : int
        Ports, both included; `ALL` twice for every port. Of ICMP the type and the code.
    peer : str
        The other end: an IPv4 or IPv6 CIDR without host bits, the id of a prefix list or of a group.
    id : str
        `sgr-…`; empty for a rule that is not made yet, or that was told without one.
    peer_owner, peer_vpc : str
        Of a group in a peered VPC: account and VPC.
    """

    group: str
    egress: bool
    protocol: int
    from_port: int
    to_port: int
    peer: str
    id: str = ""
    description: str = ""
    peer_owner: str = ""
    peer_vpc: str = ""
    tags: Tags = ()

    @property
    def key(self) -> tuple[str, bool, int, int, int, str]:
        """What the rule is about; no two rules of a group share it."""
        return self.group, self.egress, self.protocol, self.from_port, self.to_port, self.peer

    def __str__(self) -> str:
        """Return it in words: `inbound tcp 5432 from sg-0a1b`."""
        way, joint = ("outbound", "to") if self.egress else ("inbound", "from")
        return f"{way} {traffic_text(self.protocol, self.from_port, self.to_port)} {joint} {self.peer}"


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """One security group with its rules."""

    id: str
    name: str = ""
    description: str = ""
    vpc: str = ""
    owner: str = ""
    rules: tuple[GroupRule, ...] = ()
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class AclEntry:
    """One numbered rule of a network ACL.

    Attributes
    ----------
    number : int
        1 to 32766; the lowest that fits decides. The implicit denies are not among a network's entries.
    protocol : int
        IANA number, or `ALL`.
    from_port, to_port : int
        Ports, both included, of TCP and UDP; `ALL` twice for every port.
    icmp_type, icmp_code : int
        Of ICMP; `ALL` for every one.
    cidr : str
        IPv4 or IPv6 CIDR of the other end.
    """

    number: int
    egress: bool
    allow: bool
    protocol: int
    cidr: str
    from_port: int = ALL
    to_port: int = ALL
    icmp_type: int = ALL
    icmp_code: int = ALL

    def __str__(self) -> str:
        """Return it in words: `inbound rule 100 allows tcp 443 from 10.0.0.0/16`."""
        way, joint = ("outbound", "to") if self.egress else ("inbound", "from")
        does = "allows" if self.allow else "denies"
        ends = (self.icmp_type, self.icmp_code) if self.protocol in (ICMP, ICMP6) else (self.from_port, self.to_port)
        return f"{way} rule {self.number} {does} {traffic_text(self.protocol, *ends)} {joint} {self.cidr}"


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """One network ACL; `subnets` are the ids of those it guards."""

    id: str
    name: str = ""
    vpc: str = ""
    default: bool = False
    entries: tuple[AclEntry, ...] = ()
    subnets: tuple[str, ...] = ()
    tags: Tags = ()
