"""Flow-log records: every field there is, the format of a line, and one line to one record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from rejectkit.errors import FormatError

Scalar = int | str | None

ACTIONS = ("ACCEPT", "REJECT")
LOG_STATUSES = ("OK", "NODATA", "SKIPDATA")
NULL = "-"

_MAX_INT = 2**63 - 1
_END = re.compile(r"(src|dst)(addr|port)")
_TOKEN = re.compile(r"\$\{([^{}\s]+)\}")
_DIGITS = re.compile(r"[0-9]+")


def column_name(field: str) -> str:
    """Return the Logs Insights column name of a log field.

    Hyphens become camelCase, `addr` and `port` take a capital: the names the service discovers in
    default-format logs, and the same rule for the fields it is not known to discover (*inferred*).

    Examples
    --------
    >>> column_name("pkt-srcaddr"), column_name("tcp-flags"), column_name("dstport")
    ('pktSrcAddr', 'tcpFlags', 'dstPort')
    """
    first, *rest = (_END.sub(lambda m: m[1] + m[2].capitalize(), part) for part in field.split("-"))
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One flow-log field.

    Attributes
    ----------
    name : str
        As in a log format: `pkt-srcaddr`.
    type : {"int", "text"}
        What its values are; `-` is null in both.
    unit : str
        Unit of the values, empty where there is none.
    since : int
        Version of the flow-log format that brought it.
    meaning : str
        What it says.
    """

    name: str
    type: Literal["int", "text"]
    unit: str
    since: int
    meaning: str

    @property
    def column(self) -> str:
        """Column name, as Logs Insights spells it."""
        return column_name(self.name)


def _table() -> tuple[FieldSpec, ...]:
    rows: list[FieldSpec] = []
    for line in _FIELDS.strip().splitlines():
        since, kind, name, unit, meaning = (part.strip() for part in line.split("|"))
        rows.append(FieldSpec(name, "int" if kind == "int" else "text", unit, int(since), meaning))
    return tuple(rows)


