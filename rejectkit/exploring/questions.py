"""The standing questions, as Logs Insights query text that can be pasted into the console unchanged.

Every question takes the same narrowing keywords (see `Narrow`) and uses documented syntax only. Values are
quoted, so text from a log stays text. Made-up columns have names no flow-log field has (`flows`,
`totalPackets`, `t` …), because the service refuses to define a name twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Unpack

from rejectkit.errors import ArgumentError
from rejectkit.exploring.querytext import (
    Narrow,
    capped_period,
    condition,
    known_field,
    limit,
    literal,
    narrowed,
    query,
    whole,
)

__all__ = [
    "MEASURES",
    "Narrow",
    "by_interface",
    "condition",
    "directions",
    "hours_ports",
    "listing",
    "literal",
    "pairs",
    "replies",
    "retries",
    "source_ports",
    "sources",
    "status_counts",
    "timeline",
    "top",
]

Measure = Literal["flows", "packets", "bytes"]
MEASURES = {
    "flows": ("count(*)", "flows"),
    "packets": ("sum(packets)", "totalPackets"),
    "bytes": ("sum(bytes)", "totalBytes"),
}
"""What can be counted: for each measure its aggregate and the column the answer has it in."""

_USUAL = ("interfaceId", "srcAddr", "srcPort", "dstAddr", "dstPort", "protocol", "packets", "bytes", "action")
_SEEN = "min(@timestamp) as firstSeen, max(@timestamp) as lastSeen"


def top(
    field: str,
    measure: Measure = "flows",
    action: str | None = "REJECT",
    n: int | None = 20,
    **narrow: Unpack[Narrow],
) -> str:
    """Return the query for the values of a field that have most flows, packets or bytes.

    Parameters
    ----------
    field : str
        Column to group by, as Insights names it: `dstPort`, `srcAddr`, `interfaceId` …
    measure : {"flows", "packets", "bytes"}
        What to add up; the answer's column is `flows`, `totalPackets` or `totalBytes`.
    action : {"REJECT", "ACCEPT"} or None
        Which records; None for both.
    n : int or None
        Rows wanted, at most 100,000; None for as many as the service gives.
    **narrow
        See `Narrow`.

    Raises
    ------
    ArgumentError
        If an argument cannot be used; it names the nearest that can.

    Examples
    --------
    >>> print(top("dstPort", n=5))
    filter action = "REJECT"
    | stats count(*) as flows by dstPort
    | sort flows desc, dstPort
    | limit 5
    """
    total, column = _measure(measure)
    key = known_field(field)
    stages = [f"stats {total} as {column} by {key}", f"sort {column} desc, {key}", limit(n)]
    return query(condition(action, **narrow), *stages)


def timeline(
    period: str,
    by: str | None = None,
    action: str | None = "REJECT",
    measure: Measure = "flows",
    **narrow: Unpack[Narrow],
) -> str:
    """Return the query for how much there was in each step of time, oldest first.

    Parameters
    ----------
    period : str
        Length of a step: `"30s"`, `"5m"`, `"1h"`, `"1d"`. The service caps the number of each unit (1000 ms,
        60 s, 60 m, 24 h) without saying so; a period above its cap is refused here.
    by : str, optional
        Column to split each step by.
    action, measure, **narrow
        As in `top`.

    Returns
    -------
    str
        Its answer has columns `t` (start of the step, UTC), `by` if given, and the measure's.

    Examples
    --------
    >>> print(timeline("5m", by="action", action=None))
    filter action in ["ACCEPT", "REJECT"]
    | stats count(*) as flows by bin(5m) as t, action
    | sort t, action
    """
    total, column = _measure(measure)
    keys = [f"bin({capped_period(period)}) as t", *([known_field(by)] if by is not None else [])]
    order = ", ".join(["t", *keys[1:]])
    return query(condition(action, **narrow), f"stats {total} as {column} by {', '.join(keys)}", f"sort {order}")


def pairs(action: str | None = "REJECT", n: int | None = 100, **narrow: Unpack[Narrow]) -> str:
    """Return the query for who wanted what of whom: source, destination, port, how often, from when to when.

    Examples
    --------
    >>> print(pairs(port=5432, n=10).splitlines()[1])
    | stats count(*) as flows, sum(packets) as totalPackets, min(@timestamp) as firstSeen, \
