"""Lines to typed Arrow batches and the lines that do not fit: a fast way for the usual, an exact one for the rest.

The exact way is `LogFormat.parse_line`, line by line. The fast way gives a whole block to Arrow's CSV reader
and takes its answer only where no line of the block could have been read otherwise by the exact one; in all
other cases it gives none, and the block is cut smaller until only the odd lines go the exact way.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from rejectkit.errors import FormatError, WindowError
from rejectkit.records import ACTIONS, LOG_STATUSES, NULL, LogFormat, Scalar, by_name, is_header
from rejectkit.sources.files.plain import Plain, PlainReader
from rejectkit.sources.files.scanning import all_digits, hexadecimal, separators, zero_digits
from rejectkit.sources.files.shapes import Shape, batch_of
from rejectkit.window import epoch_millis, parse_time

_SPLIT = 16
_FEW = 8
_ACTIONS = sorted(ACTIONS)
_ACTION_WORDS = pa.array(_ACTIONS)
_KNOWN = {"action": ACTIONS, "log-status": LOG_STATUSES}
_USUAL = {"action": ACTIONS, "log-status": LOG_STATUSES[:1]}
_PATIENCE, _LARGE = 3, 1 << 20  # so many large parts in a row are tried as plain lines in vain
_ALLOWED = {"action": frozenset(ACTIONS), "log-status": frozenset(LOG_STATUSES)}
_NAMES = pa.array(sorted({*by_name, *(name.replace("-", "_") for name in by_name)}))
_STAMPED = re.compile(rb"\s*(\S+)(?:[ \t](.*))?", re.DOTALL)
_PARSING = pyarrow.csv.ParseOptions(delimiter=" ", quote_char=False)


class Misfit(NamedTuple):
    """A line that is not a record."""

    line: int
    reason: str
    text: str


class FormatChange(Exception):
    """A header line in mid-file names other fields than the file's own; numbered as a misfit is."""

    def __init__(self, line: int, text: str) -> None:
        """Keep the line's number and text."""
        super().__init__(line, text)
        self.line, self.text = line, text


@dataclass(slots=True)
class Parsed:
    """What a part of a file holds.

    Attributes
    ----------
    batches : list of RecordBatch
        Its records, in order.
    lines : int
        Lines it has: records, misfits, headers and empty ones.
    misfits : list of Misfit
        Lines that do not fit, numbered from 0 at the part's first.
    """

    batches: list[pa.RecordBatch] = field(default_factory=list)
    lines: int = 0
    misfits: list[Misfit] = field(default_factory=list)

    @property
    def records(self) -> int:
        """Number of records."""
        return sum(batch.num_rows for batch in self.batches)


