"""Verdicts: what a network's rules do with a packet, which of them decides, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from rejectkit.network.judging.engine import OPEN, YES, Judgements, judge
from rejectkit.network.judging.tables import alike
from rejectkit.network.judging.words import Speaker
from rejectkit.network.model import Network
from rejectkit.network.packets import Packet, Packets


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a network's rules do with a packet.

    Attributes
    ----------
    allowed : bool or None
        None where it cannot be told.
    layer : str
        Who refuses it: sg-in, sg-out, nacl-in, nacl-out, or nacl-reply for a reply; the first on its way where two
        do. cannot-tell where it cannot be told; empty where the packet passes.
    rule : str
        Where the packet passes: id of the group's rule, or the rule in words where it has no id; empty where no group
        is asked. Where groups refuse it: absent. Where an ACL does: the number of its rule; 32767 (IPv6: 32768) is
        the last, which refuses what no other fits.
    because : str
        A sentence.
    resource : str
        Where the packet passes: id of the group whose rule it is. Where groups refuse it: ids of the interface's
        groups in order, joined by blanks. Where an ACL does: its id. Else empty.

    Examples
    --------
    >>> from rejectkit.network import Network, Packet
    >>> Network().verdict(Packet("eni-1", "ingress", "198.51.100.7", "10.0.0.5", 40000, 22, 6))
    ... # doctest: +NORMALIZE_WHITESPACE
    Verdict(allowed=None, layer='cannot-tell', rule='',
            because='Whether it passes cannot be told: its interface is not in the network.', resource='')
    """

    allowed: bool | None
    layer: str
    rule: str
    because: str
    resource: str = ""

    def __str__(self) -> str:
        """Return the sentence."""
        return self.because


def verdict(network: Network, packet: Packet) -> Verdict:
    """Return what a network's rules do with a packet: `Network.verdict`."""
    packets = Packets.of(network, pd.DataFrame([asdict(packet)]))
    judged = judge(network, packets)
    said = Speaker(network, packets, judged).say(0)
    allowed = None if judged.allowed[0] == OPEN else bool(judged.allowed[0] == YES)
    return Verdict(allowed, said.layer, said.rule, said.because, said.resource)


def verdicts(network: Network, frame: pd.DataFrame) -> pd.DataFrame:
    """Return what a network's rules do with each packet of a frame: `Network.verdicts`."""
    packets = Packets.of(network, frame)
    told = tell(network, packets, judge(network, packets))
    told.index = frame.index
    return told


def tell(network: Network, packets: Packets, judged: Judgements) -> pd.DataFrame:
    """Return judgements in words: columns allowed, layer, rule, resource, because; one row per packet.

    Packets of which the same is said are worded once.
    """
    family = packets.places.family[packets.peer]
    kind = np.where(judged.allowed == YES, 0, packets.protocol)
    whose, example = alike(
        [
            packets.interface, packets.egress, packets.reply, family, kind, judged.allowed, judged.group, judged.acl,
            judged.group_rule, judged.acl_entry, judged.why, judged.exempt,
        ]
    )  # fmt: skip
    speaker = Speaker(network, packets, judged)
    said = pd.DataFrame([speaker.say(int(row)) for row in example], columns=["layer", "rule", "resource", "because"])
    told = {"allowed": pd.arrays.BooleanArray(judged.allowed == YES, judged.allowed == OPEN)}
    return pd.DataFrame(told | {name: said[name].astype("str").array.take(whose) for name in said.columns})
