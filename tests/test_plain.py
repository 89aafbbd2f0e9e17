"""Plain lines read from their bytes: what is returned is what `LogFormat.parse_line` says, the rest is left over."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejectkit.errors import FormatError
from rejectkit.records import ACTIONS, LogFormat, by_name
from rejectkit.sources.files.plain import Plain, PlainReader
from rejectkit.sources.files.reading import FormatChange, LineReader, Parsed
from rejectkit.sources.files.shapes import Shape

DEFAULT = LogFormat.default()
USUAL = {"action": ACTIONS, "log-status": ("OK",)}
FORMATS = [
    DEFAULT,
    LogFormat(("srcaddr", "dstport", "action")),
    LogFormat(("bytes",)),
    LogFormat(("action",)),
    LogFormat(("log-status", "vpc-id", "tcp-flags", "instance-id")),
    LogFormat((*DEFAULT.fields[5:12], "tcp-flags", "traffic-path", "encryption-status", "region")),
]
GOOD = (
    "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK"
)
NODATA = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA"

digits = st.one_of(
    st.integers(0, 70000).map(str),
    st.integers(1, 18).flatmap(lambda count: st.text("0123456789", min_size=count, max_size=count)),
)
odd = st.one_of(
    st.sampled_from(["-", "--", "-1", "+1", "1.5", "1_0", "0x1F", "1e3", "9" * 19, "9" * 30, "/", ":", "7:", "/7"]),
    st.sampled_from(["REJECTED", "REJEC", "ACCEPT", "accept", "OK", "O", "OKAY", "NODATA", "SKIPDATA", "é", "\x00"]),
    st.sampled_from(["dstport", "a\x1cb", "7\x1f7", "7\x7f", "7\u00a07", "٣", "7\t7", "7\r", "", " "]),
)


@st.composite
def lines(draw: st.DrawFn, fmt: LogFormat) -> str:
    """A line with right values of many lengths; now and then an odd one, or one field too many or too few."""
    words = [draw(_values(name)) for name in fmt.fields]
    if draw(st.integers(0, 9)) == 0:
        words[draw(st.integers(0, len(words) - 1))] = draw(odd)
    if draw(st.integers(0, 30)) == 0:
        words = words[:-1] if draw(st.booleans()) else [*words, draw(odd)]
    return " ".join(words)


def _values(name: str) -> st.SearchStrategy[str]:
    spec = by_name.get(name)
    if spec is not None and spec.type == "int":
        return digits
    if name in USUAL:
        return st.sampled_from(USUAL[name])
    return st.sampled_from(["-", "10.0.0.1", "2001:db8::1", "eni-1235b8ca123456789", "ACCEPT", "77", "x" * 70])


def plain_reader(fmt: LogFormat, wanted: Sequence[int], stride: int) -> PlainReader:
    """Return a reader of a format's whole numbers and known words."""
    ints = [at for at, name in enumerate(fmt.fields) if name in by_name and by_name[name].type == "int"]
    words = {at: USUAL[name] for at, name in enumerate(fmt.fields) if name in USUAL}
    return PlainReader(len(fmt.fields), ints, words, wanted, stride)


@st.composite
def cases(draw: st.DrawFn) -> tuple[LogFormat, list[str]]:
    """A format and lines of it."""
    fmt = draw(st.sampled_from(FORMATS))
    return fmt, draw(st.lists(lines(fmt), min_size=1, max_size=30))


@settings(max_examples=600, deadline=None)
@given(cases(), st.sampled_from([1 << 20, 200, 40]), st.integers(0, 9), st.integers(0, 9))
def test_plain_lines_are_what_the_exact_way_says(
    case: tuple[LogFormat, list[str]], stride: int, before: int, after: int
) -> None:
    """Each line is left over, or fits and has these values; other bytes around the part do not matter."""
    fmt, texts = case
    data = "\n".join(texts).encode() + b"\n"
    wanted = [at for at, name in enumerate(fmt.fields) if name in USUAL or by_name[name].type == "int"]
    found = plain_reader(fmt, wanted, stride).read(b"7" * before + data + b"7" * after, before, before + len(data))
    if found is None:
        return
    exact = data.decode().removesuffix("\n").split("\n")
    assert found.rows == len(exact)
    assert found.text == b"".join(f"{exact[row]}\n".encode() for row in found.rest.tolist())
    for row, line in enumerate(exact):
        if row not in set(found.rest.tolist()):
            values = list(fmt.parse_line(line).values())  # raises if it does not fit
            assert {at: _value(fmt, found, at, row) for at in wanted} == {at: values[at] for at in wanted}


def _value(fmt: LogFormat, found: Plain, at: int, row: int) -> object:
    value = int(found.columns[at][row])
    return USUAL[fmt.fields[at]][value] if fmt.fields[at] in USUAL else value


@settings(max_examples=300, deadline=None)
@given(cases(), st.integers(0, 200), st.data())
def test_line_reader_returns_the_same_by_either_way(
    case: tuple[LogFormat, list[str]], usual: int, data: st.DataObject
) -> None:
    """Records, misfits, line numbers and a change of format do not depend on whether lines are looked at as plain ones."""
    fmt, texts = case
    known = [at for at, name in enumerate(fmt.fields) if name in USUAL or by_name[name].type == "int"]
    wanted = [f"c{at}" for at in data.draw(st.sets(st.sampled_from(known), min_size=1))]
    fitting = " ".join({"action": "ACCEPT", "log-status": "OK"}.get(name, "7") for name in fmt.fields)
    text = ("\n".join([*texts[:15], *[fitting] * usual, *texts[15:]]) + "\n").encode()
    with_plain, by_arrow = LineReader(Shape("text", fmt), wanted), LineReader(Shape("text", fmt), wanted)
    by_arrow.plain = None
    assert with_plain.plain is not None
    assert _outcome(with_plain, text) == _outcome(by_arrow, text)


