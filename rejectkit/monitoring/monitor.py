"""Monitor: one value that says everything about an alert on rejected flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from html import escape
from typing import Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.monitoring import limits, monitorchecks
from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.limits import TAG
from rejectkit.monitoring.monitorchecks import LOG_ALARM, METRIC_FILTER
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.records import LogFormat

__all__ = ["LOG_ALARM", "METRIC_FILTER", "Monitor"]

_DESCRIPTION = "Rejected flows in VPC flow logs."
LISTS: Final = ("emails", "queues", "urls", "functions", "actions")


@dataclass(frozen=True, kw_only=True, slots=True)
class Monitor:
    """Everything about one alert on rejected flows: what is planned, deployed, exported and removed comes from it.

    Parameters
    ----------
    log_group : str
        Name of the log group that the flow log delivers to.
    log_format : LogFormat
        The flow log's format.
    choices : Choices, optional
        Which rejects; pattern and query are generated from them. None where the pattern is one's own.
    pattern : FilterPattern or str, optional
        A filter pattern of one's own. Where it is left out: the recipe's, for the format and the choices. A log alarm
        does not use it, and its choices may be such as no pattern can say: it is then that of all rejects.
    rule : AlarmRule
        When it is an alarm. In the log-alarm design its period is how often the query runs, and how much it reads.
    design : {"metric-filter", "log-alarm"}
        A metric filter and a metric alarm, or a log alarm: a scheduled Logs Insights query. `compared` compares them.
    query : str, optional
        Log alarm only: a query of one's own, whose results are counted. Left out: generated.
    delay : int
        Log alarm only: seconds before a run at which the query's time range ends, so that late records are in it.
    query_role : str, optional
        Log alarm only, and needed there: ARN of the role that runs the query.
    log_lines : int
        Log alarm only: lines in a notice, 0 to 50.
    lines_role : str, optional
        Log alarm only, needed for lines: ARN of the role that reads them.
    namespace, metric_name : str
        The metric that the filter counts into, without dimensions.
    filter_name, alarm_name : str
        Names of the metric filter and of the alarm. The alarm's has only what a tag may have, as the tag holds it.
    topic : str
        A name: the topic is made, and ours. An ARN: a topic there is, which is used and left as it is.
    emails, queues, urls, functions : sequence of str
        Whom the topic tells: e-mail addresses, ARNs of SQS queues, https URLs, ARNs of Lambda functions. Kept as
        tuples, each once.
    actions : sequence of str
        ARNs of further actions on ALARM, beside the topic.
    notify_ok : bool
        Whether the topic is told of the return to OK too.
    description : str
        The alarm's.
    tags : mapping
        Tags of one's own; `rejectkit:monitor` with the alarm's name always comes with them.
    create_log_group : bool
        Whether the log group is made, and ours.
    retention_days : int, optional
        How long a log group that is ours keeps its events; None: for ever.

    Raises
    ------
    ArgumentError
        If AWS would refuse a value, or two of them do not go together.

    Notes
    -----
    Names default to the recipe's. Limits: API references of CloudWatch, CloudWatch Logs and SNS. Names are unique
    per account and region: two monitors need two filter names, alarm names, and metric names.

    Examples
    --------
    >>> monitor = Monitor(log_group="vpc-flow-logs", emails=["ops@example.org"])
    >>> monitor.pattern.matches("2 1 eni-1 198.51.100.7 10.0.0.5 1 22 6 1 40 1795422240 1795422270 REJECT OK")
    True
    >>> monitor.changed(choices=Choices(ports=(22,))).pattern.fields[6]
    'dstPort'
    """

    log_group: str
    log_format: LogFormat = field(default_factory=LogFormat.default)
    choices: Choices | None = None
    pattern: FilterPattern = None  # type: ignore[assignment]  # generated where it is left out; a text is read
    rule: AlarmRule = field(default_factory=AlarmRule)
    design: str = METRIC_FILTER
    query: str | None = None
    delay: int = 600
    query_role: str | None = None
    log_lines: int = 0
    lines_role: str | None = None
    namespace: str = "VPCFlowLogs"
    metric_name: str = "RejectPackets"
    filter_name: str = "VPCFlowLogs-Rejects"
    alarm_name: str = "VPCFlowLogs-Rejects"
    topic: str = "vpc-rejects"
    emails: Sequence[str] = ()
    queues: Sequence[str] = ()
    urls: Sequence[str] = ()
    functions: Sequence[str] = ()
    actions: Sequence[str] = ()
    notify_ok: bool = False
    description: str = _DESCRIPTION
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    create_log_group: bool = False
    retention_days: int | None = None

    def __post_init__(self) -> None:
        """Check every value against AWS's limits, and against the others."""
        for name in LISTS:
            object.__setattr__(self, name, limits.several(name, getattr(self, name)))
        object.__setattr__(self, "tags", limits.tags("tags", self.tags))
        monitorchecks.check(self)
        self._take_pattern()
        if self.design == LOG_ALARM:
            monitorchecks.check_query(self)

    def _take_pattern(self) -> None:
        """Read the pattern, or generate it from the choices; both are kept only where they agree."""
        given: FilterPattern | str | None = self.pattern
        if given is None:
            object.__setattr__(self, "choices", self.choices or Choices())
        generated = None if self.choices is None else self._generated(self.choices)
        pattern = generated if given is None else given if isinstance(given, FilterPattern) else FilterPattern(given)
        object.__setattr__(self, "pattern", pattern)
        if generated is not None and pattern != generated:
            raise ArgumentError(
                f"pattern is {self.pattern.text!r}, which is not what the choices and the log format give; leave the "
                "pattern or the choices out (Monitor.changed generates the pattern anew)"
            )

    def _generated(self, choices: Choices) -> FilterPattern:
        """Return the pattern of choices; a log alarm may have some that only a query can say."""
        sayable = self.design != LOG_ALARM or not choices.unsaid(self.log_format)
        return (choices if sayable else Choices()).pattern(self.log_format)

    @property
    def owns_topic(self) -> bool:
        """Whether the topic is made, and ours; else it is one there is."""
        return not limits.is_arn(self.topic)

    @property
    def topic_name(self) -> str:
        """The topic's name, also where it is given by its ARN."""
        return self.topic.rpartition(":")[2]

    def topic_arn(self, region: str, account: str) -> str:
        """Return the topic's ARN in a region of an account; that of a topic there is, wherever that is.

        Examples
        --------
        >>> Monitor(log_group="g").topic_arn("eu-west-1", "123456789012")
        'arn:aws:sns:eu-west-1:123456789012:vpc-rejects'
        """
        made = f"arn:{limits.partition(region)}:sns:{region}:{account}:{self.topic}"
        return made if self.owns_topic else self.topic

    def alarm_arn(self, region: str, account: str) -> str:
        """Return the alarm's ARN in a region of an account."""
        return f"arn:{limits.partition(region)}:cloudwatch:{region}:{account}:alarm:{self.alarm_name}"

    def log_group_arn(self, region: str, account: str) -> str:
        """Return the log group's ARN in a region of an account, without `:*`."""
        return f"arn:{limits.partition(region)}:logs:{region}:{account}:log-group:{self.log_group}"

    def changed(self, **changes: Any) -> Monitor:
        """Return a copy with other values; a pattern that was generated is generated anew.

        A `pattern` of one's own takes the place of the choices, and the reverse.

        Examples
        --------
        >>> Monitor(log_group="g").changed(alarm_name="night").alarm_name
        'night'
        """
        _known(changes)
        if changes.get("pattern") is not None:
            changes.setdefault("choices", None)
        elif self.choices is not None or changes.get("choices") is not None:
            changes["pattern"] = None
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the monitor as JSON has it: texts, numbers, lists and objects; `from_dict` takes it back.

        Examples
        --------
        >>> Monitor.from_dict(Monitor(log_group="g").to_dict()) == Monitor(log_group="g")
        True
        """
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        found |= {name: list(found[name]) for name in LISTS}
        found |= {
            "log_format": str(self.log_format),
            "choices": self.choices and self.choices.to_dict(),
            "pattern": self.pattern.text if self.choices is None else None,
            "rule": asdict(self.rule),
            "tags": dict(self.tags),
        }
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Monitor:
        """Return the monitor that `to_dict` gave; what is left out has its default.

        Raises
        ------
        ArgumentError
            If there is a name that a monitor has not, or a value it does not take.
        """
        _known(data)
        if "log_group" not in data:
            raise ArgumentError("log_group is missing; a monitor is of one log group")
        found = dict(data)
        if isinstance(found.get("log_format"), str):
            found["log_format"] = LogFormat.parse(found["log_format"])
        if isinstance(found.get("choices"), Mapping):
            found["choices"] = Choices.from_dict(found["choices"])
        if isinstance(found.get("rule"), Mapping):
            rule = found["rule"]
            if strange := [key for key in rule if key not in AlarmRule.__dataclass_fields__]:
                raise ArgumentError(f"rule has no {strange[0]!r}; it has {', '.join(AlarmRule.__dataclass_fields__)}")
            found["rule"] = AlarmRule(**rule)
        return cls(**found)

    def rows(self) -> list[tuple[str, str]]:
        """Return name and value of what a person wants to read, those that say nothing left out."""
        metric = self.design == METRIC_FILTER
        told = {
            "design": self.design,
            "log group": self.log_group + (" (made)" if self.create_log_group else ""),
            "filter": self.filter_name if metric else "",
            "pattern": self.pattern.text if metric else "",
            "metric": f"{self.namespace}/{self.metric_name}" if metric else "",
            "query": "" if metric else self.query or (self.choices or Choices()).query(self.log_format),
            "alarm": self.alarm_name,
            "rule": str(self.rule),
            "topic": self.topic + ("" if self.owns_topic else " (there already)"),
            "tells": ", ".join((*self.emails, *self.queues, *self.urls, *self.functions)),
            "tags": ", ".join(f"{key}={value}" for key, value in {**self.tags, TAG: self.alarm_name}.items()),
        }
        return [(name, value) for name, value in told.items() if value]

    def __str__(self) -> str:
        """Return the monitor, a value a line."""
        return "\n".join(f"{name + ':':<11}{value}" for name, value in self.rows())

    def _repr_html_(self) -> str:
        """Return the monitor as a table; every text is escaped."""
        left = 'style="text-align:left"'  # on each cell: a notebook's own style puts them right
        rows = "".join(
            f"<tr><th {left}>{name}</th><td {left}><code>{escape(value)}</code></td></tr>"
            for name, value in self.rows()
        )
        return f"<table>{rows}</table>"


def _known(given: Mapping[str, Any]) -> None:
    names = [one.name for one in fields(Monitor)]
    for name in given:
        if name not in names:
            near = get_close_matches(str(name), names, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}"
            raise ArgumentError(f"a monitor has no {name!r}; {hint}")
