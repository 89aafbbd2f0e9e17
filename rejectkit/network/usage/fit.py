"""Smaller rules that what used a rule would fit: single ports for a range, a group or CIDRs for a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

import numpy as np
import numpy.typing as npt

from rejectkit.exploring.flows import Ints
from rejectkit.network.edits import AddRule, Change, RemoveRule
from rejectkit.network.judging import services
from rejectkit.network.model import ALL, PORTED, GroupRule, Network
from rejectkit.network.usage.flows import Kinds
from rejectkit.network.usage.rules import GroupUses

_SINGLE = 3  # ports that are proposed one by one
_CIDRS = 4  # of a rule's sources, at most
_RULES = 6  # in place of one
_DENSE = 4  # a range is evident where at least one of so many of its ports was seen
_LENGTHS = {4: (30, 28, 26, 24, 22, 20, 16), 6: (64, 56, 48)}  # of CIDRs that hosts are joined in

Block = IPv4Network | IPv6Network
Stretch = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Fit:
    """Smaller rules in the place of one.

    Attributes
    ----------
    rule : GroupRule
    proposed : tuple of GroupRule
    edits : tuple of Change
        Those that add come first.
    ports : tuple of int
        That were seen, each once a protocol.
    hosts : tuple of str
        Addresses that were seen.
    flows : int
    open, left : int
        Addresses times services that the rule is open to, and that the smaller ones are.
    """

    rule: GroupRule
    proposed: tuple[GroupRule, ...]
    edits: tuple[Change, ...]
    ports: tuple[int, ...]
    hosts: tuple[str, ...]
    flows: int
    open: int
    left: int


@dataclass(frozen=True, slots=True)
class Hosts:
    """What is known of the other ends.

    Attributes
    ----------
    names : array of object
        Addresses, by position.
    inside : array of bool
        Whether they are private or in one of the network's VPCs.
    carried : mapping
        The groups of those that are an interface's, by VPC and address: two VPCs may have the same addresses.
    """

    names: npt.NDArray[np.object_]
    inside: npt.NDArray[np.bool_]
    carried: Mapping[tuple[str, str], frozenset[str]]

    @classmethod
    def of(cls, network: Network, names: npt.NDArray[np.object_], inside: npt.NDArray[np.bool_]) -> Hosts:
        """Return it for a network's interfaces."""
        carried = {(one.vpc, text): frozenset(one.groups) for one in network.interfaces for text in one.addresses}
        return cls(names, inside, carried)


def fits(network: Network, uses: GroupUses, known: Hosts) -> Iterator[Fit]:
    """Yield the rules that at most half of would do, each with what would."""
    sizes = _Sizes(network)
    for rule, use in uses.each():
        if not len(use.kinds):
            continue
        kinds = uses.kinds.taken(use.kinds)
        hosts = tuple(str(name) for name in known.names[np.unique(kinds.peer)])
        proposed = _smaller(network, known, rule, kinds)
        left = sum(sizes.of(one) for one in proposed)
        if 2 * left <= sizes.of(rule):
            there = {one.key for one in network.group_of[rule.group].rules}
            added = tuple(AddRule(one) for one in proposed if one.key not in there)
            ports = tuple(np.unique(kinds.first[np.isin(kinds.first >> 16, PORTED)]).tolist())
            edits: tuple[Change, ...] = (*added, RemoveRule(rule))
            yield Fit(rule, proposed, edits, ports, hosts, use.flows, sizes.of(rule), left)


def _smaller(network: Network, known: Hosts, rule: GroupRule, kinds: Kinds) -> tuple[GroupRule, ...]:
    """Return a rule for each stretch of services and those that used it; fewer where that would be too many."""

    def peers(first: int, last: int) -> list[str]:
        used = (kinds.first >= first) & (kinds.last <= last)
        return _peers(network, known, rule, np.unique(kinds.peer[used]))

    stretches = _services(rule, kinds)
    parted = [
        (one, peer)
        for one in stretches
        for peer in peers(*services.of_rule(replace(rule, protocol=one[0], from_port=one[1], to_port=one[2])))
    ]
    own = (rule.protocol, rule.from_port, rule.to_port)
    once = [one for one, _ in parted]
    ways = (
        parted,
        [*dict.fromkeys((one, peer if once.count(one) == 1 else rule.peer) for one, peer in parted)],
        [(one, rule.peer) for one in stretches],
        [(own, peer) for peer in peers(*services.of_rule(rule))],
    )
    for way in ways:
        if len(way) <= _RULES:
            return tuple(_like(rule, stretch, peer) for stretch, peer in way)
    return (rule,)


def _like(rule: GroupRule, stretch: Stretch, peer: str) -> GroupRule:
    """Return a rule of the same group and direction, yet to be made."""
    protocol, low, high = stretch
    owner, vpc = (rule.peer_owner, rule.peer_vpc) if peer == rule.peer else ("", "")
    return GroupRule(rule.group, rule.egress, protocol, low, high, peer, peer_owner=owner, peer_vpc=vpc)


