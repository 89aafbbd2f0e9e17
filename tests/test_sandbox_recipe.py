"""The usual recipe, end to end, as its user would do it: by plain boto3, and by the AWS CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rejectkit.sandbox import Sandbox, scenario, start
from tests.aws_cli import quick_aws
from tests.recipe import ALARM, GROUP, PATTERN, TOPIC

SCENARIO = scenario(hours=1)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account, at the end of the scenario's hour."""
    with start(scenario=None, start=SCENARIO.window.end) as made:
        yield made


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """The scenario's records as log events, by time, in a file; those of the last half hour."""
    first = SCENARIO.window.end.timestamp() - 1800
    rows = sorted(zip((SCENARIO.starts * 1000).tolist(), SCENARIO.lines(), strict=True))
    path = tmp_path / "events.json"
    path.write_text(json.dumps([row for row in rows if row[0] >= first * 1000]))
    return path


def test_recipe_by_plain_boto3(sandbox: Sandbox, events: Path) -> None:
    """ACCEPT lines match nothing; the alarm rings and ends; the queue holds the notices; history tells the story."""
    program = Path(__file__).with_name("recipe.py")
    done = subprocess.run(
        [sys.executable, str(program), str(events)],
        env={**os.environ, **sandbox.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["imported"] == []
    lines = [line for _, line in json.loads(events.read_text())[:50]]
    assert told["matched"] == [line for line in lines if " REJECT " in line]
    assert any(" ACCEPT " in line for line in lines)
    assert (told["during"], told["after"]) == ("ALARM", "OK")
    (notice,) = told["messages"]
    assert (notice["AlarmName"], notice["NewStateValue"], notice["OldStateValue"]) == (
        ALARM,
        "ALARM",
        "INSUFFICIENT_DATA",
    )
    assert notice["Trigger"]["MetricName"] == "RejectPackets"
    assert notice["NewStateReason"].startswith("Threshold Crossed: 1 datapoint [")
    assert told["history"] == [
        f'Alarm "{ALARM}" created',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        f"Successfully executed action arn:aws:sns:eu-west-1:{sandbox.account}:{TOPIC}",
        "Alarm updated from ALARM to OK",
    ]


def test_recipe_by_the_aws_cli(sandbox: Sandbox, events: Path, tmp_path: Path) -> None:
    """The commands as one types them; version 1 of the CLI heeds AWS_ENDPOINT_URL in all services but SQS."""

    def aws(*words: str) -> Any:
        named = ["--endpoint-url", sandbox.endpoint_url] if words[0] == "sqs" else []
        environment = {**os.environ, **sandbox.environment, "AWS_PAGER": "", "AWS_CONFIG_FILE": str(tmp_path / "none")}
        with quick_aws() as path:
            done = subprocess.run(
                ["/usr/bin/env", "aws", *words, *named],
                env={**environment, "PATH": path},
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    aws("logs", "create-log-group", "--log-group-name", GROUP)
    aws("logs", "create-log-stream", "--log-group-name", GROUP, "--log-stream-name", "eni-1-all")
    transformation = "metricName=RejectPackets,metricNamespace=VPCFlowLogs,metricValue=1,defaultValue=0"
    put_filter = ("logs", "put-metric-filter", "--log-group-name", GROUP, "--filter-name", "rejects")
    aws(*put_filter, "--filter-pattern", PATTERN, "--metric-transformations", transformation)
    topic = aws("sns", "create-topic", "--name", TOPIC)["TopicArn"]
    queue = aws("sqs", "create-queue", "--queue-name", "rejects")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:{sandbox.account}:rejects"
    aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", arn)
    aws(
        *("cloudwatch", "put-metric-alarm", "--alarm-name", ALARM, "--metric-name", "RejectPackets"),
        *("--namespace", "VPCFlowLogs", "--statistic", "Sum", "--period", "60", "--threshold", "0"),
        *("--comparison-operator", "GreaterThanThreshold", "--evaluation-periods", "1"),
        *("--treat-missing-data", "notBreaching", "--alarm-actions", topic),
    )
    rows = [{"timestamp": time, "message": line} for time, line in json.loads(events.read_text())]
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(rows))
    put = ("logs", "put-log-events", "--log-group-name", GROUP, "--log-stream-name", "eni-1-all")
    assert "rejectedLogEventsInfo" not in aws(*put, "--log-events", f"file://{file}")
    sandbox.advance("1m")
    (alarm,) = aws("cloudwatch", "describe-alarms", "--alarm-names", ALARM)["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    sandbox.advance("30m")
    (alarm,) = aws("cloudwatch", "describe-alarms", "--alarm-names", ALARM)["MetricAlarms"]
    assert alarm["StateValue"] == "OK"
    (message,) = aws("sqs", "receive-message", "--queue-url", queue)["Messages"]
    assert json.loads(json.loads(message["Body"])["Message"])["NewStateValue"] == "ALARM"
    history = aws("cloudwatch", "describe-alarm-history", "--alarm-name", ALARM, "--history-item-type", "StateUpdate")
    assert [item["HistorySummary"] for item in history["AlarmHistoryItems"]] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]
