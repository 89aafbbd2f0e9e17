"""TimingForm: which alert over which window, at which delivery delay, which settings to try, and whom to probe."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as w

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.records import LogFormat
from rejectkit.widgets.loggroup import chosen_group, first_group, group_box
from rejectkit.widgets.pieces import Quiet, field, grid
from rejectkit.widgets.timingwork import DELAYS, MEASURED, Grid, Trial
from rejectkit.widgets.windowform import WindowForm
from rejectkit.window import Window

_NUMBER = re.compile(r"[0-9]{1,9}")
_SPAN = re.compile(r"\s*(.+?)\s+(?:to|–|until)\s+(.+?)\s*")


class TimingForm(Quiet):
    """The choices, one widget each; every one has a label and can be used from the keyboard.

    Attributes
    ----------
    log_group, alarm : Combobox, Text
        Of the monitor.
    time : WindowForm
        The window.
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
        self._formats: Mapping[str, tuple[LogFormat, ...]] = {}
        self.log_group = group_box()
        self.alarm = field("Alarm")
        self.time = WindowForm(on_change, whole=whole)
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
        self.where = grid(self.log_group, self.alarm, *self.time.boxes)
        self.what = grid(self.delivery)
        trial = (self.periods, self.evaluation_periods, self.datapoints, self.thresholds)
        self.trial = grid(*trial, self.most_pages, self.inside, self.incidents)
        self.target = grid(self.address, self.port, self.confirm)
        for each in (self.address, self.port):
            each.observe(self._target_changed, "value")
        others = (
            self.log_group,
            self.alarm,
            self.delivery,
            *trial,
            self.inside,
            self.most_pages,
            self.incidents,
            self.confirm,
        )
        for each in others:
            each.observe(self._changed, "value")

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
        group, alarm = chosen_group(self.log_group), self.alarm.value.strip()
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
            if not self.log_group.value:
                self.log_group.value = first_group(groups)
        self._on_change()

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
