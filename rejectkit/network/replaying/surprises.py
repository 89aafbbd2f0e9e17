"""Surprises: what a change of rules would do, by outcome and kind of source, the worst first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.exploring.classify import judged
from rejectkit.exploring.evidence import dense, distinct
from rejectkit.exploring.flows import NONE, Ints
from rejectkit.exploring.rules import Judged, Reason
from rejectkit.exploring.services import port_label
from rejectkit.exploring.words import count
from rejectkit.network.replaying.turns import ACCEPTED, CANNOT_TELL, OUTCOMES, REJECTED, UNCHANGED

OUTSIDE = "outside"
"""Kind of an accepted flow that somebody outside began, of whom nothing else is known."""

# Whom it hurts most to refuse, and whom it hurts most to let in; kinds as classify has them.
_HURT = ("inside", OUTSIDE, "aws", "unsure", "reply", "probe", "late", "scanner")
_RANKS = {
    REJECTED: _HURT,
    ACCEPTED: ("scanner", "unsure", OUTSIDE, "probe", "reply", "late", "aws", "inside"),
    CANNOT_TELL: _HURT,
    UNCHANGED: _HURT,
}
_WHO = {
    "inside": ("inside host", "inside hosts"),
    OUTSIDE: ("outside host", "outside hosts"),
    "aws": ("host of AWS", "hosts of AWS"),
    "unsure": ("unsure host", "unsure hosts"),
    "reply": ("host that answers", "hosts that answer"),
    "probe": ("probing host", "probing hosts"),
    "late": ("host of late packets", "hosts of late packets"),
    "scanner": ("scanner", "scanners"),
}


def surprises(
    outcomes: pd.DataFrame, records: pd.DataFrame, *, own: str | Iterable[str] = (), inside: str | Iterable[str] = ()
) -> pd.DataFrame:
    """Add up what `what_if` found, by outcome and by kind of source, the worst first.

    Parameters
    ----------
    outcomes : DataFrame
        What `what_if` returned.
    records : DataFrame
        The records that it was asked about.
    own, inside : addresses or networks, optional
        As in `classify.sources`: scanners of one's own; networks that are inside although their addresses are public.

    Returns
    -------
    DataFrame
        One row per outcome and kind. What is newly rejected comes first, and of that what is inside; then what is newly
        accepted, scanners first; then what cannot be told; last what stays as it is.

        - `outcome`, `kind` : as `what_if` and `classify` have them; an accepted flow is `inside` or `outside` by who
          began it, or of the kind of that source's refused flows.
        - `flows`, `packets`, `bytes` : records, and what is in them.
        - `hosts`, `ports` : distinct ones that began flows, and services' ports with their protocol.
        - `topHost`, `topPort` : those with most flows.
        - `because` : what most of them have in common.

        `attrs["summary"]` is a sentence that says it all.

    Raises
    ------
    ArgumentError
        If the two frames are not of the same records, or a column is missing.

    Examples
    --------
    >>> from rejectkit.network import AddRule, GroupRule, Interface, Network, SecurityGroup, Subnet, what_if
    >>> from rejectkit.records import LogFormat
    >>> network = Network(
    ...     subnets=(Subnet("subnet-1", "vpc-1", ("10.0.2.0/24",)),),
    ...     groups=(SecurityGroup("sg-1", "db"),),
    ...     interfaces=(Interface("eni-1", "subnet-1", "vpc-1", ("10.0.2.9",), groups=("sg-1",)),),
    ... )
    >>> line = "2 1 eni-1 10.0.2.7 10.0.2.9 40001 5432 6 3 180 1793521440 1793521470 REJECT OK"
    >>> table = pd.DataFrame([LogFormat.default().parse_line(line)])
    >>> rule = GroupRule("sg-1", False, 6, 5432, 5432, "10.0.2.0/24")
    >>> surprises(what_if(table, network, AddRule(rule)), table).attrs["summary"]
    'Newly accepted: 1 flow of 1 inside host to 5432 (PostgreSQL). Nothing is newly rejected.'
    """
    if len(outcomes) != len(records) or "outcome" not in outcomes or "clientAddr" not in outcomes:
        raise ArgumentError(
            f"the outcomes ({count(len(outcomes), 'row')}) are not what_if's answer for the records "
            f"({count(len(records), 'row')}); give the frame that it returned, and the records that it was given"
        )
    found = judged(records, own=own, inside=inside)
    flows = found.flows
    outcome = pd.Categorical(outcomes["outcome"].to_numpy(object)[flows.row], categories=list(OUTCOMES)).codes
    client, port = _clients(outcomes, found)
    kind = _kinds(found, client, outcomes["direction"].notna().to_numpy()[flows.row])
    rank = np.array([[_RANKS[one].index(name) for name in _HURT] for one in OUTCOMES])
    group = outcome.astype(np.int64) * len(_HURT) + rank[outcome, kind]
    order, which = np.unique(group, return_inverse=True)
    size = len(order)
    service = np.where(port == NONE, NONE, port * 256 + flows.protocol)
    ported = service != NONE
    host, door = _most(which, client, size), _most(which, service, size)
    because = outcomes["because"].cat
    reason = _most(which, because.codes.to_numpy()[flows.row].astype(np.int64), size)
    names = [str(_RANKS[OUTCOMES[one // len(_HURT)]][one % len(_HURT)]) for one in order.tolist()]
    frame = pd.DataFrame(
        {
            "outcome": pd.array([OUTCOMES[one // len(_HURT)] for one in order.tolist()], dtype="str"),
            "kind": pd.array(names, dtype="str"),
            "flows": pd.array(np.bincount(which, minlength=size), dtype="Int64"),
            "packets": pd.array(_sum(which, flows.packets, size), dtype="Int64"),
            "bytes": pd.array(_sum(which, flows.bytes, size), dtype="Int64"),
            "hosts": pd.array(distinct(which, size, client), dtype="Int64"),
            "ports": pd.array(distinct(which[ported], size, service[ported]), dtype="Int64"),
            "topHost": pd.array(flows.names[host], dtype="str"),
            "topPort": pd.arrays.IntegerArray(np.maximum(door // 256, 0), door == NONE),
            "because": pd.array(because.categories.to_numpy(object)[reason], dtype="str"),
        }
    )
    frame.attrs["summary"] = _summary(frame, len(flows.row))
    return frame


def _clients(outcomes: pd.DataFrame, found: Judged) -> tuple[Ints, Ints]:
    """Return who began each flow and the service's port; where the change does not bear on it, source and port."""
    flows = found.flows
    told = outcomes["clientAddr"].to_numpy(object)[flows.row]
    place = pd.Index(flows.names).get_indexer(pd.Index(told)).astype(np.int64)
    port = outcomes["port"].to_numpy(dtype=np.int64, na_value=NONE)[flows.row]
    bears = place != NONE
    return np.where(bears, place, flows.src), np.where(bears, port, flows.dst_port)


