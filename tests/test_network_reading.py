"""Networks out of JSON and back: every kind of rule and address, and an error that names the place of nonsense."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rejectkit.errors import ArgumentError, SourceNotFoundError, UnreadableError
from rejectkit.network import (
    AclEntry,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    PrefixList,
    SecurityGroup,
    Subnet,
    Vpc,
)
from rejectkit.network.snapshots import describing
from tests.drawn_networks import drawn_network

# In the shape of the EC2 API's own examples: DescribeSecurityGroups, DescribeSecurityGroupRules,
# DescribeNetworkAcls, DescribeNetworkInterfaces, DescribeSubnets, DescribeVpcs, GetManagedPrefixListEntries.
GROUP = {"GroupId": "sg-1", "GroupName": "web", "Description": "web hosts", "OwnerId": "111122223333", "VpcId": "vpc-1"}
RULE = {"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1", "GroupOwnerId": "111122223333", "IsEgress": False}
WEB = {**RULE, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
ENTRY = {"RuleNumber": 100, "Egress": False, "RuleAction": "allow", "Protocol": "6", "CidrBlock": "10.0.0.0/8"}


def rule_of(**members: Any) -> GroupRule:
    """Return the one rule that DescribeSecurityGroupRules tells of."""
    network = Network.from_json({"SecurityGroups": [GROUP], "SecurityGroupRules": [{**RULE, **members}]})
    (rule,) = network.groups[0].rules
    return rule


def rules_of(*permissions: Mapping[str, Any], egress: bool = False) -> list[GroupRule]:
    """Return the rules that DescribeSecurityGroups tells of."""
    key = "IpPermissionsEgress" if egress else "IpPermissions"
    return list(Network.from_json({"SecurityGroups": [{**GROUP, key: list(permissions)}]}).groups[0].rules)


def entry_of(**members: Any) -> AclEntry:
    """Return the one entry of a network ACL."""
    told = {"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": [{**ENTRY, **members}]}]}
    (entry,) = Network.from_json(told).acls[0].entries
    return entry


def interface_of(**members: Any) -> Interface:
    """Return the one interface."""
    return Network.from_json({"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", **members}]}).interfaces[0]


@pytest.mark.parametrize(
    ("members", "protocol", "ports"),
    [
        ({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}, 6, (443, 443)),
        ({"IpProtocol": "UDP", "FromPort": 0, "ToPort": 65535}, 17, (0, 65535)),
        ({"IpProtocol": "6", "FromPort": -1, "ToPort": -1}, 6, (-1, -1)),
        ({"IpProtocol": "tcp"}, 6, (-1, -1)),
        ({"IpProtocol": "tcp", "FromPort": None, "ToPort": None}, 6, (-1, -1)),
        ({"IpProtocol": "-1", "FromPort": -1, "ToPort": -1}, -1, (-1, -1)),
        ({"IpProtocol": "-1", "FromPort": 0, "ToPort": 80}, -1, (-1, -1)),
        ({"IpProtocol": -1}, -1, (-1, -1)),
        ({"IpProtocol": "50"}, 50, (-1, -1)),
        ({"IpProtocol": "47", "FromPort": 0, "ToPort": 0}, 47, (-1, -1)),
        ({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1}, 1, (8, -1)),
        ({"IpProtocol": "icmp", "FromPort": 3, "ToPort": 4}, 1, (3, 4)),
        ({"IpProtocol": "1", "FromPort": 8}, 1, (8, -1)),
        ({"IpProtocol": "icmpv6"}, 58, (-1, -1)),
        ({"IpProtocol": "58", "FromPort": 128, "ToPort": 0}, 58, (128, 0)),
    ],
)
def test_the_traffic_of_a_rule(members: dict[str, Any], protocol: int, ports: tuple[int, int]) -> None:
    """Both shapes give the same protocol and ports; absent ports, and those of other protocols, are every port."""
    rule = rule_of(**members, CidrIpv4="10.0.0.0/8")
    assert (rule.protocol, rule.from_port, rule.to_port) == (protocol, *ports)
    assert rules_of({**members, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}) == [replace(rule, id="")]


@pytest.mark.parametrize(
    ("listed", "permitted", "peer", "peered"),
    [
        ({"CidrIpv4": "100.68.0.18/18"}, {"IpRanges": [{"CidrIp": "100.68.0.18/18"}]}, "100.68.0.0/18", ("", "")),
        ({"CidrIpv4": "10.0.0.7"}, {"IpRanges": [{"CidrIp": "10.0.0.7"}]}, "10.0.0.7/32", ("", "")),
        (
            {"CidrIpv6": "2001:DB8:0::7/64"},
            {"Ipv6Ranges": [{"CidrIpv6": "2001:DB8:0::7/64"}]},
            "2001:db8::/64",
            ("", ""),
        ),
        ({"PrefixListId": "pl-1"}, {"PrefixListIds": [{"PrefixListId": "pl-1"}]}, "pl-1", ("", "")),
        (
            {"ReferencedGroupInfo": {"GroupId": "sg-1", "UserId": "111122223333"}},
            {"UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "111122223333"}]},
            "sg-1",
            ("", ""),
        ),
        (
            {"ReferencedGroupInfo": {"GroupId": "sg-2", "UserId": "111122223333", "VpcId": "vpc-1"}},
            {"UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "111122223333", "VpcId": "vpc-1"}]},
            "sg-2",
            ("", ""),
        ),
        (
            {
                "ReferencedGroupInfo": {
                    "GroupId": "sg-9",
                    "UserId": "444455556666",
                    "VpcId": "vpc-9",
                    "VpcPeeringConnectionId": "pcx-1",
                    "PeeringStatus": "active",
                }
            },
            {
                "UserIdGroupPairs": [
                    {
                        "GroupId": "sg-9",
                        "UserId": "444455556666",
                        "VpcId": "vpc-9",
                        "VpcPeeringConnectionId": "pcx-1",
                        "PeeringStatus": "active",
                    }
                ]
            },
            "sg-9",
            ("444455556666", "vpc-9"),
        ),
        (
            {"ReferencedGroupInfo": {"GroupId": "sg-8", "UserId": "111122223333", "VpcId": "vpc-8"}},
            {"UserIdGroupPairs": [{"GroupId": "sg-8", "UserId": "111122223333", "VpcId": "vpc-8"}]},
            "sg-8",
            ("111122223333", "vpc-8"),
        ),
    ],
)
def test_the_other_end_of_a_rule(
    listed: dict[str, Any], permitted: dict[str, Any], peer: str, peered: tuple[str, str]
) -> None:
    """Both shapes give the same peer: CIDRs without host bits; account and VPC only of a group elsewhere."""
    rule = rule_of(IpProtocol="-1", **listed)
    assert (rule.peer, rule.peer_owner, rule.peer_vpc) == (peer, *peered)
    assert rules_of({"IpProtocol": "-1", **permitted}) == [replace(rule, id="")]
    assert rules_of({"IpProtocol": "-1", **permitted}, egress=True) == [replace(rule, id="", egress=True)]


def test_a_rule_keeps_its_id_words_and_tags() -> None:
    """What a rule says of itself beside the traffic is kept; tags in order of key."""
    rule = rule_of(
        IpProtocol="tcp", FromPort=22, ToPort=22, CidrIpv4="10.0.0.0/8", Description="why",
        Tags=[{"Key": "b", "Value": ""}, {"Key": "a", "Value": "1"}], IsEgress=True,
    )  # fmt: skip
    expected = GroupRule("sg-1", True, 6, 22, 22, "10.0.0.0/8", "sgr-1", "why", "", "", (("a", "1"), ("b", "")))
    assert rule == expected


def test_an_older_entry_is_as_many_rules_as_it_has_peers() -> None:
    """One of IpPermissions holds a rule for each peer in it, with that peer's description; in order of what they say."""
    told = {
        "IpProtocol": "tcp", "FromPort": 443, "ToPort": 444,
        "IpRanges": [{"CidrIp": "10.2.0.0/16", "Description": "b"}, {"CidrIp": "10.1.0.0/16"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "PrefixListIds": [{"PrefixListId": "pl-1"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "111122223333"}],
    }  # fmt: skip
    assert [(rule.peer, rule.description) for rule in rules_of(told)] == [
        ("10.1.0.0/16", ""), ("10.2.0.0/16", "b"), ("::/0", ""), ("pl-1", ""), ("sg-1", ""),
    ]  # fmt: skip


def test_permissions_serve_for_each_group_that_no_rules_are_told_of() -> None:
    """SecurityGroupRules are taken where they tell of a group, its IpPermissions where they do not."""
    permissions = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    groups = [{**GROUP, "GroupId": name, "IpPermissions": permissions} for name in ("sg-1", "sg-2")]
    network = Network.from_json({"SecurityGroups": groups, "SecurityGroupRules": [{**WEB, "PrefixListId": "pl-1"}]})
    assert [[str(rule) for rule in group.rules] for group in network.groups] == [
        ["inbound tcp 443 from pl-1"],
        ["inbound all traffic from 0.0.0.0/0"],
    ]


def test_a_group_that_only_rules_tell_of_is_there() -> None:
    """A rule's group is in the network even where SecurityGroups are absent."""
    network = Network.from_json({"SecurityGroupRules": [{**WEB, "CidrIpv4": "10.0.0.0/8"}]})
    assert [(group.id, group.owner, len(group.rules)) for group in network.groups] == [("sg-1", "111122223333", 1)]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"PortRange": {"From": 1024, "To": 65535}}, (6, 1024, 65535, -1, -1)),
        ({}, (6, -1, -1, -1, -1)),
        ({"Protocol": "17", "PortRange": {"From": 53, "To": 53}}, (17, 53, 53, -1, -1)),
        ({"Protocol": "-1", "PortRange": {"From": 53, "To": 53}}, (-1, -1, -1, -1, -1)),
        ({"Protocol": "1", "IcmpTypeCode": {"Type": 3, "Code": 4}}, (1, -1, -1, 3, 4)),
        ({"Protocol": "1", "IcmpTypeCode": {"Type": -1, "Code": -1}}, (1, -1, -1, -1, -1)),
        ({"Protocol": "58", "IcmpTypeCode": {"Type": 128, "Code": -1}}, (58, -1, -1, 128, -1)),
        ({"Protocol": "50", "IcmpTypeCode": {"Type": 0, "Code": 0}}, (50, -1, -1, -1, -1)),
    ],
)
def test_the_traffic_of_an_acl_entry(members: dict[str, Any], expected: tuple[int, ...]) -> None:
    """Ports are those of TCP and UDP, types and codes those of ICMP; whatever else stands there is every one."""
    entry = entry_of(**members)
    assert (entry.protocol, entry.from_port, entry.to_port, entry.icmp_type, entry.icmp_code) == expected


