"""Combined: several sources as one, such as log groups of two regions, or files beside CloudWatch."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.insights import Column, Table, compile_query, parse
from rejectkit.insights.compile import SYNONYMS
from rejectkit.insights.framequery import query_frame
from rejectkit.records import NULL, field_type
from rejectkit.sources.base import UNSETTLED, Source, Watch
from rejectkit.sources.crew import together
from rejectkit.sources.parting import Parting, parting
from rejectkit.sources.stacking import Part, stack
from rejectkit.window import Window, check_window

_FETCHED = 0.95  # the sources' share of the progress


class Combined(Source):
    """Several sources that answer as one.

    Parameters
    ----------
    sources : iterable of Source
        Those it is made of; each is asked in a thread of its own.

    Raises
    ------
    ArgumentError
        If there is none, or one of them is not a source.

    Notes
    -----
    A query is answered here, by the package's own engine, over the records of all: what its filters leave of them,
    with the fields it reads, is fetched from each source. Rows come in the language's order, limits and groups are
    of all together. A field that one source has not is missing in its records. If one source fails, the whole
    answer does, and the others are stopped. Safe to use from several threads where its sources are.

    Examples
    --------
    >>> import rejectkit as rk
    >>> both = Combined([rk.InsightsSource("/vpc/a", session=object()), rk.InsightsSource("/vpc/b", session=object())])
    >>> both
    Combined([InsightsSource('/vpc/a'), InsightsSource('/vpc/b')])
    """

    most_accepts: int
    """Accepted flows that a summary reads, where a source says how many are too many."""

    def __init__(self, sources: Iterable[Source]) -> None:
        """Take the sources; nothing is asked yet."""
        self.sources = tuple(sources)
        if not self.sources:
            raise ArgumentError("there is no source to combine; give a list of them, for example of two FileSources")
        for source in self.sources:
            if not callable(getattr(source, "run", None)):
                raise ArgumentError(f"{source!r} is no source; give a FileSource, an InsightsSource or another one")
        said = [int(source.most_accepts) for source in self.sources if hasattr(source, "most_accepts")]
        if said:
            self.most_accepts = min(said)

    def __repr__(self) -> str:
        """Show the sources."""
        return f"Combined([{', '.join(map(repr, self.sources))}])"

    @property
    def fields(self) -> tuple[str, ...]:
        """Column names of the records: those that all sources have, in the order of the first, then the rest."""
        return _common_first([tuple(names) for names in self._spellings()])

    @property
    def skipped(self) -> pd.DataFrame:
        """Lines that do not fit, of every source that tells: `file`, `line`, `reason` and what else it says of them."""
        told: list[pd.DataFrame] = [source.skipped for source in self.sources if hasattr(source, "skipped")]
        if not told:
            empty = pd.DataFrame({"file": [], "line": [], "reason": []})
            return empty.astype({"file": "str", "line": "int64", "reason": "str"})
        kept = [frame for frame in told if len(frame)] or told[:1]
        return pd.concat(kept, ignore_index=True)

    def records(
        self, window: Window | None = None, action: str | None = "REJECT", *, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Return the records of a window, oldest first: `@timestamp`, then every field.

        Parameters
        ----------
        window : Window, optional
            Records that start in it; all where it is left out.
        action : {"REJECT", "ACCEPT"} or None
            Only these; None for both. NODATA and SKIPDATA are never among them.
        watch : Watch, optional
            Progress and cancel.

        Raises
        ------
        ArgumentError
            If the action is another word, or the records of a source have no action to choose by.
        """
        watch = watch or Watch()
        spellings = self._spellings()
        names = _common_first([tuple(one) for one in spellings])
        found = together(
            self.sources, lambda at, own: self.sources[at].records(window, action, watch=own), watch, _FETCHED
        )
        frames = []
        for frame, spelled in zip(found, spellings, strict=True):
            canonical = frame.rename(columns={own: name for name, own in spelled.items()})
            there = {name: _as_typed(canonical[name], name) for name in ("@timestamp", *names) if name in canonical}
            lacking = {name: _missing(name, canonical.index) for name in names if name not in canonical}
            frames.append(pd.DataFrame({**there, **lacking}, index=canonical.index)[["@timestamp", *names]])
        out = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
        watch.report(1.0, "done")
        return _told(out.sort_values("@timestamp", kind="stable", ignore_index=True), found)

    def run(
        self, query: str, window: Window | None = None, *, all_rows: bool = False, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Answer a Logs Insights query; the answer is whole, or an error is raised.

        Parameters
        ----------
        query : str
            Query text.
        window : Window, optional
            Records that start in it; all where it is left out.
        all_rows : bool
            Lift the language's limit of 10,000 rows where the query sets none.
        watch : Watch, optional
            Progress of all sources together, and cancel.

        Returns
        -------
        DataFrame
            Whole numbers `Int64`, other numbers `Float64`, text `str`, times `datetime64[ms, UTC]`.

        Raises
        ------
        QueryError
            If the query is not allowed; no source was asked then. UnsupportedError if only CloudWatch would answer it.
        ArgumentError
            If the window is none.
        QueryCancelledError
            If the watch was cancelled.
        Exception
            What a source raised, with a note of which one it was.
        """
        check_window(window)
        watch = watch or Watch()
        parsed = parse(query)
        spellings = self._spellings()
        names = _common_first([tuple(one) for one in spellings])
        for warning in compile_query(parsed, _table(names), window=window, all_rows=all_rows).warnings:
            warnings.warn(warning, stacklevel=2)
        plan = parting(parsed, spellings, all_rows=all_rows)
        parts = together(self.sources, lambda at, own: self._part(at, plan, window, own), watch, _FETCHED)
        stacked = stack(parts, plan.names)
        own_window = window if plan.reads_window else None  # the sources have seen to it, by times of their own
        answer, shape = query_frame(
            plan.local, stacked.rows, stacked.columns, window=own_window, all_rows=all_rows, on_cancel=watch.on_cancel
        )
        for column in shape.columns:
            if column.name in stacked.partial and column.type == "text":
                answer[column.name] = answer[column.name].mask(answer[column.name] == NULL)
        watch.check()
        watch.report(1.0, "done")
        return _told(answer, [part.frame for part in parts])

    def _part(self, at: int, plan: Parting, window: Window | None, watch: Watch) -> Part:
        """Return what one source gives to an answer."""
        asked = plan.asked(at)
        frame = self.sources[at].run(asked.text, window, all_rows=True, watch=watch)
        columns = [frame.iloc[:, place] for place in range(len(asked.names))]
        named = pd.DataFrame(dict(zip(asked.names, columns, strict=True)), index=frame.index)
        named.attrs = frame.attrs
        return Part(named, asked.names, frame.iloc[:, -1] if asked.presence else None)

    def _spellings(self) -> list[dict[str, str]]:
        """Return for each source its fields, and how it spells them: `start` may be `startTime` to it."""
        out = []
        for source in self.sources:
            names = source.fields
            out.append(
                {name if SYNONYMS.get(name, name) in names else SYNONYMS.get(name, name): name for name in names}
            )
        return out


def _common_first(fields: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the names that are in all, in the order of the first, then the others as they come."""
    common = [name for name in fields[0] if all(name in names for names in fields)]
    return tuple(dict.fromkeys([*common, *(name for names in fields for name in names)]))


def _table(names: Iterable[str]) -> Table:
    """Return a table of these fields without a row to it: it tells what is allowed, before any source is asked."""
    columns = {name: Column("NULL", field_type(name), dash=True) for name in names}
    return Table("nothing", {"@timestamp": Column("NULL", "time"), "@message": Column("NULL", "text"), **columns})


def _as_typed(values: pd.Series[Any], name: str) -> pd.Series[Any]:
    """Return a field's values as whole numbers where they are that, also if a source has them as text."""
    if field_type(name) != "int" or pd.api.types.is_integer_dtype(values):
        return values
    try:
        return pd.to_numeric(values).astype("Int64")
    except (TypeError, ValueError):
        return values


def _missing(name: str, index: pd.Index[Any]) -> pd.Series[Any]:
    kind = "Int64" if field_type(name) == "int" else "str"
    return pd.Series([None] * len(index), index=index, dtype=kind)


def _told(answer: pd.DataFrame, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return an answer that says from when on records may still come in, if one of its parts does."""
    moments = [part.attrs[UNSETTLED] for part in parts if UNSETTLED in part.attrs]
    answer.attrs = {UNSETTLED: min(moments)} if moments else {}
    return answer
