"""What `rejectkit report` says about log files: counts, what is refused, and the findings."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

import rejectkit as rk
from rejectkit.errors import ArgumentError
from rejectkit.exploring.words import count
from rejectkit.sources.base import Watch

TOP = 10
EXAMPLES = 5


def printable(text: str) -> str:
    r"""Return text from a log with everything but line ends and plain characters spelled out.

    A terminal obeys control characters, and a log line may hold any.

    Examples
    --------
    >>> print(printable("eni-1\x1b[2J"))
    eni-1\x1b[2J
    """
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def text(source: rk.FileSource, window: rk.Window | None = None, *, watch: Watch | None = None) -> str:
    """Return the whole report on log files.

    Parameters
    ----------
    source : FileSource
        The files.
    window : Window, optional
        Only records that start in it; all of them where it is left out.
    watch : Watch, optional
        Progress and cancel.
    """
    parts = [
        _extent(source, window, watch),
        *_counts(source, window, watch),
        *_rejects(source, window, watch),
        _skipped(source),
        _findings(source, window, watch),
    ]
    return "\n\n".join(part for part in parts if part)


def _extent(source: rk.FileSource, window: rk.Window | None, watch: Watch | None) -> str:
    query = "stats count(*) as n, min(toMillis(@timestamp)) as first, max(toMillis(@timestamp)) as last"
    row = source.run(query, window, watch=watch).iloc[0]
    n, misfits = int(row["n"]), len(source.skipped)
    lines = [
        f"{count(n, 'record')} in {count(len(source.files), 'file')}" + (f", {window}" if window else ""),
        f"{count(misfits, 'line')} not understood",
    ]
    if n and pd.notna(row["first"]):
        first, last = (pd.Timestamp(int(row[end]), unit="ms", tz="UTC") for end in ("first", "last"))
        lines.append(f"first record starts {first:%Y-%m-%d %H:%M:%S} UTC, last {last:%Y-%m-%d %H:%M:%S} UTC")
    elif n:
        lines.append("the records do not tell their time: these logs have no start field")
    lines.append(f"fields: {printable(' '.join(source.fields))}")
    return "\n".join(lines)


def _counts(source: rk.FileSource, window: rk.Window | None, watch: Watch | None) -> Iterator[str]:
    for field, title in (("logStatus", "Records by log status"), ("action", "Flows by action")):
        if field not in source.fields:
            yield f"{title}: these logs have no {field} field."
            continue
        query = f"stats count(*) as records by {field} | sort records desc, {field}"
        if field == "action":  # a NODATA or SKIPDATA record is no flow and has no action
            query = f'filter action in ["ACCEPT", "REJECT"] | {query}'
        yield f"{title}\n{table(source.run(query, window, watch=watch))}"


def _rejects(source: rk.FileSource, window: rk.Window | None, watch: Watch | None) -> Iterator[str]:
    if "action" not in source.fields:
        yield "Accepted and rejected flows cannot be told apart here; add ${action} to the flow log's format."
        return
    for field, title in (("dstPort", "destination port"), ("srcAddr", "source")):
        if field not in source.fields:
            yield f"Rejects by {title}: these logs have no {field} field."
            continue
        answer = source.run(rk.questions.top(field, n=TOP), window, watch=watch)
        head = f"Rejects by {title}" + (f" (the {TOP} with most flows)" if len(answer) == TOP else "")
        yield f"{head}\n{table(answer)}" if len(answer) else f"{head}: none"


def _skipped(source: rk.FileSource) -> str:
    skipped = source.skipped
    if not len(skipped):
        return ""
    shown = [f"  {row.file}:{row.line}: {row.reason}" for row in skipped.head(EXAMPLES).itertuples()]
    more = [f"  and {len(skipped) - EXAMPLES:,} more"] if len(skipped) > EXAMPLES else []
    return "Lines not understood\n" + printable("\n".join([*shown, *more]))


def _findings(source: rk.FileSource, window: rk.Window | None, watch: Watch | None) -> str:
    try:
        found = rk.summarize(source, window, watch=watch)
    except ArgumentError as error:  # the format lacks fields: the counts above are what can be said
        return f"Findings\n  none: {printable(str(error))}"
    return "Findings\n" + "\n".join(f"  {printable(str(finding))}" for finding in found)


def table(frame: pd.DataFrame) -> str:
    """Return a table as indented text, its cells printable and its nulls as `-`, as logs write them."""
    if frame.empty:
        return "  none"
    shown = frame.astype(object).where(frame.notna(), "-").map(lambda cell: printable(str(cell)))
    return "\n".join(f"  {line}" for line in shown.to_string(index=False).splitlines())
