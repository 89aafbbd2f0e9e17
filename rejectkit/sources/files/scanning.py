"""What can be seen of a block's bytes at once, without cutting it into fields: fast, by NumPy."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pyarrow as pa

_STRIDE = 1 << 18  # bytes at a time: they and what is worked out of them stay in the processor's cache
_BLANK, _ZERO, _NINE, _X = 32, 48, 57, 120
_MAX_DIGITS = 18  # of these, 63 bits hold any number


class _Scratch(threading.local):
    """Memory for intermediate results, each thread its own: fresh memory costs more than the arithmetic."""

    def __init__(self) -> None:
        self.blank = np.empty(_STRIDE + 1, np.bool_)
        self.pairs = np.empty(_STRIDE, np.bool_)
        self.shifted = np.empty(_STRIDE, np.uint8)


_scratch = _Scratch()


def separators(codes: Any) -> int:
    """Return how many bytes are separators, or 0 if two adjoin or one comes first.

    A byte that is not ASCII counts as one; as Arrow does not split there, the counts then differ.
    """
    total = 0
    for start in range(0, codes.size, _STRIDE):
        part = codes[start : start + _STRIDE + 1]  # one more, to see the pair across the border
        blank = np.less_equal(part, _BLANK, out=_scratch.blank[: part.size])
        if np.logical_and(blank[1:], blank[:-1], out=_scratch.pairs[: part.size - 1]).any():
            return 0
        total += int(np.count_nonzero(blank[:_STRIDE]))
    return 0 if codes.size and codes[0] <= _BLANK else total


def all_digits(column: pa.Array) -> bool:
    """Tell whether binary values are digits only, few enough to be a whole number; null is."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[: len(column) + 1]
    if data is None or ends[-1] == 0:
        return True
    codes = np.frombuffer(data, np.uint8, ends[-1])
    for start in range(0, codes.size, _STRIDE):
        part = codes[start : start + _STRIDE]
        shifted = np.subtract(part, _ZERO, out=_scratch.shifted[: part.size])
        if np.greater(shifted, 9, out=_scratch.pairs[: part.size]).any():
            return False
    return bool(np.diff(ends).max() <= _MAX_DIGITS)


def hexadecimal(data: bytes | bytearray, start: int, end: int, codes: Any) -> bool:
    """Tell whether a field starts with 0x, which Arrow would take for a number."""
    if data.find(b"x", start, end) < 0 and data.find(b"X", start, end) < 0:
        return False
    at = np.flatnonzero((codes | 32) == _X)
    at = at[(at > 0) & (codes[at - 1] == _ZERO)]
    return bool(((at < 2) | (codes[at - 2] <= _BLANK)).any())


def zero_digits(codes: Any) -> int:
    """Return how many fields start with a 0 and another digit."""
    found = int(codes.size > 1 and codes[0] == _ZERO and _ZERO <= codes[1] <= _NINE)
    for start in range(0, codes.size - 2, _STRIDE):
        part = codes[start : start + _STRIDE + 2]
        size = part.size - 2
        mask = np.equal(part[1:-1], _ZERO, out=_scratch.pairs[:size])
        np.logical_and(mask, np.less_equal(part[:size], _BLANK, out=_scratch.blank[:size]), out=mask)
        second = part[_true(mask) + 2]
        found += int(np.count_nonzero((second >= _ZERO) & (second <= _NINE)))
    return found


def _true(mask: Any) -> Any:
    """Return where a mask is true, quickly for one that seldom is: eight places are looked at together."""
    whole = mask.size & ~7
    eights = np.flatnonzero(mask[:whole].view(np.uint64))
    near = (eights[:, None] * 8 + np.arange(8)).ravel()
    near = np.concatenate([near, np.arange(whole, mask.size)])
    return near[mask[near]]
