"""What may be written at a place of a query: all that may stand there, and nothing that may not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejectkit.errors import QueryError
from rejectkit.insights import parse
from rejectkit.insights.aggregates import AGGREGATES
from rejectkit.insights.compile import SYSTEM_FIELDS
from rejectkit.insights.completion import COMMANDS, Completion, Completions, complete
from rejectkit.insights.functions import FUNCTIONS
from tests.test_sample_queries import QUERIES

FIELDS = ("srcAddr", "dstAddr", "srcPort", "dstPort", "action", "bytes", "logStatus")
WORDS = ("and", "or", "in", "like", "not")


def texts(query: str, fields: tuple[str, ...] = FIELDS) -> tuple[str, ...]:
    """Return what may be written at the end of a query, where `¦` is if there is one."""
    place = query.find("¦")
    return complete(query.replace("¦", ""), None if place < 0 else place, fields).texts


# The text up to the place, and all that may be written there.
OFFERED: list[tuple[str, tuple[str, ...]]] = [
    ("", COMMANDS),
    ("fields dstPort | ", COMMANDS),
    ("fields dstPort\n|\n  ", COMMANDS),
    ("fi", ("fields", "filter")),
    ("fields dstPort | d", ("display", "dedup")),
    ("filter (a = 1 | s", ("stats", "sort")),  # a bracket that is still open closes with the stage
    ("FI", ("FIELDS", "FILTER")),
    ("Fi", ("fields", "filter")),
    ("fields @", SYSTEM_FIELDS),
    ("fields @t", ("@timestamp",)),
    ("fields DST", ("dstAddr", "dstPort")),
    ("fields dstPort, src", ("srcAddr", "srcPort")),
    ("fields dstPort ", ("as", *WORDS)),
    ("fields dstPort a", ("as", "and")),
    ("fields coalesce(dstPort ", WORDS),
    ("fields coalesce(dstPort, b", ("bytes", "bin")),
    ("display dstPort A", ("as", "and")),
    ("filter n", ("now", "not")),
    ("filter not ac", ("action",)),
    ("filter (not ac", ("action",)),
    ("filter action ", WORDS),
    ("filter action not ", ("in", "like")),
    ("filter action = 'REJECT' ", WORDS),
    ("filter action = 'REJECT' an", ("and",)),
    ("filter action in ['REJECT'] o", ("or",)),
    ("filter action like /^R/ o", ("or",)),
    ("filter bytes / 2 > 1 and d", ("dstAddr", "dstPort", "datefloor", "dateceil")),
    ("filter bytes > -b", ("bytes", "bin")),
    ("where isIp", ("isIpInSubnet", "isIpv4InSubnet", "isIpv6InSubnet")),
    ("stats co", ("count", "count_distinct", "coalesce", "concat")),
    ("stats sum(by", ("bytes",)),
    ("stats sum(bytes) ", ("as", "by")),
    ("stats count(*) ", ("as", "by")),
    ("stats count(* ", WORDS),
    ("stats count(*) as flows ", ("by",)),
    ("stats count(*) as flows, flo", ("flows", "floor")),
    ("stats count(*) by dst", ("dstAddr", "dstPort")),
    ("stats count(*) by dstPort ", ("as",)),
    ("stats count(*) by datefloor(@t", ("@timestamp",)),
    ("stats count(*) by bin(5m) ", ("as",)),
    ("sort dst", ("dstAddr", "dstPort")),
    ("sort by dst", ("dstAddr", "dstPort")),
    ("sort dstPort ", ("asc", "desc")),
    ("sort dstPort desc, dst", ("dstAddr", "dstPort")),
    ("sort dstPort D", ("desc",)),
    ("dedup src", ("srcAddr", "srcPort")),
    ("parse @m", ("@message",)),
    ("parse @message '* *' ", ("as",)),
    ("pattern @m", ("@message",)),
    # what stands behind the place is not looked at
    ("fields dst¦Port | stats count(*)", ("dstAddr", "dstPort")),
    ("fi¦ | stats", ("fields", "filter")),
    # names that the query made
    ("fields bytes / 2 as half, dstPort as port | sort ", ("half", "port", *FIELDS, *SYSTEM_FIELDS, "by")),
    ("fields bytes / 2 as dstHalf | filter dstH", ("dstHalf",)),
    ("parse @message '* *' as one, `two words` | display o", ("one",)),
    ("parse @message '* *' as one, `two words` | display tw", ("`two words`",)),
    (r"parse @message /port (?<aPort>\d+) \/ (?P<other>.)/ | display aP", ("aPort",)),
    (
        "stats count(*) as flows, sum(bytes) by dstPort, bin(5m) | sort ",
        ("dstPort", "`bin(5m)`", "flows", "`sum(bytes)`", "by"),
    ),
    ("stats count(*) as flows by dstPort as port | stats max(", ("port", "flows")),
    ("stats count(*) as a by dstPort | stats sum(a) as b | sort ", ("b", "by")),
    ("stats count(*) as flows by | sort ", ("flows", "by")),  # as far as it can be told in a stage that is not finished
    ("filter a == | display dst", ("dstAddr", "dstPort")),
    # neither a slash that divides nor a quote or bar inside a text changes what comes after it
    ("filter bytes / 2 > 3 | so", ("sort",)),
    ("filter action = 'a|b' | so", ("sort",)),
    ("filter action like /a|b'/ | so", ("sort",)),
    ("fields dstPort # it's | a comment\n| so", ("sort",)),
    ("unnest x into (a | b) | so", ("sort",)),
    # backticks, where the name or the user wants them
    ("fields `dst", ("`dstAddr`", "`dstPort`")),
    ("fields @`mes", ("@`message`",)),
    ("fields b as `a name` | sort a", ("`a name`", "action")),
    ("fields b as `in` | sort i", ("`in`",)),
]


@pytest.mark.parametrize(("query", "expected"), OFFERED)
def test_what_may_stand_at_a_place(query: str, expected: tuple[str, ...]) -> None:
    """All that may stand there is offered, in an order, and nothing else; functions follow where nothing is typed."""
    found = texts(query)
    if query.endswith("max("):
        found = found[: len(expected)]
    assert found == expected


@pytest.mark.parametrize(
    "query",
    [
        "filter action = 'REJ",
        'filter action = "a \\" d',
        "filter action = 'REJ\\",
        "filter action like /dst",
        "filter action =~ /dst\\/d",
        "filter action like /dst\\",
        "parse @message /(?<p>d",
        "parse @message '* d",
        "fields dstPort # d",
        "# d",
        "limit ",
        "limit 1",
        "fields bytes / 1",
        "fields dstPort as d",
        "fields dstPort as ",
        "fields dstPort as port ",
        "stats count(*) as d",
        "stats count(*) by dstPort as port ",
        "stats count(*) by bin(",
        "stats count(*) by bin(5m",
        "stats count(*) by datefloor(@timestamp, ",
        "filter action in [",
        "filter action in ['a', d",
        "filter action like ",
        "filter action in ",
        "parse @message ",
        "parse @message '* *' as a, d",
        "sort dstPort desc ",
        "dedup dstPort ",
        "join (d",
        "join (fields a | s",
        "stats count(*) as flows by dstPort | sort srcA",
        "fields `fields`",
    ],
)
def test_nothing_is_offered_where_nothing_known_may_stand(query: str) -> None:
    """Texts, patterns, comments, numbers, periods and new names are the user's own."""
    assert texts(query) == ()


