"""What came of a probe: one attempt, the record, the alarm and the notice that it led to, and when each was there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from rejectkit.monitoring.probes.attempt import OUTCOMES, Attempt, Target
from rejectkit.monitoring.timing.records import PARTIES
from rejectkit.monitoring.timing.stages import BOUNDS, MOMENTS, STAGES, TOTAL

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "firstPacket": "the attempt was made",
        "closed": "its aggregation interval closed",
        "ingested": "its record was in CloudWatch Logs",
        "datapoint": "the period that it counts in was over, and it was there",
        "evaluated": "the alarm was evaluated",
        "changed": "the alarm changed to ALARM",
        "acted": "its action ran",
        "noticed": "SNS sent the notice on",
    }
)
"""The moments in words."""

LAST: Final = "its record's last packet; when its aggregation interval closed is not known"


@dataclass(frozen=True)
class Probed:
    """What came of a probe.

    Attributes
    ----------
    target : Target
        Whom it tried.
    attempt : Attempt
        What came of that.
    moments : mapping of str to datetime
        The moments that are known, of `stages.MOMENTS` and in their order, UTC; `firstPacket` is the attempt itself.
    record : mapping of str to object
        The record of it, by column; empty where none was seen.
    told : tuple of str
        What was assumed, found out, or is to be known of it, in sentences.
    ended : str
        Why it ended before the notice, a sentence; empty where it did not.
    closed_by : str
        As `latency` has it: "interval" where `closed` is the end of the aggregation interval, to the second; "end"
        where it is the record's last packet, which the interval outlasted by an unknown time.

    Examples
    --------
    >>> at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    >>> print(Probed(Target("10.0.3.7", 22), Attempt("accepted"), {"firstPacket": at}, ended="Nothing was refused."))
    The attempt to connect to 10.0.3.7:22 was accepted.
    2026-11-01 12:00:00.000 UTC              the attempt was made
    Nothing was refused.
    """

    target: Target
    attempt: Attempt
    moments: Mapping[str, datetime]
    record: Mapping[str, Any] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    ended: str = ""
    closed_by: str = ""

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of the stages whose two moments are known, by name, in their order."""
        known = self.moments
        return {
            stage: _milliseconds(known[last], known[first]) / 1000
            for stage, (first, last) in BOUNDS.items()
            if first in known and last in known
        }

    @property
    def total(self) -> float:
        """Seconds from the attempt to the last moment that is known."""
        known = list(self.moments.values())
        return _milliseconds(known[-1], known[0]) / 1000 if known else 0.0

    @property
    def frame(self) -> pd.DataFrame:
        """The probe as a row of `latency`: its moments and stages, `total`, and whose record it was; for the charts.

        Without a change of the alarm, `at` is the last moment that is known.
        """
        moments = {name: pd.Timestamp(at).as_unit("ms") for name, at in self.moments.items()}
        last = moments.get("changed", max(moments.values(), default=pd.NaT))
        row: dict[str, Any] = {"at": last, "state": "ALARM" if "changed" in moments else None}
        row |= {name: moments.get(name, pd.NaT) for name in MOMENTS}
        row |= {stage: self.seconds.get(stage, float("nan")) for stage in STAGES}
        row[TOTAL] = round(sum(self.seconds.values()), 3) if self.seconds else float("nan")  # as `latency` has it
        row |= {name: self.record.get(name) for name in PARTIES}
        frame = pd.DataFrame([row | {"closedBy": self.closed_by or None}])
        return frame.astype(dict.fromkeys(("at", *MOMENTS), "datetime64[ms, UTC]"))

    def rows(self) -> list[tuple[str, str, str]]:
        """Return moment, seconds since the one before, and words of each moment that is known."""
        found, before = [], None
        for name, at in self.moments.items():
            since = "" if before is None else f"+{_milliseconds(at, before) / 1000:,.1f} s"
            words = LAST if name == "closed" and self.closed_by == "end" else WORDS[name]
            found.append((f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}", since, words))
            before = at
        return found

    def sentences(self) -> list[str]:
        """Return in sentences what came of it."""
        detail = f" ({self.attempt.detail})" if self.attempt.detail else ""
        found = [f"The attempt to connect to {self.target} {OUTCOMES[self.attempt.outcome]}{detail}."]
        if "noticed" in self.moments:
            found.append(f"It took {self.total:,.1f} s from the attempt to the notice.")
        return found

    def __str__(self) -> str:
        """Return it as text: what came of it, its moments, and what is to be known."""
        moments = [f"{at} UTC  {since:>10}  {words}" for at, since, words in self.rows()]
        return "\n".join([*self.sentences(), *moments, *self.told, *filter(None, [self.ended])])

    def _repr_html_(self) -> str:
        """Return it as a table between sentences; every text is escaped."""
        left, right = 'style="text-align:left"', 'style="text-align:right"'
        rows = "".join(
            f"<tr><td {left}>{at} UTC</td><td {right}>{since}</td><td {left}>{escape(words)}</td></tr>"
            for at, since, words in self.rows()
        )
        before, after = (
            "".join(f"<p>{escape(one)}</p>" for one in some)
            for some in (self.sentences(), (*self.told, *filter(None, [self.ended])))
        )
        return f"{before}<table>{rows}</table>{after}"


def _milliseconds(last: datetime, first: datetime) -> int:
    return round(last.timestamp() * 1000) - round(first.timestamp() * 1000)
