"""Filter patterns: documented answers, refusals, the plain second implementation, and many lines at once."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rejectkit.errors import ArgumentError, PatternError, RejectkitError
from rejectkit.monitoring.patterns import choosing, parsing
from rejectkit.monitoring.patterns.pattern import FilterPattern
from tests.reference import filterpatterns as plain

ROWS = json.loads((Path(__file__).parent / "tables" / "filter_patterns.json").read_text(encoding="utf-8"))
COMMON = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534'


@pytest.mark.parametrize("row", ROWS, ids=[f"{at}-{row['pattern'][:30]}" for at, row in enumerate(ROWS)])
def test_the_documented_answers(row: dict[str, Any]) -> None:
    """Each row of the pages' patterns and lines: match, values, many at once, and the plain implementation."""
    pattern, line = FilterPattern(row["pattern"]), row["line"]
    values = pattern.extract(line)
    assert (pattern.matches(line), values is not None, pattern.matching([line])[0]) == (row["matches"],) * 3
    assert plain.extract(row["pattern"], line) == values
    if "extracted" in row:
        assert values == row["extracted"]


REFUSED = [
    ("[..., status, ...]", "Duplicate field '...'"),
    ("[word, word]", "Duplicate field 'word'"),
    ("[a, b, c = 1, b = 2]", "Duplicate field 'b'"),
    ('"ERROR', "Invalid character(s) in term '\"ERROR'"),
    ('OK -"ERROR five', "Invalid character(s) in term '-\"ERROR five'"),
    ("Key:", "Invalid character(s) in term ':'"),
    ("PlayerSpawned (reason", "Invalid character(s) in term '('"),
    ("a-b", "Invalid character(s) in term '-'"),
    ('say"so"', "Invalid character(s) in term '\"'"),
    ("-", "Invalid character(s) in term '-'"),
    ("?", "Invalid character(s) in term '?'"),
    ("[...fields, status=FAILED]", "Invalid character(s) in term '...fields'"),
    ("[1st]", "Invalid character(s) in term '1st'"),
    ('["name"]', "Invalid character(s) in term '\"name\"'"),
    ("[a=(x)]", "Invalid character(s) in term '('"),
    ('[a="x]', "Invalid character(s) in term '\"x]'"),
    ("%a% %b% %c%", "maximum of 2 regular expressions per filter pattern"),
    ("[a=%x%, b=%y% || b=%z%]", "maximum of 2 regular expressions per filter pattern"),
    ("{ $.a = %x% || $.b = %y% || $.c = %z% }", "maximum of 2 regular expressions per filter pattern"),
    ("{ $.a[*] = 1 && $.b[*] = 1 && $.c[*] = 1 && $.d[*] = 1 }", "maximum of 3 JSON wildcard selectors"),
    ("{ $.broken = }", "Invalid metric filter pattern"),
    ("{ $.a = 1", "Invalid metric filter pattern"),
    ("{ $.a IS NOT NULL }", "Invalid metric filter pattern"),
    ("{ $.a EXISTS }", "Invalid metric filter pattern"),
    ("{ ($.a = 1 }", "Invalid metric filter pattern"),
    ("{ $.a = 1 } x", "Invalid metric filter pattern"),
    ("{" + "(" * 900, "Invalid metric filter pattern"),
    ("{ $.a = !x }", "Invalid metric filter pattern"),
    ("{ $.a = %a(b)% }", "Invalid character(s) in term '%a(b)%'"),
    ('{ $.action = "REJECT" }', "JSON filter patterns are not supported"),
    ("{$.a[*] = 1 || ($.b.c NOT EXISTS && $.['x.y'] IS TRUE)}", "JSON filter patterns are not supported"),
    ("%something!%", "Invalid character(s) in term '%something!%'"),
    ("%a(b)%", "Invalid character(s) in term '%a(b)%'"),
    (r"%a\(b%", r"Invalid character(s) in term '%a\(b%'"),
    ("%é%", "Invalid character(s) in term '%é%'"),
    ("%%", "Invalid character(s) in term '%%'"),
    ("%open", "Invalid character(s) in term '%open'"),
    ("%a**%", "Invalid metric filter pattern"),
    ("%[a%", "Invalid metric filter pattern"),
    (r"%\1%", "Invalid metric filter pattern"),
    (r"%\bx%", "Invalid metric filter pattern"),
    (r"%\x4%", "Invalid metric filter pattern"),
    ("%a\\%", "Invalid metric filter pattern"),
    ("%a{99999999999999999999}%", "Invalid metric filter pattern"),
    ("[a, b", "Invalid metric filter pattern"),
    ("[a, b] c", "Invalid metric filter pattern"),
    ("[", "Invalid metric filter pattern"),
    ("[a = 1 && b = 2]", "Invalid metric filter pattern"),
    ("[status_code = 4* && bytes > 1000]", "Invalid metric filter pattern"),
    ("[a = 1 ||]", "Invalid metric filter pattern"),
    ("[a = 1 a = 2]", "Invalid metric filter pattern"),
    ("[a = 1 2]", "Invalid metric filter pattern"),
    ("[a =]", "Invalid metric filter pattern"),
    ("[= 1]", "Invalid metric filter pattern"),
    ("[a == 1]", "Invalid metric filter pattern"),
    ("[a b]", "Invalid metric filter pattern"),
    ("[a && 1]", "Invalid metric filter pattern"),
    ("[... = 1]", "Invalid character(s) in term '...'"),
    ("[a > x]", "Invalid metric filter pattern"),
    ("[a > 1*]", "Invalid metric filter pattern"),
    ("[a > %1%]", "Invalid metric filter pattern"),
    ("x" * 1025, "'filterPattern' failed to satisfy constraint: Member must have length less than or equal to 1024"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_a_bad_pattern_is_refused_in_the_services_words(text: str, message: str) -> None:
    """What the service is known to refuse, and what its grammar leaves no room for, raises with its wording."""
    with pytest.raises(PatternError) as caught:
        FilterPattern(text)
    assert message in caught.value.message
    assert message in str(caught.value)
    assert caught.value.pattern == text
    assert isinstance(caught.value, RejectkitError)
    assert isinstance(caught.value, ValueError)


def test_the_recorded_refusal_of_a_long_pattern(shared: Path) -> None:
    """The message is the recorded one to the letter."""
    text = (shared / "data" / "alarms" / "logs__test_logs_metric_filters.snapshot.json").read_text(encoding="utf-8")
    (recorded,) = (
        answer["Error"]["Message"]
        for test in json.loads(text).values()
        for answer in test["recorded-content"].values()
        if "'filterPattern'" in answer.get("Error", {}).get("Message", "")
    )
    with pytest.raises(PatternError) as caught:
        FilterPattern(recorded.split("'")[1])
    assert caught.value.message == recorded


def test_a_pattern_is_a_text() -> None:
    """Anything else is an argument that cannot be used."""
    with pytest.raises(ArgumentError, match="the filter pattern is 7, not a text"):
        FilterPattern(7)  # type: ignore[arg-type]


ANSWERS: list[tuple[str, str, dict[str, str] | None]] = [
    ("", "anything", {}),
    ("  \t", "", {}),
    ('" "', "no-blank-here", {}),
    ('-" "', "anything", None),
    ("error", "ERROR", None),
    ("?a ?b -c", "x", {}),
    ("?a ?b -c", "a c", None),
    ("?a b", "b", {}),
    (r'"say \"no\" \\ \d"', r'they say "no" \ \d', {}),
    ("-%^x%", "yx", {}),
    ("?%^x% ?b", "xy", {}),
    (r"%\x28in\x29%", "an (in)ner one", {}),
    ("%a.c%", "a\nc", None),
    ("%end$%", "the end\n", None),
    (r"%^\S+\s\d%", "port 7", {}),
    (r"%\d%", "٣", None),
    ("%[]a]x[[|]%", "]x|", {}),
    ("%[+--]1%", "-1", {}),
    ("%[--/]1%", ".1", {}),
    ("%gr[ae]y|blue%", "blue", {}),
    ("[]", "", {}),
    ("[...]", "", {}),
    ("[a]", "", None),
    ("[a]", " \t", None),
    ("[a, b]", "x\t \ty", {"$a": "x", "$b": "y"}),
    ("[a, b]", "x y z ", {"$a": "x", "$b": "y z"}),
    ("[a, b]", 'x "y z" ', {"$a": "x", "$b": "y z"}),
    ("[a, b]", 'x "y z" [w]\t', {"$a": "x", "$b": '"y z" [w]'}),
    ("[a, b > 1000]", "x 1534 extra", None),
    ("[a, b > 1000, ...]", "x 1534 extra", {"$a": "x", "$b": "1534", "$3": "extra"}),
    ("[a,]", "x y z", {"$a": "x", "$2": "y z"}),
    ("[,]", "x y", {"$1": "x", "$2": "y"}),
    ("[a,,c]", "x y z", {"$a": "x", "$2": "y", "$c": "z"}),
    ("[a, ..., c]", "x z", {"$a": "x", "$c": "z"}),
    ("[a, ..., c]", "x", None),
    ("[..., b = 1, c]", "1 2 3", None),
    ("[a, b]", 'x "unclosed here', {"$a": "x", "$b": '"unclosed here'}),
    ("[a, b]", "x [unclosed", {"$a": "x", "$b": "[unclosed"}),
    ("[a, b]", 'x""', None),
    ("[a, b]", '"x"y', {"$a": "x", "$b": "y"}),
    ('[a = "", b]', '"" y', {"$a": "", "$b": "y"}),
    ("[a, b]", "x\u00a0y z", {"$a": "x\u00a0y", "$b": "z"}),
    ("[a = 4*]", "404", {"$a": "404"}),
    ('[a = "4*"]', "404", {"$a": "404"}),
    ("[a = *4]", "404", {"$a": "404"}),
    ("[a = *0*]", "404", {"$a": "404"}),
    ("[a = 4*4]", "404", None),
    ("[a = 4*4]", "4*4", {"$a": "4*4"}),
    ("[a = *]", '""', {"$a": ""}),
    ("[a != *]", "x", None),
    ("[a = 404]", "404.0", None),
    ("[a = 22]", "022", None),
    ("[a >= 22]", "22.0", {"$a": "22.0"}),
    ("[a > 1e+3]", "1001", {"$a": "1001"}),
    ("[a > -1]", "0", {"$a": "0"}),
    ('[a < "5"]', "4", {"$a": "4"}),
    ("[a < 5]", "-", None),
    ("[a >= 0]", "-", None),
    ("[a != 5]", "-", {"$a": "-"}),
    ("[a > 1]", "٣", None),
    ("[a = 1 || a = 2 && a != 2, b]", "1 x", {"$a": "1", "$b": "x"}),
    ("[a = 1 || a = 2 && a != 2, b]", "2 x", None),
    ("[a = %^[0-9]+$% && a != %^0%]", "17", {"$a": "17"}),
    ("[a = %^[0-9]+$% && a != %^0%]", "07", None),
    ("[a = %x{2,3}%, b]", "xx y", {"$a": "xx", "$b": "y"}),
    ('[a = "x y", b]', '"x y" z', {"$a": "x y", "$b": "z"}),
    ('[a = "x y", b]', "x y z", None),
    (
        '[timestamp=*Z, request_id="*-*", event]',
        "2026-11-01T00:00:00Z ab-cd done ok",
        {"$timestamp": "2026-11-01T00:00:00Z", "$request_id": "ab-cd", "$event": "done ok"},
    ),
]


@pytest.mark.parametrize(("text", "line", "values"), ANSWERS, ids=[f"{a[:24]} {b[:16]!r}" for a, b, _ in ANSWERS])
def test_the_rules_and_the_choices(text: str, line: str, values: dict[str, str] | None) -> None:
    """Each recorded rule, and each named choice, has a line that shows it."""
    pattern = FilterPattern(text)
    assert pattern.extract(line) == values
    assert pattern.matches(line) is (values is not None)
    assert pattern.matching([line, line]).tolist() == [values is not None] * 2


def test_a_pattern_is_a_value() -> None:
    """Equal texts are equal patterns; the text comes back; copies and hashes agree."""
    pattern = FilterPattern('[a, b = "REJECT", ..., c, d = %x%]')
    assert str(pattern) == pattern.text == '[a, b = "REJECT", ..., c, d = %x%]'
    assert FilterPattern(str(pattern)) == pattern == pickle.loads(pickle.dumps(pattern))
    assert len({pattern, FilterPattern(pattern.text)}) == 1
    assert pattern.fields == ("a", "b", "c", "d")
    assert FilterPattern("[a,,...]").fields == ("a",)
    assert FilterPattern("a").fields is None
    assert [FilterPattern(text).has_regex for text in (pattern.text, "[a]", "-%x%", "x")] == [True, False, True, False]


def test_the_matches_of_many_lines_are_an_array() -> None:
    """One truth value for each line, in their order; none for none."""
    pattern = FilterPattern("[..., status_code = 200, size]")
    found = pattern.matching([COMMON, "x", COMMON.replace("200", "404"), COMMON])
    assert (found.dtype, found.tolist()) == (bool, [True, False, False, True])
    assert pattern.matching([]).shape == (0,)


def test_every_choice_is_named_once_and_points_at_a_file() -> None:
    """The table of open questions has one row for each, and the module that decides it exists."""
    folder = Path(parsing.__file__).parent
    assert len({choice.name for choice in choosing.CHOICES}) == len(choosing.CHOICES)
    assert all((folder / choice.where).is_file() for choice in choosing.CHOICES)
    assert len(choosing.table().splitlines()) == len(choosing.CHOICES) + 2


WORDS = [
    "a",
    "ab",
    "1",
    "22",
    "-",
    "10.0.2.7",
    "REJECT",
    "4.5e1",
    "-3",
    "*",
    "a*b",
    "é",
    "x\u00a0y",
    "\n",
    '"',
    "[",
    "]",
    "a]",
    '"a b"',
    "[a 1]",
    '""',
    "[]",
    "%",
    "\\",
    'a"b',
]
GAPS = st.sampled_from([" ", " ", " ", "  ", "\t", " \t ", ""])
LINES = st.lists(st.tuples(st.sampled_from(WORDS), GAPS), max_size=8).map(
    lambda parts: "".join(word + gap for word, gap in parts)
) | st.text(alphabet='ab1 \t"[]-*\n', max_size=16)
EXPRESSIONS = st.sampled_from(
    ["a", "^a", "a$", "[0-9]+", "^[0-9.]+$", "a|1", r"\d", r"\s", "a.b", "[^a]", r"\.", "b{1,2}"]
)
TEXTS = st.text(alphabet="ab1.*-", min_size=1, max_size=4) | st.sampled_from(["REJECT", "22", "10.0.*", "-"])
QUOTED = (TEXTS | st.text(alphabet='ab1 "\\*[]é\t', max_size=5)).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
NUMBERS = st.sampled_from(["1", "22", "-3", "4.5e1", "0.5", '"22"'])


@st.composite
def conditions(draw: st.DrawFn, name: str) -> str:
    """Draw a field with its conditions."""
    texts = st.builds(lambda op, what: f"{name}{op}{what}", st.sampled_from(["=", " != ", " = "]), TEXTS | QUOTED)
    orders = st.builds(lambda op, what: f"{name}{op}{what}", st.sampled_from(["<", " <= ", ">", " >= "]), NUMBERS)
    found = st.builds(lambda op, what: f"{name}{op}%{what}%", st.sampled_from(["=", "!="]), EXPRESSIONS)
    parts = draw(st.lists(texts | texts | orders | found, min_size=1, max_size=3))
    joints = draw(st.lists(st.sampled_from([" && ", " || ", "||"]), min_size=len(parts), max_size=len(parts)))
    return "".join(part + joint for part, joint in zip(parts, [*joints[: len(parts) - 1], ""], strict=True))


@st.composite
def delimited(draw: st.DrawFn) -> str:
    """Draw a space-delimited pattern; it may have too many expressions or two ellipses."""
    cells = []
    for name in "fghijk"[: draw(st.integers(0, 6))]:
        kinds = st.sampled_from([name, name, "", "..."])
        cells.append(draw(kinds | conditions(name)))
    return f"[{draw(st.sampled_from([', ', ',', ' ,']))[:2].join(cells)}]"


TERMS = st.lists(
    st.tuples(
        st.sampled_from(["", "", "-", "?"]),
        st.sampled_from(["a", "ab", "1", "REJECT", "é"]) | QUOTED | EXPRESSIONS.map(lambda text: f"%{text}%"),
    ),
    max_size=4,
).map(lambda terms: " ".join(sign + what for sign, what in terms))
JUNK = st.text(alphabet='ab1[]",.=!<>&|*-? \\é:', max_size=12) | st.text(alphabet='ab=,|" &', max_size=10).map(
    lambda inside: f"[{inside}]"
)


@settings(max_examples=400, deadline=None)
@given(delimited() | TERMS | JUNK, st.lists(LINES, min_size=1, max_size=6))
@example('[f="a b", g]', ["a b"])
@example("[f, g = 1*]", ["a 1 \t", 'a "1" b', "a 1 b "])
@example("[f, g]", ['a"b c" d'])
def test_three_ways_give_one_answer(text: str, lines: list[str]) -> None:
    """One by one, many at once and the plain implementation agree, and so do their refusals; the text comes back."""
    try:
        expected = [plain.extract(text, line) for line in lines]
    except plain.RefusedError:
        with pytest.raises(PatternError):
            FilterPattern(text)
        return
    pattern = FilterPattern(text)
    assert [pattern.extract(line) for line in lines] == expected
    assert [pattern.matches(line) for line in lines] == [values is not None for values in expected]
    assert pattern.matching(lines).tolist() == [values is not None for values in expected]
    assert FilterPattern(str(pattern)) == pattern


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30) | JUNK | st.text(alphabet=r'{}$.a[]*="%&|() NOTEXIS', max_size=20), st.text(max_size=20))
def test_no_text_breaks_the_reader(text: str, line: str) -> None:
    """Any text is a pattern or a PatternError, and a pattern answers any line."""
    try:
        pattern = FilterPattern(text)
    except PatternError:
        return
    assert pattern.matches(line) is bool(pattern.matching([line])[0])


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=r"ab1-[]^|\.dwx{},2+*?$", min_size=1, max_size=8), st.text(alphabet="ab1-[]^|.\\ ", max_size=8))
def test_no_expression_breaks_the_reader(inside: str, line: str) -> None:
    """Any text between % signs is an expression or a PatternError, and Python warns of none."""
    try:
        pattern = FilterPattern(f"%{inside}%")
    except PatternError:
        return
    assert pattern.matches(line) in (True, False)
