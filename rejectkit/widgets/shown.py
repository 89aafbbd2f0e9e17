"""Shown: what the explorer shows, cut from a holding by a selection, and the sentences about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from rejectkit.exploring.words import count
from rejectkit.widgets.holding import Holding
from rejectkit.widgets.kinds import condition
from rejectkit.widgets.selection import QUERY_CHARACTERS, Selection


@dataclass(frozen=True, slots=True)
class Shown:
    """What the explorer shows.

    Attributes
    ----------
    selection : Selection
        The choices.
    view : Holding
        The refused flows of the window.
    chosen : DataFrame
        Those of them that were chosen.
    data : DataFrame
        The newest of these, as many as the selection has rows: what the query answers.
    query : str
        Logs Insights text.
    others : int
        Flows of other kinds that the query may answer with as well, because no field tells them apart.
    """

    selection: Selection
    view: Holding
    chosen: pd.DataFrame
    data: pd.DataFrame
    query: str
    others: int = 0

    @classmethod
    def of(cls, selection: Selection, view: Holding) -> Shown:
        """Return what a selection shows of a view, which is of the selection's window."""
        chosen = view.records[replace(selection, window=None).mask(view.records)]
        data = chosen.head(selection.rows).reset_index(drop=True)
        known, others = view.known, 0
        if selection.kind is not None:
            picked = condition(view.records, selection.kind)
            known, others = replace(known, kinds={selection.kind: picked.text}), picked.others
        return cls(selection, view, chosen, data, selection.query(known), others)

    @property
    def words(self) -> str:
        """How many flows, of how many, in which window, chosen how."""
        window, everything = self.view.window, len(self.view.records)
        if window is None:
            return "The source has no records at all."
        if not everything:
            return f"No flow was refused from {window}. Choose another window to look at."
        choices = self.selection.describe()
        refused = f"{count(everything, 'flow')} refused from {window}"
        if not choices:
            return f"{refused}."
        if self.chosen.empty:
            return f"None of the {refused} fits these choices: {choices}. Show all again takes them back."
        return f"{len(self.chosen):,} of {refused}: {choices}.{self._why}"

    @property
    def _why(self) -> str:
        """Why the source that was chosen is of its kind."""
        sources = self.view.sources
        if self.selection.source is None or sources is None:
            return ""
        row = sources[sources["srcAddr"] == self.selection.source]
        return "".join(f" It is of kind {kind}: {why}." for kind, why in zip(row["kind"], row["why"], strict=True))

    @property
    def note(self) -> str:
        """What there is to say about the query; mostly nothing."""
        notes = []
        if self.others:
            flows = count(self.others, "flow")
            notes.append(f"The query may answer with {flows} of other kinds, which no field tells apart.")
        if len(self.query) > QUERY_CHARACTERS:
            notes.append(
                f"This query has {len(self.query):,} characters; CloudWatch takes {QUERY_CHARACTERS:,}. "
                "A shorter window, or one interface, names fewer addresses."
            )
        return " ".join(notes)

    def pages(self, size: int) -> int:
        """Return how many pages of so many rows the table has, at least one."""
        return max(1, -(-len(self.data) // size))

    def page(self, number: int, size: int) -> tuple[pd.DataFrame, str]:
        """Return a page of the table, counted from 0, and its caption."""
        first = number * size
        rows = self.data.iloc[first : first + size]
        caption = f"Rows {first + 1:,} to {first + len(rows):,} of {len(self.data):,}, newest first"
        if len(self.data) < len(self.chosen):
            caption += f" (the newest of {len(self.chosen):,}; charts count them all)"
        return rows, caption
