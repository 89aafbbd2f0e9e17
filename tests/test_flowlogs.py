"""Finding the logs: which flow logs cover a target and how far, where they deliver to, and in what format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, ArgumentError, MissingResourceError
from rejectkit.records import LogFormat
from rejectkit.sandbox import Fault, Sandbox, start
from rejectkit.sources.cloudwatch.flowlogs import FlowLog, Interface, LogGroup, Reach, covering, discovered, find
from tests.flowlog_lab import GROUP, Lab
from tests.flowlog_lab import lab as new_lab

WEB, APP, DB = (Interface("eni-1", "subnet-1", "vpc-1"), Interface("eni-2", "subnet-1", "vpc-1"),
                Interface("eni-3", "subnet-2", "vpc-1"))  # fmt: skip
VPC = Reach("vpc-1", "", ("subnet-1", "subnet-2"), (WEB, APP, DB))
SUBNET = Reach("subnet-1", "vpc-1", (), (WEB, APP))
WEB_ONLY = Reach("eni-1", "", (), (WEB,))
TWO_LEGS = Reach("i-1", "", (), (WEB, DB))
UNKNOWN = Reach("eni-1", "", (), (Interface("eni-1"),), complete=False)
CUSTOM = "${srcaddr} ${dstaddr} ${action} ${start}"


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A VPC without flow logs."""
    with new_lab() as made:
        yield made


@pytest.fixture(scope="module")
def poc() -> Iterator[Sandbox]:
    """The scenario's VPC, whose flow log has delivered for half an hour; nobody changes it."""
    with start("poc") as sandbox:
        sandbox.advance("30m")
        yield sandbox


@pytest.mark.parametrize(
    ("resources", "reach", "extent", "covering_ones", "missing"),
    [
        (["vpc-1"], VPC, "whole", ["vpc-1"], []),
        (["vpc-2", "subnet-9", "eni-9"], VPC, "none", [], ["eni-1", "eni-2", "eni-3"]),
        (["subnet-1"], VPC, "part", ["subnet-1"], ["eni-3"]),
        (["subnet-1", "subnet-2"], VPC, "part", ["subnet-1", "subnet-2"], []),
        (["eni-3"], VPC, "part", ["eni-3"], ["eni-1", "eni-2"]),
        (["subnet-2"], Reach("vpc-1", "", ("subnet-1", "subnet-2"), ()), "part", ["subnet-2"], []),
        (["vpc-1", "eni-3"], VPC, "whole", ["vpc-1", "eni-3"], []),
        (["vpc-1"], SUBNET, "whole", ["vpc-1"], []),
        (["subnet-1"], SUBNET, "whole", ["subnet-1"], []),
        (["subnet-2", "eni-3"], SUBNET, "none", [], ["eni-1", "eni-2"]),
        (["eni-2"], SUBNET, "part", ["eni-2"], ["eni-1"]),
        (["eni-1", "eni-2"], SUBNET, "part", ["eni-1", "eni-2"], []),
        (["vpc-1"], Reach("subnet-9", "vpc-1"), "whole", ["vpc-1"], []),
        (["eni-1"], WEB_ONLY, "whole", ["eni-1"], []),
        (["subnet-1"], WEB_ONLY, "whole", ["subnet-1"], []),
        (["vpc-1"], WEB_ONLY, "whole", ["vpc-1"], []),
        (["eni-2", "subnet-2"], WEB_ONLY, "none", [], ["eni-1"]),
        (["subnet-1"], TWO_LEGS, "part", ["subnet-1"], ["eni-3"]),
        (["subnet-1", "eni-3"], TWO_LEGS, "whole", ["subnet-1", "eni-3"], []),
        (["eni-1"], UNKNOWN, "whole", ["eni-1"], []),
        (["vpc-1"], UNKNOWN, "unknown", [], ["eni-1"]),
        (["vpc-1"], Reach("vpc-1", complete=False), "whole", ["vpc-1"], []),
        (["subnet-1"], Reach("vpc-1", complete=False), "unknown", [], []),
        (["subnet-1"], Reach("i-1", complete=False), "unknown", [], []),
    ],
)
def test_a_flow_log_covers_what_is_in_its_resource(
    resources: list[str], reach: Reach, extent: str, covering_ones: list[str], missing: list[str]
) -> None:
    """A flow log records an interface if it is of it, of its subnet or of its VPC; else the target is covered in part."""
    found = covering([FlowLog(f"fl-{name}", name) for name in resources], reach)
    assert found.target == reach.target
    assert found.extent == extent
    assert [one.resource for one in found.flow_logs] == covering_ones
    assert list(found.missing) == missing


