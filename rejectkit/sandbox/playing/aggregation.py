"""From packets to flow-log rows, as the service aggregates them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejectkit.sandbox.playing.dice import Ints
from rejectkit.sandbox.playing.traffic import Stage, Traffic
from rejectkit.sandbox.playing.truth import Cause

INTERVAL = 60  # seconds; interfaces of Nitro instances aggregate in no more
OK, NODATA, SKIPDATA = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Rows:
    """Aggregated flow-log rows, one array per field, in order of `end`.

    `source`, `target` are as shown, `pkt_source`, `pkt_target` as in the packet; times are seconds since
    the epoch; `closes` is when the aggregation interval ended, from which on a row can be delivered.
    """

    eni: Ints
    egress: Ints
    source: Ints
    target: Ints
    pkt_source: Ints
    pkt_target: Ints
    sport: Ints
    dport: Ints
    protocol: Ints
    refused: Ints
    packets: Ints
    bytes: Ints
    flags: Ints
    start: Ints
    end: Ints
    closes: Ints
    status: Ints
    cause: Ints
    causes: tuple[Cause, ...]


def aggregate(traffic: Traffic, idle: Ints, skipped: int) -> Rows:
    """Return the rows of all packets seen: one per interface, interval, direction, 5-tuple and action.

    Intervals are 60 s and begin at another second on each interface. As in deliveries from AWS, the
    rows of one interface and interval share their times: its first and last packet of any flow.
    `idle` interfaces have a NODATA row for every whole interval without packets, and `skipped` SKIPDATA
    rows fall on intervals that have some. All else that is quiet is left out.
    """
    stage, seen = traffic.stage, traffic.seen()
    dice = stage.dice("intervals")
    phase = dice.below(INTERVAL, len(stage.addresses))
    eni, time = seen[0], seen[9]
    slot = (time - phase[eni]) // INTERVAL + 1
    slots = stage.span // INTERVAL + 2
    interval, inverse = np.unique(eni * slots + slot, return_inverse=True)
    first = np.full(len(interval), stage.span, np.int64)
    last = np.zeros(len(interval), np.int64)
    np.minimum.at(first, inverse, time)
    np.maximum.at(last, inverse, time)

    keys = (inverse, *seen[1:8])
    order = np.lexsort(keys)
    changes = np.zeros(len(order), np.bool_)
    for key in keys:
        changes[1:] |= np.diff(key[order]) != 0
    changes[:1] = True
    begins = np.flatnonzero(changes)
    head = order[begins]
    flow = seen[:, head]
    place = inverse[head]
    sums = [np.add.reduceat(seen[row][order], begins) for row in (10, 11)]
    flags = np.bitwise_or.reduceat(seen[12][order], begins)

    quiet = _quiet(stage, idle, phase, interval, slots)
    lost = interval[dice.below(len(interval), skipped)]
    other = np.concatenate([quiet, lost])
    opened = stage.start + (other % slots - 1) * INTERVAL + phase[other // slots]
    closed = np.minimum(opened + INTERVAL, stage.start + stage.span) - 1
    status = np.repeat([NODATA, SKIPDATA], [len(quiet), skipped])
    why = [
        traffic.number(Cause("nodata", "No packet in the interval.")),
        traffic.number(Cause("skipdata", "Records of the interval were lost.")),
    ]
    nothing = np.zeros(len(other), np.int64)
    columns = {
        "eni": np.concatenate([flow[0], other // slots]),
        "start": np.concatenate([stage.start + first[place], np.maximum(opened, stage.start)]),
        "end": np.concatenate([stage.start + last[place], closed]),
        "status": np.concatenate([np.zeros(len(head), np.int64), status]),
        "cause": np.concatenate([flow[8], np.array(why, np.int64)[status - 1]]),
    }
    for row, name in enumerate(("egress", "pkt_source", "pkt_target", "sport", "dport", "protocol", "refused"), 1):
        columns[name] = np.concatenate([flow[row], nothing])
    for name, values in (("packets", sums[0]), ("bytes", sums[1]), ("flags", flags)):
        columns[name] = np.concatenate([values, nothing])
    closes = stage.start + (np.concatenate([interval[place], other]) % slots) * INTERVAL
    columns["closes"] = closes + phase[columns["eni"]]
    # The interface's own side is shown by its primary private IPv4 address.
    own = stage.addresses[columns["eni"]]
    four = columns["pkt_source"] < 1 << 32
    out = columns["egress"] == 1
    columns["source"] = np.where(four & out, own, columns["pkt_source"])
    columns["target"] = np.where(four & ~out, own, columns["pkt_target"])
    by = ("end", "eni", "start", "refused", "egress", "pkt_source", "pkt_target", "protocol", "sport", "dport")
    final = np.lexsort([columns[name] for name in reversed((*by, "status"))])
    return Rows(**{name: array[final] for name, array in columns.items()}, causes=tuple(traffic.causes))


def _quiet(stage: Stage, idle: Ints, phase: Ints, busy: Ints, slots: int) -> Ints:
    """Return the whole intervals in which an idle interface saw nothing, numbered as `aggregate` does."""
    slot = np.arange(1, slots, dtype=np.int64)
    found = [one * slots + slot[(slot - 1) * INTERVAL + phase[one] + INTERVAL <= stage.span] for one in idle.tolist()]
    return np.setdiff1d(np.concatenate(found), busy)
