"""Blame: a million records against 50 groups of 60 rules and 20 network ACLs of 20; a plain loop beside it."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.network_bench import ACLS, ENTRIES, GROUPS, RECORDS, RULES, fits, network, records
from benchmarks.rounds import run
from rejectkit.network.model import Network

SAMPLE = 6_000  # records that the plain loop explains
ROWS = (  # what is measured, its name in the table, the target and whether it is the least
    ("ready", "the rules made ready, seconds", None, False),
    ("mixed", "1 million records, some accepted, with flags and directions: seconds", 10.0, False),
    ("refused", "1 million refused records of the default format, the rules made ready included: seconds", 10.0, False),
    ("cpu", "the first again, seconds of the processor", None, False),
    ("plain", "1 million records by the plain loop, seconds of the processor (a sample, scaled)", None, False),
    ("times", "how many times as fast as that, by the processor", 50.0, True),
    ("parsed", "the plain loop with every CIDR parsed before, seconds of the processor", None, False),
    ("ahead", "how many times as fast as that", None, True),
    ("memory", "memory at most, GB", 2.0, False),
)
ENDS = ["interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol"]
DEFAULT = [*ENDS, "packets", "bytes", "start", "end", "action"]


def traffic(rules: Network, number: int = RECORDS, seed: int = 9) -> pd.DataFrame:
    """Return records with flags: most of them refused, one in ten as accepted, and some late packets and replies."""
    rng = np.random.default_rng(seed)
    frame = records(rules, number)
    flags = np.where(frame["protocol"] == 6, rng.choice([2, 18, 1, 4, 0], number, p=[0.7, 0.1, 0.1, 0.05, 0.05]), 0)
    frame["tcpFlags"] = pd.array(flags, dtype="Int64")
    accepted = rng.random(number) < 0.1
    frame.loc[accepted, "action"] = "ACCEPT"
    again, seen = np.flatnonzero(~accepted)[: number // 20], rng.choice(np.flatnonzero(accepted), number // 20)
    for name in [*ENDS, "flowDirection", "direction"]:
        frame[name] = frame[name].array.take(_placed(number, again, seen))
    return frame


def _placed(number: int, to: Any, of: Any) -> Any:
    places = np.arange(number)
    places[to] = of
    return places


def explained(rules: Network, frame: pd.DataFrame, *, parsed: bool) -> Callable[[Any], tuple[str, str]]:
    """Return a function that explains one record as blame does, with `ipaddress`; CIDRs may be parsed before.

    It looks for the accepted flow of the same ends, or with the ends exchanged; asks groups and network ACL; without
    SYN the other way round too; of accepted records, whether today's rules would refuse them; and makes a sentence.
    """
    asked = layers(rules, ip_network if parsed else str)
    seen: dict[tuple[Any, ...], int] = {}
    for one in frame[frame["action"] == "ACCEPT"].itertuples():
        key = (one.interfaceId, one.srcAddr, one.dstAddr, one.srcPort, one.dstPort, one.protocol)
        seen[key] = min(seen.get(key, one.start), one.start)

    def explain(one: Any) -> tuple[str, str]:
        card, egress = rules.interface_of[one.interfaceId], one.flowDirection == "egress"
        peer, way = ip_address(one.dstAddr if egress else one.srcAddr), "outbound" if egress else "inbound"
        admitted, entry = asked(card, egress, peer, one)
        if one.action == "ACCEPT":
            return "", f"{admitted} {entry}"
        opens = one.tcpFlags & 2 and not one.tcpFlags & 16
        if not opens:
            asked(card, not egress, peer, _Turned(one.protocol, one.srcPort))
            forth = (one.interfaceId, one.srcAddr, one.dstAddr, one.srcPort, one.dstPort, one.protocol)
            back = (one.interfaceId, one.dstAddr, one.srcAddr, one.dstPort, one.srcPort, one.protocol)
            if seen.get(forth, one.start + 1) <= one.start:
                return "late", "A packet that came after its connection had closed."
            if seen.get(back, one.start + 61) <= one.start + 60:
                return "reply", f"A reply to a flow that was accepted. {way} rule {entry} refuses it."
        if admitted is False or entry is not True:
            groups = " and ".join(f"{rules.group_of[name].name} ({name})" for name in card.groups)
            return "refused", f"No {way} rule of {groups} admits it. The network ACL says {entry}."
        return "cannot-tell", f"The rules of {card.id} would let it pass."

    return explain


class _Turned(NamedTuple):
    protocol: int
    dstPort: int


def layers(rules: Network, ready: Callable[[str], Any]) -> Callable[[Any, bool, Any, Any], tuple[bool | None, Any]]:
    """Return a function that says what the groups say of a packet, and its network ACL: True, or what refuses."""
    members = {
        name: {ip_address(text) for one in cards for text in one.addresses} for name, cards in rules.members_of.items()
    }
    lists = {one.id: [ready(cidr) for cidr in one.cidrs] for one in rules.prefix_lists}

    def ends(peer: str) -> list[Any]:
        return [members[peer]] if peer in members else lists[peer] if peer in lists else [ready(peer)]

    groups = {group.id: [(rule, ends(rule.peer)) for rule in group.rules] for group in rules.groups}
    acls = {
        subnet: [(entry, ready(entry.cidr)) for entry in sorted(acl.entries, key=lambda one: one.number)]
        for subnet, acl in rules.guard_of.items()
    }
    inside = {one.id: [ready(cidr) for cidr in one.cidrs] for one in rules.subnets}

    def within(peer: Any, block: Any) -> bool:
        return peer in (ip_network(block) if isinstance(block, str) else block)

    def by_groups(card: Any, egress: bool, peer: Any, packet: Any) -> bool | None:
        found: bool | None = False
        for name in card.groups:
            for rule, blocks in groups[name]:
                if rule.egress == egress and any(within(peer, block) for block in blocks):
                    fit = fits(rule.protocol, rule.from_port, rule.to_port, packet)
                    if fit:
                        return True
                    found = None if fit is None else found
        return found

    def by_acl(card: Any, egress: bool, peer: Any, packet: Any) -> Any:
        if any(within(peer, block) for block in inside[card.subnet]):
            return True
        for entry, cidr in acls[card.subnet]:
            if (
                entry.egress == egress
                and within(peer, cidr)
                and fits(entry.protocol, entry.from_port, entry.to_port, packet)
            ):
                return True if entry.allow else entry.number
        return 32767

    return lambda card, egress, peer, packet: (
        by_groups(card, egress, peer, packet),
        by_acl(card, egress, peer, packet),
    )


def once() -> dict[str, float]:
    """Measure everything once; return seconds."""
    from rejectkit.network.blaming.blame import blame

    frame = traffic(network())
    rules, took = network(), {"rows": float(len(frame))}
    mixed = frame.drop(columns="direction")

    begun = time.perf_counter()
    ready = rules.ready
    took["ready"] = time.perf_counter() - begun
    assert ready

    begun, spent = time.perf_counter(), time.process_time()
    answer = blame(mixed, rules)
    took["mixed"], took["cpu"] = time.perf_counter() - begun, time.process_time() - spent
    took["refusals"] = float(answer["layer"].notna().mean())
    took["cannot"] = float((answer["layer"] == "cannot-tell").mean())
    took["reasons"] = float(answer["because"].cat.categories.size)

    rejects = frame[DEFAULT].assign(action=pd.Series("REJECT", index=frame.index, dtype="str"))
    fresh = network()
    begun = time.perf_counter()
    blame(rejects, fresh)
    took["refused"] = time.perf_counter() - begun
    took["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

    for key, parsed, sample in (("plain", False, SAMPLE // 4), ("parsed", True, SAMPLE)):
        explain, rows = explained(rules, frame, parsed=parsed), frame.iloc[:: len(frame) // sample][:sample]
        spent = time.process_time()
        kinds = [explain(one)[0] for one in rows.itertuples()]
        took[key] = (time.process_time() - spent) / len(rows) * len(frame)
    told = [(layer, kind) for layer, kind in zip(answer.loc[rows.index, "layer"], kinds, strict=True) if kind]
    agree = float(np.mean([_same(layer, kind) for layer, kind in told]))
    if agree < 0.9:  # the plain loop knows no FIN, no ports of answers, and no rules that have changed
        raise AssertionError(f"blame and the plain loop agree on {agree:.0%} of {len(told)} records")
    took["agree"], took["times"], took["ahead"] = agree, took["plain"] / took["cpu"], took["parsed"] / took["cpu"]
    return took


def _same(layer: str, kind: str) -> bool:
    if kind in ("late", "cannot-tell"):
        return layer in ("late", "cannot-tell")
    return kind == "reply" or layer.startswith(("sg-", "nacl-"))


def _told(one: dict[str, float]) -> str:
    return (
        f"{one['rows']:,.0f} records, {one['refusals']:.0%} refused, against {GROUPS} groups of {RULES} rules a "
        f"direction and {ACLS} network ACLs of {ENTRIES}; {one['cannot']:.1%} cannot be told, {one['reasons']:,.0f} "
        f"sentences, {one['agree']:.0%} as the plain loop has it"
    )


if __name__ == "__main__":
    raise SystemExit(run("benchmarks.blame_bench", __doc__, once, ROWS, _told))
