"""Network: security groups, network ACLs, interfaces and subnets at one moment, as one value."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from rejectkit.network import showing
from rejectkit.network.protocols import ALL, ICMP, ICMP6, PORTED, PROTOCOLS, TCP, UDP, protocol_name, protocol_number
from rejectkit.network.rulevalues import IMPLICIT, AclEntry, GroupRule, NetworkAcl, SecurityGroup, Tags

if TYPE_CHECKING:
    import pandas as pd

    from rejectkit.network.judging.rules import Rules
    from rejectkit.network.packets import Packet
    from rejectkit.network.verdicts import Verdict
    from rejectkit.pacing import Budget
    from rejectkit.sources.base import Watch

__all__ = [
    "ALL", "ICMP", "ICMP6", "IMPLICIT", "PORTED", "PROTOCOLS", "TCP", "UDP", "AclEntry", "Edit", "GroupRule",
    "Interface", "Network", "NetworkAcl", "PrefixList", "SecurityGroup", "Subnet", "Tags", "Vpc", "protocol_name",
    "protocol_number",
]  # fmt: skip


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
    prefixes : tuple of str
        CIDRs that are delegated to it, as those of containers are: every address in them is its own.
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
    prefixes: tuple[str, ...] = ()


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

    Examples
    --------
    >>> network = Network.from_json("data/network.json")
    >>> print(network)
    1 VPC, 7 subnets, 14 interfaces, 9 security groups, 34 group rules, 4 network ACLs, 19 ACL rules, ...
    >>> [acl.name for acl in network.acls if not acl.default]
    ['shared', 'data', 'app']
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

    @classmethod
    def from_json(cls, told: str | os.PathLike[str] | Mapping[str, Any]) -> Network:
        """Return the network of a snapshot: a file, or what is in one; see `rejectkit.network.reading.from_json`."""
        from rejectkit.network.snapshots.reading import from_json

        return from_json(told)

    @classmethod
    def from_ec2(
        cls,
        session: Any,
        vpc_id: str | None = None,
        *,
        region: str | None = None,
        budget: Budget | None = None,
        progress: bool | None = None,
        watch: Watch | None = None,
    ) -> Network:
        """Return the network as EC2 tells it now; see `rejectkit.network.inventory.from_ec2`."""
        from rejectkit.network.snapshots.inventory import from_ec2

        return from_ec2(session, vpc_id, region=region, budget=budget, progress=progress, watch=watch)

    def to_dict(self) -> dict[str, Any]:
        """Return the network as `from_json` reads it; see `rejectkit.network.describing.to_dict`."""
        from rejectkit.network.snapshots.describing import to_dict

        return to_dict(self)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file that `from_json` reads; see `rejectkit.network.describing.to_json`."""
        from rejectkit.network.snapshots.describing import to_json

        to_json(self, path)

    def diff(self, other: Network) -> pd.DataFrame:
        """Return what is otherwise in a later network, one row each; see `rejectkit.network.diffs.diff`."""
        from rejectkit.network.snapshots.diffs import diff

        return diff(self, other)

    def __str__(self) -> str:
        """Return how much of each there is, and where and when."""
        return showing.text(self)

    def __repr__(self) -> str:
        """Return the counts; all that is in it is in `to_dict()`."""
        return f"<Network: {self}>"

    def _repr_html_(self) -> str:
        """Return the counts as HTML."""
        return showing.html(self)

    @cached_property
    def ready(self) -> Rules:
        """Its rules as tables that packets are looked up in."""
        from rejectkit.network.judging.rules import ready

        return ready(self)

    def verdict(self, packet: Packet) -> Verdict:
        """Tell whether the rules let a packet pass, and which of them decides: see `rejectkit.network.Verdict`.

        Examples
        --------
        >>> from rejectkit.network import Packet
        >>> Network().verdict(Packet("eni-1", "egress", "10.0.0.5", "169.254.169.254", 40000, 80, 6)).allowed
        True
        """
        from rejectkit.network.verdicts import verdict

        return verdict(self, packet)

    def verdicts(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the verdict on each row of a frame of packets.

        Parameters
        ----------
        frame : DataFrame
            Columns interfaceId, direction, srcAddr, dstAddr, srcPort, dstPort, protocol; may have icmpType, icmpCode,
            reply. A number that is missing is not known.

        Returns
        -------
        DataFrame
            The same index; columns allowed (True, False or missing), layer, rule, resource, because.

        Raises
        ------
        ArgumentError
            If a column is missing, a direction is another word, or a number cannot be.
        """
        from rejectkit.network.verdicts import verdicts

        return verdicts(self, frame)

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
