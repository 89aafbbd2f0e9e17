"""The field table, log formats, and one line to one record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejectkit.errors import FormatError
from rejectkit.records import FIELDS, LogFormat, by_column, by_name, column_name, is_header

# VPC User Guide, "Flow log records": each name with the column Logs Insights discovers (seen or by the same rule).
COLUMNS = {
    "account-id": "accountId", "srcaddr": "srcAddr", "dstport": "dstPort", "log-status": "logStatus", "tcp-flags": "tcpFlags",
    "pkt-srcaddr": "pktSrcAddr", "pkt-dst-aws-service": "pktDstAwsService", "az-id": "azId", "ecs-task-arn": "ecsTaskArn",
    "instance-tag-2": "instanceTag2", "next-hop-interface-type": "nextHopInterfaceType", "type": "type",
}  # fmt: skip


@pytest.mark.parametrize(("name", "column"), COLUMNS.items())
def test_column_names_follow_one_rule(name: str, column: str) -> None:
    """Hyphens become camelCase; addr and port take a capital."""
    assert column_name(name) == column
    assert by_name[name] is by_column[column]


def test_the_table_holds_every_version_once() -> None:
    """Versions 2 to 11 are there, no name or column twice, and whole numbers are the fields AWS types so."""
    assert {field.since for field in FIELDS} == set(range(2, 12))
    assert len({field.name for field in FIELDS}) == len({field.column for field in FIELDS}) == len(FIELDS)
    assert all(field.meaning for field in FIELDS)
    numbers = {field.name for field in FIELDS if field.type == "int" and field.since != 6}
    assert numbers == {"version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp-flags",
                       "traffic-path", "encryption-status"}  # fmt: skip


def test_the_default_format_is_version_2() -> None:
    """The default format's 14 fields stand in the documented order."""
    assert LogFormat.default().header == (
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
    )


# VPC User Guide, "Flow log record examples".
EXAMPLES = [
    (
        "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
        {"srcAddr": "172.31.9.69", "dstPort": 3389, "accountId": "123456789010", "action": "REJECT", "bytes": 4249},
    ),
    (
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
        {"srcAddr": None, "dstPort": None, "start": 1431280876, "action": None, "logStatus": "NODATA"},
    ),
    (
        "2 unknown eni-1 2001:db8::1 2001:db8::2  34892\t22 6 54 8855 1477913708 1477913820 ACCEPT OK",
        {"accountId": "unknown", "srcAddr": "2001:db8::1", "srcPort": 34892, "dstPort": 22},
    ),
]


@pytest.mark.parametrize(("line", "values"), EXAMPLES)
def test_documented_lines_parse(line: str, values: dict[str, object]) -> None:
    """`-` is null, numbers are numbers, runs of blanks separate fields once."""
    record = LogFormat.default().parse_line(line)
    assert {column: record[column] for column in values} == values


GOOD = ["2", "1", "eni-1", "10.0.0.1", "10.0.0.2", "1", "2", "6", "3", "4", "5", "6", "REJECT", "OK"]
MISFITS = [
    (GOOD[:-1], "13 fields where the format has 14"),
    ([*GOOD, "more"], "15 fields where the format has 14"),
    ([], "0 fields where the format has 14"),
    ([*GOOD[:5], "x", *GOOD[6:]], "srcport is 'x', not a whole number"),
    ([*GOOD[:5], "-1", *GOOD[6:]], "srcport is '-1', not a whole number"),
    ([*GOOD[:5], "1_0", *GOOD[6:]], "srcport is '1_0', not a whole number"),
    ([*GOOD[:5], "\u0661", *GOOD[6:]], "srcport is '\u0661', not a whole number"),
    ([*GOOD[:9], "9" * 30, *GOOD[10:]], "bytes is " + "9" * 30 + ", more than 64 bits hold"),
    ([*GOOD[:12], "DENY", "OK"], "action is 'DENY', not ACCEPT, REJECT or -"),
    ([*GOOD[:13], "okay"], "log-status is 'okay', not OK, NODATA, SKIPDATA or -"),
]


@pytest.mark.parametrize(("words", "reason"), MISFITS)
def test_a_line_that_does_not_fit_says_why(words: list[str], reason: str) -> None:
    """The reason names the field, the value and what would fit."""
    with pytest.raises(FormatError) as caught:
        LogFormat.default().parse_line(" ".join(words))
    assert str(caught.value) == reason


def test_formats_are_read_as_aws_writes_them() -> None:
    """`${field}` tokens and header lines, Athena's underscores included, give the same format."""
    text = "${version} ${vpc-id}  ${my-own-field}\n${end}"
    assert LogFormat.parse(text).columns == ("version", "vpcId", "myOwnField", "end")
    assert str(LogFormat.parse(text)) == "${version} ${vpc-id} ${my-own-field} ${end}"
    assert LogFormat.from_header("version vpc_id end") == LogFormat.parse("${version} ${vpc-id} ${end}")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LogFormat.parse("version srcaddr"), "'version' in the log format is not a field"),
        (lambda: LogFormat.parse(""), "'' in the log format is not a field"),
        (lambda: LogFormat.parse("${a} x ${b}"), "'x' in the log format is not a field"),
        (lambda: LogFormat.parse("${srcaddr} ${srcaddr}"), "names 'srcaddr' and 'srcaddr'"),
        (lambda: LogFormat(("my-field", "myField")), "both of which are the column myField"),
        (lambda: LogFormat(()), "names no field"),
        (lambda: LogFormat(("a b",)), "'a b' is not a field name"),
        (lambda: LogFormat.from_header("2 123 eni-1 10.0.0.1"), "is not the header line of a flow log"),
        (lambda: LogFormat.from_header(""), "is not the header line of a flow log"),
    ],
)
def test_a_bad_format_says_what_and_how(make: object, message: str) -> None:
    """A format that cannot be used is refused with the part at fault."""
    with pytest.raises(FormatError) as caught:
        make()  # type: ignore[operator]  # a row's thunk
    assert message in str(caught.value)


def test_headers_are_told_from_records() -> None:
    """A header has field names for at least half its words; no record line does."""
    assert is_header("version account-id end")
    assert is_header("resource-type tgw-id unheard-of")
    assert not is_header("ACCEPT OK 1 2")
    assert not is_header("version 2 3 4 5")
    assert not is_header("")


SPELLINGS = st.text("abcdefghij-", min_size=1, max_size=8).filter(
    lambda name: not name.startswith("-") and not name.endswith("-")
)


@given(
    st.lists(
        st.one_of(st.sampled_from([field.name for field in FIELDS]), SPELLINGS),
        min_size=1,
        max_size=20,
        unique_by=column_name,
    )
)
def test_a_format_survives_its_own_text(names: list[str]) -> None:
    """`LogFormat.parse(str(format)) == format`."""
    fmt = LogFormat(tuple(names))
    assert LogFormat.parse(str(fmt)) == fmt


WORDS = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=12).filter(
    lambda word: word != "-" and word.split() == [word]
)


@given(st.dictionaries(st.sampled_from(FIELDS), st.none() | st.integers(0, 2**63 - 1) | WORDS, min_size=1))
def test_a_record_survives_its_own_line(values: dict[object, object]) -> None:
    """`format.parse_line(format.line(record)) == record` for every record that fits."""
    chosen = {field: value for field, value in values.items() if field.name not in ("action", "log-status")}
    record = {
        f.column: (v if v is None or (f.type == "int") == isinstance(v, int) else None) for f, v in chosen.items()
    }
    if record:
        fmt = LogFormat(tuple(field.name for field in chosen))
        assert fmt.parse_line(fmt.line(record)) == record
