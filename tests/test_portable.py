"""A portable pattern means in every engine what the language means by the pattern it was made of."""

from __future__ import annotations

import re

import duckdb
import pytest

from rejectkit.insights.dialects.portable import portable
from rejectkit.insights.regex import check

# Source: RE2's syntax page; `java.util.regex.Pattern`, its constructs that read otherwise.
SPELLED = (
    (r"\d+", r"[0-9]+"),
    (r"\w", r"[0-9A-Za-z_]"),
    (r"[\s,]", r"[\t\n\f\r ,]"),
    (r"a.c", r"a[^\n]c"),
    (r"(?s)a.c", r"(?s)a[\x00-\x{10ffff}]c"),
    (r"(?s:a.)b.", r"(?s:a[\x00-\x{10ffff}])b[^\n]"),
    (r"end$", r"end\z"),
    (r"(?m)end$", r"(?m)end$"),
    (r"[[x&&y]", r"[\[x\&\&y]"),
    (r"[]a]", r"[\]a]"),
    (r"[^]a$.]", r"[^\]a$.]"),
    (r"\.\$\[", r"\.\$\["),
    (r"[\D]", r"[\x00-/:-\x{10ffff}]"),
)


@pytest.mark.parametrize(("pattern", "spelled"), SPELLED)
def test_a_pattern_is_spelled_out(pattern: str, spelled: str) -> None:
    """What engines read in two ways is written in the one way they share."""
    assert portable(check(pattern).plain) == spelled


TEXTS = (
    "",
    "a",
    "abc",
    "a\nc",
    "end",
    "end\n",
    "x7_",
    "é",
    "\u0085",
    "a\rc",
    "[",
    "&",
    "٣",
    "\x0b",
    "]",
    "a.c",
    "$",
    "a]",
    "\\",
)


@pytest.mark.parametrize(
    "pattern", [pattern for pattern, _ in SPELLED] + [r"\S\W*", r"[^\d\s]+$", r"^\D\b", r"(a|(b))$"]
)
def test_the_spelling_matches_what_the_pattern_does(pattern: str) -> None:
    """RE2 itself finds the same in the pattern and in its portable spelling."""
    plain = check(pattern).plain
    both = [f"regexp_extract_all(t, '{one}'), regexp_matches(t, '{one}')" for one in (plain, portable(plain))]
    rows = duckdb.execute(f"SELECT t, {', '.join(both)} FROM unnest(?) AS x(t)", [list(TEXTS)]).fetchall()
    assert len(rows) == len(TEXTS)
    for text, all_found, found, all_expected, expected in rows:
        assert (all_found, found) == (all_expected, expected), text


def test_nothing_is_left_that_engines_read_in_two_ways() -> None:
    """No shorthand class, bare dot or bare dollar is left."""
    spelled = portable(check(r"^\d.\w[.\s$]\S(\.x)+$").plain)
    assert not re.search(r"(?<!\\)(\\\\)*\\[dDwWsSZ]", spelled)
