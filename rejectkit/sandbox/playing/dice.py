"""Whole random numbers that are the same everywhere, and addresses as whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from zlib import crc32

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
IntLike = int | Ints

# An address is one number: IPv4 as it is; IPv6 as 1 + its prefix's place here, and 32 bits of host.
PREFIXES6 = (
    "2001:db8:20:a00::",
    "2001:db8:20:a01::",
    "2a02:6b40:71::",
    "2a06:9f1:300:12::",
    "2604:d2c0:2::",
    "2400:5a80:9:7::",
)


def address(text: str) -> int:
    """Return the number that stands for an address."""
    if ":" not in text:
        return int(ip_address(text))
    whole = int(ip_address(text))
    prefix = PREFIXES6.index(str(ip_address(whole >> 32 << 32)))
    return (1 + prefix) << 32 | whole & 0xFFFFFFFF


def address_text(number: int) -> str:
    """Return the address that a number stands for."""
    if number < 1 << 32:
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    return str(ip_address(int(ip_address(PREFIXES6[(number >> 32) - 1])) | number & 0xFFFFFFFF))


S3 = address("52.218.0.0")  # the range of S3 in eu-west-1, a /17
CHECKERS = address("15.177.0.0")  # a range of Route 53 health checkers, a /18


class Dice:
    """Whole random numbers from the raw stream of PCG64, which no numpy version may change (NEP 19).

    Every actor throws its own dice, so that one actor's change leaves the others' traffic as it was.
    """

    def __init__(self, seed: int, actor: str) -> None:
        """Take the stream of that seed and actor."""
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, crc32(actor.encode())]))

    def below(self, limit: IntLike, size: int) -> Ints:
        """Return numbers from 0 to `limit` − 1; a limit is at most 2**31."""
        raw = self._bits.random_raw(size).astype(np.uint64) >> np.uint64(33)
        return (raw.astype(np.int64) * limit) >> 31

    def between(self, low: IntLike, high: IntLike, size: int) -> Ints:
        """Return numbers from `low` to `high`, both included."""
        return low + self.below(np.asarray(high, np.int64) - low + 1, size)

    def pick(self, values: Sequence[int] | Ints, size: int, weights: Sequence[int] | Ints | None = None) -> Ints:
        """Return values drawn with the weights given, alike where none are."""
        choices = np.asarray(values, np.int64)
        if weights is None:
            return choices[self.below(len(choices), size)]
        bounds = np.cumsum(np.asarray(weights, np.int64))
        return choices[np.searchsorted(bounds, self.below(int(bounds[-1]), size), side="right")]

    def hosts(self, blocks: Sequence[int], size: int) -> Ints:
        """Return IPv4 addresses in blocks of size /8, given by first octet; names nobody on purpose."""
        return (self.pick(blocks, size) << 24) + self.below(2**24 - 2, size) + 1