def test_a_network_acl_is_in_order_and_without_its_implicit_denies() -> None:
    """Entries are in order of direction and number, 32767 and 32768 are left out, and the name is no tag."""
    last = [
        {**ENTRY, "RuleNumber": 32767, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"},
        {
            **ENTRY,
            "RuleNumber": 32768,
            "RuleAction": "deny",
            "Protocol": "-1",
            "CidrBlock": None,
            "Ipv6CidrBlock": "::/0",
        },
    ]
    told = {
        "NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": True,
        "Entries": [*last, {**ENTRY, "Egress": True}, ENTRY, {**ENTRY, "RuleNumber": 9, "CidrBlock": None, "Ipv6CidrBlock": "2001:db8::1/32"}],
        "Associations": [{"SubnetId": "subnet-2"}, {"SubnetId": "subnet-1"}],
        "Tags": [{"Key": "Name", "Value": "app"}, {"Key": "Team", "Value": "net"}],
    }  # fmt: skip
    assert Network.from_json({"NetworkAcls": [told]}).acls == (
        NetworkAcl(
            "acl-1",
            "app",
            "vpc-1",
            True,
            (
                AclEntry(9, False, True, 6, "2001:db8::/32"),
                AclEntry(100, False, True, 6, "10.0.0.0/8"),
                AclEntry(100, True, True, 6, "10.0.0.0/8"),
            ),
            ("subnet-1", "subnet-2"),
            (("Team", "net"),),
        ),
    )


def test_an_interface_has_all_its_addresses_the_primary_first() -> None:
    """Private addresses of both families, delegated prefixes, and public ones at either place; groups in order."""
    found = interface_of(
        SubnetId="subnet-1", VpcId="vpc-1", Description="web", InterfaceType="nat_gateway", RequesterId="amazon-elb",
        Status="available", PrivateIpAddress="10.0.0.7", Association={"PublicIp": "203.0.113.7"},
        PrivateIpAddresses=[
            {"PrivateIpAddress": "10.0.0.9", "Primary": False, "Association": {"PublicIp": "203.0.113.9"}},
            {"PrivateIpAddress": "10.0.0.7", "Primary": True, "Association": {"PublicIp": "203.0.113.7"}},
        ],
        Ipv6Addresses=[{"Ipv6Address": "2001:db8::9"}, {"Ipv6Address": "2001:DB8:0::7", "IsPrimaryIpv6": True}],
        Ipv4Prefixes=[{"Ipv4Prefix": "10.0.0.32/28"}, {"Ipv4Prefix": "10.0.0.16/28"}],
        Ipv6Prefixes=[{"Ipv6Prefix": "2001:db8:0:0:1::/80"}],
        Groups=[{"GroupId": "sg-2", "GroupName": "b"}, {"GroupId": "sg-1"}],
        Attachment={"InstanceId": "i-1"}, TagSet=[{"Key": "Name", "Value": "web-1"}],
    )  # fmt: skip
    assert found == Interface(
        "eni-1", "subnet-1", "vpc-1", ("10.0.0.7", "10.0.0.9", "2001:db8::7", "2001:db8::9"),
        ("203.0.113.7", "203.0.113.9"), ("sg-1", "sg-2"), "i-1", "nat_gateway", "amazon-elb", "web", "web-1",
        "available", ("10.0.0.16/28", "10.0.0.32/28", "2001:db8:0:0:1::/80"),
    )  # fmt: skip


def test_the_primary_address_is_first_where_it_is_told_only_in_the_list() -> None:
    """The mark on an address decides, not its place."""
    listed = [{"PrivateIpAddress": "10.0.0.9", "Primary": False}, {"PrivateIpAddress": "10.0.0.7", "Primary": True}]
    assert interface_of(PrivateIpAddresses=listed).addresses == ("10.0.0.7", "10.0.0.9")


def test_an_interface_whose_subnet_and_groups_are_not_told_is_kept() -> None:
    """What is absent is empty, and what is not in the JSON can be named all the same."""
    assert interface_of() == Interface("eni-1", "", "", ())
    assert interface_of(SubnetId="subnet-9", Groups=[{"GroupId": "sg-9"}]).groups == ("sg-9",)


def test_subnets_and_vpcs_have_their_blocks() -> None:
    """The primary IPv4 block is first, each block is there once, and one that is no longer associated is not."""
    network = Network.from_json(
        {
            "Vpcs": [
                {
                    "VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16",
                    "CidrBlockAssociationSet": [
                        {"CidrBlock": "10.2.0.0/16", "CidrBlockState": {"State": "disassociated"}},
                        {"CidrBlock": "10.1.0.0/16", "CidrBlockState": {"State": "associated"}},
                        {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
                    ],
                    "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8:0:100::/56", "Ipv6CidrBlockState": {"State": "associated"}}],
                    "Tags": [{"Key": "Name", "Value": "poc"}],
                }
            ],
            "Subnets": [
                {"SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-west-2-lax-1a"},
                {"SubnetId": "subnet-1", "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8:0:101::/64"}]},
            ],
        }
    )  # fmt: skip
    blocks = ("10.0.0.0/16", "10.1.0.0/16", "2001:db8:0:100::/56")
    assert network.vpcs == (Vpc("vpc-1", blocks, "111122223333", "poc"),)
    assert network.subnets == (
        Subnet("subnet-1", "", ("2001:db8:0:101::/64",)),
        Subnet("subnet-2", "vpc-1", ("10.0.1.0/24",), "", "us-west-2-lax-1a"),
    )
    assert (network.region, network.account, network.at) == ("us-west-2", "111122223333", None)


