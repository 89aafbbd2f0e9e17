"""Whole numbers and known words of plain lines, worked out from the bytes of many lines at once, by NumPy.

Nothing is cut into fields: where the separators stand tells how long each field is, and eight bytes at a time
are numbers that can be compared and added. A line that is not as plain as that is left to another reader.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_STRIDE = 4 << 20  # threads wait for one another between steps, so these are few and long
_WINDOW = 8  # bytes that are looked at as one number
_BLANK, _LINE_END, _ZERO = 32, 10, 48
_MAX_BITS = 57  # of 64, as they start within a byte
_MAX_DIGITS = 18  # of these, 63 bits hold any number
_MAX_TOGETHER = 7  # fields of whole numbers that are looked at together; as a rule they have not more than 57 bytes
_SHARE = 4  # if more than one line in so many is left over, another reader is as fast


class _Scratch(threading.local):
    """Memory for intermediate results, each thread its own: fresh memory costs more than the arithmetic."""

    def __init__(self) -> None:
        self.mask = np.empty(_STRIDE, np.bool_)
        self.shifted = np.empty(_STRIDE, np.uint8)
        self.digits = np.zeros(_STRIDE // 8 + _WINDOW, np.uint8)


_scratch = _Scratch()


@dataclass(frozen=True, slots=True)
class Plain:
    """What plain lines hold.

    Attributes
    ----------
    columns : dict of int to ndarray
        By number of the field: whole numbers (int64), and known words as their place among them (int32);
        of lines left over, anything.
    rest : ndarray of int
        Numbers of the lines that are left over.
    text : bytes
        These lines.
    rows : int
        Number of lines, with those left over.
    """

    columns: dict[int, Any]
    rest: Any
    text: bytes
    rows: int


class PlainReader:
    """Reads whole numbers and known words of lines of `count` fields, and checks them in all lines.

    Parameters
    ----------
    count : int
        Fields of a line.
    numbers : sequence of int
        Which of them are whole numbers.
    words : mapping of int to sequence of str
        Which of them are known words, and the usual ones: one or two, each of up to seven letters.
    wanted : sequence of int
        Which of these fields to return.
    stride : int, optional
        Bytes at a time.
    """

    def __init__(
        self,
        count: int,
        numbers: Sequence[int],
        words: Mapping[int, Sequence[str]],
        wanted: Sequence[int],
        stride: int = _STRIDE,
    ) -> None:
        """Prepare for lines of a format."""
        self.stride = stride
        self.count = count
        self.numbers = [number for number in numbers if number in wanted]
        self.checked = list(numbers)
        self.runs = list(_runs(numbers))
        self.words = {field: [_word(word, field == count - 1) for word in known] for field, known in words.items()}
        self.wanted_words = [field for field in words if field in wanted]

    def read(self, data: bytes | bytearray, start: int, end: int) -> Plain | None:
        """Read `data[start:end]`, lines with their ends; None where they are not plain enough."""
        parts: list[tuple[dict[int, Any], Any, int]] = []
        texts: list[bytes] = []
        rows = 0
        while start < end:
            stop = data.rfind(b"\n", start, min(end, start + self.stride)) + 1
            part = self._part(data, start, stop) if stop > start else None
            if part is None:
                return None
            columns, odd, ends = part
            if odd.size:
                if _SHARE * odd.size > ends.size:
                    return None
                lasts = (ends[odd] + (start + 1)).tolist()
                firsts = (np.where(odd > 0, ends[odd - 1], -1) + (start + 1)).tolist()
                texts += [bytes(memoryview(data)[a:b]) for a, b in zip(firsts, lasts, strict=True)]
            parts.append((columns, odd + rows, ends.size))
            rows += ends.size
            start = stop
        joined = {field: np.concatenate([part[0][field] for part in parts]) for field in parts[0][0]}
        return Plain(joined, np.concatenate([part[1] for part in parts]), b"".join(texts), rows)

    def _part(self, data: bytes | bytearray, start: int, end: int) -> tuple[dict[int, Any], Any, Any] | None:
        """Return a part's columns, the lines left over, and where each line ends; None if it is not plain."""
        size = end - start
        codes = np.frombuffer(data, np.uint8, size, start)
        mask = _scratch.mask[:size]
        places = np.flatnonzero(np.less_equal(codes.view(np.int8), _BLANK, out=mask))  # not ASCII: negative
        rows, over = divmod(places.size, self.count)
        if over or np.count_nonzero(np.equal(codes, _BLANK, out=mask)) != places.size - rows:
            return None
        at = np.empty((self.count + 1, rows), np.int32)  # of each field, where the separator before it stands
        at[1:] = places.reshape(rows, self.count).T
        ends = at[-1]
        at[0, 0], at[0, 1:] = -1, ends[:-1]
        widths = at[1:] - at[:-1]  # with the separator
        if widths.min() < 2 or (codes[ends] != _LINE_END).any():
            return None
        if any(widths[field].max() > _MAX_DIGITS + 1 for field in self.checked):
            return None
        if start + size + _WINDOW > len(data):  # room to look at eight bytes everywhere
            codes = np.concatenate([codes, np.zeros(_WINDOW, np.uint8)])
            windows: Any = np.ndarray((size,), "<u8", codes, 0, (1,))
        else:
            windows = np.ndarray((size,), "<u8", data, start, (1,))
        good = self._digits_only(codes[:size], at)
        columns: dict[int, Any] = {}
        for field, words in self.words.items():
            found = windows[at[field] + 1]
            which = [(found & room) == word for word, room in words]
            known = which[0] | which[-1]
            good = known if good is None else np.logical_and(good, known, out=good)
            if field in self.wanted_words:
                columns[field] = np.logical_not(which[0]).astype(np.int32)
        for field in self.numbers:
            width = widths[field] - 1
            if width.max() > 2 * _WINDOW:
                return None
            columns[field] = _number(windows, at[field] + 1, width)
        odd = np.flatnonzero(~good)
        return columns, odd, ends

    def _digits_only(self, codes: Any, at: Any) -> Any:
        """Tell of which lines all whole numbers are of digits only; None if there are no whole numbers."""
        shifted = np.subtract(codes, _ZERO, out=_scratch.shifted[: codes.size])
        other = np.packbits(np.greater(shifted, 9, out=_scratch.mask[: codes.size]), bitorder="little")
        bits = _scratch.digits
        bits[: other.size] = other
        windows: Any = np.ndarray((other.size,), "<u8", bits, 0, (1,))
        good = None
        for first, last in self.runs:
            begins = at[first] + 1
            spans = at[last + 1] - begins
            seen = windows[begins >> 3] >> (begins & 7).astype(np.uint64)
            seen &= (np.uint64(1) << spans.astype(np.uint64)) - np.uint64(1)
            fine = np.bitwise_count(seen) == last - first  # only the separators between
            fine &= spans <= _MAX_BITS
            good = fine if good is None else np.logical_and(good, fine, out=good)
        return good


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of fields that stand side by side, not too many together."""
    first = last = -2
    for number in sorted(numbers):
        if number != last + 1 or number - first >= _MAX_TOGETHER:
            if first >= 0:
                yield first, last
            first = number
        last = number
    if first >= 0:
        yield first, last


def _word(word: str, at_end: bool) -> tuple[Any, Any]:
    """Return a word with the separator after it as a number, and the bits that it takes."""
    letters = word.encode() + (b"\n" if at_end else b" ")
    return np.uint64(int.from_bytes(letters, "little")), np.uint64((1 << 8 * len(letters)) - 1)


def _number(windows: Any, begins: Any, width: Any) -> Any:
    """Return the values of digits; of other bytes, anything."""
    if width.max() <= _WINDOW:
        return _eight(windows[begins], width).view(np.int64)
    low = np.minimum(width, _WINDOW)
    high = _eight(windows[begins], width - low)
    return (high * np.uint64(10**8) + _eight(windows[begins + (width - low)], low)).view(np.int64)


def _eight(found: Any, width: Any) -> Any:
    """Return the values of the first `width` of eight digits each: neighbours are put together three times."""
    found <<= (64 - 8 * width).astype(np.uint64)  # by 64 gives 0
    found &= np.uint64(0x0F0F0F0F0F0F0F0F)
    for step, (factor, room) in enumerate(((10, 0x00FF00FF00FF00FF), (100, 0x0000FFFF0000FFFF), (10000, 0xFFFFFFFF))):
        above = found >> np.uint64(8 << step)
        found *= np.uint64(factor)
        found += above
        found &= np.uint64(room)
    return found
