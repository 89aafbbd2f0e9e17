"""Patterns written for a log format: the right columns, the length limit, networks as texts, and refusals."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from rejectkit.errors import ArgumentError, FormatError
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.patterns.writing import PRIVATE, Only, between, unlike
from rejectkit.records import FIELDS, LogFormat

DEFAULT = LogFormat.default()
RECIPE = FilterPattern(
    "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, windowstart, "
    'windowend, action="REJECT", flowlogstatus]'
)
# Source: the VPC User Guide, "Flow log record examples".
DOCUMENTED = {
    DEFAULT.header: [
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
        "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
        "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA",
        "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK",
        "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK",
    ],
    "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status": [
        "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK",
        "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 10.0.0.62 52.213.180.42 5001 43638  10.0.0.62 52.213.180.42 6 967 14 1566933133 1566933193 ACCEPT 19 OK",
    ],
    "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr": [
        "- eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5",
        "i-01234567890123456 eni-1111aaaa2222bbbb3 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5",
    ],
    "resource-id instance-id interface-id subnet-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr": [
        "nat-1234567890abcdef - - - 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5",
        "- i-01234567890123456 eni-1111aaaa2222bbbb3 subnet-aaaaaaaa012345678 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5",
    ],
    "version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status": [
        "3 eni-33333333333333333 123456789010 vpc-abcdefab012345678 subnet-22222222bbbbbbbbb i-01234567890123456 10.20.33.164 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK",
        "3 eni-11111111111111111 123456789010 vpc-abcdefab012345678 subnet-11111111aaaaaaaaa - 10.40.1.175 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK",
    ],
    "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status": [
        "5 52.95.128.179 10.0.0.71 80 34210 6 1616729292 1616729349 IPv4 14 15044 123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 19 52.95.128.179 10.0.0.71 S3 - - ingress OK",
        "5 10.0.0.71 52.95.128.179 34210 80 6 1616729292 1616729349 IPv4 7 471 123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 3 10.0.0.71 52.95.128.179 - S3 8 egress OK",
    ],
}
EACH = [(header, line) for header, lines in DOCUMENTED.items() for line in lines]
REJECT = DOCUMENTED[DEFAULT.header][1]


def default_line(**values: Any) -> str:
    """Return a default-format REJECT line with some values changed."""
    return DEFAULT.line(DEFAULT.parse_line(REJECT) | values)


@pytest.mark.parametrize(("header", "line"), EACH)
def test_each_column_of_each_documented_record_is_where_the_pattern_looks(header: str, line: str) -> None:
    """A condition on any column, the last too, is met by the record's value and by no other."""
    fmt = LogFormat.from_header(header)
    for column, value in fmt.parse_line(line).items():
        assert FilterPattern.for_format(fmt, **{column: value}).matches(line), column
        assert not FilterPattern.for_format(fmt, **{column: unlike(value)}).matches(line), column
        if value is not None:
            assert not FilterPattern.for_format(fmt, **{column: None}).matches(line), column
    values = FilterPattern.for_format(fmt).extract(line)
    assert values == dict(zip((f"${column}" for column in fmt.columns), line.split(), strict=True))


@pytest.mark.parametrize("line", DOCUMENTED[DEFAULT.header])
def test_the_recipes_pattern(line: str) -> None:
    """On the default format, action REJECT is the recipe's pattern but for the names of the fields."""
    written = FilterPattern.for_format(DEFAULT, action="REJECT")
    assert str(written) == (
        "[version, accountId, interfaceId, srcAddr, dstAddr, srcPort, dstPort, protocol, packets, bytes, start, end, "
        'action="REJECT", logStatus]'
    )
    for text in (line, line + " vpc-1 more", line.rsplit(" ", 1)[0], f'{line} "x', ""):
        assert written.matches(text) is RECIPE.matches(text)


