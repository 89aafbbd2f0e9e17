"""pattern_test: real lines judged by two engines, and what was not done said in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import rejectkit as rk
from rejectkit.errors import ArgumentError, CredentialsError
from rejectkit.monitoring import PRIVATE, Choices, Monitor, pattern_test
from rejectkit.monitoring.patterns.trying import BATCH, MOST_OTHERS, MOST_REJECTS, PatternTest
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from tests.deploying import budget, calls
from tests.on_sandbox import fill

GROUP = "/vpc/flow-logs"
MONITOR = Monitor(log_group=GROUP)
FIELDS = LogFormat.default().fields
HOSTILE = "<b>x</b>\x1b[2J"


def line(action: str, number: int = 1, source: str = "198.51.100.7") -> str:
    """Return a line of the default format; the number makes it another one."""
    return f"2 123456789012 eni-1 {source} 10.0.0.5 {number} 22 6 1 40 1795422240 1795422270 {action} OK"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An empty account without rates."""
    with start(scenario=None, limits=Limits(rates={})) as made:
        yield made


def given(sandbox: Sandbox, *lines: str, back: float = 600) -> Monitor:
    """Put lines into a new log group, that many seconds ago; return a monitor of it."""
    at = int((sandbox.clock.seconds - back) * 1000)
    return MONITOR.changed(log_group=fill(sandbox, [at + place for place in range(len(lines))], lines, FIELDS))


def tried(monitor: Monitor, session: Any, **more: Any) -> PatternTest:
    """Return a test that waits for no quota."""
    return pattern_test(monitor, session, budget=budget(), **more)


def test_lines_are_judged_without_an_account() -> None:
    """Our own engine judges lines that are given, and that the service was not asked is said."""
    test = pattern_test(MONITOR, lines=[line("REJECT"), line("ACCEPT"), line("REJECT"), " "])
    assert test.lines == (line("REJECT"), line("ACCEPT"))  # each once
    assert (test.matched, test.unmatched) == ((line("REJECT"),), (line("ACCEPT"),))
    assert test.service is None
    assert test.summary == "1 of 2 lines matches, by rejectkit's own engine."
    assert test.notes == ("There is no account at hand, so TestMetricFilter was not asked.",)
    assert test.warnings == ()


def test_without_lines_and_account_there_is_nothing_to_test() -> None:
    """One of the two is needed."""
    with pytest.raises(
        ArgumentError, match=r"^there is nothing to test; give a session, or lines=\[…\] of a flow log$"
    ):
        pattern_test(MONITOR)


