"""The other ends that a rule is to name, as few and as small as can be: a group, a prefix list, or CIDRs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import collapse_addresses, ip_address, ip_network
from typing import Final, TypeVar

from rejectkit.network.advising.facts import Block, Facts
from rejectkit.network.judging.tables import IPV6, Span, Spans, merged

Item = TypeVar("Item", bound=str)

FEW: Final = 4
"""Up to so many addresses are named one by one; more are put together, within the limit."""
_PAIR: Final = 2  # CIDRs of one place that stay apart


@dataclass(frozen=True, slots=True)
class Limits:
    """What no rule may pass.

    Attributes
    ----------
    widest : int
        Shortest prefix of an IPv4 CIDR that several sources are put together in.
    shunned : spans of the line of addresses
        What no rule is to admit.
    """

    widest: int
    shunned: Spans

    @property
    def addresses(self) -> int:
        """How many addresses a rule may admit at most where it names more than what was seen."""
        return int(1 << (32 - self.widest))

    def prefix(self, version: int) -> int:
        """Return the shortest prefix of an IP version: that of as many addresses."""
        return self.widest if version == 4 else 96 + self.widest

    def shuns(self, block: Block) -> bool:
        """Tell whether a block has something in it that no rule is to admit."""
        first, last = _span(block)
        at = bisect_right(self.shunned, (last - 1, IPV6 << 2)) - 1
        return at >= 0 and self.shunned[at][1] > first

    @classmethod
    def of(cls, widest: int, shunned: Iterable[str]) -> Limits:
        """Return the limits; `shunned` are addresses and networks as text."""
        return cls(widest, merged(_span(ip_network(text)) for text in shunned if _is_block(text)))


@dataclass(frozen=True, slots=True)
class Peers:
    """Other ends that one rule, or several of one kind, name.

    Attributes
    ----------
    names : tuple of str
        What rules name: the id of a group or of a prefix list, or CIDRs.
    of : frozenset of str
        The addresses that were seen.
    addresses : int
        How many addresses they admit, all in all.
    owner, vpc : str
        Of a group in a peered VPC.
    """

    names: tuple[str, ...]
    of: frozenset[str]
    addresses: int
    owner: str = ""
    vpc: str = ""

    @property
    def kind(self) -> str:
        """`group`, `list` or `cidr`."""
        return {"sg-": "group", "pl-": "list"}.get(self.names[0][:3], "cidr")


def roles(carried: Mapping[Item, Collection[str]], members: Callable[[str], int]) -> list[tuple[str, frozenset[Item]]]:
    """Return groups that some items carry, such that each item is in one and few others are.

    Parameters
    ----------
    carried : mapping
        The groups of each item; at least one each.
    members : callable
        How many carry a group.

    Returns
    -------
    list of (group, items)
        One group that all carry, if it has no more other members than the smallest group of each item has.
    """
    if not carried:
        return []
    share = {group: sum(group in groups for groups in carried.values()) for one in carried.values() for group in one}
    smallest: dict[str, set[Item]] = {}
    for item, groups in carried.items():
        smallest.setdefault(min(groups, key=lambda one: (members(one), one)), set()).add(item)
    common = [group for group, number in share.items() if number == len(carried)]
    if common:
        best = min(common, key=lambda one: (members(one), one))
        if members(best) - len(carried) <= sum(members(group) - len(items) for group, items in smallest.items()):
            return [(best, frozenset(carried))]
    return [(group, frozenset(items)) for group, items in sorted(smallest.items())]


def peers_of(facts: Facts, vpc: str, addresses: Collection[str], limits: Limits) -> list[Peers]:
    """Return what rules of a security group are to name, for some addresses: groups first, then CIDRs by IP version.

    A group is named where it has what was seen, its other members have no more addresses than the limit, and none
    that is shunned. A reference means private addresses of interfaces, in the same VPC or a peered one, and not of
    what other hosts' traffic passes through. Source: VPC User Guide, "Security group rules".
    """
    network, owners = facts.network, facts.owners(vpc)
    owner = {address: owners[address] for address in addresses if address in owners}
    by_id = {one.id: one for one in owner.values()}
    carried = {one.id: [group for group in one.groups if group in network.group_of] for one in by_id.values()}
    found, left = list[Peers](), set(addresses)
    for group, items in roles({item: groups for item, groups in carried.items() if groups},
                              lambda one: len(network.members_of.get(one, ()))):  # fmt: skip
        mine = frozenset(address for address, one in owner.items() if one.id in items)
        total = facts.addresses(group)
        if total - len(mine) > limits.addresses:
            continue
        strange = [block for text, block in facts.blocks(group) if text not in mine or block.num_addresses > 1]
        if any(limits.shuns(block) for block in strange):
            continue
        home = network.group_of[group].vpc
        away = (network.group_of[group].owner, home) if home != vpc else ("", "")
        found.append(Peers((group,), mine, total, *away))
        left -= mine
    for version in (4, 6):
        mine = frozenset(one for one in left if (":" in one) == (version == 6))
        if mine:
            found.append(blocks_of(mine, limits))
    return found


def blocks_of(addresses: Collection[str], limits: Limits) -> Peers:
    """Return CIDRs for some addresses of one IP version."""
    cover = covering(addresses, limits)
    total = sum(one.num_addresses for one in cover)
    return Peers(tuple(str(one) for one in cover), frozenset(addresses), total)


def listed(facts: Facts, peers: Peers, limits: Limits, room: int) -> Peers | None:
    """Return a prefix list in the place of CIDRs, if one has all that was seen and admits no more than they do.

    Parameters
    ----------
    room : int
        How many rules the list may count as.
    """
    sizes, found = facts.sizes, []
    blocks = [ip_network(one) for one in peers.names]
    for one, entries in facts.lists:
        total = sum(block.num_addresses for block in entries)
        fits = total <= peers.addresses and sizes[one.id].rules <= room
        fits = fits and all(entry.version == blocks[0].version for entry in entries)
        if fits and all(_within(text, entries) for text in peers.of) and not any(map(limits.shuns, entries)):
            found.append((total, sizes[one.id].rules, one.id))
    if not found:
        return None
    total, _, name = min(found)
    return Peers((name,), peers.of, total)


def covering(addresses: Collection[str], limits: Limits) -> list[Block]:
    """Return CIDRs that have all of some addresses of one IP version.

    Few are named one by one. More are put together by the widest prefix that may be, each part as small as its
    addresses allow, and taken apart again where something shunned would be in it.

    Examples
    --------
    >>> [str(one) for one in covering(["10.0.0.1", "10.0.0.2", "10.0.9.9"], Limits.of(24, ()))]
    ['10.0.0.1/32', '10.0.0.2/32', '10.0.9.9/32']
    >>> [str(one) for one in covering([f"10.0.0.{n}" for n in (1, 3, 5, 7, 9, 11)], Limits.of(24, ()))]
    ['10.0.0.0/28']
    """
    singles = sorted((ip_network(one) for one in set(addresses)), key=lambda one: int(one.network_address))
    exact = _collapsed(singles)
    widest = limits.prefix(singles[0].version)
    if (len(singles) <= FEW or len(exact) == 1) and all(one.prefixlen >= widest for one in exact):
        return exact
    parts: dict[Block, list[Block]] = {}
    for one in singles:
        parts.setdefault(one.supernet(new_prefix=min(widest, one.prefixlen)), []).append(one)
    found: list[Block] = []
    for mine in parts.values():
        alone = _collapsed(mine)
        found += alone if len(alone) <= _PAIR else _together(mine, limits)
    return found


def _together(singles: list[Block], limits: Limits) -> list[Block]:
    """Return the smallest block that has them all, or those of its halves where that has something shunned."""
    if len(singles) == 1:
        return singles
    first, last = int(singles[0].network_address), int(singles[-1].network_address)
    length = singles[0].max_prefixlen - (first ^ last).bit_length()
    block = singles[0].supernet(new_prefix=length)
    exact = _collapsed(singles)
    if len(exact) == 1 or not limits.shuns(block):
        return [block] if len(exact) > 1 else exact
    middle = int(block.network_address) + block.num_addresses // 2
    halves = ([one for one in singles if int(one.network_address) < middle],
              [one for one in singles if int(one.network_address) >= middle])  # fmt: skip
    return [each for half in halves for each in _together(half, limits)]


def _collapsed(singles: Sequence[Block]) -> list[Block]:
    return list(collapse_addresses(singles))  # type: ignore[type-var]


def _span(block: Block) -> Span:
    first = int(block.network_address) + (IPV6 if block.version == 6 else 0)
    return first, first + block.num_addresses


def _within(text: str, blocks: Iterable[Block]) -> bool:
    address = ip_address(text)
    return any(address in block for block in blocks)


def _is_block(text: str) -> bool:
    try:
        return bool(ip_network(text))
    except ValueError:
        return False
