"""What nobody has confirmed about the language, and the one choice made here for each.

AWS's pages leave these open or contradict themselves. Each row names the choice; the code that follows it points
here. `table()` prints them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One open question and what this engine does.

    Attributes
    ----------
    name : str
        What the choice is called.
    question : str
        What the service's pages do not say.
    choice : str
        What is done here.
    where : str
        The module that does it.
    """

    name: str
    question: str
    choice: str
    where: str


CHOICES = (
    Choice(
        "number spelling",
        "when does a text act as a number",
        "when it is its canonical spelling: -?(0|[1-9][0-9]*)(.[0-9]+)?; so 012 is no number",
        "dialects/duckdb.py",
    ),
    Choice(
        "mixed equality",
        "a number against a text that is none, with = and !=",
        "compared as texts: unequal",
        "expressions.py",
    ),
    Choice("mixed order", "a number against a text that is none, with < <= > >=", "false", "expressions.py"),
    Choice("negated missing", "`not (missing = x)`", "neither true nor false: the row is dropped", "expressions.py"),
    Choice(
        "text as condition", "a text where a condition is expected", "true if it is a number other than 0", "value.py"
    ),
    Choice(
        "number format",
        "how sums, averages and divisions print",
        "shortest spelling that reads back the same; whole numbers without a point",
        "dialects/duckdb.py",
    ),
    Choice("division by zero", "x / 0 and x % 0", "missing", "expressions.py"),
    Choice(
        "logarithm and root",
        "log of 0 or less, sqrt below 0, a power that is no finite number",
        "missing",
        "functions.py",
    ),
    Choice("booleans", "how a condition prints as a column", "1 and 0", "value.py"),
    Choice(
        "sort numbers",
        "is 1.5 or 01 a number to sort",
        "yes, by value and then by text; -3 as a text is not",
        "dialects/duckdb.py",
    ),
    Choice("sort missing", "where missing values sort", "last, ascending and descending", "compile.py"),
    Choice(
        "default order",
        "order of rows without sort",
        "newest first; groups by their keys, times newest first",
        "compile.py",
    ),
    Choice(
        "default columns",
        "columns without fields, display and stats",
        "@timestamp, @message, and what parse made",
        "compile.py",
    ),
    Choice("display wins", "`fields` after `display`", "display alone says what is shown", "compile.py"),
    Choice("count of nothing", "count(f) where no record has f", "0", "aggregates.py"),
    Choice(
        "time aggregates",
        "how max(@timestamp) prints",
        "as milliseconds, as earliest does; typed answers have a time",
        "aggregates.py",
    ),
    Choice("percentile", "method of pct", "nearest rank", "aggregates.py"),
    Choice(
        "deviation",
        "stddev of a sample or of the population",
        "of the population, as variance is documented",
        "aggregates.py",
    ),
    Choice(
        "extremes", "min and max of numbers and texts together", "of the numbers where there are any", "aggregates.py"
    ),
    Choice(
        "time range", "a number of milliseconds that is no time", "missing outside the years 1 to 9999", "functions.py"
    ),
    Choice("time fractions", "fromMillis of a fraction of a millisecond", "cut off", "functions.py"),
    Choice("isNumeric of nothing", "isNumeric of a missing value", "0", "functions.py"),
    Choice("long periods", "where bins of several weeks or months begin", "Monday 1969-12-29; year 0", "timing.py"),
    Choice(
        "earliest ties",
        "earliest and latest of events at the same time",
        "the smallest and the greatest value",
        "aggregates.py",
    ),
    Choice(
        "dash",
        "a field whose value is `-`",
        "present, the text `-`, not a number; typed answers show it as null",
        "value.py",
    ),
    Choice("field synonyms", "start or startTime, end or endTime", "both", "compile.py"),
    Choice(
        "shadowing",
        "parse or `as` onto a name that records have",
        "allowed: the new value is meant from there on",
        "compile.py",
    ),
    Choice("empty stages", "a leading, trailing or double |", "an error", "grammar.lark"),
    Choice("escapes", "escapes in texts", r"\\ \" \' \n \r \t; a backslash before anything else stays", "parse.py"),
    Choice("glob count", "parse with more or fewer * than names", "an error", "parse.py"),
    Choice("glob end", "what a last * takes", "the rest of the value", "regex.py"),
    Choice(
        "regex dialect", "regular expressions beyond the pages", "RE2's: no look-around, no back-references", "regex.py"
    ),
    Choice("unused group", "a named group that took no part in a match", "the empty text", "dialects/duckdb.py"),
    Choice("dateceil border", "dateceil of a time on a border", "unchanged", "timing.py"),
    Choice(
        "weeks and months", "where weeks, months, quarters and years begin", "Monday; the UTC calendar", "timing.py"
    ),
    Choice(
        "reserved addresses",
        "what isReservedIP and isPublicIP mean",
        "reserved: the IANA special-purpose blocks; public: valid, not private, not reserved",
        "functions.py",
    ),
    Choice("private addresses", "does isPrivateIP know IPv6", "RFC 1918, and fc00::/7", "functions.py"),
    Choice("octets", "IPv4 octets with leading zeros", "not valid", "dialects/duckdb.py"),
    Choice(
        "strcontains case",
        "the third argument of strcontains",
        "refused: it had no effect in the service",
        "functions.py",
    ),
    Choice("negative start", "substr from before the start", "from the start", "functions.py"),
)


def table() -> str:
    """Return the choices as a Markdown table.

    Examples
    --------
    >>> print(table().splitlines()[0])
    | choice | the question left open | what is done here |
    """
    rows = [
        f"| {c.name} | {c.question.replace('|', chr(92) + '|')} | {c.choice.replace('|', chr(92) + '|')} |"
        for c in CHOICES
    ]
    return "\n".join(["| choice | the question left open | what is done here |", "| --- | --- | --- |", *rows])
