"""The scenario's VPC, put into a sandbox's EC2 under the ids that its records show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rejectkit.records import LogFormat
from rejectkit.sandbox.playing.layout import IMPLICIT, aws_id
from rejectkit.sandbox.vpc.describe import network_json
from rejectkit.sandbox.vpc.grouprules import without_descriptions
from rejectkit.sandbox.vpc.vpcfacts import VpcFacts, rule_key

if TYPE_CHECKING:
    from rejectkit.sandbox.playing.scenario import Scenario
    from rejectkit.sandbox.world import World

Item = dict[str, Any]
ROLE = "rejectkit-flow-logs"  # that the flow log delivers with
_IMAGE = "ami-0123456789abcdef0"  # of the instances; nothing runs


def settle(world: World, region: str, scenario: Scenario, log_group: str, log_format: LogFormat) -> None:
    """Create a scenario's VPC in a region, and the flow log that records it.

    What EC2's describe calls say then is `network_json` of the scenario's network, ids and all.

    Parameters
    ----------
    world : World
        Whose account it is.
    region : str
        Where.
    scenario : Scenario
        Its network as it is at the end of its window.
    log_group : str
        Where the flow log delivers to.
    log_format : LogFormat
        In what format.
    """
    _Settler(world, region, network_json(scenario.network)).settle(log_group, log_format)


class _Settler:
    """Creates what a description says, one resource after another; moto is asked, past what we mend of it."""

    def __init__(self, world: World, region: str, told: dict[str, list[Item]]) -> None:
        self.world, self.region, self.told = world, region, told
        self.facts = world.region(region).of(VpcFacts)
        self.vpc: str = told["Vpcs"][0]["VpcId"]

    def settle(self, log_group: str, log_format: LogFormat) -> None:
        """Create everything."""
        self._vpc()
        self._acls()
        self._prefix_lists()
        self._groups()
        self._rules()
        for one in self.told["NetworkInterfaces"]:
            self._interface(one)
        self._flow_log(log_group, log_format)

    def _ask(self, operation: str, **params: Any) -> Any:
        return self.world.beyond("ec2", operation, self.region, **params)

    def _learn(self, drawn: str, shown: str, **members: Any) -> None:
        self.world.aliases.learn(drawn, shown)
        if members:
            self.facts.members[shown] = members

    def _vpc(self) -> None:
        for one in self.told["Vpcs"]:
            made = self._ask("CreateVpc", CidrBlock=one["CidrBlock"], **_named("vpc", one))["Vpc"]
            self._learn(made["VpcId"], self.vpc, **_ipv6("vpc", self.vpc, one))
        for one in self.told["Subnets"]:
            asked = {"VpcId": self.vpc, "CidrBlock": one["CidrBlock"], **_named("subnet", one)}
            if one["AvailabilityZone"].startswith(self.region):  # elsewhere there may be no zone of that letter
                asked["AvailabilityZone"] = one["AvailabilityZone"]
            made = self._ask("CreateSubnet", **asked)["Subnet"]
            mended = _ipv6("subnet", one["SubnetId"], one) | {"AvailabilityZoneId": one["AvailabilityZoneId"]}
            self._learn(made["SubnetId"], one["SubnetId"], **mended)

    def _acls(self) -> None:
        mine = [{"Name": "vpc-id", "Values": [self.vpc]}]
        first = self._ask("DescribeNetworkAcls", Filters=mine)["NetworkAcls"][0]
        drawn = {one["SubnetId"]: one["NetworkAclAssociationId"] for one in first["Associations"]}
        for one in self.told["NetworkAcls"]:
            acl = one["NetworkAclId"]
            if one["IsDefault"]:
                self._learn(first["NetworkAclId"], acl)
                self._ask("CreateTags", Resources=[acl], Tags=one["Tags"])
                for entry in first["Entries"]:
                    place = {"NetworkAclId": acl, "RuleNumber": entry["RuleNumber"], "Egress": entry["Egress"]}
                    self._ask("DeleteNetworkAclEntry", **place)
            else:
                asked = {"VpcId": self.vpc, **_named("network-acl", one)}
                self._learn(self._ask("CreateNetworkAcl", **asked)["NetworkAcl"]["NetworkAclId"], acl)
            for entry in one["Entries"]:  # the implicit denies are there anyway
                if entry["RuleNumber"] not in IMPLICIT.values():
                    self._entry(acl, entry)
            for pair in one["Associations"]:
                asked = {"AssociationId": drawn[pair["SubnetId"]], "NetworkAclId": acl}
                if not one["IsDefault"]:
                    drawn[pair["SubnetId"]] = self._ask("ReplaceNetworkAclAssociation", **asked)["NewAssociationId"]
                self._learn(drawn[pair["SubnetId"]], pair["NetworkAclAssociationId"])

    def _entry(self, acl: str, entry: Item) -> None:
        self._ask("CreateNetworkAclEntry", NetworkAclId=acl, **entry)
        if "IcmpTypeCode" in entry:
            self.facts.icmp[acl, entry["Egress"], entry["RuleNumber"]] = entry["IcmpTypeCode"]

    def _prefix_lists(self) -> None:
        for one in self.told["PrefixLists"]:
            family = "IPv6" if any(":" in entry["Cidr"] for entry in one["Entries"]) else "IPv4"
            asked = {"PrefixListName": one["PrefixListName"], "AddressFamily": family, "Entries": one["Entries"]}
            made = self._ask("CreateManagedPrefixList", MaxEntries=max(1, len(one["Entries"])), **asked)
            self._learn(made["PrefixList"]["PrefixListId"], one["PrefixListId"])

    def _groups(self) -> None:
        mine = [{"Name": "vpc-id", "Values": [self.vpc]}]
        for unworn in self._ask("DescribeSecurityGroups", Filters=mine)["SecurityGroups"]:
            self._ask("DeleteSecurityGroup", GroupId=unworn["GroupId"])
        for one in self.told["SecurityGroups"]:
            asked = {"VpcId": self.vpc, "GroupName": one["GroupName"], "Description": one["Description"]}
            made = self._ask("CreateSecurityGroup", **asked, **_named("security-group", one))
            self._learn(made["GroupId"], one["GroupId"])

    def _rules(self) -> None:
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        for one in self.told["SecurityGroups"]:  # all groups are there: rules name each other's
            group = one["GroupId"]
            self._ask("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=everything)
            for direction, kind in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
                bare = [without_descriptions(permission) for permission in one[kind]]
                if bare:
                    self._ask(f"AuthorizeSecurityGroup{direction}", GroupId=group, IpPermissions=bare)
        wanted = {rule_key(rule): rule for rule in self.told["SecurityGroupRules"]}
        for drawn in self._ask("DescribeSecurityGroupRules")["SecurityGroupRules"]:
            shown = wanted.get(rule_key(drawn))
            if shown:
                self._learn(drawn["SecurityGroupRuleId"], shown["SecurityGroupRuleId"])
        self.facts.said |= {key: rule["Description"] for key, rule in wanted.items()}

    def _interface(self, one: Item) -> None:
        asked = {name: one[name] for name in ("SubnetId", "PrivateIpAddress", "Description", "Ipv6Addresses")}
        places = [{name: at[name] for name in ("Primary", "PrivateIpAddress")} for at in one["PrivateIpAddresses"]]
        groups, tags = [group["GroupId"] for group in one["Groups"]], {"Tags": one["TagSet"]}
        made = self._ask(
            "CreateNetworkInterface",
            **asked,
            PrivateIpAddresses=places,
            Groups=groups,
            **_named("network-interface", tags),
        )
        eni, attached = one["NetworkInterfaceId"], one["Attachment"]
        mended = ("Association", "InterfaceType", "RequesterManaged", "RequesterId")
        members = {name: one[name] for name in mended if name in one}
        if "InstanceId" not in attached:
            members |= {"Attachment": attached, "Status": one["Status"]}
        self._learn(made["NetworkInterface"]["NetworkInterfaceId"], eni, **members)
        if "InstanceId" in attached:
            self._instance(eni, attached, tags)

    def _instance(self, eni: str, attached: Item, tags: Item) -> None:
        held = [{"NetworkInterfaceId": eni, "DeviceIndex": 0}]
        asked = {"ImageId": _IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        made = self._ask("RunInstances", **asked, NetworkInterfaces=held, **_named("instance", tags))["Instances"][0]
        self._learn(made["InstanceId"], attached["InstanceId"])
        self._learn(made["NetworkInterfaces"][0]["Attachment"]["AttachmentId"], attached["AttachmentId"])

    def _flow_log(self, log_group: str, log_format: LogFormat) -> None:
        drawn = self.world.ask(
            "ec2",
            "CreateFlowLogs",
            self.region,
            ResourceType="VPC",
            ResourceIds=[self.vpc],
            TrafficType="ALL",
            LogDestinationType="cloud-watch-logs",
            LogGroupName=log_group,
            LogFormat=str(log_format),
            MaxAggregationInterval=60,
            DeliverLogsPermissionArn=f"arn:aws:iam::{self.world.account}:role/{ROLE}",
        )["FlowLogIds"][0]
        self._learn(drawn, aws_id("fl", self.vpc), **self.facts.members.pop(drawn))


def _named(kind: str, one: Item) -> Item:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": one["Tags"]}]} if one["Tags"] else {}


def _ipv6(prefix: str, label: str, one: Item) -> Item:
    """Return the IPv6 blocks of a VPC or subnet, with ids; moto only draws blocks of its own."""
    blocks = one["Ipv6CidrBlockAssociationSet"]
    ids = [aws_id(f"{prefix}-cidr-assoc", f"{label} {number}") for number in range(len(blocks))]
    told = [{"AssociationId": made, **block} for made, block in zip(ids, blocks, strict=True)]
    return {"Ipv6CidrBlockAssociationSet": told} if told else {}
