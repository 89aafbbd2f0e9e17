"""Network: security groups, network ACLs, interfaces and subnets at one moment, as one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final, Protocol, TypeVar

ALL: Final = -1
"""Every protocol; every port; every type or code of ICMP."""

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
PROTOCOLS: Final[Mapping[str, int]] = {"-1": ALL, "all": ALL, "tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMP6}
"""Names of the EC2 API to IANA numbers; any other protocol is its number as text."""
PORTED: Final = (TCP, UDP)
"""Protocols that have ports; of any other but ICMP, rules ignore them. Source: EC2 API, IpPermission."""

IMPLICIT: Final[Mapping[int, int]] = {4: 32767, 6: 32768}
"""Number of a network ACL's last deny, by IP version. Source: DescribeNetworkAcls."""

Tags = tuple[tuple[str, str], ...]


def protocol_number(text: str | int) -> int:
    """Return the number of a protocol as the EC2 API spells it."""
    name = str(text).lower()
    return PROTOCOLS[name] if name in PROTOCOLS else int(name)


def protocol_name(number: int) -> str:
    """Return a protocol as the EC2 API spells it in security group rules."""
    return {ALL: "-1", TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmpv6"}.get(number, str(number))


def _traffic(protocol: int, low: int, high: int) -> str:
    if protocol == ALL:
        return "all traffic"
    name = protocol_name(protocol)
    if protocol in (ICMP, ICMP6):
        return name if low == ALL else f"{name} type {low}" + ("" if high == ALL else f" code {high}")
    if protocol not in PORTED:
        return f"protocol {name}"
    return name if low == ALL else f"{name} {low}" + ("" if low == high else f"-{high}")


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
        return f"{way} {_traffic(self.protocol, self.from_port, self.to_port)} {joint} {self.peer}"


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
        return f"{way} rule {self.number} {does} {_traffic(self.protocol, *ends)} {joint} {self.cidr}"


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


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface.

    Attributes
    ----------
    addresses : tuple of str
        Private IPv4 and IPv6 addresses; the primary IPv4 one, which flow-log records show, first.
    public : tuple of str
        Public IPv4 addresses that are mapped to it.
    groups : tuple of str
        Ids of its security groups; none where it has none (a NAT gateway): then no group refuses anything.
    kind : str
        InterfaceType: `interface`, `nat_gateway`, `network_load_balancer` …
    """

    id: str
    subnet: str
    vpc: str
    addresses: tuple[str, ...]
    public: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    instance: str = ""
    kind: str = "interface"
    requester: str = ""
    description: str = ""
    name: str = ""
    status: str = "in-use"


@dataclass(frozen=True, slots=True)
class Subnet:
    """One subnet; `cidrs` are its IPv4 and IPv6 blocks."""

    id: str
    vpc: str
    cidrs: tuple[str, ...]
    name: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Vpc:
    """One VPC; `cidrs` are its IPv4 and IPv6 blocks."""

    id: str
    cidrs: tuple[str, ...]
    owner: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class PrefixList:
    """One prefix list; it counts in a group's quota with `max_entries`, or its own weight if AWS manages it."""

    id: str
    cidrs: tuple[str, ...]
    name: str = ""
    max_entries: int = 0
    owner: str = ""


class Edit(Protocol):
    """A change of a network."""

    def applied(self, network: Network) -> Network:
        """Return the network with the change."""


@dataclass(frozen=True)
class Network:
    """Everything that can let a packet pass or refuse it, at one moment.

    Attributes
    ----------
    vpcs, subnets, groups, acls, interfaces, prefix_lists : tuple
        What there is, in order of id.
    at : datetime or None
        When it was read, UTC, where that is known.
    region, account : str
        Where, and whose; empty where unknown.
    """

    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    acls: tuple[NetworkAcl, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    at: datetime | None = None
    region: str = ""
    account: str = ""

    @cached_property
    def interface_of(self) -> Mapping[str, Interface]:
        """Interfaces by id."""
        return {one.id: one for one in self.interfaces}

    @cached_property
    def group_of(self) -> Mapping[str, SecurityGroup]:
        """Security groups by id."""
        return {one.id: one for one in self.groups}

    @cached_property
    def subnet_of(self) -> Mapping[str, Subnet]:
        """Subnets by id."""
        return {one.id: one for one in self.subnets}

    @cached_property
    def acl_of(self) -> Mapping[str, NetworkAcl]:
        """Network ACLs by id."""
        return {one.id: one for one in self.acls}

    @cached_property
    def guard_of(self) -> Mapping[str, NetworkAcl]:
        """The network ACL of each subnet, by the subnet's id."""
        return {subnet: acl for acl in self.acls for subnet in acl.subnets}

    @cached_property
    def vpc_of(self) -> Mapping[str, Vpc]:
        """VPCs by id."""
        return {one.id: one for one in self.vpcs}

    @cached_property
    def prefix_list_of(self) -> Mapping[str, PrefixList]:
        """Prefix lists by id."""
        return {one.id: one for one in self.prefix_lists}

    @cached_property
    def members_of(self) -> Mapping[str, tuple[Interface, ...]]:
        """The interfaces that carry each security group, by the group's id."""
        found: dict[str, list[Interface]] = {one.id: [] for one in self.groups}
        for interface in self.interfaces:
            for group in interface.groups:
                found.setdefault(group, []).append(interface)
        return {group: tuple(members) for group, members in found.items()}

    def changed(self, *edits: Edit) -> Network:
        """Return the network with changes, one after another.

        Raises
        ------
        ArgumentError
            If one cannot be: a rule that is there already or is not there, a number that is taken.
        """
        network = self
        for edit in edits:
            network = edit.applied(network)
        return network

    def with_group(self, group: SecurityGroup) -> Network:
        """Return the network with a group in place of the one of its id."""
        return replace(self, groups=_with(self.groups, group))

    def with_acl(self, acl: NetworkAcl) -> Network:
        """Return the network with a network ACL in place of the one of its id."""
        return replace(self, acls=_with(self.acls, acl))


One = TypeVar("One", SecurityGroup, NetworkAcl)


def _with(all_of_them: Iterable[One], other: One) -> tuple[One, ...]:
    return tuple(other if one.id == other.id else one for one in all_of_them)
