"""A VPC as a value: subnets, groups, network ACLs, interfaces and prefix lists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

ACCOUNT = "123456789012"
REGION = "eu-west-1"
IMPLICIT = {4: 32767, 6: 32768}  # rule numbers of an ACL's last deny, by IP version


@dataclass(frozen=True, slots=True)
class Subnet:
    """One subnet: `zone` is the letter of its availability zone, `acl` the id of its network ACL."""

    id: str
    name: str
    cidr: str
    zone: str
    acl: str
    cidr6: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One security group; its rules stand in `Layout.rules`."""

    id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One rule of a security group.

    Attributes
    ----------
    protocol : str
        `tcp`, `udp`, `icmp` or `-1` for all.
    low, high : int
        Ports; type and code for ICMP; −1 for all.
    peer : str
        An IPv4 or IPv6 CIDR, the id of a prefix list, or the id of a group.
    """

    id: str
    group: str
    egress: bool
    protocol: str
    low: int
    high: int
    peer: str
    description: str


@dataclass(frozen=True, slots=True)
class AclEntry:
    """One numbered rule of a network ACL; `protocol` is a number as text, `-1` for all."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    low: int
    high: int
    cidr: str


@dataclass(frozen=True, slots=True)
class Acl:
    """One network ACL; the implicit last denies are not among its entries."""

    id: str
    name: str
    default: bool
    entries: tuple[AclEntry, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface.

    Attributes
    ----------
    address : str
        Primary private IPv4 address, which flow-log records show for this side.
    groups : tuple of str
        Group ids; none on a NAT gateway, which has no security group.
    requester : str or None
        The AWS service that manages it; its instance is then not the account's own.
    """

    id: str
    name: str
    subnet: str
    address: str
    groups: tuple[str, ...]
    instance: str | None = None
    requester: str | None = None
    kind: str = "interface"
    public: str | None = None
    address6: str | None = None
    secondary: str | None = None


@dataclass(frozen=True, slots=True)
class PrefixList:
    """One customer-managed prefix list."""

    id: str
    name: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A VPC at one moment: everything that can let a packet pass or refuse it; `account` owns it."""

    vpc: str
    name: str
    cidr: str
    cidr6: str
    on_premises: tuple[str, ...]
    subnets: tuple[Subnet, ...]
    groups: tuple[Group, ...]
    rules: tuple[GroupRule, ...]
    acls: tuple[Acl, ...]
    interfaces: tuple[Interface, ...]
    prefix_lists: tuple[PrefixList, ...]
    account: str = ACCOUNT

    def interface(self, name: str) -> Interface:
        """Return the interface of that name."""
        return next(one for one in self.interfaces if one.name == name)

    def subnet(self, interface: Interface) -> Subnet:
        """Return the subnet that an interface is in."""
        return next(one for one in self.subnets if one.id == interface.subnet)

    def group(self, name: str) -> str:
        """Return the id of the group of that name."""
        return next(one.id for one in self.groups if one.name == name)

    def acl(self, name: str) -> str:
        """Return the id of the network ACL of that name."""
        return next(one.id for one in self.acls if one.name == name)

    def without_entry(self, acl: str, number: int, egress: bool) -> Layout:
        """Return the layout as it was before that numbered rule was added to the ACL of that id."""
        acls = (
            replace(one, entries=tuple(e for e in one.entries if (e.number, e.egress) != (number, egress)))
            if one.id == acl
            else one
            for one in self.acls
        )
        return replace(self, acls=tuple(acls))


def aws_id(prefix: str, label: str) -> str:
    """Return an id in AWS shape, a prefix and 17 hexadecimal digits, that depends on the label alone.

    Examples
    --------
    >>> aws_id("sg", "poc db")
    'sg-0fcb9241bd7a45994'
    """
    return f"{prefix}-0{sha256(f'{prefix} {label}'.encode()).hexdigest()[:16]}"


def zone_id(subnet: Subnet) -> str:
    """Return the zone id of a subnet, `euw1-az1` for zone a."""
    return f"euw1-az{'abc'.index(subnet.zone) + 1}"