class LineReader:
    """Reads lines of one shape; only the wanted columns are made, all are checked.

    Parameters
    ----------
    shape : Shape
        What the lines look like.
    wanted : iterable of str, optional
        Stored columns to return (see `Shape`), at least one; all of them where it is left out.
    """

    def __init__(self, shape: Shape, wanted: Sequence[str] | None = None) -> None:
        """Prepare for lines of a shape."""
        names = shape.schema.names if wanted is None else [name for name in shape.schema.names if name in set(wanted)]
        self.shape = shape
        self.format: LogFormat = shape.format
        self.schema = pa.schema([shape.schema.field(name) for name in names])
        self.stamped = shape.kind == "stamped"
        self.header = f"{shape.format.header}\n".encode()
        fields = [(f"c{number}", name) for number, name in enumerate(shape.format.fields)]
        self.ints = [column for column, name in fields if pa.types.is_int64(shape.schema.field(column).type)]
        self.checked = {column: _ALLOWED[name] for column, name in fields if name in _ALLOWED}
        self.texts = [column for column, _ in fields if column not in self.ints]
        self.loose = not self.ints and not self.checked  # any word fits: a header in mid-file looks like a record
        self.keeps_raw = "raw" in names
        self.patience = _PATIENCE
        self.plain = self._plain_reader(names)
        stamp = ["stamp"] if self.stamped else []
        self.columns = [*stamp, *(column for column, _ in fields)]
        self.whole = [column for column in self.ints if column in names]
        self.digits = [column for column in self.ints if column not in names]
        self.action = next((column for column, name in fields if name == "action"), "")
        types = {column: shape.schema.field(column).type for column, _ in fields}
        types |= dict.fromkeys(self.whole, pa.uint64()) | dict.fromkeys(self.digits, pa.binary())
        types |= {self.action: pa.bool_(), "stamp": pa.dictionary(pa.int32(), pa.string())}
        needed = {*names, *self.ints, *self.checked, *stamp}
        needed |= set(self.texts) if self.keeps_raw or self.loose else set()
        self.converting = pyarrow.csv.ConvertOptions(
            column_types=types,
            include_columns=[column for column in self.columns if column in needed],
            null_values=[NULL],
            false_values=[_ACTIONS[0]],
            true_values=[_ACTIONS[1]],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            check_utf8=False,  # the fast way takes only ASCII
        )

    def read_text(self, data: bytes | bytearray, length: int) -> Parsed:
        """Read whole lines: `data[:length]`."""
        first, headers = self._after_header(data, length)
        batch = self._fast(data, first, length)
        if batch is not None:
            return Parsed([batch], batch.num_rows + headers)
        parsed = Parsed(lines=headers)
        for start, end in _cuts(data, first, length, _SPLIT):
            batch = self._fast(data, start, end)
            if batch is not None:
                parsed.batches.append(batch)
                parsed.lines += batch.num_rows
                continue
            lines = bytes(memoryview(data)[start:end]).removesuffix(b"\n").split(b"\n")
            self._lines([line.removesuffix(b"\r") for line in lines], None, parsed, parsed.lines)
        return parsed

    def read_lines(self, lines: Sequence[bytes], around: pa.RecordBatch | None = None) -> Parsed:
        """Read lines given one by one, each with what is known around it (a row of `around`)."""
        parsed = Parsed()
        self._lines(lines, around, parsed, 0)
        return parsed

    def _after_header(self, data: bytes | bytearray, length: int) -> tuple[int, int]:
        """Return where the lines start after a byte order mark and the header, and how many lines that skips."""
        start = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
        end = start + len(self.header)
        return (end, 1) if end <= length and data.startswith(self.header, start) else (start, 0)

    # the fast way

    def _plain_reader(self, names: Sequence[str]) -> PlainReader | None:
        """Return a reader of numbers and known words, if that is all that is wanted."""
        number = {f"c{number}": number for number in range(len(self.format.fields))}
        if self.stamped or self.loose or not set(names) <= {*self.ints, *self.checked}:
            return None
        words = {number[column]: _USUAL[self.format.fields[number[column]]] for column in self.checked}
        ints = [number[column] for column in self.ints]
        return PlainReader(len(number), ints, words, [number[column] for column in names])

    def _fast(self, data: bytes | bytearray, start: int, end: int) -> pa.RecordBatch | None:
        """Return the records of a part, or None where it is not plain to see that every line is one."""
        if self.plain is not None and self.patience > 0 and end > start and data[end - 1] == 10:
            plain = self.plain.read(data, start, end)
            if plain is not None:
                self.patience = _PATIENCE
                return self._filled(plain)
            self.patience -= end - start >= _LARGE
        return self._by_arrow(data, start, end)

    def _filled(self, plain: Plain) -> pa.RecordBatch | None:
        """Return the records of plain lines; those left over are read by Arrow."""
        rest = self._by_arrow(plain.text, 0, len(plain.text)) if plain.text else None
        if plain.text and (rest is None or rest.num_rows != plain.rest.size):
            return None
        made: dict[str, pa.Array] = {}
        for number, values in plain.columns.items():
            column, gaps = f"c{number}", None
            words = pa.array(_KNOWN[self.format.fields[number]]) if column in self.checked else None
            if rest is not None:
                found = rest.column(column)
                if words is not None:
                    found = pc.index_in(found.dictionary, words).take(found.indices)
                values[plain.rest] = found.fill_null(0)
                gaps = np.zeros(plain.rows, np.bool_)
                gaps[plain.rest] = found.is_null()
            whole = pa.array(values, mask=gaps)
            made[column] = whole if words is None else pa.DictionaryArray.from_arrays(whole, words)
        return batch_of(self.schema, made, plain.rows)

    def _by_arrow(self, data: bytes | bytearray, start: int, end: int) -> pa.RecordBatch | None:
        codes = np.frombuffer(data, np.int8, end - start, start)
        blanks = separators(codes)
        if not blanks or data.find(b"\r", start, end) >= 0 or hexadecimal(data, start, end, codes):
            return None
        size = end - start
        try:
            table = pyarrow.csv.read_csv(
                pa.py_buffer(memoryview(data)[start:end]),
                pyarrow.csv.ReadOptions(column_names=self.columns, use_threads=False, block_size=size + 1),
                _PARSING,
                self.converting,
            )
        except pa.ArrowInvalid:
            return None
        open_end = 0 if data[end - 1] == 10 else 1
        if blanks + open_end != table.num_rows * len(self.columns):
            return None  # other white space or bytes that are not ASCII stand in a field
        made: dict[str, pa.Array] = {name: _whole(table.column(name)) for name in table.column_names}
        for column in self.whole:
            made[column] = made[column].view(pa.int64())
            least = pc.min(made[column]).as_py()
            if least is not None and least < 0:
                return None  # more than 63 bits
        if not all(all_digits(made.pop(column)) for column in self.digits):
            return None
        if self.action:
            code = made[self.action].cast(pa.int32())
            made[self.action] = pa.DictionaryArray.from_arrays(code, _ACTION_WORDS)
        for column, allowed in self.checked.items():
            if not allowed.issuperset(made[column].dictionary.to_pylist()):
                return None
        if self.stamped and not self._stamps(made):
            return None
        if (self.loose and self._may_hold_header(made)) or (self.keeps_raw and self._leading_zero(codes, made)):
            return None
        return batch_of(self.schema, made, table.num_rows)

    def _stamps(self, made: dict[str, pa.Array]) -> bool:
        stamp = made.pop("stamp")
        times = [_stamp_millis(text.encode()) for text in stamp.dictionary.to_pylist()]
        if None in times or stamp.null_count:
            return False
        made["time"] = pa.array(times, pa.int64()).take(stamp.indices)
        return True

    def _may_hold_header(self, made: dict[str, pa.Array]) -> bool:
        known = sum(_plain(made[column], _is_name).astype(np.int32) for column in self.texts)
        return bool((2 * np.asarray(known) >= len(self.texts)).any())

    def _leading_zero(self, codes: Any, made: dict[str, pa.Array]) -> bool:
        """Tell whether a number is spelled with leading zeros: such a line is kept as it is."""
        found = zero_digits(codes)
        if not found:
            return False
        return found != sum(int(_plain(made[column], _zero_digit).sum()) for column in self.texts)

    # the exact way

    def _lines(self, lines: Sequence[bytes], around: pa.RecordBatch | None, parsed: Parsed, base: int) -> None:
        """Add lines to `parsed`: the fast way once their white space is put right, else in smaller parts."""
        parsed.lines = base + len(lines)
        spaced = [b" ".join(line.split()) for line in lines]
        full = [number for number, line in enumerate(spaced) if line]
        text = b"\n".join([spaced[number] for number in full])
        batch = self._fast(text, 0, len(text)) if full else None
        if batch is not None and batch.num_rows == len(full):
            raws = [self._raw(lines[number], spaced[number]) for number in full]
            parsed.batches.append(self._dressed(batch, raws, around, full))
        elif len(lines) > _FEW:
            step = -(-len(lines) // _SPLIT)
            for at in range(0, len(lines), step):
                part = around.slice(at, step) if around is not None else None
                self._lines(lines[at : at + step], part, parsed, base + at)
        elif full:
            self._slow(lines, full, around, parsed, base)

    def _raw(self, line: bytes, spaced: bytes) -> str | None:
        return None if line == spaced else self._parts(line)[1].decode()

    def _parts(self, line: bytes) -> tuple[bytes | None, bytes]:
        """Return a line's stamp, where its kind has one, and its message."""
        match = _STAMPED.fullmatch(line) if self.stamped else None
        return (match[1], match[2] or b"") if match else (None, line)

    def _slow(
        self, lines: Sequence[bytes], full: list[int], around: pa.RecordBatch | None, parsed: Parsed, base: int
    ) -> None:
        kept: list[int] = []
        values: list[dict[str, Scalar]] = []
        for number in full:
            try:
                values.append(self._value(lines[number]))
                kept.append(number)
            except FormatError as reason:
                text = lines[number].decode(errors="replace")
                if not self._is_own_header(text, base + number):
                    parsed.misfits.append(Misfit(base + number, str(reason), text[:200]))
        if not kept:
            return
        made = {
            item.name: pa.array([row.get(item.name) for row in values], item.type)
            for item in self.shape.schema
            if item.name in self.schema.names
        }
        parsed.batches.append(self._dressed(batch_of(self.schema, made, len(kept)), None, around, kept))

    def _value(self, line: bytes) -> dict[str, Scalar]:
        """Return the stored values of one line; raise FormatError with the reason if it does not fit."""
        stamp, message = self._parts(line)
        time = _stamp_millis(stamp) if stamp is not None else None
        if self.stamped and time is None:
            start = (stamp or line)[:40].decode(errors="replace")
            raise FormatError(f"it starts with {start!r}, not with a time like 2026-11-01T00:00:00.000Z")
        try:
            text = message.decode()
        except UnicodeDecodeError as error:
            raise FormatError(f"byte {error.start + 1} is not UTF-8 text") from error
        if self.loose and is_header(text):
            raise FormatError("it is a header line")
        values = self.format.parse_line(text)
        raw = None if text == self.format.line(values) else text
        return {f"c{number}": value for number, value in enumerate(values.values())} | {"time": time, "raw": raw}

    def _is_own_header(self, text: str, line: int) -> bool:
        """Tell whether a line repeats the header; another header changes the format, which is an error."""
        if self.shape.kind != "text" or not is_header(text):
            return False
        if text.split() != self.format.header.split() and _format_of(text) != self.format.columns:
            raise FormatChange(line, text[:120])
        return True

    def _dressed(
        self, batch: pa.RecordBatch, raws: list[str | None] | None, around: pa.RecordBatch | None, kept: list[int]
    ) -> pa.RecordBatch:
        """Put the raw lines and what is known around the lines into a batch."""
        if self.keeps_raw and raws is not None and any(raw is not None for raw in raws):
            at = batch.schema.get_field_index("raw")
            batch = batch.set_column(at, self.schema.field(at), pa.array(raws, pa.string()))
        if around is not None:
            for at, item in enumerate(self.schema):
                if item.name in around.schema.names:
                    batch = batch.set_column(at, item, around.column(item.name).take(pa.array(kept, pa.int64())))
        return batch


def _cuts(data: bytes | bytearray, start: int, length: int, parts: int) -> Iterator[tuple[int, int]]:
    """Yield spans of whole lines, about `parts` of them."""
    step = max((length - start) // parts, 1)
    while start < length:
        goal = min(length, start + step)
        end = data.find(b"\n", goal - 1, length) + 1 or length
        yield start, end
        start = end


def _format_of(header: str) -> tuple[str, ...]:
    try:
        return LogFormat.from_header(header).columns
    except FormatError:
        return ()


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _plain(column: pa.Array, test: Any) -> Any:
    """Return a test of texts as a NumPy array of bool; of a dictionary, each word is tested once."""
    words = pa.types.is_dictionary(column.type)
    found = test(column.dictionary).take(column.indices) if words else test(column)
    return found.fill_null(False).to_numpy(zero_copy_only=False)


def _is_name(words: pa.Array) -> pa.Array:
    return pc.is_in(words, value_set=_NAMES)


def _zero_digit(words: pa.Array) -> pa.Array:
    return pc.match_substring_regex(words, "^0[0-9]")


def _stamp_millis(stamp: bytes | None) -> int | None:
    """Return the milliseconds since the epoch that an ISO 8601 time with a zone names, or None."""
    try:
        text = (stamp or b"").decode("ascii")
        return epoch_millis(parse_time(text)) if "T" in text else None
    except (UnicodeDecodeError, WindowError):
        return None