@pytest.mark.parametrize(
    ("conditions", "cell"),
    [
        ({"dstPort": 22}, "dstPort=22"),
        ({"dstPort": "22"}, "dstPort=22"),
        ({"dstPort": [22, 22, 3389]}, "dstPort=22 || dstPort=3389"),
        ({"dstPort": None}, 'dstPort="-"'),
        ({"dstPort": (22, None)}, 'dstPort=22 || dstPort="-"'),
        ({"dstPort": "33*"}, "dstPort=33*"),
        ({"dstPort": between(1024)}, "dstPort>=1024"),
        ({"dstPort": between(0, 1023)}, "dstPort>=0 && dstPort<=1023"),
        ({"dstPort": Only(but=(22,), most=1023)}, "dstPort<=1023 && dstPort!=22"),
        ({"srcAddr": "10.0.*"}, "srcAddr=10.0.*"),
        ({"srcAddr": "10.0.0.9"}, 'srcAddr="10.0.0.9"'),
        ({"srcAddr": ip_address("2001:db8::9")}, 'srcAddr="2001:db8::9"'),
        ({"srcAddr": "10.0.0.0/8"}, "srcAddr=10.*"),
        ({"srcAddr": ip_network("10.1.0.0/16")}, "srcAddr=10.1.*"),
        ({"srcAddr": "10.1.2.0/24"}, "srcAddr=10.1.2.*"),
        ({"srcAddr": "10.1.2.3/32"}, 'srcAddr="10.1.2.3"'),
        ({"srcAddr": "2001:db8::9/128"}, 'srcAddr="2001:db8::9"'),
        ({"srcAddr": "10.4.0.0/15"}, "srcAddr=10.4.* || srcAddr=10.5.*"),
        ({"srcAddr": "10.1.2.8/31"}, 'srcAddr="10.1.2.8" || srcAddr="10.1.2.9"'),
        ({"srcAddr": unlike("10.*", "192.168.0.0/16")}, "srcAddr!=10.* && srcAddr!=192.168.*"),
        ({"srcAddr": unlike("10.*", "10.0.0.0/8", "10.*")}, "srcAddr!=10.*"),
        (
            {"srcAddr": Only(("10.0.0.0/8", "192.168.*"), but=("10.0.5.9", "*.1"))},
            'srcAddr=10.* && srcAddr!="10.0.5.9" && srcAddr!=*.1 || srcAddr=192.168.* && srcAddr!=*.1',
        ),
        ({"srcAddr": Only("10.0.0.9", but="10.0.0.8")}, 'srcAddr="10.0.0.9"'),
        ({"interfaceId": "eni-1*"}, 'interfaceId="eni-1*"'),
        ({"logStatus": "OK"}, 'logStatus="OK", ...'),
    ],
)
def test_what_a_condition_becomes(conditions: dict[str, Any], cell: str) -> None:
    """Numbers and wildcards stand bare as on the pages, texts in quotes; each way of a field says all that must hold."""
    text = str(FilterPattern.for_format(DEFAULT, **conditions))
    (column,) = conditions
    before, after = text.split(cell, 1)
    assert before.endswith(("[", ", "))
    assert after.startswith((", ", "]"))
    assert f"{column}=" not in before