def _kinds(found: Judged, client: Ints, bears: npt.NDArray[np.bool_]) -> Ints:
    """Return the kind of each flow: a position in _HURT."""
    flows, size = found.flows, len(found.flows.names)
    number = np.array([_HURT.index(reason.kind) if reason.kind else NONE for reason in Reason])
    own = number[found.reasons]
    tally = np.zeros((size, len(_HURT)), np.int64)
    refused = flows.reject
    np.add.at(tally, (flows.src[refused], own[refused]), 1)
    by_source = np.where(tally.any(axis=1), tally.argmax(axis=1), _HURT.index(OUTSIDE))
    by_client = np.where(found.inside, _HURT.index("inside"), by_source)[client]
    answer = bears & (client != flows.src)
    return np.where(refused & ~answer, own, by_client).astype(np.int64)


def _most(group: Ints, values: Ints, size: int) -> Ints:
    """Return for each group the value that it has most."""
    code = dense(group, values)
    _, first = np.unique(code, return_index=True)
    order = first[np.lexsort((values[first], -np.bincount(code), group[first]))] if len(code) else first
    found = np.full(size, NONE, np.int64)
    whose, at = np.unique(group[order], return_index=True)
    found[whose] = values[order][at]
    return found


def _sum(group: Ints, values: Ints, size: int) -> Ints:
    totals = np.zeros(size, np.int64)
    np.add.at(totals, group, values)
    return totals


def _summary(frame: pd.DataFrame, flows: int) -> str:
    """Return the table in words."""
    parts = []
    for outcome in OUTCOMES[:-1]:
        rows = frame[frame["outcome"] == outcome]
        if len(rows):
            said = ", ".join(_one(row) for row in rows.to_dict("records"))
            parts.append(f"{outcome[:1].upper()}{outcome[1:]}: {said}.")
    if not parts:
        return f"Nothing changes: {count(flows, 'flow')} fare as they did." if flows else "There are no flows."
    if not (frame["outcome"] == REJECTED).any():
        parts.append("Nothing is newly rejected.")
    return " ".join(parts)


def _one(row: dict[Hashable, object]) -> str:
    flows, hosts, ports = (int(str(row[name])) for name in ("flows", "hosts", "ports"))
    where = ""
    if ports == 1:
        where = f" to {port_label(int(str(row['topPort'])))}"
    elif ports:
        where = f" to {count(ports, 'port')}, most to {port_label(int(str(row['topPort'])))}"
    return f"{count(flows, 'flow')} of {count(hosts, *_WHO[str(row['kind'])])}{where}"
