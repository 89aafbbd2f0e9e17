"""What a probe looks for: the record of one attempt, under which addresses, and when the interval of that closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, ArgumentError
from rejectkit.monitoring.probes.attempt import Attempt, Target
from rejectkit.monitoring.replaying.delays import ARRIVAL, TIMESTAMP, instants
from rejectkit.monitoring.replaying.events import MESSAGE
from rejectkit.monitoring.services import Services
from rejectkit.monitoring.timing.grids import closing
from rejectkit.monitoring.timing.records import AROUND, TIMES, intervals
from rejectkit.pacing import Budget
from rejectkit.sources.base import Source, Watch
from rejectkit.window import Window

NEEDED: Final = ("dstPort", "action")
COLUMNS: Final = ("interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "start", "end", "action")
EARLIER: Final = 60
"""Seconds that a record's `start` may be before its packets. Source: VPC user guide, "Flow log records"."""
_MOST: Final = 1000  # records of one target in some minutes


@dataclass(frozen=True, slots=True)
class Seen:
    """The record of an attempt.

    Attributes
    ----------
    record : dict of str to object
        By column.
    message : str
        Its line.
    time, ingested : int
        Its timestamp, and when it was in the log group: milliseconds since the epoch.
    own : bool
        Whether its source port is the attempt's; else it is told by address and port alone.
    """

    record: dict[str, Any]
    message: str
    time: int
    ingested: int
    own: bool

    @property
    def refused(self) -> bool:
        """Whether it says REJECT."""
        return bool(self.record["action"] == "REJECT")


def query(fields: Sequence[str], target: Target, shown: Iterable[str]) -> str:
    """Return the query for the records of a target: of what comes to its port, and of the answers from it.

    Parameters
    ----------
    fields : sequence of str
        The source's columns.
    target : Target
        Whose port.
    shown : iterable of str
        The addresses that its records may show; empty: any.

    Raises
    ------
    ArgumentError
        If the records do not tell port or action.

    Examples
    --------
    >>> print(query(COLUMNS, Target("10.0.3.7", 22), ["10.0.3.7"]))  # doctest: +ELLIPSIS
    fields @timestamp, @ingestionTime, @message, interfaceId, ...
    | filter (dstPort = 22 and dstAddr in ["10.0.3.7"]) or (srcPort = 22 and srcAddr in ["10.0.3.7"])
    | sort @timestamp asc
    | limit 1000
    """
    if lacking := [name for name in NEEDED if name not in fields]:
        raise ArgumentError(
            f"the records have no {' and no '.join(lacking)}, by which that of the attempt is found; a probe needs a "
            "flow log whose format has ${dstport} and ${action}"
        )
    listed = ", ".join(f'"{one}"' for one in shown)
    parts = []
    for port, address in (("dstPort", "dstAddr"), ("srcPort", "srcAddr")):
        if port in fields:
            told = f" and {address} in [{listed}]" if listed and address in fields else ""
            parts.append(f"({port} = {target.port}{told})")
    wanted = ", ".join([TIMESTAMP, ARRIVAL, MESSAGE, *(name for name in COLUMNS if name in fields)])
    return f"fields {wanted}\n| filter {' or '.join(parts)}\n| sort @timestamp asc\n| limit {_MOST}"


def find(
    source: Source, text: str, target: Target, attempt: Attempt, at: float, now: float, hand: Watch
) -> Seen | None:
    """Return the record of an attempt that was made at a time, if it is there by now; times in seconds."""
    first = int(at) - EARLIER
    window = Window(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(max(now, at + 1), UTC))
    return chosen(source.run(text, window, watch=hand), target, attempt, at)


def chosen(frame: pd.DataFrame, target: Target, attempt: Attempt, at: float) -> Seen | None:
    """Return the record of an attempt among those of its target, or None.

    One that has the attempt's source port is its own, a refused one before all others. A gateway on the way may have
    changed that port; then it is the first refused one that lasts until the attempt.
    """
    if ARRIVAL not in frame or not len(frame):
        return None
    columns = {name: frame[name] if name in frame else pd.Series(pd.NA, frame.index) for name in COLUMNS}
    refused = columns["action"].eq("REJECT").fillna(False).astype(bool)
    there = columns["dstPort"].eq(target.port).fillna(False).astype(bool)
    other = columns["srcPort"].where(there, columns["dstPort"])
    own = other.eq(attempt.source_port or -1).fillna(False).astype(bool)
    for rows in (own & refused, own):
        if rows.any():
            return _seen(frame[rows].iloc[:1], own=True)
    lasts = columns["end"].ge(int(at)).fillna(True).astype(bool)
    rows = refused & there & lasts
    return _seen(frame[rows].iloc[:1], own=False) if rows.any() else None


def _seen(one: pd.DataFrame, *, own: bool) -> Seen:
    values = {name: one[name].tolist()[0] for name in COLUMNS if name in one}
    record = {name: None if pd.isna(value) else value for name, value in values.items()}
    time, ingested = (int(instants(one, name)[0][0]) for name in (TIMESTAMP, ARRIVAL))
    return Seen(record, str(one[MESSAGE].iloc[0]), time, ingested, own)


def closed(source: Source, seen: Seen, hand: Watch) -> tuple[int | None, bool]:
    """Return when the interval of a record closed, in milliseconds, and whether to the second.

    Else it is the record's end, by which the interval was not over yet; None where it has none.
    """
    end = seen.record.get("end")
    if end is None:
        return None, False
    name = seen.record.get("interfaceId")
    if name is not None and set(TIMES) <= set(source.fields):
        frame, _ = intervals(source, [(str(name), int(end))], AROUND[0], hand)
        starts, ends = (frame[one].to_numpy(dtype="int64") for one in TIMES)
        found = closing(int(end), starts, ends)
        if found is not None:
            return found * 1000, True
    return int(end) * 1000, False


def shown(services: Services, target: Target, budget: Budget | None) -> tuple[list[str], str]:
    """Return the addresses that records of a target may show, and a sentence on it.

    A record shows the primary private address of an interface in place of its public and its other private IPv4
    addresses. Source: VPC user guide, "Flow log records". Empty: it is not known.
    """
    if target.ip.version == 6:
        return [target.address], ""
    ec2 = Service(services.cloudwatch.session, "ec2", services.region, budget=budget)
    for name in ("addresses.private-ip-address", "association.public-ip"):
        try:
            told = ec2.call("DescribeNetworkInterfaces", Filters=[{"Name": name, "Values": [target.address]}])
        except AccessDeniedError as error:
            return ([target.address] if _is_inside(target) else []), (
                f"{error.action} is not permitted: under which address records show {target.address} is not known."
            )
        found = sorted({str(one["PrivateIpAddress"]) for one in told["NetworkInterfaces"]})
        if found:
            return sorted({*found, target.address}), ""
    return ([target.address] if _is_inside(target) else []), (
        f"No interface in {services.region} has the address {target.address}: its record, if one comes, is told by the "
        + ("address and port." if _is_inside(target) else "port alone.")
    )


def _is_inside(target: Target) -> bool:
    return target.ip.is_private
