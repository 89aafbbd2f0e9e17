"""What goes well: visitors, services that talk to each other, the way out, idle hands. All of it ACCEPT."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejectkit.sandbox.playing.dice import S3, Ints, address
from rejectkit.sandbox.playing.traffic import ICMP, TCP, UDP, Path, Talk, Traffic
from rejectkit.sandbox.playing.truth import Cause

BROWSING = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 12, 13, 12, 12, 12, 12, 11, 10, 10, 9, 8, 6, 4)
OFFICE = (1, 1, 1, 1, 1, 1, 2, 6, 20, 24, 22, 20, 14, 20, 22, 20, 18, 10, 4, 2, 1, 1, 1, 1)
LINUX = (32768, 60999)  # ephemeral ports; WINDOWS the same of Windows
WINDOWS = (49152, 65535)

VISITOR_BLOCKS = (2, 31, 46, 62, 78, 81, 82, 86, 92, 109, 151, 188)
MIRRORS = (129, 137, 146)
CLOCKS = (131, 139, 150)

NAT = 1024, 65535  # source ports of a NAT gateway


def normal(sentence: str) -> Cause:
    """Return the cause of traffic that is as it should be."""
    return Cause("normal", sentence)


@dataclass(frozen=True, slots=True)
class Everyday:
    """Conversations that later actors follow up: their late packets come from these."""

    visits: Talk
    queries: Talk
    updates: Talk


def everyday(traffic: Traffic) -> Everyday:
    """Add the traffic of a day on which nothing is wrong.

    The load balancer keeps to its zone: its node in zone a asks web-a alone.
    """
    visits = _visitors(traffic)
    _balancer(traffic)
    queries = _services(traffic)
    updates = _bastion(traffic)
    _way_out(traffic)
    _lookups(traffic)
    _monitor(traffic)
    _administrators(traffic)
    return Everyday(visits, queries, updates)


def _visitors(traffic: Traffic) -> Talk:
    stage, dice = traffic.stage, traffic.stage.dice("visitors")
    size = stage.busy(260)
    node = dice.pick(stage.enis("alb-a", "alb-b"), size)
    client = dice.hosts(VISITOR_BLOCKS, size)
    server = stage.addresses[node]
    six = dice.below(12, size) == 0
    six_at = np.array([address(str(one.address6)) if one.address6 else 0 for one in stage.layout.interfaces])
    client = np.where(six, (3 << 32) + dice.between(1, 2**30, size), client)
    server = np.where(six, six_at[node], server)
    time = stage.by_day(dice, size, BROWSING)
    lasting = dice.between(2, 70, size)
    sport = dice.between(1024, 65535, size)
    dport = dice.pick([443, 80], size, [11, 1])
    visits = traffic.talk(
        normal("A visitor at the load balancer."),
        time,
        lasting,
        Path(client, server, far=node),
        sport,
        dport,
        up=(dice.between(8, 40, size), dice.between(60, 220, size)),
        down=(dice.between(8, 90, size), dice.between(300, 1300, size)),
    )
    web = np.where(node == stage.eni("alb-a"), stage.eni("web-a"), stage.eni("web-b"))
    traffic.talk(
        normal("The load balancer asks the web tier."),
        time,
        dice.between(0, 8, size),
        stage.inside(node, web),
        dice.between(1024, 65535, size),
        8080,
        up=(dice.between(6, 30, size), dice.between(80, 300, size)),
        down=(dice.between(6, 60, size), dice.between(300, 1300, size)),
    )
    return visits


def _balancer(traffic: Traffic) -> None:
    stage = traffic.stage
    period = max(10, int(300 / max(stage.scale, 1.0)))
    for node, web in (("alb-a", "web-a"), ("alb-b", "web-b")):
        dice = stage.dice(f"health {node}")
        time = stage.every(dice, period)
        path = stage.inside(stage.eni(node), stage.eni(web))
        sport = dice.between(1024, 65535, len(time))
        cause = normal("The load balancer's health check.")
        traffic.talk(cause, time, 0, path, sport, 8080, up=(5, 72), down=(4, 110))


def _services(traffic: Traffic) -> Talk:
    stage, dice = traffic.stage, traffic.stage.dice("services")
    size = stage.busy(130)
    web, orders = stage.enis("web-a", "web-b"), stage.enis("orders-a", "orders-b")
    traffic.talk(
        normal("The web tier asks the orders service."),
        stage.by_day(dice, size, BROWSING),
        dice.between(0, 12, size),
        stage.inside(dice.pick(web, size), dice.pick(orders, size)),
        dice.between(*LINUX, size),
        8081,
        up=(dice.between(6, 20, size), dice.between(90, 400, size)),
        down=(dice.between(6, 20, size), dice.between(90, 900, size)),
    )
    size = stage.busy(140)
    return traffic.talk(
        normal("The web tier asks the database."),
        stage.by_day(dice, size, BROWSING),
        dice.between(1, 100, size),
        stage.inside(dice.pick(web, size), stage.eni("db") + np.zeros(size, np.int64)),
        dice.between(*LINUX, size),
        5432,
        up=(dice.between(20, 200, size), dice.between(90, 400, size)),
        down=(dice.between(20, 200, size), dice.between(90, 1200, size)),
    )


def _bastion(traffic: Traffic) -> Talk:
    stage, dice = traffic.stage, traffic.stage.dice("bastion")
    size = stage.steady(70)
    out = Path(stage.addresses[stage.eni("bastion")], dice.hosts(MIRRORS, size), near=stage.eni("bastion"))
    return traffic.talk(
        normal("The bastion fetches updates."),
        stage.by_day(dice, size, (1,) * 24),
        dice.between(1, 20, size),
        out,
        dice.between(*LINUX, size),
        443,
        up=(dice.between(8, 60, size), 70),
        down=(dice.between(8, 200, size), 1200),
    )


def through_nat(traffic: Traffic, cause: Cause, time: Ints, lasting: Ints, hosts: Ints, server: Ints,
                dport: int, protocol: int, size: tuple[int, int]) -> None:  # fmt: skip
    """Add conversations with the internet: one leg to the NAT gateway, one from there with another port."""
    stage, nat = traffic.stage, traffic.stage.eni("nat-a")
    dice = stage.dice(f"nat {cause.sentence}")
    count = len(time)
    sent, mean_up, mean_down = dice.between(*size, count), 90, 700
    if protocol == UDP:
        mean_up = mean_down = 76
    up, down = (sent, mean_up), (2 * sent if protocol == TCP else sent, mean_down)
    legs = (
        (Path(stage.addresses[hosts], server, hosts, nat), LINUX),
        (Path(stage.addresses[nat], server, nat), NAT),
    )
    for path, ports in legs:
        sport = dice.between(*ports, count)
        traffic.talk(cause, time, lasting, path, sport, dport, protocol=protocol, up=up, down=down)


def _way_out(traffic: Traffic) -> None:
    stage, dice = traffic.stage, traffic.stage.dice("way out")
    size = stage.busy(110)
    hosts = dice.pick(stage.enis("web-a", "web-b", "orders-a", "orders-b", "batch", "reports"), size)
    bucket = S3 + dice.below(64, size) * 256 + dice.between(1, 120, size)
    time, lasting = stage.by_day(dice, size, (1,) * 24), dice.between(1, 40, size)
    through_nat(traffic, normal("Files to and from S3."), time, lasting, hosts, bucket, 443, TCP, (10, 400))
    size = stage.busy(40)
    hosts = dice.pick(stage.enis("web-a", "orders-b", "monitor", "dc"), size)
    time, lasting = stage.by_day(dice, size, (1,) * 24), dice.between(1, 30, size)
    mirrors = dice.hosts(MIRRORS, size)
    through_nat(traffic, normal("Updates from a mirror."), time, lasting, hosts, mirrors, 443, TCP, (8, 90))
    size = stage.steady(48)
    hosts = dice.pick(stage.enis("web-a", "web-b", "orders-a"), size)
    time, none = stage.by_day(dice, size, (1,) * 24), np.zeros(size, np.int64)
    clocks = dice.pick(dice.hosts(CLOCKS, 4), size)
    through_nat(traffic, normal("The time from an NTP server."), time, none, hosts, clocks, 123, UDP, (1, 1))


def _lookups(traffic: Traffic) -> None:
    stage, dice = traffic.stage, traffic.stage.dice("lookups")
    size = stage.busy(120)
    asking = dice.pick(stage.enis("web-a", "web-b", "orders-a", "orders-b", "monitor", "batch"), size)
    path = stage.inside(asking, stage.eni("dc") + np.zeros(size, np.int64))
    traffic.talk(
        normal("A name looked up at the domain controller."),
        stage.by_day(dice, size, BROWSING),
        0,
        path,
        dice.between(*LINUX, size),
        53,
        protocol=UDP,
        up=(dice.between(1, 3, size), 68),
        down=(dice.between(1, 3, size), 140),
    )
    size = stage.steady(48)
    traffic.talk(
        normal("The report server reads the directory, in its own subnet."),
        stage.by_day(dice, size, OFFICE),
        dice.between(0, 3, size),
        stage.inside(stage.eni("reports"), stage.eni("dc")),
        dice.between(*LINUX, size),
        389,
    )


def _monitor(traffic: Traffic) -> None:
    stage, dice = traffic.stage, traffic.stage.dice("monitor")
    for name in ("web-a", "web-b"):
        time = stage.every(dice, 900)
        path = stage.inside(stage.eni("monitor"), stage.eni(name))
        sport = dice.between(*LINUX, len(time))
        cause = normal("Prometheus scrapes a node exporter that it may reach.")
        traffic.talk(cause, time, 0, path, sport, 9100, up=(6, 85), down=(9, 1300))
    for name in ("web-a", "orders-a"):
        time = stage.every(dice, 3600)
        path = stage.inside(stage.eni("monitor"), stage.eni(name))
        cause = normal("A ping from the monitoring host.")
        traffic.talk(cause, time, 0, path, 0, 0, protocol=ICMP, up=(4, 84), down=(4, 84))


def _administrators(traffic: Traffic) -> None:
    stage, dice = traffic.stage, traffic.stage.dice("administrators")
    size = stage.steady(14)
    office = address("10.50.1.0") + dice.between(20, 28, size)
    time, lasting = stage.by_day(dice, size, OFFICE), dice.between(60, 600, size)
    bastion = stage.eni("bastion")
    into = Path(office, stage.addresses[bastion], far=bastion)
    busy = (dice.between(80, 300, size), 110)
    sentence = "An administrator on the bastion."
    traffic.talk(normal(sentence), time, lasting, into, dice.between(*WINDOWS, size), 22, up=busy, down=busy)
    hosts = dice.pick(stage.enis("web-a", "web-b", "orders-a", "monitor", "batch"), size)
    path = stage.inside(bastion + np.zeros(size, np.int64), hosts)
    sentence = "An administrator, from the bastion to a host."
    sport = dice.between(*LINUX, size)
    traffic.talk(normal(sentence), time + 20, lasting // 2, path, sport, 22, up=busy, down=busy)
    size = stage.steady(10)
    dba = Path(address("10.50.8.14"), stage.addresses[stage.eni("db")], far=stage.eni("db"))
    sentence = "A database administrator, over the VPN."
    time, lasting = stage.by_day(dice, size, OFFICE), dice.between(60, 500, size)
    traffic.talk(normal(sentence), time, lasting, dba, dice.between(*WINDOWS, size), 5432)
