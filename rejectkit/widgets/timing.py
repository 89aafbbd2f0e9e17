"""TimingPanel: how late an alert is, whether it would have fired, and which setting to use, without writing code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from rejectkit.errors import ArgumentError, RejectkitError
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.probes.attempt import Connect
from rejectkit.monitoring.probes.probing import Probed
from rejectkit.monitoring.replaying.recommending import Recommendation
from rejectkit.monitoring.replaying.replay import Backtest
from rejectkit.pacing import Budget, budget_of
from rejectkit.sources.base import Source, Watch
from rejectkit.sources.cloudwatch.offered import log_groups
from rejectkit.sources.cost import metered
from rejectkit.widgets import timingcode
from rejectkit.widgets.given import check_monitor, check_session, check_source
from rejectkit.widgets.holding import part
from rejectkit.widgets.panel import Panel
from rejectkit.widgets.timingdesk import Asked, Measured, Tested, TimingDesk, Tried
from rejectkit.widgets.timingform import TimingForm
from rejectkit.widgets.timingpanes import TimingPanes
from rejectkit.widgets.timingwork import DELAYS
from rejectkit.widgets.watched import Watched
from rejectkit.window import Window

_USED = (
    "The recommended setting is the panel's monitor now. Nothing is deployed: rk.monitoring.plan does that, or a "
    "MonitorPanel that is given panel.monitor."
)


class TimingPanel(Panel[TimingPanes]):
    """How late an alert is, whether it would have fired, and which setting to use. The last value of a cell shows it.

    Four parts: the latency of each alert, stage by stage; a replay of the monitor's rule on past records; a trial of
    many settings, with one recommended; a probe of a target of yours. The work is done on a thread of its own:
    progress is shown, and Cancel stops it. Nothing is changed in the account.

    Parameters
    ----------
    session : boto3.Session
        The account and the region.
    monitor : Monitor, optional
        The alert, as it is or as it may be deployed; the recipe's where it is left out.
    source : Source, optional
        Where the records are; left out: the monitor's log group, asked by Logs Insights. Files serve the replay and
        the trial; latency and probe need to know when each record arrived.
    log_group : str, optional
        Name of the log group that the flow log delivers to. Where neither it nor a monitor is given, log groups are
        offered, and the one of a flow log is chosen if there is only one.
    budget : Budget, optional
        Of calls; the session's where it is left out.
    connect, sleep : callable, optional
        As of `rk.monitoring.probe`: `sandbox.connect` and `sandbox.sleep` on a sandbox.

    Raises
    ------
    ArgumentError
        If an argument is none of these. Whatever goes wrong later is a sentence in the panel.

    Examples
    --------
    >>> import rejectkit as rk
    >>> with rk.sandbox.start(scenario=None) as sandbox:
    ...     panel = TimingPanel(sandbox.session, log_group="/vpc/flow-logs")
    ...     panel.wait(60), panel.monitor.log_group, panel.recommended
    (True, '/vpc/flow-logs', None)
    """

    def __init__(
        self,
        session: Any,
        monitor: Monitor | None = None,
        source: Source | None = None,
        *,
        log_group: str | None = None,
        budget: Budget | None = None,
        connect: Connect | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Make the panel and look which log groups there are."""
        super().__init__()
        check_session(session)
        if monitor is not None:
            check_monitor(monitor)
        check_source(source)
        if log_group is not None:
            monitor = monitor.changed(log_group=log_group) if monitor else Monitor(log_group=log_group)
        self.session = session
        self._desk = TimingDesk(session, source, budget or budget_of(session), connect, sleep)
        self._base, self._monitor = monitor, monitor
        self._refused: RejectkitError | None = None  # what is wrong with the form as it stands
        self._measured: Measured | None = None
        self._tested: Tested | None = None
        self._tried: Tried | None = None
        self._probed: Probed | None = None
        self._delivery = ""  # the delay of the replay that is shown
        self.form = TimingForm(self._changed, whole=source is not None and not metered(source))
        self.panes = TimingPanes(self.form)
        self.form.show(monitor)
        self._open(
            (self.panes.measure, self.measure),
            (self.panes.replay, self.replay),
            (self.panes.sweep, self.try_settings),
            (self.panes.use, self.use_recommended),
            (self.panes.probe, self.try_target),
        )

    @property
    def monitor(self) -> Monitor:
        """The monitor: the one given or set, the recommended one once that is used. One that is set is shown.

        Raises
        ------
        RejectkitError
            If no log group is chosen, or a value in the form is none that AWS takes.
        """
        with self._lock:
            if self._refused is not None:
                raise self._refused
            assert self._monitor is not None, "what is not refused was read"
            return self._monitor

    @monitor.setter
    def monitor(self, monitor: Monitor) -> None:
        check_monitor(monitor)
        with self._lock:
            self._base = monitor
            self.panes.used("")
            self.form.show(monitor)
            self._changed()

    @property
    def source(self) -> Source:
        """Where the records are: the source given, else the monitor's log group by Logs Insights."""
        return self._desk.source(self.monitor)

    @property
    def window(self) -> Window | None:
        """The window, once it is known when it ends; None before. One that is set is shown.

        Raises
        ------
        WindowError
            If its times are none.
        """
        return self.form.time.window

    @window.setter
    def window(self, window: Window) -> None:
        self.form.time.choose(window)

    @property
    def latency(self) -> pd.DataFrame | None:
        """What `rk.monitoring.latency` gave; None before. Waits for work under way, and raises its error."""
        self._turns.settle()
        return None if self._measured is None else self._measured.alerts.copy()

    @property
    def lag(self) -> pd.DataFrame | None:
        """What `rk.monitoring.lag` gave; None before, and where it is not known. Waits and raises as `latency`."""
        self._turns.settle()
        found = None if self._measured is None else self._measured.lag
        return found.copy() if isinstance(found, pd.DataFrame) else None

    @property
    def backtest(self) -> Backtest | None:
        """The replay at the delivery delay that is chosen; None before. Waits and raises as `latency`."""
        self._turns.settle()
        return None if self._tested is None else self._tested.replays[str(self.form.delivery.value)]

    @property
    def figures(self) -> pd.DataFrame | None:
        """The replay's figures at every delivery delay; None before. Waits and raises as `latency`."""
        self._turns.settle()
        return None if self._tested is None else self._tested.figures.copy()

    @property
    def sweep(self) -> pd.DataFrame | None:
        """What `rk.monitoring.sweep` gave for the settings tried; None before. Waits and raises as `latency`."""
        self._turns.settle()
        return None if self._tried is None else self._tried.table.copy()

    @property
    def recommended(self) -> Recommendation | None:
        """The setting to take; None before, and where none pages. Waits and raises as `latency`."""
        self._turns.settle()
        return None if self._tried is None else self._tried.recommended

    @property
    def probed(self) -> Probed | None:
        """What came of the latest probe; None before. Waits and raises as `latency`."""
        self._turns.settle()
        return self._probed

    # what can be asked for: each as its button does it, and nothing while other work is under way

    def measure(self) -> None:
        """Measure how late the alerts of the window were, and its records."""
        self._turns.begin(self._measure)

    def replay(self) -> None:
        """Replay the records of the window through the monitor's rule, at every delivery delay."""
        self._turns.begin(self._replay)

    def try_settings(self) -> None:
        """Replay the records of the window through every setting, and recommend one."""
        self._turns.begin(self._sweep)

    def use_recommended(self) -> None:
        """Make the recommended setting that of the panel's monitor; nothing is deployed."""
        with self._lock:
            if self._turns.busy:
                return
            setting = None if self._tried is None else self._tried.setting
            if setting is None:
                self._turns.fail(ArgumentError("there is no recommended setting to use; try the settings first"))
                return
            self.monitor = setting
            self.panes.used(_USED)

    def try_target(self) -> None:
        """Probe the target that is named and confirmed."""
        self._turns.begin(self._probe)

    # what moves it

    def _changed(self) -> None:
        with self._lock:
            try:
                self._monitor, self._refused = self.form.read(self._base), None
                self.panes.describe(self._monitor)
            except RejectkitError as error:
                self._monitor, self._refused = None, error
                self.panes.refuse(str(error))
            self._freshen()
            if self._tested is not None and self._delivery != self.form.delivery.value:
                self._show_tested(self._tested)

    def _freshen(self) -> None:
        """Let the buttons be as the form allows, and say which answers are of other choices."""
        with self._lock:
            panes, never = self.panes, self._turns.busy or self._monitor is None
            for button in (panes.measure, panes.replay, panes.sweep, panes.use, self.form.time.anew):
                button.disabled = never
            panes.probe.disabled = never or not self.form.confirm.value
            now = self._read(lambda: (self._monitor, self.form.time.window))
            for pane, told in ((panes.latency, self._measured), (panes.backtest, self._tested)):
                pane.outdated(told is not None and (told.asked.monitor, told.asked.window) != now)
            tried = self._tried
            if tried is not None:
                own = now is not None and now[0] in (tried.asked.monitor, tried.setting)
                same = own and now is not None and now[1] == tried.asked.window
                panes.settings.outdated(not same or self._read(self.form.settings) != tried.trial)

    @staticmethod
    def _read(value: Callable[[], Any]) -> Any:
        """Return what the form says; None where it says nothing that can be used."""
        try:
            return value()
        except RejectkitError:
            return None

    # the work, on its own thread

    def _offer(self, watch: Watch) -> None:
        self.form.offer(log_groups(self.session, Watched(self._desk.budget, watch)))

    def _asked(self, watch: Watch) -> Asked:
        """Return the monitor and the window; when a window that ends now ends is found out once."""
        monitor = self.monitor
        window = self.form.time.found(
            lambda: self._desk.now(watch), lambda: self._desk.span(monitor, part(watch, 0.0, 0.05))
        )
        watch.check()
        return Asked(monitor, window)

    def _measure(self, watch: Watch) -> None:
        told = self._desk.measure(self._asked(watch), watch)
        with self._lock:
            self._measured = told
            code = timingcode.latency(self._names(told.asked.monitor), told.asked.window)
            self.panes.measured(told.alerts, told.lag, told.asked.window, code)

    def _replay(self, watch: Watch) -> None:
        told = self._desk.replay(self._asked(watch), watch)
        with self._lock:
            self._tested = told
            self._show_tested(told)

    def _show_tested(self, told: Tested) -> None:
        self._delivery = str(self.form.delivery.value)
        names, delay = self._names(told.asked.monitor), DELAYS[self._delivery]
        code = timingcode.backtest(names, told.asked.window, told.query, delay)
        self.panes.tested(told.figures, told.replays[self._delivery], self._delivery, code)

    def _sweep(self, watch: Watch) -> None:
        trial = self.form.settings()
        told = self._desk.sweep(self._asked(watch), trial, watch)
        with self._lock:
            self._tried = told
            code = timingcode.sweep(self._names(told.asked.monitor), told.asked, told.query, trial)
            self.panes.tried(told.table, told.recommended, told.why, code)

    def _probe(self, watch: Watch) -> None:
        target, monitor, done = self.form.whom(), self.monitor, list[str]()

        def report(fraction: float, what: str) -> None:
            watch.report(fraction, what)
            if (words := what.partition("; ")[0]) not in done[-1:]:
                done.append(words)
                self.panes.stepped(done)

        told = Watch(report)
        forget = watch.on_cancel(told.cancel)
        try:
            found = self._desk.probe(monitor, target, told)
        finally:
            forget()
            self.form.confirm.value = False  # once is once
        with self._lock:
            self._probed = found
            self.panes.followed(done, found, timingcode.probe(self._names(monitor), target, self._desk.connect))

    def _names(self, monitor: Monitor) -> timingcode.Names:
        return timingcode.names(self, monitor, self._desk.source(monitor), given=self._desk.given is not None)
