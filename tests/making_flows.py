"""Flow records for tests, one line each: `flow("198.51.100.7", "10.0.1.5", 22)` is a refused SSH attempt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from rejectkit.records import LogFormat, field_type

START = 1793491200  # 2026-11-01 00:00 UTC
DAY = 86400


def flow(
    src: str | None,
    dst: str | None,
    port: int | None,
    *,
    at: int = 0,
    sport: int | None = 40001,
    protocol: int | None = 6,
    action: str | None = "REJECT",
    eni: str | None = "eni-1",
    packets: int | None = 1,
    lasting: int = 30,
    **more: Any,
) -> dict[str, Any]:
    """Return one record; `at` is in seconds after START, `more` are columns beyond the default format."""
    return {
        "version": 2,
        "accountId": "123456789012",
        "interfaceId": eni,
        "srcAddr": src,
        "dstAddr": dst,
        "srcPort": sport,
        "dstPort": port,
        "protocol": protocol,
        "packets": packets,
        "bytes": None if packets is None else packets * 60,
        "start": START + at,
        "end": START + at + lasting,
        "action": action,
        "logStatus": "OK",
        **more,
    }


def accept(src: str, dst: str, port: int, **more: Any) -> dict[str, Any]:
    """Return one accepted record."""
    return flow(src, dst, port, action="ACCEPT", **more)


def table(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return records as a source gives them: `@timestamp`, then typed columns."""
    frame = pd.DataFrame(list(rows), columns=None)
    if frame.empty:
        frame = pd.DataFrame(columns=list(flow("", "", 0)))
    for name in frame.columns:
        frame[name] = frame[name].astype("Int64" if field_type(name) == "int" else "str")
    frame.insert(0, "@timestamp", pd.to_datetime(frame["start"], unit="s", utc=True).dt.as_unit("ms"))
    return frame


def lines(text: str, log_format: str | None = None) -> pd.DataFrame:
    """Return flow-log lines as records; the default format where none is given."""
    form = LogFormat.from_header(log_format) if log_format else LogFormat.default()
    return table(form.parse_line(line) for line in text.strip().splitlines())


def networks(seed: int, size: int = 400) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return records of a made-up VPC, and for some sources the kind they are meant to be.

    It shares nothing with the sandbox: ranges, ports, pace and numbers are drawn anew for each seed, and a third
    of the VPCs is IPv6.
    """
    dice = np.random.default_rng(seed)
    six = bool(dice.random() < 1 / 3)
    a, b = (int(n) for n in dice.integers(16, 200, 2))
    ranges = [f"10.{a}.{{}}.{{}}", f"172.{16 + a % 16}.{{}}.{{}}", "192.168.{}.{}", f"100.{64 + b % 60}.{{}}.{{}}"]
    inside = f"2001:db8:{a:x}:{b:x}0{{}}::{{}}" if six else ranges[int(dice.integers(0, 4))]
    own = [inside.format(*pair) for pair in {(int(n) % 8, int(m) + 4) for n, m in dice.integers(0, 90, (6, 2))}]
    eni = {host: f"eni-{seed}{number}" for number, host in enumerate(sorted(own))}

    def anybody() -> str:
        x = dice.integers(1, 250, 3)
        return f"2a0{x[0] % 9}:{x[1]:x}::{x[2]:x}" if six else f"{45 + x[0] % 40}.{x[1]}.{x[2]}.{x[0]}"

    hosts, rows, kinds = sorted(own), [], {}

    def sport() -> int:
        return int(dice.integers(32768, 61000))

    client, server = hosts[0], hosts[1]
    port = int(dice.choice([5432, 3306, 8443, 9092, 12345]))
    for n in range(int(dice.integers(2, 60))):  # a client that keeps trying one service
        rows.append(flow(client, server, port, at=n * 600 + 7, sport=sport(), eni=eni[server], packets=3))
        rows.append(accept(client, server, port, at=n * 600 + 7, sport=rows[-1]["srcPort"], eni=eni[client]))
    kinds[client] = "inside"
    for number in range(int(dice.integers(20, size))):  # the internet
        who, scan = anybody(), dice.random()
        for _ in range(1 if scan < 0.6 else int(dice.integers(2, 60))):
            target = hosts[int(dice.integers(0, len(hosts)))] if scan > 0.3 else hosts[number % len(hosts)]
            knocked = int(dice.choice([22, 23, 445, 3389])) if scan < 0.8 else int(dice.integers(1, 30000))
            moment = int(dice.integers(0, DAY))
            rows.append(flow(who, target, knocked, at=moment, sport=sport(), eni=eni[target]))
        kinds[who] = "scanner"
    for number in range(int(dice.integers(1, 12))):  # visitors, one of whose packets comes late
        who, moment, own_port = anybody(), int(dice.integers(100, DAY - 300)), sport()
        if who in kinds:
            continue
        web = hosts[2]
        rows.append(accept(who, web, 443, at=moment, sport=own_port, eni=eni[web], lasting=20))
        back = accept(web, who, own_port, at=moment, sport=443, eni=eni[web], lasting=20)
        late = flow(who, web, 443, at=moment + 20 + number * 9, sport=own_port, eni=eni[web])
        rows += [back, late]
        kinds[who] = "late"
    for _ in range(int(dice.integers(2, 30))):  # requests let in, replies refused
        who, moment, own_port = anybody(), int(dice.integers(0, DAY - 100)), sport()
        shop = hosts[3]
        rows.append(accept(who, shop, 8080, at=moment, sport=own_port, eni=eni[shop]))
        rows.append(flow(shop, who, own_port, at=moment, sport=8080, eni=eni[shop]))
        kinds[shop] = "reply"
    return rows, kinds
