"""The seam's own parts: the watch, the query that lists records, and the errors' tree."""

from __future__ import annotations

import inspect
import re

import pandas as pd
import pytest

from rejectkit import errors
from rejectkit.errors import ArgumentError, QueryCancelledError, QueryError
from rejectkit.findings import Finding
from rejectkit.insights import choices, parse
from rejectkit.records import LogFormat
from rejectkit.sources.base import Watch, records_query, span


def test_a_watch_reports_and_stops() -> None:
    """Progress is handed on between 0 and 1; after cancel every check raises."""
    seen: list[tuple[float, str]] = []
    watch = Watch(lambda fraction, what: seen.append((fraction, what)))
    watch.report(0.5, "reading")
    watch.report(7, "done")
    watch.check()
    assert seen == [(0.5, "reading"), (1.0, "done")]
    watch.cancel()
    assert watch.cancelled
    with pytest.raises(QueryCancelledError, match="nothing was kept"):
        watch.check()


def test_a_watch_interrupts_what_is_running() -> None:
    """Cancel calls what asked to be called, also when it asks too late, and not what has taken that back."""
    watch, calls = Watch(), []
    forget = watch.on_cancel(lambda: calls.append("early"))
    watch.on_cancel(lambda: calls.append("kept"))
    forget()
    watch.cancel()
    watch.on_cancel(lambda: calls.append("late"))
    assert calls == ["kept", "late"]


def test_the_query_that_lists_records() -> None:
    """Whole records, oldest first, never NODATA or SKIPDATA, and it is a query like any other."""
    text = records_query(LogFormat.default().columns)
    assert text.splitlines()[1:] == ['| filter action = "REJECT" and logStatus = "OK"', "| sort @timestamp asc"]
    assert text.startswith("fields @timestamp, version, accountId")
    parse(text)
    assert "filter" not in records_query(("srcAddr",), None)
    assert 'filter action in ["ACCEPT", "REJECT"]' in records_query(("srcAddr", "action"), None)


@pytest.mark.parametrize(
    ("fields", "action", "message"),
    [(("srcAddr",), "REJECT", "have no action field"), (("action",), "DENY", "'REJECT', 'ACCEPT' or None")],
)
def test_records_that_cannot_be_told_apart(fields: tuple[str, ...], action: str, message: str) -> None:
    """Asking for rejects of logs without an action is refused with the mend."""
    with pytest.raises(ArgumentError, match=message):
        records_query(fields, action)


class _Fixed:
    """A source that knows one answer."""

    fields = ("action",)

    def __init__(self, first: object, last: object) -> None:
        self.answer = pd.DataFrame({"first": [first], "last": [last]}, dtype="Int64")

    def run(
        self, query: str, window: object = None, *, all_rows: bool = False, watch: Watch | None = None
    ) -> pd.DataFrame:
        return self.answer


def test_the_span_of_a_source() -> None:
    """The span runs from the first record to just after the last; no record, no span."""
    assert str(span(_Fixed(1_793_491_200_000, 1_793_491_260_000))) == "2026-11-01 00:00:00 to 2026-11-01 00:01:01 UTC"
    assert span(_Fixed(None, None)) is None


def test_a_finding_shows_hostile_text_as_text() -> None:
    """What came from logs is escaped in HTML."""
    html = Finding("<script>", "warning", query='filter a = "<b>"', mend="<i>")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "filter a = &quot;&lt;b&gt;&quot;" in html
    assert "&lt;i&gt;" in html


def test_the_tree_at_the_top_of_errors_is_the_tree() -> None:
    """The drawing names every class once, with the built-in it resembles."""
    classes = {name: cls for name, cls in vars(errors).items() if inspect.isclass(cls) and issubclass(cls, Exception)}
    drawn = re.findall(r"^[├└│─ ]*(Rejectkit\w+|\w+Error|\w+Warning)\s+(?:\((\w+)\))?", errors.__doc__ or "", re.M)
    assert sorted(name for name, _ in drawn) == sorted(classes)
    for name, builtin in drawn:
        assert not builtin or builtin in {base.__name__ for base in classes[name].__mro__}


def test_a_query_error_points_into_its_line() -> None:
    """Line and column are the service's; the caret keeps tabs and never runs past the line."""
    error = QueryError("bad", "a\n\tbcd\ne", 4, 9)
    assert (error.line, error.position) == (2, 2)
    assert error.caret() == "\tbcd\n\t ^^"


def test_every_choice_is_told_once() -> None:
    """The table of open questions has a row for each choice, and each names a module that is there."""
    from importlib.resources import files

    names = [choice.name for choice in choices.CHOICES]
    assert len(set(names)) == len(names)
    assert len(choices.table().splitlines()) == len(names) + 2
    assert all(files("rejectkit.insights").joinpath(choice.where).is_file() for choice in choices.CHOICES)
    assert all(row.replace("\\|", "").count("|") == 4 for row in choices.table().splitlines())
