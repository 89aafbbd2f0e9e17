"""A VPC in the JSON that the AWS CLI's describe calls print."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rejectkit.sandbox.playing.layout import (
    IMPLICIT,
    REGION,
    Acl,
    AclEntry,
    Group,
    GroupRule,
    Interface,
    Layout,
    Subnet,
    aws_id,
    zone_id,
)


def network_json(layout: Layout) -> dict[str, list[dict[str, Any]]]:
    """Return what the AWS CLI's describe calls would print of a layout, merged under their own keys.

    The keys are SecurityGroups, SecurityGroupRules, NetworkAcls, NetworkInterfaces, Subnets, Vpcs and
    PrefixLists. Shapes: the EC2 API's Describe calls; the entries of a prefix list stand inside it.
    """
    return {
        "Vpcs": [_vpc(layout)],
        "Subnets": [_subnet(layout, subnet) for subnet in layout.subnets],
        "SecurityGroups": [_group(layout, group) for group in layout.groups],
        "SecurityGroupRules": [_rule(layout.account, rule) for rule in layout.rules],
        "NetworkAcls": [_acl(layout, acl) for acl in layout.acls],
        "NetworkInterfaces": [_interface(layout, interface) for interface in layout.interfaces],
        "PrefixLists": [
            {
                "PrefixListId": one.id,
                "PrefixListName": one.name,
                "Entries": [{"Cidr": cidr} for cidr in one.cidrs],
            }
            for one in layout.prefix_lists
        ],
    }


def _tags(name: str) -> list[dict[str, str]]:
    return [{"Key": "Name", "Value": name}]


def _vpc(layout: Layout) -> dict[str, Any]:
    return {
        "VpcId": layout.vpc,
        "OwnerId": layout.account,
        "State": "available",
        "CidrBlock": layout.cidr,
        "CidrBlockAssociationSet": [
            {"CidrBlock": layout.cidr, "CidrBlockState": {"State": "associated"}},
        ],
        "Ipv6CidrBlockAssociationSet": [
            {"Ipv6CidrBlock": layout.cidr6, "Ipv6CidrBlockState": {"State": "associated"}},
        ],
        "IsDefault": False,
        "Tags": _tags(layout.name),
    }


def _subnet(layout: Layout, subnet: Subnet) -> dict[str, Any]:
    return {
        "SubnetId": subnet.id,
        "VpcId": layout.vpc,
        "OwnerId": layout.account,
        "State": "available",
        "CidrBlock": subnet.cidr,
        "Ipv6CidrBlockAssociationSet": [
            {"Ipv6CidrBlock": cidr, "Ipv6CidrBlockState": {"State": "associated"}} for cidr in [subnet.cidr6] if cidr
        ],
        "AvailabilityZone": REGION + subnet.zone,
        "AvailabilityZoneId": zone_id(subnet),
        "Tags": _tags(subnet.name),
    }


def _group(layout: Layout, group: Group) -> dict[str, Any]:
    own = [rule for rule in layout.rules if rule.group == group.id]
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": layout.account,
        "VpcId": layout.vpc,
        "IpPermissions": _permissions(layout.account, (rule for rule in own if not rule.egress)),
        "IpPermissionsEgress": _permissions(layout.account, (rule for rule in own if rule.egress)),
        "Tags": _tags(group.name),
    }


def _permissions(account: str, rules: Iterable[GroupRule]) -> list[dict[str, Any]]:
    """Return the older shape of group rules: one entry per protocol and ports, the peers inside it."""
    found: dict[tuple[str, int, int], dict[str, Any]] = {}
    for rule in rules:
        ports = {} if rule.protocol == "-1" else {"FromPort": rule.low, "ToPort": rule.high}
        empty: dict[str, list[Any]] = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
        entry = found.setdefault((rule.protocol, rule.low, rule.high), {"IpProtocol": rule.protocol, **ports, **empty})
        said = {"Description": rule.description}
        if rule.peer.startswith("sg-"):
            entry["UserIdGroupPairs"].append({"GroupId": rule.peer, "UserId": account, **said})
        elif rule.peer.startswith("pl-"):
            entry["PrefixListIds"].append({"PrefixListId": rule.peer, **said})
        elif ":" in rule.peer:
            entry["Ipv6Ranges"].append({"CidrIpv6": rule.peer, **said})
        else:
            entry["IpRanges"].append({"CidrIp": rule.peer, **said})
    return list(found.values())


def _rule(account: str, rule: GroupRule) -> dict[str, Any]:
    peer: dict[str, Any]
    if rule.peer.startswith("sg-"):
        peer = {"ReferencedGroupInfo": {"GroupId": rule.peer, "UserId": account}}
    elif rule.peer.startswith("pl-"):
        peer = {"PrefixListId": rule.peer}
    else:
        peer = {"CidrIpv6" if ":" in rule.peer else "CidrIpv4": rule.peer}
    return {
        "SecurityGroupRuleId": rule.id,
        "GroupId": rule.group,
        "GroupOwnerId": account,
        "IsEgress": rule.egress,
        "IpProtocol": rule.protocol,
        "FromPort": rule.low,
        "ToPort": rule.high,
        **peer,
        "Description": rule.description,
        "Tags": [],
    }


def _acl(layout: Layout, acl: Acl) -> dict[str, Any]:
    last = [
        AclEntry(number, egress, False, "-1", -1, -1, "0.0.0.0/0" if family == 4 else "::/0")
        for egress in (True, False)
        for family, number in IMPLICIT.items()
    ]
    return {
        "NetworkAclId": acl.id,
        "VpcId": layout.vpc,
        "OwnerId": layout.account,
        "IsDefault": acl.default,
        "Entries": [_entry(entry) for entry in (*acl.entries, *last)],
        "Associations": [
            {
                "NetworkAclAssociationId": aws_id("aclassoc", subnet.id),
                "NetworkAclId": acl.id,
                "SubnetId": subnet.id,
            }
            for subnet in layout.subnets
            if subnet.acl == acl.id
        ],
        "Tags": _tags(acl.name),
    }


def _entry(entry: AclEntry) -> dict[str, Any]:
    ports = {"PortRange": {"From": entry.low, "To": entry.high}} if entry.protocol in ("6", "17") else {}
    return {
        "RuleNumber": entry.number,
        "Egress": entry.egress,
        "RuleAction": "allow" if entry.allow else "deny",
        "Protocol": entry.protocol,
        "Ipv6CidrBlock" if ":" in entry.cidr else "CidrBlock": entry.cidr,
        **ports,
    }


def _interface(layout: Layout, one: Interface) -> dict[str, Any]:
    names = {group.id: group.name for group in layout.groups}
    public = {"Association": {"PublicIp": one.public, "IpOwnerId": "amazon"}} if one.public else {}
    addresses: list[dict[str, Any]] = [{"Primary": True, "PrivateIpAddress": one.address, **public}]
    if one.secondary:
        addresses.append({"Primary": False, "PrivateIpAddress": one.secondary})
    attached = {"InstanceId": one.instance, "InstanceOwnerId": layout.account} if one.instance else {}
    return {
        "NetworkInterfaceId": one.id,
        "SubnetId": one.subnet,
        "VpcId": layout.vpc,
        "OwnerId": layout.account,
        "AvailabilityZone": REGION + layout.subnet(one).zone,
        "Description": one.name,
        "InterfaceType": one.kind,
        "RequesterManaged": one.requester is not None,
        **({"RequesterId": one.requester} if one.requester else {}),
        "Status": "in-use",
        "PrivateIpAddress": one.address,
        "PrivateIpAddresses": addresses,
        "Ipv6Addresses": [{"Ipv6Address": address} for address in [one.address6] if address],
        **public,
        "Groups": [{"GroupId": group, "GroupName": names[group]} for group in one.groups],
        "Attachment": {"AttachmentId": aws_id("eni-attach", one.name), "Status": "attached", **attached},
        "TagSet": _tags(one.name),
    }
