"""Patterns of the query language: globs of `parse`, and regular expressions in the RE2 manner."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def regex(pattern: str) -> re.Pattern[str]:
    """Return a pattern of the language for Python: `(?<n>…)` is a named group, `$` is the very end, classes are ASCII."""
    out, i, in_class = [], 0, False
    while i < len(pattern):
        if pattern[i] == "\\":
            out.append({"\\z": "\\Z"}.get(pattern[i : i + 2], pattern[i : i + 2]))
            i += 2
            continue
        if in_class:
            in_class = pattern[i] != "]"
        elif pattern[i] == "[":
            in_class = True
        elif pattern.startswith("(?<", i) and pattern[i + 3 : i + 4] not in ("=", "!"):
            out.append("(?P<")
            i += 3
            continue
        elif pattern[i] == "$":
            out.append("\\Z")
            i += 1
            continue
        out.append(pattern[i])
        i += 1
    return re.compile("".join(out), re.ASCII)


def group_names(pattern: str) -> tuple[str, ...]:
    """Return the named groups of a pattern, in order."""
    groups = regex(pattern).groupindex
    return tuple(sorted(groups, key=groups.__getitem__))


@lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """Return a glob as a pattern with one group for each star: lazy, but a star at the end takes the rest."""
    literals = [re.escape(part) for part in pattern.split("*")]
    body = "(.*?)".join(literals)
    if pattern.endswith("*"):
        body = body.removesuffix("(.*?)") + "(.*)"
    return re.compile(body, re.DOTALL)


def has_literals(pattern: str, text: str) -> bool:
    """Tell whether what stands between a glob's stars is in a text, in order; else trying every way takes for ever."""
    at = 0
    for literal in pattern.split("*"):
        at = text.find(literal, at)
        if at < 0:
            return False
        at += len(literal)
    return True


def parts(pattern: str, names: tuple[str, ...], text: str | None, *, is_glob: bool) -> dict[str, str]:
    """Return what `parse` takes out of a text, by alias: nothing without a match, "" for a group that took no part."""
    found = None
    if text is not None and (not is_glob or has_literals(pattern, text)):
        found = (glob(pattern) if is_glob else regex(pattern)).search(text)
    if found is None:
        return {}
    keys = range(1, len(names) + 1) if is_glob else names
    return {name: found.group(key) or "" for name, key in zip(names, keys, strict=True)}


def replace_all(pattern: str, text: str, by: str) -> str:
    """Return `text` with every match replaced; `$1` in `by` is the first group.

    As RE2 does it, nothing is not matched where a match has just ended.
    """
    out, end = [], 0
    for found in regex(pattern).finditer(text):
        if found.end() == found.start() == end and end > 0:
            continue
        out += [text[end : found.start()], re.sub(r"\$([0-9])", lambda d, m=found: m.group(int(d[1])) or "", by)]
        end = found.end()
    return "".join(out) + text[end:]
