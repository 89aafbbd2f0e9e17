"""A network in the JSON that the AWS CLI's describe calls print: what `from_json` reads, written back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any
from uuid import uuid4

from rejectkit.network.model import (
    ALL,
    ICMP,
    ICMP6,
    IMPLICIT,
    PORTED,
    AclEntry,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    PrefixList,
    SecurityGroup,
    Subnet,
    Vpc,
    protocol_name,
)
from rejectkit.network.snapshots.reading import OWN


def to_dict(network: Network) -> dict[str, Any]:
    """Return a network as `from_json` reads it.

    Returns
    -------
    dict
        Under the keys Vpcs, Subnets, SecurityGroups, SecurityGroupRules, NetworkAcls, NetworkInterfaces and
        PrefixLists what EC2's Describe calls answer, as far as a network holds it; under Rejectkit its `at`,
        `region` and `account`. The rules of groups stand under SecurityGroupRules alone.

    Notes
    -----
    Which private address each of several public ones is mapped to, a network does not hold: they are written at
    the private ones in their order.

    Examples
    --------
    >>> import rejectkit.network.model as model
    >>> to_dict(model.Network(vpcs=(model.Vpc("vpc-1", ("10.0.0.0/16",)),)))["Vpcs"]
    [{'VpcId': 'vpc-1', 'OwnerId': '', 'CidrBlock': '10.0.0.0/16', 'CidrBlockAssociationSet': [{'CidrBlock': ...
    """
    return {
        OWN: {
            "at": _utc(network.at).isoformat() if network.at else None,
            "region": network.region,
            "account": network.account,
        },
        "Vpcs": [_vpc(one) for one in network.vpcs],
        "Subnets": [_subnet(one) for one in network.subnets],
        "SecurityGroups": [_group(one) for one in network.groups],
        "SecurityGroupRules": [_rule(group, rule) for group in network.groups for rule in group.rules],
        "NetworkAcls": [_acl(one) for one in network.acls],
        "NetworkInterfaces": [_interface(one) for one in network.interfaces],
        "PrefixLists": [_prefix_list(one) for one in network.prefix_lists],
    }


def to_json(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network to a file that `from_json` reads: wholly, or not at all.

    Parameters
    ----------
    network : Network
        What to write.
    path : str or path
        The file; one of that name is replaced, its folder is made.
    """
    target = Path(path).expanduser()
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        beside.write_text(json.dumps(to_dict(network), indent=1, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _utc(at: datetime) -> datetime:
    """Return a time with its zone; without one it is taken as UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _tags(tags: Iterable[tuple[str, str]], name: str = "") -> list[dict[str, str]]:
    named = [("Name", name)] if name else []
    return [{"Key": key, "Value": value} for key, value in (*named, *tags)]


def _blocks(cidrs: Iterable[str]) -> dict[str, Any]:
    """Return the CIDRs of a VPC or subnet: the first of IPv4 is the primary one."""
    four, six = [cidr for cidr in cidrs if ":" not in cidr], [cidr for cidr in cidrs if ":" in cidr]
    return {
        **({"CidrBlock": four[0]} if four else {}),
        "CidrBlockAssociationSet": [{"CidrBlock": cidr} for cidr in four],
        "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": cidr} for cidr in six],
    }


def _vpc(one: Vpc) -> dict[str, Any]:
    return {"VpcId": one.id, "OwnerId": one.owner, **_blocks(one.cidrs), "Tags": _tags((), one.name)}


def _subnet(one: Subnet) -> dict[str, Any]:
    place = {"SubnetId": one.id, "VpcId": one.vpc, "AvailabilityZone": one.zone}
    return {**place, **_blocks(one.cidrs), "Tags": _tags((), one.name)}


def _group(one: SecurityGroup) -> dict[str, Any]:
    return {
        "GroupId": one.id,
        "GroupName": one.name,
        "Description": one.description,
        "OwnerId": one.owner,
        "VpcId": one.vpc,
        "Tags": _tags(one.tags),
    }


def _rule(group: SecurityGroup, rule: GroupRule) -> dict[str, Any]:
    peer: Mapping[str, Any]
    if rule.peer.startswith("sg-"):
        vpc = {"VpcId": rule.peer_vpc} if rule.peer_vpc else {}
        owner = rule.peer_owner or ("" if rule.peer_vpc else group.owner)
        peer = {"ReferencedGroupInfo": {"GroupId": rule.peer, "UserId": owner, **vpc}}
    elif rule.peer.startswith("pl-"):
        peer = {"PrefixListId": rule.peer}
    else:
        peer = {"CidrIpv6" if ":" in rule.peer else "CidrIpv4": rule.peer}
    return {
        "SecurityGroupRuleId": rule.id,
        "GroupId": rule.group,
        "GroupOwnerId": group.owner,
        "IsEgress": rule.egress,
        "IpProtocol": protocol_name(rule.protocol),
        "FromPort": rule.from_port,
        "ToPort": rule.to_port,
        **peer,
        "Description": rule.description,
        "Tags": _tags(rule.tags),
    }


def _acl(one: NetworkAcl) -> dict[str, Any]:
    last = [
        AclEntry(number, egress, False, ALL, "0.0.0.0/0" if family == 4 else "::/0")
        for egress in (False, True)
        for family, number in IMPLICIT.items()
    ]
    return {
        "NetworkAclId": one.id,
        "VpcId": one.vpc,
        "IsDefault": one.default,
        "Entries": [_entry(entry) for entry in (*one.entries, *last)],
        "Associations": [{"NetworkAclId": one.id, "SubnetId": subnet} for subnet in one.subnets],
        "Tags": _tags(one.tags, one.name),
    }


def _entry(entry: AclEntry) -> dict[str, Any]:
    ports = {"PortRange": {"From": entry.from_port, "To": entry.to_port}} if entry.protocol in PORTED else {}
    kinds = {"IcmpTypeCode": {"Type": entry.icmp_type, "Code": entry.icmp_code}}
    return {
        "RuleNumber": entry.number,
        "Egress": entry.egress,
        "RuleAction": "allow" if entry.allow else "deny",
        "Protocol": str(entry.protocol),
        "Ipv6CidrBlock" if ":" in entry.cidr else "CidrBlock": entry.cidr,
        **ports,
        **(kinds if entry.protocol in (ICMP, ICMP6) else {}),
    }


def _interface(one: Interface) -> dict[str, Any]:
    four = [address for address in one.addresses if ":" not in address]
    six = [address for address in one.addresses if ":" in address]
    associated = [{"Association": {"PublicIp": address}} for address in one.public]
    private = [
        {**({"PrivateIpAddress": address} if address else {}), "Primary": at == 0, **(public or {})}
        for at, (address, public) in enumerate(zip_longest(four, associated))
    ]
    return {
        "NetworkInterfaceId": one.id,
        "SubnetId": one.subnet,
        "VpcId": one.vpc,
        "Description": one.description,
        "InterfaceType": one.kind,
        "RequesterId": one.requester,
        "Status": one.status,
        **({"PrivateIpAddress": four[0]} if four else {}),
        "PrivateIpAddresses": private,
        "Ipv6Addresses": [{"Ipv6Address": address} for address in six],
        "Ipv4Prefixes": [{"Ipv4Prefix": cidr} for cidr in one.prefixes if ":" not in cidr],
        "Ipv6Prefixes": [{"Ipv6Prefix": cidr} for cidr in one.prefixes if ":" in cidr],
        **(associated[0] if associated else {}),
        "Groups": [{"GroupId": group} for group in one.groups],
        **({"Attachment": {"InstanceId": one.instance}} if one.instance else {}),
        "TagSet": _tags((), one.name),
    }


def _prefix_list(one: PrefixList) -> dict[str, Any]:
    return {
        "PrefixListId": one.id,
        "PrefixListName": one.name,
        "MaxEntries": one.max_entries,
        "OwnerId": one.owner,
        "Entries": [{"Cidr": cidr} for cidr in one.cidrs],
    }
