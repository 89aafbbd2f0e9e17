"""The internet knocks: noise from everywhere, sweeps, ports in a row, stubborn hosts."""

from __future__ import annotations

import numpy as np

from rejectkit.sandbox.playing.dice import Dice, IntLike, Ints, address
from rejectkit.sandbox.playing.traffic import ICMP, TCP, UDP, Path, Traffic, take
from rejectkit.sandbox.playing.truth import Cause

# First octets of large public blocks without special-purpose ranges in them; an address drawn from
# them names nobody on purpose.
SCANNERS = (45, 79, 80, 89, 91, 94, 103, 118, 141, 162, 167, 171, 176, 180, 185, 193, 194, 195, 212, 218)

# protocol, port and how often it is asked for; port 0 of TCP stands for any
_ASKED = """
tcp 23 14   tcp 22 10   tcp 445 8   tcp 3389 7   tcp 8080 6   tcp 80 5    tcp 443 5    tcp 6379 4   tcp 5900 3
tcp 1433 3  tcp 3306 3  tcp 2323 3  tcp 5432 2   tcp 8443 3   tcp 8728 3  tcp 5555 3   tcp 25 2     tcp 21 2
tcp 81 2    tcp 8000 2  tcp 8888 2  tcp 9200 2   tcp 27017 2  tcp 2375 2  tcp 11211 1  tcp 2222 2   tcp 7547 2
tcp 37215 2 tcp 60001 1 tcp 5060 1  tcp 9100 1   tcp 10250 1  tcp 111 1   tcp 993 1    tcp 3128 1   tcp 0 14
udp 53 2    udp 123 1   udp 161 3   udp 1900 2   udp 5060 4   udp 389 1   udp 137 1    udp 11211 1  icmp 0 4
"""
_WORDS = _ASKED.split()
PROTOCOLS = np.array([{"tcp": TCP, "udp": UDP, "icmp": ICMP}[word] for word in _WORDS[::3]], np.int64)
PORTS = np.array([int(word) for word in _WORDS[1::3]], np.int64)
WEIGHTS = [int(word) for word in _WORDS[2::3]]

PUBLIC = ("alb-a", "alb-b", "bastion", "nat-a")


def scanning(traffic: Traffic) -> None:
    """Add all scanning from the internet."""
    _noise(traffic)
    _sweeps(traffic)
    _ports_in_a_row(traffic)
    _stubborn(traffic)
    _six(traffic)


def strike(
    traffic: Traffic,
    dice: Dice,
    time: Ints,
    source: Ints,
    target: Ints,
    dport: Ints,
    protocol: IntLike = TCP,
    tries: IntLike = 1,
    server: Ints | None = None,
) -> None:
    """Add one knock each at public interfaces, whatever they answer.

    The load balancer serves 80 and 443 to everybody; a NAT gateway has no security group, so what comes
    is recorded as ACCEPT, and then thrown away without a record; the groups refuse the rest.
    """
    stage, size = traffic.stage, len(time)
    sport = dice.between(1024, 65535, size)
    length = np.where(np.asarray(protocol) == TCP, dice.pick([40, 44, 52, 60], size, [5, 2, 1, 3]), 0)
    length = np.where(length == 0, dice.between(28, 120, size), length)
    server = stage.addresses[target] if server is None else server
    web = np.isin(target, stage.enis("alb-a", "alb-b")) & np.isin(dport, (80, 443)) & (np.asarray(protocol) == TCP)
    open_port = Cause("scanner", "Internet scanning of a port that is open to everybody.")
    rows = np.flatnonzero(web)
    path = Path(source, server, far=target)
    traffic.talk(open_port, time[rows], 1, path.at(rows), sport[rows], dport[rows], up=(4, 60), down=(3, 120))
    dropped = Cause("scanner", "Internet scanning of the NAT gateway, which has no security group and answers nothing.")
    for name in PUBLIC:
        cause = dropped
        if name != "nat-a":
            cause = Cause("scanner", "Internet scanning; no rule of the interface's groups admits it.")
            cause = cause.refused("sg-in", stage.groups(name), "absent")
        rows = np.flatnonzero((target == stage.eni(name)) & ~web)
        traffic.knock(
            cause,
            time[rows],
            path.at(rows),
            sport[rows],
            dport[rows],
            tries=take(tries, rows),
            size=length[rows],
            protocol=take(protocol, rows),
        )


