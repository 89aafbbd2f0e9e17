"""What of a network is asked for each mistake again: worked out once, as there may be thousands of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from rejectkit.exploring.networks import PUBLIC, Addresses
from rejectkit.network.changing.quota import Size, counted, sizes_of
from rejectkit.network.judging.tables import IPV6, Spans, spans
from rejectkit.network.model import Interface, Network, PrefixList

Block = IPv4Network | IPv6Network

MIDDLEBOXES = frozenset({"nat_gateway", "transit_gateway", "gateway_load_balancer", "gateway_load_balancer_endpoint"})
"""Kinds of interfaces that other hosts' traffic passes through."""


class Facts:
    """Facts of a network.

    Attributes
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._ends: dict[str, Spans] = {}
        self._owners: dict[str, dict[str, Interface]] = {}
        self._behind: dict[str, tuple[Interface, ...]] = {}
        self._blocks: dict[str, tuple[tuple[str, Block], ...]] = {}
        self._addresses: dict[str, int] = {}
        self._outside: dict[str, bool] = {}

    @cached_property
    def sizes(self) -> Mapping[str, Size]:
        """Sizes of prefix lists, by id."""
        return sizes_of(self.network)

    @cached_property
    def counts(self) -> Mapping[str, Counter[tuple[bool, int]]]:
        """How many rules each group and ACL has, by direction and IP version."""
        groups = {one.id: counted(one.rules, self.sizes) for one in self.network.groups}
        return groups | {one.id: counted(one.entries, {}) for one in self.network.acls}

    @cached_property
    def keys(self) -> frozenset[tuple[object, ...]]:
        """What the rules of all groups are about."""
        return frozenset(rule.key for group in self.network.groups for rule in group.rules)

    @cached_property
    def lists(self) -> tuple[tuple[PrefixList, tuple[Block, ...]], ...]:
        """Prefix lists with their blocks."""
        return tuple((one, tuple(ip_network(text) for text in one.cidrs)) for one in self.network.prefix_lists)

    @cached_property
    def there(self) -> Mapping[tuple[str, str], Interface]:
        """Interfaces by VPC and address."""
        return {(one.vpc, address): one for one in self.network.interfaces for address in one.addresses}

    def ends(self, peer: str) -> Spans:
        """Return where the other ends of a rule are that names a CIDR, or a group or prefix list of the network."""
        if peer not in self._ends:
            if peer.startswith("pl-"):
                self._ends[peer] = spans(self.network.prefix_list_of[peer].cidrs)
            elif peer.startswith("sg-"):
                members = self.network.members_of.get(peer, ())
                self._ends[peer] = spans(text for one in members for text in (*one.addresses, *one.prefixes))
            else:
                self._ends[peer] = spans([peer])
        return self._ends[peer]

    def blocks(self, group: str) -> tuple[tuple[str, Block], ...]:
        """Return the addresses and delegated prefixes of a group's members: first address and block of each."""
        if group not in self._blocks:
            members = self.network.members_of.get(group, ())
            found = [ip_network(text) for one in members for text in (*one.addresses, *one.prefixes)]
            self._blocks[group] = tuple((str(one.network_address), one) for one in found)
        return self._blocks[group]

    def addresses(self, group: str) -> int:
        """Return how many addresses a group's members have."""
        if group not in self._addresses:
            self._addresses[group] = sum(block.num_addresses for _, block in self.blocks(group))
        return self._addresses[group]

    def behind(self, acl: str) -> tuple[Interface, ...]:
        """Return the interfaces in an ACL's subnets."""
        if acl not in self._behind:
            subnets = set(self.network.acl_of[acl].subnets)
            self._behind[acl] = tuple(one for one in self.network.interfaces if one.subnet in subnets)
        return self._behind[acl]

    def owners(self, vpc: str) -> Mapping[str, Interface]:
        """Return the interface of each address that a group of a VPC may refer to."""
        if vpc not in self._owners:
            groups = [group for group in self.network.groups if group.vpc == vpc]
            near = {vpc, *(rule.peer_vpc for group in groups for rule in group.rules)} - {""}
            found: dict[str, Interface] = {}
            for one in self.network.interfaces:
                if one.kind in MIDDLEBOXES or (one.vpc not in near and one.vpc != vpc):
                    continue
                for address in one.addresses:
                    if address not in found or one.vpc == vpc:
                        found[address] = one
            self._owners[vpc] = found
        return self._owners[vpc]

    def outside(self, texts: Iterable[str]) -> list[str]:
        """Return which addresses are of the internet and in no VPC; many at once cost as much as one."""
        texts = list(texts)
        new = list(dict.fromkeys(text for text in texts if text not in self._outside))
        if new:
            kinds = Addresses.parse(new).kinds().tolist()
            self._outside |= {
                text: kind == PUBLIC and not any(ip_address(text) in block for block in self._vpcs)
                for text, kind in zip(new, kinds, strict=True)
            }
        return [text for text in texts if self._outside[text]]

    @cached_property
    def _vpcs(self) -> tuple[Block, ...]:
        return tuple(ip_network(cidr) for vpc in self.network.vpcs for cidr in vpc.cidrs)


def place_of(address: str) -> int:
    """Return an address's place on the line of addresses."""
    parsed = ip_address(address)
    return int(parsed) + (IPV6 if parsed.version == 6 else 0)
