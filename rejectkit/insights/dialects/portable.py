r"""A regular expression spelled so that RE2, Java's engine and Joni (Trino's) agree on what it matches.

They differ in what `.`, `$`, `\d`, `\w` and `\s` mean, and in how they read a `[` or `&&` inside a class; here these
are written out as RE2 has them, which is the language's own choice (see `choices.py`).
"""

from __future__ import annotations

import re

_LAST = r"\x{10ffff}"
_SETS = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t\n\f\r ",
    "D": rf"\x00-/:-{_LAST}",
    "W": rf"\x00-/:-@\[-\^`\{{-{_LAST}",
    "S": rf"\x00-\x08\x0b\x0e-\x1f!-{_LAST}",
}
_CODES = {"a": r"\x07", "v": r"\x0b"}
_FLAGS = re.compile(r"\?([ims]+)([:)])")


def portable(pattern: str) -> str:
    r"""Return a pattern that every engine takes alike.

    Parameters
    ----------
    pattern : str
        From `regex.check`: without named groups, look-around and back-references.

    Examples
    --------
    >>> print(portable(r"^\d+.[\s[]$"))
    ^[0-9]+[^\n][\t\n\f\r \[]\z
    """
    out: list[str] = []
    flags = [""]  # those that hold in each group that is open
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            letter = pattern[at + 1]
            out.append(f"[{_SETS[letter]}]" if letter in _SETS else _CODES.get(letter, f"\\{letter}"))
            at += 2
            continue
        if char == "[":
            text, at = _class(pattern, at)
            out.append(text)
            continue
        given = _FLAGS.match(pattern, at + 1) if char == "(" else None
        if given and given[2] == ")":
            flags[-1] += given[1]
            out.append(f"({given[0]}")
            at += 1 + len(given[0])
            continue
        if char == "(":
            flags.append(flags[-1] + (given[1] if given else ""))
        elif char == ")" and len(flags) > 1:
            flags.pop()
        if char == ".":
            out.append(r"[\x00-\x{10ffff}]" if "s" in flags[-1] else r"[^\n]")
        elif char == "$":
            out.append("$" if "m" in flags[-1] else r"\z")
        else:
            out.append(char)
        at += 1
    return "".join(out)


def _class(pattern: str, at: int) -> tuple[str, int]:
    """Return a class that begins at a place, spelled out, and the place after it."""
    out = ["[^"] if pattern.startswith("[^", at) else ["["]
    at += len(out[0])
    first = True
    while pattern[at] != "]" or first:
        char = pattern[at]
        if char == "\\":
            letter = pattern[at + 1]
            out.append(_SETS.get(letter) or (r"\x08" if letter == "b" else _CODES.get(letter, f"\\{letter}")))
            at += 2
        else:
            out.append(f"\\{char}" if char in "[]&~" else char)
            at += 1
        first = False
    return "".join(out) + "]", at + 1
