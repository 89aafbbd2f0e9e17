"""Query text to query: what is allowed, what is refused, and where the caret points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejectkit.errors import QueryError, UnsupportedError
from rejectkit.insights import parse
from rejectkit.insights import syntax as s

# Wording recorded from the live service where it is known.
REFUSED = [
    ("", "unexpected symbol found <EOF> at line 1 and position 0", 0),
    ("   ", "unexpected symbol found <EOF> at line 1 and position 3", 3),
    ("fields a | sort bin(5m)", "unexpected symbol found ( at line 1 and position 19", 19),
    ("filter a like /x/i", "unexpected symbol found i at line 1 and position 17", 17),
    ("stats count(*)\n by x\n | | limit 5", "unexpected symbol found | at line 3 and position 3", 24),
    ("| fields a", "unexpected symbol found | at line 1 and position 0", 0),
    ("fields a |", "unexpected symbol found <EOF> at line 1 and position 10", 10),
    ("fieldsx a", "unexpected symbol found fieldsx at line 1 and position 0", 0),
    ("filter a = 1 ? 2 : 3", "unexpected symbol found ? at line 1 and position 13", 13),
    ("filter a = 'x", "a text begins here and does not end", 11),
    ("limit 0", "limit 0 is not a whole number from 1 to 100,000", 6),
    ("limit 100001", "limit 100001 is not a whole number from 1 to 100,000", 6),
    ("limit 1.5", "limit 1.5 is not a whole number from 1 to 100,000", 6),
    ("parse @message '* *' as a", "the pattern has 2 * and 1 name; each * needs one name", 15),
    ("parse @message /x/", "the regular expression has no named group", 15),
    ("filter a like /(?=b)/", "look-around is not in the service's dialect", 15),
    ("filter a like /b\\1/", "back-references are not in the service's dialect", 16),
]


@pytest.mark.parametrize(("text", "message", "offset"), REFUSED)
def test_refused_with_wording_and_place(text: str, message: str, offset: int) -> None:
    """A query outside the language is refused in the service's words, at the character at fault."""
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.message.startswith(message)
    assert caught.value.offset == offset


def test_the_caret_stands_under_the_fault() -> None:
    """The error's text shows the line at fault with a caret under it, and a hint how to mend it."""
    with pytest.raises(QueryError) as caught:
        parse("fields a\n| sort bin(5m)")
    assert str(caught.value).splitlines() == [
        "unexpected symbol found ( at line 2 and position 10",
        "| sort bin(5m)",
        "          ^",
        "sort takes names only: give the expression an alias with `as` and sort by that",
    ]
    assert (caught.value.line, caught.value.position) == (2, 10)


def test_too_long_a_query_is_refused() -> None:
    """The service takes 10,000 characters."""
    assert parse("fields a" + " " * 9_992).stages
    with pytest.raises(QueryError, match="10,001 characters"):
        parse("fields a" + " " * 9_993)


