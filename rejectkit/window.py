"""Window: a half-open span of UTC time, `[start, end)`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rejectkit.errors import ArgumentError, WindowError

_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|d|w)\s*")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of UTC time: `start` is inside, `end` is not.

    Parameters
    ----------
    start, end : datetime
        Aware times; any zone, kept as UTC.

    Raises
    ------
    WindowError
        If a time has no zone, or `end` is not after `start`.

    Examples
    --------
    >>> print(Window.parse("2026-11-01", "2026-11-02 06:30"))
    2026-11-01 00:00 to 2026-11-02 06:30 UTC
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Check both times and bring them to UTC."""
        for name in ("start", "end"):
            value = getattr(self, name)
            if not isinstance(value, datetime):
                raise WindowError(
                    f"the window's {name} is {value!r}, not a datetime; Window.parse takes text: '2026-11-01 08:00'"
                )
            if value.utcoffset() is None:
                raise WindowError(
                    f"the window's {name} {value} has no time zone; give one, for example "
                    "datetime(2026, 11, 1, tzinfo=UTC), or use Window.parse, which reads text as UTC"
                )
            object.__setattr__(self, name, value.astimezone(UTC))
        if self.end <= self.start:
            raise WindowError(
                f"the window ends at {self.end:%Y-%m-%d %H:%M:%S}, which is not after its start "
                f"{self.start:%Y-%m-%d %H:%M:%S}; swap them or move the end"
            )

    @classmethod
    def last(cls, span: str | timedelta, now: datetime | None = None) -> Window:
        """Return the window that ends now and is `span` long.

        Parameters
        ----------
        span : str or timedelta
            A number and a unit: `s`, `m`, `h`, `d` or `w`; for example `"24h"`.
        now : datetime, optional
            The end; the present moment where it is left out.

        Examples
        --------
        >>> print(Window.last("24h", now=datetime(2026, 11, 2, tzinfo=UTC)))
        2026-11-01 00:00 to 2026-11-02 00:00 UTC
        """
        end = datetime.now(UTC) if now is None else now
        try:
            length = span if isinstance(span, timedelta) else timedelta(seconds=duration(span))
            return cls(end - length, end)
        except OverflowError as error:
            raise WindowError(f"a window of {span!r} reaches past the calendar; give a shorter one") from error

    @classmethod
    def parse(cls, start: str, end: str) -> Window:
        """Return the window between two ISO 8601 texts; a text without a zone is UTC.

        Examples
        --------
        >>> Window.parse("2026-11-01", "2026-11-02T00:00+01:00").seconds
        82800.0
        """
        return cls(parse_time(start), parse_time(end))

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()

    @property
    def millis(self) -> tuple[int, int]:
        """Start and end in milliseconds since the epoch."""
        return epoch_millis(self.start), epoch_millis(self.end)

    def __str__(self) -> str:
        """Return the span in words, UTC, to the minute where it falls on minutes."""
        whole = not (self.start.second or self.start.microsecond or self.end.second or self.end.microsecond)
        pattern = "%Y-%m-%d %H:%M" if whole else "%Y-%m-%d %H:%M:%S"
        return f"{self.start:{pattern}} to {self.end:{pattern}} UTC"


def check_window(window: object) -> None:
    """Refuse what is neither a window nor None, with a sentence.

    Raises
    ------
    ArgumentError
        If it is something else, a text for example.
    """
    if window is not None and not isinstance(window, Window):
        raise ArgumentError(f"window is {window!r}; give a Window, for example rk.Window.last('24h')")


def epoch_millis(moment: datetime) -> int:
    """Return an aware time as whole milliseconds since the epoch, rounded up."""
    return -((datetime(1970, 1, 1, tzinfo=UTC) - moment) // timedelta(milliseconds=1))


def parse_time(text: str) -> datetime:
    """Return the UTC time that an ISO 8601 text names; without a zone it is UTC.

    Raises
    ------
    WindowError
        If the text is not such a time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, AttributeError) as error:
        raise WindowError(f"{text!r} is not a time; write it like '2026-11-01' or '2026-11-01 08:30' (UTC)") from error


def duration(text: str) -> float:
    """Return the seconds that a text such as `"90s"`, `"10m"`, `"24h"`, `"7d"` or `"2w"` names.

    Raises
    ------
    WindowError
        If the text is not a number and a unit, or the span is zero.

    Examples
    --------
    >>> duration("24h")
    86400.0
    """
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not seconds:
        raise WindowError(
            f"{text!r} is not a span of time; write a number and a unit, for example '90s', '10m', '24h', '7d'"
        )
    return seconds
