"""Chart: one entry of the catalogue of charts, and what all charts have in common."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from matplotlib.axes import Axes

P = ParamSpec("P")

# What the arguments mean that several charts take; each chart's docstring gets those of its own signature.
ARGUMENTS = {
    "ax": (
        "Axes, optional",
        "Where to draw; a figure of its own, unknown to pyplot, where it is left out. Axes that are alone on their\n"
        'figure are moved to make room for labels; a figure of several needs layout="constrained" for that.',
    ),
    "window": (
        "Window, optional",
        "For the title; rows that have a time and lie outside are not drawn. The span of the table's times where\n"
        "it is left out.",
    ),
    "n": (
        "int",
        "How many get a name, at most 50 and no more than the axes have room for; the others are one.",
    ),
    "measure": (
        '{"flows", "packets", "bytes"} or str, optional',
        "What is counted: a measure, or the name of a column of numbers. Where it is left out, the first measure\n"
        "the table has; a row of a table of records is one flow.",
    ),
    "by": ("str, optional", "Column that parts what is drawn: the seven largest by name, the others in one."),
    "action": (
        '{"REJECT", "ACCEPT"} or None',
        'What the title calls the flows, where the table has no column "action" that tells.',
    ),
    "total": (
        "float, optional",
        "What there is in all, for the title, where the table is known to hold a part of it.",
    ),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart, as a menu needs it.

    Attributes
    ----------
    name : str
        Of the function.
    title : str
        A few words for a menu.
    question : str
        The call that makes a table for it.
    draw : callable
        The function.
    """

    name: str
    title: str
    question: str
    draw: Callable[..., Axes]


CHARTS: dict[str, Chart] = {}
"""Every chart of flows by name, in the order of a menu; each draws records as well as an answer."""

TIMINGS: dict[str, Chart] = {}
"""Every chart of an alert's timing by name; each draws a table of its own, which is not one of flows."""


def chart(
    title: str, question: str, catalogue: dict[str, Chart] = CHARTS
) -> Callable[[Callable[P, Axes]], Callable[P, Axes]]:
    """Enter a function in the catalogue, and complete its docstring with what charts share.

    Parameters
    ----------
    title : str
        A few words for a menu.
    question : str
        The call that makes a table for it.
    catalogue : dict
        Where it is entered.
    """

    def enter(draw: Callable[P, Axes]) -> Callable[P, Axes]:
        said, example, shown = inspect.cleandoc(draw.__doc__ or "").partition("\nExamples\n")
        draw.__doc__ = f"{said.rstrip()}\n{_shared(draw)}\n{example}{shown}"
        catalogue[draw.__name__] = Chart(draw.__name__, title, question, draw)
        return draw

    return enter


def _shared(draw: Callable[..., Axes]) -> str:
    """Return the part of a docstring that tells the arguments charts share, and what they give and raise."""
    lines = ["", "Returns", "-------", "Axes", "    The one given, or that of a new figure, which is its `.figure`."]
    lines += ["", "Other Parameters", "----------------"]
    for name in inspect.signature(draw).parameters:
        if name in ARGUMENTS:
            kind, meaning = ARGUMENTS[name]
            lines += [f"{name} : {kind}", *(f"    {line}" for line in meaning.split("\n"))]
    lines += ["", "Raises", "------", "ArgumentError", "    If the table lacks a column or an argument cannot be used."]
    return "\n".join(lines)
