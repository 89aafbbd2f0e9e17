"""A day of the scenario in the sandbox: how long it takes to start, and to play, with the recipe's alarm on it."""

from __future__ import annotations

import time

from benchmarks.rounds import run

SCALE = 17  # of the scenario: a little over 200,000 records a day
PATTERN = (
    "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, windowstart, "
    'windowend, action="REJECT", flowlogstatus]'
)
ROWS = (  # what is measured, its name in the table, and the target and whether it is the least
    ("import", "import, seconds", None, False),
    ("start", "start of the sandbox with its VPC and traffic, seconds", 5.0, False),
    ("day", "a day: all records, 1,440 judgements of the alarm, seconds", 60.0, False),
    ("records", "records played", 200_000, True),
)


def once() -> dict[str, float]:
    """Play a day; return seconds and counts."""
    started = time.perf_counter()
    import rejectkit as rk
    from rejectkit.sandbox import scenario

    rk.sandbox.start  # noqa: B018  found on first use
    imported = time.perf_counter()
    sandbox = rk.sandbox.start(scenario(scale=SCALE))
    ready = time.perf_counter()
    with sandbox:
        logs, cloudwatch = (sandbox.session.client(name) for name in ("logs", "cloudwatch"))
        (group,) = logs.describe_log_groups()["logGroups"]
        logs.put_metric_filter(
            logGroupName=group["logGroupName"],
            filterName="rejects",
            filterPattern=PATTERN,
            metricTransformations=[
                {"metricName": "RejectPackets", "metricNamespace": "VPCFlowLogs", "metricValue": "1", "defaultValue": 0}
            ],
        )
        cloudwatch.put_metric_alarm(
            AlarmName="rejects",
            MetricName="RejectPackets",
            Namespace="VPCFlowLogs",
            Statistic="Sum",
            Period=60,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            TreatMissingData="notBreaching",
        )
        begun = time.perf_counter()
        sandbox.advance("1d")
        played = time.perf_counter()
        sandbox.advance("1h")  # what is still under way
        sums = cloudwatch.get_metric_statistics(
            Namespace="VPCFlowLogs",
            MetricName="RejectPackets",
            StartTime=sandbox.scenario.window.start,
            EndTime=sandbox.scenario.window.end,
            Period=86_400,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return {
            "import": imported - started,
            "start": ready - imported,
            "day": played - begun,
            "records": sums[0]["SampleCount"],
            "rejects": sums[0]["Sum"],
        }


def _told(one: dict[str, float]) -> str:
    return f"{one['records']:,.0f} records, {one['rejects']:,.0f} rejects"


if __name__ == "__main__":
    raise SystemExit(run("benchmarks.sandbox_bench", __doc__, once, ROWS, _told))
