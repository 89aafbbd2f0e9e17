"""The other ends that the rules of security groups name, as stretches of the line of addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rejectkit.network.judging.codes import KNOWN, NO_LIST, NO_MEMBERS
from rejectkit.network.judging.tables import EVERYWHERE, Spans, merged, spans, without
from rejectkit.network.model import Network

# A reference to a group is to private addresses. Where its members are not known, they may be these
# (*inferred* for IPv4: that the VPC elsewhere has no block of public addresses).
_MEMBERS4: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
_NOT_MEMBERS6: Final = ("::/127", "fe80::/10", "ff00::/8")


class Peers:
    """Where the other ends of a network's group rules are, and where they may be.

    A CIDR is where it says, a prefix list where its entries say, and a group where the private addresses (and
    delegated prefixes) of the interfaces are that carry it. The members of a group that is not in the network may be
    anywhere but on the network's other interfaces. Source: VPC User Guide, "Security group rules".
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        ours = spans(block for one in network.interfaces for block in (*one.addresses, *one.prefixes))
        sixes = without(EVERYWHERE[1:], spans(_NOT_MEMBERS6))
        self._strangers = without(merged((*spans(_MEMBERS4), *sixes)), ours)
        named = dict.fromkeys(rule.peer for group in network.groups for rule in group.rules)
        self._certain = {peer: self._found(peer) for peer in named}

    def certain(self, peer: str) -> Spans:
        """Return where the other end surely is."""
        return self._certain[peer]

    def perhaps(self, peer: str) -> tuple[Spans, int]:
        """Return where it may be besides, and the code of why that is open."""
        if peer.startswith("pl-") and peer not in self._network.prefix_list_of:
            return EVERYWHERE, NO_LIST
        if peer.startswith("sg-") and peer not in self._network.group_of:
            return self._strangers, NO_MEMBERS
        return (), KNOWN

    def every(self) -> Iterator[Spans]:
        """Yield all there are."""
        yield self._strangers
        yield from self._certain.values()

    def _found(self, peer: str) -> Spans:
        if peer.startswith("pl-"):
            known = self._network.prefix_list_of.get(peer)
            return spans(known.cidrs) if known else ()
        if peer.startswith("sg-"):
            members = self._network.members_of.get(peer, ())
            return spans(block for one in members for block in (*one.addresses, *one.prefixes))
        return spans([peer])
