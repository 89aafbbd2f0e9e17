"""The scenario's VPC in the sandbox's EC2: what boto3 reads there, and what changes when it is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rejectkit.records import LogFormat
from rejectkit.sandbox import Sandbox, start
from rejectkit.sandbox.logs.logstore import LogStore
from rejectkit.sandbox.playing.layout import Layout
from rejectkit.sandbox.playing.scenario import scenario
from rejectkit.sandbox.vpc.account import settle
from rejectkit.sandbox.vpc.aliases import Aliases
from rejectkit.sandbox.vpc.describe import network_json
from rejectkit.sandbox.vpc.vpcfacts import VpcFacts

GROUP = "/vpc/poc/flow-logs"
FORMAT = LogFormat.parse("${version} ${interface-id} ${srcaddr} ${action}")


def settled(sandbox: Sandbox) -> Layout:
    """Put the scenario's VPC into a sandbox, and return it."""
    played = replace(scenario(), account=sandbox.account)
    settle(sandbox._world, sandbox.region, played, GROUP, FORMAT)
    return played.network


@pytest.fixture(scope="module")
def still() -> Iterator[tuple[Sandbox, Layout]]:
    """A sandbox with the VPC, for tests that only read."""
    with start(scenario=None) as sandbox:
        yield sandbox, settled(sandbox)


@pytest.fixture
def town() -> Iterator[tuple[Any, Layout]]:
    """An EC2 client and the VPC, for tests that change it."""
    with start(scenario=None) as sandbox:
        yield sandbox.session.client("ec2"), settled(sandbox)


def of(layout: Layout) -> list[dict[str, Any]]:
    """The filter for what is in the VPC."""
    return [{"Name": "vpc-id", "Values": [layout.vpc]}]


def frozen(value: Any) -> Any:
    """Return a value with its lists as sets, so that order does not matter."""
    if isinstance(value, Mapping):
        return frozenset((name, frozen(one)) for name, one in value.items())
    return frozenset(frozen(one) for one in value) if isinstance(value, list | tuple) else value


def outline(value: Any) -> dict[str, Any]:
    """Return the names that occur in a value, through its lists."""
    found: dict[str, Any] = {}
    for one in value if isinstance(value, list) else [value]:
        for name, inner in one.items() if isinstance(one, Mapping) else ():
            found[name] = found.get(name, {}) | outline(inner)
    return found


def cut(value: Any, names: dict[str, Any]) -> Any:
    """Return a value with those names only."""
    if isinstance(value, list):
        return [cut(one, names) for one in value]
    return {name: cut(value[name], names[name]) for name in names if name in value} if names else value


def same(found: list[Any], wanted: list[Any]) -> None:
    """Check that two descriptions say the same, in any order, with names that are only in the found one left out."""
    assert frozen(cut(found, outline(wanted))) == frozen(wanted)
    assert len(found) == len(wanted)


LISTS = {
    "Vpcs": "describe_vpcs",
    "Subnets": "describe_subnets",
    "SecurityGroups": "describe_security_groups",
    "NetworkAcls": "describe_network_acls",
    "NetworkInterfaces": "describe_network_interfaces",
}


@pytest.mark.parametrize(("member", "method"), LISTS.items())
def test_a_description_is_the_scenarios(still: tuple[Sandbox, Layout], member: str, method: str) -> None:
    """By the VPC's id, each describe call gives what the scenario's own description says, ids and all."""
    sandbox, layout = still
    found = getattr(sandbox.session.client("ec2"), method)(Filters=of(layout))[member]
    same(found, network_json(layout)[member])


def test_rules_are_the_scenarios(still: tuple[Sandbox, Layout]) -> None:
    """Every rule has the scenario's id, peer, ports and description, whatever its peer is."""
    sandbox, layout = still
    groups = [{"Name": "group-id", "Values": [group.id for group in layout.groups]}]
    found = sandbox.session.client("ec2").describe_security_group_rules(Filters=groups)["SecurityGroupRules"]
    same(found, network_json(layout)["SecurityGroupRules"])
    assert {rule["SecurityGroupRuleId"] for rule in found} == {rule.id for rule in layout.rules}


