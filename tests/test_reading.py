"""Lines to batches: the fast way and the exact way are one, whatever the lines hold."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejectkit.errors import FormatError
from rejectkit.records import LogFormat, is_header
from rejectkit.sources.files.reading import FormatChange, LineReader, Misfit, Parsed
from rejectkit.sources.files.shapes import Shape

DEFAULT = LogFormat.default()
GOOD = (
    "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK"
)
NODATA = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA"
IPV6 = (
    "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 "
    "34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK"
)
FORMATS = [
    DEFAULT,
    LogFormat(("srcaddr", "dstport", "action")),
    LogFormat(("instance-id", "interface-id", "srcaddr")),
    LogFormat(("version", "my-tag", "log-status", "tcp-flags", "bytes")),
]


def reader(fmt: LogFormat = DEFAULT, wanted: Sequence[str] | None = None, kind: str = "text") -> LineReader:
    """Return a reader of lines."""
    return LineReader(Shape(kind, fmt), wanted)  # type: ignore[arg-type]  # a literal


def read(text: str | bytes, fmt: LogFormat = DEFAULT, wanted: Sequence[str] | None = None) -> Parsed:
    """Read a text as one block."""
    data = text.encode() if isinstance(text, str) else text
    return reader(fmt, wanted).read_text(data, len(data))


def rows(parsed: Parsed) -> list[dict[str, object]]:
    """Return the records as they are stored."""
    return pa.Table.from_batches(parsed.batches).to_pylist() if parsed.batches else []


def by_the_rule(data: bytes, fmt: LogFormat) -> tuple[list[dict[str, object]], list[tuple[int, str]]]:
    """Read lines one by one with `LogFormat.parse_line`, and nothing else."""
    records: list[dict[str, object]] = []
    misfits: list[tuple[int, str]] = []
    loose = not {"version", "dstport", "action", "log-status", "tcp-flags", "bytes"} & set(fmt.fields)
    for number, raw in enumerate(data.removesuffix(b"\n").split(b"\n")):
        line = raw.removesuffix(b"\r")
        if not line.split():
            continue
        try:
            text = line.decode()
            if loose and is_header(text):
                raise FormatError("it is a header line")
            values = fmt.parse_line(text)
        except (FormatError, UnicodeDecodeError) as error:
            if is_header(line.decode(errors="replace")) and line.decode(errors="replace").split() == list(fmt.fields):
                continue
            misfits.append((number, str(error) if isinstance(error, FormatError) else "UTF-8"))
            continue
        spelled = fmt.line(values)
        record: dict[str, object] = {f"c{at}": value for at, value in enumerate(values.values())}
        records.append(record | {"raw": None if text == spelled else text})
    return records, misfits


word = st.one_of(
    st.sampled_from(["a\x1cb", "a\x0bb", "7\x1f7", "a\u00a0b", "a\u2003b", "a\x00b", "a\tb", "a\x85b"]),
    st.sampled_from(
        ["-", "0", "00", "007", "0x1F", "0X1f", "-1", "-0", "+1", "1e3", "1.5", "1_0", "9" * 18, "9" * 19, "9" * 20]
    ),
    st.sampled_from(
        ["9223372036854775807", "9223372036854775808", "ACCEPT", "REJECT", "OK", "NODATA", "accept", "SKIPDATA"]
    ),
    st.sampled_from(
        ["version", "srcaddr", "eni-0x", "0.0.0.0", "012345678901", "::1", "é", "\u00a0", "\x1c", "\x00", '"q"', "x"]
    ),
    st.integers(0, 70000).map(str),
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1, max_size=4),
)
gap = st.sampled_from([" ", " ", " ", " ", " ", " ", "  ", "\t", " \t ", "\x0b", "\x1f", "\r"])


@st.composite
def hostile(draw: st.DrawFn, fmt: LogFormat) -> bytes:
    """A line that nearly fits: mostly right values, some of them odd, the blanks too."""
    right = {
        "version": "2",
        "srcaddr": "10.0.0.1",
        "dstport": "22",
        "action": "REJECT",
        "log-status": "OK",
        "tcp-flags": "2",
    }
    words = [right.get(name, "77") for name in fmt.fields]
    for _ in range(draw(st.integers(0, 2))):
        words[draw(st.integers(0, len(words) - 1))] = draw(word)
    if draw(st.integers(0, 9)) == 0:
        words = words[:-1] if draw(st.booleans()) else [*words, draw(word)]
    odd = draw(st.integers(0, 3)) == 0
    text = "".join(w + (draw(gap) if odd else " ") for w in words).removesuffix(" ")
    line = (
        draw(st.sampled_from(["", "", "", "", " ", "\t"])) + text + draw(st.sampled_from(["", "", "", "", " ", "\r"]))
    )
    data = line.encode()
    return data if draw(st.integers(0, 19)) else data + b"\xff"


@st.composite
def texts(draw: st.DrawFn) -> tuple[LogFormat, bytes]:
    """A format and lines of it: a few odd ones among many usual ones, headers and empty lines between."""
    fmt = draw(st.sampled_from(FORMATS))
    usual = " ".join({"action": "ACCEPT", "log-status": "OK"}.get(name, "5") for name in fmt.fields).encode()
    line = st.one_of(hostile(fmt), hostile(fmt), st.just(usual), st.just(b""), st.just(fmt.header.encode()))
    lines = draw(st.lists(line, max_size=12)) + [usual] * draw(st.sampled_from([0, 3, 40]))
    end = draw(st.sampled_from([b"\n", b""]))
    return fmt, b"\n".join(draw(st.permutations(lines))) + end


@settings(max_examples=500, deadline=None)
@given(texts(), st.sampled_from([None, ["c0"], ["c1", "raw"], ["raw"]]))
def test_fast_way_reads_as_the_exact_one(case: tuple[LogFormat, bytes], wanted: list[str] | None) -> None:
    """Records, raw lines and misfits are those of parse_line, line by line, whatever columns are wanted."""
    fmt, data = case
    expected, misfits = by_the_rule(data, fmt)
    try:
        parsed = read(data, fmt, wanted)
    except FormatChange as change:
        line = data.split(b"\n")[change.line].decode()
        assert is_header(line)
        assert line.split() != list(fmt.fields)
        return
    names = wanted or [*(f"c{at}" for at in range(len(fmt.fields))), "raw"]
    assert rows(parsed) == [{name: record[name] for name in names} for record in expected]
    assert [(m.line, m.reason if "UTF-8" not in m.reason else "UTF-8") for m in parsed.misfits] == misfits
    assert parsed.lines == len(data.removesuffix(b"\n").split(b"\n")) if data else parsed.lines == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2 123456789010 eni-1", "3 fields where the format has 14"),
        (GOOD + " extra", "15 fields where the format has 14"),
        (GOOD.replace(" 3389 ", " rdp "), "dstport is 'rdp', not a whole number"),
        (GOOD.replace(" 3389 ", " -5 "), "dstport is '-5', not a whole number"),
        (GOOD.replace(" 3389 ", " 0x22 "), "dstport is '0x22', not a whole number"),
        (GOOD.replace("REJECT", "DENY"), "action is 'DENY', not ACCEPT, REJECT or -"),
        (GOOD.replace("OK", "FINE"), "log-status is 'FINE', not OK, NODATA, SKIPDATA or -"),
    ],
)
def test_line_that_does_not_fit_is_kept_aside_with_its_reason(line: str, reason: str) -> None:
    """A misfit has its number, its reason and its text; the lines around it are read."""
    parsed = read(f"{GOOD}\n{line}\n{NODATA}\n")
    assert parsed.misfits == [Misfit(1, reason, line)]
    assert parsed.records == 2


def test_bytes_that_are_not_utf8_make_a_misfit() -> None:
    """A line is text or a misfit, never repaired."""
    parsed = read(f"{GOOD}\n".encode() + GOOD.encode().replace(b"eni-", b"\xff\xfe-") + b"\n")
    assert [(m.line, m.reason) for m in parsed.misfits] == [(1, "byte 16 is not UTF-8 text")]
    assert parsed.records == 1


def test_dash_is_null_and_nodata_is_a_record() -> None:
    """NODATA lines are records of their own kind; each `-` in them is null."""
    row = rows(read(NODATA))[0]
    assert row["c13"] == "NODATA"
    assert [row[f"c{at}"] for at in range(3, 10)] == [None] * 7
    assert row["c12"] is None


def test_ipv6_addresses_are_text_like_others() -> None:
    """IPv6 needs no care of its own."""
    assert rows(read(IPV6))[0]["c3"] == "2001:db8:1234:a100:8d6e:3477:df66:f105"


@pytest.mark.parametrize(
    "line",
    [
        GOOD.replace(" 3389 ", "  3389 "),
        GOOD.replace(" ", "\t"),
        " " + GOOD,
        GOOD + " ",
        GOOD.replace(" 3389 ", " 03389 "),
        GOOD.replace(" 3389 ", "\u00a03389 ").replace("eni-", "é-"),
    ],
)
def test_line_that_values_do_not_spell_is_kept_as_it_is(line: str) -> None:
    """Runs of blanks and tabs separate fields; the raw line is stored only where it is needed."""
    parsed = read(f"{GOOD}\n{line}\n{GOOD}\n")
    assert [row["raw"] for row in rows(parsed)] == [None, line, None]
    assert [row["c6"] for row in rows(parsed)] == [3389] * 3


def test_account_with_a_leading_zero_is_text_and_needs_no_raw_line() -> None:
    """Only numbers lose leading zeros; an account id is text."""
    line = GOOD.replace("123456789010", "012345678901")
    assert [(row["c1"], row["raw"]) for row in rows(read(f"{line}\n" * 3))] == [("012345678901", None)] * 3


def test_windows_line_ends_are_line_ends() -> None:
    """A carriage return before the line end is no part of the line."""
    assert rows(read(f"{DEFAULT.header}\r\n{GOOD}\r\n")) == rows(read(f"{DEFAULT.header}\n{GOOD}\n"))


def test_header_may_stand_at_the_start_and_again_in_between() -> None:
    """Header lines and empty ones count as lines and are neither records nor misfits; so does a byte order mark."""
    parsed = read(f"\ufeff{DEFAULT.header}\n{GOOD}\n\n{DEFAULT.header}\nbad\n{GOOD}\n")
    assert (parsed.records, parsed.lines, [m.line for m in parsed.misfits]) == (2, 6, [4])


def test_another_header_in_between_is_a_change_of_format() -> None:
    """Lines after another header would be read into the wrong columns, so it is not passed over."""
    with pytest.raises(FormatChange) as caught:
        read(f"{GOOD}\nversion srcaddr dstaddr action\n2 10.0.0.1 10.0.0.2 REJECT\n")
    assert (caught.value.line, caught.value.text) == (1, "version srcaddr dstaddr action")


def test_header_in_between_of_a_format_without_numbers() -> None:
    """Where any word fits every field, a repeated header is still no record."""
    fmt = LogFormat(("instance-id", "interface-id", "srcaddr"))
    parsed = read("- eni-1 10.0.1.5\ninstance-id interface-id srcaddr\n- eni-2 10.0.1.6\n", fmt)
    assert [row["c1"] for row in rows(parsed)] == ["eni-1", "eni-2"]
    assert parsed.misfits == []


def test_misfits_are_numbered_through_a_large_part() -> None:
    """Cutting a block smaller does not shift line numbers."""
    lines = [GOOD] * 5000
    for at in (0, 1, 777, 4321, 4999):
        lines[at] = f"odd {at}"
    parsed = read("\n".join(lines))
    assert [(m.line, m.text) for m in parsed.misfits] == [(at, f"odd {at}") for at in (0, 1, 777, 4321, 4999)]
    assert (parsed.records, parsed.lines) == (4995, 5000)


def test_checks_do_not_depend_on_the_columns_wanted() -> None:
    """A bad number is a misfit also where nobody asked for its column."""
    bad = f"{GOOD}\n{GOOD.replace(' 4249 ', ' many ')}\n"
    assert [read(bad, wanted=[column]).misfits for column in ("c0", "c9", "raw")] == [read(bad).misfits] * 3


def test_stamped_lines_give_time_and_message() -> None:
    """CloudWatch's export to S3 puts the event's time before each line."""
    text = (
        f"2014-12-14T04:06:50.123Z {GOOD}\nyesterday {GOOD}\n2014-12-14T04:07:00.000Z {GOOD.replace(' 6 ', '  6 ')}\n"
    )
    parsed = reader(kind="stamped").read_text(text.encode(), len(text))
    assert [(row["time"], row["raw"]) for row in rows(parsed)] == [
        (1418530010123, None),
        (1418530020000, GOOD.replace(" 6 ", "  6 ")),
    ]
    assert parsed.misfits[0].reason == "it starts with 'yesterday', not with a time like 2026-11-01T00:00:00.000Z"


def test_what_is_around_a_line_goes_with_it() -> None:
    """Where a line does not fit, the times of the others stay their own."""
    shape = Shape("events", DEFAULT)
    around = pa.record_batch(
        [
            pa.array([1, 2, 3]),
            pa.nulls(3, pa.int64()),
            pa.array(["a", "b", "c"]),
            pa.array(["l"] * 3),
        ],
        names=["time", "ingestion", "stream", "log"],
    )
    parsed = LineReader(shape).read_lines([GOOD.encode(), b"bad", NODATA.encode()], around)
    assert [(row["time"], row["stream"]) for row in rows(parsed)] == [(1, "a"), (3, "c")]
