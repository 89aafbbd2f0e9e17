"""IP functions of the query language, on addresses as text."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
RESERVED = (
    "0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "::1/128", "fe80::/10", "ff00::/8", "2001:db8::/32",
)  # fmt: skip


def address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address a text is, or None; octets with a leading zero and zone indexes are not addresses."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def is_valid(text: str, versions: tuple[int, ...]) -> bool:
    """Tell whether a text is an address of one of these versions."""
    found = address(text)
    return found is not None and found.version in versions


def in_subnet(text: str, block: str, versions: tuple[int, ...]) -> bool:
    """Tell whether a text is an address of one of these versions inside a block."""
    found, network = address(text), ipaddress.ip_network(block, strict=False)
    return found is not None and found.version in versions and found.version == network.version and found in network


def is_private(text: str) -> bool:
    """Tell whether an address is of RFC 1918, or a unique local one of IPv6."""
    return any(in_subnet(text, block, (4, 6)) for block in PRIVATE)


def is_reserved(text: str) -> bool:
    """Tell whether an address is set aside: loopback, link-local, documentation, multicast and the like."""
    return any(in_subnet(text, block, (4, 6)) for block in RESERVED)


def is_public(text: str) -> bool:
    """Tell whether a text is an address that is neither private nor reserved."""
    return address(text) is not None and not is_private(text) and not is_reserved(text)


def ipv4_number(text: str) -> float | None:
    """Return an IPv4 address as the number its 32 bits make."""
    found = address(text)
    return float(int(found)) if isinstance(found, IPv4Address) else None
