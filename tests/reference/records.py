"""Record sets for the contract suite: seeded lines of flow logs in several formats, and the events they mean."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from zlib import crc32

# A format's log names beside the names Logs Insights gives them, written out so as not to lean on rejectkit's own rule.
DEFAULT = (
    ("version", "version"), ("account-id", "accountId"), ("interface-id", "interfaceId"), ("srcaddr", "srcAddr"),
    ("dstaddr", "dstAddr"), ("srcport", "srcPort"), ("dstport", "dstPort"), ("protocol", "protocol"),
    ("packets", "packets"), ("bytes", "bytes"), ("start", "start"), ("end", "end"), ("action", "action"),
    ("log-status", "logStatus"),
)  # fmt: skip
RICH = (
    ("interface-id", "interfaceId"), ("srcaddr", "srcAddr"), ("dstaddr", "dstAddr"), ("srcport", "srcPort"),
    ("dstport", "dstPort"), ("protocol", "protocol"), ("packets", "packets"), ("bytes", "bytes"), ("start", "start"),
    ("end", "end"), ("action", "action"), ("log-status", "logStatus"), ("vpc-id", "vpcId"), ("tcp-flags", "tcpFlags"),
    ("type", "type"), ("pkt-srcaddr", "pktSrcAddr"), ("pkt-src-aws-service", "pktSrcAwsService"),
    ("flow-direction", "flowDirection"), ("traffic-path", "trafficPath"), ("reject-reason", "rejectReason"),
)  # fmt: skip
SHORT = (("dstport", "dstPort"), ("srcaddr", "srcAddr"), ("start", "start"), ("action", "action"))
# A field the table of fields does not know is text: here it carries whatever text can.
NOTED = (
    ("start", "start"), ("bytes", "bytes"), ("note", "note"), ("srcaddr", "srcAddr"), ("packets", "packets"),
    ("instance-tag", "instanceTag"), ("log-status", "logStatus"),
)  # fmt: skip

FORMATS = {"default": DEFAULT, "rich": RICH, "short": SHORT, "noted": NOTED}
NUMBERS = frozenset(
    {"srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end", "version", "tcpFlags", "trafficPath"}
)

POOLS = {
    "version": ("2", "5"),
    "accountId": ("123456789012", "012345678901"),
    "interfaceId": ("eni-0a", "eni-0b", "eni-10"),
    "srcAddr": ("10.0.0.2", "10.0.0.10", "9.9.9.9", "192.168.1.7", "203.0.113.9", "198.51.100.7", "172.16.0.1", "8.8.8.8",
                "2001:db8::1", "fd00::5", "2600:1f18::a", "100.64.0.1"),
    "dstAddr": ("10.0.0.5", "10.0.1.5", "172.31.16.21", "2600:1f18::b", "1.1.1.1", "224.0.0.251", "192.0.0.9", "198.18.5.5",
                "240.0.0.1", "169.254.169.254", "64:ff9b::101:101", "2002:c000:204::1", "ff02::1"),
    "srcPort": ("22", "443", "40000", "40001", "51515", "0"),
    "dstPort": ("22", "443", "53", "3389", "8080", "0", "65535"),
    "protocol": ("6", "17", "1", "58"),
    "packets": ("1", "2", "3", "10", "16", "120"),
    "bytes": ("40", "60", "100", "240", "1000", "1500", "4249", "123456", "1099511627776"),
    "action": ("ACCEPT", "REJECT", "REJECT"),
    "vpcId": ("vpc-1", "vpc-22"),
    "tcpFlags": ("0", "2", "18", "3"),
    "type": ("IPv4", "IPv6"),
    "pktSrcAddr": ("10.0.0.2", "203.0.113.9", "2001:db8::1"),
    "pktSrcAwsService": ("-", "S3", "EC2", "AMAZON"),
    "flowDirection": ("ingress", "egress"),
    "trafficPath": ("-", "1", "8"),
    "rejectReason": ("-", "BPA", "EC"),
    "note": ("!:", "#", "*%04", "0#", "5A", "111A", "2345_", "@", "@_", "A", "A9876fghj", "a12345hfh", "0", "01", "1", "2", "3",
             "1.5", "-3", "1e3", "007", "é", "Ä1", "x'y", 'x"y', "100%", "a_b", "a\\b", "$1", "10.0.0.01", "::ffff:10.0.0.1",
             "fe80::1", "127.0.0.1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::", "1::2::3", "2001:DB8::A", "fe80::1%eth0", "-", "1.50", "-0.5", "999", "a10", "a9", "a", "true", "NaN", "inf", "null", "<b>"),
    "instanceTag": ("Name%3Dweb", "a%20b", "-", "A", "web", "Web"),
}  # fmt: skip

BASES = (
    1767225600,  # 2026-01-01 00:00, the border of a day, month, quarter and year
    1709164800,  # 2024-02-29 00:00
    1572433263,  # 2019-10-30 11:01:03
    1764547200,  # 2025-12-01 00:00, a Monday
    951782400,  # 2000-02-29 00:00
)
STEPS = (0, 0, 1, 59, 60, 61, 299, 300, 3599, 3600, 7200, 86399, 86400, -1, -60, -86400, 604800, 2678400, 31622400)


@dataclass(frozen=True)
class RecordSet:
    """Lines of one format.

    `told` says that the format is given to the source, not left to the file's header; `sparse` that the
    events lack some fields, which a flow log cannot say and other events can.
    """

    name: str
    format: str
    lines: tuple[str, ...]
    told: bool
    sparse: bool = False

    @property
    def log_names(self) -> tuple[str, ...]:
        """Field names as a log format has them."""
        return tuple(log for log, _ in FORMATS[self.format])

    @property
    def fields(self) -> tuple[str, ...]:
        """Field names as Logs Insights has them."""
        return tuple(name for _, name in FORMATS[self.format])

    def events(self) -> list[dict[str, object]]:
        """Return what the lines mean: each field the text it is, `@timestamp` the record's start."""
        out: list[dict[str, object]] = []
        for line in self.lines:
            event: dict[str, object] = dict(zip(self.fields, line.split(" "), strict=True))
            moment = int(str(event["start"])) * 1000
            if self.sparse:
                event = {name: value for name, value in event.items() if crc32(f"{name} {line}".encode()) % 6}
            out.append({"@timestamp": moment, "@message": line, **event})
        return out

    def text(self) -> str:
        """Return the file's text: a header line unless the format is told."""
        head = [] if self.told else [" ".join(self.log_names)]
        return "".join(f"{line}\n" for line in [*head, *self.lines])


