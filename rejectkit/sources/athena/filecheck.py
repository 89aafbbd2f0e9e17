"""Whether a table's columns stand in the order of its files, seen from one file before a query is paid for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from rejectkit.errors import ArgumentError, AwsError, FormatError
from rejectkit.findings import Finding
from rejectkit.pacing import Check
from rejectkit.sources.athena.fit import check, order_fault
from rejectkit.sources.athena.glue import Existing
from rejectkit.sources.athena.known import Known
from rejectkit.sources.athena.pruning import Chosen
from rejectkit.sources.athena.reading import Header, newest
from rejectkit.window import Window

RECENT: Final = timedelta(days=31)  # whose newest file the check looks at
MOST: Final = 40  # folders that it looks for one in


def compare(known: Known, prefixes: Sequence[str] | None, watch: Check) -> None:
    """Refuse a table whose columns do not stand in the order of its files; each table is looked at once.

    Parameters
    ----------
    known : Known
        The table.
    prefixes : sequence of str or None
        Folders whose newest file is looked at; the table's own where they are not known.
    watch : callable
        Called between calls; what it raises ends the work.

    Raises
    ------
    FormatError
        If they do not. Where files may not be listed or read, nothing is said.
    """
    existing = known.held.existing
    if known.compared == existing:
        return
    try:
        found = newest(known.service("s3"), _places(existing, prefixes), watch)
    except (AwsError, ArgumentError):
        known.compared = existing
        return
    if found is None:  # no file yet: another window may have one
        return
    fault = order_fault(existing, found.fields) if found.fields else ""
    if fault:
        columns = " ".join(name for name, _ in existing.columns)
        raise FormatError(
            f"{fault}; nothing was run, as its answers would be wrong\n"
            f"  the table: {columns}\n  the file:  {' '.join(found.fields)}\n  ({found.url}); "
            "src.check() says more, and AthenaTable.of_flow_log(...).ddl() is the DDL of a table that fits"
        )
    known.compared = existing


def findings(known: Known, chosen: Chosen | None) -> list[Finding]:
    """Return in sentences where a table does not fit its files, or cannot be compared with them."""
    held, s3 = known.held, known.service("s3")
    now = datetime.fromtimestamp(known.service("athena").now(), UTC)
    found: Header | None = None
    told: list[Finding] = []
    try:
        prefixes = held.pruning.prefixes(Window(now - RECENT, now), chosen=chosen)
        found = newest(s3, _places(held.existing, prefixes), lambda: None, MOST)
        if found is None:
            sentence = f"No file of the last {RECENT.days} days was found, with which {held.existing.full_name} "
            told.append(Finding(f"{sentence}could be compared.", "info"))
    except (AwsError, ArgumentError) as error:
        sentence = f"The columns of {held.existing.full_name} cannot be compared with a file: {error}"
        told.append(Finding(f"{sentence}.", "notice", mend="Allow s3:ListBucket and s3:GetObject on the logs' bucket."))
    return [*check(held.existing, held.format, found, pruning=held.pruning), *told]


def _places(existing: Existing, prefixes: Sequence[str] | None) -> Sequence[str]:
    return prefixes if prefixes is not None else [existing.location] if existing.location else []