def test_prefix_lists_are_the_scenarios(still: tuple[Sandbox, Layout]) -> None:
    """A list is found by the id that a rule names, and has its entries."""
    sandbox, layout = still
    ec2 = sandbox.session.client("ec2")
    for one in layout.prefix_lists:
        (told,) = ec2.describe_managed_prefix_lists(PrefixListIds=[one.id])["PrefixLists"]
        assert (told["PrefixListId"], told["PrefixListName"], told["OwnerId"]) == (one.id, one.name, sandbox.account)
        assert told["PrefixListArn"].endswith(one.id)
        entries = ec2.get_managed_prefix_list_entries(PrefixListId=one.id)["Entries"]
        assert {entry["Cidr"] for entry in entries} == set(one.cidrs)


def test_instances_hold_their_interfaces(still: tuple[Sandbox, Layout]) -> None:
    """An instance of the records is there, with its interface, and found from either side."""
    sandbox, layout = still
    ec2 = sandbox.session.client("ec2")
    held = {one.instance: one for one in layout.interfaces if one.instance}
    found = [one for page in ec2.describe_instances(Filters=of(layout))["Reservations"] for one in page["Instances"]]
    assert {one["InstanceId"] for one in found} == set(held)
    for one in found:
        interface = held[one["InstanceId"]]
        assert [nic["NetworkInterfaceId"] for nic in one["NetworkInterfaces"]] == [interface.id]
        assert (one["PrivateIpAddress"], one["SubnetId"]) == (interface.address, interface.subnet)
        asked = [{"Name": "attachment.instance-id", "Values": [one["InstanceId"]]}]
        (nic,) = ec2.describe_network_interfaces(Filters=asked)["NetworkInterfaces"]
        assert nic["NetworkInterfaceId"] == interface.id


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("interface-type", "nat_gateway", {"nat-a"}),
        ("requester-id", "amazon-elb", {"alb-a", "alb-b"}),
        ("requester-managed", "false", {"bastion", "web-a", "web-b", "orders-a", "orders-b", "monitor", "batch"}),
        ("association.public-ip", "203.0.113.2?", {"bastion"}),
        ("private-ip-address", "10.20.30.21", {"reports"}),
        ("ipv6-addresses.ipv6-address", "2001:db8:20:a01::11", {"alb-b"}),
        ("group-name", "db", {"db", "db-standby"}),
        ("tag:Name", "web-*", {"web-a", "web-b"}),
        ("description", "w[e]b-a", set()),
    ],
)
def test_interfaces_are_filtered_as_they_are_shown(
    still: tuple[Sandbox, Layout], name: str, value: str, wanted: set[str]
) -> None:
    """A filter sees the mended members too, and `*` and `?` are its only wildcards."""
    sandbox, layout = still
    asked = [*of(layout), {"Name": name, "Values": [value]}]
    found = sandbox.session.client("ec2").describe_network_interfaces(Filters=asked)["NetworkInterfaces"]
    wanted = wanted | ({"reports", "dc"} if name == "requester-managed" else set())
    assert {one["Description"] for one in found} == wanted


def test_an_unknown_filter_and_an_unknown_id_are_refused(still: tuple[Sandbox, Layout]) -> None:
    """With the service's codes."""
    ec2 = still[0].session.client("ec2")
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*The filter 'colour' is invalid"):
        ec2.describe_network_acls(Filters=[{"Name": "colour", "Values": ["red"]}])
    with pytest.raises(ClientError, match=r"InvalidNetworkAclID\.NotFound.*acl-0123456789abcdef0"):
        ec2.describe_network_acls(NetworkAclIds=["acl-0123456789abcdef0"])
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*between 5 and 1000"):
        ec2.describe_network_interfaces(MaxResults=1001)


@pytest.mark.parametrize("call", ["describe_security_group_rules", "describe_network_interfaces", "describe_subnets"])
def test_pages_hold_everything_once(still: tuple[Sandbox, Layout], call: str) -> None:
    """Pages of five, put together, are the answer without pages."""
    ec2 = still[0].session.client("ec2")
    pages = list(ec2.get_paginator(call).paginate(PaginationConfig={"PageSize": 5}))
    (member,) = pages[0].keys() - {"ResponseMetadata", "NextToken"}
    assert len(pages) > 1
    assert all(len(page[member]) <= 5 for page in pages)
    assert [one for page in pages for one in page[member]] == getattr(ec2, call)()[member]


