"""The usual recipe against an endpoint, by plain boto3: run as a program, nothing of rejectkit in it.

Arguments: a JSON file of log events ([milliseconds since the epoch, line], by time). Prints what it saw as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from typing import Any

import boto3

PATTERN = (
    "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, windowstart, "
    'windowend, action="REJECT", flowlogstatus]'
)
GROUP, ALARM, TOPIC = "/vpc/flow-logs", "VPCFlowLogs-Rejects", "vpc-rejects"
SIZE = 5000


def advance(by: str) -> str:
    """Move the sandbox's clock; return its time."""
    asked = urllib.request.Request(
        f"{os.environ['AWS_ENDPOINT_URL']}/_rejectkit/clock", data=json.dumps({"by": by}).encode()
    )
    with urllib.request.urlopen(asked) as answer:
        return str(json.load(answer)["now"])


def main() -> dict[str, Any]:
    """Set the alarm up, let the events come, and tell what happened."""
    with open(sys.argv[1], encoding="utf-8") as file:
        events = json.load(file)
    logs, cloudwatch, sns, sqs = (boto3.client(name) for name in ("logs", "cloudwatch", "sns", "sqs"))
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="eni-1-all")
    logs.put_metric_filter(
        logGroupName=GROUP,
        filterName="rejects",
        filterPattern=PATTERN,
        metricTransformations=[
            {
                "metricName": "RejectPackets",
                "metricNamespace": "VPCFlowLogs",
                "metricValue": "1",
                "defaultValue": 0,
            }
        ],
    )
    topic = sns.create_topic(Name=TOPIC)["TopicArn"]
    queue = sqs.create_queue(QueueName="rejects")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloudwatch.put_metric_alarm(
        AlarmName=ALARM,
        MetricName="RejectPackets",
        Namespace="VPCFlowLogs",
        Statistic="Sum",
        Period=60,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        TreatMissingData="notBreaching",
        AlarmActions=[topic],
    )
    for at in range(0, len(events), SIZE):
        batch = [{"timestamp": time, "message": line} for time, line in events[at : at + SIZE]]
        logs.put_log_events(logGroupName=GROUP, logStreamName="eni-1-all", logEvents=batch)
    advance("1m")
    during = cloudwatch.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"][0]["StateValue"]
    advance("30m")
    after = cloudwatch.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"][0]["StateValue"]
    lines = [line for _, line in events[:50]]
    matches = logs.test_metric_filter(filterPattern=PATTERN, logEventMessages=lines)["matches"]
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    history = cloudwatch.describe_alarm_history(AlarmName=ALARM, ScanBy="TimestampAscending")["AlarmHistoryItems"]
    return {
        "imported": sorted(name for name in sys.modules if name.startswith("rejectkit")),
        "during": during,
        "after": after,
        "matched": [match["eventMessage"] for match in matches],
        "messages": [json.loads(json.loads(message["Body"])["Message"]) for message in messages],
        "history": [item["HistorySummary"] for item in history],
    }


if __name__ == "__main__":
    print(json.dumps(main()))  # noqa: T201  a program's answer
