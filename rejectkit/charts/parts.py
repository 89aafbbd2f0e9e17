"""The parts that a bar or a stretch of time is made of: a few with a name and a look, the rest in one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.charts.palette import KINDS, PLAIN, REST, Look, looks
from rejectkit.charts.subjects import Subject
from rejectkit.charts.tables import rank
from rejectkit.charts.text import shorten

NAMED = 7  # as many as the palette has looks, and as there are kinds
LONGEST = 40  # characters of a part's label: an IPv6 address


@dataclass(frozen=True, slots=True)
class Parts:
    """Which part each row belongs to.

    Attributes
    ----------
    places : array of int
        The part of each row.
    labels : list of str
        The parts' labels; the last may stand for the rest.
    looks : list of Look
        How each is filled.
    """

    places: npt.NDArray[np.intp]
    labels: list[str]
    looks: list[Look]


def no_parts(rows: int) -> Parts:
    """Return the one part of things that have none."""
    return Parts(np.zeros(rows, dtype=np.intp), [""], [PLAIN])


def parts_of(column: pd.Series, values: npt.NDArray[np.float64], subject: Subject) -> Parts:
    """Return the parts that a column makes: the seven largest and the others; kinds in their own order.

    Parameters
    ----------
    column : Series
        Each row's category; a null is one, "–".
    values : array of float
        What each row counts.
    subject : Subject
        What the column is; each kind of source has its own look.
    """
    kinds = subject.key == "kind"
    ranking = rank(column, values)
    named = ranking.best(NAMED)
    names = [ranking.name(place) for place in range(named)]
    order = list(range(named))
    if kinds:
        known = list(KINDS)
        order.sort(key=lambda place: known.index(str(names[place])) if names[place] in KINDS else len(known))
    labels = [shorten(subject.label(names[place]), LONGEST) for place in order]
    styles = looks([names[place] for place in order], kinds=kinds)
    places = np.full(max(1, len(ranking)), len(order))
    places[order] = np.arange(len(order))
    if len(ranking) > named:
        labels.append(f"{len(ranking) - named:,} others")
        styles = [*styles, REST]
    return Parts(places[ranking.places], labels, styles)
