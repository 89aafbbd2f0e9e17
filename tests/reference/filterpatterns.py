"""Filter patterns once more, read and judged character by character: plain, slow, and written apart from the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal


class RefusedError(Exception):
    """The pattern is not one the service takes."""


@dataclass
class Cut:
    """A line's tokens: their texts and where each begins."""

    texts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)


def cut(line: str) -> Cut:
    """Walk along a line and take its tokens."""
    out, i = Cut(), 0
    while i < len(line):
        if line[i] in " \t":
            i += 1
            continue
        closing = {'"': '"', "[": "]"}.get(line[i])
        rest = line[i + 1 :]
        out.starts.append(i)
        if closing and closing in rest:
            inside = rest[: rest.index(closing)]
            out.texts.append(inside)
            i += len(inside) + 2
            continue
        word = ""
        while i < len(line) and line[i] not in " \t":
            word += line[i]
            i += 1
        out.texts.append(word)
    return out


def extract(pattern: str, line: str) -> dict[str, str] | None:
    """Return what a line gives, or None; RefusedError where the pattern is none."""
    if len(pattern) > 1024 or pattern.strip().startswith("{"):
        raise RefusedError(pattern)
    if pattern.strip().startswith("["):
        return delimited(pattern.strip(), line)
    return {} if terms(pattern, line) else None


def terms(pattern: str, line: str) -> bool:
    """Judge a line by terms."""
    plain, no, maybe, expressions = [], [], [], 0
    i = 0
    while i < len(pattern):
        if pattern[i].isspace():
            i += 1
            continue
        bag = {"-": no, "?": maybe}.get(pattern[i], plain)
        if bag is not plain:
            i += 1
        if i == len(pattern):
            raise RefusedError("a sign alone")
        if pattern[i] in '"%':
            inside, i = enclosed(pattern, i)
            if pattern[i - 1] == "%":
                expressions += 1
                bag.append(expression(inside).search(line) is not None)
            else:
                text = unescape(inside)
                bag.append(text.strip() == "" or text in line)
        else:
            word = ""
            while i < len(pattern) and (pattern[i].isalnum() or pattern[i] == "_"):
                word += pattern[i]
                i += 1
            if not word:
                raise RefusedError(pattern[i])
            bag.append(word in line)
        if i < len(pattern) and not pattern[i].isspace():
            raise RefusedError(pattern[i])
    if expressions > 2:
        raise RefusedError("expressions")
    if plain or no:
        return all(plain) and not any(no)
    return any(maybe) if maybe else True


def enclosed(text: str, start: int) -> tuple[str, int]:
    """Return what stands between the mark at `start` and the one that closes it, and where to go on."""
    mark, i = text[start], start + 1
    while i < len(text):
        if text[i] == "\\" and mark == '"':
            i += 2
            continue
        if text[i] == mark:
            return text[start + 1 : i], i + 1
        i += 1
    raise RefusedError("not closed")


def unescape(text: str) -> str:
    """Take the backslashes before quotes and backslashes away."""
    out, i = "", 0
    while i < len(text):
        if text[i] == "\\" and text[i + 1 : i + 2] in ('"', "\\"):
            i += 1
        out += text[i]
        i += 1
    return out


def expression(text: str) -> re.Pattern[str]:
    """Compile what stands between % signs; `$` is looked for at its end only."""
    if not re.fullmatch(r"[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+.]+", text):
        raise RefusedError(text)
    for found in re.finditer(r"\\(.?)", text):
        if found[1].isalnum() and found[1] not in "dDsSwWx":
            raise RefusedError(text)
    if text.endswith("$") and not text.endswith("\\$"):
        text = text[:-1] + "\\Z"
    try:
        return re.compile(text, re.ASCII)
    except re.error:
        raise RefusedError(text) from None