def test_a_part_is_replaced_as_a_whole() -> None:
    """The start says which characters go: the part before the place, with its @ and backtick."""
    assert complete("fields @ti") == Completions(7, (Completion("@timestamp", "field"),))
    assert complete("fields @`ti").start == 7
    assert complete("fields dst", fields=FIELDS).start == 7
    assert complete("fields dst|").start == 11
    assert complete("filter action = 'a").start == 18


def test_each_way_to_go_on_says_what_it_is() -> None:
    """A field of the source, a name the query made, a function, a keyword and a command are told apart."""
    kinds = {item.text: item.kind for item in complete("fields 1 as a | filter ", fields=FIELDS).items}
    assert (kinds["a"], kinds["dstPort"], kinds["strlen"], kinds["not"]) == ("name", "field", "function", "keyword")
    assert {item.kind for item in complete("").items} == {"command"}


def test_every_function_can_be_had() -> None:
    """A function is offered in filter; an aggregate in stats only."""
    assert {row.name for row in FUNCTIONS.values()} <= set(texts("filter "))
    assert {row.name for row in AGGREGATES.values()} <= set(texts("stats "))
    assert {"sum", "avg"} & set(texts("filter ")) == set()


def test_a_name_that_was_made_stands_before_the_fields_and_once() -> None:
    """What the user has just named is what comes next most often; a field made anew is not there twice."""
    assert texts("fields bytes as srcBytes, 1 as action | sort ")[:2] == ("srcBytes", "action")
    assert texts("fields 1 as action | sort ").count("action") == 1


WORD = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|/(?:\\.|[^/\\\n])+/|#[^\n]*|(?P<word>@?[a-zA-Z]\w*)""")


@pytest.mark.parametrize("name", QUERIES)
def test_each_word_of_a_query_in_use_is_offered_where_it_stands(name: str) -> None:
    """Typing a query that AWS documents, every command, function, field and keyword of it is offered from its first letter."""
    query, missing = QUERIES[name], []
    lists = re.findall(r"(?i)\bas\s+(\w+(?:\s*,\s*\w+)*)", query)
    made = {made for names in lists for made in re.split(r"\s*,\s*", names)}
    known = {word.lower() for word in (*COMMANDS, *FUNCTIONS, *AGGREGATES, *WORDS, *FIELDS, "by", "as", "asc", "desc")}
    for match in WORD.finditer(query):
        word = match["word"]
        if not word or word.lower() not in known or word in made:
            continue
        offered = complete(query, match.start() + 1, FIELDS).texts
        if word.lower() not in {text.lower() for text in offered}:
            missing.append((word, query[: match.end()]))
    assert missing == []


PIECES = st.lists(
    st.sampled_from(
        [
            *COMMANDS,
            *WORDS,
            *[
                "by",
                "as",
                "asc",
                "desc",
                "dstPort",
                "@timestamp",
                "`a-b`",
                "count(*)",
                "bin(5m)",
                "5m",
                "1.5",
                "=~",
                "'x'",
                "/x/",
            ],
        ]
    )
    | st.sampled_from("()[],|=/'\"#\n`@-é\\* "),
    max_size=12,
)


@given(PIECES, st.booleans())
def test_any_text_can_be_completed(pieces: list[str], tight: bool) -> None:
    """Whatever is typed, completion answers, and what it offers begins as the part does."""
    query = ("" if tight else " ").join(pieces)
    found = complete(query, fields=FIELDS)
    assert 0 <= found.start <= len(query)
    part = query[found.start :].replace("`", "").lower()
    assert all(text.replace("`", "").lower().startswith(part) for text in found.texts)
    assert len(set(found.texts)) == len(found.texts)


@given(PIECES)
def test_a_command_that_is_offered_is_one(pieces: list[str]) -> None:
    """Where a command is offered after a finished query and a bar, the language takes one there."""
    query = " ".join(pieces)
    try:
        parse(query)
    except (QueryError, NotImplementedError):
        return
    assert texts(f"{query}\n| ") == COMMANDS
    parse(f"{query}\n| fields dstPort")
