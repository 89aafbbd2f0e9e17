"""What the services allow in a second and at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from rejectkit.insights.answer import DEFAULT_LIMIT
from rejectkit.monitoring.alarms.evaluation import DOCUMENTED, EVALUATION_PHASE, EvaluationRange

# Calls a second in one account and region. Source: CloudWatch Logs quotas, CloudWatch quotas, SNS quotas.
RATES: Mapping[str, float] = {
    "logs.StartQuery": 10,
    "logs.GetQueryResults": 10,
    "logs.DescribeLogGroups": 10,
    "logs.DescribeLogStreams": 25,
    "logs.FilterLogEvents": 25,
    "logs.PutMetricFilter": 5,
    "logs.DeleteMetricFilter": 5,
    "logs.DescribeMetricFilters": 5,
    "logs.TestMetricFilter": 5,
    "cloudwatch.PutLogAlarm": 3,
    "cloudwatch.PutMetricAlarm": 3,
    "cloudwatch.DescribeAlarms": 9,
    "cloudwatch.DescribeAlarmHistory": 20,
    "cloudwatch.SetAlarmState": 3,
    "cloudwatch.DeleteAlarms": 3,
    "sns.Subscribe": 100,
    "sns.ListSubscriptionsByTopic": 30,
    # Source: Athena user guide, Service Quotas
    "athena.StartQueryExecution": 20,
    "athena.StopQueryExecution": 20,
    "athena.GetQueryExecution": 100,
    "athena.GetQueryResults": 100,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Quotas and latencies of the simulated services, all of which can be made smaller.

    Attributes
    ----------
    rates : mapping of str to float
        Calls a second by `service.Operation`; what is not named is not limited.
    concurrent_queries : int
        Logs Insights queries that may be scheduled or running in one region.
    query_rows : int
        The largest `limit` of a query.
    default_rows : int
        Rows of a query that sets no limit.
    page_rows : int
        Rows of one page of results.
    page_events : int
        Events of one page of FilterLogEvents and GetLogEvents.
    query_seconds : float
        How long a query runs, before the bytes it scans are counted.
    query_bytes_per_second : float
        How fast it scans; infinite: at once.
    query_timeout : float
        Seconds after which a query ends as Timeout.
    discovers_custom_formats : bool
        Whether Logs Insights finds the fields of flow logs of a custom format, as it seems to today; the default
        format's it always finds.
    queries_before_creation : bool
        Whether queries reach events stamped before their log group was created, which the service's do not.
    metric_seconds : float
        Simulated seconds from an event's arrival to its datapoint. AWS names no figure but that values are
        reported each minute.
    evaluation_second : float
        Seconds after the minute at which alarms are evaluated; those of 10, 20 and 30 s at its last digit and
        fraction, every 10 s.
    evaluation_range : EvaluationRange
        How far an evaluation reaches back, which AWS does not document.
    athena_queries : int
        Athena's queries that may be queued or running in one region.
    athena_seconds : float
        How long one of them takes, before the bytes it reads are counted.
    athena_bytes_per_second : float
        How fast it reads; infinite: at once.
    athena_timeout : float
        Seconds after which it fails.
    """

    rates: Mapping[str, float] = field(default_factory=lambda: dict(RATES))
    concurrent_queries: int = 100
    query_rows: int = 100_000
    default_rows: int = DEFAULT_LIMIT
    page_rows: int = 10_000
    page_events: int = 10_000
    query_seconds: float = 0.0
    query_bytes_per_second: float = float("inf")
    query_timeout: float = 3600.0
    discovers_custom_formats: bool = True
    queries_before_creation: bool = False
    metric_seconds: float = 0.0
    evaluation_second: float = EVALUATION_PHASE
    evaluation_range: EvaluationRange = DOCUMENTED
    athena_queries: int = 200
    athena_seconds: float = 0.0
    athena_bytes_per_second: float = float("inf")
    athena_timeout: float = 1800.0

    @classmethod
    def unlimited(cls) -> Limits:
        """Return limits without rates, for work that is not about them."""
        return cls(rates={})


class Rates:
    """Counts calls: no more than a rate's in any second, by operation and region."""

    def __init__(self, limits: Limits) -> None:
        """Count from now."""
        self._rates = limits.rates
        self._latest: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()

    def admit(self, operation: str, region: str, at: float) -> bool:
        """Tell whether a call may pass at a time in seconds; a call that may not is not counted."""
        rate = self._rates.get(operation)
        if rate is None:
            return True
        with self._lock:
            latest = self._latest.setdefault((operation, region), deque())
            while latest and at - latest[0] >= 1.0:
                latest.popleft()
            if len(latest) >= rate:
                return False
            latest.append(at)
            return True
