"""Protocols and ports as rules have them: names to numbers, and traffic in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ALL: Final = -1
"""Every protocol; every port; every type or code of ICMP."""

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
PROTOCOLS: Final[Mapping[str, int]] = {"-1": ALL, "all": ALL, "tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMP6}
"""Names of the EC2 API to IANA numbers; any other protocol is its number as text."""
PORTED: Final = (TCP, UDP)
"""Protocols that have ports; of any other but ICMP, rules ignore them. Source: EC2 API, IpPermission."""


def protocol_number(text: str | int) -> int:
    """Return the number of a protocol as the EC2 API spells it."""
    name = str(text).lower()
    return PROTOCOLS[name] if name in PROTOCOLS else int(name)


def protocol_name(number: int) -> str:
    """Return a protocol as the EC2 API spells it in security group rules."""
    return {ALL: "-1", TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmpv6"}.get(number, str(number))


def traffic_text(protocol: int, low: int, high: int) -> str:
    """Return protocol and ports, or type and code, in words: `tcp 5432`."""
    if protocol == ALL:
        return "all traffic"
    name = protocol_name(protocol)
    if protocol in (ICMP, ICMP6):
        return name if low == ALL else f"{name} type {low}" + ("" if high == ALL else f" code {high}")
    if protocol not in PORTED:
        return f"protocol {name}"
    return name if low == ALL else f"{name} {low}" + ("" if low == high else f"-{high}")
