"""Judged flows added up to one row per source, each with its reason in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.evidence import dense, distinct
from rejectkit.exploring.flows import NONE, Bools, Ints
from rejectkit.exploring.networks import PRIVATE
from rejectkit.exploring.reasons import Facts, sentence
from rejectkit.exploring.rules import Judged, Reason

# Of kinds with equally many flows the first is the source's: what somebody must act on comes before noise.
PREFERENCE = ("inside", "reply", "probe", "late", "aws", "unsure", "scanner")

COLUMNS = {
    "srcAddr": "str",
    "kind": "str",
    "why": "str",
    "flows": "Int64",
    "packets": "Int64",
    "bytes": "Int64",
    "ports": "Int64",
    "interfaces": "Int64",
    "destinations": "Int64",
    "first": "datetime64[ms, UTC]",
    "last": "datetime64[ms, UTC]",
    "topPort": "Int64",
    "topDst": "str",
}

_KIND = np.array([PREFERENCE.index(reason.kind) if reason.kind else NONE for reason in Reason])


def profile(judged: Judged) -> pd.DataFrame:
    """Return one row per source of refused flows, most flows first; `classify.sources` says what the columns are."""
    flows = judged.flows
    at = np.flatnonzero(flows.reject)
    ids, source = np.unique(flows.src[at], return_inverse=True)
    size = len(ids)
    kind = _KIND[judged.reasons[at]]
    tally = np.bincount(source * len(PREFERENCE) + kind, minlength=size * len(PREFERENCE))
    tally = tally.reshape(size, len(PREFERENCE))
    decided = tally.argmax(axis=1) if size else np.zeros(0, np.int64)
    main = kind == decided[source]
    first, last = _ends(source, flows.start[at])
    port = _most(source, flows.dst_port[at])
    table = {
        "srcAddr": flows.names[ids],
        "kind": np.array(PREFERENCE, object)[decided],
        "why": _why(judged, at[main], source[main], tally, decided),
        "flows": tally.sum(axis=1),
        "packets": _sum(source, flows.packets[at], size),
        "bytes": _sum(source, flows.bytes[at], size),
        "ports": distinct(source, size, flows.dst_port[at]),
        "interfaces": distinct(*_known(source, flows.interface[at], size)),
        "destinations": distinct(source, size, flows.dst[at]),
        "first": pd.to_datetime(first, unit="s", utc=True),
        "last": pd.to_datetime(last, unit="s", utc=True),
        "topPort": pd.array(flows.dst_port[at][port], "Int64"),
        "topDst": flows.names[flows.dst[at][_most(source, flows.dst[at])]],
    }
    frame = pd.DataFrame(table).astype(COLUMNS)
    frame.loc[frame["topPort"] == NONE, "topPort"] = pd.NA
    return frame.sort_values("flows", ascending=False, kind="stable", ignore_index=True)


def _why(judged: Judged, at: Ints, source: Ints, tally: Ints, decided: Ints) -> list[str]:
    """Return the sentence of each source, from its flows `at` of the kind that was decided."""
    flows, evidence, size = judged.flows, judged.evidence, len(tally)
    reasons = np.bincount(source * len(Reason) + judged.reasons[at], minlength=size * len(Reason))
    reason = reasons.reshape(size, len(Reason)).argmax(axis=1) if size else np.zeros(0, np.int64)
    first, last = _ends(source, flows.start[at])
    seen = np.where(judged.reasons[at] == Reason.LATE_SEEN, np.maximum(evidence.same[at], 0), 1 << 40)
    since, _ = _ends(source, seen)
    dst, port, protocol, door = flows.dst[at], flows.dst_port[at], flows.protocol[at], flows.src_port[at]
    target, way = _most(source, dst, port, protocol), _most(source, door, protocol)
    aim = dense(source, dst, port, protocol)
    ranges = flows.service[at][_most(source, pd.factorize(flows.service[at], sort=True)[0])]
    columns = zip(
        _places(judged, at, source, size),
        np.bincount(source, minlength=size).tolist(),
        _sum(source, flows.packets[at], size).tolist(),
        distinct(source, size, port, protocol).tolist(),
        distinct(source, size, dst).tolist(),
        distinct(source, size, dst, port, protocol).tolist(),
        distinct(source, size, door, protocol).tolist(),
        (last - first).tolist(),
        zip(flows.names[dst[target]], port[target].tolist(), protocol[target].tolist(), strict=True),
        np.bincount(aim)[aim[target]].tolist(),
        _gaps(aim, flows.start[at])[aim[target]].tolist(),
        zip(door[way].tolist(), protocol[way].tolist(), strict=True),
        since.tolist(),
        ranges.tolist(),
        [judged.accepts] * size,
        (np.bincount(source[evidence.served[at]], minlength=size) > 0).tolist(),
        _rest(tally, decided),
        strict=True,
    )
    return [sentence(Reason(code), Facts(*facts)) for code, facts in zip(reason.tolist(), columns, strict=True)]


def _places(judged: Judged, at: Ints, source: Ints, size: int) -> list[str]:
    """Return what kind of address each source is."""
    flows, names = judged.flows, judged.flows.names
    words = np.full(len(names), "a public address", object)
    words[judged.inside] = "an address of the VPC's own IPv6 block"
    words[judged.own] = "an interface's own address"
    words[judged.named] = "an address of a network you named"
    words[(flows.kinds == PRIVATE) & ~judged.own] = "a private address"
    one = np.zeros(size, np.int64)
    one[source] = flows.src[at]
    passing = judged.inside[flows.src[at]] & ~judged.inside[flows.who[at]]
    passes = np.bincount(source[passing], minlength=size) > 0
    return [
        word + (" that passes on packets from outside" if on else "")
        for word, on in zip(words[one], passes, strict=True)
    ]


def _rest(tally: Ints, decided: Ints) -> list[list[tuple[str, int]]]:
    """Return each source's other kinds with their flows, most first."""
    others = tally.copy()
    others[np.arange(len(tally)), decided] = 0
    rest: list[list[tuple[str, int]]] = [[] for _ in range(len(tally))]
    for at in np.flatnonzero(others.any(axis=1)):
        found = [(PREFERENCE[kind], int(n)) for kind, n in enumerate(others[at]) if n]
        rest[at] = sorted(found, key=lambda each: -each[1])
    return rest