def test_region_and_account_are_not_guessed_where_they_differ() -> None:
    """Two regions, or two owners, are none."""
    told = {
        "Vpcs": [{"VpcId": "vpc-1", "OwnerId": "1"}, {"VpcId": "vpc-2", "OwnerId": "2"}],
        "Subnets": [{"SubnetId": "a", "AvailabilityZone": "eu-west-1a"}, {"SubnetId": "b", "AvailabilityZone": "us-gov-west-1b"}],
    }  # fmt: skip
    network = Network.from_json(told)
    assert (network.region, network.account) == ("", "")
    assert Network.from_json({"Subnets": told["Subnets"][1:]}).region == "us-gov-west-1"


def test_prefix_lists_with_and_without_entries() -> None:
    """A list's CIDRs are in order and once each, in either of the API's shapes; one without entries is not an empty one."""
    told = [
        {"PrefixListId": "pl-2", "PrefixListName": "office", "MaxEntries": 5, "OwnerId": "1", "Entries": [{"Cidr": "10.9.0.7/16", "Description": "x"}, {"Cidr": "10.1.0.0/16"}, {"Cidr": "10.9.0.0/16"}]},
        {"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.eu-west-1.s3", "Cidrs": ["52.218.0.0/17"]},
        {"PrefixListId": "pl-3", "PrefixListName": "told by name alone"},
        {"PrefixListId": "pl-4", "Entries": []},
    ]  # fmt: skip
    assert Network.from_json({"PrefixLists": told}).prefix_lists == (
        PrefixList("pl-1", ("52.218.0.0/17",), "com.amazonaws.eu-west-1.s3"),
        PrefixList("pl-2", ("10.1.0.0/16", "10.9.0.0/16"), "office", 5, "1"),
        PrefixList("pl-4", ()),
    )


