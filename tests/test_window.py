"""Windows: half-open, UTC, and clear about what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from rejectkit.errors import ArgumentError, WindowError
from rejectkit.window import Window, check_window, duration, parse_time

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_times_are_kept_in_utc() -> None:
    """A time of another zone is the same moment in UTC."""
    berlin = timezone(timedelta(hours=1))
    window = Window(datetime(2026, 11, 1, 1, tzinfo=berlin), NOON)
    assert window == Window(datetime(2026, 11, 1, tzinfo=UTC), NOON)
    assert window.start.tzinfo is UTC
    assert window.seconds == 12 * 3600


def test_millis_round_up_so_that_half_open_stays_half_open() -> None:
    """An edge between two milliseconds belongs to the later one."""
    window = Window(NOON, NOON + timedelta(microseconds=1500))
    assert window.millis == (1793534400000, 1793534400002)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("24h", 86400), ("7d", 604800), ("2w", 1209600), (" 1.5h ", 5400)]
)
def test_spans_in_words(text: str, seconds: float) -> None:
    """A span is a number and a unit."""
    assert duration(text) == seconds
    assert Window.last(text, now=NOON) == Window(NOON - timedelta(seconds=seconds), NOON)


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "0m", "1 month", "5M", None, 5])
def test_other_spans_are_refused(text: object) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(WindowError, match="'24h'"):
        duration(text)  # type: ignore[arg-type]  # the wrong types are the point


def test_text_without_a_zone_is_utc() -> None:
    """ISO texts are read; a missing zone is UTC."""
    assert parse_time("2026-11-01") == datetime(2026, 11, 1, tzinfo=UTC)
    assert parse_time("2026-11-01 13:00+01:00") == NOON
    assert str(Window.parse("2026-11-01", "2026-11-01 00:00:05")) == "2026-11-01 00:00:00 to 2026-11-01 00:00:05 UTC"


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (NOON, NOON, "not after its start"),
        (NOON, NOON - timedelta(1), "not after its start"),
        (NOON.replace(tzinfo=None), NOON, "has no time zone"),
        ("2026-11-01", NOON, "not a datetime"),
    ],
)
def test_bad_windows_are_refused(start: object, end: object, message: str) -> None:
    """Naive, empty and backward windows are refused with the mend."""
    with pytest.raises(WindowError, match=message):
        Window(start, end)  # type: ignore[arg-type]  # the wrong types are the point


def test_a_text_that_is_no_time_is_refused() -> None:
    """The error shows the text and how to write it."""
    with pytest.raises(WindowError, match="'yesterday' is not a time; write it like '2026-11-01'"):
        Window.parse("yesterday", "2026-11-01")


def test_a_span_past_the_calendar_is_refused() -> None:
    """A span longer than the calendar is an error of ours, not Python's."""
    with pytest.raises(WindowError, match="past the calendar"):
        Window.last("9999999w", now=NOON)


def test_what_is_no_window_is_told_from_one() -> None:
    """A window and none at all pass; a text is refused with what to give."""
    check_window(Window(NOON, NOON + timedelta(hours=1)))
    check_window(None)
    with pytest.raises(ArgumentError, match=r"window is '24h'; give a Window, for example rk\.Window\.last\('24h'\)"):
        check_window("24h")