def _most(group: Ints, *columns: npt.NDArray[np.int64]) -> Ints:
    """Return for each group the position of the combination it has most; of equals the smallest."""
    codes = dense(group, *columns)
    _, at = np.unique(codes, return_index=True)
    number = np.bincount(codes)
    order = at[np.lexsort((*(column[at] for column in reversed(columns)), -number, group[at]))]
    return order[np.unique(group[order], return_index=True)[1]]


def _ends(group: Ints, values: Ints) -> tuple[Ints, Ints]:
    """Return the smallest and the largest value of each group."""
    if not len(group):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    order = np.lexsort((values, group))
    edge = np.flatnonzero(np.append(True, np.diff(group[order]) != 0))
    return values[order][edge], values[order][np.append(edge[1:], len(order)) - 1]


def _gaps(group: Ints, times: Ints) -> npt.NDArray[np.float64]:
    """Return the median time between one flow and the next of each group; 0 for a single one."""
    order = np.lexsort((times, group))
    same = np.diff(group[order]) == 0
    gaps = pd.Series(np.diff(times[order])[same]).groupby(group[order][1:][same]).median()
    found = np.zeros(int(group.max(initial=0)) + 1)
    found[gaps.index.to_numpy(dtype=np.int64)] = gaps.to_numpy(dtype=np.float64)
    return found


def _sum(group: Ints, values: Ints, size: int) -> Ints:
    """Return the sum of each group, exact."""
    totals = np.zeros(size, np.int64)
    np.add.at(totals, group, values)
    return totals


def _known(group: Ints, values: Ints, size: int) -> tuple[Ints, int, Ints]:
    known: Bools = values != NONE
    return group[known], size, values[known]
