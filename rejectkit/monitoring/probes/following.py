"""A probe on its way: each stage is looked for until it is there, cannot come any more, or a deadline passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from rejectkit.aws import Service
from rejectkit.errors import ArgumentError
from rejectkit.monitoring.alarms.alarm import ALARM, AlarmRule
from rejectkit.monitoring.alarms.evaluation import LONGEST
from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
from rejectkit.monitoring.alarms.state import TYPES, described
from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.monitor import LOG_ALARM, Monitor
from rejectkit.monitoring.probes.attempt import ACCEPTED, OUTCOMES, SILENT, UNREACHABLE, Attempt, Connect, Target
from rejectkit.monitoring.probes.finding import closed, find
from rejectkit.monitoring.replaying.replay import spoken
from rejectkit.monitoring.services import Services
from rejectkit.monitoring.timing.changes import NEAR, Transition, millis, transitions
from rejectkit.monitoring.timing.notices import noticed
from rejectkit.monitoring.timing.stages import MOMENTS
from rejectkit.sources.base import Source, Watch

BETWEEN: Final = 15.0
"""Seconds between two looks; twice that for the record, each of which is a query over the minutes since the attempt."""
ACTION_WITHIN: Final = 120
"""Seconds after a change of state in which its action and its notice are waited for; our choice."""
_SLICE: Final = 1.0  # seconds between two looks at whether somebody asked to stop
_STILL: Final = 30  # slices after which a clock that shows the same time stands still


Found = TypeVar("Found")


class Ended(Exception):
    """It goes no further; the text says why."""


class Follower:
    """One attempt, followed through the stages.

    Attributes
    ----------
    moments : dict of str to int
        What is known by now, milliseconds since the epoch.
    record : dict
        The record of it.
    told : list of str
        Sentences.
    attempt : Attempt
        What came of the attempt.
    closed_by : str
        What `closed` is known by: "interval" or "end".
    """

    def __init__(
        self,
        monitor: Monitor,
        source: Source,
        services: Services,
        target: Target,
        *,
        sleep: Callable[[float], object],
        now: Callable[[], float],
        deadline: float,
        queue: str | None,
        watch: Watch,
    ) -> None:
        """Remember all of it; nothing is asked."""
        self.monitor, self.source, self.services, self.target = monitor, source, services, target
        self.sleep, self.now, self.deadline, self.queue, self.watch = sleep, now, deadline, queue, watch
        self.rule = wanted.alarm_rule(monitor)
        self.moments: dict[str, int] = {}
        self.record: Mapping[str, Any] = {}
        self.told: list[str] = []
        self.attempt = Attempt(UNREACHABLE)  # until it was made
        self.began = 0.0
        self.stamp = 0  # the record's timestamp, milliseconds
        self.closed_by = ""
        self._acts = True

    def before(self) -> None:
        """Say what is to be known before anything is tried."""
        ports = self.monitor.choices.ports if self.monitor.choices is not None else ()
        if ports and self.target.port not in ports:
            self.say(
                f"The monitor is about the ports {', '.join(map(str, ports))}: an attempt at port {self.target.port} "
                "will be recorded and not counted."
            )
        alarm = self.alarm()
        name = self.monitor.alarm_name
        if alarm is None:
            self.say(f"There is no alarm {name} in {self.services.region}: the attempt is followed up to the metric.")
        elif alarm["StateValue"] == ALARM:
            self.say(
                f"The alarm {name} is in ALARM{_since(alarm)}: an alarm tells of changes only, so as long as it stays "
                "there, nobody will hear of this attempt. It is followed up to the metric."
            )
        elif not alarm.get("ActionsEnabled", True):
            self.say(f"The actions of {name} are switched off: it will change its state, and tell nobody.")

    def try_once(self, connect: Connect) -> None:
        """Make the attempt; go on only if nobody answered."""
        self.watch.check()
        self.began = self.now()
        self.moments["firstPacket"] = round(self.began * 1000)
        given = connect(self.target.address, self.target.port)
        if not isinstance(given, Attempt) or given.outcome not in OUTCOMES:
            raise ArgumentError(f"connect gave {given!r}; it returns an Attempt, as sandbox.connect does")
        self.attempt = given
        self.report("firstPacket", f"the attempt at {self.target} {OUTCOMES[self.attempt.outcome]}")
        if self.attempt.outcome == ACCEPTED:
            raise Ended(
                "The connection was ACCEPTED, so there is nothing refused to follow, and no alarm should come of it. "
                "To see one, give a port that your rules refuse."
            )
        if self.attempt.outcome != SILENT:
            raise Ended(
                "A security group and a network ACL drop what they refuse and answer nothing, so this was not refused "
                "by them, and no REJECT record will come of it. Give an address in the VPC, and a port that your rules "
                "refuse."
            )

    def find_record(self, text: str) -> None:
        """Wait for the record in the log group."""
        seen = self.until(
            lambda at: find(self.source, text, self.target, self.attempt, self.began, at, self.hand()),
            "waiting for its record in CloudWatch Logs",
            "No record of it came. It may be that no interface in the VPC has the address, that something on the way "
            "dropped the packet before the VPC, that the flow log does not record this interface or rejects, or that "
            "it delivers late or not at all: rk.monitoring.health(monitor, session) looks at the latter.",
            2 * BETWEEN,
        )
        self.record = seen.record
        if not seen.refused:
            self.moments["ingested"] = seen.ingested
            raise Ended(
                "Its record says ACCEPT: the rules let it in, and the host did not answer. Nothing was refused, so no "
                "alarm comes of it."
            )
        close, exact = closed(self.source, seen, self.hand())
        if close is not None:
            self.moments["closed"] = max(close, self.moments["firstPacket"])
        self.moments["ingested"], self.stamp = seen.ingested, seen.time
        self.closed_by = "" if close is None else "interval" if exact else "end"
        if not seen.own:
            self.told.append(
                "The record has another source port than the attempt had (a gateway on the way may change it), so it "
                "was told by address and port: another's attempt at the same time would look like it."
            )
        self.report("ingested", f"its record is in CloudWatch Logs: {_between(self.record)}")
        if self.monitor.design != LOG_ALARM and not self.monitor.pattern.matches(seen.message):
            raise Ended(
                f"The monitor's pattern does not match the record, so it is not counted, and no alarm comes of it: "
                f"{self.monitor.pattern.text} on {seen.message!r}."
            )

    def find_datapoint(self) -> None:
        """Wait until the record counts in the metric; a log alarm has none."""
        if isinstance(self.rule, LogAlarmRule):
            return
        minute = self.stamp // 60_000 * 60
        metric = {"Namespace": self.monitor.namespace, "MetricName": self.monitor.metric_name}
        asked: dict[str, Any] = {
            "MetricDataQueries": [{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
            "StartTime": datetime.fromtimestamp(minute, UTC),
            "EndTime": datetime.fromtimestamp(minute + 60, UTC),
        }

        def look(at: float) -> float | None:
            told = self.services.cloudwatch.call("GetMetricData", check=self.watch.check, **asked)
            total = sum(told["MetricDataResults"][0]["Values"])
            return total if total and at >= minute + 60 else None

        total = self.until(
            look,
            "waiting for the metric to count it",
            f"The metric {self.monitor.namespace}/{self.monitor.metric_name} did not count it: the metric filter may "
            "be missing or another one; rk.monitoring.health(monitor, session) looks at it.",
        )
        self.moments["datapoint"] = max(self.moments["ingested"], (minute + 60) * 1000)
        self.report("datapoint", f"the metric has it in its minute, with {total:g} in all")

    def find_change(self) -> Transition:
        """Wait for the alarm to change to ALARM, and for its action; return the change."""
        name, last = self.monitor.alarm_name, self.stamp / 1000 + _reach(self.rule)
        last = max(last, self.moments["ingested"] / 1000 + 180)

        def look(at: float) -> Transition | None:
            found = self._change()
            if found is None:
                self._still(at, last)
            elif found.acted or found.failed or not self._acts or at >= found.at / 1000 + ACTION_WITHIN:
                return found
            return None

        found = self.until(
            look,
            f"waiting for the alarm {name}",
            f"The alarm {name} had not changed to ALARM by then: its {_many(self.rule)} may yet come.",
        )
        covering = [one for one in found.datapoints if one.start <= self.stamp < one.end]
        if covering:
            self.moments["datapoint"] = max(self.moments["ingested"], min(one.made for one in covering))
        elif found.datapoints:
            raise Ended(
                f"The alarm {name} changed to ALARM for something else, before it counted this record: it tells nobody "
                "of what comes while it is there."
            )
        if found.evaluated is not None:
            self.moments["evaluated"] = found.evaluated
        self.moments["changed"] = found.at
        self.report("changed", f"the alarm {name} changed from {found.previous} to ALARM")
        if found.acted is None:
            raise Ended(f"Its action failed: {found.failed}" if found.failed else "No action ran, so nobody was told.")
        self.moments["acted"] = found.acted
        self.report("acted", "its action ran")
        return found

    def find_notice(self, change: Transition) -> None:
        """Wait for SNS to say that the notice of a change went on."""
        topic = self.monitor.topic_name
        cloudwatch = self.services.cloudwatch
        if change.acted is None:
            return
        sqs = Service(cloudwatch.session, "sqs", cloudwatch.region, budget=cloudwatch.budget)
        reached, end = {"cloudwatch": cloudwatch, "sqs": sqs}, change.acted / 1000 + ACTION_WITHIN

        def look(at: float) -> tuple[int, list[str]] | None:
            found, words = noticed(reached, self.queue, topic, self.monitor.alarm_name, [change])
            if not found and at > end:
                raise Ended(
                    " ".join(words) + f" The topic {topic} may have no subscriber that is confirmed; "
                    "rk.monitoring.health(monitor, session) tells."
                )
            return (found[0], words) if found else None

        at, words = self.until(look, "waiting for SNS to send the notice on", "SNS told of no notice by then.")
        self.told += words
        self.moments["noticed"] = at
        self.report("noticed", "SNS sent the notice on")

    # small things

    def _change(self) -> Transition | None:
        """Return the first change to ALARM since the record arrived."""
        asked: dict[str, Any] = {
            "AlarmName": self.monitor.alarm_name,
            "AlarmTypes": list(TYPES),
            "ScanBy": "TimestampAscending",
        }
        since = datetime.fromtimestamp(int(self.began), UTC)
        items = self.services.cloudwatch.pages(
            "DescribeAlarmHistory", "AlarmHistoryItems", check=self.watch.check, StartDate=since, **asked
        )
        changes = transitions(list(items), self.rule, self.monitor.topic_name)
        after = self.moments["ingested"] - NEAR
        return next((one for one in changes if one.alarms and one.at >= after), None)

    def _still(self, at: float, last: float) -> None:
        """End where no change can come any more."""
        alarm = self.alarm()
        if alarm is None:
            raise Ended(f"There is no alarm {self.monitor.alarm_name}, so nothing comes of the datapoint.")
        changed = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
        before = changed is None or millis(changed) < self.moments["ingested"]
        there = self.moments.get("datapoint", self.moments["ingested"])
        if alarm["StateValue"] == ALARM and before and at > there / 1000 + ACTION_WITHIN / 2:
            raise Ended(
                f"The alarm {self.monitor.alarm_name} is in ALARM{_since(alarm)}, from before the record arrived: it "
                "tells nobody of what comes meanwhile. Probe again when it is OK."
            )
        if at > last:
            late = (self.moments["ingested"] - self.stamp) / 1000
            raise Ended(
                f"The alarm {self.monitor.alarm_name} stayed in {alarm['StateValue']}, and the record does not count "
                f"for it any more: it arrived {late:,.0f} s after its first packet, when its minute may have been "
                f"judged already. The rule is {spoken(self.rule)}; rk.monitoring.backtest tells which hear such."
            )

    def alarm(self) -> Mapping[str, Any] | None:
        """Return the alarm of the monitor's name as CloudWatch describes it."""
        found = described(self.services.cloudwatch, self.monitor.alarm_name, check=self.watch.check)
        self._acts = bool(found and found.get("ActionsEnabled", True) and found.get("AlarmActions"))
        return found

    def until(
        self, look: Callable[[float], Found | None], words: str, otherwise: str, between: float = BETWEEN
    ) -> Found:
        """Look again and again, and return what is found; at the deadline it ended, with a sentence on that."""
        while True:
            at = self.now()
            found = look(at)
            if found is not None:
                return found
            if at - self.began >= self.deadline:
                raise Ended(f"The deadline of {self.deadline:,.0f} s passed. {otherwise}")
            self.watch.report(self._share(), f"{words}; {at - self.began:,.0f} s so far")
            self.wait(between)

    def wait(self, seconds: float) -> None:
        """Let time pass, and look whether somebody asked to stop."""
        end, before, still = self.now() + seconds, self.now(), 0
        while (left := end - self.now()) > 0:
            self.watch.check()
            self.sleep(min(left, _SLICE))
            still = still + 1 if self.now() == before else 0
            before = self.now()
            if still > _STILL:
                raise ArgumentError(
                    "the session's clock stands still while the probe waits; on a sandbox give sleep=sandbox.sleep and "
                    "connect=sandbox.connect"
                )

    def hand(self) -> Watch:
        """Return a watch for one query: it is cancelled with the whole, and its progress is its own."""
        inner = Watch()
        self.watch.on_cancel(inner.cancel)
        return inner

    def say(self, sentence: str) -> None:
        """Tell a sentence at once, and keep it."""
        self.told.append(sentence)
        self.watch.report(self._share(), sentence)

    def report(self, moment: str, words: str) -> None:
        """Tell that a moment is known."""
        at, since = self.moments[moment], (self.moments[moment] - self.moments["firstPacket"]) / 1000
        clock = f"{datetime.fromtimestamp(at / 1000, UTC):%H:%M:%S}"
        self.watch.report(self._share(), f"{clock} {words}" + (f" (+{since:,.1f} s)" if since else ""))

    def _share(self) -> float:
        known = [place for place, name in enumerate(MOMENTS, 1) if name in self.moments]
        return max(known, default=0) / len(MOMENTS)


def _reach(rule: AlarmRule | LogAlarmRule) -> float:
    """Return seconds after a record's first packet in which it may still make an alarm."""
    if isinstance(rule, LogAlarmRule):
        return rule.start_offset + rule.interval * (rule.results_to_evaluate + 1) + 300
    return rule.period * (LONGEST.length(rule) + 1) + 120


def _many(rule: AlarmRule | LogAlarmRule) -> str:
    return "next evaluations" if isinstance(rule, AlarmRule) else "next runs"


def _since(alarm: Mapping[str, Any]) -> str:
    at = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
    return "" if at is None else f" since {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _between(record: Mapping[str, Any]) -> str:
    ends = f"{record.get('srcAddr')} to {record.get('dstAddr')}:{record.get('dstPort')}"
    return f"{ends}, {record.get('action')}" + (f" at {record['interfaceId']}" if record.get("interfaceId") else "")
