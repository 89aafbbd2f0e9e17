"""TimingPanes: what the timing panel shows around its form, and the buttons."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import ipywidgets as w
import pandas as pd

from rejectkit.charts import alarm_states, alert_stages, delivery_lag, stage_distribution
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.probes.probing import Probed
from rejectkit.monitoring.replaying.recommending import Recommendation
from rejectkit.monitoring.replaying.replay import Backtest
from rejectkit.monitoring.timing.latencies import percentiles
from rejectkit.widgets import markup, timingmarkup
from rejectkit.widgets.pictures import picture
from rejectkit.widgets.pieces import Work, bar, capital, see
from rejectkit.widgets.querybar import QueryBar
from rejectkit.widgets.timingform import TimingForm
from rejectkit.window import Window

PARTS: Final = ("Latency", "Backtest", "Settings", "Probe")
_ABOUT: Final = {
    "Latency": "How late was each alert of the window, stage by stage, from the first refused packet to the notice?",
    "Backtest": "Would the monitor's rule have fired on the records of the window, and what had it never seen?",
    "Settings": "Which setting tells of what matters, soon, and of nothing else? Every combination is replayed on the "
    "records of the window.",
    "Probe": "One TCP connection attempt from this machine to an address and port of yours that refuses it, followed "
    "to the notice. Not a byte is sent, and nothing else is tried.",
}


class Part:
    """One part of the panel: controls and buttons, whether its answer is of other choices, the answer, and its code.

    Attributes
    ----------
    box : VBox
        All of it.
    code : QueryBar
        The Python lines that do the same.
    """

    def __init__(self, name: str, *controls: Any, number: int = 1, between: Any = None) -> None:
        """Put the pieces one under the other.

        Parameters
        ----------
        name : str
            One of `PARTS`.
        controls : widgets
            Above the answer.
        number : int
            Pieces of the answer.
        between : widget, optional
            Stands after the first piece.
        """
        self.shown = [w.HTML() for _ in range(number)]
        self.stale = w.HTML()
        self.code = QueryBar(noun="code", label="Python lines that do the same")
        answer: list[Any] = list(self.shown)
        if between is not None:
            answer.insert(1, between)
        about = w.HTML(markup.sentence(_ABOUT[name]))
        self.box = w.VBox([about, *controls, self.stale, *answer, self.code])
        see(False, self.code)

    def show(self, *html: str, code: str | None = None) -> None:
        """Show an answer; with its code where that is given."""
        for piece, value in zip(self.shown, [*html, *[""] * len(self.shown)], strict=False):
            piece.value = value
        if code is not None:
            self.code.query = self.code.code = code
        see(bool(self.code.query), self.code)

    def outdated(self, outdated: bool) -> None:
        """Show whether the answer is of another choice than the form's."""
        words = "The choices have changed since: what is below is of those before."
        self.stale.value = markup.sentence(words) if outdated else ""

    def still(self) -> str:
        """Return the answer as HTML that needs neither kernel nor widgets."""
        code = f"<pre>{escape(self.code.query)}</pre>" if self.code.query else ""
        return "".join(str(piece.value) for piece in self.shown) + code


