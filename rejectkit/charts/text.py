"""Words and figures as a chart can carry them: short, on one line, and never read as markup."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from numbers import Integral

import pandas as pd
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from rejectkit.exploring.services import PORTLESS, PROTOCOLS, protocol_name, service_name

NOTHING = "–"
LONGEST = 40  # characters; the longest IPv6 address has 39

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


def plain(value: object, longest: int = LONGEST) -> str:
    r"""Return a value as one short line; what cannot be seen or drawn is written as its escape.

    Parameters
    ----------
    value : object
        Text from logs may hold anything; a null is "–".
    longest : int
        Characters to keep; the middle of a longer text gives way to "…".

    Examples
    --------
    >>> plain("two\nlines"), plain(None), plain("x" * 50, 9)
    ('two\\nlines', '–', 'xxxx…xxxx')
    """
    if value is None or value is pd.NA or value != value:
        return NOTHING
    text = str(value)
    if not text:
        return "(empty)"
    text = shorten(text, 2 * longest)
    if not (text.isascii() and text.isprintable()):
        text = "".join(_visible(character) for character in text)
    return shorten(text, longest)


def shorten(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters, its middle left out where it is longer."""
    if len(text) <= longest:
        return text
    tail = max(0, (longest - 1) // 2)
    head = max(0, longest - 1 - tail)
    return f"{text[:head]}…{text[len(text) - tail :]}"


def _visible(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    hidden = unicodedata.category(character)[0] in "CZM" or ord(character) not in _drawable(_families())
    return character.encode("unicode_escape").decode("ascii") if hidden else character


def _families() -> tuple[str, ...]:
    return tuple(FontProperties().get_family())


@lru_cache(maxsize=8)
def _drawable(families: tuple[str, ...]) -> frozenset[int]:
    """Return the code points that the fonts in use have a picture for."""
    paths = {str(findfont(FontProperties(family=[family]))) for family in families}
    return frozenset(point for path in paths for point in get_font(path).get_charmap())


def port_label(port: object, protocol: object = None) -> str:
    """Return a port with its service's name: "22 SSH"; a protocol without ports is its name.

    Parameters
    ----------
    port : object
        A port; text or a null stays what it is.
    protocol : object
        IANA number, where it is known. TCP goes without saying.

    Examples
    --------
    >>> port_label(22), port_label(40123), port_label(53, 17), port_label(0, 1), port_label(None)
    ('22 SSH', '40123', '53/UDP DNS', 'ICMP', '–')
    """
    carrier = int(protocol) if isinstance(protocol, Integral) else None
    if not isinstance(port, Integral):
        return plain(port)
    if carrier in PORTLESS:
        return PROTOCOLS[carrier]
    name = service_name(int(port))
    number = f"{int(port)}" if carrier in (None, 6) else f"{int(port)}/{protocol_name(carrier)}"
    return f"{number} {name}" if name else number


def si(value: float, unit: str = "") -> str:
    """Return a figure in at most four digits: thousands in full to 99,999, then k, M, G, T, P, E.

    Parameters
    ----------
    value : float
        Not negative.
    unit : str
        Follows the prefix; bytes are "B" and take prefixes from 1,000 on.

    Examples
    --------
    >>> si(12_345), si(999_999), si(1_234_567, "B"), si(0.25)
    ('12,345', '1 M', '1.23 MB', '0.25')
    """
    step = 0
    scaled = float(value)
    if scaled >= (1e3 if unit else 1e5):
        while float(f"{scaled:.3g}") >= 1000 and step < len(_PREFIXES) - 1:
            scaled, step = scaled / 1000, step + 1
    digits = f"{scaled:,.0f}" if scaled >= 1000 or scaled == round(scaled) else f"{scaled:.3g}"
    return f"{digits} {_PREFIXES[step]}{unit}".rstrip()


def amount(value: float, whole: float, measure: str) -> str:
    """Return "12,345 of 12,345 flows" for a title; in full, or as `si` gives it from a million millions on.

    Examples
    --------
    >>> amount(1500, 2e6, "packets"), amount(2.5e12, 5e15, "bytes")
    ('1,500 of 2,000,000 packets', '2.5 TB of 5 PB')
    """
    if whole < 1e12 and value == round(value) and whole == round(whole):
        return f"{value:,.0f} of {whole:,.0f} {measure}"
    if measure == "bytes":
        return f"{si(value, 'B')} of {si(whole, 'B')}"
    return f"{si(value)} of {si(whole)} {measure}"


def share(part: float, whole: float) -> str:
    """Return a share in per cent, never rounded to nothing or to all.

    Examples
    --------
    >>> share(1, 1000), share(999, 1000), share(1, 3), share(3, 3)
    ('<1 %', '>99 %', '33 %', '100 %')
    """
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 1:
        return "<1 %"
    return ">99 %" if 99 < percent < 100 else f"{percent:.0f} %"


def width(text: str, size: float) -> float:
    """Return the width of a line in points, set in the font in use at `size` points."""
    return float(text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)[0])


def widest(texts: Iterable[str], size: float) -> float:
    """Return the width in points of the widest of some lines."""
    return max((width(text, size) for text in texts), default=0.0)


def wrap(text: str, room: float, size: float) -> str:
    """Return a text broken into lines no wider than `room` points, after a comma where that will do.

    A clause that is wider than the room is broken at blanks, a word that is wider is cut.
    """
    lines: list[str] = []
    for clause in text.replace(", ", ",\0").split("\0"):
        if lines and width(f"{lines[-1]} {clause}", size) <= room:
            lines[-1] += f" {clause}"
        elif width(clause, size) <= room:
            lines.append(clause)
        else:
            lines += _broken(clause, room, size)
    return "\n".join(lines)


def _broken(clause: str, room: float, size: float) -> list[str]:
    lines: list[str] = []
    for word in clause.split(" "):
        if lines and width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(fit(word, room, size))
    return lines


def fit(text: str, room: float, size: float) -> str:
    """Return a text, its middle left out so far as is needed to be no wider than `room` points."""
    short = text
    while len(short) > 3 and width(short, size) > room:
        keep = min(len(short) - 1, max(3, int(len(short) * room / width(short, size))))
        short = shorten(text, keep)
    return short


def squeeze(label: str, room: float, size: float) -> str:
    """Return a label no wider than `room` points; one that counts the others keeps its count."""
    if width(label, size) <= room:
        return label
    return fit(label.removeprefix("… and "), room, size)
