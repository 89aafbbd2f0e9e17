"""Many lines at once: a space-delimited pattern as one regular expression, for lines without quotes and brackets."""

from __future__ import annotations

import re
from collections.abc import Callable

from rejectkit.monitoring.patterns.terms import Delimited, Field, Terms, Text

_CHARACTER = r"[^ \t]"
_BLANKS = r"[ \t]++"
_BLANK = re.compile(r"[ \t]")
_ENDED = rf"(?!{_CHARACTER})"

Judge = Callable[[str], bool]


def judge(pattern: Terms | Delimited, plain: Judge) -> Judge:
    """Return the quickest test of a line that answers as `plain` does.

    In a line without `"` and `[` a token is a run of characters other than blanks and tabs, so that the pattern can
    be an expression over such runs; texts are compared in it, numbers and expressions of the pattern after it.
    Lines that have one of the two go to `plain`.

    Parameters
    ----------
    pattern : Terms or Delimited
        What the pattern says.
    plain : callable
        The plain test.
    """
    if isinstance(pattern, Terms):
        return pattern.holds
    if not pattern.fields:
        return lambda line: True
    late = [field for field in pattern.fields if _is_late(field, pattern)]
    fits = re.compile(_expression(pattern), re.DOTALL).match
    rare = _needed(pattern)

    def quick(line: str) -> bool:
        if rare not in line:
            return False
        if '"' in line or "[" in line:
            return plain(line)
        found = fits(line)
        if found is None or not late:
            return found is not None
        return all(field.holds(value) for field, value in zip(late, found.groups(), strict=True))

    return quick


def _is_late(field: Field, pattern: Delimited) -> bool:
    """Tell whether a field is captured and judged after the match.

    That is so for a last field that takes the rest of the line, and for tests other than of texts; for texts with a
    blank too, which no run has and a look ahead could find beyond its end.
    """
    if not field.ways:
        return False
    takes_rest = pattern.tail is None and field is pattern.head[-1]
    tests = [test for way in field.ways for test in way]
    return takes_rest or not all(isinstance(test, Text) and not _BLANK.search(test.core) for test in tests)


def _needed(pattern: Delimited) -> str:
    """Return a text that every line that passes has in it; the longest that is certain, perhaps none."""
    certain = [
        test.core
        for field in pattern.fields
        if len(field.ways) == 1
        for test in field.ways[0]
        if isinstance(test, Text) and test.equal
    ]
    return max(certain, key=len, default="")


def _expression(pattern: Delimited) -> str:
    """Return the expression of a pattern over runs of characters, from the start of the line."""
    head = [_token(field, late=_is_late(field, pattern)) for field in pattern.head]
    if pattern.tail is None:
        head[-1] = f"({_CHARACTER}(?:.*{_CHARACTER})?)" if pattern.head[-1].ways else _CHARACTER
        return "[ \\t]*+" + _BLANKS.join(head)
    if not pattern.tail:
        return "[ \\t]*+" + _BLANKS.join(head)
    tail = [_token(field, late=_is_late(field, pattern)) for field in pattern.tail]
    before = "".join(token + _BLANKS for token in head)
    return f"[ \\t]*+{before}(?:{_CHARACTER}++{_BLANKS})*{_BLANKS.join(tail)}[ \\t]*+\\Z"


def _token(field: Field, *, late: bool) -> str:
    """Return the expression of one token, captured where it is judged late."""
    if late:
        return f"({_CHARACTER}++)"
    if not field.ways:
        return f"{_CHARACTER}++"
    ways = ("".join(_ahead(test) for test in way if isinstance(test, Text)) for way in field.ways)
    return f"(?>{'|'.join(ways)}){_CHARACTER}++"


def _ahead(test: Text) -> str:
    """Return a look at the token ahead."""
    start = f"{_CHARACTER}*" if test.open_start else ""
    end = "" if test.open_end else _ENDED
    return f"(?{'=' if test.equal else '!'}{start}{re.escape(test.core)}{end})"
