"""EC2's describe calls about a VPC that are mended, filtered and paged here: one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rejectkit.sandbox.vpc import vpcfacts
from rejectkit.sandbox.vpc.vpcfacts import VpcFacts

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

Mend = Callable[["World", str, VpcFacts, list[dict[str, Any]]], None]


@dataclass(frozen=True, slots=True)
class View:
    """One describe call.

    Attributes
    ----------
    operation, member, key : str
        Its name, the member its list stands in, and the member of an item that is its id.
    mend : callable, optional
        Changes moto's items in place.
    filters : mapping of str to str
        Its filters and the members they look at, through lists; those of tags are always there.
    ids : str
        The parameter that names items, if moto's answer to one that is not there is wrong.
    missing : tuple of str
        The error for that: code and message.
    least : int
        The smallest `MaxResults`.
    """

    operation: str
    member: str
    key: str
    mend: Mend | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    ids: str = ""
    missing: tuple[str, str] = ("", "")
    least: int = 5


_PERMISSIONS = {
    "cidr": "IpRanges.CidrIp",
    "ipv6-cidr": "Ipv6Ranges.CidrIpv6",
    "from-port": "FromPort",
    "to-port": "ToPort",
    "protocol": "IpProtocol",
    "group-id": "UserIdGroupPairs.GroupId",
    "user-id": "UserIdGroupPairs.UserId",
    "prefix-list-id": "PrefixListIds.PrefixListId",
}
_OF_VPC = {"vpc-id": "VpcId", "owner-id": "OwnerId"}
_BLOCKS = {
    "ipv6-cidr-block-association.ipv6-cidr-block": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock",
    "ipv6-cidr-block-association.association-id": "Ipv6CidrBlockAssociationSet.AssociationId",
    "ipv6-cidr-block-association.state": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State",
}
VIEWS = (
    View(
        "DescribeVpcs",
        "Vpcs",
        "VpcId",
        filters=_OF_VPC
        | _BLOCKS
        | {
            "cidr": "CidrBlock",
            "cidr-block": "CidrBlock",
            "cidr-block-association.cidr-block": "CidrBlockAssociationSet.CidrBlock",
            "cidr-block-association.association-id": "CidrBlockAssociationSet.AssociationId",
            "cidr-block-association.state": "CidrBlockAssociationSet.CidrBlockState.State",
            "dhcp-options-id": "DhcpOptionsId",
            "is-default": "IsDefault",
            "isDefault": "IsDefault",
            "state": "State",
        },
    ),
    View(
        "DescribeSubnets",
        "Subnets",
        "SubnetId",
        filters=_OF_VPC
        | _BLOCKS
        | {
            "availability-zone": "AvailabilityZone",
            "availabilityZone": "AvailabilityZone",
            "availability-zone-id": "AvailabilityZoneId",
            "availabilityZoneId": "AvailabilityZoneId",
            "available-ip-address-count": "AvailableIpAddressCount",
            "cidr": "CidrBlock",
            "cidrBlock": "CidrBlock",
            "cidr-block": "CidrBlock",
            "default-for-az": "DefaultForAz",
            "defaultForAz": "DefaultForAz",
            "map-public-ip-on-launch": "MapPublicIpOnLaunch",
            "state": "State",
            "subnet-arn": "SubnetArn",
            "subnet-id": "SubnetId",
        },
    ),
    View(
        "DescribeSecurityGroups",
        "SecurityGroups",
        "GroupId",
        vpcfacts.mend_groups,
        _OF_VPC
        | {"description": "Description", "group-id": "GroupId", "group-name": "GroupName"}
        | {f"ip-permission.{name}": f"IpPermissions.{path}" for name, path in _PERMISSIONS.items()}
        | {f"egress.ip-permission.{name}": f"IpPermissionsEgress.{path}" for name, path in _PERMISSIONS.items()},
    ),
    View(
        "DescribeSecurityGroupRules",
        "SecurityGroupRules",
        "SecurityGroupRuleId",
        vpcfacts.mend_rules,
        {"group-id": "GroupId", "security-group-rule-id": "SecurityGroupRuleId"},
    ),
    View(
        "DescribeNetworkAcls",
        "NetworkAcls",
        "NetworkAclId",
        vpcfacts.mend_acls,
        _OF_VPC
        | {
            "association.association-id": "Associations.NetworkAclAssociationId",
            "association.network-acl-id": "Associations.NetworkAclId",
            "association.subnet-id": "Associations.SubnetId",
            "default": "IsDefault",
            "entry.cidr": "Entries.CidrBlock",
            "entry.ipv6-cidr": "Entries.Ipv6CidrBlock",
            "entry.egress": "Entries.Egress",
            "entry.icmp.code": "Entries.IcmpTypeCode.Code",
            "entry.icmp.type": "Entries.IcmpTypeCode.Type",
            "entry.port-range.from": "Entries.PortRange.From",
            "entry.port-range.to": "Entries.PortRange.To",
            "entry.protocol": "Entries.Protocol",
            "entry.rule-action": "Entries.RuleAction",
            "entry.rule-number": "Entries.RuleNumber",
            "network-acl-id": "NetworkAclId",
        },
        ids="NetworkAclIds",
        missing=("InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist"),
    ),
    View(
        "DescribeNetworkInterfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        vpcfacts.mend_interfaces,
        _OF_VPC
        | {
            "addresses.association.public-ip": "PrivateIpAddresses.Association.PublicIp",
            "addresses.primary": "PrivateIpAddresses.Primary",
            "addresses.private-ip-address": "PrivateIpAddresses.PrivateIpAddress",
            "association.ip-owner-id": "Association.IpOwnerId",
            "association.public-ip": "Association.PublicIp",
            "attachment.attachment-id": "Attachment.AttachmentId",
            "attachment.device-index": "Attachment.DeviceIndex",
            "attachment.instance-id": "Attachment.InstanceId",
            "attachment.instance-owner-id": "Attachment.InstanceOwnerId",
            "attachment.status": "Attachment.Status",
            "availability-zone": "AvailabilityZone",
            "description": "Description",
            "group-id": "Groups.GroupId",
            "group-name": "Groups.GroupName",
            "interface-type": "InterfaceType",
            "ipv6-addresses.ipv6-address": "Ipv6Addresses.Ipv6Address",
            "mac-address": "MacAddress",
            "network-interface-id": "NetworkInterfaceId",
            "private-ip-address": "PrivateIpAddresses.PrivateIpAddress",
            "requester-id": "RequesterId",
            "requester-managed": "RequesterManaged",
            "source-dest-check": "SourceDestCheck",
            "status": "Status",
            "subnet-id": "SubnetId",
        },
    ),
    View(
        "DescribeFlowLogs",
        "FlowLogs",
        "FlowLogId",
        vpcfacts.mend_flow_logs,
        {
            "deliver-log-status": "DeliverLogsStatus",
            "flow-log-id": "FlowLogId",
            "log-destination-type": "LogDestinationType",
            "log-group-name": "LogGroupName",
            "resource-id": "ResourceId",
            "traffic-type": "TrafficType",
        },
        ids="FlowLogIds",
        missing=("InvalidFlowLogId.NotFound", "The flow log ID '{}' does not exist"),
        least=1,
    ),
)