# Source: the VPC User Guide, "Flow log records"; version 6 is of transit gateway flow logs.
_FIELDS = """
2 | int  | version | | version of the flow-log format
2 | text | account-id | | account that owns the source interface; `unknown` for some interfaces AWS makes
2 | text | interface-id | | network interface the traffic was recorded on
2 | text | srcaddr | | source address; the interface's own side is its primary private address
2 | text | dstaddr | | destination address; the interface's own side is its primary private address
2 | int  | srcport | | source port; 0 for ICMP
2 | int  | dstport | | destination port; 0 for ICMP
2 | int  | protocol | | IANA protocol number: 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6
2 | int  | packets | packets | packets in the interval
2 | int  | bytes | bytes | bytes in the interval
2 | int  | start | seconds since the epoch, UTC | first packet in the interval, to within 60 s
2 | int  | end | seconds since the epoch, UTC | last packet in the interval, to within 60 s
2 | text | action | | ACCEPT or REJECT
2 | text | log-status | | OK, NODATA (no traffic in the interval) or SKIPDATA (records were lost)
3 | text | vpc-id | | VPC of the interface
3 | text | subnet-id | | subnet of the interface
3 | text | instance-id | | instance of the interface, where the instance is the account's own
3 | int  | tcp-flags | bit mask | TCP flags seen in the interval: FIN 1, SYN 2, RST 4, SYN-ACK 18
3 | text | type | | IPv4, IPv6 or EFA
3 | text | pkt-srcaddr | | source address in the packet itself
3 | text | pkt-dstaddr | | destination address in the packet itself
4 | text | region | | region of the interface
4 | text | az-id | | availability zone of the interface
4 | text | sublocation-type | | wavelength, outpost or localzone
4 | text | sublocation-id | | id of the sublocation
5 | text | pkt-src-aws-service | | AWS address range of pkt-srcaddr
5 | text | pkt-dst-aws-service | | AWS address range of pkt-dstaddr
5 | text | flow-direction | | ingress or egress, as seen from the interface
5 | int  | traffic-path | | way out that egress traffic took, 1 to 8
6 | text | resource-type | | transit gateway flow logs: kind of resource
6 | text | tgw-id | | transit gateway flow logs: transit gateway
6 | text | tgw-attachment-id | | transit gateway flow logs: attachment
6 | text | tgw-src-vpc-account-id | | transit gateway flow logs: account of the source VPC
6 | text | tgw-dst-vpc-account-id | | transit gateway flow logs: account of the destination VPC
6 | text | tgw-src-vpc-id | | transit gateway flow logs: source VPC
6 | text | tgw-dst-vpc-id | | transit gateway flow logs: destination VPC
6 | text | tgw-src-subnet-id | | transit gateway flow logs: source subnet
6 | text | tgw-dst-subnet-id | | transit gateway flow logs: destination subnet
6 | text | tgw-src-eni | | transit gateway flow logs: source attachment's interface
6 | text | tgw-dst-eni | | transit gateway flow logs: destination attachment's interface
6 | text | tgw-src-az-id | | transit gateway flow logs: source zone
6 | text | tgw-dst-az-id | | transit gateway flow logs: destination zone
6 | text | tgw-pair-attachment-id | | transit gateway flow logs: the other attachment
6 | int  | packets-lost-no-route | packets | transit gateway flow logs: lost for want of a route
6 | int  | packets-lost-blackhole | packets | transit gateway flow logs: lost to a blackhole route
6 | int  | packets-lost-mtu-exceeded | packets | transit gateway flow logs: lost for their size
6 | int  | packets-lost-ttl-expired | packets | transit gateway flow logs: lost for their age
7 | text | ecs-cluster-arn | | ECS cluster
7 | text | ecs-cluster-name | | ECS cluster
7 | text | ecs-container-instance-arn | | ECS container instance
7 | text | ecs-container-instance-id | | ECS container instance
7 | text | ecs-container-id | | run-time id of the first container
7 | text | ecs-second-container-id | | run-time id of the second container
7 | text | ecs-service-name | | ECS service
7 | text | ecs-task-definition-arn | | ECS task definition
7 | text | ecs-task-arn | | ECS task
7 | text | ecs-task-id | | ECS task
8 | text | reject-reason | | BPA (VPC Block Public Access), EC (encryption control) or nothing
9 | text | resource-id | | regional NAT gateway, where there is no interface
10 | int | encryption-status | | 0 none, 1 Nitro hardware, 2 application layer, 3 both
11 | text | instance-tag | | value of the first chosen instance tag, percent-encoded
11 | text | instance-tag-2 | | value of the second chosen instance tag, percent-encoded
11 | text | interface-tag | | value of the first chosen interface tag, percent-encoded
11 | text | interface-tag-2 | | value of the second chosen interface tag, percent-encoded
11 | text | asg-tag | | value of the first chosen Auto Scaling group tag, percent-encoded
11 | text | asg-tag-2 | | value of the second chosen Auto Scaling group tag, percent-encoded
11 | text | interface-type | | nat_gateway, network_load_balancer, transit_gateway, vpc_endpoint ...
11 | text | next-hop-interface-id | | interface of the flow's next hop
11 | text | next-hop-subnet-id | | subnet of the flow's next hop
11 | text | next-hop-az-id | | zone of the flow's next hop
11 | text | next-hop-vpc-id | | VPC of the flow's next hop
11 | text | next-hop-interface-type | | kind of interface of the flow's next hop
"""

FIELDS = _table()
"""Every flow-log field of versions 2 to 11, in the order the versions brought them; everything else derives from it."""

by_name: Mapping[str, FieldSpec] = {field.name: field for field in FIELDS}
by_column: Mapping[str, FieldSpec] = {field.column: field for field in FIELDS}


def field_type(column: str) -> Literal["int", "text"]:
    """Return the type of a column; a column the table does not know is text."""
    spec = by_column.get(column)
    return spec.type if spec else "text"


