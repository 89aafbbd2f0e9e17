"""Controls: the explorer's choices as widgets, read into a Selection and filled from a Holding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import ipywidgets as w

from rejectkit.exploring.services import protocol_name, service_name
from rejectkit.widgets.holding import Holding, choices
from rejectkit.widgets.pieces import Quiet
from rejectkit.widgets.selection import ROW_CHOICES, Selection, parse_port
from rejectkit.widgets.windowform import between, show
from rejectkit.window import Window

WHOLE, OWN = "Whole span", "Between two times"
LAST = {f"Last {name} of the data": timedelta(hours=n) for name, n in (("hour", 1), ("6 hours", 6), ("24 hours", 24))}
ANY = "any"


class Controls(Quiet):
    """The choices, one widget each; every one has a label and can be used from the keyboard.

    Attributes
    ----------
    quick, start, end : Dropdown, Text, Text
        The window: a quick choice, or two UTC times.
    interface, direction, port, source, kind, protocol, rows : widget
        The other choices of a `Selection`; empty or "any" is any.
    reset : Button
        Takes all choices back.
    box : Box
        All of them, for display.
    """

    def __init__(self, on_change: Callable[[], None], whole: Window | None = None) -> None:
        """Make the widgets.

        Parameters
        ----------
        on_change : callable
            Called when the user, or code, has changed the selection.
        whole : Window, optional
            What "Whole span" is; all that the source has where it is left out.
        """
        super().__init__(on_change)
        self._whole = whole
        self._last: dict[str, Window] = {}
        self.quick = w.Dropdown(options=[WHOLE, *LAST, OWN], description="Window")
        self.start = w.Text(description="Start (UTC)", continuous_update=False, placeholder="2026-11-01 00:00")
        self.end = w.Text(description="End (UTC)", continuous_update=False, placeholder="2026-11-02 00:00")
        self.kind = w.Dropdown(options=[ANY], description="Kind")
        self.port = w.Combobox(description="Destination port", continuous_update=False, placeholder="any")
        self.source = w.Combobox(description="Source address", continuous_update=False, placeholder="any")
        self.interface = w.Dropdown(options=[ANY], description="Interface")
        self.direction = w.Dropdown(options=[ANY], description="Direction")
        self.protocol = w.Dropdown(options=[ANY], description="Protocol")
        self.rows = w.Dropdown(
            options=[(f"newest {n:,}", n) for n in ROW_CHOICES], value=1_000, description="Rows in table"
        )
        self.reset = w.Button(description="Show all again", tooltip="Take all choices back")
        self._chosen = (self.kind, self.port, self.source, self.interface, self.direction, self.protocol, self.rows)
        self.box = w.Box([self.quick, self.start, self.end, *self._chosen])
        self.box.add_class("rejectkit-controls")
        self.quick.observe(self._quick_changed, "value")
        for box in (self.start, self.end):
            box.observe(self._time_changed, "value")
        for control in self._chosen:
            control.observe(self._changed, "value")
        self.reset.on_click(self._reset)

    def read(self) -> Selection:
        """Return the selection.

        Raises
        ------
        RejectkitError
            If a text is no time or no port, or the times are the wrong way round.
        """
        return Selection(
            window=self._window(),
            interface=_chosen(self.interface),
            direction=_chosen(self.direction),
            port=parse_port(self.port.value),
            source=_first_word(self.source.value),
            protocol=_chosen(self.protocol),
            kind=_chosen(self.kind),
            rows=self.rows.value,
        )

    def write(self, **values: Any) -> None:
        """Set choices by the names of `Selection`; those not named stay, and `on_change` is called once."""
        with self._silence():
            if "window" in values:
                self._set_window(values.pop("window"))
            for name, value in values.items():
                control = getattr(self, name)
                if isinstance(control, w.Combobox):
                    control.value = "" if value is None else str(value)
                else:
                    _offer(control, ANY if value is None else value)
        self._on_change()

    def fill(self, base: Holding, view: Holding) -> None:
        """Offer what the data has; choices made stay, even where the window has none of them."""
        with self._silence():
            if base.span is not None and base.asked == self._whole:
                end = base.span.end
                self._last = {label: Window(end - length, end) for label, length in LAST.items()}
            if self.quick.value != OWN and view.window is not None:
                show(view.window, self.start, self.end)
            for control, column, name in (
                (self.kind, "kind", str),
                (self.interface, "interfaceId", str),
                (self.direction, "direction", {"in": "inbound", "out": "outbound"}.__getitem__),
                (self.protocol, "protocol", protocol_name),
            ):
                _set_options(control, choices(view, column, name))
            self.direction.disabled = len(self.direction.options) == 1
            self.direction.tooltip = "These records do not tell their direction" if self.direction.disabled else ""
            self.port.options = [_port_name(value) for _, value in choices(view, "dstPort", str)]
            self.source.options = [str(value) for _, value in choices(view, "srcAddr", str)]

    def _window(self) -> Window | None:
        if self.quick.value != OWN:
            return self._last.get(self.quick.value, self._whole)
        return between(self.start, self.end)

    def _set_window(self, window: Window | None) -> None:
        self.quick.value = WHOLE if window is None else OWN
        if window is not None:
            show(window, self.start, self.end)

    def _quick_changed(self, _: object) -> None:
        if self.quick.value != OWN:
            self._changed(None)

    def _time_changed(self, _: object) -> None:
        with self._lock:
            if self._quiet:
                return
            with self._silence():
                self.quick.value = OWN
        self._on_change()

    def _reset(self, _: object) -> None:
        self.write(window=None, interface=None, direction=None, port=None, source=None, protocol=None, kind=None)


def _set_options(control: Any, offered: list[tuple[str, object]]) -> None:
    """Offer "any" and these; a value chosen before stays chosen."""
    value = control.value
    options: list[tuple[str, object]] = [(ANY, ANY), *offered]
    if value not in [held for _, held in options]:
        options.append((f"{value}  (0)", value))
    if tuple(options) != tuple(control.options):
        with control.hold_sync():
            control.options = options
            control.value = value


def _chosen(control: Any) -> Any:
    """Return a control's value; None for any, which ipywidgets would take for nothing chosen."""
    return None if control.value == ANY else control.value


def _offer(control: Any, value: object) -> None:
    if value not in [held for _, held in control.options]:
        control.options = [*control.options, (str(value), value)]
    control.value = value


def _port_name(port: object) -> str:
    name = service_name(int(str(port)))
    return f"{port} {name}" if name else str(port)


def _first_word(text: str) -> str | None:
    return text.split()[0] if text.split() else None
