"""Which bars a chart has: the largest categories by name, all the others in one, alone or in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.charts.parts import Parts
from rejectkit.charts.subjects import Subject
from rejectkit.charts.tables import grid, rank
from rejectkit.exploring.words import count


@dataclass(frozen=True, slots=True)
class Block:
    """Bars that stand together.

    Attributes
    ----------
    labels : list of str
        From the top.
    lengths : array of float, (bar, part)
        How long each part of each bar is.
    categories : int
        How many there are, with a bar of their own or not.
    others : bool
        The last bar stands for all categories that have none of their own.
    head : str
        Stands above the bars; empty for none.
    """

    labels: list[str]
    lengths: npt.NDArray[np.float64]
    categories: int
    others: bool
    head: str = ""


def block_of(
    column: pd.Series, values: npt.NDArray[np.float64], parts: Parts, subject: Subject, n: int, head: str = ""
) -> Block:
    """Return the bars of a column's `n` largest categories, and one for the others where there are more."""
    ranking = rank(column, values)
    named = ranking.best(max(1, n))
    others = len(ranking) - named
    names = [ranking.name(place) for place in range(named)]
    lengths = grid(ranking.places, parts.places, values, (named + bool(others), len(parts.looks)))
    labels = [subject.label(name) for name in names]
    absent = [] if others else [name for name in subject.always if name not in names]
    labels += [subject.label(name) for name in absent]
    lengths = np.vstack([lengths, np.zeros((len(absent), len(parts.looks)))])
    if others:
        labels.append(f"… and {count(others, 'other')}")
    return Block(labels, lengths, len(ranking), bool(others), head)


def shared(room: int, wanted: Sequence[int]) -> list[int]:
    """Return how many bars each block gets: at least 1, else an even share of the room, no more than it wants.

    Examples
    --------
    >>> shared(10, [1, 50, 3])
    [1, 6, 3]
    """
    given = [1] * len(wanted)
    for _ in range(room - len(wanted)):
        short = [place for place, want in enumerate(wanted) if given[place] < want]
        if not short:
            break
        given[min(short, key=lambda place: given[place])] += 1
    return given


def extent(blocks: Sequence[Block], categories: int, subject: Subject) -> str:
    """Return "top 20 of 65 ports", or "5 ports" where none is left out."""
    named = sum(len(block.labels) - block.others for block in blocks)
    whole = count(categories, subject.one, subject.more)
    return f"top {named} of {whole}" if any(block.others for block in blocks) else whole
