"""From a window to the partitions of a table that hold its records: as a condition of SQL, and as S3 prefixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

from rejectkit.errors import ArgumentError
from rejectkit.sources.athena.choices import Chosen, choose, injected
from rejectkit.sources.athena.clauses import Alternative, Comparison, passes, sql_of
from rejectkit.sources.athena.datepatterns import YEAR
from rejectkit.sources.athena.glue import Existing, Partitions
from rejectkit.sources.athena.spans import TimeKey, alternatives, moments
from rejectkit.sources.athena.templates import fill, template_of
from rejectkit.sources.athena.timekeys import projection, recognised, values_of
from rejectkit.sources.partitions import LONGEST, around, ends
from rejectkit.window import Window

__all__ = ["Chosen", "Pruning"]

_MANY = 20_000  # prefixes; more are not listed


@dataclass(frozen=True, slots=True)
class Pruning:
    """How a table is partitioned, as far as that can be told.

    Attributes
    ----------
    existing : Existing
        The table.
    partitions : Partitions
        Those that are registered, or some of them; none of a table with projection.
    keys : tuple of TimeKey
        The partition keys that tell the time, coarse to fine.
    of_aws : bool
        Whether the partitions are AWS's folders, by the ends of records; else they are taken with the overlap on both
        sides of a window.

    Examples
    --------
    >>> table = Existing("AwsDataCatalog", "logs", "vpc", "s3://logs/AWSLogs/", partition_keys=(("day", "string"),),
    ...     parameters={"projection.enabled": "true", "projection.day.type": "date",
    ...         "projection.day.format": "yyyy/MM/dd", "projection.day.range": "2026/01/01,NOW",
    ...         "storage.location.template": "s3://logs/AWSLogs/123456789012/vpcflowlogs/eu-west-1/${day}"})
    >>> day = Window.parse("2026-11-02", "2026-11-03")
    >>> pruning = Pruning.of(table)
    >>> print(pruning.condition(day))
    "day" BETWEEN '2026/11/02' AND '2026/11/03'
    >>> print(*pruning.prefixes(day, overlap=0))
    s3://logs/AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/02/
    """

    existing: Existing
    partitions: Partitions = field(default_factory=Partitions)
    keys: tuple[TimeKey, ...] = ()
    of_aws: bool = False

    @classmethod
    def of(cls, existing: Existing, partitions: Partitions | None = None) -> Pruning:
        """Return how a table is partitioned.

        Parameters
        ----------
        existing : Existing
            The table.
        partitions : Partitions, optional
            As from `partition_values`; of a table without projection the values show how they are written.
        """
        known = partitions or Partitions()
        keys = recognised(existing, known)
        return cls(existing, known, keys, _of_aws(existing, known))

    @property
    def unpruned(self) -> str:
        """A sentence where no window makes a query read less; empty where one does."""
        name, names = self.existing.full_name, [key for key, _ in self.existing.partition_keys]
        if self.existing.view:
            return f"{name} is a view, so it is not known what a window makes it read; name the table below it to know"
        if self.existing.iceberg:
            return f"{name} is an Iceberg table: it is not known beforehand how much of it a window makes it read"
        if not names:
            return (
                f"{name} has no partitions, so every query reads all of {self.existing.location or 'it'}, whatever its "
                "window; AthenaTable makes a table that is read by days"
            )
        if self.keys:
            return ""
        if self.partitions.complete and not self.partitions.rows:
            return (
                f"{name} has no partition registered, so it has no rows: run MSCK REPAIR TABLE, or make a table with "
                "projection by AthenaTable"
            )
        return (
            f"{name} has no partition key that is known to tell the time (its keys: {', '.join(names)}), so every "
            f"query reads all of it, whatever its window; narrow it by partitions={{{names[0]!r}: …}}"
        )

    def condition(self, window: Window | None, overlap: float | str = LONGEST, chosen: Chosen | None = None) -> str:
        """Return the condition that keeps a window's partitions, as Trino SQL; empty where there is none.

        Every comparison is of a bare partition key, so that Athena prunes by it.

        Parameters
        ----------
        window : Window or None
            Of the starts of records; None: of any time.
        overlap : float or str
            The longest record, seconds.
        chosen : mapping of str to value or values, optional
            Further partition keys, and what they shall be.

        Raises
        ------
        ArgumentError
            If a chosen key is none of the table's or cannot be that, or one that projection injects is not chosen.
        """
        tests = choose(self.existing, chosen)
        due = self._unchosen(tests)
        if due:
            raise ArgumentError(
                f"the partition key {due[0]!r} of {self.existing.full_name} is injected: Athena is to be told its "
                f"value; give partitions={{{due[0]!r}: …}}, a value or several"
            )
        narrowed = sql_of(self._alternatives(window, overlap))
        several = " OR " in narrowed and bool(tests)
        parts = [f"({narrowed})" if several else narrowed, *(test.sql for test in tests)]
        return " AND ".join(part for part in parts if part)

    def prefixes(
        self, window: Window | None, overlap: float | str = LONGEST, chosen: Chosen | None = None
    ) -> tuple[str, ...] | None:
        """Return the S3 addresses below which a query reads; None where they are not known.

        Parameters are those of `condition`. Those of projection are there or not: it does not look. A whole day is
        one prefix, also where partitions are hours. None for views, Iceberg tables, tables with more registered
        partitions than are known, and where there would be more than 20,000.
        """
        tests = choose(self.existing, chosen)
        if self.existing.view or self.existing.iceberg or self._unchosen(tests):
            return None
        if not self.existing.partition_keys:
            return (self.existing.location.rstrip("/") + "/",) if self.existing.location else None
        if self.partitions.complete:
            return tuple(self._registered(self._alternatives(window, overlap), tests))
        template = template_of(self.existing)
        return None if template is None else self._filled(template, window, overlap, tests)

    def outside(self, window: Window | None) -> str:
        """Return a sentence where a window leaves the range of a table's projection, so that records are missed.

        Empty where it does not. A range that is told relative to NOW is not looked at.

        Parameters
        ----------
        window : Window or None
            Of the starts of records.
        """
        for key in self.keys if window is not None and self.existing.projected else ():
            if key.pattern.parts[0] != YEAR:  # the hours of a day
                continue
            low, _, high = (one.strip() for one in projection(self.existing, key.key).get("range", "").partition(","))
            begin, last = key.pattern.read(low), key.pattern.read(high)
            last_moment = window.end - timedelta(microseconds=1)  # type: ignore[union-attr]  # there is one
            name, mend = self.existing.full_name, f"widen the table's property projection.{key.key}.range"
            if begin is not None and window.start < begin:  # type: ignore[union-attr]
                return f"the partitions of {name} begin at {low}: what the window has before it is not read; {mend}"
            if last is not None and key.ordered and key.pattern.format(last_moment) > key.pattern.format(last):
                return f"the partitions of {name} end at {high}: what the window has after it is not read; {mend}"
        return ""

    def _alternatives(self, window: Window | None, overlap: float | str) -> list[Alternative]:
        if window is None or not self.keys:
            return []
        return alternatives(self.keys, *self._span(window, overlap))

    def _span(self, window: Window, overlap: float | str) -> tuple[int, int]:
        return ends(window, overlap) if self.of_aws else around(window, overlap)

    def _unchosen(self, tests: Sequence[Comparison]) -> list[str]:
        chosen = {test.key for test in tests}
        return [key for key in injected(self.existing) if key not in chosen]

    def _registered(self, wanted: Sequence[Alternative], tests: Sequence[Comparison]) -> Iterator[str]:
        """Yield where the registered partitions are that pass."""
        names = [key for key, _ in self.existing.partition_keys]
        for row in self.partitions.rows:
            values = dict(zip(names, row.values, strict=False))
            if (not wanted or passes(wanted, values)) and passes([tuple(tests)], values):
                yield row.location.rstrip("/") + "/"

    def _filled(
        self, template: str, window: Window | None, overlap: float | str, tests: Sequence[Comparison]
    ) -> tuple[str, ...] | None:
        """Return a template with the values of a window's partitions."""
        chosen = {test.key: test.values for test in tests}
        others: list[tuple[str, Sequence[str]]] = []
        timed = {key.key for key in self.keys}
        for key, _ in self.existing.partition_keys:
            if key not in timed or (window is None and key in chosen):
                values = chosen.get(key) or values_of(self.existing, key) or _given(key)
                if not values:
                    return None
                others.append((key, values))
        times: list[tuple[Mapping[str, str], str]] = [({}, "")]
        if window is not None and self.keys:
            if any(key.loose or (key.type == "int" and not self.existing.projected) for key in self.keys):
                return None
            first, end = self._span(window, overlap)
            times = []
            for moment, unit in moments(self.keys, first, end):
                times.append(_texts(self.existing, self.keys, moment, unit))
                if len(times) > _MANY:
                    return None
        kept = [(texts, cut) for texts, cut in times if all(_among(texts, cut, test) for test in tests)]
        places = list(product(*(values for _, values in others)))
        if len(places) * len(kept) > _MANY:
            return None
        names = [key for key, _ in others]
        return tuple(
            dict.fromkeys(
                fill(template, {**dict(zip(names, place, strict=True)), **texts}, cut)
                for place in places
                for texts, cut in kept
            )
        )