def test_sources_inside_are_the_private_networks() -> None:
    """The 18 texts of RFC 1918 fit, and take exactly its addresses."""
    pattern = FilterPattern.for_format(DEFAULT, action="REJECT", srcAddr=Only(PRIVATE, but=("10.0.5.9",)))
    inside = ["10.0.0.1", "10.0.5.8", "172.16.0.1", "172.31.255.255", "192.168.9.9"]
    outside = ["9.255.0.1", "11.0.0.1", "100.10.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "2001:db8::1", None]
    assert all(pattern.matches(default_line(srcAddr=address)) for address in inside)
    assert not any(pattern.matches(default_line(srcAddr=address)) for address in [*outside, "10.0.5.9"])


def test_the_last_field_is_compared_alone() -> None:
    """Fields that were appended to the format do not get into a condition on its last field."""
    pattern = FilterPattern.for_format(DEFAULT, logStatus="OK")
    assert pattern.matches(REJECT)
    assert pattern.matches(f"{REJECT} vpc-abcdefab012345678")
    assert not pattern.matches(REJECT.replace("OK", "NODATA"))


KNOWN = [field.name for field in FIELDS]
FLOWS = LogFormat((*KNOWN[:48], "a-field-that-is-to-come", "another-field-that-is-to-come", *KNOWN[48:]))


def test_a_long_format_is_shortened_by_one_ellipsis() -> None:
    """Fields behind the last condition go first; if that is not enough, the longest stretch without conditions."""
    assert len(f"[{', '.join(FLOWS.columns)}]") > 1024
    assert str(FilterPattern.for_format(FLOWS)) == "[...]"
    early = str(FilterPattern.for_format(FLOWS, action="REJECT"))
    assert early.endswith('end, action="REJECT", ...]')
    both = str(FilterPattern.for_format(FLOWS, srcAddr="10.*", nextHopVpcId="vpc-1"))
    assert both == '[version, accountId, interfaceId, srcAddr=10.*, ..., nextHopVpcId="vpc-1", nextHopInterfaceType]'
    last = str(FilterPattern.for_format(FLOWS, nextHopInterfaceType="ec2"))
    assert last == '[..., nextHopInterfaceType="ec2"]'


def test_names_are_valid_and_unique() -> None:
    """A field of a format that is no field of flow logs gets a name that a pattern takes."""
    fmt = LogFormat(("my.field", "my_field", "1st", "é", "action"))
    pattern = FilterPattern.for_format(fmt, action="REJECT", **{"my.field": "x"})
    assert pattern.matches("x y z w REJECT")
    assert not pattern.matches("y x z w REJECT")
    assert pattern.fields is not None
    assert len(set(pattern.fields)) == len(pattern.fields) == 5


@pytest.mark.parametrize(
    ("conditions", "kind", "text"),
    [
        (
            {"flowDirection": "ingress"},
            FormatError,
            r"no flow-direction \(column flowDirection\).*\$\{flow-direction\}",
        ),
        ({"dstport": 22}, ArgumentError, "no column 'dstport'.*did you mean dstPort"),
        ({"action": "reject"}, ArgumentError, "action is 'reject', not ACCEPT, REJECT"),
        ({"dstPort": "ssh"}, ArgumentError, "dstport is 'ssh', not a whole number"),
        ({"dstPort": -1}, ArgumentError, "not a whole number"),
        ({"dstPort": True}, ArgumentError, "dstPort is given True"),
        ({"dstPort": 2.5}, ArgumentError, "dstPort is given 2.5"),
        ({"dstPort": []}, ArgumentError, "no values"),
        ({"dstPort": between()}, ArgumentError, "says nothing"),
        ({"dstPort": between(9, 8)}, ArgumentError, "between 9 and 8.*swap"),
        ({"dstPort": between("9")}, ArgumentError, "a bound of dstPort is '9'"),
        ({"srcAddr": "10.*.5"}, ArgumentError, "at the ends of a text only"),
        ({"srcAddr": "10.0.0.9 10.0.0.8"}, ArgumentError, "no blanks"),
        ({"srcAddr": ""}, ArgumentError, "never empty"),
        ({"srcAddr": "10.0.0.5/8"}, ArgumentError, "host bits set.*10.1.2.\\*"),
        ({"srcAddr": "10.0.0.0/9"}, ArgumentError, "would be 128"),
        ({"srcAddr": "10.0.0.0/27"}, ArgumentError, "would be 32"),
        ({"srcAddr": "0.0.0.0/0"}, ArgumentError, "is every address"),
        ({"srcAddr": "2001:db8::/32"}, ArgumentError, "IPv6 addresses are shortened"),
        ({"srcAddr": [f"10.0.{n}.*" for n in range(99)]}, ArgumentError, "would have .* characters at least.*1,024"),
    ],
)
def test_what_a_pattern_cannot_say(conditions: dict[str, Any], kind: type[Exception], text: str) -> None:
    """What, which value, and how to mend it."""
    with pytest.raises(kind, match=text):
        FilterPattern.for_format(DEFAULT, **conditions)


def test_the_format_is_a_log_format() -> None:
    """A text is not read as one."""
    with pytest.raises(ArgumentError, match="give a LogFormat"):
        FilterPattern.for_format("${action}", action="REJECT")  # type: ignore[arg-type]


ADDRESSES = (
    st.builds(
        lambda a, b, c: f"{a}.{b}.{c}.7",
        st.sampled_from([10, 172, 110, 9]),
        st.sampled_from([0, 1, 16, 31, 32]),
        st.sampled_from([0, 5]),
    )
    | st.just("2001:db8::1")
    | st.none()
)
NETWORKS = st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12", "10.0.5.0/24", "10.0.4.0/23", "10.0.5.7/32"])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_pattern_says_of_each_record_what_its_conditions_do(data: st.DataObject) -> None:
    """Over any order of fields, long and short, the pattern takes a line exactly if the record meets the conditions."""
    must = ["srcaddr", "dstport", "action"]
    names = [name for name in FLOWS.fields if name not in must]
    others = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=70))
    fmt = LogFormat(tuple(data.draw(st.permutations([*must, *others]))))
    values = data.draw(st.lists(NETWORKS, max_size=2))
    but = data.draw(st.lists(NETWORKS, max_size=2 if values else 1, min_size=0 if values else 1))
    least, most = sorted(data.draw(st.tuples(st.integers(0, 99), st.integers(0, 99))))
    action = data.draw(st.sampled_from(["ACCEPT", "REJECT"]))
    sources = Only(tuple(values), tuple(but))
    try:
        pattern = FilterPattern.for_format(fmt, srcAddr=sources, dstPort=between(least, most), action=action)
    except ArgumentError as error:  # two networks of 16 texts each, and a wide format
        if "characters at least" not in str(error):
            raise
        reject()
    assert len(str(pattern)) <= 1024
    lines, expected = [], []
    for _ in range(4):
        record = {
            "srcAddr": data.draw(ADDRESSES),
            "dstPort": data.draw(st.integers(0, 99) | st.none()),
            "action": data.draw(st.sampled_from(["ACCEPT", "REJECT", action, None])),
        }
        address, port = record["srcAddr"], record["dstPort"]
        within = [address is not None and ip_address(address) in ip_network(network) for network in [*values, *but]]
        lines.append(fmt.line(record))
        expected.append(
            record["action"] == action
            and port is not None
            and least <= port <= most
            and (any(within[: len(values)]) or not values)
            and not any(within[len(values) :])
        )
    assert pattern.matching(lines).tolist() == expected
    assert [pattern.matches(line) for line in lines] == expected
