"""Date patterns of partition values, in Java's letters: a moment as text, and a text as the moment it names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

YEAR, MONTH, DAY, HOUR, MINUTE, SECOND = range(6)
SECONDS: Final = (366 * 86400, 31 * 86400, 86400, 3600, 60, 1)
"""Seconds of a year, month, day, hour, minute and second, at most."""

_LETTERS: Final = {"y": YEAR, "u": YEAR, "M": MONTH, "L": MONTH, "d": DAY, "H": HOUR, "m": MINUTE, "s": SECOND}
_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([^A-Za-z'\[\]{}#]+)")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LEAST: Final = (1, 1, 1, 0, 0, 0)

# What partitions that somebody made by hand are called, in the order in which they are tried.
_GUESSED: Final = (
    "yyyy-MM-dd", "yyyy/MM/dd", "yyyyMMdd", "yyyy_MM_dd", "yyyy-MM-dd-HH", "yyyy/MM/dd/HH", "yyyy-MM-dd/HH",
    "yyyy-MM-dd HH", "yyyy-MM-dd'T'HH", "yyyyMMddHH", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM", "yyyy/MM",
    "yyyyMM", "yyyy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DatePattern:
    """A date pattern, as `projection.….format` has it.

    Attributes
    ----------
    text : str
        In the letters of Java's DateTimeFormatter; `y`, `u`, `M`, `L`, `d`, `H`, `m`, `s` and quoted text are known.
    tokens : tuple of (int or None, int, str)
        A part of a date and its number of letters, or None and a text.
    """

    text: str
    tokens: tuple[tuple[int | None, int, str], ...]

    @classmethod
    def parse(cls, text: str) -> DatePattern | None:
        """Return a pattern, None where it has letters that are not known, or names no part of a date.

        Examples
        --------
        >>> pattern = DatePattern.parse("yyyy/MM/dd'T'HH")
        >>> pattern.format(datetime(2026, 11, 2, 5, tzinfo=UTC)), pattern.ordered
        ('2026/11/02T05', True)
        """
        tokens: list[tuple[int | None, int, str]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                return None
            at = found.end()
            quoted, letter, other = found.groups()
            if letter is None:
                plain = other if quoted is None else quoted.replace("''", "'") or "'"
                tokens.append((None, 0, plain))
                continue
            width = len(found[0])
            part = _LETTERS.get(letter)
            if part is None or width not in ((1, 2, 4) if part == YEAR else (1, 2, 3) if part == MONTH else (1, 2)):
                return None
            tokens.append((part, width, ""))
        return cls(text, tuple(tokens)) if any(part is not None for part, _, _ in tokens) else None

    @property
    def parts(self) -> tuple[int, ...]:
        """The parts of a date that it names, coarse to fine, each once."""
        return tuple(sorted({part for part, _, _ in self.tokens if part is not None}))

    @property
    def ordered(self) -> bool:
        """Whether its texts sort as the moments do: coarse before fine, each of one length."""
        told = [part for part, _, _ in self.tokens if part is not None]
        fixed = all(width == 2 or part == YEAR for part, width, _ in self.tokens if part is not None)
        return fixed and told == sorted(set(told))

    @property
    def regex(self) -> str:
        """A regular expression of its texts, without groups."""
        return "".join(_regex(token, "(?:") for token in self.tokens)

    def format(self, moment: datetime, parts: Iterable[int] | None = None) -> str:
        """Return a moment's text; up to the first part that is not among `parts` where these are given."""
        known = None if parts is None else set(parts)
        out: list[str] = []
        for part, width, text in self.tokens:
            if part is None:
                out.append(text)
                continue
            if known is not None and part not in known:
                break
            number = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)[part]
            if part == YEAR:
                out.append(f"{number % 100:02d}" if width == 2 else f"{number:04d}")
            else:
                out.append(_MONTHS[number - 1] if width == 3 else f"{number:0{width}d}")
        return "".join(out)

    def read(self, text: str) -> datetime | None:
        """Return the first moment, UTC, that a text names; None where it is not of the pattern."""
        found = re.fullmatch("".join(_regex(token, "(") for token in self.tokens), text)
        if found is None:
            return None
        numbers = list(_LEAST)
        told = [token for token in self.tokens if token[0] is not None]
        for (part, width, _), word in zip(told, found.groups(), strict=True):
            if part is None:
                continue
            if width == 3:
                numbers[part] = _MONTHS.index(word) + 1
            else:
                numbers[part] = int(word) + (2000 if part == YEAR and width == 2 else 0)
        try:
            return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc, arg-type]  # six whole numbers
        except ValueError:
            return None


def guessed(values: Iterable[str]) -> DatePattern | None:
    """Return the pattern that all of some values are of; None where there is none, or no value.

    Examples
    --------
    >>> guessed(["2026-11-01", "2026-11-02"]).text
    'yyyy-MM-dd'
    """
    told = list(values)
    for text in _GUESSED if told else ():
        pattern = DatePattern.parse(text)
        if pattern is not None and all(pattern.read(value) is not None for value in told):
            return pattern
    return None


def _regex(token: tuple[int | None, int, str], opening: str) -> str:
    part, width, text = token
    if part is None:
        return re.escape(text)
    if width == 3:
        return f"{opening}{'|'.join(_MONTHS)})"
    digits = r"\d\d" if width == 2 else r"\d{4}" if part == YEAR else r"\d\d?"
    return f"{opening}{digits})"
