"""A place in JSON: what stands there, read with its type, and an error that names the place where it is nonsense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from rejectkit.errors import UnreadableError

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One value in JSON, and the way to it.

    What is absent and what is null are the same.

    Attributes
    ----------
    value : object
        What stands there.
    name : str
        The way to it, as `SecurityGroupRules[3]`.
    origin : str
        What the JSON is: a file's name.
    """

    value: Any
    name: str
    origin: str

    def fault(self, sentence: str, key: str = "") -> UnreadableError:
        """Return an error that names the place, or a member of it, and says what is wrong with it."""
        name = f"{self.name}.{key}" if self.name and key else self.name or key
        return UnreadableError(f"{self.origin}: `{name}` {sentence}" if name else f"{self.origin} {sentence}")

    def get(self, key: str) -> Place | None:
        """Return a member, or None."""
        if not isinstance(self.value, Mapping):
            raise self.fault(f"is {_shown(self.value)}; it should be an object")
        found = self.value.get(key)
        return None if found is None else Place(found, f"{self.name}.{key}" if self.name else key, self.origin)

    def items(self, key: str) -> list[Place]:
        """Return the elements of a list; none where it is absent."""
        found = self.get(key)
        if found is None:
            return []
        if not isinstance(found.value, list | tuple):
            raise found.fault(f"is {_shown(found.value)}; it should be a list")
        return [Place(one, f"{found.name}[{at}]", self.origin) for at, one in enumerate(found.value)]

    def text(self, key: str, default: str = "") -> str:
        """Return a text, or the default where it is absent."""
        found = self.get(key)
        if found is None:
            return default
        if not isinstance(found.value, str):
            raise found.fault(f"is {_shown(found.value)}; it should be text")
        return found.value

    def needed(self, key: str) -> str:
        """Return a text that has to be there."""
        found = self.text(key)
        if not found:
            raise self.fault("is missing; nothing can be told apart without it", key)
        return found

    def number(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number of a range, or None where it is absent."""
        found = self.get(key)
        if found is None:
            return None
        if isinstance(found.value, bool) or not isinstance(found.value, int) or not low <= found.value <= high:
            raise found.fault(f"is {_shown(found.value)}; it should be a number from {low} to {high}")
        return found.value

    def flag(self, key: str) -> bool:
        """Return a truth value; false where it is absent."""
        found = self.get(key)
        if found is None:
            return False
        if not isinstance(found.value, bool):
            raise found.fault(f"is {_shown(found.value)}; it should be true or false")
        return found.value

    def cidr(self, key: str, version: int = 0) -> str:
        """Return a CIDR without host bits; empty where it is absent; a version of 0 takes both."""
        text = self.text(key)
        if not text:
            return ""
        try:
            found = network(text)
        except ValueError:
            raise self.fault(f"is {text!r}; it should be a CIDR like 10.0.0.0/16 or 2001:db8::/32", key) from None
        if version not in (0, found.version):
            raise self.fault(f"is {text!r}; it should be an IPv{version} CIDR", key)
        return str(found)

    def address(self, key: str) -> str:
        """Return an address in its usual spelling; empty where it is absent."""
        text = self.text(key)
        try:
            return str(ip_address(text)) if text else ""
        except ValueError:
            raise self.fault(f"is {text!r}; it should be an address like 10.0.0.7 or 2001:db8::7", key) from None

    def tags(self, key: str = "Tags") -> Tags:
        """Return tags, in order of key."""
        return tuple(sorted((one.needed("Key"), one.text("Value")) for one in self.items(key)))


@lru_cache(1 << 14)
def network(text: str) -> IPv4Network | IPv6Network:
    """Return the network of a CIDR, or of a single address; host bits are dropped, as the service does.

    Raises
    ------
    ValueError
        If it is none.
    """
    return ip_network(text.strip(), strict=False)


def in_order(cidrs: Iterable[str]) -> tuple[str, ...]:
    """Return CIDRs once each, IPv4 first, by address."""
    return tuple(sorted(set(cidrs), key=_place_of))


def _place_of(cidr: str) -> tuple[int, int, int]:
    found = network(cidr)
    return found.version, int(found.network_address), found.prefixlen


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
