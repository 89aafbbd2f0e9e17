"""A small VPC in a sandbox, and hands to plant flow logs, log groups and events with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rejectkit.records import LogFormat
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sandbox.vpc.vpcfacts import VpcFacts

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
GROUP = "/lab/flow-logs"
ROLE = "arn:aws:iam::123456789012:role/deliver"
DEFAULT = str(LogFormat.default())
LINE = "2 123456789012 {} 198.51.100.9 10.0.0.4 49761 22 6 1 40 {} {} REJECT OK"


@dataclass
class Lab:
    """One VPC with subnets `a` (interfaces 1 and 2) and `b` (interface 3)."""

    sandbox: Sandbox
    vpc: str = ""
    subnets: dict[str, str] = field(default_factory=dict)
    interfaces: dict[int, str] = field(default_factory=dict)

    def client(self, name: str, region: str | None = None) -> Any:
        """Return a client of boto3."""
        return self.sandbox.session.client(name, region_name=region)

    def build(self) -> Lab:
        """Make the VPC."""
        ec2 = self.client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for name, cidr in (("a", "10.0.0.0/24"), ("b", "10.0.1.0/24")):
            self.subnets[name] = ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
        for number, name in ((1, "a"), (2, "a"), (3, "b")):
            made = ec2.create_network_interface(SubnetId=self.subnets[name])
            self.interfaces[number] = made["NetworkInterface"]["NetworkInterfaceId"]
        return self

    def flow_log(self, resource: str = "", **params: Any) -> str:
        """Make a flow log that is as it should be, but for what is given; return its id."""
        resource = resource or self.vpc
        kinds = {"vpc": "VPC", "subnet": "Subnet", "eni": "NetworkInterface"}
        asked = {
            "ResourceType": kinds[resource.partition("-")[0]],
            "ResourceIds": [resource],
            "TrafficType": "ALL",
            "LogDestinationType": "cloud-watch-logs",
            "LogGroupName": GROUP,
            "DeliverLogsPermissionArn": ROLE,
            "MaxAggregationInterval": 60,
            "LogFormat": DEFAULT,
        }
        asked |= params
        made = self.client("ec2").create_flow_logs(**{name: value for name, value in asked.items() if value})
        assert not made["Unsuccessful"], made["Unsuccessful"]
        return str(made["FlowLogIds"][0])

    def group(self, name: str = GROUP, days: int | None = 30, **params: Any) -> str:
        """Make a log group; return its ARN."""
        logs = self.client("logs")
        logs.create_log_group(logGroupName=name, **params)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        return f"arn:aws:logs:{self.sandbox.region}:{self.sandbox.account}:log-group:{name}"

    def records(self, name: str = GROUP, line: str = LINE) -> None:
        """Deliver a record of now into a log group."""
        logs, now = self.client("logs"), int(self.sandbox.clock.now().timestamp())
        stream = f"{self.interfaces[1]}-all"
        if not logs.describe_log_streams(logGroupName=name)["logStreams"]:
            logs.create_log_stream(logGroupName=name, logStreamName=stream)
        message = line.format(self.interfaces[1], now, now)
        told = logs.put_log_events(
            logGroupName=name, logStreamName=stream, logEvents=[{"timestamp": now * 1000, "message": message}]
        )
        assert "rejectedLogEventsInfo" not in told

    def healthy(self) -> str:
        """Let everything be as it should be: a flow log of the VPC, a group, and a record; return the flow log."""
        self.group()
        made = self.flow_log()
        self.records()
        return made

    def becomes(self, flow_log: str, members: Mapping[str, Any]) -> None:
        """Let DescribeFlowLogs say something else of a flow log."""
        facts = self.sandbox._world.region(self.sandbox.region).of(VpcFacts)
        facts.members[flow_log] |= members


@contextmanager
def lab(limits: Limits | None = None) -> Iterator[Lab]:
    """Give a lab in a sandbox of its own."""
    with start(None, start=BEGIN, limits=limits) as sandbox:
        yield Lab(sandbox).build()