@pytest.mark.parametrize(
    "asked",
    [
        {"resource-id": "vpc"},
        {"log-group-name": GROUP},
        {"deliver-log-status": "SUCCESS", "traffic-type": "ALL"},
        {"log-destination-type": "cloud-watch-logs"},
    ],
)
def test_the_flow_log_is_found(still: tuple[Sandbox, Layout], asked: dict[str, str]) -> None:
    """By the VPC, the log group, status and traffic type; it tells format, interval and when it was made."""
    sandbox, layout = still
    filters = [{"Name": name, "Values": [value.replace("vpc", layout.vpc)]} for name, value in asked.items()]
    if "log-group-name" in asked:
        filters = [{"Name": "log-group-name", "Values": [GROUP]}]
    (found,) = sandbox.session.client("ec2").describe_flow_logs(Filter=filters)["FlowLogs"]
    assert found["ResourceId"] == layout.vpc
    assert (found["LogGroupName"], found["LogFormat"]) == (GROUP, str(FORMAT))
    assert (found["MaxAggregationInterval"], found["TrafficType"]) == (60, "ALL")
    assert (found["DeliverLogsStatus"], found["FlowLogStatus"]) == ("SUCCESS", "ACTIVE")
    assert "DeliverLogsErrorMessage" not in found
    assert found["DeliverLogsPermissionArn"].startswith(f"arn:aws:iam::{sandbox.account}:role/")
    assert found["CreationTime"] == sandbox.clock.now()
    assert sandbox._world.region(sandbox.region).of(LogStore).formats[GROUP] == FORMAT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("resource-id", "vpc-0123456789abcdef0"),
        ("log-group-name", "/other"),
        ("deliver-log-status", "FAILED"),
        ("traffic-type", "REJECT"),
    ],
)
def test_another_flow_log_is_not_found(still: tuple[Sandbox, Layout], name: str, value: str) -> None:
    """A filter that nothing fits gives nothing."""
    ec2 = still[0].session.client("ec2")
    assert ec2.describe_flow_logs(Filter=[{"Name": name, "Values": [value]}])["FlowLogs"] == []


def test_a_users_flow_log_tells_the_log_group_its_format() -> None:
    """Also one that names the group by ARN, and one without a format; a failure that is set is shown and found."""
    with start(scenario=None) as sandbox:
        layout = settled(sandbox)
        ec2 = sandbox.session.client("ec2")
        subnet, eni = layout.subnets[0].id, layout.interfaces[0].id
        said = {"TrafficType": "REJECT", "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/r"}
        text = "${srcaddr} ${dstaddr}"
        (mine,) = ec2.create_flow_logs(
            ResourceType="Subnet", ResourceIds=[subnet], LogGroupName="/mine", LogFormat=text, **said
        )["FlowLogIds"]
        arn = f"arn:aws:logs:{sandbox.region}:{sandbox.account}:log-group:/by-arn:*"
        ec2.create_flow_logs(ResourceType="NetworkInterface", ResourceIds=[eni], LogDestination=arn, **said)
        place = sandbox._world.region(sandbox.region)
        formats = place.of(LogStore).formats
        assert (formats["/mine"], formats["/by-arn"]) == (LogFormat.parse(text), LogFormat.default())
        failed = {"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Rate limited"}
        place.of(VpcFacts).members[mine] |= failed
        (found,) = ec2.describe_flow_logs(Filter=[{"Name": "deliver-log-status", "Values": ["FAILED"]}])["FlowLogs"]
        assert (found["FlowLogId"], found["ResourceId"]) == (mine, subnet)
        assert found["DeliverLogsErrorMessage"] == "Rate limited"
        ec2.delete_flow_logs(FlowLogIds=[mine])
        assert len(ec2.describe_flow_logs()["FlowLogs"]) == 2
        with pytest.raises(ClientError, match="Invalid log format"):
            ec2.create_flow_logs(
                ResourceType="VPC", ResourceIds=[layout.vpc], LogGroupName="/x", LogFormat="srcaddr", **said
            )