def test_recent_lines_are_judged_by_both_engines(sandbox: Sandbox) -> None:
    """Lines of the log group, those with REJECT among them, are judged by the service in batches."""
    monitor = given(sandbox, *(line("REJECT", n) for n in range(70)), *(line("ACCEPT", n) for n in range(60)))
    tests: list[PatternTest] = []
    asked = calls(sandbox, lambda: tests.append(tried(monitor, sandbox.session)))
    (test,) = tests
    assert asked.count("logs.TestMetricFilter") == -(-len(test.lines) // BATCH) == 2
    assert len(test.matched) == 70
    assert test.said == test.ours == test.service
    assert test.summary == "70 of 70 lines match, by TestMetricFilter and by rejectkit's own engine alike."


def test_few_rejects_are_found_among_many_lines(sandbox: Sandbox) -> None:
    """A refused flow is looked for by itself, however much is accepted before it."""
    monitor = given(sandbox, *(line("ACCEPT", n) for n in range(300)), line("REJECT"))
    test = tried(monitor, sandbox.session)
    assert test.matched == (line("REJECT"),)
    assert len(test.unmatched) == MOST_OTHERS


def test_so_many_lines_are_read_and_no_more(sandbox: Sandbox) -> None:
    """Of a log group with many rejects a bounded number is read."""
    test = tried(given(sandbox, *(line("REJECT", n) for n in range(400))), sandbox.session)
    assert len(test.lines) == MOST_REJECTS


def test_older_lines_serve_where_there_are_no_newer(sandbox: Sandbox) -> None:
    """Where the last half hour has no refused flow, two hours are looked through."""
    assert tried(given(sandbox, line("REJECT"), back=5000), sandbox.session).matched == (line("REJECT"),)
    old = tried(given(sandbox, line("REJECT"), back=9000), sandbox.session)
    assert old.lines == ()
    assert old.summary == "No line was tested."
    assert old.notes[0].startswith("There is nothing in /test/")
    assert old.notes[0].endswith(" in the last 2 hours.")
    calm = given(sandbox, line("ACCEPT"))
    assert tried(calm, sandbox.session).notes == (
        f"There is no line with REJECT in {calm.log_group} in the last 2 hours.",
    )


def test_a_log_group_that_is_not_there_is_a_note(sandbox: Sandbox) -> None:
    """A pattern can be tested before the log group is made, with lines of one's own."""
    missing = Monitor(log_group="/no/such")
    notes = ("The log group /no/such does not exist, so there are no lines to test with.",)
    assert tried(missing, sandbox.session).notes == notes
    assert tried(missing, sandbox.session, lines=[line("REJECT")]).service == (True,)


def test_a_log_group_whose_class_has_no_filters_is_a_note(sandbox: Sandbox) -> None:
    """What the service refuses to read is told in its words."""
    logs = sandbox.session.client("logs")
    logs.create_log_group(logGroupName="/rare", logGroupClass="INFREQUENT_ACCESS")
    (note,) = tried(Monitor(log_group="/rare"), sandbox.session).notes
    assert note.startswith("The lines of /rare cannot be read: ")


def test_what_is_not_permitted_is_a_note_that_names_the_action(sandbox: Sandbox) -> None:
    """Without FilterLogEvents there are no lines; without TestMetricFilter our engine judges alone."""
    monitor = given(sandbox, line("REJECT"))
    nothing = sandbox.session_for({"Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]})
    test = tried(monitor, nothing)
    assert test.lines == ()
    assert test.notes == ("logs:FilterLogEvents is not permitted, so no line was read; give lines=[…] to test others.",)
    reads = sandbox.session_for({"Statement": [{"Effect": "Allow", "Action": "logs:Filter*", "Resource": "*"}]})
    test = tried(monitor, reads)
    assert test.matched == (line("REJECT"),)
    assert test.service is None
    assert test.notes == ("logs:TestMetricFilter is not permitted, so rejectkit's own engine judged alone.",)


def test_a_pattern_that_the_service_refuses_is_a_warning(sandbox: Sandbox) -> None:
    """Our engine takes it, the service does not: that is a difference, and never hidden."""
    monitor = given(sandbox, line("REJECT"))
    sandbox.faults.add(Fault("TestMetricFilter", code="InvalidParameterException", message="Invalid filter pattern"))
    test = tried(monitor, sandbox.session)
    assert test.service is None
    (warning,) = test.warnings
    assert warning.startswith("TestMetricFilter refuses what rejectkit's own engine takes: ")
    assert "Invalid filter pattern" in warning
    assert warning in str(test)


def test_expired_credentials_are_an_error(sandbox: Sandbox) -> None:
    """What keeps every call from being answered is raised."""
    sandbox.faults.add(Fault("FilterLogEvents", code="ExpiredTokenException"))
    with pytest.raises(CredentialsError):
        tried(given(sandbox, line("REJECT")), sandbox.session)


def made(lines: tuple[str, ...], ours: tuple[bool, ...], service: tuple[bool, ...] | None) -> PatternTest:
    """Return the outcome of a test."""
    return PatternTest(MONITOR.pattern, LogFormat.default(), lines, ours, service)


def test_a_difference_of_the_engines_is_a_warning_and_its_lines_come_first() -> None:
    """The service is believed, and the lines in dispute are shown before all others."""
    test = made((line("REJECT"), line("REJECT", 2)), (True, True), (True, False))
    assert test.differing == (line("REJECT", 2),)
    assert test.matched == (line("REJECT"),)
    assert test.warnings == (
        "TestMetricFilter and rejectkit's own engine disagree on 1 line; the metric counts as TestMetricFilter does.",
    )
    assert test.summary == "1 of 2 lines matches, by TestMetricFilter."
    told = str(test).splitlines()
    assert told[2:4] == ["The two engines differ on, 1 of 1:", f"  {line('REJECT', 2)}"]
    assert "&#9650; warning" in test._repr_html_()


def test_lines_of_another_format_are_a_warning() -> None:
    """Another number of fields than the format's is told, and that no line with REJECT matches."""
    other = "6 vpc-1 subnet-1 i-1 " + line("REJECT")
    assert made((other,), (False,), None).warnings == (
        "1 line has another number of fields than the 14 of the log format: is it the format of the flow log?",
        "1 line with REJECT, and the pattern matches none of them.",
    )
    assert made((other, other[1:]), (True, True), None).warnings == (
        "2 lines have another number of fields than the 14 of the log format: is it the format of the flow log?",
    )


def test_text_of_a_line_is_escaped() -> None:
    """Nothing in a line becomes markup in a notebook, or moves the cursor of a terminal."""
    test = pattern_test(MONITOR, lines=[line("REJECT", source=HOSTILE)])
    assert "<b>" not in test._repr_html_()
    assert "&lt;b&gt;x&lt;/b&gt;\\x1b[2J" in test._repr_html_()
    assert "\x1b" not in str(test)


def test_lines_left_out_on_purpose_are_shown_by_themselves() -> None:
    """A narrowed pattern shows which refused flows it leaves out."""
    monitor = MONITOR.changed(choices=Choices(inside=PRIVATE))
    test = pattern_test(monitor, lines=[line("REJECT"), line("REJECT", source="10.0.0.9"), line("ACCEPT")])
    assert test.missed == (line("REJECT"),)
    assert test.warnings == ()
    assert [text for text in str(test).splitlines() if text.endswith(":")] == [
        "Matched, 1 of 1:",
        "Not matched, though REJECT is in it, 1 of 1:",
        "Not matched, 1 of 1:",
    ]


ROLE = "arn:aws:iam::123456789012:role/queries"


@pytest.mark.parametrize(
    ("members", "note"),
    [
        ({}, "A log alarm asks by its query; the pattern says the same and stands for it in this test."),
        (
            {"query": "fields @message"},
            "A log alarm asks by its query, which is your own here: this test is of the pattern, not of the query.",
        ),
        (
            {"choices": Choices(inside=("2001:db8::/32",))},
            "A log alarm asks by its query; no pattern can say what was chosen, so this test is of all rejects.",
        ),
    ],
)
def test_of_a_log_alarm_the_pattern_stands_for_the_query(members: dict[str, Any], note: str) -> None:
    """A log alarm uses no pattern, and how far the test tells of its query is said."""
    monitor = MONITOR.changed(design="log-alarm", query_role=ROLE, **members)
    assert pattern_test(monitor, lines=[line("REJECT")]).notes[0] == note


def test_calls_are_paced_by_the_budget(sandbox: Sandbox) -> None:
    """Each call is counted in the budget that is given, as its service and operation."""
    taken: list[str] = []

    class Counted(Budget):
        def take(self, operation: str, region: str, check: Any = None) -> None:
            taken.append(operation)

    monitor = given(sandbox, line("REJECT"))
    pattern_test(monitor, sandbox.session, budget=Counted())
    assert set(taken) >= {"logs.FilterLogEvents", "logs.TestMetricFilter"}


def test_it_is_found_on_first_use() -> None:
    """The name is public, and is this one."""
    assert rk.monitoring.pattern_test is pattern_test
