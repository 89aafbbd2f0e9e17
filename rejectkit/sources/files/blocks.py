"""The text of a file in blocks that end at line ends: plain or gzip'd, never the whole file in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import BinaryIO

from isal import isal_zlib

from rejectkit.errors import SourceNotFoundError, UnreadableError
from rejectkit.sources.files.layouts import LogFile

BLOCK_BYTES = 4 << 20
MAX_LINE_BYTES = 16 << 20
_PIECE = 512 << 10  # at a time; threads wait for one another between pieces
_READ = 64 << 10  # which as a rule inflates to less than a piece, so that nothing of it is left to be copied
GZIP_MAGIC = b"\x1f\x8b"
_OTHER_ARCHIVES = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ": "xz"}


class Buffers:
    """Blocks of memory, used again; as many as are in flight at once."""

    def __init__(self, size: int = BLOCK_BYTES) -> None:
        """Start with none; each has `size` bytes until a longer line needs more."""
        self.size = size
        self._free: SimpleQueue[bytearray] = SimpleQueue()

    def take(self) -> bytearray:
        """Return a buffer nobody else uses."""
        try:
            return self._free.get_nowait()
        except Empty:
            return bytearray(self.size)

    def give(self, buffer: bytearray) -> None:
        """Put a buffer back."""
        self._free.put(buffer)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file: `data[:length]`, ending at a line end but for a file's last line.

    Attributes
    ----------
    position : int
        Bytes of the file on disk that were read so far.
    """

    data: bytearray
    length: int
    position: int
    buffers: Buffers = field(repr=False)

    def release(self) -> None:
        """Give the memory back; the block may not be used after."""
        self.buffers.give(self.data)


def blocks(file: LogFile, buffers: Buffers) -> Iterator[Block]:
    """Yield a file's text in blocks of about `buffers.size` bytes.

    Raises
    ------
    UnreadableError
        If its gzip data is damaged or cut short, or a line has no end in sight.
    SourceNotFoundError
        If it is gone or may not be read.
    """
    with open_file(file) as handle:
        buffer, length = buffers.take(), 0
        for piece in pieces(handle, file.path):
            at = 0
            while at < len(piece):
                room = min(len(piece) - at, len(buffer) - length)
                buffer[length : length + room] = memoryview(piece)[at : at + room]
                length, at = length + room, at + room
                if length < len(buffer):
                    continue
                end = buffer.rfind(b"\n") + 1
                if end == 0:
                    buffer = _longer(buffer, file.path)
                    continue
                following = buffers.take()
                if len(following) < len(buffer):
                    following = bytearray(len(buffer))
                following[: length - end] = memoryview(buffer)[end:length]
                yield Block(buffer, end, handle.tell(), buffers)
                buffer, length = following, length - end
        if length:
            yield Block(buffer, length, file.size, buffers)


def _longer(buffer: bytearray, path: str) -> bytearray:
    if len(buffer) >= MAX_LINE_BYTES:
        raise UnreadableError(
            f"{path} is not a flow log: it has {len(buffer) >> 20} MiB without a line end; "
            f"it starts with {bytes(buffer[:40])!r}"
        )
    longer = bytearray(2 * len(buffer))
    longer[: len(buffer)] = buffer
    return longer


def open_file(file: LogFile) -> BinaryIO:
    """Open a file to read its bytes."""
    if file.store is not None:
        return file.store.open(file)
    try:
        return open(file.path, "rb")
    except OSError as error:
        raise SourceNotFoundError(f"{file.path} cannot be opened: {error.strerror}") from error


def pieces(handle: BinaryIO, path: str) -> Iterator[bytes]:
    """Yield the text of an open file piece by piece, inflated where it is gzip'd."""
    first = handle.read(_READ)
    for magic, name in _OTHER_ARCHIVES.items():
        if first.startswith(magic):
            raise UnreadableError(f"{path} is compressed with {name}, which is not read here; unpack it, or use gzip")
    if first.startswith(GZIP_MAGIC):
        yield from _inflate(handle, first, path)
        return
    while first:
        yield first
        first = handle.read(_READ)


def _inflate(handle: BinaryIO, data: bytes, path: str) -> Iterator[bytes]:
    """Yield what gzip data holds, over all its members; zero bytes may follow the last."""
    text = 0
    member = isal_zlib.decompressobj(31)
    try:
        while True:
            piece = member.decompress(data, _PIECE)
            text += len(piece)
            if piece:
                yield piece
            if member.eof:
                data = (member.unused_data or handle.read(_READ)).lstrip(b"\0")
                while not data and (more := handle.read(_READ)):
                    data = more.lstrip(b"\0")
                if not data:
                    return
                member = isal_zlib.decompressobj(31)
                continue
            data = member.unconsumed_tail
            if not data and len(piece) < _PIECE:  # all of it is out: it needs more
                data = handle.read(_READ)
                if not data and not piece:
                    break
    except isal_zlib.error as error:  # type: ignore[misc]  # its stub has a value for the class
        raise UnreadableError(
            f"{path} is damaged: its gzip data cannot be inflated past {text:,} bytes of text ({error}); nothing of it "
            "was kept; fetch the file again"
        ) from error
    raise UnreadableError(
        f"{path} is cut short: its gzip data stops after {text:,} bytes of text, before its end mark; nothing of it "
        "was kept; fetch the file again"
    )