class TimingPanes:
    """The parts of the panel, top to bottom.

    Attributes
    ----------
    widget : VBox
        All of it, the form among it.
    measure, replay, sweep, use, probe : Button
        What can be asked for.
    work : Work
        How far the work is, and Cancel.
    parts : ToggleButtons
        Which part is shown.
    latency, backtest, settings, probed : Part
        The four parts.
    """

    def __init__(self, form: TimingForm) -> None:
        """Put the panes round the form."""
        self.measure = w.Button(description="Measure", tooltip="Read the alarm's history and the records behind it")
        self.replay = w.Button(description="Replay", tooltip="Replay the records through the rule")
        self.sweep = w.Button(description="Try all settings", tooltip="Replay the records through each of them")
        self.use = w.Button(description="Use this setting", tooltip="Make it the panel's monitor; nothing is deployed")
        self.probe = w.Button(description="Try it", tooltip="One connection attempt, and no other")
        self.work = Work()
        self._monitor, self._wrong, self._trouble, self._used = (w.HTML() for _ in range(4))
        self.latency = Part("Latency", bar(self.measure))
        self.backtest = Part("Backtest", form.what, bar(self.replay))
        self.settings = Part("Settings", form.trial, form.what, bar(self.sweep), number=2, between=bar(self.use))
        self.probed = Part("Probe", form.target, bar(self.probe), number=2)
        self._parts = (self.latency, self.backtest, self.settings, self.probed)
        self.parts = w.ToggleButtons(options=PARTS, style={"button_width": "auto"})
        self.parts.observe(lambda _: self.turn(), "value")
        above = [w.HTML(markup.STYLE + timingmarkup.STYLE), form.where, self._monitor, self._used, self._wrong]
        self.widget = w.VBox(
            [*above, bar(self.parts, *self.work.boxes), self._trouble, *(part.box for part in self._parts)]
        )
        for name in ("rejectkit", "rejectkit-timing"):
            self.widget.add_class(name)
        for part in self._parts:
            part.code.place = self.widget.model_id or ""
        see(False, self.use)
        self.turn()

    def turn(self) -> None:
        """Show the part that is chosen."""
        for name, part in zip(PARTS, self._parts, strict=True):
            see(name == self.parts.value, part.box)

    # the form

    def describe(self, monitor: Monitor) -> None:
        """Show which monitor it is."""
        self._wrong.value = ""
        rule, pattern = escape(str(monitor.rule)), escape(monitor.pattern.text)
        line = f"{rule} · on <code>{pattern}</code>"
        whole = f"<details><summary>The monitor: {line}</summary>{monitor._repr_html_()}</details>"
        self._monitor.value = f'<div class="rejectkit-said">{whole}</div>'

    def refuse(self, sentence: str) -> None:
        """Show what is wrong with the form as it stands."""
        self._monitor.value = ""
        self._wrong.value = markup.trouble(capital(sentence))

    # the work

    def trouble(self, sentence: str) -> None:
        """Show a sentence about what went wrong; an empty one takes it away."""
        self._trouble.value = markup.trouble(capital(sentence))

    # what it brought

    def measured(self, alerts: pd.DataFrame, lag: pd.DataFrame | str, window: Window, code: str) -> None:
        """Show how late an alert was; `lag` is a sentence where it is not known."""
        parts = [timingmarkup.heading("How late each alert was")]
        if (alerts["state"] == "ALARM").any():
            parts += [picture(alert_stages(alerts, window=window)), picture(stage_distribution(alerts, window=window))]
        parts.append(timingmarkup.latency(alerts, percentiles(alerts)))
        if len(alerts):
            parts.append(picture(alarm_states(alerts, window=window)))
        parts.append(timingmarkup.heading("How late all records came"))
        if isinstance(lag, str):
            parts.append(markup.sentence(lag))
        else:
            parts += [picture(delivery_lag(lag, window=window)), timingmarkup.sentences(lag.attrs.get("told", ()))]
        self.latency.show("".join(parts), code=code)

    def tested(self, figures: pd.DataFrame, tested: Backtest, delivery: str, code: str) -> None:
        """Show what a rule would have said."""
        ranges = [run.reach for run in tested.runs]
        chart = picture(alarm_states(tested.states, window=tested.window, ranges=ranges))
        told = timingmarkup.backtest(figures, tested, delivery)
        self.backtest.show(told + chart + timingmarkup.notifications(tested), code=code)

    def tried(self, frame: pd.DataFrame, recommended: Recommendation | None, words: str, code: str) -> None:
        """Show the settings, and which of them to take; `words` say why there is none."""
        chosen = None if recommended is None else recommended.row.name
        said = timingmarkup.advice(str(recommended)) if recommended is not None else markup.trouble(capital(words))
        self.settings.show(said, timingmarkup.settings(frame, chosen), code=code)
        see(recommended is not None, self.use)

    def used(self, words: str) -> None:
        """Show that the recommended setting is the monitor's now; empty: that it is not."""
        self._used.value = markup.sentence(words) if words else ""

    def stepped(self, done: list[str]) -> None:
        """Show what the probe did so far."""
        self.probed.show(timingmarkup.steps(done), self.probed.shown[1].value)

    def followed(self, done: list[str], found: Probed, code: str) -> None:
        """Show what came of a probe."""
        chart = picture(alert_stages(found.frame)) if "changed" in found.moments else ""
        self.probed.show(timingmarkup.steps(done), found._repr_html_() + chart, code=code)

    def still(self) -> str:
        """Return what is shown, as HTML that needs neither kernel nor widgets."""
        above = "".join(str(each.value) for each in (self._monitor, self._used, self._wrong, self._trouble))
        parts = [
            timingmarkup.heading(name) + part.still()
            for name, part in zip(PARTS, self._parts, strict=True)
            if part.still()
        ]
        body = above + "".join(parts)
        return f'{markup.STYLE}{timingmarkup.STYLE}<div class="rejectkit rejectkit-timing rejectkit-still">{body}</div>'
