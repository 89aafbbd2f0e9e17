"""What-if on a large network: a million records, 50 groups of 60 rules, 20 network ACLs of 20, and a change of many.

Run with `python -m benchmarks.whatif_bench`. It is compared with a plain loop that asks the same of each record:
what becomes of it, and of the request that it would answer, under both rules. Today's rules are ready in both.
"""

from __future__ import annotations

import resource
import time

from benchmarks.network_bench import SAMPLE, network, plain, records
from benchmarks.rounds import run
from rejectkit.network.edits import AddRule, Change, RemoveEntry, RemoveRule
from rejectkit.network.model import TCP, GroupRule, Network

ROWS = (  # what is measured, its name in the table, the target and whether it is the least
    ("seconds", "what_if over 1 million records, seconds", 10.0, False),
    ("none", "the same of a change of nothing, seconds", None, False),
    ("surprises", "its outcomes added up, seconds", None, False),
    ("plain", "the plain loop, seconds (a sample, scaled)", None, False),
    ("times", "how many times as fast", 50.0, True),
    ("memory", "memory at most, GB", 2.0, False),
)


def changes(rules: Network) -> list[Change]:
    """Return changes of 20 groups and three network ACLs: wide rules added, many removed."""
    added = [AddRule(GroupRule(one.id, False, TCP, 1, 65535, "0.0.0.0/0")) for one in rules.groups[:10]]
    removed = [RemoveRule(rule) for one in rules.groups[10:20] for rule in one.rules[:20]]
    return [*added, *removed, *(RemoveEntry(acl.id, acl.entries[-1]) for acl in rules.acls[:3])]


def once() -> dict[str, float]:
    """Measure everything once; return seconds."""
    from rejectkit.network.replaying.surprises import surprises
    from rejectkit.network.replaying.what_if import what_if

    frame = records(network()).drop(columns="direction")
    rules = network()
    edits, took = changes(rules), {"rows": float(len(frame))}
    rules.ready  # noqa: B018  as blame leaves it

    begun = time.perf_counter()
    found = what_if(frame, rules, edits)
    took["seconds"] = time.perf_counter() - begun
    for outcome, share in found["outcome"].value_counts(normalize=True).items():
        took[str(outcome)] = float(share)

    begun = time.perf_counter()
    what_if(frame, rules, [])
    took["none"] = time.perf_counter() - begun

    begun = time.perf_counter()
    surprises(found, frame)
    took["surprises"] = time.perf_counter() - begun
    took["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

    before, after = plain(rules), plain(rules.changed(*edits))
    rows = frame.assign(direction=frame["flowDirection"]).iloc[:: len(frame) // SAMPLE][:SAMPLE]
    turned = {"srcAddr": "dstAddr", "dstAddr": "srcAddr", "srcPort": "dstPort", "dstPort": "srcPort"}
    back = rows.rename(columns=turned).assign(
        direction=rows["direction"].map({"ingress": "egress", "egress": "ingress"})
    )
    begun = time.perf_counter()
    for record, request in zip(rows.itertuples(), back.itertuples(), strict=True):
        for judge in (before, after):
            judge(record)
            judge(request)
    took["plain"] = (time.perf_counter() - begun) / len(rows) * len(frame)
    took["times"] = took["plain"] / took["seconds"]
    return took


def _told(one: dict[str, float]) -> str:
    return f"{one['rows']:,.0f} records, {len(changes(network()))} changes; " + ", ".join(
        f"{one[name]:.1%} {name}" for name in one if name == "unchanged" or " " in name
    )


if __name__ == "__main__":
    raise SystemExit(run("benchmarks.whatif_bench", __doc__, once, ROWS, _told))