PERMISSIONS = [
    {"IpProtocol": "6", "FromPort": 9100, "ToPort": 9100, "IpRanges": [{"CidrIp": "10.1.2.3/24", "Description": "a"}]},
    {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/64"}]},
    {"IpProtocol": "udp", "FromPort": 5, "ToPort": 5, "UserIdGroupPairs": [{"GroupId": "sg", "Description": "b"}]},
    {"IpProtocol": "icmp", "FromPort": 3, "ToPort": 4, "PrefixListIds": [{"PrefixListId": "pl", "Description": "c"}]},
]


def permissions(layout: Layout) -> list[dict[str, Any]]:
    """Permissions with every kind of peer, about the VPC's own group and list."""
    group, plist = layout.group("web"), layout.prefix_lists[0].id
    named = [dict(one) for one in PERMISSIONS]
    named[2] |= {"UserIdGroupPairs": [{"GroupId": group, "Description": "b"}]}
    named[3] |= {"PrefixListIds": [{"PrefixListId": plist, "Description": "c"}]}
    return named


def rules_of(ec2: Any, group: str) -> dict[str, dict[str, Any]]:
    """A group's rules by id."""
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return {rule["SecurityGroupRuleId"]: rule for rule in found["SecurityGroupRules"]}


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_rules_are_added_and_taken_away(town: tuple[Any, Layout], direction: str) -> None:
    """The call answers with all its rules, described and tagged; taken away again, all is as it was."""
    ec2, layout = town
    group = layout.group("db")
    before, whole = rules_of(ec2, group), ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    tags = [{"Key": "by", "Value": "test"}]
    made = getattr(ec2, f"authorize_security_group_{direction}")(
        GroupId=group,
        IpPermissions=permissions(layout),
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": tags}],
    )["SecurityGroupRules"]
    after = rules_of(ec2, group)
    assert {rule["SecurityGroupRuleId"] for rule in made} == after.keys() - before.keys()
    assert {rule.get("CidrIpv4"): rule.get("Description") for rule in made}["10.1.2.0/24"] == "a"
    assert {rule.get("Description") for rule in made} == {"a", "b", "c", None}
    assert all(rule["Tags"] == tags and rule["IsEgress"] is (direction == "egress") for rule in made)
    (shown,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    kind = "IpPermissions" if direction == "ingress" else "IpPermissionsEgress"
    pairs = [pair for one in shown[kind] for pair in one["UserIdGroupPairs"] + one["PrefixListIds"]]
    assert {"b", "c"} <= {pair.get("Description") for pair in pairs}
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        getattr(ec2, f"authorize_security_group_{direction}")(GroupId=group, IpPermissions=permissions(layout)[:1])
    bare = [{**one, "UserIdGroupPairs": [{"GroupId": layout.group("web")}]} for one in permissions(layout)[2:3]]
    revoke = getattr(ec2, f"revoke_security_group_{direction}")
    assert len(revoke(GroupId=group, IpPermissions=bare)["RevokedSecurityGroupRules"]) == 1
    left = [one["SecurityGroupRuleId"] for one in made if "ReferencedGroupInfo" not in one]
    revoke(GroupId=group, SecurityGroupRuleIds=left)
    assert rules_of(ec2, group) == before
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"] == whole


def test_a_refused_change_of_rules_changes_nothing(town: tuple[Any, Layout]) -> None:
    """Neither the rules before the wrong one in the call, nor those after it."""
    ec2, layout = town
    group = layout.group("db")
    before = rules_of(ec2, group)
    good = permissions(layout)
    for wrong in (
        {"IpRanges": [{"CidrIp": "10.0.0.0/99"}]},
        {"UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef0"}]},
    ):
        bad = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, **wrong}
        with pytest.raises(ClientError, match="Invalid"):
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[good[0], bad, good[1]])
        assert rules_of(ec2, group) == before
    there = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.50.8.0/24"}]}
    with pytest.raises(ClientError, match=r"InvalidPermission\.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[there, good[0]])
    assert rules_of(ec2, group) == before


def test_a_modified_rule_keeps_its_id_and_its_kind(town: tuple[Any, Layout]) -> None:
    """Ports, description and peer change in place for every kind of peer; another kind is refused."""
    ec2, layout = town
    group, other = layout.group("db"), layout.group("orders")
    added = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions(layout))
    rules = {rule.get("Description", ""): rule for rule in added["SecurityGroupRules"]}
    changes = {"a": {"CidrIpv4": "100.68.0.18/18"}, "": {"CidrIpv6": "::/0"}, "b": {"ReferencedGroupId": other}}
    for said, peer in changes.items():
        new = {"IpProtocol": "tcp", "FromPort": 7, "ToPort": 8, "Description": f"{said}!", **peer}
        named = rules[said]["SecurityGroupRuleId"]
        ec2.modify_security_group_rules(
            GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": named, "SecurityGroupRule": new}]
        )
        found = rules_of(ec2, group)[named]
        assert (found["FromPort"], found["ToPort"], found["Description"]) == (7, 8, f"{said}!")
        wanted = {"CidrIpv4": "100.68.0.0/18"} if said == "a" else peer
        shown = {**found, "ReferencedGroupId": found.get("ReferencedGroupInfo", {}).get("GroupId")}
        assert wanted.items() <= shown.items()
        assert len(rules_of(ec2, group)) == len(layout_rules(layout, group)) + 4
    wrong = {"IpProtocol": "tcp", "FromPort": 7, "ToPort": 8, "CidrIpv6": "::/0"}
    one = {"SecurityGroupRuleId": rules["a"]["SecurityGroupRuleId"], "SecurityGroupRule": wrong}
    with pytest.raises(ClientError, match="Invalid rule type"):
        ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[one])
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[one["SecurityGroupRuleId"]])
    assert one["SecurityGroupRuleId"] not in rules_of(ec2, group)