def _among(texts: Mapping[str, str], cut: str, test: Comparison) -> bool:
    """Tell whether a folder passes; one that stands for several values of the key may."""
    return test.key == cut or test.key not in texts or test.holds(texts[test.key])


def _texts(existing: Existing, keys: Sequence[TimeKey], moment: datetime, unit: int) -> tuple[dict[str, str], str]:
    """Return the values of time keys in a folder of that moment, and which of them is cut short, if one is."""
    out: dict[str, str] = {}
    for key in keys:
        if key.unit > unit:
            head = key.pattern.format(moment, range(unit + 1))
            return ({**out, key.key: head}, key.key) if head else (out, "")
        text = key.pattern.format(moment)
        digits = projection(existing, key.key).get("digits", "").strip()
        out[key.key] = text.zfill(int(digits)) if digits.isdigit() else text
    return out, ""


def _given(key: str) -> Sequence[str]:
    return ("vpcflowlogs",) if key.lower() == "aws-service" else ()


def _of_aws(existing: Existing, partitions: Partitions) -> bool:
    """Tell whether the folders of a table's partitions are AWS's."""
    places: Iterable[str] = [row.location for row in partitions.rows]
    if existing.projected:
        places = [template_of(existing) or ""]
    elif not partitions.rows:
        places = [existing.location]
    names = [key.lower() for key, _ in existing.partition_keys]
    return "aws-service" in names or all("vpcflowlogs/" in place.rstrip("/") + "/" for place in places)
