"""A network out of EC2: the scenario's VPC in the sandbox, all pages, groups of other VPCs, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from rejectkit.errors import AccessDeniedError, MissingResourceError, QueryCancelledError
from rejectkit.monitoring import iam_policy
from rejectkit.network import Network
from rejectkit.records import LogFormat
from rejectkit.sandbox import Sandbox, start
from rejectkit.sandbox.playing.layout import Layout
from rejectkit.sandbox.playing.scenario import scenario
from rejectkit.sandbox.vpc.account import settle
from rejectkit.sandbox.vpc.describe import network_json
from rejectkit.sources.base import Watch
from tests.on_sandbox import hurry

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
FORMAT = LogFormat.parse("${version} ${interface-id} ${srcaddr} ${action}")
NEEDED = ["ec2:DescribeVpcs", "ec2:DescribeSecurityGroupRules", "ec2:GetManagedPrefixListEntries"]


@pytest.fixture(scope="module")
def town() -> Iterator[tuple[Sandbox, Layout]]:
    """A sandbox with the scenario's VPC."""
    with start(scenario=None, start=START) as sandbox:
        played = replace(scenario(), account=sandbox.account)
        settle(sandbox._world, sandbox.region, played, "/vpc/poc/flow-logs", FORMAT)
        yield sandbox, played.network


def read(session: Any, vpc: str | None = None, **more: Any) -> Network:
    """Read a network as fast as can be."""
    return Network.from_ec2(session, vpc, budget=hurry(others=1e9), **more)


def test_what_ec2_tells_is_what_its_json_says(town: tuple[Sandbox, Layout]) -> None:
    """The scenario's VPC, read over the API, is the network of the scenario's own JSON, at the service's time."""
    sandbox, layout = town
    found = read(sandbox.session, layout.vpc)
    assert found.at is not None
    assert abs((found.at - START).total_seconds()) < 60
    told = Network.from_json(network_json(layout))
    (office,) = found.prefix_lists
    assert (office.max_entries, office.owner) == (1, sandbox.account)
    assert replace(found, at=None, prefix_lists=(replace(office, max_entries=0, owner=""),)) == told
    assert Network.from_json(found.to_dict()) == found


def test_a_whole_region_is_read_where_no_vpc_is_named(town: tuple[Sandbox, Layout]) -> None:
    """Without an id every VPC is there, with what is in it; with one, that alone."""
    sandbox, layout = town
    everything = read(sandbox.session)
    assert {one.id for one in everything.vpcs} > {layout.vpc}
    assert {one.vpc for one in everything.groups} == {one.id for one in everything.vpcs}
    assert {one.vpc for one in everything.acls} == {one.id for one in everything.vpcs}
    alone = read(sandbox.session, layout.vpc)
    assert set(alone.groups) == {one for one in everything.groups if one.vpc == layout.vpc}


def test_a_vpc_that_is_not_there_is_said(town: tuple[Sandbox, Layout]) -> None:
    """An unknown id raises, and the sentence names those there are."""
    sandbox, layout = town
    with pytest.raises(MissingResourceError) as caught:
        read(sandbox.session, "vpc-nope")
    assert str(caught.value).startswith(
        f"there is no VPC 'vpc-nope' in eu-west-1 of account {sandbox.account}; there are vpc-"
    )
    assert layout.vpc in str(caught.value)
    assert caught.value.code == "InvalidVpcID.NotFound"


def test_the_policy_for_reading_is_enough_and_a_missing_action_is_named(town: tuple[Sandbox, Layout]) -> None:
    """With rejectkit's read policy a network is read; without an action, the error names it."""
    sandbox, layout = town
    policy = iam_policy("read", region=sandbox.region, account=sandbox.account)
    assert read(sandbox.session_for(policy), layout.vpc).groups
    for action in NEEDED:
        deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
        with pytest.raises(AccessDeniedError, match=action) as caught:
            read(sandbox.session_for([policy, deny]), layout.vpc)
        assert caught.value.action == action