def layout_rules(layout: Layout, group: str) -> list[str]:
    """Ids of a group's own rules."""
    return [rule.id for rule in layout.rules if rule.group == group]


def test_descriptions_change_by_themselves(town: tuple[Any, Layout]) -> None:
    """Of a rule named by id, and of one that is told again."""
    ec2, layout = town
    group = layout.group("db")
    rule = next(one for one in layout.rules if one.group == group and one.peer.startswith("sg-"))
    change = [{"SecurityGroupRuleId": rule.id, "Description": "new"}]
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, SecurityGroupRuleDescriptions=change)
    ranges = [{"CidrIp": "10.50.8.0/24", "Description": "newer"}]
    told = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": ranges}
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[told])
    found = rules_of(ec2, group)
    assert found[rule.id]["Description"] == "new"
    assert {one.get("CidrIpv4"): one["Description"] for one in found.values()}["10.50.8.0/24"] == "newer"


def entries(ec2: Any, acl: str) -> dict[tuple[bool, int], dict[str, Any]]:
    """An ACL's entries by direction and number."""
    (found,) = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    return {(entry["Egress"], entry["RuleNumber"]): entry for entry in found["Entries"]}


def test_entries_are_made_replaced_and_deleted(town: tuple[Any, Layout]) -> None:
    """ICMP types stay, CIDRs lose their host bits, and at the end all is as it was."""
    ec2, layout = town
    acl = layout.acl("app")
    before = entries(ec2, acl)
    place = {"NetworkAclId": acl, "RuleNumber": 95, "Egress": False}
    icmp = {"Type": 3, "Code": 4}
    ec2.create_network_acl_entry(
        **place, Protocol="1", RuleAction="allow", CidrBlock="10.9.8.7/16", IcmpTypeCode=icmp, DryRun=False
    )
    assert entries(ec2, acl)[False, 95] == {
        "RuleNumber": 95,
        "Egress": False,
        "Protocol": "1",
        "RuleAction": "allow",
        "CidrBlock": "10.9.0.0/16",
        "IcmpTypeCode": icmp,
    }
    new: dict[str, Any] = {"Protocol": "tcp", "RuleAction": "deny", "PortRange": {"From": 1, "To": 2}}
    ec2.replace_network_acl_entry(**place, **new, Ipv6CidrBlock="2001:db8::/32")
    found = entries(ec2, acl)[False, 95]
    assert (found["Protocol"], found["PortRange"]) == ("6", {"From": 1, "To": 2})
    assert (found["Ipv6CidrBlock"], "IcmpTypeCode" in found) == ("2001:db8::/32", False)
    with pytest.raises(ClientError, match="NetworkAclEntryAlreadyExists"):
        ec2.create_network_acl_entry(**place, **new, CidrBlock="10.0.0.0/8")
    ec2.delete_network_acl_entry(**place)
    assert entries(ec2, acl) == before
    with pytest.raises(ClientError, match=r"InvalidNetworkAclEntry\.NotFound"):
        ec2.delete_network_acl_entry(**place)
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*32767"):
        ec2.delete_network_acl_entry(**(place | {"RuleNumber": 32767}))


