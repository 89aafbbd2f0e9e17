"""Colours that colour-blind eyes can tell apart, each with a hatch so that no meaning is in colour alone."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

# Okabe and Ito, "Color Universal Design" (2008): eight colours that differ for all common kinds of sight.
BLUE, SKY, GREEN, ORANGE = "#0072B2", "#56B4E9", "#009E73", "#E69F00"
VERMILION, PURPLE, YELLOW, BLACK = "#D55E00", "#CC79A7", "#F0E442", "#000000"
GREY, PALE, FAINT, LINE, INK = "#8C8C8C", "#F0F0F0", "#BBBBBB", "#9A9A9A", "#333333"


@dataclass(frozen=True, slots=True)
class Look:
    """How one category is filled: a colour, and lines over it."""

    colour: str
    hatch: str = ""


# One look for each kind of `classify.sources`, in every chart; most worth a look first.
KINDS: dict[str, Look] = {
    "inside": Look(VERMILION),
    "unsure": Look(YELLOW, "--"),
    "reply": Look(GREEN, "\\\\\\"),
    "late": Look(ORANGE, ".."),
    "probe": Look(PURPLE, "xx"),
    "aws": Look(BLUE, "||"),
    "scanner": Look(SKY, "///"),
}
REST = Look(GREY, "////")
PLAIN = Look(BLUE)

_ORDER = (
    Look(BLUE),
    Look(ORANGE, "///"),
    Look(GREEN, "\\\\\\"),
    Look(PURPLE, "xx"),
    Look(SKY, ".."),
    Look(VERMILION, "--"),
    Look(YELLOW, "||"),
)


def looks(categories: Sequence[Hashable], *, kinds: bool = False) -> list[Look]:
    """Return a look for each category: its own for a kind, else the palette's next one.

    Parameters
    ----------
    categories : sequence
        In the order they are drawn.
    kinds : bool
        The categories are kinds of source; one that is none of the seven takes the grey of the rest.
    """
    if kinds:
        return [KINDS.get(str(category), REST) for category in categories]
    return [_ORDER[place % len(_ORDER)] for place in range(len(categories))]