def test_a_flow_log_is_read_as_the_service_tells_it() -> None:
    """Destination, format, interval, status and creation come from DescribeFlowLogs; without a format it is the default."""
    told = {
        "FlowLogId": "fl-1",
        "ResourceId": "eni-1",
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::bucket/here",
        "TrafficType": "REJECT",
        "LogFormat": CUSTOM,
        "MaxAggregationInterval": 60,
        "DeliverLogsStatus": "FAILED",
        "DeliverLogsErrorMessage": "Access error",
        "CreationTime": datetime(2026, 11, 1, tzinfo=UTC),
    }
    one = FlowLog.told(told, "eu-west-1")
    assert (one.log_group, one.destination) == (None, "arn:aws:s3:::bucket/here")
    assert one.format == LogFormat.parse(CUSTOM)
    assert (one.aggregation, one.status, one.error) == (60, "FAILED", "Access error")
    assert (one.rejects, one.accepts) == (True, False)
    assert one.created == datetime(2026, 11, 1, tzinfo=UTC)
    bare = FlowLog.told({"FlowLogId": "fl-2", "ResourceId": "vpc-1", "LogGroupName": GROUP}, "eu-west-1")
    assert (bare.format, bare.aggregation, bare.destination) == (LogFormat.default(), 600, GROUP)


def test_a_log_group_told_by_its_arn_only_is_found_in_the_flow_log() -> None:
    """A flow log made with LogDestination names its log group by ARN; its name is cut out of that."""
    arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}:*"
    told = {"FlowLogId": "fl-1", "ResourceId": "vpc-1", "LogDestinationType": "cloud-watch-logs", "LogDestination": arn}
    assert FlowLog.told(told, "eu-west-1").log_group == GROUP


@pytest.mark.parametrize("kind", ["vpc", "subnet", "eni", "instance", "group", "arn", "arn:*"])
def test_every_kind_of_target_leads_to_its_log_group(poc: Sandbox, kind: str) -> None:
    """A VPC, subnet, interface, instance, log-group name and ARN all lead to the flow log, its group and its format."""
    ec2 = poc.session.client("ec2")
    one = next(one for one in ec2.describe_network_interfaces()["NetworkInterfaces"]
               if "InstanceId" in one.get("Attachment", {}))  # fmt: skip
    arn = f"arn:aws:logs:{poc.region}:{poc.account}:log-group:/vpc/poc/flow-logs"
    target = {
        "vpc": one["VpcId"],
        "subnet": one["SubnetId"],
        "eni": one["NetworkInterfaceId"],
        "instance": one["Attachment"]["InstanceId"],
        "group": "/vpc/poc/flow-logs",
        "arn": arn,
        "arn:*": f"{arn}:*",
    }[kind]
    found = find(poc.session, target)
    (flow_log,), (group,) = found.flow_logs, found.groups
    assert found.target == (target,)
    assert (flow_log.resource, flow_log.log_group, flow_log.aggregation) == (one["VpcId"], "/vpc/poc/flow-logs", 60)
    assert (group.name, group.arn, group.account) == ("/vpc/poc/flow-logs", arn, poc.account)
    assert (group.log_class, group.retention_days) == ("STANDARD", None)
    assert group.created == datetime(2026, 11, 1, tzinfo=UTC)
    assert found.formats(group) == (LogFormat.default(),)
    sizes = {"vpc": 14, "eni": 1, "instance": 1, "group": 0, "arn": 0, "arn:*": 0}
    assert len(found.interfaces) == sizes.get(kind, len(found.interfaces))
    assert all(place.subnet == one["SubnetId"] for place in found.interfaces) or kind == "vpc"
    assert [covered.extent for covered in found.coverage] == (["whole"] if len(found.interfaces) else [])


