"""TimingForm: which alert over which window, at which delivery delay, which settings to try, and whom to probe."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import ipywidgets as w

from rejectkit.errors import ArgumentError, WindowError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.records import LogFormat
from rejectkit.widgets.pieces import Quiet, field, grid
from rejectkit.widgets.timingwork import DELAYS, MEASURED, Grid, Trial
from rejectkit.window import Window

WHOLE, BETWEEN = "All the source has", "Between two times"
LAST: Final = {
    "Last hour": timedelta(hours=1),
    "Last 6 hours": timedelta(hours=6),
    "Last 24 hours": timedelta(hours=24),
    "Last 7 days": timedelta(days=7),
}
_NUMBER = re.compile(r"[0-9]{1,9}")
_SPAN = re.compile(r"\s*(.+?)\s+(?:to|–|until)\s+(.+?)\s*")


class TimingForm(Quiet):
    """The choices, one widget each; every one has a label and can be used from the keyboard.

    Attributes
    ----------
    log_group, alarm : Combobox, Text
        Of the monitor.
    quick, start, end, anew : Dropdown, Text, Text, Button
        The window: a quick choice, or two UTC times; and to look at the clock again.
    delivery : Dropdown
        How late records are taken to come.
    periods, evaluation_periods, datapoints, thresholds, inside : Text, Checkbox
        The settings to try.
    incidents, most_pages : Text, FloatText
        What should have been told, and how many pages a day one can bear.
    address, port, confirm : Text, Text, Checkbox
        Whom to probe.
    where, what, trial, target : Box
        The widgets by subject, for display.
    """

    def __init__(self, on_change: Callable[[], None], *, whole: bool) -> None:
        """Make the widgets.

        Parameters
        ----------
        on_change : callable
            Called when the user, or code, has changed a value.
        whole : bool
            Whether the window is at first all that the source has; else the last six hours.
        """
        super().__init__(on_change)
        self._window: Window | None = None
        self._formats: Mapping[str, tuple[LogFormat, ...]] = {}
        self.log_group = w.Combobox(description="Log group", placeholder="of the flow log", continuous_update=False)
        self.alarm = field("Alarm")
        first = WHOLE if whole else "Last 6 hours"
        self.quick = w.Dropdown(options=[*LAST, WHOLE, BETWEEN], value=first, description="Window")
        self.start = field("Start (UTC)", "2026-11-01 00:00")
        self.end = field("End (UTC)", "2026-11-02 00:00")
        self.anew = w.Button(description="Up to now", tooltip="Look at the clock again: the window ends now")
        self.delivery = w.Dropdown(options=list(DELAYS), value=MEASURED, description="Delivery")
        self.periods = field("Periods (s)", value="60, 300, 900")
        self.evaluation_periods = field("N: datapoints judged", value="1, 3, 6")
        self.datapoints = field("M: of them above", value="1, 2")
        self.thresholds = field("Thresholds", value="0, 5, 20")
        self.inside = w.Checkbox(value=True, description="Each for inside sources only, too", indent=False)
        self.most_pages = w.BoundedFloatText(value=10.0, min=0, max=1e6, description="Pages a day at most")
        self.incidents = field(
            "Incidents it should tell of (UTC)", "none known; 2026-11-01 08:00 to 2026-11-01 09:30; …"
        )
        self.address = field("Address of yours", "10.0.3.7")
        self.port = field("TCP port", "5432")
        self.confirm = w.Checkbox(description="It is mine; try it once", indent=False)
        self.incidents.add_class("rejectkit-wide")
        self.where = grid(self.log_group, self.alarm, self.quick, self.start, self.end, self.anew)
        self.what = grid(self.delivery)
        trial = (self.periods, self.evaluation_periods, self.datapoints, self.thresholds)
        self.trial = grid(*trial, self.most_pages, self.inside, self.incidents)
        self.target = grid(self.address, self.port, self.confirm)
        self.log_group.observe(self._group_changed, "value")
        self.quick.observe(self._quick_changed, "value")
        for each in (self.start, self.end):
            each.observe(self._time_changed, "value")
        for each in (self.address, self.port):
            each.observe(self._target_changed, "value")
        others = (self.alarm, self.delivery, *trial, self.inside, self.most_pages, self.incidents, self.confirm)
        for each in others:
            each.observe(self._changed, "value")
        self.anew.on_click(self._anew)

    # the alert

    def show(self, monitor: Monitor | None) -> None:
        """Show which monitor it is."""
        with self._silence():
            self.log_group.value = monitor.log_group if monitor else ""
            self.alarm.value = monitor.alarm_name if monitor else ""

    def read(self, base: Monitor | None) -> Monitor:
        """Return the monitor: the one given, with the log group and the alarm's name of the form.

        Raises
        ------
        RejectkitError
            If no log group is chosen, or a name is none that AWS takes.
        """
        group, alarm = self.log_group.value.strip(), self.alarm.value.strip()
        if not group:
            raise ArgumentError("no log group is chosen; choose the one that the flow log delivers to")
        formats = self._formats.get(group, ())
        changes: dict[str, Any] = {"alarm_name": alarm} if alarm else {}
        if base is None or base.log_group != group:
            changes |= {"log_group": group} | ({"log_format": formats[0]} if len(formats) == 1 else {})
        base = base or Monitor(log_group=group)
        return base if all(getattr(base, name) == value for name, value in changes.items()) else base.changed(**changes)

    def offer(self, groups: Mapping[str, tuple[LogFormat, ...]]) -> None:
        """Offer log groups; where one only is of a flow log, it is chosen if there is none yet."""
        with self._silence():
            self._formats = groups
            self.log_group.options = list(groups)
            delivered = [name for name, formats in groups.items() if formats] or list(groups)
            if not self.log_group.value and len(delivered) == 1:
                self.log_group.value = delivered[0]
        self._on_change()

    # the window

    @property
    def window(self) -> Window | None:
        """The window, once it is known when it ends.

        Raises
        ------
        WindowError
            If a text is no time, or the times are the wrong way round.
        """
        if self.quick.value != BETWEEN:
            return self._window
        if not (self.start.value.strip() and self.end.value.strip()):
            raise WindowError(
                "a window needs both a start and an end, for example 2026-11-01 00:00 and 2026-11-01 06:00"
            )
        return Window.parse(self.start.value, self.end.value)

    @property
    def length(self) -> timedelta | None:
        """How long a window that ends now is; None for all that the source has."""
        return LAST.get(self.quick.value)

    def ends(self, now: float) -> Window:
        """Return the window of the quick choice that ends now, to the second, and show it."""
        end = datetime.fromtimestamp(int(now), UTC)
        return self.spans(Window(end - (self.length or timedelta(hours=1)), end))

    def spans(self, window: Window) -> Window:
        """Show from when to when the quick choice is, and keep it until another is made."""
        with self._silence():
            self._window = window
            self._show_times(window)
        self._on_change()
        return window

    def choose(self, window: Window) -> None:
        """Show a window between two times."""
        with self._silence():
            self.quick.value = BETWEEN
            self._show_times(window)
        self._on_change()

    def _show_times(self, window: Window) -> None:
        self.start.value, self.end.value = (
            f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00") for moment in (window.start, window.end)
        )

    # the settings to try, and the target

    def settings(self) -> Trial:
        """Return the settings to try, and by what they are judged.

        Raises
        ------
        RejectkitError
            If a value is no number, or an incident no pair of times.
        """
        grid = Grid(
            _whole(self.periods),
            _whole(self.evaluation_periods),
            _whole(self.datapoints),
            _numbers(self.thresholds),
            bool(self.inside.value),
        )
        return Trial(grid, str(self.delivery.value), tuple(self._incidents()), float(self.most_pages.value))

    def _incidents(self) -> list[Window]:
        found = []
        for part in filter(None, (part.strip() for part in self.incidents.value.split(";"))):
            times = _SPAN.fullmatch(part)
            if times is None:
                raise ArgumentError(
                    f"the incident is {part!r}; give two UTC times, 2026-11-01 08:00 to 2026-11-01 09:30, and a "
                    "semicolon between two incidents"
                )
            found.append(Window.parse(*times.groups()))
        return found

    def whom(self) -> tuple[str, int]:
        """Return address and port to probe.

        Raises
        ------
        ArgumentError
            If one is missing, the port is no number, or it was not confirmed.
        """
        address, port = self.address.value.strip(), self.port.value.strip()
        if not address or not port:
            raise ArgumentError("no target is named; give an address and a port of yours: nothing else is ever tried")
        if not _NUMBER.fullmatch(port):
            raise ArgumentError(f"the port is {port!r}; it is a whole number from 1 to 65535")
        if not self.confirm.value:
            raise ArgumentError("the target is not confirmed; tick that it is yours and may be tried")
        return address, int(port)

    # what moves it

    def _passed_on(self) -> None:
        with self._lock:
            quiet = self._quiet
        if not quiet:
            self._on_change()

    def _changed(self, _: object) -> None:
        self._passed_on()

    def _group_changed(self, _: object) -> None:
        self._passed_on()

    def _quick_changed(self, _: object) -> None:
        with self._lock:
            if self._quiet:
                return
            self._window = None
            if self.quick.value != BETWEEN:
                with self._silence():
                    self.start.value = self.end.value = ""
        self._on_change()

    def _anew(self, _: object) -> None:
        with self._lock:
            self._window = None
            with self._silence():
                if self.quick.value == BETWEEN:
                    self.quick.value = "Last 6 hours"
                self.start.value = self.end.value = ""
        self._on_change()

    def _time_changed(self, _: object) -> None:
        with self._lock:
            if self._quiet:
                return
            with self._silence():
                self.quick.value = BETWEEN
        self._on_change()

    def _target_changed(self, _: object) -> None:
        with self._lock, self._silence():
            self.confirm.value = False  # another target is confirmed anew
        self._on_change()


def _words(box: Any) -> list[str]:
    found = box.value.replace(",", " ").split()
    if not found:
        raise ArgumentError(f"{box.description} is empty; give a number, or several")
    return list(dict.fromkeys(found))


def _whole(box: Any) -> tuple[int, ...]:
    for word in _words(box):
        if not _NUMBER.fullmatch(word):
            raise ArgumentError(f"{box.description} has {word!r}; give whole numbers, for example {box.value!r}")
    return tuple(map(int, _words(box)))


def _numbers(box: Any) -> tuple[float, ...]:
    try:
        return tuple(map(float, _words(box)))
    except ValueError:
        raise ArgumentError(f"{box.description} is {box.value!r}; give numbers, for example '0, 5'") from None
