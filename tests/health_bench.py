"""A healthy alert in a sandbox, deployed by apply, and hands to break it with; nothing in it is stood in for."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name

from rejectkit.findings import Finding
from rejectkit.monitoring import AlarmRule, Monitor
from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.deploying.deploy import plan
from rejectkit.monitoring.wiring.checkup import health
from rejectkit.records import LogFormat
from rejectkit.sandbox import Limits
from tests.aws_cli import quick_aws
from tests.deploying import budget
from tests.flowlog_lab import GROUP, LINE, Lab, lab

REGION, ACCOUNT = "eu-west-1", "123456789012"
RULE = AlarmRule(period=300, evaluation_periods=3)  # asks for 15 minutes, records come after 6
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:vpc-rejects"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:rejects"
NAME = "VPCFlowLogs-Rejects"
CUSTOM = LogFormat.parse("${version} ${vpc-id} ${interface-id} ${srcaddr} ${dstaddr} ${dstport} ${action} ${start}")
CUSTOM_LINE = "2 vpc-1 {} 198.51.100.9 10.0.0.4 22 REJECT {}"


@dataclass
class Bench:
    """One alert, and the lab it is in."""

    lab: Lab
    monitor: Monitor
    flow_log: str = ""
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, name: str) -> Any:
        """Return a client of boto3, the same each time."""
        if name not in self.clients:
            self.clients[name] = self.lab.client(name)
        return self.clients[name]

    def advance(self, span: str, line: str | None = LINE) -> None:
        """Let time pass, and then a record come, unless there is to be none."""
        self.lab.sandbox.advance(span)
        if line is not None:
            self.lab.records(line=line)

    def findings(self, monitor: Monitor | None = None, session: Any = None) -> list[Finding]:
        """Return what health says."""
        return health(monitor or self.monitor, session or self.lab.sandbox.session, budget=budget())

    def put_filter(self, **changes: Any) -> None:
        """Put the metric filter, some of it otherwise: its own members, or those of its transformation."""
        params = wanted.filter_params(self.monitor)
        assert params is not None
        (transformation,) = params["metricTransformations"]
        own = {
            name: value for name, value in changes.items() if name in ("filterPattern", "logGroupName", "filterName")
        }
        inner = transformation | {name: value for name, value in changes.items() if name not in own}
        kept = {name: value for name, value in inner.items() if value is not None}
        self.client("logs").put_metric_filter(**{**params, **own, "metricTransformations": [kept]})

    def put_alarm(self, **changes: Any) -> None:
        """Put the alarm, some of it otherwise; None leaves a member out."""
        params = {**wanted.alarm_params(self.monitor, TOPIC), **changes}
        del params["Tags"]
        put = getattr(
            self.client("cloudwatch"), "put_log_alarm" if "log" in self.monitor.design else "put_metric_alarm"
        )
        put(**{name: value for name, value in params.items() if value is not None})

    def set_topic(self, name: str, value: str) -> None:
        """Set an attribute of the topic."""
        self.client("sns").set_topic_attributes(TopicArn=TOPIC, AttributeName=name, AttributeValue=value)

    def policy(self) -> dict[str, Any]:
        """Return the topic's policy."""
        told = self.client("sns").get_topic_attributes(TopicArn=TOPIC)["Attributes"]["Policy"]
        found: dict[str, Any] = json.loads(told)
        return found

    def subscription(self) -> str:
        """Return the ARN of the queue's subscription."""
        listed = self.client("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
        return str(next(one["SubscriptionArn"] for one in listed if one["Protocol"] == "sqs"))

    def flow_log_anew(self, **params: Any) -> None:
        """Delete the flow log and make another."""
        self.client("ec2").delete_flow_logs(FlowLogIds=[self.flow_log])
        self.flow_log = self.lab.flow_log(**params)

    def make_queue(self) -> None:
        """Make the queue that is subscribed; its policy lets the topic send."""
        url = self.client("sqs").create_queue(QueueName="rejects")["QueueUrl"]
        self.let_topic_send(url, TOPIC)

    def let_topic_send(self, url: str, topic: str) -> None:
        """Give the queue a policy for a topic."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": QUEUE,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    @property
    def queue_url(self) -> str:
        """The queue's URL."""
        return str(self.client("sqs").get_queue_url(QueueName="rejects")["QueueUrl"])


def only(findings: list[Finding]) -> Finding:
    """Return the one finding there is."""
    assert len(findings) == 1, findings
    return findings[0]


def lines_of(finding: Finding) -> list[str]:
    """Return the command lines of a mend."""
    return re.findall(r"`(aws [^`]+)`", finding.mend or "")


def call(bench: Bench, line: str) -> None:
    """Make the call that a command line says by boto3, with the arguments as the CLI takes them."""
    _, service, command, *words = shlex.split(line)
    client = bench.client(service)
    names = {
        method: name for name, method in ((one, xform_name(one)) for one in client.meta.service_model.operation_names)
    }
    members = client.meta.service_model.operation_model(names[command.replace("-", "_")]).input_shape.members
    options = {f"--{xform_name(name, '-')}": name for name in members} | {"--notification-endpoint": "Endpoint"}
    given: dict[str, Any] = {}
    for option, values in options_of(words):
        if option == "--cli-input-json":
            given |= json.loads(values[0])
        elif option != "--region":
            kind = members[options[option]].type_name
            text = values[0]
            given[options[option]] = (
                values
                if kind == "list"
                else int(text)
                if kind == "integer"
                else json.loads(text)
                if kind == "map"
                else text
            )
    getattr(client, command.replace("-", "_"))(**given)


def options_of(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each option of a command line with its values."""
    option, values = "", []
    for word in [*words, "--"]:
        if word.startswith("--"):
            if option:
                yield option, values
            option, _, value = word.partition("=")
            values = [value] if "=" in word else []
        else:
            values.append(word)


def run(bench: Bench, line: str) -> None:
    """Run a command line in a shell, against the sandbox."""
    line = line.replace(
        "aws sqs", f"aws --endpoint-url {bench.lab.sandbox.endpoint_url} sqs"
    )  # takes no AWS_ENDPOINT_URL
    with quick_aws() as path:
        environment = {**os.environ, **bench.lab.sandbox.environment, "PATH": path}
        done = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (line, done.stderr)


def healthy_monitor(**members: Any) -> Monitor:
    """Return a monitor whose rule covers the delay, and that tells a queue."""
    given: dict[str, Any] = {"log_group": GROUP, "rule": RULE, "queues": [QUEUE]}
    return Monitor(**(given | members))


@contextmanager
def bench(
    limits: Limits | None = None, *, flow_log: dict[str, Any] | None = None, line: str = LINE, **members: Any
) -> Iterator[Bench]:
    """Give a healthy alert: flow log, log group, records before and after, and all that the monitor wants."""
    with lab(limits or Limits(rates={})) as made:
        found = Bench(made, healthy_monitor(**members))
        made.group()
        found.flow_log = made.flow_log(**(flow_log or {}))
        made.records(line=line)
        found.make_queue()
        plan(found.monitor, made.sandbox.session, budget=budget(), sleep=lambda _: None).apply(sleep=lambda _: None)
        found.advance("1m", line)
        found.advance("10m", line)
        yield found