def test_a_thing_told_twice_is_one() -> None:
    """Answers that overlap are merged; two that disagree are refused."""
    one = {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}] * 2}
    assert len(Network.from_json(one).vpcs) == 1
    assert len(Network.from_json({"SecurityGroupRules": [{**WEB, "CidrIpv4": "10.0.0.0/8"}] * 2}).groups[0].rules) == 1
    with pytest.raises(UnreadableError, match=r"`Vpcs\[2\]` tells of vpc-1 again, and otherwise than before"):
        Network.from_json({"Vpcs": [*one["Vpcs"], {"VpcId": "vpc-1"}]})


TOLD: dict[str, Any] = {
    "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
    "Subnets": [{"SubnetId": "subnet-1", "CidrBlock": "10.0.0.0/24"}],
    "SecurityGroups": [GROUP, {**GROUP, "GroupId": "sg-2", "IpPermissions": [{"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}], "UserIdGroupPairs": [{"GroupId": "sg-1"}]}]}],
    "SecurityGroupRules": [{**WEB, "CidrIpv4": "10.0.0.0/8"}],
    "NetworkAcls": [{"NetworkAclId": "acl-1", "IsDefault": False, "Entries": [{**ENTRY, "PortRange": {"From": 1, "To": 2}}], "Associations": [{"SubnetId": "subnet-1"}]}],
    "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.7", "Groups": [{"GroupId": "sg-1"}]}],
    "PrefixLists": [{"PrefixListId": "pl-1", "Entries": [{"Cidr": "10.0.0.0/8"}]}],
    "Rejectkit": {"at": "2026-11-01T00:00:00+00:00"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("SecurityGroupRules.0.FromPort", "x", "`SecurityGroupRules[0].FromPort` is 'x'; it should be a number from -1 to 65535"),
        ("SecurityGroupRules.0.FromPort", True, "`SecurityGroupRules[0].FromPort` is True"),
        ("SecurityGroupRules.0.ToPort", 65536, "`SecurityGroupRules[0].ToPort` is 65536"),
        ("SecurityGroupRules.0.ToPort", 80, "`SecurityGroupRules[0].FromPort` is 443, and ToPort is 80; a range goes upwards"),
        ("SecurityGroupRules.0.FromPort", -1, "`SecurityGroupRules[0].FromPort` is -1, and ToPort is 443"),
        ("SecurityGroupRules.0.ToPort", None, "`SecurityGroupRules[0].ToPort` is missing, and the other end"),
        ("SecurityGroupRules.0.FromPort", None, "`SecurityGroupRules[0].FromPort` is missing, and the other end"),
        ("SecurityGroupRules.0.IpProtocol", None, "`SecurityGroupRules[0].IpProtocol` is missing"),
        ("SecurityGroupRules.0.IpProtocol", "ipip", "`SecurityGroupRules[0].IpProtocol` is 'ipip'; it should be tcp"),
        ("SecurityGroupRules.0.IpProtocol", "256", "`SecurityGroupRules[0].IpProtocol` is '256'"),
        ("SecurityGroupRules.0.IpProtocol", ["tcp"], "`SecurityGroupRules[0].IpProtocol` is ['tcp']"),
        ("SecurityGroupRules.0.CidrIpv4", "10.0.0.0/33", "`SecurityGroupRules[0].CidrIpv4` is '10.0.0.0/33'; it should be a CIDR"),
        ("SecurityGroupRules.0.CidrIpv4", "::/0", "`SecurityGroupRules[0].CidrIpv4` is '::/0'; it should be an IPv4 CIDR"),
        ("SecurityGroupRules.0.CidrIpv4", 7, "`SecurityGroupRules[0].CidrIpv4` is 7; it should be text"),
        ("SecurityGroupRules.0.CidrIpv4", None, "`SecurityGroupRules[0]` names no other end; a rule has one of CidrIpv4"),
        ("SecurityGroupRules.0.PrefixListId", "pl-1", "`SecurityGroupRules[0]` names 2 other ends"),
        ("SecurityGroupRules.0.ReferencedGroupInfo", {}, "`SecurityGroupRules[0].ReferencedGroupInfo.GroupId` is missing"),
        ("SecurityGroupRules.0.IsEgress", "no", "`SecurityGroupRules[0].IsEgress` is 'no'; it should be true or false"),
        ("SecurityGroupRules.0.GroupId", None, "`SecurityGroupRules[0].GroupId` is missing"),
        ("SecurityGroupRules.0.Tags", [{"Value": "x"}], "`SecurityGroupRules[0].Tags[0].Key` is missing"),
        ("SecurityGroupRules.0", "sgr-1", "`SecurityGroupRules[0]` is 'sgr-1'; it should be an object"),
        ("SecurityGroups.1.IpPermissions.0.IpRanges.0.CidrIp", "ten", "`SecurityGroups[1].IpPermissions[0].IpRanges[0].CidrIp` is 'ten'"),
        ("SecurityGroups.1.IpPermissions.0.UserIdGroupPairs.0.GroupId", None, "`SecurityGroups[1].IpPermissions[0].UserIdGroupPairs[0]` names no other end"),
        ("SecurityGroups", {"GroupId": "sg-1"}, "`SecurityGroups` is {'GroupId': 'sg-1'}; it should be a list"),
        ("NetworkAcls.0.Entries.0.RuleNumber", None, "`NetworkAcls[0].Entries[0].RuleNumber` is missing"),
        ("NetworkAcls.0.Entries.0.RuleNumber", 40000, "`NetworkAcls[0].Entries[0].RuleNumber` is 40000"),
        ("NetworkAcls.0.Entries.0.RuleNumber", 32767, "`NetworkAcls[0].Entries[0].RuleAction` is 'allow'; it should be deny"),
        ("NetworkAcls.0.Entries.0.RuleAction", "permit", "`NetworkAcls[0].Entries[0].RuleAction` is 'permit'; it should be allow or deny"),
        ("NetworkAcls.0.Entries.0.CidrBlock", None, "`NetworkAcls[0].Entries[0]` has no CIDRs"),
        ("NetworkAcls.0.Entries.0.Ipv6CidrBlock", "::/0", "`NetworkAcls[0].Entries[0]` has 2 CIDRs"),
        ("NetworkAcls.0.Entries.0.PortRange.To", 0, "`NetworkAcls[0].Entries[0].PortRange.From` is 1, and To is 0"),
        ("NetworkAcls.0.Entries", [ENTRY, {**ENTRY, "RuleAction": "deny"}], "`NetworkAcls[0].Entries[1]` is a second rule 100 of the same direction"),
        ("NetworkAcls", [{"NetworkAclId": name, "Associations": [{"SubnetId": "subnet-1"}]} for name in ("acl-1", "acl-2")], "`NetworkAcls` says that acl-1 and acl-2 both guard subnet-1"),
        ("NetworkInterfaces.0.PrivateIpAddress", "10.0.0.300", "`NetworkInterfaces[0].PrivateIpAddress` is '10.0.0.300'; it should be an address"),
        ("NetworkInterfaces.0.NetworkInterfaceId", None, "`NetworkInterfaces[0].NetworkInterfaceId` is missing"),
        ("NetworkInterfaces.0.Groups.0.GroupId", "", "`NetworkInterfaces[0].Groups[0].GroupId` is missing"),
        ("Subnets.0.CidrBlock", "10.0.0.0/x", "`Subnets[0].CidrBlock` is '10.0.0.0/x'"),
        ("Vpcs.0.VpcId", None, "`Vpcs[0].VpcId` is missing"),
        ("PrefixLists.0.Entries.0.Cidr", None, "`PrefixLists[0].Entries[0].Cidr` is missing"),
        ("PrefixLists.0.MaxEntries", -1, "`PrefixLists[0].MaxEntries` is -1"),
        ("Rejectkit.at", "yesterday", "`Rejectkit.at` is 'yesterday'; it should be a time like 2026-11-01T00:00:00+00:00"),
        ("Rejectkit.at", "2026-11-01T00:00:00", "`Rejectkit.at` is '2026-11-01T00:00:00'"),
        ("Rejectkit", [], "`Rejectkit` is []; it should be an object"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_its_place(path: str, value: Any, sentence: str) -> None:
    """What cannot be raises, and the sentence names the place, what stands there and what should."""
    Network.from_json(TOLD)
    told = copy.deepcopy(TOLD)
    *way, last = path.split(".")
    place: Any = told
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    with pytest.raises(UnreadableError) as caught:
        Network.from_json(told)
    assert str(caught.value).startswith("the network's JSON: " + sentence)


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    """A missing file, one that is not JSON or something else, JSON text, and other things each have their sentence."""
    bad, other, array = tmp_path / "bad.json", tmp_path / "other.json", tmp_path / "array.json"
    bad.write_text('{"Vpcs": [')
    other.write_text('{"Reservations": []}')
    array.write_text("[{}]")
    with pytest.raises(SourceNotFoundError, match=r"there is no file '.*gone\.json'"):
        Network.from_json(tmp_path / "gone.json")
    with pytest.raises(UnreadableError, match=r"^bad\.json is not JSON: "):
        Network.from_json(bad)
    with pytest.raises(UnreadableError, match=r"^other\.json has none of the keys Vpcs, Subnets, .* `jq -s add`"):
        Network.from_json(str(other))
    with pytest.raises(UnreadableError, match=r"^array\.json is a JSON list; it should be an object"):
        Network.from_json(array)
    with pytest.raises(UnreadableError, match="cannot be read"):
        Network.from_json(tmp_path)
    with pytest.raises(ArgumentError, match="JSON text, not a path"):
        Network.from_json(' {"Vpcs": []}')
    with pytest.raises(ArgumentError, match="not from list"):
        Network.from_json([TOLD])  # type: ignore[arg-type]


def test_a_file_of_powershell_is_read(tmp_path: Path) -> None:
    """UTF-16 with its mark, which PowerShell's `>` writes, is read as UTF-8 is."""
    path = tmp_path / "network.json"
    path.write_text(json.dumps(TOLD), encoding="utf-16")
    assert Network.from_json(path) == Network.from_json(TOLD)


def test_the_sample_is_read(root: Path) -> None:
    """The sample's network has what its scenario planted, and its IpPermissions say what its SecurityGroupRules say."""
    told = json.loads((root / "data" / "network.json").read_text())
    network = Network.from_json(root / "data" / "network.json")
    assert str(network) == (
        "1 VPC, 7 subnets, 14 interfaces, 9 security groups, 34 group rules, 4 network ACLs, 19 ACL rules, "
        "1 prefix list (eu-west-1, 123456789012)"
    )
    app = next(acl for acl in network.acls if acl.name == "app")
    assert str(app.entries[0]) == "inbound rule 90 denies tcp 443 from 192.168.10.0/24"
    del told["SecurityGroupRules"]
    unnamed = [replace(group, rules=tuple(replace(rule, id="") for rule in group.rules)) for group in network.groups]
    assert list(Network.from_json(told).groups) == unnamed


@pytest.mark.parametrize("seed", range(60))
def test_a_network_survives_its_json(seed: int, tmp_path: Path) -> None:
    """What `to_dict` and `to_json` write is read as the same network, whatever is in it."""
    network = drawn_network(random.Random(seed), groups=seed % 9, acls=seed % 5, interfaces=seed % 13)
    assert Network.from_json(network.to_dict()) == network
    network.to_json(tmp_path / "new" / "network.json")
    assert Network.from_json(tmp_path / "new" / "network.json") == network
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["network.json"]


def test_drawn_networks_have_everything() -> None:
    """The networks of the test above hold each kind of rule, peer and address."""
    rules, entries, interfaces = [], [], []
    for seed in range(60):
        network = drawn_network(random.Random(seed))
        rules += [rule for group in network.groups for rule in group.rules]
        entries += [entry for acl in network.acls for entry in acl.entries]
        interfaces += network.interfaces
    assert {rule.protocol for rule in rules} == {-1, 1, 6, 17, 50, 58, 132}
    assert any(rule.peer == rule.group for rule in rules)
    assert {"sg", "pl"} <= {rule.peer[:2] for rule in rules}
    assert any(rule.peer_vpc for rule in rules)
    assert {":" in rule.peer for rule in rules} == {":" in entry.cidr for entry in entries} == {True, False}
    assert {entry.icmp_type for entry in entries} >= {-1, 0, 3, 8, 128}
    assert {entry.allow for entry in entries} == {True, False}
    assert any(one.public for one in interfaces)
    assert any(one.prefixes for one in interfaces)
    assert {len(one.groups) for one in interfaces} == {0, 1, 2, 3}


def test_odd_networks_survive_their_json() -> None:
    """More public than private addresses, no IPv4 address at all, an empty network: each is read as it was."""
    for network in (
        Network(),
        Network(account="1", region="eu-west-1", at=datetime(2026, 11, 1, 9, 0, 0, 123456, UTC)),
        Network(interfaces=(Interface("eni-1", "", "", ("10.0.0.7",), ("203.0.113.1", "203.0.113.2")),)),
        Network(interfaces=(Interface("eni-1", "", "", (), ("203.0.113.1",)),)),
        Network(interfaces=(Interface("eni-1", "", "", ("2001:db8::7",)),)),
        Network(groups=(SecurityGroup("sg-1", rules=(GroupRule("sg-1", False, -1, -1, -1, "sg-2", "", "", "", "vpc-2"),)),)),
    ):  # fmt: skip
        assert Network.from_json(network.to_dict()) == network


def test_a_time_without_a_zone_is_written_as_utc() -> None:
    """So that what was written is read again."""
    written = Network(at=datetime(2026, 11, 1)).to_dict()  # noqa: DTZ001  # as somebody may give it
    assert Network.from_json(written).at == datetime(2026, 11, 1, tzinfo=UTC)


def test_a_file_is_written_wholly_or_not_at_all(tmp_path: Path) -> None:
    """A network that cannot be written leaves the file that was there, and nothing beside it."""
    path = tmp_path / "network.json"
    Network(region="eu-west-1").to_json(path)
    kept = path.read_bytes()
    broken = Network(region=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not JSON serializable"):
        describing.to_json(broken, path)
    assert path.read_bytes() == kept
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        Network().to_json(tmp_path / "folder")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "folder", path]


def test_a_file_can_be_compared_line_by_line(tmp_path: Path) -> None:
    """Keys are in order and each value has its line, so that two snapshots can be held against each other."""
    path = tmp_path / "network.json"
    Network.from_json(TOLD).to_json(path)
    text = path.read_text()
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n"
    assert '   "CidrIpv4": "10.0.0.0/8",\n' in text