SAME = [
    ("FIELDS a | WHERE a == 1 | SORT BY a DESC", "fields a | filter a = 1 | sort a desc"),
    ("filter not a = 1 and b = 2 or c = 3", "filter ((not (a = 1)) and (b = 2)) or (c = 3)"),
    ("filter a + 2 * 3 ^ 2 > 4 - -1", "filter ((a + (2 * (3 ^ 2))) > (4 - (-1)))"),
    ("filter a not in [1, 'b', -2]", 'filter (a not in [1,"b",-2])'),
    ("filter a =~ /x\\/y/", "filter a like /x\\/y/"),
    ("# first\nfields a # second | limit 1\n| limit 2", "fields a | limit 2"),
    ("filter a = '#|'", 'filter a = "#|"'),
    ("filter a = 'it\\'s \"so\"'", 'filter a = "it\'s \\"so\\""'),
    ("filter a.b.c = 1", "filter `a.b.c` = 1"),
    ("limit any 5", "limit 5"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_that_mean_the_same(one: str, other: str) -> None:
    """Case, synonyms, comments, quotes and brackets change nothing."""
    assert parse(one) == parse(other)


def test_keywords_may_be_names_where_names_stand() -> None:
    """`end`, `count`, `limit`, `any` and `offset` are fields or aliases where no keyword can stand."""
    query = parse("stats count(*) as count, max(end) as limit by start as fields | sort count desc, limit")
    assert [item.name for item in query.stages[0].items] == ["count", "limit"]
    assert query.stages[1] == s.Sort((s.SortKey("count", True), s.SortKey("limit")))


def test_a_column_is_named_by_its_text() -> None:
    """Without an alias the column's name is the expression exactly as written."""
    query = parse("stats  COUNT( * ),sum(bytes)/1024 by bin( 5m ), `dst port`")
    assert [item.name for item in query.stages[0].items] == ["COUNT( * )", "sum(bytes)/1024"]
    assert [item.name for item in query.stages[0].keys] == ["bin( 5m )", "dst port"]


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [
        ("5m", 5, "m"),
        ("300s", 300, "s"),
        ("2hrs", 2, "h"),
        ("1mo", 1, "mo"),
        ("10msec", 10, "ms"),
        ("3quarters", 3, "q"),
    ],
)
def test_period_spellings(text: str, count: int, unit: str) -> None:
    """Every spelling of a unit, and its plural, is the same period."""
    (item,) = parse(f"stats count(*) by bin({text})").stages[0].keys
    assert item.expr.args == (s.Period(count, unit),)


@pytest.mark.parametrize(
    "text",
    [
        "pattern @message",
        "source logGroups(namePrefix: ['a|b']) | limit 1",
        "fields a | join type=left (limit 1 | limit 2) on a",
    ],
)
def test_the_services_other_commands_pass_through(text: str) -> None:
    """A command that only CloudWatch answers is kept as text, pipes inside brackets and quotes included."""
    foreign = [stage for stage in parse(text).stages if isinstance(stage, s.Foreign)]
    assert len(foreign) == 1
    assert foreign[0].text in text


def test_offset_of_a_bin_is_refused_by_name() -> None:
    """`offset` is the service's and not answered here."""
    with pytest.raises(UnsupportedError, match="`offset` of a bin"):
        parse("stats count(*) by bin(5m) offset 1h")


NAMES = st.sampled_from(["a", "srcPort", "@timestamp", "odd name", "by", "x.y", "count"])
LEAVES = st.one_of(
    st.builds(s.Field, NAMES),
    st.builds(s.Text, st.text(max_size=8)),
    st.integers(0, 10**12).map(lambda n: s.Number(str(n))),
)
WORDS = st.one_of(st.builds(s.Text, st.text(max_size=5)), st.integers(-9, 9).map(lambda n: s.Number(str(n))))


def _deeper(inner: st.SearchStrategy[s.Expr]) -> st.SearchStrategy[s.Expr]:
    operators = st.sampled_from(["or", "and", "=", "!=", "<", ">=", "+", "-", "*", "/", "%", "^"])
    return st.one_of(
        st.builds(s.Binary, operators, inner, inner),
        st.builds(s.Unary, st.sampled_from(["not", "-"]), inner),
        st.builds(s.In, inner, st.lists(WORDS, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(s.Like, inner, st.builds(s.Text, st.text(max_size=5)), st.booleans()),
        st.builds(s.Call, st.sampled_from(["strlen", "If", "concat"]), st.lists(inner, max_size=3).map(tuple)),
    )


@given(st.recursive(LEAVES, _deeper, max_leaves=12))
def test_what_is_printed_parses_to_the_same(expr: s.Expr) -> None:
    """`parse(str(query)) == query` for every expression, whatever its names and texts hold."""
    query = s.Query((s.Filter(expr), s.Limit(3)))
    assert parse(str(query)) == query


@given(st.text(max_size=60))
def test_any_text_parses_or_raises_a_query_error(text: str) -> None:
    """No text brings anything but a query or a QueryError that can be printed."""
    error = _error(text)
    assert error is None or (error.message and error.message in str(error) and 0 <= error.offset <= len(text))


def _error(text: str) -> QueryError | None:
    try:
        parse(text)
    except QueryError as error:
        return error
    return None
