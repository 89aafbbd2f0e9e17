"""A connection attempt from outside, into the scenario's VPC: the rules of the moment judge it, and it is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.probes.attempt import ACCEPTED, SILENT, TIMEOUT, Attempt, Target
from rejectkit.network.judging.engine import YES, judge
from rejectkit.network.packets import Packets
from rejectkit.records import NULL, LogFormat, by_name
from rejectkit.sandbox.playing.aggregation import INTERVAL
from rejectkit.sandbox.playing.dice import Dice
from rejectkit.sandbox.playing.enforcing import rules_now
from rejectkit.sandbox.playing.everyday import WINDOWS
from rejectkit.sandbox.playing.layout import Interface
from rejectkit.sandbox.playing.traffic import SYN, SYN_ACK, TCP

if TYPE_CHECKING:
    from rejectkit.sandbox.playing.pipeline import Deliveries

OFFICE: Final = "192.168.10.77"
"""Who tries a private address: a desk in the head office, over the VPN."""
STRANGER: Final = {4: "198.51.100.77", 6: "2001:db8:ffff::77"}
"""Who tries a public one, by IP version: somebody on the internet."""

_AGAIN: Final = (0, 1, 3)  # seconds after which a first packet is sent, within the five that are waited
_SIZE: Final = 60  # bytes of a first packet


@dataclass(frozen=True, slots=True)
class Packet:
    """Packets of one flow at an interface: which way, between whom, and whether they were let pass."""

    egress: bool
    ends: tuple[str, str]
    ports: tuple[int, int]
    accepted: bool
    flags: int


def packets(
    deliveries: Deliveries, interface: Interface, ends: tuple[str, str], ports: tuple[int, int]
) -> list[Packet]:
    """Return what an interface sees of an attempt: its first packet, and the answer if that was let in.

    EC2's rules of the moment judge both.
    """
    client, server = ends
    rules = rules_now(deliveries.world, deliveries.region)
    asked = {"interfaceId": interface.id, "direction": "ingress", "srcAddr": client, "dstAddr": server}
    answer = {"interfaceId": interface.id, "direction": "egress", "srcAddr": server, "dstAddr": client}
    there, back = (
        dict(zip(("srcPort", "dstPort"), ports, strict=True)),
        dict(zip(("dstPort", "srcPort"), ports, strict=True)),
    )
    rows = [{**asked, **there, "reply": False}, {**answer, **back, "reply": True}]
    frame = pd.DataFrame(rows).assign(protocol=TCP)
    enters, leaves = (judge(rules, Packets.of(rules, frame)).allowed == YES).tolist()
    seen = [Packet(False, ends, ports, enters, SYN)]
    if enters and interface.kind != "nat_gateway":  # which drops what nobody inside asked for, and is told to accept it
        seen.append(Packet(True, ends[::-1], ports[::-1], leaves, SYN_ACK))
    return seen


def knock(deliveries: Deliveries, address: str, port: int, source: str | None = None) -> Attempt:
    """Play one attempt to connect, and let its records be delivered as late as records are; return what came of it.

    The clock goes on by the seconds that an attempt without answer takes.

    Raises
    ------
    ArgumentError
        If the address, port or source cannot be used.
    """
    target, world = Target(address, port), deliveries.world
    server = target.ip
    interface = _interface(deliveries.scenario.network.interfaces, target.address)
    near = server in ip_network(deliveries.scenario.network.cidr)
    client = Target(source or (OFFICE if near else STRANGER[server.version]), port).address
    if ip_address(client).version != server.version or _interface(deliveries.scenario.network.interfaces, client):
        raise ArgumentError(
            f"the source is {client}; give an address outside the VPC, of the same IP version as {target.address}"
        )
    with world.lock:
        deliveries.knocks += 1
        ports = int(_dice(deliveries).between(*WINDOWS, 1)[0]), port
        if interface is None:  # nobody has the address, so no interface sees it
            seen: list[Packet] = []
        else:
            shown = interface.address6 if server.version == 6 else _own(interface, target.address)
            seen = packets(deliveries, interface, (client, str(shown)), ports)
            for packet in seen:
                _record(deliveries, interface, packet)
    if len(seen) == 2 and seen[-1].accepted:
        return Attempt(ACCEPTED, ports[0])
    world.clock.advance(TIMEOUT)
    return Attempt(SILENT, ports[0], f"no answer within {TIMEOUT:.1f} s")


def _record(deliveries: Deliveries, interface: Interface, packet: Packet) -> None:
    """Let the records of a flow arrive, one for each aggregation interval that its packets fall into."""
    scenario, now = deliveries.scenario, int(deliveries.world.clock.seconds)
    mine = np.array(scenario.interfaces) == interface.id
    closes = scenario.closes[mine]
    phase = int(closes[0] % INTERVAL) if len(closes) else 0
    again = (0,) if packet.accepted else _AGAIN
    times = np.array([now + wait for wait in again], np.int64)
    ends = (times - phase) // INTERVAL * INTERVAL + INTERVAL + phase
    for close in np.unique(ends).tolist():
        inside = times[ends == close]
        line = _line(deliveries, interface, packet, (int(inside[0]), int(inside[-1]), len(inside)))
        deliveries.later(interface.id, int(inside[0]), close, line)


def _line(deliveries: Deliveries, interface: Interface, packet: Packet, seen: tuple[int, int, int]) -> str:
    """Return a record as a line of the flow log; what is not known of it is `-`."""
    network, wanted = deliveries.scenario.network, deliveries.log_format
    first, last, count = seen
    own = interface.address if "." in packet.ends[0] else None
    shown = [own if own and end in _addresses(interface) else end for end in packet.ends]
    subnet = network.subnet(interface)
    known: dict[str, Any] = {
        "version": _version(wanted),
        "account-id": network.account,
        "interface-id": interface.id,
        "srcaddr": shown[0],
        "dstaddr": shown[1],
        "srcport": packet.ports[0],
        "dstport": packet.ports[1],
        "protocol": TCP,
        "packets": count,
        "bytes": count * _SIZE,
        "start": first,
        "end": last,
        "action": "ACCEPT" if packet.accepted else "REJECT",
        "log-status": "OK",
        "vpc-id": network.vpc,
        "subnet-id": subnet.id,
        "instance-id": interface.instance,
        "tcp-flags": packet.flags,
        "type": "IPv4" if own else "IPv6",
        "pkt-srcaddr": packet.ends[0],
        "pkt-dstaddr": packet.ends[1],
        "region": deliveries.region,
        "flow-direction": "egress" if packet.egress else "ingress",
    }
    return " ".join(NULL if known.get(name) is None else str(known[name]) for name in wanted.fields)


def _version(wanted: LogFormat) -> int:
    return max((by_name[field].since for field in wanted.fields if field in by_name), default=2)


def _addresses(one: Interface) -> tuple[str | None, ...]:
    return one.address, one.secondary, one.public, one.address6


def _interface(interfaces: Iterable[Interface], address: str) -> Interface | None:
    return next((one for one in interfaces if address in _addresses(one)), None)


def _own(interface: Interface, address: str) -> str:
    """Return the private address that packets to an interface's address have inside the VPC."""
    return interface.address if address == interface.public else address


def _dice(deliveries: Deliveries) -> Dice:
    return Dice(deliveries.scenario.seed, f"knock {deliveries.knocks}")
