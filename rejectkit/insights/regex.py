"""The regular expressions of the language: what is allowed, which groups are named, how engines spell them.

The service's dialect is documented as RE2 for `regexReplace` and not at all elsewhere; what is refused here
(look-around, back-references) is what RE2 has not (*inferred*, see `choices.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_GROUP = re.compile(r"\?P?<([A-Za-z_]\w*)>")
_FLAGS = re.compile(r"\?[ims]+([:)])")
_ESCAPES = frozenset("dDsSwWbBnrtfvax")
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_MAX_REPEAT = 1000


class RegexError(ValueError):
    """A regular expression is not of the dialect; `at` is where in it."""

    def __init__(self, message: str, at: int) -> None:
        """Keep the place at fault."""
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked expression: `plain` has `count` numbered groups; `groups` maps each name to its number."""

    plain: str
    groups: dict[str, int]
    count: int


def check(pattern: str) -> Pattern:
    """Return a pattern as every engine takes it.

    Raises
    ------
    RegexError
        If it is not of the dialect.
    """
    out: list[str] = []
    tried: list[str] = []  # the same for Python, which warns of what may mean more in a class one day
    groups: dict[str, int] = {}
    count, at, in_class = 0, 0, False
    while at < len(pattern):
        char, was_in_class = pattern[at], in_class
        if char == "\\":
            step = _escape(pattern, at)
        elif in_class:
            step = 1
            in_class = char != "]" or pattern[at - 1] == "[" or pattern[at - 2 : at] == "[^"
        elif char == "[":
            in_class, step = True, 1
        elif char == "(" and pattern.startswith("?", at + 1):
            named = _GROUP.match(pattern, at + 1)
            if named:
                count += 1
                if named[1] in groups:
                    raise RegexError(f"the group {named[1]!r} is there twice", at)
                groups[named[1]] = count
                out.append("(")
                tried.append("(")
                at += 1 + len(named[0])
                continue
            step = _special(pattern, at)
        else:
            count += char == "("
            step = _repeat(pattern, at) if char in "*+?{" else 1
        out.append(pattern[at : at + step])
        tried.append(f"\\{char}" if was_in_class and in_class and char in "[&~|" else out[-1])
        at += step
    plain = "".join(out)
    try:
        re.compile("".join(tried), re.ASCII)
    except re.error as error:
        raise RegexError(f"it is not a regular expression: {error.msg}", 0) from None
    return Pattern(plain, groups, count)


def _escape(pattern: str, at: int) -> int:
    follower = pattern[at + 1 : at + 2]
    if not follower:
        raise RegexError("a backslash ends it", at)
    if follower.isdigit() and follower != "0":
        raise RegexError("back-references are not in the service's dialect", at)
    if follower.isalnum() and follower.isascii() and follower not in _ESCAPES:
        raise RegexError(f"\\{follower} is not in the service's dialect", at)
    return 2


def _special(pattern: str, at: int) -> int:
    rest = pattern[at + 1 :]
    if rest.startswith("?:"):
        return 3
    flags = _FLAGS.match(rest)
    if flags and (flags[1] == ":" or at == 0):
        return 1 + len(flags[0])
    if flags:
        raise RegexError("flags such as (?i) stand at the start, or as (?i:…) around a part", at)
    if rest.startswith(("?=", "?!", "?<=", "?<!")):
        raise RegexError("look-around is not in the service's dialect", at)
    raise RegexError(f"({rest[:2]} is not in the service's dialect", at)


def _repeat(pattern: str, at: int) -> int:
    step = 1
    if pattern[at] == "{":
        counts = _REPEAT.match(pattern, at)
        if not counts:
            return 1
        if max(int(n) for n in counts.groups() if n) > _MAX_REPEAT:
            raise RegexError(f"a repeat is over {_MAX_REPEAT}", at)
        step = len(counts[0])
    if pattern.startswith("+", at + step):
        raise RegexError("possessive repeats are not in the service's dialect", at)
    return step


def group_names(pattern: str, refuse: Callable[[str, int], Exception] | None = None) -> tuple[str, ...]:
    """Return the names of the groups, in order; a bad pattern raises what `refuse(why, at)` makes."""
    try:
        return tuple(check(pattern).groups)
    except RegexError as error:
        if refuse is None:
            raise
        raise refuse(str(error), error.at) from None


def glob(pattern: str) -> str:
    """Return a glob's regular expression: each `*` a group, as short as it can be; a last `*` takes the rest."""
    parts = [re.sub(r"([^\w\s])", r"\\\1", part) for part in pattern.split("*")]
    body = "([\\s\\S]*?)".join(parts)
    return body.removesuffix("([\\s\\S]*?)") + "([\\s\\S]*)" if pattern.endswith("*") else body