def pieces(text: str, mark: str) -> list[str]:
    """Split a text at a mark, but not within quotes or expressions."""
    out, i = [""], 0
    while i < len(text):
        if text[i] in '"%':
            _, end = enclosed(text, i)
            out[-1] += text[i:end]
            i = end
        elif text.startswith(mark, i):
            out.append("")
            i += len(mark)
        else:
            out[-1] += text[i]
            i += 1
    return out


def delimited(pattern: str, line: str) -> dict[str, str] | None:
    """Judge a line by a pattern in brackets."""
    if len(pattern) < 2 or pattern[-1] != "]" or len(pieces(pattern[1:-1], "]")) > 1:
        raise RefusedError("brackets")
    cells = [cell.strip() for cell in pieces(pattern[1:-1], ",")]
    if cells == [""]:
        cells = ["..."]
    fields = [("...", []) if cell == "..." else named(cell) for cell in cells]
    names = [name for name, _ in fields if name]
    if len(set(names)) < len(names):
        raise RefusedError("twice")
    if sum(what[0] == "%" for _, ways in fields for way in ways for _, what in way) > 2:
        raise RefusedError("expressions")
    for _, ways in fields:
        for way in ways:
            [passes(operator, what, "") for operator, what in way]  # so that each is read, whatever the line is
    tokens = cut(line)
    values = tokens.texts
    if "..." in names:
        missing = len(values) - (len(fields) - 1)
        if missing < 0:
            return None
        at = [name for name, _ in fields].index("...")
        fields[at : at + 1] = [("", [])] * missing
    elif len(values) < len(fields):
        return None
    elif len(values) > len(fields):
        last = line[tokens.starts[len(fields) - 1] :]
        while last[-1] in " \t":
            last = last[:-1]
        values = [*values[: len(fields) - 1], last]
    answer = {}
    for number, ((name, ways), value) in enumerate(zip(fields, values, strict=True), 1):
        if ways and not any(all(passes(operator, what, value) for operator, what in way) for way in ways):
            return None
        answer[f"${name}" if name else f"${number}"] = value
    return answer


def named(cell: str) -> tuple[str, list[list[tuple[str, str]]]]:
    """Read one field: its name, and its conditions as alternatives of operators with literals."""
    name_only = r"[^\W\d][\w-]*"
    if cell == "" or re.fullmatch(name_only, cell):
        return cell, []
    ways, names = [], set()
    for way in pieces(cell, "||"):
        ways.append([])
        for condition in pieces(way, "&&"):
            found = re.fullmatch(rf"({name_only})\s*(!=|<=|>=|=|<|>)\s*(.+)", condition.strip(), re.DOTALL)
            if not found:
                raise RefusedError(condition)
            names.add(found[1])
            ways[-1].append((found[2], found[3]))
    if len(names) != 1:
        raise RefusedError("two names")
    return names.pop(), ways


def passes(operator: str, what: str, value: str) -> bool:
    """Judge one token by one condition, whose literal is as written."""
    if what[0] in '"%':
        inside, end = enclosed(what, 0)
        if end != len(what):
            raise RefusedError(what)
        if what[0] == "%":
            if operator not in ("=", "!="):
                raise RefusedError(what)
            return (expression(inside).search(value) is not None) == (operator == "=")
        literal = unescape(inside)
    elif re.fullmatch(r"[\w.*:/@#$+-]+", what):
        literal = what
    else:
        raise RefusedError(what)
    if operator in ("=", "!="):
        return like(literal, value) == (operator == "=")
    if not is_number(literal):
        raise RefusedError(literal)
    if not is_number(value):
        return False
    a, b = Decimal(value), Decimal(literal)
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def is_number(text: str) -> bool:
    """Tell whether a text spells a number."""
    return re.fullmatch(r"-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?", text) is not None


def like(literal: str, value: str) -> bool:
    """Compare texts, with stars at the ends."""
    core = literal.strip("*")
    starts = range(len(value) - len(core) + 1) if literal.startswith("*") else [0]
    for start in starts:
        if value[start : start + len(core)] == core and (literal.endswith("*") or start + len(core) == len(value)):
            return True
    return False
