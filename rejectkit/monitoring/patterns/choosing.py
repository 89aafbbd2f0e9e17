"""What nobody has confirmed about filter patterns, and the one choice made here for each.

AWS's pages and the recorded answers leave these open. Each row names the choice, what speaks for it, and the module
that makes it. `table()` prints them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One open question and what is done here.

    Attributes
    ----------
    name : str
        What the choice is called.
    question : str
        What the service's pages do not say.
    choice : str
        What is done here.
    reason : str
        What speaks for it.
    where : str
        The module that does it.
    """

    name: str
    question: str
    choice: str
    reason: str
    where: str


CHOICES = (
    Choice(
        "inner star",
        "a * inside a text of a condition, as in 10.*.5",
        "the character *; a wildcard at the ends only, where several stars are one",
        "the pages show it at the ends; the 2018 page has it literal inside, for JSON",
        "terms.py",
    ),
    Choice(
        "quoted star",
        'a * at the end of a quoted text, as in "10.*"',
        "a wildcard, as without quotes",
        'the JSON pages have "*"; the console offers request_id="*-*" for Lambda logs',
        "terms.py",
    ),
    Choice(
        "number equality",
        "is status = 404 a comparison of numbers or of texts",
        "of texts, so 404.0 and 0404 are unequal to 404",
        'the pages also write 4* and "22" there; a flow log spells each number one way',
        "terms.py",
    ),
    Choice(
        "order of no number",
        "bytes > 400 for a token that is no number, such as -",
        "false, for each of < <= > >=",
        "recorded for `1534 extra`; inferred for -",
        "terms.py",
    ),
    Choice(
        "unequal to nothing",
        "srcAddr != 10.* for the token -",
        "true: - is a text like others",
        'the console\'s own flow-log pattern says srcaddr != "-" to leave it out',
        "terms.py",
    ),
    Choice(
        "number spelling",
        "what is a number to < <= > >=",
        "-?digits, a fraction and an exponent if any: 400, -1.5, 1e-3; compared as doubles",
        "the pages' examples for JSON patterns; metric values are doubles",
        "terms.py",
    ),
    Choice(
        "order of texts",
        "bytes > abc in a pattern",
        "refused; a number in quotes is taken as a number",
        "the pages have these operators for numbers only",
        "parsing.py",
    ),
    Choice(
        "groups",
        'where […] and "…" may begin and what follows them',
        "they begin where a token begins; behind the closing sign the next token begins, with or without a blank; "
        "nothing nests and nothing is escaped",
        "the simplest rule that gives every documented and recorded answer",
        "tokens.py",
    ),
    Choice(
        "unclosed bracket", "a [ that nothing closes", "an ordinary character", "as recorded for quotes", "tokens.py"
    ),
    Choice(
        "empty tokens", 'the tokens "" and []', "tokens with an empty text, which count", "as other groups", "tokens.py"
    ),
    Choice(
        "other white space",
        "line breaks and other white space in a line",
        "characters of a token; only blanks and tabs cut",
        "the page says blanks, the recording adds tabs",
        "tokens.py",
    ),
    Choice(
        "rest of the line",
        "how raw is the rest that the last field takes",
        "from the token's delimiter to the last character that is no blank; only where there are more tokens than "
        "fields",
        "recorded for words; blanks at the end are no tokens",
        "pattern.py",
    ),
    Choice(
        "unnamed tokens",
        "what number an unnamed token has",
        "its place in the line, from 1; `[]` is `[...]`",
        "documented answers of TestMetricFilter have $7 behind named fields",
        "pattern.py",
    ),
    Choice(
        "empty fields",
        "two commas in a row, or a comma behind the bracket",
        "an unnamed field each",
        "as documented for a comma at the end",
        "parsing.py",
    ),
    Choice(
        "field names",
        "what a field may be called",
        "a letter or _, then letters, digits, _ and -",
        "the pages use letters, digits and _; `...fields` is refused with its own text",
        "parsing.py",
    ),
    Choice(
        "bare values",
        "what a value without quotes may have",
        "letters, digits and _ . * : / @ # $ + -",
        "the pages write 10.0.2.*, *.html* and 4* bare",
        "parsing.py",
    ),
    Choice(
        "mixed conditions",
        "&& and || on one field",
        "&& binds tighter; no parentheses; the name is repeated, and is the field's own",
        "the JSON pages' order; a second name in one field is refused by the service",
        "parsing.py",
    ),
    Choice(
        "bare terms",
        "what a term without quotes may have",
        "letters and digits of any script, and _; the first other character is named in the refusal",
        'the page: other characters in double quotes; refusals of : ( [ ` and "ERROR on record',
        "parsing.py",
    ),
    Choice(
        "escapes",
        "a backslash between quotes in a pattern",
        r"\" is a quote and \\ a backslash; before anything else it is itself",
        "patterns in use that were accepted",
        "parsing.py",
    ),
    Choice(
        "blank phrase",
        'the terms " " and "", in a line without blanks',
        'found in every line; -" " leaves none',
        'the page: " " matches all events',
        "terms.py",
    ),
    Choice(
        "signed expressions",
        "-%…% and ?%…%, and %…% among other terms",
        "allowed; they count toward the two",
        "a regular expression is a term",
        "parsing.py",
    ),
    Choice(
        "expression dialect",
        "details of regular expressions",
        r". and the classes as in Python, ASCII only; . takes no line break; ^ and $ are the ends of the text; "
        r"\d \D \s \S \w \W \xhh and escaped symbols, no other escape",
        "the page's table; no groups are possible, so dialects hardly differ",
        "regex.py",
    ),
    Choice(
        "length",
        "what the 1,024 of a pattern are",
        "characters (code points), blanks at the ends included",
        "the recorded refusal speaks of length",
        "parsing.py",
    ),
    Choice(
        "white space around",
        "white space around a pattern and inside it",
        "of no meaning, line breaks too",
        'the documented " " as a pattern matches all events',
        "parsing.py",
    ),
)


def table() -> str:
    """Return the choices as a Markdown table.

    Examples
    --------
    >>> print(table().splitlines()[0])
    | choice | the question left open | what is done here | what speaks for it |
    """
    rows = [
        "| " + " | ".join(cell.replace("|", r"\|") for cell in (c.name, c.question, c.choice, c.reason)) + " |"
        for c in CHOICES
    ]
    head = "| choice | the question left open | what is done here | what speaks for it |"
    return "\n".join([head, "| --- | --- | --- | --- |", *rows])
