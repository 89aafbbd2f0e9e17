"""Verdicts: the engine agrees with a plain evaluator, and with what the documentation says of rules."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import asdict
from typing import Any

import pandas as pd

from rejectkit.network.judging.engine import NOT_ASKED, judge
from rejectkit.network.model import IMPLICIT, Network
from rejectkit.network.packets import Packet, Packets
from tests.drawn_networks import drawn_network
from tests.drawn_packets import drawn_packet, open_wide, worn
from tests.reference import firewall

CASES = int(os.environ.get("REJECTKIT_FIREWALL_CASES", "20000"))
EACH = 60
SAYS: dict[Any, int] = {True: 1, False: 0, None: -1, "not asked": NOT_ASKED}


def disagreements(network: Network, packets: list[Packet], mix: Counter[str]) -> list[str]:
    """Return a text for each packet of which engine and plain evaluator say different things; count what they say."""
    frame = pd.DataFrame([asdict(one) for one in packets])
    arrays = Packets.of(network, frame)
    judged, told, found = judge(network, arrays), network.verdicts(frame), []
    for at, (packet, row) in enumerate(zip(packets, told.itertuples(index=False), strict=True)):
        plain = firewall.judge(network, packet)
        rule, entry = judged.group_rule[at], judged.acl_entry[at]
        ours = int(judged.allowed[at]), int(judged.group[at]), int(judged.acl[at])
        theirs = SAYS[plain.allowed], SAYS[plain.group], SAYS[plain.acl]
        same = ours == theirs
        if ours[1] == 1:
            same &= (judged.group_rules[rule] if rule >= 0 else None) in plain.rules
        if ours[2] in (0, 1):
            number = judged.acl_entries[entry][1]
            version = int(arrays.places.family[arrays.peer[at]])
            same &= (number.number if number else IMPLICIT[version]) in plain.entries
        same &= (None if pd.isna(row.allowed) else bool(row.allowed)) == plain.allowed
        same &= (row.layer, row.rule) in named(packet, plain)
        if not same:
            found.append(f"{packet}\n  engine {ours} {row}\n  plain {plain}")
        mix[f"allowed {plain.allowed}"] += 1
        mix[f"refused by {row.layer}"] += bool(row.layer)
    return found


def named(packet: Packet, plain: firewall.Outcome) -> set[tuple[str, str]]:
    """Return the layer and rule that a verdict may name."""
    if plain.allowed is None:
        return {("cannot-tell", "")}
    if plain.allowed:
        return {("", rule.id or str(rule)) if rule else ("", "") for rule in plain.rules} or {("", "")}
    groups = {("sg-out" if packet.direction == "egress" else "sg-in", "absent")}
    acl = "nacl-reply" if packet.reply else "nacl-out" if packet.direction == "egress" else "nacl-in"
    numbers = {(acl, str(number)) for number in plain.entries}
    if plain.group is False and plain.acl is False:
        return groups if packet.direction == "egress" else numbers
    if plain.group is False or plain.acl is False:
        return groups if plain.group is False else numbers
    return {("cannot-tell", "")}


def test_verdicts_agree_with_a_plain_evaluator() -> None:
    """What the engine says of packets at the edges of random rules is what a walk over the rules one by one says."""
    rng, mix, wrong = random.Random(int(os.environ.get("REJECTKIT_SEED", "7"))), Counter[str](), []
    for _ in range(CASES // EACH + 1):
        network = worn(rng, open_wide(rng, drawn_network(rng)))
        wrong += disagreements(network, [drawn_packet(rng, network) for _ in range(EACH)], mix)
    assert not wrong, f"{len(wrong)} of {mix.total()}; the first:\n" + "\n".join(wrong[:3])
    counts = {name: mix[f"allowed {name}"] for name in (True, False, None)}
    assert min(counts.values()) > sum(counts.values()) * 0.05, counts
