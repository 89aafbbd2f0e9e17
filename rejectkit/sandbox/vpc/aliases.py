"""Two names for one EC2 resource: the id that moto drew, and the id that the scenario's records show.

moto draws its ids itself. The gate translates them at the door, so that outside of moto there is only the
scenario's id; nothing inside moto is touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ID = re.compile(rb"(?<![a-z-])[a-z][a-z-]*-[0-9a-f]{8,17}\b")  # also after %2F, as forms have it


class Aliases:
    """A two-way table of ids; what it does not hold stays as it is.

    Read without a lock: entries are only ever added.

    Examples
    --------
    >>> aliases = Aliases()
    >>> aliases.learn("vpc-0123456789abcdef0", "vpc-0fedcba9876543210")
    >>> aliases.outward(b"<vpcId>vpc-0123456789abcdef0</vpcId>")
    b'<vpcId>vpc-0fedcba9876543210</vpcId>'
    >>> aliases.inward(b"VpcId=vpc-0fedcba9876543210")
    b'VpcId=vpc-0123456789abcdef0'
    """

    def __init__(self) -> None:
        """Know no id."""
        self._inward: dict[bytes, bytes] = {}
        self._outward: dict[bytes, bytes] = {}

    def __bool__(self) -> bool:
        return bool(self._outward)

    def learn(self, drawn: str, shown: str) -> None:
        """Show the id that moto drew as another; what was shown so before is not any more."""
        self._inward[shown.encode()] = drawn.encode()
        self._outward[drawn.encode()] = shown.encode()

    def inward(self, text: bytes) -> bytes:
        """Return a request as moto is to read it."""
        return _translated(text, self._inward)

    def outward(self, text: bytes) -> bytes:
        """Return an answer as the outside is to read it."""
        return _translated(text, self._outward)


def _translated(text: bytes, table: Mapping[bytes, bytes]) -> bytes:
    return _ID.sub(lambda found: table.get(found[0], found[0]), text)
