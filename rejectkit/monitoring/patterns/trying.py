"""pattern_test: what a monitor's pattern matches of real lines, said by our own engine and by the service's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, ArgumentError, MissingResourceError, RefusedError
from rejectkit.monitoring.monitor import LOG_ALARM, Monitor
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.wiring.recentlines import recent_events
from rejectkit.pacing import Budget
from rejectkit.plans import printable
from rejectkit.records import LogFormat

BATCH: Final = 50  # lines that TestMetricFilter takes. Source: CloudWatch Logs API reference, "TestMetricFilter"
LOOKED_BACK: Final = (1_800.0, 7_200.0)  # seconds: first little, then more where that has no refused flow
MOST_REJECTS: Final = 100
MOST_OTHERS: Final = 50
_SAMPLES: Final = 5  # lines of a kind that are shown
_WARNING: Final = '<strong style="color:#B34700">&#9650; warning</strong>'


@dataclass(frozen=True, slots=True)
class PatternTest:
    """What a pattern matches of some lines.

    Attributes
    ----------
    pattern : FilterPattern
        What was tested.
    log_format : LogFormat
        What the lines should be like.
    lines : tuple of str
        Each different line once.
    ours : tuple of bool
        Whether our own engine says that a line matches.
    service : tuple of bool or None
        The same by TestMetricFilter; None where it did not answer.
    refusal : str
        Why TestMetricFilter refused pattern or lines; empty where it did not.
    notes : tuple of str
        What was not done, and why, in sentences.

    Examples
    --------
    >>> line = "2 1 eni-1 198.51.100.7 10.0.0.5 1 22 6 1 40 1795422240 1795422270 REJECT OK"
    >>> test = pattern_test(Monitor(log_group="vpc"), lines=[line])
    >>> print(test.summary)
    1 of 1 line matches, by rejectkit's own engine.
    """

    pattern: FilterPattern
    log_format: LogFormat
    lines: tuple[str, ...]
    ours: tuple[bool, ...]
    service: tuple[bool, ...] | None = None
    refusal: str = ""
    notes: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[bool, ...]:
        """Whether each line matches: what the service says where it was asked, as it is the one that counts."""
        return self.ours if self.service is None else self.service

    @property
    def matched(self) -> tuple[str, ...]:
        """The lines that match."""
        return tuple(line for line, hit in zip(self.lines, self.said, strict=True) if hit)

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The lines that do not match."""
        return tuple(line for line, hit in zip(self.lines, self.said, strict=True) if not hit)

    @property
    def missed(self) -> tuple[str, ...]:
        """The lines that have the word REJECT and do not match: left out on purpose, or by a pattern that is wrong."""
        return tuple(line for line in self.unmatched if "REJECT" in line.split())

    @property
    def differing(self) -> tuple[str, ...]:
        """The lines of which the two engines say different things."""
        both = zip(self.lines, self.ours, self.said, strict=True)
        return tuple(line for line, here, there in both if here != there)

    @property
    def misfits(self) -> tuple[str, ...]:
        """The lines that have another number of fields than the log format."""
        return tuple(line for line in self.lines if len(line.split()) != len(self.log_format.fields))

    @property
    def summary(self) -> str:
        """How many lines match, and who says so."""
        if not self.lines:
            return "No line was tested."
        hits, lines = len(self.matched), len(self.lines)
        if self.service is None:
            who = "by rejectkit's own engine"
        elif self.differing:
            who = "by TestMetricFilter"
        else:
            who = "by TestMetricFilter and by rejectkit's own engine alike"
        return f"{hits} of {lines} line{'s' if lines > 1 else ''} match{'es' if hits == 1 else ''}, {who}."

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be looked at before the pattern is deployed, in sentences."""
        found = []
        if self.refusal:
            found.append(f"TestMetricFilter refuses what rejectkit's own engine takes: {self.refusal}")
        if differing := self.differing:
            found.append(
                f"TestMetricFilter and rejectkit's own engine disagree on {_lines(len(differing))}; the metric counts "
                "as TestMetricFilter does."
            )
        if misfits := self.misfits:
            found.append(
                f"{_lines(len(misfits))} {'has' if len(misfits) == 1 else 'have'} another number of fields than the "
                f"{len(self.log_format.fields)} of the log format: is it the format of the flow log?"
            )
        if self.missed and not self.matched:
            found.append(f"{_lines(len(self.missed))} with REJECT, and the pattern matches none of them.")
        return tuple(found)

    def __str__(self) -> str:
        """Return the outcome with a few lines of each kind."""
        told = [self.summary, *(f"warning: {one}" for one in self.warnings), *self.notes]
        for title, lines in self._samples():
            told += [f"{title}:", *(f"  {printable(line)}" for line in lines)]
        return "\n".join(told)

    def _repr_html_(self) -> str:
        """Return the outcome as HTML; every line is escaped."""
        told = [f"<p><strong>{escape(self.summary)}</strong></p>"]
        told += [f"<p>{_WARNING} {escape(one)}</p>" for one in self.warnings]
        told += [f"<p>{escape(one)}</p>" for one in self.notes]
        lines = ""
        for title, some in self._samples():
            items = "".join(f'<li><code style="overflow-wrap:anywhere">{_html(line)}</code></li>' for line in some)
            lines += f'<p style="margin-bottom:0">{escape(title)}:</p><ul style="margin-top:0">{items}</ul>'
        lines = f"<details open><summary>The lines</summary>{lines}</details>" if lines else ""
        return f'<div class="rejectkit-pattern-test">{"".join(told)}{lines}</div>'

    def _samples(self) -> Iterator[tuple[str, Sequence[str]]]:
        others = tuple(line for line in self.unmatched if line not in set(self.missed))
        for what, lines in (
            ("The two engines differ on", self.differing),
            ("Matched", self.matched),
            ("Not matched, though REJECT is in it", self.missed),
            ("Not matched", others),
        ):
            if lines:
                yield f"{what}, {min(len(lines), _SAMPLES)} of {len(lines)}", lines[:_SAMPLES]


def pattern_test(
    monitor: Monitor,
    session: Any = None,
    *,
    lines: Iterable[str] | None = None,
    region: str | None = None,
    budget: Budget | None = None,
) -> PatternTest:
    """Return what a monitor's pattern matches of real lines, by our own engine and by TestMetricFilter.

    Parameters
    ----------
    monitor : Monitor
        Whose pattern is tested; of a log alarm, the pattern that stands for its query.
    session : boto3.Session, optional
        The account; without one our engine judges alone, and `lines` must be given.
    lines : iterable of str, optional
        What to test; left out: recent lines of the log group, at most 100 with the word REJECT and 50 others.
    region : str, optional
        The session's where it is left out.
    budget : Budget, optional
        Of calls; the session's where it is left out.

    Raises
    ------
    ArgumentError
        If there are neither lines nor a session.
    AwsError
        If there are no credentials or no region, or AWS does not answer. What is not permitted, or not there, is a
        note of the answer.

    Examples
    --------
    >>> rejected = "2 1 eni-1 198.51.100.7 10.0.0.5 1 22 6 1 40 1795422240 1795422270 REJECT OK"
    >>> pattern_test(Monitor(log_group="vpc"), lines=[rejected, rejected.replace("REJECT", "ACCEPT")]).said
    (True, False)
    """
    if session is None and lines is None:
        raise ArgumentError("there is nothing to test; give a session, or lines=[…] of a flow log")
    logs = None if session is None else Service(session, "logs", region, budget=budget)
    notes: list[str] = []
    if lines is None and logs is not None:
        lines = _recent(monitor, logs, notes)
    tested = tuple(dict.fromkeys(line for line in lines or () if line.strip()))
    if monitor.design == LOG_ALARM:
        notes.append(_of_a_query(monitor))
    ours = tuple(map(bool, monitor.pattern.matching(tested)))
    service, refusal = None, ""
    if tested and logs is None:
        notes.append("There is no account at hand, so TestMetricFilter was not asked.")
    elif tested and logs is not None:
        service, refusal = _judged(monitor.pattern, tested, logs, notes)
    return PatternTest(monitor.pattern, monitor.log_format, tested, ours, service, refusal, tuple(notes))


def _recent(monitor: Monitor, logs: Service, notes: list[str]) -> list[str]:
    """Return recent lines of the log group: some with REJECT, and some as they come."""
    now, group = logs.now(), monitor.log_group
    found: list[str] = []
    try:
        for back in LOOKED_BACK:
            rejects = recent_events(logs.call, group, now - back, MOST_REJECTS, filterPattern="REJECT")
            others = recent_events(logs.call, group, now - back, MOST_OTHERS)
            found = [one["message"] for one in (*rejects, *others)]
            if rejects:
                return found
    except AccessDeniedError as error:
        notes.append(f"{error.action} is not permitted, so no line was read; give lines=[…] to test others.")
    except MissingResourceError:
        notes.append(f"The log group {monitor.log_group} does not exist, so there are no lines to test with.")
    except RefusedError as error:
        notes.append(f"The lines of {monitor.log_group} cannot be read: {error}.")
    else:
        hours = f"{LOOKED_BACK[-1] / 3600:g} hours"
        what = "no line with REJECT" if found else "nothing"
        notes.append(f"There is {what} in {monitor.log_group} in the last {hours}.")
    return found


def _judged(
    pattern: FilterPattern, lines: Sequence[str], logs: Service, notes: list[str]
) -> tuple[tuple[bool, ...] | None, str]:
    """Return what TestMetricFilter says of each line, or None, and its refusal."""
    matched: set[str] = set()
    try:
        for at in range(0, len(lines), BATCH):
            some = list(lines[at : at + BATCH])
            told = logs.call("TestMetricFilter", filterPattern=pattern.text, logEventMessages=some)
            matched.update(one["eventMessage"] for one in told.get("matches", ()))
    except AccessDeniedError as error:
        notes.append(f"{error.action} is not permitted, so rejectkit's own engine judged alone.")
        return None, ""
    except RefusedError as error:
        return None, f"{error}"
    return tuple(line in matched for line in lines), ""


def _of_a_query(monitor: Monitor) -> str:
    unsaid = monitor.choices.unsaid(monitor.log_format) if monitor.choices else ()
    if monitor.choices is None or monitor.query is not None:
        return "A log alarm asks by its query, which is your own here: this test is of the pattern, not of the query."
    if unsaid:
        return "A log alarm asks by its query; no pattern can say what was chosen, so this test is of all rejects."
    return "A log alarm asks by its query; the pattern says the same and stands for it in this test."


def _lines(count: int) -> str:
    return f"{count} line{'' if count == 1 else 's'}"


def _html(text: str) -> str:
    return escape(printable(text))
