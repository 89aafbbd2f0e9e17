"""What queries of Logs Insights and Athena scan and cost: known before they run, added up after."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from rejectkit.window import duration

# US dollars for each GB scanned. Source: price tables quoted in blogs and by Infracost, 2026; not read from the
# AWS price page. A region that is not here is taken at the price of us-east-1.
DOLLARS_PER_GB: Mapping[str, float] = {"us-east-1": 0.005, "ap-northeast-1": 0.0076}
GB = 1e9  # *inferred*: AWS does not say whether it means 10^9 bytes or 2^30; the difference is 7 %
SETTLED_AFTER = duration("30m")
"""Seconds after an aggregation interval's end when its records are taken to be all there.

AWS says about 5 minutes, best effort; six times that is *inferred*."""

# US dollars for each TB that Athena scans. Source: price tables quoted in the documentation and in blogs; not read
# from the AWS price page. A region that is not here is taken at the price of us-east-1.
DOLLARS_PER_TB: Mapping[str, float] = {"us-east-1": 5.0}
TB = 1e12  # *inferred*, as of GB; the least cut-off of a work group is 10,000,000 bytes, so AWS counts by 1000 there
MB = 1e6
LEAST_BILLED = 10 * MB
"""Bytes that Athena bills for a query at least; more is rounded up to whole MB. Source: as the price."""
DELIVERED_AFTER = duration("60m")
"""Seconds after an aggregation interval's end when its records are taken to be all in S3.

AWS says about 10 minutes, best effort; six times that is *inferred*."""

Price = Callable[[float, str], float]


def dollars(scanned: float, region: str) -> float:
    """Return what scanning so many bytes costs in a region, in US dollars."""
    return scanned / GB * DOLLARS_PER_GB.get(region, DOLLARS_PER_GB["us-east-1"])


def athena_dollars(scanned: float, region: str) -> float:
    """Return what an Athena query that scans so many bytes costs in a region, in US dollars.

    Examples
    --------
    >>> athena_dollars(0, "us-east-1"), athena_dollars(1e12, "us-east-1")
    (5e-05, 5.0)
    """
    billed = max(LEAST_BILLED, math.ceil(scanned / MB) * MB)
    return billed / TB * DOLLARS_PER_TB.get(region, DOLLARS_PER_TB["us-east-1"])


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a query will scan.

    Attributes
    ----------
    bytes : float or None
        Bytes; None where nothing is known of the log groups.
    dollars : float
        What that costs; 0 where it is unknown.
    because : str
        What it is worked out from.
    """

    bytes: float | None
    dollars: float
    because: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What was asked of Logs Insights, or of Athena, so far.

    Attributes
    ----------
    queries : int
        Queries the service ran.
    bytes : float
        Bytes they scanned.
    dollars : float
        What that costs.
    kept : int
        Answers taken from the disk, at no cost.
    """

    queries: int = 0
    bytes: float = 0.0
    dollars: float = 0.0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Scan:
    """A query that ran: over which log groups and seconds (half-open), and what it scanned."""

    groups: frozenset[str]
    first: int
    end: int
    bytes: float
    records: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A log group as far as estimates need it: bytes in it, and the seconds they are spread over."""

    bytes: float | None
    first: int
    end: int

    def share(self, first: int, end: int) -> float | None:
        """Return the bytes of a span of seconds, if they are spread evenly."""
        if self.bytes is None:
            return None
        if self.end <= self.first:
            return self.bytes
        inside = max(0, min(end, self.end) - max(first, self.first))
        return self.bytes * inside / (self.end - self.first)


def metered(source: Any) -> bool:
    """Tell whether a source's answers are paid for by what they read, so that all of it is not read unasked.

    Examples
    --------
    >>> metered(object())
    False
    """
    return hasattr(source, "estimate") or any(map(metered, getattr(source, "sources", ())))


class Ledger:
    """The queries of one session on one service: what they scanned. Safe to use from several threads.

    Parameters
    ----------
    price : callable
        Gives dollars for the bytes that one query scanned, and a region.
    """

    def __init__(self, price: Price = dollars) -> None:
        """Start with none."""
        self._price = price
        self._lock = threading.Lock()
        self._scans: list[Scan] = []
        self._usage = Usage()

    @property
    def usage(self) -> Usage:
        """What was asked so far."""
        return self._usage

    def add(self, scan: Scan, region: str, *, billed: bool = True) -> None:
        """Note a query that ran; one that is not billed cost nothing."""
        with self._lock:
            now = self._usage
            spent = now.dollars + (self._price(scan.bytes, region) if billed else 0.0)
            self._usage = Usage(now.queries + 1, now.bytes + scan.bytes, spent, now.kept)
            if scan.end > scan.first:
                self._scans = [*self._scans[-999:], scan]

    def reuse(self) -> None:
        """Note an answer that was not paid for again."""
        with self._lock:
            now = self._usage
            self._usage = Usage(now.queries, now.bytes, now.dollars, now.kept + 1)

    def estimate(self, groups: frozenset[str], first: int, end: int, stored: Iterable[Stored], region: str) -> Estimate:
        """Return what a query over groups and a span of seconds will scan.

        The smallest earlier query over the same groups that covers the span tells it best; without one, the
        bytes stored do, spread evenly over the time they are kept for.
        """
        covering = self.earlier(groups, first, end)
        if covering is not None:
            scanned = covering.bytes * (end - first) / (covering.end - covering.first)
            return Estimate(scanned, self._price(scanned, region), "an earlier query over this time")
        shares = [one.share(first, end) for one in stored]
        if any(share is None for share in shares):
            return Estimate(None, 0.0, "nothing: the log groups do not say how much they hold")
        scanned = sum(share for share in shares if share is not None)
        return Estimate(scanned, self._price(scanned, region), "the bytes stored, spread evenly over their time")

    def most_records(self, groups: frozenset[str], first: int, end: int) -> float | None:
        """Return how many records an earlier query found in a span at most, or None if none covered it."""
        covering = self.earlier(groups, first, end)
        return None if covering is None else covering.records

    def earlier(self, groups: frozenset[str], first: int, end: int) -> Scan | None:
        """Return the smallest earlier query over the same groups that covers a span, if there is one."""
        with self._lock:
            found = [one for one in self._scans if one.groups == groups and one.first <= first and end <= one.end]
        return min(reversed(found), key=lambda one: one.end - one.first, default=None)


_PRICES: Mapping[str, Price] = {"logs": dollars, "athena": athena_dollars}
_ledgers: WeakKeyDictionary[Any, dict[str, Ledger]] = WeakKeyDictionary()
_ledgers_lock = threading.Lock()


def ledger_of(session: Any, service: str = "logs") -> Ledger:
    """Return the one ledger of a session for a service, `logs` or `athena`, which all its sources share."""
    with _ledgers_lock:
        try:
            found = _ledgers.setdefault(session, {})
        except TypeError:  # a stand-in for a session that cannot be kept track of
            return Ledger(_PRICES[service])
        return found.setdefault(service, Ledger(_PRICES[service]))