def _outcome(reader: LineReader, text: bytes) -> object:
    try:
        return _told(reader.read_text(text, len(text)))
    except FormatChange as change:
        return change.line, change.text


def _told(parsed: Parsed) -> tuple[list[dict[str, object]], int, list[tuple[int, str, str]]]:
    rows = [row for batch in parsed.batches for row in batch.to_pylist()]
    return rows, parsed.lines, [tuple(misfit) for misfit in parsed.misfits]


def read(text: str, wanted: Sequence[int] = (6, 12)) -> Plain | None:
    """Read default-format lines."""
    data = text.encode()
    return plain_reader(DEFAULT, wanted, 1 << 20).read(data, 0, len(data))


def test_usual_lines_are_not_left_over() -> None:
    """Lines of the default format, with IPv4 and IPv6 addresses, are read here, to the last byte of the memory."""
    ipv6 = GOOD.replace("172.31.9.69", "2001:db8:1234:a100:8d6e:3477:df66:f105").replace("REJECT", "ACCEPT")
    found = read(f"{GOOD}\n{ipv6}\n", (6, 9, 10, 12, 13))
    assert found is not None
    assert (found.rest.tolist(), found.rows, found.text) == ([], 2, b"")
    told = {at: column.tolist() for at, column in found.columns.items()}
    assert told == {6: [3389] * 2, 9: [4249] * 2, 10: [1418530010] * 2, 12: [1, 0], 13: [0, 0]}


def test_line_without_data_is_left_over() -> None:
    """A line with nulls is handed on as it is, with its number."""
    found = read(f"{GOOD}\n" * 5 + f"{NODATA}\n" + f"{GOOD}\n")
    assert found is not None
    assert (found.rest.tolist(), found.text, found.rows) == ([5], f"{NODATA}\n".encode(), 7)


@pytest.mark.parametrize(
    "line",
    [
        GOOD.replace(" 6 ", "  6 "),
        GOOD.replace(" 6 ", "\t6 "),
        GOOD + " ",
        " " + GOOD,
        GOOD + "\r",
        GOOD + " more",
        GOOD.removesuffix(" OK"),
        GOOD.replace("eni-", "é-"),
        GOOD.replace(" 4249 ", f" {'1' * 19} "),
    ],
)
def test_other_separators_and_numbers_that_are_too_long_are_not_plain(line: str) -> None:
    """Where bytes do not tell the fields, the whole part is left to another reader."""
    assert read(f"{GOOD}\n" * 20 + f"{line}\n") is None


@pytest.mark.parametrize("word", ["REJECTED", "REJEC", "DENY", "accept", "-"])
def test_only_known_words_are_read(word: str) -> None:
    """Another word than the known ones leaves its line over; the beginning of a word is not the word."""
    found = read(f"{GOOD}\n" * 4 + GOOD.replace("REJECT", word) + "\n")
    assert found is not None
    assert found.rest.tolist() == [4]


def test_many_lines_left_over_are_not_worth_it() -> None:
    """Where more than a quarter of the lines would be left over, all are."""
    assert read(f"{GOOD}\n{NODATA}\n{GOOD}\n") is None


def test_part_with_a_misfit_is_read_line_by_line_in_the_end() -> None:
    """A line left over that does not fit is a misfit, whatever is wanted."""
    text = (f"{GOOD}\n" * 500 + GOOD.replace(" 4249 ", " many ") + f"\n{NODATA}\n").encode()
    parsed = LineReader(Shape("text", DEFAULT), ["c6", "c13"]).read_text(text, len(text))
    assert [(m.line, m.reason) for m in parsed.misfits] == [(500, "bytes is 'many', not a whole number")]
    assert _told(parsed)[0][-1] == {"c6": None, "c13": "NODATA"}
    with pytest.raises(FormatError, match="many"):
        DEFAULT.parse_line(GOOD.replace(" 4249 ", " many "))


def test_values_of_lines_left_over_are_put_in_their_place() -> None:
    """A word that is not a usual one comes from the other reader, at its line."""
    skipped = NODATA.replace("NODATA", "SKIPDATA")
    text = (f"{GOOD}\n" * 9 + f"{skipped}\n{GOOD}\n{NODATA}\n").encode()
    rows, *_ = _told(LineReader(Shape("text", DEFAULT), ["c13"]).read_text(text, len(text)))
    assert [row["c13"] for row in rows] == ["OK"] * 9 + ["SKIPDATA", "OK", "NODATA"]


def test_plain_lines_are_no_longer_looked_for_where_there_are_none() -> None:
    """A few large parts that are not plain are enough; small ones are not counted, and a plain one makes up for all."""
    reader = LineReader(Shape("text", DEFAULT), ["c6"])
    large, small, plain = ((f"{line}\n" * n).encode() for line, n in ((NODATA, 20_000), (NODATA, 9), (GOOD, 9)))
    told = []
    for text in (small, large, large, plain, large, large, large, plain):
        reader.read_text(text, len(text))
        told.append(reader.patience)
    assert told == [3, 2, 1, 3, 2, 1, 0, 0]