max(@timestamp) as lastSeen by srcAddr, dstAddr, dstPort, protocol
    """
    keys = "srcAddr, dstAddr, dstPort, protocol"
    totals = f"count(*) as flows, sum(packets) as totalPackets, {_SEEN}"
    return query(condition(action, **narrow), f"stats {totals} by {keys}", f"sort flows desc, {keys}", limit(n))


def retries(at_least: int = 5, action: str | None = "REJECT", n: int | None = 100, **narrow: Unpack[Narrow]) -> str:
    """Return the query for sources that keep trying one service: what a blocked client does.

    Parameters
    ----------
    at_least : int
        Flows of one source to one port of one destination below which it is left out.

    Examples
    --------
    >>> print(retries(10).splitlines()[2])
    | filter flows >= 10
    """
    keys = "srcAddr, dstAddr, dstPort, protocol"
    totals = f"count(*) as flows, count_distinct(srcPort) as attempts, {_SEEN}"
    stages = [f"stats {totals} by {keys}", f"filter flows >= {whole(at_least, 'at_least', 1, 10**12)}"]
    return query(condition(action, **narrow), *stages, f"sort flows desc, {keys}", limit(n))


def replies(action: str | None = "REJECT", n: int | None = 100, **narrow: Unpack[Narrow]) -> str:
    """Return the query for flows by the service they came from: how refused replies show.

    Examples
    --------
    >>> print(replies(source_port=443).splitlines()[0])
    filter action = "REJECT" and srcPort = 443
    """
    keys = "srcAddr, srcPort, dstAddr, protocol"
    totals = f"count(*) as flows, count_distinct(dstPort) as clientPorts, {_SEEN}"
    return query(condition(action, **narrow), f"stats {totals} by {keys}", f"sort flows desc, {keys}", limit(n))


def sources(action: str | None = "REJECT", n: int | None = 100, **narrow: Unpack[Narrow]) -> str:
    """Return the query for one row per source: flows, and how many ports, interfaces and hosts it tried.

    Examples
    --------
    >>> print(sources(n=3).splitlines()[-1])
    | limit 3
    """
    totals = (
        "count(*) as flows, sum(packets) as totalPackets, count_distinct(dstPort) as ports, "
        f"count_distinct(interfaceId) as interfaces, count_distinct(dstAddr) as destinations, {_SEEN}"
    )
    return query(condition(action, **narrow), f"stats {totals} by srcAddr", "sort flows desc, srcAddr", limit(n))


def by_interface(action: str | None = "REJECT", n: int | None = 100, **narrow: Unpack[Narrow]) -> str:
    """Return the query for one row per network interface: flows, and how many sources and ports there were.

    Examples
    --------
    >>> print(by_interface().splitlines()[2])
    | sort flows desc, interfaceId
    """
    totals = "count(*) as flows, count_distinct(srcAddr) as sources, count_distinct(dstPort) as ports"
    keys = "interfaceId"
    return query(condition(action, **narrow), f"stats {totals} by {keys}", f"sort flows desc, {keys}", limit(n))


def source_ports(
    measure: Measure = "flows",
    action: str | None = "REJECT",
    n: int | None = 1000,
    **narrow: Unpack[Narrow],
) -> str:
    """Return the query for source × destination port, the fullest cells first.

    Examples
    --------
    >>> print(source_ports().splitlines()[1])
    | stats count(*) as flows by srcAddr, dstPort
    """
    total, column = _measure(measure)
    stages = [f"stats {total} as {column} by srcAddr, dstPort", f"sort {column} desc, srcAddr, dstPort"]
    return query(condition(action, **narrow), *stages, limit(n))


def hours_ports(
    measure: Measure = "flows",
    action: str | None = "REJECT",
    n: int | None = 10_000,
    **narrow: Unpack[Narrow],
) -> str:
    """Return the query for hour × destination port, the fullest cells first; `t` is the start of the hour.

    Examples
    --------
    >>> print(hours_ports(port=[22, 3389]).splitlines()[1])
    | stats count(*) as flows by bin(1h) as t, dstPort
    """
    total, column = _measure(measure)
    stages = [f"stats {total} as {column} by bin(1h) as t, dstPort", f"sort {column} desc, t, dstPort"]
    return query(condition(action, **narrow), *stages, limit(n))


def directions(action: str | None = None, **narrow: Unpack[Narrow]) -> str:
    """Return the query for inbound and outbound flows by action; needs `flow-direction` in the log format.

    Examples
    --------
    >>> print(directions().splitlines()[1])
    | stats count(*) as flows, sum(packets) as totalPackets, sum(bytes) as totalBytes by flowDirection, action
    """
    keys = "flowDirection, action"
    totals = "count(*) as flows, sum(packets) as totalPackets, sum(bytes) as totalBytes"
    return query(condition(action, **narrow), f"stats {totals} by {keys}", f"sort {keys}")


def status_counts(**narrow: Unpack[Narrow]) -> str:
    """Return the query for how many records there are of each status (OK, NODATA, SKIPDATA) and action.

    Examples
    --------
    >>> print(status_counts())
    stats count(*) as flows by logStatus, action
    | sort logStatus, action
    """
    wanted = " and ".join(narrowed(narrow))
    return query(wanted, "stats count(*) as flows by logStatus, action", "sort logStatus, action")


def listing(
    fields: Iterable[str] | None = None,
    action: str | None = "REJECT",
    n: int | None = 100,
    **narrow: Unpack[Narrow],
) -> str:
    """Return the query for the records themselves, newest first.

    Parameters
    ----------
    fields : iterable of str, optional
        Columns beside `@timestamp`; the default format's where left out.

    Examples
    --------
    >>> print(listing(["srcAddr", "dstPort"], n=5).splitlines()[0])
    fields @timestamp, srcAddr, dstPort
    """
    names = [known_field(name) for name in (_USUAL if fields is None else fields)]
    columns = ", ".join(["@timestamp", *(name for name in names if name != "@timestamp")])
    wanted = condition(action, **narrow)
    return query("", f"fields {columns}", f"filter {wanted}", "sort @timestamp desc", limit(n))


def _measure(measure: str) -> tuple[str, str]:
    if measure not in MEASURES:
        raise ArgumentError(f"measure is {measure!r}; it is one of {', '.join(MEASURES)}")
    return MEASURES[measure]
