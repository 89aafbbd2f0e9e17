"""A day of the scenario in the sandbox: how long it takes to start, and to play, with the recipe's alarm on it."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

SCALE = 17  # of the scenario: a little over 200,000 records a day
PATTERN = (
    "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, windowstart, "
    'windowend, action="REJECT", flowlogstatus]'
)
ROWS = (  # what is measured, its name in the table, and the target in seconds
    ("import", "import, seconds", None),
    ("start", "start of the sandbox with its VPC and traffic, seconds", 5.0),
    ("day", "a day: all records, 1,440 judgements of the alarm, seconds", 60.0),
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


def main() -> int:
    """Measure in processes of their own, print the medians; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(once()))
        return 0
    command = [sys.executable, "-m", "benchmarks.sandbox_bench", "--part"]
    measured = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        for _ in range(arguments.rounds)
    ]
    print(f"{measured[0]['records']:,.0f} records, {measured[0]['rejects']:,.0f} rejects, {arguments.rounds} rounds")
    held = True
    for key, name, target in ROWS:
        values = [row[key] for row in measured]
        median = statistics.median(values)
        good = target is None or median <= target
        verdict = f"; target: at most {target:g}: {'held' if good else 'MISSED'}" if target else ""
        print(f"  {median:8.2f}  ({min(values):.2f} to {max(values):.2f})  {name}{verdict}")
        held = held and good
    return 0 if held and measured[0]["records"] >= 200_000 else 1


if __name__ == "__main__":
    sys.exit(main())
