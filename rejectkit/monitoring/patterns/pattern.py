"""Filter patterns of CloudWatch Logs, as a value: which lines match, and what is taken out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.patterns import fast, parsing
from rejectkit.monitoring.patterns.terms import Delimited, Field, Terms
from rejectkit.monitoring.patterns.tokens import BLANKS, cut
from rejectkit.monitoring.patterns.writing import Allowed, write
from rejectkit.records import LogFormat


@dataclass(frozen=True, slots=True)
class FilterPattern:
    """A filter pattern, as `PutMetricFilter` and `FilterLogEvents` take it.

    Terms (`ERROR -retry`, `?WARN ?FAIL`, `"a phrase"`, `%expression%`) and space-delimited patterns
    (`[source, port = 22 || port = 23, ..., action = "REJECT", status]`) are understood as the service's pages and
    recorded answers have them; what both leave open is listed in `choosing.table()`.

    Parameters
    ----------
    text : str
        The pattern, at most 1,024 characters. An empty one matches every line.

    Raises
    ------
    PatternError
        If the service would refuse it, with the service's words; also for JSON patterns, since flow logs are not JSON.

    Notes
    -----
    Source: CloudWatch Logs, "Filter pattern syntax for metric filters" and "Supported regular expressions (regex)
    syntax"; TestMetricFilter.

    Examples
    --------
    >>> pattern = FilterPattern('[source, port, action = "REJECT"]')
    >>> pattern.matches("10.0.0.9 22 REJECT"), pattern.matches("10.0.0.9 22 ACCEPT")
    (True, False)
    >>> pattern.extract("10.0.0.9 22 REJECT")
    {'$source': '10.0.0.9', '$port': '22', '$action': 'REJECT'}
    """

    text: str
    _parsed: Terms | Delimited = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the text."""
        if not isinstance(self.text, str):
            raise ArgumentError(f"the filter pattern is {self.text!r}, not a text")
        object.__setattr__(self, "_parsed", parsing.parse(self.text))

    @classmethod
    def for_format(cls, fmt: LogFormat, /, **conditions: Allowed) -> FilterPattern:
        """Return the space-delimited pattern for the lines of a log format.

        Fields are named by column. A pattern that would be too long has `...` in place of fields without
        conditions: after the last condition if that is enough, else in place of the longest stretch of them.
        Where the format's last field has a condition, `...` follows it, as it would else be compared with all the
        rest of a line that has more fields.

        Parameters
        ----------
        fmt : LogFormat
            The format of the flow log.
        **conditions : int, str, None, Only, address or network, or a sequence of these
            By column: what the field must be. All of them must hold; of a sequence, any one. A `*` at an end of a
            text stands for any characters, None for a field that is null (`-`). A network such as `10.0.0.0/8`
            becomes `10.*`; one between two octets becomes up to 16 of such. `unlike` and `between` say other things.

        Raises
        ------
        FormatError
            If the format lacks a field.
        ArgumentError
            If a value cannot be said in a filter pattern, or all of them need more than 1,024 characters.

        Examples
        --------
        >>> fmt = LogFormat.parse("${srcaddr} ${dstport} ${action} ${log-status}")
        >>> print(FilterPattern.for_format(fmt, action="REJECT", dstPort=[22, 3389], srcAddr="10.0.0.0/8"))
        [srcAddr=10.*, dstPort=22 || dstPort=3389, action="REJECT", logStatus]
        """
        return cls(write(fmt, conditions))

    @property
    def fields(self) -> tuple[str, ...] | None:
        """Names that a space-delimited pattern gives, in their order; None for a pattern of terms."""
        if isinstance(self._parsed, Terms):
            return None
        return tuple(one.name for one in self._parsed.fields if one.name is not None)

    @property
    def has_regex(self) -> bool:
        """Whether it has a regular expression; a log group takes five such patterns at most."""
        return self._parsed.has_regex

    def matches(self, line: str) -> bool:
        """Tell whether a line matches."""
        if isinstance(self._parsed, Terms):
            return self._parsed.holds(line)
        return _values(self._parsed, line) is not None

    def extract(self, line: str) -> dict[str, str] | None:
        """Return the values a line gives, as `extractedValues` of TestMetricFilter: None where it does not match.

        Keys are `$` and the field's name, or the token's number from 1 where it has none; a pattern of terms gives
        no values.
        """
        if isinstance(self._parsed, Terms):
            return {} if self._parsed.holds(line) else None
        values = _values(self._parsed, line)
        if values is None:
            return None
        return {f"${name or at}": value for at, (name, value) in enumerate(values, 1)}

    def matching(self, lines: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Tell for each of many lines whether it matches, quicker than one by one.

        Returns
        -------
        ndarray of bool, shape (len(lines),)
        """
        judge = fast.judge(self._parsed, self.matches)
        return np.fromiter(map(judge, lines), dtype=np.bool_, count=len(lines))

    def __str__(self) -> str:
        """Return the pattern's text."""
        return self.text


def _values(pattern: Delimited, line: str) -> list[tuple[str | None, str]] | None:
    """Return name and value of each token, in the line's order, or None where the line does not match.

    Without an ellipsis the last field takes the rest of a line that has more tokens than fields: raw, delimiters
    and all, up to its last character that is no blank.
    """
    tokens = cut(line)
    head, tail = pattern.head, pattern.tail or ()
    if len(tokens) < len(head) + len(tail):
        return None
    texts = [token.text for token in tokens]
    if pattern.tail is None:
        if len(tokens) > len(head):
            texts[len(head) - 1 :] = [line[tokens[len(head) - 1].start :].rstrip(BLANKS)]
        fields = head
    else:
        fields = (*head, *(Field(None),) * (len(texts) - len(head) - len(tail)), *tail)
    if not all(one.holds(text) for one, text in zip(fields, texts, strict=True)):
        return None
    return [(one.name, text) for one, text in zip(fields, texts, strict=True)]
