"""Form: the values of a Monitor as widgets; what it shows is read into a Monitor, and it shows any Monitor."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import ipywidgets as w

from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import SIGNS
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.limits import MOST_LOG_LINES
from rejectkit.monitoring.monitor import LOG_ALARM, METRIC_FILTER, Monitor
from rejectkit.monitoring.patterns.writing import PRIVATE
from rejectkit.records import LogFormat
from rejectkit.widgets.loggroup import chosen_group, first_group, group_box
from rejectkit.widgets.pieces import Quiet, field, grid

NOWHERE: Final = Monitor(log_group="-")
"""A monitor of the recipe's values whose log group is not chosen yet."""

DESIGNS: Final = {
    "Metric filter and metric alarm": METRIC_FILTER,
    "Log alarm (a query on a schedule)": LOG_ALARM,
}
DIRECTIONS: Final = {"any": "", "inbound (ingress)": "ingress", "outbound (egress)": "egress"}
PERIODS: Final = {"1 minute": 60, "2 minutes": 120, "5 minutes": 300, "10 minutes": 600, "1 hour": 3_600}
_OTHERS: Final = {
    "periods": "evaluation_periods",
    "datapoints": "datapoints_to_alarm",
    "missing": "treat_missing_data",
}
"""Widgets that are called otherwise than the value they are of."""

MISSING: Final = {
    "not a breach (notBreaching)": "notBreaching",
    "a breach (breaching)": "breaching",
    "keep the state (ignore)": "ignore",
    "insufficient data (missing)": "missing",
}


