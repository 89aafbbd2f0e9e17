"""The Python lines that do what a button of the timing panel does; a click can become a cell."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from IPython.core.getipython import get_ipython

from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.patterns.writing import PRIVATE
from rejectkit.monitoring.probes.attempt import Connect
from rejectkit.sources.base import Source
from rejectkit.widgets.querybar import name_in
from rejectkit.widgets.timingdesk import Asked
from rejectkit.widgets.timingwork import DELAYS, INSIDE, OWN, Trial, period_for
from rejectkit.window import Window

SAME: Final = ("comparison", "statistic", "treat_missing_data")


@dataclass(frozen=True, slots=True)
class Names:
    """What the user's notebook calls things; expressions.

    Attributes
    ----------
    rk, session, source, monitor : str
        rejectkit, and the values.
    before : tuple of str
        Lines that make what the notebook has no name for.
    """

    rk: str
    session: str
    source: str
    monitor: str
    before: tuple[str, ...] = ()

    def lines(self, *lines: str) -> str:
        """Return lines, after those that make what they need."""
        return "\n".join((*self.before, *lines))


def names(panel: Any, monitor: Monitor, source_read: Source, *, given: bool) -> Names:
    """Return what the user's notebook calls a panel's values; what it has no name for gets one.

    The source is the one that was read, whatever the form says by now. One that was `given` and has no name there can
    be made by nobody else: it is called `source`.
    """
    shell = get_ipython()
    namespace = dict(shell.user_ns) if shell is not None else {}
    package, own = name_in(namespace, sys.modules.get("rejectkit")), name_in(namespace, panel)
    rk, before = package or "rk", [] if package else ["import rejectkit as rk", ""]
    session = name_in(namespace, panel.session) or (f"{own}.session" if own else "session")
    source = name_in(namespace, source_read) or (f"{own}.source" if own else "")
    told = name_in(namespace, monitor) or (f"{own}.monitor" if own else "")
    if not told:
        told = _free("monitor", namespace)
        before.append(f"{told} = {_spelled(rk, monitor)}")
    if not source and given:
        source = "source"
    elif not source:
        source = _free("source", namespace)
        before.append(f"{source} = {rk}.InsightsSource({told}.log_group, {session}, {told}.log_format)")
    return Names(rk, session, source, told, tuple(before))


def _free(name: str, namespace: Mapping[str, Any]) -> str:
    """Return a name that stands for nothing yet."""
    while name in namespace:
        name += "_"
    return name


def latency(names: Names, window: Window) -> str:
    """Return the lines that measure an alert."""
    rk = names.rk
    return names.lines(
        f"window = {_window(names.rk, window)}",
        f"alerts = {rk}.monitoring.latency({names.monitor}, {names.source}, {names.session}, window)",
        f'lag = {rk}.monitoring.lag({names.source}, window, "{period_for(window)}")',
        f"display({rk}.monitoring.percentiles(alerts), *alerts.attrs['told'])",
        f"display({rk}.charts.alert_stages(alerts), {rk}.charts.delivery_lag(lag, window=window))",
    )


def _events(names: Names, window: Window, query: str) -> list[str]:
    made = f"window = {_window(names.rk, window)}"
    if not query:
        return [made, f"events = {names.source}.records(window, None)"]
    asked = query.replace("\n", " ")
    return [made, f"query = {asked!r}", f"events = {names.source}.run(query, window, all_rows=True)"]


def backtest(names: Names, window: Window, query: str, delay: float | None) -> str:
    """Return the lines that replay a monitor's rule."""
    return names.lines(
        *_events(names, window, query),
        f"tested = {names.rk}.monitoring.backtest(events, {names.monitor}{_late(delay)})",
        "print(tested)",
        "ranges = [run.reach for run in tested.runs]",
        f"{names.rk}.charts.alarm_states(tested.states, window=tested.window, ranges=ranges)",
    )


def sweep(names: Names, asked: Asked, query: str, trial: Trial) -> str:
    """Return the lines that try settings and recommend one."""
    rk, monitor, patterns = names.rk, names.monitor, trial.grid.choices(asked.monitor)
    values = ", ".join(f"{name}={value!r}" for name, value in trial.grid.values.items())
    lines = [
        *_events(names, asked.window, query),
        f"same = {{name: getattr({monitor}.rule, name) for name in {SAME}}}",
        f"rules = {rk}.monitoring.grid({values}, **same)",
        f"settings = [{monitor}.changed(rule=rule) for rule in rules]",
        f"patterns = {{{OWN!r}: {monitor}.pattern}}",
    ]
    if INSIDE in patterns:
        choices = asked.monitor.choices or Choices()
        said = {**choices.to_dict(), "inside": list(PRIVATE)} if choices != Choices() else {"inside": list(PRIVATE)}
        lines += [
            f"inside = {rk}.monitoring.Choices.from_dict({said!r})",
            f"patterns[{INSIDE!r}] = inside.pattern({monitor}.log_format)",
        ]
    more = "settings, patterns"
    if trial.incidents:
        lines += ["incidents = [", *(f"    {_window(rk, one)}," for one in trial.incidents), "]"]
        more += ", incidents"
    lines += [
        f"table = {rk}.monitoring.sweep(events, {more}{_late(DELAYS[trial.delivery])})",
        f"print({rk}.monitoring.recommend(table, most_pages={trial.most_pages:g}))",
    ]
    return names.lines(*lines)


def probe(names: Names, target: tuple[str, int], connect: Connect | None) -> str:
    """Return the lines that probe a target; in a sandbox its scenario plays the part."""
    parts = "" if connect is None else ", connect=sandbox.connect, sleep=sandbox.sleep"
    asked = f"{names.monitor}, {names.source}, {names.session}, {target!r}{parts}"
    return names.lines(f"{names.rk}.monitoring.probe({asked})")


def _spelled(rk: str, monitor: Monitor) -> str:
    """Return the expression that makes a monitor, of what is not as in the recipe."""
    recipe = Monitor(log_group=monitor.log_group).to_dict()
    told = {name: value for name, value in monitor.to_dict().items() if value != recipe[name] or name == "log_group"}
    if set(told) == {"log_group"}:
        return f"{rk}.Monitor(log_group={monitor.log_group!r})"
    return f"{rk}.Monitor.from_dict({told!r})"


def _window(rk: str, window: Window) -> str:
    start, end = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (window.start, window.end))
    return f'{rk}.Window.parse("{start}", "{end}")'


def _late(delay: float | None) -> str:
    return "" if delay is None else f", delay={delay:g}"
