"""Flows that make their first source one kind or another, each named by what shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from making_flows import accept, flow

OUT, IN, DB = "198.51.100.7", "10.0.1.5", "10.0.2.9"
Rows = list[dict[str, Any]]


def many(number: int, make: Callable[[int], dict[str, Any]]) -> Rows:
    """Return records made for 0, 1, 2 ..."""
    return [make(n) for n in range(number)]


SCANNERS: dict[str, Rows] = {
    "many ports of one host": many(6, lambda n: flow(OUT, IN, 20 + n, at=n)),
    "many ports, with many packets each": many(8, lambda n: flow(OUT, IN, 20 + n, at=n, packets=9)),
    "one port of many hosts": many(4, lambda n: flow(OUT, f"10.0.1.{5 + n}", 445, at=n, eni=f"eni-{n}")),
    "one knock": [flow(OUT, IN, 8728)],
    "one knock over UDP": [flow(OUT, IN, 5060, protocol=17)],
    "a ping": [flow(OUT, IN, 0, sport=0, protocol=1)],
    "few knocks at two ports": many(4, lambda n: flow(OUT, IN, 22 + n % 2, at=n * 100)),
    "hammering at a port of log-ins": many(200, lambda n: flow(OUT, IN, 22, at=n * 60, sport=33000 + n)),
    "one knock over IPv6": [flow("2a01:4f8::9", "2001:db8:1::5", 23)],
    "a public pair that tells no end from the other": many(2, lambda n: flow(OUT, "203.0.113.9", 23, at=n)),
    "from another VPC's IPv6 block": [flow("2001:db8:20:b00::5", "2001:db8:20:a00::5", 23)],
    "from a documentation address": [flow("203.0.113.200", IN, 23)],
    "at a port others are let in at, in a crowd": [
        *many(6, lambda n: flow(f"198.51.100.{7 + n}", IN, 22, at=n)),
        accept("203.0.113.9", IN, 22, at=50),
    ],
    "from AWS's EC2 range, where anybody may stand": [
        flow("3.8.1.1", IN, 22, pktSrcAddr="3.8.1.1", pktSrcAwsService="EC2")
    ],
    "through a load balancer that passes packets on": [
        flow("10.0.9.9", IN, 22, pktSrcAddr=OUT, flowDirection="ingress")
    ],
}

INSIDE: dict[str, Rows] = {
    "retries of one service": many(20, lambda n: flow(IN, DB, 5432, at=n * 60, sport=33000 + n, packets=3)),
    "one try": [flow(IN, DB, 5432)],
    "from on premises": [flow("192.168.4.4", IN, 443)],
    "from a shared range (RFC 6598)": [flow("100.64.9.9", IN, 443)],
    "from a unique local address": [flow("fd12::4", "fd12:1::5", 443)],
    "from the VPC's IPv6 block": [
        *many(3, lambda n: flow(f"2a01:4f8::{n + 1}", "2001:db8:20:a00::5", 22, at=n)),
        flow("2001:db8:20:a01::6", "2001:db8:20:a00::5", 5432, at=9),
    ][::-1],
    "one port of forty hosts, every minute": [
        flow(IN, f"10.0.3.{h}", 9100, at=n * 60, sport=33000 + n, eni=f"eni-{h}") for n in range(30) for h in range(40)
    ],
    "from the VPC's IPv6 block, with nothing else to tell": [flow("2001:db8:20:a01::6", "2001:db8:20:a00::5", 5432)],
    "of a VPC with public addresses": [
        flow("198.18.0.7", "198.18.0.9", 5432, eni="eni-9"),
        *many(3, lambda n: flow(f"80.1.1.{n}", "198.18.0.7", 23, at=n, eni="eni-7")),
    ],
    "on its way out to one service outside": many(
        5, lambda n: flow(IN, "93.184.1.1", 587, at=n * 600, sport=41000 + n)
    ),
    "on its way out to the web everywhere": many(90, lambda n: flow(IN, f"93.184.{n}.1", 443, at=n, sport=41000 + n)),
    "on its way out over IPv6": many(
        9, lambda n: flow("2001:db8:20:a00::5", f"2a01:{n + 1}::9", 443, at=n, sport=41000 + n, flowDirection="egress")
    ),
    "accepted at its own interface, refused at the other": [
        flow(IN, DB, 5432, eni="eni-db"),
        accept(IN, DB, 5432, eni="eni-app"),
    ],
    "accepted later, when somebody had opened the port": [flow(IN, DB, 5432), accept(IN, DB, 5432, at=100)],
    "no interface to tell the server's refusal from the client's own record": [
        flow(IN, DB, 5432, eni=None),
        accept(IN, DB, 5432, eni=None),
    ],
    "a SYN with the ports of an earlier flow": [
        flow(IN, DB, 5432, at=60, tcpFlags=2),
        accept(IN, DB, 5432, at=0, tcpFlags=3),
    ],
    "a SYN with the ports of an earlier flow, exchanged": [
        flow(DB, IN, 40001, sport=5432, at=60, tcpFlags=2),
        accept(IN, DB, 5432, at=0, tcpFlags=3),
    ],
    "the same ports on both ends, for ever": [
        flow(IN, DB, 500, at=900, sport=500, protocol=17),
        accept(IN, DB, 500, at=0, sport=500, protocol=17),
    ],
}

REPLIES: dict[str, Rows] = {
    "ours, refused on their way out": [
        flow(DB, IN, 40001, sport=5432, eni="eni-db"),
        accept(IN, DB, 5432, eni="eni-db"),
    ],
    "theirs, refused on their way in": [
        flow("93.184.1.1", IN, 40001, sport=443),
        accept(IN, "93.184.1.1", 443),
    ],
    "from a port no table knows": [flow(DB, IN, 40001, sport=12345), accept(IN, DB, 12345)],
    "to a ping": [flow(IN, OUT, 0, sport=0, protocol=1, at=70), accept(OUT, IN, 0, sport=0, protocol=1)],
    "over IPv6": [
        flow("2001:db8:1::5", "2a01:4f8::9", 40001, sport=443),
        accept("2a01:4f8::9", "2001:db8:1::5", 443),
    ],
    "from a service flows were accepted to, at another port of ours": [
        flow("93.184.1.1", IN, 1900, sport=443),
        accept(IN, "93.184.1.1", 443, sport=50000, at=4000),
    ],
    "with SYN-ACK, from inside": [flow(DB, IN, 12001, sport=12345, tcpFlags=18)],
    "with SYN-ACK, without accepted flows to tell": [flow(OUT, IN, 12001, sport=12345, tcpFlags=18)],
    "by ports alone, from inside": [flow(DB, IN, 45000, sport=5432), accept(OUT, IN, 80)],
    "by ports alone, from outside, without accepted flows to tell": many(
        4, lambda n: flow("93.184.1.1", IN, 40000 + n, sport=443, at=n)
    ),
    "to what nobody asked": [
        *many(9, lambda n: flow("93.184.1.1", IN, 6001 + 7 * n, sport=443, at=n)),
        accept(OUT, IN, 80),
    ],
    "to what nobody asked, with SYN-ACK": [
        flow("93.184.1.1", IN, 2000, sport=12345, tcpFlags=18),
        accept(OUT, IN, 80),
    ],
}

LATE: dict[str, Rows] = {
    "the conversation was accepted": [flow(OUT, IN, 443, at=90), accept(OUT, IN, 443)],
    "in the same interval": [flow(OUT, IN, 443), accept(OUT, IN, 443)],
    "the server's side": [
        flow(IN, OUT, 40001, sport=443, at=90),
        accept(OUT, IN, 443),
        accept(IN, OUT, 40001, sport=443),
    ],
    "over UDP": [flow(OUT, IN, 4433, at=90, protocol=17), accept(OUT, IN, 4433, protocol=17)],
    "over IPv6": [flow("2a01:4f8::9", "2001:db8:1::5", 443, at=90), accept("2a01:4f8::9", "2001:db8:1::5", 443)],
    "FIN alone, at a service its source is let in at": [
        flow(OUT, IN, 443, at=90, tcpFlags=1),
        accept(OUT, IN, 443, sport=50000, tcpFlags=3),
    ],
    "RST from inside": [flow(IN, DB, 5432, tcpFlags=4), accept("10.0.1.6", DB, 5432, tcpFlags=3)],
    "FIN without accepted flows to tell": [flow(OUT, IN, 443, tcpFlags=1)],
    "a long connection that went on": [flow(OUT, IN, 443, at=300), accept(OUT, IN, 443, lasting=600)],
}

AWS: dict[str, Rows] = {
    "by the record": [flow("52.95.128.179", IN, 8443, pktSrcAddr="52.95.128.179", pktSrcAwsService="CLOUDFRONT")],
    "a health checker by the record": [flow("1.2.3.4", IN, 80, pktSrcAwsService="ROUTE53_HEALTHCHECKS")],
    "a health checker by its range": many(240, lambda n: flow("15.177.3.9", IN, 8080, at=n * 30, packets=2)),
    "link-local": [flow("169.254.169.254", IN, 40001, sport=80)],
    "the DNS address of every instance": [flow("fd00:ec2::253", "2001:db8:1::5", 40001, sport=53, protocol=17)],
    "the resolver of the subnet": [flow("10.0.1.2", IN, 40001, sport=53, protocol=17, eni="eni-1")],
}

PROBES: dict[str, Rows] = {
    "many ports of one host": many(30, lambda n: flow("10.50.4.20", IN, 20 + n, at=n)),
    "few ports of many hosts": [
        flow("10.50.4.20", f"10.0.{s}.{h}", port, eni=f"eni-{s}-{h}")
        for s in range(4) for h in range(10, 20) for port in (22, 3389)
    ],
    "of the outside": many(80, lambda n: flow(IN, f"93.184.{n}.1", 22, at=n)),
    "over IPv6": many(30, lambda n: flow("fd12::4", "fd12:1::5", 20 + n, at=n)),
}  # fmt: skip

UNSURE: dict[str, Rows] = {
    "insists with many packets": many(5, lambda n: flow(OUT, IN, 443, at=n * 60, sport=41000 + n, packets=6)),
    "insists many times": many(40, lambda n: flow(OUT, IN, 8443, at=n * 60, sport=41000 + n, packets=2)),
    "let in at other times": [flow(OUT, IN, 443, at=9000, sport=41000), accept(OUT, IN, 443)],
    "let in at other times, in a crowd that is not": [
        flow(OUT, IN, 443, at=9000, sport=41000),
        accept(OUT, IN, 443),
        *many(9, lambda n: flow(f"198.51.100.{20 + n}", IN, 443, at=n)),
    ],
    "insists at several hosts": [
        flow(OUT, f"10.0.1.{5 + h}", 443, at=n * 60, sport=41000 + n, packets=6, eni=f"eni-{h}")
        for n in range(5)
        for h in range(4)
    ],
    "alone at a port others are let in at": [flow(OUT, IN, 8443), accept("203.0.113.9", IN, 8443)],
    "to everybody's group": [flow(IN, "224.0.0.251", 5353, sport=5353, protocol=17)],
    "to all nodes, IPv6": [flow("fe80::1", "ff02::1", 0, sport=0, protocol=58)],
    "from no host": [flow("0.0.0.0", "255.255.255.255", 67, sport=68, protocol=17)],
    "from what is no address": [flow("<b>ten</b>", IN, 22)],
    "FIN out of the blue": [flow(OUT, IN, 22, tcpFlags=1), accept("203.0.113.9", "10.0.1.6", 443, tcpFlags=3)],
}