class Form(Quiet):
    """The values of a Monitor, one widget each; every one has a label and can be used from the keyboard.

    What it does not show (description, tags, functions, further actions …) stays as the monitor last shown has it.

    Attributes
    ----------
    log_group, log_format, design, ports, direction, … : widget
        One for each value.
    inside_only : Checkbox
        Whether the networks of the sources are the private ones; ticking it puts them there.
    where, how, which, when, names, whom : Box
        The widgets by subject, for display; `how` is of the log alarm only.
    """

    def __init__(self, on_change: Callable[[], None], monitor: Monitor = NOWHERE) -> None:
        """Make the widgets.

        Parameters
        ----------
        on_change : callable
            Called when the user, or code, has changed a value.
        monitor : Monitor
            What to show at first.
        """
        super().__init__(on_change)
        self._base = monitor
        self._formats: Mapping[str, tuple[LogFormat, ...]] = {}
        self._make()
        self.where = grid(self.log_group, self.log_format)
        self.how = grid(self.query_role, self.delay, self.log_lines, self.lines_role)
        self.which = grid(self.ports, self.direction, self.inside, self.excluded, self.inside_only)
        self.when = grid(self.period, self.datapoints, self.periods, self.threshold, self.missing)
        self.names = grid(self.filter_name, self.alarm_name, self.namespace, self.metric_name)
        self.whom = grid(self.topic, self.emails, self.queues, self.urls, self.notify_ok)
        with self._silence():
            self._show(monitor)
        self.log_group.observe(self._group_changed, "value")
        self.inside_only.observe(self._inside_only_changed, "value")
        for each in (*self._all, self.inside):
            each.observe(self._changed, "value")

    def _make(self) -> None:
        self.log_group = group_box()
        self.log_format = field("Log format of the flow log")
        self.log_format.add_class("rejectkit-wide")
        self.design = w.Dropdown(options=list(DESIGNS.items()), description="Design")
        for name in ("rejectkit-wide", "rejectkit-design"):
            self.design.add_class(name)
        self.query_role = field("Role of the query (ARN)", "arn:aws:iam::…:role/…")
        self.delay = w.IntText(description="Wait for late records (s)")
        self.log_lines = w.BoundedIntText(description="Log lines in a notice", min=0, max=MOST_LOG_LINES)
        self.lines_role = field("Role of the lines (ARN)", "needed for lines")
        self.ports = field("Destination ports", "every port")
        self.direction = w.Dropdown(options=list(DIRECTIONS.items()), description="Direction")
        self.inside = field("Sources in networks", "everywhere")
        self.excluded = field("But not these sources", "none is left out")
        self.inside_only = w.Checkbox(description="Inside sources only (private networks)", indent=False)
        self.period = w.Dropdown(options=list(PERIODS.items()), description="Period")
        self.datapoints = w.BoundedIntText(description="Datapoints (M)", min=1, max=10_080)
        self.periods = w.BoundedIntText(description="of the last (N)", min=1, max=10_080)
        self.threshold = w.FloatText()
        self.missing = w.Dropdown(options=list(MISSING.items()), description="Missing data is")
        self.filter_name, self.alarm_name = field("Metric filter"), field("Alarm")
        self.namespace, self.metric_name = field("Metric namespace"), field("Metric")
        self.topic = field("Topic, or its ARN")
        self.emails = field("E-mail addresses", "ops@example.org, …")
        self.queues = field("SQS queues (ARNs)", "none")
        self.urls = field("Web addresses (https)", "none")
        self.notify_ok = w.Checkbox(description="Tell of the return to OK too", indent=False)
        choices = (self.ports, self.direction, self.excluded)
        rule = (self.period, self.datapoints, self.periods, self.threshold, self.missing)
        names = (self.filter_name, self.alarm_name, self.namespace, self.metric_name, self.topic)
        whom = (self.emails, self.queues, self.urls, self.notify_ok)
        roles = (self.query_role, self.delay, self.log_lines, self.lines_role)
        self._all: tuple[Any, ...] = (self.log_format, self.design, *roles, *choices, *rule, *names, *whom)

    def read(self) -> Monitor:
        """Return the monitor that the form shows.

        Raises
        ------
        RejectkitError
            If a value is none that AWS takes, or two of them do not go together.
        """
        group, base = chosen_group(self.log_group), self._base
        queried = self.design.value == LOG_ALARM
        changes: dict[str, Any] = {
            "log_group": group,
            "log_format": LogFormat.parse(self.log_format.value),
            "design": self.design.value,
            "query": base.query if queried else None,
            "query_role": self.query_role.value.strip() or None if queried else None,
            "lines_role": self.lines_role.value.strip() or None if queried else None,
            "log_lines": self.log_lines.value if queried else 0,
            "delay": self.delay.value,
            "rule": replace(
                base.rule,
                period=self.period.value,
                datapoints_to_alarm=self.datapoints.value,
                evaluation_periods=self.periods.value,
                threshold=self.threshold.value,
                treat_missing_data=self.missing.value,
            ),
            "notify_ok": self.notify_ok.value,
        }
        for name in ("filter_name", "alarm_name", "namespace", "metric_name", "topic"):
            changes[name] = getattr(self, name).value.strip()
        for name in ("emails", "queues", "urls"):
            changes[name] = _words(getattr(self, name).value)
        if base.choices is not None:
            changes["choices"] = self._choices()
        return base.changed(**changes)

    def _choices(self) -> Choices:
        ports = _words(self.ports.value)
        for port in ports:
            if not re.fullmatch("[0-9]{1,9}", port):
                raise ArgumentError(f"ports has {port!r}; a port is a whole number from 0 to 65535")
        return Choices(
            ports=tuple(map(int, ports)),
            direction=self.direction.value or None,
            inside=_words(self.inside.value),
            excluded=_words(self.excluded.value),
        )

    def write(self, monitor: Monitor) -> None:
        """Show a monitor; `on_change` is called once."""
        with self._silence():
            self._show(monitor)
        self._on_change()

    def _show(self, monitor: Monitor) -> None:
        self._base = monitor
        self.log_group.value = "" if monitor.log_group == NOWHERE.log_group else monitor.log_group
        self.log_format.value, self.design.value = str(monitor.log_format), monitor.design
        self.query_role.value, self.lines_role.value = monitor.query_role or "", monitor.lines_role or ""
        self.delay.value, self.log_lines.value = monitor.delay, monitor.log_lines
        choices, rule = monitor.choices or Choices(), monitor.rule
        self.ports.value, self.direction.value = _joined(map(str, choices.ports)), choices.direction or ""
        self.inside.value, self.excluded.value = _joined(choices.inside), _joined(choices.excluded)
        self._tick()
        for each in (self.ports, self.direction, self.inside, self.excluded, self.inside_only):
            each.disabled = monitor.choices is None
        _offer(self.period, rule.period, f"{rule.period} s")
        self.periods.value, self.datapoints.value = rule.evaluation_periods, rule.datapoints_to_alarm
        self.threshold.description = f"Threshold ({rule.statistic} {SIGNS[rule.comparison]})"
        self.threshold.value, self.missing.value = rule.threshold, rule.treat_missing_data
        for name in ("filter_name", "alarm_name", "namespace", "metric_name", "topic", "notify_ok"):
            getattr(self, name).value = getattr(monitor, name)
        for name in ("emails", "queues", "urls"):
            getattr(self, name).value = _joined(getattr(monitor, name))

    def offer(self, groups: Mapping[str, tuple[LogFormat, ...]]) -> None:
        """Offer log groups, those of flow logs with their formats; where there is one of these only, it is chosen."""
        with self._silence():
            self._formats = groups
            self.log_group.options = list(groups)
            if not self.log_group.value:
                self.log_group.value = first_group(groups)
                self._take_format()
        self._on_change()

    def label_of(self, sentence: str) -> str:
        """Return the label of the widget whose value a sentence begins with; empty where it is none of the form's."""
        first = sentence.split(" ")[0].removeprefix("rule.")
        named = {_OTHERS.get(name, name): value for name, value in vars(self).items() if isinstance(value, w.DOMWidget)}
        return str(getattr(named.get(first), "description", ""))

    @property
    def formats(self) -> tuple[LogFormat, ...]:
        """The formats of the flow logs that are known to deliver into the log group."""
        return self._formats.get(self.log_group.value.strip(), ())

    def _group_changed(self, _: object) -> None:
        with self._lock:
            if self._quiet:
                return
            with self._silence():
                self._take_format()
        self._on_change()

    def _take_format(self) -> None:
        """Take the format of the flow log that delivers into the log group, where it is the only one."""
        if len(self.formats) == 1:
            self.log_format.value = str(self.formats[0])

    def _inside_only_changed(self, _: object) -> None:
        with self._lock:
            if self._quiet:
                return
            with self._silence():
                self.inside.value = _joined(PRIVATE) if self.inside_only.value else ""
        self._on_change()

    def _changed(self, _: object) -> None:
        with self._lock:
            if self._quiet:
                return
            with self._silence():
                self._tick()
        self._on_change()

    def _tick(self) -> None:
        self.inside_only.value = set(_words(self.inside.value)) == set(PRIVATE)


def _offer(control: w.Dropdown, value: object, name: str) -> None:
    if value not in [held for _, held in control.options]:
        control.options = [*control.options, (name, value)]
    control.value = value


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _joined(values: Any) -> str:
    return ", ".join(values)