@dataclass(frozen=True, slots=True)
class LogFormat:
    """The fields of a line, in their order.

    Parameters
    ----------
    fields : tuple of str
        Log names such as `pkt-srcaddr`; a name that `FIELDS` does not hold is kept as text.

    Raises
    ------
    FormatError
        If there is no field, or two would have one column.

    Examples
    --------
    >>> LogFormat.parse("${srcaddr} ${dstport} ${action}").parse_line("10.0.0.9 22 REJECT")
    {'srcAddr': '10.0.0.9', 'dstPort': 22, 'action': 'REJECT'}
    """

    fields: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a format that has no fields or names one twice."""
        object.__setattr__(self, "fields", tuple(self.fields))
        if not self.fields:
            raise FormatError(
                "the log format names no field; write it as in the flow log: '${version} ${account-id} …'"
            )
        seen: dict[str, str] = {}
        for name in self.fields:
            if not name or any(c.isspace() or c in "{}$" for c in name):
                raise FormatError(
                    f"{name!r} is not a field name; names are like 'pkt-srcaddr', without blanks or braces"
                )
            column = column_name(name)
            if column in seen:
                raise FormatError(
                    f"the log format names {name!r} and {seen[column]!r}, both of which are the column "
                    f"{column}; keep one of them"
                )
            seen[column] = name

    @classmethod
    def default(cls) -> LogFormat:
        """Return the default format: the 14 fields of version 2."""
        return cls(tuple(field.name for field in FIELDS if field.since == 2))

    @classmethod
    def parse(cls, text: str) -> LogFormat:
        """Return the format that `${field}` tokens spell, as `DescribeFlowLogs` gives it.

        Raises
        ------
        FormatError
            If there is anything else than such tokens and blanks.

        Examples
        --------
        >>> LogFormat.parse("${version} ${vpc-id}").columns
        ('version', 'vpcId')
        """
        names = _TOKEN.findall(text)
        rest = _TOKEN.sub(" ", text).split()
        if rest or not names:
            part = rest[0] if rest else text
            raise FormatError(
                f"{part!r} in the log format is not a field; write each as '${{field}}', for example "
                "'${version} ${account-id} ${srcaddr}', or use LogFormat.from_header for a header line"
            )
        return cls(tuple(names))

    @classmethod
    def from_header(cls, line: str) -> LogFormat:
        """Return the format that a file's header line names.

        Raises
        ------
        FormatError
            If fewer than half of its words are fields of flow logs.

        Examples
        --------
        >>> LogFormat.from_header("version account-id tcp-flags").columns
        ('version', 'accountId', 'tcpFlags')
        """
        words = line.split()
        if not is_header(line):
            near = get_close_matches(words[0], by_name, 1) if words else []
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise FormatError(
                f"{line.strip()[:120]!r} is not the header line of a flow log: its words are not field "
                f"names such as {', '.join(list(by_name)[:4])}{hint}"
            )
        return cls(tuple(_log_name(word) for word in words))

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names, in the line's order."""
        return tuple(column_name(name) for name in self.fields)

    @property
    def header(self) -> str:
        """The header line a delivered file starts with."""
        return " ".join(self.fields)

    def __str__(self) -> str:
        """Return the format as AWS writes it: `${version} ${account-id} …`."""
        return " ".join(f"${{{name}}}" for name in self.fields)

    def parse_line(self, line: str) -> dict[str, Scalar]:
        """Return a line's values by column: `int`, `str`, or None for `-`.

        Raises
        ------
        FormatError
            With the reason, if the line does not fit.
        """
        words = line.split()
        if len(words) != len(self.fields):
            raise FormatError(
                f"{len(words)} field{'' if len(words) == 1 else 's'} where the format has {len(self.fields)}"
            )
        return {column_name(name): parse_value(name, word) for name, word in zip(self.fields, words, strict=True)}

    def line(self, record: Mapping[str, Scalar]) -> str:
        """Return the line of a record given by column; an absent or null value is `-`."""
        values = (record.get(column) for column in self.columns)
        return " ".join(NULL if value is None else str(value) for value in values)


def parse_value(name: str, word: str) -> Scalar:
    """Return what one word of a line means in the field `name`.

    Raises
    ------
    FormatError
        With the reason, if it cannot be a value of that field.
    """
    if word == NULL:
        return None
    spec = by_name.get(name)
    if spec is not None and spec.type == "int":
        if not _DIGITS.fullmatch(word):
            raise FormatError(f"{name} is {word[:60]!r}, not a whole number")
        value = int(word) if len(word) <= 40 else _MAX_INT + 1
        if value > _MAX_INT:
            raise FormatError(f"{name} is {word[:60]}, more than 64 bits hold")
        return value
    if name == "action" and word not in ACTIONS:
        raise FormatError(f"action is {word[:60]!r}, not {', '.join(ACTIONS)} or -")
    if name == "log-status" and word not in LOG_STATUSES:
        raise FormatError(f"log-status is {word[:60]!r}, not {', '.join(LOG_STATUSES)} or -")
    return word


def is_header(line: str) -> bool:
    """Tell whether a line is a header: at least half of its words, and two of them or all, are field names."""
    words = line.split()
    known = sum(_log_name(word) in by_name for word in words)
    return bool(words) and 2 * known >= len(words) and (known >= 2 or known == len(words))


def _log_name(word: str) -> str:
    """Return a header's word as a log name; Athena's spelling with underscores is one too."""
    hyphened = word.replace("_", "-")
    return hyphened if hyphened in by_name else word
