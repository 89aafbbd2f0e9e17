"""What the tests of the sandbox's alarms share: alarms, datapoints and states by minutes from noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rejectkit.monitoring.alarms.evaluation import EVALUATION_PHASE, SHORTEST, EvaluationRange
from rejectkit.sandbox import Limits, Sandbox, start

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
TOPIC = "arn:aws:sns:us-east-1:111122223333:nowhere"
RECIPE = {
    "Namespace": "n",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def account(reach: EvaluationRange = SHORTEST, **limits: Any) -> Sandbox:
    """Return an empty account at noon without rates."""
    return start(
        scenario=None,
        start=START,
        region="us-east-1",
        limits=Limits(rates={}, evaluation_range=reach, **limits),
    )


def after(seconds: float) -> datetime:
    """Return a moment by its seconds from noon."""
    return START + timedelta(seconds=seconds)


def judged(minute: int, phase: float = EVALUATION_PHASE) -> datetime:
    """Return when the state changes that is judged in a minute from noon."""
    return after(60 * minute + phase + 0.002)


def put_alarm(cloudwatch: Any, name: str = "a", **members: Any) -> None:
    """Put the recipe's alarm, some members otherwise; None leaves one out."""
    asked = {key: value for key, value in (RECIPE | members).items() if value is not None}
    cloudwatch.put_metric_alarm(AlarmName=name, **asked)


def put(cloudwatch: Any, at: float, value: float = 1.0, metric: str = "m", **members: Any) -> None:
    """Put one value of metric n/m, as seconds from noon."""
    datum = {"MetricName": metric, "Timestamp": after(at), "Value": value, **members}
    cloudwatch.put_metric_data(Namespace="n", MetricData=[datum])


def described(cloudwatch: Any, name: str = "a") -> dict[str, Any]:
    """Return an alarm as DescribeAlarms has it."""
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(found)


def state(cloudwatch: Any, name: str = "a") -> str:
    """Return an alarm's state."""
    return str(described(cloudwatch, name)["StateValue"])


def items(cloudwatch: Any, kind: str | None = None, name: str | None = "a", **more: Any) -> list[dict[str, Any]]:
    """Return history, the oldest first."""
    asked = {"AlarmName": name, "HistoryItemType": kind, "ScanBy": "TimestampAscending"} | more
    asked = {member: value for member, value in asked.items() if value is not None}
    return list(cloudwatch.describe_alarm_history(**asked)["AlarmHistoryItems"])


def changes(cloudwatch: Any, name: str = "a") -> list[tuple[datetime, str]]:
    """Return when an alarm changed its state, and to what, the oldest first."""
    return [(item["Timestamp"], item["HistorySummary"].split()[-1]) for item in items(cloudwatch, "StateUpdate", name)]


def refusal(call: Any, *args: Any, **params: Any) -> tuple[str, str]:
    """Return code and message of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]