def test_the_reading_tells_how_far_it_is_and_can_be_stopped(town: tuple[Sandbox, Layout]) -> None:
    """A watch hears fractions that grow, each with what is read; cancelled, the reading ends."""
    sandbox, layout = town
    heard: list[tuple[float, str]] = []
    read(sandbox.session, layout.vpc, watch=Watch(lambda fraction, words: heard.append((fraction, words))))
    fractions = [fraction for fraction, _ in heard]
    assert fractions == sorted(set(fractions))
    assert [words for _, words in heard] == [
        f"reading {what}"
        for what in (
            "VPCs", "subnets", "security groups", "network ACLs", "interfaces", "group rules", "groups of other VPCs",
            "prefix lists",
        )
    ]  # fmt: skip
    watch = Watch(lambda fraction, _: watch.cancel() if fraction > 0.5 else None)
    with pytest.raises(QueryCancelledError):
        read(sandbox.session, layout.vpc, watch=watch)


class Recorded:
    """EC2 as a value: lists of what there is, answered page by page as the service would, with its filters."""

    def __init__(
        self, told: Mapping[str, list[dict[str, Any]]], entries: Mapping[str, list[str]] | None = None
    ) -> None:
        """Stand in front of a session's clients; nothing is sent."""
        self.told, self.entries = told, entries or {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.session = boto3.Session(
            region_name="eu-west-1", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="none"
        )
        self.session._session.register("provide-client-params.ec2.*", self.asked)
        self.session._session.register("before-call.ec2.*", self.answer)
        self.session._session.register(
            "before-call.sts.*", lambda **_: (SimpleNamespace(status_code=200), {"Account": "111122223333"})
        )

    def asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Note a call."""
        self.calls.append((model.name, params))

    def answer(self, model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        """Answer a call with its page."""
        params = self.calls[-1][1]
        assert params["MaxResults"] <= (100 if "PrefixList" in model.name else 1000)
        member = model.name.removeprefix("Describe").replace("Managed", "").removeprefix("Get")
        if member == "PrefixListEntries":
            member, found = "Entries", [{"Cidr": cidr} for cidr in self.entries[params["PrefixListId"]]]
        else:
            found = [one for one in self.told.get(member, []) if self.fits(one, params.get("Filters", []))]
        start = int(params.get("NextToken", 0))
        stop = start + params["MaxResults"]
        more = {"NextToken": str(stop)} if stop < len(found) else {}
        headers = {"date": "Sun, 01 Nov 2026 12:00:00 GMT"}
        return SimpleNamespace(status_code=200), {
            member: found[start:stop], **more, "ResponseMetadata": {"HTTPHeaders": headers}
        }  # fmt: skip

    def fits(self, one: Mapping[str, Any], filters: list[dict[str, Any]]) -> bool:
        """Tell whether one passes filters, none of which may have more than 200 values."""
        members = {"vpc-id": "VpcId", "group-id": "GroupId", "prefix-list-id": "PrefixListId"}
        for each in filters:
            assert 0 < len(each["Values"]) <= 200
            own = {one.get(members[each["Name"]])} | {group["GroupId"] for group in one.get("Groups", [])}
            if not own & set(each["Values"]):
                return False
        return True

    def count(self, operation: str) -> int:
        """Return how often an operation was called."""
        return sum(name == operation for name, _ in self.calls)


def rule(number: int, group: str, **peer: Any) -> dict[str, Any]:
    """Return a rule of a group."""
    traffic = {"IpProtocol": "tcp", "FromPort": number % 65536, "ToPort": number % 65536}
    return {"SecurityGroupRuleId": f"sgr-{number}", "GroupId": group, "IsEgress": False, **traffic, **peer}


def test_all_pages_are_read() -> None:
    """Thousands of interfaces, rules and prefix list entries are there, each once; filters keep to 200 values."""
    groups = [{"GroupId": f"sg-{at:04}", "VpcId": "vpc-1"} for at in range(450)]
    rules = [rule(at, f"sg-{at % 450:04}", CidrIpv4="10.0.0.0/8") for at in range(5000)]
    rules.append(rule(9, "sg-0000", PrefixListId="pl-1"))
    interfaces = [
        {"NetworkInterfaceId": f"eni-{at:05}", "VpcId": "vpc-1", "Groups": [{"GroupId": "sg-0001"}]}
        for at in range(2300)
    ]
    cidrs = [f"10.{at // 250}.{at % 250}.0/24" for at in range(330)]
    recorded = Recorded(
        {
            "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/8"}],
            "SecurityGroups": groups,
            "SecurityGroupRules": rules,
            "NetworkInterfaces": interfaces,
            "PrefixLists": [{"PrefixListId": name, "MaxEntries": 500} for name in ("pl-1", "pl-2")],
        },
        {"pl-1": cidrs},
    )
    network = read(recorded.session, "vpc-1")
    assert (network.account, network.region) == ("111122223333", "eu-west-1")
    assert len(network.interfaces) == 2300
    assert len(network.groups) == 450
    assert sum(len(group.rules) for group in network.groups) == 5001
    assert [(one.id, set(one.cidrs)) for one in network.prefix_lists] == [("pl-1", set(cidrs))]
    assert recorded.count("DescribeNetworkInterfaces") == 3
    assert recorded.count("DescribeSecurityGroupRules") == 7  # 200, 200 and 50 groups; the first two have 3 pages each
    assert recorded.count("GetManagedPrefixListEntries") == 4
    assert recorded.count("DescribeVpcs") == 1


def test_groups_of_other_vpcs_are_read_as_far_as_they_can_be_seen() -> None:
    """A group of a peered VPC that a rule names is there with its members; another account's is not, and no harm."""
    peering = {"UserId": "111122223333", "VpcId": "vpc-2", "VpcPeeringConnectionId": "pcx-1"}
    away = {"UserId": "444455556666", "VpcId": "vpc-3", "VpcPeeringConnectionId": "pcx-2"}
    recorded = Recorded(
        {
            "Vpcs": [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}],
            "SecurityGroups": [
                {"GroupId": "sg-1", "VpcId": "vpc-1", "OwnerId": "111122223333"},
                {"GroupId": "sg-2", "VpcId": "vpc-2", "OwnerId": "111122223333"},
                {"GroupId": "sg-3", "VpcId": "vpc-2", "OwnerId": "111122223333"},
            ],
            "SecurityGroupRules": [
                rule(1, "sg-1", ReferencedGroupInfo={"GroupId": "sg-2", **peering}),
                rule(2, "sg-1", ReferencedGroupInfo={"GroupId": "sg-9", **away}),
                rule(3, "sg-2", PrefixListId="pl-1"),
                rule(4, "sg-3", CidrIpv4="10.0.0.0/8"),
            ],
            "NetworkInterfaces": [
                {"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "PrivateIpAddress": "10.1.0.7", "Groups": [{"GroupId": "sg-1"}]},
                {"NetworkInterfaceId": "eni-2", "VpcId": "vpc-2", "PrivateIpAddress": "10.2.0.7", "Groups": [{"GroupId": "sg-2"}]},
                {"NetworkInterfaceId": "eni-3", "VpcId": "vpc-2", "PrivateIpAddress": "10.2.0.8", "Groups": [{"GroupId": "sg-3"}]},
            ],
            "PrefixLists": [{"PrefixListId": "pl-1", "OwnerId": "AWS"}],
        },
        {"pl-1": ["10.9.0.0/16"]},
    )  # fmt: skip
    network = read(recorded.session, "vpc-1")
    assert [one.id for one in network.vpcs] == ["vpc-1"]
    assert [(one.id, one.vpc) for one in network.groups] == [("sg-1", "vpc-1"), ("sg-2", "vpc-2")]
    assert [(one.peer, one.peer_owner, one.peer_vpc) for one in network.groups[0].rules] == [
        ("sg-2", "111122223333", "vpc-2"),
        ("sg-9", "444455556666", "vpc-3"),
    ]
    assert [one.addresses for one in network.members_of["sg-2"]] == [("10.2.0.7",)]
    assert "eni-3" not in network.interface_of
    assert network.prefix_list_of["pl-1"].cidrs == ("10.9.0.0/16",)


def test_only_what_rules_name_is_asked_for() -> None:
    """Where no rule names a prefix list or a group elsewhere, nothing more is asked."""
    recorded = Recorded({"Vpcs": [{"VpcId": "vpc-1"}], "PrefixLists": [{"PrefixListId": "pl-1"}]})
    network = read(recorded.session)
    assert network.prefix_lists == ()
    assert {name for name, _ in recorded.calls} == {
        "DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeNetworkAcls", "DescribeNetworkInterfaces",
        "DescribeSecurityGroupRules",
    }  # fmt: skip
