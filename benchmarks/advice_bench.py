"""Advice on a large network: a million records, 2,000 interfaces, 50 groups of 60 rules, and very many mistakes.

Run with `python -m benchmarks.advice_bench`. Each mistake is a refused flow between two interfaces at a port of its
own, so that nothing can be put together; the records and what blame says of them are there before.
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.network_bench import network, records
from benchmarks.rounds import run
from rejectkit.network.model import Network

INTERFACES = 2_000
SOME, MANY = 1_000, 18_000  # mistakes
ROWS = (  # what is measured, its name in the table, the target and whether it is the least
    ("blame", "blame of 1 million records, seconds", None, False),
    ("none", "suggest without them, CPU seconds", None, False),
    ("some", f"suggest with {SOME:,} mistakes, CPU seconds more", 5.0, False),
    ("many", f"suggest with {MANY:,} mistakes, CPU seconds more", 40.0, False),
    ("memory", "memory at most, GB", 2.0, False),
)


def large() -> Network:
    """Return the network of `network_bench` with more interfaces, of the same sets of groups."""
    rules = network()
    cards = []
    for at in range(INTERFACES):
        like, subnet = rules.interfaces[at % len(rules.interfaces)], at % len(rules.subnets)
        host = 10 + at // len(rules.subnets)
        own = (f"10.0.{subnet}.{host}", f"2001:db8:0:1{subnet:02x}::{host:x}")
        cards.append(replace(like, id=f"eni-{at:08x}", addresses=own, subnet=rules.subnets[subnet].id))
    return replace(rules, interfaces=tuple(cards))


def background(rules: Network) -> pd.DataFrame:
    """Return a million records; what is refused of them came from outside, and most of it is nobody's mistake."""
    frame = records(rules)
    ours = {one.addresses[0] for one in rules.interfaces}
    frame.loc[frame["srcAddr"].isin(ours), "action"] = "ACCEPT"
    return frame.drop(columns="direction")


def mistakes(rules: Network, number: int, seed: int = 9) -> pd.DataFrame:
    """Return that many refused flows between interfaces, each at a port of its own drawing."""
    rng = np.random.default_rng(seed)
    cards = np.array([one.id for one in rules.interfaces], object)
    own = np.array([one.addresses[0] for one in rules.interfaces], object)
    there, asks = rng.integers(0, len(own), number), rng.integers(0, len(own), number)
    start = 1_793_491_200 + np.sort(rng.integers(0, 86_400, number))
    frame = pd.DataFrame(
        {
            "interfaceId": cards[there],
            "srcAddr": own[asks],
            "dstAddr": own[there],
            "srcPort": rng.integers(32_768, 61_000, number),
            "dstPort": rng.integers(10_000, 30_000, number),
            "protocol": 6,
            "packets": 3,
            "bytes": 180,
            "start": start,
            "end": start + 20,
            "flowDirection": "ingress",
            "action": "REJECT",
        }
    )
    texts = ("interfaceId", "srcAddr", "dstAddr", "flowDirection", "action")
    return frame.astype({name: "str" if name in texts else "Int64" for name in frame.columns})


def once() -> dict[str, float]:
    """Measure everything once; return seconds."""
    from rejectkit.network import blame, suggest

    rules, took = large(), dict[str, float]()
    told = background(rules)
    for name, number in (("none", 0), ("some", SOME), ("many", MANY)):
        frame = pd.concat([told, mistakes(rules, number)], ignore_index=True)
        begun = time.perf_counter()
        blamed = blame(frame, rules)
        took["blame"] = time.perf_counter() - begun
        begun = time.process_time()
        found = suggest(frame, rules, blamed=blamed)
        took[name] = time.process_time() - begun - took.get("none", 0)
        took[f"{name} found"] = len(found)
    took["rows"] = len(frame)
    took["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return took


def _told(one: dict[str, float]) -> str:
    found = ", ".join(f"{one[f'{name} found']:,.0f}" for name in ("none", "some", "many"))
    return f"{one['rows']:,.0f} records at most, {INTERFACES:,} interfaces; {found} suggestions"


if __name__ == "__main__":
    raise SystemExit(run("benchmarks.advice_bench", __doc__, once, ROWS, _told))