def _noise(traffic: Traffic) -> None:
    stage, dice = traffic.stage, traffic.stage.dice("noise")
    size = stage.busy(2900)
    pool = dice.hosts(SCANNERS, max(8, size * 6 // 10))
    neighbours = np.arange(len(pool)) % 5 == 4  # a fifth of the sources share a /24 with another
    pool[neighbours] = (np.roll(pool, 1)[neighbours] >> 8 << 8) + dice.between(1, 254, int(neighbours.sum()))
    often = np.minimum(dice.below(len(pool), size), dice.below(len(pool), size))
    asked = dice.pick(np.arange(len(PORTS)), size, WEIGHTS)
    dport, protocol = PORTS[asked], PROTOCOLS[asked]
    dport = np.where((dport == 0) & (protocol == TCP), dice.between(1, 65535, size), dport)
    strike(
        traffic,
        dice,
        np.sort(dice.below(stage.span, size)),
        pool[often],
        dice.pick(stage.enis(*PUBLIC), size, [3, 3, 4, 2]),
        dport,
        protocol,
        tries=dice.pick([1, 2, 3], size, [8, 2, 1]),
    )


def _sweeps(traffic: Traffic) -> None:
    """Add sources that ask every public address for the same port, within seconds to minutes."""
    stage, dice = traffic.stage, traffic.stage.dice("sweeps")
    sources, each = stage.busy(70), len(PUBLIC)
    source = np.repeat(dice.hosts(SCANNERS, sources), each)
    port = np.repeat(dice.pick([22, 23, 445, 3389, 8080, 6379, 5900, 8443, 9200, 2375], sources), each)
    pace = np.repeat(dice.pick([1, 2, 20, 90], sources), each)
    begin = np.repeat(np.sort(dice.below(stage.span, sources)), each)
    time = begin + pace * np.tile(np.arange(each), sources)
    strike(traffic, dice, time, source, np.tile(stage.enis(*PUBLIC), sources), port)


def _ports_in_a_row(traffic: Traffic) -> None:
    """Add sources that ask one address for many ports."""
    stage, dice = traffic.stage, traffic.stage.dice("ports in a row")
    for source in dice.hosts(SCANNERS, stage.busy(6)).tolist():
        size = int(dice.between(25, 180, 1)[0])
        begin, pace = int(dice.below(stage.span, 1)[0]), int(dice.pick([1, 3, 12, 40], 1)[0])
        target = np.repeat(dice.pick(stage.enis("alb-a", "alb-b", "bastion"), 1), size)
        dport = dice.between(1, 10000, size)
        strike(traffic, dice, begin + pace * np.arange(size), np.full(size, source), target, dport)


def _stubborn(traffic: Traffic) -> None:
    """Add two sources that ask the bastion for one port, over and over."""
    stage, dice = traffic.stage, traffic.stage.dice("stubborn")
    for source, port in zip(dice.hosts(SCANNERS, 2).tolist(), (22, 3389), strict=True):
        size = stage.steady(110)
        begin = int(dice.below(stage.span, 1)[0])
        time = (begin + np.cumsum(dice.between(20, 80, size))) % stage.span
        target = np.full(size, stage.eni("bastion"))
        tries = dice.between(1, 3, size)
        strike(traffic, dice, time, np.full(size, source), target, np.full(size, port), tries=tries)


def _six(traffic: Traffic) -> None:
    """Add the little scanning there is over IPv6: of the load balancer, which has such addresses."""
    stage, dice = traffic.stage, traffic.stage.dice("six")
    size = stage.busy(60)
    source = (dice.pick([4, 5, 6], size) << 32) + dice.pick(dice.between(1, 2**30, 12), size)
    target = dice.pick(stage.enis("alb-a", "alb-b"), size)
    six = np.array([address(str(one.address6)) if one.address6 else 0 for one in stage.layout.interfaces])
    dport = dice.pick([22, 23, 80, 443, 445, 3389, 8080, 8443], size)
    time = np.sort(dice.below(stage.span, size))
    strike(traffic, dice, time, source, target, dport, server=six[target])
