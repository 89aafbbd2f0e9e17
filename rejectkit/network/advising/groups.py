"""Rules of security groups that advice adds: in which group, for whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from rejectkit.network.advising.facts import Facts
from rejectkit.network.advising.flows import Line
from rejectkit.network.advising.peers import Limits, Peers, listed, peers_of, roles
from rejectkit.network.advising.ports import Ports
from rejectkit.network.changing.quota import USUAL
from rejectkit.network.edits import AddRule
from rejectkit.network.model import ALL, ICMP, ICMP6, GroupRule

ECHO: Final = {ICMP: 8, ICMP6: 128}
"""Type of an echo request."""
ECHOED: Final = {ICMP: 0, ICMP6: 129}
"""Type of an echo reply."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one group lacks: rules for one service and one kind of other end.

    Attributes
    ----------
    group : str
    egress : bool
    protocol : int
    ports : (int, int)
    peers : Peers
    lines : tuple of Line
        What would pass.
    """

    group: str
    egress: bool
    protocol: int
    ports: Ports
    peers: Peers
    lines: tuple[Line, ...]

    @property
    def rules(self) -> tuple[GroupRule, ...]:
        """The rules."""
        low, high = (ECHO[self.protocol], ALL) if self.protocol in ECHO else self.ports
        return tuple(
            GroupRule(
                self.group, self.egress, self.protocol, low, high, name,
                peer_owner=self.peers.owner, peer_vpc=self.peers.vpc,
            )
            for name in self.peers.names
        )  # fmt: skip

    @property
    def edits(self) -> tuple[AddRule, ...]:
        """The changes that add them."""
        return tuple(AddRule(rule) for rule in self.rules)


def needs(
    facts: Facts, lines: Collection[Line], ports: dict[Line, Ports], limits: Limits, egress: bool
) -> Iterator[Need]:
    """Yield what groups lack for lines to pass: one a group, service and kind of other end.

    Of an interface's groups the rule goes into the one that all refused interfaces carry and the fewest others.
    """
    network = facts.network
    by_service: dict[tuple[int, Ports], list[Line]] = {}
    for one in lines:
        by_service.setdefault((one.protocol, ports[one]), []).append(one)
    for (protocol, service), mine in by_service.items():
        carried = {one.interface.id: [name for name in one.interface.groups if name in network.group_of]
                   for one in mine}  # fmt: skip
        targets = roles({item: groups for item, groups in carried.items() if groups},
                        lambda one: len(network.members_of.get(one, ())))  # fmt: skip
        for group, items in targets:
            here = [one for one in mine if one.interface.id in items]
            for peers in peers_of(facts, network.group_of[group].vpc, {one.peer for one in here}, limits):
                short = peers
                if peers.kind == "cidr":
                    short = listed(facts, peers, limits, room(facts, group, egress, peers)) or peers
                part = tuple(one for one in here if one.peer in short.of)
                yield Need(group, egress, protocol, service, short, part)


def room(facts: Facts, group: str, egress: bool, peers: Peers) -> int:
    """Return how many rules the usual quota leaves in a group."""
    version = 6 if ":" in next(iter(peers.of)) else 4
    return USUAL["group"] - facts.counts[group][egress, version]