def test_implicit_denies_follow_the_vpcs_addresses(town: tuple[Any, Layout]) -> None:
    """The one of IPv6 is there only where the VPC has an IPv6 block."""
    ec2, layout = town
    assert {(True, 32767), (True, 32768), (False, 32767), (False, 32768)} <= entries(ec2, layout.acl("data")).keys()
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_network_acl(VpcId=other)["NetworkAcl"]["NetworkAclId"]
    assert entries(ec2, made).keys() == {(True, 32767), (False, 32767)}


def test_a_dry_run_changes_nothing(town: tuple[Any, Layout]) -> None:
    """It says that it would have succeeded, for group rules and for ACL entries."""
    ec2, layout = town
    group, acl = layout.group("db"), layout.acl("app")
    before = rules_of(ec2, group), entries(ec2, acl)
    with pytest.raises(ClientError, match="DryRunOperation"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions(layout), DryRun=True)
    with pytest.raises(ClientError, match="DryRunOperation"):
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=False, DryRun=True)
    assert (rules_of(ec2, group), entries(ec2, acl)) == before


def test_changed_groups_and_associations_show(town: tuple[Any, Layout]) -> None:
    """An interface put into another group, and a subnet put under another ACL, under the scenario's ids."""
    ec2, layout = town
    eni = layout.interface("web-a").id
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=[layout.group("db")])
    (found,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"]
    assert [group["GroupName"] for group in found["Groups"]] == ["db"]
    subnet = layout.interface("web-a").subnet
    asked = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (acl,) = ec2.describe_network_acls(Filters=asked)["NetworkAcls"]
    (pair,) = [one for one in acl["Associations"] if one["SubnetId"] == subnet]
    ec2.replace_network_acl_association(AssociationId=pair["NetworkAclAssociationId"], NetworkAclId=layout.acl("data"))
    (acl,) = ec2.describe_network_acls(Filters=asked)["NetworkAcls"]
    assert acl["NetworkAclId"] == layout.acl("data")


def test_two_sandboxes_have_a_vpc_each() -> None:
    """Under the same ids, in accounts of their own; what changes in one stays in it."""
    with start(scenario=None) as one, start(scenario=None) as other:
        layouts = settled(one), settled(other)
        assert layouts[0].account != layouts[1].account
        group = layouts[0].group("db")
        clients = one.session.client("ec2"), other.session.client("ec2")
        for ec2, layout in zip(clients, layouts, strict=True):
            found = ec2.describe_security_groups(Filters=of(layout))["SecurityGroups"]
            same(found, network_json(layout)["SecurityGroups"])
            assert {each["OwnerId"] for each in found} == {layout.account}
        clients[0].authorize_security_group_ingress(GroupId=group, IpPermissions=permissions(layouts[0]))
        assert len(rules_of(clients[0], group)) == len(rules_of(clients[1], group)) + 4


def test_ids_are_translated_whole() -> None:
    """After an escaped slash too, and never inside another id."""
    aliases = Aliases()
    assert not aliases
    aliases.learn("eni-0123456789abcdef0", "eni-0fedcba9876543210")
    assert aliases.inward(b"A=x%2Feni-0fedcba9876543210&B=1") == b"A=x%2Feni-0123456789abcdef0&B=1"
    assert aliases.outward(b"<a>eni-0123456789abcdef0</a>") == b"<a>eni-0fedcba9876543210</a>"
    for kept in (b"my-eni-0123456789abcdef0", b"eni-0123456789abcdef01", b"eni-0123456789abcdef"):
        assert aliases.outward(kept) == kept
