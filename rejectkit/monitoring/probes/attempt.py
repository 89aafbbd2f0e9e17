"""One attempt to connect, to an address and port that somebody named, and what came of it."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from rejectkit.errors import ArgumentError

TIMEOUT: Final = 5.0
"""Seconds that an attempt waits for an answer; the system sends its first packet again after 1 and 3 s meanwhile."""

ACCEPTED: Final = "accepted"
ANSWERED: Final = "answered"
SILENT: Final = "silent"
UNREACHABLE: Final = "unreachable"
OUTCOMES: Final = {
    ACCEPTED: "was accepted",
    ANSWERED: "was turned down by the host itself (a reset), so the packet got to it",
    SILENT: "got no answer",
    UNREACHABLE: "did not leave this machine, or a router on the way said that there is no way there",
}
"""What may come of an attempt. A security group and a network ACL answer nothing, so only `silent` may be a REJECT."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to try: an address and a port of one's own, both given outright.

    Parameters
    ----------
    address : str
        IPv4 or IPv6, of one machine.
    port : int
        TCP port, 1 to 65535.

    Raises
    ------
    ArgumentError
        If it is no address of one machine, or no port.

    Examples
    --------
    >>> print(Target.of("10.0.3.7:5432"), Target.of(("2001:DB8::7", 22)))
    10.0.3.7:5432 [2001:db8::7]:22
    """

    address: str
    port: int

    def __post_init__(self) -> None:
        """Check both, and write the address in its short form."""
        try:
            found = ip_address(self.address if isinstance(self.address, str) else "")
        except ValueError:
            raise ArgumentError(
                f"the target's address is {self.address!r}; give an IPv4 or IPv6 address of yours, 10.0.3.7 or "
                "2001:db8::7, and no name: a name may lead to a machine that is not the one you mean"
            ) from None
        if found.is_multicast or found.is_unspecified or str(found) == "255.255.255.255":
            raise ArgumentError(
                f"the target's address is {self.address!r}, which is not of one machine; give one's own"
            )
        if not isinstance(self.port, int) or isinstance(self.port, bool) or not 1 <= self.port <= 65535:
            raise ArgumentError(f"the target's port is {self.port!r}; give a whole number from 1 to 65535")
        object.__setattr__(self, "address", str(found))

    @classmethod
    def of(cls, given: Any) -> Target:
        """Return the target of `"10.0.3.7:5432"`, `"[2001:db8::7]:22"` or `("10.0.3.7", 5432)`."""
        if isinstance(given, Target):
            return given
        if isinstance(given, str):
            host, colon, port = given.strip().rpartition(":")
            bracketed = host.startswith("[") and host.endswith("]")
            if colon and port.isascii() and port.isdigit() and (bracketed or ":" not in host):
                return cls(host[1:-1] if bracketed else host, int(port))
        elif isinstance(given, tuple | list) and len(given) == 2:
            return cls(*given)
        raise ArgumentError(
            f"the target is {given!r}; give an address and a port of yours, '10.0.3.7:5432', '[2001:db8::7]:22' or "
            "('10.0.3.7', 5432): nothing is ever tried that was not named"
        )

    @property
    def ip(self) -> IPv4Address | IPv6Address:
        """The address as a value."""
        return ip_address(self.address)

    def __str__(self) -> str:
        """Return it as it is written in a URL."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt.

    Attributes
    ----------
    outcome : {"accepted", "answered", "silent", "unreachable"}
        `OUTCOMES` has them in words.
    source_port : int or None
        The port that it came from, as this machine has it; a gateway on the way may have changed it.
    detail : str
        What the system said of it.
    """

    outcome: str
    source_port: int | None = None
    detail: str = ""


Connect = Callable[[str, int], Attempt]


def attempt(address: str, port: int, timeout: float = TIMEOUT) -> Attempt:
    """Try once to connect by TCP, say what came of it, and hang up; not a byte is sent.

    Parameters
    ----------
    address, port : str, int
        Whom: an IPv4 or IPv6 address, and a port.
    timeout : float
        Seconds to wait for an answer.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    source_port: int | None = None
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(timeout)
        begun = time.monotonic()
        try:
            one.bind(("", 0))  # so that the port is known also where nobody answers
            source_port = one.getsockname()[1]
            one.connect((address, port))
        except TimeoutError:
            return Attempt(SILENT, source_port, f"no answer within {time.monotonic() - begun:.1f} s")
        except ConnectionRefusedError as error:
            return Attempt(ANSWERED, source_port, str(error.strerror))
        except OSError as error:
            silent = error.errno == errno.ETIMEDOUT
            return Attempt(SILENT if silent else UNREACHABLE, source_port, error.strerror or str(error))
    return Attempt(ACCEPTED, source_port)