def test_an_instance_with_two_interfaces_is_followed_through_both(lab: Lab) -> None:
    """An instance's interfaces may be in different subnets; a flow log of one of those covers a part of it."""
    ec2 = lab.client("ec2")
    held = [{"NetworkInterfaceId": lab.interfaces[1], "DeviceIndex": 0}]
    made = ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, NetworkInterfaces=held)
    instance = made["Instances"][0]["InstanceId"]
    ec2.attach_network_interface(NetworkInterfaceId=lab.interfaces[3], InstanceId=instance, DeviceIndex=1)
    lab.group()
    lab.flow_log(lab.subnets["a"])
    (covered,) = find(lab.sandbox.session, instance).coverage
    assert (covered.extent, covered.missing) == ("part", (lab.interfaces[3],))


def test_several_targets_are_found_together_each_thing_once(lab: Lab) -> None:
    """A list of targets gives one answer: flow logs, groups and interfaces of all of them, none of them twice."""
    lab.group()
    lab.group("/other")
    of_vpc, of_subnet = lab.flow_log(), lab.flow_log(lab.subnets["a"], LogGroupName="/other")
    found = find(lab.sandbox.session, [lab.interfaces[1], lab.interfaces[2], "/other", lab.interfaces[1]])
    assert found.target == (lab.interfaces[1], lab.interfaces[2], "/other")
    assert {one.id for one in found.flow_logs} == {of_vpc, of_subnet}
    assert sorted(group.name for group in found.groups) == [GROUP, "/other"]
    assert [one.id for one in found.interfaces] == [lab.interfaces[1], lab.interfaces[2]]


def test_without_a_target_every_flow_log_of_the_region_is_found(lab: Lab) -> None:
    """None stands for the region: all its flow logs, and no coverage of anything."""
    lab.group()
    ids = {lab.flow_log(), lab.flow_log(lab.interfaces[3], LogGroupName="/not/there")}
    found = find(lab.sandbox.session, None)
    assert {one.id for one in found.flow_logs} == ids
    assert ([group.name for group in found.groups], found.coverage, found.target) == ([GROUP], (), ())


def test_other_flow_logs_of_the_same_group_are_told_apart(lab: Lab) -> None:
    """A group may be filled by flow logs of other targets too, in other formats: they matter to reading its lines."""
    lab.group()
    mine, other = lab.flow_log(lab.subnets["a"]), lab.flow_log(lab.subnets["b"], LogFormat=CUSTOM)
    found = find(lab.sandbox.session, lab.subnets["a"])
    assert [one.id for one in found.flow_logs] == [mine]
    assert [one.id for one in found.sharing] == [other]
    assert found.formats(found.groups[0]) == (LogFormat.default(), LogFormat.parse(CUSTOM))


def test_the_exact_group_is_picked_among_those_with_its_prefix(lab: Lab) -> None:
    """DescribeLogGroups takes a prefix: of more than a page of groups it is the one of exactly that name."""
    for number in range(60):
        lab.group(f"{GROUP}-{number:02}", None)
    with pytest.raises(MissingResourceError, match=f"did you mean '{GROUP}-00'"):
        find(lab.sandbox.session, GROUP)
    lab.group(GROUP, 7)
    (group,) = find(lab.sandbox.session, GROUP).groups
    assert (group.name, group.retention_days) == (GROUP, 7)


def test_a_group_of_another_account_is_what_its_arn_says(lab: Lab) -> None:
    """Where another account's group cannot be described, its members are unknown, and own flow logs are not its."""
    lab.group()
    lab.flow_log()
    arn = f"arn:aws:logs:eu-west-1:999999999999:log-group:{GROUP}"
    for target in (arn, f"{arn}:*"):
        found = find(lab.sandbox.session, target)
        assert found.groups == (LogGroup(GROUP, arn, "eu-west-1", "999999999999"),)
        assert (found.flow_logs, found.formats(found.groups[0])) == ((), ())
        assert not found.groups[0].described
    lab.sandbox.faults.add(Fault("DescribeLogGroups", code="AccessDeniedException"))
    assert find(lab.sandbox.session, arn).groups[0].arn == arn


