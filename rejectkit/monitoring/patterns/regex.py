"""Regular expressions of filter patterns: `%…%`, with the alphabet and the operators that the service allows."""

from __future__ import annotations

import re
import string

from rejectkit.errors import PatternError

_ALPHABET = frozenset(string.ascii_letters + string.digits + ":_#=@/;,-" + r"^$?[]{}|\*+.")
_CLASSES = "dDsSwW"
_HEX = re.compile(r"x[0-9A-Fa-f]{2}")

MOST = 2
"""Regular expressions in one pattern, at most. Source: PutMetricFilter; "Supported regular expressions"."""


def translate(expression: str, pattern: str) -> re.Pattern[str]:
    r"""Return the text between two `%` as a Python expression, to be searched for.

    Letters, digits, `: _ # = @ / ; , -` and the operators `^ $ ? [ ] { } | \ * + .` are allowed, parentheses and
    multi-byte characters are not. After a backslash: `d D s S w W`, `xhh`, or a symbol of the alphabet.

    Source: CloudWatch Logs, "Supported regular expressions (regex) syntax".

    Raises
    ------
    PatternError
        Naming `pattern`, the whole pattern the expression stands in.

    Examples
    --------
    >>> bool(translate(r"10\.0\.[0-9]+$", "").search("eth0 10.0.77"))
    True
    """
    if not expression or not _ALPHABET.issuperset(expression):
        raise PatternError(
            f"Invalid character(s) in term '%{expression}%'",
            pattern,
            r"a regular expression takes letters, digits, : _ # = @ / ; , - and the operators ^ $ ? [ ] { } | \ * + .; "
            r"write any other character as \x and its two hexadecimal digits: \x28 is an opening parenthesis",
        )
    try:
        return re.compile(_python(expression, pattern), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise _invalid(expression, pattern, str(error)) from None


def too_many(pattern: str) -> PatternError:
    """Return the refusal of a pattern with more expressions than the service takes."""
    return PatternError(
        f"There is a maximum of {MOST} regular expressions per filter pattern",
        pattern,
        "say more of it with texts and wildcards, or join two expressions with |",
    )


def _python(expression: str, pattern: str) -> str:
    """Return an expression in Python's spelling: `$` is the very end, and a class holds characters only."""
    parts: list[str] = []
    position, opened = 0, -1  # `opened`: where the class at hand began, or -1
    while position < len(expression):
        here = expression[position]
        if here == "\\":
            size = _escape(expression, position, pattern)
            parts.append(expression[position : position + size])
            position += size
            continue
        if opened >= 0:
            first = position == opened + 1 or (position == opened + 2 and expression[opened + 1] == "^")
            if here == "]" and not first:
                opened = -1
                parts.append(here)
            elif here == "-" and parts[-1] == "-":
                parts.append("\\-")  # `--` means the same with the second escaped, and Python warns of it bare
            else:
                parts.append("\\" + here if here in "[|]" or (here == "-" and first) else here)
        elif here == "[":
            opened = position
            parts.append(here)
        else:
            parts.append(r"\Z" if here == "$" else here)
        position += 1
    return "".join(parts)


def _escape(expression: str, position: int, pattern: str) -> int:
    """Return the length of the escape at a backslash."""
    after = expression[position + 1 : position + 2]
    if after == "x" and _HEX.match(expression, position + 1):
        return 4
    if after and (after in _CLASSES or not after.isalnum()) and after != "_":
        return 2
    raise _invalid(expression, pattern, f"'\\{after}' is no escape; there are \\d \\D \\s \\S \\w \\W \\xhh")


def _invalid(expression: str, pattern: str, reason: str) -> PatternError:
    return PatternError("Invalid metric filter pattern", pattern, f"the regular expression %{expression}%: {reason}")
