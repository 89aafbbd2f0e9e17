"""AthenaQuery: the SQL of a query over a window, the partitions it reads, where its result goes; it prints itself."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from rejectkit.sources.cost import Estimate
from rejectkit.sources.progress import dollars_text, size_text

_SHOWN = 6  # prefixes


@dataclass(frozen=True, slots=True)
class AthenaQuery:
    """A query as it would be run; nothing was sent to Athena for it.

    Attributes
    ----------
    sql : str
        As it is sent.
    partitions : str
        The condition that keeps a query to its partitions; empty where every partition is read.
    prefixes : tuple of str or None
        Folders of S3 that the partitions are, as `s3://bucket/…/`; None where the table does not tell.
    output : str or None
        Where the result goes; None where Athena keeps it.
    workgroup : str
        The work group it runs in.
    database, catalog : str
        Where names in the SQL are looked up.
    estimate : Estimate
        What it will scan.
    notes : tuple of str
        What else is to be known.
    """

    sql: str
    partitions: str
    prefixes: tuple[str, ...] | None
    output: str | None
    workgroup: str
    database: str
    catalog: str
    estimate: Estimate
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in lines: the table's partitions, folders, cost, and the SQL."""
        return "\n".join([*(f"{name}: {value}" for name, value in self._lines()), "", self.sql])

    def _repr_html_(self) -> str:
        """Return it as HTML; everything is escaped."""
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(value)}</td></tr>'
            for name, value in self._lines()
        )
        return f"<table>{rows}</table><pre>{escape(self.sql)}</pre>"

    def _lines(self) -> list[tuple[str, str]]:
        folders = "not known"
        if self.prefixes is not None:
            more = len(self.prefixes) - _SHOWN
            folders = ", ".join(self.prefixes[:_SHOWN]) or "none"
            folders += f" and {more:,} more" if more > 0 else ""
        size = self.estimate.bytes
        scan = "not known" if size is None else f"about {size_text(size)} ({dollars_text(self.estimate.dollars)})"
        return [
            ("partitions", self.partitions or "all"),
            ("folders", folders),
            ("scan", f"{scan}, from {self.estimate.because}"),
            ("work group", self.workgroup),
            ("result", self.output or "kept by Athena"),
            *(("note", note) for note in self.notes),
        ]
