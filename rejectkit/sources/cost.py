"""What Logs Insights queries scan and cost: known before they run, added up after."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
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


def dollars(scanned: float, region: str) -> float:
    """Return what scanning so many bytes costs in a region, in US dollars."""
    return scanned / GB * DOLLARS_PER_GB.get(region, DOLLARS_PER_GB["us-east-1"])


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
    """What was asked of Logs Insights so far.

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


class Ledger:
    """The queries of one session: what they scanned. Safe to use from several threads."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._scans: list[Scan] = []
        self._usage = Usage()

    @property
    def usage(self) -> Usage:
        """What was asked so far."""
        return self._usage

    def add(self, scan: Scan, region: str) -> None:
        """Note a query that ran."""
        with self._lock:
            now = self._usage
            spent = now.dollars + dollars(scan.bytes, region)
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
        covering = self._covering(groups, first, end)
        if covering is not None:
            scanned = covering.bytes * (end - first) / (covering.end - covering.first)
            return Estimate(scanned, dollars(scanned, region), "an earlier query over this time")
        shares = [one.share(first, end) for one in stored]
        if any(share is None for share in shares):
            return Estimate(None, 0.0, "nothing: the log groups do not say how much they hold")
        scanned = sum(share for share in shares if share is not None)
        return Estimate(scanned, dollars(scanned, region), "the bytes stored, spread evenly over their time")

    def most_records(self, groups: frozenset[str], first: int, end: int) -> float | None:
        """Return how many records an earlier query found in a span at most, or None if none covered it."""
        covering = self._covering(groups, first, end)
        return None if covering is None else covering.records

    def _covering(self, groups: frozenset[str], first: int, end: int) -> Scan | None:
        with self._lock:
            found = [one for one in self._scans if one.groups == groups and one.first <= first and end <= one.end]
        return min(reversed(found), key=lambda one: one.end - one.first, default=None)


_ledgers: WeakKeyDictionary[Any, Ledger] = WeakKeyDictionary()
_ledgers_lock = threading.Lock()


def ledger_of(session: Any) -> Ledger:
    """Return the one ledger of a session, which all its sources share."""
    with _ledgers_lock:
        try:
            return _ledgers.setdefault(session, Ledger())
        except TypeError:  # a stand-in for a session that cannot be kept track of
            return Ledger()
