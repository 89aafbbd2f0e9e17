"""Ports that rules are to name: one by one, unless a range is evident; and clients that ask for the wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rejectkit.network.advising.flows import CONTROL, Line
from rejectkit.network.model import ALL, PORTED, TCP, Interface, Network

Ports = tuple[int, int]

SEVERAL: Final = 5
"""Ports of one pair from which they may be a range."""
_HIGH: Final = 1024
_LAST: Final = 65535
ENGINES: Final = frozenset({1433, 1521, 3306, 5432, 5439, 6379, 9042, 11211, 26257, 27017, 50000})
"""Ports of databases and caches: a host has one of them, and a client is made for one. *Inferred.*"""

EPHEMERAL: Final = (1024, 65535)
"""Ports of clients of every kind. Source: VPC User Guide, "Network ACLs", ephemeral ports."""


def ports_of(lines: Iterable[Line], served: frozenset[tuple[str, int, int]]) -> dict[Line, Ports]:
    """Return which ports a rule for each line is to be for; (-1, -1) where it has none.

    A range is evident where one source asked one destination for several ports of which at least every second one is
    among them; or for several high ones beside FTP or Windows RPC, which answer with such ports.
    """
    lines = list(lines)
    asked: dict[tuple[str, str, str, int], set[int]] = {}
    controls = {(one.source, one.destination) for one in lines if one.port in CONTROL}
    controls |= {
        (one.source, one.destination)
        for one in lines
        if any((one.destination, TCP, port) in served for port in CONTROL)
    }
    for one in lines:
        if one.protocol in PORTED and not one.reply:
            asked.setdefault((one.layer, one.source, one.destination, one.protocol), set()).add(one.port)
    ranges: dict[tuple[str, int, str], list[Ports]] = {}
    for (layer, source, destination, protocol), ports in asked.items():
        found = _dense(sorted(ports))
        high = [port for port in ports if port >= _HIGH]
        if (source, destination) in controls and protocol == TCP and len(high) >= SEVERAL:
            found = [(min(high), max(high))]
        ranges.setdefault((layer, protocol, destination), []).extend(found)
    merged = {key: _merged(found) for key, found in ranges.items()}

    def of(one: Line) -> Ports:
        if one.protocol not in PORTED:
            return ALL, ALL
        inside = (each for each in merged.get((one.layer, one.protocol, one.destination), ()) if _in(one.port, each))
        return next(inside, (one.port, one.port))

    return {one: of(one) for one in lines}


def right_port(network: Network, host: Interface, line: Line, served: frozenset[tuple[str, int, int]]) -> int | None:
    """Return the port that a client of a database should ask a host for, where it asks for another database's.

    That is so where nobody was let in at the port, no rule of the host's groups is for it, and one is for another
    database's.
    """
    if line.protocol != TCP or line.port not in ENGINES or (line.destination, TCP, line.port) in served:
        return None
    rules = [
        (0, _LAST) if ALL in (rule.protocol, rule.from_port) else (rule.from_port, rule.to_port)
        for group in host.groups
        if group in network.group_of
        for rule in network.group_of[group].rules
        if not rule.egress and rule.protocol in (TCP, ALL)
    ]
    if any(_in(line.port, ports) for ports in rules):
        return None
    return min((port for port in ENGINES if any(_in(port, ports) for ports in rules)), default=None)


def _dense(ports: list[int]) -> list[Ports]:
    """Return the ranges of which at least every second port is there, several of them."""
    runs: list[list[int]] = []
    for port in ports:
        if runs and port - runs[-1][-1] <= 2:
            runs[-1].append(port)
        else:
            runs.append([port])
    return [(run[0], run[-1]) for run in runs if len(run) >= SEVERAL]


def _merged(found: list[Ports]) -> list[Ports]:
    merged: list[Ports] = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged


def _in(port: int, ports: Ports) -> bool:
    return ports[0] <= port <= ports[1]
