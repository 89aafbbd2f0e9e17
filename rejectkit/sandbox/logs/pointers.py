"""`@ptr`: an opaque text that names one event of a log group, and is read back by GetLogRecord.

The service's own is a protocol-buffers message in base64 that begins with account and group; so is this one
(*inferred* from a recorded answer).
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable

from rejectkit.sandbox.logs.logstore import LogGroup

_TAIL = struct.Struct("<cq2s")


def pointers(account: str, group: LogGroup, places: Iterable[int]) -> list[str]:
    """Return the pointers of events, given by their place in the order of arrival."""
    head = _head(account, group)
    return [base64.b64encode(head + _TAIL.pack(b"\x11", place, b"\x18\x01")).decode() for place in places]


def place(account: str, group: LogGroup, pointer: str) -> int | None:
    """Return the place that a pointer names in a group, or None if it is not a pointer into it."""
    try:
        raw = base64.b64decode(pointer, validate=True)
    except ValueError:
        return None
    if len(raw) <= _TAIL.size or raw[: -_TAIL.size] != _head(account, group):
        return None
    mark, found, end = _TAIL.unpack(raw[-_TAIL.size :])
    return int(found) if (mark, end) == (b"\x11", b"\x18\x01") and 0 <= found < len(group.messages) else None


def _head(account: str, group: LogGroup) -> bytes:
    name = f"{account}:{group.name}".encode()
    source = b"\x0a" + _varint(len(name)) + name + b"\x10\x04"
    return b"\x0a" + _varint(len(source)) + source + b"\x12\x12\x09" + struct.pack("<q", group.created)


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + _varint(number >> 7)