def _services(rule: GroupRule, kinds: Kinds) -> list[Stretch]:
    """Return protocols and ports that were seen, as few stretches; the rule's own where nothing smaller is evident."""
    protocols = [rule.protocol] if rule.protocol != ALL else np.unique(kinds.first >> 16).tolist()
    found: list[Stretch] = []
    for protocol in protocols:
        if protocol not in PORTED:
            own = (rule.from_port, rule.to_port) if protocol == rule.protocol else (ALL, ALL)
            found.append((protocol, *own))
            continue
        low, high = (rule.from_port, rule.to_port) if protocol == rule.protocol else (ALL, ALL)
        ports = np.unique(kinds.first[kinds.first >> 16 == protocol] & 0xFFFF)
        found += [(protocol, *one) for one in _stretches(ports, low, high)]
    return found


def _stretches(ports: Ints, low: int, high: int) -> list[tuple[int, int]]:
    """Return single ports, neighbours as one stretch; a range where many are near each other; else what is open."""
    if low == high and low != ALL:
        return [(low, high)]
    runs = np.split(ports, np.flatnonzero(np.diff(ports) > 1) + 1)
    if len(runs) <= _SINGLE:
        return [(int(run[0]), int(run[-1])) for run in runs]
    first, last = int(ports[0]), int(ports[-1])
    return [(first, last)] if last - first < _DENSE * len(ports) else [(low, high)]


def _peers(network: Network, known: Hosts, rule: GroupRule, at: Ints) -> list[str]:
    """Return a group that all hosts share, else CIDRs that have them; the rule's own where neither is smaller."""
    if rule.peer.startswith(("sg-", "pl-")):
        return [rule.peer]
    whole = ip_network(rule.peer, strict=False)
    open_to_all = not rule.egress and whole.prefixlen == 0 and not known.inside[at].all()
    if whole.num_addresses == 1 or open_to_all:  # who visited yesterday is not who visits a public service
        return [rule.peer]
    hosts = [str(name) for name in known.names[at]]
    vpc = next((one.vpc for one in network.members_of.get(rule.group, ())), "")  # a reference is to groups there
    group = _shared_group(network, [known.carried.get((vpc, host), frozenset()) for host in hosts], whole)
    return [group] if group else _cidrs(whole, hosts)


def _shared_group(network: Network, carried: Sequence[frozenset[str]], whole: Block) -> str:
    """Return the smallest group that all hosts carry and that reaches no further than the rule does."""
    shared = carried[0].intersection(*carried)
    fitting = []
    for name in shared & network.group_of.keys():
        members = [text for one in network.members_of[name] for text in (*one.addresses, *one.prefixes)]
        blocks = [block for text in members if (block := ip_network(text)).version == whole.version]
        if all(block.subnet_of(whole) for block in blocks):  # type: ignore[arg-type]
            fitting.append((len(members), name))
    return min(fitting)[1] if fitting else ""


def _cidrs(whole: Block, hosts: Iterable[str]) -> list[str]:
    """Return the smallest CIDRs in the network that have all hosts, at most four; else the network."""
    blocks = [_block(host) for host in hosts]
    lengths = [one for one in (whole.max_prefixlen, *_LENGTHS[whole.version]) if one > whole.prefixlen]
    if len({_key(block, lengths[-1]) for block in blocks}) > 2 * _CIDRS:
        return [str(whole)]
    for length in lengths:
        wider = {block.supernet(new_prefix=min(length, block.prefixlen)) for block in blocks}
        joined = list(collapse_addresses(sorted(wider)))  # type: ignore[type-var]
        if len(joined) <= _CIDRS:
            return [str(block) for block in joined]
    return [str(whole)]


def _key(block: Block, length: int) -> int:
    return int(block.network_address) >> (block.max_prefixlen - length)


@lru_cache(1 << 16)
def _block(text: str) -> Block:
    return ip_network(text)


class _Sizes:
    """How many addresses times services rules are open to."""

    def __init__(self, network: Network) -> None:
        self._network, self._known = network, dict[str, int]()

    def of(self, rule: GroupRule) -> int:
        """Return it of one rule."""
        first, last = services.of_rule(rule)
        if rule.peer not in self._known:
            self._known[rule.peer] = self._addresses(rule.peer)
        return (last - first + 1) * self._known[rule.peer]

    def _addresses(self, peer: str) -> int:
        if peer.startswith("sg-"):
            members = self._network.members_of.get(peer, ())
            return sum(ip_network(text).num_addresses for one in members for text in (*one.addresses, *one.prefixes))
        if peer.startswith("pl-"):
            known = self._network.prefix_list_of.get(peer)
            return sum(ip_network(cidr).num_addresses for cidr in known.cidrs) if known else 0
        return ip_network(peer, strict=False).num_addresses
