"""SparkQuery: a query over a window as Spark would run it; it prints itself."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_FILTERS = re.compile(r"PartitionFilters: \[(.*?)\](?:, [A-Z]\w*:|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SparkQuery:
    """A query as it would be run; no data were read for it.

    Attributes
    ----------
    sql : str
        What Spark is asked.
    condition : str
        What the window puts on the partition keys; empty where every partition is read.
    partition_filters : tuple of str
        What Spark's own plan prunes partitions by, for each place that is read.
    files : tuple of str or None
        Files that are read, as URIs; None where they are not known beforehand.
    explain : str
        Spark's plan, as it prints it.
    """

    sql: str
    condition: str
    partition_filters: tuple[str, ...]
    files: tuple[str, ...] | None
    explain: str

    def __str__(self) -> str:
        """Return it in lines: the partitions, the files, the SQL."""
        return "\n".join([*(f"{name}: {value}" for name, value in self._lines()), "", self.sql])

    def _repr_html_(self) -> str:
        """Return it as HTML; everything is escaped."""
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(value)}</td></tr>'
            for name, value in self._lines()
        )
        return f"<table>{rows}</table><pre>{escape(self.sql)}</pre>"

    def _lines(self) -> list[tuple[str, str]]:
        files = "not known" if self.files is None else f"{len(self.files):,}"
        return [
            ("partitions", self.condition or "all"),
            ("pruned by", "; ".join(self.partition_filters) or "nothing"),
            ("files", files),
        ]


def explained(frame: Any) -> str:
    """Return the plan that Spark prints for a frame."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        frame.explain(True)
    return out.getvalue()


def filters(plan: str) -> tuple[str, ...]:
    """Return the partition filters of a printed plan, without the numbers that Spark gives columns."""
    physical = plan.rpartition("== Physical Plan ==")[2]
    found = (re.sub(r"#\d+L?", "", one) for one in _FILTERS.findall(physical))
    return tuple(dict.fromkeys(one for one in found if one))


def kept(files: Sequence[str], folders: Sequence[str]) -> tuple[str, ...]:
    """Return the files that are in some folders."""
    return tuple(path for path in files if any(path.startswith(folder) for folder in folders))