def record_sets(seed: int, count: int) -> list[RecordSet]:
    """Return `count` record sets, the odd ones first: empty, one record, one moment, duplicates, nothing but NODATA."""
    sets = []
    for i in range(count):
        rng = Random(f"records {seed} {i}")
        form = ("default", "default", "rich", "noted", "short")[i % 5] if i else "default"
        kind = ("empty", "one", "one moment", "duplicates", "no data")[i] if i < 5 else "mixed"
        told = form in ("noted", "short") or rng.random() < 0.5
        sets.append(RecordSet(f"{i}: {form}, {kind}", form, tuple(_lines(rng, form, kind)), told))
    return sets


def _lines(rng: Random, form: str, kind: str) -> list[str]:
    base = rng.choice(BASES)
    size = {"empty": 0, "one": 1}.get(kind, rng.choice((2, 5, 12, 25, 40)))
    starts = [base + (0 if kind == "one moment" else rng.choice(STEPS)) for _ in range(size)]
    silent = {"no data": 1.0, "mixed": 0.15}.get(kind, 0.0)
    lines = [_line(rng, form, start, rng.random() < silent) for start in starts]
    if kind == "duplicates" or (kind == "mixed" and lines and rng.random() < 0.3):
        lines += rng.choices(lines, k=len(lines) // 2 + 1)
    return lines


def _line(rng: Random, form: str, start: int, silent: bool) -> str:
    words = []
    for _, name in FORMATS[form]:
        if name == "start":
            words.append(str(start))
        elif name == "end":
            words.append(str(start + rng.choice((0, 46, 59, 60))))
        elif name == "logStatus":
            words.append(rng.choice(("NODATA", "SKIPDATA")) if silent else "OK")
        elif silent and name not in ("version", "accountId", "interfaceId", "note"):
            words.append("-")
        else:
            words.append(rng.choice(POOLS[name]))
    return " ".join(words)