def test_an_arn_is_looked_for_in_its_own_region(lab: Lab) -> None:
    """An ARN names its region: the group is described there, whatever the session's region is."""
    lab.client("logs", "us-east-2").create_log_group(logGroupName="/far", tags={})
    arn = f"arn:aws:logs:us-east-2:{lab.sandbox.account}:log-group:/far"
    (group,) = find(lab.sandbox.session, arn).groups
    assert (group.region, group.log_class) == ("us-east-2", "STANDARD")
    assert find(lab.sandbox.session, "/far", region="us-east-2").groups == (group,)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("vpc-0123456789abcdef0", "there is no VPC vpc-0123456789abcdef0 in eu-west-1; look at the id"),
        ("subnet-01234567", "there is no subnet subnet-01234567 in eu-west-1"),
        ("eni-0123456789abcdef0", "there is no network interface eni-0123456789abcdef0 in eu-west-1"),
        ("i-0123456789abcdef0", "no network interface in eu-west-1 is attached to i-0123456789abcdef0"),
        ("vpc-123", "there is no log group 'vpc-123' in eu-west-1; look at its name and at the region"),
        ("/not/there", "there is no log group '/not/there' in eu-west-1; look at its name and at the region"),
    ],
)
def test_what_does_not_exist_is_said(poc: Sandbox, target: str, told: str) -> None:
    """An id or a name that is not there raises one sentence with the value, the region and the mend."""
    with pytest.raises(MissingResourceError) as raised:
        find(poc.session, target)
    assert str(raised.value).startswith(told)
    assert raised.value.action.startswith(("ec2:Describe", "logs:Describe"))
    assert isinstance(raised.value, LookupError)


@pytest.mark.parametrize("target", ["two words", "", "arn:aws:s3:::bucket", "a:b", "x" * 513])
def test_what_cannot_be_a_target_is_refused(poc: Sandbox, target: str) -> None:
    """A text that is no id, no name and no ARN of a log group is refused before anything is asked."""
    with pytest.raises(ArgumentError, match="names no log: give the id of a VPC, subnet, network interface"):
        find(poc.session, target)
    with pytest.raises(ArgumentError, match="no target is given"):
        find(poc.session, [])


def test_a_call_that_is_not_permitted_raises_or_is_noted(lab: Lab) -> None:
    """Without a list the first denied call raises; with one it is noted, and what can be found still is."""
    lab.group()
    made = lab.flow_log()
    lab.sandbox.faults.add(Fault("DescribeLogGroups", code="AccessDeniedException", times=2))
    with pytest.raises(AccessDeniedError, match="logs:DescribeLogGroups"):
        find(lab.sandbox.session, lab.vpc)
    denied: list[AccessDeniedError] = []
    found = find(lab.sandbox.session, lab.vpc, denied=denied)
    assert [error.action for error in denied] == ["logs:DescribeLogGroups"]
    assert [one.id for one in found.flow_logs] == [made]
    arn = f"arn:aws:logs:eu-west-1:{lab.sandbox.account}:log-group:{GROUP}"
    assert found.groups == (LogGroup(GROUP, arn, "eu-west-1", lab.sandbox.account),)


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "AccessDeniedException"])
def test_what_an_interface_belongs_to_may_be_unknown(lab: Lab, code: str) -> None:
    """Without DescribeNetworkInterfaces an interface's own flow log is found, and else it is not known if one is."""
    lab.flow_log()
    lab.sandbox.faults.add(Fault("DescribeNetworkInterfaces", code=code, times=2))
    denied: list[AccessDeniedError] = []
    (covered,) = find(lab.sandbox.session, lab.interfaces[1], denied=denied).coverage
    assert (covered.extent, denied[0].action) == ("unknown", "ec2:DescribeNetworkInterfaces")
    lab.flow_log(lab.interfaces[1])
    (covered,) = find(lab.sandbox.session, lab.interfaces[1], denied=denied).coverage
    assert covered.extent == "whole"


def test_the_fields_the_service_discovers_are_asked_for(poc: Sandbox, lab: Lab) -> None:
    """`discovered` is GetLogGroupFields around a time; where there is no event nothing is discovered."""
    (group,) = find(poc.session, "/vpc/poc/flow-logs").groups
    service = Service(poc.session, "logs")
    at = poc.clock.now().timestamp()
    assert {"@timestamp", *LogFormat.default().columns} <= discovered(service, group, at - 600)
    assert discovered(service, group, at - 7 * 86_400) == frozenset()
    lab.group()
    (empty,) = find(lab.sandbox.session, GROUP).groups
    assert discovered(Service(lab.sandbox.session, "logs"), empty) == frozenset()
