"""Held: what the rules panel has at hand, and what of it still holds when a choice is changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rejectkit.errors import ArgumentError
from rejectkit.plans import Applied
from rejectkit.widgets.rulesdesk import Proposal, Read, Tried


@dataclass
class Held:
    """What was read, chosen, tried, planned and done.

    Attributes
    ----------
    read : Read or None
    chosen : tuple of int
        Places of suggestions.
    tried, proposal : Tried, Proposal or None
        Of what is chosen.
    planned : bool
        Whether what is chosen was planned, and perhaps done.
    applied : Applied or None
        What was done last.
    undo_file : Path or None
        That takes it back.
    behind : bool
        Whether rules have been changed since they were read.
    """

    read: Read | None = None
    chosen: tuple[int, ...] = ()
    tried: Tried | None = None
    proposal: Proposal | None = None
    planned: bool = False
    applied: Applied | None = None
    undo_file: Path | None = None
    behind: bool = False

    def begin(self, read: Read) -> None:
        """Take what was read; nothing is chosen of it yet."""
        self.read, self.chosen, self.tried, self.proposal = read, (), None, None
        self.planned = self.behind = False

    def checked(self, places: Iterable[int]) -> tuple[int, ...]:
        """Return places of suggestions that change something, in their order.

        Raises
        ------
        ArgumentError
            If there is none at a place, or it advises to change no rule.
        """
        every = () if self.read is None else self.read.suggestions
        for place in (places := tuple(places)):
            if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(every):
                raise ArgumentError(f"there is no suggestion {place!r}; there are {len(every)}, from 0 on")
            if not every[place].edits:
                raise ArgumentError(f"suggestion {place} changes no rule: {every[place].sentence}")
        return tuple(sorted(set(places)))

    def choose(self, places: tuple[int, ...]) -> None:
        """Choose suggestions; what is of others no longer holds."""
        if places != self.chosen:
            self.chosen, self.tried, self.proposal, self.planned = places, None, None, False

    def ready(self) -> tuple[Read, tuple[int, ...]]:
        """Return what was read, and what is chosen of it.

        Raises
        ------
        ArgumentError
            If there is nothing to try or to plan.
        """
        if self.read is None:
            raise ArgumentError("nothing was read yet; read records and rules first")
        if self.behind:
            raise ArgumentError("the rules have been changed since they were read; read them again")
        if not self.chosen:
            raise ArgumentError("no suggestion is chosen; choose one, or several")
        return self.read, self.chosen

    def agreed(self, wanted: Path | None, confirmed: bool) -> Proposal:
        """Return the plan that is to be carried out.

        Raises
        ------
        ArgumentError
            If there is none, it writes another undo file than is wanted now, or it was not confirmed.
        """
        if self.proposal is None:
            raise ArgumentError("there is no plan to apply; show the plan first")
        if self.proposal.wanted != wanted:
            raise ArgumentError("another undo file was named since the plan was made; show the plan again")
        if not confirmed:
            raise ArgumentError("the plan is not confirmed; read it, and tick that it is to be carried out")
        return self.proposal

    def undoable(self) -> Path:
        """Return the undo file of the latest change.

        Raises
        ------
        ArgumentError
            If there is none.
        """
        if self.undo_file is None:
            raise ArgumentError("there is no change to undo; apply one first, or set undo_file")
        return self.undo_file

    def ended(self, done: Applied | None, path: Path) -> None:
        """Take what was done by a change, or its undo, whose undo file is at a path; None: it was not finished."""
        self.proposal, self.applied, self.behind = None, done, self.read is not None
        if path.exists():
            self.undo_file = path
