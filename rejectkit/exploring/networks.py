"""Where an address belongs: public, private, link-local, multicast or nowhere; and which network it is in."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rejectkit.errors import ArgumentError

Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

PUBLIC, PRIVATE, LINK_LOCAL, MULTICAST, NOWHERE, NOT_AN_ADDRESS = range(6)

# Source: IANA special-purpose address registries. Documentation and benchmark ranges count as public: in a
# log they stand for somebody outside. 100.64.0.0/10 counts as private: EKS and many networks use it inside.
_SPECIAL: tuple[tuple[str, int], ...] = (
    ("0.0.0.0/8", NOWHERE),
    ("10.0.0.0/8", PRIVATE),
    ("100.64.0.0/10", PRIVATE),
    ("127.0.0.0/8", NOWHERE),
    ("169.254.0.0/16", LINK_LOCAL),
    ("172.16.0.0/12", PRIVATE),
    ("192.168.0.0/16", PRIVATE),
    ("224.0.0.0/4", MULTICAST),
    ("240.0.0.0/4", NOWHERE),
    ("::/127", NOWHERE),
    ("fc00::/7", PRIVATE),
    ("fe80::/10", LINK_LOCAL),
    ("ff00::/8", MULTICAST),
)
# Source: EC2 and VPC user guides: metadata, DNS and time answer at these addresses on every instance.
_AMAZON_LOCAL = ("169.254.0.0/16", "fd00:ec2::/32")
# Source: "IP address ranges of Amazon Route 53 servers", ROUTE53_HEALTHCHECKS, IPv4, outside China. AWS publishes
# them as the list to admit; they have been the same since 2019. No other range is told by address alone.
_HEALTH_CHECKERS = """
15.177.0.0/18 54.183.255.128/26 54.228.16.0/26 54.232.40.64/26 54.241.32.64/26 54.243.31.192/26 54.244.52.192/26
54.245.168.0/26 54.248.220.0/26 54.250.253.192/26 54.251.31.128/26 54.252.79.128/26 54.252.254.192/26
54.255.254.192/26 107.23.255.0/26 176.34.159.192/26 177.71.207.128/26
"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses as numbers, one element per address.

    Attributes
    ----------
    family : array of int
        4, 6, or 0 for text that is no address.
    high, low : array of uint64
        The upper and lower 64 bits; an IPv4 address is all in `low`.
    """

    family: npt.NDArray[np.int8]
    high: Words
    low: Words

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Addresses:
        """Return the numbers of address texts; an IPv4 address mapped into IPv6 is taken as the IPv4 one.

        Examples
        --------
        >>> Addresses.parse(["10.0.0.1", "2001:db8::1", "ten"]).family.tolist()
        [4, 6, 0]
        """
        family = np.zeros(len(texts), np.int8)
        packed = np.zeros((len(texts), 16), np.uint8)
        for at, text in enumerate(texts):
            family[at], raw = _pack(text)
            packed[at] = np.frombuffer(raw, np.uint8)
        words = packed.view(">u8").astype(np.uint64).reshape(len(texts), 2)
        high, low = words[:, 0].copy(), words[:, 1].copy()
        mapped = (family == 6) & (high == 0) & (low >> np.uint64(32) == 0xFFFF)
        family[mapped] = 4
        low[mapped] &= np.uint64(0xFFFFFFFF)
        return cls(family, high, low)

    def within(self, networks: Iterable[str]) -> Bools:
        """Tell for each address whether it is in one of the networks (`10.0.0.0/8`, or a single address).

        Raises
        ------
        ArgumentError
            If a text is not a network.

        Examples
        --------
        >>> Addresses.parse(["10.1.2.3", "2001:db8::1"]).within(["10.0.0.0/8"]).tolist()
        [True, False]
        """
        found = np.zeros(len(self.family), np.bool_)
        for text in networks:
            net = network(text)
            base, keep = int(net.network_address), int(net.netmask)
            if net.version == 4:
                hit = self.low & np.uint64(keep) == np.uint64(base)
            else:
                half = (1 << 64) - 1
                hit = self.high & np.uint64(keep >> 64) == np.uint64(base >> 64)
                hit &= self.low & np.uint64(keep & half) == np.uint64(base & half)
            found |= hit & (self.family == net.version)
        return found

    def kinds(self) -> npt.NDArray[np.int8]:
        """Return for each address one of PUBLIC, PRIVATE, LINK_LOCAL, MULTICAST, NOWHERE, NOT_AN_ADDRESS."""
        kinds = np.full(len(self.family), PUBLIC, np.int8)
        for text, kind in _SPECIAL:
            kinds[self.within([text])] = kind
        kinds[self.family == 0] = NOT_AN_ADDRESS
        return kinds

    def amazon_local(self) -> Bools:
        """Tell for each address whether only Amazon's own services on the host answer there."""
        return self.within(_AMAZON_LOCAL)

    def health_checkers(self) -> Bools:
        """Tell for each address whether Route 53's health checks come from there."""
        return self.within(_HEALTH_CHECKERS.split())


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return the network a text names; host bits may be set.

    Raises
    ------
    ArgumentError
        If it names none.

    Examples
    --------
    >>> network("10.0.3.7/16")
    IPv4Network('10.0.0.0/16')
    """
    try:
        return ipaddress.ip_network(str(text).strip(), strict=False)
    except ValueError as error:
        raise ArgumentError(
            f"{text!r} is not an address or a network; write it like '10.0.0.0/16' or '2001:db8::7'"
        ) from error


def as_list(value: str | Iterable[str]) -> list[str]:
    """Return addresses or networks given as one text or as several, checked and in order.

    Examples
    --------
    >>> as_list("10.0.0.0/16"), as_list(["10.0.3.7"])
    (['10.0.0.0/16'], ['10.0.3.7'])
    """
    texts = [value] if isinstance(value, str) else list(value)
    return [str(network(text)) if "/" in str(text) else str(network(text).network_address) for text in texts]


def _pack(text: str) -> tuple[int, bytes]:
    """Return family and 16 bytes of an address text; family 0 if it is none."""
    try:
        if ":" in text:
            return 6, socket.inet_pton(socket.AF_INET6, text)
        return 4, bytes(12) + socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return 0, bytes(16)
