r"""Joni's regular expressions, with Java's syntax as Trino has it, in the spelling of Python's `re`.

Source: Trino documentation, Regular expression functions; java.util.regex.Pattern. What differs: `\z`, `\Z`, `\x{…}`,
`\h`, `\R`, POSIX classes, flags within a pattern, and classes that hold others, `[a-z&&[^aeiou]]`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rejectkit.sandbox.trino.errors import TrinoError

_OUTSIDE = {"z": r"\Z", "Z": r"(?=\n?\Z)", "R": r"(?:\r\n|[\n-\r\x85\u2028\u2029])", "e": r"\x1b"}
_SHORT = {"h": r"[ \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]", "H": r"[^ \t\xa0\u1680\u180e\u2000-\u200a]"}
_POSIX = {
    "Alpha": "A-Za-z",
    "Digit": "0-9",
    "Alnum": "A-Za-z0-9",
    "Upper": "A-Z",
    "Lower": "a-z",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r" \t\n\x0b\f\r",
    "XDigit": "0-9A-Fa-f",
    "ASCII": r"\x00-\x7f",
    "L": "^\\W\\d_",
    "N": r"\d",
}
_FLAGS = re.compile(r"\(\?([imsx]+)\)")
_GROUP = re.compile(r"\(\?<([A-Za-z]\w*)>")


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern, ready.

    Raises
    ------
    TrinoError
        INVALID_FUNCTION_ARGUMENT, if it is none.
    """
    try:
        return re.compile(_Reader(pattern).whole())
    except (re.error, ValueError, IndexError) as error:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"{error} in pattern: {pattern}") from error


class _Reader:
    """One pattern, from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0

    def whole(self) -> str:
        out: list[str] = []
        opened = [0]  # in each group that is open, how many more were opened for flags
        while self.at < len(self.pattern):
            char = self.pattern[self.at]
            if flags := _FLAGS.match(self.pattern, self.at):
                opened[-1] += 1
                out.append(f"(?{flags[1]}:")
                self.at = flags.end()
            elif char == "\\":
                out.append(self.escape())
            elif char == "[":
                out.append(self.one_class())
            elif named := _GROUP.match(self.pattern, self.at):
                opened.append(0)
                out.append(f"(?P<{named[1]}>")
                self.at = named.end()
            else:
                if char == "(":
                    opened.append(0)
                elif char == ")" and len(opened) > 1:
                    out.append(")" * opened.pop())
                out.append(char)
                self.at += 1
        return "".join([*out, ")" * opened[0]])

    def escape(self, *, inside: bool = False) -> str:
        """Return an escape; in a class, without its own brackets."""
        letter = self.pattern[self.at + 1]
        start = self.at
        self.at += 2
        rest = self.pattern[self.at :]
        if letter == "x" and rest.startswith("{"):
            end = rest.index("}")
            self.at += end + 1
            return f"\\U{int(rest[1:end], 16):08x}"
        if letter in "pP" and (found := re.match(r"\{(?:Is)?(\w+)\}", rest)):
            self.at += found.end()
            body = _POSIX[found[1]] if found[1] in _POSIX else self.refuse(found[1])
            if inside and (letter == "P" or body.startswith("^")):
                self.refuse(found[1])
            if inside:
                return body
            negated = (letter == "P") != body.startswith("^")
            return f"[{'^' if negated else ''}{body.removeprefix('^')}]"
        if letter == "Q":
            end = rest.find("\\E")
            text = rest if end < 0 else rest[:end]
            self.at += len(text) + (2 if end >= 0 else 0)
            return re.escape(text)
        if letter in _SHORT:
            return _SHORT[letter][1:-1] if inside else _SHORT[letter]
        if not inside and letter in _OUTSIDE:
            return _OUTSIDE[letter]
        if not inside and letter == "k" and (found := re.match(r"<(\w+)>", rest)):
            self.at += found.end()
            return f"(?P={found[1]})"
        if letter.isalnum():
            return self.pattern[start : self.at]
        return re.escape(letter)

    def refuse(self, name: str) -> str:
        raise ValueError(f"the sandbox has no character property {{{name}}}")

    def one_class(self) -> str:
        """Return a class: alone where Python has it, else by looking ahead at one character."""
        self.at += 1
        negated = self.pattern[self.at] == "^"
        self.at += negated
        parts: list[list[str]] = [[""]]  # those that all must hold; in each a plain set, then whole classes
        first = True
        while self.pattern[self.at] != "]" or first:
            char = self.pattern[self.at]
            if char == "[" and (found := re.match(r"\[:(\^?)(\w+):\]", self.pattern[self.at :])):
                self.at += found.end()
                body = _POSIX[found[2].capitalize()]
                parts[-1].append(f"[^{body}]") if found[1] else self.add(parts, body)
            elif char == "[":
                parts[-1].append(self.one_class())
            elif self.pattern.startswith("&&", self.at):
                self.at += 2
                parts.append([""])
            elif char == "\\":
                self.add(parts, self.escape(inside=True))
            else:
                self.add(
                    parts, "\\" + char if char in "]^-" and first else re.escape(char) if char in "[]&~|" else char
                )
                self.at += 1
            first = False
        self.at += 1
        made = [self.either(part) for part in parts]
        if len(made) == 1 and len(parts[0]) == 1:
            return f"[{'^' if negated else ''}{parts[0][0]}]"
        together = "".join(f"(?={one})" for one in made)
        return f"(?:(?!{together})[\\s\\S])" if negated else f"(?:{together}[\\s\\S])"

    @staticmethod
    def add(parts: list[list[str]], text: str) -> None:
        parts[-1][0] += text

    @staticmethod
    def either(part: list[str]) -> str:
        plain = [f"[{part[0]}]"] if part[0] else []
        return "(?:" + "|".join([*plain, *part[1:]]) + ")"


def replaced(text: str, pattern: str, by: str) -> str:
    r"""Return a text with each match replaced; `$1` and `${name}` stand for groups, `\$` for a dollar."""
    found = compiled(pattern)

    def one(match: re.Match[str]) -> str:
        out, at = [], 0
        while at < len(by):
            char = by[at]
            if char == "\\":
                if at + 1 == len(by):
                    raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"Invalid replacement sequence: {by}")
                out.append(by[at + 1])
                at += 2
            elif char == "$":
                named = re.compile(r"\{(\w+)\}").match(by, at + 1)
                if named:
                    out.append(_group(match, named[1], pattern))
                    at = named.end()
                    continue
                if not by[at + 1 : at + 2].isdigit():
                    raise TrinoError(
                        "INVALID_FUNCTION_ARGUMENT", f"Invalid replacement sequence: unknown group in {by}"
                    )
                number, at = int(by[at + 1]), at + 2
                while by[at : at + 1].isdigit() and number * 10 + int(by[at]) <= found.groups:
                    number, at = number * 10 + int(by[at]), at + 1
                out.append(_group(match, number, pattern))
            else:
                out.append(char)
                at += 1
        return "".join(out)

    return found.sub(one, text)


def _group(match: re.Match[str], group: int | str, pattern: str) -> str:
    try:
        return match.group(group) or ""
    except IndexError as error:
        raise TrinoError("INVALID_FUNCTION_ARGUMENT", f"Pattern has no group {group}: {pattern}") from error
